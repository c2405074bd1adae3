"""Transforms of other distributions: installed, tried by ``rules --test``, and, where they are broken, named and left out."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import EntryPoint
from pathlib import Path
from textwrap import dedent

import pytest
from click.testing import CliRunner

import scriptify
from scriptify import api, registry
from scriptify.cli import main

EXAMPLE = Path(__file__).resolve().parents[1] / "examples" / "third_party"

RULE = '''
"""A rule."""
import libcst as cst
from scriptify import Declines, Fires, Ignores, Phase, Transform


class Rule(Transform):
    """``old`` -> ``new``."""

    code = "XY101"
    name = "old-name"
    phase = Phase.SYNTAX
    hints = ("old",)
    examples = (Fires("a = old\\n", "a = new\\n"), Ignores("a = b\\n"))

    def propose(self, tree, facts, focus=None):
        for node in tree.find(cst.Name):
            if node.value == "old":
                yield tree.rewrite(self, node, "new", [tree.replace(node, "new")])
'''


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A folder with the example package installed as pip installs it, without network."""
    source, target = tmp_path / "source", tmp_path / "target"
    shutil.copytree(EXAMPLE, source)
    command = [sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-index"]
    subprocess.run([*command, "--no-deps", "--no-build-isolation", "--target", str(target), str(source)], check=True, timeout=300)
    return target


def test_the_example_package_is_found_and_used_once_it_is_installed(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text("def forward(x):\n    check_shape(x, 'n c')\n    return x\n")
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(scriptify.__file__).parents[1]), str(installed)])}

    def run(*args: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "scriptify", *args], cwd=tmp_path, env=env, capture_output=True, text=True, timeout=300
        )

    rules = run("rules", "--format", "json")
    assert "XT101" in {rule["code"] for rule in json.loads(rules.stdout)}, rules.stderr
    found = run("check", "net.py", "--jobs", "2")
    assert "net.py:2" in found.stdout
    assert "XT101" in found.stdout
    tried = run("rules", "--test", "scriptify_shape_checks")
    assert tried.returncode == 0, tried.stdout + tried.stderr
    assert "proved" in tried.stdout


