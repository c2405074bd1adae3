"""Which argument of a call the compiler's message names."""

from __future__ import annotations

import re
from dataclasses import dataclass

import libcst as cst

_SCHEMA = re.compile(r"\w\(([^\n]*)\) -> [^\n]*:\s*\Z")


@dataclass(frozen=True)
class RefusedArgument:
    """A parameter by ``name``; ``place`` is its index in the schema (None where the message shows no schema).

    ``bound`` tells that the schema begins with ``self``, ``module`` that this is a module, which also a call without a
    dot has before it (``block(x)``); ``last`` that no parameter may be given by place after it:
    the items of a list may then stand there one by one.
    """

    name: str
    place: int | None = None
    bound: bool = False
    module: bool = False
    last: bool = False

    def given(self, call: cst.Call, index: int, method: bool) -> bool:
        """Whether argument ``index`` of the call may be the one meant; ``method`` tells that ``self`` stands before the dot."""
        arg = call.args[index]
        if arg.star:
            return False
        if arg.keyword is not None:
            return arg.keyword.value == self.name
        if self.place is None:
            return method or index > 0
        if any(earlier.star for earlier in call.args[:index]):
            return False  # how many places a star takes is not seen
        place = self.place - (1 if self.module or (self.bound and method) else 0)
        return index == place or (self.last and index > place)


def refused_argument(match: re.Match[str], name: str) -> RefusedArgument:
    """The argument ``name`` of a message's ``Expected a value of type ...``, by the schema that stands before it.

    ``match`` is where that sentence was found. Several variants may follow each other; each has its schema right above.
    """
    schema = _SCHEMA.search(match.string[: match.start()])
    if schema is None:
        return RefusedArgument(name)
    parameters = _parameters(schema[1])
    names = [part.partition("=")[0].split()[-1] for part in parameters if part.strip()]
    if name not in names:
        return RefusedArgument(name)
    place = names.index(name)
    module = parameters[0].lstrip().startswith("__torch__.") and names[0] == "self"
    return RefusedArgument(name, place, names[0] == "self", module, place + 1 == len(names) or names[place + 1] == "*")


def _parameters(text: str) -> list[str]:
    """What stands between the commas of a schema that are in no brackets and no quotes."""
    parts, depth, quoted = [""], 0, False
    for sign in text:
        quoted ^= sign == '"'
        depth += 0 if quoted else (sign in "([{") - (sign in ")]}")
        if sign == "," and depth == 0 and not quoted:
            parts.append("")
        else:
            parts[-1] += sign
    return parts
