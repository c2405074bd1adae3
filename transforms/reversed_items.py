"""SF308: ``reversed`` of lists, tuples and ranges."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scriptify.facts.model import Facts
from scriptify.transform import Declines, Fires, Focus, Ignores, Phase, Proposal, Transform
from scriptify.transforms._changes import Changes
from scriptify.transforms._containers import Method
from scriptify.transforms._expression import Body, NoForm, bodies, decline, positional, rewrite
from scriptify.transforms._listed import pieces
from scriptify.transforms._number import literal_int
from scriptify.transforms._reads import Depth, reads
from scriptify.tree import Tree
from scriptify.tree.shapes import shape_read
from scriptify.tree.substitute import calm, source

_HEAD = "import torch\nfrom torch import nn\n\n\nclass Net(nn.Module):\n    def forward(self, x: torch.Tensor):\n"
_ENTRY = "Net(), (torch.randn(2, 3),)"
_TAKERS = frozenset(f"builtins.{name}" for name in ("list", "tuple", "enumerate", "zip", "sum", "sorted", "max", "min", "any", "all"))


def _net(body: str) -> str:
    return _HEAD + "".join(f"        {line}\n" for line in body.splitlines())


def _fires(before: str, after: str, name: str) -> Fires:
    return Fires(_net(before), _net(after), entry=_ENTRY, name=name)


class ReversedItems(Transform):
    """``for a in reversed(xs)`` -> ``for a in xs[::-1]``; ``reversed(range(n))`` -> ``range(n - 1, -1, -1)``.

    The compiler does not know ``reversed``. A slice with step -1 gives the same items of a list or tuple; it is a
    copy, which nobody can tell where the items are used at once and the list is left alone meanwhile.
    """

    code = "SF308"
    name = "reversed-items"
    phase = Phase.SYNTAX
    explains = ("reversed(Tensor", "range cannot be used as a value", "reversed")
    hints = ("reversed(",)
    source = "https://docs.pytorch.org/docs/stable/jit_python_reference.html#python-built-in-functions-support"
    examples = (
        _fires(
            "n = 0\nfor a in reversed([1, 2, 5]):\n    n = n * 10 + a\nreturn x * n",
            "n = 0\nfor a in [1, 2, 5][::-1]:\n    n = n * 10 + a\nreturn x * n",
            "a list",
        ),
        _fires(
            "n = 0\nfor i, a in enumerate(reversed(x.shape)):\n    n += i * a\nreturn x * n",
            "n = 0\nfor i, a in enumerate(x.shape[::-1]):\n    n += i * a\nreturn x * n",
            "a shape, enumerated",
        ),
        _fires(
            "n = 0\nfor a in reversed(range(4)):\n    n = n * 10 + a\nfor a in reversed(range(1, x.dim())):\n    n += a\nreturn x * n",
            "n = 0\nfor a in range(3, -1, -1):\n    n = n * 10 + a\nfor a in range(x.dim() - 1, 0, -1):\n    n += a\nreturn x * n",
            "ranges",
        ),
        _fires(
            "n = 0\nfor a in reversed(range(0, 7, 2)):\n    n = n * 10 + a\nreturn x * n",
            "n = 0\nfor a in list(range(0, 7, 2))[::-1]:\n    n = n * 10 + a\nreturn x * n",
            "a range with a step",
        ),
        _fires(
            "ys = [x, x + 1]\nreturn torch.cat(list(reversed(ys))), [y * 2 for y in reversed(ys)]",
            "ys = [x, x + 1]\nreturn torch.cat(list(ys[::-1])), [y * 2 for y in ys[::-1]]",
            "a list that is taken whole",
        ),
        _fires(
            "n = 0\nfor i, a in reversed(list(enumerate(x.shape))):\n    n += i * a\nreturn x * n",
            "n = 0\nfor i, a in list(enumerate(x.shape))[::-1]:\n    n += i * a\nreturn x * n",
            "a list of pairs",
        ),
        _fires(
            "ys = x.chunk(2)\ny = x.sum()\nfor a, b in zip(reversed(ys), reversed(torch.split(x, 1))):\n"
            "    y = y * 2 + (a * b).sum()\nreturn y",
            "ys = x.chunk(2)\ny = x.sum()\nfor a, b in zip(ys[::-1], torch.split(x, 1)[::-1]):\n    y = y * 2 + (a * b).sum()\nreturn y",
            "pieces of a tensor",
        ),
        _fires(
            "return torch.stack([t * 2 for t in reversed(x)])",
            "return torch.stack([t * 2 for t in (x.flip(0) if torch.jit.is_scripting() else reversed(x))])",
            "a tensor",
        ),
        Declines(_net("for y in reversed(helper(x)):\n    x = x + y\nreturn x"), because="not known"),
        Declines(_net("r = reversed([x, x])\nfor y in r:\n    x = x + y\nreturn x"), because="used at once"),
        Declines(_net("ys = [x]\nfor y in reversed(ys):\n    ys.append(y)\nreturn ys"), because="changes"),
        Ignores(_net("for y in [x, x][::-1]:\n    x = x + y\nreturn x")),
        Ignores(_HEAD.replace("x: torch.Tensor", "x, reversed") + "        return reversed(x)\n", name="another reversed"),
    )

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Every call of reversed in compiled code."""
        for body in bodies(tree, facts):
            for call in body.find(cst.Call):
                if body.dotted(call.func) != "builtins.reversed" or len(call.args) != 1:
                    continue
                items = call.args[0].value
                if _modules(items):
                    continue
                if body.surely(items):
                    why = "the compiler does not know reversed, which flips a Tensor"
                    edits = body.guarded(call, f"{tree.operand(items)}.flip(0)")
                    yield rewrite(self, body, call, f"{tree.code(call)[:60]} as flip when scripted", edits, why=why)
                    continue
                try:
                    text = _text(body, items)
                    _taken_at_once(body, call, items)
                    edits = [tree.replace(call, text)] if _surely_sliced(body, items) else body.guarded(call, text)
                except NoForm as reason:
                    yield decline(self, body, call, f"the compiler does not know reversed: {reason}")
                    continue
                why = "the compiler does not know reversed"
                yield rewrite(self, body, call, f"{tree.code(call)[:60]} as {text[:60]}", edits, why=why)


