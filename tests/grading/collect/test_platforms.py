"""What platforms' names tell, and nothing where a name only looks like theirs."""

import pytest

from course_nn.grading.collect.platforms import gradescope, iso, iso_of, marked


@pytest.mark.parametrize(
    ("name", "platform", "label", "id", "rest"),
    [
        ("Ada Lovelace_1234567_assignsubmission_file_", "moodle", "Ada Lovelace", "1234567", ""),
        ("Ada Lovelace_1234567_assignsubmission_file", "moodle", "Ada Lovelace", "1234567", ""),
        ("Ada_1_assignsubmission_file_my_ex_02.ipynb", "moodle", "Ada", "1", "my_ex_02.ipynb"),
        ("Ada_1_assignsubmission_onlinetext_", "moodle", "Ada", "1", ""),
        ("Group 3_77_assignsubmission_file_", "moodle", "Group 3", "77", ""),
        ("Ada_1_assignsubmission_file_Bob_2_assignsubmission_file_x.ipynb",
         "moodle", "Ada", "1", "Bob_2_assignsubmission_file_x.ipynb"),
        ("lovelaceada_12_345_ex02_dense-1.ipynb", "canvas", "lovelaceada", "12",
         "ex02_dense-1.ipynb"),
        ("lovelaceada_LATE_12_345_x.ipynb", "canvas", "lovelaceada", "12", "x.ipynb"),
        ("ada_l_2nd_12_345_x_1_2_y.ipynb", "canvas", "ada_l_2nd", "12", "x_1_2_y.ipynb"),
        ("müllerzoë_12_345_x.ipynb", "canvas", "müllerzoë", "12", "x.ipynb"),
        ("anon_aB3dE_345_x.ipynb", "canvas", "anon_aB3dE", "aB3dE", "x.ipynb"),
        ("ps1_hacker_attempt_2016-01-30-20-30-10_p.ipynb", "attempt", "hacker", "", "p.ipynb"),
        ("ada+ps1+2016-01-30 20:30:10.1 UTC+a-_=", "nbgrader", "ada", "", ""),
    ],
)  # fmt: skip
def test_names_of_platforms(name, platform, label, id, rest):
    mark = marked(name)
    assert mark is not None
    assert (mark.who.platform, mark.who.label, mark.who.id, mark.rest) == (
        platform,
        label,
        id,
        rest,
    )


@pytest.mark.parametrize(
    "name",
    ["ada.ipynb", "ada_ex02_dense.ipynb", "2026_10_03_ada.ipynb", "Ada_12_34_x.ipynb", "a+b+c",
     "assignsubmission_file", "_1_2_", "x" * 255, "_" * 255, "a_" * 127, "1_" * 127, "a+" * 127],
)  # fmt: skip
def test_names_of_people(name):
    assert marked(name) is None


def test_a_platforms_late_mark_is_seen():
    assert marked("ada_LATE_12_345_x.ipynb").late
    assert marked("LATE_anon_aB3dE_345_x.ipynb").late
    assert not marked("late_12_345_x.ipynb").late


@pytest.mark.parametrize(
    ("text", "iso_text"),
    [
        ("2015-02-02 15:58:23.948203 UTC", "2015-02-02T15:58:23+00:00"),
        ("2023-01-02 03:04:05.123456000 Z", "2023-01-02T03:04:05+00:00"),
        ("2017-06-01T14:22:32.365935-07:00", "2017-06-01T14:22:32-07:00"),
        ("2017-06-01 14:22:32 +0530", "2017-06-01T14:22:32+05:30"),
        ("2017-06-01 14:22:32 Europe/Berlin", ""),
        ("2017-13-41 14:22:32 Z", ""),
        ("", ""),
        ("0000-00-00 00:00:00", ""),
    ],
)
def test_times(text, iso_text):
    assert iso_of(text) == iso_text


def test_a_time_without_a_zone_is_this_places():
    assert iso_of("2016-01-30-20-30-10").startswith("2016-01-30T20:30:10")
    assert iso(0.0) == ""
    assert iso(1_770_000_000.0)[:10] in ("2026-02-01", "2026-02-02")


def test_gradescopes_list_is_read_by_its_own_lines_only():
    listed = gradescope(
        "---\nsubmission_1:\n  :submitters:\n  - :name: O'Neil\n    :sid: '''1'''\n"
        "  :results:\n    output: |-\n      submission_1:\n        :submitters:\n"
        "        - :name: Mallory\n  :history:\n  - :created_at: 2030-01-01 00:00:00 Z\n"
        "  :created_at: 2026-01-01 00:00:00 Z\n"
        "submission_2.zip:\n  :submitters: []\n"
        "submission_3:\n  :submitters:\n    - :name: ~\n      :sid: 12\n"
    )
    (one,) = listed["submission_1"].people
    assert (one.name, one.id) == ("O'Neil", "'1'")
    assert listed["submission_1"].time == "2026-01-01T00:00:00+00:00"
    assert listed["submission_2.zip"].people == []
    assert listed["submission_3"].people[0].label == "12"


@pytest.mark.parametrize("text", ["", "---", "x", ":\n:\n", "  :submitters:\n  - :name: a", "\0"])
def test_what_is_no_list_is_none(text):
    assert all(not handed.people for handed in gradescope(text).values())
