"""SF321: dicts put together, compared and made of keys in the ways that the compiler lacks."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scriptify.facts.model import Facts
from scriptify.transform import Edit, Focus, Phase, Proposal, Transform
from scriptify.transforms._dict_display import display, items, quiet
from scriptify.transforms._dict_merge_examples import EXAMPLES
from scriptify.transforms._dicts import PLAIN, Plain, plain, type_of
from scriptify.transforms._expression import BOOL, FLOAT, INT, STR, Body, NoForm, bodies, decline, rewrite
from scriptify.tree import Tree
from scriptify.tree.hoist import with_comments
from scriptify.tree.substitute import FreshNames, bound_inside, calm, source, stable


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
    examples = EXAMPLES

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
        return display(body, node)
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


def _either(body: Body, node: cst.BinaryOperation) -> list[Edit]:
    """``a | b`` of two dicts."""
    above = body.tree.parent(node)
    if isinstance(above, cst.BinaryOperation) and isinstance(above.operator, cst.BitOr) and above.left is node:
        return []  # a part of the one above
    parts = _operands(node)
    if any(type_of(body, part) is None for part in parts):
        return []
    body.need("dict", "list")
    if not all(quiet(body, part) for part in parts):
        raise NoForm("its sides would be computed twice, or in another order; give them names first")
    if _noted(body, node):
        raise NoForm("a comment inside would be lost")
    text = f"dict({' + '.join(items(body, part) for part in parts)})"
    if all(plain(body, part) is PLAIN for part in parts):
        return [body.tree.replace(node, text)]
    return body.guarded(node, text)


def _noted(body: Body, node: cst.CSTNode) -> bool:
    return any(True for _ in body.tree.find(cst.Comment, node))


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
    line = tree.parent(node)  # not ``if c: d |= e``, whose statement is the whole of the if
    if not isinstance(line, cst.SimpleStatementLine) or not tree.own_line(line):
        raise NoForm("it shares its line")
    test = body.spell("torch.jit.is_scripting")
    lines = [f"if {test}():", f"    {text}", "else:", f"    {tree.code(node)}"]
    return [tree.replace_statement(line, with_comments(tree, line, lines, [node]))]


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
    if _noted(body, node):
        raise NoForm("a comment inside would be lost")
    for side, other in ((right, node.left), (node.left, right)):
        if isinstance(side, cst.Dict) and not side.elements:
            return _empty(body, node, other, equal)
    if PLAIN not in (plain(body, node.left), plain(body, right)):
        raise NoForm("two OrderedDicts are equal only in the same order, and the source does not show that one is a plain dict")
    if types[0].args[:1] != types[1].args[:1]:
        raise NoForm("their keys are not known to be of one type")
    if not all(type_.args and type_.args[1] in (INT, STR, BOOL) for type_ in types if type_ is not None):
        raise NoForm("only dicts of whole numbers, texts and truth values are surely compared alike")
    if not all(_again(body, side) for side in (node.left, right)):
        raise NoForm("a side would be computed more than once")
    body.need("len", "all")
    k, v = _fresh(body, node, "k"), _fresh(body, node, "v")
    left_text, right_text = tree.operand(node.left), tree.operand(right)
    text = (
        f"(len({left_text}) == len({right_text}) and "
        f"all([{k} in {right_text} and {right_text}[{k}] == {v} for {k}, {v} in {left_text}.items()]))"
    )
    return body.guarded(node, text if equal else f"(not {text})")


def _empty(body: Body, node: cst.Comparison, asked: cst.BaseExpression, equal: bool) -> list[Edit]:
    """``d == {}`` as a question for its length: in eager code only where the source shows a dict, for None equals nothing."""
    body.need("len")
    text = f"len({source(body.tree, asked)}) {'==' if equal else '!='} 0"
    return [body.tree.replace(node, text)] if plain(body, asked) is not Plain.UNKNOWN else body.guarded(node, text)


def _again(body: Body, node: cst.BaseExpression) -> bool:
    if isinstance(node, cst.Dict):
        return all(isinstance(e, cst.DictElement) and calm(body.tree, e.key) and calm(body.tree, e.value) for e in node.elements)
    return stable(node)


def _fresh(body: Body, node: cst.CSTNode, base: str) -> str:
    taken = body.hidden | bound_inside(body.function) | {name.value for name in body.tree.find(cst.Name, node)}
    return base if base not in taken else FreshNames(body.tree, body.function).fresh(f"{base}_item")


def _from_keys(body: Body, call: cst.Call) -> list[Edit]:
    """``dict.fromkeys(keys, value)`` as a comprehension."""
    tree = body.tree
    if any(arg.star or arg.keyword for arg in call.args) or len(call.args) not in (1, 2):
        raise NoForm("it is called in another way")
    if _noted(body, call):
        raise NoForm("a comment inside would be lost")
    keys = call.args[0].value
    only = len(call.args) == 1
    if only and not _only_keys(body, call):
        raise NoForm("its values are None, which says nothing of what they will be; give it a value of their type")
    value = "True" if only else _shared(body, call.args[1].value)
    k = _fresh(body, call, "k")
    text = f"{{{k}: {value} for {k} in {_keys(body, keys)}}}"
    return [tree.replace(call, f"list({text})" if only and _walked(body, call) else text)]


def _shared(body: Body, given: cst.BaseExpression) -> str:
    """The value that all keys share, where to write it for each of them gives that very object or an equal number or text."""
    fixed = body.certain.type_of(given) in (INT, STR, BOOL, FLOAT) and calm(body.tree, given)
    held = body.types.self_attribute(given) is not None  # a property may make a new one each time
    named = isinstance(given, cst.Name) or (isinstance(given, cst.Attribute) and held)
    if not fixed and not named:
        raise NoForm("all keys share one value, which would be made for each; give it a name first")
    return source(body.tree, given)


def _keys(body: Body, keys: cst.BaseExpression) -> str:
    text = source(body.tree, keys)
    if body.type_of(keys) == STR and not text.isascii():
        raise NoForm("scripting goes through a text byte by byte")
    if body.type_of(keys) == STR and not isinstance(keys, cst.SimpleString):
        raise NoForm("scripting goes through a text byte by byte, and this one is no literal")
    if not isinstance(keys, cst.Tuple):
        return text
    if any(isinstance(element, cst.StarredElement) for element in keys.elements):
        raise NoForm("its keys are expanded")
    return f"[{', '.join(source(body.tree, element.value) for element in keys.elements)}]"


def _walked(body: Body, call: cst.Call) -> bool:
    """Whether it is gone through, which the compiler does with lists alone."""
    above = body.tree.parent(call)
    outer = body.tree.parent(above) if isinstance(above, cst.Arg) else None
    return not isinstance(outer, cst.Call) or body.dotted(outer.func) == "builtins.sorted"


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
    words = [arg.value for arg in call.args if arg.keyword is not None]
    given = [arg.value for arg in call.args if arg.keyword is None]
    pairs = bool(given) and isinstance(given[0], cst.List)
    if type_of(body, owner) is None or not (words or pairs or any(arg.star for arg in call.args)):
        return []
    if any(arg.star for arg in call.args):
        raise NoForm("its arguments are expanded")
    if (pairs and not quiet(body, given[0])) or (given and not all(quiet(body, word) for word in words)):
        raise NoForm("what it is given would be computed twice, or in another order; give it a name first")
    body.need("dict")
    start, end = tree.span(call.args[0])[0], tree.outer_span(call.args[-1].value)[1]
    edits = [tree.insert(start, "dict("), tree.insert(end, ")")]
    # A class of its own may do something else with keywords than with a dict.
    return edits if plain(body, owner) is not Plain.UNKNOWN else body.when_scripted(call, edits)
