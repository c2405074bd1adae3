"""Which functions a call may reach."""

from __future__ import annotations

from textwrap import dedent

import pytest

from scriptify.facts import static
from scriptify.facts.model import Attribute, CallSite, Facts, Kind

HEAD = """
import torch
from torch import nn

class A(nn.Module):
    def __init__(self, n=1):
        super().__init__()
    def forward(self, x, skip=None): return x
    def extra(self, x): return x

class B(A):
    def forward(self, x, skip=None): return super().forward(x)

class Plain:
    def __init__(self): pass
    def __call__(self, x): return x
    def run(self, x): return x
    @staticmethod
    def make(x): return x
    @classmethod
    def build(cls, x): return cls()

def helper(x, y=None): return x
"""


def index(body: str) -> Facts:
    return static.index({"m.py": HEAD + dedent(body)})


def sites(init: str, forward: str) -> list[CallSite]:
    code = (
        "class M(nn.Module):\n    def __init__(self, n, thing):\n        super().__init__()\n        self.thing = thing\n"
        + "".join(f"        {line}\n" for line in init.splitlines())
        + "    def forward(self, x, other):\n"
        + "".join(f"        {line}\n" for line in forward.splitlines())
        + "        return x\n    def helper(self, x): return x\n    @staticmethod\n    def still(x): return x\n"
    )
    return [site for site in index(code).call_sites if site.scope == "M.forward"]


@pytest.mark.parametrize(
    ("init", "forward", "callees", "certain"),
    [
        ("", "helper(x)", ["helper"], True),
        ("", "f = helper\nf(x)", ["helper"], True),
        ("", "self.helper(x)", ["M.helper"], True),
        ("", "self.still(x)", ["M.still"], True),
        ("", "A(2)", ["A.__init__"], True),
        ("", "B(2)", ["A.__init__"], True),
        ("", "Plain.make(x)", ["Plain.make"], True),
        ("self.a = A()", "self.a(x)", ["A.forward"], True),
        ("self.a = A()", "self.a.extra(x)", ["A.extra"], True),
        ("self.b = B()", "self.b.extra(x)", ["A.extra"], True),
        ("self.b = B()", "m = self.b\nm(x)", ["B.forward"], True),
        ("self.a = A() if n else B()", "self.a(x)", ["A.forward", "B.forward"], True),
        ("self.a = A() if n else None", "self.a(x)", ["A.forward"], True),
        ("self.a = A() if n else thing", "self.a(x)", ["A.forward"], False),
        ("self.p = Plain()", "self.p(x)", ["Plain.__call__"], False),
        ("self.ls = nn.ModuleList([A(), B()])", "self.ls[0](x)", ["A.forward"], True),
        ("self.ls = nn.ModuleList([A(), B()])", "self.ls[other](x)", ["A.forward", "B.forward"], True),
        ("self.ls = nn.ModuleList([A() for _ in range(n)])", "for m in self.ls:\n    m(x)", ["A.forward"], True),
        ("self.ls = nn.ModuleList([A()])", "for i, m in enumerate(self.ls[1:]):\n    m(x)", ["A.forward"], True),
        ("self.ls = nn.ModuleList([A()])", "for m, (i, k) in zip(reversed(self.ls), enumerate(self.ls)):\n    m(x)", ["A.forward"], True),
        ("self.ls = nn.ModuleList([A()])", "y = [m(x) for m in self.ls]", ["A.forward"], True),
        ("self.d = nn.ModuleDict({'a': A(), 'b': B()})", "self.d['b'](x)", ["B.forward"], True),
        ("self.d = nn.ModuleDict({'a': A()})", "for k, m in self.d.items():\n    m(x)", ["A.forward"], True),
        ("self.s = nn.Sequential(B(), A())", "self.s(x)", ["B.forward"], True),
        ("self.s = nn.Sequential(nn.ReLU(), A())", "self.s(x)", [], False),
        ("self.s = nn.Sequential(B(), A())", "for m in self.s:\n    m(x)", ["A.forward", "B.forward"], True),
        ("self.ls = nn.ModuleList([nn.ModuleList([A()])])", "self.ls[0][0](x)", ["A.forward"], True),
        ("", "other.extra(x)", ["A.extra"], False),
        ("", "other.extra(x, 1, 2)", [], False),
        ("", "other.extra(z=1)", [], False),
        ("", "torch.run(x)", [], False),
        ("", "other(x)", [], False),
        ("", "helper = other\nhelper(x)", [], False),
        ("self.c = nn.Conv2d(1, 1, 1)", "self.c(x)\nself.c.run(x)", [], False),
        ("self.a = A()", "getattr(self, 'a')(x)", ["A.forward"], True),
    ],
)
def test_callees(init: str, forward: str, callees: list[str], certain: bool) -> None:
    found = [site for site in sites(init, forward) if site.callees]
    assert sorted({key[1] for site in found for key in site.callees}) == callees
    assert all(site.certain is certain for site in found)


