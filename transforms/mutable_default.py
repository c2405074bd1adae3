"""SF109: lists and dicts as defaults of parameters."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scriptify.facts.model import Facts, Unknown
from scriptify.facts.types import Type, join
from scriptify.transform import Declines, Edit, Fires, Focus, Ignores, Phase, Proposal, Transform
from scriptify.transforms._infer import Inference
from scriptify.transforms._optional_truth import asks_truth
from scriptify.transforms._refine import raises_for_none
from scriptify.transforms._signature import TENSOR, annotate, compiled, declared, own_parameters, spell, type_commented
from scriptify.transforms._tuple_default import as_tuple, handed_to_torch, reads_sequence
from scriptify.tree import Tree
from scriptify.tree.flow import bindings, loads, own_nodes

_HEAD = "import torch\nfrom torch import nn\nfrom typing import Dict, List, Optional\n\n\nclass Net(nn.Module):\n"
_ENTRY = "Net(), (torch.randn(2, 3),)"
_READERS = frozenset(f"builtins.{name}" for name in ("len", "sum", "enumerate", "zip", "max", "min", "list", "tuple", "sorted", "range"))


def _net(signature: str, body: str) -> str:
    return f"{_HEAD}    def forward({signature}):\n" + "".join(f"        {line}\n" for line in body.splitlines())


class MutableDefault(Transform):
    """``def forward(self, x, n: List[int] = [1, 2]):`` -> ``n: Optional[List[int]] = None`` and ``if n is None: n = [1, 2]``.

    The compiler takes no list or dict as a default, since Python keeps the one object between calls. Where the
    function only reads it, a new one in each call is the same; one that it changes or hands on is left alone. So it is
    where None of a caller's own would raise; where that means something, as for ``x.sum(n)``, the default is a tuple.
    """

    code = "SF109"
    name = "mutable-default"
    phase = Phase.SIGNATURES
    explains = ("Mutable default parameters are not supported",)
    hints = ("=[", "= [", "={", "= {", "=list(", "= list(", "=dict(", "= dict(")
    source = "https://docs.pytorch.org/docs/stable/jit_language_reference.html#default-arguments"
    examples = (
        Fires(
            _net("self, x, n: List[int] = [1, 2]", "return x + n[0] + len(n)"),
            _net("self, x, n: Optional[List[int]] = None", "if n is None:\n    n = [1, 2]\nreturn x + n[0] + len(n)"),
            entry=_ENTRY,
            name="a list",
        ),
        Fires(
            _net("self, x, n: List[int] = [1]", "return x.sum(dim=n)"),
            _net("self, x, n: List[int] = (1,)", "return x.sum(dim=n)"),
            entry=_ENTRY,
            name="None would sum over all",
        ),
        Fires(
            _net("self, x, n: List[List[int]] = [[1], [2, 3]]", "return x + n[1][0] + len(n[0])"),
            _net(
                "self, x, n: Optional[List[List[int]]] = None",
                "if n is None:\n    n = [[1], [2, 3]]\nreturn x + n[1][0] + len(n[0])",
            ),
            entry=_ENTRY,
            name="lists in a list",
        ),
        Fires(
            _net("self, x, ns: Dict[str, float] = {'a': 2.0}", "'''Scales.'''\nif 'a' in ns:\n    return x * ns['a']\nreturn x"),
            _net(
                "self, x, ns: Optional[Dict[str, float]] = None",
                "'''Scales.'''\nif ns is None:\n    ns = {'a': 2.0}\nif 'a' in ns:\n    return x * ns['a']\nreturn x",
            ),
            entry=_ENTRY,
            name="a dict, after the docstring",
        ),
        Fires(
            _net("self, x, ys=[]", "for y in ys:\n    x = x + y\nreturn x + len(ys)"),
            _net(
                "self, x, ys: Optional[List[torch.Tensor]] = None",
                "if ys is None:\n    ys = []\nfor y in ys:\n    x = x + y\nreturn x + len(ys)",
            ),
            entry=_ENTRY,
            name="an empty list without annotation",
        ),
        Declines(_net("self, x, ys: List[torch.Tensor] = []", "ys.append(x)\nreturn len(ys)"), because="changed or handed on"),
        Declines(_net("self, x, ys: List[torch.Tensor] = []", "return x, ys"), because="changed or handed on"),
        Declines(_net("self, x, ys: List[torch.Tensor] = []", "zs = ys or [x]\nreturn zs"), because="changed or handed on"),
        Declines(_net("self, x, n: List[int] = [1]", "return x + len(self.norm(n))"), because="changed or handed on"),
        Declines(_net("self, x, n: List[List[int]] = [[1]]", "n[0].append(2)\nreturn x"), because="changed or handed on"),
        Declines(_net("self, x, n: List[List[int]] = [[1]]", "n[0][0] += 1\nreturn x"), because="changed or handed on"),
        Declines(_net("self, x, n: List[int] = [1]", "if n:\n    x = x + n[0]\nreturn x"), because="may pass None"),
        Ignores(_net("self, x, n: Optional[List[int]] = None", "if n is None:\n    n = [1]\nreturn x * n[0]")),
        Ignores(_net("self, x, n=[0, 1]", "return x.sum(dim=n)"), name="a tuple would do"),
    )

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Every such default of a compiled function."""
        for qualname, function in compiled(tree, facts, focus):
            for param in own_parameters(tree, function):
                if param.default is None or not _mutable(tree, param.default):
                    continue
                if param.annotation is None and not _empty(param.default) and isinstance(param.default, cst.List):
                    continue  # SF102 finds out whether a tuple does
                yield from self._one(tree, facts, qualname, function, param)

    def _one(self, tree: Tree, facts: Facts, qualname: str, function: cst.FunctionDef, param: cst.Param) -> Iterator[Proposal]:
        name = param.name.value
        assert param.default is not None
        first = function.body.body[0] if isinstance(function.body, cst.IndentedBlock) else None
        if first is None or type_commented(tree, function):
            yield tree.decline(
                self, param, f"the default of {name} is no constant, and the function's text leaves no room for another form"
            )
            return
        if not _only_read(tree, function, name, _depth(param.default)):
            because = f"the default of {name} may be changed or handed on by the function, so that the next call would see it"
            yield tree.decline(self, param, because)
            return
        if not _constant(param.default):
            yield tree.decline(self, param, f"what the default of {name} holds is computed when the function is defined")
            return
        type_ = _type(tree, facts, qualname, param)
        uses = loads(function.body, name)
        if all(_raises_for_none(tree, use, not _empty(param.default)) for use in uses):
            yield self._in_body(tree, function, param, type_)
        elif isinstance(param.default, cst.List) and all(reads_sequence(tree, use) for use in uses):
            yield self._as_tuple(tree, param, type_)
        else:
            yield tree.decline(self, param, f"a caller may pass None for {name}, which means something else than its default there")

    def _in_body(self, tree: Tree, function: cst.FunctionDef, param: cst.Param, type_: Type | None) -> Proposal:
        name = param.name.value
        assert param.default is not None
        spelled = spell(tree, Type("Optional", (type_,))) if type_ is not None else None
        edit = annotate(tree, param, spelled.text, "None") if spelled is not None else None
        if spelled is None or edit is None:
            return tree.decline(self, param, f"the type of {name} is not known: annotate it, or give an entry")
        value = tree.text[slice(*tree.outer_span(param.default))]
        value = value if "\n" not in value else " ".join(line.strip() for line in value.splitlines())
        lines = [f"if {name} is None:", f"    {name} = {value}"]
        place = _after_docstring(tree, function, lines)
        if place is None or "#" in value or any("\n" in tree.code(text) for text in tree.find(cst.SimpleString, param.default)):
            return tree.decline(self, param, f"the default of {name} can't be moved into the function's body")
        why = "the compiler takes no list or dict as a default"
        return tree.rewrite(self, param, f"{name} gets its default in the body", [edit, place], imports=spelled.imports, why=why)

    def _as_tuple(self, tree: Tree, param: cst.Param, type_: Type | None) -> Proposal:
        """The default as a tuple, where a caller's own None is not to mean it."""
        name = param.name.value
        assert isinstance(param.default, cst.List)
        spelled = spell(tree, type_) if type_ is not None else None
        edit = annotate(tree, param, spelled.text, as_tuple(tree, param.default)) if spelled is not None else None
        if spelled is None or edit is None:
            return tree.decline(self, param, f"the type of {name} is not known: annotate it, or give an entry")
        why = "the compiler takes no list as a default, but a tuple for one"
        return tree.rewrite(self, param, f"the default of {name} is a tuple", [edit], imports=spelled.imports, why=why)


