"""The transform that CONTRIBUTING.md shows works, as it stands there."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

from scriptify.transform import Transform

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Transform:
    """The one transform of the one Python block."""
    (block,) = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").split("```python\n")[1:]
    file = tmp_path / "shown_transform.py"
    file.write_text(block.partition("```")[0], encoding="utf-8")
    spec = importlib.util.spec_from_file_location(file.stem, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, file.stem, module)
    spec.loader.exec_module(module)
    transform: Transform = module.ReversedRange()
    return transform


def test_the_transform_shown_does_what_its_examples_say(shown: Transform) -> None:
    from scriptify import examples

    assert len(shown.examples) == 3
    assert [str(problem) for problem in examples.check(shown)] == []
