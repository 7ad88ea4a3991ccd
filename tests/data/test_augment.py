"""Augmentation against scipy's interpolation, NumPy's quarter turns, and what it promises."""

import sys
from types import ModuleType

import numpy as np
import pytest
from scipy import ndimage

from course_nn import data

NOTHING = {"rotation": 0, "shift": 0, "zoom": 0, "elastic": 0}


def images(shape: tuple[int, ...] = (5, 2, 9, 12), dtype: str = "f8", seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random(shape).astype(dtype)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def by_scipy(x, angle, shift, scale, displacement, fill) -> np.ndarray:
    """The same warp image by image: a matrix and an offset, values by map_coordinates."""
    out = np.empty_like(x)
    centre = (np.array(x.shape[2:]) - 1) / 2
    for n, channels in enumerate(x):
        t = np.deg2rad(angle[n])
        matrix = np.array([[np.cos(t), np.sin(t)], [-np.sin(t), np.cos(t)]]) / scale[n]
        grid = np.indices(x.shape[2:]) - (centre + shift[n])[:, None, None]
        where = np.einsum("ij,jhw->ihw", matrix, grid) + centre[:, None, None] + displacement[n]
        for c, image in enumerate(channels):
            out[n, c] = ndimage.map_coordinates(
                image, where, order=1, mode="grid-constant", cval=fill
            )
    return out


@pytest.mark.parametrize(("dtype", "tolerance"), [("f8", 1e-12), ("f4", 1e-5)])
@pytest.mark.parametrize("shape", [(5, 2, 9, 12), (300, 1, 28, 28), (1, 3, 1, 5)])
@pytest.mark.parametrize("fill", [0.0, -1.5])
def test_scipy_gives_the_same_numbers(shape, dtype, tolerance, fill) -> None:
    draw, n = rng(1), shape[0]
    x = images(shape, dtype)
    angle, scale = draw.uniform(-180, 180, n), draw.uniform(0.3, 3, n)
    shift = draw.normal(0, 3, (n, 2))
    displacement = draw.normal(0, 2, (n, 2, *shape[2:])).astype(dtype)
    found = data.warp(
        x, angle=angle, shift=shift, scale=scale, displacement=displacement, fill=fill
    )
    expected = by_scipy(x.astype("f8"), angle, shift, scale, displacement, fill)
    assert found.dtype == x.dtype
    np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance * 10)


def test_augmented_images_are_the_warp_of_what_was_drawn() -> None:
    """`augment` is `warp` with numbers from the generator: here those of turn, move and zoom."""
    x, draw = images((6, 1, 8, 8)), rng(4)
    angle, shift = draw.uniform(-30, 30, 6), draw.uniform(-2, 2, (6, 2))
    scale = draw.uniform(0.8, 1.2, 6)
    found = data.augment(x, rng=rng(4), rotation=30, shift=2, zoom=0.2, elastic=0)
    np.testing.assert_array_equal(found, data.warp(x, angle=angle, shift=shift, scale=scale))


# ---- cases whose answer is known


@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_amplitudes_of_zero_change_nothing(dtype: str) -> None:
    x = images(dtype=dtype)
    found = data.augment(x, rng=rng(), **NOTHING)
    np.testing.assert_array_equal(found, x)
    assert not np.shares_memory(found, x)


@pytest.mark.parametrize("quarters", [-1, 1, 2, 3])
def test_quarter_turns(quarters: int) -> None:
    x = images((3, 2, 7, 7))
    expected = np.rot90(x, quarters, axes=(2, 3))
    np.testing.assert_allclose(data.warp(x, angle=90 * quarters), expected, atol=1e-12)


@pytest.mark.parametrize("shift", [(0, 1), (2, 0), (-1, 3), (-4, -2)])
def test_whole_pixels_move_the_image_and_bring_in_the_background(shift) -> None:
    x = images()
    down, right = shift
    framed = np.pad(x, ((0, 0), (0, 0), (5, 5), (5, 5)), constant_values=0.25)
    expected = np.roll(framed, shift, axis=(2, 3))[:, :, 5:-5, 5:-5]
    np.testing.assert_array_equal(data.warp(x, shift=(down, right), fill=0.25), expected)


