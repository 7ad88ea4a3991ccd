"""The dense layer: its equations as they are printed, by algebra and against the ops."""

import numpy as np
import pytest
import sympy as sp

import course_nn as nn
from course_nn import ops, plain
from course_nn.gradcheck import check_vjp
from course_nn.reference import jacobian

from .proving import proves

N, D, M = 4, 3, 2


def normal(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape)


def operands(*sizes: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    samples, features, outputs = sizes or (N, D, M)
    # No seed is 0: the judge draws dy with that one, and xᵀ dy of dy = x has no wrong side.
    return normal(4, samples, features), normal(5, features, outputs), normal(6, outputs)


def symbols(name: str, rows: int, columns: int) -> sp.Matrix:
    return sp.Matrix(rows, columns, lambda i, j: sp.Symbol(f"{name}_{i}_{j}", real=True))


X, W, B, DY = symbols("x", N, D), symbols("W", D, M), symbols("b", 1, M), symbols("g", N, M)
Y = sp.Matrix(N, M, lambda n, m: sum(X[n, d] * W[d, m] for d in range(D)) + B[m])
L = sum(DY[n, m] * Y[n, m] for n in range(N) for m in range(M))  # so that dL/dy = DY


def gradient(argument: sp.Matrix) -> sp.Matrix:
    """∂L/∂argument by algebra, in its shape."""
    return argument.applyfunc(lambda symbol: sp.diff(L, symbol))


def equal(a: sp.Matrix, b: sp.Matrix) -> bool:
    return a.shape == b.shape and all(sp.expand(term) == 0 for term in a - b)


@proves("eq-dense-indices", "eq-dense-forward")
def test_the_sum_is_the_product_of_matrices_and_the_op() -> None:
    assert equal(Y, X * W + sp.ones(N, 1) * B)
    x, W_, b = operands()
    printed = np.empty((N, M))
    for n, m in np.ndindex(N, M):
        printed[n, m] = sum(x[n, d] * W_[d, m] for d in range(D)) + b[m]
    for module in (ops, plain):
        np.testing.assert_allclose(module.dense_forward(x, W_, b)[0], printed)
        np.testing.assert_allclose(module.dense_forward(x, W_)[0], printed - b)
    with pytest.raises(AssertionError):  # a sum from 1: the first feature is lost
        np.testing.assert_allclose(x[:, 1:] @ W_[1:] + b, printed)


@proves("eq-dense-scalar", "eq-dense-d-scalar")
def test_of_one_number_it_is_a_line_and_its_slopes() -> None:
    x, w, b, dy = sp.symbols("x w b dy", real=True)
    line = x * w + b
    derived = [dy * sp.diff(line, symbol) for symbol in (x, w, b)]
    assert derived == [dy * w, x * dy, dy]
    assert derived != [dy * x, w * dy, dy]
    values = {x: 2.0, w: -3.0, b: 5.0, dy: 0.5}
    arrays = {symbol: np.array([[value]]) for symbol, value in values.items()}
    y, cache = ops.dense_forward(arrays[x], arrays[w], arrays[b][0])
    assert y.item() == line.subs(values)
    got = [a.item() for a in ops.dense_backward(arrays[dy], cache)]
    assert got == [term.subs(values) for term in derived]


@proves("eq-dense-dx-indices", "eq-dense-dw-indices", "eq-dense-db-indices")
def test_the_sums_over_indices_are_the_derivatives_by_algebra() -> None:
    dx = sp.Matrix(N, D, lambda n, d: sum(DY[n, m] * W[d, m] for m in range(M)))
    dW = sp.Matrix(D, M, lambda d, m: sum(X[n, d] * DY[n, m] for n in range(N)))
    db = sp.Matrix(1, M, lambda _, m: sum(DY[n, m] for n in range(N)))
    for argument, printed in ((X, dx), (W, dW), (B, db)):
        assert equal(gradient(argument), printed)
    one_sample = sp.Matrix(D, M, lambda d, m: X[N - 1, d] * DY[N - 1, m])
    assert not equal(gradient(W), one_sample)  # the sum over the samples forgotten


@proves("eq-dense-dx", "eq-dense-dw", "eq-dense-db")
def test_the_products_of_matrices_are_the_derivatives_by_algebra() -> None:
    assert equal(gradient(X), DY * W.T)
    assert equal(gradient(W), X.T * DY)
    assert equal(gradient(B), sp.ones(1, N) * DY)
    assert not equal(gradient(W), DY.T * X)
    assert not equal(gradient(W), X.T * DY / N)


def printed_backward(dy: np.ndarray, cache: tuple) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The three printed formulas."""
    x, W_, *_ = cache
    return dy @ W_.T, x.T @ dy, dy.sum(axis=0)


@pytest.mark.parametrize("sizes", [(4, 3, 2), (3, 3, 3), (1, 5, 2)], ids=str)
def test_the_op_and_its_twin_return_the_printed_products(sizes: tuple[int, int, int]) -> None:
    x, W_, b = operands(*sizes)
    dy = normal(3, sizes[0], sizes[2])
    for module in (ops, plain):
        _, cache = module.dense_forward(x, W_, b)
        got = module.dense_backward(dy, cache)
        for ours, printed in zip(got, printed_backward(dy, cache), strict=True):
            np.testing.assert_allclose(ours, printed)
    assert check_vjp(ops.dense_forward, printed_backward, x, W_, b).passed


FAULTS = {
    "a wrong sign": lambda dx, dW, db: (-dx, dW, db),
    "dW / N": lambda dx, dW, db: (dx, dW / 3, db),
    "dW transposed": lambda dx, dW, db: (dx, dW.T, db),
    "dx transposed": lambda dx, dW, db: (dx.T, dW, db),
    "db averaged": lambda dx, dW, db: (dx, dW, db / 3),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_the_judge_sees_a_fault_even_where_all_sizes_agree(fault: str) -> None:
    def backward(dy: np.ndarray, cache: tuple) -> tuple:
        return FAULTS[fault](*printed_backward(dy, cache))

    with pytest.raises(AssertionError):
        assert check_vjp(ops.dense_forward, backward, *operands(3, 3, 3)).passed


@proves("eq-dense-jacobian")
def test_the_jacobian_by_the_weights_is_x_where_the_output_is_its_own() -> None:
    x, W_, b = operands()
    J = jacobian.dense_jacobians(x, W_, b)[1]
    for n, m, d, k in np.ndindex(N, M, D, M):
        derived = sp.diff(Y[n, m], W[d, k])
        assert derived == (X[n, d] if k == m else 0)
        assert J[n, m, d, k] == (x[n, d] if k == m else 0)
    assert J.size == N * M * D * M
    dense = np.broadcast_to(x[:, None, :, None], J.shape)  # the case "else" forgotten
    with pytest.raises(AssertionError):
        np.testing.assert_array_equal(J, dense)


@proves("eq-dense-flatten")
@pytest.mark.parametrize("module", [ops, plain], ids=["ops", "plain"])
def test_flattening_puts_each_number_at_the_printed_place(module: object) -> None:
    channels, height, width = 3, 4, 5
    x = normal(0, 2, channels, height, width)
    y, cache = module.flatten_forward(x)  # type: ignore[attr-defined]
    dx = module.flatten_backward(y, cache)  # type: ignore[attr-defined]
    wrong = 0
    for n, c, i, j in np.ndindex(x.shape):
        assert y[n, (c * height + i) * width + j] == x[n, c, i, j]
        wrong += y[n, (c * width + j) * height + i] != x[n, c, i, j]  # column by column
    assert wrong > x.size / 2
    np.testing.assert_array_equal(dx, x)
    forward, backward = module.flatten_forward, module.flatten_backward  # type: ignore[attr-defined]
    assert check_vjp(forward, backward, x).passed
    assert not check_vjp(forward, lambda dy, cache: backward(dy[:, ::-1], cache), x).passed


@proves("eq-dense-mse")
def test_the_mean_of_squares_and_its_gradient_by_algebra() -> None:
    y, t = sp.symbols(f"y0:{N}", real=True), sp.symbols(f"t0:{N}", real=True)
    loss = sp.Rational(1, N) * sum((y[n] - t[n]) ** 2 for n in range(N))
    for n in range(N):
        assert sp.expand(sp.diff(loss, y[n]) - sp.Rational(2, N) * (y[n] - t[n])) == 0
        assert sp.expand(sp.diff(loss, y[n]) - 2 * (y[n] - t[n])) != 0  # without the 1/N
    a, b = normal(0, N, 1), normal(1, N, 1)
    value, cache = ops.mean_squared_error_forward(a, b)
    np.testing.assert_allclose(value, sum((a[n, 0] - b[n, 0]) ** 2 for n in range(N)) / N)
    np.testing.assert_allclose(ops.mean_squared_error_backward(1.0, cache), 2 / N * (a - b))


@proves("eq-dense-step")
def test_a_step_of_a_model_is_the_printed_step() -> None:
    x, t, eta = normal(0, 9, 1), normal(1, 9, 1), 0.3
    model = nn.Sequential([nn.Dense(1)])
    model.build((1,), rng=np.random.default_rng(2), dtype=np.float64)
    w, b = model.params["0.W"].item(), model.params["0.b"].item()
    dy = 2 / 9 * (x * w + b - t)
    printed = w - eta * (x * dy).sum(), b - eta * dy.sum()
    model.train_step(x, t, nn.MeanSquaredError(), nn.SGD(eta))
    got = model.params["0.W"].item(), model.params["0.b"].item()
    np.testing.assert_allclose(got, printed)
    with pytest.raises(AssertionError):  # uphill
        np.testing.assert_allclose(got, (2 * w - printed[0], 2 * b - printed[1]))
