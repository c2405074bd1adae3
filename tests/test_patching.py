"""A patch applied in memory gives what ``diff`` was made from, and refuses what it does not fit."""

from __future__ import annotations

import difflib
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scriptify.patching import PatchError, patched

LINES = st.lists(st.sampled_from(["a", "b", "-- c", "++ d", "@@ e", "", "--- f", " g"]), min_size=1, max_size=12)


@given(LINES, LINES)
def test_it_gives_what_the_patch_was_made_from(before: list[str], after: list[str]) -> None:
    old, new = ([f"{line}\n" for line in lines] for lines in (before, after))
    text = "".join(difflib.unified_diff(old, new, "a/x.py", "b/x.py", n=2))
    with TemporaryDirectory() as folder:
        path = Path(folder, "x.py").resolve()
        path.write_text("".join(old))
        if old == new:
            with pytest.raises(PatchError, match="no change"):
                patched(text, path.parent)
        else:
            assert patched(text, path.parent) == {path: "".join(new)}


def test_line_ends_and_a_missing_last_one_stay(tmp_path: Path) -> None:
    (tmp_path / "x.py").write_bytes(b"a\r\nb\r\nc")
    text = "--- x.py\n+++ x.py\n@@ -1,3 +1,3 @@\n-a\n+A\n b\n-c\n\\ No newline at end of file\n+C\n\\ No newline at end of file\n"
    assert patched(text, tmp_path) == {(tmp_path / "x.py").resolve(): "A\nb\r\nC"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "holds no change"),
        ("--- a/y.py\n+++ b/y.py\n@@ -1 +1 @@\n-a\n+b\n", "there is no a/y.py"),
        ("--- a/x.py\n+++ b/x.py\n@@ -1 +1 @@\n-b\n+a\n", "does not fit a/x.py at line 1"),
        ("--- a/x.py\n+++ b/x.py\n@@ -9 +9 @@\n-a\n+b\n", "does not fit"),
        ("--- /dev/null\n+++ b/z.py\n@@ -0,0 +1 @@\n+a\n", "before and after"),
    ],
)
def test_what_does_not_fit_is_refused(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "x.py").write_text("a\n")
    with pytest.raises(PatchError, match=said):
        patched(text, tmp_path)
