"""SF212: modules in a plain Python list."""

from __future__ import annotations

import re
from collections.abc import Iterator

import libcst as cst

from scriptify.facts.model import Attribute, Facts
from scriptify.transform import Edit, Focus, Need, Phase, Proposal, Safety, Transform
from scriptify.transforms._containers import Method
from scriptify.transforms._kept import is_target
from scriptify.transforms._listed import CHANGERS
from scriptify.transforms._plain_list_examples import EXAMPLES
from scriptify.transforms._registered_reads import Reads
from scriptify.transforms._spot import Spot, spot
from scriptify.tree import Tree

_FAILED = re.compile(r"has no attribute '(\w+)' \(This attribute exists on the Python module, but we failed to convert Python type: 'list'")
_HOOK = "_load_from_state_dict"
WHY = "what a plain list holds has no parameters, keys or device for PyTorch, and no type for the compiler"


class PlainModuleList(Transform):
    """``self.layers = [nn.Linear(4, 4), ...]`` -> ``nn.ModuleList([...])``, and old checkpoints still load.

    Modules in a plain list are not registered: ``parameters()``, ``to()``, ``eval()`` and ``state_dict()`` pass them by, and
    the compiler has no type for the list. As a ModuleList they have all that, which callers can see, so it needs
    ``--unsafe``. Checkpoints get new keys; those from before have none for these modules, which kept what the
    constructor gave. The added method lets them load as strictly as before, with just that; a checkpoint that has
    some of the new keys must have all.

    Where the list is made of modules that have names already (``self.blocks = [self.a, self.b]``), scripted code names
    them instead, and nothing is registered anew.
    """

    code = "SF212"
    name = "plain-module-list"
    phase = Phase.CONTAINERS
    safety = Safety.API
    explains = ("but we failed to convert Python type: 'list'",)
    on_demand = True
    hints = ("nn.Module",)
    source = "https://docs.pytorch.org/docs/stable/generated/torch.nn.ModuleList.html"
    examples = EXAMPLES

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Yield one rewrite for the list that the compiler names, if ``__init__`` fills it with modules and nothing else."""
        place = spot(tree, facts, focus)
        match = _FAILED.search(focus.message) if focus is not None else None
        if place is None or place.owner is None or match is None:
            return
        name = match[1]
        stores = [node for node in _uses(place, name) if isinstance(tree.parent(node), cst.AssignTarget)]
        value = _value(tree, stores[0]) if len(stores) == 1 else None
        if not isinstance(value, cst.List | cst.ListComp) or not _in_init(place, stores[0]):
            return
        if (named := _registered(place, value)) and not list(_appended(place, name)):
            yield self._written_out(place, name, named, focus)
            return
        given = [*_elements(value), *_appended(place, name)]
        if not given or not any(_is_module(place, node) for node in given):
            return
        # Told where the compiler stopped, so that it is found among the answers to its message.
        at = next((node for node in _uses(place, name) if tree.contains(place.function, node)), stores[0])
        if reason := _unfit(place, name, given):
            yield tree.decline(self, at, reason)
            return
        spelt, imports = tree.imports.spell("torch.nn.ModuleList")
        inner = "" if isinstance(value, cst.List) and not value.elements else tree.code(value)
        edits: list[Edit] = [tree.replace_outer(value, f"{spelt}({inner})"), _hook(tree, place.owner, name)]
        title = f"register the modules of self.{name}; old checkpoints, without keys for them, still load"
        yield tree.rewrite(self, at, title, edits, imports=imports, why=WHY)

    def _written_out(self, place: Spot, name: str, named: list[str], focus: Focus | None) -> Proposal:
        """The modules by their own names in place of the list when scripting, in the function where the compiler stopped."""
        tree = place.tree
        reads = [node for node in _uses(place, name) if tree.contains(place.function, node)]
        at = reads[0] if reads else place.function
        if reason := _unsteady(place, name, named):
            return tree.decline(self, at, reason)
        # Somebody may still put another list or module there: eager code goes on reading the list.
        held = Attribute(name, registered=tuple(named))
        work = Reads(Method(tree, place.facts, place.qualname, place.function, focus), held)
        odd = next((node for node in reads if not work.one(node)), None)
        if odd is not None or not reads:
            return tree.decline(self, odd or at, f"self.{name} is used in another way than walked over or read by a literal index")
        work.walked = False  # the source shows all of them
        work.finish()
        title = f"name the modules of self.{name} when scripted: {', '.join(named)}"
        needs = [Need(f"self.{name} is made of these once, in __init__", "source")]
        imports = tree.imports.spell("torch.jit.is_scripting")[1]
        return tree.rewrite(self, at, title, work.patch.edits(), imports=imports, needs=needs, why=WHY, safety=Safety.OBSERVED)


def _registered(place: Spot, value: cst.BaseExpression) -> list[str]:
    """The elements of a list display ``[self.a, self.b]``, where each is such an attribute and assigned once in the class."""
    names: list[str] = []
    for node in _elements(value) if isinstance(value, cst.List) else []:
        attribute = place.self_attribute(node)
        stores = [use for use in _uses(place, attribute) if isinstance(place.tree.parent(use), cst.AssignTarget)] if attribute else []
        if len(stores) != 1 or not _in_init(place, stores[0]):
            return []
        names.append(attribute)
    return names


def _unsteady(place: Spot, name: str, named: list[str]) -> str:
    """Why the list may hold something else than these modules when scripted, or a call of ``forward`` be less; ``""`` where not."""
    tree, known = place.tree, place.known_class
    for node in _uses(place, name):
        above = tree.parent(node)
        item = isinstance(above, cst.Subscript) and is_target(tree, above)
        grown = isinstance(above, cst.Attribute) and above.value is node and above.attr.value in CHANGERS
        if item or grown or isinstance(above, cst.AugAssign | cst.Del):
            return f"self.{name} is changed after it is made: {tree.code(tree.statement(node) or node)[:80]}"
    for part in (name, *named):
        found = place.attribute(part)
        if found is not None and (found.changed or found.hooks):
            return f"self.{part} may be another one, or has a hook that a call of its forward alone would leave out"
        if known is not None and any(part in below.attributes for below in place.facts.descendants(known)):
            return f"a class below assigns self.{part} too"
    return ""


def _uses(place: Spot, name: str) -> list[cst.Attribute]:
    """Every ``self.<name>`` of the class."""
    assert place.owner is not None
    tree = place.tree
    return [
        node
        for node in tree.find(cst.Attribute, place.owner)
        if node.attr.value == name and isinstance(node.value, cst.Name) and node.value.value == place.self_name
    ]


def _value(tree: Tree, store: cst.Attribute) -> cst.BaseExpression | None:
    assign = tree.parent(tree.parent(store) or store)
    return assign.value if isinstance(assign, cst.Assign) and len(assign.targets) == 1 else None


def _in_init(place: Spot, node: cst.CSTNode) -> bool:
    function = place.tree.enclosing(node, cst.FunctionDef)
    return function is not None and function.name.value == "__init__"


def _elements(value: cst.List | cst.ListComp) -> list[cst.CSTNode]:
    if isinstance(value, cst.ListComp):
        return [value.elt]
    return [element if isinstance(element, cst.StarredElement) else element.value for element in value.elements]


def _appended(place: Spot, name: str) -> Iterator[cst.CSTNode]:
    """What ``__init__`` appends to the list."""
    tree = place.tree
    for node in _uses(place, name):
        method = tree.parent(node)
        call = tree.parent(method) if isinstance(method, cst.Attribute) and method.value is node else None
        if isinstance(method, cst.Attribute) and method.attr.value == "append" and isinstance(call, cst.Call) and len(call.args) == 1:
            yield call.args[0].value


def _is_module(place: Spot, node: cst.CSTNode) -> bool:
    """Whether an expression builds a module: a call of a class of torch.nn, or of one of the project that derives from it."""
    if not isinstance(node, cst.Call):
        return False
    dotted = place.tree.dotted(node.func)
    last = dotted.rpartition(".")[2]
    if dotted.startswith("torch.nn."):
        return last[:1].isupper() and "Parameter" not in last and ".utils." not in dotted
    owner = place.facts.classes.get(f"{place.tree.path}::{dotted}")
    if owner is None:
        return False
    return any(base.startswith("torch.nn.") for known in (owner, *place.facts.ancestors(owner)) for base in known.bases)


def _unfit(place: Spot, name: str, given: list[cst.CSTNode]) -> str:
    """Why the list can't be a ModuleList that old checkpoints load into, or ``""``."""
    tree = place.tree
    if odd := next((node for node in given if not _is_module(place, node)), None):
        return f"self.{name} also gets {tree.code(odd)}, which may have a name of its own already: make it an nn.ModuleList by hand"
    assert place.owner is not None
    if any(function.name.value == _HOOK for function in tree.find(cst.FunctionDef, place.owner)):
        return f"the class has a {_HOOK} of its own: make self.{name} an nn.ModuleList by hand, and let old checkpoints load there"
    for node in _uses(place, name):
        if not _is_plain_use(tree, node):
            return f"self.{name} is also used in another way than as a list of modules: {tree.code(tree.statement(node) or node)[:80]}"
    known = place.known_class
    if known is not None and any(name in below.attributes for below in place.facts.descendants(known)):
        return f"a class below assigns self.{name} too"
    return ""


