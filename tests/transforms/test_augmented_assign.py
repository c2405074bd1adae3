"""SF405: numbers are assigned anew, Tensors change in place, and other names of them see it."""

from __future__ import annotations

import pytest

from scriptify.examples import rewritten
from scriptify.transform import Fires
from scriptify.transforms.augmented_assign import AugmentedAssign

HEAD = (
    "import torch\nfrom torch import nn\n\n\nclass Net(nn.Module):\n    def forward(self, given):\n"
    "        x = torch.abs(given)\n        k = len(given)\n"
)
ANNOTATED = "import operator\nimport torch\n\n\n@torch.jit.script\ndef run(x: torch.Tensor, k: int):\n"


def after(body: str) -> str:
    text = rewritten(AugmentedAssign(), f"{HEAD}        {body}\n", Fires("", ""))[0]
    return text.removeprefix(f"{HEAD}        ").rstrip("\n")


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ("k //= 2", "k = k // 2"),
        ("k //= (2 + 1)", "k = k // (2 + 1)"),
        ("k %= 2 if k else 3", "k = k % (2 if k else 3)"),
        ("k **= 2 if x else 3\n        return k", "k = k ** (2 if x else 3)\n        return k"),
        ("x //= k  # halves", "x.floor_divide_(k)  # halves"),
        ("x **= (2)", "x.pow_((2))"),
        ("x @= x", "x = x @ x"),
        ("for i in range(3):\n            i //= 2", "for i in range(3):\n            i = i // 2"),
        ("f = 0.5\n        f %= 2", "f = 0.5\n        f = f % 2"),
    ],
)
def test_shapes(before, expected):
    assert after(before) == expected


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ("k //= 2", "k = k // 2 if torch.jit.is_scripting() else operator.ifloordiv(k, 2)"),
        ("x %= 4", "x = x.remainder_(4) if torch.jit.is_scripting() else operator.imod(x, 4)"),
    ],
)
def test_an_annotation_is_no_proof(before, expected):
    text = rewritten(AugmentedAssign(), f"{ANNOTATED}    {before}\n    return x, k\n", Fires("", ""))[0]
    assert text == f"{ANNOTATED}    {expected}\n    return x, k\n"


@pytest.mark.parametrize(
    "body",
    ["k += 1", "k **= 2", "y //= 2", "y %= 2", "x[0] //= 2", "n = 1\n        n += x\n        n %= 2", "n = k if k else x\n        n **= 2"],
)
def test_left_alone(body):
    assert after(body) == body


@pytest.mark.parametrize("body", ["y //= 2", "y %= 4", "y **= 3", "n //= 2", "n %= 4", "n **= 2"])
def test_aliases_see_the_same_in_eager(body):
    torch = pytest.importorskip("torch")
    text = f"y = torch.neg(x)\n        z = y\n        n = -7\n        m = n\n        {body}\n        return y, z, n, m"
    changed = after(text)
    assert changed != text
    results = []
    for source in (text, changed):
        names: dict[str, object] = {"torch": torch}
        exec(f"def run(x):\n        {source}\n", names)
        results.append(names["run"](torch.arange(-6, 6)))  # type: ignore[operator]
    for one, other in zip(*results, strict=True):
        assert type(one) is type(other)
        assert torch.equal(torch.as_tensor(one), torch.as_tensor(other))
