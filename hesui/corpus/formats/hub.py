"""Rows as a Hugging Face dataset and back, in memory or as a folder on disk. Imports `datasets` only when used."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from hesui.corpus.formats import files, shapes
from hesui.corpus.formats.drafts import Origin, row_of
from hesui.corpus.rows import Row, constraint_of, constraint_record
from hesui.errors import InputError

if TYPE_CHECKING:
    from datasets import Dataset, DatasetDict  # type: ignore[import-untyped]

MARKERS = ("dataset_info.json", "dataset_dict.json")  # what save_to_disk leaves in a folder


def to_dataset(rows: Iterable[Row]) -> Dataset:
    """A dataset of conversational prompt and completion as TRL takes it, with everything else that a row says.

    The completion is empty where a row has no answer; "constraint" is a JSON object as text.
    """
    from datasets import Dataset, Features, List, Value

    text = Value("string")
    turns = List({"role": text, "content": text})
    names = ("class", "id", "family", "constraint", "source", "licence")
    features = Features(
        {"prompt": turns, "completion": turns} | dict.fromkeys(names, text) | {"hand_set": Value("bool")}
    )
    return Dataset.from_list([_record(row) for row in rows], features=features)


def from_dataset(dataset: Dataset | DatasetDict, task: str, *, source: str = "", licence: str = "") -> Iterator[Row]:
    """The rows of a dataset, of all its splits in their order; `task` is the class of records that name none.

    Its columns may be ours, conversational, prompt and completion, Alpaca's or ShareGPT's. Raises InputError, which
    names the record, counted from 1.
    """
    splits: list[Any] = list(dataset.values()) if isinstance(dataset, Mapping) else [dataset]
    origin = Origin(task, source, licence)
    number = 0
    for split in splits:
        for record in split:
            number += 1
            try:
                yield from _rows(record, origin)
            except InputError as error:
                raise InputError(
                    f"record {number}: {error}", "error.dataset_record", number=number, reason=error
                ) from None


def read_folder(path: Path, origin: Origin) -> Iterator[Row]:
    """The rows of a folder that save_to_disk wrote. Raises InputError."""
    from datasets import load_from_disk

    try:
        dataset = load_from_disk(path)
    except Exception as error:  # datasets lets its own, pyarrow's and json's errors through
        raise files.unreadable(path, error) from None
    yield from from_dataset(dataset, origin.task, source=origin.source, licence=origin.licence)


def write_folder(rows: Iterable[Row], path: Path) -> int:
    """Save rows as a dataset's folder, whole or not at all; how many there were.

    Raises InputError where something other than a dataset lies at `path`.
    """
    if path.exists() and not is_dataset(path) and not (path.is_dir() and not any(path.iterdir())):
        raise files.unwritable(
            path, InputError("there is something else of that name; choose another", "error.place_taken")
        )
    dataset = to_dataset(rows)
    draft, old = (path.with_name(f"{path.name}.{uuid4().hex[:8]}.{end}") for end in ("part", "old"))
    try:
        dataset.save_to_disk(draft)
        if path.exists():
            path.rename(old)
        draft.rename(path)
    except OSError as error:
        raise files.unwritable(path, error.strerror) from None
    finally:
        for leftover in (draft, old):
            shutil.rmtree(leftover, ignore_errors=True)
    return len(dataset)


def is_dataset(path: Path) -> bool:
    """Whether save_to_disk wrote the folder `path`."""
    return any((path / marker).is_file() for marker in MARKERS)


def _record(row: Row) -> dict[str, Any]:
    record = {"completion": []} | shapes.trl_record(row)
    return record | {
        "class": row.task,
        "id": row.id,
        "family": row.family,
        "constraint": json.dumps(row.constraint and constraint_record(row.constraint), ensure_ascii=False),
        "source": row.source,
        "licence": row.licence,
        "hand_set": row.hand_set,
    }


def _rows(record: Mapping[str, Any], origin: Origin) -> Iterator[Row]:
    ours = isinstance(record.get("constraint"), str) and record.get("id")
    for draft in _drafts(record):
        row = row_of(draft, origin)
        yield _restored(row, record) if ours else row


def _drafts(record: Mapping[str, Any]) -> Iterator[Any]:
    for fits, drafts in (
        (shapes.is_trl, shapes.trl_drafts),
        (shapes.is_sharegpt, shapes.sharegpt_drafts),
        (shapes.is_alpaca, shapes.alpaca_drafts),
        (shapes.is_plain, shapes.plain_drafts),
    ):
        if fits(record):
            return drafts(record)
    raise InputError(
        f"no known columns among: {', '.join(record)}; allowed: prompt and completion, messages, conversations, "
        "or instruction and output", "error.dataset_columns", found=", ".join(record),
    )  # fmt: skip


def _restored(row: Row, record: Mapping[str, Any]) -> Row:
    """`row` with what our own columns say beyond its texts."""
    try:
        constraint = constraint_of(json.loads(record["constraint"]))
    except ValueError as error:
        raise InputError(f"the constraint cannot be used: {error}", "error.row_constraint", reason=error) from None
    return replace(
        row,
        id=record["id"],
        constraint=constraint,
        family=record.get("family") or "",
        source=record.get("source") or row.source,
        licence=record.get("licence") or row.licence,
        hand_set=bool(record.get("hand_set")),
    )
