"""Examples of SF721."""

from __future__ import annotations

from scriptify.transform import Declines, Example, Fires, Ignores

_HEAD = """import math
import warnings

import torch
from torch import nn


class Net(nn.Module):
    def forward(self, x: torch.Tensor):
"""
_ENTRY = "Net(), (torch.randn(2, 4),)"

EXAMPLES: tuple[Example, ...] = (
    Fires(
        name="an ellipsis",
        before=_HEAD + "        if x.dim() == 3:\n            ...  # later\n        return x\n",
        after=_HEAD + "        if x.dim() == 3:\n            pass  # later\n        return x\n",
        entry=_ENTRY,
    ),
    Fires(
        name="a warning with a category",
        before=_HEAD + "        if x.dim() == 3:\n            warnings.warn('odd', UserWarning)\n        return x\n",
        after=_HEAD
        + "        if x.dim() == 3:\n            if torch.jit.is_scripting():\n                warnings.warn('odd')\n"
        + "            else:\n                warnings.warn('odd', UserWarning)\n        return x\n",
        entry=_ENTRY,
    ),
    Fires(
        name="a print with a keyword",
        before=_HEAD + "        print('a', end='')\n        return x\n",
        after=_HEAD
        + "        if torch.jit.is_scripting():\n            print('a')\n        else:\n            print('a', end='')\n"
        + "        return x\n",
        entry=_ENTRY,
    ),
    Fires(
        name="blocks without gradients",
        before=_HEAD + "        with torch.set_grad_enabled(False):\n            y = x * 2\n        return y\n",
        after=_HEAD + "        with torch.no_grad():\n            y = x * 2\n        return y\n",
        entry=_ENTRY,
    ),
    Fires(
        name="a declaration",
        before=_HEAD + "        y: torch.Tensor\n        y = x * 2\n        return y\n",
        after=_HEAD + "        y = x * 2\n        return y\n",
        entry=_ENTRY,
    ),
    Fires(
        name="a global that is only read",
        before=_HEAD + "        global math\n        return x * math.pi\n",
        after=_HEAD + "        return x * math.pi\n",
        entry=_ENTRY,
    ),
    Declines(
        name="a global that is set",
        code=_HEAD + "        global calls\n        calls = 1\n        return x\n",
        because="attribute or a buffer",
    ),
    Fires(
        name="else of a loop that is not left early",
        before=_HEAD + "        i = 0\n        while i < 3:\n            i += 1\n        else:\n            x = x + 1\n        return x\n",
        after=_HEAD + "        i = 0\n        while i < 3:\n            i += 1\n        x = x + 1\n        return x\n",
        entry=_ENTRY,
    ),
    Fires(
        name="a comment that looks like a type comment",
        before=_HEAD + "        # type: conv or linear\n        y = x + 1  #type: sum\n        return y\n",
        after=_HEAD + "        # type - conv or linear\n        y = x + 1  #type - sum\n        return y\n",
        entry=_ENTRY,
    ),
    Fires(
        name="such a comment and no other",
        before=_HEAD + "        # type: conv or linear\n        y = x + 1\n        return y\n",
        after=_HEAD + "        # type - conv or linear\n        y = x + 1\n        return y\n",
        entry=_ENTRY,
    ),
    Fires(
        name="a type comment",
        before=_HEAD.replace("import math\n", "import math\nfrom typing import List\n")
        + "        outs = []  # type: List[int]\n        outs.append(1)\n        return x * outs[0]\n",
        after=_HEAD.replace("import math\n", "import math\nfrom typing import List\n")
        + "        outs: List[int] = []\n        outs.append(1)\n        return x * outs[0]\n",
        entry=_ENTRY,
    ),
    Fires(
        name="a string with such a comment",
        before=_HEAD + "        s = '# type: a'\n        return x * len(s)\n",
        after=_HEAD + "        s = '# type' ': a'\n        return x * len(s)\n",
        entry=_ENTRY,
    ),
    Fires(
        name="a reserved name",
        before=_HEAD + "        __jit_a = x\n        return __jit_a * 2\n",
        after=_HEAD + "        jit_a = x\n        return jit_a * 2\n",
        entry=_ENTRY,
    ),
    Fires(
        name="a reserved name, and others that are spelt alike",
        before=_HEAD
        + "        __jit_a = x\n        s = '''__jit_a\n        '''\n        self.__jit_a = len(f'{__jit_a}' + s)\n"
        + "        return self.scale(__jit_a, __jit_a=__jit_a.__jit_a)\n",
        after=_HEAD
        + "        jit_a = x\n        s = '''__jit_a\n        '''\n        self.__jit_a = len(f'{jit_a}' + s)\n"
        + "        return self.scale(jit_a, __jit_a=jit_a.__jit_a)\n",
    ),
    *(
        Declines(
            name=f"a reserved name: {name}",
            code=_HEAD + "".join(f"        {line}\n" for line in body.splitlines()) + "        return __jit_a\n",
            because="__jit_a is reserved",
        )
        for name, body in {
            "of a global": "global __jit_a\n__jit_a = x",
            "of an outer function": "__jit_a = x\ndef g():\n    nonlocal __jit_a\n    __jit_a = 1\ng()",
            "of a module": "import __jit_a",
            "of what is imported": "from mine import __jit_a",
            "of a function": "def __jit_a():\n    return x",
            "of a lambda's parameter": "__jit_a = x\ny = (lambda __jit_a: __jit_a)(__jit_a=x)",
            "in a formatted string that spells it": "__jit_a = x\nprint(f'{__jit_a=}')",
            "of a type": "__jit_a = int\ny: __jit_a = 1",
        }.items()
    ),
    Declines(
        name="a reserved name of a parameter",
        code=_HEAD.replace("Tensor)", "Tensor, __jit_a: int)") + "        __jit_a = __jit_a + 1\n        return x * __jit_a\n",
        because="__jit_a is reserved",
    ),
    Declines(
        name="an else with a string over several lines",
        code=_HEAD
        + "        i = 0\n        while i < 3:\n            i += 1\n"
        + "        else:\n            s = '''a\n            b'''\n            print(s)\n"
        + "        return x\n",
        because="string over several lines",
    ),
    Fires(
        name="comments of an else",
        before=_HEAD
        + "        i = 0\n        while i < 3:\n            i += 1\n        else:  # all\n            # of them\n"
        + "            x = x + 1\n        return x\n",
        after=_HEAD
        + "        i = 0\n        while i < 3:\n            i += 1\n        # all\n        # of them\n        x = x + 1\n"
        + "        return x\n",
        entry=_ENTRY,
    ),
    Declines(
        name="a keyword that computes something",
        code=_HEAD + "        print('a', end=str(x.add_(1)))\n        return x\n",
        because="compute that before",
    ),
    Ignores(name="fine comments", code=_HEAD + "        y = x + 1  # type: ignore\n        return y\n"),
    Ignores(name="fine statements", code=_HEAD + "        warnings.warn('a')\n        print('a')\n        return x\n"),
    Ignores(name="not compiled", code="def f(x):\n    ...\n    return x\n"),
)
