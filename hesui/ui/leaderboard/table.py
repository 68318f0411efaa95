"""The board as a table: every column of every row; which are shown, and in which order, the browser decides.

Pure functions; everything from outside is escaped.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from hesui.evaluate.board import PromptSet
from hesui.evaluate.config import PUBLISHABLE
from hesui.evaluate.gaps import SIGNIFICANT
from hesui.evaluate.published import PUBLISHED, Published
from hesui.evaluate.standings import Standing
from hesui.evaluate.views import Filters
from hesui.ui import parts
from hesui.ui.leaderboard.columns import COLUMNS, Column, percent
from hesui.ui.render import mode, note, say, who
from hesui.ui.texts import TEXTS

FEW = 400  # answers below which an interval is too wide to publish
QUOTED = ("hit2", "hit5", "hit10", "qianfan")  # columns that others have published


def sentence(found: PromptSet, filters: Filters, rows: Sequence[Standing]) -> str:
    """What the table says, in one sentence: who keeps to lengths best, raw, and what its base does."""
    known = [(share.value, row) for row in rows if (share := row.shares["hit10"]) and not row.system.entry.assisted]
    if not known:
        return f"<p>{say('lb.sentence.none', prompts=f'{found.prompts:,}')}</p>"
    best, first = max(known, key=lambda one: one[0])
    told = say(
        "lb.sentence", counter=TEXTS[f"counter.{filters.counter}"], model=first.system.entry.model, share=percent(best)
    )
    base = None if first.gap is None else first.gap.base
    share = next((row.shares["hit10"] for row in rows if row.place == base), None)
    return f"<p>{told}{say('lb.sentence.base', share=percent(share.value)) if share else ''}</p>"


def none_yet() -> str:
    """What to do where nothing was measured yet."""
    return f'<section class="board none">{parts.hint("lb.none")}{parts.hint("lb.none.do")}</section>'


def table(rows: Sequence[Standing], gaps: bool = True) -> str:
    """The rows, and what others published; without `gaps` how rows stand to their bases is still to come."""
    if not rows:
        return f'<section class="board none">{parts.hint("lb.empty")}</section>'
    shown = [column for column in COLUMNS if _known(column, rows)]
    body = "".join(_row(row, shown, gaps) for row in rows)
    few = note("lb.few.note", least=FEW, seeds=PUBLISHABLE) if any(map(rests_on_few, rows)) else ""
    return (
        f'<div class="lb-scroll" tabindex="0" role="region"><table class="lb"><thead><tr>{_head(shown)}</tr></thead>'
        f'<tbody class="lb-rows">{body}</tbody><tbody class="lb-quoted">{_quoted(shown)}</tbody></table></div>'
        f'<p class="hint lb-foot">{say("lb.foot")}</p>{few}{meanings(shown)}'
    )


def chooser() -> str:
    """The search box, and which columns to show; the browser acts on it alone."""
    boxes = "".join(
        f'<label><input type="checkbox" value="{column.name}"{" checked data-usual" if column.usual else ""}> '
        f"{say(f'lb.col.{column.name}')}</label>"
        for column in COLUMNS
    )
    return (
        f'<div class="lb-tools"><label class="lb-find">{say("lb.find")} <input type="search" maxlength="80"></label>'
        f"<details><summary>{say('lb.columns')}</summary><div>{boxes}"
        f'<button type="button" data-usual>{say("lb.columns.usual")}</button></div></details></div>'
    )


def meanings(columns: Iterable[Column]) -> str:
    """What each column means."""
    items = "".join(
        f'<div data-col="{column.name}"><dt>{say(f"lb.col.{column.name}")}</dt><dd>{say(f"lb.col.{column.name}.info")}</dd></div>'
        for column in columns
    )
    return f'<details class="lb-meanings"><summary>{say("lb.meanings")}</summary><dl>{items}</dl></details>'


def rests_on_few(row: Standing) -> bool:
    """Whether a row rests on less than one should publish."""
    return row.n < FEW or row.system.seeds < PUBLISHABLE


def named(row: Standing) -> str:
    """Who answered: the model, how it decoded, and whether it was helped."""
    entry = row.system.entry
    marks = f'<span class="tag helped">{say("lb.marks")}</span>' if entry.marks else ""
    return f"{who(entry.model)} {mode(entry.decoding == 'guided', 1)}{marks}"


def _known(column: Column, rows: Sequence[Standing]) -> bool:
    """Whether any row has it, or may get it."""
    return column.usual or column.form == "gap" or any(column.read(row) is not None for row in rows)


def _head(columns: Iterable[Column]) -> str:
    cells = "".join(
        f'<th scope="col" data-col="{column.name}"><button type="button" data-sort="{column.name}" '
        f'data-better="{column.better}">{say(f"lb.col.{column.name}")}<i aria-hidden="true"></i></button></th>'
        for column in columns
    )
    return f'<th scope="col"><button type="button" data-sort="">{say("lb.model")}<i aria-hidden="true"></i></button></th>{cells}'


def _row(row: Standing, columns: Iterable[Column], gaps: bool) -> str:
    entry = row.system.entry
    few = f' <abbr class="lb-few" aria-describedby="lb-few">°<span class="aloud">{say("lb.few")}</span></abbr>' if rests_on_few(row) else ""  # fmt: skip
    cells = "".join(_cell(row, column, gaps) for column in columns)
    kind = ' class="assisted"' if entry.assisted else ""
    return f'<tr{kind} data-key="{_key(row)}"><th scope="row"><div class="lb-who">{named(row)}{few}</div>{_about(row)}</th>{cells}</tr>'


def _key(row: Standing) -> str:
    return escape(f"{row.system.evaluation}/{row.system.number}")


def _about(row: Standing) -> str:
    """Base, method and training rows, as far as they are known."""
    entry = row.system.entry
    known = [escape(entry.base)] if entry.base and entry.tuned else []
    known += [escape(entry.method.upper())] if entry.method else []
    known += [say("lb.rows", n=f"{entry.rows:,}")] if entry.rows else []
    return f"<small>{' · '.join(known)}</small>" if known else ""


def _cell(row: Standing, column: Column, gaps: bool) -> str:
    value = column.read(row)
    if value is None:
        coming = column.form == "gap" and not gaps
        return f'<td data-col="{column.name}" class="none">{"…" if coming else "–"}</td>'
    order = abs(value) if column.better == "zero" else value
    inside = f"<b>{column.written(value)}</b>{_beside(row, column)}"
    if column.form == "fact" and column.name != "n":
        return f'<td data-col="{column.name}" class="plain" data-v="{order:.6g}">{inside}</td>'
    return (
        f'<td data-col="{column.name}" data-v="{order:.6g}"><button type="button" data-cell="{_key(row)}" '
        f'data-metric="{column.name}">{inside}</button></td>'
    )


def _beside(row: Standing, column: Column) -> str:
    """A share's interval, or how sure a difference is."""
    share = column.share(row)
    if share is not None:
        style = f"--low:{share.low:.1%};--high:{share.high:.1%};--at:{share.value:.1%}"
        return (
            f"<small>{share.low * 100:.0f}–{share.high * 100:.0f}</small>"
            f'<i class="lb-bar" style="{style}" aria-hidden="true"></i>'
        )
    return _sure(row, column) if column.form == "gap" else ""


