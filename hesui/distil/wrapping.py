"""Makes prompts that carry the accepted answers of another class: a greeting to be turned into verse, a letter to sum up.

Asks no teacher. A prompt inherits the family of the question whose answer it carries.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from hesui.corpus.classes import TaskClass
from hesui.corpus.rows import Row, from_record
from hesui.distil.expanding import admit, count_base, new_row, number_of, numbers
from hesui.distil.job import Job, trains
from hesui.distil.planning import USES, Goal
from hesui.length import Constraint, parse
from hesui.prompts import language
from hesui.restating import vary
from hesui.store.distilling import Question, StoredAnswer


def wrap_all(job: Job, goal: Goal) -> None:
    """Carry accepted answers of the class's input until it has its base, each answer at most USES times."""
    missing = goal.base - count_base(job, goal.task.id)
    for use in range(USES):
        for question, answer in _answers(job, goal.task):
            if missing <= 0:
                return
            missing -= _wrap(job, goal.task, question, answer, use)


def _answers(job: Job, task: TaskClass) -> Iterator[tuple[Question, StoredAnswer]]:
    return job.store.answers(job.run, task=task.input, kind="accepted")


def _wrap(job: Job, task: TaskClass, question: Question, answer: StoredAnswer, use: int) -> int:
    row = _row(job, task, question, answer.text, use)
    admitted = row and admit(job, row, "wrapped", question.id)
    return job.store.add_questions(job.run, [admitted]) if admitted else 0


def _row(job: Job, task: TaskClass, question: Question, text: str, use: int) -> Row | None:
    """A prompt that carries `text`, worded otherwise at each use; None where no wording of its language fits."""
    wordings = [wording for wording in task.wordings if language(wording) == language(text)]
    order = Random(f"{job.config.seed}/{task.id}/{question.id}").sample(wordings, len(wordings))
    rng = Random(f"{job.config.seed}/{task.id}/{question.id}/{use}")
    rows = (_worded(job, task, wording, question, text, rng) for wording in order[use:] + order[:use])
    return next((row for row in rows if row is not None), None)


def _worded(job: Job, task: TaskClass, wording: str, question: Question, text: str, rng: Random) -> Row | None:
    """The prompt that a wording makes; None where its demand cannot be told from what it carries."""
    prompt = wording.replace("{demand}", task.demand).replace("{input}", text)
    constraint = parse(prompt)
    family = from_record(question.row).family
    if constraint is None:
        return None if task.needs_demand else new_row(job, task, prompt, None, family)
    if _within(constraint, prompt, text):
        return None
    other = vary(prompt, constraint, rng, task.ops or {constraint.op: 1.0}, numbers(task))
    if other is not None and text in other.prompt:
        prompt, constraint = other.prompt, other.constraint
    elif not trains(number_of(constraint)):
        return None
    return new_row(job, task, prompt, constraint, family)


def _within(constraint: Constraint, prompt: str, text: str) -> bool:
    """Whether the demand was read inside the text that the prompt carries."""
    start = prompt.find(text)
    return constraint.span is not None and start <= constraint.span.start < start + len(text)
