"""The equations of the chapter on nested lists: as printed, against the versions or by counting."""

import itertools
import sys
from collections.abc import Callable, Iterator
from fractions import Fraction

import numpy as np
import pytest
import sympy as sp

from course_nn import ops
from course_nn.gradcheck import check_vjp
from course_nn.reference import loops, pure_python, vectorising

from .proving import proves

N, D, M = 4, 3, 2
U = 2.0**-53


def normal(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed + sum(shape)).standard_normal(shape)


class Counted(float):
    """A number that counts how often it is multiplied."""

    count = 0

    def __mul__(self, other: float) -> "Counted":
        Counted.count += 1
        return Counted(float(self) * float(other))

    __rmul__ = __mul__


def counted(rows: list[list[float]]) -> list[list[float]]:
    return [[Counted(value) for value in row] for row in rows]


def multiplications(run: Callable[[], object]) -> int:
    Counted.count = 0
    run()
    return Counted.count


def by_recurrence(x: np.ndarray, W: np.ndarray, b: np.ndarray) -> np.ndarray:
    """eq-lists-loops."""
    y = np.empty((len(x), len(b)))
    for n, m in np.ndindex(y.shape):
        s = 0.0
        for d in range(len(W)):
            s = s + x[n, d] * W[d, m]
        y[n, m] = b[m] + s
    return y


@proves("eq-lists-loops", "eq-lists-rows")
def test_the_recurrence_and_the_rows_are_the_dense_layer() -> None:
    x, W, b = normal(N, D), normal(D, M), normal(M)
    y = ops.dense_forward(x, W, b)[0]
    assert np.allclose(by_recurrence(x, W, b), y)
    assert np.allclose([x[n] @ W + b for n in range(N)], y)
    assert np.allclose(pure_python.dense_forward(x.tolist(), W.tolist(), b.tolist())[0], y)
    assert np.allclose(vectorising.dense_rows_forward(x, W, b)[0], y)


def outer(x: np.ndarray, dy: np.ndarray, samples: int = N) -> np.ndarray:
    """dW of eq-lists-outer; fewer samples are a mistake."""
    return sum(x[n][:, None] @ dy[n][None] for n in range(N - samples, N))


@proves("eq-lists-outer")
def test_outer_products_add_up_to_the_gradients() -> None:
    x, W, dy = normal(N, D), normal(D, M), normal(N, M)
    dx, dW, db = ops.dense_backward(dy, ops.dense_forward(x, W, normal(M))[1])
    assert np.allclose(outer(x, dy), dW)
    assert np.allclose([dy[n] @ W.T for n in range(N)], dx)
    assert np.allclose(sum(dy), db)
    with pytest.raises(AssertionError):
        assert np.allclose(outer(x, dy, samples=1), dW)
    assert check_vjp(
        vectorising.dense_rows_forward, vectorising.dense_rows_backward, x, W, normal(M)
    ).passed


@proves("eq-lists-product")
def test_a_sum_of_outer_products_is_one_product() -> None:
    x, dy = sp.MatrixSymbol("x", N, D), sp.MatrixSymbol("g", N, M)
    x, dy = x.as_explicit(), dy.as_explicit()
    added = sum((x[n, :].T * dy[n, :] for n in range(N)), sp.zeros(D, M))
    assert sp.expand(added - x.T * dy) == sp.zeros(D, M)


def back(sizes: list[int], batch: int) -> int:
    """eq-lists-count."""
    products = [d * m for d, m in itertools.pairwise(sizes)]
    return batch * (2 * sum(products) - products[0])


@proves("eq-lists-count")
def test_a_backward_pass_multiplies_as_often_as_counted() -> None:
    sizes, batch, found = [5, 4, 3, 2], 6, 0
    for k, (d, m) in enumerate(itertools.pairwise(sizes)):
        x, W, dy = (counted(normal(*s).tolist()) for s in ((batch, d), (d, m), (batch, m)))
        forward = multiplications(lambda x=x, W=W, m=m: pure_python.dense_forward(x, W, [0.0] * m))
        assert forward == batch * d * m
        found += multiplications(
            lambda x=x, W=W, dy=dy, k=k: pure_python.dense_backward(dy, (x, W), need_dx=k > 0)
        )
    assert found == back(sizes, batch)
    assert back([784, 100, 50, 10], 100) == 8_940_000


@proves("eq-lists-bytes")
@pytest.mark.parametrize("n", [0, 1, 10, 1000])
def test_a_list_weighs_its_head_its_addresses_and_its_floats(n: int) -> None:
    address = sys.getsizeof([0.0]) - sys.getsizeof([])
    made = [0.0] * n
    made[:] = [k + 0.5 for k in range(n)]
    exact = [*tuple(made)]
    own = sys.getsizeof(list(exact)) + sum(map(sys.getsizeof, exact))
    assert len(set(map(id, exact))) == n
    formula = sys.getsizeof([]) + n * (address + sys.getsizeof(0.5))
    assert formula <= own <= formula + address + 8  # a list may keep one place free


