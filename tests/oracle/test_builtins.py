"""Operators that get another overload: what torch.jit has registered for them must not be freed."""

from __future__ import annotations

import gc
import weakref

import pytest
import torch

from scriptify.oracle.worker_builtins import keep_builtins


@pytest.fixture
def registry(monkeypatch):
    """torch.jit's own, put back afterwards."""
    found = torch.jit._builtins
    monkeypatch.setattr(found, "_register_builtin", found._register_builtin)
    return found


def test_a_replaced_operator_stays_alive(registry):
    keep_builtins()
    library = torch.library.Library("scriptify_kept", "DEF")
    library.define("twice(Tensor x) -> Tensor")
    function = torch.ops.scriptify_kept.twice._op
    address, seen = id(function), weakref.ref(function)
    del function
    library.define("twice.times(Tensor x, int n) -> Tensor")
    gc.collect()
    assert registry._get_builtin_table()[address] == "scriptify_kept::twice"
    assert seen() is not None


def test_once_is_enough(registry):
    keep_builtins()
    register = registry._register_builtin
    keep_builtins()
    assert registry._register_builtin is register


def test_without_a_registry(monkeypatch):
    monkeypatch.delattr(torch.jit._builtins, "_register_builtin")
    keep_builtins()
