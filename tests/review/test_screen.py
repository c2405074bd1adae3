"""The review in a real pseudo-terminal: what a person sees, at both widths, and what is left when the terminal goes away."""

from __future__ import annotations

import os
import re
import signal
import termios
from pathlib import Path

import pytest

from cli.conftest import NET
from review.terminal import OTHER, TEXT, See


def test_a_card_at_80_columns(see: See) -> None:
    text = see().until("Accept this?")
    lines = text.splitlines()
    assert re.match(r" scriptify review  1 of 4 +0 accepted  0 rejected  4 left", lines[0])
    assert re.match(r" SF101 .*net\.py:3 in Net\.forward +undecided", lines[1])
    for words in ("bad1 becomes good1", "answers   bad1 is refused", "the word stands alone [live]", "with all 4: net.py:entry scripts"):
        assert words in text
    assert re.search(r"^ 3   -         x = bad1$", text, re.MULTILINE)
    assert re.search(r"^   3 \+         x = good1$", text, re.MULTILINE)
    assert lines[-1].startswith(" Accept this?") and "[?]" in lines[-1]


def test_a_card_at_160_columns_is_side_by_side(see: See) -> None:
    text = see(columns=160, rows=40).until("Accept this?")
    row = next(line for line in text.splitlines() if "x = bad1" in line)
    assert re.fullmatch(r" 3 -         x = bad1 +│ 3 \+         x = good1", row)
    assert row.index("│") == 79


@pytest.mark.parametrize(("columns", "rows"), [(20, 10), (40, 12), (80, 24), (139, 30), (160, 50)])
def test_every_page_fits(see: See, columns: int, rows: int) -> None:
    seen = see(columns=columns, rows=rows)
    seen.until("review")
    for key, words in (("?", "Decide"), ("x", "SF101"), ("w", "key"), ("x", "SF101"), ("g", "SF10"), ("\x1b", "SF101")):
        seen.press(key)
        seen.until(words)
        assert seen.screen.display[0].startswith(" scriptify review"[: columns - 1])


def test_deciding_to_the_end_and_writing(see: See) -> None:
    seen = see()
    seen.until("1 of 4")
    seen.press("y")
    seen.until("2 of 4")
    seen.press("yyy")
    assert "The 4 rewrites in 2 files you accepted hold." in seen.until("[y] write")
    seen.press("y")
    assert seen.end() == 0
    assert seen.outcome["texts"] == {"net.py": TEXT.replace("bad", "good"), "other.py": OTHER.replace("bad", "good")}
    assert seen.kept == ["accept"] * 4


def test_what_a_part_lacks_is_named_and_can_be_taken(see: See) -> None:
    seen = see()
    seen.until("1 of 4")
    seen.press("nyyy")
    text = seen.until("[t]ake that one too")
    assert "net.py:entry does not script: bad1 is refused" in text
    assert "net.py:entry is not proved without SF101 at net.py:3" in text
    seen.press("t")
    seen.until("[y] write")
    seen.press("y")
    assert seen.end() == 0
    assert "bad" not in str(seen.outcome["texts"])


def test_a_harmless_part_is_written_only_when_asked_for(see: See) -> None:
    seen = see()
    seen.until("1 of 4")
    seen.press("nyyy")
    seen.until("[p] write")
    seen.press("y")
    seen.until("means nothing here")
    seen.press("p")
    assert seen.end() == 0
    assert (seen.outcome["turned_down"], seen.outcome["texts"]["net.py"]) == (1, TEXT.replace("bad2", "good2").replace("bad3", "good3"))  # type: ignore[index]


def test_q_judges_what_was_accepted_and_the_rest_stays_open(see: See) -> None:
    seen = see()
    seen.until("1 of 4")
    seen.press("yq")
    assert "3 not decided" in seen.until("[p] write")
    seen.press("q")
    assert seen.end() == 1
    assert (seen.kept, seen.outcome["parting"]) == (
        ["accept"],
        ["nothing was written; 1 decision is kept, and --resume goes on from there"],
    )


