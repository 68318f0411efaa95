"""Axes of a chart: where a value lies, which numbers stand beside it, and how they are written; knows no HTML."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

TICKS = 6  # numbers along an axis at most, about
STEP_TICKS = 5  # the same of steps, which are longer words
LEAST = 1e-30  # what is nearer to 0 is drawn as 0
ALIKE = 1e-9  # values that differ by a smaller share than this are drawn as equal
DIGITS = 15  # after the point of a mantissa: as many as a number has
LOG_FROM = 10.0  # times the least value: a greater span is drawn on a log scale


@dataclass(frozen=True, slots=True)
class Axis:
    """From `low` to `high`, on a log scale where told; `low` < `high`."""

    low: float
    high: float
    ticks: tuple[float, ...]
    log: bool = False

    def share(self, value: float) -> float:
        """Where `value` lies, from 0 at `low` to 1 at `high`; what lies outside is drawn at the edge."""
        low, high, at = (_log(one) if self.log else one for one in (self.low, self.high, value))
        return min(max((at - low) / (high - low), 0.0), 1.0)

    def words(self) -> list[str]:
        """The ticks as they are written, all in one manner."""
        return written(self.ticks)


def linear(values: Iterable[float], zero: bool = False, ticks: int = TICKS) -> Axis:
    """An axis that holds all of `values` between round numbers; with `zero` it begins there."""
    finite = _finite(values) or [0.0, 1.0]
    low, high = min(finite), max(finite)
    if zero:
        low = min(low, 0.0)
    if high - low <= ALIKE * max(abs(low), abs(high)):
        low, high = (min(2 * low, 0.0), max(2 * high, 0.0)) if high else (-1.0, 1.0)
    step = _round_step((high - low) / (ticks - 1))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    marks = tuple(at * step for at in range(first, last + 1))
    return Axis(marks[0], marks[-1], marks)


def fitting(values: Sequence[float], span: float = LOG_FROM, ticks: int = TICKS) -> Axis:
    """A log axis where all values are positive and the greatest is `span` times the least, else a linear one."""
    finite = _finite(values)
    if not finite or min(finite) <= 0 or max(finite) < span * min(finite):
        return linear(finite, ticks=ticks)
    low, high = math.floor(math.log10(min(finite))), math.ceil(math.log10(max(finite)))
    every = -(-(high - low) // ticks)
    marks = (1, 2, 5) if high - low <= 2 else (1, 3) if high - low == 3 else (1,)
    marked = [mark * 10.0**at for at in range(low, high + 1) for mark in marks if (at - low) % every == 0]
    least, most = min(finite), max(finite)
    inside = tuple(tick for tick in marked if least / 1.15 <= tick <= most * 1.15)
    return Axis(min(least, *inside), max(most, *inside), inside, log=True)


def steps(last: int) -> Axis:
    """The steps of a run from 0 to `last`, with whole numbers beside it."""
    last = max(last, 1)
    step = max(_round_step(last / (STEP_TICKS - 1)), 1.0)
    return Axis(0.0, float(last), tuple(at * step for at in range(int(last / step) + 1)))


def shares() -> Axis:
    """From 0 to 100 %."""
    return Axis(0.0, 1.0, (0.0, 0.25, 0.5, 0.75, 1.0))


def _finite(values: Iterable[float]) -> list[float]:
    return [value if abs(value) >= LEAST else 0.0 for value in values if math.isfinite(value)]


def _round_step(least: float) -> float:
    """The smallest of 1, 2 and 5 times a power of ten that is not below `least`."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(mark * power for mark in (1, 2, 5, 10) if mark * power >= least * (1 - 1e-9))


def _log(value: float) -> float:
    return math.log10(max(value, 1e-300))


def written(values: Sequence[float]) -> list[str]:
    """Numbers as they stand along one axis."""
    return [_manner(values)(value) for value in values]


def _manner(values: Sequence[float]) -> Callable[[float], str]:
    most = max((abs(value) for value in values), default=0.0)
    apart = min((after - before for before, after in pairwise(values)), default=most)
    if most and (most < 0.01 or most >= 1e6):
        digits = next((n for n in range(1, DIGITS) if len({f"{one:.{n}e}" for one in values}) == len(values)), DIGITS)
        return lambda value: _powers(value, digits)
    places = max(0, -math.floor(math.log10(apart) + 1e-9)) if apart > 0 else 2
    if apart > 0 and places and values and min(abs(value) for value in values if value) < most / LOG_FROM * 1.01:
        return lambda value: f"{value:,.{places}f}".rstrip("0").rstrip(".") or "0"
    return lambda value: f"{value:,.{places}f}".replace("-", "−")


def _powers(value: float, digits: int = 1) -> str:
    """3e-4 for 0.0003; `digits` after the point at most."""
    if not value:
        return "0"
    mantissa, power = f"{value:.{digits}e}".split("e")
    return f"{mantissa.rstrip('0').rstrip('.')}e{int(power)}".replace("-", "−")


def short(value: float) -> str:
    """A measurement with three digits that count."""
    if not math.isfinite(value):
        return "–"
    if value and not 0.001 <= abs(value) < 1e6:
        return _powers(value)
    if not value:
        return "0"
    places = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2 if abs(value) >= 1 else 3
    return f"{value:,.{places}f}".replace("-", "−")
