"""Charts of a run: whatever was measured is drawn inside its frame, told in both languages, and escaped."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hesui.train import advice as rules
from hesui.train.advice import Advice
from hesui.train.curves import Curves, Point, Probe, Sample, smoothed
from hesui.ui.drawing import axes, charts
from hesui.ui.texts import TEXTS
from hesui.ui.train import advised, plots

NAN = math.nan
NASTY = '<img src=x onerror="alert(1)">'
CHARTS = [plots.loss, plots.probe, plots.rates, plots.samples]


def series(*values, every=1):
    return tuple(Point(every * at, value) for at, value in enumerate(values, 1))


def run(*losses, every=1, **more):
    loss = series(*losses, every=every)
    return Curves(loss=loss, smooth=smoothed(loss), **more)


def probes(*shares, every=10):
    return tuple(Probe(every * at, 32, share, share, share, share, 1.0, 4.0) for at, share in enumerate(shares))


FULL = run(
    *(3 / step + 1 for step in range(1, 41)),
    evaluation=series(2.0, 1.5, 1.6, 1.7, every=10),
    learning_rate=series(*[3e-4] * 40),
    grad_norm=series(*[1.0] * 40),
    tokens_per_second=series(*[900.0] * 40),
    memory_mb=series(*[700.0] * 40),
    probes=probes(0.1, 0.4, 0.7, 0.6, 0.5),
    samples=tuple(Sample(step, "写50字", f"第{step}步", 50 + step, 50) for step in range(0, 41, 10)),
)


def paths(html, kind):
    """What is drawn with the class or classes `kind`."""
    return re.findall(rf'<path class="{kind}" d="([^"]*)"', html)


def well_formed(html):
    """Whether every element is closed; charts hold no void element."""
    ElementTree.fromstring(f"<all>{html}</all>")
    return True


class Seen(HTMLParser):
    """The elements and attributes that a browser would make of a text."""

    def __init__(self, html):
        super().__init__()
        self.names = set()
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.names |= {tag, *(name for name, _ in attrs)}


@pytest.mark.parametrize("chart", CHARTS)
def test_a_run_that_measured_nothing_gets_a_hint_in_both_languages(chart):
    html = chart(Curves())
    assert 'class="hint"' in html
    assert html.count('lang="zh-CN"') == html.count('lang="en"') == 2
    assert "<svg" not in html
    assert well_formed(html)


def test_no_runs_to_compare_is_a_hint_too():
    assert 'class="hint"' in plots.overlay({})
    assert 'class="hint"' in plots.overlay({"a": Curves()})


VALUES = st.lists(st.one_of(st.floats(-1e9, 1e9), st.sampled_from([NAN, math.inf, -math.inf, 0.0])), max_size=30)


@given(VALUES, VALUES, st.lists(st.one_of(st.floats(0, 1), st.just(NAN)), max_size=5))
@example([2.2e-311, 2.2e-311], [-1e9, -1e9], [])
@example([1e9, 1e9 + 2e-7], [5e-324, 1e-310], [])
def test_whatever_was_measured_is_drawn_inside_its_frame(losses, norms, shares):
    curves = replace(run(*losses), grad_norm=series(*norms), learning_rate=series(*norms), probes=probes(*shares))
    for html in (*(chart(curves) for chart in CHARTS), plots.overlay({"one": curves, "two": FULL})):
        assert well_formed(html)
        for drawn in re.findall(r' d="([^"]*)"', html):
            for x, y in re.findall(r"[ML](-?\d+) (-?\d+)", drawn):
                assert 0 <= int(x) <= charts.WIDE
                assert 0 <= int(y) <= charts.HIGH
        assert all(0 <= float(at) <= 100 for at in re.findall(r"--at:([-\d.a-z]+)%", html))


def test_the_loss_is_drawn_raw_and_smoothed_with_its_evaluation():
    html = plots.loss(FULL)
    for kind in ("raw", "smooth", "eval"):
        assert len(paths(html, kind)) == 1
        assert f'<i class="tp-key {kind}">' in html
    assert len(paths(html, "eval dots")[0].split("M")) - 1 == 4
    assert "1.70" in html


def test_a_falling_loss_is_drawn_from_high_to_low():
    heights = [int(y) for y in re.findall(r"[ML]\d+ (\d+)", paths(plots.loss(FULL), "smooth")[0])]
    assert heights == sorted(heights)


def test_a_line_that_was_not_measured_has_no_key():
    html = plots.loss(run(2.0, 1.0))
    assert "tp-key eval" not in html
    assert "tp-key broken" not in html


def test_one_point_is_a_dot():
    html = plots.loss(run(2.5))
    assert len(paths(html, "smooth dots")) == 1
    assert "2.50" in html


def test_steps_without_a_loss_leave_a_gap_and_are_counted():
    html = plots.loss(run(3.0, 2.5, NAN, math.inf, 2.0, 1.9))
    assert paths(html, "raw")[0].count("M") == 2
    assert len(re.findall("h0", paths(html, "broken dots")[0])) == 2
    assert re.search(r"tp-key broken.*?<b>2</b>", html)


def test_a_loss_that_is_nothing_but_gaps_is_a_hint():
    assert 'class="hint"' in plots.loss(run(NAN, NAN))


def test_a_spike_in_fifty_thousand_steps_is_drawn_and_the_page_stays_small():
    losses = [1.0] * 50_000
    losses[31_415] = 9.0
    html = plots.loss(run(*losses))
    assert len(html) < 30_000
    heights = [int(y) for y in re.findall(r"[ML]\d+ (\d+)", paths(html, "raw")[0])]
    assert sum(y <= charts.HIGH / 10 for y in heights) == 1


def test_a_wide_span_is_told_to_be_on_a_log_scale():
    assert TEXTS["plot.log"].en in plots.loss(run(9.0, 1.0, 0.1))
    assert TEXTS["plot.log"].en not in plots.loss(run(3.0, 1.0))


def test_the_probe_shows_every_measure_and_where_it_stands():
    html = plots.probe(FULL)
    for kind in ("satisfied", "hit2", "hit5", "hit10", "complete"):
        assert paths(html, kind)
        assert f'<i class="tp-key {kind}">' in html
    assert "<b>50%</b>" in html
    assert "32 held-out prompts" in html


def test_the_best_step_is_marked_in_loss_and_probe_at_the_same_place():
    for html in (plots.loss(FULL), plots.probe(FULL)):
        assert paths(html, "mark") == [f"M{charts.WIDE // 2} 0V{charts.HIGH}"]
        assert "best: step 20" in html
        assert "最佳：第 20 步" in html


def test_a_single_probe_is_best_of_nothing():
    assert paths(plots.probe(Curves(probes=probes(0.2))), "mark") == []


def test_each_rate_has_a_small_chart_with_its_latest_value():
    html = plots.rates(FULL)
    assert html.count("<figure>") == 4
    for value in ("3e−4", "1.00", "900", "700"):
        assert f"<b>{value}</b>" in html
    assert plots.rates(replace(FULL, memory_mb=series(NAN, NAN))).count("<figure>") == 3


def test_runs_are_compared_by_name_each_in_its_own_colour():
    runs = {f"run {at}": FULL for at in range(8)}
    html = plots.overlay(runs)
    for name in runs:
        assert html.count(f"{name} <b>") == 2
    kinds = re.findall(r'<i class="tp-key (run[^"]*)"', html)
    assert len(set(kinds)) == 8
    assert kinds[7] == "run1 dashed"


def test_a_run_without_probes_can_be_compared_by_its_loss():
    html = plots.overlay({"a": run(2.0, 1.0), "b": run(3.0, 2.0)})
    assert len(paths(html, "run0")) == 1
    assert 'class="hint"' in html


def test_samples_are_shown_through_time_with_their_verdicts():
    html = plots.samples(FULL)
    assert html.count("<article") == 1
    assert [int(step) for step in re.findall(r"<b>(\d+)</b></td>", html)] == [0, 10, 20, 30, 40]
    assert 'class="mark ok"' in html
    assert 'class="mark over"' in html
    assert "60 / 50" in html


@pytest.mark.parametrize(("count", "state"), [(50, "ok"), (52, "near"), (48, "near"), (53, "over"), (47, "under")])
def test_a_sample_is_judged_as_compare_does(count, state):
    assert f'class="mark {state}"' in plots.samples(Curves(samples=(Sample(0, "写", "好", count, 50),)))


def test_a_sample_without_a_demand_is_only_counted():
    html = plots.samples(Curves(samples=(Sample(0, "写", "好", 12, None), Sample(1, "写", "好", None, None))))
    assert "mark" not in html
    assert "12" in html


def test_of_many_samples_the_first_and_the_last_are_among_those_shown():
    many = tuple(Sample(step, "写", "好", 1, 1) for step in range(100))
    steps = re.findall(r"<b>(\d+)</b></td>", plots.samples(Curves(samples=many)))
    assert len(steps) == plots.ROWS
    assert (steps[0], steps[-1]) == ("0", "99")


def test_names_prompts_and_answers_are_no_markup():
    sample = Curves(samples=(Sample(0, NASTY, NASTY, 1, 1),))
    for html in (plots.samples(sample), plots.overlay({NASTY: FULL, "b": FULL})):
        assert not {"img", "onerror", "script"} & Seen(html).names
        assert "&lt;img" in html


def test_the_course_of_a_curve_is_told_aloud():
    html = plots.loss(FULL)
    assert re.search(r'class="aloud">.*Loss: from 4.00 to 1.\d\d at step 40', html)


# Axes


@given(st.lists(st.floats(-1e12, 1e12), max_size=20), st.booleans())
def test_an_axis_holds_its_values_between_rising_ticks(values, zero):
    axis = axes.linear(values, zero)
    assert axis.low < axis.high
    assert list(axis.ticks) == sorted(set(axis.ticks))
    assert 2 <= len(axis.ticks) <= axes.TICKS + 2
    slack = 1e-6 * max(axis.high - axis.low, 1e-12)
    assert all(axis.low - slack <= value <= axis.high + slack for value in values)


@given(st.lists(st.floats(1e-9, 1e9), min_size=2, max_size=20))
@example([423328457.0, 448328417.0])
def test_the_numbers_along_an_axis_all_differ(values):
    axis = axes.fitting(values)
    words = axis.words()
    assert len(set(words)) == len(words) >= 1
    assert len(words) <= 2 * axes.TICKS


@given(st.integers(0, 10**7))
def test_steps_are_whole_numbers_from_zero(last):
    axis = axes.steps(last)
    assert (axis.low, axis.high) == (0, max(last, 1))
    assert all(tick == int(tick) for tick in axis.ticks)
    assert axis.ticks[0] == 0
    assert 2 <= len(axis.ticks) <= 6


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ((0, 1e-4, 2e-4, 3e-4), ["0", "1e−4", "2e−4", "3e−4"]),
        ((0.0, 0.5, 1.0, 1.5), ["0.0", "0.5", "1.0", "1.5"]),
        ((0, 10_000, 20_000), ["0", "10,000", "20,000"]),
        ((-1.0, 0.0, 1.0), ["−1", "0", "1"]),
        ((0.1, 0.3, 1, 3, 10), ["0.1", "0.3", "1", "3", "10"]),
    ],
)
def test_numbers_along_an_axis_are_written_in_one_manner(values, words):
    assert axes.written(values) == words


@pytest.mark.parametrize(
    ("value", "words"),
    [(0, "0"), (3e-5, "3e−5"), (0.1234, "0.123"), (2.345, "2.35"), (12.34, "12.3"), (1234.5, "1,234"), (NAN, "–"),
     (math.inf, "–"), (2.5e7, "2.5e7"), (-1.5, "−1.50")],
)  # fmt: skip
def test_a_measurement_is_written_with_three_digits(value, words):
    assert axes.short(value) == words


# The adviser in words

EVERY = [key for key in TEXTS if key.startswith("advice.") and "{value" in TEXTS[key].zh]
VALUES_OF = dict.fromkeys(("now", "factor", "low", "last", "usual", "top", "was", "is", "step", "n"), 1)


def test_every_advice_has_its_words():
    source = Path(rules.__file__).read_text(encoding="utf-8")
    given = set(re.findall(r'"(advice\.[a-z_.]+)"', source)) | {
        f"advice.memory.{setting}" for setting in re.findall(r'_less\("([a-z_]+)"', source)
    }
    assert len(given) > 15
    assert given - set(TEXTS) == set()


@pytest.mark.parametrize("key", EVERY)
def test_every_advice_can_be_told(key):
    advice = Advice(key, "hint", VALUES_OF | {"setting": "epochs", "value": 7})
    zh, en = advised.words(advice)
    assert "7" in zh
    assert "7" in en
    assert "epochs=7" in advised.listed([advice])


def test_advice_is_listed_by_level_with_what_to_type():
    found = [
        Advice("advice.memory.gradient_checkpointing", "problem",
               {"setting": "gradient_checkpointing", "now": False, "value": True}),
        Advice("advice.memory.base", "hint", {"setting": "base", "now": NASTY, "value": NASTY}),
        Advice("advice.few_rows", "warning", {"setting": "data", "now": 40, "value": 800}),
    ]  # fmt: skip
    html = advised.listed(found)
    assert re.findall(r'<li class="(\w+)"', html) == ["problem", "hint", "warning"]
    assert "<code>gradient_checkpointing=true</code>" in html
    assert "data=800" not in html
    assert not {"img", "onerror"} & Seen(html).names


def test_a_run_without_advice_is_told_so():
    assert TEXTS["advice.none"].zh in advised.listed([])
