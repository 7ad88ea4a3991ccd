"""Small models to be saved, trained a little, and compared: for the tests of files."""

from collections.abc import Callable

import numpy as np

import course_nn as nn
from course_nn import init, schedule

LOSS = nn.SoftmaxCrossEntropy()


def every_layer() -> nn.Sequential:
    """A model that holds each kind of layer, with arguments that are not the defaults."""
    block = nn.Residual(
        [
            nn.Conv2D(6, 3, stride=2, padding="same"),
            nn.BatchNorm(momentum=0.2, eps=1e-3),
            nn.Dropout(0.1),
        ],
        [nn.Conv2D(6, 1, stride=2)],
    )
    nested = nn.Residual([nn.Residual([nn.BatchNorm(), nn.Dropout(0.2)]), nn.ReLU()])
    images = [
        nn.Input((2, 12, 12)),
        nn.Conv2D(
            4,
            (3, 2),
            stride=(1, 2),
            padding=((1, 0), (0, 1)),
            dilation=(2, 1),
            init=init.glorot_uniform,
        ),
        nn.GELU(approximate="none"),
        nn.Conv2D(4, 2, groups=2, bias=False),
        nn.ConvTranspose2D(
            4, (3, 2), stride=2, padding=1, output_padding=(0, 1), groups=2, bias=False
        ),
        nn.Dropout(0.3, channels=True),
        block,
        nested,
        nn.MaxPool2D((2, 1), (1, 1), padding=((1, 0), (0, 0))),
        nn.MaxPool2D(2, padding="same"),
        nn.AvgPool2D(2, stride=1, padding=1, ceil_mode=True, count_include_pad=False),
        nn.LeakyReLU(0.2),
        nn.LayerNorm(eps=1e-4),
    ]
    features = [
        nn.Flatten(),
        nn.Dense(9, bias=False),
        nn.SiLU(),
        nn.LogSoftmax(),
        nn.Tanh(),
        nn.BatchNorm(),
        nn.Sigmoid(),
        nn.Dropout(),
    ]
    return nn.Sequential([*images, *features, nn.Dense(3, init=init.glorot_normal), nn.Softmax()])


def small() -> nn.Sequential:
    block = nn.Residual([nn.Conv2D(4, 3, padding=1), nn.Dropout(0.2), nn.BatchNorm()])
    layers = [nn.Conv2D(4, 3), nn.BatchNorm(), nn.ReLU(), block, nn.Flatten(), nn.Dropout(0.3)]
    return nn.Sequential([*layers, nn.Dense(3)])


def built(model: nn.Sequential, shape=(1, 6, 6), seed: int = 0, **options) -> nn.Sequential:
    model.build(shape, rng=np.random.default_rng(seed), **options)
    return model


def images(count: int = 48, shape=(1, 6, 6)):
    rng = np.random.default_rng(7)
    return rng.standard_normal((count, *shape)).astype(np.float32), rng.integers(0, 3, count)


def train(model, optimizer, rng, epochs, callbacks=()):
    return model.fit(
        *images(),
        loss=LOSS,
        optimizer=optimizer,
        epochs=epochs,
        batch_size=16,
        rng=rng,
        callbacks=callbacks,
        progress=False,
    )


def arrays_of(model: nn.Sequential) -> dict[str, np.ndarray]:
    state = {f"{i}.{k}": a for i, layer in enumerate(model.layers) for k, a in layer.state.items()}
    return {**{name: a.copy() for name, a in model.params.items()}, **state}


def assert_same(a: dict[str, np.ndarray], b: dict[str, np.ndarray]) -> None:
    assert list(a) == list(b)
    for name in a:
        assert a[name].dtype == b[name].dtype
        np.testing.assert_array_equal(a[name], b[name], err_msg=name)


