"""A small CMake project that loads a delivered file with LibTorch and runs the entry's inputs. Never imports torch."""

from __future__ import annotations

import os
import shutil
import tempfile
from importlib import resources
from pathlib import Path

FILES = ("CMakeLists.txt", "main.cpp", "README.md")
MODEL = "model.pt"
CASES = "cases.pt"


class ProjectError(Exception):
    """A folder that can't take the project, in one sentence."""


def usable(folder: Path) -> None:
    """Raises ProjectError where ``folder`` is no folder, or holds something else than such a project."""
    if not folder.exists():
        if not folder.absolute().parent.is_dir():
            raise ProjectError(f"{folder}: there is no folder {folder.absolute().parent}")
        return
    if not folder.is_dir():
        raise ProjectError(f"{folder} is not a folder")
    ours = folder / FILES[0]
    if any(folder.iterdir()) and not (ours.is_file() and ours.read_bytes().startswith(_text(FILES[0])[:30])):
        raise ProjectError(f"{folder} holds something else than a project of `scriptify export --cpp`; name a new folder")


def write(folder: Path, model: Path, cases: Path) -> None:
    """Write the project with a copy of the model and of the recorded cases. Raises ProjectError where that can't be done."""
    usable(folder)
    try:
        folder.mkdir(exist_ok=True)
        for name in FILES:
            _put(folder / name, _text(name))
        for source, name in ((model, MODEL), (cases, CASES)):
            _put(folder / name, source)
    except OSError as error:
        raise ProjectError(f"{folder} can't be written: {error.strerror or error}") from error


def _text(name: str) -> bytes:
    return (resources.files(__name__) / name).read_bytes()


def _put(path: Path, what: bytes | Path) -> None:
    handle, part = tempfile.mkstemp(dir=path.parent, prefix=".scriptify-")
    try:
        with os.fdopen(handle, "wb") as file:
            if isinstance(what, bytes):
                file.write(what)
            else:
                with what.open("rb") as source:
                    shutil.copyfileobj(source, file)
        os.chmod(part, 0o644)
        os.replace(part, path)
    except OSError:
        os.unlink(part)
        raise
