"""Length, the domain: counting text, reading a demand from a prompt, judging one by the other.

Pure Python; imports nothing else of hesui.
"""

from hesui.length.constraint import (
    APPROX_TOLERANCE,
    COUNTERS,
    DEFAULT_COUNTER,
    Band,
    Constraint,
    Counter,
    Op,
    Scope,
    Span,
    Unit,
    Verdict,
    approx,
)
from hesui.length.counting import Tally, count, visible
from hesui.length.parsing import parse
from hesui.length.verdict import check, check_all

__all__ = [
    "APPROX_TOLERANCE",
    "COUNTERS",
    "DEFAULT_COUNTER",
    "Band",
    "Constraint",
    "Counter",
    "Op",
    "Scope",
    "Span",
    "Tally",
    "Unit",
    "Verdict",
    "approx",
    "check",
    "check_all",
    "count",
    "parse",
    "visible",
]
