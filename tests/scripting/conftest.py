"""A project to import models from, and one oracle for all tests of this folder."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from textwrap import dedent
from types import ModuleType

import pytest

from scriptify.oracle.runner import Oracle

NUMBERS = count()


@pytest.fixture(scope="session")
def oracle() -> Iterator[Oracle]:
    with Oracle() as running:
        yield running


@pytest.fixture
def imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., ModuleType]]:
    """Write files of a package and import one of its modules under a name of its own; forgotten after the test."""
    made: list[str] = []
    monkeypatch.syspath_prepend(str(tmp_path))

    def build(text: str, **others: str) -> ModuleType:
        package = f"project{next(NUMBERS)}"
        made.append(package)
        folder = tmp_path / package
        folder.mkdir()
        (folder / "__init__.py").touch()
        head = "import torch\nfrom torch import nn\nimport torch.nn.functional as F\n"
        for name, body in {**others, "net": text}.items():
            (folder / f"{name}.py").write_text(head + dedent(body))
        return importlib.import_module(f"{package}.net")

    yield build
    for name in [name for name in sys.modules if name.partition(".")[0] in made]:
        del sys.modules[name]