def orders(terms: list[float], seed: int) -> Iterator[float]:
    """Sums of the same terms: from the left, from the right, shuffled, in pairs."""
    rng = np.random.default_rng(seed)
    for order in (terms, terms[::-1], list(rng.permutation(terms))):
        total = order[0]
        for term in order[1:]:
            total = total + term
        yield float(total)
    while len(terms) > 1:
        terms = [sum(terms[k : k + 2]) for k in range(0, len(terms), 2)]
    yield terms[0]


def worst(length: int, seed: int) -> tuple[Fraction, Fraction]:
    """The largest error of the orders, and the bound of eq-lists-rounding."""
    rng = np.random.default_rng(seed)
    x, W = rng.standard_normal((2, length)) * 10.0 ** rng.integers(-6, 7, (2, length))
    pairs = [(Fraction(float(a)), Fraction(float(b))) for a, b in zip(x, W, strict=True)]
    exact, size = sum(a * b for a, b in pairs), sum(abs(a * b) for a, b in pairs)
    terms = [float(a) * float(b) for a, b in zip(x, W, strict=True)]
    errors = [abs(Fraction(float(total)) - exact) for total in orders(terms, seed)]
    u = Fraction(1, 2**53)
    return max(errors), length * u / (1 - length * u) * size


@proves("eq-lists-rounding")
@pytest.mark.parametrize("length", [1, 2, 3, 50, 400])
def test_a_sum_in_any_order_errs_less_than_the_bound(length: int) -> None:
    for seed in range(20):
        error, bound = worst(length, seed)
        assert error <= bound
    # a product of k factors 1 ± u: the worst case of the derivation stays below the bound
    u = Fraction(1, 2**53)
    assert (1 + u) ** length - 1 <= length * u / (1 - length * u)
    with pytest.raises(AssertionError):
        assert (1 + u) ** length - 1 <= (length - 1) * u


def calls(version: str) -> int:
    """How often one forward pass of a dense layer asks NumPy, or Python, for something."""
    loops_left = {"number": (N, M, D), "row by column": (N, M), "row": (N,), "all": ()}[version]
    x, W, y, count = normal(N, D), normal(D, M), np.zeros((N, M)), 0
    for at in np.ndindex(*loops_left):
        n, m, d = (*at, slice(None), slice(None), slice(None))[:3]
        if version == "number":
            y[n, m] += x[n, d] * W[d, m]
        else:
            y[n, m] = x[n] @ W[:, m]
        count += 1
    assert np.allclose(y, x @ W)
    return count


@proves("eq-lists-calls", "eq-lists-time")
def test_each_version_asks_as_often_as_the_loops_that_are_left() -> None:
    found = [calls(version) for version in ("number", "row by column", "row", "all")]
    assert found == [N * M * D, N * M, N, 1]
    # with q = P the two times of eq-lists-time add up to one time for each multiplication
    q, P, tau_q, tau_P = sp.symbols("q P tau_q tau_P", positive=True)
    t = q * tau_q + P * tau_P
    assert sp.simplify(t.subs(q, P) / P - (tau_q + tau_P)) == 0
    assert sp.limit(t.subs(q, 1) / P, P, sp.oo) == tau_P


def fetched(n: int, block: int) -> int:
    a, b = np.random.default_rng(0).integers(-9, 10, (2, n, n))
    y, count = np.zeros((n, n), int), 0
    cuts = [slice(k, k + block) for k in range(0, n, block)]
    for rows, columns, inner in itertools.product(cuts, repeat=3):
        count += a[rows, inner].size + b[inner, columns].size
        y[rows, columns] += a[rows, inner] @ b[inner, columns]
    assert (y == a @ b).all()
    return count


@proves("eq-lists-blocks")
@pytest.mark.parametrize("block", [1, 2, 3, 4, 6, 12])
def test_blocks_fetch_as_counted(block: int) -> None:
    n, beta = sp.symbols("n beta", positive=True)
    formula = 2 * beta**2 * (n / beta) ** 3
    assert sp.simplify(formula - 2 * n**3 / beta) == 0
    assert fetched(12, block) == formula.subs({n: 12, beta: block})


@proves("eq-lists-amdahl")
def test_the_whole_gains_what_its_part_allows() -> None:
    share, a, before = sp.symbols("phi a t", positive=True)
    after = before * (1 - share) + before * share / a
    printed = 1 / ((1 - share) + share / a)
    assert sp.simplify(before / after - printed) == 0
    assert sp.limit(printed, a, sp.oo) == 1 / (1 - share)
    rising = sp.diff(printed, a).subs({share: sp.Rational(9, 10)})
    assert all(rising.subs(a, k) > 0 for k in (1, 2, 100))  # so the limit is never reached


def test_all_convolutions_of_the_way_agree() -> None:
    x, W, b, dy = normal(2, 3, 6, 7), normal(4, 3, 3, 2), normal(4), normal(2, 4, 4, 6)
    y, cache = loops.conv2d_forward(x, W, b)
    expected = y, *loops.conv2d_backward(dy, cache)
    pairs = [(v.forward, v.backward) for v in vectorising.CONV]
    for forward, backward in [*pairs, (ops.conv2d_forward, ops.conv2d_backward)]:
        y, cache = forward(x, W, b)
        for one, other in zip((y, *backward(dy, cache)), expected, strict=True):
            assert np.allclose(one, other)
