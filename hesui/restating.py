"""Writes length demands into prompts: makes one, replaces one, keeps its wording or varies it.

The prompt stays the one place that states a demand: whatever is written here is read back by `length.parse`, and
what does not read back as it was meant is never returned. Knows neither widgets nor models.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from random import Random
from typing import NamedTuple

from hesui.errors import InputError
from hesui.length import Constraint, Op, Span, Unit, approx, parse
from hesui.length.constraint import Band

ZH_UNITS: dict[Unit, str] = {"char": "字", "word": "词", "sentence": "句话", "line": "行", "paragraph": "段"}
EN_UNITS: dict[Unit, str] = {
    "char": "characters",
    "word": "words",
    "sentence": "sentences",
    "line": "lines",
    "paragraph": "paragraphs",
}
# The first of each is what an editor writes; the others vary a demand.
ZH_PHRASES: dict[Op, tuple[str, ...]] = {
    "eq": ("{low}{unit}", "正好{low}{unit}", "刚好{low}{unit}"),
    "le": ("{high}{unit}以内", "不超过{high}{unit}", "{high}{unit}内"),
    "ge": ("不少于{low}{unit}", "至少{low}{unit}", "{low}{unit}以上"),
    "approx": ("{low}{unit}左右", "大约{low}{unit}", "约{low}{unit}", "{low}{unit}上下"),
    "range": ("{low}到{high}{unit}", "{low}至{high}{unit}"),
}
EN_PHRASES: dict[Op, tuple[str, ...]] = {
    "eq": ("exactly {low} {unit}", "{low} {unit}"),
    "le": ("at most {high} {unit}", "no more than {high} {unit}"),
    "ge": ("at least {low} {unit}", "no fewer than {low} {unit}"),
    "approx": ("about {low} {unit}", "around {low} {unit}"),
    "range": ("{low} to {high} {unit}", "between {low} and {high} {unit}"),
}
HAN = re.compile(r"[\u3400-\u9fff]")
UNSUPPORTED = re.compile(
    r"[0-9０-９一二两三四五六七八九十百千]+\s*(?:页|张A4|[KMkm]B|tokens?\b|词元|字节|bytes?\b|pages?\b|chapters?\b|章)"
)
NUMERAL = re.compile(r"[0-9０-９]+(?:[,，][0-9０-９]{3})*|[零〇一二两三四五六七八九十百千]+")
FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")
# A word before the demand that goes on in it: 控制在50字以内, 字数在50字左右. Only these phrases follow it.
LEADS_IN = re.compile(r"[在于]$")
FOLLOWS_IN = re.compile(r"^\{")
ENDS_PHRASE = re.compile(r"\s*(?:$|[，。、；：！？,.;:!?）)】」”\"\n]|的|之)")
VARIED_UNITS: tuple[Unit, ...] = ("char", "word")
CHINESE_NUMERALS = 0.12  # share of varied demands whose number is spelled 六十
TRIES = 12


class Restated(NamedTuple):
    """A prompt and the demand that it now states."""

    prompt: str
    constraint: Constraint


def make(op: Op, low: int | None, high: int | None, unit: Unit) -> Constraint:
    """The demand that an editor's fields state. Raises InputError where a number is missing or the range is empty."""
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
    """What an editor's two fields show for `constraint`: the number, and a range's upper end."""
    if constraint.op == "range":
        return Band(constraint.min, constraint.max)
    return Band(constraint.aim, None)


def write(prompt: str, found: Span | None, wanted: Constraint) -> str:
    """`prompt` with `wanted` in place of the demand found at `found`, or added where there is none."""
    chinese = not prompt or is_chinese(prompt)
    phrase = _phrase((ZH_PHRASES if chinese else EN_PHRASES)[wanted.op][0], wanted, chinese)
    if found is not None:
        return prompt[: found.start] + phrase + prompt[found.end :]
    body = prompt.rstrip().rstrip("。.!！,，")
    if not body:
        return f"请写{phrase}"
    return f"{body}，{phrase}" if chinese else f"{body}, {phrase}"


def restate(prompt: str, found: Constraint, number: int) -> Restated | None:
    """The same demand in the same wording about another number; a range keeps its width.

    50字以内 becomes 63字以内, 五十字 becomes 六十三字, full-width digits stay full-width. None where the prompt
    would not say so.
    """
    return _checked(prompt, found, _moved(found, number))


def relabel(
    prompt: str, found: Constraint, count: int, allowed: Callable[[int], bool] = lambda _: True
) -> Restated | None:
    """The same demand about a number that an answer of `count` meets: the count itself where it must be exact, else a
    round number beside it. `allowed` says which numbers a demand may name. None where there is none.
    """
    for number in _beside(found, count):
        made = restate(prompt, found, number) if number >= 1 and allowed(number) else None
        if made is not None and count in made.constraint.band:
            return made
    return None


def vary(
    prompt: str, found: Constraint | None, rng: Random, ops: Mapping[Op, float], numbers: Sequence[int]
) -> Restated | None:
    """The same question under another demand: op by the weights of `ops`, number and wording by chance.

    None where nothing that was tried reads well and back as it was meant, where the demand is on a part or in
    another unit than characters or words, and where the prompt is empty.
    """
    if not prompt.strip() or (found and (found.unit not in VARIED_UNITS or found.scope != "whole")):
        return None
    for _ in range(TRIES):
        op = rng.choices(list(ops), list(ops.values()))[0]
        wanted = _drawn(op, rng.choice(numbers), rng, "char" if is_chinese(prompt) else "word")
        if (made := _varied(prompt, found, wanted, rng)) is not None:
            return made
    return None


