"""Cross-entropy: from the likelihood to one subtraction, by algebra and against the ops."""

import numpy as np
import pytest
import sympy as sp

from course_nn import ops

from .proving import proves

N, K = 3, 4
LABELS = np.array([2, 0, 3])


def normal(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape)


def softmax(z: np.ndarray) -> np.ndarray:
    return np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)


def numerical(loss, x: np.ndarray, h: float = 1e-6) -> np.ndarray:
    """The gradient of a number by central differences."""
    d = np.zeros_like(x)
    for place in np.ndindex(x.shape):
        step = np.zeros_like(x)
        step[place] = h
        d[place] = (loss(x + step) - loss(x - step)) / (2 * h)
    return d


@proves("eq-ce-one-hot")
def test_one_hot() -> None:
    t = ops.one_hot(LABELS, K)
    for n, k in np.ndindex(N, K):
        assert t[n, k] == (k == LABELS[n])
    np.testing.assert_array_equal(ops.targets_like(np.zeros((N, K)), LABELS), t)


@proves("eq-ce-likelihood", "eq-ce-loss")
def test_the_loss_is_minus_the_mean_log_likelihood() -> None:
    p, t = softmax(normal(0, N, K)), ops.one_hot(LABELS, K, "float64")
    likelihood = np.prod([p[n, LABELS[n]] for n in range(N)])
    assert np.prod(p**t) == pytest.approx(likelihood)
    found, _ = ops.cross_entropy_forward(p, LABELS)
    assert found == pytest.approx(-np.log(likelihood) / N)
    assert found == pytest.approx(-(t * np.log(p)).sum() / N)
    assert found != pytest.approx(-(t * np.log(p)).sum())  # the mean forgotten


@proves("eq-ce-chance")
def test_who_knows_nothing_pays_the_logarithm_of_the_classes() -> None:
    for classes in (2, 10):
        found, _ = ops.softmax_cross_entropy_forward(np.zeros((2, classes)), np.array([0, 1]))
        assert found == pytest.approx(np.log(classes))


@proves("eq-ce-dp", "eq-ce-nll")
def test_the_gradients_on_probabilities_and_on_their_logarithms() -> None:
    p, t = softmax(normal(0, N, K)), ops.one_hot(LABELS, K, "float64")
    _, cache = ops.cross_entropy_forward(p, LABELS)
    np.testing.assert_allclose(ops.cross_entropy_backward(1.0, cache), -t / (N * p))
    log_p = np.log(p)
    found, cache = ops.negative_log_likelihood_forward(log_p, LABELS)
    assert found == pytest.approx(-(t * log_p).sum() / N)
    np.testing.assert_allclose(ops.negative_log_likelihood_backward(1.0, cache), -t / N)
    slope = numerical(lambda q: -(t * np.log(q)).sum() / N, p)
    np.testing.assert_allclose(-t / (N * p), slope, rtol=1e-5, atol=1e-8)


@proves("eq-ce-fused-jacobian", "eq-ce-dz", "eq-ce-logsumexp")
def test_fused_with_the_softmax_it_is_one_subtraction() -> None:
    z = sp.symbols(f"z0:{K}", real=True)
    t = sp.symbols(f"t0:{K}", positive=True)
    total = sum(map(sp.exp, z))
    p = [sp.exp(v) / total for v in z]
    loss = -sum(tk * sp.log(pk) for tk, pk in zip(t, p, strict=True))
    for k in range(K):  # for any targets, whatever their sum
        assert sp.simplify(loss.diff(z[k]) - (p[k] * sum(t) - t[k])) == 0
        assert sp.simplify(loss.diff(z[k]) - (t[k] - p[k] * sum(t))) != 0
    printed = sp.log(total) - sum(tk * zk for tk, zk in zip(t, z, strict=True))
    same = (printed - loss).subs(t[-1], 1 - sum(t[:-1]))  # targets that sum to one
    values = {v: sp.Rational(n + 1, 7) for n, v in enumerate((*z, *t[:-1]))}
    assert abs(float(same.subs(values))) < 1e-12
    scores, rows = normal(0, N, K), ops.one_hot(LABELS, K, "float64")
    _, cache = ops.softmax_cross_entropy_forward(scores, LABELS)
    found = ops.softmax_cross_entropy_backward(1.0, cache)
    np.testing.assert_allclose(found, (softmax(scores) - rows) / N)
    with pytest.raises(AssertionError):  # without the mean
        np.testing.assert_allclose(found, softmax(scores) - rows)


