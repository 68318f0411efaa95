"""What is to be published: files under the names they are to have, one of them the card. Talks to nobody.

A parcel carries a list of its own files, so that a later one knows what an earlier one put there.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple

import regex

from hesui.corpus.splits import written_by
from hesui.errors import InputError

Kind = Literal["model", "dataset", "space"]
Sdk = Literal["docker", "gradio"]

CARD = "README.md"
LIST = "hesui-files.json"  # what hesui put into a repository, with hashes
MADE_BY = "hesui publish"

_REPO = regex.compile(
    r"[A-Za-z0-9](?:[\w\-.]{0,94}[A-Za-z0-9])?/[A-Za-z0-9](?:[\w\-.]{0,94}[A-Za-z0-9_])?", regex.ASCII
)
_CHUNK = 1 << 20  # bytes read at once


class Mark(NamedTuple):
    """What tells one content from another, in the two ways that the Hub does."""

    sha256: str  # of a file in large file storage
    blob: str  # git's, of any other file


@dataclass(frozen=True, slots=True)
class Item:
    """One file to publish."""

    name: str  # in the repository
    origin: Path | bytes  # a file here, or the content itself
    size: int  # bytes
    mark: Mark

    def holds(self, secret: bytes) -> bool:
        """Whether its content has `secret` somewhere."""
        if isinstance(self.origin, bytes):
            return secret in self.origin
        with self.origin.open("rb") as stream:
            end = b""
            while chunk := stream.read(_CHUNK):
                if secret in end + chunk:
                    return True
                end = chunk[-len(secret) :]
        return False


@dataclass(frozen=True, slots=True)
class Parcel:
    """Everything that one repository is to hold."""

    kind: Kind
    name: str  # of the adapter, the data set or the app, for people
    items: tuple[Item, ...]
    sdk: Sdk | None = None  # what a Space runs on; None = it is no Space

    @property
    def card(self) -> str:
        """The card as it will stand in the repository."""
        return next(one.origin.decode() for one in self.items if one.name == CARD and isinstance(one.origin, bytes))

    @property
    def size(self) -> int:
        """Bytes in all."""
        return sum(one.size for one in self.items)

    def record(self) -> dict[str, Any]:
        """The plan as the command line prints it."""
        files = [{"name": one.name, "size": one.size, "sha256": one.mark.sha256} for one in self.items]
        kind = {"kind": self.kind, **({"sdk": self.sdk} if self.sdk else {})}
        return {**kind, "name": self.name, "size": self.size, "files": files, "card": self.card}


def parcel(kind: Kind, name: str, items: list[Item], sdk: Sdk | None = None) -> Parcel:
    """A parcel of these files and the list of them."""
    ordered = sorted(items, key=lambda one: (one.name != CARD, one.name))
    known = {one.name: one.mark._asdict() for one in ordered}
    told = {"made_by": MADE_BY, "version": written_by(), "files": known}
    return Parcel(kind, name, (*ordered, text_item(LIST, json.dumps(told, ensure_ascii=False, indent=1) + "\n")), sdk)


def file_item(name: str, path: Path) -> Item:
    """A file of this machine. Raises InputError where it cannot be read."""
    try:
        size = path.stat().st_size
        large, blob = hashlib.sha256(), _blob(size)
        with path.open("rb") as stream:
            while chunk := stream.read(_CHUNK):
                large.update(chunk)
                blob.update(chunk)
    except OSError as error:
        raise InputError(
            f"cannot read {path.name}: {error.strerror}", "error.file_unreadable", file=path.name, reason=error.strerror
        ) from None
    return Item(name, path, size, Mark(large.hexdigest(), blob.hexdigest()))


def text_item(name: str, text: str) -> Item:
    """A file that is made now."""
    content = text.encode()
    blob = _blob(len(content))
    blob.update(content)
    return Item(name, content, len(content), Mark(hashlib.sha256(content).hexdigest(), blob.hexdigest()))


def listed(text: str) -> Mapping[str, Mark]:
    """What a repository's list says that hesui put there; nothing where it is no such list."""
    try:
        told = json.loads(text)
        if told["made_by"] != MADE_BY:
            return {}
        return {str(name): Mark(str(one["sha256"]), str(one["blob"])) for name, one in told["files"].items()}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}


def require_repo(repo: str) -> str:
    """`repo` itself. Raises InputError unless it is an owner and a name."""
    if _REPO.fullmatch(repo) is None or "--" in repo or ".." in repo:
        raise InputError(
            f"{repo!r} names no repository; write owner/name, each of up to 96 letters, digits, -, _ or .",
            "error.publish_repo", repo=repo,
        )  # fmt: skip
    return repo


def _blob(size: int) -> Any:
    """The beginning of git's hash of a file: https://git-scm.com/book/en/v2/Git-Internals-Git-Objects."""
    return hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)
