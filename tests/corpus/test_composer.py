"""The composer answers every task in clean Chinese, at the length it was asked for."""

from collections import Counter
from dataclasses import replace
from random import Random

import pytest
import regex

from hesui.corpus.briefs import TASKS, number_split, split_of
from hesui.corpus.composer import draw, exact_length, example, loose_length, verse_themes, write
from hesui.corpus.grammar import grammar
from hesui.length import check, count, parse

CLEAN = regex.compile(r"[\p{Han}，。！？、：；“”《》—…·\n]+")


@pytest.mark.parametrize("task", TASKS)
def test_answers_are_han_and_full_width_punctuation_only(task):
    rng = Random(3)
    for _ in range(60):
        assert CLEAN.fullmatch(example(task, "train", rng, loose_length).completion)


@pytest.mark.parametrize("task", ["greeting", "long", "essay"])
def test_exact_answers_hit_the_planned_length_to_the_character(task):
    rng = Random(4)
    for _ in range(40):
        brief = draw(task, "train", rng)
        length = exact_length(brief, rng)
        text = write(brief, length, rng)
        assert text is None or count(text) == length


@pytest.mark.parametrize("task", TASKS)
def test_exact_answers_obey_the_demand_that_parse_reads_from_the_prompt(task):
    rng = Random(5)
    for _ in range(40):
        row = example(task, "test", rng, exact_length)
        demand = parse(row.brief.prompt)
        assert demand is None or check(row.completion, demand).ok


@pytest.mark.parametrize("split", ["train", "dev", "test"])
@pytest.mark.parametrize("task", TASKS)
def test_parse_reads_the_very_demand_that_the_prompt_was_made_with(task, split):
    rng = Random(6)
    for _ in range(60):
        brief = draw(task, split, rng)
        found = parse(brief.prompt)
        wanted = brief.constraint
        assert (found is None) == (wanted is None), brief.prompt
        if found and wanted:
            assert replace(found, span=None, extra=()) == wanted, brief.prompt


def test_loose_answers_hardly_heed_the_demand():
    rng = Random(7)
    rows = [example("greeting", "train", rng, loose_length, "eq") for _ in range(400)]
    near = sum(abs(count(row.completion) - row.brief.constraint.target) <= 5 for row in rows)
    assert 0.05 < near / len(rows) < 0.25


def test_a_text_of_its_own_is_hardly_ever_written_twice():
    rng = Random(8)
    texts = [example("greeting", "train", rng, exact_length).completion for _ in range(500)]
    assert len(set(texts)) >= 498


def test_splits_share_no_number_and_no_wording():
    for wordings in [*grammar().asks.values(), *grammar().demands.values()]:
        together = [*wordings.train, *wordings.dev, *wordings.test]
        assert len(together) == len(set(together))
    assert {split_of(f"收信人{i}") for i in range(100)} == {"train", "dev", "test"}
    assert Counter(number_split(n) for n in range(70)) == {"train": 50, "test": 10, "dev": 10}


def test_test_prompts_name_only_numbers_that_training_never_saw():
    rng = Random(9)
    seen = {draw("greeting", "train", rng, "eq").constraint.target for _ in range(500)}
    held = {draw("greeting", "test", rng, "eq").constraint.target for _ in range(500)}
    assert not seen & held


def test_a_zodiac_year_in_the_prompt_is_honoured_in_the_answer():
    rng = Random(10)
    rows = [r for r in (example("greeting", "train", rng, exact_length) for _ in range(600)) if r.brief.facts.zodiac]
    assert len(rows) > 30
    for row in rows:
        assert any(b in row.completion for b in grammar().zodiac[row.brief.facts.zodiac])


def test_verse_takes_up_the_greetings_themes():
    assert verse_themes("祝您财源广进，身体健康！") == ["wealth", "health"]


def test_couplets_have_two_lines_of_equal_length():
    for width, rhymes in ((7, grammar().rhymes), (5, grammar().short_rhymes)):
        for couplet in (c for couplets in rhymes.values() for c in couplets):
            assert regex.fullmatch(rf"\p{{Han}}{{{width}}}，\p{{Han}}{{{width}}}[。！？]", couplet.text), couplet.text


def test_the_same_seed_composes_the_same_text():
    first, second = (example("summary", "train", Random(11), exact_length) for _ in range(2))
    assert first == second
