"""Our word for it: constructors made of their fields, and answers to what other libraries call it.

Who comes from Keras or PyTorch types their words. A call that does not fit is answered with ours,
in place of Python's own sentence, which names neither the word nor the way out.
"""

import inspect
import re
from collections.abc import Callable
from dataclasses import MISSING, Field, dataclass, field, fields, is_dataclass
from functools import wraps
from typing import Any, ParamSpec, TypeVar, dataclass_transform

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")

SHAPES = "shapes are found by model.build(input_shape, rng=rng)"
LAYER_AFTER = "an activation is a layer of its own: [Dense(3), ReLU()]"
# a keyword of Keras's or PyTorch's → what to write here
KEYWORDS = {
    "activation": LAYER_AFTER,
    "alpha": "it is slope (of a LeakyReLU) or rho (of RMSProp)",
    "beta_1": "write betas=(β₁, β₂)",
    "beta_2": "write betas=(β₁, β₂)",
    "axis": "channels are axis 1 here, (N, C, H, W), and a softmax runs along the last axis",
    "class_weight": "give the loss class_weights=…",
    "clipnorm": "it is clip_norm",
    "data_format": "images are always (N, C, H, W)",
    "dilation_rate": "it is dilation",
    "dim": "a softmax runs along the last axis, and a flatten keeps the first",
    "epsilon": "it is eps",
    "from_logits": "SoftmaxCrossEntropy and BinaryCrossEntropy take scores (logits), CrossEntropy "
    "takes probabilities",
    "in_channels": SHAPES,
    "in_features": SHAPES,
    "input_dim": SHAPES,
    "inplace": "what comes in is never changed",
    "input_shape": SHAPES,
    "kernel_initializer": "it is init, for instance init=nn.init.he_normal",
    "kernel_size": "it is the window of a pooling, the kernel of a convolution",
    "label_smoothing": "it is smoothing",
    "learning_rate": "it is lr",
    "metrics": "a loss brings its own: see loss.metrics",
    "negative_slope": "it is slope",
    "normalized_shape": SHAPES,
    "num_features": SHAPES,
    "out_channels": "it is filters",
    "out_features": "it is units",
    "p": "it is rate",
    "params": "a model gives its parameters to the optimizer by itself: SGD(0.1)",
    "pool_size": "it is window",
    "pos_weight": "weigh the samples: fit(x, labels, sample_weights=…)",
    "reduction": "losses are means over the samples",
    "restore_best_weights": "it is restore_best",
    "sample_weight": "it is sample_weights",
    "seed": "give rng=np.random.default_rng(0); a layer draws from that of build",
    "random_state": "give rng=np.random.default_rng(0); a layer draws from that of build",
    "shuffle": "every epoch is shuffled by rng; to go in order, call model.train_step on batches",
    "steps_per_epoch": "an epoch is one pass through the data; set batch_size",
    "strides": "it is stride",
    "use_bias": "it is bias",
    "validation_data": "it is validation=(x, labels)",
    "validation_split": "it is validation=0.2, the share to keep aside",
    "verbose": "it is progress=True or False",
    "weight": "it is class_weights",
}
# a call with too many arguments in a row → what to write here
IN_A_ROW = {
    "Adam": "the two betas go together: Adam(0.001, betas=(0.9, 0.999))",
    "AdamW": "the two betas go together: AdamW(0.001, betas=(0.9, 0.999))",
    "BatchNorm": f"it needs no number of channels: BatchNorm(); {SHAPES}",
    "Conv2D": "the image's channels are not an argument, and options are named: "
    f"Conv2D(6, 5, stride=1, padding=0); {SHAPES}",
    "ConvTranspose2D": "the image's channels are not an argument, and options are named: "
    f"ConvTranspose2D(6, 5, stride=2); {SHAPES}",
    "Dense": f"the number of inputs is not an argument: Dense(units); {SHAPES}",
    "LayerNorm": f"it needs no size: LayerNorm(); {SHAPES}",
    "SoftmaxCrossEntropy": "options are named: SoftmaxCrossEntropy(smoothing=0.1)",
    "Sequential": "the layers stand in one list: Sequential([Dense(3), ReLU()])",
}
# a class or function of theirs → ours
NAMES = {
    "Activation": "an activation is a layer of its own, such as ReLU()",
    "AdaptiveAvgPool2d": "it is GlobalAvgPool2D()",
    "AveragePooling2D": "it is AvgPool2D",
    "AvgPool2d": "it is AvgPool2D",
    "BatchNorm1d": "it is BatchNorm()",
    "BatchNorm2d": "it is BatchNorm()",
    "BatchNormalization": "it is BatchNorm()",
    "BCELoss": "it is BinaryCrossEntropy(), of scores, without a Sigmoid() before it",
    "BCEWithLogitsLoss": "it is BinaryCrossEntropy()",
    "CategoricalCrossentropy": "it is SoftmaxCrossEntropy(), of scores, or CrossEntropy()",
    "Conv2DTranspose": "it is ConvTranspose2D",
    "Conv2d": "it is Conv2D",
    "ConvTranspose2d": "it is ConvTranspose2D",
    "CrossEntropyLoss": "it is SoftmaxCrossEntropy()",
    "Dropout2d": "it is Dropout(rate, channels=True)",
    "GlobalAveragePooling2D": "it is GlobalAvgPool2D()",
    "InputLayer": "it is Input(shape)",
    "LayerNormalization": "it is LayerNorm()",
    "Linear": "it is Dense(units)",
    "MaxPool2d": "it is MaxPool2D",
    "MaxPooling2D": "it is MaxPool2D",
    "Model": "it is Sequential([…])",
    "Module": "it is Layer, for a layer of one's own, or Sequential([…])",
    "MSELoss": "it is MeanSquaredError()",
    "NLLLoss": "it is NegativeLogLikelihood()",
    "RMSprop": "it is RMSProp",
    "SparseCategoricalCrossentropy": "it is SoftmaxCrossEntropy(), of scores, or CrossEntropy()",
    "SpatialDropout2D": "it is Dropout(rate, channels=True)",
    "functional": "functions are in ops",
    "load": "it is storage.load(path)",
    "load_model": "it is storage.load(path)",
    "no_grad": "predict and forward(x, train=False) keep nothing for a gradient",
    "optimizers": "optimisers are here themselves: nn.SGD",
    "relu": "functions are in ops: ops.relu_forward(x), and the layer is ReLU()",
    "save": "it is model.save(path)",
    "softmax": "functions are in ops: ops.softmax_forward(x), and the layer is Softmax()",
}
# a method or attribute of theirs → what to write here
ATTRIBUTES = {
    "add": "build the list of layers first: Sequential([…]), or model.layers.append(layer)",
    "add_module": "build the list of layers first: Sequential([…])",
    "compile": "fit(x, labels, loss=…, optimizer=…) takes both",
    "cpu": 'choose the device at build: build(…, device="cpu")',
    "cuda": 'choose the device at build: build(…, device="gpu")',
    "eval": "forward(x, train=False) is prediction, and predict always is",
    "get_weights": "the arrays are in params",
    "load_state_dict": "write model.load_weights(other)",
    "named_parameters": "they are in params, a dict of arrays",
    "parameters": "they are in params, a dict of arrays",
    "requires_grad": "it is trainable, of a layer",
    "save_weights": "it is save(path), which keeps the layers too",
    "set_weights": "assign to params: layer.params['W'] = array",
    "state_dict": "the arrays are in params and in each layer's state",
    "step": "it is update(params, grads), which train_step and fit call",
    "to": 'choose device and dtype at build: build(…, device="gpu")',
    "train": "forward(x, train=True) is training, and fit always is",
    "train_on_batch": "it is train_step(x, labels, loss, optimizer)",
    "zero_grad": "every backward pass starts from zero by itself",
}


