"""SF741: ``isinstance`` with a module class of the project."""

from __future__ import annotations

import re
from collections.abc import Iterator

import libcst as cst

from scriptify.facts.model import Facts
from scriptify.transform import Declines, Edit, Fires, Focus, Ignores, Phase, Proposal, Transform
from scriptify.transforms._before import scripting
from scriptify.transforms._spot import Spot, spot
from scriptify.tree import Tree, own_nodes
from scriptify.tree.member_names import OF_TORCH, family_names

_UNKNOWN = re.compile(r"Unknown type name '([\w.]+)'")
_HEAD = "import torch\nfrom torch import nn\n\n\n"
_BOTH = "class Both(nn.Module):\n    def forward(self, x, y):\n        return x + y\n"
_METHOD = '\n    def _is_both(self) -> bool:\n        """Tells scripting that this is a Both."""\n        return True\n'
_FOCUS = "Unknown type name 'Both'"


def _net(test: str, rest: str = "", more: str = "") -> str:
    init = "self.ms = nn.ModuleList([Both(), nn.Linear(4, 4), Twice()])"
    loop = f"        for m in self.ms:\n            if {test}:\n                x = m(x, x)\n            else:\n                x = m(x)\n"
    body = (
        f"    def __init__(self):\n        super().__init__()\n        {init}\n\n    def forward(self, x):\n{loop}        return x{rest}\n"
    )
    return f"\n\nclass Twice(Both):\n    def forward(self, x, y):\n        return x + 2 * y\n{more}\n\nclass Net(nn.Module):\n{body}"


_ENTRY = "Net(), (torch.randn(2, 4),)"
_OTHER = "\n\nclass Other(nn.Module):\n    def forward(self, x, y):\n        return x - y\n"
_OR_METHOD = _METHOD.replace("_is_both", "_is_both_or_other").replace("a Both", "a Both or Other")


