"""A transform that claims to serve another form than scripting has an example that shows it."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest
import torch

from scriptify.oracle.compare import Comparison
from scriptify.oracle.forms import FORMS
from scriptify.oracle.worker_calls import agree, call
from scriptify.oracle.worker_entry import Case
from scriptify.oracle.worker_forms import FormError, make
from scriptify.oracle.worker_trace import check
from scriptify.registry import all_transforms
from scriptify.transform import Fires

CLAIMS = [(t, form) for t in all_transforms() for form in sorted(t.serves - {"script"})]


def has(text: str, entry: str, form: str, folder: Path, name: str) -> bool:
    """Whether the code's model has the form, with the same results."""
    path = folder / f"{name}.py"
    path.write_text(text)
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    torch.manual_seed(0)
    model, args, *rest = eval(entry, module.__dict__)
    case = Case(model, tuple(args), *rest)
    try:
        made = make(form, case, str(folder))
    except FormError:
        return False
    outcomes = [call(callee, case.args, case.kwargs) for callee in (case.model, made.call)]
    same = agree(*outcomes, Comparison(scripted=True, grads=False)) is None
    return same and (form != "trace" or not check(case.model, made.call, [case]).wrong)


def test_every_transform_serves_scripting_and_known_forms() -> None:
    for transform in all_transforms():
        assert "script" in transform.serves and transform.serves <= set(FORMS)


@pytest.mark.parametrize(("transform", "form"), CLAIMS, ids=lambda value: value if isinstance(value, str) else value.code)
def test_an_example_shows_it(transform, form, tmp_path) -> None:
    examples = [e for e in transform.examples if isinstance(e, Fires) and e.entry]
    for number, example in enumerate(examples):
        before, after = (
            has(text, example.entry, form, tmp_path, f"serves_{number}_{side}") for side, text in enumerate((example.before, example.after))
        )
        if after and not before:
            return
    pytest.fail(f"no example of {transform.code} is refused as {form} before and the same after")
