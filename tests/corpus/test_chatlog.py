"""A chat log becomes questions with context, and nobody is named."""

from __future__ import annotations

import json
import time
import tracemalloc
from itertools import islice, pairwise
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hesui.corpus.chatlog import (
    ChatMessage,
    ChatSummary,
    LabelItem,
    Pseudonyms,
    Remark,
    is_question,
    join,
    label_from_record,
    label_record,
    parse_time,
    read_chat,
    read_messages,
)
from hesui.errors import InputError

SALT = b"fixed for the tests"


def log(path: Path, *lines: tuple[str, object, str]) -> Path:
    records = (dict(zip(("speaker", "time", "text"), line, strict=True)) for line in lines)
    path.write_text("".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "text",
    [
        "这个模型需要多大显存？",
        "这个怎么安装",
        "请问有没有中文文档",
        "它支持量化吗",
        "那它能不能跑在手机上。",
        "求助，训练到一半就断了",
        "哪个版本比较稳定",
        "需要几张卡",
        "这样写对不对",
        "你们都是用什么部署的呀",
        "为什么 loss 不下降",
        "装好了\n但是它启动不了，为啥呀",
        "报错了，各位知道原因么",
        "How do I install it",
        "hi, can you share the config",
        "what is the license of this repo",
        "Does anyone use it on Windows",
        "is it possible to run this on CPU",
        "Any idea how to fix it",
        "I am wondering whether it works offline",
        "It crashed. Why?",
        "@用户A3F2 它用的是哪个分词器",
    ],
)
def test_a_question_is_kept(text: str) -> None:
    assert is_question(text)


@pytest.mark.parametrize(
    "text",
    [
        "啥？", "？", "???", "在吗", "什么?", "why?", "huh?", "[疑问]？", "@小王 ？", "",
        "我装好了，谢谢大家",
        "没什么问题，已经解决了",
        "无论如何先升级到最新版",
        "几乎所有模型都支持",
        "我试了好几次，终于成功",
        "这么写就可以了",
        "哪怕慢一点也行",
        "文档在 https://example.com/wiki?page=install 里",
        "When I ran it, it worked.",
        "I know what you mean",
        "Have a look at the readme",
        "Do it again and restart",
        "OK, thanks everybody",
    ],
)  # fmt: skip
def test_a_statement_or_a_bare_huh_is_dropped(text: str) -> None:
    assert not is_question(text)


def test_messages_in_a_row_are_joined_within_the_window() -> None:
    messages = [
        ChatMessage("甲", 0, "各位"),
        ChatMessage("甲", 18, "请教一下"),
        ChatMessage("甲", 36, "怎么装"),  # 18 s after the one before, 36 s after the first
        ChatMessage("甲", 54.5, "隔了太久"),
        ChatMessage("乙", 55, "插话"),
        ChatMessage("甲", 56, "再说"),
    ]
    assert [(u.speaker, u.time, u.text) for u in join(messages, 18)] == [
        ("甲", 0, "各位\n请教一下\n怎么装"), ("甲", 54.5, "隔了太久"), ("乙", 55, "插话"), ("甲", 56, "再说"),
    ]  # fmt: skip


@given(
    st.lists(
        st.builds(ChatMessage, st.sampled_from("甲乙"), st.integers(0, 60), st.text("abc", min_size=1)), max_size=12
    )
)
def test_joining_loses_no_text_and_a_conversation_never_goes_back_in_time(messages: list[ChatMessage]) -> None:
    joined = list(join(messages, 10))
    assert "\n".join(u.text for u in joined) == "\n".join(m.text for m in messages)
    assert sum(later.conversation - earlier.conversation for earlier, later in pairwise(joined)) == (
        sum(later.time < earlier.time for earlier, later in pairwise(messages))
    )
    for earlier, later in pairwise(joined):
        assert later.conversation > earlier.conversation or later.time >= earlier.time


def test_a_question_comes_with_what_was_said_before_it(tmp_path: Path) -> None:
    path = log(
        tmp_path / "log.jsonl",
        ("张三", 1000, "大家好"),
        ("李四", 1100, "我刚发了新版本"),
        ("张三", 1200, "@李四 它怎么安装"),
        ("张三", 1210, "有文档吗"),
        ("李四", 1300, "见主页"),
        ("王五", 500, "它支持量化吗"),  # the time goes back: a new conversation
    )
    reader = read_chat(path, salt=SALT, context_turns=2, source="群聊", licence="CC0-1.0")
    first, second = reader
    names = Pseudonyms([], SALT)
    zhang, li = names.of("张三"), names.of("李四")
    assert first.text == f"@{li} 它怎么安装\n有文档吗"
    assert first.context == (Remark(zhang, "大家好"), Remark(li, "我刚发了新版本"))
    assert (first.task, first.source, first.licence, first.speaker) == ("coreference", "群聊", "CC0-1.0", zhang)
    assert (second.text, second.context) == ("它支持量化吗", ())
    assert reader.summary == ChatSummary(messages=6, joined=5, questions=2, speakers=3)


