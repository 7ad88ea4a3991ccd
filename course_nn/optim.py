"""Optimisers: what to do with a gradient, in one formula for every parameter alike.

The formulas work in place, and run on slices of the flat parameter vector that fit the cache, so
that the several passes of a formula read main memory once.
"""

import math
import weakref
from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Any, ClassVar

import numpy as np

from .backend import Array, array_module
from .checks import cut, flag, number, takes
from .parameters import Parameters
from .schedule import learning_rate
from .threads import share
from .words import KEYWORDS, Described, options

LearningRate = float | Callable[[int], float]
BLOCK = 1 << 16  # numbers in a slice: the passes of a formula find it in the cache
NEVER_NEGATIVE = (0, math.inf)


@options
class Optimizer(Described):
    """w ← w − step(g): keeps the state that its formula needs, by parameter name.

    Parameters
    ----------
    lr : the learning rate, or a function of the step 0, 1, 2, … that gives it (see `schedule`).
    weight_decay : λ ≥ 0; λ w is added to the gradient (L2 penalty ½ λ ‖w‖²), except where an
        optimiser says otherwise.
    clip_norm : if given, a gradient longer than this is shortened to it, over all parameters
        together; in the gradient's unit.

    Attributes
    ----------
    steps : updates so far.
    state : {slot: `Parameters`}, for instance `state["velocity"]["0.W"]`.
    slots : the names of what the formula keeps; a subclass sets them and defines `formula`.
    limits : {option: (low, high)}, of the numbers in [low, high).

    Raises
    ------
    ValueError, TypeError : for an option that cannot be, at once or when it is set later.

    Examples
    --------
    >>> import numpy as np
    >>> class SignDescent(Optimizer):
    ...     def formula(self, w, g, lr):
    ...         w -= lr * np.sign(g)
    >>> w, g = Parameters.pack({"w": np.zeros(2)}), Parameters.pack({"w": np.array([9.0, -0.1])})
    >>> SignDescent(lr=0.5).update(w, g)
    >>> w["w"]
    array([-0.5,  0.5])
    """

    slots: ClassVar[tuple[str, ...]] = ()
    limits: ClassVar[dict[str, tuple[float, float]]] = {"weight_decay": NEVER_NEGATIVE}

    lr: LearningRate
    weight_decay: float = field(default=0.0, kw_only=True)
    clip_norm: float | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        self.reset()

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, self.checked(name, value))

    def checked(self, name: str, value: Any) -> Any:
        """The value that an option is given, if it can be.

        >>> SGD(0.1).checked("momentum", 1.5)
        Traceback (most recent call last):
            ...
        ValueError: momentum must be in [0, 1), got 1.5
        """
        if name == "lr":
            return _rate(value)
        norm_given = name == "clip_norm" and value is not None
        if norm_given and not number("clip_norm", value, -math.inf) > 0:
            raise ValueError(f"clip_norm must be above 0, or None, got {value}")
        if name in self.limits:
            low, high = self.limits[name]
            return number(name, value, low, high, open_end=high < math.inf)
        return value

    @property
    def learning_rate(self) -> float:
        """lr(t) of the next step t = `steps`; setting it sets `lr`.

        >>> SGD(lr=lambda step: 0.1 / (1 + step)).learning_rate
        0.1
        """
        if not callable(self.lr):
            return self.lr
        return learning_rate(self.lr(self.steps), f"the lr that the schedule gives at {self.steps}")

    @learning_rate.setter
    def learning_rate(self, lr: LearningRate) -> None:
        self.lr = lr

    # -- the state --------------------------------------------------------------------------------

    def reset(self) -> None:
        """Begins anew, for another model: no steps, no state.

        >>> optimizer = SGD(0.1)
        >>> optimizer.steps = 7
        >>> optimizer.reset(); optimizer.steps
        0
        """
        self.steps = 0
        self.state: dict[str, Parameters] = {}
        self.owner: Callable[[], object] | None = None

    def __getstate__(self) -> dict[str, Any]:
        """A copy belongs to the model that it trains first."""
        return vars(self) | {"owner": None}

    def prepare(self, params: Parameters) -> list[slice]:
        """Zeros for the state of parameters seen for the first time; which slices are trainable.

        Raises
        ------
        ValueError : if the state is that of other parameters, or no layer is trainable.

        Examples
        --------
        >>> import numpy as np
        >>> optimizer = SGD(momentum=0.9)
        >>> optimizer.prepare(Parameters.pack({"w": np.ones(2)}))
        [slice(0, 2, None)]
        >>> optimizer.state["velocity"]["w"]
        array([0., 0.])
        """
        _expect_parameters(params)
        owner = params.owner
        carries_over = bool(self.state) or (callable(self.lr) and self.steps > 0)
        other_shapes = any(slot.shapes != params.shapes for slot in self.state.values())
        if carries_over and self.owner and self.owner() is not owner:
            raise ValueError(
                f"this {type(self).__name__} has trained another model, whose state and steps it "
                "would carry over: make a new one for each model, or call optimizer.reset()"
            )
        if other_shapes:
            raise ValueError(
                f"this {type(self).__name__} holds the state of other parameters than these, the "
                "model's layers have changed since: make a new one, or call optimizer.reset()"
            )
        parts = params.trainable_slices()
        if params.flat.size and not parts:
            raise ValueError("no layer is trainable: set layer.trainable = True for one at least")
        if self.state.keys() != set(self.slots):
            missing = {slot: params.like() for slot in self.slots if slot not in self.state}
            self.state = {k: s for k, s in self.state.items() if k in self.slots} | missing
        if self.owner is None or self.owner() is not owner:
            self.owner = weakref.ref(owner)
        return parts

    # -- the update -------------------------------------------------------------------------------

    def update(self, params: Parameters, grads: Parameters, threads: int = 1) -> None:
        """w ← w − step(g), once, in place, for what is trainable; gradients may be overwritten.

        Parameters
        ----------
        params, grads : of the same names and shapes, float.
        threads : that share the slices; the result does not depend on them.

        Raises
        ------
        ValueError, TypeError : see `prepare`; or if the schedule gives no learning rate. Nothing is
            changed then.

        Examples
        --------
        >>> import numpy as np
        >>> w, g = Parameters.pack({"w": np.ones(2)}), Parameters.pack({"w": np.array([1.0, -1.0])})
        >>> SGD(lr=0.5).update(w, g)
        >>> w["w"]
        array([0.5, 1.5])
        """
        lr = self.learning_rate
        parts = self.prepare(params)
        if not isinstance(grads, Parameters) or grads.shapes != params.shapes:
            got = "others" if isinstance(grads, Parameters) else f"a {type(grads).__name__}"
            raise ValueError(
                "the gradients must have the names and shapes of the parameters, as model.grads "
                f"has them, got {got}"
            )
        if self.clip_norm is not None:
            clip_by_norm([grads.flat[part] for part in parts], self.clip_norm)
        self.steps += 1
        block_size = BLOCK if array_module(params.flat) is np else max(params.flat.size, 1)
        blocks = [
            slice(part.start + block.start, part.start + block.stop)
            for part in parts
            for block in cut(part.stop - part.start, block_size)
        ]

        def work(thread: int, k: int) -> None:
            self.update_block(blocks[k], params.flat, grads.flat, lr)

        share(work, len(blocks), threads)

    def update_block(self, block: slice, w: Array, g: Array, lr: float) -> None:
        """The formula, and the weight decay, on one slice of the flat vectors (P,); w in place.

        >>> import numpy as np
        >>> w = np.ones(3)
        >>> SGD().update_block(slice(0, 2), w, np.ones(3), lr=0.5)
        >>> w
        array([0.5, 0.5, 1. ])
        """
        w, g = w[block], g[block]
        if self.weight_decay:
            g = g + self.weight_decay * w
        self.formula(w, g, lr, *(self.state[slot].flat[block] for slot in self.slots))

    def formula(self, w: Array, g: Array, lr: float, *state: Array) -> None:
        """Changes w and the state in place; g is left.

        Parameters
        ----------
        w, g : (B,) float, some of the parameters and their gradients.
        lr : float, the learning rate of this step.
        *state : (B,) float, one for each of `slots`.

        Examples
        --------
        >>> import numpy as np
        >>> w = np.ones(1)
        >>> SGD().formula(w, np.array([2.0]), 0.25)
        >>> w
        array([0.5])
        """
        raise NotImplementedError(f"{type(self).__name__} defines no formula")


