"""The answers behind a figure of a board: the worst first, every system's answer to the same prompt beside it.

Columns say what is worst and where its text lies, so only the texts that are shown are read. Knows no page.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple

from hesui.corpus.duplicates import normalised
from hesui.corpus.rows import Row
from hesui.errors import InputError
from hesui.evaluate.board import PromptSet, System
from hesui.evaluate.folder import Answer, EvaluationFolder
from hesui.evaluate.guards import FLAGS
from hesui.evaluate.measures import BLEU
from hesui.evaluate.overlap import GRAM, ORDER
from hesui.evaluate.views import Filters, View
from hesui.length import Verdict, check

if TYPE_CHECKING:
    from hesui.evaluate.measures import Column

PAGE = 4  # prompts
KEPT = 4  # evaluations whose prompts and training answers are kept in memory

Badness = Callable[[View, int], "Column"]  # of a system's answers, the greatest the worst; NaN = not concerned


class Stretch(NamedTuple):
    """Half-open range of code points that two texts share."""

    start: int
    end: int


class Nearest(NamedTuple):
    """The training answer that comes nearest to an answer."""

    text: str
    here: tuple[Stretch, ...]  # of the answer
    there: tuple[Stretch, ...]  # of the training answer
    common: float  # longest stretch in common, a share of the answer


class Told(NamedTuple):
    """One system's answer to a prompt."""

    system: System
    answer: Answer
    verdict: Verdict
    others: tuple[int, ...]  # what its other answers to the prompt count, by seed
    nearest: Nearest | None


class Asked(NamedTuple):
    """One prompt with what was answered, the system in question first."""

    number: int  # its place in the set
    row: Row
    told: tuple[Told, ...]


class Page(NamedTuple):
    """Some of the prompts behind a figure."""

    offset: int
    total: int  # prompts behind the figure
    asked: tuple[Asked, ...]


class _Kept(NamedTuple):
    measured: int  # when, in ns
    prompts: list[Row]
    nearest: dict[tuple[int, int], str]


class Texts:
    """The prompts and training answers of evaluations, read when first wanted; for any number of threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept: OrderedDict[str, _Kept] = OrderedDict()

    def prompts(self, folder: EvaluationFolder) -> list[Row]:
        """An evaluation's prompts. Raises InputError."""
        return self._of(folder).prompts

    def nearest(self, folder: EvaluationFolder) -> dict[tuple[int, int], str]:
        """The training answers that come nearest to an evaluation's answers, by entry and place."""
        return self._of(folder).nearest

    def _of(self, folder: EvaluationFolder) -> _Kept:
        measured = folder.measures.stat().st_mtime_ns
        with self._lock:
            known = self._kept.pop(folder.id, None)
            if known is None or known.measured != measured:
                known = _Kept(measured, folder.prompts(), folder.nearest())
            self._kept[folder.id] = known
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
            return known


def require_place(found: PromptSet, evaluation: str, number: int) -> int:
    """A system's place in the set. Raises InputError where it is not there any more."""
    for place, system in enumerate(found.systems):
        if (system.evaluation, system.number) == (evaluation, number):
            return place
    raise InputError("that row is not on this board any more; look at the board again", "error.evaluate_cell")


def behind(
    found: PromptSet, filters: Filters, place: int, metric: str, texts: Texts, offset: int = 0, size: int = PAGE
) -> Page:
    """The prompts behind a system's figure, from the `offset`-th worst on, with all systems' answers.

    Of several answers to a prompt the worst is shown, and the others' of the same seed where they have one. Raises
    InputError for a metric without answers and where a file cannot be read.
    """
    if metric not in WORST:
        known = ", ".join(WORST)
        raise InputError(f"there are no answers behind {metric!r}; there are behind: {known}", "error.evaluate_cell")
    view = View(found, filters)
    worst = _worst(view, place, WORST[metric])
    if offset >= len(worst):
        offset = max(len(worst) - 1, 0) // size * size
    rows = worst[offset : offset + size]
    try:
        return Page(offset, len(worst), tuple(_asked(view, filters, place, row, texts) for row in rows))
    except OSError as error:
        raise InputError(f"the answers cannot be read ({error}); look at the board again",
                         "error.evaluate_cell") from error  # fmt: skip


