"""Votes in blind rounds as events that are only ever added, so many from one visitor and no more.

Knows nothing of how strong a system is, of pages, or of who a visitor is.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, get_args

from sqlalchemy import Connection, func, insert, select

from hesui.errors import InputError
from hesui.store.database import Database
from hesui.store.tables import arena_votes as table

WINDOW = 600.0  # seconds in which votes are counted for the limits
PER_VISITOR = 30  # votes of one visitor in a WINDOW
PER_ORIGIN = 120  # votes from one address in a WINDOW; a class or an office may share one

Choice = Literal["left", "right", "tie", "both_bad"]
CHOICES: tuple[Choice, ...] = get_args(Choice)


@dataclass(frozen=True, slots=True)
class System:
    """Who answers, and how the answer is decoded."""

    model: str
    guide: bool = False
    best_of: int = 1


@dataclass(frozen=True, slots=True)
class Vote:
    """What one visitor preferred in one blind round; never changed afterwards."""

    key: str  # of the round, which is voted on once
    visitor: str  # a pseudonym
    origin: str  # a pseudonym of the address that the vote came from
    language: str  # of the prompt: zh, en
    prompt: str
    constraint: Mapping[str, Any] | None  # as hesui.corpus.rows writes it; None = no demand
    counter: str
    base: str  # the base model of both systems
    left: System  # as it stood on the page
    right: System
    left_text: str
    right_text: str
    swapped: bool  # whether left and right stood the other way round than the visitor had chosen them
    sampling: Mapping[str, Any]
    seed: int
    choice: Choice
    created: float = 0.0  # seconds since 1970; set by the database
    number: int = 0  # set by the database


class VoteStore:
    """Casting votes and reading them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def cast(self, vote: Vote) -> Vote:
        """Record a vote; what stands, which is the round's first vote where it has been voted on before.

        Raises InputError where the visitor or the address has voted as often as is allowed: nothing is recorded.
        """
        with self._database.alone() as connection:
            if before := _by_key(connection, vote.key):
                return before
            now = time.time()
            _require_few(connection, vote, now)
            made = replace(vote, created=now)
            number = connection.execute(insert(table).values(_columns(made)).returning(table.c.number)).scalar_one()
            return replace(made, number=number)

    def votes(self, base: str | None = None) -> list[Vote]:
        """All votes on answers of `base` (None = of any), the oldest first."""
        query = select(table).order_by(table.c.number)
        with self._database.reading() as connection:
            return [_read(row) for row in connection.execute(query if base is None else query.where(_of(base)))]

    def count(self, base: str | None = None) -> int:
        """How many votes there are on answers of `base` (None = of any)."""
        query = select(func.count()).select_from(table)
        with self._database.reading() as connection:
            return connection.execute(query if base is None else query.where(_of(base))).scalar_one()


def _of(base: str) -> Any:
    return table.c.base == base


def _require_few(connection: Connection, vote: Vote, now: float) -> None:
    """Raise InputError where either limit is reached."""
    for column, value, most in (
        (table.c.visitor, vote.visitor, PER_VISITOR),
        (table.c.origin, vote.origin, PER_ORIGIN),
    ):
        recent = select(table.c.created).where(column == value, table.c.created > now - WINDOW)
        times = connection.execute(recent.order_by(table.c.created.desc()).limit(most)).scalars().all()
        if len(times) >= most:
            wait = max(1, round((times[-1] + WINDOW - now) / 60))
            raise InputError(
                f"{most} votes in {WINDOW / 60:.0f} minutes are enough; nothing was recorded, vote again in {wait} min",
                "error.vote_limit", most=most, minutes=f"{WINDOW / 60:.0f}", wait=wait,
            )  # fmt: skip


def _by_key(connection: Connection, key: str) -> Vote | None:
    found = connection.execute(select(table).where(table.c.key == key)).one_or_none()
    return None if found is None else _read(found)


def _columns(vote: Vote) -> dict[str, Any]:
    record = {name: value for name, value in asdict(vote).items() if name not in ("number", "left", "right")}
    for side in ("left", "right"):
        record |= {f"{side}_{name}": value for name, value in asdict(getattr(vote, side)).items()}
    return record


def _read(row: Any) -> Vote:
    record = dict(row._mapping)
    for side in ("left", "right"):
        record[side] = System(**{name: record.pop(f"{side}_{name}") for name in ("model", "guide", "best_of")})
    return Vote(**record)
