"""SF403: which sums start from a Tensor, which are left alone, and that eager code is not changed."""

from __future__ import annotations

import pytest

from scriptify.examples import rewritten
from scriptify.transform import Fires, Rewrite, Safety
from scriptify.transforms.tensor_accumulator import TensorAccumulator

HEAD = "import torch\nfrom torch import nn\n\n\nclass Net(nn.Module):\n    def forward(self, x, k: int):\n"
START = "torch.zeros(()) if torch.jit.is_scripting() else 0.0"


def result(body: str, head: str = HEAD) -> tuple[str, list[Rewrite]]:
    text, rewrites, _ = rewritten(TensorAccumulator(), f"{head}        {body}\n", Fires("", ""))
    return text.removeprefix(f"{head}        ").rstrip("\n"), rewrites


@pytest.mark.parametrize(
    "body",
    [
        "s = 0.0\n        while s < 3:\n            s = s + x.mean()",
        "s = 0.0\n        for i in range(k):\n            if i > 1:\n                s = s + x.mean() * 2 / k",
        "s = 0.0\n        for i in range(k):\n            s = x + s\n        return s / k",
        "s = 0.0\n        s = s + x\n        for i in range(k):\n            s = s - x",
        "s = 0.0\n        for y in x:\n            for z in y:\n                s = s + z.sum()",
    ],
)
def test_starts_from_a_tensor(body):
    changed, (rewrite,) = result(body)
    assert changed == body.replace("s = 0.0", f"s = {START}", 1)
    assert rewrite.silent and rewrite.safety is Safety.EQUIVALENT


@pytest.mark.parametrize(
    "body",
    [
        "s = 0.0\n        for i in range(k):\n            s = s + unknown(x)",
        "s = 0.0\n        for i in range(k):\n            s = s + i",
        "s = 0.0\n        for i in range(k):\n            s = s + x\n            s = 0.0",
        "s = 0.0\n        for i in range(k):\n            s = s + s * x",
        "s = t = 0.0\n        for i in range(k):\n            s = s + x",
        "s = 2.0\n        for i in range(k):\n            s = s + x",
        "for i in range(k):\n            s = 0.0\n            s = s + x",
        "s = 0.0\n        if self.flag:\n            s = s + x.mean()",
        "s = 0.0\n        torch = 1\n        for i in range(k):\n            s = s + x",
        "s = sum([k, 2])",
    ],
)
def test_left_alone(body):
    assert result(body) == (body, [])


@pytest.mark.parametrize(
    ("start", "step", "form"),
    [
        ("0.0", "s += x.mean() * 2", "s = s + (x.mean() * 2) if torch.jit.is_scripting() else operator.iadd(s, x.mean() * 2)"),
        ("0", "s -= x.sum()", "s = s - x.sum() if torch.jit.is_scripting() else operator.isub(s, x.sum())"),
        ("0", "s = s + x\n            s += 0.5", "s = s + 0.5 if torch.jit.is_scripting() else operator.iadd(s, 0.5)"),
        ("0.0", "s = s + x\n            s += 0.5", "s += 0.5"),
    ],
)
def test_what_is_added_in_place_is_added_anew_in_scripted_code_alone(start, step, form):
    changed, _ = result(f"s = {start}\n        for i in range(k):\n            {step}")
    assert changed.endswith(form)


def test_an_in_place_sum_keeps_its_other_name_between_two_branches():
    body = (
        "s = 0.0\n        if k > 1:\n            s += x.sum()\n        t = s\n        if k > 2:\n            s += x.sum()\n        return t"
    )
    assert result(body) == (body, [])


def test_an_in_place_sum_of_any_shape_needs_a_run_to_agree():
    changed, (rewrite,) = result("s = 0.0\n        for i in range(k):\n            s -= x * 2")
    assert changed.endswith("s = s - (x * 2)")
    assert rewrite.safety is Safety.OBSERVED


def test_an_in_place_sum_with_another_name_is_declined():
    body = "s, out = 0.0, []\n        s = 0.0\n        for i in range(k):\n            s += x * 2\n            out.append(s)"
    assert result(body)[1] == []
    declines = rewritten(TensorAccumulator(), f"{HEAD}        {body.partition('        ')[2]}\n", Fires("", ""))[2]
    assert "has another name" in declines[0].because


def test_a_promise_to_return_a_number_is_kept():
    head = HEAD.replace("k: int):", "k: int) -> float:")
    body = "s = 0.0\n        for i in range(k):\n            s = s + x.mean()\n        return s"
    assert result(body, head) == (body, [])


@pytest.mark.parametrize("dtype", ["int64", "uint8", "bool", "float16", "float32", "float64"])
@pytest.mark.parametrize("zero", ["0", "0.0"])
def test_scripted_start_adds_as_the_number_does(dtype, zero):
    torch = pytest.importorskip("torch")
    changed, _ = result(f"s = {zero}\n        for i in range(k):\n            s = s + x")
    start = eval(changed.partition(" if ")[0].removeprefix("s = "), {"torch": torch})
    x = torch.ones(3).to(getattr(torch, dtype))
    assert (start + x).dtype == (eval(zero) + x).dtype
    assert torch.equal(start + x, eval(zero) + x)


