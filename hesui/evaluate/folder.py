"""An evaluation as a folder of plain files: where what lies, written whole or line by line, read by anybody at any time.

    config.json      what is asked of whom, written first
    prompts.jsonl    the prompts as they are asked: a later change of their file changes nothing here
    entries.json     who answers, a model and a way of decoding each, and what is known of it
    answers.jsonl    one answer a line, as it comes; a line that a crash cut short is passed over
    perplexity.jsonl how likely each answer is under the base, a line each
    measures.npz     what was measured of the answers; made from the others, and made again where it is missing
    nearest.jsonl    the training answers that come nearest to some answer, by their place
    status.json      what the evaluation is doing; replaced as a whole
    log.txt          what its process printed
    done.json        written last of all

Knows neither how answers come about nor what is measured.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Literal, NamedTuple
from uuid import uuid4

from hesui.corpus.rows import Row, constraint_record, read_rows, write_json_lines, write_rows
from hesui.errors import InputError
from hesui.evaluate.config import Decoding, EvaluateConfig, name_of
from hesui.files import read_json, write_json
from hesui.records import BASE
from hesui.settings import ROOT, Settings

State = Literal["waiting", "starting", "answering", "perplexity", "measuring", "stopped", "failed", "done"]
LIVE: frozenset[State] = frozenset({"waiting", "starting", "answering", "perplexity", "measuring"})
SHIPPED = ROOT / "data" / "board"  # evaluations that come with hesui, a folder each
NEAREST = "nearest.jsonl"

_ID = re.compile(r"[0-9]{8}-[0-9]{6}-[0-9a-f]{4}")


@dataclass(frozen=True, slots=True)
class Entry:
    """Who answers: a model and a way of decoding."""

    model: str  # base, or the name of an adapter or a server's model
    decoding: Decoding
    base: str = ""  # the base's name; "" = a server's
    method: str = ""  # how it was trained here: sft, dpo, …; "" = not
    rows: int | None = None  # it was trained on
    parameters: int | None = None  # of the base
    marks: bool = False  # it writes countdown marks, which the engine fills in
    weights: str = ""  # SHA-256 of the adapter's weights

    @property
    def tuned(self) -> bool:
        """Whether it is an adapter on a base."""
        return bool(self.base) and self.model != BASE

    @property
    def assisted(self) -> bool:
        """Whether the decoder helped to count: such figures are never a model's own."""
        return self.decoding == "guided" or self.marks


class Answer(NamedTuple):
    """One stored answer."""

    prompt: int  # its place in prompts.jsonl
    entry: int  # its place in entries.json
    seed: int  # from the first seed on
    text: str
    end: str  # an EndReason
    tokens: int = 0  # of the text
    drawn: int = 0  # in all
    seconds: float = 0.0
    note: str = ""  # what the engine said of it


class Likelihood(NamedTuple):
    """How likely one answer is under the base: negative log-likelihoods in nats, summed over tokens."""

    nll: float
    tokens: int
    tail_nll: float  # of the last fifth
    tail_tokens: int


@dataclass(frozen=True, slots=True)
class Status:
    """What an evaluation is doing."""

    state: State = "waiting"
    done: int = 0  # of the state's steps: answers, …
    all: int = 0
    pid: int | None = None
    pid_started: float | None = None  # seconds since 1970
    note: str = ""  # why it ended, in English
    note_key: str = ""  # the same for the page
    note_values: Mapping[str, Any] = field(default_factory=dict)
    created: float = 0.0  # seconds since 1970
    heartbeat: float = 0.0  # when it last wrote
    rate: float = 0.0  # steps a second lately


