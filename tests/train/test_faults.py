"""Whatever goes wrong around a worker's process ends in a clear status, and the run goes on from there."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from hesui.checksums import digest
from hesui.corpus.rows import Row
from hesui.corpus.splits import freeze
from hesui.length import parse
from hesui.train.config import TrainConfig
from hesui.train.runs import RunFolder, new_run

ROOT = Path(__file__).parents[2]
NO_MOUNT = 77  # the exit code of a worker that was refused a disk of its own
KILLS = 10
PATIENCE = 300  # seconds


class Nursery:
    """A process that starts workers at once, because it has their libraries loaded."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "nursery"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={**os.environ, **environment},
        )  # fmt: skip

    def ask(self, **order: object) -> Any:
        """What the process answers."""
        assert self._process.stdin is not None and self._process.stdout is not None
        print(json.dumps(order), file=self._process.stdin, flush=True)
        return json.loads(self._process.stdout.readline())

    def start(self, folder: RunFolder, **limits: int) -> Worker:
        """A worker on the run."""
        return Worker(self, folder, self.ask(run=str(folder.path), **limits))

    def close(self) -> None:
        self._process.communicate()


class Worker:
    """One sitting in a process of its own."""

    def __init__(self, nursery: Nursery, folder: RunFolder, pid: int) -> None:
        self.pid = pid
        self._nursery = nursery
        self._folder = folder

    def code(self) -> int | None:
        return self._nursery.ask(poll=self.pid)  # type: ignore[no-any-return]

    def ended(self) -> int:
        """The exit code, once it has ended."""
        end = time.monotonic() + PATIENCE
        while (code := self.code()) is None:
            assert time.monotonic() < end, self._folder.log.read_text()
            time.sleep(0.05)
        return code


@pytest.fixture(scope="module")
def nursery(tmp_path_factory) -> Iterator[Nursery]:
    home = tmp_path_factory.mktemp("home")
    paths = os.pathsep.join((str(ROOT), str(Path(__file__).parent)))
    nursery = Nursery({"PYTHONPATH": paths, "HESUI_HOME": str(home), "HESUI_DEVICE": "cpu", "HESUI_THREADS": "1"})
    yield nursery
    nursery.close()


@pytest.fixture
def started(tmp_path, base):
    """Makes runs on so many rows of so many characters."""

    def start(rows=24, characters=30, **values):
        data = tmp_path / f"data-{rows}-{characters}"
        made = [
            Row(str(n), "greeting", f"写一段{20 + n}字的祝福", parse("写"), "f", "福" * characters) for n in range(rows)
        ]
        freeze(made, data)
        common = dict(data=data, base=str(base), batch=8, rank=4, probe_prompts=0, save_every=1, learning_rate=0.001)
        return new_run(tmp_path / "runs", TrainConfig(**(common | values)))

    return start


def losses(folder):
    return {found["step"]: found["loss"] for found in folder.measurements("train")}


def test_a_run_that_is_killed_ten_times_learns_what_an_undisturbed_one_does(nursery, started, until):
    rng, steps = Random(5), 60
    whole, folder = started(steps=steps), started(steps=steps)
    assert nursery.start(whole).ended() == 0
    for _ in range(KILLS):
        worker = nursery.start(folder)
        last = folder.status().step + rng.randint(0, 4)
        until(lambda: worker.code() is not None or (folder.status().state == "running" and reached(folder, last)), 120)  # noqa: B023
        assert worker.code() is None, folder.log.read_text()
        os.kill(worker.pid, signal.SIGKILL)
        assert worker.ended() == -signal.SIGKILL
        assert folder.status().state == "running" and not folder.done
    assert nursery.start(folder).ended() == 0
    assert folder.status().state == "done"
    assert list(losses(folder)) == list(range(1, steps + 1))
    assert losses(folder)[steps] == pytest.approx(losses(whole)[steps], rel=0.01)


def reached(folder, step):
    return max(losses(folder), default=0) >= step


def test_a_run_that_memory_does_not_suffice_for_says_what_to_change(nursery, started):
    folder = started(rows=256, characters=450, batch=256, steps=4)
    assert nursery.start(folder, memory=300 * 2**20).ended() == 1
    status = folder.status()
    assert (status.state, status.note_key) == ("failed", "error.train_memory"), folder.log.read_text()
    assert status.note_values["settings"].startswith("micro_batch=128, context=")


def test_a_run_whose_disk_is_full_keeps_what_it_saved_and_goes_on_elsewhere(nursery, started):
    folder = started(steps=3)
    code = nursery.start(folder, disk=8 * 2**20).ended()
    if code == NO_MOUNT:
        pytest.skip("only root can mount a disk that is small enough to fill")
    status = folder.status()
    assert (code, status.state, status.note_key) == (1, "failed", "error.train_disk"), folder.log.read_text()
    assert nursery.start(folder).ended() == 0 and folder.done


def test_a_broken_row_ends_the_process_and_its_line_is_named(nursery, started):
    folder = started(rows=3, steps=1)
    data = folder.config().data
    with (data / "train.jsonl").open("a", encoding="utf-8") as rows:
        rows.write('{"id": "broken"}\n')
    manifest = json.loads((data / "manifest.json").read_text(encoding="utf-8"))
    manifest["sha256"]["train.jsonl"] = digest(data / "train.jsonl")
    (data / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    assert nursery.start(folder).ended() == 1
    status = folder.status()
    assert (status.state, status.note_key) == ("failed", "error.row_line") and "line 4" in status.note


def test_a_missing_base_ends_the_process_and_is_named(nursery, started, tmp_path):
    folder = started(steps=1, base=str(tmp_path / "nowhere"))
    assert nursery.start(folder).ended() == 1
    assert folder.status().note_key == "error.base_not_found" and "nowhere" in folder.status().note


def test_a_worker_that_is_told_to_end_saves(nursery, started, until):
    folder = started(steps=100_000, save_every=50_000)
    worker = nursery.start(folder)
    until(lambda: reached(folder, 1), 120)
    os.kill(worker.pid, signal.SIGTERM)
    assert worker.ended() == 0, folder.log.read_text()
    status = folder.status()
    assert (status.state, status.note_key) == ("stopped", "train.note_saved")
    assert (folder.adapter / "adapter_model.safetensors").is_file()
    assert max(losses(folder)) == status.step


def test_a_stop_while_the_model_loads_ends_the_process_and_the_run_can_go_on(nursery, started, until):
    folder = started(steps=2)
    worker = nursery.start(folder)
    folder.write_wanted("stop")
    assert worker.ended() == 0 and folder.status().state == "stopped"
    folder.write_wanted("run")
    assert nursery.start(folder).ended() == 0 and folder.done
