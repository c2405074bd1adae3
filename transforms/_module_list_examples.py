"""Examples of SF201."""

from __future__ import annotations

from scriptify.transforms._example_text import declines, fires, ignores

LISTS = """
self.convs = nn.ModuleList([nn.Linear(4, 4) for _ in range(3)])
self.norms = nn.ModuleList([nn.LayerNorm(4) for _ in range(3)])
self.short = nn.ModuleList([nn.Linear(4, 4), nn.Linear(4, 4)])
self.blocks = nn.ModuleList([nn.ModuleList([nn.Linear(4, 4), nn.ReLU()]) for _ in range(2)])
"""
OPEN = """
self.steps = int(2)
self.convs = nn.ModuleList([nn.Linear(4, 4) for _ in range(self.steps + 1)])
self.norms = nn.ModuleList()
for _ in range(self.steps + 1):
    self.norms.append(nn.LayerNorm(4))
"""
HOLES = """
self.steps = nn.ModuleList([nn.Linear(4, 4), None])
"""
EXAMPLES = (
    fires(
        "whole list",
        LISTS,
        """
        for i in range(len(self.convs)):
            x = self.convs[i](x)
        return x
        """,
        """
        for conv in self.convs:
            x = conv(x)
        return x
        """,
    ),
    fires(
        "lists built alike",
        OPEN,
        """
        for i in range(self.steps + 1):
            # one step
            x = self.convs[i](x)
            x = self.norms[i](x) * i
        return x
        """,
        """
        for i, (conv, norm) in enumerate(zip(self.convs, self.norms)):
            # one step
            x = conv(x)
            x = norm(x) * i
        return x
        """,
    ),
    fires(
        "shorter range",
        OPEN,
        """
        for i in range(self.steps):
            conv = self.convs[i]
            x = conv(x)
        return x
        """,
        """
        for i, conv in enumerate(self.convs):
            if i < self.steps:
                x = conv(x)
        return x
        """,
    ),
    fires(
        "range that may run past the list",
        OPEN,
        """
        count = x.size(0)
        for i in range(count):
            x = self.convs[i](x)
        return x
        """,
        """
        count = x.size(0)
        for i, conv in enumerate(self.convs):
            if i < count:
                x = conv(x)
        if count > len(self.convs):
            raise IndexError(f"index {len(self.convs)} is out of range")
        return x
        """,
    ),
    fires(
        "later start",
        LISTS,
        """
        x = self.convs[0](x)
        for i in range(1, len(self.convs)):
            x = x + self.convs[i](x)
        return x
        """,
        """
        x = self.convs[0](x)
        for i, conv in enumerate(self.convs):
            if i >= 1:
                x = x + conv(x)
        return x
        """,
    ),
    fires(
        "two at a time",
        LISTS,
        """
        skips = [x, x * 2]
        for i in range(0, len(self.convs) - 1, 2):
            x = self.convs[i](x) + skips[i // 2]
            x = self.convs[i + 1](x)
        return x
        """,
        """
        skips = [x, x * 2]
        for i, conv in enumerate(self.convs):
            if i < len(self.convs) - 1 and i % 2 == 0:
                x = conv(x) + skips[i // 2]
                for j, convs_j in enumerate(self.convs):
                    if j == i + 1:
                        x = convs_j(x)
        return x
        """,
    ),
    fires(
        "backwards",
        LISTS,
        """
        for i in range(len(self.convs) - 1, -1, -1):
            x = self.convs[i](x)
        return x
        """,
        """
        for i in range(len(self.convs) - 1, -1, -1):
            for j, conv in enumerate(self.convs):
                if j == i:
                    x = conv(x)
        return x
        """,
    ),
    fires(
        "from the end",
        LISTS,
        """
        for i in range(len(self.convs)):
            x = self.convs[-i - 1](x)
        return x
        """,
        """
        for i in range(len(self.convs)):
            for j, conv in enumerate(self.convs):
                if j == len(self.convs) - i - 1:
                    x = conv(x)
        return x
        """,
    ),
    fires(
        "reversed range",
        LISTS,
        """
        for i in reversed(range(3)):
            x = self.convs[i](x)
        return x
        """,
        """
        for i in range(2, -1, -1):
            for j, conv in enumerate(self.convs):
                if j == i:
                    x = conv(x)
        return x
        """,
    ),
    fires(
        "beside another list",
        LISTS,
        """
        for i, conv in enumerate(self.convs):
            x = self.norms[i](conv(x))
        return x
        """,
        """
        for i, (conv, norm) in enumerate(zip(self.convs, self.norms)):
            x = norm(conv(x))
        return x
        """,
    ),
    fires(
        "counter",
        LISTS,
        """
        step = 0
        for conv in self.convs:
            x = self.norms[step](conv(x))
            step += 1
        return x
        """,
        """
        step = 0
        for conv, norm in zip(self.convs, self.norms):
            x = norm(conv(x))
            step += 1
        return x
        """,
    ),
    fires(
        "list of lists",
        LISTS,
        """
        for i in range(len(self.blocks)):
            for j in range(len(self.blocks[i])):
                x = self.blocks[i][j](x)
        return x
        """,
        """
        for block in self.blocks:
            for block_i in block:
                x = block_i(x)
        return x
        """,
    ),
    fires(
        "a guard says that the next one is there",
        LISTS,
        """
        for i in range(len(self.convs)):
            x = self.convs[i](x)
            if i + 1 < len(self.convs):
                x = x + self.convs[i + 1](x)
            if i > 0:
                x = x + self.convs[i - 1](x)
        return x
        """,
        """
        for i, conv in enumerate(self.convs):
            x = conv(x)
            if i + 1 < len(self.convs):
                for j, convs_j in enumerate(self.convs):
                    if j == i + 1:
                        x = x + convs_j(x)
            if i > 0:
                for k, convs_k in enumerate(self.convs):
                    if k == i - 1:
                        x = x + convs_k(x)
        return x
        """,
    ),
    fires(
        "half index",
        LISTS,
        """
        for i, conv in enumerate(self.convs):
            x = self.short[i // 2](conv(x))
        return x
        """,
        """
        for i, conv in enumerate(self.convs):
            if i // 2 >= len(self.short):
                raise IndexError(f"index {i // 2} is out of range")
            for j, short_j in enumerate(self.short):
                if j == i // 2:
                    x = short_j(conv(x))
        return x
        """,
    ),
    fires(
        "break keeps the loop",
        LISTS,
        """
        for i in range(len(self.convs)):
            x = self.convs[i](x)
            if i == 1:
                break
        return x
        """,
        """
        for i in range(len(self.convs)):
            for j, conv in enumerate(self.convs):
                if j == i:
                    x = conv(x)
            if i == 1:
                break
        return x
        """,
    ),
    fires(
        "comprehension",
        LISTS,
        """
        return torch.stack([self.convs[i](x) for i in range(len(self.convs))])
        """,
        """
        return torch.stack([conv(x) for conv in self.convs])
        """,
    ),
    fires(
        "tensors in a list",
        LISTS,
        """
        outs = []
        for i, y in enumerate([x, x + 1]):
            y = self.convs[i](y)
            outs.append(y)
        return torch.stack(outs)
        """,
        """
        outs = []
        for i, y in enumerate([x, x + 1]):
            for j, conv in enumerate(self.convs):
                if j == i:
                    y = conv(y)
            outs.append(y)
        return torch.stack(outs)
        """,
    ),
    declines(
        "None in the list",
        HOLES,
        """
        for i in range(len(self.steps)):
            x = self.steps[i](x)
        return x
        """,
        "may hold None",
    ),
    declines(
        "element assigned",
        LISTS,
        """
        for i in range(3):
            self.convs[i] = nn.ReLU()
        return x
        """,
        "is assigned",
    ),
    ignores(
        "literal index and loop over the list",
        LISTS,
        """
        for conv in self.convs:
            x = conv(x)
        return self.convs[0](x) + self.convs[-1](x)
        """,
    ),
    ignores(
        "list of tensors",
        LISTS,
        """
        xs = [x, x + 1]
        for i in range(2):
            x = xs[i] + x
        return x
        """,
    ),
    ignores(
        "only in eager",
        LISTS,
        """
        if not torch.jit.is_scripting():
            for i in range(2):
                x = self.convs[i](x)
        return x
        """,
    ),
)
