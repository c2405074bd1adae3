"""SF302: lambdas and partials under a name become functions, methods, or the expression they stand for."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scriptify.facts.model import COPYING, Class, Facts
from scriptify.transform import Edit, Focus, Need, Phase, Proposal, Safety, Transform
from scriptify.transforms._expression import Body
from scriptify.transforms._lambda_helper_examples import EXAMPLES
from scriptify.transforms._own_scope import reads_by_name
from scriptify.transforms._quiet_values import quiet
from scriptify.tree import Tree, assigned_names, stores_in
from scriptify.tree.hoist import reached_functions, with_comments
from scriptify.tree.inline import CannotInline, calls_inlined, constant, plain_parameters
from scriptify.tree.member_names import family, out_of_sight
from scriptify.tree.nested import put_after, put_before
from scriptify.tree.substitute import FreshNames, free_names, one_line, source, substituted, variables

_PARTIAL = ("functools.partial",)


class LambdaHelper(Transform):
    """``self.act = lambda x: x * 2`` -> ``def _net_act(x): return x * 2`` and ``self.act = _net_act``; ``f(x)`` of a local one -> its body.

    The compiler takes no lambda and no ``functools.partial``, wherever compiled code calls one. A lambda
    on ``self`` becomes a function of the module (the instance can then be pickled too), one that reads
    ``self`` a method; a local one goes into its calls; one of the module becomes a ``def`` in its place.
    A copy by ``copy.deepcopy`` shares a lambda, which goes on reading the object it was made in; a method reads
    the copy. In a project that copies so, the rewrite is only kept when a run agrees.
    """

    code = "SF302"
    name = "lambda-helper"
    phase = Phase.SYNTAX
    hints = ("lambda", "partial")
    explains = (
        "Lambda aren't supported",
        "This function exists as an attribute on the Python module, but we failed to compile it",
        "failed to convert Python type: 'functools.partial'",
        "Expected a single top-level function",
        "INTERNAL ASSERT FAILED",
    )
    source = "https://docs.pytorch.org/docs/stable/jit_language_reference.html"
    examples = EXAMPLES

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Named lambdas and partials that compiled functions call."""
        for qualname, function in reached_functions(tree, facts):
            body = Body(tree, facts, qualname, function)
            for assign in tree.find(cst.Assign, function.body):
                target = assign.targets[0].target
                if len(assign.targets) != 1 or not isinstance(target, cst.Name):
                    continue
                if isinstance(assign.value, cst.Lambda):
                    yield self._local(body, assign, target.value, assign.value)
                elif next(_callables(tree, assign.value), None) is not None:
                    because = f"the compiler takes no lambda or partial, and {target.value} is a partial or chosen by a condition"
                    yield tree.decline(self, assign, because)
        yield from self._module(tree, facts)
        for key, owner in facts.classes.items():
            if owner.path == tree.path and owner.is_module and key:
                yield from self._attributes(tree, facts, owner)

    def _local(self, body: Body, assign: cst.Assign, name: str, lambda_: cst.Lambda) -> Proposal:
        tree = body.tree
        try:
            if by_name := reads_by_name(tree, body.function.body):
                raise CannotInline(by_name)
            edits = calls_inlined(tree, body.function, assign, name, lambda_, lambda node: quiet(body, node))
        except CannotInline as reason:
            return tree.decline(self, assign, f"the compiler takes no lambda, and {name} can't be written into its calls: {reason}")
        return tree.rewrite(self, assign, f"the lambda {name} goes into its calls", edits, why="the compiler takes no lambda")

    def _module(self, tree: Tree, facts: Facts) -> Iterator[Proposal]:
        """``act = lambda ...`` at the module's top level, called from compiled code."""
        read = {n.value for _, function in reached_functions(tree, facts) for n in variables(function.body)}
        for statement in tree.module.body:
            if not isinstance(statement, cst.SimpleStatementLine) or len(statement.body) != 1:
                continue
            assign = statement.body[0]
            if not isinstance(assign, cst.Assign) or len(assign.targets) != 1 or not isinstance(assign.targets[0].target, cst.Name):
                continue
            name = assign.targets[0].target.value
            if name not in read or not (isinstance(assign.value, cst.Lambda) or _is_partial(tree, assign.value)):
                continue
            try:
                lines = _definition(tree, name, assign.value, attribute=False)
            except CannotInline as reason:
                yield tree.decline(self, assign, f"compiled code calls {name}, which can't become a function: {reason}")
                continue
            edit = tree.replace_statement(statement, with_comments(tree, statement, lines, [assign.value]))
            yield tree.rewrite(self, assign, f"{name} becomes a function", [edit], why="the compiler takes no lambda or partial")

    def _attributes(self, tree: Tree, facts: Facts, owner: Class) -> Iterator[Proposal]:
        """``self.act = lambda ...`` and the like in a class whose compiled methods call ``self.act``."""
        class_ = tree.class_(owner.qualname)
        if class_ is None:
            return
        related = {owner.qualname, *(c.qualname for c in facts.descendants(owner) if c.path == tree.path)}
        related |= {c.qualname for c in facts.ancestors(owner) if c.path == tree.path}
        called = {
            attribute.attr.value
            for qualname, function in reached_functions(tree, facts)
            if qualname.rpartition(".")[0] in related
            for attribute in tree.find(cst.Attribute, function.body)
            if isinstance(attribute.value, cst.Name) and attribute.value.value == "self"
        }
        for assign in tree.find(cst.Assign, class_):
            target = assign.targets[0].target
            method = tree.enclosing(assign, cst.FunctionDef)
            on_self = isinstance(target, cst.Attribute) and isinstance(target.value, cst.Name) and target.value.value == "self"
            if len(assign.targets) != 1 or not on_self or method is None or tree.enclosing(method, cst.FunctionDef) is not None:
                continue
            assert isinstance(target, cst.Attribute)
            if target.attr.value in called and tree.enclosing(assign, cst.ClassDef) is class_:
                for value in _callables(tree, assign.value):
                    yield self._attribute(tree, facts, owner, class_, method, assign, target.attr.value, value)

    def _attribute(
        self,
        tree: Tree,
        facts: Facts,
        owner: Class,
        class_: cst.ClassDef,
        method: cst.FunctionDef,
        assign: cst.Assign,
        name: str,
        value: cst.Lambda | cst.Call,
    ) -> Proposal:
        why = "the compiler takes no lambda or partial"
        try:
            uses_self, texts = _captured(tree, class_, method, value)
            if uses_self:
                edits = _as_method(tree, facts, owner, class_, method, assign, name, value, texts)
                needs = [Need(f"{text} is not assigned from outside this file") for text in texts.values()]
                # A deep copy shares the lambda, which goes on reading the first object, and would have a method of its own.
                safety = Safety.OBSERVED if COPYING in facts.mentions else None
                return tree.rewrite(self, assign, f"self.{name} becomes a method", edits, needs=needs, why=why, safety=safety)
            function = FreshNames(tree, method).fresh(f"_{class_.name.value.lower()}_{name.strip('_')}")
            lines = _definition(tree, function, value, of=name)
        except CannotInline as reason:
            return tree.decline(self, assign, f"compiled code calls self.{name}, which can't become a function: {reason}")
        above = _outermost(tree, class_)
        if above is not class_:
            return tree.decline(self, assign, f"compiled code calls self.{name}, whose class stands inside another")
        put = put_before(tree, class_, tree.block(lines, "").rstrip("\r\n").split(tree.newline), 2)
        return tree.rewrite(self, assign, f"self.{name} becomes a function", [put, tree.replace_outer(value, function)], why=why)


