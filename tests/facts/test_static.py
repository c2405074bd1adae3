"""Static facts: functions, classes, attributes and reach, from source text alone."""

from __future__ import annotations

import subprocess
import sys
from textwrap import dedent

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesmith import from_grammar

from scriptify.facts import known, static
from scriptify.facts.model import Attribute, Class, Facts, TypeFact, Unknown
from scriptify.facts.positions import Lines
from scriptify.facts.scan import parse

HEAD = "import torch\nfrom torch import nn\nimport torch.nn.functional as F\n"


def one(body: str) -> Facts:
    return static.index({"m.py": HEAD + dedent(body)})


def cls(facts: Facts, name: str) -> Class:
    return next(c for c in facts.classes.values() if c.qualname == name)


# places


@pytest.mark.parametrize(
    "text",
    [
        "def f(a=1):\n\treturn g(\n\t\ta, b='é')\n\ndef g(a, b):\n\tpass\n",
        "def f(a=1):\r\n    return g(a,\r\n  b='ü')\r\ndef g(a, b): pass\r\n",
        "# ÄÖ€😀\ndef f(a=1):\n    x = 'é😀'; return g(a, b='€')\ndef g(a, b): pass",
        "x = 1\n\x0c\ndef f(a=1):\n    \x0c\n    return g(a, b='\x1c\u2028é')\ndef g(a, b): pass\n",
        "def f(a=1):\r    return g(a, b='é')\rdef g(a, b): pass\r",
    ],
    ids=["tabs", "crlf", "astral", "form-feed", "old-mac"],
)
def test_places_count_characters(text: str) -> None:
    (site,) = static.index({"m.py": text}).call_sites
    assert text[site.start : site.end].startswith("g(") and text[site.start : site.end].endswith(")")
    assert [text[a.start : a.end] for a in site.arguments] == [a.text for a in site.arguments]
    assert [(a.keyword, a.text[0]) for a in site.arguments] == [(None, "a"), ("b", "'")]
    assert site.callees == (("m.py", "g"),) and site.certain and site.scope == "f"


@given(st.text(alphabet="aé😀\t ", max_size=6), st.sampled_from(["\n", "\r\n", "\r"]))
def test_every_place_of_the_parser_is_found(prefix: str, newline: str) -> None:
    text = f"'''{prefix}'''; x = '{prefix}'; call('{prefix}', y){newline}z = call(  '{prefix}'  ){newline}"
    tree = parse(text)
    assert tree is not None
    lines = Lines(text)
    import ast

    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            assert lines.source(node) == node.id
        if isinstance(node, ast.Call):
            assert lines.source(node).startswith("call(") and lines.source(node).endswith(")")


# functions


def test_parameters_as_written() -> None:
    facts = one("def f(a, /, b: 'int' = 1, *c, d: torch.Tensor | None = None, **e) -> torch.Tensor:\n    pass\n")
    function = facts.function("m.py", "f")
    assert function is not None
    assert [(p.name, p.kind, p.annotation, p.default) for p in function.parameters] == [
        ("a", "positional", None, None),
        ("b", "positional", "'int'", "1"),
        ("c", "*", None, None),
        ("d", "keyword", "torch.Tensor | None", "None"),
        ("e", "**", None, None),
    ]
    assert str(function.returns) == "Tensor"
    assert static.index({"a.py": "import numpy as np\ndef f() -> np.ndarray: pass"}).functions["a.py", "f"].returns is None


def test_documented_types_of_method_and_class() -> None:
    body = '''
    class M(nn.Module):
        """Block.

        Args:
            width (int): Width.
            skip (Tensor, optional): Skip.
        """

        def __init__(self, width):
            """Make it."""

        def forward(self, x, skip=None):
            """Run.

            Args:
                x (Tensor): (N, C, H, W).
            """
    '''
    facts = one(body)
    assert facts.functions["m.py", "M.__init__"].parameters[1].documented == "int"
    assert [p.documented for p in facts.functions["m.py", "M.forward"].parameters] == ["", "Tensor", "Tensor, optional"]


def test_decorators_are_resolved() -> None:
    body = """
    from torch import jit
    from torch.jit import ignore as skip

    def own(f): return f

    class M(nn.Module):
        @skip
        @own
        def f(self): pass

        @jit.export
        @torch.no_grad()
        def g(self): pass
    """
    facts = one(body)
    assert facts.functions["m.py", "M.f"].decorators == ("torch.jit.ignore", "m.own")
    assert facts.functions["m.py", "M.g"].decorators == ("torch.jit.export", "torch.no_grad")


