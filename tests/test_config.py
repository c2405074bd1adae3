"""``[tool.scriptify]``: read where it belongs, refused where it can't be right."""

from __future__ import annotations

from pathlib import Path

import pytest

from scriptify import config
from scriptify.config import ConfigError


def written(folder: Path, body: str) -> Path:
    path = folder / "pyproject.toml"
    path.write_text(body)
    return path


def test_every_key(tmp_path: Path) -> None:
    body = """
[tool.scriptify]
paths = ["src"]
entries = ["models.py:net"]
select = ["SF1"]
ignore = ["SF101"]
none-default = "optional"
unsafe = true
jobs = 3
"""
    read = config.load(written(tmp_path, body))
    assert (read.root, read.paths, read.entries, read.jobs) == (tmp_path, ("src",), ("models.py:net",), 3)
    assert (read.settings.select, read.settings.ignore) == (("SF1",), ("SF101",))
    assert (read.settings.unsafe, read.settings.none_default) == (True, "optional")


def test_the_nearest_table_above_counts(tmp_path: Path) -> None:
    written(tmp_path, '[tool.scriptify]\npaths = ["here"]\n')
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    written(tmp_path / "a", '[project]\nname = "other"\n')
    assert config.load(None, below).paths == ("here",)


def test_without_a_table_there_are_defaults(tmp_path: Path) -> None:
    read = config.load(written(tmp_path, "[project]\nname = 'x'\n"))
    assert (read.paths, read.jobs, read.settings.none_default) == ((), 1, "auto")


@pytest.mark.parametrize(
    ("body", "because"),
    [
        ("[tool.scriptify]\npath = []\n", "unknown key 'path'.*did you mean paths"),
        ("[tool.scriptify]\nzzz = 1\n", "unknown key 'zzz'.*known are"),
        ("[tool.scriptify]\npaths = 'src'\n", "paths is a list of strings"),
        ("[tool.scriptify]\nselect = [1]\n", "select is a list of strings"),
        ("[tool.scriptify]\njobs = '2'\n", "jobs is a whole number"),
        ("[tool.scriptify]\njobs = true\n", "jobs is a whole number"),
        ("[tool.scriptify]\njobs = 0\n", "jobs is at least 1"),
        ("[tool.scriptify]\nunsafe = 1\n", "unsafe is true or false"),
        ("[tool.scriptify]\nnone-default = 'x'\n", "none-default is one of"),
        ("[tool.scriptify]\nnone-default = []\n", "none-default is one of"),
        ("[tool.scriptify]\nentries = ['nonsense']\n", "FILE_OR_MODULE:FUNC"),
        ("[tool]\nscriptify = 1\n", "is a table"),
        ("tool = 1\n[scriptify]\n", "is a table"),
        ("[tool.scriptify\n", "can't be read"),
        ("[[tool.scriptify]]\n", "is a table"),
    ],
)
def test_what_is_wrong_is_one_sentence_with_file_and_key(tmp_path: Path, body: str, because: str) -> None:
    path = written(tmp_path, body)
    with pytest.raises(ConfigError, match=because) as caught:
        config.load(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_bytes_that_are_no_text_are_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "pyproject.toml"
    path.write_bytes(b"[tool.scriptify]\npaths = ['\xff']\n")
    with pytest.raises(ConfigError, match="can't be read"):
        config.load(path)


def test_a_file_that_cannot_be_opened_is_passed_by_or_named(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").mkdir()
    assert config.find(tmp_path) != tmp_path / "pyproject.toml"
    with pytest.raises(ConfigError, match="can't be read"):
        config.load(tmp_path / "pyproject.toml")