def unsupported(prompt: str) -> str | None:
    """A length in a unit that no answer is judged by, such as "3页", where `prompt` states one."""
    found = UNSUPPORTED.search(prompt)
    return found.group() if found else None


def is_chinese(text: str) -> bool:
    """Whether `text` has a Han character."""
    return HAN.search(text) is not None


def spell(number: int) -> str:
    """0 to 9999 as people write it: 15 → 十五, 105 → 一百零五, 150 → 一百五十, 1020 → 一千零二十.

    Raises ValueError beyond.
    """
    if not 0 <= number < 10_000:
        raise ValueError(f"cannot spell {number}; expected 0 to 9999")
    digits = "零一二三四五六七八九"
    if number < 10:
        return digits[number]
    written = ""
    for digit, place in zip(f"{number:04}", "千百十 ", strict=True):
        if digit != "0":
            written += digits[int(digit)] + place.strip()
        elif written and not written.endswith("零"):
            written += "零"
    written = written.rstrip("零")
    return written.removeprefix("一") if 10 <= number < 20 else written


def _varied(prompt: str, found: Constraint | None, wanted: Constraint, rng: Random) -> Restated | None:
    chinese = is_chinese(prompt)
    phrases = (ZH_PHRASES if chinese else EN_PHRASES)[wanted.op]
    span = found.span if found else None
    if span is None:
        return _read(write(prompt, None, wanted), wanted)
    before, behind = prompt[: span.start], prompt[span.end :]
    if LEADS_IN.search(before):
        phrases = tuple(phrase for phrase in phrases if FOLLOWS_IN.match(phrase) and wanted.op != "eq")
    if not chinese and "-" in prompt[slice(*span)]:  # a 50-word greeting: nothing but another number stands there
        phrases = ("{low}-word",) if wanted.op == "eq" else ()
    if not phrases:
        return None
    phrase = _phrase(rng.choice(phrases), wanted, chinese, spelled=rng.random() < CHINESE_NUMERALS)
    joint = "的" if chinese and not ENDS_PHRASE.match(behind) else ""
    return _read(before + phrase + joint + behind, wanted)


def _drawn(op: Op, number: int, rng: Random, unit: Unit) -> Constraint:
    return make(op, number, number + rng.choice((10, 20, 30)), unit)


def _phrase(template: str, wanted: Constraint, chinese: bool, spelled: bool = False) -> str:
    low, high = numbers(wanted)
    unit = (ZH_UNITS if chinese else EN_UNITS)[wanted.unit]
    high = low if high is None else high
    if chinese and spelled and low is not None and high is not None and high < 1000:
        return template.format(low=spell(low), high=spell(high), unit=unit)
    return template.format(low=low, high=high, unit=unit)


def _moved(found: Constraint, number: int) -> Constraint:
    """`found` about another number, its place in the prompt left out."""
    bare = replace(found, span=None, extra=())
    match found.op:
        case "eq":
            return replace(bare, target=number)
        case "le":
            return replace(bare, max=number)
        case "ge":
            return replace(bare, min=number)
        case "range":
            assert found.min is not None and found.max is not None
            return replace(bare, min=number, max=number + found.max - found.min)
        case _:
            return approx(number, unit=found.unit, scope=found.scope, count_rule=found.count_rule)


def _checked(prompt: str, found: Constraint, wanted: Constraint) -> Restated | None:
    """`wanted` written as `found` was, or else in a plain phrase."""
    if found.span is None:
        return None
    start, end = found.span
    for phrase in _alike(prompt[start:end], wanted):
        if made := _read(prompt[:start] + phrase + prompt[end:], wanted):
            return made
    return None


def _alike(phrase: str, wanted: Constraint) -> Iterator[str]:
    written = NUMERAL.findall(phrase)
    values = [value for value in numbers(wanted) if value is not None]
    if len(written) == len(values):
        left = iter(values)
        yield NUMERAL.sub(lambda match: _in_style(next(left), match.group()), phrase)
    chinese = is_chinese(phrase)
    yield _phrase((ZH_PHRASES if chinese else EN_PHRASES)[wanted.op][0], wanted, chinese)


def _in_style(number: int, example: str) -> str:
    if HAN.search(example) or "〇" in example:
        return spell(number) if number < 10_000 else str(number)
    return str(number).translate(FULL_WIDTH) if "０" <= example[0] <= "９" else str(number)


def _read(prompt: str, wanted: Constraint) -> Restated | None:
    """The prompt with what it is read as, where that is what was meant."""
    read = parse(prompt)
    if read is None or (read.op, read.unit, read.scope) != (wanted.op, wanted.unit, wanted.scope):
        return None
    # "40字左右" may state its own tolerance: then the target decides.
    same = read.target == wanted.target if wanted.op == "approx" else read.band == wanted.band
    return Restated(prompt, read) if same else None


def _beside(found: Constraint, count: int) -> Iterable[int]:
    """Numbers for the demand that a text of `count` meets, the most natural first."""
    step = 5 if count < 100 else 10 if count < 300 else 50
    down, up = count // step * step, -(-count // step) * step
    match found.op:
        case "le":
            return range(up, up + 6 * step + 1, step if step < 50 else 10)
        case "ge":
            return range(down, max(0, down - 6 * step) - 1, -step)
        case "approx":
            return [round(count / step) * step, count, count + 1, count - 1, count + 2, count - 2]
        case "range":
            assert found.min is not None and found.max is not None
            low = count - (found.max - found.min) // 2
            return [low // step * step, low, *range(low - 3, low + 4)]
        case _:
            return [count]
