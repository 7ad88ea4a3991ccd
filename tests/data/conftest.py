"""What the tests of the data share: a tiny MNIST with hashes of its own, and an ill-behaved server.

The real files are used where `COURSE_NN_DATA` or `shared/data/mnist` beside the repository has
them; nothing here writes them anywhere but to pytest's own temporary folders.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import ssl
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from course_nn.data.mnist import FILES, FileRecord

CERTIFICATE = Path(__file__).with_name("untrusted.pem")
IDX_CODES = {"u1": 8, "i1": 9, "i2": 11, "i4": 12, "f4": 13, "f8": 14}


def _encode_idx(array: np.ndarray) -> bytes:
    """An array as an IDX file, written from the format's description."""
    code = IDX_CODES[array.dtype.str[1:]]
    header = bytes([0, 0, code, array.ndim]) + np.array(array.shape, ">u4").tobytes()
    return header + array.astype(array.dtype.newbyteorder(">")).tobytes()


def _record(content: bytes) -> FileRecord:
    return FileRecord(len(content), hashlib.sha256(content).hexdigest())


@pytest.fixture(scope="session")
def encode_idx() -> Callable[[np.ndarray], bytes]:
    return _encode_idx


@pytest.fixture(scope="session")
def record() -> Callable[[bytes], FileRecord]:
    return _record


@pytest.fixture
def tiny() -> dict[str, bytes]:
    """Seven training and three test images of 28x28, as the eight files, gzipped and plain."""
    rng = np.random.default_rng(3)
    plain = {}
    for name, count in zip(FILES, (7, 7, 3, 3), strict=True):
        shape = (count, 28, 28) if "images" in name else (count,)
        top = 256 if "images" in name else 10
        plain[name] = _encode_idx(rng.integers(0, top, shape, dtype=np.uint8))
    return plain | {f"{name}.gz": gzip.compress(content) for name, content in plain.items()}


@pytest.fixture
def tiny_registry(tiny: dict[str, bytes]) -> dict[str, FileRecord]:
    return {name: _record(content) for name, content in tiny.items()}


@pytest.fixture
def no_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COURSE_NN_DATA", raising=False)


@pytest.fixture(scope="session")
def real_folder() -> Path:
    """The folder that holds the four real files; without one, the test skips."""
    beside = Path(__file__).parents[3] / "shared" / "data"
    setting = os.environ.get("COURSE_NN_DATA")
    for root in [Path(setting).expanduser()] if setting else [beside]:
        for folder in (root, root / "mnist"):
            if all((folder / f"{name}.gz").is_file() for name in FILES):
                return folder
    pytest.skip("the four MNIST files are not here: set COURSE_NN_DATA to their folder")


class Server:
    """An HTTP server on loopback: `/good/` serves the files, other folders misbehave by name.

    With TLS its certificate is one that nobody has signed.
    """

    def __init__(self, files: dict[str, bytes], tls: bool = False) -> None:
        self.files, self.asked, self.scheme = files, [], "https" if tls else "http"
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, self))
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(CERTIFICATE)
            self.http.socket = context.wrap_socket(self.http.socket, server_side=True)
        self.thread = threading.Thread(target=self.http.serve_forever, args=(0.02,), daemon=True)
        self.thread.start()

    def mirror(self, behaviour: str) -> str:
        return f"{self.scheme}://127.0.0.1:{self.http.server_address[1]}/{behaviour}/"

    def close(self) -> None:
        self.http.shutdown()
        self.http.server_close()
        self.thread.join()


class Handler(BaseHTTPRequestHandler):
    def __init__(self, server: Server, *args: object) -> None:
        self.owner = server
        super().__init__(*args)

    def do_CONNECT(self) -> None:
        self.send_error(407)  # as a proxy that wants a name and a password

    def do_GET(self) -> None:
        _, behaviour, name = self.path.split("/")
        self.owner.asked.append((behaviour, name))
        content = self.owner.files.get(name)
        if behaviour == "missing" or content is None:
            self.send_error(404)
            return
        half = content[: len(content) // 2]
        body = {"truncated": half, "drop": half, "wrong": b"<html>sign in</html>"}
        length = len(content if behaviour == "drop" else body.get(behaviour, content))
        self.send_response(200)
        self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(body.get(behaviour, content))

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def serve() -> Iterator[object]:
    """`serve(files)` starts a server that the end of the test stops."""
    servers: list[Server] = []

    def start(files: dict[str, bytes], tls: bool = False) -> Server:
        servers.append(Server(files, tls))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture(scope="session")
def real_files(real_folder: Path) -> dict[str, bytes]:
    return {f"{name}.gz": (real_folder / f"{name}.gz").read_bytes() for name in FILES}
