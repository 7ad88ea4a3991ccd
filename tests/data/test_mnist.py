"""MNIST: found, verified or downloaded, from a server on loopback that behaves and misbehaves."""

import gzip
import io
import re
import socket
import sys
from pathlib import Path

import numpy as np
import pooch
import pytest

from course_nn import data
from course_nn.data.idx import decode_idx
from course_nn.data.mnist import FILES, MIRRORS, REGISTRY

pytestmark = pytest.mark.usefixtures("no_setting")
MODULE = sys.modules["course_nn.data.mnist"]  # the attribute of that name is the function
IMAGES = "train-images-idx3-ubyte"
CERTIFICATE = Path(__file__).with_name("untrusted.pem")


def write(folder: Path, files: dict[str, bytes], *names: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names or files:
        (folder / name).write_bytes(files[name])
    return folder


def packed(files: dict[str, bytes]) -> dict[str, bytes]:
    return {name: content for name, content in files.items() if name.endswith(".gz")}


def assert_is_tiny(found: data.Dataset, tiny: dict[str, bytes]) -> None:
    pixels, labels = (
        np.frombuffer(tiny[name][skip:], "u1") for name, skip in ((FILES[0], 16), (FILES[1], 8))
    )
    assert found.x_train.shape == (7, 1, 28, 28)
    assert found.x_test.shape == (3, 1, 28, 28)
    assert found.x_train.dtype == np.float32
    assert found.y_train.dtype == np.int64
    expected = (pixels / 255).astype(np.float32).reshape(7, 1, 28, 28)
    np.testing.assert_array_equal(found.x_train, expected)
    np.testing.assert_array_equal(found.y_train, labels)


# ---- files on this machine


@pytest.mark.parametrize("below", ["", "mnist", "MNIST/raw", "raw", "MNIST"])
@pytest.mark.parametrize("ending", ["", ".gz"], ids=["plain", "gzipped"])
def test_the_folder_of_the_setting(tmp_path, monkeypatch, tiny, tiny_registry, below, ending):
    write(tmp_path / below, tiny, *(name + ending for name in FILES))
    monkeypatch.setenv("COURSE_NN_DATA", str(tmp_path))
    found = data.mnist(download=False, cache=tmp_path / "cache", registry=tiny_registry)
    assert_is_tiny(found, tiny)


def dotted(name: str) -> str:
    """As some unpackers name them: train-images.idx3-ubyte."""
    return name.replace("-idx", ".idx")


@pytest.mark.parametrize(
    "place",
    [dotted, lambda name: f"{name}/{name}", lambda name: f"{name}/{dotted(name)}"],
    ids=["dots", "a folder each", "a folder each, dots"],
)
@pytest.mark.parametrize("ending", ["", ".gz"], ids=["plain", "gzipped"])
def test_the_names_that_others_give_the_files(tmp_path, tiny, tiny_registry, place, ending):
    for name in FILES:
        path = tmp_path / (place(name) + (ending if place is dotted else ""))
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(tiny[name + ending] if place is dotted else tiny[name])
    found = data.mnist(download=False, cache=tmp_path, registry=tiny_registry)
    assert_is_tiny(found, tiny)


def test_a_damaged_file_with_dots_is_named(tmp_path, tiny, tiny_registry):
    for name in FILES:
        (tmp_path / dotted(name)).write_bytes(tiny[name])
    (tmp_path / dotted(IMAGES)).write_bytes(tiny[IMAGES][:-9])
    with pytest.raises(data.DataCorrupt, match=r"train-images.idx3-ubyte is truncated: it has"):
        data.mnist(download=False, cache=tmp_path, registry=tiny_registry)


def keras(tiny: dict[str, bytes], **changed: np.ndarray) -> dict[str, np.ndarray]:
    """The arrays of Keras's mnist.npz."""
    arrays = [decode_idx(io.BytesIO(tiny[name]), name=name) for name in FILES]
    return dict(zip(("x_train", "y_train", "x_test", "y_test"), arrays, strict=True)) | changed


@pytest.mark.parametrize("below", ["", "mnist"])
@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_keras_s_file(tmp_path, monkeypatch, tiny, tiny_registry, below, save):
    (tmp_path / below).mkdir(exist_ok=True)
    save(tmp_path / below / "mnist.npz", **keras(tiny))
    monkeypatch.setenv("COURSE_NN_DATA", str(tmp_path))
    found = data.mnist(download=False, cache=tmp_path / "cache", registry=tiny_registry)
    assert_is_tiny(found, tiny)


def one_pixel(x: np.ndarray) -> np.ndarray:
    x = x.copy()
    x[0, 0, 0] ^= 1
    return x


SPOILT = {
    "one pixel": (lambda a: a | {"x_train": one_pixel(a["x_train"])}, "x_train in .* SHA-256 is"),
    "an image fewer": (lambda a: a | {"x_train": a["x_train"][1:]}, "x_train in .* is truncated"),
    "labels as int64": (lambda a: a | {"y_train": a["y_train"].astype("i8")}, "IDX holds no int64"),
    "labels as int32": (lambda a: a | {"y_train": a["y_train"].astype("i4")}, "y_train in .*, exp"),
    "no labels": (lambda a: {"x_train": a["x_train"]}, "not Keras's mnist.npz.*y_train"),
    "objects": (lambda a: a | {"y_train": a["y_train"].astype(object)}, "allow_pickle|not Keras's"),
}


@pytest.mark.parametrize("name", SPOILT)
def test_a_spoilt_file_of_keras_s_is_named(tmp_path, tiny, tiny_registry, name):
    spoil, why = SPOILT[name]
    np.savez(tmp_path / "mnist.npz", **spoil(keras(tiny)))
    with pytest.raises(data.DataCorrupt, match=why) as caught:
        data.mnist(download=False, cache=tmp_path, registry=tiny_registry)
    assert str(tmp_path / "mnist.npz") in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"rubbish", b"PK\x03\x04rubbish"])
