"""Commands that publish adapters, data sets and the app to the Hugging Face Hub. No option takes a token."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from hesui.cli.options import AsJson, group
from hesui.console import note, print_json, read_settings

if TYPE_CHECKING:
    from hesui.publish.hub import Published
    from hesui.publish.parcel import Parcel

To = Annotated[str, typer.Option("--to", metavar="OWNER/NAME", help="The repository; made where there is none.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show files and card, ask and upload nothing.")]
Public = Annotated[bool, typer.Option("--public", help="For everyone to read. Default: a private repository.")]
Overwrite = Annotated[
    bool, typer.Option("--overwrite", help="Replace files there that hesui did not write, or that were changed since.")
]
Licence = Annotated[
    str, typer.Option("--licence", metavar="ID", help="The Hub's name of a licence, as apache-2.0 or cc-by-4.0.")
]

app = group(no_args_is_help=True)


@app.command("adapter", epilog="Example:  hesui publish adapter tuned --to me/greetings --dry-run")
def adapter_command(
    name: Annotated[str, typer.Argument(metavar="NAME", help="An adapter, as hesui models list names it.")],
    to: To,
    dry_run: DryRun = False,
    public: Public = False,
    overwrite: Overwrite = False,
    licence: Licence = "",
    as_json: AsJson = False,
) -> None:
    """Publish an adapter with its tokenizer and a card that claims only what was measured."""
    from hesui.publish.adapter import adapter_parcel

    parcel = adapter_parcel(read_settings(), name, to, licence)
    _carry(parcel, to, dry_run, public, overwrite, as_json)


@app.command("dataset", epilog="Example:  hesui publish dataset home/datasets/mine --to me/greetings-data")
def dataset_command(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", file_okay=False, help="What hesui review export or corpus split wrote.")
    ],
    to: To,
    dry_run: DryRun = False,
    public: Public = False,
    overwrite: Overwrite = False,
    licence: Licence = "",
    as_json: AsJson = False,
) -> None:
    """Publish a data set with its splits, its card and what its rows rest on."""
    from hesui.publish.dataset import dataset_parcel

    parcel = dataset_parcel(folder, to, licence)
    _carry(parcel, to, dry_run, public, overwrite, as_json)


@app.command("space", epilog="Example:  hesui publish space --to me/greetings --sdk docker --dry-run")
def space_command(
    to: To,
    sdk: Annotated[Literal["docker", "gradio"], typer.Option("--sdk", help="What the Space runs on.")] = "docker",
    dry_run: DryRun = False,
    public: Public = False,
    overwrite: Overwrite = False,
    no_check: Annotated[bool, typer.Option("--no-check", help="Upload without starting the app here first.")] = False,
    as_json: AsJson = False,
) -> None:
    """Publish the app as a Space, once it has started here from the same files."""
    from hesui.publish.space import space_parcel

    parcel = space_parcel(to, sdk)
    if not dry_run and not no_check:
        from hesui.publish.trial import check

        note("starting the app from the files that are to be uploaded")
        check(parcel, _titles())
    _carry(parcel, to, dry_run, public, overwrite, as_json)


def _titles() -> list[str]:
    """What the tabs of the page are called when it comes."""
    from hesui.ui.labels import FIRST
    from hesui.ui.shell import TABS
    from hesui.ui.texts import TEXTS

    return [str(getattr(TEXTS[tab.TITLE], FIRST)) for tab in TABS]


def _carry(parcel: Parcel, to: str, dry_run: bool, public: bool, overwrite: bool, as_json: bool) -> None:
    if dry_run:
        plan = {"repo": to, "private": not public, **parcel.record()}
        print_json(plan) if as_json else print(_planned(parcel, to, public))
        return
    from hesui.publish.hub import publish

    done = publish(parcel, to, public=public, overwrite=overwrite)
    print_json(done.record()) if as_json else print(_told(done))
    if public and done.private:
        note("the repository was there before and stays private; its page on the Hub can change that")


def _planned(parcel: Parcel, to: str, public: bool) -> str:
    lines = [f"{to}: a {parcel.kind}, {'public' if public else 'private'} where it is new; {parcel.size:,} bytes"]
    lines += [f"{one.size:>14,}  {one.name}" for one in parcel.items]
    return "\n".join([*lines, "", parcel.card])


def _told(done: Published) -> str:
    told = f"{len(done.uploaded)} files uploaded" if done.commit else "nothing had changed"
    lines = [
        f"{done.url} ({'private' if done.private else 'public'}): {told}, {len(done.unchanged)} were there already"
    ]
    lines += [f"  removed, an earlier one of hesui's: {name}" for name in done.removed]
    return "\n".join(lines)
