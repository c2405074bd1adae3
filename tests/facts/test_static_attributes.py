"""What the attributes of a class hold, as far as the source tells."""

from __future__ import annotations

from textwrap import dedent, indent
from typing import Any

import pytest

from scriptify.facts import static
from scriptify.facts.model import Attribute, Kind

HEAD = (
    "import torch\nimport math\nfrom torch import nn\nimport torch.nn.functional as F\n"
    "from functools import partial\nfrom collections import OrderedDict\n"
)


def held(text: str, name: str, owner: str = "M") -> Attribute:
    found = static.index({"m.py": HEAD + dedent(text)}).attribute("m.py", owner, name)
    assert isinstance(found, Attribute), found
    return found


def init(body: str, rest: str = "") -> str:
    start = "class M(nn.Module):\n    def __init__(self, n, flag=True, act=None):\n        super().__init__()\n"
    return start + indent(dedent(body).strip("\n") + "\n", "        ") + indent(dedent(rest), "    ")


@pytest.mark.parametrize(
    ("expr", "kind"),
    [
        ("nn.ModuleList()", Kind.MODULE_LIST),
        ("nn.Sequential(nn.ReLU())", Kind.SEQUENTIAL),
        ("nn.ModuleDict()", Kind.MODULE_DICT),
        ("nn.Conv2d(1, n, 3)", Kind.MODULE),
        ("nn.utils.spectral_norm(nn.Conv2d(1, n, 3))", Kind.MODULE),
        ("nn.Conv2d(1, n, 3).cuda()", Kind.MODULE),
        ("nn.Parameter(torch.zeros(n))", Kind.PARAMETER),
        ("torch.zeros(n)", Kind.TENSOR),
        ("3", Kind.VALUE),
        ("len(n)", Kind.VALUE),
        ("None", Kind.NONE),
        ("[1, 2]", Kind.LIST),
        ("[nn.ReLU(), nn.ReLU()]", Kind.LIST),
        ("{'a': nn.ReLU()}", Kind.DICT),
        ("lambda x: x", Kind.FUNCTION),
        ("F.relu", Kind.FUNCTION),
        ("partial(F.relu, inplace=True)", Kind.FUNCTION),
        ("n", Kind.OTHER),
        ("n * 2", Kind.OTHER),
        ("nn.ReLU() if flag else None", None),
        ("act or nn.ReLU()", None),
    ],
)
def test_kinds(expr: str, kind: Kind | None) -> None:
    found = held(init(f"self.x = {expr}"), "x")
    assert found.kind is kind
    assert found.text == expr and not found.missing and found.origin == "source"


def test_registered() -> None:
    text = init("""
        self.register_buffer('b', torch.zeros(1))
        self.register_buffer('none', None)
        self.register_parameter('p', nn.Parameter(torch.zeros(1)))
        self.add_module('m', nn.ReLU())
        setattr(self, 'lit', nn.GELU())
        self.register_buffer('maybe', torch.zeros(1) if flag else None, persistent=False)
    """)
    assert [held(text, name).kind for name in ("b", "none", "p", "m", "lit")] == [
        Kind.BUFFER, Kind.NONE, Kind.PARAMETER, Kind.MODULE, Kind.MODULE,
    ]  # fmt: skip
    assert held(text, "maybe").kinds == {Kind.BUFFER, Kind.NONE}


@pytest.mark.parametrize(
    ("body", "value"),
    [
        ("self.x = 4", 4),
        ("k = 2\nself.x = k * 3 + 1", 7),
        ("self.y = 5\nself.x = self.y", 5),
        ("self.x = True", True),
        ("self.x = [1, 'a']", [1, "a"]),
        ("self.x = (1, 2)", (1, 2)),
        ("self.x = {'4': 512}", {"4": 512}),
        ("self.x = None\nself.x = -1.5", -1.5),
        ("if flag:\n    self.x = 1\nelse:\n    self.x = 1", 1),
        ("self.x, self.y = 1, 2", 1),
        ("for i in range(3):\n    self.x = i", 2),
    ],
)
def test_constant_values(body: str, value: Any) -> None:
    found = held(init(body), "x")
    assert found.constant and found.value == value and type(found.value) is type(value)
    assert str(found.type).startswith(("int", "bool", "float", "List", "Tuple", "Dict", "Union"))


