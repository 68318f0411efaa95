"""The shipped seeds: the contest's classes in their proportions, each with an answer that does what it was asked."""

import unicodedata
from collections import Counter, defaultdict
from pathlib import Path

import pytest
import regex

from hesui.corpus.briefs import number_split, split_of
from hesui.corpus.classes import load_classes
from hesui.corpus.families import Families
from hesui.corpus.grammar import grammar
from hesui.corpus.rows import Row, read_rows, write_rows
from hesui.length import check, count, parse
from hesui.quality import problems
from hesui.settings import ROOT, Settings

FILE = ROOT / "data" / "seeds.jsonl"
SEEDS = list(read_rows(FILE))
CHINESE = [row for row in SEEDS if "-en-" not in row.id]
ENGLISH = [row for row in SEEDS if "-en-" in row.id]
PROPORTIONS = {"greeting": 20, "long": 17, "essay": 7, "verse": 7, "summary": 5}
DEMANDS = {
    "greeting": ({"eq"}, range(30, 81)),
    "long": ({"ge"}, (200, 300)),
    "essay": ({"eq", "ge"}, (300, 400)),
    "verse": ({"le"}, (100, 150)),
    "summary": ({"le"}, (100,)),
}
CONTEST_ONLY = {150}  # the contest asks for it, although its residue is kept for measuring
STATED = regex.compile(r"[\d零一二两三四五六七八九十百]+个?字(?!符)|\b\d+ words?\b")
LINE_END = regex.compile(r"[。！？；，.!?;,:：”\"]$")
HELD_OUT = {
    person.asked
    for kind in grammar().kinds
    for person in kind.recipients
    if "{" not in person.asked and split_of(person.asked) != "train"
}

each = pytest.mark.parametrize("row", SEEDS, ids=lambda row: row.id)


def of(task: str, rows: list[Row] = SEEDS) -> list[Row]:
    """The seeds of one class; fails where there are none."""
    found = [row for row in rows if row.task == task]
    assert found
    return found


def test_there_are_at_least_56_chinese_seeds_in_the_contests_proportions():
    assert Counter(row.task for row in CHINESE) == PROPORTIONS
    assert len(CHINESE) >= 56


def test_there_are_english_seeds_of_every_class():
    assert len(ENGLISH) >= 12
    assert {row.task for row in ENGLISH} == set(PROPORTIONS)
    assert not any(regex.search(r"\p{Han}", row.prompt + (row.reference or "")) for row in ENGLISH)


def test_every_class_of_a_seed_has_its_file(tmp_path):
    classes = load_classes(Settings(home=tmp_path))
    assert {row.task for row in SEEDS} <= set(classes)


def test_ids_are_unique_and_say_class_and_language():
    assert len({row.id for row in SEEDS}) == len(SEEDS)
    for row in SEEDS:
        assert regex.fullmatch(rf"seed-{row.task}-(en-)?\d\d", row.id), row.id


def test_no_two_seeds_ask_the_same_question():
    families = Families()
    assert len({families.assign(row).family for row in SEEDS}) == len(SEEDS)


def test_the_file_is_as_the_writer_writes_it(tmp_path: Path):
    write_rows(SEEDS, tmp_path / "again.jsonl")
    assert (tmp_path / "again.jsonl").read_bytes() == FILE.read_bytes()


@each
def test_a_seed_says_where_it_comes_from_and_how_it_may_be_used(row):
    assert (row.source, row.licence) == ("hesui", "CC-BY-4.0")


@each
def test_a_constraint_is_what_the_prompt_parses_to_unless_set_by_hand(row):
    assert row.constraint is not None
    assert row.hand_set == (row.constraint != parse(row.prompt))
    assert row.constraint.extra == ()


@each
def test_a_reference_obeys_its_demand_under_the_default_counter(row):
    verdict = check(row.reference, row.constraint)
    assert verdict.ok, verdict


@each
def test_a_reference_is_whole_and_states_no_count(row):
    assert problems(row.reference) == []
    assert not STATED.search(row.reference)


@each
def test_texts_are_clean(row):
    for text in (row.prompt, row.reference):
        assert text == text.strip() == unicodedata.normalize("NFC", text)
        assert "\n\n" not in text
        assert not regex.search(r"[^\P{C}\n]|[ \t]\n|[\u3000\ufeff]|  ", text)


