"""The forms of the functions of ``itertools``: lists, zips and comprehensions."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import libcst as cst

from scriptify.facts.types import Type
from scriptify.transform import Edit
from scriptify.transforms._changes import Changes
from scriptify.transforms._containers import Method
from scriptify.transforms._expression import FLOAT, INT, TENSOR, Body, NoForm, only, positional
from scriptify.transforms._kept import steady, used_within
from scriptify.transforms._listed import CHANGERS, listed
from scriptify.transforms._number import literal_int
from scriptify.transforms._operator_calls import BINARY
from scriptify.tree.flow import stores_in, target_names
from scriptify.tree.hoist import site
from scriptify.tree.shapes import shape_read
from scriptify.tree.substitute import FreshNames, calm, source, stable

_TAKERS = frozenset(f"builtins.{name}" for name in ("list", "sum", "sorted", "max", "min", "enumerate", "zip", "any", "all"))


def itertools_edits(body: Body, call: cst.Call, dotted: str) -> list[Edit]:
    """The edits for one call; none where it is not of these. Raises NoForm or CannotHoist."""
    if dotted == "builtins.zip":
        return _counted(body, call)
    if not dotted.startswith("itertools."):
        return []
    name = dotted.removeprefix("itertools.")
    if name in ("count", "repeat") and len(call.args) < 2:
        above = body.tree.parent(body.tree.parent(call) or call)
        if isinstance(above, cst.Call) and body.dotted(above.func) == "builtins.zip":
            return []  # with its zip
    if name not in _FORMS:
        raise NoForm("there is no form of it that scripting has")
    _at_once(body, call)
    return _FORMS[name](body, call)


def _at_once(body: Body, call: cst.Call) -> None:
    """Raise NoForm where the iterator is kept or may be used in part."""
    above = body.tree.parent(call)
    loop = body.tree.enclosing(call, cst.For)
    used = {body.tree.code(arg.value) for arg in call.args if isinstance(arg.value, cst.Name | cst.Attribute)}
    for inner in body.tree.find(cst.Call, loop.body) if loop is not None and body.tree.contains(loop.iter, call) else ():
        if isinstance(inner.func, cst.Attribute) and inner.func.attr.value in CHANGERS and body.tree.code(inner.func.value) in used:
            raise NoForm("the loop changes what it goes through")
    if loop is not None and body.tree.contains(loop.iter, call) and _written_to(body, loop) & used:
        raise NoForm("the loop changes what it goes through")
    for arg in call.args[body.dotted(call.func) == "itertools.starmap" :]:
        _left_as_it_is(body, call, arg.value)
    if isinstance(above, cst.For | cst.CompFor) and above.iter is call:
        return
    if isinstance(above, cst.Assign) and isinstance(above.targets[0].target, cst.Tuple | cst.List) and len(above.targets) == 1:
        return
    user = body.tree.parent(above) if isinstance(above, cst.Arg) and not above.star else None
    if isinstance(user, cst.Call) and (body.dotted(user.func) in _TAKERS or body.dotted(user.func).startswith("itertools.")):
        return
    if isinstance(user, cst.Call) and isinstance(user.func, cst.Attribute) and user.func.attr.value in ("join", "extend"):
        return
    raise NoForm("only where it is used at once, in a loop or by list, sum and the like, is a list the same")


def _left_as_it_is(body: Body, call: cst.Call, items: cst.BaseExpression) -> None:
    """Raise NoForm where the loop over a call may change a list that goes into it, also under another name or in a method."""
    loop = body.tree.enclosing(call, cst.For)
    if loop is None or not body.tree.contains(loop.iter, call) or not isinstance(items, cst.Name | cst.Attribute):
        return
    if body.certain.type_of(items) == TENSOR:
        return
    method = Method(body.tree, body.facts, body.qualname, body.function)
    if Changes(method).items(items, [loop.body]):
        raise NoForm("the loop may change what it goes through")


def _written_to(body: Body, loop: cst.For) -> set[str]:
    """What a loop's body sets or deletes an item of, as text."""
    targets: list[cst.BaseExpression] = [node.target for node in body.tree.find(cst.AssignTarget, loop.body)]
    targets += [node.target for node in body.tree.find(cst.AugAssign, loop.body)]
    targets += [node.target for node in body.tree.find(cst.Del, loop.body)]
    return {body.tree.code(target.value) for target in targets if isinstance(target, cst.Subscript)}


