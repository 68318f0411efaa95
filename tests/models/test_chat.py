from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hesui.errors import InputError
from hesui.models.chat import BROKEN, Chat, Detokenizer, answer
from hesui.records import Message


@pytest.fixture(scope="session")
def bytewise(byte_tokenizer: Callable) -> Chat:
    return Chat(byte_tokenizer())


@pytest.fixture(scope="session")
def charwise(character_tokenizer: Callable) -> Chat:
    return Chat(character_tokenizer())


def streamed(chat: Chat, ids: list[int]) -> list[str]:
    text = Detokenizer(chat)
    return [text.add(token) for token in ids]


def test_bytes_split_han_characters_and_emoji_over_several_tokens(bytewise: Chat) -> None:
    assert len(bytewise.encode("🧧囍")) >= 6


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters=BROKEN), max_size=40))
def test_a_streamed_text_is_the_text_and_never_shows_half_a_character(bytewise: Chat, text: str) -> None:
    pieces = streamed(bytewise, bytewise.encode(text))
    assert "".join(pieces) == text
    assert not any(BROKEN in piece for piece in pieces)


def test_special_tokens_are_not_shown(charwise: Chat) -> None:
    ids = charwise.encode("<|im_start|>祝您<|im_end|>")
    assert "".join(streamed(charwise, ids)) == "祝您"


def test_an_unfinished_character_at_the_end_is_left_out(bytewise: Chat) -> None:
    ids = bytewise.encode("福囍")[:-1]
    assert "".join(streamed(bytewise, ids)) == "福"


def test_a_detokenizer_decodes_each_token_a_bounded_number_of_times(
    bytewise: Chat, sentences: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    lengths: list[int] = []
    decode = bytewise.decode
    monkeypatch.setattr(bytewise, "decode", lambda ids: (lengths.append(len(ids)), decode(ids))[1])
    streamed(bytewise, bytewise.encode(sentences * 4))
    assert max(lengths) <= 12


def test_the_template_frames_the_messages_and_its_end_ends_answers(charwise: Chat) -> None:
    ids = charwise.prompt([Message("user", "祝福")])
    assert ids == charwise.encode("<|im_start|>user\n祝福<|im_end|>\n<|im_start|>assistant\n")
    assert set(charwise.ends()) == set(charwise.encode("<|im_end|>"))


def test_without_a_template_the_messages_are_written_plainly(character_tokenizer: Callable) -> None:
    tokenizer = character_tokenizer()
    tokenizer.chat_template = None
    chat = Chat(tokenizer)
    assert chat.prompt([Message("user", "祝福")]) == chat.encode("祝福\n")


def test_what_a_template_refuses_is_an_input_error(character_tokenizer: Callable) -> None:
    tokenizer = character_tokenizer()
    tokenizer.chat_template = "{{ raise_exception('no system turn') if messages[0].role == 'system' }}x"
    with pytest.raises(InputError, match="no system turn"):
        Chat(tokenizer).prompt([Message("system", "祝福")])


def test_a_template_that_can_think_is_told_not_to(character_tokenizer: Callable) -> None:
    tokenizer = character_tokenizer()
    tokenizer.chat_template = "{{ '' if enable_thinking else '节' }}"
    chat = Chat(tokenizer)
    assert chat.prompt([Message("user", "祝福")]) == chat.encode("节")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\n\n祝您。\n", "祝您。"),
        ("<think>\n想想", ""),
        ("<think>\n想想\n</think>\n\n祝您。", "祝您。"),
        ("<thi", ""),
        ("<b>", "<b>"),
        ("", ""),
    ],
)
def test_thoughts_and_blank_edges_are_not_shown(text: str, shown: str) -> None:
    assert answer(text) == shown
