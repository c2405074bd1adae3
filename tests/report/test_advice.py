"""Pasted errors: what people paste, how they paste it, and what it is answered with."""
# ruff: noqa: E501  (the messages are quoted as torch writes them)

from __future__ import annotations

import re

import pytest

from scriptify import advice, messages

UNSUPPORTED_KIND = r"""Traceback (most recent call last):
  File "d:\me\GFPGAN\test_export.py", line 46, in <module>
    m = torch.jit.script(Model())
  File "C:\Users\me\envs\gan\lib\site-packages\torch\jit\_recursive.py", line 469, in create_methods_and_properties_from_stubs
    concrete_type._create_methods_and_properties(
RuntimeError: Unsupported value kind: Tensor
"""
NO_CALL = r"""RuntimeError:
'__torch__.archs.clean.___torch_mangle_31.StyleConv (of Python compilation unit at: 000001CEF85275B0)' object has no attribute or method '__call__'. Did you forget to initialize an attribute in __init__()?:
  File "d:\me\archs\clean.py", line 103
        i = 1
        for conv1, conv2, to_rgb in zip(self.convs[::2], self.convs[1::2], self.to_rgbs):
            out = conv1(out, latent[:, i])
                  ~~~~~ <--- HERE
            if i < len(conditions):
"""
INDEX = r"""RuntimeError:
Expected integer literal for index but got a variable or non-integer. ModuleList/Sequential indexing is only supported with integer literals. For example, 'i = 4; self.layers[i](x)' will fail because i is not a literal. Enumeration is supported, e.g. 'for index, v in enumerate(self): out = v(inp)':
  File "d:\me\archs\net.py", line 294
        for i in range(self.log_size - 2):
            feat = self.down[i](feat)
                   ~~~~~~~~~~~~ <--- HERE
"""
LAMBDA = """torch.jit.frontend.UnsupportedNodeError: Lambda aren't supported:
  File "/raid/me/models/mobilenet.py", line 141
        def forward(self, x, names=None):
                x = reduce(lambda x, n: self.features[n](x), list(range(0,2)), x)
             ~ <--- HERE
"""
DEFAULT = """RuntimeError:
Expected a default value of type Tensor (inferred) on parameter "names".Because "names" was not annotated with an explicit type it is assumed to be type 'Tensor'.:
  File "/raid/me/models/mobilenet.py", line 139
        def forward(self, x, names=None):
 ~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~...  <--- HERE
"""
SCALE = """RuntimeError:
Arguments for call are not valid.
The following variants are available:

  interpolate(Tensor input, int[]? size=None, float? scale_factor=None, str mode="nearest") -> (Tensor):
  Expected a value of type 'Optional[float]' for argument 'scale_factor' but instead found type 'int'.

The original call is:
  File "/raid/me/models/net.py", line 110
        x = F.interpolate(x, scale_factor=2, mode='bilinear', align_corners=False)
            ~~~~~~~~~~~~~ <--- HERE
"""
PREVIOUSLY = """RuntimeError:
Variable 'semantic' previously has type None but is now being assigned to a value of type Tensor
:
  File "/raid/me/models/net.py", line 118
            semantic = torch.sigmoid(lr)
            ~~~~~~~~ <--- HERE
"""
PARALLEL = """torch.jit.frontend.NotSupportedError: Compiled functions can't take variable number of arguments or use keyword-only arguments with defaults:
  File "/raid/me/lib/python3.7/site-packages/torch/nn/parallel/data_parallel.py", line 141
    def forward(self, *inputs, **kwargs):
                                ~~~~~~~ <--- HERE
"""

