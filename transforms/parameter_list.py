"""SF210: a ParameterList by index or length, a ParameterDict by its items."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scriptify.facts.model import Attribute, Facts
from scriptify.transform import Declines, Edit, Fires, Focus, Ignores, Phase, Proposal, Transform
from scriptify.transforms._expression import Body, NoForm, bodies, decline, rewrite
from scriptify.transforms._kept import is_target
from scriptify.transforms._number import literal_int
from scriptify.tree import Tree

_HEAD = """import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.ps = nn.ParameterList([nn.Parameter(torch.ones(3) * i) for i in range(2)])
        self.pd = nn.ParameterDict({'a': nn.Parameter(torch.ones(3)), 'b': nn.Parameter(torch.zeros(3))})

    def forward(self, x: torch.Tensor):
"""
_ENTRY = "Net(), (torch.randn(2, 3),)"


def _net(body: str) -> str:
    return _HEAD + "".join(f"        {line}\n" for line in body.splitlines())


class ParameterListUse(Transform):
    """``self.ps[i]`` -> ``[p for p in self.ps][i]``; ``len(self.ps)`` -> ``len([p for p in self.ps])``; items of a ParameterDict by key.

    The compiler goes through a ParameterList and takes a literal index of one, no other, and knows no items of a
    ParameterDict. A list of the same parameters takes any index; eager code gets the very same parameter.
    """

    code = "SF210"
    name = "parameter-list"
    phase = Phase.CONTAINERS
    explains = (
        "ParameterList' object has no attribute or method",
        "Unknown type constructor Iterable",
        "Expected integer literal for index",
        "ParameterDict",
        "ParameterList",
    )
    hints = ("Parameter",)
    source = "https://docs.pytorch.org/docs/stable/generated/torch.nn.ParameterList.html"
    examples = (
        Fires(
            _net("for i in range(2):\n    x = x * self.ps[i]\nreturn x"),
            _net("for i in range(2):\n    x = x * [p for p in self.ps][i]\nreturn x"),
            entry=_ENTRY,
            name="by index",
        ),
        Fires(
            _net("p = 2\nreturn x * len(self.ps) * p + self.ps[p - 2]"),
            _net("p = 2\nreturn x * len([parameter for parameter in self.ps]) * p + [item for item in self.ps][p - 2]"),
            entry=_ENTRY,
            name="its length",
        ),
        Fires(
            _net("for k, p in self.pd.items():\n    x = x * p + len(k)\nfor p in self.pd.values():\n    x = x + p\nreturn x"),
            _net(
                "for k, p in ([('a', self.pd['a']), ('b', self.pd['b'])] if torch.jit.is_scripting() else self.pd.items()):\n"
                "    x = x * p + len(k)\n"
                "for p in ([self.pd['a'], self.pd['b']] if torch.jit.is_scripting() else self.pd.values()):\n    x = x + p\nreturn x"
            ),
            entry=_ENTRY,
            name="items of a dict",
        ),
        Declines(
            _HEAD.replace("{'a': nn.Parameter(torch.ones(3)), 'b': nn.Parameter(torch.zeros(3))}", "make()")
            + "        for p in self.pd.values():\n            x = x + p\n        return x\n",
            because="keys",
        ),
        Ignores(_net("i = 1\nself.ps[i] = nn.Parameter(x[0])\nreturn x"), name="put in"),
        Ignores(
            (_HEAD + "        return x * self.ps[len(x)]\n")
            .replace("self.ps = nn.", "self.ps = lists.My")
            .replace("from", "import lists\nfrom", 1),
            name="another class of a like name",
        ),
        Ignores(_net("for p in self.ps:\n    x = x * p\nreturn x + self.ps[0] + self.ps[-1] + self.pd['a']")),
    )

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Every such use in compiled code."""
        for body in bodies(tree, facts):
            nodes: list[cst.Subscript | cst.Call] = [*body.find(cst.Subscript), *body.find(cst.Call)]
            for node in nodes:
                edit = _edit(body, node)
                if edit is not None:
                    why = "the compiler goes through a ParameterList and takes a literal index of one, no other"
                    yield rewrite(self, body, node, f"{tree.code(node)[:60]} by a list", [edit], why=why)
                    continue
                if isinstance(node, cst.Call) and _holder(body, node) is not None:
                    because = f"the keys of {tree.code(node.func)} are not known, and the compiler needs each written out"
                    yield decline(self, body, node, because)


