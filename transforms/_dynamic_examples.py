"""Examples of SF202."""

from __future__ import annotations

from scriptify.transforms._example_text import declines, fires, ignores

LAYERS = """
self.layer1 = nn.Linear(4, 4)
self.layer2 = nn.Linear(4, 4)
self.layer3 = nn.ReLU()
self.bn1 = nn.LayerNorm(4)
self.norm_name = "bn1"
self.which = "1"
self.stages = ["layer1", "layer3"]
"""
NOISES = """
self.count = 3
self.noises = nn.Module()
for k in range(self.count):
    self.noises.register_buffer(f"noise{k}", torch.randn(4))
"""
CHILDREN = """
self.first = nn.Linear(4, 4)
self.second = nn.ReLU()
self.body = nn.Sequential(nn.Linear(4, 4), nn.ReLU())
"""
SOME = """
self.layer1 = nn.Linear(4, 4)
self.layer2 = nn.Linear(4, 4)
self.add_module("norm2", nn.LayerNorm(4))
self.outs = [2]
"""
EXAMPLES = (
    fires(
        "f-string",
        LAYERS,
        """
        for i in range(1, 4):
            x = getattr(self, f"layer{i}")(x)
        return x
        """,
        """
        for layer in (self.layer1, self.layer2, self.layer3):
            x = layer.forward(x) if torch.jit.is_scripting() else layer(x)
        return x
        """,
    ),
    fires(
        "percent sign and a named module",
        LAYERS,
        """
        for i in range(2):
            layer = getattr(self, "layer%d" % (i + 1))
            # apply it
            x = layer(x) + i
        return x
        """,
        """
        for i, layer in enumerate((self.layer1, self.layer2)):
            # apply it
            x = (layer.forward(x) if torch.jit.is_scripting() else layer(x)) + i
        return x
        """,
    ),
    fires(
        "format and str",
        LAYERS,
        """
        for i in (1, 3):
            x = getattr(self, "layer{}".format(i))(x)
            x = torch.relu(getattr(self, "layer" + str(i))(x)) * i
        return x
        """,
        """
        for i, layer in ((1, self.layer1), (3, self.layer3)):
            x = layer.forward(x) if torch.jit.is_scripting() else layer(x)
            x = torch.relu(layer.forward(x) if torch.jit.is_scripting() else layer(x)) * i
        return x
        """,
    ),
    fires(
        "list of names",
        LAYERS,
        """
        outs = []
        for i, name in enumerate(self.stages):
            stage = getattr(self, name)
            x = stage(x)
            outs.append(x * i)
        return torch.stack(outs)
        """,
        """
        outs = []
        if torch.jit.is_scripting():
            assert self.stages == ['layer1', 'layer3']
            for i, stage in enumerate((self.layer1, self.layer3)):
                x = stage.forward(x)
                outs.append(x * i)
        else:
            for i, name in enumerate(self.stages):
                stage = getattr(self, name)
                x = stage(x)
                outs.append(x * i)
        return torch.stack(outs)
        """,
    ),
    fires(
        "name that a caller may set anew",
        LAYERS,
        """
        return getattr(self, self.norm_name)(x)
        """,
        """
        if not torch.jit.is_scripting():
            return getattr(self, self.norm_name)(x)
        elif self.norm_name == "bn1":
            return self.bn1(x)
        else:
            raise AttributeError(self.norm_name)
        """,
    ),
    fires(
        "part of a name that a caller may set anew",
        LAYERS,
        """
        x = torch.relu(getattr(self, "layer" + self.which)(x))
        return x
        """,
        """
        if not torch.jit.is_scripting():
            x = torch.relu(getattr(self, "layer" + self.which)(x))
        elif self.which == "1":
            x = torch.relu(self.layer1(x))
        elif self.which == "2":
            x = torch.relu(self.layer2(x))
        else:
            raise AttributeError("layer" + self.which)
        return x
        """,
    ),
    fires(
        "comprehension",
        LAYERS,
        """
        return torch.stack([getattr(self, f"layer{i}")(x) for i in range(1, 3)])
        """,
        """
        return torch.stack([(layer.forward(x) if torch.jit.is_scripting() else layer(x)) for layer in (self.layer1, self.layer2)])
        """,
    ),
    fires(
        "modules by name",
        LAYERS,
        """
        for i in range(1, 3):
            x = self._modules["layer" + str(i)](x)
        return self._modules["layer3"](x)
        """,
        """
        for layer in (self.layer1, self.layer2):
            x = layer.forward(x) if torch.jit.is_scripting() else layer(x)
        return self.layer3(x)
        """,
    ),
    fires(
        "weights by name",
        LAYERS,
        """
        for i in range(1, 3):
            x = x @ getattr(self, f"layer{i}").weight
        return x
        """,
        """
        for layer in (self.layer1, self.layer2):
            x = x @ layer.weight
        return x
        """,
    ),
    fires(
        "two names in step",
        LAYERS,
        """
        for i in range(1, 3):
            x = getattr(self, f"layer{i + 1}")(getattr(self, f"layer{i}")(x))
        return x
        """,
        """
        for layer, layer_2 in ((self.layer2, self.layer1), (self.layer3, self.layer2)):
            x = layer.forward(layer_2.forward(x)) if torch.jit.is_scripting() else layer(layer_2(x))
        return x
        """,
    ),
    fires(
        "buffers in order",
        NOISES,
        """
        noise = [getattr(self.noises, f"noise{i}") for i in range(self.count)]
        return x + noise[0] + noise[2]
        """,
        """
        noise = [buffer for _, buffer in self.noises.named_buffers()]
        return x + noise[0] + noise[2]
        """,
    ),
    fires(
        "children by name",
        CHILDREN,
        """
        for name, child in self._modules.items():
            if name != "second":
                x = child(x)
        return x
        """,
        """
        for name, child in self.named_children():
            if name != "second":
                x = child(x)
        return x
        """,
    ),
    fires(
        "values of a Sequential",
        CHILDREN,
        """
        for layer in self.body._modules.values():
            x = layer(x)
        return x
        """,
        """
        for layer in self.body:
            x = layer(x)
        return x
        """,
    ),
    declines(
        "unknown range",
        LAYERS,
        """
        for i in range(n):
            x = getattr(self, f"layer{i + 1}")(x)
        return x
        """,
        "whose values are not known",
        "self, x, n: int = 2",
    ),
    declines(
        "name from the caller",
        LAYERS,
        """
        return getattr(self, name)(x)
        """,
        "not one constant",
        'self, x, name: str = "layer1"',
    ),
    declines(
        "break in the loop",
        LAYERS,
        """
        for i in range(1, 3):
            x = getattr(self, f"layer{i}")(x)
            if i == 1:
                break
        return x
        """,
        "can have no break",
    ),
    ignores(
        "literal name and default",
        LAYERS,
        """
        x = getattr(self, "layer1")(x)
        if getattr(self, "extra", None) is not None:
            x = x + 1
        return x
        """,
    ),
    declines(
        "read on a condition",
        SOME,
        """
        for i in range(1, 3):
            x = getattr(self, f"layer{i}")(x)
            if i in self.outs:
                x = getattr(self, f"norm{i}")(x)
        return x
        """,
        "may be missing",
    ),
)
