"""SF316: functions of ``itertools`` as lists, zips and comprehensions."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scriptify.facts.model import Facts
from scriptify.transform import Declines, Fires, Focus, Ignores, Phase, Proposal, Transform
from scriptify.transforms._expression import NoForm, bodies, decline, rewrite
from scriptify.transforms._itertools_forms import itertools_edits
from scriptify.tree import Tree
from scriptify.tree.hoist import CannotHoist

_HEAD = "import itertools\nimport operator\n\nimport torch\nfrom torch import nn\n\n\n"
_HEAD += "class Net(nn.Module):\n    def forward(self, x: torch.Tensor):\n"
_ENTRY = "Net(), (torch.randn(2, 3),)"


def _net(body: str) -> str:
    return _HEAD + "".join(f"        {line}\n" for line in body.splitlines())


def _fires(before: str, after: str, name: str) -> Fires:
    return Fires(_net(before), _net(after), entry=_ENTRY, name=name)


def _half(before: str, after: str, name: str, given: str = "x: torch.Tensor") -> Fires:
    """A first step: the comprehension with several loops is the next transform's."""
    old, new = (_net(body).replace("x: torch.Tensor", given) for body in (before, after))
    return Fires(old, new, name=name)


class ItertoolsCall(Transform):
    """``itertools.chain(xs, ys)`` -> ``list(xs) + list(ys)``; ``product``, ``pairwise``, ``islice``, ``accumulate`` and others alike.

    The compiler knows no function of ``itertools``. Where the iterables are lists, tuples, ranges or pieces of a Tensor and the
    result is used at once, a list with the same items in the same order is the same.
    """

    code = "SF316"
    name = "itertools-call"
    phase = Phase.SYNTAX
    explains = (
        *(f"{name}(Tensor" for name in "chain product accumulate repeat islice pairwise combinations starmap count zip_longest".split()),
        "cannot statically infer the expected size of a list",
        "range cannot be used as a value",
        "builtin cannot be used as a value",
        "attribute lookup is not defined on python value of type 'type'",
    )
    hints = ("itertools",)
    source = "https://docs.pytorch.org/docs/stable/jit_python_reference.html#python-built-in-functions-support"
    examples = (
        _fires(
            "y = x\nfor t in itertools.chain([x], x.chunk(2, 0)):\n    y = y + t.sum()\nreturn y",
            "y = x\nfor t in [x] + list(x.chunk(2, 0)):\n    y = y + t.sum()\nreturn y",
            "a chain",
        ),
        _half(
            "xss = [[x, x + 1], [x]]\nreturn torch.cat(list(itertools.chain(*xss)))",
            "xss = [[x, x + 1], [x]]\nreturn torch.cat(list([item for group in xss for item in group]))",
            "a chain of lists in a list",
        ),
        _half(
            "for a, b in itertools.product(range(2), range(x.dim())):\n    x = x + a * b\nreturn x",
            "for a, b in [(item, item_2) for item in range(2) for item_2 in range(x.dim())]:\n    x = x + a * b\nreturn x",
            "a product",
        ),
        _half(
            "n = 0\nfor i, j in itertools.combinations(range(3), 2):\n    n = n * 5 + i * j\nreturn x * n",
            "n = 0\nfor i, j in [(i, j) for i in range(3) for j in range(i + 1, 3)]:\n    n = n * 5 + i * j\nreturn x * n",
            "pairs of a range",
        ),
        _fires(
            "xs = [x, x + 1, x * 2]\ny = x\nfor a, b in itertools.pairwise(xs):\n    y = y * 2 + a * b\nreturn y",
            "xs = [x, x + 1, x * 2]\ny = x\nfor a, b in zip(xs[:-1], xs[1:]):\n    y = y * 2 + a * b\nreturn y",
            "neighbours",
        ),
        _fires(
            "ks = list(itertools.accumulate([1, 2, 3]))\nys = list(itertools.accumulate([x, x + 1], operator.mul))\nreturn ys[1] * ks[2]",
            "ks = list([sum([1, 2, 3][:i + 1]) for i in range(len([1, 2, 3]))])\n"
            "items = []\nfor item in [x, x + 1]:\n    items.append(item if len(items) == 0 else items[-1] * item)\n"
            "ys = list(items)\nreturn ys[1] * ks[2]",
            "sums and products on the way",
        ),
        _fires(
            "y = x\nfor t in itertools.islice([x, x * 2, x], 1, 3):\n    y = y + t\n"
            "for i, t in zip(itertools.count(1), itertools.repeat(x, 2)):\n    y = y + t * i\nreturn y",
            "y = x\nfor t in [x, x * 2, x][1:3]:\n    y = y + t\nfor i, t in enumerate([x] * 2, 1):\n    y = y + t * i\nreturn y",
            "a slice, a count",
        ),
        Declines(_HEAD.replace("x: torch.Tensor", "x, ys") + "        return list(itertools.chain(ys, ys))\n", because="not known"),
        _fires(
            "i = 1\nks = list(itertools.accumulate([i, 2]))\nreturn x * ks[i]",
            "i = 1\nks = list([sum([i, 2][:i_2 + 1]) for i_2 in range(len([i, 2]))])\nreturn x * ks[i]",
            "a name that is taken",
        ),
        Declines(_net("for i, t in zip(itertools.count(0.5), [x, x]):\n    x = x + t * i\nreturn x"), because="from a whole number"),
        Declines(_net("return list(itertools.chain.from_iterable(*[[[x]]]))[0]"), because="called in another way"),
        Declines(_net("len = x.dim()\nreturn x * list(itertools.accumulate([len, 2]))[0]"), because="the name len means"),
        Ignores(_net("xs = [[x, x]]\nfor t, k in zip(*xs, itertools.repeat(2)):\n    x = x + t * k\nreturn x"), name="a starred zip"),
        Declines(_net("c = itertools.chain([x], [x])\nfor t in c:\n    x = x + t\nreturn x"), because="used at once"),
        _fires(
            "y = x\nfor t in itertools.starmap(torch.add, [(x, x), (y, x)]):\n    y = y + t\nreturn y",
            "y = x\nfor t in (torch.add(item, item_2) for item, item_2 in [(x, x), (y, x)]):\n    y = y + t\nreturn y",
            "a function of several arguments",
        ),
        Declines(
            _net("f = torch.add\nfor t in itertools.starmap(f, [(x, x), (x, x)]):\n    x, f = x + t, torch.sub\nreturn x"),
            because="f may be bound anew",
        ),
        Declines(
            _net("for t in itertools.starmap(self.fn, [(x, x)]):\n    self.fn = torch.sub\n    x = x + t\nreturn x"),
            because="self.fn may be bound anew",
        ),
        Declines(
            _net("ys = [x]\nzs = ys\nfor t in itertools.chain([x], ys):\n    if len(ys) < 3:\n        zs.append(t)\nreturn ys"),
            because="may change what it goes through",
            name="changed under another name",
        ),
        Declines(
            _net("xs = [x]\nfor t, k in zip(xs, itertools.repeat(2)):\n    if len(xs) < 3:\n        xs.append(t)\nreturn xs"),
            because="may change what it goes through",
            name="a list that grows beside a constant",
        ),
        Declines(
            _net("xs = [x, x, x]\nfor a, b in itertools.combinations(xs, 2):\n    self.merge(xs)\nreturn xs"),
            because="may change what it goes through",
            name="handed to a method",
        ),
        _half(
            "for a, b in itertools.product([1, 2], ys):\n    x = x + a * b\nreturn x",
            "items = [1, 2]\nitems_2 = list(ys)\nfor a, b in [(item, item_2) for item in items for item_2 in items_2]:\n    x = x + a * b\n"
            "return x",
            "a product of what is only said to be a list",
            "x: torch.Tensor, ys: list[int]",
        ),
        Declines(_net("return list(itertools.starmap(self.fn, [(x, *x)]))"), because="how many arguments", name="a row that is expanded"),
        Declines(_net("a, b = c = itertools.chain([x], [x])\nreturn a + b + next(c, 0)"), because="used at once"),
        Declines(
            _HEAD.replace("x: torch.Tensor", "x, ys: list[int]") + "        return [n for n in itertools.accumulate(ys)]\n",
            because="not known",
            name="what is only said to be whole numbers",
        ),
        Declines(_net("for t in itertools.cycle([x]):\n    return t\nreturn x"), because="no form"),
        Ignores("import itertools\n\n\ndef f(xs):\n    return list(itertools.chain(xs))\n", name="not compiled"),
    )

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Every such call in compiled code."""
        for body in bodies(tree, facts):
            done: list[cst.CSTNode] = []
            for call in body.find(cst.Call):
                dotted = body.dotted(call.func)
                if any(tree.contains(outer, call) for outer in done):
                    continue
                try:
                    edits = itertools_edits(body, call, dotted)
                except (NoForm, CannotHoist) as reason:
                    yield decline(self, body, call, f"the compiler has no {tree.code(call.func)}, and it is left alone: {reason}")
                    continue
                if edits:
                    done.append(call)
                    why = "the compiler has no itertools"
                    yield rewrite(self, body, call, f"{tree.code(call)[:60]} by lists", edits, why=why)
