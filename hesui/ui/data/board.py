"""A run as HTML: how far it is, what it cost, what went wrong. Pure functions; everything from outside is escaped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import NamedTuple

from hesui.distil.config import COMPOSER
from hesui.distil.estimate import Estimate, Load
from hesui.distil.jobs import View
from hesui.distil.teachers import PRESETS, Price
from hesui.store.distilling import Fault, Tally
from hesui.ui.parts import Classes, name_of, run_bar, table, time_left
from hesui.ui.render import both, note, say
from hesui.ui.texts import TEXTS, Text, text

SIGNS = {"CNY": "¥", "USD": "$"}
SETTLING = 3.0  # seconds watched before a time left is told
HEADS = ("class", "col.prompts", "col.answered", "col.accepted", "col.rate", "col.calls", "col.cost", "col.each")


class Watch(NamedTuple):
    """Since when somebody has watched a run at work, so that the time left is told from its present pace."""

    run: str = ""
    since: float = 0.0  # seconds since 1970
    answered: int = 0  # at that time
    ids: tuple[str, ...] = ()  # the runs that the page offers
    state: str = ""  # as last seen, with the wish

    def seconds_left(self, view: View, now: float) -> float | None:
        """At the pace seen since then; None while too little has been seen."""
        total = whole(view)
        gained = total.answered - self.answered
        if view.run.id != self.run or now - self.since < SETTLING or gained <= 0:
            return None
        return (goal(view) - total.answered) * (now - self.since) / gained


def whole(view: View) -> Tally:
    """All classes of a run together."""
    tallies = view.tallies.values()
    return Tally(
        prompts=sum(t.prompts for t in tallies),
        answered=sum(t.answered for t in tallies),
        accepted=sum(t.accepted for t in tallies),
        calls=sum(t.calls for t in tallies),
        cost=sum(t.cost for t in tallies),
        negatives=sum(t.negatives for t in tallies),
        relabelled=sum(t.relabelled for t in tallies),
    )


def goal(view: View) -> int:
    """How many prompts a run will have answered in the end, as far as is known."""
    prompts = whole(view).prompts
    return prompts if view.state == "done" else max(view.config.prompts, prompts)


def state_line(view: View | None) -> str:
    """One line for the head of the tab; its data-working tells the page to look again soon."""
    if view is None:
        return f'<p class="state none">{say("data.run.none")}</p>'
    total, end = whole(view), goal(view)
    share = total.answered / end if end else 0
    working = " data-working" if view.working else ""
    return (
        f'<p class="state {view.state}" data-state="{view.state}"{working}><b>{_state(view)}</b>'
        f"<span>{say('board.answered', done=total.answered, all=end)}</span>"
        f'<i class="bar" style="--share:{share:.1%}"></i></p>'
    )


def board(view: View | None, classes: Classes, log: str, left: float | None) -> str:
    """All there is to see of a run; `log` says where its log lies, "" where there is none, `left` the seconds that it still takes."""
    if view is None:
        return f'<section class="board none"><p class="hint">{say("board.empty")}</p></section>'
    return (
        f'<section class="board {view.state}" data-run="{escape(view.run.id)}" data-state="{view.state}">'
        f"<header><h2>{say('board.title', id=view.run.id)}</h2>"
        f'<span class="tag">{teacher(view.config.teacher, view.config.model)}</span>'
        f'<b class="state {view.state}">{_state(view)}</b></header>'
        f"{_note(view)}{_progress(view, left)}{_classes(view, classes)}{_remarks(view)}{_faults(view, classes)}"
        f"{_log(log)}</section>"
    )


def _log(log: str) -> str:
    return f'<p class="log">{say("board.log")} <code>{escape(log)}</code></p>' if log else ""


def teacher(name: str, model: str) -> str:
    """Who answers: the built-in composer is never passed off as a language model."""
    if name == COMPOSER:
        return say("form.composer")
    preset = PRESETS.get(name)
    known = both(Text(preset.zh, preset.en)) if preset else escape(name)
    model = model or (preset.model if preset else "")
    return f"{known} <code>{escape(model)}</code>" if model else known


def _state(view: View) -> str:
    wish = {"pause": "board.pausing", "stop": "board.stopping"}.get(view.run.wanted)
    if view.state == "running" and wish:
        return say(wish)
    if view.state == "paused" and view.run.wanted != "pause":
        return say("board.stopping" if view.run.wanted == "stop" else "board.resuming")
    return say(f"board.state.{view.state}")


def _note(view: View) -> str:
    if not view.run.note:
        return ""
    if view.run.note_key in TEXTS:
        return note(view.run.note_key, "problem", **view.run.note_values)
    return f'<div class="message problem">{escape(view.run.note)}</div>'


def _progress(view: View, left: float | None) -> str:
    total, end = whole(view), goal(view)
    made, done = (n / end if end else 0 for n in (total.prompts, total.answered))
    phase = view.run.phase.replace(" ", "_")
    doing = ""
    if view.working and phase:
        doing = f'<span class="phase">{say(f"phase.{phase}") if f"phase.{phase}" in TEXTS else escape(view.run.phase)}</span>'
    eta = f'<span class="eta">{time_left(left)}</span>' if view.state == "running" else ""
    return (
        f'{run_bar(done, made)}<p class="run-figures"><b>{done:.0%}</b>{doing}<span>{say("board.prompts", done=total.prompts, all=end)}</span>'
        f"<span>{say('board.answered', done=total.answered, all=end)}</span>{eta}</p>"
    )


def _classes(view: View, classes: Classes) -> str:
    if not view.tallies:
        return ""
    order = [id for id in classes if id in view.tallies] + [id for id in view.tallies if id not in classes]
    currency = _currency(view.config.teacher)
    rows = [_row(name_of(id, classes), view.tallies[id], currency) for id in order]
    if len(rows) > 1:
        rows.append(_row(f"<b>{say('board.total')}</b>", whole(view), currency))
    return table([say(f"board.{head}") for head in HEADS], rows, "tallies")


def _row(name: str, tally: Tally, currency: str | None) -> list[str]:
    rate = tally.accepted / tally.answered if tally.answered else None
    each = tally.cost / tally.accepted if tally.accepted else None
    return [
        name,
        *(f"{n:,}" for n in (tally.prompts, tally.answered, tally.accepted)),
        "–" if rate is None else f'<span class="rate" style="--share:{rate:.1%}">{rate:.0%}</span>',
        f"{tally.calls:,}",
        money(tally.cost, currency),
        "–" if each is None else money(each, currency),
    ]


def _currency(name: str) -> str | None:
    """A teacher's currency; None for one that takes no money."""
    return None if name == COMPOSER or name not in PRESETS else PRESETS[name].currency


