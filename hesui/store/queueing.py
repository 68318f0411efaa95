"""The review queue: who gets which item, and what was decided, each call one transaction.

Decisions are events that are only ever added; the columns by which open items are found follow from them. Two
processes, two browsers and a request sent twice come to one decision: an item is leased to one reviewer, and the key
of a decision makes it count once. Knows nothing of what a good answer is, of pages or of exports.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from itertools import islice
from secrets import token_hex
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, delete, exists, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from hesui.errors import InputError
from hesui.store.database import Database
from hesui.store.reviewing import DECISIONS, Action, Event, Item, Outcome, derive
from hesui.store.tables import review_bands as bands
from hesui.store.tables import review_events as events
from hesui.store.tables import review_facts as facts
from hesui.store.tables import review_items as items
from hesui.store.tables import review_names as names
from hesui.store.tables import review_touched as touched

LEASE = 600.0  # seconds that an item stays with a reviewer who does not come back
UNDO = 20  # decisions that a reviewer may take back, the latest first
BATCH = 500  # rows that one statement adds
STANDING = ("accepted", "edited")  # states in which a text stands accepted

Bands = Callable[[str], Sequence[str]]  # fingerprints of a text, some of them equal for nearly equal texts


@dataclass(frozen=True, slots=True)
class Claim:
    """An item on lease to a reviewer."""

    item: Item
    until: float  # seconds since 1970; 0 for a gold item, which everybody may have at once


@dataclass(frozen=True, slots=True)
class Decision:
    """What a reviewer, or an owner who rules, wants done to an item."""

    action: Action  # accept, reject, edit, label or skip
    choice: str = ""  # a label's id; else the action itself
    reason: str = ""
    note: str = ""
    text: str | None = None  # of an edit
    seconds: float = 0.0
    peeked: bool = False
    key: str = ""  # the same key again changes nothing


class ReviewQueue:
    """Claims, leases, decisions, undo, rulings."""

    def __init__(self, database: Database, bands: Bands = lambda text: (), lease: float = LEASE) -> None:
        """`bands` fingerprints the texts that stand accepted, so that their near-duplicates are found."""
        self._database = database
        self._bands = bands
        self._lease = lease

    # Items

    def add(self, new: Iterable[Item]) -> int:
        """Add the items that are not there yet; how many were new."""
        added = sum(self._add(batch) for batch in _batched(new))
        if added >= BATCH:  # a planner that still thinks the table small would read all of it at each claim
            with self._database.writing() as connection:
                connection.exec_driver_sql("ANALYZE review_items")
        return added

    def remove(self, source: str) -> int:
        """Remove every item that came from `source`, with its events; how many there were."""
        with self._database.writing() as connection:
            return connection.execute(delete(items).where(items.c.source == source)).rowcount

    def fact(self, name: str) -> str | None:
        """What the queue remembers under `name`."""
        with self._database.reading() as connection:
            return connection.execute(select(facts.c.value).where(facts.c.name == name)).scalar_one_or_none()

    def remember(self, name: str, value: str) -> bool:
        """Remember `value` under `name`; False where something was remembered there before."""
        try:
            with self._database.writing() as connection:
                connection.execute(insert(facts).values(name=name, value=value))
        except IntegrityError:
            return False
        return True

    def _add(self, batch: Sequence[Item]) -> int:
        unique = {item.id: item for item in batch}
        with self._database.writing() as connection:
            known = set(connection.execute(select(items.c.id).where(items.c.id.in_(unique))).scalars())
            fresh = [_columns(item) for id, item in unique.items() if id not in known]
            if fresh:
                connection.execute(insert(items), fresh)
            return len(fresh)

    # Claims

    def claim(
        self, reviewer: str, want: int = 1, *, lanes: Sequence[str] | None = None, gold: bool = False
    ) -> list[Claim]:
        """Up to `want` items for a reviewer: those already on lease to them, then the next ones; fewer at the end.

        `lanes` (see `lane`) narrows the choice. With `gold`, one of the new items is a gold one where there is one
        left. Nobody gets an item twice, or one that somebody else has on lease.
        """
        with self._database.writing() as connection:
            _enrol(connection, reviewer)
            now = time.time()
            held = _held(connection, reviewer, lanes, now)[:want]
            self._extend(connection, [item.number for item in held], now)
            claims = [Claim(item, now + self._lease) for item in held]
            if gold and len(claims) < want and (known := _next_gold(connection, reviewer, lanes)):
                claims.append(Claim(known, 0.0))
            while len(claims) < want and (item := _next(connection, reviewer, lanes, now)):
                self._lend(connection, item.number, reviewer, now)
                claims.append(Claim(item, now + self._lease))
            return claims

    def beat(self, reviewer: str, ids: Sequence[str]) -> list[str]:
        """Extend the leases on these items; the ids of those that the reviewer still has."""
        with self._database.writing() as connection:
            mine = or_(items.c.holder == reviewer, items.c.state == "gold")
            found = connection.execute(select(items.c.number, items.c.id).where(items.c.id.in_(ids), mine)).all()
            self._extend(connection, [row.number for row in found], time.time())
            return [row.id for row in found]

    def release(self, reviewer: str, ids: Sequence[str]) -> None:
        """Give items back, so that others get them at once."""
        with self._database.writing() as connection:
            mine = (items.c.id.in_(ids), items.c.holder == reviewer)
            connection.execute(update(items).where(*mine).values(holder=None, lease_until=0.0))

    def _extend(self, connection: Connection, numbers: Sequence[int], now: float) -> None:
        if numbers:
            lent = (items.c.number.in_(numbers), items.c.holder.is_not(None))
            connection.execute(update(items).where(*lent).values(lease_until=now + self._lease))

    def _lend(self, connection: Connection, number: int, reviewer: str, now: float) -> None:
        lent = {"holder": reviewer, "lease_until": now + self._lease}
        connection.execute(update(items).where(items.c.number == number).values(lent))

    # Decisions

    def decide(self, reviewer: str, id: str, decision: Decision) -> Event:
        """Record what a reviewer decided; the event, or the one that the same key or reviewer made on it before.

        Raises InputError where the item is gone, is decided, or is with somebody else by now: nothing is recorded.
        """
        with self._database.writing() as connection:
            _enrol(connection, reviewer)
            place = _locked(connection, items.c.id == id)
            if before := _by_key(connection, reviewer, decision.key) or _decided_by(place, reviewer):
                return before
            _require_free(place, reviewer)
            return self._record(connection, place, _event(place.item, reviewer, decision))

    def undo(self, reviewer: str, key: str) -> tuple[Item, Event] | None:
        """Take back the reviewer's latest decision or skip that still stands; the item, on lease again, and the event
        that was taken back. The same key again takes nothing more back.

        None where none of the last UNDO is left. Raises InputError where an owner has ruled on the item since.
        """
        with self._database.writing() as connection:
            _enrol(connection, reviewer)
            sent = _by_key(connection, reviewer, key)
            taken = _event_of(connection, sent.undoes) if sent else _last_standing(connection, reviewer)
            if taken is None:
                return None
            place = _locked(connection, items.c.number == taken.item)
            if sent is None:
                _require_unruled(place)
                undone = Event(taken.item, "undo", reviewer, undoes=taken.number, text_hash=taken.text_hash, key=key)
                self._record(connection, place, undone)
            if place.item.gold is None and place.free_for(reviewer):
                self._lend(connection, taken.item, reviewer, time.time())
            return place.item, taken

    def rule(self, owner: str, id: str, decision: Decision) -> Event:
        """An owner's verdict, which goes before all decisions."""
        with self._database.writing() as connection:
            return self._rule(connection, owner, id, decision)

    def rule_all(self, owner: str, ids: Sequence[str], decision: Decision) -> int:
        """The same verdict on many items, on all or none of them; how many there were."""
        with self._database.writing() as connection:
            for id in ids:
                self._rule(connection, owner, id, replace(decision, key=_hash(f"{decision.key}:{id}")))
        return len(ids)

    def reopen(self, owner: str, id: str, key: str) -> None:
        """Let an item be decided anew, by anybody; what was decided stays in the record."""
        with self._database.writing() as connection:
            _enrol(connection, owner)
            place = _locked(connection, items.c.id == id)
            if _by_key(connection, owner, key) is None:
                opened = Event(place.item.number, "reopen", owner, text_hash=_hash(place.item.text), key=key)
                self._record(connection, place, opened)

    def set_gold(self, id: str, verdict: str | None) -> None:
        """Make an item a gold one with a known verdict, or (None) an ordinary one."""
        with self._database.writing() as connection:
            place = _locked(connection, items.c.id == id)
            connection.execute(update(items).where(items.c.number == place.item.number).values(gold=verdict))
            self._settle(connection, replace(place.item, gold=verdict), place.events)

    def settle_all(self) -> int:
        """Derive every item's state from its events anew; how many stood otherwise. Nothing should."""
        with self._database.writing() as connection:
            wrong = 0
            for number in connection.execute(select(items.c.number)).scalars().all():
                place = _locked(connection, items.c.number == number)
                outcome = derive(place.events, place.item.required, gold=place.item.gold is not None)
                if (place.state, place.verdict, place.result) != outcome[:3]:
                    wrong += 1
                    self._settle(connection, place.item, place.events)
            return wrong

    def _rule(self, connection: Connection, owner: str, id: str, decision: Decision) -> Event:
        _enrol(connection, owner)
        place = _locked(connection, items.c.id == id)
        if before := _by_key(connection, owner, decision.key):
            return before
        return self._record(connection, place, replace(_event(place.item, owner, decision), action="adjudicate"))

    def _record(self, connection: Connection, place: Place, event: Event) -> Event:
        stamped = replace(event, created=time.time())
        record = {name: value for name, value in asdict(stamped).items() if name != "number"}
        number = connection.execute(insert(events).values(record).returning(events.c.number)).scalar_one()
        made = replace(stamped, number=number)
        self._settle(connection, place.item, (*place.events, made), lent=not place.free_for(event.reviewer))
        return made

    def _settle(self, connection: Connection, item: Item, since: Sequence[Event], *, lent: bool = False) -> None:
        """Bring everything that follows from an item's events up to date, and end its lease.

        One that is `lent` to somebody else than the event's author stays with them while it is open.
        """
        outcome = derive(since, item.required, gold=item.gold is not None)
        lease = {} if lent and outcome.state == "open" else {"holder": None, "lease_until": 0.0}
        connection.execute(
            update(items)
            .where(items.c.number == item.number)
            .values(
                state=outcome.state,
                verdict=outcome.verdict,
                result=outcome.text,
                done=outcome.done,
                barred=min(outcome.touched, default=""),
                decided=max((event.created for event in outcome.live), default=None),
                **lease,
            )
        )
        _touch(connection, item.number, outcome.touched)
        self._fingerprint(connection, item, outcome)

    def _fingerprint(self, connection: Connection, item: Item, outcome: Outcome) -> None:
        connection.execute(delete(bands).where(bands.c.item == item.number))
        if item.kind == "answer" and outcome.state in STANDING:
            found = dict.fromkeys(self._bands(item.text if outcome.text is None else outcome.text))
            if found:
                connection.execute(insert(bands), [{"band": band, "item": item.number} for band in found])


