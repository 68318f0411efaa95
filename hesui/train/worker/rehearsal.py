"""Measures what a run will cost, before it: `python -m hesui.train.worker.rehearsal DIR`, with its config.json there.

Loads what the run would load and makes a few of its real steps, which are thrown away with the process; what came of it
is written into DIR last of all. Knows neither how many steps the run will have nor who asks.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import psutil

from hesui.processes import step_back
from hesui.settings import Settings
from hesui.train.config import TrainConfig
from hesui.train.data import DataSet, describe
from hesui.train.estimating import Measurement, Timed, write_failure, write_measurement
from hesui.train.runs import RunFolder
from hesui.train.worker.diary import Diary
from hesui.train.worker.wish import Ended, Wish

if TYPE_CHECKING:  # they load torch
    from hesui.models.base import Base
    from hesui.train.worker.learner import Learner
    from hesui.train.worker.lessons import Lessons
    from hesui.train.worker.plan import Plan

log = logging.getLogger(__name__)

SHARES = (1.0, 0.5, 0.85, 0.15)  # which steps are made: the widest, the middle one, …
ROUNDS = 2  # times that each is made: at first, memory of that shape is new
STEPS_FOR = 60.0  # seconds after which no further step is made
ASKED = (4, 16)  # prompts of the two probes
PROBE_FOR = 20.0  # seconds; where the first probe takes longer there is no second one
TEXTS = 24  # of which general ability is measured
WRITTEN = 256 * 2**20  # bytes; the time that a greater checkpoint takes is taken from this much of it


class Steps(NamedTuple):
    """What the trainer's steps came to, in seconds where it says nothing else."""

    mean: float  # over all steps of an epoch
    tokens: float  # of such a step, padding left out
    evaluation: float
    save: float
    checkpoint: int  # bytes
    share: float  # of the time that the device was ours


def main() -> int:
    """Measure what the command line names; 0 where that was possible, 1 where not, which the result says too."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stdout)
    if len(sys.argv) != 2 or not Path(sys.argv[1], "config.json").is_file():
        print("usage: python -m hesui.train.worker.rehearsal DIR (a folder with a config.json)", file=sys.stderr)
        return 2
    step_back()  # as the run will
    warnings.simplefilter("ignore", FutureWarning)  # the libraries' remarks on each other would fill the log
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    folder = RunFolder(Path(sys.argv[1]).absolute())
    wish = Wish(folder)
    signal.signal(signal.SIGTERM, lambda *_: wish.stop())
    diary, config = Diary(folder, wish), None
    try:
        with diary.alive():
            config = folder.config()
            found = rehearse(folder, config, Settings(), wish, diary)
    except Ended:
        return 1
    except Exception as error:
        log.exception("the rehearsal failed")
        from hesui.train.worker.failing import explain

        write_failure(folder.path, *explain(error, config, folder.path))
        return 1
    write_measurement(folder.path, found)
    return 0


def rehearse(folder: RunFolder, config: TrainConfig, settings: Settings, wish: Wish, diary: Diary) -> Measurement:
    """Measure a run with these settings. Raises Ended, HesuiError and whatever else goes wrong."""
    diary.tell(phase="data")
    data = describe(config.data)
    diary.tell(phase="model")
    free = _free_mb()
    from hesui.train.worker.learner import load_learner, suit_attention
    from hesui.train.worker.lessons import prepare
    from hesui.train.worker.plan import make_plan
    from hesui.train.worker.ranks import processes

    world = processes(config, settings)
    if world > 1:  # one of them is rehearsed; what they say to each other is not measured
        settings = settings.model_copy(update={"device": "cuda:0" if free else "cpu"})
    learner = load_learner(config, settings)
    wish.require_run()
    diary.tell(phase="data")
    lessons = prepare(data, config, learner.base, wish.require_run)
    suit_attention(learner, max(lessons.lengths), config.method)
    plan = make_plan(config, len(lessons.train), world)
    folder.checkpoints.mkdir(exist_ok=True)
    trainer = _trainer(folder, config, plan, learner, lessons, wish, diary)
    load = time.time() - psutil.Process().create_time()
    load_share = min(time.process_time() / load, 1.0) if learner.base.device.type == "cpu" else 1.0
    wish.require_run()
    diary.tell(phase="probe")
    probes, ability = _probes(config, data, learner.base, wish), _ability(learner.base, wish)
    diary.tell(phase="train")
    steps = _steps(trainer, _Order(trainer, plan, lessons.lengths), wish, folder.checkpoints)
    return Measurement(
        made=time.time(), device=str(learner.base.device), rows=len(lessons.train), left_out=lessons.left_out,
        tokens_max=max(lessons.lengths), rank=config.rank, processes=world, load=load, step=steps.mean,
        tokens_per_second=steps.tokens / steps.mean, evaluation=steps.evaluation, probes=probes, ability=ability,
        save=steps.save, checkpoint=steps.checkpoint, memory_mb=_peak_mb(), free_mb=free, share=steps.share, load_share=load_share,
    )  # fmt: skip


class _Order:
    """Which of an epoch's steps are made, each as the rows that it learns from."""

    def __init__(self, trainer: Any, plan: Plan, lengths: Sequence[int]) -> None:
        from hesui.train.worker.batches import width

        def cost(step: Sequence[int]) -> int:
            """Tokens, padding and all."""
            if trainer.kernels.packing:
                return sum(lengths[row] for row in step)
            batches = (step[first : first + together] for first in range(0, len(step), together))
            return sum(width(max(lengths[row] for row in batch)) * len(batch) for batch in batches)

        together = plan.micro * plan.processes
        rows, whole = list(trainer._get_train_sampler()), together * plan.accumulation
        epoch = [rows[first : first + whole] for first in range(0, len(rows), whole)]
        ordered = sorted((step for step in epoch if len(step) == whole), key=cost) or epoch
        chosen = dict.fromkeys(min(int(share * len(ordered)), len(ordered) - 1) for share in SHARES)
        self.made = [ordered[at] for at in chosen] * ROUNDS
        self.costs = [cost(step) for step in self.made]
        self.all = [cost(step) for step in epoch]
        self.tokens = sum(lengths) / len(epoch)  # of a step


