"""Integer expressions as linear forms, and what can be proved about them: equal, smaller, never negative."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
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


def render(form: Linear) -> str:
    """Source text: what is added first, then what is taken away."""
    parts: list[tuple[str, str]] = []
    for name, count in sorted(form.terms.items(), key=lambda item: item[1] < 0):
        parts.append(("-" if count < 0 else "+", name if abs(count) == 1 else f"{abs(count)} * {name}"))
    if form.const or not parts:
        parts.append(("-" if form.const < 0 else "+", str(abs(form.const))))
    sign, first = parts[0]
    return ("-" if sign == "-" else "") + first + "".join(f" {s} {text}" for s, text in parts[1:])
