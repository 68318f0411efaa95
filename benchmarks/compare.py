"""What a second pane costs: base and tuned in one batch, against other ways to get both answers.

    python benchmarks/compare.py

Two model sizes: the embedded one (a random one of its shape where it is missing) and a random Qwen3 of 100 million
parameters, each with a LoRA of rank 16 on all linear layers. Every way draws the same number of tokens, ends being
ignored. Times are medians over repeats that take turns, ratios are medians of the ratios within one repeat. Memory
is what a process of its own takes at its peak beyond what importing the libraries takes.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import NamedTuple

import torch
from transformers import AutoModelForCausalLM, Qwen3Config, Qwen3ForCausalLM
from transformers.utils import logging as transformers_logging

from hesui.models.base import Base
from hesui.models.decoding import Decoder, Draft
from hesui.models.device import choose_threads
from hesui.models.linear import hasten
from hesui.models.lora import Adapter, Factors, Mix
from hesui.models.sampling import Dice
from hesui.records import Sampling
from hesui.settings import TINY, Settings

RANK = 16
PROMPT_TOKENS = 40
SECONDS = 60  # of measuring a size, unless the fewest repeats take longer
FEWEST_REPEATS, MOST_REPEATS = 5, 31
TUNED = "tuned"


@dataclass(frozen=True)
class Size:
    """A model to measure."""

    config: Qwen3Config
    tokens: int  # of an answer


def shape(hidden: int, layers: int, inner: int, heads: int, head: int, vocabulary: int) -> Qwen3Config:
    return Qwen3Config(
        hidden_size=hidden,
        num_hidden_layers=layers,
        intermediate_size=inner,
        num_attention_heads=heads,
        num_key_value_heads=heads // 2,
        head_dim=head,
        vocab_size=vocabulary,
        max_position_embeddings=2048,
        tie_word_embeddings=True,
    )


SIZES = {
    "embedded": Size(shape(256, 4, 640, 8, 32, 1500), tokens=64),
    "100M": Size(shape(768, 12, 2048, 12, 64, 32_000), tokens=48),
}


class Took(NamedTuple):
    """Seconds of one measurement."""

    all: float
    first_token: float  # until each pane has its first one


class Silent:
    """Stands in for a detokenizer: text is not what is measured."""

    text = ""

    def add(self, token: int) -> str:
        return ""


def make_model(size: str) -> Qwen3ForCausalLM:
    base = TINY / "base"
    if size == "embedded" and base.is_dir():
        return AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32).eval()
    torch.manual_seed(0)
    return Qwen3ForCausalLM(SIZES[size].config).eval()


def make_adapter(model: Qwen3ForCausalLM) -> Adapter:
    linear = {name: layer for name, layer in model.model.named_modules() if isinstance(layer, torch.nn.Linear)}
    return Adapter(
        TUNED,
        {
            f"model.{name}": Factors(
                torch.randn(RANK, layer.in_features) * 0.02, torch.randn(layer.out_features, RANK) * 0.02
            )
            for name, layer in linear.items()
        },
    )


def make_decoder(size: str) -> Decoder:
    model = make_model(size)
    torch.set_num_threads(choose_threads(Settings(device="cpu"), model.num_parameters()))
    hasten(model)
    mix = Mix(model)
    mix.add(make_adapter(model))
    base = Base(model, None, model.device, (3,), 2048, 0)  # type: ignore[arg-type]  # no text, no chat
    return Decoder(base, mix)


def draft(adapter: str | None, tokens: int) -> Draft:
    prompt = list(range(4, 4 + PROMPT_TOKENS))
    return Draft(prompt, adapter, Sampling(), tokens, Dice(0), Silent())  # type: ignore[arg-type]


def draw(decoder: Decoder, adapters: list[str | None], tokens: int) -> Took:
    start = time.perf_counter()
    run = decoder.run([[draft(adapter, tokens)] for adapter in adapters], ignore_end=True)
    next(run)
    first = time.perf_counter() - start
    for _ in run:
        pass
    return Took(time.perf_counter() - start, first)


def after_each_other(decoder: Decoder, tokens: int) -> Took:
    one, other = draw(decoder, [None], tokens), draw(decoder, [TUNED], tokens)
    return Took(one.all + other.all, one.all + other.first_token)


def at_once(decoders: list[Decoder], tokens: int) -> Took:
    """Two copies of the model, a thread each."""
    took: list[Took] = []
    jobs = zip(decoders, ([None], [TUNED]), strict=True)
    threads = [threading.Thread(target=lambda d=d, a=a: took.append(draw(d, a, tokens))) for d, a in jobs]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Took(time.perf_counter() - start, max(one.first_token for one in took))


WAYS = {
    "base alone": lambda decoders, tokens: draw(decoders[0], [None], tokens),
    "tuned alone": lambda decoders, tokens: draw(decoders[0], [TUNED], tokens),
    "both, mixed batch": lambda decoders, tokens: draw(decoders[0], [None, TUNED], tokens),
    "both, one after the other": lambda decoders, tokens: after_each_other(decoders[0], tokens),
    "both, two full copies": at_once,
}
ONE, MIXED, SEQUENTIAL, COPIES = list(WAYS)[1:]


def copies(way: str) -> int:
    return 2 if way == COPIES else 1


def rotated(names: list[str], by: int) -> list[str]:
    return [*names[by % len(names) :], *names[: by % len(names)]]


def times(size: str) -> dict[str, list[Took]]:
    """All repeats of all ways, in turn, so that a busy machine slows each of them alike."""
    decoders = [make_decoder(size) for _ in range(2)]
    took: dict[str, list[Took]] = {way: [] for way in WAYS}
    for way in WAYS:
        WAYS[way](decoders, 4)  # warm up
    end = time.monotonic() + SECONDS
    for repeat in range(MOST_REPEATS):
        if repeat >= FEWEST_REPEATS and time.monotonic() > end:
            break
        for way in rotated(list(WAYS), repeat):
            took[way].append(WAYS[way](decoders, SIZES[size].tokens))
    return took


def resident(field: str) -> float:
    """MiB of this process: VmRSS now, VmHWM at the peak."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field)) / 1024


