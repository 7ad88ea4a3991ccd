"""From PyTorch: the model predicts what the module does; what cannot cross is named."""

import functools
import importlib

import numpy as np
import pytest
from crossing import images, ours, same, scrambled, torch_predicts

import course_nn as nn
from course_nn import interop
from course_nn.interop import InteropError


def test_a_pytorch_model_of_its_own_making(torch):
    t = torch.nn
    torch.manual_seed(0)
    features = t.Sequential(
        t.Conv2d(1, 6, 5, padding="same", bias=False),
        t.BatchNorm2d(6, eps=1e-3, momentum=0.2),
        t.ReLU(inplace=True),
        t.MaxPool2d(3, stride=2, padding=1),
        t.ZeroPad2d((1, 0, 2, 1)),
        t.Conv2d(6, 4, (3, 2), stride=(2, 1), dilation=(1, 2)),
        t.LeakyReLU(0.3),
    )
    head = [
        t.Flatten(),
        t.Dropout(0.1),
        t.LazyLinear(9),
        t.LayerNorm(9),
        t.GELU("tanh"),
        t.Identity(),
    ]
    module = t.Sequential(
        features, *head, t.Identity(), t.Linear(9, 5, bias=False), t.Softmax(dim=1)
    )
    x = images((1, 12, 11))
    for _ in range(3):
        module.train()(torch.from_numpy(x))
    model = interop.from_torch(module, (1, 12, 11))
    assert model.layers[1].momentum == 0.2
    same(model.predict(x), torch_predicts(torch, module, x))


def test_the_copies_are_independent(torch):
    model = ours("dense")
    module = interop.to_torch(model)
    again = interop.from_torch(module)
    before, x = model.predict(images((5,))), images((5,))
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.zero_()
    np.testing.assert_array_equal(model.predict(x), before)
    np.testing.assert_array_equal(again.predict(x), before)


def torch_errors(t):
    lin, conv = t.Linear(4, 4), functools.partial(t.Conv2d, 2, 4, 3)
    image, seq = (2, 8, 8), t.Sequential
    return [
        (seq(lin, seq(t.ReLU(), t.LSTM(4, 4))), None, "layer 1.1, LSTM: course_nn has no counter"),
        (t.TransformerEncoderLayer(4, 1), (4,), "layer 0, TransformerEncoderLayer: .*nn"),
        (seq(conv()), None, r"does not say how large an image is; give from_torch\(module, input_"),
        (seq(conv()), (3, 8, 8), r"its W has shape \(4, 2, 3, 3\), and for such samples needs \(4"),
        (seq(conv(padding_mode="circular", padding=1)), image, "it pads with 'circular'"),
        (seq(conv(), t.Softmax(dim=1)), image, "layer 1, Softmax: it runs along axis 1 of samples"),
        (seq(t.MaxPool2d(3, dilation=2)), image, "layer 0, MaxPool2d: it has a dilation"),
        (seq(t.MaxPool2d(3, return_indices=True)), image, "it returns indices"),
        (seq(t.AvgPool2d(3, divisor_override=2)), image, "its mean has a divisor"),
        (seq(t.BatchNorm2d(2, momentum=None)), image, "layer 0, BatchNorm2d: it keeps no running"),
        (seq(t.BatchNorm1d(2)), (2, 9), r"its samples have shape \(2, 9\)"),
        (seq(t.LayerNorm(8)), image, r"it normalises over \(8,\) of a sample of shape \(2, 8, 8\)"),
        (seq(t.AdaptiveAvgPool2d(2)), image, "its output is 2; only AdaptiveAvgPool2d"),
        (seq(t.AdaptiveAvgPool2d(1), t.Conv2d(2, 2, 1)), image, r"\(C, 1, 1\) is used as an image"),
        (seq(t.Flatten(2), t.Linear(64, 2)), image, "it keeps some of the axes"),
        (seq(conv(), t.Linear(6, 2)), image, r"layer 1, Linear: Dense\(units=2\) expects an input"),
        (seq(t.ZeroPad2d(1), t.MaxPool2d(2)), image, "the padding layer before it, filled with 0,"),
        (seq(t.ZeroPad2d(1), t.AvgPool2d(3, ceil_mode=True)), image, "layer 1, .*: the padding"),
        (
            seq(t.ZeroPad2d(1), t.AvgPool2d(3, count_include_pad=False)),
            image,
            "layer 1, AvgPool2d: the padding layer before it",
        ),
        (seq(t.ZeroPad2d(1), t.ReLU()), image, "layer 1, ReLU: the padding layer before it"),
        (seq(conv(), t.ZeroPad2d(1)), image, "it pads, and no layer follows"),
        (seq(t.Linear(4, 4).half()), None, "its weights are float16; call module.float"),
        (seq(), (4,), "the model: it holds no layer"),
    ]  # fmt: skip


