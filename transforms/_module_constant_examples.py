"""Examples of SF805."""

from __future__ import annotations

from scriptify.transform import Declines, Fires, Ignores

_STEM = "cannot be used as a value. Perhaps it is a closed over global variable"
_HEAD = "import torch\nfrom torch import nn\n"
_NET = "\n\nclass Net(nn.Module):\n    def forward(self, x):\n        return {}\n"
_ENTRY = "Net(), (torch.rand(2, 3),)"
_THIS = "\n_this_module = sys.modules.get(__name__)\n"


def _focus(type_: str) -> str:
    return f"python value of type '{type_}' {_STEM}"


def _scalar(value: str, before: str, after: str, type_: str) -> Fires:
    head = f"import torch\nfrom torch import nn\n{{}}\n{value}\n"
    return Fires(
        head.format("") + _NET.format(before),
        f"import torch\nfrom torch import nn\nimport sys\n{_THIS}\n{value}\n" + _NET.format(after),
        entry=_ENTRY,
        focus=_focus(type_),
        at="return",
        name=type_,
    )


def _literal(above: str, before: str, after: str, type_: str, name: str) -> Fires:
    head = f"{_HEAD}\n{above}\n"
    return Fires(head + _NET.format(before), head + _NET.format(after), entry=_ENTRY, focus=_focus(type_), at="return", name=name)


EXAMPLES = (
    _scalar("K = 3", "x * K", "x * (_this_module.K if torch.jit.is_scripting() else K)", "int"),
    _scalar("EPS = 1e-6", "x + EPS", "x + (_this_module.EPS if torch.jit.is_scripting() else EPS)", "float"),
    _scalar("K = (1, 2)", "x * K[1]", "x * (_this_module.K if torch.jit.is_scripting() else K)[1]", "tuple"),
    _literal("K = [1, 2, 3]", "x * K[1]", "x * ([1, 2, 3] if torch.jit.is_scripting() else K)[1]", "list", "list"),
    _literal("K = {'a': 2}", "x * K['a']", "x * ({'a': 2} if torch.jit.is_scripting() else K)['a']", "dict", "dict"),
    _literal("class CFG:\n    K = 3\n", "x * CFG.K", "x * (3 if torch.jit.is_scripting() else CFG.K)", "int", "constant of a class"),
    Fires(
        f"{_HEAD}\n\nclass Net(nn.Module):\n    K = 3\n\n    def forward(self, x):\n        return x * self.K\n",
        f'{_HEAD}\n\nclass Net(nn.Module):\n    __constants__ = ["K"]\n    K = 3\n\n    def forward(self, x):\n        return x * self.K\n',
        entry=_ENTRY,
        focus="Module 'Net' has no attribute 'K'",
        at="return x",
        name="own class",
    ),
    Declines(f"{_HEAD}\nK = [1]\nK.append(2)\n" + _NET.format("x * K[1]"), because="no literal", focus=_focus("list"), at="return"),
    Declines(f"{_HEAD}\nW = torch.ones(3)\n" + _NET.format("x * W"), because="no literal", focus=_focus("Tensor"), at="return"),
    Ignores(f"{_HEAD}\nK = 3\n" + _NET.format("x * K")),
    Ignores(f"{_HEAD}\nK = 3\n" + _NET.format("x * self.k"), focus="Module 'Net' has no attribute 'k'", at="return"),
)
