"""A model whose weights are shared out over a run's processes (FSDP2), and the whole of it for as long as it is asked for.

Each process keeps its part of every weight, gradient and moment; a layer is gathered while it computes. What is saved is
what one process would save. Knows nothing of steps, probes or run folders.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from peft import PeftModel
from torch import Tensor, distributed, nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import FSDPModule, fully_shard
from torch.distributed.tensor import DTensor, distribute_tensor
from transformers.trainer import OPTIMIZER_NAME, SCHEDULER_NAME

from hesui.models.base import Base
from hesui.train.worker.ranks import Ranks

log = logging.getLogger(__name__)

_CPU = torch.device("cpu")


class Shards:
    """One process' parts of the model that a run trains."""

    def __init__(self, base: Base, ranks: Ranks) -> None:
        """`base` holds the model that will be shared out, alone or inside a PEFT model."""
        self._base = base
        self.ranks = replace(ranks, chore=self._gather)  # in which the others gather when the leader asks for it
        self._whole: nn.Module | None = None  # the leader's; it has weights inside `whole` alone
        self._model: Any = None  # what was shared out

    def share_out(self, model: Any) -> None:
        """Leave this process its part of every weight of a model, in place; the values are the leader's."""
        for weight in model.parameters():
            if weight.requires_grad:
                distributed.broadcast(weight.data, src=0)
        if self.ranks.leads:
            self._whole = _hollow(self._base.model)
        mesh = init_device_mesh(self._base.device.type, (self.ranks.world,))
        for layer in _layers(self._base.model):
            fully_shard(layer, mesh=mesh)
        fully_shard(model, mesh=mesh)
        self._model = model
        log.info("the weights are shared out over %d processes", self.ranks.world)

    @contextmanager
    def whole(self) -> Iterator[Base]:
        """The base with all its weights as they are now, to compute with; for the leader, while the others wait.

        Costs the leader's device one copy of the weights beside what it holds, and the others' one weight at a time.
        """
        if self._model is None:
            yield self._base
            return
        self.ranks.together()
        assert self._whole is not None  # the leader has one
        try:
            yield replace(self._base, model=self._whole)
        finally:
            _fill(self._whole, {name: _absent(weight) for name, weight in self._whole.state_dict().items()})

    def entire(self) -> dict[str, Tensor]:
        """What is to be saved of the model, on the CPU; all processes must ask, and all but the leader get nothing."""
        adapter = self._model.base_model.prefix if isinstance(self._model, PeftModel) else ""
        return self._gathered(self._model, _CPU, adapter)

    def watch(self, optimizer: torch.optim.Optimizer) -> None:
        """Let the optimizer's state be told and taken as one process' would be; all processes must ask for it."""
        optimizer.register_state_dict_post_hook(self._told)
        optimizer.register_load_state_dict_pre_hook(_taken)

    def _gather(self) -> None:
        """Fill the leader's copy with all weights."""
        state = self._gathered(self._base.model, self._base.device)
        if self._whole is not None:
            _fill(self._whole, state)

    def _gathered(self, model: nn.Module, device: torch.device, part: str = "") -> dict[str, Tensor]:
        """The weights of (a part of) the model that have `part` in their names, whole; none where this process only helps."""
        _tidy(self._model)
        found: dict[int, Tensor] = {}  # a weight that two modules share stays one
        state: dict[str, Tensor] = {}
        for name, weight in model.state_dict(keep_vars=True).items():
            if part not in name:
                continue
            if id(weight) not in found:
                found[id(weight)] = self._kept(weight, device)
            state[name] = found[id(weight)]
        return state if self.ranks.leads else {}

    def _told(self, _: torch.optim.Optimizer, told: dict[str, Any]) -> dict[str, Any]:
        state = {
            at: {name: self._kept(one, _CPU) if isinstance(one, DTensor) else one for name, one in moments.items()}
            for at, moments in told["state"].items()
        }
        return {**told, "state": state}

    def _kept(self, weight: Tensor, device: torch.device) -> Tensor:
        data = weight.detach()
        full = data.full_tensor() if isinstance(data, DTensor) else data
        return full.to(device) if self.ranks.leads else torch.empty(0)


