"""However rows are put together, and whatever the loss leaves out, the model learns the same."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from hesui.settings import TINY, Settings
from hesui.train.config import TrainConfig
from hesui.train.worker.lessons import Lessons
from hesui.train.worker.plan import make_plan

pytestmark = [
    pytest.mark.filterwarnings("ignore::FutureWarning:transformers"),  # the libraries' remarks on each other
    pytest.mark.filterwarnings("ignore::FutureWarning:trl"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]

LENGTHS = (37, 9, 24, 31, 12)


def row(length, seed):
    """A prompt of a third, then an answer."""
    ids = Random(seed).choices(range(6, 900), k=length)
    return {"input_ids": ids, "labels": [-100] * (length // 3) + ids[length // 3 :]}


ROWS = [row(length, seed) for seed, length in enumerate(LENGTHS)]


@pytest.fixture(scope="module")
def model():
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(TINY / "base", dtype="float32")


@pytest.fixture(scope="module")
def trainer(tmp_path_factory):
    """The worker's trainer of the embedded model, in float32."""
    from transformers import TrainerCallback

    from hesui.train.worker.learner import load_learner, suit_attention
    from hesui.train.worker.trainers import make_trainer

    config = TrainConfig(data=Path("none"), steps=1, batch=len(ROWS))
    learner = load_learner(config, Settings(device="cpu", dtype="float32", threads=1))
    suit_attention(learner, max(LENGTHS), config.method)
    lessons = Lessons(list(ROWS), [], list(LENGTHS), 64, 0)
    output = tmp_path_factory.mktemp("output")
    return make_trainer(config, make_plan(config, len(ROWS)), learner, lessons, output, TrainerCallback())


def learned(model, loss):
    """The loss, and the gradients that it leaves on the weights that are trained."""
    import torch

    model.zero_grad()
    loss.backward()
    found = [weight.grad.flatten() for weight in model.parameters() if weight.grad is not None]
    return loss.item(), torch.cat(found)


def alike(one, other):
    import torch

    assert one[0] == pytest.approx(other[0], rel=1e-5)
    assert one[1].abs().max() > 0
    torch.testing.assert_close(one[1], other[1], rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("attention", ["eager", "sdpa"])
def test_a_batch_without_padding_teaches_what_the_padded_one_does(model, attention):
    from trl.trainer.sft_trainer import DataCollatorForLanguageModeling

    model.set_attn_implementation(attention)
    padded = DataCollatorForLanguageModeling(0)(ROWS)
    packed = DataCollatorForLanguageModeling(0, padding_free=True)(ROWS)
    assert padded["input_ids"].shape == (len(ROWS), max(LENGTHS)) and packed["input_ids"].shape == (1, sum(LENGTHS))
    alike(*(learned(model, model(**batch, use_cache=False).loss) for batch in (padded, packed)))


def test_without_their_places_packed_rows_would_see_each_other(model):
    from trl.trainer.sft_trainer import DataCollatorForLanguageModeling

    packed = DataCollatorForLanguageModeling(0, padding_free=True)(ROWS)
    apart = model(**packed, use_cache=False).loss.item()
    together = model(input_ids=packed["input_ids"], labels=packed["labels"], use_cache=False).loss.item()
    assert abs(apart - together) > 1e-3


@pytest.mark.parametrize("tokens", [None, 200])
def test_the_loss_of_answers_is_the_one_that_trl_computes(trainer, tokens):
    from trl.trainer.sft_trainer import SFTTrainer

    def batch():
        return trainer.data_collator(ROWS)

    trainer._metrics["train"].clear()
    own = trainer.compute_loss(trainer.model, batch(), num_items_in_batch=tokens)
    assert not trainer._metrics["train"]  # nobody computed what nobody reads
    theirs = SFTTrainer.compute_loss(trainer, trainer.model, batch(), num_items_in_batch=tokens)
    alike(*(learned(trainer.model, loss) for loss in (own, theirs)))


def test_padding_on_the_right_is_seen_by_no_answer(model):
    import torch

    from hesui.train.worker.answering import answer_loss

    model.set_attn_implementation("sdpa")
    ids = torch.tensor([[*one["input_ids"], *[3] * (64 - len(one["input_ids"]))] for one in ROWS])
    labels = torch.tensor([[*one["labels"], *[-100] * (64 - len(one["labels"]))] for one in ROWS])
    singly = [model(input_ids=torch.tensor([r["input_ids"]]), labels=torch.tensor([r["labels"]])).loss for r in ROWS]
    counts = [sum(label != -100 for label in one["labels"][1:]) for one in ROWS]
    mean = sum(loss * count for loss, count in zip(singly, counts, strict=True)) / sum(counts)
    alike(learned(model, answer_loss(model, {"input_ids": ids, "labels": labels})), learned(model, mean))


def test_a_step_counts_its_tokens_without_padding(trainer):
    before = trainer.tokens
    trainer.create_optimizer_and_scheduler(1)
    trainer.training_step(trainer.model, trainer.data_collator(ROWS), num_items_in_batch=80)
    assert trainer.tokens - before == sum(LENGTHS)


def test_batches_without_padding_need_no_order_by_length():
    from hesui.train.worker.batches import AlikeSampler

    lengths = [Random(n).randint(5, 400) for n in range(64)]
    order = list(AlikeSampler(lengths, 8, seed=1, epoch=lambda: 0, window=1))
    drawn = Random("1/0").sample(range(64), 64)
    assert sorted(order) == [*range(64)]
    assert {frozenset(order[at : at + 8]) for at in range(0, 64, 8)} == {
        frozenset(drawn[at : at + 8]) for at in range(0, 64, 8)
    }
