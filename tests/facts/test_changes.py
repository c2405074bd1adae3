"""Which attributes code elsewhere in the project may change."""

from __future__ import annotations

import pytest

from scriptify.facts.static import index

NET = """from torch import nn


class Net(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.n = n
        self.convs = nn.ModuleList([nn.Linear(4, 4) for _ in range(n)])


"""


def changed(code: str, elsewhere: bool = False) -> set[str]:
    texts = {"net.py": NET, "other.py": f"from net import Net\nfrom torch import nn\n\n\n{code}"} if elsewhere else {"net.py": NET + code}
    facts = index(texts)
    return {name for name in ("n", "convs") if facts.attribute("net.py", "Net", name).changed}


@pytest.mark.parametrize("elsewhere", [False, True])
@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("", set()),
        ("def half(net):\n    net.n = net.n // 2\n", {"n"}),
        ("def grow(net):\n    net.convs.append(nn.Linear(4, 4))\n", {"convs"}),
        ("def cut(net):\n    del net.convs[-1]\n", {"convs"}),
        ("def put(net):\n    convs = net.convs\n    convs[0] = nn.Linear(4, 4)\n", {"convs"}),
        ("def put(net):\n    setattr(net, 'n', 1)\n", {"n"}),
        ("def put(net):\n    net._modules['convs'] = nn.ModuleList()\n", {"convs"}),
        ("def cut(net):\n    net.__dict__.pop('n')\n", {"n"}),
        ("class More(Net):\n    def __init__(self):\n        super().__init__(2)\n        self.convs.append(nn.Linear(4, 4))\n", {"convs"}),
        ("class Other:\n    def turn(self):\n        self.n = 2\n", set()),
        ("class Other:\n    def turn(self, name):\n        setattr(self, name, 2)\n", set()),
        ("def read(net):\n    return net.n + len(net.convs)\n", set()),
    ],
)
def test_what_is_changed(code, found, elsewhere):
    assert changed(code, elsewhere) == found


def test_any_name_on_anything_counts_in_the_class_s_own_file_only():
    code = "def put(net, name):\n    setattr(net, name, 1)\n"
    assert changed(code) == {"n", "convs"}
    assert changed(code, elsewhere=True) == set()
