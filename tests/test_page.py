"""What a notebook hands to its page."""

import re

import matplotlib.pyplot as plt
import pytest

from course_nn import page, plot


def test_a_glued_value_carries_its_name_and_shows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda *a, **k: shown.append((a, k)))
    page.glue("answer", f"{0.5:.0%}")
    (((data,), options),) = shown
    assert data == {"application/papermill.record/text/plain": "50%"}  # a type no page draws
    assert options["metadata"]["scrapbook"]["name"] == "answer"


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
        lambda figure, k: figure.text(0, 0, "abc"[k]), ["one", "<two>", "three"], alt="letters"
    )._repr_html_()
    assert html.count('class="nn-frame"') == 3
    assert html.count('class="nn-frame" hidden') == 2
    assert 'max="2"' in html
    assert 'aria-label="letters"' in html
    assert "<two>" not in html
    assert html.count("<svg") == 3
    assert not re.search(r"(src|href)=\"https?:", html)


def test_the_style_draws_svg_without_a_background() -> None:
    with plt.rc_context():
        page.style()
        assert plt.rcParams["savefig.facecolor"] == "none"
        assert plt.rcParams["axes.prop_cycle"].by_key()["color"] == list(plot.LINES)


def test_a_record_travels_with_the_package(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # a reader's folder, with nothing of the repository in it
    assert page.record("bench")["step"]


def test_a_record_that_nobody_made_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"there is no record 'lap'; there are: bench"):
        page.record("lap")
