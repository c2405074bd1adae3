"""What the oracle remembers: a question is the same where the files that were read are."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scriptify.oracle.memory import Memory, digest_of
from scriptify.oracle.protocol import Entry, Verdict

ENTRY = Entry("net.py:entry", "/project")
PATHS = [f"/project/{name}.py" for name in "abc"]
OVERLAYS = st.dictionaries(st.sampled_from(PATHS), st.sampled_from(["x", "y"]))


@given(OVERLAYS, OVERLAYS, st.frozensets(st.sampled_from(PATHS)))
def test_overlays_that_agree_on_what_was_read_are_one(asked: dict[str, str], again: dict[str, str], read: frozenset[str]) -> None:
    memory, verdict = Memory(), Verdict(cases=7)
    memory.keep(ENTRY, "reloads", asked, dict.fromkeys(read, ""), verdict)
    same = all(asked.get(path) == again.get(path) for path in read)
    assert memory.find(ENTRY, "reloads", again) == (verdict if same else None)
    assert memory.find(ENTRY, "quick", again) is None
    assert memory.find(Entry("other.py:entry", "/project"), "reloads", again) is None


def test_a_file_that_changes_on_disk_is_another_question(tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    path.write_text("1")
    memory = Memory()
    memory.keep(ENTRY, "reloads", {}, {str(path): digest_of(str(path))}, Verdict())
    assert memory.find(ENTRY, "reloads", {}) is not None
    path.write_text("2")
    assert memory.find(ENTRY, "reloads", {}) is None
    path.unlink()
    assert memory.find(ENTRY, "reloads", {}) is None


def test_what_another_oracle_answered_is_learned() -> None:
    ours, theirs = Memory(), Memory()
    theirs.keep(ENTRY, "reloads", {PATHS[0]: "x"}, {PATHS[0]: ""}, Verdict(cases=3))
    ours.learn(theirs.of(ENTRY))
    assert ours.find(ENTRY, "reloads", {PATHS[0]: "x", PATHS[1]: "y"}) == Verdict(cases=3)


@pytest.mark.parametrize("broken", [True, False])
def test_a_file_that_was_looked_for_counts_even_if_its_import_failed(oracle, tmp_path: Path, broken: bool) -> None:
    fast = tmp_path / "fast_of_the_memory_test.py"
    fast.write_text("raise ImportError\n")
    (tmp_path / "net.py").write_text(
        "import torch\ntry:\n    import fast_of_the_memory_test as fast\nexcept ImportError:\n    fast = None\n\n\n"
        "def f(x):\n    return x\n\n\ndef entry():\n    return f, (torch.ones(2 if fast is None else 3),)\n"
    )
    entry = Entry("net.py:entry", str(tmp_path))
    assert oracle.judge(entry, {}).ok
    before = oracle.attempts
    text = "raise ImportError  # still\n" if broken else "answer = 1\n"
    oracle.judge(entry, {str(fast): text})
    assert oracle.attempts > before
    oracle.judge(entry, {str(tmp_path / "never_read.py"): "nothing"})
    assert oracle.attempts == before + 1


def test_an_installed_file_counts_though_no_attempt_records_it() -> None:
    installed = "/usr/lib/python3/site-packages/net.py"
    memory = Memory()
    memory.keep(ENTRY, "reloads", {}, {PATHS[0]: ""}, Verdict(cases=1))
    assert memory.find(ENTRY, "reloads", {installed: "x"}) is None
    memory.keep(ENTRY, "reloads", {installed: "x"}, {PATHS[0]: ""}, Verdict(cases=2))
    assert memory.find(ENTRY, "reloads", {installed: "x", PATHS[1]: "y"}) == Verdict(cases=2)
    assert memory.find(ENTRY, "reloads", {installed: "z"}) is None
    assert memory.find(ENTRY, "reloads", {}) == Verdict(cases=1)
