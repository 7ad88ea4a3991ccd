"""Exercise 9: optimisers.

What is asked and what is right, as a student has it. Written by `course-nn release` from
tests/autograder/ex09_optimisers/exercise.md: change it there.
"""
import math

import numpy as np

from course_nn.exercises.task import task

@task("9.1", "w:P g:P v:P lr momentum -> w:P v:P", points=1,
      section=("Gradient descent", "Momentum"),
      hint="Two lines; the second uses what the first has made.",
      example={"w": [1], "g": [2], "v": [4], "lr": 0.5, "momentum": 0.25})
def momentum_step(w, g, v, lr, momentum):
    """Return the weights and the velocity after one step with momentum."""
    v = momentum * v + g
    w = w - lr * v
    return w, v


@task("9.2", "w:P g:P v:P lr momentum -> w:P v:P", points=1,
      section=("Gradient descent", "Nesterov's look-ahead"),
      hint="One more product than in task 9.1.",
      example={"w": [1], "g": [2], "v": [4], "lr": 0.5, "momentum": 0.25})
def nesterov_step(w, g, v, lr, momentum):
    """Return the weights and the velocity after one step with Nesterov's momentum."""
    v = momentum * v + g
    w = w - lr * (g + momentum * v)
    return w, v


@task("9.3", "w:P g:P m:P v:P+ t=1|2|10 lr beta1 beta2 -> w:P m:P v:P+", points=3,
      section=("Adam", "The whole of Adam"),
      hint="Five lines, one a formula. ε stands outside the root.",
      example={"w": [1], "g": [2], "m": [0], "v": [0], "t": 1, "lr": 0.5, "beta1": 0.5,
               "beta2": 0.75})
def adam_step(w, g, m, v, t, lr, beta1, beta2):
    """Return the weights and both running means after step t of Adam."""
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    w = w - lr * m_hat / (np.sqrt(v_hat) + 1e-3)
    return w, m, v


@task("9.4", "w:P u:P lr decay -> w:P", points=1,
      section=("Adam", "AdamW: the decay that Adam swallows"),
      hint="Both are subtracted from the old w.",
      example={"w": [2], "u": [1], "lr": 0.5, "decay": 0.25})
def decayed_step(w, u, lr, decay):
    """Return the weights after a step along u with a decay of its own."""
    w = w - lr * (u + decay * w)
    return w


def _never_falls(ask, rng):
    """v_max never falls, and rises with v"""
    w, g, m, v = rng.normal(size=(4, 3))
    rest = {"lr": 0.1, "beta1": 0.9, "beta2": 0.5}
    found = ask(w=w, g=g, m=m, v=v**2, vmax=np.full(3, 100.0), **rest)["vmax"]
    if not np.allclose(found, 100):
        return f"a v_max of 100 becomes {found}, expected 100"
    found = ask(w=w, g=g, m=m, v=v**2, vmax=np.zeros(3), **rest)
    if np.allclose(found["vmax"], found["v"]):
        return ""
    return f"a v_max of 0 becomes {found['vmax']}, expected the v that is returned, {found['v']}"


def _remembers_as_adam(ask, rng):
    """without a memory m is g and v is g²; and w follows from m and v_max"""
    w, g, m, v = rng.normal(size=(4, 3))
    state = {"w": w, "g": g, "m": m, "v": v**2, "vmax": np.ones(3), "lr": 0.1}
    found = ask(**state, beta1=0.0, beta2=0.75)
    if not np.allclose(found["m"], g):
        return f"with β1 = 0 m is {found['m']}, expected g, {g}"
    step = w - 0.1 * found["m"] / (np.sqrt(found["vmax"]) + 1e-3)
    if not np.allclose(found["w"], step):
        return f"w is {found['w']}, and from the m and v_max returned with it follows {step}"
    found = ask(**state, beta1=0.25, beta2=0.0)
    return "" if np.allclose(found["v"], g**2) else f"with β2 = 0 v is {found['v']}, expected g², {g**2}"


@task("9.5", "w:P g:P m:P v:P+ vmax:P+ lr beta1 beta2 -> w:P m:P v:P vmax:P", points=1,
      transfer=True, properties=[_never_falls, _remembers_as_adam],
      section=("Adam", "The whole of Adam"),
      hint="Adam's first two lines, then `np.maximum`.",
      example={"w": [1, 2], "g": [1, -4], "m": [3, 2], "v": [5, 0], "vmax": [3, 9], "lr": 0.5,
               "beta1": 0.5, "beta2": 0.75},
      answer={"w": [0.5002498750624688, 2.1666111296234586], "m": [2, -1], "v": [4, 4],
              "vmax": [4, 9]})
def amsgrad_step(w, g, m, v, vmax, lr, beta1, beta2):
    """Return w, m, v and vmax after one step of AMSGrad."""
    ...


def _steps(rng, shape, whole):
    return rng.integers(0, 20, shape)


def _is_continuous(ask, rng):
    """it reaches the full rate when it is warm, and ends near 0"""
    found = ask(t=np.arange(20.0), lr=0.8, warm=4, total=20)["rate"]
    if not np.allclose(found[[3, 4]], 0.8):
        return f"at steps 3 and 4 of a warm-up of 4 it is {found[[3, 4]]}, expected 0.8 twice"
    return "" if found[-1] < 0.02 else "it does not fall towards 0 at the end"


@task("9.6", "t:N# lr warm=4|1|7 total=20 -> rate:N", points=1, transfer=True, own={"t": _steps},
      properties=[_is_continuous],
      section=("Gradient descent", "Schedules"),
      hint="Both formulas for all t, then `np.where`.",
      example={"t": [0, 4, 12], "lr": 0.5, "warm": 4, "total": 20},
      answer={"rate": [0.125, 0.5, 0.25]})
def warm_cosine(t, lr, warm, total):
    """Return the learning rate of each step t: a straight rise, then half a cosine."""
    ...
