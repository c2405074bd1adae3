"""Call edges that ran, matched to the calls in the source."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from scriptify.facts.calls import site_of
from scriptify.facts.model import CallSite
from scriptify.facts.positions import Lines
from scriptify.facts.scan import parse
from scriptify.oracle.protocol import LiveCall

Key = tuple[str, str]
_INNER = re.compile(r"\.<locals>\.<\w+>.*$")


Direct = Callable[[ast.Call, str, LiveCall], bool]


def sites(
    static: Sequence[CallSite], calls: Iterable[LiveCall], texts: Mapping[str, str], functions: Collection[Key], direct: Direct
) -> tuple[CallSite, ...]:
    """The call sites with what ran: certain where a run went, and those that only a run could find.

    ``texts`` are the files as they were run. In a file whose text has changed since, places mean
    nothing any more; there a run only confirms the one call of a function that may go to a callee.
    ``direct`` tells whether a call itself goes to the callee, given the scope's name; where code of
    others stands between (``checkpoint(self.block, x)``) the arguments are not the callee's, and the
    site is marked ``starred``.
    """
    result: list[CallSite] = []
    live: dict[str, list[LiveCall]] = {}
    for call in calls:
        if call.callee in functions:
            live.setdefault(call.path, []).append(call)
    by_path: dict[str, list[CallSite]] = {}
    for site in static:
        by_path.setdefault(site.path, []).append(site)
    for path in dict.fromkeys((*by_path, *live)):
        here, ran = by_path.get(path, []), live.get(path, [])
        if not ran:
            result.extend(here)
        elif path in texts and _unchanged(here, texts[path]):
            result.extend(_by_place(here, ran, path, texts[path], direct))
        else:
            result.extend(_by_scope(here, ran))
    return tuple(result)


def _unchanged(here: Sequence[CallSite], text: str) -> bool:
    """Whether the sites' offsets fit this text."""
    return all(text[site.end - 1 : site.end] == ")" and all(text[a.start : a.end] == a.text for a in site.arguments) for site in here)


def _by_place(here: Sequence[CallSite], ran: Sequence[LiveCall], path: str, text: str, direct: Direct) -> list[CallSite]:
    lines = Lines(text)
    # No two calls end at the same place, and an interpreter may report another start for a method chain.
    ends: dict[int, list[LiveCall]] = {}
    for call in ran:
        ends.setdefault(lines.offset(call.end_line, call.end_column), []).append(call)
    result = [_confirmed(site, {call.callee for call in ends.pop(site.end, [])}) for site in here]
    if ends:
        tree = parse(text)
        for node in ast.walk(tree) if tree is not None else ():
            if isinstance(node, ast.Call) and (end := lines.span(node)[1]) in ends:
                edges = ends.pop(end)
                scope = scope_of(edges[0])
                callees = tuple(sorted({edge.callee for edge in edges}))
                site = site_of(node, lines, path, scope, callees, certain=True)
                result.append(site if all(direct(node, scope, edge) for edge in edges) else replace(site, starred=True))
    return sorted(result, key=lambda site: (site.start, site.end))


def _by_scope(here: Sequence[CallSite], ran: Sequence[LiveCall]) -> list[CallSite]:
    edges: dict[str, set[Key]] = {}
    for call in ran:
        edges.setdefault(scope_of(call), set()).add(call.callee)
    result = []
    for site in here:
        known = edges.get(site.scope, set()) & set(site.callees)
        alone = [other for other in here if other.scope == site.scope and known & set(other.callees)] == [site]
        result.append(_confirmed(site, known) if known and alone else site)
    return result


def _confirmed(site: CallSite, callees: set[Key]) -> CallSite:
    # What else ran under a call that is sure already ran inside what it calls: the later items of a Sequential.
    if not callees or site.certain:
        return site
    guessed = callees <= set(site.callees)
    return replace(site, callees=tuple(sorted(callees)), certain=True, starred=site.starred or not guessed)


def scope_of(call: LiveCall) -> str:
    """The function a call stands in, as the source has it: comprehensions and lambdas are part of it."""
    return "" if call.scope == "<module>" else _INNER.sub("", call.scope)
