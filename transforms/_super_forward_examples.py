"""Examples of SF807."""

from __future__ import annotations

from scriptify.transform import Declines, Example, Fires, Ignores

_HEAD = "import torch\nfrom torch import nn\n\n\n"
_STEM = "object has no attribute or method 'forward'"
_BASE = """class Base(nn.Module):
    def forward(self, x, by: int = 2):
        # doubled
        return x * by


"""
_SPLIT = """class Base(nn.Module):
    def forward(self, x, by: int = 2):
        return self._base_forward(x, by)

    def _base_forward(self, x, by: int = 2):
        # doubled
        return x * by


"""
_NET = "class Net({base}):\n    def forward(self, x):\n        {line}\n"
_ENTRY = "Net(), (torch.rand(2, 4),)"

_F = "import torch\nimport torch.nn.functional as F\nfrom torch import nn\n\n\n"
_NORM = """
    def _batch_norm_forward(self, input):
        self._check_input_dim(input)
        factor = 0.0 if self.momentum is None else self.momentum
        if self.training and self.track_running_stats and self.num_batches_tracked is not None:
            self.num_batches_tracked.add_(1)
            if self.momentum is None:
                factor = 1.0 / float(self.num_batches_tracked)
        tracked = not self.training or self.track_running_stats
        mean = self.running_mean if tracked else None
        var = self.running_var if tracked else None
        batch = self.training or (self.running_mean is None and self.running_var is None)
        return F.batch_norm(input, mean, var, self.weight, self.bias, batch, factor, self.eps)
"""
_POOL = """
    def _max_pool_forward(self, input):
        assert not self.return_indices
        return F.max_pool2d(input, self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode)
"""


def _net(base: str, line: str, above: str = "") -> str:
    return _HEAD + above + _NET.format(base=base, line=line)


def _layer(base: str, made: str, instead: str, shape: str = "2, 4, 8, 8") -> Fires:
    start = "import torch\nimport torch.nn.functional as F\nfrom torch import nn\n\n\n"
    before = start + _NET.format(base=base, line="return super().forward(x) + 1")
    after = start + _NET.format(base=base, line=f"return ({instead} if torch.jit.is_scripting() else super().forward(x)) + 1")
    return Fires(before, after, entry=f"Net({made}), (torch.rand({shape}),)", focus=_STEM, at="return super", name=base)


EXAMPLES: tuple[Example, ...] = (
    Fires(
        _net("Base", "return super().forward(x) + 1", _BASE),
        _net("Base", "return (self._base_forward(x) if torch.jit.is_scripting() else super().forward(x)) + 1", _SPLIT),
        entry=_ENTRY,
        focus=_STEM,
        at="return super",
        name="a class of the file",
    ),
    Fires(
        _net("Base", "y = super(Net, self).forward(x, by=3)\n        return y", _BASE),
        _net(
            "Base",
            "y = self._base_forward(x, by=3) if torch.jit.is_scripting() else super(Net, self).forward(x, by=3)\n        return y",
            _SPLIT,
        ),
        entry=_ENTRY,
        focus="Python type cannot be used as a value",
        at="y = super",
        name="with arguments",
    ),
    Fires(
        _net("nn.Sequential", "y = super().forward(x)\n        return torch.cat([x, y])"),
        _net(
            "nn.Sequential",
            "y = self._sequential_forward(x) if torch.jit.is_scripting() else super().forward(x)\n        return torch.cat([x, y])",
        )
        + "\n    def _sequential_forward(self, input):\n        for module in self:\n"
        "            input = module(input)\n        return input\n",
        entry="Net(nn.Linear(4, 4), nn.ReLU()), (torch.rand(2, 4),)",
        focus=_STEM,
        at="y = super",
        name="nn.Sequential",
    ),
    _layer("nn.Conv2d", "4, 4, 1", "self._conv_forward(x, self.weight, self.bias)"),
    _layer("nn.Linear", "8, 4", "F.linear(x, self.weight, self.bias)"),
    _layer("nn.GroupNorm", "2, 4", "F.group_norm(x, self.num_groups, self.weight, self.bias, self.eps)"),
    _layer("nn.LayerNorm", "8", "F.layer_norm(x, self.normalized_shape, self.weight, self.bias, self.eps)"),
    Fires(
        _net("Base", "y = super().forward(x)\n        return y + super().forward(x)", _BASE),
        _net(
            "Base",
            "y = self._base_forward(x) if torch.jit.is_scripting() else super().forward(x)\n"
            "        return y + (self._base_forward(x) if torch.jit.is_scripting() else super().forward(x))",
            _SPLIT,
        ),
        entry=_ENTRY,
        focus=_STEM,
        at="y = super",
        name="two calls",
    ),
    *(
        Fires(
            _F + _NET.format(base=base, line="return super().forward(x) + 1"),
            _F + _NET.format(base=base, line=f"return (self.{name}(x) if torch.jit.is_scripting() else super().forward(x)) + 1") + more,
            entry=f"Net({made}), (torch.rand(2, 4, 8, 8),)",
            focus=_STEM,
            at="return super",
            name=base,
        )
        for base, made, name, more in (
            ("nn.BatchNorm2d", "4", "_batch_norm_forward", _NORM),
            ("nn.MaxPool2d", "2", "_max_pool_forward", _POOL),
        )
    ),
    Declines(_net("nn.LSTM", "return super().forward(x)"), because="no short stand-in", focus=_STEM, at="return super"),
    Declines(_net("Base, nn.Linear", "return super().forward(x)", _BASE), because="several bases", focus=_STEM, at="return super"),
    Declines(
        _net("Base", "return super().forward(x)", _BASE.replace("    def", "    @torch.no_grad()\n    def")),
        because="decorated",
        focus=_STEM,
        at="return super",
    ),
    Declines(
        _net("Base", "return super().forward(x)", _BASE)
        + "\n\nclass Other(Base):\n    def forward(self, x):\n        return x\n\n\nclass Both(Net, Other):\n    pass\n",
        because="finds forward of Other",
        focus=_STEM,
        at="return super",
        name="a class between for one with several bases",
    ),
    Ignores(_net("nn.Linear", "return super().forward(x)")),
    Ignores(_net("nn.Module", "return x.forward(x)"), focus=_STEM, at="return x"),
)
