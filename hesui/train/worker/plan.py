"""How one run's rows become steps: how many, of what size, and after which of them something happens.

Knows neither data nor models.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from hesui.train.config import TrainConfig, suggested_epochs

LINES = 500  # about so many lines of training loss in a long run
TIMES = 10  # how often a run saves and probes, where the settings leave it open


@dataclass(frozen=True, slots=True)
class Plan:
    """All in steps, but for the rows."""

    rows: int
    micro: int  # rows on the device at once
    accumulation: int  # forward passes of so many rows that make a step
    per_epoch: int
    steps: int
    warm_up: int
    log_every: int
    save_every: int
    probe_every: int

    @property
    def epochs(self) -> float:
        """How often the run goes through its rows."""
        return self.steps / self.per_epoch


def make_plan(config: TrainConfig, rows: int) -> Plan:
    """The plan of a run with `rows` rows of train."""
    micro = min(config.micro_batch or config.batch, config.batch)
    accumulation = math.ceil(config.batch / micro)
    per_epoch = math.ceil(math.ceil(rows / micro) / accumulation)
    epochs = config.epochs or suggested_epochs(rows)
    steps = config.steps or max(1, math.ceil(epochs * per_epoch))
    now_and_then = max(1, steps // TIMES)
    return Plan(
        rows=rows,
        micro=micro,
        accumulation=accumulation,
        per_epoch=per_epoch,
        steps=steps,
        warm_up=int(config.warm_up * steps),
        log_every=max(1, steps // LINES),
        save_every=config.save_every or now_and_then,
        probe_every=config.probe_every or now_and_then,
    )
