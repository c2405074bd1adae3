"""SF317: ``zip(*pairs)`` unpacked, as one list for each place."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scriptify.facts.model import Facts
from scriptify.transform import Declines, Edit, Fires, Focus, Ignores, Phase, Proposal, Transform
from scriptify.transforms._expression import Body, NoForm, bodies, decline, rewrite
from scriptify.tree import Tree
from scriptify.tree.flow import loads, target_names
from scriptify.tree.hoist import CannotHoist, site
from scriptify.tree.substitute import FreshNames, one_line, source

_HEAD = "import torch\nfrom torch import nn\n\n\nclass Net(nn.Module):\n    def forward(self, x: torch.Tensor):\n"
_ENTRY = "Net(), (torch.randn(2, 3),)"
_NAMES = 4  # how many names are followed


def _net(body: str) -> str:
    return _HEAD + "".join(f"        {line}\n" for line in body.splitlines())


def _fires(before: str, after: str, name: str) -> Fires:
    return Fires(_net(before), _net(after), entry=_ENTRY, name=name)


class UnzippedPairs(Transform):
    """``a, b = zip(*pairs)`` -> ``a, b = ([item[0] for item in pairs], [item[1] for item in pairs])`` when scripted.

    The compiler spreads no list of a length it does not know. How many values are unpacked says how long each pair is.
    Eager code keeps its tuples; scripting has a list for each place.
    """

    code = "SF317"
    name = "unzipped-pairs"
    phase = Phase.SYNTAX
    explains = ("iterabletree cannot be used as a tuple", "Unexpected starred expansion", "cannot statically infer the expected size")
    hints = ("zip(*", "zip( *")
    source = "https://docs.pytorch.org/docs/stable/jit_language_reference.html"
    examples = (
        _fires(
            "pairs = [(x, x * 2), (x + 1, x)]\na, b = zip(*pairs)\nreturn torch.cat(a) + torch.cat(b)",
            "pairs = [(x, x * 2), (x + 1, x)]\n"
            "a, b = ([item[0] for item in pairs], [item[1] for item in pairs]) if torch.jit.is_scripting() else zip(*pairs)\n"
            "return torch.cat(a) + torch.cat(b)",
            "a list of pairs",
        ),
        _fires(
            "a, b = zip(*[(t, t * 2) for t in x.unbind(0)])\nreturn torch.stack(a) + torch.stack(b)",
            "pairs = [(t, t * 2) for t in x.unbind(0)]\n"
            "a, b = ([item[0] for item in pairs], [item[1] for item in pairs]) if torch.jit.is_scripting() else zip(*pairs)\n"
            "return torch.stack(a) + torch.stack(b)",
            "a comprehension",
        ),
        _fires(
            "y = x\nfor a, b in zip(*([x, x], [1, 2])):\n    y = y + a * b\nreturn y",
            "y = x\nfor a, b in zip([x, x], [1, 2]):\n    y = y + a * b\nreturn y",
            "lists that are written out",
        ),
        Declines(_net("pairs = [(x, x)]\nreturn list(zip(*pairs))"), because="how many"),
        Declines(_net("pairs = list(x)\na, b = zip(*pairs)\nreturn a[0] + b[0]"), because="each pair has 2 values is not known"),
        Declines(_net("pairs = [(x, x, x)]\na, b = zip(*pairs)\nreturn a[0] + b[0]"), because="each pair has 2 values is not known"),
        Declines(_net("pairs = [(x, x)]\na, b = zip(*pairs)\nreturn a, torch.cat(b)"), because="a tuple in eager code"),
        Declines(_net("pairs = [(x, x)]\na, *b = zip(*pairs)\nreturn a"), because="how many"),
        Ignores(_net("y = x\nfor a, b in zip([x, x], [x, x]):\n    y = y + a * b\nreturn y")),
    )

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Every such zip in compiled code."""
        for body in bodies(tree, facts):
            for call in body.find(cst.Call):
                spread = len(call.args) == 1 and call.args[0].star == "*"
                if not spread or body.dotted(call.func) != "builtins.zip":
                    continue
                try:
                    edits = _edits(body, call)
                except (NoForm, CannotHoist) as reason:
                    yield decline(self, body, call, f"the compiler spreads no list over zip, and this one is left alone: {reason}")
                    continue
                why = "the compiler spreads no list over zip"
                yield rewrite(self, body, call, f"{tree.code(call)[:60]} place by place", edits, why=why)


