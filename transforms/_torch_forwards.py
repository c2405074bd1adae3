"""What ``forward`` of torch.nn classes comes to: knowledge for calls through ``super()``.

Source: the documented computation of each class, https://docs.pytorch.org/docs/stable/nn.html
"""

from __future__ import annotations

# What forward of a torch.nn class comes to, with {0} for its one argument and {f} for torch.nn.functional.
FORWARDS = {
    **dict.fromkeys(("Conv1d", "Conv2d", "Conv3d"), "{s}._conv_forward({0}, {s}.weight, {s}.bias)"),
    "Linear": "{f}.linear({0}, {s}.weight, {s}.bias)",
    "LayerNorm": "{f}.layer_norm({0}, {s}.normalized_shape, {s}.weight, {s}.bias, {s}.eps)",
    "GroupNorm": "{f}.group_norm({0}, {s}.num_groups, {s}.weight, {s}.bias, {s}.eps)",
    "Embedding": "{f}.embedding({0}, {s}.weight, {s}.padding_idx, {s}.max_norm, {s}.norm_type, {s}.scale_grad_by_freq, {s}.sparse)",
    "ReLU": "{f}.relu({0}, inplace={s}.inplace)",
    "LeakyReLU": "{f}.leaky_relu({0}, {s}.negative_slope, {s}.inplace)",
    "Dropout": "{f}.dropout({0}, {s}.p, {s}.training, {s}.inplace)",
    "Dropout2d": "{f}.dropout2d({0}, {s}.p, {s}.training, {s}.inplace)",
    "Identity": "{0}",
    "Upsample": "{f}.interpolate({0}, {s}.size, {s}.scale_factor, {s}.mode, {s}.align_corners, {s}.recompute_scale_factor)",
    "AdaptiveAvgPool2d": "{f}.adaptive_avg_pool2d({0}, {s}.output_size)",
    "AvgPool2d": "{f}.avg_pool2d({0}, {s}.kernel_size, {s}.stride, {s}.padding, {s}.ceil_mode, "
    "{s}.count_include_pad, {s}.divisor_override)",
}
TWO_ARGUMENTS = {
    "MSELoss": "{f}.mse_loss({0}, {1}, reduction={s}.reduction)",
    "L1Loss": "{f}.l1_loss({0}, {1}, reduction={s}.reduction)",
    "CrossEntropyLoss": "{f}.cross_entropy({0}, {1}, {s}.weight, ignore_index={s}.ignore_index, reduction={s}.reduction, "
    "label_smoothing={s}.label_smoothing)",
    "NLLLoss": "{f}.nll_loss({0}, {1}, {s}.weight, ignore_index={s}.ignore_index, reduction={s}.reduction)",
    "BCEWithLogitsLoss": "{f}.binary_cross_entropy_with_logits({0}, {1}, {s}.weight, pos_weight={s}.pos_weight, reduction={s}.reduction)",
}

# Where that is no one expression: the name and source of a method, with {name} for the name.
_BATCH_NORM = (
    "_batch_norm_forward",
    """def {name}({s}, input):
    {s}._check_input_dim(input)
    factor = 0.0 if {s}.momentum is None else {s}.momentum
    if {s}.training and {s}.track_running_stats and {s}.num_batches_tracked is not None:
        {s}.num_batches_tracked.add_(1)
        if {s}.momentum is None:
            factor = 1.0 / float({s}.num_batches_tracked)
    tracked = not {s}.training or {s}.track_running_stats
    mean = {s}.running_mean if tracked else None
    var = {s}.running_var if tracked else None
    batch = {s}.training or ({s}.running_mean is None and {s}.running_var is None)
    return {f}.batch_norm(input, mean, var, {s}.weight, {s}.bias, batch, factor, {s}.eps)""",
)
METHODS = {
    "Sequential": (
        "_sequential_forward",
        "def {name}({s}, input):\n    for module in {s}:\n        input = module(input)\n    return input",
    ),
    **dict.fromkeys(("BatchNorm1d", "BatchNorm2d", "BatchNorm3d"), _BATCH_NORM),
    "MaxPool2d": (
        "_max_pool_forward",
        """def {name}({s}, input):
    assert not {s}.return_indices
    return {f}.max_pool2d(input, {s}.kernel_size, {s}.stride, {s}.padding, {s}.dilation, {s}.ceil_mode)""",
    ),
}