def _made_by(body: Body, node: cst.BaseExpression, kind: str) -> Attribute | None:
    """The attribute, where ``self.name`` is made by ``nn.kind(...)`` in every place that makes it."""
    if not isinstance(node, cst.Attribute) or not isinstance(node.value, cst.Name) or node.value.value != "self":
        return None
    owner = body.facts.owner(body.tree.path, body.qualname)
    found = body.facts.attribute(body.tree.path, owner.qualname, node.attr.value) if owner else None
    if not isinstance(found, Attribute):
        return None
    if found.classes:
        wanted = {f"torch.nn.{kind}", f"torch.nn.modules.container.{kind}"}
        return found if found.classes <= wanted else None
    return found if found.text.partition("(")[0] in (f"nn.{kind}", f"torch.nn.{kind}") else None


def _edit(body: Body, node: cst.Subscript | cst.Call) -> Edit | None:
    tree = body.tree
    if isinstance(node, cst.Subscript):
        if is_target(tree, node):
            return None  # put in the list itself
        index = node.slice[0].slice if len(node.slice) == 1 else None
        if not isinstance(index, cst.Index) or literal_int(index.value) is not None or _made_by(body, node.value, "ParameterList") is None:
            return None
        return tree.replace(node.value, _list(body, node.value))
    if body.dotted(node.func) == "builtins.len" and len(node.args) == 1 and not node.args[0].star:
        value = node.args[0].value
        return tree.replace(value, _list(body, value)) if _made_by(body, value, "ParameterList") is not None else None
    held = _holder(body, node)
    keys = _keys(body, held) if held is not None else None
    if held is None or keys is None or not isinstance(node.func, cst.Attribute):
        return None
    try:
        spelt = body.spell("torch.jit.is_scripting")
    except NoForm:
        return None
    item = f"{tree.code(node.func.value)}[{{!r}}]".format
    forms = {"keys": repr, "values": item, "items": lambda key: f"({key!r}, {item(key)})"}
    scripted = f"[{', '.join(map(forms[node.func.attr.value], keys))}]"
    # The keys may be others on another instance, and after one is put in: eager code goes on asking.
    return tree.replace(node, f"({scripted} if {spelt}() else {tree.code(node)})")


def _list(body: Body, node: cst.BaseExpression) -> str:
    name = next(n for n in ("p", "item", "parameter", "one_parameter") if n not in body.hidden)
    return f"[{name} for {name} in {body.tree.code(node)}]"


def _holder(body: Body, call: cst.Call) -> Attribute | None:
    """The ParameterDict whose items, keys or values a loop goes through."""
    func = call.func
    if not isinstance(func, cst.Attribute) or func.attr.value not in ("items", "keys", "values") or call.args:
        return None
    if not isinstance(body.tree.parent(call), cst.For | cst.CompFor):
        return None
    return _made_by(body, func.value, "ParameterDict")


def _keys(body: Body, held: Attribute) -> tuple[str, ...] | None:
    if held.changed or held.missing:
        return None
    if held.keys:
        return held.keys
    try:
        made = cst.parse_expression(held.text)
    except cst.ParserSyntaxError:
        return None
    given = made.args[0].value if isinstance(made, cst.Call) and len(made.args) == 1 else None
    if not isinstance(given, cst.Dict) or _made_otherwise(body.tree, held.name):
        return None
    keys = [
        e.key.evaluated_value if isinstance(e, cst.DictElement) and isinstance(e.key, cst.SimpleString) else None for e in given.elements
    ]
    texts = tuple(key for key in keys if isinstance(key, str))
    # A ParameterDict sorts the keys of a dict that it is made of.
    return tuple(sorted(texts)) if len(texts) == len(keys) and len(set(texts)) == len(texts) else None


def _made_otherwise(tree: Tree, name: str) -> bool:
    """Whether the file assigns an attribute of that name more than once, or changes what it holds."""
    stored = 0
    for node in tree.find(cst.Attribute):
        above = tree.parent(node)
        if node.attr.value != name:
            continue
        stored += isinstance(above, cst.AssignTarget)
        item = isinstance(above, cst.Subscript) and isinstance(tree.parent(above), cst.AssignTarget | cst.AugAssign | cst.Del)
        method = isinstance(above, cst.Attribute) and above.attr.value in ("update", "pop", "setdefault", "clear", "popitem")
        if item or method:
            return True
    return stored != 1
