"""How much texts share with each other: BLEU, ROUGE, self-BLEU, the nearest of many texts; knows no demand and no model.

BLEU and ROUGE compare the units of `hesui.quality.units`: Han characters and words of other scripts, no punctuation.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from math import exp
from typing import NamedTuple

from rapidfuzz.distance import LCSseq

from hesui.corpus.duplicates import normalised
from hesui.length import visible
from hesui.quality import units

ORDER = 4  # BLEU-4
LOOKED_UP = 5_000  # places of an answer's runs that one look-up reads
MOST_COMPARED = 64  # texts that it then compares the answer with
GRAM = 6  # characters; shorter stretches are shared by texts that have nothing to do with each other

Gram = tuple[str, ...]


class Overlap(NamedTuple):
    """What an answer shares with the one of many texts that it shares most with; texts as `normalised` compares them."""

    exact: bool  # it is one of them
    common: float | None  # longest common substring of GRAM characters or more, a share of the answer; None if empty
    grams: float | None  # share of the answer's different runs of GRAM characters; None if it has none
    nearest: int | None  # which text that is, by its place; None where nothing is shared


class Matches(NamedTuple):
    """What BLEU is made of, of one text or summed over several; n-grams by n - 1."""

    matched: list[int]  # n-grams that stand in a reference, each as often as there at most
    all: list[int]
    length: int  # units
    reference: int  # units of the reference whose length is nearest


def bleu(candidates: Sequence[str], references: Sequence[str]) -> float | None:
    """BLEU-4 of all candidates together, each with one reference, 0 to 1 (Papineni et al. 2002, ACL P02-1040).

    exp(min(0, 1 - r/c)) times the geometric mean of the clipped n-gram precisions, n = 1 to 4 or as far as the
    candidates have n-grams; an n without a match counts ½, ¼, … of a match (Chen and Cherry 2014, method 3, what
    sacreBLEU does). None where no candidate has a unit. Raises ValueError unless both are equally many.
    """
    return bleu_of([matches(text, reference) for text, reference in zip(candidates, references, strict=True)])


def matches(candidate: str, reference: str) -> Matches:
    """What of a text stands in its reference; sums of it over texts make their BLEU."""
    ours, theirs = units(candidate), units(reference)
    return _matches(ours, _counts([theirs]), -1, len(theirs))


def bleu_of(found: Sequence[Matches]) -> float | None:
    """`bleu` of texts whose matches these are."""
    length, reference = sum(one.length for one in found), sum(one.reference for one in found)
    if length == 0:
        return None
    matched = [sum(one.matched[n] for one in found) for n in range(ORDER)]
    if not any(matched):
        return 0.0
    product, orders, part = 1.0, 0, 1.0
    for n, total in enumerate(sum(one.all[n] for one in found) for n in range(ORDER)):
        if total == 0:
            break
        if matched[n] == 0:
            part /= 2
        product *= (matched[n] or part) / total
        orders += 1
    return float(exp(min(0.0, 1 - reference / length)) * product ** (1 / orders))


def rouge_n(candidate: str, reference: str, n: int) -> float | None:
    """ROUGE-N as F1, 0 to 1 (Lin 2004, ACL W04-1013): 2·shared / (n-grams of both); None where neither has any."""
    ours, theirs = Counter(_grams(units(candidate), n)), Counter(_grams(units(reference), n))
    total = ours.total() + theirs.total()
    return 2 * (ours & theirs).total() / total if total else None


def rouge_l(candidate: str, reference: str) -> float | None:
    """ROUGE-L as F1, 0 to 1 (Lin 2004, ACL W04-1013, eq. 4 with β = 1): 2·LCS / (units of both); None if both are empty."""
    ours, theirs = units(candidate), units(reference)
    total = len(ours) + len(theirs)
    return 2 * LCSseq.similarity(ours, theirs) / total if total else None


def self_bleu(answers: Sequence[str]) -> float | None:
    """The mean BLEU-4 of each answer with all others as its references (Zhu et al. 2018, arXiv 1802.01886), 0 to 1.

    High where the answers are all alike. Linear in the answers' length, because only the two largest counts of an n-gram
    matter. None for fewer than two answers with units.
    """
    texts = [found for found in map(units, answers) if found]
    if len(texts) < 2:
        return None
    counts, lengths = _counts(texts), sorted(map(len, texts))
    scores = [bleu_of([_matches(text, counts, own, _nearest(lengths, len(text)))]) for own, text in enumerate(texts)]
    return sum(score or 0 for score in scores) / len(scores)


class Known:
    """An index of texts, say the answers that a model was trained on, by their runs of GRAM characters.

    Building is linear in the texts. A look-up reads at most LOOKED_UP places of the answer's runs, the rarest first, and
    compares the answer with the texts that have most of these, as long as one could come nearer, MOST_COMPARED at most:
    exact where texts are few or not much alike, and in any case where an answer stands in a text nearly whole.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        """Remember `texts`, in their order."""
        self._whole: dict[str, int] = {}  # a text's place
        self._texts: dict[int, str] = {}
        self._last: dict[str, int] = {}  # by run: which mention is the newest
        self._before = array("q")  # by mention: the one before of the same run, or -1
        self._owner = array("q")  # by mention: which text
        self._times = array("q")  # by mention: how many of the same run there are up to it
        for place, text in enumerate(texts):
            self._add(place, _plain(text))

    def overlap(self, text: str) -> Overlap:
        """What `text` shares with the text that it shares the most with."""
        plain = _plain(text)
        if not plain:
            return Overlap(False, None, None, None)
        runs = _runs(plain)
        if plain in self._whole:
            return Overlap(True, 1.0, 1.0 if runs else None, self._whole[plain])
        votes, unseen = self._votes(Counter(runs))
        longest = best = 0
        nearest, nearness = None, (0, 0)
        for place, seen in sorted(votes.items(), key=lambda vote: (-vote[1], vote[0]))[:MOST_COMPARED]:
            if seen + unseen < min(longest, best):
                break
            stretch, shared = _compare(runs, self._texts[place])
            if (shared, stretch) > nearness:
                nearest, nearness = place, (shared, stretch)
            longest, best = max(longest, stretch), max(best, shared)
        if nearest is None:
            return Overlap(False, 0.0, 0.0 if runs else None, None)
        return Overlap(False, (longest + GRAM - 1) / len(plain), best / len(set(runs)), nearest)

    def _add(self, place: int, plain: str) -> None:
        if plain in self._whole:
            return
        self._whole[plain], self._texts[place] = place, plain
        for run in dict.fromkeys(_runs(plain)):
            before = self._last.get(run, -1)
            self._last[run] = len(self._before)
            self._before.append(before)
            self._owner.append(place)
            self._times.append(1 + (self._times[before] if before >= 0 else 0))

    def _votes(self, runs: Counter[str]) -> tuple[Counter[int], int]:
        """How many of the `runs` texts hold, as far as was looked; and how many were not looked up."""
        known = sorted((self._times[self._last[run]], run) for run in runs if run in self._last)
        votes: Counter[int] = Counter()
        room, unseen = LOOKED_UP, 0
        for times, run in known:
            if times > room and votes:
                unseen += runs[run]
                continue
            for place in islice(self._places(run), room):
                votes[place] += runs[run]
            room -= times
        return votes, unseen

    def _places(self, run: str) -> Iterator[int]:
        at = self._last[run]
        while at >= 0:
            yield self._owner[at]
            at = self._before[at]


