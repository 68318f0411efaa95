"""Calls through a provider's batch service: half the price, an answer within a day. Knows nothing of what is asked.

A batch and its calls are in the store before anything is waited for, so a restart goes on polling. Replies are
recorded under the calls' own keys, where `Desk.ask` finds them.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, TypeVar

from hesui.distil.calls import Call, Outcome, Reply
from hesui.distil.client import connect, request_body
from hesui.distil.completions import read_completion, read_error, shown
from hesui.distil.config import Config
from hesui.distil.desk import Till, paid_call
from hesui.distil.teachers import FREE, Endpoint, Price
from hesui.distil.tokens import worst_case
from hesui.errors import TeacherError
from hesui.store.distilling import Batch, DistilStore, Fault

T = TypeVar("T")

DISCOUNT = 0.5  # of the price: OpenAI's and DashScope's batch services charge half
MOST = 10_000  # calls in a batch; the providers take 50,000 and 100 MB
PATH: Final = "/v1/chat/completions"
COLLECTED = "collected"  # our own state, after the provider's last one
LOST = "lost"  # our own state: the provider knows it no more
ENDED = ("completed", "expired", "cancelled", "failed", LOST)


class Batches:
    """The batch jobs of one run. Raises TeacherError when made without a usable key."""

    def __init__(self, store: DistilStore, run: str, endpoint: Endpoint, *, config: Config) -> None:
        self._store, self._run, self._endpoint, self._config = store, run, endpoint, config
        self._price = Price(*(part * DISCOUNT for part in endpoint.price or FREE))
        self._client = connect(endpoint, config.timeout)

    def open(self) -> list[Batch]:
        """The batches that were submitted and not yet collected, by an earlier process too."""
        return [batch for batch in self._store.batches(self._run) if batch.state != COLLECTED]

    async def submit(self, calls: Sequence[Call]) -> list[Batch]:
        """Hand in the calls that are neither answered nor under way, in as few batches as there must be.

        Raises CapReached where they could cost more than is left, TeacherError where the provider does not take them.
        """
        new = await asyncio.to_thread(self._unanswered, calls)
        keys = list(new)
        chunks = [{key: new[key] for key in keys[start : start + MOST]} for start in range(0, len(keys), MOST)]
        return [await asyncio.shield(self._hand_in(chunk)) for chunk in chunks]

    async def poll(self, batch: Batch) -> Batch:
        """The batch as it stands; its state is one of ENDED when it can be collected.

        Raises TeacherError where the provider cannot be asked at all.
        """
        job = await self._job(batch)
        found = replace(batch, state=job.status if job else LOST)
        await asyncio.to_thread(self._store.save_batch, self._run, found)
        return found

    async def collect(self, batch: Batch) -> dict[str, Reply]:
        """Record what came of an ended batch; its replies by the calls' keys.

        A call that the batch did not answer (it expired, was cancelled, failed) is a fault and can be asked again.
        """
        calls = {call.key(self._endpoint.model): call for call in map(Call.from_record, batch.calls)}
        job = await self._job(batch)
        replies: dict[str, Reply] = {}
        for file in (job.error_file_id, job.output_file_id) if job else ():
            if file:
                content = await self._asked(self._client.files.content(file))
                replies |= dict(_replies(content.text, calls))
        why = _reason(job, batch.state)
        replies |= {key: Reply(Outcome.SERVER, detail=why) for key in calls if key not in replies}
        await asyncio.shield(asyncio.to_thread(self._record, batch, calls, replies))
        return replies

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    def _unanswered(self, calls: Sequence[Call]) -> dict[str, Call]:
        under_way = {
            Call.from_record(record).key(self._endpoint.model) for batch in self.open() for record in batch.calls
        }
        keyed = {call.key(self._endpoint.model): call for call in calls}
        return {key: call for key, call in keyed.items() if key not in under_way and not self._store.cached(key)}

    async def _hand_in(self, calls: Mapping[str, Call]) -> Batch:
        await asyncio.to_thread(self._check_cap, calls)
        lines = "".join(_line(key, request_body(self._endpoint, call)) for key, call in calls.items())
        file = await self._asked(self._client.files.create(file=("calls.jsonl", lines.encode()), purpose="batch"))
        job = await self._asked(
            self._client.batches.create(input_file_id=file.id, endpoint=PATH, completion_window="24h")
        )
        batch = Batch(job.id, job.status, [call.record() for call in calls.values()])
        await asyncio.to_thread(self._store.save_batch, self._run, batch)
        return batch

    def _check_cap(self, calls: Mapping[str, Call]) -> None:
        """Batches under way count with the most they can cost."""
        till = Till(self._price, self._config.cap, self._store.spent(self._run), self._endpoint.currency)
        open_calls = [Call.from_record(record) for batch in self.open() for record in batch.calls]
        till.require(worst_case(call) for call in (*open_calls, *calls.values()))

    async def _job(self, batch: Batch) -> Any:
        """What the provider says of a batch; None where it knows it no more."""
        from openai import NotFoundError

        try:
            return await self._client.batches.retrieve(batch.id)
        except NotFoundError:
            return None
        except Exception as error:
            raise self._teacher_error(error) from None

    async def _asked(self, request: Awaitable[T]) -> T:
        try:
            return await request
        except Exception as error:
            raise self._teacher_error(error) from None

    def _teacher_error(self, error: Exception) -> TeacherError:
        from openai import APIStatusError

        if isinstance(error, APIStatusError):
            reason = read_error(error.status_code, error.body, self._client.api_key).detail
        else:
            reason = shown(str(error) or type(error).__name__, self._client.api_key)
        return TeacherError(
            f"the teacher's batch service cannot be used: {reason}; try again later, or set batch_from to 0",
            "error.teacher_batch",
            reason=reason,
        )

    def _record(self, batch: Batch, calls: Mapping[str, Call], replies: Mapping[str, Reply]) -> None:
        for key, reply in replies.items():
            call = calls[key]
            if reply.outcome.paid:
                cost = self._price.of(reply.usage)
                self._store.record_call(paid_call(self._run, self._endpoint.model, call, key, reply, cost))
            else:
                self._store.record_fault(self._run, Fault(call.task, call.stage, reply.outcome, reply.detail))
        self._store.save_batch(self._run, replace(batch, state=COLLECTED))


def _line(key: str, body: Mapping[str, Any]) -> str:
    return json.dumps({"custom_id": key, "method": "POST", "url": PATH, "body": body}) + "\n"


def _replies(lines: str, calls: Mapping[str, Call]) -> Iterator[tuple[str, Reply]]:
    """The replies in a file of the provider; lines that answer none of the calls are passed over."""
    for line in lines.split("\n"):  # not splitlines: a text may hold U+2028
        try:
            found = json.loads(line)
        except ValueError:
            continue
        key = str(found.get("custom_id")) if isinstance(found, dict) else ""
        if key in calls:
            yield key, _reply(found, calls[key])


def _reply(line: Mapping[str, Any], call: Call) -> Reply:
    response = line.get("response")
    if not isinstance(response, dict) or not isinstance(response.get("body"), dict):
        return replace(read_error(500, {"error": line.get("error")}), outcome=Outcome.SERVER)
    status = response.get("status_code")
    if status == 200:
        return read_completion(response["body"], call)
    return read_error(status if isinstance(status, int) else 500, response["body"])


def _reason(job: Any, state: str) -> str:
    data = job.errors.data if job and job.errors else None
    message = data[0].message if data else None
    return shown(f"the batch is {state}" + (f": {message}" if message else ""))
