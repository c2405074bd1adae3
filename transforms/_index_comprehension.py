"""``[self.ms[i](x) for i in range(len(self.ms))]`` -> ``[m(x) for m in self.ms]``, or a loop with append."""

from __future__ import annotations

import libcst as cst

from scriptify.transform import Rewrite, Safety, Transform
from scriptify.transforms._bounds import Bounds, Proof, lives
from scriptify.transforms._containers import Container, Method, builtin_call
from scriptify.transforms._flow_questions import first_evaluated, names_in
from scriptify.transforms._item_names import FreshNames
from scriptify.transforms._patch import Patch
from scriptify.tree import loads, own_nodes

Use = tuple[cst.Subscript, Container, cst.BaseExpression]


class ComprehensionRewriter:
    """Rewrites list comprehensions that index modules with their own variable."""

    def __init__(self, by: Transform, method: Method, bounds: Bounds, names: FreshNames) -> None:
        self.by, self.method, self.bounds, self.names = by, method, bounds, names
        self.tree = method.tree

    def rewrite(self, use: Use) -> Rewrite | None:
        """The rewrite of the comprehension around a use, or None where it is not one."""
        node, _, index = use
        comp = self.tree.enclosing(node, cst.ListComp)
        if comp is None or comp.for_in.ifs or comp.for_in.inner_for_in is not None or comp.for_in.asynchronous is not None:
            return None
        statement = self.tree.statement(node)
        if statement is None or not self.tree.contains(statement, comp) or not self.tree.contains(comp.elt, node):
            return None
        targets = {n.value for n in (comp.for_in.target, *own_nodes(comp.for_in.target)) if isinstance(n, cst.Name)}
        if not targets & (names_in(index) | names_in(node.value)):
            return None
        return self._handed_out(comp) or self.as_loop(comp, statement)

    def _uses(self, comp: cst.ListComp, variable: str) -> list[Use] | None:
        """The uses with exactly the variable as index; None when there are others."""
        found = list(self.method.index_uses(comp))
        plain = all(isinstance(i, cst.Name) and i.value == variable and variable not in names_in(n.value) for n, _, i in found)
        return found if plain and not any(c.trouble for _, c, _ in found) else None

    def _handed_out(self, comp: cst.ListComp) -> Rewrite | None:
        called = builtin_call(self.tree, comp.for_in.iter)
        target = comp.for_in.target
        if called and called[0] == "range" and len(called[1]) == 1 and isinstance(target, cst.Name):
            uses = self._uses(comp, target.value)
            if not uses:
                return None
            proof = self._exact(uses, called[1][0])
            return self._replaced(comp, target.value, uses, proof) if proof is not None else None
        return None

    def _exact(self, uses: list[Use], stop: cst.BaseExpression) -> Proof | None:
        """What proves that the shortest of the lists is as long as the range."""
        high = self.bounds.linear(stop)
        lengths = [self.bounds.length(container) for _, container, _ in uses]
        fits = [self.bounds.at_most(high, length) for length in lengths]
        ends = next((p for p in (self.bounds.covers(high, length) for length in lengths) if p is not None), None)
        if ends is None or any(fit is None for fit in fits):
            return None
        return tuple(dict.fromkeys([*ends, *(need for fit in fits if fit for need in fit)]))

    def _replaced(self, comp: cst.ListComp, variable: str, uses: list[Use], proof: Proof) -> Rewrite:
        patch = Patch(self.tree)
        items: dict[str, tuple[str, str]] = {}
        for node, container, _ in uses:
            if container.text not in items:
                items[container.text] = (self.names.item(container.text), self.tree.code(node.value))
            patch.replace_outer(node, items[container.text][0])
        gone = {id(index) for _, _, index in uses}
        counted = any(id(name) not in gone for name in loads(comp.elt, variable))
        names, codes = [n for n, _ in items.values()], [c for _, c in items.values()]
        target = ", ".join(names)
        walked = codes[0] if len(codes) == 1 else f"zip({', '.join(codes)})"
        if counted:
            target = f"{variable}, {target}" if len(names) == 1 else f"{variable}, ({target})"
            walked = f"enumerate({walked})"
        patch.replace_outer(comp.for_in.target, target)
        patch.replace_outer(comp.for_in.iter, walked)
        title = f"loop over {' and '.join(codes)} instead of indexing it"
        safety = Safety.OBSERVED if lives(proof) else None
        why = "the compiler indexes a ModuleList with integer literals only; it unrolls a loop over one"
        return self.tree.rewrite(self.by, comp, title, patch.edits(), needs=proof, why=why, safety=safety)

    def _own(self, name: str, comp: cst.ListComp) -> bool:
        """Whether nothing sees it when a loop binds the name: every other read lies in a loop that binds it again."""
        tree = self.tree
        others = [by for by in self.method.bound(name) if by is not comp.for_in]
        if name in self.method.parameters or not all(isinstance(by, cst.For | cst.CompFor) for by in others):
            return False
        homes = [by.body if isinstance(by, cst.For) else tree.parent(by) for by in others]
        places = [home for home in homes if home is not None]
        if any(tree.contains(place, comp) for place in places):
            return False
        reads = [read for read in loads(self.method.node.body, name) if not tree.contains(comp, read)]
        return all(any(tree.contains(place, read) for place in places) for read in reads)

    def as_loop(self, comp: cst.ListComp, statement: cst.CSTNode) -> Rewrite | None:
        """The comprehension as a loop before its statement; the next pass rewrites the loop."""
        tree = self.tree
        if not tree.own_line(statement) or not isinstance(tree.parent(statement), cst.IndentedBlock):
            return None
        if not isinstance(statement, cst.SimpleStatementLine) or not first_evaluated(tree, statement, comp):
            return None
        if any("\n" in tree.code(part) or "\r" in tree.code(part) for part in (comp.elt, comp.for_in.iter)):
            return None
        target = tree.code(comp.for_in.target)
        bound = {n.value for n in (comp.for_in.target, *own_nodes(comp.for_in.target)) if isinstance(n, cst.Name)}
        if any(not self._own(name, comp) for name in bound):
            return None  # the loop would overwrite a name the comprehension kept to itself
        small = statement.body[0]
        assigned = small.targets[0].target if isinstance(small, cst.Assign) and len(small.targets) == 1 and small.value is comp else None
        own = isinstance(assigned, cst.Name) and not loads(comp, assigned.value)
        name = assigned.value if own and isinstance(assigned, cst.Name) else self.names.take("outs", "results")
        patch = Patch(tree)
        lines = [f"for {target} in {tree.code(comp.for_in.iter)}:", f"    {name}.append({tree.code(comp.elt)})"]
        if own:
            patch.replace_outer(comp, "[]")
            patch.after(statement, lines)
        else:
            patch.before(statement, [f"{name} = []", *lines])
            patch.replace_outer(comp, name)
        why = "a comprehension over indices of a ModuleList has no form the compiler takes"
        return tree.rewrite(self.by, comp, "write the comprehension as a loop", patch.edits(), why=why)
