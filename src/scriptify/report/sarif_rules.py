"""The transforms as SARIF rules: what each does and why, with an example, in plain text and in Markdown."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable
from typing import Any

from scriptify.registry import all_transforms
from scriptify.report.catalogue import SAFETIES, summary, when
from scriptify.transform import Fires, Safety, Transform

ENTRY = "entry"
LONGEST = 1000
PRECISION = {Safety.EQUIVALENT: "very-high", Safety.OBSERVED: "high", Safety.API: "medium"}


def rules(codes: Iterable[str]) -> list[dict[str, Any]]:
    """A rule for each code that is found, in the order given; of a transform that is not installed only the code is known."""
    known = {transform.code: transform for transform in all_transforms()}
    return [_rule(known[code]) if code in known else _other(code) for code in codes]


def _rule(transform: Transform) -> dict[str, Any]:
    words = summary(transform).replace("``", "`")
    body: dict[str, Any] = {
        "id": transform.code,
        "name": "".join(part.capitalize() for part in transform.name.split("-")),
        "shortDescription": {"text": _cut(f"{transform.name}: {words}")},
        "fullDescription": {"text": _cut(_prose(transform))},
        "help": {"text": _help(transform, ""), "markdown": _help(transform, "```")},
        "defaultConfiguration": {"level": "warning"},
        "properties": {
            "tags": ["torchscript", f"safety/{transform.safety.value}"],
            "precision": PRECISION[transform.safety],
            "problem.severity": "warning",
        },
    }
    if re.fullmatch(r"https?://\S+", transform.source):
        body["helpUri"] = transform.source
    return body


def _other(code: str) -> dict[str, Any]:
    if code != ENTRY:
        words = f"{code}, a transform that is not installed here."
    else:
        words = "An entry's model does not script, or does not compute the same: this is left to do by hand."
    return {"id": code, "shortDescription": {"text": words}, "fullDescription": {"text": words}, "help": {"text": words}}


def _prose(transform: Transform) -> str:
    paragraphs = (inspect.getdoc(type(transform)) or "").replace("``", "`").split("\n\n")
    flowing = [" ".join(p.split()) for p in paragraphs if not any(line.startswith(" ") for line in p.splitlines())]
    return " ".join(flowing) or transform.name


def _help(transform: Transform, fence: str) -> str:
    parts = [(inspect.getdoc(type(transform)) or "").replace("``", "`")]
    parts.append(f"Promise: {transform.safety.value}; {SAFETIES[transform.safety]}. Runs {when(transform)}.")
    example = next((e for e in transform.examples if isinstance(e, Fires)), None)
    if example is not None:
        for heading, code in (("Before:", example.before), ("After:", example.after)):
            parts.append("\n".join(line for line in (heading, f"{fence}python" if fence else "", code.rstrip(), fence) if line))
    if transform.source:
        parts.append(f"Source: {transform.source}")
    return "\n\n".join(parts)


def _cut(words: str) -> str:
    return words if len(words) <= LONGEST else f"{words[: LONGEST - 3].rstrip()}..."
