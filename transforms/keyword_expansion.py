"""SF314: ``f(**d)`` with a dict whose keys are known."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import libcst as cst

from scriptify.facts.model import Attribute, Facts, Kind, Observed
from scriptify.transform import Declines, Edit, Fires, Focus, Ignores, Need, Phase, Proposal, Safety, Transform
from scriptify.transforms._expression import Body, NoForm, bodies, decline, rewrite
from scriptify.transforms._helper_text import above_definitions
from scriptify.tree import Tree
from scriptify.tree.flow import bindings, loads
from scriptify.tree.substitute import FreshNames, source

_HEAD = """import torch
import torch.nn.functional as F
from torch import nn


def helper(a, b):
    return a + b


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.kw = {'scale_factor': 2.0, 'mode': 'nearest'}

    def forward(self, x: torch.Tensor):
"""
_ENTRY = "Net(), (torch.randn(2, 3, 4),)"
HELPER = "_with_keywords"
_HELPER = (
    f"def {HELPER}(keywords, function, *args, **more):",
    '    """Call a function with keywords from a dict; for eager code, scripting has them written out."""',
    "    return function(*args, **more, **keywords)",
)
_PLAIN = (int, float, str, bool, type(None))


def _net(body: str) -> str:
    return _HEAD + "".join(f"        {line}\n" for line in body.splitlines())


_GIVEN = _HEAD.replace("def __init__(self):", "def __init__(self, kw=None):").replace(
    "{'scale_factor': 2.0, 'mode': 'nearest'}", "dict(kw or {'mode': 'nearest'})"
)
_HELPED = _GIVEN.replace("from torch import nn\n", "from torch import nn\n\n\n" + "\n".join(["@torch.jit.unused", *_HELPER]) + "\n")
_SEEN = Observed(attributes={"Net": {"kw": Attribute("kw", frozenset({Kind.DICT}), values=({"mode": "nearest"},), origin="live")}})


def _given(body: str) -> str:
    return _GIVEN + "".join(f"        {line}\n" for line in body.splitlines())


class KeywordExpansion(Transform):
    """``d = {'a': x, 'b': y}; f(**d)`` -> ``a = x; b = y; f(a=a, b=b)``; ``f(**self.kw)`` with the keys ``__init__`` gives it.

    The compiler takes no keyword expansion. The values of a local dict are computed where and when they were, under
    names of their own; a dict that hangs on the module is still asked for each value in eager code, and expanded there
    where only a run has shown what it holds.
    """

    code = "SF314"
    name = "keyword-expansion"
    phase = Phase.SYNTAX
    explains = ("keyword-arg expansion is not supported",)
    hints = ("**",)
    source = "https://docs.pytorch.org/docs/stable/jit_language_reference_v2.html"
    examples = (
        Fires(
            _net("d = {'a': x, 'b': x * 2}\nreturn helper(**d)"),
            _net("a = x\nb = x * 2\nreturn helper(a=a, b=b)"),
            entry=_ENTRY,
            name="a local dict",
        ),
        Fires(
            _net("d = dict(b=x + 3)\nreturn helper(x, **d) + helper(x, **{'b': x})"),
            _net("b = x + 3\nreturn helper(x, b=b) + helper(x, b=x)"),
            entry=_ENTRY,
            name="dict of keywords, and one written in the call",
        ),
        Fires(
            _net("return F.interpolate(x, **self.kw)"),
            _net(
                "return F.interpolate(x, scale_factor=(2.0 if torch.jit.is_scripting() else self.kw['scale_factor']),"
                " mode=('nearest' if torch.jit.is_scripting() else self.kw['mode']))"
            ),
            entry=_ENTRY,
            name="an attribute",
        ),
        Fires(
            _given("return F.interpolate(x, scale_factor=2.0, **self.kw) + x.mean()"),
            _HELPED
            + "        return (F.interpolate(x, scale_factor=2.0, mode='nearest') if torch.jit.is_scripting()"
            + " else _with_keywords(self.kw, F.interpolate, x, scale_factor=2.0)) + x.mean()\n",
            entry=_ENTRY,
            observed=_SEEN,
            name="an attribute that a run has shown",
        ),
        Declines(_given("return F.interpolate(x, scale_factor=2.0, **self.kw)"), because="every instance"),
        Declines(_net("d = {'a': x}\nd['b'] = x\nreturn helper(**d)"), because="changed or used"),
        Declines(_net("return helper(**given)"), because="not known"),
        Ignores(_net("return helper(a=x, b=x ** 2)")),
    )

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Every expansion in compiled code."""
        for body in bodies(tree, facts):
            done: set[str] = set()
            for call in body.find(cst.Call):
                for arg in call.args:
                    if arg.star != "**" or tree.code(arg.value) in done:
                        continue
                    title = f"{tree.code(arg)} as keywords"[:80]
                    why = "the compiler takes no keyword expansion"
                    if seen := _seen(body, arg):
                        edits = _observed(body, call, arg, seen)
                        needs = [Need(f"{tree.code(arg.value)} is {seen!r} on every instance", "live")]
                        imports = tuple(body.wanted)
                        body.wanted.clear()
                        yield tree.rewrite(self, call, title, edits, imports=imports, needs=needs, why=why, safety=Safety.OBSERVED)
                        continue
                    try:
                        edits = _edits(body, arg, done)
                    except NoForm as reason:
                        yield decline(self, body, call, f"the compiler takes no keyword expansion: {reason}")
                        continue
                    yield rewrite(self, body, call, title, edits, why=why)


