"""What a verdict rests on: parameters, inputs, state, cases, seeds, and how files are imported."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from scriptify.oracle.protocol import Entry, State, Verdict
from scriptify.oracle.runner import Oracle

Judging = Callable[..., Verdict]

MODEL = """
class M(nn.Module):
    def __init__(self):
        super().__init__()
        self.l = nn.Linear(2, 2)
        self.noise = nn.Parameter(torch.zeros(1))
        self.register_buffer("seen", torch.zeros(1))
    def forward(self, x):
        self.seen += 1
        y = self.l(x) + self.noise * x
        return {"y": y}
def entry(): return M(), (torch.randn(3, 2),)
"""


def detail(verdict: Verdict, level: str) -> str:
    """The refutation of one level."""
    found = getattr(verdict, level)
    assert found.state is State.REFUTED, verdict
    return str(found.detail)


def test_a_sound_model_and_rewrite(judging: Judging) -> None:
    assert judging(MODEL).ok
    assert judging(MODEL, MODEL.replace("self.l(x) +", "torch.add(self.l(x), 0) +")).ok


CHANGED = {
    "a parameter that is zero at first": (("self.noise * x", "self.noise * x * 1.5"), "eager_same", "output['y']: value"),
    "a random parameter": (("self.l(x)", "self.l(x) * 1.0001"), "eager_same", "output['y']: value"),
    "lost state": (("self.seen += 1", "pass"), "eager_same", "state after the calls 'seen'"),
    "another container": (('{"y": y}', "[y]"), "eager_same", "output: dict became list"),
    "cut gradient": (('{"y": y}', '{"y": y.detach()}'), "eager_same", "requires_grad True became False"),
    "changed input": (("self.seen += 1", "self.seen += 1\n        x.add_(0.0).mul_(2)"), "eager_same", ""),
    "changed input only": (("return {", "x.zero_()\n        return {"), "eager_same", "inputs after the call[0]: value"),
    "an error": (("self.seen += 1", "raise KeyError('k')"), "eager_same", "raises KeyError: 'k' ("),
    "a lost key": (('self.register_buffer("seen", torch.zeros(1))', "self.seen = torch.zeros(1)"), "keys_same", "lost seen"),
    "a renamed key": (("self.l", "self.lin"), "keys_same", "lost l.weight, l.bias; new lin.weight, lin.bias"),
    "another shape": (("torch.zeros(1))\n        self.reg", "torch.zeros(2))\n        self.reg"), "keys_same", "size mismatch"),
    "no import": (("class M", "import nothing_there\nclass M"), "imports", "nothing_there"),
}


@pytest.mark.parametrize("name", CHANGED)
def test_a_wrong_rewrite_is_refuted(judging: Judging, name: str) -> None:
    (old, new), level, text = CHANGED[name]
    assert old in MODEL
    verdict = judging(MODEL, MODEL.replace(old, new), upto="scripts")
    assert text in detail(verdict, level)
    assert not verdict.harmless and not verdict.scripts.ok


def test_key_order_counts(judging: Judging) -> None:
    source = """
        class M(nn.Module):
            def __init__(self):
                super().__init__()
                self.a = nn.Linear(2, 2)
                self.b = nn.ReLU()
                self.c = nn.Linear(2, 2)
            def forward(self, x): return self.c(self.a(x))
        def entry(): return M(), (torch.randn(3, 2),)
        """
    swapped = source.replace("self.a = ", "self.t = ").replace("self.c = ", "self.a = ").replace("self.t = ", "self.c = ")
    assert "another order: c.weight where a.weight was" in detail(judging(source, swapped), "keys_same")


def test_randomness_is_seeded_and_what_stays_unsteady_is_told(judging: Judging) -> None:
    random = """
        class M(nn.Module):
            def forward(self, x): return F.dropout(x + torch.rand_like(x), 0.5)
        def entry(): return M(), (torch.randn(64),)
        """
    verdict = judging(random)
    assert verdict.ok and not verdict.unsteady
    assert "value" in detail(judging(random, random.replace("rand_like", "randn_like")), "eager_same")
    unsteady = """
        import os
        def noise(): return float(int.from_bytes(os.urandom(4), "big"))
        class M(nn.Module):
            def forward(self, x): return x * noise()
        def entry(): return M(), (torch.ones(2),)
        """
    assert judging(unsteady, upto="keys_same").unsteady and judging(unsteady, upto="keys_same").harmless
    assert "dtype" in detail(judging(unsteady, unsteady.replace("x * noise()", "x.double() * noise()")), "eager_same")


def test_several_cases_each_count(judging: Judging) -> None:
    source = """
        class M(nn.Module):
            def __init__(self, k):
                super().__init__()
                self.k = k
            def forward(self, x, y: Optional[Tensor] = None):
                return x * self.k if y is None else x + y
        def entry():
            shared = M(2)
            yield shared, (torch.ones(2),)
            yield shared, (torch.ones(3),), {"y": torch.ones(3)}
            yield M(3), (torch.ones(2),)
        """
    verdict = judging(source)
    assert verdict.ok and verdict.cases == 3
    assert "output of case 2: value" in detail(judging(source, source.replace("x + y", "x - y")), "eager_same")
    assert "output of case 3: value" in detail(judging(source, source.replace("M(3)", "M(4)")), "eager_same")


def test_scripting_is_judged_in_a_clean_process(judging: Judging) -> None:
    source = "class M(nn.Module):\n    def forward(self, x): return (lambda y: y)(x)\ndef entry(): return M(), (torch.ones(2),)\n"
    first, second = judging(source), judging(source, source.replace("y: y", "z: z"))
    for verdict in (first, second):
        assert "Lambda aren't supported" in detail(verdict, "scripts") and "case.py:9" in verdict.scripts.detail
        assert verdict.error_type == "UnsupportedNodeError" and "HERE" in verdict.error
    assert "lambda z: z" in second.error, "the compiler's text shows the rewritten source"
    assert judging(source, source.replace("(lambda y: y)(x)", "x")).ok


def test_a_module_beside_and_a_package(oracle: Oracle, tmp_path: Path) -> None:
    package = tmp_path / "pkg" / "sub"
    package.mkdir(parents=True)
    (tmp_path / "pkg" / "__init__.py").write_text("")
    (package / "__init__.py").write_text("SCALE = 2.0\n")
    (package / "parts.py").write_text("from torch import nn\nclass P(nn.Module):\n    def forward(self, x): return (lambda y: y)(x) * 2\n")
    text = """
        import sys, torch
        from pkg.sub import SCALE
        from .parts import P
        import pkg.sub.model
        class M(P): pass
        def entry():
            assert pkg.sub.model.M is M and __name__ == "pkg.sub.model"
            return M(), (torch.ones(2) * SCALE,)
        """
    (package / "model.py").write_text(textwrap.dedent(text))
    parts = package / "parts.py"
    fixed = {str(parts): parts.read_text().replace("(lambda y: y)(x)", "x")}
    for target in ("pkg/sub/model.py:entry", "pkg.sub.model:entry", f"{package / 'model.py'}:entry"):
        entry = Entry(target, str(tmp_path))
        assert "parts.py:3" in detail(oracle.judge(entry), "scripts")
        assert oracle.judge(entry, fixed).ok
    init = {str(package / "__init__.py"): "SCALE = 3.0\n"}
    assert oracle.judge(Entry("pkg.sub.model:entry", str(tmp_path)), {**fixed, **init}).ok, "inputs are the original's"
    wrong = {str(package / "__init__.py"): "SCALE = nothing\n"}
    assert "sub/__init__.py:1" in detail(oracle.judge(Entry("pkg.sub.model:entry", str(tmp_path)), wrong), "imports")
    assert not list(tmp_path.rglob("__pycache__"))


def test_a_file_named_like_a_library_module(oracle: Oracle, tmp_path: Path) -> None:
    (tmp_path / "random.py").write_text("import torch\ndef f(x): return x + 1\ndef entry(): return f, (torch.ones(2),)\n")
    assert oracle.judge(Entry("random.py:entry", str(tmp_path))).ok


def test_stale_byte_code_is_not_read(oracle: Oracle, tmp_path: Path) -> None:
    import os
    import py_compile

    part = tmp_path / "part.py"
    part.write_text("def f(x): return (lambda y: y)(x)\n")
    stamp = part.stat().st_mtime
    py_compile.compile(str(part))
    part.write_text("def f(x): return            (x)  \n")
    os.utime(part, (stamp, stamp))
    (tmp_path / "case.py").write_text("import torch\nfrom part import f\ndef entry(): return f, (torch.ones(2),)\n")
    assert oracle.judge(Entry("case.py:entry", str(tmp_path))).ok
