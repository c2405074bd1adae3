"""The type of a parameter whose default is None, where something else is given."""

from __future__ import annotations

import re
from dataclasses import dataclass

import libcst as cst

from scriptify.facts.known import documented
from scriptify.facts.model import Facts, Parameter, TypeFact
from scriptify.facts.types import EMPTY, Type, join
from scriptify.transforms._calls import bound, calls
from scriptify.transforms._infer import Inference
from scriptify.transforms._infer_known import KEEPING_METHODS, TENSOR_METHODS
from scriptify.transforms._none_uses import Uses
from scriptify.transforms._signature import TENSOR, declared, is_none
from scriptify.tree import Tree

_TENSOR_ATTRIBUTES = frozenset({"shape", "ndim", "device", "dtype", "is_cuda", "requires_grad", "T"})
_TENSOR_QUERIES = frozenset({"size", "dim", "numel", "stride", "is_contiguous", "element_size"})
_ARITHMETIC = frozenset({"add", "add_", "sub", "sub_", "mul", "mul_", "div", "div_", "copy_", "matmul", "mm", "bmm"})
_SEQUENCE_FIRST = frozenset({"cat", "stack", "concat", "hstack", "vstack"})


@dataclass(frozen=True, slots=True)
class Given:
    """A type and where it was learnt, in words and by origin."""

    type: Type
    what: str
    origin: str = "source"


Places = frozenset[tuple[str, str]]


def given_type(
    tree: Tree, facts: Facts, qualname: str, function: cst.FunctionDef, param: cst.Param, uses: Uses, asked: Places = frozenset()
) -> Given | None:
    """What a parameter is where it is not None: by annotation, run, docstring or use; None when nothing tells.

    ``asked`` are the parameters whose type rests on this one's, so that a circle of calls comes to an end.
    """
    fact = facts.parameter(tree.path, qualname, param.name.value)
    if not isinstance(fact, Parameter):
        return None
    inference = Inference(tree, facts, qualname, function)
    first = _stated(tree, param, fact)
    stored = _stored(inference, uses)
    if first is None:
        return stored or _used(tree, facts, inference, uses, asked | {(qualname, param.name.value)})
    if stored is None or param.annotation is not None:
        return first
    joined = join([first.type, stored.type])
    if joined.name not in ("Union", EMPTY) and joined.known:
        return Given(joined.stripped, first.what, first.origin)
    if stored.type.name == "List" and first.type == TENSOR and first.origin != "live":
        # a docstring that names the element: the body itself fills the name with a list
        element = stored.type.args[0]
        return Given(Type("List", (join([element, TENSOR]),)), f"{first.what}, and a list is assigned to it")
    return first if first.origin == "live" else stored


def _stated(tree: Tree, param: cst.Param, fact: Parameter) -> Given | None:
    name = param.name.value
    if param.annotation is not None:
        type_ = declared(tree, param.annotation.annotation)
        return Given(type_.stripped, f"{name} is annotated {type_}") if type_ is not None and type_.name != "NoneType" else None
    for live in (fact.given, fact.observed):
        if live is not None and live.type.known and live.type.name not in ("NoneType", "Union"):
            return Given(live.type.stripped, f"{name} was {live.type.stripped} where given", live.origin)
    stated = documented(fact.documented) if fact.documented else None
    if stated is not None and stated.stripped.known:
        return Given(stated.stripped, f"the docstring says {name} is {fact.documented}")
    return None


def _stored(inference: Inference, uses: Uses) -> Given | None:
    """What the body itself assigns to the name below its top level, where all of that is known."""
    types: list[Type] = []
    for by in uses.stores:
        assign = inference.tree.parent(by)
        if isinstance(by, cst.AugAssign) or (isinstance(assign, cst.Assign) and is_none(assign.value)):
            continue
        statement = inference.tree.statement(by)
        if statement is not None and inference.tree.parent(statement) is uses.function.body:
            continue  # assigned again in straight line: may be of another type
        type_ = inference.type_of(assign.value) if isinstance(assign, cst.Assign) and isinstance(by, cst.AssignTarget) else None
        if type_ is not None:
            types.append(type_)
    if not types:
        return None
    joined = join(types)
    if joined.name in ("Union", EMPTY, "NoneType"):
        return None
    return Given(joined.stripped, f"{uses.name} is assigned {joined.stripped} in the body")


