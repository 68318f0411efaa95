"""The one way to a teacher: known answers come from the cache, new ones pass a budget and rates, and are kept.

Knows nothing of what is asked, nor of what makes an answer good.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import TypeVar

from aiolimiter import AsyncLimiter

from hesui.distil.calls import Call, Outcome, Reply, Teacher, Usage
from hesui.distil.config import Config
from hesui.distil.teachers import FREE, Price
from hesui.distil.tokens import worst_case
from hesui.errors import TeacherError
from hesui.store.distilling import DistilStore, Fault, PaidCall

T = TypeVar("T")

PATIENCE = 20  # calls in a row that may bring nothing, or twice the concurrency where that is more


class CapReached(TeacherError):
    """The next call could cost more than is left under the run's cap."""


class Desk:
    """Asks a teacher on behalf of one run. Belongs to one event loop; close it there."""

    def __init__(
        self,
        store: DistilStore,
        run: str,
        teacher: Teacher,
        *,
        config: Config,
        price: Price | None = None,
        currency: str = "",
    ) -> None:
        self._store, self._run, self._teacher = store, run, teacher
        self._till = Till(price or FREE, config.cap, store.spent(run), currency)
        self._gate = Gate(config)
        self._patience = Patience(config.concurrency, teacher.model)
        self._open: dict[str, asyncio.Task[Reply]] = {}
        self._thread = ThreadPoolExecutor(1, "distil-store")

    @property
    def model(self) -> str:
        """The name that answers are kept under."""
        return self._teacher.model

    @property
    def spent(self) -> float:
        """What the run has paid, in the currency of the price; earlier sittings count."""
        return self._till.spent

    async def ask(self, call: Call) -> Reply:
        """The reply to a call: the one paid for before (then `seconds` is 0), or a new one.

        Equal calls at the same time are one call. Cancelling whoever waits does not end the call: it is charged
        anyway, so its reply is kept for the next time.

        Raises CapReached before a call that could exceed the cap, and TeacherError where the teacher cannot be used
        at all: its key, address or model is wrong, or too many calls in a row brought nothing.
        """
        key = call.key(self._teacher.model)
        task = self._open.get(key)
        if task is None:
            task = self._open[key] = asyncio.create_task(self._answer(call, key))
            task.add_done_callback(lambda done: self._forget(key, done))
        return await asyncio.shield(task)

    async def close(self) -> None:
        """Wait for the calls under way, then let go of the teacher. Cancelling this drops those calls."""
        try:
            await asyncio.gather(*self._open.values(), return_exceptions=True)
        finally:
            self._thread.shutdown()  # after a last write at most
            await self._teacher.close()

    def _forget(self, key: str, task: asyncio.Task[Reply]) -> None:
        del self._open[key]
        if not task.cancelled():
            task.exception()  # whoever asked may be gone

    async def _answer(self, call: Call, key: str) -> Reply:
        found = await self._in_thread(lambda: self._store.cached(key))
        if found is not None:
            return Reply(Outcome(found.outcome), found.text, Usage(found.prompt_tokens, found.completion_tokens))
        most = worst_case(call)
        async with self._gate.slot, self._till.reserved(most):
            self._patience.check()
            await self._gate.wait(most)
            reply = await self._teacher.complete(call)
            cost = self._till.pay(reply.usage) if reply.outcome.paid else 0.0
        await asyncio.shield(self._in_thread(lambda: self._record(call, key, reply, cost)))
        self._patience.note(reply)
        return reply

    def _record(self, call: Call, key: str, reply: Reply, cost: float) -> None:
        if reply.outcome.paid:
            self._store.record_call(paid_call(self._run, self._teacher.model, call, key, reply, cost))
        else:
            self._store.record_fault(self._run, Fault(call.task, call.stage, reply.outcome, reply.detail))

    def _in_thread(self, work: Callable[[], T]) -> asyncio.Future[T]:
        return asyncio.get_running_loop().run_in_executor(self._thread, work)


def paid_call(run: str, model: str, call: Call, key: str, reply: Reply, cost: float) -> PaidCall:
    """A reply as the store keeps it."""
    return PaidCall(
        key, run, call.task, call.stage, model, reply.outcome, reply.text,
        reply.usage.prompt, reply.usage.completion, cost, reply.seconds,
    )  # fmt: skip


