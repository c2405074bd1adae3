"""SF211: methods that do nothing but return a module."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scriptify.facts.model import Facts
from scriptify.transform import Declines, Fires, Focus, Ignores, Phase, Proposal, Transform
from scriptify.transforms._expression import Body, bodies, decline, rewrite
from scriptify.transforms._getters import overridden
from scriptify.tree import Tree

_STEM = "object has no attribute or method '__call__'"
_HEAD = "import torch\nfrom torch import nn\n\n\nclass Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
_HEAD += "        self.a = nn.Linear(3, 3)\n\n    def get(self):\n        {get}\n\n    def forward(self, x):\n        {body}\n"


class ModuleGetter(Transform):
    """``self.get()(x)`` with ``def get(self): return self.a`` -> ``self.a(x)``.

    A module that a scripted method returns can't be called. Where the method does nothing but read an attribute, the
    attribute is read in place.
    """

    code = "SF211"
    name = "module-getter"
    phase = Phase.CONTAINERS
    on_demand = True
    explains = (_STEM,)
    hints = ("()(", "return self.", "= self.")
    source = "https://docs.pytorch.org/docs/stable/jit_language_reference.html#module-attributes"
    examples = (
        Fires(
            _HEAD.format(get="return self.a", body="return self.get()(x)"),
            _HEAD.format(get="return self.a", body="return self.a(x)"),
            entry="Net(), (torch.randn(2, 3),)",
            focus=_STEM,
            at="self.get()",
            name="called",
        ),
        Fires(
            _HEAD.format(get="return self.a", body="m = self.get()\n        return m(x)"),
            _HEAD.format(get="return self.a", body="m = self.a\n        return m(x)"),
            entry="Net(), (torch.randn(2, 3),)",
            focus=_STEM,
            at="m(x)",
            name="kept in a name",
        ),
        Declines(
            _HEAD.format(get="return self.a", body="return self.get()(x)")
            + "\n\nclass Mixin:\n    def get(self):\n        return torch.relu\n\n\nclass Other(Mixin, Net):\n    pass\n",
            because="several forms",
            focus=_STEM,
            at="self.get()",
            name="a mixin's",
        ),
        Declines(
            _HEAD.replace("Linear(3, 3)\n", "Linear(3, 3)\n        self.get = torch.nn.Identity\n").format(
                get="return self.a", body="return self.get()(x)"
            ),
            because="several forms",
            focus=_STEM,
            at="self.get()",
            name="replaced on the instance",
        ),
        Declines(_HEAD.format(get="print(1); return self.a", body="return self.get()(x)"), because="more", focus=_STEM, at="self.get()"),
        Ignores(_HEAD.format(get="return self.a", body="return self.get()(x)")),
    )

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Every call of such a method in the focused function."""
        if focus is None or focus.path != tree.path or not self.answers(focus.message):
            return
        for body in bodies(tree, facts):
            if focus.scope and body.qualname != focus.scope:
                continue
            for call in body.find(cst.Call):
                if call.args or not isinstance(call.func, cst.Attribute) or tree.code(call.func.value) != "self":
                    continue
                getter = _getter(body, call.func.attr.value)
                if getter is None or not _used_as_module(tree, call):
                    continue
                value = _returned(getter)
                if value is None or _overridden(body, getter.name.value):
                    because = f"{tree.code(call)} returns a module, which can't be called, and the method does more or has several forms"
                    yield decline(self, body, call, because)
                    continue
                why = "a module that a scripted method returns can't be called"
                yield rewrite(self, body, call, f"{tree.code(call)} is {tree.code(value)}", [tree.replace(call, tree.code(value))], why=why)


def _getter(body: Body, name: str) -> cst.FunctionDef | None:
    """The method of the class itself."""
    owner = body.tree.enclosing(body.function, cst.ClassDef)
    return body.tree.function(f"{body.tree.qualname(owner)}.{name}") if owner is not None else None


def _used_as_module(tree: Tree, call: cst.Call) -> bool:
    above = tree.parent(call)
    if isinstance(above, cst.Call):
        return above.func is call
    return isinstance(above, cst.Assign) and len(above.targets) == 1 and isinstance(above.targets[0].target, cst.Name)


def _returned(getter: cst.FunctionDef) -> cst.Attribute | None:
    """``self.a`` of a method that does nothing but return it."""
    lines = [line for line in getter.body.body if isinstance(line, cst.SimpleStatementLine)]
    if getter.decorators or len(lines) != len(getter.body.body) or len(getter.params.params) != 1:
        return None
    small = [part for line in lines for part in line.body if not (isinstance(part, cst.Expr) and isinstance(part.value, cst.SimpleString))]
    value = small[0].value if len(small) == 1 and isinstance(small[0], cst.Return) else None
    plain = isinstance(value, cst.Attribute) and isinstance(value.value, cst.Name)
    same = plain and isinstance(value, cst.Attribute) and isinstance(value.value, cst.Name) and value.value.value == "self"
    return value if same and isinstance(value, cst.Attribute) and getter.params.params[0].name.value == "self" else None


def _overridden(body: Body, name: str) -> bool:
    owner = body.facts.owner(body.tree.path, body.qualname)
    own = owner is not None and any(name in known.attributes for known in (owner, *body.facts.ancestors(owner)))
    return owner is None or own or overridden(body.facts, owner, name)
