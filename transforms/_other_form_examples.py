"""Examples of SF903."""

from __future__ import annotations

from scriptify.transform import Declines, Fires, Ignores

_HEAD = (
    "import operator\nfrom typing import Tuple\n\nimport torch\nfrom torch import nn\n\n\n"
    "class Net(nn.Module):\n    def forward(self, x: torch.Tensor):\n"
)
_ENTRY = "Net(), (torch.randn(2, 3),)"
_OWN = "class Box:\n    def pop(self, key, value=None):\n        return value\n\n\n"


def _net(body: str) -> str:
    return _HEAD + "".join(f"        {line}\n" for line in body.splitlines())


def _fires(before: str, after: str, name: str) -> Fires:
    return Fires(_net(before), _net(after), entry=_ENTRY, name=name)


EXAMPLES = (
    _fires(
        "d = {'a': x}\nv = d.pop('a', None)\nif v is not None:\n    x = x + v\nreturn x, len(d)",
        "d = {'a': x}\nv = (d.pop('a') if 'a' in d else None)\nif v is not None:\n    x = x + v\nreturn x, len(d)",
        "pop with None",
    ),
    _fires(
        "xs = [x, x + 1]\nreturn operator.itemgetter(1)(xs), operator.itemgetter(0, 1)(xs)",
        "xs = [x, x + 1]\nreturn xs[1], (xs[0], xs[1])",
        "itemgetter",
    ),
    _fires(
        "p = nn.Parameter(torch.zeros(1))\nreturn x + p",
        "p = (torch.zeros(1).detach().requires_grad_(True) if torch.jit.is_scripting() else nn.Parameter(torch.zeros(1)))\nreturn x + p",
        "a Parameter",
    ),
    _fires(
        "return torch.from_numpy(x.cpu().numpy()) + 1",
        "return (x.cpu().detach() if torch.jit.is_scripting() else torch.from_numpy(x.cpu().numpy())) + 1",
        "a tensor by way of NumPy",
    ),
    _fires(
        "s = 'conv1'\nreturn x if s.startswith(('conv', 'bn')) else x + len(s.removeprefix('a'))",
        "s = 'conv1'\nreturn x if (s.startswith('conv') or s.startswith('bn')) else x + len((s[len('a'):] if s.startswith('a') else s))",
        "beginnings",
    ),
    _fires(
        "ks = ('a', 'b')\ns = 'Conv'\nreturn x if s.startswith(ks) and s.casefold() == 'conv' else x + 1",
        "ks = ('a', 'b')\ns = 'Conv'\nreturn x if (s.startswith('a') or s.startswith('b')) and s.lower() == 'conv' else x + 1",
        "small letters, and beginnings that have a name",
    ),
    _fires(
        "n = x.dim()\nreturn x * (n in range(3)), (4, 5).index(5), n in range(1, 2), n not in range(0, 9, 3)",
        "n = x.dim()\nreturn x * (0 <= n < 3), [4, 5].index(5), 1 <= n < 2, n not in list(range(0, 9, 3))",
        "a range asked for a number, an index in a tuple",
    ),
    _fires(
        "n = x.dim()\nreturn x * ((1), (2)).index(2), ((n), 5).count(2), (((3)), n,).index(n), operator.itemgetter(1)(((1), (2)))",
        "n = x.dim()\nreturn x * [(1), (2)].index(2), [(n), 5].count(2), [((3)), n].index(n), ((1), (2))[1]",
        "elements in parentheses of their own",
    ),
    Fires(
        _net("return x * (n in range(3)), x if n not in range(1, n) else 0").replace("Tensor)", "Tensor, n: int)"),
        _net(
            "return x * (0 <= n < 3 if torch.jit.is_scripting() else n in range(3)),"
            " x if (not 1 <= n < n if torch.jit.is_scripting() else n not in range(1, n)) else 0"
        ).replace("Tensor)", "Tensor, n: int)"),
        name="a range asked for what a caller passes, perhaps no whole number",
    ),
    Fires(
        _net("v = d.pop('a', None)\nreturn v if k.index('a') else x").replace("Tensor)", "Tensor, d, k: Tuple[str, str])"),
        _net(
            "v = (d.pop('a') if 'a' in d else None) if torch.jit.is_scripting() else d.pop('a', None)\n"
            "return v if (list(k).index('a') if torch.jit.is_scripting() else k.index('a')) else x"
        ).replace("Tensor)", "Tensor, d, k: Tuple[str, str])"),
        name="what a caller passes, perhaps no dict and no tuple",
    ),
    Declines(_net("xs = [5, 1]\nreturn 0 in range(xs.pop(), xs.pop()), len(xs)"), because="its ends"),
    Declines(_net("n = x.dim()\nk = torch.tensor(3)\nreturn x * (n in range(k))"), because="its ends"),
    Declines(_net("n = x.dim()\nlist = 3\nreturn x * (n in range(0, 9, list))"), because="something else"),
    Declines(_net("ks = (4, 5)\nlist = 3\nreturn x * ks.index(5) * list"), because="something else"),
    Declines(_net("return x * (4,  # four\n            5).index(5)"), because="comment"),
    Declines(_net("ks = ['a', 'c']\nreturn 'conv'.startswith((ks.pop(), ks.pop())), len(ks)"), because="would be computed"),
    Declines(_net("s = 'ABC'\ns += '\u00c9'\nreturn s.casefold()"), because="outside ASCII"),
    Declines(_net("d = {'a': x}\nreturn d.pop(str(int(x.sum())), None)"), because="more than once"),
    Ignores(_OWN + _net("return m.pop('a', None)").replace("(self, x", "(self, m, x")),
    Ignores(_net("d = {'a': x}\nv = d.pop('a')\nreturn v if 'a'.startswith('b') else x")),
)
