"""What every twin promises: the judge passes it, and the fast op gives the same."""

from typing import Any

import numpy as np

from course_nn import ops, plain
from course_nn.gradcheck import check_vjp


def normal(seed: int, *shapes: tuple[int, ...]) -> list[np.ndarray]:
    """Standard normal numbers, an array for each shape."""
    rng = np.random.default_rng(seed)
    return [rng.standard_normal(shape) for shape in shapes]


def apart(seed: int, *shape: int) -> np.ndarray:
    """Numbers of both signs, every two of them (and zero) at least 0.05 apart: no kink is near."""
    size = int(np.prod(shape))
    steps = np.random.default_rng(seed).permutation(size) - size // 2 + 0.5
    return 0.1 * steps.reshape(shape)


def assert_same(found: Any, expected: Any) -> None:
    """Arrays of the same shape and numbers, or both None."""
    if expected is None:
        assert found is None
        return
    assert np.shape(found) == np.shape(expected)
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12)


def pair(module: Any, op: str) -> tuple[Any, Any]:
    """The forward and the backward function of an op in `plain`, `ops` or `reference.loops`."""
    return getattr(module, f"{op}_forward"), getattr(module, f"{op}_backward")


def assert_judged(op: str, *arrays: np.ndarray, **options: Any) -> None:
    """The judge passes the twin at these points."""
    forward, backward = pair(plain, op)
    report = check_vjp(lambda *a: forward(*a, **options), backward, *arrays)
    assert report.passed, report
    assert_keeps_dtype(op, *arrays, **options)


def single(value: Any) -> Any:
    """Floats in float32; anything else as it is."""
    if isinstance(value, tuple):
        return tuple(map(single, value))
    is_float = isinstance(value, np.ndarray) and value.dtype.kind == "f"
    return value.astype(np.float32) if is_float else value


def assert_keeps_dtype(op: str, *arrays: np.ndarray, **options: Any) -> None:
    """The twin's value and gradients of float32 are float32, and its arguments are left."""
    forward, backward = pair(plain, op)
    arrays = tuple(map(single, arrays))
    before = [a.tobytes() for a in arrays]
    y, cache = forward(*arrays, **{name: single(value) for name, value in options.items()})
    gradients = backward(np.ones_like(y), cache)
    gradients = gradients if isinstance(gradients, tuple) else (gradients,)
    assert {g.dtype for g in (y, *gradients) if g is not None} == {np.dtype(np.float32)}
    assert [a.tobytes() for a in arrays] == before


def assert_agrees(op: str, *arrays: Any, other: Any = ops, **options: Any) -> Any:
    """The twin gives the value and, from a random dy, the gradients of another module's op."""
    results = []
    for forward, backward in (pair(plain, op), pair(other, op)):
        y, cache = forward(*arrays, **options)
        dy = np.random.default_rng(7).standard_normal(np.shape(y))
        gradients = backward(dy, cache)
        results.append((y, *(gradients if isinstance(gradients, tuple) else (gradients,))))
    found, expected = results
    assert len(found) == len(expected)
    for f, e in zip(found, expected, strict=True):
        assert_same(f, e)
    return found[0]


def assert_right(op: str, *arrays: Any, **options: Any) -> None:
    """Both: the judge, and the fast op."""
    assert_judged(op, *arrays, **options)
    assert_agrees(op, *arrays, **options)
