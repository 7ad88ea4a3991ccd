"""Drawings: the SVG files of cells become part of their page, in its colours."""

import re
from collections.abc import Callable
from html import escape, unescape

from course_nn.page import themed
from course_nn.plot import PALETTE

IMAGE = re.compile(r'<img\b[^>]*\bsrc="[^"]*?_images/([^"/]+\.svg)"[^>]*>')
ALT = re.compile(r'\balt="([^"]*)"')
POINT = 4 / 3  # CSS pixels in a point


def placed(body: str, read: Callable[[str], str | None]) -> str:
    """A page in which each drawing is an `<svg>` element in place of an image.

    Parameters
    ----------
    body : HTML.
    read : from the name of an image to its text; None where it is to stay an image.
    """
    number = 0

    def place(image: re.Match[str]) -> str:
        nonlocal number
        text = read(image[1])
        if text is None:
            return image[0]
        number += 1
        alt = ALT.search(image[0])
        return settled(text, f"d{number}", unescape(alt[1]) if alt else "")

    return IMAGE.sub(place, body)


def settled(svg: str, name: str, alt: str) -> str:
    """A drawing as an element of a page: described, in the page's colours, its names its own.

    Parameters
    ----------
    svg : the text of a file.
    name : stands before each id, so that no two drawings of a page share one.
    alt : what is seen.
    """
    start = svg.index("<svg")
    opening, rest = svg[start:].split(">", 1)
    rest = re.sub(r"<!--.*?-->|<metadata>.*?</metadata>", "", rest, flags=re.S)
    rest = re.sub(r"<defs>\s*<style.*?</style>\s*</defs>", "", rest, flags=re.S)
    rest = re.sub(r"\s*\n\s*", " ", rest)
    box = re.search(r'viewBox="([^"]+)"', opening)
    width = re.search(r'\bwidth="([\d.]+)(pt|px)?"', opening)
    wide = float(width[1]) * (POINT if width[2] == "pt" else 1) if width else 499
    described = f'role="img" aria-label="{escape(alt)}"' if alt else 'aria-hidden="true"'
    return (
        f'<svg class="nn-drawing" viewBox="{box[1] if box else "0 0 374 230"}"'
        f' width="{wide:.0f}" {described}>{coloured(named(rest, name))}'
    )


def named(svg: str, name: str) -> str:
    """A drawing whose ids begin with a name; ids to which nothing refers are gone."""
    used = {a or b for a, b in re.findall(r'url\(#([^)]+)\)|href="#([^"]+)"', svg)}

    def own(match: re.Match[str]) -> str:
        return f' id="{name}-{match[1]}"' if match[1] in used else ""

    svg = re.sub(r'\sid="([^"]*)"', own, svg)
    svg = re.sub(r"url\(#([^)]+)\)", rf"url(#{name}-\1)", svg)
    return re.sub(r'href="#([^"]+)"', rf'href="#{name}-\1"', svg)


PAINT = re.compile(
    r"(?P<what>(?:fill|stroke|stop-color|(?<![\w-])color)\s*)(?P<sign>:\s*|=\s*[\"'])"
    r"(?P<colour>#[0-9a-fA-F]{3}(?:[0-9a-fA-F]{3})?\b|rgb\([^)]*\)|black\b)"
)
NAMES = {colour.lower(): name for name, colour in PALETTE.items()} | {"#000000": "ink"}


def coloured(svg: str) -> str:
    """A drawing whose colours follow the page, in whatever form the palette's are written.

    >>> coloured('<path fill="rgb(0, 114, 178)"/>')
    '<path fill="var(--nn-blue, #0072b2)"/>'
    """

    def paint(match: re.Match[str]) -> str:
        colour = plain(match["colour"])
        if colour not in NAMES:
            return match[0]
        return f"{match['what']}{match['sign']}var(--nn-{NAMES[colour]}, {colour})"

    return themed(PAINT.sub(paint, svg))


def plain(colour: str) -> str:
    """A colour as six hexadecimal digits.

    >>> plain("#333"), plain("rgb(0%, 100%, 0%)"), plain("black")
    ('#333333', '#00ff00', '#000000')
    """
    if colour == "black":
        return "#000000"
    if colour.startswith("#"):
        digits = colour[1:].lower()
        return "#" + ("".join(2 * d for d in digits) if len(digits) == 3 else digits)
    parts = re.findall(r"([\d.]+)(%?)", colour)[:3]
    numbers = [float(n) * 2.55 if percent else float(n) for n, percent in parts]
    return "#" + "".join(f"{min(255, round(n)):02x}" for n in numbers)
