"""Exercise 11: make it fast.

What is asked and what is right, as a student has it. Written by `course-nn release` from
tests/autograder/ex11_fast/exercise.md: change it there.
"""
import math

import numpy as np

from course_nn.exercises.task import task

import time

from course_nn.exercises.probes import grows_with
from course_nn.exercises.task import Broken
from course_nn.threads import own_seconds


def _as_slow_ones(wanted, found):
    """Whether what was fast is right, too."""
    if np.shape(found) == np.shape(wanted) and np.allclose(found, wanted, 1e-6, 1e-6):
        return ""
    return "where it is timed, it does not give what the loops give"


def _drawn(rng, shapes):
    """New numbers every time: no answer that was kept holds for them, or tells of them."""
    return {
        name: rng.normal(size=shape) if isinstance(shape, tuple) else shape
        for name, shape in shapes.items()
    }


def at_least_fifty_times(loops, axes, **shapes):
    """A property: the student's function is fifty times as fast as the loops on such inputs.

    An input is a number, or the shape of an array. `axes` are the letters of the inputs, each with
    its arguments and at which axis they have it.
    """

    def broken(ask, rng):
        """it is at least fifty times as fast as the loops"""
        inputs = _drawn(rng, shapes)
        start = own_seconds()
        loops(*inputs.values())
        slow = own_seconds() - start
        fast, begun = slow, time.perf_counter()
        for k in range(100):  # the best of many counts, and half of the fifty is forgiven
            if fast > slow / 12 and time.perf_counter() - begun > (0.5 if k > 9 else 2):
                break  # it is hopeless, and not only held up
            tried = _drawn(rng, shapes)
            before = ask.took
            answer = ask(**tried)
            fast = min(fast, ask.took - before)
            arrays = (*tried.values(), *answer.values())
            carried = 5e-4 + 2e-9 * sum(np.asarray(array).nbytes for array in arrays)
            if fast <= slow / 25 + carried:  # to the function and back, which is not its own time
                return _as_slow_ones(loops(*tried.values()), *answer.values())
        how = f"only {slow / fast:.0f} times as fast as" if slow > 1.5 * fast else "not faster than"
        says = f"right, but {how} the loops, expected 50 times as fast"
        return Broken(says, grows_with(ask, inputs, axes), "told")

    return broken


def distances_by_loops(x, y):
    d = np.zeros((len(x), len(y)), dtype=x.dtype)
    for n in range(len(x)):
        for m in range(len(y)):
            for k in range(x.shape[1]):
                d[n, m] += (x[n, k] - y[m, k]) ** 2
    return d


@task("11.1", "x:N,D y:M,D -> d:N,M", points=2,
      properties=[at_least_fifty_times(
          distances_by_loops, {"N": {"x": 0}, "M": {"y": 0}, "D": {"x": 1, "y": 1}},
          x=(100, 12), y=(100, 12))],
      section=("From nested lists to the real thing", "Version 4: one product"),
      hint="x[:, None] - y is (N, M, D). Or |x|² + |y|² - 2 x·y, which is one product.",
      example={"x": [[0, 0], [1, 1]], "y": [[3, 4]]},
      mistakes=[
          ("the root is taken: the distances are squared here",
           lambda r, i: {"d": np.sqrt(r["d"])}),
          ("x · y is subtracted once, not twice",
           lambda r, i: {"d": r["d"] + i["x"] @ i["y"].T}),
          ("2 x · y is added, it must be subtracted",
           lambda r, i: {"d": r["d"] + 4 * i["x"] @ i["y"].T}),
          ("these are the products x · y alone", lambda r, i: {"d": i["x"] @ i["y"].T}),
          ("the absolute differences are added up, they must be squared",
           lambda r, i: {"d": np.abs(i["x"][:, None] - i["y"]).sum(axis=2)}),
      ])
def distances(x, y):
    """Return the squared distance of every row of x from every row of y."""
    difference = x[:, None] - y
    d = (difference**2).sum(axis=2)
    return d


@distances.also
def distances(x, y):
    long_x = (x**2).sum(axis=1)
    long_y = (y**2).sum(axis=1)
    d = long_x[:, None] + long_y - 2 * x @ y.T
    return d


@distances.also
def distances(x, y):
    d = np.zeros((len(x), len(y)))
    for n in range(len(x)):
        d[n] = ((x[n] - y) ** 2).sum(axis=1)
    return d


@distances.also
def distances(x, y):
    difference = x[:, np.newaxis, :] - y[np.newaxis, :, :]
    d = np.einsum("nmd,nmd->nm", difference, difference)
    return d


def patches_by_loops(x):
    H, W = x.shape
    rows = np.zeros(((H - 1) * (W - 1), 4), dtype=x.dtype)
    for i in range(H - 1):
        for j in range(W - 1):
            for r in range(2):
                for s in range(2):
                    rows[i * (W - 1) + j, 2 * r + s] = x[i + r, j + s]
    return rows


