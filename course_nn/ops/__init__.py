"""The mathematics: pure pairs of a forward and a backward formula, one module a topic.

Every pair is `y, cache = op_forward(x, …)` and `dx, … = op_backward(dy, cache)`.
"""

from .activation import (
    gelu_backward,
    gelu_forward,
    leaky_relu_backward,
    leaky_relu_forward,
    relu_backward,
    relu_forward,
    sigmoid,
    sigmoid_backward,
    sigmoid_forward,
    tanh_backward,
    tanh_forward,
)
from .conv import (
    conv2d_backward,
    conv2d_forward,
    conv_transpose2d_backward,
    conv_transpose2d_forward,
)
from .dense import (
    dense_backward,
    dense_forward,
    flatten_backward,
    flatten_forward,
)
from .dropout import (
    dropout_backward,
    dropout_forward,
    dropout_mask,
)
from .geometry import (
    Geometry,
    geometry,
    pool_output_size,
    transposed_size,
)
from .loss import (
    binary_cross_entropy_backward,
    binary_cross_entropy_forward,
    cross_entropy_backward,
    cross_entropy_forward,
    mean_squared_error_backward,
    mean_squared_error_forward,
    one_hot,
    softmax_cross_entropy_backward,
    softmax_cross_entropy_forward,
    targets_like,
)
from .norm import (
    Moments,
    batch_norm_backward,
    batch_norm_forward,
    batch_norm_sums,
    layer_norm_backward,
    layer_norm_forward,
    merge_moments,
    moments,
)
from .patches import (
    batch_first,
    batch_last,
    extract_patches,
    fold_patches,
)
from .pool import (
    avg_pool2d_backward,
    avg_pool2d_forward,
    global_avg_pool2d_backward,
    global_avg_pool2d_forward,
    max_pool2d_backward,
    max_pool2d_forward,
)
from .softmax import (
    softmax_backward,
    softmax_forward,
)

__all__ = [
    "Geometry",
    "Moments",
    "avg_pool2d_backward",
    "avg_pool2d_forward",
    "batch_first",
    "batch_last",
    "batch_norm_backward",
    "batch_norm_forward",
    "batch_norm_sums",
    "binary_cross_entropy_backward",
    "binary_cross_entropy_forward",
    "conv2d_backward",
    "conv2d_forward",
    "conv_transpose2d_backward",
    "conv_transpose2d_forward",
    "cross_entropy_backward",
    "cross_entropy_forward",
    "dense_backward",
    "dense_forward",
    "dropout_backward",
    "dropout_forward",
    "dropout_mask",
    "extract_patches",
    "flatten_backward",
    "flatten_forward",
    "fold_patches",
    "gelu_backward",
    "gelu_forward",
    "geometry",
    "global_avg_pool2d_backward",
    "global_avg_pool2d_forward",
    "layer_norm_backward",
    "layer_norm_forward",
    "leaky_relu_backward",
    "leaky_relu_forward",
    "max_pool2d_backward",
    "max_pool2d_forward",
    "mean_squared_error_backward",
    "mean_squared_error_forward",
    "merge_moments",
    "moments",
    "one_hot",
    "pool_output_size",
    "relu_backward",
    "relu_forward",
    "sigmoid",
    "sigmoid_backward",
    "sigmoid_forward",
    "softmax_backward",
    "softmax_cross_entropy_backward",
    "softmax_cross_entropy_forward",
    "softmax_forward",
    "tanh_backward",
    "tanh_forward",
    "targets_like",
    "transposed_size",
]
