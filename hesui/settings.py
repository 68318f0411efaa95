"""Settings, read from the environment (HESUI_*) when `Settings()` is made, never at import."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import regex
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidatorFunctionWrapHandler,
    field_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from hesui.errors import InputError

ROOT = Path(__file__).resolve().parent.parent
TINY = ROOT / "data" / "tiny"
REMOTES_FORM = (
    'write models behind servers as JSON, like {"qwen": {"url": "http://127.0.0.1:8000/v1", "model": "Qwen3-0.6B", '
    '"key_env": "MY_KEY"}}'
)
EMBEDDED = "embedded"  # the base model's name that means data/tiny

Money = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Prices = Annotated[dict[str, tuple[Money, Money]], NoDecode]
RESERVED = ("base", "tuned")  # names of models that are here already
_NAME = regex.compile(r"[A-Za-z0-9_\p{Han}][A-Za-z0-9_\-\p{Han}]{0,63}")


class Remote(BaseModel):
    """A model behind an OpenAI-compatible server. Holds no key: only where the key is found."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str  # as far as /v1
    model: str = Field(min_length=1)  # what the server calls it
    key_env: str = ""  # the environment's name for the key; "" = none is needed
    limit_field: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    extra: dict[str, Any] = {}  # further fields of every request, as {"chat_template_kwargs": {…}}
    concurrency: int = Field(8, ge=1, le=256)  # answers asked for at once

    @field_validator("url")
    @classmethod
    def _check_url(cls, url: str) -> str:
        fault = address_fault(url)
        if fault:
            raise ValueError(fault)
        return url.rstrip("/")


Remotes = Annotated[dict[str, Remote], NoDecode]


def first_fault(error: ValidationError, key: str) -> InputError:
    """What pydantic says of settings that a person gave, naming the first that cannot be used; `key` names the sentence."""
    first = error.errors()[0]
    name = ".".join(str(part) for part in first["loc"])
    return InputError(
        f"{name} is {first['input']!r}: {first['msg']}", key, name=name, value=first["input"], reason=first["msg"]
    )


class Settings(BaseSettings):
    """One field a setting; the environment's name is HESUI_ and the field in capitals."""

    model_config = SettingsConfigDict(env_prefix="HESUI_", frozen=True, hide_input_in_errors=True)

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
    remotes: Remotes = {}  # models behind servers, as JSON: {"name": {"url": …, "model": …, "key_env": …}}
    auto_resume: bool = False  # training runs whose process is gone go on by themselves
    api_key: SecretStr = SecretStr("")  # for the OpenAI-compatible endpoint; "" = none: it is for this machine only
    host: str = "127.0.0.1"  # where the app listens
    port: int = Field(7860, ge=0, le=65535)

    @field_validator("prices", mode="wrap")
    @classmethod
    def _read_prices(cls, value: Any, read: ValidatorFunctionWrapHandler) -> Any:
        try:
            return read(json.loads(value) if isinstance(value, str) else value)
        except ValueError:
            raise ValueError('write money for a million tokens in and out as JSON, like {"model": [2, 8]}') from None

    @field_validator("remotes", mode="wrap")
    @classmethod
    def _read_remotes(cls, value: Any, read: ValidatorFunctionWrapHandler) -> Any:
        try:
            found: dict[str, Remote] = read(json.loads(value) if isinstance(value, str) else value)
        except ValidationError as error:
            # What was given is not repeated: somebody may have put a key into it.
            first = error.errors(include_input=False)[0]
            place = ".".join(map(str, first["loc"])) or "it"
            raise ValueError(f"{place}: {first['msg'].removeprefix('Value error, ')}; {REMOTES_FORM}") from None
        except (ValueError, RecursionError):
            raise ValueError(REMOTES_FORM) from None
        _check_names(found)
        return found

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

    @property
    def evaluations(self) -> Path:
        """Where evaluations lie, a folder each."""
        return self.home / "evaluations"


def address_fault(url: str) -> str:
    """Why `url` is no server's address that may be kept and shown; "" where it is one."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        return str(error)
    if parts.scheme not in ("http", "https") or not parts.hostname or not url.isprintable() or " " in url:
        return f"{url[:80]!r} is no http or https address" if "@" not in url else "it is no http or https address"
    if parts.username or parts.password or parts.query or parts.fragment:
        return "it may hold no user name, password or query, which would be kept with the run; keys go into the environment"
    return ""


def _check_names(remotes: Mapping[str, Remote]) -> None:
    for name in remotes:
        if _NAME.fullmatch(name) is None or name.casefold() in RESERVED:
            raise ValueError(
                f"the name {name!r} cannot be used; take up to 64 letters, digits, Chinese characters, - or _, "
                f"not - at the beginning, and neither {' nor '.join(RESERVED)}"
            )
