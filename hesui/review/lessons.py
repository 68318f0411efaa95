"""What settled decisions teach, prompt by prompt: answers, ratings, pairs of a better and a worse text, labels.

Reviewers' verdicts come first; the length rule only chooses among what they let stand. Knows no format and no files.
"""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

from rapidfuzz.distance import Levenshtein

from hesui.corpus.duplicates import THRESHOLD, normalised
from hesui.corpus.rows import Row
from hesui.length import check
from hesui.review.checks import counter_of
from hesui.review.items import DEMO, asked_label, asked_row
from hesui.store.reviewing import Event, Item, Outcome, Reviewed, State

Kind = Literal["sft", "dpo", "kto", "labels"]
Why = Literal["edit", "verdict", "length"]
Reason = Literal[
    "gold", "demo", "open", "split", "rejected", "duplicate", "contradiction", "twice", "unpaired",  # items
    "alike", "limit",  # pairs
    "history", "leak_exact", "leak_near", "leak_family", "leak_answer",  # rows; hesui.review.exporting finds these
]  # fmt: skip

KINDS: tuple[Kind, ...] = get_args(Kind)
WHYS: tuple[Why, ...] = get_args(Why)  # the most telling first
MOST_PAIRS = 8  # of one prompt; more would let a few prompts with many answers outweigh the others
MOST_TEXTS = 50  # of one prompt and verdict that are looked at for pairs


@dataclass(frozen=True, slots=True)
class Settled:
    """An item whose verdict stands, with what the verdict rests on."""

    item: Item
    state: State  # accepted, edited, rejected or labelled
    text: str  # the text that stands; of a rejected item its own
    verdict: str  # accept, edit, reject or a label's id
    row: Row  # the prompt; of a label item its text in a prompt's place
    grounds: tuple[Event, ...]  # an owner's ruling, else the decisions that stand

    @property
    def kept(self) -> bool:
        """Whether reviewers found a good text."""
        return self.state in ("accepted", "edited")

    def off(self, text: str) -> int:
        """How far `text` lies outside the demand, in its unit; 0 = obeys, or nothing is demanded."""
        if self.row.constraint is None:
            return 0
        verdict = check(text, self.row.constraint, counter_of(self.item))
        low, high = verdict.band
        below = 0 if low is None else low - verdict.count
        above = 0 if high is None else verdict.count - high
        return 0 if verdict.ok else max(below, above, 1)  # an empty text may be short enough and still obeys nothing


class Lesson(NamedTuple):
    """One row of a data set."""

    sources: tuple[Settled, ...]  # what each text comes from; of a pair the chosen text's first
    texts: tuple[str, ...]  # the answer, or the text that is labelled; of a pair the chosen one, then the rejected
    good: bool | None = None  # of a rating
    why: Why | None = None  # of a pair


class Taught(NamedTuple):
    """What the items of one prompt gave, and how often something gave nothing."""

    lessons: tuple[Lesson, ...]
    left_out: Tally[Reason]


class _Pair(NamedTuple):
    why: Why
    chosen: Settled
    rejected: Settled
    texts: tuple[str, str]
    gap: int  # how far the rejected text is from the demand

    @property
    def differs(self) -> bool:
        """Whether there is something to learn: the few characters that a reviewer changed are, else they are chance."""
        one, other = self.texts
        return normalised(one) != normalised(other) if self.why == "edit" else not alike(one, other)


def obstacle(item: Item, outcome: Outcome, demo: bool) -> Reason | None:
    """Why an item must not be used; None where it may be. With `demo` what the composer wrote for trying may."""
    if item.gold is not None:
        return "gold"
    if item.source == DEMO and not demo:
        return "demo"
    if outcome.state == "split":
        return "split"
    return None if outcome.state in ("accepted", "edited", "rejected", "labelled") else "open"


def settled(one: Reviewed, outcome: Outcome) -> Settled:
    """An item without an obstacle, ready to teach."""
    item = one.entry.item
    rulings = tuple(event for event in outcome.live if event.action == "adjudicate")
    text = item.text if outcome.text is None else outcome.text
    return Settled(item, outcome.state, text, outcome.verdict, _row(item), rulings or outcome.live)


