"""Examples of SF805."""

from __future__ import annotations

from scriptify.transform import Declines, Example, Fires, Ignores

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


EXAMPLES: tuple[Example, ...] = (
    _scalar("K = 3", "x * K", "x * (_this_module.K if torch.jit.is_scripting() else K)", "int"),
    _scalar("EPS = 1e-6", "x + EPS", "x + (_this_module.EPS if torch.jit.is_scripting() else EPS)", "float"),
    _scalar("K = (1, 2)", "x * K[1]", "x * (_this_module.K if torch.jit.is_scripting() else K)[1]", "tuple"),
    _literal("K = [1, 2, 3]", "x * K[1]", "x * ([1, 2, 3] if torch.jit.is_scripting() else K)[1]", "list", "list"),
    _literal("K = {'a': 2}", "x * K['a']", "x * ({'a': 2} if torch.jit.is_scripting() else K)['a']", "dict", "dict"),
    _literal("class CFG:\n    K = 3\n", "x * CFG.K", "x * (3 if torch.jit.is_scripting() else CFG.K)", "int", "constant of a class"),
    _literal(
        "K = {'a  b': (1,), 'c': (2,)}\nfor name, sizes in K.items():\n    print(name, sizes)\nK['c']",
        "x * K['a  b'][0]",
        "x * ({'a  b': (1,), 'c': (2,)} if torch.jit.is_scripting() else K)['a  b'][0]",
        "dict",
        "a text with spaces in it",
    ),
    _literal(
        "class CFG:\n    K = 2, 3  # both\n", "x * CFG.K[1]", "x * ((2, 3) if torch.jit.is_scripting() else CFG.K)[1]", "tuple", "a tuple"
    ),
    Fires(
        f"{_HEAD}\n\nclass Net(nn.Module):\n    K = 3\n\n    def forward(self, x):\n        return x * self.K\n",
        f'{_HEAD}\n\nclass Net(nn.Module):\n    __constants__ = ["K"]\n    K = 3\n\n    def forward(self, x):\n        return x * self.K\n',
        entry=_ENTRY,
        focus="Module 'Net' has no attribute 'K'",
        at="return x",
        name="own class",
    ),
    Declines(f"{_HEAD}\nK = [1]\nK.append(2)\n" + _NET.format("x * K[1]"), because="no literal", focus=_focus("list"), at="return"),
    *(
        Declines(f"{_HEAD}\n{above}\n" + _NET.format(f"x * {read}"), because="no literal", focus=_focus(type_), at="return", name=name)
        for name, type_, read, above in (
            ("one of two unpacked", "list", "K[0]", "K, L = [1], [2]"),
            ("changed further in", "dict", "K['a']['b']", "K = {'a': {'b': 1}}\nK['a']['b'] = 2"),
            ("changed through its elements", "list", "K[0][0]", "K = [[1]]\nfor row in K:\n    row.append(2)"),
            ("named anew by a choice", "list", "K[0]", "K = [1]\nL = K or None\nL.append(2)"),
            ("a default", "list", "len(K)", "K = [1]\n\n\ndef add(value, to=K):\n    to.append(value)"),
            ("one of two in a class", "int", "C.K", "class C:\n    K, L = 1, 2"),
            ("added to", "int", "C.K", "class C:\n    K = 1\n\n\nC.K += 1"),
            ("set by name", "int", "C.K", "class C:\n    K = 1\n\n\nfor key in ('K',):\n    setattr(C, key, 3)"),
            ("set again in the class", "int", "C.K", "class C:\n    K = 1\n    if DEBUG:\n        K = 2"),
            ("a list of a class", "list", "len(C.K)", "class C:\n    K = [1]\n\n\nC.K.append(2)"),
            ("a decorated class", "int", "C.K", "@register\nclass C:\n    K = 1"),
            ("of another type", "C", "C.K", "class C(enum.Enum):\n    K = 1"),
        )
    ),
    Declines(f"{_HEAD}\nW = torch.ones(3)\n" + _NET.format("x * W"), because="no literal", focus=_focus("Tensor"), at="return"),
    Ignores(f"{_HEAD}\nK = 3\n" + _NET.format("x * K")),
    Ignores(f"{_HEAD}\nK = 3\n" + _NET.format("x * self.k"), focus="Module 'Net' has no attribute 'k'", at="return"),
)
