"""Rows of one batch with different LoRA adapters on one copy of the base.

For every layer, W x + B A x · α/r: the A of all adapters in the batch are stacked along the rank, and so are
their B, so that a batch costs one pair of products however many adapters it mixes; a row's mask keeps the
ranks of its own adapter and silences the others. Knows nothing of tokens or of text.
LoRA: Hu et al. 2021, arXiv 2106.09685; rank-stabilised scaling α/√r: Kalajdzievski 2023, arXiv 2312.03732.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from hesui.errors import ModelError
from hesui.models.linear import product
from hesui.models.registry import ADAPTER_CONFIG, ADAPTER_WEIGHTS, AdapterSource

FACTOR = re.compile(r"base_model\.model\.(?P<layer>.+)\.lora_(?P<factor>[AB])\.weight")

# What an adapter's configuration may say without changing the product above. Anything else that is set there
# (DoRA, biases, saved modules, a rank of experts, …) needs PEFT's own code.
HARMLESS = frozenset(
    "peft_type task_type base_model_name_or_path revision auto_mapping peft_version inference_mode "
    "r lora_alpha lora_dropout use_rslora rank_pattern alpha_pattern target_modules exclude_modules "
    "layers_to_transform layers_pattern fan_in_fan_out init_lora_weights loftq_config eva_config corda_config "
    "lora_ga_config runtime_config megatron_core qalora_group_size ensure_weight_tying".split()
)
INITS_THAT_KEEP_THE_BASE = (True, False, "gaussian", "eva", "orthogonal")


class NotMixable(Exception):
    """This adapter needs PEFT's own code, so its rows cannot share a batch."""


@dataclass(frozen=True, slots=True)
class Factors:
    """One adapter on one layer."""

    down: Tensor  # A: (rank, inputs)
    up: Tensor  # B · scaling: (outputs, rank)


@dataclass(frozen=True, slots=True)
class Adapter:
    """An adapter in memory."""

    name: str
    layers: dict[str, Factors]  # by the layer's name in the base


@dataclass(frozen=True, slots=True)
class Part:
    """What a mixed batch adds to one layer."""

    down: Tensor  # (ranks of all adapters in the batch, inputs)
    up: Tensor  # (outputs, ranks)
    mask: Tensor | None  # (rows, 1, ranks), 1 where a row uses a rank; None = every row uses every rank


def read_adapter(source: AdapterSource, model: nn.Module) -> Adapter:
    """The adapter at `source`, cast and moved to `model`.

    Raises NotMixable where PEFT's own code is needed, ModelError where it is broken or made for another base.
    """
    config = read_config(source)
    tensors = _read_tensors(source)
    require_mixable(config, tensors)
    modules = dict(model.named_modules())
    names = sorted({match["layer"] for key in tensors if (match := FACTOR.fullmatch(key))})
    layers = {name: _factors(name, tensors, config) for name in names}
    for name, factors in layers.items():
        _require_fit(source, name, factors, modules.get(name))
    where = next(model.parameters())
    return Adapter(source.name, {name: _moved(factors, where) for name, factors in layers.items()})


