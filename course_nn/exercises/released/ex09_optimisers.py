"""Exercise 9: optimisers.

What is asked and what is right, as a student has it. Written by `course-nn release` from
tests/autograder/ex09_optimisers/exercise.md: change it there.
"""
import math

import numpy as np

from course_nn.exercises.task import task

def _velocity(i, v, sign=-1):
    return {"w": i["w"] + sign * v, "v": v}


_other_velocities = [
    ("the learning rate is in the velocity: v is μ v + η g",
     lambda r, i: _velocity(i, i["momentum"] * i["v"] + i["lr"] * i["g"])),
    ("the velocity is μ v - η g, and is added: here it is μ v + g, and η v is subtracted",
     lambda r, i: _velocity(i, i["momentum"] * i["v"] - i["lr"] * i["g"], 1)),
    ("the velocity is a running mean, μ v + (1 - μ) g: here it is μ v + g",
     lambda r, i: {"v": (v := i["momentum"] * i["v"] + (1 - i["momentum"]) * i["g"]),
                   "w": i["w"] - i["lr"] * v}),
]


@task("9.1", "w:P g:P v:P lr momentum -> w:P v:P", points=1,
      section=("Gradient descent", "Momentum"),
      hint="Two lines; the second uses what the first has made.",
      example={"w": [1], "g": [2], "v": [4], "lr": 0.5, "momentum": 0.25},
      mistakes=_other_velocities)
def momentum_step(w, g, v, lr, momentum):
    """Return the weights and the velocity after one step with momentum."""
    v = momentum * v + g
    w = w - lr * v
    return w, v


@momentum_step.also
def momentum_step(w, g, v, lr, momentum):
    w = w - lr * g - lr * momentum * v
    v = momentum * v + g
    return w, v


@momentum_step.also
def momentum_step(w, g, v, lr, momentum):
    step = lr * (g + momentum * v)
    w = w - step
    v = v * momentum + g
    return w, v


def _look_ahead(i, v, sign=-1):
    ahead = i["momentum"] * v
    return {"w": i["w"] + sign * (i["lr"] * i["g"] + ahead), "v": v}


_other_look_aheads = [
    ("the learning rate is in the velocity: v is μ v + η g",
     lambda r, i: _look_ahead(i, i["momentum"] * i["v"] + i["lr"] * i["g"])),
    ("the velocity is μ v - η g, and is added: here it is μ v + g, and η v is subtracted",
     lambda r, i: {"v": (v := i["momentum"] * i["v"] - i["lr"] * i["g"]),
                   "w": i["w"] - i["momentum"] * i["v"] + (1 + i["momentum"]) * v}),
    ("the velocity is a running mean, μ v + (1 - μ) g: here it is μ v + g",
     lambda r, i: {"v": (v := i["momentum"] * i["v"] + (1 - i["momentum"]) * i["g"]),
                   "w": i["w"] - i["lr"] * (i["g"] + i["momentum"] * v)}),
    ("the weights go by the velocity alone, as in task 9.1: w - η v",
     lambda r, i: {"v": r["v"], "w": i["w"] - i["lr"] * r["v"]}),
]


@task("9.2", "w:P g:P v:P lr momentum -> w:P v:P", points=1,
      section=("Gradient descent", "Nesterov's look-ahead"),
      hint="One more product than in task 9.1.",
      example={"w": [1], "g": [2], "v": [4], "lr": 0.5, "momentum": 0.25},
      mistakes=_other_look_aheads)
def nesterov_step(w, g, v, lr, momentum):
    """Return the weights and the velocity after one step with Nesterov's momentum."""
    v = momentum * v + g
    w = w - lr * (g + momentum * v)
    return w, v


@nesterov_step.also
def nesterov_step(w, g, v, lr, momentum):
    v = momentum * v + g
    ahead = g + momentum * v
    w = w - lr * ahead
    return w, v


@nesterov_step.also
def nesterov_step(w, g, v, lr, momentum):
    w = w - lr * ((1 + momentum) * g + momentum**2 * v)
    v = momentum * v + g
    return w, v


