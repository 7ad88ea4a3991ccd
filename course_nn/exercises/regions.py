"""Says in words which part of an array is wrong: "only the last sample (n = 3)".

A description is exact, or it is not given: it selects the wrong numbers and no other.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

WORDS = {
    "N": "sample", "C": "channel", "D": "feature", "F": "filter", "K": "class", "M": "output",
    "H": "row", "W": "column", "U": "row", "V": "column", "R": "kernel row", "S": "kernel column",
    "T": "step",
}  # fmt: skip
ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth",
            "tenth", "eleventh", "twelfth")  # fmt: skip
COUNTS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
          "eleven", "twelve")  # fmt: skip
Axes = Sequence[str]


def plural(word: str) -> str:
    """Return a noun in the plural.

    Examples
    --------
    >>> plural("row"), plural("class"), plural("entry")
    ('rows', 'classes', 'entries')
    """
    if word.startswith("place "):
        return word.replace("place", "places", 1)
    if word.endswith("y"):
        return f"{word[:-1]}ies"
    return f"{word}es" if word.endswith("s") else f"{word}s"


def listed(words: Sequence[Any]) -> str:
    """Join words as a sentence does.

    Examples
    --------
    >>> listed(["dx", "dW", "db"])
    'dx, dW and db'
    """
    texts = [str(word) for word in words]
    return " and ".join(filter(None, (", ".join(texts[:-1]), texts[-1]))) if texts else ""


def axis_words(axes: Axes) -> list[str]:
    """What one place along each axis is called: "sample", "channel", "row" …

    An expression takes the word of its first letter, a product none; where two axes would be called
    the same, or there is no word, the last two are rows and columns.

    Examples
    --------
    >>> axis_words(("N", "C", "(H-R)//stride+1", "(W-S)//stride+1"))
    ['sample', 'channel', 'row', 'column']
    >>> axis_words(("K", "K")), axis_words(("N", "C*H*W")), axis_words(("Q",))
    (['row', 'column'], ['sample', 'column'], ['entry'])
    """
    words = [_known(axis) for axis in axes]
    lost = [i for i, word in enumerate(words) if not word or words.count(word) > 1]
    for i in lost:
        words[i] = f"place along axis {i}"
    for i, word in ((len(axes) - 2, "row"), (len(axes) - 1, "column")):
        if i in lost and len(axes) > 1 and word not in words:
            words[i] = word
    return ["entry"] if words == ["place along axis 0"] else words


def _known(axis: str) -> str:
    letters = [c for c in axis if c.isalpha()]
    return "" if "*" in axis or not letters else WORDS.get(letters[0], "")


def over_axes(axes: Axes) -> Iterator[tuple[str, str, int | None]]:
    """Yield how each axis is called in "over …", its word, and its number; at last all of them.

    Examples
    --------
    >>> list(over_axes(("N",)))
    [('the samples', 'sample', 0), ('all its numbers', 'number', None)]
    """
    for axis, word in enumerate(axis_words(axes)):
        yield f"the {plural(word)}", word, axis
    yield "all its numbers", "number", None


def letter_of(axis: str, otherwise: str = "i") -> str:
    """Return the small letter that counts along an axis, or another where it is an expression."""
    return axis.lower() if len(axis) == 1 and axis.isalpha() else otherwise


def signs(inputs: Mapping[str, Any], shape: tuple[int, ...]) -> dict[str, np.ndarray]:
    """Conditions on the inputs that `describe` may name: "x is negative" and its like.

    Only inputs of this very shape count, for only there does an entry belong to an entry.

    Examples
    --------
    >>> sorted(signs({"x": np.array([-1.0, 2.0]), "lr": 0.1}, (2,)))
    ['x is 0', 'x is above 1', 'x is negative', 'x is not negative', 'x is not positive', ...]
    """
    found = {}
    for name, value in inputs.items():
        array = np.asarray(value)
        if not shape or array.shape != shape or array.dtype.kind not in "bif":
            continue
        if array.dtype.kind == "b":
            found[f"{name} is True"], found[f"{name} is False"] = array, ~array
            continue
        found |= {
            f"{name} is negative": array < 0, f"{name} is positive": array > 0,
            f"{name} is 0": array == 0, f"{name} is not negative": array >= 0,
            f"{name} is not positive": array <= 0, f"{name} is above 1": array > 1,
        }  # fmt: skip
    return found


def describe(
    wrong: np.ndarray, axes: Axes = (), where: Mapping[str, np.ndarray] | None = None
) -> str:
    """Say where an array is wrong, in words that continue "wrong: …", or "".

    Parameters
    ----------
    wrong : bool array, True where the answer is wrong.
    axes : the letters of its axes, as in ("N", "D"); what is lacking is called row and column.
    where : named conditions, which may be broadcast: {"x is negative": x < 0}.

    Returns
    -------
    The shortest exact description; "" where all is wrong, nothing is, or there is no pattern.

    Examples
    --------
    >>> wrong = np.zeros((4, 3), bool)
    >>> wrong[3] = True
    >>> describe(wrong, ("N", "D"))
    'only the last sample (n = 3)'
    >>> describe(~wrong, ("N", "D"))
    'all but the last sample (n = 3)'
    """
    mask = np.asarray(wrong, dtype=bool)
    if not mask.any() or mask.all():
        return ""
    if len(axes) != mask.ndim:
        axes = ("?",) * mask.ndim
    return next(filter(None, _descriptions(mask, axes, where or {})), "")


def _descriptions(mask: np.ndarray, axes: Axes, where: Mapping[str, np.ndarray]) -> Iterator[str]:
    """Yield every exact description, the simplest first."""
    kept, core = _reduced(mask)
    words = [axis_words(axes)[i] for i in kept]
    letters = [letter_of(axes[i], "") for i in kept]
    if core.ndim == 1:
        yield _one_axis(core, words[0], letters[0], _counted(core))
    if core.ndim == 2:
        yield _plane(core)
    if core.ndim == mask.ndim > 1 and core.sum() in (1, core.size - 1):
        yield _entry(core)
    yield _block(core, words, letters)
    yield _conditions(mask, where)
    yield _inverted(_block(~core, words, letters))
    if core.ndim == 1:
        yield _one_axis(core, words[0], letters[0], 3)


def _counted(line: np.ndarray) -> int:
    """How many single places may be listed before a named condition would say it better."""
    return 2 if len(line) > 4 else 1


def _inverted(text: str) -> str:
    """Say the opposite of what a block says."""
    if text.startswith("all but "):
        return f"only {text.removeprefix('all but ')}"
    return f"all but {text.removeprefix('only ')}" if text else ""


def _reduced(mask: np.ndarray) -> tuple[list[int], np.ndarray]:
    """Drop each axis along which nothing changes; return the axes that stay, and the rest."""
    kept = []
    for axis in range(mask.ndim):
        if (mask != mask.take([0], axis=axis)).any():
            kept.append(axis)
    first = tuple(slice(None) if i in kept else 0 for i in range(mask.ndim))
    return kept, mask[first]


def _entry(core: np.ndarray) -> str:
    """One entry alone, or all but one."""
    alone = core.sum() == 1
    at = ", ".join(str(int(i)) for i in np.argwhere(core if alone else ~core)[0])
    return f"only the entry [{at}]" if alone else f"all but the entry [{at}]"


def _one_axis(line: np.ndarray, word: str, letter: str, most: int) -> str:
    """Which places along one axis: the words of a phrase that stands alone."""
    text = _places(line, word, letter, most)
    if not text or text.startswith(("all but", "every")):
        return text
    return f"{text} alone" if text.startswith(f"{word} ") else f"only {text}"


def _places(line: np.ndarray, word: str, letter: str, most: int = 2) -> str:
    """Which places of a line are marked, or "" where this is no simple set."""
    there, gone = np.flatnonzero(line), np.flatnonzero(~line)
    if len(there) > 1 and len(gone) == 1:
        return f"all but {_place(int(gone[0]), len(line), word, letter)}"
    return _some(line, word, letter) or _middle(there.tolist(), gone.tolist(), word, most)


def _some(line: np.ndarray, word: str, letter: str) -> str:
    """One place, every second, the first few, the last few or a run: what "of" can follow."""
    there, n = np.flatnonzero(line), len(line)
    if len(there) == 1:
        return _place(int(there[0]), n, word, letter)
    if n > 3 and (line == (np.arange(n) % 2 == there[0])).all():
        return f"every {'odd' if there[0] else 'second'} {word}"
    if there[-1] - there[0] + 1 != len(there):
        return f"the first and the last {word}" if there.tolist() == [0, n - 1] else ""
    if there[0] == 0:
        return f"the first {_count(len(there))} {plural(word)}"
    if there[-1] == n - 1:
        return f"the last {_count(len(there))} {plural(word)}"
    if there.tolist() == list(range(1, n - 1)):
        return ""
    return f"{plural(word)} {there[0]} to {there[-1]}" if len(there) > 2 else ""


def _middle(there: list, gone: list, word: str, most: int) -> str:
    """All but both ends, a few places, or all but a few."""
    if gone == [0, len(there) + 1]:
        return f"all but the first and the last {word}"
    if len(there) <= most:
        return f"{plural(word)} {listed(there)}"
    return f"all but {plural(word)} {listed(gone)}" if len(gone) <= min(most, 2) else ""


def _place(i: int, n: int, word: str, letter: str) -> str:
    """One place: the first, the last, or its number."""
    if i in (0, n - 1):
        index = f" ({letter} = {i})" if letter and n > 2 else ""
        return f"the {'last' if i else 'first'} {word}{index}"
    return f"{word} {i}"


def _count(n: int) -> str:
    return COUNTS[n] if n < len(COUNTS) else str(n)


def _plane(core: np.ndarray) -> str:
    """The border, the diagonal and the triangles of a plane."""
    inside = np.zeros_like(core)
    inside[1:-1, 1:-1] = True
    row, column = np.ogrid[: core.shape[0], : core.shape[1]]
    line, above, below = row == column, row < column, row > column
    named = []
    if min(core.shape) > 2:
        named = [("only the border", ~inside), ("all but the border", inside)]
    if core.size > 4:
        named += [
            ("only the diagonal", line), ("all but the diagonal", above | below),
            ("only what is above the diagonal", above),
            ("only what is below the diagonal", below),
            ("the diagonal and what is above it", above | line),
            ("the diagonal and what is below it", below | line),
        ]  # fmt: skip
    return next((words for words, mask in named if (mask == core).all()), "")


def _block(core: np.ndarray, words: list[str], letters: list[str]) -> str:
    """A block: some places along one axis, and of these some along another, and so on."""
    every = range(core.ndim)
    lines = [np.any(core, axis=tuple(j for j in every if j != i)) for i in every]
    if not 1 < core.ndim < 4 or core.sum() != np.prod([line.sum() for line in lines], dtype=int):
        return ""
    texts = [_places(*three) for three in zip(lines, words, letters, strict=True)]
    if all(text.startswith("all but ") for text in texts):
        return f"all but {listed([text.removeprefix('all but ') for text in texts])}"
    some = [_some(*three) for three in zip(lines, words, letters, strict=True)]
    if not all(some):
        return _frame(lines, words, letters) if core.ndim == 3 else ""
    text = " of ".join(reversed(some))
    return text if text.startswith("every") else f"only {text}"


def _frame(lines: list[np.ndarray], words: list[str], letters: list[str]) -> str:
    """All but the border of a picture, in some places along one other axis."""
    if not all(line[1:-1].all() and not line[0] and not line[-1] for line in lines[1:]):
        return ""
    text = _some(lines[0], words[0], letters[0])
    return f"all but the border, in {text}" if text else ""


def _conditions(mask: np.ndarray, where: Mapping[str, np.ndarray]) -> str:
    """The named condition that holds where, and only where, the answer is wrong."""
    for words, condition in where.items():
        try:
            held = np.broadcast_to(np.asarray(condition, dtype=bool), mask.shape)
        except ValueError:
            continue
        if (held == mask).all():
            return f"where {words}"
        if (held != mask).all():
            return f"all but where {words}"
    return ""
