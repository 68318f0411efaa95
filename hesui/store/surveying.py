"""Looking over the review queue: progress, pages of items, what was decided by whom. Changes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, case, exists, func, or_, select

from hesui.store.database import Database
from hesui.store.queueing import read_event, read_item
from hesui.store.reviewing import DECISIONS, Entry, Kind, Reviewed, State
from hesui.store.tables import review_bands as bands
from hesui.store.tables import review_events as events
from hesui.store.tables import review_items as items
from hesui.store.tables import review_names as names

PAGE = 500  # items that one query fetches where many are wanted


@dataclass(frozen=True, slots=True)
class Filter:
    """Which items are meant; an empty field leaves the choice open."""

    task: str = ""
    state: str = ""
    verdict: str = ""  # accept, edit, reject or a label's id
    reviewer: str = ""  # who decided on it
    search: str = ""  # occurs in the prompt, the answer or the edited answer
    source: str = ""
    kind: str = ""


class Progress(NamedTuple):
    """How far the queue is, and one reviewer's share."""

    states: Mapping[State, int]  # items by state
    second: int  # of the open ones: those that wait for a further reviewer
    mine: int  # decisions of the reviewer that stand, skips left out
    today: int  # of these, those since the day began

    @property
    def left(self) -> int:
        """Items that are not decided yet."""
        return self.states.get("open", 0)

    @property
    def decided(self) -> int:
        """Items that reviewers or an owner have settled."""
        return sum(self.states.get(state, 0) for state in ("accepted", "edited", "rejected", "labelled"))


class Twin(NamedTuple):
    """A text that stands accepted."""

    id: str
    text: str


class ReviewSurvey:
    """The questions an owner, an export and the page ask."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def progress(self, reviewer: str = "", since: float = 0.0) -> Progress:
        """How far everything is; `since` is when the reviewer's day began, in seconds since 1970."""
        by_state = select(items.c.state, func.count()).group_by(items.c.state)
        second = select(func.count()).select_from(items).where(items.c.state == "open", items.c.done > 0)
        with self._database.reading() as connection:
            states = {row[0]: row[1] for row in connection.execute(by_state)}
            waiting = connection.execute(second).scalar_one()
            mine, today = connection.execute(_standing_by(reviewer, since)).one() if reviewer else (0, 0)
        return Progress(states, waiting, mine, today or 0)

    def counts(self) -> dict[tuple[str, str], int]:
        """Items by class and state."""
        query = select(items.c.task, items.c.state, func.count()).group_by(items.c.task, items.c.state)
        with self._database.reading() as connection:
            return {(row[0], row[1]): row[2] for row in connection.execute(query)}

    def sources(self) -> dict[str, int]:
        """Items by where they come from."""
        with self._database.reading() as connection:
            found = connection.execute(select(items.c.source, func.count()).group_by(items.c.source))
            return {row[0]: row[1] for row in found}

    def reviewers(self) -> list[str]:
        """Everybody who has decided on something, in the order of their names."""
        query = select(events.c.reviewer).where(events.c.action.in_(DECISIONS)).distinct()
        with self._database.reading() as connection:
            return sorted(connection.execute(query).scalars())

    def pseudonyms(self) -> dict[str, str]:
        """The name of each reviewer in data sets."""
        with self._database.reading() as connection:
            return {row.reviewer: row.pseudonym for row in connection.execute(select(names))}

    def page(self, wanted: Filter, offset: int = 0, limit: int = 20) -> tuple[int, list[Reviewed]]:
        """How many items there are, and one screen of them with all that was done to them: the latest decided first,
        the others in the order they came."""
        condition = _matching(wanted)
        order = (items.c.decided.is_(None), items.c.decided.desc(), items.c.number)
        query = select(items).where(*condition).order_by(*order).offset(offset).limit(limit)
        with self._database.reading() as connection:
            total = connection.execute(select(func.count()).select_from(items).where(*condition)).scalar_one()
            return total, _with_events(connection, connection.execute(query).all())

    def ids(self, wanted: Filter) -> list[str]:
        """The ids of all items that are meant."""
        with self._database.reading() as connection:
            return list(
                connection.execute(select(items.c.id).where(*_matching(wanted)).order_by(items.c.number)).scalars()
            )

    def reviewed(self, id: str) -> Reviewed | None:
        """One item with all that was done to it."""
        with self._database.reading() as connection:
            found = connection.execute(select(items).where(items.c.id == id)).all()
            return next(iter(_with_events(connection, found)), None)

    def all_reviewed(self, *, kind: Kind | None = None, touched: bool = True) -> Iterator[Reviewed]:
        """Items with all that was done to them, those of one prompt together, read page by page.

        With `touched`, only those on which something was decided.
        """
        after = ("", 0)
        while page := self._reviewed_page(after, kind, touched):
            yield from page
            after = (page[-1].entry.item.prompt_id, page[-1].entry.item.number)

    def twins(self, found: Sequence[str], besides: str) -> list[Twin]:
        """Texts that stand accepted and share a fingerprint with `found`, but for the item `besides`."""
        text = func.coalesce(items.c.result, items.c.text).label("text")
        query = (
            select(items.c.id, text)
            .join(bands, bands.c.item == items.c.number)
            .where(bands.c.band.in_(found), items.c.id != besides)
            .distinct()
        )
        with self._database.reading() as connection:
            return [Twin(row.id, row.text) for row in connection.execute(query)]

    def _reviewed_page(self, after: tuple[str, int], kind: str | None, touched: bool) -> list[Reviewed]:
        prompt, number = after
        query = select(items).where(
            or_(items.c.prompt_id > prompt, (items.c.prompt_id == prompt) & (items.c.number > number))
        )
        if kind is not None:
            query = query.where(items.c.kind == kind)
        if touched:
            query = query.where(items.c.decided.is_not(None))
        with self._database.reading() as connection:
            page = query.order_by(items.c.prompt_id, items.c.number).limit(PAGE)
            return _with_events(connection, connection.execute(page).all())


