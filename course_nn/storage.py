"""Saving: a model, and what a stopped run needs to go on, in one file of arrays plus JSON.

The file is an uncompressed zip of .npy arrays (`np.load` opens it too) and one JSON text that says
what they are. It holds no pickle, so that reading it runs nothing; every size is checked against
the file's own before memory is taken for it. A file is loaded whole, or refused with its reason.
"""

import inspect
import io
import json
import math
import os
import struct
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from . import init, layers, optim, schedule
from .backend import module_of as _module_of
from .backend import to_numpy
from .files import replacing
from .layers import Dropout, Layer, Residual, Shape, ShapeError
from .model import Sequential
from .ops.geometry import pair
from .optim import Optimizer
from .parameters import Parameters
from .schedule import Schedule

FORMAT, VERSION = "course_nn model", 1
HEADER = "model.json"
LARGEST_HEADER = 1 << 24  # bytes; a thousand layers need a hundredth of it
DTYPES = ("float16", "float32", "float64")
WORDS = ("padding", "approximate")  # the arguments that may be text
BIT_GENERATORS = {"PCG64": np.random.PCG64, "PCG64DXSM": np.random.PCG64DXSM}

# what a broken zip, JSON or .npy makes the standard library and NumPy raise
BROKEN = (
    zipfile.BadZipFile,
    struct.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    RecursionError,
    ValueError,
    TypeError,
    KeyError,
    AttributeError,
    OverflowError,
    OSError,
    SyntaxError,
)


class StorageError(ValueError):
    """A model that no file can hold, or a file that cannot be read; the message says why.

    >>> import tempfile
    >>> with tempfile.NamedTemporaryFile(suffix=".npz") as file:
    ...     load(file.name)
    Traceback (most recent call last):
        ...
    course_nn.storage.StorageError: ...npz is refused: it is not a file of course_nn's \
(it is not even a zip)
    """


class Saved(NamedTuple):
    """What a file held; `optimizer` and `rng` are None where it held none."""

    model: Sequential
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


def leaves(of: list[Layer], prefix: str = "") -> Iterator[tuple[str, Layer]]:
    """Every layer but the residual blocks, which are walked through, under its name in the model.

    >>> block = layers.Residual([layers.Dense(3), layers.ReLU()])
    >>> [name for name, layer in leaves([layers.Flatten(), block])]
    ['0', '1.main.0', '1.main.1']
    """
    for i, layer in enumerate(of):
        if isinstance(layer, Residual):
            for path, inner in layer.paths.items():
                yield from leaves(inner, f"{prefix}{i}.{path}.")
        else:
            yield f"{prefix}{i}", layer


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


# -- into JSON -----------------------------------------------------------------------------------


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
    given = value.arguments() if hasattr(value, "arguments") else _attributes(value)
    return {"type": name, "arguments": {key: _encode(item, where) for key, item in given.items()}}


def _attributes(value: Any) -> dict[str, Any]:
    """The attributes that bear the names of the constructor's arguments."""
    return {name: getattr(value, name) for name in inspect.signature(type(value)).parameters}


def _encode_layer(layer: Layer, where: str) -> dict[str, Any]:
    """A layer with its initialiser's name."""
    spec = _encode_object(layer, LAYERS, "layer", where)
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


