"""Examples of SF203."""

from __future__ import annotations

from scriptify.transforms._example_text import declines, fires, ignores

HEADS = """
self.heads = nn.ModuleDict({"left": nn.Linear(4, 4), "right": nn.ReLU()})
self.steps = nn.ModuleDict({"step0": nn.Linear(4, 4), "step1": nn.Linear(4, 4)})
self.default = "left"
"""
EXAMPLES = (
    fires(
        "key from the caller",
        HEADS,
        """
        return self.heads[side](x)
        """,
        """
        for key, head in self.heads.items():
            if key == side:
                return head(x)
        raise KeyError(side)
        """,
        'self, x, side: str = "left"',
    ),
    fires(
        "key assigned to a name",
        HEADS,
        """
        head = self.heads[side]
        y = head(x)
        return y + x
        """,
        """
        for key, head in self.heads.items():
            if key == side:
                y = head(x)
                return y + x
        raise KeyError(side)
        """,
        'self, x, side: str = "left"',
    ),
    fires(
        "accumulated",
        HEADS,
        """
        x = self.heads[side](x)
        x = x + 1
        return x
        """,
        """
        if side not in self.heads:
            raise KeyError(side)
        for key, head in self.heads.items():
            if key == side:
                x = head(x)
        x = x + 1
        return x
        """,
        'self, x, side: str = "right"',
    ),
    fires(
        "keys of the dict",
        HEADS,
        """
        outs = []
        for name in self.heads.keys():
            outs.append(self.heads[name](x))
        return torch.stack(outs)
        """,
        """
        outs = []
        for name, head in self.heads.items():
            outs.append(head(x))
        return torch.stack(outs)
        """,
    ),
    fires(
        "dict itself",
        HEADS,
        """
        return torch.stack([self.heads[name](x) for name in self.heads])
        """,
        """
        return torch.stack([head(x) for name, head in self.heads.items()])
        """,
    ),
    fires(
        "f-string keys",
        HEADS,
        """
        for i in range(2):
            x = self.steps[f"step{i}"](x)
        return x
        """,
        """
        for step in (self.steps["step0"], self.steps["step1"]):
            x = step.forward(x) if torch.jit.is_scripting() else step(x)
        return x
        """,
    ),
    fires(
        "literal list of keys",
        HEADS,
        """
        for name in ["right", "left"]:
            x = self.heads[name](x)
        return x
        """,
        """
        for module in (self.heads["right"], self.heads["left"]):
            x = module.forward(x) if torch.jit.is_scripting() else module(x)
        return x
        """,
    ),
    fires(
        "key that a caller may set anew",
        HEADS,
        """
        return self.heads[self.default](x)
        """,
        """
        for key, head in self.heads.items():
            if key == self.default:
                return head(x)
        raise KeyError(self.default)
        """,
    ),
    fires(
        "sorted keys",
        HEADS,
        """
        for name in sorted(self.heads.keys()):
            x = self.heads[name](x)
        return x
        """,
        """
        for name in sorted(self.heads.keys()):
            if name not in self.heads:
                raise KeyError(name)
            for key, head in self.heads.items():
                if key == name:
                    x = head(x)
        return x
        """,
    ),
    declines(
        "result of unknown type",
        HEADS,
        """
        if x.dim() > 1:
            y = self.heads[side](x)
        else:
            y = x
        return y
        """,
        "its run shows the type",
        'self, x, side: str = "left"',
    ),
    ignores(
        "literal keys and a dict of tensors",
        HEADS,
        """
        xs = {"left": x, "right": x}
        return self.heads["left"](xs[side])
        """,
        'self, x, side: str = "left"',
    ),
    declines(
        "a dict that may hold None",
        "self.heads = nn.ModuleDict({'left': nn.Linear(4, 4), 'right': None})",
        """
        for name in self.heads:
            if self.heads[name] is not None:
                x = self.heads[name](x)
        return x
        """,
        "may hold None",
    ),
)