def test_nobody_is_named_and_everybody_keeps_one_name(tmp_path: Path) -> None:
    people = ["张三", "小王", "小王子", "Al", "Alice", "O'Neil (dev)", "a.b"]
    lines = [(people[0], n, f"请问@{name}在线吗，@{name} 怎么看？") for n, name in enumerate(people)]
    lines += [(name, 100 + 50 * n, f"{n} 这个怎么用呢") for n, name in enumerate(people)]
    path = log(tmp_path / "log.jsonl", *lines)
    items = list(read_chat(path, window=0, salt=SALT))
    written = json.dumps([label_record(item) for item in items], ensure_ascii=False)
    names = Pseudonyms(people, SALT)
    assert not [name for name in people if f"@{name}" in written or f'"{name}"' in written]
    for item, name in zip(items, people, strict=False):
        assert item.text == f"请问@{names.of(name)}在线吗，@{names.of(name)} 怎么看？"
    assert len({item.speaker for item in items[len(people):]}) == len(people)  # fmt: skip


def test_pseudonyms_differ_between_imports_but_ids_do_not(tmp_path: Path) -> None:
    path = log(
        tmp_path / "log.jsonl",
        ("张三", 1, "怎么安装这个"),
        ("李四", 2, "@张三 你用什么系统"),
        ("王五", 2, "怎么安装这个"),
    )
    first, second = list(read_chat(path)), list(read_chat(path))
    assert [item.id for item in first] == [item.id for item in second]
    assert len({item.id for item in first}) == 3
    assert [item.speaker for item in first] != [item.speaker for item in second]


def test_many_speakers_never_share_a_name() -> None:
    names = Pseudonyms((f"speaker {n}" for n in range(3000)), SALT)  # 4 digits alone would clash about 70 times
    assert len({names.of(f"speaker {n}") for n in range(3000)}) == 3000


@pytest.mark.parametrize(
    "text, hidden",
    [
        ("打我电话13812345678，或 +86 138-1234-5678", "打我电话[电话]，或 [电话]"),
        ("座机 010-12345678，国际 +44 20 7946 0958", "座机 [电话]，国际 [电话]"),
        ("邮箱是zhang.san@example.com吗", "邮箱是[邮箱]吗"),
        ("身份证11010519491231002X在这", "身份证[证件号]在这"),
        ("卡号 6222 0212 3456 7890 123", "卡号 [证件号]"),
        ("QQ群：123456789，微信号: zhang_san1", "QQ群：[账号]，微信号: [账号]"),
        ("看https://a.example/x?token=abc&u=1#f，怎么打开", "看https://a.example/x?[参数]，怎么打开"),
        ("@路人 你好", "@{路人} 你好"),
        ("@装饰器 写法", "@{装饰器} 写法"),
        ("2026年预算50000，第3.14159265358979次", "2026年预算50000，第3.14159265358979次"),
        ("@Alice怎么看", "@Alice怎么看"),  # although there is an Al
        ("@Al怎么看", "@{Al}怎么看"),
        ("@路人怎么看", "@路人怎么看"),  # where a stranger's name ends cannot be known
    ],
)
def test_what_points_to_a_person_is_masked(text: str, hidden: str) -> None:
    names = Pseudonyms(["张三", "Al"], SALT)
    for name in ("路人", "装饰器", "Al"):
        hidden = hidden.replace(f"{{{name}}}", names.of(name))
    assert names.hide(text) == hidden


@pytest.mark.parametrize(
    "attack", ["a" * 50_000, "http://" * 8_000, "1" * 50_000, "@" * 50_000, "+1" * 20_000, "是不" * 20_000]
)
def test_hostile_messages_cost_little(attack: str) -> None:
    start = time.process_time()
    is_question(Pseudonyms(["张三"], SALT).hide(attack))
    assert time.process_time() - start < 10  # quadratic ones take minutes


@pytest.mark.parametrize(
    "value, seconds",
    [
        (0, 0), (1771331400, 1771331400), (1771331400.5, 1771331400.5), ("1771331400", 1771331400),
        (1771331400000, 1771331400), ("1771331400500", 1771331400.5),
        ("2026-02-17T12:30:00Z", 1771331400), ("2026-02-17T20:30:00+08:00", 1771331400),
        ("2026-02-17 12:30", 1771331400), ("20260217", 1771286400),
    ],
)  # fmt: skip
def test_a_time_is_iso_or_unix(value: object, seconds: float) -> None:
    assert parse_time(value) == seconds


