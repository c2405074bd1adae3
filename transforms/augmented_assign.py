"""SF405: augmented assignments that the compiler refuses or computes otherwise."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scriptify.facts.model import Facts
from scriptify.facts.types import Type
from scriptify.transform import Declines, Edit, Fires, Focus, Ignores, Import, Phase, Proposal, Transform
from scriptify.transforms._by_mode import by_mode, tight
from scriptify.transforms._infer_known import FLOAT, INT
from scriptify.transforms._number import home, is_simple
from scriptify.transforms._proof import Proof
from scriptify.transforms._signature import TENSOR
from scriptify.transforms._whole import SAME, Whole
from scriptify.tree import Tree
from scriptify.tree.flow import stores_in

# The operator, the Tensor's method that works in place, and the function that does what the statement does.
OPERATORS: dict[type[cst.BaseAugOp], tuple[str, str, str]] = {
    cst.FloorDivideAssign: ("//", "floor_divide_", "operator.ifloordiv"),
    cst.MatrixMultiplyAssign: ("@", "", "operator.imatmul"),
    cst.ModuloAssign: ("%", "remainder_", "operator.imod"),
    cst.PowerAssign: ("**", "pow_", "operator.ipow"),
}
REFUSED = (cst.FloorDivideAssign, cst.MatrixMultiplyAssign)


def _net(body: str, init: str = "pass", x: str = "x: torch.Tensor") -> str:
    made = f"    def __init__(self):\n        super().__init__()\n        {init}\n\n"
    return f"import torch\nfrom torch import nn\n\n\nclass Net(nn.Module):\n{made}    def forward(self, {x}):\n        {body}\n"


def _fires(before: str, after: str, silent: bool = False, init: str = "pass") -> Fires:
    return Fires(_net(before, init), _net(after, init), entry="Net(), (torch.arange(-6.0, 6.0).reshape(2, 6),)", silent=silent)


def _untyped(before: str, after: str, silent: bool = False) -> Fires:
    """The parameter has no annotation: only the compiler takes it for a Tensor."""
    changed = _net(after, x="x").replace("import nn\n", "import nn\nimport operator\n", 1)
    return Fires(_net(before, x="x"), changed, entry="Net(), (torch.arange(-6.0, 6.0).reshape(2, 6),)", silent=silent)


class AugmentedAssign(Transform):
    """``n //= 2`` -> ``n = n // 2``; ``y %= 3`` -> ``y.remainder_(3)`` where ``y`` is a Tensor.

    The compiler has no ``//=`` and ``@=``, takes ``%=`` for ``fmod`` (another sign, and a float for ints), and
    ``**=`` on a Tensor for a new Tensor, which other names of it don't see. On numbers a plain assignment is
    the same; on a Tensor these operators work in place, so the method that does is called (``@=`` makes a new
    one in eager too). What only the compiler takes for a Tensor, as a parameter, annotated or not, may be a number
    to eager callers: scripted code gets the method, and eager code ``operator.ifloordiv``, which is the statement.
    """

    code = "SF405"
    name = "augmented-assign"
    phase = Phase.VALUES
    explains = ("unsupported kind of augmented assignment",)
    hints = ("//=", "@=", "%=", "**=")
    source = "https://docs.pytorch.org/docs/stable/jit_language_reference.html"
    examples = (
        _fires("n = x.size(1)\n        n //= 2\n        return x[:, :n]", "n = x.size(1)\n        n = n // 2\n        return x[:, :n]"),
        _fires("n = len(x)\n        n //= 1 + 1\n        return n", "n = len(x)\n        n = n // (1 + 1)\n        return n"),
        _fires("y = torch.abs(x)\n        y @= x.t()\n        return y", "y = torch.abs(x)\n        y = y @ x.t()\n        return y"),
        _fires("y = torch.abs(x)\n        y //= 2\n        return y", "y = torch.abs(x)\n        y.floor_divide_(2)\n        return y"),
        _fires(
            "y = torch.abs(x)\n        y %= 4\n        return y", "y = torch.abs(x)\n        y.remainder_(4)\n        return y", silent=True
        ),
        _fires(
            "y = torch.abs(x)\n        z = y\n        y **= 1 + 1\n        return z",
            "y = torch.abs(x)\n        z = y\n        y.pow_(1 + 1)\n        return z",
            silent=True,
        ),
        _fires("n = -7\n        n %= 5\n        return x * n", "n = -7\n        n = n % 5\n        return x * n", silent=True),
        _fires("self.n //= 1\n        return x + self.n", "self.n = self.n // 1\n        return x + self.n", init="self.n = 5"),
        _untyped(
            "x %= 4\n        return x",
            "x = x.remainder_(4) if torch.jit.is_scripting() else operator.imod(x, 4)\n        return x",
            silent=True,
        ),
        _untyped(
            "y = x * 1\n        z = [x.sum() for x in x.split(1)]\n        y //= 2\n        return y, z",
            "y = x * 1\n        z = [x.sum() for x in x.split(1)]\n"
            + "        y = y.floor_divide_(2) if torch.jit.is_scripting() else operator.ifloordiv(y, 2)\n        return y, z",
        ),
        _untyped(
            "x @= x.t()\n        return x", "x = x @ x.t() if torch.jit.is_scripting() else operator.imatmul(x, x.t())\n        return x"
        ),
        Declines(_net("y = helper(x)\n        y //= 2\n        return y"), because="type of y is not known"),
        Ignores(_net("x += 1\n        n = 2\n        n <<= 1\n        return x * n"), name="others are the same"),
        Ignores(_net("y = helper(x)\n        y %= 2\n        return y"), name="accepted, and of unknown type"),
    )

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Yield a rewrite for each such assignment to a name or attribute of known type."""
        for node in tree.find(cst.AugAssign):
            if type(node.operator) not in OPERATORS or (place := home(tree, facts, node)) is None:
                continue
            yield from self._one(tree, Whole(tree, facts, *place), _Proved(tree, facts, *place), node)

    def _one(self, tree: Tree, numbers: Whole, proved: Whole, node: cst.AugAssign) -> Iterator[Proposal]:
        operator, method, function = OPERATORS[type(node.operator)]
        refused = isinstance(node.operator, REFUSED)
        type_ = _type(numbers, node)
        target = tree.code(node.target)
        if not is_simple(node.target) or (type_ is None and method):
            if refused:
                because = f"the type of {target} is not known: a number is assigned anew, a Tensor changes in place"
                yield tree.decline(self, node, f"{because}; give an entry, its run shows the type")
            return
        power = isinstance(node.operator, cst.PowerAssign) and isinstance(node.target, cst.Name) and type_ != TENSOR
        if power and (type_ == FLOAT or numbers.of_name(target) == SAME):
            return  # a float is a float, and no use of the int tells the two apart
        imports: tuple[Import, ...] = ()
        if type_ is None or _type(proved, node) != type_:
            operand = tight(tree, node.value)
            value = tree.text[slice(*tree.outer_span(node.value))]
            scripted = f"{target}.{method}({value})" if type_ == TENSOR and method else f"{target} {operator} {operand}"
            edits, imports = by_mode(tree, node, scripted, function)
            title = f"{target} {operator}= ... in a form for scripting"
        elif type_ == TENSOR and method:
            edits = _in_place(tree, node, method)
            title = f"{target} {operator}= ... in place by {method}"
        else:
            edits = _assigned(tree, node, operator)
            title = f"{target} {operator}= ... as a plain assignment"
        why = f"the compiler has no {operator}=" if refused else f"the compiler computes {operator}= differently"
        yield tree.rewrite(self, node, title, edits, imports=imports, why=why, silent=not refused)


