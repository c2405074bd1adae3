"""What a project mentions, this program's own lines left out."""

from __future__ import annotations

import pytest

from scriptify.facts.mentions import mentioned
from scriptify.facts.model import COPYING, UNWRAPPING


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("y = f.__wrapped__(x)\n", {UNWRAPPING}),
        ("y = getattr(f, '__wrapped__', f)\n", {UNWRAPPING}),
        ("import inspect\n\ng = inspect.unwrap(f)\n", {UNWRAPPING}),
        ("from inspect import signature, unwrap\n", {UNWRAPPING}),
        ("b = copy.deepcopy(a)\n", {COPYING}),
        ("# looks at f.__wrapped__\n", set()),
        ("_f_own = f.__wrapped__\n\n\nf.__wrapped__ = _f_called  # what TorchScript compiles in its place\r\n", set()),
        ("    def decorate(function):\n        function.__wrapped__ = twin\n        return function\n", set()),
        ("_f_own = f.__wrapped__\ny = f.__wrapped__(x)\n", {UNWRAPPING}),
    ],
)
def test_mentions(text, found):
    assert mentioned([text], []) == found
