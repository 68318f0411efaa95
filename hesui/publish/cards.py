"""The cards of adapters and data sets: what they are made of, what was measured, how they are used. Reads no file.

Names are other people's text: they stand as code, which nothing in them can end, and in the YAML as JSON strings. Without
an evaluation a card has no figures and says so.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from shlex import quote
from typing import Any, Literal, NamedTuple

import regex

from hesui.evaluate.board import PromptSet
from hesui.evaluate.reporting import to_markdown, to_model_index
from hesui.evaluate.standings import Standing
from hesui.evaluate.views import Filters

SHOWN = 80  # characters of a name
RANKS = (8, 16, 32, 64, 128, 256, 320, 512)  # what vLLM takes for --max-lora-rank
EMBEDDED_LICENCE = "apache-2.0"  # of the embedded models
CHANGED = "THIS_FOLDER"  # in an export's card, where a repository's name belongs

_HIDDEN = regex.compile(r"[\p{C}\p{Z}]+")
_LICENCE_LINE = regex.compile(r"(?m)^license: .*$")


@dataclass(frozen=True, slots=True)
class DataFacts:
    """What a card says of a data set."""

    name: str
    kind: str
    format: str
    files: Mapping[str, str]  # by split
    rows: Mapping[str, int]  # by split
    classes: Mapping[str, int]  # rows by class
    counters: Sequence[str]
    teachers: Mapping[str, int]  # rows by who wrote them; "" = not known
    licences: Mapping[str, int]  # rows by licence; "" = not stated
    agreement: str  # of reviewers, as Markdown; "" = nobody reviewed
    version: str  # of the hesui that wrote it


class Measured(NamedTuple):
    """What one set of prompts says of an adapter."""

    found: PromptSet
    filters: Filters
    own: Sequence[Standing]  # the adapter's rows
    shown: Sequence[Standing]  # these and its base's
    days: Sequence[str]
    sampling: Sequence[str]


@dataclass(frozen=True, slots=True)
class AdapterFacts:
    """What a card says of an adapter."""

    name: str
    repo: str
    base: str
    base_is: Literal["embedded", "hub", "folder"]
    rank: int
    dora: bool
    marks: bool
    settings: Mapping[str, Any]  # of its run; empty = not known
    data: DataFacts | None  # None = not known
    composed: Mapping[str, Any] | None  # the embedded adapter's recipe
    limits: str  # as Markdown, where they are written down
    licence: str  # the Hub's name of it; "" = none is stated
    measured: Sequence[Measured] = field(default=())


def adapter_card(facts: AdapterFacts) -> str:
    """The card as a README.md."""
    parts = (
        _adapter_head,
        _adapter_data,
        _adapter_settings,
        _adapter_measured,
        _adapter_use,
        _adapter_limits,
        _adapter_licence,
    )
    return "\n".join([*_adapter_matter(facts), *(line for part in parts for line in (*part(facts), ""))])


def data_card(facts: DataFacts, repo: str, licence: str) -> str:
    """The card of a folder that has none, as a README.md."""
    stated = licence or next(iter(facts.licences), "")
    lines = ["---", *([f"license: {_json(licence)}"] if licence else []), 'task_categories: ["text-generation"]',
             'tags: ["hesui", "length-control"]', "configs:", "  - config_name: default", "    data_files:"]  # fmt: skip
    lines += [
        f"      - {_json({'split': split, 'path': name})}" for split, name in facts.files.items() if facts.rows[split]
    ]
    lines += ["---", "", f"# {code(facts.name)}", "",
              f"{sum(facts.rows.values()):,} prompts that demand a length, with answers where there are any; frozen by hesui "
              f"{facts.version}. Families of prompts that ask the same question stand in one split.", ""]  # fmt: skip
    lines += [*_data_tables(facts), "", "No reviewer has looked at these rows.", "", "## Use", ""]
    lines += [*_loading(repo), "", "`manifest.json` holds the files' hashes, and what was held back from train because it gives "
              "away a held-out row.", "", "## Licence", ""]  # fmt: skip
    lines += [f"{code(licence)}, as stated by whoever published it." if licence else f"By row: {code(stated)}"
              if len(facts.licences) == 1 else "By row; the field `licence` says which."]  # fmt: skip
    return "\n".join([*lines, ""])


def completed(card: str, repo: str, licence: str) -> str:
    """An export's own card with what only publishing knows: the repository, and the licence where one is stated."""
    told = card.replace(f'load_dataset("{CHANGED}")', f"load_dataset({_json(repo)})")
    if not licence:
        return told
    head, mark, rest = told.partition("\n---\n")
    head = _LICENCE_LINE.sub(lambda _: f"license: {_json(licence)}", head, count=1)
    return (
        f"{head}{mark}{rest}\nThe collection is published under {code(licence)}, as stated by whoever published it.\n"
    )


