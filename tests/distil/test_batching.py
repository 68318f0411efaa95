"""A provider's batch service: half the price, and a restart polls instead of paying twice."""

from __future__ import annotations

import asyncio

import pytest

from hesui.distil.batching import COLLECTED, Batches
from hesui.distil.calls import Outcome
from hesui.distil.client import OpenAITeacher
from hesui.distil.config import Config
from hesui.distil.desk import CapReached, Desk
from hesui.distil.teachers import Endpoint, Price
from hesui.errors import TeacherError

PRICE = Price(1.0, 10.0)


@pytest.fixture
def endpoint(server, monkeypatch):
    monkeypatch.setenv("SOME_KEY", "sk-secret")
    return Endpoint(server.base_url, "m", PRICE, "CNY", "json_object", "SOME_KEY", batch=True)


async def until_ended(batches, batch):
    while batch.state in ("validating", "in_progress"):
        batch = await batches.poll(batch)
    return batch


def run(store, endpoint, work, **config):
    async def main():
        batches = Batches(store, "run", endpoint, config=Config(timeout=20, **config))
        try:
            return await work(batches)
        finally:
            await batches.close()

    return asyncio.run(main())


def prompts(make_call, number, mark=""):
    return [make_call(f"请写第{index}段祝福{mark}") for index in range(number)]


def test_replies_are_found_by_the_desk_and_cost_half(store, server, endpoint, make_call):
    server.plan(polls=3)
    calls = prompts(make_call, 5)

    async def work(batches):
        (batch,) = await batches.submit(calls)
        replies = await batches.collect(await until_ended(batches, batch))
        desk = Desk(store, "run", OpenAITeacher(endpoint, Config()), config=Config(), price=PRICE)
        asked = [await desk.ask(call) for call in calls]
        await desk.close()
        return replies, asked

    replies, asked = run(store, endpoint, work)
    assert len(server.log()) == 5
    assert sorted(reply.text for reply in asked) == sorted(reply.text for reply in replies.values())
    assert {reply.seconds for reply in asked} == {0.0}
    assert store.spent("run") == pytest.approx(5 * (20 * 1.0 + 10 * 10.0) / 1e6 / 2)


def test_a_restart_polls_what_was_submitted(store, server, endpoint, make_call):
    calls = prompts(make_call, 4)
    (submitted,) = run(store, endpoint, lambda batches: batches.submit(calls))

    async def again(batches):
        assert await batches.submit(calls) == []
        (batch,) = batches.open()
        return batch, await batches.collect(await until_ended(batches, batch))

    batch, replies = run(store, endpoint, again)
    assert batch.id == submitted.id
    assert len(replies) == len(server.log()) == 4
    assert [stored.state for stored in store.batches("run")] == [COLLECTED]


def test_collecting_twice_keeps_each_answer_once(store, endpoint, make_call):
    async def work(batches):
        (batch,) = await batches.submit(prompts(make_call, 3))
        batch = await until_ended(batches, batch)
        await batches.collect(batch)
        spent = store.spent("run")
        await batches.collect(batch)
        return spent

    assert run(store, endpoint, work) == store.spent("run") > 0


def test_what_went_wrong_is_a_fault_of_its_call(store, endpoint, make_call):
    calls = [make_call("好"), make_call("坏«500*»"), make_call("断«cut*»"), make_call("滤«filter*»")]

    async def work(batches):
        (batch,) = await batches.submit(calls)
        replies = await batches.collect(await until_ended(batches, batch))
        return [replies[call.key("m")].outcome for call in calls]

    assert run(store, endpoint, work) == [Outcome.OK, Outcome.SERVER, Outcome.SERVER, Outcome.FILTERED]
    assert len(store.last_faults("run")) == 2
    assert store.cached(calls[3].key("m")).outcome == "filtered"
    assert store.cached(calls[1].key("m")) is None


@pytest.mark.parametrize("end", ["expired", "cancelled"])
def test_a_batch_that_was_cut_short_keeps_what_it_has(store, server, endpoint, make_call, end):
    server.plan(batch=end)
    calls = prompts(make_call, 4)

    async def work(batches):
        (batch,) = await batches.submit(calls)
        await batches.collect(await until_ended(batches, batch))
        server.plan()
        (again,) = await batches.submit(calls)
        return again

    again = run(store, endpoint, work)
    assert len(again.calls) == 2
    assert sum(store.cached(call.key("m")) is not None for call in calls) == 2


def test_a_failed_batch_says_why(store, server, endpoint, make_call):
    server.plan(batch="failed")

    async def work(batches):
        (batch,) = await batches.submit(prompts(make_call, 1))
        await batches.collect(await until_ended(batches, batch))

    run(store, endpoint, work)
    assert store.last_faults("run")[0].detail == "the batch is failed: line 1 is no JSON"


def test_a_batch_that_the_provider_forgot_can_be_asked_again(store, server, endpoint, make_call):
    calls = prompts(make_call, 2)

    async def work(batches):
        (batch,) = await batches.submit(calls)
        server.plan()
        batch = await batches.poll(batch)
        await batches.collect(batch)
        return batch.state, await batches.submit(calls)

    state, again = run(store, endpoint, work)
    assert state == "lost"
    assert len(again[0].calls) == 2


def test_a_cap_holds_for_batches_with_those_under_way(store, endpoint, make_call):
    async def work(batches):
        await batches.submit([make_call("一", max_tokens=1000)])
        await batches.submit([make_call("二", max_tokens=1000)])

    with pytest.raises(CapReached):
        run(store, endpoint, work, cap=0.008)
    assert len(store.batches("run")) == 1


def test_a_service_that_is_not_there_is_one_line(store, server, endpoint, make_call):
    from dataclasses import replace

    nowhere = replace(endpoint, base_url=server.base_url + "/nowhere")
    with pytest.raises(TeacherError, match="batch service cannot be used: 404") as caught:
        run(store, nowhere, lambda batches: batches.submit([make_call()]))
    assert "\n" not in str(caught.value)
    assert store.batches("run") == []
