"""Every way to cheat at length is flagged, honest answers are not, and overlaps agree with values worked by hand."""

from __future__ import annotations

from collections import Counter
from math import exp
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hesui.corpus.composer import exact_length, example
from hesui.corpus.duplicates import normalised
from hesui.evaluate.guards import (
    FLAGS,
    Asked,
    coverage,
    distinct,
    flags,
    guard,
    key_words,
    marks,
    tail_marks,
    tail_repeated,
)
from hesui.evaluate.overlap import GRAM, Known, bleu, rouge_l, rouge_n, self_bleu
from hesui.length import parse
from hesui.quality import units

PROMPT = "请给王老师写一段新年祝福，提到高考。"
ASKED = Asked(PROMPT)
HONEST = "尊敬的王老师，新年好！感谢您一年来的辛勤教导，高考路上有您相伴，我们心里踏实。愿您桃李满天下，身体安康，阖家幸福，万事如意！"
OTHER = (
    "亲爱的爷爷，窗外又飘起了雪，厨房里炖着您最爱的羊肉汤。孙儿在外求学，时常记起您教我写春联的那个冬夜，盼您岁岁安泰。"
)
TASKS = ("greeting", "long", "essay", "verse", "summary")


def flags_of(text: str, asked: Asked = ASKED, cut: bool = False, training: Known | None = None) -> tuple[str, ...]:
    return flags(guard(text, asked, cut, training))


def test_an_honest_answer_is_not_flagged():
    assert flags_of(HONEST, training=Known([OTHER])) == ()


@pytest.mark.parametrize("task", TASKS)
def test_the_composers_answers_are_not_flagged(task):
    rng = Random(20_270_206)
    training = Known(example(task, "train", rng, exact_length).completion for _ in range(12))
    for _ in range(6):
        answer = example(task, "test", rng, exact_length)
        asked = Asked(answer.brief.prompt, answer.brief.constraint)
        assert flags_of(answer.completion, asked, training=training) == ()


@pytest.mark.parametrize("text", [HONEST[:41], HONEST[:-5], "祝您新年快乐，"])
def test_a_text_that_stops_at_its_number_is_cut(text):
    assert flags_of(text) == ("cut",)


def test_what_a_limit_ended_is_cut_even_at_a_sentence_end():
    assert flags_of(HONEST, cut=True) == ("cut",)


@pytest.mark.parametrize(
    "padding",
    ["感谢您一年来的辛勤教导，愿您桃李满天下！", "！" * 24, "🎉" * 24, "…" * 30, "啊" * 30 + "。"],
    ids=["own words", "marks", "emoji", "dots", "a sound"],
)
def test_a_text_filled_up_at_its_end_is_padded(padding):
    assert "pads" in flags_of(HONEST + padding)


def test_a_text_with_a_mark_behind_every_character_is_padded():
    assert flags_of("、".join(normalised(HONEST)) + "。") == ("pads",)


def test_one_phrase_over_and_over_repeats():
    assert "repeats" in flags_of("祝王老师新年快乐，" * 8 + "好。")


@pytest.mark.parametrize(
    "text", [HONEST, HONEST.replace("，", " "), HONEST + "祝好！", "老师：" + HONEST, HONEST.replace("王", "李")]
)
def test_a_training_answer_is_a_copy_with_other_marks_or_little_changed(text):
    assert flags_of(text, training=Known([OTHER, HONEST])) == ("copies",)


def test_a_training_answer_in_another_order_is_a_copy():
    first, second = ("".join(map(chr, range(start, start + 60))) + "。" for start in (0x4E00, 0x5E00))
    assert flags_of(second + first, training=Known([first + second])) == ("copies",)


def test_a_few_words_that_everybody_says_are_no_copy():
    found = guard("新年快乐，万事如意！", ASKED, training=Known(["新年快乐，万事如意！"]))
    assert found.overlap is not None and found.overlap.exact and flags(found) == ()


def test_a_greeting_of_two_words_is_trivial_under_within_n_alone():
    within, about = "给老师写一段100字以内的祝福。", "给老师写一段约100字的祝福。"
    assert flags_of("新年好！", Asked(within, parse(within))) == ("trivial",)
    assert flags_of("新年好！", Asked(about, parse(about))) == ()
    assert flags_of(HONEST, Asked(within, parse(within))) == ()


def test_stated_counts_and_leaked_markers_are_flagged():
    assert flags_of(HONEST + "（共60字）") == ("stated_count",)
    assert flags_of("⟦60⟧" + HONEST) == ("leaked",)


def test_an_empty_answer_is_judged_and_measures_nothing():
    found = guard("", ASKED, training=Known([HONEST]))
    assert flags(found) == ("cut",)
    assert {found.distinct1, found.tail_repeated, found.marks, found.repeated} == {None}
    assert found.overlap is not None and not found.overlap.exact and found.overlap.common is None


def test_distinct_n_grams_are_counted_without_marks():
    assert distinct("好，好，天！", 1) == pytest.approx(2 / 3)
    assert distinct("好，好，好，天", 2) == pytest.approx(2 / 3)
    assert distinct("好", 2) is None


def test_marks_are_a_share_of_what_is_visible():
    assert marks("福到 了！") == 0.25
    assert marks(" ") is None and tail_marks("福到了！") is None
    assert tail_marks("福" * 20 + "！" * 5) == 1


def test_the_tail_is_compared_with_all_before_it():
    fresh = "".join(map(chr, range(0x4E00, 0x4E00 + 80)))
    assert tail_repeated(fresh) == 0
    assert tail_repeated(fresh + fresh[:20]) == 17 / 20  # the three that reach over the seam are new
    assert tail_repeated("福" * 10) is None


