"""Items as an owner sees them: a table of them, one with all that happened to it, what an edit changed.

Pure functions; everything from outside is escaped. Knows neither the queue nor who looks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from html import escape

from rapidfuzz.distance import Levenshtein

from hesui.review.checks import counter_of
from hesui.review.items import asked_label, asked_row
from hesui.store.reviewing import DECISIONS, Event, Item, Reviewed
from hesui.store.surveying import Twin
from hesui.ui import parts
from hesui.ui.parts import Classes
from hesui.ui.render import SHAPES, both, say
from hesui.ui.review.card import card, label_name, measure, suggestion
from hesui.ui.texts import TEXTS, Text

START = 60  # characters of a text in the table
STRAY = 2  # characters; so few between two changes are shown as changed, for a difference in shreds cannot be read
HEADS = ("item", "length", "state", "who")


# Many items


def listing(found: Sequence[Reviewed], classes: Classes, chosen: str) -> str:
    """A page of items, each with a button that opens it; `chosen` is the id of the one that is open."""
    if not found:
        return parts.hint("items.none")
    heads = [say(f"items.head.{name}") for name in HEADS]
    return parts.table(heads, (_row(one, classes, one.entry.item.id == chosen) for one in found), "ro-items")


def _row(one: Reviewed, classes: Classes, chosen: bool) -> list[str]:
    item = one.entry.item
    opener = (
        f'<button type="button" class="ro-open" data-pick="{escape(item.id)}" aria-current="{str(chosen).lower()}">'
        f'<span class="tag">{parts.name_of(item.task, classes)}</span><span class="asked">{_beginning(item)}</span>'
        f'<span class="answer">{parts.short(one.text, START)}</span></button>'
    )
    return [
        opener,
        *(f'<span class="ro-cell">{cell}</span>' for cell in (_length(one), _standing(one, classes), _people(one))),
    ]


def _beginning(item: Item) -> str:
    if item.kind == "answer":
        return parts.short(asked_row(item).prompt, START)
    context = asked_label(item).context
    return parts.short(context[-1].text, START) if context else ""


def _length(one: Reviewed) -> str:
    item = one.entry.item
    if item.kind == "label":
        return "–"
    constraint = asked_row(item).constraint
    stand = parts.stand_of(one.text, constraint, counter_of(item))
    shape = SHAPES.get(stand.state, "○")
    mark = f'<span class="mark {stand.state}"><b aria-hidden="true">{shape}</b> {stand.count}</span>'
    return f'<span class="wanted">{parts.wanted(constraint)}</span>{mark}'


def _standing(one: Reviewed, classes: Classes) -> str:
    entry = one.entry
    verdict = entry.verdict if entry.item.kind == "label" else ""  # the state of an answer says it already
    more = f'<span class="verdict-of">{both(choice_words(verdict, entry.item, classes))}</span>' if verdict else ""
    if entry.state == "open" and entry.item.required > 1:
        more = f"<small>{say('item.of', done=entry.done, required=entry.item.required)}</small>"
    return f"{state(entry.state)}{more}"


def _people(one: Reviewed) -> str:
    names = dict.fromkeys(event.reviewer for event in one.outcome.live)
    if not names:
        return f'<span class="hint">{say("items.nobody")}</span>'
    shown = "、".join(escape(name) for name in names)
    when = f"<small>{moment(one.entry.decided)}</small>" if one.entry.decided else ""
    return f'<span class="who-all">{shown}</span>{when}'


def state(name: str) -> str:
    """A state as a tag."""
    return f'<span class="ro-state {escape(name)}">{say(f"item.{name}")}</span>'


def moment(seconds: float) -> str:
    """A time, in seconds since 1970, as it is written in UTC."""
    when = datetime.fromtimestamp(seconds, UTC)
    return f'<time datetime="{when:%Y-%m-%dT%H:%M:%SZ}">{when:%Y-%m-%d %H:%M} UTC</time>'


def choice_words(choice: str, item: Item, classes: Classes) -> Text:
    """A verdict in words: accept, reject, edit or a label."""
    if item.kind == "label":
        return label_name(choice, classes.get(item.task))
    return TEXTS.get(f"choice.{choice}", Text(choice, choice))


# One item


def detail(one: Reviewed, classes: Classes, twin: Twin | None = None) -> str:
    """An item as it stands, with the edited text where there is one; `twin` is an accepted answer nearly equal to it."""
    entry = one.entry
    tags = state(entry.state)
    if entry.item.gold is not None:
        verdict = choice_words(entry.item.gold, entry.item, classes)
        tags += f'<span class="tag ro-gold">{say("item.gold.tag", verdict=verdict)}</span>'
    return f'<div class="ro-item"><p class="ro-tags">{tags}</p>{card(entry.item, classes, twin)}{_edited(one)}</div>'


def _edited(one: Reviewed) -> str:
    item, result = one.entry.item, one.entry.result
    if result is None:
        return ""
    return (
        f'<section class="ro-edited"><h3>{say("item.edited.title")}</h3>'
        f"{measure(result, asked_row(item).constraint, counter_of(item))}{_changes(item.text, result)}</section>"
    )


def _changes(before: str, after: str) -> str:
    return f'<p class="hint">{say("item.difference")}</p><div class="ro-diff">{difference(before, after)}</div>'


def difference(before: str, after: str) -> str:
    """`after` with what it has more than `before` marked, and what it has less crossed out."""
    shown = ""
    for same, old, new in _pieces(before, after):
        if same:
            shown += escape(new)
        else:
            shown += _marked("del", old) + _marked("ins", new)
    return shown


def _pieces(before: str, after: str) -> Iterator[tuple[bool, str, str]]:
    """Both texts piece by piece, equal and changed ones in turn: whether they are equal, the old words, the new."""
    old = new = ""
    steps = Levenshtein.opcodes(before, after)
    for at, step in enumerate(steps):
        was, now = before[step.src_start : step.src_end], after[step.dest_start : step.dest_end]
        if step.tag == "equal" and not (0 < at < len(steps) - 1 and len(now) <= STRAY):
            if old or new:
                yield False, old, new
            yield True, was, now
            old = new = ""
        else:
            old, new = old + was, new + now
    if old or new:
        yield False, old, new


def _marked(tag: str, words: str) -> str:
    shown = escape(words).replace("\n", "↵\n")  # else a changed line break could not be seen
    return f"<{tag}>{shown}</{tag}>" if words else ""


def story(one: Reviewed, classes: Classes) -> str:
    """Everything that happened to an item, the oldest first."""
    live = {event.number for event in one.outcome.live}
    told = "".join(_event(event, one, classes, event.number in live) for event in one.events)
    body = f'<ol class="ro-events">{told}</ol>' if told else parts.hint("item.untouched")
    return f'<section class="ro-story"><h3>{say("item.events")}</h3>{body}</section>'


def _event(event: Event, one: Reviewed, classes: Classes, stands: bool) -> str:
    void = not stands and event.action in (*DECISIONS, "adjudicate")
    mark = f" <small>{say('item.void')}</small>" if void else ""
    # The edit that stands is shown above already.
    edited = event.text if event.text != one.entry.result else None
    change = f'<div class="ro-diff">{difference(one.entry.item.text, edited)}</div>' if edited is not None else ""
    return (
        f'<li class="{event.action}{" void" if void else ""}"><p><b>{escape(event.reviewer)}</b> '
        f"{_did(event, one.entry.item, classes)}{_why(event)}{mark}</p>{change}{_when(event)}</li>"
    )


def _did(event: Event, item: Item, classes: Classes) -> str:
    return say(f"event.{event.action}", choice=choice_words(event.choice, item, classes))


def _why(event: Event) -> str:
    reason = f' · <span class="reason">{say(f"reason.{event.reason}")}</span>' if event.reason else ""
    note = f" <q>{escape(event.note)}</q>" if event.note else ""
    peeked = f" <small>{say('item.peeked')}</small>" if event.peeked else ""
    return reason + note + peeked


def _when(event: Event) -> str:
    spent = f"{say('item.seconds', n=f'{event.seconds:.1f}')} · " if event.seconds else ""
    return f"<small>{spent}{moment(event.created)}</small>"


# A split


def sides(one: Reviewed, classes: Classes) -> str:
    """The decisions that stand, beside each other."""
    decided = (event for event in one.outcome.live if event.action in DECISIONS)
    cells = "".join(_side(event, one.entry.item, classes) for event in decided)
    return f'<section class="ro-both"><h3>{say("splits.decisions")}</h3><div class="ro-sides">{cells}</div></section>'


def _side(event: Event, item: Item, classes: Classes) -> str:
    constraint = asked_row(item).constraint if item.kind == "answer" else None
    edited = ""
    if event.text is not None:
        edited = measure(event.text, constraint, counter_of(item)) + _changes(item.text, event.text)
    choice = both(choice_words(event.choice, item, classes))
    return (
        f'<article class="ro-side {event.action}"><header><b>{escape(event.reviewer)}</b>'
        f'<span class="ro-choice">{choice}</span></header><p>{_why(event).removeprefix(" · ")}</p>{edited}'
        f"{_when(event)}</article>"
    )


# What can be done with one click


def acts(one: Reviewed, classes: Classes, key: str) -> str:
    """The buttons for a ruling that needs no words; `key` makes it count once, however often it is sent."""
    item = one.entry.item
    labels = [] if item.kind == "answer" else _labels(item, classes)
    if item.kind == "answer":
        rulings = [_act(item, key, "accept", say("rule.accept"))]
    else:
        rulings = [_act(item, key, "label", both(name), id) for id, name in labels]
    hint = suggestion(item.suggestion, classes.get(item.task)) if item.suggestion else ""
    suggested = f'<p class="hint">{hint}</p>' if hint else ""
    reopen = _act(item, key, "reopen", say("rule.reopen")) if one.outcome.live else ""
    return (
        f'<div class="ro-acts"><h3>{say("rule.title")}</h3>{suggested}<div class="ro-row">{"".join(rulings)}{reopen}</div>'
        f"{_golden(item, key, labels)}</div>"
    )


def _labels(item: Item, classes: Classes) -> list[tuple[str, Text]]:
    task = classes.get(item.task)
    return [(label.id, label_name(label.id, task)) for label in task.labels] if task else []


def _golden(item: Item, key: str, labels: Iterable[tuple[str, Text]]) -> str:
    if item.kind == "answer":
        choices = [(name, say(f"rule.gold.{name}")) for name in ("accept", "reject")]
    else:
        choices = [(id, say("rule.gold.label", label=name)) for id, name in labels]
    buttons = "".join(_act(item, key, "gold", words, id) for id, words in choices if id != item.gold)
    unset = _act(item, key, "ungold", say("rule.gold.unset")) if item.gold is not None else ""
    return (
        f"<details><summary>{say('rule.gold')}</summary>{parts.hint('rule.gold.hint')}"
        f'<div class="ro-row">{buttons}{unset}</div></details>'
    )


def _act(item: Item, key: str, act: str, words: str, value: str = "") -> str:
    return (
        f'<button type="button" class="ro-act {act}" data-pick="{escape(item.id)}" data-act="{act}" '
        f'data-value="{escape(value)}" data-key="{escape(key)}">{words}</button>'
    )