def _is_partial(tree: Tree, node: cst.BaseExpression) -> bool:
    return isinstance(node, cst.Call) and tree.dotted(node.func) in _PARTIAL


def _callables(tree: Tree, value: cst.BaseExpression) -> Iterator[cst.Lambda | cst.Call]:
    """The lambda or partial a value is, or those it may be by a condition."""
    if isinstance(value, cst.IfExp):
        yield from _callables(tree, value.body)
        yield from _callables(tree, value.orelse)
    elif isinstance(value, cst.Lambda) or (isinstance(value, cst.Call) and _is_partial(tree, value)):
        yield value


def _outermost(tree: Tree, class_: cst.ClassDef) -> cst.CSTNode:
    return next((above for above in tree.ancestors(class_) if isinstance(above, cst.ClassDef | cst.FunctionDef)), class_)


def _captured(tree: Tree, class_: cst.ClassDef, method: cst.FunctionDef, value: cst.Lambda | cst.Call) -> tuple[bool, dict[str, str]]:
    """Whether a callable needs ``self``, and what replaces the method's variables it uses. Raises CannotInline."""
    own = {p.name.value for p in plain_parameters(value)} if isinstance(value, cst.Lambda) else set()
    if free_names(value) & {"super", "__class__"}:
        raise CannotInline("it asks for the class around it")
    outside = free_names(value) & (assigned_names(method) - own)
    texts: dict[str, str] = {}
    for name in sorted(outside - {"self"}):
        kept = _kept_on_self(tree, class_, method, name)
        if kept is None:
            raise CannotInline(f"it uses {name}, a variable of {method.name.value} that is not kept on self")
        texts[name] = kept
    if any(a.attr.value.startswith("__") and not a.attr.value.endswith("__") for a in tree.find(cst.Attribute, value)):
        raise CannotInline("it uses a name private to the class")
    return bool(outside), texts


