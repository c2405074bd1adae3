"""Tests for None that the compiler does not take: by equality, by truth, and of what may be None with something else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import libcst as cst

from scriptify.facts.model import Facts, Kind
from scriptify.transform import Edit, Focus, Import, Need, Phase, Proposal, Safety, Transform
from scriptify.transforms._attribute_facts import Held, held, is_self_attribute
from scriptify.transforms._before import scripting
from scriptify.transforms._none_compare_examples import EXAMPLES
from scriptify.transforms._none_uses import ends_flow
from scriptify.transforms._optional_truth import asks_truth
from scriptify.transforms._own_walking import MODULES
from scriptify.transforms._signature import compiled, is_none
from scriptify.tree import Tree, own_nodes
from scriptify.tree.flow import all_parameters

_PLAIN = frozenset({Kind.FUNCTION, Kind.VALUE, Kind.LIST, Kind.DICT})


class NoneCompare(Transform):
    """``if self.mode == 'up':`` goes under ``if self.mode is not None:`` where ``self.mode`` may be None.

    The compiler has no comparison of None with anything but ``is``: ``x == None`` becomes ``x is None``.
    An attribute that is None or a str can't be compared with a str in the instance where it is None, and
    ``and`` does not help, for its right side is compiled all the same: the tests are nested. The truth of
    None or of a module is refused as well: ``if self.extra:`` becomes ``if self.extra is not None:`` where
    what the attribute holds otherwise is always true, and an explicit truth where it may be false. Eager code keeps
    its own test of an attribute that holds no module, in whose place a caller may put False or an empty list.
    """

    code = "SF104"
    name = "none-compare"
    phase = Phase.SIGNATURES
    explains = (
        "Could not cast value of type NoneType to bool",
        "Could not cast value of type __torch__",
        "instead found type 'NoneType'",
        "Arguments for call are not valid",
        "object has no attribute or method '__ne__'",
        "object has no attribute or method '__eq__'",
    )
    hints = ("if ", "None", "while ")
    source = "https://docs.pytorch.org/docs/stable/jit_language_reference.html#optional-type-refinement"
    examples = EXAMPLES

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Yield rewrites of tests that the compiler refuses, and declines where a truth is not known."""
        for qualname, function in compiled(tree, facts):
            nested: set[cst.CSTNode] = set()
            for node in own_nodes(function.body):
                if isinstance(node, cst.If) and not isinstance(tree.parent(node), cst.If):
                    yield from self._nest(tree, facts, qualname, node, nested)
            for node in own_nodes(function.body):
                if isinstance(node, cst.Comparison) and node not in nested:
                    yield from self._comparison(tree, facts, qualname, function, node)
                elif is_self_attribute(node) and isinstance(node, cst.Attribute) and asks_truth(tree, node):
                    yield from self._truth(tree, facts, qualname, node, focus)

    def _comparison(self, tree: Tree, facts: Facts, qualname: str, function: cst.FunctionDef, node: cst.Comparison) -> Iterator[Proposal]:
        if len(node.comparisons) != 1:
            return
        target = node.comparisons[0]
        if isinstance(target.operator, cst.Equal | cst.NotEqual) and (is_none(target.comparator) or is_none(node.left)):
            value = node.left if is_none(target.comparator) else target.comparator
            if _none_default(function, value):
                return  # its parameter's transform rewrites the test
            if _as_array(tree, node):
                yield tree.decline(self, node, f"{tree.code(node)} is used as an array, which compares each of its elements with None")
                return
            word = "is" if isinstance(target.operator, cst.Equal) else "is not"
            text = f"{tree.text[slice(*tree.outer_span(value))]} {word} None"
            yield tree.rewrite(self, node, f"{word} None", [tree.replace(node, text)], why="the compiler compares None by identity only")
            return
        state = _may_be_none(tree, facts, qualname, node)
        if state is None or _guarded(tree, node, node.left):
            return
        false = "True" if isinstance(target.operator, cst.NotEqual | cst.NotIn) else "False"
        name = tree.code(node.left)
        text = f"{tree.code(node)} if {name} is not None else {false}"
        edit = tree.replace(node, text if node.lpar else f"({text})")
        yield self._rewritten(tree, node, f"{name} may be None", [edit], state)

    def _nest(self, tree: Tree, facts: Facts, qualname: str, node: cst.If, nested: set[cst.CSTNode]) -> Iterator[Proposal]:
        """``if self.m == 'a': .. elif self.m == 'b': ..`` without an else, moved under ``if self.m is not None:``."""
        tests: list[cst.Comparison] = []
        branch: cst.If | cst.Else | None = node
        while isinstance(branch, cst.If):
            if not isinstance(branch.test, cst.Comparison) or branch.test.lpar:
                return
            tests.append(branch.test)
            branch = branch.orelse
        if branch is not None or not tree.own_line(node) or _multiline_text(tree, node):
            return
        states = [_may_be_none(tree, facts, qualname, test) for test in tests]
        names = {tree.code(test.left) for test in tests}
        state = states[0]
        if len(names) != 1 or state is None or None in states or _guarded(tree, node, tests[0].left):
            return
        if any(isinstance(test.comparisons[0].operator, cst.NotEqual | cst.NotIn) for test in tests):
            return  # true for None
        nested.update(tests)
        name = names.pop()
        edits = _indented(tree, node, f"if {name} is not None:")
        yield self._rewritten(tree, node, f"{name} may be None", edits, state)

    def _truth(self, tree: Tree, facts: Facts, qualname: str, node: cst.Attribute, focus: Focus | None) -> Iterator[Proposal]:
        state = held(tree, facts, qualname, node.attr.value)
        if state is None or state.attribute is None or _guarded(tree, node, node):
            return
        name = tree.code(node)
        modules = state.sized or any(kind.value in ("module", "Sequential", "ModuleList", "ModuleDict") for kind in state.attribute.kinds)
        if not state.none and not (modules and state.known and not {k.value for k in state.attribute.kinds} <= {"list", "dict"}):
            return
        above = tree.parent(node)
        negated = isinstance(above, cst.UnaryOperation) and isinstance(above.operator, cst.Not)
        if state.there and (other := _stored_false(tree, node.attr.value)):
            yield tree.decline(self, node, f"{name} is set to {other} elsewhere, which is false and is not None")
            return
        kinds = state.attribute.kinds
        if state.there and kinds & _PLAIN:
            # What is no module may be replaced from outside, by False or an empty list: eager code keeps its own test.
            spelt, needed = tree.imports.spell("torch.jit.is_scripting")
            edit = tree.replace(node, f"({name} is not None if {spelt}() else {name})")
            yield self._rewritten(tree, node, f"the truth of {name}", [edit], state, needed)
            return
        if not state.there and state.known and not state.sized and kinds & MODULES:
            yield tree.decline(self, node, f"{name} may be a module whose truth is not that of being there, which has no form that scripts")
            return
        imports: Sequence[Import] = ()
        if state.there:
            if negated and isinstance(above, cst.UnaryOperation):
                edit = tree.replace(above, _in_place(tree, above, f"{name} is None"))
            else:
                edit = tree.replace(node, _in_place(tree, node, f"{name} is not None"))
        elif state.known:
            some = f"len({name}) > 0" if state.sized else f"bool({name})"
            text = f"({some} if {name} is not None else False)" if state.none else f"({some})" if negated else some
            if state.sized:  # whoever switches it off stores None or False, which have no length
                imports = tree.imports.spell("torch.jit.is_scripting")[1]
                text = f"({text if state.none else some} if {scripting(tree)} else bool({name}))"
            edit = tree.replace(node, text)
        else:
            if facts.live or (focus is not None and self.answers(focus.message) and tree.focused(node, focus)):
                yield tree.decline(self, node, f"{name} may be None, and nothing shows whether what it holds otherwise is always true")
            return
        yield self._rewritten(tree, node, f"the truth of {name}", [edit], state, imports)

    def _rewritten(
        self, tree: Tree, node: cst.CSTNode, title: str, edits: list[Edit], state: Held, imports: Sequence[Import] = ()
    ) -> Proposal:
        return tree.rewrite(
            self,
            node,
            title,
            edits,
            imports=imports,
            needs=[Need(f"what {title.rpartition(' ')[2]} holds" if "truth" in title else f"{title} in some instance", state.origin)],
            why="in an instance where it is None the compiler has no such test",
            safety=Safety.OBSERVED if "truth" in title and state.origin == "live" else Safety.EQUIVALENT,
        )


