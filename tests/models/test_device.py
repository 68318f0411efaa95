from pathlib import Path

import pytest
import torch

from hesui.errors import SettingsError
from hesui.models import device
from hesui.models.device import choose_device, choose_dtype, choose_threads, is_out_of_memory, out_of_memory
from hesui.settings import Settings

CPU = torch.device("cpu")


def test_there_is_always_a_device() -> None:
    assert choose_device(Settings()).type in {"cpu", "cuda", "mps"}


@pytest.mark.parametrize("name", ["cuda:99", "tpu", "nonsense", "meta"])
def test_a_device_that_is_missing_is_named(name: str) -> None:
    with pytest.raises(SettingsError, match=f"{name}.*HESUI_DEVICE"):
        choose_device(Settings(device=name))


def test_a_cpu_computes_in_float32_unless_told_otherwise() -> None:
    assert choose_dtype(Settings(), CPU) is torch.float32
    assert choose_dtype(Settings(dtype="bfloat16"), CPU) is torch.bfloat16
    with pytest.raises(SettingsError, match="int8.*float32"):
        choose_dtype(Settings(dtype="int8"), CPU)


def test_a_small_model_gets_one_thread_and_a_large_one_the_cores() -> None:
    assert choose_threads(Settings(), 3_000_000) == 1
    assert 1 <= choose_threads(Settings(), 10**9) <= device._cores()
    assert choose_threads(Settings(threads=3), 3_000_000) == 3


@pytest.mark.parametrize(("text", "threads"), [("150000 100000\n", 1), ("400000 100000", 4), ("max 100000", 10**6)])
def test_a_containers_share_of_the_cpu_is_respected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, threads: int
) -> None:
    (tmp_path / "cpu.max").write_text(text)
    monkeypatch.setattr(device, "CPU_QUOTA", tmp_path / "cpu.max")
    assert device._quota() == threads


@pytest.mark.parametrize(
    ("error", "memory"),
    [
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"), True),
        (RuntimeError("[enforce fail at alloc_cpu.cpp:124] DefaultCPUAllocator: can't allocate memory"), True),
        (RuntimeError("MPS backend out of memory"), True),
        (MemoryError(), True),
        (RuntimeError("shapes cannot be multiplied"), False),
        (ValueError("out of memory"), False),
    ],
    ids=str,
)
def test_running_out_of_memory_is_recognised(error: Exception, memory: bool) -> None:
    assert is_out_of_memory(error) is memory


def test_the_advice_fits_the_device() -> None:
    assert "HESUI_BASE_MODEL" in str(out_of_memory(CPU, torch.float32, None))
    assert "HESUI_DEVICE=cpu" in str(out_of_memory(torch.device("mps"), torch.float16, None))
    assert str(out_of_memory(CPU, torch.float32, "ask for less")).endswith("ask for less")
