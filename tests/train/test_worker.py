"""A run trains, can be stopped and killed at any time, goes on as if nothing had been, and says why it failed."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from random import Random
from shutil import copytree, rmtree

import pytest

from hesui.checksums import digest
from hesui.corpus.rows import Row
from hesui.corpus.splits import freeze, split_of
from hesui.length import parse
from hesui.models.registry import AdapterSource
from hesui.review.exporting import MADE_BY
from hesui.settings import Settings
from hesui.train.config import TrainConfig, suggested_epochs
from hesui.train.curves import Probe as Point
from hesui.train.data import describe
from hesui.train.runs import new_run
from hesui.train.worker.diary import Diary, cut
from hesui.train.worker.sitting import Busy, sit
from hesui.train.worker.wish import Wish

pytestmark = [
    pytest.mark.filterwarnings("ignore::FutureWarning:transformers"),  # the libraries' remarks on each other
    pytest.mark.filterwarnings("ignore::FutureWarning:trl"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]

STEPS = 6


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A frozen corpus of a few dozen greetings."""
    folder = tmp_path_factory.mktemp("data") / "greetings"
    freeze(map(row, range(40)), folder)
    return folder


def row(number):
    whom = "".join(chr(0x4E00 + letter) for letter in Random(number).sample(range(20_000), 12))  # unlike all others
    prompt = f"给{whom}写{10 + number}字"
    return Row(
        str(number), "greeting", prompt, parse(prompt), f"f{number}", "祝您新春快乐，万事如意！" * (1 + number % 5)
    )


@pytest.fixture(scope="module")
def started(tmp_path_factory, base, data):
    """Makes runs: a folder with settings, nothing at work on it."""
    home = tmp_path_factory.mktemp("home")

    def start(**values):
        common = dict(data=data, base=str(base), steps=STEPS, batch=8, rank=4, learning_rate=0.01, probe_prompts=0)
        return new_run(home / "runs", TrainConfig(**(common | values)))

    return start


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    return Settings(home=tmp_path_factory.mktemp("settings"), device="cpu", threads=1)


class StopsAt(Wish):
    """Somebody who wants something of the run once it has reached a step."""

    def __init__(self, folder, step, wanted):
        super().__init__(folder)
        self.folder, self.step, self.wanted = folder, step, wanted

    def now(self):
        reached = any(found["step"] >= self.step for found in self.folder.measurements("train"))
        return self.wanted if reached else super().now()


def worked(folder, settings, wish=None):
    return sit(folder, settings, wish or Wish(folder))


def losses(folder):
    return {found["step"]: found["loss"] for found in folder.measurements("train")}


@pytest.fixture(scope="module")
def whole(started, settings):
    """A run that nobody interrupted."""
    folder = started(probe_prompts=2, probe_every=3, save_every=2)
    assert worked(folder, settings) == "done"
    return folder


def test_a_run_measures_what_its_readers_expect(whole):
    kinds = {found["kind"] for found in whole.measurements()}
    used = next(whole.measurements("used"))
    first = next(whole.measurements("train"))
    assert kinds == {"used", "ability", "probe", "sample", "train", "eval"}
    assert (
        used["steps"] == STEPS
        and used["rows"] == describe(whole.config().data).rows["train"]
        and used["device"] == "cpu"
    )
    assert {"epoch", "loss", "learning_rate", "grad_norm", "tokens_per_second", "memory_mb"} < first.keys()
    assert [found["step"] for found in whole.measurements("train")] == [*range(1, STEPS + 1)]
    assert [found["step"] for found in whole.measurements("probe")] == [0, 3, 6]
    assert all(0 <= found[name] <= 1 for found in whole.measurements("probe") for name in ("satisfied", "hit10"))
    assert [found["step"] for found in whole.measurements("ability")] == [0, STEPS]
    assert set(Point._fields) < next(whole.measurements("probe")).keys()


def test_a_run_learns(whole):
    found = [found["loss"] for found in whole.measurements("eval")]
    assert found[-1] < found[0]


def test_a_finished_run_says_so_and_is_left_alone(whole, settings):
    status = whole.status()
    assert whole.done and (status.state, status.step, status.steps, status.phase) == ("done", STEPS, STEPS, "")
    before = whole.metrics.read_bytes()
    assert worked(whole, settings) == "done" and whole.metrics.read_bytes() == before


def test_the_adapter_can_be_used_by_everybody(whole, base):
    from transformers import AutoModelForCausalLM

    from hesui.models.lora import read_adapter

    model = AutoModelForCausalLM.from_pretrained(base)
    assert read_adapter(AdapterSource("new", whole.adapter), model).layers
    assert all(stat.S_IMODE(file.stat().st_mode) == 0o644 for file in whole.adapter.iterdir())
    assert not list(whole.path.glob("*.part")) and not list(whole.path.glob("*.old"))


