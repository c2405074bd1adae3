"""The one room that knows libcst plumbing: parse, positions, edits, names, imports, the CST adapter."""

from scriptify.tree.core import Tree, parsed
from scriptify.tree.flow import assigned_names, bindings, children, loads, own_nodes, stores_in, target_names
from scriptify.tree.imports import Imports, import_edits
from scriptify.tree.positions import ParseError

__all__ = [
    "Imports",
    "ParseError",
    "Tree",
    "assigned_names",
    "bindings",
    "children",
    "import_edits",
    "loads",
    "own_nodes",
    "parsed",
    "stores_in",
    "target_names",
]
