"""Exercise 12: a network within a budget.

What is asked and what is right, as a student has it. Written by `course-nn release` from
tests/autograder/ex12_capstone/exercise.md: change it there.
"""
import math

import numpy as np

from course_nn.exercises.task import task

from functools import lru_cache

from course_nn.exercises.probes import Reading, units_of, why_it_reads_little
from course_nn.exercises.task import Broken, told

BUDGET, SECONDS, SHARE, NEW = 3000, 3.0, 0.9, 0.87


def _all_digits():
    from course_nn.data import digits

    x, labels, more, more_labels = digits()
    x = np.concatenate([x, more]).reshape(len(x) + len(more), -1).astype(np.float64)
    return x, np.concatenate([labels, more_labels])


def _reads_digits(ask, rng):
    """it reads digits that it has not seen, within the budget"""
    x, labels = _all_digits()
    order = rng.permutation(len(x))
    seen, new = order[:1000], order[1000:]
    before = ask.took
    answer = ask(x=x[seen], labels=labels[seen], x_new=x[[*new, *seen]])
    seconds, theta, found = ask.took - before, answer["theta"], answer["found"]
    if fault := _form(theta, found, seconds, len(x)):
        return told(fault)
    split = len(new)
    reading = Reading(theta, x[seen], labels[seen], found[split:], x[new], labels[new], found[:split])
    if reading.share >= SHARE:
        return ""
    says = f"{reading.share:.1%} of new digits are read right, expected {SHARE:.0%}"
    return Broken(says, _same_for_other_labels(ask) or why_it_reads_little(reading))


def _form(theta, found, seconds, many):
    """What is wrong with the answers before they are judged."""
    if not isinstance(theta, np.ndarray) or theta.ndim != 1 or theta.dtype.kind != "f":
        how = f"an array of shape {theta.shape}" if isinstance(theta, np.ndarray) else "no array"
        return f"train must return one vector of floats, theta; this is {how}: join all with ravel"
    if theta.size > BUDGET:
        units = units_of(theta.size, 64, 10) or (
            " (are they the digits themselves?)" if theta.size > 60000 else "")
        return f"theta has {theta.size} numbers{units}, and the budget is {BUDGET}"
    if seconds > 1.5 * SECONDS:  # a busy machine is forgiven half
        return f"training took {seconds:.0f} s, and the budget is {SECONDS:.0f} s"
    shape = np.shape(found)
    if shape == (many,):
        return ""
    hints = {
        (many, 10): ": a number a class; take the place of the largest, argmax along axis 1",
        (10,): ": one a class; argmax must go along axis 1, over the classes of each digit",
        (many, 1): ": a column; it must have one axis",
        (1000,): ": are these the digits that it learned from, and not x_new?",
    }
    return f"predict returned shape {shape}, expected ({many},), a label a digit{hints.get(shape, '')}"


def _same_for_other_labels(ask):
    """Whether theta hangs on the labels at all; and whether a single digit can be read."""
    x, labels = _all_digits()
    x, labels = x[:40], labels[:40]
    one, other = (ask(x=x, labels=t, x_new=x[:1]) for t in (labels, 9 - labels))
    if np.array_equal(one["theta"], other["theta"]):
        return (
            "theta is the same whatever the labels are: nothing that was learned is in it; is it "
            "taken before training, or are the digits kept elsewhere?"
        )
    return ""


def _keeps_what_it_learned_in_theta(ask, rng):
    """what it has learned is in theta, and it reads a single digit"""
    x, labels = _all_digits()
    found = ask(x=x[:40], labels=labels[:40], x_new=x[-1:])["found"]
    if np.shape(found) != (1,):
        return told(
            f"of one digit predict returned shape {np.shape(found)}, expected (1,): no axis may "
            "be dropped (squeeze?)"
        )
    return told(says) if (says := _same_for_other_labels(ask)) else ""


_PLACES = np.stack(np.meshgrid(np.arange(8), np.arange(8)), axis=-1).reshape(64, 2) / 8 - 0.4375


def _written(lines, width):
    """Each line through some points as a picture of 8 × 8 pixels: black at it, white away from it."""
    start, along = lines[:, :-1, None], np.diff(lines, axis=1)[:, :, None]
    there = _PLACES - start
    share = np.clip((there * along).sum(-1) / np.maximum((along**2).sum(-1), 1e-12), 0, 1)
    away = (there - share[..., None] * along) ** 2
    return np.exp(-away.sum(-1).min(axis=1) / width[:, None] ** 2)


