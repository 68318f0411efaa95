"""Divides rows into train, validation and test by family, finds what leaks between them, and freezes them.

Knows nothing of training. A frozen folder never changes: its manifest, written last, holds the files' hashes.
"""

from __future__ import annotations

import json
import os
from collections import Counter as Tally
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from itertools import pairwise
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory
from typing import Literal, get_args

from rapidfuzz.distance import Levenshtein

from hesui.checksums import digest
from hesui.corpus.duplicates import THRESHOLD, Nearby, conversation, fingerprint, normalised, question
from hesui.corpus.families import Families
from hesui.corpus.rows import Row, write_rows
from hesui.errors import InputError
from hesui.length import DEFAULT_COUNTER, Counter

Split = Literal["train", "validation", "test"]
LeakKind = Literal["exact", "near", "family", "answer"]

SPLITS: tuple[Split, ...] = get_args(Split)
MANIFEST = "manifest.json"
_DRAFT = ".draft-"  # folder of files that are not frozen yet
_ANCHOR = 16  # normalised characters; shorter answers ("新年快乐") occur everywhere and prove nothing


def split_of(family: str) -> Split:
    """The split that a family belongs to for ever: eight in ten train, one each validation and test."""
    share = int.from_bytes(sha256(family.encode("utf-8", "surrogatepass")).digest()[:8], "big") % 10
    return "train" if share < 8 else "validation" if share == 8 else "test"


@dataclass(frozen=True, slots=True)
class Leak:
    """A training row that gives away a held-out one.

    exact: the same conversation but for punctuation. near: the same question, perhaps under another demand.
    family: both say that they are of one family. answer: the reference of one occurs in the other.
    """

    id: str
    other: str  # the held-out row
    kind: LeakKind
    similarity: float  # of the two questions, 0 to 1
    prompt: str
    other_prompt: str


def leaks(train: Iterable[Row], held_out: Iterable[Row], threshold: float = THRESHOLD) -> list[Leak]:
    """The rows of `train` that give away a row of `held_out`, each once: its kind is the first that holds, in the order
    exact, near, family, answer. Rows are in the order of `train`."""
    return list(_leaks(train, _HeldOut(held_out, threshold)))


class _HeldOut:
    """Rows to be kept from training, found by whatever could give them away."""

    def __init__(self, rows: Iterable[Row], threshold: float) -> None:
        self.rows = list(rows)
        self.answers = _Answers(self.rows)
        self._exact: dict[str, Row] = {}
        self._families: dict[str, Row] = {}
        self._questions: dict[str, Row] = {}
        self._nearby = Nearby(threshold)
        for row in self.rows:
            asked = question(row)
            self._exact.setdefault(fingerprint(conversation(row)), row)
            self._questions.setdefault(asked, row)
            self._nearby.add(asked, asked)
            if row.family:
                self._families.setdefault(row.family, row)

    def asked_by(self, row: Row) -> tuple[Row, LeakKind] | None:
        """A held-out row that `row` gives away by its question or its family."""
        if same := self._exact.get(fingerprint(conversation(row))):
            return same, "exact"
        if match := self._nearby.nearest(question(row)):
            return self._questions[match.key], "near"
        return (self._families[row.family], "family") if row.family in self._families else None


class _Answers:
    """References of rows, found inside longer texts by what they begin with."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._by_start: dict[str, list[tuple[str, Row]]] = {}
        for row in rows:
            answer = normalised(row.reference or "")
            if len(answer) >= _ANCHOR:
                self._by_start.setdefault(answer[:_ANCHOR], []).append((answer, row))

    def within(self, row: Row) -> Iterator[Row]:
        """The rows whose reference occurs in what `row` says or in its own reference."""
        for text in (normalised(conversation(row)), normalised(row.reference or "")):
            for at in range(len(text) - _ANCHOR + 1):
                for answer, owner in self._by_start.get(text[at : at + _ANCHOR], ()):
                    if text.startswith(answer, at):
                        yield owner


def _leaks(train: Iterable[Row], held: _HeldOut) -> Iterator[Leak]:
    rows = list(train)
    answers = _Answers(rows)
    quoting = {id(owner): row for row in held.rows for owner in answers.within(row)}
    for row in rows:
        found = held.asked_by(row)
        if found is None:
            other = quoting.get(id(row)) or next(held.answers.within(row), None)
            found = (other, "answer") if other else None
        if found is not None:
            yield _leak(row, *found)


def _leak(row: Row, other: Row, kind: LeakKind) -> Leak:
    similarity = 1.0 if kind == "exact" else Levenshtein.normalized_similarity(question(row), question(other))
    return Leak(row.id, other.id, kind, round(similarity, 4), row.prompt, other.prompt)


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a frozen folder holds."""

    version: str  # of the hesui that wrote it
    counter: Counter  # the counting rule by which the answers were accepted
    counts: Mapping[str, Mapping[str, int]]  # rows by split, then by class
    sha256: Mapping[str, str]  # of each file, by its name
    held_back: tuple[Leak, ...]  # rows that belong to train and were left out

    @property
    def content(self) -> tuple[object, ...]:
        """What two manifests must share to be of the same splits."""
        return self.counter, self.sha256, self.held_back


