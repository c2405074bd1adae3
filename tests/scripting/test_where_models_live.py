"""Models whose classes are in a script, in a notebook's cells, under a changed file; lambdas; what can't travel."""

from __future__ import annotations

import linecache
import os
import subprocess
import sys
import threading
import types
from pathlib import Path
from textwrap import dedent, indent

import pytest
import torch
from torch import nn

import scriptify

SCRIPT = """
import sys
import torch
from torch import nn
import scriptify

WIDTH = 3
CONFIG = {"by": 2, "lock": None}
LOCK = __import__("threading").Lock()
runs = open("runs.txt", "a")
runs.write("ran\\n")
runs.close()


def scaled(x, bias=None):
    x = x * CONFIG["by"]
    return x if bias is None else x + bias


class Base(nn.Module):
    def __init__(self):
        super().__init__()
        self.parts = nn.ModuleList(nn.Linear(WIDTH, WIDTH) for _ in range(2))


class Net(Base):
    def forward(self, x):
        for i in range(len(self.parts)):
            x = self.parts[i](x)
        return x


def train(model):
    with LOCK:
        return model


net = train(Net())
x = torch.rand(1, WIDTH)
scripted = scriptify.script(net, x)
assert torch.equal(scripted(x), net(x))
assert scripted.verdict.ok
print(scripted.patch)
"""


def run(path: Path, *command: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONPATH": str(Path(scriptify.__file__).parents[1])}
    return subprocess.run([sys.executable, *command], cwd=path, env=env, capture_output=True, text=True, timeout=300)


@pytest.mark.parametrize("guarded", [False, True], ids=["plain", "guarded"])
def test_a_script_is_not_run_a_second_time(tmp_path, guarded):
    head, start, tail = SCRIPT.partition("net = train")
    guard = "def main():\n" + indent(start + tail, "    ") + "\nif __name__ == '__main__':\n    main()\n"
    text = head + guard if guarded else SCRIPT
    (tmp_path / "job.py").write_text(text)
    done = run(tmp_path, "job.py")
    assert done.returncode == 0, done.stderr
    assert "+++ b/job.py" in done.stdout
    assert "+        for part in self.parts" in done.stdout or "enumerate(self.parts)" in done.stdout, done.stdout
    assert (tmp_path / "runs.txt").read_text() == "ran\n"
    assert (tmp_path / "job.py").read_text() == text


def test_a_script_run_as_a_module_keeps_its_relative_imports(tmp_path):
    package = tmp_path / "pack"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "blocks.py").write_text(
        dedent(
            """
            from torch import nn
            class Block(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.parts = nn.ModuleList(nn.Linear(2, 2) for _ in range(2))
                def forward(self, x):
                    for i in range(len(self.parts)):
                        x = self.parts[i](x)
                    return x
            """
        )
    )
    (package / "job.py").write_text(
        dedent(
            """
            import torch, scriptify
            from torch import nn
            from .blocks import Block
            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.block = Block()
                def forward(self, x):
                    return self.block(x)
            if __name__ == "__main__":
                print(scriptify.script(Net(), torch.rand(1, 2)).patch)
            """
        )
    )
    done = run(tmp_path, "-m", "pack.job")
    assert done.returncode == 0, done.stderr
    assert "+++ b/pack/blocks.py" in done.stdout


@pytest.fixture
def notebook(monkeypatch):
    """Run cells as a notebook does: the source in linecache only, all in one module without a file."""
    name = "notebook_under_test"
    module = types.ModuleType(name)
    monkeypatch.setitem(sys.modules, name, module)
    cells: list[str] = []

    def cell(text: str) -> types.ModuleType:
        path = f"<cell-{len(cells)}-{id(module)}>"
        cells.append(path)
        source = dedent(text)
        linecache.cache[path] = (len(source), None, source.splitlines(keepends=True), path)
        exec(compile(source, path, "exec"), vars(module))
        return module

    yield cell
    for path in cells:
        del linecache.cache[path]


def test_cells_of_a_notebook(notebook, oracle):
    notebook("import torch\nfrom torch import nn\nimport torch.nn.functional as F\nby = 2\n")
    notebook(
        """
        class Block(nn.Module):
            def forward(self, x):
                return x - 1
        """
    )
    notebook(
        """
        class Block(nn.Module):  # run again, changed
            def __init__(self):
                super().__init__()
                self.by = by
                self.n = limits.low
            def forward(self, x):
                return F.interpolate(x, scale_factor=2) * self.by + self.n
        """
    )
    notebook("class Limits:\n    low = 1\n    def __init__(self):\n        self.high = 2\n")
    notebook("limits = Limits()\n")
    module = notebook("net = nn.Sequential(Block(), Block())\n")
    x = torch.rand(1, 1, 2, 2)
    scripted = scriptify.script(module.net, x, oracle=oracle)
    assert torch.equal(scripted(x), module.net(x))
    assert "notebook_under_test (cells)" in scripted.patch


