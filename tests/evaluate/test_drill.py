"""What stands behind a figure: the worst answers first, all systems beside each other, and what training had of them."""

from __future__ import annotations

import pytest

from hesui.errors import InputError
from hesui.evaluate import drill
from hesui.evaluate.board import Board
from hesui.evaluate.drill import Texts, behind, require_place, stretches
from hesui.evaluate.measures import Learnt, measure
from hesui.evaluate.overlap import Known
from hesui.evaluate.views import Filters, View

PROMPTS = [f"给{who}写一段{n}字的祝福" for who, n in (("爸爸", 10), ("妈妈", 14), ("老师", 12))]
TAUGHT = "祝您福如东海，寿比南山，岁岁平安！"


def says(request):
    """The tuned model repeats a training answer; the base says ever less."""
    prompt, seed = request.messages[-1].content, request.seed
    return TAUGHT if request.model != "base" else "好" * (1 + PROMPTS.index(prompt) + seed % 2)


@pytest.fixture
def found(evaluation, answered, settings, pair):
    folder = answered(evaluation(PROMPTS, pair, seeds=2), says)
    learnt = Learnt([TAUGHT], Known([TAUGHT]))
    measure(folder, lambda entry: learnt if entry.model != "base" else None)
    (found,) = Board(settings, shipped=False).refresh().values()
    return found


def place_of(found, model):
    return next(place for place, system in enumerate(found.systems) if system.entry.model == model)


def test_the_worst_prompt_comes_first_and_all_systems_answer_beside_each_other(found):
    base = place_of(found, "base")
    page = behind(found, Filters(), base, "mae", Texts())
    misses = [-one.told[0].verdict.error for one in page.asked]
    assert misses == sorted(misses, reverse=True)
    assert page.total == len(PROMPTS)
    for one in page.asked:
        assert one.told[0].system is found.systems[base]
        assert len(one.told) == len(found.systems)
        assert {told.answer.prompt for told in one.told} == {one.number}
        assert {told.answer.seed for told in one.told} == {one.told[0].answer.seed}
        assert [len(told.others) for told in one.told] == [1, 1]


def test_another_counting_rule_counts_the_same_texts_anew(found):
    tuned = place_of(found, "mine")
    counts = [behind(found, Filters(counter=rule), tuned, "n", Texts()).asked[0].told[0].verdict.count
              for rule in ("word", "han")]  # fmt: skip
    assert counts == [17, 14]


def test_pages_go_on_where_the_last_one_ended_and_one_beyond_the_end_is_the_last(found):
    tuned = place_of(found, "mine")
    pages = [behind(found, Filters(), tuned, "mae", Texts(), offset, 2) for offset in (0, 2, 99)]
    assert [len(page.asked) for page in pages] == [2, 1, 1]
    assert pages[2] == pages[1]
    assert len({one.number for page in pages[:2] for one in page.asked}) == 3


def test_what_a_training_answer_says_too_is_marked_in_both(found):
    told = behind(found, Filters(), place_of(found, "mine"), "copies", Texts()).asked[0].told[0]
    assert told.nearest.text == TAUGHT
    assert told.nearest.common == 1
    assert told.nearest.here == told.nearest.there == ((0, len(TAUGHT) - 1),)
    assert behind(found, Filters(), place_of(found, "base"), "copies", Texts()).total == 0


def test_stretches_look_past_punctuation_and_are_no_shorter_than_six_characters():
    one, other = "一二三、四五六，东西南北", "甲一二三四五六乙东西南北"
    ours, theirs = stretches(one, other)
    assert [one[start:end] for start, end in ours] == ["一二三、四五六"]
    assert [other[start:end] for start, end in theirs] == ["一二三四五六"]
    assert stretches("新年好", "新年好") == ((), ())


def test_every_metric_finds_its_worst_answers_among_those_that_filters_leave(found):
    for metric, badness in drill.WORST.items():
        page = behind(found, Filters(decodings=("raw",)), 0, metric, Texts())
        assert page.total <= len(PROMPTS), metric
        assert len(badness(View(found, Filters()), 0)) == 2 * len(PROMPTS), metric


def test_what_is_not_on_the_board_is_told(found):
    with pytest.raises(InputError) as raised:
        behind(found, Filters(), 0, "beauty", Texts())
    assert raised.value.key == "error.evaluate_cell"
    with pytest.raises(InputError):
        require_place(found, "../etc", 0)
