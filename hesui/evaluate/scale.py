"""Whether labels are told better by larger models: they are where a definition can be followed, and not where it can't.

HuixiangDou trusts its labels because larger models told them better (Kong 2024, arXiv 2405.02817): labels that nobody can
learn gain nothing by size. Asks no model and reads no file.

What counts is what a model knows more than whoever guesses: a mean precision or F1 below that of guessing, 1 / labels, stands
as that. Else a small model that never names a label and a larger one that always names the same would count as growth.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

from hesui.errors import InputError
from hesui.evaluate.labels import RESAMPLES, LabelScores, figures, score
from hesui.evaluate.statistics import CELLS, FEWEST, Correlation, spearman

if TYPE_CHECKING:
    from numpy import float64
    from numpy.typing import NDArray

Measure = Literal["precision", "f1"]
Verdict = Literal["grows", "flat", "unclear"]
Why = Literal["", "few_rows", "ceiling", "chance", "wide"]
MEASURES: tuple[Measure, ...] = get_args(Measure)
COLUMNS = {"precision": 0, "f1": 2}  # of `labels.figures`

FEWEST_MODELS = 3  # fewer have no order to speak of
ENOUGH_MODELS = 5  # from here on a perfect order has p < 0.05: 2 of 5! orders; of four models it has 2 of 24
MATTERS = 0.05  # a gain from the smallest to the largest model that is surely less than this is none
CEILING = 0.95  # where every model reaches it, there is no room to grow


class Told(NamedTuple):
    """What one model said about every row of a set."""

    model: str
    parameters: int
    said: tuple[str | None, ...]


class Point(NamedTuple):
    """One model's scores."""

    model: str
    parameters: int
    scores: LabelScores


