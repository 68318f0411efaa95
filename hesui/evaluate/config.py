"""What one evaluation asks of whom: checked when it is made, written into its folder first of all.

The page and the command line only fill it in. Knows no model and no answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from hesui.corpus.rows import Row, read_rows
from hesui.corpus.seeds import EVALUATION, load_evaluation
from hesui.corpus.splits import Split
from hesui.corpus.statistics import language
from hesui.errors import InputError
from hesui.length import DEFAULT_COUNTER, Counter
from hesui.records import BASE, Sampling
from hesui.settings import EMBEDDED, first_fault
from hesui.train.data import describe

Decoding = Literal["raw", "guided"]
DECODINGS: tuple[Decoding, ...] = get_args(Decoding)

OWN_CLASS = "greeting"  # the one class that the embedded model was made for
PUBLISHABLE = 3  # seeds that a row of a board should rest on
DRAWN = Sampling()
HELD_OUT: tuple[Split, ...] = ("test", "validation")
SEED_STEP = 1_000_003  # between two seeds' random numbers; more than any set has prompts


class EvaluateConfig(BaseModel):
    """One evaluation. A field's comment is what the command line says about it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    models: tuple[str, ...] = Field((BASE,), min_length=1)  # base, adapters, servers
    decoding: tuple[Decoding, ...] = Field(("raw",), min_length=1)
    prompts: str = ""  # a file of rows, or a data set's folder, whose test split is asked; "" = data/eval.jsonl
    classes: tuple[str, ...] = ()  # only these; () = all
    language: Literal["", "zh", "en"] = ""  # only prompts in it; "" = all
    limit: int = Field(0, ge=0)  # the first so many; 0 = all
    seeds: int = Field(PUBLISHABLE, ge=1, le=100)  # answers to each prompt
    first_seed: int = Field(1, ge=0, lt=2**31)
    temperature: float = Field(DRAWN.temperature, ge=0, le=2)  # 0 = greedy
    top_p: float = Field(DRAWN.top_p, gt=0, le=1)
    max_tokens: int = Field(0, ge=0, le=32_768)  # 0 = derived from the demand
    counter: Counter = DEFAULT_COUNTER  # that the guide aims by; boards count by any
    perplexity: bool = True  # measure answers under the base, where it is local
    base: str = EMBEDDED  # as HESUI_BASE_MODEL names it

    @field_validator("models", "decoding", "classes")
    @classmethod
    def _once(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(values))

    @property
    def sampling(self) -> Sampling:
        """How tokens are drawn."""
        return Sampling(self.temperature, self.top_p, max_tokens=self.max_tokens or None)

    def seed_of(self, prompt: int, seed: int) -> int:
        """The random seed of a prompt's answer: the same for every model, another one for every prompt."""
        return seed * SEED_STEP + prompt

    def record(self) -> dict[str, Any]:
        """The settings as a JSON object."""
        return self.model_dump(mode="json")


def make_config(**values: Any) -> EvaluateConfig:
    """Settings from values that a person gave. Raises InputError, which names the first that cannot be used.

    Without prompts, classes and language of its own, the embedded model is asked for what it was made for: Chinese
    greetings.
    """
    if values.get("base", EMBEDDED) == EMBEDDED and not any(values.get(name) for name in ("prompts", "classes")):
        values = {**values, "classes": (OWN_CLASS,), "language": values.get("language") or "zh"}
    try:
        return EvaluateConfig(**values)
    except ValidationError as error:
        raise first_fault(error, "error.evaluate_setting") from None


def chosen(config: EvaluateConfig) -> list[Row]:
    """The prompts to ask, those that demand a length. Raises InputError where there is none."""
    rows = [row for row in _read(config.prompts) if row.constraint is not None]
    if config.classes:
        rows = [row for row in rows if row.task in config.classes]
    if config.language:
        rows = [row for row in rows if language(row.prompt) == config.language]
    if not rows:
        raise InputError(
            "no prompt that demands a length is left; choose other prompts, classes or another language",
            "error.evaluate_no_prompts",
        )
    return rows[: config.limit or None]


def name_of(config: EvaluateConfig) -> str:
    """What the set of prompts is called, for people."""
    source = Path(config.prompts).name if config.prompts else EVALUATION.name
    return " · ".join([source, *config.classes, *filter(None, [config.language])])


def _read(source: str) -> list[Row]:
    if not source:
        return load_evaluation()
    path = Path(source)
    if path.is_dir():
        return list(_held_out(path))
    if not path.is_file():
        raise InputError(
            f"there are no prompts at {source}; give a JSON Lines file of rows, or a data set's folder",
            "error.evaluate_prompts", path=source,
        )  # fmt: skip
    return list(read_rows(path))


def _held_out(path: Path) -> Iterator[Row]:
    """What a data set holds out: its test rows, else those for validation."""
    data = describe(path)
    split: Split = next((split for split in HELD_OUT if split in data.rows), "test")
    for number, one in enumerate(data.prompts(split)):
        reference = one.texts[0] if one.texts else None
        yield Row(
            f"{split}-{number + 1}", one.task, one.messages[-1].content, one.constraint,
            reference=reference, history=one.messages[:-1],
        )  # fmt: skip
