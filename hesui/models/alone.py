"""An adapter that cannot share a batch: PEFT's own code, put around the base for one answer and taken off again.

Knows nothing of tokens or of text.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from peft import PeftConfig, PeftModel, PromptLearningConfig

from hesui.errors import ModelError
from hesui.models.lora import read_config
from hesui.models.registry import AdapterSource


@contextmanager
def attached(source: AdapterSource, model: Any) -> Iterator[None]:
    """Inside, `model` computes with the adapter at `source`; afterwards it is the base again.

    Raises ModelError where PEFT cannot load it onto this base.
    """
    wrapped = attach(source, model)
    try:
        yield
    finally:
        wrapped.base_model.unload()


def attach(source: AdapterSource, model: Any) -> PeftModel:
    """`model`, which computes with the adapter at `source` from now on. Raises ModelError, and leaves it as it was."""
    read_config(source)
    try:
        config = PeftConfig.from_pretrained(str(source.folder))
        if isinstance(config, PromptLearningConfig):
            raise ValueError(f"{config.peft_type} adds no weights to layers and is not supported")
        wrapped = PeftModel(model, config)
    except Exception as error:  # PEFT's many ways to say that a configuration does not fit
        raise _unusable(source, error) from error
    try:
        loaded = wrapped.load_adapter(str(source.folder), "default")
        if strange := [*loaded.missing_keys, *loaded.unexpected_keys]:
            raise ValueError(f"it was made for another base: {strange[0]} does not match")
    except Exception as error:
        wrapped.base_model.unload()  # otherwise half an adapter would stay on the base
        raise _unusable(source, error) from error
    return wrapped.eval()


def _unusable(source: AdapterSource, error: Exception) -> ModelError:
    return ModelError(
        f"the adapter {source.name} cannot be used: {error}",
        "error.adapter_unusable",
        name=source.name,
        reason=str(error),
    )
