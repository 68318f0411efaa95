"""How each format writes one row as a JSON value, and reads it back; knows nothing of files.

Formats whose records are objects also carry the row's class, in a field "class" that their trainers ignore.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from hesui.corpus.formats.drafts import (
    Draft,
    cannot_carry,
    message_of,
    missing,
    of_turns,
    split_history,
    text_of,
    turns_of,
)
from hesui.corpus.rows import Row
from hesui.errors import InputError
from hesui.records import Message

RANKED = ("chosen", "rejected")  # the two answers of a record for preference training


def trl_record(row: Row) -> dict[str, Any]:
    """Conversational prompt-completion, as TRL's SFTTrainer takes it; prompt-only without an answer."""
    *prompt, last = turns_of(row)
    if not row.reference:
        return {"prompt": _messages([*prompt, last])} | _class(row)
    return {"prompt": _messages(prompt), "completion": _messages([last])} | _class(row)


def trl_drafts(record: Any) -> Iterator[Draft]:
    """Conversational prompt-completion, or {"messages": […]}."""
    fields = _object(record)
    turns = _turns(fields["messages"] if "messages" in fields else fields.get("prompt"))
    completion = fields.get("completion")
    if isinstance(completion, str):
        turns.append(Message("assistant", completion))
    elif completion:
        turns += _turns(completion)
    yield of_turns(turns, text_of(fields, "class"))


def plain_record(row: Row) -> dict[str, Any]:
    """Prompt and completion as plain strings. Raises InputError for a row with a history, which has no place here."""
    if row.history:
        raise cannot_carry(row, "prompt-completion")
    return {"prompt": row.prompt} | ({"completion": row.reference} if row.reference else {}) | _class(row)


def plain_drafts(record: Any) -> Iterator[Draft]:
    """Prompt and completion as plain strings."""
    fields = _object(record)
    prompt = text_of(fields, "prompt", required=True)
    yield Draft(prompt, text_of(fields, "completion"), task=text_of(fields, "class"))


def alpaca_record(row: Row) -> dict[str, Any]:
    """Alpaca with LLaMA-Factory's system and history. Raises InputError for a history that is no pairs."""
    split = split_history(row, "alpaca")
    record: dict[str, Any] = {"instruction": row.prompt, "input": "", "output": row.reference or ""}
    if split.system:
        record["system"] = split.system
    if split.pairs:
        record["history"] = [list(pair) for pair in split.pairs]
    return record | _class(row)


def alpaca_drafts(record: Any) -> Iterator[Draft]:
    """Alpaca; an input follows its instruction on a line of its own."""
    fields = _object(record)
    instruction = text_of(fields, "instruction", required=True)
    asked = "\n".join(part for part in (instruction, text_of(fields, "input")) if part)
    history = _history(text_of(fields, "system"), _pairs(fields.get("history")))
    yield Draft(asked, text_of(fields, "output"), history, text_of(fields, "class"))


def sharegpt_record(row: Row) -> dict[str, Any]:
    """ShareGPT: the whole conversation, under the speakers' names there."""
    names = {"system": "system", "user": "human", "assistant": "gpt"}
    return {"conversations": [{"from": names[turn.role], "value": turn.content} for turn in turns_of(row)]} | _class(
        row
    )


def sharegpt_drafts(record: Any) -> Iterator[Draft]:
    """ShareGPT; a system message may stand beside the conversation."""
    fields = _object(record)
    turns = fields.get("conversations")
    if not isinstance(turns, list):
        raise missing("conversations")
    system = text_of(fields, "system")
    spoken = [message_of(_object(turn).get("from"), turn.get("value")) for turn in turns]
    yield of_turns([*([Message("system", system)] if system else []), *spoken], text_of(fields, "class"))


