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
    micro: int  # rows on a device at once
    accumulation: int  # forward passes of so many rows that make a step
    per_epoch: int
    steps: int
    warm_up: int
    log_every: int
    save_every: int
    probe_every: int
    processes: int = 1  # that share a step's rows

    @property
    def epochs(self) -> float:
        """How often the run goes through its rows."""
        return self.steps / self.per_epoch


def make_plan(config: TrainConfig, rows: int, processes: int = 1) -> Plan:
    """The plan of a run with `rows` rows of train, whose steps so many processes share."""
    share = math.ceil(config.batch / processes)
    micro = min(config.micro_batch or share, share)
    accumulation = math.ceil(config.batch / (micro * processes))
    per_epoch = math.ceil(math.ceil(rows / (micro * processes)) / accumulation)
    epochs = config.epochs or suggested_epochs(rows, config.method)
    by_epochs = max(1, math.ceil(epochs * per_epoch))
    steps = config.steps or min(by_epochs, config.most_steps or by_epochs)
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
        processes=processes,
    )
