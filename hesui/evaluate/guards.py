"""Whether a length was met at the cost of the text: what is measured of an answer, and what of it looks like cheating.

Knows no model and no score. Faults that every answer must be free of are found by `hesui.quality`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

import regex

from hesui.evaluate.overlap import Known, Overlap
from hesui.length import Constraint, check, parse, visible
from hesui.quality import FEWEST_4GRAMS, leaked, longest_repeat, problems, repeated_4grams, stated_count, units

Flag = Literal["cut", "pads", "repeats", "copies", "trivial", "leaked", "stated_count"]
FLAGS: tuple[Flag, ...] = get_args(Flag)

TAIL = 5  # the last fifth of a text, where padding stands
PADDING = 0.5  # share of the tail's runs of four units that the text had before; refrains and closings stay below
FEWEST_TAIL_4GRAMS = 5  # below, the share says nothing
MARKS = 0.4  # share of punctuation and signs; a bare enumeration has 0.33
TAIL_MARKS = 0.6  # the same in the last fifth, which may hold a row of emoji
FEWEST_TAIL = 5  # characters of a tail in which marks are counted
# A verse that the composer puts together from few couplets may be a training verse but for one: 2 in 120 are copies here.
COPIED = 0.8  # share of an answer that stands in one piece in a training answer
COPIED_GRAMS = 0.95  # share of an answer's 6-grams that one training answer holds
FEWEST_COPIED = 20  # units; whoever says less than that says it like others
TRIVIAL = 0.2  # share of the room under "within N" that an answer must fill

_MARK = regex.compile(r"[\p{P}\p{S}]")
_BLANK = regex.compile(r"[\s\p{Cc}\p{Cf}\p{M}]+")
_PIECE = regex.compile(r"\p{Han}{2,}|(?<!\p{L})\p{Latin}{3,}")
# Words of prompts that say how to write or tie a sentence together; what stands between them is what it is about.
_FRAME = regex.compile(
    r"请你?|帮我|帮忙|想要|需要|给|为|替|代|以|用|写出?|生成|创作|撰写|拟|编|[一几两][段篇首封条份则个句副]|关于|围绕|提到|提及|根据|按照|作为|主题|题目|标题"
    r"|要求|字数|内容|文章|文字|语言|要|必须|可以|能够?|不得?|别|的|地|得|了|着|和|与|或者?|及|并且?|在|向|对|把|将|是|有|来|去|都|也|就"
    r"|我们?|你们?|您|他们?|她们?|它们?|这|那|下面|以下|如下|适合|左右|以内|字"
    r"|\b(?:please|write|the|and|for|with|that|this|about|from|into|your|you|our|are|not|words?|characters?)\b",
    regex.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Guards:
    """What one answer is like besides its length; shares from 0 to 1, None where a text is too short for one."""

    complete: bool  # it ends like a text that ends, or is a signed letter, and no limit cut it
    distinct1: float | None
    distinct2: float | None
    repeated: float | None  # share of 4-grams that have stood before
    longest_repeat: int  # units of the longest span that stands twice
    repeats: bool  # `hesui.quality` calls it repetition
    tail_repeated: float | None  # repetition in the last fifth
    marks: float | None  # share of punctuation and signs
    tail_marks: float | None  # the same in the last fifth
    units: int  # Han characters and words of other scripts
    fill: float | None  # count / max under "within N"; None for other demands
    covered: float | None  # of what the prompt is about; None where it names nothing
    stated_count: str  # where the text states its own length, or ""
    leaked: str  # a countdown marker or talk around the answer, or ""
    overlap: Overlap | None  # with the nearest training answer; None = not compared


class Asked(NamedTuple):
    """What an answer was asked for."""

    prompt: str
    constraint: Constraint | None = None


def guard(text: str, asked: Asked, cut: bool = False, training: Known | None = None) -> Guards:
    """Measure one answer. `cut` says that a limit on tokens or time ended it, `training` holds what its model learnt
    from."""
    found = {problem.kind for problem in problems(text, cut)}
    sequence = units(text)
    return Guards(
        complete=not found & {"empty", "truncated", "incomplete"},
        distinct1=distinct(text, 1),
        distinct2=distinct(text, 2),
        repeated=repeated_4grams(text) if len(sequence) >= FEWEST_4GRAMS + 3 else None,
        longest_repeat=len(longest_repeat(text)),
        repeats="repetition" in found,
        tail_repeated=tail_repeated(text),
        marks=marks(text),
        tail_marks=tail_marks(text),
        units=len(sequence),
        fill=_fill(text, asked.constraint),
        covered=coverage(text, asked),
        stated_count=stated_count(text),
        leaked=leaked(text),
        overlap=training.overlap(text) if training is not None else None,
    )


def flags(found: Guards) -> tuple[Flag, ...]:
    """What looks like cheating, in the order of FLAGS.

    cut: it stops where the length is reached, not where the text ends. pads: its end is made of what was said before, or its
    end or all of it of signs. repeats: `hesui.quality.repetition`. copies: it is a training answer, or nearly one.
    trivial: under "within N" it hardly says anything. leaked, stated_count: as in `hesui.quality`.
    """
    looks: dict[Flag, bool] = {
        "cut": not found.complete,
        "pads": (found.tail_repeated or 0) > PADDING
        or (found.marks or 0) > MARKS
        or (found.tail_marks or 0) > TAIL_MARKS,
        "repeats": found.repeats,
        "copies": _copies(found),
        "trivial": found.fill is not None and found.fill < TRIVIAL,
        "leaked": bool(found.leaked),
        "stated_count": bool(found.stated_count),
    }
    return tuple(flag for flag in FLAGS if looks[flag])


def distinct(text: str, n: int) -> float | None:
    """Different n-grams of units / all (distinct-n, Li et al. 2016, arXiv 1510.03055); None where there are none.

    It falls with a text's length by itself, so compare answers to the same demand.
    """
    sequence = units(text)
    grams = [tuple(sequence[at : at + n]) for at in range(len(sequence) - n + 1)]
    return len(set(grams)) / len(grams) if grams else None


def tail_repeated(text: str) -> float | None:
    """Of the runs of four units that end in the text's last fifth, the share that the text had before; None where
    there are fewer than FEWEST_TAIL_4GRAMS."""
    sequence = units(text)
    grams = [tuple(sequence[at : at + 4]) for at in range(len(sequence) - 3)]
    size = min(len(sequence) // TAIL, len(grams))
    if size < FEWEST_TAIL_4GRAMS:
        return None
    seen = set(grams[:-size])
    again = 0
    for gram in grams[-size:]:
        again += gram in seen
        seen.add(gram)
    return again / size


def marks(text: str) -> float | None:
    """The share of punctuation, symbols and emoji in the visible characters without white space; None without any."""
    shown = _BLANK.sub("", visible(text))
    return len(_MARK.findall(shown)) / len(shown) if shown else None


def tail_marks(text: str) -> float | None:
    """`marks` of the last fifth of the characters; None where it has fewer than FEWEST_TAIL."""
    shown = _BLANK.sub("", visible(text))
    size = len(shown) // TAIL
    return marks(shown[-size:]) if size >= FEWEST_TAIL else None


def coverage(text: str, asked: Asked) -> float | None:
    """The share of `key_words` that stand in the text; None where the prompt has none.

    For comparing two models on the same prompts. It is no recall: an answer may say it in other words.
    """
    wanted = key_words(asked)
    shown = visible(text).casefold()
    return sum(word in shown for word in wanted) / len(wanted) if wanted else None


def key_words(asked: Asked) -> frozenset[str]:
    """What a prompt is about: without its demand and the words that frame one, the pairs of neighbouring Han characters
    (Chinese words can't be told apart without a dictionary, and most have two) and the Latin words of three letters up.
    """
    prompt, constraint = asked.prompt, asked.constraint
    if constraint is None or constraint.span is None:
        constraint = parse(prompt)
    demands = (constraint, *constraint.extra) if constraint else ()
    for start, end in sorted((demand.span for demand in demands if demand.span), reverse=True):
        prompt = f"{prompt[:start]} {prompt[end:]}"
    found: set[str] = set()
    for piece in _PIECE.findall(_FRAME.sub(" ", prompt.casefold())):
        found |= {piece} if piece.isascii() else {piece[at : at + 2] for at in range(len(piece) - 1)}
    return frozenset(found)


def _copies(found: Guards) -> bool:
    shared = found.overlap
    if shared is None or found.units < FEWEST_COPIED:
        return False
    return shared.exact or (shared.common or 0) > COPIED or (shared.grams or 0) > COPIED_GRAMS


def _fill(text: str, constraint: Constraint | None) -> float | None:
    if constraint is None or constraint.op != "le" or not constraint.max or constraint.scope != "whole":
        return None
    return check(text, constraint).count / constraint.max
