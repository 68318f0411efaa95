"""The hand-written Spring Festival grammar as plain data; knows nothing of lengths or chance."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).with_name("grammar")


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody a greeting goes to: the name in the prompt and the name in the answer."""

    asked: str
    addressed: str


@dataclass(frozen=True, slots=True)
class Kind:
    """A relation between writer and reader, with the sentences that fit only there."""

    name: str
    you: str  # 您, 你, 你们 or 大家
    senders: tuple[str, ...]
    recipients: tuple[Person, ...]
    address: tuple[str, ...]
    thanks: tuple[str, ...]
    wishes: tuple[str, ...]
    themes: tuple[str, ...]  # keys of Grammar.blessings, most fitting first


@dataclass(frozen=True, slots=True)
class Scene:
    """One episode of an essay."""

    name: str
    open: tuple[str, ...]
    body: tuple[str, ...]
    close: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Title:
    """An essay's title and the scenes that it may tell, in order."""

    name: str
    scenes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Couplet:
    """Two lines of verse."""

    text: str
    themes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Point:
    """Something a letter says at length and its summary in short."""

    part: str  # past, people or plan
    full: tuple[str, ...]
    short: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Setting:
    """A place that New Year letters come from."""

    name: str
    writers: tuple[str, ...]
    readers: tuple[str, ...]
    roles: tuple[str, ...]
    greet: tuple[str, ...]
    close: tuple[str, ...]
    points: tuple[Point, ...]
    hopes: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Wordings:
    """Ways to ask, kept apart for training, choosing settings and measuring."""

    train: tuple[str, ...]
    dev: tuple[str, ...]
    test: tuple[str, ...]

    def of(self, split: str) -> tuple[str, ...]:
        """The wordings of one split."""
        wordings: tuple[str, ...] = getattr(self, split)
        return wordings


@dataclass(frozen=True, slots=True)
class Grammar:
    """Everything the composer draws from."""

    surnames: str
    kinds: tuple[Kind, ...]
    scenes: tuple[str, ...]  # a greeting's opening images
    shared: tuple[str, ...]  # wishes for anybody
    leads: tuple[str, ...]
    lasts: tuple[str, ...]
    blessings: Mapping[str, tuple[str, ...]]
    zodiac: Mapping[str, tuple[str, ...]]
    occasions: Mapping[str, tuple[str, ...]]
    titles: tuple[Title, ...]
    essay_opening: tuple[str, ...]
    essay_ending: tuple[str, ...]
    essay_scenes: Mapping[str, Scene]
    rhymes: Mapping[str, tuple[Couplet, ...]]  # seven characters a line
    short_rhymes: Mapping[str, tuple[Couplet, ...]]  # five characters a line
    settings: tuple[Setting, ...]
    summary: Mapping[str, tuple[str, ...]]  # lead, people, plan, role
    asks: Mapping[str, Wordings]  # by task
    demands: Mapping[tuple[str, str], Wordings]  # by op and place (before, clause)


@cache
def grammar() -> Grammar:
    """The grammar that ships with the package, read once."""
    people, greeting, essay, verse, letter, prompts = (
        tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
        for name in ("people", "greeting", "essay", "verse", "letter", "prompts")
    )
    demand = prompts.pop("demand")
    return Grammar(
        surnames=people["surnames"],
        kinds=tuple(_kind(k) for k in people["kind"]),
        scenes=tuple(greeting["scene"]),
        shared=tuple(greeting["shared"]),
        leads=tuple(greeting["lead"]),
        lasts=tuple(greeting["last"]),
        blessings=_tuples(greeting["blessing"]),
        zodiac=_tuples(greeting["zodiac"]),
        occasions=_tuples(greeting["occasion"]),
        titles=tuple(Title(t["name"], tuple(t["scenes"])) for t in essay["title"]),
        essay_opening=tuple(essay["opening"]["sentences"]),
        essay_ending=tuple(essay["ending"]["sentences"]),
        essay_scenes={
            s["name"]: Scene(s["name"], tuple(s["open"]), tuple(s["body"]), tuple(s["close"])) for s in essay["scene"]
        },
        rhymes={r["name"]: _couplets(r["couplets"]) for r in verse["rhyme"]},
        short_rhymes={r["name"]: _couplets(r["five"]) for r in verse["rhyme"]},
        settings=tuple(_setting(s) for s in letter["setting"]),
        summary=_tuples(letter["summary"]),
        asks={task: _wordings(w) for task, w in prompts.items()},
        demands={(op, place): _wordings(w) for op, places in demand.items() for place, w in places.items()},
    )


def _kind(row: Mapping[str, Any]) -> Kind:
    return Kind(
        name=row["name"],
        you=row["you"],
        senders=tuple(row["senders"]),
        recipients=tuple(Person(*pair.split("|")) for pair in row["recipients"]),
        address=tuple(row["address"]),
        thanks=tuple(row["thanks"]),
        wishes=tuple(row["wishes"]),
        themes=tuple(row["themes"]),
    )


def _setting(row: Mapping[str, Any]) -> Setting:
    return Setting(
        name=row["name"],
        writers=tuple(row["writer"]),
        readers=tuple(row["readers"]),
        roles=tuple(row["roles"]),
        greet=tuple(row["greet"]),
        close=tuple(row["close"]),
        points=tuple(Point(p["part"], tuple(p["full"]), tuple(p["short"])) for p in row["point"]),
        hopes=tuple(tuple(h["text"]) for h in row["hope"]),
    )


def _couplets(rows: list[Mapping[str, Any]]) -> tuple[Couplet, ...]:
    return tuple(Couplet(r["text"], tuple(r["themes"])) for r in rows)


def _wordings(row: Mapping[str, list[str]]) -> Wordings:
    return Wordings(tuple(row["train"]), tuple(row["dev"]), tuple(row["test"]))


def _tuples(table: Mapping[str, list[str]]) -> dict[str, tuple[str, ...]]:
    return {key: tuple(values) for key, values in table.items()}
