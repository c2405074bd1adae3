"""Who may import whom, who may print, how long a file may be, and which verbs must start without torch."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from fnmatch import fnmatch
from importlib import import_module, util
from pathlib import Path
from typing import NoReturn

import click
import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "scriptify"
TRANSFORMS = ROOT / "transforms"

CONTRACTS = ("transform", "source", "facts.model", "facts.types", "oracle.protocol")
# A file in transforms/ that starts with an underscore is no transform; the registry passes it by, and transforms may share it.
FOR_TRANSFORMS = (
    "transform",
    "tree",
    "tree.*",
    "tree_*",
    "facts.model",
    "facts.types",
    "facts.known",
    "schemas",
    "schemas.*",
    "transforms._*",
)
WITH_TORCH = (
    "facts.live*",
    "oracle.worker*",
    "oracle.compare",
    "oracle.overlay",
    # What takes a live model from the caller's process and gives one back is there only where the caller has torch loaded.
    "scripting.pickled",
    "scripting.bound",
    # The rooms that hold tensors; what only knows names and sizes (prefixes, mapping, files, model) does without.
    "checkpoint.loading",
    "checkpoint.sections",
    "checkpoint.converting",
    "checkpoint.writing",
)
# Model code that ships as input for the program to work on: read and run by the oracle, imported by nothing of ours.
SAMPLES = ("demo.*",)
# Run by a maintainer as ``python -m``, imported by nothing of ours.
COMMANDS = ("schemas.generate", "docs", "docs.*")
# The screen of a review; the rest of that room is pure.
SCREEN = ("review.colours", "review.editor", "review.layout", "review.page", "review.screen", "review.terminal")
PRINTING = ("cli", "cli.*", "report", "report.*", *SCREEN)
LONGEST = 400


def module_name(path: Path) -> str:
    """The dotted name below ``scriptify``; transforms are counted once, by their real place."""
    base, prefix = (TRANSFORMS, ("transforms",)) if path.is_relative_to(TRANSFORMS) else (PACKAGE, ())
    parts = (*prefix, *path.relative_to(base).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def is_module(name: str) -> bool:
    """Whether ``scriptify.<name>`` is a module or a package."""
    place = PACKAGE.joinpath(*name.split("."))
    return place.is_dir() or place.with_suffix(".py").is_file()


def _is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING")


def running(tree: ast.AST) -> Iterator[ast.AST]:
    """Every node that can run: all but the body of ``if TYPE_CHECKING``."""
    for child in ast.iter_child_nodes(tree):
        if isinstance(child, ast.If) and _is_type_checking(child):
            for node in child.orelse:
                yield node
                yield from running(node)
            continue
        yield child
        yield from running(child)


def imports(tree: ast.AST, module: str, package: bool) -> Iterator[tuple[int, str]]:
    """Line and absolute dotted name of each import; ``from a import b`` gives ``a.b`` where that is a module, else ``a``."""
    here = ["scriptify", *module.split(".")] if module else ["scriptify"]
    for node in running(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = here[: len(here) - node.level + package] if node.level else []
            origin = ".".join([*base, *((node.module or "").split(".") if node.module else [])])
            for alias in node.names:
                full = f"{origin}.{alias.name}"
                ours = full.startswith("scriptify.") and is_module(full.removeprefix("scriptify."))
                yield node.lineno, full if ours else origin
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in ("importlib.import_module", "import_module", "__import__"):
            yield from ((node.lineno, arg.value) for arg in node.args[:1] if isinstance(arg, ast.Constant) and isinstance(arg.value, str))


def matches(name: str, patterns: tuple[str, ...]) -> bool:
    """Whether a dotted name fits one of the patterns."""
    return any(fnmatch(name, pattern) for pattern in patterns)


def imports_of(path: Path) -> list[tuple[int, str]]:
    """The imports of a file."""
    return list(imports(ast.parse(path.read_bytes()), module_name(path), path.name == "__init__.py"))


def ours_in(path: Path) -> list[tuple[int, str]]:
    """The imports of our own modules, named below ``scriptify``."""
    found = imports_of(path)
    return [(line, name.removeprefix("scriptify").removeprefix(".")) for line, name in found if name.split(".")[0] == "scriptify"]


def prints(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and text of each call that writes to the terminal."""
    for node in running(tree):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            if called in ("print", "sys.stdout.write", "sys.stderr.write"):
                yield node.lineno, called


