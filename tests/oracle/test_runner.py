"""Whatever user code does is a verdict with one clear sentence, and the oracle goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from scriptify.oracle.protocol import Entry, Limits, State, Verdict
from scriptify.oracle.runner import Oracle, OracleError

Judging = Callable[..., Verdict]

FINE = "class M(nn.Module):\n    def forward(self, x): return x * 2\ndef entry(): return M(), (torch.ones(2),)\n"


def stopped(verdict: Verdict) -> tuple[str, str]:
    """The level that was refuted, with its sentence; none after it was tried."""
    assert verdict.first_failure is not None
    name, level = verdict.first_failure
    assert level.state is State.REFUTED and "\n" not in level.detail
    levels = dict(verdict.levels())
    assert all(levels[later].state is State.NOT_TRIED for later in list(levels)[list(levels).index(name) + 1 :])
    return name, level.detail


def test_importing_the_runner_does_not_import_torch() -> None:
    code = "import sys, scriptify.oracle.runner; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


SEGV = ("eager_same", "crashed the process with SIGSEGV", "case.py:9")
WRONG = {
    "raise ValueError('no such thing')": ("imports", "can't be imported: ValueError: no such thing (", "case.py:8)"),
    "import not_there": ("imports", "ModuleNotFoundError", "case.py:8)"),
    "def entry(:": ("imports", "SyntaxError", "case.py:8)"),
    "def other(): pass": ("imports", "has no function entry", ""),
    "entry = 3": ("imports", "entry is a int, not a function", ""),
    "def entry(): return 1 / 0": ("imports", "raises ZeroDivisionError: division by zero (", "case.py:8)"),
    "def entry(): return nn.ReLU()": ("imports", "returned a ReLU; it must return (model, args)", "case.py:8)"),
    "def entry(): return nn.ReLU(), torch.ones(1)": ("imports", "returned a Tensor as args; it must be a tuple", "case.py:8)"),
    "def entry(): return 3, ()": ("imports", "returned a int as the model", "case.py:8)"),
    "def entry(): return nn.ReLU(), (), 3": ("imports", "returned a int as kwargs", "case.py:8)"),
    "def entry(): return []": ("imports", "gave no case", "case.py:8)"),
    "import sys; sys.exit(3)": ("imports", "SystemExit: exit code 3", "case.py:8)"),
    "import os; os._exit(3)": ("imports", "ended the process with exit code 3", ""),
    "def entry(): return input()": ("imports", "raises EOFError", "case.py:8)"),
    "def entry(): return nn.Linear(2, 2), (torch.ones(3),)": ("eager_same", "the original model raises RuntimeError", ""),
    "def f(x):\n    import ctypes; ctypes.string_at(0)\ndef entry(): return f, (1,)": SEGV,
    "def f(x):\n    import os; os.abort()\ndef entry(): return f, (1,)": ("eager_same", "crashed the process with SIGABRT", "case.py:9"),
    "def f(x):\n    raise SystemExit\ndef entry(): return f, (1,)": ("eager_same", "the original model raises SystemExit", "case.py:9)"),
}


@pytest.mark.parametrize("source", WRONG)
def test_bad_entries_are_verdicts(judging: Judging, source: str) -> None:
    level, *parts = WRONG[source]
    verdict = judging(source)
    name, detail = stopped(verdict)
    assert name == level and all(part in detail for part in parts), detail
    assert verdict.error


def test_a_missing_file_and_module(oracle: Oracle, tmp_path: Path) -> None:
    assert "there is no file" in stopped(oracle.judge(Entry("nothing.py:f", str(tmp_path))))[1]
    assert "No module named 'nothing'" in stopped(oracle.judge(Entry("nothing:f", str(tmp_path))))[1]


def test_output_and_descriptors_of_user_code_do_no_harm(judging: Judging) -> None:
    noise = "import os, sys\nprint('x' * 100000)\nos.write(1, b'junk')\nos.write(2, b'junk')\nsys.stderr.write('y')\n"
    assert judging(noise + FINE).ok
    _, detail = stopped(judging("import os\nos.closerange(3, 256)\n" + FINE))
    assert "ended the process with exit code" in detail


def test_a_hang_is_stopped_with_all_its_children(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    source = f"""
        import subprocess, time, torch
        def f(x):
            child = subprocess.Popen(["sleep", "60"])
            open({str(pid)!r}, "w").write(str(child.pid))
            while True:
                time.sleep(0.1)
        def entry(): return f, (1,)
        """
    (tmp_path / "case.py").write_text(textwrap.dedent(source))
    (tmp_path / "fine.py").write_text("import torch\nfrom torch import nn\n" + FINE)
    with Oracle(tmp_path, Limits(seconds=1.5)) as oracle:
        assert oracle.torch_version
        begun = time.monotonic()
        name, detail = stopped(oracle.judge(Entry("case.py:entry")))
        assert time.monotonic() - begun < 6
        assert name == "eager_same" and detail.startswith("the original did not finish within 1.5 seconds at ") and "case.py:7" in detail
        assert not Path(f"/proc/{pid.read_text()}").exists() or "Z" in Path(f"/proc/{pid.read_text()}/stat").read_text().split()[2]
        assert oracle.judge(Entry("fine.py:entry")).ok


def test_memory_is_limited_and_a_dead_worker_restarted(tmp_path: Path) -> None:
    (tmp_path / "case.py").write_text("import torch\ndef f(x): return torch.ones(1 << 30) + x\ndef entry(): return f, (1,)\n")
    (tmp_path / "fine.py").write_text("import torch\nfrom torch import nn\n" + FINE)
    killing = "import os, signal\ndef entry(): os.kill(os.getppid(), signal.SIGKILL); import time; time.sleep(5)\n"
    (tmp_path / "kill.py").write_text(killing)
    with Oracle(tmp_path, Limits(seconds=30, memory=1 << 30)) as oracle:
        assert stopped(oracle.judge(Entry("case.py:entry")))[1] == "the original model runs out of memory"
        assert "the oracle's process died" in stopped(oracle.judge(Entry("kill.py:entry")))[1]
        assert oracle.judge(Entry("fine.py:entry")).ok


def test_a_python_without_torch_is_one_sentence(tmp_path: Path) -> None:
    fake = tmp_path / "python"
    fake.write_text("#!/bin/sh\nexit 1\n")
    fake.chmod(0o755)
    with Oracle(python=str(fake)) as oracle, pytest.raises(OracleError, match="can't run the oracle"):
        oracle.judge(Entry("m:f"))
    with Oracle(python=str(tmp_path / "none")) as oracle, pytest.raises(OracleError, match="can't be started"):
        oracle.judge(Entry("m:f"))


def test_an_unknown_level_is_refused(oracle: Oracle) -> None:
    with pytest.raises(ValueError, match="is no level"):
        oracle.judge(Entry("m:f"), upto="everything")


def test_closing_leaves_no_process(tmp_path: Path) -> None:
    oracle = Oracle(tmp_path)
    assert oracle.torch_version
    worker = oracle._worker
    assert worker is not None
    oracle.close()
    with pytest.raises(ProcessLookupError):
        os.kill(worker.process.pid, signal.SIG_DFL)


def test_verdicts_are_kept_until_a_file_changes(oracle: Oracle, tmp_path: Path) -> None:
    (tmp_path / "part.py").write_text("FACTOR = 2\n")
    text = "import torch\nimport part\ndef f(x): return x * part.FACTOR\ndef entry(): return f, (torch.ones(2),)\n"
    (tmp_path / "case.py").write_text(text)
    entry = Entry("case.py:entry", str(tmp_path))
    first = oracle.judge(entry)
    assert first.ok
    assert oracle.judge(entry) is first and oracle.judge(entry, upto="keys_same") is not None
    before = oracle.attempts
    assert oracle.judge(entry) is first and oracle.attempts == before
    (tmp_path / "part.py").write_text("def FACTOR(): pass\n")
    changed = oracle.judge(entry)
    assert stopped(changed)[0] == "eager_same", "the baseline is measured again too"


def test_upto_stops_early(judging: Judging) -> None:
    for level, depth in (("imports", 1), ("keys_same", 3), ("scripts", 4), ("scripted_same", 5), ("reloads", 6)):
        verdict = judging(FINE + f"# {level}\n", upto=level)
        assert verdict.depth == depth
        assert all(later.detail == "not asked for" for _, later in list(verdict.levels())[depth:])


def test_a_scripted_model_is_saved_with_its_own_parameters(oracle: Oracle, tmp_path: Path) -> None:
    path = tmp_path / "case.py"
    path.write_text("import torch\ndef entry(): return torch.nn.LayerNorm(4), (torch.ones(4),)\n")
    oracle.script_save(Entry("case.py:entry", str(tmp_path)), {}, tmp_path / "m.pt")
    code = f"import torch; assert bool((torch.jit.load({str(tmp_path / 'm.pt')!r}).weight == 1).all())"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    path.write_text("import torch\ndef f(x): return (lambda y: y)(x)\ndef entry(): return f, (torch.ones(4),)\n")
    with pytest.raises(OracleError, match="does not script: Lambda"):
        oracle.script_save(Entry("case.py:entry", str(tmp_path)), {}, tmp_path / "n.pt")
    assert not [p for p in tmp_path.iterdir() if p.suffix in (".part",) or p.name == "n.pt"]
