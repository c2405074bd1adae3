"""SF115: a list of Nones that is filled with tensors."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scriptify import schemas
from scriptify.facts.model import Facts
from scriptify.transform import Declines, Edit, Fires, Focus, Ignores, Phase, Proposal, Transform
from scriptify.transforms._expression import Body, bodies, decline, rewrite
from scriptify.transforms._flow_questions import jumps
from scriptify.transforms._refine import raises_for_none
from scriptify.tree import Tree
from scriptify.tree.flow import bindings, loads, parameter_names, stores_in
from scriptify.tree.substitute import source

_HEAD = "import torch\nfrom torch import nn\n\n\nclass Net(nn.Module):\n    def forward(self, x: torch.Tensor):\n"
_ENTRY = "Net(), (torch.randn(2, 3),)"
_STEM = "but instead found type 'List[Optional[Tensor]]'"
_JOINERS = frozenset(f"torch.{name}" for name in ("cat", "concat", "stack", "hstack", "vstack", "dstack"))


def _net(body: str) -> str:
    return _HEAD + "".join(f"        {line}\n" for line in body.splitlines())


class FilledList(Transform):
    """``outs = [None] * n`` -> ``outs = [torch.empty(0)] * n if torch.jit.is_scripting() else [None] * n``.

    To the compiler a list of Nones is one of values that may be None for ever. Where every place is filled with a tensor
    before it is read, or None would raise where it is read, an empty tensor holds the place as well.
    """

    code = "SF115"
    name = "filled-list"
    phase = Phase.VALUES
    on_demand = True
    explains = ("List[Optional[Tensor]]", "found type 'Optional[Tensor]'", "List[NoneType]", "'NoneType'")
    hints = ("[None",)
    source = "https://docs.pytorch.org/docs/stable/jit_language_reference.html#optional-type-refinement"
    examples = (
        Fires(
            _net("outs = [None] * 3\nfor i in range(3):\n    outs[i] = x + i\nreturn torch.cat(outs)"),
            _net(
                "outs = ([torch.empty(0)] * 3 if torch.jit.is_scripting() else [None] * 3)\n"
                "for i in range(3):\n    outs[i] = x + i\nreturn torch.cat(outs)"
            ),
            entry=_ENTRY,
            focus=_STEM,
            at="torch.cat",
            name="multiplied",
        ),
        Fires(
            _net("outs = [None for _ in range(3)]\nfor i in range(3):\n    outs[i] = x + i\nreturn outs[0] + outs[2]"),
            _net(
                "outs = ([torch.empty(0) for _ in range(3)] if torch.jit.is_scripting() else [None for _ in range(3)])\n"
                "for i in range(3):\n    outs[i] = x + i\nreturn outs[0] + outs[2]"
            ),
            entry=_ENTRY,
            focus="but instead found type 'Optional[Tensor]'",
            at="return",
            name="a comprehension",
        ),
        Declines(
            _net("outs = [None] * 3\nouts[1] = x\nreturn outs"),
            because="read",
            focus=_STEM,
            at="return",
        ),
        Declines(
            _net("outs = [None] * 3\nif x.dim() > 1:\n    outs[1] = x\nreturn outs[1]"),
            because="read",
            focus=_STEM,
            at="return",
            name="an item that may be None still",
        ),
        Declines(
            _net("outs = [None] * 3\nfor i in range(2):\n    outs[i] = x\nlast = outs[2]\nreturn x if last is None else last"),
            because="read",
            focus=_STEM,
            at="return",
            name="an item under another name",
        ),
        Fires(
            _net("outs = [None] * 3\nfor i in range(3):\n    outs[i] = x + i\nlast = outs[2]\nreturn last"),
            _net(
                "outs = ([torch.empty(0)] * 3 if torch.jit.is_scripting() else [None] * 3)\n"
                "for i in range(3):\n    outs[i] = x + i\nlast = outs[2]\nreturn last"
            ),
            entry=_ENTRY,
            focus="but instead found type 'Optional[Tensor]'",
            at="return",
            name="all filled before",
        ),
        Ignores(_net("outs = [None] * 3\nfor i in range(3):\n    outs[i] = x + i\nreturn torch.cat(outs)")),
    )

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Yield rewrites in the focused function."""
        if focus is None or focus.path != tree.path or not self.answers(focus.message):
            return
        for body in bodies(tree, facts):
            if focus.scope and body.qualname != focus.scope:
                continue
            assigned: list[cst.Assign | cst.AnnAssign] = [*body.find(cst.Assign), *body.find(cst.AnnAssign)]
            for small in assigned:
                target = small.target if isinstance(small, cst.AnnAssign) else small.targets[0].target
                none = _none(body, small.value) if small.value is not None else None
                if none is None or small.value is None or not isinstance(target, cst.Name):
                    continue
                stated = _stated(tree, small)
                if stated is None:
                    continue
                if not _only_filled(body, target.value, small.value):
                    because = f"{target.value} begins as a list of Nones and may be read where it is still None"
                    yield decline(self, body, small, f"{because}; append to an empty list, or ask for None first")
                    continue
                text = tree.code(small.value)
                start, end = (offset - tree.span(small.value)[0] for offset in tree.span(none))
                empty = f"{body.spell('torch.empty')}(0)"
                filled = f"{text[:start]}{empty if isinstance(none, cst.Name) else f'[{empty}]'}{text[end:]}"
                whole = f"({filled} if {body.spell('torch.jit.is_scripting')}() else {source(tree, small.value)})"
                why = "a list of Nones is one of values that may be None to the compiler"
                edits = [tree.replace_outer(small.value, whole), *stated]
                yield rewrite(self, body, small, f"{target.value} begins with empty tensors when scripted", edits, why=why)


