"""The settings of one distillation run, checked when they are made and kept with the run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hesui.length import DEFAULT_COUNTER, Counter
from hesui.settings import first_fault

COMPOSER = "composer"  # the teacher that is built in: hesui.distil.composing


class Config(BaseModel):
    """One run. A field's comment is what the command line and the page say about it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    teacher: str = COMPOSER  # a preset's name: composer, qianfan, dashscope, openai, deepseek, local
    model: str = ""  # the teacher's model; "" = the preset's
    base_url: str = ""  # any OpenAI-compatible address; "" = the preset's
    classes: tuple[str, ...] = ()  # class ids; () = every answer class with a share
    prompts: int = Field(3200, ge=1, le=1_000_000)  # prompts wanted in all, shared out by the classes' shares
    samples: int = Field(1, ge=1, le=16)  # answers drawn for each prompt before the best is chosen
    retries: int = Field(2, ge=0, le=8)  # further tries that tell the teacher its measured count
    variants: float = Field(1.0, ge=0, le=10)  # per new prompt: the same one under another length demand
    per_call: int = Field(20, ge=1, le=100)  # new prompts asked for in one call
    shots: int = Field(4, ge=1, le=20)  # example prompts shown in such a call
    rounds: int = Field(60, ge=1, le=1000)  # such calls per class at most
    hard: int = Field(3, ge=2)  # tries from which a prompt counts as hard and gets variants under other numbers
    relabel: bool = True  # a prompt without an accepted answer is rewritten to the nearest answer's length
    temperature: float = Field(1.0, ge=0, le=2)
    concurrency: int = Field(16, ge=1, le=512)  # calls at once
    requests_per_minute: int = Field(0, ge=0)  # 0 = no limit
    tokens_per_minute: int = Field(0, ge=0)  # 0 = no limit
    timeout: Annotated[float, Field(gt=0)] = 60.0  # seconds a call may take
    cap: float | None = Field(None, gt=0)  # money the run may spend, in the preset's currency; None = no cap
    batch_from: int = Field(0, ge=0)  # open prompts from which the provider's batch service is used; 0 = never
    sloppiness: float = Field(0.3, ge=0, le=1)  # the composer only: share of first tries of a careless length
    counter: Counter = DEFAULT_COUNTER
    seed: int = Field(0, ge=0)

    def record(self) -> dict[str, Any]:
        """The settings as a JSON object."""
        return self.model_dump(mode="json")


def make_config(**values: Any) -> Config:
    """Settings from values that a person gave. Raises InputError, which names the first that cannot be used."""
    try:
        return Config(**values)
    except ValidationError as error:
        raise first_fault(error, "error.distil_setting") from None


def config_of(record: Mapping[str, Any]) -> Config:
    """The settings that a run was started with."""
    return Config.model_validate(record)
