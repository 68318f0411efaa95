"""A run belongs to nobody's page: it is started, queued, stopped, killed and picked up again from anywhere."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hesui.errors import InputError, ModelNotFound
from hesui.files import write_json
from hesui.models.registry import Registry
from hesui.processes import Identity, alive, mine
from hesui.train import jobs
from hesui.train.runs import RunFolder, Status, new_run, runs
from hesui.train.sittings import HARDER, OBEY, SAVING, STARTING, launch, living

ROOT = Path(__file__).resolve().parents[2]

START = """
import sys, time
from pathlib import Path
from hesui.settings import Settings
from hesui.train import jobs
from hesui.train.config import TrainConfig
from hesui.train.data import describe

home, data, gate = map(Path, sys.argv[1:4])
describe(data)  # loads what a start loads, so that the starts meet
print("ready", flush=True)
while not gate.exists():
    pass
print(jobs.start(Settings(home=home), TrainConfig(data=data, steps=100_000), key=sys.argv[4], worker="standin").id)
sys.stdout.flush()
while "stay" in sys.argv:
    time.sleep(0.1)
"""


@pytest.fixture
def press(settings, data, tmp_path):
    """Presses start in a process of its own, once the gate is open."""
    gate, pressed = tmp_path / "gate", []

    def begin(key: str = "", *more: str) -> subprocess.Popen:
        arguments = [sys.executable, "-c", START, str(settings.home), str(data), str(gate), key, *more]
        process = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        pressed.append(process)
        return process

    yield begin, gate
    for process in pressed:
        process.kill()
        process.communicate()


def lines(process: subprocess.Popen, number: int) -> list[str]:
    return [process.stdout.readline().strip() for _ in range(number)]


def process_of(folder: RunFolder) -> Identity:
    found = living(folder, folder.status())
    assert found is not None
    return found


def steps(folder: RunFolder) -> list[int]:
    return [line["step"] for line in folder.measurements("train")]


@pytest.fixture
def stuck(settings, config, standin, until):
    """Starts a worker that is of a kind and at work."""

    def begin(kind: str) -> RunFolder:
        folder = jobs.start(settings, config(), worker=standin(kind))
        until(lambda: folder.status().state == ("starting" if kind == "loading" else "running"))
        until(lambda: folder.status().pid is not None)
        return folder

    return begin


def test_a_run_goes_on_in_its_own_process_until_it_is_done(settings, config, standin, until, state):
    folder = jobs.start(settings, config(5), worker=standin())
    assert jobs.view(settings, folder.id).working
    until(lambda: not jobs.view(settings, folder.id).working)
    seen = jobs.view(settings, folder.id)
    assert (seen.state, seen.status.step, seen.resumable) == ("done", 5, False)
    assert steps(folder) == [1, 2, 3, 4, 5]
    assert f"worker of {folder.id}, base embedded" in folder.log.read_text(encoding="utf-8")
    for wish in (jobs.stop, jobs.cancel, jobs.kill):
        with pytest.raises(InputError, match="no process"):
            wish(settings, folder.id)
    with pytest.raises(InputError, match="done; start a new one"):
        jobs.resume(settings, folder.id)


def test_start_pressed_at_once_in_three_processes_launches_one(settings, press, standin, config):
    standin()
    for _ in range(40):  # to look at them takes a while, in which another could slip in
        new_run(settings.runs, config()).write_status(Status("stopped"))
    begin, gate = press
    pressed = [begin() for _ in range(3)]
    assert [lines(process, 1) for process in pressed] == [["ready"]] * 3
    gate.touch()
    ids = [lines(process, 1)[0] for process in pressed]
    assert len(set(ids)) == 3
    working = [seen.id for seen in jobs.views(settings) if seen.working]
    assert len(working) == 1
    assert {folder.id for folder in jobs.queue(settings)} == {*ids} - {*working}
    assert len(list(settings.runs.glob("*/log.txt"))) == 1


def test_the_same_key_from_two_processes_gives_one_run(settings, press, standin):
    standin()
    begin, gate = press
    pressed = [begin("a click"), begin("a click")]
    for process in pressed:
        lines(process, 1)
    gate.touch()
    one, other = (lines(process, 1)[0] for process in pressed)
    assert one == other
    assert [folder.id for folder in runs(settings.runs)] == [one]


def test_a_run_goes_on_when_the_app_that_started_it_is_killed(settings, press, standin, until):
    standin()
    begin, gate = press
    gate.touch()
    app = begin("", "stay")
    folder = RunFolder(settings.runs / lines(app, 2)[1])
    until(lambda: len(steps(folder)) > 2)
    os.kill(app.pid, signal.SIGKILL)
    app.wait()
    before = len(steps(folder))
    until(lambda: len(steps(folder)) > before + 2)
    jobs.stop(settings, folder.id, jobs.view(settings, folder.id).process)
    until(lambda: not jobs.view(settings, folder.id).working)
    assert jobs.view(settings, folder.id).state == "stopped"
    assert (folder.adapter / "adapter_config.json").is_file()


def test_a_killed_run_is_seen_as_interrupted_and_goes_on_from_its_checkpoint(stuck, settings, standin, until, state):
    folder = stuck("")
    for _ in range(3):
        before = len(steps(folder))
        until(lambda before=before: len(steps(folder)) > before + 2)
        killed = process_of(folder)
        os.killpg(killed.pid, signal.SIGKILL)
        until(lambda killed=killed: not alive(killed))
        seen = jobs.view(settings, folder.id)
        assert (seen.state, seen.working, seen.resumable) == ("interrupted", False, True)
        jobs.resume(settings, folder.id, worker=standin())
        assert process_of(folder) != killed
        with pytest.raises(InputError, match="cannot be resumed now"):
            jobs.resume(settings, folder.id, worker=standin())
    jobs.stop(settings, folder.id)
    until(lambda: not jobs.view(settings, folder.id).working)
    done = steps(folder)
    assert set(done) == set(range(1, max(done) + 1))
    assert len({line["pid"] for line in folder.measurements("train")}) >= 3


def test_a_stop_is_obeyed_while_the_model_loads(stuck, settings, until, state):
    folder = stuck("loading")
    jobs.stop(settings, folder.id)
    until(lambda: not jobs.view(settings, folder.id).working)
    assert state(folder) == "stopped"
    assert steps(folder) == []


def test_a_stop_that_is_not_obeyed_ends_in_a_signal(stuck, settings, until, state):
    folder = stuck("deaf")
    process = process_of(folder)
    jobs.stop(settings, folder.id)
    asked = (folder.path / "wanted.json").stat().st_mtime
    jobs.enforce(settings, asked + OBEY - 1)
    assert not (folder.path / "ending.json").exists()
    jobs.stop(settings, folder.id)  # pressed again: the clock runs on
    jobs.enforce(settings, asked + OBEY)
    until(lambda: not alive(process))
    assert state(folder) == "stopped"
    jobs.enforce(settings)
    seen = jobs.view(settings, folder.id)
    assert (seen.state, seen.status.state, seen.status.note_key) == ("stopped", "stopped", "train.note_ended")
    assert seen.resumable


def test_what_ignores_a_signal_is_killed(stuck, settings, until, state):
    folder = stuck("stone")
    process = process_of(folder)
    jobs.stop(settings, folder.id)
    asked = (folder.path / "wanted.json").stat().st_mtime
    jobs.enforce(settings, asked + OBEY)
    jobs.enforce(settings, asked + OBEY + HARDER - 1)
    assert alive(process)
    jobs.enforce(settings, asked + OBEY + HARDER)
    until(lambda: not alive(process))
    jobs.tend(settings, worker="standin")
    assert state(folder) == "stopped"


def test_a_worker_that_is_saving_is_given_its_time(stuck, settings, until):
    folder = stuck("stone")
    process = process_of(folder)
    jobs.stop(settings, folder.id)
    os.kill(process.pid, signal.SIGSTOP)  # in the middle of saving
    folder.write_status(Status("stopping", pid=process.pid, pid_started=process.started, phase="save"))
    asked = (folder.path / "wanted.json").stat().st_mtime
    jobs.enforce(settings, asked + SAVING - 1)
    assert not (folder.path / "ending.json").exists()
    jobs.enforce(settings, asked + SAVING)
    assert (folder.path / "ending.json").exists()
    jobs.enforce(settings, asked + SAVING + HARDER)
    until(lambda: not alive(process))


@pytest.mark.parametrize(
    ("seconds", "patience"),
    [(0.0, OBEY), (4.0, OBEY), (400.0, 200.0)],  # over four steps
)
def test_a_worker_may_finish_a_slow_step_but_its_word_alone_is_no_obedience(stuck, settings, until, seconds, patience):
    folder = stuck("stone")
    process = process_of(folder)
    os.kill(process.pid, signal.SIGSTOP)
    who = {"pid": process.pid, "pid_started": process.started}
    folder.write_status(Status("stopping", 4, phase="train", seconds=seconds, **who))
    jobs.stop(settings, folder.id)
    asked = (folder.path / "wanted.json").stat().st_mtime
    jobs.enforce(settings, asked + patience - 1)
    assert not (folder.path / "ending.json").exists()
    jobs.enforce(settings, asked + patience)
    assert (folder.path / "ending.json").exists()


def test_a_kill_takes_effect_at_once(stuck, settings, until, state):
    folder = stuck("stone")
    process = process_of(folder)
    jobs.kill(settings, folder.id)
    until(lambda: not alive(process))
    assert state(folder) == "stopped"


def test_a_process_that_has_the_pid_of_a_dead_worker_is_left_alone(settings, config, until):
    """The pid lives, but it is another process: here this one, with a start time that is not its own."""
    folder = new_run(settings.runs, config())
    folder.write_status(Status("running", step=3, pid=mine().pid, pid_started=mine().started - 60))
    folder.write_wanted("stop")
    jobs.enforce(settings, time.time() + 1000)
    jobs.enforce(settings, time.time() + 2000)
    assert alive(mine())
    assert jobs.view(settings, folder.id).state == "stopped"


def test_a_stop_that_means_an_earlier_process_stops_no_later_one(stuck, settings, standin, until):
    folder = stuck("")
    seen = jobs.view(settings, folder.id).process
    os.kill(seen.pid, signal.SIGKILL)
    until(lambda: not alive(seen))
    jobs.resume(settings, folder.id, worker=standin())
    with pytest.raises(InputError, match="another process"):
        jobs.stop(settings, folder.id, seen)
    assert folder.wanted() == "run"
    jobs.cancel(settings, folder.id)
    until(lambda: not jobs.view(settings, folder.id).working)
    assert not folder.adapter.exists()


def test_a_failed_run_can_be_tried_again(settings, config, standin, until, state):
    folder = jobs.start(settings, config(4), worker=standin("broken"))
    until(lambda: jobs.view(settings, folder.id).resumable)
    assert (state(folder), folder.status().note) == ("failed", "a row is broken")
    jobs.resume(settings, folder.id, worker=standin())
    until(lambda: state(folder) == "done")
    assert folder.status().note == ""


def test_a_worker_that_cannot_even_begin_leaves_an_interrupted_run(settings, config, until, state):
    folder = jobs.start(settings, config(), worker="hesui.there_is_none")
    until(lambda: state(folder) == "interrupted")
    assert "No module named" in folder.log.read_text(encoding="utf-8")


def test_runs_that_wait_follow_one_another_in_their_order(stuck, settings, config, standin, until, state):
    first = stuck("")
    waiting = [jobs.start(settings, config(2), worker=standin()) for _ in range(3)]
    assert jobs.queue(settings) == waiting
    assert jobs.advance(settings, worker=standin()) is None
    jobs.move(settings, waiting[2].id, 0)
    assert jobs.queue(settings) == [waiting[2], waiting[0], waiting[1]]
    jobs.stop(settings, waiting[0].id)
    assert (state(waiting[0]), jobs.queue(settings)) == ("stopped", [waiting[2], waiting[1]])
    with pytest.raises(InputError, match="does not wait"):
        jobs.move(settings, first.id, 0)
    jobs.resume(settings, waiting[0].id, worker=standin())
    assert jobs.queue(settings) == [waiting[2], waiting[1], waiting[0]]
    jobs.stop(settings, first.id)
    until(lambda: not jobs.view(settings, first.id).working)
    launched = until(lambda: jobs.advance(settings, worker=standin()))
    assert launched == waiting[2]
    until(lambda: jobs.tend(settings, worker=standin()) or all(state(folder) == "done" for folder in waiting))
    ended = [next(iter(folder.measurements("train")))["time"] for folder in (waiting[2], waiting[1], waiting[0])]
    assert ended == sorted(ended)


def test_runs_go_on_by_themselves_only_where_that_is_set_and_while_it_helps(settings, config, state):
    folder = new_run(settings.runs, config())
    folder.write_status(Status("running", step=7, pid=mine().pid, pid_started=mine().started - 60))
    assert jobs.auto_resume(settings, worker="this") == []
    assert state(folder) == "interrupted"
    willing = settings.model_copy(update={"auto_resume": True})
    resumed = []
    for _ in range(jobs.TRIES + 2):
        resumed += jobs.auto_resume(willing, worker="this")  # ends at once, without a step
        child = living(folder, folder.status())
        while child is not None and alive(child):
            time.sleep(0.01)
        assert state(folder) == "interrupted"
    assert resumed == [folder.id] * jobs.TRIES
    folder.write_status(Status("running", step=8, pid=mine().pid, pid_started=mine().started - 60))
    assert jobs.auto_resume(willing, worker="this") == [folder.id]


def test_a_process_that_was_about_to_start_is_waited_for_and_then_given_up(settings, config):
    folder = new_run(settings.runs, config())
    folder.write_status(Status("starting", heartbeat=time.time()))
    assert jobs.view(settings, folder.id).working
    folder.write_status(Status("starting", heartbeat=time.time() - STARTING))
    assert jobs.view(settings, folder.id).state == "interrupted"


def test_what_would_end_a_run_at_once_keeps_it_from_starting(settings, config):
    good = config()
    for change, error, said in (
        ({"data": good.data / "gone"}, InputError, "no folder"),
        ({"method": "kto"}, InputError, "sft, dpo, grpo"),
        ({"base": "./nowhere/at/all"}, ModelNotFound, "no base model"),
        ({"adapter": "nobody"}, ModelNotFound, "nobody"),
    ):
        with pytest.raises(error, match=said):
            jobs.start(settings, good.model_copy(update=change))
    assert runs(settings.runs) == []


def test_a_run_finds_its_data_from_wherever_it_is_resumed(stuck, settings, config, standin, monkeypatch, data):
    stuck("")
    monkeypatch.chdir(data.parent)
    folder = jobs.start(settings, config().model_copy(update={"data": Path(data.name)}), worker=standin())
    assert folder.config().data == data


def test_a_run_whose_settings_are_broken_fails_and_the_next_one_is_launched(stuck, settings, config, standin, until):
    first = stuck("")
    broken, good = (jobs.start(settings, config(2), worker=standin()) for _ in range(2))
    (broken.path / "config.json").write_text("{}", encoding="utf-8")
    jobs.stop(settings, first.id)
    assert until(lambda: jobs.advance(settings, worker=standin())) == good
    seen = jobs.view(settings, broken.id)
    assert (seen.state, seen.config, seen.resumable) == ("failed", None, False)
    jobs.delete(settings, broken.id)


def test_a_run_is_deleted_when_nothing_works_on_it(stuck, settings, until):
    folder = stuck("")
    with pytest.raises(InputError, match="stop it first"):
        jobs.delete(settings, folder.id)
    jobs.stop(settings, folder.id)
    until(lambda: not jobs.view(settings, folder.id).working)
    jobs.delete(settings, folder.id)
    assert runs(settings.runs) == []
    assert not any(path.is_dir() for path in settings.runs.iterdir())
    for id in ("..", folder.id):
        with pytest.raises(InputError, match="no run"):
            jobs.delete(settings, id)


def test_a_note_is_kept_as_it_was_written(settings, config):
    folder = new_run(settings.runs, config())
    assert jobs.read_note(folder) == ""
    jobs.note(settings, folder.id, "学习率太高\n<b>试试 1e-4</b>")
    assert jobs.read_note(folder) == "学习率太高\n<b>试试 1e-4</b>"
    with pytest.raises(InputError, match="10001 characters"):
        jobs.note(settings, folder.id, "x" * 10_001)


@pytest.fixture
def trained(settings, config):
    """Makes a stopped run with an adapter."""

    def make(weights: bytes = b"weights", **changed) -> RunFolder:
        folder = new_run(settings.runs, config().model_copy(update=changed))
        folder.write_status(Status("stopped"))
        folder.adapter.mkdir()
        (folder.adapter / "adapter_config.json").write_text("{}", encoding="utf-8")
        (folder.adapter / "adapter_model.safetensors").write_bytes(weights)
        return folder

    return make


def test_an_adapter_that_is_opened_in_compare_is_offered_there(settings, trained):
    folder = trained(b"new")
    target = jobs.open_in_compare(settings, folder.id, "拜年-r8")
    assert Registry(settings).adapter("拜年-r8").folder == target == settings.adapters / "拜年-r8"
    (folder.adapter / "adapter_model.safetensors").write_bytes(b"newer")
    jobs.open_in_compare(settings, folder.id, "拜年-r8")
    assert (target / "adapter_model.safetensors").read_bytes() == b"newer"
    assert not list(folder.path.glob("opened.*"))


def test_an_adapter_of_another_origin_is_never_replaced(settings, trained):
    first, second = trained(b"first"), trained(b"second")
    jobs.open_in_compare(settings, first.id, "mine")
    foreign = settings.adapters / "foreign"
    foreign.mkdir()
    (foreign / "run.json").write_text(json.dumps({"run": "else"}), encoding="utf-8")
    for name in ("mine", "foreign"):
        with pytest.raises(InputError, match="is taken"):
            jobs.open_in_compare(settings, second.id, name)
    assert (settings.adapters / "mine" / "adapter_model.safetensors").read_bytes() == b"first"
    assert not list(second.path.glob("opened.*"))


@pytest.mark.parametrize("name", ["", "../x", "a/b", "a b", ".x", "-x", "x\n", "base", "Tuned", "é", "x" * 65])
def test_a_name_that_could_mean_anything_else_is_refused(settings, trained, name):
    with pytest.raises(InputError, match="cannot be used"):
        jobs.open_in_compare(settings, trained().id, name)
    assert not settings.adapters.exists()


def test_an_adapter_that_compare_cannot_use_is_not_opened(settings, config, trained):
    with pytest.raises(InputError, match="no adapter yet"):
        jobs.open_in_compare(settings, new_run(settings.runs, config()).id, "x")
    with pytest.raises(InputError, match="tuned the base other"):
        jobs.open_in_compare(settings, trained(base="other").id, "x")


def test_a_process_that_lingers_after_its_run_holds_the_device_until_it_is_ended(settings, config, standin, until):
    folder = new_run(settings.runs, config())
    process = launch(folder, settings, standin("deaf"))
    until(lambda: folder.status().state == "running")
    os.kill(process.pid, signal.SIGSTOP)
    folder.write_status(Status("done", heartbeat=time.time(), pid=process.pid, pid_started=process.started))
    write_json(folder.path / "done.json", {})
    seen = jobs.view(settings, folder.id)
    assert (seen.state, seen.working) == ("done", True)
    later = time.time() + 61
    jobs.enforce(settings, later)
    jobs.enforce(settings, later + HARDER)
    until(lambda: not alive(process))
