"""The command that has a teacher compare the answers of two entries of an evaluation."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hesui.cli.distil import BaseUrl, Cap, Concurrency, Model, Rpm, Timeout, Tpm
from hesui.cli.options import AsJson, group
from hesui.cli.sources import opened
from hesui.console import FAILED, note, print_json, read_settings

if TYPE_CHECKING:  # SQL and the rest load inside the command that needs them
    from hesui.distil.estimate import Load
    from hesui.evaluate.judge import Standing
    from hesui.evaluate.judging import JudgeLoad

VERDICTS = "verdicts.jsonl"  # in the evaluation's folder at home

app = group()


@app.command(
    "judge", epilog="Example:  hesui evaluate judge --first tuned:raw --second base:raw --teacher qianfan --dry-run"
)
def judge_command(
    first: Annotated[str, typer.Option("--first", metavar="ENTRY", help="model:decoding, e.g. tuned:raw.")],
    second: Annotated[str, typer.Option("--second", metavar="ENTRY", help="The other one, e.g. base:raw.")],
    teacher: Annotated[
        str, typer.Option("--teacher", metavar="NAME", help="qianfan, dashscope, openai, deepseek or local.")
    ],
    evaluation: Annotated[
        str, typer.Argument(metavar="[EVALUATION]", help="An evaluation's id. Default: the newest.")
    ] = "",
    model: Model = None,
    base_url: BaseUrl = None,
    cap: Cap = None,
    concurrency: Concurrency = None,
    rpm: Rpm = None,
    tpm: Tpm = None,
    timeout: Timeout = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", dir_okay=False, help="Verdicts. Default: verdicts.jsonl in its folder."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say how many calls, tokens and how much money.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Let a teacher judge two entries' answers, each pair in both orders.

    Relevance, fluency, tone and respect for the demand; a pair is won only where both orders agree. What it may cost
    is told first. Verdicts are kept as they come: a command that was stopped goes on, and nothing is paid twice.
    """
    from hesui.distil.config import make_config
    from hesui.distil.jobs import require_idle
    from hesui.evaluate.contest import read_contest
    from hesui.evaluate.folder import require_evaluation
    from hesui.evaluate.judge import plan, run

    settings = read_settings()
    given = {"model": model, "base_url": base_url, "cap": cap, "concurrency": concurrency,
             "requests_per_minute": rpm, "tokens_per_minute": tpm, "timeout": timeout}  # fmt: skip
    config = make_config(teacher=teacher, **{name: value for name, value in given.items() if value is not None})
    folder = require_evaluation(settings, evaluation or None)
    contest = read_contest(folder, first, second)
    verdicts = out or settings.evaluations / folder.id / VERDICTS  # nothing is written beside what came with hesui
    load, currency = plan(contest, config, settings, verdicts)
    if dry_run:
        _show_load(load, currency, len(contest.pairs), as_json)
        return
    note(_told(load, currency))
    with opened(settings) as store:
        require_idle(store)
        found = run(store, settings, config, contest, verdicts, _progress)
        faults = store.last_faults(store.runs()[0].id) if found.open else []
    if as_json:
        print_json(_record(found, folder.id, verdicts))
    else:
        _show(found)
    if found.open:
        note(f"{found.open} pairs have no verdict: their replies could not be used; run it again to ask again")
    for fault in faults:
        note(f"  {fault.outcome}: {fault.detail}")
    if not found.pairs:
        raise typer.Exit(FAILED)
    note(f"verdicts: {verdicts}")


def _progress(done: int, all: int) -> None:
    live = sys.stderr.isatty()
    if live or done == all or done % 50 == 0:
        print(f"\r{done} of {all} pairs" if live else f"{done} of {all} pairs", end="" if live and done < all else "\n",
              file=sys.stderr, flush=True)  # fmt: skip


def _show_load(load: JudgeLoad, currency: str, pairs: int, as_json: bool) -> None:
    if as_json:
        print_json({"pairs": pairs, "to_ask": load.pairs, "currency": currency, "priced": load.priced,
                    "best": asdict(load.best), "worst": asdict(load.worst)})  # fmt: skip
        return
    print(f"{pairs} pairs; {_told(load, currency)}")
    note("nothing was asked; leave out --dry-run to start")


def _told(load: JudgeLoad, currency: str) -> str:
    best, worst = load.best, load.worst
    money = f"{_between(best, worst, 'cost')} {currency}".strip() if load.priced else "money unknown"
    return (f"{load.pairs} to ask about: {_between(best, worst, 'calls')} calls, {_between(best, worst, 'prompt_tokens')} "
            f"tokens in, {_between(best, worst, 'completion_tokens')} out, {money}")  # fmt: skip


def _between(best: Load, worst: Load, name: str) -> str:
    low, high = getattr(best, name), getattr(worst, name)
    return f"{low:,.4g} to {high:,.4g}" if isinstance(low, float) else f"{low:,} to {high:,}"


def _record(found: Standing, id: str, verdicts: Path) -> dict[str, Any]:
    """The standing with every named tuple as an object."""
    record = asdict(found)
    for name in ("sides", "wins", "ties", "losses", "agreement", "shown_first"):
        value = getattr(found, name)
        record[name] = value and value._asdict()
    record["criteria"] = {name: sides._asdict() for name, sides in found.criteria.items()}
    return {"evaluation": id, "verdicts": str(verdicts)} | record


def _show(found: Standing) -> None:
    print(f"{found.first} against {found.second}, judged by {found.teacher}: {found.pairs} pairs")
    for name, share, n in (
        (f"{found.first} wins", found.wins, found.sides.first),
        ("ties", found.ties, found.sides.tie),
        (f"{found.second} wins", found.losses, found.sides.second),
    ):
        print(f"  {name:<24}{n:>6}  {share or ''}")
    print(f"  of the ties: {found.inconsistent} where the two orders disagree, {found.alike} with the same text twice")
    if found.agreement:
        print(f"both orders agree: {found.agreement}")
    if found.shown_first:
        one, other, p = found.shown_first
        print(f"place decided: {one} times for what stood first, {other} for what stood second (p = {p:.3g})")
    for name, sides in found.criteria.items():
        print(f"  {name:<12}{sides.first:>5} {found.first}, {sides.tie} ties, {sides.second} {found.second}")
