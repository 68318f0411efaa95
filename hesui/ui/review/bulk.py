"""One ruling on all answers that an owner has looked for: asked first, with their exact number, then made in pieces.

Knows neither the list of items nor how they are stored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from secrets import token_hex
from typing import Any, NamedTuple

import gradio as gr

from hesui.errors import InputError
from hesui.review.decisions import LONGEST_NOTE, read_decision
from hesui.store.queueing import Decision
from hesui.store.surveying import Filter
from hesui.ui import parts, render
from hesui.ui.access import require_owner
from hesui.ui.page import html
from hesui.ui.review.room import Room, reviewer_of
from hesui.ui.review.ruling import OWNER, After, reasons
from hesui.ui.room import QUIET, Updates, button, says, told

PIECE = 200  # rulings in one transaction: reviewers wait for it to end


class Asked(NamedTuple):
    """The question that is on the screen."""

    verdict: str = ""  # accept, reject; "" = none is
    wanted: Filter = Filter()
    found: int = 0  # what stands for the ids that matched
    key: str = ""  # of the rulings


class Found(NamedTuple):
    """What a ruling would change."""

    ids: tuple[str, ...]
    decided: int  # of these: those that have a verdict already


class Widgets(NamedTuple):
    """Everything that a callback reads or writes."""

    accept: gr.Button
    reject: gr.Button
    row: gr.Column
    question: gr.HTML
    reason: gr.Radio
    note: gr.Textbox
    yes: gr.Button
    no: gr.Button
    notice: gr.HTML
    asked: gr.State


def lay_out(room: Room) -> Widgets:
    """Lay the widgets out."""
    labels = room.labels
    with gr.Column(elem_classes="ro-bulk"):
        html(parts.hint("bulk.hint"))
        with gr.Row(elem_classes="actions"):
            accept = labels.make(gr.Button, button("bulk.accept"), size="sm", elem_id="bulk-accept")
            reject = labels.make(gr.Button, button("bulk.reject"), size="sm", elem_id="bulk-reject")
        notice = html(elem_id="bulk-notice", elem_classes="notice")
        with gr.Column(visible=False, elem_classes=["really", "ro-really"], elem_id="bulk-really") as row:
            question = html(elem_id="bulk-question")
            reason = reasons(room, "bulk-reason")
            note = labels.make(gr.Textbox, says("rule.note"), max_length=LONGEST_NOTE, elem_id="bulk-note")
            with gr.Row(elem_classes="actions"):
                yes = labels.make(gr.Button, button("really.yes"), size="sm", variant="stop", elem_id="bulk-yes")
                no = labels.make(gr.Button, button("really.no"), size="sm", elem_id="bulk-no")
    return Widgets(accept, reject, row, question, reason, note, yes, no, notice, gr.State(Asked()))


class Bulk:
    """The callbacks."""

    def __init__(self, room: Room, widgets: Widgets) -> None:
        self._room = room
        self._w = widgets
        self._filter: Callable[[Sequence[Any]], Filter] | None = None
        self._after: After | None = None

    def wire(
        self,
        view: Sequence[Any],
        filters: Sequence[Any],
        outputs: Sequence[Any],
        filter: Callable[[Sequence[Any]], Filter],
        after: After,
    ) -> None:
        """`filter` reads from `view` which items are meant; `after` says what is shown, in `outputs`, afterwards."""
        w = self._w
        self._filter, self._after = filter, after
        asking = [w.row, w.question, w.reason, w.note, w.asked, w.notice]
        w.accept.click(self.ask_accept, view, asking, **QUIET)
        w.reject.click(self.ask_reject, view, asking, **QUIET)
        w.no.click(self.close, None, asking, queue=False, **QUIET)
        # A question about other items than those in the list would be misunderstood.
        gr.on([one.change for one in filters], self.forget, None, asking, queue=False, **QUIET)
        asked = [w.asked, w.reason, w.note, *view]
        w.yes.click(self.confirm, asked, [*asking, *outputs], trigger_mode="once", **QUIET)

    def ask_accept(self, request: gr.Request, *view: Any) -> Updates:
        """Ask whether all answers are to be accepted."""
        return self._room.change(request, self._w.notice, lambda: self._question("accept", self._meant(view)))

    def ask_reject(self, request: gr.Request, *view: Any) -> Updates:
        """Ask whether all answers are to be rejected, and why."""
        return self._room.change(request, self._w.notice, lambda: self._question("reject", self._meant(view)))

    def close(self) -> Updates:
        """No question."""
        return {self._w.row: gr.update(visible=False), self._w.asked: Asked(), self._w.notice: ""}

    def forget(self) -> Updates:
        """No question, for other items are looked at."""
        return self.close()

    def confirm(self, request: gr.Request, asked: Asked, reason: str, note: str, *view: Any) -> Iterator[Updates]:
        """Rule as was asked; once other items match than were counted, ask again instead."""
        w = self._w
        done, ids = 0, tuple[str, ...]()
        try:
            require_owner(self._room.settings, request)
            ids = self._found(asked.wanted).ids
            if not asked.verdict or hash(ids) != asked.found:
                again = self._question(asked.verdict or "accept", asked.wanted)
                yield {w.notice: render.note("bulk.changed", "problem")} | again
                return
            decision = self._decision(asked, reason, note, ids[0])
            for at in range(0, len(ids), PIECE):
                yield {w.row: gr.update(visible=False), w.notice: render.note("bulk.working", n=done, all=len(ids))}
                done += self._room.desk().queue.rule_all(reviewer_of(request, OWNER), ids[at : at + PIECE], decision)
            yield self._finished(view) | {w.notice: render.note(f"bulk.done.{asked.verdict}", n=done)}
        except Exception as error:
            partly = render.note("bulk.partly", n=done, all=len(ids)) if done else ""
            yield {w.notice: told(error) + partly}

    def _finished(self, view: Sequence[Any]) -> Updates:
        assert self._after is not None  # wired before anybody can press
        return self._after("", view) | {self._w.row: gr.update(visible=False), self._w.asked: Asked()}

    def _meant(self, view: Sequence[Any]) -> Filter:
        assert self._filter is not None  # wired before anybody can press
        return self._filter(view)

    def _question(self, verdict: str, wanted: Filter) -> Updates:
        found = self._found(wanted)
        words = render.say(f"bulk.ask.{verdict}", n=len(found.ids))
        if found.decided:
            words += f" <b>{render.say('bulk.decided', n=found.decided)}</b>"
        rejecting = gr.update(visible=verdict == "reject")
        return {
            self._w.row: gr.update(visible=True),
            self._w.question: f'<p data-n="{len(found.ids)}">{words}</p>',
            self._w.reason: rejecting,
            self._w.note: rejecting,
            self._w.asked: Asked(verdict, wanted, hash(found.ids), token_hex(8)),
        }

    def _found(self, wanted: Filter) -> Found:
        """The answers that are meant. Raises InputError where there is none."""
        survey = self._room.desk().survey
        answers = replace(wanted, kind="answer")
        ids = survey.ids(answers)
        if wanted.state in ("", "gold"):  # what a gold item is for would be lost
            gold = set(survey.ids(replace(answers, state="gold")))
            ids = [id for id in ids if id not in gold]
        if not ids:
            raise InputError("there is no answer to rule on among these; choose others", "bulk.none")
        if wanted.state:
            return Found(tuple(ids), 0 if wanted.state in ("open", "split") else len(ids))
        undecided = {id for state in ("open", "split") for id in survey.ids(replace(answers, state=state))}
        return Found(tuple(ids), sum(id not in undecided for id in ids))

    def _decision(self, asked: Asked, reason: str, note: str, id: str) -> Decision:
        record = {"action": asked.verdict, "reason": reason, "key": asked.key}
        if asked.verdict == "reject":
            record["note"] = note
        return read_decision(record, self._room.desk().require(id), self._room.classes())
