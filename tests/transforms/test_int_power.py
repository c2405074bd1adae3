"""SF402: the int that Python gives is kept, and what may differ is left alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scriptify.examples import rewritten
from scriptify.transform import Fires
from scriptify.transforms.int_power import IntPower

HEAD = "import torch\nfrom torch import nn\n\n\nclass Net(nn.Module):\n    def forward(self, x, k: int, f: float):\n"


def after(body: str, focus: str = "") -> str:
    text = rewritten(IntPower(), f"{HEAD}        {body}\n", Fires("", "", focus=focus, at="**"))[0]
    return text.removeprefix(f"{HEAD}        ").rstrip("\n")


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ("return range(2 ** k)", "return range(1 << k)"),
        ("return x[2 ** k - 1]", "return x[(1 << k) - 1]"),
        ("return x[-2 ** k :]", "return x[-(1 << k) :]"),
        ("return x[: 7 // 2 ** (k + 1)]", "return x[: 7 // (1 << (k + 1))]"),
        ("return x[k ** 3]", "return x[k * k * k]"),
        ("return x[(x.dim() + 1) ** 2]", "return x[int((x.dim() + 1) ** 2)]"),
        ("return x[(k + 1) ** 2]", "return x[(int((k + 1) ** 2) if torch.jit.is_scripting() else (k + 1) ** 2)]"),
        ("return k ** 2", "return k * k if torch.jit.is_scripting() else k ** 2"),
        ("return (k ** 2)", "return (k * k if torch.jit.is_scripting() else k ** 2)"),
        ("return k ** 4", "return int(k ** 4) if torch.jit.is_scripting() else k ** 4"),
        ("return x[: x.size(0) // k ** 2]", "return x[: x.size(0) // (k * k)]"),
        ("return x[: x.shape[1] ** 2]", "return x[: x.shape[1] * x.shape[1]]"),
        ("n = 2 ** k\n        return x.view(n, -1)", "n = 1 << k\n        return x.view(n, -1)"),
        ("return pow(3, 2)", "return 3 * 3"),
        ("return [5 ** i for i in range(1, 3)]", "return [int(5 ** i) for i in range(1, 3)]"),
        ("return torch.full((2,), 10 ** 2)", "return torch.full((2,), 10 * 10)"),
        ("y = x.long()\n        return y + 2 ** len(x)", "y = x.long()\n        return y + (1 << len(x))"),
    ],
)
def test_shapes(before, expected):
    assert after(before) == expected


@pytest.mark.parametrize(
    "body",
    [
        "return 2 ** k",
        "return 3 ** k",
        "return [2 ** i for i in range(k, 3)]",
        "return [2 ** i for i in range(3, 0, -1)]",
        "return x * 2 ** 2",
        "return 2 ** f",
        "return self.f(x, size=2 ** k)",
        "return other(x, dim=2 ** k)",
        "return 2 ** self.size()",
        "return f ** 2",
        "return 2 ** 3 > k",
        "return round(f, 1)",
        "return round(x)",
        "return torch.full((2,), 2 ** 2, dtype=x.dtype)",
        "n = 2 ** 3\n        return x / n",
        "int = 3\n        return x[3 ** x.dim()]",
    ],
)
def test_left_alone(body):
    assert after(body) == body


def test_a_diagnostic_tells_what_the_source_does_not():
    message = "Expected a value of type 'int' for argument 'n' but instead found type 'float'."
    assert after("return other(x, 2 ** k)", message) == "return other(x, 1 << k)"


@given(k=st.integers(0, 20), n=st.integers(-9, 9), m=st.integers(0, 5))
def test_the_same_ints(k, n, m):
    cases = {"x[2 ** k]": "x[1 << k]", "x[n ** 2 + 1]": "x[n * n + 1]", "x[m - n ** 3]": "x[m - n * n * n]"}
    for before, changed in cases.items():
        names = {"x": _Same(), "k": k, "n": n, "m": m}
        assert eval(before, names) == eval(changed, names)


class _Same:
    def __getitem__(self, item):
        return item
