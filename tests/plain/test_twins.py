"""The twins as a whole: every op has one, none is long, none imports an op, and none is blind."""

import ast
import inspect
from collections.abc import Callable
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import numpy as np
import pytest

from course_nn import ops, plain
from course_nn.gradcheck import check_vjp

from .agreement import apart, normal, pair

FOLDER = Path(plain.__file__).parent
FILES = sorted(path for path in FOLDER.glob("*.py") if path.name != "__init__.py")
LONGEST = 15  # lines of code
PAIRS = sorted(name for name in ops.__all__ if name.endswith(("_forward", "_backward")))
# arguments of an op that its twin has not, and why
LEFT_OUT = {"need_dx": "it spares the work of one gradient, and changes no number"}


def functions(path: Path) -> list[ast.FunctionDef]:
    """Every function of a module."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]


def lines_of_code(function: ast.FunctionDef) -> int:
    """Lines of the body, without the docstring, blank lines and comments."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return sum(len(ast.unparse(statement).splitlines()) for statement in body)


def arguments(function: Callable) -> list[tuple[str, Any, Any]]:
    """Name, kind and default of every argument that op and twin must share."""
    parameters = inspect.signature(function).parameters.values()
    return [(p.name, p.kind, p.default) for p in parameters if p.name not in LEFT_OUT]


@pytest.mark.parametrize("name", [*PAIRS, "one_hot", "sigmoid", "dropout_mask"])
def test_every_op_has_a_twin_of_the_same_arguments(name: str) -> None:
    assert name in plain.__all__
    assert arguments(getattr(plain, name)) == arguments(getattr(ops, name))


def test_every_pair_of_twins_is_an_ops() -> None:
    twins = {name for name in plain.__all__ if name.endswith(("_forward", "_backward"))}
    assert sorted(twins) == PAIRS


def test_every_exception_is_needed() -> None:
    taken = {name for op in PAIRS for name in inspect.signature(getattr(ops, op)).parameters}
    assert set(LEFT_OUT) <= taken


def test_an_argument_that_differs_is_found() -> None:
    def another(x: Any, slope: float = 0.1) -> None: ...

    assert arguments(another) != arguments(ops.leaky_relu_forward)
    assert arguments(ops.relu_forward) != arguments(ops.leaky_relu_forward)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_twin_is_long(path: Path) -> None:
    long = {f.name: n for f in functions(path) if (n := lines_of_code(f)) > LONGEST}
    assert not long
    assert max(map(len, path.read_text(encoding="utf-8").splitlines())) <= 80


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_twin_imports_numpy_and_other_twins_alone(path: Path) -> None:
    assert foreign(path.read_text(encoding="utf-8")) == []


