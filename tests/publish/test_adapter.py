"""An adapter comes back from the Hub as it went there, and its card claims only what was measured of these weights."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from threading import Event

import pytest
import yaml
from hub_server import TOKEN
from huggingface_hub import ModelCard

from hesui.checksums import digest
from hesui.corpus.rows import Row
from hesui.errors import ModelNotFound
from hesui.evaluate.config import EvaluateConfig
from hesui.evaluate.folder import Entry, new_evaluation
from hesui.evaluate.working import work
from hesui.files import read_json, write_json
from hesui.length import parse
from hesui.models.registry import ADAPTER_CONFIG, ADAPTER_WEIGHTS, TAUGHT
from hesui.publish.adapter import adapter_parcel
from hesui.publish.hub import publish
from hesui.records import End, EndReason, Piece
from hesui.settings import TINY
from hesui.train.adopting import ORIGIN

pytestmark = pytest.mark.filterwarnings("ignore:Use .content=:DeprecationWarning")

REPO = "ann/greetings"


class Speaker:
    def answer(self, requests):
        for row, request in enumerate(requests):
            text = "新年好。" if request.model == "base" else "祝您新春快乐，万事如意。"
            yield Piece(row, text, end=End(EndReason.END, 9, 9, 0.01))


@pytest.fixture
def measure(settings):
    """Lets base and an adapter with given weights answer three prompts."""

    def call(weights, base="embedded"):
        prompts = [f"写一段{n}字的拜年话" for n in (10, 11, 40)]
        rows = [Row(f"p{n}", "greeting", text, parse(text)) for n, text in enumerate(prompts)]
        entries = [
            Entry("base", "raw", base),
            Entry("mine", "raw", base, weights=weights),
            Entry("mine", "guided", base, weights=weights),
        ]
        config = EvaluateConfig(models=("base", "mine"), seeds=2, perplexity=False, decoding=("raw", "guided"))
        folder = new_evaluation(settings.evaluations, config, rows, entries, {})
        work(folder, settings, lambda _: Speaker(), Event(), lambda status: None)
        return folder

    return call


def matter(card):
    return yaml.safe_load(card.split("---\n")[1])


def names(parcel):
    return [one.name for one in parcel.items]


@pytest.mark.filterwarnings("ignore:.is_gradient_checkpointing:FutureWarning")  # PEFT's own
def test_a_published_adapter_comes_back_and_answers_with_equal_logits(hub, settings):
    """The card's own lines of Python load it, from nothing but the repository."""
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    torch.set_num_threads(1)
    parcel = adapter_parcel(settings, "tuned", REPO)
    assert publish(parcel, REPO).private
    (snippet,) = re.findall(r"```python\n(from .*?)```", parcel.card, re.DOTALL)
    place = {}
    exec(snippet, place)
    here = AutoModelForCausalLM.from_pretrained(TINY / "base", dtype="float32")
    here = PeftModel.from_pretrained(here, TINY / "adapter")
    with torch.no_grad():
        found, expected = (model(**place["inputs"]).logits for model in (place["model"], here))
        with here.disable_adapter():
            base = here(**place["inputs"]).logits
    assert torch.equal(found, expected)
    assert not torch.equal(expected, base)
    assert digest(Path(place["folder"]) / ADAPTER_WEIGHTS) == digest(TINY / "adapter" / ADAPTER_WEIGHTS)


def test_without_an_evaluation_there_are_no_figures(settings, mine):
    card = adapter_parcel(settings, "mine", REPO).card
    assert "model-index" not in matter(card)
    assert "It was not measured" in card
    assert not re.search(r"\d ?%", card)


def test_figures_of_other_weights_or_another_base_are_not_claimed(settings, mine, measure):
    measure("0" * 64)
    measure(digest(mine / ADAPTER_WEIGHTS), base="other")
    assert "It was not measured" in adapter_parcel(settings, "mine", REPO).card


