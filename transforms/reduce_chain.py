"""SF301: functools.reduce over modules, indices or values becomes the calls it stands for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst

from scriptify.facts.model import Facts, Kind, Unknown
from scriptify.facts.types import Type, annotation
from scriptify.transform import Edit, Focus, Import, Phase, Proposal, Transform
from scriptify.transforms._containers import Method
from scriptify.transforms._kept import steady
from scriptify.transforms._reduce_chain_examples import EXAMPLES
from scriptify.tree import Tree, assigned_names
from scriptify.tree.flow import kept_by_others
from scriptify.tree.fold import CannotFold, Step, declared, indices_of, is_sequence, numbers, promised, step_of, strip_list, submodule
from scriptify.tree.hoist import CannotHoist, Site, eager_only, may_be_caught, reached_functions, site
from scriptify.tree.infer import Guess
from scriptify.tree.inline import constant
from scriptify.tree.substitute import FreshNames, calm, free_names, one_line, source, stable, variables

LONGEST = 16
"""Up to this many steps are written out where each needs its own literal index or its own element."""
_REDUCE = ("functools.reduce", "_functools.reduce")


class ReduceChain(Transform):
    """``x = reduce(lambda x, n: self.features[n](x), list(range(0, 2)), x)`` -> ``x = self.features[0](x)``, ``x = self.features[1](x)``.

    The compiler knows neither ``reduce`` nor lambdas, and wants a literal index into a ModuleList. Steps
    over literal indices and over literal lists are written out, every other chain becomes a loop. The
    iterable, the function and the initial value are evaluated once and in the same order as before; an
    empty iterable without an initial value raises the same TypeError.
    """

    code = "SF301"
    name = "reduce-chain"
    phase = Phase.SYNTAX
    hints = ("reduce",)
    explains = ("built-in function reduce", "Lambda aren't supported")
    source = "https://docs.pytorch.org/docs/stable/jit_language_reference.html"
    examples = EXAMPLES

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Every outermost call of ``functools.reduce`` in compiled functions."""
        for qualname, function in reached_functions(tree, facts):
            hidden = assigned_names(function)
            for call in _outermost(tree, function, hidden):
                has_lambda = next(tree.find(cst.Lambda, call), None) is not None
                if eager_only(tree, call) and not has_lambda:
                    continue
                try:
                    fold = _Fold(tree, facts, qualname, function, call)
                    edits, title = fold.edits()
                except (CannotHoist, CannotFold) as reason:
                    yield tree.decline(self, call, f"reduce is not supported by the compiler, and this one is left alone: {reason}")
                else:
                    yield tree.rewrite(self, call, title, edits, imports=fold.imports, why="the compiler knows neither reduce nor lambdas")


def _outermost(tree: Tree, function: cst.FunctionDef, hidden: set[str]) -> Iterator[cst.Call]:
    found: list[cst.Call] = []
    for call in tree.find(cst.Call, function.body):
        ours = tree.dotted(call.func) in _REDUCE and not ({n.value for n in variables(call.func)} & hidden)
        if ours and not any(tree.contains(outer, call) for outer in found):
            found.append(call)
    yield from found


