"""SF404: a list unpacked with a star where its length is not static."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import libcst as cst

from scriptify import schemas
from scriptify.facts.model import Facts
from scriptify.facts.types import Type
from scriptify.transform import Edit, Focus, Phase, Proposal, Transform
from scriptify.transforms._calls import calls, takes_self
from scriptify.transforms._expression import Body, NoForm
from scriptify.transforms._infer_known import INT
from scriptify.transforms._number import Numbers, home, is_simple, literal_int
from scriptify.transforms._own_methods import may_be_own, own_because
from scriptify.transforms._signature import TENSOR
from scriptify.transforms._star_shape_examples import EXAMPLES
from scriptify.tree import Tree, loads
from scriptify.tree.flow import stores_in
from scriptify.tree.hoist import eager_only
from scriptify.tree.shapes import shape_read, size_read

STEM = "cannot statically infer the expected size of a list"
_READS = (cst.Subscript, cst.Arg, cst.For, cst.CompFor)


@dataclass(frozen=True, slots=True)
class Item:
    """One argument or element: its node, its value, whether it has a star, and the comma after it."""

    node: cst.CSTNode
    value: cst.BaseExpression
    star: bool
    comma: cst.CSTNode | None


_LISTS_TAKEN = frozenset({"torch", "torch.nn.functional", "torch.linalg", "torch.fft", "torch.special"})
_HANDING_ON = frozenset({"vmap", "cond", "while_loop", "compile", "save", "is_tensor", "typename"})


class StarShape(Transform):
    """``x.view(b, *x.shape[1:])`` -> ``x.view([b] + list(x.shape[1:]))``.

    The compiler unpacks tuples only: the length of a list is not part of its type. What takes sizes one by
    one takes them in a list as well (read from torch's operator schemas), so there, and in list displays
    such as ``[*xs, y]``, the parts are joined. For a function of the project, a list of known length that
    nobody changes, or a slice of a shape with literal bounds, is written out item by item.
    """

    code = "SF404"
    name = "star-shape"
    phase = Phase.VALUES
    explains = (STEM, "range cannot be used as a tuple")
    hints = ("*",)
    source = "https://docs.pytorch.org/docs/stable/jit_language_reference.html"
    examples = EXAMPLES

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Yield a rewrite for each starred list in code that scripting compiles."""
        known: dict[cst.FunctionDef, Numbers] = {}
        for node in tree.find(cst.CSTNode):  # type: ignore[type-abstract]
            if not _starred(node) or eager_only(tree, node) or (place := home(tree, facts, node)) is None:
                continue
            numbers = known.get(place[1]) or known.setdefault(place[1], Numbers(tree, facts, *place))
            if isinstance(node, cst.Call):
                yield from self._call(tree, facts, numbers, node, focus)
            elif isinstance(node, cst.List):
                yield from self._display(tree, numbers, node, focus)
            elif isinstance(node, cst.Tuple) and node.lpar:
                above = tree.parent(node)
                call = tree.parent(above) if isinstance(above, cst.Arg) else None
                if isinstance(call, cst.Call) and _takes_lists(tree, numbers, call):
                    if may_be_own(Body(tree, facts, *place), call.func):
                        yield tree.decline(self, node, f"{own_because(call.func)}: a list is not a tuple to it")
                        continue
                    yield from self._display(tree, numbers, node, focus)

    def _call(self, tree: Tree, facts: Facts, numbers: Numbers, node: cst.Call, focus: Focus | None) -> Iterator[Proposal]:
        items = [Item(a, a.value, a.star == "*", _comma(a)) for a in node.args if a.keyword is None and a.star != "**"]
        lists = [item for item in items if item.star and self._is_list(tree, numbers, item.value, focus, node)]
        if not lists:
            return
        if _takes_sizes(tree, numbers, node):
            if not numbers.builtin("list") or any(item.star and item not in lists for item in items):
                return
            edits = [_whole(tree, items[0])] if len(items) == 1 else _joined(tree, items)
            body = Body(tree, facts, numbers.qualname, numbers.function)
            if may_be_own(body, node.func) or (len(items) == 1 and not _ints(body, items[0].value)):
                try:
                    edits = body.when_scripted(node, edits)
                except NoForm as reason:
                    yield tree.decline(self, node, str(reason))
                    return
                why = "the length of a list is not part of its type, and in eager code the call may mean something else with one"
                yield tree.rewrite(self, node, "pass the sizes in one list when scripted", edits, imports=body.wanted, why=why)
                return
            yield tree.rewrite(self, node, "pass the sizes in one list", edits, why="the length of a list is not part of its type")
            return
        edits = []
        for item in lists:
            spelt = _spelt(tree, facts, numbers, node, item.value)
            if spelt is None:
                text = tree.code(item.value)
                yield tree.decline(self, node, f"the length of {text} is not known where it is unpacked")
                return
            edits.append(Edit(tree.path, *tree.span(item.node), spelt))
        yield tree.rewrite(self, node, "write out the unpacked items", edits, why="the length of a list is not part of its type")

    def _display(self, tree: Tree, numbers: Numbers, node: cst.List | cst.Tuple, focus: Focus | None) -> Iterator[Proposal]:
        items = [Item(e, e.value, isinstance(e, cst.StarredElement), _comma(e)) for e in node.elements]
        certain = [item for item in items if item.star and self._is_list(tree, numbers, item.value, focus, node)]
        if not certain or not numbers.builtin("list") or any(item.star and item not in certain for item in items):
            return
        start, end = tree.span(node) if isinstance(node, cst.List) else tree.outer_span(node)
        edits = _joined(tree, items)
        last = items[-1]
        if last.comma is not None and last.star:
            edits = [*edits, tree.replace(last.comma, "")]
        bare = isinstance(tree.parent(node), cst.Arg) or (_is_free(tree.parent(node)) and "\n" not in tree.code(node))
        edits += [Edit(tree.path, start, start + 1, "" if bare else "("), Edit(tree.path, end - 1, end, "" if bare else ")")]
        yield tree.rewrite(self, node, "join the parts of the list", _merged(edits), why="the length of a list is not part of its type")

    def _is_list(self, tree: Tree, numbers: Numbers, value: cst.BaseExpression, focus: Focus | None, at: cst.CSTNode) -> bool:
        """Whether the compiler certainly sees a list (a tuple it can unpack), or has said so of this place."""
        if _shape(tree, value) or _list_text(tree, value) or isinstance(value, cst.List | cst.ListComp):
            return True
        if isinstance(value, cst.Call) and tree.dotted(value.func) in ("builtins.range", "builtins.list"):
            return True
        type_ = numbers.type_of(value)
        if type_ is not None:
            return type_.name == "List"
        return focus is not None and self.answers(focus.message) and focus.line > 0 and tree.focused(at, focus)


def _starred(node: cst.CSTNode) -> bool:
    if isinstance(node, cst.Call):
        return any(arg.star == "*" for arg in node.args)
    return isinstance(node, cst.List | cst.Tuple) and any(isinstance(element, cst.StarredElement) for element in node.elements)


def _comma(node: cst.Arg | cst.BaseElement) -> cst.CSTNode | None:
    return node.comma if isinstance(node.comma, cst.Comma) else None


def _shape(tree: Tree, node: cst.CSTNode) -> cst.BaseExpression | None:
    """The ``x.shape`` or ``x.size()`` that an expression is, or is a slice of."""
    if isinstance(node, cst.Subscript) and len(node.slice) == 1 and isinstance(node.slice[0].slice, cst.Slice):
        node = node.value
    return node if isinstance(node, cst.BaseExpression) and (shape_read(node) or size_read(node)) else None


def _list_text(tree: Tree, node: cst.CSTNode) -> bool:
    """``[1] * n``: a new list."""
    return isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.Multiply) and isinstance(node.left, cst.List)