def test_the_last_two_checkpoints_are_kept_and_the_best(whole):
    best = json.loads((whole.path / "done.json").read_text())["best"]
    kept = {int(path.name.split("-")[1]) for path in whole.checkpoints.iterdir()}
    assert kept == {STEPS - 2, STEPS} | ({best} if best else set())


def test_a_run_that_was_stopped_goes_on_as_if_it_had_not_been(whole, started, settings):
    folder = started(probe_prompts=2, probe_every=3, save_every=2)
    assert worked(folder, settings, StopsAt(folder, 2, "stop")) == "stopped"
    status = folder.status()
    assert (status.note_key, status.step) == ("train.note_saved", 3)
    assert (folder.adapter / "adapter_model.safetensors").is_file() and not folder.done

    # What a crash two steps later would have left behind.
    with folder.metrics.open("a") as lines:
        lines.write('{"kind": "train", "step": 4, "loss": 9}\n{"kind": "train", "st')
    half = copytree(folder.checkpoints / "checkpoint-3", folder.checkpoints / "checkpoint-4")
    (half / "complete.json").unlink()
    (half / "optimizer.pt").write_bytes(b"half")

    assert worked(folder, settings) == "done"
    steps = [found["step"] for found in folder.measurements("train")]
    assert steps == sorted(set(steps))
    assert losses(folder) == pytest.approx(losses(whole), rel=0.01)
    assert [found["step"] for found in folder.measurements("probe")] in ([0, 3, 6], [0, 6])


def test_a_cancelled_run_saves_nothing(started, settings):
    folder = started(save_every=STEPS)
    assert worked(folder, settings, StopsAt(folder, 2, "cancel")) == "stopped"
    assert folder.status().note_key == "train.note_cancelled"
    assert not folder.adapter.exists() and not any(folder.checkpoints.iterdir())


def test_a_wish_that_comes_before_the_model_is_loaded_ends_the_run(started, settings):
    folder = started()
    folder.write_wanted("stop")
    assert worked(folder, settings) == "stopped" and not folder.adapter.exists()


def test_what_was_saved_before_a_crash_can_be_used_when_the_run_is_stopped_while_it_loads(started, settings):
    folder = started()
    assert worked(folder, settings, StopsAt(folder, 2, "stop")) == "stopped"
    rmtree(folder.adapter)  # as if the process had been killed before it could publish
    folder.write_wanted("stop")
    assert worked(folder, settings) == "stopped" and (folder.adapter / "adapter_model.safetensors").is_file()