def _stated(tree: Tree, small: cst.Assign | cst.AnnAssign) -> list[Edit] | None:
    """The edits that make the annotation one of tensors; None where it says something else than optional ones."""
    if isinstance(small, cst.Assign):
        return [] if len(small.targets) == 1 else None
    written = small.annotation.annotation
    item = written.slice[0].slice if isinstance(written, cst.Subscript) and len(written.slice) == 1 else None
    optional = item.value if isinstance(item, cst.Index) else None
    if not isinstance(optional, cst.Subscript) or tree.dotted(optional.value) != "typing.Optional":
        return None
    inner = optional.slice[0].slice
    if not isinstance(inner, cst.Index) or tree.dotted(inner.value) != "torch.Tensor":
        return None
    return [tree.replace(optional, tree.code(inner.value))]


def _none(body: Body, value: cst.BaseExpression) -> cst.BaseExpression | None:
    """The ``[None]`` of ``[None] * n`` or the None of ``[None for _ in ...]``."""
    if isinstance(value, cst.ListComp):
        found = value.elt
        return found if isinstance(found, cst.Name) and found.value == "None" else None
    if not isinstance(value, cst.BinaryOperation) or not isinstance(value.operator, cst.Multiply):
        return None
    for side in (value.left, value.right):
        inner = side
        if isinstance(side, cst.Call) and body.dotted(side.func) == "torch.jit.annotate" and len(side.args) == 2:
            inner = side.args[1].value
        if isinstance(inner, cst.List) and len(inner.elements) == 1 and body.tree.code(inner.elements[0].value) == "None":
            return side
    return None


