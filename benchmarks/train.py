"""How quickly hesui's worker trains, against plain TRL: tokens a second and memory, on the same rows in the same run.

    python benchmarks/train.py

Three ways learn from the same tokenised rows of the composer, each row once, in as many steps of as many rows, with the
same LoRA and in bfloat16 where the device is quick with it: hesui's trainer; TRL's SFTTrainer as its defaults are; and
the same without gradient checkpointing, which TRL has on and hesui off. That row is there because not computing
everything twice is a gain that one setting buys. What is left between it and hesui's is, on a CPU:

- rows of like length share a batch, so that little of it is padding;
- the head computes answers only, and neither entropy nor accuracy of every token;
- attention needs no mask, because no answer ever sees the padding on its right.

All ways get as many threads as hesui's worker takes, which is one for a model as small as the embedded one: on a busy
machine several threads that wait for each other would make TRL look many times slower.

None of it is less work for the model: that all ways saw the same tokens, and as many of them with a loss, is asserted.
Each measurement is a process of its own, forked after the imports; ways take turns, times are medians, ratios are medians
of the ratios within one repeat. Tokens are real ones, without padding, from the first step's begin to the last one's end.
Memory is the peak beyond what the imports take, on a GPU what its allocator held.

On a GPU the model is a random one of Qwen3-0.6B's shape, rows have up to 4,096 tokens, and model FLOPs utilisation is
measured as in PaLM (Chowdhery et al. 2022, arXiv 2204.02311, appendix B): 6 N + 12 L H Q T operations a token over the
device's peak, with N parameters, L layers, H heads of Q numbers and T tokens in a row. It counts what training all weights
would take. LoRA leaves out the frozen weights' own gradients, about a third of 6 N, so its figure flatters.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import platform
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from itertools import count, islice
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import torch
from datasets import Dataset, disable_progress_bars
from peft import LoraConfig
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    PrinterCallback,
    Qwen3Config,
    Qwen3ForCausalLM,
    TrainerCallback,
)
from transformers.utils import logging as transformers_logging
from trl.trainer.sft_config import SFTConfig
from trl.trainer.sft_trainer import SFTTrainer

from hesui.corpus.briefs import Task
from hesui.corpus.composer import exact_length, example
from hesui.corpus.rows import Row
from hesui.corpus.splits import freeze, split_of
from hesui.models.device import choose_device
from hesui.settings import EMBEDDED, TINY, Settings
from hesui.train.config import TrainConfig
from hesui.train.data import describe
from hesui.train.worker.learner import load_learner, suit_attention
from hesui.train.worker.lessons import prepare
from hesui.train.worker.plan import make_plan
from hesui.train.worker.trainers import make_trainer

HESUI, NO_CHECKPOINTING, TRL = "hesui's worker", "TRL, no gradient checkpointing", "TRL's defaults"
WAYS = (HESUI, NO_CHECKPOINTING, TRL)
MIX: dict[Task, float] = {"greeting": 0.64, "long": 0.10, "essay": 0.08, "verse": 0.10, "summary": 0.08}
BATCH, MICRO = 16, 4  # rows of a step; of them at once on a GPU, where rows are long
LONGEST = 4096  # tokens of a row on a GPU
QWEN = Qwen3Config(  # Qwen3-0.6B
    vocab_size=151_936, hidden_size=1024, intermediate_size=3072, num_hidden_layers=28, num_attention_heads=16,
    num_key_value_heads=8, head_dim=128, max_position_embeddings=40_960, tie_word_embeddings=True, dtype=torch.bfloat16,
)  # fmt: skip
PEAKS = {"H200": 989e12, "H100 PCIe": 756e12, "H100": 989e12, "A100": 312e12}  # dense bfloat16, as NVIDIA states them


class Work(NamedTuple):
    """What is to be measured."""

    data: Path
    base: str
    rows: Path  # a file for what `tokenise` writes
    steps: int
    batch: int
    micro: int


class Took(NamedTuple):
    """One way's measurement."""

    tokens: int  # without padding
    learned: int  # of them with a loss
    squares: int  # the sum of the rows' tokens, squared, which attention costs
    cells: int  # padding and all
    seconds: float
    cpu: float  # seconds of all threads
    peak: float  # MiB
    parameters: int

    @property
    def padding(self) -> float:
        """The share of what was computed that is padding."""
        return 1 - self.tokens / self.cells

    @property
    def speed(self) -> float:
        """Tokens a second."""
        return self.tokens / self.seconds


class Counting:
    """A collator that counts what it has put together."""

    def __init__(self, collator: Any) -> None:
        self._collator = collator
        self.tokens = self.learned = self.squares = self.cells = 0

    def __call__(self, rows: Sequence[Mapping[str, Any]]) -> Any:
        batch = self._collator(rows)
        lengths = [len(row["input_ids"]) for row in rows]
        self.tokens += sum(lengths)
        self.squares += sum(length**2 for length in lengths)
        self.learned += int((batch["labels"][:, 1:] != -100).sum())
        self.cells += batch["labels"].numel()
        return batch


