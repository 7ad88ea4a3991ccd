"""The page on answers that are alike: both passages side by side, and how usual that is here."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from .alike import Alike, Pair, Passage
from .markup import NONE, fill, joined, page
from .tokens import RUN
from .told import counted

SHOWN, OPEN = 60, 3  # pairs with their passages, and those that lie open
LINES = 40  # of one passage

BODY = """<main>
<h1>Answers that are alike: {title}</h1>
<p>{facts}</p>
<div class="note"><p>This page accuses nobody, and no point depends on it. Two may share code
because they worked together as they were allowed to, had the same help, or because there is no
other way to write it. What many in this class write alike is not counted, nor is what the notebook
came with; names, comments and spacing play no part.</p></div>
{pairs}{published}
</main>
<footer><p>Of very short tasks nothing can be said.</p></footer>
"""
PAIR = """<section><h3>{first} and {other}</h3>
<p>{words}</p>
<details{open}><summary>Both passages</summary>
{passages}</details></section>
"""
SIDES = """<div class="pair">
<figure><figcaption>{first}</figcaption><pre tabindex="0">{left}</pre></figure>
<figure><figcaption>{other}</figcaption><pre tabindex="0">{right}</pre></figure>
</div>
"""
SECTION = "<h2>{}</h2>\n<p>{}</p>\n{}{}"


def alike_page(found: Alike, title: str, students: int) -> str:
    """The whole page, HTML.

    Parameters
    ----------
    found : the pairs, the strongest first.
    title : the exercise's.
    students : how many answers were compared.
    """
    facts = (
        f"{counted(students, 'answer')} compared; {counted(len(found.pairs), 'pair')} to look at."
    )
    body = fill(
        BODY,
        title=title,
        facts=facts,
        pairs=_section("Alike among themselves", AMONG, found.pairs, found),
        published=_section("As it is published", PUBLISHED, found.published, found),
    )
    return page(f"Answers that are alike: {title}", body, wide=True)


AMONG = (
    "Pairs that share passages which few others have, or that agree in one task after the other."
)
PUBLISHED = (
    "Passages as in the package, the book or the solutions, which few others in the class have. "
    "To read there is what the book is for; the solutions are no student's to read."
)


def _section(title: str, words: str, pairs: Sequence[Pair], found: Alike) -> Markup:
    if not pairs:
        return NONE
    shown = joined(_pair(k, pair, found) for k, pair in enumerate(pairs[:SHOWN]))
    rest = ", ".join(f"{pair.first} and {pair.other}" for pair in pairs[SHOWN : SHOWN + 200])
    more = fill("<p>Less alike: {}.</p>\n", rest) if rest else NONE
    return fill(SECTION, title, words, shown, more)


def _pair(k: int, pair: Pair, found: Alike) -> Markup:
    texts = found.texts[pair.first], found.texts[pair.other]
    sides = (
        fill(SIDES, first=pair.first, other=pair.other, left=_excerpt(texts[0], one.first),
             right=_excerpt(texts[1], one.other))
        for one in _apart(pair.passages)
    )  # fmt: skip
    words, shape = " ".join(in_words(pair)), Markup(" open") if k < OPEN else NONE
    return fill(
        PAIR, first=pair.first, other=pair.other, words=words, passages=joined(sides), open=shape
    )  # fmt: skip


def _apart(passages: Sequence[Passage]) -> Sequence[Passage]:
    """The passages that are shown: the longest three, in the order of the text."""
    longest = sorted(passages, key=lambda one: -one.tokens)[:3]
    return [one for one in passages if one in longest]


def in_words(pair: Pair) -> list[str]:
    """What was found of a pair, and what is usual in the class, a sentence each."""
    said = []
    if pair.clones:
        said.append("All their code is the same, but for names and comments; "
                    f"{counted(pair.clones, 'student')} have it.")  # fmt: skip
    if pair.weight:
        said.append(f"They share {pair.weight:.0f} runs of {RUN} tokens that few others have.")
    if pair.same:
        tasks = ", ".join(pair.same.tasks)
        said.append(f"Token for token they agree in {tasks}; by how often each of these ways was "
                    f"taken, chance gives such a pair {_rarely(pair.same.chance)}.")  # fmt: skip
    said.append(f"Of all their code {pair.share:.0%} agrees.")
    if pair.most:
        said.append(f"Beside others of the class it is {pair.usual:.0%} in the median, "
                    f"{pair.most:.0%} at most.")  # fmt: skip
    return said


def _rarely(chance: float) -> str:
    """How often, in words.

    >>> _rarely(0.002)
    'once in 500 classes like this one'
    """
    times = round(1 / max(chance, 1e-9))
    digits = max(len(str(times)) - 1, 0)
    return f"once in {round(times, -digits):,} classes like this one"


def _excerpt(text: str, span: tuple[int, int]) -> Markup:
    """The whole lines of a passage, the passage itself marked."""
    start = text.rfind("\n", 0, span[0]) + 1
    end = text.find("\n", span[1])
    end = len(text) if end < 0 else end
    before, within, after = text[start : span[0]], text[span[0] : span[1]], text[span[1] : end]
    lines = within.split("\n")
    if len(lines) > LINES:
        within, after = "\n".join(lines[:LINES]), f"\n… {len(lines) - LINES} more lines"
    return fill("{}<mark>{}</mark>{}", before, within, after)
