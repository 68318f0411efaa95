"""Nearly equal texts are found, different questions are kept apart, and the demand does not matter."""

from __future__ import annotations

import subprocess
import sys
from random import Random

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from rapidfuzz.distance import Levenshtein

from hesui.corpus.briefs import TASKS
from hesui.corpus.composer import draw
from hesui.corpus.duplicates import Match, Nearby, conversation, fingerprint, normalised, question, skeleton
from hesui.corpus.rows import Row
from hesui.length import Constraint, Span, parse
from hesui.records import Message

WORDS = st.text("春节快乐祝妈健康ABCxyz0123456789", max_size=30)
PUNCTUATION = st.text("，。！？、：；“”《》…—·,.!?;:\"'()[]{}-_/\\@%&*# \n\t\u3000～", max_size=6)
ALPHABET = "天地玄黄宇宙洪荒日月盈昃辰宿列张寒来暑往秋收冬藏闰余成岁律吕调阳云腾致雨露结为霜"


def bare(prompt):
    return skeleton(prompt, parse(prompt))


@given(st.lists(st.tuples(WORDS, PUNCTUATION), max_size=6))
def test_a_fingerprint_ignores_punctuation_white_space_and_case(pieces):
    written = "".join(word + mark for word, mark in pieces)
    assert fingerprint(written) == fingerprint("".join(word for word, _ in pieces).lower())


@given(st.text())
def test_any_text_has_a_fingerprint_and_a_skeleton(text):
    assert len(fingerprint(text)) == 64
    assert isinstance(bare(text), str)


def test_a_fingerprint_keeps_numbers_and_levels_full_width_writing():
    assert fingerprint("写50字") != fingerprint("写60字")
    assert fingerprint("ＡＢ５０字！") == fingerprint("ab 50字")
    assert fingerprint("") == fingerprint("……")


@pytest.mark.parametrize(
    "other",
    [
        "给妈妈写一段60字以内的祝福",
        "给妈妈写一段祝福，60字以内。",
        "给妈妈写一段祝福（不少于一百五十字）",
        "给妈妈写一段祝福，字数控制在80到100字",
        "给妈妈写一段祝福，要求２００字！",
        "给妈妈写一段祝福，写90字左右",
        "给妈妈写一段祝福",
    ],
)
def test_one_question_under_other_demands_has_one_skeleton(other):
    assert bare(other) == bare("给妈妈写一段50字的祝福")


def test_english_demands_leave_the_same_question_too():
    expected = bare("Write a greeting to my boss.")
    assert bare("Write a 50-word greeting to my boss.") == expected
    assert bare("Write a greeting of about 80 words to my boss!") == expected
    assert bare("Write a greeting to my boss in about eighty words.") == expected


def test_other_numbers_are_hidden_and_other_words_stay():
    assert bare("给2024级的36位同学写祝福") == bare("给2025级的40位同学写祝福")
    assert bare("工厂有一百五十人，写祝福") == bare("工厂有八十人，写祝福")
    assert bare("给爸爸写一段50字的祝福") != bare("给妈妈写一段50字的祝福")
    assert "万事如意" in bare("万事如意写成50字的祝福")


def test_a_constraint_without_a_place_in_the_prompt_is_looked_up_in_it():
    prompt = "给妈妈写一段50字的祝福"
    for constraint in (Constraint("eq", target=50), Constraint("eq", target=50, span=Span(40, 44))):
        assert skeleton(prompt, constraint) == bare(prompt)
    assert "写祝福" in skeleton("写祝福", Constraint("eq", target=50))


def test_each_demand_of_a_prompt_is_taken_out():
    text = bare("给妈妈写祝福，300字左右，标题不超过10字，谢谢")
    assert "300" not in text and "字" not in text


def test_a_conversation_is_told_apart_by_its_turns_but_not_by_the_system():
    row = Row("1", "chat", "再写一段", None, history=(Message("system", "你是诗人。"), Message("user", "写春天")))
    assert conversation(row) == "写春天\n再写一段"
    assert question(row) == "写春天再写#段"


