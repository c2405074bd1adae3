"""The function through which eager code passes keywords that scripted code has written out."""

from __future__ import annotations

HELPER = "_with_keywords"
LINES = (
    f"def {HELPER}(keywords, function, /, *args, **more):",
    '    """Call a function with keywords from a dict; for eager code, scripting has them written out."""',
    "    return function(*args, **more, **keywords)",
)
