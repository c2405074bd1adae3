"""The page: whole, self-contained, escaped, and holding everything the run ended with."""

from __future__ import annotations

import base64
import hashlib
import os
import re
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from report.results import FULL, MODULES
from scriptify import api
from scriptify.oracle.protocol import Entry, proved, refuted
from scriptify.report import html
from scriptify.report.sides import Row, Sides
from scriptify.report.trees import trees
from scriptify.result import EntryResult, ModuleRow, RunResult
from scriptify.source import WriteError
from scriptify.transform import Changed, Decline, Piece, Rewrite

ROOT = Path("/project")
VOID = {"meta", "link", "br", "hr", "img", "input", "col"}
EVIL = "</script><script>alert('x')</script><img src=//evil.example onerror=alert(1)> & \"q\" 'a' \u202e \x1b"


class Reader(HTMLParser):
    """What a page is made of; fails where tags do not close in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, self.getpos()

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("script", "style"):
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())


@pytest.fixture(scope="module")
def full() -> Reader:
    """The page of a run with one of everything."""
    return Reader(html.page(FULL, ROOT))


def test_everything_is_there(full: Reader) -> None:
    for words in (
        "loop over self.ms", "3 items", "nothing shows what x is", "Not the same.", "net.py:make", "bad.py: does not parse",
        "net.py:7", "net.py: is read-only", "0 of 1 entry proved", "by hand", "Linear",
    ):  # fmt: skip
        assert words in full.text, words
    assert "/project" not in full.text


@pytest.mark.parametrize("result", [RunResult(), RunResult(entries=FULL.entries), replace(FULL, written=True)])
def test_any_result_makes_a_page(result: RunResult) -> None:
    Reader(html.page(result, ROOT))


def test_the_page_needs_no_network(full: Reader) -> None:
    for tag, attributes in full.tags:
        assert tag not in ("link", "iframe", "object", "embed", "base"), tag
        assert "src" not in attributes and "style" not in attributes
        assert not any(name.startswith("on") for name in attributes)
        assert (attributes.get("href") or "#").startswith("#")
    assert not re.search(r"url\(|@import|https?://", html._asset("page.css") + html._asset("page.js"))


def test_links_lead_somewhere_and_labels_exist(full: Reader) -> None:
    ids = [attributes["id"] for _, attributes in full.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    for _, attributes in full.tags:
        wanted = [attributes.get("href"), *(f"#{name}" for name in (attributes.get("aria-labelledby") or "").split())]
        assert {name.removeprefix("#") for name in wanted if name} <= set(ids)


def test_only_the_pages_own_script_and_style_may_run() -> None:
    page = html.page(FULL, ROOT)
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page)
    assert policy is not None
    for tag in ("script", "style"):
        (body,) = re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()
        assert f"{tag}-src &#39;sha256-{digest}&#39;" in policy[1] or f"{tag}-src 'sha256-{digest}'" in policy[1]
    assert "default-src" in policy[1] and "unsafe" not in policy[1]


def evil() -> RunResult:
    """A run in which every text that is not ours is hostile."""
    path = f"/project/{EVIL.replace('/', '-')}.py"
    rewrite = Rewrite("SF201", EVIL, path, 1, EVIL, (), why=EVIL, answers=EVIL, before=EVIL)
    change = Changed(path, f"x = 1  # {EVIL}\n", f"y = '{EVIL}'\n", (rewrite,), (Decline("SF101", path, 1, EVIL, EVIL),))
    rows = (ModuleRow("", EVIL, path, 1, 3, {"scripts": refuted(EVIL)}, {"scripts": proved(EVIL), EVIL: proved()}),)
    entry = replace(FULL.entries[0], entry=Entry(f"{path}:entry"), advice=EVIL, outside=EVIL, modules=rows)
    return replace(FULL, outcomes=(change,), entries=(entry,), problems=(EVIL,), dropped=(rewrite,))


def test_hostile_source_stays_text() -> None:
    page = html.page(evil(), Path(f"/project/{EVIL.replace('/', '-')}"))
    read = Reader(page)
    assert [tag for tag, _ in read.tags if tag in ("script", "img")] == ["script"]
    assert "onerror=alert(1)>" in read.text and "<U+202E>" in read.text
    assert "\x1b" not in page and "\u202e" not in page
    assert "Expected integer literal" in read.text and "<U+000A>" not in page


def test_it_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "report.html"
    html.write(FULL, ROOT, file)
    before = file.read_bytes()
    assert before.endswith(b"</html>\n") or before.endswith(b"</html>")
    assert [item.name for item in tmp_path.iterdir()] == ["report.html"]

    def full_disk(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full_disk)
    with pytest.raises(WriteError, match=r"report\.html: .*No space left"):
        html.write(RunResult(), ROOT, file)
    assert file.read_bytes() == before
    assert [item.name for item in tmp_path.iterdir()] == ["report.html"]


def test_text_that_no_encoding_has_is_written_too(tmp_path: Path) -> None:
    html.write(replace(FULL, problems=("bad \udcff name",)), ROOT, tmp_path / "r.html")


def test_a_tree_opens_where_something_is_said() -> None:
    rows = [
        ModuleRow("", "Net", before={"scripts": refuted("no a")}),
        ModuleRow("a", "A", before={"scripts": refuted("no a")}),
        ModuleRow("a.in", "B", before={"scripts": refuted("no a")}),
        ModuleRow("b", "A", before={"scripts": refuted("no a")}),
        ModuleRow("b.in", "B", before={"scripts": proved(), "scripted_same": proved()}, after={"onnx": refuted("no op")}),
    ]
    (top,) = trees(rows, ROOT)
    assert [(n.label, n.depth, n.note, n.open, n.before.word) for n in top.walk()] == [
        ("the model", 0, "", True, "refused"), ("a", 1, "", True, "refused"), ("in", 2, "no a", False, "refused"),
        ("b", 1, "", False, "refused"), ("in", 2, "", False, "same"),
    ]  # fmt: skip
    assert [cell.word for cell in top.children[1].children[0].others] == ["no"]
    assert [tree.label for tree in trees(MODULES, ROOT)] == ["model 1", "model 2"]


def test_a_long_message_is_cut_at_a_sentence_and_keeps_its_place() -> None:
    words = f"Expected integer literal for index but got a variable. {'More advice. ' * 20}(/project/net.py:3)"
    (top,) = trees([ModuleRow("", "Net", before={"scripts": refuted(words)})], ROOT)
    assert top.note.startswith("Expected integer literal for index but got a variable. More advice")
    assert top.note.endswith("(net.py:3)") and len(top.note) < 180


def plain(cell: Markup) -> str:
    return unescape(re.sub(r"<[^>]+>", "", cell))


def columns(rows: list[Row]) -> tuple[list[tuple[int, str]], list[tuple[int, str]]]:
    return [(r.left, plain(r.before)) for r in rows if r.left], [(r.right, plain(r.after)) for r in rows if r.right]


def test_each_rewrite_shows_its_own_change_with_the_lines_of_both_files() -> None:
    before = "".join(f"line {n}\n" for n in range(1, 21))
    pieces = (Piece(7, 14, "two\nmore\n", (0,)), Piece(14, 21, "three\n", (1,)), Piece(len(before) - 8, len(before) - 8, "new\n", (0,)))
    after = before[:7] + "two\nmore\nthree\n" + before[21:-8] + "new\n" + before[-8:]
    sides = Sides(Changed("a.py", before, after, (), (), pieces))
    (hunk,) = sides.hunks(1)
    left, right = columns(hunk)
    assert (3, "line 3") in left and (4, "three") in right and (5, "line 4") in right
    first, second = sides.hunks(0)
    assert [n for n, _ in columns(first)[0]] == [1, 2, 3, 4, 5]
    assert columns(first)[1][:3] == [(1, "line 1"), (2, "two"), (3, "more")]
    assert (21, "new") in columns(second)[1]


@given(st.lists(st.sampled_from(["x = 1", "def f(x):", "", "    return '<&'", "# \u00e9"]), min_size=1, max_size=12), st.data())
def test_the_columns_are_the_two_texts(lines: list[str], data: st.DataObject) -> None:
    before = "\n".join(lines) + "\n"
    start = data.draw(st.integers(0, len(before)))
    end = data.draw(st.integers(start, min(len(before), start + 9)))
    text = data.draw(st.sampled_from(["", "y", "a\nb\n", "'''q\n"]))
    after = before[:start] + text + before[end:]
    sides = Sides(Changed("a.py", before, after, (), (), (Piece(start, end, text, (0,)),)))
    for rows in sides.hunks(0):
        left, right = columns(rows)
        for shown, whole in ((left, before), (right, after)):
            numbered = dict(enumerate(re.findall(r"[^\n]*\n|[^\n]+$", whole), 1))
            assert all(numbered[n].rstrip("\n") == words for n, words in shown if n in numbered and words), (shown, whole)
            assert [n for n, _ in shown] == sorted({n for n, _ in shown})


def test_a_result_of_the_library_can_be_shown(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(
        "from torch import nn\n\n\nclass N(nn.Module):\n    def forward(self, x, skip=None):\n        return x\n"
    )
    page = html.page(api.survey([tmp_path], root=tmp_path), tmp_path, title="Findings")
    assert "Findings of" in Reader(page).text


def test_entries_without_modules_have_no_tree() -> None:
    entry = EntryResult(Entry("a.py:f"), FULL.entries[0].before, FULL.entries[0].after)
    assert "Each module by itself" not in Reader(html.page(RunResult(entries=(entry,)), ROOT)).text


def test_a_verdict_alone_has_one_column_for_each_question() -> None:
    entry = replace(FULL.entries[0], before=FULL.entries[0].after)
    read = Reader(html.page(RunResult(entries=(entry,)), ROOT, title="Verdict"))
    assert "before" not in read.text.partition("eager:")[0]
    assert "What the compiler says" in read.text
