"""Evaluations as HTML: what is asked, how far each is, how it ended, what may be done with it.

Pure functions; everything from outside is escaped.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from hesui.errors import InputError
from hesui.evaluate.config import EvaluateConfig
from hesui.evaluate.jobs import View
from hesui.ui import parts
from hesui.ui.render import mode, note, say
from hesui.ui.texts import TEXTS
from hesui.ui.train.room import label as label

SHOWN = 20  # the newest
PHASES = ("answering", "perplexity", "measuring")


def asked(config: EvaluateConfig, prompts: int) -> str:
    """How many answers an evaluation will ask for."""
    systems = len(config.models) * len(config.decoding)
    told = say(
        "lb.measure.asked", prompts=f"{prompts:,}", systems=systems, seeds=config.seeds,
        answers=f"{prompts * systems * config.seeds:,}",
    )  # fmt: skip
    guided = f" {say('lb.measure.slow')}" if "guided" in config.decoding else ""
    return f'<p class="lb-asks"><b>{told}</b>{guided}</p>'


def listed(views: Sequence[View], owner: bool) -> str:
    """Evaluations, the newest first."""
    if not views:
        return parts.hint("lb.evaluations.none")
    rows = "".join(_card(view, owner) for view in views[:SHOWN])
    more = parts.hint("lb.evaluations.more", n=len(views) - SHOWN) if len(views) > SHOWN else ""
    return f'<section class="lb-evaluations"><h2>{say("lb.evaluations")}</h2>{rows}{more}</section>'


def _card(view: View, owner: bool) -> str:
    working = " data-working" if view.working else ""
    state = f"lb.state.{view.state}"
    words = say(state) if state in TEXTS else escape(view.state)
    kind = "running" if view.working else view.state
    return (
        f'<article class="lb-evaluation board {escape(kind)}" data-state="{escape(view.state)}"{working}>'
        f'<header><h3>{escape(label(view.folder.id))}</h3><b class="state {escape(kind)}">{words}</b></header>'
        f"{_about(view)}{_progress(view)}{_ended(view)}{_buttons(view) if owner else ''}</article>"
    )


def _about(view: View) -> str:
    config = view.config
    models = " ".join(f"<code>{escape(name)}</code>" for name in config.models)
    modes = "".join(mode(one == "guided", 1) for one in config.decoding)
    return f'<p class="lb-about"><span>{escape(_name(view))}</span> {models} {modes} <span>{say("lb.seeds", n=config.seeds)}</span></p>'


def _name(view: View) -> str:
    """What the set of prompts is called."""
    try:
        return str(view.folder.facts()["set"]["name"])[:200]
    except (InputError, KeyError, TypeError):
        return "?"


def _progress(view: View) -> str:
    """How far its work of the moment is, while it is at work or could go on."""
    status = view.status
    if view.state == "done" or not status.all:
        return ""
    left = f'<span class="eta">{parts.time_left(view.left)}</span>' if view.state in PHASES else ""
    share = min(status.done / status.all, 1.0)
    figures = say("lb.progress", done=f"{status.done:,}", all=f"{status.all:,}")
    return f'{parts.run_bar(share)}<p class="run-figures"><b>{share:.0%}</b><span>{figures}</span>{left}</p>'


def _ended(view: View) -> str:
    """Why it ended, where there is something to say."""
    if view.state == "interrupted":
        return note("lb.interrupted", "problem")
    status = view.status
    if view.state not in ("failed", "stopped") or not status.note:
        return ""
    kind = "problem" if view.state == "failed" else "note"
    if status.note_key in TEXTS:
        try:
            return note(status.note_key, kind, **status.note_values)
        except (KeyError, ValueError, TypeError, AttributeError):  # written by another version
            pass
    return f'<div class="message {kind}">{escape(status.note[:500])}</div>'


def _buttons(view: View) -> str:
    possible = {"stop": view.working, "resume": view.resumable, "delete": not view.working}
    buttons = "".join(
        f'<button type="button" class="turn" data-pick="{escape(view.folder.id)}" data-act="{act}">{say(f"lb.{act}")}</button>'
        for act, can in possible.items()
        if can
    )
    return f'<p class="lb-acts">{buttons}</p>'
