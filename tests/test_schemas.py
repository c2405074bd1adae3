"""The table of operator schemas: what it says, how calls are matched, and that it is torch's own."""

from __future__ import annotations

import subprocess
import sys

import pytest

from scriptify import schemas
from scriptify.facts.types import parse


def names(overload: schemas.Overload) -> list[str]:
    return [formal.name for formal in overload]


def test_interpolate_has_four_overloads_of_torch():
    kinds = {(str(o[1].type), str(o[2].type)) for o in schemas.function("torch.nn.functional.interpolate")}
    lists, ints = "Optional[List[int]]", "Optional[int]"
    assert kinds == {(a, b) for a in (lists, ints) for b in ("Optional[float]", "Optional[List[float]]")}


def test_keyword_only_and_defaults_are_read():
    from_, to, generator = schemas.method("uniform_")[0]
    assert (from_.default, to.default, generator.keyword) == (True, True, True)
    assert not from_.keyword


@pytest.mark.parametrize("dotted", ["torch.clamp", "torch.full", "torch.arange", "torch.add", "torch.nn.functional.softplus", "torch.pow"])
def test_what_takes_any_number_is_not_in_the_table(dotted):
    assert schemas.function(dotted) == ()


def test_modules_are_those_the_compiler_refuses():
    assert [f.name for f in schemas.module("torch.nn.LeakyReLU") if str(f.type) == "float"] == ["negative_slope"]
    assert schemas.module("torch.nn.Upsample") == ()


def test_sizes():
    assert schemas.takes_sizes("torch.zeros") and not schemas.takes_sizes("torch.full")
    assert schemas.method_takes_sizes("view") and not schemas.method_takes_sizes("squeeze")


@pytest.mark.parametrize(
    ("actual", "formal", "expected"),
    [
        ("int", "float", False),
        ("float", "float", True),
        ("bool", "float", True),
        ("Tensor", "float", True),
        ("int", "number", True),
        ("NoneType", "Optional[float]", True),
        ("NoneType", "float", False),
        ("Tuple[int, float]", "List[float]", False),
        ("Tuple[float, float]", "Optional[List[float]]", True),
        ("int", "BroadcastingList[int]", True),
        ("Optional[int]", "Optional[float]", False),
        ("Optional[float]", "Optional[float]", True),
        ("str", "float", False),
    ],
)
def test_fits(actual, formal, expected):
    assert schemas.fits(parse(actual), parse(formal)) is expected


def test_the_unknown_fits_everything():
    assert schemas.fits(None, parse("float"))


def test_matched_follows_the_call_rules():
    overload = schemas.read("Tensor x; float p=; *; bool train=")
    assert names(schemas.matched(overload, 2, ["train"]) or ()) == ["x", "p", "train"]
    assert schemas.matched(overload, 3, []) is None, "train is keyword-only"
    assert schemas.matched(overload, 0, ["p"]) is None, "x has no default"
    assert schemas.matched(overload, 1, ["x"]) is None, "x is given twice"


def test_reading_the_table_needs_no_torch():
    code = "import sys; from scriptify import schemas; schemas.method('normal_'); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.slow
def test_the_table_is_that_of_the_installed_torch():
    import json

    import torch

    if json.loads(schemas.DATA.read_text())["torch"] != torch.__version__.partition("+")[0]:
        pytest.skip("the table was made from another version of torch")
    done = subprocess.run([sys.executable, "-m", "scriptify.schemas.generate", "--check"], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
