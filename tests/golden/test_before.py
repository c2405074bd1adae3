"""Every golden model, as written by hand, imports, runs in eager mode and repeats itself under a seed."""

from __future__ import annotations

import copy
import importlib.util
import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

torch = pytest.importorskip("torch")

GOLDEN = Path(__file__).resolve().parents[2] / "golden"
MODELS = sorted(path.parent.name for path in GOLDEN.glob("*/before.py"))


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Small tensors: threads only cost time, and their number must not change the sums."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def module(request: pytest.FixtureRequest) -> Iterator[ModuleType]:
    """A golden model's module under a name of its own."""
    name = f"golden_{request.param}_before"
    spec = importlib.util.spec_from_file_location(name, GOLDEN / request.param / "before.py")
    assert spec is not None and spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    sys.modules[name] = loaded
    try:
        spec.loader.exec_module(loaded)
        yield loaded
    finally:
        del sys.modules[name]


def cases(module: ModuleType) -> list[tuple[Any, tuple[Any, ...], dict[str, Any]]]:
    """The entry's cases, each as model, arguments and keyword arguments."""
    torch.manual_seed(0)
    given = module.entry()
    listed: list[Any] = list(given) if inspect.isgenerator(given) else [given]
    return [(case[0], case[1], case[2] if len(case) > 2 else {}) for case in listed]


def run(model: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """The result of a call under a seed, on copies of the model and its arguments."""
    model, args, kwargs = copy.deepcopy((model, args, kwargs))
    torch.manual_seed(1)
    return model(*args, **kwargs)


def tensors(value: Any) -> Iterator[Any]:
    """The tensors in nested containers."""
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, (list, tuple, dict)):
        for item in value.values() if isinstance(value, dict) else value:
            yield from tensors(item)


def test_at_least_eight_models() -> None:
    assert len(MODELS) >= 8


@pytest.mark.parametrize("name", MODELS)
def test_says_what_stands_in_the_way(name: str) -> None:
    text = (GOLDEN / name / "README.md").read_text(encoding="utf-8")
    assert "\n1. " in text and "\n2. " in text, "the README lists several pitfalls in the order the compiler meets them"


@pytest.mark.parametrize("module", MODELS, indirect=True)
def test_runs_twice_the_same(module: ModuleType) -> None:
    first, second = cases(module), cases(module)
    assert first and len(first) == len(second)
    for (model, args, kwargs), (again, same_args, same_kwargs) in zip(first, second, strict=True):
        assert isinstance(model, torch.nn.Module)
        result, repeated = run(model, args, kwargs), run(again, same_args, same_kwargs)
        torch.testing.assert_close(result, repeated, rtol=0, atol=0)
        found = list(tensors(result))
        assert found and all(torch.isfinite(tensor).all() for tensor in found)


def test_one_file_has_crlf_and_one_has_tabs() -> None:
    texts = [(GOLDEN / name / "before.py").read_bytes() for name in MODELS]
    crlf = [text for text in texts if b"\r\n" in text]
    assert len(crlf) == 1 and crlf[0].count(b"\r\n") == crlf[0].count(b"\n")
    assert any(b"\n\tdef " in text for text in texts)
