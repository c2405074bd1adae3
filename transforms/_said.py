"""What a docstring says of a parameter in words."""

from __future__ import annotations

import itertools
import re

import libcst as cst

from scriptify.transforms._expression import Body
from scriptify.tree.flow import parameter_names

_SEVERAL = re.compile(r"\b(?:tuple|list|pair|sequence)s?\b", re.IGNORECASE)


def said_to_be_several(body: Body, name: str) -> bool:
    """Whether a docstring speaks of a tuple or list where it tells of a parameter."""
    names = parameter_names(body.function)
    owner = body.tree.enclosing(body.function, cst.ClassDef)
    texts = [body.function.get_docstring(), owner.get_docstring() if owner is not None else None]
    if name not in names:
        return False
    entry = re.compile(rf"^[ \t]*(?::\w+ )?\**({'|'.join(map(re.escape, names))})\b(?=[ \t]*[:(,-])", re.MULTILINE)
    for text in filter(None, texts):
        starts = [(match.start(), match[1]) for match in entry.finditer(text)] + [(len(text), "")]
        for (start, said), (end, _) in itertools.pairwise(starts):
            if said == name and _SEVERAL.search(text[start:end]):
                return True
    return False
