"""Which answers of an evaluation meet in pairs: those of two entries to the same prompt and seed. Judges nothing."""

from __future__ import annotations

from collections.abc import Hashable
from typing import NamedTuple

from hesui.errors import InputError
from hesui.evaluate.folder import EvaluationFolder
from hesui.evaluate.judging import Pair
from hesui.length import DEFAULT_COUNTER
from hesui.records import EndReason


class Contest(NamedTuple):
    """Two entries of one evaluation, pair by pair."""

    first: str  # model:decoding
    second: str
    pairs: tuple[Pair, ...]
    missing: int  # prompts and seeds that one of them has no answer to

    def prompt_of(self, pair: str) -> Hashable:
        """What is the same for all pairs of one prompt."""
        return pair.partition("/")[0]


def read_contest(folder: EvaluationFolder, first: str, second: str) -> Contest:
    """The pairs of two entries, each named model:decoding; without a colon the model's raw answers are meant.

    Raises InputError where one is not in the evaluation, where both are one, and where no pair is complete.
    """
    one, other = (name if ":" in name else f"{name}:raw" for name in (first, second))
    entries = {f"{entry.model}:{entry.decoding}": place for place, entry in enumerate(folder.entries())}
    for name in (one, other):
        if name not in entries:
            known = ", ".join(entries)
            raise InputError(
                f"{name!r} has no answers in {folder.id}; there are: {known}", "error.judge_entry",
                name=name, id=folder.id, known=known,
            )  # fmt: skip
    if one == other:
        raise InputError(f"{one} is named twice; name two different entries", "error.judge_same", name=one)
    return _paired(folder, one, other, entries[one], entries[other])


def _paired(folder: EvaluationFolder, first: str, second: str, one: int, other: int) -> Contest:
    texts: dict[int, dict[tuple[int, int], str]] = {one: {}, other: {}}
    for _, answer in folder.answers():
        if answer.entry in texts and answer.end != EndReason.ERROR:
            texts[answer.entry][answer.prompt, answer.seed] = answer.text
    prompts = folder.prompts()
    both = sorted(texts[one].keys() & texts[other].keys())
    pairs = []
    for place, seed in both:
        row = prompts[place]
        rule = (row.constraint and row.constraint.count_rule) or DEFAULT_COUNTER
        pairs.append(Pair(
            f"{place}/{seed}", row.prompt, texts[one][place, seed], texts[other][place, seed],
            row.constraint, rule, row.task,
        ))  # fmt: skip
    if not pairs:
        raise InputError(
            f"{first} and {second} have no prompt answered by both in {folder.id}", "error.judge_none",
            first=first, second=second, id=folder.id,
        )  # fmt: skip
    return Contest(first, second, tuple(pairs), len(texts[one].keys() ^ texts[other].keys()))
