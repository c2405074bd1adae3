"""SF214: the first parameter of a module, asked for its device or type."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scriptify.facts.model import Attribute, Facts, Kind, Observed
from scriptify.transform import Declines, Fires, Focus, Ignores, Need, Phase, Proposal, Safety, Transform
from scriptify.transforms._containers import Method
from scriptify.transforms._spot import Spot, spot
from scriptify.tree import Tree, own_nodes
from scriptify.tree.substitute import fitted

_STEM = "Python builtin <built-in function next> is currently not supported"
_HEAD = "import torch\nfrom torch import nn\n\n\nclass Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
_HEAD += "        self.body = {body}\n\n    def forward(self, x):\n        {text}\n        return self.body(x) + n\n"


def _net(text: str, body: str = "nn.Linear(4, 4)") -> str:
    return _HEAD.format(text=text, body=body)


def _seen(path: str) -> Observed:
    held = Attribute("body", frozenset({Kind.MODULE}), origin="live", first_parameter=path)
    return Observed(instances={"Net": 1}, attributes={"Net": {"body": held}})


def _fires(before: str, after: str, path: str, name: str, body: str = "nn.Linear(4, 4)") -> Fires:
    entry = "Net(), (torch.rand(2, 4),)"
    return Fires(_net(before, body), _net(after, body), entry=entry, observed=_seen(path), focus=_STEM, at="next(", name=name)


class FirstParameter(Transform):
    """``next(self.parameters()).device`` -> ``(self.fc.weight if torch.jit.is_scripting() else next(self.parameters())).device``.

    The compiler has neither ``next`` nor ``parameters()``, which code asks for the device or type of a module. A run shows
    which parameter comes first on every instance; scripted code names it, and eager code goes on asking.
    """

    code = "SF214"
    name = "first-parameter"
    phase = Phase.CONTAINERS
    safety = Safety.OBSERVED
    on_demand = True
    explains = (_STEM,)
    hints = ("next(",)
    source = "https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.parameters"
    examples = (
        _fires(
            "n = torch.zeros(4, device=next(self.parameters()).device)",
            "n = torch.zeros(4, device=(self.body.weight if torch.jit.is_scripting() else next(self.parameters())).device)",
            "body.weight",
            "device",
        ),
        _fires(
            "w = next(self.parameters())\n        n = w.new_zeros(4)",
            "w = self.body.weight if torch.jit.is_scripting() else next(self.parameters())\n        n = w.new_zeros(4)",
            "body.weight",
            "kept in a name",
        ),
        _fires(
            "n = next(iter(self.parameters())).sum()",
            'n = (getattr(self.body, "0").weight if torch.jit.is_scripting() else next(iter(self.parameters()))).sum()',
            "body.0.weight",
            "in a container",
            body="nn.Sequential(nn.Linear(4, 4))",
        ),
        Declines(
            _net("n = next(self.parameters()).mean()"), because="which parameter comes first", observed=_seen(""), focus=_STEM, at="next("
        ),
        Ignores(_net("n = next(iter([1]))"), observed=_seen("body.weight"), focus=_STEM, at="next("),
    )

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Yield one rewrite for each such call in the focused function."""
        place = spot(tree, facts, focus)
        if place is None or focus is None or not self.answers(focus.message) or not place.self_name or place.known_class is None:
            return
        owner = place.known_class
        names = dict.fromkeys(name for known in (owner, *facts.ancestors(owner)) for name in known.attributes)
        held = [place.attribute(name) for name in names]
        paths = {found.first_parameter for found in held if found is not None and found.first_parameter and not found.missing}
        method = Method(tree, facts, place.qualname, place.function, focus)
        for call in own_nodes(place.function.body):
            if not isinstance(call, cst.Call) or method.dead(call) or not _first(place, call):
                continue
            if len(paths) != 1:
                yield tree.decline(
                    self, call, "which parameter comes first differs between instances, or no run has shown it: give an entry"
                )
                continue
            path = next(iter(paths))
            spelt, imports = tree.imports.spell("torch.jit.is_scripting")
            text = f"{_named(place.self_name, path)} if {spelt}() else {tree.code(call)}"
            edit = tree.replace(call, fitted(tree, call, text))
            need = Need(f"the first parameter of every instance is {path}", "live")
            why = "the compiler has neither next nor parameters(); it knows each parameter by its name"
            yield tree.rewrite(self, call, f"name the first parameter: {path}", [edit], imports=imports, needs=[need], why=why)


def _first(place: Spot, call: cst.Call) -> bool:
    """Whether a call is ``next(self.parameters())``, with or without ``iter`` between."""
    inner: cst.BaseExpression = call
    for name in ("builtins.next", "builtins.iter"):
        if isinstance(inner, cst.Call) and place.tree.dotted(inner.func) == name and len(inner.args) == 1 and not inner.args[0].star:
            inner = inner.args[0].value
    if inner is call or not isinstance(inner, cst.Call) or inner.args or place.tree.dotted(call.func) != "builtins.next":
        return False
    owner = place.known_class
    own = owner is not None and any("parameters" in known.methods for known in (owner, *place.facts.ancestors(owner)))
    return not own and place.tree.code(inner.func) == f"{place.self_name}.parameters"


def _named(base: str, path: str) -> str:
    """The parameter of that path; parts that are no names are asked for by a string."""
    for part in path.split("."):
        base = f"{base}.{part}" if part.isidentifier() else f'getattr({base}, "{part}")'
    return base