@dataclass(frozen=True, slots=True)
class EvaluationFolder:
    """One evaluation's folder."""

    path: Path

    @property
    def id(self) -> str:
        """The evaluation's id."""
        return self.path.name

    @property
    def log(self) -> Path:
        """What its process printed."""
        return self.path / "log.txt"

    @property
    def answers_file(self) -> Path:
        """Where the answers lie."""
        return self.path / "answers.jsonl"

    @property
    def measures(self) -> Path:
        """Where the columns lie that boards are made of."""
        return self.path / "measures.npz"

    @property
    def done(self) -> bool:
        """Whether it is complete."""
        return (self.path / "done.json").is_file()

    def config(self) -> EvaluateConfig:
        """What it asks of whom. Raises InputError where it cannot be read."""
        try:
            return EvaluateConfig.model_validate(read_json(self.path / "config.json")["config"])
        except (OSError, ValueError, KeyError) as error:
            raise _damaged(self.id, "config.json") from error

    def facts(self) -> dict[str, Any]:
        """What else was noted when it was made: the set's name and hash, versions, the device."""
        try:
            return read_json(self.path / "config.json")
        except (OSError, ValueError) as error:
            raise _damaged(self.id, "config.json") from error

    def note(self, **facts: Any) -> None:
        """Note something more beside the settings."""
        write_json(self.path / "config.json", self.facts() | facts)

    def prompts(self) -> list[Row]:
        """The prompts in their order. Raises InputError."""
        return list(read_rows(self.path / "prompts.jsonl"))

    def entries(self) -> list[Entry]:
        """Who answers, in order. Raises InputError."""
        try:
            listed = json.loads((self.path / "entries.json").read_text(encoding="utf-8"))
            return [Entry(**record) for record in listed]
        except (OSError, ValueError, TypeError) as error:
            raise _damaged(self.id, "entries.json") from error

    def answers(self) -> Iterator[tuple[int, Answer]]:
        """The answers in the order in which they came, each with its place in bytes; of several to one question the
        first."""
        seen: set[tuple[int, int, int]] = set()
        for place, record in _lines(self.answers_file):
            try:
                answer = Answer(**record)
            except TypeError:
                continue
            if answer[:3] not in seen:
                seen.add(answer[:3])
                yield place, answer

    def answers_at(self, places: Sequence[int]) -> list[Answer]:
        """The answers at places that `answers` named."""
        with self.answers_file.open("rb") as stream:
            return [_answer_at(stream, place) for place in places]

    def likelihoods(self) -> dict[tuple[int, int, int], Likelihood]:
        """How likely answers are, by prompt, entry and seed."""
        return {
            (record["prompt"], record["entry"], record["seed"]): Likelihood(*record["nats"])
            for _, record in _lines(self.path / "perplexity.jsonl")
            if isinstance(record.get("nats"), list) and len(record["nats"]) == len(Likelihood._fields)
        }

    def status(self) -> Status:
        """What it is doing, as its process last said."""
        try:
            return Status(**read_json(self.path / "status.json"))
        except (OSError, ValueError, TypeError):
            return Status("done") if self.done else Status()

    def write_status(self, status: Status) -> None:
        """Replace the status as a whole."""
        write_json(self.path / "status.json", asdict(status))

    def write_entries(self, entries: Sequence[Entry]) -> None:
        """Say who answers."""
        text = json.dumps([asdict(entry) for entry in entries], ensure_ascii=False, indent=1)
        draft = self.path / f"entries.{uuid4().hex[:8]}.part"
        draft.write_text(text + "\n", encoding="utf-8")
        draft.replace(self.path / "entries.json")

    def append_answers(self, answers: Iterable[Answer]) -> None:
        """Add answers; once this returns, the end of the process loses none of them."""
        _append(self.answers_file, (answer._asdict() for answer in answers))

    def write_nearest(self, texts: Mapping[tuple[int, int], str]) -> None:
        """Keep training answers by entry and by their place among what that was trained on."""
        records = ({"entry": entry, "place": place, "text": text} for (entry, place), text in sorted(texts.items()))
        write_json_lines(records, self.path / NEAREST)

    def nearest(self) -> dict[tuple[int, int], str]:
        """The training answers that were kept, by entry and place."""
        found = (record for _, record in _lines(self.path / NEAREST))
        return {(record["entry"], record["place"]): record["text"] for record in found}

    def append_likelihoods(self, found: Mapping[tuple[int, int, int], Likelihood]) -> None:
        """Add how likely answers are."""
        keys = ("prompt", "entry", "seed")
        _append(
            self.path / "perplexity.jsonl",
            (dict(zip(keys, key, strict=True)) | {"nats": list(nats)} for key, nats in found.items()),
        )


