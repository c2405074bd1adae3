"""The guide to reviewing says what the program does."""

from __future__ import annotations

import re
from pathlib import Path

from scriptify.review.words import KEYS

GUIDE = (Path(__file__).resolve().parents[2] / "docs" / "guide" / "reviewing.md").read_text(encoding="utf-8")


def test_every_key_is_in_the_guide_and_no_other() -> None:
    known = {key for _, keys in KEYS for names, _ in keys for key in names.split()} | {"?"}
    rows = [line.split("|")[1].replace("`", " ") for line in GUIDE.splitlines() if line.startswith("| ") and "---" not in line]
    told = {key for row in rows[1:] for key in row.split()}
    assert told == known


def test_the_example_in_python_compiles_and_names_what_there_is() -> None:
    (code,) = re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL)
    body = code.partition("\n\n\nresult")[0]
    space: dict[str, object] = {}
    exec(compile(body, "guide", "exec"), space)
    assert callable(space["without_loops"])
