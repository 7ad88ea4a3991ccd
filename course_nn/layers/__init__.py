"""Layers: what stands around the ops — parameters, caches, and shapes, checked at `build`."""

from ..checks import ShapeError
from .activation import GELU, LeakyReLU, LogSoftmax, ReLU, Sigmoid, SiLU, Softmax, Tanh
from .base import (
    BatchLayer,
    Layer,
    Shape,
    build_chain,
    expect_each_once,
    leaves,
    parameters_of,
    states_of,
)
from .conv import Conv2D, ConvTranspose2D
from .dense import Dense
from .dropout import Dropout
from .norm import BatchNorm, LayerNorm
from .pool import AvgPool2D, GlobalAvgPool2D, MaxPool2D
from .residual import Residual
from .shape import Flatten, Input

__all__ = [
    "GELU",
    "AvgPool2D",
    "BatchLayer",
    "BatchNorm",
    "Conv2D",
    "ConvTranspose2D",
    "Dense",
    "Dropout",
    "Flatten",
    "GlobalAvgPool2D",
    "Input",
    "Layer",
    "LayerNorm",
    "LeakyReLU",
    "LogSoftmax",
    "MaxPool2D",
    "ReLU",
    "Residual",
    "Shape",
    "ShapeError",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "Tanh",
    "build_chain",
    "expect_each_once",
    "leaves",
    "parameters_of",
    "states_of",
]
