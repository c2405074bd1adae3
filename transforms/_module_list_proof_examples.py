"""Examples of SF201: what is known of a list's length and elements, and what is not."""

from __future__ import annotations

from scriptify.transforms._example_text import declines, fires

ENDS = """
depth = int("3")
self.depth = depth
self.convs = nn.ModuleList([nn.Linear(4, 4)])
for _ in range(depth - 2):
    self.convs.append(nn.Linear(4, 4))
self.convs.append(nn.Linear(4, 4))
"""
ALIKE = """
depth = int("3")
self.depth = depth
self.convs = nn.ModuleList([nn.Linear(4, 4)])
self.norms = nn.ModuleList()
for _ in range(depth - 1):
    self.convs.append(nn.Linear(4, 4))
    self.norms.append(nn.LayerNorm(4))
self.norms.append(nn.LayerNorm(4))
"""
ALL_DEPTH = """
self.depth = int("2")
self.convs = nn.ModuleList([nn.Linear(4, 4) for _ in range(self.depth)])
"""
ALL = """
for i in range(self.depth):
    x = self.convs[i](x)
return x
"""
GUARDED = """
for i, conv in enumerate(self.convs):
    if i < self.depth:
        x = conv(x)
if self.depth > len(self.convs):
    raise IndexError(f"index {len(self.convs)} is out of range")
return x
"""
FILLED = """
layers = []
for k in range(int("3")):
    if k == 1:
        layers.append(None)
    else:
        layers.append(nn.Linear(4, 4))
self.steps = nn.ModuleList(layers)
"""
CHOSEN = """
self.steps = nn.ModuleList([nn.Linear(4, 4) if k != 1 else None for k in range(int("3"))])
"""
MADE = """
self.steps = nn.ModuleList([make(k) for k in range(int("3"))])
"""
MAKER = """
def make(k):
    return nn.Linear(4, 4)
"""
UNKNOWN = """
self.steps = nn.ModuleList([MAKERS[k]() for k in range(int("3"))])
"""
TABLE = "MAKERS = [nn.ReLU, nn.Tanh, nn.Sigmoid]"
ASKS = """
for i in range(3):
    if self.steps[i] is not None:
        x = self.steps[i](x) * (i + 1)
return x
"""
PLAIN = """
for i in range(len(self.steps)):
    x = self.steps[i](x)
return x
"""
WALKED = """
for step in self.steps:
    x = step(x)
return x
"""
BECAUSE = "may hold None"
PROOFS = (
    fires(
        "a range that may be empty does not make up for the element before it",
        ENDS,
        ALL,
        """
        for i, conv in enumerate(self.convs):
            if i < self.depth:
                x = conv(x)
        return x
        """,
    ),
    fires(
        "two lists that grow in the same loop",
        ALIKE,
        """
        for i in range(len(self.convs)):
            x = self.norms[i](self.convs[i](x))
        return x
        """,
        """
        for norm, conv in zip(self.norms, self.convs):
            x = norm(conv(x))
        return x
        """,
    ),
    fires("a function sets the number", ALL_DEPTH, ALL, GUARDED, head="def shorten(net):\n    net.depth = 1"),
    fires("a function takes the last one out", ALL_DEPTH, ALL, GUARDED, head="def shorten(net):\n    del net.convs[-1]"),
    fires("a function sets any name", ALL_DEPTH, ALL, GUARDED, head="def configure(net, name, value):\n    setattr(net, name, value)"),
    fires("the list has another name there", ALL_DEPTH, ALL, GUARDED, head="def extend(net):\n    c = net.convs\n    c.append(nn.ReLU())"),
    fires(
        "another class sets its own",
        ALL_DEPTH,
        ALL,
        """
        for conv in self.convs:
            x = conv(x)
        return x
        """,
        head="class Settings:\n    def take(self, name, value):\n        setattr(self, name, value)",
    ),
    fires(
        "the loop has a name for the element",
        "self.steps = nn.ModuleList([nn.Linear(4, 4), nn.ReLU()])",
        """
        for i, step in enumerate(self.steps):
            x = self.steps[i](x) * i
        return x
        """,
        """
        for i, step in enumerate(self.steps):
            x = step(x) * i
        return x
        """,
    ),
    fires("a helper makes each element", MADE, PLAIN, WALKED, head=MAKER),
    fires("elements that can't be looked into", UNKNOWN, PLAIN, WALKED, head=TABLE),
    declines("None where a list is filled", FILLED, ASKS, BECAUSE),
    declines("None in a comprehension", CHOSEN, ASKS, BECAUSE),
    declines("an element is asked for None", UNKNOWN, ASKS, BECAUSE, head=TABLE),
)
