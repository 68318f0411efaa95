"""Ten thousand broken files: each is reported, none raises, and good rows between bad ones arrive, once."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from io import RawIOBase
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hesui.corpus.classes import load_classes
from hesui.corpus.formats import FORMATS, tolerant
from hesui.errors import HesuiError
from hesui.review.imported import Plan
from hesui.review.importing import BadRow, import_file, preview, read_candidates
from hesui.review.items import asked_label, asked_row
from hesui.settings import Settings
from hesui.store.queueing import ReviewQueue
from hesui.store.reviewing import Item

FILES = 10_000
LONG = 5_000  # characters that are too long for a line here, so that the files stay small
SETTINGS = Settings()
CLASSES = load_classes(SETTINGS)
PLANS = [
    Plan(task, CLASSES, SETTINGS, "fuzz", format=format, gold=gold)
    for task in ("letter", "greeting", "coreference")
    for format in (None, None, None, *(name for name, one in FORMATS.items() if one.suffix))
    for gold in (False, True)
]
OPEN = [plan for plan in PLANS if plan.format is None and not plan.gold]  # under which most rows are good
ANSWERS, LABELS = PLANS[0], next(plan for plan in PLANS if plan.task == "coreference")

ASK = "给老师拜年"  # states no demand, which is quickly read
USER, TOLD = {"role": "user", "content": ASK}, {"role": "assistant", "content": "新年好。"}
RECORDS: list[Any] = [
    {"prompt": "写50字", "completion": "新年好。"},
    {"prompt": [USER], "completion": [TOLD], "class": "letter"},
    {"messages": [{"role": "system", "content": "你是管家"}, USER, TOLD]},
    {"prompt": [USER], "chosen": [TOLD], "rejected": [TOLD | {"content": "恭喜。"}], "label": True},
    {"prompt": ASK, "chosen": "新年好。", "rejected": "恭喜。"},
    {"instruction": ASK, "input": "给奶奶", "output": "新年好。", "system": "你是管家", "history": [["在吗", "在"]]},
    {"conversations": [{"from": "human", "value": ASK}, {"from": "gpt", "value": "新年好。"}], "system": "你是管家"},
    {"conversations": [{"from": "human", "value": ASK}], "chosen": {"from": "gpt", "value": "新年好。"}, "kto_tag": True},
    [[{"prompt": "在吗", "response": [["在"]]}, {"prompt": ASK, "response": [["新年好。", "恭喜。"]]}]],
    {"id": "r1", "class": "letter", "prompt": ASK, "reference": "新年好。", "family": "f", "source": "s", "licence": "l",
     "hand_set": True, "history": [{"role": "user", "content": "在吗"}, {"role": "assistant", "content": "在"}],
     "constraint": {"op": "eq", "target": 50, "unit": "char", "scope": "whole", "count_rule": "han", "span": [3, 6],
                    "extra": [{"op": "range", "min": 1, "max": 2, "unit": "sentence", "span": [0, 1]}]}},
    {"id": "a1", "class": "coreference", "text": "它呢？", "context": [{"speaker": "甲", "text": "新版出来了"}],
     "speaker": "乙", "source": "s", "suggestion": {"label": "yes", "clues": ["它"], "reasoning": "r", "teacher": "t"}},
    {"question": "那个呢？", "label": "no"},
]  # fmt: skip
JUNK: list[Any] = [
    None, True, 0, -1, 10**30, 1.5, float("nan"), "", " ", "\0", "\u200b", "<b>&#0;</b>", "x" * 20_001, "eq", "system",
    "/etc/passwd", "=1+1", [], [[]], [None], ["a", 1], {}, {"a": {}}, {"role": "user", "content": "x"}, [["a", "b"]],
]  # fmt: skip
BROKEN_LINES = [
    b"oops", b"{", b"}", b"[", b"]", b"{}", b'{"prompt": ', b'{"prompt": "\xff"}', b'{"prompt": "\xed\xa0\x80"}', b"\0",
    b'{"prompt": "a\0b", "completion": "c"}', b'{"prompt": "\\ud800"}', b'{"prompt": "\\u0000"}', b'{"prompt": "a\\u0000", "completion": "b\\u0000"}', b'{"a": NaN, "a": -Infinity}',
    b'{"prompt": ' + b"9" * 4400 + b"}", b"[" * 3000, b'{"constraint":' * 300, b'{"x":"' + b"x" * LONG + b'"}', b"null",
    b'"text"', b"{'prompt': 'python'}", b'{"prompt": "a",}', b"// comment", b"\xef\xbb\xbf", b"\x1b[31m", b"{}{}", b"\xe5\xb9",
]  # fmt: skip
ENCODINGS = ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "gbk", "gb18030", "big5", "shift_jis", "latin-1", "cp1252"]


class File(NamedTuple):
    """A broken file, how it is imported, and the answers that must arrive nevertheless."""

    content: bytes
    plan: Plan
    good: tuple[str, ...] = ()


class Bench:
    """Imports file after file and looks at what comes."""

    def __init__(self, folder: Path, stream: RawIOBase) -> None:
        self.files = 0
        self.items = 0
        self.bad = 0
        self._stream = stream  # to the one file that is written over and over: making ten thousand takes longer
        self._path = folder / "upload"
        self._rejected = folder / "rejected.jsonl"

    def take(self, file: File) -> None:
        """Import `file` twice, and now and then look at its preview."""
        self.files += 1
        self._stream.seek(0)
        self._stream.write(file.content)
        self._stream.truncate()
        rows = list(read_candidates(self._path, file.plan))
        assert rows, file
        items = [row for row in rows if isinstance(row, Item)]
        for row in rows:
            (require_storable if isinstance(row, Item) else require_readable)(row)
        texts = [item.text for item in items]
        assert [text for text in texts if text in file.good] == list(file.good), (file, rows)
        self._again(file, {item.id for item in items}, len(items), len(rows) - len(items))

    def _again(self, file: File, known: set[str], good: int, bad: int) -> None:
        self.items += good
        self.bad += bad
        rejected = self._rejected if self.files % 20 == 0 else None
        again = import_file(
            lambda batch: sum(item.id not in known for item in batch),
            read_candidates(self._path, file.plan),
            rejected,
        )
        assert (again.good, again.new, again.bad) == (good, 0, bad), file
        if again.rejected:
            assert len(self._rejected.read_text(encoding="utf-8").split("\n")) == bad + 1
            seen = preview(self._path, file.plan)
            assert (len(seen.items), len(seen.bad)) == (min(good, 5), min(bad, 5))


def require_storable(item: Item) -> None:
    """Raise AssertionError where a database or a page could not take the item."""
    said = [item.text, item.row, item.suggestion, item.source, item.gold]
    json.dumps(said, ensure_ascii=False, allow_nan=False).encode()
    assert "\0" not in "".join(leaves(said))
    assert item.text.strip() and len(item.text) <= 20_000 and len(item.id) <= 40 and len(item.source) <= 200
    asked = asked_row(item).prompt if item.kind == "answer" else asked_label(item).text
    assert asked.strip()
    assert item.task in CLASSES and CLASSES[item.task].kind == item.kind


def leaves(value: Any) -> Iterator[str]:
    """Every text within a JSON value, names included."""
    if isinstance(value, dict):
        value = [*value, *value.values()]
    for inner in value if isinstance(value, list) else []:
        yield from leaves(inner)
    if isinstance(value, str):
        yield value


def require_readable(row: BadRow) -> None:
    """Raise AssertionError where the report of a bad row could not be shown."""
    assert row.line >= 0 and isinstance(row.reason, HesuiError) and row.reason.key != "error.unknown"
    assert row.found.isprintable() and len(row.found) <= 201
    told = str(row.reason)
    assert told and told.isprintable() and len(told) <= 601


def encoded(record: Any) -> bytes:
    return json.dumps(record, ensure_ascii=False).encode("utf-8", "surrogatepass")


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every field within a JSON value."""
    yield path
    for key in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield from places(value[key], (*path, key))


