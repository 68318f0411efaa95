"""The page's own HTML: chip, panes, ruler, tally, history. Pure functions; everything from outside is escaped.

Each text is written in both languages and the style sheet shows one, so a switch of language needs no server.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from hesui.answers import Answer
from hesui.corpus.classes import Words
from hesui.errors import HesuiError
from hesui.length import Constraint, Verdict, check, count
from hesui.records import BASE, EndReason, Loading, Request, Waiting
from hesui.ui.blind import Sealed, squeezed
from hesui.ui.texts import TEXTS, Text, demand, text
from hesui.ui.visit import NEAR, Round, Score, Visit, judge

HTML_LANG = {"zh": "zh-CN", "en": "en"}
SYMBOLS = {"eq": "=", "le": "≤", "ge": "≥", "approx": "≈", "range": "↔"}
SHAPES = {
    "ok": "●",
    "near": "◆",
    "over": "▲",
    "under": "▼",
    "writing": "◔",
    "passing": "▲",
    "within": "●",
    "failed": "✕",
}
CONTEXT = 16  # characters of the prompt shown on each side of the demand
SIDES = ("left", "right")
SHOWN_COUNTS = ("word", "chars", "han")  # the counts that a finished answer is shown with


def say(key: str, **values: object) -> str:
    """The text called `key` in both languages, escaped."""
    return both(text(key, **values))


def both(words: Text) -> str:
    """`words` in both languages, escaped."""
    return "".join(
        f'<span class="t-{lang}" lang="{HTML_LANG[lang]}">{escape(getattr(words, lang))}</span>'
        for lang in words._fields
    )


# The demand under the prompt


def chip(prompt: str, constraint: Constraint | None) -> str:
    """The recognised demand, marked in its place in the prompt."""
    if constraint is None:
        return f'<div class="chip-line none">{say("chip.none" if prompt.strip() else "chip.empty")}</div>'
    also = "".join(f' <span class="chip extra">{both(demand(extra))}</span>' for extra in constraint.extra)
    also = f" <small>{say('chip.also')}</small>{also}" if also else ""
    return (
        f'<div class="chip-line"><span class="chip" data-op="{constraint.op}" data-aim="{constraint.aim}">'
        f'<b aria-hidden="true">{SYMBOLS[constraint.op]}</b> {both(demand(constraint))}{_rule(constraint)}</span>'
        f'{also}<span class="quote">{_quote(prompt, constraint)}</span></div>'
    )


def _rule(constraint: Constraint) -> str:
    if constraint.count_rule is None:
        return ""
    return f" <small>{say('chip.rule', counter=TEXTS[f'counter.{constraint.count_rule}'])}</small>"


def _quote(prompt: str, constraint: Constraint) -> str:
    if constraint.span is None:
        return ""
    start, end = constraint.span
    before, after = prompt[max(0, start - CONTEXT) : start], prompt[end : end + CONTEXT]
    return (
        f"{'…' if start > CONTEXT else ''}{escape(before)}<mark>{escape(prompt[start:end])}</mark>"
        f"{escape(after)}{'…' if end + CONTEXT < len(prompt) else ''}"
    )


# Messages above the panes


def note(key: str, kind: str = "note", **values: object) -> str:
    """A message on the page."""
    return f'<div class="message {kind}">{say(key, **values)}</div>'


def problem(error: Exception) -> str:
    """What went wrong, in the page's languages."""
    return f'<div class="message problem">{both(words(error))}</div>'


def words(error: Exception) -> Text:
    """What went wrong, as a text; an error among its values is told in the same language."""
    if isinstance(error, HesuiError) and error.key in TEXTS and error.key != "error.unknown":
        return text(error.key, **_named(error.values))
    # An unforeseen error's own words may name paths or internals: the log has them, the page its kind.
    return text("error.unknown", message=str(error) if isinstance(error, HesuiError) else type(error).__name__)


def _named(values: Mapping[str, object]) -> dict[str, object]:
    """`values` with an option's name in the page's words, and the errors among them too."""
    told = {name: _told(value) for name, value in values.items()}
    option = TEXTS.get(f"settings.{values.get('name')}")
    return {**told, "name": option} if option else told


