"""What happens around a trainer's steps: measuring, probing, saving, and ending when somebody wants that.

Knows neither how the model is trained nor what became of earlier sittings, but for the probes it is told of.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

import psutil
import torch
from transformers import TrainerCallback

from hesui.train.config import TrainConfig
from hesui.train.worker.checkpoints import prune, require_room, seal, size, weight
from hesui.train.worker.diary import Diary
from hesui.train.worker.failing import diverged
from hesui.train.worker.plan import Plan
from hesui.train.worker.probe import Probe, score
from hesui.train.worker.ranks import SOLO, Ranks
from hesui.train.worker.rewards import logged
from hesui.train.worker.wish import Ended, Wish

log = logging.getLogger(__name__)

Scored = tuple[int, float]  # a step and what its probe scored


class Decision(NamedTuple):
    """What comes after a step."""

    evaluate: bool
    save: bool
    end: bool
    cancel: bool  # end without saving


class Probes:
    """The probes of a run so far, over all sittings."""

    def __init__(self, patience: int, scored: Sequence[Scored] = ()) -> None:
        self._patience = patience
        self._scored = list(scored)

    def add(self, step: int, scored: float) -> bool:
        """Take in a probe; whether it is the best so far."""
        self._scored.append((step, scored))
        return self.best == step

    @property
    def best(self) -> int | None:
        """The step that scored highest, the earliest of several; 0 is before training."""
        return max(self._scored, key=lambda one: (one[1], -one[0]))[0] if self._scored else None

    @property
    def exhausted(self) -> bool:
        """Whether so many probes came after the best one that the run ends early."""
        best = self.best
        return best is not None and 0 < self._patience <= sum(step > best for step, _ in self._scored)


class Watch(TrainerCallback):  # type: ignore[misc]
    """Called by the trainer."""

    trainer: Any  # set once there is one

    def __init__(
        self, config: TrainConfig, plan: Plan, diary: Diary, wish: Wish, probe: Probe | None, probes: Probes,
        ranks: Ranks = SOLO,
    ) -> None:  # fmt: skip
        self._config = config
        self._plan = plan
        self._diary = diary
        self._wish = wish
        self._ranks = ranks
        self._probe = probe
        self.probes = probes
        self._began = 0.0
        self._busy = 0.0  # seconds in training steps since the last line of metrics
        self._tokens = 0  # of the trainer, at that line
        self._weight = 0  # bytes of a checkpoint

    def on_step_begin(self, *_: Any, **__: Any) -> None:
        """Start the clock."""
        self._began = time.monotonic()

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> Any:
        """Look at what is wanted; probe, save and end when it is time."""
        self._busy += time.monotonic() - self._began
        decided = self._ranks.told(lambda: self._decide(state.global_step))
        if decided.cancel:
            raise Ended
        control.should_evaluate = decided.evaluate
        control.should_save = decided.save
        control.should_training_stop = control.should_training_stop or decided.end
        if control.should_save:
            control.should_log = True  # a loss that is no number is found before it is saved
        return control

    def _decide(self, step: int) -> Decision:
        """What comes after the step, which all processes must do alike; the probe is made meanwhile."""
        last = step >= self._plan.steps
        evaluate = best = False
        if self._wish.now() == "run" and (last or step % self._plan.probe_every == 0):
            evaluate = self.trainer.eval_dataset is not None
            best = self.probe_now(step)
        wanted = self._wish.now()
        end = wanted == "stop" or self.probes.exhausted
        save = best or last or end or step % self._plan.save_every == 0
        return Decision(evaluate, save, end, cancel=wanted == "cancel")

    def probe_now(self, step: int) -> bool:
        """Measure the model as it is; whether it is the best so far. False where a wish came in between."""
        if self._probe is None:
            return False
        self._diary.tell(phase="probe")
        try:
            reading = self._probe.read(lambda: self._wish.now() != "run")
        except Ended:
            return False
        self._diary.measure("probe", step, **reading.record())
        for shown in reading.shown:
            self._diary.measure("sample", step, **asdict(shown))
        self._diary.tell(phase="train")
        log.info("step %d: %.0f%% within 10, %.0f%% satisfied", step, 100 * reading.hit10, 100 * reading.satisfied)
        return self.probes.add(step, score(reading)) and step > 0

    def on_log(self, args: Any, state: Any, control: Any, logs: Mapping[str, Any] | None = None, **_: Any) -> None:
        """Write down what the trainer measured. Raises HesuiError where the loss is no number."""
        logs = logs or {}
        if "loss" in logs:
            self._note_training(state.global_step, state.epoch, logs)
        elif "eval_loss" in logs:
            self._diary.measure("eval", state.global_step, loss=logs["eval_loss"])

    def before_saving(self, folder: Path) -> None:
        """Raise HesuiError where the disk has no room for a checkpoint in `folder`."""
        self._diary.tell(phase="save")
        if self._ranks.leads:
            require_room(folder, self._weight or weight(self.trainer.model))

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Mark the checkpoint as complete and delete older ones."""
        self._ranks.wait()  # each has written its random state
        if not self._ranks.leads:
            return
        folder = Path(args.output_dir)
        saved = folder / f"checkpoint-{state.global_step}"
        seal(saved, state.global_step)
        self._weight = size(saved)
        prune(folder, self.probes.best)
        self._diary.tell(phase="train", step=state.global_step)

    def _note_training(self, step: int, epoch: float, logs: Mapping[str, Any]) -> None:
        loss, norm = float(logs["loss"]), float(logs.get("grad_norm", math.nan))
        tokens, busy = (self.trainer.tokens - self._tokens) * self._ranks.world, self._busy  # their shares are alike
        self._tokens, self._busy = self.trainer.tokens, 0.0
        self._diary.measure(
            "train", step, epoch=round(epoch, 4), loss=loss, learning_rate=logs.get("learning_rate"), grad_norm=norm,
            tokens_per_second=round(tokens / busy, 1) if busy else None, memory_mb=_memory_mb(),
            **logged(logs),
        )  # fmt: skip
        self._diary.tell(step=step, phase="train")
        log.info("step %d of %d: loss %.4f", step, self._plan.steps, loss)
        if not math.isfinite(loss) or math.isinf(norm) or ("grad_norm" in logs and math.isnan(norm)):
            raise diverged(step, self._config)


def _memory_mb() -> int:
    """What the accelerator held at most, else what the process holds."""
    if torch.cuda.is_available():
        return round(torch.cuda.max_memory_allocated() / 2**20)
    return round(psutil.Process().memory_info().rss / 2**20)
