"""What a file's names stand for."""

from __future__ import annotations

import libcst as cst
import pytest

import scriptify
from scriptify.transform import Import
from scriptify.tree import Tree


@pytest.mark.parametrize(
    ("text", "dotted"),
    [
        ("import torch.nn as nn\n", "torch.nn.Linear"),
        ("nn = 3\nimport torch.nn as nn\n\nclass A(nn.Module): pass\n", "torch.nn.Linear"),
        ("nn = 3\nfrom torch import nn\n", "torch.nn.Linear"),
        ("import torch.nn as nn\nnn = 3\n", ""),
        ("nn = 3\n\nclass A(nn.Module): pass\n\nimport torch.nn as nn\n", ""),
        ("nn = 3\nif nn:\n    import torch.nn as nn\n", ""),
        ("import torch.nn as nn\n\ndef nn(): pass\n", ""),
        ("import torch.nn as nn\n\ndef f():\n    global nn\n    nn = 3\n", ""),
        ("import torch.nn as nn\n\ndef f():\n    global nn\n    return nn\n", "torch.nn.Linear"),
    ],
)
def test_the_last_binding_above_all_code_counts(text, dotted):
    assert Tree("a.py", text).dotted(cst.parse_expression("nn.Linear")) == dotted


def test_a_torch_that_is_not_imported_yet_is_the_one_that_a_rewrite_imports() -> None:
    text = (
        "import torch.utils.checkpoint as cp\nfrom torch.nn import Module\n\n\nclass Net(Module):\n"
        "    def step(self, x):\n        return x\n\n    def forward(self, x):\n        return cp.checkpoint(self.step, x)\n"
    )
    result = scriptify.rewrite(text)
    assert not result.failures
    assert result.draft.texts["source.py"].count("is_scripting()") == 1


@pytest.mark.parametrize(
    ("after", "dotted", "spelt"),
    [
        ("", "torch.nn.functional.relu", "F.relu"),
        ("import math as F\n", "math.relu", "torch.nn.functional.relu"),
        ("from house import F\n", "house.F.relu", "torch.nn.functional.relu"),
        ("\n\nclass A: pass\n\nfrom house import functional as F\n", "house.functional.relu", "torch.nn.functional.relu"),
        ("\n\ndef f():\n    import math as F\n", "torch.nn.functional.relu", "F.relu"),
        ("try:\n    from house import F\nexcept ImportError:\n    pass\n", "torch.nn.functional.relu", "torch.nn.functional.relu"),
    ],
)
def test_functions_see_what_the_module_imports_last(after: str, dotted: str, spelt: str) -> None:
    tree = Tree("a.py", f"import torch\nimport torch.nn.functional as F\n{after}")
    assert tree.dotted(cst.parse_expression("F.relu")) == dotted
    assert tree.imports.spell("torch.nn.functional.relu")[0] == spelt


def test_a_function_sees_what_it_imports_itself() -> None:
    tree = Tree("a.py", "import torch.nn.functional as F\n\n\ndef f(x):\n    import math as F\n    return F.sqrt(x)\n")
    assert [tree.dotted(call.func) for call in tree.find(cst.Call)] == ["math.sqrt"]


def test_an_import_for_type_checkers_alone_is_none_when_code_runs() -> None:
    tree = Tree("m.py", "from typing import TYPE_CHECKING\nfrom torch import nn\n\nif TYPE_CHECKING:\n    import torch\n")
    text, imports = tree.imports.spell("torch.empty")
    assert (text, imports) == ("torch.empty", (Import("m.py", "torch"),))
    assert [edit.text for edit in tree.imports.edits(imports)] == ["import torch\n"]
