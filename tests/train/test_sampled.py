"""A model's own answers become pairs: what obeys against what is furthest off, once for all sittings of a run."""

from __future__ import annotations

import json

import pytest

from hesui.corpus.rows import Row
from hesui.corpus.splits import freeze
from hesui.errors import InputError
from hesui.length import parse
from hesui.settings import EMBEDDED, Settings
from hesui.train.config import TrainConfig
from hesui.train.data import describe
from hesui.train.runs import new_run
from hesui.train.worker.learner import load_learner
from hesui.train.worker.sampled import PAIRS, Drawn, own_pairs, pair_of
from hesui.train.worker.sitting import sit
from hesui.train.worker.wish import Ended, Wish

pytestmark = [
    pytest.mark.filterwarnings("ignore::FutureWarning:transformers"),  # the libraries' remarks on each other
    pytest.mark.filterwarnings("ignore::FutureWarning:trl"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings(
        "ignore:Could not find a config file:UserWarning:peft"
    ),  # the embedded base has no address
]

WHOM = ("爷爷", "奶奶", "爸爸", "妈妈", "老师", "同学", "邻居", "叔叔", "姑姑", "舅舅")
ABOUT = parse("写一段拜年话，20字左右")  # 18 to 22
NEAR, NEARER = "祝您新春快乐，万事如意，阖家幸福又安康！", "祝您新春快乐，万事如意，阖家幸福安康！"
FAR, FURTHER = "新年好！", "好！"


def drawn(*texts, cut=False):
    return [Drawn(text, cut) for text in texts]


def paired(*answers, demand=ABOUT, reference=""):
    found = pair_of(answers, demand, "word", reference)
    return found and (found.chosen.text, found.rejected.text)


# The rule


def test_the_nearest_is_preferred_to_the_furthest():
    exact = parse("写一段拜年话，20字")
    assert paired(*drawn(FAR, NEAR, FURTHER, NEARER)) == (NEAR, FURTHER)
    assert paired(*drawn(FAR, NEARER, NEAR), demand=exact) == (NEAR, FAR)  # one character off is off


def test_the_count_and_where_both_come_from_are_known():
    found = pair_of(drawn(FAR, NEAR), ABOUT, "word")
    assert (found.chosen.count, found.rejected.count, found.own) == (20, 4, True)


def test_answers_that_show_no_difference_give_no_pair():
    assert paired(*drawn(NEAR, NEARER)) is None
    assert paired(*drawn(FAR, FURTHER)) is None
    assert paired() is None


def test_an_answer_that_was_cut_or_that_breaks_off_is_not_preferred():
    broken = NEAR[:-1] + "吉"
    assert paired(*drawn(NEAR, cut=True), *drawn(NEARER)) == (NEARER, NEAR)
    assert paired(*drawn(broken, NEARER)) == (NEARER, broken)


def test_the_data_s_own_answer_stands_in_where_nothing_drawn_obeys():
    assert paired(*drawn(FAR, FURTHER), reference=NEAR) == (NEAR, FURTHER)
    assert not pair_of(drawn(FAR), ABOUT, "word", NEAR).own
    assert paired(*drawn(FAR, NEARER), reference=NEAR) == (NEARER, FAR)
    assert paired(*drawn(FAR), reference=FURTHER) is None  # it must obey as well


def test_an_empty_answer_is_no_part_of_a_pair():
    assert paired(*drawn("", " ", NEAR)) is None


# Drawing


def greetings(folder, prompts):
    rows = [Row(str(n), "greeting", one, parse(one), f"f{n}", reference="好！") for n, one in enumerate(prompts)]
    freeze(rows, folder)
    return describe(folder)


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    return Settings(home=tmp_path_factory.mktemp("settings"), device="cpu", threads=1)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    prompts = [f"给{one}写一段{n}字左右的拜年话" for n, one in enumerate(WHOM, start=40)]
    return greetings(tmp_path_factory.mktemp("data") / "greetings", prompts)


@pytest.fixture
def config(data):
    return TrainConfig(data=data.path, base=EMBEDDED, adapter="tuned", method="dpo", samples=6)


@pytest.fixture(scope="module")
def base(data, settings):
    return load_learner(TrainConfig(data=data.path, base=EMBEDDED, adapter="tuned", method="dpo"), settings).base


def wanted():
    return False


def test_pairs_are_drawn_from_the_model_and_kept(data, config, base, tmp_path):
    told = []
    found = own_pairs(data, config, base, tmp_path / PAIRS, wanted, lambda *one: told.append(one))
    figures = found.figures()
    assert figures["prompts"] == data.rows["train"] and 0 < figures["pairs"] <= figures["prompts"]
    assert told[0] == (0, sum(data.rows.get(split, 0) for split in ("train", "validation")))

    lines = [json.loads(line) for line in (tmp_path / PAIRS).read_text(encoding="utf-8").splitlines()]
    for one in lines:
        demand = parse(one["prompt"][-1]["content"])
        assert one["target"] == demand.aim and one["counts"][0] in demand.band
    example = next(found.examples("train"))
    assert example.texts == tuple(lines[0][name][0]["content"] for name in ("chosen", "rejected"))
    assert example.task == "greeting" and not base.model.training


def test_pairs_that_are_kept_are_not_drawn_again(data, config, base, tmp_path):
    first = own_pairs(data, config, base, tmp_path / PAIRS, wanted)

    def unwanted():
        raise AssertionError("nothing is to be drawn")

    assert own_pairs(data, config, base, tmp_path / PAIRS, unwanted) == first


def test_the_same_seed_draws_the_same_pairs(data, config, base, tmp_path):
    first, second = (own_pairs(data, config, base, tmp_path / name, wanted) for name in ("one", "two"))
    other = own_pairs(data, config.model_copy(update={"seed": 1}), base, tmp_path / "three", wanted)
    assert first == second != other


def test_drawing_ends_within_a_batch_and_leaves_no_file(data, config, base, tmp_path):
    asked = []

    def soon():
        asked.append(1)
        return len(asked) > 5

    with pytest.raises(Ended):
        own_pairs(data, config, base, tmp_path / PAIRS, soon)
    assert len(asked) == 6 and not any(tmp_path.iterdir())


def test_prompts_of_which_none_gives_a_pair_are_refused_with_what_to_do(config, base, tmp_path):
    none_obeys = greetings(tmp_path / "set", [f"给{one}写一段1字的拜年话" for one in WHOM])
    with pytest.raises(InputError) as caught:
        own_pairs(none_obeys, config.model_copy(update={"samples": 2}), base, tmp_path / PAIRS, wanted)
    assert caught.value.key == "error.train_pairs" and caught.value.values["samples"] == 2
    assert "raise samples" in str(caught.value) and not (tmp_path / PAIRS).exists()


def test_prompts_without_a_demand_are_refused(config, base, tmp_path):
    with pytest.raises(InputError) as caught:
        own_pairs(greetings(tmp_path / "set", [f"给{one}拜年" for one in WHOM]), config, base, tmp_path / "p", wanted)
    assert caught.value.key == "error.train_no_demand"


# Runs


class StopsWhileSampling(Wish):
    """Somebody who stops the run as soon as it draws answers, and lets it run the next time."""

    def __init__(self, folder):
        super().__init__(folder)
        self.folder = folder

    def now(self):
        return "stop" if self.folder.status().phase == "sample" else super().now()


def test_a_run_samples_learns_and_says_how_many_prompts_gave_pairs(data, settings, tmp_path):
    values = dict(data=data.path, base=EMBEDDED, adapter="tuned", method="dpo", samples=4, steps=2, batch=4)
    folder = new_run(tmp_path / "runs", TrainConfig(**values, probe_prompts=0, learning_rate=1e-4))
    assert sit(folder, settings, StopsWhileSampling(folder)) == "stopped"
    assert folder.status().step == 0 and not (folder.path / PAIRS).exists()

    assert sit(folder, settings, Wish(folder)) == "done", folder.status().note
    used = next(folder.measurements("used"))
    assert used["rows"] == used["pairs"] <= used["prompts"] == data.rows["train"] and used["own"] <= used["pairs"]
    losses = [found["loss"] for found in folder.measurements("train")]
    assert losses[0] == pytest.approx(0.6931, abs=0.01)  # -log σ(0) before the first step
    assert (folder.path / PAIRS).is_file()