def swapped(record: Any, path: tuple[Any, ...], junk: Any) -> Any:
    """`record` with something else in one of its fields."""
    if not path:
        return junk
    changed = copy.deepcopy(record)
    inner = changed
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = junk
    return changed


def swapped_types() -> Iterator[File]:
    """Every field of every format with each kind of junk in it, between two good rows; a file holds several."""
    for record in RECORDS:
        plan = LABELS if "text" in record or "question" in record else ANSWERS
        for path in places(record):
            good = ("好一", "好二")
            first, last = ({"prompt": ASK, "completion": text, "class": "letter"} for text in good)
            for start in range(0, len(JUNK), 5):
                between = [swapped(record, path, junk) for junk in JUNK[start : start + 5]]
                yield File(b"\n".join(map(encoded, [first, *between, last])), plan, good)
            yield File(json.dumps([first, swapped(record, path, JUNK[len(path)]), last]).encode(), plan, good)


def answers(random: Random, count: int) -> tuple[str, ...]:
    return tuple(f"好{random.randrange(10**6)}" for _ in range(count))


def broken_lines(random: Random) -> File:
    """JSON Lines with good rows among bad ones."""
    good = answers(random, 3)
    lines = [encoded({"prompt": ASK, "completion": text}) for text in good]
    for _ in range(random.randint(1, 4)):
        lines.insert(random.randint(0, len(lines)), junk_line(random))
    # What a file begins with says how it is written: only an object says so without a doubt.
    if not lines[0].startswith(b"{"):
        lines.insert(0, b"{")
    return File(random.choice([b"\n", b"\r\n", b"\n\n"]).join(lines), ANSWERS, good)