@pytest.mark.parametrize(
    ("body", "rest"),
    [
        ("self.x = 1 if flag else 2", ""),
        ("self.x = 1", "def set(self): self.x = 2"),
        ("self.x = 1", "def set(self, v): self.x = v"),
        ("self.x = 1", "def set(self): self.x += 1"),
        ("self.x = 1", "def set(self, k, v): setattr(self, k, v)"),
        ("self.x = 1", "def set(self, k, v): self.__setattr__(k, v)"),
        ("self.x = 1", "def set(self, k, v): super().__setattr__(k, v)"),
        ("self.x = 1", "def set(self, k, v): object.__setattr__(self, k, v)"),
        ("self.x = 1\nself.__dict__.update(n)", ""),
        ("self.x = 1\nvars(self).update(n)", ""),
        ("self.x = 1\nfor i in n:\n    self.x = self.x * 2", ""),
        ("k = 1\nfor i in n:\n    k += 1\nself.x = k", ""),
        ("k = 1\nwhile n:\n    self.x = k\n    k = 2", ""),
        ("self.x = 1\nif n:\n    return\nself.x = 2", ""),
        ("self.x = 1\ntry:\n    self.x = n.y\nexcept AttributeError:\n    pass", ""),
    ],
)
def test_values_that_are_not_the_same_everywhere(body: str, rest: str) -> None:
    assert not held(init(body, rest), "x").constant


def test_what_a_class_above_sets_by_a_computed_name() -> None:
    text = "class Base(nn.Module):\n    def take(self, given):\n        self.__dict__.update(given)\n\n\n" + init("self.x = 1").replace(
        "(nn.Module)", "(Base)", 1
    )
    assert not held(text, "x").constant


def test_an_unpickled_module_has_the_attributes_it_had() -> None:
    assert held(init("self.x = 1", "def __setstate__(self, state): self.__dict__.update(state)"), "x").constant


def test_assignment_from_outside_the_class() -> None:
    text = init("self.x = 1\nself.y = 1") + dedent("""
    class Other(nn.Module):
        def __init__(self):
            super().__init__()
            self.x = 1
            self.y = 1

    def change(net):
        net.x = 2

    def make():
        net = Other()
        net.y = 3
    """)
    assert not held(text, "x").constant and not held(text, "x", "Other").constant
    assert held(text, "y").constant and not held(text, "y", "Other").constant


def test_subclasses_share_the_base_s_code() -> None:
    text = init("self.x = 1\nself.act = None\nself.z = 1") + dedent("""
    class D(M):
        def __init__(self):
            super().__init__(3)
            self.x = 2
            if torch.cuda.is_available():
                self.act = nn.ReLU()
    """)
    assert set(held(text, "x").values) == {1, 2} and not held(text, "x").constant
    assert held(text, "x", "D").value == 2
    assert held(text, "act", "D").kinds == held(text, "act").kinds == {Kind.NONE, Kind.MODULE}
    assert held(text, "z", "D").value == 1


def test_missing() -> None:
    body = (
        "if flag:\n    self.a = nn.ReLU()\nfor i in n:\n    self.b = 1\nself.c = 1\nif n:\n"
        "    self.d = 1\nelse:\n    raise ValueError\nif n:\n    return\nself.e = 1"
    )
    text = init(body, "def later(self): self.f = 1")
    assert {name for name in "abcdef" if held(text, name).missing} == set("abef")
    assert held(text, "a").kind is None and held(text, "f").line


