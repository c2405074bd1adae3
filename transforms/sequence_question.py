"""SF322: what lists, tuples and sizes are asked in ways that the compiler lacks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import libcst as cst

from scriptify.facts.model import Facts
from scriptify.facts.types import Type
from scriptify.transform import Declines, Edit, Fires, Focus, Ignores, Phase, Proposal, Transform
from scriptify.transforms._dicts import values_of
from scriptify.transforms._expression import FLOAT, INT, STR, Body, NoForm, bodies, decline, rewrite
from scriptify.transforms._fstring import counted
from scriptify.transforms._helper_text import above_definitions
from scriptify.tree import Tree
from scriptify.tree.shapes import shape_read
from scriptify.tree.substitute import calm, source

_HEAD = "import torch\nfrom torch import nn\n\n\nclass Net(nn.Module):\n    def forward(self, x: torch.Tensor):\n"
_ENTRY = "Net(), (torch.randn(2, 3),)"
_HELPER = "_comes_before"
_LITERAL = re.compile(r"[-(]*[\d.]+(?:[eE][-+]?\d+)?\)*")
_LINES = (
    "    for left, right in zip(first, second):",
    "        if left != right:",
    "            return left < right",
    "    return len(first) < len(second)",
)
_CALLS = tuple(f"builtins.{name}" for name in ("sum", "len", "max", "min", "sorted", "list", "enumerate", "zip"))
_ORDERS = {cst.LessThan: "<", cst.LessThanEqual: "<=", cst.GreaterThan: ">", cst.GreaterThanEqual: ">="}


def _net(body: str) -> str:
    return _HEAD + "".join(f"        {line}\n" for line in body.splitlines())


def _helped(body: str) -> str:
    helper = "\n".join([f"def {_HELPER}(first: List[int], second: List[int]) -> bool:", *_LINES])
    head = "import torch\nfrom torch import nn\nfrom typing import List\n"
    return _net(body).replace("import torch\nfrom torch import nn\n", f"{head}\n\n{helper}\n", 1)


def _fires(before: str, after: str, name: str) -> Fires:
    return Fires(_net(before), _net(after), entry=_ENTRY, name=name)


class SequenceQuestion(Transform):
    """``(a, b) < (1, 3)`` -> ``a < 1 or (a == 1 and b < 3)`` when scripting; ``x.shape[1:].numel()`` -> a product; and others alike.

    The compiler does not order tuples and lists, knows no ``numel`` of a size, no ``index`` from a position on, and slices
    tuples by literals alone. Scripted code gets the same answer in another form, eager code keeps its own.
    """

    code = "SF322"
    name = "sequence-question"
    phase = Phase.VALUES
    explains = (
        "'List[int]' object has no attribute or method 'numel'",
        "for argument 'self' but instead found type 'List[",
        "for argument 'self' but instead found type 'Tuple[",
        "tuple slice indices must be integer constants",
    )
    hints = ("<", ">", "numel(", ".index(", "[")
    source = "https://docs.pytorch.org/docs/stable/jit_language_reference_v2.html"
    examples = (
        _fires(
            "if (x.size(0), 2) < (2, 3):\n    return x + 1\nreturn x",
            "if ((x.size(0) < 2 or (x.size(0) == 2 and 2 < 3)) if torch.jit.is_scripting() else (x.size(0), 2) < (2, 3)):\n"
            "    return x + 1\nreturn x",
            "the order of tuples",
        ),
        Fires(
            _net("return x + 1 if x.shape > (2, 2, 9) else x"),
            _helped("return x + 1 if (_comes_before([2, 2, 9], x.shape) if torch.jit.is_scripting() else x.shape > (2, 2, 9)) else x"),
            entry=_ENTRY,
            name="the order of sizes",
        ),
        _fires(
            "return x * x.shape[1:].numel(), x.shape.numel()",
            "return x * (int(torch.tensor(x.shape[1:], dtype=torch.int64).prod()) if torch.jit.is_scripting() else x.shape[1:].numel()),"
            " x.numel()",
            "the number of elements",
        ),
        _fires(
            "ks = [1, 2, 1]\nreturn x * ks.index(1, 1)",
            "ks = [1, 2, 1]\nreturn x * (ks[1:].index(1) + 1 if torch.jit.is_scripting() else ks.index(1, 1))",
            "an index from a position on",
        ),
        _fires(
            "t = (1, 2, 3)\nn = x.size(0)\nreturn x * sum(t[:n])",
            "t = (1, 2, 3)\nn = x.size(0)\nreturn x * sum(list(t)[:n] if torch.jit.is_scripting() else t[:n])",
            "a slice of a tuple",
        ),
        Fires(
            _net("return x + _comes_before if x.shape > (2, 2, 9) else x").replace("\n\n\nclass", "\n\n_comes_before = 3\n\n\nclass", 1),
            _helped(
                "return x + _comes_before if (_comes_before([2, 2, 9], x.shape)"
                " if torch.jit.is_scripting() else x.shape > (2, 2, 9)) else x"
            )
            .replace("_comes_before(", "_comes_before_2(")
            .replace("\n\n\nclass", "\n\n_comes_before = 3\n\n\nclass", 1),
            name="a helper's name that is taken",
        ),
        Declines(_net('n = float("nan")\nreturn x * ((n, 1) < (n, 2))'), because="a float"),
        Declines(_net("ks = [1, 2, 1, 1]\nreturn ks.index(ks.pop(), 1)"), because="after the slice"),
        Declines(_net("ks = [1, 2, 1]\nreturn x * ks.index(1, -1)"), because="from the end"),
        Ignores(_net("t = (1, 2, 3)\nreturn x * sum(t[:2]) + [1, 2].index(2) + x.numel(), 1 < x.size(0) < 3, (1, 2) == (2, 1)")),
        Ignores("def f(x):\n    return x.shape[1:].numel(), (1, 2) < (2, 3)\n", name="not compiled"),
    )

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Every such question in compiled code."""
        for body in bodies(tree, facts):
            nodes: list[cst.BaseExpression] = [*body.find(cst.Comparison), *body.find(cst.Call), *body.find(cst.Subscript)]
            for node in nodes:
                try:
                    edits = _edits(body, node)
                except NoForm as reason:
                    yield decline(self, body, node, f"the compiler does not know {tree.code(node)[:60]}: {reason}")
                    continue
                if edits:
                    title = f"{' '.join(tree.code(node).split())[:60]} in another form"
                    yield rewrite(self, body, node, title, edits, why="the compiler does not know this form")


