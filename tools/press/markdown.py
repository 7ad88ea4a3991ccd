"""A resolved page as the Markdown of notebooks: what Jupyter, Colab and VS Code all show.

Sphinx has put in every number, title and value by then; here they become plain text and links.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from docutils import nodes

SPECIAL = re.compile(r"([\\`*_\[\]<$])")
SILENT = (
    nodes.comment,
    nodes.target,
    nodes.raw,
    nodes.substitution_definition,
    nodes.system_message,
)
ADMONITIONS = {
    name: name.capitalize()
    for name in (
        "attention",
        "caution",
        "danger",
        "error",
        "hint",
        "important",
        "note",
        "tip",
        "warning",
    )
}


def escaped(text: str) -> str:
    """Text whose every character is itself in Markdown."""
    return SPECIAL.sub(r"\\\1", text)


def fenced(code: str, language: str = "") -> str:
    """A block of code, in a fence longer than any in it."""
    longest = max((len(run) for run in re.findall(r"`{3,}", code)), default=2)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{code.rstrip()}\n{fence}"


def indented(text: str, first: str, rest: str) -> str:
    """A block behind a marker: the first line after `first`, each other after `rest`."""
    lines = text.split("\n")
    return "\n".join([first + lines[0], *(rest + line if line else line for line in lines[1:])])


@dataclass(frozen=True)
class Cell:
    """A cell of code: its source, its tags and other metadata, and its place in the page."""

    source: str
    metadata: dict = field(default_factory=dict)
    place: int = -1


@dataclass
class Writer:
    """Writes the blocks of one page.

    `link` turns the target of a reference into an address, or "" where there is none; `number`
    gives the number of a figure or an equation by its id.
    """

    link: Callable[[str], str] = lambda target: ""
    number: Callable[[str, str], str] = lambda kind, name: ""
    level: int = 0

    # -- lines ------------------------------------------------------------------------------------

    def line(self, node: nodes.Node) -> str:
        """What stands inside a node, as one run of text."""
        return "".join(self.inline(child) for child in node.children)

    def inline(self, node: nodes.Node) -> str:
        """One piece of a line."""
        if isinstance(node, nodes.Text):
            return escaped(node.astext())
        if isinstance(node, nodes.math):
            return f"${node.astext().strip()}$"
        if isinstance(node, nodes.literal):
            text = node.astext()
            ticks = "``" if "`" in text else "`"
            return f"{ticks}{text}{ticks}"
        if isinstance(node, nodes.reference):
            return self.reference(node)
        if isinstance(node, nodes.image):
            return f"*({escaped(node.get('alt', 'a picture'))})*"
        if isinstance(node, SILENT) or node.tagname in {"index", "footnote_reference"}:
            return ""
        mark = {"emphasis": "*", "title_reference": "*", "strong": "**"}.get(node.tagname, "")
        return f"{mark}{self.line(node)}{mark}" if self.line(node) else ""

    def reference(self, node: nodes.reference) -> str:
        """A link, or, where it leads nowhere outside of the page, its text."""
        text = self.line(node)
        target = node.get("refuri") or (f"#{node['refid']}" if node.get("refid") else "")
        address = self.link(target)
        return f"[{text}]({address})" if address and text else text

    # -- blocks -----------------------------------------------------------------------------------

    def blocks(self, parents: Iterable[nodes.Node]) -> Iterator[str | Cell]:
        """The blocks of Markdown and the cells of code, in their order."""
        for node in parents:
            yield from self.block(node)

    def text(self, node: nodes.Node) -> str:
        """Everything inside a node, as Markdown."""
        found = [b for b in self.blocks(node.children) if isinstance(b, str) and b.strip()]
        return "\n\n".join(found)

    def block(self, node: nodes.Node) -> Iterator[str | Cell]:
        """The blocks of one node."""
        name = node.tagname
        if isinstance(node, SILENT) or name in {"index", "toctree", "colspec", "meta"}:
            return
        if isinstance(node, nodes.Text | nodes.Inline) and not isinstance(node, nodes.image):
            yield self.inline(node)
        elif hasattr(self, f"on_{name}"):
            yield from getattr(self, f"on_{name}")(node)
        elif name in ADMONITIONS:
            yield self.quoted(ADMONITIONS[name], self.text(node))
        else:
            yield from self.blocks(node.children)

    def on_section(self, node: nodes.section) -> Iterator[str | Cell]:
        """A title one step deeper, and what it heads."""
        self.level += 1
        yield from self.blocks(node.children)
        self.level -= 1

    def on_title(self, node: nodes.title) -> Iterator[str]:
        """A heading."""
        yield f"{'#' * max(1, self.level)} {self.line(node)}"

    def on_rubric(self, node: nodes.rubric) -> Iterator[str]:
        """A heading that no table of contents lists."""
        yield f"**{self.line(node)}**"

    def on_paragraph(self, node: nodes.paragraph) -> Iterator[str]:
        """A paragraph: nothing in it that only its first place in a line makes special."""
        text = self.line(node)
        yield re.sub(r"(?m)^(\s*)([#>+-]|\d+\.)(?=\s)", r"\1\\\2", text)

    on_compact_paragraph = on_caption = on_paragraph

    def on_math_block(self, node: nodes.math_block) -> Iterator[str]:
        """A displayed formula, with its number."""
        text = node.astext().strip()
        if node.get("nowrap"):  # it brings its own environment
            yield text
            return
        number = self.number("displaymath", node["ids"][0]) if node.get("ids") else ""
        tag = f"\n\\tag{{{number}}}" if number else ""
        if re.search(r"\\\\", text) and r"\begin{" not in text:
            text = f"\\begin{{gathered}}\n{text}\n\\end{{gathered}}"
        yield f"$$\n{text}{tag}\n$$"

    def on_literal_block(self, node: nodes.literal_block) -> Iterator[str]:
        """Code that is shown and not run."""
        language = node.get("language", "")
        plain = {"none", "default", "myst-ansi", "ipython3"}
        yield fenced(node.astext(), "" if language in plain else language)

    def on_container(self, node: nodes.container) -> Iterator[str | Cell]:
        """A cell, code under its caption, or a box that means nothing here."""
        kind = node.get("nb_element")
        if kind == "cell_code":
            yield self.cell(node)
            for caption in node.findall(nodes.caption):
                yield from self.captioned(caption)
        elif kind != "cell_code_output":
            yield from self.blocks(node.children)

    def cell(self, node: nodes.container) -> Cell:
        """A cell of code with its place, its source and its tags; a page may keep the source."""
        kept = [
            child.astext()
            for child in node.children
            if isinstance(child, nodes.container) and child.get("nb_element") == "cell_code_source"
        ]
        place = int(node.get("cell_index", -1))
        return Cell("".join(kept), dict(node.get("cell_metadata", {})), place)

    def captioned(self, caption: nodes.caption) -> Iterator[str]:
        """The words under a figure, with its number."""
        figure = caption.parent
        number = self.number("figure", figure["ids"][0]) if figure.get("ids") else ""
        yield f"**Figure{' ' * bool(number)}{number}.** {self.line(caption).strip()}"

    def on_figure(self, node: nodes.figure) -> Iterator[str]:
        """A picture that no cell draws: what is seen in it, and its caption."""
        for child in node.children:
            if isinstance(child, nodes.caption):
                yield from self.captioned(child)
            else:
                yield from self.block(child)

    def on_image(self, node: nodes.image) -> Iterator[str]:
        """A picture, said in words: the notebook comes alone."""
        yield self.inline(node)

    def on_dropdown_main(self, node: nodes.Element) -> Iterator[str]:
        """A hint or a solution, folded."""
        title = next(iter(node.findall(lambda n: n.tagname == "dropdown_title")), nodes.inline())
        body = [child for child in node.children if child is not title]
        inside = [b for b in self.blocks(body) if isinstance(b, str) and b.strip()]
        words = [t for t in title.findall(nodes.Text) if not isinstance(t.parent, nodes.raw)]
        head = "".join(word.astext() for word in words)
        yield "\n\n".join(
            [f"<details>\n<summary>{head.strip() or 'More'}</summary>", *inside, "</details>"]
        )

    def quoted(self, title: str, text: str) -> str:
        """A remark beside the text."""
        return indented(f"**{title}.** {text}", "> ", "> ").replace("\n\n", "\n>\n")

    def on_admonition(self, node: nodes.admonition) -> Iterator[str]:
        """A remark with a title of its own."""
        title, *rest = node.children
        found = [b for b in self.blocks(rest) if isinstance(b, str)]
        yield self.quoted(self.line(title), "\n\n".join(found))

    def on_block_quote(self, node: nodes.block_quote) -> Iterator[str]:
        """A quotation."""
        yield indented(self.text(node), "> ", "> ").replace("\n\n", "\n>\n")

    def on_transition(self, node: nodes.transition) -> Iterator[str]:
        """A rule."""
        yield "---"

    # -- lists and tables -------------------------------------------------------------------------

    def items(self, node: nodes.Element, marker: Callable[[int], str]) -> str:
        """The items of a list behind their markers."""
        found = []
        for k, item in enumerate(node.children):
            mark = marker(k)
            found.append(indented(self.text(item), mark, " " * len(mark)))
        return "\n".join(found)

    def on_bullet_list(self, node: nodes.bullet_list) -> Iterator[str]:
        """A list."""
        yield self.items(node, lambda k: "- ")

    def on_enumerated_list(self, node: nodes.enumerated_list) -> Iterator[str]:
        """A numbered list."""
        start = node.get("start", 1)
        yield self.items(node, lambda k: f"{start + k}. ")

    def on_definition_list_item(self, node: nodes.definition_list_item) -> Iterator[str]:
        """A word and what it means."""
        terms = [self.line(term) for term in node.findall(nodes.term)]
        meaning = next(iter(node.findall(nodes.definition)))
        yield f"**{', '.join(terms)}.** {self.text(meaning)}"

    def on_table(self, node: nodes.table) -> Iterator[str]:
        """A table, with bars; its title above it."""
        for title in node.findall(nodes.title):
            yield f"**{self.line(title)}**"
        rows = [
            [self.entry(entry) for entry in row.findall(nodes.entry)]
            for row in node.findall(nodes.row)
        ]
        head, body = (rows[:1], rows[1:]) if rows else ([[""]], [])
        lines = [*head, ["---"] * len(head[0]), *body]
        yield "\n".join(f"| {' | '.join(cells)} |" for cells in lines)

    def entry(self, node: nodes.entry) -> str:
        """One cell of a table, on one line; a bar in it does not end it."""
        text = self.text(node).replace("\n\n", "<br>").replace("\n", " ")
        parts = re.split(r"(\$[^$]*\$)", text)
        safe = (r"\Vert ", r"\vert ")
        for k, part in enumerate(parts):
            if k % 2:
                parts[k] = part.replace(r"\|", safe[0]).replace("|", safe[1])
            else:
                parts[k] = re.sub(r"(?<!\\)\|", r"\\|", part)
        return "".join(parts)
