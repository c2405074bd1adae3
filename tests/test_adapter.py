"""Transforms as libcst transformers and as a command of libcst's own codemod runner."""

from __future__ import annotations

import subprocess

import libcst as cst
import pytest
from libcst.codemod import CodemodContext

from scriptify.adapter import Rewriter, Scriptify
from scriptify.registry import RegistryError, by_code

BEFORE = """\
import torch.nn.functional as F
from torch import nn


class Net(nn.Module):
    def forward(self, x):
        return F.interpolate(x, scale_factor=2)  # keep me
"""
AFTER = BEFORE.replace("=2)", "=2.0)")


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_transform_is_a_transformer(newline):
    module = cst.parse_module(BEFORE.replace("\n", newline))
    assert module.visit(Rewriter("SF401")).code == AFTER.replace("\n", newline)
    assert module.visit(Rewriter(by_code("SF401"))).code == AFTER.replace("\n", newline)


def test_a_chain_composes_with_other_transformers():
    class Rename(cst.CSTTransformer):
        def leave_Name(self, original_node: cst.Name, updated_node: cst.Name) -> cst.Name:
            return updated_node.with_changes(value="Model") if updated_node.value == "Net" else updated_node

    module = cst.parse_module(BEFORE)
    assert module.visit(Rename()).visit(Rewriter("SF201", "SF401")).code == AFTER.replace("Net", "Model")
    assert module.visit(Rewriter("float-argument")).visit(Rename()).code == AFTER.replace("Net", "Model")


def test_a_module_with_nothing_to_do_is_the_same_object():
    module = cst.parse_module("x = 1\n")
    assert module.visit(Rewriter("SF401")) is module


def test_an_unknown_code_is_refused():
    with pytest.raises(RegistryError, match="SF000"):
        Rewriter("SF000")


def test_as_a_codemod_command():
    command = Scriptify(CodemodContext(), select=["SF401"])
    assert command.transform_module(cst.parse_module(BEFORE)).code == AFTER


def test_with_the_codemod_runner(tmp_path, python):
    target = tmp_path / "net.py"
    target.write_text(BEFORE)
    command = [python, "-m", "libcst.tool", "codemod", "-x", "--no-format", "scriptify.adapter.Scriptify", "--select", "SF401", str(target)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stderr
    assert target.read_text() == AFTER
