"""The local engine: takes turns, loads models when first needed, and answers with the base and any adapters.

Loads no torch until the first answer. Knows neither how tokens are drawn nor who asks.
"""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import Future
from concurrent.futures import wait as wait_for
from typing import TYPE_CHECKING

from hesui.models.registry import AdapterSource, Registry
from hesui.models.waiting import Ticket, Turnstile
from hesui.records import BASE, Event, Loading, Request, Waiting
from hesui.settings import Settings

if TYPE_CHECKING:
    from hesui.models.answering import Answering

POLL = 0.2  # seconds between looks at the queue or at the loading, so that closing is quick


class Engine:
    """Answers on this machine; an `Answerer`."""

    def __init__(self, settings: Settings) -> None:
        self.registry = Registry(settings)
        self._settings = settings
        self._turns = Turnstile(settings.queue)
        self._loading: Load | None = None

    @property
    def loaded(self) -> bool:
        """Whether the base is in memory."""
        return self._loading is not None and self._loading.done

    def answer(self, requests: Sequence[Request]) -> Iterator[Event]:
        """Stream the answers to `requests`, all in as few batches as memory allows; closing cancels.

        Raises ModelNotFound, UnsafeWeights, ModelError, InputError, QueueFull and SettingsError before the first
        piece, DeviceOutOfMemory at any time.
        """
        sources = self._sources(requests)
        if not requests:
            return
        with self._turns.enter() as ticket:
            yield from _wait(ticket)
            answering = yield from self._ready(sources)
            yield from answering.answer(answering.rows(requests))

    def _sources(self, requests: Sequence[Request]) -> list[AdapterSource]:
        self.registry.base()
        names = dict.fromkeys(request.model for request in requests if request.model != BASE)
        return [self.registry.adapter(name) for name in names]

    def _ready(self, sources: Sequence[AdapterSource]) -> Generator[Loading, None, Answering]:
        """Load what is missing; returns the answering with all `sources`."""
        name = self.registry.base().name
        if self._loading is None or self._loading.failed:
            self._loading = Load(self.registry, self._settings)
        while not self._loading.done:
            yield Loading(name, self._loading.fraction)
            self._loading.wait(POLL)
        answering = self._loading.result()
        missing = [source for source in sources if not answering.has(source)]
        for source in missing:
            yield Loading(source.name, 0.0)
            answering.add(source)
        if missing:
            yield Loading(missing[-1].name, 1.0)
        return answering


class Load:
    """The base on its way into memory, in a thread of its own: who waits for it can leave, and it goes on."""

    def __init__(self, registry: Registry, settings: Settings) -> None:
        self.fraction = 0.0
        self._future: Future[Answering] = Future()
        threading.Thread(target=self._run, args=(registry, settings), name="hesui-load", daemon=True).start()

    @property
    def done(self) -> bool:
        """Whether it has ended, well or not."""
        return self._future.done()

    @property
    def failed(self) -> bool:
        """Whether it has ended with an error."""
        return self._future.done() and self._future.exception() is not None

    def wait(self, timeout: float) -> None:
        """Sleep until it has ended, `timeout` seconds at most."""
        wait_for([self._future], timeout)

    def result(self) -> Answering:
        """What was loaded. Raises what the loading raised."""
        return self._future.result()

    def _run(self, registry: Registry, settings: Settings) -> None:
        try:
            from hesui.models.answering import Answering
            from hesui.models.base import load_base

            self.progress(0.3)
            base = load_base(registry.base(), settings, lambda part: self.progress(0.3 + 0.7 * part))
            self._future.set_result(Answering(base, settings.time_limit))
        except BaseException as error:
            self._future.set_exception(error)

    def progress(self, fraction: float) -> None:
        """Note how much is done."""
        self.fraction = fraction


def _wait(ticket: Ticket) -> Iterator[Waiting]:
    # The same position is told again and again: a generator can be closed only where it yields.
    while position := ticket.position:
        yield Waiting(position)
        ticket.wait(POLL)
