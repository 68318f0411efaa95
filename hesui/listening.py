"""Where the app listens, and whether a caller sits at this machine; knows no web framework."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping

from hesui.settings import Settings

FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip")  # a proxy's: the caller is elsewhere


def address(settings: Settings) -> str:
    """Where the app listens; a Space tells Gradio itself."""
    return os.environ.get("GRADIO_SERVER_NAME", settings.host)


def on_space() -> bool:
    """Whether this is a Hugging Face Space."""
    return bool(os.environ.get("SPACE_ID"))


def is_local(settings: Settings, client: str, headers: Mapping[str, str]) -> bool:
    """Whether the app listens on loopback only, and no proxy passed the caller on."""
    forwarded = any(name in headers for name in FORWARDED)
    return is_loopback(address(settings)) and is_loopback(client) and not forwarded


def is_loopback(host: str) -> bool:
    """Whether `host` reaches this machine only."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
