"""Which of the machine's quick ways of computing a run takes, and why it does without the others.

Only what is installed is used: kernels that transformers would fetch from a Hub are foreign code. Knows nothing of data.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from transformers.utils import (
    is_bitsandbytes_available,
    is_flash_attn_2_available,
    is_flash_attn_3_available,
    is_liger_kernel_available,
)

from hesui.errors import ModelError
from hesui.train.config import TrainConfig

FLASH = ("flash_attention_3", "flash_attention_2")  # the quicker one first
AMPERE = (8, 0)  # the compute capability from which flash attention and bfloat16 run


class Kernels(NamedTuple):
    """What a run computes with."""

    attention: str  # as transformers calls it
    packing: bool  # batches without padding
    liger: bool
    quantized: bool
    checkpointing: bool
    without: tuple[str, ...]  # what is not used, and why, for the log

    def record(self) -> dict[str, Any]:
        """As the run's first measurement says it."""
        return {name: value for name, value in self._asdict().items() if name != "without"}

    def __str__(self) -> str:
        """One line of plain English."""
        used = [f"{self.attention} attention"]
        used += ["batches without padding"] if self.packing else ["rows of like length together"]
        used += ["Liger kernels"] if self.liger else []
        used += ["a base in 4 bits"] if self.quantized else []
        used += ["gradient checkpointing"] if self.checkpointing else []
        told = f"computing with {', '.join(used)}"
        return f"{told}; without {'; '.join(self.without)}" if self.without else told


def choose(config: TrainConfig, model: Any, rows: int) -> Kernels:
    """What a run of such settings computes with, `rows` on the device at once; the model's attention is chosen already."""
    attention = model.config._attn_implementation
    why = {
        "flash attention": "" if attention in FLASH else _no_flash(model),
        "batches without padding": _no_packing(config, attention, rows),
        "Liger kernels": _no_liger(config, model.device),
        "a base in 4 bits": "" if config.quantize else "the settings do not ask for it",
        "gradient checkpointing": "" if config.gradient_checkpointing else "the settings do not ask for it",
    }
    return Kernels(
        attention=attention,
        packing=not why["batches without padding"],
        liger=not why["Liger kernels"],
        quantized=config.quantize,
        checkpointing=config.gradient_checkpointing,
        without=tuple(f"{name} ({reason})" for name, reason in why.items() if reason),
    )


def flash_attention(device: torch.device) -> str:
    """What transformers calls the best flash attention that is installed and runs on `device`; "" = there is none."""
    if device.type != "cuda" or torch.cuda.get_device_capability(device) < AMPERE:
        return ""
    there = dict(zip(FLASH, (is_flash_attn_3_available(), is_flash_attn_2_available()), strict=True))
    return next((name for name in FLASH if there[name]), "")


def require_four_bits(config: TrainConfig, device: torch.device) -> None:
    """Raise ModelError where the base cannot be held in 4 bits."""
    if config.adaptation == "full":
        raise ModelError(
            "quantize=true keeps the base in 4 bits, whose weights cannot be trained; choose adaptation=lora, or leave "
            "quantize out", "error.train_quantize_full",
        )  # fmt: skip
    there = {"CUDA": device.type == "cuda", "bitsandbytes": is_bitsandbytes_available()}
    missing = ", ".join(name for name, found in there.items() if not found)
    if missing:
        raise ModelError(
            f"quantize=true needs CUDA and bitsandbytes, here is no {missing}; leave quantize out, and where memory is "
            "short set gradient_checkpointing=true", "error.train_quantize", missing=missing,
        )  # fmt: skip


def _no_flash(model: Any) -> str:
    if model.device.type != "cuda":
        return f"it needs CUDA, this is {model.device.type}"
    return "none that fits the device, the dtype and the model is installed"


def _no_packing(config: TrainConfig, attention: str, rows: int) -> str:
    if not config.packing:
        return "the settings forbid it"
    if config.method != "sft":
        return f"the method is {config.method}"
    if rows == 1:
        return "one row has no padding"
    return "" if attention in FLASH else "it needs flash attention"


def _no_liger(config: TrainConfig, device: torch.device) -> str:
    if device.type != "cuda":
        return f"they need CUDA, this is {device.type}"
    return "" if is_liger_kernel_available() else "liger-kernel is not installed"
