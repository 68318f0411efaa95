"""The columns of the leaderboard: what each reads from a row, how it is written, and which way is better.

A column's name is also what the answers behind its cells are sorted by. Knows no HTML.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

from hesui.evaluate.gaps import COMPARED
from hesui.evaluate.standings import Standing
from hesui.evaluate.statistics import Share

Better = Literal["high", "low", "zero", ""]  # "" = neither
Form = Literal["share", "figure", "gap", "fact"]


class Column(NamedTuple):
    """One column but the first."""

    name: str
    form: Form
    read: Callable[[Standing], float | None]
    written: Callable[[float], str]
    better: Better = "high"
    usual: bool = False  # shown at first

    def share(self, row: Standing) -> Share | None:
        """The share with its interval, where it is one."""
        return row.shares[self.name] if self.form == "share" else None


def percent(value: float) -> str:
    """A share from 0 to 1."""
    return f"{value * 100:.1f}%" if value < 0.9995 else "100%"


def signed_percent(value: float) -> str:
    """A share that may be negative; 0 has no sign."""
    return f"{value:+.1%}".replace("-", "−") if abs(value) >= 0.0005 else "0%"


def points(value: float) -> str:
    """A difference of shares, in percentage points."""
    return f"{value * 100:+.1f}".replace("-", "−") if abs(value) >= 0.0005 else "0"


def _number(digits: int, sign: str = "") -> Callable[[float], str]:
    return lambda value: f"{value:{sign},.{digits}f}".replace("-", "−")


def _share(name: str, better: Better = "high", usual: bool = False) -> Column:
    def read(row: Standing) -> float | None:
        share = row.shares[name]
        return None if share is None else share.value

    return Column(name, "share", read, percent, better, usual)


def _figure(name: str, written: Callable[[float], str], better: Better = "high", usual: bool = False) -> Column:
    def read(row: Standing) -> float | None:
        value: float | None = getattr(row, name)
        return value

    return Column(name, "figure", read, written, better, usual)


def _hit_gap(name: str) -> Column:
    return Column(f"gap_{name}", "gap", lambda row: row.gap and row.gap.hits[name], points, usual=name == "hit10")


COLUMNS: tuple[Column, ...] = (
    Column("rows", "fact", lambda row: row.system.entry.rows, _number(0), ""),
    Column("parameters", "fact", lambda row: row.system.entry.parameters, _number(0), ""),
    Column("n", "fact", lambda row: row.n, _number(0), "", usual=True),
    _share("satisfied", usual=True),
    _share("exact"),
    _share("hit2", usual=True),
    _share("hit5", usual=True),
    _share("hit10", usual=True),
    *(_hit_gap(name) for name in sorted(COMPARED, key=lambda name: name != "hit10")),
    _figure("mae", _number(1), "low", usual=True),
    Column("gap_mae", "gap", lambda row: row.gap and row.gap.mae.value, _number(1, "+"), "low"),
    _figure("bias", signed_percent, "zero", usual=True),
    _share("complete", usual=True),
    _share("repetition", "low", usual=True),
    _figure("perplexity_ratio", _number(2), "low", usual=True),
    _share("hit5_percent"),
    _share("hit10_percent"),
    _figure("median_error", _number(1), "low"),
    _figure("p90_error", _number(0), "low"),
    _figure("mape", percent, "low"),
    _figure("ls", _number(1)),
    _figure("qianfan", _number(3)),
    _figure("longwriter", _number(1)),
    _figure("violation", percent, "low"),
    _figure("fill", percent),
    _share("copies", "low"),
    _figure("distinct2", _number(3)),
    _figure("covered", percent),
    _figure("perplexity", _number(1), "low"),
    _figure("tail_ratio", _number(2), "low"),
    Column("self_bleu", "fact", lambda row: row.self_bleu, _number(3), "low"),
    _figure("bleu", _number(3)),
    _figure("rouge1", _number(3)),
    _figure("rouge2", _number(3)),
    _figure("rouge_l", _number(3)),
    _figure("tokens_per_second", _number(1)),
    _figure("drawn", _number(2), "low"),
)
