"""The arena's standings as HTML: strengths with intervals, who met whom, the effect of length, the counts.

Pure functions; everything from outside is escaped. Knows neither how strengths are computed nor widgets.
"""

from __future__ import annotations

from math import exp

from hesui.evaluate.arena import Meeting, Place, Standings
from hesui.evaluate.strengths import CHARACTERS, Estimate
from hesui.store.voting import System
from hesui.ui import parts
from hesui.ui.drawing import axes
from hesui.ui.drawing.axes import Axis
from hesui.ui.render import mode, say, who

TICKS = 7  # numbers under the strengths at most


def board(found: Standings) -> str:
    """Everything that the votes say."""
    if not found.votes:
        return f'<section class="board none arena">{parts.hint("arena.none")}{parts.hint("arena.few.do")}</section>'
    return (
        f'<div class="arena">{_missing(found)}{_counts(found)}{_strengths(found)}'
        f'<div class="charts">{_meetings(found)}{_choices(found)}</div></div>'
    )


def _missing(found: Standings) -> str:
    """Why there are no strengths, and what to do about it."""
    if not found.undefined:
        return ""
    values = (
        {"votes": found.votes, "prompts": found.prompts, "needed": found.needed} if found.undefined == "few" else {}
    )
    told = say(f"arena.{found.undefined}", **values)
    return f'<div class="message {found.undefined}"><b>{told}</b><br>{say(f"arena.{found.undefined}.do")}</div>'


def _counts(found: Standings) -> str:
    figures = {"arena.votes": found.votes, "arena.prompts": found.prompts, "arena.visitors": found.visitors}
    return f'<ul class="summary">{"".join(f"<li><b>{n:,}</b> {say(key)}</li>" for key, n in figures.items())}</ul>'


# Strengths


def _strengths(found: Standings) -> str:
    known = [place for place in found.places if place.strength]
    if not known:
        return _section("arena.records", parts.table(_heads()[:2], (_record(one) for one in found.places), "tallies"))
    bounds = [bound for place in known if place.strength for bound in (place.strength.low, place.strength.high)]
    axis = axes.linear([*bounds, 0.0], ticks=TICKS)
    rows = "".join(_row(place, place.strength, axis) for place in known if place.strength)
    note = f"<small>{say('arena.unit')}</small>"
    effect = f'<p class="effect">{_effect(found.length)}</p>' if found.length else ""
    return _section("arena.strengths", f'<ol class="forest">{rows}</ol>{_numbers(axis)}{effect}', note)


def _heads() -> list[str]:
    return [say("arena.system"), say("arena.record")]


def _record(place: Place) -> list[str]:
    return [_who(place.system), _triple(place.won, place.tied, place.lost)]


def _triple(won: int, tied: int, lost: int) -> str:
    return f'<span class="triple">{won:,} / {tied:,} / {lost:,}</span>'


def _row(place: Place, strength: Estimate, axis: Axis) -> str:
    """A system's name, its interval on the common axis, its strength and its votes."""
    low, high, at, zero = (axis.share(one) for one in (strength.low, strength.high, strength.value, 0.0))
    style = f"--low:{low:.2%};--wide:{high - low:.2%};--at:{at:.2%};--zero:{zero:.2%}"
    told = say("arena.place", value=_signed(strength.value), low=_signed(strength.low), high=_signed(strength.high))
    side = "above" if strength.low > 0 else "below" if strength.high < 0 else ""
    return (
        f'<li class="{side}"><span class="who">{_who(place.system)}</span>'
        f'<span class="track" style="{style}" aria-hidden="true"><i class="zero"></i><i class="reach"></i><i class="dot"></i></span>'
        f'<span class="value">{told}</span>'
        f'<span class="votes">{say("arena.record")} {_triple(place.won, place.tied, place.lost)} · '
        f"{say('arena.chance')} {_chance(strength.value)}</span></li>"
    )


def _numbers(axis: Axis) -> str:
    marks = "".join(
        f'<span style="--at:{axis.share(tick):.2%}">{word}</span>'
        for tick, word in zip(axis.ticks, axis.words(), strict=True)
    )
    return f'<div class="forest-axis" aria-hidden="true"><div>{marks}</div></div>'


def _effect(length: Estimate) -> str:
    """What length does, in words."""
    told = say(
        "arena.length.more",
        n=CHARACTERS,
        chance=_chance(length.value),
        low=_chance(length.low),
        high=_chance(length.high),
    )
    taste = "clear" if length.low > 0 else "short" if length.high < 0 else "unclear"
    return f"{told} {say(f'arena.length.{taste}')}"


def _chance(odds: float) -> str:
    return f"{1 / (1 + exp(-odds)):.0%}"


def _signed(value: float) -> str:
    return f"{value:+.2f}".replace("-", "−")


# Counts


def _meetings(found: Standings) -> str:
    heads = [say("arena.meetings.pair"), say("arena.record")]
    return _section("arena.meetings", parts.table(heads, map(_meeting, found.meetings), "tallies meetings"))


def _meeting(met: Meeting) -> list[str]:
    total = met.won + met.tied + met.lost
    pieces = zip(("won", "tied", "lost"), (met.won, met.tied, met.lost), strict=True)
    bar = "".join(f'<i class="{kind}" style="--share:{n / total:.2%}"></i>' for kind, n in pieces if n)
    pair = f"{_who(met.first)} <em>:</em> {_who(met.second)}"
    return [f'<span class="pair">{pair}</span><span class="arena-stack" aria-hidden="true">{bar}</span>',
            _triple(met.won, met.tied, met.lost)]  # fmt: skip


def _choices(found: Standings) -> str:
    rows = "".join(_choice(choice, n, found.votes) for choice, n in found.choices.items())
    return _section("arena.choices", f'<ul class="rows">{rows}</ul>')


def _choice(choice: str, n: int, total: int) -> str:
    return f'<li><span>{say(f"arena.choice.{choice}")}</span><i style="--share:{n / total:.1%}" aria-hidden="true"></i><b>{n:,}</b></li>'


def _who(system: System) -> str:
    return f'<span class="who">{who(system.model)} {mode(system.guide, system.best_of)}</span>'


def _section(key: str, body: str, note: str = "") -> str:
    return f'<section class="chart {key.replace(".", "-")}"><h3>{say(key)} {note}</h3>{body}</section>'
