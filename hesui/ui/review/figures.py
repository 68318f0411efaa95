"""Progress and agreement, in figures. Knows neither the database nor how agreement is computed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from typing import NamedTuple

import gradio as gr

from hesui.review.agreement import Agreement, Alpha, Kappa, Reviewer, survey_agreement
from hesui.store.reviewing import STATES, State
from hesui.ui import parts
from hesui.ui.access import is_owner
from hesui.ui.page import html
from hesui.ui.parts import Classes
from hesui.ui.render import say
from hesui.ui.review.room import Room
from hesui.ui.room import BUSY, QUIET, Updates, button

TITLE = "review.figures"
TENTATIVE = 30  # items; α of fewer is a hint at best
SETTLED: tuple[State, ...] = ("accepted", "edited", "rejected", "labelled")

Counts = Mapping[tuple[str, str], int]  # items by class and state
Names = Mapping[str, str]  # what each reviewer is called here


class Widgets(NamedTuple):
    """Everything in the section that a callback reads or writes."""

    again: gr.Button
    notice: gr.HTML
    progress: gr.HTML
    agreement: gr.HTML


def build(room: Room, tab: gr.Tab) -> None:
    """Lay out the section and wire it."""
    progress = html(elem_id="figures-progress")
    notice = html(elem_id="figures-notice", elem_classes="notice")
    shown = html(elem_id="figures-agreement")
    with gr.Row(elem_classes="actions"):
        again = room.labels.make(gr.Button, button("figures.again"), size="sm", elem_id="figures-again")
    w = Widgets(again, notice, progress, shown)
    desk = Desk(room, w)
    counted = gr.on([tab.select, again.click], desk.progress, None, [progress, notice], **QUIET)
    # A survey reads everything that was decided: one at a time.
    counted.then(desk.agreement, None, [shown, notice], concurrency_limit=1, trigger_mode="once", **BUSY)


class Desk:
    """The callbacks."""

    def __init__(self, room: Room, widgets: Widgets) -> None:
        self._room = room
        self._w = widgets

    def progress(self) -> Updates:
        """How far the queue is, class by class."""
        return self._room.look(self._w.notice, lambda: {self._w.progress: progress(self._counts(), self._known())})

    def agreement(self, request: gr.Request) -> Iterator[Updates]:
        """How far reviewers agree; who they are is for the owner."""
        owner = is_owner(self._room.settings, request)

        def surveyed() -> Updates:
            survey = self._room.desk().survey
            found = survey_agreement(survey.all_reviewed())
            return {self._w.agreement: agreement(found, self._known(), None if owner else survey.pseudonyms())}

        yield from self._room.slowly(self._w.notice, "figures.working", surveyed)

    def _counts(self) -> Counts:
        return self._room.desk().survey.counts()

    def _known(self) -> Classes:
        return self._room.classes()


# Progress


def progress(counts: Counts, classes: Classes) -> str:
    """Items by class and state, with a bar for each class."""
    if not counts:
        return _section("figures.progress", parts.hint("figures.nothing"))
    tasks = {task for task, _ in counts}
    order = [*(task for task in classes if task in tasks), *sorted(tasks - set(classes))]
    heads = [say("data.class"), say("figures.items"), *(_key(state) for state in STATES)]
    by_task = {task: [counts.get((task, state), 0) for state in STATES] for task in order}
    everything = [sum(column) for column in zip(*by_task.values(), strict=True)]
    rows = [_progress(parts.name_of(task, classes), found) for task, found in by_task.items()]
    return _section("figures.progress", parts.table(heads, [_progress(_all(), everything), *rows], "tallies"))


def _key(state: str) -> str:
    return f'<i class="ro-key {state}" aria-hidden="true"></i>{say(f"item.{state}")}'


def _all() -> str:
    return f"<b>{say('figures.all')}</b>"


def _progress(name: str, counts: list[int]) -> list[str]:
    total, by_state = sum(counts), dict(zip(STATES, counts, strict=True))
    settled = sum(by_state[state] for state in SETTLED)
    asked = total - by_state["gold"]
    share = f"{settled / asked:.0%}" if asked else "–"
    pieces = "".join(f'<i class="{state}" style="--share:{n / total:.2%}"></i>' for state, n in by_state.items() if n)
    bar = f'<span class="ro-stack" aria-hidden="true">{pieces}</span>'
    told = f'<span class="ro-name">{name}{bar}<small>{say("figures.settled", share=share)}</small></span>'
    return [told, f"{total:,}", *(f"{n:,}" if n else "–" for n in counts)]


# Agreement


def agreement(found: Agreement, classes: Classes, called: Names | None) -> str:
    """α, κ and the reviewers; `called` gives the names under which they appear, None leaves them their own."""
    if not found.reviewers:
        return _section("figures.agreement", parts.hint("figures.no_votes"))
    alphas = parts.hint("figures.alpha.explained") + _alphas(found, classes)
    pairs = parts.hint("figures.kappa.explained") + _pairs(found, called)
    alias = parts.hint("figures.aliases") if called is not None else ""
    return (
        _section("figures.agreement", alphas)
        + _section("figures.pairs", pairs)
        + _section("figures.reviewers", alias + _reviewers(found, called))
    )


def _section(key: str, body: str) -> str:
    return f'<section class="ro-figures"><h2>{say(key)}</h2>{body}</section>'


def _alphas(found: Agreement, classes: Classes) -> str:
    place = {task: at for at, task in enumerate(["", *classes])}
    ordered = sorted(found.alphas, key=lambda one: (one.kind, place.get(one.task, len(place))))
    heads = [say("figures.kind"), "α", say("figures.n"), say("figures.decisions")]
    rows = [[_of(one, classes), _alpha(one), f"{one.items:,}", f"{one.decisions:,}"] for one in ordered]
    return parts.table(heads, rows, "tallies") if rows else parts.hint("figures.no_pairs")


def _of(one: Alpha, classes: Classes) -> str:
    return parts.name_of(one.task, classes) if one.task else f"<b>{say(f'figures.kind.{one.kind}')}</b>"


def _alpha(one: Alpha) -> str:
    if one.alpha is None:
        return f'<span class="hint">{say(f"figures.{one.undefined}")}</span>'
    return _figure(one.alpha, one.items)


def _pairs(found: Agreement, called: Names | None) -> str:
    if not found.kappas:
        return parts.hint("figures.no_pairs")
    heads = [say("figures.pair"), say("figures.what"), "κ", say("figures.n")]
    rows = (
        [f"{_name(one.one, called)} · {_name(one.other, called)}", say(f"figures.what.{one.kind}"), _kappa(one),
         f"{one.items:,}"]
        for one in found.kappas
    )  # fmt: skip
    return parts.table(heads, rows, "tallies")


def _kappa(one: Kappa) -> str:
    if one.kappa is None:
        return f'<span class="hint">{say("figures.uniform")}</span>'
    return _figure(one.kappa, one.items)


def _reviewers(found: Agreement, called: Names | None) -> str:
    names = ("name", "decisions", "accepted", "edited", "rejected", "labelled", "skipped", "median", "gold", "upheld")
    heads = [say(f"figures.{name}") for name in names]
    return parts.table(heads, (_reviewer(one, called) for one in found.reviewers), "tallies")


def _reviewer(one: Reviewer, called: Names | None) -> list[str]:
    counts = (one.decisions, one.accepted, one.edited, one.rejected, one.labelled, one.skipped)
    return [
        _name(one.name, called),
        *(f"{n:,}" if n else "–" for n in counts),
        "–" if one.seconds is None else say("item.seconds", n=f"{one.seconds:.1f}"),
        _share(one.gold_right, one.gold_seen),
        _share(one.upheld, one.ruled),
    ]


def _share(part: int, whole: int) -> str:
    return f"{part:,}/{whole:,} · {part / whole:.0%}" if whole else "–"


def _name(name: str, called: Names | None) -> str:
    return escape(name if called is None else called.get(name, "?"))


def _figure(value: float, items: int) -> str:
    few = f"<small>{say('figures.tentative', n=TENTATIVE)}</small>" if items < TENTATIVE else ""
    number = f"{value:.3f}".replace("-", "−")
    return f"<span><b>{number}</b>{few}</span>"