def section(card: str, title: str) -> str:
    """What stands under the heading "## `title`" of a card; "" where there is no such heading."""
    _, found, rest = f"\n{card}".partition(f"\n## {title}\n")
    return rest.partition("\n## ")[0].strip() if found else ""


def code(name: str) -> str:
    """Somebody's text as code, on one line, with nothing that ends the code or a table's cell."""
    shown = _HIDDEN.sub(" ", name).strip().replace("`", "'").replace("|", "¦")
    return f"`{shown[:SHOWN]}`" if shown else "not stated"


# An adapter's


def _adapter_matter(facts: AdapterFacts) -> Iterator[str]:
    yield "---"
    yield "library_name: peft"
    yield "pipeline_tag: text-generation"
    if facts.base_is == "hub":
        yield f"base_model: {_json(facts.base)}"
        yield "base_model_relation: adapter"
    if facts.licence:
        yield f"license: {_json(facts.licence)}"
    if facts.composed is not None:
        yield "language: zh"
    yield 'tags: ["hesui", "lora", "length-control"]'
    yield from _model_index(facts)
    yield "---"
    yield ""


def _model_index(facts: AdapterFacts) -> Iterator[str]:
    """The rows of all boards under one model."""
    begun = False
    for one in facts.measured:
        for row in one.own:
            head, mark, results = to_model_index(one.found, one.filters, row, facts.repo).partition("results:\n")
            if not begun:
                yield (head + mark).rstrip("\n")
                begun = True
            yield results.rstrip("\n")


def _adapter_head(facts: AdapterFacts) -> Iterator[str]:
    yield f"# {code(facts.name)}"
    yield ""
    yield f"A LoRA adapter of rank {facts.rank}, trained with hesui to make its base obey a demanded length."
    yield ""
    if facts.base_is == "embedded":
        yield (
            "**Base:** hesui's embedded model, 3.3 million parameters, one character a token. It is not on the Hub as a model "
            "of its own: its files stand in this repository under `base/`, as in hesui's source under `data/tiny/base`."
        )
    elif facts.base_is == "hub":
        yield f"**Base:** {code(facts.base)}, which this adapter needs."
    else:
        yield (
            f"**Base:** a model called {code(facts.base)} in a folder of whoever published this. It is not part of this "
            "repository; without that very model the adapter is of no use. A merged model would stand alone."
        )


def _adapter_data(facts: AdapterFacts) -> Iterator[str]:
    yield "## Data"
    yield ""
    if facts.composed is not None:
        rows = facts.composed["adapter_rows"] + sum(facts.composed["drills"])
        yield (
            f"{rows:,} prompts with answers of the exact length, composed by hesui's hand-written grammar; no language model "
            "wrote any of them, and no person reviewed them one by one. Counted by `word`."
        )
    elif facts.data is None:
        yield "Not known: the data are not there any more, or not as they were when this was trained."
    else:
        yield f"{code(facts.data.name)}, data of the kind {code(facts.data.kind)}:"
        yield ""
        yield from _data_tables(facts.data)
        yield ""
        yield "### Agreement of reviewers"
        yield ""
        yield facts.data.agreement or "No reviewer has looked at these rows."


def _data_tables(facts: DataFacts) -> Iterator[str]:
    yield from _table(("split", "rows"), facts.rows.items())
    yield ""
    yield from _table(("class", "rows"), [(code(name), n) for name, n in facts.classes.items()])
    yield ""
    yield from _table(("teacher or source", "rows"), [(code(name), n) for name, n in facts.teachers.items()])
    yield ""
    yield f"Counting rule: {', '.join(map(code, facts.counters))}."


def _adapter_settings(facts: AdapterFacts) -> Iterator[str]:
    yield "## Settings"
    yield ""
    told = facts.settings or facts.composed
    if not told:
        yield "Not known: the run that made this is not there any more. `adapter_config.json` says what LoRA was used."
        return
    yield "```json"
    yield json.dumps(told, ensure_ascii=False, indent=1).replace("`", "'")
    yield "```"


def _adapter_measured(facts: AdapterFacts) -> Iterator[str]:
    yield "## Measured"
    yield ""
    if not facts.measured:
        yield "It was not measured: no evaluation of these weights exists, so no figures stand here."
        return
    for one in facts.measured:
        seeds = ", ".join(str(n) for n in sorted({row.system.seeds for row in one.own}))
        yield f"{', '.join(one.days)}; {'; '.join(one.sampling)}; seeds a prompt: {seeds}."
        yield ""
        yield to_markdown(one.found, one.filters, one.shown).rstrip("\n")
        yield ""