def _mutable(tree: Tree, default: cst.BaseExpression) -> bool:
    if isinstance(default, cst.List | cst.Dict):
        return True
    return isinstance(default, cst.Call) and not default.args and tree.dotted(default.func) in ("builtins.list", "builtins.dict")


def _empty(default: cst.BaseExpression) -> bool:
    return isinstance(default, cst.Call) or not default.elements  # type: ignore[attr-defined]


def _constant(node: cst.BaseExpression) -> bool:
    """Whether an expression is made of literals only."""
    if isinstance(node, cst.Call):
        return True
    if isinstance(node, cst.List | cst.Tuple):
        return all(isinstance(e, cst.Element) and _constant(e.value) for e in node.elements)
    if isinstance(node, cst.Dict):
        return all(isinstance(e, cst.DictElement) and _constant(e.key) and _constant(e.value) for e in node.elements)
    if isinstance(node, cst.UnaryOperation):
        return isinstance(node.expression, cst.Integer | cst.Float)
    return isinstance(node, cst.Integer | cst.Float | cst.SimpleString) or (
        isinstance(node, cst.Name) and node.value in ("True", "False", "None")
    )


def _only_read(tree: Tree, function: cst.FunctionDef, name: str, depth: int) -> bool:
    """Whether the function reads items of a parameter, also of the containers in it, and does nothing else with it."""
    if any(bound.value == name for bound, _ in bindings(function.body)):
        return False
    if any(isinstance(node, cst.Lambda | cst.FunctionDef) and loads(node, name) for node in own_nodes(function.body)):
        return False
    return all(_reads_within(tree, use, depth) if depth > 1 else _reads(tree, use) for use in loads(function.body, name))


