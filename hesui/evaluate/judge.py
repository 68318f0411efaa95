"""Judges a contest with a teacher, verdict by verdict into a file that a later sitting goes on with; sums it up.

Whom to ask, what it may cost and what is paid already is the distillation's: its cache, budget and rates hold here too.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from hesui.corpus.formats import files
from hesui.distil.config import COMPOSER, Config
from hesui.distil.jobs import JUDGE, new_run, require_ready
from hesui.distil.pool import for_each
from hesui.distil.worker import asking
from hesui.errors import InputError
from hesui.evaluate.contest import Contest
from hesui.evaluate.judging import CRITERIA, JudgeLoad, Pair, Side, Verdict, estimate, judge
from hesui.evaluate.statistics import Discordance, Share, mcnemar, wilson_by_prompt
from hesui.processes import mine
from hesui.settings import Settings
from hesui.store.distilling import DistilStore


class Sides(NamedTuple):
    """Pairs by who won them."""

    first: int
    tie: int
    second: int


@dataclass(frozen=True, slots=True)
class Standing:
    """What the verdicts on a contest come to. Shares are over prompts: pairs of one prompt are averaged first."""

    first: str
    second: str
    teacher: str
    pairs: int  # with a verdict
    open: int  # without one: not asked yet, or no reply could be used
    alike: int  # of the pairs: both answers are the same text, a tie that nobody was asked about
    inconsistent: int  # of the pairs: the two orders say different things, which makes a tie
    sides: Sides
    wins: Share | None  # of the first over the second; None = there is no pair
    ties: Share | None
    losses: Share | None
    agreement: Share | None  # both orders say the same; of the pairs that were asked about
    shown_first: Discordance | None  # pairs where both orders prefer what was shown first, or what was shown second
    criteria: Mapping[str, Sides]


def plan(contest: Contest, config: Config, settings: Settings, out: Path) -> tuple[JudgeLoad, str]:
    """What judging the pairs that `out` has no verdict on will take, and the money's name; asks nobody.

    Raises InputError where the settings name no teacher that can judge or `out` is no file of verdicts.
    """
    endpoint = _require_judge(config, settings, keyed=False)
    left = _left(contest, endpoint.model, read_verdicts(out))
    return estimate(left, endpoint.price), endpoint.currency


def run(
    store: DistilStore, settings: Settings, config: Config, contest: Contest, out: Path,
    progress: Callable[[int, int], None] = lambda done, all: None,
) -> Standing:  # fmt: skip
    """Ask about every pair without a verdict, add each verdict to `out` as it comes, and sum all of them up.

    Raises what `plan` raises, and CapReached and TeacherError as the desk does: what came before stays in `out`.
    """
    endpoint = _require_judge(config, settings)
    left = _left(contest, endpoint.model, read_verdicts(out))
    if left:
        id = new_run(store, config)
        store.update_run(id, phase=JUDGE)
        store.claim_run(id, *mine(), dead=[])
        try:
            asyncio.run(_judge_all(store, settings, id, config, left, out, progress))
        except BaseException:
            store.update_run(id, state="failed")
            raise
        store.update_run(id, state="done")
    return standing(contest, endpoint.model, read_verdicts(out))


def read_verdicts(out: Path) -> list[Verdict]:
    """The verdicts of a file, none where it is not there; a last line that was cut short is left out.

    Raises InputError where it holds something else.
    """
    if not out.is_file():
        return []
    with files.opened(out) as lines:
        listed = [line for line in lines if line.strip()]
    found = []
    for number, line in enumerate(listed, 1):
        try:
            found.append(Verdict.of(json.loads(line)))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            if number == len(listed) and not line.endswith("\n"):
                break
            raise files.at_line(out, number, f"no verdict ({error})") from None
    return found


def standing(contest: Contest, teacher: str, verdicts: Iterable[Verdict]) -> Standing:
    """What the teacher's verdicts on the pairs of a contest come to; verdicts on other texts do not count."""
    known = {verdict.key: verdict for verdict in verdicts}
    judged = [(pair, known[key]) for pair in contest.pairs if (key := pair.key(teacher)) in known]
    prompts = [contest.prompt_of(pair.id) for pair, _ in judged]
    found = [verdict for _, verdict in judged]
    asked = [(verdict, prompt) for verdict, prompt in zip(found, prompts, strict=True) if verdict.asked]
    return Standing(
        contest.first, contest.second, teacher, len(found), len(contest.pairs) - len(found),
        alike=sum(not verdict.asked for verdict in found),
        inconsistent=sum(not verdict.agrees for verdict in found),
        sides=_sides(verdict.overall for verdict in found),
        wins=_share([verdict.overall == "first" for verdict in found], prompts),
        ties=_share([verdict.overall == "tie" for verdict in found], prompts),
        losses=_share([verdict.overall == "second" for verdict in found], prompts),
        agreement=_share([verdict.agrees for verdict, _ in asked], [prompt for _, prompt in asked]),
        shown_first=_position([verdict for verdict, _ in asked]),
        criteria={
            name: _sides(told for verdict in found if (told := verdict.criterion(name)) is not None)
            for name in CRITERIA
        },
    )  # fmt: skip


def _require_judge(config: Config, settings: Settings, *, keyed: bool = True) -> Any:
    endpoint = require_ready(config, settings, keyed=keyed)
    if endpoint is None:
        raise InputError(
            f"the {COMPOSER} writes and judges nothing; name another teacher, or an address with --base-url",
            "error.judge_teacher",
        )
    return endpoint


def _left(contest: Contest, teacher: str, verdicts: Iterable[Verdict]) -> list[Pair]:
    known = {verdict.key for verdict in verdicts}
    return [pair for pair in contest.pairs if pair.key(teacher) not in known]


async def _judge_all(
    store: DistilStore, settings: Settings, id: str, config: Config, pairs: Sequence[Pair], out: Path,
    progress: Callable[[int, int], None],
) -> None:  # fmt: skip
    done = 0

    async def work(pair: Pair) -> None:
        nonlocal done
        verdict = await judge(pair, desk)
        if verdict is not None:
            _append(out, verdict)
        done += 1
        progress(done, len(pairs))

    async with asking(store, settings, id, config) as (desk, _):
        await for_each(pairs, config.concurrency, work)


def _append(out: Path, verdict: Verdict) -> None:
    """Add a line, on a line of its own also where a crash cut the last one short. Raises InputError."""
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with out.open("a+b") as stream:
            _drop_torn_line(stream)
            stream.write(json.dumps(verdict.record(), ensure_ascii=False).encode("utf-8", "replace") + b"\n")
    except OSError as error:
        raise files.unwritable(out, error.strerror) from None


def _drop_torn_line(stream: Any) -> None:
    size = stream.seek(0, 2)
    if not size:
        return
    stream.seek(size - 1)
    if stream.read(1) != b"\n":
        stream.seek(0)
        stream.truncate(stream.read().rfind(b"\n") + 1)
        stream.seek(0, 2)


def _sides(found: Iterable[Side]) -> Sides:
    counts = Counter(found)
    return Sides(counts["first"], counts["tie"], counts["second"])


def _share(hits: Sequence[bool], prompts: Sequence[Any]) -> Share | None:
    return wilson_by_prompt(hits, prompts) if hits else None


def _position(asked: Sequence[Verdict]) -> Discordance | None:
    """How often the place decided: first in both orders against second in both, with an exact test for no bias."""
    first = [one.straight.overall == "first" and one.swapped.overall == "second" for one in asked]
    second = [one.straight.overall == "second" and one.swapped.overall == "first" for one in asked]
    return mcnemar(first, second) if asked else None
