"""A board adds up what the scores say of each answer, by any counting rule; and whoever cheats is flagged on it."""

from __future__ import annotations

import os
from itertools import product
from random import Random

import pytest

from hesui.corpus.composer import draw, exact_length, example, loose_length, write
from hesui.corpus.rows import Row
from hesui.errors import InputError
from hesui.evaluate.board import Board, require_set
from hesui.evaluate.folder import Entry
from hesui.evaluate.measures import Learnt, load, measure
from hesui.evaluate.overlap import Known, bleu, rouge_l
from hesui.evaluate.scores import Answered, bucket, summarise
from hesui.evaluate.standings import standings
from hesui.evaluate.statistics import mcnemar, paired_bootstrap
from hesui.evaluate.views import Filters, View, make_filters
from hesui.length import COUNTERS, check, parse

BRIEFS = [brief for seed in range(40) if (brief := draw("greeting", "test", Random(seed))).constraint is not None][:30]
PROMPTS = [brief.prompt for brief in BRIEFS]
OPS = {parse(prompt).op for prompt in PROMPTS}


def composed(exact: float):
    """Whoever answers as the composer does, a share of the answers at the length that is asked for."""

    def says(request):
        rng = Random(f"{request.messages[-1].content} {request.seed} {exact}")
        brief = BRIEFS[PROMPTS.index(request.messages[-1].content)]
        plan = exact_length if rng.random() < exact else loose_length
        return write(brief, plan(brief, rng), rng) or "祝您新年快乐。"

    return says


@pytest.fixture(scope="module")
def both():
    base, tuned = composed(0.1), composed(0.8)
    return lambda request: (base if request.model == "base" else tuned)(request)


@pytest.fixture
def board(evaluation, answered, settings, pair, both):
    """A base and an adapter, thirty prompts, two seeds."""
    answered(evaluation(PROMPTS, pair, seeds=2), both)
    (found,) = Board(settings, shipped=False).refresh().values()
    return found


def scored(found, place, counter):
    (folder,) = found.folders.values()
    rows = folder.prompts()
    return [
        Answered(answer.prompt, rows[answer.prompt].constraint,
                 check(answer.text, rows[answer.prompt].constraint, counter))
        for _, answer in sorted(folder.answers(), key=lambda one: one[1][:3]) if answer.entry == place
    ]  # fmt: skip


@pytest.mark.parametrize("counter", COUNTERS)
def test_a_row_is_what_the_scores_add_up_to(board, counter):
    assert {"eq", "le"} <= OPS
    for row in standings(board, Filters(counter=counter), gaps=False):
        wanted = summarise(scored(board, row.place, counter))
        assert row.n == wanted.n == 60
        for name in ("satisfied", "exact", "hit2", "hit5", "hit10", "hit5_percent", "hit10_percent"):
            assert row.shares[name] == pytest.approx(getattr(wanted, name)), name
        for name in (
            "mae",
            "median_error",
            "p90_error",
            "mape",
            "bias",
            "ls",
            "qianfan",
            "longwriter",
            "violation",
            "fill",
        ):
            assert getattr(row, name) == pytest.approx(getattr(wanted, name), rel=1e-6), name


def test_filters_leave_what_they_say(board):
    everything = scored(board, 0, "word")
    for ops, buckets in product([(), ("eq",), ("le", "range"), ("eq", "approx", "ge")], [(), (0,), (1, 2), (3,)]):
        left = [
            one for one in everything
            if (not ops or one.constraint.op in ops) and (not buckets or bucket(one.constraint) in buckets)
        ]  # fmt: skip
        rows = standings(board, Filters(ops=ops, buckets=buckets), gaps=False)
        assert [row.n for row in rows] == [len(left)] * (2 if left else 0)
        assert not left or rows[0].shares["satisfied"] == pytest.approx(summarise(left).satisfied)


def test_the_difference_to_the_base_is_tested_as_the_statistics_do(board):
    gap = standings(board, Filters())[1].gap
    assert gap.base == 0
    sides = [scored(board, place, "word") for place in (0, 1)]
    named = [[one for one in side if one.constraint.op in ("eq", "approx")] for side in sides]
    off = [[abs(one.verdict.error) for one in side] for side in named]
    prompts = [one.prompt for one in named[0]]
    assert gap.mae == pytest.approx(paired_bootstrap(off[0], off[1], prompts), rel=1e-9)
    firsts = [place for place in range(len(prompts)) if place == 0 or prompts[place] != prompts[place - 1]]
    for name, most in (("hit2", 2), ("hit5", 5), ("hit10", 10)):
        hits = [[side[place] <= most for place in firsts] for side in off]
        assert gap.tests[name] == mcnemar(*hits)
        assert gap.p[name] >= gap.tests[name].p
    assert gap.hits["hit5"] > 0.3


def test_a_system_is_compared_with_its_base_under_the_same_decoding(evaluation, answered, settings):
    entries = [Entry(model, decoding, "embedded") for model in ("base", "mine") for decoding in ("raw", "guided")]
    answered(evaluation(PROMPTS[:2], [*entries, Entry("far", "raw")]), lambda request: "祝您新年快乐。")
    (found,) = Board(settings, shipped=False).refresh().values()
    view = View(found, Filters())
    assert [view.base_of(place) for place in range(5)] == [None, 0, 0, 1, None]
    assert [row.system.entry.assisted for row in standings(found, Filters())] == [False, True, False, True, False]
    assert [row.place for row in standings(found, Filters(decodings=("guided",)))] == [1, 3]