def _with_events(connection: Connection, found: Sequence[Any]) -> list[Reviewed]:
    """The items in rows of the table, in their order, with all that was done to them."""
    told = select(events).where(events.c.item.in_([row.number for row in found]))
    made = [read_event(row) for row in connection.execute(told.order_by(events.c.item, events.c.number))]
    by_item = {item: tuple(some) for item, some in groupby(made, key=lambda event: event.item)}
    return [Reviewed(_entry(row), by_item.get(row.number, ())) for row in found]


def _standing_by(reviewer: str, since: float) -> Select[int, Any]:
    """How many decisions of a reviewer stand, and how many of these were made since a time."""
    taken_back = events.alias()
    today = func.sum(case((events.c.created >= since, 1), else_=0))
    return select(func.count(), today).where(
        events.c.reviewer == reviewer,
        events.c.action.in_(DECISIONS),
        ~exists().where(taken_back.c.undoes == events.c.number),
    )


def _matching(wanted: Filter) -> list[ColumnElement[bool]]:
    condition: list[ColumnElement[bool]] = [
        getattr(items.c, name) == value
        for name in ("task", "state", "verdict", "source", "kind")
        if (value := getattr(wanted, name))
    ]
    if wanted.reviewer:
        condition.append(exists().where(events.c.item == items.c.number, *_decided_by(wanted.reviewer)))
    if wanted.search.strip():
        condition.append(_mentions(wanted.search.strip()))
    return condition


def _decided_by(reviewer: str) -> Sequence[ColumnElement[bool]]:
    return events.c.reviewer == reviewer, events.c.action.in_([*DECISIONS, "adjudicate"])


def _mentions(words: str) -> ColumnElement[bool]:
    """Whether any text of the item holds `words`; the prompt lies within the row's JSON."""
    prompt = items.c.row["prompt"].as_string()
    texts = (items.c.text, items.c.result, prompt)
    return or_(*(text.icontains(words, autoescape=True) for text in texts))


def _entry(row: Any) -> Entry:
    return Entry(read_item(row), row.state, row.verdict, row.result, row.done, row.decided)