PASTED = [
    (UNSUPPORTED_KIND, "p=None", "Optional[Tensor] = None", ()),
    (NO_CALL, "slice", "layer.forward(x)", (r"d:\me\archs\clean.py", 103)),
    (INDEX, "ModuleList", "enumerate(self.layers)", (r"d:\me\archs\net.py", 294)),
    (LAMBDA, "lambda", "def", ("/raid/me/models/mobilenet.py", 141)),
    (DEFAULT, "without annotation", "Annotate", ("/raid/me/models/mobilenet.py", 139)),
    (SCALE, "float is wanted", "scale_factor=2.0", ("/raid/me/models/net.py", 110)),
    (PREVIOUSLY, "None", "Optional[Tensor] = None", ("/raid/me/models/net.py", 118)),
    (PARALLEL, "DataParallel", "model.module", ("/raid/me/lib/python3.7/site-packages/torch/nn/parallel/data_parallel.py", 141)),
    ("ValueError: substring not found", "old torch", "newer torch", ()),
    ("- **torch.jit.frontend.UnsupportedNodeError: Dict aren’t supported**", "dict literal", "dict()", ()),
    ("- **torch.jit.frontend.UnsupportedNodeError: continue statements aren’t supported**", "continue", "under an `if`", ()),
    ("torch.jit.frontend.UnsupportedNodeError: try blocks aren’t supported", "try", "unused", ()),
    ("- **Unknown builtin op: aten::Tensor**", "no schema", "torch.tensor", ()),
    ("Module is not iterable", "no container", "ModuleList", ()),
    ("AttributeError: 'NoneType' object has no attribute 'lineno'", "bare `raise`", "by name", ()),
    ("TypeError: cannot create weak reference to 'numpy.ufunc' object", "numpy", "math", ()),
    ("RuntimeError: Can't redefine method: forward on class: __torch__.Net", "earlier attempt", "new process", ()),
]


@pytest.mark.parametrize(("text", "cause", "by_hand", "place"), PASTED, ids=[re.sub(r"\W+", " ", p[0])[-40:] for p in PASTED])
def test_what_people_met(text: str, cause: str, by_hand: str, place: tuple[str, int]) -> None:
    found = advice.about(text)
    assert cause in found.cause
    assert by_hand in found.by_hand
    where = found.diagnostic.place
    assert ((where.path, where.line) if where else ()) == place


def bare(text: str) -> str:
    return text.partition("Error:")[2].lstrip("\n")


DRESSES = {
    "windows line ends": lambda text: text.replace("\n", "\r\n"),
    "colours": lambda text: "\n".join(f"\x1b[1;31m{line}\x1b[0m" for line in text.split("\n")),
    "pytest's margin": lambda text: "\n".join(f"E   {line}" for line in text.split("\n")),
    "a quotation": lambda text: "\n".join(f"> {line}" for line in text.split("\n")),
    "no class in front": bare,
    "the first line only": lambda text: bare(text).strip().split("\n")[0],
    "words before and after": lambda text: f"I ran the export and got this:\n\n{text}\nWhat does that mean?",
}


@pytest.mark.parametrize("dress", DRESSES.values(), ids=DRESSES)
@pytest.mark.parametrize("text", [NO_CALL, INDEX, LAMBDA, DEFAULT, PARALLEL], ids=["call", "index", "lambda", "default", "parallel"])
def test_however_it_is_pasted(text: str, dress: object) -> None:
    assert callable(dress)
    assert advice.about(dress(text)).cause == advice.about(text).cause != ""


def test_words_of_quoted_code_do_not_decide() -> None:
    text = f"  File 'x.py', line 3, in f\n    raise ValueError(\"Lambda aren't supported\")\n{UNSUPPORTED_KIND}"
    assert "p=None" in advice.about(text).cause


def test_an_unknown_error_is_said_to_be_unknown() -> None:
    found = advice.about("ZeroDivisionError: division by zero")
    assert not found.known
    assert found.diagnostic.headline == "division by zero"


@pytest.mark.parametrize("text", ["", "\n\n", "\x1b[31m\x1b[0m", "Error", ":", "RuntimeError", "RuntimeError:", "\0\ufffd"])
def test_scraps_raise_nothing(text: str) -> None:
    advice.about(text)


@pytest.mark.parametrize("message", messages.all_messages(), ids=lambda m: m.pattern[:40])
def test_each_message_is_told_in_sentences(message: messages.Message) -> None:
    re.compile(message.pattern)
    for words in (message.cause, message.by_hand):
        assert words.endswith(".")
        assert "\n" not in words
        assert words.count("`") % 2 == 0


def test_no_pattern_stands_twice() -> None:
    patterns = [message.pattern for message in messages.all_messages()]
    assert len(set(patterns)) == len(patterns)
    assert not re.search("|".join(patterns), "")
