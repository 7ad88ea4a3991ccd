"""One letter, one meaning: the chapters' tables of letters against the page of notation."""

import re
from itertools import product

import pytest

from .sources import Page, pages

TO_MEND: set[str] = set()  # chapters whose sums or gradients are still to be mended
DULL = """
    with from that this which also each one number numbers where their them whose other into what
    are and the it for not two all any out how here there than has have shape same first code
    over behind somewhere likewise little much many where
"""
LETTERS = "N n D d M m C c F f H W R S U V K k l x y W b L J p t z w g m v"
GREEK = "eta theta gamma beta mu sigma delta lambda varepsilon"
Row = list[str]


def rows(text: str) -> list[Row]:
    """The rows of the tables in a text, without heads and rules, each as its cells."""
    found = []
    for block in re.findall(r"(?m)(?:^\|.*\n?)+", text):
        lines = block.strip().splitlines()[2:]
        found += [[c.strip() for c in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]
    return found


def letters(cell: str) -> list[str]:
    """The letters of a cell: `$N$; $n$`, `$x,\\ \\mathrm dx$`, `$U \\times V$`, `$p_{nk}$`."""
    found = []
    for formula in re.findall(r"\$([^$]+)\$", cell):
        formula = re.sub(r"_\{[^}]*\}|_\\?\w+|\^\{[^}]*\}|\^\w", "", formula)
        formula = re.sub(r"\\times|\\cdot|\\ |\\,|\\;|\\quad|[{}]", " , ", formula)
        formula = re.sub(r"\\mathrm\s*,?\s*d\s*,?\s*", "d!", formula)
        parts = (re.sub(r"\s+", " ", part).strip() for part in formula.split(","))
        found += [
            part for part in parts if re.fullmatch(r"(d!)?(\\[a-zA-Z]+ ?)?\w?", part) and part
        ]
    return found


def words(text: str) -> set[str]:
    """The words of a meaning, in the singular, without those that mean nothing here."""
    plain = re.sub(r"\$[^$]*\$|\{\w+\}`[^`]*`", " ", text).lower()
    plain = plain.replace("∂", " ")
    return {singular(word) for word in re.findall(r"[a-zé-]{3,}", plain)} - set(DULL.split())


def singular(word: str) -> str:
    """A noun without its plural's ending."""
    if word in {"indices", "biases"}:
        return {"indices": "index", "biases": "bias"}[word]
    return word if re.search(r"(ss|as|us)$", word) else word.removesuffix("s")


def meanings() -> dict[str, set[str]]:
    """Each letter of the page of notation with the words of all its meanings."""
    text = Page.read("back/notation").text.partition("(local-letters)=")[0]
    found: dict[str, set[str]] = {}
    for row in rows(text):
        parts, said = row[0].split(";"), row[1].split(";")
        said = said if len(parts) > 1 else [row[1]]  # "$N$; $n$ | samples; the index of one"
        for part, meaning in zip(parts, said, strict=True):
            for letter in letters(part):
                found[letter] = found.get(letter, set()) | words(meaning)
    return found


def local_meanings() -> dict[tuple[str, str], set[str]]:
    """Each letter that a chapter uses in its own way: (chapter, letter) and the words of it."""
    text = Page.read("back/notation").text.partition("(local-letters)=")[2]
    found: dict[tuple[str, str], set[str]] = {}
    for row in rows(text.partition("\n## Names")[0]):
        chapters = re.findall(r"\{doc\}`\.\./([\w/]+)`", row[1])
        for key in product(chapters, letters(row[0])):
            found[key] = found.get(key, set()) | words(row[2])
    return found


def table_of(page: Page) -> list[Row]:
    """The rows under **The letters.** of a chapter."""
    after = page.text.partition("**The letters.**")[2]
    table = re.search(r"(?m)(?:^\|.*\n)+", after)
    return rows(table[0]) if table else []


def contradictions(page: Page) -> list[str]:
    """The letters of a chapter whose meaning is not that of the page of notation."""
    known, local = meanings(), local_meanings()
    found = []
    for row in table_of(page):
        said = words(" ".join(row[1:]))
        for letter in letters(row[0]):
            if letter.startswith("d!"):
                continue  # always a gradient; `foreign` looks for those that are not
            meant = known.get(letter, set()) | local.get((page.name, letter), set())
            if letter in known and said and not said & meant:
                found.append(f"{letter}: {' | '.join(row)}")
    return found


def unlisted(book: list[Page]) -> set[str]:
    """Letters that two chapters use, and of which the page of notation says nothing."""
    known, local = meanings(), local_meanings()
    used: dict[str, set[str]] = {}
    for page in book:
        for letter in (a for row in table_of(page) for a in letters(row[0])):
            if letter not in known and not letter.startswith("d!") and letter != r"\dots":
                used.setdefault(letter, set()).add(page.name)
    return {
        f"{letter} of {chapter}"
        for letter, chapters in used.items()
        for chapter in chapters
        if len(chapters) > 1 and (chapter, letter) not in local
    }


def miscounted(text: str) -> list[str]:
    """Sums and products that count from one."""
    return re.findall(r"\\(?:sum|prod)(?:\\limits)?_\{\s*\w+\s*=\s*1\s*\}", text)


def slanted(text: str) -> list[str]:
    """Gradients in italics, `dy` for `\\mathrm dy`; the measure of an integral may be."""
    found = []
    for formula in re.findall(r"(?s)\$\$.*?\$\$|\$[^$\n]+\$", text):
        bare = re.sub(
            r"\\(?:text|mathrm|operatorname|label|mathit|mathtt)\s*\{[^}]*\}", " ", formula
        )
        bare = re.sub(r"\\int.*?(?=\\int|$)", " ", bare, flags=re.DOTALL)
        bare = re.sub(r"(?:\\mathrm|\\partial)\s*d?\s*[a-zA-Z]?", " ", bare)
        found += re.findall(r"(?<![a-zA-Z\\{_])d[xyWbzpw](?![a-zA-Z])", bare)
    return found


CHAPTERS = [page for page in pages() if page.name not in TO_MEND]


@pytest.mark.parametrize("page", CHAPTERS, ids=lambda page: page.name)
def test_a_chapter_means_by_a_letter_what_the_page_of_notation_does(page: Page) -> None:
    assert not contradictions(page), "change the letter, or list it as local in back/notation.md"


@pytest.mark.parametrize("page", CHAPTERS, ids=lambda page: page.name)
def test_a_chapter_counts_from_zero_and_writes_gradients_upright(page: Page) -> None:
    assert not miscounted(page.prose)
    assert not slanted(page.prose)
    assert not re.findall(r"\\(?:ln|lg)\b", page.text), "the natural logarithm is \\log"


def test_a_letter_that_two_chapters_use_stands_on_the_page_of_notation() -> None:
    assert not unlisted(pages()), "say in back/notation.md what it means in which chapter"


def test_a_letter_of_two_chapters_that_is_not_listed_is_found() -> None:
    table = "**The letters.**\n\n| letter | meaning |\n|---|---|\n| $Z$ | a whim |\n"
    assert not unlisted([Page("layers/one", table)])
    assert len(unlisted([Page("layers/one", table), Page("layers/two", table)])) == 2


def planted(table: str) -> Page:
    return Page("layers/planted", f"**The letters.**\n\n| letter | meaning |\n|---|---|\n{table}\n")


@pytest.mark.parametrize(
    "row", ["| $N$ | hidden units |", "| $x$, $L$ | the weather |", r"| $\eta$ | the momentum |"]
)
def test_a_planted_contradiction_is_found(row: str) -> None:
    assert contradictions(planted(row))


@pytest.mark.parametrize(
    "row",
    [
        "| $N, C$ | samples and channels; indices $n$, $c$ |",
        r"| $U \times V$ | the output; row $u$, column $v$ |",
        r"| $Z$ | a letter that the page does not have |",
        r"| $\mu_c,\ \sigma_c^2$ | mean and variance of channel $c$ |",
    ],
)
def test_what_agrees_is_left_alone(row: str) -> None:
    assert not contradictions(planted(row))


def test_a_letter_may_be_local_in_the_chapter_that_is_named() -> None:
    table = "**The letters.**\n\n| letter | meaning |\n|---|---|\n| $w_k$ | its share |\n"
    assert not contradictions(Page("practice/speed", table))
    assert contradictions(Page("layers/dense", table))


@pytest.mark.parametrize("wrong", [r"$\sum_{d=1}^{D} x_d$", r"$$\prod_{i = 1}^n$$"])
def test_a_sum_from_one_is_found(wrong: str) -> None:
    assert miscounted(wrong)


@pytest.mark.parametrize("wrong", ["$dx = dy$", "$$dW = x^\\top dy$$"])
def test_a_slanted_gradient_is_found(wrong: str) -> None:
    assert slanted(wrong)


def test_upright_gradients_integrals_and_partials_are_left_alone() -> None:
    text = (
        r"$\mathrm dx = \mathrm dy\,W^{\top}$, $\partial L/\partial x$, $\int f(x)\,dx$, $x_{d}y$"
    )
    assert not slanted(text)


def test_the_page_has_the_letters_that_all_need() -> None:
    greek = {rf"\{name}" for name in GREEK.split()}
    assert {*LETTERS.split(), *greek, "d!x", "d!y", r"\hat x"} <= set(meanings())