@dataclass(frozen=True, slots=True)
class Place:
    """An item in the queue as a transaction found and holds it."""

    item: Item
    state: str
    verdict: str
    result: str | None
    holder: str | None
    until: float  # seconds since 1970
    events: tuple[Event, ...]  # the oldest first

    def free_for(self, reviewer: str) -> bool:
        """Whether nobody else has it on lease."""
        return self.holder in (None, reviewer) or self.until < time.time()


def lane(task: str, language: str) -> str:
    """The name under which items of one class and language are claimed."""
    return f"{task}:{language}"


def read_item(row: Any) -> Item:
    """The item in a row of the table."""
    return Item(**{name: row._mapping[name] for name in Item.__dataclass_fields__})


def read_event(row: Any) -> Event:
    """The event in a row of the table."""
    return Event(**{name: row._mapping[name] for name in Event.__dataclass_fields__})


def _batched(new: Iterable[Item]) -> Iterator[list[Item]]:
    source = iter(new)
    while batch := list(islice(source, BATCH)):
        yield batch


def _columns(item: Item) -> dict[str, Any]:
    record = {name: getattr(item, name) for name in Item.__dataclass_fields__ if name != "number"}
    return record | {
        "row": dict(item.row),
        "lane": lane(item.task, item.language),
        "created": time.time(),
        "state": "open" if item.gold is None else "gold",
        "verdict": "",
        "done": 0,
        "barred": "",
        "holder": None,
        "lease_until": 0.0,
    }


