"""Write a demand into a prompt, so that the prompt stays the one place that states it.

Knows neither widgets nor models.
"""

from __future__ import annotations

import re

from hesui.errors import InputError
from hesui.length import Constraint, Op, Span, Unit, approx
from hesui.length.constraint import Band

ZH_UNITS: dict[Unit, str] = {"char": "字", "word": "词", "sentence": "句话", "line": "行", "paragraph": "段"}
EN_UNITS: dict[Unit, str] = {
    "char": "characters",
    "word": "words",
    "sentence": "sentences",
    "line": "lines",
    "paragraph": "paragraphs",
}
ZH_PHRASES: dict[Op, str] = {
    "eq": "{low}{unit}",
    "le": "{high}{unit}以内",
    "ge": "不少于{low}{unit}",
    "approx": "{low}{unit}左右",
    "range": "{low}到{high}{unit}",
}
EN_PHRASES: dict[Op, str] = {
    "eq": "exactly {low} {unit}",
    "le": "at most {high} {unit}",
    "ge": "at least {low} {unit}",
    "approx": "about {low} {unit}",
    "range": "{low} to {high} {unit}",
}
HAN = re.compile(r"[\u3400-\u9fff]")
UNSUPPORTED = re.compile(
    r"[0-9０-９一二两三四五六七八九十百千]+\s*(?:页|张A4|[KMkm]B|tokens?\b|词元|字节|bytes?\b|pages?\b|chapters?\b|章)"
)


def make(op: Op, low: int | None, high: int | None, unit: Unit) -> Constraint:
    """The demand that the editor's fields state. Raises InputError where a number is missing or the range is empty."""
    if low is None or (op == "range" and high is None):
        raise InputError("fill in the number", "error.demand_missing")
    match op:
        case "approx":
            return approx(low, unit=unit)
        case "range":
            assert high is not None
            if low > high:
                raise InputError(
                    f"the range starts at {low}, above its end {high}", "error.demand_range", low=low, high=high
                )
            return Constraint("range", min=low, max=high, unit=unit)
        case "le":
            return Constraint("le", max=low, unit=unit)
        case "ge":
            return Constraint("ge", min=low, unit=unit)
        case _:
            return Constraint("eq", target=low, unit=unit)


def numbers(constraint: Constraint) -> Band:
    """What the editor's two fields show for `constraint`: the number, and a range's upper end."""
    if constraint.op == "range":
        return Band(constraint.min, constraint.max)
    return Band(constraint.aim, None)


def write(prompt: str, found: Span | None, wanted: Constraint) -> str:
    """`prompt` with `wanted` in place of the demand found at `found`, or added where there is none."""
    chinese = not prompt or HAN.search(prompt) is not None
    phrase = _phrase(wanted, chinese)
    if found is not None:
        return prompt[: found.start] + phrase + prompt[found.end :]
    body = prompt.rstrip().rstrip("。.!！,，")
    if not body:
        return f"请写{phrase}"
    return f"{body}，{phrase}" if chinese else f"{body}, {phrase}"


def unsupported(prompt: str) -> str | None:
    """A length in a unit that no answer is judged by, such as "3页", where `prompt` states one."""
    found = UNSUPPORTED.search(prompt)
    return found.group() if found else None


def _phrase(wanted: Constraint, chinese: bool) -> str:
    low, high = numbers(wanted)
    unit = (ZH_UNITS if chinese else EN_UNITS)[wanted.unit]
    phrases = ZH_PHRASES if chinese else EN_PHRASES
    return phrases[wanted.op].format(low=low, high=low if high is None else high, unit=unit)
