"""The TorchScript type of what a call gives: of torch, of a Tensor's methods, of a submodule, of a function of the project."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from scriptify import schemas
from scriptify.facts.model import Attribute, Kind, TypeFact
from scriptify.facts.types import NONE, Type, join
from scriptify.transforms._calls import calls
from scriptify.transforms._infer_known import (
    BOOL,
    FLOAT,
    HANDING_ON,
    INT,
    KEEPING_METHODS,
    LEVELS,
    NOT_TENSOR_FUNCTIONAL,
    RECURRENT,
    STR,
    TENSOR_FUNCTIONS,
    TENSOR_METHODS,
    VARIABLES,
    gives_several,
    may_end,
    of_math,
    only_pooled,
    pools,
)
from scriptify.transforms._receivers import may_be_tensor
from scriptify.transforms._signature import TENSOR, declared
from scriptify.tree import own_nodes
from scriptify.tree.flow import all_parameters

if TYPE_CHECKING:
    from scriptify.transforms._infer import Inference


class CallTypes:
    """Types of calls within the function that an inference looks at."""

    def __init__(self, of: Inference, caller: CallTypes | None = None) -> None:
        """Look at the calls of one function; ``caller`` is that of the function that asks what it returns."""
        self._of = of
        self._level: int = caller._level + 1 if caller is not None else 0
        self._results: dict[str, Type | None] = caller._results if caller is not None else {}

    def type_of(self, node: cst.Call, depth: int) -> Type | None:
        """The one type of what a call gives, or None."""
        dotted = "" if self._hidden(node.func) else self._of.tree.dotted(node.func)
        head, _, last = dotted.rpartition(".")
        if gives_several(node, dotted):
            return None
        if (head == "torch" and last in TENSOR_FUNCTIONS) or (head != "torch.nn.functional" and schemas.function_gives_tensor(dotted)):
            return TENSOR
        if dotted in VARIABLES:
            return TENSOR
        if head == "torch.nn.functional":
            return None if last in NOT_TENSOR_FUNCTIONAL or "indices" in last else TENSOR
        if head == "builtins":
            return {"len": INT, "int": INT, "float": FLOAT, "bool": BOOL, "str": STR, "isinstance": BOOL}.get(last)
        if head == "math":
            return of_math(last)
        if head == "random":
            return {"randint": INT, "random": FLOAT, "uniform": FLOAT, "randrange": INT}.get(last)
        if head == "torch.jit" and last == "annotate" and node.args:
            return declared(self._of.tree, node.args[0].value)
        if isinstance(node.func, cst.Attribute) and (not dotted or head.startswith("builtins")):
            return self._method(node.func, node, depth)
        return self._project_call(node)

    def _hidden(self, node: cst.BaseExpression) -> bool:
        """Whether the name that a call begins with is the function's own, whatever the file imports under it."""
        while isinstance(node, cst.Attribute):
            node = node.value
        if not isinstance(node, cst.Name):
            return True
        own = any(param.name.value == node.value for param in all_parameters(self._of.function.params))
        return own or any(not isinstance(by, cst.Import | cst.ImportFrom) for by in self._of.bound_by(node.value))

    def _method(self, func: cst.Attribute, node: cst.Call, depth: int) -> Type | None:
        name = func.attr.value
        if isinstance(func.value, cst.Name) and func.value.value == "self":
            attribute = self._of.self_attribute(func)
            if attribute is not None and attribute.kinds and attribute.kinds <= {Kind.MODULE, Kind.SEQUENTIAL}:
                return self._module_call(attribute, node, depth) or self._project_call(node)
            return self._project_call(node)
        if name in TENSOR_METHODS:
            return TENSOR if self._maybe_tensor(func.value, name, depth) else None
        if name in ("size", "dim", "numel"):
            return INT if (node.args or name != "size") and self._maybe_tensor(func.value, name, depth) else None
        if name == "item":
            return None
        if name in ("max", "min") and not node.args and self._of.type_of(func.value, depth - 1) == TENSOR:
            return TENSOR
        if name == "type" and not node.args:
            return None  # its name
        if (name in KEEPING_METHODS or schemas.method_gives_tensor(name)) and self._of.type_of(func.value, depth - 1) == TENSOR:
            return TENSOR
        return None

    def _maybe_tensor(self, node: cst.BaseExpression, method: str, depth: int) -> bool:
        """Whether a value that has a Tensor's method is not seen to be something else."""
        type_ = self._of.type_of(node, depth - 1)
        return type_ == TENSOR or (type_ is None and may_be_tensor(self._of, node, method))

    def _module_call(self, attribute: Attribute, node: cst.Call, depth: int) -> Type | None:
        """The result of calling a submodule whose classes are all torch's own."""
        sequential = Kind.SEQUENTIAL in attribute.kinds
        last = _last_classes(attribute) if sequential else attribute.classes or frozenset(attribute.items)
        if not last or (sequential and attribute.kinds != {Kind.SEQUENTIAL}) or not all(map(self._class_gives_tensor, last)):
            return None
        if pools(attribute) and not only_pooled(attribute.text):
            return None
        if any(c.rpartition(".")[2] in HANDING_ON for c in last):
            given = node.args[0] if node.args else None
            return TENSOR if given is not None and not given.star and self._of.type_of(given.value, depth - 1) == TENSOR else None
        return TENSOR

    def _class_gives_tensor(self, key: str) -> bool:
        """Whether the forward of a module class gives a Tensor: one of torch's own, or one of the project that says or was seen to."""
        if key.startswith("torch.nn."):
            return not key.rpartition(".")[2].startswith((*RECURRENT, "Sequential"))
        known = self._of.facts.classes.get(key)
        if known is None:
            return False
        fact = self._of.facts.returns(known.path, f"{known.qualname}.forward")
        found = fact.type if isinstance(fact, TypeFact) else self._returned(known.path, f"{known.qualname}.forward")
        return found == TENSOR

    def _project_call(self, node: cst.Call) -> Type | None:
        """What a project function returns, where a run has shown it or it says so."""
        site = calls(self._of.facts).by_span.get((self._of.tree.path, *self._of.tree.span(node)))
        if site is None or not site.certain:
            return None
        if any(qualname.endswith("__init__") for _, qualname in site.callees) and not _names_init(node.func):
            return None  # an instance of the class, and not the None of its ``__init__``
        found: list[Type | None] = []
        for path, qualname in site.callees:
            fact = self._of.facts.returns(path, qualname)
            found.append(fact.type if isinstance(fact, TypeFact) else self._returned(path, qualname))
        known = [type_ for type_ in found if type_ is not None]
        return join(known) if found and len(known) == len(found) else None

    def _returned(self, path: str, qualname: str) -> Type | None:
        """The type of what a function of this file returns, from its return statements."""
        node = self._of.tree.function(qualname) if path == self._of.tree.path else None
        if node is None or node is self._of.function or node.returns is not None or self._level >= LEVELS:
            return None
        if qualname not in self._results:
            self._results[qualname] = None  # a function that calls itself tells nothing new
            inner = self._of.within(qualname, node)
            types = [inner.type_of(r.value) for r in own_nodes(node.body) if isinstance(r, cst.Return)]
            if may_end(node):
                types.append(Type(NONE))
            known = [type_ for type_ in types if type_ is not None]
            self._results[qualname] = join(known) if types and len(known) == len(types) else None
        return self._results[qualname]


def _names_init(func: cst.BaseExpression) -> bool:
    return isinstance(func, cst.Attribute) and func.attr.value == "__init__"


def _last_classes(attribute: Attribute) -> frozenset[str]:
    """The classes that the last module of a Sequential may be of: what it gives is what the whole gives."""
    if attribute.items and not attribute.varies and len(attribute.lengths) == 1:
        return frozenset(attribute.items[-1:])
    return attribute.element.classes if attribute.element is not None else frozenset()
