"""To PyTorch: the module predicts the same, comes back the same, and trains on alike."""

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
    model = nn.Sequential(model.layers)
    module = interop.to_torch(model).train()
    optimizer, loss = torch.optim.SGD(module.parameters(), 0.1), torch.nn.CrossEntropyLoss()
    x, labels = images((2, 14, 14), 12).astype(np.float64), np.arange(12) % 4
    for _ in range(3):
        model.train_step(x, labels, nn.SoftmaxCrossEntropy(), nn.SGD(0.1))
        optimizer.zero_grad()
        loss(module(torch.from_numpy(x)), torch.from_numpy(labels)).backward()
        optimizer.step()
    same(torch_predicts(torch, module, x), model.predict(x), 1e-8)


def test_the_module_comes_in_evaluation_mode(torch):
    assert not interop.to_torch(ours("lenet")).training


def pooled(kind, **options):
    return functools.partial(getattr(nn, f"{kind}Pool2D"), **options)


OURS_ALONE = {
    "max in ceil mode": pooled("Max", window=3, stride=2, ceil_mode=True),
    "max in ceil mode, padded": pooled("Max", window=3, stride=3, padding=1, ceil_mode=True),
    "max in ceil mode, with sides": pooled(
        "Max", window=3, stride=2, padding=((0, 1), (1, 0)), ceil_mode=True
    ),
    "mean in ceil mode": pooled("Avg", window=3, stride=2, ceil_mode=True),
    "mean in ceil mode, padded": pooled("Avg", window=3, stride=3, padding=1, ceil_mode=True),
    "mean without its padding": pooled(
        "Avg", window=3, stride=2, padding=1, count_include_pad=False
    ),
    "mean without its padding, in ceil mode": pooled(
        "Avg", window=3, stride=3, padding=1, count_include_pad=False, ceil_mode=True
    ),
    "mean with the padding of same": pooled(
        "Avg", window=3, stride=2, padding="same", count_include_pad=True
    ),
    "dilated transpose": functools.partial(nn.ConvTranspose2D, 3, 3, dilation=(2, 1), padding=1),
    "transpose in groups": functools.partial(nn.ConvTranspose2D, 4, 3, groups=2, stride=2),
    "softmax of rows": nn.Softmax,
}


@pytest.mark.parametrize("name", OURS_ALONE)
def test_a_layer_alone_crosses_and_comes_back(torch, name):
    shape = (2, 10, 8)
    model = scrambled(nn.Sequential([OURS_ALONE[name]()]), shape)
    module, x = interop.to_torch(model), images(shape)
    same(module(torch.from_numpy(x)).detach().numpy(), model.predict(x))
    same(interop.from_torch(module, shape).predict(x), model.predict(x), 1e-7)


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (
            nn.AvgPool2D(3, stride=2, padding=((0, 1), (1, 0)), count_include_pad=False),
            "no mean that pads by",
        ),
        (
            nn.AvgPool2D(3, stride=3, padding=((1, 0), (1, 0)), ceil_mode=True),
            "no mean that pads by",
        ),
        (nn.ConvTranspose2D(2, 3, padding=((0, 1), (1, 0))), "cuts as many pixels off both sides"),
    ],
)
def test_what_we_have_and_pytorch_has_not_is_named(torch, layer, message):
    model = nn.Sequential([layer])
    model.build((2, 10, 8), rng=np.random.default_rng(0))
    with pytest.raises(InteropError, match=f"layer 0, {type(layer).__name__}: .*{message}"):
        interop.to_torch(model)


def test_what_is_frozen_stays_frozen(torch):
    model = ours("lenet")
    model.layers[0].trainable = model.layers[1].trainable = False
    module = interop.to_torch(model)
    trained = {name.split(".")[0]: p.requires_grad for name, p in module.named_parameters()}
    assert trained == {"0": False, "1": False, "4": True, "9": True, "10": True, "12": True}
    again = interop.from_torch(module, model.input_shape)
    assert [a.trainable for a in again.layers] == [a.trainable for a in model.layers]
    x = images(model.input_shape)
    same(again.predict(x), model.predict(x), 1e-6)
