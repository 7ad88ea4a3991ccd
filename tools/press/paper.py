"""The book on paper: the built pages, printed by Chromium in their order and bound into one PDF.

Each page is opened, its solutions are unfolded and its formulas typeset; then come a title page, a
table of contents, page numbers, an outline, and links that lead from page to page inside the file.
"""

import functools
import io
import posixpath
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urldefrag

import yaml
from pypdf import PdfReader, PdfWriter
from pypdf.generic import ArrayObject, DictionaryObject, FloatObject, NameObject, NullObject

from .chromium import browser, served

CSS = Path(__file__).with_name("paper.css")
PREPARE = """async names => {
  document.documentElement.dataset.theme = "light";
  document.documentElement.dataset.mode = "light";
  const folds = document.querySelectorAll("details:not(.hide, .api-more, .nn-doc)");
  folds.forEach(d => { d.open = true; });
  document.querySelectorAll("img").forEach(i => { i.loading = "eager"; });
  if (typeof MathJax !== "undefined") await MathJax.startup?.promise;
  await Promise.all([...document.images].map(i => i.complete || new Promise(done => {
    i.addEventListener("load", done); i.addEventListener("error", done);
  })));
  await document.fonts.ready;
  // what is linked to from a page's own text becomes a place in its PDF
  const nav = document.createElement("div");
  for (const name of names) if (document.getElementById(name)) {
    const a = document.createElement("a");
    a.href = "#" + name; a.textContent = "\u00a0"; a.style.fontSize = "1px"; nav.append(a);
  }
  nav.style.cssText = "position: absolute; top: 0; left: 0; height: 1px; overflow: hidden";
  document.body.append(nav);
  // a short block stays in one piece, a long one may go over the page
  const blocks = "div.highlight, .cell_input, .literal-block-wrapper, .admonition, .sd-dropdown";
  for (const block of document.querySelectorAll(`${blocks}, table, .cell_output > *`))
    if (block.offsetHeight < 260) block.classList.add("press-whole");
}"""


@dataclass
class Sheet:
    """A page of the book on paper."""

    name: str
    part: str
    title: str
    data: bytes = field(repr=False)

    @functools.cached_property
    def reader(self) -> PdfReader:
        """Its PDF."""
        return PdfReader(io.BytesIO(self.data))


def contents(toc: dict[str, Any]) -> list[tuple[str, str]]:
    """The pages with the parts that they stand in, in their order: (part, page)."""
    found = [("", toc["root"])]

    def walk(node: Any, part: str) -> None:
        for item in node if isinstance(node, list) else []:
            if "file" in item:
                found.append((part, item["file"]))
            for key in ("chapters", "sections"):
                walk(item.get(key), item.get("caption", part))

    walk(toc.get("parts"), "")
    walk(toc.get("chapters"), "")
    return found


def printed(view: Any) -> bytes:
    """What stands in a browser's page, as PDF."""
    return view.pdf(print_background=True, prefer_css_page_size=True, outline=True, tagged=True)


def print_page(opened: Any, address: str, names: list[str]) -> tuple[str, bytes]:
    """Print one page: its title and its PDF."""
    view = opened.new_page(color_scheme="light")
    view.goto(address, wait_until="load")
    view.emulate_media(media="print", color_scheme="light")
    view.add_style_tag(content=CSS.read_text(encoding="utf-8"))
    view.evaluate(PREPARE, names)
    title = view.evaluate(
        "() => (document.querySelector('h1')?.cloneNode(true).textContent || document.title)"
    )
    data = printed(view)
    view.close()
    return title.strip().rstrip("#¶").strip(), data


def print_html(opened: Any, html: str) -> PdfReader:
    """Print a page that the press writes itself."""
    view = opened.new_page()
    view.set_content(html, wait_until="load")
    data = printed(view)
    view.close()
    return PdfReader(io.BytesIO(data))


def wanted(html: Path, names: list[str]) -> dict[str, list[str]]:
    """The places in each page to which other pages lead."""
    from .links import HREF

    found: dict[str, set[str]] = {name: set() for name in names}
    for name in names:
        text = (html / f"{name}.html").read_text(encoding="utf-8")
        for link in HREF.findall(text):
            target = place(name, link)
            if target and target[0] in found and target[1]:
                found[target[0]].add(target[1])
    return {name: sorted(places) for name, places in found.items()}