def test_an_image_moved_out_of_sight_is_background() -> None:
    np.testing.assert_array_equal(data.warp(images(), shift=(0, 99), fill=3), 3.0)


def test_zoom_by_two_doubles_a_square() -> None:
    x = np.zeros((1, 1, 17, 17))
    x[0, 0, 6:11, 6:11] = 1
    grown, shrunk = data.warp(x, scale=2), data.warp(x, scale=0.5)
    assert grown.sum() == pytest.approx(4 * x.sum(), rel=0.1)
    assert grown[0, 0, 4:13, 4:13].all()
    assert shrunk.sum() < x.sum() < grown.sum()


def test_a_ramp_is_bent_by_the_displacement() -> None:
    """Linear interpolation is exact on a ramp: y - x is the displacement itself."""
    rows, columns = np.indices((20, 20), dtype=float)
    bend = rng().uniform(-1, 1, (1, 2, 20, 20))
    found = data.warp((rows + 100 * columns)[None, None], displacement=bend)[0, 0]
    expected = rows + bend[0, 0] + 100 * (columns + bend[0, 1])
    np.testing.assert_allclose(found[1:-1, 1:-1], expected[1:-1, 1:-1])


# ---- randomness


def test_the_same_generator_gives_the_same_images() -> None:
    x = images((200, 1, 28, 28), "f4")
    first, second = data.augment(x, rng=rng(7)), data.augment(x, rng=rng(7))
    np.testing.assert_array_equal(first, second)
    assert (data.augment(x, rng=rng(8)) != first).any()


def test_the_generator_moves_on() -> None:
    x, draw = images(), rng()
    assert (data.augment(x, rng=draw) != data.augment(x, rng=draw)).any()


@pytest.mark.parametrize("part", NOTHING)
def test_each_part_alone_differs_from_image_to_image(part: str) -> None:
    one = images((1, 1, 12, 12))
    amplitude = 0.3 if part == "zoom" else 2
    found = data.augment(one.repeat(4, axis=0), rng=rng(), **(NOTHING | {part: amplitude}))
    assert len({image.tobytes() for image in found}) == 4


def test_channels_of_an_image_move_together() -> None:
    x = images((4, 1, 12, 12)).repeat(3, axis=1)
    found = data.augment(x, rng=rng())
    np.testing.assert_array_equal(found, found[:, :1].repeat(3, axis=1))


def test_amplitudes_mean_what_they_say() -> None:
    """Measured on a ramp, whose values tell where each pixel looked."""
    ramp = np.broadcast_to(np.arange(20.0), (2000, 1, 20, 20))
    moved = data.augment(ramp, rng=rng(), **(NOTHING | {"shift": 3}))[:, 0, 10, 10] - 10
    assert -3 <= moved.min() < -2.9
    assert 2.9 < moved.max() <= 3
    steps = np.diff(data.augment(ramp, rng=rng(), **(NOTHING | {"zoom": 0.2}))[:, 0, 10, 9:12])
    assert 1 / 1.2 - 1e-9 <= steps.min() < 0.84
    assert 1.24 < steps.max() <= 1 / 0.8 + 1e-9
    turned = data.augment(ramp, rng=rng(), **(NOTHING | {"rotation": 20}))[:, 0, 9:11, 10]
    angles = np.rad2deg(np.arcsin(turned[:, 0] - turned[:, 1]))  # ∂(column)/∂(row) = -sin θ
    assert -20 - 1e-9 <= angles.min() < -19.8
    assert 19.8 < angles.max() <= 20 + 1e-9


@pytest.mark.parametrize(("smoothness", "size"), [(4, 28), (2, 8), (0.7, 8), (50, 28)])
def test_the_elastic_noise_is_white_noise_after_a_gaussian_filter(smoothness, size) -> None:
    """Root mean square as asked, everywhere; correlation exp(-d² / 4σ²) as scipy's filter gives."""
    ramp = np.broadcast_to(np.arange(float(size)) + 1000, (4000, 1, size, size))
    elastic = {"elastic": 0.2, "smoothness": smoothness}
    inner = slice(2, -2)  # no pixel there looks outside the image
    bend = data.augment(ramp, rng=rng(), **(NOTHING | elastic), fill=0)[:, 0, inner, inner]
    bend = bend - ramp[:, 0, inner, inner]
    np.testing.assert_allclose(bend.std(axis=0), 0.2, rtol=0.06)
    distance = np.arange(size - 4)
    correlation = (bend[:, :, :1] * bend).mean(axis=(0, 1)) / 0.04
    np.testing.assert_allclose(correlation, np.exp(-(distance**2) / (4 * smoothness**2)), atol=0.07)
    impulse = np.zeros(401)
    impulse[200] = 1
    kernel = ndimage.gaussian_filter1d(impulse, smoothness, mode="constant")
    of_filter = np.correlate(kernel, kernel, "full")[400 : 400 + size - 4]
    np.testing.assert_allclose(correlation, of_filter / of_filter[0], atol=0.07)


