"""``for i in range(n): self.ms[i](x)`` -> ``for i, m in enumerate(self.ms)``: the loop hands the module out."""

from __future__ import annotations

from dataclasses import dataclass, field

import libcst as cst

from scriptify.transform import Need, Rewrite, Safety, Transform
from scriptify.transforms._bounds import Bounds, Proof, lives
from scriptify.transforms._changes import Changes
from scriptify.transforms._containers import Container, Method, builtin_call
from scriptify.transforms._flow_questions import always_evaluated, block_of, changed_by, jumps, names_in, pure, used_after
from scriptify.transforms._item_names import FreshNames
from scriptify.transforms._linear import Linear
from scriptify.transforms._patch import Patch
from scriptify.tree import loads, own_nodes, stores_in

Use = tuple[cst.Subscript, Container, cst.BaseExpression]


@dataclass
class Carried:
    """The uses one loop can hand out: by container text, the container, its source text and its subscripts."""

    items: dict[str, tuple[Container, str, list[cst.Subscript]]] = field(default_factory=dict)
    stored: bool = False

    def add(self, use: Use, code: str) -> None:
        """Note one use."""
        node, container, _ = use
        self.items.setdefault(container.text, (container, code, []))[2].append(node)

    @property
    def containers(self) -> list[tuple[Container, str]]:
        """The containers in the order of their first use, with their source text."""
        return [(container, code) for container, code, _ in self.items.values()]


def carried_by(method: Method, loop: cst.For, variable: str, counter: cst.CSTNode | None = None) -> Carried:
    """The uses in a loop's body whose index is exactly the loop's variable (or its counter, increased last)."""
    found = Carried()
    body, changes = [loop.body], Changes(method)
    if any(node is not counter for node in stores_in(loop.body, variable)):
        found.stored = True
        return found
    for use in method.index_uses(loop.body):
        node, container, index = use
        steady = not changed_by(method.tree, node.value, body) and not changes.list_itself(node.value, body)
        steady = steady and variable not in names_in(node.value)
        if isinstance(index, cst.Name) and index.value == variable and steady and not container.trouble:
            found.add(use, method.tree.code(node.value))
    return found


@dataclass
class Plan:
    """What a rewrite of a loop will do: its guard, the checks after it, what it rests on."""

    guards: list[str] = field(default_factory=list)
    checks: list[tuple[str, str]] = field(default_factory=list)
    checked: list[str] = field(default_factory=list)
    hoisted: list[str] = field(default_factory=list)
    needs: list[Need] = field(default_factory=list)

    def rest_on(self, proof: Proof) -> None:
        """Add what a proof rests on."""
        self.needs.extend(need for need in proof if need not in self.needs)


