"""How long a reader waits from the click on ▶ to what a cell shows: `python -m benchmarks.live`.

By the browser's own clock, in Chromium, from a plain server on this machine: on the first page that
ever runs Python, on a second page once the first has kept its Python, and after a reload; then from
the click on *Check* to the name of a mistake, the longest of some. Build the book first; name two
pages to measure others. A time holds for the machine that the report names.
"""

from __future__ import annotations

import importlib
import statistics
import sys
from typing import Any

from . import machine
from .settings import ROOT

HTML = ROOT / "_build" / "html"
PAGES = ("layers/dense", "layers/pooling")
RUNS = 5
# Seconds.
GOALS = {
    "first page": 4.0, "again there": 1.0, "second page": 1.0, "after a reload": 1.0,
    "a check": 1.0,
}  # fmt: skip
EXERCISE = "exercises/ex02_dense"
MISTAKES = (  # to Task 2.2, in the order of what is looked for: found at once, and after all else
    "return dy @ W.T, x.T @ dy, dy.mean(axis=0)",
    "return dy @ W.T, x.T @ dy / len(x), dy.mean(axis=0)",
    "return dy @ W.T, -2 * x.T @ dy, dy.sum(axis=0)",
    "return dy @ W.T + 1, x.T @ dy, np.cumsum(dy, axis=0)[0]",
)
PATIENCE = 240_000  # milliseconds
# The first cell that a reader sees; those above it run before it, as ever.
CLICK = """async () => {
  const seen = [...document.querySelectorAll(".cell:has(.nn-live-button)")]
    .find((cell) => cell.querySelector(".nn-live-button").checkVisibility({ visibilityProperty: true }));
  const start = performance.now();
  seen.querySelector(".nn-live-button").click();
  while (!["done", "failed"].includes(seen.dataset.live)) await new Promise((go) => setTimeout(go, 2));
  if (seen.dataset.live === "failed") throw new Error(seen.innerText);
  return (performance.now() - start) / 1000;
}"""  # noqa: E501
CHECK = """async () => {
  const button = document.querySelector("[aria-label='Check Task 2.2']");
  const start = performance.now();
  do {
    if (button.textContent === "Check" && !button.disabled) button.click();
    await new Promise((go) => setTimeout(go, 2));
  } while (button.textContent !== "Check");
  return (performance.now() - start) / 1000;
}"""
KEPT = """async () => {
  for (;;) {
    for (const name of await caches.keys())
      if (await (await caches.open(name)).match("/told")) return;
    await new Promise((go) => setTimeout(go, 100));
  }
}"""


def measure(browser: Any, base: str, pages: tuple[str, str]) -> dict[str, float]:
    """Seconds from the click to the result, for one reader who has never been here."""
    context = browser.new_context()
    context.set_default_timeout(PATIENCE)
    page = context.new_page()

    def clicked(name: str | None) -> float:
        page.goto(f"{base}/{name}.html") if name else page.reload()
        page.locator(".nn-live-page").wait_for()
        return page.evaluate(CLICK)

    times = {"first page": clicked(pages[0]), "again there": page.evaluate(CLICK)}
    page.evaluate(KEPT)
    times |= {"second page": clicked(pages[1]), "after a reload": clicked(None)}
    times["a check"] = max(checked(page, base, answer) for answer in MISTAKES)
    context.close()
    return times


def checked(page: Any, base: str, answer: str) -> float:
    """Seconds from the click on *Check* to the verdict on an answer, once Python is there."""
    if EXERCISE not in page.url:
        page.goto(f"{base}/{EXERCISE}.html")
        page.get_by_label("Write your answer to Task 2.2").click()
        page.evaluate(CHECK)
    page.locator(".nn-task-answer").nth(1).locator(".cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(f"def dense_backward(dy, x, W):\n    {answer}")
    return page.evaluate(CHECK)


def run(pages: tuple[str, str] = PAGES, runs: int = RUNS) -> dict[str, float]:
    """The median of some readers."""
    sys.path.insert(0, str(ROOT / "tools"))
    chromium = importlib.import_module("press.chromium")
    with chromium.served(HTML) as base, chromium.browser() as browser:
        readers = [measure(browser, base, pages) for _ in range(runs)]
    return {name: statistics.median(times[name] for times in readers) for name in GOALS}


def report(times: dict[str, float]) -> str:
    """A line for each time, with its goal."""
    where = f"{machine.processor()}, {machine.cores()} cores, load {machine.load()[:1]}"
    lines = [f"{name:<16}{s:6.2f} s  (goal {GOALS[name]:.0f} s)" for name, s in times.items()]
    late = [name for name, s in times.items() if s > GOALS[name]]
    return "\n".join([where, *lines, f"later: {', '.join(late)}" if late else "kept"])


def main() -> None:
    """Measure the two pages that are named, or those of `PAGES`."""
    pages = (*sys.argv[1:], *PAGES[len(sys.argv[1:]) :])[:2]
    for page in pages:
        if not (HTML / f"{page}.html").is_file():
            sys.exit(f"error: there is no {page}.html in {HTML}: run `make book` first.")
    times = run((pages[0], pages[1]))
    print(report(times))
    sys.exit(any(seconds > GOALS[name] for name, seconds in times.items()))


if __name__ == "__main__":
    main()
