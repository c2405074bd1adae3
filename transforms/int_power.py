"""SF402: arithmetic that is an int in Python and a float to the compiler."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scriptify.facts.model import Facts
from scriptify.transform import Declines, Edit, Fires, Focus, Ignores, Import, Phase, Proposal, Transform
from scriptify.transforms._expression import Body
from scriptify.transforms._infer_known import INT
from scriptify.transforms._number import Numbers, home, literal_int
from scriptify.transforms._proof import Proof
from scriptify.transforms._whole import SAME, SILENT, STRICT, Whole, is_round
from scriptify.tree import Tree
from scriptify.tree.hoist import eager_only
from scriptify.tree.shapes import shape_read

MESSAGES = ("found type 'float'", "found float in argument", "unsupported index type 'float'", "is being assigned to a value of type float")


def _net(body: str, init: str = "") -> str:
    made = f"    def __init__(self):\n        super().__init__()\n        {init}\n\n" if init else ""
    return f"import torch\nfrom torch import nn\n\n\nclass Net(nn.Module):\n{made}    def forward(self, x):\n        {body}\n"


def _stated(body: str) -> str:
    return _net(body).replace("(self, x)", "(self, x, k: int)")


def _fires(before: str, after: str, silent: bool = False, init: str = "", shape: str = "2, 8") -> Fires:
    return Fires(_net(before, init), _net(after, init), entry=f"Net(), (torch.rand({shape}),)", silent=silent)


class IntPower(Transform):
    """``range(2 ** n)`` -> ``range(1 << n)``; ``k ** 2`` -> ``k * k``; ``round(a * b)`` -> ``int(round(a * b))``.

    To the compiler ``int ** int`` and ``round`` are floats: refused as a size, an index or a range, and
    elsewhere a result of another type or dtype without a word. Rewritten is what only takes an int, and what
    returns, or combines with a tensor of ints; where a float gives the same, the code stays. A power is only
    replaced where its exponent can't be negative: then Python's result is an int too. Where only an annotation or a
    run says that it is of ints, a caller may pass a float or a Tensor: scripted code alone gets the other form then.
    """

    code = "SF402"
    name = "int-power"
    phase = Phase.VALUES
    explains = MESSAGES
    hints = ("**", "round(", "pow(")
    source = "https://docs.pytorch.org/docs/stable/jit_language_reference.html"
    examples = (
        _fires(
            "for i in range(2 ** 2):\n            x = x + i\n        return x",
            "for i in range(1 << 2):\n            x = x + i\n        return x",
        ),
        _fires("return x.view(-1, x.size(1) // 2 ** 1)", "return x.view(-1, x.size(1) // (1 << 1))"),
        _fires("return x[:, : 2 ** self.n]", "return x[:, : 1 << self.n]", init="self.n = 2"),
        _fires("n = x.size(0)\n        return x.new_zeros(n ** 2)", "n = x.size(0)\n        return x.new_zeros(n * n)"),
        _fires("return x.new_zeros(10 ** 2)", "return x.new_zeros(10 * 10)"),
        _fires("return x.new_zeros(3 ** x.dim())", "return x.new_zeros(int(3 ** x.dim()))"),
        _fires(
            "n = round(x.size(1) * 0.5)\n        return x.new_zeros(n)", "n = int(round(x.size(1) * 0.5))\n        return x.new_zeros(n)"
        ),
        _fires("return torch.arange(4) * 2 ** 2", "return torch.arange(4) * (1 << 2)", silent=True),
        _fires("return x.dim() ** 2 + 1", "return x.dim() * x.dim() + 1", silent=True),
        _fires("return [2 ** i for i in range(3)]", "return [1 << i for i in range(3)]", silent=True),
        Declines(_net("k = int(x.size(0) - 5)\n        return torch.arange(4) * 3 ** k"), because="may be negative"),
        Fires(
            _stated("return x.new_zeros(4), k ** 3"),
            _stated("return x.new_zeros(4), (k * k * k if torch.jit.is_scripting() else k ** 3)"),
            entry="Net(), (torch.rand(2, 8), 3)",
            silent=True,
            name="an int by annotation only",
        ),
        Ignores(_net("return self.scaled(x, size=2 ** (x.dim() - 3))"), name="a function that may take a float"),
        Ignores(_net("return x / 2 ** 3"), name="a quotient is a float anyway"),
        Ignores(_net("return x * 2.0 ** 3"), name="a float power"),
        Ignores(_net("return x ** 2"), name="a tensor's power"),
        Ignores("def size(n: int):\n    return range(2 ** n)\n", name="not compiled"),
    )

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Yield a rewrite for each power or rounding whose result must stay an int."""
        known: dict[cst.FunctionDef, Whole] = {}
        for node in _candidates(tree):
            place = home(tree, facts, node)
            if place is None or eager_only(tree, node):
                continue
            whole = known.get(place[1]) or known.setdefault(place[1], Whole(tree, facts, *place))
            if isinstance(node, cst.BinaryOperation):
                if whole.type_of(node) == INT:
                    yield from self._asked(tree, whole, node, node.left, node.right, focus)
            elif is_round(whole, node):
                yield from self._wrap(tree, whole, node, focus)
            elif _is_pow(whole, node):
                yield from self._asked(tree, whole, node, node.args[0].value, node.args[1].value, focus)

    def _kind(self, tree: Tree, whole: Whole, node: cst.BaseExpression, focus: Focus | None) -> str:
        kind = whole.context(node)
        asked = focus is not None and focus.line > 0 and self.answers(focus.message) and tree.focused(tree.statement(node) or node, focus)
        return STRICT if asked and kind == SAME else kind

    def _wrap(self, tree: Tree, whole: Whole, node: cst.Call, focus: Focus | None) -> Iterator[Proposal]:
        kind = self._kind(tree, whole, node, focus)
        if kind != SAME and whole.builtin("int"):
            yield self._rewritten(tree, node, f"int({tree.code(node)})", kind, "round gives a float to the compiler")

    def _asked(
        self,
        tree: Tree,
        whole: Whole,
        node: cst.BaseExpression,
        base: cst.BaseExpression,
        exponent: cst.BaseExpression,
        focus: Focus | None,
    ) -> Iterator[Proposal]:
        kind = self._kind(tree, whole, node, focus)
        if kind == SAME:
            return
        text = _written(tree, whole, node, base, exponent, kind)
        if not text:
            why = f"{tree.code(exponent)} may be negative, and {tree.code(node)} is then no int: write the int you mean"
            yield tree.decline(self, node, why)
            return
        # Where only an int is taken, a float fails in a shift and a product as it does in a power; int(...) would let it pass.
        proved = (kind == STRICT and not text.startswith("int(")) or literal_int(base) == 2
        proved = proved or all(_eager(tree, whole).type_of(side) == INT for side in (base, exponent))
        yield self._rewritten(tree, node, text, kind, "int ** int gives a float to the compiler", whole if not proved else None)

    def _rewritten(self, tree: Tree, node: cst.BaseExpression, text: str, kind: str, why: str, unproved: Whole | None = None) -> Proposal:
        edits: list[Edit] = [tree.replace(node, _enclosed(tree, node, text))]
        imports: tuple[Import, ...] = ()
        if unproved is not None:
            body = Body(tree, unproved.facts, unproved.qualname, unproved.function)
            edits, imports = body.guarded(node, text), tuple(body.wanted)
        return tree.rewrite(self, node, f"keep {tree.code(node)} an int", edits, imports=imports, why=why, silent=kind == SILENT)


