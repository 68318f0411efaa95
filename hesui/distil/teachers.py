"""Who can be asked: the providers' addresses, models and prices. Asks nobody, and keeps no key.

A key is read from the environment when a client is made (`Endpoint.key`) and goes nowhere else.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple
from urllib.parse import urlsplit

from hesui.distil.calls import Usage
from hesui.distil.config import COMPOSER, Config
from hesui.errors import InputError, TeacherError
from hesui.settings import Settings, address_fault

JsonMode = Literal["json_schema", "json_object", "none"]
OWN_KEY = "HESUI_TEACHER_KEY"  # for every address that is no preset's: a provider's key goes to that provider only


class Price(NamedTuple):
    """Money for a million tokens."""

    input: float
    output: float

    def of(self, usage: Usage) -> float:
        """What this many tokens cost."""
        return (self.input * usage.prompt + self.output * usage.completion) / 1e6


FREE = Price(0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Preset:
    """A provider as it is known beforehand."""

    name: str
    zh: str
    en: str
    base_url: str
    key_env: str  # the environment's name for the key
    model: str = ""  # "" = has to be named
    currency: str = "CNY"
    json_mode: JsonMode = "json_object"
    batch: bool = False  # has a batch service of OpenAI's form: files, then batches
    limit_field: str = "max_tokens"  # what the request calls the token limit
    extra: Mapping[str, Any] = field(default_factory=dict)  # further fields of every request


# Addresses, model names and request fields: the providers' documentation, November 2026. These models think before
# they answer unless told not to; thoughts are charged as output, and a greeting of 50 characters needs none.
PRESETS: dict[str, Preset] = {
    preset.name: preset
    for preset in (
        Preset("qianfan", "百度千帆", "Baidu Qianfan", "https://qianfan.baidubce.com/v2", "QIANFAN_API_KEY", "ernie-5.1"),
        Preset(
            "dashscope", "阿里云百炼", "Alibaba Cloud Model Studio",
            "https://dashscope.aliyuncs.com/compatible-mode/v1", "DASHSCOPE_API_KEY", "qwen3.8-flash",
            batch=True, extra={"enable_thinking": False},
        ),
        Preset(
            "openai", "OpenAI", "OpenAI", "https://api.openai.com/v1", "OPENAI_API_KEY", "gpt-5.4-mini",
            currency="USD", json_mode="json_schema", batch=True, limit_field="max_completion_tokens",
            extra={"reasoning_effort": "none"},
        ),
        Preset(
            "deepseek", "DeepSeek", "DeepSeek", "https://api.deepseek.com", "DEEPSEEK_API_KEY", "deepseek-flash",
            extra={"thinking": {"type": "disabled"}},
        ),
        Preset("local", "本地服务", "local server", "http://127.0.0.1:8000/v1", OWN_KEY, currency=""),
    )
}  # fmt: skip

# Money for a million tokens in the preset's currency, as published in August to November 2026; HESUI_PRICES overrides
# and adds. DeepSeek at its peak hours, twice the rest. Discounts for cached prompts are left out: costs shown are
# never below the bill for that reason.
PRICES: dict[str, Price] = {
    "qwen3.8-flash": Price(0.8, 2.7),
    "deepseek-flash": Price(2.0, 8.0),
    "deepseek-v4-pro": Price(9.0, 27.0),
    "gpt-5.4-mini": Price(0.75, 4.5),
    "gpt-5.4": Price(2.5, 15.0),
}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where and how to ask."""

    base_url: str
    model: str
    price: Price | None  # None = unknown
    currency: str
    json_mode: JsonMode
    key_env: str
    batch: bool
    key_needed: bool = True
    limit_field: str = "max_tokens"
    extra: Mapping[str, Any] = field(default_factory=dict)

    def key(self) -> str:
        """The key, from the environment as it is now; "" where none is set nor needed. Raises TeacherError."""
        key = os.environ.get(self.key_env, "").strip()
        if not key and self.key_needed:
            raise TeacherError(
                f"{self.key_env} is not set; export it and start again", "error.teacher_key", name=self.key_env
            )
        if not key.isascii() or not key.isprintable() or " " in key:
            raise TeacherError(
                f"{self.key_env} holds characters that no key has; copy it again, then start again",
                "error.teacher_key_bad",
                name=self.key_env,
            )
        return key


def resolve(config: Config, settings: Settings, *, keyed: bool = True) -> Endpoint:
    """Where and how to ask the teacher of a run; an estimate needs no key, so `keyed` may be False.

    Raises InputError on an unknown preset, a wrong address, a missing model or a cap that cannot be kept because the
    price is unknown; TeacherError on a missing key.
    """
    preset = _preset(config.teacher)
    base_url = _checked_url(config.base_url or preset.base_url)
    elsewhere = urlsplit(base_url).netloc != urlsplit(preset.base_url).netloc
    model = config.model or preset.model
    if not model:
        raise InputError(
            f"no model is named for the teacher {preset.name!r}; its server lists them at {base_url}/models",
            "error.teacher_model",
            teacher=preset.name,
            url=f"{base_url}/models",
        )
    endpoint = Endpoint(
        base_url, model, _price(preset, model, settings), preset.currency, preset.json_mode,
        key_env=OWN_KEY if elsewhere else preset.key_env,
        key_needed=not elsewhere and preset.key_env != OWN_KEY,
        batch=preset.batch, limit_field=preset.limit_field, extra=preset.extra,
    )  # fmt: skip
    _check_cap(config, endpoint)
    if keyed:
        endpoint.key()
    return endpoint


def _preset(name: str) -> Preset:
    if name not in PRESETS:
        known = ", ".join((COMPOSER, *PRESETS))
        raise InputError(
            f"there is no teacher {name!r}; there are: {known}", "error.teacher_unknown", name=name, known=known
        )
    return PRESETS[name]


def _checked_url(url: str) -> str:
    reason = address_fault(url)
    if reason:
        raise InputError(
            f"the teacher's address cannot be used: {reason}; write it like https://host/v1",
            "error.teacher_url",
            reason=reason,
        )
    return url.rstrip("/")


def _price(preset: Preset, model: str, settings: Settings) -> Price | None:
    if model in settings.prices:
        return Price(*settings.prices[model])
    return FREE if preset.key_env == OWN_KEY else PRICES.get(model)


def _check_cap(config: Config, endpoint: Endpoint) -> None:
    if config.cap is None:
        return
    if config.cap <= 0:
        raise InputError(
            f"the cap is {config.cap:g}; allow more than 0, or set none", "error.teacher_cap", cap=f"{config.cap:g}"
        )
    if endpoint.price is None:
        raise InputError(
            f"the cap cannot be kept: the price of {endpoint.model!r} is unknown; "
            f"set HESUI_PRICES='{{\"{endpoint.model}\": [INPUT, OUTPUT]}}', money for a million tokens, or set no cap",
            "error.teacher_price",
            model=endpoint.model,
        )
