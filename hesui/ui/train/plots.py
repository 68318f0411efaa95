"""The curves of a run as charts: SVG that stretches to its place and words beside it, without any script.

Pure functions over curves; knows no file and no widget. Lines keep their width and dots their shape however wide the
chart becomes, because strokes do not scale; numbers stand in HTML, so that they stay readable on a phone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from html import escape
from typing import NamedTuple

from hesui.train.curves import Curves, Point, Probe, Sample, Series, best, finite, thin
from hesui.ui import parts
from hesui.ui.render import SHAPES, say
from hesui.ui.texts import TEXTS
from hesui.ui.train import axes
from hesui.ui.train.axes import Axis
from hesui.ui.visit import NEAR

WIDE, HIGH = 2000, 1000  # units of the drawing
COLOURS = 6  # of runs in one chart; more runs share them, dashed
FEW = 4  # numbers beside a small chart
WILD = 50.0  # times the least gradient norm, from where a log scale shows more than it hides
ROWS = 6  # samples of one prompt through time at most
MEASURES: Mapping[str, Callable[[Probe], float]] = {
    "satisfied": lambda probe: probe.satisfied,
    "hit10": lambda probe: probe.hit10,
    "hit5": lambda probe: probe.hit5,
    "hit2": lambda probe: probe.hit2,
    "complete": lambda probe: probe.complete,
}


class Line(NamedTuple):
    """One line of a chart, or the dots of one."""

    series: Series
    kind: str  # the classes that colour it
    dots: bool = False  # a dot at each measurement


class Key(NamedTuple):
    """What a line means and where it has come to."""

    kind: str
    words: str  # HTML
    value: str = ""


def loss(curves: Curves) -> str:
    """The loss, raw and smoothed, and the one on validation."""
    lines = [
        Line(curves.loss, "raw"),
        Line(curves.smooth, "smooth"),
        Line(curves.evaluation, "eval", dots=True),
    ]
    values = _values(lines)
    if not values:
        return _chart("loss", parts.hint("plot.empty.loss"))
    keys = [
        Key("raw", say("plot.raw"), _last(curves.loss)),
        Key("smooth", say("plot.smooth"), _last(curves.smooth)),
        Key("eval", say("plot.eval"), _last(curves.evaluation)),
    ]
    broken = [Point(step, 0.0) for step, value in curves.loss if not math.isfinite(value)]
    keys = [key for key, line in zip(keys, lines, strict=True) if line.series]
    if broken:
        keys.append(Key("broken", say("plot.broken"), f"{len(broken):,}"))
    y = axes.fitting(values)
    body = _frame(_steps(curves), y, lines, mark=_mark(curves), broken=broken)
    return _chart("loss", _legend(keys) + body, note=_scale(y), aloud=_aloud("plot.loss", curves.smooth))


def probe(curves: Curves) -> str:
    """The length probe over the same steps, its best one marked."""
    if not curves.probes:
        return _chart("probe", parts.hint("plot.empty.probe"))
    series = {name: _measure(curves.probes, read) for name, read in MEASURES.items()}
    lines = [Line(points, name, dots=True) for name, points in reversed(series.items())]  # what counts most on top
    keys = [Key(name, say(f"plot.{name}"), _percent(points)) for name, points in series.items() if finite(points)]
    body = _frame(_steps(curves), axes.shares(), lines, mark=_mark(curves), percent=True)
    return _chart(
        "probe",
        _legend(keys) + body,
        note=say("plot.probe.n", n=curves.probes[-1].n),
        aloud=_aloud("plot.satisfied", series["satisfied"]),
    )


def rates(curves: Curves) -> str:
    """Reward, learning rate, gradient norm, speed and memory, each small, as far as they were measured."""
    small = {
        "reward": (curves.reward, False),
        "learning_rate": (curves.learning_rate, True),
        "grad_norm": (curves.grad_norm, False),
        "speed": (curves.tokens_per_second, True),
        "memory": (curves.memory_mb, True),
    }
    figures = "".join(_small(name, series, zero, curves) for name, (series, zero) in small.items() if finite(series))
    return _chart("rates", f'<div class="tp-small">{figures}</div>' if figures else parts.hint("plot.empty"))


def _small(name: str, series: Series, zero: bool, curves: Curves) -> str:
    values = [point.value for point in finite(series)]
    y = axes.linear(values, zero=True, ticks=FEW) if zero else axes.fitting(values, WILD, FEW)
    body = _frame(_steps(curves), y, [Line(series, "rate")])
    return (
        f"<figure><figcaption>{say(f'plot.{name}')} <b>{axes.short(values[-1])}</b> {_scale(y)}</figcaption>"
        f"{body}</figure>"
    )


def overlay(runs: Mapping[str, Curves]) -> str:
    """Several runs by name: their smoothed losses in one chart, the share that satisfies in another."""
    if not any(curves.loss or curves.probes for curves in runs.values()):
        return _chart("overlay", parts.hint("plot.empty"))
    x = axes.steps(max(curves.last_step for curves in runs.values()))
    losses = {name: curves.smooth for name, curves in runs.items()}
    satisfied = {name: _measure(curves.probes, MEASURES["satisfied"]) for name, curves in runs.items()}
    return (
        f'<div class="tp-both">{_together("overlay.loss", losses, x, percent=False)}'
        f"{_together('overlay.probe', satisfied, x, percent=True)}</div>"
    )


def _together(name: str, series: Mapping[str, Series], x: Axis, percent: bool) -> str:
    kinds = {run: _kind(at) for at, run in enumerate(series)}
    lines = [Line(points, kinds[run], dots=percent) for run, points in series.items()]
    values = _values(lines)
    if not values:
        return _chart(name, parts.hint("plot.empty"))
    y = axes.shares() if percent else axes.fitting(values)
    told = _percent if percent else _last
    keys = [Key(kinds[run], escape(run), told(points)) for run, points in series.items()]
    return _chart(name, _legend(keys) + _frame(x, y, lines, percent=percent), note=_scale(y))


def _kind(at: int) -> str:
    """A run's colour; from the seventh on the same once more, dashed."""
    return f"run{at % COLOURS}" + (" dashed" if at >= COLOURS else "")


