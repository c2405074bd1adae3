"""SF728: blocks that switch gradients on, or by a condition, and blocks that change no result."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst

from scriptify.facts.model import Facts
from scriptify.transform import Edit, Focus, Phase, Proposal, Transform
from scriptify.transforms._expression import Body, NoForm, bodies, decline, rewrite
from scriptify.transforms._grad_block_examples import EXAMPLES
from scriptify.tree import Tree, bindings, stores_in
from scriptify.tree.substitute import FreshNames, calm, stable, variables

_NULL = "contextlib.nullcontext"
_WATCHING = frozenset(
    """
    torch.autograd.set_detect_anomaly torch.autograd.detect_anomaly torch.autograd.anomaly_mode.detect_anomaly
    torch.autograd.anomaly_mode.set_detect_anomaly torch.autograd.profiler.profile torch.cuda.nvtx.range warnings.catch_warnings
    torch.profiler.profile torch.autograd.profiler.emit_nvtx
    """.split()
)
"""Blocks that watch what runs, or what is told of it, and change no result."""
_LEAVING = frozenset(
    {
        "torch.autocast",
        "torch.amp.autocast",
        "torch.cuda.amp.autocast",
        "torch.profiler.record_function",
        "torch.autograd.profiler.record_function",
    }
)


class GradBlock(Transform):
    """``with torch.enable_grad():`` -> scripted code enters ``no_grad()``, which restores the mode, and sets it there.

    Of the blocks that set the gradient mode the compiler has ``no_grad`` alone. It restores the mode that was, however the
    block is left, so scripted code can set any mode inside of one: ``enable_grad``, ``set_grad_enabled(self.training)``,
    ``no_grad() if self.frozen else nullcontext()``. Anomaly detection, profilers and warning filters, of which
    no result depends, are a ``record_function`` to scripted code, and so is ``nullcontext``.
    """

    code = "SF728"
    name = "grad-block"
    phase = Phase.CONTAINERS
    explains = (
        "aten::enable_grad",
        "With item expression must return an object",
        "nullcontext.__aenter__",
        "Compiled functions can't take variable number of arguments",
        "is being assigned to a value of type",
    )
    hints = ("enable_grad", "set_grad_enabled", "nullcontext", "anomaly", "profile", "nvtx", "catch_warnings")
    source = "https://docs.pytorch.org/docs/stable/jit_language_reference_v2.html"
    examples = EXAMPLES

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Every such block in compiled code."""
        for body in bodies(tree, facts):
            for block in body.find(cst.With):
                for item in block.items:
                    try:
                        edits = _edits(body, block, item)
                    except NoForm as reason:
                        yield decline(self, body, item, f"the compiler has no such block: {reason}")
                        continue
                    if edits:
                        why = "of the blocks that set the gradient mode the compiler has no_grad alone"
                        yield rewrite(self, body, item, "a block that scripting has", edits, why=why)


def _leaves_mode(body: Body, item: cst.WithItem) -> bool:
    """Whether a block is known to leave the gradient mode: the mode is set when all blocks of a ``with`` are entered already.

    What it is given may not be computed under the wrong mode and then be named.
    """
    call = item.item
    if not isinstance(call, cst.Call) or body.dotted(call.func) not in (*_WATCHING, *_LEAVING, _NULL):
        return False
    return all(_reads(body, arg.value) and (item.asname is None or stable(arg.value)) for arg in call.args)


def _reads(body: Body, node: cst.BaseExpression) -> bool:
    """Whether working a value out does nothing but read and make text, or options of the profiler."""
    if isinstance(node, cst.FormattedString):
        return all(_reads(body, part.expression) for part in node.parts if isinstance(part, cst.FormattedStringExpression))
    if isinstance(node, cst.BinaryOperation):
        return _reads(body, node.left) and _reads(body, node.right)
    if isinstance(node, cst.List | cst.Tuple):
        return all(isinstance(part, cst.Element) and _reads(body, part.value) for part in node.elements)
    if isinstance(node, cst.Call) and body.dotted(node.func).startswith(("torch.profiler.", "builtins.str")):
        return all(not arg.star and _reads(body, arg.value) for arg in node.args)
    return calm(body.tree, node)


@dataclass(frozen=True)
class _Mode:
    """The gradient mode of a block, as text; ``before`` where it rests on the mode that was."""

    text: str
    before: bool = False