@dataclass
class _Fold:
    """One reduce call and the lines it becomes."""

    tree: Tree
    facts: Facts
    qualname: str
    function: cst.FunctionDef
    call: cst.Call

    def __post_init__(self) -> None:
        arguments = [arg.value for arg in self.call.args]
        if len(arguments) not in (2, 3) or any(arg.star or arg.keyword for arg in self.call.args):
            raise CannotFold("its arguments are not written out one by one")
        self.imports: list[Import] = []
        self.names = FreshNames(self.tree, self.function)
        self.site: Site = site(self.tree, self.call)
        self.step: Step = step_of(self.tree, arguments[0], assigned_names(self.function))
        self._check_kept(arguments[0])
        self.iterable: cst.BaseExpression = arguments[1]
        self.initial: cst.BaseExpression | None = arguments[2] if len(arguments) == 3 else None
        self.guess = Guess(self.tree, self.facts, self.qualname, self.function)
        if next(self.tree.find(cst.NamedExpr, self.call), None) is not None:
            raise CannotFold("it assigns a name with := inside")

    def _check_kept(self, function: cst.BaseExpression) -> None:
        """Raise CannotFold where a named function, which is looked up once, could be another when it is read in every step."""
        if isinstance(function, cst.Name | cst.Attribute) and not steady(self.tree, function, self.call):
            raise CannotFold(f"{self.tree.code(function)} may be bound anew while it goes through the items")

    def edits(self) -> tuple[list[Edit], str]:
        """The edits and the rewrite's title."""
        self.first: list[str] = []  # what must be evaluated before the first step, in order
        steps = self._items()
        into, whole = self._accumulator()
        if steps is None:
            lines, title = self._loop(into), "reduce becomes a loop"
        else:
            lines, title = self._unrolled(steps, into), f"reduce over {len(steps)} items is written out"
        lines = [*self.first, *lines]
        kept = [argument.value for argument in self.call.args] if steps is None else [self.call.args[0].value]
        if whole:
            return [self.site.instead(lines, kept)], title
        return self.site.edits(lines, into, self.names, kept), title

    # the accumulator

    def _accumulator(self) -> tuple[str, bool]:
        """The variable the steps assign to, and whether the whole statement goes (it assigned that variable)."""
        target = self.site.target
        used = free_names(self.call.args[0].value) | free_names(self.iterable) | declared(self.tree, self.function)
        if target is None or target.value in used or may_be_caught(self.tree, self.call):
            return self.names.fresh(self.step.result), False
        if not kept_by_others(self.function, target.value, self.call):  # a function that a step calls would see it half done
            return target.value, True
        return self.names.fresh(self.step.result), False

    # written out

    def _items(self) -> list[str] | None:
        """The text of every item where the chain is to be written out, else None."""
        method = Method(self.tree, self.facts, self.qualname, self.function)
        if holed := method.may_pick_none(self.call.args[0].value):
            raise CannotFold(f"{holed} may hold None: the compiler drops it and positions shift")
        numbers_ = indices_of(self.tree, self.iterable)
        if numbers_ is not None:
            wanted = self._indexes_modules() and 0 < len(numbers_) <= LONGEST
            return [self._number(number) for number in numbers_] if wanted else None
        literal = strip_list(self.tree, self.iterable)
        if not isinstance(literal, cst.List | cst.Tuple) or not 0 < len(literal.elements) <= LONGEST:
            return None
        if any(not isinstance(element, cst.Element) for element in literal.elements):
            raise CannotFold("a starred part of its list has a length that is not written here")
        return [self._element(element.value) for element in literal.elements]

    def _number(self, number: int) -> str:
        """An item's text: a negative one in parentheses unless it is only an index, for the sake of ``n ** 2``."""
        uses = [name for name in variables(self.call.args[0].value) if name.value in self.step.item_names]
        parents = [self.tree.parent(name) for name in uses]
        return str(number) if number >= 0 or all(isinstance(above, cst.Index | cst.Param) for above in parents) else f"({number})"

    def _element(self, value: cst.BaseExpression) -> str:
        if isinstance(value, cst.Lambda):
            raise CannotFold("its list holds lambdas")
        if stable(value) or submodule(value):
            return self.tree.operand(value)
        name = self.names.fresh("item")
        self.first.append(f"{name} = {one_line(self.tree, value, source(self.tree, value))}")
        return name

    def _indexes_modules(self) -> bool:
        """Whether the items are indices into what is, or is called like, a container of modules."""
        owner = self.facts.owner(self.tree.path, self.qualname)
        for subscript in self.tree.find(cst.Subscript, self.call.args[0].value):
            if not any(name.value in self.step.item_names for element in subscript.slice for name in variables(element)):
                continue
            base = subscript.value
            if isinstance(base, cst.Attribute) and isinstance(base.value, cst.Name) and base.value.value == "self" and owner:
                attribute = self.facts.attribute(self.tree.path, owner.qualname, base.attr.value)
                if not isinstance(attribute, Unknown) and attribute.kind is not None:
                    if attribute.kind in (Kind.MODULE_LIST, Kind.SEQUENTIAL):
                        return True
                    continue
            above = self.tree.parent(subscript)
            if isinstance(above, cst.Call) and above.func is subscript:
                return True
        return False

    def _unrolled(self, items: list[str], into: str) -> list[str]:
        if self.initial is not None:
            start = self._start(items)
        else:
            start, items = items[0], items[1:]
            if not items:
                return [f"{into} = {start}"]
        lines = [f"{into}{self._annotated} = {self.step.text(start, items[0], self.tree)}"]
        return [*lines, *(f"{into} = {self.step.text(into, item, self.tree)}" for item in items[1:])]

    def _start(self, items: list[str]) -> str:
        initial = self.initial
        assert initial is not None
        if stable(initial) and (self.step.once or isinstance(initial, cst.Name)):
            return self.tree.operand(initial)
        name = self.names.fresh(f"{self.step.result}_start")
        self.first.append(f"{name} = {one_line(self.tree, initial, source(self.tree, initial))}")
        return name

    @property
    def _annotated(self) -> str:
        return f": {self.site.annotation}" if self.site.target is not None and self.site.annotation else ""

    # a loop

    def _loop(self, into: str) -> list[str]:
        item = self.step.loop_name(self.names, self.call)
        body = f"    {into} = {self.step.text(into, item, self.tree)}"
        if self.initial is None:
            items = self._sequence()
            return [
                f"if len({items}) == 0:",
                '    raise TypeError("reduce() of empty iterable with no initial value")',
                f"{into}{self._annotated} = {items}[0]",
                f"for {item} in {items}[1:]:",
                body,
            ]
        if numbers(self.initial) and not self._adds_numbers():
            raise CannotFold("it starts from a number and may add tensors to it, which scripting turns into a number; start from a tensor")
        iterable = self._iterable_text()
        start = one_line(self.tree, self.initial, source(self.tree, self.initial))
        typed = self._annotated or self._list_type(into)
        first = [f"{into}{typed} = {start}"] if typed or start != into else []
        return [*first, f"for {item} in {iterable}:", body]

    def _adds_numbers(self) -> bool:
        """Whether the items, and so the sum, are numbers."""
        element = self.guess.element(strip_list(self.tree, self.iterable))
        target = self.site.target
        known = self.facts.local(self.tree.path, self.qualname, target.value) if target is not None else Unknown("")
        if not isinstance(known, Unknown):
            return known.type.name in ("int", "float")
        if element is None or element.name not in ("int", "float", "bool"):
            return False
        lambda_ = self.call.args[0].value
        if not isinstance(lambda_, cst.Lambda):
            return self.step.arithmetic
        types = dict.fromkeys(self.step.item_names, element) | dict.fromkeys(self.step.result_names, self.guess.of(self.initial))
        result = self.guess.knowing(types).of(lambda_.body)
        return result is not None and result.name in ("int", "float")

    def _iterable_text(self) -> str:
        stripped = strip_list(self.tree, self.iterable)
        text = source(self.tree, stripped)
        assert self.initial is not None
        fresh = isinstance(self.initial, cst.List) and not self.initial.elements
        if isinstance(self.initial, cst.Name) or constant(self.initial) or fresh:
            return one_line(self.tree, stripped, text)
        fixed = all(steady(self.tree, attribute, self.call) for attribute in self.tree.find(cst.Attribute, stripped))
        if calm(self.tree, stripped) and (fixed or calm(self.tree, self.initial)):  # it is the same after the initial value
            return one_line(self.tree, stripped, text)
        name = self.names.fresh("items")
        self.first.append(f"{name} = {one_line(self.tree, self.iterable, source(self.tree, self.iterable))}")
        return name

    def _list_type(self, into: str) -> str:
        """The annotation of a list that starts empty, where its type is known and not the compiler's own guess."""
        if not isinstance(self.initial, cst.List) or self.initial.elements:
            return ""
        known = self.facts.local(self.tree.path, self.qualname, into)
        found = known.type if not isinstance(known, Unknown) else self._grown()
        if found is None or found.name != "List" or found.args[0].args or found.args[0] == Type("Tensor") or annotation(found) is None:
            return ""
        spelling, wanted = self.tree.imports.spell("typing.List")
        self.imports.extend(wanted)
        return f": {spelling}[{annotation(found.args[0])}]"

    def _grown(self) -> Type | None:
        lambda_ = self.call.args[0].value
        if not isinstance(lambda_, cst.Lambda) or not isinstance(lambda_.body, cst.BinaryOperation):
            return self.guess.element(self.iterable) if self.step.arithmetic else None
        types = dict.fromkeys(self.step.item_names, self.guess.element(self.iterable))
        guess = self.guess.knowing(types)
        return guess.of(lambda_.body.right) or guess.of(lambda_.body.left)

    def _sequence(self) -> str:
        """The text of the iterable as a value that can be indexed, in a variable where it has no stable text."""
        if not is_sequence(self.tree, self.function, self.iterable, self.guess):
            raise CannotFold(f"{self.tree.code(self.iterable)} is not known to be a list or tuple; give an entry: its run shows the type")
        listed = promised(self.tree, self.function, self.iterable, self.guess)
        if stable(self.iterable) and isinstance(self.iterable, cst.Name | cst.Attribute) and not listed:
            return self.tree.code(self.iterable)
        name = self.names.fresh("items")
        text = source(self.tree, self.iterable)
        self.first.append(f"{name} = {f'list({text})' if listed else one_line(self.tree, self.iterable, text)}")
        return name