def stretches(one: str, other: str) -> tuple[tuple[Stretch, ...], tuple[Stretch, ...]]:
    """Where two texts share GRAM characters or more in a row, in each of them; punctuation and case aside."""
    texts = [_characters(text) for text in (one, other)]
    plain = ["".join(letter for letter, _ in text) for text in texts]
    grams = [{text[at : at + GRAM] for at in range(len(text) - GRAM + 1)} for text in plain]
    shared = grams[0] & grams[1]
    ours, theirs = (_marked(text, [at for _, at in places], shared) for text, places in zip(plain, texts, strict=True))
    return ours, theirs


def _characters(text: str) -> list[tuple[str, int]]:
    return [(letter, at) for at, written in enumerate(text) for letter in normalised(written)]


def _marked(plain: str, places: Sequence[int], shared: set[str]) -> tuple[Stretch, ...]:
    found: list[Stretch] = []
    for at in range(len(plain) - GRAM + 1):
        if plain[at : at + GRAM] not in shared:
            continue
        start, end = places[at], places[at + GRAM - 1] + 1
        if found and start <= found[-1].end:
            found[-1] = found[-1]._replace(end=end)
        else:
            found.append(Stretch(start, end))
    return tuple(found)


# What is worst


def _worst(view: View, place: int, badness: Badness) -> list[int]:
    """The rows of a system's worst answers, one a prompt, the worst first; as places in the view's columns."""
    import numpy

    bad = numpy.asarray(badness(view, place), dtype="f8")
    rows = numpy.flatnonzero(~numpy.isnan(bad))
    ordered = rows[numpy.argsort(-bad[rows], kind="stable")]
    _, first = numpy.unique(view.of("prompt", place)[ordered], return_index=True)
    found: list[int] = (ordered[numpy.sort(first)] + view.start(place)).tolist()
    return found


def _off(view: View, place: int) -> Column:
    """|e|, of answers to prompts that name a target."""
    import numpy

    return numpy.where(_targeted(view, place), numpy.abs(view.of("error", place)), numpy.nan)


def _off_by_share(view: View, place: int) -> Column:
    import numpy

    aim = view.found.columns["aim"][view.of("prompt", place)]
    return _off(view, place) / numpy.where(aim > 0, aim, numpy.nan)


def _targeted(view: View, place: int) -> Column:
    return view.of_prompts("targeted", place)


def _unsatisfied(view: View, place: int) -> Column:
    import numpy

    violation = numpy.nan_to_num(view.of("violation", place))
    return numpy.where(view.of("ok", place), 0.0, 1.0 + violation)


def _low(name: str) -> Badness:
    return lambda view, place: -view.of(name, place).astype("f8")


def _high(name: str) -> Badness:
    return lambda view, place: view.of(name, place)


def _per(name: str, other: str, sign: int = 1) -> Badness:
    """One column by another, and the greatest first; with -1 the least."""

    def badness(view: View, place: int) -> Column:
        import numpy

        below = view.of(other, place).astype("f8")
        found: Column = sign * view.of(name, place) / numpy.where(below > 0, below, numpy.nan)
        return found

    return badness


def _repeating(view: View, place: int) -> Column:
    import numpy

    raised = (view.of("flags", place) >> FLAGS.index("repeats")) & 1
    found: Column = raised + numpy.nan_to_num(view.of("repeated", place))
    return found


def _unlike(view: View, place: int) -> Column:
    """How few 4-grams of an answer stand in its reference."""
    import numpy

    if BLEU not in view.found.columns:
        return numpy.full(len(view.of("entry", place)), numpy.nan)
    matched, all_grams = (view.of(BLEU, place)[:, at].astype("f8") for at in (ORDER - 1, 2 * ORDER - 1))
    found: Column = 1 - matched / numpy.where(all_grams > 0, all_grams, numpy.nan)
    return found


