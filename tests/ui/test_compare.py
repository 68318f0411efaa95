"""What the Compare tab does between the domain and the page."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import hesui
from hesui.answers import Answer, Answers
from hesui.records import Loading, Waiting
from hesui.ui.rounds import paced

ROOT = Path(hesui.__file__).parent.parent
EMPTY = Answers((Answer("base"),))


def growing(length, status=None):
    return [replace(EMPTY, rows=(Answer("base", "新" * size),), status=status) for size in range(1, length + 1)]


def test_a_fast_stream_is_thinned_and_its_end_is_kept():
    states = growing(50)
    assert list(paced(iter(states), frame=1000)) == [states[0], states[-1]]


def test_a_slow_stream_is_left_as_it_is():
    states = growing(5)
    assert list(paced(iter(states), frame=0)) == states


def test_each_change_of_what_is_waited_for_is_kept():
    states = [
        replace(EMPTY, status=status) for status in (Waiting(2), Waiting(2), Waiting(1), Loading("base", 0.1), None)
    ]
    assert [state.status for state in paced(iter(states), frame=1000)] == [
        Waiting(2),
        Waiting(1),
        Loading("base", 0.1),
        None,
    ]


def test_importing_the_app_loads_no_torch():
    heavy = "print([name for name in ('torch', 'transformers', 'peft') if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", f"import sys, app; {heavy}"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
