"""SF501: models wrapped in DataParallel."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scriptify.facts.model import Facts
from scriptify.transform import Edit, Focus, Need, Phase, Proposal, Safety, Transform
from scriptify.transforms import _wrappers
from scriptify.transforms._data_parallel_examples import EXAMPLES
from scriptify.transforms._unwrapping import Plan, given_state
from scriptify.transforms._wrapped_flow import Flow
from scriptify.transforms._wrapped_uses import HANDED_ON, Uses, deciding
from scriptify.transforms._wrappers import EXPORTS, OWN_ATTRIBUTES, PLACING, Scope, Wrap
from scriptify.tree import Tree

# Where the compiler stops when the model itself is a wrapper.
_FILES = ("torch/nn/parallel/data_parallel.py", "torch/nn/parallel/distributed.py")


class DataParallel(Transform):
    """``model = nn.DataParallel(model).cuda()`` -> ``model = model.cuda()``.

    The compiler can't take the wrapper, and a checkpoint saved through it has ``module.`` before every key.
    Unwrapped are ``DataParallel`` and ``DistributedDataParallel``, with everything that goes with them in the
    same scope, as one rewrite: ``model.module.x``, tests for the wrapper, ``if torch.cuda.device_count() > 1:``
    blocks that only wrap and print, and ``load_state_dict`` of the wrapped model, which then strips the prefix.

    What callers can see: training on several GPUs then uses one, under ``DistributedDataParallel`` each
    process trains its own copy, and keys saved from the wrapped model lose the prefix. So the rewrite is
    applied by itself only in files that don't train (no ``backward``), where the model is exported, scripted or put
    into ``eval`` mode, placed on its device by the file itself, and its wrapped ``state_dict`` is not taken;
    everywhere else it needs ``--unsafe``, or an entry whose own model the compiler refused for being wrapped. A
    wrapper stored by an ``nn.Module`` is part of that module's keys and is left alone.
    """

    code = "SF501"
    name = "data-parallel"
    phase = Phase.DEPLOY
    explains = ("Compiled functions can't take variable number of arguments", "torch/nn/parallel/")
    hints = ("DataParallel",)
    source = "https://docs.pytorch.org/docs/stable/generated/torch.nn.DataParallel.html"

    examples = EXAMPLES

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Yield one rewrite or decline for each function, class or file that wraps models.

        Where the compiler refused an entry's model because it is wrapped, the models are taken out wherever the file
        hands them on, as one rewrite that rests on the run: the oracle compares what the entry does.
        """
        scopes = _wrappers.scopes(tree)
        if focus is not None and any(name in focus.message for name in _FILES):
            yield from self._refused(tree, facts, scopes)
            return
        for scope in scopes:
            reason = _obstacle(tree, facts, scope) or _passed_on(tree, scope)
            if reason:
                yield tree.decline(self, scope.wraps[0].call, reason)
                continue
            yield self._unwrapped(tree, scope)

    def _refused(self, tree: Tree, facts: Facts, scopes: list[Scope]) -> Iterator[Proposal]:
        edits: list[Edit] = []
        taken: list[Scope] = []
        for scope in scopes:
            reason = _obstacle(tree, facts, scope)
            if reason:
                yield tree.decline(self, scope.wraps[0].call, reason)
                continue
            taken.append(scope)
            edits += Plan(tree, scope).edits()
        if not taken:
            return
        first = taken[0].wraps[0]
        others = Flow(tree, facts, taken).edits()
        if isinstance(others, str):
            yield tree.decline(self, first.call, others)
            return
        edits += [edit for edit in others if not any(edit.overlaps(known) for known in edits)]
        effects = dict.fromkeys(effect for scope in taken for effect in _effects(tree, scope))
        names = ", ".join(sorted(set().union(*(scope.targets for scope in taken)))) or "the model"
        kinds = " and ".join(sorted({_kind(tree, wrap) for scope in taken for wrap in scope.wraps}))
        title = f"take {names} out of {kinds} (state_dict keys lose the leading module.)"
        why = "the compiler can't take the wrapper; without it " + ", and ".join(["state_dict keys have no leading module.", *effects])
        need = Need("the entry's model is wrapped, and gives the same without the wrapper", "live")
        yield tree.rewrite(self, first.call, title, edits, why=why, safety=Safety.OBSERVED, needs=[need])

    def _unwrapped(self, tree: Tree, scope: Scope) -> Proposal:
        plan = Plan(tree, scope)
        effects = _effects(tree, scope)
        names = ", ".join(sorted(scope.targets)) or "the model"
        why = "the wrapper can't be scripted, and puts module. before every key of a checkpoint"
        if effects:
            why += "; without it " + ", and ".join(effects)
        title = f"take {names} out of {_kind(tree, scope.wraps[0])}" + (f" ({effects[0]})" if effects else "")
        return tree.rewrite(self, scope.wraps[0].call, title, plan.edits(), why=why, safety=Safety.API if effects else Safety.EQUIVALENT)


