"""One walk over a tree, kept: who stands above whom, and where the nodes of each kind are."""

from __future__ import annotations

import bisect
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar

import libcst as cst

from scriptify.tree.flow import WHITESPACE, children

N = TypeVar("N", bound=cst.CSTNode)


class Walk:
    """Nodes below some roots, numbered in document order; ``parents`` maps a node to the one above it (none for a root).

    ``first`` maps a node to ``key`` and its number, for who joins several walks.
    """

    def __init__(self, roots: Sequence[cst.CSTNode], key: int = 0) -> None:
        self.parents: dict[cst.CSTNode, cst.CSTNode] = {}
        self.first: dict[cst.CSTNode, tuple[int, int]] = {}
        self._order: list[cst.CSTNode] = []
        self._by_type: dict[type[cst.CSTNode], list[int]] = {}
        self._ends: dict[cst.CSTNode, int] = {}
        self._kinds: dict[type[cst.CSTNode], list[int]] = {}
        self._count(roots, key)

    def __len__(self) -> int:
        return len(self._order)

    def _count(self, roots: Sequence[cst.CSTNode], key: int) -> None:
        stack = list(reversed(roots))
        while stack:
            node = stack.pop()
            number = len(self._order)
            self.first[node] = (key, number)
            self._order.append(node)
            self._by_type.setdefault(type(node), []).append(number)
            below = children(node)
            for child in below:
                self.parents[child] = node
            stack.extend(reversed(below))

    def _end(self, node: cst.CSTNode) -> int:
        """The number just after the last node below ``node``."""
        if node not in self._ends:
            last = node
            while below := children(last):
                last = below[-1]
            self._ends[node] = self.first[last][1] + 1
        return self._ends[node]

    def _of_kind(self, kind: type[cst.CSTNode]) -> list[int]:
        """The numbers of all nodes of a kind, subclasses included."""
        if kind not in self._kinds:
            self._kinds[kind] = sorted(n for type_, numbers in self._by_type.items() if issubclass(type_, kind) for n in numbers)
        return self._kinds[kind]

    def find(self, kind: type[N], within: cst.CSTNode | None = None) -> Iterator[N]:
        """Nodes of a kind in document order, at or below ``within`` (a node of this walk); whitespace and comments are not numbered."""
        chosen = self._of_kind(kind)
        if within is not None:
            left = bisect.bisect_left(chosen, self.first[within][1])
            chosen = chosen[left : bisect.bisect_left(chosen, self._end(within))]
        for number in chosen:
            node = self._order[number]
            assert isinstance(node, kind)
            yield node


class Walks:
    """The walks of a module's parts as one; the module itself is number 0."""

    def __init__(self, module: cst.Module, walks: Mapping[int, Walk]) -> None:
        self._module = module
        self._walks = walks
        self._bases: dict[int, int] = {}
        self.parents: dict[cst.CSTNode, cst.CSTNode] = {}
        self._first: dict[cst.CSTNode, tuple[int, int]] = {}
        total = 1
        for key, walk in walks.items():
            self._bases[key] = total
            total += len(walk)
            self.parents.update(walk.parents)
            self._first.update(walk.first)
        self.parents.update(dict.fromkeys(module.body, module))

    def number(self, node: cst.CSTNode) -> int:
        """A node's number in document order."""
        if node is self._module:
            return 0
        key, number = self._first[node]
        return self._bases[key] + number

    def find(self, kind: type[N], within: cst.CSTNode | None = None) -> Iterator[N]:
        """Nodes of a kind in document order, at or below ``within``; comments are found though they are not numbered."""
        top = within is None or within is self._module
        if issubclass(kind, WHITESPACE):
            yield from search(kind, within or self._module)
        elif top:
            if isinstance(self._module, kind):
                yield self._module
            for walk in self._walks.values():
                yield from walk.find(kind)
        elif within in self._first:
            yield from self._walks[self._first[within][0]].find(kind, within)
        else:
            assert within is not None
            yield from search(kind, within)


def search(kind: type[N], within: cst.CSTNode) -> Iterator[N]:
    """The same for a node that is not of this tree."""
    stack = [within]
    while stack:
        node = stack.pop()
        if isinstance(node, kind):
            yield node
        stack.extend(reversed(node.children))
