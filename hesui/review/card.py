"""The card of a data set that came out of review: YAML that `datasets` loads the splits by, and what people must know.

Names of teachers, classes, labels and licences are other people's text: none of them reaches the YAML, and in the
Markdown they stand as code, which nothing in them can end. Knows no database.
"""

from __future__ import annotations

import json
from collections import Counter as Tally
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple

import regex

from hesui.corpus.classes import TaskClass
from hesui.corpus.splits import SPLITS, Split
from hesui.corpus.statistics import Bin, histogram
from hesui.review.agreement import Agreement, Alpha, Undefined
from hesui.review.lessons import Kind, Reason
from hesui.review.records import Feature
from hesui.store.reviewing import Kind as ItemKind

BAR = 40  # characters of a histogram's longest bar
SHOWN = 80  # characters of a name

_HIDDEN = regex.compile(r"[\p{C}\p{Z}]+")
_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
_LICENCES = frozenset(
    {"cc-by-4.0", "cc-by-sa-4.0", "cc-by-nc-4.0", "cc-by-nc-sa-4.0", "cc0-1.0", "mit", "apache-2.0", "odc-by"}
)  # names that the Hub knows
_KINDS: Mapping[Kind, tuple[str, str]] = MappingProxyType(
    {
        "sft": ("answers for supervised fine-tuning", "监督微调的答案"),
        "dpo": ("pairs of a preferred and a rejected answer", "偏好对（优选与劣选答案）"),
        "kto": ("answers rated good or bad", "标注好坏的答案"),
        "labels": ("texts with labels", "带标签的文本"),
    }
)
_LEFT_OUT: Mapping[Reason, str] = MappingProxyType(
    {
        "gold": "items with a known verdict, which measure reviewers",
        "demo": "items that were composed for trying the queue",
        "open": "items that wait for a further reviewer",
        "split": "items on which reviewers disagree and nobody has ruled",
        "rejected": "rejected answers",
        "duplicate": "answers rejected only because they repeat another one",
        "contradiction": "answers that stand accepted and rejected under one prompt",
        "twice": "answers that stand a second time under one prompt",
        "unpaired": "answers without a partner: nothing to compare with, or none that obeys its demand",
        "alike": "pairs of nearly equal answers",
        "limit": "pairs beyond the most that one prompt may give",
        "history": "rows whose earlier turns the format cannot carry",
        "leak_exact": "rows of train that ask the same as a held-out one",
        "leak_near": "rows of train that ask nearly the same as a held-out one",
        "leak_family": "rows of train of a held-out one's family",
        "leak_answer": "rows of train whose text occurs in a held-out one, or the other way round",
    }
)
_WHY_NO_FIGURE: Mapping[Undefined, str] = MappingProxyType(
    {"": "", "few": "undefined: fewer than two such items", "uniform": "undefined: every decision was the same"}
)
_SAID = {"good": "good", "bad": "bad", "edit": "an edit over its original", "verdict": "accepted over rejected",
         "length": "obeying its length demand over not obeying it"}  # fmt: skip


class Facts(NamedTuple):
    """What a card counts of one row."""

    task: str
    language: str
    said: str  # of a pair why, of a rating good or bad, of a text its label; "" for an answer
    length: int  # of the answer, the chosen one of a pair: characters by the counting rule
    error: int | None  # its count − target in the demand's unit; None where no number is aimed at
    obeys: bool | None  # None where nothing is demanded
    counter: str
    licence: str
    demo: bool
    teachers: Sequence[str]
    reviewers: Sequence[str]  # pseudonyms


@dataclass(slots=True)
class Contents:
    """A data set in numbers; grows with the number of different values, not of rows."""

    rows: dict[Split, Tally[str]] = field(default_factory=dict)  # by class
    said: Tally[str] = field(default_factory=Tally)
    lengths: Tally[int] = field(default_factory=Tally)
    errors: Tally[int] = field(default_factory=Tally)
    obeys: Tally[bool] = field(default_factory=Tally)
    languages: Tally[str] = field(default_factory=Tally)
    counters: Tally[str] = field(default_factory=Tally)
    licences: Tally[str] = field(default_factory=Tally)
    teachers: Tally[str] = field(default_factory=Tally)
    reviewers: set[str] = field(default_factory=set)
    demo: int = 0

    @property
    def total(self) -> int:
        """Rows of all splits."""
        return sum(tasks.total() for tasks in self.rows.values())

    def add(self, split: Split, facts: Facts) -> None:
        """Count one row."""
        self.rows.setdefault(split, Tally())[facts.task] += 1
        self.said[facts.said] += 1
        self.lengths[facts.length] += 1
        if facts.error is not None:
            self.errors[facts.error] += 1
        if facts.obeys is not None:
            self.obeys[facts.obeys] += 1
        self.languages[facts.language] += 1
        self.counters[facts.counter] += 1
        self.licences[facts.licence] += 1
        self.teachers.update(set(facts.teachers))
        self.reviewers.update(facts.reviewers)
        self.demo += facts.demo


