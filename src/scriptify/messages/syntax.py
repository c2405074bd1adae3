"""Messages about Python syntax that TorchScript does not read."""

from __future__ import annotations

from scriptify.messages.kind import Message

MESSAGES = (
    Message(
        r"else branches of for loops|incompatible constructor arguments",
        "A loop has an else branch.",
        "Keep a flag and test it after the loop.",
    ),
    Message(
        r"Comprehension ifs are not supported",
        "A comprehension has an `if`.",
        "Write a loop with `if` and `append`.",
    ),
    Message(
        r"Only a single generator is currently supported",
        "A comprehension has two `for`.",
        "Write two nested loops.",
    ),
    Message(
        r"Compiled functions can't take variable number of arguments",
        "A function the compiler reaches has `*args`, `**kwargs` or a keyword-only parameter with a default. nn.DataParallel, einops and"
        " checkpoint have them too.",
        "Write the parameters out. Script `model.module` instead of a DataParallel model; call what a wrapper wraps.",
    ),
    Message(
        r"keyword-arg expansion is not supported",
        "A call spreads a dict: `f(**options)`.",
        "Write the keywords out.",
    ),
    Message(
        r"Dict expansion",
        "A dict literal spreads another: `{**d}`.",
        "Copy it and update the copy.",
    ),
    Message(
        r"Don't support (?:formatting|conversion) in JoinedStr",
        "An f-string has a format, a conversion or a `=`.",
        "Leave plain `{x}`, or drop the message.",
    ),
    Message(
        r"unsupported kind of augmented assignment",
        "`//=`, `@=` or a bit operator with `=`.",
        "Write `n = n // 2`.",
    ),
    Message(
        r"'NoneType' object has no attribute 'lineno'",
        "A bare `raise`, or a dict literal that spreads another (the message names no place).",
        "Raise an exception by name; copy the dict and update it.",
    ),
    Message(
        r"'UnaryOp' object has no attribute 'range'",
        "A unary plus (the message names no place).",
        "Drop the plus.",
    ),
    Message(
        r"Expected a single top-level function",
        "What is compiled is a lambda or an async function (the message names the place at most roughly).",
        "Define it with def.",
    ),
    Message(
        r"del statements|[Dd]elete .*aren't supported",
        "`del` of an attribute or a slice.",
        "Drop the line, or build a new list.",
    ),
    Message(
        r"print doesn't accept",
        "print is called with `end`, `sep` or `file`.",
        "Drop the keyword.",
    ),
    Message(
        r"With item expression must return an object",
        "A with statement over something that is no scripted context: torch.set_grad_enabled, torch.device.",
        "Use `torch.no_grad()`, or drop it.",
    ),
    Message(
        r"Expected <function .*> to be a function",
        "A with statement over a context manager in Python, such as contextlib.nullcontext (the message names no place).",
        "Drop it, or put it under `if not torch.jit.is_scripting():` in the caller.",
    ),
    Message(
        r"Cannot emit expr for: \(dots\)|dots cannot be used",
        "`...` stands as a statement.",
        "Write pass.",
    ),
    Message(
        r"Unknown Constant expression type",
        "A bytes literal.",
        "Drop it, or keep it out of what is scripted.",
    ),
    Message(
        r"names of variables used in JIT-ed functions can't start with",
        "A variable's name starts with `__jit`.",
        "Rename it.",
    ),
    Message(
        r"Lambda aren't supported|lambda.*aren't supported",
        "A lambda in code the compiler reaches.",
        "Write the loop or the calls out, or define a function at module level.",
    ),
    Message(
        r"(?:Try|try blocks?|TryStar) aren't supported",
        "A try statement in code the compiler reaches.",
        "Test for the condition instead, or move the try into a function marked `@torch.jit.unused`.",
    ),
    Message(
        r"Set(?:Comp)? aren't supported",
        "A set: TorchScript has none.",
        "Use a list or a tuple; `n in (4, 8)` for a test.",
    ),
    Message(
        r"(?:function|class) definitions aren't supported",
        "A function or class is defined inside a function that is compiled.",
        "Move it to module level and pass what it needs.",
    ),
    Message(
        r"Dict aren't supported",
        "A dict literal that an old torch does not read.",
        "Use `dict()` or a newer torch.",
    ),
    Message(
        r"continue statements aren't supported",
        "continue where it is not supported: an old torch, or a loop that is written out.",
        "Put the rest of the body under an `if`.",
    ),
    Message(
        r"aren't supported",
        "A statement or expression that TorchScript does not read: import, global, yield, walrus, match, a bare annotation, ...",
        "Move the import to the top of the file; split the expression into plain statements; move the rest to an unscripted function.",
    ),
    Message(
        r"unexpected indent",
        "torch can't cut the function out of its file: a string in `__init__` that is indented less, or a decorator line that starts"
        " with def (the message names no place).",
        "Indent the string like its surroundings, or keep it at module level.",
    ),
)
