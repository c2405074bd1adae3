"""SF713: formatted strings that scripting can't write, or writes otherwise."""

from __future__ import annotations

import re
from collections.abc import Iterator
from string import Formatter

import libcst as cst

from scriptify.facts.model import Facts
from scriptify.transform import Edit, Focus, Phase, Proposal, Transform
from scriptify.transforms._expression import INT, STR, Body, NoForm, bodies, decline, rewrite
from scriptify.transforms._fstring import ascii_text, counted, hides_braces, padded, said, spec_of, written_alike
from scriptify.transforms._string_format_examples import EXAMPLES
from scriptify.tree import Tree
from scriptify.tree.flow import loads
from scriptify.tree.substitute import calm, source, stable

_SPECIFIED = re.compile(r"\{[:!]")
_FIELD = re.compile(r"\{(\w+)\}")


class StringFormat(Transform):
    """``assert ok, f"bad {v:.2f}"`` -> ``assert ok, "bad {:.2f}".format(v)``; ``"{n}".format(n=k)`` -> ``"{}".format(k)``.

    Scripting has no format specifications and conversions in f-strings and only plain ``{}`` in
    ``str.format``. Whole numbers and texts are padded by ``zfill``, ``rjust`` and ``ljust``.
    In a message that is only shown, ``format`` gives eager code the very text it had;
    a scripted message shows the field as it is written.
    """

    code = "SF713"
    name = "string-format"
    phase = Phase.VALUES
    hints = ("{", "'", '"')
    explains = ("Don't support formatting in JoinedStr", "Don't support conversion in JoinedStr", "aten::format", "aten::mul")
    source = "https://docs.pytorch.org/docs/stable/jit_language_reference_v2.html"
    examples = EXAMPLES

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Every such string in compiled code."""
        for body in bodies(tree, facts):
            nodes: list[cst.BaseExpression] = [*body.find(cst.FormattedString), *body.find(cst.Call), *body.find(cst.BinaryOperation)]
            for node in nodes:
                try:
                    edits = _edits(body, node)
                except NoForm as reason:
                    yield decline(self, body, node, f"scripting can't write {tree.code(node)}: {reason}")
                    continue
                if edits:
                    silent = isinstance(node, cst.Call) and all(arg.keyword is None for arg in node.args)
                    yield rewrite(self, body, node, "a string is formatted as scripting can", edits, silent=silent)


def _edits(body: Body, node: cst.BaseExpression) -> list[Edit]:
    if isinstance(node, cst.FormattedString):
        return _fstring(body, node)
    if isinstance(node, cst.Call):
        return _format(body, node)
    if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.Multiply):
        return _repeated(body, node)
    return []


def _repeated(body: Body, node: cst.BinaryOperation) -> list[Edit]:
    """``"ab" * 2`` written out, ``s * n`` joined."""
    text, count = node.left, node.right
    if body.stated(text) != STR:
        text, count = count, text
    if isinstance(text, cst.SimpleString) and isinstance(count, cst.Integer) and _joins(text):
        written = text.raw_value * count.evaluated_value
        if len(written) <= 40:
            return [body.tree.replace(node, f"{text.prefix}{text.quote}{written}{text.quote}")]
    if body.stated(text) != STR or body.stated(count) != INT:
        return []
    if text is not node.left and not (calm(body.tree, text) and calm(body.tree, count)):
        raise NoForm("its sides would be computed in another order")
    times = body.tree.operand(count)
    if not counted(body, count):  # the compiler's lists refuse to be repeated less than no times
        if not stable(count):
            raise NoForm("how often is perhaps less than none, and would be computed more than once")
        times = f"({times} if {times} > 0 else 0)"
    return _where_sure(body, node, f'"".join([{source(body.tree, text)}] * {times})', [text, count])


def _sure(body: Body, node: cst.BaseExpression) -> bool:
    """Whether a value is a whole number or a text whoever calls: an annotation binds no caller, and a float is padded as it is."""
    return counted(body, node) or ascii_text(body, node) or body.proved_type(node) in (INT, STR)


def _where_sure(body: Body, node: cst.BaseExpression, text: str, values: list[cst.BaseExpression]) -> list[Edit]:
    """Another text for an expression, in eager code too where all values are sure. Raises NoForm."""
    return [body.tree.replace(node, text)] if all(_sure(body, value) for value in values) else body.guarded(node, text)


def _joins(text: cst.SimpleString) -> bool:
    """Whether a literal's source can be repeated within its quotes: an octal escape at its end would take in what follows."""
    return len(text.quote) == 1 and "b" not in text.prefix.lower() and re.search(r"\\[0-7]{1,2}$", text.raw_value) is None