class Clock(TrainerCallback):
    """Takes the time between the first step's begin and the last one's end; stands in for hesui's watch."""

    trainer: Any

    def __init__(self) -> None:
        self._began: tuple[float, float] | None = None
        self.seconds = self.cpu = 0.0

    def on_step_begin(self, *_: Any, **__: Any) -> None:
        settle()
        self._began = self._began or (time.perf_counter(), time.process_time())

    def on_step_end(self, *_: Any, **__: Any) -> None:
        settle()
        self.seconds, self.cpu = time.perf_counter() - self._began[0], time.process_time() - self._began[1]


def settle() -> None:
    """Wait until a GPU has done what it was told."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()


# The data


def compose(rows: int, folder: Path, longest: int = 0) -> Path:
    """A frozen data set of so many rows of train; with `longest`, answers are strung together up to so many characters."""
    rng = Random(2027)
    families = (name for name in map(str, count()) if split_of(name) == "train")
    made = []
    for name in islice(families, rows):
        task = rng.choices(list(MIX), list(MIX.values()))[0]
        one = example(task, "train", rng, exact_length)
        answer, wanted = one.completion, rng.randint(longest // 8, longest) - len(one.brief.prompt) - 8
        while len(answer) < wanted:
            answer += example("long", "train", rng, exact_length).completion
        answer = answer[:wanted] if longest else answer
        made.append(Row(name, task, one.brief.prompt, one.brief.constraint, name, answer))
    freeze(made, folder)
    return folder


def make_base(folder: Path) -> str:
    """A random model of Qwen3-0.6B's shape with the embedded one's tokenizer, in a folder."""
    torch.manual_seed(0)
    tokenizer = AutoTokenizer.from_pretrained(TINY / "base")
    model = Qwen3ForCausalLM(QWEN)
    model.config.eos_token_id = model.generation_config.eos_token_id = tokenizer.eos_token_id
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return str(folder)


# One measurement


def measure(way: str, task: Work) -> Took:
    """Train once; for a process that does nothing else, but that tests may call it too."""
    warnings.simplefilter("ignore")
    torch.nn.functional.linear(torch.ones(8, 8), torch.ones(8, 8))  # what the first product allocates is no trainer's
    before, clock = resident("VmRSS"), Clock()
    reset = Path("/proc/self/clear_refs")
    if reset.exists():
        reset.write_text("5")
    with tempfile.TemporaryDirectory() as output:
        trainer = ours(task, clock, Path(output)) if way == HESUI else theirs(way, task, clock, Path(output))
        trainer.data_collator = counting = Counting(trainer.data_collator)
        trainer.train()
    on_gpu = torch.cuda.is_available()
    peak = torch.cuda.max_memory_allocated() / 2**20 if on_gpu else resident("VmHWM") - before
    parameters = sum(weight.numel() for name, weight in trainer.model.named_parameters() if "lora" not in name)
    return Took(
        counting.tokens, counting.learned, counting.squares, counting.cells, clock.seconds, clock.cpu, peak, parameters
    )


def ours(task: Work, clock: Clock, output: Path) -> Any:
    """hesui's trainer, made as its worker makes it."""
    config = configured(task)
    learner = load_learner(config, Settings())
    lessons = prepare(describe(task.data), config, learner.base)
    suit_attention(learner, max(lessons.lengths), config.method)
    return make_trainer(config, make_plan(config, len(lessons.train)), learner, lessons, output, clock)


def theirs(way: str, task: Work, clock: Clock, output: Path) -> Any:
    """TRL's trainer with its own defaults, on the rows and with the LoRA that hesui's has."""
    told = json.loads(task.rows.read_text())
    torch.set_num_threads(told["threads"])
    on_cpu, config = told["device"] == "cpu", configured(task)
    model = AutoModelForCausalLM.from_pretrained(told["location"], dtype=told["dtype"])
    lora = LoraConfig(task_type="CAUSAL_LM", r=config.rank, lora_alpha=config.alpha, target_modules="all-linear")
    arguments = SFTConfig(
        str(output), max_steps=task.steps, per_device_train_batch_size=task.micro,
        gradient_accumulation_steps=task.batch // task.micro, max_length=LONGEST, use_cpu=on_cpu, bf16=told["half"],
        report_to=[], disable_tqdm=True, dataloader_pin_memory=not on_cpu,
        **({"gradient_checkpointing": False} if way == NO_CHECKPOINTING else {}),
    )  # fmt: skip
    trainer = SFTTrainer(
        model, arguments, train_dataset=Dataset.from_list(told["rows"]), peft_config=lora, callbacks=[clock],
        processing_class=AutoTokenizer.from_pretrained(told["location"]),
    )  # fmt: skip
    trainer.remove_callback(PrinterCallback)
    return trainer