class Card(NamedTuple):
    """Everything that a card says."""

    kind: Kind
    format: str
    files: Mapping[Split, str]  # the file of each split that has rows
    sides: Mapping[Split, str]  # the file beside it that says what its rows rest on, where they cannot
    features: Sequence[Feature]
    contents: Contents
    left_out: Mapping[Reason, int]
    agreement: Agreement
    classes: Mapping[str, TaskClass]
    version: str

    def text(self) -> str:
        """The card as a README.md."""
        sections = (
            self._summary, self._rows, self._lengths, self._left_out, self._agreement, self._origin, self._use,
            self._licence,
        )  # fmt: skip
        return "\n".join([*self._front_matter(), *(line for section in sections for line in (*section(), ""))])

    def _front_matter(self) -> Iterator[str]:
        yield "---"
        yield f"language: {_flow(sorted({'zh', 'en'} & self.contents.languages.keys()))}"
        yield f"license: {self._licence_id()}"
        yield f"task_categories: {_flow(['text-classification' if self.kind == 'labels' else 'text-generation'])}"
        yield f"pretty_name: {_flow(f'hesui, reviewed: {_KINDS[self.kind][0]}')}"
        yield f"size_categories: {_flow([_size(self.contents.total)])}"
        yield f"tags: {_flow(['hesui', 'human-reviewed', 'length-control', self.kind, self.format])}"
        if self.features:
            yield "configs:"
            yield "  - config_name: default"
            yield "    data_files:"
            yield from (f"      - {_flow({'split': split, 'path': name})}" for split, name in self.files.items())
            yield "dataset_info:"
            yield "  features:"
            yield from (f"    - {_flow(feature)}" for feature in self.features)
        else:
            yield "viewer: false"
        yield "---"
        yield ""

    def _licence_id(self) -> str:
        named = {licence.lower() for licence in self.contents.licences}
        if named == {""}:
            return "unknown"
        return named.pop() if len(named) == 1 and named <= _LICENCES else "other"

    def _summary(self) -> Iterator[str]:
        english, chinese = _KINDS[self.kind]
        total, people = self.contents.total, len(self.contents.reviewers)
        yield "# Reviewed by people, written by hesui"
        yield ""
        yield (
            f"{total:,} rows: {english}, in the format `{self.format}`. {_some(people, 'person', 'people')} decided "
            "what is in it, and stand here under pseudonyms only."
        )
        if self.contents.demo:
            yield ""
            yield (
                f"**{self.contents.demo:,} of the rows were composed by rule for trying the review queue.** They are "
                "no work of a teacher; leave them out of anything serious."
            )
        yield ""
        parts = "，".join(f"{split} {self.contents.rows[split].total():,} 条" for split in self.files)
        rule = "、".join(sorted(self.contents.counters))
        yield (
            f"**中文摘要**　共 {total:,} 条：{chinese}，格式为 `{self.format}`（{parts}）。全部经 {people} 位审核者（化名）"
            f"审定；字数按 `{rule}` 规则计算。按问题家族划分训练、验证和测试集，与留出题目重复的训练数据已剔除。"
        )

    def _rows(self) -> Iterator[str]:
        yield "## Rows"
        yield ""
        yield from _table(
            ("class", *self.files, "all"),
            [
                (self._class_name(task), *(self.contents.rows[split][task] for split in self.files), n)
                for task, n in sum(self.contents.rows.values(), Tally[str]()).most_common()
            ],
        )
        if set(self.contents.said) != {""}:
            yield ""
            yield from _table(
                ({"dpo": "preferred because", "kto": "rated", "labels": "label"}[self.kind], "rows"),
                [(_SAID.get(said, said), n) if self.kind != "labels" else (_code(said), n)
                 for said, n in self.contents.said.most_common()],
            )  # fmt: skip

    def _lengths(self) -> Iterator[str]:
        what = {"dpo": "chosen answers", "labels": "texts"}.get(self.kind, "answers")
        counters = ", ".join(f"`{counter}` ({n:,} rows)" for counter, n in self.contents.counters.most_common())
        yield "## Length"
        yield ""
        yield f"Counting rule: {counters}. Characters of the {what} by it:"
        yield ""
        yield from _bars(histogram(self.contents.lengths))
        if self.contents.obeys:
            met, asked = self.contents.obeys[True], self.contents.obeys.total()
            yield ""
            yield f"{met:,} of {asked:,} {what} with a length demand meet it ({met / asked:.1%})."
        if self.contents.errors:
            yield ""
            yield "Count − target where a number is aimed at:"
            yield ""
            yield from _bars(histogram(self.contents.errors))

    def _left_out(self) -> Iterator[str]:
        yield "## Left out"
        yield ""
        rows = [(_LEFT_OUT[reason], n) for reason in _LEFT_OUT if (n := self.left_out.get(reason, 0))]
        if rows:
            yield from _table(("what", "how many"), rows)
        else:
            yield "Nothing that reviewers have settled."

    def _agreement(self) -> Iterator[str]:
        kind: ItemKind = "label" if self.kind == "labels" else "answer"
        found = [one for one in self.agreement.alphas if one.kind == kind]
        yield "## Agreement"
        yield ""
        yield (
            "Krippendorff's α, nominal, over the items that at least two people decided on their own: "
            + ("their labels." if kind == "label" else "to keep (as it is, or edited) or to reject.")
        )
        yield ""
        yield from _table(
            ("class", "α", "items", "decisions"),
            [(self._class_name(one.task) if one.task else "all", _alpha(one), one.items, one.decisions)
             for one in found or [self.agreement.alpha(kind)]],
        )  # fmt: skip

    def _origin(self) -> Iterator[str]:
        yield "## How it was made"
        yield ""
        yield (
            f"Written by hesui {self.version} from the decisions of its review queue. Each item was shown to one or "
            "more people, who decided on it alone; where they disagreed, an owner's ruling counts. Families of prompts "
            f"that ask the same question stand in one split: eight in ten are {SPLITS[0]}, one each {SPLITS[1]} and "
            f"{SPLITS[2]}. Rows of {SPLITS[0]} that give away a row of another split or an evaluation prompt are left "
            "out. `manifest.json` holds the files' hashes."
        )
        yield ""
        if self.features:
            yield "`provenance` says what a row rests on:"
        else:
            names = ", ".join(f"`{name}`" for name in self.sides.values())
            yield f"What a row rests on stands in the same line of {names}:"
        yield (
            "the prompt, the candidates and their teachers (of a pair the chosen one's first), the decisions that made "
            "the verdict with the reviewer of each, the counting rule."
        )
        if any(self.contents.teachers):
            yield ""
            yield from _table(
                ("teacher", "rows"), [(_code(name), n) for name, n in self.contents.teachers.most_common()]
            )

    def _use(self) -> Iterator[str]:
        yield "## Use"
        yield ""
        if self.features:
            yield from (
                "```python",
                "from datasets import load_dataset",
                "",
                'data = load_dataset("THIS_FOLDER")',
                "```",
            )
        if self.format in ("alpaca", "sharegpt"):
            description = json.dumps(_description(self.kind, self.format, next(iter(self.files.values()))), indent=2)
            yield from ("", "For LLaMA-Factory, in `dataset_info.json`:", "", "```json", description, "```")
        if self.format == "qianfan":
            pages = {"dpo": "Prompt+Chosen+Rejected", "kto": "Prompt+Chosen/Rejected"}
            yield f"Import into Qianfan as a data set of `{pages.get(self.kind, 'Prompt+Response')}`."

    def _licence(self) -> Iterator[str]:
        yield "## Licence of the rows"
        yield ""
        yield from _table(
            ("licence", "rows"),
            [(_code(name) if name else "not stated", n) for name, n in self.contents.licences.most_common()],
        )

    def _class_name(self, task: str) -> str:
        known = self.classes.get(task)
        return f"{_code(task)} {_code(known.name.en)}" if known else _code(task)


