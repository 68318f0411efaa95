"""Small pieces of our own HTML that several tabs use: names, verdicts, tables, pages.

Pure functions; everything from outside is escaped.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape

from hesui.answers import Answer
from hesui.corpus.classes import TaskClass
from hesui.length import DEFAULT_COUNTER, Constraint, Counter
from hesui.records import End, EndReason, Request
from hesui.ui.render import SHAPES, Standing, both, say, standing
from hesui.ui.texts import Text, demand

Classes = Mapping[str, TaskClass]
SHORT = 160  # characters of a text in a list
ENDED = End(EndReason.END, 0, 0, 0.0)


def name_of(task: str, classes: Classes) -> str:
    """A class's name in both languages; its id where no file describes it."""
    return both(words_of(task, classes))


def words_of(task: str, classes: Classes) -> Text:
    """A class's name as a text."""
    known = classes.get(task)
    return Text(known.name.zh, known.name.en) if known else Text(task, task)


def stand_of(answer: str, constraint: Constraint | None, counter: Counter = DEFAULT_COUNTER) -> Standing:
    """Where an answer stands to a demand, by the rule that Compare judges by."""
    counter = (constraint and constraint.count_rule) or counter
    return standing(Answer("", answer, ENDED), Request((), constraint=constraint, counter=counter))


def verdict(stand: Standing) -> str:
    """A verdict in shape, colour and words."""
    shape = SHAPES.get(stand.state, "○")
    return f'<span class="verdict"><b aria-hidden="true">{shape}</b> {stand.words}</span>'


def wanted(constraint: Constraint | None) -> str:
    """A demand in words."""
    return both(demand(constraint)) if constraint else say("pane.no_demand")


def marked(prompt: str, constraint: Constraint | None) -> str:
    """A prompt with its demand marked."""
    if constraint is None or constraint.span is None:
        return escape(prompt)
    start, end = constraint.span
    return f"{escape(prompt[:start])}<mark>{escape(prompt[start:end])}</mark>{escape(prompt[end:])}"


def short(text: str, most: int = SHORT) -> str:
    """The beginning of a text on one line, escaped."""
    line = " ".join(text.split())
    return escape(line[:most]) + ("…" if len(line) > most else "")


def hint(key: str, **values: object) -> str:
    """A soft word where something is missing."""
    return f'<p class="hint">{say(key, **values)}</p>'


def pager(offset: int, shown: int, everything: int, step: int) -> str:
    """Which rows of how many are shown, with buttons for those before and after."""
    if not everything:
        return ""
    words = say("data.pages", first=offset + 1, last=offset + shown, all=everything)
    return (
        f'<nav class="pager"><span>{words}</span>{turn("data.newer", offset - step, offset > 0)}'
        f"{turn('data.older', offset + step, offset + shown < everything)}</nav>"
    )


def turn(key: str, offset: int, possible: bool) -> str:
    """A button to another page; `key` is what it says."""
    disabled = "" if possible else " disabled"
    return f'<button type="button" class="turn" data-page="{max(offset, 0)}"{disabled}>{say(key)}</button>'


def run_bar(done: float, made: float = 0.0) -> str:
    """How far a run is, as shares from 0 to 1; `made` is what waits to be done already."""
    return (
        f'<div class="run-bar" role="progressbar" aria-valuemin="0" aria-valuemax="100" aria-valuenow="{done * 100:.0f}" '
        f'style="--made:{made:.1%};--done:{done:.1%}"><i></i></div>'
    )


def time_left(seconds: float | None) -> str:
    """How long something still takes, in words; None = too early to tell."""
    if seconds is None:
        return say("board.eta.soon")
    if seconds < 90:
        return say("board.eta.seconds", n=max(1, round(seconds)))
    if seconds < 90 * 60:
        return say("board.eta.minutes", n=round(seconds / 60))
    return say("board.eta.hours", n=f"{seconds / 3600:.1f}")


def table(heads: Sequence[str], rows: Iterable[Sequence[str]], kind: str = "") -> str:
    """A table of cells that are HTML already; a narrow screen shows each row as a card under its heads."""
    head = "".join(f'<th scope="col">{cell}</th>' for cell in heads)
    body = "".join(f"<tr>{_cells(heads, row)}</tr>" for row in rows)
    return f'<table class="sheet {kind}"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


def _cells(heads: Sequence[str], row: Sequence[str]) -> str:
    return "".join(f'<td><span class="head">{head}</span>{cell}</td>' for head, cell in zip(heads, row, strict=True))