class Till:
    """What a run has paid, and what the calls under way may still cost."""

    def __init__(self, price: Price, cap: float | None, spent: float, currency: str) -> None:
        self.spent = spent
        self._price, self._cap, self._currency = price, cap, currency
        self._held: dict[object, float] = {}
        self._changed = asyncio.Event()

    @asynccontextmanager
    async def reserved(self, most: Usage) -> AsyncIterator[None]:
        """Hold the money for a call; wait for it while calls under way hold too much.

        Raises CapReached where there would be too little even if those cost nothing.
        """
        cost = self._price.of(most)
        while not self._enough(cost + sum(self._held.values())):
            if not self._enough(cost):
                raise self._cap_reached()
            self._changed.clear()
            await self._changed.wait()
        ticket = object()
        self._held[ticket] = cost
        try:
            yield
        finally:
            del self._held[ticket]
            self._changed.set()

    def require(self, most: Iterable[Usage]) -> None:
        """Raise CapReached where these calls together could cost too much."""
        if not self._enough(sum(self._price.of(usage) for usage in most)):
            raise self._cap_reached()

    def pay(self, usage: Usage) -> float:
        """Add what this much costs, and return it."""
        cost = self._price.of(usage)
        self.spent += cost
        return cost

    def _enough(self, cost: float) -> bool:
        return self._cap is None or self.spent + cost <= self._cap

    def _cap_reached(self) -> CapReached:
        spent, cap = (f"{amount:,.4g} {self._currency}".strip() for amount in (self.spent, self._cap or 0.0))
        return CapReached(
            f"the cap is reached: {spent} of {cap} are spent and the next call could exceed it; "
            "raise the cap to go on, nothing is lost",
            "error.cap_reached",
            spent=spent,
            cap=cap,
        )


class Gate:
    """How many calls may be under way, and how many requests and tokens may leave in a minute."""

    def __init__(self, config: Config) -> None:
        self.slot = asyncio.Semaphore(config.concurrency)
        self._requests = _limiter(config.requests_per_minute)
        self._tokens = _limiter(config.tokens_per_minute)
        self._turn = asyncio.Lock()

    async def wait(self, most: Usage) -> None:
        """Wait until the rates allow a call that may use this much; providers count the most, too."""
        async with self._turn:  # in portions of a second's worth, so one call after the other
            await _acquire(self._requests, 1)
            await _acquire(self._tokens, most.prompt + most.completion)


async def _acquire(limiter: AsyncLimiter | None, amount: float) -> None:
    while limiter is not None and amount > 0:
        portion = min(amount, limiter.max_rate)
        await limiter.acquire(portion)
        amount -= portion


def _limiter(per_minute: int) -> AsyncLimiter | None:
    """A limiter that lets at most a second's worth (but one at least) go at once."""
    if not per_minute:
        return None
    burst = max(1.0, per_minute / 60)
    return AsyncLimiter(burst, 60 * burst / per_minute)


class Patience:
    """Notices when asking on is pointless."""

    def __init__(self, concurrency: int, model: str) -> None:
        self._model = model
        self._limit = max(PATIENCE, 2 * concurrency)
        self._at_first = concurrency + 2  # while nothing has ever been heard from the address
        self._heard = False
        self._in_row = 0
        self._lost: TeacherError | None = None

    def check(self) -> None:
        """Raise the TeacherError that was noticed before."""
        if self._lost is not None:
            raise self._lost

    def note(self, reply: Reply) -> None:
        """Take in what came of a call; raises TeacherError where every further one would end the same."""
        self._heard = self._heard or reply.outcome not in (Outcome.UNREACHABLE, Outcome.TIMEOUT)
        self._in_row = 0 if reply.outcome.paid else self._in_row + 1
        if reply.outcome.fatal or self._in_row >= (self._limit if self._heard else self._at_first):
            self._lost = self._lost or self._error(reply)
            raise self._lost

    def _error(self, reply: Reply) -> TeacherError:
        reason = reply.detail or reply.outcome.value
        if reply.outcome is Outcome.UNAUTHORISED:
            return TeacherError(
                f"the teacher refuses this key or account ({reason}); check the key and the balance, then go on",
                "error.teacher_key_refused",
                reason=reason,
            )
        if reply.outcome is Outcome.NOT_FOUND:
            return TeacherError(
                f"there is no model {self._model!r} at this address ({reason}); check both",
                "error.teacher_not_found",
                model=self._model,
                reason=reason,
            )
        return TeacherError(
            f"{self._in_row} calls in a row brought nothing, the last one: {reason}; "
            "check the address and the network, then go on: nothing is lost",
            "error.teacher_silent",
            count=self._in_row,
            reason=reason,
        )
