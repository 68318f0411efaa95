"""SHA-256 of a folder's files in a SHA256SUMS beside them, as `sha256sum -c` reads it; knows no file's meaning."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import NamedTuple

SUMS = "SHA256SUMS"


class Mismatch(NamedTuple):
    """A file that is not as it was listed."""

    name: str  # relative to the folder
    missing: bool  # else: its content differs


def write(folder: Path) -> None:
    """List every file under `folder` but for the list itself; the order is stable."""
    names = sorted(file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file())
    lines = [f"{digest(folder / name)}  {name}\n" for name in names if name != SUMS]
    (folder / SUMS).write_text("".join(lines), encoding="utf-8")


def verify(folder: Path) -> list[Mismatch]:
    """The listed files that are missing or differ. Raises FileNotFoundError where there is no list."""
    found = []
    for line in (folder / SUMS).read_text(encoding="utf-8").splitlines():
        expected, _, name = line.partition("  ")
        file = folder / name
        if not file.is_file():
            found.append(Mismatch(name, missing=True))
        elif digest(file) != expected:
            found.append(Mismatch(name, missing=False))
    return found


def digest(file: Path) -> str:
    """The SHA-256 of `file` in hexadecimal."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