def _enrol(connection: Connection, reviewer: str) -> None:
    """Give a reviewer a pseudonym at the first sight, and let no second request of theirs run meanwhile."""
    mine = select(names.c.reviewer).where(names.c.reviewer == reviewer).with_for_update()
    if connection.execute(mine).one_or_none() is None:
        try:
            with connection.begin_nested():
                connection.execute(insert(names).values(reviewer=reviewer, pseudonym=f"r{token_hex(5)}"))
        except IntegrityError:  # another process was quicker
            connection.execute(mine)


def _each_lane(query: Select[Any], lanes: Sequence[str] | None) -> list[Select[Any]]:
    """`query`, or one for each lane, so that each is answered from the index."""
    return [query] if lanes is None else [query.where(items.c.lane == one) for one in lanes]


def _first(connection: Connection, query: Select[Any], lanes: Sequence[str] | None) -> Item | None:
    """The item that comes first among those that `query` finds."""
    ordered = query.order_by(items.c.barred, items.c.priority, items.c.number).limit(1)
    found = [row for one in _each_lane(ordered, lanes) for row in connection.execute(one)]
    return read_item(min(found, key=lambda row: (row.priority, row.number))) if found else None


def _held(connection: Connection, reviewer: str, lanes: Sequence[str] | None, now: float) -> list[Item]:
    query = select(items).where(items.c.holder == reviewer, items.c.lease_until > now, items.c.state == "open")
    if lanes is not None:
        query = query.where(items.c.lane.in_(lanes))
    return [read_item(row) for row in connection.execute(query.order_by(items.c.priority, items.c.number))]


