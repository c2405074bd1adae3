"""SF606: a tuple made of a list whose length the compiler does not know."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import libcst as cst

from scriptify.facts.model import Facts
from scriptify.transform import Declines, Fires, Focus, Ignores, Phase, Proposal, Transform
from scriptify.transforms._before import scripting
from scriptify.transforms._spot import Spot, spot
from scriptify.tree import Tree, loads, own_nodes, stores_in
from scriptify.tree.flow import parameter_names

_HEAD = "import torch\nfrom torch import nn\n\n\n"
_ENTRY = "Net(), (torch.rand(2, 4),)"
_TELLING = ("builtins.isinstance", "builtins.type", "builtins.str", "builtins.repr")
_READERS = frozenset(f"builtins.{name}" for name in ("len", "enumerate", "zip", "range", "sum", "min", "max", "list", "tuple", "sorted"))
_STEM = "cannot statically infer the expected size of a list in this context"
_OUTS = "outs = []\nfor i in range(3):\n    outs.append(x + i)\n"

_ANNOTATED = "outs: list[torch.Tensor] = []\nouts.append(x)\n"
_EITHER = "outs if x.dim() > 1 else\n    [x]"


def _net(body: str) -> str:
    lines = "".join(f"        {line}\n" for line in body.splitlines())
    return f"{_HEAD}class Net(nn.Module):\n    def forward(self, x):\n{lines}"


def _fires(before: str, after: str, at: str, name: str) -> Fires:
    return Fires(_net(before), _net(after), entry=_ENTRY, focus=_STEM, at=at, name=name)


class TupleOfList(Transform):
    """``return tuple(outs)`` -> ``return outs if torch.jit.is_scripting() else tuple(outs)``.

    A tuple's length is part of its type, a list's is not, so the compiler can't turn a list into a tuple.
    The scripted module keeps the list; the conditional expression is decided while compiling, and eager
    code still makes the tuple. Where the result is not returned, the list is copied, as ``tuple`` does. A
    caller of the scripted module gets a list of the same elements, which the oracle reports.
    """

    code = "SF606"
    name = "tuple-of-list"
    phase = Phase.CONTROL
    explains = (_STEM,)
    hints = ("tuple(",)
    on_demand = True
    source = "https://docs.pytorch.org/docs/stable/jit_language_reference.html#iterables"
    examples = (
        _fires(
            f"{_OUTS}return tuple(outs)", f"{_OUTS}return outs if torch.jit.is_scripting() else tuple(outs)", "return tuple", "returned"
        ),
        _fires(
            f"{_OUTS}return x, tuple(outs)",
            f"{_OUTS}return x, outs if torch.jit.is_scripting() else tuple(outs)",
            "return x",
            "returned in a tuple",
        ),
        _fires(
            f"{_OUTS}ys = tuple(outs)\nreturn torch.cat(ys)",
            f"{_OUTS}ys = (list(outs) if torch.jit.is_scripting() else tuple(outs))\nreturn torch.cat(ys)",
            "ys = tuple",
            "kept",
        ),
        _fires(
            "return torch.cat(tuple(t + 1 for t in [x, x]))",
            "return torch.cat(([t + 1 for t in [x, x]] if torch.jit.is_scripting() else tuple(t + 1 for t in [x, x])))",
            "return torch",
            "generator",
        ),
        _fires(
            "return torch.cat(tuple([t + 1 for t in [x, x]]))",
            "return torch.cat(([t + 1 for t in [x, x]] if torch.jit.is_scripting() else tuple([t + 1 for t in [x, x]])))",
            "return torch",
            "comprehension",
        ),
        _fires(
            f"{_OUTS}return tuple(outs[::-1])",
            f"{_OUTS}return outs[::-1] if torch.jit.is_scripting() else tuple(outs[::-1])",
            "return tuple",
            "slice",
        ),
        _fires(
            f"{_OUTS}return tuple({_EITHER})",
            f"{_OUTS}return list({_EITHER}) if torch.jit.is_scripting() else tuple({_EITHER})",
            "return tuple",
            "one of two lists",
        ),
        _fires(
            f"{_ANNOTATED}return tuple(outs)",
            f"{_ANNOTATED}return outs if torch.jit.is_scripting() else tuple(outs)",
            "return tuple",
            "annotated",
        ),
        _fires(
            f"{_OUTS}while len(outs) < 4:\n    outs.append(torch.cat(outs))\nreturn tuple(outs)",
            f"{_OUTS}while len(outs) < 4:\n    outs.append(torch.cat(outs))\nreturn outs if torch.jit.is_scripting() else tuple(outs)",
            "return tuple",
            "a list that functions read",
        ),
        _fires(
            f"{_OUTS}ys = outs\nreturn tuple(outs), ys",
            f"{_OUTS}ys = outs\nreturn list(outs) if torch.jit.is_scripting() else tuple(outs), ys",
            "return tuple",
            "a list with two names",
        ),
        Declines(_net("return tuple(t for t in [x] if t.sum() > 0)"), because="condition", focus=_STEM, at="return tuple"),
        *(
            Declines(_net(f"{_OUTS}{code}"), because=because, focus=_STEM, at="tuple(", name=name)
            for name, because, code in (
                ("an index", "picks rows", "at = [0, 1]\nreturn x[tuple(at)]"),
                ("an index under a name", "picks rows", "at = tuple(outs)\nreturn x[at]"),
                ("asked for its type", "written as text", "ys = tuple(outs)\nif isinstance(ys, tuple):\n    x = torch.cat(ys)\nreturn x"),
                ("written as text", "written as text", "sizes = [1, 2]\nreturn f'{tuple(sizes)}'"),
                ("added to", "makes a new one", "ys = tuple(outs)\nzs = ys\nys += tuple(outs)\nreturn torch.cat(zs)"),
            )
        ),
        Ignores(_net(f"{_OUTS}return tuple(outs)")),
        Ignores(_net("b, c = x.shape\nreturn x.view(*x.shape)"), focus=_STEM, at="return x"),
    )

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Yield a rewrite for each such tuple on the focused line."""
        place = spot(tree, facts, focus)
        if place is None or focus is None or not self.answers(focus.message):
            return
        for call in _calls(place):
            argument = call.args[0].value
            if isinstance(argument, cst.GeneratorExp) and any(True for _ in tree.find(cst.CompIf, argument)):
                yield tree.decline(
                    self, call, "its generator has a condition, and a comprehension with one is not compiled either; use a loop"
                )
                continue
            unlike = next((reason for use in _uses(place, call) if (reason := _unlike(tree, use))), "")
            if unlike:
                yield tree.decline(self, call, unlike)
                continue
            held = _list(place, argument, _returned(tree, call))
            text = f"{held} if {scripting(tree)} else {tree.code(call)}"
            bare = isinstance(tree.parent(call), cst.Return | cst.Element) and (
                held.startswith(("[", "list(")) or not set(held) & set("\r\n")
            )
            imports = tree.imports.spell("torch.jit.is_scripting")[1]
            why = "a list's length is not known to the compiler, so no tuple can be made of it; the scripted module gives the list itself"
            edit = tree.replace_outer(call, text if bare else f"({text})")
            yield tree.rewrite(
                self, call, f"keep the list in place of {tree.code(call)[:60]} when scripted", [edit], imports=imports, why=why
            )