def _edits(body: Body, block: cst.With, item: cst.WithItem) -> list[Edit]:
    tree, value = body.tree, item.item
    assign = _named(body, block, value)
    made = assign.value if assign is not None else value
    watched = body.dotted(made.func) if isinstance(made, cst.Call) else ""
    if watched in (*_WATCHING, _NULL) and assign is None:
        if item.asname is not None:
            raise NoForm("what it gives is named")
        if not all(_reads(body, arg.value) and not arg.star for arg in cst.ensure_type(made, cst.Call).args):
            raise NoForm("what it is given is computed; work that out before the block")
        label = watched.rpartition(".")[2]
        return body.guarded(value, f"{body.spell('torch.profiler.record_function')}('{label}')")
    had = FreshNames(tree, body.function).fresh("had_grad")
    mode = _mode(body, made, had)
    if mode is None:
        return []
    if not all(_leaves_mode(body, other) for other in block.items if other is not item):
        raise NoForm("another of its items may set the mode as well; write one block inside of the other")
    if item.asname is not None or not isinstance(block.body, cst.IndentedBlock) or not tree.own_line(block):
        raise NoForm("it shares its line, or what it gives is named")
    first = block.body.body[0]
    if not tree.own_line(first):
        raise NoForm("its first line holds several statements")
    test, setter = body.spell("torch.jit.is_scripting"), body.spell("torch.set_grad_enabled")
    text = f"({body.spell('torch.no_grad')}() if {test}() else {tree.code(made)})"
    edits = [tree.replace_outer(value, text), tree.before(first, [f"if {test}():", f"    {setter}({mode.text})"])]
    line = tree.parent(assign) if assign is not None else None
    save = [f"{had} = {body.spell('torch.is_grad_enabled')}()"] if mode.before else []
    if line is not None:
        return [*edits, tree.replace_statement(line, save)]
    return [*edits, *([tree.before(block, save)] if save else [])]


def _mode(body: Body, made: cst.BaseExpression, had: str) -> _Mode | None:
    """The gradient mode that a block sets; None for other blocks and those that scripting has. Raises NoForm."""
    tree = body.tree
    if isinstance(made, cst.Call):
        dotted = body.dotted(made.func)
        if dotted in ("torch.enable_grad", "torch.autograd.enable_grad", "torch.autograd.grad_mode.enable_grad") and not made.args:
            return _Mode("True")
        if dotted in ("torch.set_grad_enabled", "torch.autograd.set_grad_enabled") and len(made.args) == 1:
            mode = made.args[0].value
            if tree.code(mode) == "False":
                return None
            if made.args[0].star or not _flag(mode):
                raise NoForm("its condition is computed; name it before the block")
            return _Mode(tree.code(mode))
        return None
    if not isinstance(made, cst.IfExp):
        return None
    sides = [body.dotted(side.func) if isinstance(side, cst.Call) and not side.args else "" for side in (made.body, made.orelse)]
    if sorted(sides) not in ([_NULL, "torch.no_grad"], ["torch.enable_grad", "torch.no_grad"]):
        return None
    if not _flag(made.test):
        raise NoForm("its condition is computed; name it before the block")
    off = sides[0] == "torch.no_grad"
    test = f"not {tree.operand(made.test)}" if off and not isinstance(made.test, cst.UnaryOperation) else tree.code(made.test)
    if off and isinstance(made.test, cst.UnaryOperation):
        test = tree.code(made.test.expression)
    return _Mode(f"{had} and {test}", True) if _NULL in sides else _Mode(test)


def _flag(node: cst.BaseExpression) -> bool:
    """Whether a condition is a name or attribute, or that with ``not``."""
    if isinstance(node, cst.UnaryOperation) and isinstance(node.operator, cst.Not):
        return _flag(node.expression)
    return isinstance(node, cst.Name | cst.Attribute) and stable(node)


def _named(body: Body, block: cst.With, value: cst.BaseExpression) -> cst.Assign | None:
    """The assignment right above a block that gives its only name a value."""
    tree, above = body.tree, body.tree.parent(block)
    if not isinstance(value, cst.Name) or not isinstance(above, cst.IndentedBlock) or len(block.items) != 1:
        return None
    at = above.body.index(block)
    line = above.body[at - 1] if at else None
    uses = [name for name in variables(body.function.body) if name.value == value.value]
    if not isinstance(line, cst.SimpleStatementLine) or not tree.own_line(line) or len(uses) > 2:
        return None
    small = line.body[0]
    plain = isinstance(small, cst.Assign) and len(small.targets) == 1 and isinstance(small.targets[0].target, cst.Name)
    if not plain or not isinstance(small, cst.Assign) or len(stores_in(body.function.body, value.value)) != 1:
        return None
    return small if any(tree.contains(small, name) for name, _ in _bound(small, value.value)) else None


def _bound(small: cst.Assign, name: str) -> list[tuple[cst.Name, cst.CSTNode]]:
    return [(found, by) for found, by in bindings(small) if found.value == name]
