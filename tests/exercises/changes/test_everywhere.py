"""One mistake at every place: other axes, sums for means, lost axes."""

import numpy as np
import pytest

from course_nn.exercises.changes import changes
from course_nn.exercises.formula import Formula

NORM = """
def norm(x):
    mean = x.mean(axis=1, keepdims=True)
    centred = x - mean
    y = centred / (centred**2).mean(axis=1, keepdims=True)
    return y, mean
"""
X = np.array([[1.0, 2.0, 6.0], [3.0, 5.0, 4.0], [0.0, 7.0, 9.0]])


def normed(mean, reduced):
    centred = X - mean
    return centred / reduced(centred**2)


@pytest.mark.parametrize(
    ("words", "right"),
    [
        (
            "all is reduced over axis 0, not over axis 1",
            normed(X.mean(axis=0), lambda a: a.mean(axis=0)),
        ),
        ("all is reduced over all axes, not over axis 1", normed(X.mean(), np.mean)),
        (
            "a sum stands where a mean belongs, at every place",
            normed(X.sum(axis=1, keepdims=True), lambda a: a.sum(axis=1, keepdims=True)),
        ),
        (
            "`keepdims=True` is missing everywhere",
            normed(X.mean(axis=1), lambda a: a.mean(axis=1)),
        ),
    ],
)
def test_all_reductions_are_wrong_in_one_way(words, right) -> None:
    found = {c.words: c for c in changes(Formula.read(NORM, {"np": np}), "y")}
    assert words in found, list(found)
    np.testing.assert_allclose(found[words](x=X)[0], right)


def test_what_is_reduced_once_is_left_to_the_rules_of_one_place() -> None:
    line = "def f(x):\n    y = x.sum(axis=0)\n    return y"
    found = [c.words for c in changes(Formula.read(line, {"np": np}))]
    assert not [words for words in found if words.startswith("all is reduced")]


def test_another_axis_may_be_kept() -> None:
    source = "def f(x):\n    y = (x - x.mean(axis=0)) / x.std(axis=0)\n    return y"
    words = "all is reduced over axis 1, not over axis 0"
    right = (X - X.mean(axis=1, keepdims=True)) / X.std(axis=1, keepdims=True)
    found = [c(x=X)[0] for c in changes(Formula.read(source, {"np": np})) if c.words == words]
    assert any(np.allclose(value, right) for value in found)


@pytest.mark.parametrize(
    ("line", "words", "right"),
    [
        ("2 * x + 2 * b", "the factor 2 is missing at every place", 7.0),
        ("(x + 1) * (b + 1)", "the term 1 is missing at every place", 12.0),
        ("(x - 1) * (b - 1)", "the term - 1 is missing at every place", 12.0),
        ("x / b + 1 / b", "the division by b is missing at every place", 4.0),
        ("np.sin(x) + np.sin(b)", "cos stands where sin belongs, at every place",
         np.cos(3) + np.cos(4)),
        ("x**2 + b**2", "the power is 3, not 2, at every place", 91.0),
    ],
)  # fmt: skip
def test_the_same_is_left_out_or_changed_at_every_place(line, words, right) -> None:
    source = f"def f(x, b):\n    y = {line}\n    return y"
    found = {c.words: c for c in changes(Formula.read(source, {"np": np}))}
    assert words in found, list(found)
    assert found[words](x=3.0, b=4.0)[0] == pytest.approx(right)


def test_the_last_reductions_alone_go_over_another_axis() -> None:
    source = """
    def f(x):
        c = x - x.mean(axis=0)
        m = c.max(axis=0)
        y = c - m - c.min(axis=0)
        return y
    """
    words = "all is reduced over all axes, not over axis 0, from `m = c.max(axis=0)` on"
    found = {c.words: c for c in changes(Formula.read(source, {"np": np}))}
    c = X - X.mean(axis=0)
    assert words in found, list(found)
    np.testing.assert_allclose(found[words](x=X)[0], c - c.max() - c.min())
