"""``scriptify.script`` on live models: what comes back, what it shares with the caller's model, and what it leaves alone."""

from __future__ import annotations

import linecache
import random
import sys

import pytest
import torch
from torch import nn

import scriptify

REDUCE = """
    from functools import reduce

    class Net(nn.Module):
        def __init__(self, n=3):
            super().__init__()
            self.features = nn.ModuleList(nn.Conv2d(3, 3, 1) for _ in range(n))
            self.norm = nn.BatchNorm2d(3)
            self.drop = nn.Dropout(0.5)
            self.register_buffer("scale", torch.tensor(2.0))
            self.table = torch.arange(3.0).view(3, 1, 1)

        def forward(self, x):
            x = reduce(lambda y, n: self.features[n](y), list(range(0, 3)), x)
            return self.drop(self.norm(x)) * self.scale + self.table
"""


@pytest.fixture
def net(imported):
    return imported(REDUCE).Net()


def test_it_scripts_what_torch_refuses(net, oracle):
    x = torch.rand(2, 3, 4, 4)
    with pytest.raises(Exception, match=r"range|lambda"):
        torch.jit.script(net)
    scripted = scriptify.script(net.eval(), x, oracle=oracle)
    assert isinstance(scripted, torch.jit.ScriptModule)
    assert torch.equal(scripted(x), net(x))
    assert scripted.verdict.ok
    assert "-        x = reduce(" in scripted.patch
    assert "/net.py" in scripted.patch
    proof = scriptify.proof(scripted)
    assert (proof.patch, proof.verdict) == (scripted.patch, scripted.verdict)
    assert {r.code for r in proof.result.rewrites} >= {"SF301"}
    assert not proof.result.written


def test_parameters_buffers_and_tensors_are_the_callers_own(net, oracle):
    net.train()
    net.features[1].eval()
    net.features[0].weight.requires_grad_(False)
    scripted = scriptify.script(net, torch.rand(2, 3, 4, 4), oracle=oracle)
    for (name, ours), (same, theirs) in zip(net.named_parameters(), scripted.named_parameters(), strict=True):
        assert name == same
        assert ours is theirs
    for (_, ours), (_, theirs) in zip(net.named_buffers(), scripted.named_buffers(), strict=True):
        assert ours.data_ptr() == theirs.data_ptr()
    assert scripted.table.data_ptr() == net.table.data_ptr()
    modes = {name: module.training for name, module in net.named_modules()}
    assert {name: module.training for name, module in scripted.named_modules()} == modes
    assert len(set(modes.values())) == 2
    scripted.train()
    scripted(torch.rand(2, 3, 4, 4)).sum().backward()
    assert net.features[1].weight.grad is not None
    assert net.features[0].weight.grad is None
    assert net.norm.num_batches_tracked == 1


def test_a_half_trained_model_goes_on_where_it_is(net, oracle):
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    x = torch.rand(2, 3, 4, 4)
    net.drop.p = 0.0
    net(x).square().sum().backward()
    optimizer.step()
    grads = [p.grad.clone() for p in net.parameters()]
    scripted = scriptify.script(net, x, oracle=oracle)
    assert all(torch.equal(p.grad, g) for p, g in zip(net.parameters(), grads, strict=True))
    optimizer.zero_grad()
    scripted(x).square().sum().backward()
    before = net.features[0].weight.detach().clone()
    optimizer.step()
    assert not torch.equal(net.features[0].weight, before)
    net.eval()
    scripted.eval()
    assert torch.equal(scripted(x), net(x))


def test_the_caller_sees_no_trace(net, oracle):
    module = sys.modules[type(net).__module__]
    x = torch.rand(2, 3, 4, 4)
    scriptify.script(net, x, oracle=oracle)  # imports of our own happen once
    torch.manual_seed(7)
    random.seed(7)

    def trace():
        return {
            "classes": {name: id(value) for name, value in vars(module).items()},
            "methods": {name: id(value) for name, value in vars(type(net)).items()},
            "modules": {name: id(value) for name, value in sys.modules.items()},
            "lines": dict(linecache.cache),
            "path": list(sys.path),
            "finders": list(sys.meta_path),
            "text": open(module.__file__, "rb").read(),
            "random": (torch.get_rng_state().tolist(), random.getstate()),
            "state": {key: (id(value), value.tolist()) for key, value in net.state_dict(keep_vars=True).items()},
            "attributes": sorted(vars(net)),
            "modes": [inner.training for inner in net.modules()],
            "grads": [p.grad for p in net.parameters()],
            "dtype": torch.get_default_dtype(),
        }

    before = trace()
    scriptify.script(net, x, oracle=oracle)
    assert trace() == before


