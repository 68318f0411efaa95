"""Writers write to those whom they can write to."""

from collections import Counter
from random import Random

import pytest

from hesui.corpus.grammar import grammar
from hesui.corpus.pairing import _PAIRS, by_role, draw_pair, sensible, sensible_pairs

KINDS = {kind.name: kind for kind in grammar().kinds}


@pytest.mark.parametrize(
    ("kind", "sender", "role"),
    [
        ("love", "丈夫", "妻子"),
        ("elder", "儿媳", "婆婆"),
        ("teacher", "徒弟", "…师傅"),
        ("staff", "厂长", "一线工人"),
        ("heroes", "病人家属", "护士"),
    ],
)
def test_sensible_pairs_are_found(kind, sender, role):
    assert sensible(KINDS[kind], sender, role)


@pytest.mark.parametrize(
    ("kind", "sender", "role"),
    [
        ("love", "丈夫", "丈夫"),
        ("elder", "女婿", "婆婆"),
        ("child", "爸爸", "侄子"),
        ("teacher", "小学生", "导师"),
        ("public", "租客", "村民"),
        ("heroes", "病人家属", "铁路工人"),
    ],
)
def test_odd_pairs_are_not(kind, sender, role):
    assert not sensible(KINDS[kind], sender, role)


def test_the_table_names_only_people_of_the_grammar():
    assert _PAIRS.keys() == KINDS.keys()
    for name, table in _PAIRS.items():
        roles = {person.asked.replace("{surname}", "…") for person in KINDS[name].recipients}
        for senders, readers in table.items():
            assert set(senders.split("|")) <= set(KINDS[name].senders), name
            assert set(readers.split("|")) <= roles, name


def test_a_surname_stands_in_the_place_of_its_gap():
    pair = next(pair for pair in sensible_pairs() if pair.role == "…老师")
    assert pair.recipient.asked == pair.recipient.addressed == "王老师"
    assert not any("…" in pair.recipient.asked or "{" in pair.recipient.asked for pair in sensible_pairs())


def test_every_kind_is_drawn_about_as_often():
    table, rng = by_role(sensible_pairs()), Random(2)
    drawn = Counter(draw_pair(table, rng).kind.name for _ in range(1600))
    assert drawn.keys() == KINDS.keys()
    assert all(60 < times < 140 for times in drawn.values())
