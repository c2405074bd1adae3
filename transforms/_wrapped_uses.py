"""What a file does with a wrapped model besides running it: where it hands the model on, and what tests for the wrapper decide."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scriptify.transforms import _wrappers
from scriptify.transforms._wrappers import EXPORTS, PLACING, Scope
from scriptify.tree import Tree, assigned_names
from scriptify.tree.flow import all_parameters

HANDED_ON = "others get the model itself"
NAMES = "names of its parts lose module."
# What a wrapper shows of its own parts, or takes for itself.
_OF_PARTS = frozenset(
    """
    named_parameters named_modules named_buffers named_children children modules apply get_submodule get_parameter get_buffer
    add_module register_module register_buffer register_parameter __class__ __dict__ __setattr__ _modules _get_name
    """.split()
)
_KEYS = frozenset({"state_dict", "load_state_dict"})
# Methods that give the model they are called on.
_SAME = frozenset({*PLACING, "train", "eval", "half", "float", "double", "bfloat16", "requires_grad_", "share_memory"})
_DEPTH = 3


class Uses:
    """What becomes of the wrapped models of a scope."""

    def __init__(self, tree: Tree, scope: Scope) -> None:
        self.tree, self.scope = tree, scope

    def seen(self) -> str:
        """What others can see of the model that is not the wrapper any more, or ``""``."""
        for wrap in self.scope.wraps:
            if not wrap.target and not wrap.bare and (why := self._given(wrap.call, "", _DEPTH)):
                return why
        for name in sorted(target for target in self.scope.targets if "." not in target):
            if why := self._of_name(self.scope.node, name, self._bare_from(name), _DEPTH):
                return why
        return ""

    def _of_name(self, scope: cst.CSTNode, name: str, bare_from: int, depth: int) -> str:
        for node in self.tree.find(cst.Name, scope):
            if node.value != name or self._hidden(scope, node):
                continue
            if 0 < bare_from < self.tree.line(node) and self.tree.enclosing(node, cst.FunctionDef) is _function(scope):
                continue
            if why := self._given(node, name, depth):
                return why
        return ""

    def _given(self, node: cst.BaseExpression, name: str, depth: int) -> str:
        """What others see of the model where an expression gives it, or ``""``."""
        tree, above = self.tree, self.tree.parent(node)
        if isinstance(above, cst.Attribute):
            return self._attribute(node, above, name, depth)
        if isinstance(above, cst.Call):
            return ""  # it is called
        if isinstance(above, cst.Arg):
            return self._argument(above, name, depth)
        if isinstance(above, cst.Assign) and above.value is node:
            same = len(above.targets) == 1 and tree.code(above.targets[0].target) == name
            return "" if (same and name) or self._under_test(node, name) else HANDED_ON
        if isinstance(above, cst.IfExp | cst.Return) and self._under_test(node, name):
            return ""  # ``x.module if isinstance(x, DataParallel) else x``
        if isinstance(above, cst.Comparison | cst.ComparisonTarget):
            return ""  # ``is None``; a test of its class is looked at as a test
        stored = isinstance(above, cst.AssignTarget | cst.Param | cst.Del | cst.Expr) or (isinstance(above, cst.AnnAssign) and name)
        return "" if stored else HANDED_ON

    def _attribute(self, node: cst.BaseExpression, above: cst.Attribute, name: str, depth: int) -> str:
        tree, method = self.tree, above.attr.value
        if above.attr is node:
            return ""  # an attribute of that name of something else
        if method in _OF_PARTS:
            return NAMES
        if method in _KEYS and depth < _DEPTH:
            return "keys lose module."
        call = tree.parent(above)
        if method in _SAME and isinstance(call, cst.Call) and call.func is above:
            return self._given(call, name, depth)
        return ""

    def _argument(self, arg: cst.Arg, name: str, depth: int) -> str:
        tree, call = self.tree, self.tree.parent(arg)
        if not isinstance(call, cst.Call) or arg.star:
            return HANDED_ON
        dotted = tree.dotted(call.func)
        if (
            dotted in EXPORTS
            or dotted in ("builtins.print", "builtins.isinstance", "builtins.hasattr")
            or _wrappers.wrapper(tree, call.func)
        ):
            return ""
        if dotted == "builtins.getattr":
            rest = [tree.code(other.value) for other in call.args[1:]]
            return "" if len(rest) == 2 and rest[0].strip("'\"") == "module" and rest[1] == name else HANDED_ON
        function = tree.function(call.func.value) if isinstance(call.func, cst.Name) else None
        if function is None or depth <= 0 or not isinstance(tree.parent(function), cst.Module | cst.IndentedBlock):
            return HANDED_ON
        parameters = [param.name.value for param in all_parameters(function.params)]
        place = call.args.index(arg)
        to = arg.keyword.value if arg.keyword is not None else parameters[place] if place < len(parameters) else ""
        if to not in parameters or any(other.star for other in call.args):
            return HANDED_ON
        return Uses(tree, self.scope)._of_name(function, to, 0, depth - 1)

    def _under_test(self, node: cst.CSTNode, name: str) -> bool:
        tests = (above.test for above in self.tree.ancestors(node) if isinstance(above, cst.If | cst.IfExp))
        return any(_wrappers.test_of(self.tree, test, {name}) is not None for test in tests)

    def _hidden(self, scope: cst.CSTNode, node: cst.Name) -> bool:
        """Whether a name is a keyword, or belongs to a function inside the scope that binds it itself."""
        above = self.tree.parent(node)
        if isinstance(above, cst.Arg) and above.keyword is node:
            return True
        for outer in self.tree.ancestors(node):
            if outer is scope:
                return False
            if isinstance(outer, cst.FunctionDef) and node.value in assigned_names(outer):
                return True
        return False

    def _bare_from(self, name: str) -> int:
        """The line from which on the scope's own block has the model itself under the name: ``net = net.module``; else 0."""
        tree, scope = self.tree, self.scope.node
        body = scope.body if isinstance(scope, cst.FunctionDef) else scope
        block = body.body if isinstance(body, cst.Module | cst.IndentedBlock) else ()
        lines = [
            tree.line(statement) for statement in block if isinstance(statement, cst.BaseStatement) and _unwraps(tree, statement, name)
        ]
        wrapped = [tree.line(wrap.call) for wrap in self.scope.wraps if wrap.target == name]
        return lines[-1] if lines and lines[-1] > max(wrapped) else 0