def _expect_parameters(params: Any) -> None:
    """Refuses what a model's parameters do not lie in."""
    if not isinstance(params, Parameters):
        raise TypeError(
            "an optimizer moves the parameters of a model, model.params, or Parameters.pack of a "
            f"dict of arrays, got a {type(params).__name__}"
        )


def _rate(lr: Any) -> LearningRate:
    """A learning rate as it is given: a number, or a function of the step."""
    if isinstance(lr, type):
        raise TypeError(f"lr must be a number or a schedule, got {lr!r}; are its brackets missing?")
    if callable(lr):
        takes("lr", lr, "lr(step)", 0)
        return lr
    if isinstance(lr, Mapping | list | tuple):
        raise TypeError(
            f"lr must be a number or a schedule, got a {type(lr).__name__}: {KEYWORDS['params']}"
        )
    return learning_rate(lr)


def clip_by_norm(g: Array | list[Array], limit: float) -> float:
    """g ← g · min(1, limit / ‖g‖), in place; returns ‖g‖, before clipping.

    Pascanu, Mikolov and Bengio (2013), algorithm 1.

    Parameters
    ----------
    g : (P,) float, or several that make one vector together.
    limit : the longest Euclidean norm allowed.

    Examples
    --------
    >>> import numpy as np
    >>> g = np.array([3.0, 4.0])
    >>> clip_by_norm(g, 1.0), g.round(6)
    (5.0, array([0.6, 0.8]))
    """
    parts = g if isinstance(g, list) else [g]
    norm = math.sqrt(sum(float((part * part).sum(dtype="float64")) for part in parts))
    if norm > limit:
        for part in parts:
            part *= limit / norm
    return norm


