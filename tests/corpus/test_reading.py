"""The composer answers prompts that it did not draw, and says so where it cannot."""

from __future__ import annotations

from functools import cache
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hesui.corpus.briefs import TASKS, EssayFacts, GreetingFacts, SummaryFacts, VerseFacts, split_of
from hesui.corpus.composer import draw, obeys
from hesui.corpus.families import Families
from hesui.corpus.grammar import grammar
from hesui.corpus.reading import ANSWERABLE, answer, draw_prompts, read
from hesui.corpus.rows import Row
from hesui.corpus.seeds import load_seeds
from hesui.length import check, count, parse
from hesui.settings import Settings

SPLITS = ("train", "dev", "test")
DRAWABLE = ("greeting", "long", "essay", "letter")
VERSE = "敬爱的老师，新年好！感谢您一年来不厌其烦的教导。祝您新的一年身体健康，笑口常开！"


def written(task, prompt, seed=1, exact=True):
    return answer(task, prompt, parse(prompt), Random(seed), exact)


def reader_of(prompt):
    brief = read("greeting", prompt, parse(prompt), Random(1))
    assert brief is not None and isinstance(brief.facts, GreetingFacts)
    return brief.facts.kind.name, brief.facts.name


@cache
def drawn_prompts(task, number):
    return draw_prompts(task, Random(3), number)


@pytest.mark.parametrize("task", TASKS)
def test_every_prompt_that_the_composer_draws_is_read_as_it_was_meant(task):
    rng = Random(11)
    for split in SPLITS:
        for _ in range(60):
            drawn = draw(task, split, rng)
            brief = read(task, drawn.prompt, drawn.constraint, rng)
            assert brief is not None, drawn.prompt
            assert (brief.task, brief.prompt, brief.constraint) == (task, drawn.prompt, drawn.constraint)
            if isinstance(drawn.facts, GreetingFacts):
                assert (brief.facts.occasion, brief.facts.zodiac) == (drawn.facts.occasion, drawn.facts.zodiac)
            else:
                assert brief.facts == drawn.facts


def test_a_drawn_reader_is_found_wherever_only_one_reader_has_that_name():
    rng = Random(12)
    drawn = [draw("greeting", rng.choice(SPLITS), rng) for _ in range(300)]
    found = [read("greeting", brief.prompt, None, rng) for brief in drawn]
    same = sum(brief is not None and brief.facts == one.facts for one, brief in zip(drawn, found, strict=True))
    assert same >= 290


@pytest.mark.parametrize("task", TASKS)
def test_answers_to_read_prompts_obey_nearly_always(task):
    rng = Random(13)
    obeying = 0
    for number in range(60):
        drawn = draw(task, SPLITS[number % 3], rng)
        text = answer(task, drawn.prompt, drawn.constraint, rng, exact=True)
        obeying += text is not None and obeys(text, drawn.constraint)
    assert obeying >= 57


def test_loose_answers_are_written_but_seldom_hit_the_demand():
    prompt = "给妈妈写一段90字的春节祝福。"
    texts = [written("greeting", prompt, seed, exact=False) for seed in range(60)]
    assert all(texts)
    assert sum(obeys(text, parse(prompt)) for text in texts) < 20


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("假如你是班主任，请写一段60字的春节祝福给全班家长。", ("parents", "各位家长")),
        ("我想给退休的车间师傅送一段65字的春节祝福，我是徒弟。", ("teacher", "师父")),
        ("请给在外打工的乡亲写一段50字的新春祝福。", ("public", "乡亲")),
        ("作为侄女，给旅居海外的姑姑一家写一条70字的春节祝福语。", ("elder", "姑姑")),
        ("给为老人送餐的阿姨们写一段50字的新年祝福", ("anyone", "朋友")),
        ("请以电台主播的身份，给听众朋友写一段除夕祝福。", ("audience", "听众朋友们")),
        ("给欧阳老师写一段春节祝福，我是学生", ("teacher", "老师")),
        ("发给李总的春节祝福，40字，我是他的秘书", ("boss", "李总")),
        ("发给李总的春节祝福，40字，我是供应商", ("client", "李总")),
        ("给我写一段送给妈妈的新年祝福，20字", ("elder", "妈妈")),
        ("我是老师，写一段50字的春节祝福", ("anyone", "朋友")),
    ],
)
def test_the_reader_is_found_by_name_by_sender_or_by_keyword(prompt, expected):
    assert reader_of(prompt) == expected


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("给妈妈写元宵祝福", ("元宵节", None)),
        ("给妈妈写马年新春祝福", ("新春", "马")),
        ("除夕到了，给妈妈写祝福", ("除夕", None)),
        ("给妈妈写一段祝福", ("春节", None)),
    ],
)
def test_the_feast_and_the_year_are_found(prompt, expected):
    facts = read("greeting", prompt, None, Random(1)).facts
    assert (facts.occasion, facts.zodiac) == expected


