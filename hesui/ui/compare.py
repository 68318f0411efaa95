"""The Compare tab: one prompt, two models side by side, counted as they write.

Lays out widgets and wires them to the domain; knows neither how text is counted nor who answers.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any, NamedTuple

import gradio as gr

from hesui import restating
from hesui.answers import follow
from hesui.errors import HesuiError, InputError
from hesui.length import COUNTERS, parse
from hesui.records import BASE
from hesui.settings import EMBEDDED
from hesui.ui import render, voting
from hesui.ui.examples import EXAMPLES
from hesui.ui.form import AUTO, BEST_OF, NAMES, Form, from_query, to_query
from hesui.ui.labels import Labels
from hesui.ui.page import Page, html
from hesui.ui.room import picked, told
from hesui.ui.rounds import begin, openly, paced
from hesui.ui.visit import Round, Visit

TITLE = "tab.compare"
VISITORS = 32  # comparisons open at once; the answerer's own queue says who waits
QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
OPS = ("eq", "le", "ge", "approx", "range")
UNITS = ("char", "word", "sentence", "line", "paragraph")

log = logging.getLogger(__name__)
Updates = dict[Any, Any]


class Editor(NamedTuple):
    """The fields of a demand."""

    op: gr.Dropdown
    low: gr.Number
    high: gr.Number
    unit: gr.Dropdown
    apply: gr.Button


class Widgets(NamedTuple):
    """Everything on the tab that a callback reads or writes."""

    form: dict[str, Any]  # by the names of Form's fields
    chip: gr.HTML
    world: gr.HTML
    editor: Editor
    go: gr.Button
    stop: gr.Button
    again: gr.Button
    share: gr.Button
    link: gr.Textbox
    notice: gr.HTML
    blind: gr.Checkbox
    panes: tuple[gr.HTML, gr.HTML]
    ballot: gr.HTML
    live: gr.HTML
    tally: gr.HTML
    history: gr.HTML
    visit: gr.State


def build(page: Page) -> None:
    """Lay out the tab and wire it."""
    form: dict[str, Any] = {}
    with gr.Column(elem_id="ask"):
        form["prompt"] = _prompt(page.labels)
        chip = html(render.chip("", None), elem_id="chip")
        world = html(elem_id="world")
        editor, form["counter"] = _editor(page.labels)
    go, stop, again, share, blind = _controls(page, form)
    notice = html(elem_id="notice")
    panes = _panes(page, form)
    ballot = voting.place()
    _settings(page.labels, form)
    with gr.Row(elem_id="visit"):
        tally = html(render.tally(Visit()), elem_id="tally")
        history = html(render.history(Visit()), elem_id="history", js_on_load=PICK_ROUND)
    live = html(elem_id="live")
    link = gr.Textbox(visible=False)
    visit = gr.State(Visit())
    _wire(page, Widgets(form, chip, world, editor, go, stop, again, share, link, notice, blind, panes, ballot, live,
                        tally, history, visit))  # fmt: skip


# A click on a round tells the server its number.
PICK_ROUND = """
element.addEventListener("click", (event) => {
  const round = event.target.closest("[data-round]");
  if (round) trigger("select", { index: Number(round.dataset.round) });
});
"""


def _prompt(labels: Labels) -> gr.Textbox:
    box = labels.make(
        gr.Textbox,
        lambda t: {"label": t("prompt.label"), "placeholder": t("prompt.placeholder")},
        lines=3,
        max_lines=10,
        elem_id="prompt",
    )
    with gr.Row(elem_id="examples"):
        html(f'<span class="caption">{render.say("examples.label")}</span>', elem_id="examples-label")
        for key, prompt in EXAMPLES.items():
            button = labels.make(gr.Button, _button(key), size="sm", elem_classes="example")
            button.click(None, None, box, js=f"() => {json.dumps(prompt)}")
    return box


def _button(key: str) -> Any:
    return lambda t: {"value": t(key)}


def _editor(labels: Labels) -> tuple[Editor, gr.Dropdown]:
    with (
        labels.make(gr.Accordion, lambda t: {"label": t("edit.title")}, open=False, elem_id="editor"),
        gr.Row(elem_classes="fields"),
    ):
        op = _choice(labels, "edit.op", [(f"edit.op.{op}", op) for op in OPS], "edit-op")
        low = labels.make(
            gr.Number, lambda t: {"label": t("edit.low")}, value=50, precision=0, elem_id="edit-low", min_width=110
        )
        high = labels.make(
            gr.Number,
            lambda t: {"label": t("edit.high")},
            value=60,
            precision=0,
            elem_id="edit-high",
            min_width=110,
            visible=False,
        )
        unit = _choice(labels, "edit.unit", [(f"unit.{unit}", unit) for unit in UNITS], "edit-unit")
        apply = labels.make(gr.Button, _button("edit.apply"), elem_id="apply", min_width=130)
        counters = [("counter.auto", AUTO), *((f"counter.{counter}", counter) for counter in COUNTERS)]
        counter = _choice(labels, "edit.counter", counters, "counter")
    return Editor(op, low, high, unit, apply), counter


def _choice(labels: Labels, key: str, choices: list[tuple[str, str]], name: str) -> gr.Dropdown:
    return labels.make(
        gr.Dropdown,
        lambda t: {"label": t(key), "choices": [(t(text), value) for text, value in choices]},
        value=choices[0][1],
        filterable=False,
        elem_id=name,
        min_width=130,
    )


def _controls(page: Page, form: dict[str, Any]) -> tuple[gr.Button, gr.Button, gr.Button, gr.Button, gr.Checkbox]:
    labels = page.labels
    with gr.Row(elem_id="controls"):
        go = labels.make(gr.Button, _button("go"), variant="primary", elem_id="go", min_width=150)
        stop = labels.make(gr.Button, _button("stop"), elem_id="stop", min_width=80)
        again = labels.make(gr.Button, _button("again"), elem_id="again", min_width=110)
        share = labels.make(gr.Button, _button("share"), elem_id="share", min_width=110)
        with gr.Row(elem_id="aids"):
            html(f'<span class="caption">{render.say("help.label")}</span>', elem_id="help")
            form["guide"] = labels.make(
                gr.Checkbox, lambda t: {"label": t("guide.label")}, elem_id="guide", min_width=90
            )
            form["best"] = labels.make(
                gr.Radio,
                lambda t: {"label": t("best.label")},
                choices=[(str(n), n) for n in BEST_OF],
                value=1,
                elem_id="best",
                min_width=210,
            )
            blind = voting.switch(page)
    return go, stop, again, share, blind


def _panes(page: Page, form: dict[str, Any]) -> tuple[gr.HTML, gr.HTML]:
    start = _default(page)
    panes = []
    with gr.Row(elem_id="panes"):
        for side, name in enumerate(render.SIDES):
            with gr.Column(min_width=300, elem_classes=f"side {name}"):
                form[name] = page.labels.make(
                    gr.Dropdown,
                    _labelled(f"{name}.model"),
                    choices=list(page.names()),
                    value=getattr(start, name),
                    filterable=False,
                    elem_id=f"{name}-model",
                )
                panes.append(html(render.idle_pane(side), elem_id=f"{name}-pane"))
    return panes[0], panes[1]


def _labelled(key: str) -> Any:
    return lambda t: {"label": t(key)}


def _settings(labels: Labels, form: dict[str, Any]) -> None:
    fields = {"temperature": 0.1, "top_p": 0.05, "seed": 1, "tokens": 1}
    keys = {"tokens": "max_tokens"}
    with (
        labels.make(gr.Accordion, _labelled("settings.title"), open=False, elem_id="settings"),
        gr.Row(elem_classes="fields"),
    ):
        for name, step in fields.items():
            form[name] = labels.make(
                gr.Number,
                _described(f"settings.{keys.get(name, name)}"),
                value=getattr(Form(), name),
                step=step,
                precision=0 if step == 1 else None,
                elem_id=name.replace("_", "-"),
                min_width=150,
            )


def _described(key: str) -> Any:
    return lambda t: {"label": t(key), "info": t(f"{key}.info")}


def _default(page: Page) -> Form:
    """The form of a visitor without a link: the base against the first adapter there is."""
    adapters = [name for name in page.names() if name != BASE]
    return Form(right=adapters[0] if adapters else BASE)


def _wire(page: Page, w: Widgets) -> None:
    desk = Desk(page, w)
    form = [w.form[name] for name in NAMES]
    editor = [w.editor.op, w.editor.low, w.editor.high, w.editor.unit]
    prompt = w.form["prompt"]

    # .change, not .input: an input method, a paste and a backspace do not fire .input.
    prompt.change(desk.read, prompt, [w.chip, w.world, *editor], queue=False, **QUIET)
    w.editor.op.change(lambda op: gr.update(visible=op == "range"), w.editor.op, w.editor.high, queue=False, **QUIET)
    w.editor.apply.click(desk.rewrite, [prompt, *editor], [prompt, w.notice], queue=False, **QUIET)

    outputs = [w.notice, *w.panes, w.ballot, w.live, w.tally, w.history, w.visit]
    start = [w.go.click, prompt.submit]
    running = gr.on(
        start,
        desk.compare,
        [w.visit, w.blind, *form],
        outputs,
        trigger_mode="once",
        concurrency_limit=VISITORS,
        **QUIET,
    )
    gr.on(start, None, None, None, js="() => hesui.showPanes()")
    gr.on(start, desk.address, form, w.link, queue=False, **QUIET).then(
        None, w.link, None, js="(q) => hesui.address(q)"
    )
    seed = w.form["seed"]
    w.again.click(None, seed, seed, js="(seed) => hesui.newSeed(seed)").then(
        None, None, None, js="() => hesui.pressGo()"
    )
    # First the cancel, then the words: the stopped generator cannot write over them any more.
    w.stop.click(None, None, None, cancels=[running]).then(
        desk.stopped, w.visit, [w.notice, *w.panes, w.ballot, w.live, w.visit], queue=False, **QUIET
    )
    sides = [w.form[side] for side in render.SIDES]
    w.blind.change(desk.blinded, [w.blind, w.visit], [*sides, w.ballot], queue=False, **QUIET)
    w.ballot.select(desk.vote, w.visit, outputs, trigger_mode="once", **QUIET)
    w.share.click(desk.share, form, [w.link, w.notice], queue=False, **QUIET).then(
        None, w.link, None, js="(q) => hesui.shareLink(q)"
    )
    w.history.select(desk.restore, w.visit, [*form, w.notice, *w.panes, w.ballot, w.visit], queue=False, **QUIET)
    page.blocks.load(desk.arrive, None, form, queue=False, **QUIET)


class Desk:
    """The callbacks. Holds what the tab was built with; a visitor's own things are in the Visit."""

    def __init__(self, page: Page, widgets: Widgets) -> None:
        self._page = page
        self._w = widgets
        self._booth = voting.Booth(page)

    def arrive(self, request: gr.Request) -> list[Any]:
        """Fill in what the link says, and leave everything else as the visitor has it."""
        query = dict(request.query_params)
        form = from_query(query, _default(self._page))
        values = [getattr(form, name) if name in query else gr.skip() for name in NAMES]
        # A model that a link names and that is gone stays a choice: asking it is answered with the names there are.
        choices = list(dict.fromkeys([*self._page.names(), form.left, form.right]))
        for side in render.SIDES:
            values[NAMES.index(side)] = gr.update(choices=choices, value=getattr(form, side))
        return values

    def read(self, prompt: str) -> list[Any]:
        """The chip, the kind word and the editor's fields for what has been typed."""
        if len(prompt) > self._page.settings.max_prompt:
            error = InputError(
                "too long", "error.prompt_too_long", count=len(prompt), limit=self._page.settings.max_prompt
            )
            return [render.problem(error), "", *[gr.skip()] * 4]
        found = parse(prompt)
        odd = restating.unsupported(prompt) if found is None else None
        chip = render.note("chip.unsupported", phrase=odd) if odd else render.chip(prompt, found)
        fields: list[Any] = [gr.skip()] * 4
        if found is not None:
            low, high = restating.numbers(found)
            fields = [found.op, low, gr.skip() if high is None else high, found.unit]
        return [chip, self._kind_word(prompt), *fields]

    def _kind_word(self, prompt: str) -> str:
        from hesui.corpus.world import in_world

        if self._page.settings.base_model != EMBEDDED or not prompt.strip() or in_world(prompt):
            return ""
        return render.note("world.note")

    def rewrite(self, prompt: str, op: Any, low: Any, high: Any, unit: Any) -> list[Any]:
        """Write the editor's demand into the prompt; the chip follows by itself."""
        try:
            wanted = restating.make(op, low, high, unit)
        except InputError as error:
            return [gr.skip(), render.problem(error)]
        found = parse(prompt)
        return [restating.write(prompt, found.span if found else None, wanted), ""]

    def compare(self, visit: Visit, blind: bool, *values: Any) -> Iterator[Updates]:
        """Stream both answers into their panes; closed by Stop and by a tab that goes away."""
        form = Form(*values)
        played = None
        try:
            played = (voting.begin if blind else begin)(form, self._page.settings, list(self._page.names()))
            yield self._frame(visit, played, render.note("status.prepare"))
            shown = voting.shown if blind else openly
            with closing(follow(self._page.answerer, played.requests)) as states:  # type: ignore[type-var]  # has a close
                for played, notice in shown(played, paced(states)):  # noqa: B020  # the round as far as it has come
                    yield self._frame(visit, played, notice)
            # A blind round counts once it has been voted on and its names are known.
            yield self._finish(visit if blind else visit.finished(played), played)
        except Exception as error:
            if not isinstance(error, HesuiError):
                log.exception("a comparison failed")
            yield self._fail(visit, played, error)

    def _frame(self, visit: Visit, played: Round, notice: str) -> Updates:
        left, right = render.panes(played)
        w = self._w
        return {
            w.notice: notice,
            w.panes[0]: left,
            w.panes[1]: right,
            w.ballot: voting.ballot(played),
            w.visit: visit.showing(played),
        }

    def _finish(self, visit: Visit, played: Round) -> Updates:
        w = self._w
        return {
            **self._frame(visit, played, ""),
            w.live: render.spoken(played),
            w.tally: render.tally(visit),
            w.history: render.history(visit),
        }

    def _fail(self, visit: Visit, played: Round | None, error: Exception) -> Updates:
        """The error in words; what was already written stays on the page."""
        problem = render.problem(error)
        if played is None:
            return {self._w.notice: problem}
        return self._frame(visit, replace(played, stopped=True), problem)

    def stopped(self, visit: Visit) -> list[Any]:
        """Say of the answers as far as they came that they were stopped."""
        if visit.shown is None or visit.shown.done:
            return [gr.skip()] * 6
        played = replace(visit.shown, stopped=True)
        return ["", *render.panes(played), voting.ballot(played), render.spoken(played), visit.showing(played)]

    def blinded(self, on: bool, visit: Visit) -> list[Any]:
        """Hide the choice of models while rounds are blind, and say what that means."""
        waiting = voting.ballot(visit.shown)
        return [*[gr.update(visible=not on)] * len(render.SIDES), waiting or voting.hint(on)]

    def vote(self, visit: Visit, event: gr.EventData, request: gr.Request) -> Updates:
        """Take the vote on the blind round on the page, and say who was who."""
        try:
            outcome = self._booth.cast(visit, picked(event), request)
        except Exception as error:
            return {self._w.notice: told(error)}
        return {**self._finish(outcome.visit, outcome.opened), self._w.ballot: voting.thanks(outcome)}

    def address(self, *values: Any) -> str:
        """The query that restores the form; empty where it is too long for one."""
        try:
            return to_query(Form(*values), _default(self._page))
        except InputError:
            return ""

    def share(self, *values: Any) -> list[Any]:
        """The query for the clipboard, and a word about it."""
        query = self.address(*values)
        return [query, render.note("share.copied" if query else "share.too_long")]

    def restore(self, visit: Visit, event: gr.EventData) -> list[Any]:
        """Bring back the round that was picked: form and answers."""
        index = event._data.get("index") if isinstance(event._data, dict) else None
        if not isinstance(index, int) or not 0 <= index < len(visit.rounds):
            return [gr.skip()] * (len(NAMES) + 5)
        played = visit.rounds[index]
        return [
            *(getattr(played.form, name) for name in NAMES),
            "",
            *render.panes(played),
            voting.ballot(played),
            visit.showing(played),
        ]
