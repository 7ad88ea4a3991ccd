"""What a file says of a model: layers, optimisers, schedules and generators, as JSON's types.

It is all that is not an array. Nothing here runs what a file says: a name that is not one of
course_nn's own is refused, and a layer gets its arrays only if they have its shapes.
"""

import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from types import ModuleType
from typing import Any, NamedTuple, Protocol

import numpy as np

from . import init, layers, optim, schedule
from .backend import array_module
from .layers import Dropout, Layer, Shape, build_chain, leaves, parameters_of
from .ops.geometry import pair
from .optim import Optimizer
from .parameters import Parameters
from .schedule import Schedule

DTYPES = ("float32", "float64")
WORDS = ("padding", "approximate")  # the arguments that may be text
BIT_GENERATORS = {"PCG64": np.random.PCG64, "PCG64DXSM": np.random.PCG64DXSM}


class StorageError(ValueError):
    """A model that no file can hold, or a file that cannot be read; the message says why.

    >>> import tempfile
    >>> import course_nn as nn
    >>> with tempfile.NamedTemporaryFile(suffix=".safetensors") as file:
    ...     nn.storage.load(file.name)
    Traceback (most recent call last):
        ...
    course_nn.storage.StorageError: ...safetensors is refused: it is empty
    """

    __module__ = "course_nn.storage"  # where people find it


class Arrays(Protocol):
    """The arrays of an open file, handed out once each, if they are what is expected."""

    def take(self, name: str, shape: Shape, dtype: np.dtype) -> np.ndarray:
        """The array under a name."""


class Run(NamedTuple):
    """What a file holds: built layers, and the optimiser and generator of their training."""

    layers: list[Layer]
    dtype: np.dtype
    optimizer: Optimizer | None
    rng: np.random.Generator | None


def _classes(module: Any, base: type) -> dict[str, type]:
    """The public subclasses of `base` that a module defines, by name."""
    found = {name: cls for name, cls in vars(module).items() if isinstance(cls, type)}
    own = {n: cls for n, cls in found.items() if cls.__module__.startswith(module.__name__)}
    return {
        name: cls
        for name, cls in own.items()
        if issubclass(cls, base)
        and not name.startswith("_")
        and name not in ("Layer", "BatchLayer", "Optimizer", "Schedule")
    }


LAYERS = _classes(layers, Layer)
OPTIMIZERS = _classes(optim, Optimizer)
SCHEDULES = _classes(schedule, Schedule)
INITIALISERS = {
    name: function
    for name, function in vars(init).items()
    if inspect.isfunction(function) and "rng" in inspect.signature(function).parameters
}


# -- into JSON -----------------------------------------------------------------------------------


def describe(
    built: Sequence[Layer],
    dtype: np.dtype,
    optimizer: Optimizer | None = None,
    rng: np.random.Generator | None = None,
) -> dict[str, Any]:
    """All of a model and its training that is not an array, in JSON's types.

    Parameters
    ----------
    built : layers in a row, built, of the dtype.
    optimizer, rng : of their training, or None.

    Returns
    -------
    header : dict of JSON's types.

    Raises
    ------
    StorageError : for a layer, initialiser, optimiser, learning rate or generator that is not
        course_nn's or NumPy's own, by name.

    Examples
    --------
    >>> layer = layers.Dense(10)
    >>> _ = layer.build((4,), rng=np.random.default_rng(0))
    >>> describe([layer], np.dtype("float32"))["layers"]
    [{'type': 'Dense', 'arguments': {'units': 10, 'bias': True}, 'init': 'he_normal'}]
    """
    where = [f"layer {i}, {layer!r}" for i, layer in enumerate(built)]
    return {
        "dtype": str(dtype),
        "input_shape": list(built[0].input_shape),
        "layers": [_encode_layer(layer, w) for layer, w in zip(built, where, strict=True)],
        "parameters": {name: list(a.shape) for name, a in parameters_of(built).items()},
        "generators": {
            name: _encode_generator(layer.rng, f"layer {name}, {layer!r}")
            for name, layer in leaves(built)
            if isinstance(layer, Dropout)
        },
        "optimizer": None if optimizer is None else _encode_optimizer(optimizer, built),
        "rng": None if rng is None else _encode_generator(rng, "rng"),
    }


