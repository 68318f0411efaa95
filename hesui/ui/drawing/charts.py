"""The pieces of a chart: SVG that stretches to its place, with words beside it; knows nothing of what is drawn.

Lines keep their width and dots their shape however wide the chart becomes, because strokes do not scale; numbers stand
in HTML, so that they stay readable on a phone.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from hesui.ui.drawing.axes import Axis

WIDE, HIGH = 2000, 1000  # units of the drawing
COLOURS = 6  # of lines in one chart; more lines share them, dashed

Spot = tuple[float, float]  # where it lies along both axes


class Line(NamedTuple):
    """One line of a chart, or the dots of one."""

    series: Sequence[Spot]
    kind: str  # the classes that colour it
    dots: bool = False  # a dot at each measurement
    joined: bool = True  # a line between the measurements


class Key(NamedTuple):
    """What a line means and where it has come to."""

    kind: str
    words: str  # HTML
    value: str = ""


class Flag(NamedTuple):
    """A place along the axis below that is marked, and the words beside the mark."""

    at: float
    words: str  # HTML


class Frame(NamedTuple):
    """What stands around the lines."""

    x: Axis
    y: Axis
    unit: str  # HTML; of the axis below
    percent: bool = False  # the numbers at the left
    flag: Flag | None = None
    under: str = ""  # SVG that is drawn below the lines
    over: str = ""  # SVG that is drawn above the lines


def chart(kind: str, title: str, body: str, note: str = "", aloud: str = "") -> str:
    """A chart with its title; all but `kind` are HTML."""
    small = f"<small>{note}</small>" if note else ""
    return f'<section class="tp-chart tp-{kind}"><h3>{title} {small}</h3>{aloud}{body}</section>'


def legend(keys: Iterable[Key]) -> str:
    """What each line means."""
    items = "".join(f'<li><i class="tp-key {key.kind}"></i>{key.words} <b>{key.value}</b></li>' for key in keys)
    return f'<ul class="tp-legend">{items}</ul>'


def frame(around: Frame, lines: Sequence[Line]) -> str:
    """The drawing with its numbers: those of the upright axis at the left, the others below."""
    x, y = around.x, around.y
    words = [f"{tick:.0%}" for tick in y.ticks] if around.percent else y.words()
    left = "".join(
        f'<span style="--at:{y.share(at):.2%}">{word}</span>' for at, word in zip(y.ticks, words, strict=True)
    )
    below = "".join(
        f'<span style="--at:{x.share(at):.2%}">{word}</span>' for at, word in zip(x.ticks, x.words(), strict=True)
    )
    grid = "".join(f"M0 {up(y, tick)}H{WIDE}" for tick in y.ticks)
    drawn = "".join(_drawn(line, x, y) for line in lines)
    flag = around.flag
    marked = f'<path class="mark" d="M{along(x, flag.at)} 0V{HIGH}"/>' if flag is not None else ""
    return (
        f'<div class="tp-frame"><div class="tp-y" aria-hidden="true">{left}</div><div class="tp-plot">'
        f'<svg viewBox="0 0 {WIDE} {HIGH}" preserveAspectRatio="none" aria-hidden="true">'
        f'<path class="grid" d="{grid}"/>{around.under}{marked}{drawn}{around.over}</svg>{_flag(x, flag)}</div>'
        f'<div class="tp-x" aria-hidden="true">{below}</div><div class="tp-unit">{around.unit}</div></div>'
    )


def path(kind: str, drawn: str) -> str:
    """A path, where there is anything to draw."""
    return f'<path class="{kind}" d="{drawn}"/>' if drawn else ""


def colour(at: int) -> str:
    """A line's colour by its place; from the seventh on the same once more, dashed."""
    return f"run{at % COLOURS}" + (" dashed" if at >= COLOURS else "")


def along(axis: Axis, value: float) -> int:
    """Where a value lies along the axis below."""
    return round(WIDE * axis.share(value))


def up(axis: Axis, value: float) -> int:
    """Where a value lies along the upright axis."""
    return round(HIGH * (1 - axis.share(value)))


def _drawn(line: Line, x: Axis, y: Axis) -> str:
    spots = [spot for spot in line.series if math.isfinite(spot[1])] if line.dots else _lonely(line.series)
    dots = "".join(f"M{along(x, at)} {up(y, value)}h0" for at, value in spots)
    strokes = _strokes(line.series, x, y) if line.joined else ""
    return path(line.kind, strokes) + path(f"{line.kind} dots", dots)


def _strokes(spots: Sequence[Spot], x: Axis, y: Axis) -> str:
    """A line through the spots, with a gap where one is no number."""
    told = []
    pen = "M"
    for at, value in spots:
        if math.isfinite(value):
            told.append(f"{pen}{along(x, at)} {up(y, value)}")
        pen = "L" if math.isfinite(value) else "M"
    return "".join(told)


def _lonely(spots: Sequence[Spot]) -> list[Spot]:
    """The spots without a neighbour to draw a line to."""
    good = [False, *(math.isfinite(value) for _, value in spots), False]
    return [spot for at, spot in enumerate(spots, 1) if good[at] and not good[at - 1] and not good[at + 1]]


def _flag(x: Axis, flag: Flag | None) -> str:
    """The words at a marked place; on the side of it that has room."""
    if flag is None:
        return ""
    side = "right" if x.share(flag.at) < 0.5 else "left"
    return f'<span class="tp-flag {side}" style="--at:{x.share(flag.at):.2%}">{flag.words}</span>'
