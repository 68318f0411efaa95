"""A sweep writes part of a data set, queues a run for each combination, and says what came of them."""

from __future__ import annotations

import json
import math

import pytest

from hesui.checksums import digest
from hesui.corpus.rows import read_rows
from hesui.errors import InputError
from hesui.review.exporting import MADE_BY
from hesui.train import jobs, sweeps
from hesui.train.config import TrainConfig
from hesui.train.data import describe
from hesui.train.runs import RunFolder, runs
from hesui.train.sweeps import begin, parse_tries, require_sweep, usual_tries


def test_values_are_read_by_the_name_of_their_setting():
    tries = parse_tries(["learning-rate=1e-3, 2e-3,1e-3", "epochs=5"])
    assert tries == {"learning_rate": ("1e-3", "2e-3"), "epochs": ("5",)}


@pytest.mark.parametrize("given", ["epochs", "epochs=", "=5", "epochs= , "])
def test_a_try_without_a_name_or_a_value_is_refused(given):
    with pytest.raises(InputError, match="cannot read --try"):
        parse_tries([given])


def test_what_is_usually_tried_lies_around_what_is_suggested(data):
    tries = usual_tries(TrainConfig(data=data), 1000)
    assert tries == {"learning_rate": (0.0007, 0.002), "epochs": (5.0, 10.0, 20.0)}


def test_every_combination_becomes_a_run_on_the_same_rows(settings, config, standin):
    total = describe(config().data).rows["train"]
    sweep = begin(settings, config(3), parse_tries(["learning_rate=1e-3,2e-3", "rank=2,4"]), 4, worker=standin())
    assert (sweep.rows, len(sweep.trials)) == (4, 4) and total > 4
    made = {trial.run: trial.values for trial in sweep.trials}
    assert sorted((one["learning_rate"], one["rank"]) for one in made.values()) == [
        (0.001, 2), (0.001, 4), (0.002, 2), (0.002, 4),
    ]  # fmt: skip
    for folder in runs(settings.runs):
        settled = folder.config()
        assert (settled.learning_rate, settled.rank) == tuple(made[folder.id].values())
        part = describe(settled.data)  # its hashes hold
        assert part.rows["train"] == 4 and settled.steps == 3
        assert settings.home in settled.data.parents
    assert require_sweep(settings, None) == require_sweep(settings, sweep.id) == sweep


def test_the_rows_are_drawn_alike_each_time_and_all_held_out_ones_are_kept(settings, config, data, standin):
    parts = [begin(settings, config(3), {"rank": [2]}, 5, worker=standin()).trials[0].run for _ in range(2)]
    one, other = (RunFolder(settings.runs / id).config().data for id in parts)
    assert one != other and digest(one / "train.jsonl") == digest(other / "train.jsonl")
    whole = [row.id for row in read_rows(data / "train.jsonl")]
    drawn = [row.id for row in read_rows(one / "train.jsonl")]
    assert len(drawn) == 5 and [id for id in whole if id in drawn] == drawn
    for name in ("validation.jsonl", "test.jsonl"):
        assert digest(one / name) == digest(data / name)


def test_no_more_rows_are_taken_than_there_are(settings, config, data, standin):
    total = describe(data).rows["train"]
    assert {begin(settings, config(3), {"rank": [2]}, rows, worker=standin()).rows for rows in (0, 10_000)} == {total}


def test_an_export_of_pairs_is_cut_too(settings, tmp_path, standin):
    folder = tmp_path / "pairs"
    folder.mkdir()
    said = {"role": "user", "content": "给老师拜年，10字以内"}
    for name, count in (("train", 9), ("validation", 2)):
        records = [
            {"prompt": [said], "chosen": [{"role": "assistant", "content": "新年好！" * n}],
             "rejected": [{"role": "assistant", "content": "好"}], "class": "greeting"}
            for n in range(1, count + 1)
        ]  # fmt: skip
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    (folder / "README.md").write_text("a card")
    manifest = {
        "made_by": MADE_BY, "kind": "dpo", "format": "trl",
        "counts": {"train": {"greeting": 9}, "validation": {"greeting": 2}},
        "sha256": {name: digest(folder / name) for name in ("train.jsonl", "validation.jsonl", "README.md")},
    }  # fmt: skip
    (folder / "manifest.json").write_text(json.dumps(manifest))
    config = TrainConfig(data=folder, method="dpo", steps=3)
    sweep = begin(settings, config, {"beta": ["0.1"]}, 6, worker=standin())
    part = describe(RunFolder(settings.runs / sweep.trials[0].run).config().data)
    assert (part.kind, dict(part.rows), dict(part.classes)) == ("dpo", {"train": 6, "validation": 2}, {"greeting": 6})


