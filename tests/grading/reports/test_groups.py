"""Who is wrong in the same way stands in one group, under one key, and is told once."""

from dataclasses import replace

from course_nn.grading.record import Grade, OutcomeRecord, Record, TaskRecord
from course_nn.grading.reports.groups import as_text, example, groups, source_of

from .classroom import EXERCISE, submission


def student(name, *keys, looks="", number="1.1"):
    """Who has one task, and a failed test for each key."""
    tests = tuple(OutcomeRecord(f"f: {k}", False, False, "value", "y is wrong.", looks, answer=k)
                  for k in keys)  # fmt: skip
    return Grade(Record(name, "ex", "graded", "", (TaskRecord(number, "f", 0, 1, "", tests),)))


def found(*grades, labels=None, least=2):
    return {one.key: one.students for one in groups(grades, labels or {}, least)}


def test_a_group_is_all_who_have_a_key_the_largest_first():
    grades = [student("ada", "k"), student("ben", "k"), student("cyd", "m"), student("dan", "m"),
              student("eve", "m"), student("fay", "n")]  # fmt: skip
    assert list(found(*grades).items()) == [("m", ("cyd", "dan", "eve")), ("k", ("ada", "ben"))]
    assert found(*grades, least=1)["n"] == ("fay",)


def test_a_group_with_a_label_is_listed_however_small():
    assert found(student("ada", "k"), labels={"k": "so"}) == {"k": ("ada",)}


def test_the_same_students_are_one_group_of_a_task():
    grades = [student("ada", "k", "m"), student("ben", "k", "m")]
    assert found(*grades) == {"k": ("ada", "ben")}
    assert found(*grades, labels={"m": "so"}) == {"m": ("ada", "ben")}
    assert len(found(*grades, student("cyd", "m"))) == 2
    other = [student("ada", "k"), student("ada", "q", number="1.2")]
    assert len(found(*other, student("ben", "k"), student("ben", "q", number="1.2"))) == 2


def test_a_test_that_passed_or_has_no_key_makes_no_group():
    passed = OutcomeRecord("f", True, True, answer="k")
    grade = Grade(Record("ada", "ex", "graded", "", (TaskRecord("1", "f", 1, 1, "", (passed,)),)))
    assert found(grade, replace(grade), student("ben", ""), student("cyd", "")) == {}


def test_a_group_is_described_by_who_has_a_diagnosis():
    (group,) = groups([student("ada", "k"), student("ben", "k", looks="a sum is missing")], {})
    assert group.words == "a sum is missing."
    (bare,) = groups([student("ada", "k"), student("ben", "k")], {})
    assert bare.words == "y is wrong."


def test_students_who_wrote_the_same_mistake_meet_whatever_their_other_tasks(code):
    right = [f"{name}__right_1" for name in ("dense_backward", "flatten_forward")]
    grades = [
        submission(EXERCISE, "ada", ["dense_forward__wrong_1", *right]),
        submission(EXERCISE, "ben", ["dense_forward__wrong_1", right[0]]),
        submission(EXERCISE, "cyd", ["dense_forward__wrong_2", *right]),
    ]
    (group,) = groups(grades, {})
    assert group.students == ("ada", "ben")
    assert example(group, code)[1].startswith("def dense_forward(x, W, b):")


def test_the_source_of_a_function_is_its_last_definition():
    cells = ["def f(x):\n    return 1", "x = 3\ndef f(x):\n    return 2\ny = 4", "print(f(3))"]
    assert source_of(cells, "f") == "def f(x):\n    return 2"
    assert (
        source_of(["def g(f):", "f = 3", "\x00 f", "(" * 10_000 + "f", "-" * 10**6 + "f"], "f")
        == ""
    )
    long = "def f(x):\n" + "    x += 1\n" * 100
    assert source_of([long], "f").endswith("# … 41 more lines")


def test_without_code_there_is_no_example():
    (group,) = groups([student("ada", "k"), student("ben", "k")], {})
    assert example(group, lambda content: []) == ("", "")


def test_as_text_a_group_has_its_key_and_members():
    many = [student(f"s{k:02}", "k") for k in range(15)]
    text = as_text(groups(many, {"k": "Look at the sum."}))
    assert text.splitlines()[0] == "k  15 students  task 1.1, f"
    assert "You said: Look at the sum." in text
    assert text.endswith("s11 …")
