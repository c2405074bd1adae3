"""SF309: sets, as lists where only membership is asked for, and as dicts where it is also counted."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scriptify.facts.model import Facts
from scriptify.facts.types import Type
from scriptify.transform import Declines, Edit, Fires, Focus, Ignores, Phase, Proposal, Transform
from scriptify.transforms._expression import BOOL, FLOAT, INT, STR, Body, NoForm, bodies, decline, rewrite
from scriptify.transforms._own_scope import reads_by_name
from scriptify.tree import Tree
from scriptify.tree.flow import bindings, loads
from scriptify.tree.infer import Guess
from scriptify.tree.substitute import bound_inside, calm, source

_HEAD = "import torch\nfrom torch import nn\n\n\nclass Net(nn.Module):\n    def forward(self, x: torch.Tensor):\n"
_ENTRY = "Net(), (torch.randn(2, 3),)"
_KEYS = (INT, STR)


def _net(body: str, typed: bool = False) -> str:
    head = _HEAD.replace("from torch import nn\n", "from torch import nn\nfrom typing import Dict\n") if typed else _HEAD
    return head + "".join(f"        {line}\n" for line in body.splitlines())


class SetValue(Transform):
    """``n in {4, 8}`` -> ``n in [4, 8]``; ``len(set(xs))`` -> ``len({v: True for v in xs})``.

    The compiler has no sets. Asked only whether it holds something, a set of literals is as good as a list; where it is
    counted or sorted, a dict with the same keys is. The order a set is gone through in is nobody's promise, so loops over
    sets stay. Eager code computes the same with either.
    """

    code = "SF309"
    name = "set-value"
    phase = Phase.SYNTAX
    explains = ("Set aren't supported", "SetComp aren't supported", "set(Tensor", "set(", "frozenset(Tensor")
    hints = ("{", "set(")
    source = "https://docs.pytorch.org/docs/stable/jit_language_reference_v2.html"
    examples = (
        Fires(
            _net("if x.size(1) in {4, 8}:\n    return x\nreturn x + 1"),
            _net("if x.size(1) in [4, 8]:\n    return x\nreturn x + 1"),
            entry=_ENTRY,
            name="membership",
        ),
        Fires(
            _net("s = {i // 2 for i in range(3)}\nreturn x * len(s)"),
            _net("s = {i // 2: True for i in range(3)}\nreturn x * len(s)"),
            entry=_ENTRY,
            name="a comprehension that is counted",
        ),
        Fires(
            _net("n = len(set(x.shape))\nif 3 in set(x.shape):\n    n = n + 1\nreturn n, sorted(set(x.shape))"),
            _net(
                "n = len({v: True for v in x.shape})\nif 3 in {v: True for v in x.shape}:\n    n = n + 1\n"
                "return n, sorted({v: True for v in x.shape}.keys())"
            ),
            entry=_ENTRY,
            name="set of a list",
        ),
        Fires(
            _net("seen = set()\nfor i in range(4):\n    seen.add(i // 2)\nreturn len(seen)"),
            _net("seen: Dict[int, bool] = {}\nfor i in range(4):\n    seen[i // 2] = True\nreturn len(seen)", typed=True),
            entry=_ENTRY,
            name="a set that grows",
        ),
        Fires(
            _net("names = {'a', 'b'}\nreturn x if 'a' in names else x + 1"),
            _net("names = {'a': True, 'b': True}\nreturn x if 'a' in names else x + 1"),
            entry=_ENTRY,
            name="a local set",
        ),
        Declines(_net("for i in {1, 2}:\n    x = x + i\nreturn x"), because="order"),
        Declines(_net("return len({x, x})"), because="numbers or texts"),
        Declines(_net("a = {1, 2}\nb = {2, 3}\nreturn len(a & b)"), because="used in another way"),
        Ignores(_net("return x if x.size(1) in [4, 8] else x + len({'a': 1})")),
    )

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Every set in compiled code."""
        for body in bodies(tree, facts):
            for node in body.find(cst.BaseExpression):  # type: ignore[type-abstract]
                if not _is_set(body, node):
                    continue
                try:
                    edits = _edits(body, node)
                except NoForm as reason:
                    yield decline(self, body, node, f"the compiler has no sets: {reason}")
                    continue
                title = f"{tree.code(node)[:60]} becomes a {'list' if len(edits) == 1 and edits[0].text.startswith('[') else 'dict'}"
                yield rewrite(self, body, node, title, edits, why="the compiler has no sets")


