"""Data: the embedded digits, MNIST, and what lies between a data set and a training step.

Images are float32 (N, C, H, W) in [0, 1], labels int64 (N,). Nothing here touches the network but
`mnist`, and that only for files it does not find on this machine.
"""

from ..ops import one_hot
from .augment import augment, warp
from .batches import Standardize, batches, normalize, pad, split
from .dataset import DataCorrupt, DataNotFound, Dataset
from .digits import digits
from .idx import read_idx
from .mnist import NamedDataset, mnist, mnist_or_digits

__all__ = [
    "DataCorrupt",
    "DataNotFound",
    "Dataset",
    "NamedDataset",
    "Standardize",
    "augment",
    "batches",
    "digits",
    "mnist",
    "mnist_or_digits",
    "normalize",
    "one_hot",
    "pad",
    "read_idx",
    "split",
    "warp",
]
