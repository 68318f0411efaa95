"""The seed prompts: the shipped ones until an owner edits them, then the owner's own copy; and the evaluation prompts.

The shipped files are never written.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from hesui.corpus.families import Families
from hesui.corpus.rows import Row, read_rows, write_rows
from hesui.length import parse
from hesui.settings import ROOT, Settings

SHIPPED = ROOT / "data" / "seeds.jsonl"
EVALUATION = ROOT / "data" / "eval.jsonl"


def seeds_file(settings: Settings) -> Path:
    """The file that the seeds are read from."""
    own = own_seeds_file(settings)
    return own if own.exists() else SHIPPED


def own_seeds_file(settings: Settings) -> Path:
    """Where an owner's edited seeds lie."""
    return settings.home / "seeds.jsonl"


def load_seeds(settings: Settings) -> list[Row]:
    """The seeds, each with a family. Raises InputError, which names the file and the line."""
    rows = list(read_rows(seeds_file(settings)))
    if all(row.family for row in rows):  # as this module writes them; a file from another hand may leave it out
        return rows
    families = Families(rows)
    return [families.assign(row) for row in rows]


def load_evaluation() -> list[Row]:
    """The frozen evaluation prompts, which nothing may train on."""
    return list(read_rows(EVALUATION))


def save_seed(row: Row, settings: Settings) -> None:
    """Put a seed in the place of the one with its id, or at the end; its demand is read from its prompt anew."""
    row = replace(row, constraint=row.constraint if row.hand_set else parse(row.prompt), family="")
    seeds = {seed.id: seed for seed in load_seeds(settings)}
    seeds[row.id] = row
    write_rows(map(Families().assign, seeds.values()), own_seeds_file(settings))


def add_seeds(rows: list[Row], settings: Settings) -> int:
    """Add imported rows to the seeds, all but those that are there already; how many were new."""
    seeds = {seed.id: seed for seed in load_seeds(settings)}
    new = {row.id: row for row in rows if row.id not in seeds}
    if new:
        families = Families()
        write_rows(map(families.assign, (seeds | new).values()), own_seeds_file(settings))
    return len(new)


def delete_seed(id: str, settings: Settings) -> bool:
    """Leave out the seed called `id`; whether there was one."""
    seeds = load_seeds(settings)
    kept = [seed for seed in seeds if seed.id != id]
    if len(kept) < len(seeds):
        write_rows(kept, own_seeds_file(settings))
    return len(kept) < len(seeds)


def reset_seeds(settings: Settings) -> None:
    """Go back to the shipped seeds; the edited ones are kept beside, as seeds.jsonl.old."""
    own = own_seeds_file(settings)
    if own.exists():
        own.replace(own.with_name(own.name + ".old"))