@options
class SGD(Optimizer):
    """v ← μ v + g; w ← w − lr · v. With Nesterov's look-ahead, w ← w − lr · (g + μ v).

    Polyak (1964); Sutskever et al. (2013), in PyTorch's form, whose velocity has the gradient's
    unit.

    Parameters
    ----------
    lr, weight_decay, clip_norm : see `Optimizer`.
    momentum : μ in [0, 1); 0 is plain gradient descent.
    nesterov : whether to look ahead.

    Examples
    --------
    >>> import numpy as np
    >>> w, g = Parameters.pack({"w": np.zeros(1)}), Parameters.pack({"w": np.ones(1)})
    >>> optimizer = SGD(lr=1.0, momentum=0.5)
    >>> optimizer.update(w, g); optimizer.update(w, g); w["w"]
    array([-2.5])
    """

    limits: ClassVar[dict[str, tuple[float, float]]] = Optimizer.limits | {"momentum": (0, 1)}

    lr: LearningRate = 0.01
    momentum: float = 0.0
    nesterov: bool = field(default=False, kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.nesterov = flag("nesterov", self.nesterov)
        if self.nesterov and not self.momentum:
            raise ValueError("Nesterov's look-ahead needs a momentum above 0")

    @property
    def slots(self) -> tuple[str, ...]:  # type: ignore[override]
        """A velocity, if there is a momentum."""
        return ("velocity",) if self.momentum else ()

    def formula(self, w: Array, g: Array, lr: float, *state: Array) -> None:
        if not state:
            w -= lr * g
            return
        (v,) = state
        v *= self.momentum
        v += g
        w -= lr * (g + self.momentum * v) if self.nesterov else lr * v


@options
class RMSProp(Optimizer):
    """s ← ρ s + (1 − ρ) g²; w ← w − lr · g / (√s + ε).

    Tieleman and Hinton (2012), lecture 6e.

    Parameters
    ----------
    lr, weight_decay, clip_norm : see `Optimizer`.
    rho : ρ in [0, 1), how much of the mean square is kept each step (PyTorch's `alpha`).
    eps : ε, in the unit of the gradient.

    Examples
    --------
    >>> import numpy as np
    >>> w, g = Parameters.pack({"w": np.zeros(1)}), Parameters.pack({"w": np.full(1, 9.0)})
    >>> RMSProp(lr=0.1, rho=0.75, eps=0).update(w, g); w["w"]
    array([-0.2])
    """

    slots: ClassVar[tuple[str, ...]] = ("mean_square",)
    limits: ClassVar[dict[str, tuple[float, float]]] = Optimizer.limits | {
        "rho": (0, 1),
        "eps": NEVER_NEGATIVE,
    }

    lr: LearningRate = 0.01
    rho: float = field(default=0.99, kw_only=True)
    eps: float = field(default=1e-8, kw_only=True)

    def formula(self, w: Array, g: Array, lr: float, *state: Array) -> None:
        (s,) = state
        s *= self.rho
        s += (1 - self.rho) * g * g
        root = array_module(s).sqrt(s)
        root += self.eps
        w -= lr * g / root


@options
class Adam(Optimizer):
    """m ← β₁ m + (1 − β₁) g; v ← β₂ v + (1 − β₂) g²; w ← w − lr · m̂ / (√v̂ + ε).

    m̂ = m / (1 − β₁ᵗ) and v̂ = v / (1 − β₂ᵗ) take back that both began at zero; t = 1, 2, … counts
    the steps.

    Kingma and Ba (2015), algorithm 1.

    Parameters
    ----------
    lr, weight_decay, clip_norm : see `Optimizer`.
    betas : (β₁, β₂), in [0, 1), how much of each mean is kept a step.
    eps : ε, in the unit of the gradient.

    Examples
    --------
    >>> import numpy as np
    >>> w, g = Parameters.pack({"w": np.zeros(1)}), Parameters.pack({"w": np.full(1, 7.0)})
    >>> Adam(lr=0.1).update(w, g); w["w"].round(6)
    array([-0.1])
    """

    slots: ClassVar[tuple[str, ...]] = ("mean", "mean_square")
    limits: ClassVar[dict[str, tuple[float, float]]] = Optimizer.limits | {"eps": NEVER_NEGATIVE}

    lr: LearningRate = 1e-3
    betas: tuple[float, float] = field(default=(0.9, 0.999), kw_only=True)
    eps: float = field(default=1e-8, kw_only=True)

    def checked(self, name: str, value: Any) -> Any:
        if name != "betas":
            return super().checked(name, value)
        if not isinstance(value, list | tuple) or len(value) != 2:
            raise TypeError(f"betas must be the pair (β₁, β₂) such as (0.9, 0.999), got {value!r}")
        return tuple(number("betas", beta, 0, 1, open_end=True) for beta in value)

    def formula(self, w: Array, g: Array, lr: float, *state: Array) -> None:
        (m, v), (beta1, beta2) = state, self.betas
        m *= beta1
        m += (1 - beta1) * g
        v *= beta2
        squares = g * g
        squares *= 1 - beta2
        v += squares
        # m̂ / (√v̂ + ε) = (m / c₁) / (√v / √c₂ + ε), and c₁, c₂ are two numbers
        step = lr / (1 - beta1**self.steps)
        root_correction = math.sqrt(1 - beta2**self.steps)
        root = array_module(v).sqrt(v)
        root *= 1 / root_correction
        root += self.eps
        update = array_module(m).divide(m, root, out=root)
        update *= step
        w -= update


@options
class AdamW(Adam):
    """w ← (1 − lr · λ) w, then Adam's step: the decay is not divided by √v̂.

    Loshchilov and Hutter (2019), algorithm 2.

    Parameters
    ----------
    lr, betas, eps, clip_norm : see `Adam`.
    weight_decay : λ, a share of the weight per unit of learning rate.

    Examples
    --------
    >>> import numpy as np
    >>> w, g = Parameters.pack({"w": np.ones(1)}), Parameters.pack({"w": np.zeros(1)})
    >>> AdamW(lr=0.1, weight_decay=0.5).update(w, g); w["w"]
    array([0.95])
    """

    weight_decay: float = field(default=0.01, kw_only=True)

    def update_block(self, block: slice, w: Array, g: Array, lr: float) -> None:
        w[block] *= 1 - lr * self.weight_decay
        self.formula(w[block], g[block], lr, *(self.state[slot].flat[block] for slot in self.slots))
