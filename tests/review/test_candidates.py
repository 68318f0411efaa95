"""The answers of a distillation become items, once, with who wrote them at which try."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hesui.corpus.classes import load_classes
from hesui.corpus.rows import to_record
from hesui.corpus.seeds import load_seeds
from hesui.distil import jobs
from hesui.distil.config import Config
from hesui.errors import InputError
from hesui.review.candidates import run_items
from hesui.settings import Settings
from hesui.store.distilling import DistilStore, Question, StoredAnswer
from hesui.store.migrate import open_store
from hesui.store.queueing import ReviewQueue


@pytest.fixture
def database(tmp_path):
    database = open_store(Settings(home=tmp_path))
    store = DistilStore(database)
    run = jobs.new_run(store, Config(prompts=4, counter="chars"))
    seeds = [seed for seed in load_seeds(Settings(home=tmp_path)) if seed.task == "greeting"][:3]
    store.add_questions(run, [Question(seed.id, seed.task, to_record(seed), "seed") for seed in seeds])
    good = StoredAnswer(seeds[0].id, "greeting", "好答案。", "accepted", 4, 0, "", 2, "某模型")
    bad = replace(good, question=seeds[1].id, text="坏答案", kind="negative", reason="too_long", sample=0)
    store.settle(run, seeds[0].id, "accepted", 3, [good])
    store.settle(run, seeds[1].id, "failed", 1, [bad])
    yield database
    database.close()


def test_accepted_answers_come_with_teacher_try_and_counter(database):
    classes = load_classes(Settings())
    [item] = run_items(DistilStore(database), None, classes, 0.15)
    assert (item.text, item.teacher, item.attempt, item.counter) == ("好答案。", "某模型", 3, "chars")
    assert item.source == jobs.latest(DistilStore(database)).run.id


def test_rejected_answers_come_when_they_are_wanted_and_nothing_comes_twice(database):
    classes = load_classes(Settings())
    queue = ReviewQueue(database)
    assert queue.add(run_items(DistilStore(database), None, classes, 0.15)) == 1
    assert queue.add(run_items(DistilStore(database), None, classes, 0.15, negatives=True)) == 1


def test_a_run_that_is_not_there_is_said_so(database):
    with pytest.raises(InputError, match="there are"):
        next(run_items(DistilStore(database), "nowhere", {}, 0.15))