def _stored_false(tree: Tree, name: str) -> str:
    """What the file stores in an attribute of that name, on whatever object, that is false and is not None."""
    for target in tree.find(cst.AssignTarget):
        assign = tree.parent(target)
        if not isinstance(assign, cst.Assign) or not isinstance(target.target, cst.Attribute) or target.target.attr.value != name:
            continue
        if is_self_attribute(target.target) and tree.scope(target).endswith(".__init__"):
            continue  # what the constructor makes is known, and may be filled there
        value = assign.value
        empty = isinstance(value, cst.List | cst.Tuple | cst.Dict) and not value.elements
        if empty or tree.code(value) in ("False", "0", "0.0", "''", '""') or _empty_call(tree, value):
            return tree.code(value)
    return ""


def _empty_call(tree: Tree, value: cst.BaseExpression) -> bool:
    """Whether a value is a container of modules that is made empty."""
    names = ("torch.nn.Sequential", "torch.nn.ModuleList", "torch.nn.ModuleDict")
    return isinstance(value, cst.Call) and not value.args and tree.dotted(value.func) in names


def _none_default(function: cst.FunctionDef, value: cst.CSTNode) -> bool:
    """Whether a value is a parameter whose default is None."""
    if not isinstance(value, cst.Name):
        return False
    return any(p.name.value == value.value and is_none(p.default) for p in all_parameters(function.params))


