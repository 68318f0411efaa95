"""What a run will take: worked out from a measurement, which is kept. A stand-in measures here."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from hesui.errors import HesuiError, InputError
from hesui.processes import alive
from hesui.train import estimating
from hesui.train.config import TrainConfig, make_config
from hesui.train.data import describe
from hesui.train.estimating import Measurement, Room, Timed, estimate, keep, known
from hesui.train.measuring import Measuring
from hesui.train.runs import Status, new_run

FOUND = Measurement(
    made=1.8e9, device="cpu", rows=100, left_out=0, tokens_max=90, rank=8, processes=1, load=10.0, step=0.5, tokens_per_second=900.0,
    evaluation=0.25, probes=(Timed(4, 1.0), Timed(16, 2.0)), ability=1.5, save=0.125, checkpoint=3 * 2**20,
    memory_mb=1200, free_mb=0, share=1.0,
    load_share=1.0,
)  # fmt: skip
BROKEN = {"failed": {"note": "no memory", "key": "error.train_memory", "values": {"settings": "micro_batch=8"}}}
PLENTY = Room(memory=64_000, disk=64_000)


def config(**values):
    return make_config(data=Path("set"), **values)


@pytest.fixture
def measure(settings, data, monkeypatch):
    """Measures with the stand-in, which is of a kind."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))

    def begin(kind="", limit=60.0, **values):
        monkeypatch.setenv("REHEARSED", kind)
        monkeypatch.setenv("MEASURED", json.dumps(BROKEN if kind == "broken" else FOUND.record()))
        return Measuring(settings, make_config(data=data, **values), describe(data), worker="rehearsed", limit=limit)

    return begin


def result(going):
    until = time.monotonic() + 60
    while (found := going.result()) is None:
        assert time.monotonic() < until
        time.sleep(0.02)
    return found


def test_everything_that_a_run_does_is_counted_as_often_as_it_does_it():
    told = estimate(config(steps=20, probe_every=6, save_every=5, probe_prompts=16), FOUND, PLENTY)
    #       load, steps,   evaluations, probes,  saves,     ability
    assert told.seconds == 10 + 20 * 0.5 + 4 * 0.25 + 5 * 2.0 + 4 * 0.125 + 2 * 1.5
    assert (told.steps, told.epochs, told.warnings) == (20, round(20 / 7, 2), ())


def test_a_probe_of_other_prompts_lies_on_a_line_through_those_measured():
    few = estimate(config(steps=10, probe_prompts=4), FOUND, PLENTY)
    many = estimate(config(steps=10, probe_prompts=64), FOUND, PLENTY)
    assert many.seconds - few.seconds == pytest.approx(11 * (2.0 + 48 / 12 - 1.0))
    assert estimate(config(steps=10, probe_prompts=0), FOUND, PLENTY).seconds == pytest.approx(few.seconds - 11 * 1.0)
    once = replace(FOUND, probes=(Timed(4, 1.0),))
    assert estimate(config(steps=10, probe_prompts=8), once, PLENTY).seconds == pytest.approx(few.seconds + 11 * 1.0)


def test_a_higher_rank_takes_more_disk_and_memory_and_no_measurement_of_its_own(settings, data):
    low, high = (estimate(config(rank=rank), FOUND, PLENTY) for rank in (8, 16))
    assert (low.memory_mb, high.memory_mb) == (1200, 1204)
    assert (low.disk_mb, high.disk_mb) == (13, 26)
    described = describe(data)
    keep(settings, config(), described, FOUND)
    assert known(settings, config(rank=16), described) == FOUND
    assert known(settings, config(rank=128), described) is None


@pytest.mark.parametrize(
    "values",
    [
        {"epochs": 3}, {"steps": 7}, {"learning_rate": 0.1}, {"seed": 4}, {"probe_prompts": 64, "patience": 4},
        {"micro_batch": 16}, {"dropout": 0.1}, {"counter": "raw"},
    ],
)  # fmt: skip
def test_what_costs_nothing_needs_no_further_measurement(settings, data, values):
    keep(settings, config(), describe(data), FOUND)
    assert known(settings, config(**values), describe(data)) == FOUND


@pytest.mark.parametrize(
    "values",
    [
        {"batch": 8}, {"micro_batch": 4}, {"context": 512}, {"dora": True}, {"adaptation": "full"}, {"plus": 4.0},
        {"gradient_checkpointing": True}, {"markers": True}, {"adapter": "other"}, {"base": "elsewhere"},
    ],
)  # fmt: skip
def test_what_costs_something_does(settings, data, values):
    keep(settings, config(), describe(data), FOUND)
    assert known(settings, config(**values), describe(data)) is None


def test_other_data_another_device_and_a_damaged_file_are_not_known(settings, data):
    described = describe(data)
    keep(settings, config(), described, FOUND)
    assert known(settings, config(), replace(described, sha256={"train.jsonl": "0"})) is None
    assert known(settings, config(), replace(described, sha256={**described.sha256, "test.jsonl": "0"})) == FOUND
    assert known(settings.model_copy(update={"device": "cuda:1"}), config(), described) is None
    for file in (settings.home / "estimates").glob("*.json"):
        file.write_text('{"made": 1}', encoding="utf-8")
    assert known(settings, config(), described) is None


