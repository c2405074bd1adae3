"""SF724: unary plus, which the compiler has no node for."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scriptify.facts.model import Facts
from scriptify.transform import Declines, Edit, Fires, Focus, Ignores, Phase, Proposal, Transform
from scriptify.transforms._expression import BOOL, FLOAT, INT, TENSOR, Body, NoForm, bodies, decline, rewrite
from scriptify.transforms._kept import is_target, set_by_name
from scriptify.tree import Tree, stores_in
from scriptify.tree.flow import parameter_names
from scriptify.tree.fold import numbers
from scriptify.tree.shapes import shape_read, size_read

_HEAD = """import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.k = 2.5

    def forward(self, x: torch.Tensor):
"""
_ENTRY = "Net(), (torch.randn(2, 4),)"
_MAKE_NUMBERS = frozenset(f"builtins.{name}" for name in ("int", "float", "len", "abs", "round", "ord"))
_COUNTS = frozenset({"size", "dim", "numel", "nelement", "ndimension", "stride", "bit_length"})
_PLUS = "'UnaryOp' object has no attribute 'range'"


def _net(body: str, head: str = _HEAD) -> str:
    return head + "".join(f"        {line}\n" for line in body.splitlines())


class UnaryPlus(Transform):
    """``+n`` of a number -> ``n``; ``+x`` of a Tensor -> ``torch.positive(x)``, which is the Tensor itself as well.

    The compiler's front end takes ``-`` and ``~`` but no ``+``, and ends with an AttributeError of its own that names no
    place. ``torch.positive`` is what the operator calls. Where only the compiler takes a value for a Tensor, eager code
    goes on with ``operator.pos``, which is the operator for every type.
    """

    code = "SF724"
    name = "unary-plus"
    phase = Phase.SYNTAX
    explains = (_PLUS,)
    hints = ("+",)
    source = "https://docs.pytorch.org/docs/stable/generated/torch.positive.html"
    examples = (
        Fires(
            _net("n = x.size(0)\nreturn torch.clamp(x, -1, +1) * -(+n) + +self.k"),
            _net("n = x.size(0)\nreturn torch.clamp(x, -1, 1) * -(n) + self.k"),
            entry=_ENTRY,
            name="numbers",
        ),
        Fires(
            _net("y = torch.abs(x)\nz = + y\nz.add_(1)\nreturn y"),
            _net("y = torch.abs(x)\nz = torch.positive(y)\nz.add_(1)\nreturn y"),
            entry=_ENTRY,
            name="a tensor",
        ),
        Fires(
            _net("return + x"),
            _net(
                "return (torch.positive(x) if torch.jit.is_scripting() else operator.pos(x))",
                _HEAD.replace("from torch import nn\n", "from torch import nn\nimport operator\n"),
            ),
            entry=_ENTRY,
            name="what is annotated as a tensor, but may be an array that is copied",
        ),
        Fires(
            _net("return +(x > 0).float() ** 2", _HEAD.replace("x: torch.Tensor", "x")),
            _net(
                "return (torch.positive((x > 0).float() ** 2) if torch.jit.is_scripting() else operator.pos((x > 0).float() ** 2))",
                _HEAD.replace("x: torch.Tensor", "x").replace("from torch import nn\n", "from torch import nn\nimport operator\n"),
            ),
            entry=_ENTRY,
            name="a tensor to the compiler",
        ),
        Fires(
            _net("return x if not+n else x + 1", _HEAD.replace("x: torch.Tensor", "x: torch.Tensor, n: int")),
            _net(
                "return x if not (n if torch.jit.is_scripting() else operator.pos(n)) else x + 1",
                _HEAD.replace("x: torch.Tensor", "x: torch.Tensor, n: int").replace("import nn\n", "import nn\nimport operator\n"),
            ),
            entry="Net(), (torch.rand(2, 4), 1)",
            name="right behind a word",
        ),
        Fires(
            _net("b = x.dim() > 1\nreturn x * +b"),
            _net("b = x.dim() > 1\nreturn x * int(b)"),
            entry=_ENTRY,
            name="a bool",
        ),
        Fires(
            _net("return x * +n", _HEAD.replace("x: torch.Tensor", "x: torch.Tensor, n: int")),
            _net(
                "return x * (n if torch.jit.is_scripting() else operator.pos(n))",
                _HEAD.replace("x: torch.Tensor", "x: torch.Tensor, n: int").replace("import nn\n", "import nn\nimport operator\n"),
            ),
            entry="Net(), (torch.rand(2, 4) > 0.5, True)",
            name="an int, which a caller may give as a bool",
        ),
        Fires(
            _net("m = n * 2\nm_2 = +m\nm_2 += 1.5\nreturn x * m + m_2", _HEAD.replace("x: torch.Tensor", "x: torch.Tensor, n: float")),
            _net(
                "m = n * 2\nm_2 = (m if torch.jit.is_scripting() else operator.pos(m))\nm_2 += 1.5\nreturn x * m + m_2",
                _HEAD.replace("x: torch.Tensor", "x: torch.Tensor, n: float").replace("import nn\n", "import nn\nimport operator\n"),
            ),
            entry="Net(), (torch.rand(4), 2.0)",
            name="another name of what is given, which may be an array that is changed in place",
        ),
        Fires(
            _net("return x * +n[0] * +max(m, 2)", _HEAD.replace("x: torch.Tensor", "x: torch.Tensor, n: Tuple[int, int], m: int")),
            _net(
                "return x * (n[0] if torch.jit.is_scripting() else operator.pos(n[0])) "
                "* (max(m, 2) if torch.jit.is_scripting() else operator.pos(max(m, 2)))",
                _HEAD.replace("x: torch.Tensor", "x: torch.Tensor, n: Tuple[int, int], m: int").replace("nn\n", "nn\nimport operator\n", 1),
            ),
            name="an item of what is given, and one of two",
        ),
        Fires(
            _net("c = b\nreturn x * +c", _HEAD.replace("x: torch.Tensor", "x: torch.Tensor, b: bool")),
            _net(
                "c = b\nreturn x * (int(c) if torch.jit.is_scripting() else operator.pos(c))",
                _HEAD.replace("x: torch.Tensor", "x: torch.Tensor, b: bool").replace("nn\n", "nn\nimport operator\n", 1),
            ),
            entry="Net(), (torch.rand(4), True)",
            name="another name of a bool that is given",
        ),
        Fires(
            _net(
                "m = len(x) + 1\nfor i in range(3):\n    x = x + +i * +m * +(n + 1)\nreturn x",
                _HEAD.replace("x: torch.Tensor", "x: torch.Tensor, n: int"),
            ),
            _net(
                "m = len(x) + 1\nfor i in range(3):\n    x = x + i * m * (n + 1)\nreturn x",
                _HEAD.replace("x: torch.Tensor", "x: torch.Tensor, n: int"),
            ),
            entry="Net(), (torch.rand(4), 2)",
            name="what arithmetic made anew, and counts",
        ),
        Declines(_net("return x * +self.scale(x)"), because="number or a Tensor"),
        Ignores(_net("return x + 1")),
        Ignores("def f(x):\n    return +x\n", name="not compiled"),
    )

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Every unary plus in compiled code."""
        for body in bodies(tree, facts):
            for node in body.find(cst.UnaryOperation):
                if not isinstance(node.operator, cst.Plus):
                    continue
                try:
                    edits = _edits(body, node)
                except NoForm as reason:
                    yield decline(self, body, node, f"the compiler has no unary plus: {reason}")
                    continue
                yield rewrite(self, body, node, "no unary plus", edits, why="the compiler's front end has no unary plus")


