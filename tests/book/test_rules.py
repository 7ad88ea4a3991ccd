"""The book's sources hold to the rules of the house; each rule catches what it forbids."""

import inspect

import pytest

from course_nn import ops

from . import rules
from .proving import LABEL
from .sources import Page, pages, proved

BOOK = pages()
CHAPTERS = [page for page in BOOK if page.is_chapter]
# Chapters that do not hold to the rules yet. This set only shrinks.
TO_WRITE: set[str] = set()
FINISHED = [page for page in CHAPTERS if page.name not in TO_WRITE]


def test_every_chapter_holds_to_the_rules() -> None:
    found = {page.name: rules.faults(page) for page in FINISHED}
    assert not {name: wrong for name, wrong in found.items() if wrong}


def test_the_list_of_what_is_to_be_written_names_pages_that_exist() -> None:
    assert all(map(rules.page_exists, TO_WRITE))


def tolerated(module: str) -> bool:
    """Whether a chapter that prints this module is still to be written."""
    return bool(TO_WRITE.intersection(rules.HOMES[rules.stem(module)]))


def test_every_function_of_the_mathematics_is_printed_exactly_once() -> None:
    wrong = rules.unprinted(BOOK)
    assert not [line for line in wrong if not tolerated(line.partition("::")[0])]


def test_every_module_of_the_mathematics_has_a_home() -> None:
    assert {rules.stem(module) for module in rules.MODULES} == set(rules.HOMES)
    assert all(rules.page_exists(page) for homes in rules.HOMES.values() for page in homes)


def home_of(label: str) -> list[str]:
    """The pages that define an equation."""
    return [page.name for page in BOOK for found in page.labels if found == label]


@pytest.mark.parametrize("name", [n for n in ops.__all__ if inspect.isfunction(getattr(ops, n))])
def test_a_public_op_is_derived_in_exactly_one_place(name: str) -> None:
    op = getattr(ops, name)
    module = op.__module__.removeprefix("course_nn.").replace(".", "/") + ".py"
    if tolerated(module):
        return
    named = rules.references(inspect.getdoc(op) or "")
    assert named, f"{name} names no equation of the book"
    places = {label: home_of(label) for label in named}
    assert all(len(found) == 1 for found in places.values()), places
    (home,) = {found[0] for found in places.values()}
    assert home in rules.HOMES[rules.stem(module)]


def test_no_two_equations_share_a_label() -> None:
    labels = [label for page in BOOK for label in page.labels]
    assert len(labels) == len(set(labels))
    assert not [label for label in labels if not LABEL.fullmatch(label)]


def test_every_equation_of_a_chapter_is_proved() -> None:
    tests = proved()
    assert not [label for page in FINISHED for label in page.labels if label not in tests]


def test_no_test_proves_an_equation_that_the_book_does_not_have() -> None:
    labels = {label for page in BOOK for label in page.labels}
    assert not {label: tests for label, tests in proved().items() if label not in labels}


def test_no_two_pages_hand_over_a_number_of_the_same_name() -> None:
    owners: dict[str, set[str]] = {}
    for page in BOOK:
        for cell in page.cells:
            for name in rules.HANDED.findall(cell.body):
                owners.setdefault(name, set()).add(page.name)
    assert not {name: found for name, found in owners.items() if len(found) > 1}


# Every rule is proved by a page that breaks it.

GOOD = """---
kernelspec: {name: python3}
---

(planted)=
# Planted

**Does a rule see what it should?**

**What you need.** Nothing.

**The letters.** None.

{index}`a` {index}`b` {index}`c` {index}`d`

```{code-cell} ipython3
---
tags: [hide-input]
mystnb:
  figure: {name: fig-planted, caption: A line.}
  image: {alt: A straight line from left to right.}
---
figure, ax = plt.subplots(figsize=(5, 3))
ax.plot([0, 1], color=plot.BLUE)
plt.show()
page.glue("planted-share", f"{0.5:.0%}")
```

See {numref}`fig-planted`: {glue:text}`planted-share` of it. WORDS

## Pitfalls

## Summary

## Exercises

EXERCISES

## Sources
""".replace("WORDS", "word " * 1000).replace(
    "EXERCISES",
    "\n\n".join(f"**{k}. Recall.** Why?\n\n```{{dropdown}} Solution\nSo.\n```" for k in range(4)),
)

BREAKS = {
    "fits_the_column": ("plt.show()", "plt.show()" + " " * 80 + "# far away"),
    "prints_what_exists": (
        "## Pitfalls",
        "```{literalinclude} ../../course_nn/ops/dense.py\n:pyobject: sideways\n```\n\n## Pitfalls",
    ),
    "unfolds": ("tags: [hide-input]", "tags: [remove-input]"),
    "describes_its_figures": ("A straight line from left to right.", "line.png"),
    "draws_for_all_eyes": ("plot.BLUE", '"red"'),
    "computes_its_numbers": ("See {numref}", "It is 98.15 % right. See {numref}"),
    "glues_what_it_says": ('page.glue("planted-share"', 'page.glue("planted-part"'),
    "has_its_parts": ("## Summary", "## In short"),
    "stands_in_the_index": ("{index}`a`", "a"),
    "is_written": ("word " * 1000, "word " * 10),
}


def test_a_page_that_holds_to_every_rule_has_no_faults() -> None:
    assert not rules.faults(Page("layers/planted", GOOD))


@pytest.mark.parametrize("rule", rules.RULES, ids=lambda rule: rule.__name__)
def test_a_rule_catches_what_it_forbids(rule: rules.Rule) -> None:
    right, wrong = BREAKS[rule.__name__]
    assert right in GOOD
    found = rules.faults(Page("layers/planted", GOOD.replace(right, wrong, 1)))
    assert found
    assert all(fault.startswith(rule.__name__) for fault in found)


def test_a_wide_figure_and_a_map_of_red_and_green_are_caught() -> None:
    for wrong in ("figsize=(7, 3)", 'cmap="RdYlGn"'):
        page = Page("layers/planted", GOOD.replace("figsize=(5, 3)", wrong))
        assert rules.draws_for_all_eyes(page)


def test_what_is_printed_twice_or_never_is_found() -> None:
    printed = "```{literalinclude} ../../course_nn/ops/dense.py\n:pyobject: dense_forward\n```\n\n"
    wrong = rules.unprinted([Page("layers/dense", printed * 2)])
    assert "ops/dense.py::dense_forward is printed 2 times" in wrong
    assert "ops/dense.py::dense_backward is printed 0 times" in wrong


def test_a_function_printed_away_from_home_is_found() -> None:
    printed = "```{literalinclude} ../../course_nn/ops/dense.py\n:pyobject: dense_forward\n```\n"
    assert rules.prints_what_exists(Page("layers/pooling", printed))
    assert not rules.prints_what_exists(Page("layers/dense", printed))
