"""From a few prompts to many: asks a teacher for new ones by example, then puts the same ones under other demands.

Calls depend on the run's seed, the class and the round only, so a run that goes on finds them in the cache.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import ceil
from random import Random
from statistics import fmean

import regex
from pydantic import BaseModel

from hesui.corpus.classes import TaskClass
from hesui.corpus.cleaning import clean
from hesui.corpus.rows import Row, from_record
from hesui.distil.calls import Call, Outcome, Reply, Stage
from hesui.distil.job import Job, as_question, question_id, training_numbers, trains
from hesui.distil.planning import Goal
from hesui.distil.pool import for_each
from hesui.distil.replies import read_json
from hesui.distil.tokens import estimate_tokens
from hesui.length import Constraint, parse
from hesui.prompts import expansion, language
from hesui.records import Message
from hesui.restating import restate, vary, write
from hesui.store.distilling import Fault, Origin, Question

DRY = 5  # rounds without a new prompt after which a class is given up
FEWEST, MOST = 4, 4000  # characters of a prompt
HARD_VARIANTS = 2  # of a hard question
TRIES = 4  # draws for one variant that is not there yet
BASE: tuple[Origin, ...] = ("seed", "expanded", "wrapped")  # questions that variants are made of

_NUMBERED = regex.compile(r"\A\s*(?:\d{1,3}\s*[.、)）]|[-*•])\s*(?=\D)")


class Questions(BaseModel):
    """What an expansion answers."""

    questions: list[str]


async def expand(job: Job, goal: Goal, seeds: Sequence[Row]) -> None:
    """Ask for new prompts until the class has its base, its rounds are used up, or several brought nothing new."""
    have = count_base(job, goal.task.id)
    seen: set[str] = set()  # ids of this sitting; those of earlier ones come again, from the cache
    done = dry = 0
    while have < goal.base and done < job.config.rounds and dry < DRY:
        wave = min(ceil((goal.base - have) / job.config.per_call), job.config.rounds - done, job.config.concurrency)
        replies = await _ask_rounds(job, goal.task, seeds, range(done, done + wave))
        for reply in replies:
            new, met = _absorb(job, goal, reply, seen, goal.base - have)
            have += new
            dry = 0 if met else dry + 1
        done += wave


def vary_all(job: Job, goal: Goal) -> None:
    """Put the class's questions under other demands until it has its prompts, each question in its turn."""
    missing = goal.prompts - job.store.count_questions(job.run, goal.task.id)
    for turn in range(ceil(job.config.variants * 2)):
        for question in job.store.questions(job.run, task=goal.task.id):
            if missing <= 0:
                return
            if question.origin in BASE:
                missing -= _add_variant(job, goal.task, question, f"{turn}")


def vary_hard(job: Job) -> None:
    """Give each question that took many tries, and is not itself such a variant, variants under other numbers."""
    for question in job.store.questions(job.run):
        task = job.classes.get(question.task)
        hard = question.tries >= job.config.hard and question.origin != "relabelled"
        if task is not None and hard and not _made_of_hard(job, question):
            for turn in range(HARD_VARIANTS):
                _add_variant(job, task, question, f"hard {turn}")


def read_questions(text: str) -> list[str] | None:
    """The prompts that a reply states; None where it is not the JSON that was asked for."""
    found = read_json(text, Questions)
    return None if found is None else [_NUMBERED.sub("", clean(prompt)).strip() for prompt in found.questions]


def make_row(job: Job, task: TaskClass, prompt: str) -> Row | None:
    """A teacher's prompt as a row without a family; None where it cannot be used.

    In a class that needs a demand, one that states none gets the class's own; a number that is kept for evaluation
    gives way to the nearest other one.
    """
    if not FEWEST <= len(prompt) <= MOST:
        return None
    constraint = parse(prompt)
    if constraint is None and task.needs_demand:
        prompt = write(prompt, None, default_demand(task))
        constraint = parse(prompt)
        if constraint is None:
            return None
    if constraint is not None and not trains(number_of(constraint)):
        near = (restate(prompt, constraint, number) for number in training_numbers(number_of(constraint)))
        other = next((made for made in near if made is not None), None)
        if other is None:
            return None
        prompt, constraint = other
    return new_row(job, task, prompt, constraint)


def new_row(job: Job, task: TaskClass, prompt: str, constraint: Constraint | None, family: str = "") -> Row:
    """A row that this run made."""
    history = (Message("system", task.system),) if task.system else ()
    return Row(
        question_id(task.id, prompt), task.id, prompt, constraint, family, source=job.desk.model, history=history
    )


def admit(job: Job, row: Row, origin: Origin, parent: str | None = None) -> Question | None:
    """The row as a question with its family; None where one like it is known, or it is too near an evaluation prompt."""
    if job.families.duplicate_of(row) is not None or job.store.question(job.run, row.id) is not None:
        return None
    row = job.families.assign(row)
    return None if row.family in job.held_out else as_question(row, origin, parent)