@pytest.mark.parametrize(
    ("body", "length", "items"),
    [
        ("self.x = nn.ModuleList([nn.ReLU(), nn.GELU()])", 2, ("torch.nn.ReLU", "torch.nn.GELU")),
        ("self.x = nn.ModuleList()\nself.x.append(nn.ReLU())\nself.x.append(nn.ReLU())", 2, ("torch.nn.ReLU",) * 2),
        ("self.x = nn.ModuleList()\nfor i in range(3):\n    self.x.append(nn.ReLU())", 3, ("torch.nn.ReLU",) * 3),
        ("self.x = nn.ModuleList([nn.ReLU() for _ in range(4)])", 4, ("torch.nn.ReLU",) * 4),
        ("ms = [nn.ReLU()]\nms += [nn.GELU()]\nself.x = nn.Sequential(*ms)", 2, ("torch.nn.ReLU", "torch.nn.GELU")),
        (
            "ms = []\nfor c in (1, 2):\n    ms.extend([nn.ReLU(), nn.GELU()])\nself.x = nn.Sequential(*ms)",
            4,
            ("torch.nn.ReLU", "torch.nn.GELU") * 2,
        ),
        ("self.x = nn.Sequential(OrderedDict([('a', nn.ReLU())]))", 1, ("torch.nn.ReLU",)),
        ("self.x = nn.ModuleList([nn.ReLU()] * 2)", 2, ("torch.nn.ReLU",) * 2),
        ("self.x = nn.ModuleList([nn.ReLU(), None])", 2, ("torch.nn.ReLU", "NoneType")),
        ("self.x = nn.ModuleDict({'a': nn.ReLU()})\nself.x['b'] = nn.GELU()", 2, ("torch.nn.ReLU", "torch.nn.GELU")),
        ("self.x = nn.ModuleList()\nif flag:\n    self.x.append(nn.ReLU())\nelse:\n    self.x.append(nn.GELU())", 1, ()),
    ],
)
def test_lengths(body: str, length: int, items: tuple[str, ...]) -> None:
    found = held(init(body), "x")
    assert found.length == length and found.items == items


@pytest.mark.parametrize(
    "body",
    [
        "self.x = nn.ModuleList([nn.ReLU() for _ in range(n)])",
        "self.x = nn.ModuleList([nn.ReLU() for _ in range(4) if flag])",
        "self.x = nn.ModuleList()\nfor i in range(n):\n    self.x.append(nn.ReLU())",
        "self.x = nn.ModuleList()\nfor i in range(3):\n    if i == n:\n        break\n    self.x.append(nn.ReLU())",
        "self.x = nn.ModuleList()\nfill(self.x)",
        "self.x = nn.ModuleList()\nself.fill()",
        "self.x = nn.ModuleList()\ny = self.x\ny.append(nn.ReLU())",
        "ms = [nn.ReLU()]\nself.x = ms\nms.append(nn.ReLU())",
        "self.x = nn.ModuleList(n)",
        "self.x = nn.Sequential(*n)",
        "self.x = nn.ModuleList([nn.ReLU()])\nself.x.insert(n, nn.ReLU())",
    ],
)
def test_lengths_that_are_not_known(body: str) -> None:
    text = init(body, "def fill(self):\n    for i in range(self.k):\n        self.x.append(nn.ReLU())")
    found = held(text, "x")
    assert found.length is None and found.items == ()


def test_holes() -> None:
    assert held(init("self.x = nn.ModuleList([nn.ReLU(), None])"), "x").holes
    assert held(init("self.x = nn.ModuleList()\nfor i in n:\n    self.x.append(nn.ReLU() if i else None)"), "x").holes
    assert not held(init("self.x = nn.ModuleList([nn.ReLU(), nn.GELU()])"), "x").holes


def test_a_branch_may_make_it_longer() -> None:
    found = held(init("self.x = nn.ModuleList([nn.ReLU()])\nif flag:\n    self.x.append(nn.ReLU())"), "x")
    assert found.lengths == {1, 2} and found.length is None


def test_a_method_that_changes_the_list_later() -> None:
    text = init("self.x = nn.ModuleList([nn.ReLU()])", "def grow(self): self.x.append(nn.ReLU())")
    assert held(text, "x").length is None