def _compare(runs: Sequence[str], text: str) -> tuple[int, int]:
    """The longest stretch of consecutive runs that stands in `text`, and how many different ones do."""
    places: defaultdict[str, list[int]] = defaultdict(list)
    for at, run in enumerate(_runs(text)):
        places[run].append(at)
    chains: dict[int, int] = {}  # where a common stretch ends: how many runs it is long
    longest = 0
    for run in runs:
        chains = {at: chains.get(at - 1, 0) + 1 for at in places.get(run, ())}
        longest = max(longest, max(chains.values(), default=0))
    return longest, len(places.keys() & set(runs))


class _Most(NamedTuple):
    """How often an n-gram stands in the text that has it most often, and in any other."""

    most: int
    owner: int
    other: int


def _counts(texts: Sequence[Sequence[str]]) -> dict[Gram, _Most]:
    counts: defaultdict[Gram, _Most] = defaultdict(lambda: _Most(0, -1, 0))
    for owner, text in enumerate(texts):
        for n in range(1, ORDER + 1):
            for gram, count in Counter(_grams(text, n)).items():
                known = counts[gram]
                if count > known.most:
                    counts[gram] = _Most(count, owner, known.most)
                elif count > known.other:
                    counts[gram] = known._replace(other=count)
    return dict(counts)


def _matches(text: Sequence[str], counts: dict[Gram, _Most], own: int, reference: int) -> Matches:
    """What `text` shares with the counted texts but its `own`."""
    matched, total = [], []
    for n in range(1, ORDER + 1):
        grams = Counter(_grams(text, n))
        total.append(grams.total())
        matched.append(sum(min(count, _elsewhere(counts.get(gram), own)) for gram, count in grams.items()))
    return Matches(matched, total, len(text), reference)


def _elsewhere(found: _Most | None, own: int) -> int:
    if found is None:
        return 0
    return found.other if found.owner == own else found.most


def _nearest(lengths: Sequence[int], own: int) -> int:
    """Of ascending `lengths`, one of which is `own`, another that is nearest to it; of two, the shorter."""
    at = bisect_left(lengths, own)
    around = [*lengths[max(0, at - 1) : at], *lengths[at + 1 : at + 2]]
    return min(around, key=lambda length: (abs(length - own), length))


def _grams(text: Sequence[str], n: int) -> list[Gram]:
    return [tuple(text[at : at + n]) for at in range(len(text) - n + 1)]


def _plain(text: str) -> str:
    return normalised(visible(text))


def _runs(plain: str) -> list[str]:
    return [plain[at : at + GRAM] for at in range(len(plain) - GRAM + 1)]