class _Eager(Proof, Whole):
    """Types that eager code has, whoever calls."""


def _eager(tree: Tree, whole: Whole) -> _Eager:
    return _Eager(tree, whole.facts, whole.qualname, whole.function)


def _candidates(tree: Tree) -> Iterator[cst.BinaryOperation | cst.Call]:
    for node in tree.find(cst.CSTNode):  # type: ignore[type-abstract]
        power = isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.Power)
        call = isinstance(node, cst.Call) and isinstance(node.func, cst.Name) and node.func.value in ("round", "pow")
        if power or call:
            yield node  # type: ignore[misc]


def _written(tree: Tree, whole: Whole, node: cst.BaseExpression, base: cst.BaseExpression, exponent: cst.BaseExpression, kind: str) -> str:
    """The power as an int expression, or ``""`` where it might not be one."""
    power = literal_int(exponent)
    if literal_int(base) == 2:
        # Where only an int is taken, a negative exponent fails with a shift as it does with the float.
        if kind != STRICT and not whole.never_negative(exponent):
            return ""
        start, end = tree.outer_span(exponent)
        return f"1 << {tree.text[start:end]}"
    if power in (2, 3) and (_repeatable(base) or literal_int(base) is not None):
        return " * ".join([tree.operand(base)] * power)
    return f"int({tree.code(node)})" if whole.never_negative(exponent) and whole.builtin("int") else ""


def _repeatable(node: cst.BaseExpression) -> bool:
    """Whether reading an expression again gives the same and costs nothing: names, ``x.size(0)``, ``x.shape[1]``."""
    if isinstance(node, cst.Call):
        plain = isinstance(node.func, cst.Attribute) and node.func.attr.value in ("size", "dim")
        return plain and _repeatable(node.func) and all(literal_int(arg.value) is not None for arg in node.args)
    if isinstance(node, cst.Subscript):
        return shape_read(node.value) and _repeatable(node.value) and _one_literal(node)
    return _repeatable(node.value) if isinstance(node, cst.Attribute) else isinstance(node, cst.Name)


def _one_literal(node: cst.Subscript) -> bool:
    only = node.slice[0].slice if len(node.slice) == 1 else None
    return isinstance(only, cst.Index) and literal_int(only.value) is not None


def _enclosed(tree: Tree, node: cst.BaseExpression, text: str) -> str:
    """In parentheses where what stands around binds tighter."""
    above, shift = tree.parent(node), text.startswith("1 <<")
    if text.startswith("int("):
        return text
    if node.lpar or not isinstance(above, cst.BaseExpression | cst.Comparison | cst.ComparisonTarget) or isinstance(above, cst.Call):
        return text
    if isinstance(above, cst.List | cst.Tuple | cst.ListComp):
        return text
    sums = isinstance(above, cst.BinaryOperation) and isinstance(above.operator, cst.Add | cst.Subtract)
    first = isinstance(above, cst.BinaryOperation) and isinstance(above.operator, cst.Multiply) and above.left is node
    return text if not shift and (sums or first) else f"({text})"


def _is_pow(numbers: Numbers, node: cst.Call) -> bool:
    plain = isinstance(node.func, cst.Name) and node.func.value == "pow" and numbers.builtin("pow") and len(node.args) == 2
    return plain and all(arg.keyword is None and not arg.star and numbers.type_of(arg.value) == INT for arg in node.args)
