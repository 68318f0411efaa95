"""Brings a database's tables up to date, after a copy of what was there; refuses one from a newer hesui."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from hesui.errors import StoreError
from hesui.settings import Settings
from hesui.store.database import Database, connect

MIGRATIONS = Path(__file__).parent / "migrations"


def open_store(settings: Settings) -> Database:
    """The database that `settings` name, its tables up to date.

    Raises SettingsError and StoreError; a database of a newer hesui is left untouched.
    """
    database = connect(settings)
    try:
        migrate(database)
    except BaseException:
        database.close()
        raise
    return database


def migrate(database: Database) -> None:
    """Apply the migrations that are missing, in one transaction; a SQLite file is copied beside itself first.

    Raises StoreError where the database was written by a newer hesui.
    """
    scripts = ScriptDirectory(str(MIGRATIONS))
    with database.reading() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
    if current == scripts.get_current_head():
        return
    if current is not None and current not in {script.revision for script in scripts.walk_revisions()}:
        raise StoreError(
            f"the database was written by a newer hesui (version {current}); move to that hesui, "
            "or set HESUI_DATABASE_URL or HESUI_HOME to another place",
            "error.database_newer",
            version=current,
        )
    if current is not None:
        back_up(database, current)
    with database.alone() as connection:
        _upgrade(connection)


def back_up(database: Database, version: str) -> Path | None:
    """Copy a SQLite database to FILE.VERSION.backup, as it stands now; None for one that is no file."""
    url = database.engine.url
    if url.drivername != "sqlite" or not url.database:
        return None
    copy = Path(f"{url.database}.{version}.backup")
    draft = copy.with_name(copy.name + ".part")
    with closing(sqlite3.connect(url.database)) as source, closing(sqlite3.connect(draft)) as target:
        source.backup(target)
    shutil.move(draft, copy)
    return copy


def _upgrade(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