def test_what_is_no_file_of_keras_s_is_named(tmp_path, tiny_registry, content):
    (tmp_path / "mnist.npz").write_bytes(content)
    with pytest.raises(data.DataCorrupt, match=r"not Keras's mnist.npz, or it is damaged"):
        data.mnist(download=False, cache=tmp_path, registry=tiny_registry)


def test_the_setting_comes_before_the_cache(tmp_path, monkeypatch, tiny, tiny_registry):
    write(tmp_path / "set", packed(tiny))
    write(tmp_path / "cache", dict.fromkeys(packed(tiny), b"rubbish"))
    monkeypatch.setenv("COURSE_NN_DATA", str(tmp_path / "set"))
    found = data.mnist(download=False, cache=tmp_path / "cache", registry=tiny_registry)
    assert_is_tiny(found, tiny)


def test_files_may_lie_in_two_places(tmp_path, monkeypatch, tiny, tiny_registry):
    write(tmp_path / "set", tiny, *FILES[:2])
    cache = write(tmp_path / "cache", tiny, *(f"{name}.gz" for name in FILES[2:]))
    monkeypatch.setenv("COURSE_NN_DATA", str(tmp_path / "set"))
    assert_is_tiny(data.mnist(download=False, cache=cache, registry=tiny_registry), tiny)


def test_files_on_this_machine_need_no_network(tmp_path, monkeypatch, tiny, tiny_registry):
    cache = write(tmp_path, packed(tiny))
    monkeypatch.setattr(socket, "socket", None)
    assert_is_tiny(data.mnist(cache=cache, registry=tiny_registry), tiny)


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda content: content[:-9], ["truncated", "bytes, expected"]),
        (lambda content: content + b"!", ["another file or damaged", "bytes, expected"]),
        (lambda content: content[:-1] + bytes([content[-1] ^ 1]), ["SHA-256 is", "expected"]),
    ],
    ids=["truncated", "too long", "one bit"],
)
@pytest.mark.parametrize("ending", ["", ".gz"], ids=["plain", "gzipped"])
def test_a_damaged_file_is_named(tmp_path, tiny, tiny_registry, record, damage, words, ending):
    files = {name + ending: tiny[name + ending] for name in FILES}
    bad = IMAGES + ending
    cache = write(tmp_path, files | {bad: damage(files[bad])})
    with pytest.raises(data.DataCorrupt) as caught:
        data.mnist(cache=cache, registry=tiny_registry, mirrors=[])
    for word in [str(cache / bad), "delete it", *words]:
        assert word in str(caught.value)
    found = record(damage(files[bad]))
    shown = found.sha256 if "SHA-256 is" in words else f"{found.size:,}"
    wanted = tiny_registry[bad].sha256 if "SHA-256 is" in words else f"{tiny_registry[bad].size:,}"
    assert shown in str(caught.value)
    assert wanted in str(caught.value)


