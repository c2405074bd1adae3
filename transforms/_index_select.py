"""``x = self.ms[k](x)`` -> ``for j, m in enumerate(self.ms): if j == k: x = m(x)``: exact for every index."""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from scriptify.facts.model import Kind
from scriptify.facts.types import Type
from scriptify.transform import Decline, Need, Rewrite, Safety, Transform
from scriptify.transforms._bounds import Bounds, Proof, lives
from scriptify.transforms._changes import Changes
from scriptify.transforms._containers import Container, Method
from scriptify.transforms._flow_questions import (
    always_evaluated,
    block_of,
    bound_before,
    changed_by,
    escaping_jumps,
    first_evaluated,
    names_in,
    pure,
    used_after,
)
from scriptify.transforms._infer import Inference
from scriptify.transforms._infer_known import INT
from scriptify.transforms._item_names import FreshNames
from scriptify.transforms._linear import Linear, render
from scriptify.transforms._patch import Patch
from scriptify.transforms._picks import DEEPEST, Mate, Selection, Test, Use, checked, depth, nested
from scriptify.tree import bindings, loads, own_nodes


class Selector:
    """Rewrites indices of one method that no loop header can hand out."""

    plain: tuple[type[cst.CSTNode], ...] = (cst.Name, cst.Attribute, cst.BinaryOperation, cst.UnaryOperation, cst.Subscript, cst.Call)

    shares = True

    def __init__(self, by: Transform, method: Method, bounds: Bounds, names: FreshNames) -> None:
        self.by, self.method, self.bounds, self.names = by, method, bounds, names
        self.tree, self.changes = method.tree, Changes(method)
        self._deep: list[cst.BaseStatement] = []

    def rewrite(self, use: Use, uses: Sequence[Use]) -> Rewrite | Decline:
        """The rewrite of one use (and of the same index nearby), or the reason against it."""
        node, container, index = use
        unfolded = self._unfolded(use)
        if unfolded is not None:
            return unfolded
        reason = self._obstacle(use)
        if reason:
            return self.tree.decline(self.by, node, reason)
        if any(self.tree.contains(node.value, other[0]) for other in uses):
            return self.tree.decline(self.by, node, "what it indexes is itself picked by an index, which must be done first")
        selection = self._selection(use, uses)
        if isinstance(selection, str):
            return self.tree.decline(self.by, node, selection)
        code = self.tree.code(node.value)
        lengthened = f"len(list({code}))" if self._holds_parameters(node.value) else f"len({code})"
        text, hoisted = self.tree.code(index), []
        known = self.bounds.span(index)
        if self.changes.may(index, selection.statements) or not pure(self.tree, index):
            text = self.names.take("index", "position")
            hoisted = [f"{text} = {self.tree.code(index)}"]
        elif not isinstance(index, self.plain):
            return self.tree.decline(self.by, node, "the index is not a plain expression; assign it to a name first")
        test = self._test(container, known, index, text, lengthened)
        if test.equal == text and not hoisted and self.shares:
            selection.mates = self._mates(selection, uses, text)
        inside = any(self.tree.contains(statement, node) for statement in self._deep)
        if inside or depth(self.method, node) + self._different(selection, uses) > DEEPEST:
            # Its neighbours stay as well: some of the loops without the others would gain nothing.
            self._deep += selection.statements
            return self.tree.decline(self.by, node, "loops that pick would stand too deep in each other; pick on lines of their own")
        return self._made(selection, code, test, text, lengthened, hoisted)

    def _mates(self, selection: Selection, uses: Sequence[Use], text: str) -> list[Mate]:
        """The other containers that the index picks from, where it counts from the start of each of them."""
        _, container, index = selection.use
        mates: dict[str, Mate] = {}
        for node, other, own in self._others(selection, uses):
            code = self.tree.code(node.value)
            if other.text == container.text or self._text(own) != self._text(index) or other.trouble or self._holds_parameters(node.value):
                continue
            if self.changes.list_itself(node.value, selection.statements) or self._rebound(node, index, selection.statements):
                continue
            test = self._test(other, self.bounds.span(own), own, text, f"len({code})")
            first = self.tree.statement(node) is selection.statements[0]
            sure = not test.check or (first and always_evaluated(self.tree, selection.statements[0], node))
            if test.equal == text and sure:
                mates.setdefault(other.text, Mate(other, code, [], test)).nodes.append(node)
        return list(mates.values())

    def _others(self, selection: Selection, uses: Sequence[Use]) -> list[Use]:
        """The uses in the selection's statements that its own item does not answer."""
        answered = [id(node) for node in selection.nodes]
        return [u for u in uses if id(u[0]) not in answered and any(self.tree.contains(s, u[0]) for s in selection.statements)]

    def _different(self, selection: Selection, uses: Sequence[Use]) -> int:
        """How many loops the selection's statements need, this one included."""
        shared = [id(node) for mate in selection.mates for node in mate.nodes]
        left = {(u[1].text, self._text(u[2])) for u in self._others(selection, uses) if id(u[0]) not in shared}
        return 1 + len(left) + max(nested(self.tree, statement) for statement in selection.statements)

    def _holds_parameters(self, node: cst.BaseExpression) -> bool:
        """Whether it is a ParameterList, whose length the compiler does not find in every place."""
        found = self.method.attribute(node)
        return found is not None and any(name.endswith("ParameterList") for name in found.classes)

    def _unfolded(self, use: Use) -> Rewrite | None:
        """``x = self.ms[k](x) if k > 0 else x`` as an if statement, whose branches the next pass looks at."""
        tree, node = self.tree, use[0]
        choice = next((above for above in tree.ancestors(node) if isinstance(above, cst.IfExp)), None)
        line = tree.statement(node)
        if choice is None or tree.contains(choice.test, node) or not isinstance(line, cst.SimpleStatementLine):
            return None
        small = line.body[0]
        named = isinstance(small, cst.Assign) and all(isinstance(t.target, cst.Name) for t in small.targets)
        if (
            not (named or isinstance(small, cst.Return))
            or id(getattr(small, "value", None)) != id(choice)
            or not tree.own_line(line)
            or block_of(tree, line) is None
        ):
            return None
        start, at = tree.span(small)[0], tree.outer_span(choice)[0]
        head, parts = tree.text[start:at], [tree.code(part) for part in (choice.test, choice.body, choice.orelse)]
        if any("\n" in part or "\r" in part for part in (head, *parts)):
            return None
        indent = tree.newline + tree.indent(line)
        deeper = indent + tree.indent_unit
        text = f"if {parts[0]}:{deeper}{head}{parts[1]}{indent}else:{deeper}{head}{parts[2]}"
        why = "a loop that picks a module needs a statement of its own"
        return tree.rewrite(self.by, node, "write the conditional expression as an if statement", [tree.replace(small, text)], why=why)

    def _obstacle(self, use: Use) -> str:
        node, container, index = use
        if container.trouble:
            return container.trouble + ("; put an nn.Identity() there" if container.holes and not container.own else "")
        statement = self.tree.own_statement(node)
        if statement is None or block_of(self.tree, statement) is None:
            return "the statement shares its line with others; put it on a line of its own"
        if any(isinstance(above, cst.Lambda) for above in self.tree.ancestors(node)):
            return "the index stands in a lambda"
        if self._may_be_slice(container, index):
            return f"{self.tree.code(index)} is not known to be an int, and a slice of a Sequential can be called; annotate it"
        if isinstance(index, cst.NamedExpr):
            return f"{self.tree.code(index)} binds a name; do that on a line before"
        if not pure(self.tree, index) and not first_evaluated(self.tree, statement, node):
            return "computing the index calls something; assign it to a name on a line before"
        inner = {name.value for name, by in bindings(statement) if isinstance(by, cst.CompFor)}
        if inner & (names_in(index) | names_in(node.value)):
            return "the index comes from a comprehension; write it as a loop"
        if not self._settled(statement, node, index):
            return f"what {self.tree.code(index)} reads may change before it is used; assign it to a name on a line before"
        parent = self.tree.parent(node)
        if isinstance(parent, cst.AssignTarget | cst.AugAssign | cst.Del) or isinstance(statement, cst.While):
            return "the element is assigned or tested in a loop's condition, which has no form that scripts"
        if not always_evaluated(self.tree, statement, node) and self._inside(container, self.bounds.span(index)) is None:
            return "the index is only used on a condition and may lie outside of the list there; write the condition as an if statement"
        return ""

    def _settled(self, statement: cst.CSTNode, node: cst.CSTNode, index: cst.BaseExpression) -> bool:
        """Whether the index is, before its statement, what it is where it stands."""
        if not self.changes.may(index, [statement]):
            return True
        return always_evaluated(self.tree, statement, node) and not self.changes.may(index, self.changes.earlier(node, statement))

    def _may_be_slice(self, container: Container, index: cst.BaseExpression) -> bool:
        """Whether the index is a caller's, of no known type, and the container has slices that can be called."""
        known = container.attribute.kinds if container.attribute is not None else {Kind.SEQUENTIAL}
        if Kind.SEQUENTIAL not in known or not isinstance(index, cst.Name) or index.value not in self.method.parameters:
            return False
        types = Inference(self.tree, self.method.facts, self.method.qualname, self.method.node)
        return not self.method.bound(index.value)[1:] and types.type_of(index) != INT

    # which statements the select loop takes in

    def _selection(self, use: Use, uses: Sequence[Use]) -> Selection | str:
        node, container, index = use
        statement = self.tree.statement(node)
        block = block_of(self.tree, statement) if statement is not None else None
        if statement is None or block is None:
            return "the statement can't be moved"
        first = next(i for i, s in enumerate(block) if s is statement)
        last, preset = self._extent(block, first)
        if isinstance(preset, str):
            return preset
        taken = [s for s in block[first : last + 1] if isinstance(s, cst.BaseStatement)]
        if any(escaping_jumps(s) for s in taken):
            return "a break or continue would leave the wrong loop; use an if statement or a flag"
        around = [above.body for above in self.tree.ancestors(node) if isinstance(above, cst.For | cst.While)]
        if self.changes.list_itself(node.value, taken) or self.changes.refilled(node.value, around):
            return f"{self.tree.code(node.value)} is changed there, and a loop over it would see that"
        nodes = [node]
        same = [u for u in uses if u[0] is not node and u[1].text == container.text and self._text(u[2]) == self._text(index)]
        if not self.changes.may(index, taken) and not changed_by(self.tree, node.value, taken):
            nodes += [u[0] for u in same if any(self.tree.contains(s, u[0]) for s in taken) and not self._rebound(u[0], index, taken)]
        return Selection(use, taken, nodes, preset)

    def _rebound(self, node: cst.CSTNode, index: cst.BaseExpression, taken: Sequence[cst.CSTNode]) -> bool:
        """Whether a comprehension around another use gives the index another meaning."""
        inner = {name.value for s in taken for name, by in bindings(s) if isinstance(by, cst.CompFor)}
        return bool(inner & names_in(index))

    def _text(self, node: cst.CSTNode) -> str:
        return "".join(self.tree.code(node).split())

    def _extent(self, block: Sequence[cst.CSTNode], first: int) -> tuple[int, list[str] | str]:
        """The last statement that reads what the first one binds, and the names that must have a value before."""
        last = first
        while True:
            new = self._new_names(block[first : last + 1], block[first])
            reach = [i for i in range(last + 1, len(block)) if any(loads(block[i], name) for name in new)]
            if not reach:
                break
            last = reach[-1]
        open_names = [name for name in sorted(new) if self._escapes(block, first, last, name)]
        if not open_names:
            return last, []
        first_new = self._new_names(block[first : first + 1], block[first])
        presets = [f"{name} = {self.tree.imports.spell('torch.empty')[0]}(0)" for name in sorted(first_new)]
        if all(self._is_tensor(name) for name in first_new) and first_new:
            return first, presets
        return last, f"no value of {open_names[0]} is known before the index is used; give an entry: its run shows the type"

    def _new_names(self, statements: Sequence[cst.CSTNode], first: cst.CSTNode) -> set[str]:
        found = {name.value for s in statements for name, by in bindings(s) if not isinstance(by, cst.CompFor)}
        return {name for name in found if not bound_before(self.tree, self.method.node, first, name)}

    def _escapes(self, block: Sequence[cst.CSTNode], first: int, last: int, name: str) -> bool:
        inside = block[first : last + 1]
        reads = [r for r in loads(self.method.node.body, name) if not any(self.tree.contains(s, r) for s in inside)]
        return bool(reads) and used_after(self.tree, self.method.node, block[last], name)

    def _is_tensor(self, name: str) -> bool:
        fact = self.method.facts.local(self.tree.path, self.method.qualname, name)
        return bool(fact) and getattr(fact, "type", None) == Type("Tensor")

    # how the select loop compares

    def _inside(self, container: Container, known: tuple[Linear | None, Linear | None]) -> Proof | None:
        low, high = known
        if low is None or high is None:
            return None
        below = self.bounds.at_most(Linear(), low)
        above = self.bounds.at_most(high.plus(Linear(1)), self.bounds.length(container))
        return None if below is None or above is None else (*below, *above)

    def _test(
        self, container: Container, known: tuple[Linear | None, Linear | None], index: cst.BaseExpression, text: str, length: str
    ) -> Test:
        low, high = known
        inside = self._inside(container, known)
        if inside is not None:
            return Test(text, "", inside)
        positive = self.bounds.at_most(Linear(), low) if low is not None else None
        if positive is not None:
            return Test(text, f"{_operand(index, text)} >= {length}", positive)
        size = self.bounds.length(container)
        negative = self.bounds.at_most(high, Linear(-1)) if high is not None else None
        if negative is not None and low is not None:
            within = self.bounds.at_most(size.times(-1), low)
            moved = self.bounds.linear(index).plus(size)
            return Test(render(moved), "" if within is not None else f"{text} < -{length}", (*negative, *(within or ())))
        return Test("", f"not -{length} <= {text} < {length}", ())

    # the rewrite

    def _made(self, selection: Selection, code: str, test: Test, text: str, length: str, hoisted: list[str]) -> Rewrite:
        patch = Patch(self.tree)
        node, container, _ = selection.use
        counter, first = self._counter(), selection.statements[0]
        item = self._item(selection, container, counter, patch)
        condition = f"{counter} == {test.equal}" if test.equal else f"{counter} in ({text}, {text} + {length})"
        error = self._error(text)
        lines = [*hoisted, *selection.preset]
        for check in self._checks(selection, test, hoisted):
            lines += [f"if {check}:", f"    {error}"]
        walked = code
        if selection.mates:
            item = f"({', '.join([item, *self._mate_items(selection, counter, patch)])})"
            walked = f"zip({', '.join([code, *(mate.code for mate in selection.mates)])})"
        lines += [self._loop_line(counter, item, walked), f"    if {condition}:"]
        patch.before(first, lines)
        patch.indent(selection.statements, 2)
        if selection.returns:
            patch.after(selection.statements[-1], [error])
        needs: list[Need] = list(dict.fromkeys([*test.needs, *(need for mate in selection.mates for need in mate.test.needs)]))
        safety = Safety.OBSERVED if lives(tuple(needs)) else None
        why = "the compiler takes literals only as an index of modules; a loop over them can pick the element"
        title = f"pick the element of {code} in a loop"
        imports = self.tree.imports.spell("torch.empty")[1] if selection.preset else ()
        return self.tree.rewrite(self.by, node, title, patch.edits(), imports=imports, needs=needs, why=why, safety=safety)

    def _checks(self, selection: Selection, test: Test, hoisted: list[str]) -> list[str]:
        """The checks in front of the loop, less those that the statements above have made; a return raises behind it instead."""
        node, _, index = selection.use
        if selection.returns:
            return []
        wanted = [t.check for t in (test, *(mate.test for mate in selection.mates)) if t.check]
        # What a call in between does to an attribute is not seen, and a name just made has no check yet.
        plain = not hoisted and not any(isinstance(n, cst.Attribute | cst.Subscript) for n in (index, *own_nodes(index)))
        first = selection.statements[0]
        return [c for c in dict.fromkeys(wanted) if not (plain and checked(self.changes, c, (index, node.value), first))]

    def _mate_items(self, selection: Selection, counter: str, patch: Patch) -> list[str]:
        items = []
        for mate in selection.mates:
            items.append(self.names.item(mate.container.text, counter))
            for node in mate.nodes:
                patch.replace_outer(node, items[-1])
        return items

    def _item(self, selection: Selection, container: Container, counter: str, patch: Patch) -> str:
        first = selection.statements[0]
        node = selection.use[0]
        assign = self.tree.parent(node)
        if isinstance(assign, cst.Assign) and len(assign.targets) == 1 and len(selection.statements) > 1:
            target = assign.targets[0].target
            if isinstance(target, cst.Name) and len(self.method.bound(target.value)) == 1 and not selection.preset:
                patch.remove(first)
                for other in selection.nodes[1:]:
                    patch.replace_outer(other, target.value)
                return target.value
        item = self.names.item(container.text, counter)
        for found in selection.nodes:
            patch.replace_outer(found, item)
        return item

    def _counter(self) -> str:
        return self.names.counter()

    def _loop_line(self, counter: str, item: str, code: str) -> str:
        return f"for {counter}, {item} in enumerate({code}):"

    def _error(self, text: str) -> str:
        if any(char in text for char in "\"'{}\\"):
            return 'raise IndexError("index is out of range")'
        return f'raise IndexError(f"index {{{text}}} is out of range")'


def _operand(index: cst.BaseExpression, text: str) -> str:
    return f"({text})" if isinstance(index, cst.IfExp | cst.Comparison | cst.BooleanOperation) else text
