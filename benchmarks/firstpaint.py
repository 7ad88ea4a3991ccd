"""When a reader on a slow line first sees a page of the book: `python -m benchmarks.firstpaint`.

Chromium opens each page with an empty cache over a line of 1.6 Mbit/s down, 0.75 up, and 150 ms
there and back, from a server on this machine that compresses nothing: a public one is faster. Build
the book first; name pages to measure others, as in `... layers/softmax back/notation`.
"""

from __future__ import annotations

import importlib
import statistics
import sys
from typing import Any

from .settings import ROOT

HTML = ROOT / "_build" / "html"
PAGES = ("intro", "layers/dense", "layers/convolution", "practice/speed")
GOAL = 4.0  # seconds
RUNS = 3
LINE = {
    "offline": False,
    "latency": 150,  # ms
    "downloadThroughput": 1.6e6 / 8,  # bytes a second
    "uploadThroughput": 0.75e6 / 8,
}
SEEN = """() => new Promise(done => new PerformanceObserver((list, watch) => {
  const paint = list.getEntriesByName("first-contentful-paint")[0];
  if (paint) { watch.disconnect(); done(paint.startTime / 1000); }
}).observe({ type: "paint", buffered: true }))"""
SENT = """() => [...performance.getEntriesByType("navigation"),
  ...performance.getEntriesByType("resource")].reduce((sum, e) => sum + e.transferSize, 0)"""


def measure(browser: Any, address: str) -> tuple[float, float, int]:
    """Seconds to the first paint with content, and to the end of loading; bytes that came."""
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    line = context.new_cdp_session(page)
    line.send("Network.enable")
    line.send("Network.setCacheDisabled", {"cacheDisabled": True})
    line.send("Network.emulateNetworkConditions", LINE)
    page.goto(address, wait_until="load", timeout=120_000)
    first = page.evaluate(SEEN)
    loaded = page.evaluate("performance.getEntriesByType('navigation')[0].loadEventStart / 1000")
    sent = page.evaluate(SENT)
    context.close()
    return first, loaded, sent


def run(pages: tuple[str, ...] = PAGES) -> list[dict[str, Any]]:
    """The median of a few visits to each page."""
    sys.path.insert(0, str(ROOT / "tools"))
    chromium = importlib.import_module("press.chromium")
    found = []
    with chromium.served(HTML) as base, chromium.browser() as browser:
        for page in pages:
            visits = [measure(browser, f"{base}/{page}.html") for _ in range(RUNS)]
            first, loaded, sent = (
                statistics.median(column) for column in zip(*visits, strict=True)
            )
            found.append({"page": page, "first_s": first, "loaded_s": loaded, "bytes": sent})
    return found


def report(results: list[dict[str, Any]]) -> str:
    """A line for each page, and whether all keep to the goal."""
    lines = [f"{'page':<24}{'first paint':>12}{'loaded':>10}{'sent':>10}"]
    for result in results:
        first, loaded = f"{result['first_s']:.1f} s", f"{result['loaded_s']:.1f} s"
        sent = f"{result['bytes'] / 1e3:.0f} kB"
        lines.append(f"{result['page']:<24}{first:>12}{loaded:>10}{sent:>10}")
    late = [result["page"] for result in results if result["first_s"] > GOAL]
    kept = f"later: {', '.join(late)}" if late else "kept"
    return "\n".join([*lines, f"goal {GOAL:.0f} s: {kept}"])


def main() -> None:
    """Measure the pages that are named, or those of `PAGES`."""
    pages = tuple(sys.argv[1:]) or PAGES
    for page in pages:
        if not (HTML / f"{page}.html").is_file():
            sys.exit(
                f"error: there is no {page}.html in {HTML}: name a page, or run `make book` first."
            )
    results = run(pages)
    print(report(results))
    sys.exit(any(result["first_s"] > GOAL for result in results))


if __name__ == "__main__":
    main()