def files(*folders: Path) -> list[Path]:
    """The Python files below the folders, links not followed."""
    found: list[Path] = []
    for folder in folders:
        for where, dirs, names in os.walk(folder):
            dirs[:] = [name for name in dirs if name != "__pycache__"]
            found += [Path(where, name) for name in names if name.endswith(".py")]
    return sorted(found)


def each(paths: list[Path]) -> pytest.MarkDecorator:
    """Run a test once for each file."""
    return pytest.mark.parametrize("path", paths, ids=[str(path.relative_to(ROOT)) for path in paths])


def fail_at(path: Path, wrong: list[tuple[int, str]], rule: str) -> None:
    """Fail with each place, clickable, and the rule it breaks."""
    if wrong:
        places = "\n".join(f"{path.relative_to(ROOT)}:{line}: {what}" for line, what in wrong)
        pytest.fail(f"{rule}\n{places}", pytrace=False)


ALL = files(PACKAGE, TRANSFORMS)
CODE = [path for path in ALL if not matches(module_name(path), SAMPLES)]


def test_both_trees_are_seen_once() -> None:
    names = [module_name(path) for path in ALL]
    assert {"transform", "facts.model", "oracle.protocol", "transforms"} <= set(names)
    assert len(names) == len(set(names))


@each([path for path in CODE if module_name(path) in CONTRACTS])
def test_contracts_import_only_contracts(path: Path) -> None:
    wrong = [(line, name) for line, name in ours_in(path) if name not in CONTRACTS]
    fail_at(path, wrong, f"{module_name(path)} may import of ours only {', '.join(CONTRACTS)}")


@each(files(TRANSFORMS))
def test_transforms_import_only_contracts_and_tree(path: Path) -> None:
    wrong = [(line, name) for line, name in ours_in(path) if not matches(name, FOR_TRANSFORMS)]
    fail_at(path, wrong, f"a transform may import of ours only {', '.join(FOR_TRANSFORMS)}")


@each([path for path in CODE if not matches(module_name(path), WITH_TORCH + COMMANDS)])
def test_torch_stays_in_its_rooms(path: Path) -> None:
    wrong = [(line, name) for line, name in imports_of(path) if name.split(".")[0] in ("torch", "torchvision")]
    fail_at(path, wrong, f"only {', '.join(WITH_TORCH)} may import torch")


@each([path for path in CODE if not matches(module_name(path), COMMANDS)])
def test_nothing_imports_a_maintainers_command(path: Path) -> None:
    wrong = [(line, name) for line, name in ours_in(path) if matches(name, COMMANDS)]
    fail_at(path, wrong, f"{', '.join(COMMANDS)} are run, not imported")


@each([path for path in CODE if not matches(module_name(path), ("repair", "repair.*", "repair_*"))])
def test_only_repair_knows_pipeline_and_oracle(path: Path) -> None:
    found = ours_in(path)
    pipeline = [at for at in found if matches(at[1], ("pipeline", "pipeline.*", "pipeline_*"))]
    oracle = [at for at in found if matches(at[1], ("oracle", "oracle.*")) and at[1] != "oracle.protocol"]
    fail_at(path, pipeline + oracle if pipeline and oracle else [], "only repair may import both the pipeline and the oracle")


@each([path for path in CODE if not matches(module_name(path), PRINTING + COMMANDS)])
def test_only_cli_and_report_print(path: Path) -> None:
    wrong = list(prints(ast.parse(path.read_bytes())))
    wrong += [(line, f"import of {name}") for line, name in imports_of(path) if name.split(".")[0] in ("click", "rich")]
    fail_at(path, sorted(wrong), f"only {', '.join(PRINTING)} may print")


def test_the_rules_of_a_review_know_no_terminal() -> None:
    path = PACKAGE / "review" / "session.py"
    wrong = [(line, name) for line, name in ours_in(path) if name not in ("review.amend", "review.finding", "review.state")]
    fail_at(path, wrong, "review.session may import of ours only review.amend, review.finding and review.state")


@each(ALL)
def test_no_module_is_a_drawer(path: Path) -> None:
    drawers = [part for part in module_name(path).split(".") if part.strip("_") in ("util", "utils")]
    fail_at(path, [(1, name) for name in drawers], "name a module for what it does")


