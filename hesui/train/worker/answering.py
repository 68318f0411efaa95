"""SFT's part of a trainer: the loss of answers, and no attention to padding that no answer can see.

Rows are padded on the right, so a causal model's labels never see a padding token, mask or no mask; attention without a
mask is quicker. Knows neither where rows come from nor how they are chosen.
"""

from __future__ import annotations

from collections.abc import Mapping
from inspect import signature
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from hesui.models.likelihood import IGNORED

FUSED = ("cuda", "xpu")  # devices for which TRL has a kernel that never makes all logits


def answering(trainer: Any, model: Any) -> Any:
    """An SFT trainer for `model` that takes its loss from what is to be learned alone.

    TRL computes entropy and accuracy of every token as well, of prompts and padding too where it has no kernel for the
    device. Nobody reads them here.
    """
    lean = model.device.type not in FUSED and "logits_to_keep" in signature(model.forward).parameters

    class Answering(trainer):  # type: ignore[misc]
        def training_step(self, model: Any, inputs: dict[str, Any], *rest: Any, **named: Any) -> Any:
            if "attention_mask" in inputs:
                inputs = {**inputs, "attention_mask": torch.ones_like(inputs["attention_mask"])}
            return super().training_step(model, inputs, *rest, **named)

        def compute_loss(
            self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None
        ) -> Any:
            if return_outputs or not lean or self.aux_loss_enabled:
                return super().compute_loss(model, inputs, return_outputs, num_items_in_batch)
            loss = answer_loss(model, inputs, num_items_in_batch)
            shared = num_items_in_batch is not None and self.args.average_tokens_across_devices
            return loss * self.accelerator.num_processes if shared else loss  # which averages gradients afterwards

    return Answering


def answer_loss(model: Any, inputs: Mapping[str, Tensor], tokens: Tensor | int | None = None) -> Tensor:
    """The negative log-likelihood of all labels of a batch that is padded on the right, over `tokens` (None = as many).

    The head computes only the places where some row has a label.
    """
    wanted = inputs["labels"][:, 1:]
    places = (wanted != IGNORED).any(dim=0).nonzero().squeeze(1)
    wanted = wanted[:, places]
    logits = model(input_ids=inputs["input_ids"], use_cache=False, logits_to_keep=places).logits
    loss = cross_entropy(logits.flatten(0, 1).float(), wanted.flatten(), ignore_index=IGNORED, reduction="sum")
    count = (wanted != IGNORED).sum() if tokens is None else torch.as_tensor(tokens, device=loss.device)
    return loss / count.clamp(min=1)
