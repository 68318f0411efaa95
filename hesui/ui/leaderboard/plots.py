"""A board as charts: shares within ±k, errors, answer lengths against N, hits against size.

Pure functions over views and rows; everything from outside is escaped.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from hesui.evaluate.standings import Standing
from hesui.evaluate.views import WIDEST, View
from hesui.ui import parts
from hesui.ui.drawing import axes
from hesui.ui.drawing.axes import Axis
from hesui.ui.drawing.charts import HIGH, Frame, Key, Line, Spot, along, chart, colour, frame, legend, path, up
from hesui.ui.leaderboard.columns import percent
from hesui.ui.leaderboard.table import named
from hesui.ui.render import say

if TYPE_CHECKING:
    from hesui.evaluate.measures import Column

MOST = 12  # systems in one chart
SMALL = 8  # systems with a small chart each
SPOTS = 400  # answers in one chart
BAND = 0.10  # of N, around it
HITS = ("hit10", "hit5", "hit2")
SIZES: Mapping[str, Callable[[Standing], int | None]] = {
    "rows": lambda row: row.system.entry.rows,
    "parameters": lambda row: row.system.entry.parameters,
}


class Bar(NamedTuple):
    """One bar of a histogram of e."""

    label: str
    n: int
    zero: bool


def drawn(view: View, rows: Sequence[Standing]) -> str:
    """All charts of a board."""
    if not rows:
        return parts.hint("lb.empty")
    sizes = "".join(_sizes(name, read, rows) for name, read in SIZES.items())
    return f'<div class="lb-plots">{within(view, rows)}{errors(view, rows)}{lengths(view, rows)}<div class="tp-both">{sizes}</div></div>'


def within(view: View, rows: Sequence[Standing]) -> str:
    """The share of answers within ±k, a line a system; helped ones are dashed."""
    kinds = _kinds(rows)
    curves = {row.place: view.curve(row.place) for row in rows[:MOST]}
    shown = [row for row in rows[:MOST] if curves[row.place]]
    if not shown:
        return _chart("within", parts.hint("lb.plot.no_target"))
    lines = [Line(tuple(enumerate(curves[row.place])), kinds[row.place]) for row in shown]
    keys = [Key(kinds[row.place], named(row), f"±10 {percent(curves[row.place][10])}") for row in shown]
    x = Axis(0.0, float(WIDEST), tuple(float(at) for at in range(0, WIDEST + 1, 2)))
    body = frame(Frame(x, axes.shares(), "±k", percent=True), lines)
    return _chart("within", legend(keys) + body, _left_out(rows, MOST))


def _kinds(rows: Sequence[Standing]) -> dict[int, str]:
    """By place: a colour a model, a dashed line where it was helped."""
    models = list(
        dict.fromkeys((row.system.entry.base, row.system.entry.model, row.system.entry.weights) for row in rows)
    )
    found = {}
    for row in rows:
        entry = row.system.entry
        kind = colour(models.index((entry.base, entry.model, entry.weights))).split()[0]
        found[row.place] = f"{kind} dashed" if entry.assisted else kind
    return found


def errors(view: View, rows: Sequence[Standing]) -> str:
    """How far answers miss N, a small histogram a system."""
    figures = [
        f"<figure><figcaption>{named(row)} {_missed(row)}</figcaption>{_histogram(bars)}</figure>"
        for row in rows[:SMALL]
        if (bars := _bars(_signed(view, row.place)))
    ]
    body = f'<div class="multiples lb-errors">{"".join(figures)}</div>' if figures else parts.hint("lb.plot.no_target")
    return _chart("errors", body, _left_out(rows, SMALL))


def _missed(row: Standing) -> str:
    return f"<small>{say('lb.col.mae')} {row.mae:.1f}</small>" if row.mae is not None else ""


def _signed(view: View, place: int) -> Column:
    """e of one system's answers to prompts that name a target."""
    found: Column = view.of("error", place)[view.of_prompts("targeted", place)]
    return found


def _bars(found: Column) -> list[Bar]:
    import numpy

    if not len(found):
        return []
    counts = numpy.bincount(numpy.clip(found, -WIDEST - 1, WIDEST + 1) + WIDEST + 1, minlength=2 * WIDEST + 3)
    labels = [f"< −{WIDEST}", *(f"{at}".replace("-", "−") for at in range(-WIDEST, WIDEST + 1)), f"> {WIDEST}"]
    return [Bar(label, int(n), at == WIDEST + 1) for at, (label, n) in enumerate(zip(labels, counts, strict=True))]


