"""The command that says what a run will take; one test measures the embedded model, the others find it measured."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hesui.settings import Settings
from hesui.train.config import make_config
from hesui.train.data import describe
from hesui.train.estimating import Measurement, Timed, keep, known
from hesui.train.jobs import views

FOUND = Measurement(
    made=1.8e9, device="cpu", rows=10, left_out=2, tokens_max=90, rank=8, processes=1, load=100.0, step=2.0, tokens_per_second=900.0,
    evaluation=0.0, probes=(Timed(4, 0.0),), ability=0.0, save=0.0, checkpoint=2**20, memory_mb=10**7, free_mb=0, share=1.0,
    load_share=1.0,
)  # fmt: skip


def test_the_embedded_model_is_measured_once_and_another_dial_is_answered_at_once(hesui, home, data):
    asked = ("train", "estimate", "--data", str(data), "--json")
    first = hesui(*asked, "--preset", "quick")
    assert first.code == 0, first.err
    assert "measuring (train)" in first.err
    assert list(first.json) == [
        "steps", "epochs", "seconds", "tokens_per_second", "memory_mb", "free_memory_mb", "disk_mb", "free_disk_mb",
        "device", "warnings",
    ]  # fmt: skip
    assert (first.json["steps"], first.json["device"]) == (15, "cpu")
    assert 200 < first.json["memory_mb"] < 8000
    found = known(Settings(), make_config(data=data), describe(data))
    assert found.load > found.step > 0
    assert found.tokens_per_second > 0
    assert found.checkpoint > 3 * 4 * 100_000  # what is trained, and two moments of it
    assert [n for n, _ in found.probes] == [4, 16]
    second = hesui(*asked, "--epochs", "600")
    assert (second.json["steps"], second.err) == (600, "")
    assert second.json["seconds"] > first.json["seconds"]
    assert views(Settings()) == []


def test_a_cost_is_told_in_words_with_what_speaks_against_it(hesui, home, data):
    keep(Settings(), make_config(data=data), describe(data), replace(FOUND, share=0.4, load_share=0.4))
    told = hesui("train", "estimate", "--data", str(data), "--steps", "100")
    assert (told.code, told.err) == (0, "")
    assert "about 5 minutes, 100 steps, 100 epochs on cpu" in told.out
    assert "memory about 10000000 MB" in told.out
    assert "warning: it does not fit into memory; try one after the other: micro_batch=8, context=512" in told.out
    assert "on a quiet machine it takes about 2 minutes" in told.out
    assert "2 rows are longer" in told.out


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([], "--data"),
        (["--data", "nowhere"], "nowhere"),
        (["--data", "DATA", "--rank", "0"], "rank is 0"),
        (["--data", "DATA", "--set", "rank"], "NAME=VALUE"),
        (["--data", "DATA", "--method", "kto"], "choose one of the methods"),
        (["--data", "DATA", "--method", "grpo"], "not estimated"),
        (["--data", "DATA", "--adapter", "nobody"], "nobody"),
    ],
)
def test_bad_input_gets_one_line(hesui, home, data, options, said):
    done = hesui("train", "estimate", *(str(data) if word == "DATA" else word for word in options))
    assert (done.code, done.out) == (2, "")
    assert said in done.err
    assert len(done.err.strip().splitlines()) == 1
