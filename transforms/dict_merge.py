"""SF321: dicts put together, compared and made of keys in the ways that the compiler lacks."""

from __future__ import annotations

import keyword
from collections.abc import Iterator

import libcst as cst

from scriptify.facts.model import Facts
from scriptify.transform import Declines, Edit, Fires, Focus, Ignores, Phase, Proposal, Transform
from scriptify.transforms._dicts import PLAIN, Plain, plain, type_of
from scriptify.transforms._expression import BOOL, INT, STR, Body, NoForm, bodies, decline, rewrite
from scriptify.tree import Tree
from scriptify.tree.substitute import bound_inside, calm, source, stable

_HEAD = "import torch\nfrom torch import nn\n\n\nclass Net(nn.Module):\n    def forward(self, x: torch.Tensor):\n"
_ENTRY = "Net(), (torch.randn(2, 3),)"


def _net(body: str) -> str:
    return _HEAD + "".join(f"        {line}\n" for line in body.splitlines())


def _fires(before: str, after: str, name: str) -> Fires:
    return Fires(_net(before), _net(after), entry=_ENTRY, name=name)


class DictMerge(Transform):
    """``{**d, "b": v}`` -> ``dict(d, b=v)``; ``a | b`` -> ``dict(list(a.items()) + list(b.items()))`` when scripting, and others alike.

    The compiler's dicts have no expansion, no ``|``, no comparison and no ``fromkeys``, and ``update`` takes one dict.
    Keys keep their order, and of two values for one key the last stays, as before. What ``|`` gives in eager code depends
    on the class of the left dict, so there it stays where the source does not show a plain one.
    """

    code = "SF321"
    name = "dict-merge"
    phase = Phase.VALUES
    explains = (
        "Dict expansion",
        "attribute lookup is not defined on dict",
        "has no attribute 'lineno'",
        "but instead found type 'Dict[",
        "for argument 'self' but instead found",
    )
    hints = ("**", "|", "fromkeys", "==", "!=", ".update(")
    source = "https://docs.pytorch.org/docs/stable/jit_language_reference_v2.html"
    examples = (
        _fires(
            'd = {"a": x}\nreturn {**d, "b": x * 2}, {**d}',
            'd = {"a": x}\nreturn dict(d, b=x * 2), dict(d)',
            "a dict and one more key",
        ),
        _fires(
            'd = {"a": x}\ne = {"b": x, **d, "a.c": x + 1, **d}\nreturn e',
            'd = {"a": x}\ne = dict([("b", x)] + list(d.items()) + [("a.c", x + 1)] + list(d.items()))\nreturn e',
            "several dicts and keys",
        ),
        _fires(
            'd = {"a": x} | {"b": x}\nd |= {"c": x}\nd.update(e=x)\nreturn d',
            'd = dict(list({"a": x}.items()) + list({"b": x}.items()))\nd.update({"c": x})\nd.update(dict(e=x))\nreturn d',
            "operators",
        ),
        Fires(
            _net('return d | {"b": x}')
            .replace("x: torch.Tensor", "x: torch.Tensor, d: Dict[str, torch.Tensor]")
            .replace("import torch\n", "from typing import Dict\n\nimport torch\n", 1),
            _net('return dict(list(d.items()) + list({"b": x}.items())) if torch.jit.is_scripting() else d | {"b": x}')
            .replace("x: torch.Tensor", "x: torch.Tensor, d: Dict[str, torch.Tensor]")
            .replace("import torch\n", "from typing import Dict\n\nimport torch\n", 1),
            entry='Net(), (torch.randn(2, 3), {"a": torch.ones(1)})',
            name="a dict of any class",
        ),
        _fires(
            'a = {"n": x.size(0)}\nif a == {"n": 2} and a != {}:\n    return x + 1\nreturn x',
            'a = {"n": x.size(0)}\n'
            'if ((len(a) == len({"n": 2}) and all([k in {"n": 2} and {"n": 2}[k] == v for k, v in a.items()]))'
            ' if torch.jit.is_scripting() else a == {"n": 2}) and len(a) != 0:\n    return x + 1\nreturn x',
            "the same keys and values",
        ),
        _fires(
            'd = dict.fromkeys(("a", "b"), 1)\nreturn x * d["a"], list(dict.fromkeys([1, 1, 2]))',
            'd = {k: 1 for k in ["a", "b"]}\nreturn x * d["a"], list({k: True for k in [1, 1, 2]})',
            "from keys",
        ),
        Declines(_net('d = dict.fromkeys(["a"], [x])\nreturn d["a"][0]'), because="share"),
        Ignores(_net('d = {"a": x}\nd.update({"b": x})\nreturn dict(d, c=x), x.size(0) | 1, x == x')),
        Ignores('def f(d):\n    return {**d, "a": 1}\n', name="not compiled"),
    )

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Every such dict in compiled code."""
        for body in bodies(tree, facts):
            for node in body.find(cst.CSTNode):  # type: ignore[type-abstract]
                if not isinstance(node, cst.Dict | cst.BinaryOperation | cst.AugAssign | cst.Comparison | cst.Call):
                    continue
                try:
                    edits = _edits(body, node)
                except NoForm as reason:
                    yield decline(self, body, node, f"the compiler does not know {tree.code(node)[:60]}: {reason}")
                    continue
                if edits:
                    title = f"{' '.join(tree.code(node).split())[:60]} in another form"
                    yield rewrite(self, body, node, title, edits, why="the compiler's dicts have no such form")


def _edits(body: Body, node: cst.CSTNode) -> list[Edit]:
    if isinstance(node, cst.Dict):
        return _display(body, node)
    if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.BitOr):
        return _either(body, node)
    if isinstance(node, cst.AugAssign) and isinstance(node.operator, cst.BitOrAssign):
        return _joined(body, node)
    if isinstance(node, cst.Comparison):
        return _same(body, node)
    if isinstance(node, cst.Call):
        dotted = body.dotted(node.func)
        if dotted == "builtins.dict.fromkeys":
            return _from_keys(body, node)
        if isinstance(node.func, cst.Attribute) and node.func.attr.value == "update":
            return _updated(body, node, node.func.value)
    return []


def _display(body: Body, node: cst.Dict) -> list[Edit]:
    """``dict(...)`` in place of a display that takes other dicts in."""
    tree, elements = body.tree, node.elements
    if not any(isinstance(element, cst.StarredDictElement) for element in elements):
        return []
    if "dict" in body.hidden or "list" in body.hidden:
        raise NoForm("dict or list means something else here")
    keys = [element.key for element in elements if isinstance(element, cst.DictElement)]
    names = [_word(key) for key in keys]
    first = elements[0]
    if isinstance(first, cst.StarredDictElement) and len(keys) == len(elements) - 1 and all(names) and len(set(names)) == len(names):
        parts = [source(tree, first.value)]
        parts += [f"{name}={source(tree, element.value)}" for name, element in zip(names, elements[1:], strict=True)]
        return [tree.replace(node, f"dict({', '.join(parts)})")]
    texts: list[str] = []
    pairs: list[str] = []
    for element in elements:
        if isinstance(element, cst.DictElement):
            pairs.append(f"({source(tree, element.key)}, {source(tree, element.value)})")
            continue
        if pairs:
            texts.append(f"[{', '.join(pairs)}]")
            pairs = []
        texts.append(_items(body, element.value))
    texts += [f"[{', '.join(pairs)}]"] if pairs else []
    return [tree.replace(node, f"dict({' + '.join(texts)})")]


def _word(key: cst.BaseExpression) -> str:
    """A literal key as the keyword it can be written as, or ``""``."""
    text = key.evaluated_value if isinstance(key, cst.SimpleString) else None
    plain_word = isinstance(text, str) and text.isidentifier() and text.isascii() and not keyword.iskeyword(text)
    return text if plain_word and isinstance(text, str) and text != "self" else ""


def _items(body: Body, node: cst.BaseExpression) -> str:
    text = source(body.tree, node)
    simple = node.lpar or isinstance(node, cst.Name | cst.Attribute | cst.Call | cst.Subscript | cst.Dict)
    return f"list({text if simple else f'({text})'}.items())"


def _either(body: Body, node: cst.BinaryOperation) -> list[Edit]:
    """``a | b`` of two dicts."""
    above = body.tree.parent(node)
    if isinstance(above, cst.BinaryOperation) and isinstance(above.operator, cst.BitOr) and above.left is node:
        return []  # a part of the one above
    parts = _operands(node)
    if any(type_of(body, part) is None for part in parts):
        return []
    if {"dict", "list"} & body.hidden:
        raise NoForm("dict or list means something else here")
    text = f"dict({' + '.join(_items(body, part) for part in parts)})"
    if all(plain(body, part) is PLAIN for part in parts):
        return [body.tree.replace(node, text)]
    return body.guarded(node, text)


def _operands(node: cst.BaseExpression) -> list[cst.BaseExpression]:
    if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.BitOr):
        return [*_operands(node.left), node.right]
    return [node]


def _joined(body: Body, node: cst.AugAssign) -> list[Edit]:
    """``d |= e`` as ``d.update(e)``."""
    tree = body.tree
    if type_of(body, node.target) is None:
        return []
    text = f"{tree.code(node.target)}.update({source(tree, node.value)})"
    if plain(body, node.target) is not Plain.UNKNOWN:
        return [tree.replace(node, text)]
    line = tree.statement(node)
    if line is None or not tree.own_line(line):
        raise NoForm("it shares its line")
    test = body.spell("torch.jit.is_scripting")
    return [tree.replace_statement(line, [f"if {test}():", f"    {text}", "else:", f"    {tree.code(node)}"])]


def _same(body: Body, node: cst.Comparison) -> list[Edit]:
    """``a == b`` of two dicts, key by key."""
    tree, target = body.tree, node.comparisons[0]
    right = target.comparator
    if len(node.comparisons) != 1 or not isinstance(target.operator, cst.Equal | cst.NotEqual):
        return []
    types = type_of(body, node.left), type_of(body, right)
    if types[0] is None or types[1] is None:
        return []
    equal = isinstance(target.operator, cst.Equal)
    if isinstance(right, cst.Dict) and not right.elements:
        return [tree.replace(node, f"len({source(tree, node.left)}) {'==' if equal else '!='} 0")]
    if not all(type_.args and type_.args[1] in (INT, STR, BOOL) for type_ in types if type_ is not None):
        raise NoForm("only dicts of whole numbers, texts and truth values are surely compared alike")
    if not all(_again(body, side) for side in (node.left, right)):
        raise NoForm("a side would be computed more than once")
    if {"len", "all"} & body.hidden:
        raise NoForm("len or all means something else here")
    k, v = _fresh(body, node, "k"), _fresh(body, node, "v")
    left_text, right_text = tree.operand(node.left), tree.operand(right)
    text = (
        f"(len({left_text}) == len({right_text}) and "
        f"all([{k} in {right_text} and {right_text}[{k}] == {v} for {k}, {v} in {left_text}.items()]))"
    )
    return body.guarded(node, text if equal else f"(not {text})")


def _again(body: Body, node: cst.BaseExpression) -> bool:
    if isinstance(node, cst.Dict):
        return all(isinstance(e, cst.DictElement) and calm(body.tree, e.key) and calm(body.tree, e.value) for e in node.elements)
    return stable(node)


def _fresh(body: Body, node: cst.CSTNode, base: str) -> str:
    taken = body.hidden | bound_inside(body.function) | {name.value for name in body.tree.find(cst.Name, node)}
    return next(name for name in (base, f"{base}_item", f"{base}_dict", f"{base}_dict_item") if name not in taken)


def _from_keys(body: Body, call: cst.Call) -> list[Edit]:
    """``dict.fromkeys(keys, value)`` as a comprehension."""
    tree = body.tree
    if any(arg.star or arg.keyword for arg in call.args) or len(call.args) not in (1, 2):
        raise NoForm("it is called in another way")
    keys = call.args[0].value
    if len(call.args) == 1:
        if not _only_keys(body, call):
            raise NoForm("its values are None, which says nothing of what they will be; give it a value of their type")
        value = "True"
    else:
        given = call.args[1].value
        if isinstance(given, cst.List | cst.Tuple | cst.Dict) or not calm(tree, given):
            raise NoForm("all keys share one value, which would be made for each")
        value = source(tree, given)
    text = source(tree, keys)
    if isinstance(keys, cst.Tuple):
        text = f"[{', '.join(source(tree, element.value) for element in keys.elements)}]"
    k = _fresh(body, call, "k")
    return [tree.replace(call, f"{{{k}: {value} for {k} in {text}}}")]


def _only_keys(body: Body, call: cst.Call) -> bool:
    """Whether nothing but the keys of a dict is asked for."""
    above = body.tree.parent(call)
    if isinstance(above, cst.For | cst.CompFor):
        return above.iter is call
    outer = body.tree.parent(above) if isinstance(above, cst.Arg) else None
    return isinstance(outer, cst.Call) and body.dotted(outer.func) in ("builtins.list", "builtins.len", "builtins.sorted")


def _updated(body: Body, call: cst.Call, owner: cst.BaseExpression) -> list[Edit]:
    """``d.update(b=v)`` with one dict for argument."""
    tree = body.tree
    words = [arg for arg in call.args if arg.keyword is not None]
    pairs = bool(call.args) and isinstance(call.args[0].value, cst.List) and not call.args[0].star
    if not (words or pairs) or any(arg.star for arg in call.args) or type_of(body, owner) is None:
        return []
    if "dict" in body.hidden:
        raise NoForm("dict means something else here")
    given = [tree.text[tree.span(arg)[0] : tree.outer_span(arg.value)[1]] for arg in call.args]
    return [tree.replace(call, f"{tree.code(call.func)}(dict({', '.join(given)}))")]
