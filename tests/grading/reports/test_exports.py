"""What Canvas and Moodle exported comes back whole, with our points in it; Gradescope's form.

The tables are as the platforms write them; what their importers want is said in the tests' names.
"""

import csv
import io
import json
from dataclasses import replace

import pytest

from course_nn.grading.record import Grade, Override, Record, TaskRecord
from course_nn.grading.reports.exports import ExportError, canvas, gradescope, moodle

CANVAS = (
    "Student,ID,SIS User ID,SIS Login ID,Section,Warm-up (11),Exercise 2: the dense layer (12),"
    "Assignments Current Score\n"
    ",,,,,,Manual Posting,\n"
    "    Points Possible,,,,,10,9,(read only)\n"
    '"Lovelace, Ada",101,S1,ada@uni.edu,"Deep, A",3,,77\n'
    '"Ångström, Zoë",102,S2,zoe@uni.edu,"Deep, A",4,1.5,50\n'
    '"Turing, Alan",103,S3,alan@uni.edu,"Deep, B",,2,\n'
    '"Student, Test",104,,abc,"Deep, A",,,\n'
)
MOODLE = (
    '\ufeffIdentifier,"Full name","Email address",Status,Grade,"Maximum Grade",'
    '"Grade can be changed","Last modified (submission)","Last modified (grade)",'
    '"Feedback comments"\n'
    '"Participant 7001","Ada Lovelace",ada@uni.edu,"Submitted for grading",,9.00,Yes,'
    '"Friday, 20 November 2026, 5:03 PM",-,\n'
    '"Participant 7002","Zoë Ångström",zoe@uni.edu,"Submitted for grading",,9.00,No,-,-,'
    '"two\n\nlines"\n'
    '"Participant 7003","Alan Turing",alan@uni.edu,"No submission",2.00,9.00,Yes,-,-,kept\n'
)


def grade(student, final, status="graded", **fields):
    task = TaskRecord("2.1", "dense_forward", final, 9)
    record = Record(student, "ex02_dense", status, "", (task,), **fields)
    return Grade(record, final=final)


GRADES = [
    grade("Ada Lovelace", 7.255), grade("Alan Turing", 0.0, "missing"), grade("Zoë Ångström", 9.0)
]  # fmt: skip


def rows(text, mark=","):
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=mark))


# -- Canvas ----------------------------------------------------------------------------------------


def test_canvas_gets_its_own_ids_the_section_and_the_one_assignment():
    filled = canvas(CANVAS, GRADES)
    found = rows(filled.text)
    assert found[0] == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section",
                        "Exercise 2: the dense layer (12)"]  # fmt: skip
    assert found[1] == ["", "", "", "", "", "Manual Posting"]
    assert found[2] == ["    Points Possible", "", "", "", "", "9"]
    assert found[3] == ["Lovelace, Ada", "101", "S1", "ada@uni.edu", "Deep, A", "7.25"]
    assert found[4][-1] == "9"
    assert filled.count == 2


def test_who_handed_in_nothing_keeps_what_stands_there_unless_it_was_set_by_hand():
    filled = canvas(CANVAS, GRADES)
    assert rows(filled.text)[5][-1] == "2"
    assert any("without a grade; what stands there is left: Alan Turing" in s for s in filled.said)
    by_hand = replace(GRADES[1], final=4.0, overrides=(Override("", 4.0, "on paper"),))
    assert rows(canvas(CANVAS, [GRADES[0], by_hand]).text)[5][-1] == "4"


def test_who_is_not_in_the_file_is_said():
    said = canvas(CANVAS, [*GRADES, grade("Nobody Here", 1.0)]).said
    assert any(s.startswith("1 not in the file, so not written: Nobody Here") for s in said)


@pytest.mark.parametrize(
    "fields",
    [{"student": "S1"}, {"student": "ada@uni.edu"}, {"student": "ada_lovelace"},
     {"student": "x", "id": "101"}, {"student": "x", "email": "ADA@uni.edu"}],
)  # fmt: skip
def test_students_are_known_by_number_address_or_name(fields):
    assert rows(canvas(CANVAS, [grade(final=3.0, **fields)]).text)[3][-1] == "3"


def test_the_columns_name_may_be_the_exercises_or_given():
    named = CANVAS.replace("Exercise 2: the dense layer (12)", "ex02_dense (12)")
    assert rows(canvas(named, GRADES).text)[3][-1] == "7.25"
    chosen = canvas(CANVAS, GRADES, "Warm-up")
    assert rows(chosen.text)[0][-1] == "Warm-up (11)"
    assert any("Canvas expects 10 points, the exercise has 9" in said for said in chosen.said)


