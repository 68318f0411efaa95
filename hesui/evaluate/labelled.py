"""Reads a reviewed label set: what `hesui review export --kind labels` writes, or a file of its form. Asks no model.

A row is {"text", "label", "class"} and, where there are, "id", "context", "speaker"; of an export's "provenance" only the
item's id is kept, so that a row can be looked at again where it was decided.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from hesui.corpus.chatlog import LabelItem, label_from_record
from hesui.corpus.classes import TaskClass, require_class
from hesui.corpus.formats.drafts import stable_id
from hesui.corpus.rows import read_each
from hesui.corpus.splits import SPLITS
from hesui.errors import InputError

SPLIT = "test"  # of an export's folder; the others may have been trained on
ALL = "all"


class Labelled(NamedTuple):
    """A text with the label that people gave it."""

    asked: LabelItem
    label: str  # one of the class's
    item: str = ""  # the id of the review item that it rests on; "" = not known


class LabelSet(NamedTuple):
    """Texts of one class with their labels."""

    task: TaskClass
    rows: tuple[Labelled, ...]
    name: str  # of the file or folder


def read_label_set(place: Path, classes: Mapping[str, TaskClass], split: str = SPLIT, task: str = "") -> LabelSet:
    """The labelled texts of a file, or of a folder's `split` ("all" = every split).

    `task` is the class of rows that name none. Raises InputError where there is no row, where a row names no label of
    its class, and where the rows are of several classes.
    """
    rows = [row for file in _files(place, split) for row in read_each(file, lambda record: _row(record, classes, task))]
    if not rows:
        raise InputError(f"{place} holds no labelled text", "error.labels_empty", file=place.name)
    names = {row.asked.task for row in rows}
    if len(names) > 1:
        listed = ", ".join(sorted(names))
        raise InputError(
            f"{place.name} mixes the classes {listed}; keep one in a file", "error.labels_mixed",
            file=place.name, names=listed,
        )  # fmt: skip
    return LabelSet(classes[names.pop()], tuple(rows), place.name)


def label_of(said: object, task: TaskClass) -> str | None:
    """The id of the label that is called so, by id or name; None where none is."""
    names = {name.casefold(): one.id for one in task.labels for name in (one.name.zh, one.name.en, one.id)}
    return names.get(said.strip().casefold()) if isinstance(said, str) else None


def _files(place: Path, split: str) -> Iterable[Path]:
    if not place.is_dir():
        return [place]
    there = {name: place / f"{name}.jsonl" for name in SPLITS if (place / f"{name}.jsonl").is_file()}
    if split == ALL and there:
        return list(there.values())
    if split not in there:
        known = ", ".join((*there, ALL)) if there else "none"
        raise InputError(
            f"{place.name} has no split {split!r} of labelled texts (there are: {known}); choose one of them",
            "error.labels_split", folder=place.name, name=split, known=known,
        )  # fmt: skip
    return [there[split]]


def _row(record: Mapping[str, Any], classes: Mapping[str, TaskClass], task: str) -> Labelled:
    stated = {"class": record.get("class") or task, "id": record.get("id") or "-"}
    asked = label_from_record({**record, **stated})
    found = require_class(asked.task, classes)
    if found.kind != "label":
        raise InputError(f"class {found.id!r} wants answers, not labels", "error.not_label_class", name=found.id)
    label = label_of(record.get("label"), found)
    if label is None:
        shown, known = str(record.get("label"))[:40], ", ".join(one.id for one in found.labels)
        raise InputError(f"unknown label {shown!r}; allowed: {known}", "error.review_label", value=shown, known=known)
    if not record.get("id"):
        asked = asked._replace(id=stable_id((), asked.text, ""))
    return Labelled(asked, label, _item(record))


def _item(record: Mapping[str, Any]) -> str:
    told = record.get("provenance")
    listed = told.get("candidates") if isinstance(told, Mapping) else None
    first = listed[0] if isinstance(listed, list) and listed else ""
    return first if isinstance(first, str) else ""
