"""Examples of SF605."""

from __future__ import annotations

from scriptify.facts.model import Observed
from scriptify.transform import Declines, Example, Fires, Ignores

_HEAD = "import torch\nfrom torch import nn\n\n\n"
_TYPED = "import torch\nfrom torch import nn\nfrom typing import Optional\n\n\n"
_CLASS = (
    "class Net(nn.Module):\n    def __init__(self, mode='a', kinds=('a', 'b')):\n        super().__init__()\n        self.mode = mode\n"
)
_KINDS = "        self.kinds = list(kinds)\n"
_ENTRY = "Net(), (torch.rand(2, 4),)"
_FALSE = "y is not defined in the false branch"
_SCRIPTING = "if torch.jit.is_scripting():\n"
_SEEN = Observed(locals={"Net.forward": {"y": "Tensor"}})


def _net(body: str, head: str = _HEAD, arguments: str = "x") -> str:
    lines = "".join(f"        {line}\n" for line in body.splitlines())
    return f"{head}{_CLASS}{_KINDS}\n    def forward(self, {arguments}):\n{lines}"


_MODES = "if self.mode == 'a':\n    y = x + 1\nelif self.mode == 'b':\n    y = x * 2\n"
_ELSE = f'else:\n    {_SCRIPTING}        raise UnboundLocalError("y")\n'
_PART = "if self.mode == 'a':\n    y = x + 1\nelse:\n    print('none')\n"
_SAME = "if flag:\n    y = x + 1\nz = x * 2\nif flag:\n    {guard}z = z + y\nreturn z"
_LOOP = (
    "z = x\nfor kind in self.kinds:\n    if kind == 'a':\n        y = x + 1\n"
    "    elif kind == 'b':\n        y = x * 2\n    {guard}z = z + y\nreturn z"
)
_ASSERT = f"{_SCRIPTING}{{0}}        assert y is not None\n    {{0}}"
_START = f"{_SCRIPTING}    y: Optional[torch.Tensor] = None\n"

_INNER = (
    "if x.dim() == 2:\n    if self.mode == 'a':\n        y = x + 1\n    elif self.mode == 'b':\n        y = x * 2\nelse:\n    y = x * 3\n"
)
_USE = "if self.mode == 'a':\n    {}x = x + y\nreturn x"

EXAMPLES: tuple[Example, ...] = (
    Declines(
        _net(f"{_MODES}assert x.dim() < 9, f'{{y}}'\nreturn x"),
        because="no assertion can be put before it",
        observed=_SEEN,
        focus=_FALSE,
        at="elif",
        name="read where an assertion fails only",
    ),
    Fires(_net(f"{_MODES}return y"), _net(f"{_MODES}{_ELSE}return y"), entry=_ENTRY, focus=_FALSE, at="elif", name="no else"),
    Fires(
        _net(f"{_MODES}n = x.dim()\nreturn y * n"),
        _net(f"{_MODES}{_ELSE}n = x.dim()\nreturn y * n"),
        entry=_ENTRY,
        focus=_FALSE,
        at="y = x * 2",
        name="used later",
    ),
    *(
        Fires(
            _net(f"{first}if x.dim() > 1:\n    y = x * 2\nreturn y", _TYPED),
            _net(f"{_START}{first}if x.dim() > 1:\n    y = x * 2\n{_SCRIPTING}    assert y is not None\nreturn y", _TYPED),
            entry=_ENTRY,
            observed=_SEEN,
            focus=_FALSE,
            at="y = x * 2",
            name=name,
        )
        for name, first in (
            ("what another branch may have defined", "if self.mode == 'a':\n    y = x\n"),
            ("what a loop may have defined", "for kind in self.kinds:\n    y = x + 1\n"),
        )
    ),
    Fires(
        _net(f"{_PART}return y"),
        _net(f'{_PART}    {_SCRIPTING}        raise UnboundLocalError("y")\nreturn y'),
        entry=_ENTRY,
        focus=_FALSE,
        at="if self.mode",
        name="an else without it",
    ),
    Fires(
        _net(_SAME.format(guard=""), arguments="x, flag: bool = True"),
        _net(_START + _SAME.format(guard=_ASSERT.format("")), _TYPED.replace("\n\n\n", "\n\n\n", 1), arguments="x, flag: bool = True"),
        entry=_ENTRY,
        observed=_SEEN,
        focus=_FALSE,
        at="if flag",
        name="used under the same test",
    ),
    Fires(
        _net(_LOOP.format(guard="")),
        _net("z = x\n" + _START + _LOOP.format(guard=_ASSERT.format("")).removeprefix("z = x\n"), _TYPED),
        entry=_ENTRY,
        observed=_SEEN,
        focus=_FALSE,
        at="elif",
        name="in a loop",
    ),
    Fires(
        _net(_INNER + _USE.format("")),
        _net(_START + _INNER + _USE.format(_ASSERT.format("")), _TYPED),
        entry=_ENTRY,
        observed=_SEEN,
        focus="y is not defined in the true branch",
        at="y = x * 3",
        name="in part",
    ),
    Fires(
        _net("if self.mode == 'a': y = x + 1  # one\nreturn y"),
        _net(f"if self.mode == 'a': y = x + 1  # one\n{_ELSE}return y"),
        entry=_ENTRY,
        focus=_FALSE,
        at="if self.mode",
        name="on one line",
    ),
    Fires(
        _net("if self.mode == 'a': y = x + 1\nelse: print('none')\nreturn y"),
        _net(f"{_START}if self.mode == 'a': y = x + 1\nelse: print('none')\n{_SCRIPTING}    assert y is not None\nreturn y", _TYPED),
        entry=_ENTRY,
        observed=_SEEN,
        focus=_FALSE,
        at="if self.mode",
        name="an else on one line",
    ),
    Fires(
        _net("for i in range(2):\n    if i == 0: y = x + 1; x = y * 2\n    x = x + y\nif x.dim() == 2: x = x * y\nelse: x = y\nreturn x"),
        _net(
            f"{_START}for i in range(2):\n    if i == 0: y = x + 1; x = y * 2\n    {_ASSERT.format('')}x = x + y\n"
            f"if x.dim() == 2:\n    {_ASSERT.format('')}x = x * y\nelse:\n    {_ASSERT.format('')}x = y\nreturn x",
            _TYPED,
        ),
        entry=_ENTRY,
        observed=_SEEN,
        focus=_FALSE,
        at="if i == 0",
        name="in a loop on one line, and used on one line",
    ),
    Declines(
        _net("if self.mode == 'a': y = x + 1\nif self.mode == 'a': z = x; x = z + y\nreturn x"),
        because="no assertion can be put before it",
        observed=_SEEN,
        focus=_FALSE,
        at="if self.mode",
        name="used behind another statement of its line",
    ),
    Declines(
        _net(_LOOP.format(guard="").replace("x + 1", "make(x)").replace("x * 2", "make(x)")),
        because="give an entry whose run defines it",
        focus=_FALSE,
        at="elif",
    ),
    Declines(
        _net("if self.mode == 'a':\n    y = x + 1\nz = y if x.dim() == 2 else x\nreturn z"),
        because="no assertion can be put before it",
        observed=_SEEN,
        focus=_FALSE,
        at="if self.mode",
    ),
    Ignores(_net(f"{_MODES}return y")),
    Ignores(_net("if self.mode == 'a':\n    y = x + 1\nelse:\n    y = x\nreturn y"), focus=_FALSE, at="if self.mode"),
)