def _sure(row: Standing, column: Column) -> str:
    p = row.gap.p.get(column.name.removeprefix("gap_")) if row.gap else None
    if p is None:
        return f"<small>{say('lb.p.none')}</small>"
    sure = p < SIGNIFICANT
    told = "< 0.001" if p < 0.001 else f"= {p:.3f}"
    return (
        f'<small class="{"sure" if sure else "unsure"}" title="p {told}"><span aria-hidden="true">{"✓" if sure else "–"}</span>'
        f'<span class="aloud">{say("lb.p.sure" if sure else "lb.p.unsure", p=told)}</span></small>'
    )


# What others published


def _quoted(columns: Sequence[Column]) -> str:
    empty = "".join(f'<td data-col="{column.name}"></td>' for column in columns)
    head = f'<tr class="lb-source"><th scope="rowgroup">{say("lb.quoted")}</th>{empty}</tr>'
    return head + "".join(_quote(one, columns) for one in PUBLISHED)


def _quote(one: Published, columns: Iterable[Column]) -> str:
    cells = "".join(f'<td data-col="{column.name}">{_published(one, column)}</td>' for column in columns)
    rows = f" · {say('lb.rows', n=f'{one.rows:,}')}" if one.rows is not None else ""
    about = f"<small>{escape(one.method)}{rows}</small>" if one.method else ""
    source = f'<span class="tag">{say(f"lb.quoted.{one.source}")}</span>'
    columns_of = f"<small>{say('lb.col.qianfan')} {one.qianfan:.3f}</small>" if one.qianfan is not None else ""
    return (
        f'<tr class="lb-quote"><th scope="row"><div class="lb-who"><em>{escape(one.model)}</em> {source}</div>{about}{columns_of}</th>'
        f"{cells}</tr>"
    )


def _published(one: Published, column: Column) -> str:
    value = getattr(one, column.name) if column.name in QUOTED else None
    return "" if value is None else f"<em>{column.written(value)}</em>"
