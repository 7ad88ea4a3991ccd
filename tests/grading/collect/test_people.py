"""Whose each thing is: what platforms hand out, folders of any depth, and nobody's else's."""

import os
import unicodedata

import pytest

from course_nn.grading.collect.people import UNKNOWN
from course_nn.grading.collect.rows import TWO_WAYS

from .conftest import notebook_of, zip_of

EX = "ex02_dense.ipynb"
N = notebook_of()


def graded(rows):
    """The students with a notebook to grade."""
    return sorted(student for student, row in rows.items() if not row.problem)


def test_flat_and_nested(gather):
    rows = gather({
        "ada.ipynb": N, f"bob/{EX}": N, f"carol/deep/er/{EX}": N, "dan.py": b"x = 1",
        "Eve Ex02_dense.ipynb": N, "ex02-dense_fay.IPYNB": N,
    })  # fmt: skip
    assert graded(rows) == ["Eve", "ada", "bob", "carol", "fay"]
    assert rows["dan"].problem == "“dan.py” is no notebook (.ipynb)"
    assert rows["carol"].file == f"carol/deep/er/{EX}"
    assert rows["ada"].read() == N
    assert rows["ada"].handed_in.startswith("2026-02-0")


def test_every_entry_gets_a_row_and_systems_files_get_none(gather, fill):
    folder = fill({
        ".x.ipynb": N, "essay.pdf": b"%PDF", "Thumbs.db": b"", ".DS_Store": b"",
        "__MACOSX/._ada.ipynb": b"", ".ipynb_checkpoints/ada-checkpoint.ipynb": N,
        f"ada/{EX}": N, "ada/.ipynb_checkpoints/ex02_dense-checkpoint.ipynb": N,
        "-rf.ipynb": N, "bad.rar": b"Rar!",
    })  # fmt: skip
    (folder / "empty").mkdir()
    (folder / "link.ipynb").symlink_to("/etc/passwd")
    rows = gather({})
    assert sorted(rows) == ["-rf", ".x", "ada", "bad", "empty", "essay", "link"]
    assert graded(rows) == ["-rf", ".x", "ada"]
    assert rows["ada"].said == ()
    assert rows["empty"].problem == "ex02_dense.ipynb is missing: the folder is empty"
    assert "a .zip is wanted" in rows["bad"].problem
    assert "is a link" in rows["link"].problem


MOODLE = "{}_{}_assignsubmission_file_"


@pytest.mark.parametrize("form", ["folders", "zipped", "flat", "inside", "both"])
def test_moodle(gather, form):
    people = [("Ada Lovelace", 11), ("Ada Lovelace", 12), ("Zoë Müller", 13), ("Émile X", 14)]
    names = [MOODLE.format(*person) for person in people]
    files = {f"{name}/{EX}": notebook_of(name) for name in names}
    if form == "flat":
        files = {f"{name}{EX}": notebook_of(name) for name in names}
    if form in ("zipped", "both"):
        files = {"course-ex02-99.zip": zip_of(files)} | (files if form == "both" else {})
    if form == "inside":
        files = {f"{names[0]}/work.zip": zip_of({EX: N}), f"{names[1].rstrip('_')}/{EX}": N}
    rows = gather(files)
    if form == "inside":
        assert graded(rows) == ["Ada Lovelace (11)", "Ada Lovelace (12)"]
        return
    assert graded(rows) == ["Ada Lovelace (11)", "Ada Lovelace (12)", "Zoë Müller", "Émile X"]
    assert rows["Zoë Müller"].id == "13"
    assert rows["Zoë Müller"].read() == notebook_of(names[2])
    assert rows["Zoë Müller"].handed_in == "", "the zip's times are those of the download"


def test_moodles_times_count_where_they_are_no_downloads(gather):
    names = [MOODLE.format("Ada", 1), MOODLE.format("Bob", 2)]
    files = {f"{name}/{EX}": N for name in names}
    rows = gather(files, {f"{names[0]}/{EX}": 1_760_000_000.0})
    assert rows["Ada"].handed_in.startswith("2025-10-09")


