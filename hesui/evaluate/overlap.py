"""How much texts share with each other: BLEU, ROUGE, self-BLEU, the nearest of many texts; knows no demand and no model.

BLEU and ROUGE compare the units of `hesui.quality.units`: Han characters and words of other scripts, no punctuation.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from math import exp
from typing import NamedTuple

from rapidfuzz.distance import LCSseq

from hesui.corpus.duplicates import normalised
from hesui.length import visible
from hesui.quality import units

ORDER = 4  # BLEU-4
GRAM = 6  # characters; shorter stretches are shared by texts that have nothing to do with each other

Gram = tuple[str, ...]


class Overlap(NamedTuple):
    """What an answer shares with the one of many texts that it shares most with; texts as `normalised` compares them."""

    exact: bool  # it is one of them
    common: float | None  # longest common substring of GRAM characters or more, a share of the answer; None if empty
    grams: float | None  # share of the answer's different runs of GRAM characters; None if it has none
    nearest: int | None  # which text that is, by its place; None where nothing is shared


class _Matches(NamedTuple):
    """What BLEU is made of; n-grams by n - 1."""

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
    pairs = [(units(text), units(reference)) for text, reference in zip(candidates, references, strict=True)]
    return _bleu([_matches(text, _counts([reference]), -1, len(reference)) for text, reference in pairs])


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
    scores = [_bleu([_matches(text, counts, own, _nearest(lengths, len(text)))]) for own, text in enumerate(texts)]
    return sum(score or 0 for score in scores) / len(scores)


class Known:
    """An index of texts, say the answers that a model was trained on, by their runs of GRAM characters.

    Building is linear in the texts. A look-up takes time in proportion to how often the answer's runs stand in them.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        """Remember `texts`, in their order."""
        self._whole: dict[str, int] = {}  # a text's place
        self._last: dict[str, int] = {}  # where a run begins last; positions count through all texts
        self._before = array("q")  # by position: where the same run begins before, or -1
        self._owner = array("q")  # by position: which text
        for place, text in enumerate(texts):
            self._add(place, _plain(text))

    def overlap(self, text: str) -> Overlap:
        """What `text` shares with the text that it shares the most with."""
        plain = _plain(text)
        if not plain:
            return Overlap(False, None, None, None)
        grams = _runs(plain)
        if plain in self._whole:
            return Overlap(True, 1.0, 1.0 if grams else None, self._whole[plain])
        shared: Counter[int] = Counter()
        seen: set[str] = set()
        chains: dict[int, int] = {}  # where a common stretch ends: how many runs it is long
        longest, holder = 0, -1
        for gram in grams:
            places = list(self._places(gram))
            chains = {at: chains.get(at - 1, 0) + 1 for at in places}
            if chains and (most := max(chains.values())) > longest:
                longest, holder = most, next(self._owner[at] for at, long in chains.items() if long == most)
            if gram not in seen:
                seen.add(gram)
                shared.update({self._owner[at] for at in places})
        if not shared:
            return Overlap(False, 0.0, 0.0 if grams else None, None)
        best = max(shared.values())
        nearest = holder if shared[holder] == best else min(place for place, n in shared.items() if n == best)
        return Overlap(False, (longest + GRAM - 1) / len(plain), best / len(seen), nearest)

    def _add(self, place: int, plain: str) -> None:
        if plain in self._whole:
            return
        self._whole[plain] = place
        for gram in _runs(plain):
            self._before.append(self._last.get(gram, -1))
            self._owner.append(place)
            self._last[gram] = len(self._before) - 1
        self._before.append(-1)  # keeps a stretch from going on into the next text
        self._owner.append(-1)

    def _places(self, gram: str) -> Iterator[int]:
        at = self._last.get(gram, -1)
        while at >= 0:
            yield at
            at = self._before[at]


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


def _matches(text: Sequence[str], counts: dict[Gram, _Most], own: int, reference: int) -> _Matches:
    """What `text` shares with the counted texts but its `own`."""
    matched, total = [], []
    for n in range(1, ORDER + 1):
        grams = Counter(_grams(text, n))
        total.append(grams.total())
        matched.append(sum(min(count, _elsewhere(counts.get(gram), own)) for gram, count in grams.items()))
    return _Matches(matched, total, len(text), reference)


def _elsewhere(found: _Most | None, own: int) -> int:
    if found is None:
        return 0
    return found.other if found.owner == own else found.most


def _bleu(matches: Sequence[_Matches]) -> float | None:
    length, reference = sum(one.length for one in matches), sum(one.reference for one in matches)
    if length == 0:
        return None
    matched = [sum(one.matched[n] for one in matches) for n in range(ORDER)]
    if not any(matched):
        return 0.0
    product, orders, part = 1.0, 0, 1.0
    for n, total in enumerate(sum(one.all[n] for one in matches) for n in range(ORDER)):
        if total == 0:
            break
        if matched[n] == 0:
            part /= 2
        product *= (matched[n] or part) / total
        orders += 1
    return float(exp(min(0.0, 1 - reference / length)) * product ** (1 / orders))


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
