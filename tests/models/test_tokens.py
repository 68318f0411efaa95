"""Tokens are counted as the base counts them."""

from __future__ import annotations

import pytest

from hesui.errors import ModelError
from hesui.models.tokens import token_length
from hesui.settings import Settings


def test_the_embedded_base_counts_characters():
    length = token_length(Settings())
    assert length("恭贺新春") == 4
    assert length("") == 0


def test_a_folder_without_a_tokenizer_is_named(tmp_path):
    (tmp_path / "model.safetensors").touch()
    with pytest.raises(ModelError, match="tokenizer"):
        token_length(Settings(base_model=str(tmp_path)))
