"""Lists and dicts of modules whose class says itself what indexing or walking them gives."""

from __future__ import annotations

import re
from collections.abc import Iterable

from scriptify.facts.model import Attribute, Class, Facts, Kind, Parameter

_WALKING = frozenset({"__getitem__", "__iter__", "__len__", "keys", "values", "items"})
MODULES = frozenset({Kind.MODULE, Kind.MODULE_LIST, Kind.SEQUENTIAL, Kind.MODULE_DICT})
_PLAIN = frozenset("int float bool str None List list Tuple tuple Dict dict Sequence Optional Union Tensor typing torch".split())


def own_walking(facts: Facts, classes: Iterable[Class], besides: bool = True) -> str:
    """Why indexing and walking such a list are not the same thing; ``""`` where they are. ``classes``: all that may be its class.

    ``besides``: modules that are registered besides the elements count; not so for ``_modules``, which has them all.
    """
    for owner in {related.key: related for known in classes for related in (known, *facts.ancestors(known))}.values():
        own = sorted(_WALKING & {*owner.methods, *owner.properties})
        if own:
            return f"its class {owner.qualname} has a {own[0]} of its own, so indexing and walking it may differ"
        held = next((name for name, attribute in owner.attributes.items() if _may_be_module(facts, owner, attribute)), "")
        if held and besides:
            return f"its class {owner.qualname} registers {held} besides the elements, and a loop would walk that too"
    return ""


def _may_be_module(facts: Facts, owner: Class, attribute: Attribute) -> bool:
    if attribute.kinds & MODULES:
        return True
    given = facts.parameter(owner.path, f"{owner.qualname}.__init__", attribute.text)
    if isinstance(given, Parameter):
        number = given.default is not None and (given.default in ("True", "False") or not given.default.isidentifier())
        return Kind.OTHER in attribute.kinds and not _plain(given.annotation) and not number
    return Kind.OTHER in attribute.kinds and attribute.text.endswith(")")


def _plain(annotation: str | None) -> bool:
    """Whether an annotation names nothing but numbers, texts, tensors and lists of them."""
    words = re.findall(r"\w+", annotation or "")
    return bool(words) and _PLAIN.issuperset(words)
