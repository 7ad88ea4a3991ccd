"""Names that others chose are safe to print, and two students never share a report."""

import hashlib
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_nn.grading.collect.names import (
    folded,
    quoted,
    safe_name,
    shown,
    without_copy_marks,
    without_later_marks,
)

NAMES = st.text(st.characters(codec=None, exclude_categories=()), min_size=1, max_size=30)


def on_windows(name: str) -> str:
    """What a file system knows of a name that sees neither capitals nor how accents are written."""
    return unicodedata.normalize("NFD", name).casefold().rstrip(". ")


@pytest.mark.parametrize("name", ["ada", "ada.lovelace", "a1-b_c@uni.example+x"])
def test_a_simple_name_is_its_own(name):
    assert safe_name(name) == name


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ada", "ada"),
        ("Ada", "ADA"),
        ("Zoë", "Zoe"),
        ("ada.", "ada"),
        ("ada ", "ada"),
        ("ada/x", "ada_x"),
        ("a" * 300, "a" * 301),
        ("..", "."),
        ("con", "con_"),
        ("名前", "氏名"),
        ("ada\udc80", "ada\udc81"),
    ],
)
def test_two_students_have_two_reports(one, other):
    assert on_windows(safe_name(one)) != on_windows(safe_name(other))


def test_no_name_can_be_chosen_to_meet_anothers():
    victim = "Zoë"
    taken = safe_name(victim)
    digest = hashlib.sha256(victim.encode()).hexdigest()
    for chosen in (taken, taken.lower(), f"Zo_-{digest[:8]}", f"zoe~{digest[:16]}", taken + "."):
        assert on_windows(safe_name(chosen)) != on_windows(taken)


@given(NAMES, NAMES)
def test_names_that_differ_have_files_that_differ(one, other):
    if unicodedata.normalize("NFC", one) != unicodedata.normalize("NFC", other):
        assert on_windows(safe_name(one)) != on_windows(safe_name(other))


@given(NAMES)
def test_a_report_can_be_written_anywhere(name):
    file = safe_name(name)
    assert file.isascii()
    assert 0 < len(file) <= 100
    assert not set(file) & set('/\\:*?"<>| \0\n')
    assert file[0] not in ".-"
    assert file[-1] != "."
    assert file.split(".")[0].lower() not in {"con", "prn", "aux", "nul", "com1", "lpt9"}


@pytest.mark.parametrize("name", ["con", "CON", "nul.txt", "com1", "lpt9.x", "aux.ada"])
def test_names_that_windows_keeps_for_itself_are_changed(name):
    assert safe_name(name).split(".")[0].lower() not in {"con", "nul", "com1", "lpt9", "aux"}


@given(NAMES)
def test_what_is_shown_moves_no_terminal_and_no_eye(name):
    assert shown(name).isprintable()
    assert shown(name).encode()  # no surrogate is left


@given(NAMES, NAMES)
def test_what_differs_is_shown_to_differ(one, other):
    same = unicodedata.normalize("NFC", one) == unicodedata.normalize("NFC", other)
    assert (shown(one) == shown(other)) == same


def test_a_long_name_is_cut_in_a_sentence():
    assert len(quoted("x" * 255)) < 130
    assert quoted("x" * 255).endswith("x”")


@pytest.mark.parametrize(
    ("stem", "bare", "number"),
    [
        ("ex02_dense", "ex02_dense", 0),
        ("ex02_dense (1)", "ex02_dense", 1),
        ("ex02_dense(12)", "ex02_dense", 12),
        ("ex02_dense-Copy1", "ex02_dense", -1),
        ("ex02_dense-Copy1 (2)", "ex02_dense", -1),
        ("ex02_dense - Kopie", "ex02_dense", -1),
        ("ex02_dense - Copy (2)", "ex02_dense", -1),
        ("ex02_dense copy 2", "ex02_dense", -1),
        ("Kopie von ex02_dense", "ex02_dense", -1),
        ("Copy of ex02_dense", "ex02_dense", -1),
        ("copyright", "copyright", 0),
        ("(1)", "(1)", 0),
    ],
)
def test_copies_are_known_by_their_marks(stem, bare, number):
    assert without_copy_marks(stem) == (bare, number)


def test_marks_of_later_attempts():
    assert without_later_marks("ada_attempt_3") == ("ada", 3)
    assert without_later_marks("late") == ("late", 0)
    assert without_later_marks("chocolate") == ("chocolate", 0)
    assert without_later_marks("ada") == ("ada", 0)


def test_one_name_in_two_spellings_is_one():
    assert folded("Zoe\u0308") == folded("ZO\u00cb")
    assert folded("Lovelace, Ada") == folded("lovelace_ada")