@pytest.fixture
def plugged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Pretend that these modules (name to text) are installed, each with one entry point."""
    monkeypatch.syspath_prepend(str(tmp_path))
    made: list[str] = []

    def forget() -> None:
        for function in (registry.all_transforms, registry.problems, registry._collected):
            function.cache_clear()
        for name in made:
            sys.modules.pop(name, None)

    def plug(modules: dict[str, str], value: str = "{}:Rule") -> None:
        for name, text in modules.items():
            (tmp_path / f"{name}.py").write_text(text)
            made.append(name)
        points = [EntryPoint(name.replace("_", "-"), value.format(name), registry.GROUP) for name in modules]
        monkeypatch.setattr(registry, "entry_points", lambda group: points)
        forget()

    yield plug
    monkeypatch.undo()
    forget()


BROKEN = {
    "raises": ("raise RuntimeError('no licence')", "it cannot be loaded: RuntimeError: no licence"),
    "exits": ("raise SystemExit(3)", "it cannot be loaded: SystemExit: 3"),
    "missing": ("import nosuchmodule", "ModuleNotFoundError: No module named 'nosuchmodule'"),
    "syntax": ("class Rule(:", "SyntaxError"),
    "other": ("Rule = 3", "it is a int, neither a Transform nor a module of some"),
    "code": (RULE.replace("XY101", "rule one"), "the code 'rule one' is not some capital letters"),
    "no_code": (RULE.replace('    code = "XY101"\n', ""), "Rule has no code"),
    "phase": (RULE.replace("Phase.SYNTAX", "'syntax'"), "phase is no Phase"),
    "hints": (RULE.replace('hints = ("old",)', 'hints = "old"'), "hints is no tuple of texts"),
    "examples": (RULE.replace("examples = (", "examples = ('a', "), "examples is no tuple of Fires"),
    "docstring": (RULE.replace('    """``old`` -> ``new``."""\n', ""), "has no docstring"),
    "double": (RULE.replace("XY101", "SF201"), "has the code or name of"),
    "name": (RULE.replace("old-name", "module-list-loop"), "has the code or name of"),
    "init": (
        RULE.replace("    def propose", "    def __init__(self):\n        raise ValueError('no')\n\n    def propose"),
        "ValueError: no",
    ),
    "answers": (
        RULE.replace("    def propose", "    @classmethod\n    def answers(cls, message):\n        1 / 0\n\n    def propose"),
        "ZeroDiv",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_transform_is_named_in_one_sentence_and_left_out(plugged: Callable[..., None], name: str) -> None:
    text, why = BROKEN[name]
    plugged({f"broken_{name}": text, f"sound_beside_{name}": RULE.replace("XY101", "XY777").replace("old-name", "sound")})
    codes = {t.code for t in registry.all_transforms()}
    assert "XY777" in codes, "a sound one beside it is used"
    assert "SF201" in codes
    (problem,) = registry.problems()
    assert problem.startswith(f"the transform broken-{name.replace(chr(95), chr(45))} (broken_{name}:Rule) is left out: ")
    assert why in problem
    assert "\n" not in problem
    done = CliRunner().invoke(main, ["explain", "SF201"])
    assert done.exit_code == 0
    assert f"scriptify: {problem}" in done.stderr


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("1 / 0\n        yield", "XY101 failed: ZeroDivisionError"),
        ("yield 'text'", "XY101 failed: TypeError: propose gave a str"),
        ("return 3", "XY101 failed: TypeError"),
    ],
)
def test_a_transform_that_breaks_at_work_costs_only_itself(plugged: Callable[..., None], body: str, why: str) -> None:
    plugged({"breaks_at_work": RULE.partition("    def propose")[0] + f"    def propose(self, tree, facts, focus=None):\n        {body}\n"})
    text = "from torch import nn\nimport torch.nn.functional as F\n\n\nclass Net(nn.Module):\n    def forward(self, old):\n"
    text += "        return F.interpolate(old, scale_factor=2)\n"
    result = api.rewrite(text)
    assert "scale_factor=2.0" in result.draft.texts["source.py"]
    assert why in " ".join(result.failures.values())


def trial(tmp_path: Path, text: str, *options: str) -> tuple[int, str]:
    (tmp_path / "my_rule.py").write_text(text)
    done = CliRunner().invoke(main, ["rules", "--test", str(tmp_path / "my_rule.py"), *options])
    sys.modules.pop("my_rule", None)
    return done.exit_code, done.stdout + done.stderr


def test_the_trial_of_a_sound_rule(tmp_path: Path) -> None:
    code, told = trial(tmp_path, RULE)
    assert code == 0, told
    assert "2 examples, no failures" in told


@pytest.mark.parametrize(
    ("old", "new", "check"),
    [
        ('"a = new\\n"', '"a = newer\\n"', "as written"),
        ('Ignores("a = b\\n")', 'Ignores("a = old\\n")', "leaves alone"),
        ('Ignores("a = b\\n")', 'Declines("a = b\\n", because="x")', "says why"),
        ('"new")])', '"new + old")])', "as written"),
        (', Ignores("a = b\\n")', ",", "none shows what it leaves alone"),
        ('hints = ("old",)', 'hints = ("never",)', "no hint occurs"),
        ("XY101", "SF201", "a code of its own"),
        ("XY101", "nonsense", "is a transform"),
        ('"a = new\\n")', '"a = new\\n", entry="(lambda: 1), ()")', "runs"),
    ],
)
def test_the_trial_tells_what_is_wrong(tmp_path: Path, old: str, new: str, check: str) -> None:
    assert old in RULE
    code, told = trial(tmp_path, RULE.replace(old, new))
    assert code == 1, told
    assert check in told


def test_the_trial_as_data(tmp_path: Path) -> None:
    code, told = trial(tmp_path, RULE.replace('"a = new\\n"', '"a = newer\\n"'), "--format", "json")
    assert code == 1
    found = json.loads(told)
    assert [(item["kind"], item["ok"]) for item in found] == [("transform", True), ("fires", False), ("ignores", True)]
    assert found[1]["problems"][0]["check"] == "as written"


@pytest.mark.parametrize(
    ("target", "why"),
    [("no_such_module_at_all", "cannot be imported"), ("nothing.py", "no such file"), ("json", "defines no Transform")],
)
def test_a_module_that_is_none_of_transforms_is_a_usage_error(target: str, why: str) -> None:
    done = CliRunner().invoke(main, ["rules", "--test", target])
    assert done.exit_code == 2
    assert why in done.stderr


def test_without_torch_the_textual_checks_stand_alone(tmp_path: Path) -> None:
    (tmp_path / "my_rule.py").write_text(RULE.replace('"a = new\\n")', '"a = new\\n", entry="1, ()")'))
    (tmp_path / "torch.py").write_text(dedent("raise ImportError('none here')"))
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(Path(scriptify.__file__).parents[1])])}
    command = [sys.executable, "-m", "scriptify", "rules", "--test", "my_rule"]
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "no torch" in done.stdout
