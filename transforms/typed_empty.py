"""Empty containers and lists of None whose element type the compiler gets wrong."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scriptify.facts.model import Facts, TypeFact
from scriptify.facts.types import EMPTY, NONE, Type, join, optional
from scriptify.transform import Edit, Focus, Import, Need, Phase, Proposal, Safety, Transform
from scriptify.transforms._infer import Inference
from scriptify.transforms._signature import TENSOR, compiled, declared, is_none, spell
from scriptify.transforms._typed_empty_examples import EXAMPLES
from scriptify.tree import Tree, own_nodes
from scriptify.tree.flow import all_parameters, bindings

_STR_TENSOR = Type("Dict", (Type("str"), TENSOR))


class TypedEmpty(Transform):
    """``sizes = []`` becomes ``sizes: List[int] = []`` where ints are appended; ``[None] * n`` gets a type as well.

    The compiler takes ``[]`` for a ``List[Tensor]``, ``{}`` for a ``Dict[str, Tensor]``, ``[None]`` for a
    ``List[NoneType]`` and a comprehension for a list of what it makes, so none of them can be assigned to a
    variable of another type. ``torch.jit.annotate(T, value)`` is ``value`` in eager code.
    """

    code = "SF105"
    name = "typed-empty"
    phase = Phase.SIGNATURES
    explains = (
        "Could not match type",
        "previously had type",
        "is annotated with type",
        "Arguments for call are not valid",
        "Expected a value of type",
    )
    hints = ("[", "{}")
    source = "https://docs.pytorch.org/docs/stable/jit_language_reference.html#default-types"
    examples = EXAMPLES

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Yield a rewrite for each such value whose type is known."""
        for qualname, function in compiled(tree, facts):
            inference = Inference(tree, facts, qualname, function)
            first: dict[str, cst.CSTNode] = {}
            for name, by in bindings(function.body):
                first.setdefault(name.value, by)
            types = _declared_names(tree, function)
            for node in own_nodes(function.body):
                if isinstance(node, cst.Assign):
                    for target, value in _assigned(node):
                        yield from self._value(tree, facts, inference, node, target, value, types, first)

    def _value(
        self,
        tree: Tree,
        facts: Facts,
        inference: Inference,
        assign: cst.Assign,
        name: str,
        value: cst.BaseExpression,
        types: dict[str, Type],
        first: dict[str, cst.CSTNode],
    ) -> Iterator[Proposal]:
        stated = types.get(name)
        found: TypeFact | str | None = None
        part = value
        if _nones(value) is not None:
            found = _list_of_none(facts, inference, name, stated)
            part = _nones(value) or value
        elif stated is not None:
            found = _fitted(tree, inference, assign, value, stated.stripped)
        elif isinstance(value, cst.List) and not value.elements:
            found = _filled_list(facts, inference, name)
        elif isinstance(value, cst.Dict) and not value.elements:
            found = _filled_dict(facts, inference, name)
        if found is None:
            return
        if isinstance(found, str):
            yield tree.decline(self, assign, found)
            return
        spelled = spell(tree, found.type)
        if spelled is None:
            yield tree.decline(self, assign, f"{name} holds {found.type}, which no annotation names")
            return
        alone = len(assign.targets) == 1 and isinstance(assign.targets[0].target, cst.Name)
        whole = value is part and alone and assign.targets[0] is first.get(name) and stated is None
        edit: Edit
        imports: tuple[Import, ...] = spelled.imports
        if whole:
            edit = tree.insert(tree.outer_span(assign.targets[0].target)[1], f": {spelled.text}")
        else:
            annotate, more = tree.imports.spell("torch.jit.annotate")
            edit = tree.replace_outer(part, f"{annotate}({spelled.text}, {tree.text[slice(*tree.outer_span(part))]})")
            imports = (*imports, *more)
        yield tree.rewrite(
            self,
            assign,
            f"{name} holds {spelled.text}",
            [edit],
            imports=imports,
            needs=[Need(f"{name} is {found.type}", "live" if found.origin == "live" else "source")],
            why="the compiler gives an empty or None-filled container a type of its own",
            safety=Safety.OBSERVED if found.origin == "live" else Safety.EQUIVALENT,
        )


