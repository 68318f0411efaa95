"""Answers in the shapes of the API: completion, chunk, usage, model, and the record of the command line.

Knows nothing of HTTP or of who answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from hesui.answers import Answer
from hesui.length import check, count
from hesui.records import End, EndReason, Request

FINISH = {EndReason.END: "stop", EndReason.LIMIT: "length", EndReason.TIME: "length"}


@dataclass(frozen=True, slots=True)
class Reply:
    """One completion, streamed or whole."""

    id: str
    created: int  # seconds since 1970
    request: Request

    def whole(self, answer: Answer) -> dict[str, Any]:
        """The finished answer as a chat completion object."""
        assert answer.end is not None
        message = {"role": "assistant", "content": answer.text, "refusal": None}
        choice = {"index": 0, "message": message, "finish_reason": FINISH[answer.end.reason], "logprobs": None}
        return {
            **self._head("chat.completion"),
            "choices": [choice],
            "usage": usage(answer.end),
            "hesui": verdict(answer, self.request),
        }

    def opening(self) -> dict[str, Any]:
        """The first chunk: who speaks."""
        return self._chunk({"role": "assistant", "content": ""})

    def delta(self, text: str) -> dict[str, Any]:
        """A chunk that adds `text`."""
        return self._chunk({"content": text})

    def closing(self, answer: Answer) -> dict[str, Any]:
        """The chunk that says why the answer ended, and how it stands to its demand."""
        assert answer.end is not None
        return self._chunk({}, FINISH[answer.end.reason]) | {"hesui": verdict(answer, self.request)}

    def counted(self, end: End) -> dict[str, Any]:
        """The chunk after the last one, with the usage that was asked for."""
        return {**self._head("chat.completion.chunk"), "choices": [], "usage": usage(end)}

    def _chunk(self, delta: dict[str, str], finish: str | None = None) -> dict[str, Any]:
        choice = {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}
        return {**self._head("chat.completion.chunk"), "choices": [choice]}

    def _head(self, kind: str) -> dict[str, Any]:
        return {"id": self.id, "object": kind, "created": self.created, "model": self.request.model}


def usage(end: End) -> dict[str, int]:
    """Tokens of the prompt (0 where a server does not tell) and of the answer as shown."""
    prompt = end.prompt or 0
    return {"prompt_tokens": prompt, "completion_tokens": end.tokens, "total_tokens": prompt + end.tokens}


def verdict(answer: Answer, request: Request) -> dict[str, Any]:
    """What hesui knows of an answer beyond the API; `ok` is null where nothing is demanded."""
    length = record(answer, request)
    return {
        "count": length["count"],
        "ok": length["ok"],
        "constraint": request.constraint and asdict(request.constraint),
        "counter": request.counter,
        "end": answer.end and answer.end.reason.value,
        "note": answer.end and answer.end.note,
        "drawn": answer.end and answer.end.drawn,
    }


def record(answer: Answer, request: Request) -> dict[str, Any]:
    """One answer as the command line's JSON has it; `ok` is null where nothing is demanded."""
    judged = request.constraint and check(answer.text, request.constraint, request.counter)
    return {
        "model": answer.model,
        "text": answer.text,
        "count": judged.count if judged else count(answer.text, request.counter),
        "ok": judged.ok if judged else None,
        "end_reason": answer.end and answer.end.reason.value,
    }


def models(names: Sequence[str], created: int) -> dict[str, Any]:
    """The list of models; `created` is when this server began, in seconds since 1970."""
    listed = [{"id": name, "object": "model", "created": created, "owned_by": "hesui"} for name in names]
    return {"object": "list", "data": listed}
