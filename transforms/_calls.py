"""The project's calls, looked up by place and by callee, and which argument a parameter gets."""

from __future__ import annotations

from dataclasses import dataclass, field

from scriptify.facts.model import Argument, CallSite, Facts, Function

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Calls:
    """``by_span`` maps (path, start, end) to the call there, ``by_callee`` a function's key to the calls that may reach it."""

    by_span: dict[tuple[str, int, int], CallSite] = field(default_factory=dict)
    by_callee: dict[Key, list[CallSite]] = field(default_factory=dict)


_last: list[tuple[tuple[CallSite, ...], Calls]] = []


def calls(facts: Facts) -> Calls:
    """The index of a project's calls; the last one made is kept, since every file of a project asks for the same."""
    if _last and _last[0][0] is facts.call_sites:
        return _last[0][1]
    made = Calls()
    for site in facts.call_sites:
        made.by_span[site.path, site.start, site.end] = site
        for callee in site.callees:
            made.by_callee.setdefault(callee, []).append(site)
    _last[:] = [(facts.call_sites, made)]
    return made


def bound(function: Function, site: CallSite, name: str) -> Argument | bool | None:
    """The argument a call gives to a parameter: None when it leaves it out, False when that can't be told."""
    if site.starred:
        return False
    order = [p.name for p in function.parameters if p.kind == "positional"]
    positional = [a for a in site.arguments if a.keyword is None]
    if takes_self(function) and not site.unbound:
        order = order[1:]
    keyword = next((a for a in site.arguments if a.keyword == name), None)
    if keyword is not None:
        return keyword
    if name in order:
        at = order.index(name)
        return positional[at] if at < len(positional) else None
    return None


def takes_self(function: Function) -> bool:
    """Whether the first parameter is the instance."""
    return bool(function.owner) and not any(d.rpartition(".")[2] == "staticmethod" for d in function.decorators)