@pytest.mark.parametrize(
    ("tries", "said"),
    [
        ({"epochs": [*range(1, 6)], "rank": [*range(1, 6)]}, "make 25 runs, at most 24"),
        ({"speed": ["1"]}, "speed"),
        ({"rank": ["4", "none"]}, "rank is 'none'"),
        ({"data": ["elsewhere"]}, "one data set"),
        ({"method": ["dpo", "kto"]}, "kind"),
    ],
)
def test_what_cannot_be_tried_begins_nothing(settings, config, standin, tries, said):
    with pytest.raises(InputError, match=said):
        begin(settings, config(3), tries, 4, worker=standin())
    assert not runs(settings.runs) and not sweeps.sweeps(settings)


def test_the_table_marks_the_best_so_far(settings, config, standin, until):
    sweep = begin(settings, config(4), {"rank": [2, 4, 8]}, 4, worker=standin())
    until(lambda: jobs.tend(settings, worker=standin()) or all(line.over for line in sweeps.lines(settings, sweep)))
    lines = sweeps.lines(settings, sweep)
    assert [(line.state, line.step) for line in lines] == [("done", 4)] * 3
    assert [line.chosen for line in lines] == [True, False, False]  # all losses are alike: the first
    worse, better, probed = (RunFolder(settings.runs / trial.run) for trial in sweep.trials)
    measure(worse, kind="eval", step=4, loss=2.0)
    measure(better, kind="eval", step=4, loss=1.0)
    assert [line.chosen for line in sweeps.lines(settings, sweep)] == [False, True, False]
    measure(probed, kind="probe", step=2, n=4, satisfied=0.5, hit2=0.25, hit5=0.5, hit10=1.0, complete=1.0, mae=3.0)
    measure(probed, kind="probe", step=4, n=4, satisfied=0.25, hit2=0.25, hit5=0.5, hit10=1.0, complete=1.0, mae=4.0)
    last = sweeps.lines(settings, sweep)[2]
    assert last.chosen and (last.probed.satisfied, last.best.step) == (0.25, 2) and math.isnan(last.evaluation)
    assert [*sweeps.curves(settings, sweep)] == ["rank=2", "rank=4", "rank=8"]


def measure(folder, **record):
    with folder.metrics.open("a") as lines:
        lines.write(json.dumps(record) + "\n")


def test_a_run_that_was_deleted_stays_in_the_table(settings, config, standin, until):
    sweep = begin(settings, config(3), {"rank": [2, 4]}, 4, worker=standin())
    second = sweep.trials[1].run
    jobs.stop(settings, second)  # it only waits
    jobs.delete(settings, second)
    assert [line.state == "deleted" for line in sweeps.lines(settings, sweep)] == [False, True]
    assert len(sweeps.curves(settings, sweep)) == 1


@pytest.mark.parametrize("id", ["../runs", "", "20261124-101500-ab12"])
def test_an_unknown_sweep_is_refused_with_those_there_are(settings, config, standin, id):
    with pytest.raises(InputError, match="begin one: hesui train sweep"):
        require_sweep(settings, None)
    sweep = begin(settings, config(3), {"rank": [2]}, 4, worker=standin())
    (settings.home / "sweeps" / "broken").mkdir()
    if id:
        with pytest.raises(InputError, match=sweep.id):
            require_sweep(settings, id)
    assert sweeps.sweeps(settings) == [sweep]
