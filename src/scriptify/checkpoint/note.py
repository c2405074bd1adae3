"""What a safetensors file has no place for, kept as JSON in its metadata, so that the way back loses nothing.

``key``: where the state dict was in its container; ``entries``: path and value of what was beside its tensors; ``tied``:
names that were the same tensor as an earlier one; ``versions``: ``_metadata``; ``order``: the names as they stood.
"""

from __future__ import annotations

import json
from typing import Any

from scriptify.checkpoint.loading import Content
from scriptify.checkpoint.prefixes import Plan

NAME = "scriptify"


def of(content: Content) -> dict[str, Any]:
    """The note in a safetensors file, empty where there is none that can be read."""
    try:
        found = json.loads(content.metadata.get(NAME, "{}"))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def rename(content: Content, plan: Plan) -> None:
    """The names that the note holds, under their new ones."""
    found = of(content)
    if not found:
        return
    found["order"] = [plan.keys.get(name, name) for name in found.get("order", ())]
    found["tied"] = {plan.keys.get(name, name): plan.keys.get(first, first) for name, first in found.get("tied", {}).items()}
    found["versions"] = plan.metadata(found.get("versions", {}))
    content.metadata[NAME] = json.dumps(found)
