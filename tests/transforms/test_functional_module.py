"""SF808: the table against torch itself, and where a module has to stay."""

from __future__ import annotations

import inspect
import warnings
from typing import Any

import pytest

from scriptify.examples import rewritten
from scriptify.transform import Fires
from scriptify.transforms._functional import ROWS
from scriptify.transforms.functional_module import FunctionalModule

torch = pytest.importorskip("torch")
nn = torch.nn

HEAD = "import torch\nfrom torch import nn\nimport torch.nn.functional as F\n\n\nclass Net(nn.Module):\n    def forward(self, x, k: int):\n"
# What a constructor needs, or another than the default: every parameter of the table is given once.
ARGUMENTS: dict[str, list[str]] = {
    "CELU": ["", "2.0, inplace=True"],
    "ELU": ["", "2.0, True"],
    "GELU": ["", "'tanh'"],
    "GLU": ["", "1"],
    "Hardshrink": ["", "0.3"],
    "Hardtanh": ["", "-0.2, 0.3, True"],
    "LeakyReLU": ["", "0.3, True"],
    "LogSoftmax": ["1"],
    "Softmax": ["1"],
    "Softmin": ["dim=1"],
    "Softplus": ["", "2.0, 0.1"],
    "Softshrink": ["", "0.3"],
    "Threshold": ["0.1, 0.2", "0.1, 0.2, True"],
    "Upsample": ["scale_factor=2.0", "None, 2.0, 'bilinear', True, True", "(5, 3)", "scale_factor=2"],
    "UpsamplingNearest2d": ["(5, 3)", "None, 2.0"],
    "UpsamplingBilinear2d": ["(5, 3)", "scale_factor=2.0"],
    **{f"MaxPool{n}d": ["2", "2, 1, 1, 2, True, True", "2, stride=None"] for n in (1, 2, 3)},
    **{f"AvgPool{n}d": ["2", "2, 1, 1, True, False"] + ["2, divisor_override=3"] * (n > 1) for n in (1, 2, 3)},
    **{f"AdaptiveAvgPool{n}d": ["2"] for n in (1, 2, 3)},
    **{f"AdaptiveMaxPool{n}d": ["2", "2, True"] for n in (1, 2, 3)},
    "PixelShuffle": ["2"],
    "PixelUnshuffle": ["2"],
    "ChannelShuffle": ["2"],
    "Flatten": ["", "0", "2, -1", "end_dim=2"],
    "Unfold": ["2", "2, 1, 1, 2"],
    "Fold": ["(5, 5), 2", "(5, 5), 2, padding=0, stride=1"],
    "CosineSimilarity": ["", "2, 0.1"],
    "PairwiseDistance": ["", "1.0, 0.1, True"],
    **{f"Dropout{n}": ["", "0.3", "p=0.3, inplace=True"] for n in ("", "2d", "3d")},
    "BCELoss": ["", "torch.rand(4, 6, 6)", "reduction='sum'"],
    "BCEWithLogitsLoss": ["", "torch.rand(4, 6, 6), pos_weight=torch.rand(6), reduction='sum'"],
    "CrossEntropyLoss": ["", "torch.rand(4), ignore_index=1, reduction='sum', label_smoothing=0.1"],
    "NLLLoss": ["", "torch.rand(4), ignore_index=1, reduction='none'"],
    "HuberLoss": ["", "'sum', 0.3"],
    "KLDivLoss": ["", "reduction='batchmean', log_target=True"],
    "SmoothL1Loss": ["", "reduction='none', beta=0.3"],
}
FLAGS = ("ReLU", "ReLU6", "SELU", "SiLU", "Mish", "Hardsigmoid", "Hardswish")
REDUCED = ("L1Loss", "MSELoss", "SoftMarginLoss")


