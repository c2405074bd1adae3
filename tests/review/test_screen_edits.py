"""The review in a real pseudo-terminal: what is edited by hand is parsed, judged, kept, and told where it does harm."""

from __future__ import annotations

from pathlib import Path

import pytest

from review.terminal import TEXT, See


def test_an_edit_is_parsed_judged_and_accepted(see: See, tmp_path: Path) -> None:
    seen = see(EDITOR="sed -i s/good1/better1/")
    seen.until("1 of 4")
    seen.press("e")
    text = seen.until("accepted with your edit")
    assert "better1" in text and "edited by hand" in text
    seen.press("ay")
    seen.until("[y] write")
    seen.press("y")
    assert seen.end() == 0
    assert seen.outcome["texts"]["net.py"] == TEXT.replace("bad1", "better1").replace("bad", "good")  # type: ignore[index]


def test_an_edit_survives_a_restart(see: See) -> None:
    seen = see(EDITOR="sed -i s/good1/better1/")
    seen.until("1 of 4")
    seen.press("e")
    seen.until("accepted with your edit")
    seen.press("\x03")
    seen.end()
    again = see("resume")
    again.until("2 of 4")
    again.press("K")
    again.until("better1")


def test_an_edit_that_does_not_parse_is_kept_for_another_try(see: See, tmp_path: Path) -> None:
    editor = tmp_path / "editor"
    editor.write_text('#!/bin/sh\ngrep -q "good1 (" "$1" && sed -i "s/good1 (/better1/" "$1" || sed -i "s/good1/good1 (/" "$1"\n')
    editor.chmod(0o755)
    seen = see(EDITOR=str(editor))
    seen.until("1 of 4")
    seen.press("e")
    assert "0 accepted" in seen.until("would not parse")
    seen.press("e")
    seen.until("better1")


def test_an_edit_that_does_harm_is_told_and_named_in_the_end(see: See) -> None:
    seen = see(EDITOR="sed -i s/good1/harm/")
    seen.until("1 of 4")
    seen.press("e")
    seen.until("u takes it back")
    seen.press("ay")
    text = seen.until("[x] drop those edits")
    assert "What was edited by hand is at fault: SF101 at net.py:3" in text
    seen.press("x")
    seen.until("[y] write")


def test_an_edit_of_a_line_that_another_rewrite_changes_is_a_clash_and_not_guessed(see: See, tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text('x = "bad1 upon"\n')
    seen = see(EDITOR="sed -i s/good1/better1/")
    seen.until("1 of 3")
    seen.press("e")
    seen.until("lies on lines that another rewrite changes")
    seen.press("ay")
    text = seen.until("[x] drop those edits")
    assert "can't be put together: net.py:1" in text
    assert "[p]" not in text
    seen.press("x")
    seen.until("[y] write")


@pytest.mark.parametrize(("editor", "words"), [("false", "the editor could not be run"), ("true", "nothing was changed")])
def test_an_editor_that_fails_or_does_nothing(see: See, editor: str, words: str) -> None:
    seen = see(EDITOR=editor)
    seen.until("1 of 4")
    seen.press("e")
    assert "0 accepted" in seen.until(words)
