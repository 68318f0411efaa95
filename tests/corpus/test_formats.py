"""Rows survive every format, and a bad file is named with its line."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hesui.corpus.cleaning import clean
from hesui.corpus.formats import FORMATS, detect, files, from_dataset, preview, read, to_dataset, write
from hesui.corpus.rows import Row
from hesui.errors import InputError
from hesui.length import Constraint, parse
from hesui.records import Message

TEXTS = (
    st.text(
        st.one_of(st.sampled_from("\n\t 　新年好，“”'\"=+-@;{}[]\\50字以内"), st.characters(exclude_categories=("Cs", "Cc"))),
        min_size=1, max_size=40,
    )
    .map(clean)
    .filter(str.strip)
)  # fmt: skip
SYSTEMS = TEXTS.map(lambda text: (Message("system", text),))
PAIRS = st.lists(st.tuples(TEXTS, TEXTS), max_size=3).map(
    lambda pairs: tuple(
        Message(role, text) for pair in pairs for role, text in zip(("user", "assistant"), pair, strict=True)
    )
)
LED_PAIRS = st.builds(lambda system, pairs: system + pairs, st.one_of(st.just(()), SYSTEMS), PAIRS)
ANY_TURNS = st.lists(st.builds(Message, st.sampled_from(["system", "user", "assistant"]), TEXTS), max_size=4).map(tuple)
HISTORIES = {
    "rows": ANY_TURNS,
    "trl": ANY_TURNS,
    "sharegpt": ANY_TURNS,
    "datasets": ANY_TURNS,
    "alpaca": LED_PAIRS,
    "qianfan": LED_PAIRS,
    "csv": st.one_of(st.just(()), SYSTEMS),
    "prompt-completion": st.just(()),
}
WITHOUT_CLASS = {"qianfan"}
WHOLE = {"rows", "datasets"}  # carry everything that a row says
TEXT_FORMATS = [name for name in FORMATS if name != "datasets"]


def rows_for(name: str) -> st.SearchStrategy[list[Row]]:
    row = st.builds(
        Row,
        id=st.text("abc123", min_size=1, max_size=8),
        task=st.sampled_from(["greeting", "verse"]),
        prompt=TEXTS,
        constraint=st.one_of(st.none(), st.just(Constraint("range", min=20, max=30))),
        family=st.sampled_from(["", "f1"]),
        reference=st.one_of(st.none(), TEXTS),
        source=st.sampled_from(["", "人"]),
        licence=st.sampled_from(["", "CC-BY-4.0"]),
        hand_set=st.just(True),
        history=HISTORIES[name],
    )
    return st.lists(row, min_size=1, max_size=4)


def written_and_read(rows: list[Row], name: str, file: str, format: str | None = None) -> list[Row]:
    with TemporaryDirectory() as folder:
        path = Path(folder) / file
        assert write(iter(rows), path, name) == len(rows)
        assert [entry.name for entry in Path(folder).iterdir()] == [file]
        return list(read(path, "greeting", format))


def carried(row: Row, name: str) -> tuple[object, ...]:
    return (row.prompt, row.reference, row.history, "greeting" if name in WITHOUT_CLASS else row.task)


@pytest.mark.parametrize("file", ["rows.jsonl", "rows.json"])
@pytest.mark.parametrize("name", [name for name in TEXT_FORMATS if name != "csv"])
@given(data=st.data())
@settings(max_examples=25)
def test_rows_survive_a_json_file(name: str, file: str, data: st.DataObject) -> None:
    rows = data.draw(rows_for(name))
    back = written_and_read(rows, name, file)
    assert [carried(row, name) for row in back] == [carried(row, name) for row in rows]
    if name in WHOLE:
        assert back == rows
    else:
        assert [row.constraint for row in back] == [parse(row.prompt) for row in rows]


@given(rows_for("csv"))
def test_rows_survive_a_table(rows: list[Row]) -> None:
    assert [carried(row, "csv") for row in written_and_read(rows, "csv", "rows.csv")] == [
        carried(row, "csv") for row in rows
    ]


@given(rows_for("datasets"))
@settings(max_examples=8, suppress_health_check=[HealthCheck.too_slow])
def test_rows_survive_a_dataset_on_disk_and_in_memory(rows: list[Row]) -> None:
    assert written_and_read(rows, "datasets", "saved") == rows
    assert list(from_dataset(to_dataset(rows), "greeting")) == rows


ROW = Row("r1", "greeting", "写一段50字的祝福", parse("写一段50字的祝福"), reference="新年好！")
SYSTEM = Message("system", "你是管家")
TALK = (Message("user", "在吗"), Message("assistant", "在"))


@pytest.mark.parametrize(
    "name, text",
    [
        ("trl", '{"prompt":[{"role":"user","content":"问50字"}],"completion":[{"role":"assistant","content":"答"}]}'),
        ("trl", '{"messages":[{"role":"user","content":"问50字"},{"role":"assistant","content":"答"}]}'),
        ("prompt-completion", '{"prompt":"问50字","completion":"答"}'),
        ("alpaca", '[{"instruction":"问50字","input":"","output":"答"}]'),
        ("alpaca", '[\n  {\n    "instruction": "问50字",\n    "output": "答"\n  }\n]\n'),
        ("sharegpt", '[{"conversations":[{"from":"human","value":"问50字"},{"from":"gpt","value":"答"}]}]'),
        ("qianfan", '[[{"prompt":"问50字","response":[["答"]]}]]'),
        ("qianfan", '[{"prompt":"问50字","response":[["答","次"]]}]'),
        ("qianfan", '[\n[{"prompt":"问50字","response":[["答"]]}]\n]'),
        ("csv", "答案,类别,提示词\n答,greeting,问50字\n"),
        ("csv", "prompt;completion\r\n问50字;答\r\n"),
        ("csv", '\ufeff"Prompt"\t"Answer"\n"问50字"\t"答"\n'),
        ("rows", '{"id":"x","class":"greeting","prompt":"问50字","constraint":null,"reference":"答"}'),
    ],
)
def test_a_file_is_recognised_by_its_content_and_not_by_its_name(name: str, text: str, tmp_path: Path) -> None:
    path = tmp_path / "upload.bin"
    path.write_text(text, encoding="utf-8")
    assert detect(path) == name
    for format in (None, name):
        (row,) = read(path, "greeting", format)
        assert (row.prompt, row.reference, row.task) == ("问50字", "答", "greeting")


@pytest.mark.parametrize(
    "name, row, expected",
    [
        (
            "trl", replace(ROW, history=(SYSTEM,)),
            {
                "prompt": [{"role": "system", "content": "你是管家"}, {"role": "user", "content": ROW.prompt}],
                "completion": [{"role": "assistant", "content": "新年好！"}],
                "class": "greeting",
            },
        ),
        ("trl", replace(ROW, reference=None), {"prompt": [{"role": "user", "content": ROW.prompt}], "class": "greeting"}),
        ("prompt-completion", ROW, {"prompt": ROW.prompt, "completion": "新年好！", "class": "greeting"}),
        (
            "alpaca", replace(ROW, history=(SYSTEM, *TALK)),
            {
                "instruction": ROW.prompt, "input": "", "output": "新年好！",
                "system": "你是管家", "history": [["在吗", "在"]], "class": "greeting",
            },
        ),
        (
            "sharegpt", replace(ROW, history=(SYSTEM,)),
            {
                "conversations": [
                    {"from": "system", "value": "你是管家"},
                    {"from": "human", "value": ROW.prompt},
                    {"from": "gpt", "value": "新年好！"},
                ],
                "class": "greeting",
            },
        ),
        (
            "qianfan", replace(ROW, history=(SYSTEM, *TALK)),
            [[
                {"system": "你是管家", "prompt": "在吗", "response": [["在"]]},
                {"prompt": ROW.prompt, "response": [["新年好！"]]},
            ]],
        ),
    ],
)  # fmt: skip
def test_each_format_is_written_as_its_readers_know_it(name: str, row: Row, expected: object, tmp_path: Path) -> None:
    write([row], tmp_path / "out.jsonl", name)
    assert json.loads((tmp_path / "out.jsonl").read_text(encoding="utf-8")) == expected


def test_several_turns_become_history_and_the_last_user_turn_the_prompt(tmp_path: Path) -> None:
    path = tmp_path / "talk.jsonl"
    turns = [("system", "s"), ("human", "一"), ("gpt", "二"), ("human", "三"), ("gpt", "四")]
    record = {"conversations": [{"from": speaker, "value": text} for speaker, text in turns]}
    path.write_text(json.dumps(record), encoding="utf-8")
    (row,) = read(path, "chat")
    assert (row.prompt, row.reference) == ("三", "四")
    assert row.history == (Message("system", "s"), Message("user", "一"), Message("assistant", "二"))


def test_an_instruction_and_its_input_make_one_prompt_and_a_class_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "alpaca.json"
    record = {"instruction": "改写成诗", "input": "新年好", "output": "诗", "class": "verse", "history": [["a", "b"]]}
    path.write_text(json.dumps([record]), encoding="utf-8")
    (row,) = read(path, "greeting")
    assert (row.prompt, row.task, len(row.history)) == ("改写成诗\n新年好", "verse", 2)


def test_several_conversations_on_a_qianfan_line_are_several_rows(tmp_path: Path) -> None:
    path = tmp_path / "lines.jsonl"
    path.write_text('[[{"prompt":"一"}],[{"prompt":"二"},{"prompt":"三"}]]\n[{"prompt":"四"}]\n', encoding="utf-8")
    rows = list(read(path, "greeting"))
    assert [row.prompt for row in rows] == ["一", "三", "四"]


def test_qianfan_prompts_without_responses_are_read_line_by_line(tmp_path: Path) -> None:
    path = tmp_path / "prompts.jsonl"
    path.write_text('[{"prompt":"一"}]\n[{"prompt":"二"}]\n', encoding="utf-8")
    assert [row.prompt for row in read(path, "greeting")] == ["一", "二"]
    path.write_text('[{"prompt":"一"}, {"prompt":"二"}]', encoding="utf-8")  # one array of prompts
    assert [row.prompt for row in read(path, "greeting")] == ["一", "二"]


def test_imported_texts_are_cleaned_keep_their_lines_and_state_their_demand(tmp_path: Path) -> None:
    path = tmp_path / "dirty.jsonl"
    record = {"prompt": "请写50字以内\u200b的祝福", "completion": "<p>　　一</p><p>　　二<br>三</p>"}
    path.write_text(json.dumps(record), encoding="utf-8")
    (row,) = read(path, "greeting", source="某网站", licence="CC0-1.0")
    assert row.prompt == "请写50字以内的祝福"
    assert row.reference == "　　一\n\n　　二\n三"
    assert row.constraint == parse("请写50字以内的祝福")
    assert (row.source, row.licence, row.family, row.hand_set) == ("某网站", "CC0-1.0", "", False)


def test_importing_again_makes_the_same_ids_whatever_the_format(tmp_path: Path) -> None:
    rows = [ROW, replace(ROW, reference="恭喜"), replace(ROW, prompt="别的")]
    ids = []
    for name in ("trl", "alpaca", "csv", "qianfan", "trl"):
        write(rows, tmp_path / name, name)
        ids.append([row.id for row in read(tmp_path / name, "greeting")])
    assert ids == [ids[0]] * 5
    assert len(set(ids[0])) == 3


def test_our_own_rows_need_neither_id_nor_class_nor_constraint(tmp_path: Path) -> None:
    path = tmp_path / "mine.jsonl"
    path.write_text('{"prompt":"写50字","reference":"好"}\n', encoding="utf-8")
    (row,) = read(path, "greeting", "rows", source="我")
    assert (row.task, row.constraint, row.source) == ("greeting", parse("写50字"), "我")
    assert len(row.id) == 16


DANGEROUS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "＝1", "'=1", "''@x"]


@pytest.mark.parametrize("text", DANGEROUS)
def test_no_cell_of_an_exported_table_runs_as_a_formula(text: str, tmp_path: Path) -> None:
    row = replace(ROW, prompt=text, reference=text, history=(Message("system", text),))
    write([row], tmp_path / "out.csv", "csv")
    raw = (tmp_path / "out.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")  # Excel reads Chinese only so
    header, cells = csv.reader(raw.decode("utf-8-sig").splitlines())
    assert header == ["prompt", "completion", "class", "system"]
    assert [cell for cell in cells if cell != "greeting"] == ["'" + text] * 3
    (back,) = read(tmp_path / "out.csv", "greeting")
    assert (back.prompt, back.reference) == (text, text)


@pytest.mark.parametrize("name", ["prompt-completion", "alpaca", "qianfan", "csv"])
def test_a_history_that_a_format_cannot_carry_is_refused_and_the_old_file_stays(name: str, tmp_path: Path) -> None:
    path = tmp_path / "out"
    path.write_text("old", encoding="utf-8")
    two_questions = replace(ROW, history=(Message("user", "一"), Message("user", "二")))
    with pytest.raises(InputError, match="row r1: .*use rows, trl or sharegpt") as caught:
        write([ROW, two_questions], path, name)
    assert caught.value.key == "error.format_history"
    assert path.read_text(encoding="utf-8") == "old"
    assert list(tmp_path.iterdir()) == [path]


BAD: list[tuple[str, str | bytes, str | None, str, str]] = [
    ("empty", "", None, "file_empty", "bad is empty"),
    ("blank", " \n\n", None, "file_empty", "bad is empty"),
    ("no rows", "[]", "alpaca", "file_empty", "bad is empty"),
    ("header only", "prompt,completion\n", None, "file_empty", "bad is empty"),
    ("gbk", "提示词,答案\n".encode("gbk"), None, "file_encoding", "not UTF-8"),
    ("utf-16", "提示词,答案\n".encode("utf-16"), "csv", "file_encoding", "not UTF-8"),
    ("late gbk", b'{"prompt":"a"}\n' * 9999 + "年".encode("gbk"), None, "file_encoding", "not UTF-8"),
    ("broken line", '{"prompt":"a"}\n\n{"prompt":\n', None, "row_line", r"line 3: no valid JSON: Expecting value \(character 12\)"),
    ("broken qianfan", '[[{"prompt":"a","response":[["b"]]}]]\n[[{"prompt"\n', None, "row_line", "line 2: no valid JSON"),
    ("broken array", '[\n{"instruction":"a",\n "output":"b"},\n{"instruction" "c"}\n]', None, "row_line", "line 4: no valid"),
    ("cut array", '[\n{"instruction":"a"},\n{"instruction":"c"}\n', None, "row_line", "line 4: no valid JSON: expected ,"),
    ("cut element", '[\n{"instruction":"a"},\n{"instruction":"c', None, "row_line", "line 3: no valid JSON: Unterminated"),
    ("two arrays", '[\n{"instruction":"a"}]\n[{"instruction":"b"}]', None, "row_line", "line 3: no valid JSON: .* follows"),
    ("array of text", '["a","b"]', None, "row_line", "line 1: no valid JSON: expected an object"),
    ("deep", "[" * 100_000, None, "row_line", "line 1: no valid JSON: nested too deeply"),
    ("deep line", '{"prompt":"a"}\n' + '{"a":' * 100_000, None, "row_line", "line 2: no valid JSON"),
    ("unknown record", '{"text":"a"}\n', None, "format_undetected", "line 1: a record of no known format; name it: rows"),
    ("no column", "答案,备注\n一,二\n", None, "column_missing", "no column 'prompt' among: 答案, 备注; .*提示词"),
    ("prose", "从前有座山\n", None, "column_missing", "no column 'prompt'"),
    ("many cells", "提示词,答案\n一,二\n三,四,五\n", None, "row_line", "line 3: 3 cells under 2 columns"),
    ("open quote", '提示词,答案\n一,二\n"三,四\n', None, "row_line", "line 3: no valid CSV: unexpected end of data; check the quotes"),
    ("no prompt cell", "提示词,答案\n一,二\n,四\n", None, "row_line", "line 3: the field 'prompt' is missing"),
    ("after lines", '提示词,答案\n"一\n二",三\n,四\n', None, "row_line", "line 4: the field 'prompt'"),
    ("no prompt", '{"prompt":"a"}\n{"completion":"b"}', None, "row_line", "line 2: the field 'prompt' is missing"),
    ("number", '{"prompt":"a","completion":5}', None, "row_line", "line 1: the field 'completion' is missing or no text"),
    ("invisible", '{"prompt":"\\u200b \\n"}', None, "row_line", "line 1: the field 'prompt' is missing"),
    ("no object", '{"prompt":"a"}\n5\n', None, "row_line", "line 2: not a JSON object"),
    ("speaker", '{"messages":[{"role":"tool","content":"a"}]}', None, "row_line", "unknown speaker 'tool'; allowed: system"),
    ("no user", '{"messages":[{"role":"assistant","content":"a"}]}', None, "row_line", "no turn of a user"),
    ("no messages", '{"messages":[]}', None, "row_line", "line 1: the field 'prompt'"),
    ("two answers", '{"conversations":[{"from":"human","value":"a"},{"from":"gpt","value":"b"},{"from":"gpt","value":"c"}]}',
     None, "row_line", "2 turns follow"),
    ("pairs", '{"instruction":"a","history":[["b"]]}', None, "row_line", "'history' is no list of pairs"),
    ("response", '[[{"prompt":"a","response":[[5]]}]]', None, "row_line", "line 1: the field 'response'"),
    ("not qianfan", '{"prompt":"a"}', "qianfan", "row_line", "line 1: not a Qianfan line"),
    ("our field", '{"id":"a","class":"b","prompt":"c","constraint":{"op":"eq"}}', None, "row_line", "must set target"),
    ("format", "{}", "parquet", "format_unknown", "unknown format 'parquet'; there are: rows, trl, prompt-completion, alpaca"),
]  # fmt: skip


@pytest.mark.parametrize("content, format, key, words", [pytest.param(*case[1:], id=case[0]) for case in BAD])
def test_bad_input_is_one_clear_line(
    content: str | bytes, format: str | None, key: str, words: str, tmp_path: Path
) -> None:
    path = tmp_path / "bad"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(InputError, match=words) as caught:
        list(read(path, "greeting", format))
    assert caught.value.key == f"error.{key}"
    assert "\n" not in str(caught.value)


KEYS = ["id", "class", "prompt", "completion", "constraint", "messages", "conversations", "instruction", "history",
        "response", "system", "role", "content", "from", "value", "output", "input", "op", "span", "extra"]  # fmt: skip
VALUES = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.sampled_from(["", "user", "human", "eq", "50字"])
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(KEYS), inner, max_size=5)),
    max_leaves=12,
)
RECORDS = st.lists(VALUES, min_size=1, max_size=3).map(lambda values: "\n".join(map(json.dumps, values)).encode())
BYTES = st.lists(
    st.one_of(
        st.binary(max_size=4), st.sampled_from([b'"', b"[", b"]", b"{", b"}", b",", b"\n", b'{"prompt":', b"prompt"])
    ),
    max_size=12,
).map(b"".join)


@given(st.one_of(RECORDS, BYTES), st.sampled_from([None, *TEXT_FORMATS]))
@settings(max_examples=300)
def test_whatever_a_file_holds_it_is_read_or_refused(content: bytes, format: str | None) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "upload"
        path.write_bytes(content)
        try:
            rows = list(read(path, "greeting", format))
        except InputError:
            return
        assert rows and all(row.prompt.strip() and row.task for row in rows)


def test_a_missing_file_and_a_folder_without_a_dataset_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot read .*none.jsonl: No such file"):
        detect(tmp_path / "none.jsonl")
    with pytest.raises(InputError, match="a folder without a saved dataset"):
        list(read(tmp_path, "greeting"))
    with pytest.raises(InputError, match="cannot read"):
        list(read(tmp_path, "greeting", "csv"))
    (tmp_path / "dataset_info.json").write_text("{", encoding="utf-8")
    with pytest.raises(InputError, match="cannot read"):
        list(read(tmp_path, "greeting"))


def test_a_place_that_cannot_be_written_is_named_and_nothing_there_is_lost(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("x", encoding="utf-8")
    for name in FORMATS:
        with pytest.raises(InputError, match="cannot write"):
            write([ROW], tmp_path / "mine", name)
    assert (tmp_path / "mine" / "letter.txt").exists()
    assert [entry.name for entry in tmp_path.iterdir()] == ["mine"]


def test_reading_streams_so_that_a_late_mistake_loses_no_earlier_row(tmp_path: Path) -> None:
    path = tmp_path / "long.json"
    good = ",\n".join(json.dumps({"instruction": f"写{n}字", "output": "好" * 50}) for n in range(1, 3001))
    path.write_text(f"[\n{good},\n oops", encoding="utf-8")
    seen: list[str] = []
    with pytest.raises(InputError, match="line 3002: no valid JSON"):
        seen.extend(row.prompt for row in read(path, "greeting"))
    assert seen == [f"写{n}字" for n in range(1, 3001)]


@given(st.lists(st.dictionaries(st.text(max_size=5), st.text(max_size=30), max_size=3), max_size=6),
       st.sampled_from([None, 1, 4]), st.integers(1, 9))  # fmt: skip
def test_an_array_is_read_the_same_at_any_chunk_size(
    values: list[dict[str, str]], indent: int | None, size: int
) -> None:
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        path = Path(folder) / "array.json"
        path.write_text(json.dumps(values, indent=indent), encoding="utf-8")
        patch.setattr(files, "CHUNK", size)
        found = list(files.read_array(path))
        assert [located.record for located in found] == values
        if indent:
            lines = path.read_text(encoding="utf-8").split("\n")
            assert all(lines[located.line - 1].strip().startswith("{") for located in found)


def test_a_preview_shows_the_first_rows_and_the_first_problem(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text('{"prompt":"一"}\n{"prompt":"二"}\n{"prompt":""}\n', encoding="utf-8")
    seen = preview(path, "greeting")
    assert (seen.format, [row.prompt for row in seen.rows]) == ("prompt-completion", ["一", "二"])
    assert seen.problem is not None and "line 3" in str(seen.problem)
    assert preview(path, "greeting", limit=2).problem is None
    unknown = preview(tmp_path / "none", "greeting")
    assert (unknown.format, unknown.rows) == (None, ()) and unknown.problem is not None


def test_a_folder_of_several_splits_brings_them_all(tmp_path: Path) -> None:
    from datasets import Dataset, DatasetDict

    columns = {"instruction": ["一", "二"], "input": ["", "三"], "output": ["甲", "乙"]}
    saved = DatasetDict(
        train=Dataset.from_dict(columns), test=Dataset.from_list([{"prompt": "四", "completion": "丁"}])
    )
    saved.save_to_disk(tmp_path / "saved")
    assert detect(tmp_path / "saved") == "datasets"
    rows = list(read(tmp_path / "saved", "greeting", source="hub"))
    assert [(row.prompt, row.reference, row.source) for row in rows] == [
        ("一", "甲", "hub"), ("二\n三", "乙", "hub"), ("四", "丁", "hub"),
    ]  # fmt: skip
    assert write([ROW], tmp_path / "saved", "datasets") == 1  # takes the place of the old one
    assert [row.id for row in read(tmp_path / "saved", "x")] == ["r1"]
    assert [entry.name for entry in tmp_path.iterdir()] == ["saved"]


def test_a_record_of_a_dataset_that_cannot_be_used_is_named() -> None:
    from datasets import Dataset

    with pytest.raises(InputError, match="record 1: no known columns among: label, text"):
        list(from_dataset(Dataset.from_list([{"label": 1, "text": "a"}]), "greeting"))
    with pytest.raises(InputError, match="record 2: the field 'prompt'"):
        list(from_dataset(Dataset.from_list([{"prompt": "a"}, {"prompt": ""}]), "greeting"))
    ours = {"id": "a", "prompt": "写", "constraint": "{"}
    with pytest.raises(InputError, match="record 1: the constraint cannot be used"):
        list(from_dataset(Dataset.from_list([ours]), "greeting"))


def test_importing_the_formats_loads_no_datasets() -> None:
    import subprocess
    import sys

    script = "import sys, hesui.corpus.formats; sys.exit('datasets' in sys.modules or 'markdownify' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_a_write_that_is_broken_off_leaves_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"

    def broken_off() -> Iterator[Row]:
        yield from (replace(ROW, id=str(n)) for n in range(3))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write(broken_off(), path, "rows")
    assert list(tmp_path.iterdir()) == []


DOCS = Path(__file__).parents[2] / "docs" / "formats.md"
EXAMPLES = re.findall(r"^### (\S+)\n```(?:jsonl|json|csv)\n(.*?)^```", DOCS.read_text(encoding="utf-8"), re.S | re.M)


@pytest.mark.parametrize("name, example", EXAMPLES)
def test_the_examples_of_the_documentation_are_recognised_and_read(name: str, example: str, tmp_path: Path) -> None:
    path = tmp_path / "example"
    path.write_text(example, encoding="utf-8")
    assert detect(path) == name
    rows = list(read(path, "greeting"))
    assert [bool(row.constraint) for row in rows] == [True, False]
    assert rows[1].prompt == "给老师拜年"
    assert rows[1].reference == "老师，新年好！"


def test_the_documentation_shows_every_format() -> None:
    assert [name for name, _ in EXAMPLES] == TEXT_FORMATS
