"""Small real models: a Qwen3 with random weights, a tokenizer a character each, LoRA adapters saved by PEFT."""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import string
import warnings
from collections.abc import Callable
from pathlib import Path

import peft
import pytest
import torch
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast, Qwen3Config, Qwen3ForCausalLM

from hesui.models.engine import Engine
from hesui.settings import Settings

torch.set_num_threads(1)

SENTENCES = (
    "祝您新春快乐，阖家幸福！愿老师身体健康，桃李满天下。感谢同学们的陪伴；愿我们“前程似锦”，万事如意？马到成功～\n"
)
SPECIALS = ["<pad>", "<unk>", "<|im_start|>", "<|im_end|>"]
TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
LINEAR = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


def character_tokenizer() -> PreTrainedTokenizerFast:
    letters = sorted(set(SENTENCES + string.ascii_letters + string.digits + "，。！？写一段字的春节祝福给 "))
    vocabulary = {token: number for number, token in enumerate(SPECIALS + letters)}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(r"[\s\S]"), "isolated")
    tokenizer.decoder = decoders.Fuse()
    return wrapped(tokenizer)


def byte_tokenizer() -> PreTrainedTokenizerFast:
    """Byte-level BPE whose few merges leave most Han characters in several pieces."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=300, special_tokens=SPECIALS, initial_alphabet=alphabet)
    tokenizer.train_from_iterator([SENTENCES] * 4, trainer)
    return wrapped(tokenizer)


def wrapped(tokenizer: Tokenizer) -> PreTrainedTokenizerFast:
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="<pad>",
        unk_token="<unk>",
        eos_token="<|im_end|>",
        extra_special_tokens=["<|im_start|>"],
        chat_template=TEMPLATE,
    )


def random_model(vocabulary: int, seed: int = 0, **overrides: int) -> Qwen3ForCausalLM:
    sizes = dict(
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=8,
        max_position_embeddings=512,
        initializer_range=0.15,
    )
    torch.manual_seed(seed)
    config = Qwen3Config(vocab_size=vocabulary, tie_word_embeddings=True, **(sizes | overrides))
    config.eos_token_id = 3
    return Qwen3ForCausalLM(config).eval()


def save_adapter(base: Path, folder: Path, seed: int, **config: object) -> Path:
    """A LoRA with random factors, as PEFT saves it."""
    torch.manual_seed(seed)
    model = Qwen3ForCausalLM.from_pretrained(base, dtype=torch.float32)
    options: dict[str, object] = {"r": 4, "lora_alpha": 6, "target_modules": LINEAR}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PEFT's remarks on the odder adapters
        wrapped_model = peft.get_peft_model(model, peft.LoraConfig(**(options | config)))
        for name, parameter in wrapped_model.named_parameters():
            if "lora_" in name and "magnitude" not in name:
                torch.nn.init.normal_(parameter, std=0.2)
        wrapped_model.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def sentences() -> str:
    return SENTENCES


@pytest.fixture(scope="session", name="character_tokenizer")
def character_tokenizer_fixture() -> Callable[[], PreTrainedTokenizerFast]:
    return character_tokenizer


@pytest.fixture(scope="session", name="byte_tokenizer")
def byte_tokenizer_fixture() -> Callable[[], PreTrainedTokenizerFast]:
    return byte_tokenizer


@pytest.fixture(scope="session", name="random_model")
def random_model_fixture() -> Callable[..., Qwen3ForCausalLM]:
    return random_model


@pytest.fixture(scope="session", name="save_adapter")
def save_adapter_fixture() -> Callable[..., Path]:
    return save_adapter


@pytest.fixture(scope="session")
def base_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("base")
    tokenizer = character_tokenizer()
    random_model(len(tokenizer)).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def home(base_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with adapters of every kind that matters."""
    home = tmp_path_factory.mktemp("home")
    adapters = home / "adapters"
    save_adapter(base_folder, adapters / "one", seed=1)
    save_adapter(base_folder, adapters / "two", seed=2, r=8, target_modules=["q_proj", "up_proj"], use_rslora=True)
    save_adapter(
        base_folder,
        adapters / "patterns",
        seed=3,
        rank_pattern={"q_proj": 2},
        alpha_pattern={"layers.1.mlp.up_proj": 9},
    )
    save_adapter(base_folder, adapters / "dora", seed=4, use_dora=True)
    return home


@pytest.fixture(scope="session")
def settings(base_folder: Path, home: Path) -> Settings:
    return Settings(base_model=str(base_folder), home=home, device="cpu", threads=1, queue=2)


@pytest.fixture(scope="session")
def engine(settings: Settings) -> Engine:
    return Engine(settings)
