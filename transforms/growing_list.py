"""SF312: loops over a list that the loop itself makes longer or shorter."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scriptify.facts.model import Facts
from scriptify.transform import Declines, Edit, Fires, Focus, Ignores, Phase, Proposal, Transform
from scriptify.transforms._expression import Body, NoForm, bodies, decline, rewrite
from scriptify.tree import Tree, own_nodes, stores_in, target_names
from scriptify.tree.substitute import FreshNames

_HEAD = "import torch\nfrom torch import nn\n\n\nclass Net(nn.Module):\n    def forward(self, x: torch.Tensor):\n"
_ENTRY = "Net(), (torch.randn(2, 3),)"
_CHANGERS = frozenset("append extend insert pop remove clear".split())


def _net(body: str) -> str:
    return _HEAD + "".join(f"        {line}\n" for line in body.splitlines())


class GrowingList(Transform):
    """``for v in xs: ... xs.append(v)`` -> ``while i < len(xs): v = xs[i]; i += 1; ...``.

    Python's loop looks at the list anew on each turn, a scripted one fixes the number of turns when it begins: the
    compiler accepts the loop and computes something else. The ``while`` loop says what Python does.
    """

    code = "SF312"
    name = "growing-list"
    phase = Phase.CONTROL
    hints = (*(f".{name}(" for name in sorted(_CHANGERS)), "del ", "+=")
    explains = ("list index out of range",)
    source = "https://docs.python.org/3/reference/compound_stmts.html#the-for-statement"
    examples = (
        Fires(
            _net("xs = [1, 2]\nk = 0\nfor v in xs:\n    k += 1\n    if len(xs) < 5:\n        xs.append(v)\nreturn k"),
            _net(
                "xs = [1, 2]\nk = 0\ni = 0\nwhile i < len(xs):\n    v = xs[i]\n    i += 1\n    k += 1\n"
                "    if len(xs) < 5:\n        xs.append(v)\nreturn k"
            ),
            entry=_ENTRY,
            silent=True,
            name="appended to",
        ),
        Fires(
            _net("xs = [1, 2, 3]\nk = 0\nfor n, v in enumerate(xs):\n    k += v * n\n    xs.remove(v)\nreturn k"),
            _net(
                "xs = [1, 2, 3]\nk = 0\ni = 0\nwhile i < len(xs):\n    n, v = i, xs[i]\n    i += 1\n"
                "    k += v * n\n    xs.remove(v)\nreturn k"
            ),
            entry=_ENTRY,
            silent=True,
            name="removed from, with numbers",
        ),
        Fires(
            _net(
                "xs = [1, 2]\nk = 0\nfor v in xs:\n    k += 1\n    for w in range(2):\n        if len(xs) < 5:\n"
                "            xs.append(w)\n            break\nreturn k"
            ),
            _net(
                "xs = [1, 2]\nk = 0\ni = 0\nwhile i < len(xs):\n    v = xs[i]\n    i += 1\n    k += 1\n    for w in range(2):\n"
                "        if len(xs) < 5:\n            xs.append(w)\n            break\nreturn k"
            ),
            entry=_ENTRY,
            silent=True,
            name="a break of an inner loop",
        ),
        Declines(
            _net("xs = [1, 2]\nfor v in xs:\n    if len(xs) < 5:\n        xs.append(v)\nelse:\n    x = x + 1\nreturn x"), because="else"
        ),
        Declines(
            _net("xs = [1, 2]\nk = 0\nfor v in xs:\n    xs.append(v)\n    for xs in [[5], [4, 4]]:\n        k += v\nreturn k"),
            because="also assigned",
            name="a loop that binds the name",
        ),
        Ignores(_net("xs = [1, 2]\nys = [0]\nfor v in xs:\n    ys.append(v)\nfor v in list(xs):\n    xs.append(v)\nreturn xs")),
        Ignores(_net("xs = [1, 2]\nfor v in xs:\n    xs.append(v)\n    break\nreturn xs"), name="left at once"),
    )

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Every such loop in compiled code."""
        for body in bodies(tree, facts):
            for loop in body.find(cst.For):
                items, numbered = _items(body, loop)
                if items is None or not _changes(tree, loop, items.value):
                    continue
                type_ = body.certain.type_of(items)
                if type_ is None or type_.name != "List":
                    continue
                why = "a scripted loop fixes the number of its turns when it begins, Python looks at the list on each turn"
                try:
                    edits = _edits(body, loop, items.value, numbered)
                except NoForm as reason:
                    yield decline(self, body, loop, f"{why}, so the results differ without an error; {reason}")
                    continue
                title = f"a loop that changes {items.value} becomes a while loop"
                yield rewrite(self, body, loop, title, edits, why=why, silent=True)


