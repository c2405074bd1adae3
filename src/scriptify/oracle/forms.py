"""The forms a model can take, by name. Never imports torch; ``worker_forms`` makes them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

FORMS: Mapping[str, str] = MappingProxyType(
    {
        "eager": "the model as Python runs it",
        "script": "torch.jit.script",
        "trace": "torch.jit.trace on the case's inputs",
        "export": "torch.export",
        "onnx": "torch.onnx.export by way of torch.export, run in ONNX Runtime",
        "onnx-legacy": "torch.onnx.export by way of TorchScript (dynamo=False), run in ONNX Runtime",
    }
)

SUFFIXES: Mapping[str, str] = MappingProxyType(
    {".pt": "script", ".pth": "script", ".ts": "script", ".torchscript": "script", ".ptc": "script", ".pt2": "export", ".onnx": "onnx"}
)
"""What a saved file holds, by the end of its name."""

PACKAGES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"onnx": ("onnx", "onnxscript", "onnxruntime"), "onnx-legacy": ("onnx", "onnxruntime")}
)
"""What must be installed besides torch to have a form."""

# onnxruntime is not among them: importing it starts a thread, and a process that forks must have one only.
PRELOAD: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "export": ("torch._dynamo", "torch.export"),
        "onnx": ("torch._dynamo", "torch.export", "onnx", "onnxscript", "torch.onnx._internal.exporter._core"),
        "onnx-legacy": ("onnx",),
    }
)
"""Modules that make the next attempt at a form faster when the process that forks has them."""
