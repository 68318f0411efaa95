"""The section that hands the board out as a file, for whatever filters are set. Knows no format."""

from __future__ import annotations

import tempfile
from html import escape
from pathlib import Path
from typing import Any, NamedTuple

import gradio as gr

from hesui.evaluate.reporting import FORMATS, SUFFIXES, Format, report
from hesui.evaluate.standings import Standing
from hesui.ui import parts
from hesui.ui.data.files import served_file
from hesui.ui.leaderboard.room import Room
from hesui.ui.page import html
from hesui.ui.render import say
from hesui.ui.room import QUIET, Updates, says, unchecked

TITLE = "lb.export"
NAME = "hesui-leaderboard"
LINES = 60  # of the preview
WIDEST = 300  # characters of its lines


class Widgets(NamedTuple):
    """Everything in the section that a callback reads or writes."""

    format: gr.Radio
    row: gr.Dropdown
    download: gr.DownloadButton
    preview: gr.HTML
    notice: gr.HTML


def build(room: Room, tab: gr.Tab, settled: Any) -> None:
    """Lay out the section and wire it; `settled` is the event after which the board is whole."""
    html(parts.hint("lb.export.hint"))
    with gr.Row(elem_classes="fields"):
        chosen = room.labels.make(
            gr.Radio, lambda t: {"label": t("lb.export.format"), "choices": [(t(f"lb.export.{one}"), one) for one in FORMATS]},
            value=FORMATS[0], elem_id="lb-format", elem_classes="choice", min_width=300,
        )  # fmt: skip
        row = unchecked(
            room.labels.make(gr.Dropdown, says("lb.export.row"), choices=[], value=None, filterable=False,
                             visible=False, elem_id="lb-export-row", min_width=200)
        )  # fmt: skip
    with gr.Row(elem_classes="actions"):
        download = room.labels.make(
            gr.DownloadButton, says("lb.export.download"), variant="primary", interactive=False, elem_id="lb-download"
        )
    notice = html(elem_id="lb-export-notice", elem_classes="notice")
    preview = html(elem_id="lb-preview")
    w = Widgets(chosen, row, download, preview, notice)
    desk = Desk(room, w)
    asked, shown = [chosen, row, *room.filters], [row, download, preview, notice]
    gr.on([tab.select, chosen.change, row.input], desk.write, asked, shown, trigger_mode="always_last", **QUIET)
    settled.then(desk.follow, [room.where, *asked], shown, **QUIET)


class Desk:
    """The callbacks."""

    def __init__(self, room: Room, widgets: Widgets) -> None:
        self._room = room
        self._w = widgets

    def follow(self, where: str, format: str, row: str | None, *filters: Any) -> Updates:
        """The filters may have changed."""
        return self.write(format, row, *filters) if where == TITLE else {self._w.notice: gr.skip()}

    def write(self, format: str, row: str | None, *filters: Any) -> Updates:
        """Write the board into a file that can be downloaded, and show how it begins."""
        return self._room.look(self._w.notice, lambda: self._written(format, row, filters))

    def _written(self, asked_format: str, row: str | None, filters: tuple[Any, ...]) -> Updates:
        w = self._w
        format: Format = next((one for one in FORMATS if one == asked_format), FORMATS[0])
        asked = self._room.require(*filters)
        rows = self._room.whole_rows(asked) or []
        card = format == "model-index"
        names = [_named(one) for one in rows]
        place = next((at for at, (_, key) in enumerate(names) if key == row), 0)
        if not rows:
            return {
                w.preview: parts.hint("lb.empty"),
                w.download: gr.update(interactive=False),
                w.row: gr.update(visible=False),
            }
        text = report(format, *asked, rows, place)
        with tempfile.TemporaryDirectory(prefix="hesui-board-") as folder:
            file = Path(folder) / f"{NAME}{SUFFIXES[format]}"
            file.write_text(text, encoding="utf-8-sig" if format == "csv" else "utf-8")  # or Excel reads no Chinese
            value = served_file(file, w.download)
        return {
            w.download: gr.update(value=value, interactive=True),
            w.preview: preview(text),
            w.row: gr.update(visible=card, choices=names, value=names[place][1]),
        }


def _named(row: Standing) -> tuple[str, str]:
    entry = row.system.entry
    return f"{entry.model} · {entry.decoding}", f"{row.system.evaluation}/{row.system.number}"


def preview(text: str) -> str:
    """How a file begins."""
    lines = text.split("\n")
    shown = "\n".join(line[:WIDEST] + ("…" if len(line) > WIDEST else "") for line in lines[:LINES])
    more = f"\n… {len(lines) - LINES:,}" if len(lines) > LINES else ""
    return (
        f'<section class="pane lb-file"><header><span>{say("lb.export.preview")}</span>'
        f'<button type="button" class="copy" data-copy>{say("lb.export.copy")}</button></header>'
        f'<pre>{escape(shown + more)}</pre><div class="answer" hidden>{escape(text) if len(text) < 200_000 else escape(shown)}</div></section>'
    )
