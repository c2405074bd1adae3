"""SF303: map, filter, and comprehensions with conditions become what the compiler takes."""

from __future__ import annotations

import builtins
from collections.abc import Iterator
from dataclasses import dataclass, field

import libcst as cst

from scriptify.facts.model import Facts
from scriptify.facts.types import Type
from scriptify.transform import Edit, Focus, Import, Phase, Proposal, Transform
from scriptify.transforms._kept import steady, used_within
from scriptify.transforms._lazy_items import iterated, lazy_filter, lazy_generator
from scriptify.transforms._map_filter_examples import EXAMPLES
from scriptify.tree import Tree, assigned_names
from scriptify.tree.flow import kept_by_others
from scriptify.tree.fold import declared
from scriptify.tree.hoist import CannotHoist, eager_only, may_be_caught, reached_functions, site
from scriptify.tree.infer import Guess
from scriptify.tree.inline import CannotInline, inlined_parameters, plain_parameters
from scriptify.tree.loops import Clause, LoopText, clauses
from scriptify.tree.substitute import FreshNames, bound_inside, calm, free_names, source, stable, variables

_EXHAUST = frozenset(f"builtins.{name}" for name in ("list", "sum", "max", "min", "sorted"))
_TAKE_LISTS = frozenset(f"torch.{name}" for name in ("cat", "concat", "stack", "hstack", "vstack", "dstack", "concatenate"))
_LONGEST = 16