def test_what_pytorch_has_and_we_have_not_is_named(torch):
    for module, shape, message in torch_errors(torch.nn):
        with pytest.raises(InteropError, match=message) as caught:
            interop.from_torch(module, shape)
        assert "\n" not in str(caught.value)


# -- what their options and habits do ------------------------------------------------------------


def scrambled_module(torch, module):
    """Running statistics and weights with nothing trivial left."""
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for tensor in [*module.parameters(), *module.buffers()]:
            if tensor.is_floating_point():
                tensor.copy_(torch.rand(tensor.shape, generator=generator) + 0.3)
    return module


def no_bias(module):
    module.bias = None
    return module


def no_weight(module):
    module.weight = None
    return module


def twice(layer, between):
    return [layer, between, layer]


FLAT, IMAGE = (6,), (2, 8, 8)
THEIR_HABITS = {
    "batch norm without parameters": lambda t: ([t.BatchNorm1d(6, affine=False)], FLAT),
    "batch norm of images without parameters": lambda t: ([t.BatchNorm2d(2, affine=False)], IMAGE),
    "batch norm without a bias": lambda t: ([no_bias(t.BatchNorm2d(2))], IMAGE),
    "batch norm without a weight": lambda t: ([no_weight(t.BatchNorm1d(6))], FLAT),
    "batch norm that never moves": lambda t: ([t.BatchNorm1d(6, momentum=0.0)], FLAT),
    "batch norm that forgets": lambda t: ([t.BatchNorm1d(6, momentum=1.0)], FLAT),
    "batch norm with a large eps": lambda t: ([t.BatchNorm1d(6, eps=0.5)], FLAT),
    "batch norm with no eps": lambda t: ([t.BatchNorm1d(6, eps=0.0)], FLAT),
    "layer norm without parameters": lambda t: ([t.LayerNorm(6, elementwise_affine=False)], FLAT),
    "layer norm without a bias": lambda t: ([t.LayerNorm(6, bias=False)], FLAT),
    "linear without a bias": lambda t: ([t.Linear(6, 3, bias=False)], FLAT),
    "convolution without a bias": lambda t: ([t.Conv2d(2, 3, 3, bias=False)], IMAGE),
    "groups": lambda t: ([t.Conv2d(2, 4, 3, groups=2)], IMAGE),
    "depthwise": lambda t: ([t.Conv2d(2, 6, 3, groups=2, bias=False, padding=(1, 0))], IMAGE),
    "transposed": lambda t: (
        [t.ConvTranspose2d(2, 3, (3, 2), stride=2, padding=(1, 0), output_padding=(0, 1))],
        IMAGE,
    ),
    "transposed in groups": lambda t: ([t.ConvTranspose2d(2, 4, 3, groups=2)], IMAGE),
    "transposed and dilated": lambda t: ([t.ConvTranspose2d(2, 3, 2, dilation=3)], IMAGE),
    "maxima in ceil mode": lambda t: ([t.MaxPool2d(3, 2, 1, ceil_mode=True)], IMAGE),
    "maxima of padded windows": lambda t: (
        [t.ConstantPad2d((1, 0, 0, 1), -np.inf), t.MaxPool2d(3)],
        IMAGE,
    ),
    "means in ceil mode": lambda t: ([t.AvgPool2d(3, 2, 1, ceil_mode=True)], IMAGE),
    "means without the padding": lambda t: (
        [t.AvgPool2d(3, 2, 1, ceil_mode=True, count_include_pad=False)],
        IMAGE,
    ),
    "exact GELU": lambda t: ([t.Linear(6, 3), t.GELU()], FLAT),
    "tanh GELU": lambda t: ([t.Linear(6, 3), t.GELU("tanh")], FLAT),
    "SiLU": lambda t: ([t.Linear(6, 3), t.SiLU()], FLAT),
    "log-softmax": lambda t: ([t.Linear(6, 3), t.LogSoftmax(dim=1)], FLAT),
    "dropout of channels": lambda t: ([t.Conv2d(2, 3, 3), t.Dropout2d(0.5)], IMAGE),
    "dropout of nothing": lambda t: ([t.Linear(6, 3), t.Dropout(0.0)], FLAT),
    "one activation in two places": lambda t: (
        [t.Linear(6, 6), *twice(t.ReLU(), t.Linear(6, 3))],
        FLAT,
    ),
    "one activation within and without": lambda t: (
        [t.Sequential(t.Linear(6, 6), TANH[t]), t.Linear(6, 3), TANH[t]],
        FLAT,
    ),
    "padding twice": lambda t: (
        [t.ZeroPad2d((1, 0, 2, 1)), t.ZeroPad2d(1), t.Conv2d(2, 3, 3, padding=0)],
        IMAGE,
    ),
    "no padding": lambda t: ([t.ZeroPad2d(0), t.Conv2d(2, 3, 3, padding=1)], IMAGE),
    "an empty Sequential inside": lambda t: ([t.Sequential(), t.Linear(6, 3)], FLAT),
    "same without a stride": lambda t: ([t.Conv2d(2, 3, (3, 5), padding="same")], IMAGE),
    "same with dilation": lambda t: ([t.Conv2d(2, 3, 3, padding="same", dilation=2)], IMAGE),
    "valid": lambda t: ([t.Conv2d(2, 3, 3, padding="valid", stride=2)], IMAGE),
    "softmax of rows of images": lambda t: ([t.Conv2d(2, 3, 3), t.Softmax(dim=-1)], IMAGE),
    "softmax of axis 1": lambda t: ([t.Linear(6, 3), t.Softmax(dim=1)], FLAT),
    "flatten of features": lambda t: ([t.Flatten(), t.Linear(6, 3)], FLAT),
}  # fmt: skip


