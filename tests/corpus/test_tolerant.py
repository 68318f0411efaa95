"""A file is read record by record: a bad one is told with its line, and the next one is read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hesui.corpus.formats import files, read, tolerant
from hesui.corpus.formats.tolerant import (
    LONGEST,
    SHOWN,
    BadRecord,
    Columns,
    Layout,
    Record,
    header_of,
    layout_of,
    printable,
    read_records,
)
from hesui.errors import InputError

COLUMNS = Columns({"prompt": ("prompt", "提示词"), "completion": ("completion", "答案")}, required=("prompt",))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "file"


def told(path: Path, content: str | bytes, layout: Layout | None = None) -> list[tuple[int, object]]:
    """Each record's line with its value, or with the key of its reason."""
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return [
        (record.line, record.value if isinstance(record, Record) else record.reason.key)
        for record in read_records(path, COLUMNS, layout)
    ]


def bad(path: Path, content: str | bytes) -> list[BadRecord]:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return [record for record in read_records(path, COLUMNS) if isinstance(record, BadRecord)]


BROKEN_LINES = {
    "cut": (b'{"a": ', "json_broken"),
    "prose": (b"oops", "json_broken"),
    "two on a line": (b"{} {}", "json_broken"),
    "not UTF-8": ('{"a": "年"}'.encode("gbk"), "record_encoding"),
    "a lone surrogate in bytes": (b'{"a": "\xed\xa0\x80"}', "record_encoding"),
    "half of a character": (b'{"a": "\\ud83d"}', "half_character"),
    "half of a character in a name": (b'{"\\uDC00": 1}', "half_character"),
    "NUL": (b'{"a": "\0"}', "json_broken"),
    "a huge number": (b'{"a": ' + b"9" * 5000 + b"}", "json_broken"),
    "nested too deeply": (b'{"a": ' + b"[" * 100_000, "json_broken"),
    "a huge line": (b'{"a": "' + b"x" * LONGEST + b'"}', "record_long"),
}


@pytest.mark.parametrize("line, key", BROKEN_LINES.values(), ids=BROKEN_LINES)
def test_a_broken_line_costs_no_other(line: bytes, key: str, path: Path) -> None:
    content = b'{"n": 1}\n' + line + b'\r\n\n{"n": 2}\n' + line + b'\n{"n": 3}'
    assert told(path, content) == [
        (1, {"n": 1}), (2, f"error.{key}"), (4, {"n": 2}), (5, f"error.{key}"), (6, {"n": 3}),
    ]  # fmt: skip


@pytest.mark.parametrize("line, key", BROKEN_LINES.values(), ids=BROKEN_LINES)
def test_a_file_may_begin_with_a_broken_line(line: bytes, key: str, path: Path) -> None:
    if not line.startswith(b"{"):
        line = b"{" + line
    assert told(path, line + b'\n{"n": 1}\n')[-1] == (2, {"n": 1})


def test_prose_before_the_first_line_of_json_is_one_bad_record(path: Path) -> None:
    assert told(path, 'exported on Monday\n{"n": 1}\n[2]\n') == [(1, "error.json_broken"), (2, {"n": 1}), (3, [2])]


def test_what_json_allows_or_python_takes_is_no_mistake(path: Path) -> None:
    content = '\ufeff{"a": NaN, "a": 1}\n\ufeff{"a": "\\ud83d\\ude00"}\r{"a": "\u2028"}\n'
    assert told(path, content) == [(1, {"a": 1}), (2, {"a": "😀"}), (3, {"a": "\u2028"})]


