"""SF323: defaultdict, Counter and deque, as what the compiler has in their place."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scriptify.facts.model import Facts
from scriptify.facts.types import EMPTY, Type, annotation, join
from scriptify.transform import Edit, Focus, Phase, Proposal, Transform
from scriptify.transforms._collections_examples import EXAMPLES
from scriptify.transforms._collections_items import asked, key, method, numbers_alone
from scriptify.transforms._expression import FLOAT, INT, STR, TENSOR, Body, NoForm, bodies, decline, rewrite
from scriptify.tree import Tree
from scriptify.tree.flow import loads
from scriptify.tree.infer import Guess
from scriptify.tree.substitute import COMPREHENSIONS, bound_inside, calm, source

_MADE = {"collections.defaultdict": "defaultdict", "collections.Counter": "Counter", "collections.deque": "deque"}
_READ = frozenset({"items", "keys", "values", "get", "pop", "setdefault"})
_PLAIN = {"0": "int", "0.0": "float", "[]": "list"}
_WALKED = tuple(f"builtins.{name}" for name in ("len", "list", "sorted", "enumerate", "dict", "sum", "min", "max"))
_KEEPING = frozenset({"count"})
_QUEUE = frozenset({"append", "appendleft", "pop", "popleft", "extend", "clear", "insert", "remove", "count", "reverse"})


class CollectionsValue(Transform):
    """``d = defaultdict(list)`` -> ``d: Dict[K, V] = {} if torch.jit.is_scripting() else defaultdict(list)``, and others alike.

    What a defaultdict gives for a key that is missing, ``setdefault`` gives in either; a Counter's zero is ``get(k, 0)``.
    Eager code keeps its own class where others could see it; a deque that nobody else sees is a list.
    """

    code = "SF323"
    name = "collections-value"
    phase = Phase.SYNTAX
    explains = (
        "cannot be used as a value",
        "Lambda aren't supported",
        "Only a single generator is currently supported",
        "Can't get source for <class 'collections.deque'>",
    )
    hints = ("defaultdict", "Counter", "deque")
    source = "https://docs.pytorch.org/docs/stable/jit_language_reference_v2.html"
    examples = EXAMPLES

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Every such container in compiled code."""
        for body in bodies(tree, facts):
            for call in body.find(cst.Call):
                kind = _MADE.get(body.dotted(call.func))
                if kind is None:
                    continue
                try:
                    edits = _edits(body, call, kind)
                except NoForm as reason:
                    yield decline(self, body, call, f"the compiler has no {kind}: {reason}")
                    continue
                yield rewrite(self, body, call, f"{tree.code(call)[:60]} by what scripting has", edits, why=f"the compiler has no {kind}")


def _edits(body: Body, call: cst.Call, kind: str) -> list[Edit]:
    assign = body.tree.parent(call)
    target = assign.targets[0].target if isinstance(assign, cst.Assign) and len(assign.targets) == 1 else None
    if not isinstance(target, cst.Name):
        raise NoForm("it is not the whole value of a local name without a type")
    if len(body.types.bound_by(target.value)) != 1 or body.facts.parameter(body.tree.path, body.qualname, target.value):
        raise NoForm(f"{target.value} is assigned more than once")
    if any(arg.star or arg.keyword for arg in call.args) or len(call.args) > 1:
        raise NoForm("it is made with a length or other arguments")
    uses = loads(body.function.body, target.value)
    if kind == "deque":
        return _queue(body, call, target, uses)
    return _keyed(body, call, target, uses, kind)


