"""What a provider sent back, completion or error, as a Reply; knows no network and no client."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from hesui.distil.calls import Call, Outcome, Reply, Usage
from hesui.distil.tokens import estimate_prompt, estimate_tokens

DETAIL = 200  # characters of an error that people are shown

STATUSES: Mapping[int, Outcome] = {
    401: Outcome.UNAUTHORISED,
    402: Outcome.UNAUTHORISED,  # DeepSeek: no money left
    403: Outcome.UNAUTHORISED,
    404: Outcome.NOT_FOUND,
    405: Outcome.NOT_FOUND,  # something answers there, but not this API
    408: Outcome.TIMEOUT,
    409: Outcome.SERVER,
    429: Outcome.RATE_LIMITED,
}
# What OpenAI, Azure, DashScope and Qianfan call such errors in `code` or `type`.
FILTER_CODE = re.compile(
    r"content_?filter|content_?policy|data_?inspection|responsible_?ai|sensitive|unsafe|illegal_?content", re.IGNORECASE
)
FILTER_MESSAGE = re.compile(r"data_?inspection|inappropriate content|safety system|敏感|违规|内容安全", re.IGNORECASE)
NO_MONEY_CODE = re.compile(r"insufficient_?quota|insufficient_?balance|arrear|account_?overdue", re.IGNORECASE)
NO_MODEL_CODE = re.compile(r"model_?not_?found|invalid_?model|model_?not_?exist", re.IGNORECASE)
QUERY = re.compile(r"(https?://[^\s?#\"']+)[?#][^\s\"']*")


def read_completion(body: object, call: Call) -> Reply:
    """What a chat completion holds.

    Where it tells no usage, the tokens are estimated from the texts, rather too many than too few. Thoughts in
    <think> tags are left out of the text; their tokens stay charged. Of an answer that must be a JSON object, only
    the object is kept.
    """
    choice = _first_choice(body)
    if choice is None:
        return Reply(Outcome.SERVER, detail="the reply is no chat completion")
    message = _mapping(choice.get("message"))
    content = _text(message.get("content"))
    usage = _usage(_mapping(body).get("usage"), call, content)
    text = without_thoughts(content)
    outcome, detail = _outcome(choice, message, text)
    if outcome is Outcome.OK and call.as_json:
        found = bare_json(text)
        if found is None:
            return Reply(Outcome.MALFORMED, text, usage, detail="the answer is no JSON object")
        text = found
    return Reply(outcome, text, usage, detail=detail)


def read_error(status: int, body: object, key: str = "") -> Reply:
    """What an error of the API means; `key` is struck out of what people see."""
    error = _mapping(body)
    error = _mapping(error.get("error")) or error
    inner = _mapping(error.get("innererror"))
    codes = " ".join(str(part.get(name) or "") for part in (error, inner) for name in ("code", "type")).strip()
    message = str(error.get("message") or error.get("msg") or "")
    said = message or codes or (body if isinstance(body, str) else "")
    return Reply(
        _error_outcome(status, codes, message), detail=shown(f"{status}: {said}" if said else str(status), key)
    )


def shown(text: str, key: str = "") -> str:
    """One short line for people: no key, no query of an address, no markup."""
    if key:
        text = text.replace(key, "…")
    line = " ".join(re.sub(r"<[^<>]*>", " ", QUERY.sub(r"\1", text[:4000])).split())
    line = "".join(character for character in line if character.isprintable())
    return line if len(line) <= DETAIL else line[: DETAIL - 1] + "…"


def without_thoughts(text: str) -> str:
    """The text after a <think> block at its start; "" where the block never ends.

    Some servers leave the opening tag out, for their chat template wrote it.
    """
    head, closing, tail = text.partition("</think>")
    opened = head.lstrip().startswith("<think>")
    if not closing:
        return "" if opened else text.strip()
    return tail.strip() if opened or "<think>" not in head else text.strip()


def bare_json(text: str) -> str | None:
    """The JSON object that a text is or holds, fences and words around it left out; None where there is none."""
    candidate = text[text.find("{") : text.rfind("}") + 1]
    try:
        found = json.loads(candidate)
    except (ValueError, RecursionError):
        return None
    return candidate if isinstance(found, dict) else None


def _first_choice(body: object) -> Mapping[str, Any] | None:
    choices = _mapping(body).get("choices")
    first = choices[0] if isinstance(choices, list) and choices else None
    return first if isinstance(first, dict) else None


def _outcome(choice: Mapping[str, Any], message: Mapping[str, Any], text: str) -> tuple[Outcome, str]:
    reason = choice.get("finish_reason")
    if reason in ("content_filter", "sensitive") or choice.get("flag"):  # flag: Qianfan, 0 = nothing found
        return Outcome.FILTERED, "the provider's content filter"
    if refusal := _text(message.get("refusal")):
        return Outcome.REFUSED, shown(refusal)
    if reason == "length":
        return Outcome.TRUNCATED, "cut at the token limit"
    if reason == "insufficient_system_resource":  # DeepSeek
        return Outcome.SERVER, "the provider broke off for want of resources"
    return (Outcome.OK, "") if text else (Outcome.MALFORMED, "the answer is empty")


def _usage(found: object, call: Call, content: str) -> Usage:
    counts = _mapping(found)
    prompt, completion = _count(counts.get("prompt_tokens")), _count(counts.get("completion_tokens"))
    return Usage(
        estimate_prompt(call) if prompt is None else prompt,
        estimate_tokens(content) if completion is None else completion,
    )


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _error_outcome(status: int, codes: str, message: str) -> Outcome:
    if status >= 500 or status < 400:
        return Outcome.SERVER
    if NO_MONEY_CODE.search(codes):
        return Outcome.UNAUTHORISED
    if status not in (401, 429) and (FILTER_CODE.search(codes) or FILTER_MESSAGE.search(message)):
        return Outcome.FILTERED
    if NO_MODEL_CODE.search(codes):
        return Outcome.NOT_FOUND
    return STATUSES.get(status, Outcome.BAD_REQUEST)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
