"""Both passages side by side, what is usual beside them, and no accusation."""

import pytest

from course_nn.grading.reports.alike import Alike, Pair, Passage
from course_nn.grading.reports.alike_page import SHOWN, alike_page, in_words
from course_nn.grading.reports.ways import SameWays

from .reading import EVIL, Page

TEXT = "def f(x):\n    total = x.sum()\n    return total / len(x)\n"
WHOLE = Passage((14, 29), (14, 29), 20)


def pair(**fields):
    return Pair(**{"first": "ada", "other": "ben", "weight": 70.0, "share": 0.9, "usual": 0.5,
                   "most": 0.6, "passages": (WHOLE,), **fields})  # fmt: skip


def read(*pairs, published=(), texts=None):
    texts = texts or {"ada": TEXT, "ben": TEXT.replace("total", "whole"), "plain/f.py": TEXT}
    page = Page(alike_page(Alike(pairs, published, texts), "Exercise 1", 9))
    assert page.faults == []
    return page


def test_both_passages_stand_side_by_side_in_whole_lines_and_are_marked():
    page = read(pair())
    assert page.text.count("total = x.sum()") == page.text.count("whole = x.sum()") == 1
    assert [tag for tag, _ in page.elements].count("mark") == 2
    assert "9 answers compared; 1 pair to look at." in page.text
    assert "accuses nobody" in page.text


def test_what_is_usual_is_said_beside_what_was_found():
    assert in_words(pair()) == [
        "They share 70 runs of 12 tokens that few others have.", "Of all their code 90% agrees.",
        "Beside others of the class it is 50% in the median, 60% at most.",
    ]  # fmt: skip
    said = " ".join(in_words(pair(weight=0.0, most=0.0, same=SameWays(("f", "g"), 0.00213))))
    assert "agree in f, g" in said
    assert "once in 500 classes" in said
    assert "runs" not in said
    assert "Beside" not in said
    assert "All their code is the same, but for names and comments; 3 students have it." in (
        " ".join(in_words(pair(clones=3)))
    )


def test_what_is_as_published_has_its_own_section():
    page = read(published=(pair(other="plain/f.py"),))
    assert "As it is published" in page.text
    assert "ada and plain/f.py" in page.text
    assert "Alike among themselves" not in page.text


def test_of_many_pairs_the_rest_are_named():
    page = read(*(pair() for _ in range(SHOWN + 2)))
    assert "Less alike: ada and ben, ada and ben." in page.text


def test_a_long_passage_is_cut():
    text = "x = 1\n" * 90
    page = read(
        pair(passages=(Passage((0, 500), (0, 500), 300),)), texts={"ada": text, "ben": text}
    )
    assert "… 44 more lines" in page.text


def test_three_passages_are_enough():
    many = tuple(Passage((k, k + 9), (k, k + 9), k) for k in range(6))
    assert [t for t, _ in read(pair(passages=many)).elements].count("mark") == 6


@pytest.mark.parametrize("evil", EVIL)
def test_no_text_gets_out_of_its_place(evil):
    names = {evil + "1": evil * 3, evil + "2": evil * 3}
    one, other = names
    read(pair(first=one, other=other, passages=(Passage((0, 3), (1, 2), 2),)), texts=names)
