"""The rows of a board: each system's figures on the prompts that filters leave.

Adds up columns; the formulas are those of `hesui.evaluate.scores`, and a test holds the sums to them. Knows no file and no
page.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import exp, isnan
from typing import TYPE_CHECKING, Any

from hesui.evaluate.board import PromptSet, System
from hesui.evaluate.gaps import COMPARED, Gap, gaps_of
from hesui.evaluate.guards import FLAGS, Flag
from hesui.evaluate.measures import BLEU, SELF_BLEU
from hesui.evaluate.overlap import ORDER, Matches, bleu_of
from hesui.evaluate.statistics import Share
from hesui.evaluate.views import Filters, View, view_of
from hesui.length import Counter

if TYPE_CHECKING:
    from hesui.evaluate.measures import Column

HITS = {"exact": 0, **COMPARED}  # the largest |e|
PERCENTS = {"hit5_percent": 5, "hit10_percent": 10}


@dataclass(frozen=True, slots=True)
class Standing:
    """One system's row. Shares count every prompt alike; means are over the answers that have a value."""

    system: System
    place: int  # the system's, in the set
    n: int  # answers
    prompts: int
    shares: dict[str, Share | None]  # satisfied, exact, hit2, …, complete, repetition, copies
    flags: dict[Flag, float]
    mae: float | None
    median_error: float | None
    p90_error: int | None
    mape: float | None
    bias: float | None
    ls: float | None
    qianfan: float | None
    longwriter: float | None
    violation: float | None
    fill: float | None
    distinct2: float | None
    covered: float | None
    perplexity: float | None  # under the base
    perplexity_ratio: float | None  # to what the base itself writes, raw
    tail_ratio: float | None  # the same of the last fifth
    self_bleu: float | None  # of all its answers, whatever the filters leave
    bleu: float | None
    rouge1: float | None
    rouge2: float | None
    rouge_l: float | None
    tokens_per_second: float | None  # of one answer
    drawn: float | None  # tokens drawn for a token that is shown
    gap: Gap | None = field(default=None)

    def record(self, counter: Counter) -> dict[str, Any]:
        """The row as the command line prints it."""
        entry = self.system.entry
        shares: dict[str, Any] = {name: share and share._asdict() for name, share in self.shares.items()}
        intervals = {name: (share := self.shares[name]) and share[1:] for name in PLAIN}
        shares |= {name: (share := self.shares[name]) and share.value for name in PLAIN}
        figures = {name: getattr(self, name) for name in FIGURES}
        return {
            "model": entry.model, "decoding": entry.decoding, "base": entry.base, "method": entry.method,
            "rows": entry.rows, "parameters": entry.parameters, "assisted": entry.assisted,
            "evaluation": self.system.evaluation, "counter": counter, "n": self.n, "prompts": self.prompts,
            "seeds": self.system.seeds, **shares, **figures, "flags": dict(self.flags),
            "intervals": intervals,
            "difference": self.gap and self.gap.record(),
        }  # fmt: skip


FIGURES = (
    "mae", "median_error", "p90_error", "mape", "bias", "ls", "qianfan", "longwriter", "violation", "fill", "distinct2",
    "covered", "perplexity", "perplexity_ratio", "tail_ratio", "self_bleu", "bleu", "rouge1", "rouge2", "rouge_l", "tokens_per_second",
    "drawn",
)  # fmt: skip

MEANS = (
    "ls",
    "qianfan",
    "longwriter",
    "violation",
    "fill",
    "distinct2",
    "covered",
    "rouge1",
    "rouge2",
    "rouge_l",
)  # columns whose mean is a figure
PLAIN = ("complete", "repetition", "copies")  # shares whose value alone stands in a record, the interval beside it


def standings(found: PromptSet, filters: Filters, gaps: bool = True) -> list[Standing]:
    """The rows of the systems that the filters leave, in the set's order; none where no prompt is left."""
    view = view_of(found, filters)
    if not view.places:
        return []
    shares = _shares(view)
    rows = [_standing(view, place, {name: each[place] for name, each in shares.items()}) for place in view.places]
    return _with_gaps(view, rows) if gaps else rows


def with_gaps(found: PromptSet, filters: Filters, rows: Sequence[Standing]) -> list[Standing]:
    """The same rows with how they stand to their bases."""
    return _with_gaps(view_of(found, filters), rows)


