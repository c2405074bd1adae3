"""One walk over a tree, kept: who stands above whom, and where the nodes of each kind are."""

from __future__ import annotations

import bisect
from collections.abc import Iterator
from typing import TypeVar

import libcst as cst

from scriptify.tree.flow import WHITESPACE, children

N = TypeVar("N", bound=cst.CSTNode)


class Walk:
    """Nodes numbered in document order; ``parents`` maps a node to the one above it."""

    def __init__(self, module: cst.Module) -> None:
        self.parents: dict[cst.CSTNode, cst.CSTNode] = {}
        self._order: list[cst.CSTNode] = []
        self._first: dict[cst.CSTNode, int] = {}
        self._by_type: dict[type[cst.CSTNode], list[int]] = {}
        self._ends: dict[cst.CSTNode, int] = {}
        self._kinds: dict[type[cst.CSTNode], list[int]] = {}
        self._count(module)

    def _count(self, module: cst.Module) -> None:
        stack: list[cst.CSTNode] = [module]
        while stack:
            node = stack.pop()
            number = self._first[node] = len(self._order)
            self._order.append(node)
            self._by_type.setdefault(type(node), []).append(number)
            below = children(node)
            for child in below:
                self.parents[child] = node
            stack.extend(reversed(below))

    def number(self, node: cst.CSTNode) -> int:
        """A node's number in document order."""
        return self._first[node]

    def _end(self, node: cst.CSTNode) -> int:
        """The number just after the last node below ``node``."""
        if node not in self._ends:
            last = node
            while below := children(last):
                last = below[-1]
            self._ends[node] = self._first[last] + 1
        return self._ends[node]

    def _of_kind(self, kind: type[cst.CSTNode]) -> list[int]:
        """The numbers of all nodes of a kind, subclasses included."""
        if kind not in self._kinds:
            self._kinds[kind] = sorted(n for type_, numbers in self._by_type.items() if issubclass(type_, kind) for n in numbers)
        return self._kinds[kind]

    def find(self, kind: type[N], within: cst.CSTNode | None = None) -> Iterator[N]:
        """Nodes of a kind in document order, at or below ``within``; comments are found though they are not numbered."""
        if issubclass(kind, WHITESPACE):
            yield from _search(kind, within or self._order[0])
            return
        numbers = self._of_kind(kind)
        if within is None:
            chosen = numbers
        elif within in self._first:
            left = bisect.bisect_left(numbers, self._first[within])
            chosen = numbers[left : bisect.bisect_left(numbers, self._end(within))]
        else:
            yield from _search(kind, within)
            return
        for number in chosen:
            node = self._order[number]
            assert isinstance(node, kind)
            yield node


def _search(kind: type[N], within: cst.CSTNode) -> Iterator[N]:
    """The same for a node that is not of this tree."""
    stack = [within]
    while stack:
        node = stack.pop()
        if isinstance(node, kind):
            yield node
        stack.extend(reversed(node.children))
