"""The API reference: the directive {api}, which writes the public names of a module.

It reads docstrings as they are written here (NumPy's sections, plain words, formulas in Unicode)
and builds the nodes itself: nothing in a docstring is markup but `code`, so nothing can be wrong.
"""

import importlib
import inspect
import re
from itertools import groupby
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.domains.python import _parse_arglist
from sphinx.util.docutils import SphinxDirective

from . import public
from .public import Public

BOOK = re.compile(r'Book: (?P<chapter>[^,."]+)(?P<rest>(?:, "[^"]+"|, eq-[\w-]+)*)\.?')
LONG = 40  # characters of a signature that stand on one line of a phone


class Chapters:
    """The chapters by their titles: where each lies, and which sections and equations it has."""

    def __init__(self, env: Any) -> None:
        self.pages: dict[str, tuple[str, str]] = {}
        for docname in sorted(env.found_docs):
            path = Path(env.doc2path(docname))
            if path.suffix == ".md":
                text = path.read_text(encoding="utf-8")
                title = re.search(r"(?m)^# (.+)$", re.sub(r"(?ms)^```.*?^```", "", text))
                if title:
                    self.pages[title[1].strip()] = (docname, text)

    @classmethod
    def of(cls, env: Any) -> "Chapters":
        """Those of a build, read once for a page."""
        return env.temp_data.setdefault("press chapters", cls(env))


class Words:
    """Turns the words of docstrings into nodes of one page."""

    def __init__(self, directive: SphinxDirective) -> None:
        self.env = directive.env
        self.docname = directive.env.docname
        self.chapters = Chapters.of(directive.env)

    def inline(self, text: str, near: str = "") -> list[nodes.Node]:
        """A line of words: `code` is code, and a link where it names something public."""
        found: list[nodes.Node] = []
        for k, part in enumerate(re.split(r"`{1,2}([^`]+)`{1,2}", text)):
            if k % 2:
                found.append(self.code(part, near))
            else:
                found += self.book(part)
        return found

    def code(self, text: str, near: str) -> nodes.Node:
        """A name, linked if it is public."""
        known = public.objects()
        name = text.removeprefix("nn.").removesuffix("()")
        for path in (f"{public.PACKAGE}.{name}", f"{near}.{name}"):
            if path in known:
                return self.link(known[path], text)
        return nodes.literal("", text)

    def link(self, target: Public, text: str) -> nodes.Node:
        """A reference to an entry."""
        return addnodes.pending_xref(
            "",
            nodes.literal("", text, classes=["xref", "py"]),
            refdomain="py",
            reftype="obj",
            reftarget=target.path,
            refdoc=self.docname,
            refexplicit=True,
            refwarn=True,
        )

    def book(self, text: str) -> list[nodes.Node]:
        """Words in which a chapter may be named."""
        found = BOOK.search(text)
        if not found or found["chapter"].strip() not in self.chapters.pages:
            return [nodes.Text(text)] if text else []
        docname, page = self.chapters.pages[found["chapter"].strip()]
        here = [nodes.Text(text[: found.start()] + "Book: "), self.chapter(docname, found)]
        equations = []
        for quoted, label in re.findall(r', "([^"]+)"|, (eq-[\w-]+)', found["rest"]):
            if label and f"({label})" in page:
                equations.append(self.equation(label))
            elif quoted:
                here += [nodes.Text(", "), self.section(docname, page, quoted)]
        if equations:
            here.append(nodes.Text(", equation" + "s" * (len(equations) > 1) + " "))
            for k, equation in enumerate(equations):
                here += [nodes.Text(", ")] * bool(k) + [equation]
        return [*here, nodes.Text("." + text[found.end() :])]

    def chapter(self, docname: str, found: re.Match) -> nodes.Node:
        """A link to a chapter."""
        return self.uri(docname, "", found["chapter"].strip())

    def section(self, docname: str, page: str, title: str) -> nodes.Node:
        """A link to a section, or to its page."""
        there = re.search(rf"(?m)^##+ {re.escape(title)}\s*$", page)
        return self.uri(docname, f"#{nodes.make_id(title)}" if there else "", f"“{title}”")

    def uri(self, docname: str, anchor: str, text: str) -> nodes.Node:
        """A link to a place in the book."""
        address = self.env.app.builder.get_relative_uri(self.docname, docname) + anchor
        return nodes.reference("", text, refuri=address, internal=True)

    def equation(self, label: str) -> nodes.Node:
        """The number of an equation, linked."""
        return addnodes.pending_xref(
            "",
            nodes.literal("", label, classes=["xref", "eq"]),
            refdomain="math",
            reftype="eq",
            reftarget=label,
            refdoc=self.docname,
            refexplicit=False,
            refwarn=True,
        )

    # -- the parts of a docstring -----------------------------------------------------------------

    def paragraphs(self, text: str, near: str = "") -> list[nodes.Node]:
        """Paragraphs and examples."""
        found: list[nodes.Node] = []
        for kind, words in public.blocks(text):
            if kind == "code":
                found.append(nodes.literal_block(words, words, language="pycon"))
            else:
                found.append(nodes.paragraph("", "", *self.inline(words, near)))
        return found

    def listing(self, body: str, near: str) -> nodes.Node:
        """A list of parameters or results."""
        found = nodes.bullet_list(classes=["simple", "api-list"])
        for name, text in public.items(body):
            words = self.inline(text, near)
            head = [nodes.literal("", name), nodes.Text(" : ")] if name else []
            found.append(nodes.list_item("", nodes.paragraph("", "", *head, *words)))
        return found

    def sections(self, split: dict[str, str], near: str) -> list[nodes.Node]:
        """Everything of a docstring but its first words."""
        found: list[nodes.Node] = []
        for name, body in split.items():
            if not name or not body.strip():
                continue
            if name != "Notes":
                title = "Example" if name == "Examples" else name
                found.append(nodes.paragraph("", "", nodes.strong("", title), classes=["api-part"]))
            if name in {"Notes", "Examples"}:
                found += self.paragraphs(body, near)
            else:
                found.append(self.listing(body, near))
        return found