def test_figures_of_these_weights_stand_with_intervals_and_the_day(settings, mine, measure):
    folder = measure(digest(mine / ADAPTER_WEIGHTS))
    card = adapter_parcel(settings, "mine", REPO).card
    read = ModelCard(card).data
    assert read.model_name == REPO
    hits = [one for one in read.eval_results if one.metric_type == "hit2"]
    assert [(one.dataset_args["decoding"], one.dataset_args["assisted"]) for one in hits] == [
        ("raw", False),
        ("guided", True),
    ]
    assert hits[0].metric_value == pytest.approx(2 / 3, abs=1e-4)
    assert hits[0].metric_args["low"] < 0.66 < hits[0].metric_args["high"]
    assert {one.dataset_args["sha256"] for one in hits} == {folder.facts()["set"]["sha256"]}
    day = f"{folder.id[:4]}-{folder.id[4:6]}-{folder.id[6:8]}"
    assert f"{day}; temperature 0.5, top-p 0.95; seeds a prompt: 2." in card
    assert "| base |" in card and "| mine · guided |" in card


def test_the_card_says_what_it_was_trained_on_and_how(settings, mine):
    card = adapter_parcel(settings, "mine", REPO, licence="cc-by-4.0").card
    assert matter(card)["license"] == "cc-by-4.0"
    assert "`reviewed`" in card and "| `甲模型` | 10 |" in card and "Counting rule: `word`" in card
    assert "Krippendorff" in card
    assert '"data": "reviewed"' in card and '"rank": 16' in card
    assert str(settings.home) not in card and "张三" not in card
    assert "The files under `base/` are hesui's" in card


def test_data_that_were_written_anew_since_are_not_claimed(settings, mine, reviewed):
    os.utime(reviewed / "manifest.json", (2e9, 2e9))
    card = adapter_parcel(settings, "mine", REPO).card
    assert "Not known: the data are not there any more" in card and "甲模型" not in card


def test_an_adapter_without_a_run_says_that_nothing_is_known(settings, mine):
    (mine / ORIGIN).unlink()
    card = adapter_parcel(settings, "mine", REPO).card
    assert "Not known: the run that made this is not there any more" in card
    assert "None is stated here" in card and "license" not in matter(card)


def test_only_what_is_needed_goes_along(settings, mine):
    for name in ("optimizer.pt", "adapter_model.bin", ".env", "training_args.bin"):
        (mine / name).write_text(TOKEN)
    found = names(adapter_parcel(settings, "mine", REPO))
    assert found == ["README.md", ADAPTER_CONFIG, ADAPTER_WEIGHTS, "base/chat_template.jinja", "base/config.json",
                     "base/generation_config.json", "base/model.safetensors", "base/tokenizer.json",
                     "base/tokenizer_config.json", "chat_template.jinja", "tokenizer.json", "tokenizer_config.json",
                     "hesui-files.json"]  # fmt: skip


def test_a_base_of_the_hub_is_named_in_the_front_matter(settings, mine):
    remote = settings.model_copy(update={"base_model": "Qwen/Qwen3-0.6B"})
    parcel = adapter_parcel(remote, "mine", REPO)
    assert matter(parcel.card)["base_model"] == "Qwen/Qwen3-0.6B"
    assert "vllm serve Qwen/Qwen3-0.6B --enable-lora" in parcel.card
    assert names(parcel) == ["README.md", ADAPTER_CONFIG, ADAPTER_WEIGHTS, "hesui-files.json"]


def test_a_base_in_a_folder_is_named_without_the_folders_above_it(settings, mine, tmp_path):
    shutil.copytree(TINY / "base", tmp_path / "secret-place" / "my-base")
    config = read_json(mine / ADAPTER_CONFIG)
    write_json(mine / ADAPTER_CONFIG, {**config, "base_model_name_or_path": str(tmp_path / "secret-place" / "my-base")})
    local = settings.model_copy(update={"base_model": str(tmp_path / "secret-place" / "my-base")})
    parcel = adapter_parcel(local, "mine", REPO)
    told = parcel.card + "".join(one.origin.decode() for one in parcel.items if isinstance(one.origin, bytes))
    assert "`my-base`" in told and "secret-place" not in told
    assert "base_model:" not in parcel.card


def test_countdown_marks_are_said_and_nothing_is_offered_that_cannot_be(settings, mine):
    write_json(mine / TAUGHT, {"markers": True})
    parcel = adapter_parcel(settings, "mine", REPO)
    assert TAUGHT in names(parcel)
    assert "countdown marks" in parcel.card and "ollama" not in parcel.card and "vllm serve" not in parcel.card


def test_a_name_that_is_no_adapter_is_refused(settings):
    with pytest.raises(ModelNotFound, match="no model is named"):
        adapter_parcel(settings, "../mine", REPO)
