"""Asks the first calls of many questions through the provider's batch service, ahead of answering.

The replies lie in the cache afterwards; what the service did not answer is asked one by one as ever.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Protocol

from hesui.distil.answering import open_calls
from hesui.distil.calls import Call, Reply
from hesui.distil.job import Job
from hesui.store.distilling import Batch

LOOK = 30.0  # seconds between two looks at the jobs
NAP = 0.5  # seconds between two looks at the wish to stop


class Batches(Protocol):
    """What hesui.distil.batching.Batches offers."""

    def open(self) -> list[Batch]:
        """The jobs that are not yet collected."""
        ...

    async def submit(self, calls: Sequence[Call]) -> list[Batch]:
        """Hand in what is neither answered nor under way."""
        ...

    async def poll(self, batch: Batch) -> Batch:
        """The job as it stands."""
        ...

    async def collect(self, batch: Batch) -> dict[str, Reply]:
        """Record the replies of a job that ended."""
        ...


async def ask_ahead(job: Job, batches: Batches) -> None:
    """Hand in the open questions where they are many enough, and wait for these and earlier jobs.

    Raises Stopped; then the jobs go on at the provider, and the next sitting collects them. Raises CapReached and TeacherError as the service does.
    """
    from hesui.distil.batching import ENDED  # loads the openai package

    calls = list(open_calls(job))
    if len(calls) >= job.config.batch_from > 0:
        await job.gate.passed()
        await batches.submit(calls)
    while jobs := batches.open():
        for batch in jobs:
            found = await batches.poll(batch)
            if found.state in ENDED:
                await batches.collect(found)
        if batches.open():
            await _nap(job)


async def _nap(job: Job) -> None:
    for _ in range(round(LOOK / NAP)):
        await job.gate.passed()
        await asyncio.sleep(NAP)