def _is_set(body: Body, node: cst.BaseExpression) -> bool:
    if isinstance(node, cst.Set | cst.SetComp):
        return True
    named = isinstance(node, cst.Call) and body.dotted(node.func) in ("builtins.set", "builtins.frozenset")
    return named and isinstance(node, cst.Call) and all(not arg.star and arg.keyword is None for arg in node.args) and len(node.args) < 2


def _edits(body: Body, node: cst.BaseExpression) -> list[Edit]:
    tree = body.tree
    above = tree.parent(node)
    if isinstance(above, cst.ComparisonTarget) and isinstance(above.operator, cst.In | cst.NotIn):
        whole = tree.parent(above)
        asked = whole.left if isinstance(whole, cst.Comparison) and whole.comparisons[0] is above else None
        if isinstance(node, cst.Set) and _literals(node) and asked is not None and _plain(body, asked):
            return [tree.replace(node, f"[{', '.join(tree.code(e.value) for e in node.elements)}]")]
        return [tree.replace(node, _dict(body, node)[0])]
    if isinstance(above, cst.Arg):
        call = tree.parent(above)
        name = body.dotted(call.func) if isinstance(call, cst.Call) else ""
        if name == "builtins.len":
            return [tree.replace(node, _dict(body, node)[0])]
        if name == "builtins.sorted" and isinstance(call, cst.Call) and len(call.args) == 1:
            return [tree.replace(node, f"{_dict(body, node)[0]}.keys()")]
    if isinstance(above, cst.For | cst.CompFor):
        raise NoForm("the order it is gone through in is not promised; go through sorted(...) of it, or a list")
    if isinstance(above, cst.Assign) and len(above.targets) == 1 and isinstance(above.targets[0].target, cst.Name):
        return _local(body, node, above.targets[0].target)
    raise NoForm("only where it is asked for members, counted or sorted is there another form")


def _plain(body: Body, node: cst.BaseExpression, depth: int = 3) -> bool:
    """Whether a value is a number or text for every caller.

    A list asks with ``==`` alone, a set and a dict for the hash first: what has none is an error, and a Tensor in neither.
    """
    if isinstance(node, cst.Integer | cst.SimpleString):
        return True
    if isinstance(node, cst.Call):
        return body.stated(node) in _KEYS
    values = body.assigned(node) if depth else ()
    return bool(values) and all(_plain(body, value, depth - 1) for value in values)


def _literals(node: cst.Set) -> bool:
    kinds = {type(element.value) for element in node.elements if isinstance(element, cst.Element)}
    return kinds in ({cst.Integer}, {cst.SimpleString}) and len(node.elements) == sum(isinstance(e, cst.Element) for e in node.elements)


