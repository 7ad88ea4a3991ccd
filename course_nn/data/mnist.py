"""MNIST: 70,000 handwritten digits, found on this machine or downloaded, and verified either way.

A file is believed only when its size and its SHA-256 are the published ones: a truncated download
or another file of the same name is an error that says so, never a network that learns nonsense.
The data are Y. LeCun's and C. Cortes's; no copy of them comes with this package.
"""

from __future__ import annotations

import hashlib
import io
import logging
import os
import ssl
import warnings
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..threads import BROWSER
from .dataset import DataCorrupt, DataNotFound, Dataset
from .digits import digits
from .idx import decode_idx, encode_idx


class FileRecord(NamedTuple):
    """What a file must be: its length in bytes and its SHA-256 in hexadecimal."""

    size: int
    sha256: str


FILES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)
REGISTRY = {
    "train-images-idx3-ubyte.gz": FileRecord(
        9_912_422, "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"
    ),
    "train-labels-idx1-ubyte.gz": FileRecord(
        28_881, "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"
    ),
    "t10k-images-idx3-ubyte.gz": FileRecord(
        1_648_877, "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"
    ),
    "t10k-labels-idx1-ubyte.gz": FileRecord(
        4_542, "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"
    ),
    "train-images-idx3-ubyte": FileRecord(
        47_040_016, "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"
    ),
    "train-labels-idx1-ubyte": FileRecord(
        60_008, "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"
    ),
    "t10k-images-idx3-ubyte": FileRecord(
        7_840_016, "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"
    ),
    "t10k-labels-idx1-ubyte": FileRecord(
        10_008, "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"
    ),
}
MIRRORS = (
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
)
TIMEOUT = (5, 20)  # seconds: to connect, and between two pieces of an answer
BELOW = ("", "mnist", "MNIST/raw", "raw", "MNIST")  # where in a folder they may lie
KERAS = "mnist.npz"  # the same numbers in one file; its arrays in the order of FILES
ARRAYS = ("x_train", "y_train", "x_test", "y_test")
ADVICE = (
    "put the four files (.gz or not) or Keras's mnist.npz in a folder and set the environment "
    "variable COURSE_NN_DATA to it, or use course_nn.data.digits(), which needs no file and no "
    "network"
)


class NamedDataset(NamedTuple):
    """A data set and what to call it: `name, data = mnist_or_digits()`."""

    name: str
    data: Dataset


def mnist(
    *,
    download: bool = True,
    progress: bool = True,
    cache: str | os.PathLike[str] | None = None,
    mirrors: Iterable[str] = MIRRORS,
    registry: Mapping[str, FileRecord] = REGISTRY,
) -> Dataset:
    """Load MNIST, x = pixel / 255, from `$COURSE_NN_DATA`, the user's cache, or a public mirror.

    Each of the four files is looked for, gzipped and plain, in the folder that `COURSE_NN_DATA`
    names and in `mnist/` and torchvision's `MNIST/raw/` below it, then in the cache; a dot in its
    name (`train-images.idx3-ubyte`) does not matter, and Keras's `mnist.npz` will do for all four.
    What is missing is downloaded to the cache (11.6 MB in all). Every load compares size and
    SHA-256, of an `.npz` those of the numbers in it.

    Parameters
    ----------
    download : bool
        False: use no network.
    progress : bool
        Draw a progress bar for each download (on standard error).
    cache : path, optional
        The folder for downloads; by default `course_nn` in the user's own cache folder.
    mirrors : iterable of str
        Addresses below which the files lie, tried in this order until one gives the right file.
    registry : mapping from file name to FileRecord
        The size and SHA-256 of each file, gzipped and plain.

    Returns
    -------
    Dataset
        `x_train` float32 (60000, 1, 28, 28) in [0, 1], `y_train` int64 (60000,),
        `x_test` float32 (10000, 1, 28, 28), `y_test` int64 (10000,).

    Raises
    ------
    DataNotFound
        A file is not on this machine, and no mirror gave it (or `download` is False).
    DataCorrupt
        A file on this machine has the wrong size or the wrong SHA-256.

    References
    ----------
    Y. LeCun, L. Bottou, Y. Bengio and P. Haffner, "Gradient-based learning applied to document
    recognition", Proc. IEEE 86 (1998), section III.A.

    Examples
    --------
    >>> from course_nn import data
    >>> try:
    ...     shape = data.mnist(download=False).x_train.shape
    ... except data.DataNotFound:  # not on this machine: the message says what to do
    ...     shape = (60000, 1, 28, 28)
    >>> shape
    (60000, 1, 28, 28)
    """
    if BROWSER and cache is None and not _data_folders():
        raise DataNotFound(
            "MNIST cannot be fetched inside a browser: use course_nn.data.digits() here, or run "
            "this page's notebook on a machine"
        )
    store = Path(cache) if cache is not None else _user_cache()
    arrays = []
    for name in FILES:
        path = _find(name, [*_data_folders(), store])
        if path is None:
            path = _obtain(f"{name}.gz", store, mirrors, registry, download, progress)
        arrays.append(_read(path, name, registry))
    x_train, y_train, x_test, y_test = arrays
    return Dataset(_images(x_train), _labels(y_train), _images(x_test), _labels(y_test))


