"""Writes what review has settled as a data set in a folder: train, validation and test, a card, a manifest.

Items stream through a file on disk: of each prompt its lessons are made once, then families, leaks and splits are
found, then the splits are written. Knows neither how decisions become lessons nor what a format's record looks like.
"""

from __future__ import annotations

import json
from collections import Counter as Tally
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import groupby, islice
from pathlib import Path
from shutil import rmtree
from types import MappingProxyType
from typing import Any, NamedTuple
from uuid import uuid4

from hesui.checksums import digest
from hesui.corpus.classes import TaskClass
from hesui.corpus.families import Families
from hesui.corpus.formats import files
from hesui.corpus.rows import Row, from_record, to_record
from hesui.corpus.splits import MANIFEST, SPLITS, LeakKind, Split, leaks, split_of, written_by
from hesui.errors import InputError
from hesui.length import check, count
from hesui.review.agreement import Agreement, AgreementTally
from hesui.review.card import Card, Contents, Facts
from hesui.review.checks import counter_of
from hesui.review.items import DEMO
from hesui.review.lessons import Kind, Lesson, Reason, Settled, obstacle, settled, taught
from hesui.review.records import Shape, formats_of, provenance, require_shape, with_provenance
from hesui.store.reviewing import Reviewed
from hesui.store.surveying import ReviewSurvey

MADE_BY = "hesui review export"
CARD = "README.md"
AT_ONCE = 50_000  # rows of train that are compared with the held-out ones at a time; what is held out is indexed anew
_LEAKS: Mapping[LeakKind, Reason] = MappingProxyType(
    {"exact": "leak_exact", "near": "leak_near", "family": "leak_family", "answer": "leak_answer"}
)
_UNCARRIED = "error.format_history"  # the key of the error that says that a format has no place for earlier turns


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export has written."""

    folder: str
    kind: Kind
    format: str
    rows: Mapping[Split, int]  # of the splits that have any
    left_out: Mapping[Reason, int]  # items, pairs or rows, as docs/formats.md says
    files: tuple[str, ...]  # names in the folder


def export(
    survey: ReviewSurvey,
    out: Path,
    kind: Kind,
    format: str = "",
    *,
    demo: bool,
    classes: Mapping[str, TaskClass],
    held_out: Sequence[Row],
) -> Exported:
    """Write what is settled as a data set into the folder `out`, whole or not at all; an earlier export is replaced.

    `format` is one of `formats_of(kind)`, by default the first. With `demo` what was composed for trying the queue is
    in it. No row of train gives away one of `held_out`, of validation or of test. The same decisions give the same
    files. Raises InputError where nothing is settled, for a format that the kind cannot be written in, and where
    something else than an untouched export lies at `out`.
    """
    format = format or formats_of(kind)[0]
    shape = require_shape(kind, format)
    place = out.resolve()
    require_place(place)
    with _workshop(place) as work:
        gathered = _gather(survey, kind, shape, demo, work / "prompts")
        plan = _plan(gathered, held_out)
        folder = work / "folder"
        folder.mkdir()
        written = _Written(kind, format, shape, plan, folder)
        exported = written.all(gathered, classes, demo)
        _put_in_place(folder, place)
    return replace(exported, folder=str(out))


def require_place(place: Path) -> None:
    """Raise InputError unless nothing, an empty folder or an untouched export lies at `place`."""
    try:
        if not place.exists() or (place.is_dir() and not any(place.iterdir())):
            return
        known = _hashes(place)
        strange = sorted(file.name for file in place.iterdir() if not _as_exported(file, known)) if known else []
    except OSError as error:
        raise files.unwritable(place, error.strerror) from None
    if known is None:
        raise files.unwritable(
            place, InputError("there is something else of that name; choose another", "error.place_taken")
        )
    if strange:
        raise InputError(
            f"{place.name} was changed since it was exported: {', '.join(strange[:5])}; move these away, or choose "
            "another folder", "error.export_changed", folder=place.name, names=", ".join(strange[:5]),
        )  # fmt: skip


def _hashes(place: Path) -> dict[str, str] | None:
    """The hashes of an export's files, by its manifest; None where `place` is no export."""
    try:
        manifest = json.loads((place / MANIFEST).read_text(encoding="utf-8"))
        return dict(manifest["sha256"]) if manifest["made_by"] == MADE_BY else None
    except (FileNotFoundError, NotADirectoryError, ValueError, TypeError, KeyError):
        return None


def _as_exported(file: Path, known: Mapping[str, str]) -> bool:
    return file.name == MANIFEST or (file.is_file() and known.get(file.name) == digest(file))


class _Prompt(NamedTuple):
    """What the items of one prompt gave; the same as a line of the file on disk."""

    row: Row  # without an answer
    texts: tuple[str, ...]  # every text that a lesson tells, once
    rows: tuple[_Row, ...]


class _Row(NamedTuple):
    """One row of the data set."""

    record: Any
    told: Mapping[str, Any]  # its provenance
    texts: Sequence[int]  # which of the prompt's texts it tells
    facts: Facts


