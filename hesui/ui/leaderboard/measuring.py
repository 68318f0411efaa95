"""The section that measures models: what is asked of whom, evaluations at work and earlier ones.

Everything is read from the evaluations' folders, so a reload or another browser sees the same. Knows no figure.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import gradio as gr

from hesui.evaluate import jobs
from hesui.evaluate.config import DECODINGS, PUBLISHABLE, EvaluateConfig, chosen, make_config
from hesui.evaluate.measures import LANGUAGES
from hesui.ui import parts, render
from hesui.ui.access import is_owner
from hesui.ui.leaderboard import evaluations
from hesui.ui.leaderboard.room import Room
from hesui.ui.page import html
from hesui.ui.room import CLICKS, QUIET, Updates, button, picked, says, unchecked
from hesui.ui.train import sets

TITLE = "lb.measure"
POLL = 'hesui.poll(element, () => trigger("tick"));'
MOST_SEEDS = 100
OFFERED = 4  # models that are chosen at first


class Form(NamedTuple):
    """What is asked of whom, as the page holds it."""

    models: gr.Dropdown
    decoding: gr.CheckboxGroup
    prompts: gr.Dropdown
    classes: gr.Dropdown
    language: gr.Dropdown
    seeds: gr.Number
    limit: gr.Number
    perplexity: gr.Checkbox


class Widgets(NamedTuple):
    """Everything else in the section that a callback reads or writes."""

    told: gr.HTML
    start: gr.Button
    why: gr.HTML
    notice: gr.HTML
    list: gr.HTML
    really: gr.Row
    question: gr.HTML
    asked: gr.State  # the evaluation that a question on the screen is about
    seen: gr.State


class Seen(NamedTuple):
    """What a page shows, so that it is sent only what is new to it."""

    shown: int = 0
    models: tuple[str, ...] = ()
    prompts: tuple[str, ...] = ()


def build(room: Room, tab: gr.Tab) -> None:
    """Lay out the section and wire it."""
    with gr.Column(elem_classes="desk"):
        html(f"<h2>{render.say('lb.measure.new')}</h2>{parts.hint('lb.measure.hint')}")
        form = _form(room)
        told = html(elem_id="lb-told")
        notice = html(elem_id="lb-measure-notice", elem_classes="notice")
        with gr.Row(elem_classes="actions"):
            start = room.labels.make(gr.Button, button("lb.start"), variant="primary", elem_id="lb-start")
        why = html(elem_id="lb-why", elem_classes="tr-why")
    with gr.Row(visible=False, elem_classes="really", elem_id="lb-delete-really") as really:
        question = html(elem_id="lb-delete-question")
        yes = room.labels.make(
            gr.Button, button("really.yes"), size="sm", variant="stop", min_width=70, elem_id="lb-delete-yes"
        )
        no = room.labels.make(gr.Button, button("really.no"), size="sm", min_width=70, elem_id="lb-delete-no")
    listed = html(elem_id="lb-evaluations", js_on_load=CLICKS + POLL)
    w = Widgets(told, start, why, notice, listed, really, question, gr.State(""), gr.State(Seen()))
    desk = Desk(room, form, w)
    looked = [w.list, w.start, w.why, w.notice, w.seen, form.models, form.prompts]
    looking = [w.seen, form.models, form.prompts]
    gr.on([tab.select, w.list.tick], desk.look, looking, looked, trigger_mode="once", **QUIET)
    gr.on([tab.select, *(field.change for field in form)], desk.say, list(form), w.told, trigger_mode="always_last",
          **QUIET)  # fmt: skip
    w.start.click(desk.start, [w.seen, *form], [w.notice, w.list, w.seen], trigger_mode="once", **QUIET)
    acted = [w.notice, w.list, w.seen, w.really, w.question, w.asked]
    w.list.select(desk.act, w.seen, acted, trigger_mode="once", **QUIET)
    yes.click(desk.delete, [w.asked, w.seen], acted, trigger_mode="once", **QUIET)
    no.click(desk.keep, None, [w.really, w.asked], queue=False, **QUIET)


def _form(room: Room) -> Form:
    make = room.labels.make
    with gr.Row(elem_classes="fields"):
        models = unchecked(
            make(gr.Dropdown, says("lb.measure.models"), choices=[], value=[], multiselect=True, filterable=False,
                 elem_id="lb-models", min_width=260)
        )  # fmt: skip
        decoding = make(
            gr.CheckboxGroup,
            lambda t: {"label": t("lb.measure.decoding"), "choices": [(t(f"mode.{one}"), one) for one in DECODINGS]},
            value=["raw"], elem_id="lb-decoding", elem_classes="choice", min_width=200,
        )  # fmt: skip
    choices = room.class_choices(answers=True)
    with gr.Row(elem_classes="fields"):
        prompts = unchecked(
            make(gr.Dropdown, says("lb.measure.prompts"), choices=[], value=None, filterable=False,
                 elem_id="lb-prompts", min_width=200)
        )  # fmt: skip
        classes = make(
            gr.Dropdown, lambda t: {"label": t("lb.measure.classes"), "choices": choices(t)}, value=[],
            multiselect=True, filterable=False, elem_id="lb-classes", min_width=200,
        )  # fmt: skip
        language = make(
            gr.Dropdown,
            lambda t: {"label": t("lb.languages"), "choices": [
                (t("lb.measure.languages"), ""), *((t(f"lb.language.{one}"), one) for one in LANGUAGES)]},
            value="", filterable=False, elem_id="lb-language", min_width=130,
        )  # fmt: skip
        seeds = make(gr.Number, says("lb.measure.seeds"), value=PUBLISHABLE, precision=0, minimum=1, maximum=MOST_SEEDS,
                     elem_id="lb-seeds", min_width=110)  # fmt: skip
        limit = make(gr.Number, says("lb.measure.limit"), value=0, precision=0, minimum=0, elem_id="lb-limit",
                     min_width=110)  # fmt: skip
    perplexity = make(gr.Checkbox, says("lb.measure.perplexity", info="lb.measure.perplexity.info"), value=True,
                      elem_id="lb-perplexity")  # fmt: skip
    return Form(models, decoding, prompts, classes, language, seeds, limit, perplexity)


class Desk:
    """The callbacks."""

    def __init__(self, room: Room, form: Form, widgets: Widgets) -> None:
        self._room = room
        self._form = form
        self._w = widgets
        self._sets = sets.DataSets(room.settings)

    def look(self, request: gr.Request, seen: Seen, models: list[str] | None, prompts: str | None) -> Updates:
        """How evaluations stand, and what there is to choose from."""

        def looked() -> Updates:
            self._room.tend()
            owner = is_owner(self._room.settings, request)
            listed = self._listed(seen, owner)
            offered = self._offered(listed.get(self._w.seen, seen), models, prompts)
            why = "" if owner else parts.hint("reason.owner")
            return {**listed, **offered, self._w.start: gr.update(interactive=owner), self._w.why: why}

        found = self._room.look(self._w.notice, looked)
        return found | {self._w.notice: found[self._w.notice] or gr.skip()}

    def say(self, *form: Any) -> Updates:
        """How much will be asked."""
        try:
            config = self._config(form)
            prompts = len(chosen(config))
        except Exception as error:
            return {self._w.told: render.problem(error)}
        return {self._w.told: evaluations.asked(config, prompts)}

    def start(self, request: gr.Request, seen: Seen, *form: Any) -> Iterator[Updates]:
        """Begin an evaluation; one with the same settings that is not done goes on."""

        def started() -> Updates:
            config = self._config(form)
            with self._room.writing:
                said = self._begin(config)
            return self._listed(seen, owner=True) | {self._w.notice: render.note(said)}

        yield from self._room.slowly(self._w.notice, "form.starting", started, request)

    def act(self, request: gr.Request, event: gr.EventData, seen: Seen) -> Updates:
        """Stop an evaluation, let it go on, or ask before it is deleted."""
        asked = picked(event)
        id, act = asked.get("pick", "?"), asked.get("act", "")

        def acted() -> Updates:
            known = jobs.view(self._room.settings, id or "?").folder.id
            if act == "delete":
                words = render.say("lb.delete.really", id=evaluations.label(known))
                return {
                    self._w.really: gr.update(visible=True),
                    self._w.question: f"<p>{words}</p>",
                    self._w.asked: known,
                }
            if act == "stop":
                jobs.stop(self._room.settings, known)
            else:
                jobs.resume(self._room.settings, known)
            said = "lb.stopping" if act == "stop" else "lb.resuming"
            return self._listed(seen, owner=True) | {self._w.notice: render.note(said)}

        return self._room.change(request, self._w.notice, acted)

    def delete(self, request: gr.Request, asked: str, seen: Seen) -> Updates:
        """Delete the evaluation that was asked about."""

        def deleted() -> Updates:
            jobs.delete(self._room.settings, asked or "?")
            said = render.note("lb.deleted", id=evaluations.label(asked))
            return self._listed(seen, owner=True) | {self._w.notice: said}

        return self._room.change(request, self._w.notice, deleted) | self.keep()

    def keep(self) -> Updates:
        """Ask no more."""
        return {self._w.really: gr.update(visible=False), self._w.asked: ""}

    def _begin(self, config: EvaluateConfig) -> str:
        """Start or go on; what to say of it."""
        settings = self._room.settings
        left = jobs.unfinished(settings, config)
        if left is None:
            jobs.start(settings, config)
            return "lb.started"
        if not jobs.view(settings, left.id).working:
            jobs.resume(settings, left.id)
            return "lb.resuming"
        return "lb.at_work"

    def _config(self, form: tuple[Any, ...]) -> EvaluateConfig:
        given = dict(zip(Form._fields, form, strict=True))
        named = str(given["prompts"] or "")
        return make_config(
            models=tuple(given["models"] or ()), decoding=tuple(given["decoding"] or ()),
            prompts=str(self._sets.require(named).path) if named else "", classes=tuple(given["classes"] or ()),
            language=given["language"] or "", seeds=PUBLISHABLE if given["seeds"] is None else given["seeds"],
            limit=given["limit"] or 0, perplexity=bool(given["perplexity"]), base=self._room.settings.base_model,
        )  # fmt: skip

    def _listed(self, seen: Seen, owner: bool) -> Updates:
        shown = evaluations.listed(jobs.views(self._room.settings), owner)
        mark = hash(shown)
        return {} if mark == seen.shown else {self._w.list: shown, self._w.seen: seen._replace(shown=mark)}

    def _offered(self, seen: Seen, models: list[str] | None, prompts: str | None) -> Updates:
        """The models and data sets there are; what is chosen stays where it can."""
        names = tuple(self._room.page.names())
        data = tuple(one.path.name for one in self._sets.found())
        if (names, data) == (seen.models, seen.prompts):
            return {}
        kept = [one for one in models or [] if one in names] or list(names[:OFFERED])
        offered = [("data/eval.jsonl", ""), *((name, name) for name in data)]
        return {
            self._form.models: gr.update(choices=list(names), value=kept),
            self._form.prompts: gr.update(choices=offered, value=prompts if prompts in data else ""),
            self._w.seen: seen._replace(models=names, prompts=data),
        }
