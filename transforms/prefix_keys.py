"""SF502: checkpoint keys rewritten by more than their prefix."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scriptify.facts.model import Facts
from scriptify.transform import Declines, Fires, Focus, Ignores, Phase, Proposal, Safety, Transform
from scriptify.tree import Tree, target_names

PREFIX = "module."
NEAR = 5
_WORDS = frozenset({"module", PREFIX})
_WRAPPERS = ("DataParallel", "DistributedDataParallel")
_BARE = (cst.Assign, cst.AnnAssign, cst.Arg, cst.Index, cst.DictElement, cst.DictComp, cst.Return)

_LOOP = """import torch
from collections import OrderedDict


def load(model, path):
    state_dict = torch.load(path)
    new_state_dict = OrderedDict()
    if list(state_dict)[0].startswith("module."):
        for k, v in state_dict.items():
            name = {name}  # remove `module.`
            new_state_dict[name] = v
    model.load_state_dict(new_state_dict or state_dict)
"""


def _loop(name: str) -> str:
    return _LOOP.format(name=name)


def _one(expression: str) -> str:
    return f"def load(model, state):\n    model.load_state_dict({expression})\n"


class PrefixKeys(Transform):
    """``k.replace("module.", "")`` -> ``k[7:] if k.startswith("module.") else k``.

    Checkpoints saved through DataParallel have ``module.`` before every key; code that takes it off often
    takes off more: ``replace`` damages ``submodule.weight`` and takes inner wrappers' names out too,
    ``lstrip`` strips letters, and a plain ``k[7:]`` cuts the keys of a checkpoint saved without the wrapper.
    Only the key expression changes; the loop, its order and its container stay. That the seven letters are
    ``module.`` must be said by code of the same function: a comparison with that text, or DataParallel itself; a comment
    is no evidence. All of it needs ``--unsafe``, for what is loaded changes: keys without the prefix keep their first
    letters (with ``strict=False`` they were left out before), and so do names that have ``module.`` further in.
    """

    code = "SF502"
    name = "prefix-keys"
    phase = Phase.DEPLOY
    safety = Safety.API
    hints = ("state_dict",)
    source = "https://docs.pytorch.org/tutorials/beginner/saving_loading_models.html"
    examples = (
        Fires(_loop("k[7:]"), _loop('k[7:] if k.startswith("module.") else k'), name="slice"),
        Fires(_loop("k[len('module.'):]"), _loop("k[len('module.'):] if k.startswith('module.') else k"), name="slice by length"),
        Fires(_loop("k.replace('module.', '')"), _loop("k[7:] if k.startswith('module.') else k"), name="replace"),
        Fires(_loop("k.lstrip('module.')"), _loop("k[7:] if k.startswith('module.') else k"), name="lstrip"),
        Fires(
            _one("{k.replace('module.', ''): v for k, v in state.items()}"),
            _one("{k[7:] if k.startswith('module.') else k: v for k, v in state.items()}"),
            name="dict comprehension",
        ),
        Fires(
            _one("{'net.' + key.replace('module.', '', 1): state[key] for key in state.keys()}"),
            _one("{'net.' + (key[7:] if key.startswith('module.') else key): state[key] for key in state.keys()}"),
            name="inside an expression",
        ),
        Fires(
            _one("{(k.replace('module.', '') if k.startswith('module.') else k): v for k, v in state.items()}"),
            _one("{(k[7:] if k.startswith('module.') else k): v for k, v in state.items()}"),
            name="guarded replace",
        ),
        Fires(
            "from torch import nn\n\n\ndef load(model, state):\n    model = nn.DataParallel(model)\n"
            "    model.module.load_state_dict({k[7:]: v for k, v in state.items()})\n",
            "from torch import nn\n\n\ndef load(model, state):\n    model = nn.DataParallel(model)\n"
            '    model.module.load_state_dict({k[7:] if k.startswith("module.") else k: v for k, v in state.items()})\n',
            name="the wrapper is evidence",
        ),
        Declines(
            "def load(model, state):\n    # the module. prefix is gone: take resnet. off\n"
            "    model.load_state_dict({k[7:]: v for k, v in state.items()})\n",
            because="only a comment",
            name="a comment is no evidence",
        ),
        Declines(_one("{k.split('module.')[-1]: v for k, v in state.items()}"), because="last module."),
        Ignores(_one("{k[7:] if k.startswith('module.') else k: v for k, v in state.items()}"), name="guarded"),
        Ignores(_one("{k[7:]: v for k, v in state.items() if k.startswith('module.')}"), name="filtered"),
        Fires(
            _one("{k.replace('module.', ''): v for k, v in state.items() if k.startswith('net.module.')}"),
            _one("{k[7:] if k.startswith('module.') else k: v for k, v in state.items() if k.startswith('net.module.')}"),
            name="another prefix is asked for",
        ),
        Ignores(_one("{k[7:]: v for k, v in state.items()}"), name="seven of something else"),
        Ignores(_one("{k.replace('backbone.', ''): v for k, v in state.items()}"), name="another prefix"),
        Ignores("def name(path, state_dict):\n    return path.replace('module.', '')\n", name="not a key of a loop"),
    )

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Yield a rewrite for each key expression in a loop over a dict that strips more than the prefix."""
        for call in tree.find(cst.Call):
            if isinstance(call.func, cst.Attribute):
                yield from self._method(tree, call, call.func)
        for cut in tree.find(cst.Subscript):
            if isinstance(cut.value, cst.Name):
                yield from self._slice(tree, cut, cut.value)

    def _method(self, tree: Tree, node: cst.Call, func: cst.Attribute) -> Iterator[Proposal]:
        key = func.value
        texts = [arg.value for arg in node.args if isinstance(arg.value, cst.SimpleString)]
        if not isinstance(key, cst.Name) or not texts or texts[0].evaluated_value != PREFIX or _loop_of(tree, node, key.value) is None:
            return
        method = func.attr.value
        if method == "split":
            yield tree.decline(self, node, f"{tree.code(node)} keeps what follows the last module. of a key, not what follows the prefix")
            return
        to_nothing = method == "replace" and len(texts) > 1 and texts[1].evaluated_value == ""
        if not to_nothing and not (method in ("lstrip", "strip") and len(node.args) == 1):
            return
        name = key.value
        guarded = _guarded(tree, node, name)
        text = f"{name}[7:]" if guarded else f"{name}[7:] if {name}.startswith({texts[0].value}) else {name}"
        why = f"{method} also changes keys that have these letters further in"
        yield self._rewritten(tree, node, text, guarded, why)

    def _slice(self, tree: Tree, node: cst.Subscript, key: cst.Name) -> Iterator[Proposal]:
        quoted = _cut(tree, node)
        loop = _loop_of(tree, node, key.value) if quoted else None
        if loop is None or _guarded(tree, node, key.value) or _stored(tree, node):
            return
        if not _asked_for(tree, node) and not isinstance(_cut_length(node), cst.Call):
            first, last = tree.lines(loop)
            around = tree.text[tree.line_start(max(1, first - NEAR)) : tree.line_end(min(last + NEAR, tree.line_of(len(tree.text))))]
            if PREFIX in around:
                because = f"{tree.code(node)} cuts seven letters, and only a comment says that they are {PREFIX}"
                yield tree.decline(self, node, because)
            return
        text = f"{tree.code(node)} if {key.value}.startswith({quoted}) else {key.value}"
        why = "a key without the prefix, as a model that is not wrapped saves it, would lose its first letters"
        yield self._rewritten(tree, node, text, False, why)

    def _rewritten(self, tree: Tree, node: cst.BaseExpression, text: str, tight: bool, why: str) -> Proposal:
        above = tree.parent(node)
        bare = tight or bool(node.lpar) or isinstance(above, _BARE)
        edit = tree.replace(node, text if bare else f"({text})")
        title = "take only the prefix module. off the keys"
        return tree.rewrite(self, node, title, [edit], why=why)


