"""Builds the embedded model from nothing: tokenizer, base and adapter; knows nothing of how they are served.

The base is pretrained on answers whose length hardly heeds the demand; the adapter then learns length from
exact ones. Both read only the `train` split of the composer's prompts.
"""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from typing import Any

import torch
from peft import LoraConfig, get_peft_model
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast, Qwen3Config, Qwen3ForCausalLM

from hesui import checksums
from hesui.corpus.briefs import Task
from hesui.corpus.composer import Example, exact_length, example, loose_length
from hesui.corpus.grammar import FOLDER
from hesui.length import Op
from hesui.models.tiny_training import Row, Schedule, train
from hesui.settings import TINY

log = logging.getLogger(__name__)

BASE_NAME = "hesui/tiny-base"  # what the adapter's config calls its base; a name, not an address
PAD, UNKNOWN, USER, ASSISTANT, SYSTEM, END = (
    "<|pad|>",
    "<|unknown|>",
    "<|user|>",
    "<|assistant|>",
    "<|system|>",
    "<|end|>",
)
SPECIAL = (PAD, UNKNOWN, USER, ASSISTANT, SYSTEM, END)
PLAIN = (
    "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ .,:;!?()-~/%+'\"\n，。！？、：；“”‘’《》（）…—～·"
)
TEMPLATE = (
    "{% for message in messages %}"
    "{% if message['role'] == 'assistant' %}<|assistant|>{% generation %}{{ message['content'] }}<|end|>{% endgeneration %}"
    "{% else %}<|{{ message['role'] }}|>{{ message['content'] }}<|end|>{% endif %}"
    "{% endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}"
)


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that decides what is built; written beside the result."""

    seed: int = 2027
    hidden: int = 256
    layers: int = 4
    base_rows: int = 52_000  # prompts with loose answers, each seen once
    base_tokens: int = 6_000  # per step
    base_rate: float = 3e-3  # AdamW, for embeddings and norms
    base_muon_rate: float = 0.02  # Muon, for the matrices
    adapter_rows: int = 4_000  # prompts of all tasks with exact answers
    adapter_epochs: int = 8
    drills: tuple[int, ...] = (32_000, 24_000)  # rounds of more prompts, nearly all for an exact number, each seen once
    drill_tokens: int = 1_600
    adapter_tokens: int = 2_400  # per step, about 16 greetings
    adapter_rate: float = 2e-3
    rank: int = 16
    alpha: int = 32


QUICK = Recipe(hidden=64, layers=2, base_rows=24, adapter_rows=8, adapter_epochs=1, drills=(8,))
BASE_MIX: dict[Task, float] = {"greeting": 0.64, "long": 0.10, "essay": 0.08, "verse": 0.10, "summary": 0.08}
DRILL_MIX: dict[Task, float] = {"greeting": 0.94, "long": 0.015, "essay": 0.015, "verse": 0.015, "summary": 0.015}
ADAPTER_MIX: dict[Task, float] = {"greeting": 0.80, "long": 0.07, "essay": 0.04, "verse": 0.05, "summary": 0.04}


def build(out: Path, *, quick: bool = False) -> None:
    """Build `out`/base and `out`/adapter, replacing what is there; `quick` builds toys that only prove the path.

    Takes one to two hours on two CPU cores. The checksums are written last.
    """
    recipe = QUICK if quick else Recipe()
    torch.manual_seed(recipe.seed)
    out.mkdir(parents=True, exist_ok=True)
    tokenizer = make_tokenizer()
    base = build_base(recipe, tokenizer)
    base.to(torch.bfloat16)
    _save(out / "base", lambda folder: (base.save_pretrained(folder), tokenizer.save_pretrained(folder)))
    # The base continues from its stored half precision, so that the adapter fits what is shipped.
    base = Qwen3ForCausalLM.from_pretrained(out / "base", dtype=torch.float32)
    adapter = build_adapter(recipe, tokenizer, base)
    _save(out / "adapter", lambda folder: adapter.save_pretrained(folder, save_embedding_layers=False))
    (out / "recipe.json").write_text(json.dumps(asdict(recipe), indent=2) + "\n", encoding="utf-8")
    checksums.write(out)


def make_tokenizer() -> PreTrainedTokenizerFast:
    """One token a character: every character of the grammar, digits, Latin letters and common punctuation."""
    grammar = "".join(path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.toml")))
    characters = sorted({c for c in grammar if "\u3400" <= c <= "\u9fff"} | set(PLAIN) | set("零百"))
    core = Tokenizer(models.WordLevel({token: i for i, token in enumerate((*SPECIAL, *characters))}, unk_token=UNKNOWN))
    core.pre_tokenizer = pre_tokenizers.Split(Regex(r"[\s\S]"), "isolated")
    core.decoder = decoders.Fuse()
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=core,
        pad_token=PAD,
        unk_token=UNKNOWN,
        eos_token=END,
        additional_special_tokens=[USER, ASSISTANT, SYSTEM],
        clean_up_tokenization_spaces=False,
        model_max_length=1024,
        padding_side="left",
    )
    tokenizer.chat_template = TEMPLATE
    return tokenizer


def random_model(hidden: int, layers: int, tokenizer: PreTrainedTokenizerFast) -> Qwen3ForCausalLM:
    """The embedded model's architecture at any size, its weights random; `hidden` is a multiple of 32."""
    return Qwen3ForCausalLM(
        Qwen3Config(
            vocab_size=len(tokenizer),
            hidden_size=hidden,
            num_hidden_layers=layers,
            intermediate_size=hidden * 5 // 2,
            num_attention_heads=hidden // 32,
            num_key_value_heads=max(1, hidden // 64),
            head_dim=32,
            max_position_embeddings=1024,
            rope_parameters={"rope_type": "default", "rope_theta": 1000.0},
            tie_word_embeddings=True,
            bos_token_id=None,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
            dtype=torch.float32,
        )
    )


def build_base(recipe: Recipe, tokenizer: PreTrainedTokenizerFast) -> Qwen3ForCausalLM:
    """A length-blind base, trained from random weights."""
    model = random_model(recipe.hidden, recipe.layers, tokenizer)
    rng = Random(recipe.seed)
    log.info("composing %d loose answers", recipe.base_rows)
    rows = [
        encode(tokenizer, example(task, "train", rng, loose_length), rng, forget=0.01)
        for task in _drawn(BASE_MIX, recipe.base_rows, rng)
    ]
    train(
        model, rows, optimizers(model, recipe), Schedule(recipe.base_tokens, epochs=1, prompts=True, seed=recipe.seed)
    )
    return model


def optimizers(model: Qwen3ForCausalLM, recipe: Recipe) -> list[torch.optim.Optimizer]:
    """Muon for the matrices and AdamW for embeddings and norms, at the recipe's rates for a base."""
    matrices = [p for n, p in model.named_parameters() if p.ndim == 2 and "embed" not in n]
    others = [p for n, p in model.named_parameters() if p.ndim != 2 or "embed" in n]
    return [
        torch.optim.Muon(matrices, lr=recipe.base_muon_rate, weight_decay=0.0),
        torch.optim.AdamW(others, lr=recipe.base_rate, betas=(0.9, 0.95), weight_decay=0.0),
    ]


def build_adapter(recipe: Recipe, tokenizer: PreTrainedTokenizerFast, base: Qwen3ForCausalLM) -> Any:
    """A LoRA on all linear layers that learns length from exact answers; a PeftModel."""
    config = LoraConfig(
        r=recipe.rank, lora_alpha=recipe.alpha, target_modules="all-linear", task_type="CAUSAL_LM", lora_dropout=0.0
    )
    model = get_peft_model(base, config)
    model.peft_config["default"].base_model_name_or_path = BASE_NAME
    first = Schedule(recipe.adapter_tokens, recipe.adapter_epochs, prompts=False, seed=recipe.seed)
    drill = Schedule(recipe.drill_tokens, 1, prompts=False, seed=recipe.seed)
    for number, lesson in enumerate(exact_lessons(recipe, tokenizer)):
        tune(model, [row for _, row in lesson], recipe, drill if number else first)
    return model


def exact_lessons(recipe: Recipe, tokenizer: PreTrainedTokenizerFast) -> Iterator[list[tuple[Example, Row]]]:
    """What the adapter learns from, one round after the other: prompts of all tasks, then drills, fresh prompts that
    mostly demand an exact number."""
    rng = Random(recipe.seed + 1)
    yield exact_rows(tokenizer, _drawn(ADAPTER_MIX, recipe.adapter_rows, rng), rng)
    for number, count in enumerate(recipe.drills):
        rng = Random(recipe.seed + 2 + number)
        yield exact_rows(tokenizer, _drawn(DRILL_MIX, count, rng), rng, eq_share=0.75)


def taught() -> list[str]:
    """The answers that the embedded adapter was trained on, composed again; takes about half a minute."""
    recipe = json.loads((TINY / "recipe.json").read_text(encoding="utf-8"))
    tokenizer = PreTrainedTokenizerFast.from_pretrained(TINY / "base")
    lessons = exact_lessons(Recipe(**recipe), tokenizer)
    return [made.completion for lesson in lessons for made, _ in lesson]


def exact_rows(
    tokenizer: PreTrainedTokenizerFast, tasks: Sequence[Task], rng: Random, eq_share: float = 0.0
) -> list[tuple[Example, Row]]:
    """Answers that obey, and as rows; a share of the greetings is drawn with an exact number, beyond its usual share."""
    log.info("composing %d exact answers", len(tasks))
    ops: list[Op | None] = ["eq" if task == "greeting" and rng.random() < eq_share else None for task in tasks]
    made = (example(task, "train", rng, exact_length, op) for task, op in zip(tasks, ops, strict=True))
    return [(one, encode(tokenizer, one, rng)) for one in made]


def _drawn(mix: Mapping[Task, float], count: int, rng: Random) -> list[Task]:
    return rng.choices(list(mix), list(mix.values()), k=count)


def tune(model: Any, rows: Sequence[Row], recipe: Recipe, schedule: Schedule) -> None:
    """Train the adapter's weights."""
    parameters = [p for p in model.parameters() if p.requires_grad]
    train(model, rows, [torch.optim.AdamW(parameters, lr=recipe.adapter_rate, weight_decay=0.01)], schedule)


def encode(tokenizer: PreTrainedTokenizerFast, row: Example, rng: Random, forget: float = 0.0) -> Row:
    """Token ids and where the answer starts; a share `forget` of the prompt becomes unknown characters."""
    prompt = tokenizer(f"{USER}{row.brief.prompt}{END}{ASSISTANT}", add_special_tokens=False)["input_ids"]
    unknown = tokenizer.unk_token_id
    special = set(tokenizer.all_special_ids)
    prompt = [unknown if token not in special and rng.random() < forget else token for token in prompt]
    answer = tokenizer(f"{row.completion}{END}", add_special_tokens=False)["input_ids"]
    return Row(tuple(prompt + answer), len(prompt))


def _save(folder: Path, write: Callable[[Path], object]) -> None:
    """Write a model folder anew, readable by everyone."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    write(folder)
    (folder / "README.md").unlink(missing_ok=True)  # a generated card that says nothing true; ours is one level up
    for path in folder.iterdir():
        path.chmod(0o644)
