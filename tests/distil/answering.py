"""A process of its own that asks many calls, to be killed in the middle: `python answering.py HOME ADDRESS NUMBER`."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from hesui.distil.calls import Call, Outcome, Stage
from hesui.distil.client import OpenAITeacher
from hesui.distil.config import Config
from hesui.distil.desk import Desk
from hesui.distil.pool import for_each
from hesui.distil.teachers import Endpoint, Price
from hesui.records import Message
from hesui.settings import Settings
from hesui.store.distilling import DistilStore
from hesui.store.migrate import open_store

CONCURRENCY = 16


def make_call(number: int) -> Call:
    return Call(Stage.ANSWER, "greeting", (Message("user", f"请写第{number}段祝福"),))


async def ask_all(store: DistilStore, address: str, number: int, **config: object) -> int:
    """Ask until nothing is missing; how many passes that took. The client's own retries are off."""
    endpoint = Endpoint(address, "m", Price(1, 10), "CNY", "json_object", "NO_SUCH_KEY", batch=False, key_needed=False)
    settings = Config(**{"concurrency": CONCURRENCY, "timeout": 20} | config)
    desk = Desk(
        store,
        "run",
        OpenAITeacher(endpoint, settings, max_retries=0, pace=0.001),
        config=settings,
        price=endpoint.price,
    )
    missing, passes = set(range(number)), 0

    async def ask(index: int) -> None:
        if (await desk.ask(make_call(index))).outcome is Outcome.OK:
            missing.discard(index)

    try:
        while missing and passes < 10:
            passes += 1
            await for_each(sorted(missing), settings.concurrency, ask)
    finally:
        await desk.close()
    return passes


def main() -> None:
    home, address, number = sys.argv[1:]
    store = DistilStore(open_store(Settings(home=Path(home))))
    asyncio.run(ask_all(store, address, int(number)))


if __name__ == "__main__":
    main()
