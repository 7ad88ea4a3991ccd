"""What Keras and PyTorch people type is answered with our word, never with Python's own text."""

import copy
import inspect
import pickle
import re
from dataclasses import field

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
    "predict(verbose=)": (
        lambda: model().predict(np.zeros((1, 3)), verbose=0),
        "predict takes no verbose; it is called as predict(x, batch_size=256)",
    ),
    "check_layer(layer)": (lambda: nn.check_layer(nn.Dense(3)), "check_layer needs input_shape"),
    "check_learns(epochs=)": (
        lambda: nn.check_learns(model(), np.eye(3), [0, 1, 0], epochs=3),
        "check_learns takes no epochs; it is called as check_learns(model, x, y",
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


# -- every keyword and attribute of theirs ---------------------------------------------------------


def evaluate(**options) -> object:
    return model().evaluate(np.zeros((4, 3)), np.zeros(4, int), nn.SoftmaxCrossEntropy(), **options)


# a keyword of theirs → where it is typed
KEYWORDS = {
    "activation": nn.Dense,
    "alpha": nn.LeakyReLU,
    "axis": nn.BatchNorm,
    "beta_1": nn.Adam,
    "beta_2": nn.Adam,
    "class_weight": fit,
    "clipnorm": nn.SGD,
    "data_format": nn.Conv2D,
    "dilation_rate": nn.Conv2D,
    "dim": nn.Softmax,
    "epsilon": nn.Adam,
    "from_logits": nn.SoftmaxCrossEntropy,
    "in_channels": nn.Conv2D,
    "in_features": nn.Dense,
    "inplace": nn.ReLU,
    "input_dim": nn.Dense,
    "input_shape": nn.Dense,
    "kernel_initializer": nn.Dense,
    "kernel_size": nn.Conv2D,
    "label_smoothing": nn.SoftmaxCrossEntropy,
    "learning_rate": nn.SGD,
    "metrics": fit,
    "negative_slope": nn.LeakyReLU,
    "normalized_shape": nn.LayerNorm,
    "num_features": nn.BatchNorm,
    "out_channels": nn.Conv2D,
    "out_features": nn.Dense,
    "p": nn.Dropout,
    "params": nn.SGD,
    "pool_size": nn.MaxPool2D,
    "pos_weight": nn.BinaryCrossEntropy,
    "random_state": fit,
    "reduction": nn.MeanSquaredError,
    "restore_best_weights": nn.EarlyStopping,
    "sample_weight": fit,
    "seed": nn.Dropout,
    "shuffle": fit,
    "steps_per_epoch": fit,
    "strides": nn.Conv2D,
    "use_bias": nn.Dense,
    "validation_data": fit,
    "validation_split": fit,
    "verbose": fit,
    "weight": nn.SoftmaxCrossEntropy,
}


@pytest.mark.parametrize("keyword", words.KEYWORDS)
def test_their_keyword_gets_our_word_and_how_the_call_is_made(keyword: str) -> None:
    called = KEYWORDS[keyword]
    name = called.__name__
    with pytest.raises(TypeError) as caught:
        called(**{keyword: 1})
    start = f"{name} takes no {keyword}: {words.KEYWORDS[keyword]}; it is called as {name}("
    assert str(caught.value).startswith(start)


@pytest.mark.parametrize(
    ("called", "options"),
    [
        (evaluate, {"verbose": 0}),
        (nn.EarlyStopping, {"verbose": 1}),
        (nn.MeanSquaredError, {"weight": [1, 2]}),
        (nn.ReLU, {"use_bias": False}),
        (nn.Dense, {"no_such_word": 1}),
    ],
)
def test_no_word_is_advised_that_would_be_refused_next(called, options: dict) -> None:
    (word,) = options
    with pytest.raises(TypeError, match=f"{called.__name__} takes no {word}; it is called as"):
        called(**options)


def test_what_is_given_twice_is_named() -> None:
    with pytest.raises(TypeError, match=r"SGD gets lr twice.*by itself: SGD") as caught:
        nn.SGD(model().params, lr=0.1)
    assert not PYTHONS.search(str(caught.value))
    with pytest.raises(TypeError, match="Dense gets units twice, in a row and by its name; it is"):
        nn.Dense(3, units=3)


@pytest.mark.parametrize("name", words.IN_A_ROW)
def test_too_many_in_a_row_are_answered_with_the_names(name: str) -> None:
    room = sum(
        p.kind is p.POSITIONAL_OR_KEYWORD
        for p in inspect.signature(getattr(nn, name)).parameters.values()
    )
    with pytest.raises(TypeError) as caught:
        getattr(nn, name)(*range(1, room + 2))
    start = f"{name} takes {room or 'no'} argument(s) in a row, got {room + 1}: "
    assert str(caught.value).startswith(f"{start}{words.IN_A_ROW[name]}; it is called as {name}(")


@pytest.mark.parametrize("name", words.ATTRIBUTES)
def test_their_attribute_gets_our_word(name: str) -> None:
    for thing in (model(), nn.Dense(3), nn.SGD(0.1), nn.SoftmaxCrossEntropy()):
        said = f"{type(thing).__name__} has no {name}: {words.ATTRIBUTES[name]}"
        with pytest.raises(AttributeError, match=f"^{re.escape(said)}$"):
            getattr(thing, name)


def test_what_is_advised_in_place_of_an_attribute_is_there() -> None:
    things = model(), nn.Dense(3), nn.SGD(0.1), []
    for advice in words.ATTRIBUTES.values():
        for name in re.findall(r"\b(?:model\.)?([a-z_]+)\(", advice):
            assert any(hasattr(thing, name) for thing in things), advice


def test_any_other_attribute_is_missing_as_ever() -> None:
    assert not hasattr(nn.Dense(3), "no_such_thing")
    assert getattr(nn.Dense(3), "no_such_thing", 7) == 7
    with pytest.raises(AttributeError, match=r"^Dense has no wieghts$") as caught:
        nn.Dense(3).wieghts  # noqa: B018
    assert (caught.value.name, type(caught.value.obj)) == ("wieghts", nn.Dense)


def test_the_error_of_a_property_is_its_own() -> None:
    class Broken(words.Described):
        @property
        def size(self) -> int:
            return [].length

    with pytest.raises(AttributeError, match="'list' object has no attribute 'length'"):
        Broken().size  # noqa: B018


# -- constructors made of fields -------------------------------------------------------------------


def test_the_real_signatures_are_shown() -> None:
    assert list(inspect.signature(nn.Dense).parameters) == ["units", "bias", "init"]
    assert inspect.signature(nn.Dense).parameters["bias"].kind is inspect.Parameter.KEYWORD_ONLY
    fitted = inspect.signature(nn.Sequential.fit).parameters
    assert list(fitted)[:5] == ["self", "x", "labels", "loss", "optimizer"]
    assert fitted["epochs"].default == 1
    assert nn.Sequential.fit.__doc__
    assert nn.Sequential.fit.__name__ == "fit"


def test_the_advised_call_hides_types_and_functions() -> None:
    with pytest.raises(TypeError, match=r"Dense needs units; it is called as ") as caught:
        nn.Dense()
    assert str(caught.value).endswith("Dense(units, *, bias=True, init='…')")


def test_a_type_error_inside_of_a_right_call_stays_itself() -> None:
    @words.answers
    def add(a, b):
        return a + b

    with pytest.raises(TypeError, match=r"^unsupported operand type\(s\) for \+"):
        add(1, "b")


def test_any_keyword_and_any_number_in_a_row_may_be_taken() -> None:
    @words.answers
    def free(first, *rest, **more):
        return first, rest, more

    assert free(1, 2, verbose=3) == (1, (2,), {"verbose": 3})
    with pytest.raises(TypeError, match=r"free needs first; it is called as free\(first, \*rest"):
        free(verbose=3)


@words.options
class Scale(words.Described):
    factor: float
    offset: float = field(default=0.0, kw_only=True)
    inner: object = field(default=None, kw_only=True, repr=False)
    total: float = field(default=0.0, init=False)

    def __post_init__(self) -> None:
        self.total = 10.0


@words.options
class Shift(Scale):
    by: float = field(default=1.0, kw_only=True)


class Untouched(Scale):
    """A subclass that adds no option."""


class Written(nn.Dense):
    """A subclass with a constructor of its own."""

    def __init__(self, twice: int):
        super().__init__(2 * twice)


@pytest.mark.parametrize(
    ("made", "arguments", "text"),
    [
        (lambda: Scale(2.0), {"factor": 2.0}, "Scale(factor=2.0)"),
        (lambda: Scale(2.0, offset=0.0), {"factor": 2.0}, "Scale(factor=2.0)"),
        (lambda: Scale(2.0, offset=1), {"factor": 2.0, "offset": 1}, "Scale(factor=2.0, offset=1)"),
        (lambda: Scale(2.0, inner=3), {"factor": 2.0}, "Scale(factor=2.0)"),
        (lambda: Shift(2.0, by=3), {"factor": 2.0, "by": 3}, "Shift(factor=2.0, by=3)"),
        (lambda: Untouched(2.0), {"factor": 2.0}, "Untouched(factor=2.0)"),
        (lambda: Written(2), {"units": 4}, "Written(units=4)"),
        (words.Described, {}, "Described()"),
    ],
)
def test_arguments_and_text_leave_out_what_has_its_default(made, arguments, text) -> None:
    thing = made()
    assert thing.arguments() == arguments
    assert repr(thing) == text


def test_an_array_is_never_taken_for_a_default() -> None:
    weights = np.ones(2)
    assert Scale(2.0, offset=weights).arguments()["offset"] is weights
    assert list(nn.SoftmaxCrossEntropy(class_weights=weights).arguments()) == ["class_weights"]


@pytest.mark.parametrize(("kind", "name"), [(Shift, "Shift"), (Untouched, "Untouched")])
def test_a_subclass_is_called_by_its_own_name(kind: type, name: str) -> None:
    with pytest.raises(TypeError, match=f"{name} takes no learning_rate.*called as {name}\\(fac"):
        kind(2.0, learning_rate=1)


def test_a_wrong_call_inside_of_a_subclass_names_the_class_that_is_called() -> None:
    class Wrong(nn.Dense):
        def __init__(self, units: int):
            super().__init__(units, activation="relu")

    with pytest.raises(TypeError, match=r"Dense takes no activation.*called as Dense\(units"):
        Wrong(3)


@pytest.mark.parametrize("copied", [lambda a: pickle.loads(pickle.dumps(a)), copy.deepcopy])
@pytest.mark.parametrize(
    "thing",
    [Shift(2.0, by=3), Untouched(2.0, offset=1), nn.Conv2D(6, 5), nn.Adam(0.1), model()],
    ids=lambda thing: type(thing).__name__,
)
def test_what_describes_itself_is_pickled_and_copied(copied, thing) -> None:
    twin = copied(thing)
    assert type(twin) is type(thing)
    assert twin is not thing
    assert repr(twin) == repr(thing)
    assert twin.arguments().keys() == thing.arguments().keys()


# -- switches --------------------------------------------------------------------------------------


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


FUNCTIONS = {
    "augment": (lambda f: fit(augment=f), lambda x: x, "augment(x, rng=rng)"),
    "lr": (nn.SGD, lambda: 0.1, "lr(step)"),
    "schedule": (nn.LearningRateSchedule, lambda: 0.1, "schedule(epoch)"),
    "init": (lambda f: nn.Dense(3, init=f), lambda shape: shape, "init(shape, rng=rng)"),
}


@pytest.mark.parametrize("what", FUNCTIONS)
def test_a_function_that_cannot_be_called_so_is_refused_at_once(what: str) -> None:
    give, function, call = FUNCTIONS[what]
    message = f"{what} must be a function that is called as {call}, got one of "
    with pytest.raises(TypeError, match=re.escape(message)):
        give(function)