class _Gathered(NamedTuple):
    spool: Path
    left_out: Tally[Reason]
    agreement: Agreement

    def prompts(self) -> Iterator[_Prompt]:
        """The prompts with their rows, read from disk."""
        with files.opened(self.spool) as lines:
            for line in lines:
                row, texts, rows = json.loads(line)
                told = (_Row(record, grounds, places, Facts(*facts)) for record, grounds, places, facts in rows)
                yield _Prompt(from_record(row), tuple(texts), tuple(told))


def _gather(survey: ReviewSurvey, kind: Kind, shape: Shape, demo: bool, spool: Path) -> _Gathered:
    """Make the lessons of every prompt and put them on disk, so that decisions made meanwhile change nothing."""
    seen, left = AgreementTally(), Tally[Reason]()
    pseudonym = _pseudonyms(survey)
    reviewed = survey.all_reviewed(kind="label" if kind == "labels" else "answer")
    with spool.open("w", encoding="utf-8", newline="\n") as lines:
        for _, group in groupby(reviewed, key=lambda one: one.entry.item.prompt_id):
            found = taught(kind, list(_usable(group, demo, seen, left)))
            left.update(found.left_out)
            rows = list(_carried(found.lessons, shape, pseudonym, left))
            if rows:
                lines.write(json.dumps(_spooled(rows), ensure_ascii=False) + "\n")
    return _Gathered(spool, left, seen.agreement())


def _usable(group: Iterable[Reviewed], demo: bool, seen: AgreementTally, left: Tally[Reason]) -> Iterator[Settled]:
    for one in group:
        outcome = one.outcome
        reason = obstacle(one.entry.item, outcome, demo)
        if demo or one.entry.item.source != DEMO:
            seen.add(one)
        if reason is None:
            yield settled(one, outcome)
        else:
            left[reason] += 1


def _pseudonyms(survey: ReviewSurvey) -> Callable[[str], str]:
    """How to look up a reviewer's pseudonym, of those too who begin while the export runs."""
    known: dict[str, str] = {}

    def pseudonym(reviewer: str) -> str:
        if reviewer not in known:
            known.update(survey.pseudonyms())
        return known[reviewer]

    return pseudonym


class _Told(NamedTuple):
    lesson: Lesson
    record: Any
    provenance: Mapping[str, Any]


def _carried(
    lessons: Sequence[Lesson], shape: Shape, pseudonym: Callable[[str], str], left: Tally[Reason]
) -> Iterator[_Told]:
    for lesson in lessons:
        told = provenance(lesson, pseudonym)
        try:
            record = shape.record(lesson)
        except InputError as error:
            if error.key != _UNCARRIED:
                raise
            left["history"] += 1
        else:
            yield _Told(lesson, with_provenance(record, told) if shape.features else record, told)


def _spooled(rows: Sequence[_Told]) -> tuple[Any, ...]:
    """A line of the file on disk; see _Prompt."""
    first = min((one.lesson.sources[0].row for one in rows), key=lambda row: not row.family)
    texts = list(dict.fromkeys(text for one in rows for text in one.lesson.texts))
    places = {text: place for place, text in enumerate(texts)}
    lines = [(one.record, one.provenance, [places[text] for text in one.lesson.texts], _facts(one)) for one in rows]
    return to_record(first), texts, lines


def _facts(told: _Told) -> Facts:
    source, text = told.lesson.sources[0], told.lesson.texts[0]
    counter, constraint = counter_of(source.item), source.row.constraint
    verdict = check(text, constraint, counter) if constraint else None
    aimed = verdict is not None and constraint is not None and constraint.op in ("eq", "approx")
    return Facts(
        task=source.item.task,
        language=source.item.language,
        said=_said(told.lesson),
        length=count(text, counter),
        error=verdict.error if verdict and aimed else None,
        obeys=verdict.ok if verdict else None,
        counter=counter,
        licence=source.row.licence,
        demo=any(one.item.source == DEMO for one in told.lesson.sources),
        teachers=told.provenance["teachers"],
        reviewers=told.provenance["reviewers"],
    )


def _said(lesson: Lesson) -> str:
    if lesson.good is not None:
        return "good" if lesson.good else "bad"
    source = lesson.sources[0]
    return lesson.why or (source.verdict if source.state == "labelled" else "")


class _Plan(NamedTuple):
    """Where each prompt's rows go, in the order of the prompts on disk."""

    splits: Sequence[Split]
    leaking: Mapping[tuple[int, int], Reason]  # prompt and text that give away a held-out row


def _plan(gathered: _Gathered, held_out: Sequence[Row]) -> _Plan:
    families = _families(gathered)
    splits = [split_of(family) for family in families]
    held = [*held_out, *(row for _, _, row in _rows(gathered, families) if split_of(row.family) != "train")]
    train = ((n, text, row) for n, text, row in _rows(gathered, families) if splits[n] == "train")
    leaking: dict[tuple[int, int], Reason] = {}
    while batch := {row.id: (n, text, row) for n, text, row in islice(train, AT_ONCE)}:
        for leak in leaks((row for _, _, row in batch.values()), held):
            leaking[batch[leak.id][:2]] = _LEAKS[leak.kind]
    return _Plan(splits, leaking)


