"""The words, plot and pictures of a comparison: complete, escaped, and drawable whatever the numbers."""

from __future__ import annotations

import base64
import json
import math
import re
import zlib
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from scriptify.oracle.parting import Gap, KeyGap, Leaf, Parting, Picture, Row, StateGap, Verdict
from scriptify.report import parting_html, parting_json, parting_plot
from scriptify.report import parting_words as words

EVIL = "</style><script>alert(1)</script>\u202e\"'&"
ERRORS = st.floats(0, allow_nan=False) | st.just(math.inf)


def row(number: int, error: float, path: str = "net.a", verdict: Verdict = Verdict.SAME) -> Row:
    gap = Gap(error, error, error, int(verdict is Verdict.PARTS), 4, (0,), 1.0, 1.0)
    leaf = Leaf("", ("float32", "float32"), ((4,), (4,)), gap)
    return Row(0, 0, path, "Linear", number + 1, 2 * number, 2 * number + 1, verdict, (), (leaf,), gap)


@given(st.lists(ERRORS, min_size=2, max_size=40))
def test_every_point_of_the_plot_is_inside_it(errors: list[float]) -> None:
    found = Parting("eager", "script", "m.py:f", rows=tuple(row(number, error) for number, error in enumerate(errors)))
    (plot,) = parting_plot.plots(found)
    assert len([point for point in plot.points if point.kind != "alone"]) == len(errors)
    for point in plot.points:
        assert parting_plot.LEFT <= point.x <= parting_plot.WIDTH - parting_plot.RIGHT
        assert parting_plot.TOP <= point.y <= parting_plot.HEIGHT - parting_plot.BOTTOM
    assert json.loads(json.dumps(parting_json.run([found]), allow_nan=False))["version"] == 1


@given(st.data(), st.integers(1, 9), st.integers(1, 9), st.sampled_from([1, 3]))
def test_a_picture_keeps_its_pixels(data: st.DataObject, height: int, width: int, channels: int) -> None:
    pixels = data.draw(st.binary(min_size=height * width * channels, max_size=height * width * channels))
    picture = Picture("out", height, width, channels, -1, 0.0, 1.0, 1.0, pixels, pixels, pixels)
    file = base64.b64decode(parting_html.png(picture, pixels).partition(",")[2])
    size = int.from_bytes(file[16:20], "big"), int.from_bytes(file[20:24], "big")
    start = file.index(b"IDAT")
    lines = zlib.decompress(file[start + 4 : start + 4 + int.from_bytes(file[start - 4 : start], "big")])
    step = width * channels + 1
    assert size == (width, height)
    assert b"".join(lines[at + 1 : at + step] for at in range(0, len(lines), step)) == pixels


def test_what_comes_from_a_model_is_escaped() -> None:
    bad = row(1, 1.0, EVIL, Verdict.PARTS)
    state = StateGap(2, (KeyGap(EVIL, Leaf("", said=EVIL)),), (EVIL,), (), ((EVIL, True),))
    found = Parting(EVIL, EVIL, EVIL, state, (row(0, 0.0), bad), first=1, remarks=(EVIL,))
    page = parting_html.page([found], Path("/project"))
    assert "<script" not in page and "\u202e" not in page and page.count("</style>") == 1
    assert re.search(r"default-src 'none'; style-src 'sha256-[\w+/=]+'; img-src data:", page.replace("&#39;", "'"))


def test_what_has_added_up_is_told_from_a_modules_own() -> None:
    whole = row(2, 0.5, "", Verdict.PARTS)
    own = row(1, 0.5, "net.b", Verdict.PARTS)
    small = Gap(1e-7, 1e-8, 1e-7, 0, 4)
    found = Parting("eager", "onnx", "m.py:f", rows=(row(0, 0.0), own, whole), first=1)
    assert "it parts too" in next(words.details(found))
    added = Row(0, 0, "net.b", "Linear", 2, 2, 3, Verdict.PARTS, (), own.outputs, small)
    found = Parting("eager", "onnx", "m.py:f", rows=(row(0, 0.0), added, whole), first=1)
    assert "has added up before it" in next(words.details(found))
    assert found.blamed == "net.b" and found.exit_code == 1


def test_parts_inside_whose_outputs_agree_are_told_and_pass() -> None:
    found = Parting("eager", "trace", "m.py:f", rows=(row(0, 1.0, "a", Verdict.PARTS), row(1, 0.0, "")), first=0)
    assert found.exit_code == 0 and words.headline(found).startswith("The outputs of eager and trace agree; inside, first in a (Linear)")