def test_a_run_is_worked_on_by_one_process_only(started, settings):
    import fcntl

    folder = started()
    with (folder.path / "worker.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(Busy):
            worked(folder, settings)
    assert folder.status().state == "queued"


def test_a_run_ends_early_and_publishes_the_best_step(started, settings):
    folder = started(probe_prompts=2, probe_every=1, patience=2, learning_rate=1e-9, steps=50)
    assert worked(folder, settings) == "done"
    done = json.loads((folder.path / "done.json").read_text())
    assert (done["step"], done["best"]) == (2, 0) and folder.status().note_key == "train.note_early"


# Methods


def exported(folder, kind, records):
    """A folder as `hesui review export` writes it."""
    folder.mkdir()
    (folder / "train.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    manifest = {
        "made_by": MADE_BY, "kind": kind, "format": "trl", "counts": {"train": {"greeting": len(records)}},
        "sha256": {"train.jsonl": digest(folder / "train.jsonl")},
    }  # fmt: skip
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return folder


def said(role, text):
    return [{"role": role, "content": text}]


def test_pairs_are_learned_from(started, settings, tmp_path):
    pair = {"chosen": said("assistant", "老师，新年好！"), "rejected": said("assistant", "新年好" * 9)}
    records = [{"prompt": said("user", f"给{n}位老师拜年，10字以内")} | pair for n in range(16)]
    folder = started(data=exported(tmp_path / "pairs", "dpo", records), method="dpo", steps=3)
    assert worked(folder, settings) == "done", folder.status().note
    found = [*losses(folder).values()]
    assert found[0] == pytest.approx(0.6931, abs=0.01) and found[-1] < found[0]  # -log σ(0) before the first step


def test_a_run_goes_on_from_an_adapter_and_can_be_resumed(whole, started, settings, tmp_path):
    copytree(whole.adapter, settings.adapters / "first", dirs_exist_ok=True)
    pair = {"chosen": said("assistant", "老师，新年好！"), "rejected": said("assistant", "新年好" * 9)}
    records = [{"prompt": said("user", f"给{n}位老师拜年，10字以内")} | pair for n in range(16)]
    pairs = exported(tmp_path / "pairs", "dpo", records)
    folder = started(data=pairs, method="dpo", steps=3, adapter="first", learning_rate=1e-3)
    assert worked(folder, settings, StopsAt(folder, 1, "stop")) == "stopped", folder.status().note
    assert worked(folder, settings) == "done", folder.status().note
    assert [*losses(folder)] == [1, 2, 3] and losses(folder)[1] == pytest.approx(0.6931, abs=0.01)
    assert {file.name for file in folder.adapter.iterdir()} >= {"adapter_config.json", "adapter_model.safetensors"}


def test_ratings_are_learned_from(started, settings, tmp_path):
    texts = {True: "老师，新年好！", False: "新年好" * 9}
    records = [
        {
            "prompt": said("user", f"给{n}位老师拜年"),
            "completion": said("assistant", texts[n % 2 > 0]),
            "label": n % 2 > 0,
        }
        for n in range(16)
    ]
    folder = started(data=exported(tmp_path / "ratings", "kto", records), method="kto", steps=3)
    assert worked(folder, settings) == "done", folder.status().note
    assert [*losses(folder)] == [1, 2, 3]


def test_all_weights_can_be_trained(started, settings):
    from transformers import AutoModelForCausalLM

    folder = started(adaptation="full", steps=2, learning_rate=1e-3)
    assert worked(folder, settings) == "done", folder.status().note
    used = next(folder.measurements("used"))
    assert used["trainable"] == used["parameters"]
    assert AutoModelForCausalLM.from_pretrained(folder.path / "model").num_parameters() == used["parameters"]
    assert not folder.adapter.exists()


def test_the_kinds_of_adapters_train_and_say_what_they_are(started, settings):
    folder = started(rslora=True, dora=True, plus=4, steps=2, micro_batch=4)
    assert worked(folder, settings) == "done", folder.status().note
    config = json.loads((folder.adapter / "adapter_config.json").read_text())
    assert config["use_rslora"] and config["use_dora"]


# Failures


def failed(folder, settings):
    assert worked(folder, settings) == "failed"
    assert folder.status().note and not folder.done
    return folder.status().note_key


def test_a_broken_row_is_named_with_its_line(started, settings, tmp_path):
    good = {"prompt": said("user", "拜年"), "completion": said("assistant", "新年好！")}
    records = [good] * 5 + [{"prompt": said("user", "拜年"), "completion": []}]
    folder = started(data=exported(tmp_path / "broken", "sft", records))
    assert failed(folder, settings) == "error.row_line" and "line 6" in folder.status().note


def test_a_missing_base_and_missing_data_are_named(started, settings, tmp_path):
    assert failed(started(base=str(tmp_path / "nowhere")), settings) == "error.base_not_found"
    assert failed(started(data=tmp_path / "nowhere"), settings) == "error.train_data_missing"


def test_data_of_another_kind_than_the_method_are_refused(started, settings):
    assert failed(started(method="kto"), settings) == "error.train_method"


def test_rows_that_are_all_too_long_are_named(started, settings):
    folder = started(context=8)
    assert failed(folder, settings) == "error.train_context" and "8 tokens" in folder.status().note


def test_a_loss_that_is_no_number_ends_the_run_before_anything_is_saved(started, settings, base, tmp_path):
    import torch
    from safetensors.torch import load_file, save_file

    broken = copytree(base, tmp_path / "broken")
    weights = load_file(broken / "model.safetensors")
    weights["model.norm.weight"] = torch.full_like(weights["model.norm.weight"], float("nan"))
    save_file(weights, broken / "model.safetensors", {"format": "pt"})
    folder = started(base=str(broken), save_every=1)
    assert failed(folder, settings) == "error.train_diverged"
    assert not folder.adapter.exists() and not any(folder.checkpoints.iterdir())


def test_a_full_disk_ends_the_run_and_it_goes_on_once_there_is_room(started, settings, monkeypatch):
    from hesui.train.worker import checkpoints

    folder = started(save_every=3)
    with monkeypatch.context() as patch:
        patch.setattr(checkpoints, "SPARE", 2**60)
        assert failed(folder, settings) == "error.train_disk"
    assert worked(folder, settings) == "done"


def test_running_out_of_memory_names_the_settings_to_try_in_order(tmp_path):
    import torch

    from hesui.train.worker.failing import explain

    with pytest.raises(RuntimeError) as caught:
        torch.empty(2**50)
    note = explain(caught.value, TrainConfig(data=tmp_path, rank=16, batch=16), tmp_path)
    assert note.note_key == "error.train_memory"
    tries = ["micro_batch=8", "context=512", "gradient_checkpointing=true", "rank=8"]
    assert note.note_values["settings"].split(", ") == tries


# Parts


def test_an_answer_carries_the_loss_and_its_end_and_the_prompt_none(base, data):
    from hesui.train.worker.learner import load_learner
    from hesui.train.worker.lessons import IGNORED, prepare

    config = TrainConfig(data=data, base=str(base))
    learner = load_learner(config, Settings(device="cpu", threads=1))
    lesson = prepare(describe(data), config, learner.base).train[0]
    example = next(describe(data).examples("train"))
    told = [token for token in lesson["labels"] if token != IGNORED]
    assert lesson["input_ids"] == [*learner.base.chat.prompt(example.messages), *told]
    assert learner.base.chat.decode(told) == example.texts[0] and told[-1] in learner.base.ends


def test_rows_of_like_length_share_a_batch_and_each_comes_once_an_epoch():
    from hesui.train.worker.batches import AlikeSampler

    lengths = [Random(n).randrange(20, 500) for n in range(203)]
    epochs = [list(AlikeSampler(lengths, 8, seed=1, epoch=lambda n=n: n)) for n in (0, 0, 1)]
    assert epochs[0] == epochs[1] != epochs[2]
    assert all(sorted(epoch) == [*range(203)] for epoch in epochs)

    def padding(order):
        batches = [[lengths[n] for n in order[at : at + 8]] for at in range(0, 200, 8)]
        return sum(max(batch) * len(batch) - sum(batch) for batch in batches)

    assert padding(epochs[0]) < 0.3 * padding(range(203))


def test_batches_have_few_widths():
    from hesui.train.worker.batches import width

    assert all(n <= width(n) <= max(n * 1.125, n + 32) for n in range(1, 5000))
    assert len({width(n) for n in range(1, 4097)}) <= 40


def test_steps_follow_from_rows_epochs_and_batch(data):
    from hesui.train.worker.plan import make_plan

    plan = make_plan(TrainConfig(data=data, batch=16, micro_batch=4, epochs=2), 100)
    assert (plan.micro, plan.accumulation, plan.per_epoch, plan.steps) == (4, 4, 7, 14)
    assert make_plan(TrainConfig(data=data), 1_000).epochs == pytest.approx(suggested_epochs(1_000), rel=0.02)
    assert make_plan(TrainConfig(data=data, steps=50_000), 9).log_every == 100
    assert make_plan(TrainConfig(data=data, most_steps=50), 1_000).steps == 50
    assert make_plan(TrainConfig(data=data, most_steps=500, epochs=1), 160).steps == 10


def test_probes_ask_held_out_prompts_of_the_data_and_the_same_each_time(base, data):
    from hesui.train.worker.probe import choose

    config = TrainConfig(data=data, base=str(base), probe_prompts=7)
    rows = choose(config, describe(data))
    assert rows == choose(config, describe(data)) and len(rows) == 7
    assert {row.task for row in rows} == {"greeting"} and all(row.id.startswith("eval-") for row in rows)


def test_data_of_a_class_of_their_own_are_probed_with_their_held_out_prompts(base, tmp_path):
    from dataclasses import replace

    from hesui.train.worker.probe import choose

    rows = [replace(row(n), task="toast") for n in range(40)]
    freeze(rows, tmp_path / "toasts")
    held_out = {one.prompt for one in rows if split_of(one.family) != "train"}
    found = choose(TrainConfig(data=tmp_path / "toasts", base=str(base)), describe(tmp_path / "toasts"))
    assert {one.prompt for one in found} == held_out


def test_metrics_are_cut_at_a_step_and_broken_lines_are_dropped(tmp_path):
    path = tmp_path / "metrics.jsonl"
    path.write_text('{"step": 0}\n{"step": 2}\n\n{"st\n[]\n{"step": 3}\n{"step": 1}')
    cut(path, 2)
    assert path.read_text() == '{"step": 0}\n{"step": 2}\n'


def test_the_status_says_stopping_as_soon_as_somebody_wants_that(started, until):
    folder = started()
    diary = Diary(folder, Wish(folder))
    with diary.alive():
        assert folder.status().pid == os.getpid()
        folder.write_wanted("stop")
        assert until(lambda: folder.status().state == "stopping")


# Processes


def test_a_folder_without_settings_is_refused(tmp_path):
    command = [sys.executable, "-m", "hesui.train.worker", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[2])
    assert done.returncode == 2 and "usage" in done.stderr
