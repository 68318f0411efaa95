"""Works through any number of items, so many at once; knows nothing of teachers or of what the work is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable
from typing import TypeVar

from hesui.errors import InputError

Item = TypeVar("Item")


async def for_each(
    items: Iterable[Item] | AsyncIterable[Item], limit: int, work: Callable[[Item], Awaitable[object]]
) -> list[InputError]:
    """Call `work` with each item, at most `limit` at once, and return the errors that belong to single items.

    An item is pulled when there is room for it, so memory does not grow with their number. An InputError belongs to
    its item: the others go on. Any other exception, of `work` or of `items`, ends the pulling; what is under way is
    finished, then the first such exception is raised. Cancelling cancels what is under way.
    """
    room = asyncio.Semaphore(limit)
    errors: list[InputError] = []
    fatal: list[Exception] = []

    async def run(item: Item) -> None:
        try:
            await work(item)
        except InputError as error:
            errors.append(error.with_traceback(None))  # a traceback keeps alive all that the work held
        except Exception as error:
            fatal.append(error)
            pulling.cancel()
        finally:
            room.release()

    async def pull() -> None:
        try:
            await room.acquire()
            async for item in _each(items):
                group.create_task(run(item))
                await room.acquire()
        except Exception as error:
            fatal.append(error)

    async with asyncio.TaskGroup() as group:
        pulling = group.create_task(pull())
    if fatal:
        raise fatal[0]
    return errors


async def _each(items: Iterable[Item] | AsyncIterable[Item]) -> AsyncIterator[Item]:
    if isinstance(items, AsyncIterable):
        async for item in items:
            yield item
    else:
        for item in items:
            yield item