def _dict(body: Body, node: cst.BaseExpression) -> tuple[str, Type | None]:
    """A dict with the set's members for keys, and their type. Raises NoForm."""
    tree = body.tree
    if isinstance(node, cst.Set):
        values = [element.value for element in node.elements]
        types = {body.certain.type_of(value) for value in values}
        if any(isinstance(e, cst.StarredElement) for e in node.elements):
            raise NoForm("it takes another one in")
        return f"{{{', '.join(f'{source(tree, value)}: True' for value in values)}}}", _key(types)
    if isinstance(node, cst.SetComp):
        guess = Guess(tree, body.facts, body.qualname, body.function)
        part: cst.CompFor | None = node.for_in
        while part is not None:
            guess = guess.knowing(guess.targets(part.target, guess.element(part.iter)))
            part = part.inner_for_in
        key = _key({guess.of(node.elt)})
        return f"{{{source(tree, node.elt)}: True {tree.code(node.for_in).strip()}}}", key
    assert isinstance(node, cst.Call)
    if not node.args:
        return "{}", None
    items = node.args[0].value
    if isinstance(items, cst.List | cst.Tuple) and items.elements:
        types = {body.certain.type_of(element.value) for element in items.elements}
    elif isinstance(items, cst.GeneratorExp | cst.ListComp):
        inner = cst.SetComp(elt=items.elt, for_in=items.for_in)
        return _dict(body, inner)
    else:
        guess = Guess(tree, body.facts, body.qualname, body.function)
        known = body.certain.type_of(items)
        types = {known.args[0] if known is not None and known.name == "List" and known.args else guess.element(items)}
    name = next(n for n in ("v", "item", "set_item", "set_member") if n not in body.hidden | bound_inside(items))
    return f"{{{name}: True for {name} in {source(tree, items)}}}", _key(types)


def _key(types: set[Type | None]) -> Type:
    if len(types) != 1 or not types <= {INT, STR, FLOAT, BOOL}:
        raise NoForm("its members are not known to be numbers or texts, all of one type")
    key = types.pop()
    if key not in _KEYS:
        raise NoForm("only whole numbers or texts are the same as keys of a dict")
    assert key is not None
    return key


def _local(body: Body, node: cst.BaseExpression, target: cst.Name) -> list[Edit]:
    """The edits for a set that a local name stands for, all of whose uses a dict serves as well."""
    tree, name = body.tree, target.value
    if sum(bound.value == name for bound, _ in bindings(body.function.body)) != 1 or body.facts.parameter(tree.path, body.qualname, name):
        raise NoForm(f"{name} is assigned more than once")
    if by_name := reads_by_name(tree, body.function.body):
        raise NoForm(by_name)
    text, key = _dict(body, node)
    edits: list[Edit] = []
    added: set[Type | None] = set()
    for use in loads(body.function.body, name):
        above = tree.parent(use)
        if isinstance(above, cst.ComparisonTarget) and isinstance(above.operator, cst.In | cst.NotIn):
            continue
        if isinstance(above, cst.Arg) and isinstance(call := tree.parent(above), cst.Call):
            if body.dotted(call.func) == "builtins.len":
                continue
            if body.dotted(call.func) == "builtins.sorted" and len(call.args) == 1:
                edits.append(tree.insert(tree.span(use)[1], ".keys()"))
                continue
        grown = _added(tree, use)
        if grown is None:
            raise NoForm(f"{name} is used in another way than asking for members, counting, sorting and adding")
        if not calm(tree, grown[1]):
            raise NoForm("what is added is computed by a call")
        guess = Guess(tree, body.facts, body.qualname, body.function)
        added.add(body.certain.type_of(grown[1]) or guess.of(grown[1]))
        edits.append(tree.replace(grown[0], f"{name}[{tree.code(grown[1])}] = True"))
    if added:
        grown_key = _key(added)
        if key is not None and grown_key != key:
            raise NoForm("its members are of several types")
        key = grown_key
    if key is None:
        raise NoForm("what it holds is not known")
    if text != "{}":
        return [tree.replace(node, text), *edits]
    spelling = f"{body.spell('typing.Dict')}[{key}, bool]"
    return [tree.insert(tree.span(target)[1], f": {spelling}"), tree.replace(node, text), *edits]


def _added(tree: Tree, use: cst.Name) -> tuple[cst.Expr, cst.BaseExpression] | None:
    """The statement ``name.add(value)`` and its value."""
    attribute = tree.parent(use)
    call = tree.parent(attribute) if isinstance(attribute, cst.Attribute) and attribute.attr.value == "add" else None
    if not isinstance(call, cst.Call) or call.func is not attribute or len(call.args) != 1 or call.args[0].star or call.args[0].keyword:
        return None
    statement = tree.parent(call)
    return (statement, call.args[0].value) if isinstance(statement, cst.Expr) else None