def _fstring(body: Body, node: cst.FormattedString) -> list[Edit]:
    """``f"{n:03d}"`` with plain fields; where it is only a message and has others, ``f"{v:.2f}"`` as ``"{:.2f}".format(v)``."""
    fields = [part for part in node.parts if isinstance(part, cst.FormattedStringExpression)]
    if not any(map(_styled, fields)):
        return []
    pieces = [part.value for part in node.parts if isinstance(part, cst.FormattedStringText)]
    if any(hides_braces(piece) for piece in pieces):
        raise NoForm("it has braces as escapes")
    plain = _plain_fields(body, node) if not any("{{}}" in piece for piece in pieces) else None
    if plain is not None and all(_sure(body, field.expression) for field in fields if _styled(field)):
        return [body.tree.replace(node, plain)]
    if isinstance(body.tree.parent(node), cst.ConcatenatedString):
        raise NoForm("it is one of several strings put together")
    message = _message(body, node)
    if not message and plain is None:
        raise NoForm("str.format would give other text when scripted, and the text is used")
    formatted = _formatted(body, node)
    if message:
        return [body.tree.replace(node, formatted)]
    # The compiler's front end reads f-strings in the part for eager code, too.
    return [body.tree.replace(node, f"({plain} if {body.spell('torch.jit.is_scripting')}() else {formatted})")]


def _styled(field: cst.FormattedStringExpression) -> bool:
    return field.format_spec is not None or field.conversion is not None or field.equal is not None


def _formatted(body: Body, node: cst.FormattedString) -> str:
    """``"{:.2f}".format(v)``, which is the very text of ``f"{v:.2f}"`` in eager code. Raises NoForm."""
    text, values = "", []
    for part in node.parts:
        if not isinstance(part, cst.FormattedStringExpression):
            text += part.value if isinstance(part, cst.FormattedStringText) else ""
            continue
        spec = spec_of(part)
        if spec is None:
            raise NoForm("it has a nested field")
        conversion = part.conversion or ("r" if part.equal is not None and not spec else "")
        text += f"{said(body, part)}{{{f'!{conversion}' if conversion else ''}{f':{spec}' if spec else ''}}}"
        bare = isinstance(part.expression, cst.Tuple) and not part.expression.lpar  # one field, and several arguments
        values.append(f"({body.tree.code(part.expression)})" if bare else body.tree.code(part.expression))
        if part.equal is not None and (node.quote in said(body, part) or "\\" in said(body, part)):
            raise NoForm("it names an expression with quotes or escapes of its own")
    if text.count("{}") > len(values):
        raise NoForm("scripting would take the braces in it for fields")
    prefix = node.prefix.lower().replace("f", "")
    quote = node.start.lstrip("fFrR")
    return f"{prefix}{quote}{text}{quote}.format({', '.join(values)})"


def _plain_fields(body: Body, node: cst.FormattedString) -> str | None:
    """The string with plain fields that have the same text; None where a field has none."""
    text = node.start
    for part in node.parts:
        if not isinstance(part, cst.FormattedStringExpression):
            text += part.value if isinstance(part, cst.FormattedStringText) else ""
            continue
        if part.format_spec is None and part.conversion is None and part.equal is None:
            if not written_alike(body, part.expression) and not _message(body, node):
                return None
            text += body.tree.code(part)
            continue
        spec, conversion = spec_of(part), part.conversion or ""
        if part.equal is not None and not spec and not conversion:
            conversion = "r"
        value = padded(body, part.expression, spec, conversion) if spec is not None else None
        words = said(body, part)
        if value is None or node.quote in words or "\\" in words:
            return None
        text += f"{words}{{{value}}}"
    return text + node.end


