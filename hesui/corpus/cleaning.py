"""Makes imported text clean without touching how it is laid out; knows nothing of files or formats.

Paragraphs, single line breaks, indentation and the spaces between words stay: a model that is tuned on texts
without line breaks never writes one again.
"""

from __future__ import annotations

import html
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from html.entities import html5
from typing import Any

import regex

from hesui.corpus.rows import Row
from hesui.errors import InputError
from hesui.records import Message

_LINE_END = regex.compile(r"\r\n|[\r\v\f\x85\u2028\u2029]")
# Controls, surrogates, noncharacters, invisible marks; a joiner or a tag is kept where an emoji is made of it.
_INVISIBLE = regex.compile(
    r"""[\p{Cc}--[\n\t]]|\p{Cs}|[\uFDD0-\uFDEF\uFFFE\uFFFF]
    |[\u00AD\u061C\u180E\u200B\u200E\u200F\u202A-\u202E\u2060-\u206F\uFEFF\uFFF9-\uFFFB]
    |(?<![\p{Extended_Pictographic}\p{Emoji_Modifier}\uFE0F])\u200D|\u200D(?!\p{Extended_Pictographic})
    |(?<!\U0001F3F4[\U000E0020-\U000E007F]*)[\U000E0001-\U000E007F]""",
    regex.VERBOSE | regex.VERSION1,
)
_CODE = regex.compile(
    r"""^[ ]{0,3}(?P<fence>`{3,}+|~{3,}+)[^\n]*\n(?:.*\n)*?[ ]{0,3}(?P=fence)[`~]*[ \t]*$  # a fenced block
    |(?<!`)(?P<tick>`++)[^\n]{1,1000}?(?<!`)(?P=tick)(?!`)""",
    regex.VERBOSE | regex.MULTILINE,
)
# Entities end in a semicolon, so that a query such as ?a=1&copy=2 is none; "&amp;lt;" was escaped twice.
_ENTITY = regex.compile(r"&(?:amp;)*(#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{0,31});")

_BLOCKS = frozenset(
    "article blockquote dd div dl dt h1 h2 h3 h4 h5 h6 hr li ol p pre section table tbody td tfoot th thead tr ul".split()
)
_INLINE = frozenset(
    "a abbr b big br center cite code del dfn em font i img ins kbd label mark q s samp script small span strike strong "
    "style sub sup tt u var body html head title main header footer aside nav figure figcaption".split()
)
_UNCLOSED = frozenset({"br", "hr", "img", "li", "p"})  # may stand without a closing tag
_TAG = regex.compile(
    r"""<!--(?:(?!<!--).)*?-->|<!doctype\b[^<>]*>
    |<(?P<close>/)?(?P<name>[A-Za-z][A-Za-z0-9]*)(?:\s+[\w:-]+\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'<>=`]+))*+\s*/?>""",
    regex.VERBOSE | regex.DOTALL | regex.IGNORECASE,
)
_ROUNDS = 50  # markup that forms anew when markup is taken out, as in <<b></b>i>; only an attacker nests so deep
# Noncharacters, which no text holds any more when they are used: they carry what the converter would lose.
_NEWLINE, _SPACE, _TAB, _WIDE, _CODE_MARK = "\ufdd0", "\ufdd1", "\ufdd2", "\ufdd3", "\ufdd4"
_KEEP = str.maketrans({"\n": _NEWLINE, " ": _SPACE, "\t": _TAB, "\u3000": _WIDE})
_GIVE_BACK = {ord(kept): chr(plain) for plain, kept in _KEEP.items()}


def clean(text: str) -> str:
    """`text` in NFC, without control and invisible characters, its HTML as Markdown and its entities decoded.

    Line ends become "\\n". Only known tags that are opened and closed count as HTML; "a < b" and whatever stands
    in Markdown code stay as they are. Cleaning twice changes nothing more.
    """
    for _ in range(_ROUNDS):
        if (cleaner := _clean_once(text)) == text:
            break
        text = cleaner
    return text


def cut_history(
    history: Sequence[Message], prompt: str, token_length: Callable[[str], int], limit: int
) -> tuple[Message, ...]:
    """The newest turns of `history` that fit `limit` tokens together with `prompt`.

    The system's message stays; a user's turn goes together with its answer. Raises InputError where the prompt
    does not even fit alone.
    """
    system = tuple(message for message in history if message.role == "system")
    room = limit - token_length(prompt) - sum(token_length(message.content) for message in system)
    if room < 0:
        raise InputError(
            f"the prompt needs {limit - room} tokens with its system message; {limit} are allowed; shorten it",
            "error.prompt_tokens", count=limit - room, limit=limit,
        )  # fmt: skip
    kept: list[Message] = []
    for exchange in reversed(_exchanges(history)):
        room -= sum(token_length(message.content) for message in exchange)
        if room < 0:
            break
        kept[:0] = exchange
    return (*system, *kept)


