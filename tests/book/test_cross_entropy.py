"""Cross-entropy: its formulas by algebra, and the ops against them."""

import importlib.util
import os

import numpy as np
import pytest
import sympy as sp

from course_nn import ops
from course_nn.gradcheck import check_vjp

from .proving import proves

# Keras reads this when it is first imported
os.environ.setdefault("KERAS_BACKEND", "jax" if importlib.util.find_spec("jax") else "torch")

K = 3
Z = sp.symbols(f"z0:{K}", real=True)
S = sum(map(sp.exp, Z))
P = [sp.exp(z) / S for z in Z]
Q = sp.symbols(f"q0:{K}", positive=True)
T = [*sp.symbols(f"t0:{K - 1}", positive=True)]
T.append(1 - sum(T))  # a row of targets sums to one
LABELS = np.array([3, 0, 4, 0])
WEIGHTS = {
    "class_weights": np.array([0.5, 1.0, 2.0, 1.5, 0.7]),
    "sample_weights": np.array([1.0, 0.5, 0.0, 2.0]),
}


def normal(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape)


def is_zero(expression: sp.Expr) -> bool:
    return sp.simplify(expression) == 0


def rows(labels: np.ndarray, classes: int) -> np.ndarray:
    """The printed definition: 1 where k is the label, else 0."""
    return np.array([[float(k == c) for k in range(classes)] for c in labels])


def softmax(z: np.ndarray) -> np.ndarray:
    return np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)


def likelihood(t: np.ndarray, p: np.ndarray) -> float:
    """The printed double sum, number by number."""
    total = 0.0
    for n, k in np.ndindex(p.shape):
        if t[n, k]:
            total -= t[n, k] * np.log(p[n, k])
    return total / len(p)


@proves("eq-ce-one-hot")
def test_a_label_as_a_row() -> None:
    np.testing.assert_array_equal(ops.one_hot(LABELS, 5), rows(LABELS, 5))
    with pytest.raises(AssertionError):  # classes counted from 1
        np.testing.assert_array_equal(ops.one_hot(LABELS, 5), rows(LABELS + 1, 5))


@proves("eq-ce-bernoulli", "eq-ce-categorical")
def test_an_exponent_picks_the_probability_of_what_happened() -> None:
    p = sp.Symbol("p", positive=True)
    formula = [p**t * (1 - p) ** (1 - t) for t in (0, 1)]
    assert [is_zero(f - e) for f, e in zip(formula, (1 - p, p), strict=True)] == [True, True]
    for c in range(K):
        product = sp.prod([Q[k] ** int(k == c) for k in range(K)])
        assert product == Q[c]


@proves("eq-ce-likelihood", "eq-ce-forward")
def test_the_loss_is_the_mean_negative_log_likelihood() -> None:
    p = softmax(normal(0, 4, 5))
    t = rows(LABELS, 5)
    product = np.prod([p[n, k] ** t[n, k] for n, k in np.ndindex(p.shape)])
    loss, _ = ops.cross_entropy_forward(p, LABELS)
    np.testing.assert_allclose(loss, -np.log(product) / 4)
    np.testing.assert_allclose(loss, likelihood(t, p))
    np.testing.assert_allclose(loss, -np.mean([np.log(p[n, c]) for n, c in enumerate(LABELS)]))
    with pytest.raises(AssertionError):  # the sum, not the mean
        np.testing.assert_allclose(loss, 4 * likelihood(t, p))


@proves("eq-ce-entropy")
def test_cross_entropy_is_entropy_and_what_is_to_be_learnt() -> None:
    cross = -sum(t * sp.log(q) for t, q in zip(T, Q, strict=True))
    entropy = -sum(t * sp.log(t) for t in T)
    rest = sum(t * (sp.log(t) - sp.log(q)) for t, q in zip(T, Q, strict=True))
    assert is_zero(sp.expand(cross - entropy - rest))
    t, p = softmax(normal(1, 50, 4)), softmax(normal(2, 50, 4))
    divergence = (t * np.log(t / p)).sum(axis=1)
    assert (divergence > 0).all()


@proves("eq-ce-dp")
def test_the_gradient_of_probabilities() -> None:
    p = softmax(normal(0, 4, 5))
    t = softmax(normal(1, 4, 5))  # soft targets
    _, cache = ops.cross_entropy_forward(p, t)
    np.testing.assert_allclose(ops.cross_entropy_backward(1.0, cache), -t / (4 * p))
    printed = [sp.diff(-sp.Symbol("t") * sp.log(q), q) + sp.Symbol("t") / q for q in Q]
    assert all(map(is_zero, printed))


