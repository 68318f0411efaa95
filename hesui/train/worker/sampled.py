"""Pairs of a model's own answers: several drawn for each prompt, one that obeys set against the one that is furthest off.

After arXiv 2502.19347: what a model writes itself teaches it length better than what others wrote. Knows nothing of
trainers, and nothing of runs but for the file that keeps the pairs.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from hesui.corpus.rows import read_each
from hesui.corpus.splits import Split
from hesui.errors import InputError
from hesui.files import write_text
from hesui.length import Constraint, Counter, check
from hesui.models.answering import Answering
from hesui.models.base import Base
from hesui.quality import problems
from hesui.records import EndReason, Request, Sampling
from hesui.requests import MAX_SEED
from hesui.train.config import TrainConfig
from hesui.train.data import DataSet, Example, from_trl
from hesui.train.worker.wish import Ended

log = logging.getLogger(__name__)

PAIRS = "pairs.jsonl"  # in the run's folder
SAMPLING = Sampling(temperature=1.0, top_p=1.0)  # the model's own distribution: what dpo's loss speaks of
VALIDATED = 32  # prompts of validation that are paired, at most
AT_ONCE = 512  # answers asked for before progress is told
TIME_LIMIT = 600.0  # seconds for one batch of answers


class Drawn(NamedTuple):
    """One answer of the model."""

    text: str
    cut: bool  # by a limit, before the model ended it


@dataclass(frozen=True, slots=True)
class Judged:
    """An answer as its demand sees it."""

    text: str
    count: int
    error: int  # unsigned, as a verdict's
    off: int  # from the aim, unsigned
    fit: bool  # it obeys, and nothing else is wrong with it


class Pair(NamedTuple):
    """What dpo learns from one prompt."""

    chosen: Judged
    rejected: Judged
    own: bool  # whether the model wrote the chosen one, too


@dataclass(frozen=True, slots=True)
class OwnPairs:
    """The pairs of a run."""

    prompts: int  # of train that demand a length
    records: Sequence[Mapping[str, Any]]  # the lines of the file

    def examples(self, split: Split) -> Iterator[Example]:
        """The pairs of a split."""
        return (from_trl("dpo", record) for record in self.records if record["split"] == split)

    def figures(self) -> dict[str, int]:
        """Prompts that were asked, how many gave a pair, and in how many of these both answers are the model's own."""
        train = [record for record in self.records if record["split"] == "train"]
        return {"prompts": self.prompts, "pairs": len(train), "own": sum(bool(record["own"]) for record in train)}


