"""SF502: what the rewritten key expressions do to keys, and where nothing is touched."""

from __future__ import annotations

from collections import OrderedDict
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scriptify.examples import rewritten
from scriptify.transform import Fires, Safety
from scriptify.transforms.prefix_keys import PrefixKeys

STRIPS = ["k[7:]", "k[len('module.'):]", "k.replace('module.', '')", "k.replace('module.', '', 1)", "k.lstrip('module.')"]
KEYS = st.lists(st.sampled_from(["module", "submodule", "net", "weight", "0", "model"]), min_size=1, max_size=4).map(".".join)


def loop(expression: str) -> str:
    return (
        "def strip(state_dict):\n    wrapped = any(key.startswith('module.') for key in state_dict)\n    out = OrderedDict()\n"
        f"    for k, v in state_dict.items():\n        out[{expression}] = v\n    return out\n"
    )


@cache
def after(text: str) -> str:
    return rewritten(PrefixKeys(), text, Fires("", ""))[0]


def run(text: str, keys: list[str]) -> list[str]:
    names: dict[str, object] = {"OrderedDict": OrderedDict}
    exec(text, names)
    return list(names["strip"]({key: index for index, key in enumerate(keys)}))  # type: ignore[operator]


@pytest.mark.parametrize("expression", STRIPS)
@given(keys=st.lists(KEYS, unique=True))
def test_exactly_one_leading_component_goes(expression, keys):
    changed = after(loop(expression))
    expected = list(dict.fromkeys(key[7:] if key.startswith("module.") else key for key in keys))
    assert run(changed, keys) == expected


@given(keys=st.lists(KEYS, unique=True))
def test_a_slice_of_prefixed_keys_gives_the_same_as_before(keys):
    prefixed = ["module." + key for key in keys]
    assert run(after(loop("k[7:]")), prefixed) == run(loop("k[7:]"), prefixed)


def test_none_is_applied_by_default_for_each_loads_other_keys_than_before():
    safeties = [rewritten(PrefixKeys(), loop(text), Fires("", ""))[1][0].safety for text in STRIPS]
    assert safeties == [Safety.API] * len(STRIPS)


def test_a_comment_is_no_evidence():
    text = loop("k[7:]").replace("    wrapped = any(key.startswith('module.') for key in state_dict)\n", "    # module. goes\n")
    assert after(text) == text


@pytest.mark.parametrize(
    "text",
    [
        loop("k[7:] if k.startswith('module.') else k"),
        loop("k[6:]"),
        loop("k[7:9]"),
        loop("v[7:]"),
        loop("k.replace('module.', 'net.')"),
        loop("k").replace("        out[k] = v", "        if k.startswith('module.'):\n            out[k[7:]] = v"),
    ],
)
def test_left_alone(text):
    assert after(text) == text
