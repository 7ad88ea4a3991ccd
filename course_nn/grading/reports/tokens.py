"""Code as a row of tokens in which names do not matter, so that a renamed copy is a copy."""

from __future__ import annotations

import builtins
import hashlib
import keyword
import re
from dataclasses import dataclass, field

import numpy as np

LONGEST = 60_000  # characters of a submission that are told apart; comments are none
RAW = 16 * LONGEST  # characters that are looked through for them
RUN = 12  # tokens in a row that two must share to be compared at all
# A text that is not closed ends with its line, or with the file: nothing is looked at twice.
TOKEN = re.compile(
    r"""(?P<skip>\#[^\n]*)
    |(?P<text>[rbfuRBFU]{0,2}(?:\"{3}(?:[^\\\"]|\\.|\"(?!\"\"))*+(?:\"{3})?
        |'{3}(?:[^\\']|\\.|'(?!''))*+(?:'{3})?
        |\"(?:[^\"\\\n]|\\.)*+\"?|'(?:[^'\\\n]|\\.)*+'?))
    |(?P<number>\d[\w.]*|\.\d\w*)
    |(?P<name>[^\W\d]\w*)
    |(?P<sign>\*\*=?|//=?|[-+*/@%&|^=<>!]=|->|[^\s\\])""",
    re.VERBOSE | re.DOTALL,
)
KNOWN = frozenset({*keyword.kwlist, *dir(builtins), "np", "numpy"})  # names that mean one thing
FACTORS = np.array([pow(0x9E3779B97F4A7C15, k + 1, 1 << 64) for k in range(RUN)], np.uint64)


@dataclass(frozen=True)
class Tokens:
    """A text, its tokens as numbers, and where each begins and ends in it."""

    text: str
    kinds: np.ndarray = field(repr=False)
    spans: list[tuple[int, int]] = field(repr=False)

    def runs(self) -> np.ndarray:
        """A number for every run of `RUN` tokens, the same for the same run."""
        count = len(self.kinds) - RUN + 1
        if count < 1:
            return np.empty(0, np.uint64)
        runs = np.zeros(count, np.uint64)
        for k, factor in enumerate(FACTORS):
            runs += self.kinds[k : k + count] * factor
        return runs


def _number(word: str) -> int:
    """A number for a word, the same in every process."""
    return int.from_bytes(hashlib.blake2b(word.encode("utf-8", "replace"), digest_size=7).digest())


TEXT = _number("''")  # of every text between quotation marks


class Reader:
    """Reads texts into tokens; the same token has the same number in all of them."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}  # by word

    def read(self, text: str) -> Tokens:
        """The tokens of a text; comments and white space are none, all names of its own are one.

        >>> first, other = (Reader().read(text) for text in ("y = x @ W", "out = a @ b  # so"))
        >>> first.kinds.tolist() == other.kinds.tolist()
        True
        """
        text, before, left, words, spans = text[:RAW], "", LONGEST, [], []
        for found in TOKEN.finditer(text):  # what is between them is white space
            kind, word = found.lastgroup, found.group()
            if kind == "skip":
                continue
            if kind == "name" and before != "." and word not in KNOWN:
                word = "name"
            elif kind == "text":
                word = "''"
            left -= len(word)
            if left < 0:
                break
            words.append(word)
            spans.append(found.span())
            before = word
        for word in set(words) - self.numbers.keys():
            self.numbers[word] = _number(word)
        kinds = np.array([self.numbers[word] for word in words], np.uint64)
        return Tokens(text, kinds, spans)
