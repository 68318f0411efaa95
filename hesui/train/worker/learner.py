"""The model that learns: a base from the registry with a fresh adapter, an earlier one, or all its own weights.

Knows nothing of data or of trainers.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from peft import LoraConfig, PeftModel
from transformers import AutoTokenizer

from hesui.errors import ModelError
from hesui.models.base import Base, load_base
from hesui.models.registry import Registry
from hesui.models.tiny import BASE_NAME
from hesui.settings import EMBEDDED, Settings
from hesui.train.config import TrainConfig

SHORT = 1024  # tokens up to which a CPU is quicker with plain attention in bfloat16


class Learner(NamedTuple):
    """What a trainer is given."""

    base: Base  # the model inside, in place: what the trainer changes, this computes with
    model: Any  # the base's model, or a PEFT model around it
    fresh: LoraConfig | None  # the adapter that the trainer is to put around it
    tokenizer: Any
    half: bool  # compute in bfloat16; what is trained stays in the dtype that it was loaded in


def load_learner(config: TrainConfig, settings: Settings) -> Learner:
    """The learner that the run's settings ask for. Raises ModelError, SettingsError, DeviceOutOfMemory."""
    settings = settings.model_copy(update={"base_model": config.base})
    full, half_allowed = config.adaptation == "full", settings.dtype in ("auto", "bfloat16")
    if full and settings.dtype == "auto":
        settings = settings.model_copy(update={"dtype": "float32"})  # small steps vanish in bfloat16 weights
    registry = Registry(settings)
    base = load_base(registry.base(), settings)
    tokenizer = AutoTokenizer.from_pretrained(registry.base().location, trust_remote_code=False)
    half = half_allowed and _computes_in_half(base.device)
    if full:
        if config.adapter:
            raise ModelError(
                f"a full fine-tuning cannot go on from the adapter {config.adapter}; leave the adapter out",
                "error.train_full_adapter", name=config.adapter,
            )  # fmt: skip
        base.model.requires_grad_(True)
        return Learner(base, base.model, None, tokenizer, half)
    if not config.adapter:
        return Learner(base, base.model, _lora(config), tokenizer, half)
    source = registry.adapter(config.adapter)
    try:
        model = PeftModel.from_pretrained(base.model, str(source.folder), is_trainable=True)
    except Exception as error:  # PEFT's many ways to say that an adapter does not fit
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
        raise ModelError(
            f"the adapter {source.name} cannot be used: {reason}", "error.adapter_unusable",
            name=source.name, reason=reason,
        ) from error  # fmt: skip
    return Learner(base, model, None, tokenizer, half)


def suit_attention(learner: Learner, longest: int) -> None:
    """Choose the attention that is quickest for rows of up to `longest` tokens.

    On a CPU the fused attention's backward pass in bfloat16 takes several times what plain products do; plain ones need
    memory for every pair of tokens, so only short rows get them.
    """
    if learner.half and learner.base.device.type == "cpu" and longest <= SHORT:
        learner.base.model.set_attn_implementation("eager")


def public_name(config: TrainConfig) -> str:
    """What an adapter is to call its base; "" = as it was loaded."""
    return BASE_NAME if config.base == EMBEDDED else ""


def _lora(config: TrainConfig) -> LoraConfig:
    return LoraConfig(
        task_type="CAUSAL_LM",
        r=config.rank,
        lora_alpha=config.alpha,
        lora_dropout=config.dropout,
        use_rslora=config.rslora,
        use_dora=config.dora,
        target_modules="all-linear",
    )


def _computes_in_half(device: torch.device) -> bool:
    """Whether the device multiplies in bfloat16 quicker than in float32."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    known = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")  # torch has no public name for it
    return device.type == "cpu" and any(getattr(torch.cpu, name, bool)() for name in known)