def test_a_container_in_a_container_may_still_grow() -> None:
    text = init("ms = nn.ModuleList()\nself.x = nn.ModuleList([ms])\nms.append(nn.ReLU())")
    element = held(text, "x").element
    assert element is not None and element.kind is Kind.MODULE_LIST and element.length is None


def test_helpers_and_methods_are_followed() -> None:
    text = dedent("""
    class Block(nn.Module):
        pass

    def stack(block, count):
        layers = []
        for _ in range(count):
            layers.append(block(64))
        return nn.Sequential(*layers)

    class M(nn.Module):
        def __init__(self, n):
            super().__init__()
            self.a = stack(Block, 2)
            self.b = stack(block=Block, count=n)
            self.make(3)

        def make(self, n):
            self.c = self._one() if n else None
            self.d = n

        def _one(self):
            return Block()
    """)
    assert held(text, "a").items == ("m.Block", "m.Block") and held(text, "a").kind is Kind.SEQUENTIAL
    element = held(text, "b").element
    assert element is not None and element.classes == {"m.Block"} and held(text, "b").length is None
    assert held(text, "c").kinds == {Kind.MODULE, Kind.NONE}
    assert held(text, "d").value == 3


def test_class_level_values() -> None:
    text = (
        "class M(nn.Module):\n    expansion = 4\n    names: tuple = ('a',)\n    def f(self): pass\n"
        "    forward = f\n    def __init__(self):\n        pass\n"
    )
    assert held(text, "expansion").value == 4 and held(text, "expansion").text == "4"
    assert held(text, "names").value == ("a",)
    assert held(text, "forward").kind is Kind.FUNCTION


def test_annotated_parameters_tell_the_type() -> None:
    text = (
        "class M(nn.Module):\n    def __init__(self, n: int, t: torch.Tensor, k=3):\n"
        "        self.n, self.t, self.k = n, t, k\n        self.s = n / 2\n"
    )
    assert str(held(text, "n").type) == "int" and held(text, "n").kind is Kind.VALUE and not held(text, "n").constant
    assert held(text, "t").kind is Kind.TENSOR
    assert held(text, "k").kind is Kind.OTHER and not held(text, "k").constant
    assert str(held(text, "s").type) == "float"


def test_place_of_the_assignment() -> None:
    found = held(init("self.x = [\n    nn.ReLU(),  # é\n]"), "x")
    assert found.line == 10 and found.text == "[\n            nn.ReLU(),  # é\n        ]"


def test_recursion_ends() -> None:
    text = init("self.x = self.make(n)\nself.y = 1", "def make(self, n):\n    self.z = 2\n    return self.make(n - 1) if n else nn.ReLU()")
    assert Kind.MODULE in held(text, "x").kinds and held(text, "x").kind is None
    assert held(text, "y").value == 1 and held(text, "z").value == 2


def test_what_some_code_deletes_may_be_missing() -> None:
    text = init("self.a = 1\nself.b = 1\nself.c = 1", "def shrink(self):\n    del self.a") + "\ndef cut(net):\n    del net.b\n"
    assert {name for name in "abc" if held(text, name).missing} == {"a", "b"}


def test_a_subclass_that_skips_the_base_s_init() -> None:
    text = init("self.a = 1") + dedent("""
    class D(M):
        def __init__(self):
            nn.Module.__init__(self)
    """)
    assert held(text, "a").missing and held(text, "a", "D").missing


def test_a_buffer_given_by_the_caller_may_be_none() -> None:
    text = init("self.register_buffer('b', n)\nk = n + 1\nself.register_buffer('c', k)")
    assert held(text, "b").kinds == {Kind.BUFFER, Kind.NONE} and held(text, "c").kind is Kind.BUFFER


def test_one_of_several_classes_is_no_item() -> None:
    assert held(init("self.x = nn.Sequential(nn.ReLU() if flag else nn.Sequential(), nn.GELU())"), "x").items == ()