def describe(
    model: Sequential,
    optimizer: Optimizer | None = None,
    rng: np.random.Generator | None = None,
) -> dict[str, Any]:
    """The JSON of a file: all that is not an array.

    Parameters
    ----------
    model, optimizer, rng : as in `save`.

    Returns
    -------
    header : dict of JSON's types.

    Raises
    ------
    StorageError : for a layer, initialiser, optimiser, learning rate or generator that is not
        course_nn's or NumPy's own, by name.
    RuntimeError : if the model is not built.

    Examples
    --------
    >>> model = Sequential([layers.Dense(10)])
    >>> _ = model.build((4,), rng=np.random.default_rng(0))
    >>> describe(model)["layers"]
    [{'type': 'Dense', 'arguments': {'units': 10}, 'init': 'he_normal'}]
    """
    model.require_built()
    if str(model.dtype) not in DTYPES:
        raise StorageError(f"a model of {model.dtype} cannot be saved, only of {', '.join(DTYPES)}")
    where = [f"layer {i}, {layer!r}" for i, layer in enumerate(model.layers)]
    return {
        "format": FORMAT,
        "version": VERSION,
        "dtype": str(model.dtype),
        "input_shape": list(model.input_shape or ()),
        "layers": [_encode_layer(layer, w) for layer, w in zip(model.layers, where, strict=True)],
        "parameters": {name: list(array.shape) for name, array in model.params.items()},
        "generators": {
            name: _encode_generator(layer.rng, f"layer {name}, {layer!r}")
            for name, layer in leaves(model.layers)
            if isinstance(layer, Dropout)
        },
        "optimizer": None if optimizer is None else _encode_optimizer(optimizer, model),
        "rng": None if rng is None else _encode_generator(rng, "rng"),
    }


def _encode_optimizer(optimizer: Optimizer, model: Sequential) -> dict[str, Any]:
    name = type(optimizer).__name__
    if any(slot.shapes != model.params.shapes for slot in optimizer.state.values()):
        raise StorageError(
            f"the state of this {name} belongs to another model; save each with its own optimizer"
        )
    spec = _encode_object(optimizer, OPTIMIZERS, "optimizer", f"the optimizer, {name}")
    return spec | {"steps": int(optimizer.steps), "slots": list(optimizer.state)}


# -- the file ------------------------------------------------------------------------------------


def save(
    model: Sequential,
    path: str | os.PathLike,
    *,
    optimizer: Optimizer | None = None,
    rng: np.random.Generator | None = None,
) -> None:
    """Writes a model into one file, and with it what a run needs to go on bit for bit.

    The file is complete or not there at all: it is written beside its place and then moved.

    Parameters
    ----------
    model : built, on either device.
    path : of the file; one that is there already is replaced.
    optimizer : its arguments, count of steps and state go into the file too.
    rng : the generator that `fit` is given; its state goes into the file too.

    Raises
    ------
    StorageError : for something that a file cannot hold, by name; nothing is written then.
    OSError : if the file cannot be written; what was there stays.

    Examples
    --------
    >>> import tempfile
    >>> model = Sequential([layers.Dense(10)])
    >>> _ = model.build((4,), rng=np.random.default_rng(0))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(model, folder + "/model.npz")
    ...     again = load(folder + "/model.npz").model
    >>> bool((again.params["0.W"] == model.params["0.W"]).all())
    True
    """
    header = describe(model, optimizer, rng)
    arrays = {f"parameters/{name}": a for name, a in model.params.items()}
    for i, layer in enumerate(model.layers):
        arrays |= {f"state/{i}.{name}": a for name, a in layer.state.items()}
    for slot, values in (optimizer.state if optimizer else {}).items():
        arrays |= {f"optimizer/{slot}/{name}": a for name, a in values.items()}
    with replacing(Path(path)) as file, zipfile.ZipFile(file, "w") as archive:
        archive.writestr(zipfile.ZipInfo(HEADER), json.dumps(header, indent=1))
        for name, array in arrays.items():
            archive.writestr(zipfile.ZipInfo(f"{name}.npy"), _npy(to_numpy(array)))


def _npy(array: np.ndarray) -> bytes:
    """An array as the bytes of a .npy file, in C order and little-endian."""
    buffer = io.BytesIO()
    little = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
    np.lib.format.write_array(buffer, little, allow_pickle=False)
    return buffer.getvalue()


