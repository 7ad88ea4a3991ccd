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
from collections.abc import Callable
from typing import Any

ODD_TEXTS = (
    "", " ", "\0", "\n", "\x1b[2J", "\u202egpj", "\ud800", "é", "e\u0301", "..", "/", "\\", "-rf",
    "a" * 300, "名前", "🙂", "=1+1", "<b>", "con", "%s", "{}", "'", '"', "~", "\ufeff", "ß", "ı",
)  # fmt: skip
ODD_NUMBERS = (
    0, -1, 1, 255, 256, 65535, 2**31 - 1, 2**31, 2**32, 2**63, 2**64, -(2**63), 10**400, 1e308,
    float("nan"), float("inf"), True, 0.5,
)  # fmt: skip
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
    if isinstance(tree, dict) and tree and rng.random() < 0.8:
        key = rng.choice(list(tree))
        if rng.random() < 0.15:
            del tree[key]
        else:
            tree[rng.choice((key, key, key, odd_text(rng)))] = _changed_part(rng, tree[key])
        return tree
    if isinstance(tree, list) and tree and rng.random() < 0.8:
        at = rng.randrange(len(tree))
        if rng.random() < 0.1:
            return tree[:at] + tree[at:] * rng.choice((2, 20))
        tree[at] = _changed_part(rng, tree[at])
        return tree
    return odd_value(rng)


def odd_value(rng: random.Random) -> Any:
    """A JSON value that seldom stands where it is."""
    deep: Any = []
    for _ in range(rng.choice((1, 5, 600, 900))):
        deep = [deep]
    plain = (None, [], {}, [[]], {"": None}, deep, ["a", 1, None], {"kind": "array", "index": 0})
    return rng.choice((rng.choice(plain), odd_text(rng), rng.choice(ODD_NUMBERS)))


def odd_text(rng: random.Random) -> str:
    """A text that seldom stands where it is."""
    return "".join(rng.choice(ODD_TEXTS) for _ in range(rng.choice((1, 1, 2, 4))))


LINES = (
    "!ls", "%%bash\nls", "x = !ls", "%matplotlib inline", "import numpy as np", "(" * 3000, "\0",
    "\r", "def dense(x, W, b):\n    return x @ W + b", "raise NotImplementedError", "await f()",
    "?np", "np??", "\t x", "    ", "'" * 3, "f'{", "-" * 5000 + "1", "lambda: " * 500, "é = 1",
    "[" * 90 + "]" * 90, "class dense: ...", "from x import (dense as dense)", "return", "```",
    "#" * 9000, "x\\", "if 1:", "\ud800", "\x0c", "# -*- coding: utf-7 -*-", "%" * 50,
    "1if 1else 0", "a" * 70_000,
)  # fmt: skip


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
    data = json.dumps(content, ensure_ascii=rng.random() < 0.5).encode("utf-8", "surrogatepass")
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
        name = _plain(odd_path(rng))
        if depth < 3 and rng.random() < 0.3:
            data, name = odd_archive(rng, contents, depth + 1), name + rng.choice((".zip", ".tar"))
        files.append((name, data))
    data = make(rng, files)
    return changed(rng, data) if rng.random() < 0.6 else data


def _plain(name: str) -> str:
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