def _used(tree: Tree, facts: Facts, inference: Inference, uses: Uses, asked: Places) -> Given | None:
    """What the uses prove: a Tensor by its methods or its company, or the parameter it is handed to."""
    texts = any(among_texts(tree, load) for load in uses.others)
    for load in uses.others:
        if only_tensor(inference, load):
            if texts:
                return None  # a text and a Tensor: the name is given one and assigned the other
            return Given(TENSOR, f"{uses.name} is used as a Tensor on line {tree.line(load)}")
    for load in uses.others:
        state = _recurrent_state(inference, load)
        if state is not None:
            return Given(state, f"{uses.name} is the state that a recurrent module is given on line {tree.line(load)}")
    if texts:
        return Given(Type("str"), f"{uses.name} is compared with texts")
    fact = facts.parameter(tree.path, inference.qualname, uses.name)
    if isinstance(fact, Parameter) and names_another_type(fact.documented or ""):
        return None
    for load in uses.others:
        handed = _handed(tree, facts, load, asked)
        if handed is not None:
            return handed
    return None


def names_another_type(text: str) -> bool:
    """Whether a docstring states a type that the compiler has not, such as ``list[BoxList]``, so that no guess will do."""
    if not text or documented(text) is not None or "tensor" in text.lower():
        return False
    return re.search(r"\w\[[^\]]*[A-Za-z]", text) is not None or re.search(r"\b[A-Z][a-z0-9]+[A-Z]\w*", text) is not None


def only_tensor(inference: Inference, load: cst.Name) -> bool:
    """Whether a use of a name shows it to be a Tensor."""
    tree = inference.tree
    above = tree.parent(load)
    if isinstance(above, cst.Attribute) and above.value is load:
        name, call = above.attr.value, tree.parent(above)
        if isinstance(call, cst.Call) and call.func is above:
            return name in TENSOR_METHODS | _TENSOR_QUERIES or (name in KEEPING_METHODS - {"to", "type", "float", "cpu", "cuda"})
        return name in _TENSOR_ATTRIBUTES
    if isinstance(above, cst.BinaryOperation):
        other = above.right if above.left is load else above.left
        return inference.type_of(other) == TENSOR
    if isinstance(above, cst.AugAssign):
        return above.value is load and inference.type_of(above.target) == TENSOR
    if isinstance(above, cst.Comparison) and isinstance(call := tree.parent(above), cst.Arg):
        return _masks(tree, call)
    if isinstance(above, cst.Element):
        return _in_tensor_list(tree, above)
    if isinstance(above, cst.Arg):
        return _tensor_argument(inference, above)
    if isinstance(above, cst.Subscript) and above.value is load:
        return any(isinstance(e.slice, cst.Index) and is_none(e.slice.value) for e in above.slice)
    return False


_STATES = {
    "torch.nn.LSTM": Type("Tuple", (TENSOR, TENSOR)),
    "torch.nn.LSTMCell": Type("Tuple", (TENSOR, TENSOR)),
    **{f"torch.nn.{name}": TENSOR for name in ("GRU", "RNN", "GRUCell", "RNNCell")},
}


def _recurrent_state(inference: Inference, load: cst.Name) -> Type | None:
    """The type of the state that ``self.lstm(x, state)`` takes, where the module is one of torch's own."""
    tree = inference.tree
    argument = tree.parent(load)
    call = tree.parent(argument) if isinstance(argument, cst.Arg) else None
    if not isinstance(call, cst.Call) or not isinstance(argument, cst.Arg) or argument.star:
        return None
    keyword = argument.keyword.value if argument.keyword is not None else ""
    if keyword != "hx" and (keyword or len(call.args) < 2 or call.args[1] is not argument):
        return None
    attribute = inference.self_attribute(call.func)
    classes = {_public(name) for name in attribute.classes} if attribute is not None else set()
    states = {_STATES.get(name) for name in classes}
    return states.pop() if len(states) == 1 else None


def _public(dotted: str) -> str:
    """``torch.nn.LSTM`` for ``torch.nn.modules.rnn.LSTM``."""
    return f"torch.nn.{dotted.rpartition('.')[2]}" if dotted.startswith("torch.nn.") else dotted


def among_texts(tree: Tree, load: cst.Name) -> bool:
    """Whether a name is compared with a text, or looked for among texts."""
    above = tree.parent(load)
    if not isinstance(above, cst.Comparison) or above.left is not load or len(above.comparisons) != 1:
        return False
    target = above.comparisons[0]
    if isinstance(target.operator, cst.Equal | cst.NotEqual):
        return isinstance(target.comparator, cst.SimpleString)
    if not isinstance(target.operator, cst.In | cst.NotIn) or not isinstance(target.comparator, cst.Tuple | cst.List | cst.Set):
        return False
    items = [e.value for e in target.comparator.elements if not is_none(e.value)]
    return bool(items) and all(isinstance(item, cst.SimpleString) for item in items)


