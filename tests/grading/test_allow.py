"""Packages that a submission is allowed to use: really there, in every kind of sandbox."""

import importlib.util

import numpy as np
import pytest

from course_nn.grading.breakout import choose
from course_nn.grading.collect import Submission
from course_nn.grading.remote import Limits, Worker
from course_nn.grading.runner import Settings, grade_one
from course_nn.grading.spread import Carried
from course_nn.worker.desk import Sheet

USES = {  # a cell that uses the package above a function that does, and what that gives for ones
    "matplotlib": (
        """import matplotlib.pyplot as plt
plt.plot([1, 2], [3, 4], label="a")
plt.legend()
plt.show()
def f(x):
    figure, axes = plt.subplots(figsize=(2, 1), dpi=50)
    axes.imshow(x)
    axes.set_title("α")
    figure.canvas.draw()
    size = float(np.asarray(figure.canvas.buffer_rgba()).shape[1])
    plt.close(figure)
    return size
""",
        100.0,
    ),
    "scipy": (
        """import scipy.linalg
from scipy import ndimage, optimize, signal, special, stats
def f(x):
    least = optimize.minimize(lambda v: (v**2).sum(), np.zeros(2)).fun
    sums = signal.correlate2d(x, np.ones((2, 2)), "valid").sum() + least
    return float(sums + special.expit(0.0) + scipy.linalg.inv(np.eye(2)).sum())
""",
        38.5,
    ),
    "pandas": (
        """import pandas as pd
table = pd.DataFrame({"a": [1, 2], "b": [3.0, 4.0]})
table.describe()
table.groupby("a").sum()
def f(x):
    return float(pd.DataFrame(x).sum().sum())
""",
        16.0,
    ),
}
INSTALLED = [name for name in USES if importlib.util.find_spec(name)]


@pytest.mark.parametrize("name", USES)
def test_an_allowed_package_is_there(kind, name):
    if name not in INSTALLED:
        pytest.skip(f"{name} is not installed")
    cell, right = USES[name]
    worker = Worker(["import numpy as np", cell], Limits(), kind, allowed=INSTALLED)
    try:
        worker.ready()
        asked = worker.ask("f", Sheet([(np.ones((4, 4)),)]))
        assert not worker.failures, worker.failures
        ((header, (found,)),) = asked.replies()
        assert (header["status"], found) == ("ok", right)
    finally:
        worker.stop()


def test_who_may_use_packages_gets_the_same_points(assignment, solution, notebook, tmp_path):
    """A right submission that imports them."""
    cells = [*solution[:1], *(f"import {name}" for name in INSTALLED), *solution[1:]]
    kind, _ = choose("auto")
    source = Carried(notebook(*cells).encode())
    settings = Settings(kind, 1, allowed=tuple(INSTALLED))
    record = grade_one(Submission("ada", source, "f.ipynb"), assignment, settings)
    assert (record.total, record.failures) == (record.maximum, ())
