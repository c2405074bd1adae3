"""Messages about annotations and comments that are read as such."""

from __future__ import annotations

from scriptify.messages.kind import Message

MESSAGES = (
    Message(
        r"Unknown type constructor ",
        "An annotation uses a generic that TorchScript has not: Sequence, Iterable, Literal, Annotated, OrderedDict.",
        "Write List, Dict or Tuple; str for a Literal of strings.",
    ),
    Message(
        r"Unknown type name ",
        "An annotation or isinstance names a type that can't be resolved: np.ndarray, torch.Size, Callable, a module class,"
        " something imported only for type checkers.",
        "Write `List[int]` for torch.Size, `Dict[str, Tensor]` for dict, or leave the annotation out.",
    ),
    Message(
        r"Unknown type annotation: ",
        "An annotation in a class body can't be resolved: a module type, a bare dict, a Callable, or any at all under"
        " `from __future__ import annotations` (the message names no place).",
        "Delete the annotation from the class body, or move it to `__init__`; without the future import data types work.",
    ),
    Message(
        r"Unsupported annotation ",
        "A class body annotates an attribute as an optional module (the message names no place).",
        "Delete the annotation; the compiler sees the module or None by itself.",
    ),
    Message(
        r"Attempted to use .* without",
        "A bare List, Dict, Tuple or Optional is an annotation (the message names no place).",
        "Say of what: `List[Tensor]`.",
    ),
    Message(
        r"object is not subscriptable|object is not iterable",
        "Something is indexed or iterated that has no items for the compiler: a bare `tuple` annotation, the bool that `a or b` gives.",
        "Annotate `Tuple[Tensor, Tensor]`; write `a if len(a) > 0 else b` for `a or b`.",
    ),
    Message(
        r"cannot be used in a type expression",
        "An annotation is no type that TorchScript reads, such as `Tuple[Tensor, ...]`.",
        "Write `List[Tensor]`.",
    ),
    Message(
        r"expected type comment but found|expected \( but found|annotation prefix in line|Return type line|Number of type annotations",
        "A comment or string with `# type:` in it is read as a type comment (the message names no place).",
        "Reword the comment. `# type: ignore` must stand at the end of its line, with one code at most in its brackets.",
    ),
    Message(
        r"Tensors are not supported as default NamedTuple fields",
        "A NamedTuple has a field whose default is a Tensor.",
        "Pass that field where the tuple is made.",
    ),
)