def test_a_refused_model_raises_with_the_diagnostics(imported, oracle):
    net = imported(
        """
        class Net(nn.Module):
            def forward(self, x):
                return x + eval("1") + torch.zeros(1).apply_(lambda v: v)
        """
    ).Net()
    with pytest.raises(scriptify.ScriptifyError) as caught:
        scriptify.script(net, torch.rand(2), oracle=oracle)
    error = caught.value
    assert error.verdict.eager_same.ok
    assert not error.verdict.scripts.ok
    assert error.diagnostics[0].message
    assert error.result.entries[0].remaining is error.diagnostics[0]
    first, *more = str(error).splitlines()
    assert first.startswith("Net was not proved: torch.jit.script refuses it: ")
    assert any("net.py:7" in line for line in more)


def test_what_was_done_halfway_is_not_returned(imported, oracle):
    """The rewrites are good and the scripted module still differs: nothing comes back."""
    net = imported(
        """
        class Net(nn.Module):
            def forward(self, x):
                return x * float(f"{1 / 3:.3f}") if x.requires_grad else x.new(eval("2"))
        """
    ).Net()
    with pytest.raises(scriptify.ScriptifyError, match="Net was not proved"):
        scriptify.script(net, torch.rand(2), oracle=oracle)


def test_a_model_that_scripts_comes_back_without_a_patch(imported, oracle):
    net = imported("class Net(nn.Module):\n    def forward(self, x):\n        return x * 2\n").Net()
    scripted = scriptify.script(net, torch.rand(2), oracle=oracle)
    assert scripted.patch == ""
    assert scripted.verdict.ok


def test_a_model_of_libraries_only_is_judged_as_it_is(oracle):
    net = nn.Sequential(nn.Linear(2, 3), nn.ReLU())
    scripted = scriptify.script(net, torch.rand(1, 2), oracle=oracle)
    assert scripted.patch == ""
    assert next(scripted.parameters()) is net[0].weight


def test_shared_parameters_stay_shared(imported, oracle):
    net = imported(
        """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.a = nn.Linear(3, 3)
                self.b = nn.Linear(3, 3)
                self.b.weight = self.a.weight
                self.again = self.a

            def forward(self, x, skip=None):
                y = self.again(self.b(self.a(x)))
                return y if skip is None else y + skip
        """
    ).Net()
    scripted = scriptify.script(net, torch.rand(1, 3), oracle=oracle)
    assert scripted.b.weight is net.a.weight
    assert scripted.again.weight is net.a.weight
    scripted(torch.rand(1, 3)).sum().backward()
    assert torch.equal(scripted.a.weight.grad, net.b.weight.grad)


def test_nested_modules_of_a_project_are_rewritten_in_their_files(imported, oracle):
    module = imported(
        """
        from .blocks import Block
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.block = Block()
            def forward(self, x):
                return self.block(x)
        """,
        blocks="""
        from .helpers import scaled
        class Block(nn.Module):
            def __init__(self):
                super().__init__()
                self.convs = nn.ModuleList(nn.Linear(2, 2) for _ in range(2))
            def forward(self, x):
                for i in range(len(self.convs)):
                    x = self.convs[i](x)
                return scaled(x)
        """,
        helpers="""
        def scaled(x, by=2, bias=None):
            if bias is not None:
                x = x + bias
            return F.interpolate(x[None, None], scale_factor=by)[0, 0]
        """,
        other="raise RuntimeError('never imported')\n",
    )
    scripted = scriptify.script(module.Net(), torch.rand(1, 2), oracle=oracle)
    changed = {change.path.rpartition("/")[2] for change in scriptify.proof(scripted).result.changed}
    assert changed == {"blocks.py", "helpers.py"}


