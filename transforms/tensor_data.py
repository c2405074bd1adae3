"""SF703: what ``torch.tensor`` and its kin are given: tensors, mixed numbers, booleans; and tensors taken apart into lists and names."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scriptify.facts.model import Facts, Kind
from scriptify.facts.types import Type, annotation
from scriptify.transform import Edit, Focus, Phase, Proposal, Transform
from scriptify.transforms._expression import (
    TENSOR,
    Body,
    NoForm,
    bodies,
    decline,
    keywords,
    method,
    only,
    positional,
    rewrite,
)
from scriptify.transforms._kept import is_target
from scriptify.transforms._number_lists import data_text, literal_data
from scriptify.transforms._said import said_to_be_several
from scriptify.transforms._sure_numbers import sure_numbers
from scriptify.transforms._tensor_data_examples import EXAMPLES
from scriptify.transforms._tolist import listed_type
from scriptify.tree import Tree, stores_in
from scriptify.tree.substitute import stable

_SINGLE = frozenset({"sum", "mean", "max", "min", "prod", "norm", "std", "var", "numel"})


class TensorData(Transform):
    """``torch.tensor(t)`` -> ``t.detach().clone()``, ``a, b = t`` -> ``a, b = t.unbind(0)``, and the like.

    Scripting's ``torch.tensor`` takes numbers of one type and lists of them, its ``torch.full`` makes
    integers of booleans, and a Tensor is neither a tuple to unpack nor a list without a type. What only an
    annotation or a run calls a Tensor stays in eager code as it was, since a caller may pass a tuple or a number.
    """

    code = "SF703"
    name = "tensor-data"
    phase = Phase.VALUES
    hints = ("torch.tensor", "torch.full", "tolist", ", ", "tensor(", "full(")
    explains = (
        "Expected type hint for result of tolist",
        "cannot be used as a tuple",
        "indexing tensor with unsupported index type 'Tuple",
        "Input must be of ints, floats, or bools, got Tensor",
        "Cannot input a tensor of",
        "Add new condition, expected Float",
        "Input must be of ints, floats",
        "Item sizes",
        "Expected a list of numbers",
    )
    source = "https://docs.pytorch.org/docs/stable/jit_builtin_functions.html"
    examples = EXAMPLES

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Every such call, unpacking and index in compiled code."""
        for body in bodies(tree, facts):
            for call in body.find(cst.Call):
                yield from self._call(body, call)
            for assign in body.find(cst.Assign):
                yield from self._unpacked(body, assign)
            for subscript in body.find(cst.Subscript):
                yield from self._index(body, subscript)

    def _call(self, body: Body, call: cst.Call) -> Iterator[Proposal]:
        dotted = body.dotted(call.func)
        try:
            if dotted in ("torch.tensor", "torch.as_tensor"):
                edits = _tensor(body, call, dotted)
                if edits:
                    yield rewrite(self, body, call, f"{dotted} of what scripting can build from", edits)
            elif dotted == "torch.full":
                edits = _full(body, call)
                if edits:
                    why = "scripted torch.full makes integers of booleans"
                    yield rewrite(self, body, call, "torch.full says that it is boolean", edits, why=why, silent=True)
            elif (method(call) or ("", ""))[1] == "tolist" and not call.args:
                yield from self._tolist(body, call)
        except NoForm as reason:
            yield decline(self, body, call, f"scripting can't build this tensor, and {reason}")

    def _tolist(self, body: Body, call: cst.Call) -> Iterator[Proposal]:
        assert isinstance(call.func, cst.Attribute)
        if not body.surely(call.func.value):
            return
        above = body.tree.parent(call)
        if isinstance(above, cst.AnnAssign):
            return
        target = above.targets[0].target if isinstance(above, cst.Assign) and len(above.targets) == 1 else None
        known = body.type_of(target) if isinstance(target, cst.Name) else None
        text = annotation(known) if known is not None else None
        if not isinstance(target, cst.Name) or text is None:
            shown = listed_type(body, call)
            text = annotation(shown) if shown is not None else None
            if shown is not None and text is not None and not _annotated(body, call):
                text = _spelled(body, shown, text)
                yield rewrite(self, body, call, "tolist() says what it gives", _saying(body, call, text))
                return
            if _annotated(body, call):
                return
            because = (
                "tolist() needs a variable annotated with its type; give an entry: its run shows the type, or assign it to a name first"
            )
            yield decline(self, body, call, because)
            return
        if _bound_elsewhere(body, target):
            yield decline(self, body, call, f"{target.value} is assigned in several places, so it can't be annotated here")
            return
        text = _spelled(body, known or TENSOR, text)
        title = f"{target.value} is annotated with what tolist() gives"
        yield rewrite(self, body, call, title, [body.tree.insert(body.tree.span(target)[1], f": {text}")])

    def _unpacked(self, body: Body, assign: cst.Assign) -> Iterator[Proposal]:
        target = assign.targets[0].target
        if len(assign.targets) != 1 or not isinstance(target, cst.Tuple | cst.List) or not body.surely(assign.value):
            return
        if _starred(target):
            return
        value = assign.value
        if isinstance(value, cst.Call) and (_several(value) or _unknown_module(body, value)):
            return
        if isinstance(value, cst.Name) and said_to_be_several(body, value.value):
            yield decline(self, body, assign, f"{value.value} is a Tensor to scripting and a tuple to its docstring: annotate it as one")
            return
        text = f"{body.tree.operand(value)}.unbind(0)"
        # An annotation or a run says Tensor; another eager caller may pass a tuple.
        edits = [body.tree.replace_outer(value, text)] if body.proved(value) else body.guarded(value, text)
        yield rewrite(self, body, assign, "a Tensor is unpacked through unbind", edits)

    def _index(self, body: Body, subscript: cst.Subscript) -> Iterator[Proposal]:
        if len(subscript.slice) != 1 or not isinstance(subscript.slice[0].slice, cst.Index) or not body.surely(subscript.value):
            return
        index = subscript.slice[0].slice.value
        known = body.type_of(index)
        if known is None or known.name != "Tuple" or isinstance(index, cst.Tuple) or not stable(index):
            return
        if not known.args or any(part not in (TENSOR, Type("int")) for part in known.args):
            return
        text = body.tree.code(index)
        parts = ", ".join(f"{text}[{number}]" for number in range(len(known.args)))
        edits = [body.tree.replace(subscript.slice[0], parts)]
        if not _always_tuple(body, index, len(known.args)):
            if is_target(body.tree, subscript):
                yield decline(self, body, subscript, f"{text} may be a list in eager code, which picks other elements: write {parts} out")
                return
            edits = body.when_scripted(subscript, edits)
        yield rewrite(self, body, subscript, "the index is written out", edits)