def _histogram(bars: Sequence[Bar]) -> str:
    most, every = max(bar.n for bar in bars), WIDEST // 2
    cells = "".join(
        f'<span class="bar{" zero" if bar.zero else ""}" title="e {bar.label}: {bar.n:,}"><i style="--share:{bar.n / most:.1%}"></i>'
        f"{f'<em>{bar.label}</em>' if (at - 1) % every == 0 and 0 < at < len(bars) - 1 else ''}</span>"
        for at, bar in enumerate(bars)
    )
    total = sum(bar.n for bar in bars)
    told = {name: sum(bar.n for bar in part) / total for name, part in
            (("short", bars[: WIDEST + 1]), ("exact", bars[WIDEST + 1 : WIDEST + 2]), ("long", bars[WIDEST + 2 :]))}  # fmt: skip
    words = say("lb.plot.errors.aloud", **{name: percent(share) for name, share in told.items()})
    return f'<div class="histogram" style="--bars:{len(bars)}" aria-hidden="true">{cells}</div><p class="lb-sides">{words}</p>'


def lengths(view: View, rows: Sequence[Standing]) -> str:
    """The answers' lengths against N, a small chart a system, with the band of ±10 % around N."""
    points = {row.place: _points(view, row.place) for row in rows[:SMALL]}
    spots = [spot for found in points.values() for kind in found.values() for spot in kind]
    if not spots:
        return _chart("lengths", parts.hint("lb.plot.no_target"))
    axis = axes.fitting([one for spot in spots for one in spot], ticks=5)
    band = _band(axis)
    figures = "".join(
        f"<figure><figcaption>{named(row)}</figcaption>{_scatter(points[row.place], axis, band)}</figure>"
        for row in rows[:SMALL]
    )
    keys = [Key(f"{kind} dots", say(f"lb.plot.lengths.{kind}")) for kind in ("kept", "missed")]
    keys.append(Key("band", say("lb.plot.lengths.band", n=f"{BAND:.0%}")))
    return _chart("lengths", f'{legend(keys)}<div class="tp-small lb-lengths">{figures}</div>', _left_out(rows, SMALL))


def _points(view: View, place: int) -> dict[str, list[Spot]]:
    """N and length of some of a system's answers to prompts that name a target, spread evenly over all of them."""
    import numpy

    here = numpy.flatnonzero(view.of_prompts("targeted", place))
    here = here[:: -(-len(here) // SPOTS) or 1]
    aims = view.found.columns["aim"][view.of("prompt", place)[here]]
    counts, kept = view.of("count", place)[here], view.of("ok", place)[here]
    found: dict[str, list[Spot]] = {"missed": [], "kept": []}
    for aim, count, ok in zip(aims.tolist(), counts.tolist(), kept.tolist(), strict=True):
        found["kept" if ok else "missed"].append((max(aim, 1), max(count, 1)))
    return found


def _band(axis: Axis) -> str:
    """±10 % around N, and N itself."""
    steps = [axis.low * (axis.high / axis.low) ** (at / 20) if axis.log else axis.low + (axis.high - axis.low) * at / 20
             for at in range(21)]  # fmt: skip
    upper = [f"{along(axis, at)} {up(axis, at * (1 + BAND))}" for at in steps]
    lower = [f"{along(axis, at)} {up(axis, at * (1 - BAND))}" for at in reversed(steps)]
    return path("lb-band", f"M{'L'.join([*upper, *lower])}Z") + path("lb-even", f"M0 {HIGH}L{along(axis, axis.high)} 0")


def _scatter(points: Mapping[str, list[Spot]], axis: Axis, band: str) -> str:
    lines = [Line(tuple(found), kind, dots=True, joined=False) for kind, found in points.items()]
    return frame(Frame(axis, axis, "N", under=band), lines)


def _sizes(name: str, read: Callable[[Standing], int | None], rows: Sequence[Standing]) -> str:
    """Hits against a size of the models that answered without help; where one size has several, their dots alone."""
    sized = sorted(((size, row) for row in rows if (size := read(row)) and _plain(row, name)), key=lambda one: one[0])
    if len({size for size, _ in sized}) < 2:
        return _chart(f"sizes-{name}", parts.hint(f"lb.plot.{name}.few"))
    x = axes.fitting([float(size) for size, _ in sized])
    single = len({size for size, _ in sized}) == len(sized)
    lines, keys = [], []
    for hit in HITS:
        spots = [(float(size), share.value) for size, row in sized if (share := row.shares[hit]) is not None]
        lines.append(Line(spots, hit, dots=True, joined=single))
        keys.append(Key(hit, say(f"lb.col.{hit}")))
    return _chart(
        f"sizes-{name}", legend(keys) + frame(Frame(x, axes.shares(), say(f"lb.plot.{name}.unit"), percent=True), lines)
    )


def _plain(row: Standing, name: str) -> bool:
    """Whether a row says something of a size: of the training rows only what was trained does."""
    entry = row.system.entry
    return not entry.assisted and (name != "rows" or entry.tuned)


def _left_out(rows: Sequence[Standing], most: int) -> str:
    return say("lb.plot.left_out", n=len(rows) - most) if len(rows) > most else ""


def _chart(name: str, body: str, note: str = "") -> str:
    return chart(f"lb-{name}", say(f"lb.plot.{name}"), body, note)
