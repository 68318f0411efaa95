"""Looks over an installation: versions, device, storage, settings, and what to do about what is wrong.

Changes nothing and asks no network.
"""

from __future__ import annotations

import os
import platform
import shutil
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal

import psutil

from hesui import checksums
from hesui.errors import HesuiError
from hesui.settings import EMBEDDED, TINY, Settings

PACKAGES = ("hesui", "torch", "transformers", "peft", "tokenizers", "safetensors", "gradio", "huggingface_hub", "numpy",
            "datasets", "openai", "rapidfuzz", "sqlalchemy", "psycopg", "krippendorff")  # fmt: skip
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
GIB = 2**30
LITTLE_DISK = 1.0  # GiB; a trained adapter with its checkpoints takes about as much
LITTLE_MEMORY = 1.0  # GiB; torch and transformers alone take about 0.4


@dataclass(frozen=True, slots=True)
class Finding:
    """Something worth knowing, and what to do about it."""

    level: Literal["error", "warning", "info"]
    what: str
    do: str


@dataclass(slots=True)
class Report:
    """What `examine` found; every value is plain data."""

    versions: dict[str, str | None] = field(default_factory=dict)  # None = not installed
    device: dict[str, Any] = field(default_factory=dict)
    storage: dict[str, Any] = field(default_factory=dict)  # sizes in GiB
    settings: dict[str, Any] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def __str__(self) -> str:
        sections = (("versions", self.versions), ("device", self.device), ("storage", self.storage),
                    ("settings", self.settings))  # fmt: skip
        lines = []
        for title, values in sections:
            lines += [title, *(f"  {name:<16} {'–' if value is None else value}" for name, value in values.items()), ""]
        lines += [f"{found.level}: {found.what}; {found.do}" for found in self.findings]
        return "\n".join(lines if self.findings else [*lines, "all is well"])


def examine(settings: Settings) -> Report:
    """Look at everything; never raises for what it finds."""
    report = Report(settings=settings.model_dump(mode="json"))
    _versions(report)
    _device(report, settings)
    _home(report, settings.home)
    _database(report, settings)
    _models(report, settings)
    _browser(report)
    return report


def _versions(report: Report) -> None:
    report.versions["python"] = platform.python_version()
    for package in PACKAGES:
        try:
            report.versions[package] = version(package)
        except PackageNotFoundError:
            report.versions[package] = None
    missing = [name for name, found in report.versions.items() if found is None and name != "hesui"]
    if missing:
        report.findings.append(Finding("error", f"not installed: {', '.join(missing)}", "run: make setup"))


def _device(report: Report, settings: Settings) -> None:
    memory = psutil.virtual_memory()
    report.device = {
        "cores": os.cpu_count(),
        "memory_total": _gib(memory.total),
        "memory_available": _gib(memory.available),
    }
    if memory.available < LITTLE_MEMORY * GIB:
        report.findings.append(
            Finding("warning", f"only {_gib(memory.available)} GiB of memory are free", "close other programs")
        )
    try:
        from hesui.models.device import choose_device, choose_dtype

        device = choose_device(settings)
        report.device |= {
            "name": str(device),
            "dtype": str(choose_dtype(settings, device)).removeprefix("torch."),
            "threads": settings.threads or "by the size of the model",
        }
    except HesuiError as error:
        report.findings.append(Finding("error", str(error), "correct the setting"))
    except (ImportError, OSError, RuntimeError) as error:  # how a broken installation of torch shows
        report.findings.append(Finding("error", f"torch cannot be loaded ({error})", "run: make clean setup"))


def _home(report: Report, home: Path) -> None:
    existing = next(folder for folder in (home.absolute(), *home.absolute().parents) if folder.exists())
    free = shutil.disk_usage(existing).free
    writable = existing.is_dir() and os.access(existing, os.W_OK | os.X_OK)
    report.storage |= {"home": str(home), "writable": writable, "free": _gib(free)}
    if not writable:
        report.findings.append(
            Finding("error", f"{home} cannot be written to", "set HESUI_HOME to a folder that you may write to")
        )
    if free < LITTLE_DISK * GIB:
        report.findings.append(
            Finding("warning", f"only {_gib(free)} GiB of disk are free at {home}", "free some, or set HESUI_HOME")
        )


def _database(report: Report, settings: Settings) -> None:
    from hesui.store.database import connect

    if not settings.database_url.get_secret_value() and not (settings.home / "hesui.db").exists():
        return  # it is made when it is first needed
    try:
        connect(settings).close()
    except HesuiError as error:
        report.findings.append(Finding("error", str(error), "set it to a database that answers"))


def _models(report: Report, settings: Settings) -> None:
    from hesui.models.registry import Registry

    registry = Registry(settings)
    try:
        base = registry.base()
        report.storage |= {"base": base.location, "base_local": base.local}
    except HesuiError as error:
        report.findings.append(Finding("error", str(error), "until then no model answers"))
    adapters = registry.adapters()
    report.storage["adapters"] = list(adapters)
    for name in adapters:
        try:
            registry.adapter(name)
        except HesuiError as error:
            report.findings.append(Finding("error", f"adapter {name}: {error}", "or remove its folder"))
    for name, remote in settings.remotes.items():
        if remote.key_env and not os.environ.get(remote.key_env):
            what = f"the model {name} wants a key, and {remote.key_env} is not set"
            report.findings.append(Finding("warning", what, "export it, or leave key_env out"))
    if settings.base_model == EMBEDDED:
        _embedded(report, TINY)


def _embedded(report: Report, folder: Path) -> None:
    restore = "get the files again with git, or rebuild them: hesui models build-tiny"
    try:
        wrong = checksums.verify(folder)
    except FileNotFoundError:
        report.storage["embedded_ok"] = None
        report.findings.append(Finding("warning", f"{folder} has no {checksums.SUMS} to check its files by", restore))
        return
    report.storage["embedded_ok"] = not wrong
    for name, missing in wrong:
        state = "is missing" if missing else "differs from its checksum"
        report.findings.append(Finding("error", f"{folder / name} {state}", restore))


def _browser(report: Report) -> None:
    report.storage["browser"] = next(filter(None, map(shutil.which, BROWSERS)), None)
    if report.storage["browser"] is None:
        report.findings.append(
            Finding("info", "no Chromium on the path", "only the browser tests need one; make test brings it")
        )


def _gib(size: float) -> float:
    return round(size / GIB, 1)
