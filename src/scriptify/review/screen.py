"""What each moment of a review looks like, as pages of a given width. Knows the states, not the terminal."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rich.text import Text

from scriptify.choosing import Judgement
from scriptify.review import colours, diff
from scriptify.review.amend import Clash
from scriptify.review.deck import Deck
from scriptify.review.finding import Finding
from scriptify.review.layout import flowing, justified, key_lines, labelled, paragraphs, quoted
from scriptify.review.page import Page
from scriptify.review.session import Session
from scriptify.review.state import Mark, Mode, State
from scriptify.review.words import KEYS, headline, promise, reason, transform_of, verdict_lines

WIDE = 140
STYLES = {Mark.OPEN: "bold yellow", Mark.TAKEN: "bold green", Mark.REFUSED: "bold red"}
SIGNS = {Mark.OPEN: "?", Mark.TAKEN: "+", Mark.REFUSED: "-"}


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What was judged: the whole draft at the start, and the selection when it was last asked for, in words."""

    whole: Judgement
    latest: tuple[str, ...] = ()


class Screen:
    """Pages for one review."""

    def __init__(self, session: Session, deck: Deck, utf8: bool = True) -> None:
        self._session = session
        self._deck = deck
        self._all = f"all {len(deck.items)}" if len(deck.items) != 1 else "it"
        self.rule, self._bar = ("─", "│") if utf8 else ("-", "|")

    def page(self, state: State, verdicts: Verdicts, width: int) -> Page:
        """The page of a state."""
        width = max(width, 20)
        foot = self._foot(state, width)
        if state.mode is Mode.HELP:
            return Page([self._title(state, width)], list(_help(width)), foot)
        if state.mode is Mode.END:
            return Page([self._title(state, width), Text("")], list(self._end(state, verdicts, width)), foot)
        if state.mode is Mode.GOTO:
            return Page([self._title(state, width)], list(self._list(state, width)), foot)
        if state.mode is Mode.VERDICT or (state.mode is Mode.WHY and state.end is not None):
            body = verdicts.latest if state.end is None else [_relative(line, self._deck) for line in _full(state.end.judgement)]
            return Page([self._title(state, width), Text("")], list(flowing(body, width)), foot)
        head = [self._title(state, width), *self._about(state, verdicts, width)]
        if state.mode is Mode.WHY:
            return Page([self._title(state, width), Text("")], list(self._why(state, verdicts, width)), foot)
        return Page(head, list(self._diff(state, width)), foot)

    # parts

    def _title(self, state: State, width: int) -> Text:
        marks = state.decided.marks
        counts = {mark: len(state.decided.where(mark)) for mark in Mark}
        words = f"{counts[Mark.TAKEN]} accepted  {counts[Mark.REFUSED]} rejected  {counts[Mark.OPEN]} left "
        card = self._session.card(state) if marks else ()
        where = f"{card[0] + 1}-{card[-1] + 1}" if len(card) > 1 else f"{state.at + 1}"
        name = " scriptify review " + (f" {where} of {len(marks)}" if state.mode is not Mode.END else " the end")
        line = Text(name + words.rjust(width - len(name)), style="reverse", no_wrap=True)
        line.truncate(width)
        return line

    def _about(self, state: State, verdicts: Verdicts, width: int) -> Iterator[Text]:
        card = self._session.card(state)
        first = self._deck.rewrites[card[0]]
        mark = self._mark_of(state, card)
        if len(card) == 1:
            head = Text.assemble((f" {first.code} {_name(first.code)} ", "bold cyan"), (self._place(card[0]), "bold"))
        else:
            codes = ", ".join(sorted({self._deck.items[n].code for n in card}))
            head = Text.assemble((f" {self._deck.items[card[0]].path} ", "bold cyan"), (f"{len(card)} rewrites by {codes}", "bold"))
        yield justified(head, mark, width)
        if len(card) == 1:
            yield from self._reasons(state, card[0], verdicts, width)
        else:
            yield from labelled("verdict", self._so_far(verdicts), width, 2)
        yield Text(self.rule * width, style="dim")

    def _mark_of(self, state: State, card: Sequence[int]) -> Text:
        marks = {state.decided.marks[n] for n in card}
        mark = marks.pop() if len(marks) == 1 else Mark.OPEN
        edited = " edited by hand," if any(n in state.decided.edits for n in card) else ""
        return Text.assemble((edited, "bold"), (f" {mark.value} ", STYLES[mark]))

    def _place(self, number: int) -> str:
        item, scope = self._deck.items[number], self._deck.rewrites[number].scope
        return f"{item.path}:{item.line}" + f" in {scope}" * bool(scope)

    def _reasons(self, state: State, number: int, verdicts: Verdicts, width: int) -> Iterator[Text]:
        rewrite, item = self._deck.rewrites[number], self._deck.items[number]
        yield from labelled("does", rewrite.title, width, 2)
        if rewrite.answers:
            yield from labelled("answers", headline(rewrite), width, 2, "red")
        if rewrite.why or not rewrite.answers:
            yield from labelled("why", reason(rewrite), width, 2)
        for need in rewrite.needs[:3]:
            yield from labelled("rests on", f"{need.what}  [{need.origin}]", width, 1)
        if len(rewrite.needs) > 3:
            yield from labelled("", f"and {len(rewrite.needs) - 3} more; w shows them", width, 1)
        if item.stands_on:
            yield from labelled("stands on", self._named(item.stands_on), width, 1)
        if item.carries:
            yield from labelled("carries", self._named(item.carries), width, 1)
        yield from labelled("promise", promise(rewrite), width, 1)
        yield from labelled("verdict", self._so_far(verdicts), width, 2)

    def _so_far(self, verdicts: Verdicts) -> str:
        return _relative((*verdicts.latest, *verdict_lines(verdicts.whole, self._all))[0], self._deck)

    def _named(self, numbers: Iterable[int]) -> str:
        """Items by transform and file, with their lines."""
        groups: dict[tuple[str, str], list[str]] = {}
        for item in (self._deck.items[n] for n in sorted(numbers)):
            groups.setdefault((item.code, item.path), []).append(str(item.line))
        return ", ".join(f"{code} at {path}:{_listed(lines)}" for (code, path), lines in groups.items())

    def _diff(self, state: State, width: int) -> Iterator[Text]:
        card = self._session.card(state)
        try:
            changes = self._deck.changes(card, state.decided.edits)
        except Clash as error:
            yield from flowing([f"{error}. Press e to edit it again, u to take the edit back."], width)
            return
        number = 0
        parts = [(path, before, after, diff.hunks(before, after, state.context)) for path, before, after in changes]
        places = sum(len(hunks) for *_, hunks in parts)
        for path, before, after, hunks in parts:
            for hunk in hunks:
                number += 1
                count = f"  {number} of {places}" if places > 1 else ""
                words = f" {path}{f'  {hunk.scope}' if hunk.scope else ''}{count}"
                yield Text(words, style="bold", no_wrap=True, overflow="ellipsis")
                draw = colours.beside if width >= WIDE else colours.unified
                yield from draw(hunk, colours.coloured(before), colours.coloured(after), width, self._bar)
                yield Text("")

    def _why(self, state: State, verdicts: Verdicts, width: int) -> Iterator[Text]:
        for number in self._session.card(state):
            rewrite = self._deck.rewrites[number]
            yield Text(f" {rewrite.code} {_name(rewrite.code)}  {self._place(number)}", style="bold cyan")
            yield from labelled("does", rewrite.title, width)
            yield from labelled("why", reason(rewrite), width)
            for need in rewrite.needs:
                yield from labelled("rests on", f"{need.what}  [{need.origin}]", width)
            yield from labelled("promise", promise(rewrite), width)
            yield from labelled("key", self._deck.identities[number], width)
            yield Text("")
            if rewrite.answers:
                yield Text(" Without it:", style="bold")
                yield from quoted(_relative(rewrite.answers, self._deck), width)
                yield Text("")
            transform = transform_of(rewrite.code)
            if transform is not None:
                yield from flowing(paragraphs(inspect.cleandoc(type(transform).__doc__ or "").replace("``", "`")), width)
                yield Text("")
        yield Text(" Verdict", style="bold")
        yield from flowing([*verdict_lines(verdicts.whole, self._all), *verdicts.latest], width)

    def _list(self, state: State, width: int) -> Iterator[Text]:
        path = ""
        for number, item in enumerate(self._deck.items):
            if item.path != path:
                path = item.path
                yield Text(f" {path}", style="bold")
            mark = state.decided.marks[number]
            here = ">" if number in self._session.card(state) else " "
            row = Text.assemble(
                f"{here}{number + 1:>4} ",
                (f"{SIGNS[mark]} ", STYLES[mark]),
                (f"{item.code} ", "cyan"),
                (f"{item.line:>5} ", "dim"),
                self._deck.rewrites[number].title,
            )
            row.truncate(width, overflow="ellipsis")
            yield row

    def _end(self, state: State, verdicts: Verdicts, width: int) -> Iterator[Text]:
        end = state.end
        assert end is not None
        taken, left = state.decided.where(Mark.TAKEN), state.decided.where(Mark.OPEN)
        if end.empty:
            yield from flowing(["Nothing was accepted, so nothing will be written."], width, "bold")
            return
        files = len({self._deck.items[n].path for n in taken})
        yield from flowing([_outcome(end, len(taken), files)], width, _mood(end))
        yield Text("")
        if not end.clash:
            lines = verdict_lines(end.judgement, "your selection")
            yield from flowing([_relative(line, self._deck) for line in lines], width)
            yield Text("")
        for subject, items in end.lost.items():
            words = _lacking(subject, self._named(items), any(item.entry.target == subject for item in verdicts.whole.entries))
            yield from flowing([_relative(words, self._deck) + "."], width, "yellow")
        if end.harmful:
            yield from flowing([f"Without the rest, these do harm: {self._named(end.harmful)}."], width, "red")
        if end.edits:
            yield from flowing([f"What was edited by hand is at fault: {self._named(end.edits)}."], width, "red")
        if left:
            words = f"{len(left)} not decided: they stay as they are, and can be decided later."
            yield from flowing([words], width, "dim")

    # the foot

    def _foot(self, state: State, width: int) -> list[Text]:
        note = Text(f" {state.note}" if state.note else "", style="bold yellow", no_wrap=True, overflow="ellipsis")
        note.truncate(width, overflow="ellipsis")
        return [note, *key_lines(self._prompt(state), width)]

    def _prompt(self, state: State) -> str:
        if state.mode is Mode.GOTO:
            return f"Go to (number, or file:line): {state.typed}_"
        if state.mode is Mode.SEARCH:
            again = f" (Enter: {state.pattern})" if state.pattern and not state.typed else ""
            return f"Search{again}: {state.typed}_"
        if state.mode is Mode.ABORT:
            return "Abort: forget what was decided in this review, write nothing? [!] yes, [any other key] no"
        if state.mode in (Mode.HELP, Mode.WHY, Mode.VERDICT):
            return "[any key] back, [space b] scroll"
        if state.mode is Mode.END:
            return self._choices(state)
        what = "these" if len(self._session.card(state)) > 1 else "this"
        return f"Accept {what}? [y]es [n]o [e]dit [u]ndo [j k] [w]hy [o] judge [q]uit [?] all keys"

    def _choices(self, state: State) -> str:
        end = state.end
        assert end is not None
        if end.empty:
            return "[q] leave  [b]ack to the rewrites  [u]ndo"
        parts = []
        if end.whole:
            parts.append("[y] write")
        if end.missing:
            parts.append(f"[t]ake {'that one' if len(end.missing) == 1 else f'those {len(end.missing)}'} too")
        if end.harmful:
            parts.append("[r]eject what does harm")
        if end.edits:
            parts.append("[x] drop those edits")
        if end.harmless and not end.whole:
            parts.append("[p] write this part as it is")
        return "  ".join([*parts, "[b]ack", "[u]ndo", "[w]hy", "[q] leave, write nothing"])


