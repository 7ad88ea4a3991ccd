"""Notebooks and folders as a class hands them in."""

import io
import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from course_nn.grading.collect import Submission, collect


def notebook_of(text: str = "x = 1", exercise: str = "ex02_dense") -> bytes:
    """A notebook whose one cell says `text`; with the exercise's id where there is one."""
    cell = {"cell_type": "code", "source": text, "metadata": {}, "outputs": []}
    if exercise:
        cell["id"] = f"{exercise.replace('_', '-')}-01"
    return json.dumps({"cells": [cell], "nbformat": 4, "nbformat_minor": 5}).encode()


def zip_of(files: dict[str, bytes], when=(2026, 3, 1, 12, 0, 0)) -> bytes:
    """A zip of these files."""
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as pack:
        for name, data in files.items():
            pack.writestr(zipfile.ZipInfo(name, when), data, zipfile.ZIP_DEFLATED)
    return memory.getvalue()


Fill = Callable[..., Path]


@pytest.fixture
def fill(tmp_path) -> Fill:
    """`fill({"ada/ex02.ipynb": bytes, …})` makes a folder of submissions; times as given."""

    def make(files: dict[str, bytes], times: dict[str, float] | None = None) -> Path:
        folder = tmp_path / "class"
        folder.mkdir(exist_ok=True)
        for name, data in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
            os.utime(path, (1_770_000_000.0, (times or {}).get(name, 1_770_000_000.0)))
        return folder

    return make


@pytest.fixture
def gather(fill) -> Callable[..., dict[str, Submission]]:
    """`gather(files, roster="…")` is what is collected from them, by student."""

    def run(files, times=None, roster: str | None = None, **options) -> dict[str, Submission]:
        folder = fill(files, times)
        path = None
        if roster is not None:
            path = folder.parent / "roster.csv"
            path.write_text(roster, encoding="utf-8")
        rows = collect(folder, "ex02_dense", roster=path, **options)
        assert len({row.student for row in rows}) == len(rows)
        return {row.student: row for row in rows}

    return run