def test_key_words_are_what_the_prompt_is_about():
    assert key_words(Asked("请给老师写一段50字的祝福，in English")) == {"老师", "祝福", "english"}
    assert coverage("老师好！", Asked("请给老师写一段50字的祝福。")) == 0.5
    assert coverage("老师好！", Asked("请写50字。")) is None


def test_the_overlap_is_the_longest_common_stretch_and_the_shared_runs():
    known = Known(["一二三四五六七八九十", "甲乙丙丁戊己庚辛壬癸子丑"])
    found = known.overlap("春甲乙丙丁戊己庚夏秋")
    assert (found.exact, found.common, found.grams, found.nearest) == (False, 0.7, 0.4, 1)
    assert known.overlap("甲乙丙丁戊春夏秋冬").nearest is None  # five characters are none


def test_a_stretch_does_not_go_on_from_one_text_into_the_next():
    assert Known(["一二三四五六", "七八九十百千"]).overlap("一二三四五六七八九十百千").common == 0.5


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text("春夏秋", max_size=30), max_size=5), st.text("春夏秋", min_size=1, max_size=30))
def test_the_overlap_is_what_comparing_with_every_text_finds(texts, text):
    found, plain = Known(texts).overlap(text), normalised(text)
    assert found.exact == (text in texts)
    stretches = (
        b - a for a in range(len(plain)) for b in range(a + GRAM, len(plain) + 1) if _in_any(plain[a:b], texts)
    )
    assert found.common == (1.0 if found.exact else max(stretches, default=0) / len(plain))
    grams = {plain[a : a + GRAM] for a in range(len(plain) - GRAM + 1)}
    if grams:
        assert found.grams == max((sum(g in one for g in grams) / len(grams) for one in texts), default=0)


def _in_any(part: str, texts: list[str]) -> bool:
    return any(part in one for one in texts)


def test_bleu_is_what_a_hand_works_out():
    # 5 of 6, 3 of 5, 1 of 4 and 0 of 3 n-grams match; the last counts a half
    assert bleu(["一二三四五六"], ["一二三七五六"]) == pytest.approx((5 / 6 * 3 / 5 * 1 / 4 * 0.5 / 3) ** 0.25)
    assert bleu(["一二三四"], ["一二三四五六七八"]) == pytest.approx(exp(-1))
    assert bleu(["福福福"], ["福到了"]) == pytest.approx((1 / 3 * 0.5 / 2 * 0.25 / 1) ** (1 / 3))
    assert (bleu(["福"], ["春"]), bleu(["！"], ["春"]), bleu(["福到"], ["福到"])) == (0, None, 1)


def test_rouge_is_what_a_hand_works_out():
    ours, theirs = "一二三四", "一三二四五六"
    assert (rouge_n(ours, theirs, 1), rouge_n(ours, theirs, 2)) == (0.8, 0)
    assert rouge_l(ours, theirs) == pytest.approx(2 * 3 / 10)
    assert (rouge_n("", "", 1), rouge_n("福", "春", 2), rouge_l("", "！")) == (None, None, None)


def test_bleu_is_sacrebleus_on_units_set_apart_by_spaces():
    sacrebleu = pytest.importorskip("sacrebleu")
    rng = Random(5)
    texts = [example("greeting", "train", rng, exact_length).completion for _ in range(20)]
    pairs = [(texts[:10], texts[10:]), ([HONEST], [HONEST]), (["新年好"], ["新春快乐"])]
    for ours, theirs in pairs:
        apart = [[" ".join(units(text)) for text in side] for side in (ours, theirs)]
        wanted = sacrebleu.corpus_bleu(apart[0], [apart[1]], tokenize="none", use_effective_order=True)
        assert bleu(ours, theirs) == pytest.approx(wanted.score / 100)


def test_self_bleu_tells_answers_that_are_alike_from_others():
    assert self_bleu([HONEST] * 3) == 1
    assert self_bleu(["一二三四", "五六七八"]) == 0
    assert self_bleu([HONEST]) is None and self_bleu([HONEST, "！"]) is None


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text("春夏", min_size=1, max_size=10), min_size=2, max_size=5))
def test_self_bleu_agrees_with_counting_every_reference(texts):
    assert self_bleu(texts) == pytest.approx(sum(_plain_bleu(n, texts) for n in range(len(texts))) / len(texts))


def _plain_bleu(own: int, texts: list[str]) -> float:
    """One text's BLEU against all others, counted the long way."""
    text, others = texts[own], [*texts[:own], *texts[own + 1 :]]
    product, orders, part, hits = 1.0, 0, 1.0, 0
    for n in range(1, min(4, len(text)) + 1):
        grams = [_ngrams(one, n) for one in others]
        matched = sum(min(k, max(one[gram] for one in grams)) for gram, k in _ngrams(text, n).items())
        part /= 1 if matched else 2
        product, orders, hits = product * (matched or part) / (len(text) - n + 1), orders + 1, hits + matched
    reference = min((len(one) for one in others), key=lambda length: (abs(length - len(text)), length))
    return exp(min(0, 1 - reference / len(text))) * product ** (1 / orders) if hits else 0


def _ngrams(text: str, n: int) -> Counter[str]:
    return Counter(text[a : a + n] for a in range(len(text) - n + 1))


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=80), st.booleans())
def test_any_text_is_measured_within_bounds(text, cut):
    found = guard(text, ASKED, cut, Known([HONEST]))
    for name in ("distinct1", "distinct2", "repeated", "tail_repeated", "marks", "tail_marks", "covered"):
        value = getattr(found, name)
        assert value is None or 0 <= value <= 1
    assert set(flags(found)) <= set(FLAGS)
