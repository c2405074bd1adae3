"""What a comparison of two forms found, in sentences."""

from __future__ import annotations

from collections.abc import Iterator

from scriptify.oracle.parting import Gap, Leaf, Parting, Row, StateGap, Verdict

FEW = 4


def number(value: float) -> str:
    """A difference, short: three digits."""
    if value == 0:
        return "0"
    return f"{value:.1e}" if abs(value) < 1e-3 or abs(value) >= 1e5 else f"{value:.3g}"


def tensor(leaf: Leaf, b: bool = False) -> str:
    """dtype and shape of one side's tensor."""
    return f"{leaf.dtypes[b]} {list(leaf.shapes[b])}" if leaf.dtypes[b] else ""


def apart(gap: Gap) -> str:
    """How far two tensors are apart."""
    return f"max {number(gap.largest)}, mean {number(gap.mean)}, {number(gap.relative)} of the largest value"


def told(leaf: Leaf) -> str:
    """How one value differs."""
    where = f"{leaf.where} " if leaf.where else ""
    if leaf.said:
        return f"{where}{leaf.said}"
    if leaf.gap is None:
        return f"{where}is the same"
    beyond = f"; {leaf.gap.beyond} of {leaf.gap.count} values beyond the tolerance" if leaf.gap.beyond else ""
    return f"{where}{tensor(leaf)}: {apart(leaf.gap)}{beyond}"


def state(parting: Parting) -> Iterator[str]:
    """Whether parameters, buffers and modes are the same; the first thing to know."""
    found = parting.state
    if not found.known:
        yield "Parameters can't be compared: the file does not tell them under the model's names."
        return
    keys = f"{found.compared} parameters and buffers"
    if found.differ:
        yield _differing(found)
    elif found.compared and not found.only_a and not found.only_b:
        yield f"All {keys} are identical, bit by bit."
    elif found.compared:
        yield f"The {keys} that both have are identical, bit by bit."
    for side, only in ((parting.a, found.only_a), (parting.b, found.only_b)):
        if only:
            yield f"Only {side} has {_few(only)}."
    if found.modes:
        path, mode = found.modes[0]
        name = path or "the model"
        more = f", and {len(found.modes) - 1} more modules" if len(found.modes) > 1 else ""
        yield f"Modes differ: {name} is in {'training' if mode else 'eval'} mode in {parting.a}, not in {parting.b}{more}."


def _differing(found: StateGap) -> str:
    first = found.differ[0]
    kind = "buffer" if first.buffer else "parameter"
    what = f"{apart(first.leaf.gap)}" if first.leaf.gap and not first.leaf.said else first.leaf.said
    after = "B was given A's before the run" if found.loaded else "each side ran with its own, so outputs must be expected to differ"
    return f"{len(found.differ)} of {found.compared} parameters and buffers differ, first the {kind} {first.key} ({what}); {after}."


def _few(names: tuple[str, ...]) -> str:
    return f"{', '.join(names[:FEW])}{f' and {len(names) - FEW} more' if len(names) > FEW else ''}"


def headline(parting: Parting) -> str:
    """The result in one sentence."""
    if parting.errors:
        return "Nothing was compared: " + "; ".join(parting.errors)
    if parting.first is None:
        return f"{parting.a} and {parting.b} compute the same{_extent(parting)}."
    where = _where(parting, parting.rows[parting.first])
    if not parting.parts:
        return f"The outputs of {parting.a} and {parting.b} agree{_most(parting)}; inside, {where}"
    return f"{parting.a} and {parting.b} part{_case(parting, parting.rows[parting.first])}: {where}"


def _extent(parting: Parting) -> str:
    inner = sum(1 for row in parting.rows if row.path and row.verdict in (Verdict.SAME, Verdict.PARTS))
    seen = f" in {inner} calls of submodules" if inner else ""
    return f"{seen}{_most(parting)}"


def _most(parting: Parting) -> str:
    gaps = [leaf.gap.largest for leaf in parting.outputs if leaf.gap]
    return f" (outputs differ by at most {number(max(gaps))})" if gaps else ""


def _case(parting: Parting, row: Row) -> str:
    several = len({other.case for other in parting.rows}) > 1
    case = f" on case {row.case + 1}" if several else ""
    return f"{case} in call {row.turn + 1}" if row.turn else case


def _named(row: Row | None) -> str:
    if row is None or not row.path:
        return "the model itself" + (f" ({row.cls})" if row and row.cls else "")
    return f"{row.path} ({row.cls})" if row.cls else row.path


def _call(row: Row) -> str:
    return f", call {row.call}" if row.call > 1 else ""


def _where(parting: Parting, row: Row) -> str:
    around = parting.around(row)
    if row.verdict in (Verdict.ONLY_A, Verdict.ONLY_B):
        sides = (parting.a, parting.b) if row.verdict is Verdict.ONLY_A else (parting.b, parting.a)
        return (
            f"in {_named(around)}, {sides[0]} calls {_named(row)}{_call(row)} and {sides[1]} does not: a branch or a loop goes another way."
        )
    if parting.by_input:
        leaf = next(leaf for leaf in row.inputs if leaf.parts)
        return f"first in the code of {_named(around)}, before it calls {_named(row)}{_call(row)}: what it passes differs, {told(leaf)}."
    leaf = next((leaf for leaf in row.outputs if leaf.parts), Leaf(""))
    if not row.path and " raises " in leaf.said:
        return f"{leaf.said}."
    inside = "what it was given and all that it calls agree, so it is its own code" if row.children else "what it was given agrees"
    if not row.path:
        seen = row.children and len(parting.rows) > sum(1 for _ in parting.of_model())
        inside = "all that it calls agrees, so it is its own code" if seen else "only its outputs could be compared"
    random = " It draws random numbers." if row.random else ""
    return f"first in {_named(row)}{_call(row)}; {inside}. Its output{' ' + told(leaf)}.{random}"


def details(parting: Parting) -> Iterator[str]:
    """What else is to be known: by itself or accumulated, the largest jump, what could not be compared."""
    if parting.errors:
        return
    if parting.first is not None and (text := _alone(parting, parting.rows[parting.first])):
        yield text
    if parting.jump is not None and parting.first is not None and parting.jump != parting.first:
        row = parting.rows[parting.jump]
        before, after = number(row.error_before), number(row.error)
        yield f"The error grows most in {_named(row)}{_call(row)}: from {before} to {after} of the largest value."
    unsteady = [row for row in parting.rows if row.verdict is Verdict.UNSTEADY]
    if unsteady:
        first = f"{_named(unsteady[0])}{_call(unsteady[0])}"
        yield f"{parting.a} differs from itself under one seed, first in {first}; such outputs are not judged."
    yield f"Compared {parting.kind}."
    yield from parting.remarks


def _alone(parting: Parting, row: Row) -> str:
    if parting.by_input or row.verdict is not Verdict.PARTS:
        return ""
    if row.alone_said:
        return f"By itself, on {parting.a}'s inputs, it parts too: {row.alone_said}."
    if row.alone is None:
        return ""
    if row.alone.beyond:
        return f"By itself, on {parting.a}'s inputs, it parts too: {apart(row.alone)}."
    return f"By itself, on {parting.a}'s inputs, it agrees ({apart(row.alone)}): what parts here has added up before it."
