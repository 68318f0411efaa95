"""The processes that train one run together: the first one leads, decides and writes; the others follow step by step.

The leader is the worker that was started; it starts the others in its own process group, so that whatever ends the
group ends them all, and they end by themselves once it is gone. Knows neither trainers nor what is decided.
"""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread
from typing import Any, NamedTuple, TypeVar, cast

from hesui.errors import HesuiError, InputError
from hesui.settings import Settings
from hesui.train.config import TrainConfig
from hesui.train.runs import RunFolder
from hesui.train.worker.wish import Ended

log = logging.getLogger(__name__)

PATIENCE = timedelta(days=7)  # of those who wait while the leader probes; who is gone is noticed by other means
LEAVING = 10.0  # seconds that the others have to end by themselves
HANGING = 20.0  # seconds after which the leader ends too, where it still waits for one that is gone
PULSE = 1.0  # seconds between two looks at whether the leader lives
CROWDED = 75  # exit code of a process that ran out of memory

_RANK, _WORLD, _MEETING = "HESUI_RANK", "HESUI_WORLD", "HESUI_MEETING"

T = TypeVar("T")


class _Word(NamedTuple):
    """What the leader says to those that wait."""

    made: Any = None
    chore: bool = False  # do the chore, and wait on


@dataclass(frozen=True, slots=True)
class Ranks:
    """One process' view of those that train together."""

    rank: int = 0
    world: int = 1
    group: Any = None  # of torch.distributed, for messages beside the training's own
    chore: Callable[[], None] | None = None  # what the others do with the leader when it asks for it

    @property
    def leads(self) -> bool:
        """Whether this process decides and writes."""
        return self.rank == 0

    def told(self, make: Callable[[], T]) -> T:
        """What the leader makes, in all processes; the others wait for it, and do their chore when they are asked."""
        if self.world == 1:
            return make()
        if self.leads:
            return cast(T, self._passed(_Word(made=make())).made)
        while (word := self._passed()).chore:
            self._do_chore()
        return cast(T, word.made)

    def together(self) -> None:
        """Do the chore in all processes: for the leader, whose word the others wait for."""
        self._passed(_Word(chore=True))
        self._do_chore()

    def wait(self) -> None:
        """Return once all processes have come here."""
        self.told(lambda: None)
        if self.world > 1:
            from torch.distributed import barrier

            barrier(self.group)

    def _do_chore(self) -> None:
        assert self.chore is not None  # the processes are set up alike
        self.chore()

    def _passed(self, word: _Word | None = None) -> _Word:
        """The leader's word, in all processes."""
        from torch.distributed import broadcast_object_list

        box = [word]
        broadcast_object_list(box, src=0, group=self.group)
        return cast(_Word, box[0])


SOLO = Ranks()


def my_rank(environment: Mapping[str, str]) -> int:
    """Which of the processes this one is; 0 leads."""
    return int(environment.get(_RANK, "0"))


def processes(config: TrainConfig, settings: Settings) -> int:
    """How many processes the run is to have: as set, else one for each CUDA device.

    Raises InputError where so many cannot share it, or its weights.
    """
    count = _count(config, settings)
    if config.sharded and config.quantize:
        raise InputError(
            "a base in 4 bits (quantize) cannot be shared out over processes; leave quantize or sharded out",
            "error.train_sharded_quantized",
        )  # fmt: skip
    if config.sharded and count == 1:
        raise InputError(
            "weights are shared out over two processes at least, and this run has one; set processes, or leave sharded out",
            "error.train_sharded",
        )  # fmt: skip
    return count


def _count(config: TrainConfig, settings: Settings) -> int:
    import torch

    devices = torch.cuda.device_count() if settings.device in ("auto", "cuda") else 0
    if (config.processes > 1 or config.sharded) and not _shareable(config):
        raise InputError(
            f"the method {config.method} trains in one process only; set processes=1, and leave sharded out",
            "error.train_one_process", method=config.method,
        )  # fmt: skip
    if config.processes == 0:
        return max(1, min(devices, config.batch)) if _shareable(config) else 1
    most = min(config.batch, devices or config.batch)
    if config.processes > most:
        raise InputError(
            f"processes is {config.processes}, but {config.batch} rows of a step and {devices} CUDA devices allow {most}",
            "error.train_processes", count=config.processes, most=most,
        )  # fmt: skip
    return config.processes


def _shareable(config: TrainConfig) -> bool:
    return config.method != "grpo"  # its groups of answers are not divided yet


