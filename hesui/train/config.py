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
from hesui.settings import EMBEDDED, first_fault

Method = Literal["sft", "dpo", "kto", "grpo"]
Preset = Literal["quick", "standard", "thorough"]
Adaptation = Literal["lora", "full"]

EPOCHS = ((100, 15.0), (1_000, 10.0), (10_000, 2.0))  # rows, epochs: what contests and cookbooks found to work


RATE, TINY_RATE = 3e-4, 2e-3  # peak learning rates; a model of three million parameters learns nothing from the first
PREFERENCES: frozenset[Method] = frozenset({"dpo", "kto", "grpo"})  # they move a model that writes already
GENTLER = 20  # times lower a rate for these: at a quarter of sft's the embedded adapter got worse
FEW_EPOCHS = 3.0  # of these at most, where the settings leave it open: a model moves away from what it was judged by


class TrainConfig(BaseModel):
    """One run. A field's comment is what the command line and the page say about it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    data: Path  # a data set that `hesui review export` or `hesui corpus split` wrote
    base: str = EMBEDDED  # as HESUI_BASE_MODEL names it
    method: Method = "sft"  # by the kind of the data: answers, pairs, ratings; dpo and grpo learn from prompts too
    adapter: str = ""  # an adapter to go on from; "" = a fresh one
    adaptation: Adaptation = "lora"
    rank: int = Field(8, ge=1, le=512)
    alpha: int = Field(16, ge=1, le=2048)
    dropout: float = Field(0.0, ge=0, lt=1)
    rslora: bool = False  # scale by the square root of the rank
    dora: bool = False  # weight-decomposed; cannot share a mixed batch in Compare
    plus: float = Field(0.0, ge=0, le=64)  # LoRA+: how many times faster B learns than A; 0 = alike
    quantize: bool = False  # QLoRA: the base in 4 bits; needs CUDA and bitsandbytes
    learning_rate: Annotated[float, Field(gt=0, le=1)] = RATE  # where none is given, by base and method
    warm_up: float = Field(0.1, ge=0, lt=1)  # share of all steps
    weight_decay: float = Field(0.01, ge=0, le=1)
    epochs: float = Field(0.0, ge=0, le=1000)  # 0 = by the number of rows
    steps: int = Field(0, ge=0)  # 0 = by the epochs
    most_steps: int = Field(0, ge=0)  # at most so many, whatever the epochs come to; 0 = no limit
    batch: int = Field(16, ge=1, le=4096)  # rows that one step learns from
    micro_batch: int = Field(0, ge=0)  # rows on the device at once; 0 = the whole batch
    context: int = Field(0, ge=0, le=131_072)  # tokens of a row at most; 0 = what the data need, 4096 at most
    beta: Annotated[float, Field(gt=0, le=10)] = 0.1  # dpo, kto, grpo: how closely the model stays to where it began
    samples: int = Field(8, ge=2, le=64)  # answers drawn for each prompt: grpo's group, or what dpo pairs
    markers: bool = False  # sft: teach what remains at clause ends; stripped wherever an answer is shown or counted
    max_grad_norm: float = Field(1.0, ge=0)
    gradient_checkpointing: bool = False  # less memory, more time
    packing: bool = True  # batches without padding, where the device's attention can; else rows of like length together
    processes: int = Field(0, ge=0, le=64)  # 0 = one for each accelerator
    sharded: bool = False  # FSDP: weights and moments shared out over the processes, instead of a copy in each
    save_every: int = Field(0, ge=0)  # steps between two checkpoints; 0 = ten times in a run
    probe_every: int = Field(0, ge=0)  # steps between two length probes; 0 = ten times in a run
    probe_prompts: int = Field(32, ge=0, le=1000)  # held-out prompts of a probe; 0 = no probe
    patience: int = Field(0, ge=0)  # probes without a better one until the run ends early; 0 = never
    counter: Counter = DEFAULT_COUNTER
    seed: int = Field(0, ge=0)

    @model_validator(mode="before")
    @classmethod
    def _by_base(cls, values: Any) -> Any:
        """The learning rate that suits base and method, where none is given."""
        if isinstance(values, dict) and values.get("learning_rate") is None:
            rate = TINY_RATE if str(values.get("base", EMBEDDED)) == EMBEDDED else RATE
            return {**values, "learning_rate": rate / GENTLER if values.get("method") in PREFERENCES else rate}
        return values

    def record(self) -> dict[str, Any]:
        """The settings as a JSON object."""
        return self.model_dump(mode="json")


# The dial: what differs from the defaults, which are the contest winner's (rank 8, 3e-4, warm-up 0.1, decay 0.01).
PRESETS: Mapping[Preset, Mapping[str, Any]] = MappingProxyType({
    "quick": {"most_steps": 240},
    "standard": {},
    "thorough": {"rank": 16, "alpha": 32, "probe_prompts": 64, "patience": 4},
})  # fmt: skip


def suggested_epochs(rows: int, method: Method = "sft") -> float:
    """How often to go through `rows` rows: 15 times 100, 10 times 1,000, twice 10,000, in between on a log scale.

    With dpo, kto and grpo three times at most.
    """
    if method in PREFERENCES:
        return min(suggested_epochs(rows), FEW_EPOCHS)
    if rows <= EPOCHS[0][0]:
        return EPOCHS[0][1]
    for (low, many), (high, few) in pairwise(EPOCHS):
        if rows <= high:
            share = (math.log(rows) - math.log(low)) / (math.log(high) - math.log(low))
            return round(many + (few - many) * share, 1)
    return EPOCHS[-1][1]


def require_teachable(config: TrainConfig) -> None:
    """Raise InputError where the method cannot teach what the settings ask for."""
    if config.markers and (config.method != "sft" or config.adaptation != "lora"):
        raise InputError(
            f"markers are taught by the method sft to an adapter (lora), not by {config.method} with {config.adaptation}; "
            "leave them out, or change method and adaptation",
            "error.train_markers", method=config.method, adaptation=config.adaptation,
        )  # fmt: skip


def make_config(**values: Any) -> TrainConfig:
    """Settings from values that a person gave. Raises InputError, which names the first that cannot be used."""
    try:
        return TrainConfig(**values)
    except ValidationError as error:
        raise first_fault(error, "error.train_setting") from None
