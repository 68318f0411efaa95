"""Has a teacher compare two answers, each pair twice with the sides swapped. Knows no file and no evaluation.

A pair is won only where both orders say so (Zheng et al. 2023, arXiv 2306.05685, section 3.4); else it is a tie, and where
the orders contradict each other it is counted as inconsistent. What answers say is fenced in, and never obeyed or run.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Literal, NamedTuple, get_args

import regex
from pydantic import BaseModel

from hesui.distil.calls import Call, Outcome, Stage, Usage
from hesui.distil.desk import Desk
from hesui.distil.estimate import Load
from hesui.distil.replies import read_json
from hesui.distil.teachers import FREE, Price
from hesui.distil.tokens import estimate_prompt
from hesui.length import DEFAULT_COUNTER, Constraint, Counter, check
from hesui.prompts import Lang, counted, judging, language

Side = Literal["first", "second", "tie"]
Criterion = Literal["relevance", "fluency", "tone", "demand"]
CRITERIA: tuple[Criterion, ...] = get_args(Criterion)

TRIES = 2  # replies asked for until one is usable
TOKENS = 400  # of a reply at most
USUAL = 120  # of a reply, as they are
TASK = "judge"  # where a prompt has no class

_TIE = regex.compile(r"(?i)tie|tied|draw|equal|same|both|neither|none|c|平|平手|平局|相同|一样|都好|都不好|不分")
_LETTER = regex.compile(r"(?i)(?:回答|答案|answer|assistant|response)?\W*([ab])\W*(?:更好|胜|is better|wins|better)?")
_SWAPPED: Mapping[Side, Side] = {"first": "second", "second": "first", "tie": "tie"}


@dataclass(frozen=True, slots=True)
class Pair:
    """Two answers to one prompt."""

    id: str
    prompt: str
    first: str
    second: str
    constraint: Constraint | None = None
    counter: Counter = DEFAULT_COUNTER
    task: str = ""  # the prompt's class

    @property
    def alike(self) -> bool:
        """Whether there is nothing to compare."""
        return self.first.strip() == self.second.strip()

    def key(self, teacher: str) -> str:
        """What a verdict on this pair is known by: it is another one where a text or the teacher is."""
        parts = "\0".join((teacher, self.prompt, self.first, self.second))
        return sha256(parts.encode("utf-8", "surrogatepass")).hexdigest()[:24]


class Opinion(NamedTuple):
    """What the teacher said of a pair in one order, in terms of the pair."""

    overall: Side
    criteria: Mapping[Criterion, Side]  # those that it spoke of
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of a pair."""

    pair: str
    key: str
    teacher: str
    straight: Opinion  # the first answer was shown first
    swapped: Opinion
    asked: bool = True  # False = both answers are alike, so nobody was asked

    @property
    def overall(self) -> Side:
        """The side that both orders prefer, else tie."""
        return self.straight.overall if self.agrees else "tie"

    @property
    def agrees(self) -> bool:
        """Whether both orders say the same."""
        return self.straight.overall == self.swapped.overall

    def criterion(self, name: Criterion) -> Side | None:
        """The side that both orders prefer in this respect, else tie; None where one of them says nothing of it."""
        one, other = self.straight.criteria.get(name), self.swapped.criteria.get(name)
        return None if one is None or other is None else one if one == other else "tie"

    def record(self) -> dict[str, Any]:
        """The verdict as a JSON object."""
        return {
            "pair": self.pair, "key": self.key, "teacher": self.teacher, "overall": self.overall,
            "agrees": self.agrees, "asked": self.asked,
            "straight": self.straight._asdict(), "swapped": self.swapped._asdict(),
        }  # fmt: skip

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> Verdict:
        """The verdict that `record` made an object of. Raises KeyError, TypeError and ValueError where it is none."""
        straight, swapped = (_opinion_of(record[order]) for order in ("straight", "swapped"))
        return cls(
            str(record["pair"]), str(record["key"]), str(record["teacher"]), straight, swapped, bool(record["asked"])
        )


class JudgeLoad(NamedTuple):
    """What judging will take."""

    pairs: int  # that have to be asked about
    best: Load
    worst: Load
    priced: bool  # False = the teacher's price is unknown, so costs stand at 0


