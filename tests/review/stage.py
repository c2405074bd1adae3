"""A review of a small made-up draft, run in the terminal of a test.

``main(FOLDER, [resume], [by-file], [slow=SECONDS])``: the files of FOLDER hold words; ``badN`` is to become ``goodN``, and each is
a rewrite. An entry scripts once no ``bad`` word is left; a line that says ``pair`` computes something else where only
one of its words was changed. How it ended is left in FOLDER/outcome.json.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from scriptify import registry
from scriptify.choosing import Judgement, Offer, Withdrawn, broken
from scriptify.diagnostics import parse
from scriptify.draft import Draft
from scriptify.oracle.protocol import Entry, Verdict, proved
from scriptify.result import EntryResult
from scriptify.review import journal
from scriptify.review.colours import highlighted
from scriptify.review.conduct import Conductor
from scriptify.review.decisions import Decisions
from scriptify.review.terminal import Lost, Terminal
from scriptify.transform import Edit, Need, Rewrite

# Loaded once for all tests that fork: the transforms, and the lexer that colours.
registry.all_transforms()
highlighted("x = 1\n")
GOOD = Verdict(*[proved()] * 6)
ENTRY = Entry("net.py:entry")
WHY = "the compiler does not know this word, however often one explains it, and says so in a long sentence"


def offer(folder: Path) -> Offer:
    """The draft over the files of a folder, and its judge."""
    texts = {str(path): path.read_text() for path in sorted(folder.glob("*.py"))}
    draft = Draft(texts)
    layers: list[list[Rewrite]] = [[], []]
    for path, text in texts.items():
        for found in re.finditer(r"bad(\d+)", text):
            edit = Edit(path, found.start(), found.end(), f"good{found[1]}")
            rewrite = Rewrite(
                code=f"SF{100 + int(found[1]) % 2}",
                title=f"bad{found[1]} becomes good{found[1]}",
                path=path,
                line=text.count("\n", 0, found.start()) + 1,
                scope="Net.forward",
                edits=(edit,),
                needs=(Need("the word stands alone", "live"),),
                why=WHY,
                before=found[0],
                answers=f'bad{found[1]} is refused:\n  File "{path}", line 1',
            )
            layers[0].append(rewrite)
    draft = draft.adding(layers[0])
    for path, text in draft.working.items():
        for found in re.finditer(r"good(\d+) upon", text):
            edit = Edit(path, found.start(), found.end(), f"good{found[1]} after")
            line = text.count("\n", 0, found.start()) + 1
            layers[1].append(Rewrite("SF900", f"what stands on good{found[1]}", path, line, "Net.forward", (edit,), before=found[0]))
    draft = draft.adding(layers[1])

    def judge(trial: Draft, targets: Collection[str] = ()) -> Judgement:
        if broken(trial):
            return Judgement(broken=broken(trial))
        verdict = GOOD
        for text in trial.texts.values():
            left = re.search(r"bad\d+", text)
            if left and verdict.ok:
                verdict = GOOD.stopped("scripts", "refused", f"{left[0]} is refused:")
            if any("pair" in line and "bad" in line and "good" in line for line in text.splitlines()) or "harm" in text:
                verdict = GOOD.stopped("eager_same", "the outputs differ")
        remaining = None if verdict.ok else parse(verdict.error)
        return Judgement((EntryResult(ENTRY, GOOD.stopped("scripts", "refused"), verdict, remaining),))

    return Offer(draft, judge(draft), judge)


def main(folder: Path, *options: str) -> int:
    """Run the review; gives the exit code."""
    slow = next((float(option.partition("=")[2]) for option in options if option.startswith("slow=")), 0.0)
    decisions = Decisions(journal.usual(folder), folder, replay="resume" in options)
    conductor = Conductor(Terminal(), decisions, by_file="by-file" in options)
    made = offer(folder)

    def slowly(trial: Draft, targets: Collection[str] = ()) -> Judgement:
        time.sleep(slow)
        return made.judge(trial, targets)

    code, outcome = 0, {}
    try:
        choice = conductor.choose(replace(made, judge=slowly))
        outcome = {"texts": {Path(path).name: text for path, text in choice.draft.texts.items()}}
        outcome |= {"turned_down": len(choice.turned_down), "undecided": len(choice.undecided)}
    except Withdrawn:
        code = 1
    except Lost:
        code = 129
    except KeyboardInterrupt:
        code = 130
    (folder / "outcome.json").write_text(json.dumps({"parting": conductor.parting(), **outcome}))
    return code
