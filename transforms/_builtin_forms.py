"""The forms of builtins that scripting lacks, by the builtin."""

from __future__ import annotations

import keyword
from collections.abc import Callable

import libcst as cst

from scriptify.facts.types import Type
from scriptify.transform import Edit
from scriptify.transforms._asked_values import has_attribute, is_callable, is_subclass, local_function
from scriptify.transforms._dicts import Plain, plain
from scriptify.transforms._expression import BOOL, INT, STR, TENSOR, Body, NoForm, only, positional
from scriptify.transforms._number import literal_int
from scriptify.transforms._operator_calls import got_text, operator_text
from scriptify.transforms._sure_numbers import sure_number
from scriptify.tree.shapes import shape_read
from scriptify.tree.substitute import FreshNames, calm, source


def call_edits(body: Body, call: cst.Call, asked: bool) -> list[Edit]:
    """The edits for one call; none where it is not of these. Raises NoForm."""
    dotted = body.dotted(call.func)
    if dotted in ("builtins.any", "builtins.all"):
        return _truths(body, call, asked)
    if dotted in _BY_NAME:
        return _BY_NAME[dotted](body, call)
    if dotted.startswith("operator."):
        text = operator_text(body, call, dotted)
        if dotted.strip("_").endswith("getitem"):
            return [body.tree.replace(call, text)]
        return body.instead(call, text) if text else []
    maker = call.func
    if isinstance(maker, cst.Call) and body.dotted(maker.func) in ("operator.attrgetter", "operator.methodcaller"):
        return [body.tree.replace_outer(call, got_text(body, call, maker, body.dotted(maker.func)))]
    return []


def identical_edits(body: Body, node: cst.Comparison) -> list[Edit]:
    """``id(x) == id(y)`` of Tensors that are named."""
    sides = [node.left, *(part.comparator for part in node.comparisons)]
    if len(sides) != 2 or not all(isinstance(side, cst.Call) and body.dotted(side.func) == "builtins.id" for side in sides):
        return []
    values = [positional(side) for side in sides if isinstance(side, cst.Call)]
    signs = {cst.Equal: "is", cst.NotEqual: "is not"}
    sign = signs.get(type(node.comparisons[0].operator))
    if sign is None or [len(value) for value in values] != [1, 1]:
        raise NoForm("only whether two are the same one can be asked")
    if not all(isinstance(value[0], cst.Name | cst.Attribute) and body.tensor(value[0]) for value in values):
        raise NoForm("only Tensors keep their identity when scripted")
    return [body.tree.replace(node, f"{body.tree.code(values[0][0])} {sign} {body.tree.code(values[1][0])}")]


def _callable(body: Body, call: cst.Call) -> list[Edit]:
    if any(local_function(body, value) for value in positional(call)):
        return [body.tree.replace(call, "True")]  # so that the function itself can go
    return body.guarded(call, str(is_callable(body, call)))


def _has(body: Body, call: cst.Call) -> list[Edit]:
    answer = has_attribute(body, call)
    return [] if answer is None else body.guarded(call, str(answer))


def _got(body: Body, call: cst.Call) -> list[Edit]:
    """``getattr(t, 'name', default)`` of a Tensor, a list or a number."""
    if len(call.args) != 3:
        return []
    answer = has_attribute(body, call)
    if answer is None:
        return []
    only(call)
    owner, name, default = positional(call)
    if not calm(body.tree, default):
        raise NoForm("what it falls back on is itself computed")
    if not answer:
        return body.guarded(call, body.tree.code(default))
    assert isinstance(name, cst.SimpleString)
    return body.guarded(call, f"{body.tree.operand(owner)}.{name.evaluated_value!s}")


def _set(body: Body, call: cst.Call) -> list[Edit]:
    """``setattr(self, 'name', value)`` as the assignment it is."""
    owner, name, value = positional(call) if len(positional(call)) == 3 else (None, None, None)
    if owner is None or value is None or not isinstance(name, cst.SimpleString):
        raise NoForm("the name it sets is computed")
    if body.surely(owner):
        raise NoForm("a Tensor of scripting carries no attributes but its own")
    text = name.evaluated_value
    plain = isinstance(text, str) and text.isidentifier() and not text.startswith("__") and not keyword.iskeyword(text)
    if not plain or not isinstance(owner, cst.Name | cst.Attribute) or not isinstance(body.tree.parent(call), cst.Expr):
        raise NoForm("it is no plain assignment")
    if not isinstance(owner, cst.Name) and not calm(body.tree, value):
        raise NoForm("an assignment computes the value first, and what it is set on afterwards")
    written = source(body.tree, value)
    written = f"({written})" if "\n" in written and not value.lpar else written
    return [body.tree.replace(call, f"{body.tree.code(owner)}.{text!s} = {written}")]


