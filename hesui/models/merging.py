"""Writes a base and one of its adapters as one model folder, which nothing has to be added to.

In float32: an adapter's product is small beside a weight, and a weight of bfloat16 drops most of its digits. Knows
nothing of runs.
"""

from __future__ import annotations

import gc
import json
import shutil
from pathlib import Path
from uuid import uuid4

import torch
from torch import Tensor

from hesui.errors import InputError, ModelError
from hesui.models.alone import attach
from hesui.models.base import Base, load_base
from hesui.models.chat import SAMPLE
from hesui.models.registry import AdapterSource, BaseSource, Registry
from hesui.settings import Settings

ORIGIN = "merged.json"  # in the folder: what was merged, and how far logits moved
MOVED = 1e-3  # by which a logit may differ, as a share of the greatest one


def merge(settings: Settings, source: AdapterSource, out: Path) -> Path:
    """Write the settings' base with the adapter at `source` merged into it to the folder `out`, whole or not at all.

    HESUI_BASE_MODEL=`out` loads it. Before the folder appears, its logits are compared with those of base and adapter.
    Takes 4 bytes of memory and of disk for each parameter. Raises InputError where something lies at `out` or nothing
    can be written there, ModelError where the adapter does not fit or cannot be merged.
    """
    require_free(out)
    if source.marks:
        raise _unmergeable(
            source, "it was trained with countdown marks, which nothing would take out of a base's answers"
        )
    exact = settings.model_copy(update={"device": "cpu", "dtype": "float32"})
    draft = out.with_name(f".{out.name}.{uuid4().hex[:8]}.part")
    try:
        draft.mkdir(parents=True)
        expected = _write(exact, source, draft)
        _sign(settings, source, draft, _require_alike(exact, source, draft, expected))
        for file in draft.iterdir():
            file.chmod(0o644)  # safetensors writes for the owner alone
        require_free(out)  # it took a while
        draft.rename(out)
    except OSError as error:
        raise InputError(
            f"cannot write {out}: {error.strerror or error}", "error.file_unwritable",
            file=out.name, reason=error.strerror or error,
        ) from error  # fmt: skip
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return out


def require_free(out: Path) -> None:
    """Raise InputError where something lies at `out` already."""
    if out.exists() or out.is_symlink():
        raise InputError(
            f"there is something at {out} already; name a folder that does not exist yet",
            "error.merge_taken", name=out.name,
        )  # fmt: skip


def _write(settings: Settings, source: AdapterSource, draft: Path) -> Tensor:
    """Write the merged model into `draft`; the logits that base and adapter give before they are merged."""
    from transformers import AutoTokenizer

    base = Registry(settings).base()
    loaded = load_base(base, settings)
    wrapped = attach(source, loaded.model)
    expected = _logits(loaded)
    try:
        merged = wrapped.merge_and_unload(safe_merge=True)  # raises ValueError where a weight would be no number
    except (ValueError, NotImplementedError, TypeError) as error:
        raise _unmergeable(source, str(error)) from error
    merged.save_pretrained(draft, safe_serialization=True)
    AutoTokenizer.from_pretrained(base.location, trust_remote_code=False).save_pretrained(draft)
    return expected


def _require_alike(settings: Settings, source: AdapterSource, draft: Path, expected: Tensor) -> float:
    """By how much logits of the folder `draft` differ at most. Raises ModelError where by too much.

    An adapter of a head that shares its weights with the embedding would move these too, for one.
    """
    gc.collect()  # the model that was written goes before it is read again
    written = load_base(BaseSource(draft.name, str(draft), local=True), settings)
    moved = float((_logits(written) - expected).abs().max())
    if not moved <= MOVED * float(expected.abs().max()):
        raise _unmergeable(source, f"the merged model's logits differ by {moved:.2g}")
    return moved


@torch.no_grad()
def _logits(base: Base) -> Tensor:
    """(tokens, vocabulary): what the model foresees in a text that every tokenizer can read."""
    logits: Tensor = base.model(input_ids=torch.tensor([base.chat.encode(SAMPLE)]), use_cache=False).logits
    return logits[0].float()


def _sign(settings: Settings, source: AdapterSource, draft: Path, moved: float) -> None:
    name = Path(settings.base_model).name if Path(settings.base_model).is_dir() else settings.base_model
    record = {"base": name, "adapter": source.name, "dtype": "float32", "moved": moved}
    (draft / ORIGIN).write_text(json.dumps(record, ensure_ascii=False, indent=1), encoding="utf-8")


def _unmergeable(source: AdapterSource, reason: str) -> ModelError:
    return ModelError(
        f"the adapter {source.name} cannot be merged into its base: {reason}; use it as an adapter",
        "error.merge_unable", name=source.name, reason=reason,
    )  # fmt: skip
