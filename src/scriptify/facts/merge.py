"""Live facts joined into static ones. Several runs may be merged one after the other: types join, instances add up.

The facts may be those of a text that rewrites have changed since the run. Live facts are kept by name, so
they stay true of what was not rewritten; an attribute whose assignment is new stays as the source says.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from scriptify.facts import merge_calls, reach
from scriptify.facts.combine import joined
from scriptify.facts.known import literal_type
from scriptify.facts.model import Attribute, Class, Facts, Function, Kind, Observed, Parameter, TypeFact
from scriptify.facts.types import Type, join, parse
from scriptify.oracle.protocol import LiveCall, LiveClass, LiveFunction, Observation

Key = tuple[str, str]
_LISTS = frozenset({Kind.MODULE_LIST, Kind.SEQUENTIAL, Kind.MODULE_DICT})


def merge(facts: Facts, observation: Observation, texts: Mapping[str, str]) -> Facts:
    """The facts with what one observing run has shown.

    ``texts`` are the files as they were run, for the places of calls. A run that showed nothing leaves
    the facts as they are. ``reached`` then means: compiled for the models that were run.
    """
    if not observation.functions and not observation.classes:
        return facts
    functions = dict(facts.functions)
    for seen in observation.functions:
        key = (seen.path, seen.qualname)
        if key in functions:
            functions[key] = _function(functions[key], seen)
    classes = dict(facts.classes)
    changed = _changed(facts, texts)
    for live in observation.classes:
        name = f"{live.path}::{live.qualname}"
        if name in classes:
            classes[name] = _class(classes[name], live, changed.get(name, ()))
    known = replace(facts, functions=functions, classes=classes, live=True)
    sites = merge_calls.sites(facts.call_sites, observation.calls, texts, functions, _directness(known, observation))
    merged = replace(known, call_sites=sites)
    return reach.marked(merged, reach.closure(merged, reach.live_seeds(merged)))


def observed(facts: Facts, observed: Observed) -> Facts:
    """The facts with what a hand-written observation says, matched by qualified name in every file.

    Nothing stops being reached by it: it tells of a part of a run, not of all of one.
    """
    functions = {key: _observed_function(function, observed) for key, function in facts.functions.items()}
    classes = {key: _observed_class(owner, observed) for key, owner in facts.classes.items()}
    return replace(facts, functions=functions, classes=classes, live=True)


def _directness(facts: Facts, observation: Observation) -> merge_calls.Direct:
    """Tells by the live classes of ``self.attr`` or of a local whether calling it means a certain ``forward`` or method."""
    owners = {live.name: facts.classes.get(f"{live.path}::{live.qualname}") for live in observation.classes}

    def defines(dotted: str, name: str) -> Key | None:
        owner = owners.get(dotted)
        line = (owner, *facts.ancestors(owner)) if owner is not None else ()
        return next(((c.path, f"{c.qualname}.{name}") for c in line if name in c.methods), None)

    def direct(node: ast.Call, scope: str, edge: LiveCall) -> bool:
        name, func = "forward", node.func
        if isinstance(func, ast.Attribute) and func.attr == edge.callee[1].rpartition(".")[2]:
            name, func = func.attr, func.value
        while isinstance(func, ast.Subscript):
            func = func.value
        held: frozenset[str] = frozenset()
        if isinstance(func, ast.Attribute) and isinstance(func.value, ast.Name) and func.value.id == "self":
            owner = facts.owner(edge.path, scope)
            found = facts.attribute(edge.path, owner.qualname, func.attr) if owner is not None else None
            if isinstance(found, Attribute):
                held = frozenset(found.items) if isinstance(node.func, ast.Subscript) or found.kind is Kind.MODULE_LIST else found.classes
        elif isinstance(func, ast.Name):
            local = facts.local(edge.path, scope, func.id)
            held = frozenset({local.type.name}) if isinstance(local, TypeFact) else frozenset()
        return any(defines(dotted, name) == edge.callee for dotted in held)

    return direct


def _fact(text: str) -> TypeFact | None:
    try:
        return TypeFact(parse(text), "live") if text.strip() else None
    except (ValueError, RecursionError):
        return None


def _joined(old: TypeFact | None, new: TypeFact | None) -> TypeFact | None:
    if old is None or new is None or old.origin != "live":
        return new or old
    return TypeFact(join([old.type, new.type]), "live")


def _function(function: Function, seen: LiveFunction) -> Function:
    parameters = []
    for parameter in function.parameters:
        live = seen.parameters.get(parameter.name)
        if live is not None:
            parameter = replace(
                parameter,
                observed=_joined(parameter.observed, _fact(live.observed)),
                given=_joined(parameter.given, _fact(live.given)),
                empty_seen=parameter.empty_seen or live.empty_seen,
            )
        parameters.append(parameter)
    return replace(
        function,
        parameters=tuple(parameters),
        locals=_joined_locals(function.locals, seen.locals),
        returns=_joined(function.returns, _fact(seen.returns)),
        calls=function.calls + seen.calls,
        arms=function.arms | seen.arms,
        entered=function.entered | seen.entered,
    )


def _joined_locals(old: Mapping[str, TypeFact], new: Mapping[str, str]) -> dict[str, TypeFact]:
    result = dict(old)
    for name, text in new.items():
        fact = _joined(old.get(name), _fact(text))
        if fact is not None:
            result[name] = fact
    return result


def _changed(facts: Facts, texts: Mapping[str, str]) -> dict[str, set[str]]:
    """By class key, the attributes whose assignment there, or in a class above or below, is not in the text that ran."""
    changed: dict[str, set[str]] = {}
    for owner in facts.classes.values():
        names = {name for name, attribute in owner.attributes.items() if not _was_there(attribute, texts.get(owner.path, ""))}
        if names:
            for relative in (owner, *facts.ancestors(owner), *facts.descendants(owner)):
                changed.setdefault(relative.key, set()).update(names)
    return changed


def _class(owner: Class, live: LiveClass, changed: Collection[str]) -> Class:
    attributes: dict[str, Attribute] = {}
    for name in dict.fromkeys((*owner.attributes, *live.attributes)):
        if name not in changed:
            attributes[name] = _attribute(owner.attributes.get(name), live.attributes.get(name), owner.instances > 0)
        elif name in owner.attributes:
            attributes[name] = owner.attributes[name]
    return replace(owner, attributes=attributes, instances=owner.instances + live.instances)


def _attribute(static: Attribute | None, live: Attribute | None, again: bool) -> Attribute:
    """One attribute: the live one with the static one's place; joined where an earlier run showed it too."""
    if live is None:
        assert static is not None
        # A function of the class body is no data of the instance, so a run does not list it.
        return static if Kind.FUNCTION in static.kinds else replace(static, missing=True)
    if static is None:
        return replace(live, missing=live.missing or again)
    live = _cautious(static, live)
    if static.origin == "live":
        return replace(joined(static, live), text=static.text or live.text, line=static.line, stated=static.stated)
    # A class that was live before and did not have the attribute then: some instances lack it.
    return replace(live, text=static.text or live.text, line=static.line, missing=live.missing or again, stated=static)