def _always_tuple(body: Body, index: cst.BaseExpression, length: int) -> bool:
    """Whether an index is a tuple of so many parts whoever calls: a list in its place is an index of rows."""
    values = body.assigned(index)
    shown = all(isinstance(v, cst.Tuple) and len(v.elements) == length and not _starred(v) for v in values)
    return (bool(values) and shown) or body.proved_type(index) == body.type_of(index)


def _starred(display: cst.List | cst.Tuple) -> bool:
    return any(isinstance(element, cst.StarredElement) for element in display.elements)


def _spelled(body: Body, type_: Type, text: str) -> str:
    """An annotation with the names of ``typing`` as they are written here."""
    for name in sorted(type_.names() & {"List", "Dict", "Tuple", "Optional"}):
        text = text.replace(f"{name}[", f"{body.spell(f'typing.{name}')}[")
    return text


def _saying(body: Body, call: cst.Call, text: str) -> list[Edit]:
    """``torch.jit.annotate(List[int], t.tolist())``, which eager code takes for its second argument."""
    start, end = body.tree.span(call)
    return [body.tree.insert(start, f"{body.spell('torch.jit.annotate')}({text}, "), body.tree.insert(end, ")")]


def _annotated(body: Body, call: cst.Call) -> bool:
    """Whether a call stands within ``torch.jit.annotate``."""
    above = body.tree.parent(body.tree.parent(call) or call)
    return isinstance(above, cst.Call) and body.dotted(above.func) == "torch.jit.annotate"