def test_canvas(gather):
    rows = gather({
        "lovelaceada_12345_678901_ex02_dense.ipynb": notebook_of("1"),
        "lovelaceada_12345_678950_ex02_dense-1.ipynb": notebook_of("2"),
        "hopper_grace_LATE_12346_678902_my notebook.ipynb": N,
        "müllerzoë_12347_678903_ex02_dense.pdf": b"%PDF",
        "anon_aB3dE_678904_ex02_dense.ipynb": N,
        "LATE_anon_aB3dF_678905_ex02_dense.ipynb": N,
    })  # fmt: skip
    assert graded(rows) == ["anon_aB3dE", "anon_aB3dF", "hopper_grace", "lovelaceada"]
    assert rows["lovelaceada"].read() == notebook_of("2")
    assert any("by the platform" in said for said in rows["lovelaceada"].said)
    assert rows["hopper_grace"].said == ("marked late by the platform",)
    assert rows["anon_aB3dF"].said == ("marked late by the platform",)
    assert "is no notebook" in rows["müllerzoë"].problem
    assert rows["lovelaceada"].id == "12345"


def test_names_like_canvas_by_chance_are_peoples(gather):
    rows = gather({f"hw_2026_10_{name}.ipynb": N for name in ("ada", "bob", "carol")})
    assert graded(rows) == ["hw_2026_10_ada", "hw_2026_10_bob", "hw_2026_10_carol"]


GRADESCOPE = """---
submission_1:
  :submitters:
  - :name: Ada Lovelace
    :sid: '100'
    :email: ada@x.example
  :created_at: 2026-03-02 22:01:07.123456000 Z
  :score: 1.0
  :results:
    output: |-
      submission_2:
        :submitters:
        - :name: Mallory
submission_2:
  :submitters:
  - :name: "Zo\\u00eb M\\xFCller"
    :sid: '101'
    :email: zoe@x.example
  - :name: Bob
    :sid: '102'
    :email:
  :created_at: 2026-03-03 10:00:00.000000000 +01:00
"""


@pytest.mark.parametrize("wrap", ["", "assignment_99_export/"])
def test_gradescope(gather, wrap):
    rows = gather({
        f"{wrap}submission_metadata.yml": GRADESCOPE.replace("\\xFC", "ü").encode(),
        f"{wrap}submission_1/{EX}": N, f"{wrap}submission_2/{EX}": N,
        f"{wrap}submission_3/{EX}": N,
    })  # fmt: skip
    assert graded(rows) == ["Ada Lovelace", "Bob", "Zoë Müller", "submission_3"]
    ada = rows["Ada Lovelace"]
    assert (ada.handed_in, ada.id, ada.email) == (
        "2026-03-02T22:01:07+00:00", "100", "ada@x.example")  # fmt: skip
    assert rows["Bob"].said == ("handed in together with “Zoë Müller”",)
    assert "Mallory" not in rows


@pytest.mark.parametrize("slug", ["ex02-dense", "homework-2"])
def test_github_classroom(gather, slug):
    base = f"{slug}-submissions"
    rows = gather({
        f"{base}/{slug}-ada-l/.git/config": b"", f"{base}/{slug}-ada-l/{EX}": N,
        f"{base}/{slug}-bob/.git/config": b"", f"{base}/{slug}-bob/src/{EX}": N,
        f"{base}/{slug}-bob/README.md": b"",
    })  # fmt: skip
    assert graded(rows) == ["ada-l", "bob"]
    assert rows["bob"].handed_in == "", "a clone's times are those of the cloning"
    assert rows["bob"].said == (UNKNOWN,)


def test_the_times_of_clones_made_on_several_days_are_not_believed(gather):
    files = {f"x-submissions/x-{name}/{path}": N for name in ("ada", "bob") for path in
             (".git/config", EX)}  # fmt: skip
    rows = gather(files, {f"x-submissions/x-ada/{EX}": 1_770_900_000.0})
    assert [rows[name].handed_in for name in ("ada", "bob")] == ["", ""]


@pytest.mark.parametrize("wrap", ["", "submitted/"])
def test_nbgrader(gather, wrap):
    stamp = b"2026-03-02 15:58:23.948203 UTC"
    rows = gather({
        f"{wrap}ada/ex02_dense/{EX}": N, f"{wrap}ada/ex02_dense/timestamp.txt": stamp,
        f"{wrap}ada/ex03_activations/ex03_activations.ipynb": notebook_of("", "ex03_activations"),
        f"{wrap}bob/ex02_dense/{EX}": N, f"{wrap}bob/ex02_dense/timestamp.txt": stamp,
    })  # fmt: skip
    assert graded(rows) == ["ada", "bob"]
    assert rows["ada"].handed_in == "2026-03-02T15:58:23+00:00"
    assert rows["ada"].said == ()


def test_nbgraders_exchange(gather):
    rows = gather({
        f"ada+ex02_dense+2026-03-02 15:58:23.948203 UTC+aB_-x/{EX}": notebook_of("old"),
        f"ada+ex02_dense+2026-03-03 15:58:23.948203 UTC+cD_-y/{EX}": notebook_of("new"),
        f"bob+ex02_dense+2026-03-02 15:58:23 UTC/{EX}": N,
    })  # fmt: skip
    assert graded(rows) == ["ada", "bob"]
    assert rows["ada"].read() == notebook_of("new")
    assert rows["ada"].handed_in == "2026-03-03T15:58:23+00:00"