def measure_memory(size: str, way: str) -> float:
    """MiB at the peak beyond the imports; for a process that does nothing else."""
    torch.nn.functional.linear(torch.ones(8, 8), torch.ones(8, 8))  # what the first product allocates is no model's
    before = resident("VmRSS")
    decoders = [make_decoder(size) for _ in range(copies(way))]
    Path("/proc/self/clear_refs").write_text("5")  # making random weights is not what is measured
    WAYS[way](decoders, SIZES[size].tokens)
    return resident("VmHWM") - before


def memory(size: str) -> dict[str, float]:
    """What each way takes in a process of its own, in MiB; empty where the system does not tell."""
    if not Path("/proc/self/clear_refs").exists():
        return {}
    command = [sys.executable, __file__, "--size", size, "--way"]
    runs = {way: subprocess.run([*command, way], capture_output=True, text=True, check=True) for way in WAYS}
    return {way: float(run.stdout.split()[-1]) for way, run in runs.items()}


def ratio(took: dict[str, list[Took]], way: str, other: str) -> float:
    pairs = zip(took[way], took[other], strict=True)
    return statistics.median(one.all / two.all for one, two in pairs)


def report(size: str) -> dict[str, float | None]:
    took, peak = times(size), memory(size)
    tokens = SIZES[size].tokens
    print(f"\n{size}: {tokens} tokens an answer, {len(took[ONE])} repeats, {torch.get_num_threads()} threads")
    print(f"{'':28}{'time s':>9}{'first token s':>15}{'vs tuned alone':>16}{'peak MiB':>10}")
    for way, runs in took.items():
        total, first = (statistics.median(column) for column in zip(*runs, strict=True))
        mib = f"{peak[way]:.0f}" if peak else "?"
        print(f"{way:28}{total:9.3f}{first:15.4f}{ratio(took, way, ONE):15.2f}x{mib:>10}")
    return {
        "time_vs_one": round(ratio(took, MIXED, ONE), 3),
        "time_vs_sequential": round(ratio(took, MIXED, SEQUENTIAL), 3),
        "memory_vs_one": round(peak[MIXED] / peak[ONE], 3) if peak else None,
        "time_copies_vs_one": round(ratio(took, COPIES, ONE), 3),
        "memory_copies_vs_one": round(peak[COPIES] / peak[ONE], 3) if peak else None,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", choices=SIZES, help="measure this size only")
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    transformers_logging.disable_progress_bar()
    if options.way:
        print(measure_memory(options.size, options.way))
        return
    print(f"{date.today()}, {platform.processor() or platform.machine()}, {os.cpu_count()} cores, ", end="")
    print(f"torch {torch.__version__}, float32")
    print(json.dumps({size: report(size) for size in ([options.size] if options.size else SIZES)}))


if __name__ == "__main__":
    main()
