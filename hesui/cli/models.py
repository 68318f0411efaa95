"""Commands that list the models, merge an adapter into its base, and build the embedded ones."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hesui.cli.options import AsJson, group
from hesui.console import print_json, read_settings
from hesui.records import BASE
from hesui.settings import TINY

app = group()


@app.command("list", epilog="Example:  hesui models list --json")
def models_list_command(as_json: AsJson = False) -> None:
    """The models that a request may name: the base, the adapters, then those behind servers."""
    from hesui.models.routing import Router

    settings = read_settings()
    registry = Router(settings).local.registry
    rows = [(BASE, registry.base().location)]
    rows += [(name, str(source.folder)) for name, source in registry.adapters().items()]
    rows += [(name, f"{remote.model} at {remote.url}") for name, remote in settings.remotes.items()]
    if as_json:
        print_json([{"model": name, "location": location} for name, location in rows])
    else:
        print("\n".join(f"{name:<20}{location}" for name, location in rows))


@app.command("merge", epilog="Example:  hesui models merge tuned --out build/merged")
def merge_command(
    source: Annotated[str, typer.Argument(metavar="ADAPTER_OR_RUN", help="An adapter's name or a run's id.")],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", file_okay=False, help="A folder that is to be made.")],
    as_json: AsJson = False,
) -> None:
    """Write base and adapter as one model in float32, which HESUI_BASE_MODEL=DIR loads."""
    from hesui.train.merging import merge

    folder = merge(read_settings(), source, out)
    if as_json:
        print_json({"source": source, "location": str(folder)})
    else:
        print(f"{source} is merged; use it with: HESUI_BASE_MODEL={folder}")


@app.command("build-tiny", epilog="Example:  hesui models build-tiny --quick --out build/tiny")
def build_tiny_command(
    out: Annotated[Path, typer.Option("--out", file_okay=False, help="Folder to write base and adapter to.")] = TINY,
    quick: Annotated[bool, typer.Option("--quick", help="Minutes instead of an hour, to try the recipe.")] = False,
) -> None:
    """Train the embedded base and its adapter from nothing."""
    from hesui.models.tiny import build

    build(out, quick=quick)
