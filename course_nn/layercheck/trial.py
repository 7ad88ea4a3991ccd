"""`check_layer`, and the trial that it is: one method for each thing that is asked of a layer."""

import copy
from collections.abc import Callable
from typing import Any

import numpy as np

from ..backend import Array
from ..checks import ShapeError, generator, sample_shape, whole
from ..gradcheck import GradientReport, check_vjp
from ..words import answers
from .parts import (
    Directions,
    as_pair,
    chains,
    drawing,
    equal,
    expect_dtype,
    factor,
    fingerprint,
    listed,
    near,
    said,
    summed,
    thaw,
)
from .report import Fault, Finding, LayerReport

# what to do where a part of a batch gives something else
CUT = {
    "y": "if samples meet in this layer, make it a BatchLayer, or say whole_batch = True",
    "dx": "if samples meet in this layer, make it a BatchLayer, or say whole_batch = True",
    "": "a parameter's gradient is a sum over the batch, never a mean",
}
MERGED = {
    "y": "summarise and merge must bring all that apply needs of the batch",
    "dx": "what apply_back needs of the batch must be a sum that summarise_back returns",
    "": "what summarise_back returns for the slices of a batch must add up to it",
}


@answers
def check_layer(
    layer: Any,
    input_shape: tuple[int, ...],
    *,
    rng: np.random.Generator | None = None,
    batch: int = 5,
    x: Array | None = None,
) -> LayerReport:
    """Judges a layer whole: shapes, every gradient, purity, slices, prediction and dtypes.

    A copy of it is judged, as it is trained, frozen or not.

    Parameters
    ----------
    layer : any layer, built or not; a copy is judged, and the layer stays as it was.
    input_shape : of one sample: (D,) or (C, H, W). Small ones are judged fast and completely.
    rng : draws weights, inputs and upstream gradients; a fixed one by default.
    batch : N, samples, at least 2.
    x : (N, *input_shape), inputs to judge the layer at; standard normal unless given.

    Returns
    -------
    report : `.passed`, `.faults`; prints well.

    Raises
    ------
    TypeError : for something that is no layer.
    ShapeError : if the layer does not take this input shape.

    Notes
    -----
    Gradients are judged by `gradcheck.check_vjp`: every element of an array of up to 256 numbers;
    of a larger one 24 elements, drawn at random, and 8 sums of all with random weights.

    Examples
    --------
    >>> import course_nn as nn
    >>> class Scale(nn.Layer):
    ...     def draw(self, rng):
    ...         return {"s": rng.standard_normal(self.input_shape)}
    ...     def compute(self, x, train, noise=None):
    ...         return x * self.params["s"], x
    ...     def gradients(self, dy, cache, need_dx=True):
    ...         return dy * self.params["s"], {"s": (dy * cache).mean(axis=0)}
    >>> print(check_layer(Scale(), (3,)).faults[0])
    Scale(): gradients gives a wrong ds: ds[0] is -0.889..., and differences give -4.449...; every \
number of it is 0.2 times the right one, and the batch has 5 samples: it is their sum, not mean
    """
    asked = ("build", "compute", "gradients")
    if isinstance(layer, type) or not all(hasattr(layer, name) for name in asked):
        raise TypeError(
            f"check_layer judges one layer, such as Dense(3), got {layer!r}"
            + ("; a model's layers are judged one by one" if hasattr(layer, "layers") else "")
        )
    whole("batch", batch, least=2)
    input_shape = sample_shape(input_shape)
    rng = np.random.default_rng(0) if rng is None else generator(rng)
    if x is None:
        x = rng.standard_normal((batch, *input_shape))
    elif np.shape(x)[1:] != tuple(input_shape) or len(x) < 2:
        raise ShapeError(
            f"x must be two samples or more of shape {tuple(input_shape)}, got {np.shape(x)}"
        )
    trial = Trial(layer, tuple(input_shape), np.asarray(x, np.float64), rng)
    return LayerReport(trial.name, trial.run())


