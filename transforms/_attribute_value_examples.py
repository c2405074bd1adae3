"""Examples of SF801."""

from __future__ import annotations

from scriptify.transform import Declines, Example, Fires, Ignores

_HEAD = "import types\nimport torch\nimport torch.nn.functional as F\nfrom torch import nn\n\n\nclass Net(nn.Module):\n"
_INIT = "    def __init__(self, wide=False):\n        super().__init__()\n{}\n\n"
_ENTRY = "Net(), (torch.rand(2, 4, 8, 8),)"
_MORE = "\n    def _plus(self, x):\n        return x + 1\n"


def _net(init: str, body: str, more: str = "") -> str:
    made = "\n".join(f"        {line}" for line in init.splitlines())
    return f"{_HEAD}{_INIT.format(made)}    def forward(self, x):\n        return {body}\n{more}"


def _focus(name: str, kind: str = "attribute") -> str:
    tail = "exists as an attribute on the Python module" if kind == "function" else "exists on the Python module, but we failed"
    return f"Module 'Net' has no attribute '{name}' (This {kind} {tail}"


def _fires(init: str, before: str, after: str, name: str, kind: str = "attribute", init_after: str = "", more: str = "") -> Fires:
    return Fires(
        _net(init, before, more),
        _net(init_after or init, after, more),
        entry=_ENTRY,
        focus=_focus(name, kind),
        at="return",
        name=init.partition("\n")[0],
    )


_CFG = "self.cfg = types.SimpleNamespace(k=3)"
_TEST = "if value is None or isinstance(value, (bool, int, float, str)):"
_KEPT = f'value = getattr(self.cfg, "k", ...)\n{_TEST}\n    self._cfg_k = value'
_OPT = "self.opt = {'k': 3, 'name': 'a'}"
_GOT = f'value = self.opt.get("k", ...) if hasattr(self.opt, "get") else ...\n{_TEST}\n    self._opt_k = value'

EXAMPLES: tuple[Example, ...] = (
    _fires(
        "self.pool = F.max_pool2d",
        "self.pool(x, 2)",
        "F.max_pool2d(x, 2) if torch.jit.is_scripting() else self.pool(x, 2)",
        "pool",
        "function",
    ),
    _fires("self.act = torch.Tensor.relu", "self.act(x) + 1", "(x.relu() if torch.jit.is_scripting() else self.act(x)) + 1", "act"),
    _fires("self.fn = self._plus", "self.fn(x)", "self._plus(x) if torch.jit.is_scripting() else self.fn(x)", "fn", more=_MORE),
    _fires(_CFG, "x * self.cfg.k", "x * (self._cfg_k if torch.jit.is_scripting() else self.cfg.k)", "cfg", init_after=f"{_CFG}\n{_KEPT}"),
    _fires(
        _OPT, "x * self.opt['k']", "x * (self._opt_k if torch.jit.is_scripting() else self.opt['k'])", "opt", init_after=f"{_OPT}\n{_GOT}"
    ),
    _fires("self.s = {1, 2}", "x if 1 in self.s else x + 1", "x if 1 in ((1, 2) if torch.jit.is_scripting() else self.s) else x + 1", "s"),
    _fires("self.l = [2, 'a']", "x * self.l[0]", "x * ((2, 'a') if torch.jit.is_scripting() else self.l)[0]", "l"),
    Declines(
        _net("if wide:\n    self.pool = F.max_pool2d\nelse:\n    self.pool = F.avg_pool2d", "self.pool(x, 2)"),
        because="not assigned in exactly one place",
        focus=_focus("pool", "function"),
        at="return",
    ),
    Declines(_net("self.cfg = types.SimpleNamespace()", "self.cfg(x)"), because="leaves no other way", focus=_focus("cfg"), at="return"),
    *(
        Declines(_net(init, body), because="leaves no other way", focus=_focus(name), at="return", name=told)
        for told, name, init, body in (
            ("set in the config afterwards", "cfg", f"{_CFG}\nself.cfg.k = 4", "x * self.cfg.k"),
            ("a set that grows", "s", "self.s = {1, 2}\nif wide:\n    self.s.add(3)", "x if 3 in self.s else x + 1"),
            ("imported in __init__ alone", "act", "import torch.nn.functional as K\nself.act = K.relu", "self.act(x)"),
        )
    ),
    Ignores(_net("self.pool = F.max_pool2d", "self.pool(x, 2)")),
    Ignores(_net("self.pool = F.max_pool2d", "self.pool(x, 2)"), focus="Module 'Net' has no attribute 'pool'", at="return"),
)