def _cut_length(node: cst.Subscript) -> cst.BaseExpression | None:
    """How many letters a subscript cuts off."""
    part = node.slice[0].slice
    return part.lower if isinstance(part, cst.Slice) else None


def _asked_for(tree: Tree, node: cst.CSTNode) -> bool:
    """Whether code of the same function names the prefix, in a comparison or a question, or the wrapper that puts it there."""
    scope = tree.enclosing(node, cst.FunctionDef) or tree.module
    for text in tree.find(cst.SimpleString, scope):
        above = tree.parent(text)
        asked = isinstance(above, cst.Comparison | cst.ComparisonTarget) or (
            isinstance(above, cst.Arg) and isinstance(call := tree.parent(above), cst.Call) and _is_question(call)
        )
        if asked and text.evaluated_value in _WORDS:
            return True
    return any(tree.dotted(call.func).rpartition(".")[2] in _WRAPPERS for call in tree.find(cst.Call, scope))


def _is_question(call: cst.Call) -> bool:
    return isinstance(call.func, cst.Attribute) and call.func.attr.value in ("startswith", "find", "index", "count", "removeprefix")


def _cut(tree: Tree, node: cst.Subscript) -> str:
    """The prefix, quoted, where a subscript cuts off as many letters as it has; else ``""``."""
    only = node.slice[0].slice if len(node.slice) == 1 else None
    if not isinstance(only, cst.Slice) or only.lower is None or only.upper is not None or only.step is not None:
        return ""
    lower = only.lower
    if isinstance(lower, cst.Integer):
        return '"module."' if lower.evaluated_value == len(PREFIX) else ""
    if isinstance(lower, cst.Call) and tree.dotted(lower.func) == "builtins.len" and len(lower.args) == 1:
        text = lower.args[0].value
        return text.value if isinstance(text, cst.SimpleString) and text.evaluated_value == PREFIX else ""
    return ""


