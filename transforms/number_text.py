"""SF716: numbers and shapes written into texts."""

from __future__ import annotations

import re
from collections.abc import Iterator

import libcst as cst

from scriptify.facts.model import Facts
from scriptify.transform import Declines, Edit, Fires, Focus, Ignores, Phase, Proposal, Transform
from scriptify.transforms._expression import FLOAT, Body, NoForm, bodies, decline, rewrite
from scriptify.tree import Tree
from scriptify.tree.shapes import shape_read

_HEAD = "import torch\nfrom torch import nn\n\n\nclass Net(nn.Module):\n    def forward(self, x: torch.Tensor):\n"
_ENTRY = "Net(), (torch.randn(2, 3),)"
_SPEC = re.compile(r"%[-+ #0]*(?:\d+|\*)?(?:\.(?:\d+|\*))?[a-zA-Z]")
_PLAIN = re.compile(r"%[sd]")


def _net(body: str) -> str:
    return _HEAD + "".join(f"        {line}\n" for line in body.splitlines())


class NumberText(Transform):
    """``"%.2f" % 1.5`` -> ``"1.50"``; ``f"{x.shape}"`` -> ``f"torch.Size({x.shape})"`` when scripted.

    Scripting compiles ``%`` with any format and stops at run time where it is not a plain one, and writes a shape as the
    list that it is to it. A message that is only shown is written plainly by scripted code; a text that is used is told of.
    """

    code = "SF716"
    name = "number-text"
    phase = Phase.VALUES
    explains = ("%", "scripted output: '", "format")
    hints = ("%", "{")
    source = "https://docs.pytorch.org/docs/stable/jit_language_reference_v2.html"
    examples = (
        Fires(
            _net("s = '%.2f' % 1.234\nreturn s, '%3d|' % 7"),
            _net("s = '1.23'\nreturn s, '  7|'"),
            entry=_ENTRY,
            silent=True,
            name="literals",
        ),
        Fires(
            _net("if x.dim() > 4:\n    raise ValueError('bad %.1f of %s' % (x.size(0) / 2, 'x'))\nreturn x"),
            _net(
                "if x.dim() > 4:\n    raise ValueError(('bad {} of {}'.format(x.size(0) / 2, 'x')"
                " if torch.jit.is_scripting() else 'bad %.1f of %s' % (x.size(0) / 2, 'x')))\nreturn x"
            ),
            name="a message",
        ),
        Fires(
            _net('s = f"shape {x.shape}"\nreturn s'),
            _net('s = (f"shape torch.Size({x.shape})" if torch.jit.is_scripting() else f"shape {x.shape}")\nreturn s'),
            entry=_ENTRY,
            silent=True,
            name="a shape",
        ),
        Declines(_net("n = x.size(0) / 3\nreturn '%.3f' % n"), because="stops at run time"),
        Declines(_net("n = x.size(0) / 3\nreturn f'{n}'"), because="other digits"),
        Ignores(_net("n = x.size(0)\nprint(f'{x.shape} {n / 3}')\nreturn '%s of %d' % ('a', n), f'{n}', n % 3")),
    )

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Every such text in compiled code."""
        for body in bodies(tree, facts):
            nodes: list[cst.BaseExpression] = [*body.find(cst.BinaryOperation), *body.find(cst.FormattedString)]
            for node in nodes:
                try:
                    found = _percent(body, node) if isinstance(node, cst.BinaryOperation) else _shape(body, node)
                except NoForm as reason:
                    yield decline(self, body, node, str(reason))
                    continue
                if found is not None:
                    edit, why = found
                    yield rewrite(self, body, node, f"{tree.code(node)[:60]} as scripting writes it", [edit], why=why, silent=True)


def _percent(body: Body, node: cst.BinaryOperation) -> tuple[Edit, str] | None:
    tree, text = body.tree, node.left
    if not isinstance(node.operator, cst.Modulo) or not isinstance(text, cst.SimpleString) or not isinstance(text.evaluated_value, str):
        return None
    specs = _SPEC.findall(text.evaluated_value.replace("%%", ""))
    if all(_PLAIN.fullmatch(spec) for spec in specs):
        return None
    why = "scripting stops at run time at formats other than %s and %d"
    values = [e.value for e in node.right.elements] if isinstance(node.right, cst.Tuple) else [node.right]
    if all(isinstance(v, cst.Integer | cst.Float | cst.SimpleString) for v in values):
        try:
            done = text.evaluated_value % tuple(v.evaluated_value for v in values)  # type: ignore[attr-defined]
        except (TypeError, ValueError):
            return None  # eager code raises that too
        return tree.replace_outer(node, repr(done)), why
    told = "scripting compiles this format and stops at run time, without an error before"
    if not _shown(body, node):
        raise NoForm(f"{told}; write it with %s, or leave it out of the model")
    raw = text.raw_value
    if "{" in raw or "}" in raw or "%(" in raw or len(specs) != len(values):
        raise NoForm(f"{told}; its fields are not plain")
    plain = _SPEC.sub("{}", raw.replace("%%", "\0")).replace("\0", "%")
    given = ", ".join(tree.code(v) for v in values)
    short = f"{text.prefix}{text.quote}{plain}{text.quote}.format({given})"
    test = body.spell("torch.jit.is_scripting")
    return tree.replace_outer(node, f"({short} if {test}() else {tree.code(node)})"), why


def _shape(body: Body, node: cst.BaseExpression) -> tuple[Edit, str] | None:
    """An f-string that writes a whole shape, and is more than a message."""
    tree = body.tree
    if not isinstance(node, cst.FormattedString) or _shown(body, node):
        return None
    fields = [part for part in node.parts if isinstance(part, cst.FormattedStringExpression)]
    if any(f.format_spec is not None or f.conversion is not None or f.equal is not None for f in fields):
        return None
    shapes = [f for f in fields if shape_read(f.expression)]
    shapes = [f for f in shapes if not tree.text[: tree.span(f)[0]].endswith("torch.Size(")]
    shapes = [f for f in shapes if isinstance(f.expression, cst.Attribute) and body.surely(f.expression.value)]
    if not shapes:
        if any(body.certain.type_of(f.expression) == FLOAT and not isinstance(f.expression, cst.Float) for f in fields):
            raise NoForm("scripting writes a float into a text with other digits than Python, without an error")
        return None
    if isinstance(tree.parent(node), cst.ConcatenatedString) or "\n" in tree.code(node):
        raise NoForm("scripting writes a shape as a list, without an error")
    start = tree.span(node)[0]
    text = tree.code(node)
    for part in reversed(shapes):
        first, last = (offset - start for offset in tree.span(part))
        text = f"{text[:first]}torch.Size({text[first:last]}){text[last:]}"
    test = body.spell("torch.jit.is_scripting")
    why = "scripting writes a shape as the list that it is to it"
    return tree.replace_outer(node, f"({text} if {test}() else {tree.code(node)})"), why


def _shown(body: Body, node: cst.CSTNode) -> bool:
    """Whether a text is only shown: part of an exception, an assertion's message, or what print and warn are given."""
    child: cst.CSTNode = node
    for above in body.tree.ancestors(node):
        if isinstance(above, cst.Raise):
            return True
        if isinstance(above, cst.Assert):
            return above.msg is child
        given = isinstance(above, cst.Call) and child is not above.func
        if given and isinstance(above, cst.Call) and body.dotted(above.func) in ("builtins.print", "warnings.warn"):
            return True
        if isinstance(above, cst.BaseSmallStatement | cst.BaseCompoundStatement):
            return False
        child = above
    return False
