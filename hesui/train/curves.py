"""What a run has measured so far, read from its metrics file line by line; knows neither torch nor charts.

The file grows while it is read, and a crash may have left half a line, or steps that the resumed run makes again.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median
from types import MappingProxyType
from typing import Any, NamedTuple

from hesui.train.runs import RunFolder, Status

TAIL = 256  # bytes before the offset that prove that the file is still the one that was read
SMOOTHED_OVER = 40  # the average reaches over a 40th of the points
FEWEST, MOST = 2, 50  # points that the average reaches over
PAUSE = 60.0, 20.0  # a gap of so many seconds, and so many times the usual one, is a pause between two sittings


class Point(NamedTuple):
    """One measurement."""

    step: int
    value: float  # NaN or infinite where the worker measured that


Series = tuple[Point, ...]  # steps rise


class Probe(NamedTuple):
    """The model's answers to held-out prompts, judged; shares from 0 to 1, NaN where not measured."""

    step: int
    n: int  # prompts
    satisfied: float
    hit2: float
    hit5: float
    hit10: float
    complete: float
    mae: float  # mean absolute error of the length, in the unit of the demand

    @property
    def score(self) -> float:
        """One share for all: the mean of satisfied, hit2, hit5 and hit10, steadier than any of them alone."""
        shares = [share for share in (self.satisfied, self.hit2, self.hit5, self.hit10) if math.isfinite(share)]
        return sum(shares) / len(shares) if shares else math.nan


@dataclass(frozen=True, slots=True)
class Sample:
    """An answer to one of the fixed prompts."""

    step: int
    prompt: str
    text: str
    count: int | None
    target: int | None  # None = the prompt demands no number


@dataclass(frozen=True, slots=True)
class Curves:
    """All that a run has measured."""

    loss: Series = ()
    smooth: Series = ()  # the loss, smoothed
    evaluation: Series = ()  # loss on validation
    learning_rate: Series = ()
    grad_norm: Series = ()  # before it is clipped
    tokens_per_second: Series = ()
    memory_mb: Series = ()
    reward: Series = ()  # grpo: mean over the answers of a step, the sum of the four below
    reward_satisfied: Series = ()  # share that obeys
    reward_near: Series = ()  # from 0 to 1
    reward_unfinished: Series = ()  # from -2 to 0
    reward_repetition: Series = ()  # from -1 to 0
    epoch: Series = ()
    clock: Series = ()  # when a step was logged, seconds since 1970
    ability: Series = ()  # perplexity on texts without a length demand
    probes: tuple[Probe, ...] = ()
    samples: tuple[Sample, ...] = ()
    used: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def last_step(self) -> int:
        """The last step that anything was measured at; 0 before there is any."""
        return max((one[-1].step for one in (self.loss, self.evaluation, self.probes) if one), default=0)


def read(folder: RunFolder) -> Curves:
    """What the run has measured so far."""
    return Reader(folder).read()


class Reader:
    """Reads a run's measurements again and again, each time only what is new; for one thread."""

    def __init__(self, folder: RunFolder) -> None:
        self._path = folder.metrics
        self._offset = 0
        self._tail = b""
        self._found = _Found()
        self._curves = Curves()

    def read(self) -> Curves:
        """All that was measured so far. A last line without its end is left for the next time."""
        new = self._new()
        if new:
            for line in new.split(b"\n"):  # not splitlines, which also splits at U+2028 inside an answer
                self._found.add(line)
            self._curves = self._found.curves()
        return self._curves

    def _new(self) -> bytes:
        try:
            with self._path.open("rb") as stream:
                stream.seek(self._offset - len(self._tail))
                read = stream.read()
                if not read.startswith(self._tail):  # cut back by a resume: not the file that was read
                    self._forget()
                    stream.seek(0)
                    read = stream.read()
        except FileNotFoundError:
            self._forget()
            return b""
        whole = read[: read.rfind(b"\n") + 1]
        new = whole[len(self._tail) :]
        self._offset += len(new)
        self._tail = whole[-TAIL:] if new else self._tail
        return new

    def _forget(self) -> None:
        self._offset, self._tail = 0, b""
        self._found, self._curves = _Found(), Curves()


MEASURES = (
    "loss", "learning_rate", "grad_norm", "tokens_per_second", "memory_mb", "epoch", "time",
    "reward", "reward_satisfied", "reward_near", "reward_unfinished", "reward_repetition",
)  # of a train line  # fmt: skip


