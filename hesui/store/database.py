"""Opens the one database behind HESUI_DATABASE_URL and hands out transactions; knows no table.

SQLite on a local disk by default. There every write transaction begins IMMEDIATE, so that two writers wait for each
other instead of failing half-way, and a write-ahead log lets readers go on meanwhile.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from threading import Lock
from typing import Any, Literal

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from hesui.errors import SettingsError, StoreError
from hesui.settings import Settings

BUSY = 10_000  # milliseconds that a SQLite writer waits for another
PRAGMAS = ("journal_mode = WAL", "synchronous = FULL", f"busy_timeout = {BUSY}", "foreign_keys = ON")
LOCK = 20_260_217  # the number of PostgreSQL's lock for what only one process may do
SCHEMES = ("sqlite", "postgresql+psycopg")


class Database:
    """One open database; safe to share between threads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        # SQLite lets one writer in, and who finds it busy sleeps longer each time: within a process they queue up here.
        self._turn = Lock() if engine.dialect.name == "sqlite" else nullcontext()

    @property
    def engine(self) -> Engine:
        """The engine, for migrations."""
        return self._engine

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that only reads, with one view of the data throughout."""
        with self._engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that writes: all of it or, after an exception, none."""
        with self._turn, self._engine.connect() as connection:
            connection = connection.execution_options(hesui_writes=True)
            with connection.begin():
                yield connection

    @contextmanager
    def alone(self) -> Iterator[Connection]:
        """As `writing`, while nobody else is in here, in any process; SQLite lets one writer in anyway."""
        with self.writing() as connection:
            if connection.dialect.name == "postgresql":
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK})")
            yield connection

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()


def connect(settings: Settings) -> Database:
    """The database that `settings` name, as it is; `hesui.store.migrate.open_store` also brings it up to date.

    Raises SettingsError on an address that cannot be used, StoreError where the database does not answer.
    """
    try:
        url = make_url(settings.database)
    except ArgumentError:
        raise _bad_address("it is no database address") from None
    if url.drivername not in SCHEMES:
        raise _bad_address(f"{url.drivername} is not supported")
    if url.drivername == "sqlite" and url.database:
        settings.home.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, json_serializer=_compact, pool_pre_ping=url.drivername != "sqlite")
    if url.drivername == "sqlite":
        event.listen(engine, "connect", _set_up)
        event.listen(engine, "begin", _begin)
    try:
        with engine.connect():
            pass
    except SQLAlchemyError as error:
        reason = str(error.__cause__ or error).splitlines()[0]
        raise StoreError(f"the database does not open: {reason}; check HESUI_DATABASE_URL and HESUI_HOME",
                         "error.database", reason=reason) from error  # fmt: skip
    return Database(engine)


def _bad_address(reason: str) -> SettingsError:
    return SettingsError(
        f"HESUI_DATABASE_URL cannot be used: {reason}; write sqlite:///FILE or postgresql+psycopg://…",
        "error.database_url",
        reason=reason,
    )


def _set_up(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # SQLAlchemy begins transactions, not the driver
    cursor = connection.cursor()
    for pragma in PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("hesui_writes", False)
    mode: Literal["IMMEDIATE", "DEFERRED"] = "IMMEDIATE" if writes else "DEFERRED"
    connection.exec_driver_sql(f"BEGIN {mode}")


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
