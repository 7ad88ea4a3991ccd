"""Formulas run on letters: every entry is the sum of products that it is, loops included."""

import numpy as np
import pytest

from course_nn.exercises.sums import Sum, Untraceable, entries, equation, number, values

RNG = np.random.default_rng(0)
X, DY, W, B = (RNG.integers(-3, 6, s).astype(float) for s in ((4, 3), (4, 2), (3, 2), (2,)))
IMAGES, KERNELS = RNG.normal(size=(2, 2, 4, 3)), RNG.normal(size=(3, 2, 2, 2))
AXES = {"x": ("N", "D"), "dy": ("N", "M"), "W": ("D", "M"), "b": ("M",)}
IMAGE_AXES = {
    "x": ("N", "C", "H", "W"),
    "W": ("F", "C", "R", "S"),
    "dy": ("N", "F", "H-R+1", "W-S+1"),
}
CONV = """
    F, C, R, S = W.shape
    U, V = x.shape[2] - R + 1, x.shape[3] - S + 1
    y = np.empty((len(x), F, U, V), dtype=x.dtype)
    for u in range(U):
        for v in range(V):
            y[:, :, u, v] = np.einsum("ncrs,fcrs->nf", x[:, :, u:u + R, v:v + S], W)
    return y
"""


def source(body, names):
    return (
        f"@task('1', 'x')\ndef f({names}):\n{body if body.startswith(chr(10)) else '    ' + body}\n"
    )


def traced(body, output, inputs):
    return entries(source(body, ", ".join(inputs)), inputs, output)


def worth(found):
    return np.array([e.value if isinstance(e, Sum) else e for e in found.flat]).reshape(found.shape)


@pytest.mark.parametrize(
    ("body", "right", "letters"),
    [
        ("y = x.T @ dy", X.T @ DY, "Σₙ x[n,1]·dy[n,0]"),
        ('y = np.einsum("nd,nm->dm", x, dy)', X.T @ DY, "Σₙ x[n,1]·dy[n,0]"),
        ("y = dy @ W.T", DY @ W.T, "Σₘ dy[1,m]·W[0,m]"),
        ("y = x @ W + b", X @ W + B, "Σ_d x[1,d]·W[d,0] + b[0]"),
        ("y = b - x @ W", B - X @ W, "b[0] − Σ_d x[1,d]·W[d,0]"),
        ("y = dy.sum(axis=0, keepdims=True).T", DY.sum(axis=0)[:, None], "Σₙ dy[n,1]"),
        ("y = -x.mean(axis=0)[:, None]", -X.mean(axis=0)[:, None], "−Σₙ 0.25·x[n,1]"),
        ("z = np.maximum(x, 0)\n    y = z.T @ dy", np.maximum(X, 0).T @ DY, "Σₙ z[n,1]·dy[n,0]"),
        ("h = np.exp(x)\n    y = h.T @ dy", np.exp(X).T @ DY, "Σₙ h[n,1]·dy[n,0]"),
        ("y = np.zeros_like(W)\n    for n in range(len(x)):\n        y += np.outer(x[n], dy[n])",
         X.T @ DY, "Σₙ x[n,1]·dy[n,0]"),
        ("y = x[::-1].T @ dy", X[::-1].T @ DY, "Σₙ x[n,1]·dy[3−n,0]"),
        ("y = lr * x - 2 * x", -1.5 * X, "lr·x[1,0] − 2·x[1,0]"),
    ],
)  # fmt: skip
def test_an_entry_is_the_sum_that_its_formula_says(body, right, letters):
    inputs = {"x": X, "dy": DY, "W": W, "b": B, "lr": 0.5}
    found = traced(body + "\n    return y", "y", inputs)
    np.testing.assert_allclose(worth(found), right)
    shapes = {name: np.shape(value) for name, value in inputs.items()}
    assert equation(found[1, 0].terms, AXES, shapes) == letters


def test_a_convolution_in_loops_is_traced():
    found = traced(CONV, "y", {"x": IMAGES, "W": KERNELS})
    shapes = {"x": IMAGES.shape, "W": KERNELS.shape}
    at = found[1, 2, 1, 0]
    assert equation(at.terms, IMAGE_AXES, shapes) == "Σ_cΣᵣΣₛ x[1,c,1+r,s]·W[2,c,r,s]"
    np.testing.assert_allclose(at.value, (IMAGES[1, :, 1:3, :2] * KERNELS[2]).sum())


def test_labels_stay_numbers_and_choose_entries():
    t = np.array([1, 0, 1, 1])
    found = traced(
        "y = x[np.arange(4), t].sum() + np.zeros(1)\n    return y", "y", {"x": X, "t": t}
    )
    assert equation(found[0].terms, AXES) == "x[0,1] + x[1,0] + x[2,1] + x[3,1]"


@pytest.mark.parametrize(
    "body",
    [
        "y = np.exp(x)", "y = x / x.sum()", "y = x", "y = 2 * x", "y = x.no_such", "z = x @ W",
        "y = np.zeros(3)", "y = 1 / 0", "return x", "y = np.argmax(x @ W, axis=1)", "y = 'text'",
        "y = np.tile(x, 40).sum(axis=1) + 0", "y = ...", "y = unknown(x)",
    ],
)  # fmt: skip
def test_what_is_no_sum_of_products_is_refused(body):
    with pytest.raises(Untraceable):
        traced(body + "\n    return x", "y", {"x": X, "W": W})


def test_a_name_that_is_set_anew_has_the_value_before_its_line():
    found = traced("W = W - 2 * W\n    v = W * 2\n    return W, v", "W", {"W": W})
    assert equation(found[1, 0].terms, AXES) == "W[1,0] − 2·W[1,0]"


def test_what_is_returned_may_be_code():
    body = "z = x @ W\n    return z, b - z"
    found = traced(body, "b - z", {"x": X, "W": W, "b": B})
    assert equation(found[1, 0].terms, AXES) == "b[0] − z[1,0]"


def test_a_view_of_an_input_keeps_the_names_of_the_input():
    body = "pairs = x.reshape(2, 2, 3)\n    y = pairs.mean(axis=1)\n    return y"
    assert traced(body, "y", {"x": X})[1, 2].terms[0][1][0][:2] == ("x", (2, 2))


@pytest.mark.parametrize("text", ["", "def f(", "x = 3", "class A: pass", "\0"])
def test_source_that_is_none_is_refused(text):
    with pytest.raises(Untraceable):
        entries(text, {"x": X}, "y")


def test_a_large_product_is_given_up_at_once():
    big = np.ones((100, 100))
    with pytest.raises(Untraceable):
        traced("y = x @ x\n    return y", "y", {"x": big})


def test_a_sum_compares_and_divides_as_its_value():
    two, three = (Sum(((1.0, ((n, (), v),), v),), [0]) for n, v in (("a", 2.0), ("b", 3.0)))
    assert two < three <= 3
    assert three > two >= 2
    assert max(two, three) is three
    assert ((1 - two) / 2 + 0 * three).value == -0.5
    assert (2 - (-two)).value == 4
    with pytest.raises(Untraceable):
        two / three


def test_numbers_are_written_as_a_formula_does():
    assert [number(v) for v in (2.0, -0.0, -1.5, 1 / 3, 12345.0)] == [
        "2", "0", "−1.5", "0.3333", "1.234e+04",
    ]  # fmt: skip
    assert values([(1.0, (("x", (i,), -1.0),), -1.0) for i in range(7)]) == "−1 − 1 + … − 1"
    assert values([(-2.0, (("x", (), -1.0), ("y", (), 3.0)), 6.0)]) == "−2·(−1)·3"