OPTIMISERS: list[Callable[[], nn.Optimizer]] = [
    lambda: nn.Adam(schedule.OneCycle(0.05, steps=6, pct_start=0.4), betas=(0.8, 0.99)),
    lambda: nn.AdamW(schedule.WarmUp(schedule.Cosine(0.05, 4), 2), weight_decay=0.1),
    lambda: nn.SGD(schedule.Step(0.1, 2), momentum=0.9, nesterov=True, weight_decay=1e-3),
    lambda: nn.SGD(0.1),
    lambda: nn.RMSProp(schedule.Exponential(0.01, 0.9), rho=0.9, clip_norm=0.5),
]


def trained() -> tuple[nn.Sequential, nn.Optimizer, np.random.Generator]:
    """A model, its optimiser and generator after three steps."""
    model, rng, optimizer = built(small()), np.random.default_rng(3), OPTIMISERS[0]()
    train(model, optimizer, rng, epochs=1)
    return model, optimizer, rng


# -- what may be wrong with a file's header, whatever holds its arrays -----------------------------

Change = Callable[[dict, dict], None]  # of the arrays by their names, and of the header


def tamper(**fields):
    return lambda arrays, header: header.update(fields)


def entry(name: str, array: np.ndarray | bytes | None):
    def change(arrays, header):
        if array is None:
            del arrays[name]
        else:
            arrays[name] = array

    return change


def argument(index: int, **arguments):
    return lambda arrays, header: header["layers"][index]["arguments"].update(arguments)


def optimizer(**fields):
    return lambda arrays, header: header["optimizer"].update(fields)


def generator(**fields):
    return lambda arrays, header: header["rng"].update(fields)


BAD_HEADERS: dict[str, tuple[Change, str]] = {
    "dtype": (
        tamper(dtype="object"),
        "its dtype is 'object', not one of float32, float64",
    ),
    "input shape": (tamper(input_shape=[1, -6, 6]), "where a shape belongs"),
    "input of floats": (tamper(input_shape=[1, 6.0, 6]), "where a shape belongs"),
    "input that does not fit": (
        tamper(input_shape=[1, 2, 2]),
        "its layers do not fit: layer 0: Conv2D",
    ),
    "layers": (tamper(layers="none"), "where a list belongs"),
    "no layer": (tamper(layers=[]), "a model needs at least one layer"),
    "unknown layer": (
        tamper(layers=[{"type": "os.system", "arguments": {}}]),
        "it names the layer 'os.system'",
    ),
    "private layer": (
        tamper(layers=[{"type": "_Pool2D", "arguments": {}}]),
        "it names the layer '_Pool2D'",
    ),
    "unknown argument": (argument(0, colour=1), "its layer Conv2D cannot be made: .*colour"),
    "argument out of range": (
        argument(5, rate=2),
        r"its layer Dropout cannot be made: rate must be in \[0, 1\)",
    ),
    "argument of text": (argument(1, eps="x"), "its argument eps is 'x', where a number belongs"),
    "argument without bound": (argument(1, eps=float("inf")), "its argument eps is 'inf'"),
    "initialiser": (
        lambda e, h: h["layers"][0].update(init="fans"),
        "it names the initialiser 'fans'",
    ),
    "list of parameters": (
        tamper(parameters={"0.W": [1]}),
        "the parameters that it lists are not those",
    ),
    "generators": (tamper(generators={}), "one random generator for each of its Dropout layers"),
    "generator's kind": (
        generator(state={"bit_generator": "os"}),
        "random generator cannot be used",
    ),
    "generator's state": (
        generator(state={"bit_generator": "PCG64", "state": {"state": -1, "inc": 2}}),
        "random generator cannot be used",
    ),
    "generator's seed": (generator(seed={"entropy": "x"}), "random generator cannot be used"),
    "optimizer": (optimizer(type="Magic"), "it names the optimizer 'Magic'"),
    "steps": (optimizer(steps=-1), "its optimizer cannot have made -1 steps"),
    "slots": (optimizer(slots=["velocity"]), r"with state \('velocity',\)"),
    "missing field": (lambda e, h: h.pop("rng"), "damaged or cut short .KeyError: 'rng'"),
}
