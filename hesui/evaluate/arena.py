"""From votes in blind rounds to standings, to pairs, and to items for review; knows neither database nor page."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any, NamedTuple, cast

from hesui.corpus.classes import TaskClass, require_class
from hesui.corpus.rows import Row, constraint_of
from hesui.errors import InputError
from hesui.evaluate import strengths
from hesui.evaluate.statistics import FEWEST
from hesui.evaluate.strengths import Estimate, Undefined, bradley_terry
from hesui.length import Counter, count
from hesui.review.decisions import LONGEST_TEXT
from hesui.review.items import answer_item
from hesui.store.reviewing import Item
from hesui.store.voting import CHOICES, Choice, System, Vote

ARENA = "arena"  # the source of review items that voters preferred
LENGTH = "chars"  # the counting rule of the length's effect: what a reader sees, without spaces
SCORES: Mapping[Choice, float] = MappingProxyType({"left": 1, "right": 0, "tie": 0.5, "both_bad": 0.5})


class Place(NamedTuple):
    """One system among the others, from its own point of view."""

    system: System
    strength: Estimate | None  # log-odds against an average system, answers being equally long; None = too few votes
    won: int
    tied: int  # with those in which both were bad
    lost: int

    @property
    def votes(self) -> int:
        """The votes in which it was one of the two."""
        return self.won + self.tied + self.lost


class Meeting(NamedTuple):
    """All votes between two systems, from the first one's point of view."""

    first: System
    second: System
    won: int
    tied: int  # with those in which both were bad
    lost: int


@dataclass(frozen=True, slots=True)
class Standings:
    """What the votes say."""

    places: tuple[Place, ...]  # the strongest first; without strengths, the most votes first
    meetings: tuple[Meeting, ...]
    choices: Mapping[Choice, int]  # as they were cast, by the sides on the page
    votes: int
    prompts: int  # different ones
    visitors: int
    length: Estimate | None  # log-odds that strengths.CHARACTERS more characters win
    undefined: Undefined  # why there are no strengths
    needed: int = FEWEST  # votes, and prompts

    def record(self) -> dict[str, Any]:
        """The standings as a JSON object."""
        places = [
            {"system": name_of(one.system), **asdict(one.system), "strength": one.strength and one.strength._asdict(),
             "votes": one.votes, "won": one.won, "tied": one.tied, "lost": one.lost}
            for one in self.places
        ]  # fmt: skip
        meetings = [
            one._asdict() | {"first": name_of(one.first), "second": name_of(one.second)} for one in self.meetings
        ]
        return {
            "votes": self.votes, "prompts": self.prompts, "visitors": self.visitors, "needed": self.needed,
            "undefined": self.undefined, "choices": dict(self.choices),
            "length_effect": self.length and self.length._asdict(), "systems": places, "meetings": meetings,
        }  # fmt: skip


def name_of(system: System) -> str:
    """A system in a few words: tuned + guide + best of 4."""
    helps = ["guide"] * system.guide + [f"best of {system.best_of}"] * (system.best_of > 1)
    return " + ".join([system.model, *helps])


def standings(votes: Sequence[Vote], resamples: int = 1_000) -> Standings:
    """The strengths that `votes` show, by Bradley-Terry with the length of answers as a covariate, and the counts.

    Votes must be on answers of one base model. That both answers are bad is a tie for the strengths.
    """
    met = [vote for vote in votes if vote.left != vote.right]
    ranking = bradley_terry(list(map(ballot, met)), with_length=True, resamples=resamples)
    by_name = {name_of(system): system for vote in met for system in (vote.left, vote.right)}
    tally = Tally((one, other, _score(vote, one)) for vote in met for one, other in _both_ways(vote))
    unordered = [_place(system, ranking.strengths.get(name), tally) for name, system in by_name.items()]
    places = sorted(
        unordered, key=lambda one: (-(one.strength.value if one.strength else 0), -one.votes, one.system.model)
    )
    order = [one.system for one in places]
    chosen = Tally(vote.choice for vote in met)
    return Standings(
        places=tuple(places),
        meetings=tuple(_meetings(order, tally)),
        choices={choice: chosen[choice] for choice in CHOICES},
        votes=len(met),
        prompts=len({vote.prompt for vote in met}),
        visitors=len({vote.visitor for vote in met}),
        length=ranking.length,
        undefined=ranking.undefined,
    )


