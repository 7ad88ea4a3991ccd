"""Whose a layer is: parts of models, shared layers, new heads, frozen ones, copies."""

import copy
import pickle
import re

import numpy as np
import pytest

import course_nn as nn
from course_nn import stack

RNG = np.random.default_rng


def images(count: int = 24) -> tuple[np.ndarray, np.ndarray]:
    return RNG(0).standard_normal((count, 1, 8, 8)).astype("f"), RNG(1).integers(0, 5, count)


def trained(seed: int = 0, **options) -> nn.Sequential:
    """A small network after three steps, whose running statistics have moved."""
    model = nn.Sequential(
        [
            nn.Conv2D(3, 3),
            nn.BatchNorm(),
            nn.ReLU(),
            nn.Residual([nn.Conv2D(3, 3, padding=1), nn.BatchNorm(), nn.Dropout(0.2)]),
            nn.GlobalAvgPool2D(),
            nn.Dense(5),
        ]
    )
    model.build((1, 8, 8), rng=RNG(seed), **options)
    learn(model)
    return model


def learn(model: nn.Sequential, steps: int = 3, optimizer: nn.Optimizer | None = None) -> None:
    optimizer = optimizer or nn.SGD(0.1, 0.9)
    for _ in range(steps):
        model.train_step(*images(), nn.SoftmaxCrossEntropy(), optimizer)


def numbers(model: nn.Sequential) -> dict[str, np.ndarray]:
    """Copies of all parameters and running statistics."""
    arrays = {f"state {i}": a for i, a in enumerate(model.states())} | dict(model.params)
    return {name: a.copy() for name, a in arrays.items()}


def same(one: dict[str, np.ndarray], two: dict[str, np.ndarray]) -> bool:
    return one.keys() == two.keys() and all((one[k] == two[k]).all() for k in one)


# -- parts -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("part", [lambda m: m[:4], lambda m: nn.Sequential(m.layers[:4])])
def test_a_part_of_a_model_predicts_at_once_and_leaves_the_model_as_it_was(part) -> None:
    model, (x, _) = trained(), images()
    before = numbers(model)
    features = part(model)
    y = x
    for layer in model.layers[:4]:
        y = layer.forward(y)
    np.testing.assert_allclose(features.predict(x), y, rtol=1e-5, atol=1e-6)
    assert features.output_shape == (3, 6, 6)
    assert same(numbers(model), before)


def test_an_index_gives_a_layer_and_len_counts_them() -> None:
    model = trained()
    assert model[5] is model.layers[5]
    assert model[-1] is model.layers[-1]
    assert len(model) == 6


def test_models_that_share_layers_share_their_weights_whichever_trains() -> None:
    model, (x, _) = trained(), images()
    part = model[:5]
    whole = nn.Sequential([*part.layers, model.layers[5]])
    for trains, other in ([model, whole], [whole, model]) * 2:
        before = other.predict(x)
        learn(trains, 1)
        np.testing.assert_array_equal(other.predict(x), trains.predict(x))
        assert (other.predict(x) != before).any()
        other.params.flat[0] += 1  # through the other's vector: both see it
        np.testing.assert_array_equal(other.predict(x), trains.predict(x))


def test_a_shared_layer_keeps_learning_in_the_first_model() -> None:
    model = trained()
    head = nn.Sequential([*model.layers[:5], nn.Dense(5)])
    head.build((1, 8, 8), rng=RNG(3))
    learn(head)
    before = model.layers[0].params["W"].copy()
    learn(model)
    assert (model.layers[0].params["W"] != before).any()
    assert np.shares_memory(model.layers[0].params["W"], model.params.flat)


def test_layers_that_were_built_for_one_another_need_no_build_and_others_say_so() -> None:
    one = trained()
    with pytest.raises(nn.ShapeError, match=r"layer 0, Conv2D.*, gives \(3, 6, 6\), and layer 1"):
        nn.Sequential([one.layers[0], one.layers[5]])