def read_config(source: AdapterSource) -> dict[str, Any]:
    """The adapter's configuration. Raises ModelError where it is no JSON object or would rewrite the base."""
    try:
        config = json.loads((source.folder / ADAPTER_CONFIG).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise _unusable(source, f"{ADAPTER_CONFIG}: {error}") from error
    if not isinstance(config, dict):
        raise _unusable(source, f"{ADAPTER_CONFIG} holds no object")
    init = config.get("init_lora_weights", True)
    if init not in INITS_THAT_KEEP_THE_BASE:
        raise _unusable(source, f"init_lora_weights={init!r} rewrites the base; convert it to a plain LoRA first")
    return config


def require_mixable(config: dict[str, Any], tensors: dict[str, Tensor]) -> None:
    """Raise NotMixable unless the adapter is nothing but LoRA factors of linear layers."""
    if config.get("peft_type") != "LORA":
        raise NotMixable(f"peft_type {config.get('peft_type')}")
    for key, value in config.items():
        if key not in HARMLESS and value not in (None, False, [], {}, "none"):
            raise NotMixable(f"{key}={value}")
    for key in tensors:
        if not FACTOR.fullmatch(key):
            raise NotMixable(f"weights {key}")


class Mix:
    """The adapters of one base, and which row of the present batch uses which.

    It hooks the layers that adapters touch and leaves the base's modules in place. One batch at a time: whoever
    owns the model takes turns.
    """

    def __init__(self, model: nn.Module) -> None:
        self._model = model
        self._adapters: dict[str, Adapter] = {}
        self._hooked: set[str] = set()
        self._stacks: tuple[tuple[str, ...], dict[str, Part]] = ((), {})  # of the last set of adapters
        self._parts: dict[str, Part] = {}  # of the forward pass that is running

    def __contains__(self, name: object) -> bool:
        return name in self._adapters

    def add(self, adapter: Adapter) -> None:
        """Make `adapter` available by its name, in the place of one of the same name."""
        self._adapters[adapter.name] = adapter
        self._stacks = ((), {})
        for layer in adapter.layers.keys() - self._hooked:
            self._model.get_submodule(layer).register_forward_hook(partial(self._extend, layer))
            self._hooked.add(layer)

    def parts(self, rows: Sequence[str | None]) -> dict[str, Part]:
        """What a batch adds to each layer, where row i uses the adapter `rows[i]` (None = the base alone)."""
        names = tuple(sorted({name for name in rows if name is not None}))
        if not names:
            return {}
        if self._stacks[0] != names:
            self._stacks = (names, self._stack([self._adapters[name] for name in names]))
        stacked = self._stacks[1]
        if len(names) == 1 and None not in rows:
            return stacked
        masks = {owners: _mask(owners, rows) for owners in {self._owners(layer, names) for layer in stacked}}
        return {
            layer: Part(part.down, part.up, masks[self._owners(layer, names)].to(part.down))
            for layer, part in stacked.items()
        }

    @contextmanager
    def active(self, parts: dict[str, Part]) -> Iterator[None]:
        """Forward passes inside add `parts`."""
        self._parts = parts
        try:
            yield
        finally:
            self._parts = {}

    def _extend(self, layer: str, _: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        part = self._parts.get(layer)
        if part is None:
            return
        hidden = product(inputs[0], part.down)
        if part.mask is not None:
            hidden *= part.mask
        output += product(hidden, part.up)  # in place: a linear layer's output is nobody else's yet

    @staticmethod
    def _stack(adapters: Sequence[Adapter]) -> dict[str, Part]:
        layers = sorted(set().union(*(adapter.layers for adapter in adapters)))
        return {layer: _stacked([a.layers[layer] for a in adapters if layer in a.layers]) for layer in layers}

    def _owners(self, layer: str, names: Sequence[str]) -> tuple[tuple[str, int], ...]:
        """Whose the stacked ranks of a layer are: (adapter, how many of them)."""
        layers = ((name, self._adapters[name].layers.get(layer)) for name in names)
        return tuple((name, len(factors.down)) for name, factors in layers if factors is not None)


def _mask(owners: Sequence[tuple[str, int]], rows: Sequence[str | None]) -> Tensor:
    """(rows, 1, ranks): 1 where the rank is the row's own adapter's."""
    ranks = [name for name, rank in owners for _ in range(rank)]
    return torch.tensor([[[float(name == row) for name in ranks]] for row in rows])


def _read_tensors(source: AdapterSource) -> dict[str, Tensor]:
    try:
        return load_file(source.folder / ADAPTER_WEIGHTS)
    except (OSError, SafetensorError) as error:
        raise _unusable(source, f"{ADAPTER_WEIGHTS}: {error}") from error


def _factors(layer: str, tensors: dict[str, Tensor], config: dict[str, Any]) -> Factors:
    try:
        down, up = (tensors[f"base_model.model.{layer}.lora_{factor}.weight"].float() for factor in "AB")
    except KeyError as error:
        raise NotMixable(f"no weights {error}") from error
    rank = len(down)
    alpha = _pattern(config.get("alpha_pattern") or {}, layer, config["lora_alpha"])
    return Factors(down, up * (alpha / (rank**0.5 if config.get("use_rslora") else rank)))


def _pattern(patterns: dict[str, float], layer: str, default: float) -> float:
    # As PEFT matches it: the whole name, or its end after a dot.
    matches = (value for key, value in patterns.items() if re.fullmatch(rf"(.*\.)?({key})", layer))
    return next(matches, default)


def _require_fit(source: AdapterSource, layer: str, factors: Factors, module: nn.Module | None) -> None:
    if module is None:
        raise _unusable(source, f"it was made for another base: this one has no layer {layer}")
    if isinstance(module, nn.Embedding) or not isinstance(weight := getattr(module, "weight", None), Tensor):
        raise NotMixable(f"layer {layer} is no linear layer")
    outputs, inputs = weight.shape if isinstance(module, nn.Linear) else weight.T.shape  # Conv1D is transposed
    wanted, found = (outputs, inputs), (factors.up.shape[0], factors.down.shape[1])
    if found != wanted:
        raise _unusable(source, f"it was made for another base: {layer} is {wanted} here, {found} there")


def _moved(factors: Factors, where: Tensor) -> Factors:
    return Factors(factors.down.to(where).contiguous(), factors.up.to(where).contiguous())


def _stacked(factors: Sequence[Factors]) -> Part:
    if len(factors) == 1:
        return Part(factors[0].down, factors[0].up, None)
    return Part(torch.cat([f.down for f in factors]), torch.cat([f.up for f in factors], dim=1), None)


def _unusable(source: AdapterSource, reason: str) -> ModelError:
    return ModelError(
        f"the adapter {source.name} cannot be used: {reason}", "error.adapter_unusable", name=source.name, reason=reason
    )