def test_the_newest_evaluation_of_a_system_counts(evaluation, answered, settings, pair):
    first = answered(evaluation(PROMPTS[:2], pair), lambda request: "好。")
    os.rename(first.path, first.path.with_name("20200101-000000-0000"))
    answered(evaluation(PROMPTS[:2], pair[:1]), lambda request: "祝您新年快乐，万事如意。")
    answered(evaluation(PROMPTS[:3], pair), lambda request: "好。")
    board = Board(settings, shipped=False)
    sets = board.refresh()
    assert sorted(len(one.systems) for one in sets.values()) == [2, 2]
    merged = next(one for one in sets.values() if one.prompts == 2)
    rows = {row.system.entry.model: row for row in standings(merged, Filters())}
    assert rows["mine"].system.evaluation == "20200101-000000-0000"
    assert rows["base"].system.evaluation != "20200101-000000-0000"
    assert board.refresh()[merged.id] is merged  # nothing is read twice


def test_lost_measures_are_made_again(evaluation, answered, settings, pair):
    folder = answered(evaluation(PROMPTS[:3], pair), lambda request: "祝您新年快乐。")
    before = load(folder)
    folder.measures.write_bytes(b"broken")
    assert load(folder) is None
    (found,) = Board(settings, shipped=False).refresh().values()
    assert found.columns["count"].tolist() == before["count"].tolist()


def test_references_are_compared_with(evaluation, answered, settings):
    rows = [Row(f"r{n}", "greeting", prompt, parse(prompt), reference="祝您新年快乐，身体健康，万事如意！")
            for n, prompt in enumerate(PROMPTS[:3])]  # fmt: skip
    answered(evaluation(rows, [Entry("base", "raw")]), lambda request: "祝您新年快乐，事事顺心！")
    (found,) = Board(settings, shipped=False).refresh().values()
    (row,) = standings(found, Filters())
    texts, references = ["祝您新年快乐，事事顺心！"] * 3, [rows[0].reference] * 3
    assert row.bleu == pytest.approx(bleu(texts, references))
    assert row.rouge_l == pytest.approx(rouge_l(texts[0], references[0]))


def test_the_curve_rises_to_the_share_within_twenty(board):
    curve = View(board, Filters()).curve(1)
    assert len(curve) == 21
    assert curve == sorted(curve)
    assert curve[5] == pytest.approx(standings(board, Filters())[1].shares["hit5"].value)


def test_what_nobody_knows_is_refused_with_what_is_known(board):
    with pytest.raises(InputError, match="eq, approx"):
        make_filters(ops=("near",))
    with pytest.raises(InputError, match="word, chars"):
        make_filters(counter="letters")
    with pytest.raises(InputError, match=board.id[:12]):
        require_set({board.id: board}, "zz")
    assert require_set({board.id: board}, board.id[:6]) is board


# Whoever only looks obedient: each trick is caught by the guard that was made for it, and honest answers by none.
WITHIN = "给老师写一段50字以内的拜年话"
EXACT = "给同事写一段80字的新年祝福"
LESSONS = [example("greeting", "train", Random(seed), exact_length, "eq").completion for seed in range(40)]
HONEST = "王老师，新春佳节到来之际，学生祝您身体健康，阖家欢乐，万事顺意，桃李满园！"


def padded(request):
    return ("祝您新年快乐，万事如意。" * 9)[:80]


def cut(request):
    return "祝您在新的一年里身体健康，工作顺利，家庭幸福，事事顺心，财源广进，步步高升，也愿您和家人平平安安|"


def repeating(request):
    return "祝您新年快乐，身体健康，万事如意，阖家幸福，吉祥安康，" * 3 + "新年好。"


def copying(request):
    return max(LESSONS, key=len)


def one_word(request):
    return "好。"


@pytest.mark.parametrize(
    ("trick", "prompt", "flag"),
    [(padded, EXACT, "pads"), (cut, EXACT, "cut"), (repeating, EXACT, "repeats"), (copying, EXACT, "copies"),
     (one_word, WITHIN, "trivial")],
)  # fmt: skip
def test_a_cheat_is_flagged_on_the_board(evaluation, answered, settings, pair, trick, prompt, flag):
    folder = answered(evaluation([prompt], pair), lambda r: HONEST if r.model == "base" else trick(r))
    measure(folder, lambda entry: Learnt(LESSONS, Known(LESSONS)))
    (found,) = Board(settings, shipped=False).refresh().values()
    honest, cheat = standings(found, Filters())
    assert cheat.flags[flag] == 1.0
    assert not any(honest.flags.values())


def test_the_training_answer_that_was_copied_is_kept(evaluation, answered, pair):
    folder = answered(evaluation([EXACT], pair), copying)
    measure(folder, lambda entry: Learnt(LESSONS, Known(LESSONS)) if entry.tuned else None)
    assert list(folder.nearest().values()) == [copying(None)]
    assert [key[0] for key in folder.nearest()] == [1]
