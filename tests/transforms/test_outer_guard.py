"""Before which statement a guard for a missing part goes."""

from __future__ import annotations

import libcst as cst
import pytest

from scriptify.transforms._outer_guard import outermost
from scriptify.tree import Tree


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ("y = self.part(x)", 2),
        ("for m in self.part:\n        x = m(x)", 2),
        ("if x:\n        y = self.part(x)", 3),
        ("if x:\n        y = self.part(x)\n    else:\n        y = self.part(0)", 2),
        ("if x:\n        y = self.part(x)\n    elif z:\n        y = 1\n    else:\n        y = self.part(0)", 3),
        ("if x:\n        y = self.part(x)\n    elif z:\n        y = self.part\n    else:\n        y = self.part(0)", 2),
        ("if z:\n        if x:\n            y = self.part(x)\n        else:\n            for m in self.part:\n                m(y)", 3),
        ("if x:\n        y = self.part(x)\n    else:\n        return x\n        y = self.part(0)", 3),
        ("for k in z:\n        y = self.part(x)", 3),
        ("if x:\n        y = self.part(x)\n    else:\n        y = 1 if x else self.part(0)", 3),
    ],
)
def test_up_to_where_something_else_may_happen(body: str, line: int) -> None:
    tree = Tree("a.py", f"def f(self, x, y, z):\n    {body}\n")
    node = next(found for found in tree.find(cst.Attribute) if tree.code(found) == "self.part")
    found = outermost(tree, node)
    assert found is not None
    assert tree.line(found) == line


@pytest.mark.parametrize("body", ["y = x and self.part(x)", "for m in z: self.part(m)", "while self.part:\n        pass"])
def test_where_no_line_can_go(body: str) -> None:
    tree = Tree("a.py", f"def f(self, x, y, z):\n    {body}\n")
    assert outermost(tree, next(tree.find(cst.Attribute))) is None