class _Proved(Proof, Whole):
    """Types that eager code has, whoever calls."""


def _in_place(tree: Tree, node: cst.AugAssign, method: str) -> list[Edit]:
    start, end = tree.outer_span(node.target)[1], tree.outer_span(node.value)[0]
    return [Edit(tree.path, start, end, f".{method}("), tree.insert(tree.outer_span(node.value)[1], ")")]


def _assigned(tree: Tree, node: cst.AugAssign, operator: str) -> list[Edit]:
    start, end = tree.outer_span(node.target)[1], tree.outer_span(node.value)[0]
    bare = tight(tree, node.value) == tree.text[slice(*tree.outer_span(node.value))]
    opened = Edit(tree.path, start, end, f" = {tree.code(node.target)} {operator} " + "(" * (not bare))
    return [opened] if bare else [opened, tree.insert(tree.outer_span(node.value)[1], ")")]


def _type(numbers: Whole, node: cst.AugAssign) -> Type | None:
    """INT, FLOAT or a Tensor: the type of the target before the assignment; else None."""
    target = node.target
    if not isinstance(target, cst.Name):
        type_ = numbers.type_of(target)
        return type_ if type_ in (INT, FLOAT, TENSOR) else None
    # What this statement itself makes of the name must not be asked for: it depends on the answer.
    found: set[Type | None] = set()
    parameter = numbers.facts.parameter(numbers.tree.path, numbers.qualname, target.value)
    if parameter:
        found.add(numbers.parameter_type(target.value))
    for by in stores_in(numbers.function.body, target.value):
        if isinstance(by, cst.CompFor):
            continue  # another variable, of the comprehension alone
        if isinstance(by, cst.AugAssign):
            if by is not node and numbers.type_of(by.value) not in (INT, FLOAT):
                found.add(TENSOR)  # a number that takes a Tensor in has become one
            continue
        assign = numbers.tree.parent(by)
        plain = isinstance(by, cst.AssignTarget) and isinstance(by.target, cst.Name) and isinstance(assign, cst.Assign)
        found.add(numbers.type_of(assign.value) if plain and isinstance(assign, cst.Assign) else _bound(numbers, by))
    if found <= {INT, FLOAT} and found:
        return FLOAT if FLOAT in found else INT
    return TENSOR if found == {TENSOR} else None


def _bound(numbers: Whole, by: cst.CSTNode) -> Type | None:
    """The type a loop or a shape's unpacking gives."""
    return numbers._binding(by, 4)
