"""Examples of SF204."""

from __future__ import annotations

from scriptify.transforms._example_text import declines, fires, ignores

MODULES = """
self.layers = nn.ModuleList([nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 4), nn.Tanh()])
self.blocks = nn.ModuleList([nn.ModuleList([nn.Linear(4, 4), nn.ReLU()]) for _ in range(3)])
self.first = nn.Linear(4, 4)
self.last = nn.ReLU()
"""
EXAMPLES = (
    fires(
        "a start that a caller may set to a negative number",
        MODULES + "self.start = 1\n",
        """
        for layer in self.layers[self.start :]:
            x = layer(x)
        return x
        """,
        """
        for i, layer in enumerate(self.layers):
            if i >= (self.start if self.start >= 0 else self.start + len(self.layers)):
                x = layer(x)
        return x
        """,
    ),
    fires(
        "all but the first",
        MODULES,
        """
        for layer in self.layers[1:]:
            x = layer(x)  # call
        return x
        """,
        """
        for i, layer in enumerate(self.layers):
            if i >= 1:
                x = layer(x)  # call
        return x
        """,
    ),
    fires(
        "all but the last",
        MODULES,
        """
        for layer in self.layers[:-1]:
            # every layer but one
            x = torch.relu(layer(x))
        return self.layers[-1](x)
        """,
        """
        for i, layer in enumerate(self.layers):
            # every layer but one
            if i < len(self.layers) - 1:
                x = torch.relu(layer(x))
        return self.layers[-1](x)
        """,
    ),
    fires(
        "every second",
        MODULES,
        """
        for layer in self.layers[1::2]:
            x = layer(x)
        return x
        """,
        """
        for i, layer in enumerate(self.layers):
            if i % 2 == 1:
                x = layer(x)
        return x
        """,
    ),
    fires(
        "bound from the caller",
        MODULES,
        """
        for layer in self.layers[:depth]:
            x = layer(x)
        return x
        """,
        """
        for i, layer in enumerate(self.layers):
            if i < (depth if depth >= 0 else depth + len(self.layers)):
                x = layer(x)
        return x
        """,
        "self, x, depth: int = 2",
    ),
    fires(
        "lists in a slice",
        MODULES,
        """
        for block in self.blocks[1:]:
            for layer in block:
                x = layer(x)
        return x
        """,
        """
        for i, block in enumerate(self.blocks):
            if i >= 1:
                for layer in block:
                    x = layer(x)
        return x
        """,
    ),
    fires(
        "reversed",
        MODULES,
        """
        for i, layer in enumerate(reversed(self.layers)):
            x = layer(x) + i
        return x
        """,
        """
        for i, layer in enumerate(self.layers[::-1]):
            x = (layer.forward(x) if torch.jit.is_scripting() else layer(x)) + i
        return x
        """,
    ),
    fires(
        "slices in step",
        MODULES,
        """
        for linear, act in zip(self.layers[::2], self.layers[1::2]):
            x = act(linear(x))
        return x
        """,
        """
        for linear, act in zip(self.layers[::2], self.layers[1::2]):
            x = act.forward(linear.forward(x)) if torch.jit.is_scripting() else act(linear(x))
        return x
        """,
    ),
    fires(
        "tuple of modules",
        MODULES,
        """
        for layer in (self.first, self.last):
            x = layer(x)
        return x
        """,
        """
        for layer in (self.first, self.last):
            x = layer.forward(x) if torch.jit.is_scripting() else layer(x)
        return x
        """,
    ),
    fires(
        "list of pairs",
        MODULES,
        """
        for layer, act in [(self.first, self.last), (self.first, self.last)]:
            x = act(layer(x))
        return x
        """,
        """
        for layer, act in ((self.first, self.last), (self.first, self.last)):
            x = act.forward(layer.forward(x)) if torch.jit.is_scripting() else act(layer(x))
        return x
        """,
    ),
    fires(
        "sum of lists",
        MODULES,
        """
        for layer in self.layers + self.layers:
            x = layer(x)
        return x
        """,
        """
        for layer in self.layers[:] + self.layers[:]:
            x = layer.forward(x) if torch.jit.is_scripting() else layer(x)
        return x
        """,
    ),
    fires(
        "comprehension",
        MODULES,
        """
        return torch.stack([layer(x) for layer in self.layers[1:]])
        """,
        """
        return torch.stack([(layer.forward(x) if torch.jit.is_scripting() else layer(x)) for layer in self.layers[1:]])
        """,
    ),
    fires(
        "name used after the loop",
        MODULES,
        """
        for layer in self.layers[2:]:
            y = layer(x)
        return y
        """,
        """
        for layer in self.layers[2:]:
            y = layer.forward(x) if torch.jit.is_scripting() else layer(x)
        return y
        """,
    ),
    declines(
        "bound computed with a step back",
        MODULES,
        """
        for layer in self.layers[depth::-1]:
            x = layer(x)
        return x
        """,
        "bounds are not literals",
        "self, x, depth: int = 2",
    ),
    ignores(
        "whole list and forward",
        MODULES,
        """
        for layer in self.layers:
            x = layer(x)
        for layer in self.layers[1:]:
            x = layer.forward(x)
        return x
        """,
    ),
    ignores(
        "slice of tensors",
        MODULES,
        """
        xs = [x, x + 1]
        for y in xs[1:]:
            x = x + y
        return x
        """,
    ),
    declines(
        "a list that may hold None",
        "self.convs = nn.ModuleList([nn.Linear(4, 4) if k else None for k in range(3)])",
        """
        for conv in self.convs[1:]:
            x = conv(x)
        return x
        """,
        "may hold None",
    ),
)
