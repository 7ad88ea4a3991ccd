"""The book's sources, read: its pages, and in each its blocks, cells, equations and prose."""

import ast
import re
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml
from markdown_it import MarkdownIt
from mdit_py_plugins.colon_fence import colon_fence_plugin

ROOT = Path(__file__).parents[2]
BOOK = ROOT / "book"
PACKAGE = ROOT / "course_nn"
MARKDOWN = MarkdownIt("commonmark").use(colon_fence_plugin)
# Blocks that hold text for the reader, and so may hold blocks of their own.
TEXT = {"dropdown", "note", "tip", "warning", "important", "admonition", "figure", "table", "grid"}
TEXT |= {"grid-item-card", "card", "tab-set", "tab-item", "seealso", "glossary", "margin"}


@dataclass(frozen=True)
class Block:
    """A fenced block: its directive (or language), argument, options and body."""

    kind: str
    argument: str
    options: dict[str, Any]
    body: str


def options_of(text: str) -> tuple[dict[str, Any], str]:
    """The options at the head of a directive, `:name: value` or YAML between dashes; the rest."""
    if text.startswith("---\n"):
        head, _, body = text[4:].partition("\n---\n")
        return yaml.safe_load(head) or {}, body
    head, lines = [], text.splitlines(keepends=True)
    while lines and re.match(r":[\w-]+:", lines[0]):
        head.append(lines.pop(0)[1:])
    pairs = (line.partition(":") for line in head)
    return {name: yaml.safe_load(value) for name, _, value in pairs}, "".join(lines)


def blocks_in(text: str) -> list[Block]:
    """Every fenced block of a text, those inside of others too, in their order."""
    found = []
    for token in MARKDOWN.parse(text):
        if token.type not in {"fence", "colon_fence"}:
            continue
        kind, _, argument = token.info.strip().partition(" ")
        named = re.fullmatch(r"\{([\w:-]+)\}", kind)
        options, body = options_of(token.content) if named else ({}, token.content)
        found.append(Block(named[1] if named else kind, argument.strip(), options, body))
        if named and named[1] in TEXT:
            found += blocks_in(body)
    return found


@dataclass(frozen=True)
class Page:
    """A page of the book, by its name in the table of contents."""

    name: str
    text: str = field(repr=False)

    @classmethod
    def read(cls, name: str) -> "Page":
        """The page as it stands in the repository."""
        return cls(name, (BOOK / f"{name}.md").read_text(encoding="utf-8"))

    @cached_property
    def blocks(self) -> list[Block]:
        """Its fenced blocks."""
        return blocks_in(re.sub(r"\A---\n.*?\n---\n", "", self.text, flags=re.DOTALL))

    @property
    def cells(self) -> list[Block]:
        """Its code cells."""
        return [block for block in self.blocks if block.kind == "code-cell"]

    @property
    def is_chapter(self) -> bool:
        """Whether it derives something: not a guide, not the back of the book."""
        return self.name.startswith(("foundations/", "layers/", "learning/", "practice/"))

    @cached_property
    def prose(self) -> str:
        """What is neither a code cell, nor printed code, nor a table of options."""
        text = re.sub(r"\A---\n.*?\n---\n", "", self.text, flags=re.DOTALL)
        for kind in ("code-cell", "literalinclude", "index", "math"):
            text = re.sub(rf"(?ms)^(`{{3,}})\{{{kind}\}}.*?^\1\s*$", "", text)
        return re.sub(r"(?ms)^(`{3,})(?!\{)\w.*?^\1\s*$", "", text)

    @property
    def labels(self) -> list[str]:
        """The labels of its numbered equations."""
        marked = re.findall(r"(?m)\$\$ *\((eq-[\w-]+)\) *$", self.text)
        return marked + re.findall(r"(?m)^:label: (eq-[\w-]+)", self.text)

    @property
    def headings(self) -> list[str]:
        """Its section titles, in order."""
        return re.findall(r"(?m)^##+ (.+)$", self.prose)

    @property
    def printed(self) -> list[tuple[str, str]]:
        """The package's objects that it prints: (file in course_nn, name)."""
        found = []
        for block in self.blocks:
            if block.kind == "literalinclude":
                file = (BOOK / self.name).parent.joinpath(block.argument).resolve()
                if file.is_relative_to(PACKAGE):
                    module = file.relative_to(PACKAGE).as_posix()
                    found.append((module, block.options.get("pyobject", "*")))
        return found


def page_names() -> list[str]:
    """The Markdown pages of the table of contents, the first one first."""
    toc = (ROOT / "_toc.yml").read_text(encoding="utf-8")
    names = re.findall(r"(?:file|root): (\S+)", toc)
    return [name for name in names if (BOOK / f"{name}.md").is_file()]


def pages() -> list[Page]:
    """Every page of the book that is not an exercise's notebook."""
    return [Page.read(name) for name in page_names()]


def objects(module: Path) -> list[str]:
    """The functions and classes at the top of a module."""
    tree = ast.parse(module.read_text(encoding="utf-8"))
    return [n.name for n in tree.body if isinstance(n, ast.FunctionDef | ast.ClassDef)]


def proved(folder: Path = Path(__file__).parent) -> dict[str, list[str]]:
    """The labels that a test of the folder proves, each with the names of its tests."""
    found: dict[str, list[str]] = {}
    for file in sorted(folder.glob("test_*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.FunctionDef) or not node.name.startswith("test_"):
                continue
            for mark in node.decorator_list:
                if isinstance(mark, ast.Call) and getattr(mark.func, "id", "") == "proves":
                    for label in mark.args:
                        assert isinstance(label, ast.Constant), f"{file.name}: write labels out"
                        found.setdefault(label.value, []).append(f"{file.name}::{node.name}")
    return found
