"""What moves length control most: data, method or what is trained. Makes the table of docs/experiments.md.

    python benchmarks/experiments.py                      # a quick look: two experiments, 120 prompts
    python benchmarks/experiments.py all --prompts 400    # the whole table; hours on two CPU cores

Every experiment is an ordinary run of the Train tab on greetings that demand an exact number, composed for recipients
and wordings that the evaluation prompts (data/eval.jsonl) do not have. All are measured on the same prompts with the
same random numbers, unguided at the product's own temperature; shares come with Wilson intervals. What is finished is
kept in --home and not done again. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import platform
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

from tiny import Scored, interval, requests, scored

from hesui.answers import collect
from hesui.corpus.composer import exact_length, example
from hesui.corpus.rows import Row
from hesui.corpus.seeds import load_evaluation
from hesui.corpus.splits import freeze
from hesui.length import parse
from hesui.models.engine import Engine
from hesui.records import BASE, Sampling
from hesui.settings import Settings
from hesui.train import jobs
from hesui.train.config import PRESETS, make_config

SEED = 20_261_124
FAMILY = "composed"  # of all rows, so that none is held back; the evaluation prompts are other people's
MODEL = "model"  # the folder of a run that tuned all weights
POLL = 1.0


@dataclass(frozen=True, slots=True)
class Experiment:
    """One row of the table."""

    name: str
    told: str
    rows: int  # composed answers; 0 = nothing is trained
    settings: Mapping[str, Any] = field(default_factory=dict)
    after: str = ""  # the experiment whose adapter it goes on from


TEN = {"epochs": 10}
OWN_PAIRS = {"method": "dpo", "epochs": 2}
EXPERIMENTS = (
    Experiment("base", "the base as it is", 0),
    Experiment("quick", "preset quick", 4_000, PRESETS["quick"]),
    Experiment("lora-200", "LoRA", 200, TEN),
    Experiment("lora-800", "LoRA", 800, TEN),
    Experiment("lora-2000", "LoRA", 2_000, TEN),
    Experiment("dpo-2000", "lora-2000, then DPO on its own samples", 400, OWN_PAIRS, after="lora-2000"),
    Experiment("full-2000", "all weights, rate 5e-4", 2_000, {**TEN, "adaptation": "full", "learning_rate": 5e-4}),
    Experiment("markers-2000", "LoRA, countdown markers", 2_000, {**TEN, "markers": True}),
    Experiment("lora-8000", "LoRA, as many steps on fresh rows", 8_000, {"epochs": 2.5}),
    Experiment("thorough", "preset thorough", 40_000, PRESETS["thorough"]),
    Experiment("thorough-dpo", "thorough, then DPO on its own samples", 400, OWN_PAIRS, after="thorough"),
)
QUICK = ("base", "quick")


def main() -> None:
    """Run what is asked for, print the table and the figures."""
    args = arguments()
    names = [one.name for one in EXPERIMENTS] if "all" in args.names else args.names or QUICK
    settings = Settings(home=args.home, time_limit=3600)
    results = {one.name: measured(one, settings, args.prompts) for one in EXPERIMENTS if one.name in names}
    print(f"{args.prompts} prompts, {platform.machine()}, {date.today()}\n")
    print(table(results))
    print(json.dumps(results, ensure_ascii=False))


def arguments() -> argparse.Namespace:
    """The command line's options."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("names", nargs="*", choices=["all", *(one.name for one in EXPERIMENTS), []])
    parser.add_argument("--prompts", type=int, default=120)
    parser.add_argument("--home", type=Path, default=Path("home/experiments"), help="runs, data and results")
    return parser.parse_args()


def measured(experiment: Experiment, settings: Settings, prompts: int) -> dict[str, Any]:
    """What the experiment's model scores, trained where it is not yet."""
    file = settings.home / "results" / f"{experiment.name}-{prompts}.json"
    if not file.is_file():
        trained = train(experiment, settings) if experiment.rows else {}
        figures = score(experiment, settings, trained.get("run", ""), prompts)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps({**told(experiment), **trained, **figures}, ensure_ascii=False), encoding="utf-8")
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return found


