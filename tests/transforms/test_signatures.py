"""SF102 to SF107 on what their examples don't show: shadowing, branches, eager equality of what was rewritten."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import scriptify
from scriptify import examples
from scriptify.facts.model import Observed
from scriptify.registry import by_code
from scriptify.transform import Ignores

HEAD = "import torch\nfrom torch import nn\nfrom typing import Dict, List, Optional, Tuple\n\n\n"


def rewritten(code: str, text: str, observed: Observed | None = None, focus: str = "", at: str = "") -> tuple[str, list[str]]:
    """The text after one transform, and the reasons for what it left alone."""
    after, _, declines = examples.rewritten(by_code(code), text, Ignores(text, observed=observed, focus=focus, at=at))
    return after, [d.because for d in declines]


def net(parameters: str, body: str, init: str = "") -> str:
    """A module with this signature, body of forward, and end of __init__."""
    made = f"    def __init__(self, arg=None):\n        super().__init__()\n        {init}\n\n" if init else ""
    lines = "".join(f"        {line}\n" for line in body.splitlines())
    return f"{HEAD}class Net(nn.Module):\n{made}    def forward(self, {parameters}):\n{lines}"


def made(text: str, *args: Any) -> Any:
    """The Net of a text."""
    space: dict[str, Any] = {}
    exec(compile(text, "net.py", "exec", dont_inherit=True), space)
    return space["Net"](*args)


# SF101


def test_a_number_may_be_given_where_the_default_is_the_sentinel():
    text = net("x, skip=None", "x = self.fc(x)\nif skip is not None:\n    x = x + skip\nreturn x", "self.fc = nn.Linear(4, 4)")
    after, _ = rewritten("SF101", text)
    assert "skip: torch.Tensor = torch.empty(0)" in after
    before, other = made(text), made(after)
    other.load_state_dict(before.state_dict())
    x = torch.ones(2, 4)
    for skip in (None, 2, 0.5, torch.ones(4)):
        assert torch.equal(before(x, skip), other(x, skip))


# SF102


def test_calls_widen_an_int_default():
    text = HEAD + (
        "def scale(x, by=1):\n    return x * by\n\n\n"
        "class Net(nn.Module):\n    def forward(self, x):\n        return scale(x, 0.5) + scale(x)\n"
    )
    assert "by: float = 1" in rewritten("SF102", text)[0]


@pytest.mark.parametrize(("use", "waits"), [("x * by", True), ("x / by", False), ("x if by > 1 else -x", False)])
def test_an_int_that_would_be_a_float_when_scripted_waits_for_a_run(use, waits):
    text = net("x, by=1", f'"""Args:\n    by (float): What.\n"""\nreturn {use}')
    done = scriptify.rewrite(text, select=["SF102"])
    assert any("only a run can show" in decline.because for decline in done.declines) == waits
    assert ("by: float = 1" in done.draft.texts["source.py"]) != waits


def test_a_default_of_one_kind_and_a_call_of_another_is_declined():
    text = HEAD + (
        "def scale(x, by=1):\n    return x\n\n\nclass Net(nn.Module):\n    def forward(self, x):\n        return scale(x, 'a') + scale(x)\n"
    )
    after, declines = rewritten("SF102", text)
    assert after == text
    assert "no one type takes both" in declines[0]


@pytest.mark.parametrize("use", ["dims.append(1)", "dims += [1]", "y = dims + [2]", "self.kept = dims", "dims[0] = 3", "y = dims[1:]"])
def test_a_list_default_that_could_be_told_from_a_tuple_stays(use):
    text = net("x, dims=[0, 1]", f"{use}\nreturn x.sum(dims)")
    assert rewritten("SF102", text)[0] == text


def test_a_wrong_docstring_is_not_believed():
    text = net("xs", '"""Args:\n    xs (list[Tensor]): What.\n"""\nreturn xs.unsqueeze(0)')
    assert rewritten("SF102", text)[0] == text


def test_a_name_imported_for_type_checkers_alone_is_not_used():
    head = "from typing import TYPE_CHECKING\nimport torch\nfrom torch import nn\nif TYPE_CHECKING:\n    from typing import List\n\n\n"
    text = head + "class Net(nn.Module):\n    def forward(self, xs):\n        return torch.cat(xs)\n"
    after, _ = rewritten("SF102", text)
    assert "xs: typing.List[torch.Tensor]" in after
    assert torch.equal(made(after)([torch.ones(1)]), torch.ones(1))


# SF103


def branches(kind: str) -> str:
    return net("x, n: int = 2", f"v = None\n{kind}\nreturn x if v is None else v")


DYNAMIC = [
    "if n > 1:\n    v = x * 2",
    "for i in range(n):\n    v = x * i",
    "while n > 0:\n    v = x * n\n    n -= 1",
    "if n == 3:\n    pass\nelse:\n    v = x * 1",
]


@pytest.mark.parametrize("kind", DYNAMIC)
def test_a_dynamic_branch_is_annotated_and_computes_the_same(kind):
    before = branches(kind)
    after, _ = rewritten("SF103", before)
    assert "v: Optional[torch.Tensor] = None" in after
    for n in (0, 1, 3):
        assert torch.equal(made(before)(torch.ones(2), n), made(after)(torch.ones(2), n))


@pytest.mark.parametrize("kind", ["if self.fc is not None:\n    v = x * 2", "if torch.jit.is_scripting():\n    v = x * 2", "v = x * 2"])
def test_what_the_compiler_may_prune_waits_for_its_word(kind):
    text = branches(kind)
    assert rewritten("SF103", text)[0] == text
    message = "Variable 'v' previously had type NoneType but is now being assigned"
    if kind.startswith("if"):
        assert rewritten("SF103", text, focus=message, at="v = x")[0] != text


def test_an_assert_is_put_only_where_none_would_raise():
    message = "but instead found type 'Optional[Tensor]'"
    kept = net("x, p: Optional[torch.Tensor] = None", "y = torch.stack([x, x]) if p is x else x\nreturn foo(p)")
    assert rewritten("SF103", kept, focus=message, at="foo(p)")[0] == kept
    late = net("x, p: Optional[torch.Tensor] = None", "y = x + p if x.sum() > 0 else x\nreturn y")
    assert "torch.jit._unwrap_optional(p) if" in rewritten("SF103", late, focus=message, at="x + p")[0]
    sure = net("x, p: Optional[torch.Tensor] = None", "return x + p")
    with pytest.raises(TypeError):
        made(rewritten("SF103", sure, focus=message, at="x + p")[0])(torch.ones(1))


# SF104

MODES = [None, "up", "down", ""]
TESTS = [
    "self.m == 'up'",
    "self.m != 'up'",
    "self.m in ('up', 'x')",
    "not self.m == 'up' and x.sum() > 0",
    "self.m == 'up' or self.m == 'down'",
]
TAILS = [
    "",
    "else:\n    x = x - 1",
    "elif self.m == 'down':\n    x = x * 3",
    "elif self.m not in ['a']:\n    x = x * 3\nelse:\n    x = x * 5",
]


@pytest.mark.parametrize("test", TESTS)
@pytest.mark.parametrize("tail", TAILS)
def test_a_mode_that_may_be_none_is_tested_the_same(test, tail):
    before = net("x", f"if {test}:\n    x = x + 1\n{tail}\nreturn x".replace("\n\n", "\n"), init="self.m = arg")
    after, _ = rewritten("SF104", before)
    assert after != before
    for mode in MODES:
        assert torch.equal(made(before, mode)(torch.ones(2)), made(after, mode)(torch.ones(2)))
    assert rewritten("SF104", after)[0] == after


def test_a_module_with_a_length_is_not_taken_for_true():
    text = HEAD + (
        "class Bag(nn.Module):\n    def __len__(self):\n        return 0\n\n    def forward(self, x):\n        return x\n\n\n"
        "class Net(nn.Module):\n    def __init__(self, on=True):\n        super().__init__()\n        self.bag = Bag() if on else None\n\n"
        "    def forward(self, x):\n        return self.bag(x) if self.bag else x * 2\n"
    )
    assert "self.bag is not None else x" not in rewritten("SF104", text)[0]


def test_a_string_that_spans_lines_is_not_moved():
    text = net("x", "if self.m == 'up':\n    s = '''a\n  b'''\n    x = x + len(s)\nreturn x", init="self.m = arg")
    after, _ = rewritten("SF104", text)
    assert "if (self.m == 'up' if self.m is not None else False):" in after
    assert torch.equal(made(text, "up")(torch.ones(1)), made(after, "up")(torch.ones(1)))


# SF105


@given(st.lists(st.sampled_from(["1", "2.5", "'a'", "x", "(x, 1)", "[x]", "x.shape[0]", "unknown"]), min_size=1, max_size=3))
def test_lists_get_a_type_only_where_all_elements_agree(values):
    text = net("x", "found = []\n" + "".join(f"found.append({v})\n" for v in values) + "return x")
    after, _ = rewritten("SF105", text)
    kinds = {"x.shape[0]": "int", "1": "int", "2.5": "float"}
    types = {kinds.get(v, v) for v in values}
    agree = len(types) == 1 or types == {"int", "float"}
    assert (after != text) == (agree and not types & {"x", "unknown"})


def test_annotating_keeps_the_value():
    before = net("x, n: int = 2", "out = [None] * n\nout[0] = x + 1\nfirst = out[0]\nreturn x if first is None else first")
    after, _ = rewritten("SF105", before)
    assert "torch.jit.annotate(List[Optional[torch.Tensor]], [None]) * n" in after
    assert torch.equal(made(before)(torch.ones(2)), made(after)(torch.ones(2)))


# SF106


def test_an_annotation_that_takes_what_was_seen_stays():
    text = net("x, a: float, b: Optional[torch.Tensor], c: List[int], d: 'torch.Tensor'", "return x")
    seen = Observed(parameters={"Net.forward": {"a": "int", "b": "Tensor", "c": "Tuple[int, int]", "d": "Tensor"}})
    assert rewritten("SF106", text, seen)[0] == text


def test_an_unknown_alias_stays():
    alias = HEAD + "Maybe = Optional[torch.Tensor]\n\n\n"
    text = alias + "class Net(nn.Module):\n    def forward(self, x: Maybe) -> 'Thing':\n        return x\n"
    assert rewritten("SF106", text)[0] == text


# SF107


def test_callers_keep_every_way_of_passing_more():
    before = net("x, by: float = 2.0, *args, **kwargs", "return x * by")
    after, _ = rewritten("SF107", before)
    assert "**kwargs):\n        return x" not in after
    old, new = made(before), made(after)
    x = torch.ones(2)
    calls = [((x,), {}), ((x, 3.0), {}), ((x, 3.0, 4, 5), {}), ((x,), {"by": 1.5, "other": 1}), ((), {"x": x}), ((), {}), ((x,), {"x": x})]
    for (args, kwargs), direct in itertools.product(calls, (False, True)):
        results = []
        for model in (old, new):
            try:
                results.append((model.forward if direct else model)(*args, **kwargs))
            except TypeError:
                results.append(TypeError)
        assert results[0] is results[1] or torch.equal(results[0], results[1])


def test_only_what_was_taken_may_be_too_much():
    after, _ = rewritten("SF107", net("x, **kwargs", "return x"))
    with pytest.raises(TypeError):
        made(after)(torch.ones(1), 2)
    after, _ = rewritten("SF107", net("x, *args", "return x"))
    with pytest.raises(TypeError):
        made(after)(torch.ones(1), more=2)


def test_a_name_that_is_taken_is_not_used_again():
    text = net("x, **kwargs", "return x").replace("class Net", "_named_arguments = 1\n\n\nclass Net")
    after, _ = rewritten("SF107", text)
    assert "@_named_arguments_\n" in after
    assert torch.equal(made(after)(torch.ones(1), more=1), torch.ones(1))