def _calls(place: Spot) -> Iterator[cst.Call]:
    tree = place.tree
    for node in own_nodes(place.function.body):
        if not isinstance(node, cst.Call) or tree.dotted(node.func) != "builtins.tuple" or len(node.args) != 1 or node.args[0].star:
            continue
        first, last = tree.lines(node)
        above = tree.parent(node)
        if first <= place.focus.line <= last and not (isinstance(above, cst.IfExp) and node is above.orelse):
            yield node


def _returned(tree: Tree, call: cst.Call) -> bool:
    """Whether the tuple leaves the function at once, so that nobody can tell the list from a copy of it."""
    above = tree.parent(call)
    if isinstance(above, cst.Element):
        above = tree.parent(above)
        above = tree.parent(above) if isinstance(above, cst.Tuple) else None
    return isinstance(above, cst.Return)


def _list(place: Spot, argument: cst.BaseExpression, returned: bool) -> str:
    tree = place.tree
    if isinstance(argument, cst.GeneratorExp):
        return f"[{tree.code(argument.elt)} {tree.code(argument.for_in).strip()}]"
    if isinstance(argument, cst.ListComp | cst.List) or _fresh(argument) or (returned and _own(place, argument)):
        return tree.code(argument)
    return f"list({tree.code(argument)})"


