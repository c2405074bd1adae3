"""Examples of SF201, SF203 to SF206 where a body changes what a loop's header or an index was worked out from."""

from __future__ import annotations

from scriptify.transform import Declines, Fires
from scriptify.transforms._example_text import ENTRY, declines, fires, net

_CONVS = """
self.convs = nn.ModuleList([nn.Linear(4, 4) for _ in range(3)])
self.left = 2
"""
_HEADS = """
self.heads = nn.ModuleDict({"a": nn.Linear(4, 4), "b": nn.ReLU()})
"""
_SCALED = """
self.convs = nn.ModuleList([nn.Linear(4, 4) for _ in range(3)])
self.scales = [1.0, 2.0, 3.0]
"""
_PAIRS = """
self.pairs = nn.ModuleList([nn.ModuleList([nn.Linear(4, 4), nn.ReLU()]) for _ in range(2)])
"""
_STEP = """
    def step(self, x):
        self.done()
        return x

    def done(self):
        self.left = 3 - self.left
"""
LOOPS = (
    fires(
        "list that the body shortens",
        _CONVS,
        """
        xs = [x, x + 1]
        for i in range(len(xs)):
            x = x + self.convs[i](xs.pop())
        return x
        """,
        """
        xs = [x, x + 1]
        stop = len(xs)
        for i, conv in enumerate(self.convs):
            if i < stop:
                x = x + conv(xs.pop())
        if stop > len(self.convs):
            raise IndexError(f"index {len(self.convs)} is out of range")
        return x
        """,
    ),
    Fires(
        net(_CONVS, "for i in range(self.left):\n    x = self.step(self.convs[i](x))\nreturn x") + _STEP,
        net(
            _CONVS,
            """
            stop = self.left
            for i, conv in enumerate(self.convs):
                if i < stop:
                    x = self.step(conv(x))
            if stop > len(self.convs):
                raise IndexError(f"index {len(self.convs)} is out of range")
            return x
            """,
        )
        + _STEP,
        entry=ENTRY,
        name="count that a method called in the body sets",
    ),
    declines(
        "list of modules that the body appends to",
        _CONVS,
        """
        for i in range(2):
            self.convs.append(nn.ReLU())
            x = self.convs[i](x)
        return x
        """,
        "is changed there",
    ),
)
PICKS = (
    fires(
        "index that the statement takes from the list",
        _CONVS,
        """
        order = [0, 1]
        x = self.convs[order[0]](x) + order.pop(0)
        return x
        """,
        """
        order = [0, 1]
        index = order[0]
        if not -len(self.convs) <= index < len(self.convs):
            raise IndexError(f"index {index} is out of range")
        for j, conv in enumerate(self.convs):
            if j in (index, index + len(self.convs)):
                x = conv(x) + order.pop(0)
        return x
        """,
    ),
    Fires(
        net(_CONVS, "x = self.step(self.convs[self.left](x))\nreturn x") + _STEP,
        net(
            _CONVS,
            """
            index = self.left
            if not -len(self.convs) <= index < len(self.convs):
                raise IndexError(f"index {index} is out of range")
            for j, conv in enumerate(self.convs):
                if j in (index, index + len(self.convs)):
                    x = self.step(conv(x))
            return x
            """,
        )
        + _STEP,
        entry=ENTRY,
        name="index that a method called with the result sets",
    ),
    Declines(
        net(_CONVS, "return self.step(x) + self.convs[self.left](x)") + _STEP,
        because="may change before it is used",
        name="index that a method called before it sets",
    ),
)
KEYS = (
    fires(
        "key that the statement takes from the list",
        _HEADS,
        """
        route = ["a", "b"]
        x = self.heads[route[0]](x) + len(route.pop(0))
        return x
        """,
        """
        route = ["a", "b"]
        index = route[0]
        if index not in self.heads:
            raise KeyError(index)
        for key, head in self.heads.items():
            if key == index:
                x = head(x) + len(route.pop(0))
        return x
        """,
    ),
    declines(
        "dict that the loop changes",
        _HEADS,
        """
        for name in self.heads:
            x = self.heads[name](x)
            self.heads[name] = nn.Identity()
        return x
        """,
        "is changed there",
    ),
)
SLICES = (
    fires(
        "end that the body moves",
        _CONVS,
        """
        outs = [x]
        for conv in self.convs[:len(outs)]:
            outs.append(conv(x))
        return torch.stack(outs)
        """,
        """
        outs = [x]
        stop = len(outs)
        for i, conv in enumerate(self.convs):
            if i < stop:
                outs.append(conv(x))
        return torch.stack(outs)
        """,
    ),
)
ZIPS = (
    fires(
        "list that the body puts another in place of",
        _SCALED,
        """
        for conv, scale in zip(self.convs, self.scales):
            x = conv(x) * scale
            self.scales = [scale, 2.0, 3.0]
        return x
        """,
        """
        scale_list = self.scales
        for i, conv in enumerate(self.convs):
            if i < len(scale_list):
                scale = scale_list[i]
                x = conv(x) * scale
                self.scales = [scale, 2.0, 3.0]
        return x
        """,
    ),
    fires(
        "count that the body sets",
        _CONVS,
        """
        n = 2
        for k, conv in zip(range(n), self.convs):
            x = conv(x) * k
            n = 0
        return x
        """,
        """
        n = 2
        stop = n
        for k, conv in enumerate(self.convs):
            if k < stop:
                x = conv(x) * k
                n = 0
        return x
        """,
    ),
    fires(
        "pairs of modules",
        _PAIRS,
        """
        for scale, (lin, act) in zip([1.0, 2.0], self.pairs):
            x = act(lin(x)) * scale
        return x
        """,
        """
        scales = [1.0, 2.0]
        for i, (lin, act) in enumerate(self.pairs):
            scale = scales[i]
            x = act(lin(x)) * scale
        return x
        """,
        entry="",  # scripting takes no modules apart; the form is for eager code
    ),
)