def test_nested_scopes_have_python_names() -> None:
    facts = one(
        "class A:\n    class B:\n        def f(self):\n            def g():\n                class C:\n"
        "                    def h(self): pass\n"
    )
    assert {key[1] for key in facts.functions} == {"A.B.f", "A.B.f.<locals>.g", "A.B.f.<locals>.g.<locals>.C.h"}
    assert facts.functions["m.py", "A.B.f"].owner == "A.B" and facts.functions["m.py", "A.B.f.<locals>.g"].owner == ""
    assert "m.py::A.B" in facts.classes


def test_a_property_is_not_its_setter() -> None:
    facts = one("class M(nn.Module):\n    @property\n    def p(self): return 1\n    @p.setter\n    def p(self, value): pass\n")
    assert [p.name for p in facts.functions["m.py", "M.p"].parameters] == ["self"]
    assert cls(facts, "M").properties == ("p",) and facts.reached("m.py", "M.p")


# classes


@pytest.mark.parametrize(
    ("imports", "base", "is_module"),
    [
        ("from torch import nn", "nn.Module", True),
        ("import torch.nn as nn", "nn.Sequential", True),
        ("from torch.nn import *", "Module", True),
        ("from mmengine.model import BaseModule as B", "B", True),
        ("import pytorch_lightning as pl", "pl.LightningModule", True),
        ("import pytorch_lightning as pl", "pl.LightningDataModule", False),
        ("import ast", "ast.Module", False),
        ("from torch.utils.data import Dataset", "Dataset", False),
        ("from torch import nn", "nn.Parameter", False),
        ("", "object", False),
    ],
)
def test_modules_by_outside_base(imports: str, base: str, is_module: bool) -> None:
    facts = static.index({"m.py": f"{imports}\nclass M({base}):\n    pass\n"})
    assert cls(facts, "M").is_module is is_module


def test_an_unknown_base_is_a_module_where_the_class_behaves_like_one() -> None:
    code = "from zoo import Base\nclass M(Base):\n    def __init__(self):\n        super().__init__()\n    def {}(self, x): return x\n"
    assert cls(static.index({"m.py": code.format("forward")}), "M").is_module
    assert not cls(static.index({"m.py": code.format("run")}), "M").is_module


def test_inheritance_across_files() -> None:
    texts = {
        "src/pkg/__init__.py": "from .base import Base\nfrom . import layers\n",
        "src/pkg/base.py": "import torch.nn as nn\nclass Root(nn.Module):\n    def helper(self, x): return x\n\nBase = Root\n",
        "src/pkg/layers/__init__.py": "from ..base import *\n",
        "src/pkg/layers/conv.py": (
            "from . import Root as R\nfrom .. import base\nimport pkg.base\n"
            "class A(R):\n    def forward(self, x): return self.helper(x)\n"
            "class B(base.Base): pass\nclass C(pkg.base.Root): pass\n"
        ),
        "train.py": "from pkg import Base\nfrom other import Thing\nclass D(Base): pass\nclass E(Thing): pass\n",
    }
    facts = static.index(texts)
    root = "src/pkg/base.py::Root"
    assert cls(facts, "Root").bases == ("torch.nn.Module",)
    for name in "ABCD":
        assert cls(facts, name).bases == (root,), name
        assert cls(facts, name).is_module
    assert cls(facts, "E").bases == ("other.Thing",)
    (site,) = [s for s in facts.call_sites if s.scope == "A.forward"]
    assert site.callees == (("src/pkg/base.py", "Root.helper"),) and site.certain
    assert facts.reached("src/pkg/base.py", "Root.helper")


def test_cycles_end() -> None:
    facts = static.index(
        {
            "a.py": "from b import B, x\nclass A(B):\n    def forward(self, x): return self.forward(x)\n",
            "b.py": "from a import A, x\nfrom a import *\nclass B(A):\n    def __init__(self):\n"
            "        self.a = B()\n        self.__init__()\n",
        }
    )
    assert not cls(facts, "A").is_module
    assert list(facts.ancestors(cls(facts, "A"))) == [cls(facts, "B")]


def test_a_file_that_does_not_parse_is_left_out() -> None:
    facts = static.index({"a.py": "def f(:", "b.py": "def g(): pass", "c.py": "\0", "d.py": "x = '\ud800'"})
    assert set(facts.functions) == {("b.py", "g")}


def test_constants_and_annotations_of_the_body() -> None:
    facts = one("class M(nn.Module):\n    __constants__ = ['a', 'b']\n    x: torch.jit.Final[int]\n    y: int = 3\n")
    assert cls(facts, "M").constants == ("a", "b")
    assert cls(facts, "M").annotations == {"x": "torch.jit.Final[int]", "y": "int"}
    found = facts.attribute("m.py", "M", "y")
    assert isinstance(found, Attribute) and found.value == 3


