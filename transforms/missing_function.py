"""SF708: torch functions that scripting has no operator for, by what they compute."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import libcst as cst

from scriptify.facts.model import Facts
from scriptify.transform import Declines, Edit, Fires, Focus, Ignores, Phase, Proposal, Transform
from scriptify.transforms._expression import (
    FLOAT,
    INT,
    Body,
    NoForm,
    bodies,
    decline,
    only,
    positional,
    rewrite,
)
from scriptify.transforms._legacy import is_size
from scriptify.transforms._number_lists import data_text, literal_data
from scriptify.transforms._sure_numbers import sure_numbers
from scriptify.transforms._taken_apart import taken_apart
from scriptify.tree import Tree
from scriptify.tree.substitute import FreshNames, calm, stable

_HEAD = """import torch
import torch.nn.functional as F
from torch import nn


class Net(nn.Module):
    def forward(self, x: torch.Tensor):
"""
_ENTRY = "Net(), (torch.randn(2, 4),)"
_TESTS = {"is_floating_point": "is_floating_point()", "is_complex": "is_complex()", "itemsize": "element_size()"}


class MissingFunction(Transform):
    """``torch.asarray([1.0])`` -> ``torch.as_tensor([1.0])``, ``torch.unravel_index(i, x.shape)`` as divisions, and others alike.

    Also ``torch.get_default_dtype()``, what a dtype says of itself, shared memory, and a triplet loss with a distance.
    Each computes the same from operators that scripting has; where eager code could tell the two apart, it keeps the call.
    """

    code = "SF708"
    name = "missing-function"
    phase = Phase.VALUES
    hints = ("asarray", "unravel_index", "get_default_dtype", ".dtype.", "share_memory_", "with_distance")
    explains = (
        *(f"Unknown builtin op: aten::{name}" for name in ("asarray", "unravel_index", "get_default_dtype")),
        "has no attribute or method 'share_memory_'",
        *(f"object has no attribute or method '{name}'" for name in _TESTS),
        "Compiled functions can't take variable number of arguments",
    )
    source = "https://docs.pytorch.org/docs/stable/jit_unsupported.html"
    examples = (
        Fires(
            name="an array of numbers",
            before=_HEAD + "        return x + torch.asarray([1, 0.5, 2, 1], dtype=x.dtype)\n",
            after=_HEAD + "        return x + torch.as_tensor([1.0, 0.5, 2.0, 1.0], dtype=x.dtype)\n",
            entry=_ENTRY,
        ),
        Fires(
            name="a flat index",
            before=_HEAD + "        i = x.argmax()\n        r, c = torch.unravel_index(i, (x.size(0), 4))\n        return r, c\n",
            after=_HEAD
            + "        i = x.argmax()\n        r, c = (i.div(4, rounding_mode='floor') % x.size(0), i % 4)"
            + " if torch.jit.is_scripting() else torch.unravel_index(i, (x.size(0), 4))\n        return r, c\n",
            entry=_ENTRY,
        ),
        Fires(
            name="a flat index into a shape",
            before=_HEAD + "        i = x.argmax()\n        at = torch.unravel_index(i, x.shape)\n        return at[0] + at[1]\n",
            after=_HEAD
            + "        i = x.argmax()\n        at = [i.div(int(torch.tensor(x.shape[k + 1:], dtype=torch.int64).prod().item()),"
            + " rounding_mode='floor')"
            + " % x.shape[k] for k in range(len(x.shape))] if torch.jit.is_scripting() else torch.unravel_index(i, x.shape)\n"
            + "        return at[0] + at[1]\n",
            entry=_ENTRY,
        ),
        Fires(
            name="whole numbers of any kind, as a tuple",
            before=_HEAD
            + "        i = (x > 0).sum(1).to(torch.int32) - 3\n        at = torch.unravel_index(i, (2, x.size(1)))\n"
            + "        return at, torch.unravel_index(x.argmin(), (8,))\n",
            after=_HEAD
            + "        i = (x > 0).sum(1).to(torch.int32) - 3\n"
            + "        at = ((i | 0).long().div(x.size(1), rounding_mode='floor') % 2, (i | 0).long() % x.size(1))"
            + " if torch.jit.is_scripting() else torch.unravel_index(i, (2, x.size(1)))\n"
            + "        return at, ((x.argmin() % 8,) if torch.jit.is_scripting() else torch.unravel_index(x.argmin(), (8,)))\n",
            entry=_ENTRY,
        ),
        Fires(
            name="the size of an element of what may be an array, whose dtype has one too",
            before=_HEAD + "        return x * x.dtype.itemsize\n",
            after=_HEAD + "        return x * (x.element_size() if torch.jit.is_scripting() else x.dtype.itemsize)\n",
            entry=_ENTRY,
        ),
        Declines(
            name="a tuple that is handed out",
            code=_HEAD + "        i = x.argmax()\n        at = torch.unravel_index(i, x.shape)\n        return at, at[0]\n",
            because="list of coordinates",
        ),
        Declines(
            name="a tuple that is an index",
            code=_HEAD + "        i = x.argmax()\n        at = torch.unravel_index(i, x.shape)\n        return x[at]\n",
            because="list of coordinates",
        ),
        Fires(
            name="the default dtype and what a dtype says",
            before=_HEAD + "        y = x.to(torch.get_default_dtype())\n        return y + 1 if x.dtype.is_floating_point else y\n",
            after=_HEAD
            + "        y = x.to(torch.empty(0).dtype if torch.jit.is_scripting() else torch.get_default_dtype())\n"
            + "        return y + 1 if x.is_floating_point() else y\n",
            entry=_ENTRY,
        ),
        Fires(
            name="a triplet loss",
            before=_HEAD + "        return F.triplet_margin_with_distance_loss(x, x + 1, x * 2, margin=2.0)\n",
            after=_HEAD
            + "        return torch.clamp_min(2.0 + F.pairwise_distance(x, x + 1) - F.pairwise_distance(x, x * 2), 0).mean()"
            + " if torch.jit.is_scripting() else F.triplet_margin_with_distance_loss(x, x + 1, x * 2, margin=2.0)\n",
            entry=_ENTRY,
        ),
        Fires(
            name="shared memory",
            before=_HEAD + "        y = x.clone().share_memory_()\n        return y\n",
            after=_HEAD + "        y = x.clone() if torch.jit.is_scripting() else x.clone().share_memory_()\n        return y\n",
            entry=_ENTRY,
        ),
        Declines(name="of unknown data", code=_HEAD + "        return torch.asarray(self.data) + x\n", because="not known"),
        Ignores(name="known functions", code=_HEAD + "        return torch.as_tensor([1.0]) + x.element_size()\n"),
        Ignores(name="not compiled", code="import torch\n\n\ndef f(x):\n    return torch.asarray(x)\n"),
    )

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Every such call and every such question to a dtype in compiled code."""
        for body in bodies(tree, facts):
            nodes: list[cst.BaseExpression] = [*body.find(cst.Call), *body.find(cst.Attribute)]
            for node in nodes:
                try:
                    edits = _edits(body, node)
                except NoForm as reason:
                    yield decline(self, body, node, f"scripting has no operator for {tree.code(node)[:60]}, and {reason}")
                    continue
                if edits:
                    yield rewrite(self, body, node, f"{tree.code(node)[:60]} by operators that scripting has", edits)


