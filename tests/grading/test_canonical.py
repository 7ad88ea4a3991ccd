"""One key for all who are wrong in the same way, whatever the seed and however they wrote it."""

import numpy as np
import pytest

from course_nn.exercises.student import LocalStudent
from course_nn.grading.assignment import load_assignment
from course_nn.grading.canonical import Canonical, told

DENSE = {graded.task.name: graded for graded in load_assignment("ex02_dense").tasks}
BACKWARD = DENSE["dense_backward"]


def keys(function, graded=BACKWARD, seed=1):
    """The key of each test, by its label; tests that pass have none."""
    student = LocalStudent({graded.task.name: function}, np.random.default_rng(0))
    canonical, found = Canonical(student, graded.task), {}
    for test in graded.tests:
        student.rng = np.random.default_rng(test.seed(seed))
        found[test.label] = canonical.key(test.run(student, graded.task))
    return {label.removeprefix(f"{graded.task.name}"): key for label, key in found.items() if key}


def mean_of_weights(dy, x, W):
    return dy @ W.T, x.T @ dy / len(x), dy.sum(0)


def mean_written_otherwise(dy, x, W):
    dW = np.zeros_like(W)
    for row, upstream in zip(x, dy, strict=True):
        dW += np.outer(row, upstream)
    return np.einsum("nm,dm->nd", dy, W), dW / dy.shape[0], np.ones(len(dy), dy.dtype) @ dy


def mean_of_both(dy, x, W):
    return dy @ W.T, x.T @ dy / len(x), dy.mean(0)


def transposed(dy, x, W):
    return dy @ W.T, (dy.T @ x), dy.sum(0)


def wrong_at_one_sample(dy, x, W):
    return dy @ W.T, x.T @ dy * (2 if len(x) == 1 else 1), dy.sum(0)


def test_the_same_numbers_have_the_same_key_whatever_the_code_and_the_seed():
    assert keys(mean_of_weights) == keys(mean_written_otherwise) == keys(mean_of_weights, seed=2)


def test_other_numbers_have_another_key():
    functions = (mean_of_weights, transposed, wrong_at_one_sample, mean_of_both)
    found = [keys(function)[": the public check"] for function in functions[:2]]
    hidden = [keys(function)[", dW: other sizes"] for function in functions[:3]]
    assert len({*found, keys(mean_of_both)[": the public check"]}) == 3
    assert len({*hidden}) == 3


def test_an_output_that_is_wrong_in_the_same_way_has_one_key_whatever_the_others():
    alone, both = keys(mean_of_weights), keys(mean_of_both)
    assert alone[", dW: other sizes"] == both[", dW: other sizes"]
    assert alone[": the public check"] == alone[", dW: other sizes"]
    assert ", db: other sizes" not in alone


def test_what_raises_is_told_apart_by_what_it_raises_not_by_its_line():
    def raises(dy, x, W):
        return dy @ W, x.T @ dy, dy.sum(0)

    def raises_too(dy, x, W):
        first = dy @ W
        return first, x.T @ dy, dy.sum(0)

    def raises_otherwise(dy, x, W):
        return dy @ nothing  # noqa: F821

    assert keys(raises) == keys(raises_too) != keys(raises_otherwise)


def test_what_is_right_or_not_written_has_no_key():
    def right(dy, x, W):
        return dy @ W.T, x.T @ dy, dy.sum(0)

    def stub(dy, x, W):
        raise NotImplementedError

    assert keys(right) == keys(stub) == {}


def test_a_fault_beside_the_numbers_is_told_by_its_kind():
    def double(dy, x, W):
        return tuple(a.astype(float) for a in (dy @ W.T, x.T @ dy, dy.sum(0)))

    def spoils(dy, x, W):
        found = dy @ W.T, x.T @ dy, dy.sum(0)
        dy *= 2
        return found

    assert {*keys(double).values()}.isdisjoint(keys(spoils).values())


def test_a_task_that_is_judged_by_its_properties_has_keys_too():
    assert keys(lambda W, b, V, c: (W @ V, b), DENSE["merged"]).keys() == keys(
        lambda W, b, V, c: (W @ V, b * 1.0), DENSE["merged"]
    ).keys()  # fmt: skip
    assert keys(lambda W, b, V, c: (W @ V, b), DENSE["merged"])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ([np.nan, 1.0], [np.inf, 1.0]),
        ([np.inf, 1.0], [-np.inf, 1.0]),
        ([0.0, 0.0], [0.0, np.nan]),
        ([1.0, 2.0], [2.0, 4.0]),
        ([1.0, 2.0], [[1.0, 2.0]]),
        ([1.0, 1.0 + 1e-5], [1.0, 1.0]),
    ],
)
def test_other_numbers_are_told_otherwise(one, other):
    assert told(np.array(one)) == told(np.array(one)) != told(np.array(other))


def test_a_number_half_way_between_two_is_rounded_one_way():
    halves = np.arange(1, 129) / 128.0
    noise = halves * (1 + 1e-15 * np.where(np.arange(128) % 2, 1, -1))
    assert told(halves) == told(noise)


def test_a_vast_answer_is_told_by_its_form_alone():
    vast = np.broadcast_to(np.int8(1), (1 << 40,))  # a number for each would fill any machine
    assert told(vast) == f"{(1 << 40,)} int8"
