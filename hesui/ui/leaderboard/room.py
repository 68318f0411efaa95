"""What the sections of the leaderboard share: the board, the filters on it, rows that were computed before.

Lays out nothing. What is remembered here is of boards, and of a visitor only which filters came last.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from threading import Lock
from typing import Any, NamedTuple

import gradio as gr

from hesui.errors import InputError
from hesui.evaluate import jobs
from hesui.evaluate.board import Board, PromptSet
from hesui.evaluate.config import DECODINGS
from hesui.evaluate.drill import Texts
from hesui.evaluate.measures import LANGUAGES, OPS
from hesui.evaluate.scores import BUCKETS
from hesui.evaluate.standings import Standing, standings, with_gaps
from hesui.evaluate.views import Filters
from hesui.length import COUNTERS, DEFAULT_COUNTER
from hesui.ui import room
from hesui.ui.page import Page

TOGETHER = 50  # rows that are compared with their bases before a look whether that is still wanted
KEPT = 64  # filters whose rows are kept
VISITORS = 500  # whose last filters are known


class Widgets(NamedTuple):
    """What of the board is looked at: a set of prompts, and filters. The order is that of `Room.asked`."""

    set: gr.Dropdown
    counter: gr.Dropdown
    ops: gr.Dropdown
    tasks: gr.Dropdown
    buckets: gr.Dropdown
    decodings: gr.Dropdown
    languages: gr.Dropdown


class Asked(NamedTuple):
    """A board as a page asked for it."""

    found: PromptSet
    filters: Filters


class Room(room.Room):
    """The Leaderboard tab under construction, and afterwards what its callbacks need."""

    def __init__(self, page: Page, widgets: Widgets, tabs: gr.Tabs, where: gr.State) -> None:
        super().__init__(page)
        self.widgets = widgets
        self.tabs = tabs
        self.where = where  # the title of the section that is looked at
        self.board = Board(page.settings)
        self.texts = Texts()
        self._rows = Rows()
        self._last = Last()
        self.tend = room.Tending(lambda: jobs.tend(self.settings))

    @property
    def filters(self) -> list[gr.Dropdown]:
        """The widgets whose values `asked` takes."""
        return list(self.widgets)

    def sets(self) -> Mapping[str, PromptSet]:
        """The sets of prompts there are, the one that was answered last first."""
        return self.board.refresh()

    def asked(self, *values: Any) -> Asked | None:
        """The board that a page asks for; None where nothing was measured. What is not known is not filtered by."""
        given = dict(zip(Widgets._fields, values, strict=True))
        sets = self.sets()
        found = sets.get(str(given["set"])) or next(iter(sets.values()), None)
        return None if found is None else Asked(found, filters_of(given, found))

    def require(self, *values: Any) -> Asked:
        """As `asked`. Raises InputError where nothing was measured."""
        found = self.asked(*values)
        if found is None:
            raise InputError("nothing was measured yet; start an evaluation first", "lb.nothing")
        return found

    def rows(self, asked: Asked) -> tuple[list[Standing], bool]:
        """The rows, and whether they say already how they stand to their bases."""
        return self._rows.of(asked)

    def whole_rows(self, asked: Asked, session: str = "", key: str = "") -> list[Standing] | None:
        """The rows with how they stand to their bases; None once the visitor has asked for something else."""
        rows, whole = self._rows.of(asked)
        if whole:
            return rows
        found: list[Standing] = []
        for start in range(0, len(rows), TOGETHER):
            if key and self._last.of(session) != key:
                return None
            found += with_gaps(*asked, rows[start : start + TOGETHER])
        self._rows.keep(asked, found)
        return found

    def remember(self, session: str, key: str) -> None:
        """What a visitor asked for last: work on anything earlier ends."""
        self._last.put(session, key)


class Rows:
    """Rows that were computed, by what was asked; a set that has changed is another one."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._known: OrderedDict[tuple[int, Filters], tuple[Asked, list[Standing], bool]] = OrderedDict()

    def of(self, asked: Asked) -> tuple[list[Standing], bool]:
        """The rows, and whether they are whole; computed where they are not known."""
        with self._lock:
            known = self._known.get((id(asked.found), asked.filters))
            if known is not None and known[0].found is asked.found:
                return known[1], known[2]
        rows = standings(*asked, gaps=False)
        self.keep(asked, rows, whole=False)
        return rows, False

    def keep(self, asked: Asked, rows: list[Standing], whole: bool = True) -> None:
        """Remember rows; the set is held too, so that nothing else takes its identity."""
        with self._lock:
            key = (id(asked.found), asked.filters)
            self._known.pop(key, None)
            self._known[key] = (asked, rows, whole)
            while len(self._known) > KEPT:
                self._known.popitem(last=False)


class Last:
    """What each visitor asked for last."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._known: OrderedDict[str, str] = OrderedDict()

    def of(self, session: str) -> str | None:
        """What it was."""
        return self._known.get(session)

    def put(self, session: str, key: str) -> None:
        """It is this now."""
        with self._lock:
            self._known.pop(session, None)
            self._known[session] = key
            while len(self._known) > VISITORS:
                self._known.popitem(last=False)


def filters_of(given: Mapping[str, Any], found: PromptSet) -> Filters:
    """Filters from what widgets hold; a value that is not known is passed over."""
    counter = given.get("counter")
    buckets = [int(one) for one in _known(given.get("buckets"), [str(at) for at in range(len(BUCKETS) + 1)])]
    return Filters(
        counter=counter if counter in COUNTERS else DEFAULT_COUNTER,
        ops=tuple(_known(given.get("ops"), OPS)),
        tasks=tuple(_known(given.get("tasks"), found.tasks)),
        buckets=tuple(buckets),
        languages=tuple(_known(given.get("languages"), LANGUAGES)),
        decodings=tuple(_known(given.get("decodings"), DECODINGS)),
    )


def _known(values: Any, known: Sequence[Any]) -> list[Any]:
    """Of `values` those that are known, in the known order."""
    wanted = values if isinstance(values, list) else []
    return [one for one in known if one in wanted]


def key_of(asked: Asked) -> str:
    """What distinguishes one board from another."""
    systems = [(one.evaluation, one.number) for one in asked.found.systems]
    return str(hash((asked.found.id, tuple(systems), asked.filters)))


def session_of(request: gr.Request) -> str:
    """The visitor's page."""
    return str(getattr(request, "session_hash", "") or "")