def _fresh(argument: cst.BaseExpression) -> bool:
    """Whether an expression makes a list of its own."""
    return isinstance(argument, cst.Subscript) and all(isinstance(part.slice, cst.Slice) for part in argument.slice)


def _own(place: Spot, argument: cst.BaseExpression) -> bool:
    """Whether a name holds a list that the function made and that nothing else holds: an attribute's may be added to later."""
    if not isinstance(argument, cst.Name) or argument.value in parameter_names(place.function):
        return False
    body, tree = place.function.body, place.tree
    makers = [by if isinstance(by, cst.AnnAssign) else tree.parent(by) for by in stores_in(body, argument.value)]
    alone = [by for by in makers if isinstance(by, cst.AnnAssign) or (isinstance(by, cst.Assign) and len(by.targets) == 1)]
    if len(alone) != len(makers) or not all(isinstance(by.value, cst.List | cst.ListComp) for by in alone):
        return False
    others = [tree.parent(load) for load in loads(body, argument.value) if load is not argument]
    return bool(makers) and all(isinstance(above, cst.Attribute | cst.Subscript) or _reads(tree, above) for above in others)


def _reads(tree: Tree, use: cst.CSTNode | None) -> bool:
    """Whether a list is an argument of a function that keeps no hold of it."""
    call = tree.parent(use) if isinstance(use, cst.Arg) else None
    if not isinstance(call, cst.Call):
        return False
    name = tree.dotted(call.func)
    return name in _READERS or name.startswith("torch.")


def _uses(place: Spot, call: cst.Call) -> Iterator[cst.BaseExpression]:
    """Where the tuple is used: where it is made, and where the name that it is given is read or added to."""
    yield call
    above = place.tree.parent(call)
    for target in above.targets if isinstance(above, cst.Assign) else ():
        if isinstance(target.target, cst.Name):
            yield from loads(place.function.body, target.target.value)


def _unlike(tree: Tree, use: cst.BaseExpression) -> str:
    """Why a list in place of a tuple would be something else to compiled code where it is used, or ``""``."""
    above = tree.parent(use)
    if isinstance(above, cst.Index) and len(_slices(tree, above)) == 1:
        return "a list as an index picks rows, where a tuple picks along several dimensions"
    if isinstance(above, cst.AugAssign) and above.target is use:
        return "adding to a list changes it for all that hold it, where adding to a tuple makes a new one"
    if tree.enclosing(use, cst.Raise) is not None or tree.enclosing(use, cst.Assert) is not None:
        return ""  # an error's text may tell the two apart: nothing is computed with it
    user = tree.parent(above) if isinstance(above, cst.Arg) else None
    function = user.func if isinstance(user, cst.Call) else None
    formats = isinstance(function, cst.Attribute) and function.attr.value == "format"
    if isinstance(above, cst.FormattedStringExpression) or formats or (function is not None and tree.dotted(function) in _TELLING):
        return "it is asked for its type or written as text, and a list would answer otherwise"
    return ""


def _slices(tree: Tree, index: cst.Index) -> Sequence[cst.SubscriptElement]:
    above = tree.parent(tree.parent(index) or index)
    return above.slice if isinstance(above, cst.Subscript) else ()
