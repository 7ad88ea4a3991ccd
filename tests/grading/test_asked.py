"""Replies across the pipe: counted, cut, and taken apart, and none of it believed."""

import numpy as np
import pytest

from course_nn.grading.asked import Asked, WorkerLost, cut, numbers
from course_nn.worker.protocol import ProtocolError, pack


def frame(header, *arrays):
    whole = pack(header, list(arrays))
    at = 8 + int.from_bytes(whole[:4])
    return whole[8:at], whole[at:]


OK = [frame({"call": k, "status": "ok"}, np.full(2, k)) for k in range(3)]


def test_replies_are_taken_apart_in_order():
    replies = list(Asked(OK, [[], [], []]).replies())
    assert [header for header, _ in replies] == [{"status": "ok"}] * 3
    assert [array.tolist() for _, (array,) in replies] == [[0, 0], [1, 1], [2, 2]]


def test_another_order_is_refused():
    with pytest.raises(ProtocolError, match="nobody asked for"):
        list(Asked(OK[::-1], [[], [], []]).replies())


@pytest.mark.parametrize("status", ["stub", "missing"])
def test_fewer_replies_than_calls_are_enough_after_a_function_that_is_none(status):
    assert len(list(Asked([frame({"call": 0, "status": status})], [[], []]).replies())) == 1
    with pytest.raises(ProtocolError, match="fewer answers"):
        list(Asked(OK[:1], [[], []]).replies())
    assert len(list(Asked(OK[:1], [[], []], WorkerLost("gone")).replies())) == 1


def test_the_mark_is_that_of_the_same_bits():
    mark = Asked(OK, [[], [], []]).mark
    assert mark == Asked(list(OK), [[], [], []], seconds=2.0).mark
    assert mark != Asked(OK, [[], [0], []]).mark
    assert mark != Asked(OK[:2], [[], []]).mark
    assert Asked(OK, [[], [], []], WorkerLost("gone")).mark == b""


def test_numbers_of_replies_are_those_of_the_first_that_were_asked():
    assert numbers([2, 0], [2, 1, 5]) == [2, 0]


@pytest.mark.parametrize("value", [None, 3, [], "1", [3], [-1], [True], [1.0], [1, 1, 1], [[1]]])
def test_what_is_no_number_of_replies_is_refused(value):
    with pytest.raises(ProtocolError, match="a number of replies that is none"):
        numbers(value, [2, 1])


def test_what_belongs_to_each_is_cut_by_replies_and_by_calls():
    pieces = list(cut(OK, [[0], [1], [2], [3]], [(1, 2), (2, 2)]))
    assert pieces == [(OK[:1], [[0], [1]]), (OK[1:], [[2], [3]])]
