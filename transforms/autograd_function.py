"""SF732: ``Function.apply``, which scripted code can neither save nor take several results from."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import libcst as cst

from scriptify.facts.model import Facts, TypeFact
from scriptify.transform import Edit, Focus, Import, Need, Phase, Proposal, Safety, Transform
from scriptify.transforms._autograd_body import Cannot, Plain, plain
from scriptify.transforms._autograd_function_examples import EXAMPLES
from scriptify.transforms._before import scripting
from scriptify.transforms._signature import TENSOR, compiled
from scriptify.transforms._spot import Spot, spot
from scriptify.tree import Tree, bindings, own_nodes
from scriptify.tree.substitute import fitted

MARK = "_without_backward"
_FUNCTION = frozenset({"torch.autograd.Function", "torch.autograd.function.Function", "torch.autograd.function.InplaceFunction"})
_SEEN = re.compile(
    r"Could not export Python function call|cannot be used as a tuple|does not have an __init__ function|Python type: '\w*method"
)


@dataclass(frozen=True, slots=True)
class Target:
    """A class whose ``apply`` is called, and how the call names it."""

    node: cst.ClassDef
    call: cst.Call


class AutogradFunction(Transform):
    """``Swish.apply(x)`` -> ``_swish_scripted(x) if torch.jit.is_scripting() else Swish.apply(x)``.

    Scripted code calls back into Python for a ``torch.autograd.Function``, so that it can't be saved. Eager code
    keeps the call. Scripted code computes what the function's ``forward`` computes, without gradients as there, and
    marks the result as one that needs them where an argument does. Its own ``backward`` is not to be had in scripted
    code, and what autograd would make of the forward may be something else: asked for gradients, it raises.
    """

    code = "SF732"
    name = "autograd-function"
    phase = Phase.VALUES
    safety = Safety.OBSERVED
    hints = ("apply",)
    explains = (
        "Could not export Python function call",
        "cannot be used as a tuple",
        "does not have an __init__ function defined",
        "we failed to convert Python type",
    )
    examples = EXAMPLES
    source = "https://docs.pytorch.org/docs/stable/jit_unsupported.html"

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Yield a rewrite for each such call; under a focus for the one there."""
        if focus is not None and _SEEN.search(focus.message) is None:
            return
        if not any(_is_function(tree, owner) for owner in tree.find(cst.ClassDef)):
            return
        for qualname, function in compiled(tree, facts):
            place = spot(tree, facts, Focus(tree.path, tree.line(function), "", qualname))
            if place is None:
                continue
            for node in own_nodes(function.body):
                if isinstance(node, cst.Call) and tree.focused(node, focus) and not _eager_only(tree, node, function):
                    owner = _applied(place, node)
                    if owner is not None:
                        yield from self._call(place, Target(owner, node))

    def _call(self, place: Spot, target: Target) -> Iterator[Proposal]:
        try:
            yield self._rewritten(place, target)
        except Cannot as reason:
            yield place.tree.decline(self, target.call, f"{target.node.name.value} has a backward of its own, and {reason}")

    def _rewritten(self, place: Spot, target: Target) -> Proposal:
        tree, facts, call = place.tree, place.facts, target.call
        if any(arg.star or arg.keyword is not None for arg in call.args):
            raise Cannot("its arguments are not given one by one")
        form = plain(tree, facts, target.node)
        if len(call.args) > len(form.parameters):
            raise Cannot("it is given more arguments than its forward names")
        imports: list[Import] = [*tree.imports.spell("torch.jit.is_scripting")[1], *form.imports, Import(tree.path, "torch")]
        edits = _definitions(tree, facts, target.node, form)
        left_out = form.defaults[len(call.args) :]
        if not all(left_out):
            raise Cannot("what it is not given has no plain default")
        given = ", ".join([*(tree.text[slice(*tree.outer_span(arg.value))] for arg in call.args), *left_out])
        text = f"{form.name}_scripted({given}) if {scripting(tree)} else {tree.code(call)}"
        edits.append(tree.replace(call, fitted(tree, call, text)))
        name = target.node.name.value
        why = "a call into Python can't be saved; scripted, backward through it raises, for its own backward is not to be had there"
        needs = [Need(f"the types that {name}.forward takes and gives", "live")]
        title = f"the forward of {name} in scripted code, without its backward"
        return tree.rewrite(self, call, title, edits, imports=imports, needs=needs, why=why, raises=True)


def _eager_only(tree: Tree, node: cst.CSTNode, function: cst.FunctionDef) -> bool:
    """Whether a test tells scripted code from eager code around a node: then both have theirs."""
    for above in tree.ancestors(node):
        if above is function:
            return False
        if isinstance(above, cst.If | cst.IfExp) and "is_scripting" in tree.code(above.test):
            return True
    return False


def _applied(place: Spot, call: cst.Call) -> cst.ClassDef | None:
    """The autograd function that a call applies: by its name, by an instance, by a name for its ``apply``."""
    tree, func = place.tree, call.func
    if isinstance(func, cst.Name):
        return _class_of(tree, _only_value(tree, func.value))
    name = place.self_attribute(func)
    if name and place.owner is not None:
        return _class_of(tree, _only_attribute(tree, place.owner, name))
    return _class_of(tree, func)


