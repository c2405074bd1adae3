"""The files of a run: found, read as exact bytes, and written back all or none."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from scriptify import journal
from scriptify.source import SourceError, SourceFile, write_all

SKIPPED_FOLDERS = frozenset({"__pycache__", "node_modules", "site-packages", "build", "dist", "venv", "env"})


@dataclass(frozen=True)
class Project:
    """Files by absolute path as a string, the reasons for what could not be read or held no Python, and the root."""

    files: Mapping[str, SourceFile]
    unreadable: Mapping[str, str]
    root: Path
    skipped: Mapping[str, str] = field(default_factory=dict)

    @property
    def texts(self) -> dict[str, str]:
        """The text of every file that could be read."""
        return {path: file.text for path, file in self.files.items()}

    def write(self, changes: Mapping[str, str]) -> None:
        """Write new texts, all or none, after recording how to undo it. Raises WriteError."""
        staged = {}
        for path, text in changes.items():
            file = self.files[path]
            staged[file.path] = (file.data, file.encode(text))
        if not staged:
            return
        made = journal.record(self.root, staged)
        try:
            write_all(staged)
        except BaseException:
            made.unlink(missing_ok=True)
            raise


def read(paths: Iterable[Path], root: Path | None = None) -> Project:
    """Read every Python file at or below ``paths``.

    What can't be read is a reason under its path, and the rest is still read. Raises SourceError where no
    path leads to a file at all.
    """
    files: dict[str, SourceFile] = {}
    unreadable: dict[str, str] = {}
    skipped: dict[str, str] = {}
    missing: list[str] = []
    for path in paths:
        found = False
        for item, problem in python_files(path):
            found = True
            key = _key(item)
            if key in files or key in unreadable:
                continue
            if problem:
                unreadable[key] = problem
                continue
            try:
                files[key] = SourceFile.read(Path(key))
            except SourceError as error:
                unreadable[key] = str(error)
        if not found and os.path.isdir(path):
            skipped[_key(path)] = f"{path}: no Python files here"
        elif not found:
            missing.append(why := _absent(path))
            unreadable[_key(path)] = why
    if not files and len(missing) == len(unreadable):
        raise SourceError("; ".join([*missing, *skipped.values()]) or "no files were named")
    return Project(dict(sorted(files.items())), unreadable, (root or Path.cwd()).resolve(), skipped)


def _key(path: Path) -> str:
    try:
        return str(path.resolve())
    except (OSError, RuntimeError, ValueError):  # a link that leads in a circle, a name with a null byte
        return os.path.abspath(path)


def _absent(path: Path) -> str:
    if os.path.islink(path):
        return f"{path}: is a link that leads nowhere or in a circle"
    return f"{path}: is no file or folder" if _exists(path) else f"{path}: no such file or folder"


def _exists(path: Path) -> bool:
    try:
        return os.path.lexists(path)
    except ValueError:
        return False


def python_files(path: Path) -> Iterator[tuple[Path, str]]:
    """The Python files at or below a path, sorted, each with the reason why it can't be reached, or ``""``.

    Links to folders below the path are not followed.
    """
    if _is_file(path):
        yield path, ""
        return
    if not os.path.isdir(path):
        return
    problems: list[tuple[Path, str]] = []

    def note(error: OSError) -> None:
        problems.append((Path(str(error.filename)), f"{error.filename}: {error.strerror}"))

    for folder, names, files in os.walk(path, onerror=note):
        names[:] = sorted(n for n in names if n not in SKIPPED_FOLDERS and not n.startswith("."))
        for name in sorted(files):
            item = Path(folder, name)
            if not name.endswith(".py"):
                continue
            if _is_file(item):
                yield item, ""
            elif item.is_symlink():
                yield item, _absent(item)
    yield from problems


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False
