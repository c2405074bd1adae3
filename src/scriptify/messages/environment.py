"""Messages about sources, recursion and the state of the process."""

from __future__ import annotations

from scriptify.messages.kind import Message

MESSAGES = (
    Message(
        r"Can't get source for|could not get source code|Failed to get source",
        "The compiler reads source files, and there is none: code from exec or a shell, a C extension, a dataclass, a numpy type.",
        "Put the code into a file; mark a dataclass with `@torch.jit.script`; keep other types out of forward.",
    ),
    Message(
        r"is called recursively|called recursively",
        "A function or module calls itself.",
        "Write a loop.",
    ),
    Message(
        r"Can't redefine method",
        "An earlier attempt to script this class failed in the same process and left its types behind; the real error is that one.",
        "Start a new process, or set `torch.jit._recursive.concrete_type_store` to a new `ConcreteTypeStore()`.",
    ),
    Message(
        r"name 'Tensor' is not defined",
        "A `torch.jit._IgnoreContextManager` compiles its body in a place where the names of the file are missing.",
        "Move the body into a function marked `@torch.jit.ignore`.",
    ),
    Message(
        r"substring not found",
        "An old torch fails on characters beyond ASCII in the comments or strings of a scripted function.",
        "Remove them, or use a newer torch.",
    ),
    Message(
        r"INTERNAL ASSERT FAILED",
        "torch failed on code it did not foresee.",
        "Simplify the line it names, or report it to the PyTorch project.",
    ),
)
