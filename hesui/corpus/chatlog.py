"""Chat logs become label items: questions with the talk before them, their speakers under other names.

A log is a file of speaker, time and text (JSON Lines, a JSON array or CSV). Knows nothing of labels or of who sets
them. docs/formats.md states the rules by which a text counts as a question.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple, TypeVar

import regex

from hesui.corpus.cleaning import clean
from hesui.corpus.formats import files
from hesui.errors import InputError

WINDOW = 18.0  # seconds between two messages of one speaker that belong together
CONTEXT_TURNS = 6
MIN_LENGTH = 4  # Han characters 1, other words 2; shorter ones ("啥？", "why?") ask nothing by themselves
LATEST = 1e11  # Unix seconds end here (in the year 5138), milliseconds begin

COLUMNS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "speaker": ("speaker", "sender", "user", "name", "nickname", "from", "发言人", "说话人", "发送人", "发送者", "昵称", "用户", "姓名"),
        "time": ("time", "timestamp", "date", "datetime", "sent", "时间", "发送时间", "日期"),
        "text": ("text", "message", "content", "body", "内容", "消息", "消息内容", "文本"),
    }
)  # fmt: skip

T = TypeVar("T")

_URL = regex.compile(r"(?<![A-Za-z0-9/])((?:https?://|www\.)[!->@-~]++)\?[!-~]*+", regex.IGNORECASE)
_MASKS = (
    (_URL, r"\1?[参数]"),
    (regex.compile(r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]++@[A-Za-z0-9-]++(?:\.[A-Za-z0-9-]++)++"), "[邮箱]"),
    (regex.compile(r"(?<![\dA-Za-z])(?:\d{17}[Xx]|\d{15,19}|(?:\d{4}[ -]){3,4}\d{1,4})(?![\dA-Za-z])"), "[证件号]"),
    (regex.compile(r"(?<![\d.])(?:\+?86[ -]?)?1[3-9]\d(?:[ -]?\d{4}){2}(?!\d)"), "[电话]"),
    (regex.compile(r"(?<![\d.])(?:0\d{2,3}[ -]\d{7,8}|\+\d{1,3}(?:[ -]?\d){7,12})(?!\d)"), "[电话]"),
    (regex.compile(r"((?:QQ|微信|VX|WeChat)[群号码]{0,2}\s?(?:[:：是]\s?)?)(?:\d{5,12}|(?<=[:：]\s?)[a-z][\w-]{5,19})(?!\d)", regex.I), r"\1[账号]"),
)  # fmt: skip
_PERSONAL = regex.compile(r"[@＠?]|\d(?:[ -]?\d){4}|[:：]")  # without one of these there is nothing to mask
_NAME_END = r"(?<![A-Za-z0-9_](?=[A-Za-z0-9_]))"  # not in the middle of a Latin word
_PSEUDONYM = regex.compile(r"用户[0-9A-F]{4,64}")

_NO_WORDS = regex.compile(
    r"(?:https?://|www\.)[!-~]+|\[[^\[\]\n]{1,8}\]|[@＠][^\s@＠]{1,20}[\s\u2005]|[@＠]用户[0-9A-F]{4,64}",
    regex.IGNORECASE,
)
_WORD = regex.compile(r"(?P<han>\p{Han})|[^\W\p{Han}]+")
_STATED = regex.compile(
    r"没什么|没啥|没多少|不怎么|不管怎[么样]|无论如何|无论什么|不知怎[么的]|什么的|怎么都|谁都|什么都|哪里哪里|哪怕|那么|这么|要么|好几|十几|几乎|几率|几何|一会儿?会"
)
_ASKED_CHINESE = regex.compile(
    r"""[?？]
    |(?:吗|呢|么)[\p{P}\p{S}\s]*(?:$|\n|[，。！~～…])
    |怎么|怎样|咋|如何|为什么|为何|为啥|什么|啥|哪|谁|多少|多久|多大|多长时间|请问|请教|求助|求问|求教|有人知道
    |几(?=[个种次天年月岁点号位块台张层步页分秒元倍条句行])
    |能不能|是不是|有没有|可不可以|要不要|会不会|行不行|对不对|该不该|(?P<verb>\p{Han})不(?P=verb)""",
    regex.VERBOSE | regex.MULTILINE,
)
_ASKED_ENGLISH = regex.compile(
    r"""^\W*(?:(?:hi|hello|hey|so|and|but|ok|also|please)\W+)*(?:
        (?:what|why|how|who|which|whose|where)\b
        |when\s+(?:will|do|does|did|is|are|can|should)\b
        |(?:can|could|would|should|will|shall|is|are|was|were|has|had)(?:n't)?\s+(?:i|you|we|they|he|she|it|this|that
            |there|the|a|an|any|anyone|anybody|someone|somebody|my|your)\b
        |(?:do|does|did)(?:n't)?\s+(?:i|you|we|they|he|she|anyone|anybody|someone|somebody)\b
        |(?:anyone|anybody|any\s+idea|does\s+it|did\s+it)\b)
    |\b(?:wondering|not\s+sure|don't\s+know|know)\s+(?:how|why|whether|if)\b|\bhow\s+to\b|\bis\s+there\b""",
    regex.VERBOSE | regex.IGNORECASE | regex.MULTILINE,
)


class Remark(NamedTuple):
    """What somebody said, under the name that the import gave them."""

    speaker: str
    text: str


class LabelItem(NamedTuple):
    """A text that waits for a label, with what was said before it."""

    id: str
    task: str  # the label class's id
    text: str
    context: tuple[Remark, ...] = ()  # oldest first
    source: str = ""
    licence: str = ""
    speaker: str = ""


class ChatSummary(NamedTuple):
    """What an import has done so far."""

    messages: int  # read, empty ones included
    joined: int  # after joining
    questions: int  # kept
    speakers: int


class ChatMessage(NamedTuple):
    """One line of a log."""

    speaker: str
    time: float  # Unix seconds
    text: str


class Utterance(NamedTuple):
    """What one speaker said in a row."""

    speaker: str
    time: float  # of its first message
    text: str
    conversation: int  # counted from 0; one begins where the time goes back


class Pseudonyms:
    """Names for speakers by a keyed hash: the same throughout one import, another in each."""

    def __init__(self, speakers: Iterable[str], salt: bytes) -> None:
        self._salt = salt
        self._names: dict[str, str] = {}
        self._taken: set[str] = set()
        for speaker in speakers:
            self.of(speaker)
        self._mention = regex.compile(
            rf"[@＠](?:(?P<known>\L<known>){_NAME_END}|(?P<other>[^\s@＠,，.。!！?？:：;；、]{{1,20}})(?=[ \u2005]))",
            known=list(self._names) or ["\0"],
        )

    def of(self, speaker: str) -> str:
        """The name for `speaker`, such as 用户A3F2; longer where two would share one."""
        if speaker not in self._names:
            digest = hmac.new(self._salt, speaker.encode(), hashlib.sha256).hexdigest().upper()
            name = next(f"用户{digest[:size]}" for size in range(4, 65) if f"用户{digest[:size]}" not in self._taken)
            self._taken.add(name)
            self._names[speaker] = name
        return self._names[speaker]

    def hide(self, text: str) -> str:
        """`text` with its mentions renamed and with phone, identity and account numbers, e-mail addresses and the
        queries of web addresses masked."""
        if not _PERSONAL.search(text):
            return text
        for pattern, mask in _MASKS:
            text = pattern.sub(mask, text)
        return self._mention.sub(lambda match: f"@{self.of(match['known'] or match['other'])}", text)


class ChatReader(Iterator[LabelItem]):
    """The questions of a log as they are found; `summary` says what has been read up to here."""

    def __init__(self, items: Iterator[LabelItem], counts: dict[str, int]) -> None:
        self._items, self._counts = items, counts

    def __next__(self) -> LabelItem:
        return next(self._items)

    @property
    def summary(self) -> ChatSummary:
        """What has been read so far; whole when the reader has come to its end."""
        return ChatSummary(*(self._counts.get(name, 0) for name in ChatSummary._fields))


def read_chat(
    path: Path,
    task: str = "coreference",
    *,
    window: float = WINDOW,
    context_turns: int = CONTEXT_TURNS,
    min_length: int = MIN_LENGTH,
    salt: bytes | None = None,  # None = random, so that nobody can try names against the pseudonyms
    source: str = "",
    licence: str = "",
) -> ChatReader:
    """Stream the questions of a chat log. The file is read twice: names first, so that every mention is known.

    `window` in seconds, `context_turns` in joined messages. A time that goes back begins a new conversation, which
    shares no context with the one before. Raises InputError, which names the file and the line, while reading.
    """
    counts: dict[str, int] = {}
    salt = secrets.token_bytes(32) if salt is None else salt
    items = _items(path, _Choice(task, window, context_turns, min_length, source, licence), salt, counts)
    return ChatReader(items, counts)


def is_question(text: str, min_length: int = MIN_LENGTH) -> bool:
    """Whether a chat message asks something, by its marks and words in Chinese and English; see docs/formats.md."""
    words = _NO_WORDS.sub(" ", text)
    if not _is_long(words, min_length):
        return False
    return any(pattern.search(_STATED.sub(" ", words)) for pattern in (_ASKED_CHINESE, _ASKED_ENGLISH))


def _is_long(text: str, min_length: int) -> bool:
    length = 0
    for word in _WORD.finditer(text):
        length += 1 if word["han"] else 2
        if length >= min_length:
            return True
    return min_length <= 0


def join(messages: Iterable[ChatMessage], window: float = WINDOW) -> Iterator[Utterance]:
    """Consecutive messages of one speaker, each within `window` seconds of the one before, as one with line breaks."""
    last: ChatMessage | None = None
    start, texts, conversation = 0.0, list[str](), 0
    for message in messages:
        back = last is not None and message.time < last.time
        if last is None or back or message.speaker != last.speaker or message.time - last.time > window:
            if last is not None:
                yield Utterance(last.speaker, start, "\n".join(texts), conversation)
            start, texts = message.time, []
            conversation += back
        texts.append(message.text)
        last = message
    if last is not None:
        yield Utterance(last.speaker, start, "\n".join(texts), conversation)


def read_messages(path: Path) -> Iterator[ChatMessage]:
    """The lines of a log, cleaned, in their order; a text may be empty. Raises InputError with file and line."""
    return _each(path, _message)


def parse_time(value: object) -> float:
    """Unix seconds of an ISO 8601 time (UTC where it names no zone) or of Unix seconds or milliseconds.

    Raises InputError for anything else.
    """
    try:
        if isinstance(value, str) and not _is_number(value.strip()):
            moment = datetime.fromisoformat(value.strip())
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
        if isinstance(value, (str, int, float)) and not isinstance(value, bool):
            seconds = float(value)
            if 0 <= seconds < LATEST * 1000:
                return seconds / 1000 if seconds >= LATEST else seconds
    except (ValueError, OverflowError):
        pass
    raise InputError(
        f"cannot read the time {value!r}; write e.g. 2026-02-17T20:30:00 or Unix seconds",
        "error.chat_time", value=str(value),
    )  # fmt: skip


def label_record(item: LabelItem) -> dict[str, Any]:
    """`item` as a JSON object; fields with nothing in them are left out."""
    record: dict[str, Any] = {"id": item.id, "class": item.task, "text": item.text}
    if item.context:
        record["context"] = [remark._asdict() for remark in item.context]
    optional = {"speaker": item.speaker, "source": item.source, "licence": item.licence}
    return record | {name: value for name, value in optional.items() if value}


def label_from_record(record: Mapping[str, Any]) -> LabelItem:
    """The label item that a JSON object states. Raises InputError, which names the field."""
    for name in ("id", "class", "text"):
        if not record.get(name):
            raise _missing(name)
    fields = {name: record.get(name) or "" for name in ("id", "class", "text", "source", "licence", "speaker")}
    for name, value in fields.items():
        if not isinstance(value, str):
            raise _missing(name)
    context = record.get("context") or []
    if not isinstance(context, list) or not all(_is_remark(remark) for remark in context):
        raise _missing("context")
    remarks = tuple(Remark(**remark) for remark in context)
    return LabelItem(task=fields.pop("class"), context=remarks, **fields)


class _Choice(NamedTuple):
    """How a log is imported; see read_chat."""

    task: str
    window: float
    context_turns: int
    min_length: int
    source: str
    licence: str


def _items(path: Path, choice: _Choice, salt: bytes, counts: dict[str, int]) -> Iterator[LabelItem]:
    speakers = dict.fromkeys(_each(path, _speaker))
    if not speakers:
        raise files.empty(path)
    counts["speakers"] = len(speakers)
    ordinals = {speaker: number for number, speaker in enumerate(speakers)}
    names = Pseudonyms(speakers, salt)
    context: deque[Remark] = deque(maxlen=max(choice.context_turns, 0))
    conversation = 0
    for utterance in join(_counted(read_messages(path), counts), choice.window):
        counts["joined"] = counts.get("joined", 0) + 1
        if utterance.conversation != conversation:
            context.clear()
            conversation = utterance.conversation
        remark = Remark(names.of(utterance.speaker), names.hide(utterance.text))
        if is_question(remark.text, choice.min_length):
            counts["questions"] = counts.get("questions", 0) + 1
            number = _stable_id(
                choice.task, remark.text, utterance.time, ordinals.setdefault(utterance.speaker, len(ordinals))
            )
            yield LabelItem(
                number, choice.task, remark.text, tuple(context), choice.source, choice.licence, remark.speaker
            )
        context.append(remark)


def _counted(messages: Iterable[ChatMessage], counts: dict[str, int]) -> Iterator[ChatMessage]:
    """The messages that say something; all are counted."""
    for message in messages:
        counts["messages"] = counts.get("messages", 0) + 1
        if message.text.strip():
            yield message


def _stable_id(task: str, hidden: str, time: float, speaker: int) -> str:
    """An id that is the same at each import, although its pseudonyms differ; made from nothing that was hidden."""
    known = [task, _PSEUDONYM.sub("用户", hidden), time, speaker]
    return hashlib.sha256(json.dumps(known, ensure_ascii=False).encode()).hexdigest()[:16]


def _records(path: Path) -> Iterator[files.Located]:
    match files.first_character(path):
        case "{":
            return files.read_lines(path)
        case "[":
            return files.read_array(path)
        case _:
            return files.read_table(path, COLUMNS, tuple(COLUMNS))


def _each(path: Path, use: Callable[[Mapping[str, Any]], T]) -> Iterator[T]:
    """What `use` makes of each record. Raises InputError with file and line."""
    for line, record in _records(path):
        try:
            if not isinstance(record, dict):
                raise InputError("not a JSON object", "error.json_object")
            yield use({name.strip().lower(): value for name, value in record.items()})
        except InputError as error:
            raise files.at_line(path, line, error) from None


def _message(record: Mapping[str, Any]) -> ChatMessage:
    text = _field(record, "text")
    if not isinstance(text, str):
        raise _missing("text")
    return ChatMessage(_speaker(record), parse_time(_field(record, "time")), clean(text))


def _speaker(record: Mapping[str, Any]) -> str:
    speaker = _field(record, "speaker")
    name = clean(str(speaker)).strip() if isinstance(speaker, (str, int)) else ""
    if not name:
        raise _missing("speaker")
    return name


def _field(record: Mapping[str, Any], column: str) -> Any:
    """A column's value under the first of its names that the record has."""
    return next((record[name] for name in COLUMNS[column] if name in record), None)


def _is_number(text: str) -> bool:
    """Whether `text` is a number and no date in ISO's basic form, 20260217."""
    return text.replace(".", "", 1).isdecimal() and len(text) != 8


def _is_remark(remark: Any) -> bool:
    return isinstance(remark, dict) and remark.keys() == {"speaker", "text"} and _all_text(remark.values())


def _all_text(values: Collection[Any]) -> bool:
    return all(isinstance(value, str) for value in values)


def _missing(name: str) -> InputError:
    return InputError(f"the field {name!r} is missing or no text", "error.row_field", field=name)
