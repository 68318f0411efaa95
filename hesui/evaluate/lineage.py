"""What is known of who answers: its base, how it was trained here, on what. Asks no model.

An adapter that was opened in Compare says which run it comes from; the run says on which data.
"""

from __future__ import annotations

import json
import logging
import math
import struct
from pathlib import Path

from hesui.checksums import digest
from hesui.errors import HesuiError
from hesui.evaluate.config import Decoding
from hesui.evaluate.folder import Entry
from hesui.evaluate.measures import Learnt
from hesui.evaluate.overlap import Known
from hesui.files import read_json
from hesui.models.registry import ADAPTER_WEIGHTS, TUNED, AdapterSource, Registry
from hesui.records import BASE
from hesui.settings import EMBEDDED, TINY, Settings
from hesui.train.adopting import ORIGIN
from hesui.train.config import TrainConfig
from hesui.train.data import DataSet, describe
from hesui.train.runs import require_run

RECIPE = "recipe.json"

log = logging.getLogger(__name__)


def entry_of(settings: Settings, model: str, decoding: Decoding) -> Entry:
    """What is known of `model`. Raises ModelNotFound where there is none of that name."""
    registry = Registry(settings)
    if model in settings.remotes and model not in registry.names():
        return Entry(model, decoding)
    base = registry.base()
    parameters = parameters_of(Path(base.location)) if base.local else None
    if model == BASE:
        return Entry(model, decoding, base.name, parameters=parameters)
    source = registry.adapter(model)
    config = _config(settings, source)
    method, rows = _trained(settings, source, config)
    return Entry(
        model, decoding, base.name, method, rows, parameters, source.marks, digest(source.folder / ADAPTER_WEIGHTS)
    )


def learnt(settings: Settings, entry: Entry) -> Learnt | None:
    """The answers that an entry's model was trained on; None where they are not known any more."""
    if not entry.tuned:
        return None
    source = Registry(settings).adapters().get(entry.model)
    if source is None:
        return None
    config = _config(settings, source)
    if config is not None:
        data = _data(config)
        texts = [] if data is None else [one.texts[0] for one in data.examples("train")]
    elif _embedded(settings, source):
        from hesui.models.tiny import taught

        texts = taught()
    else:
        texts = []
    return Learnt(texts, Known(texts)) if texts else None


def parameters_of(folder: Path) -> int | None:
    """How many numbers a model's safetensors files hold; None where they cannot be read."""
    try:
        return sum(_numbers(file) for file in folder.glob("*.safetensors")) or None
    except (OSError, ValueError, KeyError, struct.error):
        return None


def _numbers(file: Path) -> int:
    with file.open("rb") as stream:
        (size,) = struct.unpack("<Q", stream.read(8))
        header = json.loads(stream.read(size))
    return sum(math.prod(tensor["shape"]) for name, tensor in header.items() if name != "__metadata__")


def _trained(settings: Settings, source: AdapterSource, config: TrainConfig | None) -> tuple[str, int | None]:
    """How it was trained, and on how many rows."""
    if config is not None:
        data = _data(config)
        return config.method, data.rows.get("train") if data else None
    if _embedded(settings, source):
        recipe = read_json(TINY / RECIPE)
        return "sft", recipe["adapter_rows"] + sum(recipe["drills"])
    return "", None


def _config(settings: Settings, source: AdapterSource) -> TrainConfig | None:
    """The settings of the run that an adapter comes from; None where there is none any more."""
    try:
        return require_run(settings.runs, read_json(source.folder / ORIGIN)["run"]).config()
    except (OSError, ValueError, KeyError, HesuiError):
        return None


def _data(config: TrainConfig) -> DataSet | None:
    try:
        return describe(config.data)
    except HesuiError as error:
        log.warning("the data of a model are not as they were: %s", error)
        return None


def _embedded(settings: Settings, source: AdapterSource) -> bool:
    return settings.base_model == EMBEDDED and source.name == TUNED
