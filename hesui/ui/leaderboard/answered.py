"""The answers behind a cell as HTML: models side by side, counts and bands, the reference, what stands in training too.

Pure functions; everything from outside is escaped.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from hesui.evaluate.board import System
from hesui.evaluate.drill import Asked, Nearest, Page, Stretch, Told
from hesui.length import Counter
from hesui.ui import parts
from hesui.ui.leaderboard.columns import percent
from hesui.ui.render import SHAPES, mode, ruler, ruler_end, say, who
from hesui.ui.texts import TEXTS
from hesui.ui.visit import NEAR

OTHERS = 8  # counts of further answers that are told
NOT_TOLD = 6  # answers beside the one in question


def page(found: Page, system: System, metric: str, counter: Counter) -> str:
    """One page of answers."""
    title = say("lb.answers.title", metric=TEXTS[f"lb.col.{metric}"], counter=TEXTS[f"counter.{counter}"])
    head = f'<header class="lb-answers-head"><h2>{_system(system)}</h2><p class="hint">{title}</p></header>'
    if not found.asked:
        return head + parts.hint("lb.answers.none")
    return head + "".join(_asked(one, metric) for one in found.asked)


def _system(system: System) -> str:
    entry = system.entry
    marks = f'<span class="tag helped">{say("lb.marks")}</span>' if entry.marks else ""
    return f'<span class="who">{who(entry.model)} {mode(entry.decoding == "guided", 1)}{marks}</span>'


def _asked(asked: Asked, metric: str) -> str:
    row = asked.row
    told = asked.told[: NOT_TOLD + 1]
    scale = ruler_end(row.constraint, [one.verdict.count for one in told])
    cells = "".join(_told(one, asked, scale, at == 0, metric) for at, one in enumerate(told))
    more = say("lb.answers.more", n=len(asked.told) - len(told)) if len(asked.told) > len(told) else ""
    history = "".join(f"<p><b>{escape(turn.role)}</b> {escape(turn.content)}</p>" for turn in row.history)
    before = f"<details><summary>{say('lb.answers.history')}</summary>{history}</details>" if history else ""
    reference = (
        f'<details class="lb-reference"><summary>{say("lb.answers.reference")}</summary>'
        f'<div class="answer" lang="zh-CN">{escape(row.reference)}</div></details>'
        if row.reference
        else ""
    )
    return (
        f'<article class="lb-asked"><h3><span class="lb-prompt">{parts.marked(row.prompt, row.constraint)}</span> '
        f'<span class="tag">{parts.wanted(row.constraint)}</span></h3>{before}'
        f'<div class="lb-side">{cells}</div>{f"<p class=hint>{more}</p>" if more else ""}{reference}</article>'
    )


def _told(told: Told, asked: Asked, scale: int, chosen: bool, metric: str) -> str:
    """One system's answer: the count, where it stands, the text with what stands in training too."""
    state, by = _state(told, asked)
    opened = chosen and metric == "copies"
    near = told.nearest
    cut = f'<span class="lb-cut">{say(f"end.{told.answer.end}")}</span>' if f"end.{told.answer.end}" in TEXTS else ""
    return (
        f'<section class="lb-told {state}{" chosen" if chosen else ""}" data-count="{told.verdict.count}">'
        f"<header>{_system(told.system)}</header>"
        f'<p class="lb-count"><b>{told.verdict.count:,}</b> <span class="verdict"><b aria-hidden="true">{SHAPES.get(state, "○")}</b> '
        f"{say(f'state.{state}', n=by)}</span>{cut}</p>"
        f"{ruler(asked.row.constraint, told.verdict.count, scale)}"
        f'<div class="answer" lang="zh-CN">{_marked(told.answer.text, near.here if near else ()) or say("pane.nothing")}</div>'
        f"{_others(told)}{_nearest(near, opened) if near else ''}</section>"
    )


def _state(told: Told, asked: Asked) -> tuple[str, int]:
    """As Compare judges an answer that has ended, and by how many it misses."""
    verdict = told.verdict
    by = abs(verdict.error)
    if verdict.ok:
        return "ok", by
    if asked.row.constraint is not None and asked.row.constraint.op == "eq" and by <= NEAR:
        return "near", by
    return ("over" if verdict.band.high is not None and verdict.count > verdict.band.high else "under"), by


def _others(told: Told) -> str:
    if not told.others:
        return ""
    counts = " ".join(f"<span>{count:,}</span>" for count in told.others[:OTHERS])
    dots = " …" if len(told.others) > OTHERS else ""
    return f'<p class="lb-others">{say("lb.answers.others", n=len(told.others))} {counts}{dots}</p>'


def _nearest(near: Nearest, opened: bool) -> str:
    return (
        f'<details class="lb-nearest"{" open" if opened else ""}><summary>{say("lb.answers.nearest", share=percent(near.common))}'
        f'</summary><div class="answer" lang="zh-CN">{_marked(near.text, near.there)}</div></details>'
    )


def _marked(text: str, stretches: Sequence[Stretch]) -> str:
    """A text with stretches of it marked."""
    return "".join(
        f"<mark>{escape(part)}</mark>" if inside else escape(part) for part, inside in _pieces(text, stretches)
    )


def _pieces(text: str, stretches: Iterable[Stretch]) -> Iterable[tuple[str, bool]]:
    at = 0
    for start, end in stretches:
        yield text[at:start], False
        yield text[start:end], True
        at = end
    yield text[at:], False
