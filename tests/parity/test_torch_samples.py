"""PyTorch's own samples of operators, modules and optimisers: ours give the same, gradients too.

`op_db`, `module_db` and `optim_db` are what PyTorch tests itself with. Every sample of what has a
counterpart here is run, in value and gradient, from a random upstream gradient; or it is counted,
with the reason why it cannot be. The counts are exact: a new version's surprise shows.
"""

import inspect
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pytest
from adapters import OPERATORS, Array, Gradients, agree, close
from outside import Tally, cannot, tally

import course_nn as nn
from course_nn import interop
from course_nn.interop import InteropError
from course_nn.parameters import Parameters

torch = pytest.importorskip("torch", reason="parity needs PyTorch: pip install course-nn[parity]")
pytest.importorskip("expecttest", reason="PyTorch's samples need expecttest: course-nn[parity]")
torch.set_num_threads(1)
from torch.testing._internal.common_methods_invocations import op_db  # noqa: E402
from torch.testing._internal.common_modules import module_db  # noqa: E402
from torch.testing._internal.common_optimizers import optim_db  # noqa: E402


def arrays(values: Any) -> Any:
    """Tensors as arrays, wherever they stand."""
    if isinstance(values, torch.Tensor):
        return values.detach().numpy()
    return values


def operator_samples(name: str) -> Iterator[tuple[str, Callable[[], None]]]:
    info = next(op for op in op_db if op.name == name and not op.variant_test_name)
    torch.manual_seed(0)
    for i, sample in enumerate(info.sample_inputs("cpu", torch.float64, requires_grad=True)):
        yield f"{name}[{i}] {sample.summary()}", lambda s=sample: run_operator(info, name, s)


def run_operator(info: Any, name: str, sample: Any) -> None:
    """Theirs on copies: in training they change what they are given."""
    adapter = OPERATORS[name]
    given = [sample.input, *sample.args]
    bound = inspect.signature(adapter).bind_partial(*given, **sample.kwargs).arguments
    random = "theirs" in inspect.signature(adapter).parameters

    def expected() -> Any:
        keywords = {k: copied(v) for k, v in sample.kwargs.items()}
        return info.op(*map(copied, given), **keywords)

    theirs = expected() if random else None
    ours = {k: arrays(v) for k, v in bound.items()} | ({"theirs": arrays(theirs)} if random else {})
    result = adapter(**ours)
    tensors = {k: v for k, v in bound.items() if getattr(v, "requires_grad", False)}
    agree(theirs if random else expected(), tensors, result)


def copied(value: Any) -> Any:
    return value.clone() if isinstance(value, torch.Tensor) else value


EXPECTED_OPERATORS = {
    "nn.functional.linear": Tally(18, {}),
    "nn.functional.conv1d": Tally(10, {}),
    "nn.functional.conv2d": Tally(30, {}),
    "nn.functional.conv_transpose1d": Tally(10, {}),
    "nn.functional.conv_transpose2d": Tally(12, {}),
    "nn.functional.max_pool1d": Tally(432, {"the places of the maxima": 432}),
    "nn.functional.max_pool2d": Tally(
        360, {"the places of the maxima": 720, "a dilated pooling": 360}
    ),
    "nn.functional.avg_pool1d": Tally(9, {}),
    "nn.functional.avg_pool2d": Tally(2, {"a mean with another divisor": 5}),
    "nn.functional.batch_norm": Tally(10, {"samples without an axis of their own": 2}),
    "nn.functional.layer_norm": Tally(5, {"a negative ε": 1}),
    "nn.functional.relu": Tally(4, {}),
    "nn.functional.leaky_relu": Tally(9, {}),
    "sigmoid": Tally(3, {}),
    "tanh": Tally(1, {}),
    "nn.functional.gelu": Tally(8, {}),
    "nn.functional.silu": Tally(3, {}),
    "softmax": Tally(5, {"no class at all": 1, "one number without axes": 1}),
    "log_softmax": Tally(5, {"no class at all": 1, "one number without axes": 1}),
    "nn.functional.cross_entropy": Tally(
        8, {"targets that are no distribution": 10, "a negative class weight": 3}
    ),
    "nn.functional.nll_loss": Tally(31, {"a negative class weight": 24, "a mean over nothing": 6}),
    "nn.functional.binary_cross_entropy_with_logits": Tally(
        7, {"a loss of each number": 1, "a weight for each number": 18}
    ),
    "nn.functional.mse_loss": Tally(5, {"a loss of each number": 1}),
    "nn.functional.dropout": Tally(16, {"a dropout of everything": 3}),
    "nn.functional.dropout2d": Tally(11, {"a dropout of everything": 2}),
    "flatten": Tally(2, {"a Flatten that joins samples, or keeps axes": 4}),
}