def _is_plain_use(tree: Tree, node: cst.Attribute) -> bool:
    """Whether a ModuleList does the same there: assigned, appended to in ``__init__``, walked over, read by index, measured."""
    above = tree.parent(node)
    if isinstance(above, cst.AssignTarget):
        return True
    if isinstance(above, cst.Attribute):
        function = tree.enclosing(node, cst.FunctionDef)
        return above.attr.value == "append" and function is not None and function.name.value == "__init__"
    if isinstance(above, cst.For | cst.CompFor):
        return above.iter is node
    if isinstance(above, cst.Subscript):
        stored = isinstance(tree.parent(above), cst.AssignTarget | cst.AugAssign | cst.Del)
        return above.value is node and not stored and isinstance(above.slice[0].slice, cst.Index)
    call = tree.parent(above) if isinstance(above, cst.Arg) else None
    names = ("len", "enumerate", "zip", "reversed")
    return isinstance(call, cst.Call) and tree.dotted(call.func) in [f"builtins.{function}" for function in names]


def _hook(tree: Tree, owner: cst.ClassDef, name: str) -> Edit:
    """The method, after the constructor."""
    unit, start = tree.indent_unit, next(f for f in tree.find(cst.FunctionDef, owner) if f.name.value == "__init__")
    lines = [
        "",
        f"def {_HOOK}(self, state_dict, prefix, *args, **kwargs):",
        f"{unit}# Checkpoints from before self.{name} was registered have no keys for it: it keeps what __init__ gave.",
        f'{unit}if not any(key.startswith(f"{{prefix}}{name}.") for key in state_dict):',
        f'{unit}{unit}state_dict.update(self.{name}.state_dict(prefix=f"{{prefix}}{name}."))',
        f"{unit}super().{_HOOK}(state_dict, prefix, *args, **kwargs)",
    ]
    return tree.after(start, lines)