def money(amount: float, currency: str | None) -> str:
    """An amount; a small one with the digits that it has."""
    if currency is None:
        return "–"
    digits = 2 if amount >= 1 or amount == 0 else 4
    return f"{escape(SIGNS.get(currency, currency))}{amount:,.{digits}f}"


def _remarks(view: View) -> str:
    total = whole(view)
    remarks = [say("board.negatives", n=total.negatives)] if total.negatives else []
    remarks += [say("board.relabelled", n=total.relabelled)] if total.relabelled else []
    return "".join(f'<p class="hint">{remark}</p>' for remark in remarks)


def _faults(view: View, classes: Classes) -> str:
    failed: dict[str, int] = {}
    for tally in view.tallies.values():
        for outcome, n in tally.outcomes.items():
            if outcome != "ok":
                failed[outcome] = failed.get(outcome, 0) + n
    counts = "".join(f"<li>{outcome_words(name)} <b>{n:,}</b></li>" for name, n in sorted(failed.items()))
    shown = f'<h3>{say("board.outcomes")}</h3><ul class="outcomes">{counts}</ul>' if counts else ""
    if view.faults:
        shown += f'<h3>{say("board.faults")}</h3><ul class="faults">{_latest(view.faults, classes)}</ul>'
    return shown


def _latest(faults: Sequence[Fault], classes: Classes) -> str:
    return "".join(
        f'<li><span class="tag">{name_of(fault.task, classes)}</span> {outcome_words(fault.outcome)}'
        f"<small>{escape(fault.detail[:300])}</small></li>"
        for fault in faults
    )


def outcome_words(outcome: str) -> str:
    """What came of a call, in plain words."""
    key = f"outcome.{outcome}"
    return say(key) if key in TEXTS else escape(outcome)


# Before the start


def estimate(found: Estimate, price: Price | None, currency: str | None, cap: float | None, classes: Classes) -> str:
    """What a run will take; `currency` None where it costs nothing, `price` None where nobody knows it."""
    heads = [say("board.class"), say("board.col.prompts"), *(say(f"estimate.{side}") for side in ("best", "worst"))]
    rows = [
        [
            name_of(one.task, classes),
            f"{one.prompts:,}",
            _load(one.best, price, currency),
            _load(one.worst, price, currency),
        ]
        for one in found.classes
    ]
    rows.append([f"<b>{say('board.total')}</b>", f"{found.prompts:,}", _load(found.best, price, currency),
                 _load(found.worst, price, currency)])  # fmt: skip
    remarks = [] if currency is not None else [text("estimate.free")]
    if currency is not None and price is None:
        remarks.append(text("estimate.no_price"))
    if cap is not None and price is not None and found.worst.cost > cap:
        remarks.append(text("estimate.over_cap"))
    told = "".join(f'<p class="hint">{both(remark)}</p>' for remark in remarks)
    return f'<section class="estimate"><h3>{say("estimate.title")}</h3>{table(heads, rows, "loads")}{told}</section>'


def _load(load: Load, price: Price | None, currency: str | None) -> str:
    parts = [say("estimate.calls", n=load.calls)]
    if currency is not None:
        parts.append(say("estimate.tokens", prompt=load.prompt_tokens, completion=load.completion_tokens))
    if currency is not None and price is not None:
        parts.append(f"<b>{money(load.cost, currency)}</b>")
    return " · ".join(parts)


def key_line(name: str, present: Mapping[str, bool]) -> str:
    """Whether a teacher's key is in the environment, never what it is."""
    if name == COMPOSER:
        return f'<p class="hint">{say("form.composer.about")}</p>'
    preset = PRESETS.get(name)
    if preset is None:
        return ""
    there = present.get(preset.key_env, False)
    key = "form.key.set" if there else "form.key.optional" if name == "local" else "form.key.missing"
    kind = "hint" if there or name == "local" else "hint missing"
    return f'<p class="{kind}">{say(key, name=preset.key_env)}</p>'
