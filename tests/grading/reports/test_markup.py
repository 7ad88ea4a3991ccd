"""Whatever is filled in is text, and a page allows nothing but its own style."""

import base64
import hashlib
import re

import pytest
from markupsafe import Markup

from course_nn.grading.reports.markup import LONGEST, fill, joined, listed, page, plain

from .reading import EVIL, Page


@pytest.mark.parametrize("evil", EVIL)
def test_what_is_filled_in_is_text(evil):
    found = Page(page("t", fill('<p id="{}">{}</p>', "a", evil)))
    assert found.faults == []
    assert found.text.removeprefix("t ") == " ".join(plain(evil).split())


def test_what_is_html_already_stays_so():
    assert joined([fill("<b>{}</b>", fill("<i>{x}</i>", x="<"))]) == "<b><i>&lt;</i></b>"
    assert listed(["<", ">"]) == "<li>&lt;</li><li>&gt;</li>"
    assert fill("{}", Markup("\x00<br>")) == "\x00<br>"


@pytest.mark.parametrize(
    ("text", "shown"),
    [("a\x00b", "a�b"), ("\u202eabc", "�abc"), ("a\ud800", "a�"), ("a\tb\nc", "a\tb\nc"),
     ("می\u200cخواهم", "می\u200cخواهم"), ("Zoë", "Zoë"), ("a\u00a0b", "a\u00a0b")],
)  # fmt: skip
def test_what_cannot_be_seen_is_made_visible(text, shown):
    assert plain(text) == shown


def test_a_long_text_is_cut_and_says_so():
    assert plain("x" * (LONGEST + 5)).endswith(" … (5 more characters)")


def test_the_policy_allows_the_style_sheet_alone():
    text = page("t", Markup("<p></p>"))
    sheet = re.search(r"<style>(.*)</style>", text, re.S)[1]
    digest = base64.b64encode(hashlib.sha256(sheet.encode()).digest()).decode()
    policy = next(
        named["content"] for tag, named in Page(text).elements
        if named.get("http-equiv") == "Content-Security-Policy"
    )  # fmt: skip
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )
    assert "url(" not in sheet
    assert "@import" not in sheet