def _edits(body: Body, node: cst.BaseExpression) -> list[Edit]:
    if isinstance(node, cst.Attribute):
        return _of_dtype(body, node)
    assert isinstance(node, cst.Call)
    form = _FORMS.get(body.dotted(node.func))
    if form is not None:
        return form(body, node)
    func = node.func
    if isinstance(func, cst.Attribute) and func.attr.value == "share_memory_" and not node.args and body.surely(func.value):
        return body.guarded(node, body.tree.code(func.value))
    return []


def _of_dtype(body: Body, node: cst.Attribute) -> list[Edit]:
    """``x.dtype.is_floating_point``: scripting's dtypes are numbers, the tensor itself can be asked."""
    inner = node.value
    if node.attr.value not in _TESTS or not isinstance(inner, cst.Attribute) or inner.attr.value != "dtype":
        return []
    if not body.surely(inner.value):
        return []
    start, end = body.tree.outer_span(inner.value)[1], body.tree.span(node)[1]
    edits = [Edit(body.tree.path, start, end, f".{_TESTS[node.attr.value]}")]
    # NumPy's dtypes have an itemsize too, and nothing else of these.
    return body.leaning(inner.value, node, edits, annotated=node.attr.value != "itemsize")


def _default_dtype(body: Body, call: cst.Call) -> list[Edit]:
    return body.guarded(call, f"{body.spell('torch.empty')}(0).dtype")


def _asarray(body: Body, call: cst.Call) -> list[Edit]:
    only(call, "dtype", "device")
    data = positional(call)
    if len(data) != 1:
        raise NoForm("it has other arguments than its data")
    tree = body.tree
    if literal_data(body, data[0]) or body.certain.type_of(data[0]) in (INT, FLOAT):
        edits = [tree.replace(call.func, body.spell("torch.as_tensor"))]
        text = data_text(body, data[0]) if literal_data(body, data[0]) else tree.code(data[0])
        if text == tree.code(data[0]):
            return edits
        edits = [*edits, tree.replace(data[0], text)]
        return edits if sure_numbers(body, data[0]) else body.when_scripted(call, edits)
    if not body.surely(data[0]):
        raise NoForm("whether its data is a list of numbers or a tensor is not known")
    rest = tree.text[tree.outer_span(data[0])[1] : tree.span(call)[1]]
    return body.guarded(call, f"{body.spell('torch.as_tensor')}({tree.operand(data[0])}.detach(){rest}")


