"""Charts as HTML and CSS: both languages at once, light and dark, readable aloud, without a plotting library's megabyte.

Pure functions over counts; knows nothing of rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import NamedTuple

from hesui.corpus.statistics import Bin, Statistics, Tokens
from hesui.ui.parts import Classes, hint, name_of
from hesui.ui.render import both, say
from hesui.ui.texts import Text, text

LABELS = 6  # numbers under a histogram's bars at most


class Figure(NamedTuple):
    """One figure of the summary."""

    value: str
    what: str  # a text's key


def summary(found: Statistics) -> str:
    """The corpus in a line of figures."""
    figures = [Figure(f"{found.rows:,}", "figures.rows"), Figure(f"{found.answers:,}", "figures.answers")]
    if found.obeying is not None:
        figures.append(Figure(f"{found.obeying:.1%}", "figures.obeying"))
    counted = {"figures.chinese": found.languages.get("zh", 0), "figures.english": found.languages.get("en", 0),
               "figures.free": found.ops.get("none", 0)}  # fmt: skip
    figures += [Figure(f"{n:,}", key) for key, n in counted.items() if n]
    cells = "".join(f"<li><b>{escape(one.value)}</b> {say(one.what)}</li>" for one in figures)
    return f'<ul class="summary">{cells}</ul>'


def charts(found: Statistics, classes: Classes) -> str:
    """All charts of a corpus."""
    order = [*(id for id in classes if id in found.classes), *(id for id in found.classes if id not in classes)]
    numbers = "".join(
        f'<figure class="small"><figcaption>{name_of(id, classes)}</figcaption>{histogram(found.numbers[id])}</figure>'
        for id in order
        if found.numbers.get(id)
    )
    multiples = f'<div class="multiples">{numbers}</div>' if numbers else hint("chart.empty")
    return (
        f'<div class="charts">{_chart("chart.classes", by_class({id: found.classes[id] for id in order}, classes))}'
        f"{_chart('chart.errors', histogram(found.errors, centre=True))}"
        f"{_chart('chart.lengths', histogram(found.answer_lengths))}"
        f"{_chart('chart.numbers', multiples, 'wide')}"
        f"</div>"
    )


def _chart(key: str, body: str, kind: str = "") -> str:
    return f'<section class="chart {kind}"><h3>{say(key)}</h3>{body}</section>'


def by_class(counts: Mapping[str, int], classes: Classes) -> str:
    """A bar for each class."""
    if not counts:
        return hint("chart.empty")
    most = max(counts.values())
    bars = "".join(
        f'<li><span class="who">{name_of(id, classes)}</span><i style="--share:{n / most:.1%}"></i><b>{n:,}</b></li>'
        for id, n in counts.items()
    )
    return f'<ul class="rows">{bars}</ul>'


def histogram(bins: Sequence[Bin], centre: bool = False) -> str:
    """Upright bars over their values; with `centre`, the bar that holds 0 stands out."""
    if not bins:
        return hint("chart.empty")
    most = max(one.n for one in bins)
    every = -(-len(bins) // LABELS)
    bars = "".join(_bar(one, most, at % every == 0, centre) for at, one in enumerate(bins))
    return f'<div class="histogram" style="--bars:{len(bins)}">{bars}</div><p class="most">{say("chart.most", n=f"{most:,}")}</p>'


def _bar(one: Bin, most: int, labelled: bool, centre: bool) -> str:
    words = _words(one)
    kind = " zero" if centre and one.low <= 0 <= one.high else ""
    label = f"<em>{_number(one.low)}</em>" if labelled else ""
    # The title is read in one language only, so it holds numbers alone.
    return (
        f'<span class="bar{kind}" title="{_span(one)} · {one.n:,}" data-n="{one.n}">'
        f'<i style="--share:{one.n / most:.1%}"></i>{label}<span class="aloud">{words}</span></span>'
    )


def _words(one: Bin) -> str:
    low, high = _number(one.low), _number(one.high)
    key = "chart.bar.one" if one.low == one.high else "chart.bar"
    return say(key, low=low, high=high, n=f"{one.n:,}")


def _span(one: Bin) -> str:
    low, high = _number(one.low), _number(one.high)
    return low if one.low == one.high else f"{low} … {high}"


def _number(value: int) -> str:
    return f"−{-value:,}" if value < 0 else f"{value:,}"


def tokens(found: Tokens | None) -> str:
    """The quantiles of length in tokens, and the context to train with."""
    if found is None:
        return f'<section class="tokens"><h3>{say("tokens.title")}</h3>{hint("tokens.hint")}</section>'
    lines: Iterable[Text] = (
        text("tokens.quantiles", p50=found.p50, p90=found.p90, p95=found.p95, p99=found.p99, max=found.max),
        text("tokens.context", context=found.context, share=f"{found.fitting:.1%}"),
    )
    body = "".join(f"<p>{both(line)}</p>" for line in lines)
    return f'<section class="tokens"><h3>{say("tokens.title")}</h3>{body}</section>'
