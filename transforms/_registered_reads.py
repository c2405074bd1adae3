"""Reads of a plain list of modules in one method, with the names that the modules are registered by when scripting."""

from __future__ import annotations

import re
from dataclasses import dataclass

import libcst as cst

from scriptify.facts.model import Attribute
from scriptify.transforms._containers import Method, builtin_call
from scriptify.transforms._flow_questions import jumps
from scriptify.transforms._item_names import FreshNames
from scriptify.transforms._module_values import calls_of, outermost, twin
from scriptify.transforms._name_values import Names
from scriptify.transforms._patch import Patch
from scriptify.tree import own_nodes, stores_in
from scriptify.tree.substitute import fitted


@dataclass
class Reads:
    """The edits for each read of the list in one method."""

    method: Method
    held: Attribute

    def __post_init__(self) -> None:
        self.tree, self.patch = self.method.tree, Patch(self.method.tree)
        self.names = FreshNames(self.tree, self.method.node)
        self.spelt = self.tree.imports.spell("torch.jit.is_scripting")[0]
        self.calls: list[tuple[cst.Call, set[str]]] = []
        self.done: set[int] = set()
        self.walked = False
        self.checks: list[str] = []

    def known(self, name: str) -> Attribute | None:
        """What is known of one of the modules."""
        found = self.method.facts.attribute(self.tree.path, self.method.class_name, name)
        return found if isinstance(found, Attribute) else None

    def part(self, name: str) -> str:
        """One of the modules as source names it."""
        base = self.method.self_name
        return f"{base}.{name}" if name.isidentifier() else f'getattr({base}, "{name}")'

    def whole(self, node: cst.BaseExpression) -> str:
        """The names as a tuple, for scripting only."""
        parts = [self.part(name) for name in self.held.registered]
        return f"(({', '.join(parts)}{',' if len(parts) == 1 else ''}) if {self.spelt}() else {self.tree.code(node)})"

    def one(self, node: cst.BaseExpression) -> bool:
        """Take one read up; False where there is no form for it."""
        above = self.tree.parent(node)
        if id(node) in self.done:
            return True
        if isinstance(above, cst.For | cst.CompFor) and above.iter is node:
            return self._loop(above, node, above.target)
        if isinstance(above, cst.Subscript) and above.value is node:
            return self._index(above)
        call = self.tree.parent(above) if isinstance(above, cst.Arg) else None
        called = builtin_call(self.tree, call) if call is not None else None
        if called is None or not isinstance(call, cst.Call):
            return False
        if called[0] == "len":
            return self._length(call, node)
        loop = self.tree.parent(call)
        if called[0] not in ("enumerate", "zip") or not isinstance(loop, cst.For | cst.CompFor) or loop.iter is not call:
            return False
        parts = [e.value for e in loop.target.elements] if isinstance(loop.target, cst.Tuple) else []
        at = 1 if called[0] == "enumerate" else called[1].index(node)
        return len(parts) > at and self._loop(loop, node, parts[at])

    def _loop(self, loop: cst.For | cst.CompFor, node: cst.BaseExpression, target: cst.BaseExpression) -> bool:
        """A loop over the modules themselves, whose variable is called and nothing else."""
        body = loop.body if isinstance(loop, cst.For) else self.tree.parent(loop)
        if body is None or not isinstance(target, cst.Name) or self._odd(loop, body, target.value):
            return False
        self._header(loop, node)
        self.calls += [(call, {target.value}) for call in calls_of(body, target.value)]
        return True

    def _odd(self, loop: cst.For | cst.CompFor, body: cst.CSTNode, name: str) -> bool:
        if isinstance(loop, cst.CompFor) and (loop.inner_for_in is not None or loop.ifs):
            return True
        if isinstance(loop, cst.For) and (loop.orelse is not None or any(jumps(loop)) or stores_in(body, name)):
            return True
        found = [n for n in own_nodes(self.method.node.body) if isinstance(n, cst.Name) and n.value == name]
        uses = [n for n in found if not isinstance(self.tree.parent(n), cst.Attribute) or getattr(self.tree.parent(n), "value", None) is n]
        called = {id(call.func) for call in calls_of(body, name)}
        target = {id(n) for n in (loop.target, *own_nodes(loop.target))}
        inside = [n for n in uses if self.tree.contains(loop if isinstance(loop, cst.For) else body, n)]
        return any(id(n) not in called | target for n in inside)

    def _header(self, loop: cst.CSTNode, node: cst.BaseExpression) -> None:
        self.patch.replace_outer(node, self.whole(node))
        self.done.add(id(node))
        self.walked = True

    def _index(self, item: cst.Subscript) -> bool:
        """``self.layers[0](x)``, and ``self.layers[i](x)`` in a loop over just those positions."""
        part, call = item.slice[0].slice, self.tree.parent(item)
        if len(item.slice) != 1 or not isinstance(part, cst.Index) or not isinstance(call, cst.Call) or call.func is not item:
            return False
        text = self.tree.code(part.value)
        if re.fullmatch(r"-?\d+", text):
            if not -len(self.held.registered) <= int(text) < len(self.held.registered):
                return False
            if text.startswith("-"):
                self.walked = True
            inner = self.tree.text[self.tree.outer_span(item)[1] : self.tree.span(call)[1]]
            named = self.part(self.held.registered[int(text)])
            self.patch.replace(call, fitted(self.tree, call, f"{named}{inner} if {self.spelt}() else {self.tree.code(call)}"))
            return not any(self.tree.contains(call, n) for n in own_nodes(call) if n is not item and self._same(n))
        return self._counted(item, text)

    def _same(self, node: cst.CSTNode) -> bool:
        return isinstance(node, cst.Subscript) and self.tree.code(node.value) == f"{self.method.self_name}.{self.held.name}"

    def _counted(self, item: cst.Subscript, counter: str) -> bool:
        """``for i in range(len(self.layers))`` around it hands the module out; all its reads of the list must be by ``i``."""
        loop = next((a for a in self.tree.ancestors(item) if isinstance(a, cst.For | cst.CompFor | cst.BaseComp)), None)
        over = getattr(loop, "for_in", loop)
        body = loop.body if isinstance(loop, cst.For) else loop
        if (
            not isinstance(over, cst.For | cst.CompFor)
            or body is None
            or self.tree.code(over.target) != counter
            or stores_in(body, counter)
        ):
            return False
        handed = self._handed(over.iter, item.value, counter)
        if not handed:
            return False
        if isinstance(over, cst.For) and (over.orelse is not None or any(jumps(over))):
            return False
        uses = [n for n in own_nodes(body) if isinstance(n, cst.Subscript) and self._same(n) and self.tree.code(n).endswith(f"[{counter}]")]
        calls = [self.tree.parent(n) for n in uses]
        if not all(isinstance(c, cst.Call) and c.func is n for c, n in zip(calls, uses, strict=True)):
            return False
        if any(self.tree.contains(a, b) for a in calls for b in calls if a is not b and a is not None and b is not None):
            return False
        name = self.names.item(self.tree.code(item.value), counter)
        self.patch.replace_outer(over.target, f"{counter}, {name}")
        self.patch.replace_outer(over.iter, f"enumerate({handed})")
        for call, use in zip(calls, uses, strict=True):
            assert isinstance(call, cst.Call)
            rest = self.tree.text[self.tree.outer_span(use)[1] : self.tree.span(call)[1]]
            both = f"{name}.forward{rest} if {self.spelt}() else {name}{rest}"
            self.patch.replace(call, both if isinstance(self.tree.parent(call), cst.Assign | cst.Return | cst.Arg) else f"({both})")
        inside = [n for n in own_nodes(over.iter) if self.tree.code(n) == self.tree.code(item.value)]
        self.done.update(id(n) for n in (*(use.value for use in uses), *inside))
        self.walked = True
        return True

    def _handed(self, walked: cst.BaseExpression, node: cst.BaseExpression, counter: str) -> str:
        """What to walk over in place of a range over just the list's positions; ``""`` for any other range."""
        called = builtin_call(self.tree, walked)
        if called is None or called[0] != "range" or len(called[1]) != 1:
            return ""
        whole, ends = self.whole(node), self.tree.code(called[1][0])
        if "".join(ends.split()) == f"len({self.tree.code(node)})":
            return whole
        reader = Names(self.method)
        if reader.value(called[1][0], {}, counts=True) != len(self.held.registered):
            return ""
        self.checks += [check for check in reader.checks.values() if check not in self.checks]
        code = self.tree.code(node)
        return f"{whole.removesuffix(f'{code})')}[{code}[{counter}] for {counter} in range({ends})])"

    def _length(self, call: cst.Call, node: cst.BaseExpression) -> bool:
        """The length, left to the loop that it counts for where there is one."""
        loop = self.tree.parent(self.tree.parent(self.tree.parent(call) or call) or call)
        if isinstance(loop, cst.For | cst.CompFor):
            body = loop.body if isinstance(loop, cst.For) else self.tree.parent(loop)
            item = next((n for n in own_nodes(body) if self._same(n)), None) if body is not None else None
            if isinstance(item, cst.Subscript) and self._index(item) and id(node) in self.done:
                return True
        self.patch.replace(call, f"({len(self.held.registered)} if {self.spelt}() else {self.tree.code(call)})")
        self.walked = True
        return True

    def finish(self) -> None:
        """The calls of the modules, and what a longer list raises."""
        names = set().union(*(held for _, held in self.calls)) if self.calls else set()
        for call in outermost(self.method, [call for call, _ in self.calls]):
            text = twin(self.method, call, names)
            self.patch.replace(call, text)
        last = re.fullmatch(r"(.*?)(\d+)", self.held.registered[-1])
        following = f"{last[1]}{int(last[2]) + 1}" if last else ""
        known = not following or self.known(following) is not None
        tests = [f'hasattr({self.method.self_name}, "{following}")'] if self.walked and not known else []
        tests += [f"not {check}" if " " not in check else f"not ({check})" for check in self.checks]
        if not tests:
            return
        body = self.method.node.body
        if not isinstance(body, cst.IndentedBlock):
            return
        first = body.body[1 if self.method.node.get_docstring() and len(body.body) > 1 else 0]
        count = len(self.held.registered)
        message = f"{self.held.name} has other than the {count} modules that a run has shown"
        lines = [line for test in tests for line in (f"if {self.spelt}() and {test}:", f'    raise RuntimeError("{message}")')]
        self.patch.before(first, lines)
