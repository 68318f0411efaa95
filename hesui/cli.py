"""Every stage as a command; a command reads its options, calls the domain and prints what comes back.

Heavy parts load inside the command that needs them, so that the others start at once.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated, Any

import typer

from hesui.answers import Answer, Answers, collect, follow
from hesui.console import FAILED, guarded, note, print_json, read_settings, read_text
from hesui.errors import InputError
from hesui.length import COUNTERS, DEFAULT_COUNTER, Band, Constraint, Counter, check, count, parse
from hesui.records import BASE, End, EndReason, Request, Sampling
from hesui.requests import build_requests, validate_counter, validate_models
from hesui.settings import TINY, Settings

UNITS = {"char": "字", "word": "words", "sentence": "sentences", "line": "lines", "paragraph": "paragraphs"}
ENDINGS = {
    EndReason.END: "complete",
    EndReason.LIMIT: "cut at the token limit",
    EndReason.TIME: "cut at the time limit",
    EndReason.CANCELLED: "cancelled",
    EndReason.ERROR: "failed",
}

HELP = {"help_option_names": ["-h", "--help"]}

app = typer.Typer(
    name="hesui",
    help="Make small language models obey length demands. Every command takes --help; results go to standard "
    "output, notes to standard error; bad input ends with exit code 2.",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings=HELP,
)
models_app = typer.Typer(rich_markup_mode=None, context_settings=HELP)
app.add_typer(models_app, name="models", help="List the models, build the embedded ones.")

Text = Annotated[str | None, typer.Argument(metavar="TEXT", help='Text; "-" or nothing reads a pipe.')]
Prompt = Annotated[str | None, typer.Argument(metavar="PROMPT", help='Prompt; "-" or nothing reads a pipe.')]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document for machines.")]
CounterName = Annotated[
    str | None,
    typer.Option("--counter", metavar="RULE", help=f"Counting rule: {', '.join(COUNTERS)}."),
]
Length = Annotated[
    str | None,
    typer.Option("--length", metavar="DEMAND", help='Demand to use instead of the prompt\'s, e.g. "50字以内".'),
]
Guide = Annotated[bool, typer.Option("--guide", help="Steer decoding to the demanded length.")]
BestOf = Annotated[int, typer.Option("--best-of", metavar="N", help="Draw N candidates, keep the nearest.")]
Temperature = Annotated[float, typer.Option("--temperature", metavar="T", help="0 = greedy.")]
TopP = Annotated[float, typer.Option("--top-p", metavar="P", help="Nucleus mass.")]
Seed = Annotated[int, typer.Option("--seed", metavar="N", help="Same seed, same answer.")]
MaxTokens = Annotated[
    int | None,
    typer.Option("--max-tokens", metavar="N", help="Token limit; derived from the demand where left out."),
]
DRAWN = Sampling()


def main() -> None:
    """The entry of the script `hesui` and of `python -m hesui`."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run one command line; the exit code."""
    command = typer.main.get_command(app)
    return guarded(lambda: command.main(args=list(arguments), prog_name="hesui", standalone_mode=False))


