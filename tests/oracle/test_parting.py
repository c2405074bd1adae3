"""Two forms side by side: exactly the module that differs is named, and nothing where nothing does."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from oracle.conftest import HEAD
from scriptify import comparing
from scriptify.oracle.parting import Parting, Question, Side, Verdict
from scriptify.oracle.protocol import Entry
from scriptify.oracle.runner import Oracle
from scriptify.report import parting_words as words

MODELS = """
class Remainder(nn.Module):
    def forward(self, x):
        y = x.clone()
        y %= 0.7
        return y

class Gate(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(4, 4)
        self.b = nn.Linear(4, 4)
    def forward(self, x):
        return self.a(x) if x.sum() > 0 else self.b(x)

class Parts(nn.Module):
    def forward(self, x, scale: int = 2):
        return {"twice": x * scale, "more": x + 1}, None, [x, x - 1]

class Between(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(4, 4)
        self.second = nn.Linear(4, 4)
    def forward(self, x):
        y = self.first(x).clone()
        y %= 0.7
        return self.second(y)

class Wide(nn.Module):
    def __init__(self, inner):
        super().__init__()
        self.stem = nn.Linear(4, 4)
        self.stages = nn.ModuleList([nn.Sequential(nn.Linear(4, 4), nn.ReLU(inplace=True)) for _ in range(2)])
        self.inner = nn.Sequential(inner)
        self.parts = Parts()
        self.head = nn.Linear(4, 4)
    def forward(self, x):
        x = self.stem(x)
        for stage in self.stages:
            x = stage(x)
        for stage in self.stages:
            x = stage.forward(x)
        x = self.inner(x - 1)
        made, _, rest = self.parts(x)
        return self.head(made["twice"]) + rest[1]

def plain():
    return Wide(nn.Tanh()).eval(), (torch.rand(2, 4),)

def remainder():
    return Wide(Remainder()).eval(), (torch.rand(2, 4),)

def between():
    return Wide(Between()).eval(), (torch.rand(2, 4) - 3,)

def gates():
    model = nn.Sequential(nn.Tanh(), Gate()).eval()
    yield model, (torch.ones(2, 4),)
    yield model, (-torch.ones(2, 4),)

def norm():
    return Wide(nn.BatchNorm1d(4)), (torch.rand(8, 4),)

def dropped():
    model = Wide(nn.Dropout(0.5)).eval()
    model.inner[0].train()
    return model, (torch.rand(2, 4),)

def kept():
    return Wide(nn.Dropout(0.5)).eval(), (torch.rand(2, 4),)

def heavier():
    model = Wide(nn.Tanh()).eval()
    with torch.no_grad():
        model.stages[1][0].weight[0, 0] += 1
    return model, (torch.rand(2, 4),)

def several():
    yield Wide(nn.Tanh()).eval(), (torch.rand(2, 4),)
    yield Wide(nn.ReLU()), (torch.rand(2, 4),)
    yield Wide(nn.Tanh()).eval(), (torch.rand(3, 4),)

class Many(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.GRU(4, 4, batch_first=True)
        self.head = nn.Linear(4, 4)
    def forward(self, x, mask: Optional[Tensor] = None):
        y, _ = self.rnn(x)
        return self.head(y) if mask is None else y * mask

def recurrent():
    return Many().eval(), (torch.rand(2, 3, 4),)

def masked():
    model = Many().eval()
    yield model, (torch.rand(2, 3, 4),)
    yield model, (torch.rand(2, 3, 4), torch.ones(4))

def function():
    def twice(x: torch.Tensor) -> torch.Tensor:
        y = x.clone()
        y %= 0.7
        return y
    return twice, (torch.rand(4) - 2,)

class Noise(nn.Module):
    def forward(self, x):
        return x + torch.rand(4, generator=torch.Generator().manual_seed(SEEDS.randrange(1 << 30)))

SEEDS = random.SystemRandom()

def noisy():
    return Wide(Noise()).eval(), (torch.rand(2, 4),)

class Zero(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(4))
    def forward(self, x):
        y = x.clone()
        y %= 0.7
        return x + self.weight * y

def zeros():
    return Wide(Zero()).eval(), (torch.rand(2, 4) - 2,)
"""

Compare = Callable[..., Parting]


@pytest.fixture
def compare(oracle: Oracle, tmp_path: Path) -> Compare:
    """``compare(a, b, entry)``: the parting of two sides as a user names them."""
    (tmp_path / "models.py").write_text(HEAD + textwrap.dedent(MODELS))

    def ask(a: str, b: str, entry: str = "plain", **question: object) -> Parting:
        of = Entry(f"models.py:{entry}", str(tmp_path))
        sides = [comparing.side(text, of, tmp_path) for text in (a, b)]
        return comparing.compare_with(oracle, *sides, replace(Question(), **question))  # type: ignore[arg-type]

    return ask


@pytest.mark.parametrize("form", ["eager", "script", "trace"])
def test_nothing_parts_where_nothing_differs(compare: Compare, form: str) -> None:
    found = compare("eager", form)
    assert (found.errors, found.first, found.parts, found.exit_code) == ((), None, False, 0)
    assert found.state.compared and not found.state.differ
    # Modules called twice, and by their forward, are told apart by the number of the call.
    calls = [(row.path, row.call) for row in found.rows]
    assert len(set(calls)) == len(calls) == 18 and ("stages.1.0", 2) in calls
    # A trace does not know a module whose forward is called past its __call__, only what it calls.
    past = {("stages.0", 2), ("stages.1", 2)} if form == "trace" else set()
    assert {(row.path, row.call) for row in found.rows if row.verdict is not Verdict.SAME} == past
    assert "identical" in next(words.state(found)) and "compute the same" in words.headline(found)


@pytest.mark.parametrize(
    ("entry", "b", "blamed", "cls"),
    [
        ("remainder", "script", "inner.0", "Remainder"),
        ("between", "script", "inner.0", "Between"),
        ("gates", "trace", "1", "Gate"),
        ("zeros", "script", "inner.0", "Zero"),
        ("function", "script", "", "function.<locals>.twice"),
    ],
)
def test_the_module_whose_own_code_differs_is_named(compare: Compare, entry: str, b: str, blamed: str, cls: str) -> None:
    found = compare("eager", b, entry)
    assert (found.errors, found.blamed, found.exit_code) == ((), blamed, 1)
    assert f"{blamed} ({cls})" in words.headline(found) or (not blamed and cls in words.headline(found))
    first = found.first
    assert first is not None
    before = [row for row in found.rows if (row.case, row.turn, row.left) < (found.rows[first].case, 0, found.rows[first].entered)]
    assert all(row.verdict is Verdict.SAME for row in before)


def test_a_module_that_parts_is_run_by_itself_too(compare: Compare) -> None:
    found = compare("eager", "script", "remainder")
    own = {row.path: row.alone for row in found.rows if row.alone is not None}
    assert own["inner.0"].beyond and not own["head"].beyond
    # What comes after has only been given other numbers.
    assert next(row for row in found.rows if row.path == "head").verdict is Verdict.PARTS


def test_code_between_two_calls_is_told_by_what_it_passes(compare: Compare) -> None:
    found = compare("eager", "script", "between")
    assert found.first is not None and found.by_input and found.rows[found.first].path == "inner.0.second"
    assert "before it calls inner.0.second (Linear)" in words.headline(found)


def test_a_frozen_branch_is_two_paths(compare: Compare) -> None:
    found = compare("eager", "trace", "gates")
    assert found.first is not None and found.rows[found.first].verdict in (Verdict.ONLY_A, Verdict.ONLY_B)
    assert "on case 2" in words.headline(found) and "another way" in words.headline(found)
    assert any("tracer warns" in remark for remark in found.remarks)


def test_overloaded_forwards_are_seen(compare: Compare) -> None:
    found = compare("eager", "script", "recurrent")
    assert [(row.path, row.verdict) for row in found.rows] == [(path, Verdict.SAME) for path in ("rnn", "head", "")]


def test_a_side_that_raises_is_told_so(compare: Compare) -> None:
    found = compare("eager", "trace", "masked")
    assert found.exit_code == 1 and "on case 2: trace raises " in words.headline(found)
    assert all(row.verdict in (Verdict.SAME, Verdict.UNSEEN) for row in found.rows if row.path)


def test_each_case_has_its_own_model_and_state(compare: Compare) -> None:
    found = compare("eager", "script", "several")
    assert (found.errors, found.first, found.exit_code, len(found.rows)) == ((), None, 0, 54)
    assert all(row.verdict is Verdict.SAME for row in found.rows)


@pytest.mark.parametrize("form", ["script", "trace"])
def test_running_statistics_move_alike(compare: Compare, form: str) -> None:
    assert compare("eager", form, "norm", calls=2).exit_code == 0


def test_another_mode_is_the_first_thing_told(compare: Compare) -> None:
    found = compare("models.py:kept", "models.py:dropped", "kept", load=False)
    assert found.blamed == "inner.0" and found.rows[found.first or 0].cls == "Dropout"
    told = list(words.state(found))
    assert "Modes differ: inner.0 is in eval mode in models.py:kept" in told[-1]


def test_other_parameters_are_the_first_thing_told(compare: Compare) -> None:
    found = compare("models.py:plain", "models.py:heavier", load=False)
    assert [item.key for item in found.state.differ] == ["stages.1.0.weight"] and not found.state.loaded
    assert "1 of 8 parameters and buffers differ, first the parameter stages.1.0.weight" in next(words.state(found))
    assert found.blamed == "stages.1.0"
    same = compare("models.py:plain", "models.py:heavier", load=True)
    assert same.state.differ and same.state.loaded and same.exit_code == 0


def test_a_model_that_differs_from_itself_is_not_judged(compare: Compare) -> None:
    found = compare("eager", "eager", "noisy")
    assert found.unsteady and found.exit_code == 0
    assert any("differs from itself" in line and "inner.0" in line for line in words.details(found))


def test_a_side_that_cannot_be_had_is_one_sentence(compare: Compare) -> None:
    found = compare("eager", "script", "noisy")
    assert found.exit_code == 3 and len(found.errors) == 1 and "\n" not in found.errors[0]
    assert words.headline(found).startswith("Nothing was compared: ")


def test_original_against_rewritten_sources(oracle: Oracle, tmp_path: Path) -> None:
    path = tmp_path / "models.py"
    path.write_text(HEAD + MODELS)
    entry = Entry("models.py:remainder", str(tmp_path))
    changed = path.read_text().replace("y %= 0.7", "y = y % 0.7")
    a, b = Side("original", "eager", entry), Side("rewritten", "script", entry, overlay={str(path): changed})
    assert comparing.compare_with(oracle, a, b, Question()).exit_code == 0
    wrong = replace(b, overlay={str(path): changed.replace("y % 0.7", "y % 0.6")})
    assert comparing.compare_with(oracle, a, wrong, Question()).blamed == "inner.0"


@pytest.mark.slow
@pytest.mark.parametrize("form", ["export", "onnx", "onnx-legacy"])
def test_flat_forms_are_compared_module_by_module(compare: Compare, form: str) -> None:
    found = compare("eager", form)
    assert (found.errors, found.first, found.exit_code) == ((), None, 0)
    assert len(found.rows) == 18 and all(row.verdict is Verdict.SAME for row in found.rows)


@pytest.mark.slow
def test_a_file_is_compared_with_the_model(compare: Compare, oracle: Oracle, tmp_path: Path) -> None:
    entry = Entry("models.py:plain", str(tmp_path))
    oracle.script_save(entry, {}, tmp_path / "saved.pt")
    found = compare("eager", "saved.pt")
    assert (found.errors, found.exit_code, found.state.compared, len(found.rows)) == ((), 0, 8, 18)
    other = compare("eager", "saved.pt", "heavier")
    assert [item.key for item in other.state.differ] == ["stages.1.0.weight"] and other.blamed == "stages.1.0"
