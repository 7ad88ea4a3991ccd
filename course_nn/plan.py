"""What is computed from what: layers as nodes, and the stages that a slice of a batch passes.

A residual block's inner layers stand in the plan themselves, so that nothing in it is run otherwise
than layers in a row.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn

import numpy as np

from .backend import Array
from .checks import ShapeError
from .layers import BatchLayer, Layer

Values = dict[int, Array]  # the arrays of a slice that are still to be read, by their place


@dataclass(eq=False)
class Node:
    """One layer on the way: it reads the array at place `reads`, and writes the one at `writes`.

    Without a layer it is the sum of several places: where a residual block's paths meet again.
    """

    name: str
    layer: Layer | None
    reads: tuple[int, ...]
    writes: int
    trains: bool = True  # neither it nor a block around it is frozen
    passes: bool = False  # whether something before it learns, so that its dx is needed
    last: tuple[int, ...] = ()  # the places that nobody reads after it

    @property
    def learns(self) -> bool:
        """Whether its own parameters get gradients."""
        return self.trains and self.layer is not None and bool(self.layer.params)

    @property
    def meets(self) -> bool:
        """Whether the samples of a batch meet in it; statistics that are frozen meet nobody."""
        whole = self.layer is not None and self.layer.whole_batch
        return whole and not self.remembers

    @property
    def remembers(self) -> bool:
        """Whether it goes by remembered statistics in training too."""
        return isinstance(self.layer, BatchLayer) and not self.trains


def plan(layers: Sequence[Layer]) -> list[Node]:
    """The layers as nodes, with those inside of residual blocks in their row.

    >>> import course_nn as nn
    >>> for node in plan([nn.Tanh(), nn.Residual([nn.ReLU()])]):
    ...     print(node.name, node.reads, node.writes)
    0 (0,) 1
    1.main.0 (1,) 2
    1 (2, 1) 3
    """
    nodes: list[Node] = []
    _chain(nodes, layers, 0, "", trains=True)
    needed, readers = {0: False}, dict[int, Node]()
    for node in nodes:
        node.passes = any(needed[place] for place in node.reads)
        needed[node.writes] = node.passes or node.learns
        readers |= dict.fromkeys(node.reads, node)
    for place, reader in readers.items():
        reader.last += (place,)
    return nodes


def _chain(nodes: list[Node], layers: Sequence[Layer], at: int, prefix: str, trains: bool) -> int:
    """Appends layers in a row that read place `at`; returns the place of the last one's output."""
    for i, layer in enumerate(layers):
        name, on, chains = f"{prefix}{i}", trains and layer.trainable, layer.chains()
        if chains:
            ends = [_chain(nodes, c, at, f"{name}.{path}.", on) for path, c in chains.items()]
            node = Node(name, None, tuple(ends), len(nodes) + 1, on)
        else:
            node = Node(name, layer, (at,), len(nodes) + 1, on)
        nodes.append(node)
        at = node.writes
    return at


@dataclass
class Stage:
    """Nodes that a slice passes without meeting another.

    `barrier` is the node before them in which the samples of a batch meet, if there is one;
    `features` says whether samples are vectors (D,) here, not images (C, H, W), and `follows`
    whether something learns before the barrier.
    """

    barrier: Node | None
    features: bool
    follows: bool
    nodes: list[Node] = field(default_factory=list)


def stages_of(nodes: Sequence[Node]) -> list[Stage]:
    """Cuts a plan where samples meet, and where images become features.

    >>> import course_nn as nn
    >>> layers = [nn.Flatten(), nn.Dense(4), nn.BatchNorm(), nn.ReLU()]
    >>> _ = nn.Sequential(layers).build((1, 2, 2), rng=np.random.default_rng(0))
    >>> for stage in stages_of(plan(layers)):
    ...     print(stage.barrier and stage.barrier.name, [node.name for node in stage.nodes])
    None ['0']
    None ['1']
    2 ['3']
    """
    stages: list[Stage] = []
    features = learning = False
    for node in nodes:
        if node.layer is not None:
            features = len(node.layer.input_shape) == 1
        if node.meets:
            stages.append(Stage(node, features, learning))
        elif not stages or features != stages[-1].features:
            stages.append(Stage(None, features, learning))
        if not node.meets:
            stages[-1].nodes.append(node)
        learning = learning or node.learns
    return stages


# -- one node --------------------------------------------------------------------------------------


def take(values: Values, place: int, reader: Node) -> Array:
    """The array at a place; let go of if nobody reads it after."""
    return values.pop(place) if place in reader.last else values[place]


def add(values: Values, place: int, d: Array) -> None:
    """Adds a gradient to what other readers of the same place gave."""
    values[place] = values[place] + d if place in values else d


def run(node: Node, values: Values, train: bool, noise: Array | None = None) -> Any:
    """Computes a node's output from the values there are, and returns its cache."""
    if node.layer is None:
        first, *others = (values[place] for place in node.reads)
        values[node.writes] = sum(others, first)
        for place in node.last:
            del values[place]
        return None
    x = take(values, node.reads[0], node)
    try:
        answer = node.layer.compute(x, train and not node.remembers, noise)
    except Exception as error:
        error.add_note(f"It happened in layer {node.name}, {node.layer!r}, forward.")
        raise
    y, cache = pair(answer, node, "compute", "(y, cache)")
    if getattr(y, "shape", None) != (len(x), *node.layer.output_shape):
        _refuse(y, len(x), node)
    values[node.writes] = y
    return cache


def pair(answer: Any, node: Node, method: str, of: str) -> tuple[Any, Any]:
    """What a layer's method gave, if it is a pair: the layer may be one's own."""
    if not isinstance(answer, tuple) or len(answer) != 2:
        raise TypeError(
            f"layer {node.name}, {node.layer!r}: {method} must return the pair {of}, got {answer!r}"
        )
    return answer


def _refuse(y: Any, count: int, node: Node) -> NoReturn:
    """Says what is wrong with what a layer gave."""
    assert node.layer is not None
    which, promised = f"layer {node.name}, {node.layer!r}", node.layer.output_shape
    if not hasattr(y, "shape"):
        raise TypeError(f"{which}: compute must give y as an array, got a {type(y).__name__}")
    if y.shape[1:] != promised:
        raise ShapeError(
            f"{which}, gives {y.shape[1:]} a sample, and its infer promised {promised}"
        )
    raise ShapeError(f"{which}, gives {len(y)} samples for {count}: it needs one y for each x")


def expect_shape(d: Any, shape: tuple[int, ...], what: str, whose: str) -> None:
    """Raises ShapeError unless a gradient has the shape of that whose gradient it is."""
    if np.shape(d) != shape:
        raise ShapeError(
            f"{what} gives an array of shape {np.shape(d)}, and {whose} has {shape}: a gradient "
            "has the shape of what it is the gradient of"
        )