def mnist_or_digits(*, download: bool = True, progress: bool = True) -> NamedDataset:
    """MNIST where it can be had, else the embedded 8x8 digits, with the name of what was chosen.

    A page that must build without a network begins with this and prints the name. Only absence
    falls back; a damaged file is an error, as in `mnist`.

    Parameters
    ----------
    download, progress : bool
        As in `mnist`.

    Returns
    -------
    NamedDataset
        `("MNIST", Dataset)` or `("digits", Dataset)`.

    Raises
    ------
    DataCorrupt
        An MNIST file is on this machine but has the wrong size or SHA-256.

    Examples
    --------
    >>> from course_nn import data
    >>> name, (x_train, y_train, x_test, y_test) = data.mnist_or_digits(download=False)
    >>> {"MNIST": (1, 28, 28), "digits": (1, 8, 8)}[name] == x_train.shape[1:]
    True
    """
    try:
        return NamedDataset("MNIST", mnist(download=download, progress=progress))
    except DataNotFound:
        return NamedDataset("digits", digits())


def _images(pixels: NDArray[Any]) -> NDArray[Any]:
    """uint8 (N, H, W) in 0 … 255 to float32 (N, 1, H, W) in [0, 1]."""
    return np.divide(pixels[:, None], np.float32(255), dtype=np.float32)


def _labels(classes: NDArray[Any]) -> NDArray[Any]:
    return classes.astype(np.int64)


def _data_folders() -> list[Path]:
    """The folders that `COURSE_NN_DATA` stands for: none when it is not set."""
    setting = os.environ.get("COURSE_NN_DATA")
    if not setting:
        return []
    return [Path(setting).expanduser() / below for below in BELOW]


def _pooch() -> Any:
    """The library that fetches, imported late: it takes longer than the whole package.

    It imports tqdm, which warns where a notebook has no widgets; the bar here needs none.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pooch

    return pooch


def _user_cache() -> Path:
    """`course_nn` in the cache folder of this user, by this system's custom."""
    return Path(_pooch().os_cache("course_nn"))


def _find(name: str, folders: Iterable[Path]) -> Path | None:
    """The first of the folders' files of that name, gzipped or plain, or of Keras's file.

    Some unpack `train-images-idx3-ubyte` to `train-images.idx3-ubyte`, some to a folder of the
    same name.
    """
    dotted = name.replace("-idx", ".idx")
    files = [f"{name}.gz", name, f"{dotted}.gz", dotted, f"{name}/{name}", f"{name}/{dotted}"]
    candidates = (folder / file for folder in folders for file in (*files, KERAS))
    return next((path for path in candidates if path.is_file()), None)


def _read(path: Path, name: str, registry: Mapping[str, FileRecord]) -> NDArray[Any]:
    """The array of one of the four files, from whichever form of it was found."""
    if path.name == KERAS:
        return _read_keras(path, name, registry[name])
    record = registry[f"{name}.gz" if path.suffix == ".gz" else name]
    remedy = "delete it (mnist() then downloads it again) or put a good copy in its place."
    _expect_size(path.stat().st_size, record, str(path), remedy)
    content = path.read_bytes()  # once: the bytes that are hashed are the bytes that are decoded
    _expect_hash(content, record, str(path), remedy)
    return decode_idx(io.BytesIO(content), name=str(path))


def _expect_size(size: int, record: FileRecord, what: str, remedy: str) -> None:
    if size != record.size:
        state = "truncated" if size < record.size else "another file or damaged"
        raise DataCorrupt(
            f"{what} is {state}: it has {size:,} bytes, expected {record.size:,}: {remedy}"
        )


def _expect_hash(content: bytes, record: FileRecord, what: str, remedy: str) -> None:
    found = hashlib.sha256(content).hexdigest()
    if found != record.sha256:
        raise DataCorrupt(
            f"{what} is damaged or another file: its SHA-256 is {found}, expected "
            f"{record.sha256}: {remedy}"
        )


