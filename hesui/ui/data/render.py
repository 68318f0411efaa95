"""The Data tab's own HTML: lists, samples, tables, charts. Pure functions; everything from outside is escaped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from itertools import islice

from hesui.answers import Answer
from hesui.corpus.classes import Shot, TaskClass
from hesui.corpus.rows import Row
from hesui.length import DEFAULT_COUNTER, Constraint, Counter
from hesui.records import End, EndReason, Request
from hesui.ui.render import SHAPES, Standing, both, say, standing
from hesui.ui.texts import TEXTS, Text, demand

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
        f'<nav class="pager"><span>{words}</span>{_turn("data.newer", offset - step, offset > 0)}'
        f"{_turn('data.older', offset + step, offset + shown < everything)}</nav>"
    )


def _turn(key: str, offset: int, possible: bool) -> str:
    disabled = "" if possible else " disabled"
    return f'<button type="button" class="turn" data-page="{max(offset, 0)}"{disabled}>{say(key)}</button>'


def table(heads: Sequence[str], rows: Iterable[Sequence[str]], kind: str = "") -> str:
    """A table of cells that are HTML already; a narrow screen shows each row as a card under its heads."""
    head = "".join(f'<th scope="col">{cell}</th>' for cell in heads)
    body = "".join(f"<tr>{_cells(heads, row)}</tr>" for row in rows)
    return f'<table class="sheet {kind}"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


def _cells(heads: Sequence[str], row: Sequence[str]) -> str:
    return "".join(f'<td><span class="head">{head}</span>{cell}</td>' for head, cell in zip(heads, row, strict=True))


# Seeds


def seeds(rows: Sequence[Row], classes: Classes, chosen: str | None) -> str:
    """A page of seeds, each a button that opens it."""
    if not rows:
        return hint("seeds.none")
    return f'<ol class="seeds">{"".join(_seed(row, classes, row.id == chosen) for row in rows)}</ol>'


def _seed(row: Row, classes: Classes, chosen: bool) -> str:
    stand = stand_of(row.reference, row.constraint) if row.reference else None
    mark = (
        f'<span class="mark {stand.state}"><b aria-hidden="true">{SHAPES.get(stand.state, "○")}</b> {stand.count}</span>'
        if stand
        else ""
    )
    return (
        f'<li><button type="button" data-pick="{escape(row.id)}" aria-current="{str(chosen).lower()}">'
        f'<span class="tag">{name_of(row.task, classes)}</span><span class="wanted">{wanted(row.constraint)}</span>{mark}'
        f'<span class="prompt">{short(row.prompt)}</span></button></li>'
    )


def reference(text: str, constraint: Constraint | None) -> str:
    """The live count and verdict of a reference answer."""
    if not text.strip():
        return hint("seeds.no_reference")
    stand = stand_of(text, constraint)
    return f'<p class="counted {stand.state}">{say("seeds.counted", n=stand.count)} {verdict(stand)}</p>'


# Import


def preview(rows: Sequence[Row], classes: Classes) -> str:
    """The first rows of a file that is to be imported."""
    heads = [say(f"table.{name}") for name in ("class", "prompt", "demand", "reference")]
    return table(heads, ([name_of(row.task, classes), short(row.prompt), wanted(row.constraint),
                          short(row.reference or "")] for row in rows), "preview")  # fmt: skip


# What a corpus is made of


def overview(classes: Classes, counts: Mapping[str, int]) -> str:
    """What each class asks, with its examples; classes that rows name and no file describes come last."""
    cards = "".join(_class(id, task, counts.get(id, 0)) for id, task in classes.items())
    cards += "".join(_stranger(id, n) for id, n in counts.items() if id not in classes)
    return f'<section class="classes"><h2>{say("class.about")}</h2><div class="cards">{cards}</div></section>'


def _class(id: str, task: TaskClass, n: int) -> str:
    shots = "".join(_shot(shot) for shot in islice(task.shots, 3))
    shown = f"<details><summary>{say('class.shots')}</summary><ul>{shots}</ul></details>" if shots else ""
    return (
        f'<article class="class"><header><h3>{both(Text(task.name.zh, task.name.en))}</h3><code>{escape(id)}</code>'
        f"<span>{say('class.rows', n=n)}</span></header><p>{both(Text(task.asks.zh, task.asks.en))}</p>{shown}</article>"
    )


def _shot(shot: Shot) -> str:
    answer = f'<p class="answer">{escape(shot.completion)}</p>' if shot.completion else ""
    return f"<li><p>{escape(shot.prompt)}</p>{answer}</li>"


def _stranger(id: str, n: int) -> str:
    return (
        f'<article class="class"><header><h3>{say("class.unknown")}</h3><code>{escape(id)}</code>'
        f"<span>{say('class.rows', n=n)}</span></header></article>"
    )


def reason(id: str) -> Text:
    """Why an answer was not kept: a fault of the text or what came of its call."""
    key = next((key for key in (f"why.{id}", f"outcome.{id}") if key in TEXTS), None)
    return TEXTS[key] if key else Text(id, id)
