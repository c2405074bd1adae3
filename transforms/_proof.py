"""What the source alone proves of a value, whoever calls: neither annotations nor defaults nor runs count."""

from __future__ import annotations

from dataclasses import replace

import libcst as cst

from scriptify.facts.model import Attribute, Kind
from scriptify.facts.types import Type
from scriptify.transforms._infer_calls import CallTypes
from scriptify.transforms._number import Numbers


class _ProvedCalls(CallTypes):
    def _class_gives_tensor(self, key: str) -> bool:
        # A class of the project may be said to give a Tensor, by an annotation too.
        return key.startswith("torch.nn.") and super()._class_gives_tensor(key)

    def _project_call(self, node: cst.Call) -> Type | None:
        return None


class Proof(Numbers):
    """Types that eager code has for every caller: of literals, arithmetic, lengths, loop variables and results of torch.

    An annotation binds the compiler and nobody else, a default is what one call leaves out, and a run is one
    of many. An attribute counts where the source gives it literals alone, or makes its module, Parameter or buffer.
    """

    calls_as = _ProvedCalls

    def parameter_type(self, name: str) -> Type | None:
        """Nothing: a caller may pass anything."""
        return None

    def self_attribute(self, node: cst.CSTNode) -> Attribute | None:
        """An attribute as the source alone shows it, its annotation left out."""
        if super().self_attribute(node) is None or not isinstance(node, cst.Attribute):
            return None
        owner = self.facts.owner(self.tree.path, self.qualname)
        line = (owner, *self.facts.ancestors(owner)) if owner is not None else ()
        found = next((c.attributes[node.attr.value] for c in line if node.attr.value in c.attributes), None)
        stated = found.stated if found is not None and found.origin == "live" else found
        # A tensor that is neither may be an annotated parameter of the constructor.
        return None if stated is None or Kind.TENSOR in stated.kinds else replace(stated, type=None)

    def _live(self, name: str) -> Type | None:
        return None

    def _binding(self, by: cst.CSTNode, depth: int) -> Type | None:
        return self.type_of(by.value, depth - 1) if isinstance(by, cst.AnnAssign) else super()._binding(by, depth)
