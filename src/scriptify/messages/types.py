"""Messages about the type of a variable, a default, a result: None among them."""

from __future__ import annotations

from scriptify.messages.kind import Message

MESSAGES = (
    Message(
        r"Expected a default value of type Tensor \(inferred\) on parameter",
        "A parameter without annotation counts as a Tensor, but its default is something else.",
        "Annotate the parameter with the type of what is passed: `n: int = 3`, `skip: Optional[Tensor] = None`.",
    ),
    Message(
        r"Expected a default value of type .+ on parameter",
        "The annotation of a parameter and its default disagree, as in `n: int = None`.",
        "Annotate what the default is too: `n: Optional[int] = None`.",
    ),
    Message(
        r"^(?:\w+Error: )?Unsupported value kind: Tensor",
        "A function or method has an unannotated `p=None`, and a scripted caller leaves that argument out (the message names no"
        " place). A Tensor default that requires a gradient says the same.",
        "Annotate the parameter `Optional[Tensor] = None`, or give it `torch.empty(0)` as its default and test `numel()`.",
    ),
    Message(
        r"Mutable default parameters are not supported",
        "A parameter has a list or a dict as its default.",
        "Write a tuple as the default of a parameter annotated `List[...]`, or default to None and make the list in the body.",
    ),
    Message(
        r"previously (?:had|has) type None(?:Type)? but is now being assigned",
        "A variable starts as None and becomes something else in a loop or a branch.",
        "Annotate its first assignment, `v: Optional[Tensor] = None`, or start from an empty tensor and test `numel()`.",
    ),
    Message(
        r"previously (?:had|has) type Tuple\[\(\)\] but is now",
        "A tuple grows in a loop or under an `if`, and each length is a type of its own.",
        "Collect in a list (`outs: List[Tensor] = []`, `outs.append(y)`); a tuple can grow only in straight code or over a ModuleList.",
    ),
    Message(
        r"Variable '.*' previously (?:had|has) type",
        "A variable changes its type in a loop or a branch: int to float, Tensor to list.",
        "Use a second name, or start with the wider type (`0.0` instead of `0`).",
    ),
    Message(
        r"is not defined in the (?:false|true) branch",
        "A variable is assigned in one branch only and used after the `if`.",
        "Assign it before the `if`; or make the condition one that the compiler decides: `Final[bool]`, `self.x is None`, `hasattr`.",
    ),
    Message(
        r"Type mismatch: .* is set to type",
        "The two branches of an `if` give one variable different types.",
        "Make the types agree, or use two variables.",
    ),
    Message(
        r"if-expression's true branch has type",
        "The two sides of a conditional expression have different types.",
        "Make the types agree, or write an `if` statement over a variable annotated `Optional[...]` or `Union[...]`.",
    ),
    Message(
        r"Previous return statement returned a value of type",
        "Two returns of one function have different types.",
        "Return the same structure everywhere, annotate `-> Union[...]`, or make the condition one that the compiler decides"
        " (`Final[bool]`).",
    ),
    Message(
        r"Function was not annotated as having type None, but does not return along all paths",
        "A function with a return annotation can reach its end without a return.",
        "End that path with `return None` (and annotate `Optional`) or with `raise`.",
    ),
    Message(
        r"Could not cast value of type Optional",
        "An Optional is used as a condition: `if x:` or `x or y`.",
        "Ask `if x is not None:`, and inside it `if bool(x):` where the value matters too.",
    ),
    Message(
        r"Could not cast value of type (?:NoneType|__torch__)",
        "A module or None is used as a condition: `if self.down:`.",
        "Ask `if self.down is not None:`.",
    ),
    Message(
        r"Could not cast value of type .* to bool",
        "Something that has no truth for the compiler is used as a condition: a list, a string, a tuple.",
        "Ask what is meant: `len(xs) > 0`, `s != ''`.",
    ),
    Message(
        r"'Optional\[.*\]' object has no attribute or method",
        "An Optional is used where it may still be None.",
        "Copy it to a local variable, then `if x is not None:` or `assert x is not None` before the use. Attributes are never narrowed.",
    ),
    Message(
        r"'NoneType' object has no attribute or method",
        "In `self.x is not None and self.x.f()` the right side is compiled even where `self.x` is None.",
        "Nest two ifs instead of `and`.",
    ),
    Message(
        r"Could not match type .* to t in argument 'el'",
        "An empty list without annotation counts as a list of Tensors, and something else is appended.",
        "Annotate it: `sizes: List[int] = []`.",
    ),
    Message(
        r"Expected type hint for result of tolist",
        "`tolist()` has no type of its own.",
        "Annotate its target: `values: List[float] = x.tolist()`, with the nesting of the tensor's dimensions.",
    ),
    Message(
        r"is annotated with type .* but is being assigned",
        "An annotated variable is given a value of another type, such as `[None] * n`.",
        "Fill it with the annotated type, or correct the annotation.",
    ),
    Message(
        r"Attempting to declare and annotate the type of variable",
        "A variable that is defined outside is annotated again in an inner block.",
        "Annotate the first assignment only.",
    ),
    Message(
        r"did not match the types of the given list elements",
        "A list holds modules of several classes, as `list(self.layers)` gives it.",
        "Iterate over the ModuleList itself.",
    ),
    Message(
        r"Cannot create dict for key type",
        "A dict has keys of a type that TorchScript has no dict for, such as tuples.",
        "Use str, int, float or Tensor keys: `f'{a},{b}'`.",
    ),
)