def test_ctrl_c_keeps_what_was_decided_and_gives_the_terminal_back(see: See) -> None:
    seen = see()
    before = termios.tcgetattr(seen.terminal)[3]
    seen.until("1 of 4")
    seen.press("yn")
    seen.until("3 of 4")
    seen.press("\x03")
    assert seen.end() == 130
    assert seen.kept == ["accept", "reject"]
    assert seen.raw.rstrip().endswith(b"\x1b[?25h\x1b[?1049l")
    assert termios.tcgetattr(seen.terminal)[3] == before


def test_ctrl_c_while_judging_keeps_what_was_decided(see: See) -> None:
    seen = see("slow=20")
    seen.until("1 of 4")
    seen.press("yo")
    seen.until("judging")
    seen.press("\x03")
    assert seen.end() == 130
    assert seen.kept == ["accept"]


def test_judging_shows_that_it_takes_time(see: See) -> None:
    seen = see("slow=1.6")
    seen.until("1 of 4")
    seen.press("o")
    seen.until("... 1 s")
    assert "with the undecided, none of which is accepted yet: net.py:entry scripts" in seen.until("with the undecided")


@pytest.mark.parametrize("how", ["end of input", "hung up", "terminated"])
def test_a_lost_terminal_keeps_what_was_decided(see: See, how: str) -> None:
    seen = see()
    seen.until("1 of 4")
    seen.press("ny")
    seen.until("3 of 4")
    if how == "end of input":
        seen.press("\x04")
    elif how == "hung up":
        seen.hang_up()
    else:
        os.kill(seen.pid, signal.SIGTERM)
    assert seen.end() == 129
    assert seen.kept == ["reject", "accept"]
    assert (seen.folder / "net.py").read_text() == TEXT


def test_resume_goes_on_where_it_was_left(see: See) -> None:
    seen = see()
    seen.until("1 of 4")
    seen.press("yn")
    seen.until("3 of 4")
    seen.press("\x03")
    seen.end()
    again = see("resume")
    text = again.until("3 of 4")
    assert "1 accepted  1 rejected  2 left" in text
    again.press("u")
    again.until("there is nothing to undo")
    again.press("Ky")
    again.until("2 accepted  0 rejected")


def test_abort_puts_the_decisions_back(see: See) -> None:
    seen = see()
    seen.until("1 of 4")
    seen.press("y")
    seen.until("2 of 4")
    seen.press("\x03")
    seen.end()
    again = see("resume")
    again.until("2 of 4")
    again.press("nnn!")
    again.until("Abort")
    again.press("!")
    assert again.end() == 1
    assert again.kept == ["accept"]
    assert "as they were before" in str(again.outcome["parting"])


def test_without_colour_nothing_is_lost(see: See) -> None:
    plain, coloured = see(NO_COLOR="1"), see()
    assert plain.until("Accept this?") == coloured.until("Accept this?")
    colour = re.compile(rb"\x1b\[[\d;]*\b(3[0-7]|4[0-7]|9[0-7]|38|48)\b[\d;]*m")
    assert colour.search(coloured.raw)
    assert not colour.search(plain.raw)
    plain.press("yyyy")
    plain.until("[y] write")
    assert not colour.search(plain.raw)


def test_a_terminal_that_can_only_write_lines(see: See) -> None:
    seen = see(TERM="dumb", rows=60)
    seen.until("Accept this?")
    seen.press("yyyy")
    seen.until("[y] write")
    seen.press("y")
    assert seen.end() == 0
    assert b"\x1b[" not in seen.raw


def test_a_terminal_without_utf8(see: See) -> None:
    seen = see(ENCODING="ascii", columns=160)
    text = seen.until("Accept this?")
    assert text.isascii()
    assert "x = good1" in text