class _Found:
    """Measurements as they come in. A step that comes again, after a resume, replaces what was lost in the crash."""

    def __init__(self) -> None:
        self._train: dict[str, list[Point]] = {name: [] for name in MEASURES}
        self._evaluation: dict[int, float] = {}
        self._ability: dict[int, float] = {}
        self._probes: dict[int, Probe] = {}
        self._samples: dict[tuple[int, str], Sample] = {}
        self._used: dict[str, Any] = {}
        self._last = -1  # train step

    def add(self, line: bytes) -> None:
        """Take in one line; one that says nothing known is passed over."""
        record = _record(line)
        step = record.get("step")
        if type(step) is not int or step < 0:
            return
        match record.get("kind"):
            case "train":
                self._add_train(step, record)
            case "eval":
                self._evaluation[step] = _number(record.get("loss"))
            case "ability":
                self._ability[step] = _number(record.get("perplexity"))
            case "probe":
                shares = (_number(record.get(name)) for name in Probe._fields[2:])
                self._probes[step] = Probe(step, _whole(record.get("n")) or 0, *shares)
            case "sample":
                one = _sample(step, record)
                self._samples[step, one.prompt] = one
            case "used":
                self._used = record

    def _add_train(self, step: int, record: Mapping[str, Any]) -> None:
        if step <= self._last:
            self._rewind(step)
        self._last = step
        for name, series in self._train.items():
            if name in record:
                series.append(Point(step, _number(record[name])))

    def _rewind(self, step: int) -> None:
        for series in self._train.values():
            while series and series[-1].step >= step:
                series.pop()
        # What belongs to this very step may have been written before its train line.
        self._evaluation = {at: value for at, value in self._evaluation.items() if at <= step}
        self._ability = {at: value for at, value in self._ability.items() if at <= step}
        self._probes = {at: value for at, value in self._probes.items() if at <= step}
        self._samples = {at: value for at, value in self._samples.items() if at[0] <= step}

    def curves(self) -> Curves:
        """All that was taken in."""
        series = {name: tuple(points) for name, points in self._train.items()}
        clock = series.pop("time")
        return Curves(
            **series,
            clock=clock,
            smooth=smoothed(series["loss"]),
            evaluation=_series(self._evaluation),
            ability=_series(self._ability),
            probes=tuple(self._probes[step] for step in sorted(self._probes)),
            samples=tuple(sorted(self._samples.values(), key=lambda one: one.step)),
            used=MappingProxyType(self._used),
        )


def _series(values: Mapping[int, float]) -> Series:
    return tuple(Point(step, values[step]) for step in sorted(values))


def _record(line: bytes) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _sample(step: int, record: Mapping[str, Any]) -> Sample:
    prompt, text = (str(record.get(name) or "") for name in ("prompt", "text"))
    return Sample(step, prompt, text, _whole(record.get("count")), _whole(record.get("target")))


def _number(value: object) -> float:
    """A measurement; NaN where it is none, as null is, which some writers put for NaN."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return math.nan
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _whole(value: object) -> int | None:
    number = _number(value)
    return round(number) if math.isfinite(number) else None


def finite(series: Iterable[Point]) -> Series:
    """The points that are numbers."""
    return tuple(point for point in series if math.isfinite(point.value))


def smoothed(series: Sequence[Point], window: float = 0) -> Series:
    """An exponential moving average over about `window` points (0 = a 40th of them, from 2 to 50).

    m_t = b·m_(t-1) + (1 - b)·x_t with m_0 = 0 and b = 1 - 1/window, and what is returned is m_t / (1 - b^t), so
    that the beginning does not lean towards zero (Kingma & Ba 2015, arXiv 1412.6980, section 3). A point that is
    no number stays what it is and does not enter the average.
    """
    window = window or min(max(len(series) / SMOOTHED_OVER, FEWEST), MOST)
    keep = 1 - 1 / window
    mean, weight = 0.0, 1.0
    found = []
    for step, value in series:
        if math.isfinite(value):
            mean = keep * mean + (1 - keep) * value
            weight *= keep
            value = mean / (1 - weight)
        found.append(Point(step, value))
    return tuple(found)


def thin(series: Sequence[Point], points: int = 400) -> Series:
    """At most `points` of them: the first, the last, and of each bucket between the least and the greatest.

    So a spike of one step stays visible, and so does a place that is no number. Raises ValueError below 5 points.
    """
    if points < 5:
        raise ValueError(f"cannot thin to {points} points; at least 5 are needed")
    if len(series) <= points:
        return tuple(series)
    inner = series[1:-1]
    kept = 2 if all(math.isfinite(point.value) for point in inner) else 3  # of each bucket
    buckets = (points - 2) // kept
    edges = [len(inner) * at // buckets for at in range(buckets + 1)]
    middle = (point for start, end in pairwise(edges) for point in _extremes(inner[start:end]))
    return (series[0], *middle, series[-1])


def _extremes(bucket: Sequence[Point]) -> Iterator[Point]:
    numbers = finite(bucket)
    broken = next((point for point in bucket if not math.isfinite(point.value)), None)
    kept = {broken} if broken else set()
    if numbers:
        kept |= {min(numbers, key=lambda point: point.value), max(numbers, key=lambda point: point.value)}
    return iter(sorted(kept, key=lambda point: point.step))


def best(curves: Curves) -> Probe | None:
    """The probe with the highest score, the earliest of several; None before there is one.

    The one before training, at step 0, counts: it may be the best.
    """
    scored = [probe for probe in curves.probes if math.isfinite(probe.score)]
    return max(scored, key=lambda probe: (probe.score, -probe.step), default=None)


def eta(status: Status, curves: Curves) -> float | None:
    """Seconds until the last step, at the pace of the later half of the steps so far.

    Probes and checkpoints count as they came, pauses between two sittings do not. None while the run does not train
    or nothing is known of its pace.
    """
    if status.state != "running" or status.steps <= 0:
        return None
    pace = _pace(curves.clock)
    if pace is None and status.step and status.seconds:
        pace = status.seconds / status.step
    return None if pace is None else max(status.steps - status.step, 0) * pace


def _pace(clock: Series) -> float | None:
    """Seconds that a step takes."""
    later = finite(clock)[-max(len(clock) // 2, 10) :]
    if len(later) < 2:
        return None
    gaps = [max(after.value - before.value, 0.0) for before, after in pairwise(later)]
    usual = median(gaps)
    longest = max(PAUSE[0], PAUSE[1] * usual)
    spent = sum(gap if gap <= longest else usual for gap in gaps)
    return spent / (later[-1].step - later[0].step)
