"""Names for the modules a loop hands out: readable, and used for nothing else in the function."""

from __future__ import annotations

import builtins
import keyword

import libcst as cst

from scriptify.tree import Tree, bindings

_KEPT = ("ss", "us", "is", "as")


class FreshNames:
    """Hands out names that occur nowhere in a function nor at the module's top level."""

    def __init__(self, tree: Tree, function: cst.FunctionDef) -> None:
        self._taken = {name.value for name in tree.find(cst.Name, function)}
        self._taken |= {name.value for name, _ in bindings(tree.module)}
        self._taken |= set(dir(builtins)) | set(keyword.kwlist)

    def take(self, *wishes: str) -> str:
        """The first wish that is free, else the last one with a number."""
        name = next((wish for wish in wishes if self.free(wish)), "")
        number = 2
        while not name:
            candidate = f"{wishes[-1]}_{number}"
            name = candidate if self.free(candidate) else ""
            number += 1
        self._taken.add(name)
        return name

    def free(self, name: str) -> bool:
        """Whether nobody uses the name."""
        return name.isidentifier() and name not in self._taken

    def item(self, container: str, counter: str = "i") -> str:
        """A name for an element of ``container`` (``self.convs``): its singular, else its name and the counter's."""
        last = "".join(c if c.isalnum() or c == "_" else "_" for c in container.rpartition(".")[2]).strip("_") or "module"
        return self.take(*filter(None, (singular(last), f"{last}_{counter if len(counter) == 1 else 'i'}")))

    def counter(self) -> str:
        """A name for a loop's counter."""
        return self.take("j", "k", "index")


def singular(name: str) -> str:
    """``layer`` for ``layers``, ``branch`` for ``branches``, ``entry`` for ``entries``; ``""`` for what has no plural form."""
    lower = name.lower()
    if lower.endswith("ies") and len(name) > 5:
        return f"{name[:-3]}y"
    if lower.endswith(("ches", "shes", "xes", "sses")) and len(name) > 4:
        return name[:-2]
    if lower.endswith("s") and not lower.endswith(_KEPT) and len(name) > 2:
        return name[:-1]
    for plural in ("_list", "_modules", "list"):
        if lower.endswith(plural) and len(name) > len(plural) + 1:
            return name[: -len(plural)]
    return ""