def test_a_part_that_predicts_is_planned_once(monkeypatch: pytest.MonkeyPatch) -> None:
    model, (x, _) = trained(), images()
    part, other = model[:4], nn.Sequential(model.layers[:5])
    planned = []
    make = stack.Engine
    monkeypatch.setattr("course_nn.stack.Engine", lambda *a: planned.append(a) or make(*a))
    for _ in range(3):
        part.predict(x, batch_size=4)
    assert len(planned) == 1
    other.params.flat[:] += 1  # other arrays under the same layers
    np.testing.assert_array_equal(part.predict(x), nn.Sequential(part.layers).predict(x))


def test_layers_moved_into_a_block_are_planned_anew() -> None:
    dense, tanh, x = nn.Dense(3), nn.Tanh(), np.ones((2, 3))
    model = nn.Sequential([dense, tanh])
    model.build((3,), rng=RNG(0), dtype=np.float64)
    plain = model.predict(x)
    model.layers[:] = [dense, block := nn.Residual([tanh])]
    block.build((3,), rng=RNG(0), dtype=np.float64, keep=True)
    h = dense.forward(x)
    np.testing.assert_allclose(model.predict(x), np.tanh(h) + h)
    assert (model.predict(x) != plain).any()


def test_a_model_without_parameters_keeps_the_dtype_it_was_built_for() -> None:
    model = nn.Sequential([nn.Tanh()])
    model.build((3,), rng=RNG(0), dtype=np.float64)
    assert model.dtype == np.float64
    assert model.predict(np.ones((1, 3))).dtype == np.float64


# -- building again --------------------------------------------------------------------------------


def test_another_input_size_keeps_what_was_trained() -> None:
    model = trained()
    before = numbers(model)
    assert model.build((1, 12, 12), rng=RNG(9)) == (5,)
    assert same(numbers(model), before)
    assert model.predict(np.zeros((2, 1, 12, 12))).shape == (2, 5)
    learn_on = RNG(0).standard_normal((4, 1, 12, 12))
    model.train_step(learn_on, np.arange(4), nn.SoftmaxCrossEntropy(), nn.SGD(0.1))


def test_weights_that_do_not_fit_another_size_are_named_and_nothing_changes() -> None:
    model = nn.Sequential([nn.Flatten(), nn.Dense(3)])
    model.build((1, 4, 4), rng=RNG(0))
    before, x = model.params["1.W"].copy(), np.ones((1, 1, 4, 4))
    with pytest.raises(nn.ShapeError, match=r"layer 1: .*W is \(16, 3\), and .* it would be \(25"):
        model.build((1, 5, 5), rng=RNG(1))
    assert (model.params["1.W"] == before).all()
    assert model.predict(x).shape == (1, 3)


def test_only_redraw_draws_anew_and_it_is_as_if_built_for_the_first_time() -> None:
    model = trained()
    before = numbers(model)
    with pytest.raises(RuntimeError, match=r"its weights stay: build\(…, redraw=True\)"):
        model.build((1, 8, 8), rng=RNG(5))
    assert same(numbers(model), before)
    model.build((1, 8, 8), rng=RNG(5), redraw=True)
    fresh = nn.Sequential(copy.deepcopy(model.layers))
    fresh.build((1, 8, 8), rng=RNG(5), redraw=True)
    assert same(numbers(model), numbers(fresh))
    assert not same(numbers(model), before)


@pytest.mark.parametrize("options", [{"dtype": np.float64}, {"threads": 1}, {"device": "cpu"}])
def test_dtype_and_threads_can_change_without_losing_weights(options: dict) -> None:
    model, (x, _) = trained(), images()
    before = model.predict(x)
    if options == {"device": "cpu"}:
        options = options | {"threads": 2}
    model.build(rng=RNG(5), **options)
    np.testing.assert_allclose(model.predict(x), before, rtol=1e-5, atol=1e-6)
    assert model.dtype == options.get("dtype", np.float32)
    learn(model, 1)


def test_a_new_head_is_drawn_and_the_rest_stays() -> None:
    model, (x, _) = trained(), images()
    before = numbers(model)
    model.layers[-1] = nn.Dense(3)
    with pytest.raises(
        RuntimeError, match=r"layer 5, Dense\(units=3\), is new .* model.build\(rng"
    ):
        model.predict(x)
    assert model.build(rng=RNG(1)) == (3,)
    after = numbers(model)
    assert all((after[k] == before[k]).all() for k in before if not k.startswith("5."))
    assert model.predict(x).shape == (len(x), 3)
    learn_labels = np.arange(len(x)) % 3
    model.train_step(x, learn_labels, nn.SoftmaxCrossEntropy(), nn.Adam())