def _as_array(tree: Tree, node: cst.Comparison) -> bool:
    """Whether the outcome of a comparison is indexed with, reckoned with or asked for a method: that of an array of NumPy's."""
    above = tree.parent(node)
    return isinstance(above, cst.Attribute | cst.Index | cst.BinaryOperation) or (
        isinstance(above, cst.UnaryOperation) and not isinstance(above.operator, cst.Not)
    )


def _may_be_none(tree: Tree, facts: Facts, qualname: str, node: cst.Comparison) -> Held | None:
    """The attribute that a comparison with a constant tests, where it may be None."""
    target = node.comparisons[0]
    if len(node.comparisons) != 1 or not is_self_attribute(node.left) or not isinstance(node.left, cst.Attribute):
        return None
    if not isinstance(target.operator, cst.Equal | cst.NotEqual | cst.In | cst.NotIn) or not _constant(target.comparator):
        return None
    state = held(tree, facts, qualname, node.left.attr.value)
    return state if state is not None and state.none else None


def _constant(node: cst.BaseExpression) -> bool:
    """A literal that is not None, or a list or tuple of such."""
    if isinstance(node, cst.SimpleString | cst.Integer | cst.Float):
        return True
    if isinstance(node, cst.Name):
        return node.value in ("True", "False")
    return isinstance(node, cst.List | cst.Tuple) and all(_constant(e.value) for e in node.elements)


def _guarded(tree: Tree, node: cst.CSTNode, value: cst.BaseExpression) -> bool:
    """Whether a place stands under a test that its value is not None."""
    text = tree.code(value)
    below: cst.CSTNode = node
    for above in tree.ancestors(node):
        if isinstance(above, cst.If | cst.IfExp) and below is not above.test:
            if _says(tree, above.test, text, below is above.body):
                return True
        elif isinstance(above, cst.IndentedBlock):
            earlier = [s for s in above.body if tree.span(s) < tree.span(below)]
            if any(_leaves(tree, s, text) for s in earlier):
                return True
        elif isinstance(above, cst.FunctionDef):
            return False
        below = above
    return False


def _leaves(tree: Tree, statement: cst.CSTNode, text: str) -> bool:
    """Whether a statement ends the function, or raises, where the value is None."""
    if isinstance(statement, cst.If) and statement.orelse is None:
        return _says(tree, statement.test, text, False) and ends_flow(statement.body.body[-1])
    small = statement.body[0] if isinstance(statement, cst.SimpleStatementLine) else None
    return isinstance(small, cst.Assert) and _says(tree, small.test, text, True)


def _says(tree: Tree, test: cst.CSTNode, text: str, outcome: bool) -> bool:
    """Whether an outcome of a test means that the value is not None."""
    if isinstance(test, cst.Comparison) and len(test.comparisons) == 1 and tree.code(test.left) == text:
        target = test.comparisons[0]
        wanted = cst.IsNot if outcome else cst.Is
        return isinstance(target.operator, wanted) and is_none(target.comparator)
    if isinstance(test, cst.BooleanOperation) and isinstance(test.operator, cst.And) and outcome:
        return _says(tree, test.left, text, True) or _says(tree, test.right, text, True)
    return False


def _in_place(tree: Tree, node: cst.BaseExpression, text: str) -> str:
    """A comparison put where a name or a ``not`` stood."""
    above = tree.parent(node)
    return f"({text})" if isinstance(above, cst.UnaryOperation | cst.Comparison) and not node.lpar else text


def _multiline_text(tree: Tree, node: cst.CSTNode) -> bool:
    """Whether a string that spans lines stands below a node: its lines can't be moved."""
    kinds = (cst.SimpleString, cst.FormattedString)
    return any("\n" in tree.code(found) or "\r" in tree.code(found) for kind in kinds for found in tree.find(kind, node))


def _indented(tree: Tree, node: cst.If, header: str) -> list[Edit]:
    """A statement moved one step in, under a header."""
    first, last = tree.line(node), tree.last_line(node)
    edits = [tree.insert(tree.line_start(first), f"{tree.indent(node)}{header}{tree.newline}{tree.indent_unit}")]
    for line in range(first + 1, last + 1):
        if tree.text[tree.line_start(line) : tree.line_end(line)].strip():
            edits.append(tree.insert(tree.line_start(line), tree.indent_unit))
    return edits
