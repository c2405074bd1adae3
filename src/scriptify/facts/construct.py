"""Follows a class's ``__init__``, and the methods and helpers it calls, to learn what each attribute holds.

Branches are joined, loops of a known count are turned, others widened. What can't be followed makes a
value unknown, never wrong; a budget bounds the work per class.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from scriptify.facts.classes import Table, is_super
from scriptify.facts.evaluate import Evaluator
from scriptify.facts.imports import Ref
from scriptify.facts.model import Attribute, Kind
from scriptify.facts.mutate import Mutations
from scriptify.facts.scan import File, Scope, arguments
from scriptify.facts.values import UNKNOWN, Value, as_attribute, join_envs, joined, literal, of_kind, plain, widen_envs

# The except* form exists from Python 3.11 on.
_TRIES: tuple[type[ast.Try], ...] = (ast.Try, getattr(ast, "TryStar", ast.Try))
_STEPS = 4000
_CALL_DEPTH = 6
_TURNS = 32
_SCALARS = frozenset({"int", "float", "bool", "str"})


@dataclass
class Env:
    """What ``self``'s attributes and the locals hold at one point."""

    attributes: dict[str, Value] = field(default_factory=dict)
    locals: dict[str, Value] = field(default_factory=dict)

    def copy(self) -> Env:
        """An independent copy."""
        return Env(dict(self.attributes), dict(self.locals))


def join(envs: Sequence[Env | None]) -> Env | None:
    """Where several branches meet; None where none goes on."""
    alive = [env for env in envs if env is not None]
    if len(alive) < 2:
        return alive[0] if alive else None
    return Env(join_envs([e.attributes for e in alive], optional=True), join_envs([e.locals for e in alive], optional=False))


@dataclass
class Frame:
    """One function being followed."""

    file: File
    scope: Scope
    owner: str
    self_name: str
    depth: int
    returns: list[Value] = field(default_factory=list)
    exits: list[Env] = field(default_factory=list)
    jumps: list[Env] = field(default_factory=list)