def _sorted(body: Body, call: cst.Call) -> list[Edit]:
    """``sorted(d)`` of a dict: its keys."""
    given = call.args[0].value if call.args and call.args[0].keyword is None and not call.args[0].star else None
    known = body.certain.type_of(given) if isinstance(given, cst.Name | cst.Attribute) else None
    if given is None or known is None or known.name != "Dict":
        return []
    edits = [body.tree.replace(given, f"{body.tree.code(given)}.keys()")]
    return edits if plain(body, given) is Plain.DICT else body.when_scripted(call, edits)  # by annotation it may be a list of keys


def _subclass(body: Body, call: cst.Call) -> list[Edit]:
    return body.guarded(call, str(is_subclass(body, call)))


def _text(body: Body, call: cst.Call) -> list[Edit]:
    """``repr(n)`` and ``format(n)`` where ``str`` writes the same."""
    given = positional(call)
    dotted = body.dotted(call.func)
    if not given or any(arg.keyword for arg in call.args):
        raise NoForm("it is called in another way")
    known = body.certain.type_of(given[0])
    spec = given[1] if len(given) == 2 else None
    text = spec.evaluated_value if isinstance(spec, cst.SimpleString) else "" if spec is None else "?"
    inner = body.tree.code(given[0])
    body.builtins("str()")
    if known == INT and (text == "" or (text == "d" and dotted == "builtins.format")):
        return body.guarded(call, f"str({inner})")
    if known == BOOL and text == "":
        return body.guarded(call, f"str({inner})")
    if known == STR and dotted == "builtins.format" and text in ("", "s"):
        return body.guarded(call, inner)
    sized = shape_read(given[0]) and body.tensor(given[0].value)
    if sized and dotted == "builtins.repr":
        return body.guarded(call, f"'torch.Size(' + str({inner}) + ')'")
    if known == Type("List", (INT,)) and isinstance(given[0], cst.List) and dotted == "builtins.repr":
        return body.guarded(call, f"str({inner})")
    raise NoForm("str would write another text when scripted, or what it is given is not known")


def _power(body: Body, call: cst.Call) -> list[Edit]:
    if len(call.args) != 3:
        return []
    numbers = [literal_int(value) for value in positional(call)]
    if len(numbers) == 3 and all(number is not None for number in numbers) and body.builtin("pow"):
        base, exponent, modulus = (number or 0 for number in numbers)
        if modulus > 0 and exponent >= 0:
            return [body.tree.replace(call, str(pow(base, exponent, modulus)))]
    raise NoForm("its arguments are no literals")


def _range(body: Body, call: cst.Call) -> list[Edit]:
    """Bounds that are Tensors, which eager code takes by their ``__index__``."""
    edits: list[Edit] = []
    for bound in positional(call):
        if body.surely(bound):
            edits += body.guarded(bound, body.builtins(f"int({body.tree.code(bound)})"))
    return edits


def _length(body: Body, call: cst.Call) -> list[Edit]:
    given = positional(call)
    inner = given[0] if len(given) == 1 else None
    if not isinstance(inner, cst.Call) or body.dotted(inner.func) != "builtins.range":
        return []
    return [body.tree.replace_outer(inner, body.builtins(f"list({source(body.tree, inner)})"))]


