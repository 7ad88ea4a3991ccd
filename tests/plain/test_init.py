"""Initial weights: the same numbers as the package draws, at the variance that is promised."""

import numpy as np
import pytest

from course_nn import init, plain

NAMES = ["he_normal", "glorot_normal", "glorot_uniform", "zeros"]


@pytest.mark.parametrize("shape", [(7, 3), (4, 3, 2, 5)])
@pytest.mark.parametrize("name", NAMES)
def test_the_draw_is_the_packages(name: str, shape: tuple[int, ...]) -> None:
    found, expected = (
        getattr(module, name)(shape, rng=np.random.default_rng(3)) for module in (plain, init)
    )
    assert found.shape == shape
    np.testing.assert_allclose(found, expected, rtol=1e-15)


@pytest.mark.parametrize(
    ("name", "variance"),
    [("he_normal", 2 / 500), ("glorot_normal", 2 / 600), ("glorot_uniform", 2 / 600)],
)
def test_the_variance_is_what_the_formula_says(name: str, variance: float) -> None:
    W = getattr(plain, name)((500, 100), rng=np.random.default_rng(0))
    assert W.var() == pytest.approx(variance, rel=0.02)
    assert abs(W.mean()) < 0.001