class _Arrays:
    """The arrays of an open file, handed out once each, if they are what is expected."""

    def __init__(self, archive: zipfile.ZipFile, size: int) -> None:
        self.archive, self.members = archive, {info.filename: info for info in archive.infolist()}
        if len(self.members) < len(archive.infolist()):
            raise StorageError("two of its entries have one name")
        for info in self.members.values():
            if info.compress_type != zipfile.ZIP_STORED or info.file_size != info.compress_size:
                raise StorageError(
                    f"its entry {info.filename} is compressed, and course_nn's never are"
                )
        if sum(info.file_size for info in self.members.values()) > size:
            raise StorageError("its entries declare more bytes than the file has")

    def header(self) -> dict[str, Any]:
        """The JSON, if it is ours and not newer than we are."""
        info = self.members.pop(HEADER, None)
        if info is None:
            raise StorageError(f"it holds no {HEADER}, so it was not written by course_nn")
        if info.file_size > LARGEST_HEADER:
            raise StorageError(
                f"its {HEADER} has {info.file_size:,} bytes, more than any model needs"
            )
        header = json.loads(self.archive.read(info))
        if not isinstance(header, dict) or header.get("format") != FORMAT:
            raise StorageError(f"its {HEADER} is not that of a model of course_nn's")
        version = header.get("version")
        if type(version) is not int or version < 1:
            raise StorageError(f"its format version is {version!r}, which is none")
        if version > VERSION:
            raise StorageError(
                f"its format version is {version}, and this course_nn reads up to {VERSION}; "
                "update course_nn"
            )
        return header

    def take(self, name: str, shape: Shape, dtype: np.dtype) -> np.ndarray:
        """The array under a name, if it has the expected shape and dtype."""
        info = self.members.pop(f"{name}.npy", None)
        if info is None:
            raise StorageError(f"its array {name} is missing")
        with self.archive.open(info) as file:
            found, columns_first, found_dtype = _npy_header(file)
            if found_dtype.hasobject:
                raise StorageError(f"its array {name} holds Python objects, which are never read")
            if found != shape or found_dtype != dtype:
                raise StorageError(
                    f"its array {name} is {found_dtype} of shape {found}, "
                    f"where its layers need {dtype} of shape {shape}"
                )
            data = file.read()
        if len(data) != math.prod(shape) * dtype.itemsize:
            raise StorageError(f"its array {name} has {len(data)} bytes, too few or too many")
        flat = np.frombuffer(data, dtype)
        return flat.reshape(shape[::-1]).T.copy() if columns_first else flat.reshape(shape).copy()

    def expect_none_left(self) -> None:
        if self.members:
            raise StorageError(f"its entry {sorted(self.members)[0]} belongs to none of its layers")


def _npy_header(file: Any) -> tuple[Shape, bool, np.dtype]:
    """Shape, order and dtype that a .npy file declares."""
    if np.lib.format.read_magic(file) != (1, 0):
        raise StorageError("one of its arrays is not in version 1.0 of the .npy format")
    return np.lib.format.read_array_header_1_0(file)


def load(path: str | os.PathLike, *, device: str = "cpu") -> Saved:
    """Reads what `save` wrote; runs nothing of it, and hands out all of it or nothing.

    Parameters
    ----------
    path : of the file.
    device : "cpu", or "gpu" for CuPy; need not be the one it was saved from.

    Returns
    -------
    saved : (model, optimizer, rng); the last two are None where the file holds none.

    Raises
    ------
    FileNotFoundError : if there is no such file.
    StorageError : for a file that is damaged, cut short, foreign, newer than this course_nn, or at
        odds with itself.
    RuntimeError : if the GPU is asked for and there is none.

    Examples
    --------
    A run that is stopped and resumed continues bit for bit:

    >>> import tempfile
    >>> model, rng = Sequential([layers.Dense(2)]), np.random.default_rng(0)
    >>> _ = model.build((3,), rng=rng)
    >>> optimizer = optim.Adam(schedule.Cosine(0.1, steps=100))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(model, folder + "/run.npz", optimizer=optimizer, rng=rng)
    ...     again = load(folder + "/run.npz")
    >>> again.optimizer.lr, bool(again.rng.random() == rng.random())
    (Cosine(lr=0.1, steps=100), True)
    """
    path = Path(path)
    _module_of(device)  # no GPU: said before anything is read
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path} to load a model from")
    try:
        with open(path, "rb") as file:
            return _read(file, path.stat().st_size, device)
    except StorageError as error:
        raise StorageError(f"{path} is refused: {error}") from None