def _edits(body: Body, call: cst.Call) -> list[Edit]:
    tree, pairs, above = body.tree, call.args[0].value, body.tree.parent(call)
    unpacked = above.targets[0].target if isinstance(above, cst.Assign) and len(above.targets) == 1 else None
    if not isinstance(unpacked, cst.Tuple | cst.List):
        if isinstance(pairs, cst.Tuple | cst.List) and pairs.elements:
            return _written(body, call, pairs)
        raise NoForm("how many values each pair has is not known")
    if any(isinstance(element, cst.StarredElement) for element in unpacked.elements):
        raise NoForm("how many values each pair has is not known")
    _of_length(body, pairs, len(unpacked.elements))
    if any(_returned(body, name.value) for name in target_names(unpacked)):
        raise NoForm("what it gives is returned, a tuple in eager code and a list in scripted code")
    names = FreshNames(tree, body.function)
    item, count = names.fresh("item"), len(unpacked.elements)
    name = pairs.value if isinstance(pairs, cst.Name) else names.fresh("pairs")
    lists = ", ".join(f"[{item}[{place}] for {item} in {name}]" for place in range(count)) + "," * (count == 1)
    text = f"({lists}) if {body.spell('torch.jit.is_scripting')}() else {tree.code(call.func)}(*{name})"
    if isinstance(pairs, cst.Name):
        return [tree.replace_outer(call, text)]
    return site(tree, call).edits([f"{name} = {one_line(tree, pairs, source(tree, pairs))}"], text, names, [pairs])


def _returned(body: Body, name: str) -> bool:
    """Whether a name is returned as it is, by itself or in a tuple, list or dict."""
    for use in loads(body.function.body, name):
        above = body.tree.parent(use)
        while isinstance(above, cst.Element | cst.DictElement | cst.Tuple | cst.List | cst.Dict | cst.IfExp):
            above = body.tree.parent(above)
        if isinstance(above, cst.Return):
            return True
    return False


def _of_length(body: Body, pairs: cst.BaseExpression, count: int) -> None:
    """Raise NoForm unless each pair is known to have as many values as are unpacked: for others eager code raises."""
    made = pairs
    for _ in range(_NAMES):
        made = body.only_value(made) or made
    parts = [made.elt] if isinstance(made, cst.ListComp) else []
    if isinstance(made, cst.List) and all(isinstance(element, cst.Element) for element in made.elements):
        parts = [element.value for element in made.elements]
    written = parts and all(isinstance(part, cst.Tuple) and _length(part) == count for part in parts)
    type_ = body.certain.type_of(pairs)
    typed = type_ is not None and type_.name == "List" and type_.args[0].name == "Tuple" and len(type_.args[0].args) == count
    if not typed and not (written and (made is pairs or _kept(body, pairs))):
        raise NoForm(f"that each pair has {count} values is not known")


def _length(node: cst.Tuple) -> int:
    return -1 if any(isinstance(element, cst.StarredElement) for element in node.elements) else len(node.elements)


def _kept(body: Body, pairs: cst.BaseExpression) -> bool:
    """Whether a local list is only read by this: nothing else could put other pairs into it."""
    return isinstance(pairs, cst.Name) and len(loads(body.function.body, pairs.value)) == 1


def _written(body: Body, call: cst.Call, pairs: cst.Tuple | cst.List) -> list[Edit]:
    """``zip(*(a, b))`` as ``zip(a, b)``."""
    if any(True for _ in body.tree.find(cst.Comment, call)):
        raise NoForm("a comment inside would be lost")
    stars = ("*" if isinstance(element, cst.StarredElement) else "" for element in pairs.elements)
    texts = [f"{star}{source(body.tree, element.value)}" for star, element in zip(stars, pairs.elements, strict=True)]
    return [body.tree.replace(call, f"{body.tree.code(call.func)}({', '.join(texts)})")]
