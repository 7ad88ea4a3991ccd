"""Arguments in shared memory: they lie as they were given, and what changes is seen."""

import contextlib
import os

import numpy as np
import pytest

from course_nn.worker import desk
from course_nn.worker.desk import Desk, Sheet
from course_nn.worker.layout import lay_out, layout_of
from course_nn.worker.protocol import LENGTHS, ProtocolError


@pytest.fixture
def sides(monkeypatch):
    """The two ends of one desk, of two pages, and a tray of one."""
    monkeypatch.setattr(desk, "SIZE", 8192)
    monkeypatch.setattr(desk, "TRAY", 4096)
    fd = os.memfd_create("desk")
    os.ftruncate(fd, 8192 + 4096)
    ours, theirs = Desk(fd), Desk(fd)
    os.close(fd)
    return ours, theirs


def handed(sides, *inputs):
    """What arrives of the arguments of one call; the sheet, and where it lies."""
    ours, theirs = sides
    sheet = Sheet([inputs])
    base = ours.put(sheet)
    return theirs.take(base, sheet.calls[0]), sheet, base


@pytest.mark.parametrize("layout", ["C", "F", "strided"])
@pytest.mark.parametrize("dtype", ["f8", "f4", "i8", "?"])
@pytest.mark.parametrize("shape", [(3,), (0,), (2, 3, 4), (1, 1)])
def test_an_array_arrives_as_it_was(sides, layout, dtype, shape):
    value = lay_out(np.arange(np.prod(shape)).reshape(shape).astype(dtype), layout)
    (found,), _, _ = handed(sides, value)
    np.testing.assert_array_equal(found, value)
    assert (found.dtype, layout_of(found)) == (value.dtype, layout_of(value))
    assert found.flags.writeable


def test_numbers_arrive_as_plain_numbers(sides):
    found, _, _ = handed(sides, 2, 0.1, True, np.float64(0.5), np.array(3), np.nan, None)
    assert [type(value) for value in found] == [int, float, bool, float, int, float, type(None)]
    assert found[:5] == [2, 0.1, True, 0.5, 3]


def test_what_is_written_on_one_side_is_seen_on_the_other(sides):
    (a, b, _), sheet, base = handed(sides, np.array([np.nan, 1]), np.ones((2, 2)).T, 0.5)
    assert sides[0].changed(base, sheet) == [[]]
    b[1, 1] = 3
    assert sides[0].changed(base, sheet) == [[1]]
    a[1] = 2
    assert sides[0].changed(base, sheet) == [[0, 1]]


def test_what_is_put_back_or_equal_is_not_changed(sides):
    (a, gaps), sheet, base = handed(sides, np.zeros(3), lay_out(np.ones(3), "strided"))
    a -= 1
    a += 1
    a *= -1  # −0.0 is 0.0
    gaps.base[1] = 9  # between the numbers nothing stands
    assert sides[0].changed(base, sheet) == [[]]


def test_every_call_of_a_sheet_is_looked_at_by_itself(sides):
    ours, theirs = sides
    sheet = Sheet([(np.ones(2), 1.0), (np.ones(3), np.ones(1))])
    base = ours.put(sheet)
    theirs.take(base, sheet.calls[1])[1][:] = 0
    assert ours.changed(base, sheet) == [[], [1]]


def test_what_an_earlier_call_was_given_stays_until_the_desk_is_full(sides):
    (kept,), _, _ = handed(sides, np.ones(4))
    for _ in range(100):
        handed(sides, np.zeros(4))
    assert kept.tolist() == [1, 1, 1, 1]
    for _ in range(100):
        handed(sides, np.zeros(4))
    assert kept.tolist() == [0, 0, 0, 0]


def test_what_is_too_large_is_refused(sides):
    with pytest.raises(ValueError, match="too large to send"):
        sides[0].put(Sheet([(np.zeros(2000),)]))


# -- the tray --------------------------------------------------------------------------------------


def frame(text: bytes, payload: bytes = b"") -> bytes:
    return LENGTHS.pack(len(text), len(payload)) + text + payload


def test_replies_lie_on_the_tray_in_order_until_it_is_emptied(sides):
    ours, theirs = sides
    theirs.empty()
    assert ours.count(999) == 0
    assert theirs.reply(frame(b"one", b"123"))
    assert theirs.reply(frame(b"two"))
    assert list(ours.replies(999)) == [(b"one", b"123"), (b"two", b"")]
    assert ours.count(999) == 2
    ours.empty()
    assert list(theirs.replies(999)) == []


def test_a_reply_for_which_there_is_no_room_is_not_laid(sides):
    ours, theirs = sides
    theirs.empty()
    assert theirs.reply(frame(b"x" * 4000))
    assert not theirs.reply(frame(b"y" * 200))
    assert theirs.reply(frame(b"z"))
    assert [text[:1] for text, _ in ours.replies(999)] == [b"x", b"z"]


@pytest.mark.parametrize(
    "lengths", [(1 << 31, 0), (5, 1 << 31), (5, 4096), (desk.MAX_HEADER + 1, 0)]
)
def test_lengths_that_lie_are_refused(sides, lengths):
    ours, theirs = sides
    theirs.memory[8192:8200] = LENGTHS.pack(*lengths)
    with pytest.raises(ProtocolError):
        list(ours.replies(999))
    with pytest.raises(ProtocolError):
        ours.count(999)


def test_a_tray_of_nothing_but_lengths_has_an_end(sides):
    ours, theirs = sides
    theirs.memory[8192:] = LENGTHS.pack(1, 0) * 512
    with contextlib.suppress(ProtocolError):
        assert len(list(ours.replies(999))) < 600
    assert len(list(ours.replies(7))) == ours.count(7) == 7
