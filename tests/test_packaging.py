"""What is built from the project holds the transforms as real files and all data, in a wheel, an sdist and an editable install."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from importlib import metadata, util
from pathlib import Path
from typing import NoReturn

import pytest
import yaml

import scriptify

ROOT = Path(__file__).resolve().parent.parent
PARTS = ("pyproject.toml", "MANIFEST.in", "README.md", "CHANGELOG.md", "LICENSE", "src", "transforms")


def run(*args: str, cwd: Path) -> str:
    """Run Python with ``args`` and give what it printed; fail with its messages."""
    done = subprocess.run([sys.executable, *args], cwd=cwd, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def packed(folder: Path) -> Iterator[str]:
    """The files a distribution must hold, as paths inside it; links are followed here."""
    for where, dirs, names in os.walk(folder, followlinks=True):
        dirs[:] = [name for name in dirs if name != "__pycache__"]
        yield from (str(Path("scriptify", Path(where, name).relative_to(folder))) for name in names if not name.endswith(".pyc"))


def build(kind: str, project: Path, out: Path) -> Path:
    """Build a ``wheel`` or an ``sdist`` with the backend of this environment: no network."""
    code = f"import sys, setuptools.build_meta as b; b.build_{kind}(sys.argv[1])"
    out.mkdir(exist_ok=True)
    run("-c", code, str(out), cwd=project)
    (made,) = out.iterdir()
    return made


def copy_project(copy: Path) -> Path:
    """Copy what is packed, so that nothing is written to, or picked up from, the work tree."""
    for part in PARTS:
        source = ROOT / part
        if source.is_dir():
            shutil.copytree(source, copy / part, symlinks=True, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
        else:
            shutil.copy2(source, copy / part)
    return copy


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The copy that distributions are built from."""
    copy = copy_project(tmp_path_factory.mktemp("built"))
    (copy / "tests").mkdir()
    (copy / "tests" / "test_probe.py").touch()
    return copy


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A fresh copy, for one test to change."""
    return copy_project(tmp_path)


@pytest.fixture(scope="module")
def sdist(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source distribution."""
    return build("sdist", built, tmp_path_factory.mktemp("sdist"))


