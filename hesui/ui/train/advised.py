"""The adviser's advice in words. Pure functions; knows neither curves nor widgets."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from hesui.train.advice import Advice
from hesui.ui.render import both, say
from hesui.ui.texts import TEXTS, Text, text

SHAPES = {"problem": "✕", "warning": "▲", "hint": "◆"}


def words(advice: Advice) -> Text:
    """One piece of advice in both languages."""
    setting = str(advice.values["setting"])
    named = TEXTS.get(f"advice.setting.{setting}", Text(setting, setting))
    return text(advice.key, **{**advice.values, "setting": named})


def listed(found: Iterable[Advice]) -> str:
    """All advice as a list, the gravest first as it came; a good word where there is none."""
    items = "".join(_item(advice) for advice in found)
    body = f'<ul class="tp-advice">{items}</ul>' if items else f'<p class="hint">{say("advice.none")}</p>'
    return f'<section class="tp-chart advice"><h3>{say("advice.title")}</h3>{body}</section>'


def _item(advice: Advice) -> str:
    setting, value = advice.values["setting"], advice.values["value"]
    # As the command line takes it; rows are no setting to be typed.
    code = "" if setting == "data" else f" <code>{escape(f'{setting}={_typed(value)}')}</code>"
    return (
        f'<li class="{advice.level}" data-key="{escape(advice.key)}"><b class="tag">'
        f'<span aria-hidden="true">{SHAPES[advice.level]}</span> {say(f"advice.{advice.level}")}</b>'
        f'<span class="what">{both(words(advice))}{code}</span></li>'
    )


def _typed(value: object) -> str:
    """A value as one would type it."""
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)
