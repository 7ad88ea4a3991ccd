"""The equations of the chapter on the chain rule: by SymPy, by counting, and by differences."""

from itertools import pairwise

import numpy as np
import pytest
import sympy as sp

import course_nn as nn
from course_nn.gradcheck import check_vjp, numerical_gradient

from .proving import proves

rng = np.random.default_rng(0)


def jacobian(f, x: np.ndarray) -> np.ndarray:
    """Row i: the differences of output i by all inputs."""
    return np.stack([numerical_gradient(f, x, unit) for unit in np.eye(len(f(x)))])


class Link:
    """tanh(x A): a link of a chain, with its Jacobian."""

    def __init__(self, inputs: int, outputs: int) -> None:
        self.A = rng.standard_normal((inputs, outputs))

    def __call__(self, x: np.ndarray) -> np.ndarray:
        return np.tanh(x @ self.A)

    def jacobian(self, x: np.ndarray) -> np.ndarray:
        return (1 - self(x) ** 2)[:, None] * self.A.T


@proves("eq-chain-example", "eq-chain-example-d")
def test_the_steps_of_the_example_multiply_to_the_derivative_of_the_whole() -> None:
    w, x, b, t = names = sp.symbols("w x b t")
    at = dict(zip(names, (3, 2, -1, 1), strict=True))
    whole = (w * x + b - t) ** 2
    assert whole.subs(at) == 16
    de = 2 * (w * x + b - t)
    printed = {t: -de, b: de, w: de * x, x: de * w}
    assert {name: value.subs(at) for name, value in printed.items()} == {t: -8, b: 8, w: 16, x: 24}
    for name, value in printed.items():
        assert sp.expand(sp.diff(whole, name) - value) == 0


@proves("eq-chain-scalar", "eq-chain-linear")
def test_a_derivative_is_what_came_from_behind_times_ones_own() -> None:
    x, h = sp.symbols("x h")
    f, g = sp.sin(x) + x**2, sp.exp
    assert sp.limit((f.subs(x, x + h) - f - sp.diff(f, x) * h) / h, h, 0) == 0
    dy = g(f)  # g' = g
    assert sp.simplify(sp.diff(g(f), x) - dy * sp.diff(f, x)) == 0


@proves("eq-chain-ways")
def test_two_ways_add_up() -> None:
    x, u, v = sp.symbols("x u v")
    f, g, behind = 3 * x, x**2, sp.Lambda((u, v), u * sp.sin(v))
    du, dv = (sp.diff(behind(u, v), name).subs({u: f, v: g}) for name in (u, v))
    added = du * sp.diff(f, x) + dv * sp.diff(g, x)
    assert sp.simplify(sp.diff(behind(f, g), x) - added) == 0
    assert sp.simplify(sp.diff(behind(f, g), x) - dv * sp.diff(g, x)) != 0  # one way alone


def by_indices(f, x: np.ndarray, dy: np.ndarray) -> np.ndarray:
    """eq-chain-indices."""
    J = jacobian(f, x)
    return np.array([sum(dy[i] * J[i, j] for i in range(len(dy))) for j in range(len(x))])


@proves("eq-chain-indices", "eq-chain-vjp", "eq-chain-jacobian")
def test_the_product_with_the_transposed_jacobian_is_the_sum_over_the_outputs() -> None:
    f, x = Link(3, 4), rng.standard_normal(3)
    J, dy = f.jacobian(x), rng.standard_normal(4)
    assert np.allclose(J, jacobian(f, x))
    step = 1e-6 * rng.standard_normal(3)
    assert np.allclose(f(x + step) - f(x), J @ step, atol=1e-10)
    assert np.allclose(by_indices(f, x, dy), J.T @ dy)
    assert np.allclose(numerical_gradient(f, x, dy), J.T @ dy)


@proves("eq-chain-jacobian-example", "eq-chain-product")
def test_the_jacobian_of_a_chain_is_the_product_the_last_link_on_the_left() -> None:
    x = sp.Matrix(sp.symbols("x:3"))
    y = sp.Matrix(sp.symbols("y:2"))
    f, g = sp.Matrix([x[0] * x[1], x[1] + x[2]]), sp.Matrix([y[0] * y[1]])
    J_f, J_g = f.jacobian(x), g.jacobian(y)
    assert sp.Matrix([[x[1], x[0], 0], [0, 1, 1]]) == J_f
    inside = dict(zip(y, f, strict=True))
    assert (g.subs(inside).jacobian(x) - J_g.subs(inside) * J_f).expand() == sp.zeros(1, 3)