@nesterov_step.also
def nesterov_step(w, g, v, lr, momentum):
    v = momentum * v + g
    ahead = momentum * v
    w = w - lr * g - lr * ahead
    return w, v


def _adam(i, first, second, root=np.sqrt):
    """A step with other corrections of the two running means."""
    m = i["beta1"] * i["m"] + (1 - i["beta1"]) * i["g"]
    v = i["beta2"] * i["v"] + (1 - i["beta2"]) * i["g"] ** 2
    return {"w": i["w"] - i["lr"] * m / first / (root(v / second) + 1e-3), "m": m, "v": v}


_other_corrections = [
    ("there is no bias correction: m and v stand where m̂ and v̂ belong",
     lambda r, i: _adam(i, 1, 1)),
    ("β is multiplied by t in the correction, not raised to the power t",
     lambda r, i: _adam(i, 1 - i["beta1"] * i["t"], 1 - i["beta2"] * i["t"])),
    ("the correction divides by 1 - β, whatever t is",
     lambda r, i: _adam(i, 1 - i["beta1"], 1 - i["beta2"])),
    ("the corrections divide by β^t, not by 1 - β^t",
     lambda r, i: _adam(i, i["beta1"] ** i["t"], i["beta2"] ** i["t"])),
    ("the corrections multiply by 1 - β^t, they must divide",
     lambda r, i: _adam(i, 1 / (1 - i["beta1"] ** i["t"]), 1 / (1 - i["beta2"] ** i["t"]))),
    ("the old m and v are corrected and used, not the new ones",
     lambda r, i: {**r, "w": i["w"] - i["lr"] * i["m"] / (1 - i["beta1"] ** i["t"])
                   / (np.sqrt(i["v"] / (1 - i["beta2"] ** i["t"])) + 1e-3)}),
]


@task("9.3", "w:P g:P m:P v:P+ t=1|2|10 lr beta1 beta2 -> w:P m:P v:P+", points=3,
      section=("Adam", "The whole of Adam"),
      hint="Five lines, one a formula. ε stands outside the root.",
      example={"w": [1], "g": [2], "m": [0], "v": [0], "t": 1, "lr": 0.5, "beta1": 0.5,
               "beta2": 0.75},
      mistakes=_other_corrections)
def adam_step(w, g, m, v, t, lr, beta1, beta2):
    """Return the weights and both running means after step t of Adam."""
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    w = w - lr * m_hat / (np.sqrt(v_hat) + 1e-3)
    return w, m, v


@adam_step.also
def adam_step(w, g, m, v, t, lr, beta1, beta2):
    m = m + (1 - beta1) * (g - m)
    v = v + (1 - beta2) * (g * g - v)
    root = np.sqrt(1 - beta2**t)
    rate = lr * root / (1 - beta1**t)
    w = w - rate * m / (np.sqrt(v) + 1e-3 * root)
    return w, m, v


@task("9.4", "w:P u:P lr decay -> w:P", points=1,
      section=("Adam", "AdamW: the decay that Adam swallows"),
      hint="Both are subtracted from the old w.",
      example={"w": [2], "u": [1], "lr": 0.5, "decay": 0.25},
      mistakes=[
          ("the new weights are multiplied by 1 - λ: η is missing, and the old w decays",
           lambda r, i: {"w": (i["w"] - i["lr"] * i["u"]) * (1 - i["decay"])}),
          ("the decay has no factor η: it must be η λ w",
           lambda r, i: {"w": i["w"] - i["lr"] * i["u"] - i["decay"] * i["w"]}),
          ("the decay is that of the new weights, after the step along u: the old w decays",
           lambda r, i: {"w": (i["w"] - i["lr"] * i["u"]) * (1 - i["lr"] * i["decay"])}),
      ])
def decayed_step(w, u, lr, decay):
    """Return the weights after a step along u with a decay of its own."""
    w = w - lr * (u + decay * w)
    return w


@decayed_step.also
def decayed_step(w, u, lr, decay):
    moved = w - lr * u
    w = moved - lr * decay * w
    return w


@decayed_step.also
def decayed_step(w, u, lr, decay):
    shrunk = (1 - lr * decay) * w
    w = shrunk - lr * u
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
