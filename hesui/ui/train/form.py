"""A new run: choose what to learn from, one dial, start. Knows neither how a run trains nor where it lies."""

from __future__ import annotations

import json
import shlex
import time
from collections.abc import Iterator, Mapping
from functools import partial
from hashlib import sha256
from html import escape
from pathlib import Path
from secrets import token_hex
from typing import Any, NamedTuple, get_args

import gradio as gr

from hesui.review.exporting import export
from hesui.settings import EMBEDDED
from hesui.train import jobs
from hesui.train.config import PRESETS, Method, Preset, TrainConfig, suggested_epochs
from hesui.train.data import DataSet
from hesui.train.runs import runs
from hesui.ui import parts, render
from hesui.ui.access import is_owner
from hesui.ui.page import html
from hesui.ui.room import QUIET, Updates, button, naming, says, told, unchecked_dropdown
from hesui.ui.train import sets
from hesui.ui.train.room import Room
from hesui.ui.train.room import label as run_label

TITLE = "train.new"
KINDS: tuple[Method, ...] = get_args(Method)
DIAL: tuple[Preset, ...] = get_args(Preset)
NUMBERS = {
    "rank": 0, "alpha": 0, "learning_rate": None, "epochs": None, "batch": 0, "context": 0, "probe_prompts": 0,
    "patience": 0, "seed": 0,
}  # fmt: skip
# By name: digits after the point; None = as many as there are.
CHECKS = ("rslora", "dora")
ZEROS = ("epochs", "context", "patience")  # where 0 means something of its own
OPTIONS = ("rank", "alpha", "learning_rate", "epochs", "batch", "context", "seed")  # of `hesui train start`
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
    preset: gr.Radio
    form: dict[str, Any]  # by the names of TrainConfig's fields
    epochs: gr.HTML
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
            preset, form, epochs = _settings(room)
            command = html(elem_id="train-command")
            notice = html(elem_id="train-notice", elem_classes="notice")
            with gr.Row(elem_classes="actions"):
                start = room.labels.make(gr.Button, button("train.start"), variant="primary", elem_id="train-start")
            why = html(elem_id="train-why", elem_classes="tr-why")
    states = (gr.State(Chosen()), gr.State(()), gr.State(""))
    w = Widgets(data, described, kind, demo, make, made, preset, form, epochs, command, start, why, notice, *states)
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


def _settings(room: Room) -> tuple[gr.Radio, dict[str, Any], gr.HTML]:
    labels, form = room.labels, dict[str, Any]()
    usual = dialled("standard", room.settings.base_model)
    html(f"<h2>{render.say('train.dial')}</h2>")
    preset = labels.make(
        gr.Radio,
        lambda t: {"label": t("train.dial.label"), "info": t("train.dial.info"),
                   "choices": [(t(f"train.preset.{one}"), one) for one in DIAL]},
        value="standard", elem_id="train-preset", elem_classes="choice",
    )  # fmt: skip
    epochs = html(elem_id="train-epochs-hint")
    with labels.make(gr.Accordion, says("form.more"), open=False, elem_id="train-more"):
        form["adaptation"] = labels.make(
            gr.Radio, lambda t: {"label": t("train.set.adaptation"),
                                 "choices": [("LoRA", "lora"), (t("train.full"), "full")]},
            value="lora", elem_id="train-adaptation", elem_classes="choice",
        )  # fmt: skip
        with gr.Row(elem_classes="fields"):
            for name, digits in NUMBERS.items():
                info = {"info": f"train.zero.{name}"} if name in ZEROS else {}
                form[name] = labels.make(
                    gr.Number, says(f"train.set.{name}", **info), value=usual[name],
                    precision=digits, elem_id=f"train-{name.replace('_', '-')}", min_width=118,
                )  # fmt: skip
        with gr.Row(elem_classes="fields"):
            for name in CHECKS:
                form[name] = labels.make(
                    gr.Checkbox, says(f"train.set.{name}", info=f"train.set.{name}.info"), value=False,
                    elem_id=f"train-{name}", min_width=140,
                )  # fmt: skip
    return preset, form, epochs