def test_an_essay_takes_its_scenes_from_the_title_or_from_the_nearest_one():
    known = read("essay", "请以“团圆”为题，写一篇记叙文。", None, Random(1)).facts
    assert isinstance(known, EssayFacts) and known.title in grammar().titles
    other = read("essay", "以《我和爷爷写春联》为题写一篇春节作文", None, Random(1)).facts
    assert "写春联" in other.title.scenes
    some = read("essay", "以《腊月里的风》为题写一篇过年的作文", None, Random(1)).facts
    assert some.title in grammar().titles


def test_an_essay_tells_the_scenes_that_the_prompt_asks_for():
    facts = read("essay", "写作文《除夕之夜》，写到看春晚和守岁", None, Random(1)).facts
    assert facts.title.scenes == ("看春晚", "守岁")


@pytest.mark.parametrize(
    "prompt",
    [
        f"请把下面的祝福改写成诗，不超过100字：\n{VERSE}",
        f"{VERSE}\n请把上面的祝福改成一首不超过100字的诗。",
        f"“{VERSE}”把这段祝福改写成诗，最多100字。",
    ],
)
def test_verse_is_made_of_the_greeting_alone(prompt):
    assert read("verse", prompt, parse(prompt), Random(1)).facts == VerseFacts(VERSE)


def test_a_summary_speaks_in_the_role_that_the_prompt_names_even_an_unknown_one():
    drawn = draw("summary", "train", Random(2))
    letter = max(drawn.prompt.splitlines(), key=len)
    facts = read("summary", f"{letter}\n请以食堂阿姨的身份概括上面的信并写出期待。", None, Random(1)).facts
    assert isinstance(facts, SummaryFacts)
    assert (facts.role, facts.points) == ("食堂阿姨", drawn.facts.points)


@pytest.mark.parametrize("task", ANSWERABLE)
@pytest.mark.parametrize(
    "prompt", ["", "怎么安装 Python 3.12？", "Write a greeting of 50 words to my mother.", "写一段关于海洋的科普，50字"]
)
def test_prompts_of_another_world_are_declined(task, prompt):
    assert written(task, prompt) is None
    assert written(task, prompt, exact=False) is None


def test_an_unknown_letter_is_not_summed_up():
    prompt = "各位同事：\n新年好！今年我们搬进了新楼，感谢大家。\n院长\n请以护士的身份概括上面的信，不超过80字。"
    assert read("summary", prompt, parse(prompt), Random(1)) is None


@pytest.mark.parametrize("task", ["coreference", "letter", "../greeting", ""])
def test_only_the_five_tasks_are_read(task):
    assert read(task, "给妈妈写一段春节祝福", None, Random(1)) is None


def test_unknown_tasks_are_neither_answered_nor_asked():
    assert written("coreference", "给妈妈写一段春节祝福") is None
    assert draw_prompts("coreference", Random(1), 5) == []


@pytest.mark.parametrize("length", [1, 5000])
def test_a_length_that_the_grammar_cannot_reach_is_declined_and_not_missed(length):
    assert written("greeting", f"给爸爸写一段春节祝福，{length}字") is None


def test_a_demand_that_counts_han_characters_only_is_obeyed():
    prompt = "给奶奶写一段春节祝福，50个汉字，标点不算"
    demand = parse(prompt)
    assert demand is not None and demand.count_rule == "han"
    assert check(written("greeting", prompt), demand).ok


