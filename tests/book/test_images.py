"""Images are arrays: what the chapter says of their numbers, their places and their scale."""

import numpy as np
import pytest
import sympy as sp

from course_nn import data, ops

from .proving import proves

SHAPE = N, C, H, W = 2, 3, 4, 5  # all different, so that no two axes can be taken for each other


@pytest.fixture
def x() -> np.ndarray:
    return np.random.default_rng(0).standard_normal(SHAPE)


@proves("eq-images-wrap")
def test_every_sum_of_two_bytes_is_the_sum_modulo_256() -> None:
    q = np.arange(256)
    in_bytes = q.astype(np.uint8)[:, None] + q.astype(np.uint8)
    assert (in_bytes == (q[:, None] + q) % 256).all()
    with pytest.raises(AssertionError):  # 255 is not where it wraps
        assert (in_bytes == (q[:, None] + q) % 255).all()


@proves("eq-images-unit")
def test_a_loaded_picture_is_its_bytes_over_255() -> None:
    from course_nn.data.mnist import _images

    q = np.arange(256, dtype=np.uint8).reshape(1, 16, 16)
    x = _images(q)
    assert x.dtype == np.float32
    np.testing.assert_allclose(x[0, 0], q[0] / 255, rtol=1e-7)
    assert (x.min(), x.max()) == (0, 1)


def test_the_embedded_digits_have_17_shades() -> None:
    x = data.digits().x_train
    assert set(np.unique(16 * x)) == set(range(17))


def check_address(address) -> None:
    """The formula finds each number among the bytes of an array."""
    x = np.arange(np.prod(SHAPE), dtype=np.float32).reshape(SHAPE)
    memory = x.tobytes()
    for at in np.ndindex(SHAPE):
        start = address(4, *at)
        assert memory[start : start + 4] == x[at].tobytes()


@proves("eq-images-address")
def test_a_pixel_begins_where_the_formula_says() -> None:
    check_address(lambda B, n, c, i, j: B * (n * C * H * W + c * H * W + i * W + j))
    with pytest.raises(AssertionError):  # height and width exchanged
        check_address(lambda B, n, c, i, j: B * (n * C * H * W + c * H * W + i * H + j))


def check_flat(place, x: np.ndarray) -> None:
    """The formula finds each pixel in the row of features."""
    flat, _ = ops.flatten_forward(x)
    for n, c, i, j in np.ndindex(SHAPE):
        assert flat[n, place(c, i, j)] == x[n, c, i, j]


@proves("eq-images-flat")
def test_a_pixel_stands_among_the_features_where_the_formula_says(x: np.ndarray) -> None:
    check_flat(lambda c, i, j: (c * H + i) * W + j, x)
    with pytest.raises(AssertionError):  # the channels last
        check_flat(lambda c, i, j: (i * W + j) * C + c, x)


def test_the_address_and_the_place_are_one_formula() -> None:
    n, c, i, j, C_, H_, W_ = sp.symbols("n c i j C H W")
    address = n * C_ * H_ * W_ + c * H_ * W_ + i * W_ + j
    assert sp.expand(n * C_ * H_ * W_ + (c * H_ + i) * W_ + j - address) == 0


def moments(x: np.ndarray, c: int, samples: int) -> tuple[float, float]:
    """Mean and variance of a channel as printed, sum by sum."""
    places = [(n, i, j) for n in range(N) for i in range(H) for j in range(W)]
    mu = sum(x[n, c, i, j] for n, i, j in places) / samples
    return mu, sum((x[n, c, i, j] - mu) ** 2 for n, i, j in places) / samples


@proves("eq-images-moments")
def test_the_scale_is_the_mean_and_variance_of_each_channel(x: np.ndarray) -> None:
    standard = data.Standardize(x)
    for c in range(C):
        found = standard.mean[0, c, 0, 0], standard.std[0, c, 0, 0] ** 2
        np.testing.assert_allclose(found, moments(x, c, N * H * W), rtol=1e-12)
        with pytest.raises(AssertionError):  # one too few
            np.testing.assert_allclose(found, moments(x, c, N * H * W - 1), rtol=1e-12)


@proves("eq-images-standard")
def test_every_set_is_measured_by_the_training_set(x: np.ndarray) -> None:
    other = 3 + 2 * x[:1]
    _, measured = data.normalize(x, other)
    for c, i, j in np.ndindex(C, H, W):
        mu, variance = moments(x, c, N * H * W)
        expected = (other[0, c, i, j] - mu) / variance**0.5
        np.testing.assert_allclose(measured[0, c, i, j], expected, rtol=1e-12)
    assert abs(measured.mean()) > 0.5  # not by itself


@proves("eq-images-permute")
def test_a_dense_layer_has_a_twin_for_shuffled_pixels() -> None:
    rng = np.random.default_rng(1)
    D, M = 6, 3
    x, W_, b = rng.standard_normal((4, D)), rng.standard_normal((D, M)), rng.standard_normal(M)
    pi = np.array([2, 0, 1, 5, 3, 4])  # not its own inverse
    y, cache = ops.dense_forward(x, W_, b)
    twin, twin_cache = ops.dense_forward(x[:, pi], W_[pi], b)
    np.testing.assert_allclose(twin, y, rtol=1e-12)
    wrong, _ = ops.dense_forward(x[:, pi], W_[np.argsort(pi)], b)
    with pytest.raises(AssertionError):
        np.testing.assert_allclose(wrong, y, rtol=1e-12)

    dy = rng.standard_normal(y.shape)  # exercise 5: the twins stay twins
    dW, twin_dW = (ops.dense_backward(dy, c)[1] for c in (cache, twin_cache))
    np.testing.assert_allclose(twin_dW, dW[pi], rtol=1e-12)


def test_exercise_4_folds_the_scale_into_the_first_layer() -> None:
    rng = np.random.default_rng(2)
    x, W_, b = rng.standard_normal((4, 6)), rng.standard_normal((6, 3)), rng.standard_normal(3)
    mu, sigma = 0.3, 1.7
    scaled, _ = ops.dense_forward((x - mu) / sigma, W_, b)
    raw, _ = ops.dense_forward(x, W_ / sigma, b - mu / sigma * W_.sum(axis=0))
    np.testing.assert_allclose(raw, scaled, rtol=1e-12)


def test_exercises_1_and_2_are_solved_right() -> None:
    x = np.broadcast_to(np.float32(0), (64, 3, 32, 48)).copy()
    assert ops.flatten_forward(x)[0].shape == (64, 4608)
    assert x.nbytes == 1_179_648
    assert np.ravel_multi_index((1, 5, 7), (3, 32, 48)) == 1783
    assert np.ravel_multi_index((2, 1, 5, 7), x.shape) * 4 == 43_996
