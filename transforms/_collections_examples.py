"""What SF323 (collections_value) rewrites and what it leaves alone."""

from __future__ import annotations

from scriptify.transform import Declines, Fires, Ignores

_HEAD = "from collections import Counter, defaultdict, deque\nfrom typing import Dict, List\n\nimport torch\nfrom torch import nn\n"
_CLASS = "\n\nclass Net(nn.Module):\n    def forward(self, x: torch.Tensor):\n"
_ENTRY = "Net(), (torch.randn(2, 3),)"


def _net(body: str) -> str:
    return _HEAD + _CLASS + "".join(f"        {line}\n" for line in body.splitlines())


def _fires(before: str, after: str, name: str) -> Fires:
    return Fires(_net(before), _net(after), entry=_ENTRY, name=name)


EXAMPLES = (
    _fires(
        'd = defaultdict(list)\nfor i in range(2):\n    d["a"].append(x + i)\nreturn d["a"][0], len(d)',
        "d: Dict[str, List[torch.Tensor]] = {} if torch.jit.is_scripting() else defaultdict(list)\nfor i in range(2):\n"
        '    d.setdefault("a", []).append(x + i)\nreturn d.setdefault("a", [])[0], len(d)',
        "lists by key",
    ),
    _fires(
        'd = defaultdict(int)\nd["a"] += 2\nreturn x * d["a"]',
        "d: Dict[str, int] = {} if torch.jit.is_scripting() else defaultdict(int)\n"
        'd["a"] = d.setdefault("a", 0) + 2\nreturn x * d.setdefault("a", 0)',
        "numbers by key",
    ),
    _fires(
        'd = defaultdict(lambda: 0)\nd["a"] += 2\nreturn x * d["a"]',
        "d: Dict[str, int] = {} if torch.jit.is_scripting() else defaultdict(int)\n"
        'd["a"] = d.setdefault("a", 0) + 2\nreturn x * d.setdefault("a", 0)',
        "numbers by key, from a lambda",
    ),
    Declines(_net('d = defaultdict(lambda: x)\nreturn d["a"]'), because="types of what it holds"),
    _fires(
        "ks = [1, 1, 2]\nc = Counter(ks)\nc[2] += 1\nreturn x * c[1]",
        "ks = [1, 1, 2]\nc: Dict[int, int] = {k: ks.count(k) for k in ks} if torch.jit.is_scripting() else Counter(ks)\n"
        "c[2] = c.get(2, 0) + 1\nreturn x * c.get(1, 0)",
        "counts",
    ),
    _fires(
        "q = deque([1, 2])\nq.appendleft(0)\nreturn x * q.popleft() + len(q)",
        "q = [1, 2]\nq.insert(0, 0)\nreturn x * q.pop(0) + len(q)",
        "a queue",
    ),
    Declines(_net("q = deque(maxlen=2)\nq.append(x)\nreturn q.pop()"), because="length"),
    Declines(_net("q = deque()\nq.append(x)\nreturn q"), because="used in another way"),
    Declines(_net("c = Counter([1, 1])\nreturn x * c.most_common(1)[0][1]"), because="used in another way"),
    _fires(
        'd = defaultdict(int)\na, d["k"] = 1, 2\nd["j"] = 3\nreturn x * d["k"] + a',
        "d: Dict[str, int] = {} if torch.jit.is_scripting() else defaultdict(int)\n"
        'a, d["k"] = 1, 2\nd["j"] = 3\nreturn x * d.setdefault("k", 0) + a',
        "several targets",
    ),
    _fires(
        'd = defaultdict(list)\nd["a"].append(x)\nd["a"] += (x, x)\nreturn len(d["a"])',
        "d: Dict[str, List[torch.Tensor]] = {} if torch.jit.is_scripting() else defaultdict(list)\n"
        'd.setdefault("a", []).append(x)\nd.setdefault("a", []).extend([x, x])\nreturn len(d.setdefault("a", []))',
        "a tuple at the end of a list",
    ),
    Declines(_net('d = defaultdict(float)\nd["a"] += x.sum()\nreturn d["a"]'), because="a number of its kind"),
    Declines(_net('d = defaultdict(int)\nd["a"] = x\nd["a"] += 1\nreturn d["a"]'), because="numbers of its kind"),
    Declines(_net('d = defaultdict(int)\nd["a"] += 1.5\nreturn d["a"]'), because="a number of its kind"),
    Declines(_net('d = defaultdict(lambda: 0)\nd["a"] += 1\nreturn d'), because="leaves the function"),
    Declines(_net("c = Counter([1, 1])\ndel c[3]\nreturn x * c[1]"), because="lack"),
    Declines(_net("q = deque([1, 2])\nfor v in q:\n    q.append(v)\nreturn x"), because="gone through"),
    Declines(_net("q = deque([1, 2])\nn = [q.append(v) for v in q]\nreturn x"), because="gone through"),
    Declines(_net("q = deque([1, 2])\nfor v in (t for t in q):\n    q.append(v)\nreturn x"), because="gone through"),
    Ignores(_net('d = {"a": x}\nreturn d["a"]')),
    Ignores("from collections import deque\n\n\ndef f():\n    q = deque()\n    return q.popleft()\n", name="not compiled"),
)