def _encode(value: Any, where: str) -> Any:
    """A constructor's argument as JSON."""
    if isinstance(value, Layer):
        return _encode_layer(value, where)
    if isinstance(value, Schedule):
        return _encode_object(value, SCHEDULES, "schedule", where)
    if isinstance(value, list | tuple):
        return [_encode(item, where) for item in value]
    if isinstance(value, np.generic):
        return value.item()
    if value is None or isinstance(value, bool | int | float | str):
        return value
    name = getattr(value, "__qualname__", repr(value))
    hint = "; for a learning rate take one of course_nn.schedule" if callable(value) else ""
    raise StorageError(f"{where}: {name} cannot be saved, a file holds numbers and names{hint}")


def _encode_object(value: Any, registry: dict[str, type], kind: str, where: str) -> dict[str, Any]:
    """An object as the name of its class and its constructor's arguments."""
    name = type(value).__name__
    if registry.get(name) is not type(value):
        raise StorageError(
            f"{where}: {name} is no {kind} of course_nn's, and a file cannot hold its code; "
            "save its arrays yourself with np.savez"
        )
    given = _all_arguments(value)
    return {"type": name, "arguments": {key: _encode(item, where) for key, item in given.items()}}


def _all_arguments(value: Any) -> dict[str, Any]:
    """The constructor's arguments, those with their default too: a default may change later."""
    if not is_dataclass(value):
        return value.arguments()
    return {f.name: getattr(value, f.name) for f in fields(value) if f.init and f.repr}


def _encode_layer(layer: Layer, where: str) -> dict[str, Any]:
    """A layer with its initialiser's name."""
    spec = _encode_object(layer, LAYERS, "layer", where)
    if not layer.trainable:
        spec["trainable"] = False
    function = getattr(layer, "init", None)
    if function is None:
        return spec
    names = [name for name, known in INITIALISERS.items() if known is function]
    if not names:
        raise StorageError(
            f"{where}: its initialiser {getattr(function, '__qualname__', function)} is not one of "
            f"course_nn.init's; set the layer's init to one of {', '.join(INITIALISERS)} before "
            "saving, the drawn weights stay"
        )
    return spec | {"init": names[0]}


def _encode_generator(rng: Any, where: str) -> dict[str, Any]:
    """A generator's state, and the seed sequence from which it spawns others."""
    bits: Any = getattr(rng, "bit_generator", None)
    seed: Any = getattr(bits, "seed_seq", None)
    if type(bits).__name__ not in BIT_GENERATORS or not isinstance(seed, np.random.SeedSequence):
        raise StorageError(f"{where}: only a generator of default_rng can be saved, got {rng!r}")
    entropy: Any = seed.entropy
    return {
        "state": bits.state,
        "seed": {
            "entropy": entropy if isinstance(entropy, int) else [int(e) for e in entropy],
            "spawn_key": [int(key) for key in seed.spawn_key],
            "n_children_spawned": int(seed.n_children_spawned),
        },
    }


def _encode_optimizer(optimizer: Optimizer, built: Sequence[Layer]) -> dict[str, Any]:
    name = type(optimizer).__name__
    shapes = {name: a.shape for name, a in parameters_of(built).items()}
    if any(slot.shapes != shapes for slot in optimizer.state.values()):
        raise StorageError(
            f"the state of this {name} belongs to another model; save each with its own optimizer"
        )
    spec = _encode_object(optimizer, OPTIMIZERS, "optimizer", f"the optimizer, {name}")
    return spec | {"steps": int(optimizer.steps), "slots": list(optimizer.state)}


# -- out of JSON ---------------------------------------------------------------------------------


