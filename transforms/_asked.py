"""Constants that the compiler asks an instance for when it compiles, whatever has set what they tell of by then."""

from __future__ import annotations

from collections.abc import Mapping

from scriptify.transform import Edit, Import
from scriptify.transforms._constants import constants_edits
from scriptify.transforms._spot import Spot


def asked(place: Spot, outcomes: Mapping[str, str]) -> tuple[list[Edit], list[Import]] | str:
    """The edits that give the class a bool property for each name, as a constant, and their imports; or why not.

    ``outcomes`` maps the names to what each returns, in terms of ``place.self_name``. The properties follow the function of
    ``place``, and are marked as unused: Python works them out, the compiler reads what came out.
    """
    if place.owner is None:
        return "it stands in no class"
    constants = constants_edits(place.tree, place.facts, place.owner, list(outcomes))
    if isinstance(constants, str):
        return constants
    spelt, imports = place.tree.imports.spell("torch.jit.unused")
    lines: list[str] = []
    for name, outcome in outcomes.items():
        lines += ["", "@property", f"@{spelt}", f"def {name}({place.self_name}) -> bool:", f"    return {outcome}"]
    return [place.tree.after(place.function, lines), *constants], list(imports)
