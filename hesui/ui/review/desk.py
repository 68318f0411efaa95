"""The reviewer's desk: one item at a time, decided with one key. Knows neither the database nor the rules.

What is on the screen moves in the browser (review.js): the next item is there before it is needed, and a decision is
shown before it is stored. The functions here answer the browser directly, past the queue of the models, so that
review never waits for generation. Each takes one record from a browser, which may hold anything, and answers with
one; "error" in an answer is a sentence for the reviewer, "retry" says that the same request may be sent again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import gradio as gr

from hesui.errors import HesuiError, StoreError
from hesui.review.checks import counter_of, twin_of
from hesui.review.decisions import LONGEST_TEXT
from hesui.review.desk import LANGUAGES
from hesui.review.items import asked_row
from hesui.review.names import suggest_name
from hesui.store.reviewing import REASONS, Item
from hesui.store.surveying import Progress
from hesui.ui import render
from hesui.ui.page import html
from hesui.ui.parts import Classes
from hesui.ui.render import say
from hesui.ui.review.card import card, label_name, measure, suggestion
from hesui.ui.review.room import Room, reviewer_of

TITLE = "review.desk"
AHEAD = 3  # items that a reviewer has: the one on the screen and the next two
HELD = 8  # ids that a browser may say it has
ON_LOAD = "hesui.review.mount(element, server);"
ACTIONS = ("accept", "reject", "edit", "skip", "undo")
KEYS = {"accept": "A", "reject": "R", "edit": "E", "skip": "S", "undo": "U", "hint": "T", "help": "?"}

log = logging.getLogger(__name__)
Record = dict[str, Any]


def build(room: Room, tab: gr.Tab) -> None:
    """Lay out the section and wire it."""
    labels = room.labels
    choices = room.class_choices(every=True)
    with gr.Row(elem_classes="fields", elem_id="rv-filter"):
        task = labels.make(
            gr.Dropdown, lambda t: {"label": t("data.class"), "choices": choices(t)}, value="", filterable=False,
            elem_id="rv-class", min_width=150,
        )  # fmt: skip
        language = labels.make(
            gr.Dropdown,
            lambda t: {"label": t("review.language"),
                       "choices": [(t("review.language.all"), ""), *((t(f"review.language.{one}"), one) for one in LANGUAGES)]},
            value="", filterable=False, elem_id="rv-language", min_width=150,
        )  # fmt: skip
    desk = Desk(room)
    calls = [desk.rv_open, desk.rv_decide, desk.rv_undo, desk.rv_beat, desk.rv_count, desk.rv_suggest, desk.rv_release]
    html(shell(), elem_id="rv-desk", js_on_load=ON_LOAD, server_functions=[_plain(call) for call in calls])
    narrowed = "(task, language) => { hesui.review.narrow(task, language); return []; }"
    gr.on([task.change, language.change], None, [task, language], None, js=narrowed)
    tab.select(None, None, None, js="() => hesui.review.shown()")


def _plain(method: Callable[[Record, gr.Request], Record]) -> Callable[..., Record]:
    """A method as a function, which Gradio can mark as one that a browser may call."""

    def call(data: Record, request: gr.Request) -> Record:
        return method(data if isinstance(data, dict) else {}, request)

    call.__name__ = method.__name__
    return call


class Desk:
    """What the browser asks for."""

    def __init__(self, room: Room) -> None:
        self._room = room

    def rv_open(self, data: Record, request: gr.Request) -> Record:
        """Items for a reviewer who comes to the desk, or wants another choice of items; without a name, a suggestion."""

        def work() -> Record:
            given = data.get("reviewer") or getattr(request, "username", None)
            if not given:
                self._room.desk()  # a first start takes its time now, not at the first item
                return {"suggested": suggest_name()}
            reviewer = reviewer_of(request, given)
            return {"reviewer": reviewer} | self._served(reviewer, data, self._room.classes())

        return self._answer(work)

    def rv_decide(self, data: Record, request: gr.Request) -> Record:
        """Store one decision; the next items come back with it."""

        def work() -> Record:
            reviewer = reviewer_of(request, data.get("reviewer"))
            classes = self._room.classes()
            item, event = self._room.desk().decide(reviewer, data.get("item"), data, classes)
            answer: Record = {"stored": item.id, "action": event.action, "choice": event.choice}
            if item.kind == "label" and event.action == "label":
                answer["told"] = _told(item, event.choice, classes)
            return answer | self._served(reviewer, data, classes)

        return self._answer(work)

    def rv_undo(self, data: Record, request: gr.Request) -> Record:
        """Take the last decision back; the item comes back with what was decided."""

        def work() -> Record:
            reviewer = reviewer_of(request, data.get("reviewer"))
            back = self._room.desk().undo(reviewer, data.get("key"))
            if back is None:
                return {"nothing": say("review.undo.none")}
            item, taken = back
            was = {"action": taken.action, "text": taken.text, "choice": taken.choice}
            return {
                "back": self._shown(item, self._room.classes()),
                "was": was,
                "progress": self._progress(reviewer, data),
            }

        return self._answer(work)

    def rv_beat(self, data: Record, request: gr.Request) -> Record:
        """Keep the items on lease; the ids of those that the reviewer still has."""

        def work() -> Record:
            reviewer = reviewer_of(request, data.get("reviewer"))
            return {"kept": self._room.desk().queue.beat(reviewer, _ids(data))}

        return self._answer(work)

    def rv_release(self, data: Record, request: gr.Request) -> Record:
        """Give items back."""

        def work() -> Record:
            self._room.desk().queue.release(reviewer_of(request, data.get("reviewer")), _ids(data))
            return {}

        return self._answer(work)

    def rv_count(self, data: Record, request: gr.Request) -> Record:
        """How an edited text stands to the demand."""

        def work() -> Record:
            item = self._room.desk().require(data.get("item"))
            text = str(data.get("text") or "")[: LONGEST_TEXT + 1]
            return {"html": measure(text, asked_row(item).constraint, counter_of(item))}

        return self._answer(work)

    def rv_suggest(self, data: Record, request: gr.Request) -> Record:
        """What the teacher suggests for a text to be labelled."""

        def work() -> Record:
            item = self._room.desk().require(data.get("item"))
            return {"html": suggestion(item.suggestion, self._room.classes().get(item.task))}

        return self._answer(work)

    def _served(self, reviewer: str, data: Record, classes: Classes) -> Record:
        """The items that a browser does not have yet, and how far everything is."""
        desk = self._room.desk()
        held = set(_ids(data))
        task, language = (str(data.get(name) or "") for name in ("task", "language"))
        claims = desk.take(reviewer, AHEAD, classes, task, language) if len(held) < AHEAD else []
        fresh = [self._shown(claim.item, classes) for claim in claims if claim.item.id not in held]
        return {"items": fresh, "progress": self._progress(reviewer, data)}

    def _shown(self, item: Item, classes: Classes) -> Record:
        task = classes.get(item.task)
        twin = twin_of(self._room.desk().survey, item.text, item.id) if item.kind == "answer" else None
        labels = [
            {"id": label.id, "key": label.key, "html": render.both(label_name(label.id, task))}
            for label in (task.labels if task and item.kind == "label" else ())
        ]
        return {
            "id": item.id,
            "kind": item.kind,
            "text": item.text,
            "html": card(item, classes, twin),
            "labels": labels,
            "suggestion": item.suggestion is not None,
        }

    def _progress(self, reviewer: str, data: Record) -> str:
        since = data.get("since")
        began = float(since) if isinstance(since, (int, float)) and not isinstance(since, bool) else 0.0
        return progress(self._room.desk().survey.progress(reviewer, began))

    def _answer(self, work: Callable[[], Record]) -> Record:
        try:
            return work()
        except StoreError as error:
            log.error("the review desk cannot store", exc_info=error)
            return {"error": render.both(render.words(error)), "retry": True}
        except HesuiError as error:
            return {"error": render.both(render.words(error)), "key": error.key}
        except Exception as error:
            log.error("the review desk failed", exc_info=error)
            return {"error": render.both(render.words(error)), "retry": True}


def _told(item: Item, chosen: str, classes: Classes) -> str:
    """What the teacher thought, once the reviewer has chosen."""
    if not item.suggestion:
        return ""
    same = item.suggestion.get("label") == chosen
    words = suggestion(item.suggestion, classes.get(item.task))
    return f"{say('review.same' if same else 'review.differs')} {words}"


def _ids(data: Record) -> list[str]:
    given = data.get("have")
    return [str(id)[:40] for id in given[:HELD]] if isinstance(given, list) else []


def progress(found: Progress) -> str:
    """How far the queue is, as HTML."""
    done, left = found.decided, found.left
    share = done / (done + left) if done + left else 0
    figures = [
        say("review.done", n=f"{done:,}"),
        say("review.left", n=f"{left:,}"),
        *([say("review.second", n=f"{found.second:,}")] if found.second else []),
        say("review.today", n=f"{found.today:,}"),
        say("review.mine", n=f"{found.mine:,}"),
    ]
    return (
        f'<i class="rv-bar" style="--share:{share:.1%}" role="img" aria-hidden="true"></i>'
        f"<ul>{''.join(f'<li>{figure}</li>' for figure in figures)}</ul>"
    )


def shell() -> str:
    """The desk without an item; review.js fills it."""
    buttons = "".join(_action(name) for name in ACTIONS)
    reasons = "".join(
        f'<button type="button" data-reason="{reason}"><kbd>{number}</kbd> {say(f"reason.{reason}")}</button>'
        for number, reason in enumerate(REASONS, 1)
    )
    keys = "".join(
        f"<div><dt><kbd>{key}</kbd></dt><dd>{say(f'review.help.{name}')}</dd></div>" for name, key in KEYS.items()
    )
    return f"""<div class="review" data-state="loading">
