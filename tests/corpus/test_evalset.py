"""The evaluation prompts are frozen, sensible in form, all different, and strangers to everything that trains."""

from collections import Counter
from dataclasses import replace
from hashlib import sha256
from random import Random
from string import Formatter

import pytest
import regex

from hesui.corpus.briefs import TASKS, number_split, split_of
from hesui.corpus.classes import load_classes
from hesui.corpus.evalset import build
from hesui.corpus.evaltexts import DEMANDS, ENGLISH, ESSAY, GREETING, LONG, SUMMARY, TITLES, VERSE
from hesui.corpus.families import Families
from hesui.corpus.grammar import FOLDER, grammar
from hesui.corpus.pairing import sensible_pairs
from hesui.corpus.reading import draw_prompts
from hesui.corpus.rows import Row, read_rows, write_rows
from hesui.corpus.seeds import EVALUATION, SHIPPED
from hesui.corpus.splits import leaks
from hesui.corpus.world import in_world
from hesui.length import parse
from hesui.settings import Settings

CONTENT = "ddb482d6b4772626c62b3003444e9befe53cc4bb4c88fab34e5c9bb637f4cce8"
ROWS = list(read_rows(EVALUATION))
CHINESE = [row for row in ROWS if "-en-" not in row.id]
ENGLISH_ROWS = [row for row in ROWS if "-en-" in row.id]
FREE = [row for row in ROWS if "-free-" in row.id]
SEEDS = list(read_rows(SHIPPED))


def numbers(row: Row) -> set[int]:
    """The numbers that a row's demand names."""
    demand = row.constraint
    if demand is None:
        return set()
    named = (demand.target,) if demand.target is not None else (demand.min, demand.max)
    return {number for number in named if number is not None}


def test_the_file_is_the_one_that_results_are_measured_on():
    assert sha256(EVALUATION.read_bytes()).hexdigest() == CONTENT


def test_the_script_makes_it_again_byte_for_byte(tmp_path):
    write_rows(build(), tmp_path / "eval.jsonl")
    assert (tmp_path / "eval.jsonl").read_bytes() == EVALUATION.read_bytes()


