"""Asks what an evaluation has not asked yet, models side by side in one batch, and stores every answer as it comes.

Knows no metric, and nothing of the process that it runs in.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from typing import NamedTuple

from hesui.corpus.rows import Row
from hesui.errors import DeviceOutOfMemory
from hesui.evaluate.config import EvaluateConfig
from hesui.evaluate.folder import Answer, Entry, EvaluationFolder
from hesui.records import Answerer, EndReason, Message, Piece, Request

AT_ONCE = 256  # requests that are handed over together; the engine divides them into batches of like length
KEPT = (EndReason.END, EndReason.LIMIT, EndReason.TIME)  # other ends say nothing of a model

log = logging.getLogger(__name__)


class Question(NamedTuple):
    """One answer that is wanted: places in the evaluation's lists, and the seed."""

    prompt: int
    entry: int
    seed: int


def missing(folder: EvaluationFolder) -> list[Question]:
    """What is not answered yet: raw before guided, then by length, so that a batch holds rows of about one length with
    all models to a prompt beside each other."""
    config, prompts, entries = folder.config(), folder.prompts(), folder.entries()
    answered = {answer[:3] for _, answer in folder.answers()}
    seeds = range(config.first_seed, config.first_seed + config.seeds)
    wanted = [
        Question(prompt, entry, seed)
        for prompt in range(len(prompts))
        for seed in seeds
        for entry in range(len(entries))
        if (prompt, entry, seed) not in answered
    ]
    return sorted(wanted, key=lambda one: (entries[one.entry].decoding == "guided", _aim(prompts[one.prompt])))


def generate(folder: EvaluationFolder, answerer: Answerer, unwanted: Callable[[], bool]) -> Iterator[int]:
    """Ask what is missing and store it; yields how many answers were stored since, 0 where only time has passed.

    Ends early once it is `unwanted`. What ended in an error is not stored, and stays missing. Raises what the answerer
    raises.
    """
    config, prompts, entries = folder.config(), folder.prompts(), folder.entries()
    left = missing(folder)
    size = AT_ONCE
    while left and not unwanted():
        part = left[:size]
        requests = [_request(config, prompts[one.prompt], entries[one.entry], one) for one in part]
        try:
            yield from _ask(folder, answerer, part, requests, unwanted)
        except DeviceOutOfMemory:
            if len(part) == 1:
                raise
            size = max(1, len(part) // 2)
            log.warning("out of memory: asking for %d answers at once from now on", size)
            answered = {answer[:3] for _, answer in folder.answers()}
            left = [one for one in left if one not in answered]
        else:
            left = left[size:]


def _ask(
    folder: EvaluationFolder,
    answerer: Answerer,
    questions: Sequence[Question],
    requests: Sequence[Request],
    unwanted: Callable[[], bool],
) -> Iterator[int]:
    texts = [""] * len(questions)
    with closing(answerer.answer(requests)) as events:  # type: ignore[type-var]  # has a close
        for event in events:
            if unwanted():
                return
            stored = 0
            if isinstance(event, Piece):
                texts[event.row] = texts[event.row][: event.keep] + event.text
                if event.end is not None and event.end.reason in KEPT:
                    end, one = event.end, questions[event.row]
                    folder.append_answers([
                        Answer(*one, texts[event.row], end.reason.value, end.tokens, end.drawn,
                               round(end.seconds, 4), end.note or "")
                    ])  # fmt: skip
                    stored = 1
            yield stored


def _request(config: EvaluateConfig, row: Row, entry: Entry, question: Question) -> Request:
    rule = (row.constraint and row.constraint.count_rule) or config.counter
    return Request(
        messages=(*row.history, Message("user", row.prompt)),
        model=entry.model,
        sampling=config.sampling,
        constraint=row.constraint,
        counter=rule,
        guide=entry.decoding == "guided",
        seed=config.seed_of(question.prompt, question.seed),
    )


def _aim(row: Row) -> int:
    return row.constraint.aim if row.constraint else 0
