"""What ``scriptify checkpoint`` found and did, for a person and for machines. Knows no torch."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scriptify.checkpoint.model import KINDS, ConvertResult, Inspection, Renamed, StateDict, StripResult, TensorInfo, VerifyResult, size

if TYPE_CHECKING:
    from rich.text import Text

VERSION = 1
SHOWN = 20
SOME = 8


def as_json(result: Inspection | StripResult | ConvertResult | VerifyResult) -> dict[str, Any]:
    """A result as plain data: its fields, with what they amount to."""
    body = {"version": VERSION, **asdict(result)}
    if isinstance(result, VerifyResult):
        body["ok"] = result.ok
    if isinstance(result, StripResult):
        body["changes"] = result.changes
    if isinstance(result, Inspection):
        for state, found in zip(body["states"], result.states, strict=True):
            state |= {"numbers": found.numbers, "bytes": found.bytes}
    return body


def inspection(result: Inspection, everything: bool = False) -> Iterator[Text]:
    """The file, its state dicts with their tensors, what else is in it, and how it is loaded; ``everything``: all tensors."""
    yield _bold(f"{result.path}: {KINDS[result.kind]}, {size(result.size)}")
    if result.refused:
        yield _plain("")
        yield _plain(result.refused.removeprefix(f"{result.path}: "), "red")
    if result.module:
        yield _plain(f"a whole module was pickled: {result.module}; this is its state dict")
    for state in result.states:
        yield from _state(result, state, everything)
    if not result.states and not result.refused:
        yield _plain("it holds no state dict", "yellow")
    if result.entries:
        yield from (_plain(""), _bold("Beside them"))
        yield from _rows(result.entries, everything)
    if result.sharing:
        yield from (_plain(""), _bold("Shared storage"))
        for group in result.sharing if everything else result.sharing[:SHOWN]:
            how = "the same tensor" if group.same else "views of one storage"
            yield _plain(f"  {', '.join(group.names[:SOME])}{_more(len(group.names) - SOME)}: {how}, {size(group.bytes)}")
        yield from _rest(len(result.sharing), everything)
    if result.load:
        yield from (_plain(""), _bold("To load it"))
        yield from (_plain(f"  {line}", "dim" if line.startswith("#") else "") for line in result.load)
    for note in result.notes:
        yield _plain(f"note: {note}", "yellow")


def _state(result: Inspection, state: StateDict, everything: bool) -> Iterator[Text]:
    versions = ", with versions (_metadata)" if state.versions else ""
    name = state.key or "the state dict"
    yield _plain("")
    yield _bold(f"{name}: {_counted(len(state.tensors), 'tensor')}, {_counted(state.numbers, 'number')}, {size(state.bytes)}{versions}")
    dtypes = Counter[str]()
    for tensor in state.tensors:
        dtypes[tensor.dtype] += tensor.numbers
    yield _plain(f"  {', '.join(f'{count:,} {dtype}' for dtype, count in dtypes.most_common())}")
    for taken in state.wrappers:
        what = f"{taken.component} is a wrapper's, on {taken.keys} of {len(state.tensors)} keys"
        yield _plain(f"  {what}: `scriptify checkpoint strip {shlex.quote(result.path)}` takes it off", "yellow")
    yield from (_plain(f"  {note}", "yellow") for note in state.notes)
    yield from _tensors(state.tensors if everything else state.tensors[:SHOWN])
    yield from _rest(len(state.tensors), everything)
    if state.others:
        yield _plain("  entries that are no tensors:")
        yield from _rows(state.others, everything)


def _tensors(tensors: Sequence[TensorInfo]) -> Iterator[Text]:
    rows = [
        (t.name, f"{t.dtype}{f' {t.layout}' if t.layout else ''}", "x".join(map(str, t.shape)) or "scalar", f"{t.numbers:,}", size(t.bytes))
        for t in tensors
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for name, dtype, shape, numbers, held in rows:
        line = f"  {name:<{widths[0]}}  {dtype:<{widths[1]}}  {shape:<{widths[2]}}  {numbers:>{widths[3]}}  {held:>{widths[4]}}"
        yield _plain(line)


def _rows(rows: Sequence[tuple[str, str]], everything: bool) -> Iterator[Text]:
    shown = rows if everything else rows[:SHOWN]
    width = max(len(name) for name, _ in shown)
    yield from (_plain(f"  {name:<{width}}  {words}") for name, words in shown)
    yield from _rest(len(rows), everything)


def _rest(count: int, everything: bool) -> Iterator[Text]:
    if count > SHOWN and not everything:
        yield _plain(f"  and {count - SHOWN} more: --all lists them", "dim")


def stripping(result: StripResult) -> Iterator[Text]:
    """What came or would come off, with some of the names, and how to have it written."""
    for state in result.states:
        yield from _renamed(result.path, state)
    yield from (_plain(f"note: {note}", "yellow") for note in result.notes)
    if result.written:
        yield _bold(f"{'Replaced' if result.replaces else 'Wrote'} {result.written}: {_counted(result.changes, 'key')} renamed.")
    elif result.changes:
        yield _bold("Nothing was written: -o FILE writes another file, --write replaces this one.")
    else:
        yield _bold("Nothing to take off.")


def _renamed(path: str, state: Renamed) -> Iterator[Text]:
    where = f"{path} ({state.key})" if state.key else path
    if state.taken:
        off = ", ".join(f"{taken.component} ({_counted(taken.keys, 'key')})" for taken in state.taken)
        yield _plain(f"{where}: {len(state.renames)} of {_counted(state.keys, 'key')} change: off comes {off}")
        yield from (_plain(f"  {old} -> {new}") for old, new in state.renames[:SOME])
        if len(state.renames) > SOME:
            yield _plain(f"  and {len(state.renames) - SOME} more", "dim")
    yield from (_plain(f"{where}: {note}", "yellow") for note in state.notes)


def conversion(result: ConvertResult) -> Iterator[Text]:
    """What was written, and what it does not hold as the old file did."""
    yield from (_plain(f"note: {note}", "yellow") for note in result.notes)
    what = f"{_counted(result.tensors, 'tensor')}, {_counted(result.numbers, 'number')}, {size(result.bytes)}"
    yield _bold(f"Wrote {result.written}, {KINDS[result.kind]}: {what}.")


def verification(result: VerifyResult) -> Iterator[Text]:
    """How much of the model came from the file, what did not and why, and what would help."""
    share = 100 * result.loaded_numbers / result.model_numbers if result.model_numbers else 100.0
    where = f"{result.path} ({result.key})" if result.key else result.path
    yield _bold(f"{where} into {result.model} of {result.entry}")
    keys = f"{result.loaded_keys} of {_counted(result.model_keys, 'key')}"
    yield _plain(f"  loaded: {keys}, {result.loaded_numbers:,} of {_counted(result.model_numbers, 'number')} ({_percent(share)})")
    yield from _list("missing, the model keeps what its constructor gave", result.missing)
    yield from _list("unexpected, the model has no such key", result.unexpected)
    if result.mismatched:
        yield _plain(f"  another shape: {_counted(len(result.mismatched), 'key')}", "red")
        for found in result.mismatched[:SOME]:
            yield _plain(f"    {found.name}: file {_shape(found.file)}, model {_shape(found.model)}")
        yield from _others(len(result.mismatched))
    yield from _list("counted as loaded, yet still what the constructor gave", result.stuck)
    yield from _list("loaded, and equal to a newly built model's random numbers: never trained?", result.initial, "yellow")
    for cast in result.casts:
        words = f"  {_counted(cast.keys, 'key')}: {cast.file} became {cast.model}{', which holds less' if cast.lossy else ''}"
        yield _plain(words, "yellow" if cast.lossy else "")
    yield from (_plain(f"  {problem}", "red") for problem in result.problems)
    yield from (_plain(f"  note: {note}", "yellow") for note in result.notes)
    yield from _advice(result)
    yield _bold("Everything is loaded." if result.ok else "Not everything is loaded.")


def _advice(result: VerifyResult) -> Iterator[Text]:
    if result.mapping:
        yield _plain(f"  these may be the same, by name and shape ({_counted(len(result.mapping), 'key')}):")
        yield from (_plain(f"    {old} -> {new}") for old, new in result.mapping[:SOME])
        yield from _others(len(result.mapping))
    if result.ambiguous:
        count, names = _counted(len(result.ambiguous), "key"), ", ".join(result.ambiguous[:3])
        yield _plain(f"  {count} of the file could be several of the model's: {names}{_more(len(result.ambiguous) - 3)}")
    path = Path(result.path)
    other = shlex.quote(str(path.with_name(f"{path.stem}-renamed{path.suffix}")))
    if result.written:
        yield _plain(f"  wrote {result.written} with these names")
    elif result.strips:
        yield _plain(f"  `scriptify checkpoint strip {shlex.quote(result.path)} -o {other}` does just that", "green")
    elif result.mapping:
        yield _plain(f"  with -o {other} a file with these names is written", "green")


def _list(words: str, names: Sequence[tuple[str, int]], style: str = "red") -> Iterator[Text]:
    if not names:
        return
    yield _plain(f"  {words}: {_counted(len(names), 'key')}, {_counted(sum(count for _, count in names), 'number')}", style)
    yield from (_plain(f"    {name}") for name, _ in names[:SOME])
    yield from _others(len(names))


def _others(count: int) -> Iterator[Text]:
    if count > SOME:
        yield _plain(f"    and {count - SOME} more", "dim")


def _percent(share: float) -> str:
    """A share that is 100% only when it is all."""
    return "100%" if share == 100 else f"{min(share, 99.9):.1f}%"


def _shape(shape: Iterable[int]) -> str:
    return "x".join(map(str, shape)) or "scalar"


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _more(count: int) -> str:
    return f" and {count} more" if count > 0 else ""


def _plain(words: str, style: str = "") -> Text:
    from rich.text import Text

    return Text(words, style=style)


def _bold(words: str) -> Text:
    return _plain(words, "bold")