@pytest.mark.parametrize(
    ("change", "shape"),
    [
        (lambda layers: layers.append(nn.ReLU()), (5,)),
        (lambda layers: layers.insert(4, nn.Tanh()), (5,)),
        (lambda layers: layers.extend([nn.ReLU(), nn.Dense(2)]), (2,)),
        (lambda layers: layers[3].paths["main"].append(nn.Tanh()), (5,)),
    ],
)
def test_a_list_that_was_changed_is_built_on(change, shape: tuple[int, ...]) -> None:
    model, (x, _) = trained(), images()
    before = numbers(model)
    change(model.layers)
    with pytest.raises(RuntimeError, match=r"is new in this model .* call model\.build\(rng=rng\)"):
        model.predict(x)
    assert model.build(rng=RNG(1)) == shape
    kept = list(numbers(model).values())
    assert all(any(np.array_equal(a, b) for b in kept) for a in before.values())
    assert model.predict(x).shape == (len(x), *shape)


def test_taking_layers_away_needs_no_build() -> None:
    model, (x, _) = trained(), images()
    model.layers.pop()
    assert model.predict(x).shape == (len(x), 3)
    assert set(model.params) == {k for k in trained().params if not k.startswith("5.")}
    model.layers.clear()
    with pytest.raises(RuntimeError, match="no layer any more"):
        model.predict(x)


def test_an_image_with_its_channels_last_is_doubted() -> None:
    model = nn.Sequential([nn.Conv2D(4, 3), nn.Flatten(), nn.Dense(10)])
    with pytest.warns(UserWarning, match=r"build for \(3, 32, 32\) and give x\.transpose"):
        model.build((32, 32, 3), rng=RNG(0))


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("shape", [(3, 32, 32), (1, 28, 28), (32, 32, 5), (3, 3, 3), (16, 8, 3)])
def test_other_images_are_not(shape: tuple[int, ...]) -> None:
    nn.Sequential([nn.Flatten(), nn.Dense(2)]).build(shape, rng=RNG(0))


def test_float16_is_refused() -> None:
    with pytest.raises(TypeError, match=r"dtype must be np.float32 or np.float64, got float16"):
        nn.Sequential([nn.Dense(2)]).build((3,), rng=RNG(0), dtype=np.float16)


# -- weights of another ----------------------------------------------------------------------------


def test_weights_are_taken_over_with_the_statistics() -> None:
    one, two, (x, _) = trained(0), trained(1), images()
    two.load_weights(one)
    np.testing.assert_array_equal(one.predict(x), two.predict(x))
    learn(one, 1)
    assert (one.predict(x) != two.predict(x)).any()  # copied, not shared


@pytest.mark.parametrize(
    ("layers", "sentence"),
    [
        ([nn.Dense(3)], r"0\.W is \(4, 3\) here and \(4, 2\) there|0\.W .*\(4, 3\) .*\(4, 2\)"),
        ([nn.Dense(2), nn.BatchNorm()], "1.gamma .* is missing there"),
        ([nn.Tanh()], "0.W is missing here"),
    ],
)
def test_weights_that_do_not_fit_are_named_and_none_is_copied(layers: list, sentence: str) -> None:
    here, there = nn.Sequential(layers), nn.Sequential([nn.Dense(2)])
    for seed, model in enumerate((here, there)):
        model.build((4,), rng=RNG(seed), redraw=True)
    before = numbers(here)
    with pytest.raises(ValueError, match=sentence):
        here.load_weights(there)
    assert same(numbers(here), before)


# -- copies ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_a_copy_is_the_same_and_goes_its_own_way(copied) -> None:
    model, (x, _) = trained(), images()
    other = copied(model)
    np.testing.assert_array_equal(model.predict(x), other.predict(x))
    learn(model)
    learn(other)  # dropout's generators were copied too: both go the same way
    np.testing.assert_array_equal(model.predict(x), other.predict(x))
    learn(other)
    assert (model.predict(x) != other.predict(x)).any()
    assert np.shares_memory(other.layers[0].params["W"], other.params.flat)


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_a_model_that_is_not_built_can_be_copied(copied) -> None:
    other = copied(nn.Sequential([nn.Dense(2)]))
    assert other.build((3,), rng=RNG(0)) == (2,)


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_an_optimiser_can_be_copied_with_its_state(copied) -> None:
    model, optimizer = trained(), nn.Adam()
    learn(model, 2, optimizer)
    other = copied(optimizer)
    other.state["mean"].flat[:] = 7
    assert (other.state["mean"]["0.W"] == 7).all()
    assert (optimizer.state["mean"]["0.W"] != 7).any()
    learn(copy.deepcopy(model), 1, other)


