"""Plain tables for a terminal."""

from __future__ import annotations

from collections.abc import Sequence


def millis(seconds: float) -> str:
    """Milliseconds with three digits.

    >>> millis(0.0123456), millis(0.123456), millis(1.2e-5), millis(5.94)
    ('12.3', '123', '0.012', '5940')
    """
    value = 1e3 * seconds
    digits = 3 if value < 1 else 2 if value < 10 else 1 if value < 100 else 0
    return f"{value:.{digits}f}"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns two spaces apart, the first to the left, the others to the right.

    >>> print(table(["name", "ms"], [["a", "10"], ["bcdef", "2.5"]]))
    name    ms
    -----  ---
    a       10
    bcdef  2.5
    """
    columns = list(zip(head, *rows, strict=True))
    widths = [max(map(len, column)) for column in columns]
    lines = [head, ["-" * width for width in widths], *rows]
    return "\n".join(_aligned(line, widths) for line in lines)


def _aligned(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = zip(cells, widths, strict=True)
    return "  ".join([first[0].ljust(first[1]), *(c.rjust(w) for c, w in others)]).rstrip()
