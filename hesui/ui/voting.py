"""One blind round on the page: begins it, shows it without names, takes the vote, reveals. Knows neither SQL nor models."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from hashlib import sha256
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import NamedTuple

import gradio as gr

from hesui.answers import Answer, Answers
from hesui.corpus.rows import constraint_record
from hesui.errors import InputError
from hesui.prompts import language
from hesui.records import UNGUIDED, Loading, Request, Waiting
from hesui.settings import Settings
from hesui.store.voting import CHOICES, Choice, System, Vote, VoteStore
from hesui.ui import blind, render
from hesui.ui.blind import Sealed, Veiled
from hesui.ui.form import Form
from hesui.ui.page import Page, html
from hesui.ui.rounds import Shown
from hesui.ui.visit import Round, Visit

HOUSEHOLD = 64  # bits of an IPv6 address that are the same for everybody in a household
LONGEST_ID = 100  # characters of what a browser may call itself
Address = IPv4Address | IPv6Address

PICK = """
const visitor = () => {
  const name = "hesui.visitor";
  const fresh = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
  try {
    if (!localStorage.getItem(name)) localStorage.setItem(name, fresh);
    return localStorage.getItem(name);
  } catch {
    return (window.hesuiVisitor ||= fresh);  // a browser that keeps nothing: new with each page
  }
};
element.addEventListener("click", (event) => {
  const button = event.target.closest("[data-vote]");
  if (!button) return;
  trigger("select", { vote: button.dataset.vote, visitor: visitor() });
});
"""


class Outcome(NamedTuple):
    """What a vote changed."""

    visit: Visit
    opened: Round
    vote: Vote  # that stands
    votes: int  # on this base, so far


def switch(page: Page) -> gr.Checkbox:
    """The switch between open and blind rounds."""
    return page.labels.make(gr.Checkbox, lambda t: {"label": t("blind.label")}, elem_id="blind", min_width=90)


def place() -> gr.HTML:
    """Where votes are cast."""
    return html(elem_id="ballot", js_on_load=PICK)


# A round


def begin(form: Form, settings: Settings, known: list[str]) -> Round:
    """A blind round of the two models that `form` names. Raises HesuiError on what cannot be asked."""
    form.demand(settings)
    drawn = blind.draw(form)
    requests = tuple(drawn.form.requests(settings, known))
    sealed = blind.seal(drawn, settings.base_model)
    return Round(drawn.form, requests, Answers.to(requests).rows, sealed=sealed)


def shown(played: Round, states: Iterable[Answers]) -> Iterator[Shown]:
    """A sealed round as it may be seen while its answers come."""
    assert played.sealed is not None  # the caller has begun a blind one
    with closing(blind.veiled(states, played.sealed.names)) as moments:  # type: ignore[type-var]  # has a close
        for moment in moments:
            sealed = replace(played.sealed, covered=moment.covered)
            yield Shown(replace(played, rows=moment.rows, sealed=sealed), _notice(moment))


def _notice(moment: Veiled) -> str:
    """What is waited for; not which model it is."""
    if isinstance(moment.status, Waiting):
        return render.status(moment.status)
    if isinstance(moment.status, Loading):
        return render.note("blind.loading", "note loading")
    if not moment.covered:
        return render.note("blind.writing", n=moment.written)
    return "" if all(row.end for row in moment.rows) else render.note("blind.showing")


# The ballot


def ballot(played: Round | None) -> str:
    """The buttons, once both answers have ended; a word where there can be no vote; else nothing."""
    if played is None or played.sealed is None:
        return ""
    if played.stopped or (played.done and not blind.votable(played.rows)):
        return f'<div class="booth">{render.note("blind.void")}</div>'
    if not played.done:
        return ""
    buttons = "".join(
        f'<button type="button" class="vote {choice}" data-vote="{choice}">{render.say(f"blind.vote.{choice}")}</button>'
        for choice in ("left", "tie", "both_bad", "right")
    )
    asked = render.say("blind.ask")
    return (
        f'<section class="booth ballot" role="group" aria-labelledby="ballot-title"><h3 id="ballot-title">{asked}</h3>'
        f'<div class="choices">{buttons}</div></section>'
    )


def thanks(outcome: Outcome) -> str:
    """Who was who, what was chosen, and how many votes there are."""
    vote = outcome.vote
    sides = {"left": vote.left.model, "right": vote.right.model}
    chosen = f"<b>{render.say(f'blind.chose.{vote.choice}', name=sides.get(vote.choice, ''))}</b>"
    words = render.say("blind.sides", **sides) if vote.choice not in sides else ""
    return (
        f'<section class="booth ballot cast" data-votes="{outcome.votes}">{chosen} {words} '
        f"{render.say('blind.thanks', n=outcome.votes)}</section>"
    )


def hint(on: bool) -> str:
    """What a blind test is, while none is under way."""
    return f'<p class="booth ballot-hint">{render.say("blind.hint")}</p>' if on else ""


# Votes


@dataclass(frozen=True)
class Booth:
    """Takes votes."""

    page: Page
    salt: bytes = field(default_factory=lambda: secrets.token_bytes(16))  # forgotten when the app ends

    def cast(self, visit: Visit, sent: dict[str, str], request: gr.Request) -> Outcome:
        """Record the vote on the round that the visitor sees, and open it.

        Raises InputError where the round cannot be voted on, where the choice is none, and at the limits.
        """
        choice = _choice(sent.get("vote", ""))
        played, sealed = _open(visit.shown)
        store, base = VoteStore(self.page.database()), self.page.settings.base_model
        vote = store.cast(self._vote(played, sealed, choice, sent.get("visitor", ""), request))
        opened = replace(played, sealed=None)
        after = visit.finished(opened.turned() if sealed.swapped else opened).showing(opened)
        return Outcome(after, opened, vote, store.count(base))

    def _vote(self, played: Round, sealed: Sealed, choice: Choice, visitor: str, request: gr.Request) -> Vote:
        left, right = played.requests
        asked = left.messages[-1].content
        return Vote(
            key=sealed.key,
            visitor=pseudonym(visitor or str(request.session_hash)),
            origin=_hash(self.salt.hex(), origin(request)),
            language=language(asked),
            prompt=_kept(asked),
            constraint=constraint_record(left.constraint) if left.constraint else None,
            counter=left.counter,
            base=self.page.settings.base_model,
            left=_system(left, played.rows[0]),
            right=_system(right, played.rows[1]),
            left_text=_kept(played.rows[0].text),
            right_text=_kept(played.rows[1].text),
            swapped=sealed.swapped,
            sampling=asdict(left.sampling),
            seed=left.seed,
            choice=choice,
        )


def pseudonym(visitor: str) -> str:
    """What a visitor is stored as; the id itself stays in the browser."""
    return _hash("visitor", visitor[:LONGEST_ID])


def origin(request: gr.Request) -> str:
    """The address that a vote came from, of IPv6 the network of a household.

    A proxy on this machine or in its own network is believed about whom it passed on: the last one it names.
    """
    client = _address(request.client.host if request.client else "")
    if isinstance(client, str) or not client.is_private:
        return _network(client)
    passed = request.headers.get("x-forwarded-for", "").rpartition(",")[2].strip()
    return _network(_address(passed) if passed else client)


def _address(host: str) -> Address | str:
    try:
        return ip_address(host)
    except ValueError:
        return host


def _network(address: Address | str) -> str:
    if isinstance(address, IPv6Address):
        return str(IPv6Network((address, HOUSEHOLD), strict=False))
    return str(address)


def _open(played: Round | None) -> tuple[Round, Sealed]:
    """The round that can be voted on, with its seal. Raises InputError."""
    if played is None or played.sealed is None or played.stopped or not blind.votable(played.rows):
        raise InputError(
            "this round has been voted on or never ended; nothing more was recorded, start another round",
            "error.vote_closed",
        )
    return played, played.sealed


def _choice(said: str) -> Choice:
    if said not in CHOICES:
        raise InputError(
            f"unknown choice {said[:40]!r}; allowed: {', '.join(CHOICES)}", "error.vote_choice", value=said[:40]
        )
    return said


def _system(request: Request, row: Answer) -> System:
    """Who answered, and how the answer really was decoded: not everybody can be guided."""
    guided = request.guide and not (row.end and row.end.note == UNGUIDED)
    return System(request.model, guided, request.best_of)


def _kept(text: str) -> str:
    """`text` without the one character that PostgreSQL does not store."""
    return text.replace("\0", "")


def _hash(*said: str) -> str:
    return sha256(":".join(said).encode("utf-8", "surrogatepass")).hexdigest()[:32]
