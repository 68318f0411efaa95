"""The Data tab's own HTML: seeds, previews, classes. Pure functions; everything from outside is escaped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from itertools import islice

from hesui.corpus.classes import Shot, TaskClass
from hesui.corpus.rows import Row
from hesui.length import Constraint
from hesui.ui.parts import Classes, hint, name_of, short, stand_of, table, verdict, wanted
from hesui.ui.render import SHAPES, both, say
from hesui.ui.texts import TEXTS, Text

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
