"""SF807: a method of the class above, called through ``super()``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst

from scriptify.facts.model import Class, Facts
from scriptify.transform import Edit, Focus, Import, Phase, Proposal, Transform
from scriptify.transforms._before import scripting
from scriptify.transforms._signature import type_commented
from scriptify.transforms._spot import Spot, spot
from scriptify.transforms._super_forward_examples import EXAMPLES
from scriptify.transforms._torch_forwards import FORWARDS, METHODS, TWO_ARGUMENTS
from scriptify.tree import Tree, own_nodes
from scriptify.tree.flow import all_parameters
from scriptify.tree.member_names import member_name, words
from scriptify.tree.substitute import fitted


@dataclass(frozen=True)
class _Call:
    """``super().method(...)``, or ``Base.method(self, ...)`` with the arguments after self."""

    node: cst.Call
    method: str
    arguments: tuple[cst.Arg, ...]
    base: str = ""


@dataclass(frozen=True)
class _Answer:
    """What stands for the call when scripted, and the edits that make it possible."""

    text: str
    edits: tuple[Edit, ...] = ()
    imports: tuple[Import, ...] = ()


class SuperForward(Transform):
    """``y = super().forward(x)`` -> ``y = self._base_forward(x) if torch.jit.is_scripting() else super().forward(x)``.

    The compiler knows no ``super``. What stands in for it when scripted: for a class of the same file, the
    method's body under a name of its own, which the method then calls; for ``nn.Sequential`` a method that
    runs its modules; for common layers of torch.nn the function their ``forward`` calls. Eager code still
    takes ``super()``, so that classes further down, with other bases between, see no difference.
    """

    code = "SF807"
    name = "super-forward"
    phase = Phase.CONTROL
    explains = (
        "object has no attribute or method '",
        "Python type cannot be used as a value",
        "attribute lookup is not defined on",
        "is not supported in TorchScript",
    )
    hints = ("super(", "self")
    on_demand = True
    examples = EXAMPLES
    source = "https://docs.pytorch.org/docs/stable/jit_unsupported.html"

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Yield one rewrite for all such calls of the function: what stands in for them is shared."""
        place = spot(tree, facts, focus)
        if place is None or place.owner is None or focus is None or not self.answers(focus.message):
            return
        calls = list(_calls(place))
        if not any(tree.lines(call.node)[0] <= focus.line <= tree.lines(call.node)[1] for call in calls):
            return
        answers = [(call, _answer(place, call)) for call in calls]
        edits: dict[tuple[int, int], Edit] = {}
        imports = [*tree.imports.spell("torch.jit.is_scripting")[1]]
        for call, answer in answers:
            if isinstance(answer, str):
                yield tree.decline(self, call.node, answer)
                continue
            text = f"{answer.text} if {scripting(tree)} else {tree.code(call.node)}"
            edit = tree.replace(call.node, fitted(tree, call.node, text))
            edits.update({(e.start, e.end): e for e in (edit, *answer.edits)})
            imports += answer.imports
        if not edits:
            return
        why = "the compiler knows no super(); eager code still calls it"
        names = ", ".join(dict.fromkeys(tree.code(call.node.func) for call, answer in answers if isinstance(answer, _Answer)))
        yield tree.rewrite(self, calls[0].node, f"a stand-in for {names} when scripted", edits.values(), imports=imports, why=why)


def _calls(place: Spot) -> Iterator[_Call]:
    tree = place.tree
    for node in own_nodes(place.function.body):
        if not isinstance(node, cst.Call) or not isinstance(node.func, cst.Attribute):
            continue
        above = tree.parent(node)
        if isinstance(above, cst.IfExp) and above.orelse is node:
            continue
        base, method = node.func.value, node.func.attr.value
        if _is_super(place, base):
            yield _Call(node, method, tuple(node.args))
        elif isinstance(base, cst.Name | cst.Attribute) and node.args and not place.self_attribute(base):
            first_arg = node.args[0].value
            if isinstance(first_arg, cst.Name) and first_arg.value == place.self_name:
                yield _Call(node, method, tuple(node.args[1:]), tree.code(base))


def _is_super(place: Spot, node: cst.CSTNode) -> bool:
    """``super()``, or ``super(Owner, self)``."""
    if not isinstance(node, cst.Call) or not isinstance(node.func, cst.Name) or node.func.value != "super":
        return False
    texts = [place.tree.code(arg.value) for arg in node.args]
    return not texts or (place.owner is not None and texts == [place.owner.name.value, place.self_name])


def _answer(place: Spot, call: _Call) -> _Answer | str:
    known = place.known_class
    if known is None or place.owner is None:
        return f"{place.owner_qualname} is not in the project's index"
    if any(arg.star for arg in call.arguments):
        return "the call passes a starred argument on"
    bases = _bases(place, known, call)
    if isinstance(bases, str):
        return bases
    for base in bases:
        parent = place.facts.classes.get(base)
        if parent is not None and call.method not in parent.methods:
            continue
        between = "" if call.base else _between(place.facts, known, base, call.method)
        if between:
            return between
        return _torch(place, base, call) if parent is None else _split(place, parent, call)
    return f"which class gives {call.method} is not known"


def _between(facts: Facts, known: Class, giver: str, method: str) -> str:
    """Why ``super()`` may find another method than the giver's for a class further down, with several bases; or ``""``."""
    line = {known.key, *(c.key for c in facts.ancestors(known)), *(c.key for c in facts.descendants(known))}
    for below in facts.descendants(known):
        for other in facts.ancestors(below):
            bases = {base for c in (other, *facts.ancestors(other)) for base in c.bases}
            if other.key not in line and method in other.methods and giver in bases:
                return f"for {below.qualname}, which has several bases, super() finds {method} of {other.qualname}"
    return ""