# reach


def test_reach() -> None:
    facts = one("""
    def used(x): return deep(x)
    def deep(x): return x
    def weights(m): pass
    def train(): M()(1)
    @torch.jit.script
    def scripted(x): return deep(x)

    class M(nn.Module):
        def __init__(self):
            super().__init__()
            self.setup()
        def setup(self): weights(self)
        @property
        def size(self): return self.width()
        def width(self): return 1
        def forward(self, x): return used(self.quiet(x))
        @torch.jit.ignore
        def quiet(self, x): return log(x)
        @torch.jit.export
        def sample(self, x): return x

    def log(x): return x
    class Plain:
        def forward(self, x): return x
    """)
    reached = {key[1] for key, function in facts.functions.items() if function.reached}
    assert reached == {"used", "deep", "scripted", "M.size", "M.width", "M.forward", "M.sample"}
    again = static.index({"m.py": HEAD + "def a(): return b()\ndef b(): pass\ndef c(): pass\n"}, roots=[("m.py", "a")])
    assert {key[1] for key, function in again.functions.items() if function.reached} == {"a", "b"}


# types of parameters


@pytest.mark.parametrize(
    ("signature", "doc", "expected"),
    [
        ("p: Optional[torch.Tensor] = None", "", "Optional[Tensor]"),
        ("p=0.5", "p (int): wrong.", "float"),
        ("p=1", "p (float): scale.", "float"),
        ("p=(1, 2)", "", "Tuple[int, int]"),
        ("p=None", "p (Tensor): t.", "Optional[Tensor]"),
        ("p", "p (list[Tensor]): t.", "List[Tensor]"),
        ("p", "p (Tensor, optional): t. Default: None.", "Tensor"),
    ],
)
def test_parameter_type(signature: str, doc: str, expected: str) -> None:
    text = f'def f({signature}):\n    """D.\n\n    Args:\n        {doc or "q (int): q."}\n    """\n'
    found = known.parameter_type(static.index({"m.py": text}), "m.py", "f", "p")
    assert isinstance(found, TypeFact) and str(found) == expected


@pytest.mark.parametrize("signature", ["p", "p=None", "p: nn.Module", "p: 'List['", "p: Tuple[int, ...] = (1,)"])
def test_parameter_type_unknown_has_a_reason(signature: str) -> None:
    found = known.parameter_type(one(f"def f({signature}): pass"), "m.py", "f", "p")
    assert isinstance(found, Unknown) and "p" in found.reason


# nothing breaks it


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(from_grammar())
def test_index_never_raises_on_valid_source(text: str) -> None:
    static.index({"m.py": text, "pkg/__init__.py": text})


@given(st.text(max_size=60))
def test_index_never_raises_on_any_text(text: str) -> None:
    static.index({"m.py": text})


def test_deep_expressions_and_blocks() -> None:
    chain = "class M(nn.Module):\n    def __init__(self):\n        self.x = " + "+".join(["f(1)"] * 900) + "\n"
    nested = "".join(f"{' ' * i}if x:\n" for i in range(90)) + " " * 90 + "self.a = 1\n"
    dots = "x = a" + ".b" * 900 + "()\n"
    body = "class N(nn.Module):\n def __init__(self, x):\n" + "".join(f"  {line}\n" for line in nested.splitlines())
    static.index({"m.py": HEAD + chain + dots, "n.py": HEAD + body})


def test_needs_no_torch() -> None:
    code = (
        "import sys; import scriptify.facts.merge, scriptify.facts.static; "
        "assert 'torch' not in sys.modules and 'libcst' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_attribute_of_an_unknown_class_is_a_reason() -> None:
    assert isinstance(one("").attribute("m.py", "M", "x"), Unknown)


def test_a_function_that_an_instance_holds_is_reached():
    functions = "def _one(x):\n    return two(x)\n\ndef two(x):\n    return x\n\ndef three(x):\n    return x\n\n"
    made = "        if flag:\n            self.act = _one\n        else:\n            self.act = nn.ReLU()\n        self.other = three\n"
    net = "class Net(nn.Module):\n    def __init__(self, flag):\n        super().__init__()\n"
    facts = static.index({"a.py": f"{HEAD}{functions}{net}{made}\n    def forward(self, x):\n        return self.act(x)\n"})
    assert [name for name in ("_one", "two", "three") if facts.reached("a.py", name)] == ["_one", "two"]