def _replaced(body: Body, call: cst.Call, text: str) -> list[Edit]:
    above = body.tree.parent(call)
    if any(True for _ in body.tree.find(cst.Comment, call)):
        raise NoForm("a comment inside would be lost")
    bare = isinstance(above, cst.For | cst.CompFor | cst.Arg | cst.Assign) or " " not in text or text.startswith(("[", "zip("))
    body.builtins(text)
    return [body.tree.replace_outer(call, text if bare else f"({text})")]


def _chain(body: Body, call: cst.Call) -> list[Edit]:
    only(call)
    if len(call.args) == 1 and call.args[0].star == "*":
        return _flat(body, call)
    parts = [listed(body, value) for value in positional(call)]
    return _replaced(body, call, " + ".join(parts)) if parts else []


def _flat(body: Body, call: cst.Call) -> list[Edit]:
    spread = call.args[0].star == "*" if len(call.args) == 1 else None
    if spread is None or call.args[0].keyword is not None or spread is body.dotted(call.func).endswith("from_iterable"):
        raise NoForm("it is called in another way")
    names = FreshNames(body.tree, body.function)
    group, item = names.fresh("group"), names.fresh("item")
    listed(body, call.args[0].value)
    return _replaced(body, call, f"[{item} for {group} in {source(body.tree, call.args[0].value)} for {item} in {group}]")


def _product(body: Body, call: cst.Call) -> list[Edit]:
    found = only(call, "repeat")
    pools = positional(call)
    times = literal_int(found["repeat"].value) if "repeat" in found else 1
    if times is None or not 0 < times * len(pools) < 6:
        raise NoForm("how many iterables there are is not known")
    whole = [listed(body, pool) for pool in pools]
    names = FreshNames(body.tree, body.function)
    items = [names.fresh("item") for _ in range(times * len(pools))]
    lines: list[str] = []
    texts = [source(body.tree, pool) for pool in pools]
    if not all(_again(body, pool) for pool in (pools[1:] if times == 1 and len(pools) > 1 else pools)):
        into = [names.fresh("items") for _ in pools]
        lines = [f"{name} = {text}" for name, text in zip(into, whole, strict=True)]
        texts = into
    texts = texts * times
    loops = " ".join(f"for {item} in {text}" for item, text in zip(items, texts, strict=True))
    return _with(body, call, lines, f"[({', '.join(items)}{',' * (len(items) == 1)}) {loops}]")


def _again(body: Body, pool: cst.BaseExpression) -> bool:
    """Whether a pool can be gone through more than once: what is only annotated as a list may be a generator in eager code."""
    if not calm(body.tree, pool):
        return False
    if isinstance(pool, cst.Call):
        return body.dotted(pool.func) in ("builtins.range", "builtins.list", "builtins.tuple")
    shown = body.proved_type(pool)
    held = shown is not None and (shown == TENSOR or shown.name in ("List", "Tuple"))
    return held or isinstance(pool, cst.List | cst.Tuple) or shape_read(pool)


def _combinations(body: Body, call: cst.Call) -> list[Edit]:
    given = positional(call)
    only(call)
    size = literal_int(given[1]) if len(given) == 2 else None
    if size not in (2, 3):
        raise NoForm("it is written out for two or three items only")
    tree, over = body.tree, given[0]
    letters = ["i", "j", "k"][:size]
    if {"i", "j", "k"} & {name.value for name in tree.find(cst.Name, over)}:
        raise NoForm("it uses a name that is needed")
    if isinstance(over, cst.Call) and body.dotted(over.func) == "builtins.range":
        bounds = positional(over)
        if len(bounds) > 2 or not calm(tree, over):
            raise NoForm("its range has a step")
        first, end = tree.code(over), tree.code(bounds[-1])
        loops = [f"for i in {first}", *(f"for {b} in range({a} + 1, {end})" for a, b in pairwise(letters))]
        return _replaced(body, call, f"[({', '.join(letters)}) {' '.join(loops)}]")
    lines, name = _named(body, call, over)
    loop = tree.parent(call)
    if isinstance(loop, cst.For) and isinstance(loop.target, cst.Tuple) and isinstance(loop.body, cst.IndentedBlock):
        return _by_place(body, call, loop, (lines, name), size)
    loops = [
        f"for i in range(len({name}))",
        *(f"for {b} in range({a} + 1, len({name}))" for a, b in pairwise(letters)),
    ]
    return _with(body, call, lines, f"[({', '.join(f'{name}[{letter}]' for letter in letters)}) {' '.join(loops)}]")