def _edits(body: Body, node: cst.UnaryOperation) -> list[Edit]:
    tree, operand = body.tree, node.expression
    text = tree.text[slice(*tree.outer_span(operand))]
    if any(isinstance(n.operator, cst.Plus) for n in tree.find(cst.UnaryOperation, operand)):
        raise NoForm("the one inside goes first")
    known = body.certain.type_of(operand)
    if known in (INT, FLOAT) and _number(body, operand):
        return [tree.replace(node, _apart(tree, node, text))]
    inner = tree.code(operand)
    if known == BOOL:
        body.need("int")
    if known == BOOL and _truth(body, operand):
        return [tree.replace(node, _apart(tree, node, f"int({inner})"))]
    if body.proved(operand):
        return [tree.replace(node, _apart(tree, node, f"{body.spell('torch.positive')}({inner})"))]
    kind = known if known in (INT, FLOAT, BOOL) else body.type_of(operand)
    if kind not in (TENSOR, INT, FLOAT, BOOL):
        raise NoForm("whether its operand is a number or a Tensor is not known; leave it out where it is a number")
    scripted = f"{body.spell('torch.positive')}({inner})" if kind == TENSOR else f"int({inner})" if kind == BOOL else text
    test, eager = body.spell("torch.jit.is_scripting"), body.spell("operator.pos")
    text = f"{scripted} if {test}() else {eager}({inner})"
    return [tree.replace(node, text if node.lpar else _apart(tree, node, f"({text})"))]


