"""Where and how to compute: device, dtype, thread count, and running out of memory by its name.

Knows nothing of models.
"""

from __future__ import annotations

import os
from pathlib import Path

import torch

from hesui.errors import DeviceOutOfMemory, SettingsError
from hesui.settings import Settings

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
WORTH_SHARING = 30_000_000  # parameters from which more than one thread pays
CPU_QUOTA = Path("/sys/fs/cgroup/cpu.max")  # "quota period" in microseconds, or "max period"


def choose_device(settings: Settings) -> torch.device:
    """The device that `settings` name, or the best there is. Raises SettingsError where it is missing."""
    if settings.device == "auto":
        return torch.device(
            "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
        )
    try:
        device = torch.device(settings.device)
    except RuntimeError:
        raise _no_device(settings.device) from None
    there = {"cpu": 1, "cuda": torch.cuda.device_count(), "mps": int(torch.backends.mps.is_available())}
    if (device.index or 0) >= there.get(device.type, 0):
        raise _no_device(settings.device)
    return device


def choose_dtype(settings: Settings, device: torch.device) -> torch.dtype:
    """The dtype that `settings` name, or what `device` is quick and exact with.

    A CPU computes in float32: without AMX, bfloat16 products are several times slower there.
    """
    if settings.dtype != "auto":
        if settings.dtype not in DTYPES:
            raise SettingsError(
                f"unsupported dtype {settings.dtype!r}; expected one of auto, {', '.join(DTYPES)}",
                "error.dtype",
                value=settings.dtype,
            )
        return DTYPES[settings.dtype]
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
    return torch.float16 if device.type == "mps" else torch.float32


def choose_threads(settings: Settings, parameters: int) -> int:
    """CPU threads for a model of so many parameters: as set, else one for each core but one.

    On a busy machine every thread that waits for a core makes the others wait as well, so the page, the browser
    and a training run are left a core. A small model gets one thread: its products are too short to be shared.
    """
    return settings.threads or (1 if parameters < WORTH_SHARING else max(1, min(_cores(), _quota()) - 1))


def is_out_of_memory(error: BaseException) -> bool:
    """Whether `error` says that memory ran out, on whatever device."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    text = str(error).lower()
    return isinstance(error, RuntimeError) and ("out of memory" in text or "allocate memory" in text)


def out_of_memory(device: torch.device, dtype: torch.dtype, advice: str | None) -> DeviceOutOfMemory:
    """The error that names the next setting to try: `advice` on the request, else one on the model."""
    if advice is None and dtype == torch.float32 and device.type == "cuda":
        advice = "set HESUI_DTYPE=bfloat16"
    advice = advice or ("set HESUI_DEVICE=cpu" if device.type != "cpu" else "set HESUI_BASE_MODEL to a smaller model")
    if device.type == "cuda":
        torch.cuda.empty_cache()
    return DeviceOutOfMemory(
        f"{device} ran out of memory; {advice}", "error.out_of_memory", device=str(device), advice=advice
    )


def _no_device(name: str) -> SettingsError:
    return SettingsError(
        f"no device {name!r} here; set HESUI_DEVICE to auto, cpu, cuda, cuda:1 or mps", "error.device", value=name
    )


def _cores() -> int:
    # Two hardware threads of one core share its arithmetic units: more threads than cores only wait for each other.
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    siblings = Path("/sys/devices/system/cpu/cpu0/topology/thread_siblings_list")
    try:
        per_core = 2 if any(mark in siblings.read_text() for mark in ",-") else 1
    except OSError:
        per_core = 1
    return max(1, allowed // per_core)


def _quota() -> int:
    try:
        quota, period = CPU_QUOTA.read_text().split()
        return max(1, int(quota) // int(period))
    except (OSError, ValueError):  # no such file, or "max"
        return 10**6
