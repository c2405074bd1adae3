"""Which functions scripting compiles: every module's ``forward``, its properties, and what these call.

Source: https://docs.pytorch.org/docs/stable/jit.html (``torch.jit.script`` compiles ``forward`` of the
module and of all submodules, and recursively what they call; ``ignore`` and ``unused`` end it there).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace

from scriptify.facts.model import CallSite, Class, Facts, Function

Key = tuple[str, str]
_STOPS = frozenset({"torch.jit.ignore", "torch.jit.unused", "torch.jit._drop"})
_STARTS = frozenset({"torch.jit.script", "torch.jit.export", "torch.jit.script_method", "torch.jit.script_if_tracing"})


def skipped(function: Function) -> bool:
    """Whether a decorator tells the compiler to leave the function alone."""
    return not _STOPS.isdisjoint(function.decorators)


def closure(facts: Facts, seeds: Iterable[Key]) -> frozenset[Key]:
    """All that scripting compiles, starting at ``seeds``."""
    edges = _edges(facts.call_sites, facts.classes)
    reached: set[Key] = set()
    todo = list(seeds)
    while todo:
        key = todo.pop()
        function = facts.functions.get(key)
        if key in reached or function is None or skipped(function):
            continue
        reached.add(key)
        todo.extend(edges.get(key, ()))
    return frozenset(reached)


def static_seeds(facts: Facts, roots: Collection[Key]) -> Iterator[Key]:
    """Where scripting may start when nothing has been run."""
    yield from roots
    for key, function in facts.functions.items():
        if not _STARTS.isdisjoint(function.decorators):
            yield key
    for owner in facts.classes.values():
        if owner.is_module:
            yield from compiled_of(facts, owner)


def compiled_of(facts: Facts, owner: Class) -> Iterator[Key]:
    """What scripting an instance of a module class starts with: forward, exported methods, properties; inherited ones too."""
    seen: set[str] = set()
    for above in (owner, *facts.ancestors(owner)):
        for name in (*above.methods, *above.properties):
            key = (above.path, f"{above.qualname}.{name}")
            function = facts.functions.get(key)
            if name in seen or function is None:
                continue
            seen.add(name)
            if name == "forward" or name in above.properties or not _STARTS.isdisjoint(function.decorators):
                yield key


def live_seeds(facts: Facts) -> set[Key]:
    """Where scripting the models that were run starts; what ran only inside ignored functions or constructors is left out."""
    seeds = {key for key, function in facts.functions.items() if not function.owner and not _STARTS.isdisjoint(function.decorators)}
    for owner in facts.classes.values():
        if owner.is_module and _has_instances(facts, owner):
            seeds.update(compiled_of(facts, owner))
    ran = {key for key, function in facts.functions.items() if function.calls}
    edges = _edges(facts.call_sites, facts.classes)
    aside: set[Key] = set()
    todo = [key for key in ran if skipped(facts.functions[key]) or _makes_module(key, facts.classes)]
    while todo:
        for callee in edges.get(todo.pop(), ()):
            if callee not in aside:
                aside.add(callee)
                todo.append(callee)
    return seeds | {key for key in ran - aside if not _makes_module(key, facts.classes)}


def _has_instances(facts: Facts, owner: Class) -> bool:
    """Whether some instance is of exactly this class: an instance counts for the classes above it too."""
    below = [child.instances for child in facts.classes.values() if owner.key in child.bases and child.key != owner.key]
    return owner.instances > sum(below)


def marked(facts: Facts, reached: frozenset[Key]) -> Facts:
    """The facts with ``reached`` set for exactly these functions."""
    functions = {
        key: function if function.reached == (key in reached) else replace(function, reached=key in reached)
        for key, function in facts.functions.items()
    }
    return replace(facts, functions=functions)


def including(facts: Facts, key: Key) -> Facts:
    """The facts with a function reached that the compiler was seen compiling, and with it all that it calls.

    Source alone does not show every way there: a decorator may have handed it over in another function's place.
    """
    function = facts.functions.get(key)
    if function is None or function.reached:
        return facts
    return marked(facts, frozenset(known for known, found in facts.functions.items() if found.reached) | closure(facts, [key]))


def _edges(sites: Iterable[CallSite], classes: Mapping[str, Class]) -> dict[Key, list[Key]]:
    edges: dict[Key, list[Key]] = {}
    for site in sites:
        for callee in site.callees:
            if (site.certain or callee[1].endswith(".forward")) and not _makes_module(callee, classes):
                edges.setdefault((site.path, site.scope), []).append(callee)
    return edges


def _makes_module(callee: Key, classes: Mapping[str, Class]) -> bool:
    """The compiler can't construct modules, so it never compiles their ``__init__``."""
    path, qualname = callee
    owner, _, name = qualname.rpartition(".")
    made = classes.get(f"{path}::{owner}")
    return name == "__init__" and made is not None and made.is_module
