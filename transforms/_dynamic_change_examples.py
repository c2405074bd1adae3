"""Examples of SF202 where the names of a loop are set in it or not all read, where a module goes by two names, and of names."""

from __future__ import annotations

from scriptify.transform import Declines, Fires
from scriptify.transforms._example_text import declines, fires, ignores, net

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
_NORMS = """
self.layer1 = nn.Linear(4, 4)
self.layer2 = nn.Linear(4, 4)
self.add_module("norm2", nn.LayerNorm(4))
self.outs = [2]
"""
_CALLED = """
self.calls = 1
"""
_SCALES = """
    @property
    def scale0(self):
        return self.calls

    @property
    def scale1(self):
        return self.calls + 1
"""
_NOISES = """
self.count = 2
self.noises = nn.Module()
base = torch.zeros(4)
for k in range(self.count):
    self.noises.register_buffer(f"noise{{k}}", {made})
"""
_NOISE = 'return x + sum([getattr(self.noises, f"noise{i}") for i in range(self.count)])'
_NAMED_NOISE = "return x + sum([self.noises.noise0, self.noises.noise1])"
_MORE = """
    def more(self):
        self.noises.register_buffer("extra", torch.zeros(4))
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
    declines(
        "module that the loop puts in by name",
        _LAYERS,
        """
        for i in range(1, 3):
            x = getattr(self, f"layer{i}")(x)
            self._modules["layer" + str(i + 1)] = nn.Identity()
        return x
        """,
        "the loop sets what",
    ),
    ignores(
        "modules put in by name",
        _LAYERS,
        """
        for i in range(1, 3):
            self._modules[f"layer{i}"] = nn.Identity()
        return self.layer1(x)
        """,
    ),
    Declines(
        net(_CALLED, 'for i in range(2):\n    x = x * getattr(self, f"scale{i}")\n    self.calls += 1\nreturn x') + _SCALES,
        because="the loop sets what",
        name="property of what the loop sets",
    ),
    fires(
        "module of the turn before",
        _LAYERS,
        """
        for i in range(1, 3):
            if i > 1:
                x = last(x)
            last = getattr(self, f"layer{i}")
        return x
        """,
        """
        for i, layer in enumerate((self.layer1, self.layer2), 1):
            if i > 1:
                x = last(x)
            last = layer
        return x
        """,
        entry="",
    ),
    declines(
        "names up to one that is missing",
        _LAYERS,
        """
        try:
            for i in range(1, 9):
                x = getattr(self, f"layer{i}")(x)
        except AttributeError:
            pass
        return x
        """,
        "may be missing",
    ),
    declines(
        "read on a condition of a comprehension",
        _NORMS,
        """
        return [getattr(self, f"norm{i}")(x) for i in range(1, 3) if i in self.outs]
        """,
        "may be missing",
    ),
    declines(
        "read until one is found",
        _NORMS,
        """
        return any(getattr(self, f"norm{i}").eps > 0 for i in (2, 3))
        """,
        "may be missing",
    ),
    fires(
        "truth values",
        _LAYERS.replace("layer1", "layer0").replace("layer2", "layer1"),
        """
        for last in (False, True):
            x = getattr(self, "layer%d" % last)(x)
            if last:
                x = x * 2
        return x
        """,
        """
        for last, layer in ((False, self.layer0), (True, self.layer1)):
            x = layer.forward(x) if torch.jit.is_scripting() else layer(x)
            if last:
                x = x * 2
        return x
        """,
    ),
    declines(
        "children counted",
        _LAYERS,
        """
        return x * len(self._modules.items())
        """,
        "not just walked over",
    ),
    Fires(
        net(_NOISES.format(made="base.contiguous()"), _NOISE),
        net(_NOISES.format(made="base.contiguous()"), _NAMED_NOISE),
        name="buffers that may be one tensor",
    ),
    Fires(
        net(_NOISES.format(made="torch.randn(4)"), _NOISE) + _MORE,
        net(_NOISES.format(made="torch.randn(4)"), _NAMED_NOISE) + _MORE,
        name="buffers among which another method registers more",
    ),
)