def _queue(body: Body, call: cst.Call, target: cst.Name, uses: list[cst.Name]) -> list[Edit]:
    tree = body.tree
    edits: list[Edit] = []
    put: list[cst.BaseExpression] = []
    for use in uses:
        called = method(tree, use)
        if called is None:
            if not _only_read(body, use):
                raise NoForm(f"{target.value} is used in another way than a list can be")
            continue
        done, word = called
        arguments = {"popleft": 0, "pop": 0, "appendleft": 1}.get(word.value, len(done.args))
        if word.value not in _QUEUE or len(done.args) != arguments:
            raise NoForm(f"{target.value} is used in another way than a list can be")
        if word.value not in _KEEPING and any(_gone_through(body, loop, target.value) for loop in tree.ancestors(use)):
            raise NoForm(f"{target.value} is changed while it is gone through, which a deque refuses and a list allows")
        if word.value in ("append", "appendleft") and len(done.args) == 1:
            put.append(done.args[0].value)
        if word.value == "popleft":
            edits += [tree.replace(word, "pop"), tree.insert(tree.span(done)[1] - 1, "0")]
        elif word.value == "appendleft":
            edits += [tree.replace(word, "insert"), tree.insert(tree.span(done.args[0])[0], "0, ")]
    if call.args:
        items = call.args[0].value
        body.need("list")
        text = tree.code(items) if isinstance(items, cst.List | cst.ListComp) else f"list({source(tree, items)})"
        if isinstance(items, cst.List) and not items.elements:
            raise NoForm("it starts with an empty list; leave that out")
        return [tree.replace(call, text), *edits]
    element = _one([_type(body, value) for value in put])
    if element == TENSOR:
        return [tree.replace(call, "[]"), *edits]
    return [tree.insert(tree.span(target)[1], f": {_spelt(body, Type('List', (element,)))}"), tree.replace(call, "[]"), *edits]


def _gone_through(body: Body, loop: cst.CSTNode, name: str) -> bool:
    """Whether a loop or comprehension goes through the queue itself, lazily perhaps, and not through a copy of it."""
    if isinstance(loop, COMPREHENSIONS):
        return any(_walks(body, part.iter, name) for part in body.tree.find(cst.CompFor, loop))
    return isinstance(loop, cst.For) and _walks(body, loop.iter, name)


def _walks(body: Body, walked: cst.BaseExpression, name: str) -> bool:
    if isinstance(walked, cst.Call) and body.dotted(walked.func) in ("builtins.list", "builtins.sorted"):
        return False
    if isinstance(walked, cst.ListComp):
        return False
    return any(found.value == name for found in body.tree.find(cst.Name, walked))


def _keyed(body: Body, call: cst.Call, target: cst.Name, uses: list[cst.Name], kind: str) -> list[Edit]:
    tree, name = body.tree, target.value
    items = [(use, above) for use in uses if isinstance(above := tree.parent(use), cst.Subscript) and above.value is use]
    made_by_lambda = bool(call.args) and isinstance(call.args[0].value, cst.Lambda)
    for use in uses:
        if any(use is found for found, _ in items):
            continue
        called = method(tree, use)
        known = called is not None and called[1].value in _READ
        if not known and not _only_read(body, use, returned=kind == "defaultdict"):
            raise NoForm(f"{name} is used in another way than a dict can be")
        if not known and made_by_lambda and _only_read(body, use, returned=True) and not _only_read(body, use):
            raise NoForm(f"{name} leaves the function, and others can see that a lambda gives what is missing; name the type in its place")
    type_ = _dict_type(body, call, target, [above for _, above in items], kind)
    default = _default(body, call, type_, kind)
    ask = "get" if kind == "Counter" else "setdefault"
    edits: list[Edit] = []
    numbers_alone(body, name, uses, [item for _, item in items], type_)
    for _, item in items:
        if kind == "Counter" and isinstance(tree.parent(item), cst.Del):
            raise NoForm(f"a Counter may lack {tree.code(item)} when it is deleted, a dict may not")
        edits += asked(body, item, name, ask, default, type_)
    if any(one.overlaps(other) for at, one in enumerate(edits) for other in edits[:at]):
        raise NoForm(f"an item of {name} is asked for within another")
    started = _counted(body, call) if kind == "Counter" and call.args else "{}"
    edits.append(tree.insert(tree.span(target)[1], f": {_spelt(body, type_)}"))
    if call.args and isinstance(call.args[0].value, cst.Lambda):
        word = _PLAIN[body.tree.code(call.args[0].value.body)]  # the compiler reads no lambda, not even where it is not compiled
        text = f"{started} if {body.spell('torch.jit.is_scripting')}() else {tree.code(call.func)}({word})"
        return [*edits, tree.replace(call, text)]
    return [*edits, *body.guarded(call, started)]