def _families(gathered: _Gathered) -> list[str]:
    """The family of each prompt; prompts without one get one, as hesui.corpus.splits.freeze gives it."""
    known = [prompt.row.family for prompt in gathered.prompts()]
    if all(known):
        return known
    families = Families(prompt.row for prompt in gathered.prompts() if prompt.row.family)
    return [families.assign(prompt.row).family for prompt in gathered.prompts()]


def _rows(gathered: _Gathered, families: Sequence[str]) -> Iterator[tuple[int, int, Row]]:
    """Every text with its prompt as a row of its own, with the numbers of prompt and text."""
    for n, prompt in enumerate(gathered.prompts()):
        for place, text in enumerate(prompt.texts):
            row = replace(prompt.row, id=f"{n}/{place}", family=families[n], reference=text)
            yield n, place, row


class _Written(NamedTuple):
    """The files of a data set, being written."""

    kind: Kind
    format: str
    shape: Shape
    plan: _Plan
    folder: Path

    def all(self, gathered: _Gathered, classes: Mapping[str, TaskClass], demo: bool) -> Exported:
        """Write everything, the manifest last. Raises InputError where there is no row."""
        contents, left = Contents(), Tally[Reason]()
        for n, prompt in enumerate(gathered.prompts()):
            for row in prompt.rows:
                leak = self._leak(n, row)
                if leak is None:
                    contents.add(self.plan.splits[n], row.facts)
                else:
                    left[leak] += 1
        left.update({reason: n for reason, n in gathered.left_out.items() if n})
        if not contents.total:
            raise _nothing(left)
        splits = [split for split in SPLITS if split in contents.rows]
        names = {split: f"{split}{self.shape.suffix}" for split in splits}
        sides = {} if self.shape.features else {split: f"{split}.provenance.jsonl" for split in splits}
        for split, name in names.items():
            files.write_lines((row.record for row in self._kept(gathered, split)), self.folder / name)
        for split, name in sides.items():
            files.write_lines((row.told for row in self._kept(gathered, split)), self.folder / name)
        card = Card(
            self.kind, self.format, names, sides, self.shape.features, contents, left, gathered.agreement, classes,
            written_by(),
        )  # fmt: skip
        (self.folder / CARD).write_text(card.text(), encoding="utf-8", newline="\n")
        written = [*names.values(), *sides.values(), CARD]
        self._write_manifest(written, contents, left, demo)
        rows = {split: contents.rows[split].total() for split in splits}
        return Exported(str(self.folder), self.kind, self.format, rows, dict(left), (*written, MANIFEST))

    def _kept(self, gathered: _Gathered, split: Split) -> Iterator[_Row]:
        for n, prompt in enumerate(gathered.prompts()):
            if self.plan.splits[n] == split:
                yield from (row for row in prompt.rows if self._leak(n, row) is None)

    def _leak(self, n: int, row: _Row) -> Reason | None:
        found = (self.plan.leaking.get((n, text)) for text in row.texts)
        return next((leak for leak in found if leak), None)

    def _write_manifest(self, written: Sequence[str], contents: Contents, left: Tally[Reason], demo: bool) -> None:
        manifest = {
            "made_by": MADE_BY,
            "version": written_by(),
            "kind": self.kind,
            "format": self.format,
            "demo": demo,
            "counts": {split: dict(sorted(tasks.items())) for split, tasks in sorted(contents.rows.items())},
            "counters": sorted(contents.counters),
            "left_out": dict(sorted(left.items())),
            "sha256": {name: digest(self.folder / name) for name in written},
        }
        text = json.dumps(manifest, ensure_ascii=False, indent=1)
        (self.folder / MANIFEST).write_text(text, encoding="utf-8", newline="\n")


@contextmanager
def _workshop(place: Path) -> Iterator[Path]:
    """A folder beside `place`, gone afterwards. Raises InputError where nothing can be written there."""
    work = _beside(place, "part")
    try:
        work.mkdir(parents=True)
        yield work
    except OSError as error:
        raise files.unwritable(place, error.strerror) from None
    finally:
        rmtree(work, ignore_errors=True)


def _put_in_place(folder: Path, place: Path) -> None:
    """Move a folder to `place`; what lies there goes away when the new one is there, and comes back where it fails."""
    require_place(place)  # reading took a while
    old = _beside(place, "old")
    if place.exists():
        place.rename(old)
    try:
        folder.rename(place)
    except OSError:
        if old.exists():
            old.rename(place)
        raise
    rmtree(old, ignore_errors=True)


def _beside(place: Path, end: str) -> Path:
    return place.with_name(f"{place.name}.{uuid4().hex[:8]}.{end}")


def _nothing(left: Mapping[Reason, int]) -> InputError:
    why = ", ".join(f"{reason} {n}" for reason, n in left.items()) or "nobody has decided on anything"
    return InputError(f"there is nothing to export ({why}); review some items first", "error.export_empty", reason=why)