def _message(body: Body, node: cst.CSTNode) -> bool:
    """Whether a string is only shown: an assertion's or an exception's message, or what print and warn are given."""
    above = body.tree.parent(node)
    if isinstance(above, cst.Assert):
        return above.msg is node
    if isinstance(above, cst.Assign) and isinstance(node, cst.FormattedString) and isinstance(above.targets[0].target, cst.Name):
        name = above.targets[0].target.value
        uses = loads(body.function.body, name)
        return len(above.targets) == len(body.types.bound_by(name)) == 1 and bool(uses) and all(_message(body, use) for use in uses)
    if isinstance(above, cst.Arg):
        call = body.tree.parent(above)
        if isinstance(call, cst.Call) and isinstance(body.tree.parent(call), cst.Raise):
            return True
        return isinstance(call, cst.Call) and body.dotted(call.func) in ("builtins.print", "warnings.warn")
    return False


def _format(body: Body, call: cst.Call) -> list[Edit]:
    """``"{n}".format(n=k)`` and ``"{0}".format(k)`` with plain fields."""
    func = call.func
    if not isinstance(func, cst.Attribute) or func.attr.value != "format" or not isinstance(func.value, cst.SimpleString):
        return []
    raw = func.value.raw_value
    if hides_braces(raw):
        raise NoForm("it has braces as escapes")
    if _SPECIFIED.search(raw):
        return _specified(body, call, func.value)
    names = _FIELD.findall(raw)
    if not names or any(arg.star for arg in call.args):
        return []
    if raw.replace("{{", "").replace("}}", "").count("{") != len(names) or "{{" in raw:
        raise NoForm("it has fields of several kinds")
    values: dict[str, cst.BaseExpression] = {}
    for position, arg in enumerate(call.args):
        values[arg.keyword.value if arg.keyword is not None else str(position)] = arg.value
    if any(name not in values for name in names):
        raise NoForm("a field has no argument")
    if not _message(body, call) and not all(written_alike(body, values[name]) for name in names):
        raise NoForm("scripting writes other things than whole numbers, texts and truth values in another way")
    in_order = names == list(values)
    if not in_order and not all(calm(body.tree, value) for value in values.values()):
        raise NoForm("its arguments would be computed in another order")
    quoted = f"{func.value.prefix}{func.value.quote}{_FIELD.sub('{}', raw)}{func.value.quote}"
    given = ", ".join(body.tree.code(values[name]) for name in names)
    return [body.tree.replace(call, f"{quoted}.format({given})")]


def _specified(body: Body, call: cst.Call, text: cst.SimpleString) -> list[Edit]:
    """``"{:03d}".format(n)`` with plain fields, where all of them have such."""
    if any(arg.star or arg.keyword for arg in call.args) or _message(body, call):
        return []
    try:
        parts = list(Formatter().parse(text.raw_value))
    except ValueError:
        return []
    fields = [(name, spec or "", conversion or "") for _, name, spec, conversion in parts if name is not None]
    if "{{" in text.raw_value or "}}" in text.raw_value or len(fields) != len(call.args) or any(name for name, _, _ in fields):
        return []
    values = []
    for (_, spec, conversion), arg in zip(fields, call.args, strict=True):
        same = source(body.tree, arg.value) if written_alike(body, arg.value) else None
        value = padded(body, arg.value, spec, conversion) if spec or conversion else same
        if value is None:
            raise NoForm("scripting would write a field in another way")
        values.append(value)
    plain = "".join(f"{before}{'' if name is None else '{}'}" for before, name, _, _ in parts)
    written = f"{text.prefix}{text.quote}{plain}{text.quote}.format({', '.join(values)})"
    padded_ones = [arg.value for (_, spec, conversion), arg in zip(fields, call.args, strict=True) if spec or conversion]
    return _where_sure(body, call, written, padded_ones)
