"""SF811: functions that an instance holds, whichever of several."""

from __future__ import annotations

import re
from collections.abc import Iterator

import libcst as cst

from scriptify.facts.model import Facts, Kind
from scriptify.transform import Focus, Import, Need, Phase, Proposal, Safety, Transform
from scriptify.transforms._asked import asked
from scriptify.transforms._before import scripting
from scriptify.transforms._spot import Spot, spot
from scriptify.transforms._stored_function_examples import EXAMPLES
from scriptify.tree import Tree, assigned_names, own_nodes
from scriptify.tree.flow import all_parameters
from scriptify.tree.member_names import member_name
from scriptify.tree.substitute import fitted

_FAILED = re.compile(r"Module '[^']*' has no attribute '(\w+)' \(This (?:attribute|function) exists")


class StoredFunction(Transform):
    """``self.act(x)`` -> ``F.relu(x) if torch.jit.is_scripting() and self._act_is_relu else self.act(x)``.

    The compiler takes a function from an instance only where it can compile that very function, and has no type for a
    method or a function of C kept there. Properties tell which of the functions that a run has shown the instance holds,
    and ``__constants__`` names them: the compiler asks when it compiles, whatever has set the attribute by then. Scripted code
    calls that function by its own name. An instance that holds another goes on as before, and so does eager code.
    """

    code = "SF811"
    name = "stored-function"
    phase = Phase.VALUES
    safety = Safety.OBSERVED
    explains = ("(This attribute exists on the Python module, but we failed", "(This function exists as an attribute on the Python module")
    on_demand = True
    examples = EXAMPLES
    source = "https://docs.pytorch.org/docs/stable/jit_language_reference.html#module-attributes"

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Yield one rewrite for all calls of the attribute in compiled methods of the class."""
        match = _FAILED.search(focus.message) if focus is not None else None
        place = spot(tree, facts, focus)
        if match is None or place is None or place.owner is None or not place.self_name:
            return
        name = match[1]
        attribute = place.attribute(name)
        calls = list(_calls(place, name))
        if attribute is None or Kind.FUNCTION not in attribute.kinds or attribute.origin != "live" or not calls:
            return
        known = [(spelt, flag, imports) for spelt, flag, imports in _spellings(place, name, sorted(attribute.functions))]
        if not known:
            yield tree.decline(self, calls[0], f"self.{name} holds a function that has no name of its own to be called by")
            return
        outcomes = {flag: f"{_holder(place, name)} {_same(spelt)} {spelt}" for spelt, flag, _ in known}
        constants = asked(place, outcomes)
        if isinstance(constants, str):
            yield tree.decline(self, calls[0], constants)
            return
        edits, wanted = constants
        for call in calls:
            edits.append(tree.replace(call, _chosen(tree, call, [(spelt, flag) for spelt, flag, _ in known], place.self_name)))
        needs = [Need(f"self.{name} was {spelt}", "live") for spelt, _, _ in known]
        imports = [*wanted, *tree.imports.spell("torch.jit.is_scripting")[1], *(item for _, _, more in known for item in more)]
        why = "the compiler can't call a function by the attribute that holds it; eager code does"
        title = f"call what self.{name} holds by its own name when scripting"
        yield tree.rewrite(self, calls[0], title, edits, imports=imports, needs=needs, why=why)


def _calls(place: Spot, name: str) -> Iterator[cst.Call]:
    """The calls of the attribute in compiled methods of the class, where scripted code gets to, outermost first."""
    tree = place.tree
    for qualname, function in tree.functions():
        if not qualname.startswith(f"{place.owner_qualname}.") or not place.facts.reached(tree.path, qualname):
            continue
        done: list[cst.Call] = []
        for node in own_nodes(function.body):
            if not isinstance(node, cst.Call) or place.self_attribute(node.func) != name:
                continue
            if not any(tree.contains(outer, node) for outer in done) and not _eager(tree, node):
                done.append(node)
        yield from done


def _eager(tree: Tree, node: cst.CSTNode) -> bool:
    """Whether the node stands in what only eager code runs."""
    below = node
    for above in tree.ancestors(node):
        if isinstance(above, cst.IfExp) and below is above.orelse and "is_scripting" in tree.code(above.test):
            return True
        below = above
    return False


def _spellings(place: Spot, name: str, functions: list[str]) -> Iterator[tuple[str, str, tuple[Import, ...]]]:
    """How the file can call each function that has a name, the flag that tells of it, and the imports for that."""
    tree, taken = place.tree, tree_names(place)
    for function in functions:
        imports: tuple[Import, ...] = ()
        if function.startswith("self."):
            spelt = f"{place.self_name}.{function[5:]}"
        elif "::" in function:
            spelt = function.rpartition("::")[2]
            module = function.partition("::")[0]
            defined = tree.function(spelt)
            here = defined is not None and isinstance(tree.parent(defined), cst.Module) and _is_this(tree, module)
            if not here and tree.dotted(cst.Name(spelt)) != f"{module}.{spelt}":
                continue
        elif function:
            spelt, imports = tree.imports.spell(function)
        else:
            continue
        if spelt.partition(".")[0] in taken and not function.startswith("self."):
            continue
        flag = f"_{name.strip('_')}_is_{spelt.rpartition('.')[2].strip('_')}"
        if flag not in tree.text:
            yield spelt, member_name(tree, place.facts, place.known_class, flag), imports


def tree_names(place: Spot) -> set[str]:
    """The names that the class's functions use for something of their own."""
    tree = place.tree
    inside = (function for qualname, function in tree.functions() if qualname.startswith(f"{place.owner_qualname}."))
    return set().union(*(assigned_names(function) for function in inside))


