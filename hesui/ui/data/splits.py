"""Train, validation and test of a run: what they would hold, what leaks, freezing them. Knows no rule of splitting."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import gradio as gr

from hesui.corpus.rows import Row
from hesui.corpus.splits import SPLITS, Leak, Manifest, Split, freeze, leaks, read_manifest, split_of
from hesui.distil import jobs
from hesui.ui import parts
from hesui.ui import render as words
from hesui.ui.access import is_owner
from hesui.ui.data.room import Room
from hesui.ui.page import html
from hesui.ui.parts import Classes
from hesui.ui.room import QUIET, Updates, button

TITLE = "data.splits"
LISTED = 50  # leaks shown

Counts = Mapping[Split, Mapping[str, int]]


class Widgets(NamedTuple):
    """Everything in the section that a callback reads or writes."""

    check: gr.Button
    freeze: gr.Button
    notice: gr.HTML
    plan: gr.HTML
    leaks: gr.HTML


def build(room: Room, tab: gr.Tab) -> None:
    """Lay out the section and wire it."""
    html(parts.hint("splits.hint"))
    with gr.Row(elem_classes="actions"):
        check = room.labels.make(gr.Button, button("splits.check"), elem_id="splits-check", min_width=120)
        ice = room.labels.make(
            gr.Button, button("splits.freeze"), variant="primary", elem_id="splits-freeze", min_width=120
        )
    notice = html(elem_id="splits-notice", elem_classes="notice")
    w = Widgets(check, ice, notice, html(elem_id="splits"), html(elem_id="splits-leaks"))
    desk = Desk(room, w)
    outputs = list(w)
    tab.select(desk.show, room.run, outputs, **QUIET)
    room.run.change(desk.follow, [room.open, room.run], outputs, **QUIET)
    w.check.click(desk.check, room.run, outputs, trigger_mode="once", **QUIET)
    w.freeze.click(desk.freeze, room.run, outputs, trigger_mode="once", **QUIET)


class Desk:
    """The callbacks."""

    def __init__(self, room: Room, widgets: Widgets) -> None:
        self._room = room
        self._w = widgets

    def show(self, request: gr.Request, run: str | None) -> Updates:
        """What the splits hold or would hold."""
        owner = is_owner(self._room.settings, request)
        return self._room.look(self._w.notice, lambda: self._shown(run, owner))

    def follow(self, request: gr.Request, opened: str, run: str | None) -> Updates:
        """The same once another run is chosen, where that is what is looked at."""
        return self.show(request, run) if opened == TITLE else {self._w.notice: gr.skip()}

    def check(self, run: str | None) -> Iterator[Updates]:
        """List what leaks, before anything is frozen."""
        yield from self._room.slowly(self._w.notice, "splits.looking", lambda: {self._w.leaks: self._leaks(run)})

    def freeze(self, request: gr.Request, run: str | None) -> Iterator[Updates]:
        """Write the splits for good."""
        yield from self._room.slowly(self._w.notice, "splits.freezing", lambda: self._frozen(run), request)

    def _shown(self, run: str | None, owner: bool) -> Updates:
        view = jobs.view(self._room.store(), run) if run else None
        if view is None:
            return self._nothing("data.none_yet")
        place = jobs.splits_folder(self._room.settings, view.run.id)
        manifest = read_manifest(place)
        if manifest is not None:
            return self._done(manifest, place)
        counts = planned(self._rows(view.run.id))
        if not any(counts.values()):
            return self._nothing("splits.empty")
        table = by_class(counts, self._room.classes())
        return {
            self._w.plan: f'<section class="frozen"><h3>{words.say("splits.plan")}</h3>{table}</section>',
            self._w.leaks: "",
            self._w.check: gr.update(interactive=True),
            self._w.freeze: gr.update(interactive=owner),
        }

    def _nothing(self, why: str) -> Updates:
        return {self._w.plan: parts.hint(why), self._w.leaks: "", **self._over()}

    def _done(self, manifest: Manifest, place: Path) -> Updates:
        shown = frozen(manifest, self._room.classes(), str(place.relative_to(self._room.settings.home.parent)))
        return {self._w.plan: shown, self._w.leaks: listed(manifest.held_back), **self._over()}

    def _over(self) -> Updates:
        return {self._w.check: gr.update(interactive=False), self._w.freeze: gr.update(interactive=False)}

    def _leaks(self, run: str | None) -> str:
        from hesui.corpus.seeds import load_evaluation

        rows = list(self._rows(run)) if run else []
        train = [row for row in rows if split_of(row.family) == "train"]
        held = [row for row in rows if split_of(row.family) != "train"]
        return listed(leaks(train, [*held, *load_evaluation()]))

    def _frozen(self, run: str | None) -> Updates:
        from hesui.corpus.seeds import load_evaluation

        view = jobs.require_view(self._room.store(), run)
        rows = list(self._rows(view.run.id))
        if not rows:
            return self._nothing("splits.empty")
        place = jobs.splits_folder(self._room.settings, view.run.id)
        with self._room.writing:
            manifest = freeze(rows, place, load_evaluation(), view.config.counter)
        return self._done(manifest, place)

    def _rows(self, run: str) -> Iterable[Row]:
        from hesui.distil.harvest import training_rows

        return training_rows(self._room.store(), run, self._room.classes())


def planned(rows: Iterable[Row]) -> Counts:
    """How many rows of each class each split would hold."""
    counts: dict[Split, Tally[str]] = {split: Tally() for split in SPLITS}
    for row in rows:
        counts[split_of(row.family)][row.task] += 1
    return counts


def by_class(counts: Mapping[Split, Mapping[str, int]] | Mapping[str, Mapping[str, int]], classes: Classes) -> str:
    """Rows by class and split."""
    found: Mapping[str, Mapping[str, int]] = {str(split): tasks for split, tasks in counts.items()}
    tasks = {task for split in found.values() for task in split}
    order = [id for id in classes if id in tasks] + sorted(tasks - set(classes))
    rows = [
        [parts.name_of(task, classes), *(f"{found.get(split, {}).get(task, 0):,}" for split in SPLITS)]
        for task in order
    ]
    rows.append([f"<b>{words.say('board.total')}</b>", *(f"<b>{sum(found.get(s, {}).values()):,}</b>" for s in SPLITS)])
    return parts.table([words.say("board.class"), *(words.say(f"splits.{split}") for split in SPLITS)], rows, "plan")


def listed(found: Sequence[Leak]) -> str:
    """Every leak with both prompts."""
    if not found:
        return f'<p class="clean ok"><span class="verdict"><b aria-hidden="true">●</b></span> {words.say("splits.clean")}</p>'
    heads = [words.say(f"splits.{head}") for head in ("kind", "row", "other")]
    rows = (
        [_kind(leak), f"{parts.short(leak.prompt)}<code>{escape(leak.id)}</code>",
         f"{parts.short(leak.other_prompt)}<code>{escape(leak.other)}</code>"]
        for leak in islice(found, LISTED)
    )  # fmt: skip
    rest = parts.hint("splits.first", n=LISTED) if len(found) > LISTED else ""
    title = words.say("splits.leaks", n=len(found))
    return f'<section class="frozen"><h3>{title}</h3>{parts.table(heads, rows, "leaks")}{rest}</section>'


def _kind(leak: Leak) -> str:
    return words.say(f"leak.{leak.kind}", share=f"{leak.similarity:.0%}")


def frozen(manifest: Manifest, classes: Classes, place: str) -> str:
    """What is frozen, where, and by which hashes it is known."""
    hashes = "".join(
        f"<li><code>{escape(name)}</code> <code>{escape(sum_)}</code></li>" for name, sum_ in manifest.sha256.items()
    )
    held = f"<p>{words.say('splits.held_back', n=len(manifest.held_back))}</p>" if manifest.held_back else ""
    return (
        f'<section class="frozen"><h3>{words.say("splits.frozen")}</h3>{by_class(manifest.counts, classes)}{held}'
        f"<p>{words.say('splits.where')} <code>{escape(place)}</code></p>"
        f'<p>{words.say("splits.hash")}</p><ul class="hashes">{hashes}</ul></section>'
    )
