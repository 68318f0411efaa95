"""The plan of a run and what it will take."""

from __future__ import annotations

import pytest

from hesui.corpus.classes import TaskClass
from hesui.corpus.rows import Row
from hesui.distil.config import make_config
from hesui.distil.estimate import estimate
from hesui.distil.planning import make_plan
from hesui.distil.teachers import Price
from hesui.errors import InputError
from hesui.length import parse

WORDS = {"zh": "类", "en": "class"}


def task(id, share=1.0, **fields):
    known = {"name": WORDS, "asks": WORDS, "demand": "50字", "ops": {"eq": 1.0}}
    return TaskClass(id=id, share=share, **known | fields)


CLASSES = {
    one.id: one
    for one in (
        task("greeting", 3),
        task("essay", 1),
        task("letter", 0, shots=[{"prompt": "写一封新年信"}], needs_demand=False),
        task("summary", 1, input="letter", wordings=["概括这封信，{demand}：{input}"]),
        task("label", 0, kind="label", question=WORDS, labels=[
            {"id": "a", "key": "1", "name": WORDS}, {"id": "b", "key": "2", "name": WORDS}]),
    )
}  # fmt: skip
SEEDS = [Row(f"s{i}", id, p := "给老师写一段50字的祝福", parse(p)) for i, id in enumerate(("greeting", "essay"))]


def plan(**settings):
    return {goal.task.id: goal for goal in make_plan(make_config(**settings), CLASSES, SEEDS)}


def test_prompts_are_shared_out_by_the_classes_shares():
    goals = plan(prompts=100, variants=1)
    assert {name: goal.prompts for name, goal in goals.items() if not goal.support} == {
        "greeting": 60, "essay": 20, "summary": 20,
    }  # fmt: skip
    assert goals["greeting"].base == 30


def test_no_prompt_is_lost_to_rounding():
    for prompts in range(5, 40):
        assert sum(goal.prompts for goal in plan(prompts=prompts).values() if not goal.support) == prompts


def test_a_class_whose_answers_are_carried_comes_first_with_half_as_many():
    goals = plan(prompts=100, variants=1)
    assert list(goals).index("letter") < list(goals).index("summary")
    assert goals["letter"].support and goals["letter"].prompts == 7  # 10 prompts, each answer twice, some spare


def test_a_class_chosen_by_name_counts_though_its_share_is_nothing():
    goals = plan(classes=("letter",), prompts=10)
    assert goals["letter"].prompts == 10 and not goals["letter"].support


def test_a_chosen_class_is_made_to_bring_enough_for_the_one_that_carries_it():
    goals = plan(classes=("letter", "summary"), prompts=100, variants=0)
    assert goals["letter"].prompts == 50
    few = make_plan(make_config(classes=("summary", "greeting"), prompts=100), CLASSES, SEEDS)
    assert [goal.task.id for goal in few][-1] == "summary"


@pytest.mark.parametrize(
    ("settings", "classes", "key"),
    [
        ({"classes": ("nosuch",)}, CLASSES, "error.class_unknown"),
        ({"classes": ("label",)}, CLASSES, "error.distil_label_class"),
        ({"classes": ("bare",)}, {"bare": task("bare")}, "error.distil_no_seeds"),
        ({}, {id: task(id, input=other, wordings=["{input}"]) for id, other in ("ab", "ba")}, "error.class_cycle"),
    ],
)
def test_what_cannot_be_run_is_said_in_one_line(settings, classes, key):
    with pytest.raises(InputError) as caught:
        make_plan(make_config(**settings), classes, SEEDS)
    assert caught.value.key == key
    assert "\n" not in str(caught.value)


def test_at_best_each_prompt_takes_one_call_and_at_worst_all_its_tries():
    config = make_config(
        classes=("greeting",), prompts=41, variants=1, per_call=10, rounds=7, samples=2, retries=3, hard=6
    )
    (found,) = estimate(config, CLASSES, SEEDS).classes
    assert found.best.calls == 2 + 41 * 2  # 20 new prompts beside the seed, 10 a call
    assert found.worst.calls == 7 + 41 * (2 + 3)
    assert found.best.cost == found.worst.cost == 0


def test_at_worst_every_question_is_hard_and_gets_its_variants():
    config = make_config(classes=("greeting",), prompts=40, samples=1, retries=2, hard=3, rounds=1)
    assert estimate(config, CLASSES, SEEDS).worst.calls == 1 + 3 * 40 * 3


def test_a_class_that_carries_answers_needs_no_expansion():
    config = make_config(classes=("summary",), prompts=20, retries=0)
    by_class = {one.task: one for one in estimate(config, CLASSES, SEEDS).classes}
    assert by_class["summary"].best.calls == by_class["summary"].worst.calls == 20


def test_money_is_tokens_by_price_and_adds_up():
    config = make_config(prompts=100)
    found = estimate(config, CLASSES, SEEDS, Price(2.0, 8.0))
    assert found.best.cost == pytest.approx((2 * found.best.prompt_tokens + 8 * found.best.completion_tokens) / 1e6)
    assert found.worst.cost == pytest.approx(sum(one.worst.cost for one in found.classes))
    assert 0 < found.best.cost < found.worst.cost
    assert found.prompts == sum(one.prompts for one in found.classes)


def test_longer_demands_cost_more():
    short = [Row("s", "greeting", p := "给老师写一段50字的祝福", parse(p))]
    long = [Row("s", "greeting", p := "给老师写一段500字的祝福", parse(p))]
    config = make_config(classes=("greeting",), prompts=10, variants=9)
    tokens = [estimate(config, CLASSES, seeds).best.completion_tokens for seeds in (short, long)]
    assert tokens[1] - tokens[0] == 10 * 450
