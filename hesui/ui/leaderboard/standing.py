"""The board itself: a sentence, filters, the table. Knows neither charts nor answers.

The table comes in two steps: the figures at once, then how rows stand to their bases, which takes longer.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import gradio as gr

from hesui.evaluate.board import PromptSet
from hesui.evaluate.config import DECODINGS
from hesui.evaluate.measures import LANGUAGES, OPS
from hesui.evaluate.scores import BUCKETS
from hesui.length import COUNTERS, DEFAULT_COUNTER
from hesui.ui import parts
from hesui.ui.labels import Labels
from hesui.ui.leaderboard import table
from hesui.ui.leaderboard.room import Room, Widgets, key_of, session_of
from hesui.ui.page import html
from hesui.ui.render import say
from hesui.ui.room import QUIET, Updates, says, unchecked

TABLE = 'hesui.leaderboard.table(element, trigger); hesui.poll(element, () => trigger("tick"));'
TOOLS = "hesui.leaderboard.tools(element);"
AT_ONCE = 2  # boards that are compared with their bases at the same time


class Shown(NamedTuple):
    """What a page shows, so that it is sent only what is new to it."""

    key: str = ""
    whole: bool = False  # with how rows stand to their bases
    sets: tuple[tuple[str, str], ...] = ()  # names and ids
    tasks: tuple[str, ...] = ()


class Places(NamedTuple):
    """Where the board stands on the page."""

    sentence: gr.HTML
    table: gr.HTML
    notice: gr.HTML
    shown: gr.State


def head(labels: Labels) -> tuple[gr.HTML, Widgets]:
    """Lay out the sentence and the filters."""
    html(f"<h2>{say('lb.title')}</h2>{parts.hint('lb.hint')}", elem_id="lb-title")
    sentence = html(elem_id="lb-sentence")

    def several(name: str, choices: Callable[[Callable[[str], str]], list[tuple[str, str]]]) -> gr.Dropdown:
        return unchecked(
            labels.make(
                gr.Dropdown, lambda t: {"label": t(f"lb.{name}"), "choices": choices(t)}, value=[], multiselect=True,
                filterable=False, elem_id=f"lb-{name}", min_width=130,
            )
        )  # fmt: skip

    with gr.Row(elem_classes=["fields", "lb-filters"], elem_id="lb-filters"):
        sets = unchecked(
            labels.make(gr.Dropdown, says("lb.set"), choices=[], value=None, filterable=False, elem_id="lb-set",
                        min_width=220)
        )  # fmt: skip
        counter = unchecked(
            labels.make(
                gr.Dropdown,
                lambda t: {"label": t("lb.counter"), "choices": [(t(f"counter.{one}"), one) for one in COUNTERS]},
                value=DEFAULT_COUNTER, filterable=False, elem_id="lb-counter", min_width=150,
            )
        )  # fmt: skip
        ops = several("ops", lambda t: [(t(f"lb.op.{one}"), one) for one in OPS])
        tasks = unchecked(  # filled later: a switch of language must not empty it
            labels.make(gr.Dropdown, says("lb.tasks"), choices=[], value=[], multiselect=True, filterable=False,
                        elem_id="lb-tasks", min_width=130)
        )  # fmt: skip
        buckets = several("buckets", lambda t: [(_bucket(at), str(at)) for at in range(len(BUCKETS) + 1)])
        decodings = several("decodings", lambda t: [(t(f"mode.{one}"), one) for one in DECODINGS])
        languages = several("languages", lambda t: [(t(f"lb.language.{one}"), one) for one in LANGUAGES])
    return sentence, Widgets(sets, counter, ops, tasks, buckets, decodings, languages)


def body(sentence: gr.HTML) -> Places:
    """Lay out the table."""
    html(table.chooser(), elem_id="lb-tools", js_on_load=TOOLS)
    notice = html(elem_id="lb-notice", elem_classes="notice")
    listed = html(f'<p class="hint">{say("status.prepare")}</p>', elem_id="lb-table", js_on_load=TABLE)
    return Places(sentence, listed, notice, gr.State(Shown()))


def wire(room: Room, places: Places) -> Any:
    """Wire the board; gives the event after which it is whole."""
    desk = Desk(room, places)
    widgets = room.widgets
    seen = [places.sentence, places.table, places.notice, places.shown, widgets.set, widgets.tasks]
    changed = [places.table.tick, *(widget.change for widget in widgets)]
    looked = gr.on(changed, desk.look, [places.shown, *room.filters], seen, trigger_mode="always_last", **QUIET)
    return looked.then(
        desk.compare, [places.shown, *room.filters], [places.sentence, places.table, places.notice, places.shown],
        concurrency_limit=AT_ONCE, **QUIET,
    )  # fmt: skip


class Desk:
    """The callbacks."""

    def __init__(self, room: Room, places: Places) -> None:
        self._room = room
        self._places = places

    def look(self, request: gr.Request, shown: Shown, *filters: Any) -> Updates:
        """The board as the filters ask for it; only what is new."""
        return self._room.look(self._places.notice, lambda: self._looked(session_of(request), shown, filters))

    def compare(self, request: gr.Request, shown: Shown, *filters: Any) -> Updates:
        """The same board with how rows stand to their bases, where that is still to come."""

        def compared() -> Updates:
            asked = None if shown.whole else self._room.asked(*filters)
            if asked is None or key_of(asked) != shown.key:
                return {}
            rows = self._room.whole_rows(asked, session_of(request), shown.key)
            if rows is None:
                return {}
            told = {self._places.sentence: table.sentence(*asked, rows), self._places.table: table.table(rows)}
            return {**told, self._places.shown: shown._replace(whole=True)}

        return self._room.look(self._places.notice, compared)

    def _looked(self, session: str, shown: Shown, filters: tuple[Any, ...]) -> Updates:
        places = self._places
        asked = self._room.asked(*filters)
        if asked is None:
            empty = shown.key == "none"
            return (
                {}
                if empty
                else {places.table: table.none_yet(), places.sentence: "", places.shown: Shown("none", True)}
            )
        key = key_of(asked)
        self._room.remember(session, key)
        offered = self._offered(shown, asked.found, filters)
        if key == shown.key:
            return offered
        rows, whole = self._room.rows(asked)
        now = Shown(key, whole, *_choices(self._room.sets().values(), asked.found))
        told = {places.sentence: table.sentence(*asked, rows), places.table: table.table(rows, whole)}
        return {**offered, **told, places.shown: now}

    def _offered(self, shown: Shown, found: PromptSet, filters: tuple[Any, ...]) -> Updates:
        """What can be chosen, where that has changed; what is chosen stays where it can."""
        sets, tasks = _choices(self._room.sets().values(), found)
        widgets = self._room.widgets
        offered: Updates = {}
        if sets != shown.sets:
            chosen = filters[0] if filters[0] in {id for _, id in sets} else found.id
            offered[widgets.set] = gr.update(choices=list(sets), value=chosen)
        if tasks != shown.tasks:
            offered[widgets.tasks] = gr.update(choices=[(self._task(one), one) for one in tasks])
        return offered | ({self._places.shown: shown._replace(sets=sets, tasks=tasks)} if offered else {})

    def _task(self, id: str) -> str:
        """A class's name; widgets that are filled later speak one language, so both are told."""
        known = self._room.named.get(id)
        return f"{known.name.zh} {known.name.en}" if known else id


def _choices(sets: Any, found: PromptSet) -> tuple[tuple[tuple[str, str], ...], tuple[str, ...]]:
    return tuple((f"{one.name} · {one.prompts:,}", one.id) for one in sets), tuple(found.tasks)


def _bucket(at: int) -> str:
    """A bucket of N as numbers."""
    low = BUCKETS[at - 1] + 1 if at else 1
    return f"{low}–{BUCKETS[at]}" if at < len(BUCKETS) else f"{low}+"
