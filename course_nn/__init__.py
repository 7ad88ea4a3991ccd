"""A convolutional network, layer by layer, in NumPy or CuPy: what the book derives and imports.

>>> import course_nn as nn
>>> model = nn.Sequential([nn.Conv2D(6, 5), nn.ReLU(), nn.MaxPool2D(2), nn.Flatten(), nn.Dense(10)])
>>> model.build((1, 28, 28), rng=np.random.default_rng(0))
(10,)
"""

from typing import NoReturn

import numpy as np  # the example above runs in this namespace

from . import (
    backend,
    callbacks,
    data,
    gradcheck,
    init,
    interop,
    ops,
    page,
    plain,
    plot,
    schedule,
    storage,
)
from .callbacks import Checkpoint, CSVLogger, EarlyStopping, LearningRateSchedule, ProgressPrinter
from .checks import ShapeError
from .layercheck import check_layer
from .layers import (
    GELU,
    AvgPool2D,
    BatchLayer,
    BatchNorm,
    Conv2D,
    ConvTranspose2D,
    Dense,
    Dropout,
    Flatten,
    GlobalAvgPool2D,
    Input,
    Layer,
    LayerNorm,
    LeakyReLU,
    LogSoftmax,
    MaxPool2D,
    ReLU,
    Residual,
    Sigmoid,
    SiLU,
    Softmax,
    Tanh,
)
from .learncheck import check_learns
from .losses import (
    BinaryCrossEntropy,
    CrossEntropy,
    Loss,
    MeanSquaredError,
    NegativeLogLikelihood,
    SoftmaxCrossEntropy,
    accuracy,
)
from .model import Sequential
from .optim import SGD, Adam, AdamW, Optimizer, RMSProp
from .training import Callback
from .words import no_name

__version__ = "0.1.0"

__all__ = [
    "GELU",
    "SGD",
    "Adam",
    "AdamW",
    "AvgPool2D",
    "BatchLayer",
    "BatchNorm",
    "BinaryCrossEntropy",
    "CSVLogger",
    "Callback",
    "Checkpoint",
    "Conv2D",
    "ConvTranspose2D",
    "CrossEntropy",
    "Dense",
    "Dropout",
    "EarlyStopping",
    "Flatten",
    "GlobalAvgPool2D",
    "Input",
    "Layer",
    "LayerNorm",
    "LeakyReLU",
    "LearningRateSchedule",
    "LogSoftmax",
    "Loss",
    "MaxPool2D",
    "MeanSquaredError",
    "NegativeLogLikelihood",
    "Optimizer",
    "ProgressPrinter",
    "RMSProp",
    "ReLU",
    "Residual",
    "Sequential",
    "ShapeError",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "SoftmaxCrossEntropy",
    "Tanh",
    "accuracy",
    "backend",
    "callbacks",
    "check_layer",
    "check_learns",
    "data",
    "gradcheck",
    "init",
    "interop",
    "ops",
    "page",
    "plain",
    "plot",
    "schedule",
    "storage",
]


def __getattr__(name: str) -> NoReturn:
    raise no_name(__name__, name)
