"""A blind round in a real browser: no name before the vote, one vote, and not too many from one visitor."""

from __future__ import annotations

import pytest
from playwright.sync_api import TimeoutError

from hesui.settings import Settings
from hesui.store.migrate import open_store
from hesui.store.voting import PER_VISITOR, System, Vote, VoteStore
from hesui.ui.voting import pseudonym

FRAME_SIZE = 4  # characters that the longer of these answers grows by in a frame, at most
GREETING = "假如你是老师，请写一段50字的春节祝福给家长"
pytestmark = pytest.mark.browser

# Everything that the tab ever holds, as the browser comes to hold it.
WATCH = """() => {
  const tab = document.getElementById("tab-compare");
  window.leaks = [];
  const look = () => {
    if (/tuned|调优|基座|base|词元/.test(tab.innerHTML)) window.leaks.push(tab.innerHTML);
    window.widths = [...(window.widths || []), [...tab.querySelectorAll(".pane:not(.idle) .answer")].map((one) => one.textContent.length)];
  };
  window.watching = new MutationObserver(look);
  window.watching.observe(tab, { childList: true, subtree: true, characterData: true });
  look();
}"""


@pytest.fixture
def votes(served):
    """The votes of the page that is served for all tests."""
    database = open_store(Settings())
    yield VoteStore(database)
    database.close()


def open_blind(visit, **options):
    page = visit("?right=tuned", **options)
    page.locator("#blind input").check()
    page.locator("#ballot .ballot-hint").wait_for()
    page.locator("#left-model").wait_for(state="detached")
    page.locator("#prompt textarea").click()
    page.keyboard.insert_text(GREETING)
    page.locator("#chip .chip").wait_for()
    return page


def go_until(page, wanted):
    """Press Go until something is there: Gradio drops a click for as long as it winds up a round that was stopped."""
    for _ in range(10):
        page.locator("#go").click()
        try:
            return page.locator(wanted).wait_for(timeout=6_000)
        except TimeoutError:
            continue
    raise AssertionError(f"{wanted} never came")


def test_a_blind_round_tells_no_name_before_its_one_vote(visit, served, votes, texts):
    before = votes.count()
    page = open_blind(visit)
    page.evaluate(WATCH)

    served.scripted.gate.clear()
    page.locator("#go").click()
    page.locator("#notice", has_text="两边都在写，共 42 字").wait_for()
    assert page.locator(".pane.waiting").count() == 2
    page.locator("#stop").click()
    page.locator("#ballot", has_text="不能投票").wait_for()
    assert page.locator("[data-vote]").count() == 0

    served.scripted.gate.set()
    go_until(page, "[data-vote=left]")
    assert (
        page.evaluate(
            "watching.disconnect(), leaks.map((html) => html.match(/.{40}(tuned|调优|基座|base|词元).{40}/)[0])"
        )
        == []
    )
    shown = [page.locator(f"#{side}-pane .answer").text_content() for side in ("left", "right")]
    assert sorted(shown, key=len) == [texts.exact, texts.long]
    paces = {tuple(pair) for pair in page.evaluate("widths") if len(pair) == 2}
    assert len(paces) > 10
    # The browser puts up one pane after the other: a frame apart at most, until the shorter answer is whole.
    assert all(abs(left - right) <= FRAME_SIZE or min(left, right) == len(texts.exact) for left, right in paces)

    page.locator("[data-vote=left]").focus()
    page.keyboard.press("Enter")
    page.locator("#ballot .cast", has_text=f"目前共有 {before + 1} 票").wait_for()
    cast = votes.votes()[-1]
    assert {cast.left.model, cast.right.model} == {"base", "tuned"}
    assert (cast.choice, cast.left_text, cast.language) == ("left", shown[0], "zh")
    assert cast.swapped == (cast.left.model == "tuned")
    for side, system in (("left", cast.left), ("right", cast.right)):
        assert page.locator(f"#{side}-pane .who code").inner_text() == system.model
    assert page.locator("#history [data-round]").count() == 1
    assert page.locator("#tally .who code").all_inner_texts() == ["base", "tuned"]

    # The buttons are gone; somebody who makes one gets no second vote.
    page.evaluate("""document.querySelector("#ballot .cast").innerHTML = '<button data-vote="right">!</button>'""")
    page.locator("[data-vote=right]").click()
    page.locator("#notice .problem", has_text="已经投过票").wait_for()
    assert votes.count() == before + 1


def test_a_visitor_who_has_voted_often_enough_is_told_when_to_go_on(visit, votes):
    page = open_blind(visit, locale="en-US", phone=True)
    page.evaluate("localStorage.setItem('hesui.visitor', 'me')")
    busy = Vote("", pseudonym("me"), "elsewhere", "zh", GREETING, None, "word", "another", System("base"), System("tuned"),
                "新", "年", swapped=False, sampling={}, seed=1, choice="tie")  # fmt: skip
    for n in range(PER_VISITOR):
        votes.cast(Vote(**{name: getattr(busy, name) for name in busy.__dataclass_fields__} | {"key": f"busy{n}"}))
    before = votes.count()
    page.locator("#go").click()
    page.locator("[data-vote=both_bad]").click()
    page.locator("#notice .problem", has_text=f"{PER_VISITOR} in 10 minutes at most").wait_for()
    assert votes.count() == before
    assert page.locator(".pane .who code").count() == 0