def _kept_on_self(tree: Tree, class_: cst.ClassDef, method: cst.FunctionDef, name: str) -> str | None:
    """``self.name`` where the method stores that variable there once and for all, and nothing else assigns either."""
    if stores_in(method.body, name):
        return None
    for assign in tree.find(cst.Assign, method.body):
        target = assign.targets[0].target
        if len(assign.targets) != 1 or not isinstance(assign.value, cst.Name) or assign.value.value != name:
            continue
        statement = tree.statement(assign)
        straight = statement is not None and tree.parent(statement) is method.body
        on_self = isinstance(target, cst.Attribute) and tree.code(target.value) == "self"
        if straight and on_self and isinstance(target, cst.Attribute) and _assignments(tree, target.attr.value) == 1:
            return tree.code(target)
    return None


def _assignments(tree: Tree, attribute: str) -> int:
    """How often anything in the file assigns an attribute of that name."""
    targets = [t.target for t in tree.find(cst.AssignTarget)]
    targets += [t.target for t in tree.find(cst.AugAssign)]
    targets += [t.target for t in tree.find(cst.AnnAssign)]
    found = (node for target in targets for node in tree.find(cst.Attribute, target))
    return sum(node.attr.value == attribute for node in found)


def _as_method(
    tree: Tree,
    facts: Facts,
    owner: Class,
    class_: cst.ClassDef,
    method: cst.FunctionDef,
    assign: cst.Assign,
    name: str,
    value: cst.Lambda | cst.Call,
    texts: dict[str, str],
) -> list[Edit]:
    statement = tree.statement(assign)
    kin = list(family(facts, owner))
    if not isinstance(value, cst.Lambda):
        raise CannotInline("an argument it fixes is not a literal")
    if assign.value is not value or statement is None or tree.parent(statement) is not method.body:
        raise CannotInline("it needs self and is only set under a condition")
    if _assignments(tree, name) != 1 or any(name in item.methods for item in kin):
        raise CannotInline(f"{name} is also something else in this class or its relatives")
    if out_of_sight(facts, owner):
        raise CannotInline(f"a base class that is not in sight may set {name} too")
    if any(name in item.attributes for item in kin[1:]) or name.startswith("__") or not tree.own_line(statement):
        raise CannotInline(f"{name} is also set by a relative of this class")
    if any(p.name.value == "self" for p in plain_parameters(value)):
        raise CannotInline("it has a parameter called self")
    lines = _definition(tree, name, value, texts, first="self")
    last = _last_method(class_)
    indent = tree.indent(last)
    block = tree.block(lines, indent).rstrip("\r\n").split(tree.newline)
    return [tree.remove(statement), put_after(tree, last, block, 1)]


