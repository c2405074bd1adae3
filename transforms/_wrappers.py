"""Where a file wraps models in DataParallel, and what it does with the wrapped ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import libcst as cst

from scriptify.tree import Tree, assigned_names

WRAPPERS = frozenset(
    f"torch.nn.{where}{name}"
    for name in ("DataParallel", "DistributedDataParallel")
    for where in ("", "parallel.", "parallel.data_parallel.", "parallel.distributed.")
)
# What only the wrapper has: with one of these in use it can't go.
OWN_ATTRIBUTES = frozenset(
    "device_ids output_device no_sync join scatter gather replicate parallel_apply register_comm_hook require_backward_grad_sync "
    "src_device_obj process_group reducer bucket_bytes_cap find_unused_parameters".split()
)
EXPORTS = frozenset({"torch.jit.script", "torch.jit.trace", "torch.jit.trace_module", "torch.onnx.export", "torch.export.export"})
QUIET = frozenset(
    {"torch.cuda.device_count", "torch.cuda.is_available", "torch.distributed.is_available", "torch.distributed.is_initialized"}
    | {"torch.distributed.get_world_size", "builtins.len", "builtins.str", "builtins.list", "builtins.range"}
)
PLACING = ("cuda", "to", "cpu", "xpu")


@dataclass(frozen=True, slots=True)
class Wrap:
    """One call of a wrapper: the model it wraps, and the statement that assigns it to ``target`` (or none).

    ``bare``: its ``module`` is taken at once.
    """

    call: cst.Call
    model: cst.BaseExpression
    assign: cst.Assign | None = None
    target: str = ""
    bare: bool = False


@dataclass(slots=True)
class Scope:
    """The part of a file in which the targets mean the wrapped models: a function, a class, or the file."""

    node: cst.CSTNode
    wraps: list[Wrap] = field(default_factory=list)

    @property
    def targets(self) -> set[str]:
        """The names of wrapped models."""
        return {wrap.target for wrap in self.wraps if wrap.target}


def scopes(tree: Tree) -> list[Scope]:
    """The scopes that wrap models, in order."""
    found: dict[int, Scope] = {}
    for call in tree.find(cst.Call):
        # Of a wrapper in a wrapper, the outer one goes first and the inner one in the next pass.
        nested = any(isinstance(above, cst.Call) and wrapper(tree, above.func) for above in tree.ancestors(call))
        if not nested and wrapper(tree, call.func) and (model := _model(call)) is not None:
            wrap = _wrap(tree, call, model)
            node = _scope(tree, wrap)
            found.setdefault(id(node), Scope(node)).wraps.append(wrap)
    return list(found.values())


def wrapper(tree: Tree, node: cst.CSTNode) -> bool:
    """Whether an expression names a wrapper class."""
    return isinstance(node, cst.Name | cst.Attribute) and tree.dotted(node) in WRAPPERS


def _model(call: cst.Call) -> cst.BaseExpression | None:
    first = call.args[0] if call.args and not call.args[0].star and call.args[0].keyword is None else None
    named = next((arg for arg in call.args if arg.keyword is not None and arg.keyword.value == "module"), None)
    chosen = first or named
    return chosen.value if chosen is not None else None


def _wrap(tree: Tree, call: cst.Call, model: cst.BaseExpression) -> Wrap:
    node: cst.CSTNode = call
    above = tree.parent(node)
    while above is not None and (
        (isinstance(above, cst.Attribute) and above.value is node) or (isinstance(above, cst.Call) and above.func is node)
    ):
        if isinstance(above, cst.Attribute) and above.attr.value == "module":
            return Wrap(call, model, bare=True)
        node, above = above, tree.parent(above)
    if isinstance(above, cst.Assign) and above.value is node and len(above.targets) == 1:
        target = above.targets[0].target
        if isinstance(target, cst.Name) or (isinstance(target, cst.Attribute) and isinstance(target.value, cst.Name)):
            return Wrap(call, model, above, tree.code(target))
    return Wrap(call, model)


def _scope(tree: Tree, wrap: Wrap) -> cst.CSTNode:
    function = tree.enclosing(wrap.call, cst.FunctionDef)
    if "." in wrap.target and function is not None:
        owner = tree.enclosing(function, cst.ClassDef)
        return owner if wrap.target.startswith("self.") and owner is not None else function
    return function or tree.module


def uses(tree: Tree, scope: Scope) -> Iterator[cst.Attribute]:
    """Every ``target.something`` in the scope."""
    targets = scope.targets
    for node in tree.find(cst.Attribute, scope.node):
        if isinstance(node.value, cst.Name | cst.Attribute) and tree.code(node.value) in targets and not _hidden(tree, scope, node.value):
            yield node


def _hidden(tree: Tree, scope: Scope, node: cst.CSTNode) -> bool:
    """Whether a name belongs to a function inside the scope that binds it itself."""
    if not isinstance(node, cst.Name):
        return False
    for above in tree.ancestors(node):
        if above is scope.node:
            return False
        if isinstance(above, cst.FunctionDef) and node.value in assigned_names(above):
            return True
    return False


def test_of(tree: Tree, node: cst.BaseExpression, targets: set[str]) -> bool | None:
    """Whether an expression tests that a target is wrapped (True), that it is not (False), or something else (None)."""
    if isinstance(node, cst.UnaryOperation) and isinstance(node.operator, cst.Not):
        inner = test_of(tree, node.expression, targets)
        return None if inner is None else not inner
    if not isinstance(node, cst.Call) or len(node.args) != 2 or tree.code(node.args[0].value) not in targets:
        return None
    second = node.args[1].value
    name = tree.dotted(node.func)
    if name == "builtins.hasattr" and isinstance(second, cst.SimpleString):
        return True if second.evaluated_value == "module" else None
    if name == "builtins.isinstance":
        kinds = [element.value for element in second.elements] if isinstance(second, cst.Tuple) else [second]
        return True if kinds and all(wrapper(tree, kind) for kind in kinds) else None
    return None


def is_talk(tree: Tree, statement: cst.CSTNode) -> bool:
    """Whether a statement only prints, logs or passes."""
    if not isinstance(statement, cst.SimpleStatementLine):
        return False
    for small in statement.body:
        if isinstance(small, cst.Pass):
            continue
        if not isinstance(small, cst.Expr) or not isinstance(small.value, cst.Call):
            return False
        if not _is_print(tree, small.value) or any(not _is_harmless(tree, call) for call in _inner_calls(tree, small.value)):
            return False
    return True


def _is_print(tree: Tree, call: cst.Call) -> bool:
    name = tree.code(call.func)
    first, _, last = name.rpartition(".")
    if first.partition(".")[0] in ("logging", "logger", "log", "warnings"):
        return last in ("info", "debug", "warning", "warn")
    return name == "print" and tree.dotted(call.func) == "builtins.print"


def _inner_calls(tree: Tree, call: cst.Call) -> list[cst.Call]:
    return [inner for inner in tree.find(cst.Call, call) if inner is not call]


def _is_harmless(tree: Tree, call: cst.Call) -> bool:
    """Whether a call only reads: a count, a length, a text."""
    if isinstance(call.func, cst.Attribute) and isinstance(call.func.value, cst.SimpleString):
        return call.func.attr.value in ("format", "join")
    return tree.dotted(call.func) in QUIET


def is_quiet(tree: Tree, node: cst.CSTNode) -> bool:
    """Whether evaluating a condition does nothing else."""
    calls = all(tree.dotted(call.func) in QUIET for call in tree.find(cst.Call, node))
    return calls and not any(tree.find(cst.NamedExpr, node))
