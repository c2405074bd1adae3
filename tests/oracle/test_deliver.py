"""Files of models: what is written computes what the eager model does, and what does not is not written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from scriptify.oracle.protocol import Delivery, Entry, Order
from scriptify.oracle.runner import Oracle, OracleError

HERE = Path(__file__).resolve().parents[2] / "benchmarks" / "upstream"
Delivering = Callable[..., Delivery]


@pytest.fixture
def delivering(oracle: Oracle, tmp_path: Path) -> Delivering:
    """``delivering("cell", how="mixed")``: a file ``model.pt`` of an entry in ``tutorial.py``."""

    def deliver(name: str, path: str = "model.pt", **order: object) -> Delivery:
        return oracle.deliver(Entry(f"{HERE / 'tutorial.py'}:{name}", str(HERE)), Order(**order), tmp_path / path)  # type: ignore[arg-type]

    return deliver


def ways(done: Delivery) -> dict[str, str]:
    return {choice.path: choice.how for choice in done.choices}


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_scripted_file_keeps_the_branches(delivering: Delivering, tmp_path: Path) -> None:
    done = delivering("cell", how="script")
    assert done.ok and done.how == "script" and ways(done) == {"": "script"}
    loaded = torch.jit.load(tmp_path / "model.pt")
    x, h = torch.rand(3, 4), torch.zeros(3, 4)
    inner = loaded.linear(x)
    assert torch.equal(loaded(x, h)[0], torch.tanh(inner if inner.sum() > 0 else -inner))
    assert left(tmp_path) == ["model.pt"]


def test_a_trace_that_froze_a_branch_is_found_on_a_second_input(delivering: Delivering, tmp_path: Path) -> None:
    done = delivering("cell", how="trace")
    name, level = done.first_failure or ("", done.runs)
    assert name == "made" and "frozen at" in level.detail and "(if x.sum() > 0:)" in level.detail
    assert left(tmp_path) == []


def test_a_second_case_of_the_entry_is_such_an_input(delivering: Delivering) -> None:
    done = delivering("choice", how="trace")
    assert "on call 2 of the run output: value" in done.made.detail


def test_values_that_decide_without_a_warning_are_found_too(delivering: Delivering) -> None:
    assert "inputs of the other sign" in delivering("hidden", how="trace").made.detail


def test_mixed_traces_what_has_no_control_flow_and_scripts_what_has(delivering: Delivering, tmp_path: Path) -> None:
    done = delivering("mixed", how="mixed")
    assert done.ok and done.how == "mixed"
    assert ways(done) == {"": "script", "dg": "script", "features": "trace"}
    assert "tutorial.py" in done.choices[0].why and "y.shape[0] > 3" in done.choices[0].why
    loaded = torch.jit.load(tmp_path / "model.pt")
    assert loaded(torch.rand(5, 3, 9, 9)).shape == (5, 4)


def test_a_part_with_control_flow_is_scripted_inside_a_trace(delivering: Delivering) -> None:
    done = delivering("cell", how="mixed")
    assert done.ok and ways(done) == {"": "trace", "dg": "script"}


def test_auto_scripts_where_that_works_and_mixes_where_not(delivering: Delivering) -> None:
    assert ways(delivering("mixed")) == {"": "script"}
    done = delivering("lambdas")
    assert done.ok and ways(done) == {"": "trace", "dg": "script", "features": "trace"}
    assert any("scripting alone does not do: Lambda" in remark for remark in done.made.remarks)


def test_a_refusal_is_the_compilers_own(delivering: Delivering, tmp_path: Path) -> None:
    done = delivering("lambdas", how="script")
    assert "Lambda aren't supported" in done.made.detail and "Lambda" in done.error
    assert not done.same.ok and left(tmp_path) == []


@pytest.mark.parametrize("order", [{"freeze": True}, {"optimize": True}])
def test_frozen_files(delivering: Delivering, tmp_path: Path, order: dict[str, bool]) -> None:
    done = delivering("plain", **order)
    assert done.ok
    loaded = torch.jit.load(tmp_path / "model.pt")
    assert not list(loaded.parameters())
    assert "batch_norm" not in str(loaded.inlined_graph)
    assert "no gradients flow through it" in str(done.same.remarks)


def test_only_eval_mode_is_frozen(delivering: Delivering) -> None:
    assert "eval()" in delivering("training", freeze=True).made.detail
    assert delivering("training", how="trace").ok


def test_a_model_that_draws_numbers_and_gives_more_than_tensors(delivering: Delivering) -> None:
    assert delivering("drawing", how="script").ok
    assert "takes Tensors only" in delivering("drawing", how="trace").made.detail


def test_only_the_first_model_is_delivered(delivering: Delivering) -> None:
    done = delivering("two")
    assert done.ok and (done.models, done.cases) == (2, 1)


def test_an_entry_that_does_not_run(delivering: Delivering, tmp_path: Path) -> None:
    done = delivering("raises")
    assert "no weights here" in done.runs.detail and not done.ok and left(tmp_path) == []


def test_what_was_there_stays_where_nothing_is_proved(delivering: Delivering, tmp_path: Path) -> None:
    (tmp_path / "model.pt").write_bytes(b"mine")
    assert not delivering("cell", how="trace").ok
    assert (tmp_path / "model.pt").read_bytes() == b"mine"


def test_a_folder_that_is_not_there(delivering: Delivering) -> None:
    with pytest.raises(OracleError, match="can't be written"):
        delivering("plain", "no/model.pt")


@pytest.mark.slow
def test_a_program_of_torch_export_keeps_open_what_varies_between_cases(delivering: Delivering, tmp_path: Path) -> None:
    done = delivering("plain", "model.pt2", form="export")
    assert done.ok and done.how == "export"
    assert torch.export.load(tmp_path / "model.pt2").module()(torch.rand(7, 3, 8, 8)).shape == (7, 4)
    refused = delivering("cell", "cell.pt2", form="export")
    assert "data-dependent" in refused.made.detail


@pytest.mark.slow
def test_onnx_by_both_exporters(delivering: Delivering, tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    assert delivering("plain", "plain.onnx", form="onnx").how == "dynamo"
    assert delivering("plain", "older.onnx", form="onnx", how="torchscript").ok
    done = delivering("choice", "choice.onnx", form="onnx")
    assert done.ok and done.how == "torchscript"
    assert "If" in {node.op_type for node in onnx.load(tmp_path / "choice.onnx").graph.node}
    assert not delivering("choice", "no.onnx", form="onnx", how="dynamo").ok
    assert left(tmp_path) == ["choice.onnx", "older.onnx", "plain.onnx"]
