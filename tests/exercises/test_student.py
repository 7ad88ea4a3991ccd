"""The student's functions in this process: called as in the sandbox, and never trusted."""

import sys
import time

import numpy as np
import pytest

from course_nn.exercises.student import LocalStudent, StudentError, raised, read_reply
from course_nn.worker.notebook import Notebook
from course_nn.worker.protocol import Foreign


def with_gaps(array):
    wide = np.zeros((*array.shape[:-1], 2 * array.shape[-1]), array.dtype)
    wide[..., ::2] = array
    return wide[..., ::2]


@pytest.mark.parametrize("lay", [np.array, np.asfortranarray, with_gaps])
def test_arguments_arrive_as_they_lie_in_memory_and_are_kept(student, lay):
    x = lay(np.arange(12.0).reshape(3, 4))
    before = x.copy()

    def spoil(given):
        layout = given.flags.c_contiguous, given.flags.f_contiguous
        given[:] = 0
        return np.array(layout), given

    answer = student(spoil=spoil).call("spoil", x)
    layout, given = answer.value
    assert layout.tolist() == [x.flags.c_contiguous, x.flags.f_contiguous]
    assert given.tolist() == np.zeros((3, 4)).tolist()
    assert answer.changed == (0,)
    np.testing.assert_array_equal(x, before)


def test_an_argument_that_was_locked_costs_nothing(student):
    def lock(x):
        x.flags.writeable = False
        return x

    assert student(lock=lock).call("lock", np.ones(2)).changed == ()


def test_a_number_arrives_as_one(student):
    answer = student(f=lambda x, r: type(r) is float).call("f", np.ones(2), 0.5)
    assert answer.value.tolist() is True


def test_an_array_that_is_returned_again_and_again_is_each_time_another(student):
    kept = np.zeros(2)

    def fill(x):
        kept[:] = x
        return kept

    one = student(fill=fill)
    first = one.call("fill", np.ones(2)).value
    one.call("fill", 2 * np.ones(2))
    np.testing.assert_array_equal(first, [1, 1])


def test_what_is_no_array_is_named_by_its_type(student):
    assert student(f=lambda: "text").call("f").value == Foreign("str")
    assert student(f=lambda: (None, {})).call("f").value == (None, Foreign("dict"))


def test_a_missing_function_and_a_stub_are_said(student):
    def stub():
        raise NotImplementedError("Task 9.1")

    with pytest.raises(StudentError, match="no function called f: keep the name") as missing:
        student().call("f")
    with pytest.raises(StudentError, match="f is not written yet") as unwritten:
        student(f=stub).call("f")
    assert (missing.value.kind, unwritten.value.kind) == ("call", "stub")


def test_an_exception_is_said_with_the_students_own_line(student):
    def f(x):
        inverse = np.linalg.inv(x)  # the fault
        return 2 * inverse

    with pytest.raises(StudentError) as told:
        student(f=f).call("f", np.zeros((2, 2)))
    assert told.value.sentence.startswith("f raised LinAlgError at line ")
    assert "`inverse = np.linalg.inv(x)  # the fault`" in told.value.sentence


def test_an_exception_without_a_line_or_a_message_reads_well(student):
    with pytest.raises(StudentError) as told:
        student(f=int).call("f", np.ones(3))
    assert told.value.sentence.startswith("f raised TypeError (")
    fields = {"type": "E", "message": " \n ", "line": 3, "source": "x = y"}
    assert raised("f", fields) == "f raised E at line 3 of its cell: `x = y` (no message)."


class Unsayable(BaseException):
    def __str__(self):
        raise ValueError


class Number(Exception):
    def __str__(self):
        return 5


@pytest.mark.parametrize("kind", [GeneratorExit, BaseException, Unsayable, Number])
def test_whatever_is_raised_is_said(student, kind):
    def f():
        raise kind

    with pytest.raises(StudentError, match=rf"f raised {kind.__name__} .*\(no message\)\."):
        student(f=f).call("f")


def test_a_long_message_is_cut(student):
    def f():
        raise ValueError("long " * 10000)

    with pytest.raises(StudentError, match="raised ValueError") as told:
        student(f=f).call("f")
    assert told.value.sentence.endswith("…).")
    assert len(told.value.sentence) < 500


def test_the_time_of_all_calls_together_is_limited():
    def slow():
        time.sleep(0.03)
        return 1.0

    one = LocalStudent({"f": slow}, np.random.default_rng(0), 0.05)
    one.call("f")
    for _ in range(2):  # it is not asked again
        with pytest.raises(StudentError, match="f took more than 5 s for 2 calls") as told:
            one.call("f")
        assert told.value.kind == "endless"
    assert one.calls == 2


def test_sys_exit_is_an_answer_and_an_interrupt_is_not(student):
    with pytest.raises(StudentError, match="raised SystemExit"):
        student(f=lambda: sys.exit(3)).call("f")

    def interrupt():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        student(f=interrupt).call("f")


SOURCES = {  # a function, and what both sides must say of it
    "right": "return x + 1",
    "a tuple": "return x, None, 3",
    "a list": "return [x]",
    "text": "return 'text'",
    "changes": "x += 1\n    return x",
    "a stub": "raise NotImplementedError('Task 1')",
    "raises": "return x.nothing",
    "exits": "raise SystemExit",
}


@pytest.mark.parametrize("body", SOURCES.values(), ids=SOURCES)
def test_the_notebook_and_the_sandbox_give_the_same_answer(student, body):
    notebook = Notebook([f"def f(x):\n    {body}"])
    assert notebook.run(1) is None
    x = np.arange(3.0)
    given = x.copy()
    reply, arrays = notebook.answer("f", [given])
    changed = [] if np.array_equal(given, x) else [0]

    def outcome(ask):
        try:
            answer = ask()
        except StudentError as error:
            return error.kind, error.sentence.split(" at line ")[0].split(" (")[0]
        return repr(answer)

    there = outcome(lambda: read_reply("f", reply, arrays, changed))
    here = outcome(lambda: student(f=notebook.space["f"]).call("f", x))
    assert here == there


def test_what_a_call_took_is_the_processors_time_of_the_function_alone():
    def rests(x):
        time.sleep(0.3)
        return x

    def works(x):
        until = time.thread_time() + 0.1
        while time.thread_time() < until:
            x = x + 0
        return x

    student = LocalStudent({"rests": rests, "works": works}, np.random.default_rng(0))
    student.call("rests", np.ones(2))
    rested = student.took
    student.call("works", np.ones(2))
    assert rested < 0.3  # no machine is so busy that to wait is work
    assert student.took - rested >= 0.1