def place(name: str, link: str) -> tuple[str, str] | None:
    """The page and the anchor to which a link leads from a page; None for one out of the book."""
    path, anchor = urldefrag(link)
    if "://" in link or path.startswith("mailto:"):
        return None
    target = posixpath.normpath(posixpath.join(posixpath.dirname(name), path)) if path else name
    return target.removesuffix(".html"), unquote(anchor)


# ---------------------------------------------------------------- the book's own pages

OWN = """<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title><style>
@page {{ size: A4; margin: {margin}; }}
body {{ font-family: sans-serif; color: #111; margin: 0; }}
h1 {{ font-size: 30pt; font-weight: 600; margin: 12mm 0 8mm; }}
h2 {{ font-size: 17pt; margin: 0 0 5mm; }}
h3 {{ font-size: 10pt; margin: 3.5mm 0 0.5mm; break-after: avoid; }}
.mark svg {{ width: 60mm; height: auto; margin-top: 55mm; }}
.line {{ display: flex; font-size: 9.8pt; line-height: 1.4; }}
.line i {{ flex: 1; border-bottom: 1px dotted #999; margin: 0 2mm 1mm; }}
.sheet {{ height: 296mm; position: relative; break-after: page; overflow: hidden; }}
.foot {{ position: absolute; bottom: 11mm; left: 20mm; right: 20mm; font-size: 8.5pt; color: #555;
  display: flex; justify-content: space-between; }}
</style><body>{body}</body></html>"""


def title_page(opened: Any, title: str, author: str, year: str, mark: str) -> PdfReader:
    """The first page, with the book's mark as an SVG element."""
    line = f"<p>{escape(author)}</p><p>{escape(year)}</p>"
    terms = "<p>Text under CC BY 4.0, code under the MIT licence.</p>"
    body = f'<div class="mark">{mark}</div><h1>{escape(title)}</h1>{line}{terms}'
    return print_html(opened, OWN.format(title=escape(title), margin="20mm", body=body))


def contents_pages(opened: Any, lines: list[tuple[str, str, int]]) -> PdfReader:
    """The table of contents: parts, titles and page numbers."""
    body, last = ["<h2>Contents</h2>"], ""
    for part, title, number in lines:
        if part and part != last:
            body.append(f"<h3>{escape(part)}</h3>")
        last = part
        body.append(f'<div class="line">{escape(title)}<i></i>{number}</div>')
    return print_html(opened, OWN.format(title="Contents", margin="20mm", body="".join(body)))


def feet(opened: Any, words: list[tuple[str, str]]) -> PdfReader:
    """Empty pages with the words that stand at their feet: a chapter's title, a number."""
    body = "".join(
        f'<div class="sheet"><div class="foot"><span>{escape(left)}</span><span>{right}</span>'
        "</div></div>"
        for left, right in words
    )
    return print_html(opened, OWN.format(title="", margin="0", body=body))


# ---------------------------------------------------------------- binding


def destination(writer: PdfWriter, number: int, left: Any, top: Any) -> ArrayObject:
    """A place in the bound book."""
    page = writer.pages[number].indirect_reference
    at = [FloatObject(v) if isinstance(v, float | int) else NullObject() for v in (left, top)]
    return ArrayObject([page, NameObject("/XYZ"), *at, NullObject()])


def places(writer: PdfWriter, sheet: Sheet, start: int) -> dict[str, ArrayObject]:
    """Where in the bound book the named places of a sheet are."""
    found = {}
    for name, there in sheet.reader.named_destinations.items():
        number = sheet.reader.get_destination_page_number(there)
        if number is not None and number >= 0:
            found[unquote(name.lstrip("/"))] = destination(
                writer, start + number, there.left, there.top
            )
    return found


def bind_links(
    writer: PdfWriter, sheet: Sheet, start: int, where: dict[str, dict], base: str
) -> None:
    """Turn the links of a sheet into links inside the bound book."""
    for number in range(start, start + len(sheet.reader.pages)):
        for reference in writer.pages[number].get("/Annots") or []:
            annotation = reference.get_object()
            action = annotation.get("/A", DictionaryObject()).get_object()
            uri, name = str(action.get("/URI", "")), annotation.get("/Dest")
            if uri.startswith(base):
                page, _, anchor = uri.removeprefix(base + "/").partition("#")
                target = (page.removesuffix(".html"), unquote(anchor))
            elif isinstance(name, str):
                target = (sheet.name, unquote(str(name).lstrip("/")))
            else:
                continue
            known = where.get(target[0])
            if known is None:
                continue
            annotation.pop("/A", None)
            annotation[NameObject("/Dest")] = known.get(target[1], known[""])


