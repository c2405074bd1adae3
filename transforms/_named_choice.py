"""``y = getattr(self, f"norm{i}")(x)`` whose names differ: scripted code chooses among those that are known; eager code stays."""

from __future__ import annotations

import re
from dataclasses import dataclass

import libcst as cst

from scriptify.facts.model import Attribute
from scriptify.facts.types import Type
from scriptify.transform import Need, Rewrite, Safety, Transform
from scriptify.transforms._containers import Method, builtin_call
from scriptify.transforms._infer import Inference
from scriptify.transforms._infer_known import INT
from scriptify.transforms._name_values import LIMIT, Access, quoted, spelt_out
from scriptify.transforms._own_walking import MODULES
from scriptify.tree import Tree, loads
from scriptify.tree.hoist import with_comments

WHY = "the compiler takes attribute names as string literals only; hasattr leaves out what an instance does not have"
_STR = Type("str")


@dataclass(frozen=True, slots=True)
class _Name:
    """A computed name: what varies in it, and the literal text around that."""

    hole: cst.BaseExpression
    prefix: str = ""
    suffix: str = ""
    digits: bool = False


def chosen(by: Transform, method: Method, access: Access) -> Rewrite | None:
    """The statement with the access once for each name, under tests; eager code keeps it as it is. None where that is not to be had."""
    tree, statement = method.tree, method.tree.statement(access.node)
    if access.item or access.base != method.self_name or not _plain(tree, statement):
        return None
    name = _name(tree, access.name)
    own = name is not None and _own(method, name.hole) is not None
    if not own and not method.facts.live:
        return None
    cases = (_own_cases(method, name) if own else _cases(method, name)) if name is not None else []
    if name is None or not cases or not isinstance(statement, cst.SimpleStatementLine):
        return None
    alias = _alias(method, access, statement)
    used = alias[1] if alias else statement
    place = alias[2] if alias else access.node
    text, at, end = tree.code(used.body[0]), tree.span(used.body[0])[0], tree.outer_span(place)
    if "\n" in text or "\r" in text:
        return None
    head, tail = text[: end[0] - at], text[end[1] - at :]
    spelt, imports = tree.imports.spell("torch.jit.is_scripting")
    lines = [f"if not {spelt}():", f"    {head}{tree.text[slice(*tree.outer_span(access.node))]}{tail}"]
    hole = tree.operand(name.hole)
    for attribute, value in cases:
        there = f'hasattr({method.self_name}, "{attribute.name}") and ' if attribute.missing else ""
        literal = quoted(value) if isinstance(value, str) else str(value)
        lines += [f"elif {there}{hole} == {literal}:", f"    {head}{method.self_name}.{attribute.name}{tail}"]
    lines += ["else:", f"    raise AttributeError({tree.code(access.name)})"]
    edits = [tree.replace_statement(used, with_comments(tree, used, lines))]
    if alias:
        edits.append(tree.remove(statement))
    names = [attribute.name for attribute, _ in cases]
    observed = not own or any(attribute.origin == "live" for attribute, _ in cases)
    need = Need(f"instances have {', '.join(names)}", "live" if observed else "source")
    safety = Safety.OBSERVED if observed else None
    return tree.rewrite(by, access.node, f"choose among {', '.join(names)}", edits, imports=imports, needs=[need], why=WHY, safety=safety)


def _plain(tree: Tree, statement: cst.CSTNode | None) -> bool:
    if not isinstance(statement, cst.SimpleStatementLine) or not tree.own_line(statement):
        return False
    return isinstance(statement.body[0], cst.Assign | cst.Return | cst.Expr | cst.AugAssign)


def _name(tree: Tree, node: cst.BaseExpression) -> _Name | None:
    if isinstance(node, cst.Name | cst.Attribute):
        return _Name(node)
    if isinstance(node, cst.FormattedString):
        return _formatted(node)
    if isinstance(node, cst.BinaryOperation) and isinstance(node.left, cst.SimpleString) and isinstance(node.left.evaluated_value, str):
        left = node.left.evaluated_value
        if isinstance(node.operator, cst.Add) and (called := builtin_call(tree, node.right)) and called[0] == "str" and len(called[1]) == 1:
            return _Name(called[1][0], left)
        if isinstance(node.operator, cst.Add) and isinstance(node.right, cst.Attribute):
            return _Name(node.right, left)
        parts = re.split(r"%([ds])", left)
        if isinstance(node.operator, cst.Modulo) and len(parts) == 3 and "%" not in parts[0] + parts[2]:
            hole = node.right.elements[0].value if isinstance(node.right, cst.Tuple) and len(node.right.elements) == 1 else node.right
            return None if isinstance(hole, cst.Tuple) else _Name(hole, parts[0], parts[2], parts[1] == "d")
    if isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute) and node.func.attr.value == "format" and len(node.args) == 1:
        pattern = node.func.value.evaluated_value if isinstance(node.func.value, cst.SimpleString) else None
        plain = not node.args[0].keyword and not node.args[0].star
        if isinstance(pattern, str) and pattern.count("{") == pattern.count("{}") == 1 and plain:
            prefix, _, suffix = pattern.partition("{}")
            return _Name(node.args[0].value, prefix, suffix)
    return None


def _formatted(node: cst.FormattedString) -> _Name | None:
    holes = [part for part in node.parts if isinstance(part, cst.FormattedStringExpression)]
    texts = [part.value if isinstance(part, cst.FormattedStringText) else "\0" for part in node.parts]
    if len(holes) != 1 or holes[0].format_spec is not None or holes[0].conversion is not None or holes[0].equal is not None:
        return None
    prefix, _, suffix = "".join(texts).partition("\0")
    return None if "{" in prefix + suffix or "\\" in prefix + suffix else _Name(holes[0].expression, prefix, suffix)


