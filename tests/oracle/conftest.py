"""One oracle for all tests here: importing torch costs seconds, and each question is a fork of its own."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from scriptify.oracle.protocol import Entry, Limits, Verdict
from scriptify.oracle.runner import Oracle

HEAD = """\
import collections, dataclasses, functools, math, random
from collections import OrderedDict, namedtuple
from typing import Any, Dict, Final, List, NamedTuple, Optional, Tuple
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch import Tensor
"""

Judging = Callable[..., Verdict]


@pytest.fixture(scope="session")
def oracle() -> Iterator[Oracle]:
    """Shared by the session."""
    with Oracle(limits=Limits(seconds=60)) as made:
        yield made


@pytest.fixture
def judging(oracle: Oracle, tmp_path: Path) -> Judging:
    """``judging(source, rewritten=None, upto=...)``: the verdict on a file that defines ``entry``."""

    def judge(source: str, rewritten: str | None = None, *, upto: str = "reloads") -> Verdict:
        path = tmp_path / "case.py"
        path.write_text(HEAD + textwrap.dedent(source))
        overlay = {} if rewritten is None else {str(path): HEAD + textwrap.dedent(rewritten)}
        return oracle.judge(Entry(f"{path}:entry", str(tmp_path)), overlay, upto=upto)

    return judge