def _declared_names(tree: Tree, function: cst.FunctionDef) -> dict[str, Type]:
    """The types that annotations give to parameters and locals, where they are containers."""
    found: dict[str, Type] = {}
    for param in all_parameters(function.params):
        type_ = declared(tree, param.annotation.annotation) if param.annotation is not None else None
        if type_ is not None:
            found[param.name.value] = type_
    for node in own_nodes(function.body):
        if isinstance(node, cst.AnnAssign) and isinstance(node.target, cst.Name):
            type_ = declared(tree, node.annotation.annotation)
            if type_ is not None:
                found.setdefault(node.target.value, type_)
    return {name: type_ for name, type_ in found.items() if type_.stripped.name in ("List", "Dict")}


def _assigned(assign: cst.Assign) -> list[tuple[str, cst.BaseExpression]]:
    """The plain names an assignment binds, each with its value; tuples side by side are taken apart."""
    found: list[tuple[str, cst.BaseExpression]] = []
    if len(assign.targets) != 1:
        return found
    target, value = assign.targets[0].target, assign.value
    if isinstance(target, cst.Name):
        return [(target.value, value)]
    if isinstance(target, cst.Tuple) and isinstance(value, cst.Tuple) and len(target.elements) == len(value.elements):
        for left, right in zip(target.elements, value.elements, strict=True):
            if isinstance(left.value, cst.Name) and not isinstance(right, cst.StarredElement):
                found.append((left.value.value, right.value))
    return found


def _nones(value: cst.BaseExpression) -> cst.List | None:
    """The list of ``[None, None]``, ``[None] * n`` or ``n * [None]``."""
    if isinstance(value, cst.BinaryOperation) and isinstance(value.operator, cst.Multiply):
        side = value.left if isinstance(value.left, cst.List) else value.right
        return _nones(side) if isinstance(side, cst.List) else None
    if isinstance(value, cst.List) and value.elements and all(is_none(e.value) for e in value.elements):
        return value
    return None


def _list_of_none(facts: Facts, inference: Inference, name: str, stated: Type | None) -> TypeFact | str | None:
    """The type of a list that starts with nothing but None; None where the compiler's own will do."""
    if stated is not None:
        element = stated.stripped.args[0] if stated.stripped.name == "List" else None
        return TypeFact(stated.stripped, "annotation") if element is not None and element.optional else None
    stored = _stored_items(inference, name)
    if not stored:
        return None
    live = facts.local(inference.tree.path, inference.qualname, name)
    types = [inference.type_of(value) for _, value in stored]
    known = [t for t in types if t is not None]
    if len(known) == len(types) and (joined := join(known)).known and joined.name not in ("Union", NONE):
        return TypeFact(Type("List", (optional(joined),)), "source")
    if isinstance(live, TypeFact) and live.type.name == "List" and live.type.known and live.type.args[0].name not in (NONE, "Union"):
        return TypeFact(Type("List", (optional(live.type.args[0]),)), "live")
    return f"nothing shows what is put into {name}: annotate it, or give an entry whose run fills it"


def _fitted(tree: Tree, inference: Inference, assign: cst.Assign, value: cst.BaseExpression, stated: Type) -> TypeFact | None:
    """The declared type, for a value in a branch or loop that the compiler would type otherwise."""
    statement = tree.statement(assign)
    if statement is not None and tree.parent(statement) is inference.function.body:
        return None  # in straight line a variable may change its type
    if not isinstance(value, cst.List | cst.ListComp | cst.Dict):
        return None
    if isinstance(value, cst.Dict):
        return TypeFact(stated, "annotation") if not value.elements and stated.name == "Dict" and stated != _STR_TENSOR else None
    if stated.name != "List":
        return None
    made = inference.type_of(value)
    empty = isinstance(value, cst.List) and not value.elements
    if empty:
        return TypeFact(stated, "annotation") if stated.args[0] != TENSOR else None
    optional_element = stated.args[0].optional and (made is None or not made.args[0].optional)
    return TypeFact(stated, "annotation") if optional_element else None


