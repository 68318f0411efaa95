"""Families go to one split for ever, leaks are found, and what is frozen stays."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hesui.corpus.briefs import TASKS
from hesui.corpus.composer import exact_length, example
from hesui.corpus.families import Families
from hesui.corpus.rows import Row, read_rows
from hesui.corpus.splits import SPLITS, freeze, leaks, read_manifest, split_of
from hesui.errors import InputError
from hesui.length import parse
from hesui.records import Message
from hesui.ui.texts import TEXTS

GREETING = "亲爱的妈妈，春节到了，感谢您一年的辛苦操劳。愿您新的一年身体健康，笑口常开！"
LETTER = "亲爱的全体员工：新春佳节来临之际，感谢大家一年来的辛勤付出。这一年，我们的订单翻了一番，新厂房也盖好了。祝大家阖家幸福！"


def row(id, prompt, task="greeting", **fields):
    return Row(id, task, prompt, parse(prompt), **fields)


def family_in(split):
    return next(name for name in map(str, range(100)) if split_of(name) == split)


@pytest.fixture(scope="module")
def composed():
    rng, families, rows = Random(1), Families(), []
    for number in range(300):
        made = example(TASKS[number % 5], "train", rng, exact_length)
        one = row(f"r{number:03}", made.brief.prompt, made.brief.task, reference=made.completion, source="composer")
        if families.duplicate_of(one) is None:
            rows.append(families.assign(one))
    return rows


@given(st.text())
def test_a_family_always_has_the_same_split(family):
    assert split_of(family) == split_of(family) in SPLITS


def test_eight_of_ten_families_train():
    counts = Counter(split_of(f"greeting-{number}") for number in range(10_000))
    assert abs(counts["train"] - 8000) < 200
    assert abs(counts["validation"] - 1000) < 150
    assert abs(counts["test"] - 1000) < 150


def test_the_split_of_a_name_is_the_same_on_every_machine():
    pinned = {"train": "greeting-2", "validation": "greeting-0", "test": "greeting-3"}
    assert {split: split_of(name) for split, name in pinned.items()} == {split: split for split in SPLITS}


@pytest.mark.parametrize(
    ("train", "held", "kind"),
    [
        (row("a", "给妈妈写一段50字的祝福！"), row("b", "给妈妈写一段50字的祝福"), "exact"),
        (row("a", "给妈妈写一段50字的祝福"), row("b", "给妈妈写一段祝福，不超过80字"), "near"),
        (row("a", f"{LETTER}\n概括上文，100字以内"), row("b", f"{LETTER[:50]}昨{LETTER[51:]}\n概括上文，90字以内", "summary"), "near"),
        (row("a", "写50字祝福", family="f"), row("b", "给爸爸写一首诗", family="f"), "family"),
        (row("a", "给妈妈写祝福", reference=GREETING), row("b", f"把下面的话改成诗：\n{GREETING}", "verse"), "answer"),
        (row("a", f"把下面的话改成诗：\n{GREETING}", "verse"), row("b", "给妈妈写祝福", reference=GREETING), "answer"),
        (row("a", "给妈妈写祝福", reference=GREETING), row("b", "给娘写点什么", reference=f"好的：{GREETING}"), "answer"),
    ],
)  # fmt: skip
def test_each_kind_of_leak_is_found(train, held, kind):
    (leak,) = leaks([row("clean", "介绍一下元宵节"), train], [row("other", "讲个笑话"), held])
    assert (leak.id, leak.other, leak.kind) == ("a", "b", kind)
    assert (leak.prompt, leak.other_prompt) == (train.prompt, held.prompt)
    assert 0 <= leak.similarity <= 1


def test_a_row_that_leaks_in_several_ways_is_listed_once():
    held = [row(str(number), "给妈妈写一段50字的祝福", family="f", reference=GREETING) for number in range(3)]
    (leak,) = leaks([row("a", "给妈妈写一段50字的祝福", family="f", reference=GREETING)], held)
    assert leak.kind == "exact" and leak.other == "0"


def test_different_questions_and_common_short_answers_do_not_leak():
    train = [row("a", "给妈妈写祝福", reference="新年快乐！"), row("b", "给爸爸写一段50字的祝福")]
    held = [row("c", "说一句新年快乐", reference="新年快乐！"), row("d", "给妈妈写一段50字的祝福")]
    assert leaks(train, held) == []


def test_turns_before_the_prompt_are_part_of_the_question_and_may_quote_an_answer():
    again = row("a", "再短一点", history=(Message("user", "给妈妈写祝福"), Message("assistant", GREETING)))
    other = row(
        "b", "再短一点", history=(Message("user", "介绍一下元宵节"), Message("assistant", "元宵节在正月十五。"))
    )
    assert leaks([again], [other]) == []
    assert [leak.kind for leak in leaks([again], [row("c", "给娘写点什么", reference=GREETING)])] == ["answer"]


def test_frozen_files_hold_every_row_once_in_the_split_of_its_family(composed, tmp_path):
    manifest = freeze(composed, tmp_path / "v1")
    found = {split: list(read_rows(tmp_path / "v1" / f"{split}.jsonl")) for split in SPLITS}
    for split, rows in found.items():
        assert all(split_of(one.family) == split for one in rows)
        assert manifest.counts[split] == Counter(one.task for one in rows)
    everything = [one for rows in found.values() for one in rows]
    held_back = {leak.id for leak in manifest.held_back}
    assert sorted(everything, key=lambda one: one.id) == [one for one in composed if one.id not in held_back]
    assert not {one.family for one in found["train"]} & {one.family for one in found["validation"] + found["test"]}


def test_what_leaks_into_held_out_rows_is_left_out_of_train_and_listed(composed, tmp_path):
    train = [one for one in composed if split_of(one.family) == "train"]
    evaluation = [replace(train[3], id="e1", family="other", prompt=f"{train[3].prompt}！", reference=None)]
    manifest = freeze(composed, tmp_path / "v1", held_out=evaluation)
    assert ("e1", "exact") in {(leak.other, leak.kind) for leak in manifest.held_back if leak.id == train[3].id}
    kept = list(read_rows(tmp_path / "v1" / "train.jsonl"))
    assert train[3].id not in {one.id for one in kept}
    held = [one for split in ("validation", "test") for one in read_rows(tmp_path / "v1" / f"{split}.jsonl")]
    assert leaks(kept, held + evaluation) == []


def test_freezing_the_same_rows_again_in_any_order_changes_nothing(composed, tmp_path):
    first = freeze(composed, tmp_path / "v1")
    stamps = {file.name: file.stat().st_mtime_ns for file in (tmp_path / "v1").iterdir()}
    assert freeze(reversed(composed), tmp_path / "v1") == first == read_manifest(tmp_path / "v1")
    assert {file.name: file.stat().st_mtime_ns for file in (tmp_path / "v1").iterdir()} == stamps
    assert set(stamps) == {"train.jsonl", "validation.jsonl", "test.jsonl", "manifest.json"}


@pytest.mark.parametrize("change", ["rows", "counter"])
def test_a_frozen_folder_takes_no_other_content(composed, tmp_path, change):
    freeze(composed, tmp_path / "v1")
    before = {file.name: file.read_bytes() for file in (tmp_path / "v1").iterdir()}
    with pytest.raises(InputError, match="v1 is frozen with other content; choose a new folder") as error:
        freeze(
            composed[1:] if change == "rows" else composed,
            tmp_path / "v1",
            counter="han" if change == "counter" else "word",
        )
    assert error.value.key in TEXTS
    assert {file.name: file.read_bytes() for file in (tmp_path / "v1").iterdir()} == before


def test_a_freeze_that_was_cut_short_is_done_again(composed, tmp_path):
    manifest = freeze(composed, tmp_path / "v1")
    (tmp_path / "v1" / "manifest.json").unlink()
    (tmp_path / "v1" / "train.jsonl").write_text("half a li")
    (tmp_path / "v1" / ".draft-x").mkdir()
    assert read_manifest(tmp_path / "v1") is None
    assert freeze(composed, tmp_path / "v1") == manifest == read_manifest(tmp_path / "v1")
    assert not (tmp_path / "v1" / ".draft-x").exists()


def test_adding_rows_moves_no_row_to_another_split(composed, tmp_path):
    freeze(composed[:200], tmp_path / "v1")
    freeze(composed, tmp_path / "v2")
    for split in ("validation", "test"):
        before, after = ({one.id for one in read_rows(tmp_path / v / f"{split}.jsonl")} for v in ("v1", "v2"))
        assert before <= after


def test_rows_without_a_family_get_one_and_join_the_known(tmp_path):
    family = family_in("test")
    rows = [row("a", "给妈妈写一段60字的祝福"), row("b", "给妈妈写一段50字的祝福", family=family)]
    manifest = freeze(rows, tmp_path / "v1")
    assert manifest.counts == {"train": {}, "validation": {}, "test": {"greeting": 2}}


def test_two_rows_of_one_id_are_refused_before_anything_is_written(tmp_path):
    with pytest.raises(InputError, match="two rows have the id 'a'"):
        freeze([row("a", "给妈妈写祝福"), row("a", "给爸爸写祝福")], tmp_path / "v1")
    assert not (tmp_path / "v1").exists()


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("test.jsonl", "", "test.jsonl changed or missing"),
        ("train.jsonl", None, "train.jsonl changed or missing"),
        ("manifest.json", "[]", "manifest.json is no manifest"),
        ("manifest.json", "{", "manifest.json is no manifest"),
        ("manifest.json", '{"held_back": [], "sha256": {}}', "manifest.json is no manifest"),
    ],
)
def test_a_damaged_folder_is_named(composed, tmp_path, file, content, message):
    freeze(composed, tmp_path / "v1")
    if content is None:
        (tmp_path / "v1" / file).unlink()
    else:
        (tmp_path / "v1" / file).write_text(content)
    with pytest.raises(InputError, match=message) as error:
        read_manifest(tmp_path / "v1")
    assert error.value.key in TEXTS


def test_a_manifest_never_leads_out_of_its_folder(composed, tmp_path):
    freeze(composed, tmp_path / "v1")
    file = tmp_path / "v1" / "manifest.json"
    record = json.loads(file.read_text(encoding="utf-8"))
    record["sha256"]["../secret"] = "0" * 64
    file.write_text(json.dumps(record))
    with pytest.raises(InputError, match="../secret changed or missing"):
        read_manifest(tmp_path / "v1")


def test_nothing_frozen_has_no_manifest(tmp_path):
    assert read_manifest(tmp_path / "nowhere") is None