def _wire(room: Room, tab: gr.Tab, w: Widgets, desk: Desk) -> None:
    form = list(w.form.values())
    looked = [w.data, w.described, w.offered, w.start, w.make, w.why, w.notice]
    tab.select(desk.come, [w.data, w.offered], [*looked, w.nonce, w.demo], **QUIET)
    w.described.tick(desk.look, [w.data, w.offered], looked, trigger_mode="once", **QUIET)
    said = [w.command, w.epochs]
    choosing = [w.described, w.chosen, w.notice, *said]
    w.data.change(desk.choose, [w.data, w.preset, *form], choosing, trigger_mode="always_last", **QUIET)
    w.preset.input(desk.dial, w.preset, form, queue=False, **QUIET)
    changes = [w.preset.change, *(field.change for field in form)]
    gr.on(changes, desk.say, [w.chosen, w.preset, *form], said, trigger_mode="always_last", **QUIET)
    made = [w.data, w.offered, w.made]
    w.make.click(desk.make, [w.kind, w.demo], made, trigger_mode="once", **QUIET)
    started = [room.run, room.tabs, w.notice]
    w.start.click(desk.start, [w.chosen, w.nonce, w.preset, *form], started, trigger_mode="once", **QUIET)


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

    def choose(self, request: gr.Request, name: str | None, preset: str, *form: Any) -> Updates:
        """What the chosen data set holds."""
        owner = is_owner(self._room.settings, request)

        def chosen() -> Updates:
            data = self._sets.require(name)
            found = Chosen(data.path.name, data.kind, data.rows.get("train", 0))
            # Whoever may still review must not see what others decided.
            shown = sets.described(data, self._room.classes(), preview=owner or data.format == "rows")
            return {self._w.described: shown, self._w.chosen: found} | self._said(found, preset, form, owner)

        return self._room.look(self._w.notice, chosen) if name else {self._w.chosen: Chosen()}

    def dial(self, preset: str) -> list[Any]:
        """The settings of a dial."""
        wanted = dialled(preset, self._room.settings.base_model)
        return [wanted[name] for name in self._w.form]

    def say(self, request: gr.Request, chosen: Chosen, preset: str, *form: Any) -> Updates:
        """The command that would do the same, and how often the rows will be gone through."""
        return self._said(chosen, preset, form, is_owner(self._room.settings, request))

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
        return {w.start: able, w.make: able, w.why: why}

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

    def _said(self, chosen: Chosen, preset: str, form: tuple[Any, ...], owner: bool) -> Updates:
        if not chosen.name:
            return {self._w.command: "", self._w.epochs: ""}
        given = self._given(form)
        place = self._sets.home / chosen.name
        if not owner:  # where this machine keeps its files is nobody else's business
            place = Path(self._room.settings.home.name, "datasets", chosen.name)
        words = " ".join(map(shlex.quote, command(place, preset, given, self._room.settings.base_model)))
        epochs = given.get("epochs") or suggested_epochs(chosen.rows)
        key = "train.epochs.set" if given.get("epochs") else "train.epochs.suggested"
        return {
            self._w.command: f'<p class="tr-command">{render.say("train.command")} <code>{escape(words)}</code></p>',
            self._w.epochs: parts.hint(key, n=f"{epochs:g}", rows=chosen.rows),
        }

    def _given(self, form: tuple[Any, ...]) -> dict[str, Any]:
        given = dict(zip(self._w.form, form, strict=True))
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
        data = self._sets.require(chosen.name)
        given = {"data": data.path, "method": data.kind, "base": settings.base_model}
        config = checked({**PRESETS[known(preset)], **self._given(form), **given})
        wish = json.dumps([shown, config.record()], sort_keys=True)
        id = jobs.start(settings, config, key=sha256(wish.encode()).hexdigest()).id
        offered = [(run_label(one.id), one.id) for one in runs(settings.runs)]
        return {
            self._room.run: gr.update(choices=offered, value=id),
            self._room.tabs: gr.Tabs(selected="train.watch"),
            self._w.notice: render.note("train.started", id=id),
        }


def checked(values: Mapping[str, Any]) -> TrainConfig:
    """A run's settings. Raises InputError, which names the first that cannot be used in the page's words."""
    with naming("train.set"):
        return TrainConfig(**values)


def known(preset: str) -> Preset:
    """A dial by its name; the standard one where there is none of that name."""
    return next((one for one in DIAL if one == preset), "standard")


def dialled(preset: str, base: str) -> dict[str, Any]:
    """All settings of a dial for a base."""
    return TrainConfig(data=Path(), base=base, **PRESETS[known(preset)]).model_dump()


def command(data: Path, preset: str, given: Mapping[str, Any], base: str = EMBEDDED) -> list[str]:
    """The words of the command that starts the same run."""
    usual = dialled(preset, base)
    words = ["hesui", "train", "start", "--data", str(data), "--preset", known(preset)]
    for name, value in given.items():
        if value == usual[name]:
            continue
        if name == "adaptation":
            words.append("--full")
        elif name in OPTIONS:
            words += [f"--{name.replace('_', '-')}", f"{value:g}" if isinstance(value, float) else str(value)]
        else:
            words += ["--set", f"{name}={json.dumps(value)}"]
    return words
