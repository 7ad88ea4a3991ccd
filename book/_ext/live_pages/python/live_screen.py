"""What a cell shows on its way to the page: to a limit, and no faster than the page can show it."""

import time
from collections.abc import Callable

Emit = Callable[[str, str], None]
MOST_TEXT, MOST_LINES = 200_000, 2_000  # of a cell's plain output, in characters and lines
MOST_FORM = 20_000_000  # of its tables and drawings, in characters
MOST_PIECES = 1_000  # that stand below a cell, each of its own
BURST, RATE, DEBT = 200, 50, 150  # pieces posted at once, in a second, and ahead of their time
PIECE, LINE = 20_000, 0.1  # the text that counts as one more piece, and what a line counts
MOST_WAITING = 5_000  # messages that are not posted yet
UP = "\x1b[A"  # a line up again, as bars within bars write
A_WHILE = 0.05  # seconds between two states of a line that is written over, as a progress bar is
STREAMS, ORDERS = ("stdout", "stderr"), ("place", "renew")


class Stream:
    """A text file whose text is shown as it is written; `\\r` stays for the page to obey."""

    encoding, errors, closed = "utf-8", "replace", False

    def __init__(self, kind: str, screen: "Screen") -> None:
        self.kind, self.screen = kind, screen

    def write(self, text: str) -> int:
        """Show a text."""
        if text:
            self.screen.stream(self.kind, str(text))
        return len(text)

    def writelines(self, lines: list[str]) -> None:
        """Show several."""
        self.write("".join(lines))

    def flush(self) -> None:
        """All is shown already."""

    def isatty(self) -> bool:
        """Nobody types here."""
        return False


class Flow:
    """Hands messages to the page as fast as it can show them; what is cleared unseen is left out.

    Nothing can wait here for the page, which is another thread, so that the clock says what it
    bears. Up to a burst all is posted at once, for what comes next may take long.
    """

    def __init__(self, send: Emit) -> None:
        self.send = send
        self.waiting: list[tuple[str, str]] = []
        self.cleared = False  # by the last of what waits, when something comes
        self.room, self.at = float(BURST), time.monotonic()

    def add(self, kind: str, text: str) -> None:
        """Post a message, now or with what comes next."""
        if kind == "renew":
            self.forget(text)
        if kind == "clear":
            self.cleared = True
        elif self.cleared and kind not in ORDERS:
            self.prune()
        self.join(kind, text)
        del self.waiting[:-MOST_WAITING]
        now = time.monotonic()
        self.room, self.at = min(BURST, self.room + RATE * (now - self.at)), now
        if self.room > 0:
            self.flush()

    def join(self, kind: str, text: str) -> None:
        """Let it wait: with the last message, if that is one with it."""
        last = self.waiting[-1] if self.waiting else ("", "")
        if kind == last[0] and kind in STREAMS:
            self.waiting[-1] = (kind, (last[1] + text)[-MOST_TEXT:])
        elif kind == last[0] == "clear":
            self.waiting[-1] = (kind, text and last[1])  # at once, if either was
        else:
            self.waiting.append((kind, text))

    def forget(self, name: str) -> None:
        """Leave out what was to stand in a place that is filled anew."""
        if ("renew", name) in self.waiting:
            k = self.waiting.index(("renew", name))
            del self.waiting[k : k + 2]

    def prune(self) -> None:
        """Leave out what the last clear takes away; a place may lie below another cell."""
        kinds = [kind for kind, _ in self.waiting]
        if "clear" in kinds:
            end = len(kinds) - kinds[::-1].index("clear") - 1
            stays = [k for k in range(end) if "renew" in kinds[max(0, k - 1) : k + 1]]
            self.waiting[:end] = [self.waiting[k] for k in stays]
        self.cleared = False

    def flush(self) -> None:
        """Post what waits."""
        waiting, self.waiting = self.waiting, []
        for kind, text in waiting:
            self.room -= (LINE if kind in STREAMS or kind in ORDERS else 1) + len(text) / PIECE
            self.send(kind, text)
        self.room = max(self.room, -DEBT)


class Screen:
    """What the cell that runs has shown: it grows to a limit, beyond which is only counted."""

    def __init__(self, emit: Emit) -> None:
        self.flow = Flow(emit)
        self.emit = self.flow.add
        self.about: tuple[str, str] | None = None  # the place of the next piece
        self.clear()

    def clear(self) -> None:
        """Begin anew."""
        self.text, self.lines = MOST_TEXT, MOST_LINES  # what may still come
        self.pieces, self.forms = MOST_PIECES, MOST_FORM
        self.left_out, self.torn = 0, False  # lines that were left out, and a last one without end
        self.late: tuple[str, str] | None = None  # a state of a progress bar that is not shown yet
        self.shown_at, self.over = 0.0, False  # the line is being written over

    def stream(self, kind: str, text: str) -> None:
        """A piece of a stream; a line that is written over and over is shown now and then."""
        self.over = "\n" not in text and (self.over or "\r" in text)
        if not self.over:
            self.settle()
            self.put(kind, text)
            return
        if self.late and self.late[0] == kind and not text.startswith("\r"):
            text = self.late[1] + text
        self.late = (kind, text)
        if time.monotonic() - self.shown_at >= A_WHILE:
            self.settle()

    def settle(self) -> None:
        """Show what waits."""
        late, self.late = self.late, None
        if late:
            self.shown_at = time.monotonic()
            self.put(*late)

    def put(self, kind: str, text: str) -> None:
        """Show of a text what may be shown; what begins a line again takes no room."""
        again = text.startswith("\r") and "\n" not in text
        if shown := text if again else self.within(text):
            self.emit(kind, shown)

    def within(self, text: str) -> str:
        """What may be shown of a text."""
        whole = text
        if len(text) > self.text or text.count("\n") > self.lines:
            text = "".join(text[: self.text].splitlines(keepends=True)[: self.lines])
            self.left_out += whole.count("\n", len(text))
            self.torn = not whole.endswith("\n")
            self.text = self.lines = 0
        else:
            self.text -= len(text)
            self.lines -= text.count("\n") - text.count(UP)
        return text

    def show(self, kind: str, text: str) -> None:
        """A piece of its own, or one in the place of another, which takes no more room."""
        self.settle()
        about, self.about = self.about, None
        if len(text) > MOST_FORM and kind != "text":
            kind, text = "text", f"An output of {len(text) / 1e6:.0f} MB is not shown."
        if about and about[0] == "renew":
            text = text[:MOST_TEXT] if kind == "text" else text
        elif not self.fits(len(text)):
            return
        elif kind == "text":
            text = self.within(text)
        if text and about:
            self.emit(*about)
        if text:
            self.emit(kind, text)

    def fits(self, size: int) -> bool:
        """Whether one more piece may be shown; the first that may not is told of at once."""
        self.pieces -= 1
        self.forms -= min(size, MOST_FORM)
        fit = self.pieces >= 0 and self.forms >= 0
        if not fit and self.pieces > -2 * MOST_PIECES:
            self.emit("note", "The page shows no more pieces of this output: there are too many.")
            self.pieces = -2 * MOST_PIECES
        return fit

    def end(self) -> None:
        """The cell has ended: show what waits, and say what was left out."""
        self.settle()
        if lines := self.left_out + self.torn:
            told = "1 more line" if lines == 1 else f"{lines:,} more lines"
            self.emit("note", f"The page shows no more of this output; {told} came after this.")
        self.flow.flush()
