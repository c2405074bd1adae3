"""A list that is a parameter's default, as the tuple that the compiler takes in its place."""

from __future__ import annotations

import libcst as cst

from scriptify.tree import Tree

# Methods of a Tensor that take a list of numbers and a tuple of them alike.
SIZED = frozenset(
    "sum mean view reshape permute repeat expand amax amin std var flip roll norm new_zeros new_ones unflatten squeeze tile".split()
)
_READERS = frozenset(f"builtins.{name}" for name in ("len", "sum", "enumerate", "zip", "max", "min"))


def reads_sequence(tree: Tree, load: cst.Name) -> bool:
    """Whether a use reads a list as it would read a tuple."""
    above = tree.parent(load)
    if isinstance(above, cst.Subscript) and above.value is load:
        parent = tree.parent(above)
        index = all(isinstance(e.slice, cst.Index) for e in above.slice)
        return index and not isinstance(parent, cst.AssignTarget | cst.AugAssign | cst.Del | cst.Attribute)
    if isinstance(above, cst.For | cst.CompFor):
        return above.iter is load
    if isinstance(above, cst.Arg):
        call = tree.parent(above)
        return isinstance(call, cst.Call) and not above.star and (tree.dotted(call.func) in _READERS or handed_to_torch(tree, call))
    return False


def handed_to_torch(tree: Tree, call: cst.Call) -> bool:
    """Whether a call is one of torch's that only reads a list of numbers it is given: a function, or a method of a Tensor.

    What is under ``torch.jit`` looks at its type or hands it back; a method of ``self`` is the project's own or a module.
    """
    dotted = tree.dotted(call.func)
    if dotted.startswith("torch."):
        return not dotted.startswith("torch.jit.")
    func = call.func
    if not isinstance(func, cst.Attribute) or dotted or func.attr.value not in SIZED:
        return False
    return not (isinstance(func.value, cst.Name) and func.value.value in ("self", "cls"))


def as_tuple(tree: Tree, default: cst.List) -> str:
    """The source of a list's display with round brackets, all between them kept."""
    start, end = tree.span(default)
    inner = tree.text[start + 1 : end - 1]
    last = default.elements[-1] if default.elements else None
    if len(default.elements) == 1 and last is not None and last.comma is cst.MaybeSentinel.DEFAULT:
        at = tree.outer_span(last.value)[1] - start - 1
        inner = f"{inner[:at]},{inner[at:]}"
    return f"({inner})"
