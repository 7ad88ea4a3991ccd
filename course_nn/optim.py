"""Optimisers: what to do with a gradient, in one formula for every parameter alike.

The formulas work in place, and run on slices of the flat parameter vector that fit the cache, so
that the several passes of a formula read main memory once.
"""

import math
from collections.abc import Callable

from .backend import Array, array_module
from .checks import cut
from .parameters import Parameters
from .threads import share

LearningRate = float | Callable[[int], float]
BLOCK = 1 << 16  # numbers in a slice: the passes of a formula find it in the cache


class Optimizer:
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

    Raises
    ------
    ValueError : if the learning rate or the weight decay is negative, or the norm not above 0.

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

    slots: tuple[str, ...] = ()

    def __init__(
        self, lr: LearningRate, *, weight_decay: float = 0.0, clip_norm: float | None = None
    ) -> None:
        if not callable(lr) and not lr >= 0:
            raise ValueError(f"lr must not be negative, got {lr}")
        if not weight_decay >= 0:
            raise ValueError(f"weight_decay must not be negative, got {weight_decay}")
        if clip_norm is not None and not clip_norm > 0:
            raise ValueError(f"clip_norm must be above 0, or None, got {clip_norm}")
        self.lr, self.weight_decay, self.clip_norm = lr, weight_decay, clip_norm
        self.steps = 0
        self.state: dict[str, Parameters] = {}

    @property
    def learning_rate(self) -> float:
        """lr(t) of the next step t = `steps`.

        >>> SGD(lr=lambda step: 0.1 / (1 + step)).learning_rate
        0.1
        """
        return float(self.lr(self.steps) if callable(self.lr) else self.lr)

    def update(self, params: Parameters, grads: Parameters, threads: int = 1) -> None:
        """w ← w − step(g), once, in place; the gradients may be overwritten.

        Parameters
        ----------
        params, grads : of the same names and shapes, float.
        threads : that share the slices; the result does not depend on them.

        Raises
        ------
        ValueError : if the state is that of other parameters.

        Examples
        --------
        >>> import numpy as np
        >>> w, g = Parameters.pack({"w": np.ones(2)}), Parameters.pack({"w": np.array([1.0, -1.0])})
        >>> SGD(lr=0.5).update(w, g)
        >>> w["w"]
        array([0.5, 1.5])
        """
        self.prepare(params)
        if self.clip_norm is not None:
            clip_by_norm(grads.flat, self.clip_norm)
        lr = self.learning_rate
        self.steps += 1
        blocks = cut(params.flat.size, BLOCK)

        def work(thread: int, k: int) -> None:
            self.update_block(blocks[k], params.flat, grads.flat, lr)

        share(work, len(blocks), threads)

    def prepare(self, params: Parameters) -> None:
        """Zeros for the state of parameters seen for the first time.

        Parameters
        ----------
        params : those that are to be updated.

        Raises
        ------
        ValueError : if the state is that of other parameters.

        Examples
        --------
        >>> import numpy as np
        >>> optimizer = SGD(momentum=0.9)
        >>> optimizer.prepare(Parameters.pack({"w": np.ones(2)}))
        >>> optimizer.state["velocity"]["w"]
        array([0., 0.])
        """
        known = next(iter(self.state.values()), None)
        if known is not None and known.shapes != params.shapes:
            raise ValueError(
                "this optimiser holds the state of a model with other parameters; make a new one"
            )
        if self.slots and known is None:
            self.state = {slot: params.like() for slot in self.slots}

    def update_block(self, block: slice, w: Array, g: Array, lr: float) -> None:
        """The formula, and the weight decay, on one slice of the flat vectors.

        Parameters
        ----------
        block : the slice.
        w, g : (P,) float, all parameters and gradients; w is changed in place.
        lr : float, the learning rate of this step.

        Examples
        --------
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


def clip_by_norm(g: Array, limit: float) -> float:
    """g ← g · min(1, limit / ‖g‖), in place; returns ‖g‖.

    Parameters
    ----------
    g : (P,) float.
    limit : the longest Euclidean norm allowed.

    Returns
    -------
    norm : float, before clipping.

    Notes
    -----
    Pascanu, Mikolov and Bengio (2013), algorithm 1.

    Examples
    --------
    >>> import numpy as np
    >>> g = np.array([3.0, 4.0])
    >>> clip_by_norm(g, 1.0), g.round(6)
    (5.0, array([0.6, 0.8]))
    """
    norm = math.sqrt(float((g * g).sum(dtype="float64")))
    if norm > limit:
        g *= limit / norm
    return norm


class SGD(Optimizer):
    """v ← μ v + g; w ← w − lr · v. With Nesterov's look-ahead, w ← w − lr · (g + μ v).

    Parameters
    ----------
    lr, weight_decay, clip_norm : see `Optimizer`.
    momentum : μ in [0, 1); 0 is plain gradient descent.
    nesterov : whether to look ahead.

    Raises
    ------
    ValueError : for a momentum out of range, or a look-ahead without one.

    Notes
    -----
    Polyak (1964); Sutskever et al. (2013), in PyTorch's form, whose velocity has the gradient's
    unit.

    Examples
    --------
    >>> import numpy as np
    >>> w, g = Parameters.pack({"w": np.zeros(1)}), Parameters.pack({"w": np.ones(1)})
    >>> optimizer = SGD(lr=1.0, momentum=0.5)
    >>> optimizer.update(w, g); optimizer.update(w, g); w["w"]
    array([-2.5])
    """

    def __init__(
        self,
        lr: LearningRate = 0.01,
        momentum: float = 0.0,
        *,
        nesterov: bool = False,
        weight_decay: float = 0.0,
        clip_norm: float | None = None,
    ) -> None:
        super().__init__(lr, weight_decay=weight_decay, clip_norm=clip_norm)
        if not 0 <= momentum < 1:
            raise ValueError(f"momentum must be in [0, 1), got {momentum}")
        if nesterov and not momentum:
            raise ValueError("Nesterov's look-ahead needs a momentum above 0")
        self.momentum, self.nesterov = momentum, nesterov
        self.slots = ("velocity",) if momentum else ()

    def formula(self, w: Array, g: Array, lr: float, *state: Array) -> None:
        if not state:
            w -= lr * g
            return
        (v,) = state
        v *= self.momentum
        v += g
        w -= lr * (g + self.momentum * v) if self.nesterov else lr * v


class RMSProp(Optimizer):
    """s ← ρ s + (1 − ρ) g²; w ← w − lr · g / (√s + ε).

    Parameters
    ----------
    lr, weight_decay, clip_norm : see `Optimizer`.
    rho : ρ, how much of the mean square is kept each step (PyTorch's `alpha`).
    eps : ε, in the unit of the gradient.

    Notes
    -----
    Tieleman and Hinton (2012), lecture 6e.

    Examples
    --------
    >>> import numpy as np
    >>> w, g = Parameters.pack({"w": np.zeros(1)}), Parameters.pack({"w": np.full(1, 9.0)})
    >>> RMSProp(lr=0.1, rho=0.75, eps=0).update(w, g); w["w"]
    array([-0.2])
    """

    slots = ("mean_square",)

    def __init__(
        self,
        lr: LearningRate = 0.01,
        rho: float = 0.99,
        eps: float = 1e-8,
        *,
        weight_decay: float = 0.0,
        clip_norm: float | None = None,
    ) -> None:
        super().__init__(lr, weight_decay=weight_decay, clip_norm=clip_norm)
        if not (0 <= rho < 1 and eps >= 0):
            raise ValueError(f"rho must be in [0, 1) and eps not negative, got {rho} and {eps}")
        self.rho, self.eps = rho, eps

    def formula(self, w: Array, g: Array, lr: float, *state: Array) -> None:
        (s,) = state
        s *= self.rho
        s += (1 - self.rho) * g * g
        root = array_module(s).sqrt(s)
        root += self.eps
        w -= lr * g / root


class Adam(Optimizer):
    """m ← β₁ m + (1 − β₁) g; v ← β₂ v + (1 − β₂) g²; w ← w − lr · m̂ / (√v̂ + ε).

    m̂ = m / (1 − β₁ᵗ) and v̂ = v / (1 − β₂ᵗ) take back that both began at zero; t = 1, 2, … counts
    the steps.

    Parameters
    ----------
    lr, weight_decay, clip_norm : see `Optimizer`.
    betas : (β₁, β₂), in [0, 1), how much of each mean is kept a step.
    eps : ε, in the unit of the gradient.

    Raises
    ------
    ValueError : for a beta or an ε out of range.

    Notes
    -----
    Kingma and Ba (2015), algorithm 1.

    Examples
    --------
    >>> import numpy as np
    >>> w, g = Parameters.pack({"w": np.zeros(1)}), Parameters.pack({"w": np.full(1, 7.0)})
    >>> Adam(lr=0.1).update(w, g); w["w"].round(6)
    array([-0.1])
    """

    slots = ("mean", "mean_square")

    def __init__(
        self,
        lr: LearningRate = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        *,
        weight_decay: float = 0.0,
        clip_norm: float | None = None,
    ) -> None:
        super().__init__(lr, weight_decay=weight_decay, clip_norm=clip_norm)
        if not all(0 <= beta < 1 for beta in betas):
            raise ValueError(f"betas must be in [0, 1), got {betas}")
        if not eps >= 0:
            raise ValueError(f"eps must not be negative, got {eps}")
        self.betas, self.eps = betas, eps

    def formula(self, w: Array, g: Array, lr: float, *state: Array) -> None:
        (m, v), (beta1, beta2) = state, self.betas
        m *= beta1
        m += (1 - beta1) * g
        v *= beta2
        squares = g * g
        squares *= 1 - beta2
        v += squares
        # m̂ / (√v̂ + ε) = (m / c₁) / (√v / √c₂ + ε): the corrections cost nothing as two numbers
        step, root_correction = lr / (1 - beta1**self.steps), math.sqrt(1 - beta2**self.steps)
        root = array_module(v).sqrt(v)
        root *= 1 / root_correction
        root += self.eps
        update = array_module(m).divide(m, root, out=root)
        update *= step
        w -= update


class AdamW(Adam):
    """w ← (1 − lr · λ) w, then Adam's step: the decay is not divided by √v̂.

    Parameters
    ----------
    lr, betas, eps, clip_norm : see `Adam`.
    weight_decay : λ, a share of the weight per unit of learning rate.

    Notes
    -----
    Loshchilov and Hutter (2019), algorithm 2.

    Examples
    --------
    >>> import numpy as np
    >>> w, g = Parameters.pack({"w": np.ones(1)}), Parameters.pack({"w": np.zeros(1)})
    >>> AdamW(lr=0.1, weight_decay=0.5).update(w, g); w["w"]
    array([0.95])
    """

    def __init__(
        self,
        lr: LearningRate = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        *,
        weight_decay: float = 0.01,
        clip_norm: float | None = None,
    ) -> None:
        super().__init__(lr, betas, eps, weight_decay=weight_decay, clip_norm=clip_norm)

    def update_block(self, block: slice, w: Array, g: Array, lr: float) -> None:
        w[block] *= 1 - lr * self.weight_decay
        self.formula(w[block], g[block], lr, *(self.state[slot].flat[block] for slot in self.slots))
