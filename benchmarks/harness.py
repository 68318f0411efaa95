"""Cross-check: lm-evaluation-harness and hesui's own engine, greedily on the same prompts, must agree to the digit.

    python benchmarks/harness.py [--python PYTHON]

PYTHON is a Python that has hesui, PEFT and lm_eval (default: this one). Texts are compared as well as figures; where they
differ, the first difference is shown and the exit code is 1. The last line is JSON.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from types import ModuleType
from typing import Any

from hesui.answers import collect
from hesui.models.engine import Engine
from hesui.models.registry import TUNED
from hesui.records import BASE, Message, Request, Sampling
from hesui.settings import TINY, Settings

ROOT = Path(__file__).resolve().parent.parent
TASKS = ROOT / "benchmarks" / "harness"
METRICS = ("hit2", "hit5", "hit10", "satisfied", "mae")
BATCH = 32
INSTALL = "cannot import lm_eval; to cross-check, run: pip install 'lm_eval[hf]>=0.4.13', then this again"


@dataclass(frozen=True)
class Measured:
    """Answers by prompt id, and their figures."""

    texts: dict[str, str]
    figures: dict[str, float]


def task() -> ModuleType:
    """benchmarks/harness/hesui_length.py, which is no package's."""
    spec = importlib.util.spec_from_file_location("hesui_length", TASKS / "hesui_length.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def by_hesui(model: str, length: ModuleType) -> Measured:
    """What the engine answers, scored by the task's own function."""
    documents = [length.document(row) for row in length.rows()]
    greedy = Sampling(temperature=0, max_tokens=length.MAX_TOKENS)
    requests = [Request((Message("user", doc["prompt"]),), model, greedy) for doc in documents]
    settings = Settings(base_model="embedded", device="cpu", dtype="float32")
    texts = [answer.text for answer in collect(Engine(settings), requests)]
    scores = [length.process_results(doc, [text]) for doc, text in zip(documents, texts, strict=True)]
    return Measured(
        {doc["id"]: text for doc, text in zip(documents, texts, strict=True)},
        {name: fmean(score[name] for score in scores) for name in METRICS},
    )


def command(python: str, model: str, out: str) -> list[str]:
    """The harness's command line."""
    adapter = f",peft={TINY / 'adapter'}" if model == TUNED else ""
    return [
        python, "-m", "lm_eval", "--model", "hf", "--model_args", f"pretrained={TINY / 'base'}{adapter},dtype=float32",
        "--tasks", "hesui_length", "--include_path", str(TASKS), "--apply_chat_template", "--device", "cpu",
        "--batch_size", str(BATCH), "--output_path", out, "--log_samples",
    ]  # fmt: skip


def by_harness(python: str, model: str) -> Measured:
    """What the harness answers and reports, in a process of its own."""
    with tempfile.TemporaryDirectory() as out:
        environment = os.environ | {"HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
        done = subprocess.run(command(python, model, out), env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(f"the harness failed:\n{done.stderr[-3000:]}")
        (results,) = Path(out).rglob("results_*.json")
        (samples,) = Path(out).rglob("samples_hesui_length_*.jsonl")
        found = json.loads(results.read_text(encoding="utf-8"))["results"]["hesui_length"]
        lines = [json.loads(line) for line in samples.read_text(encoding="utf-8").splitlines()]
    texts = {line["doc"]["id"]: line["resps"][0][0] for line in lines}
    return Measured(texts, {name: found[f"{name},none"] for name in METRICS})


def compare(model: str, ours: Measured, theirs: Measured) -> dict[str, Any]:
    """Both figures side by side, and where the texts differ."""
    differing = [id for id, text in ours.texts.items() if theirs.texts.get(id) != text]
    print(f"{model:8}{'hesui':>12}{'harness':>12}")
    for name in METRICS:
        print(f"{name:8}{ours.figures[name]:12.6f}{theirs.figures[name]:12.6f}")
    print(f"texts: {len(ours.texts)}, of which {len(differing)} differ")
    for id in differing[:1]:
        print(f"{id}\n  hesui:   {ours.texts[id]!r}\n  harness: {theirs.texts.get(id)!r}")
    same = not differing and all(abs(ours.figures[name] - theirs.figures[name]) < 1e-9 for name in METRICS)
    return {"hesui": ours.figures, "harness": theirs.figures, "differing_texts": len(differing), "agree": same}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--python", default=sys.executable, help="a Python with hesui, PEFT and lm_eval")
    options = parser.parse_args()
    look = [options.python, "-c", "import importlib.util as u; exit(u.find_spec('lm_eval') is None)"]
    if subprocess.run(look, check=False).returncode:
        print(INSTALL)
        print(json.dumps({"agree": None, "note": INSTALL}))
        return
    length = task()
    found = {
        model: compare(model, by_hesui(model, length), by_harness(options.python, model)) for model in (BASE, TUNED)
    }
    agree = all(one["agree"] for one in found.values())
    print(json.dumps({"agree": agree, "prompts": len(length.rows()), "models": found}))
    sys.exit(not agree)


if __name__ == "__main__":
    main()