def sharded(trainer: Any, shards: Shards) -> Any:
    """A trainer that shares its model out before its first step, and saves and resumes as one process would.

    accelerate has the same for CUDA alone: on a CPU it leaves FSDP out without a word, so nothing of it could be tested.
    """

    class Sharded(trainer):  # type: ignore[misc]
        def create_optimizer(self, *rest: Any, **named: Any) -> Any:
            shards.share_out(self.model)
            # In the trainer's words: the model places its weights and reduces its gradients itself.
            self.is_distributed_loading_by_transformers = True
            made = super().create_optimizer(*rest, **named)
            shards.watch(self.optimizer)
            return made

        def _defer_fsdp_gradient_reduction(self) -> AbstractContextManager[None]:
            return nullcontext()  # put off to the end of a step, gradients would be whole until then

        def _save(self, output_dir: str | None = None, state_dict: Any = None) -> None:
            state = shards.entire()
            if self.args.should_save:
                super()._save(output_dir, state)

        def _save_optimizer_and_scheduler(self, output_dir: str) -> None:
            if not self.args.should_save:
                self.optimizer.state_dict()  # to gather it takes all
            super()._save_optimizer_and_scheduler(output_dir)

        def _load_optimizer_and_scheduler(self, checkpoint: str | None) -> None:
            if checkpoint is None:
                return
            # Not as the trainer does it, which would put all moments on each device.
            moments, rate = Path(checkpoint, OPTIMIZER_NAME), Path(checkpoint, SCHEDULER_NAME)
            self.optimizer.load_state_dict(torch.load(moments, map_location="cpu", mmap=True, weights_only=True))
            self.lr_scheduler.load_state_dict(torch.load(rate, weights_only=True))

    return Sharded


def _layers(model: Any) -> list[nn.Module]:
    """The layers that are gathered one after the other: those that transformers would not split between devices."""
    names = set(model._no_split_modules or ())
    return [module for module in model.modules() if type(module).__name__ in names]


def _hollow(model: nn.Module) -> nn.Module:
    """A copy of a model that has its buffers, and the places of its weights alone."""
    places = {id(weight): nn.Parameter(_absent(weight), weight.requires_grad) for weight in model.parameters()}
    hollow = deepcopy(model, places)
    vars(hollow).pop("forward", None)  # a trainer may have put its own there, which goes on to the model itself
    return hollow


def _absent(weight: Tensor) -> Tensor:
    return torch.empty_like(weight, device="meta")


def _fill(model: nn.Module, state: dict[str, Tensor]) -> None:
    model.load_state_dict(state, assign=True)


def _tidy(model: nn.Module) -> None:
    """Let go of what is gathered still: what is at the top of a model stays so after a forward pass without a backward."""
    for module in model.modules():
        if isinstance(module, FSDPModule):
            module.reshard()


def _taken(optimizer: torch.optim.Optimizer, told: dict[str, Any]) -> dict[str, Any]:
    """The state of one process' optimizer, cut to this process' parts of the weights."""
    weights = {
        at: weight
        for mine, theirs in zip(optimizer.param_groups, told["param_groups"], strict=True)
        for at, weight in zip(theirs["params"], mine["params"], strict=True)
    }
    state = {
        at: {name: _part(one, weights[at]) for name, one in moments.items()} for at, moments in told["state"].items()
    }
    return {**told, "state": state}


def _part(moment: Any, weight: Tensor) -> Any:
    if not isinstance(weight, DTensor) or not isinstance(moment, Tensor) or moment.shape != weight.shape:
        return moment  # the number of steps
    return distribute_tensor(moment, weight.device_mesh, weight.placements, src_data_rank=None)
