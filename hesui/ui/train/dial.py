"""The dial and the settings behind it: their widgets, their values, the command that says the same.

Knows neither data nor runs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, get_args

import gradio as gr

from hesui.settings import EMBEDDED
from hesui.train.config import PRESETS, Method, Preset, TrainConfig
from hesui.train.data import LEARNS_FROM, DataSet
from hesui.train.worker.plan import make_plan
from hesui.ui import parts, render
from hesui.ui.page import html
from hesui.ui.room import button, naming, says
from hesui.ui.train.room import Room

DIAL: tuple[Preset, ...] = get_args(Preset)
METHODS: tuple[Method, ...] = get_args(Method)
NUMBERS = {
    "rank": 0, "alpha": 0, "learning_rate": None, "epochs": None, "batch": 0, "micro_batch": 0, "context": 0,
    "samples": 0, "probe_prompts": 0, "patience": 0, "seed": 0,
}  # fmt: skip
# By name: digits after the point; None = as many as there are.
CHECKS = ("rslora", "dora", "markers", "quantize")
EXPLAINED = ("epochs", "micro_batch", "context", "samples", "patience")  # numbers that need a word more
OPTIONS = (  # of `hesui train start`
    "method", "rank", "alpha", "learning_rate", "epochs", "batch", "micro_batch", "context", "seed",
)  # fmt: skip


class Widgets(NamedTuple):
    """The dial, and what lies behind it."""

    preset: gr.Radio
    estimate: gr.Button
    cost: gr.HTML
    epochs: gr.HTML
    method: gr.HTML
    form: dict[str, Any]  # by the names of TrainConfig's fields


def build(room: Room) -> Widgets:
    """Lay out the dial."""
    labels, form = room.labels, dict[str, Any]()
    usual = dialled("standard", room.settings.base_model)
    html(f"<h2>{render.say('train.dial')}</h2>")
    with gr.Row(elem_classes="tr-dial"):
        preset = labels.make(
            gr.Radio,
            lambda t: {"label": t("train.dial.label"), "info": t("train.dial.info"),
                       "choices": [(t(f"train.preset.{one}"), one) for one in DIAL]},
            value="standard", elem_id="train-preset", elem_classes="choice", min_width=220,
        )  # fmt: skip
        estimate = labels.make(gr.Button, button("train.estimate"), elem_id="train-estimate", min_width=80)
    cost = html(elem_id="train-cost", elem_classes="tr-cost")
    epochs = html(elem_id="train-epochs-hint")
    with labels.make(gr.Accordion, says("form.more"), open=False, elem_id="train-more"):
        with gr.Row(elem_classes="fields"):
            form["method"] = labels.make(
                gr.Radio, says("train.set.method"), choices=[(one.upper(), one) for one in METHODS], value=METHODS[0],
                elem_id="train-method", elem_classes="choice", min_width=240,
            )  # fmt: skip
            form["adaptation"] = labels.make(
                gr.Radio, lambda t: {"label": t("train.set.adaptation"),
                                     "choices": [("LoRA", "lora"), (t("train.full"), "full")]},
                value="lora", elem_id="train-adaptation", elem_classes="choice", min_width=150,
            )  # fmt: skip
        method = html(elem_id="train-method-hint")
        with gr.Row(elem_classes="fields"):
            for name, digits in NUMBERS.items():
                info = {"info": f"train.zero.{name}"} if name in EXPLAINED else {}
                form[name] = labels.make(
                    gr.Number, says(f"train.set.{name}", **info), value=usual[name],
                    precision=digits, elem_id=f"train-{name.replace('_', '-')}", min_width=118,
                )  # fmt: skip
        with gr.Row(elem_classes=["fields", "tr-checks"]):
            for name in CHECKS:
                form[name] = labels.make(
                    gr.Checkbox, says(f"train.set.{name}", info=f"train.set.{name}.info"), value=False,
                    elem_id=f"train-{name}", min_width=140,
                )  # fmt: skip
    return Widgets(preset, estimate, cost, epochs, method, form)


def known(preset: str) -> Preset:
    """A dial by its name; the standard one where there is none of that name."""
    return next((one for one in DIAL if one == preset), "standard")


def dialled(preset: str, base: str, method: str = "sft") -> dict[str, Any]:
    """All settings of a dial for a base and a method."""
    wanted = next((one for one in METHODS if one == method), METHODS[0])
    return TrainConfig(data=Path(), base=base, method=wanted, **PRESETS[known(preset)]).model_dump()


def checked(preset: str, values: Mapping[str, Any]) -> TrainConfig:
    """A run's settings: the dial's, but for `values`.

    Raises InputError, which names the first that cannot be used in the page's words.
    """
    with naming("train.set"):
        return TrainConfig(**{**PRESETS[known(preset)], **values})


def explained(method: Method, data: DataSet, samples: int) -> str:
    """What a method makes of such data, where that is not plain from its name."""
    if data.kind not in LEARNS_FROM[method] or method == data.kind:
        return ""
    return parts.hint("train.method.grpo" if method == "grpo" else "train.method.sampled", n=samples)


def epochs(config: TrainConfig, rows: int) -> str:
    """How often the rows will be gone through, and why so often."""
    plan = make_plan(config, rows)
    key = "set" if config.epochs or config.steps else "suggested"
    if config.most_steps and plan.steps == config.most_steps:
        key = "capped"
    return parts.hint(f"train.epochs.{key}", n=f"{round(plan.epochs, 1):g}", rows=rows, steps=plan.steps)


def command(data: Path, preset: str, given: Mapping[str, Any], base: str = EMBEDDED, kind: str = "sft") -> list[str]:
    """The words of the command that starts the same run; `kind` is the data's."""
    usual = {**dialled(preset, base, given.get("method", kind)), "method": kind}
    words = ["hesui", "train", "start", "--data", str(data), "--preset", known(preset)]
    for name, value in given.items():
        if value == usual[name]:
            continue
        if name == "adaptation":
            words.append("--full")
        elif name in OPTIONS:
            words += [f"--{name.replace('_', '-')}", f"{value:g}" if isinstance(value, float) else str(value)]
        else:
            words += ["--set", f"{name}={json.dumps(value)}"]
    return words
