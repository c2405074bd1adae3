"""A function whose decorator adds parameters: what scripting compiles in its place is a copy of what runs around it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import libcst as cst

from scriptify.facts.known import literal_type
from scriptify.facts.model import UNWRAPPING, Parameter
from scriptify.facts.types import Type, join, optional
from scriptify.transform import Edit
from scriptify.transforms._expression import TENSOR, Body, NoForm
from scriptify.transforms._none_types import given_type
from scriptify.transforms._none_uses import Uses
from scriptify.transforms._signature import spell, type_commented
from scriptify.tree import Tree, own_nodes
from scriptify.tree.flow import all_parameters, bindings

_STRINGS = (cst.SimpleString, cst.FormattedString, cst.ConcatenatedString)
_BEYOND = (cst.FunctionDef, cst.Lambda, cst.Try, cst.Yield, cst.Nonlocal, cst.Global)


@dataclass(frozen=True)
class Twin:
    """``function`` is decorated, ``around`` is the definition that the decorator puts around it, ``inner`` the function's name there."""

    body: Body
    around: cst.FunctionDef
    inner: str

    @property
    def tree(self) -> Tree:
        """The file."""
        return self.body.tree

    def edits(self) -> list[Edit]:
        """The edit that writes the twin below the function and has scripting find it. Raises NoForm."""
        self._check()
        tree, function, name = self.tree, self.body.function, self.body.function.name.value
        own, called = self._fresh("own"), self._fresh("called")
        given, extra = self._parameters()
        signature = ", ".join([*given, *extra.values()])
        text = self._moved(self._calls(own, extra))
        lines = ["", "", f"{own} = {name}.__wrapped__", "", "", f"def {called}({signature}):"]
        tail = ["", "", f"{name}.__wrapped__ = {called}  # what TorchScript compiles in its place"]
        at = tree.line_end(tree.last_line(function))
        start = "" if tree.text[:at].endswith(("\n", "\r")) else tree.newline
        return [tree.insert(at, start + tree.block(lines, "") + text + tree.block(tail, ""))]

    def _check(self) -> None:
        tree, function, around = self.tree, self.body.function, self.around
        if UNWRAPPING in self.body.facts.mentions:
            raise NoForm("the project itself looks behind decorators (__wrapped__), where the copy would stand")
        if tree.parent(function) is not tree.module:
            raise NoForm("what runs around it has other parameters than it has")
        if not isinstance(around.body, cst.IndentedBlock) or type_commented(tree, around) or type_commented(tree, function):
            raise NoForm("what runs around it stands on one line, or has types in comments")
        if any(tree.lines(s)[0] != tree.lines(s)[1] for kind in _STRINGS for s in tree.find(kind, around.body)):
            raise NoForm("a string over several lines can't be moved")
        if around.params.star_arg is not cst.MaybeSentinel.DEFAULT or around.params.posonly_params:
            raise NoForm("what runs around it takes any number of arguments")
        if len(around.decorators) != 1 or any(isinstance(node, _BEYOND) for node in own_nodes(around.body)):
            raise NoForm("what runs around it is more than the compiler takes")

    def _fresh(self, what: str) -> str:
        taken = {name.value for name in self.tree.find(cst.Name)}
        name = base = f"_{self.body.function.name.value.strip('_')}_{what}"
        while name in taken:
            name += "_"
        if name != base:
            raise NoForm(f"the name {base} is taken")
        return name

    def _parameters(self) -> tuple[list[str], dict[str, str]]:
        """The twin's parameters as written: those of what runs around, and those of the function that only ``**kwargs`` reaches."""
        tree, function, around = self.tree, self.body.function, self.around
        params, keywords = list(around.params.params), around.params.star_kwarg
        outer = tree.qualname(around)
        given = [
            _written(tree, self.body, param, self.body.facts.parameter(tree.path, outer, param.name.value), around) for param in params
        ]
        if keywords is None:
            return given, {}
        first = self._inner_calls()[0]
        bound = {arg.keyword.value for arg in first.args if arg.keyword is not None}
        positional = sum(1 for arg in first.args if arg.keyword is None and not arg.star)
        names = {param.name.value for param in params}
        extra: dict[str, str] = {}
        for param in all_parameters(function.params)[positional:]:
            name = param.name.value
            if name in bound or name in names:
                continue
            if param.default is None:
                raise NoForm(f"{name} has no default and comes in **{keywords.name.value}")
            extra[name] = _written(tree, self.body, param, self.body.facts.parameter(tree.path, self.body.qualname, name))
        return given, extra

    def _inner_calls(self) -> list[cst.Call]:
        return [call for call in self.tree.find(cst.Call, self.around.body) if self.tree.code(call.func) == self.inner]

    def _calls(self, own: str, extra: dict[str, str]) -> list[tuple[int, int, str]]:
        """The replacements of the calls of the function. Raises NoForm where what runs around does more with it, or with its keywords."""
        tree, around = self.tree, self.around
        keywords = around.params.star_kwarg.name.value if around.params.star_kwarg is not None else ""
        replaced, shapes = [], set()
        for call in self._inner_calls():
            stars = [arg for arg in call.args if arg.star]
            if any(arg.star == "*" or tree.code(arg.value) != keywords for arg in stars):
                raise NoForm("what runs around it passes other arguments on")
            passed = [tree.code(arg).rstrip(", ") for arg in call.args if not arg.star]
            shapes.add((sum(1 for a in call.args if a.keyword is None), tuple(sorted(a.keyword.value for a in call.args if a.keyword))))
            passed += [f"{name}={name}" for name in extra] if stars else []
            replaced.append((*tree.span(call), f"{own}({', '.join(passed)})"))
        if not replaced or len(shapes) > 1:
            raise NoForm("it is not certain how what runs around it calls it")
        inside = self._inner_calls()
        for name in tree.find(cst.Name, around.body):
            if name.value in {self.inner, keywords} - {""} and not any(tree.contains(call, name) for call in inside):
                raise NoForm("what runs around it does more with it than calling it")
        maker = tree.enclosing(around, cst.FunctionDef)
        outer = {bound.value for bound, _ in bindings(maker.body)} if maker is not None else set()
        own_names = {bound.value for bound, _ in bindings(around.body)} | {p.name.value for p in all_parameters(around.params)}
        if any(name.value in outer - own_names for name in tree.find(cst.Name, around.body)):
            raise NoForm("what runs around it uses more of what stands around it")
        return replaced

    def _moved(self, replaced: Sequence[tuple[int, int, str]]) -> str:
        return moved(self.tree, replaced, self.around, self.tree.indent_unit)


