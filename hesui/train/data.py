"""What can be trained on: folders that `hesui review export` or `hesui corpus split` wrote, described and read.

Knows no tokenizer and no trainer.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, get_args

from hesui.checksums import digest
from hesui.corpus.rows import Row, from_record, read_each
from hesui.corpus.splits import MANIFEST, SPLITS, Split, read_manifest
from hesui.errors import InputError
from hesui.length import Constraint, parse
from hesui.records import Message
from hesui.review.exporting import MADE_BY
from hesui.train.config import Method

Kind = Literal["sft", "dpo", "kto"]  # answers, pairs, ratings
Format = Literal["trl", "rows"]  # of `hesui review export --format trl`; of `hesui corpus split`

LEARNS_FROM: Mapping[Method, tuple[Kind, ...]] = MappingProxyType({
    "sft": ("sft",),
    "dpo": ("dpo", "sft"),  # of answers it takes the prompts, and pairs what the model itself writes to them
    "kto": ("kto",),
    "grpo": ("sft", "dpo", "kto"),  # their prompts: the answers are the model's own
})  # fmt: skip

PREVIEW = 3  # rows that a person is shown before a run


@dataclass(frozen=True, slots=True)
class Example:
    """One row to learn from."""

    messages: tuple[Message, ...]  # the last one asks
    texts: tuple[str, ...]  # the answer; of a pair (dpo) the better one, then the worse one; none where only asked
    good: bool | None = None  # what a reviewer said of the answer (kto)
    task: str = ""  # the class's id, where the row says it
    constraint: Constraint | None = None  # what the answer must obey


@dataclass(frozen=True, slots=True)
class DataSet:
    """A folder that can be trained on."""

    path: Path
    kind: Kind
    format: Format
    rows: Mapping[Split, int]  # of the splits that have any
    classes: Mapping[str, int]  # rows of train by class
    sha256: Mapping[str, str]  # of the files, as the manifest states them
    preview: tuple[Example, ...]  # the first rows of train

    def require(self, method: Method) -> None:
        """Raise InputError where the data are not what `method` learns from."""
        if self.kind not in LEARNS_FROM[method]:
            wanted = ", ".join(LEARNS_FROM[method])
            methods = ", ".join(one for one, kinds in LEARNS_FROM.items() if self.kind in kinds)
            raise InputError(
                f"{self.path.name} holds data of the kind {self.kind}, the method {method} learns from the kind {wanted}; "
                f"choose one of the methods {methods}, or other data", "error.train_method",
                folder=self.path.name, kind=self.kind, method=method, wanted=wanted, methods=methods,
            )  # fmt: skip

    def examples(self, split: Split) -> Iterator[Example]:
        """The rows of a split, without those that hold no answer.

        Raises InputError, which names the file and the line, where a row cannot be used.
        """
        return (example for example in self._read(split) if example.texts)

    def prompts(self, split: Split) -> Iterator[Example]:
        """What a split asks that demands a length, each prompt once; with its answer, where there is one.

        Raises InputError as `examples` does.
        """
        seen = set()
        for example in self._read(split):
            if example.constraint is not None and example.messages not in seen:
                seen.add(example.messages)
                yield example

    def _read(self, split: Split) -> Iterator[Example]:
        if split not in self.rows:
            return iter(())
        made_of = _from_row if self.format == "rows" else partial(from_trl, self.kind)
        return read_each(self.path / f"{split}.jsonl", made_of)


def describe(path: Path) -> DataSet:
    """What the folder `path` holds, its files checked by their hashes.

    Raises InputError where it is no data set, was changed since it was written, or cannot be trained on.
    """
    manifest = _manifest(path)
    if "made_by" not in manifest:
        frozen = read_manifest(path)  # raises where it is damaged
        assert frozen is not None
        return _described(path, "sft", "rows", frozen.counts, frozen.sha256)
    if manifest["made_by"] != MADE_BY:
        raise _foreign(path, f"{MANIFEST} says that {str(manifest['made_by'])[:60]!r} wrote it")
    kind, format = _trainable(path, manifest)
    return _described(path, kind, format, *_checked(path, manifest))


def _manifest(path: Path) -> dict[str, Any]:
    if not path.is_dir():
        raise InputError(
            f"there is no folder {path}; give one that `hesui review export` or `hesui corpus split` wrote",
            "error.train_data_missing", path=str(path),
        )  # fmt: skip
    try:
        manifest = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise _foreign(path, f"it holds no {MANIFEST}") from None
    except (OSError, ValueError, RecursionError):
        raise _damaged(path, f"{MANIFEST} cannot be read") from None
    if not isinstance(manifest, dict):
        raise _damaged(path, f"{MANIFEST} holds no object")
    return manifest


def _trainable(path: Path, manifest: Mapping[str, Any]) -> tuple[Kind, Format]:
    """Kind and format of an export. Raises InputError where nothing learns from them."""
    kind, format = manifest.get("kind"), manifest.get("format")
    if kind == "labels":
        raise InputError(
            f"{path.name} holds labels, which no method here learns from; export answers, pairs or ratings instead: "
            "hesui review export --kind sft|dpo|kto", "error.train_data_labels", folder=path.name,
        )  # fmt: skip
    trainable = next((known for known in get_args(Kind) if known == kind), None)
    if trainable is None:
        raise _damaged(path, f"{MANIFEST} names no kind of data")
    if format != "trl":
        raise InputError(
            f"{path.name} is written in the format {str(format)[:60]!r}, training reads trl only; export it again: "
            f"hesui review export --kind {trainable} --format trl", "error.train_data_format",
            folder=path.name, name=str(format)[:60], kind=trainable,
        )  # fmt: skip
    return trainable, "trl"


def _checked(path: Path, manifest: Mapping[str, Any]) -> tuple[Mapping[str, Mapping[str, int]], Mapping[str, str]]:
    """Counts and hashes of an export. Raises InputError where a file is not as it was written."""
    try:
        counts = {split: dict(tasks) for split, tasks in manifest["counts"].items()}
        hashes = dict(manifest["sha256"])
    except (KeyError, TypeError, ValueError, AttributeError):
        raise _damaged(path, f"{MANIFEST} is no manifest") from None
    wanted = {f"{split}.jsonl" for split in SPLITS if counts.get(split)}
    strange = [name for name in sorted(wanted | hashes.keys()) if not _intact(path, name, hashes.get(name))]
    if strange:
        raise _damaged(path, f"{', '.join(strange[:5])} changed or missing")
    return counts, hashes


def _intact(path: Path, name: str, expected: str | None) -> bool:
    file = path / name
    return Path(name).name == name and file.is_file() and digest(file) == expected


def _described(
    path: Path, kind: Kind, format: Format, counts: Mapping[str, Mapping[str, int]], hashes: Mapping[str, str]
) -> DataSet:
    rows = {split: sum(counts[split].values()) for split in SPLITS if counts.get(split)}
    found = DataSet(path, kind, format, rows, counts.get("train", {}), hashes, ())
    preview = tuple(islice(found.examples("train"), PREVIEW))
    if not preview:
        raise InputError(
            f"{path.name} has no row to learn from in train; add answers, or choose another data set",
            "error.train_data_empty", folder=path.name,
        )  # fmt: skip
    return DataSet(path, kind, format, rows, found.classes, hashes, preview)


def _from_row(record: Mapping[str, Any]) -> Example:
    row: Row = from_record(record)
    asked = (*row.history, Message("user", row.prompt))
    return Example(asked, (row.reference,) if row.reference else (), task=row.task, constraint=row.constraint)


def from_trl(kind: Kind, record: Mapping[str, Any]) -> Example:
    """The example in one of TRL's conversational rows. Raises InputError, which names the field."""
    messages = _turns(record, "prompt")
    names = ("chosen", "rejected") if kind == "dpo" else ("completion",)
    texts = tuple(_turns(record, name)[-1].content for name in names)
    good = record.get("label")
    if kind == "kto" and not isinstance(good, bool):
        raise InputError(f"label is {good!r}; expected true or false", "error.train_row", field="label")
    return Example(
        messages, texts, good if kind == "kto" else None, str(record.get("class") or ""), parse(messages[-1].content)
    )


def _turns(record: Mapping[str, Any], name: str) -> tuple[Message, ...]:
    """The turns in a field of TRL's. Raises InputError where there is none or one says nothing."""
    turns = record.get(name)
    try:
        found = tuple(Message(turn["role"], turn["content"]) for turn in turns)  # type: ignore[union-attr]
        if found and all(_says_something(message) for message in found):
            return found
    except (TypeError, KeyError):
        pass
    raise InputError(
        f"the field {name!r} is no list of turns with a role (system, user, assistant) and some content",
        "error.train_row", field=name,
    )  # fmt: skip


def _says_something(message: Message) -> bool:
    known = message.role in ("system", "user", "assistant")
    return known and isinstance(message.content, str) and bool(message.content.strip())


def _foreign(path: Path, reason: str) -> InputError:
    return InputError(
        f"{path.name} is no data set ({reason}); make one with `hesui review export` or `hesui corpus split`",
        "error.train_data_foreign", folder=path.name, reason=reason,
    )  # fmt: skip


def _damaged(path: Path, reason: str) -> InputError:
    return InputError(
        f"the data set {path.name} is damaged: {reason}; export or freeze it again",
        "error.train_data_damaged", folder=path.name, reason=reason,
    )  # fmt: skip