def _trainer(
    folder: RunFolder, config: TrainConfig, plan: Plan, learner: Learner, lessons: Lessons, wish: Wish, diary: Diary
) -> Any:
    """The run's trainer without the run's watch."""
    from hesui.train.worker.trainers import make_trainer
    from hesui.train.worker.watch import Probes, Watch

    watch = Watch(config, plan, diary, wish, None, Probes(0))
    trainer = make_trainer(config, plan, learner, lessons, folder.checkpoints, watch)
    trainer.remove_callback(watch)
    trainer.args._n_gpu = min(trainer.args.n_gpu, 1)  # else it would share out a batch over all that it sees
    return trainer


def _clock(wish: Wish, steps: int, evaluates: bool, saves: bool) -> Any:
    """A callback that looks at the clock after each step, after an evaluation and after a checkpoint."""
    from transformers import TrainerCallback

    class Clock(TrainerCallback):  # type: ignore[misc]
        def __init__(self) -> None:
            self.marks: list[float] = []  # after each step, the first one before all of them
            self.busy: list[float] = []  # seconds that this process computed until then, all threads together
            self.evaluated = self.saved = 0.0

        def on_step_begin(self, *_: Any, **__: Any) -> None:
            if not self.marks:
                self._mark()

        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> Any:
            self._mark()
            wish.require_run()
            late = self.marks[-1] - self.marks[0] > STEPS_FOR and len(self.marks) > 2
            if late or state.global_step >= steps:
                control.should_training_stop = True
                control.should_evaluate, control.should_save = evaluates, saves
            return control

        def on_evaluate(self, *_: Any, **__: Any) -> None:
            self.evaluated = time.monotonic()

        def on_save(self, *_: Any, **__: Any) -> None:
            self.saved = time.monotonic()

        def _mark(self) -> None:
            self.marks.append(time.monotonic())
            self.busy.append(time.process_time())

    return Clock()


