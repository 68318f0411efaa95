"""Fits a text made of interchangeable sentences to an exact length; knows nothing of what they say.

All sentences are Han characters and full-width punctuation, so a sentence's length is its count under the
`word`, `chars` and `raw` rules alike.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from random import Random


@dataclass(slots=True)
class Section:
    """A place in a text that holds `low` to `high` sentences of one pool."""

    pool: tuple[str, ...]
    low: int = 0
    high: int = 1
    joint: str = ""  # stands between two sentences
    before: str = ""  # stands before the first, if there is one
    after: str = ""  # stands after the last, if there is one
    share: float = 1.0  # how readily a sentence is added here
    picks: list[str] = field(default_factory=list)
    lengths: dict[int, list[str]] = field(init=False)

    def __post_init__(self) -> None:
        self.lengths = defaultdict(list)
        for sentence in self.pool:
            self.lengths[len(sentence)].append(sentence)

    @property
    def text(self) -> str:
        """The section as it reads."""
        return self.before + self.joint.join(self.picks) + self.after if self.picks else ""

    @property
    def length(self) -> int:
        """Characters that count."""
        return len(self.text) - self.text.count("\n")


def fit(sections: list[Section], target: int, rng: Random, patience: int = 60) -> bool:
    """Fill `sections` so that their lengths add up to `target`; False where no way was found.

    Adds sentences at random until the target is near, then swaps, adds or drops one whose length makes the sum
    exact; where none does, changes one at random and tries again.
    """
    for section in sections:
        while len(section.picks) < section.low:
            _add(section, section.pool, rng)
    for _ in range(patience):
        gap = target - sum(section.length for section in sections)
        if gap == 0 or _close(sections, gap, rng):
            return True
        _stir(sections, gap, rng)
    return False


def _close(sections: list[Section], gap: int, rng: Random) -> bool:
    """Make one change that closes the gap exactly."""
    for section in rng.sample(sections, len(sections)):
        for index in rng.sample(range(len(section.picks)), len(section.picks)):
            fresh = _unused(section, section.lengths.get(len(section.picks[index]) + gap, ()))
            if fresh:
                section.picks[index] = rng.choice(fresh)
                return True
        room = section.high - len(section.picks)
        if room and gap > 0 and _add(section, section.lengths.get(gap - _overhead(section), ()), rng):
            return True
    return False


def _stir(sections: list[Section], gap: int, rng: Random) -> None:
    """Make one change at random that does not lead away from the target for long."""
    growing = [s for s in sections if len(s.picks) < s.high]
    shrinking = [s for s in sections if len(s.picks) > s.low]
    if gap > 6 and growing:
        section = rng.choices(growing, [s.share for s in growing])[0]
        fitting = [sentence for sentence in section.pool if len(sentence) + _overhead(section) <= gap]
        if _add(section, fitting, rng):
            return
    if gap < 0 and shrinking and rng.random() < 0.6:
        section = rng.choice(shrinking)
        section.picks.pop(rng.randrange(len(section.picks)))
        return
    filled = [s for s in sections if s.picks]
    section = rng.choice(filled)
    fresh = _unused(section, section.pool)
    if fresh:
        section.picks[rng.randrange(len(section.picks))] = rng.choice(fresh)


def _overhead(section: Section) -> int:
    """Characters that one more sentence brings besides its own."""
    if section.picks:
        return len(section.joint)
    return len((section.before + section.after).replace("\n", ""))


def _unused(section: Section, sentences: tuple[str, ...] | list[str]) -> list[str]:
    return [sentence for sentence in sentences if sentence not in section.picks]


def _add(section: Section, sentences: tuple[str, ...] | list[str], rng: Random) -> bool:
    fresh = _unused(section, sentences)
    if not fresh:
        return False
    section.picks.insert(rng.randint(0, len(section.picks)), rng.choice(fresh))
    return True
