"""Whether labels are told better by larger models, and which rows are to be looked at again."""

from __future__ import annotations

import json
import struct
from itertools import product
from random import Random

import numpy
import pytest

from hesui.corpus.classes import SHIPPED, read_class
from hesui.errors import InputError, ModelError, ModelNotFound, UnsafeWeights
from hesui.evaluate.family import asking, members, parameters, stored_parameters
from hesui.evaluate.labelled import LabelItem, Labelled, LabelSet
from hesui.evaluate.scale import Told, _rank_correlations, disagreements, scale
from hesui.evaluate.second_look import queue, write_queue
from hesui.evaluate.statistics import spearman
from hesui.records import BASE
from hesui.review.decisions import read_decision
from hesui.review.desk import ReviewDesk
from hesui.review.imported import Plan
from hesui.review.importing import read_candidates
from hesui.review.items import label_item
from hesui.settings import TINY, Settings
from hesui.store.migrate import open_store
from hesui.store.reviewing import Item

TASK = read_class(SHIPPED / "coreference.toml")
CLASSES = {TASK.id: TASK}
LABELS = ("yes", "no")


def truth_of(rows: int, seed: int = 1) -> list[str]:
    return Random(seed).choices(LABELS, k=rows)


def knowing(truth, shares, seed: int = 2) -> list[Told]:
    """Models of growing size that say the right label to so many of the rows, the other one to the rest."""
    rng = Random(seed)
    return [
        Told(f"m{n}", 10**n, tuple(label if rng.random() < share else LABELS[label == "yes"] for label in truth))
        for n, share in enumerate(shares)
    ]


# The verdict


@pytest.mark.parametrize(
    ("shares", "verdict", "whys"),
    [
        ((0.6, 0.75, 0.9), "grows", {""}),
        ((0.55, 0.7, 0.8, 0.9, 0.97), "grows", {""}),
        ((0.5, 0.5, 0.5), "flat", {"chance"}),
        ((0.8, 0.8, 0.8), "flat", {""}),
        ((0.9, 0.8, 0.6), "flat", {""}),
        ((1.0, 1.0, 1.0), "unclear", {"ceiling"}),
    ],
)
def test_growth_is_told_from_none(shares, verdict, whys):
    truth = truth_of(2_000)
    found = scale(truth, knowing(truth, shares), LABELS, resamples=500)
    assert found.verdict == verdict
    assert {trend.why for trend in found.trends} == whys
    assert found.few_models == (len(shares) < 5)


def test_models_that_always_say_one_label_or_none_do_no_more_than_guess():
    truth = truth_of(1_000)
    family = [Told("a", 1, (None,) * 1_000), Told("b", 2, ("yes",) * 1_000), Told("c", 3, tuple(truth_of(1_000, 7)))]
    found = scale(truth, family, LABELS, resamples=500)
    assert found.points[0].scores.f1.value < found.points[1].scores.f1.value < found.points[2].scores.f1.value
    assert found.verdict == "flat"
    assert all(trend.gain.value < 0.05 and trend.why == "chance" for trend in found.trends)


def test_few_rows_are_no_reason_for_a_verdict():
    truth = truth_of(12)
    found = scale(truth, knowing(truth, (0.5, 0.7, 1.0)), LABELS)
    assert found.verdict == "unclear"
    assert {trend.why for trend in found.trends} == {"few_rows"}


def test_a_small_set_leaves_a_small_gain_open():
    truth = truth_of(60)
    found = scale(truth, knowing(truth, (0.65, 0.7, 0.75), seed=12), LABELS)
    assert 0.05 < found.trends[1].gain.value < 0.15
    assert {trend.why for trend in found.trends} == {"wide"}


def test_models_are_put_in_the_order_of_their_size():
    truth = truth_of(400)
    family = knowing(truth, (0.55, 0.75, 0.95))
    found = scale(truth, family[::-1], LABELS, resamples=200)
    assert [point.model for point in found.points] == ["m0", "m1", "m2"]
    rank = found.trends[0].rank
    assert rank == spearman([1.0, 10.0, 100.0], [point.scores.precision.value for point in found.points])
    assert rank.p == pytest.approx(1 / 3)  # 2 of 3! orders