def test_a_written_out_sum_is_the_sum():
    torch = pytest.importorskip("torch")
    changed, _ = result("y = sum([x > 0, x * 2, -x]) * 2")
    names = {"x": torch.arange(-3, 3)}
    assert torch.equal(eval(changed.removeprefix("y = "), names), eval("sum([x > 0, x * 2, -x]) * 2", names))


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("xs = [x, x]\n        y = sum(t * 2 for t in xs)", "for t in xs:\n            total = total + (t * 2)"),
        ("total = 1\n        xs = [x, x]\n        y = sum(xs)", "for term in xs:\n            total_2 = total_2 + term"),
    ],
)
def test_a_sum_over_a_list_is_a_loop_that_gives_the_same(body, expected):
    torch = pytest.importorskip("torch")
    changed, _ = result(body)
    assert expected in changed
    names = [{"torch": torch, "x": torch.arange(3)} for _ in range(2)]
    for text, space in zip((body, changed), names, strict=True):
        exec(text.replace("\n        ", "\n"), space)
    assert torch.equal(names[0]["y"], names[1]["y"])


@pytest.mark.parametrize(
    "text", ["y = sum(t for t in xs if k)", "t = 1\n        y = sum(t * x for t in range(3))", "y = k and sum(x * t for t in range(3))"]
)
def test_a_sum_that_a_loop_would_change_stays(text):
    assert result(text)[1] == []


NARROW = [
    "x",
    "x * 2",
    "(x + i)",
    "x[i]",
    "x.abs()",
    "torch.relu(x)",
    "x.view(-1)[0]",
    "x % 5",
    "-x",
    "x.max()",
    "x.sum(dtype=torch.uint8)",
]
WIDE = [
    *("x.sum()", "x / 2", "x * 0.5", "x.float()", "torch.exp(x)", "x.long() * x", "(x.sum() + x)", "(1 - 2 * x.sum())"),
    *("x.unsqueeze(0)", "torch.stack([x, x])", "(x / i).abs()", "torch.sigmoid(x) * x"),
]


@pytest.mark.parametrize("term", [*NARROW, *WIDE])
@pytest.mark.parametrize(
    "body", ["s = 0\n        for i in range(1, k):\n            s = s + TERM\n        return s", "return sum(TERM for i in range(1, k))"]
)
def test_a_start_from_the_int_0_waits_for_a_run_where_small_integers_may_be_added(term, body):
    (rewrite,) = result(body.replace("TERM", term))[1]
    assert rewrite.safety is (Safety.EQUIVALENT if term in WIDE else Safety.OBSERVED)


@pytest.mark.parametrize("term", WIDE)
@pytest.mark.parametrize("dtype", ["int64", "uint8", "int8", "int32", "float16", "float32", "complex64"])
def test_what_starts_from_the_int_0_without_a_run_adds_as_the_number_does(term, dtype):
    torch = pytest.importorskip("torch")
    x = torch.tensor(3).to(getattr(torch, dtype))
    value = eval(term, {"torch": torch, "x": x, "i": 1})
    total = torch.zeros((), dtype=torch.int64) + value
    assert total.dtype == (0 + value).dtype and torch.equal(total, 0 + value)


@pytest.mark.parametrize(
    ("body", "safety"),
    [
        ("xs = [x.mean()]\n        for i in range(k):\n            xs.append(x.sum() * i)\n        return sum(xs)", Safety.EQUIVALENT),
        ("xs = [x.mean(), x.std()]\n        return sum(xs) / len(xs)", Safety.EQUIVALENT),
        ("xs = [x.mean(), x]\n        return sum(xs)", Safety.OBSERVED),
        ("xs = [x.mean()]\n        xs.extend([x])\n        return sum(xs)", Safety.OBSERVED),
        ("xs = [x.mean()]\n        xs[0] = x\n        return sum(xs)", Safety.OBSERVED),
        ("xs = [x.mean()]\n        xs += [x]\n        return sum(xs)", Safety.OBSERVED),
        ("xs = [x.mean()]\n        ys = xs\n        ys.append(x)\n        return sum(xs)", Safety.OBSERVED),
        ("xs = [x.mean()]\n        xs.append(x)\n        return sum(xs, 0.0)", Safety.EQUIVALENT),
        ("y = x.float()\n        s = 0\n        for i in range(k):\n            s = s + y\n        return s", Safety.EQUIVALENT),
        (
            "y = x.float()\n        y = x\n        s = 0\n        for i in range(k):\n            s = s + y\n        return s",
            Safety.OBSERVED,
        ),
    ],
)
def test_what_a_list_or_a_name_holds_is_asked(body, safety):
    (rewrite,) = result(body)[1]
    assert rewrite.safety is safety