def _modules(items: cst.BaseExpression) -> bool:
    """Whether these may be modules, which are another transform's business: ``self.layers``, or enumerate and zip of it."""
    while isinstance(items, cst.Call) and items.args and isinstance(items.func, cst.Name):
        items = items.args[0].value
    return isinstance(items, cst.Attribute) and isinstance(items.value, cst.Name) and items.value.value == "self"


def _text(body: Body, items: cst.BaseExpression) -> str:
    """The same items in reverse as an expression. Raises NoForm."""
    tree = body.tree
    if isinstance(items, cst.Call) and body.dotted(items.func) == "builtins.range":
        return _range(body, items)
    if isinstance(items, cst.Call) and body.dotted(items.func) in ("builtins.list", "builtins.sorted", "builtins.tuple"):
        return f"{source(tree, items)}[::-1]"
    if isinstance(items, cst.List | cst.ListComp | cst.Tuple) or pieces(body, items):
        return f"{tree.operand(items)}[::-1]"
    type_ = body.certain.type_of(items)
    if type_ is not None and type_.name in ("List", "Tuple"):
        return f"{tree.operand(items)}[::-1]"
    if _whole_shape(body, items):
        return f"{tree.code(items)}[::-1]"
    if isinstance(items, cst.Subscript) and all(isinstance(part.slice, cst.Slice) for part in items.slice):
        inner = body.certain.type_of(items.value)
        if (inner is not None and inner.name in ("List", "Tuple")) or _whole_shape(body, items.value):
            return f"{tree.code(items)}[::-1]"
    raise NoForm("whether this is a list or a tuple is not known; write a slice [::-1], or give an entry")


def _surely_sliced(body: Body, items: cst.BaseExpression, depth: int = 3) -> bool:
    """Whether the source shows that these have slices, whatever a caller passes: a Tensor for a list has none with a step of -1."""
    if isinstance(items, cst.List | cst.ListComp | cst.Tuple) or pieces(body, items) or _whole_shape(body, items):
        return True
    if isinstance(items, cst.Call):
        return body.dotted(items.func) in ("builtins.range", "builtins.list", "builtins.sorted", "builtins.tuple")
    if isinstance(items, cst.Subscript):
        return _surely_sliced(body, items.value, depth)
    values = body.assigned(items) if depth else ()
    return bool(values) and all(_surely_sliced(body, value, depth - 1) for value in values)


def _whole_shape(body: Body, node: cst.BaseExpression) -> bool:
    if isinstance(node, cst.Attribute):
        return shape_read(node)
    sized = isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute) and node.func.attr.value == "size" and not node.args
    return sized and isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute) and body.surely(node.func.value)


def _range(body: Body, call: cst.Call) -> str:
    bounds = positional(call)
    tree = body.tree
    if len(bounds) == 3 or not all(calm(tree, bound) for bound in bounds):
        return f"list({source(tree, call)})[::-1]"
    return f"range({_less_one(tree, bounds[-1])}, {'-1' if len(bounds) == 1 else _less_one(tree, bounds[0])}, -1)"


def _less_one(tree: Tree, bound: cst.BaseExpression) -> str:
    number = literal_int(bound)
    return str(number - 1) if number is not None else f"{tree.operand(bound)} - 1"


def _taken_at_once(body: Body, call: cst.Call, items: cst.BaseExpression) -> None:
    """Raise NoForm where the iterator is kept, or the list may change while it is gone through."""
    tree = body.tree
    node: cst.CSTNode = call
    above = tree.parent(node)
    while isinstance(above, cst.Arg):
        user = tree.parent(above)
        if not isinstance(user, cst.Call):
            break
        name = user.func.attr.value if isinstance(user.func, cst.Attribute) else ""
        if name in ("join", "extend") and isinstance(user.func, cst.Attribute) and tree.code(user.func.value) != "self":
            return
        if body.dotted(user.func) not in _TAKERS:
            raise NoForm("what it is given to is not known to use it at once")
        if body.dotted(user.func) not in ("builtins.enumerate", "builtins.zip"):
            return
        node, above = user, tree.parent(user)
    if isinstance(above, cst.CompFor) and node is above.iter:
        whole = next(found for found in tree.ancestors(above) if not isinstance(found, cst.CompFor))
        _check_kept(body, items, whole)
        return
    if not isinstance(above, cst.For) or node is not above.iter:
        raise NoForm("only where it is used at once, in a loop or by list, sum and the like, is a slice the same")
    _check_kept(body, items, above.body)


def _check_kept(body: Body, items: cst.BaseExpression, within: cst.CSTNode) -> None:
    """Raise NoForm where what runs meanwhile may change the list: reversed goes through the list itself, a slice is a copy."""
    if not isinstance(items, cst.Name | cst.Attribute):
        return
    method = Method(body.tree, body.facts, body.qualname, body.function)
    changes = Changes(method)
    if any(changes.changed(read, [within]) for read in reads(body.tree, items, method.self_name, Depth.ITEMS)):
        raise NoForm("the loop changes the list it goes through, or may do so")
