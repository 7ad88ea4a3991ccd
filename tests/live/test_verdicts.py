"""What a check says in the page is what it says in Jupyter: mistake for mistake, word for word.

`COURSE_NN_VERDICTS=1 python -m pytest tests/live/test_verdicts.py` tries every wrong answer that
was written blind; else one of some, and those of which NumPy warns.
"""

import html
import json
import os
from pathlib import Path

import pytest

from course_nn.exercises import detective, diagnose
from course_nn.grading import demo
from tests.book.looking import browser, serve

from .bare import lay_out_page

__all__ = ["browser", "serve"]  # fixtures
pytestmark = pytest.mark.browser
SOLUTIONS = Path(__file__).parents[1] / "autograder"
CLOCKS = ("ex11_fast", "ex12_capstone")  # they are judged by the clock, and a page's goes otherwise
SETS = [path for path in sorted(SOLUTIONS.glob("*/blind.py")) if path.parent.name not in CLOCKS]
STEP = int(os.environ.get("COURSE_NN_VERDICTS", "11"))
WARNED = ("sigmoid", "softplus")
PATIENCE = 900_000  # milliseconds
MARK = "all that was said:"
JUDGE = '''
import contextlib, io, json
from course_nn.exercises import check, detective, diagnose

diagnose.BUDGET, detective.PATIENCE = 20.0, 60.0  # no search ends early on a busy machine

def judged(name, needs, answer):
    """What is said of an answer; why there is nothing to say, where it is no function here."""
    space = {}
    try:
        exec(needs, space)
        exec(answer, space)
    except Exception as error:
        return type(error).__name__
    with contextlib.redirect_stdout(io.StringIO()):
        verdict = getattr(check, name)(space[name])
    return [verdict.kind, verdict.sentence, str(verdict.looks), verdict.note]
'''
RUN = """async (cells) => {
  const { Session } = await import("/live/session.js");
  const base = new URL("/live/", location.href).href;
  let told = "";
  const session = new Session(base, (state, why) => { if (state === "failed") told += why; });
  const output = (form, text) => { told += text; };
  for (const code of cells) await session.run({ code, name: "<cell>", output, begun: () => {} });
  session.stop();
  return told;
}"""


def chosen() -> list[tuple[str, str, str]]:
    """Names of tasks, what the answers need, and wrong answers."""
    found, number = [], 0
    for path in SETS:
        answers = demo.read_answers(path)
        for name, texts in answers.wrong.items():
            for text in texts:
                number += 1
                if number % STEP == 0 or name in WARNED:
                    found.append((name, answers.needs, text))
    return found


@pytest.fixture(scope="module")
def address(serve, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A page that has Python."""
    folder = tmp_path_factory.mktemp("verdicts")
    lay_out_page(folder)
    return serve(folder)


def test_a_check_says_in_the_page_what_it_says_in_jupyter(
    browser, address: str, monkeypatch
) -> None:
    answers, here = chosen(), dict[str, object]()
    for module, name in ((diagnose, "BUDGET"), (detective, "PATIENCE")):
        monkeypatch.setattr(module, name, getattr(module, name))  # the judge's is gone after this
    exec(JUDGE, here)
    asked = json.dumps(answers)
    ask = f"all_of_it = json.dumps([judged(*one) for one in json.loads({asked!r})])\n"
    ask += f"print({MARK!r} + all_of_it)"
    page = browser.new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(f"{address}/index.html")
    told = page.evaluate(RUN, [JUDGE, ask])
    page.close()
    assert MARK in told, told[-2000:]
    there = json.loads(html.unescape(told.split(MARK)[1]))
    different = {
        text: (ours, theirs)
        for (*one, text), theirs in zip(answers, there, strict=True)
        if (ours := here["judged"](*one, text)) != theirs  # type: ignore[operator]
    }
    assert different == {}
    kinds = [one[0] for one in there if isinstance(one, list)]
    assert kinds.count("warning") >= 4
    assert len(kinds) > 0.9 * len(answers)
