"""The data sets that a run can learn from: found in the home's datasets folder, described as HTML.

A name that comes from a page is looked up among those that were found and never becomes part of a path. Everything
from outside is escaped.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from html import escape
from pathlib import Path
from threading import Lock
from typing import NamedTuple

from hesui.corpus.splits import MANIFEST, SPLITS
from hesui.errors import HesuiError, InputError
from hesui.settings import Settings
from hesui.train.data import DataSet, Example, describe
from hesui.ui import parts
from hesui.ui.parts import Classes
from hesui.ui.render import both, say, words

OFFERED = 50  # the newest ones
MOST_CLASSES = 12  # told by name

Mark = tuple[tuple[str, int, int], ...]  # name, size and time of each file


class Refused(NamedTuple):
    """A folder that cannot be trained on, and why."""

    name: str
    error: HesuiError


class DataSets:
    """What lies in the datasets folder. A folder's files are hashed once, and again where one of them changed."""

    def __init__(self, settings: Settings) -> None:
        self.home = settings.home / "datasets"
        self._lock = Lock()
        self._known: OrderedDict[str, tuple[Mark, DataSet | HesuiError]] = OrderedDict()

    def found(self) -> list[DataSet]:
        """Those that can be trained on, the newest first."""
        return [one for one in map(self._described, self._folders()) if isinstance(one, DataSet)]

    def refused(self) -> list[Refused]:
        """Those that cannot."""
        looked = [(path.name, self._described(path)) for path in self._folders()]
        return [Refused(name, one) for name, one in looked if isinstance(one, HesuiError)]

    def require(self, name: str | None) -> DataSet:
        """The data set called `name`. Raises InputError where there is none, or where it cannot be used."""
        for path in self._folders():
            if path.name == name:
                found = self._described(path)
                if isinstance(found, HesuiError):
                    raise found
                return found
        raise InputError("choose a data set first; make one from the review, or distil some data", "train.no_data")

    def _folders(self) -> list[Path]:
        try:
            here = [path for path in self.home.iterdir() if (path / MANIFEST).is_file()]
            newest = sorted(here, key=lambda path: ((path / MANIFEST).stat().st_mtime, path.name), reverse=True)
        except OSError:
            return []
        return newest[:OFFERED]

    def _described(self, path: Path) -> DataSet | HesuiError:
        mark = _mark(path)
        with self._lock:
            known = self._known.get(path.name)
            if known is None or known[0] != mark:
                try:
                    known = (mark, describe(path))
                except HesuiError as error:
                    known = (mark, error)
                self._known[path.name] = known
                while len(self._known) > 2 * OFFERED:
                    self._known.popitem(last=False)
        return known[1]


def _mark(path: Path) -> Mark:
    try:
        files = sorted((file.name, file.stat()) for file in path.iterdir())
    except OSError:
        return ()
    return tuple((name, found.st_size, found.st_mtime_ns) for name, found in files)


def label(data: DataSet) -> str:
    """A data set in a list."""
    return f"{data.path.name} · {data.kind.upper()} · {data.rows.get('train', 0):,}"


def described(data: DataSet, classes: Classes, preview: bool) -> str:
    """Kind, rows and classes; with `preview` the first rows too."""
    rows = "".join(
        f"<li><b>{data.rows[split]:,}</b> {say(f'rvout.split.{split}')}</li>" for split in SPLITS if split in data.rows
    )
    shown = _preview(data.preview, classes) if preview and data.preview else ""
    return (
        f'<section class="tr-data"><p>{say(f"train.kind.{data.kind}")}</p><ul class="summary">{rows}</ul>'
        f"{_classes(data, classes)}{shown}</section>"
    )


def _classes(data: DataSet, classes: Classes) -> str:
    ordered = sorted(data.classes.items(), key=lambda one: (-one[1], one[0]))[:MOST_CLASSES]
    tags = "".join(f'<li class="tag">{parts.name_of(task, classes)} {n:,}</li>' for task, n in ordered)
    return f'<ul class="tr-classes">{tags}</ul>' if tags else ""


def _preview(examples: Sequence[Example], classes: Classes) -> str:
    heads = [say("table.prompt"), say("table.demand"), say("train.answer")]
    rows = ([parts.short(one.messages[-1].content), parts.wanted(one.constraint), _answers(one)] for one in examples)
    return f"<details><summary>{say('train.preview')}</summary>{parts.table(heads, rows, 'preview')}</details>"


def _answers(one: Example) -> str:
    if len(one.texts) > 1:
        return "<br>".join(f"<b>{shape}</b> {parts.short(text)}" for shape, text in zip("●○", one.texts, strict=False))
    shape = "" if one.good is None else f"<b>{'●' if one.good else '○'}</b> "
    return shape + parts.short(one.texts[0])


def none_yet(refused: Sequence[Refused]) -> str:
    """What to do where nothing can be chosen."""
    why = "".join(f"<li><code>{escape(one.name)}</code> {both(words(one.error))}</li>" for one in refused[:5])
    return f'<section class="board none">{parts.hint("train.nothing")}{f"<ul class=hint>{why}</ul>" if why else ""}</section>'
