"""How systems stand to their bases: paired by prompt, tested, adjusted. Knows no other figure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from hesui.evaluate.statistics import Difference, Discordance, bootstraps, discordance, holm
from hesui.evaluate.views import View

if TYPE_CHECKING:
    from hesui.evaluate.measures import Column

COMPARED = {"hit2": 2, "hit5": 5, "hit10": 10}  # the largest |e|
SIGNIFICANT = 0.05


class Gap(NamedTuple):
    """How a system stands to its base on the prompts that both answered; p-values are adjusted by Holm's method over the
    four tests."""

    base: int  # the base's place in the set's systems
    hits: dict[str, float]  # by COMPARED: this share less the base's
    tests: dict[str, Discordance]  # by COMPARED: the base first; of each prompt's first seed
    mae: Difference  # mean |e| less the base's; below 0: nearer
    p: dict[str, float]  # by COMPARED and "mae": adjusted

    def record(self) -> dict[str, Any]:
        """The differences as the command line prints them."""
        return {
            **{name: {"value": self.hits[name], "p": self.p[name]} for name in COMPARED},
            "mae": {"value": self.mae.value, "low": self.mae.low, "high": self.mae.high, "p": self.p.get("mae")},
        }


class _Pair(NamedTuple):
    """Two systems on the prompts that both have an answer with a target to."""

    place: int
    base: int
    both: Column  # which prompts these are
    farther: Column  # of these: mean |e| less the base's


def gaps_of(view: View, places: Sequence[int]) -> dict[int, Gap]:
    """The differences of those systems that have a base, and a prompt with a target in common with it."""
    pairs = [pair for place in places if (pair := _pair(view, place)) is not None]
    groups: dict[bytes, list[_Pair]] = {}
    for pair in pairs:  # the same prompts, the same draws: the bootstrap's cost is shared
        groups.setdefault(pair.both.tobytes(), []).append(pair)
    found: dict[int, Gap] = {}
    for group in groups.values():
        differences = bootstraps([pair.farther.tolist() for pair in group])
        found |= {pair.place: _gap(view, pair, mae) for pair, mae in zip(group, differences, strict=True)}
    return found


def _pair(view: View, place: int) -> _Pair | None:
    import numpy

    base = view.base_of(place)
    if base is None or not view.n(place):
        return None
    ours, theirs = (_by_prompt(view, side, numpy.abs(view.of("error", side))) for side in (place, base))
    both = ~numpy.isnan(ours) & ~numpy.isnan(theirs)
    return _Pair(place, base, both, (ours - theirs)[both]) if both.any() else None


def _gap(view: View, pair: _Pair, mae: Difference) -> Gap:
    import numpy

    hits, tests = {}, {}
    for name, most in COMPARED.items():
        near = {side: numpy.abs(view.of("error", side)) <= most for side in (pair.base, pair.place)}
        means = [_by_prompt(view, side, hit)[pair.both].mean() for side, hit in near.items()]
        base, other = (_once(view, side, hit)[pair.both] for side, hit in near.items())
        hits[name] = float(means[1] - means[0])
        tests[name] = discordance(int((base & ~other).sum()), int((other & ~base).sum()))
    found = {name: test.p for name, test in tests.items()} | ({"mae": mae.p} if mae.p is not None else {})
    return Gap(pair.base, hits, tests, mae, dict(zip(found, holm(list(found.values())), strict=True)))


def _by_prompt(view: View, place: int, values: Column) -> Column:
    """Each prompt's mean, NaN where it names no target."""
    import numpy

    found: Column = numpy.where(view.found.columns["targeted"], view.by_prompt(place, values), numpy.nan)
    return found


def _once(view: View, place: int, hits: Column) -> Column:
    """Whether each prompt's answer with the smallest seed hit; answers are in the order of their seeds."""
    import numpy

    prompts = view.of("prompt", place)
    first = numpy.flatnonzero(numpy.diff(prompts, prepend=-1))
    found: Column = numpy.zeros(view.found.prompts, dtype=bool)
    found[prompts[first]] = hits[first]
    return found