@pytest.mark.parametrize("smoothness", [0.5, 1, 3.3, 4, 100])
@pytest.mark.parametrize("length", [1, 8, 28])
def test_the_noise_is_stationary_up_to_the_rim(smoothness: float, length: int) -> None:
    """Its covariance along an axis, A Aᵀ, is exp(-d² / 4σ²) between any two pixels."""
    module = sys.modules["course_nn.data.augment"]  # the attribute of that name is the function
    weights = module._gaussians(length, smoothness).astype("f8")
    distance = np.subtract.outer(np.arange(length), np.arange(length))
    expected = np.exp(-(distance**2) / (4 * smoothness**2))
    np.testing.assert_allclose(weights @ weights.T, expected, rtol=0, atol=5e-4)


# ---- manners


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8"])
def test_the_type_and_shape_are_kept_and_the_argument_is_not_written_to(dtype: str) -> None:
    x = images(dtype=dtype)
    before = x.copy()
    x.flags.writeable = False
    found = data.augment(x, rng=rng())
    assert found.dtype == x.dtype
    assert found.shape == x.shape
    np.testing.assert_array_equal(x, before)


def test_images_that_are_not_contiguous() -> None:
    x = images((4, 9, 12, 2)).transpose(0, 3, 1, 2)[::2]
    expected = data.augment(np.ascontiguousarray(x), rng=rng())
    np.testing.assert_array_equal(data.augment(x, rng=rng()), expected)


def test_an_empty_batch_stays_empty() -> None:
    assert data.augment(np.zeros((0, 1, 8, 8)), rng=rng()).shape == (0, 1, 8, 8)


def test_values_stay_between_those_of_the_image_and_the_background() -> None:
    found = data.augment(images((50, 1, 28, 28), "f4"), rng=rng(), rotation=90, elastic=3)
    assert found.min() >= 0
    assert found.max() <= 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rotation": -1}, "rotation is -1: expected an amplitude of at least 0 and finite"),
        ({"shift": float("nan")}, "shift is nan"),
        ({"zoom": 1.0}, "zoom is 1.0: expected an amplitude of at least 0 and below 1"),
        ({"elastic": float("inf")}, "elastic is inf"),
        ({"smoothness": 0}, "smoothness is 0"),
    ],
)
def test_amplitudes_without_meaning_are_refused(options, message) -> None:
    with pytest.raises(ValueError, match=message):
        data.augment(images(), rng=rng(), **options)


def test_arguments_without_meaning_are_refused() -> None:
    with pytest.raises(ValueError, match=r"shape \(28, 28\): expected \(N, C, H, W\)"):
        data.augment(np.zeros((28, 28)), rng=rng())
    with pytest.raises(TypeError, match="dtype uint8: expected floating point"):
        data.augment(np.zeros((1, 1, 2, 2), np.uint8), rng=rng())
    with pytest.raises(TypeError, match="rng must be a generator"):
        data.augment(images(), rng=0)
    with pytest.raises(ValueError, match="smallest scale is 0"):
        data.warp(images(), scale=0)
    with pytest.raises(ValueError, match=r"displacement has shape \(5, 9, 12\)"):
        data.warp(images(), displacement=np.zeros((5, 9, 12)))


def test_the_gpu_sees_the_same_images(gpu: ModuleType) -> None:
    x = images((500, 2, 28, 28), "f4")
    found = data.augment(gpu.asarray(x), rng=rng())
    assert isinstance(found, gpu.ndarray)
    np.testing.assert_allclose(found.get(), data.augment(x, rng=rng()), atol=1e-4)
