"""SF314: ``f(**d)`` with a dict whose keys are known."""

from __future__ import annotations

import ast
import keyword
from collections.abc import Iterator

import libcst as cst

from scriptify.facts.model import Attribute, Facts
from scriptify.transform import Edit, Focus, Need, Phase, Proposal, Safety, Transform
from scriptify.transforms._expression import Body, NoForm, bodies, decline, rewrite, without
from scriptify.transforms._helper_text import above_definitions
from scriptify.transforms._kept import is_target
from scriptify.transforms._keyword_expansion_examples import EXAMPLES
from scriptify.transforms._reads import literal_start
from scriptify.transforms._with_keywords import HELPER, LINES
from scriptify.tree import Tree
from scriptify.tree.flow import bindings, loads
from scriptify.tree.substitute import FreshNames, source, variables

_PLAIN = (int, float, str, bool, type(None))
_READING = ("get", "items", "keys", "values", "copy")


class KeywordExpansion(Transform):
    """``d = {'a': x, 'b': y}; f(**d)`` -> ``a = x; b = y; f(a=a, b=b)``; ``f(**self.kw)`` with the keys ``__init__`` gives it.

    The compiler takes no keyword expansion. The values of a local dict are computed where and when they were, under
    names of their own; a dict that hangs on the module is still asked for each value in eager code, and expanded there
    where only a run has shown what it holds.
    """

    code = "SF314"
    name = "keyword-expansion"
    phase = Phase.SYNTAX
    explains = ("keyword-arg expansion is not supported",)
    hints = ("**",)
    source = "https://docs.pytorch.org/docs/stable/jit_language_reference_v2.html"
    examples = EXAMPLES

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Every expansion in compiled code."""
        for body in bodies(tree, facts):
            done: set[str] = set()
            for call in body.find(cst.Call):
                for arg in call.args:
                    if arg.star != "**" or tree.code(arg.value) in done:
                        continue
                    title = f"{tree.code(arg)} as keywords"[:80]
                    why = "the compiler takes no keyword expansion"
                    seen = _seen(body, arg)
                    try:
                        edits = _expanded(body, call, arg, seen) if seen else _edits(body, call, arg, done)
                    except NoForm as reason:
                        yield decline(self, body, call, f"the compiler takes no keyword expansion: {reason}")
                        continue
                    if not seen:
                        yield rewrite(self, body, call, title, edits, why=why)
                        continue
                    needs = [Need(f"{tree.code(arg.value)} is {seen!r} on every instance", "live")]
                    imports = tuple(body.wanted)
                    body.wanted.clear()
                    yield tree.rewrite(self, call, title, edits, imports=imports, needs=needs, why=why, safety=Safety.OBSERVED)


def _seen(body: Body, arg: cst.Arg) -> dict[str, object]:
    """What a dict on the module was on every instance of a run, where the source does not tell."""
    value = arg.value
    owner = body.facts.owner(body.tree.path, body.qualname)
    if owner is None or not isinstance(value, cst.Attribute) or not isinstance(value.value, cst.Name) or value.value.value != "self":
        return {}
    held = body.facts.attribute(body.tree.path, owner.qualname, value.attr.value)
    if not isinstance(held, Attribute) or held.origin != "live" or not held.constant or not isinstance(held.value, dict):
        return {}
    try:
        _stated(body, value)
    except NoForm:
        good = all(key.isidentifier() and not keyword.iskeyword(key) and _plain(item) for key, item in held.value.items())
        return held.value if good else {}
    return {}


def _expanded(body: Body, call: cst.Call, arg: cst.Arg, seen: dict[str, object]) -> list[Edit]:
    """The keywords written out for scripting; eager code still expands the dict: another instance, or a later time, may have others."""
    tree = body.tree
    start, end = tree.span(call)
    written = _instead(tree, arg, [(key, repr(item)) for key, item in seen.items()])
    scripted = tree.text[start : written.start] + written.text + tree.text[written.end : end]
    rest = [tree.text[tree.span(other)[0] : tree.outer_span(other.value)[1]] for other in call.args if other is not arg]
    eager = ", ".join([tree.code(arg.value), tree.code(call.func), *rest])
    text = f"{scripted} if {body.spell('torch.jit.is_scripting')}() else {HELPER}({eager})"
    edits = [tree.replace(call, text if body.alone(call) and "\n" not in text else f"({text})")]
    if HELPER not in {node.name.value for node in tree.module.body if isinstance(node, cst.FunctionDef)}:
        edits.append(above_definitions(tree, [f"@{body.spell('torch.jit.unused')}", *LINES]))
    return edits


def _edits(body: Body, call: cst.Call, arg: cst.Arg, done: set[str]) -> list[Edit]:
    tree, value = body.tree, arg.value
    items = _items(body, value)
    if items is not None:
        if any(True for _ in tree.find(cst.Comment, value)):
            raise NoForm("a comment inside would be lost; give the dict a name")
        return [_instead(tree, arg, [(key, source(tree, item)) for key, item in items])]
    if isinstance(value, cst.Name):
        done.add(value.value)
        return _local(body, value.value)
    if isinstance(value, cst.Attribute) and isinstance(value.value, cst.Name) and value.value.value == "self":
        held = _stated(body, value)
        return _expanded(body, call, arg, held)
    raise NoForm("what the dict holds is not known")


def _instead(tree: Tree, arg: cst.Arg, items: list[tuple[str, str]]) -> Edit:
    start, end = tree.span(arg)[0], tree.outer_span(arg.value)[1]
    call = tree.parent(arg)
    assert isinstance(call, cst.Call)
    given = [key for key, _ in items] + [other.keyword.value for other in call.args if other.keyword is not None]
    if len(set(given)) < len(given):
        raise NoForm("a keyword would be given twice")
    text = ", ".join(f"{key}={value}" for key, value in items)
    if text:
        return Edit(tree.path, start, end, text)
    if len(call.args) == 1 and isinstance(arg.comma, cst.Comma):
        raise NoForm("an empty dict with a comma behind it")
    return without(tree, call, arg)


def _items(body: Body, value: cst.BaseExpression) -> list[tuple[str, cst.BaseExpression]] | None:
    """The keys and values of a dict that is written out; None for anything else."""
    if isinstance(value, cst.Dict):
        found = []
        for element in value.elements:
            key = element.key if isinstance(element, cst.DictElement) else None
            text = key.evaluated_value if isinstance(key, cst.SimpleString) else None
            if not isinstance(text, str) or not text.isidentifier() or keyword.iskeyword(text):
                raise NoForm("a key of the dict is no plain name")
            found.append((text, element.value))
        return found
    if isinstance(value, cst.Call) and body.dotted(value.func) == "builtins.dict":
        if any(arg.star or arg.keyword is None for arg in value.args):
            raise NoForm("the dict is made of another one")
        return [(arg.keyword.value, arg.value) for arg in value.args if arg.keyword is not None]
    return None


def _local(body: Body, name: str) -> list[Edit]:
    tree = body.tree
    stores = [by for bound, by in bindings(body.function.body) if bound.value == name]
    if not stores or body.facts.parameter(tree.path, body.qualname, name):
        raise NoForm("what the dict holds is not known")
    small = tree.parent(stores[0])
    if len(stores) != 1 or not isinstance(small, cst.Assign) or len(small.targets) != 1:
        raise NoForm(f"{name} is assigned more than once, or changed")
    items = _items(body, small.value)
    line = tree.parent(small)  # not ``if c: d = {...}``, whose statement is the whole of the if
    if items is None or not isinstance(line, cst.SimpleStatementLine) or not tree.own_line(line):
        raise NoForm(f"what {name} holds is not known")
    keys = [key for key, _ in items]
    if len(set(keys)) != len(keys):
        raise NoForm(f"a key of {name} is given twice")
    uses = loads(body.function.body, name)
    args = [tree.parent(use) for use in uses]
    if not all(isinstance(arg, cst.Arg) and arg.star == "**" for arg in args):
        raise NoForm(f"{name} is also changed or used in another way")
    names = FreshNames(tree, body.function)
    # A name that the function reads may be a global one, which a local one of that name would hide.
    taken = body.hidden | {n.value for n in variables(body.function)}
    spelt = {key: key if key not in taken and not tree.dotted(cst.Name(key)) else names.fresh(f"{name}_{key}") for key in keys}
    notes = [comment.value for comment in tree.find(cst.Comment, small.value)]
    lines = [*notes, *([f"{spelt[key]} = {_line(source(tree, value))}" for key, value in items] or ["pass"])]
    edits = [tree.replace(small, (tree.newline + tree.indent(line)).join(lines))]
    for arg in args:
        assert isinstance(arg, cst.Arg)
        edits.append(_instead(tree, arg, [(key, spelt[key]) for key in keys]))
    return edits


def _line(text: str) -> str:
    return f"({text})" if "\n" in text else text


def _stated(body: Body, value: cst.Attribute) -> dict[str, object]:
    """What a dict on the module holds in every instance, as ``__init__`` gives it. Raises NoForm."""
    tree, name = body.tree, value.attr.value
    owner = body.facts.owner(tree.path, body.qualname)
    uses = [node for node in tree.find(cst.Attribute) if node.attr.value == name]
    stores = [node for node in uses if is_target(tree, node)]
    made = tree.parent(tree.parent(stores[0]) or tree.module) if len(stores) == 1 else None
    if owner is None or not isinstance(made, cst.Assign) or tree.scope(made) != f"{owner.qualname}.__init__":
        raise NoForm(f"self.{name} is not known to hold the same in every instance")
    held = _literal(made.value) if len(made.targets) == 1 and tree.code(made.targets[0].target) == f"self.{name}" else None
    if held is None or any(isinstance(above, cst.If | cst.For | cst.While | cst.Try) for above in tree.ancestors(made)):
        raise NoForm(f"self.{name} is not known to hold the same in every instance")
    related = [*body.facts.ancestors(owner), *body.facts.descendants(owner)]
    by_name = any(_sets(body, call, name) for call in tree.find(cst.Call))
    if by_name or any(name in known.attributes for known in related) or not all(_reads(body, use) for use in uses if use not in stores):
        raise NoForm(f"self.{name} is changed elsewhere, or may be")
    if not all(isinstance(key, str) and key.isidentifier() and not keyword.iskeyword(key) and _plain(item) for key, item in held.items()):
        raise NoForm(f"self.{name} holds more than numbers and texts")
    return {str(key): item for key, item in held.items()}


def _reads(body: Body, use: cst.Attribute) -> bool:
    """Whether a use of a dict leaves it as it is and gives it no other name."""
    tree, above = body.tree, body.tree.parent(use)
    if isinstance(above, cst.Subscript):
        return above.value is not use or not is_target(tree, above)
    if isinstance(above, cst.Attribute):
        return above.attr.value in _READING
    call = tree.parent(above) if isinstance(above, cst.Arg) else None
    if isinstance(above, cst.Arg) and isinstance(call, cst.Call):
        return above.star == "**" or tree.dotted(call.func).startswith("builtins.")
    return isinstance(above, cst.ComparisonTarget | cst.Comparison | cst.StarredDictElement)


def _sets(body: Body, call: cst.Call, name: str) -> bool:
    """Whether a call may be a ``setattr`` of that name."""
    if body.tree.dotted(call.func) not in ("builtins.setattr", "builtins.delattr") or len(call.args) < 2:
        return False
    start = literal_start(call.args[1].value)
    return start == name if isinstance(call.args[1].value, cst.SimpleString) else name.startswith(start)


def _literal(node: cst.BaseExpression) -> dict[object, object] | None:
    """The value of a dict that is written out, or None."""
    try:
        value = ast.literal_eval(cst.Module([]).code_for_node(node))
    except (ValueError, SyntaxError):
        return None
    return value if isinstance(value, dict) else None


def _plain(item: object) -> bool:
    if isinstance(item, list | tuple):
        return all(type(part) in (int, float) for part in item) and bool(item)
    return type(item) in _PLAIN and item == item and item not in (float("inf"), float("-inf"))