def test_nothing_here_and_no_download(tmp_path, monkeypatch, tiny_registry):
    monkeypatch.setenv("COURSE_NN_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(data.DataNotFound) as caught:
        data.mnist(download=False, cache=tmp_path / "cache", registry=tiny_registry)
    for word in ["nowhere", "cache", "COURSE_NN_DATA", "digits()", "download=False"]:
        assert word in str(caught.value)
    assert not (tmp_path / "cache").exists()


# ---- downloads


def test_a_download_is_verified_and_kept(tmp_path, serve, tiny, tiny_registry):
    server = serve(tiny)
    options = {"cache": tmp_path, "mirrors": [server.mirror("good")], "registry": tiny_registry}
    assert_is_tiny(data.mnist(**options, progress=False), tiny)
    assert {path.name for path in tmp_path.iterdir()} == set(packed(tiny))
    assert_is_tiny(data.mnist(**options), tiny)
    assert len(server.asked) == 4  # the second call asked for nothing


def test_only_what_is_missing_is_downloaded(tmp_path, serve, tiny, tiny_registry):
    server, cache = serve(tiny), write(tmp_path, tiny, *FILES[:3])
    data.mnist(cache=cache, mirrors=[server.mirror("good")], registry=tiny_registry)
    assert server.asked == [("good", f"{FILES[3]}.gz")]


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        ("missing", "HTTP status 404"),
        ("truncated", "wrong SHA-256"),
        ("wrong", "wrong SHA-256"),
        ("drop", "the connection broke off"),
    ],
)
def test_a_bad_mirror(tmp_path, serve, tiny, tiny_registry, behaviour, reason):
    """Alone it is reported and leaves nothing behind; before a good one it is passed over."""
    server = serve(tiny)
    bad, good = server.mirror(behaviour), server.mirror("good")
    with pytest.raises(data.DataNotFound) as caught:
        data.mnist(cache=tmp_path, mirrors=[bad], registry=tiny_registry)
    for word in [bad, reason, IMAGES, "COURSE_NN_DATA", "digits()"]:
        assert word in str(caught.value)
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []
    found = data.mnist(cache=tmp_path, mirrors=[bad, good], registry=tiny_registry)
    assert_is_tiny(found, tiny)
    assert {path.name for path in tmp_path.iterdir()} == set(packed(tiny))