@proves("eq-ce-unnormalised", "eq-ce-dq")
def test_a_loss_that_normalises_by_itself() -> None:
    q = sp.symbols(f"q0:{K}", positive=True)
    t = [sp.Rational(n, 6) for n in range(K)]  # they sum to one
    assert sum(t) == 1
    loss = -sum(tk * sp.log(qk / sum(q)) for tk, qk in zip(t, q, strict=True))
    printed = sp.log(sum(q)) - sum(tk * sp.log(qk) for tk, qk in zip(t, q, strict=True))
    values = {v: sp.Rational(n + 2, 3) for n, v in enumerate(q)}
    assert abs(float((loss - printed).subs(values))) < 1e-12
    for tk, qk in zip(t, q, strict=True):
        assert sp.simplify(loss.diff(qk) - (1 / sum(q) - tk / qk)) == 0
        assert sp.simplify(loss.diff(qk) + tk / qk) != 0


@proves("eq-ce-smoothing", "eq-ce-weighted")
def test_smoothing_and_weights() -> None:
    z, share = normal(0, N, K), 0.2
    c, w = np.array([1.0, 2.0, 0.5, 3.0]), np.array([0.7, 1.1, 2.0])
    t = np.zeros((N, K))
    for n, k in np.ndindex(N, K):
        t[n, k] = w[n] * c[k] * ((1 - share) * (k == LABELS[n]) + share / K)
    total = sum(w[n] * c[LABELS[n]] for n in range(N))
    found, cache = ops.softmax_cross_entropy_forward(z, LABELS, share, c, sample_weights=w)
    p = softmax(z)
    assert found == pytest.approx(-(t * np.log(p)).sum() / total)
    dz = ops.softmax_cross_entropy_backward(1.0, cache)
    np.testing.assert_allclose(dz, (p * t.sum(axis=1, keepdims=True) - t) / total)
    with pytest.raises(AssertionError):  # the targets' sum forgotten
        np.testing.assert_allclose(dz, (p - t) / total)


@proves("eq-ce-binary", "eq-ce-binary-stable")
def test_yes_or_no() -> None:
    x, t = sp.Symbol("z", real=True), sp.Symbol("t", real=True)
    yes = 1 / (1 + sp.exp(-x))
    loss = -t * sp.log(yes) - (1 - t) * sp.log(1 - yes)
    assert sp.simplify(loss.diff(x) - (yes - t)) == 0
    z, targets = 3 * normal(0, 6), np.array([0.0, 1.0, 0.3, 1.0, 0.0, 0.9])
    sigma = 1 / (1 + np.exp(-z))
    losses = -targets * np.log(sigma) - (1 - targets) * np.log(1 - sigma)
    stable = (1 - targets) * np.maximum(z, 0) + targets * np.maximum(-z, 0)
    stable += np.log(1 + np.exp(-abs(z)))
    np.testing.assert_allclose(stable, losses)
    found, cache = ops.binary_cross_entropy_forward(z, targets)
    assert found == pytest.approx(losses.mean())
    dz = ops.binary_cross_entropy_backward(1.0, cache)
    np.testing.assert_allclose(dz, (sigma - targets) / 6)


@proves("eq-ce-mse", "eq-ce-mse-sigmoid")
def test_the_square_and_why_it_does_not_learn() -> None:
    y, t = normal(0, 3, 2), normal(1, 3, 2)
    found, cache = ops.mean_squared_error_forward(y, t)
    assert found == pytest.approx(((y - t) ** 2).sum() / 6)
    np.testing.assert_allclose(ops.mean_squared_error_backward(1.0, cache), 2 / 6 * (y - t))
    x, target = sp.symbols("z t", real=True)
    yes = 1 / (1 + sp.exp(-x))
    slope = ((yes - target) ** 2).diff(x)
    assert sp.simplify(slope - 2 * (yes - target) * yes * (1 - yes)) == 0
    assert sp.limit(slope.subs(target, 0), x, sp.oo) == 0
