"""A database, and what a teacher needs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from hesui.distil.calls import Call, Outcome, Reply, Stage, Usage
from hesui.records import Message
from hesui.settings import Settings
from hesui.store.distilling import DistilStore
from hesui.store.migrate import open_store


@pytest.fixture
def settings(tmp_path) -> Settings:
    return Settings(home=tmp_path / "home")


@pytest.fixture
def database(settings):
    database = open_store(settings)
    yield database
    database.close()


@pytest.fixture
def store(database) -> DistilStore:
    """A store with one run, called "run"."""
    store = DistilStore(database)
    store.create_run("run", {})
    return store


@pytest.fixture
def make_call():
    """Make a call from a prompt."""

    def make(prompt: str = "请写一段50字的祝福", stage: Stage = Stage.ANSWER, **fields: object) -> Call:
        return Call(stage, "greeting", (Message("user", prompt),), **fields)  # type: ignore[arg-type]

    return make


class Scripted:
    """A teacher that replies by a function of the call, and remembers what it was asked."""

    def __init__(self, script: Callable[[Call], Reply | str], model: str = "scripted") -> None:
        self.model, self.calls = model, []
        self._script = script

    async def complete(self, call: Call) -> Reply:
        self.calls.append(call)
        await asyncio.sleep(0)
        said = self._script(call)
        return Reply(Outcome.OK, said, Usage(10, 10), 0.1) if isinstance(said, str) else said

    async def close(self) -> None:
        """Nothing to let go of."""


@pytest.fixture
def scripted() -> type[Scripted]:
    return Scripted