def own_pairs(
    data: DataSet,
    config: TrainConfig,
    base: Base,
    file: Path,
    unwanted: Callable[[], bool],
    tell: Callable[[int, int], None] = lambda done, of: None,
) -> OwnPairs:
    """The pairs in `file`; where it does not exist, they are drawn from the model as it is, and written there.

    `tell` is told how many of how many prompts have been answered. Raises Ended within a batch where it is `unwanted`,
    InputError where no prompt demands a length or no pair comes of it, DeviceOutOfMemory.
    """
    asked: dict[Split, list[Example]] = {
        "train": list(data.prompts("train")),
        "validation": list(islice(data.prompts("validation"), VALIDATED)),
    }
    prompts = len(asked["train"])
    if not prompts:
        raise without_demands(data)
    if not file.is_file():
        drawer = _Drawer(config, base, unwanted, tell)
        records = drawer.records(asked)
        found = OwnPairs(prompts, records)
        if not found.figures()["pairs"]:
            raise _no_pair(data, prompts, config.samples)
        write_text(file, "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records))
        log.info("pairs: %s", found.figures())
    return OwnPairs(prompts, list(read_each(file, lambda record: record)))


def pair_of(drawn: Iterable[Drawn], demand: Constraint, counter: Counter, reference: str = "") -> Pair | None:
    """Of one prompt's answers the one to prefer and the one to avoid; None where they show no difference.

    Chosen is, of the answers that obey and with which nothing else is wrong (hesui.quality.problems), the nearest to
    the aim; where there is none, the data's own answer, if it obeys. Rejected is, of the others, the furthest off. An
    empty answer is passed over: it would teach nothing but to write something.
    """
    judged = [_judged(one, demand, counter) for one in drawn if one.text.strip()]
    wrong = [one for one in judged if not one.fit]
    right = [one for one in judged if one.fit]
    known = [] if right else [_judged(Drawn(reference, False), demand, counter)]
    better = [one for one in (right or known) if one.fit]
    if not wrong or not better:
        return None
    chosen = min(better, key=lambda one: one.off)
    return Pair(chosen, max(wrong, key=lambda one: (one.error, one.off)), own=bool(right))


def without_demands(data: DataSet) -> InputError:
    """The error that says that no prompt of train demands a length."""
    return InputError(
        f"no prompt of {data.path.name} demands a length, so nothing says which answer is the better one; "
        "choose data whose prompts do, or the method sft", "error.train_no_demand", folder=data.path.name,
    )  # fmt: skip


def _no_pair(data: DataSet, prompts: int, samples: int) -> InputError:
    return InputError(
        f"of {prompts} prompts of {data.path.name} none gave a pair with {samples} answers each: nothing that the model "
        "wrote obeys, or everything does; train with the method sft first and go on from its adapter, or raise samples",
        "error.train_pairs", folder=data.path.name, prompts=prompts, samples=samples,
    )  # fmt: skip


def _judged(drawn: Drawn, demand: Constraint, counter: Counter) -> Judged:
    verdict = check(drawn.text, demand, counter)
    fit = verdict.ok and not problems(drawn.text, drawn.cut)
    return Judged(drawn.text, verdict.count, abs(verdict.error), abs(verdict.count - demand.aim), fit)


class _Drawer:
    def __init__(
        self, config: TrainConfig, base: Base, unwanted: Callable[[], bool], tell: Callable[[int, int], None]
    ) -> None:
        self._config = config
        self._base = base
        self._answering = Answering(base, TIME_LIMIT)
        self._unwanted = unwanted
        self._tell = tell

    def records(self, asked: Mapping[Split, Sequence[Example]]) -> list[dict[str, Any]]:
        """A line for each prompt that gives a pair. Restores the model's mode."""
        numbered = [(split, number, one) for split, some in asked.items() for number, one in enumerate(some)]
        at_once = max(1, AT_ONCE // self._config.samples)
        found: list[dict[str, Any]] = []
        training = self._base.model.training
        self._base.model.eval()
        try:
            for start in range(0, len(numbered), at_once):
                self._tell(start, len(numbered))
                found += self._of(numbered[start : start + at_once])
        finally:
            self._base.model.train(training)
        return found

    def _of(self, asked: Sequence[tuple[Split, int, Example]]) -> Iterator[dict[str, Any]]:
        groups = [self._requests(split, number, example) for split, number, example in asked]
        drawn = self._draw([request for group in groups for request in group])
        for (split, _, example), group in zip(asked, groups, strict=True):
            answers, drawn = drawn[: len(group)], drawn[len(group) :]
            demand = example.constraint
            assert demand is not None  # only such prompts are asked
            pair = pair_of(answers, demand, self._rule(demand), example.texts[0] if example.texts else "")
            if pair is not None:
                yield _record(split, example, pair, demand)

    def _requests(self, split: Split, number: int, example: Example) -> list[Request]:
        """One request for each answer; none where the model has no room for the prompt and what it demands."""
        assert example.constraint is not None
        seed = Random(f"{self._config.seed}/{split}/{number}").randrange(MAX_SEED)
        rule = self._rule(example.constraint)
        requests = [
            Request(example.messages, sampling=SAMPLING, constraint=example.constraint, counter=rule, seed=seed + each)
            for each in range(self._config.samples)
        ]
        try:
            self._answering.rows(requests[:1])
        except InputError:
            return []
        return requests

    def _rule(self, demand: Constraint) -> Counter:
        return demand.count_rule or self._config.counter

    def _draw(self, requests: Sequence[Request]) -> list[Drawn]:
        texts, cut = [""] * len(requests), [False] * len(requests)
        with closing(self._answering.answer(self._answering.rows(requests))) as pieces:  # type: ignore[type-var]
            for piece in pieces:
                if self._unwanted():
                    raise Ended
                texts[piece.row] = texts[piece.row][: piece.keep] + piece.text
                if piece.end is not None:
                    if piece.end.reason is EndReason.ERROR:
                        raise RuntimeError("the model could not answer")  # the cause is in the log
                    cut[piece.row] = piece.end.reason is not EndReason.END
        return [Drawn(*one) for one in zip(texts, cut, strict=True)]


def _record(split: Split, example: Example, pair: Pair, demand: Constraint) -> dict[str, Any]:
    """A line of the file: a pair as TRL writes one, and what is known of it."""

    def said(text: str) -> list[dict[str, str]]:
        return [{"role": "assistant", "content": text}]

    return {
        "split": split,
        "prompt": [asdict(message) for message in example.messages],
        "chosen": said(pair.chosen.text),
        "rejected": said(pair.rejected.text),
        "class": example.task,
        "counts": [pair.chosen.count, pair.rejected.count],
        "target": demand.aim,
        "own": pair.own,
    }
