"""A notebook's file, whoever wrote it: its cells, or one sentence on what it is instead."""

import json

import pytest

from course_nn.grading import ipynb
from course_nn.grading.collect import Unreadable
from course_nn.grading.ipynb import Cell, read

CODE = {"cell_type": "code", "source": ["a = 1\n", "b"], "metadata": {}, "outputs": []}


def book(*cells: object, **more: object) -> str:
    return json.dumps({"cells": list(cells), "metadata": {}, "nbformat": 4, **more})


def cells(text: str | bytes) -> list[tuple[str, str]]:
    data = text.encode() if isinstance(text, str) else text
    return [(cell.kind, cell.text) for cell in read(data).cells]


GOOD = book(CODE, {"cell_type": "raw"}, 3, None)
READ = [("code", "a = 1\nb"), ("raw", "")]


@pytest.mark.parametrize(
    "data",
    [
        GOOD.encode(),
        b"\xef\xbb\xbf" + GOOD.encode(),
        GOOD.encode("utf-16"),
        GOOD.encode("utf-16-le"),
        GOOD.encode("utf-16-be"),
        GOOD.encode("utf-32"),
        b" \n" + GOOD.replace(", ", ",\r\n\t").encode(),
        json.dumps(GOOD).encode(),
        GOOD.replace("3, null", "NaN, -Infinity, 1e999").encode(),
    ],
)
def test_the_same_cells_in_any_encoding(data):
    assert cells(data) == READ
    assert read(data).said == ()


def test_what_stands_behind_the_end_is_left_out_and_said():
    found = read((GOOD + GOOD).encode())
    assert [cell.kind for cell in found.cells] == ["code", "raw"]
    assert found.said == (
        "the file goes on behind the end of the notebook: what follows was left out",
    )


def test_a_notebook_as_jupyters_server_sends_it_is_one():
    sent = {"name": "a.ipynb", "type": "notebook", "content": json.loads(GOOD)}
    assert cells(json.dumps(sent)) == READ


def test_what_is_not_utf8_is_read_as_windows_wrote_it():
    found = read(
        book({**CODE, "source": "# für\nx = '–'"}).replace("\\u00fc", "ü").encode("cp1252")
    )
    assert found.cells[0].text == "# für\nx = '–'"
    assert "not UTF-8" in found.said[0]


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"source": "a\r\nb\rc"}, "a\nb\nc"),
        ({"source": ["a\r\n", 3, None, "b"]}, "a\nb"),
        ({"source": {"x": 1}}, ""),
        ({"source": None}, ""),
        ({}, ""),
        ({"input": ["a"]}, "a"),
        ({"source": "\ud800"}, "?"),
        ({"source": "a\tb"}, "a\tb"),
    ],
)
def test_a_source_is_text_or_nothing(fields, text):
    assert cells(book({"cell_type": "code", **fields})) == [("code", text)]


def test_a_tab_that_is_not_escaped_is_read():
    assert cells('{"cells": [{"cell_type": "code", "source": "if a:\n\tb"}]}') == [
        ("code", "if a:\n\tb")
    ]


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"cell_type": "Code"}, "code"),
        ({"outputs": []}, "code"),
        ({"cell_type": 3, "execution_count": None}, "code"),
        ({}, "markdown"),
        ({"cell_type": "code", "metadata": {"vscode": {"languageId": "shellscript"}}}, "markdown"),
        ({"cell_type": "code", "metadata": {"vscode": {"languageId": "python"}}}, "code"),
        ({"cell_type": "code", "metadata": {"vscode": None}}, "code"),
        ({"cell_type": "code", "metadata": None}, "code"),
        ({"cell_type": "code", "language": "ruby"}, "markdown"),
    ],
)
def test_the_kind_of_a_cell(fields, kind):
    assert cells(book({"source": "x", **fields})) == [(kind, "x")]


@pytest.mark.parametrize(
    ("fields", "ids"),
    [
        ({"id": "dense-forward"}, {"dense-forward"}),
        (
            {"metadata": {"id": "Xy_1", "nbgrader": {"grade_id": "relu_back"}}},
            {"Xy-1", "relu-back"},
        ),
        ({"id": 3, "metadata": {"nbgrader": None}}, set()),
    ],
)
def test_a_cell_is_known_by_all_its_ids(fields, ids):
    assert read(book({**CODE, **fields}).encode()).cells[0].ids == ids


def test_format_3_has_its_cells_in_worksheets():
    sheet = {
        "cells": [
            {"cell_type": "heading", "level": 2, "source": "Task 2.1"},
            {"cell_type": "code", "language": "python", "input": ["x = 1"], "outputs": [{}]},
        ]
    }
    text = json.dumps({"worksheets": [sheet, None, {"cells": 3}], "nbformat": 3})
    assert cells(text) == [("markdown", "## Task 2.1"), ("code", "x = 1")]


def test_outputs_and_pictures_cost_nothing(monkeypatch):
    monkeypatch.setattr(ipynb, "MAX_TEXT", 10_000)
    output = {"text": [']}"[{', "x\n" * 50_000], "data": {"a": [[{"b": "\\"}]]}}
    markdown = {"cell_type": "markdown", "source": "t", "attachments": {"p": {"png": "A" * 99_999}}}
    shown = {**CODE, "source": "s = '\"outputs\": ['", "outputs": [output]}
    assert cells(book(shown, markdown, CODE)) == [
        ("code", 's = \'"outputs": [\''), ("markdown", "t"), ("code", "a = 1\nb")
    ]  # fmt: skip


