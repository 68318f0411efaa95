"""Several processes learn the same as one, obey, and end together."""

from __future__ import annotations

import os
import signal
from contextlib import suppress

import psutil
import pytest

from hesui.corpus.rows import Row
from hesui.corpus.splits import freeze
from hesui.errors import InputError
from hesui.length import parse
from hesui.settings import Settings
from hesui.train.config import TrainConfig
from hesui.train.runs import new_run
from hesui.train.sittings import WORKER, launch, look
from hesui.train.worker.plan import make_plan

pytestmark = [
    pytest.mark.filterwarnings("ignore::FutureWarning:transformers"),
    pytest.mark.filterwarnings("ignore::FutureWarning:trl"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]

STEPS = 40
PATIENT = 400  # seconds, on a machine that others use too
HANZI = range(0x4E00, 0x4E00 + 600)


@pytest.mark.parametrize("rows", [1, 7, 8, 16, 21, 34])
def test_the_shares_of_a_step_are_what_one_process_would_learn_from(rows):
    from hesui.train.worker.shares import Share

    whole = [*Share(range(rows), rows, 8, 0, 1)]
    shares = [[*Share(range(rows), rows, 4, rank, 2)] for rank in range(2)]
    assert len(whole) == len(shares[0]) == len(shares[1]) == len(Share(range(rows), rows, 4, 1, 2))
    for batch, one, other in zip(whole, *shares, strict=True):
        assert len(one) <= 4 and len(other) <= 4
        assert sorted({*one, *other}) == batch
        assert len(one) + len(other) == max(len(batch), 2)  # no row twice, but for one that is alone


def test_a_plan_shares_a_step_out_and_keeps_the_number_of_steps(tmp_path):
    config = TrainConfig(data=tmp_path, batch=16, epochs=2)
    alone, shared = make_plan(config, 100), make_plan(config, 100, processes=4)
    assert (shared.micro, shared.accumulation, shared.processes) == (4, 1, 4)
    assert (shared.steps, shared.per_epoch) == (alone.steps, alone.per_epoch)
    small = make_plan(config.model_copy(update={"micro_batch": 2}), 100, processes=4)
    assert (small.micro, small.accumulation) == (2, 2) and small.steps == alone.steps


@pytest.mark.parametrize(
    ("values", "key"),
    [
        ({"processes": 3, "batch": 2}, "error.train_processes"),
        ({"processes": 2, "method": "grpo"}, "error.train_one_process"),
        ({"processes": 2, "method": "grpo", "sharded": True}, "error.train_one_process"),
        ({"sharded": True}, "error.train_sharded"),
        ({"processes": 1, "sharded": True}, "error.train_sharded"),
        ({"processes": 2, "sharded": True, "quantize": True}, "error.train_sharded_quantized"),
    ],
)
def test_what_processes_cannot_share_is_refused(tmp_path, values, key):
    from hesui.train.worker.ranks import processes

    with pytest.raises(InputError) as caught:
        processes(TrainConfig(data=tmp_path, **values), Settings(device="cpu"))
    assert caught.value.key == key


def test_a_cpu_gets_one_process_unless_more_are_set(tmp_path):
    from hesui.train.worker.ranks import processes

    found = [processes(TrainConfig(data=tmp_path, processes=n), Settings(device="cpu")) for n in (0, 1, 2)]
    assert found == [1, 1, 2]


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    """A data set whose epochs end with a step of fewer rows than the others."""
    folder = tmp_path_factory.mktemp("data") / "greetings"
    prompts = [f"给{''.join(map(chr, HANZI[12 * n : 12 * n + 12]))}写{10 + n}字" for n in range(45)]
    freeze(
        (Row(str(n), "greeting", text, parse(text), f"f{n}", "祝您新春快乐，万事如意！" * (1 + n % 5))
         for n, text in enumerate(prompts)), folder,
    )  # fmt: skip
    return folder


@pytest.fixture(scope="module")
def make(base, rows):
    """Makes a run in a home."""

    def make(home, **values):
        usual = {"batch": 8, "rank": 4, "learning_rate": 5e-3, "steps": STEPS, "save_every": STEPS}
        probe = {"probe_prompts": 4, "probe_every": STEPS // 4}
        return new_run(settings_of(home).runs, TrainConfig(data=rows, base=str(base), **(usual | probe | values)))

    return make


def settings_of(home):
    return Settings(home=home, device="cpu", dtype="float32", threads=1)


@pytest.fixture(scope="module")
def alone(make, tmp_path_factory):
    """A run that one process has made."""
    from hesui.train.worker.sitting import sit
    from hesui.train.worker.wish import Wish

    home = tmp_path_factory.mktemp("alone")
    folder = make(home, processes=1)
    assert sit(folder, settings_of(home), Wish(folder)) == "done"
    return folder


@pytest.fixture
def run(tmp_path, make):
    """Makes runs, and processes that work on them; all end with the test."""
    begun = []

    class Runs:
        def make(self, **values):
            return make(tmp_path / "home", **values)

        def work(self, folder):
            begun.append(launch(folder, settings_of(tmp_path / "home"), WORKER))
            return begun[-1]

    yield Runs()
    for process in begun:
        with suppress(ProcessLookupError):  # its group has its number
            os.killpg(process.pid, signal.SIGKILL)


def losses(folder):
    return {found["step"]: found["loss"] for found in folder.measurements("train")}


def begun(folder, until):
    until(lambda: losses(folder) or ended(folder), PATIENT)
    assert losses(folder), folder.log.read_text()


def ended(folder):
    return not look(folder)[1] and folder.status()


@pytest.mark.parametrize("sharded", [False, True], ids=["with a copy each", "with a part each"])
def test_two_processes_learn_what_one_does_also_after_a_stop(run, until, sharded, request):
    shared = run.make(processes=2, sharded=sharded)
    run.work(shared)
    begun(shared, until)
    shared.write_wanted("stop")
    alone = request.getfixturevalue("alone")  # meanwhile, if it is not made yet
    status = until(lambda: ended(shared), PATIENT)
    assert (status.state, status.note_key) == ("stopped", "train.note_saved"), shared.log.read_text()
    assert 0 < status.step < STEPS and (shared.adapter / "adapter_model.safetensors").is_file()
    shared.write_wanted("run")
    run.work(shared)
    status = until(lambda: ended(shared), PATIENT)
    assert status.state == "done", shared.log.read_text()
    used = next(shared.measurements("used"))
    assert (used["processes"], used["batch"], used["micro_batch"]) == (2, 8, 4)
    assert [*losses(shared)] == [*range(1, STEPS + 1)]  # one process writes, each step once
    assert losses(shared) == pytest.approx(losses(alone), rel=1e-3)
    assert weights(shared) == pytest.approx(weights(alone), abs=1e-4)
    assert losses(alone)[STEPS] < losses(alone)[1] / 2
    assert all(answers(alone)[step] == texts for step, texts in answers(shared).items())
    assert STEPS in answers(shared)  # all but those of the step at which it was stopped
    assert abilities(shared) == pytest.approx(abilities(alone), rel=1e-4) and len({*abilities(shared)}) == 2
    assert ("shared out" in shared.log.read_text()) == sharded


def answers(folder):
    found = {}
    for sample in folder.measurements("sample"):
        found.setdefault(sample["step"], []).append((sample["prompt"], sample["text"]))
    return found


def abilities(folder):
    return [found["perplexity"] for found in folder.measurements("ability")]


def weights(folder):
    from safetensors.torch import load_file

    tensors = load_file(folder.adapter / "adapter_model.safetensors")
    return {
        f"{name}/{at}": value for name, tensor in tensors.items() for at, value in enumerate(tensor.flatten().tolist())
    }


def test_a_run_ends_as_a_whole_however_one_of_its_processes_ends(run, until):
    lost, killed = (run.make(processes=2, steps=1_000_000, probe_prompts=0) for _ in range(2))
    process = run.work(lost)
    begun(lost, until)
    (other,) = psutil.Process(process.pid).children()
    other.kill()
    status = until(lambda: ended(lost), PATIENT)
    assert (status.state, status.note_key) == ("failed", "error.train_rank"), status.note
    assert status.note_values == {"rank": 1, "code": -9}

    process = run.work(killed)
    begun(killed, until)
    (other,) = psutil.Process(process.pid).children()
    os.kill(process.pid, signal.SIGKILL)  # the leader alone: the other one notices
    until(lambda: not other.is_running() or other.status() == psutil.STATUS_ZOMBIE, 30)
    assert not look(killed)[1]
