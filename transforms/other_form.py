"""SF903: calls the compiler does not know, as ones it does: pop with None, itemgetter, startswith of several, and the like."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import libcst as cst

from scriptify.facts.model import Facts
from scriptify.transform import Edit, Focus, Phase, Proposal, Transform
from scriptify.transforms._dicts import Plain, plain, values_of
from scriptify.transforms._expression import BOOL, INT, STR, Body, NoForm, bodies, decline, keywords, only, positional, repeatable, rewrite
from scriptify.transforms._other_form_examples import EXAMPLES
from scriptify.transforms._own_methods import may_be_own
from scriptify.tree import Tree
from scriptify.tree.substitute import calm, source


class OtherForm(Transform):
    """``d.pop(k, None)`` -> ``(d.pop(k) if k in d else None)``; ``operator.itemgetter(0)(xs)`` -> ``xs[0]``, and others alike.

    Each is a call that the compiler refuses, with another that gives the same. Where eager code could tell the two
    apart, it keeps the first and scripted code takes the second.
    """

    code = "SF903"
    name = "other-form"
    phase = Phase.VALUES
    explains = (
        "for argument 'default_value'",
        "Cannot instantiate class 'Parameter'",
        "Cannot instantiate class 'itemgetter'",
        "object has no attribute or method 'numpy'",
        "aten::startswith",
        "aten::endswith",
        "object has no attribute or method 'removeprefix'",
        "object has no attribute or method 'removesuffix'",
        "object has no attribute or method 'casefold'",
        "object has no attribute or method 'index'",
        "object has no attribute or method 'count'",
        "range cannot be used as a value",
        "attribute lookup is not defined on dict",
        "next",
    )
    hints = (
        *(".pop(", "itemgetter", "Parameter(", "from_numpy", "swith(", "removeprefix", "removesuffix", "casefold"),
        *("in range(", ".index(", ".count(", "as_tensor(", "torch.tensor("),
    )
    source = "https://docs.pytorch.org/docs/stable/jit_language_reference_v2.html"
    examples = EXAMPLES

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Every such call in compiled code."""
        for body in bodies(tree, facts):
            nodes: list[cst.BaseExpression] = [*body.find(cst.Call), *body.find(cst.Comparison)]
            for node in nodes:
                try:
                    edits = _edits(body, node)
                except NoForm as reason:
                    yield decline(self, body, node, f"the compiler does not know {tree.code(node)[:60]}: {reason}")
                    continue
                if edits:
                    why = "the compiler does not know this form"
                    yield rewrite(self, body, node, f"{tree.code(node)[:60]} in another form", edits, why=why)


def _edits(body: Body, node: cst.BaseExpression) -> list[Edit]:
    if isinstance(node, cst.Comparison):
        return _in_range(body, node)
    assert isinstance(node, cst.Call)
    dotted = body.dotted(node.func)
    if dotted in _BY_NAME:
        return _BY_NAME[dotted](body, node)
    if isinstance(node.func, cst.Attribute):
        by = _BY_METHOD.get(node.func.attr.value)
        return by(body, node, node.func.value) if by is not None and not may_be_own(body, node.func) else []
    if isinstance(node.func, cst.Call) and body.dotted(node.func.func) == "operator.itemgetter":
        return _items(body, node, node.func)
    return []


