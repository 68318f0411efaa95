import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from peft import PeftModel
from safetensors.torch import load_file, save_file
from transformers import Qwen3ForCausalLM

from hesui.errors import ModelError
from hesui.models.alone import attached
from hesui.models.lora import Mix, NotMixable, read_adapter
from hesui.models.registry import AdapterSource

pytestmark = pytest.mark.filterwarnings(
    "ignore:`is_gradient_checkpointing`:FutureWarning", "ignore:Model has `tie_word"
)
TOKENS = torch.arange(4, 24).unsqueeze(0)


def load(base_folder: Path) -> Qwen3ForCausalLM:
    return Qwen3ForCausalLM.from_pretrained(base_folder, dtype=torch.float32).eval()


def source(home: Path, name: str) -> AdapterSource:
    return AdapterSource(name, home / "adapters" / name)


def by_peft(base_folder: Path, home: Path, name: str) -> torch.Tensor:
    with torch.inference_mode():
        return PeftModel.from_pretrained(load(base_folder), home / "adapters" / name)(TOKENS).logits[0]


def mixed(base_folder: Path, home: Path, rows: list[str | None]) -> torch.Tensor:
    model = load(base_folder)
    mix = Mix(model)
    for name in {row for row in rows if row}:
        mix.add(read_adapter(source(home, name), model))
    with torch.inference_mode(), mix.active(mix.parts(rows)):
        return model(TOKENS.expand(len(rows), -1)).logits


@pytest.mark.parametrize("name", ["one", "two", "patterns"])
def test_a_batch_of_one_adapter_computes_what_peft_does(base_folder: Path, home: Path, name: str) -> None:
    torch.testing.assert_close(mixed(base_folder, home, [name])[0], by_peft(base_folder, home, name))


def test_rows_of_the_base_and_of_several_adapters_share_a_batch(base_folder: Path, home: Path) -> None:
    logits = mixed(base_folder, home, ["two", None, "one", "patterns", None])
    with torch.inference_mode():
        base = load(base_folder)(TOKENS).logits[0]
    expected = [by_peft(base_folder, home, name) for name in ("two", "one", "patterns")]
    for row, wanted in zip(logits, [expected[0], base, expected[1], expected[2], base], strict=True):
        torch.testing.assert_close(row, wanted)
    assert not torch.allclose(base, expected[0], atol=0.1), "an adapter that changes nothing proves nothing"


def test_a_base_with_adapters_is_the_base_when_no_row_uses_one(base_folder: Path, home: Path) -> None:
    model = load(base_folder)
    with torch.inference_mode():
        before = model(TOKENS).logits
        mix = Mix(model)
        mix.add(read_adapter(source(home, "one"), model))
        assert mix.parts([None, None]) == {}
        with mix.active(mix.parts([None])):
            assert torch.equal(model(TOKENS).logits, before)


def test_an_adapter_read_anew_takes_the_place_of_the_old_one(base_folder: Path, home: Path) -> None:
    model = load(base_folder)
    mix = Mix(model)
    mix.add(read_adapter(source(home, "one"), model))
    mix.parts(["one"])
    mix.add(read_adapter(AdapterSource("one", home / "adapters" / "two"), model))
    with torch.inference_mode(), mix.active(mix.parts(["one"])):
        torch.testing.assert_close(model(TOKENS).logits[0], by_peft(base_folder, home, "two"))


@pytest.mark.parametrize(
    "config",
    [
        {"use_dora": True},
        {"lora_bias": True},
        {"bias": "lora_only"},
        {"modules_to_save": ["lm_head"]},
        {"target_modules": ["embed_tokens"]},
        {"trainable_token_indices": [5]},
    ],
    ids=str,
)
def test_what_is_more_than_a_plain_lora_is_left_to_peft(
    save_adapter: Callable, base_folder: Path, tmp_path: Path, config: dict
) -> None:
    folder = save_adapter(base_folder, tmp_path / "odd", seed=5, **config)
    with pytest.raises(NotMixable):
        read_adapter(AdapterSource("odd", folder), load(base_folder))


@pytest.mark.parametrize("config", [{"use_dora": True}, {"modules_to_save": ["lm_head"]}, {}], ids=str)
def test_an_adapter_alone_computes_what_peft_does_and_leaves_the_base_as_it_was(
    save_adapter: Callable, base_folder: Path, tmp_path: Path, config: dict
) -> None:
    folder = save_adapter(base_folder, tmp_path / "odd", seed=5, **config)
    model = load(base_folder)
    with torch.inference_mode():
        before = model(TOKENS).logits
        expected = PeftModel.from_pretrained(load(base_folder), folder)(TOKENS).logits
        with attached(AdapterSource("odd", folder), model):
            torch.testing.assert_close(model(TOKENS).logits, expected)
        assert torch.equal(model(TOKENS).logits, before)


def test_an_adapter_of_another_shape_is_refused_with_both_shapes(random_model: Callable, home: Path) -> None:
    with pytest.raises(ModelError, match=r"another base: .*down_proj is \(64, 96\) here, \(32, 48\) there"):
        read_adapter(source(home, "one"), random_model(90, hidden_size=64, intermediate_size=96))


def test_an_adapter_for_layers_that_are_not_there_is_refused(random_model: Callable, home: Path) -> None:
    with pytest.raises(ModelError, match=r"no layer model\.layers\.1"):
        read_adapter(source(home, "one"), random_model(90, num_hidden_layers=1))


@pytest.mark.parametrize("name", ["one", "dora"])
def test_an_adapter_that_peft_cannot_put_on_leaves_the_base_as_it_was(
    random_model: Callable, home: Path, name: str
) -> None:
    model = random_model(90, hidden_size=64, intermediate_size=96)
    with torch.inference_mode():
        before = model(TOKENS).logits
        with pytest.raises(ModelError, match="cannot be used"), attached(source(home, name), model):
            pass
        assert torch.equal(model(TOKENS).logits, before)


def changed(home: Path, folder: Path, **config: object) -> AdapterSource:
    shutil.copytree(home / "adapters" / "one", folder)
    file = folder / "adapter_config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | config))
    return AdapterSource(folder.name, folder)


def test_an_initialisation_that_rewrites_the_base_is_refused(base_folder: Path, home: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="pissa.*rewrites the base"):
        read_adapter(changed(home, tmp_path / "pissa", init_lora_weights="pissa"), load(base_folder))


def test_broken_files_are_named(base_folder: Path, home: Path, tmp_path: Path) -> None:
    broken = changed(home, tmp_path / "broken")
    (broken.folder / "adapter_model.safetensors").write_bytes(b"nonsense")
    with pytest.raises(ModelError, match=r"broken cannot be used: adapter_model\.safetensors"):
        read_adapter(broken, load(base_folder))
    (broken.folder / "adapter_config.json").write_text("[")
    with pytest.raises(ModelError, match=r"adapter_config\.json"):
        read_adapter(broken, load(base_folder))


def test_a_factor_without_its_partner_is_not_mixed(base_folder: Path, home: Path, tmp_path: Path) -> None:
    half = changed(home, tmp_path / "half")
    tensors = load_file(half.folder / "adapter_model.safetensors")
    tensors.pop(next(key for key in tensors if "lora_B" in key))
    save_file(tensors, half.folder / "adapter_model.safetensors")
    with pytest.raises(NotMixable, match="lora_B"):
        read_adapter(half, load(base_folder))