def test_there_are_enough_of_every_class():
    counted = Counter(row.task for row in CHINESE if row not in FREE)
    assert counted == {"greeting": 400, "long": 100, "essay": 100, "verse": 100, "summary": 100}
    assert Counter(row.task for row in FREE) == dict.fromkeys(TASKS, 20)
    assert len(ENGLISH_ROWS) >= 40
    assert {row.task for row in ENGLISH_ROWS} == set(TASKS)
    assert len({row.id for row in ROWS}) == len(ROWS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_every_demand_is_the_one_that_parse_reads(row):
    assert row.constraint == parse(row.prompt)
    assert (row.constraint is None) == (row in FREE)
    assert row.reference is None and not row.hand_set
    assert (row.source, row.licence) == ("hesui", "CC-BY-4.0")


def test_greetings_demand_exact_lengths_from_30_to_100_evenly():
    wanted = Counter(row.constraint.target for row in CHINESE if row.id.startswith("eval-greeting"))
    assert len(wanted) >= 10 and set(wanted.values()) == {40}
    assert 30 <= min(wanted) <= max(wanted) <= 100


@pytest.mark.parametrize(
    ("task", "ops"),
    [("long", {"ge", "approx", "eq"}), ("essay", {"ge", "approx", "eq"}), ("verse", {"le"}), ("summary", {"le"})],
)
def test_the_other_classes_make_their_usual_demands(task, ops):
    assert {row.constraint.op for row in CHINESE if row.id.startswith(f"eval-{task}")} == ops


def test_the_numbers_are_kept_from_training_and_from_the_seeds():
    assert all(number_split(number) == "test" for row in ROWS for number in numbers(row))
    shown = {int(found) for row in SEEDS for found in regex.findall(r"\d+", row.prompt)}
    shown |= {number for row in SEEDS for number in numbers(row)}
    assert not shown & {number for row in ROWS for number in numbers(row)}


def test_english_prompts_are_english_and_demand_words():
    assert not any(regex.search(r"\p{Han}", row.prompt) for row in ENGLISH_ROWS)
    assert {row.constraint.unit for row in ENGLISH_ROWS} == {"word"}


def test_english_prompts_make_the_demands_of_their_class():
    asked = {(row.task, row.constraint.op) for row in ENGLISH_ROWS}
    assert asked == {("greeting", "eq"), ("long", "ge"), ("essay", "eq"), ("verse", "le"), ("summary", "le")}
    assert not [row.prompt for row in ENGLISH_ROWS if "keep it to precisely" in row.prompt]


def test_chinese_prompts_are_of_the_embedded_models_world_and_characters():
    known = {char for path in FOLDER.glob("*.toml") for char in path.read_text(encoding="utf-8")} | set("0123456789")
    for row in CHINESE:
        assert in_world(row.prompt), row.prompt
        assert set(row.prompt) <= known, row.prompt
        assert not regex.search(r"[{}]|。。|，，|，。", row.prompt), row.prompt


def test_no_two_prompts_ask_nearly_the_same():
    families = Families()
    asked = Counter(families.assign(replace(row, family="")).family for row in ROWS)
    assert asked.most_common(1)[0][1] == 1


def test_families_are_readable_and_none_is_large():
    sizes = Counter(row.family for row in ROWS)
    assert all(family.startswith("eval/") for family in sizes)
    assert max(sizes.values()) <= 16
    assert len(sizes) > 700


def test_nothing_that_trains_falls_into_an_evaluation_family():
    families = Families(ROWS)
    drawn = {task: draw_prompts(task, Random(3), 200) for task in ("greeting", "long", "essay", "letter")}
    rows = [Row(prompt, task, prompt, parse(prompt)) for task, prompts in drawn.items() for prompt in prompts]
    for row in [*SEEDS, *rows]:
        assert not families.assign(replace(row, family="")).family.startswith("eval/"), row.prompt


def test_neither_seeds_nor_the_examples_of_classes_give_a_prompt_away(tmp_path):
    classes = load_classes(Settings(home=tmp_path)).values()
    shots = [
        Row(f"{task.id}-{place}", task.id, shot.prompt, parse(shot.prompt), reference=shot.completion)
        for task in classes
        for place, shot in enumerate(task.shots)
    ]
    assert shots
    assert leaks([*SEEDS, *shots], ROWS) == []
    assert not {row.family for row in SEEDS} & {row.family for row in ROWS}
    assert [leak.kind for leak in leaks([replace(ROWS[0], id="copied", family="")], ROWS)] == ["exact"]


def test_nobody_is_written_to_in_a_way_that_makes_no_sense():
    juniors = "备考的孩子|宝宝|小外孙|侄子|高三学生|毕业班的学生"
    calls = regex.compile(rf"eval/greeting/(?:.*→)?(?:{juniors})/拜年")
    assert not [row.family for row in CHINESE if calls.fullmatch(row.family)]
    assert not [row.prompt for row in CHINESE if regex.search("除夕(?:致辞|聚会)", row.prompt)]
    far = [row for row in CHINESE if "亲爱的在外打拼的乡亲们：" in row.prompt]
    assert far
    assert not [row.id for row in far if "放下锄头" in row.prompt or row.family.endswith("返乡青年")]
    craft = [row for row in CHINESE if regex.search("eval/verse/(?:.师傅|教练)/", row.family)]
    assert craft
    assert not [row.id for row in craft if regex.search("批改|桃李|讲台", row.prompt)]


def test_readers_titles_and_roles_are_kept_from_training():
    taught = {pair.recipient.asked for pair in sensible_pairs() if split_of(pair.recipient.asked) != "test"}
    for row in CHINESE:
        if row.id.startswith(("eval-greeting", "eval-long")):
            reader = row.family.split("/", 2)[2].partition("→")
            assert (reader[2] or reader[0]).split("/")[0] not in taught
        if row.id.startswith("eval-summary"):
            assert split_of(row.family.removeprefix("eval/summary/").replace("/", "")) == "test"
    titles = {title.name for title in grammar().titles if split_of(title.name) != "test"}
    assert not titles & set(TITLES)
    assert len(set(TITLES)) == len(TITLES) >= 30
    assert not any(f"《{title}》" in row.prompt or f"“{title}”" in row.prompt for row in SEEDS for title in TITLES)


def test_every_essay_asks_for_a_title_of_its_own():
    titles = [row.family for row in CHINESE if row.task == "essay"]
    assert len(set(titles)) == len(titles) == 120


def test_no_wording_is_one_that_teaches():
    asks = {text for wordings in grammar().asks.values() for text in (*wordings.train, *wordings.dev)}
    demands = {text for wordings in grammar().demands.values() for text in (*wordings.train, *wordings.dev)}
    assert not asks & {ask.text for ask in (*GREETING, *LONG, *ESSAY, *VERSE, *SUMMARY)}
    assert not demands & {text for texts in DEMANDS.values() for text in texts}
    assert not {row.prompt for row in SEEDS} & {question.text for question in ENGLISH}


def test_every_wording_has_a_place_for_one_demand():
    for ask in (*GREETING, *LONG, *ESSAY, *VERSE, *SUMMARY):
        gaps = [gap for _, gap, _, _ in Formatter().parse(ask.text) if gap]
        assert sum(gap in ("c", "d") for gap in gaps) == 1, ask.text
    assert all(question.text.count("{d}") == 1 for question in ENGLISH)
