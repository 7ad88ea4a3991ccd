"""Interchange: weights taken over from a PyTorch or Keras model of the same layers, and given back.

The frameworks differ in the order of axes, in what they call momentum, and in what they pad; each
difference is named where it is bridged. What has no exact counterpart is refused, by its index and
class: a model that predicts almost the same would be worse than none. The frameworks are imported
only when asked for.
"""

from .read_keras import from_keras
from .read_torch import from_torch
from .shared import InteropError
from .write_keras import to_keras
from .write_torch import to_torch

__all__ = ["InteropError", "from_keras", "from_torch", "to_keras", "to_torch"]