def _next(connection: Connection, reviewer: str, lanes: Sequence[str] | None, now: float) -> Item | None:
    """The next open item: one that somebody else has touched, so that pairs of decisions come soon, else a fresh one.

    Items that wait for somebody else are passed over by seeking on either side of the reviewer's own name, so that a
    long list of them costs nothing.
    """
    above, below = items.c.barred > reviewer, and_(items.c.barred > "", items.c.barred < reviewer)
    for pool in (above, below, items.c.barred == ""):
        query = select(items).where(items.c.state == "open", pool, items.c.lease_until < now, _untouched(reviewer))
        if item := _first(connection, query.with_for_update(skip_locked=True), lanes):
            return item
    return None


def _next_gold(connection: Connection, reviewer: str, lanes: Sequence[str] | None) -> Item | None:
    return _first(connection, select(items).where(items.c.state == "gold", _untouched(reviewer)), lanes)


def _untouched(reviewer: str) -> ColumnElement[bool]:
    return ~exists().where(touched.c.item == items.c.number, touched.c.reviewer == reviewer)


def _locked(connection: Connection, which: ColumnElement[bool]) -> Place:
    row = connection.execute(select(items).where(which).with_for_update()).one_or_none()
    if row is None:
        raise InputError("this item is not there any more; go on with the next", "error.review_gone")
    told = select(events).where(events.c.item == row.number).order_by(events.c.number)
    found = tuple(read_event(one) for one in connection.execute(told))
    return Place(read_item(row), row.state, row.verdict, row.result, row.holder, row.lease_until, found)


def _require_free(place: Place, reviewer: str) -> None:
    if place.state not in ("open", "gold"):
        raise InputError(
            "others have decided on this item meanwhile; nothing of yours was recorded, go on with the next",
            "error.review_decided",
        )
    if place.state == "open" and not place.free_for(reviewer):
        raise InputError(
            "your time on this item was over and somebody else has it now; nothing was recorded, go on with the next",
            "error.review_taken",
        )


def _require_unruled(place: Place) -> None:
    outcome = derive(place.events, place.item.required, gold=place.item.gold is not None)
    if any(event.action == "adjudicate" for event in outcome.live):
        raise InputError(
            "an owner has ruled on this item since, so it stays as it is; ask them to reopen it", "error.review_ruled"
        )


def _event(item: Item, reviewer: str, decision: Decision) -> Event:
    return Event(
        item.number,
        decision.action,
        reviewer,
        choice=decision.choice or ("" if decision.action == "skip" else decision.action),
        reason=decision.reason,
        note=decision.note,
        text=decision.text,
        seconds=decision.seconds,
        counter=item.counter,
        text_hash=_hash(item.text),
        peeked=decision.peeked,
        key=decision.key,
    )


def _by_key(connection: Connection, reviewer: str, key: str) -> Event | None:
    found = connection.execute(select(events).where(events.c.reviewer == reviewer, events.c.key == key)).one_or_none()
    return None if found is None else read_event(found)


def _event_of(connection: Connection, number: int | None) -> Event | None:
    found = connection.execute(select(events).where(events.c.number == number)).one_or_none()
    return None if found is None else read_event(found)


def _decided_by(place: Place, reviewer: str) -> Event | None:
    """The reviewer's decision on the item that stands already."""
    standing = derive(place.events, place.item.required, gold=place.item.gold is not None).live
    return next((event for event in standing if event.reviewer == reviewer and event.action in DECISIONS), None)


def _last_standing(connection: Connection, reviewer: str) -> Event | None:
    """The reviewer's latest decision or skip that is not undone, among the last UNDO."""
    mine = select(events).where(events.c.reviewer == reviewer)
    decided = mine.where(events.c.action.in_([*DECISIONS, "skip"]))
    latest = decided.order_by(events.c.created.desc(), events.c.number.desc()).limit(UNDO)
    recent = [read_event(row) for row in connection.execute(latest)]
    if not recent:
        return None
    undos = mine.where(events.c.action == "undo", events.c.created >= recent[-1].created)
    gone = {row.undoes for row in connection.execute(undos)}
    return next((event for event in recent if event.number not in gone), None)


def _touch(connection: Connection, number: int, reviewers: Iterable[str]) -> None:
    known = set(connection.execute(select(touched.c.reviewer).where(touched.c.item == number)).scalars())
    wanted = set(reviewers)
    if gone := known - wanted:
        connection.execute(delete(touched).where(touched.c.item == number, touched.c.reviewer.in_(gone)))
    if new := wanted - known:
        connection.execute(insert(touched), [{"item": number, "reviewer": reviewer} for reviewer in sorted(new)])


def _hash(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
