"""The shipped classes are sound, an owner's own ones join them, and a mistake in a file is named."""

from pathlib import Path

import pytest
import regex

from hesui.corpus.briefs import OPS, TASKS, number_split
from hesui.corpus.classes import SHIPPED, load_classes, read_class, require_class
from hesui.corpus.grammar import grammar
from hesui.errors import HesuiError, InputError
from hesui.length import check, parse
from hesui.quality import problems
from hesui.settings import Settings
from hesui.ui.texts import TEXTS

CONTEST = {"greeting": 20, "long": 17, "essay": 7, "verse": 7, "summary": 5}
SUPPORT = ("letter", "coreference")

NAMES = """
name = { zh = "产品文案", en = "Product copy" }
asks = { zh = "写一段产品介绍。", en = "A product description." }
"""
LABELS = """
kind = "label"
question = { zh = "清楚吗？", en = "Is it clear?" }
labels = [
  { id = "yes", key = "1", name = { zh = "是", en = "Yes" } },
  { id = "no", key = "2", name = { zh = "否", en = "No" } },
]
"""


@pytest.fixture
def settings(tmp_path):
    return Settings(home=tmp_path)


@pytest.fixture
def write(settings):
    """Writes a class file of an owner's own and returns its path."""

    def write(text: str, name: str = "copy.toml") -> Path:
        settings.classes.mkdir(parents=True, exist_ok=True)
        path = settings.classes / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.fixture
def shipped(settings):
    return load_classes(settings)


def test_the_five_contest_classes_and_their_support_are_shipped(shipped):
    assert set(shipped) == {*CONTEST, *SUPPORT}
    assert set(TASKS) == set(CONTEST)


def test_shares_are_the_contests_and_support_classes_have_none(shipped):
    assert {name: shipped[name].share for name in CONTEST} == CONTEST
    assert [shipped[name].share for name in SUPPORT] == [0, 0]


def test_every_contest_class_needs_a_demand_and_has_one_that_its_ops_allow(shipped):
    for name in CONTEST:
        task = shipped[name]
        default = parse(f"写{task.demand}")
        assert task.needs_demand
        assert default.op in task.ops
        low, high = task.numbers
        assert low <= default.aim <= high
    assert not any(shipped[name].needs_demand for name in SUPPORT)


def test_ops_are_weighed_as_the_composer_weighs_them(shipped):
    for name in TASKS:
        demanding = {op: weight for op, weight in OPS[name].items() if op is not None}
        total = sum(demanding.values())
        assert shipped[name].ops == pytest.approx({op: w / total for op, w in demanding.items()}, abs=0.01)


def test_every_answer_class_guides_a_teacher_and_shows_it_two_to_four_shots(shipped):
    for task in shipped.values():
        assert task.guidance
        assert 2 <= len(task.shots) <= 4
        assert all(shot.completion for shot in task.shots)


def test_every_shot_meets_its_own_demand_under_the_default_counter(shipped):
    demanding = [name for name in CONTEST for _ in shipped[name].shots]
    shots = [shot for name in CONTEST for shot in shipped[name].shots]
    for name, shot in zip(demanding, shots, strict=True):
        constraint = parse(shot.prompt)
        assert constraint is not None, (name, shot.prompt)
        assert check(shot.completion, constraint).ok, (name, shot.prompt, check(shot.completion, constraint))
        assert constraint.op in shipped[name].ops


def test_every_completion_that_is_shown_is_whole(shipped):
    for task in shipped.values():
        if task.kind == "answer":
            assert [problems(shot.completion) for shot in task.shots] == [[] for _ in task.shots], task.id


def test_no_shot_demands_a_number_that_is_kept_for_measuring(shipped):
    for name in CONTEST:
        for shot in shipped[name].shots:
            assert number_split(parse(shot.prompt).aim) == "train", shot.prompt


def test_the_letters_that_are_shown_have_the_length_that_summaries_are_made_for(shipped):
    low, high = shipped["letter"].numbers
    for shot in shipped["letter"].shots:
        assert parse(shot.prompt) is None
        assert check(shot.completion, parse(f"{low}到{high}字")).ok
        assert "\n" in shot.completion


def test_every_label_shot_names_one_of_the_labels(shipped):
    task = shipped["coreference"]
    assert task.kind == "label"
    assert [label.id for label in task.labels] == ["yes", "no", "unsure"]
    assert {shot.completion for shot in task.shots} <= {label.id for label in task.labels}


def test_verse_carries_greetings_and_summaries_carry_letters(shipped):
    assert {name: task.input for name, task in shipped.items() if task.input} == {
        "verse": "greeting",
        "summary": "letter",
    }


@pytest.mark.parametrize("demand", ["100字以内", "不超过90字"])
@pytest.mark.parametrize("name", ["verse", "summary"])
def test_a_filled_wording_demands_what_was_filled_in(shipped, name, demand):
    wanted = parse(f"写{demand}").max
    for wording in shipped[name].wordings:
        constraint = parse(wording.replace("{demand}", demand).replace("{input}", "各位邻居，新年好！愿大家平安。"))
        assert constraint.op == "le"
        if "{demand}" in wording:
            assert (constraint.max, constraint.unit, constraint.extra) == (wanted, "char", ())
        else:
            assert (constraint.unit, constraint.extra) == ("word", ())