def _description(kind: Kind, format: str, file: str) -> dict[str, Any]:
    """How LLaMA-Factory's dataset_info.json describes the data set; https://github.com/hiyouga/LLaMA-Factory, data."""
    alpaca = {"prompt": "instruction", "query": "input", "system": "system", "history": "history"}
    columns = dict(alpaca) if format == "alpaca" else {"messages": "conversations"}
    if kind == "dpo":
        columns |= {"chosen": "chosen", "rejected": "rejected"}
    elif format == "alpaca":
        columns["response"] = "output"
    if kind == "kto":
        columns["kto_tag"] = "kto_tag"
    ranking = {"ranking": True} if kind == "dpo" else {}
    return {"reviewed": {"file_name": file, "formatting": format, **ranking, "columns": columns}}


def _alpha(one: Alpha) -> str:
    return _WHY_NO_FIGURE[one.undefined] if one.alpha is None else f"{one.alpha:.3f}"


def _bars(bins: Sequence[Bin]) -> Iterator[str]:
    most = max((one.n for one in bins), default=1)
    yield "```text"
    for low, high, n in bins:
        name = str(low) if low == high else f"{low} to {high}"
        yield f"{name:>16} {n:>8,} {'▇' * round(BAR * n / most)}".rstrip()
    yield "```"


def _table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    yield f"| {' | '.join(header)} |"
    yield f"|{'---|' * len(header)}"
    for row in rows:
        yield f"| {' | '.join(f'{cell:,}' if isinstance(cell, int) else str(cell) for cell in row)} |"


def _code(name: str) -> str:
    """Somebody's text for a cell of a table: as code, on one line, with nothing that ends the code or the cell."""
    shown = _HIDDEN.sub(" ", name).strip().replace("`", "'").replace("|", "¦")
    return f"`{shown[:SHOWN]}`" if shown else "not stated"


def _flow(value: object) -> str:
    """A value as YAML in the way of JSON."""
    return json.dumps(value, ensure_ascii=False)


def _size(rows: int) -> str:
    return next((name for limit, name in _SIZES if rows < limit), "n>1M")


def _some(n: int, one: str, many: str) -> str:
    return f"{n:,} {one if n == 1 else many}"
