"""Which components come off, by properties over sets of keys."""

from __future__ import annotations

from collections import OrderedDict

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from scriptify import checkpoint
from scriptify.checkpoint import prefixes
from scriptify.checkpoint.model import CheckpointError, ChoiceError

PARTS = st.sampled_from(["module", "_orig_mod", "net", "0", "submodule", "modules"])
LEAVES = st.sampled_from(["weight", "bias", "module", "_orig_mod"])
KEYS = st.tuples(st.lists(PARTS, max_size=4), LEAVES).map(lambda both: ".".join([*both[0], both[1]]))
SETS = st.lists(KEYS, unique=True, min_size=1, max_size=8)
WRAPPERS = st.lists(st.sampled_from(["module.", "_orig_mod."]), max_size=4).map("".join)
PLAIN_KEY = st.lists(st.sampled_from(["net", "head", "0", "submodule"]), min_size=1, max_size=3).map(".".join)
PLAIN = st.lists(PLAIN_KEY, unique=True, min_size=1)


def planned(keys: list[str], **options: object) -> prefixes.Plan | None:
    """The plan, or None for a collision, which must be a real one."""
    try:
        return prefixes.plan(keys, **options)  # type: ignore[arg-type]
    except CheckpointError as error:
        first, second = str(error).partition(" would both become ")[0].split(" and ")
        assert first in keys
        assert second in keys
        return None


@given(keys=PLAIN, around=WRAPPERS)
def test_wrappers_around_the_whole_model_come_off_whatever_their_order(keys: list[str], around: str) -> None:
    assert list(prefixes.plan([around + key + ".weight" for key in keys]).keys.values()) == [key + ".weight" for key in keys]


@given(keys=SETS, inner=st.booleans())
def test_twice_is_as_once(keys: list[str], inner: bool) -> None:
    once = planned(keys, inner=inner)
    if once is not None:
        assert prefixes.plan(once.keys.values(), inner=inner).renames == ()


@given(keys=SETS, inner=st.booleans())
def test_no_key_is_lost_and_none_gains_anything(keys: list[str], inner: bool) -> None:
    plan = planned(keys, inner=inner)
    if plan is None:
        return
    assert list(plan.keys) == keys
    assert len(set(plan.keys.values())) == len(keys)
    for old, new in plan.keys.items():
        rest = iter(old.split("."))
        assert all(part in rest for part in new.split("."))  # what is left, in the old order
        gone = list(old.split("."))
        for part in new.split("."):
            gone.remove(part)
        assert set(gone) <= {"module", "_orig_mod"}
        assert new.rpartition(".")[2] == old.rpartition(".")[2]


@given(keys=SETS)
def test_a_name_further_in_stays_unless_it_is_asked_for(keys: list[str]) -> None:
    plan = planned(keys)
    for old, new in plan.keys.items() if plan else ():
        parts = [part for part in old.split(".")[:-1] if part != "_orig_mod"]
        while parts and parts[0] == "module" and ".".join(parts) != ".".join(new.split(".")[:-1]):
            parts = parts[1:]
        assert parts == new.split(".")[:-1]


@given(keys=SETS, inner=st.booleans())
def test_the_table_of_versions_follows_its_modules(keys: list[str], inner: bool) -> None:
    modules = {"": "root"}
    for key in keys:
        parts = key.split(".")[:-1]
        modules |= {".".join(parts[:depth]): ".".join(parts[:depth]) for depth in range(1, len(parts) + 1)}
    plan = planned(keys, modules=modules, inner=inner)
    if plan is None:
        return
    new = plan.metadata(modules)
    for old, now in plan.keys.items():
        holder = old.rpartition(".")[0]
        if any(len(other) > len(holder) and plan.module(other) == plan.module(holder) for other in modules):
            continue  # a wrapper that holds a tensor itself: there is no such thing
        assert new[now.rpartition(".")[0]] == (modules[holder] if holder else "root")


def test_module_beside_something_else_is_a_submodules_name() -> None:
    plan = prefixes.plan(["module.weight", "n_averaged"])
    assert plan.renames == ()
    assert "1 of 2 keys" in plan.notes[0]
    beside = prefixes.plan(["module.weight"], modules=["", "module", "act"])
    assert beside.renames == ()
    assert "act beside it" in beside.notes[0]


def test_what_is_no_tensor_has_no_say_and_follows() -> None:
    plan = prefixes.plan(["module.weight", "epoch", "module.name"], voters={"module.weight"})
    assert plan.keys == {"module.weight": "weight", "epoch": "epoch", "module.name": "name"}


def test_a_wrapper_around_a_submodule() -> None:
    keys = ["body.module.0.weight", "body.module.1.weight", "head._orig_mod.weight", "neck.module.weight", "neck.bias"]
    plain = prefixes.plan(keys)
    assert plain.renames == (("head._orig_mod.weight", "head.weight"),)
    assert "body.module. may be a wrapper" in plain.notes[0]
    inner = prefixes.plan(keys, inner=True)
    assert list(inner.keys.values()) == ["body.0.weight", "body.1.weight", "head.weight", "neck.module.weight", "neck.bias"]
    known = prefixes.plan(keys, inner=True, modules=["body", "body.module", "body.act"])
    assert known.keys["body.module.0.weight"] == "body.module.0.weight"


def test_the_users_own_prefix_comes_off_once_where_it_is() -> None:
    keys = ["model.model.weight", "model.bias", "modeling.bias"]
    assert list(prefixes.plan(keys, prefixes=["model"]).keys.values()) == ["model.weight", "bias", "modeling.bias"]
    assert list(prefixes.plan(keys, prefixes=["model.", "model."]).keys.values()) == ["weight", "bias", "modeling.bias"]
    with pytest.raises(ChoiceError, match="no prefix"):
        prefixes.plan(keys, prefixes=["."])


def test_two_keys_that_would_become_one_are_an_error() -> None:
    with pytest.raises(CheckpointError, match=r"net\.weight and net\._orig_mod\.weight would both become net\.weight"):
        prefixes.plan(["net.weight", "net._orig_mod.weight"])
    with pytest.raises(CheckpointError, match="would both become weight"):
        prefixes.plan(["weight", "model.weight"], prefixes=["model."])


def wrappings() -> list[nn.Module]:
    def net() -> nn.Module:
        return nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.BatchNorm1d(2))

    return [nn.DataParallel(net()), torch.compile(net()), torch.compile(nn.DataParallel(net())), nn.DataParallel(torch.compile(net()))]


@pytest.mark.parametrize("number", range(4))
def test_a_real_wrapped_state_dict_becomes_the_models_own(number: int) -> None:
    wrapped = wrappings()[number].state_dict()
    plain = nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.BatchNorm1d(2)).state_dict()
    new = checkpoint.stripped(wrapped)
    assert list(new) == list(plain)
    assert new._metadata == plain._metadata
    assert type(new) is OrderedDict
    assert [value.data_ptr() for value in new.values()] == [value.data_ptr() for value in wrapped.values()]
    assert all("module" in key or "_orig_mod" in key for key in wrapped)  # the caller's own is as it was