@each(ALL)
def test_files_are_short(path: Path) -> None:
    lines = path.read_bytes().splitlines()
    if lines and b"generated by" in b" ".join(lines[:3]).lower():
        return
    fail_at(path, [(len(lines), "the last line")] if len(lines) > LONGEST else [], f"a file has at most {LONGEST} lines")


def test_the_reader_of_imports_sees_every_form() -> None:
    text = "\n".join(
        (
            "import torch.nn as nn",
            "from . import model",
            "from ..transform import Edit",
            "def late():",
            "    from scriptify import source, Entry",
            "    importlib.import_module('torch')",
            "if TYPE_CHECKING:",
            "    import click",
            "else:",
            "    import rich",
        )
    )
    assert list(imports(ast.parse(text), "facts.static", False)) == [
        (1, "torch.nn"),
        (2, "scriptify.facts.model"),
        (3, "scriptify.transform"),
        (5, "scriptify.source"),
        (5, "scriptify"),
        (6, "torch"),
        (10, "rich"),
    ]
    assert list(imports(ast.parse("from .model import Fact"), "facts", True)) == [(1, "scriptify.facts.model")]
    assert list(prints(ast.parse("def f():\n    print(1)\n    sys.stderr.write('')"))) == [(2, "print"), (3, "sys.stderr.write")]


TRAP = """
import os
open(os.environ["SCRIPTIFY_TEST_TRAP"], "a").close()
raise ImportError("torch was imported")
"""
SAMPLE = """
from functools import reduce
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.ModuleList(nn.Conv2d(3, 3, 1) for _ in range(3))

    def forward(self, x, skip=None):
        return reduce(lambda y, n: self.features[n](y), list(range(0, 3)), x)
"""


@pytest.fixture
def trapped(tmp_path: Path) -> Callable[..., tuple[subprocess.CompletedProcess[str], bool]]:
    """Run Python with a torch that leaves a mark when anything imports it, in child processes too."""
    place = tmp_path / "trap" / "torch"
    place.mkdir(parents=True)
    (place / "__init__.py").write_text(TRAP)
    (tmp_path / "net.py").write_text(SAMPLE)
    mark = tmp_path / "mark"

    def run(*args: str, given: str = "") -> tuple[subprocess.CompletedProcess[str], bool]:
        env = {**os.environ, "PYTHONPATH": str(place.parent), "SCRIPTIFY_TEST_TRAP": str(mark)}
        done = subprocess.run([sys.executable, *args], cwd=tmp_path, env=env, input=given, capture_output=True, text=True, timeout=120)
        return done, mark.exists()

    return run


Trapped = Callable[..., tuple[subprocess.CompletedProcess[str], bool]]


def test_the_trap_catches(trapped: Trapped) -> None:
    _, caught = trapped("-c", "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import torch'])")
    assert caught


def test_importing_scriptify_loads_neither_torch_nor_libcst(trapped: Trapped) -> None:
    done, caught = trapped("-c", "import scriptify, sys; dir(scriptify); sys.exit('libcst' in sys.modules)")
    assert not caught
    assert done.returncode == 0, done.stderr


def test_the_contracts_load_neither_torch_nor_libcst(trapped: Trapped) -> None:
    names = ", ".join(f"scriptify.{name}" for name in CONTRACTS)
    done, caught = trapped("-c", f"import {names}, sys; sys.exit('libcst' in sys.modules)")
    assert not caught
    assert done.returncode == 0, done.stderr


VERBS = (("--help",), ("check", "net.py"), ("diff", "net.py"), ("rules",), ("explain", "-"))


@pytest.mark.parametrize("args", VERBS, ids=[verb[0] for verb in VERBS])
def test_static_verbs_start_without_torch(args: tuple[str, ...], trapped: Trapped, absent: Callable[[str], NoReturn]) -> None:
    main = getattr(util.find_spec("scriptify.cli") and import_module("scriptify.cli"), "main", None)
    if not isinstance(main, click.Group):
        absent("scriptify.cli has no main yet")
    if not args[0].startswith("-") and args[0] not in main.list_commands(click.Context(main)):
        absent(f"there is no verb {args[0]} yet")
    done, caught = trapped("-m", "scriptify", *args, given="RuntimeError: Expected integer literal for index")
    assert not caught, f"scriptify {' '.join(args)} imported torch"
    assert "Traceback" not in done.stderr, done.stderr
    assert done.returncode in (0, 1), done.stderr