def test_fifty_megabytes_of_outputs_are_passed_over_in_little_memory():
    import tracemalloc

    image = {"data": {"image/png": "iVBORw0KGgo\n" * (1 << 20)}}
    data = book({**CODE, "outputs": [image] * 5}, CODE).encode()
    assert len(data) > 60 << 20
    tracemalloc.start()
    assert cells(data) == [("code", "a = 1\nb")] * 2
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 << 20


CONFLICT = """{
 "cells": [
<<<<<<< HEAD
  {"cell_type": "code", "source": "ours"}
||||||| base
  {"cell_type": "code", "source": "base"}
=======
  {"cell_type": "code", "source": "theirs"}
>>>>>>> branch
 ]
}
"""


def test_an_unresolved_merge_is_read_by_its_first_side_and_said():
    found = read(CONFLICT.encode())
    assert [cell.text for cell in found.cells] == ["ours"]
    assert "unresolved merge of Git" in found.said[0]
    assert cells(book({**CODE, "source": "a\n<<<<<<< HEAD\n>>>>>>> b"}))[0][1].startswith("a\n<<")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "it is empty"),
        (b" \n", "it is empty"),
        (bytes(5000), "it is empty"),
        (b"hello", "not valid JSON"),
        (GOOD[:40].encode(), "cut short or damaged .not valid JSON at line 1"),
        (b"\x80\x04K\x01.", "it is no text"),
        (b"[" * 200_000, "nested deeper than any notebook"),
        (b'{"cells": ' + b"[" * 200_000, "nested deeper than any notebook"),
        (b"[]", "no list of cells"),
        (b"3", "no list of cells"),
        (b'{"cells": {}}', "no list of cells"),
        (b'{"url": "https://docs.google.com", "doc_id": "x"}', "shortcut to a file in a cloud"),
        (b'{"cells": [' + b"3," * 6000 + b"3]}", "6001 cells; at most 5000"),
        (b"PK\x03\x04...", "it is a zip archive or an Office document, not a notebook: hand in"),
        (b"%PDF-1.7", "it is a PDF"),
        (b"\x89PNG\r\n", "it is an image"),
        (b"<!DOCTYPE html><html>", "it is a web page"),
        (b"\n  <html>", "it is a web page"),
        (b"version https://git-lfs.github.com/spec/v1\n", "a pointer of Git LFS"),
        (b"#!/usr/bin/env python\nimport numpy as np\n", "it is a Python script, not a notebook"),
        (b"# In[1]:\n\n\nx = 1", "it is a Python script"),
    ],
)
def test_what_is_no_notebook_is_named(data, said):
    with pytest.raises(Unreadable, match=said):
        read(data)


@pytest.mark.parametrize(
    ("limit", "data", "said"),
    [
        ("MAX_BYTES", GOOD * 99, "larger than 0 MiB"),
        ("MAX_TEXT", book({**CODE, "source": "x" * 5000}), "beside its outputs"),
        ("MAX_PIECES", book({**CODE, "outputs": [[]] * 5000}), "clear all outputs"),
        ("MAX_PIECES", book({**CODE, "metadata": {"a": [[]] * 5000}}), "millions of pieces beside"),
    ],
)
def test_what_would_take_too_much_is_refused(monkeypatch, limit, data, said):
    monkeypatch.setattr(ipynb, limit, 3000)
    with pytest.raises(Unreadable, match=said):
        read(data.encode())


@pytest.mark.parametrize(
    "end", [b'"' + b'\\"' * 500_000, b"[" * 500_000, b'""' * 500_000, b'{"outputs": [' * 50_000]
)
def test_no_text_takes_long(end):
    with pytest.raises(Unreadable):
        read(b'{"cells": [{"outputs": [' + end)


@pytest.mark.parametrize("again", [b'"\\', b'"\\"\\', b'x"\\\\\\'])
@pytest.mark.parametrize("start", [b'{"cells": [{"outputs": [', b'{"attachments": {"a": '])
def test_texts_that_end_in_a_lone_backslash_are_read_once(start, again):
    # of each quote it was tried whether a text begins there, which took hours
    with pytest.raises(Unreadable, match="cut short or damaged"):
        read(start + again * 2_000_001)


def test_a_merge_of_many_lines_is_read_and_thousands_of_merges_are_refused(monkeypatch):
    lines = b"\n" * 5_000_000
    many = CONFLICT.encode().replace(b"{\n", b"{\n" + lines, 1)
    assert cells(many) == [("code", "ours")]
    assert cells(CONFLICT.replace("\n", "\r\n")) == [("code", "ours")]
    monkeypatch.setattr(ipynb, "MAX_MERGES", 3)
    with pytest.raises(Unreadable, match="thousands of unresolved merges"):
        read(CONFLICT.encode())


def test_another_language_is_said():
    for metadata in ({"kernelspec": {"language": "R"}}, {"language_info": {"name": "julia"}}):
        assert "not in Python" in read(book(CODE, metadata=metadata).encode()).said[0]
    for metadata in (None, 3, {"kernelspec": None}, {"language_info": {"name": "ipython"}}):
        assert read(book(CODE, metadata=metadata).encode()).said == ()


def test_the_version_of_python_is_kept():
    metadata = {"language_info": {"name": "python", "version": "3.12.4"}}
    assert read(book(CODE, metadata=metadata).encode()).python == "3.12.4"
    assert read(GOOD.encode()).cells[0] == Cell("code", "a = 1\nb")
