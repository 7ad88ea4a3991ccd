"""Agreeing in every task is evidence where each way is rare, and none where all write alike."""

import random

from course_nn.grading.reports.tokens import Reader
from course_nn.grading.reports.ways import functions, same_ways

TASKS = [f"task{k}" for k in range(8)]
STUB = "def {task}(x):\n    raise NotImplementedError(1, 2, 3, 4, 5)\n"


def way(task, k):
    """One of several ways to write a task, some twenty tokens long."""
    lines = "\n".join(f"    x = x * {k} + {j} - np.sum(x)" for j in range(2))
    return f"def {task}(x):\n{lines}\n    return x\n"


def a_class(count, ways, seed=1):
    draw = random.Random(seed)
    return ["\n".join(way(task, draw.randrange(ways)) for task in TASKS) for _ in range(count)]


def pairs(texts, given=()):
    reader = Reader()
    return same_ways([reader.read(t) for t in texts], TASKS, [reader.read(t) for t in given])


def test_who_agrees_in_every_task_by_rare_ways_is_found():
    texts = a_class(40, 8)
    texts.append(texts[3].replace("x", "y"))
    found = pairs(texts)
    assert list(found) == [(3, 40)]
    assert found[3, 40].tasks == tuple(TASKS)
    assert found[3, 40].chance < 0.01


def test_agreeing_in_some_tasks_is_chance():
    texts = a_class(40, 8)
    copied = [way(task, 3) if k > 2 else "" for k, task in enumerate(TASKS)]
    assert pairs([*texts, "\n".join(copied[:4] + texts[0].split("def ")[5:])]) == {}


def test_where_there_are_two_ways_nobody_is_suspected():
    assert pairs(a_class(40, 2)) == {}
    assert pairs(a_class(40, 1)) == {}


def test_what_was_given_and_left_is_no_agreement():
    stubs = "\n".join(STUB.format(task=task) for task in TASKS)
    texts = [*a_class(40, 8), stubs, stubs]
    assert pairs(texts, [stubs]) == {}
    assert (40, 41) in pairs(texts, [stubs.replace("raise", "return")])


def test_few_students_show_nothing():
    texts = a_class(1, 8)
    assert pairs(texts * 3) == {}
    assert same_ways([], TASKS, []) == {}


def test_a_function_is_its_last_definition_without_its_texts():
    read = Reader().read(
        'def f(x):\n    """Old."""\n    return 1\nx = 2\ndef f(x):\n    return 2\n'
    )
    plain = Reader().read('def f(x):\n    """New\n\n    lines."""\n    return 2')
    assert functions(read) == functions(plain)
    assert set(functions(Reader().read("async def g(): 3\n  def h(): 3"))) == set()