@pytest.mark.parametrize("sizes", [(1, 2), (1, 1, 1), (1, 2, 2)])
def test_a_family_needs_three_sizes(sizes):
    with pytest.raises(InputError, match="3 or more"):
        scale(["yes"] * 30, [Told(str(n), size, ("yes",) * 30) for n, size in enumerate(sizes)], LABELS)


def test_rank_correlations_of_samples_are_spearmans():
    sizes = (1.0, 5.0, 5.0, 20.0)
    drawn = numpy.array(list(product((0.0, 0.5, 1.0), repeat=4)))
    for values, found in zip(drawn, _rank_correlations(sizes, drawn), strict=True):
        expected = spearman(sizes, list(values))
        assert found == pytest.approx(expected.value if expected else 0.0)


# Doubtful rows


def test_rows_on_which_the_larger_models_disagree_most_come_first():
    family = [
        Told("s", 1, ("no", "yes", "no", "yes", None)),
        Told("m", 2, ("no", "no", "yes", "yes", "no")),
        Told("l", 3, ("no", "no", "yes", "yes", "no")),
    ]
    found = disagreements(["yes", "yes", "no", "yes", "yes"], family)
    assert [one.row for one in found] == [0, 4, 1, 2]
    assert [round(one.strength, 3) for one in found] == [1.0, 0.833, 0.667, 0.667]
    assert found[1].models == ("m", "l") and found[1].label == "no"


def test_a_row_whose_label_the_larger_models_share_is_not_doubted():
    family = [Told("s", 1, ("no",)), Told("m", 2, (None,)), Told("l", 3, ("yes",))]
    assert disagreements(["yes"], family) == ()


def test_wrong_labels_among_right_ones_are_found():
    truth = truth_of(500)
    wrong = set(Random(3).sample(range(500), 25))
    labels = [LABELS[label == "yes"] if n in wrong else label for n, label in enumerate(truth)]
    found = disagreements(labels, knowing(truth, (0.7, 0.9, 0.99)))
    assert len(wrong & {one.row for one in found[:25]}) >= 20


# Looking again


@pytest.fixture
def settings(tmp_path):
    return Settings(home=tmp_path / "home")


@pytest.fixture
def desk(settings):
    database = open_store(settings)
    yield ReviewDesk(database, settings)
    database.close()


def labelled(*texts: str, item: str = "") -> LabelSet:
    rows = (Labelled(LabelItem(f"i{n}", TASK.id, text), "no", item) for n, text in enumerate(texts))
    return LabelSet(TASK, tuple(rows), "set")


def doubts(n: int):
    told = ("yes",) * n
    return disagreements(["no"] * n, [Told("s", 1, told), Told("/somewhere/large", 2, told)])


def test_the_file_of_doubtful_rows_can_be_imported_for_review(tmp_path, settings):
    out = tmp_path / "doubts.jsonl"
    assert write_queue(labelled("它为什么报错？", "那个呢？"), doubts(2), out) == 2
    found = list(read_candidates(out, Plan("coreference", CLASSES, settings, "doubts")))
    assert all(isinstance(one, Item) for one in found)
    assert [one.text for one in found] == ["它为什么报错？", "那个呢？"]
    assert found[0].suggestion["label"] == "yes"
    assert "标注为 no" in found[0].suggestion["reasoning"] and "somewhere" not in out.read_text(encoding="utf-8")


def test_doubtful_rows_go_into_the_queue_once_the_strongest_first(desk, settings):
    found = labelled("它为什么报错？", "那个呢？")
    assert queue(desk, settings, found, doubts(2)) == (2, 0, 0)
    assert queue(desk, settings, found, doubts(2)) == (0, 0, 2)
    (claim, _) = desk.take("r", 2, CLASSES)
    assert claim.item.source == "scale: set" and claim.item.suggestion["label"] == "yes"