def told(experiment: Experiment) -> dict[str, Any]:
    """The experiment as the results name it."""
    return {**asdict(experiment), "settings": dict(experiment.settings)}


def train(experiment: Experiment, settings: Settings) -> dict[str, Any]:
    """Steps and seconds of the experiment's run, which is started, or followed where it was started before."""
    config = make_config(**{
        "data": composed(experiment.rows, settings.home / "datasets"), "adapter": experiment.after,
        **experiment.settings,
    })  # fmt: skip
    began = time.monotonic()
    folder = jobs.start(settings, config, key=experiment.name)
    if jobs.view(settings, folder.id).state in ("interrupted", "failed", "stopped"):
        jobs.resume(settings, folder.id)
    while (seen := jobs.view(settings, folder.id)).state != "done" or seen.working:
        jobs.tend(settings)
        if seen.state in ("failed", "interrupted", "stopped"):
            raise SystemExit(f"{experiment.name}: {seen.state}, {seen.status.note}; see {folder.log}")
        time.sleep(POLL)
    if config.adaptation == "lora":
        jobs.open_in_compare(settings, folder.id, experiment.name)
    used = next(iter(folder.measurements("used")))
    return {
        "run": folder.id, "steps": seen.status.step, "seconds": round(seen.status.seconds),
        "wall_seconds": round(time.monotonic() - began), "epochs": used["epochs"], "trainable": used["trainable"],
    }  # fmt: skip


def composed(rows: int, folder: Path) -> Path:
    """A data set of so many greetings, the smaller ones parts of the larger ones."""
    target = folder / f"greetings-{rows}"
    rng = Random(SEED)
    freeze((lesson(number, rng) for number in range(rows)), target, held_out=load_evaluation())
    return target


def lesson(number: int, rng: Random) -> Row:
    """A greeting that obeys its demand."""
    one = example("greeting", "train", rng, exact_length, "eq")
    prompt = one.brief.prompt
    return Row(str(number), "greeting", prompt, parse(prompt), family=FAMILY, reference=one.completion)


def score(experiment: Experiment, settings: Settings, run: str, prompts: int) -> dict[str, Any]:
    """Shares of answers within ±k, their mean error, and the share whose every clause the composer knows."""
    model = experiment.name if experiment.rows else BASE
    if experiment.settings.get("adaptation") == "full":
        settings = settings.model_copy(update={"base_model": str(settings.runs / run / MODEL)})
        model = BASE
    chosen = [row for row in load_evaluation() if row.task == "greeting" and demands_characters(row)][:prompts]
    answers = collect(Engine(settings), requests(chosen, model, False, Sampling(), 0))
    return summary([scored(answer, row) for answer, row in zip(answers, chosen, strict=True)])


def demands_characters(row: Row) -> bool:
    return row.constraint is not None and row.constraint.unit == "char"


def summary(rows: Sequence[Scored]) -> dict[str, Any]:
    """In percent with intervals, by the default counter; the error in characters."""
    n = len(rows)
    errors = [abs(one.word) for one in rows]
    shares = {f"hit{k}": interval(sum(error <= k for error in errors) / n, n) for k in (2, 5, 10)}
    clean = interval(sum(one.clean for one in rows) / n, n)
    return {"n": n, **shares, "mae": round(sum(errors) / n, 2), "clean": clean}


def table(results: Mapping[str, Mapping[str, Any]]) -> str:
    """The results in Markdown."""
    lines = [
        "| experiment | rows × epochs | steps | ±2 | ±5 | ±10 | mean error | clean |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, found in results.items():
        shares = " | ".join(percent(found[key]) for key in ("hit2", "hit5", "hit10"))
        size = f"{found['rows']:,} × {found['epochs']:g}" if found["rows"] else ""
        lines.append(
            f"| `{name}`: {found['told']} | {size} | {found.get('steps', '')} | {shares} | {found['mae']} | "
            f"{percent(found['clean'])} |"
        )
    return "\n".join(lines) + "\n"


def percent(share: Mapping[str, float]) -> str:
    return f"{share['value']:.0f} [{share['low']:.0f}, {share['high']:.0f}]"


if __name__ == "__main__":
    main()