def _alphabet(rng):
    """Ten signs that nobody has seen, each written in two ways: lines that are unlike each other."""
    lines = rng.uniform(-0.4, 0.4, (100, 5, 2))
    x, chosen = _written(lines, np.full(100, 0.14)), [0]
    while len(chosen) < 20:
        chosen.append(int(((x[:, None] - x[chosen]) ** 2).sum(-1).min(axis=1).argmax()))
    lines, labels = lines[rng.permutation(chosen)], rng.integers(0, 10, 1800)
    hands = lines[labels + 10 * rng.integers(0, 2, 1800)] + rng.normal(0, 0.04, (1800, 5, 2))
    hands = hands @ (np.eye(2) + rng.normal(0, 0.08, (1800, 2, 2)))
    hands += rng.normal(0, 0.03, (1800, 1, 2))
    return _written(hands, rng.uniform(0.08, 0.14, 1800)), labels


def _shares_of_formulas(x, labels):
    """What one mean a sign reads of the last 800, and what the best plane between them does."""
    means = np.array([x[:1000][labels[:1000] == k].mean(axis=0) for k in range(10)])
    rest = x[:1000] - means[labels[:1000]]
    W = np.linalg.solve(rest.T @ rest / 1000 + 0.01 * np.eye(64), means.T)
    scores = (x[1000:] @ w.T - 0.5 * (means * w).sum(axis=1) for w in (means, W.T))
    return [np.mean(s.argmax(axis=1) == labels[1000:]) for s in scores]


@lru_cache(maxsize=4)
def _new_signs(seed):
    """An alphabet that must be learned: one mean a sign is too little, and a plane is enough."""
    rng = np.random.default_rng(seed)
    while True:
        x, labels = _alphabet(rng)
        mean, plane = _shares_of_formulas(x, labels)
        if mean < 0.84 and plane > 0.93:
            return x, labels


def _shaken(theta, rng):
    """Each number another one by about 2 %, and 0 where it is less than a thousandth of the largest:
    what a number stands for is left, and what its digits could hide is not."""
    moved = theta * (1 + 0.02 * rng.normal(size=theta.shape))
    return np.where(abs(theta) < 1e-3 * abs(theta).max(initial=0), 0, moved).astype(theta.dtype)


def _learns_what_is_new(ask, rng):
    """it learns signs that nobody has seen, and predict needs nothing but theta"""
    x, labels = _new_signs(int(rng.integers(1 << 32)))
    if ask.forgetful:
        theta = ask.other("train", x[:1000], labels[:1000])
        if fault := _form(theta, labels[1000:], 0, 800):
            return told(fault)
        ask.forget()
        found = ask.other("predict", _shaken(theta, rng), x[1000:])
    else:  # in a notebook both share all that there is, and the driver shakes
        found = ask(x=x[:1000], labels=labels[:1000], x_new=x[1000:])["found"]
    fits = isinstance(found, np.ndarray) and found.shape == (800,)
    share = np.mean(found == labels[1000:]) if fits else 0.0
    if share >= NEW:
        return ""
    return told(
        f"of ten signs that nobody has seen, written by the check, predict reads {share:.0%}, "
        f"expected {NEW:.0%}: all that train has learned must be in theta, from the pixels and labels "
        "that it is given, and in no digit of its numbers that a shake of 2 % takes away"
    )


@task("12.1", "x:N,D labels:N<K x_new:M,D -> theta:P found:M", points=4, given=True, open=True,
      properties=[_reads_digits, _keeps_what_it_learned_in_theta, _learns_what_is_new],
      section=("LeNet reads handwriting", "It learns"),
      hint="One hidden layer, ReLU, the fused loss of exercise 5, momentum, 40 epochs of batches of 32.")
def learn(x, labels, x_new):
    """Train on some digits within the budget, and read others."""
    ...


def _ints(rng, shape, whole):
    return rng.integers(0, 3, shape)


@task("12.2", "labels:N<K found:N<K K=3|5 -> C:K,K#", points=1,
      own={"labels": _ints, "found": _ints}, never_one="N", many={"N": 3000},
      section=("LeNet reads handwriting", "What it confuses"),
      hint="`np.add.at` adds 1 at every pair; or a product of two one-hot matrices.",
      example={"labels": [0, 1, 1], "found": [0, 2, 1], "K": 3},
      mistakes=[
          ("a pair that comes more than once counts once: `+=` with index arrays does so",
           lambda r, i: {"C": np.minimum(r["C"], 1)}),
          ("rows are what was read, columns the classes: it must be the other way round",
           lambda r, i: {"C": r["C"].T}),
          ("each row is divided by its sum: these are shares, not counts",
           lambda r, i: {"C": r["C"] / np.maximum(r["C"].sum(axis=1, keepdims=True), 1)}),
          ("all is divided by the number of samples: these are shares, not counts",
           lambda r, i: {"C": r["C"] / len(i["labels"])}),
          ("only what was read right is counted",
           lambda r, i: {"C": np.diag(np.diag(r["C"]))}),
          ("only what was read wrong is counted",
           lambda r, i: {"C": r["C"] - np.diag(np.diag(r["C"]))}),
      ])
