"""Keeps a blind round blind: sides by chance, both answers at one pace, names covered. Knows no page and no votes.

Nothing of an answer is shown before both have ended. Then both grow together, by as many characters a frame as follows
from their texts alone: whatever made one of them slow, fast, or uneven leaves no trace.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import NamedTuple

from hesui.answers import Answer, Answers
from hesui.errors import InputError
from hesui.records import BASE, EndReason, Loading, Waiting
from hesui.ui.form import Form

FRAME = 0.08  # seconds between two frames of the replay
FRAMES = 32  # of a replay at most; a long text takes no longer than that
STEP = 2  # characters a frame at least
COVER = "■"  # stands for one character of a name
SHOWN = "■■"  # what a covered name is shown as, however long it is
SEEDS = 2**31  # seeds that are drawn from
COUNTED = (EndReason.END, EndReason.LIMIT, EndReason.TIME)  # ends after which an answer can be voted on

# What models call themselves and each other. Words that greetings use otherwise (豆包, 星火, 混元, names of companies)
# are covered only where somebody says to be that, or to be made by that.
VERSION = r"(?:[.-]?[0-9A-Za-z_])*"
NAMES = (
    r"文心一言|文心大模型|通义千问|千问|讯飞星火|腾讯混元|混元大模型|智谱清言|深度求索|月之暗面|书生·?浦语|百川大模型"
    rf"|(?:ERNIE(?: Bot)?(?: (?=[0-9]))?|Qwen|QwQ|Chat[ -]?GPT|GPT-?[0-9]|(?:Chat)?GLM|DeepSeek|Llama|Mistral|Baichuan"
    rf"|Hunyuan|InternLM|MiniCPM|Kimi(?:-[A-Z])?|Claude|Gemini|Gemma|Moonshot(?:-v)?){VERSION}|Anthropic|OpenAI"
)
SELVES = (
    r"(?<=我是|我叫|名叫|名为|作为)(?:豆包|星火|混元|百度|文心|通义|小度|小爱)[\u4e00-\u9fff]{0,4}?(?=[，。！、,.!\s]|$)"
    r"|(?<=[由被])(?:百度|阿里云|阿里巴巴|阿里|腾讯|字节跳动|科大讯飞|智谱|谷歌|微软)(?=[^，。]{0,8}(?:开发|研发|训练|推出|打造))"
)


class Draw(NamedTuple):
    """How a blind round is to be asked."""

    form: Form
    swapped: bool  # whether the sides are the other way round than the visitor chose


@dataclass(frozen=True, slots=True)
class Sealed:
    """What a blind round keeps to itself until it has been voted on; lives on the server only."""

    key: str  # the round's, which no page knows
    swapped: bool
    names: tuple[str, ...]  # to be covered beside those that everybody knows
    covered: tuple[str, ...] = ()  # the answers with names covered, character for character; empty until both ended


class Veiled(NamedTuple):
    """Both answers as far as they are shown."""

    rows: tuple[Answer, ...]
    covered: tuple[str, ...] = ()  # the whole answers, names covered; empty until both ended
    status: Waiting | Loading | None = None  # what the models wait for
    written: int = 0  # characters that both together have come to, unseen


def draw(form: Form, swapped: bool | None = None) -> Draw:
    """Sides and seed by chance: a seed that was seen before would be recognised by its answers.

    Raises InputError where both sides are the same model.
    """
    if form.left == form.right:
        raise InputError(
            f"both sides are {form.left}; choose two different models, then switch the blind test on",
            "error.vote_same", model=form.left,
        )  # fmt: skip
    swapped = bool(secrets.randbelow(2)) if swapped is None else swapped
    drawn = replace(form, seed=secrets.randbelow(SEEDS))
    return Draw(replace(drawn, left=form.right, right=form.left) if swapped else drawn, swapped)


def seal(drawn: Draw, base: str) -> Sealed:
    """The seal of a round; `base` is the base model's name, folder or Hub id."""
    named = (drawn.form.left, drawn.form.right, base, PurePath(base).name)
    return Sealed(secrets.token_hex(16), drawn.swapped, tuple(dict.fromkeys(name for name in named if name != BASE)))


def cover(text: str, names: Sequence[str] = ()) -> str:
    """`text` with every name of a model covered, character for character, so that places stay the same."""
    own = "|".join(rf"(?<![0-9A-Za-z]){re.escape(name)}(?![0-9A-Za-z])" for name in names if name)
    known = rf"{own or '(?!)'}|(?<![0-9A-Za-z])(?:{NAMES})|{SELVES}"
    return re.sub(known, lambda found: COVER * len(found.group()), text, flags=re.IGNORECASE)


def squeezed(text: str) -> str:
    """A covered text as it is shown: the length of a name says nothing either."""
    return re.sub(f"{COVER}+", SHOWN, text)


def veiled(
    states: Iterable[Answers], names: Sequence[str] = (), wait: Callable[[float], object] = time.sleep
) -> Iterator[Veiled]:
    """What a blind round shows of a stream: nothing until it has ended, then both answers at one pace.

    Where an answer failed nothing is replayed: the last state comes at once.
    """
    last = None
    for last in states:
        written = sum(len(row.text) for row in last.rows)
        yield Veiled(tuple(Answer(row.model) for row in last.rows), status=last.status, written=written)
    if last is None:
        return
    covered = tuple(cover(row.text, names) for row in last.rows)
    if votable(last.rows):
        for rows in replay(last.rows):
            yield Veiled(rows, covered)
            wait(FRAME)
    yield Veiled(last.rows, covered)


def replay(rows: Sequence[Answer]) -> Iterator[tuple[Answer, ...]]:
    """Both answers growing together, still without their ends."""
    longest = max(len(row.text) for row in rows)
    step = max(STEP, -(-longest // FRAMES))
    for shown in range(step, longest, step):
        yield tuple(Answer(row.model, row.text[:shown]) for row in rows)


def votable(rows: Sequence[Answer]) -> bool:
    """Whether every answer has ended, with no error and without being stopped."""
    return all(row.end is not None and row.end.reason in COUNTED for row in rows)
