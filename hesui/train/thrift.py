"""Which settings need less memory; knows neither how much there is nor how much a run takes."""

from __future__ import annotations

from hesui.train.config import TrainConfig


def thriftier(config: TrainConfig) -> list[str]:
    """Settings that need less memory, in the order in which to try them, the one of hesui.train.advice.memory."""
    at_once = config.micro_batch or config.batch
    tries = [f"micro_batch={at_once // 2}"] if at_once > 1 else []
    tries += [f"context={config.context // 2}" if config.context > 256 else "context=512"]
    tries += ["gradient_checkpointing=true"] if not config.gradient_checkpointing else []
    if config.adaptation == "full":
        tries.append("adaptation=lora")
    elif config.rank > 4:
        tries.append(f"rank={config.rank // 2}")
    return tries