class _Once(dict):
    """One module for each namespace."""

    def __missing__(self, t):
        self[t] = t.Tanh()
        return self[t]


TANH = _Once()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("habit", THEIR_HABITS)
def test_pytorchs_habits_cross(torch, habit, dtype):
    layers, shape = THEIR_HABITS[habit](torch.nn)
    module = scrambled_module(torch, torch.nn.Sequential(*layers)).to(getattr(torch, dtype)).eval()
    x = images(shape).astype(dtype)
    model = interop.from_torch(module, shape)
    if list(module.buffers()) or list(module.parameters()):
        assert model.dtype == dtype
    same(model.predict(x), module(torch.from_numpy(x)).detach().numpy(), 1e-5)


def parametrised(torch, old: bool):
    utils = torch.nn.utils
    if not old:
        return utils.parametrizations.weight_norm(torch.nn.Linear(6, 6))
    with pytest.warns(FutureWarning):
        return utils.weight_norm(torch.nn.Linear(6, 6))


def overridden(torch):
    layer = torch.nn.Linear(6, 6)
    layer.forward = lambda x: 2 * x
    return layer


def hooked(torch):
    layer = torch.nn.Linear(6, 6)
    layer.register_forward_hook(lambda module, given, y: 2 * y)
    return layer


def tied(torch):
    one, two = torch.nn.Linear(6, 6), torch.nn.Linear(6, 6)
    two.weight = one.weight
    return torch.nn.Sequential(one, two)


def in_place_residual(torch):
    module = interop.to_torch(scrambled(nn.Sequential([nn.Residual([nn.ReLU()])]), FLAT))
    module[0].main[0] = torch.nn.ReLU(inplace=True)
    return module


def residual_of(torch, layer):
    module = interop.to_torch(scrambled(nn.Sequential([nn.Residual([nn.Dense(6)])]), FLAT))
    module[0].main = torch.nn.Sequential(module[0].main[0], layer)
    return module


def test_what_is_frozen_stays_frozen(torch):
    t = torch.nn
    module = t.Sequential(t.Linear(6, 5), t.BatchNorm1d(5), t.ReLU(), t.Linear(5, 3))
    module[0].requires_grad_(False)
    module[1].requires_grad_(False)
    module[3].bias.requires_grad_(False)  # a part: the layer goes on
    model = interop.from_torch(module)
    assert [layer.trainable for layer in model.layers] == [False, False, True, True]
    same(model.predict(images(FLAT)), torch_predicts(torch, module, images(FLAT)))