class Trial:
    """A layer under judgement: a copy of it in float64, a batch, and what it made of it."""

    def __init__(
        self, layer: Any, input_shape: tuple[int, ...], x: np.ndarray, rng: np.random.Generator
    ) -> None:
        self.name, self.given, self.input_shape = repr(layer), layer, input_shape
        self.x, self.rng = x, rng
        self.layer: Any = None
        self.noise: Array | None = None
        self.y = self.dy = self.dx = x
        self.cache: Any = None
        self.grads: dict[str, Array] = {}

    def run(self) -> list[Finding]:
        """Every finding; after a fault without which no more can be said, the rest is left out."""
        findings, going = [], True
        for what, (step, needed) in self.steps().items():
            if not going:
                findings.append(Finding(what, "", None))
                continue
            try:
                findings.append(Finding(what, step() or "", True))
            except Fault as fault:
                findings.append(Finding(what, f"{self.name}: {fault}", False))
                going = not (needed or fault.__cause__)
        return findings

    def steps(self) -> dict[str, tuple[Callable[[], str | None], bool]]:
        """What is asked, in order, and whether all that follows needs it."""
        return {
            "it is built, its weights drawn by rng": (self.building, True),
            "compute changes nothing": (self.pure_compute, False),
            "compute returns (y, cache) as infer promises": (self.computing, True),
            "compute gives the same y twice": (self.repeats, True),
            "gradients changes nothing": (self.pure_gradients, False),
            "gradients returns dx and one for each parameter": (self.forms, True),
            "every gradient is right": (self.right, False),
            "dx may be left out": (self.without_dx, False),
            "a batch may be cut in two": (self.cut, False),
            "prediction works, sample by sample": (self.predicts, False),
            "observe moves the state alone": (self.observes, False),
            "float32 stays float32": (self.narrow, False),
        }

    # -- calls ------------------------------------------------------------------------------------

    def call(self, name: str, *args: Any, layer: Any = None, **options: Any) -> Any:
        """A method's result; its error is a fault."""
        layer = self.layer if layer is None else layer
        draws = [(inner, copy.deepcopy(inner.rng)) for inner in drawing(layer)]
        try:
            return getattr(layer, name)(*args, **options)
        except Exception as error:
            raise Fault(f"{name} raised {said(error)}") from error
        finally:
            for inner, rng in draws:  # a block's inner layers draw for themselves: the same again
                inner.rng = rng

    def forward(self, x: Array, noise: Array | None, layer: Any = None) -> tuple[Array, Any]:
        """compute in training."""
        return self.call("compute", x, True, noise, layer=layer)

    def built(self, dtype: Any, rng: np.random.Generator) -> Any:
        """A copy of the layer, built."""
        try:
            layer = copy.deepcopy(self.given)
        except Exception as error:
            raise Fault(f"copy.deepcopy of it raised {said(error)}") from error
        thaw(layer)
        try:
            layer.build(self.input_shape, rng=rng, dtype=dtype)
        except ShapeError:
            raise
        except Exception as error:
            raise Fault(f"build raised {said(error)}") from error
        return layer

    # -- what is asked ----------------------------------------------------------------------------

    def building(self) -> str:
        seed = int(self.rng.integers(1 << 32))
        first, self.layer = (self.built(np.float64, np.random.default_rng(seed)) for _ in "ab")
        for name, array in self.layer.params.items():
            if not np.isfinite(array).all():
                raise Fault(f"draw gives a {name} that is not finite")
            if not np.array_equal(array, first.params[name]):
                raise Fault(
                    f"draw gives another {name} from the same rng: draw from the rng that it is "
                    "given, not from np.random or a generator of its own"
                )
            # away from zeros and ones, at which a wrong gradient may look right
            zero = array == 0
            array *= 1 + 0.2 * self.rng.uniform(-1, 1, array.shape)
            array += 0.1 * zero * self.rng.standard_normal(array.shape)
        shape = self.layer.output_shape
        if not isinstance(shape, tuple) or not all(isinstance(n, int | np.integer) for n in shape):
            raise Fault(f"infer must return a tuple of whole numbers, got {shape!r}")
        held = ", ".join(f"{name} {a.shape}" for name, a in self.layer.params.items())
        return f"{self.input_shape} → {shape}" + (f", {held}" if held else "")

    def pure_compute(self) -> None:
        self.noise = self.drawn(self.layer, self.x)
        x, before = self.x.copy(), fingerprint(self.layer)  # as it is before its first call
        noise = None if self.noise is None else self.noise.copy()
        self.forward(x, noise)
        if not np.array_equal(x, self.x):
            raise Fault(
                "compute changes its x in place, which is another layer's y: work on a copy"
            )
        if noise is not None and not equal(noise, self.noise):
            raise Fault("compute changes its noise in place: work on a copy")
        self.expect_unchanged("compute", before)

    def computing(self) -> str:
        result = self.forward(self.x.copy(), self.noise)
        self.y, self.cache = as_pair("compute", "(y, cache)", result)
        wanted = (len(self.x), *self.layer.output_shape)
        if np.shape(self.y) != wanted:
            raise Fault(
                f"compute gives y of shape {np.shape(self.y)}, but infer promises {wanted} with "
                f"the batch axis: override infer, or mend compute"
            )
        if self.cache is None:
            raise Fault("compute returns None as cache in training: return () if nothing is kept")
        expect_dtype("compute", "y", self.y, np.float64)
        if not np.isfinite(self.y).all():
            raise Fault(
                "compute gives NaN or ∞ for standard normal inputs: mend it, or give check_layer "
                "an x that it is made for"
            )
        self.y = self.y.copy()
        self.dy = self.rng.standard_normal(wanted)
        return "" if self.noise is None else f"with noise of shape {self.noise.shape}"

    def drawn(self, layer: Any, like: Array) -> Array | None:
        """What draw_noise gives for the batch."""
        noise = self.call("draw_noise", like.shape, like, layer=layer)
        if noise is None:
            return None
        if not hasattr(noise, "shape") or noise.shape[:1] != like.shape[:1]:
            raise Fault(
                f"draw_noise gives {np.shape(noise)}: its first axis must be the batch's, "
                f"{len(like)}, so that it can be cut with it"
            )
        if noise.dtype.kind == "f":
            expect_dtype("draw_noise", "the noise", noise, like.dtype)
        return noise

    def expect_unchanged(self, what: str, before: dict[str, Any]) -> None:
        """Raises the fault of a method that keeps something on the layer."""
        after = fingerprint(self.layer)
        changed = [k for k in {**before, **after} if before.get(k) != after.get(k)]
        if changed:
            raise Fault(
                f"{what} changes {', '.join('self.' + k for k in changed)}: keep it in the cache, "
                "since slices of a batch are computed on several threads at once"
                + ("; random numbers come from draw_noise" if "rng" in changed else "")
            )

    def repeats(self) -> None:
        again, _ = self.forward(self.x.copy(), self.noise)
        if not near(again, self.y):
            raise Fault(
                "compute gives another y for the same x: draw random numbers in draw_noise, and "
                "take them as noise"
            )

    def pure_gradients(self) -> None:
        _, cache = self.forward(self.x.copy(), self.noise)
        dy, before = self.dy.copy(), fingerprint(self.layer)
        first = copy.deepcopy(self.call("gradients", dy, cache))
        if not np.array_equal(dy, self.dy):
            raise Fault("gradients changes dy in place, which others may read: work on a copy")
        self.expect_unchanged("gradients", before)
        if not equal(first, self.call("gradients", self.dy.copy(), cache)):
            raise Fault(
                "gradients gives something else when it is called again with the same cache: it "
                "changes the cache in place; work on a copy"
            )

    def forms(self) -> str:
        _, cache = self.forward(self.x.copy(), self.noise)
        result = self.call("gradients", self.dy.copy(), cache)
        self.dx, grads = as_pair("gradients", "(dx, grads)", result)
        if not isinstance(grads, dict):
            raise Fault(f"gradients must return its grads as a dict, got {type(grads).__name__}")
        params = self.layer.params
        listed = ", ".join(params) or "none"
        if forgotten := [name for name in params if name not in grads]:
            raise Fault(
                f"gradients forgets {', '.join(forgotten)}, which would never be trained: return "
                f"one for each of {listed}"
            )
        if unknown := [str(name) for name in grads if name not in params]:
            raise Fault(f"gradients returns one for {', '.join(unknown)}: parameters are {listed}")
        for name, array, wanted in self.pairs(self.dx, grads):
            self.expect_form(name, array, wanted)
        self.grads = grads
        return ", ".join(f"d{name}" for name in ("x", *params))

    def pairs(self, dx: Any, grads: dict[str, Any]) -> list[tuple[str, Any, Array]]:
        """Every gradient with its name and the array that it belongs to."""
        params = self.layer.params
        return [("x", dx, self.x), *((name, grads[name], a) for name, a in params.items())]

    def expect_form(self, name: str, gradient: Any, wanted: Array) -> None:
        """Raises the fault of a gradient that is no array of the shape of what it belongs to."""
        if gradient is None:
            raise Fault(f"gradients returns None for d{name}: its shape is {wanted.shape}")
        if np.shape(gradient) != wanted.shape:
            scalar = "" if np.ndim(gradient) else ", a number, summed over too many axes"
            raise Fault(
                f"gradients gives a d{name} of shape {np.shape(gradient)}{scalar}; {name} has "
                f"{wanted.shape}: sum over the batch axis, and over nothing else that {name} has"
                if name != "x"
                else f"gradients gives dx of shape {np.shape(gradient)}; x has {wanted.shape}"
            )
        expect_dtype("gradients", f"d{name}", gradient, np.float64)

    def right(self) -> str:
        for name in ("x", *self.layer.params):
            directions, report = self.judged(name)
            if not report.passed:
                raise Fault(self.wrong(name, directions, report))
        return f"within {report.tolerance:.0e}"

    def judged(self, name: str) -> tuple["Directions", GradientReport]:
        """The judge's report on one array's gradient, along directions in which it is moved."""
        array = self.x if name == "x" else self.layer.params[name]
        directions, base = Directions.of(array, self.rng), array.copy()

        def forward(t: Array) -> tuple[Array, Any]:
            x = directions.moved(base, t) if name == "x" else self.x.copy()
            if name != "x":
                array[...] = directions.moved(base, t)
            return self.forward(x, self.noise)

        def backward(dy: Array, cache: Any) -> Array:
            dx, grads = self.call("gradients", dy, cache)
            return directions.along(dx if name == "x" else grads[name])

        seed = np.random.default_rng(int(self.rng.integers(1 << 32)))
        try:
            return directions, check_vjp(forward, backward, np.zeros(directions.count), rng=seed)
        finally:
            if name != "x":
                array[...] = base

    def wrong(self, name: str, directions: "Directions", report: GradientReport) -> str:
        """The sentence about a gradient that the judge did not let pass."""
        c = report.comparisons[0]
        if report.verdict == "UNDECIDED":
            return f"d{name} cannot be judged: {report.doubt or c.doubt}"
        at = c.worst[0]
        return (
            f"gradients gives a wrong d{name}: d{name}{directions.named(at)} is "
            f"{c.analytic[at]:+.6g}, and differences give {c.numerical[at]:+.6g}"
            + factor(c, len(self.x))
        )

    def without_dx(self) -> None:
        _, cache = self.forward(self.x.copy(), self.noise)
        result = self.call("gradients", self.dy.copy(), cache, need_dx=False)
        _, grads = as_pair("gradients", "(dx, grads)", result)
        if not isinstance(grads, dict) or not equal(grads, self.grads):
            raise Fault(
                "gradients with need_dx=False gives other gradients of the parameters: it may "
                "leave out dx, and nothing else"
            )

    def cut(self) -> str:
        if chains(self.layer):
            return "not asked: a model takes a block apart"
        whole_batch = getattr(self.layer, "whole_batch", False)
        pieces = getattr(self.layer, "in_slices", False)
        if whole_batch and not pieces:
            return "not asked: it says whole_batch"
        advice = MERGED if whole_batch else CUT
        try:
            y, dx, grads = self.in_slices() if whole_batch else self.in_halves()
        except Fault as fault:
            raise Fault(f"on a part of the batch, {fault}") from fault
        for name, got, wanted in [
            ("y", y, self.y),
            ("dx", dx, self.dx),
            *((f"d{name}", grads[name], self.grads[name]) for name in self.grads),
        ]:
            if not near(got, wanted):
                why = advice.get(name, advice[""])
                raise Fault(f"{name} is another when a batch is cut in two: {why}")
        return "its slices are merged" if whole_batch else ""

    def halves(self) -> list[slice]:
        """The batch in two, of unlike size where it is odd."""
        middle = len(self.x) // 2
        return [slice(0, middle), slice(middle, None)]

    def in_halves(self) -> tuple[Array, Array, dict[str, Array]]:
        """y, dx and grads from two halves of the batch."""
        ys, dxs, grads = [], [], []
        for rows in self.halves():
            noise = None if self.noise is None else self.noise[rows]
            y, cache = self.forward(self.x[rows].copy(), noise)
            dx, g = self.call("gradients", self.dy[rows].copy(), cache)
            ys.append(y)
            dxs.append(dx)
            grads.append(g)
        return np.concatenate(ys), np.concatenate(dxs), summed(grads)

    def in_slices(self) -> tuple[Array, Array, dict[str, Array]]:
        """The same by way of what the halves bring: a layer in which a batch meets."""
        rows = self.halves()
        summaries = [self.call("summarise", self.x[r].copy()) for r in rows]
        statistics = self.call("merge", summaries)
        pairs = [self.call("apply", self.x[r].copy(), statistics) for r in rows]
        back = zip(rows, pairs, strict=True)
        grads = summed(
            [self.call("summarise_back", self.dy[r].copy(), cache) for r, (_, cache) in back]
        )
        dxs = [
            self.call("apply_back", self.dy[r].copy(), cache, grads)
            for r, (_, cache) in zip(rows, pairs, strict=True)
        ]
        return np.concatenate([y for y, _ in pairs]), np.concatenate(dxs), grads

    def predicts(self) -> None:
        before = fingerprint(self.layer)
        y = self.predicted(self.x)
        if np.shape(y) != self.y.shape:
            raise Fault(
                f"compute gives y of shape {np.shape(y)} in prediction, and {self.y.shape} in "
                "training"
            )
        if not np.isfinite(y).all():
            raise Fault("compute gives NaN or ∞ in prediction")
        self.expect_unchanged("compute in prediction", before)
        if not near(self.predicted(self.x), y):
            raise Fault(
                "compute is random in prediction: it draws, or uses noise, in training only"
            )
        alone = np.concatenate([self.predicted(self.x[i : i + 1]) for i in range(len(self.x))])
        if not near(alone, y):
            raise Fault(
                "the prediction of a sample depends on its batch: in prediction (train=False) let "
                "remembered statistics take the place of the batch's"
            )

    def predicted(self, x: Array) -> Array:
        """y in prediction."""
        result = self.call("compute", x.copy(), False)
        return as_pair("compute in prediction", "(y, cache)", result)[0]

    def observes(self) -> str:
        params = fingerprint(self.layer.params)
        before = {name: (np.shape(a), a.dtype) for name, a in self.layer.state.items()}
        _, cache = self.forward(self.x.copy(), self.noise)
        self.call("observe", cache)
        after = {name: (np.shape(a), a.dtype) for name, a in self.layer.state.items()}
        if after != before:
            raise Fault(
                f"observe turns its state {listed(before)} into {listed(after)}: names, shapes "
                "and dtypes stay"
            )
        if fingerprint(self.layer.params) != params:
            raise Fault("observe changes params: it moves state alone")
        if not all(np.isfinite(a).all() for a in self.layer.state.values()):
            raise Fault("observe makes its state NaN or ∞")
        return f"state: {', '.join(before) or 'none'}"

    def narrow(self) -> None:
        layer = self.built(np.float32, np.random.default_rng(0))
        x = self.x.astype(np.float32)
        noise = self.drawn(layer, x)
        y, cache = self.forward(x, noise, layer=layer)
        expect_dtype("compute", "y", y, np.float32)
        expect_dtype(
            "compute", "y in prediction", self.call("compute", x, False, layer=layer)[0], np.float32
        )
        dx, grads = self.call("gradients", self.dy.astype(np.float32), cache, layer=layer)
        for name, gradient in {"x": dx, **grads}.items():
            expect_dtype("gradients", f"d{name}", gradient, np.float32)
