"""The files of a run: found, read as exact bytes, and written back all or none."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from scriptify import journal
from scriptify.source import SourceError, SourceFile, write_all

SKIPPED_FOLDERS = frozenset({"__pycache__", "node_modules", "site-packages", "build", "dist", "venv", "env"})


@dataclass(frozen=True)
class Project:
    """Files by absolute path as a string, the reasons for files that could not be read, and the root."""

    files: Mapping[str, SourceFile]
    unreadable: Mapping[str, str]
    root: Path

    @property
    def texts(self) -> dict[str, str]:
        """The text of every file that could be read."""
        return {path: file.text for path, file in self.files.items()}

    def shown(self, path: str) -> str:
        """A path as a person wants to read it: relative to the root where it lies below it."""
        try:
            return str(Path(path).relative_to(self.root))
        except ValueError:
            return path

    def write(self, changes: Mapping[str, str]) -> None:
        """Write new texts, all or none, after recording how to undo it. Raises SourceError."""
        staged = {}
        for path, text in changes.items():
            file = self.files[path]
            staged[file.path] = (file.data, file.encode(text))
        if staged:
            journal.record(self.root, staged)
            write_all(staged)


def read(paths: Iterable[Path], root: Path | None = None) -> Project:
    """Read every Python file at or below ``paths``. Raises SourceError for a path that does not exist or has none."""
    files: dict[str, SourceFile] = {}
    unreadable: dict[str, str] = {}
    for path in paths:
        found = list(python_files(path))
        if not found:
            raise SourceError(f"{path}: no Python files here")
        for item in found:
            key = str(item.resolve())
            if key in files or key in unreadable:
                continue
            try:
                files[key] = SourceFile.read(item.resolve())
            except SourceError as error:
                unreadable[key] = str(error)
    return Project(dict(sorted(files.items())), unreadable, (root or Path.cwd()).resolve())


def python_files(path: Path) -> Iterator[Path]:
    """The Python files at or below a path, sorted, links to folders not followed. Raises SourceError if it is missing."""
    if path.is_file():
        yield path
        return
    if not path.is_dir():
        raise SourceError(f"{path}: no such file or folder")
    for folder, names, files in os.walk(path, onerror=_refuse):
        names[:] = sorted(n for n in names if n not in SKIPPED_FOLDERS and not n.startswith("."))
        for name in sorted(files):
            if name.endswith(".py"):
                yield Path(folder) / name


def _refuse(error: OSError) -> None:
    raise SourceError(f"{error.filename}: {error.strerror}")
