"""What a task takes and gives, in a line: `dy:N,M x:N,D W:D,M -> dx:N,D dW:D,M db:M`.

From it follow the names, the shapes, the sizes that are tried, and what is said of a wrong shape.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any

import numpy as np

Sizes = Mapping[str, int]

MARKS = {"+": "positive", "?": "bool", "~": "shares", "#": "whole"}
PREFERRED = {"N": 4, "D": 3, "M": 2, "K": 5, "C": 3, "F": 4, "H": 5, "W": 6, "R": 2, "S": 3}
LETTER = re.compile(r"[A-Z][A-Z0-9]*")
NUMBER = re.compile(r"(?P<name>\w+)(=(?P<of>\d+(\|\d+)*))?")
ARRAY = re.compile(r"(?P<name>\w+):(?P<axes>.*?)(?P<mark>[+?~#]|<\w+)?")


@dataclass(frozen=True)
class Argument:
    """One array or number: its name, its axes, and what it holds.

    `axes` is None for a number. `kind` is "float", "positive", "bool", "shares" (rows that sum to
    one), "whole", "class" (whole numbers below the size `below`), "rate" (a number between 0 and 1)
    or "option" (one of `choices`).
    """

    name: str
    axes: tuple[str, ...] | None
    kind: str = "float"
    below: str = ""
    choices: tuple[int, ...] = ()

    @property
    def said(self) -> str:
        """The axes as a message says them.

        >>> Argument("x", ("N", "C*H*W")).said
        '(N, C·H·W)'
        """
        if not self.axes:
            return "a number"
        names = ", ".join(axis.replace("*", "·").replace("//", " // ") for axis in self.axes)
        return f"({names},)" if len(self.axes) == 1 else f"({names})"


class SignatureError(ValueError):
    """A signature that cannot be read; the message says where."""


@dataclass(frozen=True)
class Signature:
    """The inputs and outputs of a task, in order.

    >>> signature = Signature.parse("x:N,D labels:N<K lr stride=1|2 -> loss: dx:N,D")
    >>> [argument.kind for argument in signature.inputs], signature.letters
    (['float', 'class', 'rate', 'option'], ('N', 'D', 'K'))
    """

    inputs: tuple[Argument, ...]
    outputs: tuple[Argument, ...]

    @classmethod
    def parse(cls, text: str) -> Signature:
        """Read `inputs -> outputs`; SignatureError where a token cannot be read."""
        parts = text.split("->")
        if len(parts) != 2:
            raise SignatureError(f"a signature is `inputs -> outputs`, got {text!r}")
        inputs, outputs = (tuple(map(_argument, part.split())) for part in parts)
        if not inputs or not outputs:
            raise SignatureError(f"a signature names inputs and outputs, got {text!r}")
        return cls(inputs, outputs)

    @property
    def letters(self) -> tuple[str, ...]:
        """The letters of the sizes that have to be chosen, in the order of the inputs."""
        found: dict[str, None] = {}
        for argument in self.inputs:
            for axis in (*(argument.axes or ()), argument.below):
                found.update(dict.fromkeys(LETTER.findall(axis)))
        return tuple(found)

    @property
    def options(self) -> dict[str, tuple[int, ...]]:
        """The choices of every option."""
        return {a.name: a.choices for a in self.inputs if a.kind == "option"}

    def sizes(self, given: Sizes | None = None, more: int = 0) -> dict[str, int]:
        """A size for every letter, at least 2 and no two alike, each `more` than the usual.

        >>> Signature.parse("x:N,D W:D,M -> y:N,M").sizes(more=1)
        {'N': 5, 'D': 4, 'M': 3}
        """
        given, sizes = dict(given or {}), {}
        for letter in self.letters:
            if letter in given:
                sizes[letter] = given[letter] + more
                continue
            taken = {*sizes.values(), *(n + more for n in given.values())}
            start = PREFERRED.get(letter, 4) + more
            sizes[letter] = next(n for n in count(start) if n not in taken)
        return sizes

    def sizes_of(self, inputs: Mapping[str, Any]) -> dict[str, int]:
        """The size of every letter and option, read off the inputs.

        >>> Signature.parse("x:2*C,U+R-1 w:R -> y:U").sizes_of({"x": [[0, 0, 0]] * 4, "w": [1, 2]})
        {'R': 2, 'C': 2, 'U': 2}
        """
        found: dict[str, int] = {a.name: inputs[a.name] for a in self.inputs if a.kind == "option"}
        axes = [
            (axis, size)
            for argument in self.inputs
            for axis, size in zip(argument.axes or (), np.shape(inputs[argument.name]), strict=True)
        ]
        found |= {axis: size for axis, size in axes if axis in self.letters}
        for _ in self.letters:
            for axis, size in axes:
                if len(unknown := {*LETTER.findall(axis)} - {*found}) == 1:
                    letter = unknown.pop()
                    found |= _solved(axis, size, letter, found)
        return found

    def shape(self, argument: Argument, sizes: Sizes, options: Sizes | None = None) -> tuple:
        """The shape of an input or output, () of a number.

        >>> signature = Signature.parse("x:N,H stride=2 -> y:N,(H-1)//stride+1")
        >>> signature.shape(signature.outputs[0], {"N": 4, "H": 5}, {"stride": 2})
        (4, 3)
        """
        values = {**sizes, **(options or {})}
        return tuple(_value(axis, values) for axis in argument.axes or ())


def _solved(axis: str, size: int, letter: str, known: Sizes) -> dict[str, int]:
    """The letter's size with which an axis has its size, if one fits."""
    for n in range(1, size + 9):
        if _value(axis, {**known, letter: n}) == size:
            return {letter: n}
    return {}


def _argument(token: str) -> Argument:
    if number := NUMBER.fullmatch(token):
        choices = tuple(map(int, number["of"].split("|"))) if number["of"] else ()
        return Argument(number["name"], None, "option" if choices else "rate", choices=choices)
    array = ARRAY.fullmatch(token)
    if array is None:
        raise SignatureError(f"cannot read {token!r} in a signature; `x:N,D` is one")
    axes, mark = tuple(axis for axis in _split(array["axes"]) if axis), array["mark"] or ""
    for axis in axes:
        _expect_expression(axis, token)
    if mark.startswith("<"):
        return Argument(array["name"], axes, "class", below=mark[1:])
    return Argument(array["name"], axes, MARKS.get(mark, "float"))


def _split(axes: str) -> list[str]:
    """The axes between the commas that stand in no brackets."""
    return re.split(r",(?![^(]*\))", axes)


def _expect_expression(axis: str, token: str) -> None:
    try:
        ast.parse(axis, mode="eval")
    except (SyntaxError, ValueError):
        raise SignatureError(f"{axis!r} in {token!r} is neither a letter nor a formula") from None


def _value(axis: str, values: Mapping[str, int]) -> int:
    """A letter's size, or what a formula of sizes and options gives."""
    if axis in values:
        return values[axis]
    try:
        return int(eval(axis, {"__builtins__": {}}, dict(values)))
    except NameError as error:
        raise SignatureError(f"the axis {axis!r}: {error}; sizes are {dict(values)}") from None
