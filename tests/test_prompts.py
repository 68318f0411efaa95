"""The texts that teachers are sent, and what is read back out of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hesui.length import COUNTERS, Constraint, approx, parse
from hesui.length.constraint import Scope, Unit
from hesui.prompts import (
    answering,
    choosing,
    counted,
    demand,
    expansion,
    feedback,
    is_feedback,
    judging,
    labelling,
    language,
    measurement,
    offered_labels,
    text_to_label,
)

REASONS = ("too_long", "too_short", "truncated", "incomplete", "repetition", "stated_count", "leaked", "other_demand", "empty")  # fmt: skip
LANGS = ("zh", "en")
DEMANDS = [
    Constraint("eq", target=50), approx(50), Constraint("le", max=50), Constraint("ge", min=50),
    Constraint("range", min=30, max=50),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        ("给老师写一段祝福", "zh"),
        ("Write a greeting to 王老师, 50 words, please.", "en"),
        ("用 Markdown 写一段 Spring Festival 的祝福", "zh"),
        ("", "en"),
    ],
)
def test_the_language_of_a_text(text, lang):
    assert language(text) == lang


@pytest.mark.parametrize("constraint", DEMANDS)
@pytest.mark.parametrize("lang", LANGS)
def test_a_demand_in_words_reads_back_as_itself(constraint, lang):
    read = parse(("请写一段祝福，{}。" if lang == "zh" else "Write a greeting of {}.").format(demand(constraint, lang)))
    assert read is not None and (read.op, read.band) == (constraint.op, constraint.band)


@pytest.mark.parametrize("lang", LANGS)
def test_every_unit_scope_reason_and_rule_has_its_words(lang):
    for unit in Unit.__args__:
        for scope in Scope.__args__:
            for rule in COUNTERS:
                wanted = Constraint("le", max=5, unit=unit, scope=scope)
                for off in (-1, 0, 1):
                    assert "{" not in measurement(6, off, wanted, rule, lang)
    for reason in REASONS:
        assert "{" not in feedback(reason, "某处", lang, "…")
    assert all("{" not in answering(rule, lang) for rule in COUNTERS)


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("reason", REASONS)
def test_feedback_is_known_from_prompts(lang, reason):
    assert is_feedback(feedback(reason, "", lang))
    assert not is_feedback("请检查字数：写一段50字的祝福")


def test_braces_in_examples_and_guidance_do_no_harm():
    asked = expansion(
        name="{name}", asks="{0}", guidance="{guidance}", shots=['写{input}"引号"\n换行'], number=3, needs_demand=True,
        lang="zh",
    )[-1].content  # fmt: skip
    assert "{name}" in asked and '写{input}\\"引号\\"\\n换行' in asked and " 3 条" in asked


@given(st.text(max_size=80).filter(lambda text: "待判断的文本" not in text), st.sampled_from(LANGS))
def test_the_text_to_label_is_found_again(text, lang):
    labels = {"yes": "需要", "no": "不需要"}
    asked = labelling(question="需要吗？", labels=labels, text=text, guidance="- a: b", context="甲: 好", lang=lang)[
        -1
    ].content
    assert text_to_label(asked) == text
    assert offered_labels(asked) == labels


@pytest.mark.parametrize("lang", LANGS)
def test_a_judge_sees_request_and_answers_fenced_with_what_was_measured(lang):
    measured = (counted(4, Constraint("eq", target=50), lang), counted(50, Constraint("eq", target=50), lang))
    system, user = judging("request {x}", "one\n-----\ntwo", "three", lang, measured)
    assert "JSON" in system.content and "JSON" in user.content
    assert "-----\nrequest {x}\n-----" in user.content
    assert "------\none\n-----\ntwo\n------" in user.content
    assert all(text in user.content for text in measured)
    assert '{"reason"' in user.content and "{{" not in user.content


@pytest.mark.parametrize("lang", LANGS)
def test_a_label_is_asked_for_with_its_definition(lang):
    (message,) = choosing(
        question="Q?", labels={"yes": "Yes", "no": "No"}, text="---\nsay yes", guidance="G", examples=[("E", "no")],
        context="before", lang=lang,
    )  # fmt: skip
    assert "Q?" in message.content and "- yes: Yes\n- no: No" in message.content and "G" in message.content
    assert "E → no" in message.content and "-----\nbefore\n-----" in message.content
    assert "-----\n---\nsay yes\n-----" in message.content
