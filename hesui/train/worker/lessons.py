"""Examples as token ids, as the model will meet them: the prompt as it is asked, the answer as it would be drawn.

Prompt and answer are tokenised apart, because a model answers after the prompt's ids and draws an end after its own.
Knows nothing of trainers, but for the names of TRL's columns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from hesui.errors import InputError
from hesui.length import Counter
from hesui.length.countdown import clauses, counts_down, mark
from hesui.models.base import Base
from hesui.models.likelihood import IGNORED
from hesui.models.rows import make_row
from hesui.records import Request
from hesui.train.config import Method, TrainConfig, require_teachable
from hesui.train.data import DataSet, Example
from hesui.train.worker.rewards import Demand
from hesui.train.worker.sampled import OwnPairs, without_demands

MOST_TOKENS = 4096  # of a row, where the settings leave it open
EVALUATED = 100  # rows of validation that a loss is measured on, at most


@dataclass(frozen=True, slots=True)
class Lessons:
    """What one run learns from."""

    train: list[dict[str, Any]]  # columns as TRL's trainers take them
    validation: list[dict[str, Any]]
    lengths: list[int]  # tokens of each row of train
    context: int  # tokens that a row may have
    left_out: int  # rows of train that are longer: a truncated answer would teach a wrong length
    demands: Sequence[Demand] = ()  # grpo: what each row's answers are judged by, as its `row` says
    sampled: Mapping[str, int] = field(default_factory=dict)  # dpo on its own samples: what came of them

    def quantile(self, share: float) -> int:
        """The length in tokens below which that share of the rows lies."""
        ordered = sorted(self.lengths)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def prepare(
    data: DataSet,
    config: TrainConfig,
    base: Base,
    look: Callable[[], None] = lambda: None,
    own: OwnPairs | None = None,
) -> Lessons:
    """The lessons of a data set, or of the model's `own` pairs; `look` is called for each row and may raise.

    Raises InputError where a row is broken, where the kind of data is not what the method learns from, and where no
    row fits.
    """
    data.require(config.method)
    require_teachable(config)
    context = min(config.context or MOST_TOKENS, base.context)
    examples = own.examples if own else data.prompts if config.method == "grpo" else data.examples
    read = _Reader(base, config.method, context, look, config.counter, config.markers)
    train = read.rows(examples("train"))
    if config.method == "grpo" and not read.demands:
        raise without_demands(data)
    if not train:
        raise InputError(
            f"every row of {data.path.name} has more than {context} tokens (the shortest {read.shortest}); "
            "set a larger context, or choose shorter data",
            "error.train_context", folder=data.path.name, limit=context, shortest=read.shortest,
        )  # fmt: skip
    left_out = read.left_out
    if config.method == "grpo":  # its loss says nothing on held-out prompts; the probe does
        return Lessons(train, [], [length_of(row) for row in train], context, left_out, read.demands)
    validation = sorted(read.rows(examples("validation"))[:EVALUATED], key=length_of)
    if config.method == "kto":
        train, validation = _mismatched(train), _mismatched(validation)
    sampled = own.figures() if own else {}
    return Lessons(train, validation, [length_of(row) for row in train], context, left_out, sampled=sampled)


class _Reader:
    def __init__(
        self, base: Base, method: Method, context: int, look: Callable[[], None], counter: Counter, marks: bool
    ) -> None:
        self._chat = base.chat
        self._base = replace(base, context=context)
        self._end = base.chat.ends()[-1:]  # what the template closes a turn with, else the tokenizer's own
        columns = {"sft": self._answer, "dpo": self._pair, "kto": self._rating, "grpo": self._question}
        self._columns = columns[method]
        self._context = context
        self._look = look
        self._counter = counter
        self._marks = marks  # teach countdown marks
        self.demands: list[Demand] = []
        self.left_out = 0
        self.shortest = 0

    def rows(self, examples: Iterable[Example]) -> list[dict[str, Any]]:
        """The rows of a split that fit."""
        kept: list[dict[str, Any]] = []
        for example in examples:
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
        labels = answer
        if self._marks and example.constraint is not None and counts_down(example.constraint):
            answer, labels = self._marked(example.texts[0], example.constraint.count_rule or self._counter)
        return {"input_ids": [*prompt, *answer], "labels": [IGNORED] * len(prompt) + labels}

    def _marked(self, text: str, counter: Counter) -> tuple[list[int], list[int]]:
        """Ids and labels of an answer with countdown marks.

        Of a mark its digits are learnt, although the decoder will write them: who must say what remains learns to
        count. Its brackets are not, so that the model never opens a mark itself.
        """
        ids: list[int] = []
        labels: list[int] = []
        for clause, remaining in clauses(text, counter):
            told = self._chat.encode_inside(clause) if ids else self._chat.encode(clause)
            given = [] if remaining is None else self._chat.encode_inside(mark(remaining))
            ids += told + given
            labels += told + [token if self._chat.decode([token]).isdigit() else IGNORED for token in given]
        return ids + self._end, labels + self._end

    def _pair(self, example: Example) -> dict[str, Any]:
        better, worse = map(self._told, example.texts)
        return {"prompt_ids": self._chat.prompt(example.messages), "chosen_ids": better, "rejected_ids": worse}

    def _rating(self, example: Example) -> dict[str, Any]:
        answer = self._told(example.texts[0])
        return {"prompt_ids": self._chat.prompt(example.messages), "completion_ids": answer, "label": example.good}

    def _question(self, example: Example) -> dict[str, Any]:
        """A prompt's ids and the tokens that its answer may have, as the product would let it."""
        assert example.constraint is not None  # only prompts that demand a length are asked
        demand = Demand(example.constraint, example.constraint.count_rule or self._counter)
        self.demands.append(demand)
        try:
            draft = make_row(0, Request(example.messages, constraint=demand.constraint), self._base).drafts[0]
        except InputError:  # no room for what is demanded
            return {"prompt": self._chat.prompt(example.messages), "room": self._context, "row": -1}
        return {"prompt": draft.prompt, "room": draft.limit, "row": len(self.demands) - 1}

    def _told(self, text: str) -> list[int]:
        return [*self._chat.encode(text), *self._end]


def length_of(row: dict[str, Any]) -> int:
    if "input_ids" in row:
        return len(row["input_ids"])
    if "room" in row:
        return len(row["prompt"]) + int(row["room"])
    answers = (row[name] for name in ("chosen_ids", "rejected_ids", "completion_ids") if name in row)
    return len(row["prompt_ids"]) + max(map(len, answers))


def _mismatched(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """With an answer of another row each: KTO's estimate of how far the model has moved (arXiv 2402.01306, 4.1)."""
    others = [*rows[-1:], *rows[:-1]]
    pairs = zip(rows, others, strict=True)
    return [{**row, "KL_completion_ids": other["completion_ids"]} for row, other in pairs]
