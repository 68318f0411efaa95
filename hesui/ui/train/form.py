"""A new run: choose what to learn from, one dial, start. Knows neither how a run trains nor where it lies."""

from __future__ import annotations

import json
import shlex
import time
from collections.abc import Iterator
from functools import partial
from hashlib import sha256
from html import escape
from pathlib import Path
from secrets import token_hex
from typing import Any, NamedTuple, get_args

import gradio as gr

from hesui.errors import InputError
from hesui.review.exporting import export
from hesui.train import estimating, jobs
from hesui.train.config import TrainConfig
from hesui.train.data import DataSet, Kind
from hesui.train.measuring import Measuring
from hesui.train.runs import runs
from hesui.ui import parts, render
from hesui.ui.access import is_owner, require_owner
from hesui.ui.page import html
from hesui.ui.room import QUIET, Updates, button, says, told, unchecked_dropdown
from hesui.ui.texts import TEXTS
from hesui.ui.train import cost, dial, sets
from hesui.ui.train.room import Room
from hesui.ui.train.room import label as run_label

TITLE = "train.new"
KINDS: tuple[Kind, ...] = get_args(Kind)
PACE = 0.25  # seconds between two looks at a measurement
POLL = 'hesui.poll(element, () => trigger("tick"));'


class Chosen(NamedTuple):
    """The data set that the page shows."""

    name: str = ""
    kind: str = ""
    rows: int = 0  # of train


class Widgets(NamedTuple):
    """Everything in the section that a callback reads or writes."""

    data: gr.Dropdown
    described: gr.HTML
    kind: gr.Radio
    demo: gr.Checkbox
    make: gr.Button
    made: gr.HTML
    dial: dial.Widgets
    command: gr.HTML
    start: gr.Button
    why: gr.HTML
    notice: gr.HTML
    chosen: gr.State
    offered: gr.State  # what the page offers: labels of data sets
    nonce: gr.State  # made whenever the form is shown


def build(room: Room, tab: gr.Tab) -> None:
    """Lay out the section and wire it."""
    with gr.Row(elem_classes="split"):
        with gr.Column(min_width=300):
            with gr.Column(elem_classes="desk"):
                html(f"<h2>{render.say('train.data')}</h2>")
                data = room.labels.make(
                    unchecked_dropdown, says("train.data.choose"), choices=[], value=None, filterable=False,
                    elem_id="train-data",
                )  # fmt: skip
                described = html(elem_id="train-described", js_on_load=POLL)
            with gr.Column(elem_classes="desk"):
                kind, demo, make, made = _from_review(room)
        with gr.Column(min_width=300, elem_classes="desk"):
            dialled = dial.build(room)
            command = html(elem_id="train-command")
            notice = html(elem_id="train-notice", elem_classes="notice")
            with gr.Row(elem_classes="actions"):
                start = room.labels.make(gr.Button, button("train.start"), variant="primary", elem_id="train-start")
            why = html(elem_id="train-why", elem_classes="tr-why")
    states = (gr.State(Chosen()), gr.State(()), gr.State(""))
    w = Widgets(data, described, kind, demo, make, made, dialled, command, start, why, notice, *states)
    _wire(room, tab, w, Desk(room, w))


def _from_review(room: Room) -> tuple[gr.Radio, gr.Checkbox, gr.Button, gr.HTML]:
    labels = room.labels
    html(f"<h2>{render.say('train.make')}</h2>{parts.hint('train.make.hint')}")
    kind = labels.make(
        gr.Radio, lambda t: {"label": t("rvout.kind"), "choices": [(t(f"rvout.kind.{one}"), one) for one in KINDS]},
        value=KINDS[0], elem_id="train-make-kind", elem_classes="choice",
    )  # fmt: skip
    demo = labels.make(gr.Checkbox, says("rvout.demo", info="rvout.demo.info"), value=False, elem_id="train-make-demo")
    made = html(elem_id="train-made", elem_classes="notice")
    with gr.Row(elem_classes="actions"):
        make = labels.make(gr.Button, button("train.make.go"), elem_id="train-make")
    return kind, demo, make, made


