"""Options that several commands share."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from hesui.length import COUNTERS

HELP = {"help_option_names": ["-h", "--help"]}


def group(**options: Any) -> typer.Typer:
    """A group of commands, plain in its looks."""
    return typer.Typer(rich_markup_mode=None, context_settings=HELP, **options)


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