def restore(header: Mapping[str, Any], arrays: Arrays, xp: ModuleType = np) -> Run:
    """Layers, optimiser and generator from the JSON and the arrays; all of it, or an error.

    Parameters
    ----------
    header : what `describe` gave, out of a file that nobody vouches for.
    arrays : the file's.
    xp : the array library where they are to live.

    Raises
    ------
    StorageError, or another error of Python's where the header is no such thing at all.
    """
    if header["dtype"] not in DTYPES:
        raise StorageError(f"its dtype is {header['dtype']!r}, not one of {', '.join(DTYPES)}")
    dtype = np.dtype(header["dtype"])
    made = [_make_layer(spec) for spec in _list(header["layers"])]
    if not made:
        raise StorageError("it holds no layer, and a model needs at least one layer")
    _build(made, _shape(header["input_shape"]), arrays, dtype, xp)
    declared = {name: _shape(shape) for name, shape in dict(header["parameters"]).items()}
    if declared != {name: a.shape for name, a in parameters_of(made).items()}:
        raise StorageError("the parameters that it lists are not those of its layers")
    _restore_generators(made, dict(header["generators"]))
    spec = header["optimizer"]
    optimizer = None if spec is None else _make_optimizer(spec, arrays, made, dtype)
    rng = None if header["rng"] is None else _make_generator(header["rng"])
    return Run(made, dtype, optimizer, rng)


def _decode(value: Any, make: Callable[[Any], Any], key: str) -> Any:
    """A constructor's argument: numbers, tuples, layers, schedules; text where it may be."""
    if isinstance(value, dict):
        return make(value)
    if isinstance(value, list):
        items = [_decode(item, make, key) for item in value]
        return items if any(isinstance(item, Layer) for item in items) else tuple(items)
    if isinstance(value, str) and key in WORDS:
        return value
    if value is not None and not (isinstance(value, int | float) and math.isfinite(value)):
        raise StorageError(f"its argument {key} is {str(value)[:40]!r}, where a number belongs")
    return value


def _make(spec: Any, registry: dict[str, type], inner: Callable[[Any], Any], kind: str) -> Any:
    """An object from the name of its class and its arguments."""
    name = spec.get("type") if isinstance(spec, dict) else None
    if not isinstance(name, str) or name not in registry:
        raise StorageError(f"it names the {kind} {str(name)[:40]!r}, which course_nn does not have")
    items = dict(spec["arguments"]).items()
    given = {str(key): _decode(item, inner, str(key)) for key, item in items}
    try:
        return registry[name](**given)
    except (TypeError, ValueError, AttributeError) as error:
        raise StorageError(f"its {kind} {name} cannot be made: {error}") from None


def _make_layer(spec: Any) -> Layer:
    layer = _make(spec, LAYERS, _make_layer, "layer")
    if hasattr(layer, "init"):
        if spec.get("init") not in INITIALISERS:
            raise StorageError(f"it names the initialiser {spec.get('init')!r}, which there is not")
        layer.init = INITIALISERS[spec["init"]]
    layer.trainable = spec.get("trainable", True) is True
    return layer


def _make_schedule(spec: Any) -> Schedule:
    return _make(spec, SCHEDULES, _make_schedule, "schedule")


def _make_generator(spec: Any) -> np.random.Generator:
    try:
        seed = np.random.SeedSequence(
            spec["seed"]["entropy"],
            spawn_key=tuple(spec["seed"]["spawn_key"]),
            n_children_spawned=spec["seed"]["n_children_spawned"],
        )
        bits = BIT_GENERATORS[spec["state"]["bit_generator"]](seed)
        bits.state = spec["state"]
    except (TypeError, ValueError, KeyError, OverflowError) as error:
        raise StorageError(f"the state of a random generator cannot be used: {error}") from None
    return np.random.Generator(bits)


def _list(value: Any) -> list:
    if not isinstance(value, list):
        raise StorageError(f"it says {str(value)[:40]!r} where a list belongs")
    return value


def _shape(value: Any) -> Shape:
    if not _list(value) or not all(type(n) is int and n > 0 for n in value):
        raise StorageError(f"it says {str(value)[:40]!r} where a shape belongs")
    return tuple(value)


def _build(
    made: list[Layer], input_shape: Shape, arrays: Arrays, dtype: np.dtype, xp: ModuleType
) -> None:
    """Builds the layers, with the file's arrays in the place of drawn ones."""

    def take(name: str, shapes: dict[str, Shape]) -> dict[str, np.ndarray]:
        return {k: arrays.take(f"{name}.{k}", shape, dtype) for k, shape in shapes.items()}

    def supply(name: str, layer: Layer) -> None:
        vars(layer)["draw"] = lambda rng: take(name, parameter_shapes(layer))
        vars(layer)["initial_state"] = lambda: take(name, state_shapes(layer))

    named = list(leaves(made))
    for name, layer in named:
        supply(name, layer)
    rng = np.random.default_rng(0)
    build_chain(made, input_shape, "layer ", rng=rng, dtype=dtype, xp=xp)
    for _, layer in named:
        del vars(layer)["draw"], vars(layer)["initial_state"]