def _read_keras(path: Path, name: str, record: FileRecord) -> NDArray[Any]:
    """One array of Keras's file, believed when it would make the published file."""
    key = ARRAYS[FILES.index(name)]
    remedy = f"delete {path}, or put a good copy in its place."
    try:
        with np.load(path, allow_pickle=False) as stored:
            array = stored[key]
        content = encode_idx(array)
    except (KeyError, ValueError, OSError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise DataCorrupt(
            f"{path} is not Keras's mnist.npz, or it is damaged ({key}: {error}): {remedy}"
        ) from error
    _expect_size(len(content), record, f"{key} in {path}", remedy)
    _expect_hash(content, record, f"{key} in {path}", remedy)
    return array


def _obtain(
    file: str,
    cache: Path,
    mirrors: Iterable[str],
    registry: Mapping[str, FileRecord],
    download: bool,
    progress: bool,
) -> Path:
    """Download a file to the cache from the first mirror that gives the right one."""
    looked = ", ".join(str(folder) for folder in [*_data_folders(), cache])
    absent = f"MNIST is not on this machine ({file} is in none of: {looked})"
    if not download:
        raise DataNotFound(f"{absent} and download=False: allow the download, or {ADVICE}.")
    _make_folder(cache, absent)
    failures = []
    for mirror in mirrors:
        try:
            return _download(mirror.rstrip("/") + "/" + file, cache, registry[file], progress)
        except (OSError, ValueError) as error:
            failures.append((mirror, error))
    reasons = "; ".join(f"{mirror}: {_reason(error)}" for mirror, error in failures)
    raise DataNotFound(
        f"{absent} and could not be downloaded ({reasons or 'no mirror given'}): "
        f"check the network and try again, or {ADVICE}."
    ) from (failures[-1][1] if failures else None)


def _make_folder(cache: Path, absent: str) -> None:
    try:
        cache.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataNotFound(
            f"{absent} and the folder for downloads, {cache}, cannot be made "
            f"({error.strerror}): give mnist() another cache=, or {ADVICE}."
        ) from error


def _download(url: str, cache: Path, record: FileRecord, progress: bool) -> Path:
    """Fetch one file by pooch: to a temporary name, verified, then moved to its own."""
    pooch = _pooch()
    from tqdm import tqdm

    name = url.rsplit("/", 1)[1]
    style = {"desc": name, "unit": "B", "unit_scale": True, "leave": False}
    with tqdm(total=record.size, disable=not progress, **style) as bar:
        fetch = pooch.HTTPDownloader(
            progressbar=bar if progress else False, chunk_size=2**16, timeout=TIMEOUT
        )
        with nullcontext() if progress else _silent(pooch.get_logger()):
            pooch.retrieve(url, f"sha256:{record.sha256}", name, cache, downloader=fetch)
    return cache / name


@contextmanager
def _silent(logger: logging.Logger) -> Iterator[None]:
    """Inside, a logger says nothing (by its level it would: pooch's forgets no level it had)."""
    before, logger.disabled = logger.disabled, True
    try:
        yield
    finally:
        logger.disabled = before


def _reason(error: Exception) -> str:
    """Why a mirror failed, in a few words (the whole story is the error's cause)."""
    import requests

    kinds = requests.exceptions
    if isinstance(error, kinds.HTTPError) and error.response is not None:
        return f"HTTP status {error.response.status_code}"
    if isinstance(error, kinds.SSLError):
        return _untrusted(error)
    if isinstance(error, kinds.ProxyError):
        return _proxy(error)
    if isinstance(error, kinds.Timeout):
        return "no answer in time"
    if isinstance(error, kinds.ChunkedEncodingError):
        return "the connection broke off"
    if isinstance(error, kinds.ConnectionError):
        return "no connection"
    if isinstance(error, ValueError) and "hash" in str(error):
        return "gave a file with the wrong SHA-256"
    return str(error)


def _untrusted(error: Exception) -> str:
    """What is wrong with a certificate, and what to do about it."""
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return (
                f"its certificate is not trusted ({cause.verify_message}); where a proxy reads "
                "along, set REQUESTS_CA_BUNDLE to the file of your network's certificates"
            )
    return "no secure connection: what answers does not speak TLS as it should"


def _proxy(error: Exception) -> str:
    """Which proxy was in the way, and how."""
    names = ("https_proxy", "HTTPS_PROXY", "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY")
    name = next((name for name in names if os.environ.get(name)), "the system's settings")
    refused = next((str(c) for c in _causes(error) if str(c).startswith("Tunnel")), "")
    how = f"refuses ({refused})" if refused else "does not answer"
    return f"the proxy that {name} names {how}: mend the setting, or unset it"


def _causes(error: BaseException) -> list[BaseException]:
    """An error and all that lies below it: causes, contexts, reasons, arguments."""
    found: list[BaseException] = []
    waiting = [error]
    while waiting:
        one = waiting.pop(0)
        if any(one is other for other in found):
            continue
        found.append(one)
        below = [one.__cause__, one.__context__, getattr(one, "reason", None), *one.args]
        waiting += [other for other in below if isinstance(other, BaseException)]
    return found