def _items(body: Body, loop: cst.For) -> tuple[cst.Name | None, bool]:
    """The list's name, and whether the loop numbers its items."""
    if isinstance(loop.iter, cst.Name):
        return loop.iter, False
    call = loop.iter
    if isinstance(call, cst.Call) and body.dotted(call.func) == "builtins.enumerate" and len(call.args) == 1:
        value = call.args[0].value
        pair = isinstance(loop.target, cst.Tuple) and len(loop.target.elements) == 2
        return (value, True) if isinstance(value, cst.Name) and pair else (None, False)
    return None, False


def _changes(tree: Tree, loop: cst.For, name: str) -> bool:
    """Whether the loop's body changes the list, and goes on after that."""
    for node in own_nodes(loop.body):
        if isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute) and node.func.attr.value in _CHANGERS:
            changed = isinstance(node.func.value, cst.Name) and node.func.value.value == name
        elif isinstance(node, cst.AugAssign):
            changed = isinstance(node.target, cst.Name) and node.target.value == name
        elif isinstance(node, cst.Del):
            changed = any(n.value == name for n in tree.find(cst.Name, node.target))
        else:
            continue
        if changed and not _left(tree, loop, node):
            return True
    return False


def _left(tree: Tree, loop: cst.For, node: cst.CSTNode) -> bool:
    """Whether the statement right after a node's leaves the loop or the function, and nothing within the loop holds it back."""
    line = tree.statement(node)
    block = tree.parent(line) if line is not None else None
    if not isinstance(block, cst.IndentedBlock) or line is None:
        return False
    index = list(block.body).index(line)
    after = block.body[index + 1] if index + 1 < len(block.body) else None
    if not isinstance(after, cst.SimpleStatementLine) or not isinstance(after.body[0], cst.Break | cst.Return | cst.Raise):
        return False
    within = [above for above in tree.ancestors(line) if tree.contains(loop, above) and above is not loop]
    inner = isinstance(after.body[0], cst.Break) and any(isinstance(above, cst.For | cst.While) for above in within)
    return not inner and not any(isinstance(above, cst.Try | cst.With) for above in within)


def _edits(body: Body, loop: cst.For, name: str, numbered: bool) -> list[Edit]:
    tree = body.tree
    if loop.orelse is not None:
        raise NoForm("the loop has an else")
    if not isinstance(loop.body, cst.IndentedBlock) or not tree.own_line(loop) or not tree.own_line(loop.body.body[0]):
        raise NoForm("the loop stands on one line with its body")
    # Python's loop keeps the list that it began with, whatever the name comes to mean.
    bound = {found.value for found in target_names(loop.target)}
    if name in bound or any(not isinstance(by, cst.AugAssign) for by in stores_in(loop.body, name)):
        raise NoForm(f"{name} is also assigned in it")
    index = FreshNames(tree, body.function).fresh("i")
    assert isinstance(loop.target, cst.BaseExpression)
    target_text = tree.code(loop.target)
    value = f"{index}, {name}[{index}]" if numbered else f"{name}[{index}]"
    start, end = tree.span(loop)[0], tree.outer_span(loop.iter)[1]
    return [
        Edit(tree.path, start, end, f"while {index} < len({name})"),
        tree.before(loop, [f"{index} = 0"]),
        tree.before(loop.body.body[0], [f"{target_text} = {value}", f"{index} += 1"]),
    ]