def default_demand(task: TaskClass) -> Constraint:
    """The demand of a prompt that states none. Raises ValueError where the class has none."""
    found = parse(f"写{task.demand}") or parse(f"write {task.demand}")
    if found is None:
        raise ValueError(f"class {task.id!r} has no demand that can be read")
    return found


def numbers(task: TaskClass) -> list[int]:
    """The numbers that the class's demands may name in training."""
    low, high = task.numbers
    return [number for number in range(low, high + 1) if trains(number)]


def number_of(constraint: Constraint) -> int:
    """The number that a demand is about; a range's lower one."""
    named = (constraint.target, constraint.min, constraint.max)
    return next(number for number in named if number is not None)


def count_base(job: Job, task: str) -> int:
    """How many questions of a class are not made of others."""
    return sum(question.origin in BASE for question in job.store.questions(job.run, task=task))


async def _ask_rounds(job: Job, task: TaskClass, seeds: Sequence[Row], rounds: range) -> list[Reply]:
    """The replies in the order of the rounds."""
    replies: dict[int, Reply] = {}

    async def ask(number: int) -> None:
        replies[number] = await job.ask(_call(job, task, seeds, number))

    await for_each(rounds, job.config.concurrency, ask)
    return [replies[number] for number in rounds if number in replies]


def _call(job: Job, task: TaskClass, seeds: Sequence[Row], number: int) -> Call:
    rng = Random(f"{job.config.seed}/{task.id}/{number}")
    shown = list(dict.fromkeys([*(seed.prompt for seed in seeds), *(shot.prompt for shot in task.shots)]))
    lang = language(rng.choice(shown))
    pool = [prompt for prompt in shown if language(prompt) == lang]
    shots = rng.sample(pool, min(job.config.shots, len(pool)))
    messages = expansion(
        name=getattr(task.name, lang),
        asks=getattr(task.asks, lang),
        guidance=task.guidance,
        shots=shots,
        number=job.config.per_call,
        needs_demand=task.needs_demand,
        lang=lang,
    )
    each = 60 + 2 * fmean(estimate_tokens(shot) for shot in shots)
    return Call(
        Stage.EXPAND,
        task.id,
        messages,
        sample=number,
        temperature=job.config.temperature,
        max_tokens=200 + round(job.config.per_call * each),
        as_json=True,
    )


def _absorb(job: Job, goal: Goal, reply: Reply, seen: set[str], room: int) -> tuple[int, bool]:
    """Keep a reply's new prompts, at most `room`: how many, and whether it held one that no earlier round had."""
    prompts = read_questions(reply.text) if reply.outcome is Outcome.OK else []
    if prompts is None:
        if reply.seconds:  # not out of the cache: then it was told before
            fault = Fault(goal.task.id, Stage.EXPAND, Outcome.MALFORMED, f"no JSON of prompts: {reply.text[:200]}")
            job.store.record_fault(job.run, fault)
        return 0, False
    fresh: list[Question] = []
    met = False
    for row in _usable(job, goal.task, prompts):
        known = row.id in seen
        seen.add(row.id)
        if known or (question := admit(job, row, "expanded")) is None:
            met = met or (not known and job.store.question(job.run, row.id) is not None)
            continue
        met = True
        if len(fresh) < room:
            fresh.append(question)
    return job.store.add_questions(job.run, fresh), met


def _usable(job: Job, task: TaskClass, prompts: Sequence[str]) -> Iterator[Row]:
    for prompt in prompts:
        row = make_row(job, task, prompt)
        if row is not None:
            yield row


def _add_variant(job: Job, task: TaskClass, question: Question, mark: str) -> int:
    """One more question that differs from `question` in its demand; 1 if one was added, 0 where none was found or an
    earlier sitting added it."""
    row = from_record(question.row)
    if row.constraint is None:
        return 0
    mark = f"{question.id}/{mark}"
    rng = Random(f"{job.config.seed}/{mark}")
    for _ in range(TRIES):
        other = vary(row.prompt, row.constraint, rng, task.ops or {row.constraint.op: 1.0}, numbers(task))
        if other is None:
            return 0
        varied = replace(
            row,
            id=question_id(task.id, other.prompt, mark),
            prompt=other.prompt,
            constraint=other.constraint,
            reference=None,
            hand_set=False,
        )
        if job.store.question(job.run, varied.id) is not None:
            return 0
        admitted = admit(job, varied, "varied", question.id)
        if admitted is not None:
            return job.store.add_questions(job.run, [admitted])
    return 0


def _made_of_hard(job: Job, question: Question) -> bool:
    parent = job.store.question(job.run, question.parent) if question.parent else None
    return parent is not None and parent.tries >= job.config.hard
