"""Oracles: the same mathematics in nested lists and in loops, one number at a time, and Jacobians.

The fast ops and their plain twins are held against them, and each is tested itself; `vectorising`
keeps the versions between a loop and one product. Nothing here imports an op, so an oracle cannot
share its mistake.
"""

from . import jacobian, loops, pure_python, vectorising, windows

__all__ = ["jacobian", "loops", "pure_python", "vectorising", "windows"]