def test_no_network(tmp_path, tiny_registry):
    with socket.socket() as closed:  # bound, so that nobody else has the port; not listening
        closed.bind(("127.0.0.1", 0))
        mirror = f"http://127.0.0.1:{closed.getsockname()[1]}/"
        with pytest.raises(data.DataNotFound, match="no connection") as caught:
            data.mnist(cache=tmp_path, mirrors=[mirror], registry=tiny_registry)
    assert caught.value.__cause__ is not None
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def no_proxy(monkeypatch):
    """No proxy is set, and none is passed by."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def why_not(tmp_path, registry, mirror: str) -> str:
    """What is said when this mirror is the only one."""
    with pytest.raises(data.DataNotFound) as caught:
        data.mnist(cache=tmp_path, mirrors=[mirror], registry=registry, progress=False)
    assert "no connection" not in str(caught.value)
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []
    return str(caught.value)


def test_an_untrusted_certificate(tmp_path, serve, no_proxy, tiny, tiny_registry):
    server = serve(tiny, tls=True)
    said = why_not(tmp_path, tiny_registry, server.mirror("good"))
    assert re.search(r"its certificate is not trusted \(self.signed certificate\)", said)
    assert "set REQUESTS_CA_BUNDLE" in said
    assert server.asked == []  # nothing was asked of it
    no_proxy.setenv("REQUESTS_CA_BUNDLE", str(CERTIFICATE))  # the advice helps
    found = data.mnist(cache=tmp_path, mirrors=[server.mirror("good")], registry=tiny_registry)
    assert_is_tiny(found, tiny)


def test_a_certificate_of_another_name(tmp_path, serve, no_proxy, tiny, tiny_registry):
    no_proxy.setenv("REQUESTS_CA_BUNDLE", str(CERTIFICATE))
    mirror = serve(tiny, tls=True).mirror("good").replace("127.0.0.1", "localhost")
    said = why_not(tmp_path, tiny_registry, mirror)
    assert "its certificate is not trusted (Hostname mismatch" in said


def test_a_server_that_speaks_no_tls(tmp_path, serve, no_proxy, tiny, tiny_registry):
    mirror = serve(tiny).mirror("good").replace("http:", "https:")
    assert "does not speak TLS as it should" in why_not(tmp_path, tiny_registry, mirror)


@pytest.mark.parametrize("setting", ["http_proxy", "HTTP_PROXY", "ALL_PROXY"])
def test_a_dead_proxy(tmp_path, serve, no_proxy, tiny, tiny_registry, setting):
    server = serve(tiny)
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        no_proxy.setenv(setting, f"http://127.0.0.1:{closed.getsockname()[1]}")
        said = why_not(tmp_path, tiny_registry, server.mirror("good"))
    assert f"the proxy that {setting} names does not answer: mend the setting, or unset it" in said
    no_proxy.delenv(setting)  # the advice helps
    found = data.mnist(cache=tmp_path, mirrors=[server.mirror("good")], registry=tiny_registry)
    assert_is_tiny(found, tiny)


def test_a_dead_proxy_for_secure_connections(tmp_path, no_proxy, tiny_registry):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        no_proxy.setenv("HTTPS_PROXY", f"http://127.0.0.1:{closed.getsockname()[1]}")
        said = why_not(tmp_path, tiny_registry, "https://127.0.0.1:1/")
    assert "the proxy that HTTPS_PROXY names does not answer" in said


def test_a_proxy_that_wants_a_password(tmp_path, serve, no_proxy, tiny, tiny_registry):
    proxy = serve(tiny).mirror("").rstrip("/")
    no_proxy.setenv("https_proxy", proxy)
    said = why_not(tmp_path, tiny_registry, "https://127.0.0.1:1/")
    assert "the proxy that https_proxy names refuses (Tunnel connection failed: 407 Proxy" in said


def test_a_silent_server(tmp_path, monkeypatch, tiny_registry):
    monkeypatch.setattr(MODULE, "TIMEOUT", (0.2, 0.2))
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        mirror = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        with pytest.raises(data.DataNotFound, match="no answer in time"):
            data.mnist(cache=tmp_path, mirrors=[mirror], registry=tiny_registry)
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_download_leaves_nothing(tmp_path, serve, monkeypatch, tiny, tiny_registry):
    server = serve(tiny)

    def interrupt(*args: object, **options: object) -> None:
        assert len(list(tmp_path.iterdir())) == 1  # the temporary file
        raise KeyboardInterrupt

    monkeypatch.setattr("requests.models.Response.iter_content", interrupt)
    with pytest.raises(KeyboardInterrupt):
        data.mnist(cache=tmp_path, mirrors=[server.mirror("good")], registry=tiny_registry)
    assert list(tmp_path.iterdir()) == []


def test_a_cache_that_cannot_be_made(tmp_path, tiny_registry):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(data.DataNotFound, match=r"cannot be made .* COURSE_NN_DATA"):
        data.mnist(cache=tmp_path / "file" / "cache", registry=tiny_registry)


def test_a_full_disk(tmp_path, serve, monkeypatch, tiny, tiny_registry):
    def full(*args: object, **options: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tempfile.NamedTemporaryFile", full)
    with pytest.raises(data.DataNotFound, match="No space left on device"):
        data.mnist(cache=tmp_path, mirrors=[serve(tiny).mirror("good")], registry=tiny_registry)


@pytest.mark.parametrize("progress", [True, False])
def test_the_progress_bar(tmp_path, serve, capsys, tiny, tiny_registry, progress):
    mirrors = [serve(tiny).mirror("good")]
    data.mnist(cache=tmp_path, mirrors=mirrors, registry=tiny_registry, progress=progress)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert ("%|" in captured.err) == progress


@pytest.mark.parametrize("progress", [True, False])
def test_a_quiet_download_says_nothing_and_leaves_the_logger_as_it_was(
    tmp_path, serve, tiny, tiny_registry, progress, monkeypatch
):
    logger, heard = pooch.get_logger(), []
    monkeypatch.setattr(logger, "handle", heard.append)
    mirrors = [serve(tiny).mirror("good")]
    data.mnist(cache=tmp_path, mirrors=mirrors, registry=tiny_registry, progress=progress)
    assert (logger.disabled, bool(heard)) == (False, progress)


# ---- MNIST, else the digits


def test_in_a_browser_nothing_is_fetched_and_the_digits_are_named(monkeypatch):
    monkeypatch.setattr(sys.modules["course_nn.data.mnist"], "BROWSER", True)
    monkeypatch.delenv("COURSE_NN_DATA", raising=False)
    with pytest.raises(data.DataNotFound, match=r"inside a browser: use course_nn\.data\.digits"):
        data.mnist()
    assert data.mnist_or_digits().name == "digits"


def test_the_digits_stand_in_where_mnist_is_absent(tmp_path, monkeypatch):
    monkeypatch.setattr(MODULE, "_user_cache", lambda: tmp_path)
    name, found = data.mnist_or_digits(download=False)
    assert name == "digits"
    assert found.x_train.shape == (1442, 1, 8, 8)


def test_the_digits_do_not_hide_a_damaged_file(tmp_path, monkeypatch):
    monkeypatch.setattr(MODULE, "_user_cache", lambda: tmp_path)
    (tmp_path / f"{IMAGES}.gz").write_bytes(b"half")
    with pytest.raises(data.DataCorrupt, match="truncated: it has 4 bytes, expected 9,912,422"):
        data.mnist_or_digits(download=False)


# ---- the real files


def test_the_registry_is_complete():
    assert set(REGISTRY) == {name + ending for name in FILES for ending in ("", ".gz")}
    assert len({file.sha256 for file in REGISTRY.values()}) == 8
    assert all(mirror.startswith("https://") for mirror in MIRRORS)


def test_the_real_files(real_folder, monkeypatch):
    monkeypatch.setenv("COURSE_NN_DATA", str(real_folder))
    name, found = data.mnist_or_digits(download=False)
    assert name == "MNIST"
    assert found.x_train.shape == (60000, 1, 28, 28)
    assert found.x_test.shape == (10000, 1, 28, 28)
    assert found.x_train.min() == 0
    assert found.x_train.max() == 1
    assert found.x_train.flags.c_contiguous
    assert found.x_train.dtype == np.float32
    np.testing.assert_allclose(found.x_train.mean(), 0.1307, atol=5e-5)  # published mean
    np.testing.assert_array_equal(found.y_train[:10], [5, 0, 4, 1, 9, 2, 1, 3, 1, 4])
    np.testing.assert_array_equal(found.y_test[:10], [7, 2, 1, 0, 4, 1, 4, 9, 5, 9])
    counts = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert np.bincount(found.y_train).tolist() == counts


def test_the_real_files_unpacked(real_files, record):
    plain = {name[:-3]: gzip.decompress(content) for name, content in real_files.items()}
    assert {name: record(content) for name, content in plain.items()} == {
        name: REGISTRY[name] for name in FILES
    }


def test_the_real_numbers_in_keras_s_file(real_files, real_folder, tmp_path, monkeypatch):
    plain = {name[:-3]: gzip.decompress(content) for name, content in real_files.items()}
    np.savez(tmp_path / "mnist.npz", **keras(plain))
    found = data.mnist(download=False, cache=tmp_path)
    monkeypatch.setenv("COURSE_NN_DATA", str(real_folder))
    for a, b in zip(found, data.mnist(download=False), strict=True):
        np.testing.assert_array_equal(a, b)


def test_the_real_files_by_download(real_files, serve, record, tmp_path):
    server = serve(real_files)
    mirrors = [server.mirror(name) for name in ("missing", "truncated", "drop", "wrong", "good")]
    found = data.mnist(cache=tmp_path, mirrors=mirrors, progress=False)
    assert found.x_train.shape == (60000, 1, 28, 28)
    assert {path.name: record(path.read_bytes()) for path in tmp_path.iterdir()} == {
        f"{name}.gz": REGISTRY[f"{name}.gz"] for name in FILES
    }
