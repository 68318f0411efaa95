"""Review as the page and the command line use it: the queue with its checks, its demo data and its rules.

Knows nothing of how an item is shown.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from typing import Any

from hesui.corpus.classes import TaskClass
from hesui.errors import InputError
from hesui.review.checks import fingerprints
from hesui.review.decisions import read_decision, read_key
from hesui.review.items import DEMO
from hesui.settings import Settings
from hesui.store.database import Database
from hesui.store.queueing import Claim, ReviewQueue, lane
from hesui.store.reviewing import Event, Item
from hesui.store.surveying import ReviewSurvey

LANGUAGES = ("zh", "en")
DEMO_FACT = "demo"  # remembered once the demo data were added or declined


class ReviewDesk:
    """Everything that is done to the queue."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self.database = database
        self.queue = ReviewQueue(database, fingerprints, settings.lease)
        self.survey = ReviewSurvey(database)
        self._settings = settings

    def add(self, new: Iterable[Item]) -> int:
        """Put items into the queue; how many were new. Demo data are not wanted any more after this."""
        self.queue.remember(DEMO_FACT, "declined")
        return self.queue.add(new)

    def begin(self) -> int:
        """Put the demo data into a queue that has never had anything; how many items those are."""
        if self.queue.fact(DEMO_FACT) is not None:
            return 0
        return self.add_demo() if self.queue.remember(DEMO_FACT, "added") else 0

    def add_demo(self) -> int:
        """Put the demo data into the queue; how many items were new."""
        from hesui.review.demo import demo_items

        return self.queue.add(demo_items(self._settings.overlap))

    def remove_demo(self) -> int:
        """Remove the demo data with everything that was decided on them; how many items those were."""
        self.queue.remember(DEMO_FACT, "declined")
        return self.queue.remove(DEMO)

    def only_demo(self) -> bool:
        """Whether nothing but demo data is in the queue."""
        return set(self.survey.sources()) <= {DEMO}

    def take(
        self,
        reviewer: str,
        want: int,
        classes: Mapping[str, TaskClass],
        task: str = "",
        language: str = "",
        rng: random.Random | None = None,
    ) -> list[Claim]:
        """The next items for a reviewer, of one class or language where given; now and then a gold one."""
        gold = (rng or random).random() < self._settings.gold
        return self.queue.claim(reviewer, want, lanes=_lanes(classes, task, language), gold=gold)

    def decide(
        self, reviewer: str, id: object, record: Mapping[str, Any], classes: Mapping[str, TaskClass]
    ) -> tuple[Item, Event]:
        """Record a decision as a browser sent it. Raises InputError where it cannot be, and nothing is recorded."""
        item = self.require(id)
        return item, self.queue.decide(reviewer, item.id, read_decision(record, item, classes))

    def rule(self, owner: str, id: object, record: Mapping[str, Any], classes: Mapping[str, TaskClass]) -> Event:
        """Record an owner's verdict on an item. Raises InputError."""
        item = self.require(id)
        decision = read_decision(record, item, classes)
        if decision.action == "skip":
            raise InputError("a ruling needs a verdict; choose one", "error.review_verdict")
        return self.queue.rule(owner, item.id, decision)

    def undo(self, reviewer: str, key: object) -> tuple[Item, Event] | None:
        """Take back the reviewer's last decision; None where there is none left. Raises InputError."""
        return self.queue.undo(reviewer, read_key(key))

    def require(self, id: object) -> Item:
        """The item called `id`. Raises InputError where there is none."""
        found = self.survey.reviewed(id) if isinstance(id, str) else None
        if found is None:
            raise InputError("this item is not there any more; go on with the next", "error.review_gone")
        return found.entry.item


def _lanes(classes: Mapping[str, TaskClass], task: str, language: str) -> Sequence[str] | None:
    """The lanes of a choice of class and language; None where everything is meant."""
    if not task and not language:
        return None
    tasks = [task] if task else list(classes)
    languages = [language] if language else LANGUAGES
    return [lane(one, other) for one, other in product(tasks, languages)]
