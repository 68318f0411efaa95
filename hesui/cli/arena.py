"""The command for votes in blind rounds: standings, pairs to a file, preferred answers to review."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hesui.cli.options import AsJson
from hesui.console import note, print_json, read_settings
from hesui.settings import Settings

if TYPE_CHECKING:  # SQL and the rest load inside the command
    from hesui.evaluate.arena import Place, Standings
    from hesui.evaluate.strengths import Estimate
    from hesui.store.database import Database

EPILOG = "Example:  hesui evaluate arena --to-review --class greeting"


def arena_command(
    to_review: Annotated[
        bool, typer.Option("--to-review", help="Put the answers that voters preferred into the review queue.")
    ] = False,
    task: Annotated[str, typer.Option("--class", metavar="ID", help="The class they are reviewed as.")] = "greeting",
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", dir_okay=False, help="Write what was preferred to what, as JSON Lines."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Who won how many blind rounds, and how strong that makes whom.

    Strengths are Bradley-Terry's in log-odds, between answers of equal length, with 95 % intervals; of votes on this
    base model, and from 20 votes on 20 prompts on. Votes never go into training by themselves: what was preferred
    comes to review first.
    """
    from hesui.corpus.rows import write_json_lines
    from hesui.evaluate.arena import pairs, standings
    from hesui.store.voting import VoteStore

    settings = read_settings()
    with _database(settings) as database:
        store = VoteStore(database)
        if out is not None:
            note(f"{write_json_lines(pairs(store.votes()), out)} pairs in {out}")
        if to_review:
            note(f"{_to_review(database, settings, task)} new items for review")
        found = standings(store.votes(settings.base_model))
    if as_json:
        print_json(found.record())
    else:
        print("\n".join(_told(found)))


def _to_review(database: Database, settings: Settings, task: str) -> int:
    from hesui.corpus.classes import load_classes
    from hesui.evaluate.arena import preferred, require_answers
    from hesui.review.desk import ReviewDesk
    from hesui.store.voting import VoteStore

    chosen = require_answers(task, load_classes(settings))
    return ReviewDesk(database, settings).add(preferred(VoteStore(database).votes(), chosen.id, settings.overlap))


@contextmanager
def _database(settings: Settings) -> Iterator[Database]:
    """The database, closed afterwards."""
    from hesui.store.migrate import open_store

    database = open_store(settings)
    try:
        yield database
    finally:
        database.close()


def _told(found: Standings) -> Iterator[str]:
    counts = ", ".join(f"{choice.replace('_', ' ')} {n}" for choice, n in found.choices.items())
    yield f"{found.votes} votes on {found.prompts} prompts by {found.visitors} visitors: {counts}"
    if found.undefined == "few":
        yield f"too few for strengths: {found.needed} votes on {found.needed} prompts are needed"
    if found.undefined == "apart":
        yield "no votes connect some of the systems, so they have no common scale"
    yield from map(_line, found.places)
    if found.length:
        yield f"100 characters more: {_interval(found.length)} log-odds"


def _line(place: Place) -> str:
    from hesui.evaluate.arena import name_of

    strength = _interval(place.strength) if place.strength else "–"
    return f"  {name_of(place.system):<28}{strength:<26}won {place.won}, tied {place.tied}, lost {place.lost}"


def _interval(estimate: Estimate) -> str:
    return f"{estimate.value:+.2f} ({estimate.low:+.2f} to {estimate.high:+.2f})"
