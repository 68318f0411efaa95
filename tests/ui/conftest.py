"""A page in a real browser, in front of answers that a test can hold back, and requests it can count."""

from __future__ import annotations

import os
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from hesui.errors import DeviceOutOfMemory
from hesui.models.waiting import Turnstile
from hesui.records import End, EndReason, Event, Loading, Piece, Request, Waiting
from hesui.settings import Settings

ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
LONG = (
    "亲爱的家长朋友们：金龙辞旧，灵蛇迎春。值此新春佳节到来之际，我谨代表全体老师，向一年来关心和支持学校工作的您致以最诚挚的问候。"
    "感谢您把孩子交给我们，愿您阖家团圆，身体康健，事事顺心，岁岁平安！"
)
EXACT = "尊敬的家长，新春将至，感谢您一年来的信任与陪伴。愿您全家福气盈门，平安喜乐，孩子学业进步，万事顺心！"
PAUSE = 0.004  # seconds between two characters
NASTY = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>{{value}}${1+1}'


@dataclass
class Scripted:
    """Answers with known texts, one character at a time, in turn, as long as `gate` is open."""

    turns: Turnstile = field(default_factory=lambda: Turnstile(1))
    gate: threading.Event = field(default_factory=threading.Event)
    pause: float = PAUSE
    closed: int = 0  # answers that were cancelled
    seeds: list[int] = field(default_factory=list)

    def answer(self, requests: Sequence[Request]) -> Iterator[Event]:
        prompt = requests[0].messages[-1].content
        self.seeds.append(requests[0].seed)
        with self.turns.enter() as ticket:
            while position := ticket.position:
                yield Waiting(position)
                ticket.wait(0.1)
            yield Loading("embedded", 0.5)
            if "内存" in prompt:
                raise DeviceOutOfMemory("out of memory", "error.out_of_memory", device="cpu", advice="")
            if "意外" in prompt:
                raise RuntimeError("secret /path")
            try:
                yield from self._write((NASTY, NASTY) if "尖括号" in prompt else (LONG, EXACT), requests)
            except GeneratorExit:
                self.closed += 1
                raise

    def _write(self, texts: tuple[str, str], requests: Sequence[Request]) -> Iterator[Event]:
        for at in range(max(map(len, texts))):
            for row, text in enumerate(texts):
                if at < len(text):
                    tokens = len(text)
                    end = End(EndReason.END, tokens, tokens * requests[row].best_of, 0.5) if at == tokens - 1 else None
                    yield Piece(row, text[at], end=end)
            if at == 20:
                while not self.gate.wait(0.1):
                    yield Piece(0)
            time.sleep(self.pause)


@dataclass
class Served:
    """A page that is being served."""

    url: str
    scripted: Scripted


def free_port() -> int:
    """A port that nobody listens on; Gradio's own search leaves sockets open."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def served() -> Iterator[Served]:
    """The page in front of scripted answers, served once for all tests."""
    from hesui.ui.shell import serve

    scripted = Scripted()
    scripted.gate.set()
    blocks = serve(
        Settings(port=free_port()), scripted, lambda: ["base", "tuned", "mine<b>"], prevent_thread_lock=True, quiet=True
    )
    assert blocks.local_url
    yield Served(blocks.local_url, scripted)
    blocks.close(verbose=False)


@pytest.fixture(scope="session")
def embedded() -> Iterator[str]:
    """The page in front of the embedded model: its address."""
    from hesui.models.engine import Engine
    from hesui.ui.shell import serve

    settings = Settings(port=free_port())
    engine = Engine(settings)
    blocks = serve(settings, engine, engine.registry.names, prevent_thread_lock=True, quiet=True)
    assert blocks.local_url
    yield blocks.local_url
    blocks.close(verbose=False)


@pytest.fixture(scope="session")
def texts() -> SimpleNamespace:
    """What the scripted answers say: left too long, right exact for 50字, and one that attacks the page."""
    return SimpleNamespace(long=LONG, exact=EXACT, nasty=NASTY)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium: HESUI_CHROMIUM, the system's, or Playwright's own."""
    from playwright.sync_api import sync_playwright

    path = os.environ.get("HESUI_CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=ARGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def serve_page(browser: Any) -> Iterator[Callable[[Settings], Any]]:
    """Serves a page without models on a free port; Gradio leaves an event loop open where the browser's does not run."""
    from hesui.ui.shell import serve

    served = []

    def serve_one(settings: Settings) -> Any:
        settings = settings.model_copy(update={"port": free_port()})
        served.append(serve(settings, Scripted(), lambda: ["base", "tuned"], prevent_thread_lock=True, quiet=True))
        return served[-1]

    yield serve_one
    for blocks in served:
        blocks.close(verbose=False)


@pytest.fixture
def visit(browser: Any, served: Served) -> Iterator[Callable[..., Any]]:
    """Opens the page as a new visitor; afterwards nothing may have left the machine or complained in the console."""
    contexts, complaints, outside = [], [], []

    def open_page(
        query: str = "", *, locale: str = "zh-CN", phone: bool = False, url: str | None = None, cut_off: bool = False
    ) -> Any:
        size = {"width": 390, "height": 844} if phone else {"width": 1280, "height": 900}
        context = browser.new_context(locale=locale, viewport=size, permissions=["clipboard-read", "clipboard-write"])
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(60_000)
        expected = "Failed to load resource" if cut_off else "\0"
        page.on("console", lambda said: _note_error(said, expected, complaints))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda asked: _note_outside(asked.url, outside))
        page.goto((url or served.url) + query)
        page.locator("#go").wait_for()
        page.wait_for_function("window.hesuiLabels !== undefined")
        return page

    yield open_page
    for context in contexts:
        context.close()
    served.scripted.gate.set()
    served.scripted.pause = PAUSE
    assert complaints == []
    assert outside == []


def _note_error(said: Any, expected: str, complaints: list[str]) -> None:
    if said.type == "error" and expected not in said.text:
        complaints.append(said.text)


def _note_outside(url: str, outside: list[str]) -> None:
    if not url.startswith(("http://127.0.0.1", "http://localhost", "data:", "blob:")):
        outside.append(url)
