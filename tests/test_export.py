"""ONNX: what was trained here predicts the same in another runtime; what cannot is refused."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

import course_nn as nn
from course_nn import export as exporting
from course_nn import zoo
from course_nn.export import ExportError, export
from course_nn.layers import build_chain

FEATURES, IMAGE = (6,), (3, 9, 8)


@pytest.fixture(scope="session")
def onnx():
    return pytest.importorskip("onnx", reason='needs onnx: pip install "course-nn[onnx]"')


@pytest.fixture(scope="session")
def runtime():
    return pytest.importorskip("onnxruntime", reason="needs onnxruntime, which reads the files")


def scrambled(layers: list[nn.Layer], shape: Sequence[int], dtype: type = np.float32) -> list:
    """Built, with nothing left at its trivial first value."""
    rng = np.random.default_rng(0)
    build_chain(layers, tuple(shape), "layer ", rng=rng, dtype=dtype)
    for layer in layers:
        for name, a in {**layer.params, **layer.state}.items():
            spread = rng.uniform(0.5, 2, a.shape) if "var" in name else rng.normal(size=a.shape)
            a[...] = spread if "running" in name else a + 0.2 * spread
    return layers


def predictions(layers: list[nn.Layer], x: np.ndarray) -> np.ndarray:
    for layer in layers:
        x = layer.forward(x)
    return x


def agrees(runtime, layers: list[nn.Layer], path: Path, counts: Sequence[int] = (1, 5)) -> None:
    """The same predictions to 1e-5 of the largest, for batches of several sizes."""
    session = runtime.InferenceSession(path, providers=["CPUExecutionProvider"])
    rng = np.random.default_rng(1)
    for count in counts:
        x = rng.standard_normal((count, *layers[0].input_shape)).astype(np.float32)
        ours, (theirs,) = predictions(layers, x), session.run(["y"], {"x": x})
        assert theirs.shape == ours.shape
        assert np.abs(ours).max() > 1e-3  # not equal because both are nothing
        np.testing.assert_allclose(theirs, ours, rtol=0, atol=1e-5 * max(1, np.abs(ours).max()))


@pytest.mark.parametrize("name", zoo.NETWORKS)
def test_every_network_of_the_zoo_predicts_the_same(onnx, runtime, tmp_path, name):
    network = zoo.network(name)
    layers = scrambled(network.layers(), network.input_shape)
    export(layers, tmp_path / "model.onnx")
    agrees(runtime, layers, tmp_path / "model.onnx")


SIDES = ((2, 0), (1, 3))
ALONE = {
    "dense": (lambda: nn.Dense(4), FEATURES),
    "conv": (lambda: nn.Conv2D(4, (3, 2)), IMAGE),
    "conv with a stride": (lambda: nn.Conv2D(4, 3, stride=(2, 1), padding=(1, 2)), IMAGE),
    "conv with sides": (lambda: nn.Conv2D(4, 3, padding=SIDES, dilation=(1, 2)), IMAGE),
    "conv same": (lambda: nn.Conv2D(4, 4, padding="same"), IMAGE),
    "conv same with a stride": (lambda: nn.Conv2D(4, 3, padding="same", stride=2), IMAGE),
    "conv in groups": (lambda: nn.Conv2D(6, 3, groups=3, bias=False), IMAGE),
    "depthwise": (lambda: nn.Conv2D(3, 3, groups=3, padding="same", stride=2), IMAGE),
    "transposed": (lambda: nn.ConvTranspose2D(4, 3), IMAGE),
    "transposed with all": (
        lambda: nn.ConvTranspose2D(
            6,
            (3, 2),
            stride=(2, 3),
            padding=((1, 0), (0, 1)),
            output_padding=(0, 1),
            dilation=(1, 2),
            groups=3,
            bias=False,
        ),
        IMAGE,
    ),
    "dense without a bias": (lambda: nn.Dense(4, bias=False), FEATURES),
    "max same": (lambda: nn.MaxPool2D(3, stride=2, padding="same"), IMAGE),
    "max in ceil mode": (lambda: nn.MaxPool2D(3, stride=3, padding=1, ceil_mode=True), IMAGE),
    "max in ceil mode with sides": (
        lambda: nn.MaxPool2D(4, stride=3, padding=((2, 0), (1, 2)), ceil_mode=True),
        IMAGE,
    ),
    "mean same": (lambda: nn.AvgPool2D(3, stride=2, padding="same"), IMAGE),
    "mean same, counted": (
        lambda: nn.AvgPool2D(3, stride=2, padding="same", count_include_pad=True),
        IMAGE,
    ),
    "mean in ceil mode": (lambda: nn.AvgPool2D(2, stride=3, ceil_mode=True), IMAGE),
    "mean in ceil mode, padded": (
        lambda: nn.AvgPool2D(3, stride=3, padding=((1, 0), (1, 1)), ceil_mode=True),
        IMAGE,
    ),
    "mean in ceil mode, of the image": (
        lambda: nn.AvgPool2D(3, stride=3, padding=1, ceil_mode=True, count_include_pad=False),
        IMAGE,
    ),
    "mean of the image": (lambda: nn.AvgPool2D(3, padding=1, count_include_pad=False), IMAGE),
    "max": (lambda: nn.MaxPool2D(2), IMAGE),
    "max with overlaps": (lambda: nn.MaxPool2D((3, 2), stride=(1, 2)), IMAGE),
    "max with sides": (lambda: nn.MaxPool2D(4, stride=3, padding=((2, 0), (1, 2))), IMAGE),
    "mean": (lambda: nn.AvgPool2D(2), IMAGE),
    "mean with overlaps": (lambda: nn.AvgPool2D((3, 2), stride=(1, 2)), IMAGE),
    "mean with sides": (lambda: nn.AvgPool2D(4, stride=3, padding=((2, 0), (1, 2))), IMAGE),
    "mean of all": (nn.GlobalAvgPool2D, IMAGE),
    "batch norm": (lambda: nn.BatchNorm(eps=0.1), FEATURES),
    "batch norm of images": (nn.BatchNorm, IMAGE),
    "layer norm": (lambda: nn.LayerNorm(eps=0.1), FEATURES),
    "layer norm of images": (nn.LayerNorm, IMAGE),
    "flatten": (nn.Flatten, IMAGE),
    "flatten features": (nn.Flatten, FEATURES),
    "relu": (nn.ReLU, IMAGE),
    "leaky relu": (lambda: nn.LeakyReLU(0.3), IMAGE),
    "sigmoid": (nn.Sigmoid, FEATURES),
    "tanh": (nn.Tanh, IMAGE),
    "gelu": (lambda: nn.GELU(approximate="tanh"), IMAGE),
    "exact gelu": (lambda: nn.GELU(approximate="none"), IMAGE),
    "silu": (nn.SiLU, IMAGE),
    "log-softmax": (nn.LogSoftmax, FEATURES),
    "softmax": (nn.Softmax, FEATURES),
    "softmax of rows": (nn.Softmax, IMAGE),
    "dropout of channels": (lambda: nn.Dropout(0.5, channels=True), IMAGE),
    "dropout": (lambda: nn.Dropout(0.5), FEATURES),
    "input": (lambda: nn.Input(IMAGE), IMAGE),
    "residual": (lambda: nn.Residual([nn.Conv2D(3, 3, padding=1), nn.ReLU()]), IMAGE),
    "residual of residuals": (
        lambda: nn.Residual(
            [nn.Conv2D(4, 3, padding=1), nn.BatchNorm(), nn.Residual([nn.ReLU(), nn.Dropout(0.5)])],
            [nn.Conv2D(4, 1), nn.BatchNorm()],
        ),
        IMAGE,
    ),
    "residual of nothing": (lambda: nn.Residual([]), FEATURES),
}


@pytest.mark.parametrize("case", ALONE)
def test_every_layer_alone_predicts_the_same(onnx, runtime, tmp_path, case):
    make, shape = ALONE[case]
    layers = scrambled([make()], shape)
    export(layers, tmp_path / "model.onnx")
    agrees(runtime, layers, tmp_path / "model.onnx")


def test_every_layer_of_the_package_has_its_turn():
    made = {type(make()) for make, _ in ALONE.values()}
    public = {cls for cls in vars(nn).values() if isinstance(cls, type)}
    ours = {cls for cls in public if issubclass(cls, nn.Layer) and cls is not nn.Layer}
    assert made == set(exporting.WRITERS) == ours - {getattr(nn, "BatchLayer", None)}


def test_a_model_exports_itself(onnx, runtime, tmp_path):
    model = zoo.build("lenet", rng=np.random.default_rng(0))
    model.export(tmp_path / "digits.onnx")
    agrees(runtime, model.layers, tmp_path / "digits.onnx")
    with pytest.raises(RuntimeError, match="has no shapes yet"):
        nn.Sequential([nn.Dense(3)]).export(tmp_path / "model.onnx")


def test_the_file_says_what_it_reads_and_gives(onnx, tmp_path):
    layers = scrambled([nn.Conv2D(4, 3), nn.ReLU(), nn.Flatten(), nn.Dropout(), nn.Dense(2)], IMAGE)
    export(layers, tmp_path / "model.onnx")
    model = onnx.load(tmp_path / "model.onnx")
    onnx.checker.check_model(model, full_check=True)
    ends = {
        value.name: [d.dim_param or d.dim_value for d in value.type.tensor_type.shape.dim]
        for value in (*model.graph.input, *model.graph.output)
    }
    assert ends == {"x": ["N", 3, 9, 8], "y": ["N", 2]}
    assert [node.op_type for node in model.graph.node] == ["Conv", "Relu", "Flatten", "Gemm"]
    assert [w.name for w in model.graph.initializer] == ["0.W", "0.b", "4.W", "4.b"]
    assert [(o.domain, o.version) for o in model.opset_import] == [("", exporting.OPSET)]
    assert model.ir_version == exporting.IR_VERSION


def test_a_model_of_float64_is_written_in_float32(onnx, runtime, tmp_path):
    layers = scrambled([nn.Conv2D(4, 3), nn.BatchNorm(), nn.Flatten(), nn.Dense(2)], IMAGE, float)
    export(layers, tmp_path / "model.onnx")
    assert layers[0].params["W"].dtype == np.float64
    agrees(runtime, layers, tmp_path / "model.onnx")


class Square(nn.Layer):
    def compute(self, x, train, noise=None):
        return x * x, ()


class OwnReLU(nn.ReLU):
    """Computes what it likes, so it is not taken for a ReLU."""


def huge() -> nn.Layer:
    layer = nn.Dense(2)
    build_chain([layer], FEATURES, "", rng=np.random.default_rng(0), dtype=np.float64)
    layer.params["W"][0, 0] = 1e300
    return layer


REFUSED = {
    "a layer of one's own": (lambda: [nn.ReLU(), Square()], "layer 1, Square: its counterpart"),
    "a subclass": (lambda: [OwnReLU()], "layer 0, OwnReLU: its counterpart in ONNX is not known"),
    "inside": (
        lambda: [nn.Residual([nn.ReLU(), Square()])],
        r"layer 0\.main\.1, Square: its counterpart",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_has_no_counterpart_is_named_and_nothing_is_written(onnx, tmp_path, case):
    make, message = REFUSED[case]
    layers = scrambled(make(), FEATURES)
    (tmp_path / "model.onnx").write_bytes(b"old")
    with pytest.raises(ExportError, match=message) as caught:
        export(layers, tmp_path / "model.onnx")
    assert "\n" not in str(caught.value)
    assert (tmp_path / "model.onnx").read_bytes() == b"old"
    assert len(list(tmp_path.iterdir())) == 1


def test_weights_beyond_float32_are_refused(onnx, tmp_path):
    with pytest.raises(ExportError, match=r"0\.W holds numbers beyond float32"):
        export([huge()], tmp_path / "model.onnx")
    assert not list(tmp_path.iterdir())


def test_more_than_a_file_holds_is_refused(onnx, tmp_path, monkeypatch):
    monkeypatch.setattr(exporting, "LARGEST", 100)
    with pytest.raises(ExportError, match="more than the 2 GB"):
        export(scrambled([nn.Dense(9)], FEATURES), tmp_path / "model.onnx")
    assert not list(tmp_path.iterdir())


def test_layers_without_shapes_are_refused(onnx, tmp_path):
    with pytest.raises(RuntimeError, match="has no shapes yet"):
        export([nn.Dense(9)], tmp_path / "model.onnx")


def test_a_place_that_is_none_is_refused(onnx, tmp_path):
    layers = scrambled([nn.Dense(9)], FEATURES)
    with pytest.raises(IsADirectoryError):
        export(layers, tmp_path)
    with pytest.raises(FileNotFoundError):
        export(layers, tmp_path / "none" / "model.onnx")


def test_without_the_package_its_extra_is_named(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "onnx.checker", None)
    with pytest.raises(ModuleNotFoundError, match=r'pip install "course-nn\[onnx\]"'):
        export(scrambled([nn.Dense(9)], FEATURES), tmp_path / "model.onnx")


def test_onnx_is_not_imported_until_asked_for():
    program = "import sys, course_nn, course_nn.export; print('onnx' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip()) == (0, "False"), done.stderr
