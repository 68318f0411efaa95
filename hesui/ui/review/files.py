"""Data sets out of the queue, files and a distillation's answers into it: for owners. Knows no format's inside.

An uploaded file's own name is never used for anything; what is exported has a fixed name.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from functools import partial
from html import escape
from pathlib import Path
from typing import Any, NamedTuple

import gradio as gr

from hesui.corpus.classes import require_class
from hesui.corpus.rows import constraint_of
from hesui.distil import jobs
from hesui.errors import InputError
from hesui.review.candidates import run_items
from hesui.review.exporting import Exported, export
from hesui.review.imported import ANSWER_COLUMNS, LABEL_COLUMNS, Plan
from hesui.review.importing import BadRow, Preview, Report, import_file, preview, read_candidates
from hesui.review.lessons import KINDS
from hesui.review.records import formats_of
from hesui.store.distilling import DistilStore
from hesui.ui import parts, render
from hesui.ui.data.files import AUTO, NAMES, served_file, unnamed
from hesui.ui.page import html
from hesui.ui.render import say
from hesui.ui.review.room import Room
from hesui.ui.room import QUIET, Updates, button, says, unchecked_dropdown
from hesui.ui.texts import TEXTS

TITLE = "review.files"
MAPPED = ("prompt", "completion", "text", "label", "class")  # columns that a table may be told to have
SHOWN = 50  # bad rows in the report


class Out(NamedTuple):
    """The widgets of an export."""

    kind: gr.Radio
    format: gr.Dropdown
    demo: gr.Checkbox
    make: gr.Button
    download: gr.DownloadButton
    shown: gr.HTML
    notice: gr.HTML


class In(NamedTuple):
    """The widgets of an import."""

    file: gr.File
    task: gr.Dropdown
    format: gr.Dropdown
    name: gr.Textbox
    licence: gr.Textbox
    gold: gr.Checkbox
    mapping: gr.Row
    columns: tuple[gr.Dropdown, ...]  # in the order of MAPPED
    add: gr.Button
    rejected: gr.DownloadButton
    shown: gr.HTML
    notice: gr.HTML

    @property
    def fields(self) -> list[Any]:
        """What a callback reads."""
        return [self.file, self.task, self.format, self.name, self.licence, self.gold, *self.columns]


class Runs(NamedTuple):
    """The widgets that take in a distillation."""

    run: gr.Dropdown
    negatives: gr.Checkbox
    add: gr.Button
    notice: gr.HTML


def build(room: Room, tab: gr.Tab) -> None:
    """Lay out the section and wire it."""
    rights = html(elem_id="rv-files-rights", elem_classes="notice")
    with gr.Row(elem_classes="split"):
        with gr.Column(min_width=300, elem_classes="desk"):
            out = _export(room)
        with gr.Column(min_width=300):
            with gr.Column(elem_classes="desk"):
                taken = _import(room)
            with gr.Column(elem_classes="desk"):
                runs = _runs(room)
    desk = Desk(room, out, taken, runs, rights)
    tab.select(desk.come, None, [rights, runs.run, out.demo], **QUIET)
    kinds = [out.format, out.download, out.shown, out.notice]
    out.kind.change(desk.chosen, out.kind, kinds, **QUIET)
    gr.on([out.format.change, out.demo.change], desk.stale, None, kinds[1:], queue=False, **QUIET)
    made = [out.download, out.shown, out.notice]
    out.make.click(desk.make, [out.kind, out.format, out.demo], made, trigger_mode="once", **QUIET)
    seen = [taken.shown, taken.add, taken.rejected, taken.notice]
    choices = [taken.mapping, *taken.columns]
    gr.on([taken.file.change, taken.task.change], desk.uploaded, taken.fields, [*seen, *choices], **QUIET)
    changes = [taken.format.change, taken.gold.change, *(column.input for column in taken.columns)]
    gr.on(changes, desk.look, taken.fields, seen, trigger_mode="always_last", **QUIET)
    taken.add.click(desk.add, taken.fields, seen, trigger_mode="once", **QUIET)
    runs.add.click(desk.add_run, [runs.run, runs.negatives], runs.notice, trigger_mode="once", **QUIET)


def _export(room: Room) -> Out:
    labels = room.labels
    html(f"<h2>{say('rvout.title')}</h2>{parts.hint('rvout.hint')}")
    kind = labels.make(
        gr.Radio, lambda t: {"label": t("rvout.kind"), "choices": [(t(f"rvout.kind.{one}"), one) for one in KINDS]},
        value=KINDS[0], elem_id="rvout-kind", elem_classes="choice",
    )  # fmt: skip
    names = formats_of(KINDS[0])
    format = labels.make(  # its choices follow the kind, so a switch of language must leave them
        unchecked_dropdown, says("import.format"), choices=_named(names), value=names[0], filterable=False,
        elem_id="rvout-format",
    )  # fmt: skip
    demo = labels.make(gr.Checkbox, says("rvout.demo", info="rvout.demo.info"), value=False, elem_id="rvout-demo")
    notice = html(elem_id="rvout-notice", elem_classes="notice")
    shown = html(elem_id="rvout-shown")
    with gr.Row(elem_classes="actions"):
        make = labels.make(gr.Button, button("rvout.make"), variant="primary", elem_id="rvout-make")
        download = labels.make(gr.DownloadButton, says("export.download"), interactive=False, elem_id="rvout-download")
    return Out(kind, format, demo, make, download, shown, notice)


def _named(formats: Sequence[str]) -> list[tuple[str, str]]:
    return [(TEXTS[f"format.{name}"].en, name) for name in formats]


def _import(room: Room) -> In:
    labels = room.labels
    choices = room.class_choices()
    html(f"<h2>{say('rvin.title')}</h2>{parts.hint('rvin.hint')}")
    file = labels.make(gr.File, says("import.file"), height=120, elem_id="rvin-file")
    with gr.Row(elem_classes="fields"):
        task = labels.make(
            gr.Dropdown, lambda t: {"label": t("import.class"), "choices": choices(t)},
            value=next(iter(room.named), None), filterable=False, elem_id="rvin-class", min_width=150,
        )  # fmt: skip
        format = labels.make(
            gr.Dropdown,
            lambda t: {"label": t("import.format"),
                       "choices": [(t("import.auto"), AUTO), *((t(f"format.{name}"), name) for name in NAMES)]},
            value=AUTO, filterable=False, elem_id="rvin-format", min_width=150,
        )  # fmt: skip
    with gr.Row(elem_classes="fields"):
        name = labels.make(gr.Textbox, says("rvin.name"), max_lines=1, elem_id="rvin-name", min_width=150)
        licence = labels.make(gr.Textbox, says("import.licence"), max_lines=1, elem_id="rvin-licence", min_width=150)
    with gr.Row(elem_classes="fields", visible=False, elem_id="rvin-mapping") as mapping:
        columns = tuple(
            labels.make(
                unchecked_dropdown,
                says(f"rvin.column.{one}"),
                choices=[],
                value=None,
                filterable=False,
                elem_id=f"rvin-column-{one}",
                min_width=120,
            )
            for one in MAPPED
        )
    gold = labels.make(gr.Checkbox, says("rvin.gold", info="rvin.gold.info"), value=False, elem_id="rvin-gold")
    notice = html(elem_id="rvin-notice", elem_classes="notice")
    shown = html(elem_id="rvin-shown")
    with gr.Row(elem_classes="actions"):
        add = labels.make(gr.Button, button("rvin.add"), variant="primary", interactive=False, elem_id="rvin-add")
        rejected = labels.make(gr.DownloadButton, says("rvin.rejected"), interactive=False, elem_id="rvin-rejected")
    return In(file, task, format, name, licence, gold, mapping, columns, add, rejected, shown, notice)


def _runs(room: Room) -> Runs:
    labels = room.labels
    html(f"<h2>{say('rvrun.title')}</h2>{parts.hint('rvrun.hint')}")
    run = labels.make(
        unchecked_dropdown, says("data.run"), choices=[], value=None, filterable=False, elem_id="rvrun-run"
    )
    negatives = labels.make(gr.Checkbox, says("rvrun.negatives"), value=False, elem_id="rvrun-negatives")
    notice = html(elem_id="rvrun-notice", elem_classes="notice")
    with gr.Row(elem_classes="actions"):
        add = labels.make(gr.Button, button("rvrun.add"), variant="primary", elem_id="rvrun-add")
    return Runs(run, negatives, add, notice)


class Desk:
    """The callbacks."""

    def __init__(self, room: Room, out: Out, taken: In, runs: Runs, rights: gr.HTML) -> None:
        self._room = room
        self._rights = rights
        self._out = out
        self._in = taken
        self._runs = runs

    def come(self, request: gr.Request) -> Updates:
        """What there is to choose from now."""
        return self._room.change(request, self._rights, self._choices)

    def chosen(self, kind: str) -> Updates:
        """The formats of another kind of data set."""
        names = formats_of(kind if kind in KINDS else KINDS[0])
        update = gr.update(choices=_named(names), value=names[0])
        return {self._out.format: update} | self.stale()

    def stale(self) -> Updates:
        """Nothing to download: what was made is of something else."""
        out = self._out
        return {out.download: gr.update(value=None, interactive=False), out.shown: "", out.notice: ""}

    def make(self, request: gr.Request, kind: str, format: str, demo: bool) -> Iterator[Updates]:
        """Write a data set into one file that can be downloaded."""
        work = partial(self._made, kind, format, demo)
        yield from self._room.slowly(self._out.notice, "data.working", work, request)

    def uploaded(self, request: gr.Request, *fields: Any) -> Updates:
        """The first rows of another file, its columns to choose from."""
        return self._room.change(request, self._in.notice, partial(self._looked, fields, True))

    def look(self, request: gr.Request, *fields: Any) -> Updates:
        """The first rows of the file, read in another way."""
        return self._room.change(request, self._in.notice, partial(self._looked, fields, False))

    def add(self, request: gr.Request, *fields: Any) -> Iterator[Updates]:
        """Put the file's rows into the queue."""
        work = partial(self._added, fields)
        yield from self._room.slowly(self._in.notice, "data.working", work, request)

    def add_run(self, request: gr.Request, run: str | None, negatives: bool) -> Iterator[Updates]:
        """Put the answers of a distillation into the queue."""
        work = partial(self._taken, run, negatives)
        yield from self._room.slowly(self._runs.notice, "data.working", work, request)

    def _choices(self) -> Updates:
        ids = [run.id for run in jobs.runs(DistilStore(self._room.page.database()))]
        run = gr.update(choices=ids, value=ids[0] if ids else None)
        return {self._runs.run: run, self._out.demo: gr.update(value=self._room.desk().only_demo())}

    def _made(self, kind: str, format: str, demo: bool) -> Updates:
        from hesui.corpus.seeds import load_evaluation

        known = next((one for one in KINDS if one == kind), KINDS[0])
        with tempfile.TemporaryDirectory(prefix="hesui-export-") as place:
            folder = Path(place) / f"hesui-{known}"
            written = export(
                self._room.desk().survey, folder, known, format,
                demo=bool(demo), classes=self._room.classes(), held_out=load_evaluation(),
            )  # fmt: skip
            packed = Path(shutil.make_archive(str(folder), "zip", place, folder.name))
            value = served_file(packed, self._out.download)
        return {self._out.download: gr.update(value=value, interactive=True), self._out.shown: _written(written)}

    def _plan(self, fields: tuple[Any, ...]) -> Plan:
        _, task, format, name, licence, gold, *columns = fields
        classes = self._room.classes()
        chosen = require_class(task or "", classes)
        allowed = LABEL_COLUMNS if chosen.kind == "label" else ANSWER_COLUMNS
        mapped = {ours: theirs for ours, theirs in zip(MAPPED, columns, strict=True)
                  if theirs and ours in allowed.names}  # fmt: skip
        return Plan(
            chosen.id, classes, self._room.settings, source=(name or "").strip() or "import", licence=licence or "",
            format=format or None, columns=mapped, gold=bool(gold),
        )  # fmt: skip

    def _looked(self, fields: tuple[Any, ...], afresh: bool) -> Updates:
        taken = self._in
        if fields[0] is None:
            return {taken.shown: "", taken.add: gr.update(interactive=False), taken.mapping: gr.update(visible=False)}
        if afresh:
            fields = (*fields[: -len(MAPPED)], *[None] * len(MAPPED))
        with unnamed(fields[0]) as path:
            plan = self._plan(fields)
            found = preview(path, plan)
        shown = {taken.shown: _previewed(found, plan), taken.add: gr.update(interactive=bool(found.items))}
        return shown | (self._mapping(found, plan) if afresh else {})

    def _mapping(self, found: Preview, plan: Plan) -> Updates:
        """A choice of the file's columns for each of ours."""
        allowed = LABEL_COLUMNS if plan.classes[plan.task].kind == "label" else ANSWER_COLUMNS
        updates: Updates = {self._in.mapping: gr.update(visible=bool(found.columns))}
        for ours, field in zip(MAPPED, self._in.columns, strict=True):
            names = allowed.names.get(ours, ())
            same = next((one for one in found.columns if one.strip().lower() in names), None)
            updates[field] = gr.update(choices=found.columns, value=same, visible=ours in allowed.names)
        return updates

    def _added(self, fields: tuple[Any, ...]) -> Updates:
        if fields[0] is None:
            raise InputError("choose a file first", "import.none")
        desk, taken = self._room.desk(), self._in
        with unnamed(fields[0]) as path, tempfile.TemporaryDirectory(prefix="hesui-import-") as place:
            side = Path(place) / "rejected.jsonl"
            report = import_file(desk.add, read_candidates(path, self._plan(fields)), side)
            value = served_file(side, taken.rejected) if report.bad else None
        return {
            taken.notice: render.note("rvin.added", good=report.good, new=report.new, bad=report.bad),
            taken.shown: _reported(report),
            taken.add: gr.update(interactive=False),
            taken.rejected: gr.update(value=value, interactive=value is not None),
        }

    def _taken(self, run: str | None, negatives: bool) -> Updates:
        store = DistilStore(self._room.page.database())
        found = run_items(
            store, run or None, self._room.classes(), self._room.settings.overlap, negatives=bool(negatives)
        )
        return {self._runs.notice: render.note("rvrun.added", n=self._room.desk().add(found))}


