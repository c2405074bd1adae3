"""No transform writes a builtin or an import whose name means something else where it would stand."""

from __future__ import annotations

import re

import libcst as cst
import pytest

from scriptify import examples
from scriptify.meaning import other_meaning
from scriptify.pipeline import propose
from scriptify.registry import all_transforms
from scriptify.transform import Edit, Fires
from scriptify.tree import Tree

NAMES = "len list dict str int bool float isinstance range enumerate zip sum tuple max min getattr hasattr sorted set any all type".split()


def _calls(name: str, text: str) -> int:
    return len(re.findall(rf"(?<![\w.]){name}\(", text))


def _cases() -> list[object]:
    return [
        pytest.param(transform, example, name, id=f"{transform.code}-{examples.label(transform, index)}-{name}")
        for transform in all_transforms()
        for index, example in enumerate(transform.examples)
        if isinstance(example, Fires)
        for name in NAMES
        if _calls(name, example.after) and not _calls(name, example.before)
    ]


@pytest.mark.parametrize(("transform", "example", "name"), _cases())
def test_a_builtin_that_the_file_takes_is_not_written(transform, example, name):
    lines = example.before.split("\n")
    at = max((number for number, line in enumerate(lines, 1) if re.match(r"(import|from) ", line)), default=0)
    text = "\n".join([*lines[:at], f"{name} = other({name!r})", *lines[at:]])
    after = examples.rewritten(transform, text, example)[0]
    assert _calls(name, after) == 0 or after == text


HEAD = "import torch\nfrom torch import nn\n\n\nclass Net(nn.Module):\n    def forward(self, x: torch.Tensor):\n"


@pytest.mark.parametrize(
    ("line", "name"), [("with self.tools as torch:", "torch"), ("for torch in self.all:", "torch"), ("for isinstance in x:", "isinstance")]
)
def test_an_import_or_builtin_that_the_function_takes_is_not_written(line, name):
    text = f"{HEAD}        {line}\n            pass\n        return callable(x)\n"
    found = propose(examples.PATH, text, examples.facts_for(text, Fires("", "")), all_transforms())
    written = [edit.text for rewrite in found.rewrites for edit in rewrite.edits]
    assert not [edit for edit in written if re.search(rf"(?<![\w.]){name}[.(]", edit)]


def test_an_import_inside_the_function_is_the_same_name():
    text = f"{HEAD}        import torch\n        return callable(x)\n"
    tree = Tree("net.py", text)
    place = text.index("callable(x)")
    asked = tree.rewrite(all_transforms()[0], tree.module, "", [Edit("net.py", place, place + 11, "torch.is_tensor(x)")])
    assert other_meaning(tree, asked) == ""


def test_builtins_by_a_compatibility_module_are_builtins():
    text = "from six.moves import range\n" + HEAD + "        return x * len(range(4))\n"
    found = propose(examples.PATH, text, examples.facts_for(text, Fires("", "")), all_transforms())
    assert not [decline for decline in found.declines if "the name range" in decline.because]


def test_a_star_that_brings_other_builtins():
    text = "from torch import *\n" + HEAD + "        return x if all(t > 0 for t in [x]) else x + 1\n"
    found = propose(examples.PATH, text, examples.facts_for(text, Fires("", "")), all_transforms())
    assert not [rewrite for rewrite in found.rewrites if rewrite.code == "SF717"]
    tree = Tree("net.py", text)
    assert (tree.imports.dotted(cst.Name("all")), tree.imports.dotted(cst.Name("len"))) == ("", "builtins.len")
