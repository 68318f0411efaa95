"""An adapter as a parcel: weights, configuration, tokenizer, and a card that claims only what was measured.

What it learnt from is looked up by the run that made it; figures are those of boards whose answers came from these very
weights. Reads files, loads no model, talks to nobody.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hesui.checksums import digest
from hesui.errors import HesuiError
from hesui.evaluate.board import Board, PromptSet
from hesui.evaluate.standings import Standing, standings
from hesui.evaluate.views import Filters
from hesui.files import read_json
from hesui.models.registry import ADAPTER_CONFIG, ADAPTER_WEIGHTS, TAUGHT, TUNED, AdapterSource, BaseSource, Registry
from hesui.publish.cards import EMBEDDED_LICENCE, AdapterFacts, DataFacts, Measured, adapter_card, section
from hesui.publish.dataset import facts_of
from hesui.publish.parcel import CARD, Item, Parcel, file_item, parcel, require_repo, text_item
from hesui.records import BASE
from hesui.settings import EMBEDDED, TINY, Settings
from hesui.train.adopting import ORIGIN
from hesui.train.runs import RunFolder, require_run

TOKENIZER = (
    "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "vocab.json", "merges.txt",
    "tokenizer.model", "chat_template.jinja",
)  # fmt: skip
INSIDE = "base"  # where in the repository the embedded base stands


def adapter_parcel(settings: Settings, name: str, repo: str, licence: str = "") -> Parcel:
    """What publishing the adapter `name` as `repo` would upload; `licence` is the Hub's name of one, where one is stated.

    Raises ModelError where there is no such adapter or base, InputError where a file cannot be read or `repo` is no owner/name.
    """
    require_repo(repo)
    registry = Registry(settings)
    source, base = registry.adapter(name), registry.base()
    config = _config(source, base)
    items = [
        file_item(ADAPTER_WEIGHTS, source.folder / ADAPTER_WEIGHTS),
        text_item(ADAPTER_CONFIG, json.dumps(config, indent=2, ensure_ascii=False) + "\n"),
        *_tokenizer(source, base),
        *_base(base),
    ]
    if (source.folder / TAUGHT).is_file():
        items.append(file_item(TAUGHT, source.folder / TAUGHT))
    card = adapter_card(_facts(settings, source, base, config, repo, licence))
    return parcel("model", name, [text_item(CARD, card), *items])


def _config(source: AdapterSource, base: BaseSource) -> dict[str, Any]:
    """PEFT's configuration, with nobody's folders in it."""
    config = read_json(source.folder / ADAPTER_CONFIG)
    if base.name == EMBEDDED:
        return config
    return {**config, "base_model_name_or_path": _shown(base)}


def _shown(base: BaseSource) -> str:
    """A base's name without the folders above it."""
    return Path(base.location).resolve().name if base.local and base.name != EMBEDDED else base.name


def _tokenizer(source: AdapterSource, base: BaseSource) -> Iterator[Item]:
    """The tokenizer that lies with the adapter, else with a base on this machine; one of the Hub has its own."""
    places = [source.folder, *([Path(base.location)] if base.local else [])]
    for name in TOKENIZER:
        found = next((place / name for place in places if (place / name).is_file()), None)
        if found is not None:
            yield file_item(name, found)


def _base(base: BaseSource) -> Iterator[Item]:
    """The embedded base goes along, because it is nowhere else that a loader would look."""
    if base.name == EMBEDDED:
        for file in sorted(Path(base.location).iterdir()):
            if file.suffix in (".json", ".safetensors", ".jinja"):
                yield file_item(f"{INSIDE}/{file.name}", file)


def _facts(
    settings: Settings, source: AdapterSource, base: BaseSource, config: dict[str, Any], repo: str, licence: str
) -> AdapterFacts:
    embedded = base.name == EMBEDDED and source.name == TUNED
    run = _run(settings, source)
    readme = (TINY / CARD).read_text(encoding="utf-8") if embedded else ""
    return AdapterFacts(
        name=source.name,
        repo=repo,
        base=_shown(base),
        base_is="embedded" if base.name == EMBEDDED else "folder" if base.local else "hub",
        rank=int(config.get("r") or 0),
        dora=bool(config.get("use_dora")),
        marks=source.marks,
        settings=_settings(run),
        data=_data(run),
        composed=read_json(TINY / "recipe.json") if embedded else None,
        limits=section(readme, "Limits"),
        licence=licence or (EMBEDDED_LICENCE if embedded else ""),
        measured=tuple(_measured(settings, digest(source.folder / ADAPTER_WEIGHTS), base.name)),
    )


def _run(settings: Settings, source: AdapterSource) -> RunFolder | None:
    """The run that an adapter comes from; None where there is none any more."""
    try:
        found = require_run(settings.runs, read_json(source.folder / ORIGIN)["run"])
        found.config()
    except (OSError, ValueError, KeyError, HesuiError):
        return None
    return found


def _settings(run: RunFolder | None) -> dict[str, Any]:
    """A run's settings, paths cut down to names."""
    if run is None:
        return {}
    told = run.config().record()
    return {
        **told,
        "data": Path(told["data"]).name,
        "base": Path(told["base"]).name if Path(told["base"]).exists() else told["base"],
    }


def _data(run: RunFolder | None) -> DataFacts | None:
    """The data of a run; None where they are gone, damaged, or written anew since the run was made."""
    if run is None:
        return None
    folder = run.config().data
    try:
        if (folder / "manifest.json").stat().st_mtime > run.status().created:
            return None
        return facts_of(folder)
    except (OSError, HesuiError):
        return None


def _measured(settings: Settings, weights: str, base: str) -> Iterator[Measured]:
    """What boards say of these very weights, with the rows of their base beside them."""
    filters = Filters()
    for found in Board(settings).refresh().values():
        rows = standings(found, filters)
        own = [row for row in rows if row.system.entry.weights == weights and row.system.entry.base == base]
        if own:
            beside = [row for row in rows if row.system.entry.model == BASE and row.system.entry.base == base]
            yield Measured(found, filters, own, [*beside, *own], _days(own), _sampling(found, own))


def _days(rows: list[Standing]) -> tuple[str, ...]:
    """The days on which evaluations began, from their ids: YYYYMMDD-…"""
    ids = sorted({row.system.evaluation for row in rows})
    return tuple(dict.fromkeys(f"{id[:4]}-{id[4:6]}-{id[6:8]}" for id in ids))


def _sampling(found: PromptSet, rows: list[Standing]) -> tuple[str, ...]:
    """How tokens were drawn."""
    configs = [found.folders[row.system.evaluation].config() for row in rows]
    return tuple(dict.fromkeys(f"temperature {one.temperature:g}, top-p {one.top_p:g}" for one in configs))
