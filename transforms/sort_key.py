"""SF304: sorting and choosing by a key, without a function as an argument."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scriptify.facts.model import Facts
from scriptify.facts.types import Type
from scriptify.transform import Edit, Focus, Phase, Proposal, Transform
from scriptify.transforms._kept import steady
from scriptify.transforms._sort_key_examples import EXAMPLES
from scriptify.tree import Tree, assigned_names
from scriptify.tree.fold import is_sequence, literal_int, promised
from scriptify.tree.hoist import CannotHoist, eager_only, reached_functions, site, with_comments
from scriptify.tree.infer import Guess
from scriptify.tree.inline import CannotInline, inlined_parameters, plain_parameters
from scriptify.tree.loops import LoopText
from scriptify.tree.shapes import shape_read, size_read
from scriptify.tree.substitute import FreshNames, one_line, source, stable, variables

_SORTABLE = ("int", "float", "str", "bool")


class SortKey(Transform):
    """``sorted(xs, key=lambda t: -t)`` -> ``order = sorted([(-t, i) for i, t in enumerate(xs)])``, then the items in that order.

    The compiler takes no function as an argument. Pairs of key and place sort as the keys do and keep the
    order of equal keys; ``max`` and ``min`` become a loop that keeps the first best item and the error for
    an empty list. A key has to be known as a number or text for sorting, because pairs compare with ``==``.
    """

    code = "SF304"
    name = "sort-key"
    phase = Phase.SYNTAX
    hints = ("key=", "key =", "reverse=", "reverse =")
    explains = (
        "Lambda aren't supported",
        "cannot be used as a value",
        "Keyword argument reverse unknown",
        "Keyword argument key unknown",
    )
    source = "https://docs.pytorch.org/docs/stable/jit_builtin_functions.html"
    examples = EXAMPLES

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Calls of sorted, max, min and list.sort with a key in compiled functions; sorted with reverse alone."""
        for qualname, function in reached_functions(tree, facts):
            hidden = assigned_names(function)
            guess = Guess(tree, facts, qualname, function)
            for call in tree.find(cst.Call, function.body):
                what = _what(tree, call, hidden)
                if not what or (eager_only(tree, call) and next(tree.find(cst.Lambda, call), None) is None):
                    continue
                try:
                    edits = _Ordered(tree, function, guess, call, what).edits()
                except (CannotHoist, CannotInline) as reason:
                    yield tree.decline(self, call, f"the compiler takes no function or order as an argument of {what}: {reason}")
                else:
                    title = f"{what} by a key becomes plain code"
                    yield tree.rewrite(self, call, title, edits, why="the compiler takes no function as an argument")


def _what(tree: Tree, call: cst.Call, hidden: set[str]) -> str:
    """``sorted``, ``max``, ``min`` or ``sort`` for a call this is about, else ``""``."""
    keywords = {arg.keyword.value for arg in call.args if arg.keyword is not None}
    dotted = tree.dotted(call.func)
    free = not {name.value for name in variables(call.func)} & hidden
    if dotted == "builtins.sorted" and free and keywords & {"key", "reverse"}:
        return "sorted"
    if dotted in ("builtins.max", "builtins.min") and free and "key" in keywords:
        return dotted.rpartition(".")[2]
    sorts = isinstance(call.func, cst.Attribute) and call.func.attr.value == "sort" and "key" in keywords
    return "sort" if sorts and not any(arg.keyword is None for arg in call.args) else ""