def test_what_does_not_fit_is_told_with_what_to_try():
    told = estimate(config(), FOUND, Room(memory=1000, disk=20))
    assert {one.key: dict(one.values) for one in told.warnings} == {
        "train.estimate.memory": {
            "wanted": 1200, "free": 1000, "settings": "micro_batch=8, context=512, gradient_checkpointing=true, rank=4",
        },
        "train.estimate.disk": {"wanted": 45, "free": 20},
    }  # fmt: skip
    assert [one["key"] for one in told.record()["warnings"]] == [one.key for one in told.warnings]


def test_an_accelerators_own_memory_counts_rows_left_out_and_a_busy_machine_are_told():
    found = replace(FOUND, free_mb=1100, left_out=3, share=0.5, load_share=0.8)
    told = estimate(config(), found, PLENTY)
    keys = [one.key for one in told.warnings]
    assert keys == ["train.estimate.memory", "train.estimate.crowded", "train.estimate.left_out"]
    assert told.free_memory_mb == 1100
    assert told.warnings[1].values == {"quiet": pytest.approx((told.seconds - 10) / 2 + 8)}


def test_a_container_may_have_less_than_the_machine(settings, tmp_path, monkeypatch):
    monkeypatch.setattr(estimating, "CONTAINER", tmp_path)
    everything = estimating.room(settings).memory
    (tmp_path / "memory.max").write_text(f"{300 * 2**20}\n", encoding="utf-8")
    (tmp_path / "memory.current").write_text(f"{100 * 2**20}\n", encoding="utf-8")
    assert estimating.room(settings).memory == 200 < everything
    (tmp_path / "memory.max").write_text("max\n", encoding="utf-8")
    assert estimating.room(settings).memory > 200


def test_what_the_model_is_to_write_itself_is_not_estimated(data):
    for method in ("grpo", "dpo"):
        with pytest.raises(InputError) as caught:
            estimating.require_known_cost(config(method=method), describe(data))
        assert caught.value.key == "train.estimate.unknown"
    with pytest.raises(InputError) as caught:
        estimating.require_known_cost(config(method="kto"), describe(data))
    assert caught.value.key == "error.train_method"


# The process that measures


def test_a_measurement_is_kept_and_its_folder_is_not(measure, settings, data):
    with measure() as going:
        found = result(going)
        assert going.phase == "train"
    assert found == FOUND
    assert known(settings, make_config(data=data, epochs=1), describe(data)) == FOUND
    assert [path.suffix for path in (settings.home / "estimates").iterdir() if path.name != ".lock"] == [".json"]


@pytest.mark.parametrize(
    ("kind", "key", "said"),
    [("broken", "error.train_memory", "micro_batch=8"), ("killed", "train.estimate.died", "Killed")],
)
def test_why_nothing_could_be_measured_is_told(measure, settings, data, kind, key, said):
    with measure(kind) as going, pytest.raises(HesuiError) as caught:
        result(going)
    assert caught.value.key == key
    assert said in str(caught.value.values)
    assert known(settings, make_config(data=data), describe(data)) is None


def test_one_that_takes_too_long_is_ended(measure, settings):
    with measure("slow", limit=0.0) as going:
        process = going._process
        with pytest.raises(InputError) as caught:
            result(going)
    assert caught.value.key == "train.estimate.slow"
    assert not alive(process)
    assert list((settings.home / "estimates").glob("*.measuring")) == []


def test_there_is_one_at_a_time_and_it_can_be_left(measure):
    with measure("slow"), pytest.raises(InputError) as caught, measure():
        pass
    assert caught.value.key == "train.estimate.busy"
    with measure() as going:
        assert result(going) == FOUND


def test_a_run_goes_first(measure, settings, data):
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    busy = new_run(settings.runs, TrainConfig(data=data))
    try:
        with measure("slow") as going:
            started = psutil.Process(child.pid).create_time()
            busy.write_status(Status("running", 1, 9, "train", child.pid, started, heartbeat=time.time()))
            with pytest.raises(InputError) as caught:
                result(going)
        assert caught.value.key == "train.estimate.later"
        with pytest.raises(InputError) as caught, measure():
            pass
        assert caught.value.values == {"id": busy.id}
    finally:
        child.kill()
        child.wait()


def test_what_cannot_even_begin_is_not_measured(measure, settings):
    with pytest.raises(HesuiError) as caught, measure(adapter="nobody"):
        pass
    assert "nobody" in str(caught.value)
    assert not (settings.home / "estimates").exists()


def test_a_rehearsal_without_settings_says_what_it_wants():
    words = [sys.executable, "-m", "hesui.train.worker.rehearsal"]
    done = subprocess.run(words, capture_output=True, text=True, cwd=Path(__file__).parents[2])
    assert (done.returncode, "usage" in done.stderr) == (2, True)
