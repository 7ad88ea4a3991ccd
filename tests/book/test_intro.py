"""The first page and the README: what they claim is so, and can be checked as they say.

`python -m tests.book.test_intro` draws the README's picture again, from the first page's cell.
"""

import json
import re
import runpy
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
import yaml

from course_nn import page

from .sources import ROOT, Page

INTRO = Page.read("intro")
README = (ROOT / "README.md").read_text(encoding="utf-8")
PICTURE = ROOT / "book" / "_static" / "way.svg"
RECORD = json.loads((ROOT / "benchmarks" / "accuracy.json").read_text(encoding="utf-8"))


def way(folder: Path) -> page.Moving:
    """The moving figure of the first page, drawn by its cell alone."""
    *body, last = re.split(r"(?m)^(?=page\.moving\()", INTRO.cells[0].body)
    script = folder / "way.py"
    script.write_text("".join(body) + "way = " + last, encoding="utf-8")
    return runpy.run_path(str(script))["way"]


def on_paper(svg: str) -> str:
    """A drawing that stands alone, on white whatever is around it."""
    head, start, rest = svg.partition(">")
    return f'{head}{start}<rect width="100%" height="100%" fill="#ffffff"/>{rest}'


@pytest.fixture(scope="module")
def figure(tmp_path_factory: pytest.TempPathFactory) -> page.Moving:
    pytest.importorskip("IPython")
    return way(tmp_path_factory.mktemp("way"))


def test_the_first_picture_goes_there_and_back_in_a_frame_for_each_step(figure) -> None:
    html = figure._repr_html_()
    assert len(figure.frames) == len(figure.captions) == 11
    assert len(html) < 300_000
    images = [frame.count("<image") for frame in figure.frames]
    assert images[0] == 8  # four values and four gradients; the rest are bars
    assert images[1:] == [1, 2, 3, 4, 4, 4, 5, 6, 7, 8]


def test_the_readme_s_picture_is_the_first_frame_and_names_no_machine(figure) -> None:
    text = PICTURE.read_text(encoding="utf-8")
    assert f'src="{PICTURE.relative_to(ROOT).as_posix()}"' in README
    assert len(text) < 80_000
    assert not re.search(r"/(home|root|tmp|work|Users)/", text)
    drawn, stored = (ET.fromstring(svg) for svg in (figure.frames[0], text))
    assert drawn.attrib == stored.attrib
    tags = [[e.tag.rpartition("}")[2] for e in root.iter()] for root in (drawn, stored)]
    assert [tags[n].count("image") for n in (0, 1)] == [8, 8]


def commands(text: str) -> list[str]:
    """What a text asks a reader to run."""
    return re.findall(r"`((?:make|python -m) [^`]+)`", text)


@pytest.mark.parametrize("text", [INTRO.text, README], ids=["intro", "README"])
def test_every_command_that_proves_a_claim_runs_something_that_exists(text: str) -> None:
    targets = re.findall(r"(?m)^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"))
    found = commands(text)
    assert len(found) >= 5
    for command in found:
        program, *words = command.replace('"', "").split()
        if program == "python":
            ours = (ROOT / words[1].replace(".", "/")).with_suffix(".py").is_file()
            assert ours or words[1].partition(".")[0] in sys.stdlib_module_names, command
            continue
        assert words[0] in targets, command
        paths = [w.removeprefix("PYTEST_ARGS=") for w in words[1:] if "tests" in w]
        assert all((ROOT / path).exists() for path in paths), command


@pytest.mark.parametrize("text", [INTRO.text, README], ids=["intro", "README"])
def test_there_are_five_claims(text: str) -> None:
    claims = re.findall(r"(?m)^\d\. \*\*|^\| \*\*", text)
    assert len(claims) == 5


@pytest.mark.parametrize("text", [INTRO.text, README], ids=["intro", "README"])
def test_the_exercises_are_as_many_as_there_are_and_bring_what_they_do(text: str) -> None:
    guide = Page.read("guide/students").text
    points = re.findall(r"(?m)^\| \{doc\}.*\| (\d+) \|$", guide)
    assert len(points) == len(list((ROOT / "book" / "exercises").glob("ex*.ipynb"))) == 12
    said = " ".join(text.split())
    assert "Twelve graded exercises" in said
    assert f"{sum(map(int, points))} points" in said
    assert "`make lab`" in said


def deep() -> dict:
    """The record of the network that reads best."""
    return max(RECORD["results"], key=lambda result: result["mean"])


@pytest.mark.parametrize("text", [INTRO.text, README], ids=["intro", "README"])
def test_how_well_handwriting_is_read_is_what_the_record_says(text: str) -> None:
    assert f"{deep()['mean']:.2f} %" in text
    assert "mean of five seeds" in text
    assert len(deep()["runs"]) == 5


def test_every_number_of_the_readme_s_table_is_in_the_record() -> None:
    rows = re.findall(r"(?m)^\|[^|\n]+\| (\d+\.\d+) % \| (\d+)", README)
    recorded = {(f"{r['mean']:.2f}", str(r["recipe"]["epochs"])) for r in RECORD["results"]}
    assert set(rows) == recorded


def test_the_buttons_lead_to_pages_that_exist() -> None:
    doors = re.findall(r"\{button-ref\} (\S+)", INTRO.text)
    assert len(doors) >= 4
    for door in doors:
        named = (ROOT / "book" / f"{door}.md").is_file()
        labelled = any(
            f"({door})=" in path.read_text(encoding="utf-8")
            for path in (ROOT / "book").rglob("*.md")
        )
        assert named or labelled, door


def test_the_contents_name_every_page_and_the_question_and_time_of_each_chapter(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(ROOT / "book")
    text = page.contents().data
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    files = [chapter["file"] for part in toc["parts"] for chapter in part["chapters"]]
    pages = [f for f in files if (ROOT / "book" / f"{f}.md").is_file()]
    assert re.findall(r"\]\((\S+)\.md\)", text) == pages
    dense = Page.read("layers/dense").text
    question = re.search(r"(?m)^\*\*(.+)\*\*$", dense)
    assert question is not None
    assert f"layers/dense.md), {page.minutes(dense)} min\\\n  {question[1]}" in text


def test_the_contents_are_read_anew_whenever_the_book_is_built() -> None:
    assert re.search(r"(?m)^  execution_mode: force$", INTRO.text.split("\n---\n")[0])


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        PICTURE.write_text(on_paper(way(Path(folder)).frames[0]) + "\n", encoding="utf-8")