# -- one layer in two places -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "layers",
    [
        lambda tied: [tied, nn.ReLU(), tied],
        lambda tied: [nn.Residual([tied, nn.ReLU(), tied])],
        lambda tied: [nn.Residual([tied]), tied],
        lambda tied: [nn.Residual([tied], [tied])],
        lambda tied: [nn.Residual([nn.Residual([tied])]), nn.Residual([tied])],
    ],
)
def test_one_layer_in_two_places_is_refused(layers) -> None:
    with pytest.raises(ValueError, match=r"Dense\(units=6\) stands twice in this model"):
        nn.Sequential(layers(nn.Dense(6)))


def test_a_layer_put_twice_into_the_list_later_is_refused() -> None:
    model = trained()
    model.layers.append(model.layers[2])
    with pytest.raises(ValueError, match="stands twice"):
        model.predict(images()[0])


# -- frozen layers ---------------------------------------------------------------------------------


OPTIMIZERS = {
    "sgd": lambda: nn.SGD(0.1, 0.9, weight_decay=0.1),
    "adam": lambda: nn.Adam(0.01, weight_decay=0.1),
    "adamw": lambda: nn.AdamW(0.01, weight_decay=0.1, clip_norm=0.1),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize(
    ("freeze", "frozen"),
    [
        (lambda m: m.layers[:1], ["0."]),
        (lambda m: m.layers[1:2], ["1."]),
        (lambda m: m.layers[3:4], ["3."]),
        (lambda m: m.layers[3].paths["main"][:1], ["3.main.0"]),
        (lambda m: m.layers[5:], ["5."]),
        (lambda m: m.layers[:5], ["0.", "1.", "3."]),
    ],
)
def test_a_frozen_layer_stays_and_the_others_learn(name: str, freeze, frozen: list[str]) -> None:
    model = trained()
    learn(model, 1, optimizer := OPTIMIZERS[name]())
    for layer in freeze(model):
        layer.trainable = False
    before = {k: a.copy() for k, a in model.params.items()}
    states = {name: [a.copy() for a in layer.state.values()] for name, layer in all_leaves(model)}
    learn(model, 2, optimizer)
    for key, array in model.params.items():
        stays = any(key.startswith(prefix) for prefix in frozen)
        assert (array == before[key]).all() == stays, key
    for name, layer in all_leaves(model):
        stays = any(f"{name}.".startswith(prefix) for prefix in frozen)
        moved = any((a != b).any() for a, b in zip(layer.state.values(), states[name], strict=True))
        assert not (stays and moved), name
    for layer in freeze(model):
        layer.trainable = True
    learn(model, 1, optimizer)
    assert all((model.params[key] != before[key]).any() for key in before)


def all_leaves(model: nn.Sequential) -> list:
    return list(nn.layers.leaves(model.layers))


def test_a_frozen_batch_norm_goes_by_its_remembered_statistics() -> None:
    model, (x, _) = trained(), images()
    model.layers[1].trainable = False
    y = model.layers[1].forward(model.layers[0].forward(x), train=True)
    np.testing.assert_array_equal(y, model.layers[1].forward(model.layers[0].forward(x)))


def test_the_gradients_behind_a_frozen_layer_are_right() -> None:
    model = trained(dtype=np.float64)
    for layer in (model.layers[1], model.layers[3]):
        layer.trainable = False
    model.layers[3].paths["main"].pop()  # the dropout, which would draw anew
    (x, labels), loss, h = images(), nn.SoftmaxCrossEntropy(), 1e-6
    model.engine.forward_backward(x.astype(float), labels, loss)
    W, g = model.layers[0].params["W"], model.grads["0.W"].copy()

    def value() -> float:
        return model.engine.forward_backward(x.astype(float), labels, loss)[0]

    for index in [(0, 0, 0, 0), (2, 0, 1, 2)]:
        centre = W[index]
        W[index] = centre + h
        up = value()
        W[index] = centre - h
        down = value()
        W[index] = centre
        assert g[index] == pytest.approx((up - down) / (2 * h), rel=1e-5)


# -- weights that somebody holds


def small(*layers, shape=(4,)):
    model = nn.Sequential(list(layers))
    model.build(shape, rng=np.random.default_rng(0))
    return model


def move(model):
    rng = np.random.default_rng(1)
    x, labels = rng.standard_normal((8, *model.input_shape)), rng.integers(0, 3, 8)
    model.train_step(x, labels, nn.SoftmaxCrossEntropy(), nn.SGD(0.1))


@pytest.mark.parametrize(
    "use",
    [
        move,
        lambda model: model.predict(np.ones((2, 4))),
        lambda model: model[:2].predict(np.ones((2, 4))),
        lambda model: model[:-1].forward(np.ones((2, 4))),
        lambda model: model.params,
        lambda model: nn.check_learns(model, np.eye(4)[:3], [0, 1, 2], steps=2),
    ],
    ids=["a step", "predict", "a part predicts", "a part's forward", "params", "check_learns"],
)
def test_weights_that_are_held_stay_the_models(use):
    model = small(nn.Dense(5), nn.ReLU(), nn.Dense(3))
    held, layers = model.params["0.W"], model.layers[0].params["W"]
    use(model)
    move(model)
    np.testing.assert_array_equal(held, model.layers[0].params["W"])
    layers[...] = 0
    assert not model.params["0.W"].any()


def test_weights_taken_from_a_layer_before_anything_else_follow_training():
    model = small(nn.Dense(3))
    W = model.layers[0].params["W"]
    before = W.copy()
    move(model)
    assert (before != W).any()
    np.testing.assert_array_equal(W, model.params["0.W"])


# -- what is typed


def test_a_whole_model_is_frozen_as_in_keras():
    model = small(nn.Dense(5), nn.Residual([nn.Dense(5)]), nn.Dense(3))
    before = model.params.flat.copy()
    part = model[:-1]
    part.trainable = False
    move(model)
    head = model.params["2.W"].size + 3
    np.testing.assert_array_equal(before[:-head], model.params.flat[:-head])
    assert (before[-head:] != model.params.flat[-head:]).all()
    assert [part.trainable, model.trainable] == [False, True]
    with pytest.raises(TypeError, match="trainable must be True or False, got 0"):
        model.trainable = 0


@pytest.mark.parametrize(
    ("index", "error", "message"),
    [
        (3, IndexError, "there is no layer 3: this model has 2, from 0"),
        (-3, IndexError, "there is no layer -3: this model has 2"),
        ("0", TypeError, "the index of a layer must be a whole number, got '0'"),
        (1.0, TypeError, "the index of a layer must be a whole number, got 1.0"),
    ],
)
def test_a_layer_that_is_not_there_is_said(index, error, message):
    with pytest.raises(error, match=re.escape(message)):
        small(nn.Dense(3), nn.ReLU())[index]


@pytest.mark.parametrize("source", ["digits.npz", {}, None, nn.Dense(3)])
def test_weights_come_from_a_model(source):
    with pytest.raises(TypeError, match="load_weights takes a model, such as"):
        small(nn.Dense(3)).load_weights(source)


def test_a_new_head_on_built_layers_needs_no_shape():
    body = small(nn.Dense(5), nn.ReLU(), nn.Dense(3))
    model = nn.Sequential([*body.layers[:-1], nn.Dense(2)])
    before = body.layers[0].params["W"].copy()
    assert model.build(rng=np.random.default_rng(1)) == (2,)
    np.testing.assert_array_equal(before, model.params["0.W"])


def test_an_error_inside_of_a_property_is_its_own():
    class Broken(nn.Sequential):
        @property
        def engine(self):
            return None.threads

    model = Broken([nn.Dense(2)])
    model.build((3,), rng=np.random.default_rng(0))
    with pytest.raises(AttributeError, match="'NoneType' object has no attribute 'threads'"):
        _ = model.engine