ARRAYS = {
    "whole": ('[{"n": 1}, {"n": 2}]', [(1, {"n": 1}), (1, {"n": 2})]),
    "on lines": ('[\n  {\n    "n": 1\n  },\n\n  {"n": 2}\n]\n', [(2, {"n": 1}), (6, {"n": 2})]),
    "comma at the end": ('[{"n": 1},]', [(1, {"n": 1})]),
    "brackets in texts": ('[{"n": "]},\\"["}, {"n": 2}]', [(1, {"n": ']},"['}), (1, {"n": 2})]),
    "a broken element": ('[{"n": 1},\n{"n" 5},\n{"n": 2}]', [(1, {"n": 1}), (2, "error.json_broken"), (3, {"n": 2})]),
    "a missing comma": ('[{"n": 1} {"n": 5},\n{"n": 2}]', [(1, "error.json_broken"), (2, {"n": 2})]),
    "nothing between commas": ('[{"n": 1},,{"n": 2}]', [(1, {"n": 1}), (1, "error.json_broken"), (1, {"n": 2})]),
    "other values": ('["a", 1, null, {"n": 2}]', [(1, "a"), (1, 1), (1, None), (1, {"n": 2})]),
    "a stray bracket": ('[{"n": 1}}, {"n": 2}]', [(1, "error.json_broken"), (1, {"n": 2})]),
    "half of a character": ('[{"n": "\\udead"}, {"n": 2}]', [(1, "error.half_character"), (1, {"n": 2})]),
    "a huge number": (f'[{"9" * 5000}, {{"n": 2}}]', [(1, "error.json_broken"), (1, {"n": 2})]),
    "deep": (f'[{"[" * 100_000}{"]" * 100_000}, {{"n": 2}}]', [(1, "error.json_broken"), (1, {"n": 2})]),
    "not closed": ('[{"n": 1},\n{"n": 2}\n', [(1, {"n": 1}), (2, {"n": 2}), (3, "error.json_broken")]),
    "cut after a comma": ('[{"n": 1},\n', [(1, {"n": 1}), (2, "error.json_broken")]),
    "cut in an element": ('[{"n": 1},\n{"n": "]', [(1, {"n": 1}), (2, "error.json_broken")]),
    "a brace too few": ('[{"n": 1},\n{"n": 2, {"n": 3}]', [(1, {"n": 1}), (2, "error.json_broken")]),
    "goes on": ('[{"n": 1}]\n[{"n": 2}]', [(1, {"n": 1}), (2, "error.json_broken")]),
    "empty": ("[\n]", [(0, "error.file_empty")]),
}  # fmt: skip


@pytest.mark.parametrize("size", [files.CHUNK, 1, 7])
@pytest.mark.parametrize("content, found", ARRAYS.values(), ids=ARRAYS)
def test_an_array_is_read_until_its_brackets_break(
    content: str, found: list[tuple[int, object]], size: int, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "CHUNK", size)
    assert told(path, content) == found


def test_an_element_that_is_not_utf8_costs_no_other(path: Path) -> None:
    content = b'[{"n": 1}, {"n": "' + "年".encode("gbk") + b'"},\n{"n": 2}]'
    assert told(path, content) == [(1, {"n": 1}), (1, "error.record_encoding"), (2, {"n": 2})]


