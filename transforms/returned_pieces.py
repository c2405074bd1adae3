"""SF906: tuples that a scripted function returns as lists."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scriptify.facts.model import Facts
from scriptify.facts.types import Type
from scriptify.transform import Declines, Edit, Fires, Focus, Ignores, Phase, Proposal, Transform
from scriptify.transforms._expression import TENSOR, Body, NoForm, bodies, decline, rewrite
from scriptify.transforms._signature import declared, spell
from scriptify.tree import Tree, own_nodes
from scriptify.tree.hoist import with_comments
from scriptify.tree.substitute import FreshNames

_HEAD = (
    "import torch\nfrom torch import nn\nfrom typing import List, Tuple\n\n\nclass Net(nn.Module):\n    def forward(self, x: torch.Tensor)"
)
_ENTRY = "Net(), (torch.randn(2, 4),)"
_PIECES = frozenset("chunk split unbind tensor_split hsplit vsplit dsplit split_with_sizes unsafe_chunk unsafe_split".split())
_ONE_EACH = frozenset({"torch.meshgrid", "torch.broadcast_tensors", "torch.atleast_1d", "torch.atleast_2d", "torch.atleast_3d"})


def _net(body: str, returns: str = "") -> str:
    return f"{_HEAD}{returns}:\n" + "".join(f"        {line}\n" for line in body.splitlines())


class ReturnedPieces(Transform):
    """``return x.split([1, 2], 1)`` -> the pieces as a tuple when scripted; ``-> List[Tensor]`` of a function that returns ``a, b``.

    In eager code ``chunk``, ``split`` and ``unbind`` give a tuple, to the compiler a list, and so the caller of the scripted
    module gets a list, without an error. Where the number of pieces is written in the call, they are returned one by one;
    a call whose number of pieces depends on the data is told of.
    """

    code = "SF906"
    name = "returned-pieces"
    phase = Phase.VALUES
    explains = ()
    hints = (*sorted(_PIECES), "meshgrid", "broadcast_tensors", "atleast", "-> List", "->List", "list[")
    source = "https://docs.pytorch.org/docs/stable/generated/torch.split.html"
    examples = (
        Fires(
            _net("return x.split([1, 3], dim=1)  # two"),
            _net(
                "if torch.jit.is_scripting():\n    pieces = x.split([1, 3], dim=1)\n    return pieces[0], pieces[1]\n"
                "else:\n    return x.split([1, 3], dim=1)  # two"
            ),
            entry=_ENTRY,
            silent=True,
            name="sizes of the pieces",
        ),
        Fires(
            _net("return x, x", " -> List[torch.Tensor]"),
            _net("return x, x", " -> Tuple[torch.Tensor, torch.Tensor]"),
            entry=_ENTRY,
            silent=True,
            name="an annotation",
        ),
        Declines(_net("return x.chunk(2)"), because="a list"),
        Declines(_net("return torch.unbind(x)"), because="a list"),
        Ignores(_net("a, b = x.chunk(2)\nreturn a, b")),
        Ignores(_net("return [x, x]", " -> List[torch.Tensor]")),
        Ignores(_net("return 'a b'.split(' ')"), name="texts"),
    )

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Every such return of compiled code."""
        for body in bodies(tree, facts):
            if facts.callers(tree.path, body.qualname):
                continue  # scripted code takes the list as it would take the tuple
            for node in body.find(cst.Return):
                if not isinstance(node.value, cst.Call) or not _gives_tuple(body, node.value):
                    continue
                told = "eager code returns a tuple here and scripted code a list, without an error"
                try:
                    edit = _edit(body, node, node.value)
                except NoForm as reason:
                    yield decline(self, body, node, f"{told}: {reason}")
                    continue
                yield rewrite(self, body, node, "the pieces are returned one by one when scripted", [edit], why=told, silent=True)
            found = _annotation(body)
            if found is not None:
                why = "an annotation with List makes a list of the tuple that is returned, without an error"
                yield rewrite(self, body, body.function, "the annotation says that a tuple is returned", [found], why=why, silent=True)


def _gives_tuple(body: Body, call: cst.Call) -> bool:
    dotted = body.dotted(call.func)
    if dotted.startswith("torch."):
        return dotted.removeprefix("torch.") in _PIECES or (dotted in _ONE_EACH and len(call.args) > 1)
    func = call.func
    return isinstance(func, cst.Attribute) and func.attr.value in _PIECES and body.surely(func.value)


def _edit(body: Body, node: cst.Return, call: cst.Call) -> Edit:
    tree = body.tree
    count = _count(body, call)
    if count is None:
        raise NoForm("how many pieces there are depends on the data; unpack them and return them one by one")
    line = tree.parent(node)
    if not isinstance(line, cst.SimpleStatementLine) or not tree.own_line(line) or "\n" in tree.code(call):
        raise NoForm("it shares its line with other code")
    name = FreshNames(tree, body.function).fresh("pieces")
    items = ", ".join(f"{name}[{i}]" for i in range(count))
    test = body.spell("torch.jit.is_scripting")
    lines = [f"if {test}():", f"    {name} = {tree.code(call)}", f"    return {items}", "else:", f"    {tree.code(node)}"]
    return tree.replace_statement(line, with_comments(tree, line, lines, [call]))


def _count(body: Body, call: cst.Call) -> int | None:
    """The number of pieces, where the call says it."""
    dotted = body.dotted(call.func)
    plain = [arg for arg in call.args if arg.keyword is None and not arg.star]
    if dotted in _ONE_EACH:
        starred = len(plain) != len([arg for arg in call.args if arg.keyword is None])
        alone = len(plain) == 1
        return None if starred or alone else len(plain)
    named = [
        arg for arg in call.args if arg.keyword is not None and arg.keyword.value in ("split_size_or_sections", "split_size", "split_sizes")
    ]
    places = plain[1:] if dotted.startswith("torch.") else plain
    sizes = named[0].value if named else places[0].value if places else None
    name = call.func.attr.value if isinstance(call.func, cst.Attribute) else dotted.rpartition(".")[2]
    if name not in ("split", "split_with_sizes") or not isinstance(sizes, cst.List | cst.Tuple) or len(sizes.elements) < 2:
        return None
    return len(sizes.elements) if all(isinstance(e, cst.Element) for e in sizes.elements) else None


def _annotation(body: Body) -> Edit | None:
    """The edit of a ``List[Tensor]`` annotation where every return is a tuple of tensors of one length."""
    tree, returns = body.tree, body.function.returns
    stated = declared(tree, returns.annotation) if returns is not None else None
    if returns is None or stated != Type("List", (TENSOR,)):
        return None
    values = [node.value for node in own_nodes(body.function.body) if isinstance(node, cst.Return)]
    if not values or not all(isinstance(v, cst.Tuple) and all(isinstance(e, cst.Element) for e in v.elements) for v in values):
        return None
    lengths = {len(v.elements) for v in values if isinstance(v, cst.Tuple)}
    spelled = spell(tree, Type("Tuple", (TENSOR,) * lengths.pop())) if len(lengths) == 1 and 0 not in lengths else None
    if spelled is None:
        return None
    body.wanted.extend(spelled.imports)
    return tree.replace_outer(returns.annotation, spelled.text)
