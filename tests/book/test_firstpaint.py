"""The measurement of the first paint: it sees what holds a page back, and says which is late."""

import pytest

from benchmarks import firstpaint

from .looking import browser, serve, site

__all__ = ["browser", "serve", "site"]  # fixtures

PAGE = "<!doctype html><title>a</title>{}<p>words</p>"


@pytest.mark.browser
def test_a_sheet_that_holds_the_page_back_is_seen(browser, site) -> None:
    folder, address = site
    (folder / "heavy.css").write_text("/* nothing */" * 16_000)  # 208 kB: a second of this line
    (folder / "light.html").write_text(PAGE.format(""))
    (folder / "heavy.html").write_text(PAGE.format('<link rel="stylesheet" href="heavy.css">'))
    light, _, few = firstpaint.measure(browser, f"{address}/light.html")
    heavy, loaded, many = firstpaint.measure(browser, f"{address}/heavy.html")
    assert heavy - light > 0.8
    assert many - few > 200_000  # the browser counts a page's own few bytes as it likes
    assert loaded >= 1


def test_the_report_names_the_late() -> None:
    result = {"page": "a", "first_s": 1.0, "loaded_s": 2.0, "bytes": 3000}
    assert firstpaint.report([result]).endswith("goal 4 s: kept")
    late = firstpaint.report([result, result | {"page": "b", "first_s": 4.1}])
    assert late.endswith("goal 4 s: later: b")
    assert "3 kB" in late