def test_a_new_column_is_made_only_where_it_is_named():
    found = rows(canvas(CANVAS, GRADES, "Dense layers").text)
    assert found[0][-1] == "Dense layers"
    assert [row[-1] for row in found[2:4]] == ["9", "7.25"]
    other = CANVAS.replace("Exercise 2: the dense layer (12)", "Homework (12)")
    with pytest.raises(ExportError, match=r"name one with --column.*Warm-up \(11\); Homework"):
        canvas(other, GRADES)


def test_semicolons_stay_semicolons():
    text = canvas(CANVAS.replace(",", ";").replace("; ", ", "), GRADES).text
    assert rows(text, ";")[3][-1] == "7.25"


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", MOODLE, "name,email\nada,a@b.c\n", '"'])
def test_what_is_no_gradebook_of_canvas_is_refused(text):
    with pytest.raises(ExportError, match="it is no"):
        canvas(text, GRADES)


# -- Moodle ----------------------------------------------------------------------------------------


def test_moodle_gets_its_worksheet_whole_with_points_and_feedback():
    filled = moodle(MOODLE, GRADES, {})
    found = rows(filled.text)
    assert found[0][:2] == ["Identifier", "Full name"]
    assert found[1][:5] == ["Participant 7001", "Ada Lovelace", "ada@uni.edu",
                            "Submitted for grading", "7.25"]  # fmt: skip
    assert found[1][7:9] == ["Friday, 20 November 2026, 5:03 PM", "-"]
    assert found[1][9].startswith("<pre>Exercise 2: the dense layer: 7.25 of 9 points")
    assert found[3][4] == "2.00"
    assert found[3][9] == "kept"
    assert filled.count == 1


def test_a_grade_that_moodle_has_locked_is_left_and_said():
    filled = moodle(MOODLE, GRADES, {})
    assert rows(filled.text)[2][4] == ""
    assert rows(filled.text)[2][9] == "two\n\nlines"
    assert "1 whose grade may not be changed there: Zoë Ångström" in filled.said


def test_feedback_for_moodle_is_html_that_holds_no_other():
    evil = replace(GRADES[0].record, failures=("<script>alert(1)</script>",))
    text = rows(moodle(MOODLE, [replace(GRADES[0], record=evil)], {}).text)[1][9]
    assert "&lt;script&gt;" in text
    assert "<script>" not in text


def test_a_german_worksheet_has_its_headings_and_its_comma():
    german = (
        'Kennung;"Vollständiger Name";"E-Mail-Adresse";Status;Bewertung;"Höchste Bewertung";'
        '"Bewertung kann geändert werden";"Zuletzt geändert (Bewertung)"\n'
        '"Teilnehmer/in 12";"Ada Lovelace";ada@uni.edu;Zur Bewertung;;9,00;Ja;-\n'
    )
    assert rows(moodle(german, GRADES, {}).text, ";")[1][4] == "7,25"


def test_another_language_needs_the_columns_name():
    other = MOODLE.replace("Grade,", "Hinne,", 1).replace("Last modified (grade)", "Muudetud")
    with pytest.raises(ExportError, match="with --column"):
        moodle(other, GRADES, {})
    assert rows(moodle(other, GRADES, {}, "Hinne").text)[1][4] == "7.25"


# -- Gradescope ------------------------------------------------------------------------------------


def test_gradescope_gets_a_test_for_each_task_and_the_score_that_counts(wrong):
    late = replace(wrong, penalty=0.5, reason="one day late", final=4.83)
    found = json.loads(json.dumps(gradescope(late, {})))
    assert found["score"] == 4.83
    assert "Handed in late (−0.5): one day late" in found["output"]
    assert found["stdout_visibility"] == "hidden"
    assert [test["number"] for test in found["tests"]] == [f"2.{k}" for k in range(1, 8)]
    first, second = found["tests"][:2]
    assert (first["status"], first["score"], first["max_score"]) == ("failed", 0, 1)
    assert (second["status"], second["score"], second["max_score"]) == ("passed", 2, 2)
    assert "What it looks like" in first["output"]
    known = {"score", "max_score", "status", "name", "name_format", "number", "output",
             "output_format", "tags", "visibility", "extra_data"}  # fmt: skip
    assert set(first) <= known
    assert {test["visibility"] for test in found["tests"]} == {"visible"}


def test_of_a_hidden_test_gradescope_shows_no_right_number(grades):
    for one in grades:
        texts = json.dumps(gradescope(one, {}))
        tests = [test for task in one.record.tasks for test in task.tests if not test.public]
        numbers = [test for test in tests if test.stage in ("value", "gradient")]
        hidden = [test.sentence for test in numbers if "expected" in test.sentence]
        assert not [sentence for sentence in hidden if sentence in texts]