def _edits(body: Body, node: cst.BaseExpression) -> list[Edit]:
    if isinstance(node, cst.Comparison):
        return _order(body, node)
    if isinstance(node, cst.Subscript):
        return _slice(body, node)
    if isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute):
        name = node.func.attr.value
        if name == "numel" and not node.args:
            return _numel(body, node, node.func.value)
        if name == "index" and len(node.args) in (2, 3) and not any(arg.star or arg.keyword for arg in node.args):
            return _index(body, node, node.func.value)
    return []


def _order(body: Body, node: cst.Comparison) -> list[Edit]:
    sign = _ORDERS.get(type(node.comparisons[0].operator))
    if len(node.comparisons) != 1 or sign is None:
        return []
    left, right = node.left, node.comparisons[0].comparator
    parts = _parts(body, left), _parts(body, right)
    if parts[0] is not None and parts[1] is not None:
        if not _alike(body, parts[0], parts[1], (left, right)):
            raise NoForm("a float that is not a number equals itself in a row, and nowhere else")
        return body.guarded(node, _written(parts[0], parts[1], sign))
    sides = _listed(body, left, parts[0]), _listed(body, right, parts[1])
    if sides[0] is None or sides[1] is None:
        return []
    if sign in (">", "<=") and not (calm(body.tree, left) and calm(body.tree, right)):
        raise NoForm("its sides would be computed in another order")
    first, second = sides if sign in ("<", ">=") else sides[::-1]
    helper, made = _helper(body.tree)
    text = f"{'not ' if '=' in sign else ''}{helper}({first}, {second})"
    edits = body.guarded(node, text)
    if not made:
        spelt = f"{body.spell('typing.List')}[int]"
        lines = [f"def {helper}(first: {spelt}, second: {spelt}) -> bool:", *_LINES]
        edits.append(above_definitions(body.tree, lines))
    return edits


