"""A real server that goes wrong on demand, a database, and what a teacher needs."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hesui.distil.calls import Call, Outcome, Reply, Stage, Usage
from hesui.records import Message
from hesui.settings import Settings
from hesui.store.distilling import DistilStore
from hesui.store.migrate import open_store

SERVER = Path(__file__).with_name("faulty_server.py")


class Server:
    """The faulty server in its own process; see faulty_server.py for plans."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self._root = base_url.removesuffix("/v1")

    def plan(self, **plan: object) -> None:
        """Set what goes wrong, and forget the past."""
        self._fetch("/plan", json.dumps(plan).encode())

    def log(self) -> list[dict]:
        """What was asked since the plan was set, the oldest first."""
        return self._fetch("/log")

    def count(self) -> int:
        """How many lines the log has."""
        return self._fetch("/count")

    def most_under_way(self) -> int:
        """The most requests that were under way at once."""
        return self._fetch("/most")

    def _fetch(self, path: str, data: bytes | None = None):
        with urllib.request.urlopen(self._root + path, data=data, timeout=30) as reply:
            return json.load(reply)


@contextmanager
def running_server(*arguments: str) -> Iterator[Server]:
    """A server of one's own."""
    command = [sys.executable, str(SERVER), *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Server(process.stdout.readline().strip())
        finally:
            process.kill()


@pytest.fixture(scope="session")
def server_process() -> Iterator[Server]:
    with running_server() as server:
        yield server


@pytest.fixture
def server(server_process) -> Server:
    """A server without faults until the test plans some."""
    server_process.plan()
    return server_process


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
