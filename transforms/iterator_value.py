"""SF315: ``iter`` and ``next`` as a list that is taken from the front."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst

from scriptify.facts.model import Facts, Kind
from scriptify.transform import Declines, Edit, Fires, Focus, Ignores, Phase, Proposal, Transform
from scriptify.transforms._changes import Changes
from scriptify.transforms._containers import Method
from scriptify.transforms._expression import STR, TENSOR, Body, NoForm, bodies, decline, positional, rewrite
from scriptify.tree import Tree
from scriptify.tree.flow import loads, parameter_names, stores_in
from scriptify.tree.substitute import calm, source

_HEAD = "import torch\nfrom torch import nn\n\n\nclass Net(nn.Module):\n    def forward(self, x: torch.Tensor):\n"
_ENTRY = "Net(), (torch.randn(2, 3),)"
_TEST = " if torch.jit.is_scripting() else "
_TAKERS = frozenset(f"builtins.{name}" for name in ("list", "sum", "max", "min", "sorted", "any", "all"))
_CHANGERS = frozenset("append extend insert pop remove clear sort reverse update setdefault popitem".split())


def _net(body: str) -> str:
    return _HEAD + "".join(f"        {line}\n" for line in body.splitlines())


def _fires(before: str, after: str, name: str) -> Fires:
    return Fires(_net(before), _net(after), entry=_ENTRY, name=name)


class IteratorValue(Transform):
    """``it = iter(xs)`` and ``next(it)`` -> ``list(xs)`` and ``it.pop(0)`` when scripted; ``next(iter(xs))`` -> ``xs[0]``.

    The compiler has no iterators. A list of its own that is taken from the front gives the same items in the same order,
    whatever loop or branch asks for them. Eager code keeps its iterator, and with it the error at the end.
    """

    code = "SF315"
    name = "iterator-value"
    phase = Phase.SYNTAX
    explains = ("built-in function iter>", "built-in function next>")
    hints = ("iter(",)
    source = "https://docs.pytorch.org/docs/stable/jit_python_reference.html#python-built-in-functions-support"
    examples = (
        _fires(
            "it = iter(x.unbind(0))\na = next(it)\nreturn a - next(it)",
            f"it = list(x.unbind(0)){_TEST}iter(x.unbind(0))\na = it.pop(0){_TEST}next(it)\nreturn a - (it.pop(0){_TEST}next(it))",
            "an iterator",
        ),
        _fires(
            "it = iter([x, x * 2, x * 3])\ny = next(it)\nfor t in it:\n    y = y + t\nreturn y",
            f"it = list([x, x * 2, x * 3]){_TEST}iter([x, x * 2, x * 3])\ny = it.pop(0){_TEST}next(it)\n"
            "for t in it:\n    y = y + t\nreturn y",
            "the first, and the others",
        ),
        _fires(
            "it = iter(range(3))\nfor i in range(2):\n    x = x * next(it) + next(it, 5)\nreturn x",
            f"it = list(range(3)){_TEST}iter(range(3))\nfor i in range(2):\n"
            f"    x = x * (it.pop(0){_TEST}next(it)) + ((it.pop(0) if len(it) > 0 else 5){_TEST}next(it, 5))\nreturn x",
            "in a loop, with a default",
        ),
        _fires(
            "d = {'a': x, 'b': x + 1}\nreturn next(iter([x, x + 1])), next(iter(d.values())), next(iter(d))",
            f"d = {{'a': x, 'b': x + 1}}\nreturn ([x, x + 1][0]{_TEST}next(iter([x, x + 1]))),"
            f" (list(d.values())[0]{_TEST}next(iter(d.values()))), (list(d.keys())[0]{_TEST}next(iter(d)))",
            "the first alone",
        ),
        _fires(
            "it = iter(x)\nreturn next(it) + next(it)",
            f"it = list(x){_TEST}iter(x)\nreturn (it.pop(0){_TEST}next(it)) + (it.pop(0){_TEST}next(it))",
            "the rows of a tensor",
        ),
        Declines(_net("it = iter([x, x])\nfor t in it:\n    x = x + t + next(it)\nreturn x"), because="goes through it"),
        Declines(_net("it = iter([x, x])\nreturn helper(it)"), because="handed on"),
        Declines(_net("xs = [x, x]\nit = iter(xs)\nxs.append(next(it))\nreturn next(it)"), because="changes"),
        Declines(_net("xs = [x, x]\nys = xs\nit = iter(xs)\nys.append(next(it))\nreturn next(it)"), because="changes"),
        Declines(_net("xs = [x, x]\nit = iter(xs)\nself.more(xs)\nreturn next(it)"), because="may change it"),
        Declines(_net("xs = [x, x]\nit = iter(xs)\nxs += [next(it)]\nreturn next(it)"), because="changes"),
        Declines(_net("it = iter([x])\nreturn next(it) + next(it, self.other())"), because="itself computed"),
        Declines(_net("a, b = c = iter([x, x])\nreturn a + b + next(c, 0)"), because="handed on"),
        Declines(
            _net("it = iter(self.xs)\ny = next(it)\nself.more()\nreturn y + next(it)")
            + "\n    def more(self):\n        self.xs.insert(1, torch.ones(1))\n",
            because="a method that is called",
            name="a list that a method changes",
        ),
        Declines(_net("s = 'ab'\nit = iter(s)\nreturn next(it) + next(it)"), because="byte by byte"),
        Ignores(_HEAD.replace("x: torch.Tensor", "x, iter") + "        return iter(x)\n", name="another iter"),
    )

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Every iterator in compiled code."""
        for body in bodies(tree, facts):
            for call in body.find(cst.Call):
                if body.dotted(call.func) != "builtins.iter" or len(call.args) != 1 or _parameters(call):
                    continue
                try:
                    yield rewrite(self, body, call, f"{tree.code(call)[:60]} as a list when scripted", _edits(body, call))
                except NoForm as reason:
                    yield decline(self, body, call, f"the compiler has no iterators, and {tree.code(call)[:60]} is left alone: {reason}")