def _helper(tree: Tree) -> tuple[str, bool]:
    """The helper's name, and whether the file has it already; a name that the file uses for something else is not taken."""
    for name, function in tree.functions():
        if name.startswith(_HELPER) and [line.strip() for line in tree.code(function).splitlines()[1:]] == [
            line.strip() for line in _LINES
        ]:
            return name, True
    taken = {name.value for name in tree.find(cst.Name)}
    names = (_HELPER, *(f"{_HELPER}_{number}" for number in range(2, len(taken) + 3)))
    return next(name for name in names if name not in taken), False


def _alike(body: Body, left: Sequence[str], right: Sequence[str], nodes: tuple[cst.BaseExpression, cst.BaseExpression]) -> bool:
    """Whether no float stands against another that could be the same nan, which rows take for equal and ``==`` does not."""
    kinds = _kinds(body, nodes[0]), _kinds(body, nodes[1])
    rows = zip(left, right, *kinds, strict=False)
    return all(
        FLOAT not in (one, other) or INT in (one, other) or _LITERAL.fullmatch(a) or _LITERAL.fullmatch(b) for a, b, one, other in rows
    )


def _kinds(body: Body, node: cst.BaseExpression) -> list[Type | None]:
    if isinstance(node, cst.Tuple | cst.List):
        return [body.certain.type_of(element.value) for element in node.elements]
    type_ = body.certain.type_of(node)
    return list(type_.args) if type_ is not None else []


def _parts(body: Body, node: cst.BaseExpression) -> list[str] | None:
    """The items of a tuple or list of known length, as texts that may be computed twice; None for anything else."""
    if isinstance(node, cst.Tuple | cst.List):
        values = [element.value for element in node.elements]
        plain = all(isinstance(element, cst.Element) for element in node.elements)
        if not plain or not values or not all(calm(body.tree, v) and body.certain.type_of(v) in (INT, FLOAT, STR) for v in values):
            return None
        return [body.tree.operand(value) for value in values]
    type_ = body.certain.type_of(node)
    if not isinstance(node, cst.Name | cst.Attribute) or type_ is None or type_.name != "Tuple" or not type_.args:
        return None
    known = all(part in (INT, FLOAT, STR) for part in type_.args)
    return [f"{body.tree.code(node)}[{at}]" for at in range(len(type_.args))] if known else None


def _written(left: Sequence[str], right: Sequence[str], sign: str) -> str:
    """The order of two rows of items, item by item."""
    strict = sign[0]
    shorter = min(len(left), len(right))
    equal = {"<": len(left) < len(right), "<=": len(left) <= len(right), ">": len(left) > len(right), ">=": len(left) >= len(right)}[sign]
    last = f"{left[shorter - 1]} {strict}{'=' if equal else ''} {right[shorter - 1]}"
    text = last
    for at in reversed(range(shorter - 1)):
        text = f"{left[at]} {strict} {right[at]} or ({left[at]} == {right[at]} and {f'({text})' if ' or ' in text else text})"
    return f"({text})" if " or " in text else text


def _listed(body: Body, node: cst.BaseExpression, parts: Sequence[str] | None) -> str | None:
    """A sequence of whole numbers as a list of the compiler's; None for anything else."""
    tree = body.tree
    if isinstance(node, cst.Tuple | cst.List):
        known = parts is not None and all(body.certain.type_of(element.value) == INT for element in node.elements)
        return f"[{', '.join(source(tree, element.value) for element in node.elements)}]" if known else None
    if _size(body, node) or body.certain.type_of(node) == Type("List", (INT,)):
        return tree.code(node)
    if isinstance(node, cst.Name) and node.value not in body.hidden and _constant(tree, node.value):
        return f"list({node.value})"
    return None


