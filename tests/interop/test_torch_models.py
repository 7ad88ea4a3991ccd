"""PyTorch: equal predictions after every crossing, both ways; what cannot cross is named."""

import functools

import numpy as np
import pytest
from crossing import OURS, images, ours, same, scrambled, torch_predicts

import course_nn as nn
from course_nn import interop
from course_nn.interop import InteropError


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", OURS)
def test_to_torch_and_back(torch, name, dtype):
    model = ours(name, dtype)
    x, tolerance = images(model.input_shape), 1e-4 if dtype == np.float32 else 1e-10
    x = x.astype(dtype)
    module = interop.to_torch(model)
    same(torch_predicts(torch, module, x), model.predict(x), tolerance)
    again = interop.from_torch(module, model.input_shape)
    assert again.dtype == dtype
    same(again.predict(x), model.predict(x), 1e-12)
    for mine, theirs in zip(again.params.values(), model.params.values(), strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_a_residual_block_crosses(torch):
    block = [nn.Conv2D(4, 3, padding=1, stride=2), nn.BatchNorm(), nn.ReLU()]
    inner = nn.Residual([nn.Conv2D(4, 3, padding=1), nn.BatchNorm()])
    layers = [nn.Residual([*block, inner], [nn.Conv2D(4, 1, stride=2)]), nn.GlobalAvgPool2D()]
    model = scrambled(nn.Sequential([*layers, nn.Dense(3)]), (3, 8, 8))
    module = interop.to_torch(model)
    x = images((3, 8, 8))
    same(torch_predicts(torch, module, x), model.predict(x), 1e-4)
    again = interop.from_torch(module, (3, 8, 8))
    np.testing.assert_array_equal(again.predict(x), model.predict(x))


def test_training_goes_on_alike_in_pytorch(torch):
    """Running statistics and momentum mean the same on both sides."""
    model = ours("lenet", np.float64)
    model.layers = [layer for layer in model.layers if not isinstance(layer, nn.Dropout)]
    model.layers.pop()  # the softmax is in the loss
    model = scrambled(nn.Sequential(model.layers), (2, 14, 14), np.float64)
    module = interop.to_torch(model).train()
    optimizer, loss = torch.optim.SGD(module.parameters(), 0.1), torch.nn.CrossEntropyLoss()
    x, labels = images((2, 14, 14), 12).astype(np.float64), np.arange(12) % 4
    for _ in range(3):
        model.train_step(x, labels, nn.SoftmaxCrossEntropy(), nn.SGD(0.1))
        optimizer.zero_grad()
        loss(module(torch.from_numpy(x)), torch.from_numpy(labels)).backward()
        optimizer.step()
    same(torch_predicts(torch, module, x), model.predict(x), 1e-8)


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


def test_the_module_comes_in_evaluation_mode(torch):
    assert not interop.to_torch(ours("lenet")).training


def torch_errors(t):
    lin, conv = t.Linear(4, 4), functools.partial(t.Conv2d, 2, 4, 3)
    image, seq = (2, 8, 8), t.Sequential
    return [
        (seq(lin, seq(t.ReLU(), t.LSTM(4, 4))), None, "layer 1.1, LSTM: course_nn has no counter"),
        (t.TransformerEncoderLayer(4, 1), (4,), "layer 0, TransformerEncoderLayer: .*nn"),
        (seq(conv()), None, r"does not say how large an image is; give from_torch\(module, input_"),
        (seq(conv()), (3, 8, 8), None),
        (seq(conv(groups=2)), image, "layer 0, Conv2d: it has groups=2"),
        (seq(conv(padding_mode="circular", padding=1)), image, "padding_mode='circular'"),
        (seq(lin, t.GELU()), None, r'layer 1, GELU: course_nn\'s GELU is the tanh form; use GELU'),
        (seq(conv(), t.Softmax(dim=1)), image, "layer 1, Softmax: it runs along axis 1"),
        (seq(t.MaxPool2d(3, ceil_mode=True)), image, "it has ceil_mode or a dilation"),
        (seq(t.MaxPool2d(3, dilation=2)), image, "it has ceil_mode or a dilation"),
        (seq(t.MaxPool2d(3, return_indices=True)), image, "it returns indices"),
        (seq(t.AvgPool2d(3, padding=1, count_include_pad=False)), image, "does not count"),
        (seq(t.AvgPool2d(3, divisor_override=2)), image, "or has a divisor"),
        (seq(t.BatchNorm2d(2, momentum=None)), image, "layer 0, BatchNorm2d: it keeps no running"),
        (seq(t.BatchNorm1d(2)), (2, 9), r"its samples have shape \(2, 9\)"),
        (seq(t.LayerNorm(8)), image, r"it normalises over \(8,\) of a sample of shape \(2, 8, 8\)"),
        (seq(t.AdaptiveAvgPool2d(2)), image, "its output is 2; only AdaptiveAvgPool2d"),
        (seq(t.AdaptiveAvgPool2d(1), t.Conv2d(2, 2, 1)), image, r"\(C, 1, 1\) is used as an image"),
        (seq(t.Flatten(2), t.Linear(64, 2)), image, "it keeps some of the axes"),
        (seq(conv(), t.Linear(6, 2)), image, r"layer 1, Linear: Dense\(units=2\) expects an input"),
        (seq(t.ZeroPad2d(1), t.MaxPool2d(2)), image, "the padding layer before it, filled with 0,"),
        (seq(t.ZeroPad2d(1), t.ReLU()), image, "layer 1, ReLU: the padding layer before it"),
        (seq(conv(), t.ZeroPad2d(1)), image, "it pads, and no layer follows"),
        (seq(lin.half()), None, "its weights are float16; call module.float"),
        (seq(), None, "the model"),
    ]  # fmt: skip


def test_what_pytorch_has_and_we_have_not_is_named(torch):
    for module, shape, message in torch_errors(torch.nn):
        if message is None:  # the wrong number of channels shows in the weights' shape
            with pytest.raises(ValueError, match=r"weight|shape|reshape|broadcast"):
                interop.from_torch(module, shape)
            continue
        with pytest.raises(InteropError, match=message) as caught:
            interop.from_torch(module, shape)
        assert "\n" not in str(caught.value)
