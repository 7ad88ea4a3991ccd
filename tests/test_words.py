"""What Keras and PyTorch people type is answered with our word, never with Python's own text."""

import inspect
import re

import numpy as np
import pytest

import course_nn as nn
from course_nn import words

PYTHONS = re.compile(
    r"unexpected keyword|positional argument|not callable|not iterable|has no attribute|object is"
)


def model() -> nn.Sequential:
    made = nn.Sequential([nn.Dense(2)])
    made.build((3,), rng=np.random.default_rng(0))
    return made


def fit(**options) -> object:
    x, labels = np.zeros((4, 3)), np.zeros(4, int)
    known = {"loss": nn.SoftmaxCrossEntropy(), "optimizer": nn.SGD(0.1), "progress": False}
    return model().fit(x, labels, **known | options)


TYPED = {
    "Sequential(a, b)": (lambda: nn.Sequential(nn.Dense(3), nn.ReLU()), "stand in one list"),
    "Sequential([base, head])": (
        lambda: nn.Sequential([model(), nn.Dense(3)]),
        "Sequential([*model.layers, Dense(3)])",
    ),
    "Residual(a, b)": (
        lambda: nn.Residual(nn.Dense(3), nn.ReLU()),
        "a Residual is made of lists of layers, as Residual([Dense(3), ReLU()]), got Dense(units=3",
    ),
    "Dense(784, 128)": (lambda: nn.Dense(784, 128), "the number of inputs is not an argument"),
    "Dense(activation=)": (lambda: nn.Dense(3, activation="relu"), "a layer of its own"),
    "Dense(init=a word)": (
        lambda: nn.Dense(3, init="he_normal"),
        "init must be a function such as nn.init.he_normal, got 'he_normal'",
    ),
    "Conv2D(init=a word)": (lambda: nn.Conv2D(3, 3, init="he"), "init must be a function"),
    "Conv2D(1, 6, 5)": (lambda: nn.Conv2D(1, 6, 5), "channels are not an argument"),
    "LayerNorm(64)": (lambda: nn.LayerNorm(64), "it needs no size: LayerNorm()"),
    "BatchNorm(64)": (lambda: nn.BatchNorm(64), "it needs no number of channels"),
    "Softmax(dim=1)": (lambda: nn.Softmax(dim=1), "a softmax runs along the last axis"),
    "Softmax(axis=-1)": (lambda: nn.Softmax(axis=-1), "a softmax runs along the last axis"),
    "ReLU(inplace=True)": (lambda: nn.ReLU(inplace=True), "never changed"),
    "SGD(learning_rate=)": (lambda: nn.SGD(learning_rate=0.1), "it is lr"),
    "SGD(model.parameters())": (lambda: nn.SGD(model().params), "SGD(0.1)"),
    "fit(validation_data=)": (lambda: fit(validation_data=()), "it is validation=(x, labels)"),
    "fit(shuffle=)": (lambda: fit(shuffle=False), "every epoch is shuffled by rng"),
    "build without rng": (lambda: nn.Sequential([nn.Dense(2)]).build((3,)), "build needs rng"),
    "build without anything": (lambda: nn.Sequential([nn.Dense(2)]).build(), "build needs rng"),
    "fit without an optimizer": (
        lambda: model().fit(np.zeros((4, 3)), np.zeros(4, int), loss=nn.SoftmaxCrossEntropy()),
        "fit needs optimizer",
    ),
    "model(x)": (lambda: model()(np.zeros((1, 3))), "a model is not called"),
    "layer(x)": (lambda: nn.ReLU()(np.zeros((1, 3))), "is not called: write layer.forward(x)"),
    "loss(y, t)": (
        lambda: nn.SoftmaxCrossEntropy()(np.zeros((1, 3)), [0]),
        "a loss is not called: loss.forward(output, labels) gives it",
    ),
}


@pytest.mark.parametrize("typed", TYPED)
def test_their_call_gets_our_word(typed: str) -> None:
    call, word = TYPED[typed]
    with pytest.raises(TypeError, match=re.escape(word)) as caught:
        call()
    assert not PYTHONS.search(str(caught.value))


@pytest.mark.parametrize("name", words.NAMES)
def test_their_name_gets_ours(name: str) -> None:
    message = f"course_nn has no {name}: {words.NAMES[name]}"
    with pytest.raises(AttributeError, match=re.escape(message)):
        getattr(nn, name)


def test_names_of_ours_stay_ours() -> None:
    assert not set(words.NAMES) & set(nn.__all__)
    assert not hasattr(nn, "no_such_name")


def test_what_is_advised_is_there() -> None:
    for advice in words.NAMES.values():
        for name in re.findall(r"\b[A-Z][a-z]+[A-Z]\w+|\bDense\b", advice):
            assert hasattr(nn, name), name


FLAGS = {
    "bias of a Dense": lambda value: nn.Dense(3, bias=value),
    "bias of a Conv2D": lambda value: nn.Conv2D(3, 3, bias=value),
    "bias of a ConvTranspose2D": lambda value: nn.ConvTranspose2D(3, 3, bias=value),
    "channels of a Dropout": lambda value: nn.Dropout(0.5, channels=value),
    "ceil_mode": lambda value: nn.MaxPool2D(2, ceil_mode=value),
    "count_include_pad": lambda value: nn.AvgPool2D(2, count_include_pad=value),
    "nesterov": lambda value: nn.SGD(0.1, 0.9, nesterov=value),
    "restore_best": lambda value: nn.EarlyStopping(restore_best=value),
    "append": lambda value: nn.CSVLogger("log.csv", append=value),
}


@pytest.mark.parametrize("value", ["no", 0, 2, np.ones(2)])
@pytest.mark.parametrize("option", FLAGS)
def test_a_switch_is_true_or_false(option: str, value: object) -> None:
    message = re.escape(f"{option.split()[0]} must be True or False, got {value!r}")
    with pytest.raises(TypeError, match=message):
        FLAGS[option](value)


@pytest.mark.parametrize("option", FLAGS)
def test_a_switch_of_numpys_is_one(option: str) -> None:
    assert repr(FLAGS[option](np.True_)) == repr(FLAGS[option](True))


def test_every_switch_has_its_turn() -> None:
    kinds = [
        kind
        for kind in map(vars(nn).get, nn.__all__)
        if inspect.isclass(kind) and issubclass(kind, words.Described)
    ]
    switches = {
        option.name
        for kind in kinds
        for option in inspect.signature(kind).parameters.values()
        if option.annotation in (bool, "bool", bool | None)
    }
    assert switches == {option.split()[0] for option in FLAGS}
