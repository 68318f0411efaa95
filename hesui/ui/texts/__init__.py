"""Every text of the page in 中文 and English, a file a part of the page; knows neither widgets nor HTML."""

from __future__ import annotations

from hesui.length import Constraint
from hesui.ui.texts import (
    arena,
    compare,
    data,
    errors,
    leaderboard,
    review,
    review_files,
    review_owner,
    train,
    train_advice,
)
from hesui.ui.texts.text import LANGS, Lang, Text

__all__ = ["LANGS", "TEXTS", "Lang", "Text", "demand", "text"]

TEXTS: dict[str, Text] = (
    compare.TEXTS
    | data.TEXTS
    | review.TEXTS
    | review_files.TEXTS
    | review_owner.TEXTS
    | train.TEXTS
    | train_advice.TEXTS
    | arena.TEXTS
    | leaderboard.TEXTS
    | errors.TEXTS
)


def text(key: str, **values: object) -> Text:
    """The text called `key`, its gaps filled. Raises KeyError on an unknown key."""
    return TEXTS[key].fill(**values)


def demand(constraint: Constraint) -> Text:
    """A demand in words: 恰好 50 字, exactly 50 characters."""
    low, high = constraint.band
    unit = TEXTS[f"unit.{constraint.unit}"]
    number = _amount(constraint.aim if constraint.op in ("eq", "approx") else None, low, high)
    if number == "1":
        unit = unit._replace(en=unit.en.removesuffix("s"))
    scope = "" if constraint.scope == "whole" else TEXTS[f"scope.{constraint.scope}"]
    return text(f"demand.{constraint.op}", scope=scope, n=number, unit=unit)


def _amount(aim: int | None, low: int | None, high: int | None) -> str:
    if aim is not None:
        return f"{aim:,}"
    return "–".join(f"{bound:,}" for bound in (low, high) if bound is not None)
