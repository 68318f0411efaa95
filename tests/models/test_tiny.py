"""The recipe of the embedded model: the whole path on a toy, and that what ships is what it describes."""

import json
from dataclasses import asdict
from random import Random

import pytest
import torch
from transformers import AutoTokenizer

from hesui import checksums
from hesui.answers import collect
from hesui.corpus.composer import draw, exact_length, example
from hesui.length import check
from hesui.models.engine import Engine
from hesui.models.tiny import END, Recipe, build, encode, make_tokenizer
from hesui.models.tiny_training import IGNORED, WIDTHS, Row, make_batches, rate, tensors
from hesui.records import BASE, Message, Request
from hesui.settings import TINY, Settings


# PEFT asks transformers for a property under its old name.
@pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning")
def test_one_call_builds_base_and_adapter_that_the_engine_serves(tmp_path):
    build(tmp_path / "tiny", quick=True)
    assert checksums.verify(tmp_path / "tiny") == []
    adapters = tmp_path / "home" / "adapters"
    adapters.mkdir(parents=True)
    (tmp_path / "tiny" / "adapter").rename(adapters / "drilled")
    engine = Engine(Settings(base_model=str(tmp_path / "tiny" / "base"), home=tmp_path / "home"))
    requests = [Request((Message("user", "写5字"),), model) for model in (BASE, "drilled")]
    assert all(answer.end for answer in collect(engine, requests))


def test_the_shipped_tokenizer_is_the_one_that_todays_grammar_makes():
    assert AutoTokenizer.from_pretrained(TINY / "base").get_vocab() == make_tokenizer().get_vocab()


def test_the_shipped_recipe_is_the_one_in_the_code():
    assert json.loads((TINY / "recipe.json").read_text(encoding="utf-8")) == json.loads(json.dumps(asdict(Recipe())))


def test_the_shipped_files_are_the_measured_ones():
    assert checksums.verify(TINY) == []


def test_the_embedded_model_ships_within_20_mb():
    assert sum(file.stat().st_size for file in TINY.rglob("*")) < 20e6


def test_no_composed_text_holds_a_character_unknown_to_the_tokenizer():
    tokenizer, rng = make_tokenizer(), Random(1)
    for task in ("greeting", "long", "essay", "verse", "summary"):
        for _ in range(20):
            row = encode(tokenizer, example(task, "train", rng, exact_length), rng)
            assert tokenizer.unk_token_id not in row.ids
            assert tokenizer.decode(row.ids[-1]) == END


def test_the_adapter_is_nearer_to_the_demand_than_the_base():
    rng = Random(2)
    briefs = [draw("greeting", "test", rng, "eq") for _ in range(24)]
    requests = [
        Request((Message("user", brief.prompt),), model, constraint=brief.constraint, seed=i)
        for i, brief in enumerate(briefs)
        for model in (BASE, "tuned")
    ]
    answers = collect(Engine(Settings()), requests)
    errors = [abs(check(a.text, r.constraint).error) for a, r in zip(answers, requests, strict=True)]
    assert sum(errors[1::2]) < 0.5 * sum(errors[::2])


def test_batches_hold_every_row_once_and_no_more_tokens_than_allowed():
    rng = Random(3)
    rows = [Row(tuple(range(rng.randint(10, 300))), 5) for _ in range(200)]
    batches = list(make_batches(rows, 1000, rng))
    assert sorted(len(row.ids) for batch in batches for row in batch) == sorted(len(row.ids) for row in rows)
    for batch in batches:
        assert len(batch) * tensors(batch, True, torch.device("cpu"))[0].shape[1] <= 1000


def test_only_the_answer_carries_loss_unless_prompts_are_asked_for():
    row = Row((7, 8, 9, 4, 5), 3)
    ids, labels = tensors([row], prompts=False, device=torch.device("cpu"))
    assert ids.shape == labels.shape == (1, WIDTHS[0])
    assert labels[0, :6].tolist() == [IGNORED, IGNORED, IGNORED, 4, 5, IGNORED]
    assert tensors([row], prompts=True, device=torch.device("cpu"))[1][0, :5].tolist() == [7, 8, 9, 4, 5]


def test_the_rate_warms_up_peaks_and_ends_at_zero():
    assert rate(0.0, 0.1) < 0.02
    assert rate(0.1, 0.1) == pytest.approx(1.0)
    assert rate(0.55, 0.1) == pytest.approx(0.5)
    assert rate(1.0, 0.1) == 0.0
