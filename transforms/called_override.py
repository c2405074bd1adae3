"""SF905: what runs around a function in eager code only: an overridden ``__call__``, a decorator that wraps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst

from scriptify.facts.model import Facts
from scriptify.transform import Edit, Focus, Phase, Proposal, Transform
from scriptify.transforms._called_override_examples import EXAMPLES
from scriptify.transforms._expression import Body, NoForm, bodies, decline, rewrite
from scriptify.transforms._signature import type_commented
from scriptify.transforms._wrapper_twin import Twin, moved, twinned
from scriptify.tree import Tree, own_nodes
from scriptify.tree.flow import all_parameters, bindings
from scriptify.tree.member_names import member_name, words

_STRINGS = (cst.SimpleString, cst.FormattedString, cst.ConcatenatedString)


class CalledOverride(Transform):
    """``def __call__(self, x): return self.forward(x) * 2`` -> a ``forward`` that does so when scripted; wrapping decorators alike.

    The compiler compiles ``forward`` and knows nothing of a ``__call__`` around it, and it looks through decorators made
    with ``functools.wraps``: what they do is left out without a word. The function's own body moves into a method
    of its own, a copy of what runs around it into another, and the function takes the one or the other. Where a
    decorator adds parameters, the copy has them, and is what the compiler finds in place of the function: whoever
    reads the function's ``__wrapped__`` from outside the project gets the copy too.
    """

    code = "SF905"
    name = "called-override"
    phase = Phase.SIGNATURES
    explains = ()
    hints = ("__call__", "wraps")
    source = "https://github.com/pytorch/pytorch/issues/36061"
    examples = EXAMPLES

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Every compiled function that something runs around."""
        for body in bodies(tree, facts):
            around = _around(body)
            if around is None or _dispatches(body.function) or twinned(tree, body.function):
                continue
            told = "the compiler does not see what runs around it, and the scripted result differs without an error"
            try:
                _check_around(tree, around)
                edits = _twin(body, around) or _edits(body, around)
            except NoForm as reason:
                yield decline(self, body, around.node, f"{told}; {reason}")
                continue
            title = f"{body.function.name.value} does when scripted what {around.what} does"
            yield rewrite(self, body, around.node, title, edits, why=told, silent=True)


@dataclass(frozen=True)
class _Around:
    """What runs around a function: its definition, and the name its inner call has (``""`` for ``self.forward``)."""

    node: cst.CSTNode
    definition: cst.FunctionDef
    inner: str
    what: str


def _around(body: Body) -> _Around | None:
    """The ``__call__`` beside a forward, or the wrapper that the function's one decorator puts around it."""
    tree, function = body.tree, body.function
    above = tree.enclosing(function, cst.ClassDef)
    owner = f"{tree.path}::{tree.qualname(above)}" if above is not None else ""
    known = body.facts.classes.get(owner)
    if function.name.value == "forward" and above is not None and known is not None and known.is_module:
        called = tree.function(f"{tree.qualname(above)}.__call__")
        if called is not None:
            return _Around(called, called, "", "__call__")
    if len(function.decorators) != 1 or not isinstance(function.decorators[0].decorator, cst.Name):
        return None
    name = function.decorators[0].decorator.value
    maker = tree.function(name)
    if maker is None or name.startswith("_"):
        return None
    inner = [node for node in tree.find(cst.FunctionDef, maker.body) if _wraps(tree, node)]
    parameters = all_parameters(maker.params)
    if len(inner) != 1 or len(parameters) != 1:
        return None
    return _Around(function.decorators[0], inner[0], parameters[0].name.value, f"@{name}")


def _wraps(tree: Tree, node: cst.FunctionDef) -> bool:
    return any(isinstance(d.decorator, cst.Call) and tree.dotted(d.decorator.func) == "functools.wraps" for d in node.decorators)


def _dispatches(function: cst.FunctionDef) -> bool:
    """Whether a function begins by asking whether it is scripted, and returns then."""
    first = function.body.body[0] if function.body.body else None
    if not isinstance(first, cst.If) or "is_scripting" not in cst.Module([]).code_for_node(first.test):
        return False
    last = first.body.body[-1]
    return isinstance(last, cst.SimpleStatementLine) and isinstance(last.body[-1], cst.Return)


