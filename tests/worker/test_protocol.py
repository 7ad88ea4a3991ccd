"""Nothing that a worker can write makes the grader do more than refuse one answer."""

import contextlib
import json
import os
import struct
import threading
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_nn.worker import protocol
from course_nn.worker.protocol import Channel, Foreign, ProtocolError, describe, restore


def there_and_back(value):
    arrays = []
    tree = describe(value, arrays)
    frame = protocol.pack({"value": tree}, arrays)
    size, rest = protocol.LENGTHS.unpack(frame[:8])
    header, arrays = protocol.unpack(frame[8 : 8 + size], frame[8 + size :])
    assert rest == len(frame) - 8 - size
    return restore(header["value"], arrays)


@pytest.mark.parametrize("dtype", ["f4", "f8", "i8", "?", "u1", ">f8"])
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 0, 3), (2, 3, 4)])
def test_an_array_comes_back_as_it_was(dtype, shape):
    value = np.arange(int(np.prod(shape))).reshape(shape).astype(dtype)
    back = there_and_back(value)
    np.testing.assert_array_equal(back, value)
    assert back.shape == value.shape
    assert back.dtype == value.dtype.newbyteorder("=")
    assert back.flags.writeable


def test_tuples_lists_numbers_and_none_come_back():
    x = np.ones(2)
    back = there_and_back((x, 2.5, True, None))
    assert isinstance(back, tuple)
    assert [np.asarray(b).tolist() for b in back] == [[1, 1], 2.5, True, None]
    assert isinstance(there_and_back([x]), list)


class Lazy(np.ndarray):
    pass


@pytest.mark.parametrize(
    "value",
    [
        "text",
        {"a": 1},
        object(),
        1j,
        np.array([object()]),
        np.array(["a"]),
        np.ones(2).view(Lazy),
        np.ones(2, dtype=complex),
        np.broadcast_to(1.0, (1 << 14, 1 << 14)),
        np.ones((1,) * 9),
        10**400,
    ],
)
def test_what_may_not_cross_is_named_and_stays(value):
    assert isinstance(there_and_back(value), Foreign)


def test_nested_tuples_do_not_cross():
    assert there_and_back(((1, 2),)) == (Foreign("tuple"),)


GOOD = {"dtype": "<f8", "shape": [2]}


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"not json",
        b"\xff\xfe",
        b"[" * 100_000,
        b"[]",
        b"{}",
        b"9" * 5000,
        json.dumps({"arrays": 3}).encode(),
        json.dumps({"arrays": [3]}).encode(),
        json.dumps({"arrays": [{**GOOD, "dtype": "O"}]}).encode(),
        json.dumps({"arrays": [{**GOOD, "dtype": "|O8"}]}).encode(),
        json.dumps({"arrays": [{**GOOD, "dtype": ["<f8"]}]}).encode(),
        json.dumps({"arrays": [{**GOOD, "shape": [-2]}]}).encode(),
        json.dumps({"arrays": [{**GOOD, "shape": [True, 2]}]}).encode(),
        json.dumps({"arrays": [{**GOOD, "shape": [1.5]}]}).encode(),
        json.dumps({"arrays": [{**GOOD, "shape": [10**18]}]}).encode(),
        json.dumps({"arrays": [{**GOOD, "shape": [1 << 26] * 4 + [0]}]}).encode(),
        json.dumps({"arrays": [{**GOOD, "shape": [3]}]}).encode(),
        json.dumps({"arrays": [{**GOOD, "shape": [1]}]}).encode(),
        json.dumps({"arrays": [GOOD, GOOD]}).encode(),
        json.dumps({"arrays": [GOOD] * 17}).encode(),
    ],
)
def test_a_malformed_frame_is_refused(header):
    with pytest.raises(ProtocolError):
        protocol.unpack(header, bytes(16))


