"""Messages about attributes of modules: missing, of a type that can't be converted, set in forward."""

from __future__ import annotations

from scriptify.messages.kind import Message

MESSAGES = (
    Message(
        r"getattr's second argument must be a string literal",
        "getattr looks for a computed name: `getattr(self, f'layer{i}')`.",
        "Keep the modules in a ModuleList and iterate, or write the literal names out.",
    ),
    Message(
        r"hasattr's (?:first|second) argument",
        "hasattr is asked of something other than a module, or for a computed name.",
        "Decide it in `__init__` and keep a flag annotated `Final[bool]`.",
    ),
    Message(
        r"This attribute exists on the Python module, but we failed to convert Python type",
        "An attribute holds what TorchScript has no type for: a list of modules, a partial, a numpy value, a config, an empty list.",
        "Use nn.ModuleList or nn.ModuleDict; make numbers `float(...)` or `int(...)`; copy what forward needs out of a config;"
        " annotate empty containers in the class body.",
    ),
    Message(
        r"This function exists as an attribute on the Python module, but we failed to compile it",
        "An attribute is a function that does not script: a lambda, or a dispatcher such as `F.max_pool2d`.",
        "Define it with def at module level, use an nn.Module, or call the function by name in forward.",
    ),
    Message(
        r"Module '.*' has no attribute '__\w*'",
        "A private attribute `self.__x` is stored under a mangled name, which the compiler does not look for.",
        "Use one underscore: `self._x`.",
    ),
    Message(
        r"Module '.*' has no attribute '.*'",
        "The attribute is missing on this instance (or on the class only), in a branch that the compiler can't rule out.",
        "Set it in `__init__` in every case, or test `if hasattr(self, 'x'):` alone in its `if`, or make the flag `Final[bool]`.",
    ),
    Message(
        r"Tried to set nonexistent attribute",
        "forward assigns an attribute that `__init__` did not make.",
        "Make it in `__init__` with its type (an empty tensor, or a class-level `x: Optional[Tensor]`), or use a local variable.",
    ),
    Message(
        r"Wrong type for attribute assignment",
        "An attribute is given a value of another type than it had after `__init__`; None is a type too.",
        "Annotate it in the class body, `x: Optional[Tensor]`, and copy it to a local before use; or start from an empty tensor.",
    ),
    Message(
        r"Type annotations on instance attributes must be declared in __init__",
        "`self.x: T = ...` stands outside `__init__`.",
        "Drop the annotation there, or move it to the class body.",
    ),
    Message(
        r"Could not cast attribute",
        "An annotation in the class body disagrees with the value the attribute holds.",
        "Correct the annotation; where the attribute may be None, write `Optional[...]`.",
    ),
    Message(
        r"is not a valid constant",
        "`__constants__` names an attribute that is no constant: a dict, a module, a tensor.",
        "Take it out of `__constants__`.",
    ),
    Message(
        r"has uninitialized parameters",
        "A lazy module has not seen an input yet.",
        "Run the model once before scripting it.",
    ),
    Message(
        r"has not been initialized, did you forget to call 'super\(\)'",
        "`__init__` of a module does not call `super().__init__()`.",
        "Call it first.",
    ),
    Message(
        r"Hook '|Pre-hook '",
        "A forward hook is compiled with its module and needs types.",
        "Annotate it `(self, input: Tuple[Tensor], output: Tensor)` with a return type, or do its work in forward.",
    ),
    Message(
        r"object has no attribute '__name__'",
        "`nn.utils.weight_norm` or `spectral_norm` left a hook object on a module (the message names no place).",
        "Call `remove_weight_norm` or `remove_spectral_norm` before scripting, or use the parametrized form and remove that.",
    ),
    Message(
        r"has no attribute '__globals__'",
        "forward uses `self.__class__` or another class object (the message names no place).",
        "Keep what it is needed for in an attribute made in `__init__`.",
    ),
    Message(
        r"is not of annotated type .*: Method on class",
        "A module does not fit the `@torch.jit.interface` it is assigned to: the names of the parameters differ.",
        "Give forward the same parameter names as in the interface.",
    ),
    Message(
        r"'Tuple\[.*\]' object has no attribute or method",
        "A NamedTuple kept as an attribute counts as a plain tuple.",
        "Annotate the attribute with the NamedTuple in the class body, or take the field by index.",
    ),
    Message(
        r"'Tensor(?: \(inferred\))?' object has no attribute or method",
        "The method or property does not exist on tensors in TorchScript; or a parameter without annotation is no tensor at all.",
        "Use another form (`.to(torch.bool)` for `.bool()`, `.dim()` for `.ndimension()`, `torch.tensor` for `.new_tensor`),"
        " or annotate the parameter.",
    ),
    Message(
        r"object has no attribute or method",
        "A method or attribute that TorchScript's type does not have.",
        "Use a method it has; lists, dicts and strings know the common ones.",
    ),
)
