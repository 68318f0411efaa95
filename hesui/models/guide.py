"""The length guide: brings a draft into its demand's band by drawing its last sentences again.

The model draws freely; where its own end does not fit, the guide goes back to a sentence end, draws several
tails from there in one batch, and keeps the likeliest complete text within the band. It works on the text's
own count, so with any tokenizer, and never edits a text or writes one. Knows nothing of tensors or of devices.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from hesui.length import Constraint, Counter, Unit, check
from hesui.models.chat import answer
from hesui.models.choosing import FINAL
from hesui.models.decoding import Draft
from hesui.records import EndReason

TAILS = 8  # drawn at a time
SLACK = (0, 0, 0, 1, 2)  # the error that each round of tails is content with; as many rounds at most
REPEAT = 4
ABRUPT = math.log(0.02)  # below this log-probability of an end, a text that is cut there ends abruptly

SENTENCE_END = re.compile(r"(?:[。！？!?…～]+|\.(?=\s))[”’」』）)】》]*|(?<=\S)\n+")
GOES_ON = frozenset("，、；：,;:—")
PAIRS = ("“”", "‘’", "「」", "『』", "（）", "【】", "《》")


class Reach(NamedTuple):
    """Distances to the aim, in a demand's unit."""

    tail: int  # a tail starts at least so far before the aim: it needs room to differ
    shown: int  # nearer to the aim, text is shown by whole sentences only: it may yet be replaced
    over: int  # a text is drawn so far beyond the band, to know the nearest end there


CHARS, WORDS, WHOLE = Reach(6, 24, 2), Reach(4, 16, 2), Reach(1, 1, 0)
REACH: dict[Unit, Reach] = {"char": CHARS, "word": WORDS, "sentence": WHOLE, "line": WHOLE, "paragraph": WHOLE}


class Gauge:
    """Measures texts against one demand."""

    def __init__(self, constraint: Constraint, counter: Counter) -> None:
        self._constraint = constraint
        self._counter = counter
        self._low, self._high = constraint.band
        self.aim = constraint.aim
        self.reach = REACH[constraint.unit]
        self.by_lines = constraint.unit in ("line", "paragraph")

    def count(self, text: str) -> int:
        """The count of `text` as its reader sees it."""
        return check(answer(text), self._constraint, self._counter).count

    def error(self, count: int) -> int:
        """How far `count` is from the band; 0 inside."""
        below = 0 if self._low is None else self._low - count
        above = 0 if self._high is None else count - self._high
        return max(below, above, 0)

    def short(self, count: int) -> bool:
        """Whether a text of `count` has to go on."""
        return self._low is not None and count < self._low

    def beyond(self, count: int) -> bool:
        """Whether a text of `count` can have no end near the band any more."""
        return self._high is not None and count > self._high + self.reach.over


class Place(NamedTuple):
    """Where a sentence ends in a draft."""

    chars: int
    tokens: int
    length: int  # the count up to there, in the demand's unit
    whole: bool  # the token ends there too


@dataclass(frozen=True, slots=True)
class Candidate:
    """A complete text that may become the answer."""

    text: str
    tokens: int
    error: int
    abrupt: bool  # cut at a sentence end where the model finds an end hardly likely
    repeats: int  # runs of REPEAT characters that it has more than once; likelihood alone is fond of them
    missing: int  # distance to the aim of an abrupt one, else 0
    score: float  # mean log-probability, the end's included

    @property
    def rank(self) -> tuple[int, bool, int, int, float]:
        """The smaller, the better: nearest, not abrupt, without repetition, likeliest."""
        return (self.error, self.abrupt, self.repeats, self.missing, -self.score)