def test_another_size_is_another_page(see: See) -> None:
    seen = see()
    seen.until("Accept this?")
    seen.resize(160, 40)
    seen.until("│")
    seen.resize(80, 24)
    seen.until("   3 +")


def test_a_long_diff_scrolls(see: See, tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text("".join(f"x = {n}\n" for n in range(30)) + "x = bad1\n" + "".join(f"y = {n}\n" for n in range(30)))
    seen = see()
    seen.until("more, space")
    seen.press("ccc")
    assert "x = good1" not in seen.until("  x = 0")
    seen.press("   ")
    seen.until("x = good1")
    seen.press("\x1b[F")
    seen.until("y = 29")
    seen.press("\x1b[H")
    seen.until("x = 0")
    seen.press("y")
    seen.until("2 of 2")


def test_what_a_file_holds_cannot_move_the_cursor(see: See, tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text("x = '\x1b[2J\x07'\n\ty = bad1\n".replace("\ty", "y"))
    seen = see()
    assert "x = '␛[2J␇'" in seen.until("good1")
    assert b"\x07" not in seen.raw


def test_words_wider_than_they_are_long(see: See, tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(f"x = bad1  # {'寬' * 90}\n")
    seen = see(columns=160, rows=30)
    text = seen.until("good1")
    assert all("│" not in line or line.replace(" ", "").count("│") == 1 for line in text.splitlines())
    assert text.count("寬") + text.count("寬\0") >= 180


def test_a_decision_that_fits_nothing_is_told_at_the_start(see: See, tmp_path: Path) -> None:
    seen = see()
    seen.until("1 of 4")
    seen.press("yy")
    seen.until("3 of 4")
    seen.press("\x03")
    seen.end()
    (tmp_path / "net.py").write_text(TEXT.replace("bad1", "done"))
    again = see("resume")
    text = again.until("1 decision fits nothing here any more")
    assert "1 accepted  0 rejected  2 left" in text


def test_a_file_at_a_time(see: See) -> None:
    seen = see("by-file")
    text = seen.until("1-3 of 4")
    assert all(f"good{n}" in text for n in (1, 2, 3))
    seen.press("y")
    seen.until("4 of 4")
    seen.press("Ks")
    seen.until("split into 3 rewrites")


def test_what_stands_on_another_goes_with_it(see: See, tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text('x = "bad1 upon"\n')
    seen = see()
    text = seen.until("1 of 3")
    assert "carries   SF900 at net.py:1" in text
    seen.press("n")
    text = seen.until("3 of 3")
    assert "rejected with it: SF900 at line 1, which stands on it" in text
    seen.press("K")
    text = seen.until("stands on SF101 at net.py:1")
    assert re.search(r"- x = .good1 upon", text) and re.search(r"\+ x = .good1 after", text)


@pytest.mark.slow
def test_the_command_asks_keeps_resumes_writes_and_undoes(see: See, tmp_path: Path) -> None:
    (tmp_path / "other.py").unlink()
    (tmp_path / "net.py").write_text(NET)
    line = ("review", "net.py", "--entry", "net.py:entry")
    first = see(*line)
    first.until("Accept this?", 120)
    first.press("y\x1b")
    first.until("1 accepted")
    first.press("\x03")
    assert first.end() == 130
    assert b"nothing was written; 1 decision is kept, and --resume goes on from there" in first.raw
    again = see(*line)
    again.until("An unfinished review with 1 decision is here", 60)
    again.press("y\n")
    again.until("1 accepted", 120)
    assert (tmp_path / "net.py").read_text() == NET
    again.press("a")
    again.until("[y] write", 120)
    again.press("y")
    assert again.end() == 0
    assert b"written." in again.raw
    assert (tmp_path / "net.py").read_text() != NET
    undone = see("review", "--resume", "net.py")
    undone.end()
    assert b"carried out already" in undone.raw