def confusion(labels, found, K):
    """Return how many samples of class k were read as class l."""
    C = np.zeros((K, K))
    for n in range(len(labels)):
        C[labels[n], found[n]] += 1
    return C


@confusion.also
def confusion(labels, found, K):
    classes = np.arange(K)
    right = labels[:, None] == classes
    read = found[:, None] == classes
    C = right.T.astype(float) @ read
    return C


@confusion.also
def confusion(labels, found, K):
    C = np.zeros((K, K))
    for k in range(K):
        for l in range(K):
            C[k, l] = ((labels == k) & (found == l)).sum()
    return C


@confusion.also
def confusion(labels, found, K):
    pairs = labels * K + found
    C = np.bincount(pairs, minlength=K * K).reshape(K, K)
    return C


def _confidence(rng, shape, whole):
    """Also on the edge of a bin, and 1; multiples of 1/64, so that no edge is rounded."""
    return rng.integers(0, 9, shape) / 8 if whole else rng.integers(0, 65, shape) / 64


def _mostly_right(rng, shape, whole):
    """Right more often than its confidence says, but not where that is 1."""
    return (rng.random(shape) < 0.9).astype(float)


def _honest(ask, rng):
    """who is right as often as it says has no error"""
    c, right = np.full(10, 0.3), np.repeat([1.0, 0.0], [3, 7])
    found = ask(confidence=c, right=right, B=4)["error"]
    if abs(found) < 1e-9:
        return ""
    return f"right in 3 of 10, each at a confidence of 0.3, gives {found:.6g}, expected 0"


def _does_not_cancel(ask, rng):
    """too sure in one bin and not sure enough in another do not cancel"""
    c, right = np.repeat([0.125, 0.875], [2, 6]), np.repeat([1.0, 0.0], [2, 6])
    found = ask(confidence=c, right=right, B=8)["error"]
    if abs(found - 0.875) < 1e-9:
        return ""
    return (
        "2 samples right at a confidence of 0.125 and 6 wrong at 0.875 give "
        f"{found:.6g}, expected 0.875: all are off by as much"
    )


@task("12.3", "confidence:N right:N B=4|8 -> error:", points=1, transfer=True,
      own={"confidence": _confidence, "right": _mostly_right},
      properties=[_honest, _does_not_cancel], many={"N": 60},
      section=("Cross-entropy", "Does it mean what it says?"),
      hint="`np.minimum((confidence * B).astype(int), B - 1)` is the bin of each sample.",
      example={"confidence": [0.375, 0.5, 0.625, 0.875, 1.0], "right": [1, 0, 1, 1, 0], "B": 4},
      answer={"error": 0.325})
def calibration_error(confidence, right, B):
    """Return the mean distance of confidence and share of right answers, bin by bin."""
    ...


def _of_two(ask, rng):
    """with two classes every sample counts"""
    x = rng.normal(size=(6, 2))
    found = ask(x=x, labels=np.array([0, 1, 0, 1, 1, 0]))["share"]
    return "" if found == 1 else f"with two classes it is {found}, expected 1"


def _not_the_third(ask, rng):
    """a class below two others does not count"""
    x, labels = rng.normal(size=(6, 5)), np.array([0, 1, 2, 3, 4, 0])
    x[np.arange(6), labels] -= 9
    found = ask(x=x, labels=labels)["share"]
    return "" if found == 0 else f"where the right class has the smallest score it is {found}, expected 0"


@task("12.4", "x:N,K labels:N<K -> share:", points=1, transfer=True, 
      properties=[_of_two, _not_the_third],
      sizes={"N": 7, "K": 6}, many={"N": 200, "K": 40},
      section=("LeNet reads handwriting", "The test"),
      hint="How many scores are larger than that of the right class?",
      example={"x": [[1, 3, 2], [5, 1, 4], [2, 2, 2], [0, 4, 0], [7, 3, 3]],
               "labels": [2, 1, 2, 0, 1]},
      answer={"share": 0.6})
def best_two(x, labels):
    """Return the share of samples whose label is among the two largest scores."""
    ...
