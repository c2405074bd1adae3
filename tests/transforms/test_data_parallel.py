"""SF501 on what its examples don't show: blocks, tests, safety, and that unwrapped code runs the same without a GPU."""

from __future__ import annotations

import pytest

from scriptify.examples import rewritten
from scriptify.facts import static
from scriptify.pipeline import propose
from scriptify.transform import Decline, Fires, Rewrite, Safety
from scriptify.transforms.data_parallel import DataParallel

HEAD = "import torch\nfrom torch import nn\n\n"


def after(text: str) -> str:
    return rewritten(DataParallel(), text, Fires("", ""))[0]


def proposals(text: str) -> tuple[tuple[Rewrite, ...], tuple[Decline, ...]]:
    found = propose("m.py", text, static.index({"m.py": text}), [DataParallel()])
    assert not found.failures
    return found.rewrites, found.declines


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ("net = nn.DataParallel(net)\n", ""),
        ("net = nn.DataParallel(module=net, device_ids=[0])\n", ""),
        ("net = nn.DataParallel(net).to(d)\n", "net = net.to(d)\n"),
        ("net = nn.DataParallel(a or b).cuda()\n", "net = (a or b).cuda()\n"),
        ("x = 1; net = nn.DataParallel(net)\n", "x = 1; net = net\n"),
        ("net = torch.nn.parallel.DataParallel(Net(3))\n", "net = Net(3)\n"),
        ("if n > 1:\n    net = nn.DataParallel(net)\nelse:\n    net = net.cuda()\n", "if n > 1:\n    pass\nelse:\n    net = net.cuda()\n"),
        ("if setup():\n    net = nn.DataParallel(net)\n", "if setup():\n    pass\n"),
        ("if n:\n    a = nn.DataParallel(a)\n    b = nn.DataParallel(b)\n", ""),
        ("if n:\n    a = nn.DataParallel(a)\n    log_it()\n", "if n:\n    log_it()\n"),
        ("if n:\n    x()\nelif m:\n    a = nn.DataParallel(a)\n", "if n:\n    x()\nelif m:\n    pass\n"),
        ("net = nn.DataParallel(net)\ny = net.module.head(net(x))\n", "y = net.head(net(x))\n"),
        ("net = nn.DataParallel(net)\nnet = net.module\nnet.go()\n", "net.go()\n"),
        ("net = nn.DataParallel(nn.DataParallel(Net()))\n", "net = Net()\n"),
        (
            "net = nn.DataParallel(net)\nnet.load_state_dict(a or net.module.b)\n",
            'net.load_state_dict({key[7:] if key.startswith("module.") else key: value for key, value in (a or net.b).items()})\n',
        ),
        ("net = nn.DataParallel(net)\ny = net if not hasattr(net, 'module') else net.module\n", "y = net\n"),
        ("net = nn.DataParallel(net)\nif isinstance(net, nn.DataParallel):\n    a(net.module)\nelse:\n    a(net)\n", None),
    ],
)
def test_shapes(before, expected):
    if expected is None:  # the test stays and decides rightly for a model that is not wrapped
        expected = before.partition("\n")[2]
    assert after(HEAD + before) == HEAD + expected


def test_two_names_stand_or_fall_together():
    text = HEAD + "if n:\n    a = nn.DataParallel(a)\n    b = nn.DataParallel(b)\n"
    assert len(rewritten(DataParallel(), text, Fires("", ""))[1]) == 1


def test_a_checkpoint_loaded_before_the_wrap_is_left_alone():
    text = HEAD + "net.load_state_dict(torch.load(p))\nnet = nn.DataParallel(net)\n"
    assert "startswith" not in after(text)


def test_another_scope_with_the_same_name_is_left_alone():
    other = "def other(net):\n    return net.module\n"
    assert after(HEAD + "def one(net):\n    net = nn.DataParallel(net)\n    return net\n\n" + other).endswith(other)


@pytest.mark.parametrize(
    ("body", "safety"),
    [
        ("net = nn.DataParallel(net).cuda()\nnet.eval()\n", Safety.EQUIVALENT),
        ("net = nn.DataParallel(net.cuda())\ntorch.jit.trace(net.module, x)\n", Safety.EQUIVALENT),
        ("net = nn.DataParallel(net)\nnet.eval()\n", Safety.API),
        ("net = nn.DataParallel(net).cuda()\n", Safety.API),
        ("net = nn.DataParallel(net).cuda()\nnet.eval()\nloss.backward()\n", Safety.API),
        ("net = nn.DataParallel(net).cuda()\nnet.eval()\ntorch.save(net.state_dict(), p)\n", Safety.API),
        ("def make(net):\n    net = nn.DataParallel(net).cuda()\n    net.eval()\n    return net\n", Safety.API),
    ],
)
def test_safety_tells_what_callers_see(body, safety):
    text = HEAD + body
    found = propose("m.py", text, static.index({"m.py": text}), [DataParallel()])
    kept = [Safety.EQUIVALENT for _ in found.rewrites] or [Safety.API for d in found.declines if "--unsafe" in d.because]
    assert kept == [safety]


MADE = "def main(net):\n    net = nn.DataParallel(net).cuda()\n    net.eval()\n"


