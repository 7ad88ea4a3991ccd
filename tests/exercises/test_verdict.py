"""A verdict reads well in a terminal, draws itself in a notebook, and says where the code broke."""

import sys

import numpy as np

from course_nn.exercises import check
from course_nn.exercises.compare import compare
from course_nn.exercises.diagnose import run_test
from course_nn.exercises.ex02_dense import QUESTIONS
from course_nn.exercises.student import LocalStudent


def test_a_failure_shows_a_heat_map_in_a_notebook():
    html = check.dense_forward(lambda x, W, b: x @ W)._repr_html_()
    assert "the bias b is missing" in html
    assert "data:image/png;base64,iVBORw0KGgo" in html


def test_without_matplotlib_the_text_remains(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    html = check.dense_forward(lambda x, W, b: x @ W)._repr_html_()
    assert "the bias b is missing" in html
    assert "<img" not in html


def test_success_and_shape_errors_draw_nothing():
    assert "<img" not in check.dense_forward(lambda x, W, b: x @ W + b)._repr_html_()
    assert "<img" not in check.dense_forward(lambda x, W, b: (x @ W + b).T)._repr_html_()


def test_the_students_text_cannot_be_html():
    def dense_forward(x, W, b):
        raise ValueError("<script>alert(1)</script>")

    assert "<script>" not in check.dense_forward(dense_forward)._repr_html_()


def test_an_exception_names_the_students_line():
    def dense_forward(x, W, b):
        half = x / 2
        return half.no_such_thing

    verdict = check.dense_forward(dense_forward)
    assert "raised AttributeError at line" in str(verdict)
    assert "`return half.no_such_thing`" in str(verdict)


def test_sys_exit_in_a_function_does_not_end_the_notebook():
    assert "raised SystemExit" in str(check.dense_forward(lambda x, W, b: sys.exit(3)))


def test_what_is_no_function_is_said():
    assert "hand over the function itself" in str(check.dense_forward(3))


def test_a_verdict_is_true_or_false():
    assert check.dense_forward(lambda x, W, b: x @ W + b)
    assert not check.dense_forward(lambda x, W, b: x)


def test_faults_come_in_order():
    """An answer that is wrong in shape, dtype, value and purity is told of its shape first."""
    kinds = []
    for answer in (
        lambda W: W[0].astype(np.float32),
        lambda W: 3 * W.astype(np.float32),
        lambda W: 3 * W,
    ):

        def step(W, dW, rate, answer=answer):
            W += 1
            return answer(W)

        kinds.append(check.sgd_step(step).kind)
    assert kinds == ["shape", "dtype", "value"]
    assert check.dense_backward(lambda dy, x, W: (dy @ W.T, 3 * x.T @ dy, dy[0])).kind == "gradient"


def test_arguments_are_put_back_after_a_change():
    question = QUESTIONS["sgd_step"]
    inputs = question.draw(np.random.default_rng(0))
    before = inputs[0].copy()

    def spoil(W, dW, rate):
        W[:] = 0
        return W - rate * dW

    student = LocalStudent({"sgd_step": spoil}, np.random.default_rng(1))
    assert not run_test(lambda s: compare(s, question, inputs), student, question).passed
    np.testing.assert_array_equal(inputs[0], before)