class HeaderRewriter:
    """Rewrites the headers of the loops of one method."""

    def __init__(self, by: Transform, method: Method, bounds: Bounds, names: FreshNames) -> None:
        self.by, self.method, self.bounds, self.names = by, method, bounds, names
        self.tree = method.tree

    def rewrite(self, loop: cst.For) -> Rewrite | None:
        """The rewrite of a loop over a range or over modules, or None where this form does not fit."""
        called = builtin_call(self.tree, loop.iter)
        if called and called[0] == "reversed" and len(called[1]) == 1:
            return self._reversed(loop, called[1][0])
        if loop.orelse is not None or loop.asynchronous is not None or any(jumps(loop)):
            return None
        if called and called[0] == "range" and isinstance(loop.target, cst.Name):
            return self._range(loop, loop.target.value, called[1])
        return self._modules(loop)

    # for i in range(...)

    def _range(self, loop: cst.For, variable: str, arguments: list[cst.BaseExpression]) -> Rewrite | None:
        carried = carried_by(self.method, loop, variable)
        if not carried.items or carried.stored or not arguments:
            return None
        plan = Plan()
        ends = self._ends(loop, arguments, plan)
        if ends is None:
            return None
        low, high, high_text, step = ends
        if not self._limits(plan, carried, variable, low, high, high_text, step) or not self._checkable(loop, carried, plan):
            return None
        if not plan.guards and not plan.checks and pure(self.tree, arguments[1] if len(arguments) > 1 else arguments[0]):
            plan.hoisted.clear()
        after = used_after(self.tree, self.method.node, loop, variable)
        if after and (plan.guards or low.number != 0):
            return None
        return self._apply(loop, variable, carried, plan, after)

    def _ends(self, loop: cst.For, arguments: list[cst.BaseExpression], plan: Plan) -> tuple[Linear, Linear, str, int] | None:
        """Start, stop (and its text) and step of a range; a stop the body may change is held in a name first."""
        start = self.bounds.linear(arguments[0]) if len(arguments) > 1 else Linear()
        stop = arguments[1] if len(arguments) > 1 else arguments[0]
        step = self.bounds.linear(arguments[2]).number if len(arguments) > 2 else 1
        if step is None or step < 1 or len(arguments) > 3 or start.number is None or start.number < 0:
            return None
        text = self.tree.code(stop) if isinstance(stop, cst.Name | cst.Attribute | cst.Integer | cst.Call) else self.tree.operand(stop)
        if not isinstance(stop, cst.Name | cst.Attribute | cst.Integer | cst.Call | cst.BinaryOperation):
            return None
        text = self.tree.code(stop) if isinstance(stop, cst.BinaryOperation) else text
        if not pure(self.tree, stop) or Changes(self.method).may(stop, [loop.body]):
            name = self.names.take("stop", "end")
            plan.hoisted.append(f"{name} = {text}")
            text = name
        return start, self.bounds.linear(stop), text, step

    def _limits(self, plan: Plan, carried: Carried, variable: str, low: Linear, high: Linear, text: str, step: int) -> bool:
        """Fill in guards and checks; False where the range can't be told well enough."""
        containers = carried.containers
        first = low.const
        long_enough = [self.bounds.covers(high, self.bounds.length(c)) for c, _ in containers]
        stops = next((proof for proof in long_enough if proof is not None), None)
        for container, code in containers:
            fits = self.bounds.at_most(high, self.bounds.length(container))
            if fits is not None:
                plan.rest_on(fits)
            elif step == 1:
                limit = f"len({code})" if not first else f"max(len({code}), {first})"
                plan.checks.append((f"{text} > {limit}", limit))
                plan.checked.append(container.text)
            else:
                return False
        if stops is not None:
            plan.rest_on(stops)
        if step > 1:
            plan.guards.append(f"{variable} % {step} == {first}" if first < step else f"({variable} - {first}) % {step} == 0")
        if first and stops is None:
            plan.guards.insert(0, f"{first} <= {variable} < {text}")
        elif stops is None:
            plan.guards.insert(0, f"{variable} < {text}")
        elif first and (step == 1 or first >= step):
            plan.guards.insert(0, f"{variable} >= {first}")
        return True

    def _reversed(self, loop: cst.For, inner: cst.BaseExpression) -> Rewrite | None:
        """``reversed(range(a, b))`` as the range that counts down, which the compiler takes."""
        called = builtin_call(self.tree, inner)
        if not called or called[0] != "range" or not isinstance(loop.target, cst.Name) or len(called[1]) not in (1, 2):
            return None
        if not any(True for _ in self.method.index_uses(loop.body)):
            return None
        ends = [self.tree.operand(a) if not isinstance(a, cst.BinaryOperation) else self.tree.code(a) for a in called[1]]
        forms = [_literal_less_one(a) for a in called[1]]
        high = forms[-1] or f"{ends[-1]} - 1"
        low = (forms[0] or f"{ends[0]} - 1") if len(ends) == 2 else "-1"
        patch = Patch(self.tree)
        patch.replace_outer(loop.iter, f"range({high}, {low}, -1)")
        return self._made(loop, patch, Plan(), "count down instead of reversing a range")

    def _checkable(self, loop: cst.For, carried: Carried, plan: Plan) -> bool:
        """Whether running past a list's end always raises: each turn uses the list, and no turn leaves the loop before."""
        if plan.checks and any(isinstance(node, cst.Return | cst.Raise) for node in own_nodes(loop.body)):
            return False
        return all(any(self._each_turn(loop, node) for node in carried.items[text][2]) for text in plan.checked)

    def _each_turn(self, loop: cst.For, node: cst.CSTNode) -> bool:
        statement = self.tree.statement(node)
        if statement is loop:
            return isinstance(loop.body, cst.SimpleStatementSuite) and always_evaluated(self.tree, loop.body, node)
        return statement is not None and self.tree.parent(statement) is loop.body and always_evaluated(self.tree, statement, node)

    # for i, m in enumerate(self.ms): self.others[i]

    def _modules(self, loop: cst.For) -> Rewrite | None:
        walked = self.method.walked(loop)
        position = self._position(loop, walked)
        if position is None:
            return None
        variable, target, inner = position
        carried = carried_by(self.method, loop, variable) if variable else self._counted(loop)
        if not carried.items or any(container.trouble for _, container in walked):
            return None
        own = self._held_already(loop, walked, carried)
        if own:
            return self._named(loop, own)
        plan = Plan()
        lengths = [self.bounds.length(container) for _, container in walked]
        for container, code in carried.containers:
            proofs = [self.bounds.at_most(length, self.bounds.length(container)) for length in lengths]
            proof = next((p for p in proofs if p is not None), None)
            if proof is not None:
                plan.rest_on(proof)
                continue
            shortest = ", ".join(f"len({c.text})" for _, c in walked)
            plan.checked.append(container.text)
            plan.checks.append((f"len({code}) < " + (shortest if len(walked) == 1 else f"min({shortest})"), f"len({code})"))
        return self._extend(loop, target, inner, carried, plan) if self._checkable(loop, carried, plan) else None

    def _held_already(self, loop: cst.For, walked: list[tuple[cst.Name, Container]], carried: Carried) -> dict[cst.Subscript, str]:
        """The uses of a list that the loop itself walks over, each with the name the loop has for that element."""
        kept = {container.text: name.value for name, container in walked if not stores_in(loop.body, name.value)}
        return {node: kept[text] for text, (_, _, nodes) in carried.items.items() if text in kept for node in nodes}

    def _named(self, loop: cst.For, own: dict[cst.Subscript, str]) -> Rewrite:
        patch = Patch(self.tree)
        for node, name in own.items():
            patch.replace_outer(node, name)
        return self._made(loop, patch, Plan(), "use the name that the loop has for the element")

    def _position(
        self, loop: cst.For, walked: list[tuple[cst.Name, Container]]
    ) -> tuple[str, cst.BaseExpression, cst.BaseExpression] | None:
        """The variable that counts a loop over modules, and the part of target and iterator that the modules are in."""
        called = builtin_call(self.tree, loop.iter)
        target: cst.BaseExpression = loop.target
        inner, variable = loop.iter, ""
        if called and called[0] == "enumerate" and len(called[1]) == 1 and isinstance(target, cst.Tuple) and len(target.elements) == 2:
            first = target.elements[0].value
            variable = first.value if isinstance(first, cst.Name) else ""
            target, inner = target.elements[1].value, called[1][0]
        zipped = builtin_call(self.tree, inner)
        parts = len(zipped[1]) if zipped and zipped[0] == "zip" else 1
        names = len(target.elements) if isinstance(target, cst.Tuple) and parts > 1 else 1
        if not walked or len(walked) != parts or names != parts or len({id(name) for name, _ in walked}) != parts:
            return None
        return variable, target, inner

    def _counted(self, loop: cst.For) -> Carried:
        """The uses whose index is a counter: set to 0 before the loop, increased by one as its last statement."""
        block, body = block_of(self.tree, loop), loop.body
        last = body.body[-1] if isinstance(body, cst.IndentedBlock) else None
        step = last.body[0] if isinstance(last, cst.SimpleStatementLine) and len(last.body) == 1 else None
        if block is None or not isinstance(step, cst.AugAssign) or not isinstance(step.target, cst.Name):
            return Carried()
        name = step.target.value
        by = [node for node in self.method.bound(name) if node is not step]
        start = self.tree.parent(by[0]) if len(by) == 1 and isinstance(by[0], cst.AssignTarget) else None
        line = self.tree.parent(start) if isinstance(start, cst.Assign) and len(start.targets) == 1 else None
        place = [i for i, statement in enumerate(block) if statement is line]
        if not place or not any(statement is loop for statement in block[place[0] :]):
            return Carried()
        zero = isinstance(start, cst.Assign) and isinstance(start.value, cst.Integer) and start.value.evaluated_value == 0
        one = isinstance(step.operator, cst.AddAssign) and isinstance(step.value, cst.Integer) and step.value.evaluated_value == 1
        return carried_by(self.method, loop, name, counter=step) if zero and one else Carried()

    def _extend(self, loop: cst.For, target: cst.BaseExpression, inner: cst.BaseExpression, carried: Carried, plan: Plan) -> Rewrite:
        patch = Patch(self.tree)
        items = self._items(loop, carried, patch)
        zipped = builtin_call(self.tree, inner)
        if zipped and zipped[0] == "zip" and isinstance(inner, cst.Call) and isinstance(target, cst.Tuple):
            patch.insert(self.tree.span(target.elements[-1].value)[1], "".join(f", {item}" for item in items))
            patch.insert(self.tree.span(inner.args[-1].value)[1], "".join(f", {code}" for _, code in carried.containers))
        else:
            names = ", ".join([self.tree.code(target), *items])
            bare = target is loop.target
            patch.replace_outer(target, names if bare else f"({names})")
            texts = ", ".join([self.tree.code(inner), *(code for _, code in carried.containers)])
            patch.replace_outer(inner, f"zip({texts})")
        self._finish(loop, plan, patch)
        return self._made(loop, patch, plan, f"walk over {_listed(carried)} together with the loop's own modules")

    # shared

    def _items(self, loop: cst.For, carried: Carried, patch: Patch) -> list[str]:
        """Put a name in place of each carried use; an alias assigned from one gives the name and goes."""
        items = []
        for container, _, nodes in carried.items.values():
            alias = next((found for node in nodes if (found := self._alias(loop, node))), None)
            item = alias[0] if alias else self.names.item(container.text)
            for node in nodes:
                if alias and node is alias[1]:
                    patch.remove(alias[2])
                else:
                    patch.replace_outer(node, item)
            items.append(item)
        return items

    def _alias(self, loop: cst.For, node: cst.Subscript) -> tuple[str, cst.Subscript, cst.CSTNode] | None:
        """``layer = self.layers[i]`` as a statement of the loop's own block, ``layer`` used for nothing else."""
        assign = self.tree.parent(node)
        line = self.tree.parent(assign) if isinstance(assign, cst.Assign) and len(assign.targets) == 1 else None
        if not isinstance(line, cst.SimpleStatementLine) or not isinstance(assign, cst.Assign) or not self.tree.own_line(line):
            return None
        block, target = self.tree.parent(line), assign.targets[0].target
        if block is not loop.body or not isinstance(block, cst.IndentedBlock) or len(block.body) < 2 or not isinstance(target, cst.Name):
            return None
        if len(self.method.bound(target.value)) != 1:
            return None
        reads = loads(self.method.node.body, target.value)
        inside = all(self.tree.contains(loop.body, r) and self.tree.span(r)[0] > self.tree.span(node)[0] for r in reads)
        return (target.value, node, line) if inside else None

    def _apply(self, loop: cst.For, variable: str, carried: Carried, plan: Plan, after: bool) -> Rewrite:
        patch = Patch(self.tree)
        items = self._items(loop, carried, patch)
        slices = [node.slice[0].slice for _, _, nodes in carried.items.values() for node in nodes]
        gone = {id(part.value) for part in slices if isinstance(part, cst.Index)}
        counted = after or plan.guards or any(id(name) not in gone for name in loads(loop.body, variable))
        codes = [code for _, code in carried.containers]
        target = items[0] if len(items) == 1 else ", ".join(items)
        walked = codes[0] if len(codes) == 1 else f"zip({', '.join(codes)})"
        if counted:
            target = f"{variable}, {target}" if len(items) == 1 else f"{variable}, ({target})"
            walked = f"enumerate({walked})"
        patch.replace_outer(loop.target, target)
        patch.replace_outer(loop.iter, walked)
        self._finish(loop, plan, patch)
        return self._made(loop, patch, plan, f"loop over {_listed(carried)} instead of indexing it")

    def _finish(self, loop: cst.For, plan: Plan, patch: Patch) -> None:
        if plan.guards:
            patch.guard(loop, f"if {' and '.join(plan.guards)}:")
        if plan.hoisted:
            patch.before(loop, plan.hoisted)
        lines: list[str] = []
        for test, limit in plan.checks:
            lines += [f"if {test}:", f'    raise IndexError(f"index {{{limit}}} is out of range")']
        if lines:
            patch.after(loop, lines)

    def _made(self, loop: cst.For, patch: Patch, plan: Plan, title: str) -> Rewrite:
        safety = Safety.OBSERVED if lives(tuple(plan.needs)) else None
        why = "the compiler indexes a ModuleList with integer literals only; it unrolls a loop over one"
        return self.tree.rewrite(self.by, loop, title, patch.edits(), needs=plan.needs, why=why, safety=safety)


def _literal_less_one(node: cst.BaseExpression) -> str:
    return str(node.evaluated_value - 1) if isinstance(node, cst.Integer) else ""


def _listed(carried: Carried) -> str:
    return " and ".join(code for _, code in carried.containers)
