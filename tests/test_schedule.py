"""Schedules: each formula against PyTorch's scheduler of its name, and against its own promises."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import course_nn as nn
from course_nn.schedule import Constant, Cosine, Exponential, OneCycle, Schedule, Step, WarmUp

RATES = st.floats(1e-5, 10)
STEPS = st.integers(1, 40)


def pytorch_rates(make, count: int, lr: float) -> list[float]:
    """The learning rates of PyTorch's scheduler `make(optimizer)` for `count` steps."""
    torch = pytest.importorskip("torch", reason="PyTorch is not installed: nothing to compare with")
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=lr)
    scheduler = make(torch.optim.lr_scheduler, optimizer)
    rates = []
    for _ in range(count):
        rates.append(float(optimizer.param_groups[0]["lr"]))
        optimizer.step()
        scheduler.step()
    return rates


def rates(schedule: Schedule, count: int) -> list[float]:
    return [schedule(t) for t in range(count)]


@settings(max_examples=25, deadline=None)
@given(lr=RATES, every=STEPS, factor=st.floats(0.01, 1.5))
def test_step_is_pytorchs(lr, every, factor):
    theirs = pytorch_rates(lambda s, o: s.StepLR(o, every, gamma=factor), 50, lr)
    np.testing.assert_allclose(rates(Step(lr, every, factor), 50), theirs, rtol=1e-10)


@settings(max_examples=25, deadline=None)
@given(lr=RATES, factor=st.floats(0.5, 1.1))
def test_exponential_is_pytorchs(lr, factor):
    theirs = pytorch_rates(lambda s, o: s.ExponentialLR(o, factor), 50, lr)
    np.testing.assert_allclose(rates(Exponential(lr, factor), 50), theirs, rtol=1e-10)


@settings(max_examples=25, deadline=None)
@given(lr=RATES, steps=STEPS, lr_end=st.floats(0, 1))
def test_cosine_is_pytorchs_until_its_end_and_stays_there(lr, steps, lr_end):
    make = lambda s, o: s.CosineAnnealingLR(o, steps, eta_min=lr_end)  # noqa: E731
    theirs = pytorch_rates(make, steps + 1, lr)
    schedule = Cosine(lr, steps, lr_end)
    np.testing.assert_allclose(rates(schedule, steps + 1), theirs, rtol=1e-9, atol=1e-12)
    assert schedule(steps + 7) == pytest.approx(lr_end)


@settings(max_examples=50, deadline=None)
@given(
    lr=RATES,
    steps=st.integers(2, 60),
    pct=st.floats(0, 1),
    div=st.floats(1, 100),
    final=st.floats(1, 1e5),
)
def test_one_cycle_is_pytorchs(lr, steps, pct, div, final):
    if pct * steps == 1 or pct == 1:  # PyTorch divides by zero there
        return
    make = lambda s, o: s.OneCycleLR(  # noqa: E731
        o,
        lr,
        total_steps=steps,
        pct_start=pct,
        div_factor=div,
        final_div_factor=final,
        cycle_momentum=False,
    )
    theirs = pytorch_rates(make, steps - 1, lr)
    ours = rates(OneCycle(lr, steps, pct_start=pct, div_factor=div, final_div_factor=final), steps)
    np.testing.assert_allclose(ours[:-1], theirs, rtol=1e-9, atol=1e-12)
    assert ours[-1] == pytest.approx(lr / div / final)


def test_one_cycle_where_pytorch_divides_by_zero():
    assert OneCycle(1.0, steps=1)(0) == pytest.approx(1 / 25 / 1e4)
    assert OneCycle(1.0, steps=4, pct_start=0.25)(0) == 1.0  # the way up is one step long
    assert OneCycle(1.0, steps=4, pct_start=1.0)(3) == 1.0  # no way down
    assert OneCycle(1.0, steps=4)(400) == OneCycle(1.0, steps=4)(3)


@settings(max_examples=25, deadline=None)
@given(lr=RATES, steps=STEPS, start=st.floats(0.001, 1), factor=st.floats(0.7, 1))
def test_warm_up_is_pytorchs_linear_then_another(lr, steps, start, factor):
    def make(s, o):
        warm = s.LinearLR(o, start_factor=start, total_iters=steps)
        return s.SequentialLR(o, [warm, s.ExponentialLR(o, factor)], milestones=[steps])

    theirs = pytorch_rates(make, steps + 10, lr)
    ours = rates(WarmUp(Exponential(lr, factor), steps, start), steps + 10)
    np.testing.assert_allclose(ours, theirs, rtol=1e-9)