def _edits(body: Body, call: cst.Call) -> list[Edit]:
    tree = body.tree
    body.need("list", "len", "next")
    above = tree.parent(call)
    user = tree.parent(above) if isinstance(above, cst.Arg) else None
    if isinstance(user, cst.Call) and body.dotted(user.func) == "builtins.next" and user.args[0] is above:
        return _first(body, user, call)
    if isinstance(above, cst.Assign) and isinstance(above.targets[0].target, cst.Name) and len(above.targets) == 1:
        return _Kept(body, call, above.targets[0].target.value).edits()
    taken = isinstance(user, cst.Call) and len(user.args) == 1 and body.dotted(user.func) in _TAKERS
    targets = above.targets if isinstance(above, cst.Assign) else ()
    unpacked = len(targets) == 1 and isinstance(targets[0].target, cst.Tuple | cst.List)  # another target keeps the iterator
    if taken or unpacked or (isinstance(above, cst.For | cst.CompFor) and above.iter is call):
        return _without(body, call)
    raise NoForm("it is handed on to something that may take any part of it")


def _without(body: Body, call: cst.Call) -> list[Edit]:
    """The items themselves in place of the iterator."""
    items = call.args[0].value
    if any(True for _ in body.tree.find(cst.Comment, call)):
        raise NoForm("a comment inside would be lost")
    text = source(body.tree, items)
    simple = items.lpar or isinstance(items, cst.Name | cst.Attribute | cst.Call | cst.Subscript | cst.List | cst.Dict | cst.ListComp)
    return [body.tree.replace_outer(call, text if simple and "\n" not in text.partition("(")[0] else f"({text})")]


def _parameters(call: cst.Call) -> bool:
    """Whether it goes through a module's parameters, which another transform knows by name."""
    items = call.args[0].value
    return isinstance(items, cst.Call) and isinstance(items.func, cst.Attribute) and items.func.attr.value == "parameters"