def _constant(tree: Tree, name: str) -> bool:
    """Whether a name is a tuple that the file makes once, at its top level."""
    made = [node for node in tree.find(cst.Assign) if any(getattr(t.target, "value", "") == name for t in node.targets)]
    if len(made) != 1 or tree.scope(made[0]):
        return False
    value = made[0].value
    return isinstance(value, cst.Tuple) or (isinstance(value, cst.Call) and tree.dotted(value.func) == "builtins.tuple")


def _size(body: Body, node: cst.BaseExpression, depth: int = 4) -> bool:
    """Whether an expression is a tensor's size, or a part of it."""
    if isinstance(node, cst.Attribute):
        return shape_read(node) and body.tensor(node.value)
    if isinstance(node, cst.Subscript):
        return len(node.slice) == 1 and isinstance(node.slice[0].slice, cst.Slice) and _size(body, node.value, depth)
    if isinstance(node, cst.Call):
        sized = isinstance(node.func, cst.Attribute) and node.func.attr.value == "size" and not node.args and body.tensor(node.func.value)
        return sized or body.dotted(node.func) == "torch.Size"
    if isinstance(node, cst.Name) and depth:
        values = values_of(body, node.value)
        return values is not None and all(_size(body, value, depth - 1) for value in values)
    return False


def _numel(body: Body, call: cst.Call, owner: cst.BaseExpression) -> list[Edit]:
    """The number of elements of a size."""
    if not _size(body, owner):
        return []
    if isinstance(owner, cst.Attribute) and body.surely(owner.value):
        return body.leaning(owner.value, call, [body.tree.replace(call, f"{body.tree.operand(owner.value)}.numel()")], annotated=True)
    tensor, dtype = body.spell("torch.tensor"), body.spell("torch.int64")
    return body.guarded(call, f"int({tensor}({source(body.tree, owner)}, dtype={dtype}).prod())")


def _index(body: Body, call: cst.Call, owner: cst.BaseExpression) -> list[Edit]:
    """``xs.index(v, start)`` of a list."""
    type_ = body.certain.type_of(owner)
    if type_ is None or type_.name != "List" or not isinstance(owner, cst.Name | cst.Attribute | cst.List):
        return []
    value, *ends = [arg.value for arg in call.args]
    if not calm(body.tree, value):
        raise NoForm("what is looked for would be computed after the slice")
    if not all(counted(body, end) and calm(body.tree, end) for end in ends):
        raise NoForm("where it begins is perhaps counted from the end")
    tree = body.tree
    start = tree.operand(ends[0])
    stop = tree.operand(ends[1]) if len(ends) > 1 else ""
    return body.guarded(call, f"{tree.code(owner)}[{start}:{stop}].index({source(tree, value)}) + {start}")


def _slice(body: Body, node: cst.Subscript) -> list[Edit]:
    """``t[:n]`` of a tuple whose items are of one type, where a list does as well."""
    cut = node.slice[0].slice
    if len(node.slice) != 1 or not isinstance(cut, cst.Slice):
        return []
    bounds = [part for part in (cut.lower, cut.upper, cut.step) if part is not None]
    if all(isinstance(b.expression if isinstance(b, cst.UnaryOperation) else b, cst.Integer) for b in bounds):
        return []
    type_ = body.certain.type_of(node.value)
    if type_ is None or type_.name != "Tuple" or len(set(type_.args)) != 1 or not body.builtin("list"):
        return []
    above = body.tree.parent(node)
    call = body.tree.parent(above) if isinstance(above, cst.Arg) else None
    walked = isinstance(above, cst.For | cst.CompFor) and above.iter is node
    if not walked and not (isinstance(call, cst.Call) and body.dotted(call.func) in _CALLS):
        raise NoForm("a tuple of a length that is known only when it runs has no type; use a list")
    text = f"list({source(body.tree, node.value)}){body.tree.text[body.tree.outer_span(node.value)[1] : body.tree.span(node)[1]]}"
    return body.guarded(node, text)
