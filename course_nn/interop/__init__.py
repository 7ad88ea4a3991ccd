"""Interchange: weights taken over from a PyTorch or Keras model of the same layers, and given back.

The frameworks differ in the order of axes, in what they call momentum, and in what they pad; each
difference is named where it is bridged. What has no exact counterpart is refused, by its index and
class: a model that predicts almost the same would be worse than none. The frameworks are imported
only when asked for.
"""

from .keras_models import from_keras, to_keras
from .shared import InteropError
from .torch_models import from_torch, to_torch

__all__ = ["InteropError", "from_keras", "from_torch", "to_keras", "to_torch"]