def _with_gaps(view: View, rows: Sequence[Standing]) -> list[Standing]:
    found = gaps_of(view, [row.place for row in rows])
    return [replace(row, gap=found.get(row.place)) for row in rows]


def _standing(view: View, place: int, shares: dict[str, Share | None]) -> Standing:
    """One system's row, without how it stands to its base."""
    import numpy

    aim, targeted = view.of_prompts("aim", place), view.of_prompts("targeted", place)
    named, errors = targeted & (aim > 0), view.of("error", place)
    with numpy.errstate(divide="ignore", invalid="ignore"):
        deviations = (errors / aim)[named]
    ordered, flags = numpy.sort(view.errors(place)), view.of("flags", place)
    means: dict[str, Any] = {name: _mean(view.of(name, place)) for name in MEANS}
    tokens, seconds = float(view.of("tokens", place).sum()), float(view.of("seconds", place).sum())
    return Standing(
        system=view.found.systems[place],
        place=place,
        n=view.n(place),
        prompts=view.asked(place),
        shares=shares,
        flags={flag: float(_raised(flags, flag).mean()) for flag in FLAGS},
        mae=_mean(ordered),
        median_error=float(numpy.median(ordered)) if len(ordered) else None,
        p90_error=int(ordered[(9 * len(ordered) + 9) // 10 - 1]) if len(ordered) else None,
        mape=_mean(numpy.abs(deviations)),
        bias=_mean(deviations),
        **means,
        **_perplexities(view, place),
        self_bleu=_mean(view.found.columns[SELF_BLEU][place : place + 1]),
        bleu=_bleu(view, place),
        tokens_per_second=tokens / seconds if seconds else None,
        drawn=float(view.of("drawn", place).sum()) / tokens if tokens else None,
    )


def _shares(view: View) -> dict[str, list[Share | None]]:
    """By name, each system's."""
    import numpy

    columns = view.found.columns
    aim, targeted = columns["aim"], columns["targeted"]
    off, flags, wanted = numpy.abs(view.column("error")), view.column("flags"), aim[view.column("prompt")]
    copies = view.shares(_raised(flags, "copies"))
    return {
        "satisfied": view.shares(view.column("ok")),
        **{name: view.shares(off <= most, targeted) for name, most in HITS.items()},
        **{name: view.shares(off * 100 <= most * wanted, targeted & (aim > 0)) for name, most in PERCENTS.items()},
        "complete": view.shares(view.column("complete")),
        "repetition": view.shares(_raised(flags, "repeats")),
        "copies": [share if _compared(view, place) else None for place, share in enumerate(copies)],
    }


def _compared(view: View, place: int) -> bool:
    """Whether a system's answers were compared with what it was trained on."""
    import numpy

    return view.n(place) > 0 and not numpy.isnan(view.of("exact", place)[0])


def _perplexities(view: View, place: int) -> dict[str, Any]:
    """Perplexity under the base, and how many times what the base itself writes that is; of the last fifths, too."""
    writer = view.writer_of(place)
    whole, tail = ("nll", "nll_tokens"), ("tail_nll", "tail_tokens")
    found = {part: _perplexity(view, place, *part) for part in (whole, tail)}
    own = {part: None if writer is None else _perplexity(view, writer, *part) for part in (whole, tail)}
    ratios = [(mine / base if (mine := found[part]) and (base := own[part]) else None) for part in (whole, tail)]
    return {"perplexity": found[whole], "perplexity_ratio": ratios[0], "tail_ratio": ratios[1]}


def _perplexity(view: View, place: int, nats: str, tokens: str) -> float | None:
    import numpy

    found, count = view.of(nats, place), view.of(tokens, place)
    known = ~numpy.isnan(found)
    total = float(count[known].sum())
    return exp(min(float(found[known].sum()) / total, 700.0)) if total else None


def _bleu(view: View, place: int) -> float | None:
    if BLEU not in view.found.columns:
        return None
    total = [int(one) for one in view.of(BLEU, place).sum(axis=0)]
    return bleu_of([Matches(total[:ORDER], total[ORDER : 2 * ORDER], total[-2], total[-1])])


def _raised(flags: Column, flag: Flag) -> Column:
    raised: Column = (flags >> FLAGS.index(flag)) & 1 == 1
    return raised


def _mean(values: Column) -> float | None:
    """The mean of those that are defined."""
    import numpy

    known = values[~numpy.isnan(values)] if values.dtype.kind == "f" else values
    found = float(known.mean(dtype="f8")) if len(known) else float("nan")
    return None if isnan(found) else found
