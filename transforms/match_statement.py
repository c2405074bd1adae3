"""SF310: ``match`` statements over values become ``if`` chains."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import libcst as cst

from scriptify.facts.model import Facts
from scriptify.transform import Declines, Edit, Fires, Focus, Ignores, Phase, Proposal, Transform
from scriptify.transforms._expression import Body, NoForm, bodies, decline, rewrite
from scriptify.tree import Tree, target_names
from scriptify.tree.substitute import FreshNames, source, stable

_HEAD = "import torch\nfrom torch import nn\n\n\nclass Net(nn.Module):\n    def forward(self, x: torch.Tensor):\n"
_ENTRY = "Net(), (torch.randn(2, 3),)"


def _net(body: str) -> str:
    return _HEAD + "".join(f"        {line}\n" for line in body.splitlines())


class MatchStatement(Transform):
    """``match n: case 4: ... case _: ...`` -> ``if n == 4: ... else: ...``.

    The compiler has no ``match``. Literals, names with a dot, alternatives, None and True, a name for anything and the
    wildcard are what an ``if`` chain says as well; patterns that look inside a value stay.
    """

    code = "SF310"
    name = "match-statement"
    phase = Phase.SYNTAX
    explains = ("Match aren't supported",)
    hints = ("match ",)
    source = "https://docs.python.org/3/reference/compound_stmts.html#the-match-statement"
    examples = (
        Fires(
            _net("match x.dim():\n    case 4:\n        return x\n    case _:\n        return x + 1"),
            _net("matched = x.dim()\nif matched == 4:\n    return x\nelse:\n    return x + 1"),
            entry=_ENTRY,
            name="literals",
        ),
        Fires(
            _net(
                "n = x.dim()\nmatch n:\n    case 1 | 2 if x.size(0) > 1:  # small\n        x = x + 1\n"
                "    case -3:\n        x = x * 2\nreturn x"
            ),
            _net("n = x.dim()\nif (n == 1 or n == 2) and (x.size(0) > 1):  # small\n    x = x + 1\nelif n == -3:\n    x = x * 2\nreturn x"),
            entry=_ENTRY,
            name="alternatives and a guard",
        ),
        Fires(
            _net("mode = 'a'\nmatch mode:\n    case 'b':\n        y = x\n    case other:\n        y = x + len(other)\nreturn y"),
            _net("mode = 'a'\nif mode == 'b':\n    y = x\nelse:\n    other = mode\n    y = x + len(other)\nreturn y"),
            entry=_ENTRY,
            name="a name for the rest",
        ),
        Declines(_net("match (x.dim(), 1):\n    case (2, n):\n        return x * n\nreturn x"), because="looks inside"),
        Ignores(_net("match = x\nreturn match")),
    )

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Every match statement in compiled code."""
        for body in bodies(tree, facts):
            for node in body.find(cst.Match):
                try:
                    edits = _edits(body, node)
                except NoForm as reason:
                    yield decline(self, body, node, f"the compiler has no match statement: {reason}")
                    continue
                yield rewrite(self, body, node, "match becomes an if chain", edits, why="the compiler has no match statement")