@proves("eq-ce-unnormalised", "eq-ce-unnormalised-dq")
def test_the_loss_that_divides_by_the_sum() -> None:
    total = sum(Q)
    loss = -sum(t * sp.log(q / total) for t, q in zip(T, Q, strict=True))
    printed = -sum(t * sp.log(q) for t, q in zip(T, Q, strict=True)) + sp.log(total)
    assert is_zero(sp.expand_log(sp.expand(loss - printed), force=True))
    slopes = [1 / total - t / q for t, q in zip(T, Q, strict=True)]
    for q, slope in zip(Q, slopes, strict=True):
        assert is_zero(sp.diff(loss, q) - slope)
    assert is_zero(sum(q * slope for q, slope in zip(Q, slopes, strict=True)))
    for q, slope in zip(Q, slopes, strict=True):  # the sign lost, and the sum forgotten
        assert not is_zero(sp.diff(loss, q) + slope)
        assert not is_zero(sp.diff(loss, q) - slope + 1 / total)
    # one-hot: minus at the label
    label = {T[0]: 1, T[1]: 0}
    assert is_zero(slopes[0].subs(label) + (total - Q[0]) / (total * Q[0]))
    assert is_zero(slopes[1].subs(label) - 1 / total)


def test_keras_divides_by_the_sum() -> None:
    nn = pytest.importorskip("keras").ops
    q = np.exp(normal(0, 4, 5))
    t = rows(LABELS, 5)
    theirs = np.asarray(nn.convert_to_numpy(nn.categorical_crossentropy(t, q)))
    np.testing.assert_allclose(theirs.mean(), likelihood(t, q / q.sum(axis=1)[:, None]), rtol=1e-5)


@proves("eq-ce-nll", "eq-ce-nll-dlogp")
def test_on_logarithms_the_loss_is_linear() -> None:
    y, t = np.log(softmax(normal(0, 4, 5))), softmax(normal(1, 4, 5))
    loss, cache = ops.negative_log_likelihood_forward(y, t)
    np.testing.assert_allclose(loss, -sum(t[i] * y[i] for i in np.ndindex(y.shape)) / 4)
    np.testing.assert_allclose(ops.negative_log_likelihood_backward(1.0, cache), -t / 4)
    with pytest.raises(AssertionError):  # the mean over the classes as well
        np.testing.assert_allclose(loss, -(t * y).mean())
    with pytest.raises(AssertionError):  # the gradient of the probabilities
        np.testing.assert_allclose(
            ops.negative_log_likelihood_backward(1.0, cache), -t / (4 * np.exp(y))
        )


@proves("eq-ce-fused", "eq-ce-through", "eq-ce-dz")
def test_through_the_softmax_it_is_one_subtraction() -> None:
    loss = -sum(t * sp.log(p) for t, p in zip(T, P, strict=True))
    printed = sp.log(S) - sum(t * z for t, z in zip(T, Z, strict=True))
    values = dict(zip([*Z, *T[:2]], (0.3, -1.1, 0.7, 0.2, 0.5), strict=True))
    assert abs((loss - printed).evalf(30, subs=values)) < 1e-20
    for k in range(K):
        assert is_zero(sp.diff(printed, Z[k]) - (P[k] - T[k]))
        assert not is_zero(sp.diff(printed, Z[k]) - (T[k] - P[k]))  # turned round
        dp = [-t / p for t, p in zip(T, P, strict=True)]
        mean = sum(p * d for p, d in zip(P, dp, strict=True))
        assert is_zero(mean + 1)
        assert is_zero(P[k] * (dp[k] - mean) - (P[k] - T[k]))
    z, t = normal(0, 4, 5), softmax(normal(1, 4, 5))
    value, cache = ops.softmax_cross_entropy_forward(z, t)
    np.testing.assert_allclose(value, likelihood(t, softmax(z)))
    sums = np.log(np.exp(z).sum(axis=1)) - (t * z).sum(axis=1)
    np.testing.assert_allclose(value, sums.mean())
    np.testing.assert_allclose(ops.softmax_cross_entropy_backward(1.0, cache), (softmax(z) - t) / 4)


def weighted(z: np.ndarray, labels: np.ndarray, smoothing: float) -> tuple[float, np.ndarray]:
    """The printed targets, loss and gradient with all weights, number by number."""
    w, s = WEIGHTS["class_weights"], WEIGHTS["sample_weights"]
    p, t = softmax(z), np.zeros(z.shape)
    for n, k in np.ndindex(z.shape):
        here = float(k == labels[n])
        t[n, k] = s[n] * w[k] * ((1 - smoothing) * here + smoothing / z.shape[1])
    total = sum(s[n] * w[c] for n, c in enumerate(labels))
    loss = -sum(t[i] * np.log(p[i]) for i in np.ndindex(t.shape)) / total
    dz = np.array(
        [
            [(p[n, k] * sum(t[n]) - t[n, k]) / total for k in range(z.shape[1])]
            for n in range(len(z))
        ]
    )
    return loss, dz


