"""A bounded pool pulls lazily, stops cleanly, and lets no item's error end the others."""

from __future__ import annotations

import asyncio

import pytest

from hesui.distil.pool import for_each
from hesui.errors import InputError, TeacherError


def test_every_item_is_worked_on_once_and_never_more_at_once_than_allowed():
    under_way, most, done = 0, 0, []

    async def work(item):
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0)
        under_way -= 1
        done.append(item)

    assert asyncio.run(for_each(range(100), 7, work)) == []
    assert sorted(done) == list(range(100))
    assert most == 7


def test_items_are_pulled_only_when_there_is_room():
    pulled, done = 0, 0

    def items():
        nonlocal pulled
        for item in range(1000):
            pulled += 1
            assert pulled - done <= 4
            yield item

    async def work(item):
        nonlocal done
        await asyncio.sleep(0)
        done += 1

    asyncio.run(for_each(items(), 4, work))
    assert done == 1000


def test_an_async_iterator_will_do():
    done = []

    async def items():
        for item in range(5):
            await asyncio.sleep(0)
            yield item

    async def work(item):
        done.append(item)

    asyncio.run(for_each(items(), 2, work))
    assert sorted(done) == list(range(5))


def test_an_error_of_one_item_is_returned_and_the_others_go_on():
    done = []

    async def work(item):
        if item % 3 == 0:
            raise InputError(f"item {item}")
        done.append(item)

    errors = asyncio.run(for_each(range(9), 2, work))
    assert sorted(str(error) for error in errors) == ["item 0", "item 3", "item 6"]
    assert len(done) == 6


def test_what_ends_the_work_lets_the_rest_finish_and_pulls_no_more():
    started, finished = [], []

    async def work(item):
        started.append(item)
        if item == 5:
            raise TeacherError("no key")
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        finished.append(item)

    with pytest.raises(TeacherError, match="no key"):
        asyncio.run(for_each(range(1000), 3, work))
    assert len(started) < 20
    assert sorted([*finished, 5]) == sorted(started)


def test_a_fatal_error_wakes_a_pull_that_waits():
    async def items():
        yield 1
        await asyncio.Event().wait()
        yield 2

    async def work(item):
        raise TeacherError("gone")

    with pytest.raises(TeacherError):
        asyncio.run(asyncio.wait_for(for_each(items(), 3, work), 10))


def test_an_error_of_the_items_is_raised_after_what_was_begun():
    done = []

    def items():
        yield 1
        raise RuntimeError("the disk is gone")

    async def work(item):
        await asyncio.sleep(0)
        done.append(item)

    with pytest.raises(RuntimeError, match="disk"):
        asyncio.run(for_each(items(), 3, work))
    assert done == [1]


def test_cancelling_cancels_what_is_under_way():
    ended = []

    async def work(item):
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            ended.append(item)
            raise

    async def main():
        task = asyncio.create_task(for_each(range(10), 3, work))
        for _ in range(10):
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert sorted(ended) == [0, 1, 2]
