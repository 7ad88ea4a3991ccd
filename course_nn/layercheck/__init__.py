"""`check_layer`: everything that a model asks of a layer, asked of one layer at once.

A layer of one's own may return the right y and still be wrong: it forgets a gradient, keeps a mask
on itself, mixes the samples of a batch. Each is found here, and said in one sentence.
"""

from .report import Fault, Finding, LayerReport
from .trial import check_layer

__all__ = ["Fault", "Finding", "LayerReport", "check_layer"]
