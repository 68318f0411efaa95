"""Strengths of systems from votes between two answers; knows nothing of the systems, the answers or the voters."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

from hesui.evaluate.statistics import CELLS, FEWEST

if TYPE_CHECKING:
    from numpy import float64
    from numpy.typing import NDArray

    Numbers = NDArray[float64]
    Fit = Callable[[Numbers], Numbers]  # prompts' weights, a row a resample -> log-odds, a row a resample

Undefined = Literal["", "few", "apart"]  # why there are no strengths: too few votes; systems that no votes connect

PRIOR = 1.0  # wins and losses of every system against an average one, before any vote
CHARACTERS = 100  # the unit of the length's effect
CLOSE = 1e-8  # log-odds; a step below that changes nothing that is shown
STEPS = 10_000


class Vote(NamedTuple):
    """One judgement between two systems' answers to a prompt."""

    first: str
    second: str
    score: float  # 1 = the first is better, 0.5 = a tie, 0 = the second is better
    prompt: Hashable  # votes on one prompt are resampled together
    longer: int = 0  # characters that the first answer has more than the second


class Estimate(NamedTuple):
    """A number in log-odds with its 95 % interval."""

    value: float
    low: float
    high: float


class Ranking(NamedTuple):
    """Strengths by system, strongest first, their mean 0; a beats b with log-odds strength(a) - strength(b)."""

    strengths: dict[str, Estimate]
    votes: int
    length: Estimate | None = None  # log-odds that CHARACTERS more win; None if it wasn't asked for
    undefined: Undefined = ""