def test_an_equal_text_is_found_under_the_key_that_came_first():
    index = Nearby()
    index.add("first", "给妈妈写祝福")
    index.add("second", "给妈妈写祝福")
    assert index.nearest("给妈妈写祝福") == Match("first", 1.0)
    assert len(index) == 1


def test_two_changed_characters_of_a_short_prompt_are_another_question():
    index = Nearby()
    index.add("dad", "假如你是女儿请写一段新年祝福给爸爸感谢他一年的辛苦")
    assert index.nearest("假如你是女儿请写一段新年祝福给妈妈感谢他一年的辛苦") is None


def test_one_changed_character_of_a_long_prompt_is_the_same_question():
    index, letter = Nearby(), "".join(Random(1).choices(ALPHABET, k=300))
    index.add("letter", letter)
    assert index.nearest(letter[:150] + "龙" + letter[151:]) == Match("letter", pytest.approx(1 - 1 / 300))


@hypothesis_settings(max_examples=30)
@given(st.randoms(use_true_random=False), st.integers(1, 120), st.integers(0, 8))
def test_what_is_found_is_near_enough_by_levenshtein(rng, length, changes):
    index = Nearby()
    texts = ["".join(rng.choices(ALPHABET, k=length)) for _ in range(5)]
    for number, text in enumerate(texts):
        index.add(str(number), text)
    asked = list(texts[0])
    for _ in range(changes):
        asked[rng.randrange(length)] = "龙"
    for match in index.near("".join(asked)):
        assert match.similarity == pytest.approx(
            Levenshtein.normalized_similarity(texts[int(match.key)], "".join(asked))
        )
        assert match.similarity >= 0.95


@pytest.mark.parametrize("length", [19, 20, 40, 100, 400])
def test_changes_up_to_the_threshold_are_found_wherever_they_stand(length):
    rng, index = Random(length), Nearby()
    changes = length // 20
    for number in range(200):
        text = "".join(rng.choices(ALPHABET, k=length))
        index.add(str(number), text)
        asked = list(text)
        for place in range(changes):
            asked[int((place + 0.5) * length / changes)] = "龙"
        assert index.nearest("".join(asked)).key == str(number)


def test_composed_prompts_have_the_neighbours_that_comparing_all_of_them_finds():
    rng, index = Random(3), Nearby()
    texts = []
    for number in range(500):
        prompt = draw(TASKS[number % 5], "train", rng).prompt
        texts += [bare(prompt), bare(prompt) + "谢谢"]
    known: dict[str, str] = {}
    for number, text in enumerate(texts):
        expected = {key for other, key in known.items() if Levenshtein.normalized_similarity(text, other) >= 0.95}
        assert {match.key for match in index.near(text)} == expected
        index.add(str(number), text)
        known.setdefault(text, str(number))


def test_a_threshold_that_the_index_cannot_keep_is_refused():
    with pytest.raises(ValueError, match="threshold 0.5 is out of range"):
        Nearby(0.5)


def test_every_process_finds_the_same():
    program = (
        "from random import Random\n"
        "from hesui.corpus.duplicates import Nearby, fingerprint\n"
        "rng, index = Random(1), Nearby(0.9)\n"
        "for n in range(300): index.add(str(n), ''.join(rng.choices('春夏秋冬', k=12)))\n"
        "print(fingerprint('新年好'), [index.near(''.join(rng.choices('春夏秋冬', k=12))) for _ in range(50)])\n"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", program], env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        ).stdout
        for seed in ("1", "2")
    }
    assert len(said) == 1


def test_normalising_twice_changes_nothing_more():
    for text in ("Ａ⑴…é́ ﬁ", "½ ℃ ™ ㍿", "İstanbul ß"):
        assert normalised(normalised(text)) == normalised(text)