def _check_around(tree: Tree, around: _Around) -> None:
    """Raise NoForm where what runs around a function is not the body of its definition alone, or not for every function."""
    other = around.definition
    if len(other.decorators) > (1 if around.inner else 0):
        raise NoForm("what runs around it is decorated itself")
    maker = tree.enclosing(other, cst.FunctionDef) if around.inner else None
    if maker is None:
        return
    # A maker may give the function back as it is, or its wrapper inside of something else: then the copy does too much, or too little.
    returned = [node.value for node in own_nodes(maker.body) if isinstance(node, cst.Return)]
    plain = len(returned) == 1 and isinstance(returned[0], cst.Name) and returned[0].value == other.name.value
    bound = [name.value for name, _ in bindings(maker.body)]
    last = maker.body.body[-1]
    ends = isinstance(last, cst.SimpleStatementLine) and isinstance(last.body[-1], cst.Return)
    if not (plain and ends and tree.parent(other) is maker.body) or bound.count(other.name.value) != 1 or around.inner in bound:
        raise NoForm(f"{around.what} does not always give what it puts around it, or not as it is")
    if maker.decorators or maker.asynchronous is not None:
        raise NoForm(f"{around.what} is decorated itself")


def _edits(body: Body, around: _Around) -> list[Edit]:
    tree, function, other = body.tree, body.function, around.definition
    method = tree.enclosing(function, cst.ClassDef) is not None
    if not isinstance(function.body, cst.IndentedBlock) or not isinstance(other.body, cst.IndentedBlock):
        raise NoForm("its body stands on the line of its signature")
    if type_commented(tree, function) or any(tree.lines(s)[0] != tree.lines(s)[1] for k in _STRINGS for s in tree.find(k, other.body)):
        raise NoForm("a comment with types or a string over several lines can't be moved")
    _check_class(body, around)
    params = all_parameters(function.params)
    names = [p.name.value for p in params]
    plain = not function.params.kwonly_params and not function.params.posonly_params and not isinstance(function.params.star_arg, cst.Param)
    if not plain or function.params.star_kwarg is not None or (method and names[:1] != ["self"]):
        raise NoForm("its parameters are not plain")
    given = names[1:] if method else names
    own, wrapped = _fresh(body, "own"), _fresh(body, "called")
    prefix = "self." if method else ""
    text = _around_text(body, around, given, f"{prefix}{own}")
    def_at = tree.text.index("def", tree.span(function.name)[0] - 5, tree.span(function.name)[0])
    header_end = tree.line_start(tree.line(function.body.body[0]))
    comment = function.body.header.comment
    told = f"  {comment.value}" if comment is not None else ""
    header = tree.text[def_at : tree.span(comment)[0] if comment is not None else header_end].rstrip()
    if "\n" in header or "#" in header:
        raise NoForm("its signature runs over several lines")
    indent, unit, newline = tree.indent(function.body.body[0]), tree.indent_unit, tree.newline
    outer = tree.text[tree.line_start(tree.line_of(def_at)) : def_at]
    passed = ", ".join(given)
    head = f"{header}{told}{newline}{indent}if {body.spell('torch.jit.is_scripting')}():{newline}"
    head += f"{indent}{unit}return {prefix}{wrapped}({passed}){newline}{indent}return {prefix}{own}({passed}){newline}"
    signature = header.removeprefix("def").lstrip().removeprefix(function.name.value)
    blank = newline if method else newline * 2
    copied = f"{blank}{outer}def {wrapped}{signature}{newline}{moved(tree, text, other, indent)}"
    kept = f"{blank}{outer}def {own}{signature}{newline}"
    tail = tree.line_end(tree.last_line(function))
    if not tree.text.endswith(("\n", "\r")) and tail == len(tree.text):
        copied = newline + copied.rstrip("\r\n")
    return [Edit(tree.path, def_at, header_end, head + kept), tree.insert(tail, copied)]


def _check_class(body: Body, around: _Around) -> None:
    tree = body.tree
    above = tree.enclosing(body.function, cst.ClassDef)
    if above is None:
        return
    known = body.facts.classes.get(f"{tree.path}::{tree.qualname(above)}")
    if known is None:
        raise NoForm("its class is not known")
    for below in body.facts.descendants(known):
        if {"forward", "__call__"} & set(below.methods):
            raise NoForm("a class below has a forward or a __call__ of its own")
    if around.inner:
        return
    if body.function.decorators:
        raise NoForm("its forward is decorated")
    for node in tree.find(cst.Attribute):
        outside = not tree.contains(around.definition, node)
        if (
            outside
            and node.attr.value == "forward"
            and isinstance(tree.parent(node), cst.Call)
            and not tree.code(node).startswith("super()")
        ):
            raise NoForm("the file calls forward past __call__ elsewhere")


