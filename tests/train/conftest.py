"""Runs with a stand-in for the worker, which trains nothing."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from hesui.corpus.rows import Row
from hesui.corpus.splits import freeze
from hesui.length import parse
from hesui.settings import TINY, Settings
from hesui.train import jobs
from hesui.train.config import TrainConfig
from hesui.train.runs import runs
from hesui.train.sittings import living

STANDIN = "standin"


@pytest.fixture
def settings(tmp_path):
    """A home of the test's own, whose processes end with the test."""
    settings = Settings(home=tmp_path / "home")
    yield settings
    for folder in runs(settings.runs):
        process = living(folder, folder.status())
        if process is not None:
            os.kill(process.pid, signal.SIGKILL)


@pytest.fixture(scope="session")
def data(tmp_path_factory):
    """A small data set of answers."""
    folder = tmp_path_factory.mktemp("sets") / "greetings"
    prompts = [f"给{who}写一段{n}字的拜年话" for n, who in enumerate("爷奶爸妈哥姐弟妹叔姨", start=20)]
    rows = [Row(str(n), "greeting", prompt, parse(prompt), reference="新年好。") for n, prompt in enumerate(prompts)]
    freeze(rows, folder)
    return folder


@pytest.fixture(scope="session")
def toy(tmp_path_factory):
    """Makes models of random weights that read and write the embedded base's characters."""
    import torch
    from transformers import AutoTokenizer, Qwen3Config, Qwen3ForCausalLM

    def make(context=512, answers=10):
        """So many tokens of context, answers of about so many characters."""
        torch.manual_seed(0)
        tokenizer = AutoTokenizer.from_pretrained(TINY / "base")
        config = Qwen3Config(
            vocab_size=len(tokenizer), hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4,
            num_key_value_heads=2, head_dim=8, max_position_embeddings=context, initializer_range=0.15,
            tie_word_embeddings=True, eos_token_id=tokenizer.eos_token_id,
        )  # fmt: skip
        folder = tmp_path_factory.mktemp("base")
        model = Qwen3ForCausalLM(config)
        model.generation_config.eos_token_id = [*range(5, len(tokenizer), answers)]
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        return folder

    return make


@pytest.fixture(scope="session")
def base(toy):
    """The folder of such a model."""
    return toy()


@pytest.fixture
def config(data):
    """Makes the settings of a run of so many steps."""
    return lambda steps=100_000: TrainConfig(data=data, steps=steps)


@pytest.fixture
def standin(monkeypatch):
    """Says what the stand-in is like; its module's name."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))

    def be(kind: str = "") -> str:
        monkeypatch.setenv("STANDIN", kind)
        return STANDIN

    return be


@pytest.fixture
def until():
    """Waits until a condition holds."""

    def wait(condition, seconds=60):
        end = time.monotonic() + seconds
        while not (found := condition()):
            assert time.monotonic() < end, "the condition never came true"
            time.sleep(0.02)
        return found

    return wait


@pytest.fixture
def state(settings):
    """A run's state as it is seen."""
    return lambda folder: jobs.view(settings, folder.id).state
