"""The app as a parcel for a Space: the files that it runs on and no others, and a card that says what a visitor can do there.

Takes files by name and kind, so that whatever else lies in the checkout stays here. Starts nothing, talks to nobody.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

from hesui.publish.parcel import CARD, Item, Parcel, Sdk, file_item, parcel, require_repo, text_item
from hesui.settings import ROOT

ENTRY = "app.py"
DOCKERFILE = "Dockerfile"
FILES = (ENTRY, "LICENSE", "constraints.txt", "pyproject.toml", "requirements.txt")
FOLDERS = ("data", "hesui")
KINDS = (
    ".css", ".jinja", ".js", ".json", ".jsonl", ".md", ".npz", ".py", ".safetensors", ".svg", ".toml",
)  # fmt: skip
BARE = ("SHA256SUMS", "py.typed")  # files of no such kind
PORT = 7860  # the Dockerfile's
PYTHON = "3.12"  # the Dockerfile's, and what `make resolve` tries for a Space

_ABOUT = """
# 贺岁 hesui

Small language models that are asked for "50字以内" or "写一篇300字作文", base and tuned side by side, counted live. The models
in the box have 3 million parameters and run on a plain CPU.

## What a visitor can do here

- Compare base and tuned, and vote blind for the better answer.
- Read the leaderboard and the answers behind it.
- Review answers, under a name that is taken on trust: nobody signs in.

## What nobody can do here

Whatever trains, measures, asks a teacher, imports or deletes is refused. It is for whoever sits at the machine that the app
listens on, and on a Space nobody does. Publishing is a command, not a part of the page. The API is off, unless a secret
`HESUI_API_KEY` is set in the Space's settings; then it is for whoever has that key.

Votes and decisions are lost when the Space restarts, unless it has permanent storage and the variable `HESUI_HOME` names a folder
on it.
"""


def space_parcel(repo: str, sdk: Sdk = "docker", root: Path = ROOT) -> Parcel:
    """What publishing the app in `root` as the Space `repo` would upload.

    Raises InputError where `repo` is no owner/name, or where `root` lacks a file that a Space needs, as an installed
    package does: a Space is made from a checkout.
    """
    require_repo(repo)
    names = [*FILES, *([DOCKERFILE] if sdk == "docker" else [])]
    items = [file_item(name, root / name) for name in names]
    for folder in FOLDERS:
        items += _folder(root, folder)
    return parcel("space", "hesui", [text_item(CARD, _card(sdk)), *items], sdk)


def _folder(root: Path, name: str) -> Iterator[Item]:
    """The files below a folder that the app is made of; nothing hidden, no link, no cache."""
    for path in sorted((root / name).rglob("*")):
        inside = path.relative_to(root)
        hidden = any(part.startswith(".") or part == "__pycache__" for part in inside.parts)
        if not hidden and path.is_file() and not path.is_symlink() and (path.suffix in KINDS or path.name in BARE):
            yield file_item(inside.as_posix(), path)


def _card(sdk: Sdk) -> str:
    """README.md; its fields: https://huggingface.co/docs/hub/spaces-config-reference."""
    fields = {
        "title": "贺岁 hesui",
        "emoji": "🧧",
        "colorFrom": "red",
        "colorTo": "yellow",
        "sdk": sdk,
        **_runs_on(sdk),
        "short_description": "Small language models that obey length",
        "suggested_hardware": "cpu-basic",
        "license": "apache-2.0",
        "tags": ["hesui", "length-control"],
    }
    told = (f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in fields.items())
    return "\n".join(["---", *told, "---", _ABOUT])


def _runs_on(sdk: Sdk) -> dict[str, object]:
    """What a kind of Space has to be told; the Dockerfile has its own Python."""
    if sdk == "docker":
        return {"app_port": PORT}
    return {"sdk_version": version("gradio"), "python_version": PYTHON, "app_file": ENTRY}
