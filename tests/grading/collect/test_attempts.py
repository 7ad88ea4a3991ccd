"""Of several notebooks one is chosen and it is said why, or none where nothing tells."""

import json

import pytest

from course_nn.grading.collect.attempts import exercises_in

from .conftest import notebook_of, zip_of

EX = "ex02_dense.ipynb"
N, OLD = notebook_of("new"), notebook_of("old")
T = 1_770_000_000.0


def test_the_latest_counts_or_the_first(gather):
    files = {f"ada/{EX}": OLD, "ada/again/ex02_dense.ipynb": N}
    times = {"ada/again/ex02_dense.ipynb": T + 3600}
    ada = gather(files, times)["ada"]
    assert ada.read() == N
    assert ada.said == ("of 2 attempts the latest counts, by its time: “again/ex02_dense.ipynb”",)
    ada = gather(files, times, attempts="first")["ada"]
    assert ada.read() == OLD
    assert "the first counts" in ada.said[0]


def test_moments_apart_count_where_nothing_else_tells(gather):
    files = {"ada/ex02_dense b.ipynb": N, "ada/ex02_dense a.ipynb": OLD}
    ada = gather(files, {"ada/ex02_dense b.ipynb": T + 0.5})["ada"]
    assert ada.read() == N
    assert "only moments apart" in ada.said[0]


@pytest.mark.parametrize("mark", ["_late", "-late", " (late)", "_attempt2", " v2", "_resubmission"])
def test_a_mark_of_a_later_attempt_is_seen(gather, mark):
    rows = gather({"ada.ipynb": OLD, f"ada{mark}.ipynb": N})
    assert rows["ada"].read() == N
    assert "of 2 attempts the latest counts, by its name" in rows["ada"].said[0]
    assert len(rows) == 1


def test_a_policy_is_one_of_two(gather):
    with pytest.raises(ValueError, match="latest"):
        gather({f"ada/{EX}": N}, attempts="best")


@pytest.mark.parametrize(
    ("other", "chosen"),
    [
        ("ex02_dense (1).ipynb", N),
        ("ex02_dense-Copy1.ipynb", OLD),
        ("Kopie von ex02_dense.ipynb", OLD),
    ],
)
def test_at_one_time_a_copys_name_tells(gather, other, chosen):
    ada = gather({f"ada/{EX}": OLD, f"ada/{other}": N})["ada"]
    assert ada.read() == chosen
    assert "by its name" in ada.said[0]


@pytest.mark.parametrize(
    "name", ["EX02_DENSE.IPYNB", "ex02_dense (1).ipynb", "ex02_dense-Copy1.ipynb", "Kopie von "
             "ex02_dense.ipynb", "hw.ipynb", "Untitled.ipynb", ".ipynb", " .ipynb", "x.IpYnB"]
)  # fmt: skip
def test_one_notebook_counts_whatever_its_name(gather, name):
    for data in (N, notebook_of("x", "")):
        ada = gather({f"ada/{name}": data})["ada"]
        assert ada.read() == data
        assert ada.said == ()


def test_of_very_many_notebooks_those_of_the_exercises_name_are_looked_into(gather):
    many = {f"ada/{i}.ipynb": notebook_of(str(i), "") for i in range(40)}
    ada = gather({**many, f"ada/z/{EX}": N})["ada"]
    assert ada.read() == N
    assert "of 41 notebooks only 20 were looked into" in ada.said


def test_the_same_file_twice_is_one(gather):
    ada = gather({f"ada/{EX}": N, "ada/copy.ipynb": N}, {"ada/copy.ipynb": T + 99})["ada"]
    assert ada.file == f"ada/{EX}"
    assert ada.said == ("“ada/ex02_dense.ipynb” and “ada/copy.ipynb” are the same file",)


def test_nothing_is_guessed(gather):
    ada = gather({"ada/ex02_dense a.ipynb": N, "ada/ex02_dense b.ipynb": OLD})["ada"]
    assert ada.problem == (
        "handed in 2 different notebooks, and nothing says which counts: "
        "“ada/ex02_dense a.ipynb” and “ada/ex02_dense b.ipynb”"
    )


def test_another_exercises_notebook_is_passed_over_and_said(gather):
    other = notebook_of("x", "ex03_activations")
    rows = gather({
        f"ada/{EX}": N, "ada/ex03_activations.ipynb": other, f"bob/{EX}": other,
        "carol/hw.ipynb": N, f"carol/{EX}": other,
    })  # fmt: skip
    assert rows["ada"].said == (
        "passed over “ada/ex03_activations.ipynb”: it is the notebook of ex03_activations",
    )
    assert rows["bob"].problem == (
        "ex02_dense.ipynb is missing; “bob/ex02_dense.ipynb”: it is the notebook of "
        "ex03_activations"
    )
    assert rows["carol"].file == "carol/hw.ipynb"


def test_where_ids_are_lost_names_tell(gather):
    ada = gather({f"ada/{EX}": notebook_of("x", ""), "ada/notes.ipynb": notebook_of("y", "")})[
        "ada"
    ]
    assert ada.file == f"ada/{EX}"
    assert "“ada/notes.ipynb”: another one is the exercise's" in ada.said[0]


def test_what_stands_in_texts_claims_nothing():
    text = '"id": "ex03-activations-00"'
    cell = {"source": text, "outputs": [{"text": [text]}], "id": "ex02-dense-01"}
    assert exercises_in(json.dumps({"cells": [cell]}).encode()) == {"ex02_dense"}


def test_what_is_no_notebook_is_said(gather):
    rows = gather({
        "ada/a.pdf": b"", "bob/a.pdf": b"", "bob/b.txt": b"", "carol.zip": zip_of({"x.docx": b""}),
    })  # fmt: skip
    assert rows["ada"].problem == "“a.pdf” is no notebook (.ipynb)"
    assert rows["bob"].problem == "ex02_dense.ipynb is missing; there is only “a.pdf”, “b.txt”"
    assert rows["carol"].problem == "“x.docx” is no notebook (.ipynb)"


def test_a_link_beside_the_notebook_is_said(gather, fill):
    (fill({f"ada/{EX}": N}) / "ada" / "data").symlink_to("/etc")
    ada = gather({})["ada"]
    assert ada.read() == N
    assert ada.said == ("“data” is a link, and links are not followed: the file itself is wanted",)


def test_a_reason_is_said_once(gather):
    ada = gather({"ada.zip": b"PK"})["ada"]
    assert "is a damaged archive" in ada.problem
    assert ada.said == ()


def test_what_cannot_be_read_is_a_row_too(gather, fill):
    folder = fill({})
    (folder / "ada.ipynb").mkdir()
    assert gather({})["ada"].problem == "ex02_dense.ipynb is missing: the folder is empty"