def _by_place(body: Body, call: cst.Call, loop: cst.For, items: tuple[list[str], str], size: int) -> list[Edit]:
    """A loop over the places of the items, which its first line looks up."""
    tree, (lines, name) = body.tree, items
    names = FreshNames(tree, body.function)
    kept = names.fresh("items")
    if not lines and (stores_in(loop.body, name) or name in {bound.value for bound in target_names(loop.target)}):
        lines, name = [f"{kept} = {name}"], kept
    places = [names.fresh(letter) for letter in ("i", "j", "k")[:size]]
    counts = [f"for {places[0]} in range(len({name}))", *(f"for {b} in range({a} + 1, len({name}))" for a, b in pairwise(places))]
    first = f"{tree.code(loop.target)} = {', '.join(f'{name}[{place}]' for place in places)}"
    edits = [tree.replace_outer(loop.target, ", ".join(places)), tree.before(loop.body.body[0], [first])]
    text = f"[({', '.join(places)}) {' '.join(counts)}]"
    return [*edits, *(_with(body, call, lines, text) if lines else [tree.replace_outer(call, text)])]


def _named(body: Body, call: cst.Call, over: cst.BaseExpression) -> tuple[list[str], str]:
    """A line that names an iterable as a list where it is none that may be read twice, and the name."""
    text = listed(body, over)
    known = body.certain.type_of(over)
    if isinstance(over, cst.Name) and ((known is not None and known.name == "List") or text == f"list({over.value})"):
        return [], over.value
    name = FreshNames(body.tree, body.function).fresh("items")
    return [f"{name} = {text}"], name


def _with(body: Body, call: cst.Call, lines: list[str], text: str) -> list[Edit]:
    if not lines:
        return _replaced(body, call, text)
    body.builtins("\n".join([*lines, text]))
    return site(body.tree, call).edits(lines, text, FreshNames(body.tree, body.function))


def _pairwise(body: Body, call: cst.Call) -> list[Edit]:
    only(call)
    lines, name = _named(body, call, positional(call)[0])
    return _with(body, call, lines, f"zip({name}[:-1], {name}[1:])")


def _accumulate(body: Body, call: cst.Call) -> list[Edit]:
    found = only(call, "func")
    given = [*positional(call), *(arg.value for arg in found.values())]
    tree = body.tree
    over = listed(body, given[0])
    items = _element(body, given[0])
    whole_numbers = shape_read(given[0]) or body.proved_type(given[0]) == Type("List", (INT,))  # True + 0 is no longer True
    if len(given) == 1 and items == INT and whole_numbers and calm(tree, given[0]):
        text = tree.operand(given[0]) if stable(given[0]) else over
        place = FreshNames(tree, body.function).fresh("i")
        return _replaced(body, call, f"[sum({text}[:{place} + 1]) for {place} in range(len({text}))]")
    above = tree.parent(tree.parent(call) or call)
    if items not in (TENSOR, INT, FLOAT) or not isinstance(above, cst.Call) or body.dotted(above.func) != "builtins.list" or len(given) > 2:
        raise NoForm("what it adds up is not known, or it is not taken as a whole list")
    names = FreshNames(tree, body.function)
    into, item = names.fresh("items"), names.fresh("item")
    sign = "+" if len(given) == 1 else BINARY.get(body.dotted(given[1]).removeprefix("operator."), "")
    if not sign and not body.dotted(given[1]).startswith("torch."):
        raise NoForm("its function is none of torch or operator")
    step = f"{into}[-1] {sign} {item}" if sign else f"{tree.code(given[1])}({into}[-1], {item})"
    typed = "" if items == TENSOR else f": {body.spell('typing.List')}[{items}]"
    lines = [f"{into}{typed} = []", f"for {item} in {over}:", f"    {into}.append({item} if len({into}) == 0 else {step})"]
    return site(tree, call).edits(lines, into, names)


def _element(body: Body, node: cst.BaseExpression) -> Type | None:
    if shape_read(node):
        return INT
    known = body.type_of(node)
    if known is not None and known.name == "List":
        return known.args[0]
    if known is not None and known.name == "Tuple" and len(set(known.args)) == 1:
        return known.args[0]
    return TENSOR if known == TENSOR or (listed(body, node).startswith("list(") and known is None) else None


def _repeat(body: Body, call: cst.Call) -> list[Edit]:
    found = only(call, "times")
    given = [*positional(call), *(arg.value for arg in found.values())]
    if len(given) != 2 or body.certain.type_of(given[1]) != INT:
        raise NoForm("how often it repeats is not known")
    return _replaced(body, call, f"[{source(body.tree, given[0])}] * {body.tree.operand(given[1])}")