def _steps(trainer: Any, order: _Order, wish: Wish, place: Path) -> Steps:
    """Make the steps, an evaluation and a checkpoint."""
    from hesui.train.worker.checkpoints import size, weight

    clock = _clock(wish, len(order.made), trainer.eval_dataset is not None, weight(trainer.model) <= WRITTEN)
    trainer.add_callback(clock)
    trainer.args.max_steps = len(order.made)
    trainer._get_train_sampler = lambda *_: _Listed([row for step in order.made for row in step])
    trainer.train()
    seconds = [after - before for before, after in pairwise(clock.marks)]
    log.info("steps (tokens, seconds): %s", list(zip(order.costs, (round(one, 3) for one in seconds), strict=False)))
    timed = _means(order.costs, seconds)
    mean = sum(between(timed, cost) for cost in order.all) / len(order.all)
    ended = clock.marks[-1]
    evaluated = clock.evaluated or ended
    share = _share(trainer.model.device, clock)
    if clock.saved:
        return Steps(mean, order.tokens, evaluated - ended, clock.saved - evaluated, size(place), share)
    bytes_ = weight(trainer.model)
    return Steps(mean, order.tokens, evaluated - ended, _written(place) * bytes_ / WRITTEN, bytes_, share)


def _share(device: Any, clock: Any) -> float:
    """The share of the time that this process computed: the rest went to others who compute on the same cores."""
    if device.type != "cpu":
        return 1.0
    return float(min((clock.busy[-1] - clock.busy[0]) / (clock.marks[-1] - clock.marks[0]), 1.0))


class _Listed(Sequence[int]):
    """Rows in a given order, as a sampler of torch's."""

    def __init__(self, rows: Sequence[int]) -> None:
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, at: Any) -> Any:
        return self._rows[at]

    def __iter__(self) -> Iterator[int]:
        return iter(self._rows)


def _means(costs: Sequence[int], seconds: Sequence[float]) -> list[tuple[int, float]]:
    """The mean seconds at each cost, the least cost first."""
    found: dict[int, list[float]] = {}
    for cost, one in zip(costs, seconds, strict=False):
        found.setdefault(cost, []).append(one)
    return [(cost, sum(found[cost]) / len(found[cost])) for cost in sorted(found)]


def between(timed: Sequence[tuple[int, float]], cost: int) -> float:
    """Seconds at a cost, on straight lines between those that were measured; outside of them in proportion."""
    (least, first), (most, last) = timed[0], timed[-1]
    if cost <= least:
        return first * cost / least
    for (low, before), (high, after) in pairwise(timed):
        if cost <= high:
            return before + (after - before) * (cost - low) / (high - low)
    return last * cost / most


def _probes(config: TrainConfig, data: DataSet, base: Base, wish: Wish) -> tuple[Timed, ...]:
    """How long the probe takes with few prompts, and with more."""
    from hesui.train.worker.probe import Probe, choose

    rows = choose(config.model_copy(update={"probe_prompts": ASKED[-1]}), data)
    timed: list[Timed] = []
    for asked in sorted({min(n, len(rows)) for n in ASKED if rows}):
        probe = Probe(base, rows[:asked], config.counter, config.markers)
        if len(probe) and not (timed and timed[-1].seconds > PROBE_FOR):
            timed.append(Timed(len(probe), _timed(partial(probe.read, lambda: wish.now() != "run"))))
            wish.require_run()
    return tuple(timed)


def _ability(base: Base, wish: Wish) -> float:
    """Seconds for all texts, from some."""
    from hesui.train.worker.ability import measure, prompts

    texts = prompts()
    some = texts[:TEXTS]
    seconds = _timed(lambda: measure(base, some, lambda: wish.now() != "run"))
    return seconds * len(texts) / len(some)


def _timed(work: Callable[[], object]) -> float:
    began = time.monotonic()
    work()
    return time.monotonic() - began


def _written(place: Path) -> float:
    """Seconds until the disk has `WRITTEN` bytes."""
    began, block, file = time.monotonic(), bytes(2**20), place / "block"
    with file.open("wb") as stream:
        for _ in range(WRITTEN // len(block)):
            stream.write(block)
        os.fsync(stream.fileno())
    file.unlink()
    return time.monotonic() - began


def _free_mb() -> int:
    """What the accelerator has to give; 0 where there is none."""
    import torch

    return round(torch.cuda.mem_get_info()[0] / 2**20) if torch.cuda.is_available() else 0


def _peak_mb() -> int:
    """What the accelerator held at most, else what this process did."""
    import torch

    if torch.cuda.is_available():
        return round(torch.cuda.max_memory_reserved() / 2**20)
    try:  # getrusage would count what the process was forked from
        lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) // 1024
    except (OSError, StopIteration, ValueError):
        return round(psutil.Process().memory_info().rss / 2**20)


if __name__ == "__main__":
    sys.exit(main())
