"""SF403: a number that becomes a Tensor in a loop or a branch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst

from scriptify.facts.model import Facts
from scriptify.transform import Edit, Focus, Import, Phase, Proposal, Safety, Transform
from scriptify.transforms._by_mode import by_mode, tight
from scriptify.transforms._expression import Body
from scriptify.transforms._infer_known import FLOAT, INT
from scriptify.transforms._number import Numbers, home
from scriptify.transforms._promoted_values import all_promote, items
from scriptify.transforms._signature import TENSOR
from scriptify.transforms._sums import hoisted, loop_of
from scriptify.transforms._tensor_accumulator_examples import EXAMPLES
from scriptify.tree import Tree
from scriptify.tree.flow import loads, stores_in
from scriptify.tree.hoist import CannotHoist
from scriptify.tree.substitute import calm, one_line, source, stable

SUM_STEM = "Expected a value of type 'Tensor' for argument 'self' but instead found type 'List[Tensor]'"
_HANDING = (cst.Arg, cst.Assign, cst.AnnAssign, cst.Element, cst.DictElement, cst.IfExp, cst.NamedExpr, cst.Return)
_PLUS = (cst.Add, cst.Subtract, cst.AddAssign, cst.SubtractAssign)


@dataclass(frozen=True, slots=True)
class Step:
    """One accumulation: its statement, what is added, and whether it is an augmented assignment."""

    node: cst.Assign | cst.AugAssign
    added: cst.BaseExpression


class TensorAccumulator(Transform):
    """``loss = 0.`` before a loop that adds Tensors -> ``loss = torch.zeros(()) if torch.jit.is_scripting() else 0.``.

    A variable has one type through a loop or a branch, so the compiler turns each sum back into a number: a
    float comes out and the gradient is cut, or the run fails. Scripted code starts from a Tensor without dimensions
    instead, which adds as the number does: the dtype and shape are those of what is added (for a sum without
    dimensions in half precision they are float32's), and makes a new Tensor at each ``+=``, because what is added in
    place keeps the dtype it starts with. Eager code starts from the number and adds in place as before, so that nothing
    changes there; where nothing is added, scripted code returns a Tensor and eager code the number. ``+=`` on more
    than a sum without dimensions becomes ``loss = loss + ...``, kept only when a run agrees. So is a start from the int 0
    for Tensors that may have no dimensions and be of a smaller integer type: such a sum is int64 in scripted code only.
    """

    code = "SF403"
    name = "tensor-accumulator"
    phase = Phase.VALUES
    explains = ("Cannot input a tensor of", "Input must be of ints, floats, or bools, got Tensor", SUM_STEM)
    hints = ("= 0", "=0", "sum(")
    source = "https://docs.pytorch.org/docs/stable/jit_language_reference.html"
    examples = EXAMPLES

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Yield a rewrite for each zero that Tensors are added to, and for each sum over Tensors."""
        for assign in tree.find(cst.Assign):
            if _zero(assign.value) and len(assign.targets) == 1 and isinstance(assign.targets[0].target, cst.Name):
                place = home(tree, facts, assign)
                if place is not None:
                    yield from self._start(tree, Numbers(tree, facts, *place), assign, assign.targets[0].target.value)
        for call in tree.find(cst.Call):
            if isinstance(call.func, cst.Name) and call.func.value == "sum" and len(call.args) in (1, 2):
                place = home(tree, facts, call)
                if place is not None:
                    yield from self._sum(tree, Numbers(tree, facts, *place), call, focus)

    def _start(self, tree: Tree, numbers: Numbers, assign: cst.Assign, name: str) -> Iterator[Proposal]:
        steps = _steps(tree, numbers, assign, name)
        types = {id(step): numbers.type_of(step.added) for step in steps}
        adds = [step for step in steps if types[id(step)] == TENSOR and _varies(tree, numbers, assign, step.node)]
        if not adds or any(types[id(step)] not in (TENSOR, INT, FLOAT) for step in steps) or _declared(numbers):
            return
        torch, imports = _spelt(tree, numbers)
        if not torch:
            return
        zeros, scripting = torch
        dtype = f", dtype={zeros.removesuffix('zeros')}int64" if isinstance(assign.value, cst.Integer) else ""
        start = tree.outer_span(assign.value)[0]
        edits = [tree.insert(start, f"{zeros}((){dtype}) if {scripting}() else ")]
        augmented = [s for s in steps if isinstance(s.node, cst.AugAssign) and types[id(s)] == TENSOR]
        in_place = [s for s in augmented if not _is_scalar(tree, numbers, s.added)]
        # What is added in place has the type of what it is added to: int64 takes no floats, float32 makes one of each float64.
        kept = [s for s in steps if s not in in_place and (s in augmented or (types[id(s)] == FLOAT and dtype))]
        if augmented and _aliased(tree, numbers, name, steps):
            yield tree.decline(
                self, assign, f"{name} changes in place and has another name; write {name} = {name} + ... where that is meant"
            )
            return
        for step in in_place:
            edits += _plain(tree, step, name)
        for step in kept:
            more, operators = _by_mode(tree, step, name)
            edits, imports = edits + more, (*imports, *operators)
        why = "the compiler keeps the type a variable has before a loop or branch, and makes a number of each sum"
        body = Body(tree, numbers.facts, numbers.qualname, numbers.function)
        tensors = [step.added for step in steps if types[id(step)] == TENSOR]
        narrow = isinstance(assign.value, cst.Integer) and not all_promote(body, tensors)
        safety = Safety.OBSERVED if in_place or narrow else None
        yield tree.rewrite(
            self, assign, f"start {name} from a Tensor when scripted", edits, imports=imports, why=why, safety=safety, silent=True
        )

    def _sum(self, tree: Tree, numbers: Numbers, call: cst.Call, focus: Focus | None) -> Iterator[Proposal]:
        value = call.args[0].value
        begin = call.args[1].value if len(call.args) == 2 else None
        named = [arg.keyword.value for arg in call.args if arg.keyword is not None]
        if not numbers.builtin("sum") or any(arg.star for arg in call.args) or named not in ([], ["start"]) or call.args[0].keyword:
            return
        if begin is not None and not (numbers.type_of(begin) == TENSOR or _zero(begin)):
            return
        if begin is not None and not _zero(begin) and not Body(tree, numbers.facts, numbers.qualname, numbers.function).surely(begin):
            because = "the compiler's sum takes numbers only, and that this one starts from a Tensor is not known: say so in an annotation"
            yield tree.decline(self, call, because)  # sum() adds no texts, and + does
            return
        if isinstance(value, cst.List | cst.Tuple) and value.elements and all(numbers.type_of(e.value) == TENSOR for e in value.elements):
            if any(True for _ in tree.find(cst.Comment, call)):
                yield tree.decline(self, call, "the compiler's sum takes numbers only, and a comment inside would be lost")
                return
            if begin is not None and not (calm(tree, begin) or stable(value)):
                yield tree.decline(self, call, "the compiler's sum takes numbers only, and where this one starts would be computed earlier")
                return
            parts = [_term(tree, element.value) for element in value.elements]
            text = " + ".join(["0" if begin is None else _term(tree, begin), *parts])
            above = tree.parent(call)
            bare = isinstance(above, cst.Arg | cst.Assign | cst.Return | cst.Element) or bool(call.lpar)
            edit = tree.replace(call, text if bare else f"({text})")
            yield tree.rewrite(self, call, "write out the sum", [edit], why="the compiler's sum takes numbers only")
            return
        asked = focus is not None and focus.line > 0 and SUM_STEM in focus.message and tree.focused(call, focus)
        loop = loop_of(tree, numbers, value, asked)
        start, imports = _first_total(tree, numbers, begin)
        if loop is None or not start:
            return
        try:
            early = begin is not None and not calm(tree, begin)
            if early and not isinstance(value, cst.GeneratorExp | cst.Name):
                raise CannotHoist("where it starts would be computed earlier")
            ahead = early and isinstance(value, cst.GeneratorExp) and not stable(value.for_in.iter)
            edits = hoisted(tree, numbers, call, loop, start, named=ahead)
        except CannotHoist as error:
            because = f"the compiler has no sum of a list of Tensors, and it can't be taken into a loop: {error}"
            yield tree.decline(self, call, because)
            return
        body = Body(tree, numbers.facts, numbers.qualname, numbers.function)
        from_int = begin is None or (isinstance(begin, cst.Integer) and _zero(begin))
        safety = Safety.OBSERVED if from_int and not all_promote(body, items(body, value)) else None
        why = "the compiler's sum takes numbers only"
        yield tree.rewrite(self, call, "add up the Tensors in a loop", edits, imports=imports, why=why, safety=safety)


def _first_total(tree: Tree, numbers: Numbers, begin: cst.BaseExpression | None) -> tuple[str, tuple[Import, ...]]:
    """What a sum starts from, as source; ``""`` where a name it needs means something else."""
    if begin is not None and not _zero(begin):
        return one_line(tree, begin, source(tree, begin)), ()
    torch, imports = _spelt(tree, numbers)
    if not torch:
        return "", ()
    zeros, scripting = torch
    dtype = f", dtype={zeros.removesuffix('zeros')}int64" if begin is None or isinstance(begin, cst.Integer) else ""
    return f"{zeros}((){dtype}) if {scripting}() else {'0' if begin is None else tree.code(begin)}", imports


def _zero(node: cst.BaseExpression) -> bool:
    return isinstance(node, cst.Integer | cst.Float) and node.evaluated_value == 0


def _steps(tree: Tree, numbers: Numbers, assign: cst.Assign, name: str) -> list[Step]:
    """The accumulations, or none at all where the name is bound by anything else too."""
    body = numbers.function.body
    if name in {param.name.value for param in numbers.function.params.params}:
        return []
    steps: list[Step] = []
    for by in stores_in(body, name):
        node = tree.parent(by) if isinstance(by, cst.AssignTarget) else by
        if node is assign:
            continue
        added = _added(node, name)
        block = tree.parent(tree.parent(assign) or assign)
        if node is None or added is None or block is None or not tree.contains(block, node) or loads(added, name):
            return []
        steps.append(Step(node, added))  # type: ignore[arg-type]
    return steps


def _added(node: cst.CSTNode | None, name: str) -> cst.BaseExpression | None:
    """What ``name += e``, ``name = name + e`` or ``name = e + name`` adds."""
    if isinstance(node, cst.AugAssign) and isinstance(node.operator, _PLUS):
        return node.value
    if not isinstance(node, cst.Assign) or len(node.targets) != 1 or not isinstance(node.value, cst.BinaryOperation):
        return None
    value = node.value
    if not isinstance(value.operator, _PLUS):
        return None
    if isinstance(value.left, cst.Name) and value.left.value == name:
        return value.right
    mirrored = isinstance(value.right, cst.Name) and value.right.value == name and isinstance(value.operator, cst.Add)
    return value.left if mirrored else None


def _varies(tree: Tree, numbers: Numbers, assign: cst.Assign, node: cst.CSTNode) -> bool:
    """Whether a loop that is not unrolled, or a branch decided by values, stands between the start and a step."""
    for above in tree.ancestors(node):
        if tree.contains(above, assign):
            return False
        if isinstance(above, cst.While) or (isinstance(above, cst.For) and not _unrolled(tree, numbers, above.iter)):
            return True
        if isinstance(above, cst.If) and not any(
            word in tree.code(above.test) for word in ("self.", "isinstance(", "hasattr(", "is_scripting")
        ):
            return True
    return False


def _unrolled(tree: Tree, numbers: Numbers, node: cst.BaseExpression) -> bool:
    """Whether the compiler unrolls a loop over this: a container of modules or a tuple, alone or in enumerate and zip."""
    if isinstance(node, cst.Call) and tree.dotted(node.func) in ("builtins.enumerate", "builtins.zip"):
        return any(_unrolled(tree, numbers, arg.value) for arg in node.args)
    if isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute):
        return node.func.attr.value in ("items", "values", "children", "named_children", "modules", "named_modules")
    attribute = numbers.self_attribute(node.value if isinstance(node, cst.Subscript) else node)
    if attribute is not None and any(kind.container for kind in attribute.kinds):
        return True
    type_ = numbers.type_of(node)
    return type_ is not None and type_.name == "Tuple"