def _adapter_use(facts: AdapterFacts) -> Iterator[str]:
    served = {"embedded": "./tuned/base", "hub": facts.base, "folder": "PATH_OF_THE_BASE"}[facts.base_is]
    ask = "写一段50字左右的新年祝福" if facts.composed is not None else "…"
    yield "## Use"
    yield ""
    yield "With transformers and PEFT:"
    yield ""
    yield "```python"
    yield from _snippet(facts, ask)
    yield "```"
    yield ""
    if facts.marks:
        yield (
            "It was trained with countdown marks (⟦50⟧), which hesui writes while it decodes and takes out of the answer. "
            "Other programs do neither, so it cannot be merged or served elsewhere with the same effect."
        )
        return
    yield (
        "Behind an OpenAI-compatible server (vLLM does not take DoRA: merge first):"
        if facts.dora
        else ("Behind an OpenAI-compatible server, with vLLM:")
    )
    yield ""
    rank = next((one for one in RANKS if one >= facts.rank), RANKS[-1])
    yield "```sh"
    yield f"hf download {facts.repo} --local-dir tuned"
    yield f"vllm serve {quote(served)} --enable-lora --lora-modules tuned=./tuned --max-lora-rank {rank}"
    yield "```"
    yield ""
    yield "In llama.cpp and Ollama as a merged model, which stands alone (after the lines of Python above):"
    yield ""
    yield "```python"
    yield 'model.merge_and_unload().save_pretrained("merged")'
    yield 'tokenizer.save_pretrained("merged")'
    yield "```"
    yield ""
    yield "```sh"
    yield "python llama.cpp/convert_hf_to_gguf.py merged --outfile tuned.gguf"
    yield "printf 'FROM ./tuned.gguf\\n' > Modelfile && ollama create tuned -f Modelfile"
    yield "```"
    if facts.base_is == "embedded":
        yield ""
        yield "llama.cpp's converter knows few tokenizers; one of single characters, as here, has not been tried with it."


def _snippet(facts: AdapterFacts, ask: str) -> Iterator[str]:
    where = {"embedded": 'f"{folder}/base"', "hub": _json(facts.base), "folder": '"PATH_OF_THE_BASE"'}[facts.base_is]
    words = "where" if facts.base_is == "hub" else "folder"
    yield "from huggingface_hub import snapshot_download"
    yield "from peft import PeftModel"
    yield "from transformers import AutoModelForCausalLM, AutoTokenizer"
    yield ""
    yield f"folder = snapshot_download({_json(facts.repo)})"
    yield f"where = {where}"
    yield f"tokenizer = AutoTokenizer.from_pretrained({words})"
    yield 'model = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(where, dtype="float32"), folder)'
    yield f'asked = [{{"role": "user", "content": {_json(ask)}}}]'
    yield 'inputs = tokenizer.apply_chat_template(asked, add_generation_prompt=True, return_tensors="pt", return_dict=True)'
    yield 'answer = model.generate(**inputs, max_new_tokens=200)[0, inputs["input_ids"].shape[1] :]'
    yield "print(tokenizer.decode(answer, skip_special_tokens=True))"


def _adapter_limits(facts: AdapterFacts) -> Iterator[str]:
    yield "## Limits"
    yield ""
    if facts.limits:
        yield facts.limits
        yield ""
    yield (
        "Lengths are counted by hesui's rules; another way of counting gives other figures. Whatever is not in the tables "
        "above, facts and safety among it, was not measured. Of the snippets, hesui's tests run the first kind only."
    )


def _adapter_licence(facts: AdapterFacts) -> Iterator[str]:
    yield "## Licence"
    yield ""
    yield code(facts.licence) if facts.licence else "None is stated here."
    if facts.base_is != "embedded":
        yield "That of the base holds besides."
    elif facts.composed is None:
        yield f"The files under `base/` are hesui's: {code(EMBEDDED_LICENCE)}."


# Both


def _loading(repo: str) -> Iterator[str]:
    yield from ("```python", "from datasets import load_dataset", "", f"data = load_dataset({_json(repo)})", "```")


def _table(header: Sequence[str], rows: Iterable[tuple[str, int]]) -> Iterator[str]:
    yield f"| {' | '.join(header)} |"
    yield f"|{'---|' * len(header)}"
    for name, n in rows:
        yield f"| {name} | {n:,} |"


def _json(value: object) -> str:
    """A value as YAML and Python read it alike."""
    return json.dumps(value, ensure_ascii=False)
