"""Counts tokens as the chosen base does; loads its tokenizer and no weights."""

from __future__ import annotations

from collections.abc import Callable

from hesui.errors import ModelError
from hesui.models.chat import Chat
from hesui.models.registry import Registry
from hesui.settings import Settings


def token_length(settings: Settings) -> Callable[[str], int]:
    """A function from a text to its number of tokens under the base that `settings` name.

    Raises ModelError where the base has no tokenizer that loads.
    """
    from transformers import AutoTokenizer

    source = Registry(settings).base()
    try:
        chat = Chat(AutoTokenizer.from_pretrained(source.location, trust_remote_code=False))
    except Exception as error:  # a library's many ways to say that a folder holds no tokenizer
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
        raise ModelError(
            f"the tokenizer of {source.name} cannot be loaded: {reason}", "error.base_unusable",
            name=source.name, reason=reason,
        ) from error  # fmt: skip
    return lambda text: len(chat.encode(text))