def freeze(
    rows: Iterable[Row],
    folder: Path,
    held_out: Iterable[Row] = (),
    counter: Counter = DEFAULT_COUNTER,
    threshold: float = THRESHOLD,
) -> Manifest:
    """Write train.jsonl, validation.jsonl, test.jsonl and, last of all, manifest.json into `folder`.

    Rows without a family get one. Rows of train that leak into validation, test or `held_out` are left out. The
    same rows in another order are the same splits. A frozen folder of equal content stays as it is; raises
    InputError where its content differs, and on two rows with one id.
    """
    splits = _divided(_with_families(rows, threshold))
    found = leaks(splits["train"], [*splits["validation"], *splits["test"], *held_out], threshold)
    leaking = {leak.id for leak in found}
    splits["train"] = [row for row in splits["train"] if row.id not in leaking]
    folder.mkdir(parents=True, exist_ok=True)
    for cut_short in folder.glob(f"{_DRAFT}*"):
        rmtree(cut_short)
    with TemporaryDirectory(dir=folder, prefix=_DRAFT) as name:
        draft = Path(name)
        for split, members in splits.items():
            write_rows(members, draft / f"{split}.jsonl")
        manifest = Manifest(
            version=written_by(),
            counter=counter,
            counts={
                split: dict(sorted(Tally(row.task for row in members).items())) for split, members in splits.items()
            },
            sha256={f"{split}.jsonl": digest(draft / f"{split}.jsonl") for split in splits},
            held_back=tuple(found),
        )
        return _kept(manifest, folder) or _published(manifest, draft, folder)


def read_manifest(folder: Path) -> Manifest | None:
    """The manifest of a frozen folder, its files checked; None where nothing is frozen.

    Raises InputError where the manifest cannot be read or a file is missing or not as it was frozen.
    """
    try:
        record = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        held_back = tuple(Leak(**leak) for leak in record.pop("held_back"))
        manifest = Manifest(**record, held_back=held_back)
        damaged = [name for name, expected in manifest.sha256.items() if not _intact(folder, name, expected)]
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _damaged(folder, f"{MANIFEST}: {error.strerror}") from None
    except (ValueError, TypeError, KeyError, AttributeError):
        raise _damaged(folder, f"{MANIFEST} is no manifest") from None
    if damaged:
        raise _damaged(folder, f"{', '.join(damaged)} changed or missing")
    return manifest


def _with_families(rows: Iterable[Row], threshold: float) -> list[Row]:
    listed = sorted(rows, key=lambda row: row.id)
    twice = next((one.id for one, two in pairwise(listed) if one.id == two.id), None)
    if twice is not None:
        raise InputError(f"two rows have the id {twice!r}; give every row its own", "error.row_id_twice", id=twice)
    if all(row.family for row in listed):
        return listed
    families = Families((row for row in listed if row.family), threshold)
    return [families.assign(row) for row in listed]


def _divided(rows: Sequence[Row]) -> dict[Split, list[Row]]:
    splits: dict[Split, list[Row]] = {split: [] for split in SPLITS}
    for row in rows:
        splits[split_of(row.family)].append(row)
    return splits


def _kept(manifest: Manifest, folder: Path) -> Manifest | None:
    """What is frozen already, where it is the same."""
    frozen = read_manifest(folder)
    if frozen is not None and frozen.content != manifest.content:
        raise InputError(
            f"{folder.name} is frozen with other content; choose a new folder, or delete this one first",
            "error.frozen_differs", folder=folder.name,
        )  # fmt: skip
    return frozen


def _published(manifest: Manifest, draft: Path, folder: Path) -> Manifest:
    (draft / MANIFEST).write_text(json.dumps(asdict(manifest), ensure_ascii=False, indent=1), encoding="utf-8")
    for name in (*manifest.sha256, MANIFEST):
        os.replace(draft / name, folder / name)
    return manifest


def _intact(folder: Path, name: str, expected: str) -> bool:
    file = folder / name
    return name in {f"{split}.jsonl" for split in SPLITS} and file.is_file() and digest(file) == expected


def _damaged(folder: Path, reason: str) -> InputError:
    return InputError(
        f"the frozen folder {folder.name} is damaged: {reason}; restore it, or delete it and freeze again",
        "error.frozen_damaged", folder=folder.name, reason=reason,
    )  # fmt: skip


def written_by() -> str:
    """The version of this hesui."""
    try:
        return version("hesui")
    except PackageNotFoundError:
        return "unknown"
