"""What a visitor has filled in, as plain data, and the link that restores it; knows no widget."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, cast
from urllib.parse import urlencode

from hesui.errors import InputError
from hesui.length import COUNTERS, Constraint, Counter, parse
from hesui.records import BASE, Request, Sampling
from hesui.requests import build_requests, validate_models, validate_prompt
from hesui.settings import Settings

AUTO = "auto"  # the counter that means: the prompt's own rule, else the default
BEST_OF = (1, 2, 4, 8)
MAX_LINK = 16_000  # characters of query; servers refuse request lines much longer
DRAWN = Sampling()


@dataclass(frozen=True, slots=True)
class Form:
    """One filled-in page; None in a number means: left empty."""

    prompt: str = ""
    left: str = BASE
    right: str = BASE
    guide: bool = False
    best: int = 1
    counter: str = AUTO
    temperature: float | None = DRAWN.temperature
    top_p: float | None = DRAWN.top_p
    seed: int | None = 1
    tokens: int | None = 0  # 0 = derived from the demand

    def demand(self, settings: Settings) -> Constraint | None:
        """What the prompt demands. Raises InputError where the prompt cannot be served."""
        validate_prompt(self.prompt, settings)
        return parse(self.prompt)

    def requests(self, settings: Settings, known: list[str]) -> list[Request]:
        """The left and the right request. Raises HesuiError on what cannot be served."""
        demand = self.demand(settings)
        validate_models([self.left, self.right], known)
        return build_requests(
            self.prompt,
            [self.left, self.right],
            demand,
            settings,
            sampling=self._sampling(),
            counter=None if self.counter == AUTO else cast(Counter, self.counter),
            guide=self.guide,
            best_of=self.best,
            seed=self.seed or 0,
        )

    def _sampling(self) -> Sampling:
        given = {"temperature": self.temperature, "top_p": self.top_p, "max_tokens": self.tokens or None}
        return Sampling(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]


NAMES = tuple(field.name for field in fields(Form))


def to_query(form: Form, default: Form) -> str:
    """The query string that restores `form`; holds only what differs from `default`, and always the prompt.

    Raises InputError where it would be too long for a link.
    """
    before = asdict(default)
    changed = {name: value for name, value in asdict(form).items() if value != before[name] or name == "prompt"}
    query = urlencode({name: _written(value) for name, value in changed.items()})
    if len(query) > MAX_LINK:
        raise InputError(f"the link would have {len(query)} characters, {MAX_LINK} are allowed", "share.too_long")
    return query


def from_query(query: Mapping[str, str], default: Form) -> Form:
    """The form a link restores. What a link says wrongly is ignored, but for a model, which the page names."""
    read: dict[str, Any] = {name: _read(name, query[name]) for name in NAMES if name in query}
    return replace(default, **{name: value for name, value in read.items() if value is not None})


def _written(value: object) -> str:
    return str(int(value)) if isinstance(value, bool) else "" if value is None else str(value)


def _read(name: str, written: str) -> str | bool | int | float | None:
    try:
        match name:
            case "prompt" | "left" | "right":
                return written
            case "guide":
                return written == "1"
            case "best":
                return int(written) if int(written) in BEST_OF else None
            case "counter":
                return written if written in COUNTERS else None
            case "temperature" | "top_p":
                return float(written)
            case _:
                return int(written)
    except ValueError:
        return None