def _cautious(static: Attribute, live: Attribute) -> Attribute:
    """The live attribute with what the source says may be otherwise on instances that no run has built."""
    inner, seen = static.element, live.element
    element = _cautious(inner, seen) if inner is not None and seen is not None else seen
    holes = live.holes or (static.may_hold_none and live.kinds <= _LISTS)
    return replace(live, holes=holes, changed=live.changed or static.changed, element=element)


def _was_there(attribute: Attribute, text: str) -> bool:
    """Whether the text that ran assigned the attribute as the source does now."""
    if not text:
        return True
    if attribute.origin == "live":
        return True
    return re.search(rf"\b{re.escape(attribute.name)}\b", text) is not None and attribute.text in text


def _observed_function(function: Function, seen: Observed) -> Function:
    types = seen.parameters.get(function.qualname, {})
    variables = seen.locals.get(function.qualname, {})
    returns = seen.returns.get(function.qualname, "")
    unseen = frozenset(seen.unseen.get(function.qualname, ()))
    if not types and not variables and not returns and not unseen:
        return function
    return replace(
        function,
        parameters=tuple(_observed_parameter(p, types.get(p.name, "")) for p in function.parameters),
        locals=_joined_locals(function.locals, variables),
        returns=_joined(function.returns, _fact(returns)),
        calls=max(function.calls, 1),
        arms=function.arms | unseen,
    )


def _observed_parameter(parameter: Parameter, text: str) -> Parameter:
    fact = _fact(text)
    if fact is None:
        return parameter
    # With a default of None, None is what a call that leaves it out shows.
    defaulted = literal_type(parameter.default) == Type("NoneType")
    stripped = [fact.type.stripped] if defaulted else [fact.type]
    given = next((TypeFact(type_, "live") for type_ in stripped if type_ != Type("NoneType")), None)
    return replace(parameter, observed=_joined(parameter.observed, fact), given=_joined(parameter.given, given))


def _observed_class(owner: Class, seen: Observed) -> Class:
    given = seen.attributes.get(owner.qualname, {})
    instances = seen.instances.get(owner.qualname, 1 if given else 0)
    if not given and not instances:
        return owner
    attributes = dict(owner.attributes)
    for name, attribute in given.items():
        static = owner.attributes.get(name)
        place = replace(attribute, name=name, origin="live")
        if static is not None:
            stated = static.stated if static.origin == "live" else static
            place = replace(_cautious(static, place), text=static.text, line=static.line, stated=stated)
        attributes[name] = place
    return replace(owner, attributes=attributes, instances=owner.instances + instances)


def observations(facts: Facts, runs: Iterable[Observation], texts: Mapping[str, str]) -> Facts:
    """The facts with several runs merged."""
    for run in runs:
        facts = merge(facts, run, texts)
    return facts
