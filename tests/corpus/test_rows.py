"""A row and its line of JSON say the same; what cannot be a row is named."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hesui.corpus.rows import Row, from_record, read_rows, to_record, write_json_lines, write_rows
from hesui.errors import InputError
from hesui.length import parse
from hesui.records import Message

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)
PROMPTS = st.sampled_from(["写50字", "写一段30到60字的祝福，每句不超过12字", "新年好", "within 50 words, please"])
ROWS = st.builds(
    lambda id, task, prompt, reference, family, turns: Row(
        id, task, prompt, parse(prompt), family, reference, "人", "CC-BY-4.0", False, tuple(turns)
    ),
    TEXTS, TEXTS, PROMPTS, st.none() | TEXTS, TEXTS,
    st.lists(st.builds(Message, st.sampled_from(["system", "user", "assistant"]), TEXTS), max_size=3),
)  # fmt: skip


@given(ROWS)
def test_a_row_survives_json(row):
    assert from_record(json.loads(json.dumps(to_record(row), ensure_ascii=False))) == row


def test_the_named_fields_are_always_there():
    record = to_record(Row("a", "greeting", "新年好", None))
    assert record == {"id": "a", "class": "greeting", "prompt": "新年好", "constraint": None, "family": ""}


def test_a_record_that_says_nothing_of_a_constraint_means_the_prompts_own():
    assert from_record({"id": "a", "class": "b", "prompt": "写50字"}).constraint == parse("写50字")
    assert from_record({"id": "a", "class": "b", "prompt": "写50字", "constraint": None}).constraint is None


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"id": 5}, "id"),
        ({"prompt": ""}, "prompt"),
        ({"reference": 7}, "reference"),
        ({"history": "x"}, "history"),
        ({"history": [{"role": "robot", "content": "x"}]}, "history"),
        ({"constraint": {"op": "eq"}}, "target"),
        ({"constraint": {"op": "eq", "target": "x"}}, "target"),
        ({"constraint": {"op": "eq", "target": True}}, "target"),
        ({"constraint": {"op": "eq", "target": 5, "unit": "page"}}, "unit"),
        ({"constraint": {"op": "near", "target": 5}}, "near"),
        ({"constraint": {"op": "eq", "target": 5, "surprise": 1}}, "surprise"),
        ({"constraint": [1]}, "constraint"),
    ],
)
def test_what_cannot_be_a_row_is_named(tmp_path, wrong, named):
    file = tmp_path / "rows.jsonl"
    good = {"id": "a", "class": "greeting", "prompt": "写50字"}
    file.write_text(json.dumps(good) + "\n\n" + json.dumps(good | wrong), encoding="utf-8")
    with pytest.raises(InputError, match=r"rows\.jsonl, line 3.*" + named):
        list(read_rows(file))


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"{", "line 1"), (b"[1]", "not a JSON object"), ("新年".encode("gbk"), "UTF-8"), (b"[" * 100_000, "line 1")],
)  # fmt: skip
def test_a_broken_file_gets_one_clear_line(tmp_path, content, said):
    file = tmp_path / "rows.jsonl"
    file.write_bytes(content)
    with pytest.raises(InputError, match=said) as caught:
        list(read_rows(file))
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match="gone"):
        list(read_rows(tmp_path / "gone.jsonl"))


def test_a_file_is_written_whole_or_not_at_all(tmp_path):
    file = tmp_path / "rows.jsonl"
    assert write_rows([Row("a", "b", "写50字", parse("写50字"))], file) == 1
    before = file.read_bytes()

    def broken():
        yield {"id": "x"}
        raise RuntimeError

    with pytest.raises(RuntimeError):
        write_json_lines(broken(), file)
    assert file.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["rows.jsonl"]