def answer(name: str, signature: inspect.Signature, args: tuple, kwargs: dict[str, Any]) -> str:
    """The sentence for a call that does not fit.

    >>> answer("Dense", inspect.signature(lambda units: 0), (3,), {"activation": "relu"})
    'Dense takes no activation: an activation is a layer of its own: [Dense(3), ReLU()]; \
it is called as Dense(units)'
    """
    known = signature.parameters.values()
    called = f"it is called as {name}{_short(signature)}"
    unknown = [k for k in kwargs if k not in signature.parameters]
    if unknown and not any(p.kind is p.VAR_KEYWORD for p in known):
        return f"{name} takes no {unknown[0]}{_advice(unknown[0], signature)}; {called}"
    twice = [k for k, _ in zip(signature.parameters, args, strict=False) if k in kwargs]
    if twice:
        advice = f": {KEYWORDS['params']}" if twice[0] == "lr" else ""
        return f"{name} gets {twice[0]} twice, in a row and by its name{advice}; {called}"
    room = sum(p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) for p in known)
    if len(args) > room and not any(p.kind is p.VAR_POSITIONAL for p in known):
        advice = f": {IN_A_ROW[name]}" if name in IN_A_ROW else ""
        return (
            f"{name} takes {room or 'no'} argument(s) in a row, got {len(args)}{advice}; {called}"
        )
    needed = [
        p.name
        for i, p in enumerate(known)
        if p.default is p.empty and p.name not in kwargs
        if p.kind is p.KEYWORD_ONLY or (p.kind is p.POSITIONAL_OR_KEYWORD and i >= len(args))
    ]
    return f"{name} needs {', '.join(needed) or 'other arguments'}; {called}"