class Api(SphinxDirective):
    """The public names of a module: a signature and a line each, the rest folded."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """The entries, by the modules that define them where there are several."""
        self.words = Words(self)
        module = self.arguments[0]
        for path in sorted(
            Path(importlib.import_module(module).__file__ or "").parent.glob("*.py")
        ):
            self.env.note_dependency(str(path))
        entries = sorted(public.of_module(module), key=lambda p: (p.module, order(p)))
        groups = {name: list(found) for name, found in groupby(entries, lambda p: p.module)}
        if len(groups) < 2:
            return [node for entry in entries for node in self.entry(entry)]
        return [self.group(name, found) for name, found in groups.items()]

    def group(self, name: str, entries: list[Public]) -> nodes.Node:
        """A section of the entries that one file defines."""
        file = "/".join(name.split(".")[1:]) + ".py" if name else "constants"
        doc = inspect.getdoc(importlib.import_module(name)) if name else ""
        section = nodes.section(ids=[f"api-{nodes.make_id(name or self.arguments[0])}"])
        section.append(nodes.title("", "", nodes.literal("", file)))
        section += [nodes.paragraph("", "", *self.words.inline((doc or "").split("\n\n")[0]))]
        for entry in entries:
            section += self.entry(entry)
        self.state.document.note_implicit_target(section, section)
        return section

    def entry(self, item: Public) -> list[nodes.Node]:
        """One function, class or constant."""
        owner, _, name = item.short.rpartition(".")
        found = self.described(item.path, item.kind, f"{owner}.", name, item.value)
        for other in item.others:
            self.env.get_domain("py").note_object(other, item.kind, item.path, aliased=True)
        return found

    def described(
        self, path: str, kind: str, owner: str, name: str, value: Any
    ) -> list[nodes.Node]:
        """A signature with its docstring, listed in the index and found by the domain."""
        node = addnodes.desc(domain="py", objtype=kind, desctype=kind, noindex=False)
        node["classes"] += ["py", kind]
        line = addnodes.desc_signature("", "", ids=[path], fullname=path)
        line["_toc_parts"], line["_toc_name"] = (), ""
        if kind == "class":
            line += addnodes.desc_annotation("", "class ")
        line += [addnodes.desc_addname("", owner), addnodes.desc_name("", name)]
        if kind not in {"data", "property"}:
            line += self.arguments_of(value)
        content = addnodes.desc_content("", *self.body(path, kind, value))
        node += [line, content]
        self.state.document.note_explicit_target(line)
        self.env.get_domain("py").note_object(path, kind, path, location=line)
        within = path.rsplit(".", 1)[0].replace(public.PACKAGE, "nn", 1)
        text = f"{name}{'' if kind in {'data', 'property', 'class'} else '()'} ({within})"
        return [addnodes.index(entries=[("single", text, path, "", None)]), node]

    def arguments_of(self, value: Any) -> nodes.Node:
        """The list of arguments, one a line where it is long."""
        text = public.signature(value)[1:-1]
        return _parse_arglist(text, self.env, multi_line_parameter_list=len(text) > LONG)

    def body(self, path: str, kind: str, value: Any) -> list[nodes.Node]:
        """The first words, and the rest folded."""
        if kind == "data":
            return [nodes.paragraph("", "", nodes.literal("", repr(value)))]
        near = path if kind == "class" else path.rsplit(".", 1)[0]
        split = public.parts(inspect.getdoc(value) or "")
        first, *more = self.words.paragraphs(split[""], near) or [nodes.paragraph()]
        rest = [*more, *self.words.sections(split, near)]
        if kind == "class":
            for name, member in public.methods(value).items():
                sort = "property" if isinstance(member, property) else "method"
                rest += self.described(f"{path}.{name}", sort, "", name, member)
        return [first, *folded(rest)]


def order(item: Public) -> tuple[int, str]:
    """Where an entry stands: as its file has it."""
    try:
        return inspect.getsourcelines(item.value)[1], item.path
    except (TypeError, OSError):
        return 0, item.path


def folded(inside: list[nodes.Node]) -> list[nodes.Node]:
    """Nodes under a line that unfolds them."""
    if not inside:
        return []
    top = '<details class="api-more"><summary>Details</summary>'
    return [nodes.raw("", top, format="html"), *inside, nodes.raw("", "</details>", format="html")]


class ApiNames(SphinxDirective):
    """The names of modules, each a link to its entry."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        """One paragraph of names for each module that a line names."""
        words = Words(self)
        found = []
        for module in " ".join(self.content).split():
            links: list[nodes.Node] = []
            for item in sorted(public.of_module(module), key=lambda p: p.path.lower()):
                links += [nodes.Text(" · ")] * bool(links)
                links.append(words.link(item, item.path.rpartition(".")[2]))
            found.append(nodes.paragraph("", "", *links, classes=["api-names"]))
        return found


def setup(app: Any) -> None:
    """Add the directives."""
    app.add_directive("api", Api)
    app.add_directive("api-names", ApiNames)