def _is_new(tree: Tree, node: cst.CSTNode) -> bool:
    """Whether an expression makes a list of its own, which needs no ``list(...)``."""
    if isinstance(node, cst.Call):
        return tree.dotted(node.func) == "builtins.list"
    return isinstance(node, cst.List | cst.ListComp) or _list_text(tree, node)


def _whole(tree: Tree, item: Item) -> Edit:
    """``f(*x.shape)`` -> ``f(x.shape)``."""
    text = tree.code(item.value)
    plain = _is_new(tree, item.value) or _shape(tree, item.value) is not None
    return Edit(tree.path, *tree.span(item.node), text if plain else f"list({text})")


def _joined(tree: Tree, items: Sequence[Item]) -> list[Edit]:
    """``a, *b, c`` -> ``[a] + list(b) + [c]``, as small edits."""
    edits: list[Edit] = []
    for index, item in enumerate(items):
        before, after = (items[index - 1] if index else None), (items[index + 1] if index + 1 < len(items) else None)
        start, end = tree.span(item.node)
        if item.star:
            inner, close = tree.outer_span(item.value)
            new = _is_new(tree, item.value)
            edits.append(Edit(tree.path, start, inner, "" if new else "list("))
            if not new:
                edits.append(tree.insert(close, ")"))
            elif item.value.lpar:
                edits += [Edit(tree.path, inner, tree.span(item.value)[0], ""), Edit(tree.path, tree.span(item.value)[1], close, "")]
        else:
            start, end = tree.outer_span(item.value)
            if before is None or before.star:
                edits.append(tree.insert(start, "["))
            if after is None or after.star:
                edits.append(tree.insert(end, "]"))
        if item.comma is not None and after is not None and (item.star or after.star):
            edits.append(tree.replace(item.comma, " +"))
    return _merged(edits)