def test_zip_collect(gather):
    one = "ex02_dense_{}_attempt_2026-01-30-{}-30-10_{}"
    old, new = one.format("ada", 15, EX), one.format("ada", 20, EX)
    bob = one.format("bob", 16, EX)
    inside = {
        old: notebook_of("old"),
        bob: N,
        "ex02_dense_bob_attempt_2026-01-30-16-30-10.txt": b"",
    }
    base = "downloaded/ex02_dense"
    rows = gather({
        f"{base}/archive/notebooks.zip": zip_of(inside),
        f"{base}/archive/{new}": notebook_of("new"),
        **{f"{base}/extracted/notebooks/{name}": data for name, data in inside.items()},
        f"{base}/extracted/{new}": notebook_of("new"),
    })  # fmt: skip
    assert graded(rows) == ["ada", "bob"]
    assert rows["ada"].read() == notebook_of("new")
    assert rows["ada"].handed_in.startswith("2026-01-30T20:30:10")


def test_one_zip_of_the_class(gather):
    rows = gather({"class.zip": zip_of({"ada/ex02_dense.ipynb": N, "bob/hand in/x.ipynb": N})})
    assert graded(rows) == ["ada", "bob"]
    assert rows["ada"].said == ()
    rows = gather({"class.zip": zip_of({"ada.ipynb": N, "bob.ipynb": N})})
    assert graded(rows) == ["ada", "bob"]


def test_a_zip_a_person(gather):
    rows = gather({
        "ada.zip": zip_of({EX: N}), "bob.zip": zip_of({f"ex02/{EX}": N, "ex02/data.csv": b""}),
        "carol.zip": zip_of({"again.zip": zip_of({EX: N})}), "dan.zip": b"PK\x03\x04 nothing",
    })  # fmt: skip
    assert graded(rows) == ["ada", "bob", "carol"]
    assert "is a damaged archive" in rows["dan"].problem


def test_groups_of_people(gather):
    rows = gather({
        f"group A/ada/{EX}": N, f"group A/bob/{EX}": N, f"group B/carol/{EX}": N,
        f"group B/dan/try 2/{EX}": N,
    })  # fmt: skip
    assert graded(rows) == ["ada", "bob", "carol", "dan"]
    assert rows["dan"].said == ("found in “group B”",)


@pytest.mark.parametrize("name", ["late", "Late submissions", "resubmissions", "verspätet"])
def test_a_folder_of_late_work_holds_people(gather, name):
    rows = gather({
        "ada.ipynb": notebook_of("old"), f"{name}/ada.ipynb": N, f"{name}/bob/{EX}": N,
    }, {f"{name}/ada.ipynb": 1_770_009_000.0})  # fmt: skip
    assert graded(rows) == ["ada", "bob"]
    assert rows["ada"].read() == N
    assert f"found in “{name}”" in rows["ada"].said


@pytest.mark.parametrize("name", ["submissions", "ex02_dense", "ex02 submissions", "Abgaben"])
def test_a_folder_of_the_class_is_no_person_even_with_one_in_it(gather, name):
    assert graded(gather({f"{name}/ada/{EX}": N})) == ["ada"]
    assert graded(gather({f"{name}/ada/ex02/{EX}": N, f"{name}/bob.ipynb": N})) == ["ada", "bob"]


def test_the_number_of_an_exercise_is_no_part_of_a_name(gather):
    assert graded(gather({"ex02 Dora.ipynb": N, "Emil_EX02.ipynb": N})) == ["Dora", "Emil"]


def test_folders_of_ones_own_are_no_people(gather):
    rows = gather({
        f"ada/week 1/{EX}": N, f"ada/old/{EX}": notebook_of("old"),
        f"bob/attempt 1/{EX}": N, f"bob/attempt 2/{EX}": N,
    }, {f"ada/week 1/{EX}": 1_770_009_000.0})  # fmt: skip
    assert graded(rows) == ["ada", "bob"]
    assert rows["ada"].read() == N