def _read(file: BinaryIO, size: int, device: str) -> Saved:
    """All that the file holds, if all of it is sound."""
    if file.read(2) != b"PK":
        raise StorageError("it is not a file of course_nn's (it is not even a zip)")
    try:
        with zipfile.ZipFile(file) as archive:
            arrays = _Arrays(archive, size)
            saved = _make_saved(arrays.header(), arrays, device)
            arrays.expect_none_left()
            return saved
    except StorageError:
        raise
    except ShapeError as error:
        raise StorageError(f"its layers do not fit: {error}") from None
    except BROKEN as error:
        reason = f"{type(error).__name__}: {error}"
        raise StorageError(f"it is damaged or cut short ({reason})") from None


# -- out of JSON ---------------------------------------------------------------------------------


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


def _make_saved(header: dict[str, Any], arrays: _Arrays, device: str) -> Saved:
    """Model, optimiser and generator from the JSON and the arrays."""
    if header["dtype"] not in DTYPES:
        raise StorageError(f"its dtype is {header['dtype']!r}, not one of {', '.join(DTYPES)}")
    model = Sequential([_make_layer(spec) for spec in _list(header["layers"])])
    model.dtype = np.dtype(header["dtype"])
    _build(model, _shape(header["input_shape"]), arrays, device)
    declared = {name: _shape(shape) for name, shape in dict(header["parameters"]).items()}
    if declared != model.params.shapes:
        raise StorageError("the parameters that it lists are not those of its layers")
    _restore_generators(model, dict(header["generators"]))
    optimizer = None if header["optimizer"] is None else _make_optimizer(header, arrays, model)
    rng = None if header["rng"] is None else _make_generator(header["rng"])
    return Saved(model, optimizer, rng)


def _list(value: Any) -> list:
    if not isinstance(value, list):
        raise StorageError(f"it says {str(value)[:40]!r} where a list belongs")
    return value


def _shape(value: Any) -> Shape:
    if not all(type(n) is int and n > 0 for n in _list(value)):
        raise StorageError(f"it says {str(value)[:40]!r} where a shape belongs")
    return tuple(value)


def _build(model: Sequential, input_shape: Shape, arrays: _Arrays, device: str) -> None:
    """Builds the model, with the file's arrays in the place of drawn ones."""
    dtype, named = model.dtype, list(leaves(model.layers))

    def take(folder: str, name: str, shapes: dict[str, Shape]) -> dict[str, np.ndarray]:
        names = {key: f"{folder}/{name}.{key}" for key in shapes}
        return {key: arrays.take(names[key], shape, dtype) for key, shape in shapes.items()}

    def supply(name: str, layer: Layer) -> None:
        vars(layer)["draw"] = lambda rng: take("parameters", name, parameter_shapes(layer))
        vars(layer)["initial_state"] = lambda: take("state", name, state_shapes(layer))

    for name, layer in named:
        supply(name, layer)
    model.build(input_shape, rng=np.random.default_rng(0), dtype=dtype, device=device)
    for _, layer in named:
        del vars(layer)["draw"], vars(layer)["initial_state"]


def _restore_generators(model: Sequential, generators: dict[str, Any]) -> None:
    found = leaves(model.layers)
    dropouts = {name: layer for name, layer in found if isinstance(layer, Dropout)}
    if set(dropouts) != set(generators):
        raise StorageError("it does not hold one random generator for each of its Dropout layers")
    for name, layer in dropouts.items():
        layer.rng = _make_generator(generators[name])


def _make_optimizer(header: dict[str, Any], arrays: _Arrays, model: Sequential) -> Optimizer:
    spec = header["optimizer"]
    optimizer = _make(spec, OPTIMIZERS, _make_schedule, "optimizer")
    steps, slots = spec["steps"], tuple(_list(spec["slots"]))
    if type(steps) is not int or steps < 0 or slots not in ((), optimizer.slots):
        raise StorageError(f"its optimizer cannot have made {steps!r} steps with state {slots!r}")
    optimizer.steps = steps
    for slot in slots:
        names = {name: f"optimizer/{slot}/{name}" for name in model.params}
        shapes = model.params.shapes
        taken = {key: arrays.take(names[key], shapes[key], model.dtype) for key in shapes}
        moved = {key: model.xp.asarray(a, dtype=model.dtype) for key, a in taken.items()}
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