def test_a_model_with_members_named_patch_and_verdict_keeps_them(imported, oracle):
    net = imported(
        """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.patch = nn.Linear(2, 2)
            def forward(self, x):
                return self.patch(x)
        """
    ).Net()
    scripted = scriptify.script(net, torch.rand(1, 2), oracle=oracle)
    assert isinstance(scripted.patch, torch.jit.ScriptModule)
    assert scripted.verdict.ok
    assert scriptify.proof(scripted).patch == ""


def test_several_cases_share_the_model_and_all_must_hold(imported, oracle):
    net = imported(
        """
        class Net(nn.Module):
            def forward(self, x, skip=None, twice: bool = False):
                if skip is not None:
                    x = x + skip
                return x * 2 if twice else x
        """
    ).Net()
    x = torch.rand(2)
    scripted = scriptify.script(net, x, cases=[((x,), {"skip": torch.ones(2)}), ((x,), {"twice": True})], oracle=oracle)
    assert scripted.verdict.cases == 3
    assert torch.equal(scripted(x, torch.ones(2), True), net(x, torch.ones(2), True))


def test_keywords_are_inputs(imported, oracle):
    net = imported("class Net(nn.Module):\n    def forward(self, x, skip=None):\n        return x if skip is None else x + skip\n").Net()
    x = torch.rand(2)
    scripted = scriptify.script(net, x, skip=torch.ones(2), oracle=oracle)
    assert torch.equal(scripted(x, torch.ones(2)), x + 1)


def test_a_function_becomes_a_module_that_is_called_alike(imported, oracle):
    module = imported("def scaled(x, by: float, bias=None):\n    return x * by if bias is None else x * by + bias\n")
    x = torch.rand(2)
    scripted = scriptify.script(module.scaled, x, 2.0, bias=torch.ones(2), oracle=oracle)
    assert torch.equal(scripted(x, 3.0, torch.ones(2)), x * 3 + 1)


def test_progress_and_decide_are_passed_on(net, oracle):
    stages, asked = [], []

    def decide(rewrite):
        asked.append(rewrite.code)
        return False

    with pytest.raises(scriptify.ScriptifyError, match="refuses it"):
        scriptify.script(net, torch.rand(2, 3, 4, 4), progress=lambda event: stages.append(event.stage), decide=decide, oracle=oracle)
    assert {"observe", "judge"} <= set(stages)
    assert "SF301" in asked


def test_settings_choose_the_transforms(net, oracle):
    with pytest.raises(scriptify.ScriptifyError):
        scriptify.script(net, torch.rand(2, 3, 4, 4), settings=scriptify.Settings(ignore=("SF301",)), oracle=oracle)


@pytest.mark.parametrize(
    ("args", "kwargs", "message"),
    [
        ((3,), {}, "takes an nn.Module or a function, not a int"),
        ((nn.DataParallel(nn.Linear(2, 2)), torch.rand(1, 2)), {}, "give model.module"),
        ((torch.jit.script(nn.ReLU()), torch.rand(1)), {}, "scripted already"),
        ((nn.ReLU(),), {}, "missing a required argument"),
        ((nn.ReLU(), torch.rand(1), 2, 3), {}, "too many positional"),
        ((nn.ReLU(), torch.rand(1)), {"cases": [(torch.rand(1),)]}, "a pair"),
    ],
)
def test_misuse_is_one_sentence(args, kwargs, message):
    with pytest.raises(TypeError, match=message) as caught:
        scriptify.script(*args, **kwargs)
    assert "\n" not in str(caught.value)


def test_a_proof_is_only_of_what_was_returned():
    with pytest.raises(KeyError, match="was not returned by"):
        scriptify.proof(torch.jit.script(nn.ReLU()))


def test_double_precision_and_the_default_dtype_travel(net, oracle):
    net = net.double().eval()
    x = torch.rand(1, 3, 2, 2, dtype=torch.float64)
    scripted = scriptify.script(net, x, oracle=oracle)
    assert scripted(x).dtype == torch.float64