def parameter_shapes(layer: Layer) -> dict[str, Shape]:
    """The shapes of a layer's parameters, from its arguments and `input_shape` alone.

    >>> layer = layers.Dense(10)
    >>> layer.input_shape = (784,)
    >>> parameter_shapes(layer)
    {'W': (784, 10), 'b': (10,)}
    """
    shape = layer.input_shape or ()
    match layer:
        case layers.Dense():
            return {"W": (*shape, layer.units)} | _bias(layer, layer.units)
        case layers.Conv2D():
            kernels = (layer.filters, shape[0] // layer.groups, *pair(layer.kernel))
            return {"W": kernels} | _bias(layer, layer.filters)
        case layers.ConvTranspose2D():
            kernels = (shape[0], layer.filters // layer.groups, *pair(layer.kernel))
            return {"W": kernels} | _bias(layer, layer.filters)
        case layers.BatchNorm():
            return {"gamma": shape[:1], "beta": shape[:1]}
        case layers.LayerNorm():
            return {"gamma": shape, "beta": shape}
        case _:
            return {}


def _bias(layer: layers.Dense | layers.Conv2D | layers.ConvTranspose2D, size: int) -> dict:
    return {"b": (size,)} if layer.bias else {}


def state_shapes(layer: Layer) -> dict[str, Shape]:
    """The shapes of a layer's untrained state, likewise.

    >>> layer = layers.BatchNorm()
    >>> layer.input_shape = (6, 14, 14)
    >>> state_shapes(layer)
    {'running_mean': (6,), 'running_var': (6,)}
    """
    if not isinstance(layer, layers.BatchNorm):
        return {}
    shape = (layer.input_shape or ())[:1]
    return {"running_mean": shape, "running_var": shape}


def _restore_generators(made: list[Layer], generators: dict[str, Any]) -> None:
    dropouts = {name: layer for name, layer in leaves(made) if isinstance(layer, Dropout)}
    if set(dropouts) != set(generators):
        raise StorageError("it does not hold one random generator for each of its Dropout layers")
    for name, layer in dropouts.items():
        layer.rng = _make_generator(generators[name])


def _make_optimizer(spec: Any, arrays: Arrays, made: list[Layer], dtype: np.dtype) -> Optimizer:
    optimizer = _make(spec, OPTIMIZERS, _make_schedule, "optimizer")
    steps, slots = spec["steps"], tuple(_list(spec["slots"]))
    if type(steps) is not int or steps < 0 or slots not in ((), optimizer.slots):
        raise StorageError(f"its optimizer cannot have made {steps!r} steps with state {slots!r}")
    optimizer.steps, held = steps, parameters_of(made)
    for slot in slots:
        taken = {n: arrays.take(f"optimizer/{slot}/{n}", a.shape, dtype) for n, a in held.items()}
        moved = {n: array_module(held[n]).asarray(a) for n, a in taken.items()}
        optimizer.state[slot] = Parameters.pack(moved)
    return optimizer


def resume(optimizer: Optimizer, saved: Optimizer | None) -> None:
    """Gives an optimiser the count of steps and the state of a saved one; its own arguments stay.

    Parameters
    ----------
    optimizer : changed in place.
    saved : of the same class and with the same state, from `load`.

    Raises
    ------
    StorageError : if there is none, or it is of another kind; nothing is changed then.

    Examples
    --------
    >>> optimizer, saved = optim.Adam(1e-3), optim.Adam(1e-2)
    >>> saved.steps = 7
    >>> resume(optimizer, saved)
    >>> optimizer.steps, optimizer.lr
    (7, 0.001)
    """
    if saved is None:
        raise StorageError("the file holds no optimizer; save one by save(path, optimizer=…)")
    ours, theirs = (f"{type(o).__name__} with state {o.slots}" for o in (optimizer, saved))
    if ours != theirs:
        raise StorageError(f"the file's optimizer is {theirs}, but {ours} is to go on from it")
    optimizer.reset()
    optimizer.steps, optimizer.state = saved.steps, saved.state
