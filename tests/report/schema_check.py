"""As much of JSON Schema as the project's own schema uses. An unknown keyword is an error, so that nothing goes unchecked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "integer": int, "number": (int, float), "null": type(None)}
KNOWN = {
    "$schema", "title", "description", "$defs", "$ref", "type", "properties", "required", "additionalProperties",
    "items", "enum", "const", "pattern", "minimum", "anyOf",
}  # fmt: skip


def problems(value: Any, schema: Mapping[str, Any], root: Mapping[str, Any], where: str = "$") -> Iterator[str]:
    """What is wrong with a value, each with its place."""
    assert set(schema) <= KNOWN, f"{where}: {set(schema) - KNOWN}"
    if "$ref" in schema:
        yield from problems(value, root["$defs"][schema["$ref"].removeprefix("#/$defs/")], root, where)
    if "anyOf" in schema and all(any(problems(value, choice, root, where)) for choice in schema["anyOf"]):
        yield f"{where}: fits none of the choices"
    if "enum" in schema and value not in schema["enum"]:
        yield f"{where}: {value!r} is none of {schema['enum']}"
    if "const" in schema and value != schema["const"]:
        yield f"{where}: {value!r} is not {schema['const']!r}"
    kind = schema.get("type")
    if kind and (not isinstance(value, TYPES[kind]) or (isinstance(value, bool) and kind != "boolean")):
        yield f"{where}: {value!r} is no {kind}"
        return
    if "minimum" in schema and value < schema["minimum"]:
        yield f"{where}: {value!r} is too small"
    if "pattern" in schema and not re.search(schema["pattern"], value):
        yield f"{where}: {value!r} does not match"
    if kind == "array":
        for number, item in enumerate(value):
            yield from problems(item, schema.get("items", {}), root, f"{where}[{number}]")
    if kind == "object":
        yield from _members(value, schema, root, where)


def _members(value: Mapping[str, Any], schema: Mapping[str, Any], root: Mapping[str, Any], where: str) -> Iterator[str]:
    known = schema.get("properties", {})
    yield from (f"{where}: {key} is missing" for key in schema.get("required", ()) if key not in value)
    for key, item in value.items():
        others = schema.get("additionalProperties", True)
        if key in known:
            yield from problems(item, known[key], root, f"{where}.{key}")
        elif others is False:
            yield f"{where}: {key} is unknown"
        elif others is not True:
            yield from problems(item, others, root, f"{where}.{key}")