class Between(NamedTuple):
    """A number with its 95 % interval; None where there are fewer than FEWEST rows."""

    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Trend:
    """How one measure goes with size."""

    measure: Measure  # the mean over labels
    rank: Correlation | None  # with size, and the p of such an order of the models; None = all scores are equal
    order: Between  # the same correlation, with what other rows of this kind would have shown of these models
    gain: Between  # the largest model's measure minus the smallest one's, each at least that of guessing
    verdict: Verdict
    why: Why  # it is unclear; or, of a flat one, "chance": even the largest model only guesses


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A row whose label larger models do not say."""

    row: int
    label: str  # that they say
    strength: float  # 0 to 1: 1 = every model says it; a model weighs as its rank by size does
    models: tuple[str, ...]  # that say it, the largest last


@dataclass(frozen=True, slots=True)
class Scale:
    """A family of models on one set."""

    rows: int
    points: tuple[Point, ...]  # the smallest first
    trends: tuple[Trend, ...]  # of precision and F1
    doubts: tuple[Disagreement, ...]  # the strongest first

    @property
    def verdict(self) -> Verdict:
        """grows where both measures do, flat where one surely does not, else unclear."""
        found = {trend.verdict for trend in self.trends}
        return "grows" if found == {"grows"} else "flat" if "flat" in found else "unclear"

    @property
    def few_models(self) -> bool:
        """Whether no order of so few models could be surprising: their rank correlation proves nothing by itself."""
        return len(self.points) < ENOUGH_MODELS


def scale(
    truth: Sequence[str], family: Sequence[Told], labels: Sequence[str], *, resamples: int = RESAMPLES, seed: int = 0
) -> Scale:
    """How scores go with size. A measure grows where both its rank correlation with size and the gain from the smallest
    to the largest model lie above 0 in 95 % of resampled rows; it is flat where the gain is surely below MATTERS or the
    correlation surely not above 0. All models are resampled on the same rows; a score below that of guessing counts as it.

    Raises InputError for fewer than FEWEST_MODELS models or models of one size, ValueError as `labels.score` does.
    """
    ordered = sorted(family, key=lambda told: told.parameters)
    require_sizes([told.parameters for told in ordered])
    points = tuple(
        Point(told.model, told.parameters, score(truth, told.said, labels, resamples=resamples, seed=seed))
        for told in ordered
    )
    samples = _resampled(truth, ordered, labels, resamples, seed) if len(truth) >= FEWEST else None
    trends = tuple(_trend(measure, points, 1 / len(set(truth)), samples) for measure in MEASURES)
    return Scale(len(truth), points, trends, disagreements(truth, ordered))


def require_sizes(sizes: Sequence[int]) -> None:
    """Raise InputError where so many models of these sizes say nothing about growth."""
    if len(sizes) < FEWEST_MODELS:
        raise InputError(
            f"{len(sizes)} models are named; {FEWEST_MODELS} or more of growing size are needed", "error.scale_few",
            count=len(sizes), least=FEWEST_MODELS,
        )  # fmt: skip
    if len(set(sizes)) < FEWEST_MODELS:
        raise InputError(
            f"the models have {len(set(sizes))} different sizes; {FEWEST_MODELS} or more are needed",
            "error.scale_sizes", count=len(set(sizes)), least=FEWEST_MODELS,
        )  # fmt: skip


def disagreements(truth: Sequence[str], family: Sequence[Told]) -> tuple[Disagreement, ...]:
    """The rows on which models say another label than the set's, where these weigh more than those that say the set's.

    A model weighs as much as its rank by size, the smallest 1; strength is the difference, as a share of all weights.
    """
    ordered = sorted(family, key=lambda told: told.parameters)
    whole = len(ordered) * (len(ordered) + 1) / 2
    found = []
    for row, label in enumerate(truth):
        weights: dict[str, float] = {}
        for rank, told in enumerate(ordered, 1):
            if (said := told.said[row]) is not None:
                weights[said] = weights.get(said, 0) + rank
        other = max((said for said in weights if said != label), key=weights.__getitem__, default=None)
        if other is not None and weights[other] > weights.get(label, 0):
            strength = (weights[other] - weights.get(label, 0)) / whole
            sayers = tuple(told.model for told in ordered if told.said[row] == other)
            found.append(Disagreement(row, other, strength, sayers))
    return tuple(sorted(found, key=lambda one: (-one.strength, one.row)))


def _trend(measure: Measure, points: Sequence[Point], chance: float, samples: NDArray[float64] | None) -> Trend:
    sizes = [float(point.parameters) for point in points]
    scores = [getattr(point.scores, measure).value for point in points]
    values = [max(value, chance) for value in scores]
    rank = spearman(sizes, values)
    order, gain = Between(rank.value if rank else 0.0), Between(values[-1] - values[0])
    if samples is None:
        return Trend(measure, rank, order, gain, "unclear", "few_rows")
    drawn = samples[:, :, COLUMNS[measure]].clip(chance)
    order = Between(order.value, *_middle(_rank_correlations(sizes, drawn)))
    gain = Between(gain.value, *_middle(drawn[:, -1] - drawn[:, 0]))
    if min(scores) >= CEILING:
        return Trend(measure, rank, order, gain, "unclear", "ceiling")
    guesses = _middle(drawn[:, -1])[1] < chance + MATTERS
    return Trend(measure, rank, order, gain, *_verdict(order, gain, guesses))


def _verdict(order: Between, gain: Between, guesses: bool) -> tuple[Verdict, Why]:
    assert order.low is not None and order.high is not None and gain.low is not None and gain.high is not None
    if order.low > 0 and gain.low > 0:
        return "grows", ""
    if gain.high < MATTERS or order.high <= 0:
        return "flat", "chance" if guesses else ""
    return "unclear", "wide"


def _resampled(
    truth: Sequence[str], family: Sequence[Told], labels: Sequence[str], resamples: int, seed: int
) -> NDArray[float64]:
    """Mean precision, recall and F1 (last axis) of each model (middle) on each sample of the rows (first)."""
    import numpy

    n, across = len(truth), len(labels) + 1
    places = {label: place for place, label in enumerate((*labels, None))}
    wanted = numpy.array([places[label] for label in truth])
    used = numpy.bincount(wanted, minlength=len(labels)) > 0
    cells = [wanted * across + numpy.array([places[one] for one in told.said]) for told in family]
    kinds, which = numpy.unique(numpy.stack(cells), axis=1, return_counts=True)
    hot = [numpy.eye(len(labels) * across)[cell] for cell in kinds]  # what a row of each kind adds to a model's table
    rng, found = numpy.random.default_rng(seed), []
    step = max(1, CELLS // len(which))
    for start in range(0, resamples, step):
        drawn = rng.multinomial(n, which / n, size=min(step, resamples - start)).astype(float)
        tables = [(drawn @ one).reshape(len(drawn), len(labels), across) for one in hot]
        found.append(numpy.stack([figures(table, used)[:, :3] for table in tables], axis=1))
    return numpy.concatenate(found)


def _rank_correlations(sizes: Sequence[float], drawn: NDArray[float64]) -> NDArray[float64]:
    """Spearman's ρ of sizes and each row of `drawn`, ties sharing their ranks; 0 where all values of a row are equal."""
    import numpy

    one, others = _centred_ranks(numpy.array([sizes])), _centred_ranks(drawn)
    product = (one * others).sum(axis=1)
    scale = numpy.sqrt((one**2).sum() * (others**2).sum(axis=1))
    return numpy.asarray(product / numpy.where(scale > 0, scale, 1), dtype=float)


def _centred_ranks(values: NDArray[float64]) -> NDArray[float64]:
    """Of each row: how many are below a value minus how many are above it, halved."""
    import numpy

    return numpy.asarray(numpy.sign(values[:, :, None] - values[:, None, :]).sum(axis=2) / 2, dtype=float)


def _middle(values: NDArray[float64]) -> tuple[float, float]:
    import numpy

    low, high = numpy.quantile(values, (0.025, 0.975))
    return float(low), float(high)
