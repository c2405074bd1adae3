"""What SF321 (dict_merge) rewrites and what it leaves alone."""

from __future__ import annotations

from scriptify.transform import Declines, Fires, Ignores

_HEAD = "import torch\nfrom torch import nn\n\n\nclass Net(nn.Module):\n    def forward(self, x: torch.Tensor):\n"
_ENTRY = "Net(), (torch.randn(2, 3),)"
_TYPED = ("x: torch.Tensor", "x: torch.Tensor, d: Dict[str, torch.Tensor]")
_TWO = ("x: torch.Tensor", "x: torch.Tensor, d: Dict[str, torch.Tensor], e: Dict[str, torch.Tensor]")
_IMPORTED = ("import torch\n", "from typing import Dict\n\nimport torch\n", 1)


def _net(body: str) -> str:
    return _HEAD + "".join(f"        {line}\n" for line in body.splitlines())


def _fires(before: str, after: str, name: str) -> Fires:
    return Fires(_net(before), _net(after), entry=_ENTRY, name=name)


EXAMPLES = (
    _fires(
        'd = {"a": x}\nreturn {**d, "b": x * 2}, {**d}',
        'd = {"a": x}\nreturn dict(d, b=x * 2), dict(d)',
        "a dict and one more key",
    ),
    _fires(
        'd = {"a": x}\ne = {"b": x, **d, "a.c": x + 1, **d}\nreturn e',
        'd = {"a": x}\ne = dict([("b", x)] + list(d.items()) + [("a.c", x + 1)] + list(d.items()))\nreturn e',
        "several dicts and keys",
    ),
    _fires(
        'd = {"a": x} | {"b": x}\nd |= {"c": x}\nd.update(e=x)\nreturn d',
        'd = dict(list({"a": x}.items()) + list({"b": x}.items()))\nd.update({"c": x})\nd.update(dict(e=x))\nreturn d',
        "operators",
    ),
    Fires(
        _net('return d | {"b": x}')
        .replace("x: torch.Tensor", "x: torch.Tensor, d: Dict[str, torch.Tensor]")
        .replace("import torch\n", "from typing import Dict\n\nimport torch\n", 1),
        _net('return dict(list(d.items()) + list({"b": x}.items())) if torch.jit.is_scripting() else d | {"b": x}')
        .replace("x: torch.Tensor", "x: torch.Tensor, d: Dict[str, torch.Tensor]")
        .replace("import torch\n", "from typing import Dict\n\nimport torch\n", 1),
        entry='Net(), (torch.randn(2, 3), {"a": torch.ones(1)})',
        name="a dict of any class",
    ),
    _fires(
        'a = {"n": x.size(0)}\nif a == {"n": 2} and a != {}:\n    return x + 1\nreturn x',
        'a = {"n": x.size(0)}\n'
        'if ((len(a) == len({"n": 2}) and all([k in {"n": 2} and {"n": 2}[k] == v for k, v in a.items()]))'
        ' if torch.jit.is_scripting() else a == {"n": 2}) and len(a) != 0:\n    return x + 1\nreturn x',
        "the same keys and values",
    ),
    _fires(
        'd = dict.fromkeys(("a", "b"), 1)\nreturn x * d["a"], list(dict.fromkeys([1, 1, 2]))',
        'd = {k: 1 for k in ["a", "b"]}\nreturn x * d["a"], list({k: True for k in [1, 1, 2]})',
        "from keys",
    ),
    Declines(_net('d = dict.fromkeys(["a"], [x])\nreturn d["a"][0]'), because="share"),
    _fires(
        'd = {"a": x, "q": x + 1}\ne = {**d, "c": d.pop("a")}\nreturn e, len(d)',
        'd = {"a": x, "q": x + 1}\npairs = list(d.items()) + [("c", d.pop("a"))]\ne = dict(pairs)\nreturn e, len(d)',
        "a value that changes the dict",
    ),
    Fires(
        _net('e = {**d, "c": x}\nreturn {"b": x, **e, **d}').replace(*_TYPED).replace(*_IMPORTED),
        _net('e = dict(d, c=x)\nreturn dict([("b", x)] + list(e.items()) + list(dict(d).items()))').replace(*_TYPED).replace(*_IMPORTED),
        entry='Net(), (torch.randn(2, 3), {"a": torch.ones(1), "q": torch.ones(2)})',
        name="what a caller may give as any mapping",
    ),
    _fires(
        'd = {"a": x}\ne = {\n    "b": x,  # first\n    # others\n    **d,\n}\nreturn e',
        'd = {"a": x}\ne = dict(\n    [("b", x)] +  # first\n    # others\n    list(d.items())\n)\nreturn e',
        "comments inside",
    ),
    Fires(
        _net("return x if d == {} else x + 1").replace(*_TYPED).replace(*_IMPORTED),
        _net("return x if (len(d) == 0 if torch.jit.is_scripting() else d == {}) else x + 1").replace(*_TYPED).replace(*_IMPORTED),
        entry='Net(), (torch.randn(2, 3), {"a": torch.ones(1)})',
        name="a dict that a caller may give as None",
    ),
    _fires(
        "n = 0\nfor k in dict.fromkeys([1, 1, 2]):\n    n += k\nreturn x * n",
        "n = 0\nfor k in list({k_item: True for k_item in [1, 1, 2]}):\n    n += k\nreturn x * n",
        "keys that are gone through",
    ),
    Fires(
        _net("d |= e  # joined\nreturn d").replace(*_TWO).replace(*_IMPORTED),
        _net("if torch.jit.is_scripting():\n    d.update(e)\nelse:\n    d |= e  # joined\nreturn d").replace(*_TWO).replace(*_IMPORTED),
        name="a dict of any class that is added to",
    ),
    Declines(_net("if x.dim() == 9: d |= e\nreturn d").replace(*_TWO).replace(*_IMPORTED), because="shares its line"),
    Declines(_net('d = {"a": x, "b": x}\nreturn d | {"c": d.pop("a")}'), because="computed twice"),
    Declines(_net('d = {"a": x}\nreturn len({**d, "c": d.pop("a")})'), because="computed twice"),
    Declines(_net('d = dict.fromkeys(["a", "b"], x + 1)\nreturn d["a"].add_(1), d'), because="share"),
    Declines(_net('ks = ["a"]\nreturn dict.fromkeys((*ks, "b"), 1)'), because="expanded"),
    Fires(
        _net("d.update(b=x)\nreturn d").replace(*_TYPED).replace(*_IMPORTED),
        _net("(d.update(dict(b=x)) if torch.jit.is_scripting() else d.update(b=x))\nreturn d").replace(*_TYPED).replace(*_IMPORTED),
        name="a dict of any class that is updated",
    ),
    Declines(_net('ks = ["a", "b"]\nd = dict.fromkeys(ks, self.zero)\nreturn d["a"]'), because="share"),
    Declines(_net('d = {"a": x}\nps = [[("b", x)]]\nd.update(*ps)\nreturn d'), because="expanded"),
    Declines(_net('a = {1: 2}\nb = {"a": 2}\nreturn a == b'), because="of one type"),
    Declines(
        _net("return x if a == b else x + 1")
        .replace("x: torch.Tensor", "x: torch.Tensor, a: Dict[str, int], b: Dict[str, int]")
        .replace(*_IMPORTED),
        because="same order",
    ),
    Ignores(_net('d = {"a": x}\nd.update({"b": x})\nreturn dict(d, c=x), x.size(0) | 1, x == x')),
    Ignores('def f(d):\n    return {**d, "a": 1}\n', name="not compiled"),
)
