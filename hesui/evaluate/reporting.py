"""A board's rows as files: CSV, JSON, Markdown, and the model-index block of a Hugging Face model card.

Only what was measured here goes into rows; what others published stands apart, and says so. Knows no page.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, get_args

from hesui.errors import InputError
from hesui.evaluate.board import PromptSet
from hesui.evaluate.gaps import COMPARED, SIGNIFICANT
from hesui.evaluate.published import PUBLISHED
from hesui.evaluate.standings import FIGURES, Standing
from hesui.evaluate.statistics import Share
from hesui.evaluate.views import Filters
from hesui.length import Counter

Format = Literal["csv", "json", "markdown", "model-index"]
FORMATS: tuple[Format, ...] = get_args(Format)
SUFFIXES: Mapping[Format, str] = {"csv": ".csv", "json": ".json", "markdown": ".md", "model-index": ".yaml"}

WHO = ("model", "decoding", "assisted", "base", "method", "rows", "parameters", "evaluation", "counter", "n", "prompts", "seeds")  # fmt: skip
DANGEROUS = (
    "=",
    "+",
    "-",
    "@",
    "＝",
    "＋",
    "－",
    "＠",
    "\t",
    "\r",
    "\n",
)  # a spreadsheet reads what begins so as a formula
# Of a Markdown table: few enough to be read.
MARKED = ("satisfied", "hit2", "hit5", "hit10", "complete", "repetition")
CARD = ("satisfied", "exact", "hit2", "hit5", "hit10", "complete", "repetition", "copies")
# What metrics are called on a card; those that huggingface.co/metrics knows keep their names.
CARD_FIGURES: Mapping[str, tuple[str, str]] = {
    "mae": ("mae", "mean absolute error in characters"),
    "bias": ("bias", "mean signed error, a share of N"),
    "ls": ("length_score", "LIFEBench length score, 0 to 100"),
    "qianfan": ("qianfan_score", "Qianfan length score, 0 to 1"),
    "perplexity_ratio": ("perplexity_ratio", "perplexity under the base, by that of the base's own answers"),
    "bleu": ("bleu", "BLEU-4 on characters, 0 to 1"),
    "rouge_l": ("rouge", "ROUGE-L on characters, 0 to 1"),
}


def require_format(name: str) -> Format:
    """`name` itself where it is a format. Raises InputError with those there are."""
    for known in FORMATS:
        if name == known:
            return known
    allowed = ", ".join(FORMATS)
    raise InputError(
        f"unknown format {name!r}; allowed are: {allowed}", "error.report_format", value=name, known=allowed
    )


def to_csv(rows: Sequence[Standing], counter: Counter) -> str:
    """The rows as CSV for spreadsheets; a text that one would compute stands behind an apostrophe."""
    out = io.StringIO()
    flat = [dict(_flat(row, counter)) for row in rows]
    names = list(dict.fromkeys(name for row in flat for name in row))
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([[_cell(row.get(name)) for name in names] for row in flat])
    return out.getvalue()


def to_json(found: PromptSet, filters: Filters, rows: Sequence[Standing]) -> str:
    """The set, the filters, the rows with everything that is known of them, and what others published."""
    told = {
        "set": {"name": found.name, "sha256": found.id, "prompts": found.prompts},
        "filters": _told_of(filters),
        "rows": [row.record(filters.counter) for row in rows],
        "published": [one.record() for one in PUBLISHED],
    }
    return json.dumps(told, ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def to_markdown(found: PromptSet, filters: Filters, rows: Sequence[Standing]) -> str:
    """The rows as a table with intervals, and under it what they are."""
    heads = ["model", "n", *MARKED, "MAE", "bias", "perplexity ratio", "Hit@10 − base"]
    lines = [_line(heads), _line(["---", *["---:"] * (len(heads) - 1)])]
    lines += [_line(_marked(row)) for row in rows]
    lines += ["", f"{found.name} ({found.prompts} prompts, SHA-256 {found.id[:12]}); counted by `{filters.counter}`"
              f"{_narrowed(filters)}. Shares with 95 % Wilson intervals by prompt; * p < {SIGNIFICANT} after Holm. "
              "Rows marked guided or countdown were helped by the decoder."]  # fmt: skip
    return "\n".join(lines) + "\n"


def to_model_index(found: PromptSet, filters: Filters, row: Standing, name: str = "") -> str:
    """A row as the `model-index` of a model card, in YAML; `name` is the model's on the Hub.

    Its form is that of huggingface_hub's EvalResult: intervals stand in `args`, which the Hub keeps as they are.
    """
    entry = row.system.entry
    narrowed = {key: value for key, value in _told_of(filters).items() if value}
    arguments = {
        "sha256": found.id, "prompts": row.prompts, "answers": row.n, "seeds": row.system.seeds,
        "decoding": entry.decoding, "assisted": entry.assisted, **narrowed,
    }  # fmt: skip
    result = {
        "task": {"type": "text-generation", "name": "Text Generation"},
        "dataset": {"name": found.name, "type": "hesui-length", "args": arguments},
        "metrics": list(_metrics(row)),
    }
    index = {"model-index": [{"name": name or entry.model, "results": [result]}]}
    return "\n".join(_yaml(index)) + "\n"


def report(format: Format, found: PromptSet, filters: Filters, rows: Sequence[Standing], place: int = 0) -> str:
    """The rows in a format; of a model card only the `place`-th row."""
    if format == "csv":
        return to_csv(rows, filters.counter)
    if format == "json":
        return to_json(found, filters, rows)
    if format == "markdown":
        return to_markdown(found, filters, rows)
    return to_model_index(found, filters, rows[place])


def _told_of(filters: Filters) -> dict[str, Any]:
    return {
        "counter": filters.counter, "ops": list(filters.ops), "tasks": list(filters.tasks),
        "buckets": list(filters.buckets), "languages": list(filters.languages), "decodings": list(filters.decodings),
    }  # fmt: skip


# CSV


def _flat(row: Standing, counter: Counter) -> Iterator[tuple[str, Any]]:
    record = row.record(counter)
    yield from ((name, record[name]) for name in WHO)
    for name, share in row.shares.items():
        yield name, share and share.value
        yield f"{name}_low", share and share.low
        yield f"{name}_high", share and share.high
    yield from ((name, record[name]) for name in FIGURES)
    for name in (*COMPARED, "mae"):
        gap = row.gap
        known = None if gap is None else gap.mae.value if name == "mae" else gap.hits[name]
        yield f"gap_{name}", known
        yield f"gap_{name}_p", gap and gap.p.get(name)


def _cell(value: Any) -> Any:
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, str) and value.startswith(DANGEROUS):
        return f"'{value}"
    return "" if value is None else value


# Markdown


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _marked(row: Standing) -> list[str]:
    gap = row.gap
    apart = "–" if gap is None else f"{gap.hits['hit10'] * 100:+.1f}{'*' if gap.p['hit10'] < SIGNIFICANT else ''}"
    return [
        _named(row), f"{row.n:,}", *(_share(row.shares[name]) for name in MARKED), _figure(row.mae, ".1f"),
        _figure(row.bias, "+.1%"), _figure(row.perplexity_ratio, ".2f"), apart,
    ]  # fmt: skip


def _named(row: Standing) -> str:
    entry = row.system.entry
    kinds = ["guided"] if entry.decoding == "guided" else []
    kinds += ["countdown"] if entry.marks else []
    return " · ".join([_plain(entry.model), *kinds])


def _plain(text: str) -> str:
    """A name that ends no cell, begins no tag and makes no link."""
    return "".join(f"\\{one}" if one in "\\|`*_[]<>" else one for one in " ".join(text.split()))


def _share(share: Share | None) -> str:
    return "–" if share is None else f"{share.value:.1%} ({share.low:.1%}–{share.high:.1%})"


def _figure(value: float | None, form: str) -> str:
    return "–" if value is None else format(value, form)


def _narrowed(filters: Filters) -> str:
    kept = {name: values for name, values in _told_of(filters).items() if values and name != "counter"}
    return "".join(f"; {name}: {', '.join(map(_plain, map(str, values)))}" for name, values in kept.items())


# The model card


def _metrics(row: Standing) -> Iterator[dict[str, Any]]:
    for name in CARD:
        share = row.shares[name]
        if share is not None:
            kept = {
                "low": round(share.low, 4),
                "high": round(share.high, 4),
                "level": 0.95,
                "method": "Wilson by prompt",
            }
            yield {"type": name, "value": round(share.value, 4), "name": f"share: {name}", "args": kept}
    for name, (kind, words) in CARD_FIGURES.items():
        value = getattr(row, name)
        if value is not None:
            yield {"type": kind, "value": round(value, 4), "name": words}


def _yaml(value: Any, indent: str = "") -> Iterator[str]:
    """YAML of dicts and lists; scalars and empty lists are JSON, which is YAML too."""
    if isinstance(value, dict):
        for name, one in value.items():
            if isinstance(one, (dict, list)) and one:
                yield f"{indent}{name}:"
                yield from _yaml(one, indent + "  ")
            else:
                yield f"{indent}{name}: {json.dumps(one, ensure_ascii=False)}"
    else:
        for one in value:
            if isinstance(one, dict):
                first, *rest = _yaml(one, indent + "  ")
                yield f"{indent}- {first.strip()}"
                yield from rest
            else:
                yield f"{indent}- {json.dumps(one, ensure_ascii=False)}"
