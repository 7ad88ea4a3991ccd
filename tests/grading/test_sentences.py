"""The sentences of NumPy and Python are those that these versions say."""

import re

import numpy as np
import pytest

from course_nn.grading import quoted

X = np.ones((4, 3))


def name(a, b, c):
    """A function that needs three arguments."""


RAISES = {
    "broadcast": lambda: X + np.ones((4, 2)),
    "in place": lambda: X.__iadd__(np.ones((5, 4, 3))),
    "set": lambda: X.__setitem__(0, np.ones(7)),
    "matmul": lambda: X @ np.ones((4, 2)),
    "dot": lambda: X.dot(np.ones((4, 2))),
    "reshape": lambda: X.reshape(5, 2),
    "index": lambda: X[9],
    "axis": lambda: X.sum(axis=5),
    "indices": lambda: X[0, 0, 0],
    "concatenate": lambda: np.concatenate([X, np.ones((2, 2))]),
    "truth": lambda: bool(X),
    "ragged": lambda: np.array([[1.0], [1.0, 2.0]], float),
    "float as index": lambda: X[1.0],
    "scalar": lambda: float(X),
    "casting": lambda: np.ones(2, int).__iadd__(np.ones(2)),
    "singular": lambda: np.linalg.inv(np.zeros((2, 2))),
    "empty": lambda: np.zeros((0,)).max(),
    "transpose": lambda: X.transpose(0, 1, 2),
    "stack": lambda: np.stack([X, np.ones(2)]),
    "attribute": lambda: X.nothing,
    "none": lambda: None + X[0, 0],
    "call": lambda: X(),
    "unpack": lambda: name(*X.shape),
    "list": lambda: [1][2],
    "many": lambda: exec("a, b = 1, 2, 3"),
    "name": lambda: nothing,  # noqa: F821
    "division": lambda: 1 / 0,
    "int": lambda: int(np.nan),
    "compare": lambda: 1 < "2",
    "length": lambda: len(1),
}
NOTEBOOK = quoted.Notebook(["nothing = str, X, int, a, b, c, Z, name"])


@pytest.mark.parametrize("name", RAISES)
def test_what_these_versions_say_is_known(name):
    with pytest.raises(Exception) as caught:  # noqa: PT011
        RAISES[name]()
    said = str(caught.value)
    fields = {"type": "E", "message": said, "line": 0, "source": ""}
    sizes = frozenset(map(int, re.findall(r"\d+", said)))
    assert "left out" not in quoted.error(fields, NOTEBOOK, sizes)["message"], said