def bradley_terry(
    votes: Sequence[Vote], with_length: bool = False, prior: float = PRIOR, resamples: int = 1_000, seed: int = 0
) -> Ranking:
    """Bradley-Terry strengths of the systems voted on, ties being half a win each, with percentile intervals.

    Fitted by the MM algorithm (Hunter 2004, Ann Stat 32:384-406). Every system begins with `prior` wins and
    losses against one of average strength (with 1 the logistic prior of Newman 2023, JMLR 24:238): without them a
    system that won or lost all its votes would be infinitely strong or weak. Prompts are resampled with all their votes.

    `with_length`: voters often like the longer answer. The log-odds of the first then have a term for the difference
    in characters, in proportion to it, and strengths are those between answers of equal length (a covariate as in
    Dubois et al. 2024, arXiv 2404.04475). Fitted as a logistic regression by Newton steps; the term, scaled to the
    differences' root mean square, has the same prior.

    Fewer than FEWEST votes or prompts are "few"; systems that no chain of votes connects are "apart". Raises
    ValueError for a score other than 0, 0.5 and 1, a vote between a system and itself, a prior of 0 or less, or
    resamples < 39.
    """
    if resamples < 39 or prior <= 0:
        raise ValueError(f"{resamples} resamples, prior {prior}; expected at least 39 and a prior above 0")
    for vote in votes:
        if vote.score not in (0, 0.5, 1) or vote.first == vote.second:
            raise ValueError(f"{vote} is no vote; expected two systems and a score of 0, 0.5 or 1")
    prompts = list(dict.fromkeys(vote.prompt for vote in votes))
    if len(votes) < FEWEST or len(prompts) < FEWEST:
        return Ranking({}, len(votes), undefined="few")
    names = sorted({name for vote in votes for name in (vote.first, vote.second)})
    if not _connected(names, votes):
        return Ranking({}, len(votes), undefined="apart")
    fit = _by_length(votes, names, prompts, prior) if with_length else _by_wins(votes, names, prompts, prior)
    weights = _weights(len(prompts), resamples, seed, max(1, CELLS // (len(votes) + len(names) ** 2)))
    estimates = _estimates([fit(some) for some in weights])
    strengths = dict(sorted(zip(names, estimates, strict=False), key=lambda pair: -pair[1].value))
    return Ranking(strengths, len(votes), estimates[-1] if with_length else None)


def _connected(names: Sequence[str], votes: Sequence[Vote]) -> bool:
    """Whether a chain of votes leads from each system to each."""
    opponents: dict[str, set[str]] = {name: set() for name in names}
    for vote in votes:
        opponents[vote.first].add(vote.second)
        opponents[vote.second].add(vote.first)
    reached, waiting = {names[0]}, [names[0]]
    while waiting:
        new = opponents[waiting.pop()] - reached
        reached |= new
        waiting += new
    return len(reached) == len(names)


def _weights(prompts: int, resamples: int, seed: int, step: int) -> Iterator[Numbers]:
    """How often each prompt counts: once for the estimate itself, then as drawn; at most `step` rows at once."""
    import numpy

    yield numpy.ones((1, prompts))
    rng, even = numpy.random.default_rng(seed), numpy.full(prompts, 1 / prompts)
    for start in range(0, resamples, step):
        yield rng.multinomial(prompts, even, size=min(step, resamples - start)).astype(float)


def _by_wins(votes: Sequence[Vote], names: Sequence[str], prompts: Sequence[Hashable], prior: float) -> Fit:
    """The MM algorithm on how often each system beat each."""
    import numpy

    place, group, size = _places(names), _places(prompts), len(names)
    wins = numpy.zeros((len(prompts), size, size))
    for vote in votes:
        one, other, prompt = place[vote.first], place[vote.second], group[vote.prompt]
        wins[prompt, one, other] += vote.score
        wins[prompt, other, one] += 1 - vote.score

    def fit(weights: Numbers) -> Numbers:
        won = (weights @ wins.reshape(len(prompts), -1)).reshape(-1, size, size)
        met, total = won + won.transpose(0, 2, 1), won.sum(axis=2) + prior
        strengths: Numbers = numpy.zeros((len(weights), size))
        for _ in range(STEPS):
            odds = numpy.exp(strengths)
            faced = (met / (odds[:, :, None] + odds[:, None, :])).sum(axis=2) + 2 * prior / (odds + 1)
            better = _settled(numpy.log(total / faced))
            moved = numpy.abs(better - strengths).max()
            strengths = better
            if moved < CLOSE:
                break
        strengths -= strengths.mean(axis=1, keepdims=True)
        return strengths

    return fit


def _settled(strengths: Numbers) -> Numbers:
    """All strengths moved alike towards the prior's maximum by a Newton step.

    No vote tells where the whole lies; the MM algorithm alone would creep there by prior / votes a step.
    """
    import numpy

    chance = 1 / (1 + numpy.exp(-strengths))
    slope, bend = (1 - 2 * chance).sum(axis=1), (2 * chance * (1 - chance)).sum(axis=1)
    moved: Numbers = strengths + (slope / bend)[:, None]
    return moved


def _by_length(votes: Sequence[Vote], names: Sequence[str], prompts: Sequence[Hashable], prior: float) -> Fit:
    """Logistic regression on who stood first, who second, and how much longer the first answer was."""
    import numpy

    place, group = _places(names), _places(prompts)
    longer = numpy.array([vote.longer for vote in votes], dtype=float)
    scale = float(numpy.sqrt((longer**2).mean())) or 1.0
    sides, every = numpy.zeros((len(votes), len(names) + 1)), numpy.arange(len(votes))
    sides[every, [place[vote.first] for vote in votes]] = 1
    sides[every, [place[vote.second] for vote in votes]] = -1
    sides[:, -1] = longer / scale
    scores, owner = numpy.array([vote.score for vote in votes]), [group[vote.prompt] for vote in votes]

    def fit(weights: Numbers) -> Numbers:
        found = _newton(sides, scores, weights[:, owner], prior)
        found[:, :-1] -= found[:, :-1].mean(axis=1, keepdims=True)
        found[:, -1] *= CHARACTERS / scale
        return found

    return fit


def _newton(sides: Numbers, scores: Numbers, weights: Numbers, prior: float) -> Numbers:
    """The logistic regression's maximum for each row of votes' weights.

    Steps are cut to 1 in every coordinate: a full one can overshoot where nearly all votes agree.
    """
    import numpy

    size = sides.shape[1]
    squares = (sides[:, :, None] * sides[:, None, :]).reshape(len(sides), -1)
    found, diagonal = numpy.zeros((len(weights), size)), numpy.eye(size)
    for _ in range(STEPS):
        chance, own = 1 / (1 + numpy.exp(-found @ sides.T)), 1 / (1 + numpy.exp(-found))
        slope = (weights * (scores - chance)) @ sides + prior * (1 - 2 * own)
        bend = ((weights * chance * (1 - chance)) @ squares).reshape(-1, size, size)
        bend += (2 * prior * own * (1 - own))[:, :, None] * diagonal
        step = numpy.linalg.solve(bend, slope[:, :, None])[:, :, 0]
        step /= numpy.maximum(1, numpy.abs(step).max(axis=1, keepdims=True))
        found += step
        if numpy.abs(step).max() < CLOSE:
            break
    return found


def _estimates(fits: Sequence[Numbers]) -> list[Estimate]:
    """Each column's first value, with the percentile interval of the others."""
    import numpy

    rows = numpy.concatenate(fits)
    drawn = numpy.sort(rows[1:], axis=0)
    cut = (len(drawn) + 1) // 40
    return [Estimate(*map(float, column)) for column in zip(rows[0], drawn[cut - 1], drawn[-cut], strict=True)]


def _places(names: Sequence[Hashable]) -> dict[Hashable, int]:
    return {name: place for place, name in enumerate(names)}