<form class="rv-name" hidden><h2>{say("review.name.title")}</h2><p class="hint">{say("review.name.hint")}</p>
<label><span>{say("review.name.label")}</span><input name="reviewer" maxlength="40" autocomplete="nickname"></label>
<button type="submit" class="rv-primary">{say("review.name.go")}</button></form>
<div class="rv-column"><div class="rv-main"><div class="rv-stage" aria-live="off"></div>
<div class="rv-message" hidden></div>
<section class="rv-editor" hidden><h3 id="rv-edit-title">{say("review.edit.title")}</h3>
<textarea rows="7" aria-labelledby="rv-edit-title"></textarea>
<div class="rv-count"></div><p class="rv-draft" hidden>{say("review.draft")}</p><div class="rv-row">
<button type="button" data-do="save" class="rv-primary">{say("review.edit.save")} <kbd>Ctrl ⏎</kbd></button>
<button type="button" data-do="cancel">{say("review.cancel")} <kbd>Esc</kbd></button></div></section>
<section class="rv-reasons" hidden><h3>{say("review.why")}</h3><div class="rv-row">{reasons}</div>
<label class="rv-note"><span>{say("review.note")}</span><input maxlength="2000"></label>
<button type="button" data-do="cancel">{say("review.cancel")} <kbd>Esc</kbd></button></section>
<div class="rv-hint" hidden></div></div>
<div class="rv-dock"><p class="rv-toast" role="status" aria-live="polite"></p>
<div class="rv-labels" hidden></div><div class="rv-actions">{buttons}
<button type="button" data-do="hint" hidden><kbd>T</kbd> {say("review.do.hint")}</button>
<button type="button" data-do="help" class="rv-quiet"><kbd>?</kbd> {say("review.do.help")}</button></div></div></div>
<aside class="rv-side"><p class="rv-who"></p><div class="rv-progress"></div>
<section class="rv-session"><h3>{say("review.session")}</h3><div class="rv-summary"></div></section></aside>
<dialog class="rv-help"><h2>{say("review.help.title")}</h2><dl>{keys}</dl><p>{say("review.help.labels")}</p>
<form method="dialog"><button class="rv-primary">{say("review.help.close")}</button></form></dialog>
<template class="rv-texts">{_texts()}</template></div>"""


def _action(name: str) -> str:
    return (
        f'<button type="button" data-do="{name}" class="rv-{name}" disabled><kbd>{KEYS[name]}</kbd> '
        f"{say(f'review.do.{name}')}</button>"
    )


# What review.js says by itself.
SAYS = (
    "loading", "empty", "empty.narrowed", "saving", "saved", "offline", "lost", "restored", "who", "rename",
    "did.accept", "did.reject", "did.edit", "did.skip", "did.label", "did.undo", "median", "streak", "nothing_yet",
    "count.accept", "count.reject", "count.edit", "count.skip", "count.label", "out_of_band",
)  # fmt: skip


def _texts() -> str:
    return "".join(f'<span data-text="{name}">{say(f"review.{name}")}</span>' for name in SAYS)