def foreign(text: str) -> list[str]:
    """The imports of a module that are neither NumPy, nor `math`, nor a module beside it."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found += [a.name for a in node.names if a.name not in ("math", "numpy")]
        elif isinstance(node, ast.ImportFrom) and node.level != 1:
            found.append(ast.unparse(node))
    return found


def test_an_import_of_an_op_is_found() -> None:
    assert foreign("import numpy as np\nfrom .windows import pad") == []
    assert foreign("from ..ops.dense import dense_forward")
    assert foreign("from course_nn import ops")
    assert foreign("import course_nn.ops")


def test_all_that_is_public_is_exported_and_sorted() -> None:
    assert plain.__all__ == sorted(plain.__all__)
    assert all(isinstance(getattr(plain, name), FunctionType) for name in plain.__all__)


# -- planted mistakes ----------------------------------------------------------------------------

LABELS = np.array([2, 0, 1, 2])
# the op, its mistake as a change of the twin's text, arrays, and options
MISTAKES: dict[str, tuple[str, str, str, list[np.ndarray], dict[str, Any]]] = {
    "W is not transposed": ("dense", "W.T", "W", normal(1, (4, 3), (3, 3), (3,)), {}),
    "the bias is summed over the outputs": (
        "dense",
        "dy.sum(axis=0)",
        "dy.sum(axis=1)",
        normal(1, (3, 3), (3, 3), (3,)),
        {},
    ),
    "the gradient is divided by N": (
        "dense",
        "x.T @ dy",
        "x.T @ dy / len(x)",
        normal(1, (4, 3), (3, 2), (2,)),
        {},
    ),
    "ReLU lets everything through": ("relu", "np.where(x > 0, dy, 0)", "dy", [apart(2, 3, 4)], {}),
    "tanh without its square": ("tanh", "y**2", "y", normal(2, (5,)), {}),
    "the slope of x in SiLU is forgotten": ("silu", "x * s * (1 - s)", "0", normal(2, (5,)), {}),
    "GELU without Φ′": ("gelu", "phi + x * slope", "phi", normal(2, (5,)), {}),
    "GELU's cube is not derived": (
        "gelu",
        "1 + 3 * 0.044715 * x**2",
        "1 + 0.044715 * x**2",
        normal(2, (5,)),
        {"approximate": "tanh"},
    ),
    "softmax's sum is forgotten": (
        "softmax",
        "- (dp * p).sum(axis=-1, keepdims=True)",
        "",
        normal(3, (3, 4)),
        {},
    ),
    "a convolution's windows overwrite": (
        "conv2d",
        "dx[:, c][here] +=",
        "dx[:, c][here] =",
        normal(4, (2, 2, 4, 4), (2, 2, 2, 2), (2,)),
        {},
    ),
    "the padding is not cut off again": (
        "conv2d",
        "crop(dx, padding)",
        "crop(np.roll(dx, 1, 2), padding)",
        normal(4, (2, 2, 4, 4), (2, 2, 3, 3), (2,)),
        {"padding": 1},
    ),
    "every group takes the first one's channels": (
        "conv2d",
        "for f, c in blocks(W, groups):\n        for u, v in np.ndindex(dy",
        "for f, c in [(f, blocks(W, groups)[0][1]) for f, _ in blocks(W, groups)]:\n"
        "        for u, v in np.ndindex(dy",
        normal(4, (2, 4, 3, 3), (4, 2, 2, 2), (4,)),
        {"groups": 2},
    ),
    "a transposed convolution's dy is not padded": (
        "conv_transpose2d",
        "pad(dy, padding)",
        "pad(dy, 0 * padding + 1)",
        normal(5, (1, 2, 3, 3), (2, 2, 2, 2), (2,)),
        {},
    ),
    "max pooling takes the smallest": (
        "max_pool2d",
        "argmax()",
        "argmin()",
        [apart(6, 1, 2, 4, 4)],
        {},
    ),
    "overlapping maxima overwrite": (
        "max_pool2d",
        "dx[window][first] +=",
        "dx[window][first] =",
        [apart(6, 1, 2, 4, 4)],
        {"window": 3, "stride": 1},
    ),
    "a mean's pixels do not share": (
        "avg_pool2d",
        "dy[:, :, u, v] / counts[here].sum()",
        "dy[:, :, u, v]",
        [apart(6, 1, 2, 4, 4)],
        {},
    ),
    "batch norm without its variance path": (
        "batch_norm",
        "dbeta + x_hat * dgamma",
        "dbeta",
        normal(7, (5, 3), (3,), (3,)),
        {},
    ),
    "batch norm without its mean path": (
        "batch_norm",
        "dbeta + x_hat * dgamma",
        "x_hat * dgamma",
        normal(7, (5, 3), (3,), (3,)),
        {},
    ),
    "layer norm forgets γ": (
        "layer_norm",
        "dx = gamma * dy",
        "dx = dy",
        normal(7, (5, 3), (3,), (3,)),
        {},
    ),
    "the loss is a sum, its gradient a mean": (
        "softmax_cross_entropy",
        "sum() / total",
        "sum()",
        normal(8, (4, 3)),
        {"labels": LABELS},
    ),
    "a square without its two": (
        "mean_squared_error",
        "2 * difference *",
        "difference *",
        normal(8, (4, 3)),
        {"targets": np.ones((4, 3))},
    ),
}


def changed(op: str, right: str, wrong: str) -> ModuleType:
    """The module of a twin, with a mistake in it."""
    original = inspect.getmodule(getattr(plain, f"{op}_backward"))
    assert original is not None
    text = inspect.getsource(original)
    assert right in text, f"the twin of {op} holds no {right!r}"
    module = ModuleType(original.__name__)
    module.__package__ = plain.__name__
    exec(compile(text.replace(right, wrong), f"{op}, changed", "exec"), module.__dict__)
    return module


@pytest.mark.parametrize("mistake", MISTAKES)
def test_the_judge_finds_a_mistake(mistake: str) -> None:
    op, right, wrong, arrays, options = MISTAKES[mistake]
    verdicts = []
    for module in (plain, changed(op, right, wrong)):
        forward, backward = pair(module, op)
        verdicts.append(check_vjp(lambda *a, f=forward: f(*a, **options), backward, *arrays).passed)
    assert verdicts == [True, False]


# what the judge cannot see: forward and backward are wrong together, or no derivative is asked for
TOGETHER: dict[str, tuple[str, str, str, list[np.ndarray], dict[str, Any]]] = {
    "the stride is forgotten": (
        "conv2d",
        "pair(stride)",
        "(1, 1)",
        normal(9, (1, 2, 5, 5), (2, 2, 3, 3), (2,)),
        {"stride": 2},
    ),
    "the kernel is turned": (
        "conv2d",
        'np.einsum("ncrs,fcrs->nf", window, W[f])',
        'np.einsum("ncrs,fcrs->nf", window, W[f][:, ::-1, ::-1])',
        normal(9, (1, 2, 5, 5), (2, 2, 3, 3), (2,)),
        {},
    ),
    "the last maximum wins": (
        "max_pool2d",
        "x[window].argmax()",
        "x[window].size - 1 - x[window][::-1, ::-1].argmax()",
        [np.zeros((1, 1, 4, 4))],
        {},
    ),
    "padding of zeros in a maximum": (
        "max_pool2d",
        "fill=-np.inf",
        "fill=0",
        [-1 - abs(apart(9, 1, 1, 4, 4))],
        {"window": 3, "padding": 1},
    ),
    "the variance of a sample, N − 1": (
        "layer_norm",
        "x.var(axes, keepdims=True)",
        "x.var(axes, keepdims=True, ddof=1)",
        normal(9, (5, 3), (3,), (3,)),
        {},
    ),
    "a leak of another slope": (
        "leaky_relu",
        "slope=0.01",
        "slope=0.1",
        [apart(9, 3, 4)],
        {},
    ),
}


@pytest.mark.parametrize("mistake", TOGETHER)
def test_the_fast_op_finds_a_mistake(mistake: str) -> None:
    op, right, wrong, arrays, options = TOGETHER[mistake]

    def results(module: Any) -> list[np.ndarray]:
        forward, backward = pair(module, op)
        y, cache = forward(*arrays, **options)
        gradients = backward(np.random.default_rng(0).standard_normal(y.shape), cache)
        return [y, *(gradients if isinstance(gradients, tuple) else (gradients,))]

    def same(a: list[Any], b: list[Any]) -> bool:
        pairs = [(m, n) for m, n in zip(a, b, strict=True) if n is not None]
        return all(m.shape == n.shape and np.allclose(m, n) for m, n in pairs)

    fast = results(ops)
    assert same(results(plain), fast)
    assert not same(results(changed(op, right, wrong)), fast)