def _told(value: object) -> object:
    """An error or a class's name in both languages; anything else as it is."""
    if isinstance(value, HesuiError):
        return words(value)
    return Text(value.zh, value.en) if isinstance(value, Words) else value


def status(happening: Waiting | Loading | None) -> str:
    """What a comparison waits for."""
    match happening:
        case Waiting(position):
            return f'<div class="message waiting" data-position="{position}">{say("status.waiting", n=position)}</div>'
        case Loading(what, fraction):
            percent = f"{100 * min(max(fraction, 0), 1):.0f}%"
            return (
                f'<div class="message loading">{say("status.loading", what=what)} {percent}'
                f'<i class="progress" style="--done:{percent}"></i></div>'
            )
    return ""


# The panes


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one answer stands: the state that colours its pane, and the number its words need."""

    state: str  # idle, waiting, writing, within, passing, ok, near, over, under, free, stopped, failed
    count: int = 0
    by: int = 0

    @property
    def words(self) -> str:
        """The state in words."""
        return say(f"state.{self.state}", n=self.by)


def standing(row: Answer, request: Request, stopped: bool = False) -> Standing:
    """Where `row` stands to what `request` demands."""
    verdict = judge(row, request)
    counted = verdict.count if verdict else count(row.text, request.counter)
    if (stopped and row.end is None) or (row.end and row.end.reason is EndReason.CANCELLED):
        return Standing("stopped", counted)
    if row.end and row.end.reason is EndReason.ERROR:
        return Standing("failed", counted)
    if row.end is None and not row.text:
        return Standing("waiting", counted)
    return Standing(_state(verdict, request, row.end is not None), counted, abs(verdict.error) if verdict else 0)


def _state(verdict: Verdict | None, request: Request, ended: bool) -> str:
    if verdict is None:
        return "free" if ended else "writing"
    if verdict.ok:
        return "ok" if ended else "within"
    # Only an exact number can nearly be hit: a bound is kept or broken.
    if ended and abs(verdict.error) <= NEAR and request.constraint and request.constraint.op == "eq":
        return "near"
    high = verdict.band.high
    if high is not None and verdict.count > high:
        return "over" if ended else "passing"
    return "under" if ended else "writing"


def idle_pane(side: int) -> str:
    """A pane before its first answer."""
    return (
        f'<section class="pane idle" data-state="idle" data-side="{SIDES[side]}">'
        f'<div class="answer empty">{say(f"pane.idle.{SIDES[side]}")}</div></section>'
    )


def panes(played: Round) -> tuple[str, ...]:
    """Both panes, their rulers to one scale."""
    stands = [standing(row, request, played.stopped) for row, request in zip(played.rows, played.requests, strict=True)]
    scale = ruler_end(played.requests[0].constraint, [stand.count for stand in stands])
    return tuple(
        pane(side, row, request, stand, scale, played.sealed)
        for side, (row, request, stand) in enumerate(zip(played.rows, played.requests, stands, strict=True))
    )


def pane(side: int, row: Answer, request: Request, stand: Standing, scale: int, sealed: Sealed | None = None) -> str:
    """One answer: who writes, the count, the verdict, the ruler, the text, the figures; a sealed one tells no name."""
    running = stand.state in ("waiting", "writing", "within", "passing")
    return (
        f'<section class="pane {stand.state}{" running" if running else ""}" data-state="{stand.state}" '
        f'data-side="{SIDES[side]}" data-count="{stand.count}">'
        f'<header><span class="who">{_writer(side, request, sealed)}</span>'
        f'<span class="verdict"><b aria-hidden="true">{SHAPES.get(stand.state, "○")}</b> {stand.words}</span></header>'
        f'<div class="figure"><span class="count">{stand.count}</span>{_wanted(request)}</div>'
        f"{ruler(request.constraint, stand.count, scale)}"
        f"{_answer(row, request, running, sealed.covered[side : side + 1] if sealed else None)}"
        f"{_figures(row, request, sealed is not None)}</section>"
    )


def _writer(side: int, request: Request, sealed: Sealed | None) -> str:
    return say(f"blind.{SIDES[side]}") if sealed else f"{who(request.model)} {mode(request.guide, request.best_of)}"


def who(model: str) -> str:
    """A model by its name, explained where it is one of ours."""
    known = {BASE: "model.base", "tuned": "model.tuned"}
    name = f"<code>{escape(model)}</code>"
    return f"{say(known[model])} {name}" if model in known else name


def mode(guide: bool, best: int) -> str:
    """How an answer was decoded: raw, or with help."""
    tags = [say("mode.guided")] if guide else []
    tags += [say("mode.best", n=best)] if best > 1 else []
    kind = "helped" if tags else "raw"
    return "".join(f'<span class="tag {kind}">{tag}</span>' for tag in tags or [say("mode.raw")])


def _wanted(request: Request) -> str:
    label = f'<span class="rule">{say(f"counter.{request.counter}")}</span>' if _by_char(request.constraint) else ""
    words = say("pane.aim", demand=demand(request.constraint)) if request.constraint else say("pane.no_demand")
    return f'{label}<span class="wanted">{words}</span>'


def _by_char(constraint: Constraint | None) -> bool:
    return constraint is None or constraint.unit == "char"


def ruler(constraint: Constraint | None, counted: int, scale: int) -> str:
    """A ruler from 0 to `scale`: the band that satisfies, the aim, and how far the answer has come."""
    if constraint is None:
        return ""
    low, high = constraint.band
    left, right = (low or 0) / scale, (scale if high is None else high) / scale
    style = (
        f"--low:{left:.2%};--band:{max(right - left, 0):.2%};--aim:{constraint.aim / scale:.2%};"
        f"--at:{min(counted / scale, 1):.2%};--tick:{_tick(scale) / scale:.3%}"
    )
    return (
        f'<div class="ruler" style="{style}" aria-hidden="true"><i class="ticks"></i><i class="band"></i>'
        f'<i class="fill"></i><i class="aim"><em>{constraint.aim}</em></i><i class="at"></i></div>'
    )


def ruler_end(constraint: Constraint | None, counted: Sequence[int]) -> int:
    """The end of the ruler: half as much again as is wanted, or what has been written where that is more."""
    aim = constraint.aim if constraint else 0
    high = constraint.band.high if constraint else None
    wanted = max(1.5 * aim, 1.15 * (high or 0), 1.08 * max(counted, default=0), 10)
    tick = _tick(wanted)
    return int(-(-wanted // tick) * tick)


def _tick(scale: float) -> int:
    """The distance of two ticks, so that there are ten to forty on the ruler."""
    tick = 1
    while scale / tick > 40:
        tick *= 5 if str(tick).startswith("1") else 2
    return tick


def crossing(written: str, request: Request) -> int | None:
    """Where in `written` the limit was crossed: the index of the first character too many; None = nowhere."""
    constraint = request.constraint
    high = constraint.band.high if constraint else None
    if constraint is None or high is None or constraint.scope != "whole":
        return None
    # Counts of growing prefixes do not fall, so the last prefix within the limit can be bisected.
    kept = bisect_right(
        range(len(written) + 1), high, key=lambda end: check(written[:end], constraint, request.counter).count
    )
    return kept - 1 if 0 < kept <= len(written) else None


def _answer(row: Answer, request: Request, running: bool, covered: Sequence[str] | None = None) -> str:
    """The text; instead of it as much of a covered one, where there is to be one."""
    cut = crossing(row.text, request)
    shown = row.text if covered is None else "".join(covered)[: len(row.text)]
    told = (lambda text: escape(squeezed(text))) if covered is not None else escape
    within = told(shown if cut is None else shown[:cut])
    limit = request.constraint.band.high if request.constraint else None
    beyond = "" if cut is None else f'<mark class="beyond" data-limit="{limit}">{told(shown[cut:])}</mark>'
    caret = '<i class="caret"></i>' if running else ""
    if row.end and not row.text:
        return f'<div class="answer empty">{say("pane.nothing")}</div>'
    return f'<div class="answer" lang="zh-CN">{within}{beyond}{caret}</div>'


def _figures(row: Answer, request: Request, sealed: bool = False) -> str:
    if row.end is None:
        return '<footer class="figures"></footer>'
    verdict = judge(row, request)
    items = [f"{say(f'count.{name}')} {count(row.text, name)}" for name in SHOWN_COUNTS]
    if sealed:  # speed, tokens and remarks would tell who it was
        return f'<footer class="figures"><span class="counts">{_list(items)}</span></footer>'
    figures = [say("stat.error", n=f"{verdict.error:+d}" if verdict.error else "0")] if verdict else []
    if row.end.seconds > 0:
        figures.append(say("stat.speed", n=f"{row.end.drawn / row.end.seconds:,.0f}"))
    figures.append(say("stat.time", n=f"{row.end.seconds:.1f}"))
    if row.end.drawn > row.end.tokens + 1:  # the end itself is drawn too
        figures.append(say("stat.drawn", n=f"{row.end.drawn:,}"))
    figures += _remarks(row)
    return (
        f'<footer class="figures"><span class="counts">{_list(items)}</span><span class="stats">{_list(figures)}</span>'
        f'<button type="button" class="copy" data-copy>{say("pane.copy")}</button></footer>'
    )


def _remarks(row: Answer) -> list[str]:
    assert row.end is not None  # the caller has looked
    remarks = [say(f"end.{row.end.reason}")] if f"end.{row.end.reason}" in TEXTS else []
    if row.end.note:
        key = f"note.{row.end.note}"
        remarks.append(say(key) if key in TEXTS else escape(row.end.note))
    return remarks


def _list(items: Sequence[str]) -> str:
    return "".join(f"<span>{item}</span>" for item in items)


def spoken(played: Round) -> str:
    """The verdicts as sentences, for a screen reader."""
    return "".join(
        say(
            "live.side",
            side=TEXTS[f"side.{SIDES[side]}"],
            model=TEXTS[f"blind.{SIDES[side]}"] if played.sealed else request.model,
            count=stand.count,
            state=text(f"state.{stand.state}", n=stand.by),
        )
        for side, request in enumerate(played.requests)
        for stand in [standing(played.rows[side], request, played.stopped)]
    )


# The visit


def tally(visit: Visit) -> str:
    """How often each system obeyed during this visit."""
    lines = "".join(_score(score) for score in visit.scores())
    body = f'<ul class="tally">{lines}</ul>' if lines else f'<p class="hint">{say("tally.empty")}</p>'
    return f'<section class="visit"><h2>{say("tally.title")}</h2>{body}</section>'


def _score(score: Score) -> str:
    return (
        f'<li data-side="{SIDES[score.side]}"><span class="side">{say(f"side.{SIDES[score.side]}")}</span>'
        f'<span class="who">{who(score.model)} {mode(score.guide, score.best)}</span>'
        f'<span class="of">{say("tally.of", ok=score.ok, all=score.all)}</span>'
        f'<span class="share" style="--share:{score.ok / score.all:.0%};--near-share:{score.near / score.all:.0%}"></span>'
        f'<span class="near">{say("tally.near", k=NEAR, near=score.near, all=score.all, off=f"{score.off:.1f}")}</span></li>'
    )


def history(visit: Visit) -> str:
    """The finished rounds, the latest first; each is a button that brings it back."""
    lines = "".join(_entry(index, played) for index, played in reversed(list(enumerate(visit.rounds))))
    body = (
        f'<p class="hint">{say("history.restore")}</p><ol class="rounds">{lines}</ol>'
        if lines
        else f'<p class="hint">{say("history.empty")}</p>'
    )
    return f'<section class="visit"><h2>{say("history.title")}</h2>{body}</section>'


def _entry(index: int, played: Round) -> str:
    constraint = played.requests[0].constraint
    marks = "".join(_mark(row, request) for row, request in zip(played.rows, played.requests, strict=True))
    wanted = both(demand(constraint)) if constraint else say("pane.no_demand")
    return (
        f'<li><button type="button" data-round="{index}"><span class="prompt">{escape(played.form.prompt[:80])}</span>'
        f'<span class="wanted">{wanted}</span><span class="marks">{marks}</span></button></li>'
    )


def _mark(row: Answer, request: Request) -> str:
    stand = standing(row, request)
    return (
        f'<span class="mark {stand.state}"><b aria-hidden="true">{SHAPES.get(stand.state, "○")}</b> '
        f"{escape(request.model)} {stand.count}</span>"
    )
