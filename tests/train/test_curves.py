"""Measurements are read as they grow, over crashes and resumes, and thinned without losing a spike."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hesui.train.curves import Curves, Point, Probe, Reader, best, eta, finite, read, smoothed, thin
from hesui.train.runs import RunFolder, Status

NAN = math.nan


@pytest.fixture
def folder(tmp_path):
    return RunFolder(tmp_path)


def train(step, loss=1.0, **more):
    record = {"kind": "train", "step": step, "epoch": step / 10, "loss": loss, "learning_rate": 1e-4, "grad_norm": 0.5,
              "tokens_per_second": 900, "memory_mb": 700, "time": 1000.0 + step} | more  # fmt: skip
    return json.dumps(record)


def probe(step, satisfied, **more):
    shares = dict.fromkeys(("satisfied", "hit2", "hit5", "hit10"), satisfied)
    return json.dumps({"kind": "probe", "step": step, "n": 32, **shares, "complete": 1.0, "mae": 4.0} | more)


def write(folder, *lines, mode="w"):
    with folder.metrics.open(mode, encoding="utf-8") as stream:
        stream.writelines(f"{line}\n" for line in lines)


def steps(series):
    return [point.step for point in series]


def series(*values):
    return tuple(Point(step, value) for step, value in enumerate(values))


# Reading


def test_a_run_that_measured_nothing_has_empty_curves(folder):
    assert read(folder) == Curves()
    assert read(folder).last_step == 0


def test_every_kind_of_line_goes_to_its_curve(folder):
    write(
        folder,
        json.dumps({"kind": "used", "step": 0, "rows": 800}),
        json.dumps({"kind": "ability", "step": 0, "perplexity": 12.5, "n": 20}),
        probe(0, 0.25),
        json.dumps({"kind": "sample", "step": 0, "prompt": "写", "text": "好", "count": 1, "target": 5}),
        train(1, 2.0),
        json.dumps({"kind": "eval", "step": 1, "loss": 1.9}),
    )
    found = read(folder)
    assert found.used["rows"] == 800
    assert found.ability == (Point(0, 12.5),)
    assert found.probes == (Probe(0, 32, 0.25, 0.25, 0.25, 0.25, 1.0, 4.0),)
    assert [(one.text, one.count, one.target) for one in found.samples] == [("好", 1, 5)]
    assert found.loss == (Point(1, 2.0),)
    assert found.evaluation == (Point(1, 1.9),)
    assert found.learning_rate == (Point(1, 1e-4),)
    assert found.grad_norm == (Point(1, 0.5),)
    assert found.tokens_per_second == (Point(1, 900.0),)
    assert found.memory_mb == (Point(1, 700.0),)
    assert found.clock == (Point(1, 1001.0),)
    assert found.last_step == 1


def test_what_is_no_measurement_is_passed_over(folder):
    write(
        folder, "", "no JSON", "[1, 2]", '{"kind": "train"}', '{"kind": "train", "step": -1, "loss": 1}',
        '{"kind": "train", "step": true, "loss": 1}', '{"kind": "unheard of", "step": 3}', train(2), '{"kind": "tra',
    )  # fmt: skip
    assert read(folder).loss == (Point(2, 1.0),)


def test_bytes_that_are_no_text_and_lines_without_end_do_no_harm(folder):
    folder.metrics.write_bytes(b"\xff\xfe\n" + b"[" * 100_000 + b"\n" + train(4).encode() + b"\n")
    assert steps(read(folder).loss) == [4]


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "null", '"nan"', "true", "1" + "0" * 400])
def test_a_loss_that_is_no_number_keeps_its_place(folder, text):
    write(folder, train(1), train(2).replace('"loss": 1.0', f'"loss": {text}'), train(3))
    found = read(folder)
    assert steps(found.loss) == [1, 2, 3]
    assert steps(finite(found.loss)) == [1, 3]


def test_a_line_separator_inside_an_answer_does_not_cut_its_line(folder):
    answer = "一\u2028二\x85三"
    write(folder, json.dumps({"kind": "sample", "step": 0, "prompt": "写", "text": answer}, ensure_ascii=False))
    assert [one.text for one in read(folder).samples] == [answer]


def test_a_reader_takes_only_what_is_new(folder):
    reader = Reader(folder)
    assert reader.read() == Curves()
    write(folder, train(1), train(2))
    first = reader.read()
    assert reader.read() is first
    write(folder, train(3), probe(3, 0.5), mode="a")
    assert steps(reader.read().loss) == [1, 2, 3]
    assert reader.read() == read(folder)


@given(st.integers(0, 600))
def test_a_half_written_line_is_taken_once_it_is_whole(tmp_path_factory, cut):
    folder = RunFolder(tmp_path_factory.mktemp("run"))
    whole = "".join(f"{line}\n" for line in (train(1), probe(1, 0.5), train(2), '{"kind":"used","step":0,"名":"好"}'))
    raw = whole.encode()
    folder.metrics.write_bytes(raw[:cut])
    reader = Reader(folder)
    half = reader.read()
    assert len(half.loss) <= 2
    folder.metrics.write_bytes(raw)
    assert reader.read() == read(folder)
    assert steps(reader.read().loss) == [1, 2]


def test_a_file_that_a_resume_cut_back_is_read_afresh(folder):
    reader = Reader(folder)
    write(folder, *(train(step, 9.0) for step in range(1, 6)))
    assert steps(reader.read().loss) == [1, 2, 3, 4, 5]
    write(folder, train(1), train(2))
    assert reader.read().loss == (Point(1, 1.0), Point(2, 1.0))


def test_a_file_that_was_cut_back_and_grew_past_the_old_end_is_read_afresh(folder):
    reader = Reader(folder)
    write(folder, *(train(step, 9.0) for step in range(1, 6)))
    reader.read()
    write(folder, *(train(step, 1.0) for step in range(1, 9)))
    assert reader.read() == read(folder)
    assert {point.value for point in reader.read().loss} == {1.0}


def test_a_file_that_went_away_leaves_nothing(folder):
    reader = Reader(folder)
    write(folder, train(1))
    reader.read()
    folder.metrics.unlink()
    assert reader.read() == Curves()


def test_steps_made_again_after_a_crash_replace_the_lost_ones(folder):
    lost = json.dumps({"kind": "sample", "step": 6, "prompt": "写", "text": "lost"})
    write(folder, *(train(step, 9.0) for step in range(1, 7)), probe(2, 0.2), probe(6, 0.9), lost, train(4), train(5))
    found = read(folder)
    assert steps(found.loss) == [1, 2, 3, 4, 5]
    assert [point.value for point in found.loss] == [9.0, 9.0, 9.0, 1.0, 1.0]
    assert steps(found.clock) == steps(found.loss)
    assert steps(found.probes) == [2]
    assert found.samples == ()


def test_a_probe_written_before_the_train_line_of_its_step_stays_after_a_resume(folder):
    write(folder, train(1), train(2), train(3), probe(2, 0.5), train(2))
    assert steps(read(folder).probes) == [2]


# Smoothing


@given(st.lists(st.floats(-100, 100), min_size=1, max_size=60), st.floats(1, 40))
def test_smoothing_is_the_weighted_mean_of_what_came_before(values, window):
    keep = 1 - 1 / window
    for at, (step, value) in enumerate(smoothed(series(*values), window)):
        weights = [keep ** (at - before) for before in range(at + 1)]
        mean = sum(weight * one for weight, one in zip(weights, values, strict=False)) / sum(weights)
        assert step == at
        assert value == pytest.approx(mean, abs=1e-6)


def test_smoothing_starts_at_the_first_value_and_leaves_gaps():
    found = smoothed(series(3.0, NAN, 3.0, math.inf, 3.0))
    assert [point.value for point in finite(found)] == pytest.approx([3.0, 3.0, 3.0])
    assert math.isnan(found[1].value)
    assert math.isinf(found[3].value)


# Thinning

VALUES = st.one_of(st.floats(-1e6, 1e6), st.sampled_from([NAN, math.inf]))


@given(st.lists(VALUES, max_size=300), st.integers(5, 60))
def test_a_thinned_curve_keeps_its_ends_its_extremes_and_its_order(values, points):
    whole = series(*values)
    found = thin(whole, points)
    assert len(found) <= points
    assert steps(found) == sorted(set(steps(found)))
    assert set(steps(found)) <= set(steps(whole))
    if whole:
        assert (found[0].step, found[-1].step) == (0, len(whole) - 1)
    if finite(whole):
        seen = [point.value for point in finite(found)]
        assert (min(seen), max(seen)) == (
            min(point.value for point in finite(whole)),
            max(point.value for point in finite(whole)),
        )
    assert (len(finite(found)) < len(found)) == (len(finite(whole)) < len(whole))


def test_a_spike_of_one_step_in_fifty_thousand_stays_visible():
    values = [1.0] * 50_000
    values[31_415] = 50.0
    found = thin(series(*values))
    assert len(found) <= 400
    assert Point(31_415, 50.0) in found


def test_a_short_curve_is_left_as_it_is():
    assert thin(series(1.0, 2.0)) == series(1.0, 2.0)


def test_a_curve_cannot_be_thinned_to_almost_nothing():
    with pytest.raises(ValueError, match="at least 5"):
        thin(series(1.0), 4)


# What is left, and the best


def running(step, steps=100, seconds=0.0, state="running"):
    return Status(state=state, step=step, steps=steps, seconds=seconds)


def clocked(*times):
    return Curves(clock=tuple(Point(step, time) for step, time in enumerate(times, 1)))


def test_the_time_left_follows_the_pace():
    assert eta(running(10), clocked(*(2.0 * step for step in range(1, 11)))) == pytest.approx(180)


def test_a_pause_between_two_sittings_is_no_part_of_the_pace():
    times = [2.0 * step + (86_400 if step > 15 else 0) for step in range(1, 21)]
    assert eta(running(20), clocked(*times)) == pytest.approx(160)


def test_probes_count_into_the_pace():
    times = [1.0 * step + 10 * (step // 5) for step in range(1, 41)]
    assert eta(running(40), clocked(*times)) == pytest.approx(60 * 3, rel=0.1)


def test_before_two_steps_the_clock_of_the_run_tells_the_pace():
    assert eta(running(1, seconds=3.0), clocked(5.0)) == pytest.approx(297)
    assert eta(running(0), Curves()) is None


@pytest.mark.parametrize("status", [running(10, state="done"), running(10, state="stopped"), running(3, steps=0)])
def test_a_run_that_does_not_train_has_no_time_left(status):
    assert eta(status, clocked(1.0, 2.0, 3.0)) is None


def test_at_the_last_step_nothing_is_left():
    assert eta(running(3, steps=3), clocked(1.0, 2.0, 3.0)) == 0


def test_the_best_probe_is_the_earliest_of_the_highest(folder):
    write(folder, probe(0, 0.1), probe(10, 0.6), probe(20, 0.6), probe(30, 0.5), probe(40, None))
    assert best(read(folder)).step == 10


def test_a_probe_with_one_measure_missing_is_scored_by_the_others(folder):
    write(folder, probe(0, 0.5, hit2=None))
    assert best(read(folder)).score == 0.5


def test_without_probes_there_is_no_best():
    assert best(Curves()) is None