def ballot(vote: Vote) -> strengths.Vote:
    """A vote as the strengths are computed from; its first system stood on the left."""
    longer = count(vote.left_text, LENGTH) - count(vote.right_text, LENGTH)
    return strengths.Vote(name_of(vote.left), name_of(vote.right), SCORES[vote.choice], vote.prompt, longer)


def pairs(votes: Iterable[Vote]) -> Iterator[dict[str, Any]]:
    """What was preferred to what, an object a vote, for people to look through; ties and bad pairs are none.

    Nothing that was voted is training data before it has passed review.
    """
    for vote in votes:
        if vote.choice not in ("left", "right"):
            continue
        better, worse = _sides(vote)
        yield {
            "prompt": vote.prompt, "constraint": vote.constraint, "counter": vote.counter, "language": vote.language,
            "chosen": better.text, "rejected": worse.text,
            "chosen_by": name_of(better.system), "rejected_by": name_of(worse.system), "base": vote.base,
            "sampling": vote.sampling, "seed": vote.seed, "swapped": vote.swapped, "created": vote.created,
            "source": ARENA, "key": vote.key,
        }  # fmt: skip


def preferred(votes: Iterable[Vote], task: str, overlap: float) -> Iterator[Item]:
    """The answers that voters preferred, as items for review of the class `task`.

    `overlap` is the share of items that two reviewers must see. Answers that are empty, or longer than review takes,
    are left out. Raises InputError where a vote's demand is none.
    """
    for vote in votes:
        if vote.choice not in ("left", "right"):
            continue
        better, _ = _sides(vote)
        if better.text.strip() and len(better.text) <= LONGEST_TEXT:
            demand = constraint_of(vote.constraint)
            row = Row(f"{ARENA}-{vote.key[:20]}", task, vote.prompt, demand, reference=better.text, source=ARENA)
            counter, teacher = cast(Counter, vote.counter), name_of(better.system)
            yield answer_item(row, overlap, source=ARENA, counter=counter, teacher=teacher)


def require_answers(task: str, classes: Mapping[str, TaskClass]) -> TaskClass:
    """The class called `task`, which must ask for answers. Raises InputError."""
    chosen = require_class(task, classes)
    if chosen.kind != "answer":
        known = ", ".join(one.id for one in classes.values() if one.kind == "answer")
        raise InputError(
            f"the class {task!r} is for labels; choose one that asks for answers: {known}", "error.vote_class",
            task=task, known=known,
        )  # fmt: skip
    return chosen


class _Side(NamedTuple):
    system: System
    text: str


def _sides(vote: Vote) -> tuple[_Side, _Side]:
    """The better and the worse side."""
    left, right = _Side(vote.left, vote.left_text), _Side(vote.right, vote.right_text)
    return (left, right) if vote.choice == "left" else (right, left)


def _both_ways(vote: Vote) -> tuple[tuple[System, System], tuple[System, System]]:
    return (vote.left, vote.right), (vote.right, vote.left)


def _score(vote: Vote, of: System) -> float:
    score = SCORES[vote.choice]
    return score if of == vote.left else 1 - score


def _place(system: System, strength: Estimate | None, tally: Tally[tuple[System, System, float]]) -> Place:
    def votes(score: float) -> int:
        return sum(n for (one, _, scored), n in tally.items() if one == system and scored == score)

    return Place(system, strength, votes(1), votes(0.5), votes(0))


def _meetings(order: Sequence[System], tally: Tally[tuple[System, System, float]]) -> Iterator[Meeting]:
    for at, first in enumerate(order):
        for second in order[at + 1 :]:
            found = Meeting(first, second, *(tally[first, second, score] for score in (1, 0.5, 0)))
            if found.won + found.tied + found.lost:
                yield found
