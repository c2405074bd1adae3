"""SF806: sizes of layers worked out by NumPy."""

from __future__ import annotations

import re
from collections.abc import Iterator

import libcst as cst

from scriptify.facts.model import Facts
from scriptify.transform import Declines, Fires, Focus, Ignores, Phase, Proposal, Transform
from scriptify.tree import Tree, assigned_names, own_nodes, stores_in
from scriptify.tree.flow import parameter_names

_CONSTANT = re.compile(r"'numpy\.(u?int)\d*' object in attribute '(\w+)\.(\w+)' is not a valid constant")
_SCALAR = frozenset("numpy.prod numpy.sum numpy.max numpy.min numpy.product numpy.int64 numpy.int32 numpy.dot".split())
_ARRAYS = frozenset("numpy.array numpy.arange numpy.cumsum numpy.cumprod numpy.asarray".split())
_POSITIONAL = {"Linear": 2, "Conv": 7, "ConvTranspose": 5, "Embedding": 2, "GroupNorm": 2, "BatchNorm": 1, "InstanceNorm": 1}
_NAMES = frozenset(
    """
    in_features out_features in_channels out_channels kernel_size stride padding dilation groups num_features num_embeddings embedding_dim
    num_channels num_groups input_size hidden_size
    """.split()
)
_HEAD = "import numpy as np\nimport torch\nfrom torch import nn\n\n\nclass Net(nn.Module):\n"
_INIT = "    def __init__(self, shape=(2, 4)):\n        super().__init__()\n{}\n\n"
_BODY = "    def forward(self, x):\n        return self.fc(x)\n"
_FOCUS = "'numpy.int64' object in attribute 'Linear.in_features' is not a valid constant"


def _net(init: str) -> str:
    return _HEAD + _INIT.format("\n".join(f"        {line}" for line in init.splitlines())) + _BODY


def _fires(before: str, after: str, name: str, given: str = "") -> Fires:
    return Fires(_net(before), _net(after), entry=f"Net({given}), (torch.rand(3, 8),)", focus=_FOCUS, name=name)


class NumpySize(Transform):
    """``nn.Linear(np.prod(shape), 8)`` -> ``nn.Linear(int(np.prod(shape)), 8)``.

    A layer keeps its sizes as given; NumPy's ints behave like Python's, but are no constants to the compiler,
    which says so without a place. Wrapped are the arguments of layers that NumPy certainly works out: a call
    that gives one number, an element of an array, or a sum with one, also through a local name.
    """

    code = "SF806"
    name = "numpy-size"
    phase = Phase.CONTROL
    explains = ("is not a valid constant",)
    hints = ("numpy",)
    on_demand = True
    source = "https://docs.pytorch.org/docs/stable/jit_language_reference.html#module-attributes"
    examples = (
        _fires("self.fc = nn.Linear(np.prod(shape), 3)", "self.fc = nn.Linear(int(np.prod(shape)), 3)", "product"),
        _fires("n = np.prod(shape)\nself.fc = nn.Linear(n, 3)", "n = np.prod(shape)\nself.fc = nn.Linear(int(n), 3)", "through a local"),
        _fires(
            "dd = np.cumsum([4, 4])\nself.fc = nn.Linear(in_features=dd[1], out_features=3)",
            "dd = np.cumsum([4, 4])\nself.fc = nn.Linear(in_features=int(dd[1]), out_features=3)",
            "element",
        ),
        _fires(
            "p = np.prod([1])\nself.fc = nn.Sequential(nn.Dropout(p * 0.0), nn.Linear(p * 8, 3))",
            "p = np.prod([1])\nself.fc = nn.Sequential(nn.Dropout(p * 0.0), nn.Linear(int(p * 8), 3))",
            "only sizes",
        ),
        _fires(
            "dd = np.cumsum([4, 4])\nself.fc = nn.Sequential(nn.Linear(0 + dd[1], 3))",
            "dd = np.cumsum([4, 4])\nself.fc = nn.Sequential(nn.Linear(int(0 + dd[1]), 3))",
            "sum",
        ),
        _fires(
            "n = shape[0]\nif n == 2:\n    n = (np.array(n) + 2) * 2\nself.fc = nn.Linear(n, 3)",
            "n = shape[0]\nif n == 2:\n    n = (np.array(n) + 2) * 2\nself.fc = nn.Linear(int(n) if isinstance(n, np.integer) else n, 3)",
            "perhaps",
        ),
        _fires(
            "if shape is None:\n    shape = np.prod([8])\nself.fc = nn.Linear(shape, 3) if shape == 8 else nn.Linear(8, 3)",
            "if shape is None:\n    shape = np.prod([8])\n"
            "self.fc = nn.Linear(int(shape) if isinstance(shape, np.integer) else shape, 3) if shape == 8 else nn.Linear(8, 3)",
            "a parameter",
            "None",
        ),
        Declines(_net("self.fc = nn.Linear(np.max([[8, 2], [2, 1]], 0), 3)"), because="int(...)", focus=_FOCUS),
        Declines(_net("self.fc = make(np.prod([2]) * rate)") + "\n\ndef make(n):\n    return n\n", because="int(...)", focus=_FOCUS),
        Declines(_net("self.fc = nn.Linear(np.sqrt(64).astype(int), 3)"), because="int(...)", focus=_FOCUS),
        Ignores(_net("self.fc = nn.Linear(np.prod(shape), 3)")),
        Ignores(_net("self.fc = nn.Linear(int(np.prod(shape)), 3)").replace("import numpy as np\n", "import numpy as np\n", 1)),
    )

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Yield one rewrite for each constructor call with such arguments."""
        match = _CONSTANT.search(focus.message) if focus is not None else None
        if match is None:
            return
        found = False
        for _, function in tree.functions():
            for call in own_nodes(function.body):
                args = list(_sizes(tree, function, call, match[2])) if isinstance(call, cst.Call) else []
                if args and isinstance(call, cst.Call):
                    found = True
                    edits = [tree.replace_outer(arg, f"int({tree.code(arg)})") for arg in args]
                    why = "the compiler takes Python's ints as constants, not NumPy's"
                    yield tree.rewrite(self, call, f"give {tree.code(call.func)} Python ints", edits, why=why)
        for call, arg in _perhaps(tree, match[2]) if not found else ():
            found = True
            integer, imports = tree.imports.spell("numpy.integer")
            name = tree.code(arg)
            edit = tree.replace_outer(arg, f"int({name}) if isinstance({name}, {integer}) else {name}")
            why = "the compiler takes Python's ints as constants, not NumPy's"
            yield tree.rewrite(self, call, f"give {tree.code(call.func)} a Python int for {name}", [edit], imports=imports, why=why)
        if not found and tree.text:
            because = f"where {match[2]}.{match[3]} gets a NumPy number is not plain; write int(...) around it"
            yield tree.decline(self, tree.module.body[0] if tree.module.body else tree.module, because)


def _perhaps(tree: Tree, layer: str) -> Iterator[tuple[cst.Call, cst.Name]]:
    """Sizes of that layer that are local names which NumPy may have worked out: an array's shape decides whether they are one number."""
    for _, function in tree.functions():
        given = [
            target.target.value
            for node in own_nodes(function.body)
            if isinstance(node, cst.Assign) and any(tree.dotted(call.func).startswith("numpy.") for call in tree.find(cst.Call, node.value))
            for target in node.targets
            if isinstance(target.target, cst.Name)
        ]
        for call in own_nodes(function.body) if given else ():
            if isinstance(call, cst.Call) and tree.dotted(call.func) == f"torch.nn.{layer}":
                for arg in call.args:
                    if isinstance(arg.value, cst.Name) and arg.value.value in given and not arg.star:
                        yield call, arg.value