def _wire(room: Room, tab: gr.Tab, w: Widgets, desk: Desk) -> None:
    d = w.dial
    form = list(d.form.values())
    looked = [w.data, w.described, w.offered, w.start, w.make, d.estimate, w.why, w.notice]
    tab.select(desk.come, [w.data, w.offered], [*looked, w.nonce, w.demo], **QUIET)
    w.described.tick(desk.look, [w.data, w.offered], looked, trigger_mode="once", **QUIET)
    said = [w.command, d.epochs, d.method, d.cost]
    choosing = [w.described, w.chosen, w.notice, d.form["method"], *said]
    w.data.change(desk.choose, [w.data, w.chosen, d.preset, *form], choosing, trigger_mode="always_last", **QUIET)
    d.preset.input(desk.dial, [d.preset, d.form["method"]], form, queue=False, **QUIET)
    d.form["method"].change(desk.rate, [d.preset, d.form["method"]], d.form["learning_rate"], queue=False, **QUIET)
    changes = [d.preset.change, tab.select, *(field.change for field in form)]
    saying = [w.chosen, d.preset, *form]
    gr.on(changes, desk.say, saying, said, trigger_mode="always_last", **QUIET)
    measured = d.estimate.click(desk.measure, saying, [d.cost, w.notice], trigger_mode="once", **QUIET)
    measured.then(desk.say, saying, said, **QUIET)  # the form may be another one by now
    made = [w.data, w.offered, w.made]
    w.make.click(desk.make, [w.kind, w.demo], made, trigger_mode="once", **QUIET)
    started = [room.run, room.tabs, w.notice]
    w.start.click(desk.start, [w.chosen, w.nonce, d.preset, *form], started, trigger_mode="once", **QUIET)