def _declared(numbers: Numbers) -> bool:
    """Whether the function promises to return a number."""
    returns = numbers.function.returns
    return returns is not None and isinstance(returns.annotation, cst.Name) and returns.annotation.value in ("float", "int")


def _spelt(tree: Tree, numbers: Numbers) -> tuple[tuple[str, str] | None, tuple[Import, ...]]:
    zeros, first = tree.imports.spell("torch.zeros")
    scripting, second = tree.imports.spell("torch.jit.is_scripting")
    if not zeros.endswith(".zeros") or {zeros.partition(".")[0], scripting.partition(".")[0]} & numbers.taken:
        return None, ()
    return (zeros, scripting), (*first, *second)


def _is_scalar(tree: Tree, numbers: Numbers, node: cst.BaseExpression) -> bool:
    """Whether a Tensor certainly has no dimensions: a full reduction or a loss, times or over numbers."""
    if isinstance(node, cst.BinaryOperation):
        sides = (node.left, node.right)
        return any(_is_scalar(tree, numbers, s) for s in sides) and all(
            _is_scalar(tree, numbers, s) or numbers.type_of(s) in (INT, FLOAT) for s in sides
        )
    if not isinstance(node, cst.Call):
        return False
    name = tree.dotted(node.func)
    if name.startswith("torch.nn.functional."):
        reduced = name.endswith("_loss") or name.endswith(("cross_entropy", "with_logits"))
        return reduced and not any(arg.keyword is not None and arg.keyword.value in ("reduction", "reduce") for arg in node.args)
    return isinstance(node.func, cst.Attribute) and node.func.attr.value in ("sum", "mean", "norm", "std", "var") and not node.args


