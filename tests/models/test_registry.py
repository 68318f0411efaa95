from pathlib import Path

import pytest

from hesui.errors import ModelNotFound, UnsafeWeights
from hesui.models.registry import Registry
from hesui.records import BASE
from hesui.settings import Settings


def folder(path: Path, *files: str) -> Path:
    path.mkdir(parents=True)
    for name in files:
        (path / name).write_bytes(b"{}")
    return path


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    folder(tmp_path / "base", "config.json", "model.safetensors")
    folder(tmp_path / "home/adapters/spring", "adapter_config.json", "adapter_model.safetensors")
    folder(tmp_path / "home/adapters/pickled", "adapter_config.json", "adapter_model.bin")
    folder(tmp_path / "home/adapters/empty", "adapter_config.json")
    folder(tmp_path / "home/adapters/notes", "readme.txt")
    folder(tmp_path / "x", "adapter_config.json", "adapter_model.safetensors")
    return Registry(Settings(base_model=str(tmp_path / "base"), home=tmp_path / "home"))


def test_a_request_may_name_the_base_and_every_folder_with_an_adapter(registry: Registry) -> None:
    assert registry.names() == [BASE, "empty", "pickled", "spring"]


def test_an_adapter_appears_as_soon_as_its_folder_does(registry: Registry, tmp_path: Path) -> None:
    folder(tmp_path / "home/adapters/new", "adapter_config.json", "adapter_model.safetensors")
    assert registry.adapter("new").folder.name == "new"


@pytest.mark.parametrize("name", ["../x", "../../x", "/etc", "spring/../spring", "", ".", "base", "notes", "Spring"])
def test_a_name_is_looked_up_and_never_becomes_a_path(registry: Registry, name: str) -> None:
    with pytest.raises(ModelNotFound, match="choose one of: base, empty, pickled, spring"):
        registry.adapter(name)


def test_pickled_weights_are_refused_by_name(registry: Registry) -> None:
    with pytest.raises(UnsafeWeights, match=r"adapter_model\.bin"):
        registry.adapter("pickled")


def test_missing_weights_are_named(registry: Registry) -> None:
    with pytest.raises(ModelNotFound, match=r"adapter_model\.safetensors"):
        registry.adapter("empty")


def test_a_base_with_pickled_weights_only_is_refused(tmp_path: Path) -> None:
    folder(tmp_path / "base", "config.json", "pytorch_model.bin")
    with pytest.raises(UnsafeWeights, match=r"pytorch_model\.bin"):
        Registry(Settings(base_model=str(tmp_path / "base"), home=tmp_path)).base()


@pytest.mark.parametrize("name", ["./nowhere", "/nowhere/at/all", "a/b/c"])
def test_a_base_folder_that_is_missing_is_not_taken_for_a_hub_id(name: str, tmp_path: Path) -> None:
    with pytest.raises(ModelNotFound, match="HESUI_BASE_MODEL"):
        Registry(Settings(base_model=name, home=tmp_path)).base()


def test_anything_else_is_a_hub_id(tmp_path: Path) -> None:
    base = Registry(Settings(base_model="Qwen/Qwen3-0.6B", home=tmp_path)).base()
    assert (base.location, base.local) == ("Qwen/Qwen3-0.6B", False)