def _outcome(end: Finding, count: int, files: int) -> str:
    """What holds of the accepted set, in a sentence."""
    many = count != 1
    what = f"The {count} rewrites in {files} file{'s' * (files != 1)} you accepted" if many else "The rewrite you accepted"
    if end.clash:
        return f"{what} can't be put together: {end.clash}."
    if end.whole:
        return f"{what} hold." if many else f"{what} holds."
    if end.harmless:
        return f"{what} do no harm, but are not enough." if many else f"{what} does no harm, but is not enough."
    return f"{what} can't be written as {'they are' if many else 'it is'}."


def _lacking(subject: str, named: str, entry: bool) -> str:
    """What is missing for an entry, or for the compiler's front end to take a file."""
    if not named:
        return f"{subject}: nothing that was left out settles it"
    return f"{subject} is not proved without {named}" if entry else f"without {named}: {subject}"


def _listed(words: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def _mood(end: Finding) -> str:
    return "bold green" if end.whole else "bold yellow" if end.harmless else "bold red"


def _name(code: str) -> str:
    found = transform_of(code)
    return found.name if found is not None else ""


def _relative(words: str, deck: Deck) -> str:
    return words.replace(f"{deck.root}/", "")


def _full(judgement: Judgement) -> Iterator[str]:
    for item in judgement.entries:
        if not item.ok and item.after.error:
            yield f"{item.entry.target}:"
            yield from (f"  {line}" for line in item.after.error.splitlines())
    for lines in judgement.frontend.values():
        yield from lines
    yield from (f"{path}: {why}" for path, why in judgement.broken.items())


def _help(width: int) -> Iterator[Text]:
    for heading, keys in KEYS:
        yield Text("")
        yield Text(f" {heading}", style="bold")
        for key, words in keys:
            lines = textwrap.wrap(words, max(width - 14, 10))
            for number, line in enumerate(lines):
                yield Text.assemble((f"   {key if not number else '':<10}", "bold cyan"), line)
