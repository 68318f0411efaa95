"""Between chats and token ids: the chat template one way, text without broken characters the other way.

Knows nothing of models or of sampling.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hesui.errors import InputError
from hesui.records import Message

BROKEN = "\ufffd"  # what a decoder shows for bytes that are no whole character yet
SAMPLE = "值此新春佳节来临之际，祝您身体健康，阖家幸福，万事如意！"  # to measure tokens per character
BEFORE = "。"  # stands in for what comes before a piece of text
THINK, END_THINK = "<think>", "</think>"


class Chat:
    """A tokenizer, seen as what turns messages into ids and ids into text."""

    def __init__(self, tokenizer: Any) -> None:  # transformers' tokenizers carry no usable types
        self._tokenizer = tokenizer
        self._backend = getattr(tokenizer, "backend_tokenizer", None)  # several times quicker than its wrapper
        self.tokens_per_char = len(self.encode(SAMPLE)) / len(SAMPLE)

    def encode(self, text: str) -> list[int]:
        """The ids of `text`, with no special tokens added."""
        return list(self._tokenizer(text, add_special_tokens=False).input_ids)

    def encode_inside(self, text: str) -> list[int]:
        """The ids of `text` in the middle of a text: some tokenizers put a space before what begins one."""
        before, both = self.encode(BEFORE), self.encode(BEFORE + text)
        return both[len(before) :] if both[: len(before)] == before else self.encode(text)

    def decode(self, ids: Sequence[int]) -> str:
        """The text of `ids`, special tokens left out."""
        if self._backend is not None:
            return str(self._backend.decode(list(ids), skip_special_tokens=True))
        return str(self._tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False))

    def prompt(self, messages: Sequence[Message]) -> list[int]:
        """The ids that ask for an answer to `messages`.

        Raises InputError on messages that the template refuses, and on none that hold text.
        """
        if not any(message.content.strip() for message in messages):
            raise InputError("the prompt is empty; write what you wish for", "error.prompt_empty")
        if not self._tokenizer.chat_template:
            return list(self._tokenizer("\n\n".join(message.content for message in messages) + "\n").input_ids)
        return self.encode(self._render(messages, add_generation_prompt=True))

    def ends(self) -> list[int]:
        """Ids after which nothing more of an answer comes: the tokenizer's own, and what its template closes with."""
        found = [self._tokenizer.eos_token_id]
        if self._tokenizer.chat_template:
            turns = (Message("user", "?"), Message("assistant", SAMPLE))
            tail = self._render(turns, add_generation_prompt=False).rpartition(SAMPLE)[2].lstrip()
            special = set(self._tokenizer.all_special_ids)
            found += [token for token in self.encode(tail)[:1] if token in special]
        return [token for token in found if token is not None]

    def _render(self, messages: Sequence[Message], add_generation_prompt: bool) -> str:
        turns = [{"role": message.role, "content": message.content} for message in messages]
        try:
            return str(
                self._tokenizer.apply_chat_template(
                    turns,
                    tokenize=False,
                    add_generation_prompt=add_generation_prompt,
                    enable_thinking=False,  # templates that know no thinking ignore it
                )
            )
        except Exception as error:  # jinja's errors, and whatever a template raises
            raise InputError(
                f"the model's chat template refuses these messages: {error}", "error.template", reason=str(error)
            ) from error


class Detokenizer:
    """The text of a growing list of ids, each id decoded a bounded number of times.

    Byte-level tokenizers split a Han character or an emoji over several ids: text that ends in such a piece is
    held back until the character is whole. Decoding starts at the last id that ended on a whole character, with
    the ids of the piece before it for context, because some tokenizers write a leading space only inside a text.
    """

    __slots__ = ("_chat", "_pending", "_seen", "text")

    def __init__(self, chat: Chat) -> None:
        self._chat = chat
        self._seen: list[int] = []  # decoded already; context for what follows
        self._pending: list[int] = []
        self.text = ""

    def add(self, token: int) -> str:
        """Append an id; returns what it adds to `text`, which may be nothing."""
        self._pending.append(token)
        before = self._chat.decode(self._seen) if self._seen else ""
        after = self._chat.decode([*self._seen, *self._pending])
        if after.endswith(BROKEN):
            return ""
        new = after[len(before) :]
        self._seen, self._pending = self._pending, []
        self.text += new
        return new

    def empty(self) -> Detokenizer:
        """Another one for the same tokenizer, at its beginning."""
        return Detokenizer(self._chat)


def answer(text: str) -> str:
    """What a reader sees of a model's output: no thoughts, no blank edges."""
    shown = text.lstrip()
    if shown.startswith(THINK):
        _, closed, shown = shown.partition(END_THINK)
        shown = shown.lstrip() if closed else ""
    elif THINK.startswith(shown):
        shown = ""
    return shown.rstrip()
