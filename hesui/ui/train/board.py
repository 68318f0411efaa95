"""A run as HTML: how far it is, what it measured last, how it ended; and all runs as a list.

Pure functions; everything from outside is escaped.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, NamedTuple

from hesui.train.config import PRESETS, TrainConfig
from hesui.train.curves import Curves, Probe, Series, finite
from hesui.train.jobs import View
from hesui.ui import parts
from hesui.ui.drawing import axes
from hesui.ui.render import note, say
from hesui.ui.texts import TEXTS
from hesui.ui.train.room import label

HEADS = ("when", "data", "method", "settings", "state", "steps", "best", "note")
DIALLED = ("rank", "alpha", "learning_rate", "epochs", "batch", "probe_prompts", "patience", "adaptation")


class Row(NamedTuple):
    """A run in the list of all."""

    view: View
    best: Probe | None
    note: str


def state_of(view: View) -> str:
    """What the run does; a wish that its worker has not obeyed yet shows at once."""
    wished = view.working and view.state in ("starting", "running") and view.folder.wanted() != "run"
    return "stopping" if wished else view.state


def state_line(view: View | None, place: int = 0) -> str:
    """One line for the head of the tab; its data-working tells the page to look again soon."""
    if view is None:
        return f'<p class="state none">{say("train.none")}</p>'
    state = state_of(view)
    working = " data-working" if view.live or view.working else ""
    return (
        f'<p class="state {state}" data-state="{escape(state)}"{working}><b>{_state(state)}</b>'
        f"<span>{_steps(view, place)}</span>"
        f'<i class="bar" style="--share:{share(view):.1%}"></i></p>'
    )


def share(view: View) -> float:
    """How much of the run is done, from 0 to 1."""
    if view.state == "done":
        return 1.0
    return min(view.status.step / view.status.steps, 1.0) if view.status.steps > 0 else 0.0


def _state(state: str) -> str:
    return say(f"train.state.{state}") if f"train.state.{state}" in TEXTS else escape(state)


def _steps(view: View, place: int) -> str:
    if place:
        return say("train.place", n=place)
    if not view.status.steps:
        return ""
    key = "train.prompts_asked" if view.status.phase == "sample" else "train.step"
    return say(key, step=view.status.step, steps=view.status.steps)


def board(view: View | None, curves: Curves, left: float | None, place: int, noted: str) -> str:
    """All there is to see of a run but for its curves; `left` is in seconds, `place` counts from 1 in the queue."""
    if view is None:
        return f'<section class="board none">{parts.hint("train.empty")}</section>'
    state = state_of(view)
    data = view.config.data.name if view.config else "?"
    method = f'<span class="tag">{escape(view.config.method.upper())}</span>' if view.config else ""
    return (
        f'<section class="board {state}" data-run="{escape(view.id)}" data-state="{escape(state)}">'
        f"<header><h2>{escape(label(view.id))}</h2>{method}"
        f'<span class="tag tr-name">{escape(data)}</span><b class="state {state}">{_state(state)}</b></header>'
        f"{_ended(view)}{_progress(view, left, place)}{_figures(curves)}{_used(view.config, curves)}"
        f"{_noted(noted)}</section>"
    )


def _ended(view: View) -> str:
    """Why it ended, where there is something to say."""
    if view.state == "interrupted":
        return note("train.interrupted", "problem")
    if not view.status.note:
        return ""
    kind = "problem" if view.state == "failed" else "note"
    if view.status.note_key in TEXTS:
        try:
            return note(
                view.status.note_key, kind, **{name: _plain(one) for name, one in view.status.note_values.items()}
            )
        except (KeyError, ValueError, TypeError, AttributeError):  # written by another version
            pass
    return f'<div class="message {kind}">{escape(view.status.note[:500])}</div>'


def _plain(value: Any) -> Any:
    return ", ".join(map(str, value)) if isinstance(value, list) else value


def _progress(view: View, left: float | None, place: int) -> str:
    done = share(view)
    phase = ""
    if view.working and view.status.phase:
        key = f"train.phase.{view.status.phase}"
        phase = f'<span class="phase">{say(key) if key in TEXTS else escape(view.status.phase)}</span>'
    time_left = f'<span class="eta">{parts.time_left(left)}</span>' if state_of(view) == "running" else ""
    return f'{parts.run_bar(done)}<p class="run-figures"><b>{done:.0%}</b>{phase}<span>{_steps(view, place)}</span>{time_left}</p>'


def _figures(curves: Curves) -> str:
    told = [
        _figure("loss", curves.smooth or curves.loss),
        _figure("eval", curves.evaluation),
        _figure("reward", curves.reward),
        _figure("speed", curves.tokens_per_second),
        _figure("memory", curves.memory_mb),
        _ability(curves.ability),
    ]
    if curves.probes:
        last = curves.probes[-1]
        told += [_share("satisfied", last.satisfied), _share("hit10", last.hit10)]
    items = "".join(told)
    return f'<ul class="summary tr-figures">{items}</ul>' if items else ""


def _figure(name: str, series: Series) -> str:
    known = finite(series)
    return f"<li><b>{axes.short(known[-1].value)}</b> {say(f'train.fig.{name}')}</li>" if known else ""


def _share(name: str, value: float) -> str:
    return f"<li><b>{value:.0%}</b> {say(f'plot.{name}')}</li>" if math.isfinite(value) else ""


def _ability(series: Series) -> str:
    known = finite(series)
    if not known:
        return ""
    through = " → ".join(axes.short(point.value) for point in (known[:1] if len(known) == 1 else (known[0], known[-1])))
    return f"<li><b>{through}</b> {say('train.fig.ability')}</li>"


def _used(config: TrainConfig | None, curves: Curves) -> str:
    if config is None:
        return ""
    told = [dialled(config)]
    told_of = [name for name in _USED if name != "epochs" or not config.epochs]
    told += [f"{say(f'train.used.{name}')} {_value(curves.used[name])}" for name in told_of if name in curves.used]
    return f'<p class="hint tr-used">{" · ".join(told)}</p>'


_USED = ("rows", "epochs", "context", "trainable", "device", "dtype")


def _value(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return escape(str(value)[:40])
    return f"{value:,}" if isinstance(value, int) else f"{value:g}"


def _noted(text: str) -> str:
    return f'<p class="tr-note">✎ {parts.short(text, 500)}</p>' if text.strip() else ""


def dialled(config: TrainConfig) -> str:
    """A run's settings in short: the dial where it says everything, and the few that matter most."""
    name = next((name for name, given in PRESETS.items() if _as_dialled(config, given)), "own")
    adapted = say("train.full") if config.adaptation == "full" else f"r{config.rank} α{config.alpha}"
    epochs = f" · {say('train.times', n=f'{config.epochs:g}')}" if config.epochs else ""
    return f"{say(f'train.preset.{name}')} · {adapted} · {config.learning_rate:g}{epochs}"


