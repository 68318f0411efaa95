"""The run panel: choose a teacher, estimate, start, pause, go on, stop, and watch. Knows neither teachers nor workers."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import gradio as gr

from hesui.distil import jobs
from hesui.distil.config import COMPOSER, Config
from hesui.distil.teachers import PRESETS
from hesui.ui import render as words
from hesui.ui.access import is_owner
from hesui.ui.data import board
from hesui.ui.data.board import Watch
from hesui.ui.data.room import Room
from hesui.ui.page import html
from hesui.ui.room import QUIET, Updates, button, naming, says, told

TITLE = "data.distil"
START = Config()
NUMBERS = {"prompts": 1, "samples": 1, "retries": 1, "concurrency": 1}  # by name: whole numbers or any
MORE = {
    "variants": None, "temperature": None, "timeout": None, "requests_per_minute": 1, "tokens_per_minute": 1,
    "batch_from": 1, "sloppiness": None, "seed": 1,
}  # fmt: skip
INFOS = {"requests_per_minute": "form.zero", "tokens_per_minute": "form.zero"}
WITH_INFO = {"prompts", "samples", "retries", "concurrency", "variants", "batch_from", "sloppiness", *INFOS}
PAID = ("model", "base_url")  # fields that the composer has no use for


class Head(NamedTuple):
    """What stands above all sections."""

    state: gr.HTML  # asks again by itself while it can be seen
    rights: gr.HTML
    watch: gr.State


class Widgets(NamedTuple):
    """Everything in the section that a callback reads or writes."""

    form: dict[str, Any]  # by the names of Config's fields
    key: gr.HTML
    estimate: gr.Button
    start: gr.Button
    pause: gr.Button
    resume: gr.Button
    stop: gr.Button
    why: gr.HTML
    estimated: gr.HTML
    notice: gr.HTML
    board: gr.HTML


def build(room: Room, head: Head) -> None:
    """Lay out the section and wire it."""
    labels = room.labels
    form: dict[str, Any] = {}
    with gr.Column(elem_classes="desk"):
        with gr.Row(elem_classes="fields"):
            form["teacher"] = labels.make(
                gr.Dropdown, _teachers, value=COMPOSER, filterable=False, elem_id="run-teacher", min_width=200, scale=2
            )
            for name in PAID:
                form[name] = labels.make(
                    gr.Textbox,
                    says(f"form.{name}"),
                    visible=False,
                    max_lines=1,
                    elem_id=f"run-{name}",
                    min_width=180,
                    scale=2,
                )
        key = html(board.key_line(COMPOSER, {}), elem_id="run-key")
        choices = room.class_choices(answers=True)
        form["classes"] = labels.make(
            gr.CheckboxGroup, lambda t: {"label": t("form.classes"), "choices": choices(t)}, value=[],
            elem_id="run-classes",
        )  # fmt: skip
        with gr.Row(elem_classes="fields"):
            form |= _numbers(room, NUMBERS)
            form["cap"] = labels.make(  # text: an empty number is shown as 0
                gr.Textbox, says("form.cap", info="form.cap.info"), elem_id="run-cap", min_width=118
            )
        with labels.make(gr.Accordion, says("form.more"), open=False, elem_id="run-more"):
            with gr.Row(elem_classes="fields"):
                form |= _numbers(room, MORE)
            form["relabel"] = labels.make(gr.Checkbox, says("form.relabel"), value=START.relabel, elem_id="run-relabel")
        with gr.Row(elem_classes="actions"):
            ask, start, pause, resume, stop = (
                labels.make(
                    gr.Button, button(f"form.{name}"), variant="primary" if name == "start" else "secondary",
                    interactive=name in ("estimate", "start"), elem_id=f"run-{name}", min_width=80,
                )
                for name in ("estimate", "start", "pause", "resume", "stop")
            )  # fmt: skip
        why = html(elem_id="run-why")
        notice = html(elem_id="run-notice", elem_classes="notice")
        estimated = html(elem_id="run-estimated")
    shown = html(board.board(None, {}, "", None), elem_id="run-board")
    _wire(room, Widgets(form, key, ask, start, pause, resume, stop, why, estimated, notice, shown), head)


def _teachers(look_up: Any) -> dict[str, Any]:
    lang = look_up("lang.code")
    presets = [(getattr(preset, lang), name) for name, preset in PRESETS.items()]
    return {"label": look_up("form.teacher"), "choices": [(look_up("form.composer"), COMPOSER), *presets]}


def _numbers(room: Room, fields: Mapping[str, int | None]) -> dict[str, gr.Number]:
    made = {}
    for name, whole in fields.items():
        info = {"info": INFOS.get(name, f"form.{name}.info")} if name in WITH_INFO else {}
        made[name] = room.labels.make(
            gr.Number, says(f"form.{name}", **info), value=getattr(START, name),
            precision=0 if whole else None, elem_id=f"run-{name}", min_width=118,
        )  # fmt: skip
    return made


def _wire(room: Room, w: Widgets, head: Head) -> None:
    desk = Desk(room, w, head)
    form = list(w.form.values())
    seen = [room.run, head.state, head.rights, head.watch, w.board, w.start, w.pause, w.resume, w.stop, w.why]
    acted = [*seen, w.notice]

    w.form["teacher"].change(
        desk.teacher, w.form["teacher"], [w.key, w.form["model"], w.form["base_url"]], queue=False, **QUIET
    )
    w.estimate.click(desk.estimate, form, [w.estimated, w.notice], **QUIET)
    w.start.click(desk.start, [head.watch, *form], [*acted, w.estimated], trigger_mode="once", **QUIET)
    for name, ask in (("pause", w.pause), ("resume", w.resume), ("stop", w.stop)):
        ask.click(getattr(desk, name), [room.run, head.watch], acted, trigger_mode="once", **QUIET)
    gr.on([head.state.tick, room.run.change], desk.look, [room.run, head.watch], acted, trigger_mode="once", **QUIET)


class Desk:
    """The callbacks."""

    def __init__(self, room: Room, widgets: Widgets, head: Head) -> None:
        self._room = room
        self._w = widgets
        self._head = head

    def teacher(self, name: str) -> list[Any]:
        """Whether a teacher's key is there, and its fields with what they default to."""
        preset = PRESETS.get(name)
        present = {one.key_env: bool(os.environ.get(one.key_env, "").strip()) for one in PRESETS.values()}
        shown = preset is not None
        return [
            board.key_line(name, present),
            gr.update(visible=shown, value="", placeholder=preset.model if preset else ""),
            gr.update(visible=shown, value="", placeholder=preset.base_url if preset else ""),
        ]

    def estimate(self, request: gr.Request, *form: Any) -> Iterator[Updates]:
        """What the run would take."""
        yield from self._room.slowly(
            self._w.notice, "data.working", lambda: {self._w.estimated: self._estimated(form)}, request
        )

    def start(self, request: gr.Request, watch: Watch, *form: Any) -> Iterator[Updates]:
        """Begin a run, watched from now on."""

        def started() -> Updates:
            config = self._config(form)
            with self._room.writing:
                id = jobs.start(self._room.store(), self._room.settings, config)
            told = {self._w.notice: words.note("form.started"), self._w.estimated: ""}
            return self._seen(id, watch, owner=True) | told

        yield from self._room.slowly(self._w.notice, "form.starting", started, request)

    def pause(self, request: gr.Request, id: str | None, watch: Watch) -> Updates:
        """Ask for no further calls."""
        return self._wish(request, id, watch, "form.pausing", lambda run: jobs.pause(self._room.store(), run))

    def resume(self, request: gr.Request, id: str | None, watch: Watch) -> Updates:
        """Let the run go on where it was."""
        return self._wish(
            request, id, watch, "form.resuming",
            lambda run: jobs.resume(self._room.store(), self._room.settings, run),
        )  # fmt: skip

    def stop(self, request: gr.Request, id: str | None, watch: Watch) -> Updates:
        """End the run's process once the calls under way are done."""
        return self._wish(request, id, watch, "form.stopping", lambda run: jobs.stop(self._room.store(), run))

    def look(self, request: gr.Request, id: str | None, watch: Watch) -> Updates:
        """How things stand."""
        owner = is_owner(self._room.settings, request)
        try:
            seen = self._seen(id, watch, owner)
            settled = watch.state and seen[self._head.watch].state != watch.state
            return seen | ({self._w.notice: ""} if settled else {})  # what was said of the former state is over
        except Exception as error:
            return {self._w.notice: told(error)}

    def _wish(self, request: gr.Request, id: str | None, watch: Watch, said: str, wish: Any) -> Updates:
        def wished() -> Updates:
            run = jobs.require_view(self._room.store(), id).run.id
            with self._room.writing:
                wish(run)
            return self._seen(run, watch, owner=True) | {self._w.notice: words.note(said)}

        return self._room.change(request, self._w.notice, wished)

    def _config(self, form: tuple[Any, ...]) -> Config:
        given = dict(zip(self._w.form, form, strict=True))
        values = {name: value for name, value in given.items() if value is not None}
        if not str(values.get("cap", "")).strip():
            values.pop("cap", None)
        if values["teacher"] == COMPOSER:
            values = {name: value for name, value in values.items() if name not in PAID}
        return checked(values)

    def _estimated(self, form: tuple[Any, ...]) -> str:
        config = self._config(form)
        found, endpoint = jobs.estimate_run(config, self._room.settings, keyed=False)
        price, currency = (endpoint.price, endpoint.currency) if endpoint else (None, None)
        return board.estimate(found, price, currency, config.cap, self._room.classes())

    def _seen(self, chosen: str | None, watch: Watch, owner: bool) -> Updates:
        store = self._room.store()
        ids = tuple(run.id for run in jobs.runs(store))
        id = chosen if chosen in ids else next(iter(ids), None)
        view = jobs.view(store, id) if id else None
        now = time.time()
        watch = _watched(watch, view, now)
        left = watch.seconds_left(view, now) if view else None
        w, head = self._w, self._head
        return {
            self._room.run: gr.skip() if ids == watch.ids and id == chosen else _choices(ids, id),
            head.state: board.state_line(view),
            head.rights: "" if owner else words.note("data.visitor"),
            head.watch: watch._replace(ids=ids),
            w.board: board.board(view, self._room.classes(), self._log(id), left),
        } | self._buttons(view, owner)

    def _buttons(self, view: jobs.View | None, owner: bool) -> Updates:
        w = self._w
        busy = jobs.at_work(self._room.store()) is not None
        working = view is not None and view.working
        wanted = view.run.wanted if view else "run"
        able = {
            w.start: not busy,
            w.pause: working and wanted == "run",
            w.resume: (working and wanted == "pause") or (view is not None and view.resumable and not busy),
            w.stop: working and wanted != "stop",
        }
        why = "" if owner and not busy else words.say("reason.busy" if owner else "reason.owner")
        shown = {ask: gr.update(interactive=owner and can) for ask, can in able.items()}
        return {**shown, w.why: f'<p class="hint">{why}</p>' if why else ""}

    def _log(self, id: str | None) -> str:
        if id is None:
            return ""
        home = self._room.settings.home
        log = jobs.folder(self._room.settings, id) / "log.txt"
        return str(home.name / log.relative_to(home)) if log.exists() else ""


def checked(values: Mapping[str, Any]) -> Config:
    """A run's settings. Raises InputError, which names the first that cannot be used in the page's words."""
    with naming("form"):
        return Config(**values)


def _watched(watch: Watch, view: jobs.View | None, now: float) -> Watch:
    """The same watch on; a new one where it is another run or one that has not been at work."""
    if view is None:
        return Watch()
    state = f"{view.state} {view.run.wanted}"
    if view.run.id == watch.run and view.state == "running" and view.run.wanted == "run" and watch.since:
        return watch._replace(state=state)
    since = now if view.state == "running" else 0.0
    return Watch(view.run.id, since, board.whole(view).answered, watch.ids, state)


def _choices(ids: tuple[str, ...], chosen: str | None) -> Any:
    return gr.update(choices=[(_label(id), id) for id in ids], value=chosen)


def _label(id: str) -> str:
    """A run's id as people read it: 20261124-000312-ab12 is 2026-11-24 00:03 · ab12."""
    day, clock, mark = (id.split("-") + ["", ""])[:3]
    if len(day) == 8 and len(clock) == 6:
        return f"{day[:4]}-{day[4:6]}-{day[6:]} {clock[:2]}:{clock[2:4]} · {mark}"
    return id
