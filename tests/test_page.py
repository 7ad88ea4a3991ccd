"""What a notebook hands to its page."""

import re
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import pytest

from course_nn import page, plot


def test_a_glued_value_carries_its_name_and_shows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda *a, **k: shown.append((a, k)))
    page.glue("answer", f"{0.5:.0%}")
    (((data,), options),) = shown
    assert data == {"application/papermill.record/text/plain": "'50%'"}  # a type no page draws
    assert options["metadata"]["scrapbook"]["name"] == "answer"


@pytest.mark.parametrize("value", ["4,319", "0.50", "it's"])
def test_a_glued_value_is_shown_as_it_was_handed_over(
    value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    variables = pytest.importorskip("myst_nb.core.variables")
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda data, **k: shown.extend(data.values()))
    page.glue("value", value)
    assert variables.format_plain_text(shown[0], "") == value
    assert variables.format_plain_text("4,319", "") != "4,319"


def test_a_glued_value_is_found_by_the_book_builder() -> None:
    glue = pytest.importorskip("myst_nb.ext.glue")
    assert page.GLUED == glue.GLUE_PREFIX


@pytest.mark.parametrize("name", plot.PALETTE)
def test_a_drawing_follows_the_page_in_every_colour_of_the_palette(name: str) -> None:
    figure = plt.figure()
    figure.add_artist(plt.Rectangle((0, 0), 1, 1, color=plot.PALETTE[name]))
    drawn = page.drawn(figure)
    plt.close(figure)
    assert f"var(--nn-{name}, {plot.PALETTE[name].lower()})" in drawn
    assert drawn.startswith("<svg")


def test_a_moving_figure_shows_its_first_frame_and_a_slider_over_all() -> None:
    html = page.moving(
        lambda figure, k: figure.text(0, 0, "abc"[k]),
        ["one", "<two>", "three"],
        alt="letters",
        label="turn me",
    )._repr_html_()
    assert html.count('class="nn-frame" hidden') == 2
    assert html.count('class="nn-frame"') == 3
    assert 'max="2"' in html
    assert "turn me</label>" in html
    assert 'aria-label="letters"' in html
    assert "<two>" not in html
    assert html.count("<svg") == 4  # and what the frames share
    assert not re.search(r"(src|href)=\"https?:", html)


def busy(figure: Any, k: int) -> None:
    """A frame with letters, markers, clips and an image: all that a drawing names."""
    ax = figure.subplots()
    ax.plot([0, k], [0, 1], "o-", color=plot.BLUE)
    ax.imshow([[k, 1], [1, 0]], cmap=plot.SIGNED, interpolation="none")
    ax.set_title(f"frame {k}")


def test_no_name_stands_twice_on_a_page_and_each_that_is_used_stands_there() -> None:
    figures = [page.moving(busy, ["a", "b", "c"][:n], alt=f"{n} frames") for n in (2, 3)]
    html = "".join(figure._repr_html_() for figure in figures)
    names = Counter(re.findall(r' id="([^"]+)"', html))
    used = {*re.findall(r'href="#([^"]+)"', html), *re.findall(r"url\(#([^)]+)\)", html)}
    assert max(names.values()) == 1
    assert used
    assert used <= set(names)
    assert "data:image/png" in html
    assert not re.search(r"\d\.\d{3}", "".join(re.findall(r' d="([^"]+)"', html)))
    assert "<style" not in html  # which would rule the page


def test_a_figure_is_the_same_when_it_is_drawn_again() -> None:
    one, two = (page.moving(busy, ["a", "b"], alt="twice")._repr_html_() for _ in range(2))
    with plt.rc_context({"svg.hashsalt": "course_nn"}):
        three, four = (page.moving(busy, ["a", "b"], alt="twice")._repr_html_() for _ in range(2))
    assert len(one) == len(two)
    assert three == four