@proves("eq-ce-weighted", "eq-ce-weighted-dz")
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_smoothing_and_weights(smoothing: float) -> None:
    z = normal(0, 4, 5)

    def forward(z: np.ndarray) -> tuple:
        return ops.softmax_cross_entropy_forward(z, LABELS, smoothing, **WEIGHTS)

    value, cache = forward(z)
    loss, dz = weighted(z, LABELS, smoothing)
    np.testing.assert_allclose(value, loss)
    np.testing.assert_allclose(ops.softmax_cross_entropy_backward(1.0, cache), dz)

    def printed(dloss: float, cache: tuple) -> np.ndarray:
        return dloss * dz

    def without_the_row(dloss: float, cache: tuple) -> np.ndarray:
        p, t, total = cache
        return dloss * (p - t) / total

    assert check_vjp(forward, printed, z).passed
    assert not check_vjp(forward, without_the_row, z).passed


@proves("eq-ce-binary", "eq-ce-binary-stable", "eq-ce-binary-dz")
def test_two_classes_and_one_score() -> None:
    t, z = sp.symbols("t z", real=True)
    sigma = 1 / (1 + sp.exp(-z))
    printed = -t * sp.log(sigma) - (1 - t) * sp.log(1 - sigma)
    first = -t * (1 - sigma) + (1 - t) * sigma
    assert is_zero(sp.diff(printed, z) - first)
    assert is_zero(first - (sigma - t))
    assert not is_zero(sp.diff(printed, z) - (t - sigma))  # turned round
    assert not is_zero(sp.diff(printed + (1 - t) * sp.log(1 - sigma), z) - first)  # only "yes"
    scores, targets = 3 * normal(0, 4, 5), softmax(normal(1, 4, 5))
    s = 1 / (1 + np.exp(-scores))
    naive = -targets * np.log(s) - (1 - targets) * np.log(1 - s)
    stable = (1 - targets) * np.maximum(scores, 0) + targets * np.maximum(-scores, 0)
    stable += np.log(1 + np.exp(-np.abs(scores)))
    np.testing.assert_allclose(stable, naive)
    swapped = targets * np.maximum(scores, 0) + (1 - targets) * np.maximum(-scores, 0)
    swapped += np.log(1 + np.exp(-np.abs(scores)))
    with pytest.raises(AssertionError):  # the two maxima exchanged
        np.testing.assert_allclose(swapped, naive)
    value, cache = ops.binary_cross_entropy_forward(scores, targets)
    np.testing.assert_allclose(value, stable.mean())
    np.testing.assert_allclose(
        ops.binary_cross_entropy_backward(1.0, cache), (s - targets) / 20, atol=1e-12
    )


@proves("eq-ce-mse", "eq-ce-mse-dy")
def test_the_squared_error() -> None:
    y, t = normal(0, 4, 5), normal(1, 4, 5)
    value, cache = ops.mean_squared_error_forward(y, t)
    np.testing.assert_allclose(value, sum((y[i] - t[i]) ** 2 for i in np.ndindex(y.shape)) / 20)
    np.testing.assert_allclose(ops.mean_squared_error_backward(1.0, cache), 2 / 20 * (y - t))

    def half(dloss: float, cache: np.ndarray) -> np.ndarray:
        return dloss * cache / 2

    def forward(y: np.ndarray) -> tuple:
        return ops.mean_squared_error_forward(y, t)

    assert not check_vjp(forward, half, y).passed


@proves("eq-ce-mse-saturates")
def test_the_squared_error_of_a_probability_keeps_the_slope_of_the_sigmoid() -> None:
    t, z = sp.symbols("t z", real=True)
    p = 1 / (1 + sp.exp(-z))
    assert is_zero(sp.diff((p - t) ** 2, z) - 2 * (p - t) * p * (1 - p))
    assert not is_zero(sp.diff((p - t) ** 2, z) - 2 * (p - t))  # the slope of the sigmoid lost


@proves("eq-ce-start")
def test_the_loss_of_who_knows_nothing() -> None:
    for classes in (2, 10, 100):
        value, _ = ops.softmax_cross_entropy_forward(np.full((3, classes), 7.0), np.arange(3) % 2)
        np.testing.assert_allclose(value, np.log(classes))


def test_in_single_precision_the_separate_steps_lose_the_gradient() -> None:
    z, label = np.array([[0.0, 200.0]], np.float32), np.array([0])
    p, through = ops.softmax_forward(z)
    _, cache = ops.cross_entropy_forward(p, label)
    assert not ops.softmax_backward(ops.cross_entropy_backward(1.0, cache), through).any()
    _, cache = ops.softmax_cross_entropy_forward(z, label)
    assert ops.softmax_cross_entropy_backward(1.0, cache).tolist() == [[-1.0, 1.0]]
