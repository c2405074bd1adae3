"""SF213: a plain list of modules that have names of their own."""

from __future__ import annotations

import re
from collections.abc import Iterator

import libcst as cst

from scriptify.facts.model import Facts
from scriptify.transform import Focus, Need, Phase, Proposal, Safety, Transform
from scriptify.transforms._containers import Method
from scriptify.transforms._registered_list_examples import EXAMPLES
from scriptify.transforms._registered_reads import Reads
from scriptify.transforms._spot import spot
from scriptify.tree import Tree, own_nodes

_FAILED = re.compile(
    r"has no attribute '(\w+)' \(This attribute exists on the Python module, but we failed to convert Python type: '(?:list|tuple)'"
)
WHY = "the compiler has no type for a list of modules; it knows each of them by the name it is registered under"


class RegisteredList(Transform):
    """``for a in self.attentions`` -> the same over ``(self.attention_0, self.attention_1)`` when scripted.

    ``self.attentions = [...]`` and ``self.add_module(f"attention_{i}", a)`` for each of it: the list itself has no
    type for the compiler, but its modules have names. A run shows which. Eager code keeps the list; scripted code walks
    over the names, and raises where an instance has one more than the run has shown.
    """

    code = "SF213"
    name = "registered-list"
    phase = Phase.CONTAINERS
    safety = Safety.OBSERVED
    explains = ("but we failed to convert Python type: 'list'", "but we failed to convert Python type: 'tuple'")
    on_demand = True
    hints = ("self.",)
    source = "https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.add_module"
    examples = EXAMPLES

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Yield one rewrite for all reads of the list in the function where the compiler stopped."""
        place = spot(tree, facts, focus)
        match = _FAILED.search(focus.message) if focus is not None else None
        if place is None or match is None or not place.self_name:
            return
        held = place.attribute(match[1])
        if held is None or not held.registered:
            return
        method = Method(tree, facts, place.qualname, place.function, focus)
        found = [node for node in own_nodes(place.function.body) if isinstance(node, cst.Attribute) and not method.dead(node)]
        reads = [node for node in found if place.self_attribute(node) == match[1]]
        if not reads:
            return
        work = Reads(method, held)
        odd = next((node for node in reads if not work.one(node)), None)
        if odd is not None:
            yield tree.decline(self, odd, f"self.{match[1]} is read in a way that has no form with the names of its modules")
            return
        if any(found is not None and found.hooks for found in map(work.known, held.registered)):
            yield tree.decline(self, reads[0], "a module there has a hook that a call of its forward alone would leave out")
            return
        work.finish()
        title = f"name the modules of self.{match[1]} when scripted: {', '.join(held.registered)}"
        need = Need(f"self.{match[1]} holds {', '.join(held.registered)}", "live")
        imports = tree.imports.spell("torch.jit.is_scripting")[1]
        yield tree.rewrite(self, reads[0], title, work.patch.edits(), imports=imports, needs=[need], why=WHY)