def _in_range(body: Body, node: cst.Comparison) -> list[Edit]:
    target = node.comparisons[0]
    call = target.comparator
    if len(node.comparisons) != 1 or not isinstance(target.operator, cst.In | cst.NotIn) or not isinstance(call, cst.Call):
        return []
    if body.dotted(call.func) != "builtins.range" or not call.args:
        return []
    if body.stated(node.left) != INT or not calm(body.tree, node.left):
        raise NoForm("whether a whole number is looked for is not known")
    bounds = positional(call)
    if len(bounds) != len(call.args) or len(bounds) > 3:
        raise NoForm("it is called in another way")
    _no_comment(body, node)
    tree = body.tree
    if len(bounds) == 3:
        body.need("list")
        return [tree.replace_outer(call, f"list({source(tree, call)})")]
    if not all(body.stated(bound) in (INT, BOOL) and calm(tree, bound) for bound in bounds):
        raise NoForm("its ends are not known as whole numbers that can be computed in another order, or not at all")
    lower = tree.operand(bounds[0]) if len(bounds) == 2 else "0"
    text = f"{lower} <= {tree.operand(node.left)} < {tree.operand(bounds[-1])}"
    negated = isinstance(target.operator, cst.NotIn)
    if not all(body.proved_type(number) in (INT, BOOL) for number in (node.left, *bounds)):
        # A caller may pass 1.5 or a text for what is annotated as an int: such are in no range.
        return body.guarded(node, f"not {text}" if negated else text)
    return [tree.replace_outer(node, f"(not {text})")] if negated else [tree.replace(node, text)]


def _no_comment(body: Body, node: cst.CSTNode) -> None:
    if any(True for _ in body.tree.find(cst.Comment, node)):
        raise NoForm("a comment inside would be lost")


def _items(body: Body, call: cst.Call, getter: cst.Call) -> list[Edit]:
    keys, given = positional(getter), positional(call)
    if len(given) != 1 or not keys or getter.args[0].keyword is not None:
        raise NoForm("it is called in another way")
    tree = body.tree
    if len(keys) > 1:
        repeatable(given[0])
    items = [f"{tree.operand(given[0])}[{tree.code(key)}]" for key in keys]
    return [tree.replace_outer(call, items[0] if len(items) == 1 else f"({', '.join(items)})")]


def _parameter(body: Body, call: cst.Call) -> list[Edit]:
    found = only(call, "requires_grad")
    data = positional(call)
    if len(data) != 1:
        raise NoForm("it is made of something else than one tensor")
    wanted = found["requires_grad"].value if "requires_grad" in found else None
    tracked = wanted is None or body.tree.code(wanted) == "True"
    if not tracked and body.tree.code(wanted) != "False":  # type: ignore[arg-type]
        raise NoForm("whether it wants a gradient is computed")
    text = f"{body.tree.operand(data[0])}.detach(){'.requires_grad_(True)' if tracked else ''}"
    return body.guarded(call, text) if call.lpar else _guarded(body, call, text)


def _guarded(body: Body, call: cst.Call, text: str) -> list[Edit]:
    test = body.spell("torch.jit.is_scripting")
    return [body.tree.replace(call, f"({text} if {test}() else {body.tree.code(call)})")]


def _from_numpy(body: Body, call: cst.Call) -> list[Edit]:
    """``torch.from_numpy(t.numpy())``: the tensor itself, cut off from its history."""
    given = call.args[0].value if len(call.args) == 1 and call.args[0].keyword is None else None
    inner = given.func if isinstance(given, cst.Call) and not given.args else None
    if not isinstance(inner, cst.Attribute) or inner.attr.value != "numpy":
        return []
    if not body.tensor(inner.value):
        raise NoForm("whether the array was a tensor is not known")
    copied = body.dotted(call.func) in ("torch.tensor",)
    return _guarded(body, call, f"{body.tree.operand(inner.value)}.detach(){'.clone()' if copied else ''}")


def _pop(body: Body, call: cst.Call, owner: cst.BaseExpression) -> list[Edit]:
    given = positional(call)
    if len(given) != 2 or keywords(call) or body.tree.code(given[1]) != "None":
        return []
    type_ = body.certain.type_of(owner)
    if not isinstance(owner, cst.Name | cst.Attribute) or (type_ is not None and type_.name != "Dict"):
        return []
    repeatable(given[0])
    name, key = body.tree.code(owner), body.tree.code(given[0])
    text = f"({name}.pop({key}) if {key} in {name} else None)"
    # What a caller passes may have a pop with a default, and nothing for "in".
    return body.guarded(call, text) if plain(body, owner) is Plain.UNKNOWN else [body.tree.replace_outer(call, text)]