def _advice(keyword: str, signature: inspect.Signature) -> str:
    """Our word for a keyword, unless it is one that this function has not either."""
    advice = KEYWORDS.get(keyword, "")
    ours = re.match(r"(?:it is|write) (\w+)(?:=|,|$)", advice)
    return "" if not advice or (ours and ours[1] not in signature.parameters) else f": {advice}"


def _short(signature: inspect.Signature) -> str:
    """A signature without its types, as one would type the call."""
    bare = [
        p.replace(annotation=p.empty, default="…" if callable(p.default) else p.default)
        if p.default is not p.empty
        else p.replace(annotation=p.empty)
        for p in signature.parameters.values()
    ]
    return str(signature.replace(parameters=bare, return_annotation=signature.empty))


def answers(function: Callable[P, R], name: str = "", skip: int = 0) -> Callable[P, R]:
    """The same function; a call that does not fit gets our word for it.

    Parameters
    ----------
    function : any.
    name : what to call it in the sentence; its own unless given.
    skip : leading parameters that the caller does not write; self is one.

    Examples
    --------
    >>> @answers
    ... def fit(x, *, validation=None):
    ...     return x
    >>> fit(1, validation_data=2)
    Traceback (most recent call last):
        ...
    TypeError: fit takes no validation_data: it is validation=(x, labels); \
it is called as fit(x, *, validation=None)
    """
    whole = inspect.signature(function)
    skip = skip or int(next(iter(whole.parameters), "") == "self")
    shown = whole.replace(parameters=list(whole.parameters.values())[skip:])

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except TypeError:
            try:
                whole.bind(*args, **kwargs)
            except TypeError:
                kind = type(args[0]) if function.__name__ == "__init__" else None
                heir = kind is not None and kind.__init__ is call
                called = name if name and not heir else (kind or function).__name__
                raise TypeError(answer(called, shown, args[skip:], kwargs)) from None
            raise

    return call


@dataclass_transform(eq_default=False, field_specifiers=(field,))
def options(cls: type[T]) -> type[T]:
    """A class whose constructor's arguments are its fields; a wrong call gets our word for it.

    >>> @options
    ... class Scale(Described):
    ...     factor: float
    ...     offset: float = field(default=0.0, kw_only=True)
    >>> Scale(2.0), Scale(2.0, offset=1.0)
    (Scale(factor=2.0), Scale(factor=2.0, offset=1.0))
    """
    made = dataclass(eq=False, repr=False)(cls)
    made.__init__ = answers(made.__init__, made.__name__, skip=1)  # type: ignore[method-assign]
    return made


class Described:
    """What can say with which arguments it was made: its name, and its saved form."""

    def arguments(self) -> dict[str, Any]:
        """The constructor's arguments, without those that have their default.

        Fields with `repr=False` are left out.
        """
        known: tuple[Field[Any], ...] = fields(self) if is_dataclass(self) else ()
        return {
            f.name: getattr(self, f.name)
            for f in known
            if f.init and f.repr and _differs(getattr(self, f.name), f.default)
        }

    def __repr__(self) -> str:
        given = ", ".join(f"{name}={value!r}" for name, value in self.arguments().items())
        return f"{type(self).__name__}({given})"

    def __getattr__(self, name: str) -> Any:
        if hasattr(type(self), name):  # a property that failed: its own error is the one to see
            return object.__getattribute__(self, name)
        advice = f": {ATTRIBUTES[name]}" if name in ATTRIBUTES else ""
        raise AttributeError(f"{type(self).__name__} has no {name}{advice}", name=name, obj=self)


def no_name(module: str, name: str) -> AttributeError:
    """The error for a name that a module does not have.

    >>> no_name("course_nn", "Linear")
    AttributeError('course_nn has no Linear: it is Dense(units)')
    """
    advice = f": {NAMES[name]}" if name in NAMES else ""
    return AttributeError(f"{module} has no {name}{advice}", name=name)


def _differs(value: Any, default: Any) -> bool:
    """Whether a value is not the default; an array never is."""
    if default is MISSING or value is default:
        return default is MISSING
    return getattr(value, "ndim", 0) > 0 or bool(value != default)