def walk_back(links: list[Link], x: np.ndarray, transposed: bool = True) -> np.ndarray:
    """eq-chain-forward, then eq-chain-link."""
    kept = [x]
    for f in links:
        kept.append(f(kept[-1]))
    d = np.ones(1)
    for f, x_l in zip(reversed(links), reversed(kept[:-1]), strict=True):
        J = f.jacobian(x_l)
        d = J.T @ d if transposed else np.resize(J @ np.resize(d, J.shape[1]), J.shape[1])
    return d


@proves("eq-chain-forward", "eq-chain-link")
def test_the_walk_back_is_the_gradient_of_the_whole_chain() -> None:
    links, x = [Link(5, 4), Link(4, 3), Link(3, 1)], rng.standard_normal(5)

    def whole(x: np.ndarray) -> np.ndarray:
        for f in links:
            x = f(x)
        return x

    right = numerical_gradient(whole, x, np.ones(1))
    assert np.allclose(walk_back(links, x), right)
    assert not np.allclose(walk_back(links, x, transposed=False), right)


@pytest.mark.parametrize("D", [[784, 100, 50, 10, 1], [3, 5, 7, 1000], [4, 4, 4, 4, 4, 4]])
@proves("eq-chain-forward-order", "eq-chain-reverse-order")
def test_the_orders_cost_what_is_printed(D: list[int]) -> None:
    J = [(rows, columns) for columns, rows in pairwise(D)]

    def cost(order: list[tuple[int, int]], left: bool) -> int:
        count, (rows, columns) = 0, order[0]
        for r, c in order[1:]:
            assert (c == rows) if left else (r == columns)
            count += r * c * columns if left else rows * r * c
            rows, columns = (r, columns) if left else (rows, c)
        return count

    n = len(D) - 1
    assert cost(J, True) == D[0] * sum(D[m] * D[m + 1] for m in range(1, n))
    assert cost(J[::-1], False) == D[n] * sum(D[m] * D[m + 1] for m in range(n - 1))


@proves("eq-chain-copy", "eq-chain-sum")
def test_copies_add_up_and_sums_copy() -> None:
    ones = lambda x: np.ones((3, 1)) @ x[None]  # noqa: E731  the copy as a matrix
    dy = rng.standard_normal((3, 4))
    assert np.allclose(numerical_gradient(ones, rng.standard_normal(4), dy), dy.sum(axis=0))
    x, dy = rng.standard_normal((3, 4)), rng.standard_normal(4)
    found = numerical_gradient(lambda x: x.sum(axis=0), x, dy)
    assert np.allclose(found, np.broadcast_to(dy, (3, 4)))


@proves("eq-chain-residual")
def test_past_a_branch_the_gradient_flows_unchanged() -> None:
    f, x, dy = Link(4, 4), rng.standard_normal(4), rng.standard_normal(4)
    right = numerical_gradient(lambda x: x + f(x), x, dy)
    assert np.allclose(right, dy + f.jacobian(x).T @ dy)
    assert not np.allclose(right, f.jacobian(x).T @ dy)  # the branch forgotten
    block = nn.Residual([nn.Dense(4), nn.Tanh()])
    block.build((4,), rng=rng, dtype=np.float64)
    dense = block.paths["main"][0]
    y, cache = block.compute(x[None], True)
    J = (1 - (y[0] - x) ** 2)[:, None] * dense.params["W"].T
    assert np.allclose(block.gradients(dy[None], cache)[0][0], dy + J.T @ dy)


@proves("eq-chain-two", "eq-chain-two-d")
def test_the_two_layer_network_has_the_gradients_of_the_page() -> None:
    def forward(x, W1, b1, W2, b2):
        u = x @ W1 + b1
        a = np.maximum(u, 0)
        y = a @ W2 + b2
        return (y - 3) ** 2, (x, W1, u, a, W2, y)

    def backward(dloss, cache, mask: bool = True):
        x, W1, u, a, W2, y = cache
        dy = dloss * 2 * (y - 3)
        du = (dy @ W2.T) * (u > 0) if mask else dy @ W2.T
        return du @ W1.T, x.T @ du, du[0], a.T @ dy, dy[0]

    W1, b1 = np.array([[1.0, 2.0], [1.0, -1.0]]), np.array([0.0, -1.0])
    W2, b2, x = np.array([[2.0], [1.0]]), np.array([-1.0]), np.array([[1.0, 2.0]])
    loss, cache = forward(x, W1, b1, W2, b2)
    assert loss == 4
    printed = [[[8, 8]], [[8, 0], [16, 0]], [8, 0], [[12], [0]], [4]]
    for found, expected in zip(backward(1.0, cache), printed, strict=True):
        assert (found == np.array(expected)).all()
    assert check_vjp(forward, backward, x, W1, b1, W2, b2).passed
    unmasked = lambda d, c: backward(d, c, mask=False)  # noqa: E731
    assert not check_vjp(forward, unmasked, x, W1, b1, W2, b2).passed
