"""Messages about arguments of a call. The most general ones: they are tried last."""

from __future__ import annotations

from scriptify.messages.kind import Message

MESSAGES = (
    Message(
        r"Keyword argument '.*' for boolean dispatch",
        "`return_indices` of a pooling function is a variable.",
        "Write True or False, in two branches if need be.",
    ),
    Message(
        r"Keyword argument (?:axis|keepdims|requires_grad) unknown",
        "A keyword in numpy's spelling, or requires_grad on a factory.",
        "Write `dim=` and `keepdim=`; call `.requires_grad_()` on the result.",
    ),
    Message(
        r"all inputs of range must be ints",
        "range is given a float or a Tensor. In TorchScript `2 ** n` and `round(x)` are floats.",
        "Wrap it in `int(...)`, write `1 << n`, or annotate the parameter as int.",
    ),
    Message(
        r"indexing tensor with unsupported index type|Unsupported operation: indexing tensor",
        "A tensor is indexed by a tuple variable or a bool; or a dict or list parameter without annotation counts as a Tensor.",
        "Write the indices out (`x[:, i, j]`), or annotate the parameter.",
    ),
    Message(
        r"Expected a value of type '(?:Optional\[)?(?:List\[)?float\]{0,2}' for argument '\w+' but instead found type '(?:List\[)?int\]?'",
        "An int is passed where a float is wanted; only Python turns one into the other by itself.",
        "Write the number as a float (`scale_factor=2.0`), or wrap it in `float(...)`.",
    ),
    Message(
        r"Expected a value of type '(?:List\[)?int\]?' for argument '\w+' but instead found type '(?:List\[)?(?:float|number)",
        "A float is passed where an int is wanted. In TorchScript `2 ** n`, `round(x)` and `/` give floats.",
        "Use `//`, `1 << n` or `int(...)`.",
    ),
    Message(
        r"but instead found type 'Optional\[",
        "An Optional is passed where it must not be None.",
        "Copy it to a local variable and test `if x is not None:` (or assert it) before the call.",
    ),
    Message(
        r"Inferred '.*' to be of type 'Tensor' because it was not annotated",
        "A parameter without annotation counts as a Tensor, and something else is passed.",
        "Annotate the parameter with the type that is passed.",
    ),
    Message(
        r"Arguments for call are not valid",
        "No variant of the function takes these arguments: an Optional that was not narrowed, an int for a float, a parameter"
        " without annotation, a float for a size.",
        "Read the lines `Expected a value of type`, and convert or annotate that argument.",
    ),
    Message(
        r"Expected a value of type",
        "An argument has another type than the function takes.",
        "Annotate the function's parameter with what is passed, or convert the argument.",
    ),
    Message(
        r"Argument \w+ not provided|Expected at most \d+ arguments?",
        "The number of arguments does not fit; in a loop over a ModuleList, perhaps that of one element's class only.",
        "Give forward of all elements the same parameters, or treat that element outside the loop.",
    ),
    Message(
        r"Keyword argument \w+ unknown",
        "The function has no such keyword in TorchScript.",
        "Use the name its documentation gives, or pass it by position.",
    ),
    Message(
        r"is not supported in TorchScript",
        "Something that TorchScript does not support.",
        "Write it another way, or keep it out of the model with `if not torch.jit.is_scripting():`.",
    ),
)
