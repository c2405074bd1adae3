"""Messages about ModuleList, Sequential, ModuleDict, tuples and the loops over them."""

from __future__ import annotations

from scriptify.messages.kind import Message

MESSAGES = (
    Message(
        r"Expected integer literal for index",
        "A ModuleList or Sequential is indexed by a variable or an expression; only a literal is taken.",
        "Iterate: `for i, layer in enumerate(self.layers)` (zip for several lists), with `if i < n` where fewer are wanted.",
    ),
    Message(
        r"Unable to extract string literal index",
        "A ModuleDict is indexed by something other than a string literal.",
        "Loop over `self.blocks.items()` and compare the key, or write the literal key.",
    ),
    Message(
        r"Index -?\d+ out of range of length",
        "A literal index runs past a ModuleList in a branch that the compiler can't rule out.",
        "Make the branch's condition `Final[bool]`, or loop over the list instead.",
    ),
    Message(
        r"Key Error, ",
        "A literal key is missing from a ModuleDict in a branch that the compiler can't rule out.",
        "Make the branch's condition `Final[bool]`, or loop over `.items()`.",
    ),
    Message(
        r"object has no attribute or method '__call__'",
        "A module that came out of a slice, a tuple, a list or a conditional is called; there it is a value, and values have methods only.",
        "Call `layer.forward(x)` (which skips hooks), or avoid the slice: enumerate the whole ModuleList and test the index.",
    ),
    Message(
        r"cannot call a value of type 'Tensor(?: \(inferred\))?'",
        "A module or function is passed as an argument without annotation, so it counts as a Tensor.",
        "Call it where it is known (inline the function), or annotate the parameter with a `@torch.jit.interface`.",
    ),
    Message(
        r"cannot call a value of type '(?:NoneType|bool)'",
        "An attribute that is None or a bool is called in a branch that the compiler can't rule out.",
        "Test `if self.x is not None:` alone in its `if`, or make the flag `Final[bool]`.",
    ),
    Message(
        r"cannot call a value of type",
        "What is called is a tuple, a union or another value, not a function.",
        "Write the calls out one by one, or keep the modules in a ModuleList and iterate.",
    ),
    Message(
        r"Can ?not iterate over a module list or tuple with a value that does not have a statically determinable length",
        "zip or enumerate joins a ModuleList with a list or a range, whose length the compiler does not know.",
        "Enumerate the ModuleList and index the list by the counter; or make the other side a tuple.",
    ),
    Message(
        r"Because we emit iteration over module ?lists or tuples as unrolled loops",
        "break or continue stands in a loop over a ModuleList or tuple, which is written out item by item.",
        "Put the rest of the body under an `if`; for break, keep a flag and test it.",
    ),
    Message(
        r"tuple slice indices must be integer constants",
        "A ModuleList or tuple is sliced with a variable bound.",
        "Write a literal bound, or enumerate the whole list and test the index.",
    ),
    Message(
        r"module(?: list)? cannot be used as a tuple",
        "A ModuleList is unpacked.",
        "Take its items by literal index: `a, b = self.ms[0], self.ms[1]`.",
    ),
    Message(
        r"[Mm]odule is not iterable|'module' object is not iterable",
        "A module that is no container (or is one of your own making) is iterated over.",
        "Derive from nn.Sequential or nn.ModuleList, or give it a ModuleList to loop over.",
    ),
    Message(
        r"Cannot index into a Tuple|Cannot index into a tuple",
        "A tuple of several types is indexed by a variable.",
        "Use a literal index, or a List of one type.",
    ),
    Message(
        r"cannot statically infer the expected size of a list in this context",
        "A list is spread or unpacked where its length must be known: `f(*xs)`, `x.view(*shape)`, `tuple(xs)`, `a, *rest = xs`.",
        "Pass the list itself (`x.view([n, -1])`), or take its items by index.",
    ),
    Message(
        r"Tensor(?: \(inferred\))? cannot be used as a tuple",
        "A Tensor is unpacked, or a parameter without annotation that holds a tuple.",
        "Use `a, b = x.unbind(0)`, or annotate the parameter `Tuple[Tensor, Tensor]`.",
    ),
    Message(
        r"cannot be used as a tuple",
        "Something that is no tuple is unpacked.",
        "Annotate it as `Tuple[...]`, or take its items by index.",
    ),
    Message(
        r"Unexpected starred expression|Unexpected starred expansion",
        "A starred argument stands where the compiler takes none, as in `zip(*pairs)`.",
        "Write a loop that collects the parts.",
    ),
    Message(
        r"Sliced expression not yet supported",
        "A slice of a list is assigned to or deleted.",
        "Build a new list.",
    ),
)
