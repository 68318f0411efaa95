"""One run from seeds to accepted answers: expand, answer, carry answers into further prompts, answer those.

Every step finds what an earlier sitting did, so a run that was stopped or killed anywhere goes on by running again.
Knows nothing of processes, pages or which teacher it is.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from enum import StrEnum
from itertools import groupby

from hesui.corpus.classes import TaskClass
from hesui.corpus.families import Families
from hesui.corpus.rows import Row, from_record
from hesui.distil.ahead import Batches, ask_ahead
from hesui.distil.answering import answer_open
from hesui.distil.config import Config
from hesui.distil.desk import CapReached, Desk
from hesui.distil.expanding import expand, vary_all, vary_hard
from hesui.distil.job import Gate, Job, Stopped, as_question
from hesui.distil.planning import Goal, make_plan
from hesui.distil.wrapping import wrap_all
from hesui.errors import HesuiError
from hesui.store.distilling import DistilStore, RunState, Wanted

HEARTBEAT = 2.0  # seconds
PASSES = 3  # over the questions that are left open at the end because calls brought nothing


class Until(StrEnum):
    """How far a sitting goes."""

    EXPANDED = "expanded"  # the prompts that are not made of answers
    DONE = "done"


async def run(
    store: DistilStore,
    run_id: str,
    config: Config,
    classes: Mapping[str, TaskClass],
    seeds: Sequence[Row],
    eval_rows: Iterable[Row],
    desk: Desk,
    *,
    wanted: Callable[[], Wanted],
    batches: Batches | None = None,
    until: Until = Until.DONE,
    finish: Callable[[], object] = lambda: None,
) -> None:
    """Work on a run until it is done, wanted to stop, or at its cap; the run's state says which.

    `until` ends the sitting earlier, as if the run had been stopped; `finish` is what a run that leaves nothing open
    does last, before its state says that it is done. With `batches`, many questions at once go through the provider's
    batch service first, as the settings say. Raises InputError on classes or seeds that cannot be used and TeacherError where the teacher cannot be; then the
    run's state is "failed" and its note says why.
    """
    try:
        plan = make_plan(config, classes, seeds)
        store.update_run(run_id, state="running", phase="prepare")
        async with _beating(store, run_id):
            families = Families(seeds)
            held_out = frozenset(families.assign(row).family for row in eval_rows)
            for question in store.questions(run_id):
                families.assign(from_record(question.row))
            gate = Gate(wanted, lambda state: store.update_run(run_id, state=state))
            job = Job(store, run_id, config, classes, desk, families, held_out, gate)
            left = await _work(job, plan, seeds, batches, until)
            if not left:
                _phase(job, "freeze")
                finish()
    except Stopped:
        store.update_run(run_id, state="stopped")
    except CapReached as error:
        end(store, run_id, "capped", error)
    except HesuiError as error:
        end(store, run_id, "failed", error)
        raise
    else:
        _done(store, run_id, left)


async def _work(job: Job, plan: Sequence[Goal], seeds: Sequence[Row], batches: Batches | None, until: Until) -> int:
    """Do all there is to do; how many questions are left open. Raises Stopped where `until` ends it earlier."""
    for depth, goals in groupby(plan, key=lambda goal: _depth(goal.task, job.classes)):
        _phase(job, "wrap" if depth else "expand")
        for goal in goals:
            await _make_questions(job, goal, [seed for seed in seeds if seed.task == goal.task.id])
        if until is Until.EXPANDED:
            raise Stopped
        await _answer(job, batches)
    _phase(job, "hard")
    vary_hard(job)
    return await _answer(job, batches, PASSES)


async def _answer(job: Job, batches: Batches | None, passes: int = 1) -> int:
    if batches is not None:
        _phase(job, "batch")
        await ask_ahead(job, batches)
    _phase(job, "answer")
    return await answer_open(job, passes)


async def _make_questions(job: Job, goal: Goal, seeds: Sequence[Row]) -> None:
    job.store.add_questions(job.run, [as_question(seed, "seed") for seed in seeds])
    if goal.task.input:
        wrap_all(job, goal)
    else:
        await expand(job, goal, seeds)
    vary_all(job, goal)


def _depth(task: TaskClass, classes: Mapping[str, TaskClass]) -> int:
    """How many classes lie under this one."""
    return 1 + _depth(classes[task.input], classes) if task.input else 0


def _phase(job: Job, phase: str) -> None:
    job.store.update_run(job.run, phase=phase)


@asynccontextmanager
async def _beating(store: DistilStore, run_id: str) -> AsyncIterator[None]:
    """Show every few seconds that the run is alive, also while calls take long."""

    async def beat() -> None:
        while True:
            await asyncio.sleep(HEARTBEAT)
            store.update_run(run_id)

    beating = asyncio.create_task(beat())
    try:
        yield
    finally:
        beating.cancel()


def end(store: DistilStore, run_id: str, state: RunState, error: HesuiError) -> None:
    """Let a run's state and note say that `error` ended it."""
    values = {name: str(value) for name, value in error.values.items()}
    store.update_run(run_id, state=state, note=str(error), note_key=error.key, note_values=values)


def _done(store: DistilStore, run_id: str, left: int) -> None:
    note = f"{left} prompts stay open: their calls brought nothing; go on later to ask again" if left else ""
    store.update_run(
        run_id,
        state="stopped" if left else "done",
        phase="",
        note=note,
        note_key="distil.left_open" if left else "",
        note_values={"count": left} if left else {},
    )
