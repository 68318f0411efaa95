"""The embedded model's world is the Spring Festival in Chinese, and prompts outside it are noticed."""

from random import Random

import pytest

from hesui.corpus.briefs import TASKS
from hesui.corpus.composer import draw
from hesui.corpus.world import in_world


@pytest.mark.parametrize("task", TASKS)
def test_nearly_every_prompt_of_the_grammar_is_in_its_world(task):
    rng = Random(1)
    inside = [in_world(draw(task, "test", rng).prompt) for _ in range(100)]
    assert sum(inside) >= 97


@pytest.mark.parametrize(
    "prompt",
    [
        "",
        "Write a 50-word New Year greeting.",
        "用Python写一个快速排序",
        "100字介绍量子力学",
        "？？？",
        "translate 新年 into French please",
    ],
)
def test_other_prompts_are_outside(prompt):
    assert not in_world(prompt)


@pytest.mark.parametrize("prompt", ["给妈妈写50字拜年短信", "写一副春联", "以《过年》为题写300字作文"])
def test_a_visitors_own_festive_prompts_are_inside(prompt):
    assert in_world(prompt)