def _as_dialled(config: TrainConfig, given: Mapping[str, Any]) -> bool:
    usual = TrainConfig(data=config.data, base=config.base, method=config.method, **given)
    return all(getattr(config, name) == getattr(usual, name) for name in {*DIALLED, *given})


# All runs


def listed(rows: Sequence[Row], chosen: str | None) -> str:
    """The runs as a table; a click on one opens it."""
    if not rows:
        return f'<section class="board none">{parts.hint("train.empty")}</section>'
    cells = (_cells(row, row.view.id == chosen) for row in rows)
    return parts.table([say(f"train.head.{name}") for name in HEADS], cells, "tr-runs")


def _cells(row: Row, chosen: bool) -> list[str]:
    view = row.view
    state = state_of(view)
    current = ' aria-current="true"' if chosen else ""
    return [
        f'<button type="button" class="tr-open" data-pick="{escape(view.id)}"{current}>{escape(label(view.id))}</button>',
        f'<span class="tr-name">{escape(view.config.data.name)}</span>' if view.config else "?",
        escape(view.config.method.upper()) if view.config else "?",
        f"<span>{dialled(view.config)}</span>" if view.config else "?",
        f'<b class="state {state}">{_state(state)}</b>',
        f'<span class="tr-steps">{view.status.step:,} / {view.status.steps:,}</span>' if view.status.steps else "–",
        _best(row.best),
        f"<span>{parts.short(row.note, 80)}</span>" if row.note.strip() else "–",
    ]


def _best(probe: Probe | None) -> str:
    if probe is None:
        return "–"
    shares = (f"{value:.0%}" if math.isfinite(value) else "–" for value in (probe.hit10, probe.satisfied))
    return f"<span>{' / '.join(shares)} <small>{say('train.at', step=probe.step)}</small></span>"


# What the worker's process printed


def log(lines: Sequence[str]) -> str:
    """The end of a log."""
    return (
        f'<pre class="tr-log"><span>{escape(chr(10).join(lines))}</span></pre>'
        if lines
        else parts.hint("train.log.none")
    )