def outline(writer: PdfWriter, sheet: Sheet, start: int, parent: Any) -> None:
    """The sections of a sheet, in the outline of the book."""

    def add(items: list, above: Any) -> None:
        last = above
        for item in items:
            if isinstance(item, list):
                add(item, last)
                continue
            number = sheet.reader.get_destination_page_number(item)
            title = item.title.rstrip("#¶").strip()
            if title and number is not None:
                last = writer.add_outline_item(
                    title=title, page_number=start + number, parent=above
                )

    found = sheet.reader.outline
    inner = [item for item in found if isinstance(item, list)]
    add(inner[0] if inner else [], parent)


def bind(opened: Any, sheets: list[Sheet], book: dict[str, str], base: str) -> PdfWriter:
    """All sheets between two covers."""
    title = title_page(opened, book["title"], book["author"], book["year"], book["mark"])
    lengths = [len(sheet.reader.pages) for sheet in sheets]

    def listed(first: int) -> list[tuple[str, str, int]]:
        starts = [first + sum(lengths[:k]) for k in range(len(sheets))]
        return [(s.part, s.title, n + 1) for s, n in zip(sheets, starts, strict=True)]

    before = 1 + len(contents_pages(opened, listed(0)).pages)
    inside = contents_pages(opened, listed(before))
    writer = PdfWriter()
    for reader in (title, inside, *(sheet.reader for sheet in sheets)):
        writer.append(reader, import_outline=False)
    starts = [number - 1 for _, _, number in listed(before)]
    stamp(writer, opened, sheets, starts, before)
    where = {}
    for sheet, start in zip(sheets, starts, strict=True):
        top = {"": destination(writer, start, 0.0, 842.0)}
        where[sheet.name] = top | places(writer, sheet, start)
    parts: dict[str, Any] = {}
    for sheet, start in zip(sheets, starts, strict=True):
        bind_links(writer, sheet, start, where, base)
        if sheet.part and sheet.part not in parts:
            parts[sheet.part] = writer.add_outline_item(title=sheet.part, page_number=start)
        entry = writer.add_outline_item(
            title=sheet.title, page_number=start, parent=parts.get(sheet.part)
        )
        outline(writer, sheet, start, entry)
    writer.root_object.pop("/Dests", None)  # every link has its place by now
    writer.add_metadata({"/Title": book["title"], "/Author": book["author"]})
    return writer


def stamp(
    writer: PdfWriter, opened: Any, sheets: list[Sheet], starts: list[int], before: int
) -> None:
    """Write a foot under every page but the first ones."""
    words = [("", "")] * before
    for sheet in sheets:
        words += [(sheet.title, "")] * len(sheet.reader.pages)
    words = [(left, str(k + 1) if k >= before else "") for k, (left, _) in enumerate(words)]
    marks = feet(opened, words)
    for page, mark in zip(writer.pages, marks.pages, strict=False):
        page.merge_page(mark)
        page.compress_content_streams()


def make(
    html: Path, toc: Path, config: Path, target: Path, tell: Callable[[str], None] = print
) -> int:
    """Print the built book into one PDF; return how many pages it has."""
    settings = yaml.safe_load(config.read_text(encoding="utf-8"))
    book = {key: str(settings.get(key, "")) for key in ("title", "author")}
    book["year"] = str(settings.get("copyright", ""))
    mark = html / str(settings.get("logo", ""))
    book["mark"] = mark.read_text(encoding="utf-8") if mark.suffix == ".svg" else ""
    listed = contents(yaml.safe_load(toc.read_text(encoding="utf-8")))
    names = [name for _, name in listed]
    places_wanted = wanted(html, names)
    sheets = []
    with served(html) as base, browser() as opened:
        for part, name in listed:
            title, data = print_page(opened, f"{base}/{name}.html", places_wanted[name])
            sheets.append(Sheet(name, part, title, data))
        writer = bind(opened, sheets, book, base)
    writer.compress_identical_objects()
    with target.open("wb") as file:
        writer.write(file)
    count = len(writer.pages)
    tell(f"pdf: {count} pages: open {target}")
    return count


if __name__ == "__main__":
    root, out = Path(sys.argv[1]), Path(sys.argv[2])
    make(out / "html", root / "_toc.yml", root / "_config.yml", out / "book.pdf")
