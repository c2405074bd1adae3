"""The expression families on code they could get wrong: hidden names, callers that pass something else, order, early names."""

from __future__ import annotations

import pytest

from scriptify import api

HEAD = "import math\n\nimport numpy as np\nimport torch\nimport torch.nn.functional as F\nfrom torch import nn\n\n\n"


def new_text(text: str) -> str:
    return api.rewrite(text).draft.texts["source.py"]


def rewritten(lines: str, signature: str = "self, x: torch.Tensor") -> str:
    """The body of a forward after static rewriting."""
    body = "".join(f"        {line}\n" for line in lines.splitlines())
    text = f"{HEAD}class Net(nn.Module):\n    def forward({signature}):\n{body}"
    after = new_text(text)
    return "\n".join(line.removeprefix("        ") for line in after.partition(f"def forward({signature}):\n")[2].splitlines())


@pytest.mark.parametrize(
    "lines",
    [
        "return torch.cat([x], dim=1)",
        "np = x\nreturn np.sqrt()",
        "max = self.pick\nreturn max(x, x)",
        "math = self.tools\nreturn math.prod([2, 3])",
        "return x.new_zeros(2).numel()",
        "return (x > 0) * 2",
        "return torch.FloatTensor(2, 3)",
        "return x if x.dim() or x.numel() else x + 1",
        "return torch.full((2,), 1.0)",
        "if torch.jit.is_scripting():\n    return x\nelse:\n    return x * np.sqrt(2)",
    ],
)
def test_left_alone(lines: str) -> None:
    assert rewritten(lines) == lines


@pytest.mark.parametrize(
    "lines", ["a, b = x\nreturn a + b", "return torch.tensor(x)", "return x.sum(axis=1)", "return x[x]", "return 5 // x"]
)
def test_an_unannotated_parameter_may_be_anything(lines: str) -> None:
    assert rewritten(lines, "self, x") == lines


def test_a_guard_keeps_the_precedence() -> None:
    assert rewritten("return -np.sqrt(2) ** 2") == "return -(math.sqrt(2) if torch.jit.is_scripting() else np.sqrt(2)) ** 2"


def test_what_runs_before_a_hoisted_argument_still_does() -> None:
    after = rewritten("return self.a(x) + max(x.mean(), x.sum())")
    order = [after.index(part) for part in ("self.a(x)", "x.mean()", "x.sum()")]
    assert order == sorted(order)
    assert after.count("self.a(x)") == 1


def test_one_logical_line_is_not_doubled() -> None:
    text = rewritten("print('a', end=''); y = x\nreturn y")
    assert text == "print('a', end=''); y = x\nreturn y"


def test_a_helper_stands_above_what_it_decorates() -> None:
    text = "import torch\nfrom torch import nn\n\n\nclass A(nn.Module):\n    def forward(self, x, **kw):\n        return x\n\n\n"
    text += "import functools\nimport inspect\n"
    after = new_text(text)
    assert after.index("import functools") < after.index("class A")
    compile(after, "a.py", "exec")
    exec(after, {})


def test_what_takes_the_rest_of_a_conditional_with_it_is_in_parentheses() -> None:
    after = rewritten("f = getattr(x, 'keys', lambda: 0)\nreturn x")
    assert after.startswith("f = (lambda: 0) if torch.jit.is_scripting() else getattr(x, 'keys', lambda: 0)")
