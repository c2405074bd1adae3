"""Integer expressions as linear forms, and what can be proved about them: equal, smaller, never negative."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import gcd
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Linear:
    """``const`` plus a sum of atoms (source texts) times integers."""

    const: int = 0
    terms: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))

    def plus(self, other: Linear, factor: int = 1) -> Linear:
        """``self + factor * other``."""
        terms = dict(self.terms)
        for atom, count in other.terms.items():
            terms[atom] = terms.get(atom, 0) + factor * count
        return Linear(self.const + factor * other.const, {atom: count for atom, count in terms.items() if count})

    def minus(self, other: Linear) -> Linear:
        """``self - other``."""
        return self.plus(other, -1)

    def times(self, factor: int) -> Linear:
        """``self * factor``."""
        return Linear().plus(self, factor)

    @property
    def number(self) -> int | None:
        """Its value, where it has no atoms."""
        return self.const if not self.terms else None

    def without(self, atom: str) -> Linear:
        """The form less one atom."""
        return Linear(self.const, {name: count for name, count in self.terms.items() if name != atom})


def atom(text: str) -> Linear:
    """One atom."""
    return Linear(0, {text: 1})


class Turns(str):
    """The atom ``max(0, form)``: how often ``range(form)`` turns."""

    form: Linear

    def __new__(cls, form: Linear) -> Turns:
        """The atom of a form; two forms that are the same have the same text."""
        found = super().__new__(cls, f"max(0, {render(Linear(form.const, dict(sorted(form.terms.items()))))})")
        found.form = form
        return found


def turns(form: Linear) -> Linear:
    """How often a loop over ``range(form)`` turns, which is 0 where the form is negative."""
    if form.number is not None:
        return Linear(max(0, form.number))
    if never_negative(form):
        return form
    factor = gcd(form.const, *form.terms.values())
    part = Linear(form.const // factor, {name: count // factor for name, count in form.terms.items()})
    return Linear(0, {Turns(part): factor})


def never_negative(form: Linear) -> bool:
    """Whether the form is 0 or more whatever its atoms are."""
    if form.const >= 0 and all(count > 0 and (name.startswith("len(") or isinstance(name, Turns)) for name, count in form.terms.items()):
        return True
    for name, count in form.terms.items():
        if isinstance(name, Turns) and count > 0:
            # It is 0 or its form, whichever is more: either says something of the whole.
            rest = form.without(name)
            return never_negative(rest) or never_negative(rest.plus(name.form, count))
    return False


def render(form: Linear) -> str:
    """Source text: what is added first, then what is taken away."""
    parts: list[tuple[str, str]] = []
    for name, count in sorted(form.terms.items(), key=lambda item: item[1] < 0):
        parts.append(("-" if count < 0 else "+", name if abs(count) == 1 else f"{abs(count)} * {name}"))
    if form.const or not parts:
        parts.append(("-" if form.const < 0 else "+", str(abs(form.const))))
    sign, first = parts[0]
    return ("-" if sign == "-" else "") + first + "".join(f" {s} {text}" for s, text in parts[1:])