def _items(body: Body, call: cst.Call) -> str:
    """All items as a new list. Raises NoForm."""
    items = call.args[0].value
    if body.type_of(items) == STR:
        raise NoForm("scripting goes through a text byte by byte")
    attribute = body.types.self_attribute(items)
    if attribute is not None and any(kind.container or kind is Kind.MODULE for kind in attribute.kinds):
        raise NoForm("it goes through modules")
    asked = items.func.attr.value if isinstance(items, cst.Call) and isinstance(items.func, cst.Attribute) else ""
    if asked in ("buffers", "modules", "children", "named_parameters", "named_modules", "named_children"):
        raise NoForm("it goes through modules")
    return f"list({_keys(body, items) or source(body.tree, items)})"


def _keys(body: Body, items: cst.BaseExpression) -> str:
    known = body.certain.type_of(items)
    named = isinstance(items, cst.Name | cst.Attribute) and ((known is not None and known.name == "Dict") or _dict(body, items))
    return f"{body.tree.code(items)}.keys()" if named else ""


def _dict(body: Body, items: cst.BaseExpression) -> bool:
    """Whether a local name is only ever a dict display."""
    values = body.assigned(items)
    return bool(values) and all(isinstance(value, cst.Dict | cst.DictComp) for value in values)


def _first(body: Body, user: cst.Call, call: cst.Call) -> list[Edit]:
    """``next(iter(xs))``, alone or with a default."""
    items = call.args[0].value
    given = positional(user)
    whole = _items(body, call)
    direct = body.certain.type_of(items)
    plain = isinstance(items, cst.Name | cst.List | cst.Tuple) and (
        isinstance(items, cst.List | cst.Tuple) or (direct is not None and (direct.name in ("List", "Tuple") or direct == TENSOR))
    )
    text = body.tree.operand(items) if plain else whole
    if len(given) == 1:
        return body.guarded(user, f"{text}[0]")
    if not isinstance(items, cst.Name) or not calm(body.tree, given[1]):
        raise NoForm("its items would be computed twice, or what it falls back on only sometimes")
    return body.guarded(user, f"({text}[0] if len({body.tree.code(items)}) > 0 else {body.tree.code(given[1])})")


