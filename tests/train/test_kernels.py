"""A run computes with what the machine has, says so, and refuses what the machine cannot do before it loads anything."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from hesui.errors import ModelError
from hesui.settings import Settings
from hesui.train.config import TrainConfig
from hesui.train.worker.kernels import choose, flash_attention, require_four_bits
from hesui.ui.texts.errors import TEXTS

CPU, CUDA = torch.device("cpu"), torch.device("cuda")


def config(**values):
    return TrainConfig(data=Path("none"), **values)


def model(attention="sdpa", device=CPU):
    return SimpleNamespace(device=device, config=SimpleNamespace(_attn_implementation=attention))


def refused(**values):
    from hesui.train.worker.learner import load_learner

    with pytest.raises(ModelError) as raised:  # of a base that is not there, which would be told otherwise
        load_learner(config(base="/not/there", quantize=True, **values), Settings(device="cpu"))
    return raised.value


def test_four_bits_are_refused_without_what_they_need():
    error = refused()
    assert error.key == "error.train_quantize"
    assert {"CUDA", "bitsandbytes"} == set(error.values["missing"].split(", "))
    assert "gradient_checkpointing" in str(error)


def test_weights_in_four_bits_are_not_fine_tuned_in_full():
    assert refused(adaptation="full").key == "error.train_quantize_full"


def test_a_missing_library_is_named_alone():
    with pytest.raises(ModelError, match="here is no bitsandbytes;"):
        require_four_bits(config(quantize=True), CUDA)


@pytest.mark.parametrize("key", ["error.train_quantize", "error.train_quantize_full"])
def test_both_languages_say_what_to_do(key):
    text = TEXTS[key]
    assert all("quantize" in said for said in (text.zh, text.en)) and text.zh != text.en


def test_a_cpu_does_without_and_the_log_says_why():
    kernels = choose(config(), model(), rows=16)
    assert kernels.record() == {
        "attention": "sdpa", "packing": False, "liger": False, "quantized": False, "checkpointing": False,
    }  # fmt: skip
    told = str(kernels)
    assert told.startswith("computing with sdpa attention, rows of like length together; without flash attention (it")
    assert "batches without padding (it needs flash attention)" in told and "Liger kernels (they need CUDA" in told


def test_flash_attention_makes_padding_needless():
    kernels = choose(config(gradient_checkpointing=True), model("flash_attention_2"), rows=16)
    assert kernels.packing and kernels.checkpointing
    assert "batches without padding" in str(kernels).split("; without")[0]


@pytest.mark.parametrize(
    "values, rows, reason",
    [
        ({"packing": False}, 16, "the settings forbid it"),
        ({"method": "dpo"}, 16, "the method is dpo"),
        ({}, 1, "one row has no padding"),
    ],
)
def test_batches_without_padding_are_for_sft_of_several_rows_that_are_wanted(values, rows, reason):
    kernels = choose(config(**values), model("flash_attention_2"), rows)
    assert not kernels.packing and f"batches without padding ({reason})" in kernels.without


def test_a_cpu_has_no_flash_attention():
    assert flash_attention(CPU) == ""
