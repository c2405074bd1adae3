"""SF809: the hooks of torch.nn.utils.weight_norm and spectral_norm."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scriptify.facts.model import Attribute, Class, Facts
from scriptify.transform import Edit, Focus, Import, Need, Phase, Proposal, Transform
from scriptify.transforms._helper_text import above_definitions
from scriptify.transforms._norm_hook_examples import EXAMPLES
from scriptify.transforms._norm_hook_text import PUT, SPECTRAL_HOOK, SPECTRAL_SETTINGS, TRANSPOSED, WEIGHT_HOOK
from scriptify.tree import Tree

_STEM = "object has no attribute '__name__'"
_METHOD = "__prepare_scriptable__"
_WEIGHT = "torch.nn.utils.weight_norm.WeightNorm"
_SPECTRAL = "torch.nn.utils.spectral_norm.SpectralNorm"
_TRANSPOSED = "torch.nn.modules.conv.ConvTranspose"


class NormHook(Transform):
    """A class with ``weight_norm(nn.Conv1d(4, 4, 3))`` in it gets a ``__prepare_scriptable__`` that gives the hook a source.

    The two functions put an object of torch's on a module, which computes ``weight`` anew before each ``forward``. An
    object has no source that could be compiled; a function that does the same has. ``torch.jit.script`` calls
    ``__prepare_scriptable__`` before it looks at a module, so nothing changes for eager code: until then the module
    keeps its hook, and its keys stay what they are (``weight_g``, ``weight_v``; ``weight_orig``, ``weight_u``,
    ``weight_v``) in the scripted module as well. Where the normalised weight may be fixed instead,
    ``remove_weight_norm`` and ``remove_spectral_norm`` before scripting make a faster module with the key ``weight``.
    """

    code = "SF809"
    name = "norm-hook"
    phase = Phase.VALUES
    on_demand = True
    explains = (_STEM,)
    source = "https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.weight_norm.html"
    examples = EXAMPLES

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Yield one rewrite for all classes of the file that hold modules with such hooks."""
        if focus is None or not self.answers(focus.message):
            return
        hook = focus.message.partition("'")[2].partition("'")[0]
        edits: list[Edit] = []
        seen: set[tuple[str, str]] = set()
        first: cst.ClassDef | None = None
        helper = _fresh(tree, "_scriptable_norms")
        for owner, found in sorted(_holders(tree, facts), key=lambda pair: pair[0].line):
            node, known = tree.class_(owner.qualname), {pair for pair in found if pair[0] in (_WEIGHT, _SPECTRAL)}
            if node is None:
                continue
            if not known:
                if any(kind.rpartition(".")[2] == hook for kind, _ in found):
                    because = f"the forward pre-hook {hook} is an object without a source to compile; do its work in forward instead"
                    yield tree.decline(self, node, because)
                continue
            last = _last_method(node)
            if last is None or any(_METHOD in c.methods for c in (owner, *facts.ancestors(owner))):
                yield tree.decline(self, node, f"{owner.qualname} has no method, or a {_METHOD} of its own")
                continue
            edits.append(tree.after(last, ["", f"def {_METHOD}(self):", f"    return {helper}(self)"]))
            seen |= known
            first = first or node
        if first is None:
            return
        lines, imports = _helper(tree, helper, seen)
        why = "the hook is an object, which the compiler can't read; torch.jit.script asks the module for what it compiles"
        needs = [Need(f"{kind.rpartition('.')[2]} stands on {on}", "live") for kind, on in sorted(seen)]
        title = "give the hooks of weight_norm and spectral_norm a source for scripting"
        yield tree.rewrite(self, first, title, [above_definitions(tree, lines), *edits], imports=imports, needs=needs, why=why)


def _holders(tree: Tree, facts: Facts) -> Iterator[tuple[Class, set[tuple[str, str]]]]:
    """The file's classes that hold hooked modules themselves, topmost of their line, with the hooks."""
    holding: dict[str, set[tuple[str, str]]] = {}
    for owner in facts.classes.values():
        found = {pair for attribute in owner.attributes.values() if isinstance(attribute, Attribute) for pair in attribute.hooks}
        if found:
            holding[owner.key] = found
    for key, found in holding.items():
        owner = facts.classes[key]
        if owner.path == tree.path and not any(above.key in holding for above in facts.ancestors(owner)):
            below = [holding[other.key] for other in facts.descendants(owner) if other.key in holding]
            yield owner, found.union(*below)


def _last_method(node: cst.ClassDef) -> cst.FunctionDef | None:
    """The class's last method that stands in its body on lines of its own."""
    body = node.body.body if isinstance(node.body, cst.IndentedBlock) else ()
    found = [statement for statement in body if isinstance(statement, cst.FunctionDef)]
    return found[-1] if found and isinstance(found[-1].body, cst.IndentedBlock) else None


def _fresh(tree: Tree, name: str) -> str:
    while name in tree.text:
        name += "_"
    return name


def _helper(tree: Tree, helper: str, seen: set[tuple[str, str]]) -> tuple[list[str], list[Import]]:
    """The functions that stand for the hooks, and the one that puts them in place; with the imports they need."""
    imports: list[Import] = []

    def spell(dotted: str) -> str:
        text, more = tree.imports.spell(dotted)
        imports.extend(more)
        return text

    def norm(dotted: str) -> str:
        module, _, name = dotted.rpartition(".")
        taken = tree.imports.spell(dotted)[0]
        if taken.isidentifier():
            return taken  # imported by name already
        imports.append(Import(tree.path, module, name))
        return name

    words = {name: spell(f"torch.{name}") for name in ("Tensor", "_weight_norm", "no_grad", "mv", "dot")}
    words |= {"Tuple": spell("typing.Tuple"), "normalize": spell("torch.nn.functional.normalize")}
    hooks = {kind for kind, _ in seen}
    parts: list[str] = []
    cases: list[str] = []
    for kind, text, more in ((_WEIGHT, WEIGHT_HOOK, ()), (_SPECTRAL, SPECTRAL_HOOK, SPECTRAL_SETTINGS)):
        if kind in hooks:
            name = _fresh(tree, "_weight_norm_hook" if kind == _WEIGHT else "_spectral_norm_hook")
            parts.append(text.format(name=name, **words))
            cases += [f"            if type(hook) is {norm(kind)}:", *more, f"                module._forward_pre_hooks[key] = {name}"]
    for size in sorted({on.removeprefix(_TRANSPOSED) for _, on in seen if on.startswith(_TRANSPOSED)}):
        name = _fresh(tree, f"_conv_transpose{size}")
        call = spell(f"torch.nn.functional.conv_transpose{size}")
        parts.append(TRANSPOSED.format(name=name, call=call, **words))
        cases.append(f"            if type(module).forward is {spell(f'torch.nn.ConvTranspose{size}')}.forward:")
        cases.append(f"                module.forward = {spell('types.MethodType')}({name}, module)")
    kinds = ", ".join(norm(kind) for kind in sorted(hooks))
    parts.append(PUT.format(helper=helper, kinds=f"({kinds},)" if len(hooks) == 1 else f"({kinds})", cases="\n".join(cases)))
    return "\n\n\n".join(parts).splitlines(), imports
