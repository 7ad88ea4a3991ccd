"""Rows: one a person, no two of one name, and with a roster those who are missing."""

import pickle

from course_nn.grading.collect import collect, names
from course_nn.grading.collect.rows import label_of

from .conftest import notebook_of

EX = "ex02_dense.ipynb"
N = notebook_of()
CLASS = "name,id,email\nAda Lovelace,12,ada@x.example\nBob,13,bob@x.example\nEve,14,\n"


def test_a_roster_names_shows_who_is_missing_and_who_is_not_on_it(gather):
    files = {"12.ipynb": N, f"bob@x.example/{EX}": N, "Zed.ipynb": N, "Lovelace.ipynb": N}
    rows = gather(files, roster=CLASS)
    assert list(rows) == ["Ada Lovelace", "Bob", "Eve", "Lovelace", "Zed"]
    assert rows["Lovelace"].said == ("not on the roster; is it Ada Lovelace?",)
    assert rows["Ada Lovelace"].said == ("“12” is Ada Lovelace by the roster",)
    assert (rows["Ada Lovelace"].id, rows["Ada Lovelace"].email) == ("12", "ada@x.example")
    assert rows["Eve"].problem == "nothing was handed in, but the roster lists this person"
    assert rows["Zed"].said == ("not on the roster",)
    assert not rows["Zed"].problem


def test_a_roster_in_the_folder_is_nobodys_work(fill):
    folder = fill({f"Bob/{EX}": N, "roster.csv": CLASS.encode()})
    rows = collect(folder, "ex02_dense", roster=folder / "roster.csv")
    assert [row.student for row in rows] == ["Ada Lovelace", "Bob", "Eve"]


def test_a_name_that_may_be_two_peoples_is_a_row_with_a_problem(gather):
    roster = "name,id\nAda Lovelace,1\nAda Lovelace,2\n"
    rows = gather({"Ada Lovelace.ipynb": N}, roster=roster)
    assert rows["Ada Lovelace"].problem == (
        "“Ada Lovelace” may be several of the roster: Ada Lovelace (1) and Ada Lovelace (2)"
    )
    assert set(rows) == {"Ada Lovelace", "Ada Lovelace (1)", "Ada Lovelace (2)"}


def test_two_rows_of_one_persons_work_become_one(gather):
    later = {f"Ada Lovelace/{EX}": 1_770_009_999.0}
    rows = gather({"12.ipynb": notebook_of("old"), f"Ada Lovelace/{EX}": N}, later, roster=CLASS)
    assert rows["Ada Lovelace"].read() == N


def test_platforms_are_found_in_the_roster(gather):
    rows = gather({
        f"Ada Lovelace_99_assignsubmission_file_/{EX}": N,
        f"BOB_98_assignsubmission_file_/{EX}": N,
    }, roster=CLASS)  # fmt: skip
    assert not rows["Ada Lovelace"].problem
    assert not rows["Bob"].problem


def test_moodles_worksheet_says_when(gather):
    sheet = (
        'Identifier,"Full name","Email address",Status,"Last modified (submission)"\n'
        '"Participant 99","Ada Lovelace",ada@x.example,Submitted,"Friday, 3 March 2023, 4:12 PM"\n'
        '"Participant 98",Bob,bob@x.example,No submission,-\n'
    )
    rows = gather({f"Ada Lovelace_99_assignsubmission_file_/{EX}": N}, roster=sheet)
    assert rows["Ada Lovelace"].handed_in.startswith("2023-03-03T16:12:00")
    assert rows["Bob"].problem.startswith("nothing was handed in")


def test_rows_can_be_sent_to_another_process(gather):
    rows = gather({f"ada/{EX}": N, "bob.pdf": b""})
    assert pickle.loads(pickle.dumps(rows)) == rows
    assert pickle.loads(pickle.dumps(rows["ada"])).read() == N


def test_reports_never_meet(gather):
    """Names chosen to meet another's report, an umlaut, capitals: each has a file of its own."""
    zoe = names.safe_name("Zoë")
    rows = gather({f"{name}.ipynb": N for name in ("Zoë", zoe, zoe.upper(), "zoë", "zoe", "ZOE")})
    assert len(rows) == 6
    assert len({names.safe_name(student).casefold() for student in rows}) == 6


def test_an_endless_name_is_cut_and_stays_its_own():
    one, other = label_of("x" * 300 + "a"), label_of("x" * 300 + "b")
    assert one != other
    assert len(one) < 121
    assert label_of(" \t") == "(no name)"
