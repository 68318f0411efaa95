"""An adapter and its base become one model that answers as both did."""

from __future__ import annotations

import json
import shutil
import stat
import warnings

import pytest
import torch

from hesui.errors import InputError, ModelError, ModelNotFound, UnsafeWeights
from hesui.models.base import load_base
from hesui.models.merging import ORIGIN
from hesui.models.registry import TAUGHT, Registry
from hesui.settings import Settings
from hesui.train.config import TrainConfig
from hesui.train.merging import merge
from hesui.train.runs import new_run

pytestmark = [
    pytest.mark.filterwarnings("ignore::FutureWarning:transformers"),
    pytest.mark.filterwarnings("ignore::UserWarning:peft"),
]

TEXT = "写一段新春祝福：祝您阖家幸福，万事如意！"


def loaded(settings):
    exact = settings.model_copy(update={"dtype": "float32", "device": "cpu"})
    return load_base(Registry(exact).base(), exact)


def logits(base):
    with torch.no_grad():
        return base.model(input_ids=torch.tensor([base.chat.encode(TEXT)])).logits


def with_adapter(settings, folder):
    from peft import PeftModel

    base = loaded(settings)
    PeftModel.from_pretrained(base.model, str(folder)).eval()
    return logits(base)


@pytest.mark.parametrize("name", ["one", "two", "patterns", "dora"])
def test_the_merged_model_answers_as_base_and_adapter_do(settings, tmp_path, name):
    out = merge(settings, name, tmp_path / "new" / name)
    expected = with_adapter(settings, settings.adapters / name)
    found = logits(loaded(settings.model_copy(update={"base_model": str(out)})))
    assert torch.allclose(found, expected, atol=1e-4)
    assert (logits(loaded(settings)) - expected).abs().max() > 0.1  # the adapter does something


def test_the_embedded_model_is_merged_into_a_folder_of_plain_files(tmp_path):
    settings = Settings(home=tmp_path)
    out = merge(settings, "tuned", tmp_path / "merged")
    files = {file.name for file in out.iterdir()}
    assert {"model.safetensors", "config.json", "tokenizer.json", "chat_template.jinja", ORIGIN} <= files
    assert not any(name.lower().startswith("readme") or name.startswith("adapter") for name in files)
    assert {stat.S_IMODE(file.stat().st_mode) for file in out.iterdir()} == {0o644}
    record = json.loads((out / ORIGIN).read_text())
    assert (record["base"], record["adapter"]) == ("embedded", "tuned") and record["moved"] < 1e-4
    assert [entry.name for entry in tmp_path.iterdir()] == ["merged"]
    merged = loaded(settings.model_copy(update={"base_model": str(out)}))
    assert merged.context == loaded(settings).context and merged.ends == loaded(settings).ends


def test_a_runs_adapter_is_merged_into_the_base_that_it_trained(settings, tmp_path):
    folder = run_of(tmp_path, settings.base_model)
    with pytest.raises(InputError, match="no adapter yet"):
        merge(Settings(home=tmp_path), folder.id, tmp_path / "merged")
    folder.adapter.symlink_to(settings.adapters / "one")
    out = merge(Settings(home=tmp_path), folder.id, tmp_path / "merged")
    found = logits(loaded(settings.model_copy(update={"base_model": str(out)})))
    assert torch.allclose(found, with_adapter(settings, settings.adapters / "one"), atol=1e-4)


def run_of(home, base, **values):
    return new_run(home / "runs", TrainConfig(data=home / "data", base=str(base), **values))


def test_a_run_that_tuned_all_weights_is_a_model_already(tmp_path):
    folder = run_of(tmp_path, "embedded", adaptation="full")
    with pytest.raises(InputError, match="whole model already") as caught:
        merge(Settings(home=tmp_path), folder.id, tmp_path / "merged")
    assert caught.value.values["folder"] == str(folder.path / "model")


@pytest.mark.parametrize("name", ["nobody", "../one", "", "base", "20261124-101500-ab12"])
def test_an_unknown_name_is_refused_with_those_there_are(settings, tmp_path, name):
    with pytest.raises(ModelNotFound, match="dora, one, patterns, two"):
        merge(settings, name, tmp_path / "merged")


@pytest.mark.parametrize("make", ["mkdir", "touch"])
def test_what_lies_there_already_is_left_alone(settings, tmp_path, make):
    getattr(tmp_path / "taken", make)()
    with pytest.raises(InputError, match="already"):
        merge(settings, "one", tmp_path / "taken")
    assert [entry.name for entry in tmp_path.iterdir()] == ["taken"]


def test_a_place_that_cannot_be_written_is_named(settings, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot write"):
        merge(settings, "one", tmp_path / "file" / "merged")


def test_an_adapter_that_would_move_the_embedding_too_is_refused(base_folder, save_adapter, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PEFT warns of tied weights
        save_adapter(base_folder, tmp_path / "adapters" / "head", seed=5, target_modules=["lm_head"])
        with pytest.raises(ModelError, match="logits differ"):
            merge(Settings(home=tmp_path, base_model=str(base_folder)), "head", tmp_path / "merged")
    assert [entry.name for entry in tmp_path.iterdir()] == ["adapters"]


def test_an_adapter_that_writes_countdown_marks_is_refused(settings, tmp_path):
    shutil.copytree(settings.adapters / "one", tmp_path / "adapters" / "marked")
    (tmp_path / "adapters" / "marked" / TAUGHT).write_text('{"markers": true}')
    with pytest.raises(ModelError, match="countdown marks"):
        merge(settings.model_copy(update={"home": tmp_path}), "marked", tmp_path / "merged")
    assert not (tmp_path / "merged").exists()


def test_an_adapter_of_another_base_and_a_pickled_one_are_refused(settings, tmp_path):
    (tmp_path / "adapters").mkdir()
    (tmp_path / "adapters" / "one").symlink_to(settings.adapters / "one")
    pickled = tmp_path / "adapters" / "pickled"
    pickled.mkdir()
    (pickled / "adapter_config.json").write_text("{}")
    (pickled / "adapter_model.bin").touch()
    with pytest.raises(ModelError, match="cannot be used"):
        merge(Settings(home=tmp_path), "one", tmp_path / "merged")
    with pytest.raises(UnsafeWeights, match="adapter_model.bin"):
        merge(Settings(home=tmp_path), "pickled", tmp_path / "merged")
    assert [entry.name for entry in tmp_path.iterdir()] == ["adapters"]
