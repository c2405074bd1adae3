"""SF305: a function defined inside a compiled method becomes a method of the class."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scriptify.facts.model import Facts
from scriptify.facts.types import annotation
from scriptify.transform import Edit, Focus, Import, Phase, Proposal, Transform
from scriptify.transforms._nested_function_examples import EXAMPLES
from scriptify.transforms._own_scope import reads_by_name
from scriptify.tree import Tree
from scriptify.tree.flow import all_parameters
from scriptify.tree.hoist import eager_only, reached_functions
from scriptify.tree.infer import Guess
from scriptify.tree.nested import (
    CannotMove,
    Captured,
    captured,
    check_movable,
    check_worth,
    cut,
    header,
    method_name,
    moved_text,
    put_after,
    put_before,
    rebound_after,
    uses,
)
from scriptify.tree.substitute import FreshNames, source

_CHECKPOINT = ("torch.utils.checkpoint.checkpoint", "torch.utils.checkpoint.checkpoint.checkpoint")
# what torch.utils.checkpoint keeps for itself; every other keyword goes to the function
_OF_CHECKPOINT = frozenset("use_reentrant preserve_rng_state context_fn determinism_check debug early_stop".split())


class NestedFunction(Transform):
    """``def _inner_forward(x): ...`` inside ``forward`` -> a method ``_inner_forward(self, x)``, called as ``self._inner_forward(x)``.

    The compiler takes no function definitions inside functions. What the nested function captures besides
    ``self`` is passed along as arguments; a call of ``torch.utils.checkpoint`` stays for eager code and is
    kept from the compiler by ``torch.jit.is_scripting()``. One that could not be compiled as a method either, for
    it holds a function that it gives out, stays where it is.
    """

    code = "SF305"
    name = "nested-function"
    phase = Phase.SYNTAX
    hints = ("def ",)
    explains = ("function definitions aren't supported", "FunctionDef aren't supported")
    source = "https://docs.pytorch.org/docs/stable/jit_language_reference.html"
    examples = EXAMPLES

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """The outermost nested functions of compiled functions, one after another where they use each other."""
        for qualname, outer in reached_functions(tree, facts):
            for inner in tree.find(cst.FunctionDef, outer.body):
                if tree.enclosing(inner, cst.FunctionDef) is not outer or tree.enclosing(inner, cst.ClassDef) is not tree.enclosing(
                    outer, cst.ClassDef
                ):
                    continue
                try:
                    yield self._moved(tree, facts, qualname, outer, inner)
                except CannotMove as reason:
                    name = inner.name.value
                    yield tree.decline(self, inner, f"the compiler takes no nested functions, and {name} can't move: {reason}")

    def _moved(self, tree: Tree, facts: Facts, qualname: str, outer: cst.FunctionDef, inner: cst.FunctionDef) -> Proposal:
        if by_name := reads_by_name(tree, outer.body):
            raise CannotMove(by_name)
        check_movable(tree, outer, inner)
        check_worth(tree, inner)
        owner = facts.owner(tree.path, qualname)
        known = facts.function(tree.path, qualname)
        if known is not None and known.lent:
            raise CannotMove(f"{outer.name.value} is lent to objects of another class, which would lack the new method")
        self_name = _self_name(outer) if owner is not None else ""
        if owner is not None:
            name = method_name(tree, facts, owner, outer, inner)
        else:
            name = FreshNames(tree, outer).fresh(f"_{inner.name.value.strip('_') or 'inner'}")
        taken = captured(tree, outer, inner, self_name)
        where = f"{self_name}.{name}" if self_name else name
        edits, imports = _calls(tree, outer, inner, taken, where)
        extra = [_typed(tree, facts, qualname, outer, captured_name, imports) for captured_name in taken.names]
        lines = moved_text(tree, outer, inner, header(tree, inner, name, self_name, extra))
        put = put_after(tree, outer, lines, 1) if owner is not None else put_before(tree, outer, lines, 2)
        title = f"{inner.name.value} becomes a {'method' if owner is not None else 'function of the module'}"
        why = "the compiler takes no function definitions inside functions"
        return tree.rewrite(self, inner, title, [cut(tree, inner), put, *edits], imports=imports, why=why)


def _self_name(outer: cst.FunctionDef) -> str:
    if outer.decorators:
        plain = [d.decorator.value for d in outer.decorators if isinstance(d.decorator, cst.Name)]
        if "staticmethod" in plain or "classmethod" in plain:
            raise CannotMove("the method around it is static or a class method")
    params = [*outer.params.posonly_params, *outer.params.params]
    if not params:
        raise CannotMove("the method around it takes no self")
    return params[0].name.value


def _typed(tree: Tree, facts: Facts, qualname: str, outer: cst.FunctionDef, name: str, imports: list[Import]) -> str:
    """A captured variable as a parameter, with the type it is known to have unless that is a Tensor."""
    parameter = next((p for p in all_parameters(outer.params) if p.name.value == name), None)
    if parameter is not None and parameter.annotation is not None:
        return f"{name}: {tree.code(parameter.annotation.annotation)}"
    found = Guess(tree, facts, qualname, outer).of(cst.Name(name))
    text = annotation(found) if found is not None and found.name != "Tensor" else None
    if found is None or text is None:
        return name
    for head in sorted(found.names() & {"List", "Dict", "Tuple", "Optional"}):
        spelling, wanted = tree.imports.spell(f"typing.{head}")
        imports.extend(wanted)
        text = text.replace(f"{head}[", f"{spelling}[")
    if "Tensor" in found.names():
        spelling, wanted = tree.imports.spell("torch.Tensor")
        imports.extend(wanted)
        text = text.replace("Tensor", spelling)
    return f"{name}: {text}"


def _calls(tree: Tree, outer: cst.FunctionDef, inner: cst.FunctionDef, taken: Captured, where: str) -> tuple[list[Edit], list[Import]]:
    """The edits of every use of the nested function's name."""
    edits: list[Edit] = []
    imports: list[Import] = []
    for use in uses(tree, outer, inner, frozenset({*taken.names, where.partition(".")[0]})):
        above = tree.parent(use)
        if tree.contains(inner, use):
            raise CannotMove("it calls itself")
        if isinstance(above, cst.Call) and above.func is use:
            edits.append(tree.replace(use, where))
            if taken.names:
                edits.append(_passing(tree, above, [f"{name}={name}" for name in taken.names], last=True))
            continue
        if isinstance(above, cst.Attribute | cst.Comparison | cst.ComparisonTarget):
            raise CannotMove("an attribute of it is set or read, or it is compared, and each reading of a method gives another object")
        call = tree.parent(above) if isinstance(above, cst.Arg) else None
        for name in taken.names:
            if rebound_after(tree, outer, inner, name):
                raise CannotMove(f"{name}, which it uses, is bound again while the function may still be called")
        if isinstance(call, cst.Call) and call.args[0] is above and above.keyword is None and tree.dotted(call.func) in _CHECKPOINT:
            edits += _checkpoint(tree, call, use, taken, where, imports)
        elif taken.names:
            raise CannotMove(f"it is handed on as a value and uses {', '.join(taken.names)} of the function around it")
        else:
            edits.append(tree.replace(use, where))
    return edits, imports


