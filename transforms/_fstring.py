"""Fields of formatted strings as plain ones with the same text: numbers and texts that are padded, named or converted."""

from __future__ import annotations

import re

import libcst as cst

from scriptify.transforms._dicts import values_of
from scriptify.transforms._expression import BOOL, INT, STR, Body
from scriptify.tree.shapes import shape_read
from scriptify.tree.substitute import stable

_SPEC = re.compile(r"(?P<align>[<>])?(?P<zero>0)?(?P<width>[1-9]\d*)?(?P<kind>[ds])?")
_BRACE = re.compile(r"\\(?:x7[bd]|17[35]|u007[bd]|U0000007[bd]|N\{)", re.IGNORECASE)
_COUNTS = ("size", "dim", "numel", "ndimension", "nelement")


def spec_of(part: cst.FormattedStringExpression) -> str | None:
    """The format of a field as text; None where it is computed."""
    found = part.format_spec or ()
    if any(isinstance(piece, cst.FormattedStringExpression) for piece in found):
        return None
    return "".join(piece.value for piece in found if isinstance(piece, cst.FormattedStringText))


def said(body: Body, part: cst.FormattedStringExpression) -> str:
    """What ``{n = }`` writes before the value, as it is written in a formatted string."""
    if part.equal is None:
        return ""
    module = cst.Module([])
    equal = module.code_for_node(part.equal)
    text = f"{module.code_for_node(part.whitespace_before_expression)}{body.tree.code(part.expression)}{equal}"
    return text.replace("{", "{{").replace("}", "}}")


def padded(body: Body, node: cst.BaseExpression, spec: str, conversion: str = "") -> str | None:
    """The expression whose plain text is a value's text in a format, without quotes of its own; None where there is none."""
    type_ = body.stated(node)  # what a run shows to be an int is a bool or an Enum for other callers, whose text is another
    match = _SPEC.fullmatch(spec)
    if type_ not in (INT, STR) or match is None or not body.builtin("str"):
        return None
    number = type_ == INT
    if (conversion and not number and conversion != "s") or (conversion and spec) or match["kind"] == ("s" if number else "d"):
        return None
    code = body.tree.operand(node)
    if match["width"] is None:
        named = bool(conversion) and number and not _whole(body, node)  # a bool says True here
        bare = "" if match["align"] or match["zero"] or named else body.tree.code(node)
        return f"int({bare})" if bare and match["kind"] == "d" and not _whole(body, node) else bare or None
    width = int(match["width"])
    if number and not _whole(body, node) and not body.builtin("int"):
        return None
    if not number and not ascii_text(body, node):
        return None
    whole = body.tree.code(node) if not number or _whole(body, node) else f"int({body.tree.code(node)})"
    text = f"str({whole})" if number else code
    if match["zero"]:
        return _zeros(body, node, text, width) if number and not match["align"] else None
    right = match["align"] == ">" or (match["align"] is None and number)
    return f"{text}.{'rjust' if right else 'ljust'}({width})"


def _whole(body: Body, node: cst.BaseExpression, depth: int = 4) -> bool:
    """Whether a number is no bool and no Enum, which are padded as numbers but named otherwise by ``str``."""
    if counted(body, node) or isinstance(node, cst.UnaryOperation | cst.Integer):
        return True
    if isinstance(node, cst.BinaryOperation):
        return not isinstance(node.operator, cst.BitAnd | cst.BitOr | cst.BitXor)
    values = values_of(body, node.value, augmented=False) if isinstance(node, cst.Name) and depth else None
    return bool(values) and all(_whole(body, value, depth - 1) for value in values or ())


def written_alike(body: Body, node: cst.BaseExpression) -> bool:
    """Whether scripting writes a value as eager code does: floats, tensors and lists of them it writes otherwise."""
    return body.certain.type_of(node) in (INT, STR, BOOL)


def hides_braces(piece: str) -> bool:
    """Whether a piece of a literal has braces as escapes, which ``format`` would take for fields."""
    return _BRACE.search(piece) is not None


def ascii_text(body: Body, node: cst.BaseExpression) -> bool:
    """Whether a text has ASCII letters alone: scripting counts bytes, and pads others less than eager code."""
    if isinstance(node, cst.Name):
        values = values_of(body, node.value, augmented=False)
        return bool(values) and all(isinstance(value, cst.SimpleString) and ascii_text(body, value) for value in values or ())
    value = node.evaluated_value if isinstance(node, cst.SimpleString) else None
    return isinstance(value, str) and value.isascii()


def _zeros(body: Body, node: cst.BaseExpression, text: str, width: int) -> str | None:
    if counted(body, node):
        return f"{text}.zfill({width})"
    if not stable(node):
        return None
    code = body.tree.operand(node)
    if width == 1:
        return text  # no number is shorter
    return f"{text}.zfill({width}) if {code} >= 0 else {text}[:1] + {text}[1:].zfill({width - 1})"


def counted(body: Body, node: cst.BaseExpression, depth: int = 4) -> bool:
    """Whether a whole number is surely not negative: a size, a length, a counter."""
    if isinstance(node, cst.Integer):
        return True
    if isinstance(node, cst.Call):
        method = node.func.attr.value if isinstance(node.func, cst.Attribute) else ""
        return body.dotted(node.func) == "builtins.len" or (method in _COUNTS and body.certain.type_of(node) == INT)
    if isinstance(node, cst.Subscript):
        return shape_read(node.value)
    if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.Add | cst.Multiply | cst.FloorDivide):
        return counted(body, node.left, depth) and counted(body, node.right, depth)
    if isinstance(node, cst.Name) and depth:
        return _counter(body, node.value, depth)
    return False


def _counter(body: Body, name: str, depth: int) -> bool:
    found = body.types.bound_by(name)
    if not found or body.facts.parameter(body.tree.path, body.qualname, name):
        return False
    for by in found:
        if isinstance(by, cst.AssignTarget) and isinstance(by.target, cst.Name):
            assign = body.tree.parent(by)
            if not isinstance(assign, cst.Assign) or not counted(body, assign.value, depth - 1):
                return False
        elif isinstance(by, cst.For | cst.CompFor):
            if not _counts_up(body, by, name):
                return False
        else:
            return False
    return True


def _counts_up(body: Body, by: cst.For | cst.CompFor, name: str) -> bool:
    called = body.dotted(by.iter.func) if isinstance(by.iter, cst.Call) else ""
    if not isinstance(by.iter, cst.Call) or any(arg.star or arg.keyword for arg in by.iter.args):
        return False
    if called == "builtins.range" and isinstance(by.target, cst.Name):
        return len(by.iter.args) < 2 or (len(by.iter.args) == 2 and counted(body, by.iter.args[0].value, 0))
    if called == "builtins.enumerate" and len(by.iter.args) == 1 and isinstance(by.target, cst.Tuple):
        first = by.target.elements[0].value
        return isinstance(first, cst.Name) and first.value == name
    return False
