"""SF504: what a model loads is what the loop by hand made it load; SF503: what did not load is told, and nothing else changes."""

from __future__ import annotations

import types
import warnings
from functools import cache
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from scriptify.api import rewrite
from scriptify.transform import Settings

UNSAFE = Settings(select=("SF502", "SF503", "SF504"), unsafe=True)
KEY = "k[7:] if k.startswith('module.') else k"
LOOP = "    new = {{}}\n    for k, v in state.items():\n        new[{key}] = v\n    return model.load_state_dict(new)\n"
FORMS = {
    "loop": LOOP.format(key=KEY),
    "named": LOOP.format(key="name").replace("        new[", f"        name = {KEY}\n        new["),
    "again": f"    state = {{{KEY}: v for k, v in state.items()}}\n    return model.load_state_dict(state)\n",
    "argument": f"    return model.load_state_dict({{{KEY}: v for k, v in state.items()}})\n",
    "slice": LOOP.format(key="k[len('module.'):]"),
    "replace": LOOP.format(key="k.replace('module.', '')"),
}


@cache
def function(body: str) -> Any:
    """The rewritten ``load``, with a ``torch.load`` that gives what it is given."""
    result = rewrite("import torch\n\n\ndef load(model, path):\n    state = torch.load(path)\n" + body, settings=UNSAFE)
    text = result.draft.texts["source.py"]
    assert "consume_prefix_in_state_dict_if_present" in text, text
    assert ".items()" not in text
    names: dict[str, Any] = {}
    exec(compile(text.replace("import torch\n", "", 1), "source.py", "exec"), names)
    names["torch"] = types.SimpleNamespace(load=lambda given: given, nn=nn)
    return names["load"]


class Taker:
    """Stands in for a model."""

    def load_state_dict(self, state: dict[str, Any]) -> dict[str, Any]:
        return dict(state)


NAMES = st.lists(st.sampled_from(["net.0.weight", "bias", "submodule.weight", "modules.b"]), unique=True, max_size=4)


@pytest.mark.parametrize("form", FORMS)
@given(names=NAMES, wrapped=st.booleans())
def test_the_same_tensors_under_the_same_names(form: str, names: list[str], wrapped: bool) -> None:
    state = {("module." if wrapped else "") + name: number for number, name in enumerate(names)}
    assert function(FORMS[form])(Taker(), state) == {name: number for number, name in enumerate(names)}


def test_versions_are_kept() -> None:
    net = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
    state = nn.DataParallel(net).state_dict()

    class Looks(nn.Sequential):
        def load_state_dict(self, given: Any, *_: Any) -> Any:
            self.seen = given._metadata
            return super().load_state_dict(given)

    taker = Looks(nn.Linear(2, 2), nn.BatchNorm1d(2))
    function(FORMS["loop"])(taker, state)
    assert taker.seen == net.state_dict()._metadata


def test_nothing_happens_by_default() -> None:
    text = "import torch\n\n\ndef load(model, path):\n    state = torch.load(path)\n" + FORMS["loop"]
    result = rewrite(text, select=["SF503", "SF504"])
    assert result.draft.texts["source.py"] == text
    assert [decline.code for decline in result.declines] == ["SF504"]


DISCARDED = "def load(model, state):\n    model.load_state_dict(state, strict=False)\n"


def test_a_discarded_answer_warns_only_about_what_did_not_load() -> None:
    names: dict[str, Any] = {}
    exec(rewrite(DISCARDED, settings=UNSAFE).draft.texts["source.py"], names)
    net = nn.Linear(2, 2)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        names["load"](net, net.state_dict())
        names["load"](types.SimpleNamespace(load_state_dict=lambda *_, **__: None), {})  # an override that gives no answer
    with pytest.warns(UserWarning, match=r"left keys out: .*missing_keys=\['bias'\], unexpected_keys=\['more'\]"):
        names["load"](net, {"weight": torch.ones(2, 2), "more": torch.ones(1)})
    assert net.weight.sum() == 4
