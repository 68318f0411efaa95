"""Lets a teacher propose labels with clues and reasons, for reviewers to judge; decides nothing itself.

The prompt is CARP's (Sun et al. 2023, arXiv 2305.08377): clues first, then reasoning, then the label.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import suppress
from dataclasses import dataclass

from pydantic import BaseModel

from hesui.corpus.chatlog import LabelItem
from hesui.corpus.classes import TaskClass
from hesui.distil.calls import Call, Outcome, Stage
from hesui.distil.desk import Desk
from hesui.distil.pool import for_each
from hesui.distil.replies import read_json
from hesui.errors import InputError
from hesui.prompts import labelling, language

TRIES = 2  # replies asked for until one is usable
TOKENS = 512


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A label that a teacher proposes."""

    item: str  # the item's id
    label: str  # one of the class's
    clues: tuple[str, ...]
    reasoning: str
    teacher: str


class _Proposal(BaseModel):
    clues: list[str] = []
    reasoning: str = ""
    label: str


async def suggest(
    items: Iterable[LabelItem], task: TaskClass, desk: Desk, *, concurrency: int = 16, temperature: float = 0.0
) -> AsyncIterator[Suggestion]:
    """Suggestions as they come, in any order; items whose replies cannot be used have none.

    Raises InputError where `task` is no label class, CapReached and TeacherError as the desk does.
    """
    if task.kind != "label" or task.question is None:
        raise InputError(f"class {task.id!r} wants answers, not labels", "error.not_label_class", name=task.id)
    ready: asyncio.Queue[Suggestion | None] = asyncio.Queue(concurrency)

    async def work(item: LabelItem) -> None:
        found = await _suggest_one(item, task, desk, temperature)
        if found is not None:
            await ready.put(found)

    async def produce() -> None:
        try:
            await for_each(items, concurrency, work)
        finally:
            await ready.put(None)

    producing = asyncio.create_task(produce())
    try:
        while (suggestion := await ready.get()) is not None:
            yield suggestion
        await producing
    finally:
        producing.cancel()
        with suppress(asyncio.CancelledError, Exception):
            await producing


async def _suggest_one(item: LabelItem, task: TaskClass, desk: Desk, temperature: float) -> Suggestion | None:
    for sample in range(TRIES):
        reply = await desk.ask(_call(item, task, sample, temperature))
        if reply.outcome is not Outcome.OK:
            return None
        proposal = read_proposal(reply.text, task)
        if proposal is not None:
            clues = tuple(clue.strip() for clue in proposal.clues if clue.strip())
            return Suggestion(item.id, proposal.label, clues, proposal.reasoning.strip(), desk.model)
    return None


def read_proposal(text: str, task: TaskClass) -> _Proposal | None:
    """The proposal that a reply states, its label one of the class's; None where it states none."""
    proposal = read_json(text, _Proposal)
    if proposal is None:
        return None
    names = {name.casefold(): label.id for label in task.labels for name in (label.id, label.name.zh, label.name.en)}
    label = names.get(proposal.label.strip().casefold())
    return proposal.model_copy(update={"label": label}) if label else None


def _call(item: LabelItem, task: TaskClass, sample: int, temperature: float) -> Call:
    assert task.question is not None
    lang = language(item.text)
    messages = labelling(
        question=getattr(task.question, lang),
        labels={label.id: getattr(label.name, lang) for label in task.labels},
        text=item.text,
        guidance=task.guidance,
        examples=[(shot.prompt, shot.completion) for shot in task.shots if shot.completion],
        context="\n".join(f"{remark.speaker}: {remark.text}" for remark in item.context),
        lang=lang,
    )
    return Call(Stage.LABEL, task.id, messages, sample=sample, temperature=temperature, max_tokens=TOKENS, as_json=True)
