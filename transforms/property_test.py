"""SF209: properties that tell which parts an instance has."""

from __future__ import annotations

import re
from collections.abc import Iterator

import libcst as cst

from scriptify.facts.model import Facts
from scriptify.transform import Declines, Fires, Focus, Ignores, Phase, Proposal, Transform
from scriptify.transforms._containers import Method, reached_methods
from scriptify.transforms._getters import getter, means_self, overridden
from scriptify.transforms._kept import is_target
from scriptify.tree import Tree

_MISSING = re.compile(r"has no attribute '(\w+)'")
_STEM = "has no attribute '"
_HEAD = """import torch
from torch import nn


class Net(nn.Module):
    def __init__(self, neck=None):
        super().__init__()
        self.body = nn.Linear(4, 4)
        if neck is not None:
            self.neck = neck

    @property
    def with_neck(self):
        \"\"\"Whether there is a neck.\"\"\"
        return hasattr(self, "neck") and self.neck is not None

"""
_MARKED = _HEAD.replace("@property\n", "@property\n    @torch.jit.unused\n")
_FOCUS = "Module 'Net' has no attribute 'neck'"
_ENTRY = "Net(), (torch.randn(2, 4),)"


class PropertyTest(Transform):
    """``if self.with_neck:`` -> ``if getattr(self, "neck", None) is not None:``, as the property says.

    The compiler decides such tests while it compiles, and leaves the branch out that the instance
    has no part for; but only where it reads them in the test itself. The property stays for everybody else and is
    left out of scripting, which would compile it for every instance.
    """

    code = "SF209"
    name = "property-test"
    phase = Phase.CONTAINERS
    explains = (_STEM,)
    hints = ("property",)
    on_demand = True
    source = "https://docs.pytorch.org/docs/stable/jit_language_reference.html#metacompile-rules"
    examples = (
        Fires(
            _HEAD + "    def forward(self, x):\n        x = self.body(x)\n        if self.with_neck:  # both\n"
            "            x = self.neck(x)\n        return x\n",
            _MARKED + "    def forward(self, x):\n        x = self.body(x)\n"
            '        if getattr(self, "neck", None) is not None:  # both\n'
            "            x = self.neck(x)\n        return x\n",
            entry=_ENTRY,
            focus=_FOCUS,
            at="self.neck is not None",
        ),
        Fires(
            _HEAD + "    def forward(self, x):\n        y = self.body(x)\n        if not self.with_neck and y.dim() > 3:\n"
            "            return y\n        return self.neck(y) if self.with_neck else y\n",
            _MARKED + "    def forward(self, x):\n        y = self.body(x)\n"
            '        if not (getattr(self, "neck", None) is not None) and y.dim() > 3:\n'
            '            return y\n        return self.neck(y) if getattr(self, "neck", None) is not None else y\n',
            entry=_ENTRY,
            focus=_FOCUS,
            at="self.neck is not None",
            name="within other tests",
        ),
        Declines(
            _HEAD + "    def forward(self, x):\n        return self.body(x)\n\n\ndef run(net: Net, x):\n    return net.with_neck\n\n\n"
            "class Outer(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.net = Net()\n\n"
            "    def forward(self, x):\n        if self.net.with_neck:\n            x = self.net.neck(x)\n        return self.net(x)\n",
            because="read from outside",
            focus=_FOCUS,
            at="self.neck is not None",
        ),
        Declines(
            _HEAD + "    def forward(self, x):\n        asked = lambda self: self.with_neck\n"
            "        return self.neck(x) if self.with_neck else x * len([asked])\n",
            because="only may be",
            focus=_FOCUS,
            at="self.neck is not None",
            name="another self",
        ),
        Ignores(
            _HEAD.replace("return hasattr", "print(1)\n        return hasattr")
            + "    def forward(self, x):\n        return self.neck(x) if self.with_neck else x\n",
            focus=_FOCUS,
            at="self.neck is not None",
            name="does more",
        ),
        Ignores(_HEAD + "    def forward(self, x):\n        return self.neck(x) if self.with_neck else x\n", name="not asked"),
    )

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Yield one rewrite for each property that tests the part the message names."""
        found = _MISSING.search(focus.message) if focus is not None else None
        if found is None:
            return
        for owner in facts.classes.values():
            if owner.path != tree.path or not owner.is_module:
                continue
            for name in owner.properties:
                node = getter(tree, owner.qualname, name)
                test = _test(tree, node) if node is not None else None
                below = overridden(facts, owner, name)
                if node is not None and test is not None and not below and found[1] in _parts(tree, test):
                    yield from self._inlined(tree, facts, owner.qualname, node, test, focus)

    def _inlined(
        self, tree: Tree, facts: Facts, owner: str, node: cst.FunctionDef, test: cst.BaseExpression, focus: Focus | None
    ) -> Iterator[Proposal]:
        name, edits = node.name.value, []
        for method in reached_methods(tree, facts, focus):
            mine = method.owner is not None and owner in (
                method.owner.qualname,
                *(c.qualname for c in facts.ancestors(method.owner) if c.path == tree.path),
            )
            for read in tree.find(cst.Attribute, method.node.body):
                if read.attr.value != name or method.dead(read) or method.node is node:
                    continue
                if is_target(tree, read) or (mine and not means_self(method, read)):
                    yield tree.decline(self, read, f"{name} is set there, or read of something that only may be the module itself")
                    return
                if not mine or tree.code(read.value) != method.self_name:
                    if mine or _may_be(tree, read, name, owner, facts):
                        yield tree.decline(self, read, f"the property {name} is read from outside of its class; test the part there")
                        return
                    continue
                edits.append(tree.replace_outer(read, _spelt(tree, method, node, test, read)))
        if not edits:
            return
        spelt, imports = tree.imports.spell("torch.jit.unused")
        decorator = node.decorators[-1]
        edits.append(tree.insert(tree.line_end(tree.lines(decorator)[1]), tree.block([f"@{spelt}"], tree.indent(decorator))))
        why = "the compiler decides hasattr and is None beforehand only where it reads them in the test itself"
        yield tree.rewrite(self, node, f"test what the property {name} tests", edits, imports=imports, why=why)


def _test(tree: Tree, node: cst.FunctionDef) -> cst.BaseExpression | None:
    """What a property returns, where that is nothing but tests for parts."""
    body = [s for s in node.body.body if not (isinstance(s, cst.SimpleStatementLine) and _is_text(s))]
    last = body[0] if len(body) == 1 else None
    small = last.body[0] if isinstance(last, cst.SimpleStatementLine) and len(last.body) == 1 else None
    value = small.value if isinstance(small, cst.Return) else None
    return value if value is not None and "\n" not in tree.code(value) and _is_test(tree, value) else None


def _is_text(statement: cst.SimpleStatementLine) -> bool:
    small = statement.body[0]
    return isinstance(small, cst.Expr) and isinstance(small.value, cst.SimpleString | cst.ConcatenatedString)


def _is_test(tree: Tree, node: cst.BaseExpression) -> bool:
    if isinstance(node, cst.BooleanOperation):
        return _is_test(tree, node.left) and _is_test(tree, node.right)
    if isinstance(node, cst.UnaryOperation) and isinstance(node.operator, cst.Not):
        return _is_test(tree, node.expression)
    return bool(_parts(tree, node))


def _parts(tree: Tree, node: cst.BaseExpression) -> set[str]:
    """The attributes of ``self`` that ``hasattr`` and ``is None`` ask for."""
    if isinstance(node, cst.BooleanOperation):
        return _parts(tree, node.left) | _parts(tree, node.right)
    if isinstance(node, cst.UnaryOperation):
        return _parts(tree, node.expression)
    if isinstance(node, cst.Call) and tree.dotted(node.func) == "builtins.hasattr" and len(node.args) == 2:
        name = node.args[1].value
        own = isinstance(node.args[0].value, cst.Name) and isinstance(name, cst.SimpleString)
        return {str(name.evaluated_value)} if own and isinstance(name, cst.SimpleString) else set()
    if isinstance(node, cst.Comparison) and len(node.comparisons) == 1 and isinstance(node.left, cst.Attribute):
        target = node.comparisons[0]
        none = isinstance(target.comparator, cst.Name) and target.comparator.value == "None"
        asked = none and isinstance(target.operator, cst.Is | cst.IsNot) and isinstance(node.left.value, cst.Name)
        return {node.left.attr.value} if asked else set()
    return set()


def _spelt(tree: Tree, method: Method, node: cst.FunctionDef, test: cst.BaseExpression, read: cst.Attribute) -> str:
    """The test in the words of a method, in parentheses where it stands inside something."""
    mine = node.params.params[0].name.value
    text = re.sub(rf"\b{re.escape(mine)}\b(?=[.,])", method.self_name, _written(tree, test))
    above = tree.parent(read)
    bare = isinstance(above, cst.If) or (isinstance(above, cst.IfExp) and above.test is read)
    return text if bare or isinstance(test, cst.Call) else f"({text})"


def _written(tree: Tree, test: cst.BaseExpression) -> str:
    """The test, with one ``getattr`` for ``hasattr`` and ``is not None``: the right side of an ``and`` is compiled in any case."""
    if isinstance(test, cst.UnaryOperation):
        return f"not {_inner(tree, test.expression)}"
    if not isinstance(test, cst.BooleanOperation):
        return tree.code(test)
    left, right = test.left, test.right
    both = isinstance(test.operator, cst.And) and isinstance(left, cst.Call) and isinstance(right, cst.Comparison)
    if both and _parts(tree, left) == _parts(tree, right) and isinstance(left, cst.Call) and isinstance(right, cst.Comparison):  # noqa: SIM102
        if isinstance(right.comparisons[0].operator, cst.IsNot):
            return f"getattr({', '.join(tree.code(arg.value) for arg in left.args)}, None) is not None"
    return f"{_inner(tree, left)} {'and' if isinstance(test.operator, cst.And) else 'or'} {_inner(tree, right)}"


def _inner(tree: Tree, node: cst.BaseExpression) -> str:
    text = _written(tree, node)
    return f"({text})" if node.lpar else text


def _may_be(tree: Tree, read: cst.Attribute, name: str, owner: str, facts: Facts) -> bool:
    """Whether the attribute of that name may be this property: no class of its own defines another."""
    others = [c for c in facts.classes.values() if c.qualname != owner and name in (*c.properties, *c.attributes, *c.methods)]
    return not others or tree.code(read.value).count(".") > 0