def _seen(body: Body, arg: cst.Arg) -> dict[str, object]:
    """What a dict on the module was on every instance of a run, where the source does not tell."""
    value = arg.value
    owner = body.facts.owner(body.tree.path, body.qualname)
    if owner is None or not isinstance(value, cst.Attribute) or not isinstance(value.value, cst.Name) or value.value.value != "self":
        return {}
    held = body.facts.attribute(body.tree.path, owner.qualname, value.attr.value)
    if not isinstance(held, Attribute) or held.origin != "live" or not held.constant or not isinstance(held.value, dict):
        return {}
    try:
        _attribute(body, value)
    except NoForm:
        good = all(key.isidentifier() and _plain(item) for key, item in held.value.items())
        return held.value if good else {}
    return {}


def _observed(body: Body, call: cst.Call, arg: cst.Arg, seen: dict[str, object]) -> list[Edit]:
    """The keywords written out for scripting; eager code, where another instance may hold others, still expands the dict."""
    tree = body.tree
    start, end = tree.span(call)
    written = _instead(tree, arg, [(key, repr(item)) for key, item in seen.items()])
    scripted = tree.text[start : written.start] + written.text + tree.text[written.end : end]
    rest = [tree.text[tree.span(other)[0] : tree.outer_span(other.value)[1]] for other in call.args if other is not arg]
    eager = ", ".join([tree.code(arg.value), tree.code(call.func), *rest])
    text = f"{scripted} if {body.spell('torch.jit.is_scripting')}() else {HELPER}({eager})"
    edits = [tree.replace(call, text if body.alone(call) and "\n" not in text else f"({text})")]
    if HELPER not in {node.name.value for node in tree.module.body if isinstance(node, cst.FunctionDef)}:
        edits.append(above_definitions(tree, [f"@{body.spell('torch.jit.unused')}", *_HELPER]))
    return edits


def _edits(body: Body, arg: cst.Arg, done: set[str]) -> list[Edit]:
    tree, value = body.tree, arg.value
    items = _items(body, value)
    if items is not None:
        return [_instead(tree, arg, [(key, source(tree, item)) for key, item in items])]
    if isinstance(value, cst.Name):
        done.add(value.value)
        return _local(body, value.value)
    if isinstance(value, cst.Attribute) and isinstance(value.value, cst.Name) and value.value.value == "self":
        return [_instead(tree, arg, _attribute(body, value))]
    raise NoForm("what the dict holds is not known")


def _instead(tree: Tree, arg: cst.Arg, items: list[tuple[str, str]]) -> Edit:
    start, end = tree.span(arg)[0], tree.outer_span(arg.value)[1]
    text = ", ".join(f"{key}={value}" for key, value in items)
    if text:
        return Edit(tree.path, start, end, text)
    call = tree.parent(arg)
    before = call.args[list(call.args).index(arg) - 1] if isinstance(call, cst.Call) and call.args[0] is not arg else None
    return Edit(tree.path, tree.outer_span(before.value)[1] if before is not None else start, end, "")


