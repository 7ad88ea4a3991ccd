"""A task's section is a page of the book and an anchor in it."""

import re

import pytest

from course_nn.grading import sections
from course_nn.grading.assignment import known, load_assignment
from course_nn.grading.sections import BOOK, anchor_of, place

TESTS = BOOK.parent / "tests" / "autograder"


@pytest.mark.parametrize("name", known(TESTS))
def test_every_task_has_a_place(name):
    for graded in load_assignment(name).tasks:
        found = place(*graded.task.section)
        assert re.fullmatch(r"[a-z]+/[a-z_]+\.html#[a-z0-9-]+", found), graded.task.title
        assert (BOOK / found.split("#")[0]).with_suffix(".md").is_file()


def test_anchors_are_those_of_the_book_maker():
    nodes = pytest.importorskip("docutils.nodes")
    headings = [h for _, anchors in sections._chapters(BOOK).values() for h in anchors]
    assert len(headings) > 100
    wrong = {h for h in headings if "`" not in h and anchor_of(h) != nodes.make_id(h)}
    assert wrong == set()


def test_what_is_not_there_has_no_place(tmp_path):
    assert place("Quantum layers", "The derivative") == ""
    assert place("The dense layer", "Nothing of the kind") == "layers/dense.html"
    assert place("The dense layer", "The derivative", tmp_path) == ""