def _with_ends(body: Body, call: cst.Call, owner: cst.BaseExpression) -> list[Edit]:
    given = positional(call)
    ends = _once(body, given[0]) if len(given) == 1 else None
    if not isinstance(ends, cst.Tuple) or not ends.elements:
        return []
    if ends is not given[0] and not all(isinstance(element.value, cst.SimpleString) for element in ends.elements):
        raise NoForm("what it is asked for is no literal")
    repeatable(owner)
    if any(isinstance(element, cst.StarredElement) or not calm(body.tree, element.value) for element in ends.elements):
        raise NoForm("not all that it is asked for would be computed")
    _no_comment(body, call)
    func = body.tree.code(call.func)
    parts = [f"{func}({source(body.tree, element.value)})" for element in ends.elements]
    return [body.tree.replace_outer(call, f"({' or '.join(parts)})")]


def _once(body: Body, node: cst.BaseExpression) -> cst.BaseExpression:
    """The value of a local name that is bound once, or the expression itself."""
    values = values_of(body, node.value, augmented=False) if isinstance(node, cst.Name) else None
    return values[0] if values is not None and len(values) == 1 else node


def _folded(body: Body, call: cst.Call, owner: cst.BaseExpression) -> list[Edit]:
    """``casefold`` of a text without letters outside ASCII, whose small letters are the same."""
    known = _once(body, owner)
    text = known.evaluated_value if isinstance(known, cst.SimpleString) else None
    if call.args or not isinstance(call.func, cst.Attribute):
        return []
    if isinstance(text, str) and text.isascii():
        return [body.tree.replace(call.func.attr, "lower")]
    raise NoForm("lower(), which scripting has, differs from it for letters outside ASCII; use it where there are none")


def _without_end(body: Body, call: cst.Call, owner: cst.BaseExpression) -> list[Edit]:
    given = positional(call)
    if len(given) != 1 or not isinstance(call.func, cst.Attribute):
        return []
    repeatable(owner)
    literal = _once(body, given[0])
    if not isinstance(literal, cst.SimpleString) or literal.evaluated_value in ("", b""):
        raise NoForm("what goes is no literal")
    tree = body.tree
    name, end = tree.operand(owner), tree.code(given[0])
    first = call.func.attr.value == "removeprefix"
    kept, test = (f"{name}[len({end}):]", "startswith") if first else (f"{name}[:len({name}) - len({end})]", "endswith")
    return [tree.replace_outer(call, f"({kept} if {name}.{test}({end}) else {name})")]


def _of_tuple(body: Body, call: cst.Call, owner: cst.BaseExpression) -> list[Edit]:
    """``index`` and ``count`` of a tuple of numbers or texts."""
    if len(positional(call)) != 1:
        return []
    type_ = body.stated(owner)
    if type_ is None or type_.name != "Tuple" or len(set(type_.args)) != 1 or type_.args[0] not in (INT, STR):
        return []
    tree = body.tree
    if not isinstance(owner, cst.Tuple):
        edits, shown = [tree.replace_outer(owner, body.builtins(f"list({tree.code(owner)})"))], body.proved_type(owner)
        # A caller may pass a text, which looks for more than one letter at once.
        return edits if shown is not None and shown.name == "Tuple" else body.when_scripted(call, edits)
    _no_comment(body, owner)
    # Each element with its own parentheses: the tuple's text may begin and end with those of its first and last.
    return [tree.replace_outer(owner, f"[{', '.join(source(tree, element.value) for element in owner.elements)}]")]


_BY_NAME: dict[str, Callable[[Body, cst.Call], list[Edit]]] = {
    "torch.nn.Parameter": _parameter,
    "torch.nn.parameter.Parameter": _parameter,
    "torch.from_numpy": _from_numpy,
    "torch.tensor": _from_numpy,
    "torch.as_tensor": _from_numpy,
}
_BY_METHOD: dict[str, Callable[[Body, cst.Call, cst.BaseExpression], list[Edit]]] = {
    "pop": _pop,
    "startswith": _with_ends,
    "endswith": _with_ends,
    "removeprefix": _without_end,
    "removesuffix": _without_end,
    "casefold": _folded,
    "index": _of_tuple,
    "count": _of_tuple,
}
