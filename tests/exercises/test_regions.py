"""Regions in words: exact where something is said, and nothing where there is no pattern."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from course_nn.exercises.regions import (
    axis_words,
    describe,
    letter_of,
    listed,
    over_axes,
    plural,
    signs,
)

ND, DM, M, IMAGE = ("N", "D"), ("D", "M"), ("M",), ("N", "C", "H", "W")
S = np.s_


def marked(shape, *places):
    """An array that is True at these places."""
    mask = np.zeros(shape, bool)
    for place in places:
        mask[place] = True
    return mask


@pytest.mark.parametrize(
    ("shape", "axes", "places", "says"),
    [
        ((4, 3), ND, [S[3]], "only the last sample (n = 3)"),
        ((4, 3), ND, [S[:3]], "all but the last sample (n = 3)"),
        ((4, 3), ND, [S[0]], "only the first sample (n = 0)"),
        ((4, 3), ND, [S[2]], "sample 2 alone"),
        ((4, 3), ND, [S[:2]], "only the first two samples"),
        ((6,), M, [S[2:5]], "only outputs 2 to 4"),
        ((6,), M, [S[[1, 4]]], "only outputs 1 and 4"),
        ((6,), M, [S[[0, 5]]], "only the first and the last output"),
        ((6,), M, [S[1:5]], "all but the first and the last output"),
        ((4, 5), ND, [S[:, ::2]], "every second feature"),
        ((4, 5), DM, [S[:, 1::2]], "every odd output"),
        ((4, 5), ND, [S[1, 2]], "only the entry [1, 2]"),
        ((4, 5), ND, [S[:1], S[2:], S[1, :2], S[1, 3:]], "all but the entry [1, 2]"),
        ((4, 3), ND, [S[3, :2]], "only the first two features of the last sample (n = 3)"),
        ((4, 3), ND, [S[3], S[:, 0]], "only the last sample (n = 3) and the first feature (d = 0)"),
        ((2, 3, 5, 4), IMAGE, [S[:, 0]], "only the first channel (c = 0)"),
        ((2, 3, 5, 4), IMAGE, [S[:, :, 1:-1, 1:-1]], "all but the border"),
        ((2, 3, 5, 4), IMAGE, [S[0, :, 1:-1, 1:-1]], "all but the border, in the first sample"),
        ((2, 3, 5, 4), IMAGE, [S[:, :, -1], S[..., -1]],
         "only the last row (h = 4) and the last column (w = 3)"),
        ((2, 3, 5, 4), IMAGE, [S[:, :, 1:, 1:]],
         "all but the first row (h = 0) and the first column (w = 0)"),
        ((2, 3, 5, 4), IMAGE, [S[:, 0, -1]],
         "only the last row (h = 4) of the first channel (c = 0)"),
        ((2, 3, 6, 6), IMAGE, [S[:, :, ::2, ::2]], "every second column of every second row"),
        ((4, 6), ("N", "C*H*W"), [S[:, 2:5]], "only columns 2 to 4"),
        ((4, 4), ("K", "K"), [S[range(4), range(4)]], "only the diagonal"),
        ((3, 4, 4), ("N", "K", "K"), [S[:, range(4), range(4)]], "only the diagonal"),
        ((3, 3), (), [S[0]], "only the first row"),
        ((3,), ("?",), [S[2]], "only the last entry"),
    ],
)  # fmt: skip
def test_a_pattern_is_said_in_words(shape, axes, places, says):
    assert describe(marked(shape, *places), axes) == says


def test_borders_and_triangles():
    inside = marked((2, 3, 5, 4), S[:, :, 1:-1, 1:-1])
    assert describe(~inside, IMAGE) == "only the border"
    above = np.triu(np.ones((4, 4), bool), 1)
    assert describe(above, ("K", "K")) == "only what is above the diagonal"
    assert describe(~above, ("K", "K")) == "the diagonal and what is below it"
    assert describe(~np.eye(4, dtype=bool), ("K", "K")) == "all but the diagonal"


@pytest.mark.parametrize("shape", [(), (1,), (0,), (0, 3), (2, 3), (1, 1, 1)])
def test_all_and_nothing_need_no_words(shape):
    assert describe(np.ones(shape, bool), ()) == ""
    assert describe(np.zeros(shape, bool), ("N",) * len(shape)) == ""


def test_where_there_is_no_pattern_nothing_is_said():
    rng = np.random.default_rng(0)
    assert describe(rng.random((6, 7)) < 0.5, ND) == ""
    assert describe(marked((7,), S[[0, 2, 3, 6]]), M) == ""


def test_a_condition_is_named_where_it_holds_exactly():
    x = np.random.default_rng(1).normal(size=(4, 5))
    where = signs({"x": x, "W": x.T, "lr": 0.1, "name": "no"}, x.shape)
    assert describe(x < 0, ND, where) == "where x is negative"
    assert describe(x > 0.3, ND, where) == ""
    assert describe(x <= 0.3, ND, {"x is large": x > 0.3}) == "all but where x is large"
    assert describe(x < 0, ND, {"too long": np.ones((3, 4, 5))}) == ""
    assert describe(x[:, :1] < 0, ND, {"rows": x[:, 0] < 0}) == ""  # another shape: no match
    assert describe(marked((4, 5), S[3]), ND, {"odd": marked((4, 5), S[3])}).startswith("only the")
    mask = np.array([True, False, True, True])
    assert signs({"mask": mask}, (4,)).keys() == {"mask is True", "mask is False"}
    assert signs({"x": 3.0}, ()) == {}


@settings(max_examples=200, deadline=None)
@given(arrays(bool, array_shapes(max_dims=4, max_side=4)), st.booleans())
def test_anything_is_described_or_not_but_never_raises(mask, known):
    axes = ("N", "C", "H", "W")[: mask.ndim] if known else ()
    assert isinstance(describe(mask, axes, {"odd": mask}), str)
    says = describe(mask, axes)
    if says.startswith("only the first ") and says.count(" ") == 3 and mask.ndim == 1:
        assert mask.tolist() == [i == 0 for i in range(len(mask))]
    if says == "all but the border":
        assert not mask[..., 0, :].any()
        assert mask[..., 1:-1, 1:-1].all()
    # the same words never stand for two patterns of one shape
    assert not says or describe(~mask, axes) != says


@settings(max_examples=20, deadline=None)
@given(st.sampled_from([(4,), (3, 3), (2, 5), (5, 2), (2, 2, 3)]))
def test_the_same_words_mean_one_pattern_of_a_shape(shape):
    axes, met = ("N", "H", "W")[: len(shape)], {}
    rng = np.random.default_rng(len(shape))
    size = int(np.prod(shape))
    for code in range(2**size) if size < 11 else rng.integers(0, 2**size, 2000):
        mask = np.array([int(code) >> i & 1 for i in range(size)], bool).reshape(shape)
        says = describe(mask, axes)
        if says:
            assert met.setdefault(says, int(code)) == code, says


def test_words_of_axes():
    assert axis_words(("N", "C", "H", "W")) == ["sample", "channel", "row", "column"]
    assert axis_words(("F", "C", "R", "S")) == ["filter", "channel", "kernel row", "kernel column"]
    assert axis_words(("Q", "Z", "Y")) == ["place along axis 0", "row", "column"]
    assert axis_words(()) == []
    assert [plural(w) for w in ("row", "entry", "place along axis 2")] == [
        "rows", "entries", "places along axis 2",
    ]  # fmt: skip
    assert listed([]) == ""
    assert listed([1]) == "1"
    assert listed([1, 2, 3]) == "1, 2 and 3"
    assert [letter_of(a) for a in ("N", "C*H*W", "?")] == ["n", "i", "i"]
    assert [axis for _, _, axis in over_axes(("N", "D"))] == [0, 1, None]