def _is_this(tree: Tree, module: str) -> bool:
    stem = tree.path.removesuffix(".py").removesuffix("/__init__").replace("\\", "/").replace("/", ".")
    return stem == module or stem.endswith(f".{module}") or module == "__main__" or module.endswith(f".{stem.rpartition('.')[2]}")


def _same(spelt: str) -> str:
    return "==" if spelt.startswith("self.") else "is"


def _holder(place: Spot, name: str) -> str:
    """The attribute as the property reads it: where only some instances hold one, asking the others for it would fail."""
    init = place.tree.function(f"{place.owner_qualname}.__init__")
    mine = all_parameters(init.params)[0].name.value if init is not None and all_parameters(init.params) else ""
    if init is not None and _always_set(init.body, mine, name):
        return f"{place.self_name}.{name}"
    return f'getattr({place.self_name}, "{name}", None)'


def _always_set(block: cst.BaseSuite, self_name: str, name: str) -> bool:
    """Whether the statements of a block set an attribute whichever way they go."""
    for statement in block.body:
        if isinstance(statement, cst.If):
            other = statement.orelse
            arms = [statement.body, other.body if isinstance(other, cst.Else) else cst.IndentedBlock([other]) if other else None]
            if all(arm is not None and (_always_set(arm, self_name, name) or _raises(arm)) for arm in arms):
                return True
        for small in statement.body if isinstance(statement, cst.SimpleStatementLine) else ():
            targets = [t.target for t in small.targets] if isinstance(small, cst.Assign) else []
            targets += [small.target] if isinstance(small, cst.AnnAssign) and small.value is not None else []
            if any(isinstance(t, cst.Attribute) and t.attr.value == name and _is(t.value, self_name) for t in targets):
                return True
    return False


def _is(node: cst.BaseExpression, name: str) -> bool:
    return isinstance(node, cst.Name) and node.value == name


def _raises(block: cst.BaseSuite) -> bool:
    last = block.body[-1]
    return isinstance(last, cst.SimpleStatementLine) and isinstance(last.body[-1], cst.Raise)


def _chosen(tree: Tree, call: cst.Call, known: list[tuple[str, str]], self_name: str) -> str:
    """The call as a choice among the functions known."""
    text = tree.code(call)
    start = tree.span(call)[0]
    end = tree.span(call.func)[1] - start
    head = f"{scripting(tree)} and {self_name}"
    parts = [f"{spelt}{text[end:]} if {head}.{flag}" for spelt, flag in known]
    return fitted(tree, call, " else ".join([*parts, text]))