def test_of_a_huge_element_only_the_beginning_is_kept(path: Path) -> None:
    long = ",\n".join(["9" * 60] * (LONGEST // 40))
    content = f'[{{"n": 1}},\n [{long}], {{"n": 2}}]'
    assert told(path, content) == [(1, {"n": 1}), (2, "error.record_long"), (content.count("\n") + 1, {"n": 2})]
    with path.open(encoding="utf-8") as stream:
        kept = [len(element.text) for element in files.elements(stream, path, LONGEST)]
    assert kept[1] == files.BEGINNING


TABLES = {
    "too many cells": ("三,四,五", "table_cells"),
    "too few cells": ("三", "table_cells"),
    "a quote that does not close": ('"三,四', "table_broken"),
    "a quote that closes early": ('三,"四"五', "table_broken"),
    "a huge cell": ("三," + "四" * 200_000, "table_broken"),
    "a huge line": ("三," + "四" * LONGEST, "record_long"),
    "NUL": ("三,\0", "record_nul"),
    "not UTF-8": ("三,四".encode("gbk"), "record_encoding"),
}


@pytest.mark.parametrize("line, key", TABLES.values(), ids=TABLES)
def test_a_broken_line_of_a_table_costs_no_other(line: str | bytes, key: str, path: Path) -> None:
    raw = line if isinstance(line, bytes) else line.encode()
    content = "提示词,答案\n一,甲\n".encode() + raw + '\n\n二,"乙\n丙"\n'.encode() + raw + "\n三,丁\n".encode()
    one, two, three = ({"prompt": a, "completion": b} for a, b in [("一", "甲"), ("二", "乙\n丙"), ("三", "丁")])
    assert told(path, content) == [(2, one), (3, f"error.{key}"), (5, two), (7, f"error.{key}"), (8, three)]


def test_an_open_quote_does_not_take_the_rest_of_a_table(path: Path) -> None:
    lines = [f"问{n},答{n}" for n in range(3000)]
    lines[7] = '"' + lines[7]
    found = told(path, "提示词,答案\n" + "\n".join(lines))
    assert [line for line, value in found if isinstance(value, str)] == [9]
    assert len(found) == 3000


def test_a_table_full_of_open_quotes_is_read_in_one_go(path: Path) -> None:
    found = told(path, "提示词,答案\n" + '"问,答\n' * 5000)
    assert {value for _, value in found} == {"error.table_broken"}
    assert [line for line, _ in found] == list(range(2, 5002))


def test_quotes_that_pair_by_accident_cost_no_line_between_them(path: Path) -> None:
    found = told(path, '提示词,答案\n"一,甲\n二,乙\n三,丙\n四"\n五,丁\n')
    assert [(line, type(value)) for line, value in found] == [(2, str), (3, dict), (4, dict), (5, str), (6, dict)]


def test_a_table_that_wants_to_be_read_again_and_again_is_not(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tolerant, "LONGEST", 2000)
    read_line, calls = tolerant._Lines.__next__, [0]

    def counted(lines: tolerant._Lines) -> str:
        calls[0] += 1
        return read_line(lines)

    monkeypatch.setattr(tolerant._Lines, "__next__", counted)
    # Each line leaves a quote open, whether it is read from the start of a row or from inside a quote.
    found = told(path, "提示词,答案\n一,二\n" + 'x",y,"\n' * 3000)
    assert {value for _, value in found[1:]} == {"error.table_broken"}
    assert 3000 < calls[0] < (tolerant.PATIENCE + 2) * 3000


def test_a_person_says_which_column_means_what(path: Path) -> None:
    path.write_text("提示词;写什么;写成了\n不要;写50字;好\n", encoding="utf-8")
    chosen = COLUMNS.chosen({"prompt": " 写什么 ", "completion": "写成了"})
    (record,) = read_records(path, chosen)
    assert isinstance(record, Record) and record.value == {"prompt": "写50字", "completion": "好"}
    assert header_of(path, COLUMNS) == ["提示词", "写什么", "写成了"]


def test_a_column_that_is_chosen_means_nothing_else(path: Path) -> None:
    path.write_text("prompt,提示词\n甲,乙\n", encoding="utf-8")
    (record,) = read_records(path, COLUMNS.chosen({"completion": "Prompt"}))
    assert isinstance(record, Record) and record.value == {"prompt": "乙", "completion": "甲"}


def test_a_chosen_column_must_be_there_and_be_one_of_ours(path: Path) -> None:
    path.write_text("提示词,答案\n甲,乙\n", encoding="utf-8")
    (problem,) = read_records(path, COLUMNS.chosen({"completion": "回答"}))
    assert isinstance(problem, BadRecord) and "no column 'completion' among: 提示词, 答案" in str(problem.reason)
    with pytest.raises(InputError, match="unknown column 'text'; there are: prompt, completion"):
        COLUMNS.chosen({"text": "提示词"})


WHOLE_FILES: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "file_empty"),
    "blank": ("\ufeff \n\u3000\n".encode(), "file_empty"),
    "UTF-16": ("提示词,答案\n一,二\n".encode("utf-16"), "file_encoding"),
    "UTF-32": ('{"a": 1}\n'.encode("utf-32"), "file_encoding"),
    "UTF-16 without a mark": ("prompt,completion\na,b\n".encode("utf-16-le"), "file_binary"),
    "GBK": ("提示词,答案\n一,二\n".encode("gbk"), "file_encoding"),
    "a spreadsheet": (b"PK\x03\x04\x14\0\x06\0 [Content_Types].xml", "file_binary"),
    "an old spreadsheet": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500), "file_binary"),
    "a picture": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "file_binary"),
    "any bytes": (bytes(range(256)) * 20, "file_binary"),
    "no such columns": (b"a,b\n1,2\n", "column_missing"),
    "prose": ("从前有座山\n山里有座庙\n".encode(), "column_missing"),
    "only a header": ("提示词,答案\n".encode(), "file_empty"),
}