class Scout:
    """Follows one draft: its count, the places where a sentence ends, and whether to go on."""

    def __init__(self, draft: Draft, gauge: Gauge) -> None:
        self.draft = draft
        self.places: list[Place] = []
        self.shown = 0  # characters that may be shown already
        self._gauge = gauge
        self._given = len(draft.ids)
        self._seen = len(draft.text.text)
        draft.watch = self._watch
        draft.hold = gauge.short(0)

    def candidates(self) -> list[Candidate]:
        """What the finished draft offers: its own end where that is in the band, else every end on its way too."""
        own = self._own_end()
        if own is not None and own.error == 0:
            return [own]
        cuts = [self._cut(place) for place in self.places if self._complete(place)]
        return [cut for cut in cuts if _balanced(cut.text)] + ([own] if own is not None else [])

    def _own_end(self) -> Candidate | None:
        text = answer(self.draft.text.text)
        if self.draft.reason is not EndReason.END or not text:
            return None
        return self._candidate(text, len(self.draft.ids), self._gauge.count(text), None)

    def _watch(self, draft: Draft) -> bool:
        text = draft.text.text
        if len(text) == self._seen:
            return False
        count = self._gauge.count(text)
        self._note_places(text, count)
        self._note_shown(text, count)
        self._seen = len(text)
        draft.hold = self._gauge.short(count)
        return self._gauge.beyond(count)

    def _note_places(self, text: str, count: int) -> None:
        # What is new may belong to the last end: a second mark, a closing quote.
        last = self.places.pop() if self.places and self.places[-1].chars == self._seen else None
        start = self._seen if last is None else self.places[-1].chars if self.places else 0
        for match in SENTENCE_END.finditer(text, start):
            if last is not None and match.end() == last.chars:
                self.places.append(last)
                continue
            whole = match.end() == len(text)
            here = count if whole else self._gauge.count(text[: match.end()])
            self.places.append(Place(match.end(), len(self.draft.ids), here, whole))

    def _note_shown(self, text: str, count: int) -> None:
        if count <= self._gauge.aim - self._gauge.reach.shown:
            self.shown = len(text)
        elif self.places and self.places[-1].length <= self._gauge.aim - self._gauge.reach.tail:
            self.shown = max(self.shown, self.places[-1].chars)

    def _complete(self, place: Place) -> bool:
        if place.tokens >= len(self.draft.ends):  # nothing was drawn after it: how likely an end was is unknown
            return False
        if self.draft.reason is EndReason.END and place.tokens == len(self.draft.ids):  # the model ended it itself
            return False
        text = self.draft.text.text[: place.chars]
        return text[-1] in FINAL or (self._gauge.by_lines and text.rstrip()[-1] not in GOES_ON)

    def _cut(self, place: Place) -> Candidate:
        text = answer(self.draft.text.text[: place.chars])
        return self._candidate(text, place.tokens, place.length, self.draft.ends[place.tokens])

    def _candidate(self, text: str, tokens: int, count: int, end: float | None) -> Candidate:
        logprobs = self.draft.chosen(self.draft.logprobs[:tokens])
        own = len(logprobs)
        logprobs += self.draft.logprobs[tokens : tokens + 1] if end is None else [end]
        abrupt = end is not None and end < ABRUPT
        missing = abs(self._gauge.aim - count) if abrupt else 0
        score = sum(logprobs) / len(logprobs)
        return Candidate(text, own, self._gauge.error(count), abrupt, _repeats(text), missing, score)


@dataclass(slots=True)
class Search:
    """The guide's work on one draft: first the draft itself, then tails, round by round."""

    draft: Draft
    gauge: Gauge
    seed: int
    scout: Scout = field(init=False)
    tails: list[Scout] = field(default_factory=list)
    candidates: list[Candidate] = field(default_factory=list)
    rounds: int = 0
    drawn: int = 0  # tokens of tails

    def __post_init__(self) -> None:
        self.scout = Scout(self.draft, self.gauge)

    @property
    def best(self) -> Candidate | None:
        """The best complete text so far."""
        return min(self.candidates, key=lambda candidate: candidate.rank, default=None)

    @property
    def done(self) -> bool:
        """Whether a text is good enough, or the effort spent."""
        if self.rounds == len(SLACK):
            return True
        best = self.best
        if best is None or best.error > SLACK[self.rounds]:
            return False
        return not best.abrupt or self.draft.reason is EndReason.LIMIT

    def settle(self) -> None:
        """Take in what has been drawn: the draft, or a round of tails."""
        for scout in self.tails or [self.scout]:
            self.candidates += scout.candidates()
        self.drawn += sum(scout.draft.drawn for scout in self.tails)
        self.tails = []

    def branch(self) -> list[Draft]:
        """The next round of tails: drafts with one beginning that differ from there on."""
        start = self._start()
        self.rounds += 1
        drafts = [self.draft.branch(start, self._seed(number)) for number in range(TAILS)]
        self.tails = [Scout(draft, self.gauge) for draft in drafts]
        return drafts

    def _start(self) -> int:
        """Where the tails start, in tokens: one sentence earlier each round, and at the beginning at last."""
        latest = self.gauge.aim - self.gauge.reach.tail
        starts = [0, *(place.tokens for place in self.scout.places if place.whole and place.length <= latest)]
        return starts[max(0, len(starts) - 1 - self.rounds)]

    def _seed(self, number: int) -> int:
        # Distinct streams for every tail; neighbours of the row's own seed belong to its other candidates.
        return self.seed + 1_000_003 * (1 + self.rounds * TAILS + number)


def _repeats(text: str) -> int:
    runs = [text[start : start + REPEAT] for start in range(len(text) - REPEAT + 1)]
    return len(runs) - len(set(runs))


def _balanced(text: str) -> bool:
    return all(text.count(pair[0]) == text.count(pair[1]) for pair in PAIRS)


def nearest(searches: Sequence[Search]) -> Candidate | None:
    """The best text of several searches."""
    found = [search.best for search in searches]
    return min((best for best in found if best is not None), key=lambda best: best.rank, default=None)
