"""Messages about names: globals, Python functions and classes that forward refers to."""

from __future__ import annotations

from scriptify.messages.kind import Message

MESSAGES = (
    Message(
        r"python value of type '.*' cannot be used as a value",
        "forward uses a global variable or a class attribute; only functions, modules and classes are looked up there.",
        "Keep it as an attribute made in `__init__`, write the literal, or pass it as an argument with a default.",
    ),
    Message(
        r"cannot be used as a value",
        "A function, a type, a range or another object is handled as a value: `map(f, xs)`, `n in range(3)`, `f = a if c else b`.",
        "Call it outright, write a loop or a comparison; for a dtype use `torch.float32` and the like.",
    ),
    Message(
        r"Python builtin <.*> is currently not supported",
        "A builtin or library function that TorchScript does not know: reduce, next, iter, time, random, open, setattr, ...",
        "Write a loop instead, or keep it out of the model with `if not torch.jit.is_scripting():`.",
    ),
    Message(
        r"^\w+\(Tensor 0",
        "A Python function is called as if it took tensors only: set, reversed, filter, itertools and others have no scripted form.",
        "Write a loop, or a slice `xs[::-1]` for reversed.",
    ),
    Message(
        r"Unknown builtin op: ",
        "A function of torch that has no schema: torch.Tensor, torch.is_tensor, torch.finfo, torch.enable_grad, ...",
        "Use one that has: `torch.tensor`, `isinstance(x, Tensor)`, a constant, `with torch.no_grad():`.",
    ),
    Message(
        r"Cannot instantiate class '.*' in a script function",
        "forward makes a module or a parameter.",
        "Make it in `__init__`, or use the functional form (`F.relu(x)`).",
    ),
    Message(
        r"does not have an __init__ function defined",
        "forward makes an object of a class without `__init__`, such as `nn.ReLU()` or `Variable(x)`.",
        "Make the module in `__init__` or use the functional form; a Variable is simply the tensor.",
    ),
    Message(
        r"cannot create weak reference to 'numpy",
        "forward calls a function of numpy (the message names no place).",
        "Use `math` for numbers and `torch` for tensors: `math.prod(x.shape)` becomes a loop, `np.sqrt(n)` becomes `math.sqrt(n)`.",
    ),
    Message(
        r"attribute lookup is not defined on",
        "forward takes an attribute of a Python object: a logger, os.environ, a class, a module of C.",
        "Read it in `__init__`, or keep the line out with `if not torch.jit.is_scripting():`.",
    ),
    Message(
        r"arg_types\.size\(\) == param_names\.size\(\)",
        "forward calls a `functools.partial` made at module level.",
        "Define a function with def.",
    ),
    Message(
        r"undefined value",
        "The name is not visible there: a loop variable used after its loop, a positional-only parameter, a name set under an `if`.",
        "Assign it before the loop or branch.",
    ),
)