def _cases(method: Method, name: _Name) -> list[tuple[Attribute, int | str]]:
    """The attributes a name may stand for, each with the value of what varies; empty where that is not known."""
    if not isinstance(name.hole, cst.Name):
        return []
    kinds = Inference(method.tree, method.facts, method.qualname, method.node).type_of(name.hole)
    given = _walked(method, name.hole.value)
    if not name.prefix and not name.suffix and given is None:
        return []
    cases: list[tuple[Attribute, int | str]] = []
    for attribute in _modules(method):
        text = attribute.name
        if not text.startswith(name.prefix) or not text.endswith(name.suffix) or len(text) <= len(name.prefix) + len(name.suffix):
            continue
        middle = text[len(name.prefix) : len(text) - len(name.suffix)]
        number = middle.isdecimal() and middle.isascii() and str(int(middle)) == middle
        if given is not None:
            if middle in given:
                cases.append((attribute, middle))
        elif (name.digits or kinds == INT) and number:
            cases.append((attribute, int(middle)))
        elif not name.digits and kinds == _STR:
            cases.append((attribute, middle))
    return cases if len(cases) <= LIMIT else []


def _own(method: Method, node: cst.BaseExpression) -> Attribute | None:
    """The attribute of ``self`` a name is made up from, where it is one text on every instance until somebody sets it anew."""
    if not isinstance(node, cst.Attribute) or method.tree.code(node.value) != method.self_name:
        return None
    found = method.facts.attribute(method.tree.path, method.class_name, node.attr.value)
    return found if isinstance(found, Attribute) and found.constant and isinstance(found.value, str) else None


def _own_cases(method: Method, name: _Name) -> list[tuple[Attribute, int | str]]:
    """The module that the attribute's text names, and its like: those of the same class that other texts would name."""
    held = _own(method, name.hole)
    if held is None or name.digits:
        return []
    target = f"{name.prefix}{held.value}{name.suffix}"
    found = method.facts.attribute(method.tree.path, method.class_name, target)
    if not isinstance(found, Attribute) or not found.kinds or not found.kinds <= MODULES:
        return []
    cases: list[tuple[Attribute, int | str]] = []
    for attribute in _modules(method, found.origin):
        middle = attribute.name[len(name.prefix) : len(attribute.name) - len(name.suffix)]
        alike = bool(found.classes) and attribute.classes == found.classes and bool(name.prefix or name.suffix)
        fits = attribute.name == f"{name.prefix}{middle}{name.suffix}" and bool(middle)
        if attribute.name == target or (alike and fits):
            cases.append((attribute, middle))
    return cases if len(cases) <= LIMIT and any(attribute.name == target for attribute, _ in cases) else []


def _modules(method: Method, origin: str = "live") -> list[Attribute]:
    """The modules by name that instances of the class have, in the order of their names' numbers."""
    if method.owner is None:
        return []
    found: dict[str, Attribute] = {}
    for owner in (method.owner, *method.facts.ancestors(method.owner)):
        for name, attribute in owner.attributes.items():
            if attribute.origin == origin and attribute.kinds and attribute.kinds <= MODULES and spelt_out(name):
                found.setdefault(name, attribute)
    return sorted(found.values(), key=lambda a: [int(part) if part.isdecimal() else part for part in re.split(r"(\d+)", a.name)])


def _walked(method: Method, variable: str) -> set[str] | None:
    """The strings a loop over a list attribute gives its variable, over all instances; None for anything else."""
    by = method.bound(variable)
    if len(by) != 1 or not isinstance(by[0], cst.For | cst.CompFor):
        return None
    target: cst.BaseExpression | cst.BaseAssignTargetExpression = by[0].target
    walked = by[0].iter
    called = builtin_call(method.tree, walked)
    if called and called[0] == "enumerate" and called[1] and isinstance(target, cst.Tuple) and len(target.elements) == 2:
        target, walked = target.elements[1].value, called[1][0]
    if not isinstance(target, cst.Name) or target.value != variable or not isinstance(walked, cst.Attribute):
        return None
    if method.tree.code(walked.value) != method.self_name:
        return None
    found = method.facts.attribute(method.tree.path, method.class_name, walked.attr.value)
    if not isinstance(found, Attribute) or not found.values or (found.varies and not found.values):
        return None
    lists = [value for value in found.values if isinstance(value, list | tuple)]
    names = {name for value in lists for name in value}
    return names if len(lists) == len(found.values) and all(isinstance(name, str) for name in names) else None


def _alias(method: Method, access: Access, statement: cst.SimpleStatementLine) -> tuple[str, cst.SimpleStatementLine, cst.Name] | None:
    """``layer = getattr(...)`` and the next statement, which alone reads ``layer``, once: its name, that statement, the read."""
    tree, assign, block = method.tree, statement.body[0], method.tree.parent(statement)
    if not isinstance(assign, cst.Assign) or assign.value is not access.node or len(assign.targets) != 1:
        return None
    target = assign.targets[0].target
    if not isinstance(target, cst.Name) or len(method.bound(target.value)) != 1 or not isinstance(block, cst.IndentedBlock):
        return None
    reads = loads(method.node.body, target.value)
    index = block.body.index(statement)
    after = block.body[index + 1] if index + 1 < len(block.body) else None
    if len(reads) != 1 or not isinstance(after, cst.SimpleStatementLine) or not _plain(tree, after) or not tree.contains(after, reads[0]):
        return None
    return target.value, after, reads[0]