@pytest.mark.parametrize("row", CHINESE, ids=lambda row: row.id)
def test_a_chinese_seed_demands_what_the_contest_demands(row):
    ops, numbers = DEMANDS[row.task]
    assert row.constraint.op in ops
    assert row.constraint.aim in numbers
    assert row.constraint.unit == "char"
    assert number_split(row.constraint.aim) == "train" or row.constraint.aim in CONTEST_ONLY


@pytest.mark.parametrize("row", ENGLISH, ids=lambda row: row.id)
def test_an_english_seed_counts_words(row):
    assert row.constraint.unit == "word"
    assert number_split(row.constraint.aim) == "train"


def test_both_sizes_of_every_class_occur():
    for task in ("long", "essay", "verse"):
        assert {row.constraint.aim for row in of(task, CHINESE)} == set(DEMANDS[task][1])
    numbers = {row.constraint.aim for row in of("greeting", CHINESE)}
    assert min(numbers) == 30
    assert len(numbers) >= 12


@pytest.mark.parametrize("row", [row for row in SEEDS if row.constraint.op == "ge"], ids=lambda row: row.id)
def test_a_text_without_upper_bound_stays_within_a_fifth_above_the_lower(row):
    assert check(row.reference, row.constraint).count <= 1.2 * row.constraint.min


@pytest.mark.parametrize("row", of("long") + of("essay"), ids=lambda row: row.id)
def test_long_texts_keep_their_paragraphs(row):
    assert len(row.reference.split("\n")) >= 4


@pytest.mark.parametrize("row", of("verse"), ids=lambda row: row.id)
def test_verse_stands_in_lines_and_its_greeting_in_the_prompt(row):
    lines = row.reference.split("\n")
    assert len(lines) >= 4
    assert all(LINE_END.search(line) for line in lines)
    assert len({round(count(line), -1) for line in lines}) <= 2  # lines of one measure
    assert count(row.prompt) >= 40


@pytest.mark.parametrize("row", of("summary", CHINESE), ids=lambda row: row.id)
def test_a_summary_prompt_holds_a_whole_letter_and_its_answer_an_expectation(row):
    assert 250 <= count(row.prompt) <= 500
    assert row.prompt.count("\n") >= 6
    assert regex.search("期待|盼", row.reference)


def test_references_share_no_stock_clauses():
    using: dict[str, set[str]] = defaultdict(set)
    for row in SEEDS:
        for clause in regex.split(r"[\p{P}\n]+", row.reference):
            if len(clause.strip()) >= 8:
                using[clause.strip()].add(row.id)
    assert {clause: ids for clause, ids in using.items() if len(ids) > 2} == {}


@pytest.mark.parametrize("row", of("greeting", CHINESE) + of("long", CHINESE), ids=lambda row: row.id)
def test_no_seed_writes_to_somebody_kept_for_measuring(row):
    named = "|".join(map(regex.escape, sorted(HELD_OUT)))
    assert not regex.search(rf"给(?:{named})(?:写|发|送|[。，]|$)", row.prompt)


@pytest.mark.parametrize("row", of("essay", CHINESE), ids=lambda row: row.id)
def test_no_essay_has_a_title_kept_for_measuring(row):
    title = regex.search(r"《(.+?)》|“(.+?)”", row.prompt)
    assert split_of(title[1] or title[2]) == "train"


@pytest.mark.parametrize("row", of("summary", CHINESE), ids=lambda row: row.id)
def test_no_summary_is_written_by_a_role_kept_for_measuring(row):
    role = regex.search(r"(?:以|作为|假如你是)(?!上)([^，。]{1,8}?)(?:的身份|，)", row.prompt)[1]
    settings = [setting for setting in grammar().settings if role in setting.roles]
    assert all(split_of(setting.name + role) == "train" for setting in settings)


def test_no_seed_is_worded_as_the_evaluation_words_its_prompts():
    for row in CHINESE:
        for task, wordings in grammar().asks.items():
            for wording in (*wordings.dev, *wordings.test):
                pattern = regex.sub(r"\\\{\w+\\\}", ".{0,600}?", regex.escape(wording))
                assert not regex.fullmatch(pattern, row.prompt, regex.DOTALL), (row.id, task, wording)


def test_each_seed_states_its_family():
    assert all(row.family.startswith(row.task) for row in SEEDS)
