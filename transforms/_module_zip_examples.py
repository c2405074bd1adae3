"""Examples of SF205."""

from __future__ import annotations

from scriptify.transforms._example_text import declines, fires, ignores

MODULES = """
self.convs = nn.ModuleList([nn.Linear(4, 4) for _ in range(4)])
self.norms = nn.ModuleList([nn.LayerNorm(4) for _ in range(2)])
self.scales = [1, 2, 3, 4]
"""
EXAMPLES = (
    fires(
        "list built before",
        MODULES,
        """
        feats = [x, x + 1]
        outs = []
        for conv, feat in zip(self.convs, feats):
            # one level
            outs.append(conv(feat))
        return torch.stack(outs)
        """,
        """
        feats = [x, x + 1]
        outs = []
        for i, conv in enumerate(self.convs):
            # one level
            if i < len(feats):
                feat = feats[i]
                outs.append(conv(feat))
        return torch.stack(outs)
        """,
    ),
    fires(
        "slices in step with noise",
        MODULES,
        """
        noise = [x, x + 1, x + 2, x + 3]
        for conv1, conv2, noise1, noise2, norm in zip(self.convs[::2], self.convs[1::2], noise[1::2], noise[2::2], self.norms):
            x = norm(conv2.forward(conv1.forward(x) + noise1) + noise2)
        return x
        """,
        """
        noise = [x, x + 1, x + 2, x + 3]
        noise1s = noise[1::2]
        noise2s = noise[2::2]
        for i, (conv1, conv2, norm) in enumerate(zip(self.convs[::2], self.convs[1::2], self.norms)):
            if i < min(len(noise1s), len(noise2s)):
                noise1 = noise1s[i]
                noise2 = noise2s[i]
                x = norm(conv2.forward(conv1.forward(x) + noise1) + noise2)
        return x
        """,
    ),
    fires(
        "counted already",
        MODULES,
        """
        for i, (scale, conv) in enumerate(zip(self.scales, self.convs)):
            x = conv(x) * scale + i
        return x
        """,
        """
        for i, conv in enumerate(self.convs):
            if i < len(self.scales):
                scale = self.scales[i]
                x = conv(x) * scale + i
        return x
        """,
    ),
    fires(
        "rows of a tensor",
        MODULES,
        """
        outs = []
        for row, conv in zip(x.unbind(0), self.convs):
            outs.append(conv(row))
        return torch.stack(outs)
        """,
        """
        outs = []
        rows = x.unbind(0)
        for i, conv in enumerate(self.convs):
            if i < len(rows):
                row = rows[i]
                outs.append(conv(row))
        return torch.stack(outs)
        """,
    ),
    fires(
        "literal list as long as the modules",
        MODULES,
        """
        for norm, y in zip(self.norms, [x, x + 1]):
            x = norm(x) + y
        return x
        """,
        """
        ys = [x, x + 1]
        for i, norm in enumerate(self.norms):
            y = ys[i]
            x = norm(x) + y
        return x
        """,
    ),
    fires(
        "range",
        MODULES,
        """
        for conv, i in zip(self.convs, range(3)):
            x = conv(x) * i
        return x
        """,
        """
        for i, conv in enumerate(self.convs):
            if i < 3:
                x = conv(x) * i
        return x
        """,
    ),
    fires(
        "comprehension",
        MODULES,
        """
        return torch.stack([norm(y) for norm, y in zip(self.norms, [x, x + 1])])
        """,
        """
        outs = []
        ys = [x, x + 1]
        for i, norm in enumerate(self.norms):
            y = ys[i]
            outs.append(norm(y))
        return torch.stack(outs)
        """,
    ),
    fires(
        "list the body rebinds",
        MODULES,
        """
        ys = [x, x + 1]
        for norm, y in zip(self.norms, ys):
            x = norm(x) + y
            ys = [x, x]
        return x + ys[0]
        """,
        """
        ys = [x, x + 1]
        y_list = ys
        for i, norm in enumerate(self.norms):
            if i < len(y_list):
                y = y_list[i]
                x = norm(x) + y
                ys = [x, x]
        return x + ys[0]
        """,
    ),
    fires(
        "a list by the docstring alone",
        MODULES,
        """
        \"\"\"Sum up.

        Args:
            ys (list[Tensor]): one a level
        \"\"\"
        for n, (norm, y) in enumerate(zip(self.norms, ys)):
            x = norm(x) + y * n
        return x
        """,
        """
        \"\"\"Sum up.

        Args:
            ys (list[Tensor]): one a level
        \"\"\"
        y_items = ys if torch.jit.is_scripting() else [item for item, _ in zip(ys, self.norms)]
        for n, norm in enumerate(self.norms):
            if n < len(y_items):
                y = y_items[n]
                x = norm(x) + y * n
        return x
        """,
        "self, x, ys: list[torch.Tensor]",
        entry="Net(), (torch.randn(2, 4), [torch.randn(2, 4)])",
    ),
    fires(
        "a list that is indexed before",
        MODULES,
        """
        \"\"\"Sum up.

        Args:
            ys (list[Tensor]): one a level
        \"\"\"
        n = ys[0].shape[1]
        for norm, y in zip(self.norms, ys):
            x = norm(x) + y * n
        return x
        """,
        """
        \"\"\"Sum up.

        Args:
            ys (list[Tensor]): one a level
        \"\"\"
        n = ys[0].shape[1]
        for i, norm in enumerate(self.norms):
            if i < len(ys):
                y = ys[i]
                x = norm(x) + y * n
        return x
        """,
        "self, x, ys: list[torch.Tensor]",
        entry="Net(), (torch.randn(2, 4), [torch.randn(2, 4)])",
    ),
    declines(
        "of unknown type",
        MODULES,
        """
        for conv, y in zip(self.convs, ys):
            x = conv(x) + y
        return x
        """,
        "its run shows the type",
        "self, x, ys",
    ),
    declines(
        "a dict's values",
        MODULES,
        """
        ys = {"a": x, "b": x}
        for conv, y in zip(self.convs, ys.values()):
            x = conv(x) + y
        return x
        """,
        "can't be indexed",
    ),
    declines(
        "what is left behind",
        MODULES,
        """
        ys = [x, x + 1]
        for conv, y in zip(self.convs, ys):
            z = conv(y)
        return z
        """,
        "is read after it",
    ),
    ignores(
        "modules and tuples",
        MODULES,
        """
        for conv, norm in zip(self.convs, self.norms):
            x = norm(conv(x))
        for norm, y in zip(self.norms, (x, x + 1)):
            x = norm(y)
        return x
        """,
    ),
    ignores(
        "lists of tensors",
        MODULES,
        """
        for a, b in zip([x, x], [x + 1, x]):
            x = a + b
        return x
        """,
    ),
    declines(
        "a list that may hold None",
        "self.convs = nn.ModuleList([nn.Linear(4, 4) if k else None for k in (0, 1)])",
        """
        feats = [x, x + 1]
        for conv, feat in zip(self.convs, feats):
            if conv is not None:
                x = x + conv(feat)
        return x
        """,
        "may hold None",
    ),
)