class _Said(BaseModel):
    overall: Any = None
    reason: Any = ""
    criteria: Any = None
    relevance: Any = None
    fluency: Any = None
    tone: Any = None
    demand: Any = None


def estimate(pairs: Iterable[Pair], price: Price | None) -> JudgeLoad:
    """What asking about `pairs` will take: at best each order once with a usual reply, at worst every try in full."""
    asked = [pair for pair in pairs if not pair.alike]
    best, worst = Load(), Load()
    for pair in asked:
        for swapped in (False, True):
            sent = estimate_prompt(_call(pair, swapped, 0))
            best += _load(1, sent, USUAL, price or FREE)
            worst += _load(TRIES, sent, TOKENS, price or FREE)
    return JudgeLoad(len(asked), best, worst, price is not None)


async def judge(pair: Pair, desk: Desk) -> Verdict | None:
    """The teacher's verdict on a pair; None where its replies cannot be used. Raises what the desk raises."""
    if pair.alike:
        same = Opinion("tie", dict.fromkeys(CRITERIA, "tie"), "")
        return Verdict(pair.id, pair.key(desk.model), desk.model, same, same, asked=False)
    straight = await _opinion(pair, desk, swapped=False)
    swapped = await _opinion(pair, desk, swapped=True) if straight else None
    if straight is None or swapped is None:
        return None
    return Verdict(pair.id, pair.key(desk.model), desk.model, straight, swapped)


def read_opinion(text: str, *, swapped: bool) -> Opinion | None:
    """What a reply states, with A and B turned back into the pair's sides; None where it names no overall side."""
    said = read_json(text, _Said)
    overall = side(said.overall, swapped=swapped) if said else None
    if said is None or overall is None:
        return None
    nested = said.criteria if isinstance(said.criteria, dict) else {}
    found: dict[Criterion, Side] = {}
    for name in CRITERIA:
        told = side(getattr(said, name) or nested.get(name), swapped=swapped)
        if told is not None:
            found[name] = told
    return Opinion(overall, found, said.reason.strip()[:1000] if isinstance(said.reason, str) else "")


def side(said: object, *, swapped: bool) -> Side | None:
    """The side that a word of a reply means; None where it means none."""
    word = said.strip().strip('"“”。.!！ ') if isinstance(said, str) else ""
    if letter := _LETTER.fullmatch(word):
        shown: Side = "first" if letter[1].lower() == "a" else "second"
        return _SWAPPED[shown] if swapped else shown
    return "tie" if _TIE.fullmatch(word) else None


async def _opinion(pair: Pair, desk: Desk, *, swapped: bool) -> Opinion | None:
    for sample in range(TRIES):
        reply = await desk.ask(_call(pair, swapped, sample))
        if reply.outcome not in (Outcome.OK, Outcome.TRUNCATED, Outcome.MALFORMED):
            return None
        if found := read_opinion(reply.text, swapped=swapped):
            return found
    return None


def _call(pair: Pair, swapped: bool, sample: int) -> Call:
    lang = language(pair.prompt)
    a, b = (pair.second, pair.first) if swapped else (pair.first, pair.second)
    messages = judging(pair.prompt, a, b, lang, (_measured(a, pair, lang), _measured(b, pair, lang)))
    return Call(
        Stage.JUDGE, pair.task or TASK, messages, sample=sample, temperature=0.0, top_p=1.0, max_tokens=TOKENS,
        as_json=True,
    )  # fmt: skip


def _measured(text: str, pair: Pair, lang: Lang) -> str:
    """The measured length: no language model counts, and the demand is one of the criteria."""
    if pair.constraint is None:
        return ""
    return counted(check(text, pair.constraint, pair.counter).count, pair.constraint, lang)


def _load(calls: int, sent: int, written: int, price: Price) -> Load:
    usage = Usage(calls * sent, calls * written)
    return Load(calls, usage.prompt, usage.completion, price.of(usage))


def _opinion_of(record: Mapping[str, Any]) -> Opinion:
    sides: Sequence[str] = get_args(Side)
    criteria = {name: told for name, told in record["criteria"].items() if name in CRITERIA and told in sides}
    if record["overall"] not in sides:
        raise ValueError(f"overall is {record['overall']!r}; expected one of {', '.join(sides)}")
    return Opinion(record["overall"], criteria, str(record.get("reason", "")))