def _written(made: Exported) -> str:
    rows = "".join(f"<li><b>{n:,}</b> {say(f'rvout.split.{split}')}</li>" for split, n in made.rows.items())
    left = "".join(f"<li>{say(f'rvout.left.{reason}')} {n:,}</li>" for reason, n in made.left_out.items())
    out = f"<h3>{say('rvout.left')}</h3><ul class='rv-left'>{left}</ul>" if left else ""
    return f"<ul class='summary'>{rows}</ul>{out}"


def _previewed(found: Preview, plan: Plan) -> str:
    heads = [say(f"table.{name}") for name in ("class", "prompt", "demand", "reference")]
    rows = [
        [parts.name_of(item.task, plan.classes), parts.short(str(item.row.get("prompt", ""))),
         _demand(item.row.get("constraint")), parts.short(item.text)] for item in found.items
    ]  # fmt: skip
    shown = parts.table(heads, rows, "preview") if rows else parts.hint("rvin.nothing")
    return shown + _bad(found.bad)


def _demand(record: Any) -> str:
    return parts.wanted(constraint_of(record))


def _reported(report: Report) -> str:
    return _bad(report.problems[:SHOWN]) + (parts.hint("rvin.more") if report.bad > SHOWN else "")


def _bad(rows: tuple[BadRow, ...]) -> str:
    if not rows:
        return ""
    heads = [say(f"rvin.bad.{name}") for name in ("line", "found", "why")]
    cells = [
        [str(row.line), f"<code>{escape(row.found[:120])}</code>", render.both(render.words(row.reason))]
        for row in rows
    ]
    return f"<h3>{say('rvin.bad')}</h3>{parts.table(heads, cells, 'preview')}"
