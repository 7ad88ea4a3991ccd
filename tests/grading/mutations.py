"""Changes at random to bytes, JSON, zips and names, such as reach deep before they break.

Everything is drawn from one `random.Random`: a number says it all again.
"""

import io
import json
import random
import struct
import tarfile
import unicodedata
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

ODD_TEXTS = (
    "", " ", "\0", "\n", "\x1b[2J", "\u202egpj", "\ud800", "é", "e\u0301", "..", "/", "\\", "-rf",
    "a" * 300, "名前", "🙂", "=1+1", "<b>", "con", "%s", "{}", "'", '"', "~", "\ufeff", "ß", "ı",
)  # fmt: skip
ODD_NUMBERS = (
    0, -1, 1, 255, 256, 65535, 2**31 - 1, 2**31, 2**32, 2**63, 2**64, -(2**63), 10**400, 1e308,
    float("nan"), float("inf"), True, 0.5,
)  # fmt: skip
NEAR = (0, 1, 2, 3, -1, True, 1.0, 2**16, 2**26, 2**26 + 1, 2**31)
TOKENS = (b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06", b"\0" * 8, b"\xff" * 8, b"{", b"[" * 50,
          b'"id": "', b"ustar", b"\x1f\x8b", b"BZh9", b"/", b"../", b"\n")  # fmt: skip


def one_of(rng: random.Random, ways: tuple[Callable, ...], *given: Any) -> Any:
    """What one of some ways makes."""
    return rng.choice(ways)(rng, *given)


# -- bytes -----------------------------------------------------------------------------------------


def changed(rng: random.Random, data: bytes) -> bytes:
    """The bytes with a few changes."""
    for _ in range(rng.choice((1, 1, 1, 2, 4, 16))):
        data = one_of(rng, (_flip, _cut, _insert, _number, _repeat, _zero), data)
    return data


def _at(rng: random.Random, data: bytes) -> int:
    edge = rng.choice((0, len(data), rng.randrange(len(data) + 1)))
    return min(max(edge + rng.randrange(-30, 31), 0), len(data))


def _flip(rng: random.Random, data: bytes) -> bytes:
    at = _at(rng, data)
    return (
        data[:at] + bytes(b ^ (1 << rng.randrange(8)) for b in data[at : at + 1]) + data[at + 1 :]
    )


def _cut(rng: random.Random, data: bytes) -> bytes:
    at = _at(rng, data)
    return data[:at] + data[at + rng.choice((1, 4, 40, 10**9)) :]


def _insert(rng: random.Random, data: bytes) -> bytes:
    at = _at(rng, data)
    return data[:at] + rng.choice((rng.choice(TOKENS), rng.randbytes(rng.randrange(9)))) + data[at:]


def _number(rng: random.Random, data: bytes) -> bytes:
    at, value = _at(rng, data), rng.choice((0, 1, 0x7F, 0xFF, 0x7FFFFFFF, 0xFFFFFFFF))
    part = struct.pack(rng.choice(("<L", ">L")), value)[: rng.choice((1, 2, 4))]
    return data[:at] + part + data[at + len(part) :]


def _repeat(rng: random.Random, data: bytes) -> bytes:
    at = _at(rng, data)
    piece = data[at : at + rng.randrange(1, 200)]
    return data[:at] + piece * rng.choice((2, 3, 50)) + data[at:]


def _zero(rng: random.Random, data: bytes) -> bytes:
    at, size = _at(rng, data), rng.randrange(1, 60)
    return data[:at] + bytes(len(data[at : at + size])) + data[at + size :]


# -- JSON ------------------------------------------------------------------------------------------


def changed_tree(rng: random.Random, tree: Any) -> Any:
    """A JSON value with a few of its parts something else."""
    tree = json.loads(json.dumps(tree))
    for _ in range(rng.choice((1, 1, 2, 5))):
        tree = _changed_part(rng, tree)
    return tree


def _changed_part(rng: random.Random, tree: Any) -> Any:
    """One part of all, taken out, doubled, renamed or made something else."""
    holder = {"": tree}
    above, key = rng.choice(list(_places(holder)))
    kind = rng.random()
    if kind < 0.08 and above is not holder:
        del above[key]
    elif kind < 0.14 and isinstance(above, list):
        above[key:key] = above[key:] * rng.choice((1, 20))
    elif kind < 0.2 and isinstance(above, dict) and above is not holder:
        above[odd_text(rng)] = above.pop(key)
    else:
        above[key] = _instead(rng, above[key])
    return holder[""]


def _places(tree: Any) -> Iterator[tuple[Any, Any]]:
    """Every part of a tree, as what holds it and its key there."""
    for key in list(tree if isinstance(tree, dict) else range(len(tree))):
        yield tree, key
        if isinstance(tree[key], dict | list):
            yield from _places(tree[key])


def _instead(rng: random.Random, part: Any) -> Any:
    if isinstance(part, list) and rng.random() < 0.6:
        likely = (0, 1, 2, 3, 2**16, 2**26)
        return [rng.choice(rng.choice((likely, likely, NEAR))) for _ in range(rng.randrange(10))]
    if isinstance(part, int) and rng.random() < 0.7:
        return rng.choice((part + 1, part - 1, -part - 1, 2 * part, *NEAR))
    return odd_value(rng)


def odd_value(rng: random.Random) -> Any:
    """A JSON value that seldom stands where it is."""
    plain = (None, [], {}, [[]], {"": None}, *DEEP, ["a", 1, None], {"kind": "array", "index": 0})
    return rng.choice((rng.choice(plain), odd_text(rng), rng.choice(ODD_NUMBERS)))


def odd_arrays(rng: random.Random) -> list[dict[str, Any]]:
    """What a frame tells of its arrays: sizes that are none, and such as nobody can hold."""
    sizes = rng.choice(((0, 1, 2, 3), (0, 2**16, 2**26), NEAR))
    return [
        {
            "dtype": rng.choice(
                ("<f8", "<f8", "|b1", "<f2", "<U9", "|O", "i4,f8", ">f8", "", None)
            ),
            "shape": [rng.choice(sizes) for _ in range(rng.randrange(9))],
        }
        for _ in range(rng.choice((0, 1, 1, 2, 17)))
    ]


def json_of(tree: Any) -> bytes:
    """The JSON of a tree, in which some words stand for lists in lists in lists."""
    text = json.dumps(tree).encode()
    for word, depth in DEEP.items():
        text = text.replace(b'"%s"' % word.encode(), b"[" * depth + b"]" * depth)
    return text


def odd_text(rng: random.Random) -> str:
    """A text that seldom stands where it is."""
    return "".join(rng.choice(ODD_TEXTS) for _ in range(rng.choice((1, 1, 2, 4))))


DEEP = {"deep": 900, "deeper": 100_000}
LINES = (
    "!ls", "%%bash\nls", "x = !ls", "%matplotlib inline", "import numpy as np", "(" * 3000, "\0",
    "\r", "def dense(x, W, b):\n    return x @ W + b", "raise NotImplementedError", "await f()",
    "?np", "np??", "\t x", "    ", "'" * 3, "f'{", "-" * 5000 + "1", "lambda: " * 500, "é = 1",
    "[" * 90 + "]" * 90, "class dense: ...", "from x import (dense as dense)", "return", "```",
    "#" * 9000, "x\\", "if 1:", "\ud800", "\x0c", "# -*- coding: utf-7 -*-", "%" * 50,
    "1if 1else 0", "a" * 70_000,
)  # fmt: skip


RETURNED = (
    "None",
    "'x'",
    "{}",
    "[]",
    "()",
    "(None, [])",
    "10**400",
    "-1",
    "True",
    "1e308",
    "float('nan')",
    "object()",
    "type",
    "lambda: 1",
    "(i for i in 'ab')",
    "[[1, [2]], 3]",
    "np.array(None)",
    "np.array(['a'])",
    "np.zeros(2, 'm8[s]')",
    "np.zeros(2, 'c16')",
    "np.zeros(3, 'i4,f8')",
    "np.zeros(3, '>f8')",
    "np.ones((2, 3))[::-1, ::2]",
    "np.zeros((0, 5))",
    "np.zeros((1,) * 12)",
    "np.broadcast_to(1.0, (2**40,))",
    "np.ma.ones(3)",
    "np.matrix([[1]])",
    "np.float16(1)",
    "args[0]",
    "args[0].T",
    "args",
    "tuple(args) * 40",
    "exit()",
    "sys.exit('x' * 10**6)",
    "os._exit(0)",
    "os.kill(os.getpid(), 9)",
    "1 / 0",
    "'\\ud800' * 9",
    "'\\x1b[2J\\u202e'",
    "me(*args)",
    "[print('x' * 10**5) for _ in range(20)]",
    "bytearray(2**31)",
    "Evil()",
    "[Evil()]",
    "(_ for _ in ()).throw(Evil())",
    "Odd(3)",
    "np.array([Evil()])",
    "setattr(args[0], 'shape', -1)",
    "args[0].fill(np.nan)",
    "globals().clear()",
    "sys.stdout.close()",
    "os.close(3)",
    "os.close(4)",
    "os.write(4, b'\\0' * 99)",
    "[os.write(fd, b'{}' * 99) for fd in (1, 3, 4, 5)]",
)
EVIL = """import os, sys
import numpy as np
class Evil(Exception):
    def __getattribute__(self, name): raise SystemExit("\\x1b[2J")
    def __len__(self): return 10**9
    def __array__(self, *a, **k): os._exit(1)
    __str__ = __repr__ = __iter__ = __float__ = __index__ = lambda self: 1 / 0
class Odd(int):
    __eq__ = __lt__ = __hash__ = __int__ = __float__ = lambda *a: 1 / 0
def me(*args): return me(*args)
"""


def odd_answers(rng: random.Random, names: list[str]) -> list[str]:
    """Cells that define functions of these names, which return what they should not."""
    cells = [EVIL]
    for name in rng.sample(names, rng.randrange(1, len(names) + 1)):
        first = (
            f"    if len(calls) < {rng.choice((0, 0, 1, 3))}:\n        raise ValueError('\\0')\n"
        )
        body = f"    calls.append(1)\n{first}    return {rng.choice(RETURNED)}"
        cells.append(f"calls = []\ndef {name}(*args):\n{body}")
    return [*cells, odd_code(rng)] if rng.random() < 0.5 else cells


def odd_code(rng: random.Random) -> str:
    """A cell's code, right or not."""
    return rng.choice(("\n", "\n", ";", "")).join(
        rng.choice(LINES) for _ in range(rng.randrange(6))
    )


def odd_notebook(rng: random.Random, notebook: bytes) -> bytes:
    """A notebook with cells of any code, or with its parts or its bytes changed."""
    content = json.loads(notebook)
    for _ in range(rng.choice((0, 1, 4))):
        cell = rng.choice(content["cells"])
        code = odd_code(rng)
        cell["source"] = rng.choice((code, code.splitlines(keepends=True)))
        cell["cell_type"] = rng.choice(("code", "code", "markdown", "raw"))
        cell["outputs"] = [{"output_type": "stream", "text": odd_text(rng) * 50}]
    if rng.random() < 0.5:
        content = changed_tree(rng, content)
    data = json.dumps(content, ensure_ascii=False).encode("utf-8", "surrogatepass")
    data = rng.choice((data, json_of(content)))
    return changed(rng, data) if rng.random() < 0.3 else data


# -- names and archives ----------------------------------------------------------------------------

PIECES = (
    "ada", "Ada Lovelace", "bob", "ex02_dense", "ex02_dense.ipynb", ".ipynb", "_1234567",
    "_12_345_", "_assignsubmission_file_", "_LATE_", "anon_aB3dE", "submission_1",
    "submission_metadata.yml",
    "_attempt_2026-01-30-20-30-10", "+ex02_dense+2026-03-02 15:58:23 UTC", "timestamp.txt",
    ".git",
    " (1)", "-Copy1", "Kopie von ", ".zip", ".tar.gz", ".gz", ".", "~", "_", "-", " ", "__MACOSX",
)  # fmt: skip


def odd_name(rng: random.Random) -> str:
    """A file's name: of pieces that platforms and people use, or of odd texts."""
    pick = (lambda: rng.choice(PIECES), lambda: rng.choice(PIECES), lambda: odd_text(rng))
    name = "".join(rng.choice(pick)() for _ in range(rng.choice((1, 2, 3, 5))))
    return unicodedata.normalize(rng.choice(("NFC", "NFD")), name)


def odd_path(rng: random.Random) -> str:
    """Some names with slashes between them."""
    return "/".join(odd_name(rng) for _ in range(rng.choice((1, 2, 2, 3, 6))))


def odd_archive(rng: random.Random, contents: list[bytes], depth: int = 0) -> bytes:
    """A zip or a tar of odd names, changed or not; some hold others."""
    make = rng.choice((_zip, _zip, _tar))
    files = []
    for _ in range(rng.choice((0, 1, 2, 5))):
        data = rng.choice(contents)
        name = plain(odd_path(rng))
        if depth < 3 and rng.random() < 0.3:
            data, name = odd_archive(rng, contents, depth + 1), name + rng.choice((".zip", ".tar"))
        files.append((name, data))
    data = make(rng, files)
    return changed(rng, data) if rng.random() < 0.6 else data


def plain(name: str) -> str:
    """The text with what cannot be written as UTF-8 made plain."""
    return name.encode("utf-8", "replace").decode()


def _zip(rng: random.Random, files: list[tuple[str, bytes]]) -> bytes:
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as pack:
        for name, data in files:
            info = zipfile.ZipInfo(name or "x")
            info.compress_type = rng.choice((zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED))
            info.external_attr = rng.choice((0, 0, 0o120777 << 16, 0o010644 << 16, 0o100644 << 16))
            pack.writestr(info, data)
    return memory.getvalue()


def _tar(rng: random.Random, files: list[tuple[str, bytes]]) -> bytes:
    memory = io.BytesIO()
    with tarfile.open(fileobj=memory, mode=rng.choice(("w", "w:gz", "w:bz2", "w:xz"))) as pack:
        for name, data in files:
            info = tarfile.TarInfo(name.replace("\0", "") or "x")
            info.size, info.mtime = len(data), rng.choice((0, 1e9, 1.7e9, 2**33))
            info.type = rng.choice((tarfile.REGTYPE,) * 5 + (tarfile.SYMTYPE, tarfile.CHRTYPE))
            info.linkname = "/etc/passwd"
            pack.addfile(info, io.BytesIO(data))
    return memory.getvalue()
