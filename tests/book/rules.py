"""What every chapter holds to: a rule takes a page and returns what is wrong, in sentences."""

import ast
import re
from collections import Counter
from collections.abc import Callable

from .sources import BOOK, PACKAGE, Block, Page, objects

COLUMNS = 80  # of code, so that a line fits the page
FIGURE_WIDTH = 5.2  # inches: wider ones shrink on the page, and their letters with them

# Where each module of the mathematics is derived and printed.
HOMES = {
    "dense": ("layers/dense",),
    "activation": ("layers/activations",),
    "softmax": ("layers/softmax",),
    "loss": ("layers/cross_entropy",),
    "labels": ("layers/cross_entropy",),
    "conv": ("layers/convolution",),
    "geometry": ("layers/convolution", "layers/pooling"),
    "windows": ("layers/convolution",),
    "patches": ("layers/convolution", "practice/speed"),
    "pool": ("layers/pooling",),
    "norm": ("layers/normalisation",),
    "dropout": ("layers/dropout",),
    "init": ("learning/initialisation",),
    "optim": ("learning/descent", "learning/adam"),
}
MODULES = sorted(
    path.relative_to(PACKAGE).as_posix()
    for folder in ("ops", "plain")
    for path in (PACKAGE / folder).glob("*.py")
    if path.name != "__init__.py"
)

Rule = Callable[[Page], list[str]]


def stem(module: str) -> str:
    """The noun of a module: 'dense' of 'ops/dense.py'."""
    return module.rpartition("/")[2].removesuffix(".py")


def fits_the_column(page: Page) -> list[str]:
    """Its cells and the package's mathematics that it prints have lines of at most 80 columns."""
    lines = [line for cell in page.cells for line in cell.body.splitlines()]
    for module, name in page.printed:
        if module in MODULES:
            lines += source(module, name).splitlines()
    return [f"a line of {len(line)} columns: {line}" for line in lines if len(line) > COLUMNS]


def source(module: str, name: str) -> str:
    """The source of a module's function or class, as it is printed."""
    text = (PACKAGE / module).read_text(encoding="utf-8")
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == name:
            return ast.get_source_segment(text, node) or ""
    return text if name == "*" else ""


def prints_what_exists(page: Page) -> list[str]:
    """What it prints of the package is there, and at home on this page."""
    found = []
    for module, name in page.printed:
        if name != "*" and name.partition(".")[0] not in objects(PACKAGE / module):
            found.append(f"{module} has no {name}")
        if module in MODULES and page.name not in HOMES[stem(module)]:
            found.append(f"{module} is at home in {HOMES[stem(module)]}: print {name} there")
    return found


# What a page says of a cell before it runs in the browser stands in one table, by the cell's tag.
NOTES = (BOOK / "_ext" / "live_pages" / "page" / "notes.js").read_text(encoding="utf-8")
TAGS = {"hide-input", *re.findall(r'(?m)^  "([\w-]+)": \{', NOTES)}


def unfolds(page: Page) -> list[str]:
    """A cell may be folded, never be out of the reader's reach."""
    tags = [tag for cell in page.cells for tag in cell.options.get("tags") or []]
    return [
        f"a cell tagged {tag}: only {', '.join(sorted(TAGS))}" for tag in tags if tag not in TAGS
    ]


DRAWS = re.compile(
    r"plt\.show\(|page\.moving\(|plot\.(image_grid|gradient_report|confusion_matrix)"
)


def describes_its_figures(page: Page) -> list[str]:
    """Every figure has a name, a caption and a text for who does not see it."""
    found = []
    for cell in page.cells:
        figure = (cell.options.get("mystnb") or {}).get("figure") or {}
        if DRAWS.search(cell.body) and not (figure.get("name") and figure.get("caption")):
            found.append(f"a figure without name and caption: {first_line(cell)}")
        if figure and not ("alt=" in cell.body or len(alt_of(cell)) >= 20):
            found.append(f"a figure without an alternative text: {figure.get('name')}")
        name = figure.get("name")
        if name and f"`{name}`" not in page.text and f"<{name}>" not in page.text:
            found.append(f"no sentence refers to the figure {name}")
    return found


def alt_of(cell: Block) -> str:
    """The alternative text of a cell's picture."""
    return ((cell.options.get("mystnb") or {}).get("image") or {}).get("alt") or ""


def first_line(cell: Block) -> str:
    """The first line of a cell, which names it."""
    return next(iter(cell.body.strip().splitlines()), "(empty)")


COLOUR = re.compile(r"""["']#[0-9A-Fa-f]{3,6}["']|["'](black|white|red|green|crimson|C\d)["']""")
MAPS = re.compile(r"RdBu|RdYlGn|[\"'](Reds|Greens|jet|rainbow|coolwarm|bwr|seismic)[\"']")


