"""SF503: ``load_state_dict(..., strict=False)`` whose answer is thrown away."""

from __future__ import annotations

import builtins
from collections.abc import Iterator

import libcst as cst

from scriptify.facts.model import Facts
from scriptify.transform import Declines, Fires, Focus, Ignores, Phase, Proposal, Safety, Transform
from scriptify.tree import Tree

WHY = "what strict=False leaves out keeps random weights and nobody is told; `scriptify checkpoint verify FILE --entry ...` counts it"


def _load(body: str) -> str:
    return f"import torch\n\n\ndef load(model, path):\n{body}    return model.eval()\n"


class DiscardedLoad(Transform):
    """``model.load_state_dict(state, strict=False)`` -> the same, and a warning that names what was not loaded.

    With ``strict=False`` the answer is the only word about keys that were missing or unexpected. Thrown away, a
    checkpoint of another model, or one with a prefix before every key, "loads" and leaves random weights. The
    rewrite keeps the answer and warns if it names a key; callers can see the warning, so it needs ``--unsafe``.
    Where the checkpoint must fit, leave ``strict=False`` out instead; ``scriptify checkpoint verify`` counts what loads.
    """

    code = "SF503"
    name = "discarded-load"
    phase = Phase.DEPLOY
    safety = Safety.API
    hints = ("load_state_dict(",)
    source = "https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.load_state_dict"
    examples = (
        Fires(
            _load("    model.load_state_dict(torch.load(path), strict=False)\n"),
            "import torch\nimport warnings\n\n\ndef load(model, path):\n"
            "    incompatible = model.load_state_dict(torch.load(path), strict=False)\n"
            "    if any(incompatible or ()):\n"
            '        warnings.warn(f"load_state_dict(strict=False) left keys out: {incompatible}")\n'
            "    return model.eval()\n",
            name="keyword",
        ),
        Fires(
            _load("    model.load_state_dict(torch.load(path), False)  # other heads\n"),
            "import torch\nimport warnings\n\n\ndef load(model, path):\n"
            "    incompatible = model.load_state_dict(torch.load(path), False)  # other heads\n"
            "    if any(incompatible or ()):\n"
            '        warnings.warn(f"load_state_dict(strict=False) left keys out: {incompatible}")\n'
            "    return model.eval()\n",
            name="second argument",
        ),
        Declines(
            "def load(model, state):\n    if state: model.load_state_dict(state, strict=False)\n",
            because="keep the answer",
            name="no line of its own",
        ),
        Declines(
            "class Net:\n    def load_state_dict(self, state, strict=True):\n        return True\n\n\n"
            "def load(model, state):\n    model.load_state_dict(state, strict=False)\n",
            because="may answer something else",
        ),
        Ignores(_load("    model.load_state_dict(torch.load(path))\n"), name="strict"),
        Ignores(_load("    print(model.load_state_dict(torch.load(path), strict=False))\n"), name="looked at"),
        Ignores(_load("    _ = model.load_state_dict(torch.load(path), strict=False)\n"), name="thrown away by name"),
        Ignores("def load(model, state, strict):\n    model.load_state_dict(state, strict=strict)\n", name="the caller's choice"),
    )

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Yield a rewrite, or a decline where no line can follow, for each such statement."""
        for statement in tree.find(cst.Expr):
            call = statement.value
            if not isinstance(call, cst.Call) or not _is_lenient(call):
                continue
            line = tree.parent(statement)
            if not isinstance(line, cst.SimpleStatementLine) or not tree.own_line(line):
                yield tree.decline(self, call, f"keep the answer of load_state_dict and look at it: {WHY}")
                continue
            if any("load_state_dict" in known.methods for known in facts.classes.values()):
                because = "a class of the project has a load_state_dict of its own, which may answer something else"
                yield tree.decline(self, call, f"{because}; keep the answer and look at it: {WHY}")
                continue
            name = _fresh(tree)
            warn, imports = tree.imports.spell("warnings.warn")
            lines = [
                f"if any({name} or ()):",
                f'{tree.indent_unit}{warn}(f"load_state_dict(strict=False) left keys out: {{{name}}}")',
            ]
            edits = [tree.insert(tree.outer_span(call)[0], f"{name} = "), tree.after(line, lines)]
            yield tree.rewrite(self, call, "warn about keys that were not loaded", edits, imports=imports, why=WHY)


def _is_lenient(call: cst.Call) -> bool:
    """Whether it is ``x.load_state_dict(...)`` with ``strict`` given as False."""
    if not isinstance(call.func, cst.Attribute) or call.func.attr.value != "load_state_dict":
        return False
    named = [arg.value for arg in call.args if arg.keyword is not None and arg.keyword.value == "strict"]
    placed = [arg.value for arg in call.args if arg.keyword is None and not arg.star]
    strict = named[0] if named else placed[1] if len(placed) == 2 else None
    return isinstance(strict, cst.Name) and strict.value == "False"


def _fresh(tree: Tree) -> str:
    taken = {name.value for name in tree.find(cst.Name)} | set(dir(builtins))
    names = ("incompatible", "incompatible_keys", *(f"incompatible_keys_{number}" for number in range(2, 1000)))
    return next(name for name in names if name not in taken)
