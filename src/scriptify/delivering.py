"""Files of models: an entry's model as TorchScript, ONNX or a program of torch.export, proved before it is written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from scriptify import cpp, judging
from scriptify.api import LIMITS, Progress, migrate
from scriptify.events import Event
from scriptify.oracle.protocol import Delivery, Entry, Limits, Order
from scriptify.result import RunResult
from scriptify.transform import Settings

FORMS = {".pt": "torchscript", ".pth": "torchscript", ".ts": "torchscript", ".onnx": "onnx", ".pt2": "export"}
HOW = {"torchscript": ("auto", "script", "trace", "mixed"), "onnx": ("auto", "dynamo", "torchscript"), "export": ("auto",)}


class OrderError(Exception):
    """A file that can't be asked for like this, in one sentence."""


@dataclass(frozen=True, slots=True)
class Exported:
    """What came of an order: where the file is if ``delivery.ok``, and the migration in memory that went before, if one was asked for."""

    entry: Entry
    path: Path
    order: Order
    delivery: Delivery
    migration: RunResult | None = None

    @property
    def ok(self) -> bool:
        """Whether everything was proved, and the file written."""
        return self.delivery.ok

    @property
    def exit_code(self) -> int:
        """0 written, 1 the form can't be made of the model as it is, 3 what was made is not the same."""
        failure = self.delivery.first_failure
        return 0 if failure is None else 1 if failure[0] in ("runs", "made") else 3


def order(
    path: Path,
    *,
    form: str = "",
    how: str = "auto",
    freeze: bool = False,
    optimize: bool = False,
    dynamic: Sequence[int] = (),
) -> Order:
    """An order that makes sense: the form by the file's suffix where none is given. Raises OrderError."""
    form = form or FORMS.get(path.suffix, "")
    if not form:
        raise OrderError(f"{path}: the form can't be told from the suffix {path.suffix!r}; known are {', '.join(FORMS)}")
    if form not in HOW:
        raise OrderError(f"there is no form {form!r}; there are {', '.join(HOW)}")
    if how not in HOW[form]:
        raise OrderError(f"{form} is not made by {how!r}, but by {', '.join(HOW[form])}")
    if (freeze or optimize) and form != "torchscript":
        raise OrderError(f"only TorchScript is frozen and optimised, not {form}")
    if dynamic and form == "torchscript":
        raise OrderError("dimensions are open in TorchScript as it is; dynamic ones are for onnx and export")
    return Order(form, how, freeze, optimize, tuple(dynamic))


def export(
    entry: Entry | str,
    path: str | Path,
    *,
    form: str = "",
    how: str = "auto",
    freeze: bool = False,
    optimize: bool = False,
    dynamic: Sequence[int] = (),
    project: Path | None = None,
    migrate_paths: Iterable[str | Path] = (),
    settings: Settings | None = None,
    limits: Limits = LIMITS,
    progress: Progress | None = None,
    root: Path | None = None,
) -> Exported:
    """Write the entry's first model to ``path`` in a form, if the file computes what the eager model does.

    ``form`` is ``torchscript``, ``onnx`` or ``export``, by default by the suffix (``.pt``, ``.onnx``, ``.pt2``); for ``how``
    and the rest see :class:`Order`. ``project`` is a folder for a CMake project that runs a TorchScript file from C++.
    ``migrate_paths`` are files that are first rewritten, in memory only. Raises OrderError, ProjectError, OracleError, ValueError
    for a malformed entry, and what ``migrate`` raises.
    """
    base = (root or Path.cwd()).resolve()
    wanted = entry if isinstance(entry, Entry) else Entry(entry, str(base))
    if Path(path).is_dir():
        raise OrderError(f"{path} is a folder; name a file in it")
    asked = order(Path(path), form=form, how=how, freeze=freeze, optimize=optimize, dynamic=dynamic)
    _writable(Path(path), asked, project)
    overlay: dict[str, str] = {}
    migration = None
    paths = list(migrate_paths)
    if paths:
        migration = migrate(paths, [wanted], settings=settings, limits=limits, progress=progress, write=False, root=root)
        overlay = {item.path: item.after for item in migration.changed}
        if not migration.entries[0].ok:
            failure = migration.entries[0].after.first_failure
            why = failure[1].detail if failure else "not proved"
            return Exported(wanted, Path(path), asked, Delivery().stopped("made", f"the migration did not succeed: {why}"), migration)
    if progress is not None:
        progress(Event("judge", wanted.target, 0, 1))
    done = judging.deliver(wanted, asked, Path(path), overlay, base, limits, project)
    return Exported(wanted, Path(path), asked, done, migration)


def _writable(path: Path, asked: Order, project: Path | None) -> None:
    if not path.absolute().parent.is_dir():
        raise OrderError(f"{path}: there is no folder {path.absolute().parent}")
    if project is None:
        return
    if asked.form != "torchscript":
        raise OrderError("the C++ project loads TorchScript with LibTorch; it is for a .pt file")
    cpp.usable(project)


__all__ = ["FORMS", "HOW", "Exported", "OrderError", "export", "order"]