class ModuleClassTest(Transform):
    """``isinstance(m, Block)`` -> ``(hasattr(m, "_is_block") if torch.jit.is_scripting() else isinstance(m, Block))``.

    Scripting has no types for module classes, but knows beforehand which methods a module has, inherited ones
    too: so ``Block`` gets a method that says what it is, and the branch for other modules is not compiled.
    """

    code = "SF741"
    name = "module-class-test"
    phase = Phase.VALUES
    on_demand = True
    hints = ("isinstance",)
    explains = ("Unknown type name", " not provided", "Expected at most", "object has no attribute", "has no attribute '")
    examples = (
        Fires(
            _HEAD + _BOTH + _net("isinstance(m, Both)"),
            _HEAD + _BOTH + _METHOD + _net('(hasattr(m, "_is_both") if torch.jit.is_scripting() else isinstance(m, Both))'),
            entry=_ENTRY,
            focus=_FOCUS,
            at="isinstance",
        ),
        Fires(
            _HEAD + _BOTH + _net("isinstance(m, (Both, Other))", more=_OTHER),
            _HEAD
            + _BOTH
            + _OR_METHOD
            + _net(
                '(hasattr(m, "_is_both_or_other") if torch.jit.is_scripting() else isinstance(m, (Both, Other)))',
                more=_OTHER + _OR_METHOD,
            ),
            entry=_ENTRY,
            focus=_FOCUS,
            at="isinstance",
            name="one of two",
        ),
        Declines(
            _HEAD + _BOTH + _net("isinstance(m, nn.Bilinear)"),
            because="no class of this file",
            focus="Unknown type name 'nn.Bilinear'",
            at="isinstance",
        ),
        Ignores(_HEAD + _BOTH + _net("isinstance(m, Both)"), name="not asked"),
        Ignores(_HEAD + _BOTH + _net("isinstance(m, int)"), focus=_FOCUS, at="isinstance", name="another type"),
    )
    source = "https://docs.pytorch.org/docs/stable/jit_language_reference.html#hasattr"

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Yield the rewrite of the test at the focus."""
        place = spot(tree, facts, focus)
        if place is None or focus is None or not self.answers(focus.message) or not any(c.is_module for c in facts.classes.values()):
            return
        match = _UNKNOWN.search(focus.message)
        for node in _tests(place, match[1] if match is not None else ""):
            yield self._rewritten(place, node, _types(node))
            return

    def _rewritten(self, place: Spot, node: cst.Call, types: list[cst.BaseExpression]) -> Proposal:
        tree, value = place.tree, node.args[0].value
        owners = [tree.class_(type_.value) if isinstance(type_, cst.Name) else None for type_ in types]
        known = [owner for owner in owners if owner is not None and _own(place, owner)]
        if len(known) < len(types):
            texts = ", ".join(tree.code(type_) for type_, owner in zip(types, owners, strict=True) if owner is None or owner not in known)
            return tree.decline(
                self, node, f"scripting has no types for modules, and {texts} is no class of this file that could say what it is"
            )
        if not isinstance(value, cst.Name | cst.Attribute):
            return tree.decline(self, node, f"scripting has no types for modules; give {tree.code(value)} a name")
        name, edits = _method(place, known)
        test = f'hasattr({tree.code(value)}, "{name}")'
        edits.append(tree.replace(node, f"({test} if {scripting(tree)} else {tree.code(node)})"))
        imports = tree.imports.spell("torch.jit.is_scripting")[1]
        why = "scripting has no types for module classes, but knows beforehand which methods a module has"
        return tree.rewrite(self, node, f"whether {tree.code(value)} is one, by a method it has", edits, imports=imports, why=why)


def _types(node: cst.Call) -> list[cst.BaseExpression]:
    value = node.args[1].value
    return [e.value for e in value.elements] if isinstance(value, cst.Tuple) else [value]


def _tests(place: Spot, unknown: str) -> Iterator[cst.Call]:
    """The tests of module classes that may be meant: the one whose type is not known, else those of the branches around."""
    tree = place.tree
    if unknown:
        on_line = [n for n in own_nodes(place.function.body) if tree.lines(n)[0] <= place.focus.line <= tree.lines(n)[1]]
        nodes = [n for n in on_line if isinstance(n, cst.Call)]
    else:
        nodes = [call for branch, _ in place.around() for call in tree.find(cst.Call, branch.test)]
    for node in nodes:
        if tree.dotted(node.func) != "builtins.isinstance" or len(node.args) != 2 or isinstance(tree.parent(node), cst.IfExp):
            continue
        texts = [tree.code(type_) for type_ in _types(node)]
        owners = [place.facts.classes.get(f"{tree.path}::{text}") for text in texts]
        if unknown in texts or (not unknown and any(owner is not None and owner.is_module for owner in owners)):
            yield node


def _own(place: Spot, owner: cst.ClassDef) -> bool:
    """Whether a class is a module class at the file's top level whose body can take a method."""
    tree = place.tree
    known = place.facts.classes.get(f"{tree.path}::{owner.name.value}")
    plain = isinstance(tree.parent(owner), cst.Module) and isinstance(owner.body, cst.IndentedBlock)
    return known is not None and known.is_module and plain and tree.own_line(owner.body.body[-1])


def _method(place: Spot, owners: list[cst.ClassDef]) -> tuple[str, list[Edit]]:
    """The name of the method that tells what classes are, and the edits that add it where it is not there."""
    tree = place.tree
    titles = list(dict.fromkeys(owner.name.value for owner in owners))
    name = "_is_" + "_or_".join(re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", title).lower().strip("_") for title in titles)
    if any(tree.function(f"{title}.{name}") is not None for title in titles):
        return name, []
    taken = {found.value for found in tree.find(cst.Name)} | OF_TORCH
    for title in titles:
        known = place.facts.classes.get(f"{tree.path}::{title}")
        taken |= family_names(place.facts, known) if known is not None else set()
    while name in taken:
        name += "_"
    says = f'    """Tells scripting that this is a {" or ".join(titles)}."""'
    lines = ["", f"def {name}(self) -> bool:", says, "    return True"]
    return name, [tree.after(owner.body.body[-1], lines) for owner in dict.fromkeys(owners)]