def qianfan_record(row: Row) -> list[list[dict[str, Any]]]:
    """A Qianfan line: conversations of turns, the system message in the first. Carries no class.

    Raises InputError for a history that is no pairs.
    """
    split = split_history(row, "qianfan")
    turns: list[dict[str, Any]] = [{"prompt": asked, "response": [[told]]} for asked, told in split.pairs]
    turns.append({"prompt": row.prompt} | ({"response": [[row.reference]]} if row.reference else {}))
    return [[({"system": split.system} if split.system else {}) | turns[0], *turns[1:]]]


def qianfan_drafts(record: Any) -> Iterator[Draft]:
    """A Qianfan line: one conversation as a list of turns, or a list of such conversations."""
    for draft, _ in _qianfan_turns(record):
        yield draft


def qianfan_answers(record: Any) -> Iterator[Draft]:
    """A Qianfan line, with a draft for each of the answers that are ranked under its last prompt."""
    for draft, last in _qianfan_turns(record):
        answers = _responses(last.get("response"))
        yield from (draft._replace(reference=answer) for answer in answers) if answers else (draft,)


def _qianfan_turns(record: Any) -> Iterator[tuple[Draft, Mapping[str, Any]]]:
    """The conversations of a Qianfan line, each with its last turn."""
    if not is_qianfan(record):
        raise InputError('not a Qianfan line; write [{"prompt": "…", "response": [["…"]]}]', "error.qianfan_line")
    conversations = record if isinstance(record[0], list) else [record]
    for conversation in conversations:
        *earlier, last = [_object(turn) for turn in conversation]
        system = text_of(_object(conversation[0]), "system")
        pairs = [(text_of(turn, "prompt", required=True), _response(turn)) for turn in earlier]
        yield Draft(text_of(last, "prompt", required=True), _response(last), _history(system, pairs)), last


def each_answer(drafts: Callable[[Any], Iterator[Draft]]) -> Callable[[Any], Iterator[Draft]]:
    """A reader like `drafts` that makes a draft of each answer where a record ranks two of them.

    TRL's and LLaMA-Factory's DPO records are read: `chosen` and `rejected` are texts, single messages, lists of
    messages, or whole conversations that begin with what was asked.
    """

    def answers(record: Any) -> Iterator[Draft]:
        fields = record if isinstance(record, dict) else {}
        told = [_told(fields[name], name) for name in RANKED if fields.get(name) is not None]
        if not told:
            yield from drafts(record)
            return
        asked: list[Message] = []
        if any(turns[0].role == "assistant" for turns in told):
            draft = next(drafts(record))
            asked = [*draft.history, Message("user", draft.prompt)]
        for turns in told:
            whole = [*asked, *turns] if turns[0].role == "assistant" else turns
            yield of_turns(whole, text_of(fields, "class"))

    return answers


def table_record(row: Row) -> dict[str, str]:
    """The cells of a table. Raises InputError for a history of more than a system message."""
    split = split_history(row, "csv")
    if split.pairs:
        raise cannot_carry(row, "csv")
    return {"prompt": row.prompt, "completion": row.reference or "", "class": row.task, "system": split.system}


def table_drafts(record: Any) -> Iterator[Draft]:
    """The cells of a table."""
    fields = _object(record)
    prompt = text_of(fields, "prompt", required=True)
    yield Draft(
        prompt, text_of(fields, "completion"), _history(text_of(fields, "system"), ()), text_of(fields, "class")
    )


def is_rows(record: Any) -> bool:
    """Whether a JSON value is one of our own rows."""
    return isinstance(record, dict) and {"id", "class", "prompt"} <= record.keys() and "constraint" in record


def is_trl(record: Any) -> bool:
    """Whether a JSON value is conversational."""
    return isinstance(record, dict) and (isinstance(record.get("prompt"), list) or "messages" in record)


def is_plain(record: Any) -> bool:
    """Whether a JSON value is a prompt in plain text."""
    return isinstance(record, dict) and isinstance(record.get("prompt"), str)


