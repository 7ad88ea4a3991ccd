"""The judge: numerical gradients against the ones a backward pass returns.

It imports no op, so it cannot share an op's bug. A backward pass is a vector–Jacobian product, and
the vector is drawn at random: with dy = 1 everywhere a softmax whose backward pass returns zeros
would pass, since its outputs sum to a constant.
"""

from .judge import STEP, assert_vjp, check_vjp, numerical_gradient
from .report import TOLERANCE, Comparison, GradientReport

__all__ = [
    "STEP",
    "TOLERANCE",
    "Comparison",
    "GradientReport",
    "assert_vjp",
    "check_vjp",
    "numerical_gradient",
]
