"""A tree in parts is the tree that libcst makes of the whole, node for node and place for place."""

from __future__ import annotations

import itertools
from pathlib import Path

import libcst as cst
import pytest
from hypothesis import given
from hypothesis import strategies as st
from libcst.metadata import MetadataWrapper, PositionProvider

from scriptify.tree import Tree
from scriptify.tree.parts import parse_parts

HERE = Path(__file__).resolve().parents[1]
SOURCES = [*sorted((HERE / "golden").glob("*/before*"))[:4], HERE / "src" / "scriptify" / "tree" / "core.py", Path(__file__).resolve()]

PIECES = (
    "import os\n",
    "import os; import sys\n",
    "# a comment\n",
    "\n",
    "\n\n",
    "    # an indented comment\n",
    "  \n",
    "x = 1  # trailing\n",
    "x = (\n    1,\n)\n",
    'text = """\n# not a comment\n    not indented\n"""\n',
    "class A:\n    def f(self):\n        return 1\n",
    "class A:\n    def f(self):\n        return 1\n    # the end\n",
    "@d\n# between\n@e(1)\ndef g():\n    pass\n",
    "if x: y = 2\n",
    "if x:\n    y = 2\nelse:\n    y = 3\n",
    "def h(): return 1\n",
    "try:\n  a\nexcept E:\n  b\n",
    "class B:\n\tx = 1\n",
    "a = 1; \\\nb = 2\n",
    "é = 'ü'  # ß\n",
)


def same(text: str) -> None:
    """Hold a tree against libcst's own."""
    tree = Tree("f.py", text)
    module = cst.parse_module(text)
    assert tree.module.code == text
    assert tree.module.deep_equals(module)
    places = MetadataWrapper(module, unsafe_skip_copy=True).resolve(PositionProvider)
    for node, other in zip(everything(tree.module), everything(module), strict=True):
        if node is tree.module or other not in places:
            continue
        where = places[other]
        if where.end.line > text.count("\n") + 1:
            continue  # libcst ends a last comment without a newline on a line that is not there
        assert tree.span(node) == (tree.offset(where.start.line, where.start.column), tree.offset(where.end.line, where.end.column)), node
        assert tree.lines(node) == (where.start.line, where.end.line)
    found = list(tree.find(cst.CSTNode))
    assert [tree.number(node) for node in found] == list(range(len(found)))
    assert len(set(map(id, found))) == len(found)
    for node in found[1:]:
        above = tree.parent(node)
        assert above is not None
        assert any(child is node for child in above.children)


def everything(node: cst.CSTNode) -> list[cst.CSTNode]:
    """A node and all below it."""
    return [node, *itertools.chain.from_iterable(everything(child) for child in node.children)]


@pytest.mark.parametrize("path", SOURCES, ids=[str(p.relative_to(HERE)) for p in SOURCES])
def test_real_files(path: Path) -> None:
    same(path.read_text())


@given(st.lists(st.sampled_from(PIECES), max_size=8), st.sampled_from(["", "# end", "    # end", "x"]))
def test_any_order_of_pieces(pieces: list[str], tail: str) -> None:
    text = "".join(pieces) + tail
    try:
        module = cst.parse_module(text)
    except cst.ParserSyntaxError:
        return
    # libcst itself loses a blank line above an indented comment that ends a file without a newline.
    if module.code == text and module.body:
        same(text)


def test_an_unchanged_class_is_parsed_once() -> None:
    before = "import os\n\n\nclass A:\n    x = 1\n\n\nclass B:\n    x = 2\n\n\nclass C:\n    x = 3\n"
    one, two = Tree("f.py", before), Tree("f.py", before.replace("x = 2", "x = 22\n    y = 4"))
    assert [a is b for a, b in zip(one.module.body, two.module.body, strict=True)] == [True, True, False, True]
    last = two.module.body[3]
    assert two.lines(last)[0] == one.lines(last)[0] + 1


def test_the_same_text_twice_is_two_places() -> None:
    tree = Tree("f.py", "import os\nimport os\nx = 1\nimport os\n")
    assert [tree.line(statement) for statement in tree.module.body] == [1, 2, 3, 4]


WHOLE = ("", "# only a comment\n", "\r\nx = 1\r\n", "x = 1\f\ny = 2\n", "class A:\n  x = 1\n\nclass B:\n    x = 1\n")


@pytest.mark.parametrize("text", WHOLE)
def test_what_is_parsed_whole(text: str) -> None:
    assert parse_parts(text) is None
    same(text)
