"""Messages of a model that scripts, and fails or differs when it runs, is saved or is loaded."""

from __future__ import annotations

from scriptify.messages.kind import Message

MESSAGES = (
    Message(
        r"Expected a proper Tensor but got None|Boolean value of Tensor with no values|called on an undefined Tensor",
        "A parameter without annotation defaults to None. The compiler takes it for a Tensor, so `is None` is never true.",
        "Annotate it `Optional[Tensor] = None`, or give it an empty tensor as its default and test `numel()`.",
    ),
    Message(
        r"Cannot input a tensor of (type|dimension)|Input must be of ints, floats, or bools, got Tensor|Add new condition, expected Float",
        "A Tensor was silently turned into a Python number: an accumulator that starts as 0, `5 // t`, or a wrong return annotation.",
        "Start the sum from a tensor (`x.new_zeros(())`), use `torch.stack` instead of `torch.tensor([...])`, correct the annotation.",
    ),
    Message(
        r"leaf Variable that requires grad is being used in an in-place operation|is a view and is being modified inplace",
        "What the compiler differentiates as one piece gives a view where eager code has a fresh tensor: a Linear of three or more"
        " dimensions, say, and `ReLU(inplace=True)` or `+=` behind it. It fails from the second call on, while gradients are recorded.",
        "Leave `inplace=True` out there, or run the scripted model under `torch.no_grad()` from its first call on.",
    ),
    Message(
        r"This Python function is annotated to be ignored and cannot be run",
        "The model reached a function marked `@torch.jit.unused`.",
        "Guard the call with `if not torch.jit.is_scripting():` or with an attribute annotated `Final[bool]`.",
    ),
    Message(
        r"Could not export Python function call",
        "The model calls a function marked `@torch.jit.ignore` (or one in Python); it runs here but can't be saved.",
        "Rewrite the function so that it scripts, or mark it `@torch.jit.unused` if no deployed model needs it.",
    ),
    Message(
        r"Parametrization is not working with scripting",
        "A parametrization of `nn.utils.parametrizations` computes a weight anew at each access; scripting does not support that.",
        "Call `torch.nn.utils.parametrize.remove_parametrizations(module, name)` before scripting.",
    ),
)