def _islice(body: Body, call: cst.Call) -> list[Edit]:
    only(call)
    over, *bounds = positional(call)
    if not 0 < len(bounds) < 4 or not all(_natural(body, bound) for bound in bounds):
        raise NoForm("whether its bounds are never negative is not known")
    texts = ["" if body.tree.code(bound) == "None" else body.tree.code(bound) for bound in bounds]
    return _replaced(body, call, f"{listed(body, over)}[{':'.join(texts) if len(texts) > 1 else f':{texts[0]}'}]")


def _natural(body: Body, bound: cst.BaseExpression) -> bool:
    number = literal_int(bound)
    if number is not None:
        return number >= 0
    sized = isinstance(bound, cst.Call) and (
        body.dotted(bound.func) == "builtins.len" or (isinstance(bound.func, cst.Attribute) and bound.func.attr.value in ("size", "dim"))
    )
    return sized or body.tree.code(bound) == "None"


def _starmap(body: Body, call: cst.Call) -> list[Edit]:
    only(call)
    function, pairs = positional(call)
    rows = list(pairs.elements) if isinstance(pairs, cst.List | cst.Tuple) else []
    sizes = {_row_size(row) for row in rows}
    if len(sizes) != 1 or 0 in sizes or not isinstance(function, cst.Name | cst.Attribute):
        raise NoForm("how many arguments each call gets is not known")
    if not steady(body.tree, function, used_within(body.tree, call, body.function)):
        raise NoForm(f"{body.tree.code(function)} may be bound anew while it goes through the items")
    names = FreshNames(body.tree, body.function)
    items = [names.fresh("item") for _ in range(sizes.pop())]
    listed_items = ", ".join(items) + "," * (len(items) == 1)
    text = f"{body.tree.code(function)}({', '.join(items)}) for {listed_items} in {source(body.tree, pairs)}"
    above = body.tree.parent(call)
    alone = isinstance(above, cst.Arg) and len(getattr(body.tree.parent(above), "args", ())) == 1
    return [body.tree.replace_outer(call, text if alone else f"({text})")]


def _row_size(row: cst.BaseElement) -> int:
    """How many values a row that is written out has; 0 where that is not known."""
    parts = row.value.elements if isinstance(row, cst.Element) and isinstance(row.value, cst.Tuple | cst.List) else ()
    return len(parts) if all(isinstance(part, cst.Element) for part in parts) else 0


def _counted(body: Body, call: cst.Call) -> list[Edit]:
    """``zip(itertools.count(), xs)`` as ``enumerate(xs)``, and ``zip(xs, itertools.repeat(k))`` with as many as there are items."""
    plain = len(call.args) == 2 and not any(arg.star or arg.keyword for arg in call.args)
    last = call.args[1].value if plain else None
    if isinstance(last, cst.Call) and body.dotted(last.func) == "itertools.repeat" and len(last.args) == 1:
        _at_once(body, last)
        _left_as_it_is(body, call, call.args[0].value)
        if not calm(body.tree, last.args[0].value):
            raise NoForm("what it repeats would be computed in another order")
        lines, name = _named(body, call, call.args[0].value)
        text = f"{body.tree.code(call.func)}({name}, [{source(body.tree, last.args[0].value)}] * len({name}))"
        return _with(body, call, lines, text)
    first = call.args[0].value if plain else None
    if not isinstance(first, cst.Call) or body.dotted(first.func) != "itertools.count":
        return []
    start = [body.tree.code(value) for value in positional(first)]
    if len(start) > 1 or any(arg.keyword for arg in first.args):
        raise NoForm("it counts in steps")
    if any(body.certain.type_of(value) != INT or not calm(body.tree, value) for value in positional(first)):
        raise NoForm("whether it counts from a whole number that may be computed later is not known")
    items = call.args[1].value
    text = source(body.tree, items)
    if isinstance(items, cst.Call) and body.dotted(items.func) == "itertools.repeat":
        count = positional(items)
        text = f"[{body.tree.code(count[0])}] * {body.tree.operand(count[1])}" if len(count) == 2 else text
    return [body.tree.replace(call, body.builtins(f"enumerate({', '.join([text, *start])})"))]


_FORMS: dict[str, Callable[[Body, cst.Call], list[Edit]]] = {
    "chain": _chain,
    "chain.from_iterable": _flat,
    "product": _product,
    "combinations": _combinations,
    "pairwise": _pairwise,
    "accumulate": _accumulate,
    "repeat": _repeat,
    "islice": _islice,
    "starmap": _starmap,
}
