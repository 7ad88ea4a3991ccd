"""What cells import of IPython is there, and does what they import it for."""

import base64
import struct
import zlib
from pathlib import Path

import pytest

from tests.live.cells import WELL, run


def test_nothing_is_shown_of_what_is_captured() -> None:
    code = (
        "from IPython.utils.capture import capture_output\nwith capture_output():\n    print(1)\n2"
    )
    assert run(code) == [["text", "2"], WELL]


def test_a_place_that_is_named_is_shown_anew_in_its_place() -> None:
    code = "shown = display(1, display_id=True)\nshown.update(2)\ndisplay(3, display_id='x')"
    later = "from IPython.display import update_display\nupdate_display(4, display_id='x')"
    assert run(code + "\nNone", later) == [
        ["place", "nn-1"], ["text", "1"], ["renew", "nn-1"], ["text", "2"],
        ["place", "x"], ["text", "3"], WELL, ["renew", "x"], ["text", "4"], WELL,
    ]  # fmt: skip


def test_what_is_shown_is_cleared_at_once_or_with_what_comes_next() -> None:
    code = "from IPython.display import clear_output\nprint(1)\nclear_output()\nclear_output(True)"
    orders = [pair for pair in run(code) if pair[0] == "clear"]
    assert orders == [["clear", ""], ["clear", "wait"]]


def test_a_question_to_the_reader_is_answered_in_one_sentence() -> None:
    ((form, told), _) = run("name = input('Who? ')")
    assert form == "error"
    assert told.splitlines()[-1].startswith("RuntimeError: input() waits for somebody who types")


def test_ipython_is_at_hand_as_in_a_notebook() -> None:
    code = "from IPython import get_ipython as imported\ndisplay(1)"
    assert run(code, "get_ipython() is imported()") == [
        ["text", "1"], WELL, ["text", "True"], WELL,
    ]  # fmt: skip


def test_a_formula_and_a_text_are_shown_as_such() -> None:
    code = "from IPython.display import Code, Latex, Math\n"
    shown = run(code + "display(Math('a < b'), Latex('$x$'))\nCode('a = 1', language='python')")
    assert shown == [
        ["html", r"\(\displaystyle a &lt; b\)"], ["html", r"\(x\)"], ["text", "a = 1"], WELL,
    ]  # fmt: skip


def test_a_polynomial_is_shown_as_a_formula() -> None:
    shown = run("import numpy as np\nnp.polynomial.Polynomial([1, 2])")
    assert shown[0][0] == "html"
    assert "mapsto" in shown[0][1]


def png() -> bytes:
    """The bytes of a picture of one point."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        end = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + end

    head = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(b"\0\0")), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts)


@pytest.mark.parametrize("how", ["{data!r}", "filename={path!r}", "{path!r}", "url={address!r}"])
def test_a_picture_is_shown_from_its_bytes_a_file_or_an_address(tmp_path: Path, how: str) -> None:
    path, data = tmp_path / "a.png", png()
    path.write_bytes(data)
    address = f"data:image/png;base64,{base64.b64encode(data).decode()}"
    wanted = how.format(data=data, path=str(path), address=address)
    shown = run(f"from IPython.display import Image\nImage({wanted}, width=40)")
    assert shown == [["html", f'<img alt="" src="{address}" width="40">'], WELL]


def test_what_is_no_picture_is_refused_in_one_sentence() -> None:
    ((form, told), _) = run("from IPython.display import Image\nImage(b'text')")
    assert form == "error"
    assert told.splitlines()[-1].startswith("ValueError: this is no picture")