@task("11.2", "x:U+1,V+1 -> rows:U*V,4", points=2, sizes={"U": 4, "V": 5},
      properties=[at_least_fifty_times(
          patches_by_loops, {"H": {"x": 0}, "W": {"x": 1}}, x=(160, 160))],
      section=("From nested lists to the real thing", "A convolution, the same way"),
      hint="Four shifted views of the image, one for each place in a patch; then `np.stack`.",
      example={"x": [[1, 2, 3], [4, 5, 6]]},
      mistakes=[
          ("the patches stand in the order of columns: down first, then to the right",
           lambda r, i: {"rows": r["rows"].reshape(
               len(i["x"]) - 1, -1, 4).swapaxes(0, 1).reshape(-1, 4)}),
          ("in each patch the numbers stand column by column",
           lambda r, i: {"rows": r["rows"][:, [0, 2, 1, 3]]}),
          ("the numbers of all four corners stand one after the other: `axis=1` of stack is missing",
           lambda r, i: {"rows": r["rows"].T.reshape(-1, 4)}),
          ("a patch begins at every second pixel only: they must overlap",
           lambda r, i: {"rows": r["rows"].reshape(
               len(i["x"]) - 1, -1, 4)[::2, ::2].reshape(-1, 4)}),
      ])
def patches(x):
    """Return every 2 × 2 patch of x as a row."""
    corners = [x[:-1, :-1], x[:-1, 1:], x[1:, :-1], x[1:, 1:]]
    rows = np.stack([corner.ravel() for corner in corners], axis=1)
    return rows


@patches.also
def patches(x):
    windows = np.lib.stride_tricks.sliding_window_view(x, (2, 2))
    rows = windows.reshape(-1, 4)
    return rows


@patches.also
def patches(x):
    H, W = x.shape
    rows = np.zeros(((H - 1) * (W - 1), 4))
    for r in range(2):
        for s in range(2):
            rows[:, 2 * r + s] = x[r : H - 1 + r, s : W - 1 + s].ravel()
    return rows


def running_mean_by_loops(x, k):
    y = np.zeros(len(x) - k + 1, dtype=x.dtype)
    for i in range(len(y)):
        total = 0.0
        for j in range(k):
            total += x[i + j]
        y[i] = total / k
    return y


def _as_the_loops(ask, rng):
    """it gives what the loops give"""
    x = rng.normal(size=50)
    for k in (1, 7, 50):
        y, wanted = ask(x=x, k=k)["y"], running_mean_by_loops(x, k)
        if np.shape(y) != wanted.shape:
            return f"for 50 numbers and k = {k} y has shape {np.shape(y)}, expected {wanted.shape}"
        if not np.allclose(y, wanted):
            i = int((~np.isclose(y, wanted)).argmax())
            return f"for 50 numbers and k = {k} y[{i}] is {y[i]:.6g}, expected {wanted[i]:.6g}"
    return ""


@task("11.3", "x:U+k-1 k=2|3|1 -> y:U", points=1, transfer=True, sizes={"U": 5},
      properties=[_as_the_loops, at_least_fifty_times(
          running_mean_by_loops, {"N": {"x": 0}, "k": {"k": None}}, x=(3000,), k=60)],
      section=("From nested lists to the real thing", "A convolution, the same way"),
      hint="The sum of a window is the difference of two running totals.",
      example={"x": [1, 3, 5, 9], "k": 2}, answer={"y": [2, 4, 7]})
def running_mean(x, k):
    """Return the mean of every window of k numbers of x."""
    ...


def ranks_by_loops(x):
    ranks = np.zeros(len(x), dtype=int)
    for i in range(len(x)):
        for j in range(len(x)):
            if x[j] < x[i]:
                ranks[i] += 1
    return ranks


def _rounded(rng, shape, whole):
    return np.round(rng.normal(size=shape) * 2) / (1 if whole else 2)


def _ranks_as_the_loops(ask, rng):
    """it gives what the loops give"""
    x = _rounded(rng, 12, False)
    found, wanted = ask(x=x)["ranks"], ranks_by_loops(x)
    if not np.array_equal(found, wanted):
        i = int((found != wanted).argmax())
        return f"for x = {x.tolist()} ranks[{i}] is {found[i]}, expected {wanted[i]}"
    many = rng.permutation(400).astype(float)
    same = np.array_equal(ask(x=many)["ranks"], many)
    return "" if same else "the numbers 0 to 399 in any order are not their own ranks"


@task("11.4", "x:N -> ranks:N#", points=1, transfer=True, own={"x": _rounded}, many={"N": 600},
      properties=[_ranks_as_the_loops, at_least_fifty_times(
          ranks_by_loops, {"N": {"x": 0}}, x=(500,))],
      section=("From nested lists to the real thing", "Counting before measuring"),
      hint="In a sorted array, the place where a number would go is how many are smaller.",
      example={"x": [3, 1, 3, 2]}, answer={"ranks": [2, 0, 2, 1]})
def ranks(x):
    """Return for each number of x how many others are smaller."""
    ...