def _merged(edits: Sequence[Edit]) -> list[Edit]:
    """Edits that touch, as one: two at one place may not stand in one rewrite."""
    done: list[Edit] = []
    for edit in sorted(edits, key=lambda e: (e.start, e.end)):
        if done and done[-1].end == edit.start:
            done[-1] = Edit(edit.path, done[-1].start, edit.end, done[-1].text + edit.text)
        else:
            done.append(edit)
    return done


def _is_free(node: cst.CSTNode | None) -> bool:
    return isinstance(node, cst.Assign | cst.AnnAssign | cst.Return | cst.Index)


def _ints(body: Body, value: cst.BaseExpression) -> bool:
    """Whether what is unpacked holds ints, whoever calls; one star over one tuple gives the call the tuple, as no list does."""
    shape = _shape(body.tree, value)
    if shape is not None:
        of = shape.func.value if isinstance(shape, cst.Call) and isinstance(shape.func, cst.Attribute) else shape
        of = of.value if isinstance(of, cst.Attribute) and of is shape else of
        return isinstance(of, cst.Name) or not isinstance(of, cst.Attribute) or body.type_of(of) == TENSOR
    if isinstance(value, cst.BinaryOperation):
        value = value.left
    if isinstance(value, cst.List):
        return bool(value.elements) and all(body.stated(e.value) == INT or body.stated(e.value) == TENSOR for e in value.elements)
    if isinstance(value, cst.ListComp):
        return body.stated(value.elt) == INT
    if isinstance(value, cst.Call) and body.dotted(value.func) == "builtins.list" and len(value.args) == 1:
        return _ints(body, value.args[0].value)
    if isinstance(value, cst.Call) and body.dotted(value.func) == "builtins.range":
        return True
    return body.stated(value) == Type("List", (INT,))


def _takes_sizes(tree: Tree, numbers: Numbers, node: cst.Call) -> bool:
    if is_simple(node.func) and schemas.takes_sizes(tree.dotted(node.func)):
        return True
    return schemas.method_takes_sizes(_tensor_method(tree, numbers, node.func))


