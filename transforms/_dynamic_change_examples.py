"""Examples of SF202 where the names of a loop are set in it, where a module goes by two names, and where Python changes a name."""

from __future__ import annotations

from scriptify.transform import Declines
from scriptify.transforms._example_text import declines, fires, net

_STATE = """
self.h0 = torch.zeros(4)
self.h1 = torch.ones(4)
self.h2 = torch.ones(4)
"""
_STORE = """
    def store(self, i, value):
        setattr(self, f"h{i + 1}", value)
"""
_LAYERS = """
self.layer1 = nn.Linear(4, 4)
self.layer2 = nn.Linear(4, 4)
self.turns = 0
"""
_SHARED = """
act = nn.Tanh()
self.first = nn.Linear(4, 4)
self.add_module("act1", act)
self.second = nn.Linear(4, 4)
self.add_module("act2", act)
"""
CHANGED = (
    declines(
        "attribute that the loop sets by name",
        _STATE,
        """
        for i in range(2):
            x = x + getattr(self, f"h{i}")
            setattr(self, f"h{i + 1}", x)
        return x
        """,
        "the loop sets what",
    ),
    declines(
        "attribute that the loop sets",
        _STATE,
        """
        for name in ("h1", "h2"):
            x = x * getattr(self, name)
            self.h2 = x
        return x
        """,
        "the loop sets what",
    ),
    Declines(
        net(_STATE, 'for i in range(2):\n    x = x + getattr(self, f"h{i}")\n    self.store(i, x)\nreturn x') + _STORE,
        because="the loop sets what",
        name="attribute that a method called in the loop sets",
    ),
    fires(
        "another attribute is set in the loop",
        _LAYERS,
        """
        for i in range(1, 3):
            x = getattr(self, f"layer{i}")(x)
            self.turns = i
        return x
        """,
        """
        for i, layer in enumerate((self.layer1, self.layer2), 1):
            x = layer.forward(x) if torch.jit.is_scripting() else layer(x)
            self.turns = i
        return x
        """,
    ),
    declines(
        "module registered under two names",
        _SHARED,
        """
        for module in self._modules.values():
            x = module(x)
        return x
        """,
        "registered twice",
    ),
    declines(
        "name that Python would change",
        'setattr(self, "__scale0", 2.0)',
        """
        return x * getattr(self, "__scale" + str(0))
        """,
        "Python takes __scale0 for another name",
    ),
)
