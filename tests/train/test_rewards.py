"""An answer is worth what its demand says; a run that learns by rewards asks as the product does, stops and goes on."""

from __future__ import annotations

from itertools import islice

import pytest

from hesui.corpus.rows import Row
from hesui.corpus.splits import freeze
from hesui.length import parse
from hesui.records import Message
from hesui.settings import EMBEDDED, Settings
from hesui.train import curves
from hesui.train.config import TrainConfig
from hesui.train.data import describe
from hesui.train.runs import new_run
from hesui.train.worker.batches import AlikeSampler
from hesui.train.worker.diary import Diary
from hesui.train.worker.groups import GroupSampler
from hesui.train.worker.learner import load_learner
from hesui.train.worker.lessons import prepare
from hesui.train.worker.plan import make_plan
from hesui.train.worker.rewards import PARTS, UNFINISHED, Demand, logged, near, rewards, satisfied, unfinished
from hesui.train.worker.sitting import sit
from hesui.train.worker.trainers import make_trainer
from hesui.train.worker.watch import Probes, Watch
from hesui.train.worker.wish import Wish

pytestmark = [
    pytest.mark.filterwarnings("ignore::FutureWarning:transformers"),  # the libraries' remarks on each other
    pytest.mark.filterwarnings("ignore::FutureWarning:trl"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings(
        "ignore:Could not find a config file:UserWarning:peft"
    ),  # the embedded base has no address
]

STEPS = 4
GOOD = "祝老师新春快乐，万事如意！"  # 13 characters
END = 2


def demand(prompt):
    return Demand(parse(prompt), "word")


# What an answer is worth


def test_an_answer_that_obeys_is_worth_the_most():
    exact, off = demand("写13字"), demand("写20字")
    assert (satisfied(GOOD, exact), near(GOOD, exact)) == (1, 1)
    assert satisfied(GOOD, off) == 0 and 0 < near(GOOD, off) < 1


def test_the_nearer_the_better_on_both_sides():
    worth = [near("好" * n, demand("写20字")) for n in (1, 10, 18, 20, 22, 30, 60)]
    assert worth[:4] == sorted(worth[:4]) and worth[3:] == sorted(worth[3:], reverse=True)
    assert worth[2] == pytest.approx(0.6065, abs=1e-4) == pytest.approx(worth[4], abs=1e-4)  # exp(-5 · 0.1)


def test_whatever_lies_inside_a_band_is_as_good():
    assert near("好" * 5, demand("写一段话，20字以内")) == near("好" * 20, demand("写一段话，20字以内")) == 1
    assert near("好" * 25, demand("写一段话，20字以内")) < 1


def test_an_unfinished_answer_is_never_worth_more_than_a_finished_one():
    assert unfinished(GOOD, ended=True) == 0
    assert unfinished(GOOD, ended=False) == unfinished("祝老师新", ended=True) == UNFINISHED
    best = satisfied("好" * 20, demand("写20字")) + near("好" * 20, demand("写20字"))
    assert best + UNFINISHED <= near("好" * 90, demand("写20字"))


def test_a_letter_may_end_in_a_signature():
    assert unfinished("亲爱的老师：\n祝您新年快乐！\n学生小明", ended=True) == 0


def test_what_is_said_twice_costs_in_chinese_too():
    *_, repetition = rewards([], {END})
    once, again = [*range(10, 22), END], [*[10, 11, 12, 13] * 3, END]
    found = repetition(completion_ids=[once, again], completions=["", ""])
    assert found[0] == 0 and found[1] < -0.4


def test_each_answer_is_judged_by_its_own_prompt():
    first, *_ = rewards([demand("写13字"), demand("写20字")], {END})
    assert first(completions=[GOOD, GOOD], row=[1, 0]) == [0, 1]


def test_thoughts_are_not_counted():
    first, *_ = rewards([demand("写13字")], {END})
    assert first(completions=[f"<think>\n嗯\n</think>\n\n{GOOD}"], row=[0]) == [1]


def test_the_parts_of_a_reward_are_named_as_the_curves_name_them():
    logs = {"loss": 0.1, "reward": 1.5} | {f"rewards/{name}/mean": 0.5 for name in PARTS.values()}
    assert logged(logs).keys() == {"reward", *PARTS} <= set(curves.MEASURES)
    assert logged({"loss": 0.1}) == {}
    assert [*PARTS.values()] == [one.__name__ for one in rewards([], {END})]


# The order of prompts


def order(rows, prompts, group, passes):
    return [*GroupSampler(AlikeSampler([1] * rows, prompts, 0, lambda: 0), prompts, group, passes)]


def test_every_prompt_of_a_step_comes_as_a_group_in_each_of_its_passes():
    found = order(rows=6, prompts=2, group=3, passes=2)
    assert len(found) == 6 * 3 * 2 == len(GroupSampler(AlikeSampler([1] * 6, 2, 0, lambda: 0), 2, 3, 2))
    for start in range(0, len(found), 12):
        one, other = found[start : start + 6], found[start + 6 : start + 12]
        assert one == other and one[0] == one[1] == one[2] != one[3] == one[4] == one[5]
    assert {*found} == {*range(6)}


@pytest.mark.parametrize("rows", [1, 3, 5])
def test_the_last_step_is_filled_up(rows):
    found = order(rows, prompts=4, group=2, passes=1)
    assert len(found) == -(-rows // 4) * 8 and {*found} == {*range(rows)}


# Runs


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Prompts that demand a length, some without an answer, and one that demands none."""
    whom = "爷奶爸妈哥姐弟妹叔姨婶伯姑舅"
    prompts = [f"给{one}{n}写一段拜年话，{n}字" for n, one in enumerate(whom, start=20)] + ["给邻居写一段拜年话"]
    rows = [Row(str(n), "greeting", one, parse(one), one, GOOD if n % 2 else None) for n, one in enumerate(prompts)]
    rows[1] = Row("1", "greeting", rows[1].prompt, rows[1].constraint, "f", GOOD, history=(Message("system", "少说"),))
    folder = tmp_path_factory.mktemp("data") / "greetings"
    freeze(rows, folder)
    return folder


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    return Settings(home=tmp_path_factory.mktemp("settings"), device="cpu", threads=1)


@pytest.fixture(scope="module")
def started(tmp_path_factory, data):
    """Makes runs: a folder with settings, nothing at work on it."""
    home = tmp_path_factory.mktemp("home")

    def start(**values):
        common = dict(
            data=data, base=EMBEDDED, adapter="tuned", method="grpo", steps=STEPS, batch=2, samples=3, probe_prompts=0,
            learning_rate=1e-3, save_every=2,
        )  # fmt: skip
        return new_run(home / "runs", TrainConfig(**(common | values)))

    return start


class StopsAt(Wish):
    """Somebody who stops the run once it has reached a step."""

    def __init__(self, folder, step):
        super().__init__(folder)
        self.folder, self.step = folder, step

    def now(self):
        reached = any(found["step"] >= self.step for found in self.folder.measurements("train"))
        return "stop" if reached else super().now()


def losses(folder):
    return {found["step"]: found["loss"] for found in folder.measurements("train")}


@pytest.fixture(scope="module")
def whole(started, settings):
    """A run that nobody interrupted."""
    folder = started(probe_prompts=2)
    assert sit(folder, settings, Wish(folder)) == "done", folder.status().note
    return folder


def test_a_run_shows_what_its_answers_were_worth(whole):
    found = curves.read(whole)
    assert [point.step for point in found.reward] == [*range(1, STEPS + 1)]
    for total, *parts in zip(found.reward, *(getattr(found, name) for name in PARTS), strict=True):
        assert total.value == pytest.approx(sum(part.value for part in parts), abs=1e-4)
    assert all(0 <= point.value <= 1 for point in (*found.reward_satisfied, *found.reward_near))
    assert all(point.value > 0 for point in found.tokens_per_second)
    assert [probe.step for probe in found.probes] == [*range(STEPS + 1)]


def test_prompts_are_learned_from_with_and_without_an_answer(whole, data):
    used = next(whole.measurements("used"))
    asked = [*describe(data).prompts("train")]
    assert used["rows"] == len(asked) and {bool(one.texts) for one in asked} == {True, False}


def test_a_run_that_was_stopped_goes_on_as_if_it_had_not_been(whole, started, settings):
    folder = started(probe_prompts=2)
    assert sit(folder, settings, StopsAt(folder, 1)) == "stopped", folder.status().note
    assert (folder.adapter / "adapter_model.safetensors").is_file() and folder.status().step == 2
    assert sit(folder, settings, Wish(folder)) == "done", folder.status().note
    assert losses(folder) == pytest.approx(losses(whole), rel=0.01, abs=1e-4)


def test_passes_of_a_step_share_its_answers(started, settings):
    folder = started(micro_batch=1, steps=2, adapter="")
    assert sit(folder, settings, Wish(folder)) == "done", folder.status().note
    used = next(folder.measurements("used"))
    assert (used["batch"], used["micro_batch"]) == (2, 1) and [*losses(folder)] == [1, 2]


def test_data_that_demand_no_length_are_refused(started, settings, tmp_path):
    freeze([Row(str(n), "greeting", f"给{n}号邻居拜年", None, reference=GOOD) for n in range(30)], tmp_path / "none")
    folder = started(data=tmp_path / "none")
    assert sit(folder, settings, Wish(folder)) == "failed"
    assert folder.status().note_key == "error.train_no_demand"


def test_the_model_sees_the_prompts_as_the_product_asks_them(started, settings):
    folder = started()
    config = folder.config()
    learner = load_learner(config, settings)
    data = describe(config.data)
    lessons = prepare(data, config, learner.base)
    plan = make_plan(config, len(lessons.train))
    wish = Wish(folder)
    watch = Watch(config, plan, Diary(folder, wish), wish, None, Probes(0))
    trainer = make_trainer(config, plan, learner, lessons, folder.checkpoints, watch)

    seen = []

    def look(_, args, named):
        seen.append((named["input_ids"], named["attention_mask"]))

    hook = learner.base.model.register_forward_pre_hook(look, with_kwargs=True)
    rows = [row for row in islice(trainer.train_dataset, 4) for _ in range(config.samples)]
    made = trainer._generate_and_score_completions(rows)
    hook.remove()

    asked = [learner.base.chat.prompt(one.messages) for one in islice(data.prompts("train"), 4)]
    asked = [ids for ids in asked for _ in range(config.samples)]
    assert {*trainer.eos_token_ids} == {*learner.base.ends}
    ids, mask = seen[0]
    assert [one[kept.bool()].tolist() for one, kept in zip(ids, mask, strict=True)] == asked
    assert made["completion_ids"].shape[1] <= max(row["room"] for row in rows) + 32