def _edits(body: Body, node: cst.Match) -> list[Edit]:
    tree = body.tree
    if not tree.own_line(node) or (isinstance(node.subject, cst.Tuple) and not node.subject.lpar):
        raise NoForm("it stands on one line with other code, or its subject is a bare tuple")
    cases = list(node.cases)
    subject, first = source(tree, node.subject), []
    if not (isinstance(node.subject, cst.Name) and not _bound_in(tree, node, node.subject.value)):
        subject = FreshNames(tree, body.function).fresh("matched")
        first = [f"{subject} = {source(tree, node.subject)}"]
        if "\n" in first[0]:
            raise NoForm("its subject runs over several lines")
    start = tree.line_start(tree.line(node))
    edits: list[Edit] = []
    indent = tree.indent(node)
    for number, case in enumerate(cases):
        if not isinstance(case.body, cst.IndentedBlock):
            raise NoForm("a case stands on one line with its code")
        test = _test(tree, case.pattern, subject)
        bound = _name(case.pattern)
        last = not test and case.guard is None
        if bound and case.guard is not None:
            raise NoForm("a name is bound and then tested")
        if last and number + 1 < len(cases):
            raise NoForm("a case that takes anything is not the last")
        if last and number == 0:
            raise NoForm("its first case takes anything")
        if case.guard is not None:
            guard = f"({tree.code(case.guard)})" if not stable(case.guard) else tree.code(case.guard)
            test = f"({test}) and {guard}" if " or " in test else f"{test} and {guard}" if test else guard
        word = "else" if last else f"{'elif' if number else 'if'} {test}"
        opened = _colon(tree, case)
        edits.append(Edit(tree.path, start if number == 0 else tree.line_start(tree.line(case)), opened, f"{indent}{word}"))
        below = case.body.body[0]
        deeper = tree.indent(below)
        lines = tree.text[tree.line_start(tree.line_of(opened) + 1) : tree.statement_span(case)[1]]
        new_indent = indent + tree.indent_unit
        moved = [f"{new_indent}{bound} = {subject}{tree.newline}"] if bound else []
        for line in lines.splitlines(keepends=True):
            if line.strip() and not line.startswith(deeper) and not line.strip().startswith("#"):
                raise NoForm("a line of a case can't be moved to the left")
            moved.append(new_indent + line.removeprefix(deeper) if line.strip() else line)
        edits.append(Edit(tree.path, tree.line_start(tree.line_of(opened) + 1), tree.statement_span(case)[1], "".join(moved)))
    strings = [*tree.find(cst.SimpleString, node), *tree.find(cst.FormattedString, node)]
    if any(tree.line_of(tree.span(s)[0]) != tree.line_of(tree.span(s)[1]) for s in strings):
        raise NoForm("a string in it runs over several lines")
    above = [*_comments_above(tree, node), *first]
    edits[0] = Edit(tree.path, edits[0].start, edits[0].end, tree.block(above, indent) + edits[0].text)
    return edits


def _comments_above(tree: Tree, node: cst.Match) -> list[str]:
    """The comments between the subject and the first case."""
    start, end = tree.outer_span(node.subject)[1], tree.span(node.cases[0])[0]
    return [comment.value for comment in tree.find(cst.Comment, node) if start <= tree.span(comment)[0] < end]


def _bound_in(tree: Tree, node: cst.Match, name: str) -> bool:
    """Whether a case, or a guard that is asked in between, may bind the subject's own name."""
    guards = [case.guard for case in node.cases if case.guard is not None]
    walrus = any(bound.value == name for guard in guards for by in tree.find(cst.NamedExpr, guard) for bound in target_names(by.target))
    declared: list[cst.Nonlocal | cst.Global] = [*tree.find(cst.Nonlocal), *tree.find(cst.Global)]
    named = [item.name.value for by in declared for item in by.names]
    called = name in named and any(True for guard in guards for _ in tree.find(cst.Call, guard))
    return walrus or called or any(_name(case.pattern) == name for case in node.cases)


def _colon(tree: Tree, case: cst.MatchCase) -> int:
    """The offset of the colon that ends a case's header."""
    last = case.guard if case.guard is not None else case.pattern
    start = tree.outer_span(last)[1] if isinstance(last, cst.BaseExpression) else tree.span(last)[1]
    return tree.text.index(":", start)


def _name(pattern: cst.MatchPattern) -> str:
    """The name that a capture pattern binds, or ``""``."""
    if isinstance(pattern, cst.MatchAs) and pattern.pattern is None and pattern.name is not None:
        return pattern.name.value
    return ""


def _test(tree: Tree, pattern: cst.MatchPattern, subject: str) -> str:
    """The condition a pattern stands for; ``""`` for one that takes anything. Raises NoForm."""
    if isinstance(pattern, cst.MatchAs) and pattern.pattern is None:
        return ""
    if isinstance(pattern, cst.MatchValue):
        return f"{subject} == {tree.code(pattern.value)}"
    if isinstance(pattern, cst.MatchSingleton):
        return f"{subject} is {tree.code(pattern.value)}"
    if isinstance(pattern, cst.MatchOr):
        parts: Sequence[str] = [_test(tree, element.pattern, subject) for element in pattern.patterns]
        if not all(parts):
            raise NoForm("an alternative takes anything")
        return " or ".join(parts)
    raise NoForm("a pattern that looks inside a value has no short form")