def test_chinese_wordings_are_the_composers_training_wordings(shipped):
    demand = {"c": "，{demand}", "d": "{demand}的"}
    for name, gap in (("verse", "greeting"), ("summary", "letter")):
        train = [
            regex.compile(regex.escape(w.format(**demand, **{gap: "{input}"}, role="ROLE")).replace("ROLE", ".{2,8}"))
            for w in (wording.replace("{role}", "ROLE") for wording in grammar().asks[name].train)
        ]
        for wording in shipped[name].wordings:
            if "{demand}" in wording:
                assert any(pattern.fullmatch(wording) for pattern in train), wording


def test_an_owners_class_joins_the_shipped_ones(write, settings, shipped):
    write(NAMES)
    classes = load_classes(settings)
    assert set(classes) == {*shipped, "copy"}
    assert classes["copy"].id == "copy"
    assert list(classes)[: len(shipped)] == list(shipped)


def test_an_owners_file_replaces_the_shipped_class_of_its_name(write, settings):
    write(NAMES, "essay.toml")
    assert load_classes(settings)["essay"].name.en == "Product copy"


def test_a_file_saved_with_a_byte_order_mark_is_read(settings, write):
    assert read_class(write("\ufeff" + NAMES)).name.zh == "产品文案"


def test_blank_lines_around_a_text_in_a_file_do_not_belong_to_it(write):
    task = read_class(write(NAMES + '[[shots]]\nprompt = """\n写一段\n介绍。\n"""\n'))
    assert task.shots[0].prompt == "写一段\n介绍。"


def test_braces_that_are_no_gap_may_stand_in_a_wording(write):
    wording = '{"text": "{input}", "{}": 1}'
    assert read_class(write(f"{NAMES}wordings = ['{wording}']")).wordings == (wording,)


def test_a_label_class_is_read(write):
    assert [label.key for label in read_class(write(NAMES + LABELS)).labels] == ["1", "2"]


WRONG = {
    "no TOML": ("name = ", "Invalid value"),
    "no name": ('asks = { zh = "写。", en = "Write." }', "name: Field required"),
    "an unknown field": (NAMES + 'colour = "red"', "colour: Extra inputs"),
    "a wrong type": (NAMES + 'share = "many"', "share: "),
    "a negative share": (NAMES + "share = -1", "share: "),
    "a negative tolerance": (NAMES + "within = -1", "within: "),
    "an unknown op": (NAMES + "ops = { exactly = 1 }", "ops.exactly"),
    "an op without weight": (NAMES + "ops = { eq = 0 }", "ops.eq: "),
    "an unreadable demand": (NAMES + 'demand = "短一点"', "短一点"),
    "numbers that run backward": (NAMES + "numbers = [100, 30]", "[100, 30]"),
    "numbers from nothing": (NAMES + "numbers = [0, 30]", "[0, 30]"),
    "an input without wordings": (NAMES + 'input = "greeting"', "{input}"),
    "its own input": (NAMES + 'input = "copy"\nwordings = ["{input}"]', "its own answers"),
    "a wording without input": (NAMES + 'wordings = ["写{demand}"]', "every wording must hold {input}"),
    "a wording with another gap": (NAMES + 'wordings = ["{input}{role}"]', "{role}"),
    "labels of an answer class": (NAMES + LABELS.replace('kind = "label"', ""), 'kind = "label"'),
    "a label class without question": (NAMES + 'kind = "label"', "question"),
    "one label": (NAMES + "".join(LABELS.splitlines(True)[:5]) + "]", "at least two labels"),
    "labels that share a key": (NAMES + LABELS.replace('"2"', '"1"'), "share an id or a key"),
    "labels that share an id": (NAMES + LABELS.replace('"no"', '"yes"'), "share an id or a key"),
    "a key of two characters": (NAMES + LABELS.replace('"2"', '"22"'), "labels.1.key"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "reason"), WRONG.values(), ids=WRONG)
def test_a_wrong_class_file_is_refused_by_name_and_reason(write, settings, text, reason):
    write(text)
    with pytest.raises(InputError) as caught:
        load_classes(settings)
    message = str(caught.value)
    assert "copy.toml" in message
    assert reason in message
    assert "\n" not in message
    assert "Value error" not in message
    translated(caught.value)


def test_a_file_that_is_no_utf8_text_is_refused_by_name(settings, write):
    write("").write_bytes(NAMES.encode("gb18030"))
    with pytest.raises(InputError, match=r"copy\.toml.*utf-8"):
        load_classes(settings)


def test_a_file_name_that_can_be_no_id_is_refused(settings, write):
    write(NAMES, "Produkt Text.toml")
    with pytest.raises(InputError, match=r"Produkt Text\.toml.*id: "):
        load_classes(settings)


def test_a_folder_in_the_place_of_a_file_is_refused(settings):
    (settings.classes / "copy.toml").mkdir(parents=True)
    with pytest.raises(InputError, match=r"copy\.toml"):
        load_classes(settings)


def test_an_input_that_does_not_exist_is_refused_with_the_names_there_are(write, settings):
    write(NAMES + 'input = "notice"\nwordings = ["{input}"]')
    with pytest.raises(InputError, match="notice.*greeting") as caught:
        load_classes(settings)
    translated(caught.value)


def test_an_unknown_class_is_refused_with_the_names_there_are(shipped):
    assert require_class("verse", shipped) is shipped["verse"]
    with pytest.raises(InputError, match="'poem'.*verse") as caught:
        require_class("poem", shipped)
    translated(caught.value)


def test_every_shipped_file_is_a_class():
    for path in SHIPPED.iterdir():
        assert read_class(path).id == path.stem


def translated(error: HesuiError) -> None:
    """Fails unless the page has the error's sentence in both languages, with the gaps that it fills."""
    for sentence in (TEXTS[error.key].zh, TEXTS[error.key].en):
        assert sentence.format(**error.values)