def _number(body: Body, node: cst.BaseExpression, kept: bool = False, depth: int = 6) -> bool:
    """Whether a plus can't be told from none, whatever a caller gives: an int or a float, or what arithmetic made anew.

    What is handed on as it came may be a bool where an int is meant, of which ``+`` makes an int, or an array, which it copies.
    ``kept``: a name holds it, so that even a new array would be seen to change with the copy that is none.
    """
    if isinstance(node, cst.Integer | cst.Float):
        return True
    if depth == 0:
        return False
    if isinstance(node, cst.IfExp):
        return _number(body, node.body, kept, depth - 1) and _number(body, node.orelse, kept, depth - 1)
    if isinstance(node, cst.UnaryOperation):
        made = isinstance(node.operator, cst.Minus | cst.BitInvert)
        return made and (not kept or _number(body, node.expression, True, depth - 1))
    if isinstance(node, cst.BinaryOperation):
        made = not isinstance(node.operator, cst.BitAnd | cst.BitOr | cst.BitXor)  # these make a bool of two bools
        return made and (not kept or all(_number(body, part, True, depth - 1) for part in (node.left, node.right)))
    if isinstance(node, cst.Subscript):
        return _sizes(body, node.value)
    if isinstance(node, cst.Call):
        dotted = body.dotted(node.func)
        if dotted in ("builtins.max", "builtins.min") or (kept and dotted in ("builtins.abs", "builtins.round")):
            return all(not arg.star and _number(body, arg.value, True, depth - 1) for arg in node.args)
        counted = isinstance(node.func, cst.Attribute) and node.func.attr.value in _COUNTS and body.tree.code(node.func.value) != "self"
        return dotted in _MAKE_NUMBERS or counted
    if isinstance(node, cst.Attribute):
        return node.attr.value == "ndim" or _set_to_number(body, node)
    values = _values(body, node)
    return bool(values) and all(_counts(body, value) if by else _number(body, value, True, depth - 1) for value, by in values)


def _truth(body: Body, node: cst.BaseExpression, depth: int = 6) -> bool:
    """Whether an expression is a bool whatever a caller gives."""
    if isinstance(node, cst.UnaryOperation):
        return isinstance(node.operator, cst.Not)
    if isinstance(node, cst.Comparison):
        plain = all(isinstance(item.operator, cst.Is | cst.IsNot | cst.In | cst.NotIn) for item in node.comparisons)
        return plain or all(_number(body, part, True) for part in [node.left, *(item.comparator for item in node.comparisons)])
    if isinstance(node, cst.Call):
        return body.dotted(node.func) in ("builtins.bool", "builtins.isinstance", "builtins.hasattr", "builtins.callable")
    if isinstance(node, cst.Name) and node.value in ("True", "False"):
        return True
    values = _values(body, node)
    return depth > 0 and bool(values) and all(not by and _truth(body, value, depth - 1) for value, by in values)


def _values(body: Body, node: cst.BaseExpression) -> list[tuple[cst.BaseExpression, bool]]:
    """What a local name is given: values, and with True what loops take its values from. Empty where something else binds it."""
    if not isinstance(node, cst.Name) or node.value in parameter_names(body.function):
        return []
    found: list[tuple[cst.BaseExpression, bool]] = []
    for by in stores_in(body.function.body, node.value):
        above = body.tree.parent(by)
        if isinstance(by, cst.AssignTarget) and by.target is not node and isinstance(by.target, cst.Name) and isinstance(above, cst.Assign):
            found.append((above.value, False))
        elif isinstance(by, cst.AugAssign) and not isinstance(by.operator, cst.BitAndAssign | cst.BitOrAssign | cst.BitXorAssign):
            found.append((by.value, False))
        elif isinstance(by, cst.For | cst.CompFor) and isinstance(by.target, cst.Name):
            found.append((by.iter, True))
        else:
            return []
    return found


def _counts(body: Body, items: cst.BaseExpression) -> bool:
    """Whether all items are ints: those of a range, or sizes."""
    return (isinstance(items, cst.Call) and body.dotted(items.func) == "builtins.range") or _sizes(body, items)


def _sizes(body: Body, node: cst.BaseExpression) -> bool:
    return shape_read(node) or size_read(node)


def _set_to_number(body: Body, node: cst.Attribute) -> bool:
    """Whether ``self.name`` is a number in every instance, and the file sets it to no other than literal ones."""
    tree, found = body.tree, body.types.self_attribute(node)
    if found is None or not found.constant or type(found.value) not in (int, float):
        return False
    if any(set_by_name(tree, call, frozenset({node.attr.value})) for call in tree.find(cst.Call)):
        return False
    for other in tree.find(cst.Attribute):
        if other.attr.value == node.attr.value and is_target(tree, other):
            above = tree.parent(tree.parent(other) or other)
            if not isinstance(above, cst.Assign) or not numbers(above.value):
                return False
    return True


def _apart(tree: Tree, node: cst.UnaryOperation, text: str) -> str:
    """The text, kept apart from a keyword that stands right before the operator."""
    start = tree.span(node)[0]
    before = tree.text[start - 1 : start]
    return f" {text}" if before.isalnum() or before == "_" else text