@contextmanager
def leading(
    folder: RunFolder, config: TrainConfig, settings: Settings, tell: Callable[[Exception], None]
) -> Iterator[tuple[Ranks, Settings]]:
    """Inside, the run's processes work together, and this one leads; the settings are those for its device.

    Raises InputError as `processes` does, HesuiError where one of the others was lost; where this one would wait for it
    for ever, it is ended after `tell` was told.
    """
    world = processes(config, settings)
    if world == 1:
        yield SOLO, settings
        return
    meeting = Path(tempfile.mkdtemp(prefix="hesui-ranks-"))
    others = [_started(folder, rank, world, meeting) for rank in range(1, world)]
    over = Event()
    Thread(target=_look_after, args=(others, over, tell), daemon=True).start()
    try:
        with _met(0, world, meeting, settings) as met:
            yield met
        _let_go(others)
    except (Ended, HesuiError):
        raise
    except Exception as error:
        raise (_lost(others) or error) from error
    finally:
        over.set()
        for other in others:
            other.kill()
            other.wait()
        shutil.rmtree(meeting, ignore_errors=True)


@contextmanager
def following(settings: Settings) -> Iterator[tuple[Ranks, Settings]]:
    """Inside, this process follows the leader that started it, and ends as soon as that is gone."""
    leader = os.getppid()
    Thread(target=_end_with, args=(leader,), daemon=True).start()
    rank, world, meeting = int(os.environ[_RANK]), int(os.environ[_WORLD]), Path(os.environ[_MEETING])
    with _met(rank, world, meeting, settings) as met:
        yield met


def _started(folder: RunFolder, rank: int, world: int, meeting: Path) -> subprocess.Popen[bytes]:
    environment = {_RANK: str(rank), _WORLD: str(world), _MEETING: str(meeting)}
    return subprocess.Popen(  # noqa: S603 - a list of words, no shell
        [sys.executable, "-m", "hesui.train.worker", str(folder.path)],
        stdin=subprocess.DEVNULL,
        env={**os.environ, **environment},
    )


@contextmanager
def _met(rank: int, world: int, meeting: Path, settings: Settings) -> Iterator[tuple[Ranks, Settings]]:
    import torch
    from torch import distributed

    on_cuda = settings.device in ("auto", "cuda") and torch.cuda.is_available()
    if on_cuda:
        torch.cuda.set_device(rank)
        settings = settings.model_copy(update={"device": f"cuda:{rank}"})
    # As torchrun would say it, for those who look there: accelerate, inside the trainer.
    os.environ |= {"RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": str(world), "LOCAL_WORLD_SIZE": str(world)}
    os.environ.setdefault("OMP_NUM_THREADS", str(torch.get_num_threads()))  # else accelerate changes their number
    distributed.init_process_group(
        "nccl" if on_cuda else "gloo", init_method=f"file://{meeting / 'all'}", rank=rank, world_size=world,
        timeout=PATIENCE,
    )  # fmt: skip
    try:
        yield Ranks(rank, world, distributed.new_group(backend="gloo", timeout=PATIENCE)), settings
    finally:
        distributed.destroy_process_group()


def _let_go(others: Sequence[subprocess.Popen[bytes]]) -> None:
    """Give the others time to end by themselves."""
    end = time.monotonic() + LEAVING
    while any(other.poll() is None for other in others) and time.monotonic() < end:
        time.sleep(0.05)


def _lost(others: Sequence[subprocess.Popen[bytes]]) -> Exception | None:
    """The error that says that one of the others ended before its time; None where none did."""
    end = time.monotonic() + LEAVING
    while time.monotonic() < end:
        for rank, other in enumerate(others, 1):
            code = other.poll()
            if code == CROWDED:
                return MemoryError(f"process {rank} ran out of memory")
            if code:
                return HesuiError(
                    f"process {rank} of the run ended before its time (exit code {code}); the log says why",
                    "error.train_rank", rank=rank, code=code,
                )  # fmt: skip
        time.sleep(0.05)
    return None


def _look_after(others: Sequence[subprocess.Popen[bytes]], over: Event, tell: Callable[[Exception], None]) -> None:
    """End this process where another one is gone and this one still waits for it: it would wait for ever."""
    while not over.wait(PULSE):
        if any(other.poll() for other in others):
            break
    if over.wait(HANGING):
        return
    error = _lost(others)
    if error is not None:
        log.error("%s; this one would wait for it for ever", error)
        tell(error)
        os._exit(1)


def _end_with(leader: int) -> None:
    while os.getppid() == leader:
        time.sleep(PULSE)
    os._exit(1)