@app.callback(invoke_without_command=True)
def _root(
    context: typer.Context,
    show_version: Annotated[bool, typer.Option("--version", help="Print the version.", is_eager=True)] = False,
) -> None:
    if show_version:
        print(f"hesui {_version()}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        print(context.get_help())


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
    model: Annotated[str, typer.Option("--model", metavar="NAME", help="Who answers: base or an adapter.")] = BASE,
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
    engine = _engine(settings)
    if as_json:
        answers = collect(engine, requests)
        print_json(_record(answers[0], requests[0]))
    else:
        revised = guide or best_of > 1  # then text may be taken back, which a pipe cannot
        states = follow(engine, requests)
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
    answers = collect(_engine(settings), requests)
    constraint = requests[0].constraint
    if as_json:
        records = [_record(answer, request) for answer, request in zip(answers, requests, strict=True)]
        print_json({"constraint": constraint and asdict(constraint), "answers": records})
    else:
        print(f"demand: {_describe(constraint) if constraint else 'none'}")
        for answer, request in zip(answers, requests, strict=True):
            print(f"\n{_summary(answer, request)}\n{answer.text}")
    _exit_on_failure(answers)


@app.command("app", epilog="Example:  hesui app --port 8080")
def app_command(
    host: Annotated[str | None, typer.Option("--host", help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option("--port", min=0, max=65535, help="Port; 0 = any free one.")] = None,
) -> None:
    """Open the page: base and tuned side by side."""
    chosen = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    settings = read_settings().model_copy(update=chosen)
    from hesui.ui.shell import serve

    engine = _engine(settings)
    serve(settings, engine, engine.registry.names)


@app.command("doctor", epilog="Example:  hesui doctor --json")
def doctor_command(as_json: AsJson = False) -> None:
    """Look over this installation.

    Versions, device, model files, settings, and what to do about what is wrong; exit code 1 where something is.
    """
    from hesui.doctor import examine

    report = examine(read_settings())
    if as_json:
        print_json(asdict(report))
    else:
        print(report)
    if any(finding.level == "error" for finding in report.findings):
        raise typer.Exit(FAILED)


@models_app.command("list", epilog="Example:  hesui models list --json")
def models_list_command(as_json: AsJson = False) -> None:
    """The models that a request may name: the base, then the adapters."""
    from hesui.models.registry import Registry

    registry = Registry(read_settings())
    base = registry.base()
    rows = [(BASE, base.location), *((name, str(source.folder)) for name, source in registry.adapters().items())]
    if as_json:
        print_json([{"model": name, "location": location} for name, location in rows])
    else:
        print("\n".join(f"{name:<20}{location}" for name, location in rows))


@models_app.command("build-tiny", epilog="Example:  hesui models build-tiny --quick --out build/tiny")
def build_tiny_command(
    out: Annotated[Path, typer.Option("--out", file_okay=False, help="Folder to write base and adapter to.")] = TINY,
    quick: Annotated[bool, typer.Option("--quick", help="Minutes instead of an hour, to try the recipe.")] = False,
) -> None:
    """Train the embedded base and its adapter from nothing."""
    from hesui.models.tiny import build

    build(out, quick=quick)


def _version() -> str:
    try:
        return version("hesui")
    except PackageNotFoundError:  # run from a checkout, where only the requirements are installed
        return "(not installed)"


def _engine(settings: Settings) -> Any:
    from hesui.models.engine import Engine

    return Engine(settings)


def _requests(
    prompt: str | None, models: Sequence[str] | None, length: str | None, settings: Settings, **options: Any
) -> list[Request]:
    """The requests that the options state. Raises HesuiError on what cannot be served."""
    from hesui.models.registry import Registry

    given = read_text(prompt)
    if options["counter"] is not None:
        validate_counter(options["counter"])
    known = Registry(settings).names()
    models = models or known[:2]
    validate_models(models, known)
    constraint = parse(given)
    if length is not None and given.strip():
        given, constraint = _restated(given, constraint, length)
    return build_requests(given, models, constraint, settings, **options)


def _restated(prompt: str, found: Constraint | None, length: str) -> tuple[str, Constraint]:
    """`prompt` with the demand `length` in place of the one `found`, and that demand."""
    from hesui.ui.demand import write  # pure text, loads no Gradio

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


def _record(answer: Answer, request: Request) -> dict[str, object]:
    """One answer as the JSON output has it; `ok` is null where nothing is demanded."""
    verdict = request.constraint and check(answer.text, request.constraint, request.counter)
    return {
        "model": answer.model,
        "text": answer.text,
        "count": verdict.count if verdict else count(answer.text, request.counter),
        "ok": verdict.ok if verdict else None,
        "end_reason": answer.end and answer.end.reason.value,
    }


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