@pytest.mark.parametrize("content, key", WHOLE_FILES.values(), ids=WHOLE_FILES)
def test_a_file_that_is_no_such_file_is_one_report(content: bytes, key: str, path: Path) -> None:
    assert told(path, content) == [(0, f"error.{key}")]


def test_a_missing_file_and_a_folder_are_one_report(path: Path) -> None:
    for place in (path, path.parent):
        (problem,) = read_records(place, COLUMNS)
        assert isinstance(problem, BadRecord) and problem.reason.key == "error.file_unreadable"


LAYOUTS: dict[str, tuple[str, Layout]] = {
    "objects": ('{"prompt": "a"}\n', "lines"),
    "an array": ('[{"prompt": "a"}, {"prompt": "b"}]', "array"),
    "an array of arrays": ('[\n[{"prompt": "a", "response": [["b"]]}]\n]', "array"),
    "an array of arrays, begun on the first line": ('[[{"prompt": "a"}],\n[{"prompt": "a"}]\n]', "array"),
    "qianfan": ('[{"prompt": "a", "response": [["b"]]}]\n', "lines"),
    "qianfan without answers": ('[{"prompt": "a"}]\n[{"prompt": "b"}]\n', "lines"),
    "qianfan with a broken first line": ('[{"prompt": "a"\n[{"prompt": "b", "response": [["c"]]}]\n', "lines"),
    "an array that begins a file of lines": ('["a"]\n{"prompt": "a"}\n', "lines"),
    "two arrays": ('[{"instruction": "a"}]\n[{"instruction": "b"}]\n', "array"),
    "objects behind a name of ours": ('prompt, completion\n{"prompt": "a"}\n', "lines"),
    "nested brackets": ("[" * 500 + "]" * 500, "array"),
    "a table": ("答案,提示词\n[1],{2}\n", "table"),
}


@pytest.mark.parametrize("content, layout", LAYOUTS.values(), ids=LAYOUTS)
def test_how_a_file_is_written_is_found_by_its_content(content: str, layout: Layout, path: Path) -> None:
    path.write_text(content, encoding="utf-8")
    assert layout_of(path, COLUMNS) == layout


def test_a_report_shows_the_beginning_of_what_came_without_what_cannot_be_seen(path: Path) -> None:
    (long,) = bad(path, '{"a": "' + "字" * 500)
    assert long.found == '{"a": "' + "字" * (SHOWN - 7) + "…"
    (hidden,) = bad(path, b'{"\x1b[31m\xff\xe2\x80\xae')
    assert hidden.found == '{"\\x1b[31m\\xff\\u202e'
    assert printable("\ud800" + "\0" * 500).startswith("\\ud800\\x00")
    assert len(printable("\0" * 500)) == SHOWN + 1


def test_the_strict_reader_names_the_line_of_what_is_nested_too_deeply(path: Path) -> None:
    path.write_text("[" * 400 + "]" * 400, encoding="utf-8")
    with pytest.raises(InputError, match="line 1: a record of no known format"):
        list(read(path, "greeting"))
    constraint = '{"op": "eq", "target": 1, "extra": [' * 600 + "]}" * 600
    path.write_text(f'{{"prompt": "a", "constraint": {constraint}}}', encoding="utf-8")
    with pytest.raises(InputError, match="line 1: no valid JSON: nested too deeply"):
        list(read(path, "greeting", "rows"))


def test_reading_streams(path: Path) -> None:
    path.write_text("".join(json.dumps({"n": n}) + "\n" for n in range(10)) + "oops", encoding="utf-8")
    records = read_records(path, COLUMNS)
    assert next(records).line == 1
    path.unlink()
    assert [record.line for record in records] == list(range(2, 12))
