"""Modules of torch that hold nothing, and the call their ``forward`` makes: pure data.

Source: the classes in https://docs.pytorch.org/docs/stable/nn.html and the functions they call.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """``function``: dotted; ``takes``: the constructor's parameters in order, by the function's keyword.

    An empty keyword is a parameter that the function spells otherwise: given, the module stays. ``inputs`` counts the
    arguments of ``forward``. Of the constructor's parameters the first ``places`` stand at the same place in the
    function, behind the inputs. ``always`` is what the module passes by itself where the constructor did not say.
    """

    function: str
    takes: tuple[str, ...] = ()
    inputs: int = 1
    places: int = 0
    always: tuple[tuple[str, str], ...] = ()


_F = "torch.nn.functional."
_KERNEL = ("kernel_size", "stride", "padding")
_UP = ("size", "scale_factor", "mode", "align_corners", "recompute_scale_factor")


def _f(name: str, *takes: str, inputs: int = 1, places: int = 0, **always: str) -> Row:
    return Row(f"{_F}{name}", takes, inputs, places, tuple(always.items()))


def _loss(name: str, *takes: str, inputs: int = 2) -> Row:
    return Row(f"{_F}{name}", takes, inputs, 1 if takes and takes[0] not in ("", "reduction") else 0)


def _ds(name: str) -> dict[str, Row]:
    return {f"{name}{n}d": row for n in (1, 2, 3) for row in (_POOLS[name](n),)}


_POOLS = {
    "MaxPool": lambda n: _f(f"max_pool{n}d", *_KERNEL, "dilation", "return_indices", "ceil_mode", places=3),
    "AdaptiveAvgPool": lambda n: _f(f"adaptive_avg_pool{n}d", "output_size", places=1),
    "AdaptiveMaxPool": lambda n: _f(f"adaptive_max_pool{n}d", "output_size", "return_indices", places=1),
    "AvgPool": lambda n: _f(f"avg_pool{n}d", *_KERNEL, "ceil_mode", "count_include_pad", *["divisor_override"][: n - 1], places=3),
}

# A module made on the spot is in training mode.
ROWS: dict[str, Row] = {
    "CELU": _f("celu", "alpha", "inplace", places=2),
    "ELU": _f("elu", "alpha", "inplace", places=2),
    "GELU": _f("gelu", "approximate"),
    "GLU": _f("glu", "dim", places=1),
    "Hardshrink": _f("hardshrink", "lambd", places=1),
    "Hardsigmoid": _f("hardsigmoid", "inplace"),
    "Hardswish": _f("hardswish", "inplace"),
    "Hardtanh": _f("hardtanh", "min_val", "max_val", "inplace", "", "", places=2),
    "LeakyReLU": _f("leaky_relu", "negative_slope", "inplace", places=1),
    "LogSigmoid": _f("logsigmoid"),
    "LogSoftmax": _f("log_softmax", "dim"),
    "Mish": _f("mish", "inplace"),
    "ReLU": _f("relu", "inplace"),
    "ReLU6": _f("relu6", "inplace"),
    "SELU": _f("selu", "inplace"),
    "SiLU": _f("silu", "inplace"),
    "Sigmoid": Row("torch.sigmoid"),
    "Softmax": _f("softmax", "dim"),
    "Softmin": _f("softmin", "dim"),
    "Softplus": _f("softplus", "beta", "threshold", places=2),
    "Softshrink": _f("softshrink", "lambd", places=1),
    "Softsign": _f("softsign"),
    "Tanh": Row("torch.tanh"),
    "Tanhshrink": _f("tanhshrink"),
    "Threshold": _f("threshold", "threshold", "value", "inplace", places=2),
    "Upsample": _f("interpolate", *_UP),
    "UpsamplingNearest2d": _f("interpolate", *_UP[:2], mode='"nearest"'),
    "UpsamplingBilinear2d": _f("interpolate", *_UP[:2], mode='"bilinear"', align_corners="True"),
    **_ds("MaxPool"),
    **_ds("AvgPool"),
    **_ds("AdaptiveAvgPool"),
    **_ds("AdaptiveMaxPool"),
    "PixelShuffle": _f("pixel_shuffle", "upscale_factor", places=1),
    "PixelUnshuffle": _f("pixel_unshuffle", "downscale_factor", places=1),
    "ChannelShuffle": _f("channel_shuffle", "groups", places=1),
    "Flatten": Row("torch.flatten", ("start_dim", "end_dim"), always=(("start_dim", "1"),)),
    "Unfold": _f("unfold", "kernel_size", "dilation", "padding", "stride", places=1),
    "Fold": _f("fold", "output_size", "kernel_size", "dilation", "padding", "stride", places=2),
    "CosineSimilarity": _f("cosine_similarity", "dim", "eps", inputs=2),
    "PairwiseDistance": _f("pairwise_distance", "p", "eps", "keepdim", inputs=2),
    "Dropout": _f("dropout", "p", "inplace", places=1),
    "Dropout2d": _f("dropout2d", "p", "inplace", places=1),
    "Dropout3d": _f("dropout3d", "p", "inplace", places=1),
    "BCELoss": _loss("binary_cross_entropy", "weight", "", "", "reduction"),
    "BCEWithLogitsLoss": _loss("binary_cross_entropy_with_logits", "weight", "", "", "reduction", "pos_weight"),
    "CrossEntropyLoss": _loss("cross_entropy", "weight", "", "ignore_index", "", "reduction", "label_smoothing"),
    "NLLLoss": _loss("nll_loss", "weight", "", "ignore_index", "", "reduction"),
    "HuberLoss": _loss("huber_loss", "reduction", "delta"),
    "KLDivLoss": _loss("kl_div", "", "", "reduction", "log_target"),
    "L1Loss": _loss("l1_loss", "", "", "reduction"),
    "MSELoss": _loss("mse_loss", "", "", "reduction"),
    "SmoothL1Loss": _loss("smooth_l1_loss", "", "", "reduction", "beta"),
    "SoftMarginLoss": _loss("soft_margin_loss", "", "", "reduction"),
}

STATEFUL = frozenset(
    "Linear Bilinear LazyLinear Embedding EmbeddingBag PReLU LayerNorm GroupNorm RMSNorm MultiheadAttention LSTM GRU RNN LSTMCell GRUCell "
    "RNNCell Transformer TransformerEncoder TransformerDecoder TransformerEncoderLayer TransformerDecoderLayer".split()
    + [f"{kind}{n}d" for kind in ("Conv", "ConvTranspose", "BatchNorm", "InstanceNorm") for n in (1, 2, 3)]
)
"""Modules with parameters or buffers of their own."""


def module_name(dotted: str) -> str:
    """``Upsample`` for ``torch.nn.Upsample`` and ``torch.nn.modules.upsampling.Upsample``, else ``""``."""
    where, _, name = dotted.rpartition(".")
    return name if where == "torch.nn" or (where.startswith("torch.nn.modules.") and where.count(".") == 3) else ""
