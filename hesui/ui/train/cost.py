"""What a run will take, as HTML. Pure functions; everything from outside is escaped."""

from __future__ import annotations

from hesui.train.estimating import Estimate, Warned
from hesui.ui import parts
from hesui.ui.render import note, say
from hesui.ui.texts import TEXTS, Text, text


def told(estimate: Estimate) -> str:
    """An estimate in one line, what lies behind it, and what speaks against the run."""
    line = say(
        "train.estimate.told", time=span(estimate.seconds), memory=size(estimate.memory_mb), steps=estimate.steps
    )
    also = parts.hint(
        "train.estimate.also", device=estimate.device, disk=size(estimate.disk_mb),
        free=size(estimate.free_memory_mb), free_disk=size(estimate.free_disk_mb),
    )  # fmt: skip
    return f'<p class="told">{line}</p>{also}{"".join(map(_warned, estimate.warnings))}'


def measuring(phase: str, seconds: float) -> str:
    """What is being measured, and since when."""
    named = TEXTS.get(f"train.phase.{phase}", Text(phase, phase))
    return f'<p class="doing">{say("train.estimate.doing", phase=named, n=round(seconds))}</p>'


def span(seconds: float) -> Text:
    """A time in words."""
    if seconds < 90:
        return text("train.span.seconds", n=max(1, round(seconds)))
    if seconds < 90 * 60:
        return text("train.span.minutes", n=round(seconds / 60))
    return text("train.span.hours", n=f"{seconds / 3600:.1f}")


def size(mb: float) -> str:
    """Memory or disk in words."""
    return f"{mb / 1024:.1f} GB" if mb >= 1000 else f"{max(1, round(mb))} MB"


def _warned(warned: Warned) -> str:
    values = {("time" if name == "quiet" else name): span(value) if name == "quiet" else value
              for name, value in warned.values.items()}  # fmt: skip
    heavy = warned.key in ("train.estimate.memory", "train.estimate.disk")
    return note(warned.key, "problem" if heavy else "note", **values)