def taught(kind: Kind, items: Sequence[Settled]) -> Taught:
    """What the settled items of one prompt teach; the same items in another order teach the same."""
    group = sorted(items, key=lambda one: one.item.id)
    left: Tally[Reason] = Tally()
    if kind == "labels":
        return Taught(tuple(Lesson((one,), (one.text,)) for one in group if one.state == "labelled"), left)
    good, bad = _sorted_out(kind, group, left)
    if kind == "sft":
        return Taught(tuple(Lesson((one,), (one.text,)) for one in good), left)
    if kind == "dpo":
        return Taught(tuple(_pairs(good, bad, left)), left)
    ratings = [(one, True) for one in good] + [(one, False) for one in bad]
    return Taught(tuple(Lesson((one,), (one.text,), is_good) for one, is_good in ratings), left)


def alike(one: str, other: str) -> bool:
    """Whether two texts are so nearly equal that preferring one of them teaches chance."""
    mine, theirs = normalised(one), normalised(other)
    return Levenshtein.normalized_similarity(mine, theirs, score_cutoff=THRESHOLD) >= THRESHOLD


def _row(item: Item) -> Row:
    if item.kind == "answer":
        return asked_row(item)
    asked = asked_label(item)
    return Row(asked.id, item.task, item.text, None, source=asked.source, licence=asked.licence)


def _sorted_out(kind: Kind, group: Sequence[Settled], left: Tally[Reason]) -> tuple[list[Settled], list[Settled]]:
    """The good items, each text once, and the bad ones, without those that say nothing of a text."""
    by_text: dict[str, Settled] = {}
    for one in filter(lambda one: one.kept, group):
        if one is not by_text.setdefault(one.text, one):
            left["twice"] += 1
    rejected = [one for one in group if one.state == "rejected"]
    bad = [one for one in rejected if not _only_repeated(one)]
    contested = by_text.keys() & {one.text for one in bad}
    left["contradiction"] += len(contested)
    good = [one for text, one in by_text.items() if text not in contested]
    if kind == "sft":
        left["rejected"] += len(rejected)
        return good, []
    left["duplicate"] += len(rejected) - len(bad)
    left["contradiction"] += sum(one.text in contested for one in bad)
    return good, [one for one in bad if one.text not in contested]


def _only_repeated(one: Settled) -> bool:
    """Whether an item was rejected for repeating another one alone: as an answer it may be good."""
    return {event.reason for event in one.grounds} == {"duplicate"}


def _pairs(good: Sequence[Settled], bad: Sequence[Settled], left: Tally[Reason]) -> Iterator[Lesson]:
    options = list(_options(good[:MOST_TEXTS], bad[:MOST_TEXTS]))
    different = [pair for pair in options if pair.differs]
    telling = _most_telling(different)
    left["alike"] += len(options) - len(different)
    left["limit"] += len(different) - len(telling)
    used = {one.item.id for pair in telling for one in (pair.chosen, pair.rejected)}
    left["unpaired"] += sum(one.item.id not in used for one in (*good, *bad))
    for pair in telling:
        yield Lesson((pair.chosen, pair.rejected), pair.texts, why=pair.why)


def _options(good: Sequence[Settled], bad: Sequence[Settled]) -> Iterator[_Pair]:
    """Every pair that may be made: what is preferred is never further from its demand, by the rule that counts both
    texts, and of two good answers the one that obeys is preferred to the one that does not."""
    off = {one.item.id: one.off(one.text) for one in (*good, *bad)}
    for one in good:
        mine, before = off[one.item.id], one.off(one.item.text)
        if one.state == "edited" and mine <= before:
            yield _Pair("edit", one, one, (one.text, one.item.text), before)
        for other in (*bad, *good):
            theirs = off[other.item.id]
            if other.item.counter == one.item.counter and (mine == 0 < theirs or (not other.kept and mine <= theirs)):
                yield _Pair("length" if other.kept else "verdict", one, other, (one.text, other.text), theirs)


def _most_telling(pairs: Sequence[_Pair]) -> list[_Pair]:
    """At most MOST_PAIRS: edits, then verdicts, then lengths; of a kind first those whose texts stand in the fewest
    pairs already, then those that differ most in length."""
    rest, chosen = list(pairs), list[_Pair]()
    uses: Tally[str] = Tally()

    def rank(place: int) -> tuple[int, int, int, str, str]:
        pair = rest[place]
        used = sum(uses[text] for text in pair.texts)
        return WHYS.index(pair.why), used, -pair.gap, pair.chosen.item.id, pair.rejected.item.id

    while rest and len(chosen) < MOST_PAIRS:
        best = rest.pop(min(range(len(rest)), key=rank))
        chosen.append(best)
        uses.update(best.texts)
    return chosen
