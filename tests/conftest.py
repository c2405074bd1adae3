"""What all tests share: where things are, one thread a process, and what to do when an optional part is absent."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parent.parent

# Read by torch when it is first imported, here and in every child process: two cores are soon overbooked.
for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

settings.register_profile("default", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", parent=settings.get_profile("default"), derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "default")


def absent(what: str) -> NoReturn:
    """Skip because ``what`` is not there; in continuous integration, where it must be, fail."""
    if os.environ.get("CI"):
        pytest.fail(f"{what}; continuous integration must have it", pytrace=False)
    pytest.skip(what)


@pytest.fixture(scope="session", name="absent")
def absent_fixture() -> Callable[[str], NoReturn]:
    """See :func:`absent`."""
    return absent


@pytest.fixture(scope="session")
def root() -> Path:
    """The project's folder."""
    return ROOT


@pytest.fixture(scope="session")
def upstream() -> Path:
    """The folder with the upstream packages: ``SCRIPTIFY_UPSTREAM``, or ``.upstream`` as ``make upstream`` fills it."""
    folder = Path(os.environ.get("SCRIPTIFY_UPSTREAM") or ROOT / ".upstream").resolve()
    missing = [name for name in ("basicsr", "facexlib", "gfpgan", "mmcv", "mmdet", "mmengine") if not (folder / name).is_dir()]
    if missing:
        absent(f"{', '.join(missing)} not found in {folder}: run `make upstream` or set SCRIPTIFY_UPSTREAM")
    return folder


@pytest.fixture(scope="session")
def python() -> str:
    """The interpreter the tests run on, for child processes."""
    return sys.executable
