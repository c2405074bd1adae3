"""Examples of SF212."""

from __future__ import annotations

from scriptify.transform import Declines, Fires, Ignores

_FOCUS = (
    "Module 'Net' has no attribute 'layers' (This attribute exists on the Python module, "
    "but we failed to convert Python type: 'list' to a TorchScript type."
)

_WALK = "for layer in self.layers:\n            x = layer(x)"


def _net(*init: str, more: str = "", use: str = _WALK) -> str:
    return (
        "import torch\nfrom torch import nn\n\n\nclass Net(nn.Module):\n    def __init__(self, depth=3):\n        super().__init__()\n"
        + "".join(f"        {line}\n" for line in init)
        + more
        + f"\n    def forward(self, x):\n        {use}\n        return x\n"
    )


_HOOK = """
    def _load_from_state_dict(self, state_dict, prefix, *args, **kwargs):
        # Checkpoints from before self.layers was registered have no keys for it: it keeps what __init__ gave.
        if not any(key.startswith(f"{prefix}layers.") for key in state_dict):
            state_dict.update(self.layers.state_dict(prefix=f"{prefix}layers."))
        super()._load_from_state_dict(state_dict, prefix, *args, **kwargs)
"""


def _fires(
    name: str, before: tuple[str, ...], after: tuple[str, ...], use: str = "for layer in self.layers:\n            x = layer(x)"
) -> Fires:
    at = use.splitlines()[0]
    return Fires(_net(*before, use=use), _net(*after, more=_HOOK, use=use), focus=_FOCUS, at=at, name=name)


_COMPREHENSION = "[nn.Linear(4, 4) for _ in range(depth)]"
_LOOP = ("for _ in range(depth):", "    self.layers.append(nn.Linear(4, 4))")
_AT = "for layer in self.layers"

EXAMPLES = (
    _fires("comprehension", (f"self.layers = {_COMPREHENSION}",), (f"self.layers = nn.ModuleList({_COMPREHENSION})",)),
    _fires("appended", ("self.layers = []", *_LOOP), ("self.layers = nn.ModuleList()", *_LOOP)),
    _fires(
        "by index",
        ("self.layers = [nn.Linear(4, 4), nn.ReLU()]",),
        ("self.layers = nn.ModuleList([nn.Linear(4, 4), nn.ReLU()])",),
        use="x = self.layers[1](self.layers[0](x)) * len(self.layers)",
    ),
    Fires(
        _net("self.a = nn.Linear(4, 4)", "self.b = nn.ReLU()", "self.layers = [self.a, self.b]"),
        _net(
            "self.a = nn.Linear(4, 4)",
            "self.b = nn.ReLU()",
            "self.layers = [self.a, self.b]",
            use="for layer in ((self.a, self.b) if torch.jit.is_scripting() else self.layers):\n"
            "            x = layer.forward(x) if torch.jit.is_scripting() else layer(x)",
        ),
        focus=_FOCUS,
        at=_AT,
        name="modules that have names",
    ),
    Declines(
        _net("self.a = nn.Linear(4, 4)", "self.layers = [self.a]", use="for layer in self.layers[::-1]:\n            x = layer(x)"),
        because="another way",
        focus=_FOCUS,
        at=_AT,
        name="modules that have names, in another order",
    ),
    Declines(
        _net("self.a = nn.Linear(4, 4)", "self.b = nn.ReLU()", "self.layers = [self.a]", "self.layers += [self.b]"),
        because="is changed after it is made",
        focus=_FOCUS,
        at=_AT,
        name="modules that have names, and more",
    ),
    Declines(
        _net("self.a = nn.Linear(4, 4)", "self.layers = [self.a]")
        + "\n\nclass Other(Net):\n    def __init__(self):\n        super().__init__()\n        self.a = nn.ReLU()\n",
        because="may be another one",
        focus=_FOCUS,
        at=_AT,
        name="a name that a class below gives to another module",
    ),
    Declines(
        _net("self.layers = []", "for i in range(depth):", "    layer = nn.Linear(4, 4)", "    self.add_module(f'l{i}', layer)").replace(
            "\n    def forward", "            self.layers.append(layer)\n            self.layers.append(nn.ReLU())\n\n    def forward"
        ),
        because="may have a name of its own",
        focus=_FOCUS,
        at=_AT,
        name="registered under other names",
    ),
    Declines(
        _net(f"self.layers = {_COMPREHENSION}", "self.pairs = list(self.layers) * 2"),
        because="used in another way",
        focus=_FOCUS,
        at=_AT,
        name="the list goes elsewhere",
    ),
    Declines(
        _net(f"self.layers = {_COMPREHENSION}", more=_HOOK.replace("layers.", "others.").replace("self.others.", "self.")),
        because="of its own",
        focus=_FOCUS,
        at=_AT,
        name="a hook is there",
    ),
    Ignores(_net("self.layers = [1, 2]", use="for layer in self.layers:\n            x = x * layer"), focus=_FOCUS, at=_AT, name="numbers"),
    Ignores(_net(f"self.layers = nn.ModuleList({_COMPREHENSION})"), focus=_FOCUS, at=_AT, name="registered"),
)