def test_a_row_that_rests_on_a_decided_item_is_decided_anew(desk, settings):
    item = label_item(LabelItem("i0", TASK.id, "它为什么报错？"), 0.0, source="chat")
    desk.add([item])
    decide(desk, item, "no", "decision-1")
    assert desk.survey.reviewed(item.id).entry.verdict == "no"
    found = labelled("它为什么报错？", item=item.id)
    assert queue(desk, settings, found, doubts(1)) == (0, 1, 0)
    assert desk.survey.reviewed(item.id).entry.state == "open"
    assert queue(desk, settings, found, doubts(1)) == (0, 0, 1)
    decide(desk, item, "yes", "decision-2")
    assert desk.survey.reviewed(item.id).entry.verdict == "yes"


def decide(desk, item, label, key):
    (claim,) = desk.take("r", 1, CLASSES)
    decision = read_decision({"action": "label", "key": key, "label": label, "seconds": 1.0}, claim.item, CLASSES)
    desk.queue.decide("r", claim.item.id, decision)


# Which models, and how large


def test_the_embedded_models_have_their_sizes(settings):
    base, tuned = members([BASE, "tuned", "tuned"], settings)
    assert parameters(base) == sum(stored_parameters(file) for file in (TINY / "base").glob("*.safetensors"))
    assert 2_000_000 < parameters(base) < parameters(tuned) < 5_000_000


def weights(folder, *shapes, head=None):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text("{}")
    told = {f"w{n}": {"dtype": "F32", "shape": shape, "data_offsets": [0, 0]} for n, shape in enumerate(shapes)}
    text = json.dumps(told | {"__metadata__": {"format": "pt"}}).encode() if head is None else head
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(text)) + text)
    return folder


def test_a_folders_size_is_read_from_the_heads_of_its_weights(tmp_path, settings):
    folder = weights(tmp_path / "m", [3, 4], [5], [])
    (member,) = members([str(folder)], settings)
    assert parameters(member) == 12 + 5 + 1
    assert member.model == BASE and member.settings.base_model == str(folder)


def test_a_stated_size_goes_before_what_is_read(tmp_path, settings):
    folder = weights(tmp_path / "m", [3, 4])
    sizes = [parameters(member) for member in members([f"{folder}=0.6B", "base=1.5m", "tuned=7"], settings)]
    assert sizes == [600_000_000, 1_500_000, 7]


@pytest.mark.parametrize(
    "head", [b"no json", b"[]", b'{"w": {"shape": "x"}}', b'{"w": {"shape": [-1, 2]}}', b'{"w": 3}']
)
def test_a_broken_head_is_an_error_of_the_model(tmp_path, settings, head):
    (member,) = members([str(weights(tmp_path / "m", head=head))], settings)
    with pytest.raises(ModelError, match=r"model\.safetensors"):
        parameters(member)


def test_a_head_of_absurd_length_is_not_read(tmp_path):
    file = tmp_path / "model.safetensors"
    file.write_bytes(b"\xff" * 9)
    with pytest.raises(ModelError, match="too long"):
        stored_parameters(file)


def test_a_name_that_means_nothing_names_what_there_is(settings):
    with pytest.raises(ModelNotFound, match="base, tuned"):
        members(["nobody"], settings)


def test_pickled_weights_are_refused(tmp_path, settings):
    folder = tmp_path / "m"
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    (folder / "pytorch_model.bin").write_bytes(b"")
    with pytest.raises(UnsafeWeights):
        members([str(folder)], settings)


def test_models_of_one_base_share_who_answers(tmp_path, settings):
    folder = weights(tmp_path / "m", [1])
    made: list[str] = []

    def engine(of):
        made.append(of.base_model)
        return object()

    group = members([BASE, str(folder), "tuned"], settings)
    asked = [(member.name, id(answerer)) for member, answerer in asking(group, engine)]
    assert made == ["embedded", str(folder)]
    assert [name for name, _ in asked] == [BASE, "tuned", str(folder)] and asked[0][1] == asked[1][1]
