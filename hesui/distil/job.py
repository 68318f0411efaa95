"""What every stage of a run has at hand: the store, the desk, the known families, and the wish to pause or stop.

Knows nothing of what the stages do.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256

from hesui.corpus.briefs import number_split
from hesui.corpus.classes import TaskClass
from hesui.corpus.families import Families
from hesui.corpus.rows import Row, to_record
from hesui.distil.calls import Call, Reply
from hesui.distil.config import Config
from hesui.distil.desk import Desk
from hesui.store.distilling import DistilStore, Origin, Question, QuestionState, RunState, Wanted

NAP = 0.2  # seconds between two looks at a pause
NEAR = 2  # of five numbers in a row two are kept for evaluation at most


class Stopped(Exception):
    """The run is wanted to stop."""


class Gate:
    """Lets calls through, holds them while a pause is wanted, and turns them back when a stop is."""

    def __init__(self, wanted: Callable[[], Wanted], tell: Callable[[RunState], object]) -> None:
        self._wanted, self._tell = wanted, tell
        self._state: RunState = "running"

    async def passed(self) -> None:
        """Return when a call may be made. Raises Stopped."""
        while (wish := self._wanted()) == "pause":
            self._show("paused")
            await asyncio.sleep(NAP)
        if wish == "stop":
            raise Stopped
        self._show("running")

    def _show(self, state: RunState) -> None:
        if state != self._state:
            self._state = state
            self._tell(state)


@dataclass(frozen=True, slots=True)
class Job:
    """One run at work."""

    store: DistilStore
    run: str
    config: Config
    classes: Mapping[str, TaskClass]
    desk: Desk
    families: Families
    held_out: frozenset[str]  # the families of the evaluation prompts
    gate: Gate
    lost: set[str] = field(default_factory=set)  # questions that were asked in this sitting and brought nothing

    async def ask(self, call: Call) -> Reply:
        """The teacher's reply, once the gate is open. Raises Stopped, CapReached and TeacherError."""
        await self.gate.passed()
        return await self.desk.ask(call)


def question_id(task: str, prompt: str, mark: str = "") -> str:
    """An id that the same prompt of a class always gets; `mark` tells apart what else must differ."""
    text = f"{task}\n{mark}\n{prompt}"
    return f"{task}-{sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:16]}"


def as_question(
    row: Row, origin: Origin, parent: str | None = None, state: QuestionState = "open", tries: int = 0
) -> Question:
    """A row as a run's question."""
    return Question(row.id, row.task, to_record(row), origin, parent, state, tries)


def trains(number: int) -> bool:
    """Whether a demand may name this number: the others are kept for evaluation."""
    return number_split(number) == "train"


def training_numbers(number: int) -> list[int]:
    """The numbers near `number` that a demand may name in training, the nearest first."""
    near = sorted(range(max(1, number - NEAR), number + NEAR + 1), key=lambda other: (abs(other - number), other))
    return [other for other in near if trains(other)]
