"""Files as exact bytes: read as Python would, written back all or none."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from scriptify import source
from scriptify.source import SourceError, SourceFile, WriteError, write_all

TEXTS = {
    "plain": b"x = 1\n",
    "empty": b"",
    "crlf": b"x = 1\r\ny = 2\r\n",
    "mixed": b"x = 1\r\ny = 2\nz = 3\r",
    "bom": b"\xef\xbb\xbfx = '\xc3\xa4'\n",
    "cookie": "# -*- coding: latin-1 -*-\nx = 'ä'\n".encode("latin-1"),
    "no final newline": b"x = 1",
    "form feed": b"x = 1\n\x0c\ny = 2\n",
    "tabs": b"if x:\n\ty = 1\n",
}


@pytest.mark.parametrize("data", TEXTS.values(), ids=TEXTS)
def test_every_byte_survives_reading_and_encoding(data: bytes) -> None:
    file = SourceFile.from_bytes(Path("a.py"), data)
    assert file.encode(file.text) == data
    assert "\ufeff" not in file.text


@pytest.mark.parametrize(
    ("data", "because"),
    [
        (b"x = '\xe4'\n", "declared encoding"),
        (b"# coding: nonsense\n", "declared encoding"),
        (b"\xef\xbb\xbf# coding: latin-1\n", "declared encoding"),
        (b"x = 1\0\n", "null byte"),
        ("x = 1\n".encode("utf-16"), "declared encoding"),
    ],
)
def test_what_is_no_text_is_one_sentence(data: bytes, because: str) -> None:
    with pytest.raises(SourceError, match=because) as caught:
        SourceFile.from_bytes(Path("a.py"), data)
    assert str(caught.value).startswith("a.py: ")
    assert "\n" not in str(caught.value)


def test_a_character_that_does_not_fit_is_refused() -> None:
    file = SourceFile.from_bytes(Path("a.py"), TEXTS["cookie"])
    with pytest.raises(SourceError, match="does not fit its encoding"):
        file.encode("x = '漢'\n")


def test_a_missing_file_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="No such file"):
        SourceFile.read(tmp_path / "none.py")


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    first, second = tmp_path / "a.py", tmp_path / "b.py"
    first.write_bytes(b"a")
    second.write_bytes(b"b")
    return first, second


def left(folder: Path) -> list[str]:
    return sorted(os.listdir(folder))


def test_files_are_written_with_their_mode_and_through_links(pair: tuple[Path, Path], tmp_path: Path) -> None:
    first, second = pair
    first.chmod(0o750)
    link = tmp_path / "link.py"
    link.symlink_to(second)
    write_all({first: (b"a", b"A"), link: (b"b", b"B")})
    assert (first.read_bytes(), second.read_bytes()) == (b"A", b"B")
    assert first.stat().st_mode & 0o777 == 0o750
    assert link.is_symlink()
    assert left(tmp_path) == ["a.py", "b.py", "link.py"]


def test_nothing_is_written_when_one_file_moved(pair: tuple[Path, Path], tmp_path: Path) -> None:
    first, second = pair
    with pytest.raises(WriteError, match=r"b\.py: changed on disk"):
        write_all({first: (b"a", b"A"), second: (b"other", b"B")})
    assert (first.read_bytes(), second.read_bytes()) == (b"a", b"b")
    assert left(tmp_path) == ["a.py", "b.py"]


def test_nothing_is_written_when_one_file_is_gone(pair: tuple[Path, Path]) -> None:
    first, second = pair
    second.unlink()
    with pytest.raises(WriteError, match=r"b\.py: No such file"):
        write_all({first: (b"a", b"A"), second: (b"b", b"B")})
    assert first.read_bytes() == b"a"


def test_nothing_is_written_when_one_file_is_read_only(pair: tuple[Path, Path], tmp_path: Path) -> None:
    first, second = pair
    second.chmod(0o444)
    with pytest.raises(WriteError, match=r"b\.py: is read-only"):
        write_all({first: (b"a", b"A"), second: (b"b", b"B")})
    assert first.read_bytes() == b"a"
    assert left(tmp_path) == ["a.py", "b.py"]


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()], ids=["disk", "interrupt"])
@pytest.mark.parametrize("late", [False, True], ids=["before the rename", "after the rename"])
def test_a_failure_half_way_puts_everything_back(
    pair: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException, late: bool
) -> None:
    first, second = pair
    replace = os.replace
    calls: list[Path] = []

    def failing(fresh: Path, target: Path) -> None:
        calls.append(target)
        if len(calls) != 2:
            replace(fresh, target)
            return
        if late:
            replace(fresh, target)
        raise error

    monkeypatch.setattr(source.os, "replace", failing)
    with pytest.raises(WriteError if isinstance(error, OSError) else KeyboardInterrupt):
        write_all({first: (b"a", b"A"), second: (b"b", b"B")})
    assert (first.read_bytes(), second.read_bytes()) == (b"a", b"b")
    assert left(tmp_path) == ["a.py", "b.py"]


def test_where_links_are_not_made_a_copy_is_kept(pair: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: object) -> None:
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr(source.os, "link", none)
    first, second = pair
    write_all({first: (b"a", b"A")})
    assert first.read_bytes() == b"A"
    second.chmod(0o444)
    with pytest.raises(WriteError):
        write_all({first: (b"A", b"x"), second: (b"b", b"B")})
    assert left(tmp_path) == ["a.py", "b.py"]


def test_bytes_that_cannot_be_put_back_are_kept_and_named(pair: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = pair
    replace = os.replace
    calls: list[Path] = []

    def failing(fresh: Path, target: Path) -> None:
        calls.append(target)
        if len(calls) > 1:
            raise OSError(5, "Input/output error")
        replace(fresh, target)

    monkeypatch.setattr(source.os, "replace", failing)
    with pytest.raises(WriteError, match=r"a\.py: can't be put back .* its old bytes are in (.*\.kept)"):
        write_all({first: (b"a", b"A"), second: (b"b", b"B")})
    (kept,) = tmp_path.glob("*.kept")
    assert kept.read_bytes() == b"a"