def is_alpaca(record: Any) -> bool:
    """Whether a JSON value is an instruction."""
    return isinstance(record, dict) and "instruction" in record


def is_sharegpt(record: Any) -> bool:
    """Whether a JSON value is a ShareGPT conversation."""
    return isinstance(record, dict) and "conversations" in record


def is_qianfan(record: Any) -> bool:
    """Whether a JSON value is a Qianfan line, with one bracket around its turns or two."""
    if isinstance(record, list) and record and isinstance(record[0], list):
        return all(_is_qianfan_conversation(one) for one in record)
    return _is_qianfan_conversation(record)


def has_response(line: list[Any]) -> bool:
    """Whether a Qianfan line is certainly one: a list of prompts without responses could be an array of records."""
    turns = line[0] if isinstance(line[0], list) else line
    return line is not turns or any("response" in turn for turn in turns)


def is_ranked(record: Any) -> bool:
    """Whether a JSON value ranks two whole conversations, with no prompt beside them."""
    return isinstance(record, dict) and all(isinstance(record.get(name), list) for name in RANKED)


def _is_qianfan_conversation(turns: Any) -> bool:
    return isinstance(turns, list) and bool(turns) and all(_is_qianfan_turn(turn) for turn in turns)


def _is_qianfan_turn(turn: Any) -> bool:
    return isinstance(turn, dict) and "prompt" in turn and not turn.keys() - {"prompt", "response", "system"}


def _response(turn: Mapping[str, Any]) -> str:
    """The first of a turn's answers, which are ranked; "" where there is none."""
    answers = turn.get("response")
    while isinstance(answers, list):
        answers = answers[0] if answers else None
    if answers is not None and not isinstance(answers, str):
        raise missing("response")
    return answers or ""


def _responses(answers: Any) -> list[str]:
    """All of a turn's answers, the best first."""
    flat = [] if answers is None else [answers]
    while any(isinstance(answer, list) for answer in flat):
        flat = [one for answer in flat for one in (answer if isinstance(answer, list) else [answer])]
    if not all(isinstance(answer, str) for answer in flat):
        raise missing("response")
    return flat


def _told(answer: Any, name: str) -> list[Message]:
    """The turns of an answer in the field `name`, as preference records write it."""
    if isinstance(answer, str):
        return [Message("assistant", answer)]
    turns = [_object(turn) for turn in (answer if isinstance(answer, list) else [answer])]
    if not turns:
        raise missing(name)
    return [message_of(turn.get("role", turn.get("from")), turn.get("content", turn.get("value"))) for turn in turns]


def _object(record: Any) -> Mapping[str, Any]:
    if not isinstance(record, dict):
        raise InputError("not a JSON object", "error.json_object")
    return record


def _turns(messages: Any) -> list[Message]:
    if not isinstance(messages, list) or not messages:
        raise missing("prompt")
    return [message_of(_object(message).get("role"), message.get("content")) for message in messages]


def _messages(turns: Iterable[Message]) -> list[dict[str, str]]:
    return [{"role": turn.role, "content": turn.content} for turn in turns]


def _pairs(history: Any) -> list[tuple[str, str]]:
    pairs = history or []
    if not isinstance(pairs, list) or any(not _is_pair(pair) for pair in pairs):
        raise InputError("the field 'history' is no list of pairs", "error.history_pairs")
    return [(asked, told) for asked, told in pairs]


def _is_pair(pair: Any) -> bool:
    return isinstance(pair, list) and len(pair) == 2 and all(isinstance(text, str) for text in pair)


def _history(system: str, pairs: Iterable[tuple[str, str]]) -> tuple[Message, ...]:
    turns = [Message("system", system)] if system else []
    for asked, told in pairs:
        turns += [Message("user", asked), Message("assistant", told)]
    return tuple(turns)


def _class(row: Row) -> dict[str, str]:
    return {"class": row.task} if row.task else {}
