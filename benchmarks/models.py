"""Migrate upstream models as published: copy their sources, run ``scriptify migrate``, keep the copy and the ``.pt``.

Then export the models of the tutorial, and run one from C++.

    python benchmarks/models.py [gfpgan] [modnet] [mmdet] [fpn] [tutorial] [--upstream DIR] [--work DIR] [--small]

DIR holds the packages as pip installs them with ``--target``. First the migration with the small entry, then the same
command with the full one: nothing is left to do, everything is proved at the published size, and the model is saved.
"""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Model:
    """What to copy from where, which of it is rewritten, the entry file, and its functions for a small and the published size."""

    name: str
    copied: tuple[str, ...]
    paths: tuple[str, ...]
    entry: str
    small: str = "small"
    full: str = "full"


MMDET = (
    *("mmdet/models/backbones/resnet.py", "mmdet/models/layers/res_layer.py", "mmdet/registry.py", "mmdet/utils/typing_utils.py"),
    *("mmcv/cnn/bricks", "mmengine", "addict", "termcolor"),
)
MODELS = (
    Model(
        "gfpgan",
        ("gfpgan/archs", "basicsr/archs/arch_util.py", "basicsr/utils/registry.py", "basicsr/ops"),
        ("gfpgan/archs/gfpganv1_clean_arch.py", "gfpgan/archs/stylegan2_clean_arch.py"),
        "gfpgan_entry.py",
    ),
    Model("modnet", ("facexlib/matting",), ("facexlib/matting",), "modnet_entry.py"),
    Model("mmdet", MMDET, ("mmdet/models", "mmengine/model/base_module.py"), "mmdet_entry.py"),
    Model(
        "fpn",
        (*MMDET, "mmdet/models/necks/fpn.py"),
        ("mmdet/models/necks", "mmcv/cnn/bricks/conv_module.py", "mmengine/model/base_module.py"),
        "mmdet_entry.py",
        "fpn",
        "full_fpn",
    ),
)


@dataclass(frozen=True)
class Export:
    """A command that writes a file of a model of the tutorial, and its exit code: 1 where the form can't be right."""

    about: str
    arguments: str
    code: int = 0


EXPORTS = (
    Export("`MyCell` traced: the branch that freezes is found", "--entry tutorial.py:cell -o cell.pt --how trace", 1),
    Export("`MyCell` with its `MyDecisionGate` scripted", "--entry tutorial.py:cell -o cell.pt --how script"),
    Export(
        "`MyScriptModule`: traced where it can be, else scripted, run from C++",
        "--entry tutorial.py:mixed -o mixed.pt --how mixed --cpp cpp",
    ),
    Export("a function with an `if` as ONNX, the `if` kept", "--entry tutorial.py:choice -o choice.onnx"),
)


def export(work: Path) -> int:
    """Run the exports of the tutorial's models, then build and run the C++ program; returns the worst exit code."""
    folder = work / "tutorial"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    shutil.copyfile(HERE / "upstream" / "tutorial.py", folder / "tutorial.py")
    wrong = 0
    for item in EXPORTS:
        print(f"\n$ scriptify export {item.arguments}", flush=True)
        step = [sys.executable, "-m", "scriptify", "export", *shlex.split(item.arguments)]
        code = subprocess.run(step, cwd=folder, check=False).returncode
        print(f"exit code {code}", flush=True)
        wrong = max(wrong, int(code != item.code))
    if shutil.which("cmake") is None:
        print("cmake is not installed: the C++ program is not built", flush=True)
        return wrong
    place = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", "import torch; print(torch.utils.cmake_prefix_path)"], capture_output=True, text=True
    )
    for step in (
        ["cmake", "-S", ".", "-B", "build", f"-DCMAKE_PREFIX_PATH={place.stdout.strip()}"],
        ["cmake", "--build", "build"],
        ["build/run_model", "model.pt", "cases.pt"],
    ):
        code = subprocess.run(step, cwd=folder / "cpp", check=False, stdout=None if step[0] != "cmake" else subprocess.DEVNULL).returncode
        wrong = max(wrong, int(bool(code)))
    return wrong


def commands() -> list[str]:
    """Every command that README shows, as a person types it."""
    return [
        *(f"scriptify {shlex.join(command(model, model.small)[3:])}" for model in MODELS),
        *(f"scriptify export {item.arguments}" for item in EXPORTS),
    ]


def copy(model: Model, upstream: Path, work: Path) -> Path:
    """A fresh copy of a model's sources with its entry file; returns the folder."""
    folder = work / model.name
    shutil.rmtree(folder, ignore_errors=True)
    for item in model.copied:
        source, target = upstream / item, folder / item
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", "*.so"))
        else:
            shutil.copyfile(source, target)
    for name in (model.entry, "shells.py"):
        shutil.copyfile(HERE / "upstream" / name, folder / name)
    return folder


def command(model: Model, entry: str, *more: str) -> list[str]:
    """The one command that migrates it, as a person would type it in the copied folder."""
    return [sys.executable, "-m", "scriptify", "migrate", *model.paths, "--entry", f"{model.entry}:{entry}", *more]


def migrate(model: Model, folder: Path, small: bool) -> int:
    """Migrate with the small entry, then prove and save; returns the last exit code."""
    steps = [command(model, model.small)]
    steps.append(command(model, model.small if small else model.full, "--save", f"{model.name}.pt", "--time-limit", "900"))
    code = 0
    for step in steps:
        print(f"\n$ scriptify {shlex.join(step[3:])}", flush=True)
        code = subprocess.run(step, cwd=folder, check=False).returncode
        print(f"exit code {code}", flush=True)
        if code:
            return code
    size = (folder / f"{model.name}.pt").stat().st_size
    print(f"{model.name}.pt: {size / 1e6:.1f} MB; migrated sources and patch journal in {folder}")
    return code


def main() -> None:
    """Migrate the models asked for, all by default."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", help=f"{', '.join(m.name for m in MODELS)}, tutorial")
    parser.add_argument("--upstream", type=Path, default=Path(os.environ.get("SCRIPTIFY_UPSTREAM", ".upstream")))
    parser.add_argument("--work", type=Path, default=Path("models"))
    parser.add_argument("--small", action="store_true", help="not at the published size")
    options = parser.parse_args()
    chosen = [m for m in MODELS if not options.models or m.name in options.models]
    tutorial = not options.models or "tutorial" in options.models
    if chosen and not (options.upstream / chosen[0].copied[0]).exists():
        parser.error(f"{options.upstream} does not hold the upstream packages; `make upstream` installs them")
    codes = [migrate(m, copy(m, options.upstream, options.work.resolve()), options.small) for m in chosen]
    codes += [export(options.work.resolve())] if tutorial else []
    sys.exit(max(codes, default=0))


if __name__ == "__main__":
    main()
