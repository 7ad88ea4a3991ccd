"""Drivers: what a notebook gives for a task is run as it was released, whatever became of it."""

import pytest

from course_nn.worker.drivers import Driver, same

TEXT = '''class Twice:
    def run(self, x):
        return 2 * x


def drive(x, y=1):
    """Drive `Mine`."""
    return Mine(Twice()).run(x) + y
'''


class Mine:
    def __init__(self, inner):
        self.inner = inner

    def run(self, x):
        return 10 * self.inner.run(x)


class Spoils(Mine):
    def run(self, x):
        type(self.inner).run = lambda self, x: 0
        return 7


def given() -> Driver:
    return Driver("drive", TEXT)


def written(text: str):
    space = {}
    exec(text, space)
    return space["drive"]


def test_it_takes_from_the_student_what_is_not_given():
    assert given().needs == {"Mine"}
    assert (given().stands({"Mine": Mine}), given().stands({})) == (True, False)
    with pytest.raises(NameError, match="Mine"):
        given().bound({}, None)(1)


def test_what_is_given_is_not_what_the_student_has_of_that_name():
    space = {"Mine": Mine, "Twice": None, "drive": None, "np": None}
    assert given().bound(space, None)(1) == 21
    assert space == {"Mine": Mine, "Twice": None, "drive": None, "np": None}


def test_no_call_changes_the_next_one():
    driver = given()
    assert driver.bound({"Mine": Spoils}, None)(1) == 8
    assert driver.bound({"Mine": Mine}, None)(1) == 21


def test_an_unchanged_copy_is_told_by_its_own_lines_and_run_among_what_is_given():
    theirs = written(f"# mine\n\n{TEXT}")
    found = given().bound({"Mine": Mine}, theirs)
    assert (found(1), found(1, 2)) == (21, 22)
    assert found.__code__ is theirs.__code__
    assert found.__globals__ is not theirs.__globals__


SAME = {
    "laid out otherwise": ("(Twice()).run(x) + y", "(\n        Twice()  # so\n    ).run(x) + y"),
    "without its docstring": ('    """Drive `Mine`."""\n', ""),
    "with another": ("Drive `Mine`.", "Drive mine."),
}
OTHER = {
    "it prints": ("    return Mine", "    print(x)\n    return Mine"),
    "another number": ("y=1):", "y=1):\n    y = 2"),
    "another name": ("Mine(Twice())", "Mine(Once())"),
    "an argument more": ("y=1):", "y=1, z=1):"),
}


@pytest.mark.parametrize("name", [*SAME, *OTHER])
def test_a_copy_is_the_same_by_what_it_does(name):
    old, new = (SAME | OTHER)[name]
    assert old in TEXT
    assert same(written(TEXT), written(TEXT.replace(old, new))) == (name in SAME)


@pytest.mark.parametrize("theirs", [None, 3, len, Mine, lambda x, y=1: Mine(x).run(x) + y])
def test_what_is_no_copy_is_another(theirs):
    assert not same(written(TEXT), theirs)
