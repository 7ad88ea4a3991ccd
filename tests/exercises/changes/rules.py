"""What the tests of the rules share: every change of a one-line formula, by its words."""

import numpy as np

from course_nn.exercises.changes import changes
from course_nn.exercises.formula import Formula


def said(line: str, arguments: str = "x, W, b, r") -> dict:
    """The changes of `y = line`, by their words."""
    source = f"def f({arguments}):\n    y = {line}\n    return y"
    return {c.words: c for c in changes(Formula.read(source, {"np": np}))}


def value(line: str, words: str, **inputs):
    """What `y = line` gives with the change of these words."""
    found = said(line, ", ".join(inputs))
    assert words in found, list(found)
    return found[words](**inputs)[0]
