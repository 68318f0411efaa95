"""What holds for every test: a home of its own, no setting from outside, no network."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings as hypothesis_settings

KEPT = {"HESUI_CHROMIUM", "HESUI_NO_BROWSER"}  # what `make test` says to the tests, not to the app
HOME = pytest.StashKey[Path]()

hypothesis_settings.register_profile("hesui", deadline=None, derandomize=bool(os.environ.get("CI")), print_blob=True)
hypothesis_settings.load_profile("hesui")


def pytest_configure(config: pytest.Config) -> None:
    for name in [name for name in os.environ if name.startswith("HESUI_") and name not in KEPT]:
        del os.environ[name]
    config.stash[HOME] = Path(tempfile.mkdtemp(prefix="hesui-"))
    # Before any test module is collected: Gradio and the Hub's client read these when they are imported.
    os.environ |= {
        "HESUI_HOME": str(config.stash[HOME] / "home"),
        "GRADIO_ANALYTICS_ENABLED": "False",
        "HF_HUB_OFFLINE": "1",
        "TOKENIZERS_PARALLELISM": "false",
    }


def pytest_unconfigure(config: pytest.Config) -> None:
    shutil.rmtree(config.stash[HOME], ignore_errors=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if os.environ.get("HESUI_NO_BROWSER") == "1":
        for item in items:
            if item.get_closest_marker("browser"):
                item.add_marker(pytest.mark.skip(reason="HESUI_NO_BROWSER=1"))