@pytest.mark.browser
def test_keys_move_the_slider_of_one_figure_and_nothing_else_on_the_page() -> None:
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("no Chromium on PATH")
    playwright = pytest.importorskip("playwright.sync_api")
    captions = ["one", "two, which takes more than a line " * 9, "three"]
    html = "".join(page.moving(busy, captions, alt=alt)._repr_html_() for alt in ("a", "b"))
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=program, args=["--no-sandbox", "--disable-gpu"]
        )
        view = browser.new_page(viewport={"width": 390, "height": 800})
        view.set_content(f"<!doctype html>{html}")
        heights = [view.evaluate("document.body.scrollHeight")]
        view.keyboard.press("Tab")  # the first stop is the first slider
        seen = []
        for key in ("ArrowRight", "ArrowRight", "Home"):
            view.keyboard.press(key)
            heights.append(view.evaluate("document.body.scrollHeight"))
            shown = "all => all.map((e, k) => [e, k]).filter(([e]) => e.checkVisibility())"
            frames = view.eval_on_selector_all(".nn-frame", f"{shown}.map(([, k]) => k)")
            words = view.eval_on_selector_all(
                "output span",
                "all => all.filter(e => getComputedStyle(e).visibility === 'visible')"
                ".map(e => e.textContent)",
            )
            told = view.get_attribute("input >> nth=0", "aria-valuetext")
            assert words == [told, "one"]
            seen.append((frames, captions.index(told)))
        browser.close()
    assert seen == [([1, 3], 1), ([2, 3], 2), ([0, 3], 0)]
    assert len(set(heights)) == 1  # nothing jumps


def test_minutes_count_words_formulas_code_and_what_is_printed() -> None:
    words = "word " * 1000 + "\n"  # 5 minutes each
    formulas = "$$\nx\n$$\n\n" * 15
    code = "```{code-cell} ipython3\n" + "x = 1\n" * 200 + "```\n"
    prints = "```{literalinclude} f.py\n```\n" * 10
    folded = "```{dropdown} Solution\n" + words + "```\n"
    hidden = code.replace("python3\n", "python3\n:tags: [hide-input]\n", 1)
    for text, expected in {
        words: 5,
        words + formulas: 10,
        words + code: 10,
        words + prints: 10,
        words + folded: 5,
        words + hidden: 5,
        words + formulas + code + prints: 20,
        words + "\n## Exercises\n\n" + words + "\n## Sources\n": 5,
        words + "| $x$ | | - | *1* |\n" * 400: 5,
    }.items():
        assert page.minutes(text) == expected


def test_the_contents_are_read_from_the_sources(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "toc.yml").write_text(
        "root: intro\nparts:\n  - caption: Layers\n    chapters:\n      - file: layers/a\n"
        "        sections:\n          - file: layers/b\n"
        "      - file: layers/b\n      - file: layers/book_only\n"
    )
    book = tmp_path / "book"
    (book / "layers").mkdir(parents=True)
    (book / "layers/a.md").write_text("---\nx: 1\n---\n\n(a)=\n# A\n\n**Why\nso?**\n\nText.\n")
    (book / "layers/b.md").write_text("# B\n\nNo question.\n")
    monkeypatch.chdir(book)
    lines = page.contents("../toc.yml").data.splitlines()
    assert [line for line in lines if line] == [
        "**Layers**",
        "- [A](layers/a.md), 5 min\\",
        "  Why so?",
        "- [B](layers/b.md)",
    ]


def test_a_notebook_without_the_book_says_where_the_contents_are(tmp_path: Path) -> None:
    assert "on the page" in page.contents(tmp_path / "toc.yml").data


def test_the_style_draws_svg_without_a_background() -> None:
    with plt.rc_context():
        page.style()
        assert plt.rcParams["savefig.facecolor"] == "none"
        assert plt.rcParams["axes.prop_cycle"].by_key()["color"] == list(plot.LINES)


def test_a_clock_that_stands_still_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]

    def run() -> None:
        clock[0] += 3e-4

    monkeypatch.setattr(page, "CLOCK", 5e-3)
    monkeypatch.setattr(page.time, "perf_counter", lambda: round(clock[0], 3))  # milliseconds
    assert page.timed(run) == pytest.approx(3e-4, rel=0.2)


def test_of_several_times_the_least_counts_and_a_long_call_is_made_once(monkeypatch) -> None:
    clock, lasts, calls = [0.0], [0.3, 0.1, 0.2], []

    def run() -> None:
        calls.append(len(calls))
        clock[0] += lasts[len(calls) - 1]

    monkeypatch.setattr(page.time, "perf_counter", lambda: clock[0])
    assert page.timed(run, 3) == pytest.approx(0.1)
    assert len(calls) == 3


def test_a_record_travels_with_the_package(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # a reader's folder, with nothing of the repository in it
    assert page.record("bench")["step"]


def test_a_record_that_nobody_made_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"there is no record 'lap'; there are: .*bench"):
        page.record("lap")
