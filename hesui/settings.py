"""Settings, read from the environment (HESUI_*) when `Settings()` is made, never at import."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, SecretStr, ValidatorFunctionWrapHandler, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

ROOT = Path(__file__).resolve().parent.parent
TINY = ROOT / "data" / "tiny"
EMBEDDED = "embedded"  # the base model's name that means data/tiny

Money = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Prices = Annotated[dict[str, tuple[Money, Money]], NoDecode]


class Settings(BaseSettings):
    """One field a setting; the environment's name is HESUI_ and the field in capitals."""

    model_config = SettingsConfigDict(env_prefix="HESUI_", frozen=True)

    home: Path = ROOT / "home"  # database, runs, adapters, caches
    base_model: str = EMBEDDED  # "embedded", a folder or a Hub id
    device: str = "auto"  # auto, cpu, cuda, cuda:1, mps
    dtype: str = "auto"  # auto, float32, bfloat16, float16
    threads: int = Field(0, ge=0)  # torch threads on a CPU; 0 = derived from the cores
    queue: int = Field(16, ge=0)  # requests that may wait; one more is refused
    time_limit: float = Field(120.0, gt=0)  # seconds one batch of answers may take
    max_prompt: int = Field(8000, gt=0)  # characters
    database_url: SecretStr = SecretStr("")  # may hold a password; "" = a SQLite file in the home folder
    overlap: float = Field(0.15, ge=0, le=1)  # share of review items that two reviewers must see
    gold: float = Field(0.05, ge=0, le=1)  # share of items with a known verdict among those that a reviewer gets
    lease: float = Field(600.0, ge=10)  # seconds that an item stays with a reviewer who does not come back
    prices: Prices = {}  # of teachers, as JSON: {"model": [input, output]}, money for a million tokens
    auto_resume: bool = False  # training runs whose process is gone go on by themselves
    host: str = "127.0.0.1"  # where the app listens
    port: int = Field(7860, ge=0, le=65535)

    @field_validator("prices", mode="wrap")
    @classmethod
    def _read_prices(cls, value: Any, read: ValidatorFunctionWrapHandler) -> Any:
        try:
            return read(json.loads(value) if isinstance(value, str) else value)
        except ValueError:
            raise ValueError('write money for a million tokens in and out as JSON, like {"model": [2, 8]}') from None

    @property
    def database(self) -> str:
        """The database's address as SQLAlchemy reads it."""
        return self.database_url.get_secret_value() or f"sqlite:///{self.home / 'hesui.db'}"

    @property
    def classes(self) -> Path:
        """Where an owner's own task classes lie, a file each."""
        return self.home / "classes"

    @property
    def runs(self) -> Path:
        """Where training runs lie, a folder each."""
        return self.home / "runs"

    @property
    def adapters(self) -> Path:
        """Where trained adapters lie, a folder each."""
        return self.home / "adapters"