def _bases(place: Spot, known: Class, call: _Call) -> list[str] | str:
    """The classes above in the order Python asks them, as far as it is plain: one base each."""
    line: list[str] = []
    start: Class | None = known
    while start is not None:
        above = [base for base in start.bases if base != "builtins.object"]
        if len(above) != 1:
            return f"{start.qualname} has several bases" if above else line
        line.append(above[0])
        start = place.facts.classes.get(above[0])
    if call.base:
        named = [i for i, base in enumerate(line) if base.rpartition("::")[2].rpartition(".")[2] == call.base.rpartition(".")[2]]
        return line[named[0] :] if named else f"{call.base} is not a class above {known.qualname}"
    return line


def _torch(place: Spot, base: str, call: _Call) -> _Answer | str:
    """The stand-in for forward of a class of torch."""
    tree, name = place.tree, base.rpartition(".")[2]
    if not base.startswith("torch.nn.") or call.method != "forward":
        return f"{call.method} of {base} lies outside the project"
    texts = [tree.code(arg.value) for arg in call.arguments]
    method = METHODS.get(name) if len(texts) == 1 else None
    form = FORWARDS.get(name) if len(texts) == 1 else TWO_ARGUMENTS.get(name) if len(texts) == 2 else None
    if (method is None and form is None) or any(arg.keyword is not None for arg in call.arguments):
        return f"forward of {base} has no short stand-in; write its computation out"
    functional, imports = tree.imports.spell("torch.nn.functional")
    if method is not None:
        fresh = member_name(tree, place.facts, place.known_class, method[0], words(tree))
        lines = [line.format(name=fresh, f=functional, s=place.self_name) for line in method[1].splitlines()]
        edit = tree.after(place.function, ["", *lines])
        return _Answer(f"{place.self_name}.{fresh}({texts[0]})", (edit,), imports if "{f}" in method[1] else ())
    assert form is not None
    return _Answer(form.format(*texts, f=functional, s=place.self_name), (), imports if "{f}" in form else ())


def _split(place: Spot, parent: Class, call: _Call) -> _Answer | str:
    """Give the body of a project class's method a name of its own."""
    tree = place.tree
    qualname = f"{parent.qualname}.{call.method}"
    if parent.path != tree.path:
        return f"{qualname} stands in another file; give its body a name of its own there and call that"
    node = tree.function(qualname)
    if node is None or node.decorators or node.asynchronous or not isinstance(node.body, cst.IndentedBlock):
        return f"{qualname} can't be split: it is decorated, asynchronous or on one line"
    if isinstance(node.params.star_arg, cst.Param) or node.params.star_kwarg or type_commented(tree, node):
        return f"{qualname} can't be split: its parameters are starred or typed by a comment"
    existing = _already_split(tree, node)
    texts = ", ".join(tree.text[slice(*_argument_span(tree, arg))] for arg in call.arguments)
    if existing:
        return _Answer(f"{place.self_name}.{existing}({texts})")
    names = [param.name.value for param in all_parameters(node.params)]
    keyword_only = {param.name.value for param in node.params.kwonly_params}
    wanted = f"_{parent.qualname.rpartition('.')[2].lower().lstrip('_')}_{call.method.lstrip('_')}"
    fresh = member_name(tree, place.facts, parent, wanted, words(tree))
    passed = ", ".join(f"{name}={name}" if name in keyword_only else name for name in names[1:])
    start, header_end = tree.span(node)[0], _header_end(tree, node)
    indent = tree.indent(node)
    wrapper = f"{tree.text[start:header_end]}{tree.newline}{indent}{tree.indent_unit}return {names[0]}.{fresh}({passed}){tree.newline}"
    edits = (tree.insert(start, f"{wrapper}{tree.newline}{indent}"), tree.replace(node.name, fresh))
    return _Answer(f"{place.self_name}.{fresh}({texts})", edits)


def _argument_span(tree: Tree, arg: cst.Arg) -> tuple[int, int]:
    start = tree.span(arg.keyword)[0] if arg.keyword is not None else tree.outer_span(arg.value)[0]
    return start, tree.outer_span(arg.value)[1]


def _header_end(tree: Tree, node: cst.FunctionDef) -> int:
    """The offset after the colon of a function's header."""
    parts = [param.default or param.annotation or param.name for param in all_parameters(node.params)]
    end = max([tree.span(node.name)[1], *(tree.span(part)[1] for part in parts), *([tree.span(node.returns)[1]] if node.returns else [])])
    return tree.text.index(":", end) + 1


def _already_split(tree: Tree, node: cst.FunctionDef) -> str:
    """The name of the method that a method of one line only calls."""
    body = node.body.body
    last = body[0].body[0] if len(body) == 1 and isinstance(body[0], cst.SimpleStatementLine) else None
    value = last.value if isinstance(last, cst.Return) else None
    if (
        isinstance(value, cst.Call)
        and isinstance(value.func, cst.Attribute)
        and value.func.attr.value.endswith(f"_{node.name.value.lstrip('_')}")
    ):
        names = [param.name.value for param in all_parameters(node.params)]
        same = [tree.code(arg.value) for arg in value.args] == names[1:] and tree.code(value.func.value) == names[0]
        return value.func.attr.value if same else ""
    return ""