REFUSED = {
    "drops every channel": (lambda t: t.nn.Dropout2d(1.0), IMAGE, "it drops every number"),
    "drops everything": (lambda t: t.nn.Dropout(1.0), FLAT, "it drops every number in training"),
    "not drawn yet": (lambda t: t.nn.LazyLinear(3), FLAT, "layer 0, LazyLinear: it has no weights"),
    "not drawn norm": (lambda t: t.nn.LazyBatchNorm1d(), FLAT, "it has no weights yet"),
    "weight norm": (lambda t: parametrised(t, False), FLAT, "its weights are computed from others"),
    "old weight norm": (lambda t: parametrised(t, True), FLAT, "a hook may change"),
    "pruned": (
        lambda t: importlib.import_module("torch.nn.utils.prune").l1_unstructured(
            t.nn.Linear(6, 6), "weight", 0.5
        ),
        FLAT,
        "layer 0, Linear: a hook",
    ),
    "hooked": (hooked, FLAT, "layer 0, Linear: a hook"),
    "overridden": (overridden, FLAT, "layer 0, Linear: a hook"),
    "one layer twice": (
        lambda t: t.nn.Sequential(*twice(t.nn.Linear(6, 6), t.nn.ReLU())),
        FLAT,
        "layer 2, Linear: it shares its weights with layer 0, Linear",
    ),
    "tied weights": (tied, FLAT, "layer 1, Linear: it shares its weights with layer 0, Linear"),
    "changed in place": (in_place_residual, FLAT, "layer 0, Residual: inside it a layer changes"),
    "unknown inside": (
        lambda t: residual_of(t, t.nn.ELU()),
        FLAT,
        "layer 0, Residual, main.1, ELU: course_nn has no counterpart; put one .* LeakyReLU",
    ),
    "a class of one's own": (
        lambda t: t.nn.Sequential(type("Mine", (t.nn.Module,), {})()),
        FLAT,
        "layer 0, Mine: course_nn has no counterpart; only nn.Sequential of layers",
    ),
    "pads inside": (
        lambda t: residual_of(t, t.nn.ZeroPad2d(1)),
        FLAT,
        "layer 0, Residual, main.1, ZeroPad2d: it pads, and no layer follows",
    ),
    "pads with two numbers": (
        lambda t: t.nn.Sequential(t.nn.ConstantPad2d(1, 2.0), t.nn.ZeroPad2d(1)),
        IMAGE,
        "layer 1, ZeroPad2d: it pads with 0 around 2",
    ),
    "cuts": (
        lambda t: t.nn.Sequential(t.nn.ZeroPad2d(-1), t.nn.Conv2d(2, 2, 3)),
        IMAGE,
        "layer 0, ZeroPad2d: its padding .* cuts",
    ),
    "pads too much": (
        lambda t: t.nn.Sequential(t.nn.ConstantPad2d(2, -np.inf), t.nn.MaxPool2d(2)),
        IMAGE,
        "layer 1, MaxPool2d: .*padding .* more than half the window",
    ),
    "bfloat16": (lambda t: t.nn.Linear(6, 6).bfloat16(), FLAT, "its weights are bfloat16"),
    "complex": (lambda t: t.nn.Linear(6, 6, dtype=t.complex64), FLAT, "its weights are complex64"),
    "two dtypes": (
        lambda t: t.nn.Sequential(t.nn.Linear(6, 6), t.nn.BatchNorm1d(6, affine=False).double()),
        FLAT,
        "its weights are float32, float64",
    ),
    "no numbers": (lambda t: t.nn.Linear(6, 6, device="meta"), FLAT, "its weights hold no numbers"),
    "no statistics": (
        lambda t: t.nn.BatchNorm1d(6, track_running_stats=False),
        FLAT,
        "it keeps no running statistics",
    ),
    "other channels": (lambda t: t.nn.BatchNorm2d(3), IMAGE, r"its gamma has shape \(3,\)"),
    "no shape": (lambda t: t.nn.Linear(6, 6), 6, "input_shape is 6; give one sample's"),
    "no size": (lambda t: t.nn.Linear(6, 6), (-1,), r"input_shape is \(-1,\); give one sample's"),
    "no module": (lambda t: {"weight": 1}, FLAT, "layer 0: {'weight': 1} is no layer"),
    "unknown, and no shape": (lambda t: t.nn.ELU(), None, "layer 0, ELU: course_nn has no counter"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_would_come_out_otherwise_is_refused(torch, case):
    make, shape, message = REFUSED[case]
    with pytest.raises(InteropError, match=message) as caught:
        interop.from_torch(make(torch), shape)
    assert "\n" not in str(caught.value)
