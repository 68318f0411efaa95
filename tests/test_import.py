"""Importing is light: heavy libraries load when something asks a model, and not before."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HEAVY = ("torch", "transformers", "peft", "trl")


def loaded_after(statement: str) -> set[str]:
    script = f"import sys\n{statement}\nprint(*(name for name in sys.modules if '.' not in name))"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_the_app_loads_no_heavy_library() -> None:
    assert loaded_after("import app").isdisjoint(HEAVY)


def test_the_command_line_loads_neither_heavy_libraries_nor_gradio() -> None:
    loaded = loaded_after("import hesui.cli, hesui.console, hesui.models.engine, hesui.distil.worker")
    assert loaded.isdisjoint({*HEAVY, "gradio"})


def test_the_length_core_loads_nothing_else_of_ours() -> None:
    script = (
        "import sys, hesui.length\nprint(*(n for n in sys.modules if n.startswith('hesui.') and 'length' not in n))"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