def samples(curves: Curves) -> str:
    """What the run answers to the same prompts as it learns."""
    if not curves.samples:
        return _chart("samples", parts.hint("plot.empty.samples"))
    by_prompt: dict[str, list[Sample]] = {}
    for one in curves.samples:
        by_prompt.setdefault(one.prompt, []).append(one)
    return _chart("samples", "".join(_prompt(prompt, through) for prompt, through in by_prompt.items()))


def _prompt(prompt: str, through: Sequence[Sample]) -> str:
    heads = [say(f"plot.samples.{name}") for name in ("step", "count", "text")]
    rows = [
        (f"<b>{one.step:,}</b>", _counted(one), f'<div class="answer" lang="zh-CN">{escape(one.text)}</div>')
        for one in _spread(through)
    ]
    return f'<article class="tp-sample"><h4>{escape(prompt)}</h4>{parts.table(heads, rows, "tp-through")}</article>'


def _spread(through: Sequence[Sample]) -> list[Sample]:
    """The first, the last and some between them."""
    most = len(through) - 1
    return [through[at] for at in sorted({round(most * at / (ROWS - 1)) for at in range(ROWS)})]


def _counted(one: Sample) -> str:
    if one.count is None:
        return "–"
    if one.target is None:
        return f"{one.count:,}"
    off = one.count - one.target
    state = "ok" if not off else "near" if abs(off) <= NEAR else "over" if off > 0 else "under"
    shape = f'<b aria-hidden="true">{SHAPES[state]}</b>'
    return f'<span class="mark {state}">{shape} {one.count:,} / {one.target:,}</span>'


# Pieces of a chart


def _chart(name: str, body: str, note: str = "", aloud: str = "") -> str:
    small = f"<small>{note}</small>" if note else ""
    return f'<section class="tp-chart tp-{name.replace(".", "-")}"><h3>{say(f"plot.{name}")} {small}</h3>{aloud}{body}</section>'


def _legend(keys: Iterable[Key]) -> str:
    items = "".join(f'<li><i class="tp-key {key.kind}"></i>{key.words} <b>{key.value}</b></li>' for key in keys)
    return f'<ul class="tp-legend">{items}</ul>'


