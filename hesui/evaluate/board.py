"""All finished evaluations by what they asked: only answers to the same prompts may be compared.

Of several evaluations of one system the newest counts. Reads columns, never texts; knows no metric.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple

from hesui.errors import InputError
from hesui.evaluate import measures
from hesui.evaluate.folder import Entry, EvaluationFolder, evaluations
from hesui.evaluate.lineage import learnt
from hesui.settings import Settings

if TYPE_CHECKING:
    from hesui.evaluate.measures import Columns

log = logging.getLogger(__name__)


class System(NamedTuple):
    """Who answered a set of prompts, and where the answers lie."""

    entry: Entry
    evaluation: str  # the evaluation's id
    number: int  # the entry's place there
    seeds: int

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What makes two systems the same."""
        return self.entry.base, self.entry.model, self.entry.decoding, self.entry.weights


@dataclass(frozen=True)
class PromptSet:
    """One set of prompts with everything that was answered to it."""

    id: str  # SHA-256 of the prompts
    name: str  # for people
    prompts: int
    systems: Sequence[System]
    columns: Columns = field(repr=False)  # answers by system, prompt and seed; `entry` is the system's place
    folders: Mapping[str, EvaluationFolder] = field(repr=False)  # by id
    seen: dict[Any, Any] = field(default_factory=dict, repr=False)  # the last view of it, by its filters

    @property
    def tasks(self) -> list[str]:
        """The classes of its prompts."""
        return sorted(set(self.columns["task"].tolist()))


def require_set(sets: Mapping[str, PromptSet], id: str | None) -> PromptSet:
    """The set whose id begins with `id`, or else the one answered last. Raises InputError with those there are."""
    found = next((one for one in sets.values() if id is None or one.id.startswith(id)), None)
    if found is None:
        known = ", ".join(f"{one.id[:12]} ({one.name})" for one in sets.values()) or "none yet"
        raise InputError(
            f"there is no board of the prompts {id!r}; there are: {known}" if id else "no board yet; run: hesui evaluate",
            "error.board_none", id=id or "", known=known,
        )  # fmt: skip
    return found


class _Read(NamedTuple):
    """One evaluation as it was read."""

    folder: EvaluationFolder
    written: int  # when its measures were, in ns
    set: str
    name: str
    entries: list[Entry]
    seeds: int
    columns: Columns


class Board:
    """The sets of prompts there are; `refresh` reads what is new, and is quick where nothing is."""

    def __init__(self, settings: Settings, shipped: bool = True) -> None:
        """`shipped` says whether the evaluations that come with hesui are on it."""
        self._settings = settings
        self._shipped = shipped
        self._lock = Lock()
        self._read: dict[str, _Read] = {}
        self._sets: dict[str, PromptSet] = {}

    def refresh(self) -> Mapping[str, PromptSet]:
        """The sets by id, the one that was answered last first."""
        with self._lock:
            found = [folder for folder in evaluations(self._settings, shipped=self._shipped) if folder.done]
            read = {folder.id: one for folder in found if (one := self._known(folder)) is not None}
            changed = {one.set for id, one in read.items() if self._read.get(id) is not one}
            changed |= {one.set for id, one in self._read.items() if id not in read}
            groups: dict[str, list[_Read]] = {}
            for folder in found:
                if folder.id in read:
                    groups.setdefault(read[folder.id].set, []).append(read[folder.id])
            self._sets = {
                id: _joined(group) if id in changed or id not in self._sets else self._sets[id]
                for id, group in groups.items()
            }
            self._read = read
            return dict(self._sets)

    def _known(self, folder: EvaluationFolder) -> _Read | None:
        known = self._read.get(folder.id)
        try:
            if known is not None and known.written == folder.measures.stat().st_mtime_ns:
                return known
            return _read(folder, self._settings)
        except (InputError, OSError) as error:
            log.warning("the evaluation %s is left out: %s", folder.id, error)
            return None


def _read(folder: EvaluationFolder, settings: Settings) -> _Read:
    columns = measures.load(folder)
    if columns is None:
        log.info("measuring the answers of %s again", folder.id)
        columns = measures.measure(folder, lambda entry: learnt(settings, entry))
    facts = folder.facts()
    return _Read(
        folder, folder.measures.stat().st_mtime_ns, facts["set"]["sha256"], facts["set"]["name"], folder.entries(),
        folder.config().seeds, columns,
    )  # fmt: skip


def _joined(reads: Sequence[_Read]) -> PromptSet:
    """One set of evaluations that asked the same, the newest first."""
    systems: list[System] = []
    taken: list[tuple[int, int]] = []
    for place, one in enumerate(reads):
        for number, entry in enumerate(one.entries):
            system = System(entry, one.folder.id, number, one.seeds)
            if all(system.key != other.key for other in systems):
                systems.append(system)
                taken.append((place, number))
    return PromptSet(
        id=reads[0].set,
        name=reads[0].name,
        prompts=len(reads[0].columns["op"]),
        systems=systems,
        columns=_concatenated(reads, taken),
        folders={one.folder.id: one.folder for one in reads},
    )


def _concatenated(reads: Sequence[_Read], taken: Sequence[tuple[int, int]]) -> Columns:
    import numpy

    parts: list[Columns] = []
    for system, (place, number) in enumerate(taken):
        columns = reads[place].columns
        start, end = numpy.searchsorted(columns["entry"], [number, number + 1])
        part = {
            name: column[..., start:end] if name in measures.BY_COUNTER else column[start:end]
            for name, column in columns.items()
            if name not in (*measures.OF_PROMPT, "task", measures.SELF_BLEU)
        }
        part["entry"] = numpy.full(end - start, system, dtype="i4")
        parts.append(part)
    shared = set.intersection(*(set(part) for part in parts))
    joined = {name: numpy.concatenate([part[name] for part in parts], axis=-1 if name in measures.BY_COUNTER else 0)
              for name in shared}  # fmt: skip
    alike = [reads[place].columns[measures.SELF_BLEU][number] for place, number in taken]
    joined[measures.SELF_BLEU] = numpy.array(alike, dtype="f4")  # a number a system
    return joined | {name: reads[0].columns[name] for name in (*measures.OF_PROMPT, "task")}
