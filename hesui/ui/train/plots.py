"""The curves of a run as charts.

Pure functions over curves; knows no file and no widget.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from html import escape

from hesui.train.curves import Curves, Point, Probe, Sample, Series, best, finite, thin
from hesui.ui import parts
from hesui.ui.drawing import axes
from hesui.ui.drawing.axes import Axis
from hesui.ui.drawing.charts import HIGH, Flag, Frame, Key, Line, along, chart, colour, frame, legend, path
from hesui.ui.render import SHAPES, say
from hesui.ui.texts import TEXTS
from hesui.ui.visit import NEAR

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


def loss(curves: Curves) -> str:
    """The loss, raw and smoothed, and the one on validation."""
    lines = [
        _line(curves.loss, "raw"),
        _line(curves.smooth, "smooth"),
        _line(curves.evaluation, "eval", dots=True),
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
    return _chart("loss", legend(keys) + body, note=_scale(y), aloud=_aloud("plot.loss", curves.smooth))


def probe(curves: Curves) -> str:
    """The length probe over the same steps, its best one marked."""
    if not curves.probes:
        return _chart("probe", parts.hint("plot.empty.probe"))
    series = {name: _measure(curves.probes, read) for name, read in MEASURES.items()}
    lines = [_line(points, name, dots=True) for name, points in reversed(series.items())]  # what counts most on top
    keys = [Key(name, say(f"plot.{name}"), _percent(points)) for name, points in series.items() if finite(points)]
    body = _frame(_steps(curves), axes.shares(), lines, mark=_mark(curves), percent=True)
    return _chart(
        "probe",
        legend(keys) + body,
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
    body = _frame(_steps(curves), y, [_line(series, "rate")])
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
    kinds = {run: colour(at) for at, run in enumerate(series)}
    lines = [_line(points, kinds[run], dots=percent) for run, points in series.items()]
    values = _values(lines)
    if not values:
        return _chart(name, parts.hint("plot.empty"))
    y = axes.shares() if percent else axes.fitting(values)
    told = _percent if percent else _last
    keys = [Key(kinds[run], escape(run), told(points)) for run, points in series.items()]
    return _chart(name, legend(keys) + _frame(x, y, lines, percent=percent), note=_scale(y))


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
    return chart(name.replace(".", "-"), say(f"plot.{name}"), body, note, aloud)


def _frame(
    x: Axis,
    y: Axis,
    lines: Sequence[Line],
    mark: int | None = None,
    broken: Sequence[Point] = (),
    percent: bool = False,
) -> str:
    """The drawing over the steps, the best one marked."""
    flag = None if mark is None else Flag(mark, say("plot.best", step=f"{mark:,}"))
    spots = "".join(f"M{along(x, step)} {HIGH}h0" for step, _ in thin(broken))
    around = Frame(x, y, say("plot.steps"), percent, flag, over=path("broken dots", spots))
    return frame(around, lines)


def _line(series: Series, kind: str, dots: bool = False) -> Line:
    return Line(thin(series), kind, dots)


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
    return [value for line in lines for _, value in line.series if math.isfinite(value)]


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