def new_evaluation(
    home: Path, config: EvaluateConfig, prompts: Sequence[Row], entries: Sequence[Entry], facts: Mapping[str, Any]
) -> EvaluationFolder:
    """An evaluation of these prompts, of which nothing is answered yet; `facts` are noted beside the settings."""
    id = time.strftime("%Y%m%d-%H%M%S-", time.localtime()) + uuid4().hex[:4]
    folder = EvaluationFolder(home / id)
    folder.path.mkdir(parents=True)
    write_rows(prompts, folder.path / "prompts.jsonl")
    folder.write_entries(entries)
    folder.write_status(Status(created=time.time()))
    known = {"config": config.record(), "set": {"name": name_of(config), "sha256": hash_of(prompts)}, **facts}
    write_json(folder.path / "config.json", known)
    return folder


def hash_of(prompts: Sequence[Row]) -> str:
    """What names a set of prompts for good: prompts, turns before them and demands, in order."""
    asked = [
        [
            row.prompt,
            [[turn.role, turn.content] for turn in row.history],
            row.constraint and constraint_record(row.constraint),
        ]
        for row in prompts
    ]
    return hashlib.sha256(json.dumps(asked, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def evaluations(settings: Settings, *, shipped: bool = True) -> list[EvaluationFolder]:
    """Every evaluation, the newest first; with those that come with hesui."""
    homes = (settings.evaluations, SHIPPED) if shipped else (settings.evaluations,)
    found = [entry for home in homes if home.is_dir() for entry in home.iterdir() if _ID.fullmatch(entry.name)]
    whole = (path for path in found if (path / "config.json").is_file())
    return [EvaluationFolder(path) for path in sorted(whole, key=lambda path: path.name, reverse=True)]


def require_evaluation(settings: Settings, id: str | None) -> EvaluationFolder:
    """The evaluation `id`, or else the newest one. Raises InputError with the evaluations there are."""
    found = evaluations(settings)
    if id is None and found:
        return found[0]
    for folder in found:  # looked up: an id from outside never becomes part of a path
        if folder.id == id:
            return folder
    known = ", ".join(folder.id for folder in found) or "none yet"
    raise InputError(
        f"there is no evaluation {id!r}; there are: {known}" if id else "there is no evaluation yet; start one: hesui evaluate",
        "error.evaluate_none", id=id or "", known=known,
    )  # fmt: skip


def _append(path: Path, records: Iterable[Mapping[str, Any]]) -> None:
    text = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)
    with path.open("ab") as stream:
        if stream.tell() and not _ends_a_line(path):
            text = "\n" + text  # a crash cut the last line short: it must not swallow this one
        stream.write(text.encode())


def _ends_a_line(path: Path) -> bool:
    with path.open("rb") as stream:
        stream.seek(-1, os.SEEK_END)
        return stream.read(1) == b"\n"


def _lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """The objects of a file that somebody may be writing, and where they begin; what is none is passed over."""
    place = 0
    try:
        with path.open("rb") as lines:
            for line in lines:
                begins, place = place, place + len(line)
                try:
                    record = json.loads(line)
                except ValueError:
                    continue
                if isinstance(record, dict):
                    yield begins, record
    except FileNotFoundError:
        return


def _answer_at(stream: BinaryIO, place: int) -> Answer:
    stream.seek(place)
    return Answer(**json.loads(stream.readline()))


def _damaged(id: str, file: str) -> InputError:
    return InputError(
        f"the evaluation {id} has no {file} that can be read; delete it", "error.evaluate_damaged", id=id, file=file
    )