def _filled_list(facts: Facts, inference: Inference, name: str) -> TypeFact | str | None:
    """The type of a list that starts empty, from what is put into it; None for Tensors, and where nothing is known."""
    types = [inference.type_of(value) for value in _put(inference, name)]
    extended = [inference.type_of(value) for value in _joined_on(inference, name)]
    types += [t.args[0] if t is not None and t.name == "List" else None for t in extended]
    known = [t for t in types if t is not None]
    if types and len(known) == len(types):
        joined = join(known)
        if joined.name == "Union":
            return f"{name} is filled with values of several types ({joined}), and a list has one"
        if joined.known and joined.name != NONE:
            return TypeFact(Type("List", (joined,)), "source") if joined != TENSOR else None
    return _live(facts, inference, name, Type("List", (TENSOR,)))


def _filled_dict(facts: Facts, inference: Inference, name: str) -> TypeFact | str | None:
    stored = _stored_items(inference, name)
    pairs = [(inference.type_of(key), inference.type_of(value)) for key, value in stored]
    known = [(key, value) for key, value in pairs if key is not None and value is not None]
    if pairs and len(known) == len(pairs):
        key, value = join(k for k, _ in known), join(v for _, v in known)
        if "Union" in (key.name, value.name):
            return f"{name} is filled with keys or values of several types, and a dict has one of each"
        if key.known and value.known and value.name != NONE:
            type_ = Type("Dict", (key, value))
            return TypeFact(type_, "source") if type_ != _STR_TENSOR else None
    return _live(facts, inference, name, _STR_TENSOR)


def _live(facts: Facts, inference: Inference, name: str, default: Type) -> TypeFact | None:
    """The type a run has shown, where it is not the one the compiler assumes."""
    live = facts.local(inference.tree.path, inference.qualname, name)
    if not isinstance(live, TypeFact) or live.type.stripped == default or not live.type.known:
        return None
    type_ = live.type.stripped
    if type_.name != default.name or any(arg.name in ("Union", EMPTY, NONE) for arg in type_.args):
        return None
    return TypeFact(type_, "live")


def _put(inference: Inference, name: str) -> list[cst.BaseExpression]:
    """What ``append`` and ``insert`` put into a list."""
    found: list[cst.BaseExpression] = []
    for call in _methods(inference, name):
        method = call.func.attr.value if isinstance(call.func, cst.Attribute) else ""
        if method == "append" and len(call.args) == 1:
            found.append(call.args[0].value)
        elif method == "insert" and len(call.args) == 2:
            found.append(call.args[1].value)
    return found + [value for _, value in _stored_items(inference, name)]


def _joined_on(inference: Inference, name: str) -> list[cst.BaseExpression]:
    """The lists that ``extend`` and ``+=`` add to a list."""
    found = [
        call.args[0].value
        for call in _methods(inference, name)
        if isinstance(call.func, cst.Attribute) and call.func.attr.value == "extend" and call.args
    ]
    for node in own_nodes(inference.function.body):
        if isinstance(node, cst.AugAssign) and isinstance(node.target, cst.Name) and node.target.value == name:
            found.append(node.value)
    return found


def _methods(inference: Inference, name: str) -> Iterator[cst.Call]:
    for node in own_nodes(inference.function.body):
        base = node.func.value if isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute) else None
        if isinstance(node, cst.Call) and isinstance(base, cst.Name) and base.value == name:
            yield node


def _stored_items(inference: Inference, name: str) -> list[tuple[cst.BaseExpression, cst.BaseExpression]]:
    """The (index, value) pairs of ``name[index] = value``."""
    found: list[tuple[cst.BaseExpression, cst.BaseExpression]] = []
    for node in own_nodes(inference.function.body):
        target = node.target if isinstance(node, cst.AssignTarget) else None
        if not isinstance(target, cst.Subscript) or not isinstance(target.value, cst.Name) or target.value.value != name:
            continue
        assign, index = inference.tree.parent(node), target.slice[0].slice
        if isinstance(assign, cst.Assign) and isinstance(index, cst.Index):
            found.append((index.value, assign.value))
    return found
