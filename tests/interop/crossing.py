"""Models that cross, and how each side predicts."""

import numpy as np

import course_nn as nn


def scrambled(model: nn.Sequential, shape, dtype=np.float32, seed: int = 0) -> nn.Sequential:
    """Built, with nothing left at its trivial first value: biases, γ, β and running statistics."""
    rng = np.random.default_rng(seed)
    model.build(shape, rng=rng, dtype=dtype)
    model.params.flat[:] += 0.3 * rng.standard_normal(model.params.flat.size)
    for layer in model.layers:
        for name, a in layer.state.items():
            a[...] = (
                rng.uniform(0.5, 2, a.shape) if name.endswith("var") else rng.normal(size=a.shape)
            )
    return model


def images(shape, count: int = 5, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((count, *shape)).astype(np.float32)


def torch_predicts(torch, module, x: np.ndarray) -> np.ndarray:
    dtype = next(module.parameters()).dtype
    with torch.no_grad():
        return module.eval()(torch.from_numpy(x).to(dtype)).numpy()


def keras_predicts(keras, model, x: np.ndarray) -> np.ndarray:
    """The model's output for our images, given to it in its own order."""
    last = x.ndim == 4 and tuple(model.input_shape[1:]) != x.shape[1:]
    x = np.moveaxis(x, 1, -1) if last else x
    y = np.asarray(keras.ops.convert_to_numpy(model(x, training=False)))
    return np.moveaxis(y, -1, 1) if last and y.ndim == 4 else y


def same(a: np.ndarray, b: np.ndarray, tolerance: float = 1e-5) -> None:
    assert a.shape == b.shape
    assert np.abs(b).max() > 1e-3  # not equal because both are nothing
    np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance * np.abs(b).max())


LENET = [
    lambda: nn.Conv2D(6, 5, padding=2),
    nn.BatchNorm,
    nn.ReLU,
    lambda: nn.MaxPool2D(2),
    lambda: nn.Conv2D(8, 3, stride=2),
    nn.Tanh,
    lambda: nn.AvgPool2D(2, stride=1),
    nn.Flatten,
    lambda: nn.Dropout(0.3),
    lambda: nn.Dense(12),
    lambda: nn.BatchNorm(momentum=0.3, eps=1e-3),
    nn.GELU,
    lambda: nn.Dense(4),
    nn.Softmax,
]

OURS = {
    "lenet": (LENET, (2, 14, 14)),
    "dense": ([lambda: nn.Dense(7), nn.Sigmoid, nn.LayerNorm, lambda: nn.Dense(3)], (5,)),
    "norm after flatten": (
        [nn.Flatten, nn.BatchNorm, nn.LayerNorm, nn.ReLU, lambda: nn.Dense(3), nn.Softmax],
        (3, 4, 5),
    ),
    "same": (
        [
            lambda: nn.Input((3, 9, 8)),
            lambda: nn.Conv2D(4, (3, 2), stride=2, padding="same"),
            lambda: nn.LeakyReLU(0.2),
            lambda: nn.Conv2D(5, 2, padding="same", dilation=2),
            nn.GlobalAvgPool2D,
            lambda: nn.Dense(3),
        ],
        (3, 9, 8),
    ),
    "sides": (
        [
            lambda: nn.Conv2D(4, 3, padding=((2, 0), (1, 3)), stride=(2, 1)),
            lambda: nn.AvgPool2D(3, stride=2, padding=1),
            lambda: nn.LayerNorm(eps=1e-3),
            nn.Flatten,
            lambda: nn.Dense(3),
        ],
        (2, 9, 9),
    ),
    "odd pool": (
        [lambda: nn.MaxPool2D(2, padding=((0, 1), (0, 1))), nn.Flatten, lambda: nn.Dense(3)],
        (2, 7, 7),
    ),
    "groups without a bias": (
        [
            lambda: nn.Conv2D(8, 3, groups=2, bias=False),
            nn.BatchNorm,
            lambda: nn.Conv2D(16, 3, groups=8, padding="same"),
            lambda: nn.GELU(approximate="none"),
            lambda: nn.Dropout(0.2, channels=True),
            nn.Flatten,
            lambda: nn.Dense(5, bias=False),
            nn.SiLU,
            lambda: nn.Dense(3, bias=False),
            nn.LogSoftmax,
        ],
        (4, 8, 7),
    ),
    "transposed": (
        [
            lambda: nn.Conv2D(4, 3, stride=2),
            lambda: nn.ConvTranspose2D(3, 4, stride=2, padding=1),
            lambda: nn.ConvTranspose2D(2, (3, 2), stride=(2, 3), output_padding=(0, 1)),
            lambda: nn.ConvTranspose2D(2, 3, bias=False),
            nn.Flatten,
            lambda: nn.Dense(3),
        ],
        (2, 9, 8),
    ),
    "pools": (
        [
            lambda: nn.MaxPool2D(3, stride=2, padding="same"),
            lambda: nn.AvgPool2D(3, stride=1, padding="same"),
            lambda: nn.AvgPool2D(3, stride=1, padding=1),
            nn.Flatten,
            lambda: nn.Dense(3),
        ],
        (2, 12, 11),
    ),
    "images out": ([lambda: nn.Conv2D(4, 3), nn.ReLU], (2, 6, 5)),
}


def ours(name: str, dtype=np.float32) -> nn.Sequential:
    makers, shape = OURS[name]
    return scrambled(nn.Sequential([make() for make in makers]), shape, dtype)