def test_a_model_typed_where_no_source_is_kept(oracle, monkeypatch):
    module = types.ModuleType("typed_under_test")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec("from torch import nn\nclass Net(nn.Module):\n    def forward(self, x):\n        return x\n", vars(module))
    with pytest.raises(scriptify.ScriptifyError, match="source of module typed_under_test is not known"):
        scriptify.script(module.Net(), torch.rand(1), oracle=oracle)


def test_lambdas_and_inner_functions_travel_by_their_place(imported, oracle):
    module = imported(
        """
        def doubling(by):
            def act(x):
                return x * by
            return act

        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.act = lambda x: torch.relu(x) + 1

            def forward(self, x):
                return self.act(x)

        class Closed(nn.Module):
            def __init__(self):
                super().__init__()
                self.act = doubling(3)

            def forward(self, x):
                return self.act(x)
        """
    )
    x = torch.randn(4)
    net = module.Net()
    scripted = scriptify.script(net, x, oracle=oracle)
    assert torch.equal(scripted(x), net(x))
    with pytest.raises(scriptify.ScriptifyError, match="refuses it"):
        scriptify.script(module.Closed(), x, oracle=oracle)


def test_a_function_that_the_instance_holds_is_called_by_its_own_name(imported, oracle):
    module = imported(
        """
        class Net(nn.Module):
            def __init__(self, n=1):
                super().__init__()
                self.n = n
                self.act = self.plus if n else self.minus

            def plus(self, x):
                return x + self.n

            def minus(self, x):
                return x - self.n

            def forward(self, x):
                return self.act(x)
        """
    )
    x = torch.rand(2)
    scripted = scriptify.script(module.Net(), x, oracle=oracle)
    assert "def _act_is_plus(self) -> bool:" in scripted.patch
    assert torch.equal(scripted(x), x + 1)


def test_what_a_rewrite_works_out_when_compiled_is_what_the_instance_holds_by_then(imported, oracle):
    module = imported(
        """
        class Net(nn.Module):
            def __init__(self, mode="c"):
                super().__init__()
                self.mode = mode

            def forward(self, x):
                if self.mode == "b":
                    return x.no_such_method()
                return x + 1
        """
    )
    x, net = torch.rand(2), module.Net("b")
    net.mode = "a"
    scripted = scriptify.script(net, x, oracle=oracle)
    assert "def _case_mode(self) -> bool:" in scripted.patch
    assert torch.equal(scripted(x), x + 1)


def test_a_file_that_changed_since_its_import_is_told(imported, oracle):
    module = imported("class Net(nn.Module):\n    def forward(self, x):\n        return x + 1\n")
    net = module.Net()
    path = Path(module.__file__)
    path.write_text(path.read_text().replace("x + 1", "x + 2"))
    with pytest.raises(scriptify.ScriptifyError, match=r"net\.py: Net\.forward in memory is not the one in the file"):
        scriptify.script(net, torch.rand(2), oracle=oracle)


def test_a_method_that_was_replaced_is_told(imported, oracle):
    module = imported("class Net(nn.Module):\n    def forward(self, x):\n        return x + 1\n\ndef other(self, x):\n    return x\n")
    module.Net.forward = module.other
    with pytest.raises(scriptify.ScriptifyError, match=r"Net\.forward was replaced after the class was made"):
        scriptify.script(module.Net(), torch.rand(2), oracle=oracle)


def test_a_class_inside_a_function_is_told(imported, oracle):
    module = imported("def make():\n    class Net(nn.Module):\n        def forward(self, x):\n            return x\n    return Net()\n")
    with pytest.raises(scriptify.ScriptifyError, match=r"class Net is defined inside make\(\)"):
        scriptify.script(module.make(), torch.rand(2), oracle=oracle)


def test_what_cannot_be_pickled_is_named(imported, oracle):
    net = imported("class Net(nn.Module):\n    def forward(self, x):\n        return x\n").Net()
    model = nn.Sequential(nn.ReLU(), net)
    net.lock = threading.Lock()
    with pytest.raises(scriptify.ScriptifyError, match=r"model\.1\.lock, a lock, can't be taken to another process"):
        scriptify.script(model, torch.rand(2), oracle=oracle)


def test_a_model_that_fails_in_eager_mode_is_told(imported, oracle):
    net = imported("class Net(nn.Module):\n    def forward(self, x):\n        return x @ torch.rand(5, 5)\n").Net()
    with pytest.raises(scriptify.ScriptifyError, match="does not run there") as caught:
        scriptify.script(net, torch.rand(2), oracle=oracle)
    assert caught.value.verdict.imports.ok
