"""The plan: what is computed from what, and where a batch must meet."""

import numpy as np

import course_nn as nn
from course_nn.plan import plan, stages_of


def names(layers: list) -> list[tuple]:
    return [(node.name, node.reads, node.writes, node.last) for node in plan(layers)]


def test_layers_in_a_row_read_what_the_one_before_wrote() -> None:
    assert names([nn.Tanh(), nn.ReLU()]) == [("0", (0,), 1, (0,)), ("1", (1,), 2, (1,))]


def test_a_block_is_its_paths_and_their_sum() -> None:
    layers = [nn.Residual([nn.Tanh(), nn.ReLU()], [nn.Sigmoid()]), nn.Tanh()]
    assert names(layers) == [
        ("0.main.0", (0,), 1, ()),
        ("0.main.1", (1,), 2, (1,)),
        ("0.shortcut.0", (0,), 3, (0,)),
        ("0", (2, 3), 4, (2, 3)),
        ("1", (4,), 5, (4,)),
    ]


def built(layers: list) -> list:
    nn.Sequential(layers).build((2, 8, 8), rng=np.random.default_rng(0))
    return plan(layers)


def test_a_gradient_goes_no_further_than_something_learns() -> None:
    layers = [nn.Tanh(), nn.Dense(3), nn.Tanh(), nn.Dense(2)]
    nn.Sequential(layers).build((4,), rng=np.random.default_rng(0))
    assert [(n.learns, n.passes) for n in plan(layers)] == [
        (False, False),
        (True, False),
        (False, True),
        (True, True),
    ]
    layers[1].trainable = False
    assert [(n.learns, n.passes) for n in plan(layers)][1:] == [
        (False, False),
        (False, False),
        (True, False),
    ]


def test_a_frozen_block_freezes_what_is_in_it() -> None:
    layers = [nn.Residual([nn.Conv2D(2, 3, padding=1), nn.BatchNorm()])]
    nodes = built(layers)
    assert [n.learns for n in nodes] == [True, True, False]
    assert [n.meets for n in nodes] == [False, True, False]
    layers[0].trainable = False
    nodes = plan(layers)
    assert not any(n.learns or n.meets for n in nodes)
    assert [n.remembers for n in nodes] == [False, True, False]


def test_stages_end_where_samples_meet_and_where_images_become_features() -> None:
    layers = [
        nn.Conv2D(2, 3, padding=1),
        nn.Residual([nn.BatchNorm(), nn.ReLU()]),
        nn.Flatten(),
        nn.Dense(4),
        nn.Residual([nn.Dense(4), nn.BatchNorm()]),
    ]
    stages = stages_of(built(layers))
    assert [(s.barrier and s.barrier.name, s.features, s.follows) for s in stages] == [
        (None, False, False),
        ("1.main.0", False, True),
        (None, True, True),
        ("4.main.1", True, True),
    ]
    assert [[n.name for n in s.nodes] for s in stages] == [
        ["0"],
        ["1.main.1", "1", "2"],
        ["3", "4.main.0"],
        ["4"],
    ]
