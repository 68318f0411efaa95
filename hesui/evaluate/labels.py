"""How well labels that a model says agree with a reviewed set: accuracy, precision, recall, F1, each with its interval.

Reads no file and asks no model. What is said may be None: an answer that names no label is wrong, and counted apart.

Precision of a label is undefined where it was never said; in the means over labels it then counts 0, as in scikit-learn
(`zero_division=0`). Means go over the labels that the set uses, each alike.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from hesui.evaluate.statistics import FEWEST, Share, wilson

if TYPE_CHECKING:
    from numpy import bool_, float64
    from numpy.typing import NDArray

RESAMPLES = 10_000
UNREADABLE = ""  # stands for None where cells of a confusion table are named


class Mean(NamedTuple):
    """A score from 0 to 1 with a 95 % interval; None where there are fewer than FEWEST rows."""

    value: float
    low: float | None = None
    high: float | None = None

    def __str__(self) -> str:
        return f"{self.value:.1%}" + ("" if self.low is None else f" [{self.low:.1%}, {self.high:.1%}]")


@dataclass(frozen=True, slots=True)
class LabelScore:
    """One label."""

    label: str
    rows: int  # that have it in the set
    said: int  # answers that name it
    precision: Share | None  # of the answers that name it, the right ones; None = none does
    recall: Share | None  # of its rows, those where it is said; None = it has none
    f1: Mean | None  # 2·right / (rows + said); None = neither


@dataclass(frozen=True, slots=True)
class LabelScores:
    """All that is measured of one model on one set."""

    rows: int
    unreadable: int  # answers that name no label, or several; they count as wrong
    accuracy: Share
    precision: Mean  # over the labels of the set
    recall: Mean
    f1: Mean
    labels: tuple[LabelScore, ...]  # those that the set uses or an answer names
    confusion: Mapping[str, Mapping[str, int]]  # the set's label → what was said → rows; UNREADABLE for no label


def score(
    truth: Sequence[str],
    said: Sequence[str | None],
    labels: Sequence[str],
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> LabelScores:
    """Compare what was said with the set's labels, row by row; `labels` are those of the class, in its order.

    Shares have Wilson's interval. F1 and the means have percentile intervals of `resamples` bootstrap samples of the
    rows (Efron and Tibshirani 1993, ch. 13). Raises ValueError where there is no row, the two aren't equally long, or a
    label isn't among `labels`.
    """
    table = Table.of(truth, said, labels)
    counts = table.counts
    n = int(counts.sum())
    bounds = _bounds(table.figures(table.resampled(resamples, seed)), n)
    exact = table.figures(counts[None].astype(float))[0]
    means = [Mean(float(value), *bound) for value, bound in zip(exact, bounds, strict=True)]
    right = counts.diagonal()
    rows, named = counts.sum(axis=1), counts.sum(axis=0)
    each = tuple(
        LabelScore(
            label, int(rows[k]), int(named[k]),
            wilson(int(right[k]), int(named[k])) if named[k] else None,
            wilson(int(right[k]), int(rows[k])) if rows[k] else None,
            means[3 + k],
        )
        for k, label in enumerate(labels)
        if rows[k] or named[k]
    )  # fmt: skip
    return LabelScores(
        n, int(named[-1]), wilson(int(right.sum()), n), means[0], means[1], means[2], each, table.named(labels)
    )


class Table(NamedTuple):
    """Rows by the set's label and by what was said, the last column for what names no label."""

    counts: NDArray[float64]  # labels × labels + 1

    @classmethod
    def of(cls, truth: Sequence[str], said: Sequence[str | None], labels: Sequence[str]) -> Table:
        """The table of some rows. Raises ValueError as `score` says."""
        import numpy

        if not truth or len(truth) != len(said):
            raise ValueError(f"{len(truth)} labels and {len(said)} answers; expected equally many, at least one")
        places = {label: place for place, label in enumerate(labels)}
        unknown = {label for label in (*truth, *said) if label is not None} - set(labels)
        if unknown:
            raise ValueError(f"the label {min(unknown)!r} is none of {', '.join(labels)}")
        counts = numpy.zeros((len(labels), len(labels) + 1))
        for (wanted, found), rows in Counter(zip(truth, said, strict=True)).items():
            counts[places[wanted], len(labels) if found is None else places[found]] = rows
        return cls(counts)

    def resampled(self, resamples: int, seed: int) -> NDArray[float64]:
        """Tables of as many rows drawn with replacement: the rows of a cell are all alike, so cells are drawn."""
        import numpy

        n = int(self.counts.sum())
        drawn = numpy.random.default_rng(seed).multinomial(n, (self.counts / n).ravel(), size=resamples)
        return drawn.reshape(resamples, *self.counts.shape).astype(float)

    def figures(self, tables: NDArray[float64]) -> NDArray[float64]:
        """Of each table: mean precision, recall and F1 over the labels that this one uses, then each label's F1."""
        return figures(tables, self.counts.sum(axis=1) > 0)

    def named(self, labels: Sequence[str]) -> dict[str, dict[str, int]]:
        """The table with its names; cells without a row are left out."""
        columns = (*labels, UNREADABLE)
        return {
            label: {column: int(n) for column, n in zip(columns, line, strict=True) if n}
            for label, line in zip(labels, self.counts, strict=True)
            if line.any()
        }


def figures(tables: NDArray[float64], used: NDArray[bool_]) -> NDArray[float64]:
    """Of each table (samples × labels × labels + 1): mean precision, recall and F1 over the `used` labels, then each F1.

    What is undefined is 0.
    """
    import numpy

    right = numpy.diagonal(tables, axis1=1, axis2=2)
    rows, said = tables.sum(axis=2), tables.sum(axis=1)[:, :-1]
    parts = [_shares(right, said), _shares(right, rows), _shares(2 * right, rows + said)]
    means = numpy.stack([part[:, used].mean(axis=1) for part in parts], axis=1)
    return numpy.concatenate([means, parts[2]], axis=1)


def _shares(part: NDArray[float64], whole: NDArray[float64]) -> NDArray[float64]:
    import numpy

    return numpy.divide(part, whole, out=numpy.zeros_like(part), where=whole > 0)


def _bounds(samples: NDArray[float64], rows: int) -> list[tuple[float | None, float | None]]:
    """The 2.5 % and 97.5 % quantiles of each column; none for too few rows."""
    import numpy

    if rows < FEWEST:
        return [(None, None)] * samples.shape[1]
    low, high = numpy.quantile(samples, (0.025, 0.975), axis=0)
    return [(float(a), float(b)) for a, b in zip(low, high, strict=True)]
