"""What is proved without an entry: parse, compile, TorchScript's front end; nothing imported, nothing run."""

from __future__ import annotations

from scriptify.oracle.runner import Oracle

GOOD = """
import not_installed_anywhere
raise SystemExit("must not run")
class M(not_installed_anywhere.Module):
    def forward(self, x):
        return helper(self.step(x))
    def step(self, x): return x + 1
    def train_step(self, batch):
        try:
            return [b for b in batch if b]
        except ValueError:
            return None
def helper(x): return x * 2
def other(*args): return lambda: args
"""


def test_only_what_scripting_reaches_is_held_against_the_front_end(oracle: Oracle) -> None:
    assert oracle.frontend({"/p/good.py": GOOD}) == {"/p/good.py": []}


def test_refusals_have_their_place(oracle: Oracle) -> None:
    bad = GOOD.replace("def helper(x): return x * 2", "@decorated\ndef helper(x):\n    y = 1\n    return (lambda q: q)(x)")
    (refused,) = oracle.frontend({"/p/bad.py": bad})["/p/bad.py"]
    line = next(i for i, text in enumerate(bad.splitlines(), 1) if "lambda q" in text)
    assert refused == f"/p/bad.py:{line}: helper: Lambda aren't supported"


def test_methods_of_a_base_class_and_several_errors(oracle: Oracle) -> None:
    text = (
        "class A(Module):\n    def step(self, *xs): return xs\n\n"
        "class B(A):\n    def forward(self, x):\n        return self.step(x)\n"
        "    @jit.unused\n    def skipped(self, x): return {1, 2}\n"
        "    @property\n    def p(self): return {1, 2}\n"
        "class F(torch.autograd.Function):\n    @staticmethod\n    def forward(ctx, *a): return a\n"
    )
    refused = oracle.frontend({"/p/m.py": text})["/p/m.py"]
    assert [r.split(": ")[1] for r in refused] == ["B.p", "A.step"]


def test_files_that_do_not_parse_or_compile(oracle: Oracle) -> None:
    carriage = "\r\nclass A:\r\n\tdef forward(self, x): return x\r\n"
    answers = oracle.frontend({"a.py": "def f(:\n", "b.py": "x = 1\nreturn x\n", "c.py": "", "d.py": carriage})
    assert answers["a.py"][0].startswith("a.py:1: does not parse")
    assert answers["b.py"][0].startswith("b.py:2: does not parse")
    assert answers["c.py"] == [] and answers["d.py"] == []