def _class_of(tree: Tree, node: cst.BaseExpression | None) -> cst.ClassDef | None:
    """The class of ``X.apply`` or ``X().apply``."""
    if not isinstance(node, cst.Attribute) or node.attr.value != "apply":
        return None
    value = node.value
    if isinstance(value, cst.Call) and not value.args:
        value = value.func
    owner = tree.class_(value.value) if isinstance(value, cst.Name) else None
    if owner is None or not isinstance(tree.parent(owner), cst.Module):
        return None
    return owner if _is_function(tree, owner) else None


def _is_function(tree: Tree, owner: cst.ClassDef) -> bool:
    return any(tree.dotted(base.value) in _FUNCTION for base in owner.bases)


def _only_value(tree: Tree, name: str) -> cst.BaseExpression | None:
    """What the file's top level assigns to a name last, where nothing else could."""
    if any(item.name.value == name for node in tree.find(cst.Global) for item in node.names):
        return None
    return _top_values(tree).get(name)


@lru_cache(maxsize=4)
def _top_values(tree: Tree) -> dict[str, cst.BaseExpression]:
    """What the file's top level assigns to each name last; none for what something else binds after that."""
    values: dict[str, cst.BaseExpression] = {}
    for statement in tree.module.body:
        smalls = statement.body if isinstance(statement, cst.SimpleStatementLine) else (statement,)
        for small in smalls:
            assigns = small.targets if isinstance(small, cst.Assign) else ()
            plain_ = {target.target.value for target in assigns if isinstance(target.target, cst.Name)}
            for bound, _ in bindings(cst.Module([statement])):
                if bound.value not in plain_:
                    values.pop(bound.value, None)
            if isinstance(small, cst.Assign):
                values.update(dict.fromkeys(plain_, small.value))
    return values


def _only_attribute(tree: Tree, owner: cst.ClassDef, name: str) -> cst.BaseExpression | None:
    """What is assigned to ``self.name``, where one line of the file does and it stands in the class."""
    found = _attribute_targets(tree).get(name, [])
    assign = tree.parent(found[0]) if len(found) == 1 and tree.contains(owner, found[0]) else None
    return assign.value if isinstance(assign, cst.Assign) else None


@lru_cache(maxsize=4)
def _attribute_targets(tree: Tree) -> dict[str, list[cst.AssignTarget]]:
    """The assignments to attributes, by name."""
    found: dict[str, list[cst.AssignTarget]] = {}
    for target in tree.find(cst.AssignTarget):
        if isinstance(target.target, cst.Attribute):
            found.setdefault(target.target.attr.value, []).append(target)
    return found


def _definitions(tree: Tree, facts: Facts, owner: cst.ClassDef, form: Plain) -> list[Edit]:
    """The functions that scripted code calls, after the class; those that stand already are not written again."""
    returned = facts.returns(tree.path, f"{owner.name.value}.forward")
    if not isinstance(returned, TypeFact) or not returned.type.known:
        raise Cannot("what its forward returns is not known; give an entry")
    results = returned.type.args if returned.type.name == "Tuple" else (returned.type,)
    if any(part != TENSOR for part in results):
        raise Cannot("its forward returns more than tensors")
    if tree.function(f"{form.name}_scripted") is not None:
        return []
    torch = tree.imports.spell("torch.Tensor")[0].rpartition(".")[0] or "torch"
    names = ", ".join(form.parameters)
    tests = [f"({name} is not None and {name}.requires_grad)" if none else f"{name}.requires_grad" for name, none in form.tensors]
    tracked = f"{torch}.is_grad_enabled() and {_any(tests)}" if tests else "False"
    one = returned.type.name != "Tuple"
    outs = ["y"] if one else [f"y{number}" for number in range(len(results))]
    marked = [out if number in form.plain else f"{MARK}({out}, tracked)" for number, out in enumerate(outs)]
    body = [
        f"tracked = {tracked}",
        f"{', '.join(outs)}{',' if not one and len(outs) == 1 else ''} = {form.name}_forward({names})",
        f"return {', '.join(marked)}{',' if not one and len(outs) == 1 else ''}",
    ]
    lines = [] if tree.function(MARK) is not None else _mark(torch)
    lines += ["", "", f"def {form.name}_forward({form.signature}):", f"    with {torch}.no_grad():"]
    edit = tree.after(owner, lines)
    rest = tree.block(["", "", f"def {form.name}_scripted({form.signature}):", *(f"    {line}" for line in body)], "")
    return [Edit(tree.path, edit.start, edit.end, edit.text + form.text + rest)]


def _any(tests: list[str]) -> str:
    return f"({' or '.join(tests)})" if len(tests) > 1 else tests[0]


def _mark(torch: str) -> list[str]:
    return [
        "",
        "",
        f"def {MARK}(y: {torch}.Tensor, tracked: bool) -> {torch}.Tensor:",
        '    """``y``; where ``tracked``, as a result that needs gradients and raises when asked for them: heaviside has none."""',
        "    if tracked and (y.is_floating_point() or y.is_complex()):",
        f"        return {torch}.heaviside({torch}.zeros_like(y), y.detach().requires_grad_())",
        "    return y",
    ]
