"""Slow twins: the same mathematics in plain Python and in loops, one number at a time.

They are the oracles of the fast ops, each tested itself, and the stages of the chapter on speed.
Nothing here imports an op, so a twin cannot share its mistake.
"""

from . import jacobian, loops, pure_python, stages, windows

__all__ = ["jacobian", "loops", "pure_python", "stages", "windows"]