def test_the_frame_that_these_spoil_is_good():
    header, (array,) = protocol.unpack(json.dumps({"arrays": [GOOD]}).encode(), bytes(16))
    assert header == {}
    assert array.tolist() == [0, 0]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
specs = st.fixed_dictionaries(
    {
        "dtype": st.sampled_from(["<f8", "|u1", "O", 3]),
        "shape": st.lists(st.integers(-1, 70) | json_values, max_size=9),
    }
)


@settings(max_examples=60, deadline=None)
@given(st.lists(specs | json_values, max_size=3), st.binary(max_size=64))
def test_any_list_of_arrays_is_read_or_refused(listed, payload):
    with contextlib.suppress(ProtocolError):
        protocol.unpack(json.dumps({"arrays": listed}).encode(), payload)


@settings(max_examples=60, deadline=None)
@given(json_values)
def test_any_description_of_a_value_is_read_or_refused(tree):
    with contextlib.suppress(ProtocolError):
        restore(tree, [np.ones(1)])


@pytest.fixture
def pipe():
    read, write = os.pipe()
    os.set_blocking(write, False)
    yield Channel(read, write)
    os.close(read)
    os.close(write)


def test_an_announced_giant_is_refused_before_it_is_read(pipe):
    os.write(pipe.write_fd, struct.pack("!II", 10, (1 << 32) - 1))
    with pytest.raises(ProtocolError, match="too large"):
        pipe.receive(protocol.within(5))


def test_silence_and_half_a_frame_end_at_the_deadline(pipe):
    for part in (b"", b"\0\0\0", struct.pack("!II", 10, 0) + b"{"):
        if part:
            os.write(pipe.write_fd, part)
        with pytest.raises(TimeoutError):
            pipe.receive(protocol.within(0.02))


def receive_all(channel, left):
    for _ in range(200_000):
        channel.receive(left)


def test_a_flood_ends_at_the_deadline_too(pipe):
    frame = protocol.pack({"ticket": "?"}, [])
    stop = threading.Event()

    def flood():
        while not stop.is_set():
            try:
                os.write(pipe.write_fd, frame)
            except BlockingIOError:
                time.sleep(0.001)

    thread = threading.Thread(target=flood)
    thread.start()
    left = protocol.within(0.1)
    try:
        with pytest.raises(TimeoutError):
            receive_all(pipe, left)
    finally:
        stop.set()
        thread.join()


def test_who_is_given_more_time_meanwhile_gets_it(pipe):
    seconds = iter([0.01, 0.01, 5.0])

    def left():
        value = next(seconds)
        if value == 5.0:
            os.write(pipe.write_fd, protocol.pack({"late": 1}, []))
        return value

    assert pipe.receive(left) == ({"late": 1}, [])


def test_frames_that_come_together_are_taken_one_by_one(pipe):
    x = np.arange(3.0)
    os.write(pipe.write_fd, protocol.pack({"k": 1}, [x]) + protocol.pack({"k": 2}, []))
    header, (array,) = pipe.receive(protocol.within(5))
    assert (header, array.tolist()) == ({"k": 1}, [0, 1, 2])
    assert pipe.receive(protocol.within(5)) == ({"k": 2}, [])


def test_a_reader_that_never_reads_ends_at_the_deadline(pipe):
    with pytest.raises(TimeoutError):
        pipe.send({}, [np.zeros(1 << 20)], protocol.within(0.05))


def test_a_closed_pipe_is_the_end():
    read, write = os.pipe()
    os.close(write)
    with pytest.raises(EOFError):
        Channel(read, -1).receive(protocol.within(5))
    os.close(read)


def test_text_from_a_worker_is_safe_to_print():
    assert protocol.plain_text("a\x1b[31m\u202eb") == "a�[31m�b"
    assert protocol.plain_text("A\n  ✔ all passed") == "A ✔ all passed"
    assert protocol.plain_text(["a"]) == ""
    assert len(protocol.plain_text("a" * 10**6)) == protocol.MAX_TEXT
