"""Commands that list the models and build the embedded ones."""

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
    """The models that a request may name: the base, then the adapters."""
    from hesui.models.registry import Registry

    registry = Registry(read_settings())
    base = registry.base()
    rows = [(BASE, base.location), *((name, str(source.folder)) for name, source in registry.adapters().items())]
    if as_json:
        print_json([{"model": name, "location": location} for name, location in rows])
    else:
        print("\n".join(f"{name:<20}{location}" for name, location in rows))


@app.command("build-tiny", epilog="Example:  hesui models build-tiny --quick --out build/tiny")
def build_tiny_command(
    out: Annotated[Path, typer.Option("--out", file_okay=False, help="Folder to write base and adapter to.")] = TINY,
    quick: Annotated[bool, typer.Option("--quick", help="Minutes instead of an hour, to try the recipe.")] = False,
) -> None:
    """Train the embedded base and its adapter from nothing."""
    from hesui.models.tiny import build

    build(out, quick=quick)