EVIL = notebook_of("evil")
SWAPS = {
    "folders": {f"mallory/ada/{EX}": EVIL, f"mallory/bob/{EX}": EVIL},
    "moodle": {f"mallory/{MOODLE.format('ada', 1)}/{EX}": EVIL},
    "zip": {"mallory.zip": zip_of({f"{MOODLE.format('ada', 1)}/{EX}": EVIL})},
    "nbgrader": {
        f"mallory/ada/ex02_dense/{EX}": EVIL,
        "mallory/ada/ex02_dense/timestamp.txt": b"2030-01-01 00:00:00 UTC",
    },
    "gradescope": {
        "mallory/submission_metadata.yml": b"x:\n  :submitters:\n  - :name: ada\n",
        f"mallory/x/{EX}": EVIL,
    },
    "clones": {
        "mallory/ex02-dense-ada/.git/x": b"",
        f"mallory/ex02-dense-ada/{EX}": EVIL,
    },
    "flat": {"mallory/ada.ipynb": EVIL, "mallory/bob.ipynb": EVIL},
}


@pytest.mark.parametrize("swap", SWAPS)
def test_nobody_hands_in_for_another(gather, swap):
    """A name inside of one's own work is one's own work."""
    late = dict.fromkeys(SWAPS[swap], 1_780_000_000.0)
    rows = gather({f"ada/{EX}": N, f"bob/{EX}": N, **SWAPS[swap]}, late)
    assert rows["ada"].read() == N
    assert rows["ada"].said == ()
    assert set(rows) == {"ada", "bob", "mallory"}


def test_nobody_hands_in_for_another_on_a_platform(gather):
    """Nor by a name that a platform would give."""
    ada, mallory = MOODLE.format("Ada", 1), MOODLE.format("Mallory", 2)
    rows = gather({f"{ada}/{EX}": N, f"{mallory}/{ada}/{EX}": EVIL, f"{mallory}/{ada}{EX}": EVIL})
    assert rows["Ada"].read() == N
    assert set(rows) == {"Ada", "Mallory"}
    rows = gather({f"ada_1_11_{EX}": N, f"mallory_2_12_ada_1_99_{EX}": EVIL})
    assert rows["ada"].read() == N


def test_nobody_hands_in_for_another_with_a_roster_either(gather):
    rows = gather(
        {f"ada/{EX}": N, f"bob/{EX}": N, f"guest/ada/{EX}": EVIL, f"guest/carol/{EX}": N},
        {f"guest/ada/{EX}": 1_780_000_000.0},
        roster="name\nada\nbob\ncarol\ndan\n",
    )
    assert rows["ada"].read() == N
    assert "who handed in elsewhere too" in rows["guest/ada"].problem
    assert graded(rows) == ["ada", "bob", "carol"]
    assert rows["dan"].problem.startswith("nothing was handed in")


def test_one_name_in_two_forms_is_one_person(gather):
    rows = gather({
        f"{unicodedata.normalize('NFC', 'Zoë')}.ipynb": notebook_of("1"),
        f"{unicodedata.normalize('NFD', 'Zoë')}/{EX}": notebook_of("2"),
    }, {f"{unicodedata.normalize('NFD', 'Zoë')}/{EX}": 1_770_009_000.0})  # fmt: skip
    assert graded(rows) == ["Zoë"]
    assert rows["Zoë"].read() == notebook_of("2")
    assert TWO_WAYS in rows["Zoë"].said


def test_capitals_tell_people_apart(gather):
    assert graded(gather({"Ada.ipynb": N, "ada.ipynb": N})) == ["Ada", "ada"]


def test_names_that_say_nobody_stay_apart(gather):
    rows = gather({EX: N, "ex02_dense (1).ipynb": N, "Ex02_Dense (2).ipynb": N})
    assert graded(rows) == ["Ex02_Dense (2)", "ex02_dense", "ex02_dense (1)"]
    assert "does not say whose it is" in rows["ex02_dense"].said[0]


@pytest.mark.parametrize(
    "name",
    ["名前", "שלום", "مرحبا", "a b  c", "x" * 240, "a\nb\x1b[2J", "-rf", "a\u202eb", "🙂", "Ünal"],
)
def test_any_name_is_a_row_and_is_shown_safely(gather, name):
    (row,) = gather({f"{name}.ipynb": N}).values()
    assert not row.problem
    assert row.student.isprintable()
    assert row.file.isprintable()
    assert all(said.isprintable() for said in row.said)
    assert row.read() == N


def test_names_that_are_no_text_are_rows(fill, gather):
    folder = fill({})
    for name in (b"\xff.ipynb", b"\xfe.ipynb"):
        with open(os.fsencode(folder) + b"/" + name, "wb") as file:
            file.write(N)
    assert graded(gather({})) == ["\\udcfe", "\\udcff"]


def test_a_class_of_many_files(gather):
    rows = gather({f"s{i:04}.ipynb": N for i in range(2000)})
    assert len(graded(rows)) == 2000