class MapFilter(Transform):
    """``list(map(f, xs))`` -> ``[f(item) for item in xs]``; ``[a for a in xs if c]`` -> a loop that appends.

    The compiler knows neither ``map`` nor ``filter``, no condition and no second ``for`` in a
    comprehension. A generator expression is as lazy as ``map`` is, so eager code computes the same things
    at the same time; a loop goes before the statement only where the expression is evaluated exactly once.
    """

    code = "SF303"
    name = "map-filter"
    phase = Phase.SYNTAX
    hints = ("map(", "filter(", " for ")
    explains = (
        "Lambda aren't supported",
        "cannot be used as a value",
        "filter(Tensor",
        "Comprehension ifs are not supported",
        "Only a single generator is currently supported",
        "cannot statically infer the expected size of a list in this context",
    )
    source = "https://docs.pytorch.org/docs/stable/jit_language_reference.html"
    examples = EXAMPLES

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Calls of map and filter, and comprehensions the compiler has no form for, in compiled functions."""
        for qualname, function in reached_functions(tree, facts):
            hidden = assigned_names(function)
            done: list[cst.CSTNode] = []
            for node in tree.find(cst.BaseExpression, function.body):  # type: ignore[type-abstract]
                if any(tree.contains(outer, node) for outer in done):
                    continue
                task = _task(tree, facts, qualname, function, node, hidden)
                if task is None:
                    continue
                done.append(node)
                try:
                    yield tree.rewrite(self, node, task.title, task.edits(), imports=task.imports, why=task.why)
                except (CannotHoist, CannotInline) as reason:
                    yield tree.decline(self, node, f"{task.why}, and this one is left alone: {reason}")


def _task(tree: Tree, facts: Facts, qualname: str, function: cst.FunctionDef, node: cst.CSTNode, hidden: set[str]) -> _Task | None:
    """What is to be done about a node, or None."""
    lambdas = next(tree.find(cst.Lambda, node), None) is not None
    if isinstance(node, cst.ListComp | cst.GeneratorExp | cst.DictComp):
        refused = bool(node.for_in.ifs) or node.for_in.inner_for_in is not None
        return _Task(tree, facts, qualname, function, node, node) if refused else None
    if not isinstance(node, cst.Call) or (eager_only(tree, node) and not lambdas):
        return None
    inner = _wrapped(tree, node, hidden)
    if inner is not None:
        return _Task(tree, facts, qualname, function, node, inner)
    return _Task(tree, facts, qualname, function, node, node) if _named(tree, node, hidden) else None


def _named(tree: Tree, node: cst.CSTNode, hidden: set[str]) -> bool:
    return isinstance(node, cst.Call) and tree.dotted(node.func) in ("builtins.map", "builtins.filter") and not _hides(node.func, hidden)


def _hides(func: cst.BaseExpression, hidden: set[str]) -> bool:
    return bool({name.value for name in variables(func)} & hidden)


def _wrapped(tree: Tree, node: cst.Call, hidden: set[str]) -> cst.Call | None:
    """The map or filter in ``list(...)`` or ``tuple(...)``."""
    whole = tree.dotted(node.func) in ("builtins.list", "builtins.tuple") and len(node.args) == 1 and not node.args[0].star
    if not whole or _hides(node.func, hidden):
        return None
    inner = node.args[0].value
    return inner if isinstance(inner, cst.Call) and _named(tree, inner, hidden) else None


@dataclass
class _Task:
    """One expression ``node`` to replace; ``inner`` is the map, filter or comprehension in it."""

    tree: Tree
    facts: Facts
    qualname: str
    function: cst.FunctionDef
    node: cst.BaseExpression
    inner: cst.BaseExpression
    imports: list[Import] = field(default_factory=list)

    @property
    def title(self) -> str:
        """For the report."""
        if not isinstance(self.inner, cst.Call):
            return "a comprehension becomes a loop"
        return f"{self.tree.code(self.inner.func)} becomes a {'comprehension' if self._maps else 'loop'}"

    @property
    def why(self) -> str:
        """What the compiler refuses."""
        if not isinstance(self.inner, cst.Call):
            return "the compiler takes no condition and no second loop in a comprehension"
        return "the compiler knows neither map nor filter"

    @property
    def _maps(self) -> bool:
        return isinstance(self.inner, cst.Call) and self.tree.dotted(self.inner.func) == "builtins.map"

    @property
    def _hidden(self) -> set[str]:
        """Names that the function itself gives a meaning, builtins among them."""
        return assigned_names(self.function)

    def edits(self) -> list[Edit]:
        """The edits. Raises CannotHoist or CannotInline."""
        self.names = FreshNames(self.tree, self.function)
        if isinstance(self.inner, cst.Call):
            if any(arg.star or arg.keyword for arg in self.inner.args) or len(self.inner.args) < 2:
                raise CannotInline("its arguments are not written out one by one")
            self._check_kept(self.inner)
            if any(self.tree.dotted(node) == "builtins.next" for node in self.tree.find(cst.Name, self.inner.args[0].value)):
                raise CannotInline("the end of an iterator inside its function ends a map, and is an error elsewhere")
            if self._maps:
                return self._map(self.inner)
            if len(self.inner.args) != 2:
                raise CannotInline("its arguments are not written out one by one")
            lazy = lazy_filter(self.tree, self.inner, self.names, self._condition) if self.inner is self.node else []
            return lazy or self._loop(self._filter_clauses(self.inner))
        assert isinstance(self.inner, cst.ListComp | cst.GeneratorExp | cst.DictComp)
        lazy = lazy_generator(self.tree, self.inner, self.names, self._hidden) if isinstance(self.inner, cst.GeneratorExp) else []
        return lazy or self._loop(clauses(self.tree, self.inner))

    def _check_kept(self, call: cst.Call) -> None:
        """Raise CannotInline where the function, which is looked up once, could be another when it is read for each item."""
        function = call.args[0].value
        if not isinstance(function, cst.Name | cst.Attribute) or self.tree.code(function) == "None":
            return
        within = self.node if self.node is not call else used_within(self.tree, call, self.function)
        if not steady(self.tree, function, within):
            raise CannotInline(f"{self.tree.code(function)} may be bound anew while it goes through the items")

    # map

    def _map(self, call: cst.Call) -> list[Edit]:
        consumer = self.tree.dotted(self.node.func) if isinstance(self.node, cst.Call) and self.node is not call else ""
        iterables = [arg.value for arg in call.args[1:]]
        if consumer == "builtins.tuple" and not self._takes_lists(self.node):
            return [self.tree.replace_outer(self.node, self._written_out(call, iterables))]
        names, body = self._applied(call.args[0].value, len(iterables))
        texts = [iterated(self.tree, iterable) for iterable in iterables]
        if len(texts) > 1 and ("zip" in self._hidden or self.tree.dotted(cst.Name("zip")) != "builtins.zip"):
            raise CannotInline("the name zip means something else here")
        over = texts[0] if len(texts) == 1 else f"zip({', '.join(texts)})"
        text = f"{body} for {', '.join(names)} in {over}"
        above = self.tree.parent(self.node)
        unpacked = isinstance(above, cst.Assign) and isinstance(above.targets[0].target, cst.Tuple | cst.List)
        if consumer or unpacked:
            return [self.tree.replace_outer(self.node, f"[{text}]")]
        if isinstance(above, cst.Arg) and above.star == "*":
            return [self.tree.replace_outer(self.node, f"[{text}]")]
        if isinstance(above, cst.StarredElement):
            whole = self.tree.parent(above)
            if isinstance(whole, cst.List) and len(whole.elements) == 1:
                return [self.tree.replace_outer(whole, f"[{text}]")]
        if isinstance(above, cst.Arg) and above.star:
            raise CannotInline("its items are spread over arguments")
        user = self.tree.parent(above) if isinstance(above, cst.Arg) and above.keyword is None else None
        alone = isinstance(user, cst.Call) and len(user.args) == 1
        if not alone and not isinstance(above, cst.Arg | cst.For | cst.CompFor):
            raise CannotInline("it is kept as a lazy value")
        return [self.tree.replace_outer(self.node, text if alone else f"({text})")]

    def _takes_lists(self, node: cst.BaseExpression) -> bool:
        above = self.tree.parent(node)
        call = self.tree.parent(above) if isinstance(above, cst.Arg) else None
        return isinstance(call, cst.Call) and call.args[0] is above and self.tree.dotted(call.func) in _TAKE_LISTS

    def _written_out(self, call: cst.Call, iterables: list[cst.BaseExpression]) -> str:
        items = iterables[0]
        if len(iterables) != 1 or not isinstance(items, cst.Tuple | cst.List) or not 0 < len(items.elements) <= _LONGEST:
            raise CannotInline("the compiler makes no tuple of a length it does not know")
        values = [element.value for element in items.elements]
        function = call.args[0].value
        safe = all(stable(value) for value in values) or _reads_once(self.tree, function)
        if any(isinstance(element, cst.StarredElement) for element in items.elements) or not safe:
            raise CannotInline("the items of its tuple would be computed in another order")
        if {name for value in values for name in free_names(value)} & bound_inside(function):
            raise CannotInline("its lambda gives a name of the items another meaning")
        texts = [self._applied(function, 1, [self.tree.operand(value)])[1] for value in values]
        return f"({', '.join(texts)}{',' if len(texts) == 1 else ''})"

    def _applied(self, function: cst.BaseExpression, count: int, items: list[str] | None = None) -> tuple[list[str], str]:
        """Names for the items of ``count`` iterables, and the expression for one turn."""
        if isinstance(function, cst.Lambda):
            parameters = inlined_parameters(self.tree, function)
            if len(parameters) != count:
                raise CannotInline("its lambda takes another number of arguments, or has defaults")
            own = [p.name.value for p in parameters]
            names = items or [self.names.keep(name, [function]) if name != "_" else name for name in own]
            text = LoopText(self.tree).of(function.body, dict(zip(own, names, strict=True)))
            return names, f"({text})" if isinstance(function.body, cst.Tuple) and not function.body.lpar else text
        if not isinstance(function, cst.Name | cst.Attribute) or not stable(function) or self.tree.code(function) == "None":
            raise CannotInline("its function is itself computed")
        names = items or [self.names.fresh("item") for _ in range(count)]
        return names, f"{self.tree.code(function)}({', '.join(names)})"

    # loops

    def _filter_clauses(self, call: cst.Call) -> Clause:
        names, condition = self._condition(call)
        return Clause([(names[0], source(self.tree, call.args[1].value), [condition])], names[0], bound={}, first=call.args[1].value)

    def _condition(self, call: cst.Call) -> tuple[list[str], str]:
        """A name for the item of a filter, and what it asks of it."""
        if self.tree.code(call.args[0].value) == "None":
            names = [self.names.fresh("item")]
            return names, names[0]
        return self._applied(call.args[0].value, 1)

    def _loop(self, clause: Clause) -> list[Edit]:
        if isinstance(clause.key, cst.BaseExpression) and not self._key_keeps(clause.key, clause.item):
            raise CannotInline("its keys are computed, and would be computed after their values")
        spot, taken = self._consumed()
        place = site(self.tree, spot)
        target = place.target if spot is taken else None
        used = free_names(self.inner) | bound_inside(self.inner)
        used |= declared(self.tree, self.function)
        direct = target is not None and target.value not in used and not may_be_caught(self.tree, self.node)
        if direct and target is not None:  # a function that is called meanwhile would see the list half done
            direct = not kept_by_others(self.function, target.value, self.node)
        into = target.value if direct and target is not None else self.names.fresh("items")
        renamed = {name: self.names.keep(name, [self.inner]) for name in clause.bound}
        start = "{}" if clause.key else "[]"
        typed = self._type(clause, place.annotation if direct else "")
        lines = [f"{into}{typed} = {start}", *clause.lines(into, renamed, LoopText(self.tree))]
        if direct:
            return [place.instead(lines, self._pieces())]
        return place.edits(lines, into, self.names, self._pieces())

    def _pieces(self) -> list[cst.BaseExpression]:
        """What the loop takes over as it is written, with its comments."""
        inner = self.inner
        if isinstance(inner, cst.Call):
            return [arg.value.body if isinstance(arg.value, cst.Lambda) else arg.value for arg in inner.args]
        if not isinstance(inner, cst.DictComp | cst.ListComp | cst.SetComp | cst.GeneratorExp):
            return []
        pieces = [inner.key, inner.value] if isinstance(inner, cst.DictComp) else [inner.elt]
        part: cst.CompFor | None = inner.for_in
        while part is not None:
            pieces += [part.iter, *(condition.test for condition in part.ifs)]
            part = part.inner_for_in
        return pieces

    def _key_keeps(self, key: cst.BaseExpression, value: cst.BaseExpression | str) -> bool:
        """Whether a key of a dict is the same when it is worked out after its value."""
        reads = any(True for kind in (cst.Attribute, cst.Call, cst.Subscript) for _ in self.tree.find(kind, key))
        return calm(self.tree, key) and (not reads or (not isinstance(value, str) and calm(self.tree, value)))

    def _consumed(self) -> tuple[cst.BaseExpression, cst.BaseExpression]:
        """The expression the list stands for, once where it may be assigned as a whole. Raises CannotInline for lazy ones."""
        if not isinstance(self.inner, cst.GeneratorExp) and not (isinstance(self.inner, cst.Call) and self.inner is self.node):
            tuples = isinstance(self.node, cst.Call) and self.tree.dotted(self.node.func) == "builtins.tuple"
            if tuples and not self._takes_lists(self.node):
                raise CannotInline("the compiler makes no tuple of a length it does not know")
            return self.node, self.node
        above = self.tree.parent(self.node)
        user = self.tree.parent(above) if isinstance(above, cst.Arg) and not above.star else None
        known = isinstance(user, cst.Call) and not _hides(user.func, self._hidden & set(dir(builtins)))
        if known and isinstance(user, cst.Call) and user.args[0] is above and all(stable(arg.value) for arg in user.args[1:]):
            if self.tree.dotted(user.func) == "builtins.list":
                return user, user
            joins = isinstance(user.func, cst.Attribute) and user.func.attr.value == "join"
            own = isinstance(user.func, cst.Attribute) and self.tree.code(user.func.value) == "self"  # a method of the project's
            if (joins and not own) or self.tree.dotted(user.func) in _EXHAUST:
                return self.node, user
        raise CannotInline("it is lazy, and what takes it may not use all of it")

    def _type(self, clause: Clause, written: str) -> str:
        """The annotation of a list whose items are known not to be tensors."""
        if written:
            return f": {written}"
        guess = Guess(self.tree, self.facts, self.qualname, self.function)
        for target, iterable in clause.targets:
            guess = guess.knowing(guess.targets(target, guess.element(iterable)))
        if isinstance(self.inner, cst.Call) and isinstance(clause.item, str) and len(self.inner.args) == 2:
            guess = guess.knowing({clause.item: guess.element(self.inner.args[1].value)})
        items = [cst.Name(clause.item) if isinstance(clause.item, str) else clause.item]
        parts = [guess.of(node) for node in (clause.key, *items) if isinstance(node, cst.BaseExpression)]
        texts = [self._spelt(part) for part in parts]
        if not parts or "" in texts or [str(part) for part in parts] in (["Tensor"], ["str", "Tensor"]):
            self.imports.clear()
            return ""  # not known, or what the compiler takes an empty list or dict for
        spelling, wanted = self.tree.imports.spell("typing.Dict" if clause.key else "typing.List")
        self.imports.extend(wanted)
        return f": {spelling}[{', '.join(texts)}]"

    def _spelt(self, type_: Type | None) -> str:
        """A plain type, or a tuple of such, as it is written here; ``""`` for others."""
        if type_ is None or type_.name not in ("int", "float", "bool", "str", "Tensor", "Tuple"):
            return ""
        if type_.name in ("Tensor", "Tuple"):
            spelling, wanted = self.tree.imports.spell("torch.Tensor" if type_.name == "Tensor" else "typing.Tuple")
            self.imports.extend(wanted)
            inner = [self._spelt(arg) for arg in type_.args]
            if type_.name == "Tensor" or not inner or "" in inner:
                return spelling if type_.name == "Tensor" else ""
            return f"{spelling}[{', '.join(inner)}]"
        return str(type_)


def _reads_once(tree: Tree, function: cst.BaseExpression) -> bool:
    """Whether a lambda reads its argument exactly once (a named function always does)."""
    if not isinstance(function, cst.Lambda):
        return True
    own = {p.name.value for p in plain_parameters(function)}
    quiet = not any(True for _ in tree.find(cst.Call, function.body))
    return quiet and sum(name.value in own for name in variables(function.body)) == 1
