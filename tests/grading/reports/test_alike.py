"""Copies are found however they are dressed; what everybody writes alike accuses nobody."""

import importlib
import re

import pytest

from course_nn.grading.assignment import TESTS
from course_nn.grading.reports.alike import Passage, find, limit, passages
from course_nn.grading.reports.published import given, published
from course_nn.grading.reports.tokens import Reader

from .classroom import EXERCISE, answers, code


def honest(exercise):
    """A class in which each answer written blind is one student's, and their tasks."""
    by_task = answers(exercise)
    count = max(map(len, by_task.values()))
    return {
        f"s{i:02}": "\n\n".join(code(exercise, v[i][0]) for v in by_task.values() if i < len(v))
        for i in range(count)
    }, list(by_task)


def dressed(text):
    """A copy with other names, other comments and other spacing."""
    renamed = re.sub(r"\b(y|dx|dW|db|out)\b", r"my_\1", text)
    return renamed.replace("    ", "\t").replace(" @ ", "  @  ").replace("\n\n", "\n# mine\n\n")


@pytest.mark.parametrize("exercise", ["ex02_dense", "ex06_convolution", "ex08_batch_norm"])
def test_honest_answers_are_no_pair_and_a_copy_is(exercise):
    texts, tasks = honest(exercise)
    known = given(exercise, TESTS), published(exercise, TESTS)
    assert find(texts, *known, tasks).pairs == ()
    found = find({**texts, "zz": dressed(texts["s00"])}, *known, tasks)
    assert [(pair.first, pair.other) for pair in found.pairs] == [("s00", "zz")]
    (pair,) = found.pairs
    assert pair.share > 0.95 > pair.most > pair.usual


def test_one_long_function_is_enough():
    texts, tasks = honest("ex06_convolution")
    longest = max(re.split(r"(?=^def )", "\n\n".join(texts.values()), flags=re.M), key=len).strip()
    owner = next(name for name, text in texts.items() if longest in text)
    found = find({**texts, "zz": "import numpy as np\n\n" + dressed(longest)}, (), None, tasks)
    assert [(pair.first, pair.other) for pair in found.pairs] == [(owner, "zz")]


def test_what_all_write_alike_is_no_pair():
    formula = "def f(x, W, b):\n    return x @ W + b\n" * 12
    assert find({f"s{k}": formula for k in range(30)}).pairs == ()


def test_what_the_notebook_came_with_counts_for_nobody():
    texts, _ = honest(EXERCISE)
    long = "\n".join(f"z{k} = np.sum(x * {k}) + np.mean(y - {k})" for k in range(30))
    two = {**texts, "one": long, "two": long}
    assert [(p.first, p.other) for p in find(two).pairs] == [("one", "two")]
    assert find(two, [long]).pairs == ()


def test_three_with_the_same_code_are_three_pairs():
    texts, _ = honest("ex06_convolution")
    three = {f"{name}{name}": texts["s01"] for name in "ab"}
    found = {(p.first, p.other) for p in find({**texts, **three}).pairs}
    assert found == {("s01", "aa"), ("s01", "bb"), ("aa", "bb")}


def test_what_is_as_published_is_said_by_its_place():
    texts, _ = honest("ex06_convolution")
    places = published("ex06_convolution", TESTS)
    source = places["course_nn/plain/conv.py"]
    found = find({**texts, "zz": dressed(source)}, (), places).published
    assert ("zz", "course_nn/plain/conv.py") in {(pair.first, pair.other) for pair in found}
    assert {pair.first for pair in found} == {"zz"}


def test_a_solution_that_half_the_class_writes_is_not_held_against_it():
    texts, _ = honest("ex06_convolution")
    places = {"the solutions": texts["s01"]}
    assert find({"s01": texts["s01"], "s02": texts["s02"]}, (), places).published
    many = {f"m{k}": texts["s01"] for k in range(20)}
    assert find({**texts, **many}, (), places).published == ()


def test_an_empty_class_has_no_pairs():
    assert find({}).pairs == find({"ada": ""}).pairs == find({"ada": "", "ben": ""}).pairs == ()


def test_the_longest_passages_are_shown_where_they_stand():
    reader = Reader()
    shared = "total = np.sum(x * y) + np.mean(x - y) / len(x)\n"
    one, other = reader.read("a = 1\n" + shared), reader.read(shared.replace("x", "q") + "b = 2")
    (found,) = passages(one, other)
    assert one.text[slice(*found.first)] == shared.strip()
    assert other.text[slice(*found.other)] == shared.replace("x", "q").strip()
    assert found == Passage(found.first, found.other, 24)
    assert passages(one, other, set(one.runs().tolist())) == ()


def test_how_many_may_share_grows_with_the_class():
    assert [limit(n) for n in (0, 3, 12, 40, 10_000)] == [2, 2, 3, 6, 40]


def with_others(copies):
    """A class in which so many have one long text, and most have something else."""
    vast = "\n".join(f"z{k} = np.sum(x * {k}) + np.mean(x - {k})" for k in range(1200))
    others = {f"t{k:02}": f"x = {k}" for k in range(4 * copies)}
    return {f"s{k:02}": dressed(vast) if k % 2 else vast for k in range(copies)} | others


def test_a_class_of_vast_copies_is_done_with(monkeypatch):
    found = find(with_others(5))
    assert len(found.pairs) == 10
    assert all(pair.share == 1.0 for pair in found.pairs)
    monkeypatch.setattr(importlib.import_module(find.__module__), "MEASURED", 3)
    monkeypatch.setattr(importlib.import_module(find.__module__), "BLOCK", 50)
    again = find(with_others(5))
    assert [pair.weight for pair in again.pairs] == [pair.weight for pair in found.pairs]
    assert [bool(pair.passages) for pair in again.pairs] == [True] * 3 + [False] * 7


def test_long_code_that_many_have_from_end_to_end_is_told_once_of_each():
    found = find(with_others(20))
    assert [(pair.first, pair.other) for pair in found.pairs] == [
        ("s00", f"s{k:02}") for k in range(1, 20)
    ]
    assert {(pair.clones, pair.weight) for pair in found.pairs} == {(20, 0.0)}


def test_what_a_quarter_of_the_class_has_is_the_usual():
    many = with_others(20)
    half = dict(list(many.items())[:50])
    assert find(half).pairs == ()
