"""grades.csv: safe in any spreadsheet, a row for everyone."""

import csv
import io
from dataclasses import replace

import pytest

from course_nn.grading.record import Grade, Override, Record
from course_nn.grading.reports.table import MAX_CELL, grades_csv, safe_cell

from .reading import EVIL, poisoned


def rows(grades):
    return list(csv.DictReader(io.StringIO(grades_csv(grades))))


def test_a_row_for_everyone_a_column_for_every_task(grades):
    found = rows(grades)
    assert [row["student"] for row in found] == [grade.record.student for grade in grades]
    assert [float(row["total"]) for row in found] == [grade.final for grade in grades]
    assert list(found[0])[2:4] == ["2.1 dense_forward", "2.2 dense_backward"]


def test_what_counts_is_in_the_table(wrong):
    (row,) = rows(
        [replace(wrong, penalty=0.5, final=5.83, overrides=(Override("2.1", 1.0, "so"),))]
    )
    assert (row["2.1 dense_forward"], row["penalty"], row["total"]) == ("1", "0.5", "5.83")


def test_the_message_says_why_there_are_no_points(wrong):
    record = replace(wrong.record, failures=("cell 2 failed",), said=("the later",), message="2.1")
    assert rows([replace(wrong, record=record)])[0]["message"] == "cell 2 failed; 2.1; the later"
    gone = Grade(Record("zoe", "ex02_dense", "missing", "nothing was handed in"))
    assert rows([wrong, gone])[1]["message"] == "nothing was handed in"
    assert rows([gone, wrong])[0]["2.1 dense_forward"] == ""


@pytest.mark.parametrize(
    ("text", "safe"),
    [("=1+1", "'=1+1"), ("＝1", "'＝1"), ("+1", "'+1"), ("-1", "'-1"), ("@x", "'@x"),
     (" \t=1", "'=1"), ("a\nb", "a b"), ("a\x00\u202eb", "a��b"), ("", "")],
)  # fmt: skip
def test_no_cell_is_a_formula(text, safe):
    assert safe_cell(text) == safe
    assert len(safe_cell("x" * 10_000)) == MAX_CELL


@pytest.mark.parametrize("evil", [*EVIL, '=HYPERLINK("http://x")', 'a","b', "a\r\n=1"])
def test_hostile_texts_stay_in_their_cells(grades, evil):
    hostile = [poisoned(grade, evil) for grade in grades[:2]]
    found = list(csv.reader(io.StringIO(grades_csv(hostile))))
    assert len(found) == 3
    assert len({len(row) for row in found}) == 1
    assert not [c for row in found[1:] for c in row if c.startswith(("=", "+", "@", "-"))]


def test_an_empty_class_has_its_headings():
    assert grades_csv([]).count("\n") == 1
