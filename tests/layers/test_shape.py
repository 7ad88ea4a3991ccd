"""Layers that give arrays another shape, or say which they have."""

from typing import ClassVar

import course_nn as nn

from .contract import LayerContract, ShapeContract


class TestShapes(LayerContract, ShapeContract):
    layers: ClassVar = {
        "Input": (lambda: nn.Input((3, 4, 4)), (3, 4, 4), (3, 4, 4)),
        "Flatten": (nn.Flatten, (2, 3, 2), (12,)),
    }

    illegal: ClassVar = {
        "Input": (
            nn.Input((1, 28, 28)),
            (784,),
            ["(1, 28, 28)", "(784,)", "reshape the data", "Input"],
        ),
    }