@pytest.mark.parametrize(
    "value", ["昨天", "", None, True, -5, float("nan"), float("inf"), 1e300, "12:30", [1], "9" * 400]
)
def test_any_other_time_is_named(value: object) -> None:
    with pytest.raises(InputError, match="cannot read the time") as caught:
        parse_time(value)
    assert caught.value.key == "error.chat_time"


@pytest.mark.parametrize(
    "content",
    [
        '{"sender":"甲","Timestamp":"2026-02-17 12:30:00","content":"怎么装这个"}\n',
        '[{"发言人":"甲","时间":1771331400000,"内容":"怎么装这个"}]',
        "时间,发言人,内容\n2026-02-17 12:30:00,甲,怎么装这个\n",
        '\ufeffname;time;message\r\n甲;1771331400;"怎么装这个"\r\n',
    ],
)
def test_logs_are_read_in_each_form_under_each_name(content: str, tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text(content, encoding="utf-8")
    assert list(read_messages(path)) == [ChatMessage("甲", 1771331400, "怎么装这个")]
    assert [item.text for item in read_chat(path)] == ["怎么装这个"]


GOOD = '{"speaker":"甲","time":1,"text":"好"}\n'


@pytest.mark.parametrize(
    "content, words",
    [
        ("", "log is empty"),
        ("speaker,time,text\n", "log is empty"),
        (GOOD + '{"speaker":"甲","time":"昨天","text":"好"}', "line 2: cannot read the time '昨天'"),
        (GOOD + '{"speaker":" ","time":1,"text":"好"}', "line 2: the field 'speaker'"),
        (GOOD + '{"speaker":"甲","time":1}', "line 2: the field 'text'"),
        (GOOD + "[]", "line 2: not a JSON object"),
        (GOOD + "{", "line 2: no valid JSON"),
        ("speaker,text\n甲,好\n", "line 1: no column 'time' among: speaker, text; it may be called: time, "),
        ("时间,昵称,内容\n1,甲,好\n吃饭,甲,好\n", "line 3: cannot read the time '吃饭'"),
    ],
)
def test_a_bad_log_is_one_clear_line(content: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=words):
        list(read_chat(path))


TEXT = st.text(min_size=1, max_size=10)
ITEMS = st.builds(
    LabelItem, TEXT, TEXT, TEXT, st.lists(st.builds(Remark, TEXT, TEXT), max_size=3).map(tuple),
    st.text(), st.text(), st.text(),
)  # fmt: skip


@given(ITEMS)
def test_a_label_item_survives_json(item: LabelItem) -> None:
    assert label_from_record(json.loads(json.dumps(label_record(item)))) == item


@pytest.mark.parametrize(
    "change", [{"id": ""}, {"class": 5}, {"text": None}, {"context": [["a", "b"]]}, {"context": "a"}]
)
def test_a_bad_label_item_names_its_field(change: dict[str, object]) -> None:
    with pytest.raises(InputError, match=f"the field '{next(iter(change))}'"):
        label_from_record({"id": "a", "class": "b", "text": "c"} | change)


def test_58000_messages_stream_and_every_question_is_kept(tmp_path: Path) -> None:
    rng = Random(7)
    path = tmp_path / "group.jsonl"
    questions = 0
    with path.open("w", encoding="utf-8") as stream:
        for number in range(58_000):
            asks = number % 25 == 0
            questions += asks
            text = f"{number}号版本的它怎么安装？" if asks else f"{number}：今天天气真好，大家新年快乐。"
            record = {"speaker": f"网友{rng.randrange(300)}", "time": number * 20, "text": text}
            stream.write(json.dumps(record, ensure_ascii=False) + "\n")
    reader = read_chat(path)
    first = list(islice(reader, 5))
    assert reader.summary.messages < 200  # the sixth question has not been looked for yet
    rest = sum(1 for _ in reader)
    assert len(first) + rest == questions == 2_320
    assert reader.summary == ChatSummary(58_000, 58_000, 2_320, 300)


def test_a_log_is_never_held_in_memory(tmp_path: Path) -> None:
    lines = [(f"网友{n % 10}", n * 20, f"{n}怎么安装？" + "这个模型" * 500) for n in range(1_000)]
    path = log(tmp_path / "long.jsonl", *lines)
    tracemalloc.start()
    try:
        assert sum(1 for _ in read_chat(path)) == 1_000
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < path.stat().st_size / 5  # 6 MB