def _takes_lists(tree: Tree, numbers: Numbers, node: cst.CSTNode | None) -> bool:
    """Whether a call is of torch, which takes a list wherever it takes a tuple of ints."""
    if not isinstance(node, cst.Call):
        return False
    dotted = tree.dotted(node.func) if is_simple(node.func) else ""
    if dotted.startswith("torch."):
        head, _, name = dotted.rpartition(".")
        return head in _LISTS_TAKEN and name not in _HANDING_ON  # others hand a tuple on as it is: checkpoint(f, (*xs, x))
    return _takes_sizes(tree, numbers, node) or _tensor_method(tree, numbers, node.func) in ("new_full", "unflatten", "as_strided")


def _tensor_method(tree: Tree, numbers: Numbers, func: cst.BaseExpression) -> str:
    """The name of a method that may be a Tensor's: not called on ``self`` or on something imported."""
    if not isinstance(func, cst.Attribute) or (isinstance(func.value, cst.Name) and func.value.value == "self"):
        return ""
    hidden = isinstance(func.value, cst.Name) and func.value.value in numbers.taken
    return func.attr.value if hidden or not (is_simple(func.value) and tree.dotted(func.value)) else ""


def _spelt(tree: Tree, facts: Facts, numbers: Numbers, call: cst.Call, value: cst.BaseExpression) -> str | None:
    """The items of an unpacked list one by one, or None where their number is not certain."""
    if isinstance(value, cst.List) and not any(isinstance(e, cst.StarredElement) for e in value.elements):
        return ", ".join(tree.text[slice(*tree.outer_span(e.value))] for e in value.elements) or None
    if isinstance(value, cst.Name):
        length = _length(tree, numbers, value.value)
        return ", ".join(f"{value.value}[{i}]" for i in range(length)) if length else None
    shape = _shape(tree, value)
    bounds = _bounds(value) if shape is not None and shape is not value else None
    if shape is None or bounds is None or not is_simple(shape) or not _needs_all(tree, facts, call):
        return None
    return ", ".join(f"{tree.code(shape)}[{i}]" for i in range(*bounds))


def _bounds(node: cst.BaseExpression) -> tuple[int, int] | None:
    """The literal bounds of a slice, both counted from the same side."""
    part = node.slice[0].slice if isinstance(node, cst.Subscript) else None
    if not isinstance(part, cst.Slice) or part.step is not None:
        return None
    lower = 0 if part.lower is None else literal_int(part.lower)
    upper = None if part.upper is None else literal_int(part.upper)
    if lower is not None and lower < 0 and part.upper is None:
        upper = 0
    if lower is None or upper is None or lower >= upper or (lower < 0) != (upper <= 0):
        return None
    return lower, upper


def _needs_all(tree: Tree, facts: Facts, call: cst.Call) -> bool:
    """Whether too short a list fails at this call: every parameter of the function is required."""
    site = calls(facts).by_span.get((tree.path, *tree.span(call)))
    found = [facts.function(*key) for key in site.callees] if site is not None and site.certain else []
    return bool(found) and all(
        f is not None and all(p.default is None and p.kind == "positional" for p in f.parameters[int(takes_self(f)) :]) for f in found
    )


def _length(tree: Tree, numbers: Numbers, name: str) -> int | None:
    """The length of a local list bound once, to a display, and only read."""
    stores = stores_in(numbers.function.body, name)
    if len(stores) != 1 or not isinstance(stores[0], cst.AssignTarget) or name in {p.name.value for p in numbers.function.params.params}:
        return None
    assign = tree.parent(stores[0])
    value = assign.value if isinstance(assign, cst.Assign) and len(assign.targets) == 1 else None
    if not isinstance(value, cst.List) or any(isinstance(e, cst.StarredElement) for e in value.elements):
        return None
    for load in loads(numbers.function.body, name):
        above = tree.parent(load)
        call = tree.parent(above) if isinstance(above, cst.Arg) and above.star != "*" else None
        passed = isinstance(call, cst.Call) and tree.dotted(call.func) != "builtins.len"
        if passed or not isinstance(above, _READS):
            return None
    return len(value.elements)