def junk_line(random: Random) -> bytes:
    if random.random() < 0.5:
        return random.choice(BROKEN_LINES)
    line = bytearray(encoded(random.choice(RECORDS)))
    for _ in range(random.randint(1, 3)):
        line[random.randrange(len(line))] = random.choice(b'\0\x7f\xff"{}[],:\\ \t09aZ')
    return bytes(line[: random.randint(1, len(line))])


def cut_array(random: Random) -> File:
    """An array that ends somewhere: what is whole before the cut arrives."""
    good = answers(random, 4)
    indent = random.choice([None, 0, 2])
    elements = [json.dumps({"instruction": ASK, "output": text}, ensure_ascii=False, indent=indent) for text in good]
    content = random.choice(["[", "[\n", " [ "]) + random.choice([",", ",\n", " , "]).join(elements)
    cut = random.randint(1, len(content))
    whole = tuple(text for text, element in zip(good, elements, strict=True) if element in content[:cut])
    return File(content[:cut].encode(), ANSWERS, whole)


def broken_elements(random: Random) -> File:
    """An array with elements whose brackets match and whose inside is broken."""
    good = answers(random, 3)
    elements = [encoded({"prompt": ASK, "completion": text}) for text in good]
    broken = [
        b'{"a" 1}',
        b"",
        b"nope",
        b"5",
        b'"[{"',
        b"{}{}",
        b'{"a": "\xff"}',
        b'{"a": "\\udc00"}',
        b"[[]]",
        b"{,}",
        b'"\0"',
    ]
    for _ in range(random.randint(1, 3)):
        elements.insert(random.randint(1, len(elements) - 1), random.choice(broken))
    return File(b"[" + random.choice([b",", b",\n", b"\n,\n"]).join(elements) + b"]", ANSWERS, good)


def broken_table(random: Random) -> File:
    """A table with bad lines between good ones; one of them may have a quote that does not close."""
    good = answers(random, 4)
    mark = random.choice([",", ";", "\t"])
    lines = [mark.join([ASK, text]).encode() for text in good]
    bad = [
        b"x",
        mark.join("abc").encode(),
        b"\0" + mark.encode() + b"x",
        b"\xff" + mark.encode() + b"x",
        b"'" + b"x" * LONG,
    ]
    for _ in range(random.randint(0, 3)):
        lines.insert(random.randint(0, len(lines)), random.choice(bad))
    quoted = [
        '"' + mark.join("ab"),
        f'a{mark}"b',
        f'"a"b{mark}c',
        f'a{mark}"' + "b" * 140_000 * (random.random() < 0.02),
    ]
    lines.insert(random.randint(0, len(lines)), random.choice(quoted).encode())
    header = random.choice(["提示词{}答案", "\ufeffprompt{}completion", '"Prompt"{}"Answer"']).format(mark).encode()
    return File(random.choice([b"\n", b"\r\n"]).join([header, *lines]), ANSWERS, good)