def draws_for_all_eyes(page: Page) -> list[str]:
    """Figures fit the column, and take their colours from `course_nn.plot`."""
    found = []
    for cell in page.cells:
        sizes = re.findall(r"(?:figsize|size)=\(([\d.]+)", cell.body)
        found += [f"a figure {s} inches wide" for s in sizes if float(s) > FIGURE_WIDTH]
        colours = [m[0] for pattern in (COLOUR, MAPS) for m in pattern.finditer(cell.body)]
        found += [f"the colour {colour}: use course_nn.plot's" for colour in colours]
    return found


UNITS = (
    r"%|‰|ms|µs|s|seconds?|minutes?|hours?|[kMGT]i?B|[KMGT]?FLOPS?(?:/s)?|GFLOP/s|"
    r"times (?:faster|slower|as|more|less|larger|smaller|the)"
)
MEASURED = re.compile(rf"\b\d[\d.,]*(?: |\u00a0|\u202f)?(?:{UNITS})(?![\w/])")


def computes_its_numbers(page: Page) -> list[str]:
    """A number with a unit comes from the run (glue), or from a source that is cited."""
    found = []
    for paragraph in re.split(r"\n\s*\n|\n(?=[-*|])", page.prose):
        if "{cite" in paragraph:
            continue
        plain = re.sub(
            r"\$\$.*?\$\$|\$[^$]*\$|\{[\w:-]+\}`[^`]*`|`[^`]*`", " ", paragraph, flags=re.S
        )
        plain = " ".join(plain.split())
        found += [f"a typed number: {context(plain, m)}" for m in MEASURED.finditer(plain)]
    return found


def context(text: str, match: re.Match) -> str:
    """A match and what stands around it."""
    return text[max(0, match.start() - 40) : match.end() + 25]


GLUED = re.compile(r"\{glue:text\}`([^`:]+)")
HANDED = re.compile(r"page\.glue\(\s*f?[\"']([^\"']+)[\"']")


def glues_what_it_says(page: Page) -> list[str]:
    """Every number that the text takes from the run is handed over by a cell of the page."""
    handed = [
        re.sub(r"\{[^}]*\}", "*", name) for cell in page.cells for name in HANDED.findall(cell.body)
    ]
    patterns = [re.escape(name).replace(r"\*", ".+") for name in handed]
    missing = [n for n in GLUED.findall(page.text) if not any(re.fullmatch(p, n) for p in patterns)]
    return [f"no cell hands over {name}" for name in missing]


LAST = ["Pitfalls", "Summary", "Exercises", "Sources"]


def has_its_parts(page: Page) -> list[str]:
    """A question, what is needed, the letters, and at the end what every chapter ends with."""
    found = []
    if not re.search(r"(?m)^# .+\n\n\*\*.+\?", page.text):
        found.append("no question in bold under the title")
    found += [
        f"no **{part}**"
        for part in ("What you need.", "The letters.")
        if f"**{part}**" not in page.text
    ]
    if [h for h in page.headings if h in LAST] != LAST:
        found.append(f"the last sections are not {', '.join(LAST)}")
    exercises = page.text.partition("\n## Exercises")[2].partition("\n## Sources")[0]
    asked = len(re.findall(r"(?m)^\*\*\d+\. ", exercises))
    answered = len(re.findall(r"\{dropdown\} Solution", exercises))
    if asked < 4 or answered < asked:
        found.append(f"{asked} exercises and {answered} solutions")
    return found


def stands_in_the_index(page: Page) -> list[str]:
    """Its terms are in the index."""
    entries = len(re.findall(r"\{index\}", page.text))
    return [] if entries >= 4 else [f"{entries} entries in the index"]


def is_written(page: Page) -> list[str]:
    """A chapter is a chapter, not a promise of one."""
    words = len(page.prose.split())
    return [] if words >= 1000 else [f"a page of {words} words"]


RULES: list[Rule] = [
    fits_the_column,
    prints_what_exists,
    unfolds,
    describes_its_figures,
    draws_for_all_eyes,
    computes_its_numbers,
    glues_what_it_says,
    has_its_parts,
    stands_in_the_index,
    is_written,
]


def faults(page: Page) -> list[str]:
    """Everything that is wrong with a chapter, each with the rule that says so."""
    return [f"{rule.__name__}: {fault}" for rule in RULES for fault in rule(page)]


def unprinted(pages: list[Page]) -> list[str]:
    """The functions of `ops` and `plain` that the book does not print exactly once."""
    count = Counter(entry for page in pages for entry in page.printed)
    return [
        f"{module}::{name} is printed {times} times"
        for module in MODULES
        for name in objects(PACKAGE / module)
        if (times := count[module, name] + count[module, "*"]) != 1
    ]


def references(doc: str) -> list[str]:
    """The equations that a docstring names."""
    return re.findall(r"\beq-[a-z]+(?:-[a-z0-9]+)+", doc.split(">>>")[0])


def page_exists(name: str) -> bool:
    """Whether the book has such a page."""
    return (BOOK / f"{name}.md").is_file()
