"""Gets every open question answered: draws samples, keeps the best, tells the teacher what was wrong and asks again.

A question that no answer fits is rewritten to the length of the nearest one. Knows nothing of where questions
come from.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from hesui.corpus.classes import TaskClass
from hesui.corpus.cleaning import clean
from hesui.corpus.rows import Row, from_record
from hesui.distil.accepting import Judged, judge, nearest, rule_of, strict
from hesui.distil.calls import Call, Outcome, Reply, Stage
from hesui.distil.desk import CapReached
from hesui.distil.job import Job, as_question, question_id, training_numbers, trains
from hesui.distil.pool import for_each
from hesui.errors import TeacherError
from hesui.length import Constraint
from hesui.prompts import answering, feedback, language, measurement
from hesui.records import Message
from hesui.restating import relabel
from hesui.store.distilling import Question, StoredAnswer

TOKENS = {"char": 3, "word": 6, "sentence": 90, "line": 60, "paragraph": 450}  # an answer's room for each unit
TOKENS_BESIDE = 256
TOKENS_FREE = 2048  # where nothing is demanded
MOST_TOKENS = 16_384
PARTS = 20  # lines, items … that a demand on each of them has room for

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Try:
    """One answer of the teacher."""

    text: str
    judged: Judged
    call: str  # the call's key
    place: int  # of the call among the question's


async def answer_open(job: Job, passes: int = 1) -> int:
    """Answer the open questions of the run; how many are still open, because their calls brought nothing.

    Raises TeacherError where the teacher cannot be used.
    """
    left = 0
    for _ in range(passes):
        hopeful = await _pass(job)
        left = sum(1 for _ in _open(job))
        if not (left and hopeful):
            break
    return left


async def _pass(job: Job) -> bool:
    """Ask once about every open question; whether asking again may help.

    Where only questions are left that brought nothing before, a desk that gives up says no more than that they still do.
    """
    try:
        errors = await for_each(_open(job), job.config.concurrency, lambda question: answer(job, question))
    except CapReached:
        raise
    except TeacherError:
        if any(question.id not in job.lost for question in _open(job)):
            raise
        return False
    for error in errors:
        log.warning("a question cannot be asked: %s", error)
    return True


async def answer(job: Job, question: Question) -> None:
    """Answer one question and record what came of it; it stays open where a call brought nothing."""
    row = from_record(question.row)
    task = job.classes[question.task]
    asked = calls(row, task, job)
    replies: list[Reply] = list(await asyncio.gather(*map(job.ask, asked)))
    tries = [one for place in range(len(asked)) if (one := _try(job, row, task, asked[place], replies[place], place))]
    for number in range(1, job.config.retries + 1):
        again = _again(asked[0], row, task, tries, replies, job, number)
        if again is None:
            break
        asked.append(again)
        replies.append(await job.ask(again))
        if one := _try(job, row, task, again, replies[-1], len(asked) - 1):
            tries.append(one)
    if any(one.judged.ok for one in tries) or all(reply.outcome.paid for reply in replies):
        _settle(job, question, row, task, tries, len(asked))
    else:
        job.lost.add(question.id)


def open_calls(job: Job) -> Iterator[Call]:
    """The first calls of every open question: what can be asked ahead of `answer_open`, which then finds the replies."""
    for question in _open(job):
        yield from calls(from_record(question.row), job.classes[question.task], job)


def calls(row: Row, task: TaskClass, job: Job) -> list[Call]:
    """The calls that ask for the samples of one question."""
    call = Call(
        Stage.ANSWER,
        task.id,
        messages(row, task, job),
        temperature=job.config.temperature,
        max_tokens=max_tokens(row.constraint),
    )
    return [replace(call, sample=sample) for sample in range(job.config.samples)]


def messages(row: Row, task: TaskClass, job: Job) -> tuple[Message, ...]:
    """What a teacher is sent: the row's turns, with a word on the form of answers in the system's."""
    lang = language(row.prompt)
    said = [turn.content for turn in row.history if turn.role == "system"] or [task.system]
    system = "\n\n".join(filter(None, [*said, answering(rule_of(row.constraint, job.config.counter), lang)]))
    turns = [turn for turn in row.history if turn.role != "system"]
    return Message("system", system), *turns, Message("user", row.prompt)


def max_tokens(constraint: Constraint | None) -> int:
    """Room for an answer half again as long as the demand takes, at rather many tokens for each unit."""
    if constraint is None:
        return TOKENS_FREE
    most = strict(constraint).max or constraint.aim
    parts = PARTS if constraint.scope.startswith("per_") else 1
    return min(MOST_TOKENS, TOKENS_BESIDE + most * TOKENS[constraint.unit] * parts)


def _open(job: Job) -> Iterator[Question]:
    return (question for question in job.store.questions(job.run, state="open") if question.task in job.classes)


def _try(job: Job, row: Row, task: TaskClass, call: Call, reply: Reply, place: int) -> Try | None:
    """The text that came, cleaned and judged; None where none came."""
    text = clean(reply.text).strip()
    if not text or reply.outcome not in (Outcome.OK, Outcome.TRUNCATED):
        return None
    judged = judge(text, row, task, job.config.counter, reply.outcome is Outcome.TRUNCATED)
    return Try(text, judged, call.key(job.desk.model), place)


def _again(
    call: Call, row: Row, task: TaskClass, tries: Sequence[Try], replies: Sequence[Reply], job: Job, number: int
) -> Call | None:
    """The next call for a question without an accepted answer; None where there is no use in one.

    The nearest answer goes back to the teacher with what is wrong about it. Without any answer the question is put
    once more, unless the teacher declined it or the last call brought nothing.
    """
    if any(one.judged.ok for one in tries) or not replies[-1].outcome.paid:
        return None
    sample = job.config.samples - 1 + number
    if tries:
        best = tries[nearest([one.judged for one in tries])]
        told = _feedback(best.judged, row, task, job)
        turns = (Message("assistant", best.text), Message("user", told))
        return replace(call, messages=call.messages + turns, sample=sample)
    declined = all(reply.outcome in (Outcome.REFUSED, Outcome.FILTERED) for reply in replies)
    return None if declined else replace(call, sample=sample)


def _feedback(judged: Judged, row: Row, task: TaskClass, job: Job) -> str:
    lang = language(row.prompt)
    if row.constraint is None:
        return feedback(judged.reason, judged.found, lang)
    exact = row.constraint.op == "eq"
    wanted = row.constraint if exact else strict(row.constraint, task.within)
    off = judged.error if exact else judged.off
    rule = rule_of(row.constraint, job.config.counter)
    return feedback(judged.reason, judged.found, lang, measurement(judged.count, off, wanted, rule, lang))


def _settle(job: Job, question: Question, row: Row, task: TaskClass, tries: Sequence[Try], asked: int) -> None:
    """Record the answers, all at once. Acceptable ones beyond the best stay in the cache of calls only."""
    rejected = [_stored(job, question, one, "negative") for one in tries if not one.judged.ok]
    accepted = [one for one in tries if one.judged.ok]
    if accepted:
        best = accepted[nearest([one.judged for one in accepted])]
        kept = [_stored(job, question, best, "accepted"), *rejected]
        job.store.settle(job.run, question.id, "accepted", accepted[0].place + 1, kept)
        return
    new = _relabelled(job, question, row, task, tries) if job.config.relabel else None
    if new is None:
        job.store.settle(job.run, question.id, "failed", asked, rejected)
        return
    rewritten, stored = new
    job.store.settle(job.run, question.id, "failed", asked, [*rejected, stored], also=[rewritten])


def _relabelled(
    job: Job, question: Question, row: Row, task: TaskClass, tries: Sequence[Try]
) -> tuple[Question, StoredAnswer] | None:
    """The question under the demand that its nearest sound answer meets, and that answer; None where there is none."""
    if row.constraint is None:
        return None
    for one in sorted((one for one in tries if one.judged.sound), key=lambda one: abs(one.judged.off)):
        for count in training_numbers(one.judged.count):
            found = relabel(row.prompt, row.constraint, count, trains)
            if found is None:
                continue
            new = replace(
                row,
                id=question_id(row.task, found.prompt, question.id),
                prompt=found.prompt,
                constraint=found.constraint,
                reference=None,
                hand_set=False,
            )
            judged = judge(one.text, new, task, job.config.counter)
            if judged.ok and job.families.duplicate_of(new) is None:
                job.families.assign(new)
                rewritten = as_question(new, "relabelled", question.id, "accepted", one.place + 1)
                return rewritten, _stored(job, rewritten, replace(one, judged=judged, place=0), "accepted")
    return None


def _stored(job: Job, question: Question, one: Try, kind: str) -> StoredAnswer:
    judged = one.judged
    return StoredAnswer(
        question=question.id,
        task=question.task,
        text=one.text,
        kind="accepted" if kind == "accepted" else "negative",
        count=judged.count,
        error=judged.error,
        reason=judged.reason,
        sample=one.place,
        teacher=job.desk.model,
        call=one.call,
    )