def _dict_type(body: Body, call: cst.Call, target: cst.Name, items: list[cst.Subscript], kind: str) -> Type:
    """``Dict[K, V]`` from a run or from what is put into it. Raises NoForm."""
    live = body.certain.type_of(target)
    if live is not None and live.name == "Dict" and live.known and kind != "Counter":
        return live
    keys = [_type(body, key(item)) for item in items]
    if kind == "Counter":
        if call.args:
            given = _type(body, call.args[0].value)
            keys.append(given.args[0] if given is not None and given.name == "List" and given.args else None)
        return Type("Dict", (_one(keys), INT))
    factory = call.args[0].value if call.args else None
    dotted = body.dotted(factory) if factory is not None else ""
    if isinstance(factory, cst.Lambda):
        dotted = f"builtins.{_PLAIN.get(body.tree.code(factory.body), '')}"
    if dotted in ("builtins.int", "builtins.float"):
        return Type("Dict", (_one(keys), INT if dotted.endswith("int") else FLOAT))
    put = []
    for item in items:
        above = body.tree.parent(item)
        added = body.tree.parent(above) if isinstance(above, cst.Attribute) and above.attr.value == "append" else None
        if isinstance(added, cst.Call) and len(added.args) == 1:
            put.append(_type(body, added.args[0].value))
    return Type("Dict", (_one(keys), Type("List", (_one(put),))))


def _default(body: Body, call: cst.Call, type_: Type, kind: str) -> str:
    """What a key that is missing gives, as text."""
    if kind == "Counter":
        return "0"
    factory = call.args[0].value if call.args else None
    dotted = body.dotted(factory) if factory is not None else ""
    value = type_.args[1]
    if isinstance(factory, cst.Lambda):
        word = _PLAIN.get(body.tree.code(factory.body), "")
        dotted = f"builtins.{word}" if word and body.builtin(word) else ""
    if dotted == "builtins.int" and value == INT:
        return "0"
    if dotted == "builtins.float" and value == FLOAT:
        return "0.0"
    if dotted == "builtins.list" and value.name == "List":
        return "[]" if value.args[0] == TENSOR else f"{body.spell('torch.jit.annotate')}({_spelt(body, value)}, [])"
    raise NoForm("what it gives for a missing key is not known as a list or a number")


def _counted(body: Body, call: cst.Call) -> str:
    items = call.args[0].value
    type_ = body.certain.type_of(items)
    again = isinstance(items, cst.Name | cst.Attribute | cst.List) and calm(body.tree, items)
    if type_ is None or str(type_) not in ("List[int]", "List[str]") or not again:
        raise NoForm("only a list of whole numbers or texts is counted")
    taken = body.hidden | bound_inside(body.function)
    k = next(name for name in ("k", "counted", "counted_item", "counted_key") if name not in taken)
    text = body.tree.code(items)
    return f"{{{k}: {text}.count({k}) for {k} in {text}}}"


def _only_read(body: Body, use: cst.Name, returned: bool = False) -> bool:
    """Whether a name is only counted, gone through, tested or (where allowed) returned."""
    above = body.tree.parent(use)
    if isinstance(above, cst.Arg):
        call = body.tree.parent(above)
        return isinstance(call, cst.Call) and body.dotted(call.func) in _WALKED
    if isinstance(above, cst.For | cst.CompFor):
        return above.iter is use
    if isinstance(above, cst.ComparisonTarget):
        return isinstance(above.operator, cst.In | cst.NotIn)
    outer = body.tree.parent(above) if isinstance(above, cst.Element) else None
    return returned and isinstance(body.tree.parent(outer) if isinstance(outer, cst.Tuple) else above, cst.Return)


def _type(body: Body, node: cst.BaseExpression) -> Type | None:
    return body.certain.type_of(node) or Guess(body.tree, body.facts, body.qualname, body.function).of(node)


def _one(types: list[Type | None]) -> Type:
    known = [type_ for type_ in types if type_ is not None]
    joined = join(known)
    if len(known) != len(types) or not joined.known or joined.name in ("Union", EMPTY):
        raise NoForm("the types of what it holds are not known; give an entry whose run fills it, or annotate it")
    return joined


def _spelt(body: Body, type_: Type) -> str:
    """A type as an annotation here."""
    if annotation(type_) is None or (type_.name == "Dict" and type_.args[0] not in (INT, STR, FLOAT)):
        raise NoForm(f"no annotation that the compiler takes names {type_}")
    if type_ == TENSOR:
        return body.spell("torch.Tensor")
    if not type_.args:
        return str(type_)
    return f"{body.spell(f'typing.{type_.name}')}[{', '.join(_spelt(body, arg) for arg in type_.args)}]"
