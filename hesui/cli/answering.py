"""Commands that count, read demands and answer prompts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from typing import Annotated, Any

import typer

from hesui.answers import Answer, Answers, collect, follow
from hesui.api.replies import record
from hesui.cli.options import (
    AsJson,
    BestOf,
    CounterName,
    Guide,
    Length,
    MaxTokens,
    Prompt,
    Seed,
    Temperature,
    Text,
    TopP,
    group,
)
from hesui.console import FAILED, note, print_json, read_settings, read_text
from hesui.errors import InputError
from hesui.length import COUNTERS, DEFAULT_COUNTER, Band, Constraint, Counter, check, count, parse
from hesui.records import BASE, End, EndReason, Request, Sampling
from hesui.requests import build_requests, validate_counter, validate_models
from hesui.restating import write
from hesui.settings import Settings

UNITS = {"char": "字", "word": "words", "sentence": "sentences", "line": "lines", "paragraph": "paragraphs"}
ENDINGS = {
    EndReason.END: "complete",
    EndReason.LIMIT: "cut at the token limit",
    EndReason.TIME: "cut at the time limit",
    EndReason.CANCELLED: "cancelled",
    EndReason.ERROR: "failed",
}
DRAWN = Sampling()

app = group()


@app.command("count", epilog='Example:  hesui count "恭贺新春！" --json')
def count_command(text: Text = None, counter: CounterName = None, as_json: AsJson = False) -> None:
    """Count a text by all five rules, or by one."""
    rules = [validate_counter(counter)] if counter else COUNTERS
    given = read_text(text)
    counts = {rule: count(given, rule) for rule in rules}
    if as_json:
        print_json(counts)
    elif counter:
        print(counts[rules[0]])
    else:
        print("\n".join(f"{rule:<10}{number:>8}" for rule, number in counts.items()))


@app.command("parse", epilog='Example:  hesui parse "写一段50字以内的拜年话" --json')
def parse_command(prompt: Prompt = None, as_json: AsJson = False) -> None:
    """Read the length demand of a prompt; null where it has none."""
    given = read_text(prompt)
    constraint = parse(given)
    if as_json:
        print_json(constraint and asdict(constraint))
    elif constraint is None:
        print("no length demand found")
    else:
        for demand in (constraint, *constraint.extra):
            print(_read_from(demand, given))


@app.command("generate", epilog='Example:  hesui generate "给老师写一段50字以内的拜年话" --model tuned --guide')
def generate_command(
    prompt: Prompt = None,
    model: Annotated[
        str, typer.Option("--model", metavar="NAME", help="Who answers: base, an adapter or a remote.")
    ] = BASE,
    length: Length = None,
    guide: Guide = False,
    best_of: BestOf = 1,
    counter: CounterName = None,
    temperature: Temperature = DRAWN.temperature,
    top_p: TopP = DRAWN.top_p,
    seed: Seed = 0,
    max_tokens: MaxTokens = None,
    as_json: AsJson = False,
) -> None:
    """Answer a prompt with one model.

    The text goes to standard output as it is written, the verdict to standard error.
    """
    settings = read_settings()
    sampling = Sampling(temperature=temperature, top_p=top_p, max_tokens=max_tokens)
    requests = _requests(prompt, [model], length, settings, sampling=sampling, guide=guide, best_of=best_of,
                         counter=counter, seed=seed)  # fmt: skip
    router = _router(settings)
    if as_json:
        answers = collect(router, requests)
        print_json(record(answers[0], requests[0]))
    else:
        revised = guide or best_of > 1  # then text may be taken back, which a pipe cannot
        states = follow(router, requests)
        answers = [_show_last(states) if revised else _show_growing(states)]
        note(_summary(answers[0], requests[0]))
    _exit_on_failure(answers)


@app.command("compare", epilog='Example:  hesui compare "给老师写一段50字以内的拜年话" --model base --model tuned')
def compare_command(
    prompt: Prompt = None,
    model: Annotated[
        list[str] | None,
        typer.Option("--model", metavar="NAME", help="Who answers; repeat it. Default: base and the first adapter."),
    ] = None,
    length: Length = None,
    guide: Guide = False,
    best_of: BestOf = 1,
    counter: CounterName = None,
    temperature: Temperature = DRAWN.temperature,
    top_p: TopP = DRAWN.top_p,
    seed: Seed = 0,
    max_tokens: MaxTokens = None,
    as_json: AsJson = False,
) -> None:
    """Answer a prompt with several models.

    All in one batch, alike in seed, sampling and switches.
    """
    settings = read_settings()
    sampling = Sampling(temperature=temperature, top_p=top_p, max_tokens=max_tokens)
    requests = _requests(prompt, model or None, length, settings, sampling=sampling, guide=guide, best_of=best_of,
                         counter=counter, seed=seed)  # fmt: skip
    answers = collect(_router(settings), requests)
    constraint = requests[0].constraint
    if as_json:
        records = [record(answer, request) for answer, request in zip(answers, requests, strict=True)]
        print_json({"constraint": constraint and asdict(constraint), "answers": records})
    else:
        print(f"demand: {_describe(constraint) if constraint else 'none'}")
        for answer, request in zip(answers, requests, strict=True):
            print(f"\n{_summary(answer, request)}\n{answer.text}")
    _exit_on_failure(answers)


def _router(settings: Settings) -> Any:
    from hesui.models.routing import Router

    return Router(settings)


def _requests(
    prompt: str | None, models: Sequence[str] | None, length: str | None, settings: Settings, **options: Any
) -> list[Request]:
    """The requests that the options state. Raises HesuiError on what cannot be served."""
    given = read_text(prompt)
    if options["counter"] is not None:
        validate_counter(options["counter"])
    known = _router(settings).names()
    models = models or known[:2]
    validate_models(models, known)
    constraint = parse(given)
    if length is not None and given.strip():
        given, constraint = _restated(given, constraint, length)
    return build_requests(given, models, constraint, settings, **options)


def _restated(prompt: str, found: Constraint | None, length: str) -> tuple[str, Constraint]:
    """`prompt` with the demand `length` in place of the one `found`, and that demand."""
    wanted = parse(length)
    if wanted is None:
        raise InputError(
            f"--length {length!r} is no length demand; write e.g. 50字以内, 300字左右, 30-80字 or 'within 50 words'",
            "error.length_option",
            value=length,
        )
    wanted = replace(wanted, span=None, extra=())
    return write(prompt, found.span if found else None, wanted), wanted


def _show_growing(states: Iterable[Answers]) -> Answer:
    """Print the first answer as it grows; the finished answer."""
    shown, answer = "", Answer(BASE)
    for state in states:
        answer = state.rows[0]
        if not answer.text.startswith(shown):  # taken back: the terminal keeps it, the whole text follows
            print()
            shown = ""
        print(answer.text[len(shown) :], end="", flush=True)
        shown = answer.text
    print()
    return answer


def _show_last(states: Iterable[Answers]) -> Answer:
    *_, last = states
    print(last.rows[0].text)
    return last.rows[0]


def _summary(answer: Answer, request: Request) -> str:
    """One line: who, how long, whether it obeys, how it ended, what it cost."""
    if request.constraint is None:
        length = f"{count(answer.text, request.counter)} 字, no demand"
    else:
        verdict = check(answer.text, request.constraint, request.counter)
        judged = "✓ obeys" if verdict.ok else f"✗ misses by {abs(verdict.error)}"
        length = f"{verdict.count} {UNITS[request.constraint.unit]}, {judged} {_describe(request.constraint)}"
    return f"{answer.model}: {length} · {_ending(answer.end)}"


def _ending(end: End | None) -> str:
    if end is None:
        return "unfinished"
    how = ENDINGS[end.reason] + (f" ({end.note})" if end.note else "")
    return f"{how} · {end.drawn} tokens drawn in {end.seconds:.1f} s"


def _describe(constraint: Constraint) -> str:
    """A demand as symbols: "≤ 50 字"."""
    return f"{_bounds(constraint)} {UNITS[constraint.unit]}" + (
        "" if constraint.scope == "whole" else f" ({constraint.scope.replace('_', ' ')})"
    )


def _bounds(constraint: Constraint) -> str:
    band: Band = constraint.band
    match constraint.op:
        case "le":
            return f"≤ {band.high}"
        case "ge":
            return f"≥ {band.low}"
        case "eq":
            return f"= {constraint.target}"
        case "approx":
            return f"≈ {constraint.target} ({band.low} to {band.high})"
        case _:
            return f"{band.low} to {band.high}"


def _read_from(constraint: Constraint, prompt: str) -> str:
    rule: Counter = constraint.count_rule or DEFAULT_COUNTER
    source = f", read from “{prompt[slice(*constraint.span)]}”" if constraint.span else ""
    return f"{_describe(constraint)}, counted by {rule}{source}"


def _exit_on_failure(answers: Iterable[Answer]) -> None:
    failed = [answer for answer in answers if answer.end is None or answer.end.reason is EndReason.ERROR]
    for answer in failed:
        note(f"hesui: {answer.model} did not finish: {(answer.end and answer.end.note) or 'no reason given'}")
    if failed:
        raise typer.Exit(FAILED)
