"""Countdown marks in training: which rows get them, what is learnt of them, and that the adapter says so."""

from __future__ import annotations

import json
from random import Random

import pytest

from hesui.corpus.rows import Row
from hesui.corpus.splits import freeze
from hesui.errors import InputError
from hesui.length import Constraint, parse
from hesui.length.countdown import insert, mark, strip
from hesui.models.base import load_base
from hesui.models.registry import TAUGHT, Registry
from hesui.records import BASE
from hesui.settings import Settings
from hesui.train.adopting import adopt
from hesui.train.config import TrainConfig
from hesui.train.data import describe
from hesui.train.runs import new_run
from hesui.train.worker.lessons import IGNORED, prepare
from hesui.train.worker.probe import Probe
from hesui.train.worker.sitting import sit
from hesui.train.worker.wish import Wish

pytestmark = [
    pytest.mark.filterwarnings("ignore::FutureWarning:transformers"),  # the libraries' remarks on each other
    pytest.mark.filterwarnings("ignore::FutureWarning:trl"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]

ANSWER = "，祝您新春快乐，万事如意！愿2026年平安。"


@pytest.fixture(scope="module")
def base_folder(toy):
    return toy(context=256, answers=30)


@pytest.fixture(scope="module")
def worker_settings(tmp_path_factory, base_folder):
    return Settings(home=tmp_path_factory.mktemp("home"), base_model=str(base_folder), device="cpu", threads=1)


@pytest.fixture(scope="module")
def base(worker_settings):
    return load_base(Registry(worker_settings).base(), worker_settings)


def frozen(folder, constraint, demand=""):
    """A data set of a few rows and what their answers must obey."""
    freeze((row(number, constraint, demand) for number in range(40)), folder)
    return describe(folder)


def row(number, constraint, demand):
    whom = "".join(chr(0x4E00 + letter) for letter in Random(number).sample(range(20_000), 12))  # unlike all others
    return Row(str(number), "greeting", f"给{whom}拜年{demand}", constraint, f"f{number}", whom + ANSWER)


@pytest.fixture
def one_row(tmp_path):
    """Makes a data set whose answers must obey what is given."""
    return lambda constraint: frozen(tmp_path / "set", constraint)


def lesson(data, base, **values):
    """The ids of the first answer, and those of them that are learnt; the end left out."""
    row = prepare(data, TrainConfig(data=data.path, **values), base).train[0]
    start = next(place for place, label in enumerate(row["labels"]) if label != IGNORED)
    learnt = [label for label in row["labels"] if label != IGNORED]
    assert row["input_ids"][-1] == learnt[-1] == base.chat.ends()[-1]
    return row["input_ids"][start:-1], learnt[:-1]


def first(data):
    return next(data.examples("train")).texts[0]


def test_an_answer_is_marked_with_what_remains_and_all_but_the_brackets_is_learnt(one_row, base):
    data = one_row(Constraint("eq", target=30))
    ids, learnt = lesson(data, base, markers=True)
    assert ids == base.chat.encode(insert(first(data), "word"))
    assert learnt == base.chat.encode(insert(first(data), "word").replace("⟦", "").replace("⟧", ""))


def test_marks_count_by_the_prompts_own_rule(one_row, base):
    data = one_row(Constraint("eq", target=12, count_rule="han"))
    assert lesson(data, base, markers=True)[0] == base.chat.encode(insert(first(data), "han"))


def test_marks_count_by_the_runs_rule_where_the_prompt_states_none(one_row, base):
    data = one_row(Constraint("le", max=60))
    assert lesson(data, base, markers=True, counter="chars")[0] == base.chat.encode(insert(first(data), "chars"))


@pytest.mark.parametrize(
    "constraint", [None, Constraint("eq", target=3, unit="sentence"), Constraint("le", max=9, scope="per_line")]
)
def test_other_rows_are_as_without_marks(one_row, base, constraint):
    data = one_row(constraint)
    assert lesson(data, base, markers=True) == lesson(data, base)


@pytest.mark.parametrize("values", [{"method": "dpo"}, {"adaptation": "full"}])
def test_marks_without_sft_or_without_an_adapter_are_refused(one_row, base, monkeypatch, values):
    data = one_row(None)
    monkeypatch.setattr(type(data), "require", lambda *_: None)  # the data's kind would be found fault with first
    with pytest.raises(InputError, match="markers are taught by") as caught:
        prepare(data, TrainConfig(data=data.path, markers=True, **values), base)
    assert caught.value.key == "error.train_markers"


def test_a_run_with_marks_publishes_an_adapter_that_is_answered_with_marks(worker_settings, base_folder, tmp_path):
    data = frozen(tmp_path / "set", Constraint("eq", target=20), "，20字")
    config = TrainConfig(data=data.path, base=str(base_folder), steps=2, batch=4, rank=4, probe_prompts=4, markers=True)
    folder = new_run(worker_settings.runs, config)
    assert sit(folder, worker_settings, Wish(folder)) == "done"
    assert json.loads((folder.adapter / TAUGHT).read_text(encoding="utf-8")) == {"markers": True, "counter": "word"}
    adopt(folder, worker_settings.adapters / "counts")
    assert Registry(worker_settings).adapter("counts").marks
    samples = [found["text"] for found in folder.measurements("sample")]
    assert samples == [strip(text) for text in samples]
    assert any(samples)


def test_the_probe_of_a_run_with_marks_asks_with_marks(base):
    rows = [Row("1", "greeting", "给家长拜年，60字", parse("给家长拜年，60字"))]
    marked, plain = (Probe(base, rows, "word", markers) for markers in (True, False))
    assert marked._answering.rows([marked._asked[0][1]])[0].drafts[0].mark is not None
    assert plain._answering.rows([plain._asked[0][1]])[0].drafts[0].mark is None
    assert marked._asked[0][1].model == BASE
    assert mark(1) not in "".join(marked._answers(lambda: False))