def _stored(tree: Tree, node: cst.Subscript) -> bool:
    return isinstance(tree.parent(node), cst.AssignTarget | cst.Del | cst.AugAssign)


def _loop_of(tree: Tree, node: cst.CSTNode, name: str) -> cst.CSTNode | None:
    """The loop or comprehension around a node whose key variable has that name."""
    for above in tree.ancestors(node):
        if isinstance(above, cst.FunctionDef | cst.Lambda):
            return None
        loops: list[cst.For | cst.CompFor] = [above] if isinstance(above, cst.For) else []
        if isinstance(above, cst.DictComp | cst.ListComp | cst.GeneratorExp):
            loops = [above.for_in]
        for loop in loops:
            target = loop.target
            if isinstance(target, cst.Tuple) and target.elements:
                target = target.elements[0].value  # type: ignore[assignment]
            if [bound.value for bound in target_names(target)] == [name]:
                return above
    return None


def _guarded(tree: Tree, node: cst.CSTNode, name: str) -> bool:
    """Whether a test for the prefix decides about a node: a ternary, an ``if``, or a comprehension's."""
    below = node
    for above in tree.ancestors(node):
        tests: list[cst.BaseExpression] = []
        if isinstance(above, cst.If | cst.IfExp) and below is above.body:
            tests = [above.test]
        elif isinstance(above, cst.DictComp | cst.ListComp | cst.GeneratorExp):
            tests = [condition.test for condition in above.for_in.ifs]
        if any(_says_prefix(tree, test, name) for test in tests):
            return True
        below = above
    return False


def _says_prefix(tree: Tree, test: cst.BaseExpression, name: str) -> bool:
    """Whether a key that passes a test begins with the prefix: ``k.startswith("module.net")``, alone or with another test."""
    if isinstance(test, cst.BooleanOperation) and isinstance(test.operator, cst.And):
        return _says_prefix(tree, test.left, name) or _says_prefix(tree, test.right, name)
    if not isinstance(test, cst.Call) or len(test.args) != 1 or tree.code(test.func) != f"{name}.startswith":
        return False
    text = test.args[0].value
    value = text.evaluated_value if isinstance(text, cst.SimpleString) else ""
    return isinstance(value, str) and value.startswith(PREFIX)
