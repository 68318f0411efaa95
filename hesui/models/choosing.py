"""Which of several candidates for one answer is kept, by one rule for every engine; knows not how they were drawn."""

from __future__ import annotations

from typing import NamedTuple

from hesui.length import check
from hesui.records import EndReason, Request

FINAL = frozenset("。！？!?…～.”’」』）)】》")


class Rank(NamedTuple):
    """The smaller, the better: nearest, then complete, then likeliest."""

    error: int  # distance from the demand's aim or bound, in its unit; 0 without a demand
    incomplete: bool
    unlikely: float  # mean negative log-probability of a token; 0 where it is unknown


def rank(text: str, reason: EndReason | None, request: Request, unlikely: float = 0.0) -> Rank:
    """The rank of `text`, which ended for `reason`, among the candidates for `request`."""
    error = abs(check(text, request.constraint, request.counter).error) if request.constraint else 0
    return Rank(error, not (reason is EndReason.END and text[-1:] in FINAL), unlikely)
