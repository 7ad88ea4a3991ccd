"""Rosters as they are exported, and whose each name is: one person's, nobody's, or a question."""

import pytest

from course_nn.grading.collect.roster import RosterError, Who, read_roster, roster_of

ROSTERS = {
    "plain": "name,id,email\nAda Lovelace,12,ada@x.example\n",
    "first and last": "First name,Last name,ID number,Email address\nAda,Lovelace,12,ada@x.example",
    "moodle's worksheet": 'Identifier,"Full name","ID number","Email address",Status\n'
    '"Participant 77","Ada Lovelace",12,ada@x.example,"Submitted for grading"\n',
    "canvas": "Student,ID,SIS User ID,SIS Login ID,Section\n    Points Possible,,,,\n"
    '"Lovelace, Ada",77,12,ada@x.example,1\n"Student, Test",9,,,1\n',
    "excel, german": "sep=;\nNachname;Vorname;Matrikelnummer;E-Mail\nLovelace;Ada;12;ada@x.example",
    "tabs": "Name\tStudent ID\tE-mail\nLovelace, Ada\t12\tada@x.example\n",
    "nbgrader": "id,first_name,last_name,email\n12,Ada,Lovelace,ada@x.example\n",
    "github": '"identifier","github_username","github_id","name"\n"12","ada-l","99","Ada Lovelace"',
    "empty lines": "\n\nname,id\n\nAda Lovelace,12\n,\n\n",
}


@pytest.mark.parametrize("kind", ROSTERS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_rosters_of_many_kinds(tmp_path, kind, encoding):
    (tmp_path / "r.csv").write_bytes(ROSTERS[kind].replace("Ada", "Zoë").encode(encoding))
    roster = read_roster(tmp_path / "r.csv")
    (person,) = roster.people
    assert person.student == "Zoë Lovelace"
    assert person.id == "12"
    assert roster.find(Who("zoë_lovelace")) == [person]
    assert roster.find(Who("lovelaceada", "canvas", "9", "lovelacezoë")) == [person]


def test_a_persons_line_is_kept():
    (person,) = roster_of(ROSTERS["canvas"]).people
    assert person.row["Section"] == "1"
    assert person.row["SIS Login ID"] == "ada@x.example"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no heading"),
        ("Ada\nBob\n", "no heading"),
        ("12,13\n", "no heading"),
        ("\0", "heading"),
    ],
)
def test_what_is_no_roster_is_said(tmp_path, text, said):
    (tmp_path / "r.csv").write_text(text)
    with pytest.raises(RosterError, match=said):
        read_roster(tmp_path / "r.csv")


def test_a_roster_that_is_not_there_is_said(tmp_path):
    with pytest.raises(RosterError, match="cannot be read"):
        read_roster(tmp_path / "none.csv")
    with pytest.raises(RosterError, match="cannot be read"):
        read_roster(tmp_path)


CLASS = roster_of(
    "name,student id,email,username\n"
    "Ada Lovelace,1001,ada@x.example,al1\n"
    "Grace Hopper,1002,grace@x.example,gh2\n"
    "Grace Lovelace,1003,gl@x.example,gl3\n"
    "Li Na,1004,li@x.example,ln4\n"
)


@pytest.mark.parametrize(
    ("label", "student"),
    [
        ("Ada Lovelace", "Ada Lovelace"),
        ("lovelace-ada", "Ada Lovelace"),
        ("ADA_LOVELACE", "Ada Lovelace"),
        ("AdaLovelace", "Ada Lovelace"),
        ("1001", "Ada Lovelace"),
        ("al1", "Ada Lovelace"),
        ("ada", "Ada Lovelace"),
        ("gl", "Grace Lovelace"),
        ("ada@x.example", "Ada Lovelace"),
        ("exercise 2 by Ada Lovelace", "Ada Lovelace"),
        ("ex 1004 final", "Li Na"),
        ("hand in li@x.example", "Li Na"),
    ],
)
def test_a_label_finds_its_person(label, student):
    assert [person.student for person in CLASS.find(Who(label))] == [student]


@pytest.mark.parametrize("label", ["", "Lovelace", "Hop", "Ada L", "100", "ex02", "Hopper"])
def test_what_may_be_nobodys_finds_nobody(label):
    assert CLASS.find(Who(label)) == []


def test_a_first_name_that_is_anothers_e_mail_too_is_a_question():
    found = CLASS.find(Who("Grace"))
    assert [person.student for person in found] == ["Grace Hopper", "Grace Lovelace"]


def test_those_who_may_be_meant_are_known():
    assert [p.student for p in CLASS.near("lovelace_ex")] == ["Ada Lovelace", "Grace Lovelace"]
    assert CLASS.near("nobody") == []


def test_two_of_one_name_are_a_question_and_are_told_apart():
    roster = roster_of("name,id\nAda Lovelace,1\nAda Lovelace,2\nBob,3\nBob,3\n")
    assert [p.student for p in roster.people] == ["Ada Lovelace (1)", "Ada Lovelace (2)", "Bob"]
    assert len(roster.find(Who("Ada Lovelace"))) == 2
    assert [p.id for p in roster.find(Who("1"))] == ["1"]


def test_a_platforms_number_counts_only_where_the_name_agrees():
    """Canvas' 12 is not the student of the number 12."""
    roster = roster_of("name,id\nAda Lovelace,12\nGrace Hopper,13\n")
    assert roster.find(Who("hoppergrace", "canvas", "12", "hoppergrace"))[0].id == "13"
    assert roster.find(Who("someone", "canvas", "12", "someone")) == []
    assert roster.find(Who("Participant", "moodle", "12", ""))[0].id == "12"


def test_moodles_participants_are_found_by_their_number():
    roster = roster_of(ROSTERS["moodle's worksheet"])
    assert roster.find(Who("Participant", "moodle", "77"))[0].student == "Ada Lovelace"


def test_names_from_a_roster_are_safe_to_print():
    roster = roster_of("name\nAda\x1b[2J\u202e\n")
    assert roster.people[0].student.isprintable()
