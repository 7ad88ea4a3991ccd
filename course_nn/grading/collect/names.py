"""Names that others chose, made safe: to print, to compare, and to be a report's file name."""

from __future__ import annotations

import hashlib
import re
import unicodedata

LONGEST = 120  # characters of a name that are shown
SIMPLE = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,79}")
RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?")  # files that Windows does not have
DOWNLOADED = re.compile(r"\s*\((\d{1,3})\)$")  # a browser's second download
COPY_MARKS = (
    re.compile(r"\s+-\s+(?:Copy|Kopie|copie|copia|Copia|Kopia)(?:\s*\((\d{1,3})\))?$", re.I),
    DOWNLOADED,
    re.compile(r"[-_ ]Copy\s*(\d{0,3})$", re.I),  # JupyterLab's duplicate
    re.compile(r"\s+(?:copy|Kopie|copie|copia)(?:\s+(\d{1,3}))?$", re.I),  # a Mac's
)
LATER = (  # what people write behind a name when they hand in again
    re.compile(r"[-_ .]+\(?(?:attempt|try|versuch|version|v)[-_ ]?(\d{1,3})\)?$", re.I),
    re.compile(r"[-_ .]+\(?(?:late|versp.tet|nachgereicht|resubmi(?:t|ssion))\)?()$", re.I),
)
COPY_HEADS = re.compile(
    r"^(?:copy of|kopie von|copie de|copia de|copia di|kopia|kopie van|cópia de)\s+", re.I
)


def shown(text: str, longest: int = 0) -> str:
    r"""The text on one line, with nothing in it that moves a terminal or a reader's eye.

    What is no printable character is written as an escape, and so is the escape's own backslash:
    two texts that differ are shown differently, unless they are cut.

    text : as the file system has it; bytes that are no UTF-8 as surrogates.
    longest : where more characters are cut in the middle; 0 for nowhere.

    >>> shown("ada\x1b[31m\n\u202egnp")
    'ada\\x1b[31m\\n\\u202egnp'
    """
    text = unicodedata.normalize("NFC", text)
    plain = "".join(c if c.isprintable() and c != "\\" else _escaped(c) for c in text)
    if longest and len(plain) > longest:
        return f"{plain[: longest - 20]}…{plain[-19:]}"
    return plain


def _escaped(character: str) -> str:
    return character.encode("unicode_escape", "backslashreplace").decode("ascii")


def quoted(text: str) -> str:
    """A name in a sentence: shown, cut where it is long, between quotation marks.

    >>> quoted("ex02.ipynb")
    '“ex02.ipynb”'
    """
    return f"“{shown(text, LONGEST)}”"


def safe_name(student: str) -> str:
    """A file name for the student's reports that no other student's can be.

    A simple name is its own. Any other gets a mark that no simple name can hold, made from all of
    it: so two students never share a file, be the file system blind to capitals or to how an
    accent is written, and whatever name was chosen to meet another's.

    >>> safe_name("ada"), safe_name("Zoë Ångström")
    ('ada', 'Zoe_Angstrom~d91ffefba54d6c10')
    """
    if SIMPLE.fullmatch(student) and not RESERVED.fullmatch(student) and student[-1] != ".":
        return student
    whole = unicodedata.normalize("NFC", student).encode("utf-8", "surrogatepass")
    bare = unicodedata.normalize("NFKD", student).encode("ascii", "ignore").decode()
    plain = re.sub(r"[^A-Za-z0-9@+-]+", "_", bare).strip("_-")[:60]
    return f"{plain}~{hashlib.sha256(whole).hexdigest()[:16]}"


def without_copy_marks(stem: str) -> tuple[str, int]:
    """A file's stem without what systems add to a second copy, and the copy's number.

    Returns
    -------
    stem, number : the number is 0 where there is no mark, -1 where it marks a copy kept aside
        ("-Copy1", "Kopie von …") and not a later download ("(1)").

    >>> without_copy_marks("ex02_dense (1)"), without_copy_marks("Kopie von ex02_dense")
    (('ex02_dense', 1), ('ex02_dense', -1))
    """
    bare, number = COPY_HEADS.sub("", stem), 0
    if bare != stem:
        number = -1
    for _ in range(4):  # "ex02-Copy1 (2)" has two
        for pattern in COPY_MARKS:
            if (found := pattern.search(bare)) and found.start() > 0:
                bare = bare[: found.start()]
                later = pattern is DOWNLOADED and number >= 0
                number = max(number, int(found[1])) if later else -1
    return bare.strip(), number


def without_later_marks(stem: str) -> tuple[str, int]:
    """A stem without what says that it is a later attempt, and which.

    >>> without_later_marks("ada_attempt2"), without_later_marks("ada-late")
    (('ada', 2), ('ada', 999))
    """
    for pattern in LATER:
        if (found := pattern.search(stem)) and found.start() > 0:
            return stem[: found.start()], int(found[1] or 999)
    return stem, 0


def folded(text: str) -> str:
    """The form in which two spellings of one name are the same.

    >>> folded("  Lovelace,  ADA ") == folded("lovelace ada")
    True
    """
    text = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(re.sub(r"[\W_]+", " ", text).split())