def _items(body: Body, value: cst.BaseExpression) -> list[tuple[str, cst.BaseExpression]] | None:
    """The keys and values of a dict that is written out; None for anything else."""
    if isinstance(value, cst.Dict):
        found = []
        for element in value.elements:
            key = element.key if isinstance(element, cst.DictElement) else None
            text = key.evaluated_value if isinstance(key, cst.SimpleString) else None
            if not isinstance(text, str) or not text.isidentifier():
                raise NoForm("a key of the dict is no plain name")
            found.append((text, element.value))
        return found
    if isinstance(value, cst.Call) and body.dotted(value.func) == "builtins.dict":
        if any(arg.star or arg.keyword is None for arg in value.args):
            raise NoForm("the dict is made of another one")
        return [(arg.keyword.value, arg.value) for arg in value.args if arg.keyword is not None]
    return None


def _local(body: Body, name: str) -> list[Edit]:
    tree = body.tree
    stores = [by for bound, by in bindings(body.function.body) if bound.value == name]
    if not stores or body.facts.parameter(tree.path, body.qualname, name):
        raise NoForm("what the dict holds is not known")
    small = tree.parent(stores[0])
    if len(stores) != 1 or not isinstance(small, cst.Assign) or len(small.targets) != 1:
        raise NoForm(f"{name} is assigned more than once, or changed")
    items = _items(body, small.value)
    line = tree.statement(small)
    if items is None or line is None or not tree.own_line(line):
        raise NoForm(f"what {name} holds is not known")
    keys = [key for key, _ in items]
    if len(set(keys)) != len(keys):
        raise NoForm(f"a key of {name} is given twice")
    uses = loads(body.function.body, name)
    args = [tree.parent(use) for use in uses]
    if not all(isinstance(arg, cst.Arg) and arg.star == "**" for arg in args):
        raise NoForm(f"{name} is also changed or used in another way")
    names = FreshNames(tree, body.function)
    taken = body.hidden | {n.value for n in tree.find(cst.Name, tree.module) if tree.dotted(n)}
    spelt = {key: key if key not in taken and not tree.dotted(cst.Name(key)) else names.fresh(f"{name}_{key}") for key in keys}
    lines = [f"{spelt[key]} = {_line(source(tree, value))}" for key, value in items] or ["pass"]
    edits = [tree.replace(small, (tree.newline + tree.indent(line)).join(lines))]
    for arg in args:
        assert isinstance(arg, cst.Arg)
        edits.append(_instead(tree, arg, [(key, spelt[key]) for key in keys]))
    return edits


def _line(text: str) -> str:
    return f"({text})" if "\n" in text else text


def _attribute(body: Body, value: cst.Attribute) -> list[tuple[str, str]]:
    """The keys of a dict that every instance has, each with its value for scripting and the question to the dict for eager."""
    tree, name = body.tree, value.attr.value
    made = [
        node
        for node in tree.find(cst.Assign)
        if any(isinstance(t.target, cst.Attribute) and t.target.attr.value == name for t in node.targets)
    ]
    held = _literal(made[0].value) if len(made) == 1 and tree.scope(made[0]).endswith(".__init__") else None
    if held is None or any(isinstance(above, cst.If | cst.For | cst.While | cst.Try) for above in tree.ancestors(made[0])):
        raise NoForm(f"self.{name} is not known to hold the same in every instance")
    for node in tree.find(cst.Attribute):
        above = tree.parent(node)
        if node.attr.value != name:
            continue
        stored = isinstance(above, cst.Subscript) and isinstance(tree.parent(above), cst.AssignTarget | cst.AugAssign | cst.Del)
        if stored or (isinstance(above, cst.Attribute) and above.attr.value in ("update", "pop", "setdefault", "clear", "popitem")):
            raise NoForm(f"self.{name} is changed elsewhere")
    items: list[tuple[str, str]] = []
    for key, item in held.items():
        if not isinstance(key, str) or not key.isidentifier() or not _plain(item):
            raise NoForm(f"self.{name} holds more than numbers and texts")
        text = f"{item!r} if {body.spell('torch.jit.is_scripting')}() else {tree.code(value)}[{key!r}]"
        items.append((key, f"({text})"))
    return items


def _literal(node: cst.BaseExpression) -> dict[object, object] | None:
    """The value of a dict that is written out, or None."""
    try:
        value = ast.literal_eval(cst.Module([]).code_for_node(node))
    except (ValueError, SyntaxError):
        return None
    return value if isinstance(value, dict) else None


def _plain(item: object) -> bool:
    if isinstance(item, list | tuple):
        return all(type(part) in (int, float) for part in item) and bool(item)
    return type(item) in _PLAIN and item == item and item not in (float("inf"), float("-inf"))
