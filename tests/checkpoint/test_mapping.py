"""Suggested partners: one to one, by wrapper, suffix and shape, and none where two would do."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from scriptify.checkpoint.mapping import suggest

PARTS = st.lists(st.sampled_from(["a", "b", "0", "1", "module", "net"]), min_size=1, max_size=3)
NAMES = PARTS.map(lambda parts: ".".join([*parts, "weight"]))
SHAPES = st.dictionaries(NAMES, st.sampled_from([(2,), (3,), (2, 3)]), max_size=8)


@given(file=SHAPES, model=SHAPES)
def test_one_to_one_of_one_shape_and_only_what_is_left_over(file: dict[str, tuple[int, ...]], model: dict[str, tuple[int, ...]]) -> None:
    found = suggest(file, model)
    assert len(set(found.names.values())) == len(found.names)
    for old, new in found.names.items():
        assert file[old] == model[new]
        assert old not in model
        assert new not in file
    assert not set(found.ambiguous) & set(found.names)


@given(names=st.lists(NAMES, unique=True, min_size=1), old=st.sampled_from(["", "x.", "x.y."]), new=st.sampled_from(["", "z.", "z.w.v."]))
def test_another_prefix_for_all_is_seen_through_where_no_name_ends_like_another(names: list[str], old: str, new: str) -> None:
    distinct = [name for name in names if not any(other != name and other.endswith("." + name) for other in names)]
    shapes = {name: (number, 1) for number, name in enumerate(distinct)}
    found = suggest({old + name: shape for name, shape in shapes.items()}, {new + name: shape for name, shape in shapes.items()})
    assert found.names == {old + name: new + name for name in distinct if old != new}


def test_what_two_could_be_is_not_guessed() -> None:
    found = suggest({"x.weight": (2,), "y.weight": (2,)}, {"a.weight": (2,), "b.weight": (2,)})
    assert found.names == {}
    assert set(found.ambiguous) == {"x.weight", "y.weight"}
    assert suggest({"x.weight": (2,)}, {"a.weight": (2,), "b.weight": (2,)}).names == {}


def test_a_renamed_module_takes_its_twins_along() -> None:
    file = {"a.conv.weight": (8, 3), "a.bn.weight": (8,), "b.conv.weight": (8, 4), "b.bn.weight": (8,)}
    model = {name.replace("a.", "stem.").replace("b.", "tail."): shape for name, shape in file.items()}
    assert list(suggest(file, model).names.values()) == list(model)


def test_wrappers_first() -> None:
    file = {"module.a.weight": (2,), "module.b.weight": (2,)}
    assert suggest(file, {"a.weight": (2,), "b.weight": (2,)}).names == {"module.a.weight": "a.weight", "module.b.weight": "b.weight"}
