"""The nouns of length: what a prompt demands and how an answer stands to it.

Plain frozen data; knows neither how text is counted nor how a demand is read from a prompt.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, NamedTuple, get_args

Op = Literal["eq", "le", "ge", "approx", "range"]
Unit = Literal["char", "word", "sentence", "line", "paragraph"]
Scope = Literal["whole", "per_item", "per_sentence", "per_line", "per_paragraph", "title", "part"]
Counter = Literal["word", "chars", "han", "han_latin", "raw"]

COUNTERS: tuple[Counter, ...] = get_args(Counter)
DEFAULT_COUNTER: Counter = "word"
APPROX_TOLERANCE = 0.10  # "左右", "about": ±10 % unless the text states a tolerance


class Span(NamedTuple):
    """Half-open range of code points, `prompt[start:end]`."""

    start: int
    end: int


class Band(NamedTuple):
    """Inclusive counts that satisfy a constraint; None means no bound on that side."""

    low: int | None
    high: int | None

    def __contains__(self, count: object) -> bool:
        return (
            isinstance(count, int)
            and (self.low is None or count >= self.low)
            and (self.high is None or count <= self.high)
        )


@dataclass(frozen=True, slots=True)
class Constraint:
    """One length demand.

    Which numbers an op carries: eq → target; approx → target (with min and max, the tolerated band);
    le → max; ge → min; range → min and max. Bounds are inclusive: "少于50字" is le 50 by convention.
    """

    op: Op
    min: int | None = None
    max: int | None = None
    target: int | None = None
    unit: Unit = "char"
    scope: Scope = "whole"
    count_rule: Counter | None = None  # the prompt's own counting rule, where it states one
    span: Span | None = None  # where in the prompt it was read
    extra: tuple[Constraint, ...] = field(default=())  # the prompt's other demands

    @property
    def band(self) -> Band:
        """The inclusive counts that satisfy this constraint."""
        if self.op == "eq":
            return Band(self.target, self.target)
        return Band(self.min, self.max)

    @property
    def aim(self) -> int:
        """The single count to aim for: the target, the middle of a range, or the one bound there is."""
        if self.target is not None:
            return self.target
        if self.min is not None and self.max is not None:
            return (self.min + self.max) // 2
        bound = self.max if self.max is not None else self.min
        assert bound is not None  # __post_init__ guarantees a number
        return bound

    def __post_init__(self) -> None:
        needed = {
            "eq": ("target",),
            "approx": ("target", "min", "max"),
            "le": ("max",),
            "ge": ("min",),
            "range": ("min", "max"),
        }
        if self.op not in needed:
            raise ValueError(f"unsupported op {self.op!r}; expected one of {', '.join(needed)}")
        missing = [name for name in needed[self.op] if getattr(self, name) is None]
        if missing:
            raise ValueError(f"a constraint with op {self.op!r} must set {' and '.join(missing)}")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"min {self.min} is above max {self.max}; swap them")


def approx(target: int, tolerance: float = APPROX_TOLERANCE, **fields: object) -> Constraint:
    """A demand for about `target`, tolerated within ± `tolerance` (a share of the target)."""
    slack = int(target * tolerance + 0.5)
    return Constraint("approx", min=max(0, target - slack), max=target + slack, target=target, **fields)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a text stands to a constraint."""

    ok: bool  # the count lies in the band
    count: int  # in the constraint's unit; for a per-item scope the count of the item furthest off
    error: int  # signed: count − target for eq and approx, else the distance to the band (0 inside)
    band: Band  # what would have satisfied the constraint
    counter: Counter  # the counting rule that was used
