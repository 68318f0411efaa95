"""A data set's folder as a parcel: the files that its manifest names and nothing else, its card completed.

Knows folders that `hesui review export` or `hesui corpus split` wrote; talks to nobody.
"""

from __future__ import annotations

import json
from collections import Counter as Tally
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from hesui.checksums import digest
from hesui.corpus.splits import MANIFEST, read_manifest
from hesui.errors import InputError
from hesui.files import read_json
from hesui.publish.cards import DataFacts, completed, data_card, section
from hesui.publish.parcel import CARD, Item, Parcel, file_item, parcel, require_repo, text_item
from hesui.review.exporting import MADE_BY as EXPORT


def dataset_parcel(folder: Path, repo: str, licence: str = "") -> Parcel:
    """What publishing the data set in `folder` as `repo` would upload; `licence` is the Hub's name of one, where one is
    stated here. Raises InputError where the folder is no data set, or is not as it was written."""
    require_repo(repo)
    manifest = _manifest(folder)
    facts = _facts(folder, manifest)
    if manifest.get("made_by") != EXPORT:
        card = data_card(facts, repo, licence)
        files = [*_files(folder, manifest), file_item(MANIFEST, folder / MANIFEST)]
        return parcel("dataset", facts.name, [text_item(CARD, card), *files])
    card_item = text_item(CARD, completed((folder / CARD).read_text(encoding="utf-8"), repo, licence))
    hashes = {**manifest["sha256"], CARD: card_item.mark.sha256}  # so that what is downloaded passes its own check
    told = json.dumps({**manifest, "sha256": hashes}, ensure_ascii=False, indent=1)
    return parcel("dataset", facts.name, [card_item, *_files(folder, manifest), text_item(MANIFEST, told)])


def facts_of(folder: Path) -> DataFacts:
    """What a card says of the data set in `folder`. Raises InputError as `dataset_parcel` does."""
    return _facts(folder, _manifest(folder))


def _manifest(folder: Path) -> dict[str, Any]:
    """The manifest, its files checked."""
    try:
        manifest = read_json(folder / MANIFEST)
    except (OSError, ValueError, RecursionError):
        raise InputError(
            f"{folder.name} is no data set (it has no {MANIFEST} that can be read); make one with `hesui review export` or "
            "`hesui corpus split`", "error.train_data_foreign", folder=folder.name, reason=MANIFEST,
        ) from None  # fmt: skip
    if manifest.get("made_by") != EXPORT:
        read_manifest(folder)  # raises where it is damaged
        return manifest
    try:
        strange = [name for name, expected in manifest["sha256"].items() if not _intact(folder, name, expected)]
        whole = all(isinstance(manifest[name], str) for name in ("kind", "format")) and CARD in manifest["sha256"]
        {split: dict(tasks) for split, tasks in manifest["counts"].items()}
    except (KeyError, TypeError, ValueError, AttributeError):
        whole, strange = False, []
    if strange or not whole:
        reason = f"{', '.join(strange[:5])} changed or missing" if strange else f"{MANIFEST} is no manifest"
        raise InputError(
            f"the data set {folder.name} is damaged: {reason}; export or freeze it again",
            "error.train_data_damaged", folder=folder.name, reason=reason,
        )  # fmt: skip
    return manifest


def _intact(folder: Path, name: str, expected: str) -> bool:
    return Path(name).name == name and (folder / name).is_file() and digest(folder / name) == expected


def _files(folder: Path, manifest: Mapping[str, Any]) -> Iterator[Item]:
    for name in manifest["sha256"]:
        if name != CARD:
            yield file_item(name, folder / name)


def _facts(folder: Path, manifest: Mapping[str, Any]) -> DataFacts:
    exported = manifest.get("made_by") == EXPORT
    teachers: Tally[str] = Tally()
    licences: Tally[str] = Tally()
    for record in _records(folder, manifest):
        told = record.get("provenance", record if "teachers" in record else {})
        named = told.get("teachers") if isinstance(told, dict) else None
        teachers.update(set(map(str, named)) if isinstance(named, list) else {str(record.get("source") or "")})
        licences[str(record.get("licence") or "")] += 1
    counts: Mapping[str, Mapping[str, int]] = manifest["counts"]
    classes: Tally[str] = Tally()
    for tasks in counts.values():
        classes.update(tasks)
    card = (folder / CARD).read_text(encoding="utf-8") if exported else ""
    return DataFacts(
        name=folder.resolve().name,
        kind=manifest["kind"] if exported else "sft",
        format=manifest["format"] if exported else "rows",
        files={split: f"{split}.jsonl" for split in counts if f"{split}.jsonl" in manifest["sha256"]},
        rows={split: sum(tasks.values()) for split, tasks in counts.items()},
        classes=dict(classes.most_common()),
        counters=tuple(manifest["counters"] if exported else [manifest["counter"]]),
        teachers=dict(teachers.most_common()),
        licences=dict(licences.most_common()),
        agreement=section(card, "Agreement"),
        version=str(manifest.get("version", "")),
    )


def _records(folder: Path, manifest: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The rows' objects, or those that say what rows rest on where the rows cannot."""
    names = [name for name in manifest["sha256"] if name.endswith(".jsonl")]
    sides = [name for name in names if name.endswith(".provenance.jsonl")]
    for name in sides or names:
        with (folder / name).open(encoding="utf-8") as lines:
            for line in lines:
                record = json.loads(line)
                if isinstance(record, dict):
                    yield record
