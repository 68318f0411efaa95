"""An evaluation's answers as columns of numbers: what each is like by every counting rule, and what guards find.

Boards add columns up, so that no text is counted twice and another counting rule costs nothing. Knows no board.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from hesui.corpus.rows import Row
from hesui.corpus.statistics import language
from hesui.evaluate import scores
from hesui.evaluate.folder import Answer, Entry, EvaluationFolder, Likelihood
from hesui.evaluate.guards import FLAGS, Asked, flags, guard
from hesui.evaluate.overlap import Known, matches, rouge_l, rouge_n, self_bleu
from hesui.evaluate.scores import Answered
from hesui.length import COUNTERS, check
from hesui.length.constraint import Op

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Column = NDArray[Any]
    Columns = dict[str, Column]

VERSION = 2  # of the columns; others are made anew
OPS: tuple[Op, ...] = ("eq", "approx", "le", "ge", "range")
LANGUAGES = ("zh", "en")
TICK = 200  # answers between two words on how far it is
SMALL = 20_000  # answers up to which columns are compressed; more of them have to open at once
KEPT = 200_000  # texts of which the guards' findings are remembered, for models often repeat themselves

# A row for each counting rule. Numbers that are undefined are NaN; `error` is e where a target is named, else 0.
BY_COUNTER: Mapping[str, str] = {
    "count": "i4", "error": "i4", "ok": "?", "ls": "f4", "qianfan": "f4", "longwriter": "f4", "violation": "f4", "fill": "f4",
}  # fmt: skip
OF_ANSWER: Mapping[str, str] = {
    "at": "i8", "prompt": "i4", "entry": "i2", "seed": "i4", "complete": "?", "flags": "u1", "distinct1": "f4", "distinct2": "f4",
    "repeated": "f4", "longest_repeat": "i4", "tail_repeated": "f4", "marks": "f4", "covered": "f4", "common": "f4",
    "grams": "f4", "exact": "f4", "nearest": "i4", "rouge1": "f4", "rouge2": "f4", "rouge_l": "f4", "tokens": "i4",
    "drawn": "i4", "seconds": "f4", "nll": "f4", "nll_tokens": "i4", "tail_nll": "f4", "tail_tokens": "i4",
}  # fmt: skip
OF_PROMPT: Mapping[str, str] = {"op": "u1", "aim": "i4", "bucket": "u1", "language": "u1", "targeted": "?"}
SELF_BLEU = "self_bleu"  # of each entry's answers among each other
BLEU = "bleu"  # ten numbers an answer, where prompts have references: matched, all, length, reference

Progress = Callable[[int, int], None]


class Learnt(NamedTuple):
    """What a model was trained on."""

    texts: Sequence[str]
    known: Known  # the same, to be looked up


Lookup = Callable[[Entry], Learnt | None]


def measure(folder: EvaluationFolder, look_up: Lookup, progress: Progress = lambda done, all: None) -> Columns:
    """Measure all answers of an evaluation, and keep the columns and the training answers that come nearest.

    `look_up` gives what an entry's model was trained on, None where that is not known. The columns' rows are the
    answers by entry, prompt and seed.
    """
    prompts, nats = folder.prompts(), folder.likelihoods()
    answers = sorted(folder.answers(), key=lambda found: _order(found[1]))
    entries = folder.entries()
    by_model = {entry.model: look_up(entry) for entry in {entry.model: entry for entry in entries}.values()}
    learnt = {number: by_model[entry.model] for number, entry in enumerate(entries)}
    guarded = _Guarded(prompts, {number: one and one.known for number, one in learnt.items()})
    rows: list[dict[str, Any]] = []
    for number, (place, answer) in enumerate(answers):
        if number % TICK == 0:
            progress(number, len(answers))
        found = _of_answer(answer, prompts[answer.prompt], guarded, nats.get(answer[:3]))
        rows.append({"at": place, **found})
    columns = _columns([answer for _, answer in answers], prompts, rows)
    texts = [[answer.text for _, answer in answers if answer.entry == number] for number in range(len(entries))]
    columns[SELF_BLEU] = _column((self_bleu(each) for each in texts), "f4")
    folder.write_nearest(_nearest(columns, learnt))
    _save(folder, columns)
    return columns


def load(folder: EvaluationFolder) -> Columns | None:
    """The columns that were kept; None where there are none, or none of this version."""
    import numpy

    try:
        with numpy.load(folder.measures, allow_pickle=False) as found:
            if int(found["version"]) != VERSION:
                return None
            return {name: found[name] for name in found.files if name != "version"}
    except (OSError, ValueError, KeyError, zipfile.BadZipFile):
        return None


def _order(answer: Answer) -> tuple[int, int, int]:
    return answer.entry, answer.prompt, answer.seed


def _save(folder: EvaluationFolder, columns: Columns) -> None:
    import numpy

    draft = folder.measures.with_suffix(".part")
    write = numpy.savez_compressed if len(columns["entry"]) <= SMALL else numpy.savez
    with draft.open("wb") as stream:
        write(stream, version=numpy.array(VERSION), **columns)  # type: ignore[arg-type]
    draft.replace(folder.measures)


def _nearest(columns: Columns, learnt: Mapping[int, Learnt | None]) -> dict[tuple[int, int], str]:
    pairs = {(int(entry), int(place)) for entry, place in zip(columns["entry"], columns["nearest"], strict=True)}
    kept = ((entry, place, learnt[entry]) for entry, place in pairs if place >= 0)
    return {(entry, place): one.texts[place] for entry, place, one in kept if one is not None}


class _Guarded:
    """What the guards find, each text to a prompt looked at once."""

    def __init__(self, prompts: Sequence[Row], known: Mapping[int, Known | None]) -> None:
        self._prompts = prompts
        self._known = known
        self.of = lru_cache(KEPT)(self._look)

    def _look(self, text: str, prompt: int, entry: int, cut: bool) -> dict[str, Any]:
        row = self._prompts[prompt]
        found = guard(text, Asked(row.prompt, row.constraint), cut, self._known[entry])
        raised = flags(found)
        shared = found.overlap
        return {
            "complete": found.complete,
            "flags": sum(1 << place for place, flag in enumerate(FLAGS) if flag in raised),
            **{name: getattr(found, name) for name in ("distinct1", "distinct2", "repeated", "longest_repeat",
                                                       "tail_repeated", "marks", "covered")},
            "common": shared and shared.common,
            "grams": shared and shared.grams,
            "exact": shared and float(shared.exact),
            "nearest": -1 if shared is None or shared.nearest is None else shared.nearest,
        }  # fmt: skip


def _of_answer(answer: Answer, row: Row, guarded: _Guarded, nats: Likelihood | None) -> dict[str, Any]:
    """All of an answer but what its prompt says."""
    found = _counted(answer.text, row) | guarded.of(answer.text, answer.prompt, answer.entry, answer.end != "end")
    if row.reference is not None:
        found |= {
            "rouge1": rouge_n(answer.text, row.reference, 1),
            "rouge2": rouge_n(answer.text, row.reference, 2),
            "rouge_l": rouge_l(answer.text, row.reference),
        }
    if nats is not None:
        found |= {
            "nll": nats.nll,
            "nll_tokens": nats.tokens,
            "tail_nll": nats.tail_nll,
            "tail_tokens": nats.tail_tokens,
        }
    return found


def _counted(text: str, row: Row) -> dict[str, list[Any]]:
    assert row.constraint is not None  # only such rows are asked
    found = []
    for counter in COUNTERS:
        verdict = check(text, row.constraint, counter)
        one = Answered(None, row.constraint, verdict)
        found.append({
            "count": verdict.count, "error": scores.error(one) or 0, "ok": verdict.ok, "ls": scores.ls(one),
            "qianfan": scores.qianfan(one), "longwriter": scores.longwriter(one), "violation": scores.violation(one),
            "fill": scores.fill(one),
        })  # fmt: skip
    return {name: [one[name] for one in found] for name in BY_COUNTER}


def _columns(answers: Sequence[Answer], prompts: Sequence[Row], rows: Sequence[Mapping[str, Any]]) -> Columns:
    import numpy

    columns: Columns = {}
    for name, kind in BY_COUNTER.items():
        by_answer = numpy.array([[_number(one) for one in row[name]] for row in rows], dtype=kind)
        columns[name] = numpy.ascontiguousarray(by_answer.reshape(len(rows), len(COUNTERS)).T)
    own = set(Answer._fields)
    for name, kind in OF_ANSWER.items():
        values = (getattr(a, name) if name in own else row.get(name) for a, row in zip(answers, rows, strict=True))
        columns[name] = _column(values, kind)
    if any(row.reference is not None for row in prompts):
        columns[BLEU] = numpy.array([_bleu(answer, prompts[answer.prompt]) for answer in answers], dtype="i4")
    return columns | of_prompts(prompts)


def _bleu(answer: Answer, row: Row) -> list[int]:
    if row.reference is None:
        return [0] * 10
    found = matches(answer.text, row.reference)
    return [*found.matched, *found.all, found.length, found.reference]


def of_prompts(prompts: Sequence[Row]) -> Columns:
    """What the columns say of prompts."""
    import numpy

    demands = [row.constraint for row in prompts if row.constraint is not None]
    columns = {
        "op": _column((OPS.index(demand.op) for demand in demands), "u1"),
        "aim": _column((demand.aim for demand in demands), "i4"),
        "bucket": _column((scores.bucket(demand) for demand in demands), "u1"),
        "language": _column((LANGUAGES.index(language(row.prompt)) for row in prompts), "u1"),
        "targeted": _column((demand.op in ("eq", "approx") for demand in demands), "?"),
    }
    return columns | {"task": numpy.array([row.task for row in prompts], dtype="U64")}


def _column(values: Iterable[Any], kind: str) -> Column:
    import numpy

    return numpy.array([_number(value) if kind.startswith("f") else value or 0 for value in values], dtype=kind)


def _number(value: Any) -> Any:
    return float("nan") if value is None else value
