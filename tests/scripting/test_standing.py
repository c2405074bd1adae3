"""A script reduced to its definitions: nothing else of it runs, and what is left gives the same objects."""

from __future__ import annotations

import ast
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scriptify.oracle.worker_standing import VALUE, bound_in, needs, reduced, values_wanted

TEXT = dedent(
    """
    from __future__ import annotations
    import math
    import shutil
    try:
        import numpy_of_another_name as fast
    except ImportError:
        fast = None
    WIDTH = 3
    print("side effect")
    total = 0
    for n in range(3):
        total += n

    def area(r):
        return math.pi * r * WIDTH

    def unused():
        return shutil.which("rm")

    class Base:
        size = total

    class Net(Base):
        other: "Late"
        def forward(self, x):
            return area(x) if fast is None else fast.area(x)

    class Late:
        pass

    Net.extra = area
    with open("/never/opened") as file:
        data = file.read()
    if __name__ == "__main__":
        import sys
        class Inside:
            path = sys.path
        raise SystemExit("training")
    """
)


def names_after(text: str, roots: set[str], values: dict[str, object], before: str | None = None) -> dict[str, object]:
    tree = reduced(text, before or text, roots, values)
    namespace: dict[str, object] = {VALUE: values.__getitem__, "__name__": "__main__"}
    exec(compile(tree, "script.py", "exec"), namespace)
    return namespace


def test_only_what_is_needed_runs() -> None:
    found = names_after(TEXT, {"Net"}, {"WIDTH": 5, "total": 3, "fast": None})
    assert found["Net"]().forward(1) == pytest.approx(5 * 3.14159265)
    assert found["Net"].size == 3
    assert found["Net"].extra is found["area"]
    assert not {"unused", "shutil", "Inside", "data"} & set(found)
    assert "Late" in found, "an annotation in quotes is read too"


def test_what_is_under_the_main_guard_is_found() -> None:
    assert "Inside" in names_after(TEXT, {"Inside"}, {})


def test_the_values_that_must_come_along() -> None:
    assert values_wanted(TEXT, {"Net"}) >= {"WIDTH", "total", "fast"}
    assert "data" not in values_wanted(TEXT, {"Net"})
    assert {"WIDTH", "Net", "math", "fast", "data", "Inside"} <= bound_in(TEXT)


def test_line_numbers_stay() -> None:
    tree = reduced(TEXT, TEXT, {"Net"}, {"total"})
    before = {node.name: node.lineno for node in ast.walk(ast.parse(TEXT)) if isinstance(node, ast.ClassDef)}
    assert {node.name: node.lineno for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}.items() <= before.items()


def test_a_statement_that_a_rewrite_brought_runs() -> None:
    text = TEXT.replace("WIDTH = 3\n", "WIDTH = 3\n_added = math.sqrt(4)\n")
    assert names_after(text, {"Net"}, {"WIDTH": 5, "total": 3, "fast": None}, TEXT)["_added"] == 2


NAMES = st.sampled_from("abcdef")


@given(st.dictionaries(NAMES, st.frozensets(NAMES, max_size=3), min_size=1), NAMES)
def test_what_is_needed_is_closed_and_reachable(calls: dict[str, frozenset[str]], root: str) -> None:
    text = "".join(
        f"def {name}():\n    return ({', '.join(sorted(used))},)\n" if used else f"def {name}(): pass\n" for name, used in calls.items()
    )
    found = needs(ast.parse(text), {root})
    assert root in found
    assert all(used <= found for name, used in calls.items() if name in found)
    assert found - {root} <= frozenset().union(*(calls.get(name, frozenset()) for name in found))
    namespace = names_after(text, {root}, {})
    assert found & calls.keys() == calls.keys() & namespace.keys()


@given(
    st.lists(
        st.sampled_from(
            ["raise SystemExit", "x = 1 / 0", "import os", "def f(): pass", "while True: pass", "del z", "f()", "class K: pass"]
        )
    )
)
def test_no_other_statement_ever_runs(statements: list[str]) -> None:
    names_after("\n".join(statements), {"f", "K"}, {})
