"""Import into the seeds, with a preview, and export of seeds or a run's answers. Knows no format's inside.

An uploaded file's own name is never used for anything; what is exported has a fixed name.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import gradio as gr

from hesui.corpus.classes import require_class
from hesui.corpus.formats import FORMATS, preview, read, require_format, write
from hesui.corpus.rows import Row
from hesui.errors import InputError
from hesui.requests import validate_prompt
from hesui.ui import parts
from hesui.ui import render as words
from hesui.ui.data import render
from hesui.ui.data.room import Room
from hesui.ui.page import html
from hesui.ui.room import QUIET, Updates, button, says
from hesui.ui.texts import TEXTS, Text, text

TITLE = "data.files"
AUTO = ""  # the format that means: recognise it
NAMES = tuple(name for name, format in FORMATS.items() if format.suffix)  # a folder is nothing to up- or download
SUFFIXES = [".jsonl", ".json", ".csv", ".tsv", ".txt"]
SOURCES = ("seeds", "run")
FIRST = 5  # rows in the preview


class Import(NamedTuple):
    """The widgets of an import."""

    file: gr.File
    task: gr.Dropdown
    format: gr.Dropdown
    source: gr.Textbox
    licence: gr.Textbox
    add: gr.Button
    shown: gr.HTML
    notice: gr.HTML


class Export(NamedTuple):
    """The widgets of an export."""

    what: gr.Radio
    format: gr.Dropdown
    make: gr.Button
    download: gr.DownloadButton
    notice: gr.HTML


def build(room: Room, tab: gr.Tab) -> None:
    """Lay out the section and wire it."""
    with gr.Row(elem_classes="split"):
        with gr.Column(min_width=300, elem_classes="desk"):
            taken = _import(room)
        with gr.Column(min_width=300, elem_classes="desk"):
            given = _export(room)
    desk = Desk(room, taken, given)
    fields = [taken.file, taken.task, taken.format, taken.source, taken.licence]
    seen = [taken.shown, taken.add, taken.notice]
    changes = [taken.file.change, taken.task.change, taken.format.change]
    gr.on(changes, desk.preview, fields, seen, trigger_mode="always_last", **QUIET)
    taken.add.click(desk.add, fields, seen, trigger_mode="once", **QUIET)
    made = [given.download, given.notice]
    given.make.click(desk.make, [given.what, given.format, room.run], made, trigger_mode="once", **QUIET)
    # A file that was made of something else is not what the buttons say any more.
    gr.on([given.what.change, given.format.change, room.run.change], desk.stale, None, made, queue=False, **QUIET)


def _import(room: Room) -> Import:
    labels = room.labels
    names = text("import.hint", formats=_listed_formats())
    html(f"<h2>{words.say('import.title')}</h2><p class='hint'>{words.both(names)}</p>")
    file = labels.make(gr.File, says("import.file"), height=120, elem_id="import-file")
    choices = room.class_choices()
    with gr.Row(elem_classes="fields"):
        task = labels.make(
            gr.Dropdown, lambda t: {"label": t("import.class"), "choices": choices(t)},
            value=next(iter(room.named), None), filterable=False, elem_id="import-class", min_width=150,
        )  # fmt: skip
        format = labels.make(
            gr.Dropdown,
            lambda t: {"label": t("import.format"),
                       "choices": [(t("import.auto"), AUTO), *((t(f"format.{name}"), name) for name in NAMES)]},
            value=AUTO, filterable=False, elem_id="import-format", min_width=150,
        )  # fmt: skip
    with gr.Row(elem_classes="fields"):
        source = labels.make(gr.Textbox, says("import.source"), elem_id="import-source", min_width=150)
        licence = labels.make(gr.Textbox, says("import.licence"), elem_id="import-licence", min_width=150)
    notice = html(elem_id="import-notice", elem_classes="notice")
    shown = html(elem_id="import-preview")
    with gr.Row(elem_classes="actions"):
        add = labels.make(gr.Button, button("import.add"), variant="primary", interactive=False, elem_id="import-add")
    return Import(file, task, format, source, licence, add, shown, notice)


def _listed_formats() -> Text:
    names = [text(f"format.{name}") for name in NAMES]
    return Text("、".join(name.zh for name in names), ", ".join(name.en for name in names))


def _export(room: Room) -> Export:
    labels = room.labels
    html(f"<h2>{words.say('export.title')}</h2>{parts.hint('export.hint')}")
    what = labels.make(
        gr.Radio,
        lambda t: {"label": t("export.what"), "choices": [(t(f"source.{name}"), name) for name in SOURCES]},
        value=SOURCES[0], elem_id="export-what", elem_classes="choice",
    )  # fmt: skip
    format = labels.make(
        gr.Dropdown,
        lambda t: {"label": t("import.format"), "choices": [(t(f"format.{name}"), name) for name in NAMES]},
        value=NAMES[0], filterable=False, elem_id="export-format",
    )  # fmt: skip
    notice = html(elem_id="export-notice", elem_classes="notice")
    with gr.Row(elem_classes="actions"):
        make = labels.make(gr.Button, button("export.make"), variant="primary", elem_id="export-make")
        download = labels.make(gr.DownloadButton, says("export.download"), interactive=False, elem_id="export-download")
    return Export(what, format, make, download, notice)


class Desk:
    """The callbacks."""

    def __init__(self, room: Room, taken: Import, given: Export) -> None:
        self._room = room
        self._in = taken
        self._out = given

    def preview(
        self, request: gr.Request, file: str | None, task: str | None, format: str, source: str, licence: str
    ) -> Updates:
        """The first rows of the uploaded file."""
        if file is None:
            return {self._in.shown: "", self._in.add: gr.update(interactive=False)}
        return self._room.change(request, self._in.notice, lambda: self._previewed(file, task, format, source, licence))

    def add(
        self, request: gr.Request, file: str | None, task: str | None, format: str, source: str, licence: str
    ) -> Iterator[Updates]:
        """Put the file's rows among the seeds."""
        yield from self._room.slowly(
            self._in.notice, "data.working", lambda: self._added(file, task, format, source, licence), request
        )

    def make(self, request: gr.Request, what: str, format: str, run: str | None) -> Iterator[Updates]:
        """Write what is to be exported into a file that can be downloaded."""
        yield from self._room.slowly(self._out.notice, "data.working", lambda: self._made(what, format, run), request)

    def stale(self) -> Updates:
        """Nothing to download."""
        return {self._out.download: gr.update(value=None, interactive=False), self._out.notice: ""}

    def _previewed(self, file: str, task: str | None, format: str, source: str, licence: str) -> Updates:
        with unnamed(file) as path:
            found = preview(path, self._task(task), format or None, limit=FIRST, source=source, licence=licence)
        problem = words.note("import.problem", "problem", reason=words.words(found.problem)) if found.problem else ""
        shown = ""
        if found.rows:
            told = words.say("import.preview", format=_named(found.format), n=len(found.rows))
            shown = f"<h3>{told}</h3>{render.preview(found.rows, self._room.classes())}"
        return {self._in.shown: problem + shown, self._in.add: gr.update(interactive=bool(found.rows))}

    def _added(self, file: str | None, task: str | None, format: str, source: str, licence: str) -> Updates:
        from hesui.corpus.seeds import add_seeds

        if file is None:
            raise InputError("choose a file first", "import.none")
        with unnamed(file) as path:
            rows = list(read(path, self._task(task), format or None, source=source, licence=licence))
        good, bad = self._sorted(rows)
        with self._room.writing:
            new = add_seeds(good, self._room.settings)
        note = words.note("import.added", new=new, all=len(rows))
        if bad:
            note += words.note("import.skipped", "problem", n=len(bad), reason=words.words(bad[0]))
        return {self._in.notice: note, self._in.shown: "", self._in.add: gr.update(interactive=False)}

    def _sorted(self, rows: Iterable[Row]) -> tuple[list[Row], list[InputError]]:
        """The rows that can be seeds, and what is wrong with the others."""
        good: list[Row] = []
        bad: list[InputError] = []
        classes = self._room.classes()
        for row in rows:
            try:
                kind = require_class(row.task, classes)
                if kind.kind == "answer":
                    validate_prompt(row.prompt, self._room.settings)
                if kind.needs_demand and row.constraint is None:
                    raise InputError(
                        f"class {kind.id!r} needs a length demand and the prompt states none", "problem.no_demand",
                        name=parts.words_of(kind.id, classes),
                    )  # fmt: skip
                good.append(replace(row, family=""))
            except InputError as error:
                bad.append(error)
        return good, bad

    def _task(self, task: str | None) -> str:
        return require_class(task or "", self._room.classes()).id

    def _made(self, what: str, format: str, run: str | None) -> Updates:
        chosen = require_format(format)
        if chosen.name not in NAMES:
            raise InputError(
                f"the format {format!r} is no file", "error.format_unknown", name=format, known=", ".join(NAMES)
            )
        kind = what if what in SOURCES else SOURCES[0]
        with tempfile.TemporaryDirectory(prefix="hesui-export-") as place:
            path = Path(place) / f"hesui-{kind}-{chosen.name}{chosen.suffix}"
            n = write(self._rows(kind, run), path, chosen.name)
            value = served_file(path, self._out.download)
        return {
            self._out.download: gr.update(value=value, interactive=True),
            self._out.notice: words.note("export.made", n=n),
        }

    def _rows(self, kind: str, run: str | None) -> Iterable[Row]:
        from hesui.corpus.seeds import load_seeds
        from hesui.distil.harvest import training_rows
        from hesui.distil.jobs import require_view

        if kind == "run":
            return training_rows(self._room.store(), require_view(self._room.store(), run).run.id, self._room.classes())
        return load_seeds(self._room.settings)


def _named(format: str | None) -> Text:
    key = f"format.{format}"
    return text(key) if key in TEXTS else Text(format or "?", format or "?")


def served_file(path: Path, button: gr.DownloadButton) -> Any:
    """A file that the page may serve: Gradio serves those of its own folder alone."""
    from gradio.processing_utils import save_file_to_cache

    return save_file_to_cache(path, button.GRADIO_CACHE)


@contextmanager
def unnamed(file: str) -> Iterator[Path]:
    """An uploaded file under a name of ours: its own may say anything, and errors would repeat it."""
    suffix = Path(file).suffix.lower()
    with tempfile.TemporaryDirectory(prefix="hesui-import-") as folder:
        path = Path(folder) / f"upload{suffix if suffix in SUFFIXES else ''}"
        path.symlink_to(file)
        yield path
