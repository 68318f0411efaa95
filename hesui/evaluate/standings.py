"""The rows of a board: each system's figures on the prompts that filters leave, and how it stands to its base.

Adds up columns; the formulas are those of `hesui.evaluate.scores` and `hesui.evaluate.statistics`, at which a test holds
the sums. Knows no file and no page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import exp, isnan
from typing import TYPE_CHECKING, Any, NamedTuple

from hesui.errors import InputError
from hesui.evaluate.board import PromptSet, System
from hesui.evaluate.config import DECODINGS, Decoding
from hesui.evaluate.guards import FLAGS, Flag
from hesui.evaluate.measures import BLEU, LANGUAGES, OPS
from hesui.evaluate.overlap import ORDER, Matches, bleu_of
from hesui.evaluate.statistics import Difference, Discordance, Share, bootstrap, discordance, holm, score_interval
from hesui.length import COUNTERS, DEFAULT_COUNTER, Counter
from hesui.length.constraint import Op
from hesui.records import BASE

if TYPE_CHECKING:
    from hesui.evaluate.measures import Column, Columns

HITS = {"exact": 0, "hit2": 2, "hit5": 5, "hit10": 10}  # the largest |e|
PERCENTS = {"hit5_percent": 5, "hit10_percent": 10}
COMPARED = ("hit2", "hit5", "hit10")
SIGNIFICANT = 0.05
WIDEST = 20  # |e| up to which the shares are drawn


@dataclass(frozen=True, slots=True)
class Filters:
    """What of a board is looked at; an empty tuple leaves everything in."""

    counter: Counter = DEFAULT_COUNTER
    ops: tuple[Op, ...] = ()
    tasks: tuple[str, ...] = ()
    buckets: tuple[int, ...] = ()  # places in scores.BUCKETS; one more is the open one
    languages: tuple[str, ...] = ()
    decodings: tuple[Decoding, ...] = ()


def make_filters(**given: Sequence[str] | str | None) -> Filters:
    """Filters from values that a person gave. Raises InputError, which names the first that cannot be used."""
    known: dict[str, Sequence[str]] = {"ops": OPS, "languages": LANGUAGES, "decodings": DECODINGS, "counter": COUNTERS}
    stated: dict[str, Any] = {name: value for name, value in given.items() if value}
    for name, value in stated.items():
        strange = [one for one in ([value] if isinstance(value, str) else value) if one not in known.get(name, (one,))]
        if strange:
            allowed = ", ".join(known[name])
            raise InputError(
                f"unknown value {strange[0]!r} for {name}; allowed are: {allowed}", "error.filter_unknown",
                name=name, value=strange[0], known=allowed,
            )  # fmt: skip
    values: dict[str, Any] = {name: value if isinstance(value, str) else tuple(value) for name, value in stated.items()}
    return Filters(**values)


def require_set(sets: Mapping[str, PromptSet], id: str | None) -> PromptSet:
    """The set whose id begins with `id`, or else the one answered last. Raises InputError with those there are."""
    found = next((one for one in sets.values() if id is None or one.id.startswith(id)), None)
    if found is None:
        known = ", ".join(f"{one.id[:12]} ({one.name})" for one in sets.values()) or "none yet"
        raise InputError(
            f"there is no board of the prompts {id!r}; there are: {known}" if id else "no board yet; run: hesui evaluate",
            "error.board_none", id=id or "", known=known,
        )  # fmt: skip
    return found


class Gap(NamedTuple):
    """How a system stands to its base on the prompts that both answered; p-values are adjusted by Holm's method over the
    four tests."""

    base: int  # the base's place in the set's systems
    hits: dict[str, float]  # by COMPARED: this share less the base's
    tests: dict[str, Discordance]  # by COMPARED: the base first; of each prompt's first seed
    mae: Difference  # mean |e| less the base's; below 0: nearer
    p: dict[str, float]  # by COMPARED and "mae": adjusted


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
            "difference": self.gap and _gap_record(self.gap),
        }  # fmt: skip


FIGURES = (
    "mae", "median_error", "p90_error", "mape", "bias", "ls", "qianfan", "longwriter", "violation", "fill", "distinct2",
    "covered", "perplexity", "perplexity_ratio", "tail_ratio", "bleu", "rouge1", "rouge2", "rouge_l", "tokens_per_second",
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
    view = View(found, filters)
    rows = [view.standing(place) for place in view.places]
    return [_with_gap(view, row) for row in rows] if gaps else rows


def with_gaps(found: PromptSet, filters: Filters, rows: Sequence[Standing]) -> list[Standing]:
    """The same rows with how they stand to their bases."""
    view = View(found, filters)
    return [_with_gap(view, row) for row in rows]


class View:
    """A set as filters leave it, its columns cut down once."""

    def __init__(self, found: PromptSet, filters: Filters) -> None:
        import numpy

        self.found = found
        self.counter = COUNTERS.index(filters.counter)
        self._all = len(found.systems)
        kept = _kept_prompts(found.columns, filters)
        self._decodings = filters.decodings
        answers = kept[found.columns["prompt"]]
        self._mask = None if answers.all() else numpy.flatnonzero(answers)
        self._cache: dict[str, Column] = {}
        self.entry, self.prompt = self.column("entry"), self.column("prompt")
        self.starts = numpy.searchsorted(self.entry, numpy.arange(self._all + 1))
        self.targeted = found.columns["targeted"][self.prompt]

    @property
    def places(self) -> list[int]:
        """The systems that have answers left, and decode as the filters say."""
        systems = self.found.systems
        return [
            place
            for place in range(self._all)
            if self.starts[place + 1] > self.starts[place]
            and (not self._decodings or systems[place].entry.decoding in self._decodings)
        ]

    def column(self, name: str) -> Column:
        """A column of the answers that are left, of the counting rule where it has several."""
        if name not in self._cache:
            whole = self.found.columns[name]
            whole = whole[self.counter] if whole.ndim == 2 and name != BLEU else whole
            self._cache[name] = whole if self._mask is None else whole[self._mask]
        return self._cache[name]

    def of(self, name: str, place: int) -> Column:
        """A column's part that is one system's."""
        return self.column(name)[self.starts[place] : self.starts[place + 1]]

    def errors(self, place: int) -> Column:
        """|e| of one system's answers to prompts that name a target."""
        import numpy

        part = slice(self.starts[place], self.starts[place + 1])
        found: Column = numpy.abs(self.of("error", place)[self.targeted[part]])
        return found

    def by_prompt(self, place: int, values: Column, only: Column | None = None) -> Column:
        """Each prompt's mean of a system's values, NaN where there is none."""
        import numpy

        prompts = self.of("prompt", place)
        if only is not None:
            prompts, values = prompts[only], values[only]
        size = self.found.prompts
        count = numpy.bincount(prompts, minlength=size)
        total = numpy.bincount(prompts, weights=values, minlength=size)
        with numpy.errstate(invalid="ignore"):
            found: Column = total / numpy.where(count, count, numpy.nan)
        return found

    def share(self, place: int, hits: Column, only: Column | None = None) -> Share | None:
        """The mean of the prompts' shares with its interval; None where no prompt is left."""
        import numpy

        found = self.by_prompt(place, hits, only)
        found = found[~numpy.isnan(found)]
        return score_interval(float(found.mean()), len(found)) if len(found) else None

    def standing(self, place: int) -> Standing:
        """One system's row, without how it stands to its base."""
        import numpy

        start, end = self.starts[place], self.starts[place + 1]
        targeted = self.targeted[start:end]
        errors = self.of("error", place)
        off, ordered = numpy.abs(errors), numpy.sort(self.errors(place))
        aim = self.found.columns["aim"][self.of("prompt", place)]
        named = targeted & (aim > 0)
        with numpy.errstate(divide="ignore", invalid="ignore"):
            deviations = (errors / aim)[named]
        flags = self.of("flags", place)
        compared = ~numpy.isnan(self.of("exact", place))
        shares = {"satisfied": self.share(place, self.of("ok", place))}
        shares |= {name: self.share(place, off <= most, targeted) for name, most in HITS.items()}
        shares |= {name: self.share(place, off * 100 <= most * aim, named) for name, most in PERCENTS.items()}
        shares["complete"] = self.share(place, self.of("complete", place))
        shares["repetition"] = self.share(place, _raised(flags, "repeats"))
        shares["copies"] = self.share(place, _raised(flags, "copies"), compared)
        means: dict[str, Any] = {name: _mean(self.of(name, place)) for name in MEANS}
        reference = _writer(self.found.systems, place)
        perplexity, own = self._perplexity(place), reference is not None and self._perplexity(reference)
        tail = self._perplexity(place, "tail_nll", "tail_tokens")
        own_tail = self._perplexity(reference, "tail_nll", "tail_tokens") if reference is not None else None
        tokens, seconds = float(self.of("tokens", place).sum()), float(self.of("seconds", place).sum())
        return Standing(
            system=self.found.systems[place],
            place=place,
            n=int(end - start),
            prompts=len(numpy.unique(self.of("prompt", place))),
            shares=shares,
            flags={flag: float(_raised(flags, flag).mean()) for flag in FLAGS},
            mae=_mean(ordered),
            median_error=float(numpy.median(ordered)) if len(ordered) else None,
            p90_error=int(ordered[(9 * len(ordered) + 9) // 10 - 1]) if len(ordered) else None,
            mape=_mean(numpy.abs(deviations)),
            bias=_mean(deviations),
            **means,
            perplexity=perplexity,
            perplexity_ratio=perplexity / own if perplexity and own else None,
            tail_ratio=tail / own_tail if tail and own_tail else None,
            bleu=self._bleu(place),
            tokens_per_second=tokens / seconds if seconds else None,
            drawn=float(self.of("drawn", place).sum()) / tokens if tokens else None,
        )  # fmt: skip

    def curve(self, place: int, widest: int = WIDEST) -> list[float]:
        """The share of answers with |e| ≤ k for k = 0 … widest, every prompt alike; empty where no target is named."""
        import numpy

        start, end = self.starts[place], self.starts[place + 1]
        targeted = self.targeted[start:end]
        if not targeted.any():
            return []
        off = numpy.abs(self.of("error", place))
        return [float(numpy.nanmean(self.by_prompt(place, off <= most, targeted))) for most in range(widest + 1)]

    def _perplexity(self, place: int | None, nats: str = "nll", tokens: str = "nll_tokens") -> float | None:
        import numpy

        if place is None or self.starts[place + 1] == self.starts[place]:
            return None
        found, count = self.of(nats, place), self.of(tokens, place)
        known = ~numpy.isnan(found)
        total = float(count[known].sum())
        return exp(min(float(found[known].sum()) / total, 700.0)) if total else None

    def _bleu(self, place: int) -> float | None:
        if BLEU not in self.found.columns:
            return None
        total = [int(one) for one in self.of(BLEU, place).sum(axis=0)]
        return bleu_of([Matches(total[:ORDER], total[ORDER : 2 * ORDER], total[-2], total[-1])])


def _with_gap(view: View, row: Standing) -> Standing:
    base = base_of(view.found.systems, row.place)
    if base is None or view.starts[base + 1] == view.starts[base]:
        return row
    return replace(row, gap=_gap(view, base, row.place))


def _gap(view: View, base: int, place: int) -> Gap | None:
    """None where the two have no prompt with a target in common."""
    import numpy

    sides = (base, place)
    masks = [view.targeted[view.starts[side] : view.starts[side + 1]] for side in sides]
    off = [numpy.abs(view.of("error", side)) for side in sides]
    distance = [view.by_prompt(side, off[at], masks[at]) for at, side in enumerate(sides)]
    both = ~numpy.isnan(distance[0]) & ~numpy.isnan(distance[1])
    if not both.any():
        return None
    mae = bootstrap((distance[1] - distance[0])[both].tolist())
    firsts = [_first(view, side) & masks[at] for at, side in enumerate(sides)]
    hits, tests = {}, {}
    for name in COMPARED:
        near = [off[at] <= HITS[name] for at in range(2)]
        means = [view.by_prompt(side, near[at], masks[at])[both] for at, side in enumerate(sides)]
        hits[name] = float(means[1].mean() - means[0].mean())
        once = [view.by_prompt(side, near[at], firsts[at])[both] > 0.5 for at, side in enumerate(sides)]
        tests[name] = discordance(int((once[0] & ~once[1]).sum()), int((once[1] & ~once[0]).sum()))
    found = {name: test.p for name, test in tests.items()} | ({"mae": mae.p} if mae.p is not None else {})
    return Gap(base, hits, tests, mae, dict(zip(found, holm(list(found.values())), strict=True)))


def base_of(systems: Sequence[System], place: int) -> int | None:
    """Whom a system is compared with: its base under the same decoding; for a base that is guided, itself raw."""
    entry = systems[place].entry
    if not entry.base or (entry.model == BASE and entry.decoding == "raw"):
        return None
    decoding = entry.decoding if entry.model != BASE else "raw"
    return _find(systems, entry.base, decoding)


def _writer(systems: Sequence[System], place: int) -> int | None:
    """The base that answers raw: its own texts are what perplexities are measured by."""
    return _find(systems, systems[place].entry.base, "raw")


def _find(systems: Sequence[System], base: str, decoding: Decoding) -> int | None:
    wanted = (base, BASE, decoding)
    found = (at for at, one in enumerate(systems) if (one.entry.base, one.entry.model, one.entry.decoding) == wanted)
    return next(found, None)


def _first(view: View, place: int) -> Column:
    """Of a system's answers to each prompt, the one with the smallest seed; they are in order."""
    import numpy

    prompts = view.of("prompt", place)
    found: Column = numpy.ones(len(prompts), dtype=bool)
    found[1:] = prompts[1:] != prompts[:-1]
    return found


def _kept_prompts(columns: Columns, filters: Filters) -> Column:
    """Which prompts the filters leave."""
    import numpy

    kept: Column = numpy.ones(len(columns["op"]), dtype=bool)
    wanted: dict[str, list[Any]] = {
        "op": [OPS.index(op) for op in filters.ops],
        "task": list(filters.tasks),
        "bucket": list(filters.buckets),
        "language": [LANGUAGES.index(one) for one in filters.languages],
    }
    for name, values in wanted.items():
        if values:
            kept &= numpy.isin(columns[name], values)
    return kept


def _raised(flags: Column, flag: Flag) -> Column:
    raised: Column = (flags >> FLAGS.index(flag)) & 1 == 1
    return raised


def _mean(values: Column) -> float | None:
    """The mean of those that are defined."""
    import numpy

    known = values[~numpy.isnan(values)] if values.dtype.kind == "f" else values
    found = float(known.mean(dtype="f8")) if len(known) else float("nan")
    return None if isnan(found) else found


def _gap_record(gap: Gap) -> dict[str, Any]:
    return {
        **{name: {"value": gap.hits[name], "p": gap.p[name]} for name in COMPARED},
        "mae": {"value": gap.mae.value, "low": gap.mae.low, "high": gap.mae.high, "p": gap.p.get("mae")},
    }