EVERY = [
    Constant(0.1),
    Step(0.1, 3, 0.5),
    Exponential(0.1, 0.9),
    Cosine(0.1, 20, 0.01),
    OneCycle(0.1, 20, pct_start=0.4, div_factor=10.0, final_div_factor=100.0),
    WarmUp(Cosine(0.1, 20), 5, 0.1),
    WarmUp(0.3, 5),
]


@pytest.mark.parametrize("schedule", EVERY, ids=repr)
def test_its_arguments_make_it_again(schedule):
    again = type(schedule)(**schedule.arguments())
    assert again == schedule
    assert hash(again) == hash(schedule)
    assert rates(again, 30) == rates(schedule, 30)
    assert repr(schedule).startswith(type(schedule).__name__ + "(")
    assert all(type(rate) is float and math.isfinite(rate) for rate in rates(schedule, 30))


def test_schedules_that_differ_are_not_equal():
    assert Constant(0.1) != Constant(0.2)
    assert Constant(0.1) != Exponential(0.1, 0.9)
    assert Constant(0.1) != 0.1


@pytest.mark.parametrize("schedule", EVERY, ids=repr)
def test_an_optimiser_takes_it(schedule):
    optimizer = nn.SGD(lr=schedule)
    params = nn.parameters.Parameters.pack({"w": np.zeros(1)})
    expected = 0.0
    for t in range(25):
        optimizer.update(params, nn.parameters.Parameters.pack({"w": np.ones(1)}))
        expected -= schedule(t)
    assert params["w"][0] == pytest.approx(expected)
    assert optimizer.learning_rate == schedule(25)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Constant(-1), "lr must not be negative, got -1"),
        (lambda: Constant(math.nan), "lr must be a number, got nan"),
        (lambda: Constant(math.inf), "lr must be finite, got inf"),
        (lambda: Step(1, 0), "every must be a whole number of steps, at least 1, got 0"),
        (lambda: Step(1, 2.5), "every must be a whole number of steps, at least 1, got 2.5"),
        (lambda: Step(1, math.inf), "every must be a whole number of steps, at least 1, got inf"),
        (lambda: Exponential(1, -0.5), "factor must not be negative, got -0.5"),
        (lambda: Cosine(1, 0), "steps must be a whole number of steps, at least 1, got 0"),
        (lambda: OneCycle(1, 10, pct_start=2), r"pct_start, a share of .*, must be in \[0, 1\]"),
        (lambda: OneCycle(1, 10, div_factor=0), "div_factor must be above 0, got 0"),
        (lambda: OneCycle(1, 9, final_div_factor=0), "final_div_factor must be above 0, got 0"),
        (lambda: WarmUp(1.0, 3, start=2), r"start, a share of .*, must be in \[0, 1\], got 2"),
        (lambda: WarmUp(-1.0, 3), "after must not be negative, got -1"),
        (lambda: Constant(1)(-1), "steps are counted from 0, got step -1"),
    ],
)
def test_what_cannot_be_used_is_refused_in_one_sentence(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Constant("0.1"), "lr must be a number, got '0.1'"),
        (lambda: Constant(True), "lr must be a number, got True"),
        (lambda: Cosine(0.1, "5"), "steps must be a number, got '5'"),
        (lambda: Cosine(0.1), "Cosine needs steps; it is called as Cosine"),
        (lambda: WarmUp(lambda step: 0.1, 5), "after must be a number, got <function"),
        (lambda: OneCycle(0.1, 5, 0.3), r"OneCycle takes 2 argument\(s\) in a row, got 3"),
    ],
)
def test_what_is_of_a_wrong_kind_is_refused_in_one_sentence(make, message):
    with pytest.raises(TypeError, match=message):
        make()


def test_a_length_rounded_up_by_numpy_is_a_whole_number():
    assert Cosine(0.1, np.ceil(10 / 4)) == Cosine(0.1, 3)


class Own(Schedule):
    """A schedule of one's own."""

    def __init__(self, given):
        self.given = given

    def rate(self, step):
        return self.given


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        (-0.5, ValueError, r"the lr that Own\(\) gives at step 3 must not be negative, got -0.5"),
        (math.nan, ValueError, "must be a number, got nan"),
        (math.inf, ValueError, "must be finite, got inf"),
        (None, TypeError, r"the lr that Own\(\) gives at step 3 must be a number, got None"),
        ("0.1", TypeError, "must be a number, got '0.1'"),
        (1j, TypeError, "must be a number, got 1j"),
    ],
)
def test_a_formula_that_gives_no_rate_is_named(given, error, message):
    with pytest.raises(error, match=message):
        Own(given)(3)


def test_a_schedule_of_ones_own_needs_a_formula_and_nothing_else():
    with pytest.raises(NotImplementedError, match="Schedule defines no rate"):
        Schedule()(0)
    assert Own(0.5)(7) == 0.5
    assert Own(0.5) == Own(0.5) != Own(0.25)
