"""A board's columns as filters leave them, for whoever adds them up; knows no figure.

Shares count every prompt alike: answers to one prompt are averaged first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hesui.errors import InputError
from hesui.evaluate.board import PromptSet, System
from hesui.evaluate.config import DECODINGS, Decoding
from hesui.evaluate.measures import BLEU, LANGUAGES, OPS
from hesui.evaluate.statistics import Share, score_interval
from hesui.length import COUNTERS, DEFAULT_COUNTER, Counter
from hesui.length.constraint import Op
from hesui.records import BASE

if TYPE_CHECKING:
    from hesui.evaluate.measures import Column, Columns

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


class View:
    """A set as filters leave it, its columns cut down once."""

    def __init__(self, found: PromptSet, filters: Filters) -> None:
        import numpy

        self.found = found
        self.filters = filters
        self._counter = COUNTERS.index(filters.counter)
        answers = _kept_prompts(found.columns, filters)[found.columns["prompt"]]
        self._mask = None if answers.all() else numpy.flatnonzero(answers)
        self._columns: dict[str, Column] = {}
        self._bases = {_key(system): place for place, system in reversed(list(enumerate(found.systems)))}
        entry, prompt = self.column("entry"), self.column("prompt")
        self._starts = numpy.searchsorted(entry, numpy.arange(len(found.systems) + 1)).tolist()
        new = numpy.ones(len(entry), dtype=bool)
        new[1:] = (prompt[1:] != prompt[:-1]) | (entry[1:] != entry[:-1])
        self._firsts = numpy.flatnonzero(new)  # where a system's answers to a prompt begin
        self._times = numpy.diff(self._firsts, append=len(entry))
        self._systems, self._asked = entry[self._firsts], prompt[self._firsts]

    @property
    def places(self) -> list[int]:
        """The systems that have answers left, and decode as the filters say."""
        wanted = self.filters.decodings
        return [
            place
            for place, system in enumerate(self.found.systems)
            if self.n(place) and (not wanted or system.entry.decoding in wanted)
        ]

    def n(self, place: int) -> int:
        """How many answers of a system are left."""
        found: int = self._starts[place + 1] - self._starts[place]
        return found

    def asked(self, place: int) -> int:
        """To how many prompts a system's answers are; answers to one prompt stand together."""
        prompts = self.of("prompt", place)
        return 1 + int((prompts[1:] != prompts[:-1]).sum()) if len(prompts) else 0

    def start(self, place: int) -> int:
        """Where a system's answers begin in a column."""
        found: int = self._starts[place]
        return found

    def column(self, name: str) -> Column:
        """A column of the answers that are left, of the counting rule where it has several."""
        if name not in self._columns:
            whole = self.found.columns[name]
            whole = whole[self._counter] if whole.ndim == 2 and name != BLEU else whole
            self._columns[name] = whole if self._mask is None else whole[self._mask]
        return self._columns[name]

    def of(self, name: str, place: int) -> Column:
        """A column's part that is one system's."""
        return self.column(name)[self._starts[place] : self._starts[place + 1]]

    def of_prompts(self, name: str, place: int) -> Column:
        """What a column says of the prompts of a system's answers."""
        return self.found.columns[name][self.of("prompt", place)]

    def errors(self, place: int) -> Column:
        """|e| of one system's answers to prompts that name a target."""
        import numpy

        found: Column = numpy.abs(self.of("error", place)[self.of_prompts("targeted", place)])
        return found

    def shares(self, hits: Column, prompts: Column | None = None) -> list[Share | None]:
        """Each system's share of hits with its interval, of those `prompts` only where given; None where it has none."""
        import numpy

        means, systems = self._means(hits), self._systems
        if prompts is not None and not prompts.all():
            kept = prompts[self._asked]
            means, systems = means[kept], systems[kept]
        size = len(self.found.systems)
        n = numpy.bincount(systems, minlength=size).tolist()
        total = numpy.bincount(systems, weights=means, minlength=size).tolist()
        return [score_interval(min(hit / all, 1.0), all) if all else None for hit, all in zip(total, n, strict=True)]

    def by_prompt(self, place: int, values: Column) -> Column:
        """Each prompt's mean of a system's values, NaN where it has none."""
        import numpy

        prompts = self.of("prompt", place)
        count = numpy.bincount(prompts, minlength=self.found.prompts)
        total = numpy.bincount(prompts, weights=values, minlength=self.found.prompts)
        found: Column = numpy.divide(total, count, out=numpy.full(len(total), numpy.nan), where=count > 0)
        return found

    def _means(self, values: Column) -> Column:
        """The mean of each system's answers to each prompt, which stand together."""
        import numpy

        found: Column = numpy.add.reduceat(values, self._firsts, dtype="f8") / self._times
        return found

    def curve(self, place: int, widest: int = WIDEST) -> list[float]:
        """The share of answers with |e| ≤ k for k = 0 … widest, every prompt alike; empty where no target is named."""
        import numpy

        if not self.of_prompts("targeted", place).any():
            return []
        off = numpy.abs(self.of("error", place))
        targeted = self.found.columns["targeted"]
        means = (self.by_prompt(place, off <= most)[targeted] for most in range(widest + 1))
        return [float(numpy.nanmean(mean)) for mean in means]

    def base_of(self, place: int) -> int | None:
        """Whom a system is compared with: its base under the same decoding; for a base that is guided, itself raw. None
        where it has none, or none with answers left."""
        entry = self.found.systems[place].entry
        if not entry.base or (entry.model == BASE and entry.decoding == "raw"):
            return None
        return self._base(entry.base, entry.decoding if entry.model != BASE else "raw")

    def writer_of(self, place: int) -> int | None:
        """A system's base that answers raw: its own texts are what perplexities are measured by."""
        return self._base(self.found.systems[place].entry.base, "raw")

    def _base(self, base: str, decoding: Decoding) -> int | None:
        found = self._bases.get((base, BASE, decoding))
        return found if found is not None and self.n(found) else None


def view_of(found: PromptSet, filters: Filters) -> View:
    """The set as `filters` leave it; the last one is kept, because figures, plots and answers are asked for in turn."""
    known: View | None = found.seen.get(filters)
    if known is None:
        known = View(found, filters)
        found.seen.clear()
        found.seen[filters] = known
    return known


def _key(system: System) -> tuple[str, str, str]:
    return system.entry.base, system.entry.model, system.entry.decoding


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
