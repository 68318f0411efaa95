"""Suggests a name to somebody who comes to review without one: festive, and hardly ever taken."""

from __future__ import annotations

from secrets import choice, randbelow

THINGS = ("灯笼", "春联", "年糕", "饺子", "红梅", "福字", "爆竹", "舞狮", "汤圆", "窗花", "锦鲤", "水仙")


def suggest_name() -> str:
    """A name such as 灯笼 482."""
    return f"{choice(THINGS)} {100 + randbelow(900)}"
