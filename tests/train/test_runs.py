"""A run's folder can be read by anybody at any time, and its settings are right when they are made."""

from __future__ import annotations

import json
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hesui.errors import InputError
from hesui.files import read_json, write_json
from hesui.train.config import EPOCHS, PRESETS, TrainConfig, make_config, suggested_epochs
from hesui.train.runs import RunFolder, Status, new_run, require_run, runs


@pytest.fixture
def folder(tmp_path):
    return new_run(tmp_path / "runs", TrainConfig(data="data", rank=4))


def test_a_new_run_is_queued_and_keeps_its_settings(folder):
    assert folder.status().state == "queued"
    assert folder.status().created > 0
    assert folder.config().rank == 4
    assert folder.wanted() == "run"
    assert not folder.done
    assert list(folder.measurements()) == []


def test_a_status_is_read_as_it_was_written(folder):
    status = Status("failed", step=3, steps=7, pid=1, pid_started=2.5, note="断了", note_values={"step": 3})
    folder.write_status(status)
    assert folder.status() == status


@pytest.mark.parametrize("text", ["", "{", "[]", '{"state": "running", "unheard_of": 1}', "\ud800"])
def test_a_status_that_cannot_be_read_is_an_empty_one(folder, text):
    (folder.path / "status.json").write_bytes(text.encode("utf-8", "surrogatepass"))
    assert folder.status() == Status()


@pytest.mark.parametrize("text", ["", "{}", '{"data": "d", "rank": 0}', '{"data": "d", "unheard_of": 1}', "\x00"])
def test_settings_that_cannot_be_read_name_the_run(folder, text):
    (folder.path / "config.json").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=folder.id):
        folder.config()


@pytest.mark.parametrize("text", ["", "{}", '{"wanted": "dance"}', '{"wanted": 3}'])
def test_a_wish_that_nobody_knows_is_to_run(folder, text):
    (folder.path / "wanted.json").write_text(text, encoding="utf-8")
    assert folder.wanted() == "run"


def test_a_line_that_a_crash_cut_short_is_passed_over(folder):
    lines = [{"kind": "train", "step": 1}, {"kind": "probe", "step": 1}, {"kind": "train", "step": 2}]
    text = "\n".join(json.dumps(line) for line in lines)
    folder.metrics.write_text(text + '\n[3]\n{"kind": "train", "st', encoding="utf-8")
    assert list(folder.measurements()) == lines
    assert [line["step"] for line in folder.measurements("train")] == [1, 2]


def test_whoever_reads_meanwhile_finds_a_whole_file(tmp_path):
    path = tmp_path / "status.json"
    write_json(path, {"n": 0, "padding": "x" * 10_000})
    over = threading.Event()

    def write():
        for n in range(50):
            write_json(path, {"n": n, "padding": "x" * 10_000})
        over.set()

    writer = threading.Thread(target=write)
    writer.start()
    seen = 0
    while not over.is_set():
        assert len(read_json(path)["padding"]) == 10_000
        seen += 1
    writer.join()
    assert seen > 0
    assert [entry.name for entry in tmp_path.iterdir()] == ["status.json"]


def test_only_folders_of_runs_are_runs(folder):
    home = folder.path.parent
    (home / "20260101-000000-abcd").mkdir()  # without settings
    (home / ".20260101-000000-abcd.deleted").mkdir()
    (home / "notes").mkdir()
    (home / "notes" / "config.json").write_text("{}", encoding="utf-8")
    assert runs(home) == [folder]
    assert runs(home / "nowhere") == []


def test_an_id_is_looked_up_and_never_a_path(folder):
    home = folder.path.parent
    assert require_run(home, folder.id) == folder
    assert require_run(home, None) == folder
    for id in ("..", "../runs/" + folder.id, str(folder.path), ""):
        with pytest.raises(InputError):
            require_run(home, id)
    with pytest.raises(InputError, match=f"there are: {folder.id}"):
        require_run(home, "20260101-000000-abcd")


def test_without_a_run_the_way_to_one_is_told(tmp_path):
    with pytest.raises(InputError, match="hesui train start"):
        require_run(tmp_path, None)


def test_settings_survive_their_file(tmp_path):
    config = make_config(data="d", method="dpo", rank=32, learning_rate=1e-4, adapter="拜年", counter="chars")
    write_json(tmp_path / "config.json", config.record())
    assert RunFolder(tmp_path).config() == config


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"rank": 0}, "rank is 0"),
        ({"learning_rate": float("nan")}, "learning_rate"),
        ({"learning_rate": -1}, "learning_rate is -1"),
        ({"method": "magic"}, "method is 'magic'"),
        ({"epochs": -1}, "epochs is -1"),
        ({"rnak": 8}, "rnak is 8"),
        ({"batch": "many"}, "batch is 'many'"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(values, named):
    with pytest.raises(InputError, match=named):
        make_config(data="d", **values)


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_makes_settings(preset):
    assert make_config(data="d", **PRESETS[preset]).record().items() >= dict(PRESETS[preset]).items()


def test_the_suggested_epochs_are_those_that_were_found():
    assert [suggested_epochs(rows) for rows, _ in EPOCHS] == [epochs for _, epochs in EPOCHS]
    assert suggested_epochs(1) == 15
    assert suggested_epochs(10**9) == 2


@given(st.integers(1, 100_000), st.integers(1, 100_000))
def test_more_rows_never_need_more_epochs(one, other):
    few, many = sorted((one, other))
    assert suggested_epochs(few) >= suggested_epochs(many) >= 2
