"""What the locals of a function may hold, judged by all their assignments at once (their order plays no part)."""

from __future__ import annotations

from scriptify.facts.classes import Table
from scriptify.facts.evaluate import Evaluator
from scriptify.facts.model import Attribute
from scriptify.facts.scan import Assigned, File, Scope, arguments, self_of
from scriptify.facts.values import UNKNOWN, Value, as_attribute, joined

Memo = dict[tuple[str, str], Value]


class Locals:
    """The locals seen from one scope of a file; ``memo`` is shared by the scopes of a file."""

    def __init__(self, table: Table, file: File, scope: Scope, memo: Memo) -> None:
        self.table, self.file, self.scope, self.memo = table, file, scope, memo
        method = scope.method()
        self.self_name = self_of(method) if method is not None else ""
        self.owner = f"{file.path}::{method.owner}" if method is not None else ""
        self.evaluate = Evaluator(table, file.path, scope, self.local, self.self_name, self._attribute_of_self, lambda call, target: None)

    def _attribute_of_self(self, name: str) -> Attribute | None:
        return self.table.lookup(self.owner, name) if self.owner else None

    def local(self, name: str) -> Value | None:
        """What a name holds that this function, one around it, or a call at module level gives its value; None for others."""
        here: Scope | None = self.scope
        while here is not None and here.kind != "module":
            if here.kind == "function" and name in here.bindings and name not in here.outer:
                break
            here = here.parent
        if here is None or (here.kind == "module" and (not _made_once(here, name) or self.table.names.symbol(self.file.path, name))):
            return None
        key = (here.qualname, name)
        if key not in self.memo:
            # What depends on itself (x = f(x)) is not known.
            self.memo[key] = UNKNOWN
            self.memo[key] = self._value(here, name)
        return self.memo[key]

    def _value(self, here: Scope, name: str) -> Value:
        assigned = [b for b in here.bindings[name] if isinstance(b, Assigned)]
        if not assigned:
            return self.table.names.name(name, self.file.path, here) or UNKNOWN
        if len(assigned) < len(here.bindings[name]):
            return UNKNOWN
        inner = self if here is self.scope else Locals(self.table, self.file, here, self.memo)
        found = [inner._assigned(binding, name) for binding in assigned]
        return found[0] if len(found) == 1 else joined([as_attribute(value) for value in found])

    def _assigned(self, binding: Assigned, name: str) -> Value:
        if binding.how == "opaque" or binding.expr is None:
            return self._parameter(name)
        value = self.evaluate.loop(binding.expr) if binding.how == "iter" else self.evaluate(binding.expr)
        for place in binding.path:
            value = value[place] if isinstance(value, tuple) and place < len(value) else UNKNOWN
        return value

    def _parameter(self, name: str) -> Value:
        """A parameter annotated with a project class may be one of its instances; nothing makes sure."""
        node = self.scope.function
        annotation = next((a.annotation for a in arguments(node.args) if a.arg == name), None) if node is not None else None
        ref = self.table.names.expression(annotation, self.file.path, self.scope.parent or self.scope) if annotation is not None else None
        if ref is None or ref.outside or ref.key not in self.table.scopes:
            return UNKNOWN
        return joined([UNKNOWN, *(self.table.instance(self.table.ref(key)) for key in (ref.key, *self.table.below(ref.key)))])


def _made_once(module: Scope, name: str) -> bool:
    """Whether a module-level name is given one value (``net = Net()``), which no import or definition explains."""
    bindings = module.bindings.get(name, [])
    return len(bindings) == 1 and isinstance(bindings[0], Assigned) and bindings[0].expr is not None