class _Ordered:
    """One call and the code it becomes."""

    def __init__(self, tree: Tree, function: cst.FunctionDef, guess: Guess, call: cst.Call, what: str) -> None:
        self.tree, self.function, self.guess, self.call, self.what = tree, function, guess, call, what
        self.names = FreshNames(tree, function)
        self.keywords = {arg.keyword.value: arg.value for arg in call.args if arg.keyword is not None}
        if any(arg.star for arg in call.args) or set(self.keywords) - {"key", "reverse"}:
            raise CannotInline("it has starred arguments or a default")
        self.positional = [arg.value for arg in call.args if arg.keyword is None]

    def edits(self) -> list[Edit]:
        """The edits. Raises CannotHoist or CannotInline."""
        backwards = self._backwards()
        if "key" not in self.keywords:
            return [self._reversed()] if backwards else []
        if self.what in ("max", "min"):
            return self._best()
        if self.what == "sort":
            return self._in_place(backwards)
        if len(self.positional) != 1:
            raise CannotInline("it does not take one list")
        items = self.positional[0]
        known = isinstance(items, cst.Name) and self._is_list(items) and not self._promised(items)
        first = [] if known else [f"list({source(self.tree, items)})"]
        text = self.tree.code(items) if known else self.names.fresh("items")
        lines = [f"{text} = {value}" for value in first]
        order, ordered = self._order(items, text, backwards)
        return site(self.tree, self.call).edits([*lines, *order], ordered, self.names, [items, self.keywords["key"]])

    def _backwards(self) -> bool:
        value = self.keywords.get("reverse")
        if value is None:
            return False
        if not isinstance(value, cst.Name) or value.value not in ("True", "False"):
            raise CannotInline("its order is only known at run time")
        return value.value == "True"

    def _reversed(self) -> Edit:
        if len(self.positional) != 1:
            raise CannotInline("it does not take one list")
        element = self.guess.element(self.positional[0])
        if element is None or element.name not in ("int", "float", "str"):
            raise CannotInline("the type of its items is not known; give an entry: its run shows it")
        items, called = self.positional[0], self.tree.code(self.call.func)
        if shape_read(items) or size_read(items):
            return self.tree.replace(self.call, f"{called}({source(self.tree, items)})[::-1]")
        # equal items (1 and 1.0, 0.0 and -0.0, nan) keep their order: reverse=True, too, turns the list, sorts it and turns it again
        text = self.tree.code(items) if isinstance(items, cst.List | cst.ListComp) else f"list({source(self.tree, items)})"
        return self.tree.replace(self.call, f"{called}({text}[::-1])[::-1]")

    def _promised(self, node: cst.BaseExpression) -> bool:
        return promised(self.tree, self.function, node, self.guess)

    def _is_list(self, node: cst.BaseExpression) -> bool:
        known = self.guess.of(node)
        if known is not None:
            return known.name in ("List", "Tuple")
        return is_sequence(self.tree, self.function, node, self.guess)

    def _key(self, item: str, element: Type | None = None) -> tuple[str, Type | None]:
        """The key of ``item`` as text, and its type where it is known."""
        key = self.keywords["key"]
        if isinstance(key, cst.Lambda):
            parameters = inlined_parameters(self.tree, key)
            if len(parameters) != 1 or parameters[0].default is not None:
                raise CannotInline("its lambda does not take exactly one argument")
            name = parameters[0].name.value
            text = LoopText(self.tree).of(key.body, {name: item})
            return text, self._number(key.body) or self.guess.knowing({name: element}).of(key.body)
        if isinstance(key, cst.Call) and self.tree.dotted(key.func) == "operator.itemgetter" and len(key.args) == 1:
            place = literal_int(key.args[0].value)
            if place is None:
                raise CannotInline("its key is computed")
            fits = element is not None and element.name == "Tuple" and 0 <= place < len(element.args)
            return f"{item}[{place}]", element.args[place] if fits and element is not None else None
        if not isinstance(key, cst.Name | cst.Attribute) or not stable(key) or self.tree.code(key) == "None":
            raise CannotInline("its key is computed")
        if not steady(self.tree, key, self.call):
            raise CannotInline(f"{self.tree.code(key)} may be bound anew while it goes through the items")
        dotted = self.tree.dotted(key)
        types = {"builtins.len": Type("int"), "builtins.int": Type("int"), "builtins.float": Type("float"), "builtins.abs": element}
        return f"{self.tree.code(key)}({item})", types.get(dotted)

    def _number(self, body: cst.BaseExpression) -> Type | None:
        """A number for ``t.item()``, whatever kind of number it is."""
        item = isinstance(body, cst.Call) and isinstance(body.func, cst.Attribute) and body.func.attr.value == "item" and not body.args
        return Type("float") if item else None

    def _item_name(self) -> str:
        key = self.keywords["key"]
        if isinstance(key, cst.Lambda) and plain_parameters(key):
            return self.names.keep(plain_parameters(key)[0].name.value, [key])
        return self.names.fresh("item")

    def _order(self, items: cst.BaseExpression, text: str, backwards: bool) -> tuple[list[str], str]:
        """The line that sorts pairs of key and place, and the expression of the items in that order."""
        item = self._item_name()
        key, type_ = self._key(item, self.guess.element(items))
        if type_ is None or type_.name not in _SORTABLE:
            raise CannotInline("the type of its key is not known as a number or text; give an entry: its run shows it")
        key = f"int({key})" if type_.name == "bool" else key
        place, order = self.names.fresh("place"), self.names.fresh("order")
        sign = "-" if backwards else ""
        pairs = f"sorted([({key}, {sign}{place}) for {place}, {item} in enumerate({text})])"
        return [f"{order} = {pairs}{'[::-1]' if backwards else ''}"], f"[{text}[{sign}{place}] for _, {place} in {order}]"

    def _in_place(self, backwards: bool) -> list[Edit]:
        assert isinstance(self.call.func, cst.Attribute)
        items = self.call.func.value
        statement = self.tree.statement(self.call)
        alone = isinstance(statement, cst.SimpleStatementLine) and isinstance(self.tree.parent(self.call), cst.Expr)
        if not alone or statement is None or not self.tree.own_line(statement):
            raise CannotInline("it shares its line with other code")
        if not isinstance(items, cst.Name | cst.Attribute) or not stable(items):
            raise CannotInline("its list is computed")
        if not self._is_list(items) and any("sort" in known.methods for known in self.guess.facts.classes.values()):
            raise CannotInline("it may be the sort of a class of the project")
        order, expression = self._order(items, self.tree.code(items), backwards)
        ordered = self.names.fresh("ordered")
        text = self.tree.code(items)
        lines = [*order, f"{ordered} = {expression}", f"{text}.clear()", f"{text}.extend({ordered})"]
        return [self.tree.replace_statement(statement, with_comments(self.tree, statement, lines, [self.keywords["key"]]))]

    def _best(self) -> list[Edit]:
        if not self.positional:
            raise CannotInline("it takes no list")
        items = self.positional[0]
        lines: list[str] = []
        if len(self.positional) > 1:
            text = self.names.fresh("items")
            lines.append(f"{text} = [{', '.join(source(self.tree, value) for value in self.positional)}]")
        elif not is_sequence(self.tree, self.function, items, self.guess):
            raise CannotInline("what it takes is not known to be a list or tuple; give an entry: its run shows the type")
        elif isinstance(items, cst.Name) and not self._promised(items):
            text = self.tree.code(items)
        elif self._promised(items):
            text = self.names.fresh("items")
            lines.append(f"{text} = list({source(self.tree, items)})")
        else:
            text = self.names.fresh("items")
            lines.append(f"{text} = {one_line(self.tree, items, source(self.tree, items))}")
        best = self.names.fresh("largest" if self.what == "max" else "smallest")
        best_key, item = self.names.fresh(f"{best}_key"), self._item_name()
        key = self.names.fresh("item_key")
        if len(self.positional) == 1:
            lines += [f"if len({text}) == 0:", f'    raise ValueError("{self.what}() arg is an empty sequence")']
        lines += [
            f"{best} = {text}[0]",
            f"{best_key} = {self._key(best)[0]}",
            f"for {item} in {text}[1:]:",
            f"    {key} = {self._key(item)[0]}",
            f"    if {key} {'>' if self.what == 'max' else '<'} {best_key}:",
            f"        {best} = {item}",
            f"        {best_key} = {key}",
        ]
        return site(self.tree, self.call).edits(lines, best, self.names, [items, self.keywords["key"]])