def _unraveled(body: Body, call: cst.Call) -> list[Edit]:
    only(call)
    given = positional(call)
    if len(given) != 2 or not body.surely(given[0]) or not stable(given[1]):
        raise NoForm("whether it is given a tensor and a shape that can be written twice is not known")
    if not calm(body.tree, given[0]) and not _reduced(given[0]):
        raise NoForm("its indices would be computed more than once")
    tree, index, shape = body.tree, _whole_numbers(body, given[0]), given[1]
    if isinstance(shape, cst.Tuple | cst.List):
        sizes = [element.value for element in shape.elements]
        if any(body.certain.type_of(size) != INT for size in sizes) or not sizes:
            raise NoForm("its shape is not written out in whole numbers")
        texts = [tree.operand(size) for size in sizes]
        parts = [_coordinate(index, texts, k) for k in range(len(texts))]
        return body.guarded(call, f"({', '.join(parts)}{',' if len(parts) == 1 else ''})")
    if not is_size(shape) and str(body.certain.type_of(shape)) != "List[int]":
        raise NoForm("its shape is not known to be one")
    if not taken_apart(body, call):
        raise NoForm("scripted code would have a list of coordinates for the tuple; take it apart where it is made, or write the shape out")
    torch, text = body.spell("torch.tensor").removesuffix(".tensor"), tree.code(shape)
    k = FreshNames(tree, body.function).fresh("k")
    coefficient = f"int({torch}.tensor({text}[{k} + 1:], dtype={torch}.int64).prod().item())"
    each = f"{index}.div({coefficient}, rounding_mode='floor') % {text}[{k}]"
    return body.guarded(call, body.builtins(f"[{each} for {k} in range(len({text}))]"))


def _whole_numbers(body: Body, node: cst.BaseExpression) -> str:
    """The indices in int64, which the coordinates are, whatever whole numbers they are; floats stop at the ``|`` as in eager code."""
    text = body.tree.operand(node)
    return text if _int64(body, node, 3) else f"({text} | 0).long()"


def _int64(body: Body, node: cst.BaseExpression, depth: int) -> bool:
    """Whether a tensor is surely of int64: a position, or what was made one."""
    if isinstance(node, cst.Name) and depth:
        value = body.only_value(node)
        return value is not None and _int64(body, value, depth - 1)
    func = node.func if isinstance(node, cst.Call) else None
    return isinstance(func, cst.Attribute) and func.attr.value in ("argmax", "argmin", "long") and body.surely(func.value)


def _reduced(node: cst.BaseExpression) -> bool:
    """``x.argmax()``: pure, so that computing it again gives the same."""
    func = node.func if isinstance(node, cst.Call) else None
    return isinstance(func, cst.Attribute) and func.attr.value in ("argmax", "argmin") and stable(func.value)


def _coordinate(index: str, sizes: list[str], at: int) -> str:
    after = sizes[at + 1 :]
    if not after:
        return f"{index} % {sizes[at]}"
    product = " * ".join(after)
    return f"{index}.div({product}, rounding_mode='floor') % {sizes[at]}"


def _triplet(body: Body, call: cst.Call) -> list[Edit]:
    found = only(call, "distance_function", "margin", "swap", "reduction")
    tree, given = body.tree, positional(call)
    if len(given) != 3 or not all(body.surely(node) and _pure(node) for node in given):
        raise NoForm("whether it compares three tensors that can be computed twice is not known")
    distance = tree.code(found["distance_function"].value) if "distance_function" in found else "None"
    if distance == "None":
        distance = body.spell("torch.nn.functional.pairwise_distance")
    elif not body.dotted(found["distance_function"].value).startswith("torch."):
        raise NoForm("its distance is not a function of torch")
    margin = tree.operand(found["margin"].value) if "margin" in found else "1.0"
    swap, reduction = (tree.code(found[name].value) if name in found else None for name in ("swap", "reduction"))
    how = {None: ".mean()", "mean": ".mean()", "sum": ".sum()", "none": ""}.get(reduction.strip("'\"") if reduction else None)
    if how is None or swap not in (None, "True", "False"):
        raise NoForm("its flags are not literals")
    anchor, near, far = (tree.code(node) for node in given)
    apart = f"{distance}({anchor}, {far})"
    torch = body.spell("torch.clamp_min").removesuffix(".clamp_min")
    if swap == "True":
        apart = f"{torch}.minimum({apart}, {distance}({near}, {far}))"
    return body.guarded(call, f"{torch}.clamp_min({margin} + {distance}({anchor}, {near}) - {apart}, 0){how}")


def _pure(node: cst.BaseExpression) -> bool:
    """Whether an expression only reckons with names and numbers, so that computing it again gives the same."""
    if isinstance(node, cst.BinaryOperation):
        return _pure(node.left) and _pure(node.right)
    return stable(node) or isinstance(node, cst.Integer | cst.Float)


_FORMS: dict[str, Callable[[Body, cst.Call], list[Edit]]] = {
    "torch.get_default_dtype": _default_dtype,
    "torch.asarray": _asarray,
    "torch.unravel_index": _unraveled,
    "torch.nn.functional.triplet_margin_with_distance_loss": _triplet,
}