@pytest.fixture(scope="module", params=["tree", "sdist"])
def wheel(request: pytest.FixtureRequest, built: Path, sdist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel built from the work tree, and the one built from the sdist."""
    where = tmp_path_factory.mktemp("wheel")
    if request.param == "tree":
        return build("wheel", built, where / "out")
    with tarfile.open(sdist) as archive:
        archive.extractall(where)
    (unpacked,) = where.iterdir()
    return build("wheel", unpacked, where / "out")


def test_the_link_is_relative_and_leads_to_the_transforms() -> None:
    link = ROOT / "src" / "scriptify" / "transforms"
    assert link.is_symlink()
    assert os.readlink(link) == "../../transforms"
    assert (link / "__init__.py").samefile(ROOT / "transforms" / "__init__.py")


def test_transforms_import_from_this_environment() -> None:
    import scriptify.transforms

    assert Path(scriptify.transforms.__file__ or "").samefile(ROOT / "transforms" / "__init__.py")


def test_the_environment_knows_distribution_and_command() -> None:
    entry_points = metadata.distribution("torch-scriptify").entry_points
    assert [(point.name, point.value) for point in entry_points if point.group == "console_scripts"] == [
        ("scriptify", "scriptify.cli:main")
    ]


def test_every_public_name_resolves(absent: Callable[[str], NoReturn]) -> None:
    if util.find_spec("scriptify.api") is None:
        absent("scriptify.api is not there yet")
    assert [name for name in scriptify.__all__ if getattr(scriptify, name, None) is None] == []
    assert set(scriptify.__all__) <= set(dir(scriptify))


def test_another_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = scriptify.no_such_name


def test_the_hooks_call_verbs_of_the_command() -> None:
    hooks = {hook["id"]: hook for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())}
    assert {name: hook["entry"] for name, hook in hooks.items()} == {
        "scriptify-check": "scriptify check",
        "scriptify-migrate": "scriptify migrate",
    }
    assert all(hook["language"] == "system" and hook["types"] == ["python"] for hook in hooks.values())


def test_the_constraints_pin_every_direct_requirement() -> None:
    pinned = {line.split("==")[0] for line in (ROOT / "constraints.txt").read_text().splitlines() if "==" in line}
    required = {_name(text) for text in metadata.requires("torch-scriptify") or ()}
    assert required - pinned == set()


def _name(requirement: str) -> str:
    for end in " ;<>=!~[":
        requirement = requirement.split(end)[0]
    return requirement.lower()


@pytest.mark.slow
def test_the_sdist_holds_the_transforms_as_files(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        members = {name.partition("/")[2]: member for name, member in ((m.name, m) for m in archive.getmembers())}
    assert {f"src/{name}" for name in packed(ROOT / "src" / "scriptify")} <= set(members)
    assert all(not member.issym() and not member.islnk() for member in members.values())
    assert {"CHANGELOG.md", "LICENSE", "README.md", "pyproject.toml"} <= set(members)
    assert [name for name in members if name.startswith("tests/") or "__pycache__" in name] == []


@pytest.mark.slow
def test_the_wheel_holds_the_package_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
        for file in (ROOT / "transforms").glob("*.py"):
            assert archive.read(f"scriptify/transforms/{file.name}") == file.read_bytes()
    assert names == set(packed(ROOT / "src" / "scriptify"))


@pytest.mark.slow
def test_the_installed_wheel_imports_every_transform(wheel: Path, tmp_path: Path) -> None:
    target = tmp_path / "target"
    run("-m", "pip", "install", "-q", "--no-deps", "--no-index", "--no-compile", "--target", str(target), str(wheel), cwd=tmp_path)
    code = """
import importlib, json, pkgutil, sys
sys.path.insert(0, sys.argv[1])
import scriptify, scriptify.transforms as home
names = sorted(module.name for module in pkgutil.iter_modules(home.__path__))
for name in names:
    importlib.import_module(f"scriptify.transforms.{name}")
print(json.dumps([scriptify.__file__, scriptify.__version__, home.__file__, names]))
"""
    file, version, home, names = json.loads(run("-c", code, str(target), cwd=tmp_path))
    assert Path(file).is_relative_to(target)
    assert Path(home).is_relative_to(target)
    assert version == scriptify.__version__
    assert names == sorted(file.stem for file in (ROOT / "transforms").glob("*.py") if file.stem != "__init__")
    assert (target / "bin" / "scriptify").is_file()


@pytest.mark.slow
def test_an_editable_install_imports_the_transforms(project: Path) -> None:
    target = project / "target"
    args = ("--no-deps", "--no-index", "--no-build-isolation", "--target", str(target), "--editable", str(project))
    run("-m", "pip", "install", "-q", *args, cwd=project)
    code = "import site, sys; site.addsitedir(sys.argv[1]); sys.path.reverse(); import scriptify.transforms as t; print(t.__file__)"
    assert Path(run("-c", code, str(target), cwd=target).strip()) == project / "src" / "scriptify" / "transforms" / "__init__.py"


@pytest.mark.slow
def test_mypy_sees_the_transforms_once_and_by_their_name(project: Path) -> None:
    package = project / "src" / "scriptify"
    for path in package.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
    for path in (project / "transforms").glob("[!_]*.py"):
        path.unlink()
    (project / "transforms" / "probe_of_types.py").write_text("def double(x: int) -> str:\n    return x * 2\n")
    done = subprocess.run([sys.executable, "-m", "mypy", "--strict", "--cache-dir", "probe"], cwd=project, capture_output=True, text=True)
    found = [line for line in done.stdout.splitlines() if "probe_of_types" in line]
    assert len(found) == 1, done.stdout + done.stderr
    assert found[0].startswith("src/scriptify/transforms/probe_of_types.py:2: error: Incompatible return value")


@pytest.mark.slow
def test_ruff_sees_the_transforms_once(project: Path) -> None:
    done = subprocess.run([sys.executable, "-m", "ruff", "check", "--show-files"], cwd=project, capture_output=True, text=True)
    found = [Path(line).relative_to(project) for line in done.stdout.splitlines() if line.endswith("transforms/__init__.py")]
    assert found == [Path("transforms/__init__.py")]