def inputs(name: str) -> tuple[Any, ...]:
    """What a module is called with."""
    dimensions = next((n for n in (1, 2, 3) if name.endswith(f"{n}d")), 2)
    x = torch.rand(2, 4, *[6] * dimensions)
    if name == "Fold":
        return (torch.rand(1, 8, 16),)
    if name in ("CrossEntropyLoss", "NLLLoss"):
        return x, torch.randint(0, 4, (2, 6, 6))
    return (x, torch.rand(2, 4, *[6] * dimensions)) if ROWS[name].inputs == 2 else (x,)


@pytest.mark.parametrize("name", ROWS)
def test_the_function_does_what_the_module_does(name: str) -> None:
    given = ["", "True"] if name in FLAGS else ["", "reduction='sum'"] if name in REDUCED else ARGUMENTS.get(name, [""])
    torch.manual_seed(0)
    values = inputs(name)
    called = ", ".join("ab"[: len(values)])
    for arguments in given:
        plain = arguments.replace("torch.rand(4, 6, 6)", "w").replace("torch.rand(4)", "w").replace("torch.rand(6)", "v")
        before = f"nn.{name}({plain})({called})"
        head = HEAD.replace("x, k: int", "a, b, w, v")
        after, rewrites, declines = rewritten(FunctionalModule(), f"{head}        return {before}\n", Fires("", ""))
        assert rewrites and not declines, declines
        text = after.rpartition("return ")[2].strip()
        weights = {"w": torch.rand(4) if "torch.rand(4)" in arguments else torch.rand(4, 6, 6), "v": torch.rand(6)}
        assert f"nn.{name}(" not in text
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            pair = []
            for expression in (before, text):
                torch.manual_seed(1)
                names = dict(zip("ab", (value.clone() for value in values), strict=False))
                pair.append(eval(expression, {"torch": torch, "nn": nn, "F": nn.functional, **names, **weights}))
        torch.testing.assert_close(pair[0], pair[1], rtol=0, atol=0)


@pytest.mark.parametrize("name", ROWS)
def test_the_table_names_the_constructors_parameters(name: str) -> None:
    names = list(inspect.signature(getattr(nn, name).__init__).parameters)[1:]
    for place, keyword in enumerate(ROWS[name].takes):
        assert keyword in ("", names[place])


@pytest.mark.parametrize(
    ("body", "because"),
    [
        ("act = nn.ReLU()\n        self.act = act\n        return act(x)", "more than calls"),
        (
            "for i in range(2):\n            if i:\n                x = act(x)\n            act = nn.ReLU()\n        return x",
            "not be made yet",
        ),
        ("if k:\n            act = nn.ReLU()\n        return act(x)", "not be made yet"),
        ("up = nn.Upsample(size=self.size)\n        self.size = 3\n        return up(x)", "may change"),
        ("return nn.Softmax(dim=x.pop())(x)", "more than read"),
        ("return nn.Softmax(*k)(x)", "starred"),
        ("return nn.ReLU()(input=x)", "in another way"),
        ("act = nn.ReLU()\n        return act(act(x))", "given to itself"),
        ("act, k = nn.ReLU(), 1\n        return act(x)", "neither called at once"),
        ("F = 1\n        return nn.ReLU()(x)", "means something else"),
        ("def f(y):\n            return act(y)\n        act = nn.ReLU()\n        return f(x)", "not be made yet"),
    ],
)
def test_what_may_differ_is_declined(body: str, because: str) -> None:
    _, rewrites, declines = rewritten(FunctionalModule(), f"{HEAD}        {body}\n", Fires("", ""))
    assert not rewrites
    assert any(because in decline.because for decline in declines), declines


@pytest.mark.parametrize(
    "body", ["nn = k\n        return nn.ReLU()(x)", "p = nn.Parameter(x)\n        return p", "return nn.functional.relu(x)"]
)
def test_what_is_no_module_of_torch_is_ignored(body: str) -> None:
    _, rewrites, declines = rewritten(FunctionalModule(), f"{HEAD}        {body}\n", Fires("", ""))
    assert not rewrites and not declines