def _function(scope: cst.CSTNode) -> cst.FunctionDef | None:
    return scope if isinstance(scope, cst.FunctionDef) else None


def _unwraps(tree: Tree, statement: cst.BaseStatement | cst.BaseSmallStatement, name: str) -> bool:
    """``net = net.module``, with a test for the wrapper around it or without."""
    if isinstance(statement, cst.If):
        return statement.orelse is None and _wrappers.test_of(tree, statement.test, {name}) is True and _only_unwraps(tree, statement, name)
    small = statement.body[0] if isinstance(statement, cst.SimpleStatementLine) and len(statement.body) == 1 else statement
    if not isinstance(small, cst.Assign) or len(small.targets) != 1 or tree.code(small.targets[0].target) != name:
        return False
    value = small.value
    if isinstance(value, cst.IfExp) and _wrappers.test_of(tree, value.test, {name}) is True:
        value = value.body
    return tree.code(value) == f"{name}.module"


def _only_unwraps(tree: Tree, block: cst.If, name: str) -> bool:
    """Whether a block does nothing but talk and unwrap."""
    inner = block.body.body
    return all(_unwraps(tree, part, name) or _wrappers.is_talk(tree, part) or isinstance(part, cst.Pass) for part in inner)


def deciding(tree: Tree, scope: Scope) -> str:
    """A test for the wrapper that would decide otherwise of the model itself, as a reason to leave it; or ``""``."""
    for call in tree.find(cst.Call, scope.node):
        if _wrappers.test_of(tree, call, scope.targets) is None or _elsewhere(tree, scope, call):
            continue
        if not _same_either_way(tree, call, tree.code(call.args[0].value)):
            return f"{tree.code(call)} decides about more than how the model is reached; let it take the model itself first"
    return ""


def _elsewhere(tree: Tree, scope: Scope, call: cst.Call) -> bool:
    first = call.args[0].value
    return isinstance(first, cst.Name) and Uses(tree, scope)._hidden(scope.node, first)


def _same_either_way(tree: Tree, call: cst.Call, name: str) -> bool:
    """Whether the model itself meets the same after a test as the wrapped one does before."""
    above = tree.parent(call)
    test: cst.BaseExpression = call
    if isinstance(above, cst.UnaryOperation) and isinstance(above.operator, cst.Not):
        test, above = above, tree.parent(above)
    if not isinstance(above, cst.If | cst.IfExp) or above.test is not test:
        return isinstance(above, cst.While) and all(_unwraps(tree, part, name) for part in above.body.body)
    if isinstance(above, cst.IfExp):
        return _bare(tree, above.body, name) == _bare(tree, above.orelse, name)
    if above.orelse is None:
        wraps = any(_wrappers.wrapper(tree, inner.func) for inner in tree.find(cst.Call, above.body))
        return wraps if test is not call else _only_unwraps(tree, above, name) and not isinstance(tree.parent(above), cst.If)
    if not isinstance(above.orelse, cst.Else):
        return False
    first, second = (list(_lines(tree, suite, name)) for suite in (above.body, above.orelse.body))
    return first == second


def _bare(tree: Tree, node: cst.CSTNode, name: str) -> str:
    return tree.code(node).replace(f"{name}.module", name)


def _lines(tree: Tree, suite: cst.BaseSuite, name: str) -> Iterator[str]:
    """The statements of a block as they read for the model itself, less those that give the name what it has."""
    for part in suite.body:
        text = _bare(tree, part, name).strip()
        if text not in (f"{name} = {name}", "pass"):
            yield " ".join(text.split())