@pytest.mark.parametrize(
    "use",
    [
        "names = [n for n, _ in net.named_parameters()]",
        "torch.save(net, p)",
        "other = net",
        "nets = [net, {'a': net}]",
        "other = net.train().eval()",
        "evaluate(net, loader)",
        "helper(1, net)",
        "a, b = nn.DataParallel(net), 1",
        "nets[0] = nn.DataParallel(net)",
    ],
)
def test_a_model_that_goes_elsewhere_is_seen_by_others(use):
    text = f"{HEAD}def helper(n, m):\n    return inner(m)\n\n\ndef inner(m):\n    return [m]\n\n\n{MADE}    {use}\n"
    rewrites, declines = proposals(text)
    assert not rewrites and "--unsafe" in declines[0].because


@pytest.mark.parametrize(
    "use",
    [
        "print(net)",
        "y = net(x) if net is not None else x",
        "net = net.train().eval()",
        "y = helper(1, m=net)",
        "y = getattr(net, 'module', net)",
        "y = net.module if isinstance(net, nn.DataParallel) else net",
        "net = net.module\n    other = net",
    ],
)
def test_a_model_that_is_only_run_is_not(use):
    text = f"{HEAD}def helper(n, m):\n    m.eval()\n    return inner(m) * m(n)\n\n\ndef inner(m):\n    return m(1)\n\n\n{MADE}    {use}\n"
    rewrites, declines = proposals(text)
    assert len(rewrites) == 1 and not declines


@pytest.mark.parametrize(
    ("use", "because"),
    [
        ("if hasattr(net, 'module'):\n        net.module.calibrate()", "decides about more"),
        ("if hasattr(net, 'module'):\n        net = net.module\n    elif x:\n        net = x", "decides about more"),
        ("y = net.module(x) if hasattr(net, 'module') else net(-x)", "decides about more"),
        ("assert isinstance(net, nn.DataParallel)", "decides about more"),
        ("if not isinstance(net, nn.DataParallel):\n        stop()", "decides about more"),
        ("net.load_state_dict(**given)", "is not seen"),
    ],
)
def test_what_would_be_lost_or_decided_otherwise_is_declined(use, because):
    rewrites, declines = proposals(f"{HEAD}{MADE}    {use}\n")
    assert not rewrites and because in declines[0].because


def test_a_state_dict_given_by_its_name_loses_the_prefix_too():
    text = HEAD + MADE + "    net.load_state_dict(strict=False, state_dict=torch.load(p))\n"
    assert 'state_dict={key[7:] if key.startswith("module.") else key: value for key, value in torch.load(p).items()})' in after(text)


def test_distributed_training_is_told_apart():
    text = HEAD + "def main(net):\n    net = nn.parallel.DistributedDataParallel(net)\n    net(1).backward()\n"
    _, (decline,) = proposals(text)
    assert "each process trains its own copy" in decline.because


def test_without_a_gpu_the_unwrapped_program_gives_the_same():
    torch = pytest.importorskip("torch")
    text = HEAD + (
        "torch.manual_seed(0)\n"
        "net = nn.DataParallel(nn.Sequential(nn.Linear(2, 3), nn.ReLU()))\n"
        "state = {'module.' + k: v * 2 for k, v in net.module.state_dict().items()}\n"
    )
    text = text.replace("'module.' + k", "f'{p}.{k}'").replace("state =", "p = 'module'\nstate =")
    text += "net.load_state_dict(state)\nnet.eval()\nout = net(torch.ones(1, 2))\nkeys = list(net.module.state_dict())\n"
    changed = after(text)
    assert "DataParallel" not in changed
    results = []
    for source in (text, changed):
        names: dict[str, object] = {}
        exec(compile(source, "m.py", "exec"), names)
        results.append(names)
    assert torch.equal(results[0]["out"], results[1]["out"])
    assert results[0]["keys"] == results[1]["keys"]


REFUSED = 'File "/x/torch/nn/parallel/data_parallel.py", line 172'
BUILD = "import torch\nfrom torch import nn\n\n\ndef build():\n    return nn.DataParallel(nn.Linear(2, 2))\n\n\n"


def refused(text):
    return rewritten(DataParallel(), BUILD + text, Fires("", "", focus=REFUSED))


def test_a_refused_model_is_unwrapped_wherever_the_file_hands_it_on():
    text = (
        "def keys(net, other=None):\n    return net.module.state_dict()\n\n\n"
        "def main():\n    net = build().eval()\n    again = net\n    return keys(net), again.module, keys(net=again)\n"
    )
    after, (rewrite,), declines = refused(text)
    assert not declines
    assert rewrite.safety is Safety.OBSERVED and "lose the leading module." in rewrite.title
    assert "return nn.Linear(2, 2)" in after and ".module" not in after.partition("def keys")[2]


@pytest.mark.parametrize(
    "call",
    ["keys(build()), keys(other)", "keys(other)", "keys(*[build()])", "keys"],
    ids=["another too", "another", "starred", "as a value"],
)
def test_a_function_that_gets_other_models_too_is_declined(call):
    text = f"def keys(net):\n    return net.module.state_dict()\n\n\ndef main(other):\n    net = build()\n    return keys(net), {call}\n"
    _, rewrites, declines = refused(text)
    assert not rewrites and "may get from elsewhere" in declines[0].because


def test_tests_for_the_wrapper_stay():
    text = "def bare(net):\n    if hasattr(net, 'module'):\n        net = net.module\n    return net\n\n\n"
    text += "def main():\n    return bare(build())\n"
    after, rewrites, _ = refused(text)
    assert rewrites and text in after