def moved(tree: Tree, replaced: Sequence[tuple[int, int, str]], around: cst.FunctionDef, indent: str) -> str:
    """The lines of what runs around a function, at another indentation and with parts replaced. Raises NoForm."""
    first = around.body.body[0]
    start, end = tree.line_start(tree.line(first)), tree.line_end(tree.last_line(around))
    text, at = "", start
    for begin, stop, new in sorted(replaced):
        text += tree.text[at:begin] + new
        at = stop
    text += tree.text[at:end]
    old = tree.indent(first)
    lines = text.splitlines(keepends=True)
    if any(line.strip() and not line.startswith(old) for line in lines):
        raise NoForm("a line of what runs around it can't be moved")
    done = "".join(indent + line.removeprefix(old) if line.strip() else line for line in lines)
    return done if done.endswith(("\n", "\r")) else done + tree.newline


def _written(tree: Tree, body: Body, param: cst.Param, fact: object, around: cst.FunctionDef | None = None) -> str:
    """A parameter as the twin's signature spells it, with the type that the source or a run shows, or what ``around`` does with it."""
    name = param.name.value
    default = f" = {tree.code(param.default)}" if param.default is not None else ""
    if param.annotation is not None:
        return f"{name}: {tree.code(param.annotation.annotation)}{default}"
    type_ = _type(tree, param, fact)
    if type_ is None:
        used = given_type(tree, body.facts, tree.qualname(around), around, param, Uses(tree, around, name)) if around is not None else None
        type_ = optional(used.type if used is not None else TENSOR)
    if type_ == TENSOR:
        return f"{name}{default.replace(' = ', '=')}"
    spelled = spell(tree, type_)
    if spelled is None:
        raise NoForm(f"the type of {name} is not known: give an entry that shows it")
    body.wanted.extend(spelled.imports)
    return f"{name}: {spelled.text}{default}"


def _type(tree: Tree, param: cst.Param, fact: object) -> Type | None:
    """What the default and runs show; None for a default of None that was always taken."""
    seen = []
    if isinstance(fact, Parameter):
        live = fact.given or fact.observed
        seen += [live.type] if live is not None and live.type.known and live.type.name != "NoneType" else []
    if param.default is None:
        return seen[0] if seen else TENSOR
    if tree.code(param.default) == "None":
        return optional(seen[0]) if seen else None
    literal = literal_type(tree.code(param.default))
    return join([literal, *seen]) if literal is not None else (seen[0] if seen else Type("Union"))


def twinned(tree: Tree, function: cst.FunctionDef) -> bool:
    """Whether scripting was already given another function in place of a decorated one."""
    name = function.name.value
    return any(f"{name}.__wrapped__ =" in tree.code(s) for s in tree.module.body if isinstance(s, cst.SimpleStatementLine))
