"""SF717: builtins and functions of ``operator`` that scripting lacks, by what it has."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scriptify.facts.model import Facts
from scriptify.transform import Declines, Fires, Focus, Ignores, Phase, Proposal, Transform
from scriptify.transforms._builtin_forms import call_edits, identical_edits
from scriptify.transforms._expression import NoForm, bodies, decline, near, rewrite
from scriptify.tree import Tree

_HEAD = "import operator\n\nimport torch\nimport torch.nn.functional as F\nfrom torch import nn\n\n\n"
_HEAD += "class Net(nn.Module):\n    def forward(self, x: torch.Tensor):\n"
_GIVEN = _HEAD.replace("x: torch.Tensor", "x: torch.Tensor, ns: list[int], d: dict[str, int]")
_ENTRY = "Net(), (torch.randn(2, 3),)"


def _net(body: str) -> str:
    return _HEAD + "".join(f"        {line}\n" for line in body.splitlines())


def _fires(before: str, after: str, name: str) -> Fires:
    return Fires(_net(before), _net(after), entry=_ENTRY, name=name)


class BuiltinCall(Transform):
    """``operator.add(a, b)`` -> ``a + b``; ``callable(f)``, ``hasattr(t, 'shape')``, ``range(t)``, ``sum(ns, 3)`` and others alike.

    The compiler lacks some builtins, and knows others only for some arguments. A form that is the same to eager code
    takes the place of the call; where it only holds for the types that scripting has, eager code keeps the call.
    """

    code = "SF717"
    name = "builtin-call"
    phase = Phase.VALUES
    explains = (
        *(f"built-in function {name}>" for name in "callable issubclass format repr add sub mul truediv neg getitem".split()),
        "built-in function",
        "hasattr's first argument",
        "prim::id(",
        "all inputs of range must be ints",
        "range cannot be used as a value",
        "Cannot instantiate class 'attrgetter'",
        "Cannot instantiate class 'methodcaller'",
        "for argument 'self' but instead found type 'List[Tensor]'",
        "Arguments for call are not valid",
    )
    hints = (
        *("operator", "callable(", "hasattr(", "issubclass(", "id(", "format(", "repr(", "range(", "pow("),
        *("getattr(", "setattr(", "sorted(", "sum(", "any(", "all(", "max(", "min("),
    )
    source = "https://docs.pytorch.org/docs/stable/jit_python_reference.html#python-built-in-functions-support"
    examples = (
        _fires(
            "y = operator.add(x, 1)\nif operator.gt(x.dim(), 1):\n    y = operator.mul(y, operator.neg(x))\n"
            "return operator.getitem([y, x], 0)",
            "y = x + 1\nif (x.dim() > 1):\n    y = y * (-x)\nreturn [y, x][0]",
            "operators",
        ),
        _fires(
            "return operator.methodcaller('clamp', 0)(x) * operator.attrgetter('shape')(x)[0]",
            "return x.clamp(0) * x.shape[0]",
            "a method by name",
        ),
        _fires(
            "f = F.relu\nif callable(f) and not callable(x):\n    return f(x)\nreturn x",
            "f = F.relu\nif (True if torch.jit.is_scripting() else callable(f)) and not (False if torch.jit.is_scripting() else"
            " callable(x)):\n    return f(x)\nreturn x",
            "what can be called",
        ),
        _fires(
            "return x + 1 if hasattr(x, 'shape') and issubclass(nn.Linear, nn.Module) else x",
            "return x + 1 if (True if torch.jit.is_scripting() else hasattr(x, 'shape')) and"
            " (True if torch.jit.is_scripting() else issubclass(nn.Linear, nn.Module)) else x",
            "what a Tensor has",
        ),
        _fires(
            "n = torch.tensor(3)\nfor i in range(n):\n    x = x + i\nreturn x * len(range(4)), pow(2, 3, 5)",
            "n = torch.tensor(3)\nfor i in range(int(n) if torch.jit.is_scripting() else n):\n    x = x + i\n"
            "return x * len(list(range(4))), 3",
            "a range to a Tensor",
        ),
        _fires(
            "y = x + 1\nif id(x) != id(y):\n    return y * sum([1, 2], 3)\nreturn x",
            "y = x + 1\nif x is not y:\n    return y * (3 + sum([1, 2]))\nreturn x",
            "identity, and a sum with a start",
        ),
        _fires(
            "return all(t.sum() > 0 for t in [x, x]), max([1, 2], default=0)",
            "return all(bool(t.sum() > 0) for t in [x, x]), (max([1, 2]) if len([1, 2]) > 0 else 0)",
            "truths of Tensors, and a default",
        ),
        _fires(
            "s = format(x.size(0), 'd') + repr(x.size(1))\nreturn x * len(s)",
            "s = (str(x.size(0)) if torch.jit.is_scripting() else format(x.size(0), 'd')) +"
            " (str(x.size(1)) if torch.jit.is_scripting() else repr(x.size(1)))\nreturn x * len(s)",
            "numbers as text",
        ),
        _fires(
            "y = operator.neg([x, x][0]) ** 2\nreturn operator.pow(-x.size(0), 2) * operator.mul(x if x.dim() > 1 else y, y)",
            "y = (-[x, x][0]) ** 2\nreturn ((-x.size(0)) ** 2) * ((x if x.dim() > 1 else y) * y)",
            "parentheses",
        ),
        Fires(
            _net("ys = sum([[x], [x, x]], [])\nreturn ys[0] * len(ys)"),
            _net("ys = [item for group in [[x], [x, x]] for item in group]\nreturn ys[0] * len(ys)"),
            name="lists from an empty one: the comprehension is for another rule",
        ),
        Fires(
            _GIVEN + "        return x * sum(ns, 1) * max(ns, default=2), sorted(d)\n",
            _GIVEN
            + "        return x * (1 + sum(ns) if torch.jit.is_scripting() else sum(ns, 1))"
            + " * ((max(ns) if len(ns) > 0 else 2) if torch.jit.is_scripting() else max(ns, default=2)),"
            + " (sorted(d.keys()) if torch.jit.is_scripting() else sorted(d))\n",
            entry="Net(), (torch.randn(2, 3), [1, 2], {'a': 1})",
            name="what is a list or a dict by annotation, and may be a generator or a list of keys to another caller",
        ),
        Declines(_HEAD.replace("x: torch.Tensor", "x, ys") + "        return x * len(sum(ys, []))\n", because="adds lists alone"),
        Declines(_net("return x * max([1, 2], default=self.count())"), because="itself computed"),
        Declines(_net("setattr(self.a, 'n', self.count())\nreturn x"), because="computes the value first"),
        Declines("list = tuple\n\n\n" + _net("return x * len(range(4))"), because="the name list means"),
        Declines(_net("len = x.dim\nreturn x * max([1, 2], default=0) * len()"), because="the name len means"),
        Declines(_net("return x * pow(x.size(0), 3, 5)"), because="no literals"),
        Declines(_net("return x * 2 if hasattr(x, 'tag') else x"), because="carries no attributes"),
        Declines(_HEAD.replace("x: torch.Tensor", "x, act") + "        return act(x) if callable(act) else x\n", because="not known"),
        Ignores(_net("return x * max(1, x.size(0)) * sum([1, 2]) * pow(2, 3) if hasattr(self, 'a') else x")),
        Ignores("import operator\n\n\ndef f(x):\n    return operator.add(x, 1)\n", name="not compiled"),
    )

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Every such call in compiled code."""
        for body in bodies(tree, facts):
            nodes: list[cst.Call | cst.Comparison] = [*body.find(cst.Call), *body.find(cst.Comparison)]
            done: list[cst.CSTNode] = []
            for node in nodes:
                if any(tree.contains(outer, node) for outer in done):
                    continue
                asked = near(tree, node, focus) and focus is not None and "List[Tensor]" in focus.message
                try:
                    edits = identical_edits(body, node) if isinstance(node, cst.Comparison) else call_edits(body, node, asked)
                except NoForm as reason:
                    yield decline(self, body, node, f"scripting has no {tree.code(node)[:60]}, and {reason}")
                    continue
                if edits:
                    done.append(node)
                    yield rewrite(self, body, node, f"{tree.code(node)[:60]} by what scripting has", edits)
