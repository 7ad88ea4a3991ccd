"""A reader who does anything, in two tabs at once: each page answers, and no edit is lost.

`COURSE_NN_FUZZ=200 python -m pytest tests/live/test_walk.py` walks that many steps. A failure tells
its seed, which `COURSE_NN_FUZZ_ONLY` walks again.
"""

import os
import random
from collections.abc import Callable

import pytest

from tests.live.test_pages import PATIENCE, SECOND, address, browser, cell, folder, serve, write

__all__ = ["address", "browser", "folder", "serve"]  # fixtures
pytestmark = pytest.mark.browser
STEPS = int(os.environ.get("COURSE_NN_FUZZ", "12"))
SEED = int(os.environ.get("COURSE_NN_FUZZ_ONLY", "0"))
CELLS = (2, 4)  # those that a reader sees
TEXTS = """() => [...document.querySelectorAll('.cell:has(.cell_input)')].map((cell) =>
  cell.querySelector('.cm-content') ?? cell.querySelector('pre')
).map((code) => code.textContent.replace(/\\s/g, ''))"""
STATES = "() => [...document.querySelectorAll('.cell:has(.cell_input)')].map((c) => c.dataset.live)"
SAME = f"(texts) => JSON.stringify(({TEXTS})()) === JSON.stringify(texts)"


class Walk:
    """Two tabs of one page, and what their cells must hold."""

    def __init__(self, context, address: str, seed: int) -> None:
        self.any, self.address = random.Random(seed), address
        self.tabs = [context.new_page() for _ in range(2)]
        for tab in self.tabs:
            self.load(tab)
        self.printed = self.tabs[0].evaluate(TEXTS)
        self.texts = list(self.printed)
        self.told: list[str] = []

    def load(self, tab) -> None:
        """Open the page anew."""
        tab.set_default_timeout(PATIENCE)
        tab.goto(f"{self.address}/index.html")
        tab.locator(".nn-live-page").wait_for()

    def step(self) -> None:
        """Do one thing in one tab, then look at both."""
        acts: list[Callable] = [self.edit, self.edit, self.run, self.run, self.all]
        acts += [self.loop, self.stop, self.reset, self.reload, self.forget]
        act, which, number = self.any.choice(acts), self.any.randrange(2), self.any.choice(CELLS)
        self.told.append(f"{act.__name__}({which}, {number})")
        self.tabs[which].bring_to_front()
        act(self.tabs[which], number)
        for tab in self.tabs:
            tab.wait_for_function(SAME, arg=self.texts, timeout=20 * SECOND)

    def put(self, tab, number: int, text: str) -> None:
        """Write a text into a cell."""
        write(tab, number, text)
        self.texts[number - 1] = "".join(text.split())

    def edit(self, tab, number: int) -> None:
        """Write what tells itself from all else."""
        self.put(tab, number, f"print({self.any.randrange(10**6)})")

    def run(self, tab, number: int) -> None:
        """Run a cell; it comes to its end, and shows what it must."""
        cell(tab, number).get_by_label(f"Run cell {number}").click()
        self.end(tab)
        text = self.texts[number - 1]
        if text.startswith("print(") and tab.evaluate(STATES)[number - 1] == "done":
            shown = cell(tab, number).locator(".nn-live-output").inner_text()
            assert shown.strip() == text.removeprefix("print(").removesuffix(")")

    def all(self, tab, number: int) -> None:
        """Run the page."""
        tab.locator(".nn-live-all").click()
        self.end(tab)

    def end(self, tab) -> None:
        """Wait until nothing runs."""
        busy = f"({STATES})().some((state) => state === 'waiting' || state === 'running')"
        tab.wait_for_function(f"() => !({busy}) && ({STATES})().some(Boolean)")

    def loop(self, tab, number: int) -> None:
        """Run what does not end, and end it."""
        self.put(tab, number, "while True: pass")
        cell(tab, number).get_by_label(f"Run cell {number}").click()
        tab.wait_for_function(
            f"(k) => ['running', 'failed'].includes(({STATES})()[k])", arg=number - 1
        )
        self.stop(tab, number)
        self.put(tab, number, "print(1)")

    def stop(self, tab, number: int) -> None:
        """End Python, whatever it does."""
        button = tab.get_by_text("■ Stop")
        if button.is_visible():
            button.click()
            tab.wait_for_function(f"() => !({STATES})().includes('running')", timeout=10 * SECOND)

    def reset(self, tab, number: int) -> None:
        """Put a cell back."""
        button = cell(tab, number).get_by_label(f"Put cell {number} back as printed")
        if button.is_visible():
            button.click()
        self.texts[number - 1] = self.printed[number - 1]

    def reload(self, tab, number: int) -> None:
        """Open the page again, whatever it does."""
        self.load(tab)

    def forget(self, tab, number: int) -> None:
        """Put all back."""
        button = tab.get_by_text("Forget my changes")
        if button.is_visible():
            button.click()
        self.texts = list(self.printed)


def test_whatever_a_reader_does_every_page_answers_and_no_edit_is_lost(browser, address) -> None:
    context, seed = browser.new_context(), SEED or random.randrange(1, 10**6)
    walk = Walk(context, address, seed)
    try:
        for _ in range(STEPS):
            walk.step()
        for tab in walk.tabs:  # and each page answers
            walk.put(tab, 2, "print(0)")
            tab.locator(".nn-live-page").wait_for()
            walk.stop(tab, 2)
            walk.run(tab, 2)
            walk.end(tab)
    except BaseException as error:
        error.add_note(f"COURSE_NN_FUZZ_ONLY={seed}: {', '.join(walk.told)}")
        raise
    finally:
        context.close()
