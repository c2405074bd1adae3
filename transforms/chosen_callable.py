"""SF313: functions and modules that a local name stands for, one or another."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scriptify.facts.model import Facts
from scriptify.transform import Edit, Focus, Phase, Proposal, Transform
from scriptify.transforms._chosen_callable_examples import EXAMPLES
from scriptify.transforms._chosen_names import Choice, Ways, choice_of
from scriptify.transforms._expression import Body, NoForm, bodies, decline, rewrite
from scriptify.transforms._kept import is_target
from scriptify.tree import Tree
from scriptify.tree.flow import loads
from scriptify.tree.hoist import CannotHoist, site

_MOST = 12


class ChosenCallable(Transform):
    """``act = F.relu if flag else F.gelu; act(x)`` -> ``F.relu(x) if flag else F.gelu(x)``, and so for modules, loops, dicts.

    To the compiler a function or a module is no value that a name can stand for now this, now that. What is
    chosen is the call instead: by the same condition where nothing can change it in between, else by a number
    that the name's assignments become.
    """

    code = "SF313"
    name = "chosen-callable"
    phase = Phase.CONTROL
    on_demand = True
    explains = (
        "function cannot be used as a value",
        "builtin cannot be used as a value",
        "cannot be used as a value",
        "undefined value",
        "object has no attribute or method '__call__'",
        "if-expression's true branch has type",
        "Type mismatch",
        "cannot call a value of type",
        "previously had type",
    )
    hints = ("(",)
    source = "https://docs.pytorch.org/docs/stable/jit_language_reference.html#python-defined-constants"
    examples = EXAMPLES

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Yield a rewrite for each such name of the focused function."""
        if focus is None or focus.path != tree.path or not self.answers(focus.message):
            return
        for body in bodies(tree, facts):
            if focus.scope and body.qualname != focus.scope:
                continue
            for name in sorted(body.hidden):
                choice = choice_of(body, name)
                if choice is None:
                    continue
                try:
                    edits = _edits(body, choice)
                except (NoForm, CannotHoist) as reason:
                    yield decline(self, body, choice.node, f"{name} stands for one function or module or another: {reason}")
                    continue
                why = "a function or a module is no value to the compiler, so the call is chosen instead"
                yield rewrite(self, body, choice.node, f"choose between the calls in place of {name}", edits, why=why)


def _edits(body: Body, choice: Choice) -> list[Edit]:
    tree = body.tree
    uses = loads(body.function.body, choice.name)
    if not uses:
        raise NoForm("it is never used")
    edits = list(choice.edits)
    seen: list[cst.CSTNode] = []
    for use in uses:
        top = _postfix(tree, use)
        if top is use:
            raise NoForm("it is used in another way than being called")
        if is_target(tree, top):
            raise NoForm("something is set on it")
        if any(isinstance(above, cst.Lambda) for above in tree.ancestors(use)) or tree.enclosing(use, cst.FunctionDef) is not body.function:
            raise NoForm("it is called in a function of its own, where other names may hide those of the condition")
        if any(tree.contains(outer, use) for outer in seen):
            continue  # written with the call around it
        seen.append(top)
        ways, lines = choice.ways(use)
        text = _rendered(tree, choice, top, use, ways)
        if lines:
            edits += site(tree, top).edits(lines, text, choice.names)
        else:
            edits.append(tree.replace(top, text))
    return edits


def _postfix(tree: Tree, use: cst.BaseExpression) -> cst.BaseExpression:
    """The attribute, item or call that begins with a name."""
    node = use
    while True:
        above = tree.parent(node)
        if isinstance(above, cst.Attribute | cst.Subscript) and above.value is node:
            node = above
        elif isinstance(above, cst.Call) and above.func is node:
            return above
        else:
            return node


def _rendered(tree: Tree, choice: Choice, top: cst.BaseExpression, use: cst.Name, ways: Ways) -> str:
    """The call once for each way it can go."""
    head = choice.head(use)
    end = tree.outer_span(head)[1]
    if any(True for kind in (cst.Lambda, cst.NamedExpr, cst.Await, cst.Yield) for _ in tree.find(kind, top)):
        raise NoForm("its arguments hold a lambda or an assignment")
    tail = _inner(tree, choice, end, tree.span(top)[1], use)
    if len(ways) > 1 and len(tail) * len(ways) > 4000:
        raise NoForm("the call is too long to be written once for each")
    texts = [(test, ref + tail) for test, ref in ways]
    if len(texts) == 1:
        return texts[0][1]
    chain = "".join(f"{text} if {test} else " for test, text in texts[:-1]) + texts[-1][1]
    return f"({chain})"


def _inner(tree: Tree, choice: Choice, start: int, end: int, outer: cst.Name) -> str:
    """The text between two offsets, with further uses of the name in it written out as well."""
    parts, at = [], start
    for use in loads(choice.function.body, choice.name):
        first = tree.span(use)[0]
        if use is outer or not at <= first < end:
            continue
        top = _postfix(tree, use)
        ways, lines = choice.ways(use)
        if lines or len(ways) > _MOST:
            raise NoForm("its calls are nested")
        parts.append(tree.text[at:first] + _rendered(tree, choice, top, use, ways))
        at = tree.span(top)[1]
    return "".join([*parts, tree.text[at:end]])