def test_a_narrow_range_is_obeyed():
    assert count(written("greeting", "给老师写一段50到52字的春节祝福")) in (50, 51, 52)


@given(st.text(max_size=60), st.sampled_from(ANSWERABLE), st.booleans())
@settings(max_examples=60, deadline=None)
def test_any_prompt_gets_an_obeying_answer_or_none(noise, task, exact):
    prompt = f"{noise}春节祝福{noise}"
    text = answer(task, prompt, parse(prompt), Random(1), exact)
    assert text is None or not exact or obeys(text, parse(prompt))


def test_the_same_chance_gives_the_same_answer():
    prompt = "给妈妈写一段50字的春节祝福"
    assert written("greeting", prompt, 4) == written("greeting", prompt, 4) != written("greeting", prompt, 5)


@pytest.mark.parametrize(
    ("prompt", "start", "end"),
    [
        ("请以校长的名义给全校师生写一封新年信", "亲爱的全校师生：", "校长"),
        ("假如你是村委会主任，请给乡亲们写一封新年信。", "亲爱的乡亲们：", "村委会主任"),
        ("请以研究院院长的名义给全所同事写一封新年信", "亲爱的全所同事：", "研究院院长"),
    ],
)
def test_a_letter_goes_from_the_writer_to_the_readers_that_the_prompt_names(prompt, start, end):
    letter = written("letter", prompt)
    assert letter.startswith(start) and letter.endswith(end)


def test_a_letter_tells_what_it_is_asked_to_tell_and_keeps_to_a_length():
    point = next(s for s in grammar().settings if s.name == "school").points[0]
    prompt = f"请以校长的名义给全体师生写一封新年信，信里提到{point.short[0]}，300字左右。"
    letter = written("letter", prompt)
    assert any(full in letter for full in point.full)
    assert obeys(letter, parse(prompt))


def test_a_letter_from_nowhere_is_declined():
    assert written("letter", "写一封新年信") is None


def test_every_chinese_seed_but_unknown_letters_gets_an_obeying_answer():
    seeds = [row for row in load_seeds(Settings()) if "-en-" not in row.id]
    unanswered = [
        row.id
        for row in seeds
        if not (text := answer(row.task, row.prompt, row.constraint, Random(1), True))
        or not obeys(text, row.constraint)
    ]
    assert len(seeds) == 56
    assert {name.split("-")[1] for name in unanswered} <= {"summary"}


@pytest.mark.parametrize("task", DRAWABLE)
def test_drawn_prompts_are_answered_at_their_length(task):
    for prompt in drawn_prompts(task, 60):
        text = written(task, prompt)
        assert text is not None and obeys(text, parse(prompt)), prompt


@pytest.mark.parametrize("task", ["greeting", "long", "essay"])
def test_nearly_all_drawn_prompts_make_a_demand(task):
    assert sum(parse(prompt) is not None for prompt in drawn_prompts(task, 400)) >= 390


@pytest.mark.parametrize("task", DRAWABLE)
def test_drawn_prompts_ask_nearly_all_different_questions(task):
    families = Families()
    drawn = drawn_prompts(task, 400)
    rows = [families.assign(Row(str(at), task, prompt, parse(prompt))) for at, prompt in enumerate(drawn)]
    assert len({row.family for row in rows}) >= 360


def test_drawn_essays_have_titles_of_the_training_split_only():
    titles = {read("essay", prompt, None, Random(1)).facts.title.name for prompt in drawn_prompts("essay", 400)}
    assert len(titles) > 15
    assert all(split_of(title) == "train" for title in titles)


def test_drawn_letters_come_from_writers_of_the_training_split_only():
    writers = {(s.name, writer) for s in grammar().settings for writer in s.writers}
    others = {writer for name, writer in writers if split_of(name + writer) != "train"}
    apart = {one for one in others if not any(one in w for _, w in writers if w not in others)}
    assert apart
    assert not [prompt for prompt in drawn_prompts("letter", 400) if any(writer in prompt for writer in apart)]