@pytest.mark.parametrize("name", OPERATORS)
def test_op_db(name: str) -> None:
    counted = tally(operator_samples(name))
    assert counted.ran > 0
    assert counted == EXPECTED_OPERATORS[name]


# -- modules: what from_torch makes of them, in training and in prediction -------------------------

LAYERS = {
    "nn.Linear": 2,
    "nn.Conv2d": 4,
    "nn.ConvTranspose2d": 4,
    "nn.MaxPool2d": 4,
    "nn.AvgPool2d": 4,
    "nn.AdaptiveAvgPool2d": 4,
    "nn.BatchNorm1d": 2,
    "nn.BatchNorm2d": 4,
    "nn.LayerNorm": 2,
    "nn.ReLU": 2,
    "nn.LeakyReLU": 2,
    "nn.Sigmoid": 2,
    "nn.Tanh": 2,
    "nn.GELU": 2,
    "nn.SiLU": 2,
    "nn.Softmax": 2,
    "nn.LogSoftmax": 2,
}  # and the least number of axes, the batch's included
LOSSES = {
    "nn.CrossEntropyLoss": "nn.functional.cross_entropy",
    "nn.NLLLoss": "nn.functional.nll_loss",
    "nn.BCEWithLogitsLoss": "nn.functional.binary_cross_entropy_with_logits",
    "nn.MSELoss": "nn.functional.mse_loss",
}
OUR_NAMES = {"W": "weight", "b": "bias", "gamma": "weight", "beta": "bias"}


def module_samples(name: str) -> Iterator[tuple[str, Callable[[], None]]]:
    info = next(info for info in module_db if info.name == name)
    for training in (True, False):
        torch.manual_seed(0)
        options = {"device": "cpu", "dtype": torch.float64, "requires_grad": True}
        for i, sample in enumerate(info.module_inputs_func(info, **options, training=training)):
            made = sample.constructor_input
            module = info.module_cls(*made.args, **made.kwargs).double().train(training)
            given = [*sample.forward_input.args, *sample.forward_input.kwargs.values()]
            run = run_loss if name in LOSSES else run_layer
            text = f"{name}[{i}]{made.args}{made.kwargs} {training=}"
            yield text, lambda m=module, g=given, run=run: run(name, m, g)


def run_loss(name: str, module: Any, given: Sequence[Any]) -> None:
    """A loss module is its operator with the module's options."""
    adapter = OPERATORS[LOSSES[name]]
    names = ("weight", "pos_weight", "ignore_index", "reduction", "label_smoothing")
    options = {key: arrays(getattr(module, key)) for key in names if hasattr(module, key)}
    x = given[0].detach().requires_grad_()
    first = next(iter(inspect.signature(adapter).parameters))
    agree(module(x, *given[1:]), {first: x}, adapter(*map(arrays, (x, *given[1:])), **options))


def run_layer(name: str, module: Any, given: Sequence[Any]) -> None:
    x = given[0].detach().clone()
    while x.ndim < LAYERS[name]:  # one sample, or one number, without the axes before it
        x = x[None]
    x = x.detach().requires_grad_()
    chain = torch.nn.Sequential(module, *[torch.nn.Flatten()] * (name == "nn.AdaptiveAvgPool2d"))
    if not len(x):
        cannot("an empty batch")
    try:
        model = interop.from_torch(chain, tuple(x.shape[1:]))
    except InteropError as error:
        cannot(str(error).split(": ", 1)[1].split(";")[0])
    before = x.detach().numpy().copy()
    expected = chain(x)
    y = model.forward(before, train=module.training)
    if not module.training:
        close(y, expected)
        return

    def back(dy: Array) -> Gradients:
        dx = model.backward(dy)
        grads = {OUR_NAMES[key]: g for key, g in model.layers[0].grads.items()}
        if name == "nn.Linear":
            grads["weight"] = grads["weight"].T
        return {"x": dx, **grads}

    agree(expected, {"x": x, **dict(module.named_parameters())}, (y, back))
    for key, held in model.layers[0].state.items():
        close(held, getattr(module, key))