def _aliased(tree: Tree, numbers: Numbers, name: str, steps: list[Step]) -> bool:
    """Whether the name is handed on as it is where a later step still changes it."""
    loops = [above for step in steps for above in tree.ancestors(step.node) if isinstance(above, cst.For | cst.While)]
    last = max(tree.span(step.node)[0] for step in steps)
    uses = [
        load
        for load in loads(numbers.function.body, name)
        if any(tree.contains(loop, load) for loop in loops) or (tree.span(load)[0] < last and not isinstance(tree.parent(load), cst.Return))
    ]
    return any(isinstance(tree.parent(use), _HANDING) for use in uses)


def _plain(tree: Tree, step: Step, name: str) -> list[Edit]:
    assert isinstance(step.node, cst.AugAssign)
    sign = "+" if isinstance(step.node.operator, cst.AddAssign) else "-"
    bare = tree.operand(step.added) == tree.code(step.added) or bool(step.added.lpar)
    start, end = tree.outer_span(step.added)
    edit = Edit(tree.path, tree.span(step.node.target)[1], start, f" = {name} {sign} " + "(" * (not bare))
    return [edit] if bare else [edit, tree.insert(end, ")")]


def _by_mode(tree: Tree, step: Step, name: str) -> tuple[list[Edit], tuple[Import, ...]]:
    if not isinstance(step.node, cst.AugAssign):
        return [], ()
    sign, function = ("+", "operator.iadd") if isinstance(step.node.operator, cst.AddAssign) else ("-", "operator.isub")
    return by_mode(tree, step.node, f"{name} {sign} {tight(tree, step.added)}", function)


def _term(tree: Tree, node: cst.BaseExpression) -> str:
    """A term of a sum: products stay as they are."""
    product = isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.Multiply | cst.Divide | cst.MatrixMultiply)
    return tree.code(node) if product else tree.operand(node)
