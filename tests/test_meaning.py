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
    assert _calls(name, after) == 0


HEAD = "import torch\nfrom torch import nn\n\n\nclass Net(nn.Module):\n    def forward(self, x: torch.Tensor):\n"


def meant(head: str, line: str, text: str) -> str:
    """What ``other_meaning`` says of writing ``text`` in place of a call below a line of forward."""
    source = f"{head}        {line}\n            pass\n        return callable(x)\n"
    tree = Tree("net.py", source)
    at = source.index("callable(x)")
    return other_meaning(tree, tree.rewrite(all_transforms()[0], tree.module, "", [Edit("net.py", at, at + 11, text)]))


@pytest.mark.parametrize(
    ("head", "line", "text", "name"),
    [
        (HEAD, "with self.tools as torch:", "torch.is_tensor(x)", "torch"),
        (HEAD, "for torch in self.all:", "torch.is_tensor(x)", "torch"),
        (HEAD, "for isinstance in x:", "isinstance(x, int)", "isinstance"),
        (HEAD.replace("x:", "len, x:"), "if x.dim():", "len(x)", "len"),
        (f"def len(x): ...\n{HEAD}", "if x.dim():", "len(x)", "len"),
        (f"from torch import *\n{HEAD}", "if x.dim():", "sum(x)", "sum"),
        (HEAD, "if x.dim():", "len(x) + torch.is_tensor(x)", ""),
        (HEAD, "if x.dim():\n            import torch", "torch.is_tensor(x)", ""),
        (HEAD, "for len in x:", "x.len(x)", ""),
        (HEAD, "for callable in x:", "not callable(x)", ""),
        (f"from six.moves import range\n{HEAD}", "if x.dim():", "range(4)", ""),
        (f"from mine import range\n{HEAD}", "if x.dim():", "range(4)", "range"),
    ],
)
def test_what_a_name_means_where_it_is_written(head, line, text, name):
    assert meant(head, line, text) == name


def test_a_star_that_brings_other_builtins():
    text = "from torch import *\n" + HEAD + "        return x if all(t > 0 for t in [x]) else x + 1\n"
    found = propose(examples.PATH, text, examples.facts_for(text, Fires("", "")), all_transforms())
    assert not [rewrite for rewrite in found.rewrites if rewrite.code == "SF717"]
    tree = Tree("net.py", text)
    assert (tree.imports.dotted(cst.Name("all")), tree.imports.dotted(cst.Name("len"))) == ("", "builtins.len")


@pytest.mark.parametrize(
    "line",
    [
        "inspect = 3",
        "import house.inspect as inspect",
        "from house import inspect",
        "def functools(x): ...",
        "try:\n    from house import functools\nexcept ImportError:\n    pass",
    ],
)
def test_an_import_whose_name_the_file_takes_is_not_added(line):
    head = f"{HEAD.replace('self, x: torch.Tensor', 'self, x, **kwargs')}        return x\n"
    source = head.replace("\n\n\n", f"\n\n{line}\n\n\n", 1)
    tool = [transform for transform in all_transforms() if transform.code == "SF107"]
    assert [r.code for r in propose(examples.PATH, head, examples.facts_for(head, Fires("", "")), tool).rewrites] == ["SF107"]
    found = propose(examples.PATH, source, examples.facts_for(source, Fires("", "")), tool)
    assert not found.rewrites
    assert "means something else here" in found.declines[0].because