EXPECTED_MODULES = {
    "nn.Linear": Tally(6, {}),
    "nn.Conv2d": Tally(8, {}),
    "nn.ConvTranspose2d": Tally(4, {}),
    "nn.MaxPool2d": Tally(4, {"it returns indices": 2}),
    "nn.AvgPool2d": Tally(8, {"its mean has a divisor of its own": 6}),
    "nn.AdaptiveAvgPool2d": Tally(
        2, {"its output is 3": 4, "its output is (3, 4)": 2, "its output is (3, None)": 2}
    ),
    "nn.BatchNorm1d": Tally(
        6,
        {
            "its samples have shape (5, 3)": 4,
            "it keeps no running statistics, or their plain mean": 4,
            "an empty batch": 2,
        },
    ),
    "nn.BatchNorm2d": Tally(
        8, {"it keeps no running statistics, or their plain mean": 4, "an empty batch": 2}
    ),
    "nn.LayerNorm": Tally(
        6, {"it normalises over (5,) of a sample of shape (5, 5)": 6, "an empty batch": 2}
    ),
    "nn.ReLU": Tally(8, {}),
    "nn.LeakyReLU": Tally(10, {}),
    "nn.Sigmoid": Tally(8, {}),
    "nn.Tanh": Tally(6, {}),
    "nn.GELU": Tally(6, {}),
    "nn.SiLU": Tally(6, {}),
    "nn.Softmax": Tally(4, {"it runs along axis 0 of samples of shape (1,)": 2}),
    "nn.LogSoftmax": Tally(
        4,
        {
            "it runs along axis 1 of samples of shape (3, 10, 20)": 2,
            "it runs along axis 0 of samples of shape (1,)": 2,
        },
    ),
    "nn.CrossEntropyLoss": Tally(154, {"a negative class weight": 54, "a mean over nothing": 2}),
    "nn.NLLLoss": Tally(56, {}),
    "nn.BCEWithLogitsLoss": Tally(6, {"a loss of each number": 2, "a weight for each number": 4}),
    "nn.MSELoss": Tally(12, {"a loss of each number": 4}),
}


@pytest.mark.parametrize("name", [*LAYERS, *LOSSES])
def test_module_db(name: str) -> None:
    counted = tally(module_samples(name))
    assert counted.ran > 0
    assert counted == EXPECTED_MODULES[name]


# -- optimisers: ten steps side by side ------------------------------------------------------------

OPTIMIZERS: dict[str, tuple[type[nn.Optimizer], dict[str, Any], dict[str, str]]] = {
    # theirs: (ours, what theirs takes unless told otherwise, their word → ours)
    "SGD": (nn.SGD, {"lr": 1e-3}, {"momentum": "momentum", "nesterov": "nesterov"}),
    "RMSprop": (nn.RMSProp, {"lr": 1e-2}, {"alpha": "rho", "eps": "eps"}),
    "Adam": (nn.Adam, {"lr": 1e-3}, {"betas": "betas", "eps": "eps"}),
    "AdamW": (nn.AdamW, {"lr": 1e-3, "weight_decay": 1e-2}, {"betas": "betas", "eps": "eps"}),
}
COMMON = {"lr": "lr", "weight_decay": "weight_decay"}


def optimizer_samples(name: str) -> Iterator[tuple[str, Callable[[], None]]]:
    info = next(info for info in optim_db if info.optim_cls.__name__ == name)
    for sample in info.optim_inputs_func(device="cpu"):
        yield f"{name} {sample.kwargs}", lambda s=sample: run_optimizer(name, info.optim_cls, s)


def run_optimizer(name: str, theirs: type, sample: Any) -> None:
    ours, unless_told, words = OPTIMIZERS[name]
    words = words | COMMON
    foreign = sorted(key for key, value in sample.kwargs.items() if value and key not in words)
    if foreign:
        cannot(" and ".join(foreign))
    options = unless_told | {words[k]: v for k, v in sample.kwargs.items() if k in words}
    mine = ours(**{k: float(v) if k == "lr" else v for k, v in options.items()})
    rng = np.random.default_rng(0)
    w = Parameters.pack({"w": rng.standard_normal((3, 4))})
    tensor = torch.tensor(w["w"].copy(), requires_grad=True)
    optimizer = theirs([tensor], **sample.kwargs)
    for _ in range(10):
        g = w["w"] + rng.standard_normal((3, 4))
        tensor.grad = torch.tensor(g)
        mine.update(w, Parameters.pack({"w": g}))
        optimizer.step()
        close(w["w"], tensor)


EXPECTED_OPTIMIZERS = {
    "SGD": Tally(7, {"maximize": 1, "dampening": 1}),
    "RMSprop": Tally(
        3,
        {
            "maximize": 2,
            "centered": 1,
            "centered and momentum": 1,
            "centered and maximize and momentum": 1,
        },
    ),
    "Adam": Tally(3, {"maximize": 1, "amsgrad": 1}),
    "AdamW": Tally(3, {"maximize": 1, "amsgrad": 1}),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_optim_db(name: str) -> None:
    counted = tally(optimizer_samples(name))
    assert counted.ran > 0
    assert counted == EXPECTED_OPTIMIZERS[name]