def _unknown_module(body: Body, call: cst.Call) -> bool:
    """Whether a call goes to a Sequential of unknown parts: that its result is unpacked speaks for a tuple."""
    func = call.func
    attribute = body.types.self_attribute(func) if isinstance(func, cst.Attribute) else None
    return attribute is not None and Kind.SEQUENTIAL in attribute.kinds and not attribute.items


def _tensor(body: Body, call: cst.Call, dotted: str) -> list[Edit]:
    """The edits for one ``torch.tensor``; none where scripting takes it as it is. Raises NoForm."""
    if any(arg.star for arg in call.args) or not call.args or call.args[0].keyword is not None:
        return []
    data = call.args[0].value
    if dotted == "torch.tensor" and body.surely(data):
        return _copied(body, call, data)
    if isinstance(data, cst.List | cst.Tuple) and _starred(data):
        return []
    if isinstance(data, cst.List | cst.Tuple) and data.elements and all(body.surely(element.value) for element in data.elements):
        return _stacked(body, call, data)
    if isinstance(data, cst.List) and not data.elements and len(call.args) == 1:
        return [body.tree.replace(call, f"{body.spell('torch.empty')}(0)")]
    if isinstance(data, cst.List) and literal_data(body, data):
        text = data_text(body, data)
        edits = [body.tree.replace(data, text)] if text != body.tree.code(data) else []
        return edits if not edits or sure_numbers(body, data) else body.when_scripted(call, edits)
    return []


def _copied(body: Body, call: cst.Call, data: cst.BaseExpression) -> list[Edit]:
    found = only(call, "dtype", "device", "requires_grad")
    text = f"{body.tree.operand(data)}.detach().clone()"
    moves = [body.tree.code(found[name].value) for name in ("device", "dtype") if name in found]
    if moves:
        text += f".to({', '.join(moves)})"
    if "requires_grad" in found and body.tree.code(found["requires_grad"].value) != "False":
        text += f".requires_grad_({body.tree.code(found['requires_grad'].value)})"
    # Of an annotated parameter a caller may make a tensor from a plain number.
    return body.leaning(data, call, [body.tree.replace(call, text)])


def _stacked(body: Body, call: cst.Call, data: cst.List | cst.Tuple) -> list[Edit]:
    if keywords(call) or len(positional(call)) != 1:
        raise NoForm("its elements are tensors and it has other arguments")
    parts = [body.tree.operand(e.value) + ("" if _one_value(body, e.value) else ".reshape(())") for e in data.elements]
    return body.guarded(call, f"{body.spell('torch.stack')}([{', '.join(parts)}]).detach().cpu()")


def _one_value(body: Body, node: cst.BaseExpression) -> bool:
    """``x.sum()``: a reduction to a tensor without dimensions."""
    split = method(node) if isinstance(node, cst.Call) and not node.args else None
    return split is not None and split[1] in _SINGLE


def _full(body: Body, call: cst.Call) -> list[Edit]:
    found = keywords(call)
    plain = [arg.value for arg in call.args if arg.keyword is None and not arg.star]
    value = plain[1] if len(plain) == 2 else found["fill_value"].value if "fill_value" in found else None
    if (
        value is None
        or any(arg.star for arg in call.args)
        or "dtype" in found
        or "out" in found
        or body.tree.code(value) not in ("True", "False")
    ):
        return []
    end = body.tree.outer_span(call.args[-1].value)[1]
    return [body.tree.insert(end, f", dtype={body.spell('torch.bool')}")]


def _several(call: cst.Call) -> bool:
    """Whether a call may give several tensors although its name is that of one that gives one (``torch.max(x, 1)``)."""
    return (
        bool(call.args) and isinstance(call.func, cst.Attribute) and call.func.attr.value in ("max", "min", "median", "mode", "std", "var")
    )


def _bound_elsewhere(body: Body, target: cst.Name) -> bool:
    return len(stores_in(body.function.body, target.value)) != 1
