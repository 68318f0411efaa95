"""How many tokens a text takes, roughly, without the teacher's tokenizer; knows nothing of prices."""

from __future__ import annotations

from hesui.distil.calls import Call, Usage

PER_MESSAGE = 8  # role and separators


def estimate_tokens(text: str) -> int:
    """Rather more tokens than the usual tokenizers need.

    One for three letters or spaces of ASCII (they need 0.25 each in English prose), one for any other character (0.5
    to 1 for Chinese), three for one beyond the basic plane (emoji).
    """
    letters = sum(character <= "\x7f" and (character.isalpha() or character == " ") for character in text)
    beyond = sum(character > "\uffff" for character in text)
    return len(text) - letters + 2 * beyond + -(-letters // 3)


def estimate_prompt(call: Call) -> int:
    """Rather more tokens than the call's messages take."""
    return sum(PER_MESSAGE + estimate_tokens(message.content) for message in call.messages)


def worst_case(call: Call) -> Usage:
    """The most that a call may use."""
    return Usage(estimate_prompt(call), call.max_tokens)
