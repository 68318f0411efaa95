"""Loading the base: weights and tokenizer as one object; knows nothing of adapters or of decoding."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from inspect import signature
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, BitsAndBytesConfig
from transformers.utils import logging as transformers_logging

from hesui.errors import HesuiError, ModelError
from hesui.models.chat import Chat
from hesui.models.device import choose_device, choose_dtype, choose_threads, is_out_of_memory, out_of_memory
from hesui.models.linear import hasten
from hesui.models.registry import BaseSource
from hesui.settings import Settings

DEFAULT_CONTEXT = 2048  # tokens, for a model whose configuration names none


@dataclass(frozen=True, slots=True)
class Base:
    """A causal language model in evaluation mode, and what belongs to it."""

    model: Any  # a transformers causal LM; its classes carry no usable types
    chat: Chat
    device: torch.device
    ends: tuple[int, ...]  # token ids that end an answer
    context: int  # tokens, prompt and answer together
    cache_bytes: int  # of key-value cache per token of a row
    cache_name: str  # under which the model takes its cache


def load_base(
    source: BaseSource,
    settings: Settings,
    progress: Callable[[float], None] = lambda _: None,
    *,
    quantize: bool = False,
) -> Base:
    """The base at `source`, on the device and in the dtype that `settings` ask for; `quantize` holds it in 4 bits.

    `progress` is told fractions of the work. Raises ModelError, SettingsError, DeviceOutOfMemory.
    """
    device = choose_device(settings)
    dtype = choose_dtype(settings, device)
    transformers_logging.disable_progress_bar()  # the caller shows progress; a bar on stderr would break pipes
    try:
        tokenizer = AutoTokenizer.from_pretrained(source.location, trust_remote_code=False)
        progress(0.4)
        model = AutoModelForCausalLM.from_pretrained(
            source.location, dtype=dtype, use_safetensors=True, trust_remote_code=False,
            **(_four_bits(device) if quantize else {}),
        )  # fmt: skip
        progress(0.9)
        if device.type == "cpu":
            torch.set_num_threads(choose_threads(settings, model.num_parameters()))
        return make_base(model if quantize else model.to(device), tokenizer)
    except HesuiError:
        raise
    except Exception as error:  # a library's many ways to say that a folder is no model
        if is_out_of_memory(error):
            raise out_of_memory(device, dtype, None) from error
        raise ModelError(
            f"the base {source.name} cannot be loaded ({type(error).__name__}: {_first_line(error)}); "
            "it must be a causal language model with a tokenizer and safetensors weights",
            "error.base_unusable",
            name=source.name,
            reason=_first_line(error),
        ) from error


def make_base(model: Any, tokenizer: Any) -> Base:
    """The base made of a model and a tokenizer that are in memory already."""
    model.eval().requires_grad_(False)
    if model.device.type == "cpu":
        hasten(model)
    config = model.config.get_text_config(decoder=True)
    chat = Chat(tokenizer)
    return Base(
        model=model,
        chat=chat,
        device=model.device,
        ends=_ends(model, chat),
        context=getattr(config, "max_position_embeddings", None) or DEFAULT_CONTEXT,
        cache_bytes=_cache_bytes(config, model.dtype.itemsize),
        cache_name=_cache_name(model),
    )


def _four_bits(device: torch.device) -> dict[str, Any]:
    """How QLoRA keeps a base: NF4, doubly quantised, multiplied in bfloat16 (Dettmers et al. 2023, arXiv 2305.14314)."""
    config = BitsAndBytesConfig(
        load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.bfloat16,
    )  # fmt: skip
    return {"quantization_config": config, "device_map": {"": device}}


def _ends(model: Any, chat: Chat) -> tuple[int, ...]:
    named = getattr(model.generation_config, "eos_token_id", None)
    listed = named if isinstance(named, list) else [named]
    return tuple(sorted({token for token in [*listed, *chat.ends()] if token is not None}))


def _cache_bytes(config: Any, itemsize: int) -> int:
    heads = config.num_attention_heads
    kv_heads = getattr(config, "num_key_value_heads", None) or heads
    head = getattr(config, "head_dim", None) or config.hidden_size // heads
    return int(2 * config.num_hidden_layers * kv_heads * head * itemsize)


def _cache_name(model: Any) -> str:
    """transformers calls it `cache` from 5.24 on, and `past_key_values` before."""
    return "cache" if "cache" in signature(model.forward).parameters else "past_key_values"


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