def _reads(tree: Tree, use: cst.CSTNode) -> bool:
    above = tree.parent(use)
    if isinstance(above, cst.Subscript) and above.value is use:
        parent = tree.parent(above)
        return not isinstance(parent, cst.AssignTarget | cst.AugAssign | cst.AnnAssign | cst.Del | cst.Element)
    if isinstance(above, cst.For | cst.CompFor):
        return above.iter is use
    if isinstance(above, cst.ComparisonTarget | cst.Comparison | cst.UnaryOperation | cst.BinaryOperation) or asks_truth(tree, use):
        return True
    if isinstance(above, cst.Attribute):
        return above.attr.value in ("items", "keys", "values", "get", "index", "count", "copy")
    if isinstance(above, cst.Arg):
        call = tree.parent(above)
        if not isinstance(call, cst.Call):
            return False
        if above.star:
            return above.star == "*"
        return tree.dotted(call.func) in _READERS or handed_to_torch(tree, call)
    return False


def _depth(node: cst.CSTNode) -> int:
    """How many changeable containers stand in each other."""
    inner = [element.value for element in node.elements] if isinstance(node, cst.List | cst.Dict | cst.Tuple) else []
    return max(map(_depth, inner), default=0) + isinstance(node, cst.List | cst.Dict)


def _reads_within(tree: Tree, use: cst.Name, depth: int) -> bool:
    """Whether a use reads what the innermost containers hold, and none of these gets another name."""
    node: cst.CSTNode = use
    for _ in range(depth - 1):
        above = tree.parent(node)
        index = isinstance(above, cst.Subscript) and above.value is node and all(isinstance(e.slice, cst.Index) for e in above.slice)
        if not index:
            argument = tree.parent(above) if isinstance(above, cst.Arg) and not above.star else None
            return isinstance(argument, cst.Call) and tree.dotted(argument.func) == "builtins.len"
        node = above  # type: ignore[assignment]
    return _reads(tree, node)


def _raises_for_none(tree: Tree, use: cst.Name, filled: bool) -> bool:
    """Whether a caller's own None would raise there, or mean what the default does: then None may stand for the default.

    ``filled``: the default has items, so that its truth is not that of None.
    """
    above = tree.parent(use)
    if isinstance(above, cst.ComparisonTarget) and isinstance(above.operator, cst.In | cst.NotIn):
        return True
    if isinstance(above, cst.Arg):
        call = tree.parent(above)
        return bool(above.star) or (isinstance(call, cst.Call) and tree.dotted(call.func) in _READERS)
    return raises_for_none(tree, use) or (not filled and asks_truth(tree, use))


def _type(tree: Tree, facts: Facts, qualname: str, param: cst.Param) -> Type | None:
    if param.annotation is not None:
        stated = declared(tree, param.annotation.annotation)
        return stated if stated is not None and stated.name in ("List", "Dict") else None
    found = facts.parameter(tree.path, qualname, param.name.value)
    seen = None if isinstance(found, Unknown) else found.given or found.observed
    default = param.default
    own = Inference(tree, Facts(), "", cst.FunctionDef(cst.Name("nothing"), cst.Parameters(), cst.IndentedBlock([]))).type_of(default)
    types = [type_ for type_ in (seen.type if seen is not None else None, own) if type_ is not None and type_.known]
    if types:
        return join(types)
    if not isinstance(default, cst.List | cst.Dict | cst.Call) or not _empty(default):
        return None
    is_list = isinstance(default, cst.List) or (isinstance(default, cst.Call) and tree.dotted(default.func) == "builtins.list")
    return Type("List", (TENSOR,)) if is_list else Type("Dict", (Type("str"), TENSOR))


def _after_docstring(tree: Tree, function: cst.FunctionDef, lines: list[str]) -> Edit | None:
    body = function.body.body
    first = body[0]
    if not tree.own_line(first):
        return None
    expression = first.body[0] if isinstance(first, cst.SimpleStatementLine) else None
    stated = isinstance(expression, cst.Expr) and isinstance(expression.value, cst.SimpleString | cst.ConcatenatedString)
    return tree.after(first, lines) if stated and len(body) > 1 else tree.before(first, lines)
