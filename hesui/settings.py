"""Settings, read from the environment (HESUI_*) when `Settings()` is made, never at import."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

ROOT = Path(__file__).resolve().parent.parent
TINY = ROOT / "data" / "tiny"
EMBEDDED = "embedded"  # the base model's name that means data/tiny


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
    host: str = "127.0.0.1"  # where the app listens
    port: int = Field(7860, ge=0, le=65535)

    @property
    def adapters(self) -> Path:
        """Where trained adapters lie, a folder each."""
        return self.home / "adapters"
