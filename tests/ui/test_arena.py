"""The arena's section: standings as HTML, and what only its owner may do; and who a voter is."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from hesui.evaluate.arena import standings
from hesui.settings import Settings
from hesui.store.voting import System, Vote, VoteStore
from hesui.ui import arena
from hesui.ui.labels import Labels
from hesui.ui.page import Page
from hesui.ui.room import Room
from hesui.ui.standings import board
from hesui.ui.voting import origin, pseudonym

NASTY = "<img src=x>"
SYSTEMS = (System("base"), System("tuned"), System(NASTY, guide=True, best_of=4))


def vote(n, choice="right", left=SYSTEMS[0], right=SYSTEMS[1]):
    return Vote(
        f"k{n}", "v", "o", "zh", f"写{n}字", None, "word", "embedded", left, right, "新年好" * (n % 5), "新年快乐",
        swapped=False, sampling={}, seed=n, choice=choice,
    )  # fmt: skip


def asked(client="127.0.0.1", **headers):
    return SimpleNamespace(client=client and SimpleNamespace(host=client), headers=headers)


# Standings


def test_few_votes_are_called_too_few_with_what_to_do():
    html = board(standings([vote(n) for n in range(7)]))
    assert "7 / 20 票" in html
    assert "7 of 20 votes" in html
    assert "forest" not in html
    assert "7 / 0 / 0" in html


def test_many_votes_show_strengths_intervals_and_the_length_in_words():
    votes = [vote(n, "left" if n % 3 else "right", SYSTEMS[n % 3], SYSTEMS[(n + 1) % 3]) for n in range(60)]
    html = board(standings(votes, resamples=99))
    assert html.count('class="reach"') == 3
    assert "100 个字符" in html
    assert NASTY not in html
    assert "&lt;img" in html
    assert "太少" not in html


def test_systems_that_never_met_are_told_to_meet():
    pairs = [SYSTEMS[:2], (System("a"), System("b"))]
    assert "没有票相连" in board(standings([vote(n, "left", *pairs[n % 2]) for n in range(40)], resamples=99))


def test_nothing_is_shown_for_no_votes_but_what_to_do():
    assert "还没有人投票" in board(standings([]))


# The section


@pytest.fixture
def store(database):
    return VoteStore(database)


class Download:
    """Stands for the button, which says where Gradio keeps what it may serve."""

    def __init__(self, folder):
        self.GRADIO_CACHE = str(folder)


@pytest.fixture
def section(database, tmp_path):
    """The section's callbacks and their widgets, without a page."""
    names = {name: name for name in arena.Widgets._fields}
    widgets = arena.Widgets(**names | {"download": Download(tmp_path / "served")})
    page = Page(None, Labels(), Settings(home=tmp_path, overlap=0), None, lambda: ["base"], lambda: database)
    return SimpleNamespace(desk=arena.Desk(Room(page), widgets), w=widgets)


def test_everybody_sees_the_standings_and_the_owner_what_only_they_may_do(section, store):
    store.cast(vote(1))
    for request, owner in ((asked(), True), (asked("203.0.113.9"), False)):
        seen = section.desk.look(request)
        assert "1 / 20 票" in seen[section.w.board]
        assert seen[section.w.owner]["visible"] is owner
        assert seen[section.w.seen] == 1
    assert section.desk.tick(asked(), 1) == {section.w.notice: ""}
    store.cast(vote(2))
    assert "2 / 20 票" in section.desk.tick(asked(), 1)[section.w.board]


def test_the_owner_sends_what_was_preferred_to_review_and_into_a_file(section, store):
    for n, choice in enumerate(["right", "left", "tie", "right"], 1):
        store.cast(vote(n, choice))
    assert "3 条新候选" in section.desk.review(asked(), "greeting")[section.w.done]
    assert "0 条新候选" in section.desk.review(asked(), "greeting")[section.w.done]
    written = section.desk.export(asked())
    lines = Path(written[section.w.download]["value"]).read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["chosen"] for line in lines] == ["新年快乐", "新年好新年好", "新年快乐"]


def test_nobody_else_sends_or_takes_anything(section, store):
    store.cast(vote(1))
    for refused in (section.desk.review(asked("203.0.113.9"), "greeting"), section.desk.export(asked("203.0.113.9"))):
        assert list(refused) == [section.w.done]
        assert "problem" in refused[section.w.done]


def test_no_preferences_and_no_class_for_answers_are_told(section, store):
    assert "还没有分出高下" in section.desk.export(asked())[section.w.done]
    store.cast(vote(1))
    assert "给文本标注" in section.desk.review(asked(), "coreference")[section.w.done]


# Voters


@pytest.mark.parametrize(
    ("request_", "address"),
    [
        (asked("9.9.9.9"), "9.9.9.9"),
        (asked("9.9.9.9", **{"x-forwarded-for": "8.8.8.8"}), "9.9.9.9"),
        (asked("127.0.0.1", **{"x-forwarded-for": "spoofed, 8.8.8.8"}), "8.8.8.8"),
        (asked("10.1.2.3", **{"x-forwarded-for": "8.8.8.8"}), "8.8.8.8"),
        (asked("10.1.2.3"), "10.1.2.3"),
        (asked("2001:4860::1:2:3:4"), "2001:4860::/64"),
        (asked(""), ""),
        (asked("testclient"), "testclient"),
    ],
)
def test_a_proxy_in_the_own_network_is_believed_and_nobody_else(request_, address):
    assert origin(request_) == address


def test_a_visitor_is_stored_under_a_pseudonym():
    assert len(pseudonym("me")) == 32
    assert "me" not in pseudonym("me")
    assert pseudonym("me") == pseudonym("me") != pseudonym("you")
