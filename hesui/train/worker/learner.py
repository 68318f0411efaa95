"""The model that learns: a base from the registry with a fresh adapter, an earlier one, or all its own weights.

Knows nothing of data or of trainers.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any, NamedTuple

import torch
from peft import LoraConfig, PeftModel, prepare_model_for_kbit_training
from transformers import AutoTokenizer

from hesui.errors import ModelError
from hesui.models.base import Base, load_base
from hesui.models.device import choose_device
from hesui.models.registry import Registry
from hesui.models.tiny import BASE_NAME
from hesui.settings import EMBEDDED, Settings
from hesui.train.config import Method, TrainConfig
from hesui.train.worker.kernels import flash_attention, require_four_bits

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
    if config.quantize:
        require_four_bits(config, choose_device(settings))
    registry = Registry(settings)
    base = load_base(registry.base(), settings, quantize=config.quantize)
    if config.quantize:
        prepare_model_for_kbit_training(base.model, use_gradient_checkpointing=config.gradient_checkpointing)
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


def suit_attention(learner: Learner, longest: int, method: Method) -> None:
    """Choose the attention that is quickest for rows of up to `longest` tokens.

    Flash attention where it is installed and the model can. On a CPU the fused attention with a mask in bfloat16 takes
    longer than plain products do, which need memory for every pair of tokens, so only short rows get those; SFT trains
    without a mask, where the fused one is quicker.
    """
    model, device = learner.base.model, learner.base.device
    flash = flash_attention(device) if learner.half else ""
    if flash:
        with suppress(ImportError, ValueError):  # not every model can
            model.set_attn_implementation(flash)
    elif learner.half and device.type == "cpu" and method != "sft" and longest <= SHORT:
        model.set_attn_implementation("eager")


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
