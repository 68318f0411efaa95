"""The benchmark of training compares like with like."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path

import pytest

from hesui.settings import EMBEDDED

BENCHMARK = Path(__file__).parent.parent.parent / "benchmarks" / "train.py"

pytestmark = [
    pytest.mark.filterwarnings("ignore::FutureWarning"),  # the libraries' remarks on each other
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]


@pytest.fixture(scope="module")
def bench():
    spec = importlib.util.spec_from_file_location("benchmarks_train", BENCHMARK)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


@pytest.fixture(scope="module")
def took(bench, tmp_path_factory):
    """Each way once, in this process: speed is nothing to be tested."""
    place = tmp_path_factory.mktemp("bench")
    work = bench.Work(bench.compose(8, place / "data"), EMBEDDED, place / "rows.json", steps=2, batch=4, micro=4)
    bench.tokenise(work)
    return {way: [bench.measure(way, work)] for way in bench.WAYS}


def test_all_ways_learn_from_the_same_tokens(bench, took):
    bench.require_same_work(took)
    ours, theirs = took[bench.HESUI][0], took[bench.TRL][0]
    assert ours.tokens > ours.learned > 0 and ours.seconds > 0
    assert ours.parameters == theirs.parameters


def test_less_work_is_found_out(bench, took):
    cheat = {**took, bench.HESUI: [took[bench.HESUI][0]._replace(learned=1)]}
    with pytest.raises(AssertionError, match="not the same work"):
        bench.require_same_work(cheat)


def test_the_last_line_can_be_read_by_a_machine(bench, took, capsys):
    figures = json.loads(json.dumps(bench.report(took, "cpu")))
    assert figures.keys() == {"tokens_vs_trl", "memory_vs_trl", "device", "mfu"} and figures["mfu"] is None
    assert figures["tokens_vs_trl"] > 0
    assert all(way in capsys.readouterr().out for way in [bench.TRL]) and figures["device"] == "cpu"


def test_utilisation_counts_what_the_model_must_compute(bench, took):
    one = took[bench.TRL][0]._replace(tokens=1000, squares=0, seconds=2.0, parameters=10**9)
    assert bench.utilisation(one, bench.QWEN, "NVIDIA H100 80GB HBM3") == pytest.approx(6e12 / 2 / 989e12)
    assert bench.utilisation(one._replace(squares=10**6), bench.QWEN, "NVIDIA H100") > 6e12 / 2 / 989e12
    assert bench.utilisation(one, bench.QWEN, "cpu") is None