def _sizes(tree: Tree, function: cst.FunctionDef, call: cst.Call, layer: str) -> Iterator[cst.BaseExpression]:
    """The arguments to wrap: sizes of that layer, which can be nothing but ints, and evident ints handed to the project's own calls."""
    dotted = tree.dotted(call.func)
    direct = dotted.startswith("torch.nn.") and dotted.rpartition(".")[2] == layer
    own = not dotted and isinstance(call.func, cst.Name) and bool(tree.function(call.func.value) or tree.class_(call.func.value))
    for index, arg in enumerate(call.args):
        if arg.star:
            return
        size = index < _POSITIONAL.get(layer.rstrip("123d"), 1) if arg.keyword is None else arg.keyword.value in _NAMES
        if (direct and size and _numpy(tree, function, arg.value, literal=False)) or (
            own and _numpy(tree, function, arg.value, literal=True)
        ):
            yield arg.value


def _numpy(tree: Tree, function: cst.FunctionDef, node: cst.BaseExpression, literal: bool, depth: int = 4) -> bool:
    """Whether an expression is one number that NumPy worked out; with ``literal``, from literal ints alone or with other ints."""
    if depth == 0:
        return False
    if isinstance(node, cst.Call):
        dotted = tree.dotted(node.func)
        axis = any(arg.keyword is not None and arg.keyword.value == "axis" for arg in node.args)
        # The second argument of the others is an axis too.
        plain = sum(arg.keyword is None for arg in node.args) == (2 if dotted == "numpy.dot" else 1)
        return plain and not axis and dotted in _SCALAR and (not literal or _ints(node))
    if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.Add | cst.Subtract | cst.Multiply | cst.FloorDivide):
        found = [_numpy(tree, function, side, literal, depth - 1) for side in (node.left, node.right)]
        # With anything else than an int it may be a fraction, which is lost to int().
        whole = [isinstance(side, cst.Integer) for side in (node.left, node.right)]
        return any(found) and (not literal or all(a or b for a, b in zip(found, whole, strict=True)))
    if (
        isinstance(node, cst.Subscript)
        and isinstance(node.value, cst.Name)
        and len(node.slice) == 1
        and isinstance(node.slice[0].slice, cst.Index)
    ):
        value = _value(function, node.value.value)
        return isinstance(value, cst.Call) and tree.dotted(value.func) in _ARRAYS and _ints(value)
    if isinstance(node, cst.Name) and node.value in assigned_names(function):
        value = _value(function, node.value)
        return value is not None and _numpy(tree, function, value, literal, depth - 1)
    return False


def _ints(call: cst.Call) -> bool:
    """Whether a call works on a list of int literals alone."""
    value = call.args[0].value if len(call.args) == 1 else None
    return isinstance(value, cst.List | cst.Tuple) and all(isinstance(element.value, cst.Integer) for element in value.elements)


def _value(function: cst.FunctionDef, name: str) -> cst.BaseExpression | None:
    """The value of a name that a function assigns once, alone."""
    stores = stores_in(function.body, name)
    if name in parameter_names(function) or len(stores) != 1 or not isinstance(stores[0], cst.AssignTarget):
        return None
    for node in own_nodes(function.body):
        if isinstance(node, cst.Assign) and stores[0] in node.targets and isinstance(stores[0].target, cst.Name):
            return node.value
    return None
