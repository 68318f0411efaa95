"""A coroutine in a thread of its own, whose results are taken as they come. Knows nothing of what it does."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

T = TypeVar("T")

log = logging.getLogger(__name__)


class Work(Generic[T]):
    """What `job` hands out on its way; `cancel` ends it, from any thread and at once."""

    def __init__(self, job: Callable[[Callable[[T], None]], Awaitable[None]]) -> None:
        self.over = False  # nothing more will be taken
        self._results: SimpleQueue[T | None] = SimpleQueue()  # None = it has ended
        self._cancelled = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        threading.Thread(target=self._run, args=(job,), name="hesui-work", daemon=True).start()

    def take(self, timeout: float) -> list[T]:
        """What has come since the last time; waits at most `timeout` seconds where that is nothing."""
        taken: list[T] = []
        with suppress(Empty):
            while not self.over:
                result = self._results.get(timeout > 0 and not taken, timeout)
                if result is None:
                    self.over = True
                else:
                    taken.append(result)
        return taken

    def cancel(self) -> None:
        """End it; it may take some moments to let go of what it holds, which nobody waits for."""
        if self._cancelled:
            return  # a second time would break into its tidying up
        self._cancelled = True
        if self._loop is not None and self._task is not None:
            with suppress(RuntimeError):  # it has ended by itself
                self._loop.call_soon_threadsafe(self._task.cancel)

    def _run(self, job: Callable[[Callable[[T], None]], Awaitable[None]]) -> None:
        try:
            asyncio.run(self._main(job))
        except asyncio.CancelledError:
            pass
        except Exception:
            log.exception("work in the background failed")
        finally:
            self._results.put(None)

    async def _main(self, job: Callable[[Callable[[T], None]], Awaitable[None]]) -> None:
        # In this order: `cancel` says so first and looks for the loop then, so one of both notices the other.
        self._task = asyncio.current_task()
        self._loop = asyncio.get_running_loop()
        if not self._cancelled:
            await job(self._results.put)