WORST: Mapping[str, Badness] = {
    "n": lambda view, place: view.of("entry", place) * 0.0,  # in the prompts' order
    "satisfied": _unsatisfied,
    **dict.fromkeys(("exact", "hit2", "hit5", "hit10", "mae", "median_error", "p90_error"), _off),
    **dict.fromkeys(("gap_hit2", "gap_hit5", "gap_hit10", "gap_mae"), _off),
    **dict.fromkeys(("hit5_percent", "hit10_percent", "mape", "bias"), _off_by_share),
    **{name: _low(name) for name in ("ls", "qianfan", "longwriter", "fill", "distinct2", "covered", "complete")},
    **{name: _low(name) for name in ("rouge1", "rouge2", "rouge_l")},
    "violation": _high("violation"),
    "repetition": _repeating,
    "copies": _high("common"),
    **dict.fromkeys(("perplexity", "perplexity_ratio"), _per("nll", "nll_tokens")),
    "tail_ratio": _per("tail_nll", "tail_tokens"),
    "bleu": _unlike,
    "tokens_per_second": _per("tokens", "seconds", -1),
    "drawn": _per("drawn", "tokens"),
}


# What was said


def _asked(view: View, filters: Filters, place: int, row: int, texts: Texts) -> Asked:
    number, seed = int(view.column("prompt")[row]), int(view.column("seed")[row])
    chosen = {place: row}
    for other in view.places:
        if other != place and (found := _answer_of(view, other, number, seed)) is not None:
            chosen[other] = found
    folders = view.found.folders
    prompt = texts.prompts(folders[view.found.systems[place].evaluation])[number]
    answers = _read(view, chosen.items())
    told = [_told(view, filters, at, chosen[at], prompt, answers[at], texts) for at in chosen]
    return Asked(number, prompt, tuple(told))


def _answer_of(view: View, place: int, prompt: int, seed: int) -> int | None:
    """The row of a system's answer to a prompt, with that seed where there is one."""
    first, last = _to_prompt(view, place, prompt)
    seeds = view.column("seed")[first:last].tolist()
    return first + (seeds.index(seed) if seed in seeds else 0) if seeds else None


def _to_prompt(view: View, place: int, prompt: int) -> tuple[int, int]:
    """The rows of a system's answers to a prompt; they lie beside each other."""
    import numpy

    start = view.start(place)
    first, last = numpy.searchsorted(view.of("prompt", place), [prompt, prompt + 1])
    return start + int(first), start + int(last)


def _read(view: View, chosen: Iterable[tuple[int, int]]) -> dict[int, Answer]:
    """The answers at rows, by system; each file is opened once."""
    files: dict[str, list[tuple[int, int]]] = {}
    for place, row in chosen:
        files.setdefault(view.found.systems[place].evaluation, []).append((place, int(view.column("at")[row])))
    found: dict[int, Answer] = {}
    for id, wanted in files.items():
        answers = view.found.folders[id].answers_at([at for _, at in wanted])
        found |= {place: answer for (place, _), answer in zip(wanted, answers, strict=True)}
    return found


def _told(view: View, filters: Filters, place: int, row: int, prompt: Row, answer: Answer, texts: Texts) -> Told:
    assert prompt.constraint is not None  # only such prompts are asked
    first, last = _to_prompt(view, place, int(view.column("prompt")[row]))
    counts = view.column("count")[first:last].tolist()
    others = tuple(int(count) for at, count in enumerate(counts, first) if at != row)
    system = view.found.systems[place]
    verdict = check(answer.text, prompt.constraint, filters.counter)
    return Told(system, answer, verdict, others, _nearest(view, row, system, answer.text, texts))


def _nearest(view: View, row: int, system: System, text: str, texts: Texts) -> Nearest | None:
    at = int(view.column("nearest")[row])
    if at < 0 or view.column("common")[row] != view.column("common")[row]:  # NaN: not compared
        return None
    training = texts.nearest(view.found.folders[system.evaluation]).get((system.number, at))
    if training is None:
        return None
    here, there = stretches(text, training)
    return Nearest(training, here, there, float(view.column("common")[row]))
