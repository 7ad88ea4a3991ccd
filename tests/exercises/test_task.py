"""A question says how it is called, and what its arguments are."""

import dataclasses

import numpy as np
import pytest

from course_nn.exercises import NAMES, load
from course_nn.exercises.task import dtype_of

QUESTIONS = [question for name in NAMES for question in load(name).QUESTIONS.values()]


def test_a_question_is_called_by_its_number_and_name(question):
    assert question.title == "Task 9.1, mix"
    assert question.kind == "value"


def test_the_arguments_dtype_is_that_of_the_first():
    assert dtype_of((np.ones(2, np.float32), 0.5)) == np.float32
    assert dtype_of((np.ones(2), np.ones(2, np.float32))) == np.float64


def test_a_question_cannot_be_changed_by_who_asks_it(question):
    with pytest.raises(dataclasses.FrozenInstanceError):
        question.number = "1"


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.name)
@pytest.mark.parametrize("square", [False, True])
def test_every_question_draws_what_it_names_and_answers_as_it_says(question, square):
    sizes = question.square if square else {}
    inputs = question.draw(np.random.default_rng(0), **sizes)
    assert len(inputs) == len(question.inputs)
    right = question.right(*inputs)
    assert len(right) == len(question.outputs)
    for array, output in zip(right, question.outputs.values(), strict=True):
        assert array.ndim == len(output.axes.strip("()").rstrip(",").split(","))
        assert array.dtype == dtype_of(inputs) == np.float64


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.name)
def test_no_answer_of_a_question_writes_into_its_arguments(question):
    inputs = question.draw(np.random.default_rng(0))
    before = [np.array(value) for value in inputs]
    question.right(*inputs)
    for value, old in zip(inputs, before, strict=True):
        np.testing.assert_array_equal(value, old)


def test_an_exercise_that_is_not_there_is_said_with_those_that_are():
    with pytest.raises(KeyError, match=r"no exercise 'ex99'; there are: ex02_dense"):
        load("ex99")