def _only_filled(body: Body, name: str, made: cst.BaseExpression) -> bool:
    """Whether a list's places are only assigned, counted, all joined, or read where None would raise or all are filled already."""
    tree = body.tree
    if sum(bound.value == name for bound, _ in bindings(body.function.body)) != 1:
        return False
    filled = False
    for use in loads(body.function.body, name):
        above = tree.parent(use)
        if isinstance(above, cst.Subscript) and above.value is use:
            user = tree.parent(above)
            filled = filled or isinstance(user, cst.AssignTarget)
            if isinstance(user, cst.Comparison | cst.ComparisonTarget | cst.If | cst.IfExp | cst.BooleanOperation):
                return False
            if not (
                isinstance(user, cst.AssignTarget | cst.AugAssign) or _wants_tensor(body, above) or _all_filled(body, name, made, above)
            ):
                return False
            continue
        call = tree.parent(above) if isinstance(above, cst.Arg) and not above.star else None
        if isinstance(call, cst.Call) and (body.dotted(call.func) in _JOINERS or body.dotted(call.func) == "builtins.len"):
            continue
        return False
    return filled


def _wants_tensor(body: Body, item: cst.Subscript) -> bool:
    """Whether what reads an item raises for None, so that eager code has a Tensor there."""
    tree, user = body.tree, body.tree.parent(item)
    if isinstance(user, cst.UnaryOperation) and isinstance(user.operator, cst.Not):
        return False
    if isinstance(user, cst.Element):
        display = tree.parent(user)
        user = tree.parent(display) if isinstance(display, cst.List | cst.Tuple) else None
    call = tree.parent(user) if isinstance(user, cst.Arg) and not user.star else None
    if isinstance(call, cst.Call) and call.args[0] is user:
        head, _, _ = (dotted := body.dotted(call.func)).rpartition(".")
        return dotted in _JOINERS or (user.value is item and (head == "torch.nn.functional" or schemas.function_gives_tensor(dotted)))
    return raises_for_none(tree, item)


def _all_filled(body: Body, name: str, made: cst.BaseExpression, item: cst.Subscript) -> bool:
    """Whether a loop over every place, ``for i in range(n): xs[i] = ..``, surely came to its end before an item is read."""
    tree = body.tree
    count = _count(body, made)
    below: cst.CSTNode = item
    for above in tree.ancestors(item):
        if isinstance(above, cst.IndentedBlock):
            earlier = above.body[: list(above.body).index(below)]  # type: ignore[arg-type]
            if any(isinstance(loop, cst.For) and _fills(body, name, count, loop) for loop in earlier):
                return True
        if above is body.function:
            break
        below = above
    return False


def _count(body: Body, made: cst.BaseExpression) -> str:
    """How many places the list has, as written; ``""`` where that may have another value later."""
    if isinstance(made, cst.ListComp):
        return _range(body, made.for_in.iter) if not made.for_in.ifs and made.for_in.inner_for_in is None else ""
    if not isinstance(made, cst.BinaryOperation):
        return ""
    return _lasting(body, made.left if isinstance(made.right, cst.List) else made.right)


def _range(body: Body, over: cst.BaseExpression) -> str:
    plain = isinstance(over, cst.Call) and body.dotted(over.func) == "builtins.range" and len(over.args) == 1
    return _lasting(body, over.args[0].value) if plain and isinstance(over, cst.Call) and not over.args[0].star else ""


def _lasting(body: Body, node: cst.BaseExpression) -> str:
    """A number, or a name that is bound once."""
    once = (
        isinstance(node, cst.Name) and len(stores_in(body.function.body, node.value)) + (node.value in parameter_names(body.function)) == 1
    )
    return body.tree.code(node) if once or isinstance(node, cst.Integer) else ""


def _fills(body: Body, name: str, count: str, loop: cst.For) -> bool:
    tree, index = body.tree, loop.target
    if not count or _range(body, loop.iter) != count or not isinstance(index, cst.Name) or any(jumps(loop)):
        return False
    if not isinstance(loop.body, cst.IndentedBlock) or stores_in(loop.body, index.value):
        return False
    lines = [small for line in loop.body.body if isinstance(line, cst.SimpleStatementLine) for small in line.body]
    targets = [target.target for small in lines if isinstance(small, cst.Assign) for target in small.targets]
    return any(tree.code(target).replace(" ", "") == f"{name}[{index.value}]" for target in targets)