def test_super_and_overrides() -> None:
    facts = index(
        "class C(nn.Module):\n    def run(self): return self.step(1)\n    def step(self, x): pass\n"
        "class D(C):\n    def step(self, x): pass\n"
    )
    by_scope = {site.scope: site for site in facts.call_sites}
    assert by_scope["B.forward"].callees == (("m.py", "A.forward"),)
    assert by_scope["C.run"].callees == (("m.py", "C.step"), ("m.py", "D.step"))


def test_method_named_through_its_class() -> None:
    first, second = sites("", "A.extra(self, x)\nPlain.make(x)")
    assert first.unbound and first.callees == (("m.py", "A.extra"),)
    assert not second.unbound


def test_starred_and_arguments() -> None:
    (one,) = sites("", "helper(*x, **other)")
    assert one.starred and [a.text for a in one.arguments] == ["*x", "**other"]
    (two,) = sites("", "helper((x), y=None)")
    assert not two.starred and [(a.keyword, a.text) for a in two.arguments] == [(None, "x"), ("y", "None")]


def test_annotated_parameter_is_only_a_guess() -> None:
    facts = index("def run(m: A, x): return m.extra(x)\n")
    (site,) = [s for s in facts.call_sites if s.scope == "run"]
    assert site.callees == (("m.py", "A.extra"),) and not site.certain


def test_across_files() -> None:
    texts = {
        "pkg/__init__.py": "",
        "pkg/a.py": HEAD,
        "pkg/b.py": "from .a import A as Z, helper\nfrom . import a\nimport pkg.a as q\nnet = Z()\n\n"
        "def f(x):\n    from pkg.a import Plain as P\n    helper(x)\n    a.helper(x)\n    q.helper(x)\n    P()\n    net(x)\n",
        "c.py": "from pkg.b import helper, f as g\ng(helper(1))\n",
    }
    facts = static.index(texts)
    found = {(s.path, s.line): s.callees for s in facts.call_sites if s.path != "pkg/a.py"}
    helper = (("pkg/a.py", "helper"),)
    assert found["pkg/b.py", 8] == found["pkg/b.py", 9] == found["pkg/b.py", 10] == helper
    assert found["pkg/b.py", 11] == (("pkg/a.py", "Plain.__init__"),)
    assert found["pkg/b.py", 12] == (("pkg/a.py", "A.forward"),)
    assert [s.callees for s in facts.callers("pkg/a.py", "helper") if s.path == "c.py"] == [helper]
    assert [s.line for s in facts.callers("pkg/b.py", "f")] == [2]


def test_an_import_with_a_fallback_and_a_shadowed_name() -> None:
    texts = {
        "a.py": "def f(x): pass\ndef g(x): pass\n",
        "b.py": "try:\n    from a import f\nexcept ImportError:\n    f = None\nfrom a import *\n"
        "from zoo import *\nf(1)\ng(2)\nunknown(3)\ndef h(g):\n    g(4)\n",
    }
    facts = static.index(texts)
    assert [(s.line, s.callees[0][1]) for s in facts.call_sites] == [(7, "f"), (8, "g")]


def test_a_module_s_name_for_itself() -> None:
    facts = index("import sys\n_this = sys.modules[__name__]\nlayers = _this\ndef run(x): return layers.helper(x)\n")
    (site,) = [s for s in facts.call_sites if s.scope == "run"]
    assert site.callees == (("m.py", "helper"),) and site.certain


def test_a_subclass_of_a_container() -> None:
    facts = index(
        """
        class Chain(nn.Sequential):
            def forward(self, x, skip): return x
        class Pair(nn.Sequential): pass
        class M(nn.Module):
            def __init__(self):
                super().__init__()
                self.chain = Chain(A())
                self.pair = Pair(A())
            def forward(self, x):
                return self.pair(self.chain(x, x))
        """
    )
    (site,) = [s for s in facts.call_sites if s.scope == "M.forward"]
    assert site.callees == (("m.py", "Chain.forward"),) and site.certain
    chain = facts.attribute("m.py", "M", "chain")
    assert isinstance(chain, Attribute) and chain.kind is Kind.SEQUENTIAL and chain.length is None and chain.classes == {"m.Chain"}
