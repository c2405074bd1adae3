"""Examples of SF206."""

from __future__ import annotations

from scriptify.transforms._example_text import declines, fires, ignores

LISTS = """
self.convs = nn.ModuleList([nn.Linear(4, 4) for _ in range(3)])
self.body = nn.Sequential(nn.Linear(4, 4), nn.ReLU())
self.k = 1
self.ks = [0, 1]
"""
FINAL = """
self.convs = nn.ModuleList([nn.Linear(4, 4), nn.ReLU()])
self.k = 1
"""
EXAMPLES = (
    fires(
        "last by length",
        LISTS,
        """
        return self.convs[len(self.convs) - 1](x)
        """,
        """
        return self.convs[-1](x)
        """,
    ),
    fires(
        "literal arithmetic",
        LISTS,
        """
        return self.body[0 + 1](x)
        """,
        """
        return self.body[1](x)
        """,
    ),
    fires(
        "attribute that a caller may set anew, even to a negative number",
        LISTS,
        """
        return self.body[self.k](x)
        """,
        """
        for j, body_j in enumerate(self.body):
            if j in (self.k, self.k + len(self.body)):
                return body_j(x)
        raise IndexError(f"index {self.k} is out of range")
        """,
    ),
    fires(
        "one index, two lists",
        LISTS + "self.more = nn.ModuleList([nn.Linear(4, 4) for _ in range(3)])\n",
        """
        return self.convs[k % 2](x) + self.more[k % 2](x)
        """,
        """
        for j, (conv, more_j) in enumerate(zip(self.convs, self.more)):
            if j == k % 2:
                return conv(x) + more_j(x)
        raise IndexError(f"index {k % 2} is out of range")
        """,
        "self, x, k: int = 1",
    ),
    fires(
        "a list in a list, the outer one first",
        "self.rows = nn.ModuleList([nn.ModuleList([nn.Linear(4, 4) for _ in range(2)]) for _ in range(2)])\n",
        """
        return self.rows[k][k - 1](x)
        """,
        """
        for j, row in enumerate(self.rows):
            if j in (k, k + len(self.rows)):
                return row[k - 1](x)
        raise IndexError(f"index {k} is out of range")
        """,
        "self, x, k: int = 1",
        entry="",
    ),
    fires(
        "the same index twice is checked once",
        LISTS,
        """
        x = self.convs[k](x)
        x = self.convs[k](x)
        return x
        """,
        """
        if not -len(self.convs) <= k < len(self.convs):
            raise IndexError(f"index {k} is out of range")
        for j, conv in enumerate(self.convs):
            if j in (k, k + len(self.convs)):
                x = conv(x)
        for index, convs_i in enumerate(self.convs):
            if index in (k, k + len(self.convs)):
                x = convs_i(x)
        return x
        """,
        "self, x, k: int = 1",
    ),
    declines(
        "three in one statement",
        LISTS,
        """
        return self.convs[k](self.convs[k - 1](self.convs[k - 2](x)))
        """,
        "too deep",
        "self, x, k: int = 2",
    ),
    declines(
        "index from the caller that may be a slice of a Sequential",
        LISTS,
        """
        return self.body[k](x)
        """,
        "is not known to be an int",
        "self, x, k",
    ),
    fires(
        "index from the caller of a Sequential",
        LISTS,
        """
        return self.body[k](x)
        """,
        """
        for j, body_j in enumerate(self.body):
            if j in (k, k + len(self.body)):
                return body_j(x)
        raise IndexError(f"index {k} is out of range")
        """,
        "self, x, k: int = 1",
    ),
    fires(
        "index from the caller",
        LISTS,
        """
        return self.convs[k](x)
        """,
        """
        for j, conv in enumerate(self.convs):
            if j in (k, k + len(self.convs)):
                return conv(x)
        raise IndexError(f"index {k} is out of range")
        """,
        "self, x, k: int = 1",
    ),
    fires(
        "element used twice",
        LISTS,
        """
        conv = self.convs[k]
        y = conv(x)
        if k > 0:
            # again
            y = conv(y)
        return x + y
        """,
        """
        for j, conv in enumerate(self.convs):
            if j in (k, k + len(self.convs)):
                y = conv(x)
                if k > 0:
                    # again
                    y = conv(y)
                return x + y
        raise IndexError(f"index {k} is out of range")
        """,
        "self, x, k: int = 1",
    ),
    fires(
        "conditional expression",
        LISTS,
        """
        x = self.convs[k](x) if k > 0 else x
        return x
        """,
        """
        if k > 0:
            if not -len(self.convs) <= k < len(self.convs):
                raise IndexError(f"index {k} is out of range")
            for j, conv in enumerate(self.convs):
                if j in (k, k + len(self.convs)):
                    x = conv(x)
        else:
            x = x
        return x
        """,
        "self, x, k: int = 1",
    ),
    fires(
        "index that the statement changes",
        LISTS,
        """
        k, x = k - 1, self.convs[k](x)
        return x * k
        """,
        """
        index = k
        if not -len(self.convs) <= index < len(self.convs):
            raise IndexError(f"index {index} is out of range")
        for j, conv in enumerate(self.convs):
            if j in (index, index + len(self.convs)):
                k, x = k - 1, conv(x)
        return x * k
        """,
        "self, x, k: int = 1",
    ),
    fires(
        "index from a list",
        LISTS,
        """
        x = self.convs[self.ks[k]](x)
        return x
        """,
        """
        if not -len(self.convs) <= self.ks[k] < len(self.convs):
            raise IndexError(f"index {self.ks[k]} is out of range")
        for j, conv in enumerate(self.convs):
            if j in (self.ks[k], self.ks[k] + len(self.convs)):
                x = conv(x)
        return x
        """,
        "self, x, k: int = 1",
    ),
    declines(
        "result of unknown type",
        LISTS,
        """
        if k > 0:
            y = self.convs[k](x)
        else:
            y = x
        return y
        """,
        "its run shows the type",
        "self, x, k: int = 1",
    ),
    declines(
        "index computed in the middle",
        LISTS,
        """
        return torch.relu(x) + self.convs[int(x.argmax())](x)
        """,
        "computing the index calls",
        "self, x, k: int = 1",
    ),
    ignores(
        "literals",
        LISTS,
        """
        return self.convs[0](x) + self.body[-1](x)
        """,
    ),
    declines(
        "behind an if on the same line",
        LISTS,
        """
        if k < 3: x = self.convs[k](x)
        return x
        """,
        "shares its line",
        "self, x, k: int = 1",
    ),
    declines(
        "a list that may hold None",
        "self.convs = nn.ModuleList([nn.Linear(4, 4) if k else None for k in range(3)])",
        """
        return self.convs[len(self.convs) - 1](x)
        """,
        "may hold None",
    ),
)
