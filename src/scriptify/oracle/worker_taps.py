"""The same for TorchScript: operators put into a module's graphs report what each call of a submodule was given and gave.

Python hooks are not run inside the interpreter. A call of a submodule is a ``prim::CallMethod`` on a value that
``prim::GetAttr`` took from ``self``, so the graph itself names the path; an operator before and one after it hand the
values to Python. Graphs are changed before they first run, since the executor compiles its own copy then.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from typing import Any

import torch

from scriptify.oracle.worker_capture import Capture, values

_CALL = "prim::CallMethod"
_FORWARD = re.compile(r"forward(__)?\d*")
_library: Any = None
_taps: Taps | None = None


class Taps:
    """Collects into a Capture what one ScriptModule's submodules do. ``alias`` gives the first name of a shared
    module, ``prefix`` is what stands before the model's own paths in a form that was made inside a wrapper.
    """

    def __init__(self, capture: Capture, alias: Mapping[str, str], classes: Mapping[str, str], prefix: str = "") -> None:
        self.capture, self.alias, self.classes, self.prefix = capture, alias, classes, prefix
        self.frames: list[tuple[str, bool]] = []

    def reset(self) -> None:
        """A call of the model begins."""
        global _taps
        _taps = self
        self.frames = []

    def enter(self, given: Any, step: str, method: str) -> None:
        """A method of a submodule is called from the module on top."""
        above = self.frames[-1][0] if self.frames else ""
        path = ".".join(part for part in (above, step) if part)
        # A traced module has one method for each of its calls (forward1), an overloaded one for each signature (forward__0).
        event = bool(step) and _FORWARD.fullmatch(method) is not None
        self.frames.append((path, event))
        if event:
            path = path.removeprefix(self.prefix).removeprefix(".") if self.prefix else path
            path = self.alias.get(path, path)
            self.capture.enter(path, self.classes.get(path, ""), list(values(given, self.capture.keep)))

    def leave(self, output: Any) -> None:
        """It returns."""
        if self.frames.pop()[1]:
            self.capture.leave(list(values(output, self.capture.keep)))


def tapped(scripted: Any, taps: Taps) -> Any:
    """A copy of a ScriptModule, by way of its saved form, that reports to ``taps``; a module that can't be copied itself."""
    _define()
    taps.reset()
    try:
        buffer = io.BytesIO()
        torch.jit.save(scripted, buffer)
        buffer.seek(0)
        scripted = torch.jit.load(buffer)  # type: ignore[no-untyped-call]
    except Exception:  # a part that has no saved form; as long as it never ran, its own graphs do
        pass
    done = set()
    for module in scripted.modules():
        for name in module._c._method_names():
            key = (str(module._c._type()), name)
            if key not in done:
                done.add(key)
                graph = module._c._get_method(name).graph
                _tap(graph, graph)
    return scripted


def _define() -> None:
    global _library
    if _library is not None:
        return
    _library = torch.library.Library("scriptify", "DEF")  # type: ignore[no-untyped-call]
    # Conservative: the compiler must neither drop nor move what has effects it can't see.
    _library.define("enter(Any given, str step, str method) -> ()", alias_analysis="CONSERVATIVE")
    _library.define("leave(Any output) -> ()", alias_analysis="CONSERVATIVE")
    _library.impl("enter", _enter, "CompositeImplicitAutograd")
    _library.impl("leave", _leave, "CompositeImplicitAutograd")


def _enter(given: Any, step: str, method: str) -> None:
    if _taps is not None:
        _taps.enter(given, step, method)


def _leave(output: Any) -> None:
    if _taps is not None:
        _taps.leave(output)


def _tap(graph: Any, block: Any) -> None:
    for node in list(block.nodes()):
        for inner in node.blocks():
            _tap(graph, inner)
        if node.kind() == _CALL:
            owner, *given = node.inputs()
            _insert(graph, node, ".".join(_steps(owner)), given)


def _insert(graph: Any, node: Any, step: str, given: list[Any]) -> None:
    packed = graph.create("prim::TupleConstruct", given, 1)
    packed.output().setType(torch._C.TupleType([value.type() for value in given]))
    packed.insertBefore(node)
    texts = []
    for text in (step, node.s("name")):
        constant = graph.insertConstant(text)
        constant.node().moveBefore(node)
        texts.append(constant)
    graph.create("scriptify::enter", [packed.output(), *texts], 0).insertBefore(node)
    graph.create("scriptify::leave", [node.output()], 0).insertAfter(node)


def _steps(value: Any) -> Iterator[str]:
    node = value.node()
    if node.kind() == "prim::GetAttr":
        yield from _steps(next(iter(node.inputs())))
        yield node.s("name")