def tokenise(task: Work) -> None:
    """Write down for TRL's trainer what hesui's worker would learn from, and with what."""
    learner = load_learner(configured(task), Settings())
    told = {
        "rows": prepare(describe(task.data), configured(task), learner.base).train,
        "location": learner.base.model.name_or_path,
        "device": learner.base.device.type,
        "dtype": str(learner.base.model.dtype).removeprefix("torch."),
        "half": learner.half,
        "threads": torch.get_num_threads(),
    }
    task.rows.write_text(json.dumps(told))


def configured(task: Work) -> TrainConfig:
    return TrainConfig(data=task.data, base=task.base, steps=task.steps, batch=task.batch, micro_batch=task.micro)


def resident(field: str) -> float:
    """MiB of this process: VmRSS now, VmHWM at the peak; 0 where the system does not tell."""
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith(field)), 0.0)


# All of them


def apart(action: Callable[..., Any], *values: Any) -> Any:
    """What `action` returns in a process of its own, forked from this one."""
    context = multiprocessing.get_context("fork")
    mine, its = context.Pipe(duplex=False)
    process = context.Process(target=lambda: its.send(action(*values)))
    process.start()
    its.close()
    try:
        return mine.recv()
    except EOFError:
        raise SystemExit("a measurement failed, see above") from None
    finally:
        process.join()


def rotated(by: int) -> Sequence[str]:
    return [*WAYS[by % len(WAYS) :], *WAYS[: by % len(WAYS)]]


def compare(task: Work, repeats: int) -> dict[str, list[Took]]:
    """All repeats of all ways, in turn, so that a busy machine slows each of them alike."""
    apart(tokenise, task)
    took: dict[str, list[Took]] = {way: [] for way in WAYS}
    for repeat in range(repeats):
        for way in rotated(repeat):
            took[way].append(apart(measure, way, task))
    require_same_work(took)
    return took


def require_same_work(took: Mapping[str, Sequence[Took]]) -> None:
    """Raise AssertionError unless all measurements saw the same tokens, and as many with a loss."""
    seen = {(one.tokens, one.learned, one.squares) for measured in took.values() for one in measured}
    assert len(seen) == 1, f"not the same work: {seen}"


def ratio(took: Mapping[str, Sequence[Took]], way: str, field: str) -> float:
    """A figure of `way` over that of TRL's defaults."""
    pairs = zip(took[way], took[TRL], strict=True)
    return statistics.median(getattr(one, field) / max(getattr(two, field), 1e-9) for one, two in pairs)


def utilisation(one: Took, config: Qwen3Config, device: str) -> float | None:
    """Model FLOPs utilisation, see above; None where the device's peak is not known."""
    peak = next((peak for name, peak in PEAKS.items() if name in device), None)
    attention = 12 * config.num_hidden_layers * config.num_attention_heads * config.head_dim * one.squares
    return (6 * one.parameters * one.tokens + attention) / one.seconds / peak if peak else None


def report(took: Mapping[str, Sequence[Took]], device: str) -> dict[str, Any]:
    """Print the table; the figures of the last line."""
    print(f"{'':32}{'tokens/s':>10}{'vs TRL':>9}{'CPU time vs TRL':>17}{'padding':>9}{'peak MiB':>10}")
    for way, measured in took.items():
        speed, peak = (statistics.median(getattr(one, name) for one in measured) for name in ("speed", "peak"))
        told = f"{speed:10,.0f}{ratio(took, way, 'speed'):8.2f}x{ratio(took, way, 'cpu'):16.2f}x"
        print(f"{way:32}{told}{measured[0].padding:9.0%}{peak:10,.0f}")
    mfus = [utilisation(one, QWEN, device) for one in took[HESUI]]
    known = [mfu for mfu in mfus if mfu is not None]
    return {
        "tokens_vs_trl": round(ratio(took, HESUI, "speed"), 3),
        "memory_vs_trl": round(ratio(took, HESUI, "peak"), 3),
        "device": device,
        "mfu": round(statistics.median(known), 3) if known else None,
    }


def main(given: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=0, help="rows of the data set; 0 = as many as the steps take")
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="one tiny step of each way, which only proves the path")
    options = parser.parse_args(given)
    disable_progress_bars()
    transformers_logging.disable_progress_bar()
    steps, batch, repeats = (1, 4, 1) if options.quick else (options.steps, BATCH, options.repeats)
    device = choose_device(Settings())
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else device.type
    print(f"{date.today()}, {name}, {platform.processor() or platform.machine()}, {os.cpu_count()} cores, ", end="")
    with tempfile.TemporaryDirectory() as scratch:
        place, big = Path(scratch), device.type == "cuda"
        base = apart(make_base, place / "base") if big else EMBEDDED
        data = compose(options.rows or steps * batch, place / "data", LONGEST if big else 0)
        print(f"torch {torch.__version__}, {steps} steps of {batch} rows, {repeats} repeats", flush=True)
        task = Work(data, base, place / "rows.json", steps, batch, min(batch, MICRO) if big else batch)
        print(json.dumps(report(compare(task, repeats), name)))


if __name__ == "__main__":
    main()
