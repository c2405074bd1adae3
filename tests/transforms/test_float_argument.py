"""SF401 on what its examples don't show: facts, overloads, receivers, shadowed names, own functions."""

from __future__ import annotations

import pytest

from scriptify.facts import merge, static
from scriptify.facts.model import Observed
from scriptify.pipeline import propose
from scriptify.transform import Decline, Focus, Rewrite, Safety
from scriptify.transforms.float_argument import FloatArgument

HEAD = "import torch\nimport torch.nn.functional as F\nfrom torch import nn\n\n\n"


def seen(text: str, focus: Focus | None = None) -> tuple[list[Rewrite], list[Decline]]:
    found = propose("m.py", text, static.index({"m.py": text}), [FloatArgument()], focus)
    assert not found.failures, found.failures
    return list(found.rewrites), list(found.declines)


def texts(text: str) -> list[str]:
    return [edit.text for rewrite in seen(text)[0] for edit in rewrite.edits]


def net(body: str, init: str = "pass", head: str = HEAD, parameters: str = "x") -> str:
    made = f"    def __init__(self):\n        super().__init__()\n        {init}\n\n"
    return f"{head}class Net(nn.Module):\n{made}    def forward(self, {parameters}):\n        {body}\n"


@pytest.mark.parametrize(
    ("argument", "after"),
    [
        ("2", "2.0"),
        ("-2", "2.0"),
        ("1_000", "1_000.0"),
        ("0x10", "float(0x10)"),
        ("(2)", "2.0"),
        ("2 * 3", "float(2 * 3)"),
        ("len(x)", "float(len(x))"),
        ("x.size(0)", "float(x.size(0))"),
        ("x.shape[-1] - 1", "float(x.shape[-1] - 1)"),
        ("int(x.size(0) / 2)", "float(int(x.size(0) / 2))"),
        ("max(1, x.size(0))", "float(max(1, x.size(0)))"),
        ("k", "float(k) if torch.jit.is_scripting() else k"),
    ],
)
def test_ints_of_every_shape(argument, after):
    assert texts(net(f"return F.pad(x, (1, 1), value={argument})", parameters="x, k: int")) == [after]


@pytest.mark.parametrize(
    "argument", ["2.0", "1e3", "True", "None", "x.mean()", "2 ** 3", "x.size(0) / 2", "round(2.5)", "k", "unknown", "torch.pi", "float(2)"]
)
def test_what_fits_or_is_not_known_stays(argument):
    assert seen(net(f"return F.pad(x, (1, 1), value={argument})", parameters="x, k: float = 1")) == ([], [])


def test_an_attribute_with_an_int_in_one_instance_and_a_float_in_another():
    text = net("return F.interpolate(x, scale_factor=self.s)", "self.s = 2")
    text = text.replace("def __init__(self)", "def __init__(self, up)").replace("self.s = 2", "self.s = 2 if up else 0.5")
    outer = net("return self.a(self.b(x))", "self.a, self.b = Net(True), Net(False)", head="\n\n").replace("Net(nn", "Outer(nn")
    text += outer
    rewrites, _ = seen(text)
    assert [e.text for r in rewrites for e in r.edits] in (["float(self.s)"], [])


def test_a_list_is_converted_item_by_item_with_a_free_name():
    text = net("value = 1\n        return F.interpolate(x, scale_factor=ks) * value", parameters="x, ks: List[int]")
    assert texts("from typing import List\n" + text) == ["[float(value_2) for value_2 in ks] if torch.jit.is_scripting() else ks"]


def test_an_argument_refined_by_a_test_for_none():
    body = "if skip is not None:\n            skip = F.interpolate(skip, scale_factor=2)\n        return skip"
    assert texts("from typing import Optional\n" + net(body, parameters="x, skip: Optional[torch.Tensor] = None")) == ["2.0"]


def test_a_local_float_keeps_the_name():
    rewrites, declines = seen(net("float = self\n        return F.pad(x, (1, 1), value=len(x))"))
    assert not rewrites
    assert "float means something else" in declines[0].because


@pytest.mark.parametrize("call", ["self.normal_(0, 1)", "np.allclose(x, x, 0)", "self.quant.quantile(1)", "random.uniform_(0, 1)"])
def test_methods_of_other_things_are_not_tensor_methods(call):
    assert seen(net(f"return {call}", "self.quant = nn.Identity()", head="import random\nimport numpy as np\n" + HEAD)) == ([], [])


def test_a_shadowed_module_alias_says_nothing():
    assert seen(net("return F.pad(x, (1, 1), value=0)", parameters="x, F")) == ([], [])


def test_starred_arguments_are_left_alone():
    assert seen(net("return F.pad(x, *self.pads, value=0)")) == ([], [])


def test_own_functions_are_kept_only_when_a_run_agrees():
    text = HEAD + "def up(x, k: float, *, n: int = 1):\n    return x * k\n\n\n" + net("return up(x, 2, n=3)", head="")
    rewrites, (decline,) = seen(text)
    assert not rewrites and "only a run can show" in decline.because
    facts = static.index({"m.py": text})
    (rewrite,) = propose("m.py", text, merge.observed(facts, Observed()), [FloatArgument()]).rewrites
    assert rewrite.safety is Safety.OBSERVED
    assert [e.text for e in rewrite.edits] == ["2.0"]


def test_constructors_outside_modules_wait_for_the_compiler():
    text = HEAD + "def block():\n    return nn.Sequential(nn.Linear(2, 2), nn.LeakyReLU(0))\n"
    assert seen(text) == ([], [])
    message = "Expected a value of type 'float' for argument 'negative_slope' but instead found type 'int'."
    rewrites, _ = seen(text, Focus("m.py", 0, message))
    assert [e.text for r in rewrites for e in r.edits] == ["0.0"]


def test_a_constructor_argument_that_is_an_annotated_int():
    text = net("return self.act(x)", "self.act = nn.LeakyReLU(slope, inplace=True)")
    text = text.replace("__init__(self)", "__init__(self, slope: int = 0)")
    assert texts(text) == ["float(slope) if isinstance(slope, int) else slope"]


def test_arguments_by_keyword_in_any_order():
    assert sorted(texts(net("return F.rrelu(upper=1, input=x, lower=0)"))) == ["0.0", "1.0"]
