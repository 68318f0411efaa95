"""The settings of one training run, checked when they are made and written into the run's folder first of all.

The page and the command line only fill them in. Knows neither how a run trains nor where it lies.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from hesui.errors import InputError
from hesui.length import DEFAULT_COUNTER, Counter
from hesui.settings import EMBEDDED

Method = Literal["sft", "dpo", "kto"]
Preset = Literal["quick", "standard", "thorough"]
Adaptation = Literal["lora", "full"]

EPOCHS = ((100, 15.0), (1_000, 10.0), (10_000, 2.0))  # rows, epochs: what contests and cookbooks found to work


RATE, TINY_RATE = 3e-4, 2e-3  # peak learning rates; a model of three million parameters learns nothing from the first


class TrainConfig(BaseModel):
    """One run. A field's comment is what the command line and the page say about it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    data: Path  # a data set that `hesui review export` or `hesui corpus split` wrote
    base: str = EMBEDDED  # as HESUI_BASE_MODEL names it
    method: Method = "sft"  # by the kind of the data: answers, pairs, ratings
    adapter: str = ""  # an adapter to go on from; "" = a fresh one
    adaptation: Adaptation = "lora"
    rank: int = Field(8, ge=1, le=512)
    alpha: int = Field(16, ge=1, le=2048)
    dropout: float = Field(0.0, ge=0, lt=1)
    rslora: bool = False  # scale by the square root of the rank
    dora: bool = False  # weight-decomposed; cannot share a mixed batch in Compare
    plus: float = Field(0.0, ge=0, le=64)  # LoRA+: how many times faster B learns than A; 0 = alike
    learning_rate: Annotated[float, Field(gt=0, le=1)] = RATE  # on the embedded base TINY_RATE, where none is given
    warm_up: float = Field(0.1, ge=0, lt=1)  # share of all steps
    weight_decay: float = Field(0.01, ge=0, le=1)
    epochs: float = Field(0.0, ge=0, le=1000)  # 0 = by the number of rows
    steps: int = Field(0, ge=0)  # 0 = by the epochs
    batch: int = Field(16, ge=1, le=4096)  # rows that one step learns from
    micro_batch: int = Field(0, ge=0)  # rows on the device at once; 0 = the whole batch
    context: int = Field(0, ge=0, le=131_072)  # tokens of a row at most; 0 = what the data need, 4096 at most
    beta: Annotated[float, Field(gt=0, le=10)] = 0.1  # dpo, kto: how closely the model stays to where it began
    max_grad_norm: float = Field(1.0, ge=0)
    gradient_checkpointing: bool = False  # less memory, more time
    save_every: int = Field(0, ge=0)  # steps between two checkpoints; 0 = ten times in a run
    probe_every: int = Field(0, ge=0)  # steps between two length probes; 0 = ten times in a run
    probe_prompts: int = Field(32, ge=0, le=1000)  # held-out prompts of a probe; 0 = no probe
    patience: int = Field(0, ge=0)  # probes without a better one until the run ends early; 0 = never
    counter: Counter = DEFAULT_COUNTER
    seed: int = Field(0, ge=0)

    @model_validator(mode="before")
    @classmethod
    def _by_base(cls, values: Any) -> Any:
        """The learning rate that suits the base, where none is given."""
        if isinstance(values, dict) and values.get("learning_rate") is None:
            base = str(values.get("base", EMBEDDED))
            return {**values, "learning_rate": TINY_RATE if base == EMBEDDED else RATE}
        return values

    def record(self) -> dict[str, Any]:
        """The settings as a JSON object."""
        return self.model_dump(mode="json")


# The dial: what differs from the defaults, which are the contest winner's (rank 8, 3e-4, warm-up 0.1, decay 0.01).
PRESETS: Mapping[Preset, Mapping[str, Any]] = MappingProxyType({
    "quick": {"epochs": 2.0, "probe_prompts": 16},
    "standard": {},
    "thorough": {"rank": 16, "alpha": 32, "probe_prompts": 64, "patience": 4},
})  # fmt: skip


def suggested_epochs(rows: int) -> float:
    """How often to go through `rows` rows: 15 times 100, 10 times 1,000, twice 10,000, in between on a log scale."""
    if rows <= EPOCHS[0][0]:
        return EPOCHS[0][1]
    for (low, many), (high, few) in pairwise(EPOCHS):
        if rows <= high:
            share = (math.log(rows) - math.log(low)) / (math.log(high) - math.log(low))
            return round(many + (few - many) * share, 1)
    return EPOCHS[-1][1]


def make_config(**values: Any) -> TrainConfig:
    """Settings from values that a person gave. Raises InputError, which names the first that cannot be used."""
    try:
        return TrainConfig(**values)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise InputError(
            f"{name} is {first['input']!r}: {first['msg']}", "error.train_setting",
            name=name, value=first["input"], reason=first["msg"],
        ) from None  # fmt: skip
