"""SF801 to SF807 on what their examples don't show: eager code that stays, shared edits, names already taken."""

from __future__ import annotations

import pytest

from scriptify.examples import rewritten
from scriptify.transform import Fires, Transform
from scriptify.transforms.attribute_set import AttributeSet
from scriptify.transforms.attribute_value import AttributeValue
from scriptify.transforms.module_constant import ModuleConstant
from scriptify.transforms.numpy_size import NumpySize
from scriptify.transforms.super_forward import SuperForward

HEAD = "import torch\nimport torch.nn.functional as F\nfrom torch import nn\n\n\n"
CONSTANT = "python value of type 'int' cannot be used as a value. Perhaps it is a closed over global variable"
SUPER = "object has no attribute or method 'forward'"


def after(transform: Transform, text: str, focus: str, at: str = "") -> str:
    return rewritten(transform, text, Fires("", "", focus=focus, at=at))[0]


def failed(name: str) -> str:
    return f"Module 'Net' has no attribute '{name}' (This attribute exists on the Python module, but we failed"


@pytest.mark.parametrize(
    "made",
    [
        "self.s = {1, 2}\n        if wide:\n            self.s = {3}",
        "self.s = {1, 2}\n\n    def widen(self):\n        self.s = {1}",
        "self.s = set(range(3))",
    ],
)
def test_a_set_that_may_be_another_is_not_written_out(made):
    text = f"{HEAD}class Net(nn.Module):\n    def __init__(self, wide=False):\n        super().__init__()\n        {made}\n\n"
    text += "    def forward(self, x):\n        return x if 1 in self.s else -x\n"
    assert after(AttributeValue(), text, failed("s"), "return x") == text


def test_an_attribute_assigned_from_outside_is_left_alone():
    text = f"{HEAD}class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.pool = F.max_pool2d\n\n"
    text += "    def forward(self, x):\n        return self.pool(x, 2)\n\n\nnet = Net()\nnet.pool = F.avg_pool2d\n"
    assert after(AttributeValue(), text, failed("pool"), "return self.pool") == text


def test_a_module_in_a_config_is_not_registered_twice():
    torch = pytest.importorskip("torch")
    text = f"import types\n{HEAD}class Net(nn.Module):\n    def __init__(self, **given):\n        super().__init__()\n"
    text += "        self.cfg = types.SimpleNamespace(**given)\n\n    def forward(self, x):\n        return x * self.cfg.k\n"
    got = after(AttributeValue(), text, failed("cfg"), "return x")
    names: dict[str, object] = {}
    exec(compile(got, "m.py", "exec"), names)
    assert names["Net"](k=torch.nn.Linear(2, 2)).state_dict() == {}
    assert not hasattr(names["Net"](), "_cfg_k")
    assert names["Net"](k=None)._cfg_k is None
    assert not hasattr(names["Net"](k=[1]), "_cfg_k")  # else scripted code would take it for None
    model = names["Net"](k=3)
    model.cfg.k = 4  # eager code asks the object itself
    assert model(torch.ones(1)).item() == 4


def test_eager_code_reads_the_global_and_needs_no_registered_module():
    text = f"{HEAD}K = 3\n\n\nclass Net(nn.Module):\n    def forward(self, x):\n        return x * K\n"
    got = after(ModuleConstant(), text, CONSTANT, "return x")
    assert "_this_module.K" in got
    torch = pytest.importorskip("torch")
    names: dict[str, object] = {"__name__": "not.registered"}
    exec(compile(got, "m.py", "exec"), names)
    names["K"] = 5
    assert names["Net"]()(torch.ones(1)).item() == 5


@pytest.mark.parametrize("body", ["K = x.size(0)\n        return x * K", "def f(K):\n            return K\n        return x * f(1)"])
def test_a_local_of_the_same_name_is_no_constant(body):
    text = f"{HEAD}K = 3\n\n\nclass Net(nn.Module):\n    def forward(self, x):\n        {body}\n"
    assert after(ModuleConstant(), text, CONSTANT, "return x") == text


def test_a_list_the_file_changes_is_not_written_out():
    for change in ("K.append(1)", "K[0] = 2", "del K[0]", "K += [1]", "def f():\n    global K\n    K = [5]"):
        text = f"{HEAD}K = [1, 2]\n{change}\n\n\nclass Net(nn.Module):\n    def forward(self, x):\n        return x * K[0]\n"
        assert after(ModuleConstant(), text, CONSTANT.replace("'int'", "'list'"), "return x") == text


@pytest.mark.parametrize("by", ["x", "x, by=k", "by=2, x=x"])
def test_super_calls_keep_going_through_classes_between(by):
    torch = pytest.importorskip("torch")
    text = f"{HEAD}class Base(nn.Module):\n    def forward(self, x, by=1, *, more: int = 0):\n        return x * by + more\n\n\n"
    text += f"class Net(Base):\n    def forward(self, x, k: int = 3):\n        return super().forward({by}) + 1\n\n\n"
    below = "class Between(Base):\n    def forward(self, x, by=1):\n        return -x\n\n\nclass Last(Net, Between):\n    pass\n"
    # Scripted code would miss the class between, so a project that has one is left alone; a class from elsewhere keeps its eager way.
    assert after(SuperForward(), text + below, SUPER, "return super") == text + below
    got = after(SuperForward(), text, SUPER, "return super") + "\n\n" + below
    assert "_base_forward" in got and "more=more" in got
    results = []
    for source in (text + below, got):
        names: dict[str, object] = {}
        exec(compile(source, "m.py", "exec"), names)
        results.append([names[name]()(torch.ones(2)).tolist() for name in ("Net", "Last", "Base")])
    assert results[0] == results[1]


def test_a_value_set_and_read_by_another_method_is_left_alone():
    text = f"{HEAD}class Net(nn.Module):\n    def forward(self, x):\n        self.last = x\n        return self.tail()\n\n"
    text += "    def tail(self):\n        return self.last + 1\n"
    assert after(AttributeSet(), text, "Tried to set nonexistent attribute: last", "self.last = x") == text


def test_only_sizes_become_ints():
    text = f"import numpy as np\n{HEAD}class Net(nn.Module):\n    def __init__(self, shape, rates):\n        super().__init__()\n"
    text += "        self.fc = nn.Linear(np.prod(shape), 4)\n        self.drop = nn.Dropout(np.max(rates))\n"
    text += "        self.act = nn.LeakyReLU(np.sum(rates))\n        self.bn = nn.BatchNorm1d(4, np.min(rates))\n"
    got = after(NumpySize(), text, "'numpy.int64' object in attribute 'Linear.in_features' is not a valid constant")
    assert got == text.replace("np.prod(shape)", "int(np.prod(shape))")
