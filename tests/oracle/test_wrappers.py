"""A model taken out of DataParallel is the same model; its keys lose the leading ``module.`` and nothing else."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from scriptify.oracle.protocol import State, Verdict

Judging = Callable[..., Verdict]

MODEL = """
class M(nn.Module):
    def __init__(self):
        super().__init__()
        self.module = nn.Linear(2, 2)
        self.register_buffer("seen", torch.zeros(1))
    def forward(self, x):
        self.seen += 1
        return self.module(x)
def entry(): return WRAP(M()), (torch.randn(3, 2),)
"""
WRAPPED = MODEL.replace("WRAP", "nn.DataParallel")
BARE = MODEL.replace("WRAP", "")


def test_unwrapped_is_proved_with_a_remark(judging: Judging) -> None:
    verdict = judging(WRAPPED, BARE)
    assert verdict.ok, verdict
    (remark,) = verdict.keys_same.remarks
    assert "module." in remark


def test_still_wrapped_keeps_its_keys(judging: Judging) -> None:
    verdict = judging(WRAPPED, WRAPPED + "\n# changed\n")
    assert verdict.harmless and not verdict.scripts.ok
    assert "torch/nn/parallel/data_parallel.py" in verdict.error.replace("\\", "/")
    assert not verdict.keys_same.remarks


def test_two_wrappers(judging: Judging) -> None:
    twice = MODEL.replace("WRAP(M())", "nn.DataParallel(nn.DataParallel(M()))")
    assert judging(twice, WRAPPED).harmless
    assert judging(twice, BARE).ok


@pytest.mark.parametrize(
    ("before", "after", "level"),
    [
        (BARE, WRAPPED, "keys_same"),
        (WRAPPED, BARE.replace("self.module", "self.lin"), "keys_same"),
        (WRAPPED, BARE.replace("+= 1", "+= 2"), "eager_same"),
        (WRAPPED, BARE.replace("self.module(x)", "self.module(x) * 1.001"), "eager_same"),
    ],
    ids=["wrapped", "renamed", "other state", "other values"],
)
def test_anything_else_is_still_refuted(judging: Judging, before: str, after: str, level: str) -> None:
    assert getattr(judging(before, after), level).state is State.REFUTED