def _fresh(body: Body, what: str) -> str:
    owner = body.facts.owner(body.tree.path, body.qualname)
    return member_name(body.tree, body.facts, owner, f"_{body.function.name.value.strip('_')}_{what}", words(body.tree))


def _adds_parameters(stars: list[str], plain: list[str], expected: list[str]) -> bool:
    return bool(stars and plain not in ([], ["self"])) or (not stars and plain != expected)


def _twin(body: Body, around: _Around) -> list[Edit]:
    """The edits where a wrapper has other parameters than the function, else none. Raises NoForm."""
    if not around.inner:
        return []
    params = around.definition.params
    stars = [p.name.value for p in (params.star_arg, params.star_kwarg) if isinstance(p, cst.Param)]
    plain = [p.name.value for p in all_parameters(params) if p.name.value not in stars]
    expected = [p.name.value for p in all_parameters(body.function.params)]
    return Twin(body, around.definition, around.inner).edits() if _adds_parameters(stars, plain, expected) else []


def _around_text(body: Body, around: _Around, given: list[str], own: str) -> list[tuple[int, int, str]]:
    """The replacements of inner calls in what runs around. Raises NoForm where more than calls of it is done."""
    tree, other = body.tree, around.definition
    method = own.startswith("self.")
    params = all_parameters(other.params)
    stars = [p.name.value for p in (other.params.star_arg, other.params.star_kwarg) if isinstance(p, cst.Param)]
    plain = [p.name.value for p in params if p.name.value not in stars]
    expected = ["self", *given] if method else given
    if _adds_parameters(stars, plain, expected):
        raise NoForm("what runs around it has other parameters than it has")
    _check_defaults(body, around)
    replaced: list[tuple[int, int, str]] = []
    inside: list[cst.CSTNode] = []
    for call in tree.find(cst.Call, other.body):
        if _is_inner(tree, call, around):
            replaced.append((*tree.span(call), f"{own}({_passed(tree, call, around, given, stars, method, plain[:1] == ['self'])})"))
            inside.append(call)
    if not inside:
        raise NoForm("it is not certain that what runs around it calls it")
    names = {around.inner, *stars} - {""}
    for name in tree.find(cst.Name, other.body):
        if name.value in names and not any(tree.contains(call, name) for call in inside):
            raise NoForm("what runs around it does more with it than calling it")
    maker = tree.enclosing(other, cst.FunctionDef)
    local = {bound.value for bound, _ in bindings(maker.body)} | {p.name.value for p in all_parameters(maker.params)} if maker else set()
    own_names = {bound.value for bound, _ in bindings(other.body)} | set(plain) | set(stars)
    if any(n.value in local - own_names - names for n in tree.find(cst.Name, other.body)):
        raise NoForm("what runs around it uses more of what stands around it")
    if any(isinstance(n, cst.FunctionDef | cst.Lambda | cst.Try | cst.Yield) for n in own_nodes(other.body)):
        raise NoForm("what runs around it is more than the compiler takes")
    return replaced


def _check_defaults(body: Body, around: _Around) -> None:
    """Raise NoForm where a call that leaves an argument out would get another value: scripted code has one signature for both."""
    mine = {param.name.value: param.default for param in all_parameters(body.function.params)}
    for param in all_parameters(around.definition.params):
        given, own = param.default, mine.get(param.name.value)
        if param.name.value in mine and (body.tree.code(given) if given else "") != (body.tree.code(own) if own else ""):
            raise NoForm(f"{param.name.value} has another default in what runs around it")


def _is_inner(tree: Tree, call: cst.Call, around: _Around) -> bool:
    text = tree.code(call.func)
    return text == around.inner if around.inner else text in ("self.forward", "super().__call__")


def _passed(tree: Tree, call: cst.Call, around: _Around, given: list[str], stars: list[str], method: bool, named_self: bool) -> str:
    args = list(call.args)
    if around.inner and method and not (args and args[0].star == "*" and not named_self):
        if not args or args[0].star or tree.code(args[0].value) != "self":
            raise NoForm("what runs around it passes another self")
        args = args[1:]
    if any(arg.star for arg in args):
        if [tree.code(arg.value) for arg in args] != stars:
            raise NoForm("what runs around it passes other arguments on")
        return ", ".join(given)
    return ", ".join(tree.code(arg).rstrip(", ") for arg in args)
