"""Every stage as a command; a command reads its options, calls the domain and prints what comes back.

Heavy parts load inside the command that needs them, so that the others start at once.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated

import typer

from hesui.cli import (
    answering,
    arena,
    corpus,
    distil,
    evaluate,
    evaluate_judge,
    evaluate_labels,
    models,
    publish,
    review,
    train,
    train_sweep,
)
from hesui.cli.options import HELP, AsJson
from hesui.console import FAILED, guarded, print_json, read_settings

app = typer.Typer(
    name="hesui",
    help="Make small language models obey length demands. Every command takes --help; results go to standard "
    "output, notes to standard error; bad input ends with exit code 2.",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings=HELP,
)
app.add_typer(answering.app)
app.add_typer(corpus.app, name="corpus", help="Look over, check, split, import and export prompts and answers.")
app.add_typer(distil.app, name="distil", help="Make prompts and answers with a teacher, kept within their length.")
app.add_typer(review.app, name="review", help="Fill the review queue, look it over, take data sets out of it.")
app.add_typer(train.app, name="train", help="Train on a data set, watch it, open what came out in Compare.")
train.app.add_typer(train_sweep.app, name="sweep", help="Try a few settings on part of a data set.")
app.add_typer(evaluate.app, name="evaluate", help="Measure how well models obey length, and what it costs.")
evaluate.app.add_typer(evaluate_judge.app)
evaluate.app.add_typer(evaluate_labels.app)
evaluate.app.command("arena", epilog=arena.EPILOG)(arena.arena_command)
app.command("leaderboard", epilog="Example:  hesui leaderboard --counter han --json")(evaluate.leaderboard_command)
app.add_typer(publish.app, name="publish", help="Publish adapters, data sets and the app to the Hugging Face Hub.")
app.add_typer(models.app, name="models", help="List the models, merge an adapter, build the embedded ones.")


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


@app.command("app", epilog="Example:  hesui app --port 8080")
def app_command(
    host: Annotated[str | None, typer.Option("--host", help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option("--port", min=0, max=65535, help="Port; 0 = any free one.")] = None,
) -> None:
    """Open the page: base and tuned side by side."""
    chosen = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    settings = read_settings().model_copy(update=chosen)
    from hesui.models.routing import Router
    from hesui.ui.shell import serve

    router = Router(settings)
    serve(settings, router, router.names)


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


def _version() -> str:
    try:
        return version("hesui")
    except PackageNotFoundError:  # run from a checkout, where only the requirements are installed
        return "(not installed)"
