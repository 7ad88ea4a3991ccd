"""A task is its right formula: all that is tried and said follows from it and its signature."""

from dataclasses import replace

import numpy as np
import pytest

from course_nn.exercises.task import Task, argument_of, task


def test_a_task_knows_its_title_its_outputs_and_what_is_right(mixing: Task) -> None:
    assert (mixing.title, mixing.outputs, mixing.kind) == ("Task 9.1, mix", ("s", "p"), "value")
    assert mixing.says == "Return s = a + r b and p = a * b."
    inputs = mixing.printed()
    assert {k: v.tolist() for k, v in mixing.right(inputs).items()} == {"s": [[2.0]], "p": [[2.0]]}


def test_what_is_right_is_computed_in_double_precision_and_changes_nothing(mixing: Task) -> None:
    case = next(case for case in mixing.public() if case.dtype == "float32")
    inputs = mixing.draw(case, np.random.default_rng(0))
    before = {name: np.copy(value) for name, value in inputs.items()}
    assert all(v.dtype == np.float64 for v in mixing.right(inputs).values())
    assert all(np.array_equal(before[name], inputs[name]) for name in inputs)


def test_public_cases_tell_what_will_be_graded(picking: Task, mixing: Task) -> None:
    assert {c.dtype for c in mixing.public()} == {"float64", "float32"}
    assert {c.layout for c in mixing.public()} == {"rows", "columns"}
    sizes = [case.sizes for case in mixing.public()]
    assert sizes[0] != sizes[1]
    assert {c.options["stride"] for c in picking.public()} == {1, 2}


def test_hidden_cases_try_every_size_at_one_and_gaps(mixing: Task, picking: Task) -> None:
    ones = {letter for c in mixing.hidden() for letter, size in c.sizes.items() if size == 1}
    assert ones == {"N", "D"}
    assert "gaps" in {case.layout for case in mixing.hidden()}
    assert {c.options["stride"] for c in picking.hidden()} == {1, 2}


def test_a_gradient_may_be_numerical() -> None:
    @task("1", "dy:N,M x:N,D W:D,M -> dx:N,D dW:D,M", points=1, transfer=True, gradient=True,
          gradient_of=lambda x, W: x @ W)  # fmt: skip
    def backward(dy, x, W): ...

    inputs = backward.draw(backward.public()[0], np.random.default_rng(0))
    right = backward.right(inputs)
    np.testing.assert_allclose(right["dx"], inputs["dy"] @ inputs["W"].T, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(right["dW"], inputs["x"].T @ inputs["dy"], rtol=1e-6, atol=1e-8)
    assert backward.knows
    assert backward.kind == "gradient"


def test_a_loss_needs_no_upstream_gradient() -> None:
    @task("1", "x:N,D -> dx:N,D", points=1, transfer=True, gradient_of=lambda x: (x**2).sum())
    def backward(x): ...

    x = np.array([[1.0, -2.0]])
    np.testing.assert_allclose(backward.right({"x": x})["dx"], 2 * x, rtol=1e-6)


def test_a_transfer_task_holds_no_formula() -> None:
    @task("1", "x:N -> y:N", points=1, transfer=True)
    def double(x): ...

    assert not double.knows
    with pytest.raises(ValueError, match="Task 1, double: what is right is not known here"):
        double.right({"x": np.ones(1)})


def test_a_formula_whose_arguments_differ_from_its_line_is_refused() -> None:
    with pytest.raises(ValueError, match=r"task 1: f takes \('x',\), its line \('x', 'W'\)"):

        @task("1", "x:N W:N -> y:N", points=1)
        def f(x): ...


def test_arguments_are_found_by_name(picking: Task) -> None:
    assert argument_of(picking, "labels").below == "D"
    assert argument_of(picking, "loss").axes == ()


def test_ties_and_zeros_are_tried_but_not_where_a_numerical_gradient_is_right(mixing) -> None:
    many = replace(mixing, many={"N": 90})
    (few,) = (case for case in many.public() if case.whole)
    assert few.sizes["N"] == 90
    assert any(c.whole and c.sizes["N"] == 90 for c in many.hidden())
    drawn = many.draw(few, np.random.default_rng(0))["a"]
    assert (drawn == np.round(drawn)).all()
    assert (drawn == 0).any()
    numerical = replace(mixing, function=None, gradient_of=lambda a: a)
    assert not any(case.whole for case in numerical.public())
