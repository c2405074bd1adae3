"""Finding and reading the files of a run: what can't be read is a reason, and the rest goes on."""

from __future__ import annotations

from pathlib import Path

import pytest

from scriptify import project
from scriptify.source import SourceError


def names(found: project.Project) -> list[str]:
    return [Path(path).name for path in found.files]


def test_files_below_a_folder_in_order_without_what_is_not_ours(tmp_path: Path) -> None:
    for name in ("b.py", "a.py", "notes.txt", "sub/c.py", "build/d.py", ".hidden/e.py", "__pycache__/f.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x = 1\n")
    found = project.read([tmp_path], tmp_path)
    assert names(found) == ["a.py", "b.py", "c.py"]
    assert not found.unreadable


def test_a_file_named_twice_is_read_once(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1\n")
    (tmp_path / "same.py").symlink_to("a.py")
    assert names(project.read([tmp_path, tmp_path / "a.py"], tmp_path)) == ["a.py"]


def test_a_named_file_needs_no_ending(tmp_path: Path) -> None:
    (tmp_path / "train").write_text("x = 1\n")
    assert names(project.read([tmp_path / "train"], tmp_path)) == ["train"]


def test_one_bad_file_does_not_stop_the_others(tmp_path: Path) -> None:
    (tmp_path / "good.py").write_text("x = 1\n")
    (tmp_path / "bad.py").write_bytes(b"x = '\xe4'\n")
    (tmp_path / "nowhere.py").symlink_to("none.py")
    (tmp_path / "round.py").symlink_to("trip.py")
    (tmp_path / "trip.py").symlink_to("round.py")
    found = project.read([tmp_path, tmp_path / "missing"], tmp_path)
    assert names(found) == ["good.py"]
    reasons = {Path(path).name: why for path, why in found.unreadable.items()}
    assert sorted(reasons) == ["bad.py", "missing", "none.py", "round.py", "trip.py"]
    assert "declared encoding" in reasons["bad.py"]
    assert "no such file or folder" in reasons["missing"]
    assert "circle" in reasons["round.py"]


def test_folders_that_link_to_each_other_end(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "m.py").write_text("x = 1\n")
    (tmp_path / "a" / "up").symlink_to(tmp_path)
    assert names(project.read([tmp_path], tmp_path)) == ["m.py"]


@pytest.mark.parametrize("name", ["missing", "loop", "empty", "null\0byte", "x" * 5000], ids=["missing", "loop", "empty", "null", "long"])
def test_without_any_file_there_is_one_sentence(tmp_path: Path, name: str) -> None:
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "empty").mkdir()
    with pytest.raises(SourceError) as caught:
        project.read([tmp_path / name], tmp_path)
    assert "\n" not in str(caught.value)


def test_a_folder_without_python_among_others_is_told(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "a.py").write_text("x = 1\n")
    found = project.read([tmp_path / "empty", tmp_path / "a.py"], tmp_path)
    assert names(found) == ["a.py"]
    assert list(found.skipped.values()) == [f"{tmp_path / 'empty'}: no Python files here"]


def test_an_unreadable_file_alone_is_no_usage_error(tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_bytes(b"\xff\xfe\0")
    found = project.read([tmp_path / "bad.py"], tmp_path)
    assert not found.files
    assert len(found.unreadable) == 1
