"""Code as tokens: a renamed and reformatted copy is the same, another operator is not."""

import numpy as np
import pytest

from course_nn.grading.reports.tokens import LONGEST, RAW, RUN, Reader

CODE = "def f(x, W):\n    y = np.zeros((3, 4))  # a comment\n    return y @ W.T + x.sum(axis=0)\n"


def kinds(text):
    return Reader().read(text).kinds.tolist()


@pytest.mark.parametrize(
    "same",
    [
        CODE.replace("y", "result").replace("W", "weights"),
        CODE.replace("  # a comment", ""),
        CODE.replace("    ", "\t").replace(" @ ", "@"),
        CODE.replace("(3, 4)", "(3,\n        4)"),
        CODE.replace(" + ", " \\\n        + "),
    ],
)
def test_names_comments_and_spacing_play_no_part(same):
    assert kinds(same) == kinds(CODE)


@pytest.mark.parametrize(
    "other",
    [
        CODE.replace("@", "*"), CODE.replace(".T", ".R"), CODE.replace("axis=0", "axis=1"),
        CODE.replace("np.zeros", "np.ones"), CODE.replace("sum", "mean"),
        CODE.replace("return", "yield"), CODE.replace("def f", "def f(x): len"),
    ],
)  # fmt: skip
def test_what_is_done_counts(other):
    assert kinds(other) != kinds(CODE)


def test_each_token_knows_where_it_stands():
    read = Reader().read(CODE)
    assert [CODE[a:b] for a, b in read.spans][:6] == ["def", "f", "(", "x", ",", "W"]


@pytest.mark.parametrize(
    "text", ["", "'''" * 3000, '"' * 5000, "\\" * 5000, "\x00\ud800é", "0x1fz"]
)
def test_whatever_is_written_is_read(text):
    read = Reader().read(text)
    assert len(read.kinds) == len(read.spans)


def test_a_vast_text_is_cut_and_what_is_skipped_counts_nothing():
    assert len(Reader().read("+ " * 2 * LONGEST).kinds) == LONGEST
    filled = Reader().read(f"# def f{'x' * LONGEST}\n'{'y' * LONGEST}'\n" + CODE)
    assert filled.kinds[1:].tolist() == Reader().read(CODE).kinds.tolist()


@pytest.mark.parametrize("again", ['\\"', "\\'''", "\\rb'''", "'''\\", '"\\\n'])
def test_a_text_that_is_not_closed_is_looked_at_once(again):
    # Looked at from each of its quotes anew, each of these would take hours.
    for start in ("'''", '"'):
        assert len(Reader().read(start + again * (RAW // len(again))).kinds) > 0


def test_runs_are_the_same_where_their_tokens_are():
    one, other = (Reader().read(text).runs() for text in (CODE, "z = 3\n" + CODE))
    assert len(one) == len(kinds(CODE)) - RUN + 1
    assert np.isin(one, other).all()
    assert not np.isin(Reader().read(CODE.replace("@", "*")).runs(), one).all()
    assert len(Reader().read("x = 1").runs()) == 0
