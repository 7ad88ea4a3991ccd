"""`@proves("eq-dense-dx")`: the test that follows shows that this equation of the book is right."""

import re
from collections.abc import Callable
from typing import TypeVar

Test = TypeVar("Test", bound=Callable)
LABEL = re.compile(r"eq-[a-z]+(-[a-z0-9]+)+")


def proves(*labels: str) -> Callable[[Test], Test]:
    """Mark a test with the equations it proves, by their labels; test_rules.py counts them."""
    assert labels, "name the equations that the test proves"
    wrong = [label for label in labels if not LABEL.fullmatch(label)]
    assert not wrong, f"no label of an equation looks like this: {wrong}"

    def marked(test: Test) -> Test:
        return test

    return marked
