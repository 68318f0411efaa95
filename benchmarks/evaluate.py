"""What batches are worth: an evaluation's answers a second against the plain loop, one prompt at a time.

    python benchmarks/evaluate.py

The plain loop is what answer generators of chat benchmarks do: for each model, for each prompt, one call of transformers'
`generate` (the adapter under PEFT). Both decode greedily with the same limits, on the same threads, in one process; loading
is left out of both, storing every answer is part of ours. The loop answers a sample of the prompts, because it would take
too long on all; the sample is drawn evenly over the lengths. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import logging
import platform
import tempfile
import time
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer
from transformers.utils import logging as transformers_logging

from hesui.corpus.rows import Row
from hesui.evaluate.config import chosen, make_config
from hesui.evaluate.folder import EvaluationFolder
from hesui.evaluate.generating import generate
from hesui.evaluate.jobs import prepare
from hesui.models.device import choose_threads
from hesui.models.engine import Engine
from hesui.models.room import derived_tokens
from hesui.records import BASE, Message, Request
from hesui.settings import TINY, Settings

MODELS = (BASE, "tuned")


def main() -> None:
    """Measure both and print the figures."""
    args = arguments()
    logging.basicConfig(level=logging.WARNING)
    transformers_logging.disable_progress_bar()
    config = make_config(models=MODELS, limit=args.prompts, seeds=1, temperature=0, perplexity=False)
    prompts = chosen(config)
    with tempfile.TemporaryDirectory() as home:
        settings = Settings(home=Path(home), time_limit=3600, threads=args.threads)
        engine = Engine(settings)
        list(
            engine.answer(
                [Request((Message("user", prompts[0].prompt),), model, config.sampling, seed=0) for model in MODELS]
            )
        )
        torch.set_num_threads(choose_threads(settings, 3_000_000))
        folder = prepare(settings, config)
        started = time.perf_counter()
        for _ in generate(folder, engine, lambda: False):
            pass
        batched = time.perf_counter() - started
        ours = texts(folder)
        places = sample(prompts, args.loop)
        theirs, looped = loop(prompts, places)
    answers = len(prompts) * len(MODELS)
    rates = answers / batched, len(theirs) / looped
    same = sum(theirs[key] == ours[key] for key in theirs)
    print(f"{date.today()}, {platform.machine()}, {torch.get_num_threads()} threads, torch {torch.__version__}")
    print(f"ours:  {answers} answers in {batched:.1f} s, {rates[0]:.2f} a second")
    print(f"loop:  {len(theirs)} answers in {looped:.1f} s, {rates[1]:.2f} a second")
    print(f"greedy answers alike: {same} of {len(theirs)}")
    print(json.dumps({"throughput_vs_loop": round(rates[0] / rates[1], 2), "greedy_identical": same == len(theirs)}))


def arguments() -> argparse.Namespace:
    """The command line's options."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--prompts", type=int, default=400, help="that ours answers")
    parser.add_argument("--loop", type=int, default=40, help="of these that the loop answers")
    parser.add_argument("--threads", type=int, default=0, help="0 = as hesui chooses, for both")
    return parser.parse_args()


def texts(folder: EvaluationFolder) -> dict[tuple[int, str], str]:
    """Our answers by prompt and model."""
    entries = folder.entries()
    return {(answer.prompt, entries[answer.entry].model): answer.text for _, answer in folder.answers()}


def sample(prompts: Sequence[Row], size: int) -> list[int]:
    """Places of prompts, evenly over the lengths that they demand."""
    ordered = sorted(range(len(prompts)), key=lambda place: aim(prompts[place]))
    step = max(1, len(ordered) // size)
    return ordered[step // 2 :: step][:size]


def loop(prompts: Sequence[Row], places: Sequence[int]) -> tuple[dict[tuple[int, str], str], float]:
    """The plain loop's answers by prompt and model, and the seconds that it took."""
    tokenizer = AutoTokenizer.from_pretrained(TINY / "base")
    base = AutoModelForCausalLM.from_pretrained(TINY / "base", dtype=torch.float32).eval()
    found, seconds = {}, 0.0
    for model in MODELS:
        asked = base if model == BASE else PeftModel.from_pretrained(base, str(TINY / "adapter")).eval()
        answer(asked, tokenizer, prompts[places[0]])  # the first one is slower
        for place in places:
            started = time.perf_counter()
            found[place, model] = answer(asked, tokenizer, prompts[place])
            seconds += time.perf_counter() - started
    return found, seconds


def answer(model: torch.nn.Module, tokenizer: AutoTokenizer, row: Row) -> str:
    """One prompt, one call."""
    ids = tokenizer.apply_chat_template(
        [{"role": "user", "content": row.prompt}], add_generation_prompt=True, return_tensors="pt", return_dict=True
    )
    most = derived_tokens(row.constraint, 1.0)
    with torch.inference_mode():
        out = model.generate(**ids, max_new_tokens=most, do_sample=False, pad_token_id=tokenizer.pad_token_id)
    return str(tokenizer.decode(out[0, ids["input_ids"].shape[1] :], skip_special_tokens=True)).strip()


def aim(row: Row) -> int:
    return row.constraint.aim if row.constraint else 0


if __name__ == "__main__":
    main()