class Follower:
    """Follows the construction of one class."""

    def __init__(self, table: Table, key: str) -> None:
        self.table = table
        self.key = key
        self.steps = 0
        self.active: list[tuple[str, str]] = []
        self.followed: set[tuple[str, str]] = set()
        self.places: dict[str, tuple[int, str]] = {}

    def run(self, start: dict[str, Value]) -> dict[str, Value]:
        """The attributes after ``__init__``, given the class-level ones."""
        found = self.table.method(self.key, "__init__")
        env = Env(dict(start))
        if found is not None:
            file, _ = self.table.scopes[found[0]]
            env, _ = self.call(file, found[1], found[0], env, {}, 0)
        return env.attributes

    def call(self, file: File, scope: Scope, owner: str, env: Env, bound: dict[str, Value], depth: int) -> tuple[Env, Value]:
        """Follow one function; the attributes afterwards and what it returns."""
        node = scope.function
        key = (file.path, scope.qualname)
        if node is None or depth > _CALL_DEPTH or key in self.active or self.steps > _STEPS:
            return env, UNKNOWN
        names = [arg.arg for arg in arguments(node.args)]
        static = any(isinstance(d, ast.Name) and d.id in ("staticmethod", "classmethod") for d in node.decorator_list)
        frame = Frame(file, scope, owner, names[0] if owner and names and not static else "", depth)
        inner = Env(env.attributes, {})
        for arg in arguments(node.args):
            inner.locals[arg.arg] = bound.get(arg.arg, _declared(arg))
        self.active.append(key)
        self.followed.add(key)
        last = self.block(node.body, inner, frame)
        self.active.pop()
        end = join([*frame.exits, last])
        returns = [as_attribute(value) for value in frame.returns]
        if last is not None:
            returns.append(literal(None))
        value = frame.returns[0] if len(frame.returns) == 1 and last is None else joined(returns)
        return Env(end.attributes if end is not None else env.attributes, env.locals), value

    def block(self, body: Sequence[ast.stmt], env: Env | None, frame: Frame) -> Env | None:
        """The state after a block, or None where control never leaves it at its end."""
        for statement in body:
            if env is None:
                return None
            self.steps += 1
            env = self.statement(statement, env, frame)
        return env

    def statement(self, node: ast.stmt, env: Env, frame: Frame) -> Env | None:
        """The state after one statement."""
        if isinstance(node, ast.If):
            self.evaluator(env, frame)(node.test)
            return join([self.block(node.body, env.copy(), frame), self.block(node.orelse, env.copy(), frame)])
        if isinstance(node, (ast.For, ast.AsyncFor, ast.While)):
            return self.loop(node, env, frame)
        if isinstance(node, (ast.With, ast.AsyncWith)):
            for item in node.items:
                if item.optional_vars is not None:
                    Mutations(self, env, frame).assign(item.optional_vars, UNKNOWN, None)
            return self.block(node.body, env, frame)
        if isinstance(node, _TRIES):
            return self.attempt(node, env, frame)
        if isinstance(node, ast.Match):
            return join([env, *(self.block(case.body, env.copy(), frame) for case in node.cases)])
        if isinstance(node, ast.Return):
            frame.returns.append(self.evaluator(env, frame)(node.value) if node.value is not None else literal(None))
            frame.exits.append(env)
            return None
        if isinstance(node, (ast.Break, ast.Continue)):
            frame.jumps.append(env)
            return None
        if isinstance(node, ast.Raise):
            return None
        Mutations(self, env, frame).simple(node)
        return env

    def loop(self, node: ast.For | ast.AsyncFor | ast.While, env: Env, frame: Frame) -> Env | None:
        """The state after a loop."""
        evaluate = self.evaluator(env, frame)
        count = evaluate.count(node.iter) if not isinstance(node, ast.While) else None
        jumps = any(isinstance(child, (ast.Break, ast.Continue, ast.Return)) for part in node.body for child in ast.walk(part))
        # Inside a loop that is itself turned one by one, the budget decides.
        if count is not None and count <= _TURNS and not jumps and self.steps < _STEPS // 2:
            for turn in range(count):
                self.target(node, env, frame, turn)
                after = self.block(node.body, env, frame)
                if after is None:
                    return None
                env = after
            return self.block(node.orelse, env, frame)
        outer, frame.jumps = frame.jumps, []
        for _ in range(2):
            turn_env = env.copy()
            self.target(node, turn_env, frame, None)
            after = join([self.block(node.body, turn_env, frame), *frame.jumps])
            if after is None:
                break
            env = Env(widen_envs(env.attributes, after.attributes, optional=True), widen_envs(env.locals, after.locals, optional=False))
        frame.jumps = outer
        return join([env, self.block(node.orelse, env.copy(), frame)]) if node.orelse else env

    def target(self, node: ast.For | ast.AsyncFor | ast.While, env: Env, frame: Frame, turn: int | None) -> None:
        """Give the loop variable its value, the one of a certain turn where that is known."""
        if isinstance(node, ast.While):
            return
        evaluate = self.evaluator(env, frame)
        value: Value = evaluate.loop(node.iter)
        if turn is not None and (known := evaluate.turn(node.iter, turn)) is not None:
            value = known
        Mutations(self, env, frame).assign(node.target, value, None)

    def attempt(self, node: ast.Try, env: Env, frame: Frame) -> Env | None:
        """The state after ``try``: any handler may start with part of the body done."""
        before = env.copy()
        body = self.block(node.body, env, frame)
        start = join([before, body]) or before
        handlers = [self.block(handler.body, start.copy(), frame) for handler in node.handlers]
        done = self.block(node.orelse, body, frame)
        end = join([done, *handlers])
        final = self.block(node.finalbody, end if end is not None else start.copy(), frame)
        return final if end is not None else None

    def evaluator(self, env: Env, frame: Frame) -> Evaluator:
        """Evaluates expressions at this point."""

        def attribute(name: str) -> Attribute | None:
            value = env.attributes.get(name)
            return as_attribute(value) if value is not None else None

        def project_call(call: ast.Call, target: Value | None) -> Value | None:
            return self.enter(call, target, env, frame)

        return Evaluator(self.table, frame.file.path, frame.scope, env.locals.get, frame.self_name, attribute, project_call)

    def enter(self, call: ast.Call, target: Value | None, env: Env, frame: Frame) -> Value | None:
        """Follow a call of the project: a method on self, of a base class, or a function; None for any other."""
        mutations = Mutations(self, env, frame)
        if mutations.call(call):
            return literal(None)
        value = self._follow(call, target, env, frame)
        if value is None:
            evaluate = self.evaluator(env, frame)
            for argument in call.args:
                evaluate(argument.value if isinstance(argument, ast.Starred) else argument)
        mutations.escape(call)
        return value

    def _follow(self, call: ast.Call, target: Value | None, env: Env, frame: Frame) -> Value | None:
        func = call.func
        if isinstance(func, ast.Attribute) and isinstance(func.value, ast.Name) and frame.self_name == func.value.id:
            return self._method(call, self.table.method(self.key, func.attr), env, frame, skip=0)
        if isinstance(func, ast.Attribute) and is_super(func.value) and frame.owner:
            return self._method(call, self.table.method(self.key, func.attr, after=frame.owner), env, frame, skip=0)
        if not isinstance(target, Ref) or target.outside:
            return None
        file = self.table.names.files[target.path]
        scope = file.functions.get(target.name)
        if scope is None:
            return None
        if scope.owner:
            on_self = bool(call.args) and isinstance(call.args[0], ast.Name) and call.args[0].id == frame.self_name
            owner = f"{target.path}::{scope.owner}"
            return self._method(call, (owner, scope), env, frame, skip=1) if on_self and owner in self.table.line(self.key) else None
        bound = self._bound(call, scope, env, frame, 0)
        _, value = self.call(file, scope, "", Env(), bound, frame.depth + 1)
        return value

    def _method(self, call: ast.Call, found: tuple[str, Scope] | None, env: Env, frame: Frame, skip: int) -> Value | None:
        if found is None:
            return None
        key, scope = found
        file, _ = self.table.scopes[key]
        if scope.function is not None and any(isinstance(d, ast.Name) and d.id == "staticmethod" for d in scope.function.decorator_list):
            return self.call(file, scope, key, Env(), self._bound(call, scope, env, frame, 0), frame.depth + 1)[1]
        after, value = self.call(file, scope, key, env, self._bound(call, scope, env, frame, 1, skip), frame.depth + 1)
        env.attributes = after.attributes
        return value

    def _bound(self, call: ast.Call, scope: Scope, env: Env, frame: Frame, first: int, skip: int = 0) -> dict[str, Value]:
        """The parameters' values as far as the call gives them; of one left out, its literal default."""
        node = scope.function
        if node is None or any(isinstance(a, ast.Starred) for a in call.args) or any(k.arg is None for k in call.keywords):
            return {}
        evaluate = self.evaluator(env, frame)
        positional = [*node.args.posonlyargs, *node.args.args]
        bound: dict[str, Value] = {}
        for arg, default in zip(reversed(positional), reversed(node.args.defaults), strict=False):
            if isinstance(default, ast.Constant):
                bound[arg.arg] = literal(default.value) if not isinstance(default.value, bytes) else UNKNOWN
        for arg, value in zip(positional[first:], call.args[skip:], strict=False):
            bound[arg.arg] = evaluate(value)
        for keyword in call.keywords:
            bound[str(keyword.arg)] = evaluate(keyword.value)
        return bound

    def note(self, name: str, node: ast.expr | None, frame: Frame, line: int) -> None:
        """Remember where the class's own code assigns an attribute."""
        if frame.owner == self.key:
            self.places[name] = (line, frame.file.lines.source(node) if node is not None else "")


def _declared(arg: ast.arg) -> Value:
    """A parameter's value as far as its annotation tells."""
    if isinstance(arg.annotation, ast.Name) and arg.annotation.id in _SCALARS:
        return plain(arg.annotation.id)
    if isinstance(arg.annotation, (ast.Name, ast.Attribute)) and ast.unparse(arg.annotation) in ("Tensor", "torch.Tensor"):
        return of_kind(Kind.TENSOR)
    return replace(UNKNOWN)
