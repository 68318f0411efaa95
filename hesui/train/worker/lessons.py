"""Examples as token ids, as the model will meet them: the prompt as it is asked, the answer as it would be drawn.

Prompt and answer are tokenised apart, because a model answers after the prompt's ids and draws an end after its own.
Knows nothing of trainers, but for the names of TRL's columns.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from hesui.corpus.splits import Split
from hesui.errors import InputError
from hesui.models.base import Base
from hesui.train.config import Method, TrainConfig
from hesui.train.data import DataSet, Example

MOST_TOKENS = 4096  # of a row, where the settings leave it open
IGNORED = -100  # a label that carries no loss
EVALUATED = 100  # rows of validation that a loss is measured on, at most


@dataclass(frozen=True, slots=True)
class Lessons:
    """What one run learns from."""

    train: list[dict[str, Any]]  # columns as TRL's trainers take them
    validation: list[dict[str, Any]]
    lengths: list[int]  # tokens of each row of train
    context: int  # tokens that a row may have
    left_out: int  # rows of train that are longer: a truncated answer would teach a wrong length

    def quantile(self, share: float) -> int:
        """The length in tokens below which that share of the rows lies."""
        ordered = sorted(self.lengths)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def prepare(data: DataSet, config: TrainConfig, base: Base, look: Callable[[], None] = lambda: None) -> Lessons:
    """The lessons of a data set; `look` is called for each row and may raise.

    Raises InputError where a row is broken, where the kind of data is not what the method learns from, and where no
    row fits.
    """
    data.require(config.method)
    context = min(config.context or MOST_TOKENS, base.context)
    read = _Reader(base, config.method, context, look)
    train = read.rows(data, "train")
    if not train:
        raise InputError(
            f"every row of {data.path.name} has more than {context} tokens (the shortest {read.shortest}); "
            "set a larger context, or choose shorter data",
            "error.train_context", folder=data.path.name, limit=context, shortest=read.shortest,
        )  # fmt: skip
    left_out = read.left_out
    validation = sorted(read.rows(data, "validation")[:EVALUATED], key=length_of)
    if config.method == "kto":
        train, validation = _mismatched(train), _mismatched(validation)
    return Lessons(train, validation, [length_of(row) for row in train], context, left_out)


class _Reader:
    def __init__(self, base: Base, method: Method, context: int, look: Callable[[], None]) -> None:
        self._chat = base.chat
        self._end = base.chat.ends()[-1:]  # what the template closes a turn with, else the tokenizer's own
        self._columns = {"sft": self._answer, "dpo": self._pair, "kto": self._rating}[method]
        self._context = context
        self._look = look
        self.left_out = 0
        self.shortest = 0

    def rows(self, data: DataSet, split: Split) -> list[dict[str, Any]]:
        """The rows of a split that fit."""
        kept: list[dict[str, Any]] = []
        for example in data.examples(split):
            self._look()
            row = self._columns(example)
            length = length_of(row)
            if length <= self._context:
                kept.append(row)
            else:
                self.left_out += 1
                self.shortest = min(self.shortest or length, length)
        return kept

    def _answer(self, example: Example) -> dict[str, Any]:
        prompt, answer = self._chat.prompt(example.messages), self._told(example.texts[0])
        return {"input_ids": [*prompt, *answer], "labels": [IGNORED] * len(prompt) + answer}

    def _pair(self, example: Example) -> dict[str, Any]:
        better, worse = map(self._told, example.texts)
        return {"prompt_ids": self._chat.prompt(example.messages), "chosen_ids": better, "rejected_ids": worse}

    def _rating(self, example: Example) -> dict[str, Any]:
        answer = self._told(example.texts[0])
        return {"prompt_ids": self._chat.prompt(example.messages), "completion_ids": answer, "label": example.good}

    def _told(self, text: str) -> list[int]:
        return [*self._chat.encode(text), *self._end]


def length_of(row: dict[str, Any]) -> int:
    if "input_ids" in row:
        return len(row["input_ids"])
    answers = (row[name] for name in ("chosen_ids", "rejected_ids", "completion_ids") if name in row)
    return len(row["prompt_ids"]) + max(map(len, answers))


def _mismatched(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """With an answer of another row each: KTO's estimate of how far the model has moved (arXiv 2402.01306, 4.1)."""
    others = [*rows[-1:], *rows[:-1]]
    pairs = zip(rows, others, strict=True)
    return [{**row, "KL_completion_ids": other["completion_ids"]} for row, other in pairs]