def _passing(tree: Tree, call: cst.Call, texts: list[str], last: bool) -> Edit:
    """Add arguments to a call: at its end, or behind its positional arguments."""
    args = list(call.args) if last else [arg for arg in call.args if arg.keyword is None and arg.star != "**"]
    if any(arg.star for arg in args) and not last:
        raise CannotMove("it is checkpointed with starred arguments")
    if not args:
        return tree.insert(tree.span(call)[1] - 1, ", ".join(texts))
    if isinstance(args[0].value, cst.GeneratorExp) and not args[0].value.lpar:
        raise CannotMove("it is called with a generator that has no parentheses of its own")
    end = tree.outer_span(args[-1].value)[1]
    return tree.insert(end, "".join(f", {text}" for text in texts))


def _checkpoint(tree: Tree, call: cst.Call, use: cst.Name, taken: Captured, where: str, imports: list[Import]) -> list[Edit]:
    """The edits of ``checkpoint(inner, x)``: guarded by its ``if`` where the other branch is the plain call, else by a conditional."""
    plain = [arg for arg in call.args[1:] if arg.keyword is None]
    if any(arg.star for arg in plain):
        raise CannotMove("it is checkpointed with starred arguments")
    given = [arg for arg in call.args if arg.keyword is not None and arg.keyword.value not in _OF_CHECKPOINT]
    keywords = [f"{arg.keyword.value}={source(tree, arg.value)}" for arg in given if arg.keyword is not None]
    if keywords and taken.names:
        raise CannotMove("it is checkpointed with keyword arguments of its own")
    test, wanted = tree.imports.spell("torch.jit.is_scripting")
    imports.extend(wanted)
    edits = [tree.replace(use, where)]
    if taken.names:
        edits.append(_passing(tree, call, list(taken.names), last=False))
    if eager_only(tree, call):
        return edits
    arguments = [source(tree, arg.value) for arg in plain]
    direct = f"{use.value}({', '.join([*arguments, *keywords])})"
    branch = _guard(tree, call, direct)
    if branch is not None:
        loose = isinstance(branch.test, cst.IfExp | cst.Lambda | cst.NamedExpr) or (
            isinstance(branch.test, cst.BooleanOperation) and isinstance(branch.test.operator, cst.Or)
        )
        start, end = tree.outer_span(branch.test)
        loose = loose and not branch.test.lpar
        return [*edits, tree.insert(start, f"not {test}() and {'(' if loose else ''}"), *([tree.insert(end, ")")] if loose else [])]
    scripted = f"{where}({', '.join([*arguments, *taken.names, *keywords])})"
    above = tree.parent(call)
    whole = isinstance(above, cst.Assign | cst.Return | cst.AnnAssign) and "\n" not in tree.code(call)
    start, end = tree.span(call)
    edits.append(tree.insert(start, f"{'' if whole or call.lpar else '('}{scripted} if {test}() else "))
    return edits if whole or call.lpar else [*edits, tree.insert(end, ")")]


def _guard(tree: Tree, call: cst.Call, direct: str) -> cst.If | None:
    """The ``if`` whose body does with checkpointing what its ``else`` does without."""
    statement = tree.statement(call)
    block = tree.parent(statement) if statement is not None else None
    branch = tree.parent(block) if block is not None else None
    if not isinstance(branch, cst.If) or branch.body is not block or not isinstance(branch.orelse, cst.Else):
        return None
    start, end = tree.span(call)
    first, last = tree.span(branch.body)
    with_direct = tree.text[first:start] + direct + tree.text[end:last]
    return branch if _squeezed(with_direct) == _squeezed(tree.code(branch.orelse.body)) else None


def _squeezed(text: str) -> str:
    lines = (line.partition("#")[0] for line in text.splitlines())
    return "".join("".join(lines).split())