def _tensor_argument(inference: Inference, argument: cst.Arg) -> bool:
    call = inference.tree.parent(argument)
    if not isinstance(call, cst.Call) or argument.star:
        return False
    dotted = inference.tree.dotted(call.func)
    first = bool(call.args) and call.args[0] is argument and argument.keyword is None
    head, _, last = dotted.rpartition(".")
    if head in ("torch", "torch.nn.functional") and first and last not in _SEQUENCE_FIRST:
        return inference.type_of(call) == TENSOR and last not in ("tensor", "as_tensor", "zeros", "ones", "empty", "full", "arange", "eye")
    if first and isinstance(call.func, cst.Attribute) and isinstance(call.func.value, cst.Name) and call.func.value.value == "self":
        attribute = inference.self_attribute(call.func)
        return attribute is not None and inference.type_of(call) == TENSOR and all(c.startswith("torch.nn.") for c in attribute.classes)
    if first and isinstance(call.func, cst.Attribute) and call.func.attr.value in _ARITHMETIC:
        return inference.type_of(call.func.value) == TENSOR
    return first and _masks(inference.tree, argument)


def _masks(tree: Tree, argument: cst.Arg) -> bool:
    """Whether an argument is the mask of ``masked_fill``."""
    call = tree.parent(argument)
    if not isinstance(call, cst.Call) or not isinstance(call.func, cst.Attribute):
        return False
    return call.func.attr.value in ("masked_fill", "masked_fill_", "view_as", "expand_as", "type_as") and call.args[0] is argument


def _in_tensor_list(tree: Tree, element: cst.Element) -> bool:
    """Whether an element stands in the list that ``torch.cat`` and its like take."""
    display = tree.parent(element)
    argument = tree.parent(display) if isinstance(display, cst.List | cst.Tuple) else None
    call = tree.parent(argument) if isinstance(argument, cst.Arg) else None
    if not isinstance(call, cst.Call) or call.args[0] is not argument:
        return False
    head, _, last = tree.dotted(call.func).rpartition(".")
    return head == "torch" and last in _SEQUENCE_FIRST


def handed_to(tree: Tree, facts: Facts, load: cst.Name) -> list[tuple[str, str, Parameter]]:
    """The project's parameters that a name is handed to, each with the path and name of its function."""
    argument = tree.parent(load)
    call = tree.parent(argument) if isinstance(argument, cst.Arg) else None
    site = calls(facts).by_span.get((tree.path, *tree.span(call))) if isinstance(call, cst.Call) else None
    found: list[tuple[str, str, Parameter]] = []
    for path, qualname in site.callees if site is not None and site.certain else ():
        function = facts.function(path, qualname)
        for parameter in function.parameters if function is not None else ():
            given = bound(function, site, parameter.name)  # type: ignore[arg-type]
            if given and not isinstance(given, bool) and (given.start, given.end) == tree.span(load):
                found.append((path, qualname, parameter))
    return found


def _handed(tree: Tree, facts: Facts, load: cst.Name, asked: Places) -> Given | None:
    """The type of the project parameter the name is handed to."""
    found: list[Type] = []
    for path, qualname, parameter in handed_to(tree, facts, load):
        type_ = _known(tree, facts, path, qualname, parameter, asked)
        if type_ is None:
            return None
        found.append(type_.stripped)
    joined = join(found)
    return Given(joined, f"handed on to a parameter of type {joined}") if found and joined.known and joined.name != "Union" else None


def _known(tree: Tree, facts: Facts, path: str, qualname: str, parameter: Parameter, asked: Places) -> Type | None:
    """A parameter's type by annotation, run or docstring, or by its uses in a function of this file."""
    node = tree.function(qualname) if path == tree.path else None
    param = next((p for p in node.params.params if p.name.value == parameter.name), None) if node is not None else None
    if node is not None and param is not None:
        if (qualname, parameter.name) in asked:
            return None
        given = given_type(tree, facts, qualname, node, param, Uses(tree, node, parameter.name), asked)
        return given.type if given is not None else None
    for fact in (parameter.given, parameter.observed):
        if isinstance(fact, TypeFact) and fact.type.stripped.known and fact.type.name != "NoneType":
            return fact.type
    return documented(parameter.documented) if parameter.documented else None