def _sum(body: Body, call: cst.Call) -> list[Edit]:
    """A sum of whole numbers that starts from one, or of lists that starts from an empty one."""
    start = call.args[1] if len(call.args) == 2 and call.args[1].keyword is None else None
    start = start or next((arg for arg in call.args[1:] if arg.keyword is not None and arg.keyword.value == "start"), None)
    if start is None or len(call.args) != 2 or call.args[0].star or call.args[0].keyword is not None:
        return []
    items, tree = call.args[0].value, body.tree
    if isinstance(start.value, cst.List) and not start.value.elements:
        names = FreshNames(tree, body.function)
        group, item = names.fresh("group"), names.fresh("item")
        held = body.stated(items)
        if held is None or held.name != "List" or held.args[0].name != "List":
            raise NoForm("whether it adds lists alone, as a comprehension would, is not known")
        return [tree.replace_outer(call, f"[{item} for {group} in {source(tree, items)} for {item} in {group}]")]
    known = body.certain.type_of(items)
    element = body.certain.type_of(items.elt) if isinstance(items, cst.GeneratorExp | cst.ListComp) else None
    if body.certain.type_of(start.value) != INT or (known != Type("List", (INT,)) and element != INT):
        return []
    if not calm(tree, start.value):
        raise NoForm("where it starts would be computed earlier")
    text = f"{tree.operand(start.value)} + sum({source(tree, items)})"
    # Of whole numbers alone the order makes no difference.
    whole = body.proved_type(items) == Type("List", (INT,)) or _counted_items(body, items)
    return body.instead(call, text) if whole and sure_number(body, start.value) == INT else body.guarded(call, text)


def _counted_items(body: Body, items: cst.BaseExpression) -> bool:
    return isinstance(items, cst.GeneratorExp | cst.ListComp) and sure_number(body, items.elt) == INT


def _truths(body: Body, call: cst.Call, asked: bool) -> list[Edit]:
    """``any`` and ``all`` of Tensors, whose truth is asked one by one."""
    items = positional(call)[0] if len(call.args) == 1 and not call.args[0].star else None
    if items is None or body.dotted(cst.Name("bool")) != "builtins.bool":
        return []
    tree = body.tree
    if (
        isinstance(items, cst.GeneratorExp | cst.ListComp)
        and isinstance(items.elt, cst.Call)
        and body.dotted(items.elt.func) == "builtins.bool"
    ):
        return []
    if isinstance(items, cst.GeneratorExp):
        return [tree.replace_outer(items.elt, f"bool({source(tree, items.elt)})")] if asked or body.tensor(items.elt) else []
    known = body.type_of(items)
    if isinstance(items, cst.ListComp) and (asked or body.tensor(items.elt)):
        start, end = tree.span(items.elt)
        text, at = tree.code(items), tree.span(items)[0]
        return body.guarded(call, f"{tree.code(call.func)}({text[: start - at]}bool({tree.code(items.elt)}){text[end - at :]})")
    if isinstance(items, cst.List | cst.Tuple) and items.elements and all(body.tensor(e.value) for e in items.elements):
        listed = ", ".join(f"bool({source(tree, e.value)})" for e in items.elements)
        return body.guarded(call, f"{tree.code(call.func)}([{listed}])")
    if known == Type("List", (TENSOR,)) and isinstance(items, cst.Name):
        return [tree.replace_outer(items, f"bool(item) for item in {tree.code(items)}")] if "item" not in body.hidden else []
    return []


def _default(body: Body, call: cst.Call) -> list[Edit]:
    """``max(xs, default=v)`` of a list."""
    named = [arg for arg in call.args if arg.keyword is not None]
    if [arg.keyword.value for arg in named if arg.keyword is not None] != ["default"]:
        return []
    only(call, "default")
    given = positional(call)
    known = body.certain.type_of(given[0]) if len(given) == 1 else None
    if known is None or known.name != "List" or not calm(body.tree, given[0]):
        raise NoForm("it goes through something that is no list, or that would be computed twice")
    if not calm(body.tree, named[0].value):
        raise NoForm("what it falls back on is itself computed")
    code = body.tree.code
    text = body.builtins(f"({code(call.func)}({code(given[0])}) if len({code(given[0])}) > 0 else {code(named[0].value)})")
    proved = body.proved_type(given[0])
    listed = proved is not None and proved.name == "List"  # by annotation it may be a generator, which has no length
    return [body.tree.replace_outer(call, text)] if listed else body.guarded(call, text)


_BY_NAME: dict[str, Callable[[Body, cst.Call], list[Edit]]] = {
    "builtins.callable": _callable,
    "builtins.hasattr": _has,
    "builtins.getattr": _got,
    "builtins.setattr": _set,
    "builtins.sorted": _sorted,
    "builtins.issubclass": _subclass,
    "builtins.repr": _text,
    "builtins.format": _text,
    "builtins.pow": _power,
    "builtins.range": _range,
    "builtins.len": _length,
    "builtins.sum": _sum,
    "builtins.max": _default,
    "builtins.min": _default,
}
