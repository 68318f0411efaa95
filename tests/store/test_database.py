"""The database opens, migrates, keeps what was there, and says plainly why it cannot."""

from __future__ import annotations

import os
import sqlite3
import threading
from contextlib import closing

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from hesui.errors import SettingsError, StoreError
from hesui.settings import Settings
from hesui.store.database import connect
from hesui.store.migrate import back_up, migrate, open_store
from hesui.store.tables import metadata, review_items, runs

upgrade = command.upgrade

RUN = {"config": {}, "state": "queued", "wanted": "run", "phase": "", "note": "", "note_key": "", "note_values": {},
       "created": 0.0, "updated": 0.0}  # fmt: skip


@pytest.fixture
def settings(tmp_path):
    return Settings(home=tmp_path / "家 home")


def test_the_migrations_make_the_tables_that_the_code_uses(settings):
    database = open_store(settings)
    with database.reading() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    database.close()


def test_an_open_database_is_left_as_it_is(settings):
    first = open_store(settings)
    with first.writing() as connection:
        connection.execute(insert(runs).values(id="新", **RUN))
    first.close()
    second = open_store(settings)
    with second.reading() as connection:
        assert connection.execute(select(runs.c.id)).scalars().all() == ["新"]
    second.close()
    assert not list(settings.home.glob("*.backup"))


def test_an_older_database_is_copied_before_it_is_migrated(settings):
    open_store(settings).close()
    file = settings.home / "hesui.db"
    with closing(sqlite3.connect(file)) as raw:
        raw.execute("CREATE TABLE mine (x)")
        raw.execute("UPDATE alembic_version SET version_num = '0001'")
        raw.commit()
    database = connect(settings)
    copy = back_up(database, "0001")
    database.close()
    with closing(sqlite3.connect(copy)) as raw:
        assert raw.execute("SELECT count(*) FROM mine").fetchone() == (0,)


def test_a_database_from_before_review_keeps_what_it_had_and_a_copy_lies_beside_it(settings, monkeypatch):
    monkeypatch.setattr(command, "upgrade", lambda config, _: upgrade(config, "0001"))
    old = open_store(settings)
    with old.writing() as connection:
        connection.execute(insert(runs).values(id="r", **RUN))
    old.close()
    monkeypatch.undo()
    database = open_store(settings)
    with database.reading() as connection:
        assert connection.execute(select(runs.c.id)).scalars().all() == ["r"]
        assert connection.execute(select(review_items)).all() == []
    database.close()
    [copy] = settings.home.glob("*.0001.backup")
    with closing(sqlite3.connect(copy)) as raw:
        assert raw.execute("SELECT id FROM distil_runs").fetchall() == [("r",)]


def test_two_processes_that_open_a_new_postgresql_at_once_both_get_it(tmp_path, postgres, new_database):
    settings, failures = Settings(home=tmp_path, database_url=new_database(postgres)), []

    def open_one():
        try:
            open_store(settings).close()
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=open_one) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_a_newer_database_is_refused_and_left_untouched(settings):
    open_store(settings).close()
    file = settings.home / "hesui.db"
    with closing(sqlite3.connect(file)) as raw:
        raw.execute("UPDATE alembic_version SET version_num = '9999'")
        raw.commit()
    with pytest.raises(StoreError, match="newer hesui") as caught:
        open_store(settings)
    assert caught.value.key == "error.database_newer"
    with closing(sqlite3.connect(file)) as raw:
        assert raw.execute("SELECT version_num FROM alembic_version").fetchone() == ("9999",)


def test_two_that_open_a_new_database_at_once_both_get_it(settings):
    failures = []

    def open_one():
        try:
            open_store(settings).close()
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=open_one) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_a_failed_write_leaves_nothing(settings):
    database = open_store(settings)
    with pytest.raises(IntegrityError), database.writing() as connection:
        connection.execute(insert(runs), [{"id": "half", **RUN}, {"id": "half", **RUN}])
    with database.reading() as connection:
        assert connection.execute(select(runs.c.id)).scalars().all() == []
    database.close()


def test_writers_wait_for_each_other(settings):
    database = open_store(settings)

    def write(name):
        for number in range(20):
            with database.writing() as connection:
                connection.execute(select(runs.c.id)).all()
                connection.execute(insert(runs).values(id=f"{name}-{number}", **RUN))

    threads = [threading.Thread(target=write, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.reading() as connection:
        assert len(connection.execute(select(runs.c.id)).all()) == 80
    database.close()


@pytest.mark.parametrize("url", ["nonsense", "mysql://x/y", "oracle://"])
def test_an_address_that_cannot_be_used_is_named(tmp_path, url):
    with pytest.raises(SettingsError, match="HESUI_DATABASE_URL"):
        connect(Settings(home=tmp_path, database_url=url))


def test_a_file_that_is_no_database_is_said_so(settings):
    settings.home.mkdir()
    (settings.home / "hesui.db").write_bytes(os.urandom(4096))
    with pytest.raises(StoreError, match="not a database"):
        open_store(settings)


def test_a_new_database_is_made_by_one_migration_run(settings):
    database = connect(settings)
    migrate(database)
    migrate(database)
    database.close()
