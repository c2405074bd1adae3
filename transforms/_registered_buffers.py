"""``[getattr(self.noises, f"noise{i}") for i in range(n)]`` -> ``named_buffers()``, where the constructor proves the order."""

from __future__ import annotations

import libcst as cst

from scriptify.transform import Need, Rewrite, Transform
from scriptify.transforms._bounds import Bounds
from scriptify.transforms._containers import Method, builtin_call
from scriptify.transforms._item_names import FreshNames
from scriptify.transforms._kept import is_target
from scriptify.transforms._name_values import Access
from scriptify.tree import Tree, own_nodes

_MAKERS = frozenset(f"torch.{name}" for name in "randn rand zeros ones empty full randint arange linspace tensor eye".split())


def in_order(by: Transform, method: Method, access: Access) -> Rewrite | None:
    """The rewrite of a comprehension that collects all buffers of a plain submodule in their order, or None."""
    tree = method.tree
    comp = tree.parent(access.node)
    if not isinstance(comp, cst.ListComp) or comp.elt is not access.node or comp.for_in.ifs or comp.for_in.inner_for_in:
        return None
    called, target = builtin_call(tree, comp.for_in.iter), comp.for_in.target
    prefix = f"{method.self_name}."
    holder = access.base.removeprefix(prefix)
    if not called or called[0] != "range" or len(called[1]) != 1 or not isinstance(target, cst.Name) or not holder.isidentifier():
        return None
    bounds = Bounds(method)
    registered = _registration(method, bounds, holder)
    if registered is None:
        return None
    loop, name, variable = registered
    ranged = builtin_call(tree, loop.iter)
    if not ranged or ranged[0] != "range" or len(ranged[1]) != 1:
        return None
    if _shape(method, name, variable) != _shape(method, access.name, target.value):
        return None
    built = bounds.counts.linear(ranged[1][0], 0)
    wanted = bounds.expanded(bounds.linear(called[1][0]))
    if built is None or built.minus(wanted).number != 0:
        return None
    buffer = FreshNames(tree, method.node).take("buffer", "buf")
    text = f"[{buffer} for _, {buffer} in {access.base}.named_buffers()]"
    need = Need(f"{method.class_name}.__init__ registers these buffers of {access.base} and no others, in this order", "source")
    why = "the compiler takes attribute names as string literals only; it walks over named_buffers()"
    return tree.rewrite(by, comp, f"collect the buffers of {access.base}", [tree.replace(comp, text)], needs=[need], why=why)


def _registration(method: Method, bounds: Bounds, holder: str) -> tuple[cst.For, cst.BaseExpression, str] | None:
    """The constructor's one loop that registers buffers on a plain ``nn.Module()``, if nothing else is put there."""
    tree, counts = method.tree, bounds.counts
    made = counts.assigned(holder)
    if not isinstance(made, cst.Call) or made.args or tree.dotted(made.func) != "torch.nn.Module" or counts.node is None:
        return None
    calls: list[cst.Call] = []
    for node in tree.find(cst.Attribute):
        parent = tree.parent(node)
        inside = tree.contains(counts.node, node)
        if node.attr.value != holder or (inside and isinstance(parent, cst.AssignTarget)) or _of_another(method, node):
            continue
        above = tree.parent(parent) if parent is not None else None
        if isinstance(parent, cst.Attribute) and parent.value is node and isinstance(above, cst.Call) and above.func is parent:
            if parent.attr.value == "register_buffer" and inside:
                calls.append(above)
            elif parent.attr.value not in ("named_buffers", "buffers"):
                return None
        elif not (_read(tree, parent, node) or (isinstance(parent, cst.Arg) and _reads(method, parent))):
            return None
    if len(calls) != 1 or len(calls[0].args) < 2 or any(arg.keyword or arg.star for arg in calls[0].args[:2]):
        return None
    line = tree.statement(calls[0])
    loop = tree.parent(tree.parent(line)) if line is not None and tree.parent(line) is not None else None  # type: ignore[arg-type]
    made_there = calls[0].args[1].value
    # One tensor under two names would be given once.
    fresh = isinstance(made_there, cst.Call) and tree.dotted(made_there.func) in _MAKERS
    if not isinstance(loop, cst.For) or loop not in counts.statements() or not isinstance(loop.target, cst.Name) or not fresh:
        return None
    left = any(isinstance(node, cst.Break | cst.Continue | cst.Return) for node in own_nodes(loop))
    return None if left else (loop, calls[0].args[0].value, loop.target.value)


def _of_another(method: Method, node: cst.Attribute) -> bool:
    """Whether an attribute is that of ``self`` in a class that is not related."""
    owner = method.tree.enclosing(node, cst.ClassDef)
    if owner is None or method.owner is None or not (isinstance(node.value, cst.Name) and node.value.value == method.self_name):
        return False
    related = (method.owner, *method.facts.ancestors(method.owner), *method.facts.descendants(method.owner))
    return method.tree.qualname(owner) not in [known.qualname for known in related]


def _read(tree: Tree, parent: cst.CSTNode | None, node: cst.Attribute) -> bool:
    """Whether one of the buffers is read there by its name."""
    return isinstance(parent, cst.Attribute) and parent.value is node and not is_target(tree, parent) and not _called(tree, parent)


def _called(tree: Tree, node: cst.Attribute) -> bool:
    above = tree.parent(node)
    return isinstance(above, cst.Call) and above.func is node


def _reads(method: Method, argument: cst.Arg) -> bool:
    call = method.tree.parent(argument)
    return isinstance(call, cst.Call) and method.tree.dotted(call.func) in ("builtins.getattr", "builtins.hasattr")


def _shape(method: Method, name: cst.BaseExpression, variable: str) -> str:
    """A computed name with its variable struck out: two names of one shape agree turn by turn."""
    text = method.tree.code(name)
    spots = [n for n in (name, *own_nodes(name)) if isinstance(n, cst.Name) and n.value == variable]
    start = method.tree.span(name)[0]
    for node in sorted(spots, key=lambda n: -method.tree.span(n)[0]):
        first, last = method.tree.span(node)
        text = f"{text[: first - start]}${text[last - start :]}"
    return (
        text.replace("'", '"') if spots and len(spots) == len([n for n in own_nodes(name) if isinstance(n, cst.Name)]) else f"?{id(name)}"
    )