def _kind(tree: Tree, wrap: Wrap) -> str:
    return tree.dotted(wrap.call.func).rpartition(".")[2]


def _obstacle(tree: Tree, facts: Facts, scope: Scope) -> str:
    """Why the wrappers of a scope must stay, or ``""``."""
    for wrap in scope.wraps:
        owner = tree.enclosing(wrap.call, cst.ClassDef)
        known = facts.classes.get(f"{tree.path}::{tree.qualname(owner)}") if owner is not None else None
        if known is not None and known.is_module and (not wrap.target or wrap.target.startswith("self.")):
            name = wrap.target or "the wrapped module"
            because = f"{name} is part of a module: unwrapped, its keys lose module. and its checkpoints no longer load"
            return f"{because}; wrap the whole model instead"
    for use in _wrappers.uses(tree, scope):
        if use.attr.value in OWN_ATTRIBUTES:
            return f"{tree.code(use)} is the wrapper's own and has no counterpart in the model"
        loads = tree.parent(use)
        if use.attr.value == "load_state_dict" and isinstance(loads, cst.Call) and given_state(loads) is None:
            return f"which keys {tree.code(use)} is given is not seen, and those of the model itself have no module."
    if '"module." +' in tree.text or "'module.' +" in tree.text or "'module.{" in tree.text or '"module.{' in tree.text:
        return "the file adds the prefix module. to keys itself; take that out first"
    return deciding(tree, scope)


def _passed_on(tree: Tree, scope: Scope) -> str:
    """A function of this file that gets a wrapped model and reads its ``module`` without a test."""
    for call in tree.find(cst.Call, scope.node):
        given = [arg for arg in call.args if tree.code(arg.value) in scope.targets]
        if not given or not isinstance(call.func, cst.Name):
            continue
        function = tree.function(call.func.value)
        if function is None or function is scope.node:
            continue
        names = {param.name.value for param in function.params.params}
        for node in tree.find(cst.Attribute, function):
            if node.attr.value == "module" and isinstance(node.value, cst.Name) and node.value.value in names and not _tested(tree, node):
                return f"{call.func.value} reads {tree.code(node)} of the model it is given; let it take the model itself first"
    return ""


def _tested(tree: Tree, node: cst.Attribute) -> bool:
    targets = {tree.code(node.value)}
    for above in tree.ancestors(node):
        if isinstance(above, cst.If | cst.IfExp) and _wrappers.test_of(tree, above.test, targets) is not None:
            return True
    return False


def _effects(tree: Tree, scope: Scope) -> list[str]:
    """What a caller can see of the unwrapping; nothing where the model is only evaluated or exported."""
    found: list[str] = []
    distributed = any(_kind(tree, wrap) == "DistributedDataParallel" for wrap in scope.wraps)
    uses = list(_wrappers.uses(tree, scope))
    methods = {use.attr.value for use in uses} | {name for wrap in scope.wraps for name in _chain(tree, wrap)}
    exported = any(tree.dotted(call.func) in EXPORTS for call in tree.find(cst.Call, scope.node))
    if ".backward(" in tree.text or not (exported or "eval" in methods):
        found.append("each process trains its own copy" if distributed else "training uses one GPU")
    if "state_dict" in methods:
        found.append("saved keys lose module.")
    if not any(name in methods for name in PLACING) and not any(_placed(tree, wrap.model) for wrap in scope.wraps):
        found.append("the model and its inputs stay on the device they are on")
    if any("." in target for target in scope.targets) or _returned(tree, scope):
        found.append(HANDED_ON)
    elif seen := Uses(tree, scope).seen():
        found.append(seen)
    return found


def _chain(tree: Tree, wrap: Wrap) -> Iterator[str]:
    """The methods called on the wrapper at once: ``.cuda()``."""
    node: cst.CSTNode = wrap.call
    while isinstance(above := tree.parent(node), cst.Attribute | cst.Call):
        if isinstance(above, cst.Attribute):
            yield above.attr.value
        node = above


def _placed(tree: Tree, model: cst.BaseExpression) -> bool:
    """Whether the wrapped expression, or an assignment to that name anywhere in the file, places the model."""
    text = tree.code(model)
    chains = (model, *(call for call in tree.find(cst.Call) if tree.code(call).startswith(f"{text}.")))
    return any(isinstance(c, cst.Call) and isinstance(c.func, cst.Attribute) and c.func.attr.value in PLACING for c in chains)


def _returned(tree: Tree, scope: Scope) -> bool:
    values = [node.value for node in tree.find(cst.Return, scope.node) if node.value is not None]
    named = any(tree.code(value) in scope.targets for value in values)
    return named or any(tree.contains(value, wrap.call) and not wrap.bare for value in values for wrap in scope.wraps)