def mangled(random: Random) -> File:
    """A good file in any format of which bytes are changed, doubled, moved or lost, or its encoding is another."""
    records = [random.choice(RECORDS) for _ in range(random.randint(1, 4))]
    text = random.choice(
        [
            lambda: "\n".join(json.dumps(record, ensure_ascii=random.random() < 0.5) for record in records),
            lambda: json.dumps(records, ensure_ascii=False, indent=random.choice([None, 1])),
            lambda: f'提示词,答案,类别,id,text,label\n{ASK},甲,letter,1,它,yes\n{ASK},"乙\n丙",,2,那个,no\n',
        ]
    )()
    plan = random.choice(random.choice([PLANS, OPEN]))
    if random.random() < 0.15:
        return File(text.encode(random.choice(ENCODINGS), "replace"), plan)
    content = bytearray(text.encode())
    for _ in range(random.randint(1, 6)):
        at, to = sorted(random.randrange(len(content) + 1) for _ in range(2))
        match random.randrange(5):
            case 0 if content:
                content[at % len(content)] = random.randrange(256)
            case 1:
                del content[at : min(to, at + 30)]
            case 2:
                content[at:at] = content[at : min(to, at + 60)]
            case 3:
                content[at:at] = random.choice([*BROKEN_LINES, b"\n", b'"', b",", b"\\", b"\r", b"\xef\xbb\xbf"])
            case _:
                content = content[: max(at, 1)] if random.random() < 0.2 else content
    return File(bytes(content), plan)


def noise(random: Random) -> File:
    """No file at all: bytes, with or without the beginning of something."""
    start = random.choice(
        [b"", b"{", b"[", b"PK\x03\x04", b"\xff\xfe", b"prompt,completion\n", b"\x1f\x8b", b'[{"prompt":"']
    )
    kind = random.choice([bytes(range(256)), b'{}[]",:\n\\ ', b"\0", b"\n", b'ab,"\n'])
    return File(start + bytes(random.choices(kind, k=random.randint(0, 300))), random.choice(PLANS))


VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.sampled_from([ASK, "yes"])),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(
                sorted(
                    {step for record in RECORDS for path in places(record) for step in path if isinstance(step, str)}
                )
            ),
            inner,
            max_size=5,
        ),
    ),
    max_leaves=10,
)
DRAWN = st.one_of(
    st.lists(VALUES, min_size=1, max_size=3).map(lambda values: b"\n".join(map(encoded, values))),
    st.lists(VALUES, max_size=3).map(encoded),
    st.binary(max_size=60),
    st.text(st.sampled_from('"\n\r,;\t提示词答案x='), max_size=40).map(lambda text: f"提示词,答案\n{text}".encode()),
)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with (tmp_path / "upload").open("wb", buffering=0) as stream:
        yield Bench(tmp_path, stream)


def test_of_ten_thousand_broken_files_each_is_reported_and_no_good_row_is_lost(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tolerant, "LONGEST", LONG)
    for file in swapped_types():
        bench.take(file)
    swaps = bench.files

    @given(DRAWN, st.sampled_from(PLANS))
    @settings(max_examples=500, database=None)
    def draw(content: bytes, plan: Plan) -> None:
        bench.take(File(content, plan))

    draw()
    random = Random(20261124)
    makers = [broken_lines, cut_array, broken_elements, broken_table, mangled, mangled, noise]
    while bench.files < FILES:
        bench.take(makers[bench.files % len(makers)](random))
    assert swaps > 800 and bench.files == FILES
    assert bench.items > FILES and bench.bad > FILES  # neither everything nor nothing was refused


def test_every_item_of_a_hostile_file_can_be_stored(tmp_path: Path, database: Any) -> None:
    path = tmp_path / "upload"
    path.write_bytes(b"\n".join(file.content for file in swapped_types() if not file.content.startswith(b"[")))
    queue = ReviewQueue(database)
    for plan in (ANSWERS, LABELS):
        report = import_file(queue.add, read_candidates(path, plan))
        assert report.good > 800
        assert import_file(queue.add, read_candidates(path, plan)).new == 0