def shortened(rows: Iterable[Row], token_length: Callable[[str], int], limit: int) -> Iterator[Row]:
    """The rows, each without the oldest turns that would take it beyond `limit` tokens, its answer included.

    Raises InputError, which names the row, where prompt and answer alone are too long.
    """
    for row in rows:
        room = limit - token_length(row.reference or "")
        try:
            yield replace(row, history=cut_history(row.history, row.prompt, token_length, room))
        except InputError as error:
            raise InputError(
                f"row {row.id!r} does not fit {limit} tokens: {error}", "error.row_too_long",
                id=row.id, limit=limit, reason=error,
            ) from None  # fmt: skip


def _exchanges(history: Sequence[Message]) -> list[list[Message]]:
    exchanges: list[list[Message]] = []
    for message in history:
        if message.role == "user" or (message.role == "assistant" and not exchanges):
            exchanges.append([message])
        elif message.role == "assistant":
            exchanges[-1].append(message)
    return exchanges


def _clean_once(text: str) -> str:
    text = unicodedata.normalize("NFC", _INVISIBLE.sub("", _LINE_END.sub("\n", text)))
    if "<" not in text and "&" not in text:
        return text
    codes: list[str] = []

    def set_aside(match: regex.Match[str]) -> str:
        codes.append(match[0])
        return f"{_CODE_MARK}{len(codes) - 1}{_CODE_MARK}"

    prose = _markdown(_ENTITY.sub(_decode, _CODE.sub(set_aside, text)))
    return regex.sub(f"{_CODE_MARK}(\\d+){_CODE_MARK}", lambda match: codes[int(match[1])], prose)


def _decode(match: regex.Match[str]) -> str:
    entity = f"{match[1]};"
    plain = html.unescape(f"&{entity}") if entity.startswith("#") else html5.get(entity, f"&{entity}")
    return plain.replace("\N{NO-BREAK SPACE}", " ")


def _markdown(text: str) -> str:
    """`text` with its HTML, if it really holds any, as Markdown."""
    matches = list(_TAG.finditer(text))
    opened = {match["name"].lower() for match in matches if match["name"] and not match["close"]}
    closed = {match["name"].lower() for match in matches if match["close"]}
    real = (opened & closed & (_BLOCKS | _INLINE)) | (opened & _UNCLOSED)
    tags = [match for match in matches if not match["name"] or match["name"].lower() in real]
    if not tags:
        return text
    return _convert(_rebuild(text, tags)).translate(_GIVE_BACK)


def _rebuild(text: str, tags: Sequence[regex.Match[str]]) -> str:
    """The HTML again, with everything between its tags escaped and its layout carried by noncharacters."""
    source, left, end = [], "", 0
    for tag in tags:
        right = (tag["name"] or "").lower()
        source += [_protect(text[end : tag.start()], left, right), tag[0]]
        left, end = right, tag.end()
    source.append(_protect(text[end:], left, ""))
    return "".join(source)


def _protect(piece: str, left: str, right: str) -> str:
    """A piece of text between two tags, its white space kept unless it only separates blocks."""
    core = piece.strip(" \t\n")
    if not core and (left in _BLOCKS or right in _BLOCKS):
        return piece
    head = piece[: len(piece) - len(piece.lstrip(" \t\n"))] if core else piece
    tail = piece[len(head) + len(core) :]
    if left == "br":  # a source line that ends in <br> breaks once
        head = regex.sub(r"^[ \t]*\n", "", head).translate(_KEEP)
    elif left not in _BLOCKS and ("\n" in head or not left):
        head = head.translate(_KEEP)
    if right not in _BLOCKS and ("\n" in tail or not right):
        tail = tail.translate(_KEEP)
    return (head + core.translate(_KEEP) + tail).replace("&", "&amp;").replace("<", "&lt;")


def _convert(source: str) -> str:
    from markdownify import MarkdownConverter

    class Converter(MarkdownConverter):
        def convert_br(self, _element: Any, text: str, parent_tags: set[str]) -> str:
            return f"{text} " if "_inline" in parent_tags else _NEWLINE + text

    converter = Converter(
        heading_style="ATX", bullets="-", autolinks=False, escape_asterisks=False, escape_underscores=False
    )
    try:
        return str(converter.convert(source))
    except RecursionError:  # thousands of tags inside each other mean nothing
        return html.unescape(_TAG.sub("", source))