@dataclass
class _Kept:
    """An iterator in a local name."""

    body: Body
    call: cst.Call
    name: str

    def edits(self) -> list[Edit]:
        """The list and what is taken from it. Raises NoForm."""
        body, tree, function = self.body, self.body.tree, self.body.function
        if len(stores_in(function.body, self.name)) != 1 or self.name in parameter_names(function):
            raise NoForm(f"{self.name} is bound more than once")
        self._unchanged()
        edits = body.guarded(self.call, _items(body, self.call))
        whole: list[cst.Name] = []
        for use in loads(function.body, self.name):
            above = tree.parent(use)
            user = tree.parent(above) if isinstance(above, cst.Arg) else None
            if isinstance(user, cst.Call) and body.dotted(user.func) == "builtins.next" and user.args[0] is above:
                edits += self._next(user)
            elif (isinstance(above, cst.For | cst.CompFor) and above.iter is use) or (
                isinstance(user, cst.Call) and len(user.args) == 1 and body.dotted(user.func) in _TAKERS
            ):
                whole.append(use)
            else:
                raise NoForm(f"{self.name} is handed on to something that may take any part of it")
        self._last(whole)
        return edits

    def _next(self, user: cst.Call) -> list[Edit]:
        given = positional(user)
        taken = f"{self.name}.pop(0)"
        if len(given) == 2:
            if not calm(self.body.tree, given[1]):
                raise NoForm("what it falls back on is itself computed")
            taken = f"({taken} if len({self.name}) > 0 else {self.body.tree.code(given[1])})"
        if isinstance(self.body.tree.parent(user), cst.Expr):
            return [
                self.body.tree.replace(user, f"({taken} if {self.body.spell('torch.jit.is_scripting')}() else {self.body.tree.code(user)})")
            ]
        return self.body.guarded(user, taken)

    def _last(self, whole: list[cst.Name]) -> None:
        """Raise NoForm where the iterator is asked again after or while something went through the rest of it."""
        tree = self.body.tree
        if not whole:
            return
        if len(whole) > 1 or any(isinstance(a, cst.For | cst.While) and not _header(tree, a, whole[0]) for a in self._loops(whole[0])):
            raise NoForm(f"something goes through it more than once with {self.name}")
        end = tree.span(whole[0])[0]
        if any(tree.span(use)[0] > end for use in loads(self.body.function.body, self.name)):
            raise NoForm(f"a loop goes through it and {self.name} is asked again")

    def _loops(self, use: cst.Name) -> list[cst.CSTNode]:
        """The loops around a use that do not lie around the assignment too."""
        tree = self.body.tree
        return [a for a in tree.ancestors(use) if isinstance(a, cst.For | cst.While) and not tree.contains(a, self.call)]

    def _unchanged(self) -> None:
        """Raise NoForm where the list that is gone through may change meanwhile."""
        items, tree = self.call.args[0].value, self.body.tree
        if not isinstance(items, cst.Name | cst.Attribute):
            return
        if self._changed_by_self(items):
            raise NoForm("a method that is called may change what it goes through")
        function, names = self.body.function.body, self._names_of(items)
        calls = list(tree.find(cst.Call, function))
        named = (call.func for call in calls if isinstance(call.func, cst.Attribute) and call.func.attr.value in _CHANGERS)
        stored: list[cst.BaseExpression] = [by.target for by in tree.find(cst.AssignTarget, function)]
        stored += [by.target for by in tree.find(cst.Del, function)]
        changed = {tree.code(func.value) for func in named}
        changed |= {tree.code(target.value) for target in stored if isinstance(target, cst.Subscript)}
        changed |= {text for by in tree.find(cst.AugAssign, function) for text in (tree.code(by.target), _held(tree, by))}
        if changed & names:
            raise NoForm("the function changes what it goes through")
        given = {tree.code(arg.value) for call in calls if not self._harmless(call) for arg in call.args}
        if given & names:
            raise NoForm("what it goes through is handed to something that may change it")

    def _changed_by_self(self, items: cst.Name | cst.Attribute) -> bool:
        """Whether a call in the function may change a list of the module's own; what it does by itself is asked by name."""
        body = self.body
        calls = [call for call in body.tree.find(cst.Call, body.function.body) if not self._harmless(call)]
        method = Method(body.tree, body.facts, body.qualname, body.function)
        return isinstance(items, cst.Attribute) and Changes(method).items(items, calls)

    def _harmless(self, call: cst.Call) -> bool:
        """Whether a call is known not to change the lists that it is given."""
        return self.body.dotted(call.func).startswith(("builtins.", "torch."))

    def _names_of(self, items: cst.Name | cst.Attribute) -> set[str]:
        """The other names and attributes that may hold the same object here, by assignments in any order."""
        tree, names = self.body.tree, {self.body.tree.code(items)}
        pairs = [
            {tree.code(target.target), tree.code(by.value)}
            for by in tree.find(cst.Assign, self.body.function.body)
            if isinstance(by.value, cst.Name | cst.Attribute)
            for target in by.targets
        ]
        while joined := [pair for pair in pairs if pair & names and not pair <= names]:
            names = names.union(*joined)
        return names


def _header(tree: Tree, loop: cst.CSTNode, use: cst.Name) -> bool:
    return isinstance(loop, cst.For) and loop.iter is use


def _held(tree: Tree, by: cst.AugAssign) -> str:
    """What an augmented assignment to an item changes, as text."""
    return tree.code(by.target.value) if isinstance(by.target, cst.Subscript) else ""
