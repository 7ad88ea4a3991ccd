"""Style sheets: one file for all pages, with the rules that some page may need."""

import hashlib
import json
import re
from pathlib import Path

from sphinx.application import Sphinx

LINK = re.compile(r'[ \t]*<link\b[^>]*\brel="stylesheet"[^>]*>\n?')
HREF = re.compile(r'\bhref="([^"?]+)')
BOOK = "book.css"
# The book's own sheets come last, whatever order the disk lists them in: paper has the last word.
OWN = ("course.css", "code.css", "page.css", "icons.css", "print.css")
NOTE = ".sheets"  # beside the pages: which sheets went into the one
WORD = re.compile(r"[A-Za-z_][\w-]*")
CLASS = re.compile(r"\.(-?[A-Za-z_](?:\\.|[\w-])*)")


def bind(app: Sphinx, problem: Exception | None) -> None:
    """Put the sheets of all pages into one, less the rules for what no page has."""
    if problem is not None or app.builder.format != "html":
        return
    out = Path(app.outdir).resolve()
    pages = [p for p in out.rglob("*.html") if "_static" not in p.relative_to(out).parts]
    texts = {page: page.read_text(encoding="utf-8") for page in pages}
    sheets = wanted(out, texts)
    words = set(WORD.findall(" ".join(LINK.sub("", text) for text in texts.values())))
    for script in (out / "_static").rglob("*.js"):
        if "mathjax" not in script.parts:
            words |= set(WORD.findall(script.read_text(encoding="utf-8", errors="ignore")))
    css = "\n".join(lean(inlined(sheet, out / "_static"), words) for sheet in sheets)
    (out / "_static" / BOOK).write_text(css, encoding="utf-8")
    version = hashlib.sha1(css.encode()).hexdigest()[:8]
    for page, text in texts.items():
        root = "../" * (len(page.relative_to(out).parts) - 1)
        link = f'<link rel="stylesheet" href="{root}_static/{BOOK}?v={version}" />\n'
        first = LINK.search(text)
        if first is None:
            continue
        bound = text[: first.start()] + link + LINK.sub("", text[first.start() :])
        if bound != text:
            page.write_text(bound, encoding="utf-8")


def wanted(out: Path, texts: dict[Path, str]) -> list[Path]:
    """The sheets that any page names, in their order: those of pages bound earlier are noted."""
    note = out.parent / NOTE
    fresh = [s for page, text in texts.items() for s in named(text, page) if s.name != BOOK]
    bound = any(f"_static/{BOOK}?" in text for text in texts.values())
    earlier = json.loads(note.read_text()) if bound and note.is_file() else []
    sheets = ordered([*dict.fromkeys([*(out / name for name in earlier), *fresh])])
    note.write_text(json.dumps([sheet.relative_to(out).as_posix() for sheet in sheets]))
    return sheets


def ordered(sheets: list[Path]) -> list[Path]:
    """Sheets in the order in which their rules count.

    >>> [path.name for path in ordered([Path("print.css"), Path("code.css"), Path("theme.css")])]
    ['theme.css', 'code.css', 'print.css']
    """
    return sorted(sheets, key=lambda path: OWN.index(path.name) if path.name in OWN else -1)


def named(text: str, page: Path) -> list[Path]:
    """The files of the style sheets that a page names, in their order."""
    links = (HREF.search(link) for link in LINK.findall(text))
    return [(page.parent / link[1]).resolve() for link in links if link and ":" not in link[1]]


def inlined(sheet: Path, home: Path) -> str:
    """A sheet with what it imports, its addresses seen from another folder."""
    if not sheet.is_file():
        return ""
    css = re.sub(r"/\*(?!!).*?\*/", "", sheet.read_text(encoding="utf-8"), flags=re.S)
    css = css.replace('@charset "UTF-8";', "")

    def take(rule: re.Match[str]) -> str:
        return inlined((sheet.parent / rule[1]).resolve(), home)

    css = re.sub(r'@import\s+(?:url\()?["\']?([^"\')?;]+)[^;]*;', take, css)

    def seen(url: re.Match[str]) -> str:
        if re.match(r"data:|#|[a-z]+:|/", url[2]):
            return url[0]
        path = (sheet.parent / url[2]).resolve()
        if home.resolve() not in path.parents:
            return url[0]
        return f"url({url[1]}{path.relative_to(home.resolve()).as_posix()}{url[3]})"

    return re.sub(r"url\((['\"]?)([^'\")]+)(['\"]?)\)", seen, css)


def lean(css: str, words: set[str]) -> str:
    """A sheet without the rules for classes that are named on no page and in no script."""
    kept = []
    for head, body in blocks(css):
        if body is None:
            kept.append(head)
        elif head.startswith(("@media", "@supports", "@layer", "@container")):
            inner = lean(body, words)
            if inner.strip():
                kept.append(f"{head}{{{inner}}}")
        elif head.startswith("@"):
            kept.append(f"{head}{{{body}}}")
        else:
            needed = [s for s in selectors(head) if may_match(s, words)]
            if needed:
                kept.append(f"{','.join(needed)}{{{body}}}")
    return "\n".join(kept)


def may_match(selector: str, words: set[str]) -> bool:
    """Whether all classes that a selector asks for are named somewhere."""
    asked = re.sub(r":not\([^)]*\)|:is\([^)]*\)|:where\([^)]*\)", "", selector)
    return all(c.replace("\\", "") in words for c in CLASS.findall(asked))


def selectors(head: str) -> list[str]:
    """The selectors of a rule; a comma inside of parentheses parts nothing."""
    found, depth, start = [], 0, 0
    for k, letter in enumerate(head):
        depth += (letter in "([") - (letter in ")]")
        if letter == "," and depth == 0:
            found.append(head[start:k].strip())
            start = k + 1
    return [*found, head[start:].strip()]


def blocks(css: str) -> list[tuple[str, str | None]]:
    """The rules of a sheet as (what stands before the braces, what stands in them)."""
    found: list[tuple[str, str | None]] = []
    k = 0
    while k < len(css):
        if css.startswith("/*", k):
            end = css.find("*/", k) + 2
            found.append((css[k:end], None))
            k = end
            continue
        stop = re.compile(r"[{;]|/\*!").search(css, k)
        if stop is None:
            break
        if stop[0].startswith("/*"):
            k = stop.start()
            continue
        if stop[0] == ";":
            if css[k : stop.end()].strip(" \n;"):
                found.append((css[k : stop.end()].strip(), None))
            k = stop.end()
            continue
        head, end = css[k : stop.start()].strip(), closing(css, stop.end())
        found.append((head, css[stop.end() : end].strip()))
        k = end + 1
    return found


def closing(css: str, k: int) -> int:
    """Where the brace closes that opened before place k; one in quotes is no brace."""
    depth = 1
    for match in re.compile(r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'|[{}]').finditer(css, k):
        depth += (match[0] == "{") - (match[0] == "}")
        if depth == 0:
            return match.start()
    return len(css)


def connect(app: Sphinx) -> None:
    """Take part in Sphinx's build, when all files are where they stay."""
    app.connect("build-finished", bind, priority=960)
