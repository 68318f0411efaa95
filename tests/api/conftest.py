"""A served page with the embedded model behind it, and an answerer that a test can see ended."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from hesui.errors import QueueFull
from hesui.models.routing import Router
from hesui.records import Event, Piece, Request
from hesui.settings import Settings

KEY = "sk-hesui-0123456789"


@dataclass
class Watched:
    """The models that come with hesui; some prompts are answered endlessly, by a full queue, or by a fault."""

    router: Router
    cancelled: threading.Event = field(default_factory=threading.Event)

    def answer(self, requests: Sequence[Request]) -> Iterator[Event]:
        prompt = requests[0].messages[-1].content
        if "排队" in prompt:
            raise QueueFull("16 requests wait already", "error.queue_full", waiting=16, limit=16)
        if "意外" in prompt:
            raise RuntimeError("secret /path")
        if "没完没了" in prompt:
            yield from self._endless("好")
        if "滔滔不绝" in prompt:
            yield from self._endless("好" * 50_000)
        yield from self.router.answer(requests)

    def _endless(self, text: str) -> Iterator[Event]:
        try:
            while True:
                yield Piece(0, text)
                time.sleep(0.01)
        except GeneratorExit:
            self.cancelled.set()
            raise


@dataclass
class Served:
    """A page that is being served: its address as far as the port, and who answers."""

    url: str
    watched: Watched


@contextmanager
def serving(settings: Settings, watched: Watched) -> Iterator[Served]:
    from hesui.ui.shell import serve

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = settings.model_copy(update={"port": port})

    async def start() -> Any:  # Gradio leaves an event loop open where none runs
        return serve(settings, watched, watched.router.names, prevent_thread_lock=True, quiet=True)

    blocks = asyncio.run(start())
    yield Served(f"http://127.0.0.1:{port}", watched)
    blocks.close(verbose=False)


@pytest.fixture(scope="session")
def open_page() -> Iterator[Served]:
    """A page without a key."""
    settings = Settings(max_prompt=2000)
    with serving(settings, Watched(Router(settings))) as served:
        yield served


@pytest.fixture(scope="session")
def locked_page(open_page: Served) -> Iterator[Served]:
    """A page whose API has a key."""
    with serving(Settings(api_key=KEY), open_page.watched) as served:
        yield served


@pytest.fixture
def gone(open_page: Served) -> Callable[[], bool]:
    """Whether the endless answer was cancelled within moments."""
    open_page.watched.cancelled.clear()
    return lambda: open_page.watched.cancelled.wait(5)


@pytest.fixture
def api_key() -> str:
    """The locked page's."""
    return KEY
