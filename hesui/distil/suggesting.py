"""Has a file of label items looked over by a teacher: each item comes out with its suggestion, where there is one."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from pathlib import Path
from typing import NamedTuple

from hesui.corpus.chatlog import LabelItem, label_from_record, label_record
from hesui.corpus.classes import load_classes, require_class
from hesui.corpus.rows import read_each, write_json_lines
from hesui.distil.config import Config
from hesui.distil.jobs import LABEL, new_run
from hesui.distil.labelling import Suggestion, suggest
from hesui.distil.worker import asking
from hesui.processes import mine
from hesui.settings import Settings
from hesui.store.distilling import DistilStore


class Labelled(NamedTuple):
    """How many items there were, and how many got a suggestion."""

    items: int
    suggested: int


def label_file(store: DistilStore, settings: Settings, config: Config, file: Path, out: Path) -> Labelled:
    """Write the items of `file` to `out`, each with the teacher's "suggestion" (label, clues, reasoning, teacher).

    What was paid for before is not paid again. Raises InputError on a file or class that cannot be used, and what the
    teacher's desk raises; then `out` is not written.
    """
    items = list(read_each(file, label_from_record))
    classes = load_classes(settings)
    for name in {item.task for item in items}:
        require_class(name, classes)
    id = new_run(store, config)
    store.update_run(id, phase=LABEL)
    store.claim_run(id, *mine(), dead=[])
    try:
        found = asyncio.run(_suggested(store, settings, id, config, items))
    except BaseException:
        store.update_run(id, state="failed")
        raise
    store.update_run(id, state="done")
    write_json_lines((_record(item, found.get(item.id)) for item in items), out)
    return Labelled(len(items), len(found))


async def _suggested(
    store: DistilStore, settings: Settings, id: str, config: Config, items: list[LabelItem]
) -> dict[str, Suggestion]:
    classes = load_classes(settings)
    found: dict[str, Suggestion] = {}
    async with asking(store, settings, id, config) as (desk, _):
        for name in sorted({item.task for item in items}):
            some = [item for item in items if item.task == name]
            async for one in suggest(some, classes[name], desk, concurrency=config.concurrency):
                found[one.item] = one
    return found


def _record(item: LabelItem, suggestion: Suggestion | None) -> dict[str, object]:
    record: dict[str, object] = dict(label_record(item))
    if suggestion is not None:
        record["suggestion"] = {name: value for name, value in asdict(suggestion).items() if name != "item"}
    return record
