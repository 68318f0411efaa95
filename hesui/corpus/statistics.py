"""Describes a corpus in numbers: classes, demands, answers, tokens; shows nothing and judges no row.

One pass over the rows; what is kept grows with the number of different values, not of rows.
"""

from __future__ import annotations

import math
from collections import Counter as Tally
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import regex

from hesui.corpus.duplicates import conversation
from hesui.corpus.rows import Row
from hesui.length import DEFAULT_COUNTER, Counter, check, count

SHORT_CONTEXT, LONG_CONTEXT = 4096, 8192  # tokens
FITTING = 0.95  # share of rows that must fit into the short context for it to be recommended
BINS = 20  # bars of a histogram at most
NO_DEMAND = "none"

_HAN = regex.compile(r"\p{Han}")
_LETTER = regex.compile(r"\p{L}")
_CHINESE = 0.3  # share of Han letters; below half, because a Han letter says as much as several Latin ones


class Bin(NamedTuple):
    """A bar of a histogram: how many values lie from `low` to `high`, both included."""

    low: int
    high: int
    n: int


@dataclass(frozen=True, slots=True)
class Tokens:
    """How many tokens rows have: the turns before the prompt, the prompt and the reference together."""

    p50: int
    p90: int
    p95: int
    p99: int
    max: int
    fitting: float  # share of rows of at most SHORT_CONTEXT tokens
    context: int  # recommended, in tokens


@dataclass(frozen=True, slots=True)
class Statistics:
    """A corpus in numbers."""

    rows: int
    classes: Mapping[str, int]  # rows by class
    ops: Mapping[str, int]  # rows by the demand's op, NO_DEMAND where there is none
    languages: Mapping[Literal["zh", "en"], int]  # rows by the prompt's language
    numbers: Mapping[str, Sequence[Bin]]  # demanded numbers (the constraint's aim) by class
    answers: int  # rows with a reference
    answer_lengths: Sequence[Bin]  # of references, in characters by the counter
    errors: Sequence[Bin]  # count − target in the demand's unit, of references to eq and approx demands
    obeying: float | None  # share of references that meet their demand; None where none has one
    tokens: Tokens | None  # None where no way to count tokens was given


@dataclass(slots=True)
class _Tallies:
    """How often each value was seen."""

    classes: Tally[str] = field(default_factory=Tally)
    ops: Tally[str] = field(default_factory=Tally)
    languages: Tally[Literal["zh", "en"]] = field(default_factory=Tally)
    numbers: dict[str, Tally[int]] = field(default_factory=dict)
    lengths: Tally[int] = field(default_factory=Tally)
    errors: Tally[int] = field(default_factory=Tally)
    verdicts: Tally[bool] = field(default_factory=Tally)
    tokens: Tally[int] = field(default_factory=Tally)


def describe(
    rows: Iterable[Row], token_length: Callable[[str], int] | None = None, counter: Counter = DEFAULT_COUNTER
) -> Statistics:
    """The statistics of `rows`; `token_length` counts a text's tokens under the base that will be trained."""
    seen = _Tallies()
    for row in rows:
        _tally_prompt(row, seen)
        if row.reference:
            _tally_answer(row, row.reference, counter, seen)
        if token_length is not None:
            seen.tokens[token_length(_whole(row))] += 1
    return Statistics(
        rows=seen.classes.total(),
        classes=dict(seen.classes.most_common()),
        ops=dict(seen.ops.most_common()),
        languages=dict(seen.languages.most_common()),
        numbers={task: histogram(numbers) for task, numbers in seen.numbers.items()},
        answers=seen.lengths.total(),
        answer_lengths=histogram(seen.lengths),
        errors=histogram(seen.errors),
        obeying=seen.verdicts[True] / seen.verdicts.total() if seen.verdicts else None,
        tokens=_tokens(seen.tokens) if seen.tokens else None,
    )


def language(text: str) -> Literal["zh", "en"]:
    """Chinese where at least three letters in ten are Han."""
    letters = len(_LETTER.findall(text))
    return "zh" if letters and len(_HAN.findall(text)) / letters >= _CHINESE else "en"


def histogram(values: Mapping[int, int]) -> list[Bin]:
    """Bars without gaps over values and how often each occurs: at most BINS, of a width 1, 2 or 5 times a power of
    ten, aligned to multiples of it."""
    if not values:
        return []
    lowest, highest = min(values), max(values)
    width = next(w for w in _widths() if highest // w - lowest // w < BINS)
    bars: Tally[int] = Tally()
    for value, n in values.items():
        bars[value // width] += n
    return [
        Bin(bar * width, bar * width + width - 1, bars[bar]) for bar in range(lowest // width, highest // width + 1)
    ]


def recommended_context(fitting: float) -> int:
    """The context to train with, given the share of rows that fit into SHORT_CONTEXT tokens.

    SHORT_CONTEXT when 95 % fit, LONG_CONTEXT when more than 20 % do not. Between the two LONG_CONTEXT as well: a
    row that does not fit loses the end of its answer, which is what teaches a model to stop.
    """
    return SHORT_CONTEXT if fitting >= FITTING else LONG_CONTEXT


def _tally_prompt(row: Row, seen: _Tallies) -> None:
    seen.classes[row.task] += 1
    seen.ops[row.constraint.op if row.constraint else NO_DEMAND] += 1
    seen.languages[language(row.prompt)] += 1
    if row.constraint is not None:
        seen.numbers.setdefault(row.task, Tally())[row.constraint.aim] += 1


def _tally_answer(row: Row, answer: str, counter: Counter, seen: _Tallies) -> None:
    seen.lengths[count(answer, counter)] += 1
    if row.constraint is None:
        return
    verdict = check(answer, row.constraint, row.constraint.count_rule or counter)
    seen.verdicts[verdict.ok] += 1
    if row.constraint.op in ("eq", "approx"):
        seen.errors[verdict.error] += 1


def _whole(row: Row) -> str:
    system = [message.content for message in row.history if message.role == "system"]
    return "\n".join([*system, conversation(row), row.reference or ""])


def _tokens(lengths: Tally[int]) -> Tokens:
    fitting = sum(n for length, n in lengths.items() if length <= SHORT_CONTEXT) / lengths.total()
    p50, p90, p95, p99, highest = (_quantile(lengths, share) for share in (0.5, 0.9, 0.95, 0.99, 1))
    return Tokens(p50, p90, p95, p99, highest, fitting, recommended_context(fitting))


def _quantile(values: Tally[int], share: float) -> int:
    """The smallest value that at least `share` of all values do not exceed (nearest rank)."""
    rank = math.ceil(share * values.total() - 1e-9)
    for value in sorted(values):
        rank -= values[value]
        if rank <= 0:
            return value
    raise AssertionError("a share of at most 1 of some values")


def _widths() -> Iterable[int]:
    power = 1
    while True:
        yield from (power, 2 * power, 5 * power)
        power *= 10