def _last_method(class_: cst.ClassDef) -> cst.FunctionDef:
    methods = [node for node in class_.body.body if isinstance(node, cst.FunctionDef)]
    if not methods or class_.body.body[-1] is not methods[-1]:
        raise CannotInline("the class does not end with a method")
    return methods[-1]


def _definition(
    tree: Tree,
    name: str,
    value: cst.BaseExpression,
    texts: dict[str, str] | None = None,
    first: str = "",
    of: str = "",
    attribute: bool = True,
) -> list[str]:
    """The lines of a function ``name`` that does what a lambda or partial (called as ``of``) does. Raises CannotInline."""
    if isinstance(value, cst.Lambda):
        parameters = plain_parameters(value)
        if any(p.default is not None and not constant(p.default) for p in parameters):
            raise CannotInline("a default of its parameters is computed")
        written = [p.name.value if p.default is None else f"{p.name.value}={source(tree, p.default)}" for p in parameters]
        body = substituted(tree, value.body, texts or {})
        if body is None:
            raise CannotInline("something inside it binds a name that is needed")
        body = one_line(tree, value.body, body)
        return [f"def {name}({', '.join([*([first] if first else []), *written])}):", f"    return {body}"]
    assert isinstance(value, cst.Call)
    return _partial_definition(tree, name, value, _calls_of(tree, of or name, attribute))


def _partial_definition(tree: Tree, name: str, value: cst.Call, calls: list[cst.Call]) -> list[str]:
    """A partial of a function of torch or of this module, as its calls in this file use it."""
    if not value.args or value.args[0].star or value.args[0].keyword:
        raise CannotInline("what it wraps is not written here")
    callee = value.args[0].value
    dotted = tree.dotted(callee)
    local = isinstance(callee, cst.Name) and any(isinstance(s, cst.FunctionDef) and s.name.value == callee.value for s in tree.module.body)
    if isinstance(callee, cst.Name) and len(stores_in(tree.module, callee.value)) > 1:
        raise CannotInline("what it wraps is bound more than once")
    if not local and not (dotted.startswith("torch.") and dotted.rpartition(".")[2][:1].islower()):
        raise CannotInline("what it wraps is not known to be a function")
    if any(arg.star or not constant(arg.value) for arg in value.args[1:]):
        raise CannotInline("an argument it fixes is not a literal")
    counts = {len(call.args) for call in calls}
    if len(counts) != 1 or any(arg.star or arg.keyword for call in calls for arg in call.args):
        raise CannotInline("its calls do not all pass the same number of positional arguments")
    count = counts.pop()
    names = ["input"] if count == 1 else [f"input{number}" for number in range(1, count + 1)]
    fixed = [source(tree, arg.value) for arg in value.args[1:] if arg.keyword is None]
    keywords = [f"{arg.keyword.value}={source(tree, arg.value)}" for arg in value.args[1:] if arg.keyword is not None]
    return [f"def {name}({', '.join(names)}):", f"    return {tree.code(callee)}({', '.join([*fixed, *names, *keywords])})"]


def _calls_of(tree: Tree, name: str, attribute: bool) -> list[cst.Call]:
    """The calls of ``name`` or of ``self.name`` in this file. Raises CannotInline where it is used in another way."""
    found: list[cst.Call] = []
    nodes: list[cst.CSTNode] = []
    if attribute:
        nodes += [n for n in tree.find(cst.Attribute) if n.attr.value == name]
    else:
        nodes += [n for n in variables(tree.module) if n.value == name]
    for node in nodes:
        above = tree.parent(node)
        if isinstance(above, cst.Call) and above.func is node:
            found.append(above)
        elif not isinstance(above, cst.AssignTarget):
            raise CannotInline("it is used other than by calling it")
    return found