def _frame(
    x: Axis,
    y: Axis,
    lines: Sequence[Line],
    mark: int | None = None,
    broken: Sequence[Point] = (),
    percent: bool = False,
) -> str:
    """The drawing with its numbers: those of `y` at the left, the steps below."""
    words = [f"{tick:.0%}" for tick in y.ticks] if percent else y.words()
    left = "".join(
        f'<span style="--at:{y.share(at):.2%}">{word}</span>' for at, word in zip(y.ticks, words, strict=True)
    )
    below = "".join(
        f'<span style="--at:{x.share(at):.2%}">{word}</span>' for at, word in zip(x.ticks, x.words(), strict=True)
    )
    grid = "".join(f"M0 {_y(y, tick)}H{WIDE}" for tick in y.ticks)
    drawn = "".join(_drawn(line, x, y) for line in lines)
    spots = "".join(f"M{_x(x, step)} {HIGH}h0" for step, _ in thin(broken))
    marked = f'<path class="mark" d="M{_x(x, mark)} 0V{HIGH}"/>' if mark is not None else ""
    return (
        f'<div class="tp-frame"><div class="tp-y" aria-hidden="true">{left}</div><div class="tp-plot">'
        f'<svg viewBox="0 0 {WIDE} {HIGH}" preserveAspectRatio="none" aria-hidden="true">'
        f'<path class="grid" d="{grid}"/>{marked}{drawn}{_path("broken dots", spots)}</svg>{_flag(x, mark)}</div>'
        f'<div class="tp-x" aria-hidden="true">{below}</div><div class="tp-unit">{say("plot.steps")}</div></div>'
    )


def _drawn(line: Line, x: Axis, y: Axis) -> str:
    points = thin(line.series)
    spots = [point for point in points if math.isfinite(point.value)] if line.dots else _lonely(points)
    dots = "".join(f"M{_x(x, point.step)} {_y(y, point.value)}h0" for point in spots)
    return _path(line.kind, _strokes(points, x, y)) + _path(f"{line.kind} dots", dots)


def _strokes(points: Sequence[Point], x: Axis, y: Axis) -> str:
    """A line through the points, with a gap where one is no number."""
    told = []
    pen = "M"
    for step, value in points:
        if math.isfinite(value):
            told.append(f"{pen}{_x(x, step)} {_y(y, value)}")
        pen = "L" if math.isfinite(value) else "M"
    return "".join(told)


def _lonely(points: Sequence[Point]) -> list[Point]:
    """The points without a neighbour to draw a line to."""
    good = [False, *(math.isfinite(point.value) for point in points), False]
    return [point for at, point in enumerate(points, 1) if good[at] and not good[at - 1] and not good[at + 1]]


def _path(kind: str, drawn: str) -> str:
    return f'<path class="{kind}" d="{drawn}"/>' if drawn else ""


def _flag(x: Axis, mark: int | None) -> str:
    """The word at the best step's line; on the side of it that has room."""
    if mark is None:
        return ""
    side = "right" if x.share(mark) < 0.5 else "left"
    return f'<span class="tp-flag {side}" style="--at:{x.share(mark):.2%}">{say("plot.best", step=f"{mark:,}")}</span>'


def _x(axis: Axis, step: int) -> int:
    return round(WIDE * axis.share(step))


def _y(axis: Axis, value: float) -> int:
    return round(HIGH * (1 - axis.share(value)))


def _steps(curves: Curves) -> Axis:
    return axes.steps(curves.last_step)


def _mark(curves: Curves) -> int | None:
    """The step of the best probe, where there is more than one to be best of."""
    found = best(curves)
    return found.step if found and len(curves.probes) > 1 else None


def _scale(axis: Axis) -> str:
    return say("plot.log") if axis.log else ""


def _measure(probes: Iterable[Probe], read: Callable[[Probe], float]) -> Series:
    return tuple(Point(probe.step, read(probe)) for probe in probes)


def _values(lines: Iterable[Line]) -> list[float]:
    return [point.value for line in lines for point in finite(line.series)]


def _last(series: Series) -> str:
    return axes.short(series[-1].value) if series else ""


def _percent(series: Series) -> str:
    known = finite(series)
    return f"{known[-1].value:.0%}" if known else ""


def _aloud(key: str, series: Series) -> str:
    """The course of a curve in a sentence, for those who hear the page."""
    known = finite(series)
    if not known:
        return ""
    first, last = axes.short(known[0].value), axes.short(known[-1].value)
    words = say("plot.aloud", what=TEXTS[key], first=first, last=last, step=f"{known[-1].step:,}")
    return f'<p class="aloud">{words}</p>'