class Desk:
    """The callbacks."""

    def __init__(self, room: Room, widgets: Widgets) -> None:
        self._room = room
        self._w = widgets
        self._sets = sets.DataSets(room.settings)

    def come(self, request: gr.Request, name: str | None, offered: tuple[str, ...]) -> Updates:
        """The form is shown: what there is to choose from, and a fresh key for what will be started."""
        demo = gr.skip()
        if is_owner(self._room.settings, request):
            try:
                demo = gr.update(value=self._room.review.desk().only_demo())
            except Exception as error:
                return {self._w.notice: told(error)}
        return self.look(request, name, offered) | {self._w.nonce: token_hex(8), self._w.demo: demo}

    def look(self, request: gr.Request, name: str | None, offered: tuple[str, ...]) -> Updates:
        """What there is to choose from now."""
        owner = is_owner(self._room.settings, request)
        try:
            return self._rights(owner) | self._choices(name, offered)
        except Exception as error:
            return {self._w.notice: told(error)}

    def choose(self, request: gr.Request, name: str | None, before: Chosen, preset: str, *form: Any) -> Updates:
        """What the chosen data set holds; another kind of data brings its own method."""
        owner = is_owner(self._room.settings, request)

        def chosen() -> Updates:
            data = self._sets.require(name)
            found = Chosen(data.path.name, data.kind, data.rows.get("train", 0))
            # Whoever may still review must not see what others decided.
            shown = sets.described(data, self._room.classes(), preview=owner or data.format == "rows")
            given = self._given(form)
            method = self._w.dial.form["method"]
            updates: Updates = {self._w.described: shown, self._w.chosen: found}
            if data.kind != before.kind:
                usual = dial.dialled(preset, self._room.settings.base_model, data.kind)
                given |= {"method": data.kind, "learning_rate": usual["learning_rate"]}
                updates[method] = data.kind
            return updates | self._said(found, preset, given, owner)

        return self._room.look(self._w.notice, chosen) if name else {self._w.chosen: Chosen()}

    def rate(self, preset: str, method: str) -> Updates:
        """The learning rate that suits another method."""
        wanted = dial.dialled(preset, self._room.settings.base_model, method)
        return {self._w.dial.form["learning_rate"]: wanted["learning_rate"]}

    def dial(self, preset: str, method: str) -> list[Any]:
        """The settings of a dial; the method goes with the data."""
        wanted = dial.dialled(preset, self._room.settings.base_model, method)
        return [gr.skip() if name == "method" else wanted[name] for name in self._w.dial.form]

    def say(self, request: gr.Request, chosen: Chosen, preset: str, *form: Any) -> Updates:
        """The command that would do the same, how often the rows will be gone through, and what that takes."""
        return self._said(chosen, preset, self._given(form), is_owner(self._room.settings, request))

    def measure(self, request: gr.Request, chosen: Chosen, preset: str, *form: Any) -> Iterator[Updates]:
        """Measure what the run would take; whoever looks then finds it kept."""
        w, settings = self._w, self._room.settings
        try:
            require_owner(settings, request)
            data = self._sets.require(chosen.name)
            with Measuring(settings, self._config(data, preset, self._given(form)), data) as going:
                shown = ""
                while going.result() is None:
                    now = cost.measuring(going.phase, going.seconds)
                    yield {w.dial.cost: now, w.notice: ""} if now != shown else {w.dial.cost: gr.skip()}
                    shown = now
                    time.sleep(PACE)
            yield {w.notice: ""}
        except Exception as error:
            yield {w.notice: told(error)}

    def make(self, request: gr.Request, kind: str, demo: bool) -> Iterator[Updates]:
        """Write what was reviewed as a data set, and choose it."""
        work = partial(self._made, kind, demo)
        yield from self._room.slowly(self._w.made, "data.working", work, request)

    def start(self, request: gr.Request, chosen: Chosen, nonce: str, preset: str, *form: Any) -> Iterator[Updates]:
        """Begin a run, and watch it."""
        shown = nonce or str(getattr(request, "session_hash", ""))
        work = partial(self._started, chosen, shown, preset, form)
        yield from self._room.slowly(self._w.notice, "form.starting", work, request)

    def _rights(self, owner: bool) -> Updates:
        w = self._w
        why = "" if owner else parts.hint("reason.owner")
        able = gr.update(interactive=owner)
        return {w.start: able, w.make: able, w.dial.estimate: able, w.why: why}

    def _choices(self, name: str | None, offered: tuple[str, ...]) -> Updates:
        found = self._sets.found()
        names = [data.path.name for data in found]
        now = tuple(map(sets.label, found))
        updates: Updates = {} if names else {self._w.described: sets.none_yet(self._sets.refused())}
        if now == offered and (name in names or not names):
            return updates
        return updates | self._offer(found, name if name in names else next(iter(names), None))

    def _offer(self, found: list[DataSet], chosen: str | None) -> Updates:
        choices = [(sets.label(data), data.path.name) for data in found]
        return {self._w.data: gr.update(choices=choices, value=chosen), self._w.offered: tuple(map(sets.label, found))}

    def _said(self, chosen: Chosen, preset: str, given: dict[str, Any], owner: bool) -> Updates:
        w = self._w
        if not chosen.name:
            return dict.fromkeys((w.command, w.dial.epochs, w.dial.method, w.dial.cost), "")
        place = self._sets.home / chosen.name
        if not owner:  # where this machine keeps its files is nobody else's business
            place = Path(self._room.settings.home.name, "datasets", chosen.name)
        line = dial.command(place, preset, given, self._room.settings.base_model, chosen.kind)
        words = " ".join(map(shlex.quote, line))
        return {
            w.command: f'<p class="tr-command">{render.say("train.command")} <code>{escape(words)}</code></p>',
            **self._costs(chosen, preset, given),
        }

    def _costs(self, chosen: Chosen, preset: str, given: dict[str, Any]) -> Updates:
        """What is known of the run's cost, and what its method makes of the data."""
        d = self._w.dial
        try:
            data = self._sets.require(chosen.name)
            config = jobs.located(self._config(data, preset, given))
        except InputError:  # told when it is to start
            return {d.cost: "", d.method: "", d.epochs: ""}
        return {
            d.cost: self._cost(config, data),
            d.method: dial.explained(config.method, data, config.samples),
            d.epochs: dial.epochs(config, chosen.rows),
        }

    def _cost(self, config: TrainConfig, data: DataSet) -> str:
        settings = self._room.settings
        try:
            estimating.require_known_cost(config, data)
        except InputError as error:
            return parts.hint(error.key, **error.values) if error.key in TEXTS else ""
        found = estimating.known(settings, config, data)
        if found is not None:
            return cost.told(estimating.estimate(config, found, estimating.room(settings)))
        waits = any(view.working for view in jobs.views(settings))
        return parts.hint("train.estimate.waits" if waits else "train.estimate.none")

    def _config(self, data: DataSet, preset: str, given: dict[str, Any]) -> TrainConfig:
        own = {"data": data.path, "base": self._room.settings.base_model}
        return dial.checked(preset, {"method": data.kind, **given, **own})

    def _given(self, form: tuple[Any, ...]) -> dict[str, Any]:
        given = dict(zip(self._w.dial.form, form, strict=True))
        return {name: value for name, value in given.items() if value is not None}

    def _made(self, kind: str, demo: bool) -> Updates:
        from hesui.corpus.seeds import load_evaluation

        wanted = next((one for one in KINDS if one == kind), KINDS[0])
        name = f"review-{wanted}-{time.strftime('%Y%m%d-%H%M%S')}"
        with self._room.writing:
            self._sets.home.mkdir(parents=True, exist_ok=True)
            export(
                self._room.review.desk().survey, self._sets.home / name, wanted, "trl",
                demo=bool(demo), classes=self._room.classes(), held_out=load_evaluation(),
            )  # fmt: skip
        data = self._sets.require(name)
        said = render.note("train.made", name=name, n=data.rows.get("train", 0))
        return self._offer(self._sets.found(), name) | {self._w.made: said}

    def _started(self, chosen: Chosen, shown: str, preset: str, form: tuple[Any, ...]) -> Updates:
        settings = self._room.settings
        config = self._config(self._sets.require(chosen.name), preset, self._given(form))
        wish = json.dumps([shown, config.record()], sort_keys=True)
        id = jobs.start(settings, config, key=sha256(wish.encode()).hexdigest()).id
        offered = [(run_label(one.id), one.id) for one in runs(settings.runs)]
        return {
            self._room.run: gr.update(choices=offered, value=id),
            self._room.tabs: gr.Tabs(selected="train.watch"),
            self._w.notice: render.note("train.started", id=id),
        }
